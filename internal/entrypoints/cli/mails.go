package cli

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"allot/internal/bootstrap"
	"allot/internal/views"
)

func (r *run) mails() *cobra.Command {
	var limit int
	cmd := &cobra.Command{
		Use:   "mails [ID]",
		Short: "Read the mails about what ran out of stock",
		Long: "Lists mails, the last first, or prints one in full. A mail is sent if a mail server\n" +
			"is set up (--smtp-url of allot serve), and is only kept if none is. It is due until\n" +
			"it is sent: at most one about a SKU goes out in 15 minutes.",
		Example: examples(
			"allot mails", "all of them",
			"allot mails 12", "one of them in full",
		),
		Args: needs("[ID]"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return r.look(cmd.Context(), func(s bootstrap.Store) error {
				if len(args) == 0 {
					return list(r, mailColumns, pages(limit, func(p views.Page) (views.List[views.Mail], error) { return s.Mails(cmd.Context(), p) }))
				}
				id, err := strconv.ParseInt(args[0], 10, 64)
				if err != nil {
					return usage("allot mails lists the mails with their ids", "ID is %q, which is no number", args[0])
				}
				mail, err := s.Mail(cmd.Context(), id)
				if err != nil {
					return missing(err, "allot mails lists the mails with their ids")
				}
				return r.showMail(mail)
			})
		},
	}
	limited(cmd, &limit)
	return cmd
}

var mailColumns = []column[views.Mail]{
	{name: "id", text: func(m views.Mail) string { return strconv.FormatInt(m.ID, 10) }},
	{name: "at", text: func(m views.Mail) string { return m.At.Format(time.RFC3339) }},
	{name: "status", text: func(m views.Mail) string { return m.Status }},
	{name: "sku", text: func(m views.Mail) string { return m.SKU }},
	{name: "count", text: func(m views.Mail) string { return strconv.Itoa(m.Count) }},
	{name: "to", text: func(m views.Mail) string { return strings.Join(m.To, ", ") }, tell: func(m views.Mail) string { return dash(strings.Join(m.To, ", ")) }},
	{name: "subject", text: func(m views.Mail) string { return m.Subject }},
}

func (r *run) showMail(m views.Mail) error {
	return object(r, m, func() error {
		r.tell("Status   %s", statusOfMail(m))
		r.tell("To       %s", dash(strings.Join(m.To, ", ")))
		r.tell("Subject  %s\n", m.Subject)
		_, err := fmt.Fprint(r.Out, m.Body)
		return err
	})
}

// statusOfMail is where a mail stands, and since or until when.
func statusOfMail(m views.Mail) string {
	if m.Sent.IsZero() {
		return "due from " + m.Due.Format(time.RFC3339)
	}
	return m.Status + " " + m.Sent.Format(time.RFC3339)
}
