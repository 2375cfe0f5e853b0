package flowstest_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"mfahelp/bot"
	"mfahelp/flows"
	"mfahelp/flows/reset"
	"mfahelp/graph"
)

// What the policy says of times, and what is on record of it; and what must not
// begin although it was approved.

// TestMailsSayTheSame as the chat, and lead to our own page alone: both to stop it,
// and the manager's to confirm it.
func TestMailsSayTheSame(t *testing.T) {
	h := newHouse(t, func(h *house) { h.mails = true })
	h.ask()
	mails := h.Mails()
	if len(mails) != 2 {
		t.Fatalf("got %d mails, want one to Ava and one to Mo", len(mails))
	}
	for _, m := range mails {
		for _, must := range []string{"Pixel 9", "We never ask for your password", says(t, "reset.mail.foot")} {
			if !strings.Contains(m.Text, must) {
				t.Errorf("%s lacks %q:\n%s", m.Subject, must, m.Text)
			}
		}
		links := strings.Count(m.Text, "https://")
		switch m.Subject {
		case says(t, "reset.told.asked.title"):
			if links != 1 || strings.Count(m.Text, "https://mfahelp.contoso.com/go/") != 1 || !strings.Contains(m.Text, "The button to stop it is at") {
				t.Errorf("Ava's does not lead to where she stops it alone:\n%s", m.Text)
			}
		case says(t, "reset.manager.title", "Ava of Contoso"):
			if links != 2 || strings.Count(m.Text, "https://mfahelp.contoso.com/go/") != 2 {
				t.Errorf("Mo's does not lead to our page alone:\n%s", m.Text)
			}
		default:
			t.Errorf("there is a mail %q", m.Subject)
		}
	}
}

// TestAnotherPolicyVoids what was asked by the one before, and is on record.
func TestAnotherPolicyVoids(t *testing.T) {
	h := proven(t)
	h.Press(priya, "/card", "Approve…", nil)
	link, digest, was := h.LinkIn("/link"), h.Asked().Digest(), h.policy.Version()
	h.policy.PassLife = 2 * time.Hour
	h.build()
	h.SignIn(priya, link, time.Minute, digest)
	h.refusedFor(priya, "policy")
	a, err := h.flow.Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if e := a.Audit[0]; e.Verb != "reset.policy" || e.Object != h.policy.Version() || e.Object == was {
		t.Errorf("on record is %s %s, want the policy %s, which is not %s", e.Verb, e.Object, h.policy.Version(), was)
	}
	if len(a.Requests) != 1 || a.Requests[0].State != flows.ResetChecking || len(a.Jobs) != 1 || a.Jobs[0].Verb != "reset.check" {
		t.Errorf("what was proven by the other is not looked at again: %+v, %+v", a.Requests, a.Jobs)
	}
	h = proven(t)
	if a, err = h.flow.Start(t.Context()); err != nil || len(a.Requests) > 0 || len(a.Audit) != 1 {
		t.Errorf("by the same policy, %d requests are looked at again: %v", len(a.Requests), err)
	}
}

// An end is a trail that ends in it.
type end string

func (e end) Head(context.Context) (int64, string, error) { return 42, string(e), nil }

// TestTheEndOfTheTrailIsShownDaily in the admins' channel.
func TestTheEndOfTheTrailIsShownDaily(t *testing.T) {
	h := newHouse(t, func(h *house) { h.trail = end("signed-by-the-key") })
	a, err := h.flow.Start(t.Context())
	if err != nil || len(a.Jobs) != 1 || a.Jobs[0].Verb != "reset.head" {
		t.Fatalf("it does not begin: %+v, %v", a.Jobs, err)
	}
	h.Resume("reset.head", "")
	first := h.Post("reset/head/" + h.Clock.Format(time.DateOnly))
	if got := text(first.Message); first.To.ID != channel.ID || !strings.Contains(got, "42") || !strings.Contains(got, "signed-by-the-key") {
		t.Errorf("in %s it says %s", first.To.ID, got)
	}
	h.Advance(25 * time.Hour)
	if !h.Has("reset/head/" + h.Clock.Format(time.DateOnly)) {
		t.Error("the next day there is none")
	}
}

// TestOutOfHours people hear until when nobody is there, and what to do.
func TestOutOfHours(t *testing.T) {
	desk := func(h *house) {
		h.policy.Hours = &reset.Hours{
			Days: []time.Weekday{time.Monday, time.Tuesday, time.Wednesday, time.Thursday, time.Friday},
			From: 8 * time.Hour, To: 18 * time.Hour, Zone: "UTC", Text: "Call the service desk.",
		}
	}
	for name, test := range map[string]struct {
		wait time.Duration
		says bool
	}{"by day": {0, false}, "on Friday evening": {10 * time.Hour, true}, "on Sunday": {49 * time.Hour, true}} {
		h := newHouse(t, desk)
		h.Advance(test.wait)
		h.ask()
		got := text(h.Post("/reply").Message)
		if strings.Contains(got, "Call the service desk.") != test.says || strings.Contains(got, "2026-11-23T08:00:00Z") != test.says {
			t.Errorf("%s: Ava reads %s", name, got)
		}
	}
}

// TestWhatDoesNotEndIsReminded of, also while it is carried out.
func TestWhatDoesNotEndIsReminded(t *testing.T) {
	h := proven(t)
	h.Apply = nil
	h.approve(priya)
	h.Advance(61 * time.Minute)
	if !h.Has("line/reset.line.remind.executing") {
		t.Error("nobody is reminded")
	}
}

// TestAPassThatNobodyFetches: it is too late then, and the admins hear loudly
// that only the password may be left.
func TestAPassThatNobodyFetches(t *testing.T) {
	h := proven(t)
	h.approve(priya)
	h.comesForPass(mo, "/manager/web")
	h.Press(mo, "/link", "Show it now", nil)
	reveal := revealed(h.Post("/pass").Message)
	h.Advance(5 * time.Hour)
	if r := h.Asked(); r.State != flows.ResetExpired || r.Why != "reset.why.unfetched" || !h.Has("line/reset.line.unfetched") {
		t.Errorf("it is %s, %s", r.State, r.Why)
	}
	h.reads("/reply", says(t, "reset.ended.unfetched.title"))
	if _, ok := h.Reveal(reveal, mo); ok {
		t.Error("the pass is made after all")
	}
}

// TestNothingBeginsWithoutLeave: what was approved waits, or is void, if
// something is another in front of its first change.
func TestNothingBeginsWithoutLeave(t *testing.T) {
	for name, test := range map[string]struct {
		change func(h *house)
		state  flows.RequestState
	}{
		"another manager": {func(h *house) { h.tenant.Managers["o-ava"] = "o-kim" }, flows.ResetAsked},
		"no manager":      {func(h *house) { delete(h.tenant.Managers, "o-ava") }, flows.ResetDenied},
		"all are stopped": {func(h *house) { h.Freeze() }, flows.ResetExecuting},
	} {
		t.Run(name, func(t *testing.T) {
			h := proven(t)
			h.Apply = nil
			h.approve(priya)
			test.change(h)
			h.Apply = h.tenant.Apply
			h.Advance(time.Minute)
			if r := h.Asked(); r.State != test.state {
				t.Errorf("it is %s, want %s", r.State, test.state)
			}
			h.untouched()
		})
	}
}

// TestWhoseHalfIsWhose: the subject's is for the subject, and for an admin who
// has them on the phone; never for who calls back, or who asked for a colleague.
func TestWhoseHalfIsWhose(t *testing.T) {
	reads := func(h *house) (who []string) {
		for _, p := range staff {
			if _, ok := h.flow.Reveal(t.Context(), bot.Reveal{Kind: "reset-subject-half", Subject: h.Asked().Key}, p); ok {
				who = append(who, p.ID)
			}
		}
		return who
	}
	h := newHouse(t)
	h.command(kim, channel, "reset ava@contoso.com")
	if got := reads(h); !slices.Equal(got, []string{"ava", "kim"}) {
		t.Errorf("for somebody on the phone, %q read it", got)
	}
	h = newHouse(t)
	h.command(bea, dm(bea), "reset ava@contoso.com")
	if got := reads(h); !slices.Equal(got, []string{"ava"}) {
		t.Errorf("asked by a colleague, %q read it", got)
	}
}

// TestTheDefaultIsChangedFirst, if the policy lets it, and all who decide read so.
func TestTheDefaultIsChangedFirst(t *testing.T) {
	for may, want := range map[bool]string{
		true:  "[default.change sms method.delete m-phone sessions.revoke ]",
		false: "[sessions.revoke  method.delete m-phone]", // not at first: Graph keeps it while there is the number
	} {
		h := newHouse(t, both, func(h *house) { h.policy.ChangeDefault = may })
		h.ask()
		h.Press(ava, "/reply", "This one", nil) // the app, which is the default
		r := h.Asked()
		var got []string
		for _, e := range r.Effects {
			got = append(got, string(e.Kind)+" "+e.Object)
		}
		if fmt.Sprint(got) != want {
			t.Errorf("may it: %v: planned is %v, want %s", may, got, want)
		}
		h.confirm()
		h.Press(priya, "/card", "Approve…", nil)
		shown, err := h.flow.Confirm(t.Context(), h.LinkIn("/link"), priya)
		if err != nil {
			t.Fatal(err)
		}
		for what, m := range map[string]bot.Message{"the card": h.Post("/card").Message, "our page": shown.Message, "Ava": h.Post("/reply").Message} {
			if strings.Contains(text(m), "becomes the default") != may || strings.Contains(text(m), "only when another is the default") == may {
				t.Errorf("may it: %v: %s says %s", may, what, text(m))
			}
		}
		h.approve(priya)
		if got := kinds(h.tenant.Written); (got[0] == graph.ChangeDefault) != may {
			t.Errorf("may it: %v: done is %v", may, got)
		}
	}
}

// keepsDefault is a Graph that keeps the phone, since it is the default.
func keepsDefault(c graph.Change) error {
	if c.Object == phone.ID {
		return &graph.Error{Op: "delete method", Reason: graph.ErrDefault, Status: 400}
	}
	return nil
}

// TestSessionsEndOnceMore after a method went that Graph kept at first: who has the
// phone may have signed in with it in between.
func TestSessionsEndOnceMore(t *testing.T) {
	h := newHouse(t, both)
	h.tenant.Fails = keepsDefault
	h.ask()
	h.Press(ava, "/reply", "This one", nil)
	h.confirm()
	h.approve(priya)
	if got := text(h.Post("/card").Message); !strings.Contains(got, "Default sign-in method, then try again") {
		t.Errorf("the admins do not read where to change the default: %s", got)
	}
	h.Advance(time.Minute)
	h.tenant.Fails = nil
	h.Press(kim, "/card", "Try again what failed", nil)
	want := []graph.ChangeKind{graph.RevokeSessions, graph.DeleteMethod, graph.DeleteMethod, graph.RevokeSessions}
	if got := kinds(h.tenant.Written); !slices.Equal(got, want) {
		t.Errorf("done is %v, want %v", got, want)
	}
	if r := h.Asked(); r.State != flows.ResetWatched {
		t.Errorf("it is %s", r.State)
	}
}
