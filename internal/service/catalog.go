package service

import "allot/internal/domain"

// catalog is an identity map of products that outlives a transaction. What is
// in it may be out of date: Reader.Load is told the version and says so.
//
// It is for one goroutine at a time.
type catalog struct {
	young, old map[string]*domain.Product // what is not asked for while young fills up is forgotten
	limit      int
}

func newCatalog(limit int) *catalog {
	return &catalog{young: map[string]*domain.Product{}, limit: limit}
}

func (c *catalog) get(sku string) *domain.Product {
	if p, ok := c.young[sku]; ok {
		return p
	}
	p, ok := c.old[sku]
	if ok {
		c.young[sku] = p
	}
	return p
}

func (c *catalog) version(sku string) int64 {
	if p := c.get(sku); p != nil {
		return p.Version()
	}
	return 0
}

func (c *catalog) put(p *domain.Product) { c.young[p.SKU()] = p }

// age forgets what has not been used for long, so that the catalog stays
// small. It must not be called during a transaction.
func (c *catalog) age() {
	if len(c.young) >= c.limit {
		c.young, c.old = map[string]*domain.Product{}, c.young
	}
}

// forget forgets everything.
func (c *catalog) forget() { c.young, c.old = map[string]*domain.Product{}, nil }
