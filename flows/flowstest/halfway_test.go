package flowstest_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"mfahelp/bot"
	"mfahelp/flows"
	"mfahelp/graph"
)

// What ends when part of it was done: nobody may read that nothing was.

// number is a second thing that Ava may have lost.
var number = graph.Method{ID: "m-number", Kind: graph.PhoneMethod, Phone: "mobile"}

// both is a house in which Ava lost her app and her number, and has a key.
func both(h *house) { h.tenant.Ways["o-ava"] = []graph.Method{password, phone, number, key} }

// halfWay is one in which the first of two methods is gone, and then something
// happens.
func halfWay(t *testing.T, then func(h *house)) *house {
	t.Helper()
	h := newHouse(t, both)
	h.askForBoth()
	h.confirm()
	h.Apply = func(c graph.Change) (graph.Changed, error) {
		made, err := h.tenant.Apply(c)
		if len(h.tenant.Written) == 1 {
			then(h)
		}
		return made, err
	}
	h.approve(priya)
	if n := len(h.tenant.Written); n != 1 {
		t.Fatalf("%v was done, want one", kinds(h.tenant.Written))
	}
	return h
}

func (h *house) askForBoth() {
	h.t.Helper()
	h.ask()
	h.Press(ava, "/reply", "All of these", nil)
	if r := h.Asked(); r.State != flows.ResetAsked {
		h.t.Fatalf("it is %s", r.State)
	}
}

// saysWhatWasDone checks that a post tells what was done, and what was not.
func (h *house) saysWhatWasDone(post string) {
	h.t.Helper()
	got := text(h.Post(post).Message)
	for _, must := range []string{says(h.t, "reset.effect.done"), says(h.t, "reset.effect.dropped")} {
		if !strings.Contains(got, must) {
			h.t.Errorf("%s lacks %q: %s", post, must, got)
		}
	}
	if strings.Contains(got, "Nothing was changed") || strings.Contains(got, "not done. If") {
		h.t.Errorf("%s says that nothing was: %s", post, got)
	}
}

// TestWhatRanOutHalfWay says what was done.
func TestWhatRanOutHalfWay(t *testing.T) {
	h := halfWay(t, func(h *house) { h.tenant.LogDown = &graph.Error{Op: "read", Reason: graph.ErrUnavailable} })
	h.Advance(5 * time.Hour)
	if r := h.Asked(); r.State != flows.ResetExpired || !r.Begun {
		t.Fatalf("it is %s, begun %v", r.State, r.Begun)
	}
	h.saysWhatWasDone("/reply")
	h.saysWhatWasDone("/card")
	if !h.Has("line/reset.line.half-way") {
		t.Error("the thread does not say so")
	}
}

// TestWhatWasSentBackHalfWay is asked anew, and then ended in each way.
func TestWhatWasSentBackHalfWay(t *testing.T) {
	for name, test := range map[string]struct {
		end   func(h *house)
		state flows.RequestState
	}{
		"denied":    {func(h *house) { h.Press(kim, "/card", "Deny", map[string]string{"reason": "no"}) }, flows.ResetDenied},
		"withdrawn": {func(h *house) { h.Press(ava, "/reply", "Stop this", nil) }, flows.ResetWithdrawn},
		"expired":   {func(h *house) { h.Advance(5 * time.Hour) }, flows.ResetExpired},
	} {
		t.Run(name, func(t *testing.T) {
			h := halfWay(t, func(h *house) { h.tenant.Managers["o-ava"] = "o-bea" })
			r := h.Asked()
			if r.State != flows.ResetAsked || !r.Begun || r.Round != 2 {
				t.Fatalf("it is %s in round %d, begun %v", r.State, r.Round, r.Begun)
			}
			if got := text(h.Post("/reply").Message); !strings.Contains(got, says(t, "reset.asked.body.begun")) {
				t.Errorf("asked anew, Ava reads %s", got)
			}
			test.end(h)
			if r := h.Asked(); r.State != test.state {
				t.Fatalf("it is %s", r.State)
			}
			for _, post := range []string{"/reply", "/card"} {
				if got := text(h.Post(post).Message); !strings.Contains(got, says(t, "reset.effect.done")) || strings.Contains(got, "Nothing was changed") {
					t.Errorf("%s says %s", post, got)
				}
			}
		})
	}
}

// TestWhatFailedIsNotCalledDone, once it is too late to try again.
func TestWhatFailedIsNotCalledDone(t *testing.T) {
	h := newHouse(t, both, func(h *house) {
		h.tenant.Fails = keepsDefault
	})
	h.askForBoth()
	h.confirm()
	h.approve(priya)
	h.Advance(5 * time.Hour)
	h.reads("/reply", says(t, "reset.told.half-done.title"), says(t, "reset.not-me"))
	got := text(h.Post("/reply").Message)
	for _, must := range []string{says(t, "reset.effect.done"), says(t, "reset.effect.failed")} {
		if !strings.Contains(got, must) {
			t.Errorf("Ava reads no %q: %s", must, got)
		}
	}
}

// TestWhatFailedIsTriedAgainLater than the proofs lasted: they were in time when
// it began.
func TestWhatFailedIsTriedAgainLater(t *testing.T) {
	h := newHouse(t, both, func(h *house) {
		h.tenant.Fails = func(graph.Change) error { return &graph.Error{Op: "delete method", Reason: graph.ErrUnavailable} }
	})
	h.askForBoth()
	h.confirm()
	h.approve(priya)
	h.tenant.Fails = nil
	h.Advance(2 * time.Hour)
	h.Press(kim, "/card", "Try again what failed", nil)
	if r := h.Asked(); r.State != flows.ResetWatched {
		t.Errorf("it is %s; Kim reads %s", r.State, text(h.last(kim)))
	}
}

// TestItWasNotMeHalfWay is believed as after the end: sessions end, and nobody
// reads that nothing was done.
func TestItWasNotMeHalfWay(t *testing.T) {
	h := halfWay(t, func(h *house) { h.tenant.LogDown = &graph.Error{Op: "read", Reason: graph.ErrUnavailable} })
	h.Apply = h.tenant.Apply
	h.Press(ava, "/reply", says(t, "reset.not-me"), nil)
	if got := kinds(h.tenant.Written); len(got) < 2 || slices.ContainsFunc(got[1:], func(k graph.ChangeKind) bool { return k != graph.RevokeSessions }) {
		t.Errorf("%v was done", got)
	}
	if got := text(h.Post("/card").Message); !strings.Contains(got, bot.PlainText(bot.Text{bot.Plain(says(t, "reset.state.frozen.begun"))})) {
		t.Errorf("the admins read %s", got)
	}
}
