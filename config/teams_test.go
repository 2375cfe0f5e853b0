package config

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mfahelp/secret"
)

const withTeams = minimal + "teams:\n  app_id: 7c1e0d4a-5b92-4f3e-8d67-2a9c6e1f0b85\n  credential: {secret: env:MFAHELP_CLIENT_SECRET}\n"

// TestTeamsExample reads what the example shows.
func TestTeamsExample(t *testing.T) {
	b, err := os.ReadFile("example.yaml")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(b), "# ---- Microsoft Teams ---")
	rest, _, _ = strings.Cut(rest, "\n# ---- ")
	text := "tenant:\n  id: 11111111-2b57-4c8e-9a40-1d7f5b2c8e63\n  client_id: 0b8c4d17-93fa-4e25-b6d1-7a2e9c5f3081\n" +
		"  credential: {secret: env:MFAHELP_CLIENT_SECRET}\n"
	for _, l := range regexp.MustCompile(`(?m)^#   (.*)$`).FindAllStringSubmatch(rest, -1) {
		text += l[1] + "\n"
	}
	text += "  groups: [a94c2f60-7e1b-4d38-95c7-3f8b6e0d2a51]\n"
	got, err := load(t, strings.ReplaceAll(text, "MFAHELP_TEAMS_SECRET", "MFAHELP_CLIENT_SECRET"), map[string]string{})
	if err != nil {
		t.Fatalf("%v\nin\n%s", err, text)
	}
	want := Teams{
		On: true, AppID: "7c1e0d4a-5b92-4f3e-8d67-2a9c6e1f0b85", Tenant: "6f1d9a3e-2b57-4c8e-9a40-1d7f5b2c8e63",
		Tenants: []string{"6f1d9a3e-2b57-4c8e-9a40-1d7f5b2c8e63"}, Credential: Credential{Secret: secret.New(canary)}, Cloud: TeamsPublic,
	}
	if d := cmp.Diff(want, got.Teams, revealed); d != "" {
		t.Error(d)
	}
	if got.Admins.Channel != (Channel{"teams", "19:8f2d1c@thread.tacv2"}) {
		t.Errorf("the admins' channel is %+v", got.Admins.Channel)
	}
}

// TestTeamsDefaults takes from the tenant what the section does not say.
func TestTeamsDefaults(t *testing.T) {
	for _, test := range []struct {
		name, text string
		want       TeamsCloud
	}{
		{"the public cloud", withTeams, TeamsPublic},
		{"the government's", strings.Replace(withTeams, "tenant:\n", "tenant:\n  cloud: usgov\n", 1), TeamsGCCHigh},
		{"the military's", strings.Replace(withTeams, "tenant:\n", "tenant:\n  cloud: usgov-dod\n", 1), TeamsDoD},
		{"another than goes with the tenant", withTeams + "  cloud: gcc\n", TeamsGCC},
	} {
		got, err := load(t, test.text, map[string]string{})
		if err != nil {
			t.Fatal(err)
		}
		if got.Teams.Cloud != test.want || got.Teams.Tenant != got.Tenant.ID || !cmp.Equal(got.Teams.Tenants, []string{got.Tenant.ID}) {
			t.Errorf("%s: got %+v", test.name, got.Teams)
		}
	}
	if got, err := load(t, minimal, map[string]string{}); err != nil || got.Teams.On {
		t.Errorf("without the section: %+v, %v", got.Teams, err)
	}
}

func TestTeamsEndpoints(t *testing.T) {
	text := withTeams + "  tenant: botframework.com\n  cloud: custom\n  endpoints:\n    issuer: https://api.example\n    metadata: https://login.example/keys\n" +
		"    login: https://token.example/\n    scope: https://api.example/.default\n    connectors: [\"Smba.example:8443\"]\n    downloads: [.files.example]\n    ca_file: ca.pem\n"
	got, err := load(t, text, map[string]string{"ca.pem": authority})
	if err != nil {
		t.Fatal(err)
	}
	want := TeamsEndpoints{
		Issuer: "https://api.example", Metadata: "https://login.example/keys", Login: "https://token.example", Scope: "https://api.example/.default",
		Connectors: []string{"smba.example:8443"}, Downloads: []string{".files.example"}, CA: []byte(authority),
	}
	if d := cmp.Diff(want, got.Teams.Endpoints); d != "" || got.Teams.Tenant != "botframework.com" {
		t.Error(got.Teams.Tenant, d)
	}
}

func TestTeamsProblems(t *testing.T) {
	for _, test := range []struct{ name, text, want string }{
		{"a section with nothing in it", minimal + "teams:\n",
			"8:1: teams: has no keys in it; write them below it, indented: app_id, tenant, tenants, credential, cloud, endpoints, targeted"},
		{"neither an id nor a credential", minimal + "teams: {targeted: true}\n",
			"8:1: teams.app_id: is missing; write app_id: and the id of the bot's registration, which the Azure portal calls Microsoft App ID" + "\n" +
				"8:1: teams.credential: is missing; write credential: and below it secret, certificate, workload_identity, or managed_identity"},
		{"a secret in the file", strings.Replace(withTeams, "{secret: env:MFAHELP_CLIENT_SECRET}\n", "{secret: "+canary+"}\n", 1),
			"10:24: teams.credential.secret: is written out here"},
		{"a cloud that is none", withTeams + "  cloud: gcchigh\n", `11:10: teams.cloud: "gcchigh" is none of public, gcc, gcc-high, dod, custom; did you mean "gcc-high"?`},
		{"a custom cloud without its addresses", withTeams + "  cloud: custom\n", "8:1: teams.endpoints: is missing"},
		{"addresses without a custom cloud", withTeams + "  endpoints: {issuer: https://a, metadata: https://a, login: https://a, scope: https://a, connectors: [a]}\n",
			"11:3: teams.endpoints: belong to a custom cloud"},
		{"a host that is an address", withTeams + "  cloud: custom\n  endpoints: {issuer: https://a, metadata: https://a, login: https://a, scope: https://a, connectors: [\"https://a\"]}\n",
			`teams.endpoints.connectors[0]: "https://a" is no host`},
		{"an address without TLS", withTeams + "  cloud: custom\n  endpoints: {issuer: http://a, metadata: https://a, login: https://a, scope: https://a, connectors: [a]}\n",
			"teams.endpoints.issuer: is no address for it"},
		{"a tenant by its name", withTeams + "  tenant: contoso.com\n", "11:11: teams.tenant: is no id of the directory"},
		{"China, of which nothing is documented", strings.Replace(withTeams, "tenant:\n", "tenant:\n  cloud: china\n", 1), "teams.cloud: is missing; write custom"},
		{"the admins in a Teams that is not there", with("admins:\n", "admins:\n  channel: {platform: teams, id: x}\n"), "teams: is missing; the admins' channel is in Teams"},
	} {
		_, err := load(t, test.text, map[string]string{})
		if err == nil || !strings.Contains(strings.ReplaceAll(err.Error(), "mfahelp.yaml:", ""), test.want) || strings.Contains(err.Error(), canary) {
			t.Errorf("%s: got\n%v\nwant\n%s", test.name, err, test.want)
		}
	}
}
