package flowstest_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"mfahelp/bot"
	"mfahelp/flows"
	"mfahelp/flows/flowstest"
	"mfahelp/flows/reset"
	"mfahelp/graph"
)

// TestAskingFromAnAnswer goes from what help says to a request.
func TestAskingFromAnAnswer(t *testing.T) {
	number := graph.Method{ID: "m-number", Kind: graph.PhoneMethod, Phone: "mobile"}
	for _, test := range []struct {
		label string
		which string // what is picked of several, if that is asked
		goes  string
	}{
		{"My phone is gone", "This one", "m-phone"},
		{"My phone is gone", "All of these", "m-phone m-number"},
		{"I have a new phone", "", "m-phone"}, // with the old number
	} {
		t.Run(test.label, func(t *testing.T) {
			h := newHouse(t, func(h *house) {
				app := phone
				app.Default = false
				h.tenant.Ways["o-ava"] = []graph.Method{password, app, number}
			})
			h.Say(ava, dm(ava), "I cannot sign in")
			h.Press(ava, "/reply", test.label, nil)
			if test.which != "" {
				h.Press(ava, "/reply", test.which, nil)
			}
			r := h.Asked()
			var goes []string
			for _, e := range r.Effects {
				if e.Kind == graph.DeleteMethod {
					goes = append(goes, e.Object)
				}
			}
			if r.State != flows.ResetAsked || strings.Join(goes, " ") != test.goes {
				t.Errorf("it is %s, and %v goes: %s", r.State, goes, text(h.Post("/reply").Message))
			}
			if h.Only().State != flows.WithAdmins || h.Post("/admins").Message.Title == says(t, "reset.root.title") {
				t.Errorf("the admins read %s", text(h.Post("/admins").Message))
			}
			h.untouched()
		})
	}
}

// TestAskingFromTheThread is what an admin does with a case.
func TestAskingFromTheThread(t *testing.T) {
	for _, test := range []struct {
		name   string
		who    bot.Person
		fields map[string]string
		state  flows.RequestState // "" for no request
		no     string
	}{
		{"the least", priya, map[string]string{"want": "gone"}, flows.ResetAsked, ""},
		{"all, with no reason", priya, map[string]string{"want": "all"}, flows.ResetDenied, ""},
		{"all, with a reason", priya, map[string]string{"want": "all", "reason": "stolen bag"}, flows.ResetAsked, ""},
		{"something else", priya, map[string]string{"want": "password"}, "", "want"},
		{"no admin", bea, map[string]string{"want": "gone"}, "", "not-admin"},
		{"their own account", ava, map[string]string{"want": "gone"}, "", "own-account"},
	} {
		t.Run(test.name, func(t *testing.T) {
			h := newHouse(t, func(h *house) { h.tenant.Ways["o-ava"] = append(h.tenant.Ways["o-ava"], key) })
			h.Say(ava, dm(ava), "I cannot sign in")
			h.Press(ava, "/reply", "Something else", nil)
			h.Helpers["o-ava"] = test.who.ID == "ava"
			h.Press(test.who, "/admins", "Plan a reset", test.fields)
			if test.state == "" {
				h.refusedFor(test.who, test.no)
				return
			}
			if r := h.Asked(); r.State != test.state || r.As != flows.AsAdmin {
				t.Errorf("it is %s as %s because of %s", r.State, r.As, r.Why)
			}
			h.untouched()
		})
	}
}

// TestLimitsInOneInstant has people ask, or guess, at once: each is answered as if
// they were the first, and the limit holds.
func TestLimitsInOneInstant(t *testing.T) {
	asks := func(who bot.Person, upn string) bot.Event {
		return bot.Event{From: who, In: dm(who), Did: bot.Commanded{Name: "mfa-help", Text: "reset " + upn}}
	}
	for name, test := range map[string]struct {
		limit  func(*reset.Policy)
		events []bot.Event
		loser  bot.Person
		why    string
	}{
		"one person": {
			func(p *reset.Policy) { p.PerRequester = 1 },
			[]bot.Event{asks(bea, "ava@contoso.com"), asks(bea, "sam@contoso.com")}, bea, "too-many",
		},
		"one person, for nobody": {
			func(p *reset.Policy) { p.PerRequester = 1 },
			[]bot.Event{asks(bea, "nobody@contoso.com"), asks(bea, "nobody.else@contoso.com")}, bea, "too-many",
		},
		"all people": {
			func(p *reset.Policy) { p.PerHour = 1 },
			[]bot.Event{asks(bea, "ava@contoso.com"), asks(sam, "priya@contoso.com")}, sam, "too-many-all",
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t, func(h *house) { test.limit(&h.policy) })
			h.AtOnce(test.events...)
			h.refusedFor(test.loser, test.why)
		})
	}
	t.Run("one person, for who is asked for already", func(t *testing.T) {
		h := newHouse(t, func(h *house) { h.policy.PerRequester = 1 })
		h.ask()
		h.AtOnce(asks(bea, "ava@contoso.com"), asks(bea, "ava@contoso.com"))
		h.refusedFor(bea, "too-many")
	})
	t.Run("guesses", func(t *testing.T) {
		h := newHouse(t)
		h.command(sam, channel, "reset ava@contoso.com")
		h.Press(priya, "/card", "I call back", nil)
		half, _ := h.flow.Reveal(context.Background(), bot.Reveal{Kind: "reset-subject-half", Subject: h.Asked().Key}, sam)
		var events []bot.Event
		for _, guess := range []string{"WRONG2", "WRONG3", "WRONG4", half} {
			events = append(events, h.Pressing(priya, "/call", "What they read to me", map[string]string{"half": guess}))
		}
		h.AtOnce(events...)
		h.refusedFor(priya, "guessed")
	})
	t.Run("guesses of the code to pick a pass up", func(t *testing.T) {
		h := proven(t)
		h.approve(priya)
		h.comesForPass(mo, "/manager/web")
		h.Press(mo, "/link", says(t, "reset.pick-up"), nil)
		code, _ := h.flow.Reveal(t.Context(), bot.Reveal{Kind: "reset-pick-up", Subject: h.Asked().Key}, mo)
		var events []bot.Event
		for _, guess := range []string{"WRONG2", "WRONG3", "WRONG4", code} {
			events = append(events, h.Pressing(ava, "/pick-up/web", "Enter the code", map[string]string{"code": guess}))
		}
		h.AtOnce(events...)
		if got := h.last(ava); got.Title != says(t, "reset.no.wrong-codes.title") || revealed(got).Kind != "" {
			t.Errorf("Ava reads %s", text(got))
		}
	})
}

// TestNoCodeIsPassedOn writes each half into the chat, in both directions.
func TestNoCodeIsPassedOn(t *testing.T) {
	h := newHouse(t, func(h *house) { h.policy.Proofs[flows.AsSubject] = []string{reset.ByCallBack} })
	h.ask()
	r := h.Asked()
	half := func(kind string, who bot.Person) string {
		code, ok := h.flow.Reveal(context.Background(), bot.Reveal{Kind: kind, Subject: r.Key}, who)
		if !ok {
			t.Fatalf("%s is not shown %s", who.ID, kind)
		}
		return code
	}
	theirs, ours := half("reset-subject-half", ava), half("reset-admin-half", priya)
	thread := channel
	thread.Thread = h.Post("/admins").Key
	passed := func(in, code string) bool {
		for _, p := range h.Posts {
			if p.To.ID == in && strings.Contains(strings.ToUpper(strings.ReplaceAll(text(p.Message), " ", "")), code) {
				return true
			}
		}
		return false
	}
	h.Say(ava, dm(ava), "they want "+strings.ToLower(theirs[:3])+" "+theirs[3:]+" from me")
	if passed("admins", theirs) || h.last(ava).Title != says(t, "help.spoken.title") {
		t.Errorf("her half went to the admins; she reads %q", h.last(ava).Title)
	}
	spelled := strings.Join(strings.Split(theirs, ""), " - ")
	h.Say(ava, dm(ava), "they want "+spelled)
	if passed("admins", spelled) || h.last(ava).Title != says(t, "help.spoken.title") {
		t.Errorf("her half, spelled, went to the admins; she reads %q", h.last(ava).Title)
	}
	h.Say(priya, thread, "your code is "+ours)
	h.Press(priya, "/admins", "Reply", map[string]string{"text": "your code is " + ours})
	if passed(dm(ava).ID, ours) || h.last(priya).Title != says(t, "escalate.refused.spoken.title") {
		t.Errorf("our half went to the employee; Priya reads %q", h.last(priya).Title)
	}
	h.Say(ava, dm(ava), "I am in the airport")
	if !h.Has("/said/") {
		t.Error("nothing is passed on any more")
	}
}

// TestTheOtherFactor is the one proof that the subject gives.
func TestTheOtherFactor(t *testing.T) {
	h := newHouse(t, otherFactor)
	h.ask()
	h.Press(ava, "/reply", "Prove it with another method", nil)
	link := h.LinkIn("/link")
	h.SignIn(mo, link, time.Minute, h.Asked().Digest())
	if r := h.Asked(); len(r.Proofs) > 0 {
		t.Fatal("somebody else proves it")
	}
	h.Agree(h.flow, ava, link, time.Minute)
	if r := h.Asked(); r.State != flows.ResetAsked || len(r.Proofs) != 1 || r.Proofs[0].Kind != flows.OtherFactor {
		t.Fatalf("it is %s by %v; she reads %s", r.State, r.Proofs, text(h.last(ava)))
	}
	if r := h.confirm(); r.State != flows.ResetProven {
		t.Errorf("with the manager's word it is %s", r.State)
	}
}

// TestWhoHasAPartStopsIt, and strangers end nothing.
func TestWhoHasAPartStopsIt(t *testing.T) {
	h := proven(t)
	stop := ""
	for _, a := range h.Post("/manager/web").Message.Actions {
		if c, ok := a.(bot.Choose); ok && c.Verb == "reset.stop" {
			stop = c.Key
		}
	}
	h.Do(bea, dm(mo), bot.Pressed{Key: stop})
	h.Press(bea, "/card", "Deny", map[string]string{"reason": "no"})
	h.refusedFor(bea, "not-entitled")
	h.Press(kim, "/card", "Deny", map[string]string{"reason": " "})
	h.refusedFor(kim, "no-reason")
	if r := h.Asked(); r.State != flows.ResetProven {
		t.Fatalf("a stranger made it %s", r.State)
	}
	for name, end := range map[string]struct {
		press func(h *house)
		state flows.RequestState
	}{
		"the subject":   {func(h *house) { h.Press(ava, "/reply", "Stop this", nil) }, flows.ResetWithdrawn},
		"the manager":   {func(h *house) { h.Press(mo, "/manager/web", "Stop this", nil) }, flows.ResetWithdrawn},
		"any admin":     {func(h *house) { h.Press(kim, "/card", "Deny", map[string]string{"reason": "not him"}) }, flows.ResetDenied},
		"even approved": {func(h *house) { h.Press(sam, "/card", "Deny", map[string]string{"reason": "wait"}) }, flows.ResetDenied},
	} {
		h := proven(t)
		h.Press(priya, "/card", "Approve…", nil)
		link, digest := h.LinkIn("/link"), h.Asked().Digest()
		end.press(h)
		h.SignIn(priya, link, time.Minute, digest)
		if r := h.Asked(); r.State != end.state {
			t.Errorf("%s: it is %s, want %s", name, r.State, end.state)
		}
		h.untouched()
	}
}

// TestItWasNotMe at each moment: what is left is not done, sessions end, the pass
// is taken back, and nobody asks for them again so soon.
func TestItWasNotMe(t *testing.T) {
	h := proven(t)
	h.approve(priya)
	h.pass()
	h.Press(ava, "/reply", "This was not me", nil)
	r := h.Asked()
	if r.State != flows.ResetFrozen || !r.Alarm || !h.Only().Alarm {
		t.Fatalf("it is %s, alarm %v", r.State, r.Alarm)
	}
	got := kinds(h.tenant.Written)
	if n := len(got); n != 5 || got[3] != graph.RevokeSessions || got[4] != graph.DeletePass {
		t.Errorf("got %v, want sessions ended and the pass deleted", got)
	}
	for _, m := range h.tenant.Ways["o-ava"] {
		if m.Kind == graph.Pass {
			t.Error("the pass is still there")
		}
	}
	h.Advance(25 * time.Hour)
	h.command(bea, dm(bea), "reset ava@contoso.com")
	if r := h.Asked(); r.State != flows.ResetFrozen {
		t.Errorf("a day later it is %s", r.State)
	}
}

// TestAPassIsForWhoVouched, freshly signed in, or for the subject with the code.
func TestAPassIsForWhoVouched(t *testing.T) {
	executed := func() *house {
		h := proven(t)
		h.approve(priya)
		return h
	}
	h := executed()
	show := bot.Reveal{Kind: flows.RevealPass, Subject: h.Asked().Effects[2].Key}
	if secret, ok := h.Reveal(show, ava); ok { // nobody has pressed anything yet
		t.Fatalf("Ava has the pass %q", secret)
	}
	if r := h.Asked(); r.State != flows.ResetExecuted {
		t.Fatalf("it is %s", r.State)
	}

	h = executed() // a chat session stolen from Mo, who has just signed in to vouch
	h.Press(mo, "/manager/web", "Show the pass…", nil)
	if h.Has("/show") {
		t.Error("the sign-in by which Mo vouched lets the pass be shown")
	}
	if secret, ok := h.Reveal(show, mo); ok {
		t.Fatalf("Mo has it by that sign-in: %q", secret)
	}
	h = executed() // an old sign-in for it
	h.comesForPass(mo, "/manager/web")
	h.Advance(16 * time.Minute)
	if secret, ok := h.Reveal(show, mo); ok {
		t.Fatalf("Mo has it by an old sign-in: %q", secret)
	}
	h = executed()
	h.Press(mo, "/manager/web", "Show the pass…", nil)
	link := h.LinkIn("/link")
	h.SignIn(priya, link, time.Minute, h.Asked().Digest())
	h.Agree(h.flow, mo, link, time.Minute)
	h.Press(mo, "/link", "Show it now", nil)
	if _, ok := h.Reveal(revealed(h.Post("/pass").Message), mo); !ok {
		t.Errorf("signed in again, Mo does not have it: %s", text(h.last(mo)))
	}

	h = executed() // to the subject, by the code
	h.comesForPass(mo, "/manager/web")
	h.Press(mo, "/link", says(t, "reset.pick-up"), nil)
	code, ok := h.flow.Reveal(context.Background(), bot.Reveal{Kind: "reset-pick-up", Subject: h.Asked().Key}, mo)
	if !ok {
		t.Fatalf("Mo is not shown the code: %s", text(h.last(mo)))
	}
	if _, ok := h.flow.Reveal(context.Background(), bot.Reveal{Kind: "reset-pick-up", Subject: h.Asked().Key}, ava); ok {
		t.Error("Ava is shown the code that she is to be told")
	}
	now := h.Clock
	h.Clock = now.Add(16 * time.Minute)
	if _, ok := h.flow.Reveal(context.Background(), bot.Reveal{Kind: "reset-pick-up", Subject: h.Asked().Key}, mo); ok {
		t.Error("Mo is shown it long after the sign-in")
	}
	h.Clock = now
	h.Press(ava, "/pick-up/web", "Enter the code", map[string]string{"code": "WRONG2"})
	if got := h.last(ava); got.Title != says(t, "reset.no.wrong-code.title") || revealed(got).Kind != "" {
		t.Fatalf("by a wrong code Ava reads %s", text(got))
	}
	h.Press(ava, "/pick-up/web", "Enter the code", map[string]string{"code": code})
	secret, ok := h.Reveal(revealed(h.last(ava)), ava)
	if !ok || !strings.HasPrefix(secret, flowstest.Canary) {
		t.Errorf("Ava does not have it: %s", text(h.last(ava)))
	}
}

// TestWhatFailsIsShownAndTriedAgain lets Graph refuse one of two deletions.
func TestWhatFailsIsShownAndTriedAgain(t *testing.T) {
	h := newHouse(t, func(h *house) {
		h.tenant.Ways["o-ava"] = []graph.Method{password, phone, {ID: "m-number", Kind: graph.PhoneMethod, Phone: "mobile"}}
		h.tenant.Fails = keepsDefault
	})
	h.ask()
	h.Press(ava, "/reply", "All of these", nil)
	h.confirm()
	r := h.approve(priya)
	card := h.Post("/card").Message
	if r.State != flows.ResetExecuted || !strings.Contains(text(card), says(t, "reset.effect.failed")) || !strings.Contains(text(card), says(t, "reset.effect.done")) {
		t.Fatalf("it is %s, and the card says %s", r.State, text(card))
	}
	h.tenant.Fails = nil
	n := len(h.tenant.Written)
	h.Press(bea, "/card", "Try again what failed", nil)
	if len(h.tenant.Written) != n {
		t.Fatal("somebody who is no admin tried again")
	}
	h.Press(kim, "/card", "Try again what failed", nil)
	if got := h.tenant.Written[n:]; len(got) != 1 || got[0].Object != phone.ID {
		t.Errorf("tried again: %v, want only what failed", got)
	}
	if got := text(h.Post("/card").Message); strings.Contains(got, says(t, "reset.effect.failed")) {
		t.Errorf("the card still says %s", got)
	}
}

// TestAPassOfUnknownFateIsMadeAnew deletes it first.
func TestAPassOfUnknownFateIsMadeAnew(t *testing.T) {
	h := proven(t)
	h.approve(priya)
	h.tenant.Fails = func(c graph.Change) error {
		if c.Kind != graph.CreatePass {
			return nil
		}
		h.tenant.Ways[c.User] = append(h.tenant.Ways[c.User], graph.Method{ID: "m-lost", Kind: graph.Pass})
		return graph.ErrUnknownFate
	}
	if secret, ok := h.pass(); ok {
		t.Fatalf("got %q", secret)
	}
	h.tenant.Fails = nil
	if got := h.tenant.Written[len(h.tenant.Written)-1]; got.Kind != graph.DeletePass || got.Object != "m-lost" {
		t.Fatalf("the last thing done is %v, want the lost pass deleted", got)
	}
	if _, ok := h.pass(); !ok {
		t.Errorf("no other is made: %s", text(h.last(mo)))
	}
}

// TestAPassWaitsForTheLog: whoever presses while the tenant's requests are spent
// reads when to press again, and has the pass then.
func TestAPassWaitsForTheLog(t *testing.T) {
	h := proven(t)
	h.approve(priya)
	h.comesForPass(mo, "/manager/web")
	h.tenant.LogDown = &graph.Later{At: h.Clock.Add(7 * time.Second), Why: graph.Budget}
	h.Press(mo, "/link", "Show it now", nil)
	got := h.last(mo)
	if got.Title != says(t, "reset.no.number-later.title") || !strings.Contains(text(got), h.Clock.Add(7*time.Second).Format(time.RFC3339)) || revealed(got).Kind != "" {
		t.Fatalf("Mo reads %s", text(got))
	}
	h.tenant.LogDown = nil
	h.Advance(7 * time.Second)
	h.Press(mo, "/link", "Show it now", nil)
	if secret, ok := h.Reveal(revealed(h.last(mo)), mo); !ok || !strings.HasPrefix(secret, flowstest.Canary) {
		t.Errorf("then Mo reads %s", text(h.last(mo)))
	}
}

// TestBothLogsAreReadAnew: what was read for a plan is not taken for its changes.
func TestBothLogsAreReadAnew(t *testing.T) {
	h := proven(t)
	asked := h.tenant.After[len(h.tenant.After)-1]
	h.Advance(time.Minute)
	approved := h.Clock
	h.approve(priya)
	if got := h.tenant.After[len(h.tenant.After)-1]; asked.IsZero() || !asked.Before(approved) || got.Before(approved) {
		t.Errorf("for the plan they were read since %v, and after the approval of %v since %v", asked, approved, got)
	}
}
