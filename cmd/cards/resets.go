package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"mfahelp/bot"
	"mfahelp/flows"
	"mfahelp/flows/escalate"
	"mfahelp/flows/flowstest"
	"mfahelp/flows/help"
	"mfahelp/flows/lookup"
	"mfahelp/flows/reset"
	"mfahelp/graph"
)

// Mo is Ava's manager, Bea a colleague.
var (
	mo  = bot.Person{Platform: "web", ID: "mo", Name: "Mo Haddad", Identity: bot.Identity{Tenant: tenant, ObjectID: "o-mo"}}
	bea = bot.Person{Platform: "web", ID: "bea", Name: "Bea Novak", Identity: bot.Identity{Tenant: tenant, ObjectID: "o-bea"}}
)

// A clinic is a world in which resets are asked for, with a tenant that they
// change.
type clinic struct {
	*flowstest.World
	t      flowstest.T
	tenant *flowstest.Tenant
	flow   *reset.Flow
	policy reset.Policy
	links  int
}

// A treatment leads to one message about a reset.
type treatment struct {
	name  string
	post  string
	tells func(*clinic)
}

// treatments are all of them, in the order in which a reset goes.
var treatments = []treatment{
	{"reset-which", "/reply", func(c *clinic) { c.ask() }},
	{"reset-asked", "/reply", func(c *clinic) { c.asked() }},
	{"reset-asked-subject-told", "/subject/web", func(c *clinic) { c.asks(bea, chat(bea)) }},
	{"reset-asked-by-colleague", "/reply", func(c *clinic) { c.asks(bea, chat(bea)) }},
	{"reset-manager", "/manager/web", func(c *clinic) { c.asked() }},
	{"reset-proven", "/reply", func(c *clinic) { c.proven() }},
	{"reset-manager-proven", "/manager/web", func(c *clinic) { c.proven() }},
	{"reset-executing", "/reply", func(c *clinic) { c.Apply = nil; c.approved() }},
	{"reset-manager-executing", "/manager/web", func(c *clinic) { c.Apply = nil; c.approved() }},
	{"reset-pass-waits", "/reply", func(c *clinic) { c.approved() }},
	{"reset-expired", "/reply", func(c *clinic) { c.asked(); c.Advance(5 * time.Hour) }},
	{"reset-manager-expired", "/manager/web", func(c *clinic) { c.asked(); c.Advance(5 * time.Hour) }},
	{"reset-card-asked", "/card", func(c *clinic) { c.asked() }},
	{"reset-card-by-colleague", "/card", func(c *clinic) { c.asks(bea, chat(bea)) }},
	{"reset-card-call", "/card", func(c *clinic) { c.asks(sam, inAdmins) }},
	{"reset-call", "/call", func(c *clinic) {
		c.asks(sam, inAdmins)
		c.Press(priya, "/card", "I call back", nil)
	}},
	{"reset-their-half", "/half", func(c *clinic) {
		c.asks(sam, inAdmins)
		c.Press(sam, "/card", "Tell them their characters", nil)
	}},
	{"reset-card-proven", "/card", func(c *clinic) { c.proven() }},
	{"reset-may-not", "/no", func(c *clinic) {
		c.asks(sam, chat(sam))
		c.confirm()
		c.Press(sam, "/card", "Approve…", nil)
	}},
	{"reset-link-approve", "/link", func(c *clinic) { c.proven(); c.Press(priya, "/card", "Approve…", nil) }},
	{"reset-card-executed", "/card", func(c *clinic) { c.approved() }},
	{"reset-card-failed", "/card", func(c *clinic) {
		c.tenant.Fails = func(ch graph.Change) error {
			if ch.Kind == graph.DeleteMethod {
				return &graph.Error{Op: "delete method", Reason: graph.ErrDefault, Status: 400}
			}
			return nil
		}
		c.approved()
	}},
	{"reset-pass-ready", "/manager/web", func(c *clinic) { c.approved() }},
	{"reset-pass-link", "/link", func(c *clinic) { c.approved(); c.Press(mo, "/manager/web", "Show the pass…", nil) }},
	{"reset-pass-showing", "/link", func(c *clinic) { c.approved(); c.comesForPass() }},
	{"reset-pass-shown", "/pass", func(c *clinic) { c.handedOver() }},
	{"reset-pass-enter", "/pick-up/web", func(c *clinic) {
		c.approved()
		c.comesForPass()
		c.Press(mo, "/link", printer("").Say("reset.pick-up"), nil)
	}},
	{"reset-card-watched", "/card", func(c *clinic) { c.handedOver() }},
	{"reset-done", "/reply", func(c *clinic) { c.handedOver() }},
	{"reset-after", "/watch", func(c *clinic) { c.handedOver(); c.signedInAgain() }},
	{"reset-card-settled", "/card", func(c *clinic) { c.handedOver(); c.signedInAgain() }},
	{"reset-settled", "/reply", func(c *clinic) { c.handedOver(); c.signedInAgain() }},
	{"reset-card-not-me", "/card", func(c *clinic) { c.handedOver(); c.Press(ava, "/reply", "This was not me", nil) }},
	{"reset-card-denied", "/card", func(c *clinic) {
		c.proven()
		c.Press(sam, "/card", "Deny", map[string]string{"reason": "She is in the office."})
	}},
	{"reset-denied", "/reply", func(c *clinic) {
		c.proven()
		c.Press(sam, "/card", "Deny", map[string]string{"reason": "She is in the office."})
	}},
	{"reset-card-expired", "/card", func(c *clinic) { c.asked(); c.Advance(5 * time.Hour) }},
	{"reset-card-privileged", "/card", func(c *clinic) { c.tenant.Held["o-ava"] = []graph.Role{{Template: "helpdesk"}}; c.itself() }},
	{"reset-card-sole", "/card", func(c *clinic) {
		c.tenant.Held["o-ava"] = []graph.Role{{Template: graph.GlobalAdministrator}}
		c.itself()
	}},
	{"reset-card-guest", "/card", func(c *clinic) { c.alter(func(u *graph.User) { u.Guest = true }); c.itself() }},
	{"reset-card-disabled", "/card", func(c *clinic) { c.alter(func(u *graph.User) { u.Enabled = false }); c.itself() }},
	{"reset-not-here", "/reply", func(c *clinic) { c.alter(func(u *graph.User) { u.Enabled = false }); c.itself() }},
	{"reset-card-frozen", "/card", func(c *clinic) {
		c.tenant.Risks["o-ava"] = graph.Risk{Level: "high", State: "atRisk"}
		c.asked()
	}},
	{"reset-all-frozen", "/freeze/1795165200", func(c *clinic) { c.asked(); c.Press(priya, "/card", "Stop all resets", nil) }},
}

// playReset tells tr and returns its message, and who it is for.
func playReset(tr treatment, t flowstest.T) (bot.Message, bot.Place) {
	c := &clinic{World: flowstest.New(t), t: t, policy: wards()}
	c.tenant = flowstest.NewTenant(c.Now)
	for _, p := range []bot.Person{ava, bea, mo, priya, sam} {
		c.tenant.People[p.ObjectID] = graph.User{ID: p.ObjectID, UPN: p.ID + "@contoso.com", Name: p.Name, Enabled: true}
		c.tenant.Managers[p.ObjectID] = mo.ObjectID
	}
	c.tenant.Ways["o-ava"] = []graph.Method{
		{ID: "m-password", Kind: graph.Password},
		{ID: "m-app", Kind: graph.Authenticator, Name: "Pixel 9", Default: true},
		{ID: "m-number", Kind: graph.PhoneMethod, Phone: "mobile", Name: "+X XXXXXXXX07"},
	}
	c.tenant.Numbers["o-ava"] = graph.ContactField{Field: graph.MobilePhone, Masked: "+X XXXXXXXX07"}
	c.tenant.Groups["g-desk"] = []string{"o-priya", "o-sam"}
	c.Helpers["o-priya"], c.Helpers["o-sam"] = true, true
	c.build()
	tr.tells(c)
	p := c.Post(tr.post)
	return p.Message, p.To
}

func wards() reset.Policy {
	desk := reset.Approvers{Groups: []string{"g-desk"}, Count: 1}
	return reset.Policy{
		Approvers: map[reset.Class]reset.Approvers{reset.OneMethod: desk, reset.PassOnly: desk},
		Proofs: map[flows.Asker][]string{
			flows.AsSubject: {reset.ByManager}, flows.AsColleague: {reset.ByManager}, flows.AsAdmin: {reset.ByCallBack},
		},
		RequestLife: 4 * time.Hour, ProofLife: time.Hour, CoolDown: 24 * time.Hour, PerRequester: 3, PerHour: 20, Burst: 3,
		PassLife: time.Hour, PassOnce: true, CallField: graph.MobilePhone, CallUnchanged: 30 * 24 * time.Hour,
		Settled: 3 * 24 * time.Hour, Watch: 3 * 24 * time.Hour, Remind: time.Hour,
	}
}

func (c *clinic) build() {
	flow, err := reset.New(reset.Options{
		Policy: c.policy, Tenant: tenant, Directory: c.tenant, Changes: c.tenant, SignIns: c.tenant, Requests: c, Cases: c, Admins: c, Ledger: c,
		Reach: []bot.Reacher{c}, Codes: reset.Codes{Key: []byte("a key for the gallery")}, Words: printer, Channel: inAdmins,
		Page:  func(link string) string { return "https://mfahelp.contoso.com/go/" + link },
		Token: func() string { c.links++; return fmt.Sprintf("made-up-token-of-story-%d", c.links) },
		Self:  []string{flowstest.Writer}, Now: c.Now,
	})
	if err != nil {
		c.t.Fatal(err)
	}
	c.flow, c.Leave, c.Apply = flow, flow, c.tenant.Apply
	desk := &lookup.Desk{SignIns: &flowstest.Log{}, Directory: c.tenant, Tenant: tenant, Now: c.Now}
	c.Router.Closed = func(e bot.Event, why flows.Refusal) flows.Answer { return help.Closed(printer(""), e, why) }
	c.Router.Flows = []flows.Named{
		flow.Named(),
		escalate.New(escalate.Options{Desk: desk, Cases: c, Admins: c, Words: printer, Channel: inAdmins, Now: c.Now, Resets: true}).Named(),
		help.New(help.Options{Desk: desk, Cases: c, Ledger: c, Words: printer, Admins: inAdmins, Now: c.Now, Resets: true}).Named(),
	}
}

func chat(p bot.Person) bot.Place {
	return bot.Place{Platform: "web", ID: "direct:" + p.ID, Private: true, Audience: bot.Direct, Reader: p.ID}
}

// Reach implements [bot.Reacher].
func (c *clinic) Reach(_ context.Context, who bot.Identity) (bot.Person, bot.Place, bool, error) {
	for _, p := range []bot.Person{ava, bea, mo, priya, sam} {
		if p.Key() == who.Key() {
			return p, chat(p), true, nil
		}
	}
	return bot.Person{}, bot.Place{}, false, nil
}

// asks has somebody ask for a reset of Ava's methods.
func (c *clinic) asks(who bot.Person, in bot.Place) {
	c.Do(who, in, bot.Commanded{Name: "mfa-help", Text: "reset ava@contoso.com"})
}

func (c *clinic) alter(change func(*graph.User)) {
	u := c.tenant.People["o-ava"]
	change(&u)
	c.tenant.People["o-ava"] = u
}

// ask, asked and so on go one step further each.
func (c *clinic) ask() {
	c.Say(ava, inChat, "I cannot sign in")
	c.Press(ava, "/reply", "My phone is gone", nil)
}

// itself asks by a command: help sends some accounts to the admins at once.
func (c *clinic) itself() { c.asks(ava, inChat) }

func (c *clinic) asked() { c.ask(); c.Press(ava, "/reply", "All of these", nil) }

func (c *clinic) confirm() { c.Agree(c.flow, mo, c.LinkIn("/manager/web"), time.Minute) }

func (c *clinic) proven() { c.asked(); c.confirm() }

func (c *clinic) approved() {
	c.proven()
	c.Press(priya, "/card", "Approve…", nil)
	c.Agree(c.flow, priya, c.LinkIn("/link"), time.Minute)
}

// comesForPass lets the manager sign in to have the pass shown.
func (c *clinic) comesForPass() {
	c.Press(mo, "/manager/web", "Show the pass…", nil)
	c.Agree(c.flow, mo, c.LinkIn("/link"), time.Minute)
}

func (c *clinic) handedOver() {
	c.approved()
	c.comesForPass()
	c.Press(mo, "/link", "Show it now", nil)
	if _, ok := c.Reveal(bot.Reveal{Kind: flows.RevealPass, Subject: passOf(c.Asked())}, mo); !ok {
		c.t.Fatal("no pass was made")
	}
}

// passOf is the key of the effect that makes r's pass.
func passOf(r flows.Request) string {
	for _, e := range r.Effects {
		if e.Kind == graph.CreatePass {
			return e.Key
		}
	}
	return ""
}

func (c *clinic) signedInAgain() {
	c.Advance(10 * time.Minute)
	c.tenant.Ways["o-ava"] = append(c.tenant.Ways["o-ava"], graph.Method{ID: "m-new", Kind: graph.Authenticator, Name: "Pixel 10"})
	c.tenant.SignIns = []graph.SignIn{{
		ID: "s-1", At: c.Now(), UserID: "o-ava", API: graph.Beta, IP: "203.0.113.77", Location: graph.Location{City: "Ghent", Country: "BE"},
		Steps: []graph.Step{{Method: "Mobile app notification", Succeeded: true, Result: "MFA completed in Azure AD"}},
	}}
	c.Advance(time.Hour)
}

// resetStories are the treatments as stories, for the gallery.
func resetStories() (all []story) {
	for _, tr := range treatments {
		all = append(all, story{name: tr.name, post: tr.post})
	}
	return all
}

// treatmentOf is the one behind a story; not ok for any other.
func treatmentOf(name string) (treatment, bool) {
	for _, tr := range treatments {
		if strings.HasPrefix(name, "reset-") && tr.name == name {
			return tr, true
		}
	}
	return treatment{}, false
}
