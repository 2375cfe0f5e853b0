package flowstest_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"mfahelp/bot"
	"mfahelp/flows"
	"mfahelp/flows/flowstest"
	"mfahelp/flows/reset"
	"mfahelp/graph"
)

// What the subject and the manager have in hand must follow each step: a card
// that says less than is true makes people ask again, and a button that leads
// nowhere makes them press it.

// reads checks what a post says and which buttons it has.
func (h *house) reads(post, title string, labels ...string) {
	h.t.Helper()
	m := h.Post(post).Message
	if m.Title != title {
		h.t.Errorf("%s says %q, want %q", post, m.Title, title)
	}
	if got, want := fmt.Sprintf("%q", flowstest.Labels(m)), fmt.Sprintf("%q", labels); got != want {
		h.t.Errorf("%s has the buttons %s, want %s", post, got, want)
	}
}

// TestTheSubjectsCardFollows each step, where they asked.
func TestTheSubjectsCardFollows(t *testing.T) {
	h := newHouse(t)
	h.ask()
	stop, notMe := says(t, "reset.stop"), says(t, "reset.not-me")
	h.reads("/reply", says(t, "reset.asked.title"), stop)
	h.confirm()
	h.reads("/reply", says(t, "reset.stands.proven.title"), stop)
	if got := text(h.Post("/reply").Message); !strings.Contains(got, "Mo of Contoso") {
		t.Errorf("it does not say who confirmed it: %s", got)
	}
	h.Apply = nil // nothing is carried out yet
	h.approve(priya)
	h.reads("/reply", says(t, "reset.stands.executing.title"), notMe)
	if got := text(h.Post("/reply").Message); !strings.Contains(got, "Priya of Contoso") || !strings.Contains(got, "being removed") {
		t.Errorf("it does not say who approved it, or what is done: %s", got)
	}
	h.Apply = h.tenant.Apply
	h.Advance(time.Second)
	h.reads("/reply", says(t, "reset.stands.pass.title"), notMe)
	if got := text(h.Post("/reply").Message); !strings.Contains(got, "Mo of Contoso") || !strings.Contains(got, "Call them") {
		t.Errorf("it does not say who has the pass: %s", got)
	}
	h.pass()
	h.reads("/reply", says(t, "reset.told.done.title"), notMe)
	h.Press(ava, "/reply", notMe, nil)
	h.reads("/reply", says(t, "reset.raised.title"))
}

// TestTheSubjectIsKeptUpToDate of what somebody else asked for them, too.
func TestTheSubjectIsKeptUpToDate(t *testing.T) {
	h := newHouse(t)
	h.command(bea, dm(bea), "reset ava@contoso.com")
	h.reads("/subject/web", says(t, "reset.told.asked.title"), says(t, "reset.stop"))
	h.confirm()
	h.reads("/subject/web", says(t, "reset.stands.proven.title"), says(t, "reset.stop"))
	h.approve(priya)
	h.reads("/subject/web", says(t, "reset.stands.pass.title"), says(t, "reset.not-me"))
	h.pass()
	h.reads("/subject/web", says(t, "reset.told.done.title"), says(t, "reset.not-me"))
	h.reads("/reply", says(t, "reset.sent-on.title")) // Bea is told nothing
}

// TestTheManagersCardFollows each step, and each end.
func TestTheManagersCardFollows(t *testing.T) {
	deny := func(h *house) { h.Press(sam, "/card", "Deny", map[string]string{"reason": "no"}) }
	for name, end := range map[string]struct {
		do  func(h *house)
		say string
	}{
		"denied":    {deny, "denied"},
		"withdrawn": {func(h *house) { h.Press(ava, "/reply", "Stop this", nil) }, "withdrawn"},
		"expired":   {func(h *house) { h.Advance(5 * time.Hour) }, "expired"},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			h.ask()
			title := says(t, "reset.manager.title", "Ava of Contoso")
			h.reads("/manager/web", title, says(t, "reset.manager.open"), says(t, "reset.stop"))
			end.do(h)
			h.reads("/manager/web", title)
			h.saysToManager(end.say)

			h = proven(t)
			h.reads("/manager/web", title, says(t, "reset.stop"))
			h.saysToManager("proven")
			end.do(h)
			h.reads("/manager/web", title)
			h.saysToManager(end.say)
		})
	}
	h := proven(t)
	h.Apply = nil
	h.approve(priya)
	h.saysToManager("executing")
	h.Apply = h.tenant.Apply
	h.Advance(time.Second)
	h.reads("/manager/web", says(t, "reset.ready.title", "Ava of Contoso"), says(t, "reset.show"))
	h.Advance(5 * time.Hour) // nobody fetched it
	h.reads("/manager/web", says(t, "reset.manager.title", "Ava of Contoso"))
	h.saysToManager("unfetched")
}

func (h *house) saysToManager(what string) {
	h.t.Helper()
	said, _ := h.Post("/manager/web").Message.Body[0].(bot.Text)
	if got, want := bot.PlainText(said), says(h.t, "reset.manager.over."+what, "Ava of Contoso"); got != want {
		h.t.Errorf("the manager reads %s, want %s", got, want)
	}
}

// TestSentBackIsSaid: that all is void, and that they are asked again.
func TestSentBackIsSaid(t *testing.T) {
	h := proven(t)
	h.tenant.Ways["o-ava"] = append(h.tenant.Ways["o-ava"], key)
	h.tenant.LogDown = &graph.Error{Op: "read", Reason: graph.ErrUnavailable}
	h.approve(priya)
	h.saysToManager("checking")
	h.reads("/manager/web", says(t, "reset.manager.title", "Ava of Contoso"), says(t, "reset.stop"))
	h.tenant.LogDown = nil
	h.Advance(15 * time.Minute)
	h.reads("/manager/web", says(t, "reset.manager.title", "Ava of Contoso"), says(t, "reset.manager.open"), says(t, "reset.stop"))
	h.reads("/reply", says(t, "reset.asked.title"), says(t, "reset.stop"))
}

// TestThePassLeavesTheThread once it was shown, or cannot be any more.
func TestThePassLeavesTheThread(t *testing.T) {
	for name, end := range map[string]func(h *house){
		"shown": func(h *house) {
			h.comesForPass(priya, "/pass")
			h.Press(priya, "/link", "Show it now", nil)
			if _, ok := h.Reveal(revealed(h.last(priya)), priya); !ok {
				t.Fatalf("no pass; she reads %s", text(h.last(priya)))
			}
		},
		"unfetched": func(h *house) { h.Advance(5 * time.Hour) },
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			h.command(kim, channel, "reset ava@contoso.com")
			h.callBack(priya)
			h.reads("/manager/web", says(t, "reset.manager.title", "Ava of Contoso"), says(t, "reset.stop"))
			h.approve(sam)
			thread := h.Asked().Key + "/pass"
			h.reads(thread, says(t, "reset.ready.title", "Ava of Contoso"), says(t, "reset.show"))
			end(h)
			if got := flowstest.Labels(h.Post(thread).Message); len(got) > 0 {
				t.Errorf("the thread still has %q", got)
			}
		})
	}
}

// TestWhatIsFrozenFollowsToo: who proves something of a frozen request sees what
// they would see of any other, and only the admins know.
func TestWhatIsFrozenFollowsToo(t *testing.T) {
	alone := func(h *house) { h.policy.Proofs[flows.AsSubject] = []string{flows.OtherFactor, reset.ByManager} }
	hear := func(change ...func(*house)) (heard string) {
		h := newHouse(t, append(change, alone)...)
		h.ask()
		h.Press(ava, "/reply", "Prove it with another method", nil)
		link := h.LinkIn("/link")
		h.Agree(h.flow, ava, link, time.Minute)
		heard = text(h.Post("/reply").Message)
		if !strings.Contains(heard, says(t, "reset.stands.by.other-factor")) {
			t.Errorf("it does not say that she proved it: %s", heard)
		}
		h.Advance(61 * time.Minute) // it runs out
		h.Press(ava, "/reply", "Prove it with another method", nil)
		h.Agree(h.flow, ava, h.LinkIn("/link"), time.Minute)
		h.Press(ava, "/reply", "Stop this", nil)
		for _, p := range h.Posts {
			if p.To.Reader == "ava" {
				heard += fmt.Sprintln(p.Times, text(p.Message), flowstest.Labels(p.Message))
			}
		}
		h.untouched()
		return regexp.MustCompile(`token-\d+`).ReplaceAllString(heard, "token")
	}
	want := hear()
	if got := hear(func(h *house) { h.tenant.Risks["o-ava"] = graph.Risk{Level: "high", State: "atRisk"} }); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// TestAColleagueSeesNoCase of somebody else's: neither before nor after it is
// settled, and none for an account that nobody has.
func TestAColleagueSeesNoCase(t *testing.T) {
	ask := func(upn string) *house {
		h := newHouse(t)
		h.command(bea, dm(bea), "reset "+upn)
		return h
	}
	status := func(h *house) string {
		h.command(bea, dm(bea), "status")
		return text(h.last(bea))
	}
	h := ask("ava@contoso.com")
	before := status(h)
	h.confirm()
	h.approve(priya)
	h.pass()
	h.Advance(10 * time.Minute)
	h.tenant.Ways["o-ava"] = append(h.tenant.Ways["o-ava"], graph.Method{ID: "m-new", Kind: graph.Authenticator})
	h.tenant.SignIns = []graph.SignIn{strongly(h.Clock, "BE")}
	h.Advance(time.Hour)
	if c := h.Only(); c.State != flows.Settled {
		t.Fatalf("the case is %s", c.State)
	}
	want := status(newHouse(t))
	for when, got := range map[string]string{"before": before, "after": status(h), "of nobody": status(ask("nobody@contoso.com"))} {
		if got != want {
			t.Errorf("%s, Bea reads\n%s\nwant\n%s", when, got, want)
		}
	}
}

// TestTheThreadSaysWhoSettledIt: the watch, and not the employee.
func TestTheThreadSaysWhoSettledIt(t *testing.T) {
	h := proven(t)
	h.approve(priya)
	h.pass()
	h.Advance(10 * time.Minute)
	h.tenant.Ways["o-ava"] = append(h.tenant.Ways["o-ava"], graph.Method{ID: "m-new", Kind: graph.Authenticator})
	h.tenant.SignIns = []graph.SignIn{strongly(h.Clock, "BE")}
	h.Advance(time.Hour)
	said := ""
	for _, p := range h.Posts {
		if p.To.ID == channel.ID && strings.Contains(p.Key, "/settled/") {
			said = p.Message.Title
		}
	}
	if want := says(t, "reset.outcome.settled.note"); said != want {
		t.Errorf("the thread says %q, want %q", said, want)
	}
}

// TestALinkThatWasUsedIsGone: what leads to our page is replaced by what came of
// it, whoever's it was.
func TestALinkThatWasUsedIsGone(t *testing.T) {
	h := proven(t)
	h.Press(priya, "/card", "Approve…", nil)
	h.reads("/link", says(t, "reset.link.approve.title", "Ava of Contoso"), says(t, "reset.link.open"))
	link := h.LinkIn("/link")
	h.Agree(h.flow, priya, link, time.Minute)
	h.reads("/link", says(t, "reset.approved.title"))
	h.SignIn(priya, link, time.Minute, h.Asked().Digest())
	h.reads("/link", says(t, "reset.approved.title")) // a second time changes nothing of it
	h.reads("/yes", says(t, "reset.no.used.title"))
	if _, ok, err := h.flow.For(t.Context(), link); ok || err != nil {
		t.Errorf("our page still asks somebody to sign in for it: %v", err)
	}
	for _, p := range h.Posts {
		if strings.Contains(p.Key, link) {
			t.Errorf("the address stands in the key %s", p.Key)
		}
	}
}
