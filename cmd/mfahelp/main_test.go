package main

import (
	"context"
	"io"
	"strings"
	"testing"
)

// mfahelp runs the program on args, with stdin to read.
func mfahelp(t *testing.T, stdin string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, err strings.Builder
	code = run(t.Context(), args, strings.NewReader(stdin), &out, &err)
	return code, out.String(), err.String()
}

func TestCommandLine(t *testing.T) {
	for _, test := range []struct {
		args   string
		code   int
		stdout string // somewhere in it
		stderr string
	}{
		{"", exitOK, "mfahelp <command> --help", ""},
		{"--help", exitOK, "explain           Read a sign-in error", ""},
		{"explain --help", exitOK, "mfahelp explain --json error.txt", ""},
		{"demo --help", exitOK, "127.0.0.1:8025", ""},
		{"manifest teams --help", exitOK, "--schema=VERSION", ""},
		{"manifest teams --app-id x --out /no/such.zip", exitError, "", "mfahelp: making the app package: the app id is no GUID: \"x\"\n"},
		{"sandbox --help", exitOK, "mfahelp sandbox --free --control", ""},
		{"serve --help", exitOK, "--config=FILE", ""},
		{"audit --help", exitOK, "verify    Check that nobody", ""},
		{"audit verify --help", exitOK, "It ends with 0 if all is as it was written", ""},
		{"audit export --help", exitOK, "mfahelp audit export --config mfahelp.yaml > audit.jsonl", ""},
		{"freeze --help", exitOK, "No command ends it", ""},
		{"audit verify", exitUsage, "", "mfahelp: missing flags: --config=FILE\nRun \"mfahelp audit verify --help\" for what there is.\n"},
		{"audit verify --config /no/such.yaml --head 7", exitError, "", "mfahelp: --head \"7\": no head of an audit trail: it is a number, a colon, and 64 digits of 0-9 and a-f\n"},
		{"freeze --config /no/such.yaml", exitError, "", "mfahelp: reading the configuration: /no/such.yaml: no such file or directory\n"},
		{"manifest slack --help", exitOK, "mfahelp manifest slack --url https://help.contoso.com", ""},
		{"manifest slack --url http://x", exitError, "", "mfahelp: \"http://x\" is no address that Slack takes; write https:// and a host\n"},
		{"version --help", exitOK, "report of a bug", ""},
		{"version", exitOK, "mfahelp ", ""},
		{"--version", exitOK, "mfahelp ", ""},
		{"explian", exitUsage, "", `mfahelp: unexpected argument explian, did you mean "explain"?` + "\nRun \"mfahelp --help\" for what there is.\n"},
		{"explain --jsno", exitUsage, "", "mfahelp: unknown flag --jsno, did you mean one of \"--json\", \"--jsonl\"?\nRun \"mfahelp explain --help\" for what there is.\n"},
		{"explain --json --jsonl", exitUsage, "", "mfahelp: --json and --jsonl can't be used together\nRun \"mfahelp explain --help\" for what there is.\n"},
		{"explain a b", exitUsage, "", "mfahelp: unexpected argument b\nRun \"mfahelp explain --help\" for what there is.\n"},
		{"serve", exitUsage, "", "mfahelp: missing flags: --config=FILE\nRun \"mfahelp serve --help\" for what there is.\n"},
		{"serve --config /no/such.yaml", exitError, "", "mfahelp: reading the configuration: /no/such.yaml: no such file or directory\n"},
		{"explain /no/such.txt", exitError, "", "mfahelp: open /no/such.txt: no such file or directory\n"},
	} {
		code, stdout, stderr := mfahelp(t, "", strings.Fields(test.args)...)
		if code != test.code || !strings.Contains(stdout, test.stdout) || stderr != test.stderr {
			t.Errorf("%q: got %d, %q, %q", test.args, code, stdout, stderr)
		}
		for line := range strings.Lines(stdout) {
			if n := len([]rune(line)); n > 81 {
				t.Errorf("%q: a line of %d letters: %s", test.args, n, line)
			}
		}
	}
}

// TestInterrupted ends a command that waits for somebody to type.
func TestInterrupted(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	r, w := io.Pipe() // nobody writes
	defer w.Close()
	stop()
	var out, err strings.Builder
	if code := run(ctx, []string{"explain"}, r, &out, &err); code != exitError || err.String() != "mfahelp: interrupted\n" {
		t.Errorf("got %d, %q", code, &err)
	}
}
