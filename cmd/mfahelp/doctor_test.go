package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"mfahelp/bot/slack/slacktest"
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
public_url: https://help.contoso.com
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
`, s.ID(), url, url, ca, s.Reader().ID, adminsGroup(s), filepath.Join(dir, "store.db"), s.Writer().ID, adminsGroup(s), sandbox.Mailbox)
	for name, b := range map[string][]byte{file: []byte(text), ca: s.CAPEM()} {
		if err := os.WriteFile(name, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return file, s
}

// TestDoctor breaks an installation, and looks for what is said of it.
func TestDoctor(t *testing.T) {
	for _, test := range []struct {
		claim string
		spoil func(*sandbox.Tenant)
		want  string // in what is printed; "" for a healthy one
	}{
		{"healthy", func(*sandbox.Tenant) {}, ""},
		{"a permission to read", func(s *sandbox.Tenant) { s.Revoke(s.Reader().ID, "AuditLog.Read.All") },
			"  missing  sign-in log\n           needs AuditLog.Read.All\n"},
		{"a permission to write", func(s *sandbox.Tenant) { s.Revoke(s.Writer().ID, "UserAuthMethod-TAP.ReadWrite.All") },
			"  missing  making Temporary Access Passes\n           needs UserAuthMethod-TAP.ReadWrite.All\n"},
		{"the licence", func(s *sandbox.Tenant) { s.SetPremium(false) }, "needs an Entra ID licence"},
		{"the pass policy", passesOff, "  missing  policy for Temporary Access Passes\n"},
		{"the writer's secret", func(s *sandbox.Tenant) { s.ExpireSecret(s.Writer().ID, true) }, "writer\n  missing  signing in as the app\n"},
		{"the tenant does not answer", func(s *sandbox.Tenant) { s.Close() }, "sign-in page\n  unknown  the login service\n"},
		{"Graph does not answer", func(s *sandbox.Tenant) { s.Fault(sandbox.Fault{Kind: sandbox.Status, Path: "/v1.0/"}) }, "  unknown  "},
	} {
		t.Run(test.claim, func(t *testing.T) {
			file, s := anInstallation(t)
			test.spoil(s)
			code, out, stderr := mfahelp(t, "", "doctor", "--config", file)
			if want := map[bool]int{true: exitOK, false: exitError}[test.want == ""]; code != want {
				t.Errorf("it ended with %d: %s\n%s", code, stderr, out)
			}
			if !strings.Contains(out, test.want) {
				t.Errorf("it does not say %q:\n%s", test.want, out)
			}
			for _, secret := range []string{s.Reader().Secret, s.Writer().Secret} {
				if strings.Contains(out+stderr, secret) {
					t.Error("it says a secret")
				}
			}
			for _, w := range s.Writes() {
				if w.Done {
					t.Errorf("it did %s", w.Write)
				}
			}
		})
	}
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
		if f.Verdict == verdictMissing || f.Verdict == verdictUnknown {
			bad = append(bad, f)
		}
	}
	if code != exitError || len(bad) != 1 || bad[0].Area != "writer" || bad[0].Needs != "User.RevokeSessions.All" || bad[0].Said == "" {
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
		}, "  missing  chat:write\n           needs the scope chat:write, which answers\n           add it under OAuth & Permissions"},
		{"the channel", func(_ *slacktest.Fake, c *slacktest.Channel) { c.Private = false }, "  missing  the admins' channel\n           needs admins.channel\n"},
		{"Socket Mode", func(f *slacktest.Fake, _ *slacktest.Channel) { f.DisableSockets() }, "  missing  a connection by Socket Mode\n"},
		{"the token", func(f *slacktest.Fake, _ *slacktest.Channel) { f.Revoke(true) }, "  missing  the bot's token\n"},
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
			all := checkups(cfg)
			found := examine(t.Context(), all[len(all)-1:])
			bad := slices.ContainsFunc(found, func(f finding) bool { return f.Verdict == verdictMissing || f.Verdict == verdictUnknown })
			var b strings.Builder
			if err := printFindings(&b, found); err != nil {
				t.Fatal(err)
			}
			out := b.String()
			if bad != (test.want != "") || !strings.HasPrefix(out, "Slack\n") || !strings.Contains(out, test.want) {
				t.Errorf("it does not say %q:\n%s", test.want, out)
			}
			if strings.Contains(out, fake.BotToken) || strings.Contains(out, fake.AppToken) {
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
