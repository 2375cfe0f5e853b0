package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"mfahelp/bot/slack"
	"mfahelp/bot/slack/slacktest"
	"mfahelp/bot/teams/teamstest"
	"mfahelp/config"
	"mfahelp/graph/sandbox"
	"mfahelp/secret"
)

// anInstallation is a configuration with resets, of a pretend tenant.
func anInstallation(t *testing.T) (file string, s *sandbox.Tenant) {
	t.Helper()
	dir := t.TempDir()
	s, err := sandbox.New(sandbox.Options{Dir: dir, NoThrottle: true, NoHistory: true})
	if err != nil {
		t.Fatal(err)
	}
	url, err := s.Start("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	ours := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("ok\n")) }))
	t.Cleanup(ours.Close)
	policy := s.PassPolicy()
	policy.Except = "" // one is left out, for the demo
	s.SetPassPolicy(policy)
	s.AddRedirect(s.Reader().ID, ours.URL+"/signin/callback")
	t.Setenv("MFAHELP_CLIENT_SECRET", s.Reader().Secret)
	t.Setenv("MFAHELP_WRITER_SECRET", s.Writer().Secret)
	t.Setenv("MFAHELP_AUDIT_KEY", "the key of the chain in these tests, of some length")
	file, ca := filepath.Join(dir, "mfahelp.yaml"), filepath.Join(dir, "ca.pem")
	text := fmt.Sprintf(`tenant:
  id: %s
  sandbox: true
  cloud: custom
  authority: %s
  graph: %s
  ca_file: %q
  client_id: %s
  credential: {secret: env:MFAHELP_CLIENT_SECRET}
admins:
  groups: [%s]
store:
  url: sqlite:%s
web:
  login: choose
audit:
  key: env:MFAHELP_AUDIT_KEY
public_url: %s
signin:
  authentication_context: c1
resets:
  writer:
    client_id: %s
    credential: {secret: env:MFAHELP_WRITER_SECRET}
  approvers:
    - for: [method, pass, all-methods]
      groups: [%s]
  proofs:
    subject: [manager]
    colleague: [manager]
    admin: [callback]
  mailbox: %s
`, s.ID(), url, url, ca, s.Reader().ID, adminsGroup(s), filepath.Join(dir, "store.db"), ours.URL, s.Writer().ID, adminsGroup(s), sandbox.Mailbox)
	for name, b := range map[string][]byte{file: []byte(text), ca: s.CAPEM()} {
		if err := os.WriteFile(name, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return file, s
}

// TestDoctor breaks an installation, and looks for what is said of it: what is
// missing, and where to press.
func TestDoctor(t *testing.T) {
	for _, test := range []struct {
		claim string
		spoil func(*sandbox.Tenant)
		want  string // in what is printed; "" for a healthy one
	}{
		{"healthy", func(*sandbox.Tenant) {}, ""},
		{"a permission to read", func(s *sandbox.Tenant) { s.Revoke(s.Reader().ID, "AuditLog.Read.All") },
			"  missing  sign-in log needs AuditLog.Read.All list sign-ins: permission missing"},
		{"a permission to write", func(s *sandbox.Tenant) { s.Revoke(s.Writer().ID, "UserAuthMethod-TAP.ReadWrite.All") },
			"  missing  making Temporary Access Passes needs UserAuthMethod-TAP.ReadWrite.All"},
		{"a permission to see policies", func(s *sandbox.Tenant) { s.Revoke(s.Reader().ID, "Policy.Read.All") },
			"Microsoft Graph > Application permissions > Policy.Read.All > Add permissions, then Grant admin consent"},
		{"the licence", func(s *sandbox.Tenant) { s.SetPremium(false) }, "It takes Entra ID P1"},
		{"the larger licence", func(s *sandbox.Tenant) { s.SetPremium(false) }, "write without_pim: true below tenant"},
		{"the pass policy", passesOff, "  missing  policy for Temporary Access Passes Entra admin center > Entra ID > Authentication methods > Policies > Temporary Access Pass > Enable"},
		{"the writer's secret", func(s *sandbox.Tenant) { s.ExpireSecret(s.Writer().ID, true) },
			"Writer: the app that changes accounts   missing  signing in as the app get token: credential not taken (401 AADSTS7000222) The secret has expired: make a new one"},
		{"the fence of the mailbox", func(s *sandbox.Tenant) { s.Fence(s.Writer().ID, "people@contoso.com") }, "  missing  mail from signin-help@contoso.com needs Mail.Send"},
		{"no fence at all", func(s *sandbox.Tenant) { s.Fence(s.Writer().ID) }, "  unwise   that no mail can be sent from other mailboxes The app "},
		{"a reader that may write", func(s *sandbox.Tenant) { s.Grant(s.Reader().ID, "UserAuthenticationMethod.ReadWrite.All") },
			"  unwise   that it can change nothing What only reads may change accounts"},
		{"the approvers", func(s *sandbox.Tenant) {
			for _, p := range s.People() {
				_ = s.Leave(p.UPN, sandbox.AdminsGroup) // who is not in it cannot leave it
			}
		}, "Nobody is in it"},
		{"the policy behind the context", func(s *sandbox.Tenant) { s.SetContext(sandbox.StrongContext, false) },
			"  missing  the policy behind the authentication context c1 No Conditional Access policy asks anything"},
		{"the tenant does not answer", func(s *sandbox.Tenant) { s.Close() }, "  unknown  the login service"},
		{"Graph does not answer", func(s *sandbox.Tenant) { s.Fault(sandbox.Fault{Kind: sandbox.Status, Path: "/v1.0/"}) }, "  unknown  "},
	} {
		t.Run(test.claim, func(t *testing.T) {
			file, s := anInstallation(t)
			test.spoil(s)
			checked(t, file, test.want, s.Reader().Secret, s.Writer().Secret)
			for _, w := range s.Writes() {
				if w.Done {
					t.Errorf("it did %s", w.Write)
				}
			}
		})
	}
}

// checked runs the doctor on a file, and sees that it says something, or that all
// is well, and no secret.
func checked(t *testing.T, file, want string, secrets ...string) {
	t.Helper()
	code, out, stderr := mfahelp(t, "", "doctor", "--config", file)
	if ends := map[bool]int{true: exitOK, false: exitError}[want == "" || strings.HasPrefix(want, "  unwise ")]; code != ends {
		t.Errorf("it ended with %d: %s\n%s", code, stderr, out)
	}
	says(t, out, want)
	for _, secret := range secrets {
		if strings.Contains(out+stderr, secret) {
			t.Error("it says a secret")
		}
	}
}

// says looks for words in what was printed, however the lines are broken.
func says(t *testing.T, out, want string) {
	t.Helper()
	flat := strings.NewReplacer("\n           ", " ", "\n", " ").Replace(out)
	if !strings.Contains(flat, want) {
		t.Errorf("it does not say %q:\n%s", want, out)
	}
	if strings.Contains(out, "doctor.") || strings.Contains(out, "{0}") || strings.Contains(out, "%!") || strings.Contains(out, "\x1b") {
		t.Errorf("a sentence is missing, or has gaps, or colours:\n%s", out)
	}
	for line := range strings.Lines(out) {
		if n := len([]rune(strings.TrimRight(line, "\n"))); n > width && strings.Contains(strings.TrimSpace(line), " ") && !strings.Contains(line, "http") {
			t.Errorf("a line has %d letters: %s", n, line)
		}
	}
}

// TestDoctorOfConfigurations spoils the file, rather than the tenant.
func TestDoctorOfConfigurations(t *testing.T) {
	const gone = "11111111-2222-4333-8444-555555555555"
	for _, test := range []struct{ claim, old, new, want string }{
		{"a key that is not known", "store:", "stor:", "  missing  the file"},
		{"two mistakes", "admins:\n  groups: [", "locale: 7\nadmins:\n  grups: [", "did you mean \"groups\"?"},
		{"a group that is not there", "admins:\n  groups: [", "admins:\n  groups: [" + gone + ", ", "  missing  the admins' group " + gone + " There is no group with this id"},
		{"a role that is not there", "for: [method, pass, all-methods]", "for: [method, pass, all-methods]\n      roles: [" + gone + "]", "  missing  the approvers' role " + gone + " There is no directory role"},
		{"more approvers than there are", "for: [method, pass, all-methods]", "for: [method, pass, all-methods]\n      count: 9", "  missing  as many approvers as it takes A reset takes 9 approvers, and there are"},
		{"a pass that lives too long", "resets:", "resets:\n  pass_life: 20h", "  unwise   policy for Temporary Access Passes A pass is to live 1200 minutes"},
		{"another tenant", "tenant:\n  id: ", "tenant:\n  id: " + gone + " # ", "There is no tenant " + gone + " in this cloud"},
		{"an app that is not there", "  client_id: ", "  client_id: " + gone + " # ", "The tenant"},
		{"an address that is not registered", "public_url: ", "public_url: http://localhost:1 # ", "  missing  the redirect URI http://localhost:1/signin/callback AADSTS50011 Entra admin center"},
		{"no context", "signin:\n  authentication_context: c1\n", "", "  missing  how strong a sign-in was needs signin.authentication_context"},
		{"a sign-in app that is not there", "signin:\n", "signin:\n  client_id: " + gone + "\n  credential: {secret: env:MFAHELP_CLIENT_SECRET}\n", "Sign-in: the page on which people say yes   missing  signing in as the app"},
	} {
		t.Run(test.claim, func(t *testing.T) {
			file, _ := anInstallation(t)
			b, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(string(b), test.old) {
				t.Fatalf("there is no %q in\n%s", test.old, b)
			}
			if err := os.WriteFile(file, []byte(strings.Replace(string(b), test.old, test.new, 1)), 0o600); err != nil {
				t.Fatal(err)
			}
			code, out, _ := mfahelp(t, "", "doctor", "--config", file)
			if bad := strings.Contains(test.want, "missing") || !strings.Contains(test.want, "unwise"); bad != (code == exitError) {
				t.Errorf("it ended with %d", code)
			}
			says(t, out, test.want)
		})
	}
}

// TestDoctorsClock has this machine's clock go wrong.
func TestDoctorsClock(t *testing.T) {
	file, _ := anInstallation(t)
	cfg, err := config.Load(file, nil)
	if err != nil {
		t.Fatal(err)
	}
	for off, want := range map[time.Duration]string{0: verdictOK, -time.Minute: verdictUnwise, 10 * time.Minute: verdictMissing, -10 * time.Minute: verdictMissing} {
		var got []string
		for _, f := range (signInCheck{cfg, func() time.Time { return time.Now().Add(off) }}).Check(t.Context()) {
			if f.Check == "clock" {
				got = append(got, f.Verdict)
			}
		}
		if !slices.Equal(got, []string{want}) {
			t.Errorf("%v off: got %q, want %q", off, got, want)
		}
	}
}

// TestDoctorsSections: what is pointed to is there.
func TestDoctorsSections(t *testing.T) {
	pointed := map[string]bool{sectionReader: true, sectionWriter: true, sectionClouds: true,
		sectionSlackApp: true, sectionSlackAdmins: true, sectionSlackPeople: true}
	for _, s := range sections {
		pointed[s] = true
	}
	for _, s := range teamsSections {
		pointed[s] = true
	}
	for s := range pointed {
		file, anchor, ok := strings.Cut(s, "#")
		b, err := os.ReadFile("../../" + file)
		if err != nil || !ok {
			t.Fatalf("%s: %v", s, err)
		}
		there := false
		for _, heading := range regexp.MustCompile(`(?m)^#+ (.*)$`).FindAllStringSubmatch(string(b), -1) {
			there = there || slug(heading[1]) == anchor
		}
		if !there {
			t.Errorf("there is no section %s", s)
		}
	}
}

// TestPermissionsInDocs: the tables of docs/entra.md have what the apps of the
// tests have, with which all is well, and nothing more.
func TestPermissionsInDocs(t *testing.T) {
	b, err := os.ReadFile("../../docs/entra.md")
	if err != nil {
		t.Fatal(err)
	}
	for heading, want := range map[string][]string{"## 1. The reader": sandbox.ReaderPermissions, "## 4. The writer": sandbox.WriterPermissions} {
		_, text, _ := strings.Cut(string(b), heading)
		text, _, _ = strings.Cut(text, "\n## ")
		var got []string
		for _, row := range regexp.MustCompile(`(?m)^ *\| (`+"`"+`.*?) \|`).FindAllStringSubmatch(text, -1) {
			for _, name := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(row[1], -1) {
				got = append(got, name[1])
			}
		}
		slices.Sort(got)
		want := slices.DeleteFunc(slices.Clone(want), func(p string) bool { return p == "Mail.Send" }) // by Exchange, and never here
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%s has %q, want %q", heading, got, want)
		}
	}
}

// slug is how GitHub addresses a heading.
func slug(heading string) string {
	kept := regexp.MustCompile(`[^\p{L}\p{N} _-]`).ReplaceAllString(strings.ToLower(heading), "")
	return strings.ReplaceAll(kept, " ", "-")
}

// TestDoctorForPrograms: the same, to be read by one.
func TestDoctorForPrograms(t *testing.T) {
	file, s := anInstallation(t)
	s.Revoke(s.Writer().ID, "User.RevokeSessions.All")
	code, out, _ := mfahelp(t, "", "doctor", "--json", "--config", file)
	var found, bad []finding
	if err := json.Unmarshal([]byte(out), &found); err != nil {
		t.Fatalf("%v in %s", err, out)
	}
	for _, f := range found {
		if f.bad() {
			bad = append(bad, f)
		}
	}
	if code != exitError || len(bad) != 1 || bad[0].Area != "writer" || bad[0].Check != "revoke-sessions" || bad[0].Needs != "User.RevokeSessions.All" || bad[0].Said == "" ||
		!strings.Contains(bad[0].Do, s.Writer().ID) || bad[0].See != sectionWriter {
		t.Errorf("got %d, %+v", code, bad)
	}
}

// TestDoctorInSlack takes away what the app in Slack needs.
func TestDoctorInSlack(t *testing.T) {
	for _, test := range []struct {
		claim string
		spoil func(f *slacktest.Fake, admins *slacktest.Channel)
		want  string // in what is printed; "" for a healthy one
	}{
		{"healthy", func(*slacktest.Fake, *slacktest.Channel) {}, ""},
		{"a scope", func(f *slacktest.Fake, _ *slacktest.Channel) {
			f.Scopes = slices.DeleteFunc(f.Scopes, func(s string) bool { return s == "chat:write" })
		}, "  missing  the scope chat:write Without chat:write it cannot do this: it answers. api.slack.com/apps > the app > OAuth & Permissions > Scopes > Bot Token Scopes > Add an OAuth Scope > chat:write, then"},
		{"the channel", func(_ *slacktest.Fake, c *slacktest.Channel) { c.Private = false }, "  missing  the admins' channel slack: the admins' channel is not fit for them It is public, so everybody could read"},
		{"Socket Mode", func(f *slacktest.Fake, _ *slacktest.Channel) { f.DisableSockets() }, "  missing  a connection by Socket Mode slack: apps.connections.open: link_disabled Socket Mode is switched off: api.slack.com/apps > the app > Socket Mode > Enable Socket Mode. See docs/slack.md#1-make-the-app"},
		{"the token", func(f *slacktest.Fake, _ *slacktest.Channel) { f.Revoke(true) }, "  missing  the bot's token slack: auth.test: token_revoked The token was revoked: api.slack.com/apps > the app > Install App > Reinstall to Workspace"},
	} {
		t.Run(test.claim, func(t *testing.T) {
			fake := slacktest.New(slacktest.Options{})
			t.Cleanup(fake.Close)
			fake.Scopes = slices.Clone(fake.Scopes)
			channel := fake.AddChannel(slacktest.Channel{Name: "helpdesk", Private: true})
			test.spoil(fake, channel)
			cfg := config.Config{
				Admins: config.Admins{Channel: config.Channel{Platform: "slack", ID: channel.ID}},
				Slack:  config.Slack{On: true, BotToken: secret.New(fake.BotToken), AppToken: secret.New(fake.AppToken), API: fake.URL},
			}
			all := (&doctorCmd{}).checkups(cfg, time.Now)
			found := examine(t.Context(), all[len(all)-1:])
			bad := slices.ContainsFunc(found, finding.bad)
			var b strings.Builder
			if err := printFindings(&b, found); err != nil {
				t.Fatal(err)
			}
			out := b.String()
			if bad != (test.want != "") || !strings.HasPrefix(out, "Slack\n") {
				t.Errorf("it says\n%s", out)
			}
			says(t, out, test.want)
			if strings.Contains(out, fake.BotToken) || strings.Contains(out, fake.AppToken) {
				t.Error("it says a secret")
			}
		})
	}
}

// TestDoctorHoldsSlackToItsManifest compares what is printed for Slack with what
// Slack's page shows.
func TestDoctorHoldsSlackToItsManifest(t *testing.T) {
	_, printed, _ := mfahelp(t, "", "manifest", "slack")
	_, spare, _ := mfahelp(t, "", "manifest", "slack", "--without-optional")
	file := filepath.Join(t.TempDir(), "app.json")
	for _, test := range []struct{ claim, manifest, want string }{
		{"ours", printed, "  ok       the app's settings and events"},
		{"no optional ones", spare, "  unwise   the setting bot_events: reaction_added The app is not told of reaction_added: api.slack.com/apps > the app > Event Subscriptions > Subscribe to bot events > Add Bot User Event > reaction_added, then"},
		{"one event less", strings.Replace(printed, `"message.im",`, "", 1), "  missing  the setting bot_events: message.im The app is not told of message.im"},
		{"no presses", strings.Replace(printed, `"is_enabled": true`, `"is_enabled": false`, 1), "  missing  the setting is_enabled No button does anything: api.slack.com/apps > the app > Interactivity & Shortcuts > Interactivity, on."},
		{"no manifest", "<html>", "  missing  the app's settings and events needs --slack-manifest reading the manifest"},
		{"no file", "", "  look     the app's settings and events Only the app's own page shows"},
	} {
		c := slackCheck{cfg: config.Config{Slack: config.Slack{On: true, AppToken: secret.New("xapp-made-up")}}, manifest: file}
		if test.manifest == "" {
			c.manifest = ""
		}
		if err := os.WriteFile(file, []byte(test.manifest), 0o600); err != nil {
			t.Fatal(err)
		}
		found := c.settings(slack.New(slackOptions(c.cfg)))
		for i := range found {
			found[i].Area, found[i].What = c.Name(), say("check."+found[i].Check, found[i].Of)
		}
		var b strings.Builder
		if err := printFindings(&b, found); err != nil {
			t.Fatal(err)
		}
		says(t, b.String(), test.want)
	}
}

// TestDoctorKnowsPeopleInSlack holds who is who to the directory.
func TestDoctorKnowsPeopleInSlack(t *testing.T) {
	file, s := anInstallation(t)
	cfg, err := config.Load(file, nil)
	if err != nil {
		t.Fatal(err)
	}
	object := func(login string) string {
		p, ok := s.Person(login + "@" + sandbox.Domain)
		if !ok {
			t.Fatalf("there is no %s", login)
		}
		return p.ID
	}
	const gone = "11111111-2222-4333-8444-555555555555"
	for _, test := range []struct {
		claim  string
		people map[string]string
		field  string
		want   string // check, whom, and verdict
	}{
		{"an admin and an employee", map[string]string{"U1": object("priya.raman"), "U2": object("sofia.almeida")}, "", "slack-admins  ok"},
		{"nobody", nil, "", "slack-admins  missing"},
		{"no admin", map[string]string{"U2": object("sofia.almeida")}, "", "slack-admins  missing"},
		{"no admin, but a profile field", nil, "Xf0123", "slack-admins  look"},
		{"a slip", map[string]string{"U1": object("priya.raman"), "U3": gone}, "", "slack-person U3 missing, slack-admins  ok"},
		{"somebody who has left", map[string]string{"U1": object("priya.raman"), "U4": object("ivan.petrov")}, "", "slack-person U4 unwise, slack-admins  ok"},
	} {
		cfg.Slack = config.Slack{On: true, People: test.people, ProfileField: test.field}
		cfg.Admins.Channel = config.Channel{Platform: "slack", ID: "C0123"}
		var got []string
		for _, f := range (slackCheck{cfg: cfg}).people(t.Context()) {
			got = append(got, f.Check+" "+f.Of+" "+f.Verdict)
		}
		if strings.Join(got, ", ") != test.want {
			t.Errorf("%s: got %q, want %q", test.claim, got, test.want)
		}
	}
	cfg.Admins.Channel.Platform, cfg.Slack.People = "teams", nil
	if got := (slackCheck{cfg: cfg}).people(t.Context()); len(got) > 0 {
		t.Errorf("with the admins elsewhere: got %+v", got)
	}
}

// TestDoctorInTeams takes away what the bot in Teams needs.
func TestDoctorInTeams(t *testing.T) {
	for _, test := range []struct {
		claim string
		spoil func(f *teamstest.Fake, c *config.Config, admins *teamstest.Room)
		want  string // in what is printed
		bad   bool
	}{
		{"healthy, and nothing has been heard", func(*teamstest.Fake, *config.Config, *teamstest.Room) {},
			"  look     what Teams sends arrives here Nothing has come from Teams yet", false},
		{"the secret", func(_ *teamstest.Fake, c *config.Config, _ *teamstest.Room) {
			c.Teams.Credential.Secret = secret.New("another")
		}, "  missing  signing in as the bot asking for a token: Entra answers 401, AADSTS7000215 The secret is wrong", true},
		{"the app in the team", func(_ *teamstest.Fake, _ *config.Config, r *teamstest.Room) { r.HasBot = false }, "The app is not in the team of this channel", true},
		{"the channel", func(_ *teamstest.Fake, c *config.Config, _ *teamstest.Room) {
			c.Admins.Channel.ID = "19:gone@thread.tacv2"
		},
			"  missing  the admins' channel 19:gone@thread.tacv2 ", true},
		{"a channel on another platform", func(_ *teamstest.Fake, c *config.Config, _ *teamstest.Room) { c.Admins.Channel.Platform = "web" }, "  unwise   the admins' channel There is none in Teams", false},
		{"the cloud", func(_ *teamstest.Fake, c *config.Config, _ *teamstest.Room) {
			c.Teams.Endpoints.Issuer = "https://api.botframework.us"
		}, "  missing  the keys with which Teams signs The keys are those of https://api.botframework.com, and teams.cloud is for https://api.botframework.us", true},
		{"the tenant", func(_ *teamstest.Fake, c *config.Config, _ *teamstest.Room) {
			c.Tenant.ID = "11111111-2222-4333-8444-555555555555"
		},
			"  missing  the tenant whose people are heard needs teams.tenants", true},
		{"a certificate that is not there", func(_ *teamstest.Fake, c *config.Config, _ *teamstest.Room) {
			c.Teams.Credential = config.Credential{Certificate: &config.Certificate{File: "nowhere.pem"}}
		}, "  missing  preparing Teams", true},
	} {
		t.Run(test.claim, func(t *testing.T) {
			fake, err := teamstest.New(teamstest.Options{})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(fake.Close)
			priya := fake.Add(teamstest.Person{Name: "Priya Raman", Object: "11111111-aaaa-4aaa-8aaa-000000000001", Installed: true})
			room := fake.AddRoom("channel", "Helpdesk", priya)
			cfg := config.Config{
				Tenant: config.Tenant{ID: fake.Tenant}, Store: config.Store{URL: "sqlite:" + filepath.Join(t.TempDir(), "none.db")},
				Admins: config.Admins{Channel: config.Channel{Platform: "teams", ID: room.ID}}, Teams: teamsConfig(fake),
			}
			test.spoil(fake, &cfg, room)
			all := (&doctorCmd{}).checkups(cfg, time.Now)
			found := examine(t.Context(), all[len(all)-1:])
			var b strings.Builder
			if err := printFindings(&b, found); err != nil {
				t.Fatal(err)
			}
			if bad := slices.ContainsFunc(found, finding.bad); bad != test.bad || !strings.HasPrefix(b.String(), "Microsoft Teams\n") {
				t.Errorf("it says\n%s", b.String())
			}
			says(t, b.String(), test.want)
			if strings.Contains(b.String(), fake.Secret) {
				t.Error("it says a secret")
			}
		})
	}
}

func passesOff(s *sandbox.Tenant) {
	p := s.PassPolicy()
	p.Disabled = true
	s.SetPassPolicy(p)
}
