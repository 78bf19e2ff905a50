package wire_test

import (
	"testing"

	"allot/internal/domain"
	"allot/internal/entrypoints/wire"
	"allot/internal/service"
)

func BenchmarkDecodeBookLine(b *testing.B) {
	body := []byte(`{"orderid":"order-0000001","sku":"SMALL-TABLE-0042","qty":3}`)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := wire.DecodeBookLine(body, domain.Origin{Correlation: "r"}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDecodeCommand(b *testing.B) {
	line := []byte(`{"op":"allocate","order_id":"order-0000001","sku":"SMALL-TABLE-0042","qty":3}`)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := wire.DecodeCommand(line, domain.Origin{Correlation: "r"}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkAppendAnswer(b *testing.B) {
	var cmd domain.Message = domain.Allocate{OrderID: "order-0000001", SKU: "SMALL-TABLE-0042", Qty: 3}
	outcome := service.Outcome[any]{Result: domain.Placement{Status: domain.StatusAllocated, BatchRef: "batch-0042", Promise: december,
		Why: domain.Why{Rule: domain.Earliest, Cause: domain.Ordered}}}
	b.ReportAllocs()
	var buf []byte
	for b.Loop() {
		buf, _ = wire.AppendAnswer(buf[:0], 1, cmd, outcome)
	}
}
