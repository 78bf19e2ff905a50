// Allot promises stock to orders: see README.md.
package main

import (
	"context"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"allot/internal/entrypoints/cli"
)

// version is set when a release is built.
var version = "unreleased"

func main() { os.Exit(run()) }

func run() int {
	// What lives is some 20 MB of products and commands under way; what is made
	// and thrown away, for each order line, is much more. Collecting it at two and
	// a half times that size rather than twice costs an import of a year 10 MB and
	// saves it a tenth of its time.
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(150)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // so that a second signal ends the process at once

	return cli.Run(ctx, cli.Process{
		In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Getenv: os.Getenv, Environ: os.Environ, Version: version,
	}, os.Args[1:]...)
}
