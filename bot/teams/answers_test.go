package teams_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"mfahelp/bot"
	"mfahelp/bot/teams"
	"mfahelp/bot/teams/teamstest"
)

// A pending press is one that waits, and what has come of it.
type pending struct {
	event  bot.Event // as the flows get it
	answer chan teamstest.Answer
}

// press presses the only button of a message, and returns while it waits for its
// answer: once the event is accepted.
func (w *world) press(by *teamstest.Person, on teamstest.Message) *pending {
	w.Helper()
	p := &pending{answer: make(chan teamstest.Answer, 1)}
	for len(w.accepted) > 0 {
		<-w.accepted
	}
	go func() {
		a, err := w.fake.Push(w.Context(), teamstest.Push{By: by, On: on, Action: obj{"title": "Yes", "verb": "press", "data": obj{"key": "k"}}})
		if err != nil {
			w.Errorf("pressing: %v", err)
		}
		p.answer <- a
	}()
	select {
	case p.event = <-w.accepted:
	case a := <-p.answer:
		w.Fatalf("the press was answered with %+v before it was safe", a)
	}
	return p
}

// patient is a world in which a press waits for long enough to be answered on a
// busy machine.
func patient(t *testing.T, change func(*world, *teams.Options)) *world {
	t.Helper()
	w := openWith(t, func(w *world, o *teams.Options) {
		o.Wait = 5 * time.Second
		if change != nil {
			change(w, o)
		}
	})
	w.say(w.ada, "hello")
	w.say(w.bob, "hello")
	w.says(w.ada, w.channel, teamstest.Words{Text: "hello", Mention: true}, 200)
	return w
}

// asked puts a card with one button among others, and returns it.
func (w *world) asked() teamstest.Message {
	w.Helper()
	ref := w.send(w.inChannel(), "case", bot.Message{Title: "A case", Actions: []bot.Action{bot.Choose{Label: "Yes", Key: "k"}}}, "")
	on, ok := w.fake.Message(w.channel, ref)
	if !ok {
		w.Fatal("the card is not there")
	}
	return on
}

// whispered is a post that answers a press, for who pressed.
func whispered(e bot.Event, m bot.Message) bot.Post {
	to := e.In
	to.Audience, to.Reader = bot.Ephemeral, e.From.ID
	return bot.Post{To: to, Reply: e.Reply, Key: "whisper/" + e.ID, Message: m}
}

var confirm = bot.Message{
	Title: "Approve this?", Body: []bot.Block{bot.Text{bot.Plain("Of Ada Lovelace.")}}, Actions: []bot.Action{bot.Choose{Label: "Approve", Key: "sure", Weight: bot.Danger}},
}

// TestConfirmation answers a press while it waits: whoever pressed sees the
// confirmation in the place of the card, and nobody else does.
func TestConfirmation(t *testing.T) {
	w := patient(t, nil)
	on := w.asked()
	p := w.press(w.bob, on)
	if ref, err := w.Send(t.Context(), whispered(p.event, confirm), ""); err != nil || !strings.HasPrefix(ref, "answer/") {
		t.Fatalf("answering: %q, %v", ref, err)
	}
	if a := <-p.answer; a.HTTP != 200 || a.Status != 200 || a.Kind != "application/vnd.microsoft.card.adaptive" {
		t.Errorf("the press is answered with %+v", a)
	}
	if got := w.titles(w.bob, w.channel); !slices.Equal(got, []string{"Approve this?"}) {
		t.Errorf("who pressed sees %q", got)
	}
	if got := w.titles(w.ada, w.channel); !slices.Equal(got, []string{"A case"}) {
		t.Errorf("the others see %q", got)
	}
	w.fine()
}

// TestALine answers with what is said in a moment, without touching the card.
func TestALine(t *testing.T) {
	w := patient(t, nil)
	p := w.press(w.bob, w.asked())
	if _, err := w.Send(t.Context(), whispered(p.event, bot.Message{
		Title: "Only admins may do that", Body: []bot.Block{bot.Text{bot.Plain("Nothing was done. {{DATE(x)}}")}, bot.Note{bot.Plain("Case 7")}},
	}), ""); err != nil {
		t.Fatal(err)
	}
	a := <-p.answer
	if s, _ := a.Value.(string); a.Kind != "application/vnd.microsoft.activity.message" || !strings.HasPrefix(s, "Only admins may do that\n\nNothing was done.") || !strings.HasSuffix(s, "\n\nCase 7") || strings.Contains(s, "{{") {
		t.Errorf("the press is answered with %+v", a)
	}
	if got := w.titles(w.bob, w.channel); !slices.Equal(got, []string{"A case", "Only admins may do that"}) {
		t.Errorf("who pressed sees %q", got)
	}
}

// TestReplacedForAll replaces the card that was pressed: for who pressed in the
// answer, since Teams shows them that, and for everybody in the place.
func TestReplacedForAll(t *testing.T) {
	w := patient(t, nil)
	on := w.asked()
	p := w.press(w.bob, on)
	w.send(w.inChannel(), "case", titled("Taken by Bob"), on.ID)
	if a := <-p.answer; a.Kind != "application/vnd.microsoft.card.adaptive" {
		t.Errorf("the press is answered with %+v", a)
	}
	for _, who := range []*teamstest.Person{w.ada, w.bob} {
		if got := w.titles(who, w.channel); !slices.Equal(got, []string{"Taken by Bob"}) {
			t.Errorf("%s sees %q", who.Name, got)
		}
	}
	w.fine()
}

// TestAnsweredTooLate has the flows think for longer than a press waits, or
// another process answer it: whoever pressed hears that it was taken, and later
// what came of it in another way that only they see. Nobody else's post is given
// to them.
func TestAnsweredTooLate(t *testing.T) {
	for _, targeted := range []bool{true, false} {
		w := patient(t, func(_ *world, o *teams.Options) { o.Wait, o.Targeted = time.Millisecond, targeted })
		p := w.press(w.bob, w.asked())
		if a := <-p.answer; a.Value != "Got it." {
			t.Errorf("the press is answered with %+v", a)
		}
		if _, err := w.Send(t.Context(), whispered(p.event, confirm), ""); err != nil {
			t.Fatal(err)
		}
		room := w.channel
		if !targeted {
			room = w.fake.Chat(w.bob)
		}
		if got := w.titles(w.bob, room); !slices.Contains(got, "Approve this?") {
			t.Errorf("targeted %v: who pressed sees %q", targeted, got)
		}
		if all := fmt.Sprint(w.titles(w.ada, w.channel), w.titles(w.ada, w.fake.Chat(w.ada))); strings.Contains(all, "Approve") {
			t.Errorf("targeted %v: somebody else sees %s", targeted, all)
		}
		w.fine()
	}
}

// TestNotTheirAnswer has a post for one person hold another's reply: it is not
// shown to who pressed.
func TestNotTheirAnswer(t *testing.T) {
	w := patient(t, func(_ *world, o *teams.Options) { o.Wait = 300 * time.Millisecond })
	p := w.press(w.bob, w.asked())
	post := whispered(p.event, bot.Message{Title: "For Ada alone", Personal: true})
	post.To.Reader = w.ada.ID
	if _, err := w.Send(t.Context(), post, ""); err != nil {
		t.Fatal(err)
	}
	<-p.answer
	for _, room := range []*teamstest.Room{w.channel, w.fake.Chat(w.bob)} {
		if got := w.titles(w.bob, room); slices.Contains(got, "For Ada alone") {
			t.Errorf("who pressed sees %q", got)
		}
	}
	if got := w.titles(w.ada, w.channel); !slices.Contains(got, "For Ada alone") {
		t.Errorf("Ada sees %q", got)
	}
}

// A safe tells a secret to one person, once, and counts who asks.
type safe struct {
	mu    sync.Mutex
	to    string
	told  bool
	asked []string
}

const canary = "TAP-CANARY-7Q"

func (s *safe) Reveal(_ context.Context, _ bot.Reveal, to bot.Person) (string, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = append(s.asked, to.ID)
	if s.told || to.ID != s.to {
		return "", false
	}
	s.told = true
	return canary, true
}

var pass = bot.Message{Title: "The pass", Personal: true, Body: []bot.Block{bot.Facts{{Name: "Pass", Value: []bot.Span{bot.Reveal{}}}}}}

// TestSecret shows a pass in the answer to the press of one person, once. It is
// in no message, neither in the memory nor in the log; shown in any other way,
// there is a dash.
func TestSecret(t *testing.T) {
	s := &safe{}
	w := patient(t, func(_ *world, o *teams.Options) { o.Secrets = s })
	s.to = w.bob.ID
	p := w.press(w.bob, w.asked())
	if _, err := w.Send(t.Context(), whispered(p.event, pass), ""); err != nil {
		t.Fatal(err)
	}
	a := <-p.answer
	if !strings.Contains(fmt.Sprint(a.Value), canary) {
		t.Errorf("who pressed sees %v", a.Value)
	}
	if n := strings.Count(w.fake.Wire(), canary); n != 1 {
		t.Errorf("it left us %d times, want once", n)
	}
	for _, m := range append(w.fake.Messages(w.channel), w.fake.Messages(w.fake.Chat(w.bob))...) {
		if strings.Contains(fmt.Sprint(m.Activity), canary) {
			t.Errorf("it is in a message: %v", m.Activity)
		}
	}
	kept, err := w.memory.List(t.Context(), "teams", "")
	if err != nil || strings.Contains(fmt.Sprintf("%s", kept), canary) || strings.Contains(w.logged(), canary) {
		t.Errorf("it was kept or logged, or %v", err)
	}
	for _, to := range []bot.Place{whispered(p.event, pass).To, w.direct(w.bob)} { // no press waits
		if _, err := w.Send(t.Context(), bot.Post{To: to, Key: "again", Message: pass}, ""); err != nil {
			t.Errorf("without a press: %v", err)
		}
	}
	if len(s.asked) != 1 || strings.Count(w.fake.Wire(), canary) != 1 {
		t.Errorf("it was asked for by %q, and left us %d times", s.asked, strings.Count(w.fake.Wire(), canary))
	}
	p = w.press(w.bob, w.asked())
	if _, err := w.Send(t.Context(), whispered(p.event, pass), ""); err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint((<-p.answer).Value); !strings.Contains(got, "Nothing to show") || strings.Contains(got, "–") {
		t.Errorf("who presses once more sees %s", got)
	}
	w.fine()
}

// TestSecretWaitsForAPress has the flows answer when nobody waits any more: the
// secret is not asked for, so that it does not count as shown.
func TestSecretWaitsForAPress(t *testing.T) {
	s := &safe{}
	w := patient(t, func(_ *world, o *teams.Options) { o.Secrets, o.Wait = s, time.Millisecond })
	s.to = w.bob.ID
	p := w.press(w.bob, w.asked())
	<-p.answer
	if _, err := w.Send(t.Context(), whispered(p.event, pass), ""); err != nil {
		t.Fatal(err)
	}
	if len(s.asked) != 0 || strings.Contains(w.fake.Wire(), canary) {
		t.Errorf("it was asked for by %q though nobody waited", s.asked)
	}
}

// TestTargeted says something to one among others: in a message that they alone
// see where there are such, and else in their own chat. What was said before is
// taken away.
func TestTargeted(t *testing.T) {
	m := bot.Message{Title: "For Bob", Personal: true}
	said := func(code string, status int) teamstest.Fault {
		return teamstest.Fault{Method: http.MethodPost, Path: "/activities", Status: status, Body: `{"error":{"code":"` + code + `","message":"no"}}`}
	}
	for _, test := range []struct {
		name  string
		fault *teamstest.Fault
		off   bool
		ref   string
	}{
		{"there are such messages", nil, false, "targeted/"},
		{"they are switched off", nil, true, "personal/"},
		{"the tenant has none", new(said("BadSyntax", 400)), false, "personal/"},
		{"the roster does not have them", new(said("BotNotInConversationRoster", 404)), false, "personal/"},
		{"the conversation takes none", new(said("Forbidden", 403)), false, "personal/"},
	} {
		w := patient(t, func(_ *world, o *teams.Options) { o.Targeted = !test.off })
		if test.fault != nil {
			w.fake.Fail(*test.fault)
		}
		to := w.inChannel()
		to.Audience, to.Reader = bot.Ephemeral, w.bob.ID
		ref := w.send(to, "1", m, "")
		if !strings.HasPrefix(ref, test.ref) {
			t.Errorf("%s: it went to %q, want %q", test.name, ref, test.ref)
		}
		room := w.channel
		if test.ref == "personal/" {
			room = w.fake.Chat(w.bob)
		}
		if got := w.titles(w.bob, room); !slices.Equal(got, []string{"For Bob"}) {
			t.Errorf("%s: Bob sees %q", test.name, got)
		}
		if got := w.titles(w.ada, w.channel); len(got) != 0 {
			t.Errorf("%s: Ada sees %q", test.name, got)
		}
		w.restart(nopLog, func(_ *world, o *teams.Options) { o.Targeted = !test.off })
		w.send(to, "1", bot.Message{Title: "For Bob, by now", Personal: true}, ref)
		both := append(w.titles(w.bob, w.channel), w.titles(w.bob, w.fake.Chat(w.bob))...)
		if !slices.Equal(both, []string{"For Bob, by now"}) {
			t.Errorf("%s: after a change Bob sees %q", test.name, both)
		}
		w.fine()
	}
	w := patient(t, nil)
	w.fake.Fail(teamstest.Fault{Path: "/activities", Status: 429, Header: http.Header{"Retry-After": {"3"}}})
	to := w.inChannel()
	to.Audience, to.Reader = bot.Ephemeral, w.bob.ID
	if _, err := w.Send(t.Context(), bot.Post{To: to, Key: "1", Message: m}, ""); !errors.As(err, new(*bot.BusyError)) {
		t.Errorf("while Teams is busy: got %v, want it to wait and not to go elsewhere", err)
	}
}
