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
	"mfahelp/flows/escalate"
	"mfahelp/flows/flowstest"
	"mfahelp/flows/help"
	"mfahelp/flows/lookup"
	"mfahelp/flows/reset"
	"mfahelp/graph"
	"mfahelp/words"
)

// A reset goes through three flows and a directory that changes under it, so it
// is tried with all of them, as the store would run them.

var (
	mo  = bot.Person{Platform: "web", ID: "mo", Name: "Mo", Identity: bot.Identity{Tenant: "t", ObjectID: "o-mo"}}
	kim = bot.Person{Platform: "web", ID: "kim", Name: "Kim", Identity: bot.Identity{Tenant: "t", ObjectID: "o-kim"}}
)

// staff are all whom the directory has. Mo is the manager of the others; Priya,
// Sam and Kim are admins, and of those Priya and Sam may approve.
var staff = []bot.Person{ava, bea, mo, priya, sam, kim}

// desk is the group of who may approve.
const desk = "g-desk"

// A house is a world with resets in it.
type house struct {
	*flowstest.World
	t      *testing.T
	tenant *flowstest.Tenant
	flow   *reset.Flow
	policy reset.Policy
	trail  reset.Trail
	links  int
	chats  []bot.Person // whom the bot can reach
	mails  bool
}

// rules is a policy by which a manager vouches for who asks for themselves, and
// an admin calls back for everybody else.
func rules() reset.Policy {
	approvers := reset.Approvers{Groups: []string{desk}, Count: 1}
	return reset.Policy{
		Approvers: map[reset.Class]reset.Approvers{
			reset.OneMethod: approvers, reset.PassOnly: approvers, reset.AllMethods: {Groups: []string{desk}, Count: 2},
		},
		Proofs: map[flows.Asker][]string{
			flows.AsSubject: {reset.ByManager}, flows.AsColleague: {reset.ByManager}, flows.AsAdmin: {reset.ByCallBack},
		},
		RequestLife: 4 * time.Hour, ProofLife: time.Hour, CoolDown: 7 * 24 * time.Hour, PerRequester: 3, PerHour: 20, Burst: 3,
		PassLife: time.Hour, PassOnce: true, CallField: graph.MobilePhone, CallUnchanged: 30 * 24 * time.Hour,
		Settled: 3 * 24 * time.Hour, Watch: 3 * 24 * time.Hour, Remind: time.Hour,
	}
}

// phone is what Ava lost; key is what she may have besides.
var (
	password = graph.Method{ID: "m-password", Kind: graph.Password}
	phone    = graph.Method{ID: "m-phone", Kind: graph.Authenticator, Name: "Pixel 9", Default: true}
	key      = graph.Method{ID: "m-key", Kind: graph.FIDO2, Name: "YubiKey"}
)

// newHouse is one in which Ava has a password and a phone. Change alters it
// before anything happens in it.
func newHouse(t *testing.T, change ...func(*house)) *house {
	h := &house{World: flowstest.New(t), t: t, policy: rules(), chats: staff}
	h.tenant = flowstest.NewTenant(h.Now)
	for _, p := range staff {
		h.tenant.People[p.ObjectID] = graph.User{ID: p.ObjectID, UPN: p.ID + "@contoso.com", Name: p.Name + " of Contoso", Mail: p.ID + "@contoso.com", Enabled: true}
		if p.ID != "mo" {
			h.tenant.Managers[p.ObjectID] = "o-mo"
		}
		h.tenant.Ways[p.ObjectID] = []graph.Method{password, phone}
		h.tenant.Numbers[p.ObjectID] = graph.ContactField{Field: graph.MobilePhone, Masked: "+1 ••• 42"}
	}
	h.tenant.Groups[desk] = []string{"o-priya", "o-sam"}
	h.Helpers["o-priya"], h.Helpers["o-sam"], h.Helpers["o-kim"] = true, true, true
	for _, c := range change {
		c(h)
	}
	h.build()
	return h
}

// build makes the flows anew, as a program that is started again does.
func (h *house) build() {
	h.t.Helper()
	say := func(locale string) *words.Printer {
		return &words.Printer{Locale: locale, Missing: func(key string) { h.t.Errorf("no sentence for %s", key) }}
	}
	flow, err := reset.New(reset.Options{
		Policy: h.policy, Tenant: "t", Directory: h.tenant, Changes: h.tenant, SignIns: h.tenant,
		Requests: h, Cases: h, Admins: h, Ledger: h, Reach: []bot.Reacher{h}, Codes: reset.Codes{Key: []byte("a key for tests only")},
		Words: say, Channel: channel, Mail: h.mails, Trail: h.trail,
		Page: func(link string) string { return "https://mfahelp.contoso.com/go/" + link },
		Token: func() string {
			h.links++
			return fmt.Sprintf("a-long-random-token-%d", h.links)
		},
		Self: []string{flowstest.Writer}, Now: h.Now,
	})
	if err != nil {
		h.t.Fatal(err)
	}
	h.flow, h.Leave, h.Apply = flow, flow, h.tenant.Apply
	lookups := &lookup.Desk{SignIns: &flowstest.Log{}, Directory: h.tenant, Tenant: "t", Now: h.Now}
	h.Router.Closed = func(e bot.Event, why flows.Refusal) flows.Answer { return help.Closed(say(""), e, why) }
	h.Router.Flows = []flows.Named{
		flow.Named(),
		escalate.New(escalate.Options{Desk: lookups, Cases: h, Posts: h, Admins: h, Words: say, Channel: channel, Now: h.Now, Resets: true, Requests: h, Spoken: flow.Spoken}).Named(),
		help.New(help.Options{Desk: lookups, Cases: h, Ledger: h, Words: say, Admins: channel, Now: h.Now, Resets: true, Spoken: flow.Spoken}).Named(),
	}
}

// Reach implements [bot.Reacher].
func (h *house) Reach(_ context.Context, who bot.Identity) (bot.Person, bot.Place, bool, error) {
	for _, p := range h.chats {
		if p.Key() == who.Key() {
			return p, dm(p), true, nil
		}
	}
	return bot.Person{}, bot.Place{}, false, nil
}

// command lets somebody write a command.
func (h *house) command(who bot.Person, in bot.Place, text string) {
	h.t.Helper()
	h.Do(who, in, bot.Commanded{Name: "mfa-help", Text: text})
}

// ask lets Ava ask for herself.
func (h *house) ask() flows.Request {
	h.t.Helper()
	h.command(ava, dm(ava), "reset ava@contoso.com")
	return h.Asked()
}

// confirm lets Mo vouch for who asks, freshly signed in.
func (h *house) confirm() flows.Request {
	h.t.Helper()
	h.Agree(h.flow, mo, h.LinkIn("/manager/web"), time.Minute)
	return h.Asked()
}

// approve lets an admin press, and then agree on our page.
func (h *house) approve(who bot.Person) flows.Request {
	h.t.Helper()
	h.Press(who, "/card", "Approve…", nil)
	h.Agree(h.flow, who, h.LinkIn("/link"), time.Minute)
	return h.Asked()
}

// comesForPass lets who vouched for Ava sign in to have the pass shown.
func (h *house) comesForPass(who bot.Person, post string) {
	h.t.Helper()
	h.Press(who, post, "Show the pass…", nil)
	h.Agree(h.flow, who, h.LinkIn("/link"), time.Minute)
}

// pass lets Mo have the pass shown.
func (h *house) pass() (secret string, ok bool) {
	h.t.Helper()
	h.comesForPass(mo, "/manager/web")
	h.Press(mo, "/link", "Show it now", nil)
	return h.Reveal(revealed(h.Post("/pass").Message), mo)
}

// revealed is what m has instead of a secret.
func revealed(m bot.Message) (found bot.Reveal) {
	for _, b := range m.Body {
		facts, _ := b.(bot.Facts)
		for _, f := range facts {
			for _, s := range f.Value {
				if r, ok := s.(bot.Reveal); ok {
					found = r
				}
			}
		}
	}
	return found
}

// last is the newest message that only one person reads.
func (h *house) last(who bot.Person) bot.Message {
	h.t.Helper()
	for _, v := range slices.Backward(h.Posts) {
		if v.To.Reader == who.ID {
			return v.Message
		}
	}
	h.t.Fatalf("%s was told nothing", who.ID)
	return bot.Message{}
}

// strongly is a sign-in of Ava's with two factors.
func strongly(at time.Time, country string) graph.SignIn {
	return graph.SignIn{
		ID: "s-" + at.Format(time.TimeOnly), At: at, UserID: "o-ava", API: graph.Beta, App: "Outlook", Location: graph.Location{City: "Ghent", Country: country},
		Steps: []graph.Step{
			{At: at, Method: "Password", Succeeded: true},
			{At: at, Method: "Mobile app notification", Succeeded: true, Result: "MFA completed in Azure AD"},
		},
	}
}

// TestAResetFromTheQuestionToTheEnd goes the whole way: asked, confirmed by the
// manager, approved, carried out, the pass shown once, settled by a sign-in.
func TestAResetFromTheQuestionToTheEnd(t *testing.T) {
	h := newHouse(t)
	r := h.ask()
	if r.State != flows.ResetAsked || r.As != flows.AsSubject {
		t.Fatalf("asked, it is %s as %s: %s", r.State, r.As, text(h.Post("/card").Message))
	}
	if got := h.Post("/card").Message; strings.Contains(fmt.Sprint(flowstest.Labels(got)), "Approve") {
		t.Errorf("it can be approved before it is proven: %q", flowstest.Labels(got))
	}
	if len(h.tenant.Written) > 0 {
		t.Fatalf("something was done already: %v", h.tenant.Written)
	}
	if r = h.confirm(); r.State != flows.ResetProven {
		t.Fatalf("confirmed, it is %s; Mo hears %s", r.State, text(h.last(mo)))
	}
	if r = h.approve(priya); r.State != flows.ResetExecuted {
		t.Fatalf("approved, it is %s; Priya hears %s", r.State, text(h.last(priya)))
	}
	want := []graph.ChangeKind{graph.DeleteMethod, graph.RevokeSessions}
	if got := kinds(h.tenant.Written); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Fatalf("got %v carried out, want %v", got, want)
	}
	secret, ok := h.pass()
	if !ok || !strings.HasPrefix(secret, flowstest.Canary) {
		t.Fatalf("Mo got no pass; she hears %s", text(h.last(mo)))
	}
	if again, ok := h.Reveal(revealed(h.Post("/pass").Message), mo); ok {
		t.Errorf("the pass is shown twice: %q", again)
	}
	if r = h.Asked(); r.State != flows.ResetWatched {
		t.Fatalf("handed over, it is %s", r.State)
	}
	for _, p := range h.Posts {
		if strings.Contains(text(p.Message), flowstest.Canary) {
			t.Errorf("the pass is written in %s", p.Key)
		}
	}
	h.Advance(10 * time.Minute)
	h.tenant.Ways["o-ava"] = append(h.tenant.Ways["o-ava"], graph.Method{ID: "m-new", Kind: graph.Authenticator, Name: "Pixel 10"})
	h.tenant.SignIns = []graph.SignIn{strongly(h.Clock, "BE")}
	h.Advance(time.Hour)
	if r = h.Asked(); r.State != flows.ResetSettled || h.Only().State != flows.Settled {
		t.Errorf("signed in again, it is %s and the case %s", r.State, h.Only().State)
	}
	if got := text(h.Post("/watch").Message); !strings.Contains(got, "Pixel 10") {
		t.Errorf("the admins are not shown the new method: %s", got)
	}
	h.Advance(24 * time.Hour)
	if n := len(kinds(h.tenant.Written)); n != 4 {
		t.Errorf("got %v, want the pass made and at its end deleted", kinds(h.tenant.Written))
	}
}

func kinds(changes []graph.Change) (all []graph.ChangeKind) {
	for _, c := range changes {
		if c.Kind != graph.SendMail {
			all = append(all, c.Kind)
		}
	}
	return all
}
