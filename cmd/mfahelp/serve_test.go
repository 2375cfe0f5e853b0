package main

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"mfahelp/config"
)

// TestServe goes the production path with a tenant in another process: the
// client secret over TLS, the SDK, the database, and a restart in the middle of
// a case, of which nobody who waits for an answer need know.
func TestServe(t *testing.T) {
	tenant := startSandbox(t)
	// The late event comes when the tenant's clock is moved, so each of these
	// waits is one more look, and the last only has to be late enough.
	in := install(t, tenant, "lookup:\n  waits: [3s, 10s, 20s, 30s, 40s, 50s, 60s, 70s, 80s, 90s, 2m]\nlog:\n  level: debug\n")
	first := in.serve(t)
	at := first.page()

	sofia := visit(t, at, "sofia.almeida")
	sofia.mustSay(t, tenant.fail(t, "no-response").Text)
	answer := sofia.await(t, "direct", "an answer", settled).last()
	if want := sentence(t, "cause.no-answer.title"); answer.Title != want || len(answer.Steps) == 0 {
		t.Errorf("got %+v, want %q and what to do", answer, want)
	}
	stuck := sentence(t, "help.stuck")
	sofia.press(t, "direct", answer, stuck, map[string]string{"words": "My phone is in the river."})
	priya := visit(t, at, "priya.raman")
	card := priya.await(t, "admins", "a card", func(c conversation) bool { return len(c.bots()) >= 2 }).bots()[0]

	grace := visit(t, at, "grace.nguyen")
	grace.mustSay(t, tenant.fail(t, "late").Text)
	// It says so for the log's lag or, since that took several requests, for
	// the budget; either way the event is not there yet.
	waiting := grace.await(t, "direct", "word that it is not in the log yet", func(c conversation) bool {
		return c.last().Title == sentence(t, "lookup.waiting.lag.title")
	}).last()

	if code := first.terminate(); code != exitOK {
		t.Errorf("it ended with %d", code)
	}
	tenant.advance(t, time.Minute)
	second := in.serve(t)
	for _, v := range []*visitor{sofia, grace, priya} {
		v.at = second.page()
	}
	answer = grace.await(t, "direct", "an answer, by itself", settled).last()
	if want := sentence(t, "cause.no-answer.title"); answer.Title != want || answer.Ref != waiting.Ref || answer.Rev <= waiting.Rev {
		t.Errorf("got %+v, want %q in the place of %+v", answer, want, waiting)
	}
	priya.press(t, "admins", card, sentence(t, "escalate.claim"), nil)
	priya.await(t, "admins", "a card that is taken", func(c conversation) bool {
		return c.bots()[0].Ref == card.Ref && c.bots()[0].Status == "waiting" && strings.Contains(c.bots()[0].text(), "Priya Raman")
	})
	if code := second.terminate(); code != exitOK {
		t.Errorf("it ended with %d", code)
	}
	wentTheRealWay(t, tenant)
	keptSecret(t, in, tenant.secret, first, second)
}

// wentTheRealWay sees in the tenant's log that tokens were asked for, and that
// what was asked was asked with them.
func wentTheRealWay(t *testing.T, tenant *pretend) {
	t.Helper()
	tokens, asked := 0, 0
	for _, r := range tenant.requests(t) {
		path, _, _ := strings.Cut(r.Path, "?")
		switch {
		case r.Status >= http.StatusBadRequest && !r.Throttled:
			t.Errorf("%s %s was refused with %d: %s", r.Method, path, r.Status, r.Why)
		case strings.HasSuffix(path, "/oauth2/v2.0/token"):
			tokens++
		case path == "/beta/auditLogs/signIns" && r.App == "reader":
			asked++
		}
	}
	// Each life has a token for the page's people and one for the rest.
	if tokens != 4 || asked < 3 {
		t.Errorf("got %d tokens, want 4; the sign-in log was asked %d times", tokens, asked)
	}
}

// keptSecret looks for the secret, and for tokens, in all that was written.
func keptSecret(t *testing.T, in *installation, secret string, programs ...*program) {
	t.Helper()
	written := map[string]string{}
	for _, p := range programs {
		written["what it printed"] += p.out.String()
		written["the log"] += p.err.String()
	}
	if !strings.Contains(written["the log"], `"msg":"serving"`) {
		t.Errorf("the log is no log: %s", written["the log"])
	}
	files, err := filepath.Glob(filepath.Join(in.dir, "*"))
	if err != nil || len(files) < 2 {
		t.Fatalf("the installation has only %q, %v", files, err)
	}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		written[filepath.Base(f)] = string(b)
	}
	for where, text := range written {
		if strings.Contains(text, secret) || strings.Contains(text, "eyJ") {
			t.Errorf("a secret is in %s:\n%s", where, tail(text, 2000))
		}
	}
}

// TestServeGuard refuses what comes under another name or from another site,
// and says to a supervisor how it is.
func TestServeGuard(t *testing.T) {
	p := install(t, startSandbox(t), "").serve(t)
	at := p.page()
	ours := visit(t, at, "sofia.almeida")
	for _, test := range []struct {
		name   string
		header []string
		status int
		code   string
	}{
		{"its own name", []string{}, http.StatusOK, ""},
		{"its own page", []string{"Origin", at, "Sec-Fetch-Site", "same-origin"}, http.StatusOK, ""},
		{"another name", []string{"Host", "mfahelp.attacker.example"}, http.StatusForbidden, `"code":"host"`},
		{"another name with its port", []string{"Host", "attacker.example:" + at[strings.LastIndex(at, ":")+1:]}, http.StatusForbidden, `"code":"host"`},
		{"another site", []string{"Origin", "https://attacker.example"}, http.StatusForbidden, `"code":"origin"`},
		{"another port", []string{"Origin", "http://127.0.0.1:1"}, http.StatusForbidden, `"code":"origin"`},
		{"no site at all", []string{"Origin", "null"}, http.StatusForbidden, `"code":"origin"`},
	} {
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			path, body, good := "/api/people", "", test.status
			if method == http.MethodPost {
				path, body = "/api/messages", `{"place":"direct","text":"/mfa-help help"}`
				good = max(good, http.StatusAccepted)
			}
			r, err := http.NewRequestWithContext(t.Context(), method, at+path, strings.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Content-Type", "application/json")
			status, answer := do(t, r, append([]string{"Authorization", "Bearer " + ours.token}, test.header...)...)
			if status != good || !strings.Contains(answer, test.code) {
				t.Errorf("%s, %s: got %d %s", method, test.name, status, answer)
			}
		}
	}
	healthy(t, at)
	// each of the two may have its answer by now
	if c, err := ours.read(t.Context(), "direct"); err != nil || len(c.bots()) > 2 || len(c.Messages)-len(c.bots()) != 2 {
		t.Errorf("got %+v, %v, want what was said twice and nothing of what was refused", c, err)
	}
}

func healthy(t *testing.T, at string) {
	t.Helper()
	for path, want := range map[string]string{"/livez": "ok\n", "/readyz": "ready\n"} {
		if status, body := get(t, at+path); status != http.StatusOK || body != want {
			t.Errorf("%s: got %d %q", path, status, body)
		}
	}
}

// TestServeReal has no page: the tenant does not say that it is a sandbox.
func TestServeReal(t *testing.T) {
	p := install(t, startSandbox(t), "", "  sandbox: true\n", "", "  login: choose\n", "").serve(t)
	at := "http://" + p.said(&p.err, servingLine)[1]
	healthy(t, at)
	for _, path := range []string{"/", "/api/people", "/api/stream", "/static/app.js", "/panes/employee/direct"} {
		if status, body := get(t, at+path); status != http.StatusNotFound {
			t.Errorf("%s: got %d %s", path, status, body)
		}
	}
	if p.terminate() != exitOK || strings.Contains(p.out.String(), "page") || !strings.Contains(p.err.String(), "there is no chat platform and no page") {
		t.Errorf("it said %s %s", &p.out, &p.err)
	}
}

// TestServeNot does not start with what the tenant, or we, do not trust.
func TestServeNot(t *testing.T) {
	tenant, other := startSandbox(t), startSandbox(t)
	live := []string{"  sandbox: true\n", "", "  login: choose\n", ""}
	ca := func(s *pretend) string {
		_, rest, _ := strings.Cut(s.config, "ca_file: ")
		file, _, _ := strings.Cut(rest, "\n")
		return file
	}
	for _, test := range []struct {
		name   string
		in     *installation
		secret string
		ends   bool
		says   string
	}{
		{"a wrong secret", install(t, tenant, ""), "canary-wrong-secret", true, "get token: credential not taken (401 AADSTS7000215)"},
		{"a certificate of a stranger", install(t, tenant, "", ca(tenant), ca(other)), tenant.secret, true, "certificate signed by unknown authority"},
		{"no secret", install(t, tenant, ""), "", true, "tenant.credential.secret"},
		{"a real tenant that does not take the secret", install(t, tenant, "", live...), "canary-wrong-secret", false, "Microsoft Graph does not answer"},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.in.secret = test.secret
			p := test.in.serve(t)
			if test.ends {
				if code := p.code(); code != exitError {
					t.Errorf("it ended with %d", code)
				}
			} else {
				healthy(t, "http://"+p.said(&p.err, servingLine)[1])
			}
			if said := p.out.String() + p.err.String(); !strings.Contains(said, test.says) ||
				strings.Contains(said, "canary") || strings.Contains(said, tenant.secret) {
				t.Errorf("it said %s", said)
			}
		})
	}
	if _, err := config.Load(install(t, tenant, "", "  sandbox: true\n", "").file, func(string) (string, bool) { return "x", true }); err == nil ||
		!strings.Contains(err.Error(), "only for a sandbox") {
		t.Errorf("a login that proves nothing, for a real tenant: %v", err)
	}
}

// TestServeTwice: what cannot have the store says so, and nobody is sent to it.
// What is asked to end says when it begins to and when it has.
func TestServeTwice(t *testing.T) {
	in := install(t, startSandbox(t), "")
	first := in.serve(t)
	first.page()
	second := in.serve(t)
	if code := second.code(); code != exitError {
		t.Errorf("the second ended with %d", code)
	}
	if said := second.out.String() + second.err.String(); strings.Contains(said, "The page is at") || strings.Contains(said, `"serving"`) ||
		!strings.Contains(said, "another program runs on this store; end that one") {
		t.Errorf("the second said %s", said)
	}
	if code := first.terminate(); code != exitOK {
		t.Errorf("the first ended with %d", code)
	}
	_, after, ok := strings.Cut(first.err.String(), `"msg":"ending: nothing more is taken`)
	if !ok || !strings.Contains(after, `"msg":"ended"`) {
		t.Errorf("the first said %s", tail(first.err.String(), 2000))
	}
}
