// Package cli is the command line: it turns arguments into commands and
// questions, and what comes back into tables, JSON and exit codes.
//
//	cli.go      a run, from arguments to exit code
//	root.go     the tree of commands
//	door.go     where commands go: into the database, or to the server that has it
//	client.go   how they go to a server
//	print.go    the forms of answers
//	confirm.go  who has to agree before stock moves
//
// and one file for each command, or noun with its verbs.
//
// Data goes to standard output, everything else that is said to standard error.
// The package has no state of its own: a run knows its surroundings from its
// Process alone.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/mattn/go-isatty"
	"github.com/spf13/cobra"

	"allot/internal/bootstrap"
	"allot/internal/config"
	"allot/internal/domain"
	"allot/internal/entrypoints/wire"
)

// Process is what surrounds a run. In, Out, Err and Getenv must be set.
type Process struct {
	In       io.Reader
	Out, Err io.Writer
	Getenv   func(string) string
	Environ  func() []string       // all variables, as NAME=VALUE; nil: nobody looks for those that are written wrongly
	Terminal func(stream any) bool // whether a person sits at it; nil: if it is a file that is a terminal
	Now      func() time.Time      // nil: time.Now
	Version  string                // of the program
}

// Run does what args, without the name of the program, ask for, and returns the
// exit code. If ctx ends, it stops as soon as nothing is left half done.
func Run(ctx context.Context, p Process, args ...string) int {
	r := &run{Process: p}
	if r.Terminal == nil {
		r.Terminal = isTerminal
	}
	if r.Now == nil {
		r.Now = time.Now
	}
	root := r.root()
	root.SetArgs(append([]string{}, args...)) // nil would mean those of the process
	root.SetIn(p.In)
	root.SetOut(p.Out)
	root.SetErr(p.Err)
	return r.exit(ctx, root.ExecuteContext(ctx))
}

// run is one run of the program.
type run struct {
	Process
	config  config.Config
	command string // "allot batch add"
	quiet   bool   // say nothing but what went wrong
	yes     bool   // ask nothing
	dryRun  bool   // write nothing
}

func isTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && isatty.IsTerminal(f.Fd())
}

// load is done before each command.
func (r *run) load(cmd *cobra.Command, _ []string) (err error) {
	r.command = cmd.CommandPath()
	r.config, err = config.Load(cmd.Flags(), r.Getenv)
	return err
}

// say tells something to the person who runs the command, if there is one who
// wants to know.
func (r *run) say(format string, args ...any) {
	if !r.quiet {
		fmt.Fprintf(r.Err, format+"\n", args...)
	}
}

// failure is an error whose exit code is known here.
type failure struct {
	exit int
	what string // what is wrong; empty if that was said already
	hint string // what to do next; may be empty
}

func (f *failure) Error() string { return f.what }

// usage says that what was asked for can't be right.
func usage(hint, format string, args ...any) error {
	return &failure{exit: wire.ExitUsage, what: fmt.Sprintf(format, args...), hint: hint}
}

// notFound says that there is no such thing.
func notFound(hint, format string, args ...any) error {
	return &failure{exit: wire.ExitNotFound, what: fmt.Sprintf(format, args...), hint: hint}
}

// exit tells what went wrong, if anything did, and returns the exit code.
func (r *run) exit(ctx context.Context, err error) int {
	if err == nil {
		return wire.ExitDone
	}
	f := failureOf(ctx, err)
	if f.what != "" {
		fmt.Fprintf(r.Err, "error: %s\n", f.what)
	}
	if f.hint != "" {
		fmt.Fprintf(r.Err, "hint: %s\n", f.hint)
	}
	return f.exit
}

// failureOf is what there is to tell of an error of something that ran in ctx.
func failureOf(ctx context.Context, err error) failure {
	if f, ok := errors.AsType[*failure](err); ok {
		return *f
	}
	if e, ok := errors.AsType[*config.Error](err); ok {
		return failure{wire.ExitUsage, withoutHint(e.Error(), e.Hint), e.Hint}
	}
	if e, ok := errors.AsType[*bootstrap.InUseError](err); ok && e.Owner.URL == "" {
		const advice = "stop it, or choose another data directory with --data"
		return failure{wire.ExitUnavailable, withoutHint(e.Error(), advice), "try again when it is done, or " + advice}
	}
	if e, ok := errors.AsType[*bootstrap.DirectoryError](err); ok {
		return failure{wire.ExitFailed, withoutHint(e.Error(), bootstrap.AdviceOnDirectory), bootstrap.AdviceOnDirectory}
	}
	if errors.Is(err, context.Canceled) || ctx.Err() != nil && errors.Is(err, context.Cause(ctx)) {
		return failure{wire.ExitInterrupted, "stopped by a signal", ""}
	}
	return failure{wire.ExitCode(err), err.Error(), hintOf(err)}
}

// withoutHint is the text of an error without the hint that it ends with.
func withoutHint(text, hint string) string { return strings.TrimSuffix(text, ": "+hint) }

// hintOf is what an error says about the next step.
func hintOf(err error) string {
	if e, ok := errors.AsType[*domain.Error](err); ok {
		return e.Hint
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "check the name: it has to be there first"
	case errors.Is(err, syscall.EISDIR):
		return "it is a folder: name a file in it"
	case errors.Is(err, syscall.ENOTDIR):
		return "a file is where a folder has to be: look at the path again"
	case errors.Is(err, fs.ErrPermission):
		return "run it as a user who may do that, or give this one the right"
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return "make room on the disk and run it again: what is done already is not done twice"
	}
	return ""
}
