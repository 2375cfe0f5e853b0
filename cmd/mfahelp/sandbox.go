package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"text/template"
	"time"

	"mfahelp/graph/sandbox"
)

// sandboxCmd runs a pretend tenant alone, for "mfahelp serve" or any other
// program that speaks to Graph.
type sandboxCmd struct {
	Listen     string        `default:"127.0.0.1:8443" placeholder:"ADDR" help:"Where it is (${default})."`
	Dir        string        `default:"mfahelp-sandbox" type:"path" placeholder:"DIR" help:"Where its keys are kept, and sandbox-ca.pem, which its clients must trust (mfahelp-sandbox)."`
	Lag        time.Duration `placeholder:"2m" help:"How long a sign-in takes to reach the log. In the real one it is minutes."`
	Free       bool          `help:"A tenant without the premium licence, whose log cannot be read."`
	NoThrottle bool          `help:"Answer however often it is asked."`
	NoHistory  bool          `help:"Begin with an empty log."`
	PublicURL  string        `name:"public-url" default:"http://127.0.0.1:8025" placeholder:"URL" help:"Where browsers reach the bot that uses it (${default}). People come back there from signing in."`
	Control    bool          `help:"Let anybody who can reach it make sign-ins happen, at /_sandbox/. Only on a loopback address."`
}

// Help shows how it is used.
func (sandboxCmd) Help() string {
	var who strings.Builder
	for _, p := range sandbox.Parts() {
		fmt.Fprintf(&who, "  %s %s.\n", p.Login, p.Plays)
	}
	return `The tenant has made-up people, apps, and sign-ins, and enforces what the real one does: tokens, permissions, filters, throttling. It prints what to write into a configuration to use it.

Examples:

  mfahelp sandbox
  mfahelp sandbox --listen 127.0.0.1:9443 --lag 2m
  mfahelp sandbox --public-url http://127.0.0.1:9000
  mfahelp sandbox --free --control

With --control, orders over HTTP make people fail to sign in, move the clock, and take away a permission, a role, a group, the licence or a method and give it back. The scenarios are listed at /_sandbox/scenarios, and

  curl --cacert mfahelp-sandbox/sandbox-ca.pem \
    https://127.0.0.1:8443/_sandbox/role \
    --json '{"user":"aiko.sato@contoso.com","role":"Reports Reader"}'

gives a role. The order with "taken":true takes it away.

Who plays what, when sign-in methods are to be reset:

` + strings.TrimSuffix(who.String(), "\n")
}

// Run serves until ctx ends.
func (c *sandboxCmd) Run(ctx context.Context, std streams) error {
	if c.Control && !loopback(c.Listen) {
		return fmt.Errorf("--control on %s would let anybody do anything: listen on 127.0.0.1 or leave it out", c.Listen)
	}
	page, err := url.Parse(c.PublicURL)
	if err != nil || page.Scheme != "http" || page.Path != "" || !loopback(page.Host) {
		return fmt.Errorf("--public-url %s is no address of a page on this machine, such as http://127.0.0.1:8025", c.PublicURL)
	}
	if err := os.MkdirAll(c.Dir, 0o700); err != nil {
		return fmt.Errorf("making the folder for its keys: %w", err)
	}
	tenant, err := sandbox.New(sandbox.Options{
		Dir: c.Dir, Lag: c.Lag, Free: c.Free, NoThrottle: c.NoThrottle, NoHistory: c.NoHistory, Control: c.Control,
	})
	if err != nil {
		return err
	}
	ca := filepath.Join(c.Dir, "sandbox-ca.pem")
	if err := os.WriteFile(ca, tenant.CAPEM(), 0o644); err != nil { //nolint:gosec // a certificate is no secret
		return fmt.Errorf("writing what its clients must trust: %w", err)
	}
	if _, err := demoKey(c.Dir); err != nil {
		return err
	}
	tenant.AddRedirect(tenant.Reader().ID, c.PublicURL+"/signin/callback")
	at, err := tenant.Start(c.Listen)
	if err != nil {
		return err
	}
	if err := c.print(std, tenant, at, page.Host); err != nil {
		return errors.Join(err, tenant.Close())
	}
	<-ctx.Done()
	return tenant.Close()
}

// loopback reports whether nobody but this machine can reach addr.
func loopback(addr string) bool {
	host, _, err := net.SplitHostPort(addr)
	ip := net.ParseIP(host)
	return err == nil && (host == "localhost" || ip != nil && ip.IsLoopback())
}

// sandboxText is what is printed: under the line is a whole configuration.
var sandboxText = template.Must(template.New("").Parse(`The pretend tenant is at {{.URL}} until you press Ctrl-C.
To use it, save what follows as mfahelp.yaml and run

  MFAHELP_CLIENT_SECRET='{{.Reader.Secret}}' MFAHELP_WRITER_SECRET='{{.Writer.Secret}}' \
    mfahelp serve --config mfahelp.yaml

Whoever signs in does so at the tenant, whose certificate a browser does not know:
accept it there, or have the browser trust {{.CA}}.

# ---- mfahelp.yaml ----
tenant:
  id: {{.Tenant}}
  sandbox: true
  cloud: custom
  authority: {{.URL}}
  graph: {{.URL}}
  ca_file: {{printf "%q" .CA}}
  client_id: {{.Reader.ID}}
  credential:
    secret: env:MFAHELP_CLIENT_SECRET
admins:
  groups: [{{.Admins}}]
store:
  url: sqlite:mfahelp.db
public_url: {{.Public}}
signin:
  authentication_context: {{.Context}}
audit:
  key: {{printf "%q" .Key}}
resets:
  writer:
    client_id: {{.Writer.ID}}
    credential:
      secret: env:MFAHELP_WRITER_SECRET
  approvers:
    - {for: [method, pass], groups: [{{.Approvers}}]}
    - {for: [all-methods], groups: [{{.Approvers}}], count: 2}
  proofs:
    subject: [manager]
    colleague: [manager]
    admin: [callback]
  mailbox: {{.Mailbox}}
web:
  listen: {{.Listen}}
  login: choose
`))

// print says how to use the tenant that is at an address, for a bot that listens
// on another.
func (c *sandboxCmd) print(std streams, t *sandbox.Tenant, at, listen string) error {
	var b strings.Builder // it is said in one go
	err := sandboxText.Execute(&b, map[string]any{
		"URL": at, "Tenant": t.ID(), "Reader": t.Reader(), "Writer": t.Writer(), "Admins": adminsGroup(t), "Approvers": t.GroupID(sandbox.ApproversGroup), "Mailbox": sandbox.Mailbox,
		"CA": filepath.Join(c.Dir, "sandbox-ca.pem"), "Key": "file:" + filepath.Join(c.Dir, auditKeyFile),
		"Public": c.PublicURL, "Listen": listen, "Context": sandbox.StrongContext,
	})
	if err != nil {
		return err
	}
	_, err = io.WriteString(std.out, b.String())
	return err
}

// adminsGroup is the group whose members work on cases in a sandbox.
func adminsGroup(t *sandbox.Tenant) string { return t.GroupID(sandbox.AdminsGroup) }
