package config

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mfahelp/secret"
)

const withSlack = minimal + "slack:\n  bot_token: env:MFAHELP_CLIENT_SECRET\n  app_token: env:MFAHELP_CLIENT_SECRET\n"

// TestSlackExample reads what the example shows.
func TestSlackExample(t *testing.T) {
	b, err := os.ReadFile("example.yaml")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(b), "# ---- Slack ---")
	rest, _, _ = strings.Cut(rest, "\n# ---- ")
	text := "tenant:\n  id: 11111111-2b57-4c8e-9a40-1d7f5b2c8e63\n  client_id: 0b8c4d17-93fa-4e25-b6d1-7a2e9c5f3081\n" +
		"  credential: {secret: env:MFAHELP_CLIENT_SECRET}\n"
	for _, l := range regexp.MustCompile(`(?m)^#   (.*)$`).FindAllStringSubmatch(rest, -1) {
		text += l[1] + "\n"
	}
	text += "  groups: [a94c2f60-7e1b-4d38-95c7-3f8b6e0d2a51]\n"
	text = regexp.MustCompile(`MFAHELP_SLACK_(BOT|APP)_TOKEN`).ReplaceAllString(text, "MFAHELP_CLIENT_SECRET")
	got, err := load(t, text, map[string]string{})
	if err != nil {
		t.Fatalf("%v\nin\n%s", err, text)
	}
	want := Slack{
		On: true, BotToken: secret.New(canary), AppToken: secret.New(canary), People: map[string]string{"U0123ABCD": "5d2e8f4b-1c6a-4937-8e05-b9f3a7d21c48"},
		ProfileField: "Xf0123ABCD", MailDomains: []string{"contoso.com"}, Replicas: 1,
	}
	if d := cmp.Diff(want, got.Slack, revealed); d != "" {
		t.Error(d)
	}
	if got.Admins.Channel != (Channel{"slack", "C0123ABCD"}) {
		t.Errorf("the admins' channel is %+v", got.Admins.Channel)
	}
}

func TestSlackProblems(t *testing.T) {
	for _, test := range []struct{ name, text, want string }{
		{"a section with nothing in it", minimal + "slack:\n",
			"8:1: slack: has no keys in it; write them below it, indented: bot_token, app_token, signing_secret, api, people, profile_field, mail_domains, replicas"},
		{"no way in", minimal + "slack:\n  bot_token: env:MFAHELP_CLIENT_SECRET\n", "8:1: slack.app_token: is missing; write app_token: for Socket Mode"},
		{"two ways in", withSlack + "  signing_secret: env:MFAHELP_CLIENT_SECRET\n", "11:19: slack.signing_secret: is for HTTP"},
		{"no token", minimal + "slack: {app_token: env:MFAHELP_CLIENT_SECRET}\n", "8:1: slack.bot_token: is missing"},
		{"a token in the file", minimal + "slack: {bot_token: " + canary + "}\n", "slack.bot_token: is written out here"},
		{"a name for an id", withSlack + "  people: [{slack: \"@ada\", object: 5d2e8f4b-1c6a-4937-8e05-b9f3a7d21c48}]\n", `slack.people[0].slack: "@ada" is no id of a member`},
		{"an address for an id", withSlack + "  people: [{slack: U0123ABCD, object: ada@contoso.com}]\n", "slack.people[0].object: is no id of the directory"},
		{"the same person twice", withSlack + "  people:\n    - {slack: U0123ABCD, object: 5d2e8f4b-1c6a-4937-8e05-b9f3a7d21c48}\n" +
			"    - {slack: U0123ABCD, object: a94c2f60-7e1b-4d38-95c7-3f8b6e0d2a51}\n", `says who "U0123ABCD" is a second time`},
		{"a field by its name", withSlack + "  profile_field: Object ID\n", `slack.profile_field: "Object ID" is no id of a profile field`},
		{"an address for a domain", withSlack + "  mail_domains: [\"@contoso.com\"]\n", `slack.mail_domains[0]: "@contoso.com" is no domain`},
		{"an API without TLS", withSlack + "  api: http://example.com\n", "slack.api: is no address for it"},
		{"the admins in a Slack that is not there", with("admins:\n", "admins:\n  channel: {platform: slack, id: C0123ABCD}\n"), "slack: is missing; the admins' channel is in Slack"},
		{"a channel by its name", strings.Replace(withSlack, "admins:\n", "admins:\n  channel: {platform: slack, id: \"#helpdesk\"}\n", 1), "admins.channel.id: is no id of a channel in Slack"},
	} {
		_, err := load(t, test.text, map[string]string{})
		if err == nil || !strings.Contains(strings.ReplaceAll(err.Error(), "mfahelp.yaml:", ""), test.want) || strings.Contains(err.Error(), canary) {
			t.Errorf("%s: got\n%v\nwant\n%s", test.name, err, test.want)
		}
	}
}
