// Package web is the way in for people: pages that show what is promised, late
// and short, and forms that change it.
//
//	web.go       the table of pages
//	page.go      how a page is put together, and what its headers say
//	overview.go, products.go, orders.go, batches.go, backorders.go, log.go, deliveries.go
//	             what each page shows
//	forms.go     the form of each command; proposal.go what it would do, apply.go does it
//	whatif.go    several changes at once, tried and made; whatif_saved.go those
//	             that were saved
//	chart.go     supply and promises of a product over time, as a picture
//	remembered.go
//	             numbers that take long to find
//	calendar.go  days as people say them; words.go numbers and states
//	imports.go   files that are dropped, checked and applied
//	docs.go      the documentation; codes.go what a problem means;
//	             viewer.go the API to look at and try
//	signin.go    where people say who they are
//	search.go    from a name to its page
//	assets.go    style and script, under names that change with what is in them
//
// Pages are made of views and forms send commands, as every other way in does.
// It doesn't know where anything is stored, and keeps nothing between requests
// but files that were dropped, who signs in how often, and a few numbers.
package web

import (
	"cmp"
	"io/fs"
	"log/slog"
	"net/http"
	"time"

	"allot/internal/access"
	"allot/internal/service"
	"allot/internal/views"
)

// Options are what may be said about the pages. The zero Options are valid.
type Options struct {
	Log     *slog.Logger     // nil: discard
	Version string           // of the program
	Now     func() time.Time // nil: time.Now
	Zone    *time.Location   // of dates and times; nil: UTC
	Docs    fs.FS            // the documentation, as Markdown, and its images

	Redelivery *service.Redelivery       // what has events delivered again; nil: nothing does
	Progress   func() []service.Progress // how far events have come; nil: nobody knows

	WhatIfs  *service.WhatIfs // where what-ifs are saved
	Sessions *access.Sessions // of people who sign in; nil: nobody can
	Secure   bool             // people come over TLS, ours or a proxy's
}

type site struct {
	bus   *service.Bus
	views views.Reader
	Options
	uploads  uploads
	attempts attempts // to sign in

	shop                 remembered[numbers]
	lateLines, riskLines remembered[views.List[views.LateLine]]
}

// Site is the pages.
type Site struct {
	http.Handler
	site *site
}

// Close waits for what is being found out, and removes what was kept: files that
// were dropped.
func (s *Site) Close() error {
	s.site.shop.behind.Wait()
	s.site.lateLines.behind.Wait()
	s.site.riskLines.behind.Wait()
	return s.site.uploads.remove()
}

// New returns the pages over a bus and the views of what it changes.
func New(bus *service.Bus, reader views.Reader, o Options) *Site {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	o.Zone = cmp.Or(o.Zone, time.UTC)
	s := &site{bus: bus, views: reader, Options: o}

	mux := http.NewServeMux()
	for pattern, show := range map[string]show{
		"GET /{$}":                s.overview,
		"GET /products":           s.products,
		"GET /products/{id}":      s.product,
		"GET /orders":             s.orders,
		"GET /orders/{id}":        s.order,
		"GET /batches":            s.batches,
		"GET /batches/{id}":       s.batch,
		"GET /late":               s.late,
		"GET /at-risk":            s.late,
		"GET /arriving":           s.coming,
		"GET /overdue":            s.coming,
		"GET /backorders":         s.backorders,
		"GET /events":             s.events,
		"GET /deliveries":         s.deliveries,
		"POST /deliveries":        s.deliverAgain,
		"GET /messages":           s.parkedMessages,
		"POST /messages":          s.discardMessage,
		"GET /mails":              s.mails,
		"GET /mails/{id}":         s.mail,
		"GET /search":             s.search,
		"GET /do/{op}":            s.propose,
		"POST /do/{op}":           s.apply,
		"GET /what-if":            s.whatIf,
		"POST /what-if":           s.makeChanges,
		"GET /what-if/{id}":       s.savedWhatIf,
		"GET /import":             s.importForm,
		"POST /import":            s.receive,
		"GET /import/{id}":        s.showImport,
		"POST /import/{id}":       s.applyImport,
		"GET /docs/{path...}":     s.docs,
		"GET /docs/errors/{code}": s.code,
		"GET /docs/api":           s.viewAPI,
		"GET /sign-in":            s.signInForm,
		"GET /help":               s.help,
		"/":                       s.nothing,
	} {
		mux.Handle(pattern, s.page(show))
	}
	mux.HandleFunc("POST /sign-in", s.signIn)
	mux.HandleFunc("POST /sign-out", s.signOut)
	mux.HandleFunc("GET /import/{id}/rejected.csv", s.rejectedRows)
	mux.HandleFunc("GET /docs/images/{name}", s.image)
	mux.Handle("GET /docs", http.RedirectHandler("/docs/", http.StatusMovedPermanently))
	mux.Handle("GET /assets/{name}", assets)
	mux.HandleFunc("GET "+rapidocPath, viewer)
	return &Site{http.NewCrossOriginProtection().Handler(mux), s}
}
