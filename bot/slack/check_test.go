package slack_test

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"testing"

	"mfahelp/bot/slack"
	"mfahelp/bot/slack/slacktest"
	"mfahelp/secret"
	"mfahelp/words"
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
		want  string // check, of what, verdict, and trouble; "" if all is well
	}{
		{"healthy over HTTP", func(*world, *slack.Options) {}, ""},
		{"healthy by Socket Mode", socketMode, ""},
		{"a wrong token", func(_ *world, o *slack.Options) { o.BotToken = secret.New("xoxb-another") }, "slack-token  missing code.invalid_auth"},
		{"a revoked token", func(w *world, _ *slack.Options) { w.fake.Revoke(true) }, "slack-token  missing code.token_revoked"},
		{"a person's token", func(w *world, _ *slack.Options) { w.fake.NoBot = true }, "slack-token  missing person-token"},
		{"Slack has trouble", func(w *world, _ *slack.Options) { w.fake.Fail(slacktest.Fault{Method: "auth.test", Status: 503}) }, "slack-token   no-answer"},
		{"Slack cuts the line", func(w *world, _ *slack.Options) { w.fake.Fail(slacktest.Fault{Method: "conversations.info"}) }, "slack-channel   no-answer"},
		{"Slack says what we do not know", func(w *world, _ *slack.Options) {
			w.fake.Fail(slacktest.Fault{Method: "conversations.info", Code: "moon_in_the_way"})
		}, "slack-channel  missing unexpected"},
		{"a public channel", func(w *world, _ *slack.Options) { w.admins.Private = false }, "slack-channel  missing channel-public"},
		{"a shared channel", func(w *world, _ *slack.Options) { w.admins.ExtShared = true }, "slack-channel  missing channel-shared"},
		{"a channel of several workspaces", func(w *world, _ *slack.Options) { w.admins.OrgShared = true }, "slack-channel  missing channel-org"},
		{"a channel that is about to be shared", func(w *world, _ *slack.Options) { w.admins.Pending = true }, "slack-channel  missing channel-shared"},
		{"an archived channel", func(w *world, _ *slack.Options) { w.admins.Archived = true }, "slack-channel  missing channel-archived"},
		{"a channel without the app", func(w *world, _ *slack.Options) { w.admins.NoBot = true }, "slack-channel  missing channel-gone"},
		{"a guest in the channel", func(w *world, _ *slack.Options) {
			w.admins.Members = append(w.admins.Members, w.add(slacktest.Person{Name: "Gus Guest", Guest: true}))
		}, "slack-readers  unwise guests"},
		{"no channel", func(_ *world, o *slack.Options) { o.Admins = "" }, "slack-channel  unwise no-channel"},
		{"Socket Mode switched off", func(w *world, o *slack.Options) { socketMode(w, o); w.fake.DisableSockets() }, "slack-socket  missing code.link_disabled"},
		{"a wrong app token", func(w *world, o *slack.Options) { socketMode(w, o); o.AppToken = secret.New("xapp-another") }, "slack-socket  missing app-token"},
		{"the bot's token for both", func(w *world, o *slack.Options) { socketMode(w, o); o.AppToken = o.BotToken }, "slack-socket  missing app-token"},
		{"an app token without its scope", func(w *world, o *slack.Options) {
			socketMode(w, o)
			w.fake.Fail(slacktest.Fault{Method: "apps.connections.open", Code: "missing_scope"})
		}, "slack-socket  missing app-token"},
		{"no way in", func(_ *world, o *slack.Options) { o.SigningSecret = secret.Text{} }, "slack-secret  missing no-way-in"},
		{"another secret for the signing secret", func(_ *world, o *slack.Options) { o.SigningSecret = secret.New("made up") }, "slack-secret  unwise odd-secret"},
		{"a scope too many", func(w *world, _ *slack.Options) { w.fake.Scopes = append(w.fake.Scopes, "channels:history") }, "slack-scope channels:history unwise spare-scope"},
		{"Slack does not name the scopes", func(w *world, _ *slack.Options) { w.fake.Untold = true }, "slack-scopes   scope-untold"},
		{"a profile field that is not there", func(_ *world, o *slack.Options) { o.Field = "Xf000001" }, "slack-field  missing field-gone"},
		{"a profile field that people fill", func(w *world, o *slack.Options) {
			w.fake.AddField(slacktest.Field{ID: "Xf000001", Label: "Object"})
			o.Field = "Xf000001"
		}, "slack-field  missing field-open"},
	} {
		t.Run(test.claim, func(t *testing.T) {
			w := prepare(t, asked())
			o := w.options()
			test.spoil(w, &o)
			checks(t, w, slack.New(o), test.want)
		})
	}
}

// checks holds what a check says to the one thing that is wrong, if one is, and
// sees that there is a sentence that says what to do about it.
func checks(t *testing.T, w *world, s *slack.Slack, want string) {
	t.Helper()
	var bad []string
	for _, f := range s.Check(t.Context()) {
		if f.Verdict != slack.Good {
			bad = append(bad, lineOf(t, f))
		}
	}
	if got := strings.Join(bad, ", "); got != want {
		t.Errorf("got %q, want %q", got, want)
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

// sentences are those that people read.
func sentences(t *testing.T) *words.Printer {
	return &words.Printer{Missing: func(key string) { t.Errorf("no sentence for %s", key) }}
}

// lineOf is f in a line. What it is about is in the sentence that says what to do.
func lineOf(t *testing.T, f slack.Finding) string {
	t.Helper()
	do := sentences(t).Say("slack.do."+string(f.Trouble), f.Values...)
	if item := f.Of[strings.LastIndex(f.Of, " ")+1:]; len(f.Values) > 0 && f.Values[0] != "" && !strings.Contains(do, item) || strings.Contains(do, "{") {
		t.Errorf("of %s it says %s", f.Of, do)
	}
	return strings.Join([]string{f.Check, f.Of, string(f.Verdict), string(f.Trouble)}, " ")
}

// TestCheckScopes takes away each scope, and looks for its name.
func TestCheckScopes(t *testing.T) {
	for _, scope := range slack.Scopes {
		t.Run(scope.Name, func(t *testing.T) {
			s := asked()
			s.Scopes = slices.DeleteFunc(s.Scopes, func(x string) bool { return x == scope.Name })
			w := prepare(t, s)
			verdict := map[bool]slack.Verdict{true: slack.Unwise, false: slack.Missing}[scope.Optional]
			want := "slack-scope " + scope.Name + " " + string(verdict) + " scope"
			switch scope.Name { // without which nothing is known of the channel, and of who is in it
			case "groups:read":
				want += ", slack-channel  missing scope"
			case "users:read":
				want += ", slack-readers  missing scope"
			}
			checks(t, w, slack.New(w.options()), want)
		})
	}
}

// TestCheckScopesThatAreUsed: what is optional is not, for who configured what it
// is for.
func TestCheckScopesThatAreUsed(t *testing.T) {
	for scope, use := range map[string]func(*slack.Options){
		"users:read.email":   func(o *slack.Options) { o.Mail.Domains = []string{"contoso.com"} },
		"users.profile:read": func(o *slack.Options) { o.Field = "Xf000001" },
	} {
		s := asked()
		s.Scopes = slices.DeleteFunc(s.Scopes, func(x string) bool { return x == scope })
		w := prepare(t, s)
		w.fake.AddField(slacktest.Field{ID: "Xf000001", Label: "Object", Directory: true})
		o := w.options()
		use(&o)
		want := "slack-scope " + scope + " missing scope"
		if o.Field != "" {
			want += ", slack-field  missing scope"
		}
		checks(t, w, slack.New(o), want)
	}
}

// TestCheckSettings takes each setting out of the app, one at a time, and looks
// for its name and for what to press.
func TestCheckSettings(t *testing.T) {
	w := sentences(t)
	for name, o := range map[string]slack.ManifestOptions{
		"by Socket Mode": {Say: w.Say}, "over HTTP": {Say: w.Say, URL: "https://help.contoso.com/slack/events"},
	} {
		t.Run(name, func(t *testing.T) {
			b, err := slack.Manifest(o)
			if err != nil {
				t.Fatal(err)
			}
			var options slack.Options
			if o.URL == "" {
				options.AppToken = secret.New("xapp-made-up")
			}
			app := slack.New(options)
			if got := settings(t, app, b); got != "slack-settings  ok " {
				t.Errorf("of the manifest itself: %s", got)
			}
			spoilt := 0
			for path, without := range spoil(t, b) {
				got := settings(t, app, without)
				if free(path) != (got == "slack-settings  ok ") || strings.Contains(got, ",") && !wide[path] {
					t.Errorf("without %s: %s", path, got)
				}
				spoilt++
			}
			if spoilt < 40 {
				t.Errorf("only %d were taken out", spoilt)
			}
		})
	}
	if _, err := slack.New(slack.Options{}).CheckSettings([]byte("_metadata:\n  major_version: 2")); err == nil {
		t.Error("YAML is taken for JSON")
	}
}

// wide are parts of a manifest with several settings in them.
var wide = map[string]bool{
	"features": true, "features.app_home": true, "oauth_config": true, "oauth_config.scopes": true, "oauth_config.scopes.bot": true,
	"settings": true, "settings.event_subscriptions": true, "settings.event_subscriptions.bot_events": true, "settings.interactivity": true,
}

// free reports whether an app may have a part of its manifest as it likes, or has
// it in any case.
func free(path string) bool {
	for _, part := range []string{
		"_metadata", "display_information", "features.bot_user.", "oauth_config.scopes.bot_optional", "settings.org_deploy_enabled",
	} {
		if strings.HasPrefix(path, part) {
			return true
		}
	}
	return slices.Contains([]string{"name", "description", "usage_hint"}, path[strings.LastIndex(path, ".")+1:])
}

// settings are what is found of a manifest.
func settings(t *testing.T, s *slack.Slack, manifest []byte) string {
	t.Helper()
	all, err := s.CheckSettings(manifest)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, f := range all {
		if f.Verdict == slack.Good {
			lines = append(lines, f.Check+"  ok ")
			continue
		}
		lines = append(lines, lineOf(t, f))
	}
	return strings.Join(lines, ", ")
}

// spoil returns a manifest without each of its parts, by where that was. What is
// false is made true, since to be missing is the same to Slack.
func spoil(t *testing.T, manifest []byte) map[string][]byte {
	t.Helper()
	out := map[string][]byte{}
	var root any
	write := func(path string) {
		b, err := json.Marshal(root)
		if err != nil {
			t.Fatal(err)
		}
		out[path] = b
	}
	var walk func(path string, v any, put func(any))
	walk = func(path string, v any, put func(any)) {
		switch v := v.(type) {
		case map[string]any:
			for key, x := range v {
				at := strings.TrimPrefix(path+"."+key, ".")
				if x == false {
					v[key] = true
				} else {
					delete(v, key)
				}
				write(at)
				v[key] = x
				walk(at, x, func(y any) { v[key] = y })
			}
		case []any:
			for i, x := range v {
				at := path + "[" + strconv.Itoa(i) + "]"
				put(slices.Delete(slices.Clone(v), i, i+1))
				write(at)
				put(v)
				walk(at, x, func(y any) { v[i] = y })
			}
		}
	}
	if err := json.Unmarshal(manifest, &root); err != nil {
		t.Fatal(err)
	}
	walk("", root, nil)
	return out
}
