// Package wire is how commands, their answers and problems are written as JSON,
// by the HTTP API and the command line alike: pure encodings, in both
// directions.
//
//	problems.go   errors: one table of codes, HTTP statuses and exit codes
//	commands.go   commands, one a line (NDJSON)
//	answers.go    the answer to each, one a line
//	bodies.go     commands about what an address names already
//	results.go    the answer to one command by itself
//	moves.go      what a command does to other lines
//	book.go       the bodies of the book's routes
//	tokens.go     tokens
//	object.go     what an object may have, said once for reading and writing
//	parse.go      JSON, more strictly than encoding/json reads it
//
// It knows the domain, and nothing of HTTP, terminals or where bytes come from.
package wire
