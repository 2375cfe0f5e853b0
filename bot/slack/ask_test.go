package slack_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"mfahelp/bot"
	"mfahelp/bot/slack"
	"mfahelp/bot/slack/slacktest"
)

// offering is what somebody may choose from, once it is known.
type offering struct {
	known chan struct{} // closed when it is; nil for at once
	err   error
	asked chan bot.Person
}

// View waits until it is known.
func (o offering) View(ctx context.Context, key string, p bot.Person) (bot.Message, error) {
	if key != bot.AskView {
		return bot.Message{}, errors.New("another key")
	}
	o.asked <- p
	select {
	case <-o.known:
	case <-ctx.Done():
		return bot.Message{}, ctx.Err()
	}
	return bot.Message{Actions: []bot.Action{bot.Ask{Fields: []bot.Field{
		{Name: "recent", Label: "One of yours", Kind: bot.Choice, Options: []bot.Option{{Label: "AADSTS500121 <!channel>", Value: "Error Code: 500121"}}},
	}}}}, o.err
}

// asking makes a world in which people may choose from o.
func asking(t *testing.T, o offering) *world {
	return openWith(t, slacktest.Options{}, func(_ *world, s *slack.Options) { s.Views = o })
}

// fields are the labels of the form that somebody has open.
func (w *world) fields(p *slacktest.Person) (labels []string) {
	v, ok := w.fake.Open(p)
	if !ok {
		return nil
	}
	for _, b := range v.Seen().Buttons {
		for _, f := range b.Fields {
			labels = append(labels, f.Label)
		}
	}
	return labels
}

// TestAsksAtOnce: who uses the command without a word has a form to write in
// while nobody knows yet what they may choose, and what they chose is asked.
func TestAsksAtOnce(t *testing.T) {
	o := offering{known: make(chan struct{}), asked: make(chan bot.Person, 1)}
	w := asking(t, o)
	w.taken(w.fake.Command(t.Context(), w.ada, w.general, "/mfa-help", "  "))
	if got := w.fields(w.ada); len(got) != 1 || len(w.inbox.Events()) != 0 {
		t.Fatalf("the form asks for %q, and there are %d events", got, len(w.inbox.Events()))
	}
	if p := <-o.asked; p != w.person(w.ada) {
		t.Errorf("it is for %+v", p)
	}
	close(o.known)
	w.until("there is something to choose", func() bool { return len(w.fields(w.ada)) == 2 })
	v, _ := w.fake.Open(w.ada)
	w.taken(w.fake.Submit(t.Context(), w.ada, v, map[string]string{"recent": "Error Code: 500121"}))
	e := w.last()
	same(t, e.Did, bot.Commanded{Name: "mfa-help", Quote: "Error Code: 500121"})
	want := bot.Place{Platform: "slack", ID: w.general.ID, Private: true, Audience: bot.Ephemeral, Reader: w.ada.ID}
	if e.In != want || e.From != w.person(w.ada) {
		t.Errorf("it is from %+v in %+v", e.From, e.In)
	}
	w.fine()
}

// TestAsksWithoutGraph: while nothing is known, and when it never is, people
// write. What they wrote is taken once, and nothing is not taken at all.
func TestAsksWithoutGraph(t *testing.T) {
	for name, o := range map[string]offering{
		"no answer": {known: make(chan struct{}), asked: make(chan bot.Person, 1)},
		"an error":  {known: closed(), err: errors.New("Graph is dead"), asked: make(chan bot.Person, 1)},
	} {
		t.Run(name, func(t *testing.T) {
			w := asking(t, o)
			w.taken(w.fake.Command(t.Context(), w.ada, w.fake.Direct(w.ada), "/mfa-help", ""))
			<-o.asked
			v, ok := w.fake.Open(w.ada)
			if !ok {
				t.Fatal("no form is open")
			}
			d := w.taken(w.fake.Submit(t.Context(), w.ada, v, map[string]string{"text": " "}))
			if _, open := w.fake.Open(w.ada); !open || !strings.Contains(string(d.Body), "Paste what the error page says") || len(w.inbox.Events()) != 0 {
				t.Errorf("an empty form is open: %v, with %s, and %d events", open, d.Body, len(w.inbox.Events()))
			}
			payload := w.fake.Submitting(w.ada, v, map[string]string{"text": "Error Code: 500121"})
			for range 2 {
				w.taken(w.fake.Deliver(t.Context(), "interactive", payload))
			}
			if n := len(w.inbox.Events()); n != 1 {
				t.Errorf("it is %d events", n)
			}
			same(t, w.last().Did, bot.Commanded{Name: "mfa-help", Quote: "Error Code: 500121"})
			if w.last().In != w.direct(w.ada) {
				t.Errorf("it is in %+v", w.last().In)
			}
		})
	}
}

func closed() chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}

// TestAsksTooLate: a form that cannot open any more is no reason to do nothing.
// The command is taken without it, and answered as one without a word.
func TestAsksTooLate(t *testing.T) {
	w := asking(t, offering{known: closed(), asked: make(chan bot.Person, 9)})
	for name, spoil := range map[string]func(){
		"the trigger is over":   func() { w.fake.Fail(slacktest.Fault{Method: "views.open", Code: "expired_trigger_id"}) },
		"Slack does not answer": func() { w.fake.Fail(slacktest.Fault{Method: "views.open", Status: 503}) },
	} {
		before := len(w.inbox.Events())
		spoil()
		w.taken(w.fake.Command(t.Context(), w.ada, w.general, "/mfa-help", ""))
		if n := len(w.inbox.Events()) - before; n != 1 {
			t.Fatalf("%s: it is %d events", name, n)
		}
		same(t, w.last().Did, bot.Commanded{Name: "mfa-help"})
	}
}

// TestAsksOnce: a command that is delivered again opens no second form, whether
// the first is at it or done.
func TestAsksOnce(t *testing.T) {
	w := asking(t, offering{known: closed(), asked: make(chan bot.Person, 9)})
	payload := w.fake.Commanding(w.ada, w.general, "/mfa-help", "")
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() { w.taken(w.fake.Deliver(t.Context(), "slash_commands", payload)) })
	}
	wg.Wait()
	w.taken(w.fake.Deliver(t.Context(), "slash_commands", payload))
	if n := w.count("views.open"); n != 1 || len(w.inbox.Events()) != 0 || len(w.fields(w.ada)) == 0 {
		t.Errorf("%d forms were opened, and it is %d events", n, len(w.inbox.Events()))
	}
	w.taken(w.fake.Command(t.Context(), w.ada, w.general, "/mfa-help", ""))
	if n := w.count("views.open"); n != 2 {
		t.Errorf("who asks again has no form of their own: %d were opened", n)
	}
	w.fine()
}

// TestAsksAgainAfterAll: a command whose form did not open, and that could not be
// kept either, counts when it comes again.
func TestAsksAgainAfterAll(t *testing.T) {
	w := asking(t, offering{known: closed(), asked: make(chan bot.Person, 9)})
	payload := w.fake.Commanding(w.ada, w.general, "/mfa-help", "")
	w.fake.Fail(slacktest.Fault{Method: "views.open", Status: 503})
	w.inbox.Fail(errDisk)
	if d, err := w.fake.Deliver(t.Context(), "slash_commands", payload); err != nil || d.Taken() {
		t.Fatalf("got %d, %v", d.Status, err)
	}
	w.inbox.Fail(nil)
	w.taken(w.fake.Deliver(t.Context(), "slash_commands", payload))
	if len(w.fields(w.ada)) == 0 && len(w.inbox.Events()) == 0 {
		t.Error("it is lost")
	}
}

// TestAsksNobodyElse: no form opens for an outsider, nor among the admins, where
// what is pasted is somebody else's.
func TestAsksNobodyElse(t *testing.T) {
	w := asking(t, offering{known: closed(), asked: make(chan bot.Person, 9)})
	guest := w.add(slacktest.Person{Name: "Gus Guest", Guest: true})
	w.taken(w.fake.Command(t.Context(), guest, w.general, "/mfa-help", ""))
	if _, open := w.fake.Open(guest); open || len(w.inbox.Events()) != 0 {
		t.Errorf("a guest is asked: %v", open)
	}
	w.taken(w.fake.Command(t.Context(), w.pia, w.admins, "/mfa-help", ""))
	if _, open := w.fake.Open(w.pia); open {
		t.Error("an admin is asked for their own trouble")
	}
	same(t, w.last().Did, bot.Commanded{Name: "mfa-help"})
}

// TestAsksMany: that many ask at once, and nothing answers, opens every form.
func TestAsksMany(t *testing.T) {
	o := offering{known: make(chan struct{}), asked: make(chan bot.Person, 1000)}
	w := openWith(t, slacktest.Options{NoRates: true}, func(_ *world, s *slack.Options) { s.Views = o })
	for range 80 {
		p := w.add(slacktest.Person{Name: "One of many"})
		w.taken(w.fake.Command(t.Context(), p, w.general, "/mfa-help", ""))
		if got := w.fields(p); len(got) != 1 {
			t.Fatalf("the form asks for %q", got)
		}
	}
}
