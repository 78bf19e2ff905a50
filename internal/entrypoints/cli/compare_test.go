package cli_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"allot/internal/domain"
	"allot/internal/entrypoints/wire"
	"allot/internal/yardstick"
)

func TestPoliciesAreComparedByThePresentLines(t *testing.T) {
	s := newShell(t)
	s.must(t, "batch add here LAMP 10")
	s.must(t, "batch add later LAMP 20 --eta 2026-12-10")
	s.must(t, "allocate order-1 LAMP 10 --required-by 2026-12-20")
	s.must(t, "allocate order-2 LAMP 10 --required-by 2026-11-30")
	s.must(t, "allocate order-3 LAMP 5")
	s.must(t, "order amend order-3 LAMP --frozen")
	var got yardstick.Report
	if err := json.Unmarshal([]byte(s.must(t, "plan compare -o json")), &got); err != nil {
		t.Fatal(err)
	}
	if got.Lines != 2 || got.Dated != 2 || got.LeftOut != 1 || got.Best != (yardstick.Best{OnTime: 2}) {
		t.Errorf("%+v", got)
	}
	for _, want := range []yardstick.Plan{
		{Plan: yardstick.Now, OnTime: 1, Late: 100},
		{Plan: yardstick.Afresh, Policy: domain.Earliest, OnTime: 1, Late: 100},
		{Plan: yardstick.Afresh, Policy: domain.LatestOnTime, OnTime: 2, Moves: 2},
		{Plan: yardstick.Replan, Policy: domain.Earliest, OnTime: 2, Moves: 2},
	} {
		found := false
		for _, p := range got.Plans {
			found = found || p == want
		}
		if !found {
			t.Errorf("there is no %+v in %+v", want, got.Plans)
		}
	}
	if out := s.must(t, "order show order-1"); !strings.Contains(out, "here") {
		t.Errorf("comparing moved the line: %s", out)
	}
	s.must(t, "verify")
}

func TestPoliciesAreComparedByFiles(t *testing.T) {
	s := newShell(t)
	if err := os.Mkdir("year", 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, "year/batches.csv", "reference,sku,qty,eta\nhere,LAMP,10,\nlater,LAMP,10,2026-12-10\n")
	write(t, "year/orders.csv", "orderid,sku,qty\no1,LAMP,10\no2,LAMP,10\n")
	first := s.run(t, "plan compare --folder year")
	if !strings.Contains(first.out, "afresh\tearliest\t1 (50.0 %)\t160\t+0.0 %\t0\t0\n") || !strings.Contains(first.out, "best possible\t-\t1 (50.0 %)\t160\t-\t-\t-\n") {
		t.Errorf("%s", first.out)
	}
	if !strings.Contains(first.err, "--seed") {
		t.Errorf("nobody says that dates can be drawn: %s", first.err)
	}
	if out := s.must(t, "plan compare --folder year --seed 4"); !strings.Contains(out, "2 with a required-by date, 2 of these drawn") {
		t.Errorf("%s", out)
	}
	if entries, _ := os.ReadDir("year"); len(entries) != 2 {
		t.Errorf("the folder has %v", entries)
	}
	s.fails(t, "plan compare --folder nowhere", wire.ExitFailed, "batches.csv")
	s.fails(t, "plan compare", wire.ExitFailed, "there is no database")
	s.fails(t, "plan compare --seed x", wire.ExitUsage, "--seed")
}
