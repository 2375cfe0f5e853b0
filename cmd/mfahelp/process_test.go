package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"mfahelp/graph/sandbox"
	"mfahelp/words"
)

// What the tests need that run the real binary: it is built once, and each
// program is a process of its own, found by what it prints. Nothing sleeps: a
// test waits for a line of output, for the page's stream, or for an end.

// patience is how long anything may take that takes a moment on a quiet machine.
const patience = 2 * time.Minute

// runDir is a folder for what all tests of a run share.
var runDir string

func TestMain(m *testing.M) {
	if is := os.Getenv(crashEnv); is != "" {
		crashed(is)
	}
	dir, err := os.MkdirTemp("", "mfahelp-test-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	runDir = dir
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

// built is where the binary is, for all tests of a run. If they run with the
// race detector, so does it: what it needs is then compiled already.
var built = sync.OnceValues(func() (string, error) {
	file := filepath.Join(runDir, "mfahelp")
	args := []string{"build", "-o", file}
	if info, ok := debug.ReadBuildInfo(); ok && slices.Contains(info.Settings, debug.BuildSetting{Key: "-race", Value: "true"}) {
		args = append(args, "-race")
	}
	out, err := exec.Command("go", append(args, ".")...).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("building mfahelp: %w\n%s", err, out)
	}
	return file, nil
})

// A program is the real binary at work.
type program struct {
	t        *testing.T
	name     string
	cmd      *exec.Cmd
	out, err output
	exited   chan struct{} // closed when it has ended
}

// start runs mfahelp with args. It is killed when the test ends, if not before.
func start(t *testing.T, env []string, args ...string) *program {
	t.Helper()
	if testing.Short() {
		t.Skip("builds mfahelp and runs it")
	}
	file, err := built()
	if err != nil {
		t.Fatal(err)
	}
	p := &program{t: t, name: args[0], cmd: exec.Command(file, args...), exited: make(chan struct{})}
	p.cmd.Env = append(os.Environ(), env...)
	p.cmd.Stdout, p.cmd.Stderr = &p.out, &p.err
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = p.cmd.Wait() // how it ended is in ProcessState
		close(p.exited)
	}()
	t.Cleanup(func() {
		p.kill()
		if strings.Contains(p.err.String(), "DATA RACE") {
			t.Errorf("%s has a data race", p.name)
		}
		if t.Failed() {
			t.Logf("%s said\n%s\n%s", p.name, &p.out, tail(p.err.String(), 6000))
		}
	})
	return p
}

// said waits until p has written what re matches, and returns the groups.
func (p *program) said(o *output, re *regexp.Regexp) []string {
	p.t.Helper()
	late := time.After(patience)
	for {
		text, more := o.now()
		if found := re.FindStringSubmatch(text); found != nil {
			return found
		}
		select {
		case <-more:
		case <-p.exited:
			if text, _ := o.now(); re.MatchString(text) {
				continue
			}
			p.t.Fatalf("%s ended before it said %s:\n%s\n%s", p.name, re, &p.out, &p.err)
		case <-late:
			p.t.Fatalf("%s did not say %s within %v:\n%s\n%s", p.name, re, patience, &p.out, &p.err)
		}
	}
}

// kill ends p as a loss of power does.
func (p *program) kill() {
	_ = p.cmd.Process.Kill() // or it has ended
	<-p.exited
}

// terminate ends p as a supervisor does, and returns the exit code.
func (p *program) terminate() int {
	p.t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		p.t.Errorf("asking %s to end: %v", p.name, err)
	}
	return p.code()
}

// code waits for p to end by itself.
func (p *program) code() int {
	p.t.Helper()
	select {
	case <-p.exited:
	case <-time.After(patience):
		p.t.Fatalf("%s did not end", p.name)
	}
	return p.cmd.ProcessState.ExitCode()
}

// alive reports whether p still runs.
func (p *program) alive() bool {
	select {
	case <-p.exited:
		return false
	default:
		return true
	}
}

// An output is what a process has written so far.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
	more chan struct{} // closed by the next write
}

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.more != nil {
		close(o.more)
		o.more = nil
	}
	return o.text.Write(b)
}

// now returns all of it, and what is closed when there is more.
func (o *output) now() (string, <-chan struct{}) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.more == nil {
		o.more = make(chan struct{})
	}
	return o.text.String(), o.more
}

func (o *output) String() string {
	text, _ := o.now()
	return text
}

func tail(s string, n int) string { return s[max(0, len(s)-n):] }

// A pretend is "mfahelp sandbox" in its own process, and its control API.
type pretend struct {
	*program
	url, tenant    string // where it is, and its id
	secret, writer string // of the two apps
	config         string // that it prints to be used
	client         *http.Client
}

var sandboxLines = regexp.MustCompile(`(?s)tenant is at (https://\S+) .*MFAHELP_CLIENT_SECRET='([^']+)' MFAHELP_WRITER_SECRET='([^']+)'.*# ---- mfahelp.yaml ----\n(.*login: choose\n)`)

func startSandbox(t *testing.T, flags ...string) *pretend {
	t.Helper()
	dir := t.TempDir()
	p := start(t, nil, append([]string{"sandbox", "--control", "--listen", "127.0.0.1:0", "--dir", dir}, flags...)...)
	said := p.said(&p.out, sandboxLines)
	s := &pretend{program: p, url: said[1], secret: said[2], writer: said[3], config: said[4]}
	// The keys are in dir, and so are those of a tenant that is made there.
	same, err := sandbox.New(sandbox.Options{Dir: dir, NoHistory: true})
	if err != nil {
		t.Fatal(err)
	}
	s.client, s.tenant = same.Client(), same.ID()
	s.client.Timeout = patience
	t.Cleanup(s.client.CloseIdleConnections)
	return s
}

// order asks the control API.
func (s *pretend) order(t *testing.T, method, what string, body, into any) {
	t.Helper()
	b, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(t.Context(), method, s.url+"/_sandbox/"+what, bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := s.client.Do(r)
	if err != nil {
		t.Fatalf("the sandbox: %v", err)
	}
	defer resp.Body.Close()
	b, err = io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("the sandbox: %s %v %s", resp.Status, err, b)
	}
	if into == nil {
		return
	}
	if err := json.Unmarshal(b, into); err != nil {
		t.Fatalf("the sandbox: %v in %s", err, b)
	}
}

// fail makes a scenario happen.
func (s *pretend) fail(t *testing.T, scenario string) (f sandbox.Failure) {
	t.Helper()
	s.order(t, http.MethodPost, "fail", map[string]string{"scenario": scenario}, &f)
	return f
}

// advance moves the tenant's clock. Ours stays as it is.
func (s *pretend) advance(t *testing.T, d time.Duration) {
	t.Helper()
	s.order(t, http.MethodPost, "clock", map[string]string{"advance": d.String()}, nil)
}

// requests are those that it has served.
func (s *pretend) requests(t *testing.T) (log []sandbox.Request) {
	t.Helper()
	s.order(t, http.MethodGet, "log", nil, &log)
	return log
}

// An installation is a configuration, the secrets that it refers to, and a
// database: what "mfahelp serve" is started with, again and again.
type installation struct {
	dir, file, secret, writer string
}

// install writes the configuration that s prints, but for what resets need, with a
// free port and more at its end; edit may change what was printed.
func install(t *testing.T, s *pretend, more string, edit ...string) *installation {
	t.Helper()
	before, rest, _ := strings.Cut(s.config, "public_url: ")
	_, after, ok := strings.Cut(rest, "\nweb:\n")
	if !ok {
		t.Fatalf("the sandbox prints nothing for resets in\n%s", s.config)
	}
	return write(t, s, before+"web:\n"+after+more, append(edit, "listen: 127.0.0.1:8025", "listen: 127.0.0.1:0")...)
}

// write writes a configuration with a database of its own, and with what edit
// has instead of something.
func write(t *testing.T, s *pretend, text string, edit ...string) *installation {
	t.Helper()
	dir := t.TempDir()
	edit = append(edit, "sqlite:mfahelp.db", "sqlite:"+filepath.Join(dir, "mfahelp.db"))
	for i := 0; i < len(edit); i += 2 {
		if !strings.Contains(text, edit[i]) {
			t.Fatalf("the sandbox prints no %q in\n%s", edit[i], text)
		}
		text = strings.Replace(text, edit[i], edit[i+1], 1)
	}
	file := filepath.Join(dir, "mfahelp.yaml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return &installation{dir: dir, file: file, secret: s.secret, writer: s.writer}
}

// serve starts "mfahelp serve".
func (i *installation) serve(t *testing.T) *program {
	t.Helper()
	return start(t, []string{"MFAHELP_CLIENT_SECRET=" + i.secret, "MFAHELP_WRITER_SECRET=" + i.writer}, "serve", "--config", i.file)
}

var (
	pageLine    = regexp.MustCompile(`The page is at (http://\S+) `)
	servingLine = regexp.MustCompile(`"msg":"serving","listen":"([^"]+)"`)
)

// page waits until p serves its page, and returns where.
func (p *program) page() string {
	p.t.Helper()
	return p.said(&p.out, pageLine)[1]
}

// sentence is what people read for key.
func sentence(t *testing.T, key string, args ...any) string {
	t.Helper()
	p := words.Printer{Missing: func(key string) { t.Fatalf("there is no sentence %q", key) }}
	return p.Say(key, args...)
}

// get asks for what needs no session.
func get(t *testing.T, url string, header ...string) (status int, body string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	return do(t, r, header...)
}

// do sends r with some headers more, of which Host is the name to ask for.
func do(t *testing.T, r *http.Request, header ...string) (status int, body string) {
	t.Helper()
	for i := 0; i < len(header); i += 2 {
		if header[i] == "Host" {
			r.Host = header[i+1]
		}
		r.Header.Set(header[i], header[i+1])
	}
	ctx, cancel := context.WithTimeout(r.Context(), patience)
	defer cancel()
	resp, err := http.DefaultTransport.RoundTrip(r.WithContext(ctx))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(b)
}
