package main

import (
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"mfahelp/graph"
	"mfahelp/graph/sandbox"
)

// TestServeReset has a lost phone end in a new one with two programs that share
// nothing but what "mfahelp sandbox" prints: the tenant in one process, and in
// the other "mfahelp serve", with its page, its sign-ins, and its database on a
// disk. That the case settles by itself takes longer than anybody waits, and is
// shown where the clock can be moved.
func TestServeReset(t *testing.T) {
	t.Parallel() // it waits for the budget of reports, again and again
	public := "http://" + freeAddress(t)
	tenant := startSandbox(t, "--public-url", public, "--no-throttle") // the verdict is asked again before each effect
	p := write(t, tenant, tenant.config).serve(t)
	if at := p.page(); at != public {
		t.Fatalf("the page is at %s, want %s", at, public)
	}
	aiko, grace, priya := visit(t, public, "aiko.sato"), visit(t, public, "grace.nguyen"), visit(t, public, "priya.raman")
	aiko.mustSay(t, "I lost my phone")
	aiko.does(t, "direct", "What happens when you sign in?", "My phone is gone")
	tenant.agrees(t, "grace.nguyen", grace.leads(t, "direct", "Aiko Sato wants to sign in again", "I spoke to them: sign in and confirm"))
	tenant.has(t, "aiko.sato", "iPhone 16e")
	priya.does(t, "admins", "Aiko Sato: a reset waits for approval", "Approve…")
	tenant.agrees(t, "priya.raman", priya.leads(t, "admins", "Approve the reset of Aiko Sato?", "Sign in and see"))

	grace.does(t, "direct", "The pass of Aiko Sato can be shown", "Show the pass…")
	tenant.agrees(t, "grace.nguyen", grace.leads(t, "direct", "Sign in to see the pass of Aiko Sato", "Sign in and see"))
	grace.does(t, "direct", "A pass for Aiko Sato", "Show it now")
	pass := grace.reveals(t, "The pass of Aiko Sato")
	aiko.await(t, "direct", "word that it is done", titled("A pass waits for you"))
	tenant.registers(t, "aiko.sato", pass)
	tenant.has(t, "aiko.sato", "New phone")

	var did []graph.ChangeKind
	for _, r := range tenant.requests(t) {
		if r.Done && r.Write != graph.SendMail {
			did = append(did, r.Write)
		}
	}
	if want := []graph.ChangeKind{graph.DeleteMethod, graph.RevokeSessions, graph.CreatePass}; !slices.Equal(did, want) {
		t.Errorf("the tenant was changed by %q, want %q", did, want)
	}
	if code := p.terminate(); code != exitOK {
		t.Errorf("it ended with %d", code)
	}
	if written := p.out.String() + p.err.String(); strings.Contains(written, pass) || strings.Contains(written, tenant.writer) {
		t.Error("a secret is in what it wrote")
	}
}

// freeAddress is one on which nobody listens. A public address is configured
// before there is a program that could find one.
func freeAddress(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	return ln.Addr().String()
}

// titled is a conversation in which the bot has said something.
func titled(title string) func(conversation) bool {
	return func(c conversation) bool { return c.card(title) != nil }
}

// card is the newest message of the bot whose title has some words, or nil.
func (c conversation) card(title string) (found *message) {
	for _, m := range c.bots() {
		if strings.Contains(m.Title, title) {
			found = &m
		}
	}
	return found
}

// offered waits for a card that offers something.
func (v *visitor) offered(t *testing.T, place, title, label string) (message, action) {
	t.Helper()
	of := func(m *message) int {
		return slices.IndexFunc(m.Actions, func(a action) bool { return a.Label == label })
	}
	c := v.await(t, place, title+": "+label, func(c conversation) bool {
		m := c.card(title)
		return m != nil && of(m) >= 0
	})
	m := c.card(title)
	return *m, m.Actions[of(m)]
}

// does waits for a card and presses a button on it.
func (v *visitor) does(t *testing.T, place, title, label string) {
	t.Helper()
	m, _ := v.offered(t, place, title, label)
	v.press(t, place, m, label, nil)
}

// leads waits for a card and returns where a link on it leads.
func (v *visitor) leads(t *testing.T, place, title, label string) string {
	t.Helper()
	_, a := v.offered(t, place, title, label)
	return a.URL
}

// reveals has the secret of a card shown, and sees that there is no second time.
// While the tenant cannot be asked whether it still may, nothing is shown, and
// whoever presses again is shown it then.
func (v *visitor) reveals(t *testing.T, title string) (secret string) {
	t.Helper()
	shown := v.await(t, "direct", title, func(c conversation) bool { m := c.card(title); return m != nil && m.Secret }).card(title)
	var told struct{ Secrets []struct{ Secret string } }
	ask := func(want int, into any) error {
		return v.ask(t.Context(), http.MethodPost, "/api/reveals", map[string]string{"ref": shown.Ref}, want, into)
	}
	again, late := time.NewTicker(time.Second), time.After(patience)
	defer again.Stop()
	for err := ask(http.StatusOK, &told); err != nil; err = ask(http.StatusOK, &told) {
		select {
		case <-again.C:
		case <-late:
			t.Fatalf("it shows nothing: %v", err)
		}
	}
	if len(told.Secrets) != 1 || len(told.Secrets[0].Secret) < 8 {
		t.Fatalf("it shows %+v", told)
	}
	if err := ask(http.StatusGone, nil); err != nil {
		t.Errorf("the second time: %v", err)
	}
	return told.Secrets[0].Secret
}

// agrees has somebody say yes on the program's page, after a sign-in at the tenant.
func (s *pretend) agrees(t *testing.T, who, address string) {
	t.Helper()
	at := func(address string, form url.Values) (string, error) {
		v, err := newTab(s.browser())
		if err != nil {
			return "", err
		}
		u, err := url.Parse(address)
		if err != nil {
			return "", err
		}
		form.Set("user", who+"@"+sandbox.Domain)
		folder, _, _ := strings.Cut(strings.TrimPrefix(u.Path, "/"), "/")
		if err := v.post(t.Context(), s.url+"/"+folder+"/signin?"+u.RawQuery, form); err != nil {
			return "", err
		}
		if v.location == "" {
			return "", v.said()
		}
		return v.location, nil
	}
	err := agree(t.Context(), address, func(address string) (string, error) {
		return at(address, url.Values{"with": {"authenticator"}, "v1": {"false"}})
	})
	if err != nil {
		t.Fatalf("%s says yes: %v", who, err)
	}
}

// browser is one in which nobody has signed in.
func (s *pretend) browser() *http.Client { c := *s.client; return &c }

// registers has somebody get in with a pass, and add a phone.
func (s *pretend) registers(t *testing.T, who, pass string) {
	t.Helper()
	if err := register(t.Context(), s.browser(), s.url+"/"+s.tenant+"/", who+"@"+sandbox.Domain, pass); err != nil {
		t.Fatalf("%s registers: %v", who, err)
	}
}

// has sees what somebody proves with.
func (s *pretend) has(t *testing.T, who, method string) {
	t.Helper()
	var all []sandbox.Person
	s.order(t, http.MethodGet, "people", nil, &all)
	for _, p := range all {
		if p.UPN == who+"@"+sandbox.Domain {
			if !strings.Contains(strings.Join(p.Methods, "\n"), method) {
				t.Errorf("%s has %q, want %s", who, p.Methods, method)
			}
			return
		}
	}
	t.Errorf("the tenant has no %s", who)
}
