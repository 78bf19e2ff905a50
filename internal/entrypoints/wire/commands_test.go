package wire_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"allot/internal/domain"
	"allot/internal/entrypoints/wire"
)

var december = domain.NewDate(2026, 12, 1)

func TestACommandIsOneLine(t *testing.T) {
	damaged := domain.Origin{Reason: "damaged", Note: `fell off a "lorry"`}
	for line, cmd := range map[string]domain.Message{
		`{"op":"add_batch","ref":"b1","sku":"RUG","qty":0}`:                                                   domain.CreateBatch{Ref: "b1", SKU: "RUG"},
		`{"op":"add_batch","ref":"b1","sku":"RUG","qty":50,"eta":"2026-12-01"}`:                               domain.CreateBatch{Ref: "b1", SKU: "RUG", Qty: 50, ETA: december},
		`{"op":"allocate","order_id":"o/1","sku":"RUG","qty":2}`:                                              domain.Allocate{OrderID: "o/1", SKU: "RUG", Qty: 2},
		`{"op":"allocate","order_id":"o/1","sku":"RUG","qty":2,"on_shortage":"reject"}`:                       domain.Allocate{OrderID: "o/1", SKU: "RUG", Qty: 2, OnShortage: domain.Refuse},
		`{"op":"change_batch_quantity","ref":"b1","qty":10,"reason":"damaged","note":"fell off a \"lorry\""}`: domain.ChangeBatchQuantity{Origin: damaged, Ref: "b1", Qty: 10},
		`{"op":"cancel","order_id":"o/1","sku":"RUG"}`:                                                        domain.CancelLine{OrderID: "o/1", SKU: "RUG"},
		`{"op":"change_batch","ref":"b1","qty":0}`:                                                            domain.ChangeBatch{Ref: "b1", Qty: domain.To(0)},
		`{"op":"change_batch","ref":"b1","eta":"2026-12-01"}`:                                                 domain.ChangeBatch{Ref: "b1", ETA: domain.To(december)},
		`{"op":"change_batch","ref":"b1","qty":7,"eta":""}`:                                                   domain.ChangeBatch{Ref: "b1", Qty: domain.To(7), ETA: domain.To(domain.Date(0))},
		`{"op":"receive_batch","ref":"b1"}`:                                                                   domain.ReceiveBatch{Ref: "b1"},
		`{"op":"receive_batch","ref":"b1","qty":7}`:                                                           domain.ReceiveBatch{Ref: "b1", Qty: domain.To(7)},
		`{"op":"close_batch","ref":"b1"}`:                                                                     domain.CloseBatch{Ref: "b1"},
		`{"op":"reopen_batch","ref":"b1","reason":"damaged","note":"fell off a \"lorry\""}`:                   domain.ReopenBatch{Origin: damaged, Ref: "b1"},
		`{"op":"ship","order_id":"o/1","sku":"RUG","shipped":2}`:                                              domain.ShipLine{OrderID: "o/1", SKU: "RUG", Shipped: 2},
		`{"op":"ship","order_id":"o/1","sku":"RUG"}`:                                                          domain.ShipLine{OrderID: "o/1", SKU: "RUG"},
		`{"op":"return","order_id":"o/1","sku":"RUG","returned":2,"batch_ref":"b1"}`:                          domain.ReturnLine{OrderID: "o/1", SKU: "RUG", Returned: 2, BatchRef: "b1"},
		`{"op":"amend","order_id":"o/1","sku":"RUG","qty":2,"priority":9,"required_by":"","may_move":true}`: domain.AmendLine{OrderID: "o/1", SKU: "RUG", Amendment: domain.Amendment{
			Qty: domain.To(2), Priority: domain.To(domain.NewPriority(9)), RequiredBy: domain.To(domain.Date(0)), MayMove: true,
		}},
		`{"op":"confirm_hold","order_id":"o/1","sku":"RUG"}`: domain.ConfirmHold{OrderID: "o/1", SKU: "RUG"},
		`{"op":"release_hold","order_id":"o/1","sku":"RUG"}`: domain.ReleaseHold{OrderID: "o/1", SKU: "RUG"},
		`{"op":"allocate","order_id":"o/1","sku":"RUG","qty":2,"priority":0,"required_by":"2026-12-01","hold_until":"1970-01-01T00:00:00.000001Z"}`: domain.Allocate{
			OrderID: "o/1", SKU: "RUG", Qty: 2, Priority: domain.NewPriority(0), RequiredBy: december, HoldUntil: 1,
		},
		`{"op":"allocate_order","order_id":"o/1","lines":[{"sku":"RUG","qty":2},{"sku":"LAMP","qty":1,"priority":9,"required_by":"2026-12-01"}],"mode":"all"}`: domain.AllocateOrder{
			OrderID: "o/1", Mode: domain.AllLines, Lines: []domain.Wanted{{SKU: "RUG", Qty: 2}, {SKU: "LAMP", Qty: 1, Priority: domain.NewPriority(9), RequiredBy: december}},
		},
		`{"op":"describe_product","sku":"RUG"}`: domain.DescribeProduct{SKU: "RUG"},
		`{"op":"add_batch","ref":"b1","sku":"RUG","qty":5,"location":"north","use_by":"2026-12-01"}`: domain.CreateBatch{
			Ref: "b1", SKU: "RUG", Qty: 5, Location: "north", UseBy: december,
		},
		`{"op":"change_batch","ref":"b1","location":"","use_by":""}`: domain.ChangeBatch{Ref: "b1", Label: domain.Label{Location: domain.To(""), UseBy: domain.To(domain.Date(0))}},
		`{"op":"allocate","order_id":"o/1","sku":"RUG","qty":2,"locations":["no\"rth","south"],"min_life_days":30}`: domain.Allocate{
			OrderID: "o/1", SKU: "RUG", Qty: 2, Wishes: domain.Wishes{Locations: domain.LocationsOf(`no"rth`, "south"), MinLife: 30},
		},
		`{"op":"allocate_order","order_id":"o/1","lines":[{"sku":"RUG","qty":2,"only_locations":["north"]}]}`: domain.AllocateOrder{
			OrderID: "o/1", Lines: []domain.Wanted{{SKU: "RUG", Qty: 2, Wishes: domain.Wishes{OnlyLocations: "north"}}},
		},
		`{"op":"set_policy","sku":"RUG","policy":"latest_on_time"}`:               domain.SetPolicy{SKU: "RUG", Policy: domain.To(domain.LatestOnTime)},
		`{"op":"replan","sku":"RUG"}`:                                             domain.ReplanProduct{SKU: "RUG"},
		`{"op":"amend","order_id":"o/1","sku":"RUG","frozen":false}`:              domain.AmendLine{OrderID: "o/1", SKU: "RUG", Amendment: domain.Amendment{Frozen: domain.To(false)}},
		`{"op":"set_policy","sku":"RUG","safety_stock":0}`:                        domain.SetPolicy{SKU: "RUG", SafetyStock: domain.To(0)},
		`{"op":"describe_product","sku":"RUG","description":"Tapis <très> cher"}`: domain.DescribeProduct{SKU: "RUG", Description: "Tapis <très> cher"},
	} {
		got, err := wire.EncodeCommand(cmd)
		if err != nil {
			t.Error(err)
		}
		if diff := cmp.Diff(line, string(got)); diff != "" {
			t.Error(diff)
		}
		back, err := wire.DecodeCommand([]byte(line), domain.Origin{})
		if err != nil {
			t.Error(err)
		}
		if diff := cmp.Diff(cmd, back); diff != "" {
			t.Error(diff)
		}
	}
}

func TestACommandThatIsMisspeltIsRefusedWithTheNearestName(t *testing.T) {
	const ops = "one of add_batch, allocate, change_batch_quantity, cancel, describe_product, change_batch, receive_batch, close_batch, reopen_batch, " +
		"allocate_order, ship, return, amend, confirm_hold, release_hold, set_policy, replan"
	for line, want := range map[string]string{
		`{"order_id":"o"}`:              "op| op is missing: send it: it says what to do, in lower case; " + ops,
		`{"op":null}`:                   "op| op is missing: send it: it says what to do, in lower case; " + ops,
		`{"Op":"allocate"}`:             "op| op is missing: send it: it says what to do, in lower case; " + ops,
		`{"op":1}`:                      `op| op is 1; it must be a text: put it in quotes: "..."`,
		`{"op":"alocate"}`:              `op| op is "alocate", which is no command: did you mean "allocate"?`,
		`{"op":"Allocate"}`:             `op| op is "Allocate", which is no command: did you mean "allocate"?`,
		`{"op":"drop_table"}`:           `op| op is "drop_table", which is no command: ` + ops,
		`{"op":"allocate","orderid":1}`: `orderid| orderid is no member that is known here: leave it out, or did you mean "order_id"?`,
		`{"op":"allocate","qty_":1}`:    `qty_| qty_ is no member that is known here: leave it out, or did you mean "qty"?`,
		`{"op":"allocate","QTY":1}`:     `QTY| QTY is no member: names are written in lower case: write "qty"`,
		`{"op":"cancel","priority":1}`:  `priority| priority is no member that is known here: leave it out; there are order_id, sku, reason, note`,
		`{"op":"allocate","op2":1}`:     `op2| op2 is no member that is known here: leave it out; there are order_id, sku, qty, on_shortage, priority, required_by, hold_until, locations, only_locations, min_life_days, reason, note`,
		`{"op":"allocate_order","order_id":"o","lines":[{"sku":"A","qty":1},{"sku":"B","qyt":2}]}`: `lines/1/qyt| lines/1: qyt is no member that is known here: leave it out; there are sku, qty, priority, required_by, locations, only_locations, min_life_days`,
		`{"op":"allocate_order","order_id":"o","lines":1}`:                                         "lines| lines is 1: send a list of objects",
		`{"op":"amend","order_id":"o","sku":"S","may_move":"yes"}`:                                 `may_move| may_move is "yes": send true or false, without quotes`,
		`{"op":"allocate","hold_until":"soon"}`:                                                    `hold_until| hold_until "soon" is not a time: write it with its zone, for example 2026-12-01T08:00:00Z: send a time, or leave it out`,
		`{"op":"ship","order_id":"o","sku":"S","shipped":0}`:                                       "shipped| shipped is 0; it must lie between 1 and 2147483647: send a number in that range, or leave it out",
		`{"op":"allocate","order_id":"o","locations":"north"}`:                                     `locations| locations is "north": send a list of texts: ["north"]`,
		`{"op":"allocate","order_id":"o","only_locations":[]}`:                                     `only_locations| only_locations is empty: leave it out if any location will do`,
		`{"op":"allocate","order_id":"o","locations":["a","b\u0000c"]}`:                            `locations| locations has "b\x00c", which is no name: send the names of locations`,
		`{"op":"cancel"}`: "order_id| order_id is missing: send it",
		`{"op":"cancel","` + long + `":1}`: long[:60] + "...| " + long[:60] +
			"... is no member that is known here: leave it out; there are order_id, sku, reason, note",
	} {
		_, err := wire.DecodeCommand([]byte(line), domain.Origin{})
		if diff := cmp.Diff("validation_failed "+want, told(t, err)); diff != "" {
			t.Error(diff)
		}
	}
}

func TestALineMaySayWhyButNotWho(t *testing.T) {
	from := domain.Origin{Actor: "ann", Reason: "import", Note: "nightly", Correlation: "r-1", Cause: "m-1"}
	for line, want := range map[string]domain.Origin{
		`{"op":"cancel","order_id":"o","sku":"S"}`:                                from,
		`{"op":"cancel","order_id":"o","sku":"S","reason":null}`:                  from,
		`{"op":"cancel","order_id":"o","sku":"S","reason":"fraud","note":"seen"}`: {Actor: "ann", Reason: "fraud", Note: "seen", Correlation: "r-1", Cause: "m-1"},
	} {
		got, err := wire.DecodeCommand([]byte(line), from)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got.CameFrom()); diff != "" {
			t.Error(diff)
		}
	}
	if _, err := wire.DecodeCommand([]byte(`{"op":"cancel","order_id":"o","sku":"S","actor":"root"}`), from); err == nil {
		t.Error("a line says who sends it")
	}
}

func TestACommandThatHasNoNameOnTheWireIsNotEncoded(t *testing.T) {
	if line, err := wire.EncodeCommand(unheardOf{}); err == nil {
		t.Errorf("it is %s", line)
	}
}

type unheardOf struct{ domain.Allocate }

func TestTextThatIsNoUnicodeIsRefusedNotChanged(t *testing.T) {
	line, err := wire.EncodeCommand(domain.DescribeProduct{SKU: "RUG", Description: "Tapis tr\xe8s cher"})
	if err != nil {
		t.Fatal(err)
	}
	_, err = wire.DecodeCommand(line, domain.Origin{})
	if got, want := told(t, err), "malformed_json | the JSON is not valid UTF-8: send UTF-8"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestDecodingACommandUndoesEncodingIt(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cmd := anyCommand().Draw(t, "command")
		line, err := wire.EncodeCommand(cmd)
		if err != nil {
			t.Fatal(err)
		}
		if !json.Valid(line) {
			t.Fatalf("%s is no JSON", line)
		}
		origin := cmd.CameFrom()
		origin.Reason, origin.Note = "", ""
		back, err := wire.DecodeCommand(line, origin)
		if err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		if diff := cmp.Diff(cmd, back); diff != "" {
			t.Fatal(diff)
		}
	})
}

func anyCommand() *rapid.Generator[domain.Message] {
	return rapid.Custom(func(t *rapid.T) domain.Message {
		origin := domain.Origin{
			Actor: rapid.String().Draw(t, "actor"), Reason: rapid.String().Draw(t, "reason"), Note: rapid.String().Draw(t, "note"),
			Correlation: rapid.String().Draw(t, "correlation"), Cause: rapid.String().Draw(t, "cause"),
		}
		id := rapid.StringN(1, -1, -1)
		order, sku, ref, qty := id.Draw(t, "order"), id.Draw(t, "sku"), id.Draw(t, "ref"), rapid.Int().Draw(t, "qty")
		switch rapid.IntRange(0, 4).Draw(t, "op") {
		case 0:
			return domain.CreateBatch{Origin: origin, Ref: ref, SKU: sku, Qty: qty, ETA: anyDate().Draw(t, "eta")}
		case 1:
			return domain.Allocate{Origin: origin, OrderID: order, SKU: sku, Qty: qty, OnShortage: domain.Shortage(rapid.String().Draw(t, "on shortage"))}
		case 2:
			return domain.ChangeBatchQuantity{Origin: origin, Ref: ref, Qty: qty}
		case 3:
			return domain.CancelLine{Origin: origin, OrderID: order, SKU: sku}
		default:
			return domain.DescribeProduct{Origin: origin, SKU: sku, Description: rapid.String().Draw(t, "description")}
		}
	})
}

func anyDate() *rapid.Generator[domain.Date] {
	return rapid.Custom(func(t *rapid.T) domain.Date {
		if rapid.Bool().Draw(t, "none") {
			return 0
		}
		return december.AddDays(rapid.IntRange(-10_000, 10_000).Draw(t, "days"))
	})
}

func FuzzDecodeCommand(f *testing.F) {
	for _, seed := range []string{
		`{"op":"add_batch","ref":"b1","sku":"RUG","qty":50,"eta":"2026-12-01T08:00:00Z"}`,
		`{"op":"allocate","order_id":"o1","sku":"RUG","qty":2,"on_shortage":"reject","reason":"r","note":"n"}`,
		`{"op":"change_batch","ref":"b1","qty":10}`, `{"op":"allocate_order","order_id":"o1","lines":[{"sku":"RUG","qty":1}]}`, `{"op":"cancel","order_id":"o1","sku":"RUG"}`,
		`{"op":"describe_product","sku":"RUG","description":"\ud83d\ude00\\\""}`,
		`{"op":"allocate","order_id":"o1","sku":"RUG","qty":1e3}`, `{"op":"cancel","order_id":"\ud83d","sku":"RUG"}`,
		`{"op":"cancel","op":"cancel"}`, `{"op":"cancel","x":[{"y":{"z":[1,-2.5e+7,true,false,null]}}]}`,
		`{"ſku":1}`, `[]`, `{`, ``, `{"a":"\u00`, `{"a":"b\`, "\xff", `{}{}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		cmd, err := wire.DecodeCommand(line, domain.Origin{})
		if err != nil {
			told(t, err)
			return
		}
		if !json.Valid(line) {
			t.Fatalf("%q is no JSON, but %#v", line, cmd)
		}
		again, err := wire.EncodeCommand(cmd)
		if err != nil {
			t.Fatal(err)
		}
		back, err := wire.DecodeCommand(again, domain.Origin{})
		if cmd.Validate() == nil && err != nil {
			t.Fatalf("%q can be read, but not %q: %v", line, again, err)
		}
		if diff := cmp.Diff(cmd, back); err == nil && diff != "" {
			t.Fatal(diff)
		}
	})
}

// FuzzDecodeBookLine compares what is accepted with what encoding/json makes
// of it: there must not be two ways to read it.
func FuzzDecodeBookLine(f *testing.F) {
	for _, seed := range []string{
		`{"orderid":"o1","sku":"RUG","qty":2}`, `{"orderid":"o1","sku":"RUG","qty":2,"SKU":"B"}`, `{"orderid":"o1","s\u006bu":"RUG","qty":-0}`,
		`{"orderid":"o1","sku":"RUG","qty":2,"x":{"y":[1,{"z":"\udc00"}]}}`, "{\"orderid\":\"\xc3\x28\",\"sku\":\"\",\"qty\":2}",
		` { "orderid" : "😀" , "sku" : "\ufffd" , "qty" : 2147483648 , "" : [ ] } `,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		got, err := wire.DecodeBookLine(body, domain.Origin{})
		if err != nil {
			told(t, err)
			return
		}
		var theirs struct {
			OrderID string `json:"orderid"`
			SKU     string `json:"sku"`
			Qty     int    `json:"qty"`
		}
		if err := json.Unmarshal(body, &theirs); err != nil {
			t.Fatalf("%q: %v", body, err)
		}
		want := domain.Allocate{OrderID: theirs.OrderID, SKU: theirs.SKU, Qty: theirs.Qty, OnShortage: domain.Refuse}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatal(diff)
		}
	})
}
