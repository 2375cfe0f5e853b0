package flowstest_test

import (
	"strings"
	"testing"
	"time"

	"mfahelp/bot"
	"mfahelp/flows"
	"mfahelp/flows/flowstest"
	"mfahelp/flows/help"
	"mfahelp/flows/home"
	"mfahelp/words"
)

// page is the page that a platform has for p.
func page(p bot.Person) bot.Place {
	return bot.Place{Platform: "web", ID: "home/" + p.ID, Private: true, Audience: bot.Direct, Reader: p.ID, Page: true}
}

// visit lets p open their page, and returns what it says.
func visit(w *flowstest.World, p bot.Person) string {
	w.T.Helper()
	w.Do(p, page(p), bot.OpenedHome{})
	got := w.Post("home/web/" + p.ID)
	if !got.Message.Personal || got.To != page(p) {
		w.T.Fatalf("the page is personal %v, in %+v", got.Message.Personal, got.To)
	}
	return text(got.Message)
}

// withHome adds the page to w.
func withHome(t *testing.T, w *flowstest.World, o home.Options) {
	o.Cases, o.Admins, o.Now = w, w, w.Now
	o.Words = func(locale string) *words.Printer {
		return &words.Printer{Locale: locale, Missing: func(key string) { t.Errorf("no sentence for %s", key) }}
	}
	pages := home.New(o)
	w.Router.Flows = append([]flows.Named{pages.Named()}, w.Router.Flows...) // before who takes all
	w.Router.Follow = pages.Follow
}

// shows fails the test if a page lacks something, or has what it must not.
func shows(t *testing.T, page string, has, not []string) {
	t.Helper()
	for _, want := range has {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q:\n%s", want, page)
		}
	}
	for _, bad := range not {
		if strings.Contains(page, bad) {
			t.Errorf("the page says %q:\n%s", bad, page)
		}
	}
}

// TestHomeShowsOnesOwn: an employee sees their own cases and nobody else's, and
// no queue; an admin sees the queue too.
func TestHomeShowsOnesOwn(t *testing.T) {
	w, _ := world(t, help.Limits{}, denied(requestID, "o-ava", blocked))
	withHome(t, w, home.Options{})
	shows(t, visit(w, ava), []string{"You have no cases", "Get help"}, []string{"Open cases"})
	w.Say(ava, dm(ava), paste(requestID))
	key := w.Only().Key
	shows(t, visit(w, ava), []string{key, "AADSTS500121", "with your admins"}, []string{"Open cases"})
	shows(t, visit(w, bea), []string{"You have no cases"}, []string{key, "Open cases"})
	shows(t, visit(w, priya), []string{"Open cases: 1", key, "Ava of Contoso", "Nobody has it yet", "You have no cases"}, nil)
	w.Press(priya, "/admins", "Claim", nil)
	shows(t, visit(w, sam), []string{`{"is":"plain","v":"With "},{"is":"plain","v":"Priya"}`}, []string{"Nobody has it yet"})
	if got := w.Post("home/web/ava").Times; got != 2 {
		t.Errorf("Ava's page was said %d times; want one page, replaced once", got)
	}
}

// TestHomeKeepsAlarmsToAdmins: who says that all is well may be the attacker. Their
// page is the same as for any other case; the admins see what it is.
func TestHomeKeepsAlarmsToAdmins(t *testing.T) {
	see := func(result string) (theirs string, w *flowstest.World) {
		w, _ = world(t, help.Limits{}, denied(requestID, "o-ava", result))
		withHome(t, w, home.Options{})
		w.Say(ava, dm(ava), paste(requestID))
		before := visit(w, ava)
		w.Press(ava, "/reply", "That helped", nil)
		return before + visit(w, ava), w
	}
	ordinary, _ := see(blocked)
	theirs, w := see(fraud)
	if theirs != ordinary {
		t.Errorf("under attack the page says\n%s\nwant\n%s", theirs, ordinary)
	}
	shows(t, visit(w, priya), []string{"Security matter"}, nil)
}

// TestHomeAsks presses the button of the page: it is as if one had written.
func TestHomeAsks(t *testing.T) {
	w, _ := world(t, help.Limits{}, denied(requestID, "o-ava", silent))
	withHome(t, w, home.Options{})
	visit(w, ava)
	w.Press(ava, "home/web/ava", "Get help", map[string]string{"text": paste(requestID)})
	p := w.Post("/reply")
	if p.To.Page || !strings.Contains(text(p.Message), "Pixel 9") {
		t.Errorf("in %+v, the answer is\n%s", p.To, text(p.Message))
	}
}

// TestHomeAsksWithinLimits: a form is no way around them.
func TestHomeAsksWithinLimits(t *testing.T) {
	w, _ := world(t, help.Limits{Messages: 1}, denied(requestID, "o-ava", silent))
	withHome(t, w, home.Options{})
	visit(w, ava)
	for range 3 {
		w.Press(ava, "home/web/ava", "Get help", map[string]string{"text": paste(requestID)})
	}
	if !w.Has("limit/messages") || w.Only().Key == "" {
		t.Error("three forms were taken, of one that may be")
	}
}

// TestHomeShowsWhatWaitsForApproval: first, before the queue, and to admins alone.
func TestHomeShowsWhatWaitsForApproval(t *testing.T) {
	h := newHouse(t)
	withHome(t, h.World, home.Options{Requests: h})
	h.ask()
	asked := visit(h.World, priya)
	shows(t, asked, []string{"Resets that wait", "waits for proof", "Ava of Contoso"}, []string{"waits for approval"})
	h.confirm()
	proven := visit(h.World, priya)
	shows(t, proven, []string{"waits for approval"}, []string{"waits for proof"})
	if strings.Index(proven, "waits for approval") > strings.Index(proven, "Open cases") {
		t.Errorf("the queue stands before what waits for approval:\n%s", proven)
	}
	for _, p := range []bot.Person{ava, bea, mo} {
		shows(t, visit(h.World, p), nil, []string{"Resets that wait", "waits for approval", "Open cases"})
	}
	h.approve(priya)
	shows(t, visit(h.World, sam), nil, []string{"Resets that wait"})
}

// TestHomeIsRenewed: while a page may be before somebody, what changes of what it
// shows is shown there, and to nobody whom it does not concern.
func TestHomeIsRenewed(t *testing.T) {
	w, _ := world(t, help.Limits{}, denied(requestID, "o-ava", blocked))
	withHome(t, w, home.Options{})
	visit(w, ava)
	visit(w, bea)
	visit(w, priya)
	said := func(who bot.Person) string { return text(w.Post("home/web/" + who.ID).Message) }
	times := func(who bot.Person) int { return w.Post("home/web/" + who.ID).Times }
	w.Say(ava, dm(ava), paste(requestID))
	key := w.Only().Key
	w.Advance(time.Minute)
	shows(t, said(ava), []string{key, "with your admins", "case/" + key + "/reply"}, []string{"Open cases", "/admins"})
	shows(t, said(priya), []string{"Open cases: 1", key, "case/" + key + "/admins"}, nil)
	w.Press(priya, "/admins", "Claim", nil)
	w.Advance(time.Minute)
	shows(t, said(priya), []string{`{"is":"plain","v":"Priya"}`}, []string{"Nobody has it yet"})
	if times(bea) != 1 {
		t.Errorf("Bea's page was renewed %d times, and shows nothing of it", times(bea)-1)
	}
	if n := times(priya); n > 3 { // two that belong together are shown together
		t.Errorf("Priya's page was renewed %d times", n-1)
	}
	before := times(ava)
	w.Advance(2 * time.Hour)
	w.Press(priya, "/admins", "Resolve", map[string]string{"outcome": "fixed"})
	w.Advance(time.Minute)
	if times(ava) != before {
		t.Error("a page is renewed that was opened hours ago")
	}
}

// TestHomeIsRenewedForApprovals: what waits for approval is before an admin as
// soon as it does.
func TestHomeIsRenewedForApprovals(t *testing.T) {
	h := newHouse(t)
	withHome(t, h.World, home.Options{Requests: h})
	visit(h.World, priya)
	h.ask()
	h.confirm()
	h.Advance(time.Minute)
	shows(t, text(h.Post("home/web/priya").Message), []string{"waits for approval"}, nil)
}
