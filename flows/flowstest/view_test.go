package flowstest_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"mfahelp/bot"
	"mfahelp/flows/flowstest"
)

// TestWhoMayPressSees what can be pressed on the card of a reset, and who may
// not, why. What they see is what a press of theirs comes to.
func TestWhoMayPressSees(t *testing.T) {
	const approve, deny = "Approve…", "Deny"
	h := proven(t)
	for _, test := range []struct {
		who  bot.Person
		says string // "" for who may
	}{
		{priya, ""},
		{sam, ""},
		{kim, "the policy does not name you"},
		{mo, "you vouched for them"},
		{ava, "it is your own account"},
		{bot.Person{Platform: "web", ID: "nobody"}, "the policy does not name you"},
	} {
		m, err := h.flow.View(t.Context(), h.Asked().Key, h.Post("/card").Message, test.who)
		if err != nil {
			t.Fatal(err)
		}
		labels := flowstest.Labels(m)
		if slices.Contains(labels, approve) != (test.says == "") || !slices.Contains(labels, deny) || !strings.Contains(text(m), test.says) {
			t.Errorf("%s sees %q, want it to say %q:\n%s", test.who.ID, labels, test.says, text(m))
		}
	}
	if got := flowstest.Labels(h.Post("/card").Message); !slices.Contains(got, approve) {
		t.Errorf("the card itself was changed: %q", got)
	}
	h.Advance(5 * time.Hour)
	m, err := h.flow.View(t.Context(), h.Asked().Key, bot.Message{Title: "An old card", Actions: []bot.Action{bot.Choose{Label: approve, Verb: "reset.approve", Subject: h.Asked().Key}}}, priya)
	if err != nil || len(m.Actions) > 0 || !strings.Contains(text(m), "has run out") {
		t.Errorf("after its time, Priya sees %s, %v", text(m), err)
	}
	other := bot.Message{Title: "Of a case", Actions: []bot.Action{bot.Choose{Label: "Claim", Verb: "escalate.claim", Subject: "x"}}}
	if m, err := h.flow.View(t.Context(), "x", other, kim); err != nil || len(m.Actions) != 1 {
		t.Errorf("of what is no reset, Kim sees %s, %v", text(m), err)
	}
}
