package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"mfahelp/bot/slack"
	"mfahelp/config"
	"mfahelp/graph/msgraph"
	"mfahelp/store"
)

// doctorCmd tries all that a configuration needs.
type doctorCmd struct {
	Config string `required:"" type:"path" placeholder:"FILE" help:"The configuration."`
	JSON   bool   `name:"json" help:"Print it for a program."`
}

// Help says what is tried, and what the exit code means.
func (doctorCmd) Help() string {
	return `Each permission, licence and setting that the configuration needs is tried, on an account that does not exist, so that nothing is changed and nobody is told. In Slack nothing is said. What is missing is named.

It ends with 0 if all is there, with 1 if something is missing or could not be told, and with 2 if the command line makes no sense.

Examples:

  mfahelp doctor --config mfahelp.yaml
  mfahelp doctor --config mfahelp.yaml --json`
}

// A finding is one thing that the configuration needs, and whether it is there.
type finding struct {
	Area    string `json:"area"` // such as "reader"
	What    string `json:"what"`
	Needs   string `json:"needs,omitempty"` // the permission, licence or setting
	Verdict string `json:"verdict"`         // "ok", "unwise", "missing", or "unknown"
	Said    string `json:"said,omitempty"`  // what was answered
}

// What a finding comes to. What could not be told is no good news.
const (
	verdictOK      = "ok"
	verdictUnwise  = "unwise" // it works, and could be better
	verdictMissing = "missing"
	verdictUnknown = "unknown"
)

// A checkup is what can be tried of one room.
type checkup interface {
	Name() string
	Check(ctx context.Context) []finding
}

// patienceOfDoctor is how long all of it may take.
const patienceOfDoctor = 2 * time.Minute

// Run tries everything, and fails if anything is not as it must be.
func (c *doctorCmd) Run(ctx context.Context, std streams) error {
	cfg, err := config.Load(c.Config, nil)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, patienceOfDoctor)
	defer cancel()
	found := examine(ctx, checkups(cfg))
	if c.JSON {
		e := json.NewEncoder(std.out)
		e.SetIndent("", "  ")
		err = e.Encode(found)
	} else {
		err = printFindings(std.out, found)
	}
	if err != nil {
		return err
	}
	bad := 0
	for _, f := range found {
		if f.Verdict == verdictMissing || f.Verdict == verdictUnknown {
			bad++
		}
	}
	if bad > 0 {
		return fmt.Errorf("%d of %d things are not as they must be", bad, len(found))
	}
	return nil
}

// checkups are those that a configuration calls for.
func checkups(cfg config.Config) []checkup {
	all := []checkup{configCheck{cfg}, storeCheck{cfg}, readerCheck{cfg}}
	if cfg.Resets.On {
		all = append(all, writerCheck{cfg}, signInCheck{cfg})
	}
	if cfg.Slack.On {
		all = append(all, slackCheck{cfg})
	}
	return all
}

func examine(ctx context.Context, all []checkup) (found []finding) {
	for _, c := range all {
		for _, f := range c.Check(ctx) {
			f.Area = c.Name()
			found = append(found, f)
		}
	}
	return found
}

func printFindings(w io.Writer, found []finding) error {
	area := ""
	var b strings.Builder
	for _, f := range found {
		if f.Area != area {
			area = f.Area
			fmt.Fprintf(&b, "%s\n", area)
		}
		fmt.Fprintf(&b, "  %-8s %s\n", f.Verdict, f.What)
		if f.Verdict == verdictOK {
			continue
		}
		if f.Needs != "" {
			fmt.Fprintf(&b, "           needs %s\n", f.Needs)
		}
		if f.Said != "" {
			fmt.Fprintf(&b, "           %s\n", f.Said)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// tried makes a finding of a try.
func tried(what, needs string, err error) finding {
	if err != nil {
		return finding{What: what, Needs: needs, Verdict: verdictMissing, Said: err.Error()}
	}
	return finding{What: what, Needs: needs, Verdict: verdictOK}
}

// configCheck says what config allows and does not like. A file with mistakes
// does not come as far as here.
type configCheck struct{ cfg config.Config }

func (configCheck) Name() string { return "configuration" }

func (c configCheck) Check(context.Context) []finding {
	found := []finding{{What: "the file", Verdict: verdictOK}}
	for _, w := range c.cfg.Warnings {
		found = append(found, finding{What: "a setting", Verdict: verdictUnwise, Said: w})
	}
	if !c.cfg.Resets.On {
		found = append(found, finding{What: "resets are off, so what they need is not tried", Verdict: verdictOK})
	}
	return found
}

// storeCheck opens the store, if there is one: it makes none.
type storeCheck struct{ cfg config.Config }

func (storeCheck) Name() string { return "store" }

func (c storeCheck) Check(ctx context.Context) []finding {
	if file, ok := strings.CutPrefix(c.cfg.Store.URL, "sqlite:"); ok {
		if _, err := os.Stat(file); errors.Is(err, os.ErrNotExist) {
			return []finding{{What: "there is none yet; the first start makes it", Verdict: verdictOK}}
		}
	}
	s, err := store.Open(ctx, store.Options{
		URL: c.cfg.Store.URL, AuditKey: c.cfg.Audit.Key, FormerAuditKeys: c.cfg.Audit.Former, Existing: true,
	})
	if err == nil {
		err = errors.Join(s.Ping(ctx), s.Close())
	}
	return []finding{tried("opening it", "store.url", err)}
}

// readerCheck tries the app that reads.
type readerCheck struct{ cfg config.Config }

func (readerCheck) Name() string { return "reader" }

func (c readerCheck) Check(ctx context.Context) []finding {
	client, err := msgraph.New(graphOptions(c.cfg.Tenant, time.Now, nil))
	if err != nil {
		return []finding{tried("preparing Microsoft Graph", "tenant", err)}
	}
	return probed(client.Probe(ctx, c.cfg.Resets.On))
}

// writerCheck tries the app that changes accounts.
type writerCheck struct{ cfg config.Config }

func (writerCheck) Name() string { return "writer" }

func (c writerCheck) Check(ctx context.Context) []finding {
	reader, err := msgraph.New(graphOptions(c.cfg.Tenant, time.Now, nil))
	if err != nil {
		return nil // said of the reader
	}
	w := c.cfg.Resets.Writer
	writer, err := msgraph.NewWriter(msgraph.WriterOptions{
		Options: graphOptions(as(c.cfg.Tenant, w.ClientID, w.Credential), time.Now, nil),
		Mailbox: c.cfg.Resets.Mailbox, People: reader.User,
	})
	if err != nil {
		return []finding{tried("preparing Microsoft Graph", "resets.writer", err)}
	}
	return probed(writer.Probe(ctx))
}

func probed(all []msgraph.Finding) (found []finding) {
	verdicts := map[msgraph.Verdict]string{msgraph.Good: verdictOK, msgraph.Missing: verdictMissing}
	for _, f := range all {
		one := finding{What: f.What, Needs: f.Needs, Verdict: cmp.Or(verdicts[f.Verdict], verdictUnknown)}
		if f.Err != nil {
			one.Said = f.Err.Error()
		}
		found = append(found, one)
	}
	return found
}

// slackCheck tries the app in Slack, and says nothing there.
type slackCheck struct{ cfg config.Config }

func (slackCheck) Name() string { return "Slack" }

func (c slackCheck) Check(ctx context.Context) (found []finding) {
	o := slackOptions(c.cfg)
	o.Words = printer
	verdicts := map[slack.Verdict]string{slack.Good: verdictOK, slack.Unwise: verdictUnwise, slack.Missing: verdictMissing}
	for _, f := range slack.New(o).Check(ctx) {
		one := finding{What: f.What, Needs: f.Needs, Verdict: cmp.Or(verdicts[f.Verdict], verdictUnknown)}
		if f.Err != nil {
			one.Said = f.Err.Error()
		}
		found = append(found, one)
	}
	return found
}

// signInCheck asks the login service what it is, as the page will when somebody
// signs in. Whether the redirect address is registered only a browser is told.
type signInCheck struct{ cfg config.Config }

func (signInCheck) Name() string { return "sign-in page" }

func (c signInCheck) Check(ctx context.Context) []finding {
	s := c.cfg.SignIn
	o := graphOptions(as(c.cfg.Tenant, s.ClientID, s.Credential), time.Now, nil)
	found := []finding{}
	if _, err := msgraph.AssertionOf(o.Credential, o.ClientID); err != nil {
		found = append(found, tried("the app's credential", "signin.credential", err))
	}
	login, err := msgraph.LoginOf(o)
	if err == nil {
		err = knows(ctx, login)
	}
	f := tried("the login service", "tenant.id and tenant.cloud", err)
	if errors.As(err, new(*url.Error)) { // nothing came back
		f.Verdict = verdictUnknown
	}
	found = append(found, f)
	if s.Context == "" {
		found = append(found, finding{What: "a strong sign-in can be told", Needs: "signin.authentication_context, an authentication context with a policy that demands MFA: tokens of version 2.0 have no amr", Verdict: verdictUnknown})
	}
	return found
}

// knows asks the login service who it is, and whether it is that.
// See https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderConfig.
func knows(ctx context.Context, login msgraph.Login) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, login.Issuer+"/.well-known/openid-configuration", nil)
	if err != nil {
		return err
	}
	resp, err := login.Client.Do(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("it answers %s", resp.Status)
	}
	var said struct {
		Issuer string `json:"issuer"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&said); err != nil {
		return errors.New("it answers something else")
	}
	if said.Issuer != login.Issuer {
		return fmt.Errorf("it is %q, and not %q", said.Issuer, login.Issuer)
	}
	return nil
}
