package redis

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"

	goredis "github.com/redis/go-redis/v9"
)

// Trouble is why a Redis server can't be used, for whoever looks after it.
type Trouble struct {
	What  string // "it wants a password: NOAUTH ...": it always begins with "it"
	Next  string // what to do about it
	Stays bool   // it will not pass by itself
}

// answers are what a server answers that can't be used, by what the answer begins
// with, behind ERR.
var answers = []struct {
	prefix, what, next string
	stays              bool
}{
	{"LOADING", "it still reads its data", "wait; events follow when it has", false},
	{"NOAUTH", "it wants a password", "put it into --redis-url: redis://:PASSWORD@HOST:PORT, or redis://USER:PASSWORD@HOST:PORT", true},
	{"WRONGPASS", "it doesn't take the user or the password", "put right those in --redis-url: redis://USER:PASSWORD@HOST:PORT, with no USER if it has none", true},
	{"NOPERM", "it doesn't let its user do that", "give the user in --redis-url the right to do it: ACL SETUSER, in Redis", true},
	{"READONLY", "it is a replica, which nobody may write to", "name the primary with --redis-url", false},
	{"MASTERDOWN", "it is a replica that has lost its primary", "look after the primary, or name it with --redis-url", false},
	{"CLUSTERDOWN", "it is in a cluster that is down", "look after the cluster", false},
	{"MISCONF", "it can't write to its disk", "see to its disk: its log says why", false},
	{"OOM", "it has no memory left", "give it more (maxmemory), or keep less in it (--redis-keep)", false},
	{"BUSY", "it is busy with a script", "wait; if it stays so, look which: SCRIPT KILL, in Redis, ends it", false},
	{"max number of clients", "it takes no more connections", "close others, or raise maxclients", false},
	{"DB index", "it has no such database", "name one that it has at the end of --redis-url: redis://HOST:PORT/0", true},
	{"invalid DB index", "it has no such database", "name one that it has at the end of --redis-url: redis://HOST:PORT/0", true},
	{"WRONGTYPE", "it has something of somebody else's under a name of ours", "give Allot a database of its own, or take away what is there", true},
}

// CheckWritable returns why a server can't be written to, if it is so, or what is
// no stream of those that should be. It changes nothing.
func CheckWritable(ctx context.Context, client *goredis.Client, streams ...string) error {
	const nobodys = "allot:nothing" // to take away what isn't there is to write, and does nothing
	if err := client.Del(ctx, nobodys).Err(); err != nil {
		return fmt.Errorf("try to write: %w", err)
	}
	for _, stream := range streams {
		if err := client.XLen(ctx, stream).Err(); err != nil {
			return fmt.Errorf("look at %s: %w", stream, err)
		}
	}
	return nil
}

// Evicts returns the policy by which a server takes away what was written when its
// memory is full; empty if it takes nothing away, or won't say.
func Evicts(ctx context.Context, client *goredis.Client) string {
	memory, err := client.InfoMap(ctx, "memory").Result()
	if err != nil {
		return "" // who may not ask that may still do all else
	}
	about := memory["Memory"]
	if policy := about["maxmemory_policy"]; about["maxmemory"] != "0" && strings.HasPrefix(policy, "allkeys-") {
		return policy
	}
	return ""
}

// TroubleOf returns what an error says of the Redis server at a URL; false if it
// says nothing of it.
func TroubleOf(url string, err error) (Trouble, bool) {
	text := innermost(err)
	for _, a := range answers {
		if goredis.HasErrorPrefix(err, a.prefix) {
			return Trouble{a.what + ": " + text, a.next, a.stays}, true
		}
	}
	const look = "look whether it runs, and whether --redis-url names it"
	encrypted := strings.HasPrefix(url, "rediss:")
	unreachable, isNet := errors.AsType[net.Error](err)
	_, noTLS := errors.AsType[tls.RecordHeaderError](err)
	_, notTrusted := errors.AsType[*tls.CertificateVerificationError](err)
	_, otherName := errors.AsType[x509.HostnameError](err)
	switch {
	case notTrusted, otherName:
		return Trouble{"it has a certificate that isn't good here: " + text, "name it as its certificate does, or have this machine trust who signed that: SSL_CERT_FILE names a file of those it trusts", true}, true
	case noTLS, isNet && unreachable.Timeout() && encrypted:
		return Trouble{"it doesn't answer over TLS: " + text, look + "; one without TLS is redis://", false}, true
	case isNet:
		return Trouble{"it can't be reached: " + text, look, false}, true
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return Trouble{"it can't be reached: it closes the connection", look + "; one that wants TLS is rediss://", false}, true
	case strings.Contains(text, "redis: invalid reply"), strings.Contains(text, "redis: can't parse"):
		return Trouble{"it doesn't speak as Redis does: " + text, "name a Redis server with --redis-url", true}, true
	}
	return Trouble{}, false
}

// innermost is the text of an error without what was tried, and without where in
// a script of ours it happened.
func innermost(err error) string {
	if answer, ok := errors.AsType[goredis.Error](err); ok {
		text, _, _ := strings.Cut(answer.Error(), " script: ")
		return text
	}
	if reach, ok := errors.AsType[net.Error](err); ok {
		return reach.Error()
	}
	for {
		var inner error
		switch outer := err.(type) {
		case interface{ Unwrap() error }:
			inner = outer.Unwrap()
		case interface{ Unwrap() []error }:
			inner = outer.Unwrap()[0] // what came after it is of no interest
		}
		if inner == nil {
			return err.Error()
		}
		err = inner
	}
}
