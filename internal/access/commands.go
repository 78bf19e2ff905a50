package access

import "allot/internal/domain"

// ScopeOf is the scope that a command needs. One that isn't known here needs
// Admin.
func ScopeOf(cmd domain.Message) Scope {
	switch cmd.(type) {
	case domain.Allocate, domain.CancelLine, domain.AmendLine, domain.ShipLine, domain.ReturnLine, domain.ConfirmHold, domain.ReleaseHold:
		return Allocate
	case domain.CreateBatch, domain.ChangeBatch, domain.ChangeBatchQuantity, domain.ReceiveBatch, domain.CloseBatch, domain.ReopenBatch,
		domain.DescribeProduct:
		return Stock
	}
	return Admin
}
