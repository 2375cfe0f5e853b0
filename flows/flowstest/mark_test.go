package flowstest_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"mfahelp/bot"
	"mfahelp/flows"
	"mfahelp/flows/flowstest"
)

// whispered is what only who hears, right after an event, or "".
func whispered(w *flowstest.World, who bot.Person, was int) string {
	w.T.Helper()
	for _, p := range w.Posts[was:] {
		if p.To.Reader == who.ID && p.To.Audience == bot.Ephemeral && p.To.ID == channel.ID {
			if p.To.Thread != "" {
				w.T.Fatalf("%s is told in a thread, which they may not have open", who.Name)
			}
			return text(p.Message)
		}
	}
	return ""
}

// TestMarks: a sign on a message in the thread of a case does what a button of
// its card does, with the same rights, and the same is on record.
func TestMarks(t *testing.T) {
	w, thread := escalated(t, blocked)
	for _, step := range []struct {
		name  string
		who   bot.Person
		as    bot.Mark
		state flows.State
		owner string
		says  string // to who did it
	}{
		{"an employee takes nothing", ava, bot.Taken, flows.WithAdmins, "", ""},
		{"nor settles anything", ava, bot.Done, flows.WithAdmins, "", ""},
		{"an admin claims", priya, bot.Taken, flows.WithAdmins, "priya", ""},
		{"another is told whose it is", sam, bot.Taken, flows.WithAdmins, "priya", "Priya already has this case"},
		{"its owner too", priya, bot.Taken, flows.WithAdmins, "priya", "You already have this case"},
		{"an employee settles nothing then either", ava, bot.Done, flows.WithAdmins, "priya", ""},
		{"any admin settles", sam, bot.Done, flows.Settled, "priya", ""},
		{"once", priya, bot.Done, flows.Settled, "priya", "Nothing to resolve"},
		{"and what is settled is not taken", sam, bot.Taken, flows.Settled, "priya", "This case is settled"},
	} {
		before, audited := len(w.Posts), len(w.Audit)
		w.Do(step.who, thread, bot.Marked{As: step.as})
		c := w.Only()
		if c.State != step.state || c.Owner.ID != step.owner {
			t.Errorf("%s: the case is %s, with %q", step.name, c.State, c.Owner.ID)
		}
		if got := whispered(w, step.who, before); (got == "") != (step.says == "") || !strings.Contains(got, step.says) {
			t.Errorf("%s: they are told %q", step.name, got)
		}
		if nothing := step.says != "" || step.who.ID == ava.ID; nothing != (len(w.Audit) == audited) {
			t.Errorf("%s: on record is %+v", step.name, w.Audit[audited:])
		}
		if step.who.ID == ava.ID && len(w.Posts) != before {
			t.Errorf("%s: somebody is told %+v", step.name, w.Posts[before:])
		}
	}
	verbs := func(e flows.Entry) string { return e.Verb }
	var all []string
	for _, e := range w.Audit {
		all = append(all, verbs(e))
	}
	if !slices.Contains(all, "escalate.claimed") || !slices.Contains(all, "escalate.resolved") {
		t.Errorf("on record is %q", all)
	}
	if got := w.Only().Outcome; got != "escalate.outcome.fixed" {
		t.Errorf("it ended as %s", got)
	}
	if got := heard(w, ava); !strings.Contains(got, "Your case is closed") {
		t.Errorf("the employee reads\n%s", got)
	}
}

// TestAMarkIsNoOutcomeOfAnAlarm: how a security matter ended is not for a sign to
// say. Who puts one is asked, and only their answer ends it.
func TestAMarkIsNoOutcomeOfAnAlarm(t *testing.T) {
	w, thread := escalated(t, fraud)
	w.Do(priya, thread, bot.Marked{As: bot.Done})
	if c := w.Only(); c.State != flows.WithAdmins || c.Owner.ID != "" {
		t.Fatalf("the case is %s, with %q", c.State, c.Owner.ID)
	}
	key := fmt.Sprintf("whisper/web/priya/e%d", 2)
	if got := w.Post(key); !strings.Contains(text(got.Message), "How did it end?") {
		t.Fatalf("they are told\n%s", text(got.Message))
	}
	w.Press(priya, key, "Resolve", map[string]string{"outcome": "attack"})
	if c := w.Only(); c.State != flows.Settled || c.Outcome != "escalate.outcome.attack" {
		t.Errorf("the case is %s: %s", c.State, c.Outcome)
	}
}

// TestAMarkIsNoApproval: while a reset waits for a yes in the thread, a check
// mark neither gives it nor takes the case away from under it.
func TestAMarkIsNoApproval(t *testing.T) {
	h := newHouse(t)
	asked := h.ask()
	thread := channel
	thread.Thread = "case/" + asked.Case + "/admins"
	h.Do(priya, thread, bot.Marked{As: bot.Done})
	if c, err := h.Case(t.Context(), asked.Case); err != nil || c.State != flows.WithAdmins {
		t.Errorf("the case is %s, %v", c.State, err)
	}
	if r := h.Asked(); r.State != asked.State || len(r.Decisions) != 0 {
		t.Errorf("the request is %s, with %+v", r.State, r.Decisions)
	}
	if got := text(h.Posts[len(h.Posts)-1].Message); !strings.Contains(got, "A reset waits in this thread") {
		t.Errorf("they are told\n%s", got)
	}
	h.Do(priya, thread, bot.Marked{As: bot.Taken})
	if c, err := h.Case(t.Context(), asked.Case); err != nil || c.Owner.ID != priya.ID {
		t.Errorf("it is with %q, %v", c.Owner.ID, err)
	}
}

// TestMarksElsewhere: a sign where there is no case means nothing.
func TestMarksElsewhere(t *testing.T) {
	w, thread := escalated(t, blocked)
	thread.Thread = "1700000000.000100"
	before := len(w.Posts)
	w.Do(priya, thread, bot.Marked{As: bot.Done})
	if len(w.Posts) != before || w.Only().State != flows.WithAdmins {
		t.Errorf("somebody is told %+v", w.Posts[before:])
	}
}
