package service

import (
	"fmt"
	"testing"

	"allot/internal/domain"
)

func TestACatalogForgetsWhatIsNotAskedFor(t *testing.T) {
	c := newCatalog(10)
	put := func(sku string) { c.put(domain.Restore(domain.Snapshot{SKU: sku, Version: 7})) }
	put("IN USE")
	put("OUT OF USE")
	for i := range 35 {
		put(fmt.Sprint("SKU-", i))
		c.age()
		if c.get("IN USE") == nil {
			t.Fatalf("after %d others it has forgotten what is in use", i)
		}
	}
	if c.get("OUT OF USE") != nil || c.version("OUT OF USE") != 0 {
		t.Error("it remembers what was never asked for")
	}
	if n := len(c.young) + len(c.old); n > 2*10 {
		t.Errorf("it holds %d products", n)
	}
	if got := c.version("IN USE"); got != 7 {
		t.Errorf("version %d is remembered", got)
	}
	c.forget()
	if c.get("IN USE") != nil || c.version("IN USE") != 0 {
		t.Error("it remembers what it was told to forget")
	}
}

func TestACatalogKeepsTheLastOfAProduct(t *testing.T) {
	c := newCatalog(1)
	for version := range int64(5) {
		c.put(domain.Restore(domain.Snapshot{SKU: "CHAIR", Version: version + 1}))
		c.age()
		if got := c.version("CHAIR"); got != version+1 {
			t.Errorf("version %d is remembered, want %d", got, version+1)
		}
	}
}
