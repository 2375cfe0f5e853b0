package slack_test

import (
	"slices"
	"strings"
	"testing"

	"mfahelp/bot/slack"
	"mfahelp/bot/slack/slacktest"
	"mfahelp/secret"
)

// hexSecret looks like the signing secrets that Slack makes.
const hexSecret = "0123456789abcdef0123456789abcdef"

// asked is a Slack whose app has just what the manifest asks for.
func asked() slacktest.Options {
	o := slacktest.Options{SigningSecret: hexSecret}
	for _, s := range slack.Scopes {
		o.Scopes = append(o.Scopes, s.Name)
	}
	return o
}

// socketMode switches a bot to Socket Mode.
func socketMode(w *world, o *slack.Options) {
	o.AppToken, o.SigningSecret = secret.New(w.fake.AppToken), secret.Text{}
}

// TestCheck spoils a set-up, and looks for what is said of it.
func TestCheck(t *testing.T) {
	for _, test := range []struct {
		claim string
		spoil func(*world, *slack.Options)
		want  string // what, verdict, and a part of what is said; "" if all is well
	}{
		{"healthy over HTTP", func(*world, *slack.Options) {}, ""},
		{"healthy by Socket Mode", socketMode, ""},
		{"a wrong token", func(_ *world, o *slack.Options) { o.BotToken = secret.New("xoxb-another") }, "the bot's token: missing: the token is wrong"},
		{"a revoked token", func(w *world, _ *slack.Options) { w.fake.Revoke(true) }, "the bot's token: missing: install the app again"},
		{"Slack has trouble", func(w *world, _ *slack.Options) { w.fake.Fail(slacktest.Fault{Method: "auth.test", Status: 503}) }, "the bot's token: : "},
		{"Slack cuts the line", func(w *world, _ *slack.Options) { w.fake.Fail(slacktest.Fault{Method: "conversations.info"}) }, "the admins' channel: : "},
		{"a public channel", func(w *world, _ *slack.Options) { w.admins.Private = false }, "the admins' channel: missing: is public"},
		{"a shared channel", func(w *world, _ *slack.Options) { w.admins.ExtShared = true }, "the admins' channel: missing: is shared with another company"},
		{"a channel that is about to be shared", func(w *world, _ *slack.Options) { w.admins.Pending = true }, "the admins' channel: missing: is shared with another company"},
		{"a channel without the app", func(w *world, _ *slack.Options) { w.admins.NoBot = true }, "the admins' channel: missing: /invite"},
		{"a guest in the channel", func(w *world, _ *slack.Options) {
			w.admins.Members = append(w.admins.Members, w.add(slacktest.Person{Name: "Gus Guest", Guest: true}))
		}, "who is in the admins' channel: unwise: 1 in it are guests"},
		{"no channel", func(_ *world, o *slack.Options) { o.Admins = "" }, "the admins' channel: unwise: there is none"},
		{"Socket Mode switched off", func(w *world, o *slack.Options) { socketMode(w, o); w.fake.DisableSockets() }, "a connection by Socket Mode: missing: switch it on"},
		{"a wrong app token", func(w *world, o *slack.Options) { socketMode(w, o); o.AppToken = secret.New("xapp-another") }, "a connection by Socket Mode: missing: invalid_auth"},
		{"the bot's token for both", func(w *world, o *slack.Options) { socketMode(w, o); o.AppToken = o.BotToken }, "a connection by Socket Mode: missing: xapp-"},
		{"no way in", func(_ *world, o *slack.Options) { o.SigningSecret = secret.Text{} }, "the signing secret: missing: there is no way in"},
		{"another secret for the signing secret", func(_ *world, o *slack.Options) { o.SigningSecret = secret.New("made up") }, "the signing secret: unwise: does not look like one"},
		{"a scope too many", func(w *world, _ *slack.Options) { w.fake.Scopes = append(w.fake.Scopes, "channels:history") }, "channels:history: unwise: never uses it"},
		{"a profile field that is not there", func(_ *world, o *slack.Options) { o.Field = "Xf000001" }, "the profile field with the object id: missing: does not exist"},
		{"a profile field that people fill", func(w *world, o *slack.Options) {
			w.fake.AddField(slacktest.Field{ID: "Xf000001", Label: "Object"})
			o.Field = "Xf000001"
		}, "the profile field with the object id: missing: by everybody"},
	} {
		t.Run(test.claim, func(t *testing.T) {
			w := prepare(t, asked())
			o := w.options()
			test.spoil(w, &o)
			checks(t, w, slack.New(o), test.want)
		})
	}
}

// checks holds what a check says to the one thing that is wrong, if one is.
func checks(t *testing.T, w *world, s *slack.Slack, want string) {
	t.Helper()
	var bad []string
	for _, f := range s.Check(t.Context()) {
		if f.Verdict == slack.Good {
			continue
		}
		bad = append(bad, f.What+": "+string(f.Verdict)+": "+f.Err.Error())
	}
	what, said := want, ""
	if i := strings.LastIndex(want, ": "); i >= 0 {
		what, said = want[:i+2], want[i+2:]
	}
	if want == "" && len(bad) > 0 || want != "" && (len(bad) != 1 || !strings.HasPrefix(bad[0], what) || !strings.Contains(bad[0], said)) {
		t.Errorf("got %q, want %q", bad, want)
	}
	for _, call := range w.fake.Calls() {
		if slices.Contains([]string{"chat.postMessage", "chat.postEphemeral", "views.publish"}, call) {
			t.Errorf("it called %s", call)
		}
	}
	if n := w.fake.Sockets(); n != 0 {
		t.Errorf("it opened %d connections", n)
	}
}

// TestCheckScopes takes away each scope, and looks for its name.
func TestCheckScopes(t *testing.T) {
	for _, scope := range slack.Scopes {
		t.Run(scope.Name, func(t *testing.T) {
			s := asked()
			s.Scopes = slices.DeleteFunc(s.Scopes, func(x string) bool { return x == scope.Name })
			w := prepare(t, s)
			found := slack.New(w.options()).Check(t.Context())
			i := slices.IndexFunc(found, func(f slack.Finding) bool { return f.What == scope.Name })
			want := map[bool]slack.Verdict{true: slack.Unwise, false: slack.Missing}[scope.Optional]
			if i < 0 || found[i].Verdict != want || !strings.Contains(found[i].Needs, scope.Name) || strings.Contains(found[i].Needs, "slack.scope") {
				t.Errorf("got %+v, want %s", found, want)
			}
		})
	}
}

// TestCheckScopesThatAreUsed: what is optional is not, for who configured what it
// is for.
func TestCheckScopesThatAreUsed(t *testing.T) {
	s := asked()
	s.Scopes = slices.DeleteFunc(s.Scopes, func(x string) bool { return x == "users:read.email" })
	w := prepare(t, s)
	o := w.options()
	o.Mail.Domains = []string{"contoso.com"}
	checks(t, w, slack.New(o), "users:read.email: missing: install the app again")
}
