package config

import (
	"net/mail"
	"net/url"
)

func parseSMTP(to *string, text string) *rule {
	u, err := url.Parse(text)
	switch {
	case text == "":
		return nil
	case err != nil, u.Scheme != "smtp", u.Hostname() == "", u.Path != "", u.RawQuery != "", u.Fragment != "":
		return &rule{"must be smtp://[USER:PASSWORD@]HOST[:PORT]", "write for example smtp://mail.example.com:587; smtp-tls says how it is encrypted" + escaped(text)}
	case !goodPort(u):
		return &badPort
	}
	*to = text
	return nil
}

func parseAddress(to *string, text string) *rule {
	if text == "" {
		return nil
	}
	a, err := mail.ParseAddress(text)
	if err != nil {
		return &rule{"must be a mail address", "write for example allot@example.com, or Allot <allot@example.com>"}
	}
	*to = a.String()
	return nil
}

func parseAddresses(to *[]string, text string) *rule {
	if text == "" {
		return nil
	}
	all, err := mail.ParseAddressList(text)
	if err != nil {
		return &rule{"must be mail addresses with commas between them", "write for example ann@example.com, bob@example.com"}
	}
	*to = nil
	for _, a := range all {
		*to = append(*to, a.String())
	}
	return nil
}

// CheckMail refuses a mail server without anybody to write from or to.
func (c Config) CheckMail() error {
	if c.SMTPURL == "" {
		return nil
	}
	for _, v := range c.origins {
		if missing := v.Name == "mail-from" && c.MailFrom == "" || v.Name == "mail-to" && len(c.MailTo) == 0; missing {
			s := setting(v.Name)
			return &Error{Setting: v.Name, Source: s.Flag() + " or " + s.Variable(), Rule: "must be set if smtp-url is", Hint: "set it, or leave out smtp-url to have mails kept only"}
		}
	}
	return nil
}
