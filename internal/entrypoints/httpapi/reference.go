package httpapi

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"allot/internal/access"
	"allot/internal/entrypoints/wire"
)

// Reference writes the reference of the HTTP API in Markdown, from the table of
// routes, what OpenAPI says of them, and examples that a test makes.
func Reference(w io.Writer) error {
	told, err := readExamples()
	if err != nil {
		return err
	}
	fmt.Fprint(w, preface)
	for _, o := range wire.Operations() {
		fmt.Fprintf(w, "| `%s` | %s |\n", o.Op, named(o.Members))
	}
	fmt.Fprint(w, afterCommands)
	for _, r := range (&api{}).routes() {
		if r.doc != nil {
			referTo(w, r, told)
		}
	}
	return nil
}

const preface = `# HTTP

Generated from the program. ` + "`GET /openapi.json`" + ` says the same as OpenAPI 3.1.

Served on ` + "`127.0.0.1:5005`" + ` unless ` + "`--addr`" + ` says otherwise. Bodies are JSON in UTF-8, at most 64 KiB, with ` + "`Content-Type: application/json`" + `: one object, no member
twice, none that isn't listed here. Identifiers in paths are percent-encoded. Parameters that a route doesn't know are refused.
Errors are [problems](errors.md). Every answer has an ` + "`X-Request-Id`" + `: the one that was sent, or a new one; events that come of the
request carry it as ` + "`correlation`" + `.

A server that asks for tokens, as each does that other machines can reach, takes one as ` + "`Authorization: Bearer TOKEN`" + `. Any route but those that anybody may ask
answers 401 ` + "`unauthorized`" + ` without one that is in use, 403 ` + "`forbidden`" + ` with one that lacks the scope, and 429 ` + "`rate_limited`" + ` when there are too many. Under a name
that isn't the server's all answer 421 ` + "`unknown_host`" + `, and to a page of another site those that write answer 403 ` + "`foreign_origin`" + `.

A request has 5 seconds (` + "`--request-timeout`" + `). If it ends without an answer, send the same again: a command that was done is not done twice.

A 503 says in ` + "`Retry-After`" + ` how many seconds to wait, not the same number to everybody. With ` + "`overloaded`, `timed_out`, `storage_full`, `read_only` and `unavailable`" + `
nothing was done; with ` + "`outcome_unknown`" + ` nobody can say yet.

` + "`?dry_run=true`" + ` on anything that writes answers as if it were done, with the ` + "`moves`" + ` of other lines and a ` + "`plan`" + `, and does nothing.

## Doing what was meant, once

What writes takes three conditions. None is needed.

| member | meaning | else |
|---|---|---|
| ` + "`?plan=`" + ` | the ` + "`plan`" + ` of a dry run: do it only if it does the same as was foreseen, on a busy product too | 412 ` + "`plan_changed`, with `now`: the plan and the moves as they would be" + ` |
| ` + "`If-Match: \"15\"`" + ` | the ` + "`ETag`" + ` of the product, its batch or its line, which is the product's version: do it only if nothing happened to the product since | 412 ` + "`version_changed`, with `now`: the version" + ` |
| ` + "`Idempotency-Key: KEY`" + ` | do it once: the same request with the same key, by the same sender on the same route, is answered as it was the first time, with ` + "`Idempotency-Replayed: true`" + `, for seven days | 422 ` + "`key_reused`" + ` if the request is another |

A key keeps what was done and what was refused because of how things stood (404, 409, 412, an unknown SKU). What was invalid, or failed on our side, is not kept:
send it again with the same key. A dry run keeps nothing.

## Asking again

What has an ` + "`ETag`" + ` is answered 304, without a body, if it is sent in ` + "`If-None-Match`" + ` and nothing has happened to the product since. Only what depends on the day,
such as ` + "`?days=`" + ` or stock that expires, is always answered in full.

## Lists

Lists come in pages: ` + "`items`" + `, and in ` + "`next`" + ` the address of the next page.

## The book's routes

| request | answer | scope |
|---|---|---|
| ` + "`POST /add_batch` `{\"ref\",\"sku\",\"qty\",\"eta\"}`" + ` | 201 ` + "`OK`. `eta`" + ` null or left out: in the warehouse | stock |
| ` + "`POST /allocate` `{\"orderid\",\"sku\",\"qty\"}`" + ` | 202 ` + "`OK`, with the headers `Allocation-Status: allocated`, `out_of_stock` or `replayed` and `Allocation-Batch`; 400 `{\"message\":\"Invalid sku X\"}`" + `. A line that finds no stock is not kept | allocate |
| ` + "`GET /allocations/{orderid}`" + ` | 200 ` + "`[{\"batchref\":\"b1\",\"sku\":\"X\"}]`, or 404 `not found`" + ` | read |

What differs from the book's service on purpose is on [a page of its own](differences-from-the-book.md).

## Commands in bulk

| ` + "`op`" + ` | members |
|---|---|
`

const afterCommands = `
Members mean what they do in the requests below. Commands are done a thousand at a time: write on without waiting for answers, and read them
as they come.
`

// referTo writes of one route.
func referTo(w io.Writer, r route, told []example) {
	fmt.Fprintf(w, "\n## %s %s\n\n%s. %s\n", r.method, r.pattern, r.doc.summary, strings.TrimSpace(r.doc.detail+" "+scopeOf(r)))
	tabulate(w, r)
	for _, e := range told {
		if e.Operation == r.doc.id {
			e.tell(w)
		}
	}
	problems := problemsOf(r)
	if len(problems) == 0 {
		return
	}
	fmt.Fprint(w, "\n| status | problems |\n|---|---|\n")
	for _, status := range statuses(problems) {
		fmt.Fprintf(w, "| %d | %s |\n", status, strings.Join(problems[status], "; "))
	}
}

func scopeOf(r route) string {
	switch r.scope {
	case public:
		return "Anybody may ask."
	case perLine:
		return fmt.Sprintf("Each line needs the scope of its command: `%s` or `%s`.", access.Allocate, access.Stock)
	}
	return fmt.Sprintf("Needs the scope `%s`.", r.scope)
}

// tabulate lists what a request may have.
func tabulate(w io.Writer, r route) {
	names := pathNames(r.pattern)
	if len(names)+len(r.doc.query)+len(r.doc.body) == 0 {
		return
	}
	fmt.Fprint(w, "\n| name | in | meaning |\n|---|---|---|\n")
	for _, name := range names {
		fmt.Fprintf(w, "| `%s` | path | %s |\n", name, terms[name].means)
	}
	for _, name := range r.doc.headers() {
		fmt.Fprintf(w, "| `%s` | header | %s |\n", name, terms[name].means)
	}
	for _, name := range r.doc.query {
		fmt.Fprintf(w, "| `%s` | query | %s |\n", name, terms[name].means)
	}
	for _, m := range r.doc.body {
		in := "body"
		if m.Required {
			in = "body, required"
		}
		fmt.Fprintf(w, "| `%s` | %s | %s |\n", m.Name, in, terms[m.Name].means+inItems(m))
	}
}

// inItems says what each item of a list may have.
func inItems(m wire.Member) string {
	if len(m.Of) == 0 {
		return ""
	}
	return " Each has " + named(m.Of) + "."
}

// named lists members.
func named(members []wire.Member) string {
	names := make([]string, len(members))
	for i, m := range members {
		names[i] = "`" + m.Name + "`"
	}
	return strings.Join(names, ", ")
}

// tell writes the example as it goes over the wire.
func (e example) tell(w io.Writer) {
	fmt.Fprintf(w, "\n%s:\n\n```\n%s\n", strings.ToUpper(e.Name[:1])+e.Name[1:], e.request())
	if e.Body != nil {
		fmt.Fprintln(w, readable(e.Body))
	}
	fmt.Fprintf(w, "\n%d\n%s\n```\n", e.Status, readable(e.Answer))
}

// readable is a body as one can read it: one that is long on several lines.
func readable(body json.RawMessage) string {
	var compact, indented bytes.Buffer
	const line = 120
	text := strings.TrimSpace(plain(body))
	if text != string(body) || json.Compact(&compact, body) != nil {
		return text
	}
	if compact.Len() <= line || json.Indent(&indented, compact.Bytes(), "", "  ") != nil {
		return compact.String()
	}
	return indented.String()
}
