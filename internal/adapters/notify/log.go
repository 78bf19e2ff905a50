// Package notify tells people things. It knows the Notifier port, and nothing
// of what the notices are about.
package notify

import (
	"context"
	"log/slog"

	"allot/internal/service"
)

// Log is a service.Notifier that writes notices to a log, for shops that have
// set up nothing else.
type Log struct{ To *slog.Logger }

var _ service.Notifier = Log{}

// Notify implements service.Notifier. It never fails, and sends to nobody.
func (l Log) Notify(ctx context.Context, n service.Notice) ([]string, error) {
	l.To.InfoContext(ctx, n.Subject, "notice", n.Key, "body", n.Body)
	return nil, nil
}
