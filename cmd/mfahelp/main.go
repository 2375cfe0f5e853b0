package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
)

// cli is the grammar of the command line. Each command is a struct of its flags
// with a Run method, in the file of its name.
type cli struct {
	Audit    auditCmd    `cmd:"" help:"Check or export what is on record."`
	Demo     demoCmd     `cmd:"" help:"Show everything in one process, with a made-up company."`
	Doctor   doctorCmd   `cmd:"" help:"Try all that a configuration needs, and name what is missing."`
	Explain  explainCmd  `cmd:"" help:"Read a sign-in error and say what to do about it."`
	Freeze   freezeCmd   `cmd:"" help:"Stop all resets at once."`
	Manifest manifestCmd `cmd:"" help:"Print what a chat platform wants to know about the app."`
	Sandbox  sandboxCmd  `cmd:"" help:"Run a pretend Entra tenant to try things on."`
	Serve    serveCmd    `cmd:"" help:"Run the bot for a tenant."`
	Version  versionCmd  `cmd:"" help:"Print which version this is."`
}

const description = "mfahelp helps people whom Microsoft sign-in turns away: it reads the error, finds that sign-in, " +
	"says what to do, and brings what remains to the admins."

// How a run ends, for whoever started it. Two is what shells and most programs
// give for a command line that makes no sense.
const (
	exitOK    = 0
	exitError = 1
	exitUsage = 2
)

// Streams are what a command reads and writes. Every Run gets them, and the
// context that the first signal cancels, so that tests can stand in for both.
type streams struct {
	in       io.Reader
	out, err io.Writer
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends a command that does not end
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// run does what args say, and returns the exit code.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	var helped bool // kong goes on after --help, unless the process ends there
	parser, err := kong.New(&cli{},
		kong.Name("mfahelp"), kong.Description(description),
		kong.Writers(stdout, stderr), kong.Exit(func(int) { helped = true }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 80}),
		kong.BindTo(ctx, (*context.Context)(nil)), kong.Bind(streams{stdin, stdout, stderr}),
	)
	if err != nil {
		panic(err) // unreachable: the grammar is the same in every run, and the tests parse it
	}
	switch {
	case len(args) == 0:
		args = []string{"--help"}
	case len(args) == 1 && args[0] == "--version": // what people try first
		args = []string{"version"}
	}
	chosen, err := parser.Parse(args)
	switch {
	case helped:
		return exitOK
	case err != nil:
		fmt.Fprintf(stderr, "mfahelp: %v\n", err)
		fmt.Fprintf(stderr, "Run \"%s --help\" for what there is.\n", commandOf(err))
		return exitUsage
	}
	if err := chosen.Run(); err != nil {
		fmt.Fprintf(stderr, "mfahelp: %v\n", err)
		return exitError
	}
	return exitOK
}

// commandOf is the command whose help tells what was wrong.
func commandOf(err error) string {
	var p *kong.ParseError
	if errors.As(err, &p) && p.Context != nil && p.Context.Selected() != nil {
		return p.Context.Selected().FullPath()
	}
	return "mfahelp"
}
