package wire_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"allot/internal/domain"
	"allot/internal/entrypoints/wire"
)

// told is what a refusal says: code, field, message and hint.
func told(t *testing.T, err error) string {
	t.Helper()
	e, ok := errors.AsType[*domain.Error](err)
	if !ok {
		t.Fatalf("got %v, want a *domain.Error", err)
	}
	return fmt.Sprintf("%s %s| %s: %s", e.Code, e.Field, e.Message, e.Hint)
}

func members(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `"x%d":0,`, i)
	}
	return strings.TrimSuffix(b.String(), ",")
}

func TestJSONThatCouldBeReadInTwoWaysIsRefused(t *testing.T) {
	const object = `: send an object: {"name": value, ...}`
	const nothingElse = ": send one JSON object and nothing else"
	nested := func(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }

	for name, tt := range map[string]struct{ body, want string }{
		"nothing":           {"", "malformed_json | there is no JSON: what was sent is empty" + object},
		"blanks":            {" \r\n\t", "malformed_json | there is no JSON: what was sent is empty" + object},
		"a list":            {`[{"orderid":"o"}]`, `malformed_json | the JSON is [{"orderid":"o"}], not an object` + object},
		"a text":            {`"sku"`, `malformed_json | the JSON is "sku", not an object` + object},
		"null":              {`null`, `malformed_json | the JSON is null, not an object` + object},
		"a form":            {`orderid=o&sku=S`, "malformed_json | the JSON is wrong at byte 1: invalid character 'o' looking for beginning of value" + nothingElse},
		"broken off":        {`{"orderid":"o"`, "malformed_json | the JSON is wrong at byte 14: unexpected end of JSON input" + nothingElse},
		"trailing bytes":    {`{"orderid":"o"} {}`, "malformed_json | the JSON is wrong at byte 17: invalid character '{' after top-level value" + nothingElse},
		"a byte order mark": {"\ufeff{}", "malformed_json | the JSON is wrong at byte 1: invalid character 'ï' looking for beginning of value" + nothingElse},
		"a comment":         {`{/**/}`, "malformed_json | the JSON is wrong at byte 2: invalid character '/' looking for beginning of object key string" + nothingElse},
		"a trailing comma":  {`{"a":1,}`, "malformed_json | the JSON is wrong at byte 8: invalid character '}' looking for beginning of object key string" + nothingElse},
		"a leading zero":    {`{"qty":03}`, "malformed_json | the JSON is wrong at byte 9: invalid character '3' after object key:value pair" + nothingElse},
		"a bare NaN":        {`{"qty":NaN}`, "malformed_json | the JSON is wrong at byte 8: invalid character 'N' looking for beginning of value" + nothingElse},
		"a raw line end":    {"{\"sku\":\"a\nb\"}", `malformed_json | the JSON is wrong at byte 10: invalid character '\n' in string literal` + nothingElse},

		"not UTF-8":                {"{\"sku\":\"\xff\"}", "malformed_json | the JSON is not valid UTF-8: send UTF-8"},
		"a surrogate as UTF-8":     {"{\"sku\":\"\xed\xa0\x80\"}", "malformed_json | the JSON is not valid UTF-8: send UTF-8"},
		"half a character":         {`{"sku":"\ud83d"}`, `malformed_json | the text "\ud83d" has half of a UTF-16 pair: send both halves of a character, or the character itself`},
		"its other half":           {`{"sku":"\\\ude00"}`, `malformed_json | the text "\\\ude00" has half of a UTF-16 pair: send both halves of a character, or the character itself`},
		"two first halves":         {`{"sku":"\ud83d\ud83d"}`, `malformed_json | the text "\ud83d\ud83d" has half of a UTF-16 pair: send both halves of a character, or the character itself`},
		"half a character, nested": {`{"x":[{"y":"\uDC00"}]}`, `malformed_json | the text "\uDC00" has half of a UTF-16 pair: send both halves of a character, or the character itself`},

		"a member twice":         {`{"sku":"A","sku":"B"}`, `malformed_json | an object has the member "sku" twice: send each member once`},
		"twice, once escaped":    {`{"sku":"A","s\u006bu":"B"}`, `malformed_json | an object has the member "sku" twice: send each member once`},
		"twice, once null":       {`{"sku":null,"sku":"B"}`, `malformed_json | an object has the member "sku" twice: send each member once`},
		"an unknown one twice":   {`{"x":1,"x":1}`, `malformed_json | an object has the member "x" twice: send each member once`},
		"a nested one twice":     {`{"x":{"y":[{"z":1,"z":2}]}}`, `malformed_json | an object has the member "z" twice: send each member once`},
		"another case":           {`{"SKU":"A"}`, `validation_failed SKU| SKU is no member: names are written in lower case: write "sku"`},
		"both cases":             {`{"sku":"A","Sku":"B"}`, `validation_failed Sku| Sku is no member: names are written in lower case: write "sku"`},
		"another case, Unicode":  {`{"ſku":"A"}`, `validation_failed ſku| ſku is no member: names are written in lower case: write "sku"`},
		"too many levels":        {`{"x":` + nested(8) + `}`, "malformed_json | the JSON has more than 8 levels inside of one another: send a flat object"},
		"too many, of objects":   {strings.Repeat(`{"x":`, 9) + "1" + strings.Repeat("}", 9), "malformed_json | the JSON has more than 8 levels inside of one another: send a flat object"},
		"far too many levels":    {`{"x":` + nested(5000) + `}`, "malformed_json | the JSON has more than 8 levels inside of one another: send a flat object"},
		"too many members":       {"{" + members(129) + "}", "malformed_json | an object has more than 128 members: send fewer members"},
		"a member that is null":  {`{"orderid":"o","sku":"S","qty":null}`, "validation_failed qty| qty is missing: send it"},
		"a member that is there": {`{"orderid":"o","sku":"S"}`, "validation_failed qty| qty is missing: send it"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := wire.DecodeBookLine([]byte(tt.body), domain.Origin{})
			if diff := cmp.Diff(tt.want, told(t, err)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAValueOfTheWrongTypeIsNotGuessedAt(t *testing.T) {
	const digits = "; it must be a whole number, without quotes, fraction or exponent: send digits, such as 12"
	const inRange = "; it must lie between 0 and 2147483647: send a whole number in that range"
	const noText = `; it must be a text: put it in quotes: "..."`
	const noDate = ": send a date, or leave it out if there is none"

	for member, want := range map[string]string{
		`"qty":"3"`:                       `qty| qty is "3"` + digits,
		`"qty":1.0`:                       "qty| qty is 1.0" + digits,
		`"qty":1e3`:                       "qty| qty is 1e3" + digits,
		`"qty":1E3`:                       "qty| qty is 1E3" + digits,
		`"qty":true`:                      "qty| qty is true" + digits,
		`"qty":[3]`:                       "qty| qty is [3]" + digits,
		`"qty":{"value":3}`:               `qty| qty is {"value":3}` + digits,
		`"qty":99999999999999999999`:      "qty| qty is 99999999999999999999" + inRange,
		`"qty":-99999999999999999999`:     "qty| qty is -99999999999999999999" + inRange,
		`"sku":7`:                         "sku| sku is 7" + noText,
		`"sku":["A"]`:                     `sku| sku is ["A"]` + noText,
		`"sku":false`:                     "sku| sku is false" + noText,
		`"eta":20261201`:                  "eta| eta is 20261201" + noText,
		`"eta":""`:                        "eta| eta is empty; it must be a date: leave it out if there is none",
		`"eta":"tomorrow"`:                `eta| eta "tomorrow" is not a date: write YYYY-MM-DD, for example 2026-12-01` + noDate,
		`"eta":"2026-02-30"`:              `eta| eta "2026-02-30" is not a date: write YYYY-MM-DD, for example 2026-12-01` + noDate,
		`"sku":{"` + `a":"` + long + `"}`: `sku| sku is {"a":"` + long[:54] + `...` + noText,
	} {
		_, err := wire.DecodeBookBatch([]byte("{"+member+"}"), domain.Origin{})
		if diff := cmp.Diff("validation_failed "+want, told(t, err)); diff != "" {
			t.Error(diff)
		}
	}
}

var long = strings.Repeat("x", 1000)

func TestTheBooksBodiesAreReadAsTheyWereMeant(t *testing.T) {
	origin := domain.Origin{Correlation: "r-1"}
	for body, want := range map[string]domain.Allocate{
		`{"orderid":"o","sku":"S","qty":3}`:                                    {OrderID: "o", SKU: "S", Qty: 3},
		" {\n\t\"qty\" : -3 , \"sku\":\"S\", \"orderid\" :\"o\" }\r\n":         {OrderID: "o", SKU: "S", Qty: -3},
		`{"orderid":"","sku":"S","qty":0}`:                                     {SKU: "S"},
		`{"orderid":"o","sku":"S","qty":3,"priority":{"a":[1,{"b":null}]}}`:    {OrderID: "o", SKU: "S", Qty: 3},
		`{"orderid":"o","sku":"S","qty":3,"on_shortage":"backorder"}`:          {OrderID: "o", SKU: "S", Qty: 3},
		`{"order\u0069d":"\u006f","sku":"\"\\\/\b\f\n\r\t","qty":3}`:           {OrderID: "o", SKU: "\"\\/\b\f\n\r\t", Qty: 3},
		`{"orderid":"\ud83d\ude00","sku":"\ufffd😀","qty":3}`:                   {OrderID: "😀", SKU: "\ufffd😀", Qty: 3},
		`{"orderid":"o","sku":"S","qty":3,"x":[[[[[[[]]]]]]],"y":[],"z":{}}`:   {OrderID: "o", SKU: "S", Qty: 3},
		`{"orderid":"o","sku":"S","qty":3,` + members(wire.MaxMembers-3) + `}`: {OrderID: "o", SKU: "S", Qty: 3},
	} {
		want.Origin, want.OnShortage = origin, domain.Refuse
		got, err := wire.DecodeBookLine([]byte(body), origin)
		if err != nil {
			t.Errorf("%s: %v", body, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", body, diff)
		}
	}
}

func TestTheBooksBatchMayHaveAnETAOrNot(t *testing.T) {
	december := domain.NewDate(2026, 12, 1)
	for eta, want := range map[string]domain.Date{
		``: 0, `,"eta":null`: 0, `,"eta":"2026-12-01"`: december, `,"eta":"2026-12-01T08:00:00"`: december, `,"eta":"2026-12-01T23:59:59.5-08:00"`: december,
	} {
		got, err := wire.DecodeBookBatch([]byte(`{"ref":"b","sku":"S","qty":0`+eta+`}`), domain.Origin{})
		if err != nil {
			t.Errorf("%s: %v", eta, err)
		}
		if diff := cmp.Diff(domain.CreateBatch{Ref: "b", SKU: "S", ETA: want}, got); diff != "" {
			t.Errorf("%s: %s", eta, diff)
		}
	}
}
