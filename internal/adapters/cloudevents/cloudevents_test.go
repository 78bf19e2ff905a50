package cloudevents_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"allot/internal/adapters/cloudevents"
	"allot/internal/domain"
	"allot/internal/service"
)

func TestAnEventIsACloudEvent(t *testing.T) {
	env := service.Envelope{
		Position: 9412, At: time.Date(2026, 12, 1, 8, 26, 0, 1000, time.UTC), SKU: "LAMP", Version: 3, Command: "allocate",
		Origin: domain.Origin{Actor: "ann", Correlation: "r-1", Cause: "m-7"}, Event: domain.OutOfStock{SKU: "LAMP", OrderID: "o1", Qty: 3, LargestFit: 1},
	}
	for what, want := range map[string]string{
		"with an origin":    `{"specversion":"1.0","id":"9412","source":"/shop","type":"allot.out_of_stock.v1","subject":"LAMP","time":"2026-12-01T08:26:00.000001Z","datacontenttype":"application/json","aggregateversion":3,"correlationid":"r-1","causationid":"m-7","data":{"sku":"LAMP","order_id":"o1","qty":3,"largest_fit":1}}`,
		"without an origin": `{"specversion":"1.0","id":"9412","source":"/shop","type":"allot.out_of_stock.v1","subject":"LAMP","time":"2026-12-01T08:26:00.000001Z","datacontenttype":"application/json","aggregateversion":3,"data":{"sku":"LAMP","order_id":"o1","qty":3,"largest_fit":1}}`,
	} {
		if what == "without an origin" {
			env.Origin = domain.Origin{}
		} else {
			env.Origin = domain.Origin{Actor: "ann", Correlation: "r-1", Cause: "m-7"}
		}
		got, err := cloudevents.Encode(env, "/shop")
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, string(got)); diff != "" {
			t.Errorf("%s:\n%s", what, diff)
		}
	}
}
