package domain_test

import (
	"testing"

	"allot/internal/domain"
)

// Each command has the answer that its sender gets.
var (
	_ domain.Command[domain.Batched]   = domain.CreateBatch{}
	_ domain.Command[domain.Placement] = domain.Allocate{}
	_ domain.Command[domain.Batched]   = domain.ChangeBatchQuantity{}
	_ domain.Command[domain.Placement] = domain.CancelLine{}
	_ domain.Command[domain.Described] = domain.DescribeProduct{}
)

func TestACommandSaysItsNameAndWhereItCameFrom(t *testing.T) {
	origin := domain.Origin{Actor: "anna", Reason: "damaged", Note: "dropped", Correlation: "import-7", Cause: "message-9"}
	for name, command := range map[string]domain.Message{
		"create_batch":          domain.CreateBatch{Origin: origin},
		"allocate":              domain.Allocate{Origin: origin},
		"change_batch_quantity": domain.ChangeBatchQuantity{Origin: origin},
		"cancel_line":           domain.CancelLine{Origin: origin},
		"describe_product":      domain.DescribeProduct{Origin: origin},
	} {
		expect(t, command.CommandName(), name)
		expect(t, command.CameFrom(), origin)
	}
}
