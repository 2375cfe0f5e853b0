package main

import (
	"strings"
	"testing"

	"mfahelp/bot"
	"mfahelp/flows/flowstest"
)

// TestAResetSaysWhat holds each card to what who decides must see: who, what
// goes, what stays, until when, who asks, and what we never ask for.
func TestAResetSaysWhat(t *testing.T) {
	plan := []string{"What goes", "Pixel 9", "What stays", "Time limit", "Sessions"}
	who := append([]string{"Ava Chen", "Asked by"}, plan...)
	for name, must := range map[string][]string{
		"reset-asked":              plan,
		"reset-asked-subject-told": append([]string{"Bea Novak", "Stop"}, plan...),
		"reset-manager":            append([]string{"Stop", "in person or by video"}, who...),
		"reset-proven":             append([]string{"Mo Haddad", "admin decides", "Stop"}, plan...),
		"reset-executing":          append([]string{"Priya Raman", "being removed", "This was not me"}, plan...),
		"reset-pass-waits":         append([]string{"Priya Raman", "Mo Haddad", "Call them"}, plan...),
		"reset-card-asked":         who,
		"reset-card-by-colleague":  append([]string{"Bea Novak", "cannot approve"}, who...),
		"reset-card-proven":        append([]string{"Mo Haddad", "cannot approve"}, who...),
		"reset-link-approve":       who,
		"reset-card-executed":      append([]string{"Priya Raman", "done"}, who...),
		"reset-card-failed":        append([]string{"Try again", "Default sign-in method"}, who...),
		"reset-card-watched":       append([]string{"Priya Raman", "Mo Haddad"}, who...),
		"reset-card-denied":        append([]string{"Sam Ortiz", "She is in the office."}, who...),
		"reset-card-frozen":        {"Ava Chen", "at risk", "Risky users"},
		"reset-pass-showing":       {"Ava Chen", "ava@contoso.com"},
		"reset-pass-shown":         {"Ava Chen", "ava@contoso.com"},
		"reset-card-privileged":    {"Privileged Authentication Administrator"},
		"reset-card-sole":          {"Data Protection team", "break-glass"},
		"reset-card-guest":         {"Reset redemption status"},
		"reset-card-disabled":      {"Audit logs"},
	} {
		said := allOf(named(t, name))
		for _, m := range must {
			if !strings.Contains(said, m) {
				t.Errorf("%s lacks %q:\n%s", name, m, said)
			}
		}
	}
}

func named(t *testing.T, name string) bot.Message {
	t.Helper()
	tr, ok := treatmentOf(name)
	if !ok {
		t.Fatalf("no story %s", name)
	}
	m, _ := playReset(tr, t)
	return m
}

// TestNoResetSaysTooMuch: no pass, no code, no number; and nothing that is for
// admins to whom an account belongs, or who only says so.
func TestNoResetSaysTooMuch(t *testing.T) {
	for _, tr := range treatments {
		m, to := playReset(tr, t)
		said := allOf(m)
		if strings.Contains(said, flowstest.Canary) {
			t.Errorf("%s has a pass in it", tr.name)
		}
		if to.ID != inAdmins.ID && (strings.Contains(said, "frozen") || strings.Contains(said, "at risk")) {
			t.Errorf("%s tells its reader of a sign of compromise:\n%s", tr.name, said)
		}
		if m.Personal && !to.Audience.One() {
			t.Errorf("%s is personal and stands in %s", tr.name, to.ID)
		}
		if !strings.Contains(said, "We never ask for your password") && tr.name != "reset-after" && tr.name != "reset-all-frozen" && tr.name != "reset-may-not" {
			t.Errorf("%s does not say what we never ask for:\n%s", tr.name, said)
		}
	}
}

// TestAFrozenResetLooksOrdinary to who asked.
func TestAFrozenResetLooksOrdinary(t *testing.T) {
	tr, _ := treatmentOf("reset-card-frozen")
	tr.post = "/reply"
	frozen, _ := playReset(tr, t)
	if got, want := allOf(frozen), allOf(named(t, "reset-asked")); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
