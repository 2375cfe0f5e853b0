package flowstest_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"mfahelp/bot"
	"mfahelp/flows"
	"mfahelp/flows/flowstest"
	"mfahelp/flows/reset"
	"mfahelp/graph"
	"mfahelp/words"
)

// What must not happen, one by one. Each test goes as far as it can in the way
// that is allowed, does the one thing that is not, and then looks at what was
// written to the tenant, and at what who did it reads.

// says is the sentence for key.
func says(t *testing.T, key string, args ...any) string {
	t.Helper()
	return (&words.Printer{Missing: func(key string) { t.Errorf("no sentence for %s", key) }}).Say(key, args...)
}

// refusedFor checks that somebody was told why, and that nothing was done.
func (h *house) refusedFor(who bot.Person, why string) {
	h.t.Helper()
	if got, want := h.last(who).Title, says(h.t, "reset.no."+why+".title"); got != want {
		h.t.Errorf("%s reads %q, want %q", who.ID, got, want)
	}
	h.untouched()
}

// untouched checks that nothing was changed at the tenant.
func (h *house) untouched() {
	h.t.Helper()
	if got := kinds(h.tenant.Written); len(got) > 0 {
		h.t.Errorf("%v was carried out", got)
	}
}

// proven is a house in which Ava asked, and Mo vouched for her.
func proven(t *testing.T, change ...func(*house)) *house {
	h := newHouse(t, change...)
	h.ask()
	if r := h.confirm(); r.State != flows.ResetProven {
		t.Fatalf("it is %s, want proven; Mo reads %s", r.State, text(h.last(mo)))
	}
	return h
}

func TestNobodyApprovesWhatTheyAskedFor(t *testing.T) {
	h := newHouse(t)
	h.command(priya, dm(priya), "reset ava@contoso.com")
	if r := h.confirm(); r.State != flows.ResetProven || r.As != flows.AsColleague {
		t.Fatalf("it is %s, asked %s", r.State, r.As)
	}
	h.Press(priya, "/card", "Approve…", nil)
	h.refusedFor(priya, "own-request")
	if r := h.approve(sam); r.State != flows.ResetExecuted {
		t.Errorf("approved by another, it is %s", r.State)
	}
}

func TestNobodyApprovesTheirOwnAccount(t *testing.T) {
	h := newHouse(t)
	h.command(bea, dm(bea), "reset priya@contoso.com")
	h.confirm()
	h.Press(priya, "/card", "Approve…", nil)
	h.refusedFor(priya, "own-account")
}

// TestAProverDoesNotApprove makes the manager an approver as well.
func TestAProverDoesNotApprove(t *testing.T) {
	for _, may := range []bool{false, true} { // the policy can let who called back, but no manager
		h := proven(t, func(h *house) {
			h.tenant.Groups[desk] = append(h.tenant.Groups[desk], "o-mo")
			h.policy.ProverMayApprove = may
		})
		h.Press(mo, "/card", "Approve…", nil)
		h.refusedFor(mo, "prover")
	}
}

// TestAManagerIsWhoTheDirectorySays is about the time between the question and
// the answer.
func TestAManagerIsWhoTheDirectorySays(t *testing.T) {
	h := newHouse(t)
	h.ask()
	link := h.LinkIn("/manager/web")
	h.tenant.Managers["o-ava"] = "o-bea"
	if shown := h.Agree(h.flow, mo, link, time.Minute); shown.Agree != "" {
		t.Errorf("who is the manager no longer may agree: %s", text(shown.Message))
	}
	h.SignIn(mo, link, time.Minute, h.Asked().Digest()) // as if the page had not asked
	h.refusedFor(mo, "not-manager")
	if r := h.Asked(); r.State != flows.ResetAsked {
		t.Errorf("it is %s", r.State)
	}
}

func TestWhoMayApprove(t *testing.T) {
	role := "c4e39bd9-1100-46d3-8c65-fb160da0071f"
	for _, test := range []struct {
		name   string
		who    bot.Person
		change func(*house)
		why    string // "" for may
	}{
		{"in the group", priya, nil, ""},
		{"an admin who is not in it", kim, nil, "not-entitled"},
		{"no admin at all", bea, nil, "not-entitled"},
		{"a stranger to the directory", bot.Person{Platform: "web", ID: "x", Name: "Priya"}, nil, "not-entitled"},
		{"of another tenant", bot.Person{Platform: "web", ID: "x", Identity: bot.Identity{Tenant: "other", ObjectID: "o-priya"}}, nil, "not-entitled"},
		{"disabled", priya, func(h *house) { h.tenant.People["o-priya"] = graph.User{ID: "o-priya", Name: "Priya"} }, "not-entitled"},
		{"a guest", priya, func(h *house) { h.tenant.People["o-priya"] = graph.User{ID: "o-priya", Enabled: true, Guest: true} }, "not-entitled"},
		{"by a role that they hold", kim, func(h *house) { h.allow(role); h.tenant.Held["o-kim"] = []graph.Role{{Template: role}} }, ""},
		{"by a role that they may take up", kim, func(h *house) {
			h.allow(role)
			h.tenant.Held["o-kim"] = []graph.Role{{Template: role, Eligible: true}}
		}, "not-entitled"},
		{"by another role", kim, func(h *house) { h.allow(role); h.tenant.Held["o-kim"] = []graph.Role{{Template: "other"}} }, "not-entitled"},
	} {
		t.Run(test.name, func(t *testing.T) {
			h := proven(t, func(h *house) {
				if test.change != nil {
					test.change(h)
				}
			})
			h.Press(test.who, "/card", "Approve…", nil)
			if test.why != "" {
				h.refusedFor(test.who, test.why)
				return
			}
			h.Agree(h.flow, test.who, h.LinkIn("/link"), time.Minute)
			if r := h.Asked(); r.State != flows.ResetExecuted {
				t.Errorf("it is %s; they read %s", r.State, text(h.last(test.who)))
			}
		})
	}
}

// allow lets who holds a role approve.
func (h *house) allow(role string) {
	for class, a := range h.policy.Approvers {
		a.Roles = []string{role}
		h.policy.Approvers[class] = a
	}
}

// TestRightsAreReadAgain takes the right from Priya at each later moment.
func TestRightsAreReadAgain(t *testing.T) {
	lose := func(h *house) { h.tenant.Groups[desk] = []string{"o-sam"} }

	h := proven(t)
	h.Press(priya, "/card", "Approve…", nil)
	link, digest := h.LinkIn("/link"), h.Asked().Digest()
	lose(h)
	if shown := h.Agree(h.flow, priya, link, time.Minute); shown.Agree != "" {
		t.Error("the page lets her agree")
	}
	h.SignIn(priya, link, time.Minute, digest)
	h.refusedFor(priya, "not-entitled")

	h = proven(t)
	h.Apply = nil // the worker is not there yet
	h.approve(priya)
	lose(h)
	h.Apply = h.tenant.Apply
	h.Advance(time.Minute)
	h.untouched()
	if r := h.Asked(); r.State != flows.ResetAsked || len(r.Decisions)+len(r.Proofs) > 0 {
		t.Errorf("it is %s with %d decisions, want it asked anew", r.State, len(r.Decisions))
	}
}

// TestASignInMustBeFreshAndStrong tries each yes with one that is not.
func TestASignInMustBeFreshAndStrong(t *testing.T) {
	yes := []struct {
		name string
		link func(t *testing.T) (h *house, who bot.Person, link string)
	}{
		{"manager", func(t *testing.T) (*house, bot.Person, string) {
			h := newHouse(t)
			h.ask()
			return h, mo, h.LinkIn("/manager/web")
		}},
		{"approver", func(t *testing.T) (*house, bot.Person, string) {
			h := proven(t)
			h.Press(priya, "/card", "Approve…", nil)
			return h, priya, h.LinkIn("/link")
		}},
		{"subject", func(t *testing.T) (*house, bot.Person, string) {
			h := newHouse(t, otherFactor)
			h.ask()
			h.Press(ava, "/reply", "Prove it with another method", nil)
			return h, ava, h.LinkIn("/link")
		}},
	}
	for _, test := range []struct {
		name    string
		at      time.Duration // before the yes
		methods []string
		why     string
	}{
		{"eleven minutes old", 11 * time.Minute, []string{"mfa"}, "stale"},
		{"of the future", -time.Minute, []string{"mfa"}, "stale"},
		{"without a second factor", time.Minute, nil, "weak"},
	} {
		for _, y := range yes {
			t.Run(y.name+" "+test.name, func(t *testing.T) {
				h, who, link := y.link(t)
				was := h.Asked()
				page := bot.Person{Platform: "page", Identity: who.Identity}
				h.Do(page, bot.Place{Platform: "page", Audience: bot.Direct}, bot.SignedIn{Link: link, At: h.Clock.Add(-test.at), Methods: test.methods, Digest: was.Digest()})
				h.refusedFor(who, test.why)
				if r := h.Asked(); r.State != was.State || len(r.Proofs) != len(was.Proofs) || len(r.Decisions) > 0 {
					t.Errorf("it went from %s to %s", was.State, r.State)
				}
				h.SignIn(who, link, time.Minute, was.Digest())
				h.refusedFor(who, "used")
			})
		}
	}
}

func otherFactor(h *house) {
	h.policy.Proofs[flows.AsSubject] = []string{reset.ByManager, flows.OtherFactor}
	h.tenant.Ways["o-ava"] = []graph.Method{password, phone, key}
}

// TestALinkIsOnePersonsOnce hands links around.
func TestALinkIsOnePersonsOnce(t *testing.T) {
	h := proven(t)
	h.Press(priya, "/card", "Approve…", nil)
	link, digest := h.LinkIn("/link"), h.Asked().Digest()
	if shown := h.Agree(h.flow, sam, link, time.Minute); shown.Agree != "" || strings.Contains(text(shown.Message), "Ava") {
		t.Errorf("another approver is shown %s", text(shown.Message))
	}
	h.SignIn(sam, link, time.Minute, digest)
	if r := h.Asked(); len(r.Decisions) > 0 {
		t.Error("somebody else's yes counts")
	}
	h.SignIn(priya, "made-up-and-long-enough", time.Minute, digest)
	h.untouched()
	h.SignIn(priya, link, time.Minute, digest)
	if r := h.Asked(); r.State != flows.ResetExecuted {
		t.Fatalf("it is %s; she reads %s", r.State, text(h.last(priya)))
	}
	n := len(h.tenant.Written)
	h.SignIn(priya, link, time.Minute, digest)
	if got, want := h.last(priya).Title, says(t, "reset.no.used.title"); got != want || len(h.tenant.Written) != n {
		t.Errorf("a second yes by one link: reads %q, %d more changes", got, len(h.tenant.Written)-n)
	}

	h = proven(t)
	h.Press(priya, "/card", "Approve…", nil)
	link, digest = h.LinkIn("/link"), h.Asked().Digest()
	h.Advance(16 * time.Minute)
	h.SignIn(priya, link, time.Minute, digest)
	h.refusedFor(priya, "link-over")
}

func TestNothingOutlivesItsTime(t *testing.T) {
	h := proven(t)
	h.Press(priya, "/card", "Approve…", nil)
	approve := h.Post("/card").Message.Actions[0].(bot.Choose).Key
	h.Advance(50 * time.Minute)
	h.Press(priya, "/card", "Approve…", nil)
	link, digest := h.LinkIn("/link"), h.Asked().Digest()
	h.Advance(11 * time.Minute) // the manager's word is an hour old
	h.SignIn(priya, link, time.Minute, digest)
	h.refusedFor(priya, "unproven")
	h.Advance(3 * time.Hour)
	r := h.Asked()
	if r.State != flows.ResetExpired || !strings.Contains(text(h.Post("/reply").Message), says(t, "reset.ended.expired.title")) {
		t.Errorf("after its time it is %s, and Ava reads %s", r.State, text(h.Post("/reply").Message))
	}
	if len(h.Post("/card").Message.Actions) > 0 {
		t.Errorf("the card still has %q", flowstest.Labels(h.Post("/card").Message))
	}
	h.Do(priya, channel, bot.Pressed{Key: approve})
	if got, want := h.last(priya).Title, says(t, "reset.late.title"); got != want {
		t.Errorf("pressed too late, she reads %q, want %q", got, want)
	}
	if !h.Has("line/reset.line.remind") {
		t.Error("nobody was reminded")
	}
	h.untouched()
}

// TestAChangedAccountIsApprovedAnew changes the account under each step.
func TestAChangedAccountIsApprovedAnew(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(*house)
		state  flows.RequestState
		word   string // of the sentence that says why
	}{
		{"a new method", func(h *house) { h.tenant.Ways["o-ava"] = append(h.tenant.Ways["o-ava"], key) }, flows.ResetAsked, "changed"},
		{"a method less", func(h *house) { h.tenant.Ways["o-ava"] = []graph.Method{password, key} }, flows.ResetAsked, "changed"},
		{"a role", func(h *house) { h.tenant.Held["o-ava"] = []graph.Role{{Template: "x"}} }, flows.ResetDenied, "account"},
		{"disabled", func(h *house) {
			u := h.tenant.People["o-ava"]
			u.Enabled = false
			h.tenant.People["o-ava"] = u
		}, flows.ResetDenied, "account"},
		{"another manager", func(h *house) { h.tenant.Managers["o-ava"] = "o-bea" }, flows.ResetAsked, "manager"},
		{"fraud is reported", func(h *house) { h.tenant.SignIns = []graph.SignIn{denied(requestID, "o-ava", fraud)} }, flows.ResetFrozen, "signs"},
		{"the policy", func(h *house) { h.policy.Burst++; h.build() }, flows.ResetAsked, "policy"},
	} {
		t.Run(test.name, func(t *testing.T) {
			h := proven(t)
			old := h.Asked().Digest()
			h.Apply = nil
			h.approve(priya)
			test.change(h)
			h.Apply = h.tenant.Apply
			h.Advance(2 * time.Minute)
			h.untouched()
			r := h.Asked()
			if r.State != test.state || test.state == flows.ResetAsked && (len(r.Decisions) > 0 || len(r.Proofs) > 0 || r.Digest() == old) {
				t.Errorf("it is %s with %d proofs, %d decisions; same digest %v", r.State, len(r.Proofs), len(r.Decisions), r.Digest() == old)
			}
			if got := text(h.Post("line/reset.line.sent-back/" + fmt.Sprint(sentBackAt(h))).Message); !strings.Contains(got, says(t, "reset.leave."+test.word)) {
				t.Errorf("the thread reads %s", got)
			}
		})
	}
}

// TestWhatIsOverIsNotAskedAnew ends what was to be approved anew when its time is
// over: nothing else would, and nobody could ask again.
func TestWhatIsOverIsNotAskedAnew(t *testing.T) {
	h := proven(t)
	h.Apply = nil
	h.approve(priya)
	h.Advance(h.policy.RequestLife + time.Hour)
	h.policy.Burst++ // which sends back what is in time
	h.build()
	h.Apply = h.tenant.Apply
	h.Advance(2 * time.Minute)
	h.untouched()
	if r := h.Asked(); r.State != flows.ResetExpired {
		t.Errorf("it is %s, of %v, until %v", r.State, h.Clock, r.Expires)
	}
}

// sentBackAt finds the version in the key of the line that says so.
func sentBackAt(h *house) (version string) {
	for _, p := range h.Posts {
		if i := strings.Index(p.Key, "line/reset.line.sent-back/"); i >= 0 {
			version = p.Key[i+len("line/reset.line.sent-back/"):]
		}
	}
	return version
}

// TestWhatWasShownIsWhatIsApproved changes the plan between the page and the yes,
// and gives the digest of another.
func TestWhatWasShownIsWhatIsApproved(t *testing.T) {
	h := proven(t)
	h.Press(priya, "/card", "Approve…", nil)
	link := h.LinkIn("/link")
	for _, digest := range []string{"", "altered", strings.Repeat("0", 64)} {
		h.Press(priya, "/card", "Approve…", nil)
		h.SignIn(priya, h.LinkIn("/link"), time.Minute, digest)
		h.refusedFor(priya, "changed")
	}
	r := h.Asked()
	r.Effects = r.Effects[:1] // somebody altered the record under them
	h.Put(r)
	if shown := h.Agree(h.flow, priya, link, time.Minute); shown.Agree != "" {
		t.Errorf("the page shows what the link is not about: %s", text(shown.Message))
	}
	h.SignIn(priya, link, time.Minute, r.Digest())
	h.refusedFor(priya, "changed")
}

// TestAnAlteredCardDecidesNothing presses with what a stolen bot token could put
// into a card: other fields, other keys, a key carried elsewhere.
func TestAnAlteredCardDecidesNothing(t *testing.T) {
	h := proven(t)
	approve := h.Post("/card").Message.Actions[0].(bot.Choose).Key
	for _, e := range []struct {
		who bot.Person
		in  bot.Place
		did bot.Pressed
	}{
		{priya, dm(priya), bot.Pressed{Key: approve}},
		{priya, channel, bot.Pressed{Key: approve + "x"}},
		{kim, channel, bot.Pressed{Key: approve, Fields: map[string]string{"verb": "reset.approve", "subject": "o-bea", "approved": "true"}}},
	} {
		h.Do(e.who, e.in, e.did)
	}
	if len(h.Asked().Decisions) > 0 {
		t.Error("something was decided by it")
	}
	h.Do(priya, channel, bot.Pressed{Key: approve, Fields: map[string]string{"subject": "o-bea"}})
	if got := text(h.Post("/link").Message); !strings.Contains(got, "Ava of Contoso") || strings.Contains(got, "Bea") {
		t.Errorf("the confirmation is not from the record: %s", got)
	}
	h.untouched()
}

// TestAReplayedPressDoesNothingTwice hands every event in again.
func TestAReplayedPressDoesNothingTwice(t *testing.T) {
	h := proven(t)
	approve := bot.Event{ID: "same", At: h.Clock, From: priya, In: channel, Did: bot.Pressed{Key: h.Post("/card").Message.Actions[0].(bot.Choose).Key}}
	h.Deliver(approve)
	link := h.LinkIn("/link")
	page := bot.Event{
		ID: "yes", At: h.Clock, From: bot.Person{Platform: "page", Identity: priya.Identity}, In: bot.Place{Platform: "page", Audience: bot.Direct},
		Did: bot.SignedIn{Link: link, At: h.Clock.Add(-time.Minute), Methods: []string{"mfa"}, Digest: h.Asked().Digest()},
	}
	h.Deliver(page)
	done, posts := len(h.tenant.Written), len(h.Posts)
	h.Deliver(page)
	h.Deliver(approve)
	r := h.Asked()
	if len(h.tenant.Written) != done || len(r.Decisions) != 1 || len(h.Posts) > posts+2 { // each is told, alone, that it was too late
		t.Errorf("%d more changes, %d decisions, %d more posts", len(h.tenant.Written)-done, len(r.Decisions), len(h.Posts)-posts)
	}
}

// TestTwoApproveAtOnce has one winner, and the other is told who it was.
func TestTwoApproveAtOnce(t *testing.T) {
	h := proven(t)
	h.Press(priya, "/card", "Approve…", nil)
	first := h.LinkIn("/link")
	h.Press(sam, "/card", "Approve…", nil)
	second, digest := h.LinkIn("/link"), h.Asked().Digest()
	if first == second {
		t.Fatal("both have one link")
	}
	h.SignIn(priya, first, time.Minute, digest)
	n := len(h.tenant.Written)
	if shown := h.Agree(h.flow, sam, second, time.Minute); shown.Agree != "" || shown.Message.Title != says(t, "reset.late.approved") || !strings.Contains(text(shown.Message), "Priya of Contoso") {
		t.Errorf("the page shows the second %s", text(shown.Message))
	}
	h.SignIn(sam, second, time.Minute, digest)
	if got := h.last(sam); got.Title != says(t, "reset.late.approved") || !strings.Contains(text(got), "Priya of Contoso") || len(h.tenant.Written) != n {
		t.Errorf("the second reads %s, and %d more was done", text(got), len(h.tenant.Written)-n)
	}
	if r := h.Asked(); len(r.Decisions) != 1 {
		t.Errorf("got %d decisions", len(r.Decisions))
	}
}

// TestTwoMustApproveAll is what it takes where nothing would stay.
func TestTwoMustApproveAll(t *testing.T) {
	h := newHouse(t, func(h *house) { h.tenant.Ways["o-ava"] = []graph.Method{password, phone, key} })
	h.askForAll("they lost the bag with both")
	h.callBack(kim)
	if r := h.approve(priya); r.State != flows.ResetProven || len(r.Decisions) != 1 {
		t.Fatalf("after one, it is %s; she reads %s", r.State, text(h.last(priya)))
	}
	h.untouched()
	if got := text(h.Post("/card").Message); !strings.Contains(got, `"1"`) || !strings.Contains(got, `"2"`) {
		t.Errorf("the card does not count: %s", got)
	}
	h.Press(priya, "/card", "Approve…", nil)
	if got := h.last(priya).Title; got != says(t, "reset.late.said-yes") {
		t.Errorf("the same again reads %q", got)
	}
	h.untouched()
	if r := h.approve(sam); r.State != flows.ResetExecuted {
		t.Fatalf("after two, it is %s", r.State)
	}
	if got := fmt.Sprint(kinds(h.tenant.Written)); got != fmt.Sprint([]graph.ChangeKind{graph.DeleteMethod, graph.DeleteMethod, graph.RevokeSessions}) {
		t.Errorf("got %s", got)
	}
	if last := h.tenant.Written[1]; last.Object != phone.ID {
		t.Errorf("the default went before %s", last.Object)
	}
}

// askForAll lets an admin who is no approver ask for somebody on the phone.
func (h *house) askForAll(reason string) {
	h.t.Helper()
	thirdParty := bot.Person{Platform: "web", ID: "lee", Name: "Lee", Identity: bot.Identity{Tenant: "t", ObjectID: "o-lee"}}
	h.tenant.People["o-lee"] = graph.User{ID: "o-lee", UPN: "lee@contoso.com", Name: "Lee of Contoso", Enabled: true}
	h.Helpers["o-lee"] = true
	h.Say(ava, dm(ava), "I cannot sign in")
	h.Press(ava, "/reply", "Something else", nil)
	h.Press(thirdParty, "/admins", "Plan a reset", map[string]string{"want": "all", "reason": reason})
}

// callBack lets an admin call, and say so.
func (h *house) callBack(who bot.Person) {
	h.t.Helper()
	h.Press(who, "/card", "I call back", nil)
	half, ok := h.flow.Reveal(context.Background(), bot.Reveal{Kind: "reset-subject-half", Subject: h.Asked().Key}, h.Asked().Asking)
	if !ok {
		h.t.Fatal("who has them on the phone is not shown their half")
	}
	h.Press(who, "/call", "What they read to me", map[string]string{"half": half})
	h.Agree(h.flow, who, h.LinkIn("/link"), time.Minute)
	if r := h.Asked(); r.State != flows.ResetProven {
		h.t.Fatalf("called back, it is %s; they read %s", r.State, text(h.last(who)))
	}
}

// TestWhoIsNotHelpedHere is refused at once, and the admins read what to do.
func TestWhoIsNotHelpedHere(t *testing.T) {
	global := graph.Role{Template: graph.GlobalAdministrator}
	for _, test := range []struct {
		why    string
		change func(h *house, u *graph.User)
		steps  string
	}{
		{"privileged", func(h *house, u *graph.User) { h.tenant.Held[u.ID] = []graph.Role{{Template: "helpdesk"}} }, "Privileged Authentication Administrator"},
		{"privileged", func(h *house, u *graph.User) {
			h.tenant.Held[u.ID] = []graph.Role{{Template: "helpdesk", Eligible: true}}
		}, "Authentication methods"},
		{"privileged", func(h *house, u *graph.User) {
			h.tenant.Held[u.ID] = []graph.Role{{Template: "helpdesk", Group: "g"}}
		}, "Authentication methods"},
		{"privileged", func(h *house, u *graph.User) {
			h.tenant.Held[u.ID], h.tenant.Held["o-kim"] = []graph.Role{global}, []graph.Role{global}
		}, "Authentication methods"},
		{"sole", func(h *house, u *graph.User) { h.tenant.Held[u.ID] = []graph.Role{global} }, "Data Protection"},
		{"guest", func(_ *house, u *graph.User) { u.Guest = true }, "Reset redemption status"},
		{"disabled", func(_ *house, u *graph.User) { u.Enabled = false }, "Audit logs"},
		{"no-manager", func(h *house, u *graph.User) { delete(h.tenant.Managers, u.ID) }, "Job information"},
		{"no-pass", func(h *house, _ *graph.User) { h.tenant.Policy.Enabled = false }, "Temporary Access Pass"},
		{"no-pass", func(h *house, u *graph.User) {
			h.tenant.Policy.NotFor, h.tenant.Groups["g-none"] = []string{"g-none"}, []string{u.ID}
		}, "Temporary Access Pass"},
	} {
		t.Run(test.why, func(t *testing.T) {
			h := newHouse(t, func(h *house) {
				u := h.tenant.People["o-ava"]
				test.change(h, &u)
				h.tenant.People["o-ava"] = u
			})
			r := h.ask()
			card := text(h.Post("/card").Message)
			if r.State != flows.ResetDenied || r.Why != "reset.why."+test.why || !strings.Contains(card, test.steps) {
				t.Errorf("it is %s because of %s:\n%s", r.State, r.Why, card)
			}
			reply := h.Post("/reply").Message
			if reply.Title != says(t, "reset.not-here.title") || len(reply.Actions) > 0 {
				t.Errorf("Ava reads %s", text(reply))
			}
			if h.Has("/manager/") {
				t.Error("the manager was asked")
			}
			h.untouched()
		})
	}
}

// TestSignsOfAnAttackFreeze looks at each, and at what who asks reads: to the
// byte what they would read otherwise.
func TestSignsOfAnAttackFreeze(t *testing.T) {
	ordinary := newHouse(t)
	ordinary.ask()
	want := text(ordinary.Post("/reply").Message)
	event := func(activity string, changed ...string) func(*house) {
		return func(h *house) {
			h.tenant.Events = []graph.DirectoryEvent{{ID: "1", At: h.Clock.Add(-time.Hour), Activity: activity, Result: "success", Target: "o-ava", Changed: changed}}
		}
	}
	signIn := func(result string) func(*house) {
		return func(h *house) { h.tenant.SignIns = []graph.SignIn{denied(requestID, "o-ava", result)} }
	}
	for _, test := range []struct {
		name   string
		change func(*house)
		sign   string
	}{
		{"fraud reported on the phone", signIn(fraud), "fraud"},
		{"suspicious activity reported", signIn(reported), "suspicious"},
		{"a prompt that was declined", signIn("MFA denied; user declined the authentication"), "declined"},
		{"on the legacy block list", signIn(blocked), "blocked"},
		{"more sign-ins than can be read", func(h *house) { h.tenant.Partial = true }, "attack"},
		{"blocked, by the audit log", event("Fraud reported - user is blocked for MFA"), "blocked"},
		{"fraud, by the audit log", event("Fraud reported - no action taken"), "fraud"},
		{"at risk", func(h *house) {
			h.tenant.Risks["o-ava"] = graph.Risk{Level: "high", State: "atRisk"}
		}, "risk"},
		{"confirmed compromised", func(h *house) {
			h.tenant.Risks["o-ava"] = graph.Risk{Level: "none", State: "confirmedCompromised"}
		}, "risk"},
		{"a method registered just now", event("User registered security info"), "methods"},
		{"the password reset just now", event("Reset user password"), "password"},
		{"contact data changed", event("Update user", "Mobile"), "contact"},
		{"a manager who was set just now", event("Set user manager"), "contact"},
		{"enabled just now", event("Enable account"), "state"},
	} {
		t.Run(test.name, func(t *testing.T) {
			h := newHouse(t, test.change)
			r := h.ask()
			if r.State != flows.ResetFrozen || fmt.Sprint(r.Signs) != fmt.Sprint([]string{test.sign}) {
				t.Errorf("it is %s because of %v, want frozen because of %s", r.State, r.Signs, test.sign)
			}
			if got := text(h.Post("/reply").Message); got != want {
				t.Errorf("who asks reads\n%s\nand otherwise\n%s", got, want)
			}
			card := h.Post("/card").Message
			if !strings.Contains(text(card), says(t, "reset.sign."+test.sign)) || strings.Contains(fmt.Sprint(flowstest.Labels(card)), "Approve") {
				t.Errorf("the admins read %s", text(card))
			}
			if h.Has("/manager/") {
				t.Error("the manager was asked")
			}
			h.Advance(5 * time.Hour)
			h.untouched()
		})
	}
}

// TestSignsFreezeBeforeTheQuestion finds a sign while it is not said yet which of
// two phones is gone: the admins hear of it at once, and who asks goes through
// what everybody does.
func TestSignsFreezeBeforeTheQuestion(t *testing.T) {
	two := func(h *house) {
		h.tenant.Ways["o-ava"] = append(h.tenant.Ways["o-ava"], graph.Method{ID: "m-other", Kind: graph.Authenticator, Name: "Another phone"})
	}
	reads := func(h *house) string {
		m := h.Post("/reply").Message
		return fmt.Sprintf("%s %s %v", m.Title, text(m), flowstest.Labels(m))
	}
	ordinary := newHouse(t, two)
	ordinary.ask()
	question := reads(ordinary)
	ordinary.Press(ava, "/reply", "This one", nil)
	plan := reads(ordinary)

	h := newHouse(t, two, func(h *house) { h.tenant.SignIns = []graph.SignIn{denied(requestID, "o-ava", fraud)} })
	if r := h.ask(); r.State != flows.ResetFrozen || !strings.Contains(text(h.Post("/card").Message), says(t, "reset.sign.fraud")) {
		t.Errorf("before anything is picked it is %s, and the admins read %s", r.State, text(h.Post("/card").Message))
	}
	if got := reads(h); got != question {
		t.Errorf("who asks is asked\n%s\nand otherwise\n%s", got, question)
	}
	h.Press(ava, "/reply", "This one", nil)
	if got := reads(h); got != plan || h.Asked().State != flows.ResetFrozen {
		t.Errorf("it is %s; who asks reads\n%s\nand otherwise\n%s", h.Asked().State, got, plan)
	}
	if h.Has("/manager/") {
		t.Error("the manager was asked")
	}
	h.Advance(5 * time.Hour)
	h.untouched()
}

// TestABurstOfRequestsFreezes counts them about one person, by whomever.
func TestABurstOfRequestsFreezes(t *testing.T) {
	h := newHouse(t, func(h *house) { h.policy.Burst = 2; h.policy.PerRequester = 9 })
	for range 2 {
		h.ask()
		h.Press(ava, "/reply", "Stop this", nil)
		h.Advance(time.Minute)
	}
	h.command(bea, dm(bea), "reset ava@contoso.com")
	if r := h.Asked(); r.State != flows.ResetFrozen || fmt.Sprint(r.Signs) != "[burst]" {
		t.Errorf("the third is %s because of %v", r.State, r.Signs)
	}
}

// TestUnknownIsNotHarmless takes away each thing that is read.
func TestUnknownIsNotHarmless(t *testing.T) {
	down := &graph.Error{Op: "read", Reason: graph.ErrUnavailable}
	for name, change := range map[string]func(*house){
		"Graph is down":           func(h *house) { h.tenant.Down = down },
		"the logs cannot be read": func(h *house) { h.tenant.LogDown = down },
		"no permission": func(h *house) {
			h.tenant.LogDown = &graph.Error{Op: "read", Reason: graph.ErrForbidden, Permission: "AuditLog.Read.All"}
		},
		"no licence for risk": func(h *house) { h.tenant.Risks["o-ava"] = graph.Risk{Level: "hidden"} },
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			change(h)
			if h.tenant.Down != nil { // then nobody can even be named
				h.tenant.Down = nil
				h.command(ava, dm(ava), "reset ava@contoso.com")
				r := h.Asked()
				r.State = flows.ResetChecking
				h.Put(r)
				h.tenant.Down = down
				h.Resume("reset.check", r.Key)
			} else {
				h.ask()
			}
			if r := h.Asked(); r.State != flows.ResetChecking {
				t.Errorf("it is %s", r.State)
			}
			h.untouched()
		})
	}
}

// TestABusyMomentIsNoOutage has others ask Microsoft in the same second: who
// waits is told of nothing, and does not wait for a minute.
func TestABusyMomentIsNoOutage(t *testing.T) {
	h := newHouse(t)
	h.tenant.LogDown = &graph.Error{Op: "get risky user", Reason: graph.ErrThrottled, After: time.Second}
	h.ask()
	if got, outage := text(h.Post("/reply").Message), says(t, "reset.unread-told.title"); strings.Contains(got, outage) {
		t.Errorf("she reads %s", got)
	}
	h.tenant.LogDown = nil
	h.Advance(time.Second)
	if r := h.Asked(); r.State != flows.ResetAsked {
		t.Errorf("a second later it is %s", r.State)
	}
}

// TestANumberProvesNothing if it is new, or if nobody can tell.
func TestANumberProvesNothing(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(*house)
		why    string
	}{
		{"changed a week ago", func(h *house) {
			h.tenant.Events = []graph.DirectoryEvent{{ID: "1", At: h.Clock.Add(-7 * 24 * time.Hour), Activity: "Update user", Result: "success", Target: "o-ava", Changed: []string{"Mobile"}}}
		}, "number-changed"},
		{"something was changed, it is not said what", func(h *house) {
			h.tenant.Events = []graph.DirectoryEvent{{ID: "1", At: h.Clock.Add(-7 * 24 * time.Hour), Activity: "Update user", Result: "success", Target: "o-ava"}}
		}, "number-changed"},
		{"the log does not reach as far", func(h *house) { h.tenant.LogSince = h.Clock.Add(-29 * 24 * time.Hour) }, "number-changed"},
		{"there is none", func(h *house) { delete(h.tenant.Numbers, "o-ava") }, "no-number"},
		{"the log does not answer now", func(h *house) { h.tenant.LogDown = &graph.Later{At: h.Clock.Add(time.Minute), Why: graph.Budget} }, "number-later"},
		{"the log cannot be read", func(h *house) { h.tenant.LogDown = &graph.Error{Op: "read", Reason: graph.ErrForbidden} }, "number-unread"},
	} {
		t.Run(test.name, func(t *testing.T) {
			h := newHouse(t)
			h.command(sam, channel, "reset ava@contoso.com")
			test.change(h)
			h.Press(priya, "/card", "I call back", nil)
			h.refusedFor(priya, test.why)
		})
	}
}

// TestACallBackTakesTwoAdminsAndTwoHalves goes through it, with each wrong turn.
func TestACallBackTakesTwoAdminsAndTwoHalves(t *testing.T) {
	h := newHouse(t)
	h.command(sam, channel, "reset ava@contoso.com")
	r := h.Asked()
	if r.State != flows.ResetAsked || r.As != flows.AsAdmin {
		t.Fatalf("it is %s as %s", r.State, r.As)
	}
	h.Press(sam, "/card", "I call back", nil)
	h.refusedFor(sam, "own-request")
	h.Press(bea, "/card", "I call back", nil)
	h.refusedFor(bea, "not-admin")
	ctx := context.Background()
	theirs := bot.Reveal{Kind: "reset-subject-half", Subject: r.Key}
	for _, p := range []bot.Person{priya, kim, bea, mo} {
		if _, ok := h.flow.Reveal(ctx, theirs, p); ok {
			t.Errorf("%s is shown the subject's half", p.ID)
		}
	}
	ours := bot.Reveal{Kind: "reset-admin-half", Subject: r.Key}
	for _, p := range []bot.Person{sam, ava, bea, mo} {
		if _, ok := h.flow.Reveal(ctx, ours, p); ok {
			t.Errorf("%s is shown the caller's half", p.ID)
		}
	}
	h.Press(sam, "/card", "Tell them their characters", nil)
	half, ok := h.flow.Reveal(ctx, revealed(h.Post("/half").Message), sam)
	if !ok {
		t.Fatal("who has them on the phone is not shown their half")
	}
	h.Press(priya, "/card", "I call back", nil)
	call := h.Post("/call").Message
	if got := text(call); !strings.Contains(got, "+1 ••• 42") || !strings.Contains(got, graph.MobilePhone) || strings.Contains(got, half) {
		t.Errorf("who calls reads %s", got)
	}
	for range 2 {
		h.Press(priya, "/call", "What they read to me", map[string]string{"half": "WRONG2"})
		h.refusedFor(priya, "misread")
	}
	h.Press(priya, "/call", "What they read to me", map[string]string{"half": strings.ToLower(half[:3] + " " + half[3:])})
	h.Agree(h.flow, priya, h.LinkIn("/link"), time.Minute)
	r = h.Asked()
	if r.State != flows.ResetProven || r.Proofs[0].Note != graph.MobilePhone+" +1 ••• 42" {
		t.Fatalf("it is %s by %+v; she reads %s", r.State, r.Proofs, text(h.last(priya)))
	}
	h.Press(priya, "/card", "Approve…", nil)
	h.refusedFor(priya, "prover")
}

// TestThreeWrongHalves are enough.
func TestThreeWrongHalves(t *testing.T) {
	h := newHouse(t)
	h.command(sam, channel, "reset ava@contoso.com")
	h.Press(priya, "/card", "I call back", nil)
	for range 3 {
		h.Press(priya, "/call", "What they read to me", map[string]string{"half": "WRONG2"})
	}
	half, _ := h.flow.Reveal(context.Background(), bot.Reveal{Kind: "reset-subject-half", Subject: h.Asked().Key}, sam)
	h.Press(priya, "/call", "What they read to me", map[string]string{"half": half})
	h.refusedFor(priya, "guessed")
	h.Press(priya, "/card", "I call back", nil)
	h.refusedFor(priya, "guessed")
}

// TestFrozen stops everything at each step, and only two admins let it go on.
func TestFrozen(t *testing.T) {
	h := newHouse(t)
	h.Freeze()
	h.command(ava, dm(ava), "reset ava@contoso.com")
	h.refusedFor(ava, "frozen")

	h = newHouse(t)
	h.ask()
	h.Freeze()
	h.SignIn(mo, h.LinkIn("/manager/web"), time.Minute, h.Asked().Digest())
	h.refusedFor(mo, "frozen")

	h = proven(t)
	h.Freeze()
	h.Press(priya, "/card", "Approve…", nil)
	h.refusedFor(priya, "frozen")

	h = proven(t)
	h.Apply = nil
	h.approve(priya)
	h.Press(kim, "/card", "Stop all resets", nil)
	h.Apply = h.tenant.Apply
	h.Advance(time.Minute)
	h.untouched()
	lift := func(who bot.Person, ago time.Duration) {
		h.Press(who, "/freeze/"+fmt.Sprint(frozenAt(h)), "Let resets go on…", nil)
		h.Agree(h.flow, who, h.LinkIn("/link"), ago)
	}
	h.Press(bea, "/freeze/"+fmt.Sprint(frozenAt(h)), "Let resets go on…", nil)
	h.refusedFor(bea, "not-admin")
	lift(kim, 11*time.Minute)
	h.refusedFor(kim, "stale")
	lift(kim, time.Minute)
	h.Press(kim, "/freeze/"+fmt.Sprint(frozenAt(h)), "Let resets go on…", nil)
	h.refusedFor(kim, "lifting")
	h.Advance(time.Minute)
	h.untouched()
	lift(sam, time.Minute)
	h.Advance(time.Minute)
	if r := h.Asked(); r.State != flows.ResetExecuted {
		t.Errorf("let go on, it is %s", r.State)
	}
}

// TestFrozenAtTheCommandLine shows the admins that somebody stopped resets, and
// the way back, although nothing else of theirs has a button for it.
func TestFrozenAtTheCommandLine(t *testing.T) {
	h := newHouse(t)
	h.Freeze()
	h.Advance(time.Second)
	card := "/freeze/" + fmt.Sprint(frozenAt(h))
	if got := text(h.Post(card).Message); !strings.Contains(got, says(t, "reset.frozen.by-command")) {
		t.Errorf("the admins read %s", got)
	}
	for _, who := range []bot.Person{kim, sam} {
		h.Press(who, card, "Let resets go on…", nil)
		h.Agree(h.flow, who, h.LinkIn("/link"), time.Minute)
	}
	if z, err := h.Frozen(t.Context()); err != nil || z.On {
		t.Errorf("it is %+v, %v", z, err)
	}
}

func frozenAt(h *house) int64 {
	z, err := h.Frozen(context.Background())
	if err != nil {
		h.t.Fatal(err)
	}
	return z.Since.Unix()
}

// TestLimits of how much one person, and the tenant, may ask for.
func TestLimitsOfAsking(t *testing.T) {
	h := newHouse(t, func(h *house) { h.policy.PerRequester = 2 })
	h.command(bea, dm(bea), "reset ava@contoso.com")
	h.command(bea, dm(bea), "reset nobody@contoso.com")
	h.command(bea, dm(bea), "reset sam@contoso.com")
	h.refusedFor(bea, "too-many")
	if !h.Has("turned-away/too-many") {
		t.Error("the admins are not told")
	}

	h = newHouse(t, func(h *house) { h.policy.PerHour = 1 })
	h.command(bea, dm(bea), "reset ava@contoso.com")
	h.command(sam, dm(sam), "reset priya@contoso.com")
	h.refusedFor(sam, "too-many-all")

	h = newHouse(t)
	h.ask()
	h.command(ava, dm(ava), "reset ava@contoso.com")
	h.refusedFor(ava, "open")
}

// TestACoolDown between two resets of one person.
func TestACoolDown(t *testing.T) {
	h := proven(t)
	h.approve(priya)
	h.pass()
	h.Advance(24 * time.Hour)
	n := len(h.tenant.Written)
	h.command(ava, dm(ava), "reset ava@contoso.com")
	if got, want := h.last(ava).Title, says(t, "reset.no.cool-down.title"); got != want || len(h.tenant.Written) != n {
		t.Errorf("a day later: %q", got)
	}
}

// TestAColleagueIsToldNothing compares what Bea reads of accounts of all kinds.
func TestAColleagueIsToldNothing(t *testing.T) {
	hear := func(upn string, change func(*house)) (heard string) {
		h := newHouse(t, change)
		h.command(bea, dm(bea), "reset "+upn)
		h.Advance(5 * time.Hour)
		for _, p := range h.Posts {
			if p.To.Reader == "bea" {
				heard += fmt.Sprintln(p.Times, text(p.Message))
			}
		}
		return heard
	}
	want := hear("ava@contoso.com", func(*house) {})
	for name, change := range map[string]func(*house){
		"privileged": func(h *house) { h.tenant.Held["o-ava"] = []graph.Role{{Template: "x"}} },
		"disabled":   func(h *house) { h.tenant.People["o-ava"] = graph.User{ID: "o-ava", UPN: "ava@contoso.com"} },
		"at risk":    func(h *house) { h.tenant.Risks["o-ava"] = graph.Risk{Level: "high", State: "atRisk"} },
		"already asked for": func(h *house) {
			r := flows.Request{Approval: flows.Approval{Key: "other", Expires: h.Clock.Add(time.Hour), Plan: flows.Plan{Subject: ava.Identity, Requester: sam.Identity}}, State: flows.ResetAsked, Asked: h.Clock}
			h.Put(r)
		},
	} {
		if got := hear("ava@contoso.com", change); got != want {
			t.Errorf("%s: got\n%s\nwant\n%s", name, got, want)
		}
	}
	if got := hear("nobody@contoso.com", func(*house) {}); got != want {
		t.Errorf("nobody: got\n%s\nwant\n%s", got, want)
	}
	if strings.Contains(want, "Ava") || strings.Contains(want, "Pixel") {
		t.Errorf("Bea reads %s", want)
	}
}
