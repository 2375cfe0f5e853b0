package flowstest_test

import (
	"strings"
	"testing"
	"time"

	"mfahelp/bot"
	"mfahelp/flows"
	"mfahelp/graph"
)

// tooLate lets somebody press Approve after Priya did.
func (h *house) tooLate(who bot.Person) {
	h.t.Helper()
	h.Press(who, "/card", "Approve…", nil)
	link, digest := h.LinkIn("/link"), h.Asked().Digest()
	h.approve(priya)
	h.SignIn(who, link, time.Minute, digest)
}

// TestEveryMessageSaysWhatWeNeverAskFor, as far as one person alone reads it; what
// the admins' thread reads hangs under a card that says so.
func TestEveryMessageSaysWhatWeNeverAskFor(t *testing.T) {
	handed := func(h *house) { h.confirm(); h.approve(priya); h.pass() }
	for name, play := range map[string]func(h *house){
		"the whole way":      func(h *house) { h.ask(); handed(h) },
		"for a colleague":    func(h *house) { h.command(bea, dm(bea), "reset ava@contoso.com"); handed(h) },
		"for nobody":         func(h *house) { h.command(bea, dm(bea), "reset nobody@contoso.com") },
		"twice":              func(h *house) { h.ask(); h.ask() },
		"a stranger":         func(h *house) { h.ask(); h.confirm(); h.Press(bea, "/card", "Approve…", nil) },
		"stopped":            func(h *house) { h.ask(); h.Press(ava, "/reply", "Stop this", nil) },
		"expired":            func(h *house) { h.ask(); h.Advance(5 * time.Hour) },
		"run out":            func(h *house) { h.ask(); h.confirm(); h.Advance(61 * time.Minute) },
		"called":             func(h *house) { h.command(sam, channel, "reset ava@contoso.com"); h.callBack(kim); h.approve(priya) },
		"not them":           func(h *house) { h.ask(); handed(h); h.Press(ava, "/reply", "This was not me", nil) },
		"privileged":         func(h *house) { h.tenant.Held["o-ava"] = []graph.Role{{Template: "helpdesk"}}; h.ask() },
		"two at once":        func(h *house) { h.ask(); h.confirm(); h.tooLate(sam) },
		"all are stopped":    func(h *house) { h.Freeze(); h.command(ava, dm(ava), "reset ava@contoso.com") },
		"nobody can be read": func(h *house) { h.tenant.LogDown = &graph.Error{Op: "read", Reason: graph.ErrUnavailable}; h.ask() },
	} {
		h := newHouse(t)
		play(h)
		for _, p := range h.Posts {
			if p.To.Reader != "" && !strings.Contains(text(p.Message), says(t, "reset.never")) {
				t.Errorf("%s: %s does not say it:\n%s", name, p.Key, text(p.Message))
			}
		}
	}
}

// TestBothNames: who asks chose one of theirs, so the directory's stands beside it.
func TestBothNames(t *testing.T) {
	liar := bea
	liar.Name = "Mo, your manager"
	for name, play := range map[string]func(h *house) bot.Message{
		"asking": func(h *house) bot.Message {
			h.command(liar, dm(liar), "reset ava@contoso.com")
			return h.Post("/card").Message
		},
		"to the subject": func(h *house) bot.Message {
			h.command(liar, dm(liar), "reset ava@contoso.com")
			return h.Post("/subject/web").Message
		},
		"to the manager": func(h *house) bot.Message {
			h.command(liar, dm(liar), "reset ava@contoso.com")
			return h.Post("/manager/web").Message
		},
		"for nobody": func(h *house) bot.Message {
			h.command(liar, dm(liar), "reset nobody@contoso.com")
			return h.Post("/admins").Message
		},
		"too often": func(h *house) bot.Message {
			for range 4 {
				h.command(liar, dm(liar), "reset nobody@contoso.com")
			}
			return h.Post("turned-away/too-many/" + liar.Key() + "/" + h.Clock.Format("2006-01-02T15")).Message
		},
	} {
		h := newHouse(t)
		if got := text(play(h)); !strings.Contains(got, "Bea of Contoso") {
			t.Errorf("%s: there is no name of the directory in %s", name, got)
		}
	}
}

// TestARefusedYesIsOnRecord, with why.
func TestARefusedYesIsOnRecord(t *testing.T) {
	h := proven(t)
	h.Press(priya, "/card", "Approve…", nil)
	h.SignIn(priya, h.LinkIn("/link"), 11*time.Minute, h.Asked().Digest())
	h.refusedFor(priya, "stale")
	last := flows.Entry{}
	for _, e := range h.Audit {
		if e.Verb == "reset.signed-in" && e.By.Key() == priya.Key() {
			last = e
		}
	}
	if last.Result != "stale" || last.Object != h.Asked().Key {
		t.Errorf("on record is %+v", last)
	}
}
