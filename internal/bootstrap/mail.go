package bootstrap

import (
	"time"

	"allot/internal/adapters/smtp"
	"allot/internal/config"
	"allot/internal/service"
)

// Mail returns what sends mails as they are set up; nil if they are only kept.
func Mail(c config.Config, now func() time.Time) (service.Notifier, error) {
	if err := c.CheckMail(); err != nil || c.SMTPURL == "" {
		return nil, err
	}
	return smtp.New(smtp.Options{URL: c.SMTPURL, TLS: smtp.TLS(c.SMTPTLS), From: c.MailFrom, To: c.MailTo}, now)
}
