package web_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"mfahelp/bot"
	"mfahelp/bot/bottest"
	"mfahelp/bot/web"
)

// A vault tells each of its secrets once, to one person. What is in them is what
// [bottest.Everything] is full of, for we do not choose it.
type vault struct {
	mu    sync.Mutex
	to    string            // the object id of whom it tells
	left  map[string]string // by kind
	asked int
}

func (v *vault) Reveal(_ context.Context, r bot.Reveal, to bot.Person) (string, bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.asked++
	if to.ObjectID != v.to {
		return "", false
	}
	secret, ok := v.left[r.Kind]
	delete(v.left, r.Kind)
	return secret, ok
}

// canary is nowhere but in a secret.
const canary = "canary-7Q4-" + bottest.Hostile

// pass is a message with a secret.
func pass() bot.Message {
	return bot.Message{
		Title: "A pass for Bob", Personal: true,
		Body: []bot.Block{bot.Text{bot.Plain("Read it out.")}, bot.Facts{{Name: "Pass", Value: bot.Text{bot.Reveal{Kind: "pass", Subject: bottest.Subject}}}}},
	}
}

// openVault serves a page with a vault for Ada, and keeps what is logged.
func openVault(t *testing.T) (*page, *vault, *observer.ObservedLogs) {
	t.Helper()
	log, logged := observer.New(zapcore.DebugLevel)
	v := &vault{to: "o-ada", left: map[string]string{"pass": canary}}
	return openWith(t, &bottest.Memory{}, web.Options{Secrets: v, Log: zap.New(log)}), v, logged
}

// reveals presses "Show it".
func (p *page) reveals(token, ref string) (*http.Response, string) {
	p.t.Helper()
	return p.do(request{method: http.MethodPost, path: "/api/reveals", token: token, body: fmt.Sprintf(`{"ref":%q}`, ref)})
}

func TestRevealedOnce(t *testing.T) {
	p, v, logged := openVault(t)
	ada := p.as("ada")
	l := p.listen(ada, "", nil)
	l.until("ready")
	ref := p.send(direct("ada"), "pass", pass(), "")
	heard := l.next()

	// Whatever reads does not ask.
	p.reads(ada, "direct")
	cookie := map[string]string{"Cookie": "mfahelp-employee=" + ada}
	for _, path := range []string{"/", "/panes/employee/direct"} {
		p.do(request{method: http.MethodGet, path: path, header: cookie})
	}
	if v.asked != 0 || !strings.Contains(fmt.Sprint(heard.data["html"]), `data-reveal="`+ref+`"`) {
		t.Errorf("reading asked %d times for the secret; the stream says %v", v.asked, heard.data)
	}

	res, body := p.reveals(ada, ref)
	var answer struct {
		Title   string
		Secrets []struct{ Name, Secret string }
	}
	if err := json.Unmarshal([]byte(body), &answer); err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("got %d %s", res.StatusCode, body)
	}
	if len(answer.Secrets) != 1 || answer.Secrets[0].Secret != canary || answer.Secrets[0].Name != "Pass" || answer.Title != "A pass for Bob" {
		t.Errorf("got %+v", answer)
	}
	if got := res.Header.Get("Cache-Control"); got != "no-store" {
		t.Errorf("a cache may keep it: %s", got)
	}
	if res, body := p.reveals(ada, ref); res.StatusCode != http.StatusGone {
		t.Errorf("a second time: got %d %s", res.StatusCode, body)
	}

	// It went to who pressed, in one answer, and nowhere else.
	p.reads(ada, "direct")
	p.do(request{method: http.MethodGet, path: "/", header: cookie})
	p.send(direct("ada"), "pass", pass(), ref)
	l.next()
	if n := strings.Count(p.told.String(), "canary-7Q4"); n != 1 {
		t.Errorf("it left us %d times, want 1", n)
	}
	kept, err := p.memory.List(t.Context(), "web", "")
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range kept {
		if strings.Contains(string(k.Value), "canary-7Q4") {
			t.Errorf("it is kept under %s", k.Key)
		}
	}
	if said := fmt.Sprint(logged.All()); strings.Contains(said, "canary-7Q4") || len(p.inbox.Events()) != 0 {
		t.Errorf("the log says %s; the inbox has %v", said, p.inbox.Events())
	}
}

func TestNotRevealed(t *testing.T) {
	p, v, _ := openVault(t)
	ref := p.send(direct("ada"), "pass", pass(), "")
	whisper := channel
	whisper.Audience, whisper.Reader = bot.Ephemeral, "pia"
	hers := p.send(whisper, "pass", pass(), "")
	plain := p.send(direct("ada"), "plain", bot.Message{Title: "No secret"}, "")
	var said struct{ Ref string }
	p.post(p.as("ada"), "/api/messages", `{"place":"direct","text":"hello"}`, http.StatusAccepted, &said)
	for _, test := range []struct {
		name, person, ref string
		status            int
	}{
		{"to somebody else", "bob", ref, 404},
		{"to an admin", "pia", ref, 404},
		{"to another admin, in the channel of both", "tom", hers, 404},
		{"where there is none", "ada", plain, 404},
		{"of a person's words", "ada", said.Ref, 404},
		{"of nothing", "ada", "m99", 404},
		{"to its reader, if it is not for them", "pia", hers, 410},
	} {
		if res, body := p.reveals(p.as(test.person), test.ref); res.StatusCode != test.status || !strings.Contains(body, `"error"`) {
			t.Errorf("%s: got %d %s, want %d", test.name, res.StatusCode, body, test.status)
		}
	}
	if res, _ := p.reveals("", ref); res.StatusCode != http.StatusUnauthorized {
		t.Errorf("to nobody: got %d", res.StatusCode)
	}
	if res, _ := p.do(request{method: http.MethodPost, path: "/api/reveals", token: p.as("ada"), body: `{"ref":"` + ref + `"}`, header: map[string]string{"Origin": "https://evil.example"}}); res.StatusCode != http.StatusForbidden {
		t.Errorf("from another site: got %d", res.StatusCode)
	}
	if v.asked != 1 || v.left["pass"] == "" {
		t.Errorf("it was asked for %d times, want 1; what is left is %v", v.asked, v.left)
	}
}

// TestRevealedTogether has a message with several secrets, of which one is told.
func TestRevealedTogether(t *testing.T) {
	p, v, _ := openVault(t)
	ref := p.send(direct("ada"), "everything", bottest.Everything(), "")
	_, body := p.reveals(p.as("ada"), ref)
	if n := strings.Count(body, `"secret":`); n != 1 || v.asked != 2 {
		t.Errorf("asked %d times, want 2; got %s", v.asked, body)
	}
}

func TestNoSecrets(t *testing.T) {
	p := open(t)
	ref := p.send(direct("ada"), "pass", pass(), "")
	if res, body := p.reveals(p.as("ada"), ref); res.StatusCode != http.StatusGone {
		t.Errorf("got %d %s", res.StatusCode, body)
	}
}

func TestReach(t *testing.T) {
	p := open(t)
	for _, test := range []struct {
		name string
		who  bot.Identity
		want string
	}{
		{"somebody", bot.Identity{Tenant: "t", ObjectID: "o-bob"}, "bob"},
		{"an admin, by ids in capitals", bot.Identity{Tenant: "T", ObjectID: "O-PIA"}, "pia"},
		{"nobody", bot.Identity{}, ""},
		{"somebody of another tenant", bot.Identity{Tenant: "u", ObjectID: "o-bob"}, ""},
		{"an address is no identity", bot.Identity{Email: "ada@contoso.com"}, ""},
	} {
		who, in, ok, err := p.Reach(t.Context(), test.who)
		if err != nil || ok != (test.want != "") || who.ID != test.want {
			t.Errorf("%s: got %+v, %v, %v, want %q", test.name, who, ok, err, test.want)
			continue
		}
		if ok && (in != direct(test.want) || who.Platform != "web" || !who.Known()) {
			t.Errorf("%s: got %+v in %+v", test.name, who, in)
		}
	}
	who, in, _, _ := p.Reach(t.Context(), people[0].Identity)
	p.send(in, "first", bot.Message{Title: "To you first", Personal: true}, "")
	if got := titles(p.reads(p.as(who.ID), "direct")); got != "To you first" {
		t.Errorf("they see %s", got)
	}
}
