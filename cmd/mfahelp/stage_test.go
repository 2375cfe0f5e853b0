package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"mfahelp/bot"
	"mfahelp/bot/bottest"
	"mfahelp/bot/web"
)

// A stage is the page in a browser without a program behind it: what it shows is
// what a test sends.
type stage struct {
	*browser
	web    *web.Web
	inbox  *bottest.Inbox
	memory *bottest.Memory
	vault  *vault
	serves atomic.Pointer[web.Web]
}

var cast = []web.Person{
	{ID: "ada", Name: "Ada Okoro", Note: "Finance", Identity: bot.Identity{Tenant: "t", ObjectID: "ada"}},
	{ID: "bob", Name: "Bob Berg", Identity: bot.Identity{Tenant: "t", ObjectID: "bob"}},
	{ID: "pia", Name: "Pia Ramm", Admin: true, Identity: bot.Identity{Tenant: "t", ObjectID: "pia"}},
	{ID: "tom", Name: "Tom Alvar", Admin: true, Identity: bot.Identity{Tenant: "t", ObjectID: "tom"}},
}

func openStage(t *testing.T) *stage {
	t.Helper()
	s := &stage{inbox: &bottest.Inbox{}, memory: &bottest.Memory{}, vault: &vault{left: map[string]string{}}}
	s.restart()
	srv := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { s.serves.Load().Handler().ServeHTTP(rw, r) }))
	t.Cleanup(srv.Close)
	s.browser = browse(t, srv.URL, 1280, 860)
	return s
}

// restart serves the page anew, with what it knew before. Who had it open is cut
// off.
func (s *stage) restart() {
	s.web = web.New(web.Options{
		Inbox: s.inbox, Memory: s.memory, Words: printer, People: cast, Secrets: s.vault,
		Samples: []web.Sample{{Name: "fails", Title: "It fails", Person: "bob"}},
		Make:    func(context.Context, string) (string, error) { return "Error Code: 500121", nil },
	})
	if old := s.serves.Swap(s.web); old != nil {
		old.Close()
	}
}

// A vault tells each secret once.
type vault struct {
	mu    sync.Mutex
	left  map[string]string // by kind
	asked int
}

func (v *vault) Reveal(_ context.Context, r bot.Reveal, _ bot.Person) (string, bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.asked++
	secret, ok := v.left[r.Kind]
	delete(v.left, r.Kind)
	return secret, ok
}

func to(person string) bot.Place {
	return bot.Place{Platform: "web", ID: "direct:" + person, Private: true, Audience: bot.Direct, Reader: person}
}

// whispered is the admins' channel, for one of them.
func whispered(person string) bot.Place {
	return bot.Place{Platform: "web", ID: "admins", Private: true, Audience: bot.Ephemeral, Reader: person}
}

func (s *stage) send(in bot.Place, key, under string, m bot.Message) (ref string) {
	s.t.Helper()
	ref, err := s.web.Send(s.t.Context(), bot.Post{To: in, Key: key, Under: under, Message: m}, "")
	if err != nil {
		s.t.Fatal(err)
	}
	return ref
}

func said(title string, status bot.Status, spans ...bot.Span) bot.Message {
	m := bot.Message{Title: title, Status: status}
	if len(spans) > 0 {
		m.Body = []bot.Block{bot.Text(spans)}
	}
	return m
}

// shows waits until a log has a card of this title.
func (s *stage) shows(log, title string) {
	s.t.Helper()
	s.until(title, fmt.Sprintf(`[...document.querySelectorAll("#%s h3 bdi")].some(x => x.textContent === %s)`, log, quoted(title)))
}

// listen keeps all that the live regions are given from now on.
func (s *stage) listen() {
	s.t.Helper()
	js[any](s.browser, `window.heard = [];
		for (const region of document.querySelectorAll("[aria-live], [role=status], [role=alert]"))
			new MutationObserver((all) => all.forEach((m) => m.addedNodes.forEach((n) => heard.push(n.textContent)))).observe(region, { childList: true, subtree: true });
		null`)
}

func (s *stage) heard() []string {
	s.t.Helper()
	return js[[]string](s.browser, `window.heard`)
}

// TestEachChangeIsReadOnce replaces a card several times, over a restart of the
// program as well, and counts what a screen reader is given.
func TestEachChangeIsReadOnce(t *testing.T) {
	s := openStage(t)
	s.listen()
	titles := []string{"Looking", "Not in the log yet", "No answer", "It works again"}
	for i, title := range titles {
		s.send(to("ada"), "case", "", said(title, bot.Info, bot.Plain("As of now. And more.")))
		s.shows("log-employee", title)
		if i == 1 {
			s.restart()
			s.until("the page to listen again", `document.body.dataset.live === "2"`)
		}
	}
	s.send(bot.Place{Platform: "web", ID: "admins", Private: true}, "case", "", said("Ada Okoro: no answer", bot.Problem))
	s.shows("log-admins", "Ada Okoro: no answer")
	if n := js[int](s.browser, `document.querySelectorAll("#log-employee article").length`); n != 1 {
		t.Errorf("there are %d cards, want one that was replaced", n)
	}
	heard := s.heard()
	for i, want := range []string{
		"Chat: Looking. As of now.", "Chat: Changed: Not in the log yet. As of now.", "Chat: Changed: No answer. As of now.",
		"Chat: Changed: It works again. As of now.", "Admins’ channel: Ada Okoro: no answer",
	} {
		if n := count(heard, want); n != 1 {
			t.Errorf("%d: %q is read %d times; all that is read: %q", i, want, n, heard)
		}
	}
}

func count(all []string, what string) (n int) {
	for _, s := range all {
		if s == what {
			n++
		}
	}
	return n
}

// TestConnectionLost stops the program, looks at what the page says, and starts it.
func TestConnectionLost(t *testing.T) {
	s := openStage(t)
	s.listen()
	s.send(to("ada"), "case", "", said("Before", bot.Info))
	s.shows("log-employee", "Before")
	s.web.Close() // streams end at once from here on
	s.until("that it is lost", `!document.querySelector(".connection").hidden`)
	s.picture("reconnecting.png")
	s.send(to("ada"), "another", "", said("Meanwhile", bot.Info))
	s.restart()
	s.shows("log-employee", "Meanwhile")
	s.until("that it is back", `document.querySelector(".connection").hidden`)
	heard := s.heard()
	for _, want := range []string{"Connection lost. Trying again…", "Connected again.", "Chat: Meanwhile"} {
		if n := count(heard, want); n != 1 {
			t.Errorf("%q is read %d times: %q", want, n, heard)
		}
	}
}

// TestHostileMarkupIsText sends all there is, full of markup, as the bot and as
// a person, and looks for what came to life.
func TestHostileMarkupIsText(t *testing.T) {
	s := openStage(t)
	evil := `<img src=x onerror="window.pwned=1"><script>window.pwned=1</script>` + bottest.Hostile
	m := bottest.Everything()
	m.Title = evil
	m.Body = append(m.Body, bot.Quote(evil), bot.Text{bot.Link{Text: "run", URL: "javascript:window.pwned=1"}})
	m.Attachments = append(m.Attachments, bot.Attachment{Name: evil + ".html", MediaType: "text/html", Content: []byte(evil)})
	s.send(to("ada"), "everything", "", m)
	s.shows("log-employee", evil)
	js[any](s.browser, `const box = document.querySelector("#say-employee"); box.value = `+quoted(evil)+`; box.focus()`)
	s.keys("\r")
	s.until("what was said", `document.querySelector("#log-employee .said .bubble")?.innerText.includes("onerror")`)
	s.web.Trace(web.Trace{Kind: "graph", Text: evil, CaseKey: evil})
	s.until("the trace", `document.querySelectorAll(".traces li").length > 0`)
	js[any](s.browser, `[...document.querySelectorAll("#log-employee [data-ask]")].at(-1).click()`)
	s.until("the form", `document.querySelector("#form").open`)
	for _, test := range []struct{ what, script string }{
		{"a script ran", `window.pwned === 1`},
		{"a picture came in", `document.querySelectorAll(".log img, .log script, .log iframe, .traces img, #form img").length > 0`},
		{"a link leads elsewhere", `[...document.querySelectorAll(".log a")].some(a => !["https://example.com", location.origin].includes(new URL(a.href).origin))`},
		{"the words are not as they were written", `document.querySelector("#log-employee .said .bubble p").textContent !== ` + quoted(evil)},
	} {
		if js[bool](s.browser, test.script) {
			t.Errorf("%s: %s", test.what, js[string](s.browser, `[...document.querySelectorAll(".log a")].map(a => a.outerHTML.slice(0, 200)).join("\n")`))
		}
	}
}

// TestOnlyYou whispers to one of two admins.
func TestOnlyYou(t *testing.T) {
	s := openStage(t)
	s.send(whispered("pia"), "w", "", said("For Pia", bot.Info))
	s.send(whispered("tom"), "w", "", said("For Tom", bot.Info))
	s.shows("log-admins", "For Pia")
	if got := js[string](s.browser, `document.querySelector("#log-admins").innerText`); strings.Contains(got, "For Tom") || !strings.Contains(got, "Only you see this") {
		t.Errorf("Pia sees %s", got)
	}
	s.sit("admin", "tom")
	s.shows("log-admins", "For Tom")
	if got := js[string](s.browser, `document.querySelector("#log-admins").innerText`); strings.Contains(got, "For Pia") {
		t.Errorf("Tom sees %s", got)
	}
}

// sit changes who somebody is, as a choice from the list does.
func (b *browser) sit(seat, person string) {
	b.t.Helper()
	js[any](b, fmt.Sprintf(`const who = document.querySelector("#who-%s"); who.value = %s; who.dispatchEvent(new Event("change", { bubbles: true })); null`, seat, quoted(person)))
	b.until(person, fmt.Sprintf(`document.querySelector("#who-%s").dataset.was === %s`, seat, quoted(person)))
}

const canary = "Xk7#canary$Q4"

// pass is a message whose reader is told a secret.
func pass() bot.Message {
	return bot.Message{
		Title: "A pass for Bob Berg", Status: bot.Info, Personal: true,
		Body: []bot.Block{
			bot.Text{bot.Plain("Read it out to Bob Berg, and to nobody else.")},
			bot.Facts{{Name: "Pass", Value: bot.Text{bot.Reveal{Kind: "pass"}}}},
		},
	}
}

// TestSecretIsShownOnce goes through it with the keyboard alone, and looks for
// what is left afterwards.
func TestSecretIsShownOnce(t *testing.T) {
	s := openStage(t)
	s.vault.left["pass"] = canary
	s.send(to("ada"), "pass", "", pass())
	s.shows("log-employee", "A pass for Bob Berg")
	s.open() // reading again asks for nothing
	anywhere := `document.documentElement.outerHTML.includes(` + quoted(canary) + `)`
	if s.vault.asked != 0 || js[bool](s.browser, anywhere) {
		t.Errorf("the secret is there, or was asked for (%d times), before anybody pressed", s.vault.asked)
	}
	s.tabTo(`document.activeElement.matches("[data-reveal]")`)
	s.keys("\r")
	s.until("the dialog", `document.querySelector("#secret").open`)
	s.picture("secret.png")
	if got := js[string](s.browser, `document.querySelector("#secret").innerText`); !strings.Contains(got, canary) || !strings.Contains(got, "A pass for Bob Berg") || !strings.Contains(got, "only once") {
		t.Errorf("the dialog says %s", got)
	}
	for range 6 { // the browser's own bar aside, Tab stays inside
		s.keys("\t")
		if at := js[string](s.browser, `document.activeElement.closest("#secret") || document.activeElement === document.body ? "" : document.activeElement.outerHTML`); at != "" {
			t.Errorf("Tab leads out of the dialog, to %s", at)
		}
	}
	s.keys(kbEscape)
	s.until("the dialog to close", `!document.querySelector("#secret").open`)
	s.until("the secret to be gone from the page", "!"+anywhere)
	if !js[bool](s.browser, `document.activeElement.matches("[data-reveal]")`) {
		t.Error("the focus is not back on the button")
	}
	s.keys("\r")
	s.until("that it is over", `document.querySelector(".toasts").innerText.includes("nothing to show any more")`)
	if js[bool](s.browser, `document.querySelector("#secret").open`) || s.vault.asked != 2 {
		t.Errorf("it was asked for %d times, want 2", s.vault.asked)
	}
}

const kbEscape = "\u001b"

// TestFailedSendIsNotLost has the inbox refuse, and then take, what was typed.
func TestFailedSendIsNotLost(t *testing.T) {
	s := openStage(t)
	s.inbox.Fail(errors.New("disk"))
	js[any](s.browser, `document.querySelector("#say-employee").focus()`)
	s.keys("one")
	s.keys("\r", true)
	s.keys("two\r")
	s.until("the reason", `document.querySelector(".toasts").innerText.includes("could not be saved")`)
	if got := js[string](s.browser, `document.querySelector("#say-employee").value`); got != "one\ntwo" {
		t.Errorf("what was typed is now %q", got)
	}
	s.inbox.Fail(nil)
	s.keys("\r")
	s.until("what was said", `document.querySelector("#log-employee .said")?.innerText.includes("two")`)
	s.until("the page to say no more of it", `document.querySelector("#say-employee").value + document.querySelector(".toasts").innerText === ""`)
	if all := s.inbox.Events(); !slices.Equal([]string{"one\ntwo"}, texts(all)) {
		t.Errorf("the inbox has %+v", all)
	}
}

func texts(all []bot.Event) (out []string) {
	for _, e := range all {
		if s, ok := e.Did.(bot.Said); ok {
			out = append(out, s.Text)
		}
	}
	return out
}

// TestElsewhere tells a manager something while nobody is the manager, and goes
// there.
func TestElsewhere(t *testing.T) {
	s := openStage(t)
	s.send(to("bob"), "ask", "", said("Is it Ada?", bot.Problem))
	s.until("that Bob has a message", `document.querySelector(".elsewhere").innerText.includes("Bob Berg")`)
	if js[bool](s.browser, `document.body.innerText.includes("Is it Ada?")`) {
		t.Error("what is said to Bob is told to somebody else")
	}
	s.send(to("tom"), "ask", "", said("May they?", bot.Problem))
	s.until("that Tom has a message", `document.querySelector(".elsewhere").innerText.includes("Tom Alvar")`)
	s.press(".elsewhere", "Tom Alvar has a message. Switch to them")
	s.shows("log-inbox", "May they?")
	s.press(".elsewhere", "Bob Berg has a message. Switch to them")
	s.shows("log-employee", "Is it Ada?")
	s.until("no more to tell", `document.querySelector(".elsewhere").hidden`)
}

// TestSettledThreadsFold resolves a case and opens it again.
func TestSettledThreadsFold(t *testing.T) {
	s := openStage(t)
	channel := bot.Place{Platform: "web", ID: "admins", Private: true}
	open := `document.querySelector("#log-admins .thread")?.open` // it takes a moment until there is one
	s.send(channel, "case", "", said("A case", bot.Problem))
	s.send(channel, "evidence", "case", said("Evidence", bot.Info))
	s.send(channel, "note", "case", said("A note", bot.Info))
	s.until("its replies", open+` && document.querySelector("#log-admins .thread summary").innerText.includes("2 replies")`)
	s.send(channel, "case", "", said("A case", bot.Good))
	s.until("them to be folded away", open+" === false")
	s.open()
	if js[bool](s.browser, open) {
		t.Error("they are not folded when the page is loaded")
	}
	s.send(channel, "case", "", said("A case", bot.Problem))
	s.until("them again", open+" === true")
}

// TestAPageOpensInATabOfItsOwn follows a link to sign in.
func TestAPageOpensInATabOfItsOwn(t *testing.T) {
	s := openStage(t)
	s.send(to("ada"), "proof", "", bot.Message{Title: "Sign in to go on", Actions: []bot.Action{bot.Open{Label: "Sign in", URL: s.url + "/static/icon.svg"}}})
	s.shows("log-employee", "Sign in to go on")
	got := js[string](s.browser, `const a = document.querySelector("#log-employee .actions a"); [a.target, a.rel, a.className.trim(), a.textContent.trim()].join("|")`)
	if got != "_blank|noopener noreferrer|button primary|Sign in (opens in a new tab)" {
		t.Errorf("got %s", got)
	}
}
