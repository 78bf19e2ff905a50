package bootstrap

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"

	"allot/internal/adapters/postgres"
	"allot/internal/adapters/sqlite"
	"allot/internal/service"
	"allot/internal/views"
)

// Copy fills an empty database of PostgreSQL, at url, with what is in a file of
// SQLite's, and verifies the copy. progress is called now and then with the
// number of events copied. If it fails, nothing was kept.
func Copy(ctx context.Context, file, url string, o Options, progress func(events int)) (service.Report, error) {
	source, err := sqlite.OpenReadOnly(ctx, file)
	if err != nil {
		return service.Report{}, err
	}
	defer source.Close()
	target, err := postgres.Open(ctx, url, postgres.Options{AllowLoss: o.AllowLoss})
	if err != nil {
		return service.Report{}, err
	}
	defer target.Close()
	if err := transfer(ctx, target, source, progress); err != nil {
		return service.Report{}, err
	}
	return compare(ctx, source, target)
}

func transfer(ctx context.Context, target *postgres.Store, source *sqlite.Store, progress func(int)) error {
	positions, err := source.Positions(ctx)
	if err != nil {
		return err
	}
	failures, err := all(func(p views.Page) (views.List[views.Failure], error) { return source.Failures(ctx, "", p) })
	if err != nil {
		return err
	}
	aside, err := asideOf(ctx, source)
	if err != nil {
		return err
	}
	var faults []error
	books := source.Books(ctx, func(fault string) { faults = append(faults, errors.New(fault)) })
	content := postgres.Content{Books: books, Positions: positions, Failures: failures, Aside: aside}
	return target.Fill(ctx, content, progress, func() error { return errors.Join(faults...) })
}

func asideOf(ctx context.Context, source *sqlite.Store) (a postgres.Aside, err error) {
	if a.Tokens, err = source.Tokens(ctx); err != nil {
		return a, err
	}
	if a.Webhooks, err = source.Webhooks(ctx); err != nil {
		return a, err
	}
	if a.WhatIfs, err = source.SavedWhatIfs(ctx); err != nil {
		return a, err
	}
	if a.LastWebhook, err = source.LastWebhook(ctx); err != nil {
		return a, err
	}
	a.Mails, err = all(func(p views.Page) (views.List[views.Mail], error) { return source.Mails(ctx, p) })
	a.Answers = source.Answers(ctx)
	if err != nil {
		return a, err
	}
	a.Parked, err = all(func(p views.Page) (views.List[views.ParkedMessage], error) { return source.ParkedMessages(ctx, p) })
	a.MailTexts = as(source.MailTexts(ctx), func(t sqlite.MailText) postgres.MailText { return postgres.MailText(t) })
	a.Inbox = as(source.Inbox(ctx), func(r sqlite.Received) postgres.Received { return postgres.Received(r) })
	a.Latest = as(source.LatestMessages(ctx), func(l sqlite.Latest) postgres.Latest { return postgres.Latest(l) })
	return a, err
}

// as is items as others call them.
func as[A, B any](items iter.Seq2[A, error], to func(A) B) iter.Seq2[B, error] {
	return func(yield func(B, error) bool) {
		for item, err := range items {
			if !yield(to(item), err) {
				return
			}
		}
	}
}

// all returns what is on all pages of a list.
func all[T any](list func(views.Page) (views.List[T], error)) (items []T, _ error) {
	page := views.Page{Limit: views.MaxPage}
	for {
		found, err := list(page)
		if err != nil {
			return nil, err
		}
		items = append(items, found.Items...)
		if page.After = found.Next; page.After == "" {
			return items, nil
		}
	}
}

// compare verifies the copy, and that it has as much as the source.
func compare(ctx context.Context, source, target Store) (service.Report, error) {
	report, err := service.Verify(ctx, target, nil)
	if err != nil {
		return report, fmt.Errorf("verify the copy: %w", err)
	}
	want, err := source.Stats(ctx)
	if err != nil {
		return report, err
	}
	have, err := target.Stats(ctx)
	if err == nil && have != want {
		report.Faults = slices.Insert(report.Faults, 0, fmt.Sprintf("the copy has %+v, and the source %+v", have, want))
	}
	return report, err
}
