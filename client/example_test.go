package client_test

import (
	"context"
	"fmt"
	"log"
	"net/http/httptest"
	"time"

	"allot/client"
	"allot/internal/adapters/memory"
	"allot/internal/entrypoints/httpapi"
	"allot/internal/service"
)

// serve starts a server over a store in memory, as `allot serve` does over a
// database.
func serve() *httptest.Server {
	store := memory.New()
	bus := service.NewBus(service.NewTransactor(store, 4096, time.Now, nil))
	service.Register(bus)
	return httptest.NewServer(httpapi.New(bus, store, httpapi.Options{
		WhatIfs: service.NewWhatIfs(store, time.Now, service.NewWhatIfID), Again: service.NewRedelivery(store, time.Now)}))
}

func Example() {
	server := serve()
	defer server.Close()
	ctx := context.Background()

	c, err := client.New(server.URL, client.Options{})
	if err != nil {
		log.Fatal(err)
	}
	if _, err := c.CreateBatch(ctx, client.NewBatch{Ref: "batch-001", SKU: "SMALL-TABLE", Qty: 20, ETA: "2026-12-01"}); err != nil {
		log.Fatal(err)
	}
	line, err := c.Allocate(ctx, "order-1", client.NewLine{SKU: "SMALL-TABLE", Qty: 3})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s from %s, promised for %s\n", line.Status, line.BatchRef, line.Promise)

	_, err = c.Allocate(ctx, "order-2", client.NewLine{SKU: "SMALL-TABEL", Qty: 1})
	fmt.Println(client.CodeOf(err))

	what, err := c.ChangeBatch(ctx, "batch-001", client.BatchChange{Qty: new(2), Terms: client.Terms{DryRun: true}})
	if err != nil {
		log.Fatal(err)
	}
	for _, m := range what.Moves {
		fmt.Printf("%s would lose %s\n", m.OrderID, m.From)
	}

	// Output:
	// allocated from batch-001, promised for 2026-12-01
	// unknown_sku
	// order-1 would lose batch-001
}

func ExampleClient_Bulk() {
	server := serve()
	defer server.Close()

	c, err := client.New(server.URL, client.Options{})
	if err != nil {
		log.Fatal(err)
	}
	commands := func(yield func(client.Command) bool) {
		_ = yield(client.Command{Op: "add_batch", Ref: "batch-001", SKU: "RUG", Qty: new(5)}) &&
			yield(client.Command{Op: "allocate", OrderID: "order-1", SKU: "RUG", Qty: new(3)}) &&
			yield(client.Command{Op: "allocate", OrderID: "order-2", SKU: "RUG", Qty: new(3)}) &&
			yield(client.Command{Op: "allocate", OrderID: "order-3", SKU: "RUG", Qty: new(0)})
	}
	for answer, err := range c.Bulk(context.Background(), commands) {
		if err != nil {
			log.Fatal(err)
		}
		if answer.Err() != nil {
			fmt.Printf("line %d: %s\n", answer.Line, answer.Detail)
			continue
		}
		fmt.Printf("line %d: done, %d\n", answer.Line, answer.HTTPStatus)
	}
	// Output:
	// line 1: done, 201
	// line 2: done, 201
	// line 3: done, 201
	// line 4: qty is 0; it must lie between 1 and 2147483647
}
