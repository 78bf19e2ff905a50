package config

import "fmt"

// bookVariables are the environment variables that the book's service reads.
var bookVariables = []struct {
	name    string
	setting string                   // that it gives the value of
	value   func(host string) string // of that setting
	lacking string                   // instead: why the variable can't be followed
}{
	{name: "API_HOST", setting: "server", value: bookAPI},
	{name: "DB_HOST", lacking: "names a PostgreSQL server, but the database is SQLite"},
	{name: "DB_PASSWORD", lacking: "is for a PostgreSQL server, but the database is SQLite"},
	{name: "REDIS_HOST", setting: "redis-url", value: bookRedis},
	{name: "EMAIL_HOST", setting: "smtp-url", value: bookMail},
	{name: "EMAIL_HOST", setting: "smtp-tls", value: always("none")},
	{name: "EMAIL_HOST", setting: "mail-from", value: always("allocations@example.com")},
	{name: "EMAIL_HOST", setting: "mail-to", value: always("stock@made.com")},
}

// fromBook is the source of settings in the book's variables. It is an error if
// one is set that can't be followed: who sets DB_HOST relies on what it does.
func fromBook(getenv func(string) string) (source, error) {
	for _, v := range bookVariables {
		if v.lacking != "" && getenv(v.name) != "" {
			return nil, &Error{
				Setting: "book-env", Source: v.name, Rule: "can't be followed, since " + v.name + " " + v.lacking,
				Hint: fmt.Sprintf("unset %s, or leave out --book-env", v.name),
			}
		}
	}
	return func(s Setting) (string, string, bool) {
		for _, v := range bookVariables {
			if host := getenv(v.name); v.setting == s.Name && host != "" {
				return v.value(host), v.name, true
			}
		}
		return "", "", false
	}, nil
}

// bookAPI is the URL of the service, as the book's tests make it of its host.
func bookAPI(host string) string {
	if host == "localhost" {
		return "http://localhost:5005"
	}
	return "http://" + host + ":80"
}

// bookRedis is the URL of the Redis server, as the book's service makes it of
// its host.
func bookRedis(host string) string {
	if host == "localhost" {
		return "redis://localhost:63791"
	}
	return "redis://" + host + ":6379"
}

// bookMail is the URL of the mail server, as the book's service makes it of its
// host.
func bookMail(host string) string {
	if host == "localhost" {
		return "smtp://localhost:11025"
	}
	return "smtp://" + host + ":1025"
}

func always(value string) func(string) string { return func(string) string { return value } }
