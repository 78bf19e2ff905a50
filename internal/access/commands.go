package access

import "allot/internal/domain"

// ScopeOf is the scope that a command needs. One that isn't known here needs
// Admin.
func ScopeOf(cmd domain.Message) Scope {
	switch cmd.(type) {
	case domain.Allocate, domain.AllocateOrder, domain.AmendLine, domain.CancelLine, domain.ConfirmHold, domain.ReleaseHold, domain.ExpireHold:
		return Allocate
	case domain.CreateBatch, domain.ChangeBatchQuantity, domain.ChangeBatch, domain.ReceiveBatch, domain.CloseBatch, domain.ReopenBatch,
		domain.ShipLine, domain.ReturnLine, domain.DescribeProduct, domain.SetPolicy, domain.ReplanProduct, domain.GoOnFilling:
		return Stock
	}
	return Admin
}
