package teams_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"mfahelp/bot/teams"
	"mfahelp/bot/teams/teamstest"
	"mfahelp/secret"
)

// TestCheck spoils a set-up, and looks for what is said of it.
func TestCheck(t *testing.T) {
	for _, test := range []struct {
		claim string
		spoil func(*world, *teams.Options)
		want  string // check, trouble, verdict, and what the sentence about it has; "" if all is well
	}{
		{"healthy", func(*world, *teams.Options) {}, ""},
		{"a wrong secret", func(_ *world, o *teams.Options) { o.Credential = teams.Secret{Text: secret.New("another")} }, "teams-token teams-token missing [7000215]"},
		{"another app", func(_ *world, o *teams.Options) { o.App = "11111111-2222-4333-8444-555555555555" }, "teams-token teams-token missing [700016]"},
		{"another tenant", func(w *world, o *teams.Options) {
			o.Tenant, o.Tenants = "11111111-2222-4333-8444-555555555555", []string{w.fake.Tenant}
		}, "teams-token teams-token missing [90002]"},
		{"Entra is not there", func(_ *world, o *teams.Options) { o.Cloud.Login = "https://127.0.0.1:1" }, "teams-token no-answer  []"},
		{"no keys are there", func(w *world, o *teams.Options) { o.Cloud.Metadata = w.fake.URL + "/nothing" }, "teams-keys no-answer  []"},
		{"the keys of another cloud", func(_ *world, o *teams.Options) { o.Cloud.Issuer = "https://api.botframework.us" },
			"teams-keys teams-cloud missing [" + teamstest.Issuer + " https://api.botframework.us]"},
		{"keys that are not for Teams", func(w *world, _ *teams.Options) { must(w, w.fake.AddKey("webchat")); w.fake.Forget() }, "teams-keys teams-keys missing []"},
		{"no channel", func(_ *world, o *teams.Options) { o.Channel = "" }, "teams-channel teams-no-channel unwise []"},
		{"a channel that is not there", func(_ *world, o *teams.Options) { o.Channel = "19:gone@thread.tacv2" }, "teams-channel teams-channel-gone missing []"},
		{"a team without the app", func(w *world, _ *teams.Options) { w.channel.HasBot = false }, "teams-channel teams-not-installed missing []"},
		{"a guest in the channel", func(w *world, _ *teams.Options) { w.channel.Members = append(w.channel.Members, w.eve) }, "teams-channel teams-guests unwise [1]"},
		{"a token that the connector does not take", func(w *world, _ *teams.Options) {
			w.fake.Fail(teamstest.Fault{Method: http.MethodGet, Path: "/pagedmembers", Status: http.StatusForbidden, Body: `{"error":{"code":"Forbidden"}}`})
		}, "teams-channel teams-app missing []"},
		{"Teams has trouble", func(w *world, _ *teams.Options) {
			w.fake.Fail(teamstest.Fault{Method: http.MethodGet, Path: "/pagedmembers", Status: http.StatusBadGateway})
		}, "teams-channel no-answer  []"},
		{"a way that is not on the list any more", func(w *world, o *teams.Options) {
			o.Cloud.Connectors = []string{"smba.example.com"}
			o.Channel = ""
		}, "teams-heard teams-host missing [" + "HOST" + "]; teams-channel teams-no-channel unwise []"},
	} {
		t.Run(test.claim, func(t *testing.T) {
			w := openWith(t, nil)
			w.channel.Members = []*teamstest.Person{w.ada, w.bob}
			w.say(w.ada, "hello")
			calls := len(w.fake.Calls())
			w.restart(nopLog, func(w *world, o *teams.Options) { test.spoil(w, o) })
			checks(t, w, strings.ReplaceAll(test.want, "HOST", w.fake.Host()))
			for _, call := range w.fake.Calls()[calls:] {
				if !strings.HasPrefix(call, "GET ") {
					t.Errorf("it called %s", call)
				}
			}
		})
	}
}

// checks holds what a check says to what is wrong, and sees that the secret is
// not in it.
func checks(t *testing.T, w *world, want string) {
	t.Helper()
	var bad []string
	for _, f := range w.Check(t.Context()) {
		if f.Verdict != teams.Good {
			bad = append(bad, fmt.Sprintf("%s %s %s %v", f.Check, f.Trouble, f.Verdict, f.Values))
		}
		if f.Err != nil && strings.Contains(f.Err.Error(), w.fake.Secret) {
			t.Error("it says the secret")
		}
	}
	if got := strings.Join(bad, "; "); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestCheckBeforeAnythingWasHeard goes by the way that the whole cloud has, and
// says that only a message would show the way in.
func TestCheckBeforeAnythingWasHeard(t *testing.T) {
	w := open(t)
	w.channel.Members = []*teamstest.Person{w.ada}
	checks(t, w, "teams-heard teams-unheard look []")
	if !slices.ContainsFunc(w.fake.Calls(), func(c string) bool { return strings.Contains(c, "/pagedmembers") }) {
		t.Errorf("it asked for nobody: %q", w.fake.Calls())
	}
}

// TestCheckCountsAllPages finds a guest who is not on the first.
func TestCheckCountsAllPages(t *testing.T) {
	w := open(t)
	w.channel.Members = nil
	for i := range 600 {
		w.channel.Members = append(w.channel.Members, w.fake.Add(teamstest.Person{Name: fmt.Sprint(i), Object: fmt.Sprintf("11111111-aaaa-4aaa-8aaa-%012d", i+100)}))
	}
	w.channel.Members = append(w.channel.Members, w.eve)
	w.say(w.ada, "hello")
	checks(t, w, "teams-channel teams-guests unwise [1]")
}

func must(w *world, err error) {
	if err != nil {
		w.Fatal(err)
	}
}
