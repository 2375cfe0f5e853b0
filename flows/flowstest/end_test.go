package flowstest_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"mfahelp/bot"
	"mfahelp/flows"
	"mfahelp/graph"
)

// Whoever is told by e-mail has a button there too: an address that can end
// something, and do nothing else.

func mailing(h *house) { h.mails = true }

var (
	stopMail  = regexp.MustCompile(`button to stop it is at .*/go/(\S+)`)
	notMeMail = regexp.MustCompile(`button This was not me is at .*/go/(\S+)`)
	yesMail   = regexp.MustCompile(`To confirm it, sign in here.*/go/(\S+)`)
)

// mailed returns the address in the newest mail to somebody that has it.
func (h *house) mailed(who bot.Person, address *regexp.Regexp) string {
	h.t.Helper()
	mails := h.MailsTo(who.ObjectID)
	for _, mail := range slices.Backward(mails) {
		if m := address.FindStringSubmatch(mail.Text); m != nil {
			return m[1]
		}
	}
	h.t.Fatalf("%s has no mail with %s", who.ID, address)
	return ""
}

// end opens an address, and presses the button there if there is one.
func (h *house) end(link string) (pressed bool) {
	h.t.Helper()
	shown, who, ok, err := h.flow.End(h.t.Context(), link)
	if err != nil {
		h.t.Fatal(err)
	}
	if !ok || shown.Agree == "" {
		return false
	}
	h.no(who, link)
	return true
}

// no is what our page hands in, whatever it showed.
func (h *house) no(who bot.Identity, link string) {
	h.t.Helper()
	h.Do(bot.Person{Platform: "page", ID: "x", Identity: who}, bot.Place{Platform: "page", ID: "p", Private: true, Audience: bot.Direct, Reader: "x"}, bot.Ended{Link: link})
	for _, p := range h.Posts {
		if p.To.Platform == "page" {
			h.t.Errorf("somebody is answered on our page: %s", p.Key)
		}
	}
}

func TestStoppedByMail(t *testing.T) {
	for name, who := range map[string]bot.Person{"by the subject": ava, "by the manager": mo} {
		for when, reach := range map[string]func(t *testing.T, change ...func(*house)) *house{
			"asked":  func(t *testing.T, change ...func(*house)) *house { h := newHouse(t, change...); h.ask(); return h },
			"proven": proven,
		} {
			t.Run(name+" when "+when, func(t *testing.T) {
				h := reach(t, mailing)
				link := h.mailed(who, stopMail)
				if !h.end(link) {
					t.Fatal("there is no button")
				}
				if r := h.Asked(); r.State != flows.ResetWithdrawn || r.Decisions[len(r.Decisions)-1].By.Key() != who.Key() {
					t.Errorf("it is %s", r.State)
				}
				if _, _, ok, _ := h.flow.End(t.Context(), link); ok {
					t.Error("it works twice")
				}
				h.untouched()
			})
		}
	}
}

// TestAMailEndsNoMore than what it is about, by whom it was sent to.
func TestAMailEndsNoMore(t *testing.T) {
	h := newHouse(t, mailing)
	h.ask()
	stop, yes := h.mailed(ava, stopMail), h.mailed(mo, yesMail)
	still := func(what string) {
		t.Helper()
		if r := h.Asked(); r.State != flows.ResetAsked || len(r.Proofs) > 0 {
			t.Fatalf("%s: it is %s", what, r.State)
		}
	}
	h.no(bea.Identity, stop)
	still("somebody else's no")
	h.no(mo.Identity, yes)
	still("a no by an address for a yes")
	if h.end(yes) {
		t.Error("an address for a yes ends something")
	}
	if _, ok, _ := h.flow.For(t.Context(), stop); ok {
		t.Error("one is asked to sign in at an address that ends something")
	}
	if c, _ := h.flow.Confirm(t.Context(), stop, ava); c.Agree != "" {
		t.Error("and may agree to something there")
	}
	h.SignIn(ava, stop, time.Minute, h.Asked().Digest())
	still("a yes by an address that ends something")
	h.no(ava.Identity, "made-up-and-long-enough")
	still("an address that nobody made")
	h.Advance(5 * time.Hour)
	if h.end(stop) {
		t.Error("it works after its time")
	}
}

// TestTooLateByMail: who is not the subject cannot stop what has begun, and reads so.
func TestTooLateByMail(t *testing.T) {
	h := proven(t, mailing)
	stop := h.mailed(mo, stopMail)
	h.Apply = nil
	h.approve(priya)
	shown, _, ok, err := h.flow.End(t.Context(), stop)
	if err != nil || !ok || shown.Agree != "" || shown.Message.Title != says(t, "reset.no.begun.title") {
		t.Errorf("Mo is shown %s, %v", text(shown.Message), err)
	}
	h.no(mo.Identity, stop)
	if r := h.Asked(); r.State != flows.ResetExecuting {
		t.Errorf("it is %s", r.State)
	}
}

// TestNotMeByMail, after it was done, and by the subject's Stop while it is.
func TestNotMeByMail(t *testing.T) {
	done := proven(t, mailing)
	done.approve(priya)
	done.pass()
	early := proven(t, mailing)
	early.approve(priya) // the pass waits
	for name, test := range map[string]struct {
		h    *house
		link string
	}{"done": {done, done.mailed(ava, notMeMail)}, "under way": {early, early.mailed(ava, stopMail)}} {
		t.Run(name, func(t *testing.T) {
			h := test.h
			reply := text(h.Post("/reply").Message)
			if !h.end(test.link) {
				t.Fatal("there is no button")
			}
			if r := h.Asked(); r.State != flows.ResetFrozen || !r.Alarm {
				t.Errorf("it is %s", r.State)
			}
			if got := kinds(h.tenant.Written); !strings.Contains(strings.Join(changes(got), " "), string(graph.RevokeSessions)) {
				t.Errorf("sessions go on: %v", got)
			}
			mails := h.MailsTo(ava.ObjectID)
			if got := mails[len(mails)-1]; got.Subject != says(t, "reset.raised.title") {
				t.Errorf("the newest mail to Ava is %q", got.Subject)
			}
			if got := text(h.Post("/reply").Message); got != reply { // a chat may be who she warns of
				t.Errorf("the chat reads %s", got)
			}
		})
	}
}

func changes(kinds []graph.ChangeKind) (all []string) {
	for _, k := range kinds {
		all = append(all, string(k))
	}
	return all
}
