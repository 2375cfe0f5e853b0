package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"go.uber.org/zap"

	"mfahelp/bot"
	"mfahelp/bot/web"
	"mfahelp/config"
	"mfahelp/graph/sandbox"
	"mfahelp/secret"
)

// demoCmd runs all there is in one process.
type demoCmd struct {
	Listen string `default:"127.0.0.1:8025" placeholder:"ADDR" help:"Where the page is (${default})."`
	Data   string `type:"path" placeholder:"DIR" help:"Keep what happens in this folder, rather than forget it at the end."`
}

// Help says what to expect.
func (demoCmd) Help() string {
	return `A pretend company fails to sign in, and the bot helps it: the real SDK asks a pretend tenant over HTTPS, and the database and the page are real. Nothing leaves this machine.

Examples:

  mfahelp demo
  mfahelp demo --listen 127.0.0.1:9000 --data ./demo-data`
}

// Run serves until ctx ends.
func (c *demoCmd) Run(ctx context.Context, std streams) (err error) {
	dir := c.Data
	if dir == "" {
		if dir, err = os.MkdirTemp("", "mfahelp-demo-"); err != nil {
			return fmt.Errorf("making a folder for the demo: %w", err)
		}
		defer os.RemoveAll(dir)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("making a folder for the demo: %w", err)
	}
	log, err := newLogger(config.Log{Level: "warn", Format: "console"}, std.err)
	if err != nil {
		return err
	}
	ln, err := net.Listen("tcp", c.Listen)
	if err != nil {
		return fmt.Errorf("listening for the page: %w", err)
	}
	d, err := newDemo(ctx, dir, "http://"+ln.Addr().String(), log, time.Now)
	if err != nil {
		return errors.Join(err, ln.Close())
	}
	d.app.serving = func() {
		fmt.Fprintf(std.out, "The demo is at http://%s until you press Ctrl-C.\n%s\n", ln.Addr(), printer("").Say("demo.try"))
	}
	return errors.Join(d.app.Run(ctx, ln), d.Close())
}

// A demo is an app with a pretend tenant beside it.
type demo struct {
	app    *app
	tenant *sandbox.Tenant
}

// demoWaits are shorter than in real life, where the log takes minutes: nobody
// watches a demo for that long. The sandbox's late event comes after 40 s.
var demoWaits = []time.Duration{15 * time.Second, 45 * time.Second, 75 * time.Second, 2 * time.Minute}

// newDemo makes a demo that keeps what happens in dir, and that people reach at
// the address public.
func newDemo(ctx context.Context, dir, public string, log *zap.Logger, now func() time.Time) (*demo, error) {
	tenant, err := sandbox.New(sandbox.Options{Dir: dir, Now: now})
	if err != nil {
		return nil, err
	}
	url, err := tenant.Start("127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	cfg := demoConfig(tenant, url, dir, public)
	if cfg.Audit.Key, err = demoKey(dir); err != nil {
		return nil, errors.Join(err, tenant.Close())
	}
	page := demoPage(tenant)
	page.SignIn, page.SignInPath = tenant.Front(public), tenant.FrontPath()
	page.Links = ownPages(tenant.SecurityInfo())
	a, err := newApp(ctx, cfg, log, tenant.Now, page)
	if err != nil {
		return nil, errors.Join(err, tenant.Close())
	}
	return &demo{app: a, tenant: tenant}, nil
}

// Close ends both.
func (d *demo) Close() error { return errors.Join(d.app.Close(), d.tenant.Close()) }

func demoConfig(t *sandbox.Tenant, url, dir, public string) config.Config {
	reader, writer := t.Reader(), t.Writer()
	read := config.Credential{Secret: secret.New(reader.Secret)}
	t.AddRedirect(reader.ID, public+"/signin/callback")
	return config.Config{
		Tenant: config.Tenant{
			ID: t.ID(), Sandbox: true, Cloud: config.Custom, Authority: url, Graph: url, CA: t.CAPEM(),
			ClientID: reader.ID, Credential: read,
		},
		PublicURL: public,
		Admins:    config.Admins{Groups: []string{adminsGroup(t)}},
		Store:     config.Store{URL: "sqlite:" + filepath.Join(dir, "mfahelp.db")},
		Web:       config.Web{Login: config.Choose},
		Limits:    config.Limits{MessagesPerHour: 200, LookupsPerHour: 60, EscalationsPerDay: 50},
		Lookup:    config.Lookup{Waits: demoWaits},
		Audit:     config.Audit{Key: secret.New(rand.Text() + rand.Text())},
		SignIn:    config.SignIn{ClientID: reader.ID, Credential: read, Context: sandbox.StrongContext},
		Resets:    demoResets(writer, t.GroupID(sandbox.ApproversGroup)),
	}
}

// ownPages have what people are sent to at Microsoft be the pretend tenant's.
func ownPages(securityInfo string) map[string]string {
	return map[string]string{"https://aka.ms/mysecurityinfo": securityInfo}
}

// demoPage is who can be chosen, and what can be made to happen.
func demoPage(t *sandbox.Tenant) *tenantPage {
	page := &tenantPage{Make: func(_ context.Context, sample string) (string, error) {
		f, err := t.Fail(sample)
		return f.Text, err
	}}
	for _, p := range t.People() {
		page.People = append(page.People, web.Person{
			ID: short(p.UPN), Name: p.Name, Note: p.Department, Locale: p.Language, Admin: slices.Contains(p.Groups, sandbox.AdminsGroup),
			Identity: bot.Identity{Tenant: t.ID(), ObjectID: p.ID, Email: p.UPN},
		})
	}
	for _, s := range t.Scenarios() {
		page.Samples = append(page.Samples, web.Sample{
			Name: s.Name, Title: s.Title, Summary: s.Summary, Person: short(s.UPN), Group: printer("").Say("demo.group." + shelves[s.Name]),
		})
	}
	return page
}

// shelves say where each failure stands on the page: a newcomer looks for a kind
// of trouble, not for one of thirty names.
var shelves = map[string]string{
	"no-response": "prompt", "declined": "prompt", "wrong-number": "prompt", "duplicate-prompt": "prompt", "cannot-notify": "prompt",
	"fraud": "attack", "fraud-code": "attack", "suspicious": "attack", "prompt-bombing": "attack", "blocked": "attack",
	"wrong-code": "code", "code-used": "code", "sms-code-wrong": "code", "phone-unreachable": "code", "voicemail": "code",
	"no-method": "setup", "ca-block": "setup",
	"generic-only": "log", "muddled": "log", "late": "log", "not-found": "log", "other-request-id": "log", "two-sign-ins": "log", "success-after": "log",
	"session-expired": "other", "password-wrong": "other", "locked": "other", "wrong-account": "other", "disabled": "other",
	"guest": "account", "privileged": "account", "eligible-admin": "account", "sole-admin": "account",
}

// short is the name before the @: people on the page are known by it. A guest
// is by the one at home, as in rosa_fabrikam.com#EXT#@contoso.onmicrosoft.com.
func short(upn string) string {
	name, _, _ := strings.Cut(strings.ToLower(upn), "@")
	if home, guest := strings.CutSuffix(name, "#ext#"); guest {
		name = home[:max(0, strings.LastIndex(home, "_"))]
	}
	return name
}
