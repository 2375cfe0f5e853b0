package bottest

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"mfahelp/bot"
)

// A Harness is a platform on its fake, opened for one test. What it does it does
// through the platform's own wire format.
type Harness struct {
	Platform bot.Platform
	Inbox    *Inbox // which the platform was made with

	Ada, Bob bot.Person                 // two people, as the platform vouches for them
	Direct   func(bot.Person) bot.Place // where the bot and one of them are alone
	Channel  bot.Place                  // where both are

	// Read returns what somebody sees in a place. A place that is not theirs
	// shows them nothing.
	Read func(t *testing.T, who bot.Person, in bot.Place) []Seen

	// Press sends a press as the person's own program would, and reports
	// whether the platform acknowledged it.
	Press func(t *testing.T, p Press) (acknowledged bool)

	// Wire returns all that has left for people's programs.
	Wire func(t *testing.T) string
}

// A Press is one of a button in the contract.
type Press struct {
	By     bot.Person
	In     bot.Place
	On     Seen
	Button Button
	Fields map[string]string
	ID     string     // the platform's for this delivery: a redelivery has the same
	Claim  bot.Person // whom the payload says it is from, where it has room for a lie; zero for the truth
}

// Contract checks what every platform promises to those who speak through it.
func Contract(t *testing.T, open func(t *testing.T) Harness) {
	for _, test := range []struct {
		name string
		run  func(*testing.T, Harness)
	}{
		{"a message is seen under the ref that is returned", seen},
		{"a message is replaced by its ref", replaced},
		{"all of a message arrives", whole},
		{"nothing but keys travels", onlyKeys},
		{"what is personal goes to its reader", personal},
		{"what is personal goes nowhere else", notPersonal},
		{"a press comes back with its key, its fields, and its presser", pressed},
		{"a press is its presser's, whatever it claims", notForged},
		{"a press delivered again is the same event", redelivered},
		{"what is not accepted is not acknowledged", notAcknowledged},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(t, open(t)) })
	}
}

// send posts m and fails the test if it cannot.
func (h Harness) send(t *testing.T, to bot.Place, key string, m bot.Message, ref string) string {
	t.Helper()
	got, err := h.Platform.Send(t.Context(), bot.Post{To: to, Key: key, Message: m}, ref)
	if err != nil {
		t.Fatalf("sending %s: %v", key, err)
	}
	if got == "" {
		t.Fatalf("sending %s returned no ref", key)
	}
	return got
}

// sees returns the messages of the bot that who sees in a place.
func (h Harness) sees(t *testing.T, who bot.Person, in bot.Place) []Seen {
	t.Helper()
	return slices.DeleteFunc(h.Read(t, who, in), func(m Seen) bool { return m.From != "" })
}

func seen(t *testing.T, h Harness) {
	for _, to := range []bot.Place{h.Direct(h.Ada), h.Channel} {
		h.send(t, to, "hello", bot.Message{Title: "Hello", Status: bot.Good, Body: []bot.Block{bot.Text{bot.Plain("How are you?")}}}, "")
		got := h.sees(t, h.Ada, to)
		if len(got) != 1 || got[0].Title != "Hello" || !slices.Contains(got[0].Lines, "How are you?") {
			t.Errorf("in %s: got %+v", to.ID, got)
		}
	}
}

func replaced(t *testing.T, h Harness) {
	to := h.Direct(h.Ada)
	ref := h.send(t, to, "case", bot.Message{Title: "Looking", Status: bot.Waiting}, "")
	h.send(t, to, "other", bot.Message{Title: "Another"}, "")
	again := h.send(t, to, "case", bot.Message{Title: "Found", Status: bot.Problem}, ref)
	h.send(t, to, "case", bot.Message{Title: "Settled", Status: bot.Good}, again)
	got := h.sees(t, h.Ada, to)
	if len(got) != 2 || got[0].Title != "Settled" || got[1].Title != "Another" {
		t.Errorf("got %s\nwant it settled where it was, and another below", describe(got))
	}
	if _, err := h.Platform.Send(t.Context(), bot.Post{To: to, Key: "case", Message: bot.Message{Title: "x"}}, "no such ref"); err == nil {
		t.Error("a message that does not exist was replaced")
	}
}

func whole(t *testing.T, h Harness) {
	want := Everything()
	h.send(t, h.Direct(h.Ada), "everything", want, "")
	got := h.sees(t, h.Ada, h.Direct(h.Ada))
	if len(got) != 1 {
		t.Fatalf("got %d messages", len(got))
	}
	text := strings.Join(got[0].Lines, "\n")
	for _, part := range []string{"Plain", "Strong", "Code", "Link", "Ada on Slack", "Fact", "AADSTS500121", "Step", "Why", "Another step", "Item", "since yesterday", "Quote", "Note"} {
		if !strings.Contains(text, part) {
			t.Errorf("nothing says %q in\n%s", part, text)
		}
	}
	for _, label := range []string{"Choose", "Ask", "Ordinary", "Primary", "Danger", "Form"} {
		if !slices.ContainsFunc(got[0].Buttons, func(b Button) bool { return strings.HasPrefix(b.Label, label) }) {
			t.Errorf("no button %q", label)
		}
	}
	if len(got[0].Attached) != len(want.Attachments) {
		t.Errorf("got %q attached", got[0].Attached)
	}
}

func onlyKeys(t *testing.T, h Harness) {
	h.send(t, h.Direct(h.Ada), "everything", Everything(), "")
	h.sees(t, h.Ada, h.Direct(h.Ada))
	wire := h.Wire(t)
	if !strings.Contains(wire, "Title") {
		t.Error("the wire shows nothing")
	}
	for _, secret := range []string{Verb, Subject} {
		if strings.Contains(wire, secret) {
			t.Errorf("%q left us", secret)
		}
	}
}

func personal(t *testing.T, h Harness) {
	h.send(t, h.Direct(h.Ada), "personal", bot.Message{Title: "Only for Ada", Personal: true}, "")
	if got := h.sees(t, h.Ada, h.Direct(h.Ada)); len(got) != 1 {
		t.Errorf("its reader sees %s", describe(got))
	}
	for _, in := range []bot.Place{h.Direct(h.Ada), h.Direct(h.Bob), h.Channel} {
		if got := h.sees(t, h.Bob, in); len(got) > 0 {
			t.Errorf("somebody else sees %s", describe(got))
		}
	}
}

func notPersonal(t *testing.T, h Harness) {
	m := bot.Message{Title: "Only for Ada", Personal: true}
	if _, err := h.Platform.Send(t.Context(), bot.Post{To: h.Channel, Key: "personal", Message: m}, ""); err == nil {
		t.Error("a personal message went to a channel")
	}
	if got := h.sees(t, h.Bob, h.Channel); len(got) > 0 {
		t.Errorf("somebody else sees %s", describe(got))
	}
}

// offered sends a message with two buttons and returns how Ada sees it.
func (h Harness) offered(t *testing.T) (on Seen, choose, ask Button) {
	t.Helper()
	to := h.Direct(h.Ada)
	h.send(t, to, "offer", bot.Message{Title: "Choose", Actions: []bot.Action{
		bot.Choose{Label: "Yes", Verb: Verb, Subject: Subject, Key: "key-yes"},
		bot.Ask{Label: "Tell", Verb: Verb, Subject: Subject, Key: "key-tell", Fields: []bot.Field{{Name: "words", Label: "Words", Required: true}}},
	}}, "")
	got := h.sees(t, h.Ada, to)
	if len(got) != 1 {
		t.Fatalf("got %s", describe(got))
	}
	choose, a := got[0].button("Yes")
	ask, b := got[0].button("Tell")
	if !a || !b {
		t.Fatalf("got %s", describe(got))
	}
	return got[0], choose, ask
}

// last is the event that was accepted last.
func (h Harness) last(t *testing.T) (e bot.Event, p bot.Pressed) {
	t.Helper()
	all := h.Inbox.Events()
	if len(all) == 0 {
		t.Fatal("nothing was accepted")
	}
	e = all[len(all)-1]
	p, ok := e.Did.(bot.Pressed)
	if !ok {
		t.Fatalf("got %T", e.Did)
	}
	return e, p
}

func pressed(t *testing.T, h Harness) {
	on, choose, ask := h.offered(t)
	for _, test := range []struct {
		b      Button
		fields map[string]string
		key    string
	}{
		{choose, nil, "key-yes"},
		{ask, map[string]string{"words": Hostile}, "key-tell"},
	} {
		if !h.Press(t, Press{By: h.Ada, In: h.Direct(h.Ada), On: on, Button: test.b, Fields: test.fields, ID: "press-" + test.key}) {
			t.Fatalf("%s: not acknowledged", test.key)
		}
		e, p := h.last(t)
		if p.Key != test.key || p.Fields["words"] != test.fields["words"] {
			t.Errorf("got %+v, want %s with %q", p, test.key, test.fields)
		}
		if e.From.Platform != h.Platform.Name() || e.From.ID != h.Ada.ID || e.From.Identity != h.Ada.Identity {
			t.Errorf("it is from %+v, want %+v", e.From, h.Ada)
		}
		if want := h.Direct(h.Ada); e.In.Audience != want.Audience || e.In.Reader != want.Reader || e.In.ID != want.ID {
			t.Errorf("it is in %+v, want %+v", e.In, want)
		}
		if e.ID == "" || e.At.IsZero() {
			t.Errorf("it has id %q and time %v", e.ID, e.At)
		}
	}
}

func notForged(t *testing.T, h Harness) {
	on, choose, _ := h.offered(t)
	h.Press(t, Press{By: h.Bob, In: h.Direct(h.Ada), On: on, Button: choose, ID: "forged", Claim: h.Ada})
	for _, e := range h.Inbox.Events() {
		if e.From.ID == h.Ada.ID || e.From.Identity == h.Ada.Identity || e.In.Reader == h.Ada.ID {
			t.Errorf("Bob's press was taken for Ada's: %+v", e)
		}
	}
}

func redelivered(t *testing.T, h Harness) {
	on, choose, _ := h.offered(t)
	p := Press{By: h.Ada, In: h.Direct(h.Ada), On: on, Button: choose, ID: "one"}
	for range 2 {
		if !h.Press(t, p) {
			t.Fatal("not acknowledged")
		}
	}
	if got := len(h.Inbox.Events()); got != 1 {
		t.Errorf("one press is %d events", got)
	}
	p.ID = "two"
	h.Press(t, p)
	if got := len(h.Inbox.Events()); got != 2 {
		t.Errorf("two presses are %d events", got)
	}
}

func notAcknowledged(t *testing.T, h Harness) {
	on, choose, _ := h.offered(t)
	p := Press{By: h.Ada, In: h.Direct(h.Ada), On: on, Button: choose, ID: "one"}
	h.Inbox.Fail(errors.New("the disk is full"))
	if h.Press(t, p) {
		t.Error("it was acknowledged, and is lost")
	}
	h.Inbox.Fail(nil)
	if !h.Press(t, p) || len(h.Inbox.Events()) != 1 {
		t.Error("it was not taken when it came again")
	}
}
