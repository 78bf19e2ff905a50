package notify_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"testing"

	"allot/internal/adapters/notify"
	"allot/internal/service"
)

func TestANoticeIsOneEntryInTheLog(t *testing.T) {
	var out bytes.Buffer
	n := notify.Log{To: slog.New(slog.NewJSONHandler(&out, nil))}
	if to, err := n.Notify(t.Context(), service.Notice{Key: "out-of-stock-7", Subject: "Out of stock: CHAIR", Body: "Order 1 wanted\n2 units."}); err != nil || len(to) > 0 {
		t.Fatalf("sent to %q, error %v", to, err)
	}
	var entry map[string]string
	if err := json.Unmarshal(out.Bytes(), &entry); err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]string{"level": "INFO", "msg": "Out of stock: CHAIR", "notice": "out-of-stock-7", "body": "Order 1 wanted\n2 units."} {
		if entry[key] != want {
			t.Errorf("%s is %q, want %q", key, entry[key], want)
		}
	}
}
