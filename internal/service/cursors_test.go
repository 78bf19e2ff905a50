package service_test

import (
	"testing"

	"allot/internal/domain"
	"allot/internal/service"
	"allot/internal/views"
)

func TestACursorBringsBackWhereAPageEnded(t *testing.T) {
	for _, key := range []string{"a", "order 1", "Ärger", "\x00\xff", "%d"} {
		if got, err := service.AfterKey(views.Page{After: service.CursorAtKey(key)}); got != key || err != nil {
			t.Errorf("%q came back as %q, %v", key, got, err)
		}
	}
	for _, n := range []int64{1, 9_007_199_254_740_993} {
		if got, err := service.AfterNumber(views.Page{After: service.CursorAtNumber(n)}); got != n || err != nil {
			t.Errorf("%d came back as %d, %v", n, got, err)
		}
	}
	f := views.Failure{Subscription: `web "hook" 1`, Position: 12}
	if got, err := service.AfterFailure(views.Page{After: service.CursorAtFailure(f)}); got != f || err != nil {
		t.Errorf("%+v came back as %+v, %v", f, got, err)
	}
}

func TestTheFirstPageHasNoCursor(t *testing.T) {
	number, err1 := service.AfterNumber(views.Page{})
	key, err2 := service.AfterKey(views.Page{})
	failure, err3 := service.AfterFailure(views.Page{})
	if number != 0 || key != "" || failure != (views.Failure{}) || err1 != nil || err2 != nil || err3 != nil {
		t.Errorf("got %d %q %+v, %v %v %v", number, key, failure, err1, err2, err3)
	}
}

func TestACursorThatNoPageEndedWithIsRefused(t *testing.T) {
	for _, cursor := range []string{"x", "-", "1.5", "12 ", " 12", "+1", "01", "zz", "ABCD"} {
		_, number := service.AfterNumber(views.Page{After: cursor})
		_, failure := service.AfterFailure(views.Page{After: cursor})
		for what, err := range map[string]error{"number": number, "failure": failure} {
			if domain.KindOf(err) != domain.Invalid {
				t.Errorf("%q as the cursor of a list by %s: %v", cursor, what, err)
			}
		}
	}
	if _, err := service.AfterKey(views.Page{After: "616"}); domain.KindOf(err) != domain.Invalid {
		t.Errorf("half a byte: %v", err)
	}
}
