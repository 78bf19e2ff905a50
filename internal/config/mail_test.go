package config

import (
	"slices"
	"strings"
	"testing"
)

func TestAMailServerNeedsSomebodyToWriteFromAndTo(t *testing.T) {
	for args, want := range map[string]string{
		"":                               "",
		"--mail-to a@b.example":          "",
		"--smtp-url smtp://mail.example": "mail-from (--mail-from or ALLOT_MAIL_FROM) must be set if smtp-url is",
		"--smtp-url smtp://mail.example --mail-from a@b.example":                       "mail-to (--mail-to or ALLOT_MAIL_TO) must be set if smtp-url is",
		"--smtp-url smtp://mail.example --mail-from a@b.example --mail-to c@d.example": "",
	} {
		c, err := load(t, "", nil, strings.Fields(args)...)
		if err != nil {
			t.Fatal(err)
		}
		if err := c.CheckMail(); (err == nil) != (want == "") || err != nil && !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: got error %v, want %q", args, err, want)
		}
	}
}

func TestThePasswordOfTheMailServerIsNotShown(t *testing.T) {
	c, err := load(t, "", map[string]string{"ALLOT_SMTP_URL": "smtp://me:secret@mail.example"})
	if err != nil {
		t.Fatal(err)
	}
	if got := origin(t, c, "smtp-url").Value; got != "smtp://...@mail.example" || c.SMTPURL != "smtp://me:secret@mail.example" {
		t.Errorf("shown is %q, used %q", got, c.SMTPURL)
	}
}

func TestTheBooksMailServerGetsTheBooksMail(t *testing.T) {
	for host, url := range map[string]string{"localhost": "smtp://localhost:11025", "mailhog": "smtp://mailhog:1025"} {
		c, err := load(t, "", map[string]string{"EMAIL_HOST": host}, "--book-env")
		if err != nil || c.SMTPURL != url || c.SMTPTLS != "none" || !slices.Equal(c.MailTo, []string{"<stock@made.com>"}) || c.MailFrom != "<allocations@example.com>" {
			t.Errorf("%s: %q %q from %q to %q, error %v", host, c.SMTPURL, c.SMTPTLS, c.MailFrom, c.MailTo, err)
		}
	}
}
