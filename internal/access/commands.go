package access

import "allot/internal/domain"

// ScopeOf is the scope that a command needs. One that isn't known here needs
// Admin.
func ScopeOf(cmd domain.Message) Scope {
	switch cmd.(type) {
	case domain.Allocate, domain.CancelLine:
		return Allocate
	case domain.CreateBatch, domain.ChangeBatchQuantity, domain.DescribeProduct:
		return Stock
	}
	return Admin
}
