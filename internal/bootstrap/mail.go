package bootstrap

import (
	"context"
	"time"

	"allot/internal/adapters/smtp"
	"allot/internal/config"
	"allot/internal/service"
)

// CheckMail connects to the mail server that is set up, and sends nothing.
func CheckMail(ctx context.Context, c config.Config, now func() time.Time) error {
	if err := c.CheckMail(); err != nil {
		return err
	}
	sender, err := sender(c, now)
	if err != nil {
		return err
	}
	return sender.Check(ctx)
}

func sender(c config.Config, now func() time.Time) (*smtp.Sender, error) {
	return smtp.New(smtp.Options{URL: c.SMTPURL, TLS: smtp.TLS(c.SMTPTLS), From: c.MailFrom, To: c.MailTo}, now)
}

// Mail returns what sends mails as they are set up; nil if they are only kept.
func Mail(c config.Config, now func() time.Time) (service.Notifier, error) {
	if err := c.CheckMail(); err != nil || c.SMTPURL == "" {
		return nil, err
	}
	return sender(c, now)
}
