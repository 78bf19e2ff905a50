package web

import (
	"fmt"
	"net/http"

	"allot/internal/access"
	"allot/internal/domain"
	"allot/internal/entrypoints/importer"
	"allot/internal/entrypoints/wire"
	"allot/internal/service"
	"allot/internal/views"
)

// explained is a code of problems with what to do about it.
type explained struct {
	wire.Meaning
	Remedy string
}

// code explains a code of problems: it is where the type of a problem leads.
func (s *site) code(r *http.Request) (page, error) {
	code := r.PathValue("code")
	remedy, known := remedies[code]
	if !known {
		return page{}, fmt.Errorf("there is no code %q: /docs/reference/errors lists them: %w", code, views.ErrNotFound)
	}
	p := wire.ProblemOf(&domain.Error{Kind: domain.Invalid, Code: code}) // codes of files are of that kind
	body := explained{wire.Meaning{Code: code, Status: p.Status, Exit: wire.ExitPartly, Title: p.Title}, remedy}
	for _, m := range wire.Meanings() {
		if m.Code == code {
			body.Meaning = m
		}
	}
	return page{Template: "code", Title: code, Nav: "docs", Body: body}, nil
}

// remedies say of each code what to do about it.
var remedies = map[string]string{
	domain.CodeValidationFailed:   "Correct the member that field names: detail says what its value may be. Nothing was changed.",
	wire.CodeMalformedJSON:        "Send one JSON object, in UTF-8, with each member once and spelt as documented.",
	wire.CodeMethodNotAllowed:     "Use a method that the header Allow lists.",
	wire.CodeTooLarge:             "Send less at once: many commands as lines to POST /v1/bulk, or as a file to allot import.",
	wire.CodeUnsupportedMediaType: "Say what is sent: Content-Type: application/json, or application/x-ndjson for bulk.",

	access.CodeUnauthorized: "Send Authorization: Bearer and a token that is in use. allot token create makes one; people sign in with it at /sign-in.",
	access.CodeForbidden:    "Use a token with the scope that detail names: read, allocate, stock or admin.",
	wire.CodeForeignOrigin:  "Change things from the server's own pages, or from a program with a token: not from a page of another site.",
	wire.CodeUnknownHost:    "Use the address of the server, or start it with --host and the name that you use for it.",

	wire.CodeNotFound:       "Look at the address and the name: capital letters and slashes matter.",
	domain.CodeUnknownSKU:   "Look at the SKU. A product exists once a batch of it was created.",
	domain.CodeUnknownBatch: "Look at the reference: GET /v1/batches lists the batches.",
	domain.CodeUnknownLine:  "Look at the order: GET /v1/orders/ORDER lists its lines.",
	access.CodeUnknownToken: "Look at the name: allot token list has those there are.",

	domain.CodeLineConflict:    "An order has one line of a SKU. Amend that line, or use another order id.",
	domain.CodeLineCancelled:   "A cancelled line stays so. Send the units as a line of another order.",
	domain.CodeBatchConflict:   "Change the batch that there is, or give the new one another reference.",
	access.CodeTokenConflict:   "Choose another name, or revoke the token of this one first.",
	domain.CodeBatchArrived:    "What is in the warehouse has no ETA any more. Change its quantity instead.",
	domain.CodeBatchNotArrived: "Mark the batch as arrived first; then lines can be shipped from it.",
	domain.CodeBelowShipped:    "Give a number that is at least what was shipped already.",
	domain.CodeTooManyUnits:    "Give a number that is at most what the line has.",
	domain.CodeNothingToShip:   "The line is backordered or cancelled. It can be shipped once it is allocated.",
	domain.CodeLineShipped:     "What was shipped can't be changed. Take the goods back instead.",
	domain.CodeLineWouldMove:   "Allow it with may_move, or ask for less.",
	domain.CodeHoldEnded:       "Allocate the line again, under another order id: what was held is free.",
	domain.CodeNotHeld:         "The line is no hold, or was confirmed already: cancel it or leave it as it is.",
	domain.CodeOrderIncomplete: "Order without the lines that detail names, or leave out that it takes all or none.",
	service.CodePlanChanged:    "Somebody was faster. Look at what it would do now, and send that plan.",
	service.CodeVersionChanged: "Somebody was faster. Read the product again, and decide on that.",
	service.CodeKeyReused:      "Use a new key for a new request; repeat a request with just what it had before.",
	wire.CodeOutOfStock:        "Ask for no more than the largest line that fits, or let the line be backordered.",

	service.CodeUnavailable: "Send the same again in a moment. If it goes on, look at the server's log and its database.",
	service.CodeOverloaded:  "Send the same again after the seconds that Retry-After says, or less at once.",
	service.CodeTimedOut:    "Nothing was done. Send the same again.",
	service.CodeStorageFull: "Make space on the disk of the database. Nothing was changed.",
	service.CodeReadOnly:    "Let the server write to its data directory. Nothing was changed.",
	wire.CodeOutcomeUnknown: "Send the same again: what was done already is not done twice.",
	wire.CodeRateLimited:    "Send the same again after the seconds that Retry-After says, and send less often.",
	wire.CodeInternal:       "Tell whoever runs the server the request_id: its log has the cause.",

	importer.CodeBadHeader:    "Name the columns in the first line of the file: /docs/reference/csv lists them.",
	importer.CodeMalformedRow: "Mend the quotes and separators of the row in the file of refused rows, and import that.",
	importer.CodeRowsApart:    "Sort the file by order, so that the rows of an order stand together.",
	importer.CodeTooManyRows:  "Divide the rows among several orders.",
}
