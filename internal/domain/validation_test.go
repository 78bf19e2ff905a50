package domain_test

import (
	"errors"
	"strings"
	"testing"

	"allot/internal/domain"
)

func TestIdentifiersThatNameSomethingReliably(t *testing.T) {
	for rule, id := range map[string]string{
		"one character":                      "D",
		"digits":                             "85123",
		"lower case":                         "a1",
		"punctuation inside":                 "gift_0001-20/x.(y)#~!",
		"punctuation at the end":             "A+",
		"a blank inside":                     "BANK CHARGES",
		"two blanks inside":                  "BANK  CHARGES",
		"composed letters":                   "Sch\u00f6ner-Stuhl",
		"letters of other scripts":           "椅子-Стул-كرسي",
		"digits of other scripts":            "٣٤",
		"marks that can't be composed":       "कि-1",
		"the longest":                        strings.Repeat("x", 255),
		"the longest, counted in characters": strings.Repeat("椅", 255),
	} {
		for _, command := range naming(id) {
			if err := command.Validate(); err != nil {
				t.Errorf("%s: %s: %v", rule, command.CommandName(), err)
			}
		}
	}
}

func TestIdentifiersThatNameNothingReliably(t *testing.T) {
	for _, tc := range []struct {
		rule, id, message string
	}{
		{"nothing", "", `is empty`},
		{"a blank alone", " ", `" " ends with a blank`},
		{"a blank at the end", "A1 ", `"A1 " ends with a blank`},
		{"a blank at the start", " A1", `" A1" has ' ' at place 1, which is not allowed there`},
		{"punctuation at the start", "-A1", `"-A1" has '-' at place 1, which is not allowed there`},
		{"a quote at the start", `"A1"`, `"\"A1\"" has '"' at place 1, which is not allowed there`},
		{"a formula", "=1+1", `"=1+1" has '=' at place 1, which is not allowed there`},
		{"a mark at the start", "\u0301A", "\"\u0301A\" has '\u0301' at place 1, which is not allowed there"},
		{"a line break", "A\n1", `"A\n1" has '\n' at place 2, which is not allowed there`},
		{"a tab", "A\t1", `"A\t1" has '\t' at place 2, which is not allowed there`},
		{"a NUL", "A\x00", `"A\x00" has '\x00' at place 2, which is not allowed there`},
		{"a delete", "A\x7f", `"A\x7f" has '\x7f' at place 2, which is not allowed there`},
		{"a C1 control", "A\u0085", `"A\u0085" has '\u0085' at place 2, which is not allowed there`},
		{"a line separator", "A\u2028B", `"A\u2028B" has '\u2028' at place 2, which is not allowed there`},
		{"a change of direction", "A\u202eB", `"A\u202eB" has '\u202e' at place 2, which is not allowed there`},
		{"an isolate", "A\u2066B", `"A\u2066B" has '\u2066' at place 2, which is not allowed there`},
		{"a zero width blank", "A\u200bB", `"A\u200bB" has '\u200b' at place 2, which is not allowed there`},
		{"a byte order mark", "\ufeffA", `"\ufeffA" has '\ufeff' at place 1, which is not allowed there`},
		{"a soft hyphen", "A\u00adB", `"A\u00adB" has '\u00ad' at place 2, which is not allowed there`},
		{"a blank that doesn't break", "A\u00a0B", `"A\u00a0B" has '\u00a0' at place 2, which is not allowed there`},
		{"a picture", "A😀", `"A😀" has '😀' at place 2, which is not allowed there`},
		{"a private character", "A\ue000", `"A\ue000" has '\ue000' at place 2, which is not allowed there`},
		{"a place counted in characters", "ÄÖÜ\u200b", `"ÄÖÜ\u200b" has '\u200b' at place 4, which is not allowed there`},
		{"letters that could be composed", "Scho\u0308n", "\"Scho\u0308n\" is not in normal form C, so that it could look like another"},
		{"a letter with two codes", "10\u212b", "\"10\u212b\" is not in normal form C, so that it could look like another"},
		{"bytes that are no UTF-8", "A\xff", `"A\xff" is not valid UTF-8`},
		{"half a character", "A\xe6\xa4", `"A\xe6\xa4" is not valid UTF-8`},
		{"a surrogate", "A\xed\xa0\x80", `"A\xed\xa0\x80" is not valid UTF-8`},
		{"one character too many", strings.Repeat("x", 256), `has 256 characters; at most 255 are allowed`},
		{"one too many, counted in characters", strings.Repeat("椅", 256), `has 256 characters; at most 255 are allowed`},
	} {
		for field, command := range naming(tc.id) {
			refused(t, tc.rule, command, field[strings.Index(field, " ")+1:], tc.message)
		}
	}
}

func TestIdentifiersAreComparedByteByByte(t *testing.T) {
	shop := newLedger(t, batch("B1", 10, inWarehouse), batch("b1", 20, inWarehouse))
	shop.allocate("Order", 1)
	shop.allocate("order", 2)

	expect(t, shop.change("b1", 21).Batch.Seq, 2)
	expect(t, shop.standing(), standing{"Order": "B1", "order": "B1"})
}

func TestQuantitiesHaveLimits(t *testing.T) {
	for _, tc := range []struct {
		qty          int
		batch, order string // what is wrong with it for a batch, and for an order line
	}{
		{-1, "is -1; it must lie between 0 and 2147483647", "is -1; it must lie between 1 and 2147483647"},
		{0, "", "is 0; it must lie between 1 and 2147483647"},
		{1, "", ""},
		{2147483647, "", ""},
		{2147483648, "is 2147483648; it must lie between 0 and 2147483647", "is 2147483648; it must lie between 1 and 2147483647"},
	} {
		refused(t, "a batch", domain.CreateBatch{Ref: "b1", SKU: sku, Qty: tc.qty}, "qty", tc.batch)
		refused(t, "a change", domain.ChangeBatchQuantity{Ref: "b1", Qty: tc.qty}, "qty", tc.batch)
		refused(t, "a line", domain.Allocate{OrderID: "o1", SKU: sku, Qty: tc.qty}, "qty", tc.order)
	}
}

func TestAShortageIsDealtWithInOneOfTwoWays(t *testing.T) {
	for shortage, message := range map[domain.Shortage]string{
		"":                   "",
		domain.KeepBackorder: "",
		domain.Refuse:        "",
		"Reject":             `is "Reject"; it must be "backorder" or "reject"`,
		"split":              `is "split"; it must be "backorder" or "reject"`,
	} {
		refused(t, "", domain.Allocate{OrderID: "o1", SKU: sku, Qty: 1, OnShortage: shortage}, "on_shortage", message)
	}
}

func TestDescriptionsAndOriginsAreFreeButNotEndless(t *testing.T) {
	long, tooLong := strings.Repeat("ä", 1000), strings.Repeat("ä", 1001)
	short, tooShort := strings.Repeat("ä", 255), strings.Repeat("ä", 256)
	for _, tc := range []struct {
		field, value, message string
	}{
		{"description", "", ""},
		{"description", " WHITE HANGING HEART T-LIGHT HOLDER ", ""},
		{"description", long, ""},
		{"description", tooLong, "has 1001 characters; at most 1000 are allowed"},
		{"description", "two\nlines", `"two\nlines" has a control character`},
		{"description", "\xff", `"\xff" is not valid UTF-8`},
		{"note", "dropped by the fork lift", ""},
		{"note", long, ""},
		{"note", tooLong, "has 1001 characters; at most 1000 are allowed"},
		{"note", "\x1b[31mred", `"\x1b[31mred" has a control character`},
		{"actor", short, ""},
		{"actor", tooShort, "has 256 characters; at most 255 are allowed"},
		{"reason", "damaged", ""},
		{"reason", tooShort, "has 256 characters; at most 255 are allowed"},
		{"correlation", "import-7", ""},
		{"correlation", "\xff", `"\xff" is not valid UTF-8`},
		{"cause", "message-9", ""},
		{"cause", "a\x00b", `"a\x00b" has a control character`},
	} {
		for _, command := range saying(tc.field, tc.value) {
			refused(t, tc.field, command, tc.field, tc.message)
		}
	}
}

func TestARefusalNamesTheFirstThingThatIsWrong(t *testing.T) {
	refused(t, "", domain.Allocate{OrderID: "-", SKU: "-", Qty: -1, OnShortage: "split"}, "order_id", `"-" has '-' at place 1, which is not allowed there`)
}

// naming returns a command for each identifier that there is, with id in its
// place. The key is the command and the field.
func naming(id string) map[string]domain.Message {
	return map[string]domain.Message{
		"create_batch ref":          domain.CreateBatch{Ref: id, SKU: sku, Qty: 1},
		"create_batch sku":          domain.CreateBatch{Ref: "b1", SKU: id, Qty: 1},
		"allocate order_id":         domain.Allocate{OrderID: id, SKU: sku, Qty: 1},
		"allocate sku":              domain.Allocate{OrderID: "o1", SKU: id, Qty: 1},
		"change_batch_quantity ref": domain.ChangeBatchQuantity{Ref: id, Qty: 1},
		"cancel_line order_id":      domain.CancelLine{OrderID: id, SKU: sku},
		"cancel_line sku":           domain.CancelLine{OrderID: "o1", SKU: id},
		"describe_product sku":      domain.DescribeProduct{SKU: id},
	}
}

// saying returns the commands that have the field, with text in it.
func saying(field, text string) []domain.Message {
	if field == "description" {
		return []domain.Message{domain.DescribeProduct{SKU: sku, Description: text}}
	}
	origin := map[string]domain.Origin{
		"actor": {Actor: text}, "reason": {Reason: text}, "note": {Note: text}, "correlation": {Correlation: text}, "cause": {Cause: text},
	}[field]
	return []domain.Message{
		domain.CreateBatch{Origin: origin, Ref: "b1", SKU: sku, Qty: 1},
		domain.Allocate{Origin: origin, OrderID: "o1", SKU: sku, Qty: 1},
		domain.ChangeBatchQuantity{Origin: origin, Ref: "b1", Qty: 1},
		domain.CancelLine{Origin: origin, OrderID: "o1", SKU: sku},
		domain.DescribeProduct{Origin: origin, SKU: sku},
	}
}

// refused fails the test unless the command is refused for the field, with
// this message and a hint. Without a message, it must be accepted.
func refused(t *testing.T, rule string, command domain.Message, field, message string) {
	t.Helper()
	err := command.Validate()
	if message == "" {
		if err != nil {
			t.Errorf("%s: %s: %v", rule, command.CommandName(), err)
		}
		return
	}
	e, ok := errors.AsType[*domain.Error](err)
	if !ok {
		t.Errorf("%s: %s: %v is no domain error", rule, command.CommandName(), err)
		return
	}
	if e.Kind != domain.Invalid || e.Code != domain.CodeValidationFailed || e.Field != field || e.Hint == "" {
		t.Errorf("%s: %s: %+v", rule, command.CommandName(), *e)
	}
	if e.Message != field+" "+message {
		t.Errorf("%s: %s: says %s\nnot %s", rule, command.CommandName(), e.Message, field+" "+message)
	}
}
