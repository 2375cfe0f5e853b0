package config

import (
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"mfahelp/secret"
)

// resetsText is what the example shows, with a tenant before it.
func resetsText(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile("example.yaml")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(b), "# ---- Resets ---")
	rest, _, _ = strings.Cut(rest, "\n# ---- ")
	text := "tenant:\n  id: 6f1d9a3e-2b57-4c8e-9a40-1d7f5b2c8e63\n  client_id: 0b8c4d17-93fa-4e25-b6d1-7a2e9c5f3081\n" +
		"  credential: {secret: env:MFAHELP_CLIENT_SECRET}\nadmins: {groups: [a94c2f60-7e1b-4d38-95c7-3f8b6e0d2a51]}\n"
	for _, l := range regexp.MustCompile(`(?m)^#   (.*)$`).FindAllStringSubmatch(rest, -1) {
		text += l[1] + "\n"
	}
	for _, name := range []string{"MFAHELP_SIGNIN_SECRET", "MFAHELP_WRITER_SECRET", "MFAHELP_AUDIT_KEY"} {
		text = strings.ReplaceAll(text, name, "MFAHELP_CLIENT_SECRET")
	}
	return text
}

func TestResets(t *testing.T) {
	got, err := load(t, resetsText(t), map[string]string{})
	if err != nil {
		t.Fatal(err)
	}
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	want := DefaultResets() // so that the example shows them as they are
	want.On = true
	want.Writer = Writer{"4b7f2e91-0c8d-4a65-b3e2-8d1f6a9c7e50", Credential{Secret: secret.New(canary)}}
	want.Approvers = []Approvers{
		{For: []string{"method", "pass"}, Groups: []string{"a94c2f60-7e1b-4d38-95c7-3f8b6e0d2a51"}, Count: 1},
		{For: []string{"all-methods"}, Roles: []string{"c4e39bd9-1100-46d3-8c65-fb160da0071f"}, Count: 2},
	}
	want.Proofs = Proofs{Subject: []string{"manager"}, Colleague: []string{"manager"}, Admin: []string{"callback"}}
	want.Hours = &Hours{
		Days: []time.Weekday{1, 2, 3, 4, 5}, From: 8 * time.Hour, To: 18 * time.Hour, Zone: zone,
		Text: "Outside these hours call the service desk; the number is on your badge.",
	}
	want.Mailbox = "helpdesk@contoso.com"
	want.SamePerson = [][]string{{"0b6f5d3e-8a41-4c27-b9de-5f1a7c2e9d04", "7c9e1b42-3d5f-4e60-8a17-c4b2d9f60e38"}}
	zones := cmp.Comparer(func(a, b *time.Location) bool { return a.String() == b.String() })
	if d := cmp.Diff(want, got.Resets, revealed, zones); d != "" {
		t.Error(d)
	}
	if got.Audit.Key.Reveal() != canary {
		t.Error("the key of the audit trail is another")
	}
	if got.PublicURL != "https://mfahelp.contoso.com" || got.SignIn.Context != "c1" || got.SignIn.ClientID != "9e1d5c20-48a7-4b36-8f21-c5d7a0e93b64" {
		t.Errorf("got %q, %+v", got.PublicURL, got.SignIn)
	}
}

// TestResetsWrong has what would make a policy that demands nothing, or a page
// that proves nothing, and the slips that people make.
func TestResetsWrong(t *testing.T) {
	for _, test := range []struct{ name, old, new, says string }{
		{"no page", "public_url: https://mfahelp.contoso.com", "", "resets need it"},
		{"a page without TLS", "https://mfahelp.contoso.com", "http://mfahelp.contoso.com", "is not https"},
		{"a page with a path", "https://mfahelp.contoso.com", "https://mfahelp.contoso.com/help", "no address of a page"},
		{"a trail that anybody can write anew", "audit:\n  key: env:MFAHELP_CLIENT_SECRET\n", "", "audit.key: is missing"},
		{"a key that can be guessed", "key: env:MFAHELP_CLIENT_SECRET", "key: file:short", "too short"},
		{"no approvers", "      groups: [a94c2f60-7e1b-4d38-95c7-3f8b6e0d2a51]\n", "", "names nobody"},
		{"a kind with two rows", "for: [all-methods]", "for: [all-methods, pass]", "pass has approvers already"},
		{"an unknown kind", "for: [all-methods]", "for: [everything]", `"everything" is none of method, pass, all-methods`},
		{"a kind twice", "for: [all-methods]", "for: [all-methods, all-methods]", "stands here twice"},
		{"nobody is enough", "count: 2", "count: 0", "out of range"},
		{"every request an attack", "about_one_person_a_day: 4", "about_one_person_a_day: 0", "out of range"},
		{"a role by its name", "roles: [c4e39bd9-1100-46d3-8c65-fb160da0071f]", "roles: [Authentication Administrator]", "no id of the directory"},
		{"no proof", "subject: [manager]", "subject: []", "is an empty list"},
		{"an unknown proof", "subject: [manager]", "subject: [birthday]", `"birthday" is none of manager, callback, other-factor`},
		{"no proofs at all", "    subject: [manager]\n    colleague: [manager]\n    admin: [callback]", "    {}", "names no proof"},
		{"a field that anybody can change", "field: mobilePhone", "field: otherMails", "none of mobilePhone, businessPhones"},
		{"a context that is a name", "authentication_context: c1", "authentication_context: strong", "no authentication context"},
		{"one app for both", "4b7f2e91-0c8d-4a65-b3e2-8d1f6a9c7e50", "0b8c4d17-93fa-4e25-b6d1-7a2e9c5f3081", "is that of the reader"},
		{"one app for signing in and writing", "4b7f2e91-0c8d-4a65-b3e2-8d1f6a9c7e50", "9e1d5c20-48a7-4b36-8f21-c5d7a0e93b64", "is that of the app that people sign in to"},
		{"one app for the bot and writing", "  mailbox: helpdesk@contoso.com", "  mailbox: helpdesk@contoso.com\nteams:\n" +
			"  app_id: 4b7f2e91-0c8d-4a65-b3e2-8d1f6a9c7e50\n  credential: {secret: env:MFAHELP_CLIENT_SECRET}", "is that of the bot in Teams"},
		{"no writer", "  writer:\n    client_id: 4b7f2e91-0c8d-4a65-b3e2-8d1f6a9c7e50\n    credential: {secret: env:MFAHELP_CLIENT_SECRET}\n", "", "writer: is missing"},
		{"an identity that nobody can sign in to", "credential: {secret: env:MFAHELP_CLIENT_SECRET}\n  # The Cond", "credential: {managed_identity: {}}\n  # The Cond", "managed identity"},
		{"hours that end before they begin", `to: "18:00"`, `to: "07:00"`, "ends before it begins"},
		{"an hour that is none", `from: "08:00"`, `from: "8 am"`, "no time of day"},
		{"a zone that is none", "Europe/Berlin", "Berlin", "no time zone"},
		{"a mailbox with a name", "mailbox: helpdesk@contoso.com", "mailbox: Helpdesk <helpdesk@contoso.com>", "no mailbox"},
		{"one person with one account", "[0b6f5d3e-8a41-4c27-b9de-5f1a7c2e9d04, 7c9e1b42-3d5f-4e60-8a17-c4b2d9f60e38]", "[0b6f5d3e-8a41-4c27-b9de-5f1a7c2e9d04]", "names one account"},
		{"an account that is one person's twice", "7c9e1b42-3d5f-4e60-8a17-c4b2d9f60e38", "0b6f5d3e-8a41-4c27-b9de-5f1a7c2e9d04", "stands here twice"},
		{"a life without end", "request_life: 4h", "request_life: 900h", "out of range"},
	} {
		t.Run(test.name, func(t *testing.T) {
			text := resetsText(t)
			if !strings.Contains(text, test.old) {
				t.Fatalf("there is no %q in\n%s", test.old, text)
			}
			_, err := load(t, strings.Replace(text, test.old, test.new, 1), map[string]string{"short": "Contoso2026"})
			if err == nil || !strings.Contains(err.Error(), test.says) {
				t.Errorf("got %v, want %q", err, test.says)
			}
		})
	}
}
