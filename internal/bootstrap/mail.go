package bootstrap

import (
	"context"
	"errors"
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
	s, err := smtp.New(smtp.Options{URL: c.SMTPURL, TLS: smtp.TLS(c.SMTPTLS), From: c.MailFrom, To: c.MailTo}, now)
	if errors.Is(err, smtp.ErrInTheClear) {
		return nil, &config.Error{Setting: "smtp-tls", Value: c.SMTPTLS, Source: c.OriginOf("smtp-tls").Source, Rule: "would have the password of the mail server sent in the clear",
			Hint: "encrypt the connection with starttls or tls, or leave the password out of smtp-url"}
	}
	return s, err
}

// AdviceOnMail is what to do about a mail server that CheckMail can't use.
func AdviceOnMail(err error) string { return smtp.AdviceOn(err) }

// Mail returns what sends mails as they are set up; nil if they are only kept.
func Mail(c config.Config, now func() time.Time) (service.Notifier, error) {
	if err := c.CheckMail(); err != nil || c.SMTPURL == "" {
		return nil, err
	}
	return sender(c, now)
}
