package slack_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"mfahelp/bot"
	"mfahelp/bot/slack/slacktest"
)

const pass = "canary-pass-Q7&<x>"

// withPass is a message with a pass in it.
func withPass() bot.Message {
	return bot.Message{Title: "A pass", Personal: true, Body: []bot.Block{
		bot.Facts{{Name: "Pass", Value: bot.Text{bot.Reveal{Kind: "pass", Subject: "R1"}}}},
	}}
}

// shows reports whether somebody has a dialog with the pass before them.
func (w *world) shows(p *slacktest.Person) bool {
	w.Helper()
	v, ok := w.fake.Open(p)
	if !ok {
		return false
	}
	b, err := json.Marshal(v.View["blocks"])
	var said any
	if err == nil {
		err = json.Unmarshal(b, &said)
	}
	if err != nil {
		w.Fatal(err)
	}
	return strings.Contains(strings.Join(v.Seen().Lines, "\n"), pass)
}

// nowhere fails the test if the pass stands in a message, in what is kept, or in
// the log.
func (w *world) nowhere() {
	w.Helper()
	for _, c := range []*slacktest.Channel{w.general, w.admins, w.fake.Direct(w.ada), w.fake.Direct(w.bob)} {
		for _, m := range w.fake.Messages(c) {
			b, err := json.Marshal(m.Blocks)
			if err != nil || strings.Contains(m.Text+string(b), "canary-pass") {
				w.Errorf("a message in %s has the pass: %s, %s, %v", c.ID, m.Text, b, err)
			}
		}
	}
	if strings.Contains(w.logged(), "canary-pass") {
		w.Errorf("the log has the pass:\n%s", w.logged())
	}
}

// TestAPassIsNoMessage: who may see a pass sees it in a dialog, when they press for
// it, once. The message has a dash, and so has what a screen reader reads.
func TestAPassIsNoMessage(t *testing.T) {
	w := open(t)
	w.vault.left[w.ada.ID] = pass
	ref := w.send(w.direct(w.ada), "pass", withPass(), "")
	w.nowhere()
	m := w.message(w.fake.Direct(w.ada), ref)
	press := w.fake.Pressing(slacktest.Push{By: w.ada, On: &m, Action: w.action(m, "Show it")})
	for range 2 { // the second is the same, delivered again
		w.taken(w.fake.Deliver(t.Context(), "interactive", press))
	}
	w.until("it is shown", func() bool { return w.shows(w.ada) })
	if w.count("views.open") != 1 {
		t.Errorf("it is shown in %d dialogs", w.count("views.open"))
	}
	w.fake.Shut(w.ada)
	w.taken(w.fake.Push(t.Context(), slacktest.Push{By: w.ada, On: &m, Action: w.action(m, "Show it")}))
	if w.shows(w.ada) {
		t.Error("it is shown twice")
	}
	w.nowhere()
	w.fine()
}

// TestAPassIsItsReaders: the button, pressed by somebody else, shows nothing, and
// takes nothing from its reader.
func TestAPassIsItsReaders(t *testing.T) {
	w := open(t)
	w.vault.left[w.ada.ID], w.vault.left[w.bob.ID] = pass, pass
	m := w.message(w.fake.Direct(w.ada), w.send(w.direct(w.ada), "pass", withPass(), ""))
	w.taken(w.fake.Push(t.Context(), slacktest.Push{By: w.bob, On: &m, Action: w.action(m, "Show it")}))
	if w.shows(w.bob) || len(w.vault.left) != 2 {
		t.Errorf("Bob sees it: %v, and of two %d are left", w.shows(w.bob), len(w.vault.left))
	}
	w.taken(w.fake.Push(t.Context(), slacktest.Push{By: w.ada, On: &m, Action: w.action(m, "Show it")}))
	w.until("Ada sees it", func() bool { return w.shows(w.ada) })
	w.nowhere()
	w.fine()
}

// TestAPassAtOnce: the answer to a press that is fresh is a dialog. One that comes
// too late is a message without it, and a button.
func TestAPassAtOnce(t *testing.T) {
	for name, late := range map[string]bool{"in time": false, "too late": true} {
		t.Run(name, func(t *testing.T) {
			w := open(t)
			w.vault.left[w.pia.ID] = pass
			m := w.message(w.admins, w.send(w.inAdmins(), "card", bot.Message{Title: "A case", Actions: []bot.Action{bot.Choose{Label: "Show the pass", Key: "k"}}}, ""))
			w.taken(w.fake.Push(t.Context(), slacktest.Push{By: w.pia, On: &m, Action: w.action(m, "Show the pass")}))
			e := w.last()
			if late {
				w.clock.move(10 * time.Second)
			}
			to := e.In
			to.Audience, to.Reader = bot.Ephemeral, w.pia.ID
			w.post(bot.Post{To: to, Reply: e.Reply, Key: "answer", Message: withPass()}, "")
			if w.shows(w.pia) == late {
				t.Errorf("it is shown: %v", w.shows(w.pia))
			}
			w.nowhere()
			w.fine()
		})
	}
}

// TestNoPassIsNoDash: while the tenant does not answer, who presses reads that, and
// a press for it later shows the pass.
func TestNoPassIsNoDash(t *testing.T) {
	w := open(t)
	m := w.message(w.fake.Direct(w.ada), w.send(w.direct(w.ada), "pass", withPass(), ""))
	press := func() {
		w.taken(w.fake.Push(t.Context(), slacktest.Push{By: w.ada, On: &m, Action: w.action(m, "Show it")}))
	}
	press()
	w.until("she reads that there is none", func() bool {
		v, _ := w.fake.Open(w.ada)
		got := v.Seen()
		return got.Title == "Nothing to show" && !strings.Contains(strings.Join(got.Lines, "\n"), "–")
	})
	w.vault.left[w.ada.ID] = pass
	press()
	w.until("it is shown later", func() bool { return w.shows(w.ada) })
	w.nowhere()
	w.fine()
}

// TestAPassTakesItsTime: Slack is answered while the tenant is still asked, and what
// was told is sent until Slack takes it, for it is told once.
func TestAPassTakesItsTime(t *testing.T) {
	w := open(t)
	w.vault.left[w.ada.ID], w.vault.slow = pass, make(chan struct{})
	m := w.message(w.fake.Direct(w.ada), w.send(w.direct(w.ada), "pass", withPass(), ""))
	w.taken(w.fake.Push(t.Context(), slacktest.Push{By: w.ada, On: &m, Action: w.action(m, "Show it")}))
	if _, open := w.fake.Open(w.ada); !open || w.shows(w.ada) {
		t.Errorf("before the tenant answers there is a dialog: %v, with it: %v", open, w.shows(w.ada))
	}
	w.fake.Fail(slacktest.Fault{Method: "views.update", Status: http.StatusServiceUnavailable, Times: 1})
	close(w.vault.slow)
	w.until("it is shown", func() bool { return w.shows(w.ada) })
	w.nowhere()
}
