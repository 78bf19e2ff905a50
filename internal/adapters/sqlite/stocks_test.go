package sqlite

import (
	"testing"

	"allot/internal/domain"
	"allot/internal/service"
)

func TestAStockThatWasOvertakenWhileItWasReadIsNotShown(t *testing.T) {
	at := func(version int64) *service.Stock {
		return service.NewStock(domain.Snapshot{SKU: "LAMP", Version: version})
	}
	var s stocks
	s.expect("LAMP")
	s.pass([]versioned{{"LAMP", 4}}) // by a commit, after version 3 was read
	s.put("LAMP", at(3))
	if got := s.get("LAMP"); got != nil {
		t.Errorf("version %d is shown; 4 is there", got.Version())
	}
	s.put("LAMP", at(4))
	if s.get("LAMP") == nil {
		t.Error("the last version is not shown")
	}
	s.pass([]versioned{{"LAMP", 5}})
	if s.get("LAMP") != nil {
		t.Error("a version is shown that has passed")
	}
	s.forget()
	s.put("LAMP", at(5))
	if s.get("LAMP") != nil {
		t.Error("a stock is kept that nobody waits for any more")
	}
}
