package flowstest_test

import (
	"testing"
	"time"

	"mfahelp/bot"
	"mfahelp/flows"
	"mfahelp/flows/reset"
	"mfahelp/graph"
)

// TestTwoAccountsOfOnePerson count once, where the policy says that they belong
// together: an admin's account gives no leave to what the everyday one asks for.
func TestTwoAccountsOfOnePerson(t *testing.T) {
	day := bot.Person{Platform: "web", ID: "day", Name: "Priya", Identity: bot.Identity{Tenant: "t", ObjectID: "o-day"}}
	press := func(h *house) { h.Press(priya, "/card", "Approve…", nil) }
	for name, test := range map[string]struct {
		play func(h *house)
		why  string
	}{
		"asks with one":          {func(h *house) { h.command(day, dm(day), "reset ava@contoso.com"); h.confirm(); press(h) }, "own-request"},
		"is whose account it is": {func(h *house) { h.command(bea, dm(bea), "reset day@contoso.com"); h.confirm(); press(h) }, "own-account"},
		"vouches with one": {func(h *house) {
			h.tenant.Managers["o-ava"] = "o-day"
			h.ask()
			h.Agree(h.flow, day, h.LinkIn("/manager/web"), time.Minute)
			press(h)
		}, "prover"},
		"asks, and calls back": {func(h *house) {
			h.policy.Proofs[flows.AsColleague] = []string{reset.ByCallBack}
			h.build()
			h.command(day, dm(day), "reset ava@contoso.com")
			h.Press(priya, "/card", "I call back", nil)
		}, "own-request"},
		"asks for the other, on the phone": {func(h *house) { h.command(priya, channel, "reset day@contoso.com") }, "own-account"},
	} {
		for _, together := range []bool{true, false} {
			h := newHouse(t, func(h *house) {
				h.tenant.People["o-day"] = graph.User{ID: "o-day", UPN: "day@contoso.com", Name: "Priya of Contoso", Enabled: true}
				h.tenant.Managers["o-day"], h.tenant.Ways["o-day"] = "o-mo", []graph.Method{password, phone}
				h.chats = append(h.chats, day)
				if together {
					h.policy.Same = [][]string{{"O-DAY", "o-priya"}}
				}
			})
			test.play(h)
			if refused := h.last(priya).Title == says(t, "reset.no."+test.why+".title"); refused != together {
				t.Errorf("%s, together: %v: Priya reads %q", name, together, h.last(priya).Title)
			}
			h.untouched()
		}
	}
}
