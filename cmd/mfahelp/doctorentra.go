package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"mfahelp/bot/page"
	"mfahelp/config"
	"mfahelp/graph/msgraph"
)

// Sections of docs/entra.md, as its headings are addressed.
const (
	sectionReader = "docs/entra.md#1-the-reader"
	sectionAdmins = "docs/entra.md#2-the-admins"
	sectionSignIn = "docs/entra.md#3-the-sign-in-app"
	sectionWriter = "docs/entra.md#4-the-writer"
	sectionPass   = "docs/entra.md#5-temporary-access-pass"
	sectionMail   = "docs/entra.md#6-mail-may-be-left-out"
	sectionClouds = "docs/entra.md#national-clouds"
)

// sections say where it is told how something is set up. What is not here is of
// the app that was tried.
var sections = map[msgraph.Trouble]string{
	msgraph.NoMailbox: sectionMail, msgraph.Fenced: sectionMail, msgraph.NoFence: sectionMail, msgraph.FenceUnseen: sectionMail,
	msgraph.PassesOff: sectionPass, msgraph.PassesForSome: sectionPass, msgraph.PassesExcept: sectionPass, msgraph.PassLife: sectionPass, msgraph.PassOnce: sectionPass,
	msgraph.NoSuchGroup: sectionAdmins, msgraph.EmptyGroup: sectionAdmins, msgraph.PublicGroup: sectionAdmins, msgraph.NoSecurityGroup: sectionAdmins,
	msgraph.NoSuchRole: sectionAdmins, msgraph.TooFew: sectionAdmins,
	msgraph.NoPolicy: sectionSignIn, msgraph.PolicyOff: sectionSignIn, msgraph.WeakPolicy: sectionSignIn, msgraph.RarePolicy: sectionSignIn,
}

// An entraApp is one of those registered in the tenant: what is found of it says
// where to press.
type entraApp struct {
	tenant  config.Tenant // with its id and credential
	section string
}

// found says what was found, in words.
func (a entraApp) found(all []msgraph.Finding) (found []finding) {
	verdicts := map[msgraph.Verdict]string{msgraph.Good: verdictOK, msgraph.Unwise: verdictUnwise, msgraph.Look: verdictLook, msgraph.Missing: verdictMissing}
	for _, f := range all {
		one := finding{Check: f.Check, Of: f.Of, Needs: f.Needs, Verdict: cmp.Or(verdicts[f.Verdict], verdictUnknown)}
		if f.Err != nil {
			one.Said = f.Err.Error()
		}
		if one.Verdict != verdictOK {
			one.Do, one.See = a.advice(f), cmp.Or(sections[f.Trouble], a.section)
		}
		found = append(found, one)
	}
	return found
}

// advice is what to do about a finding.
func (a entraApp) advice(f msgraph.Finding) string {
	id := a.tenant.ClientID
	switch f.Trouble {
	case msgraph.NoPermission:
		if m := a.tenant.Credential.ManagedIdentity; m != nil {
			return say("do.no-permission-managed", f.Needs)
		}
		return say("do.no-permission", f.Needs, id)
	case msgraph.NoCredential:
		key := "do.no-credential"
		if code := fmt.Sprint(f.Values...); known[code] {
			key = "do.credential." + code
		}
		return say(key, id, a.tenant.ID)
	case msgraph.CanWrite, msgraph.NoFence, msgraph.FenceUnseen:
		return say("do."+string(f.Trouble), id)
	case msgraph.NoMailbox, msgraph.Fenced:
		return say("do."+string(f.Trouble), f.Of, id)
	}
	return say("do."+string(f.Trouble), f.Values...)
}

// known are the codes of a refused credential that say what to do.
// See https://learn.microsoft.com/entra/identity-platform/reference-error-codes.
var known = map[string]bool{
	"AADSTS700016": true, "AADSTS7000215": true, "AADSTS7000222": true, "AADSTS90002": true, "AADSTS700027": true, "AADSTS700213": true,
}

// readerCheck tries the app that reads, and what the tenant says of who decides.
type readerCheck struct{ cfg config.Config }

func (readerCheck) Name() string { return "reader" }

func (c readerCheck) Check(ctx context.Context) []finding {
	client, err := msgraph.New(graphOptions(c.cfg.Tenant, time.Now, nil))
	if err != nil {
		return []finding{tried("prepare", "tenant", err)}
	}
	return entraApp{c.cfg.Tenant, sectionReader}.found(client.Probe(ctx, wanted(c.cfg)))
}

// wanted is what a configuration relies on in the tenant.
func wanted(cfg config.Config) msgraph.Wanted {
	w := msgraph.Wanted{
		Admins: cfg.Admins.Groups, Resets: cfg.Resets.On, Context: cfg.SignIn.Context,
		PassLife: cfg.Resets.PassLife, PassOnce: cfg.Resets.PassOnce,
	}
	for _, a := range cfg.Resets.Approvers {
		w.Approvers = append(w.Approvers, msgraph.Approvers{Groups: a.Groups, Roles: a.Roles, Count: a.Count})
	}
	return w
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
	tenant := as(c.cfg.Tenant, w.ClientID, w.Credential)
	writer, err := msgraph.NewWriter(msgraph.WriterOptions{
		Options: graphOptions(tenant, time.Now, nil), Mailbox: c.cfg.Resets.Mailbox, People: reader.User, Defaults: c.cfg.Resets.ChangeDefault,
	})
	if err != nil {
		return []finding{tried("prepare", "resets.writer", err)}
	}
	return entraApp{tenant, sectionWriter}.found(writer.Probe(ctx, someAdmin(ctx, reader, c.cfg.Admins.Groups)))
}

// someAdmin is one of those who work on cases, or "": it is their own mailbox that
// is tried, of those that the app must not send from.
func someAdmin(ctx context.Context, reader *msgraph.Client, groups []string) (id string) {
	for _, g := range groups {
		if people, err := reader.Members(ctx, g); err == nil && len(people) > 0 {
			return people[0]
		}
	}
	return ""
}

// signInCheck tries what people need to sign in on our own page.
type signInCheck struct {
	cfg config.Config
	now func() time.Time
}

func (signInCheck) Name() string { return "sign-in" }

func (c signInCheck) Check(ctx context.Context) (found []finding) {
	tenant := as(c.cfg.Tenant, c.cfg.SignIn.ClientID, c.cfg.SignIn.Credential)
	o := graphOptions(tenant, time.Now, nil)
	if _, err := msgraph.AssertionOf(o.Credential, o.ClientID); err != nil {
		found = append(found, tried("app", "signin.credential", err))
	} else if client, err := msgraph.New(o); err == nil && o.ClientID != c.cfg.Tenant.ClientID {
		found = append(found, entraApp{tenant, sectionSignIn}.found(client.ProbeCredential(ctx))...)
	}
	login, err := msgraph.LoginOf(o)
	if err != nil {
		return append(found, tried("login", "tenant", err))
	}
	service, answered := c.service(ctx, login)
	found = append(found, service)
	if answered != "" {
		found = append(found, c.clock(answered))
	}
	if service.Verdict == verdictOK {
		found = append(found, c.redirect(ctx, login))
	}
	found = append(found, finding{Check: "claims", Verdict: verdictLook, Do: say("do.claims", o.ClientID), See: sectionSignIn})
	if c.cfg.SignIn.Context == "" {
		found = append(found, finding{Check: "strong", Needs: "signin.authentication_context", Verdict: verdictMissing, Do: say("do.strong"), See: sectionSignIn})
	}
	return append(found, c.public(ctx))
}

// service asks the login service who it is, and whether it is that. It also
// returns what time it is there.
// See https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderConfig.
func (c signInCheck) service(ctx context.Context, login msgraph.Login) (f finding, date string) {
	f = finding{Check: "login", Needs: "tenant.id, tenant.cloud", Verdict: verdictMissing, See: sectionReader}
	a, err := ask(ctx, login.Client, login.Issuer+"/.well-known/openid-configuration")
	if err != nil { // nothing came back
		f.Verdict, f.Said, f.Do = verdictUnknown, err.Error(), say("do."+string(msgraph.NoAnswer))
		return f, ""
	}
	var said struct {
		Issuer string `json:"issuer"`
	}
	switch {
	case a.status != http.StatusOK:
		f.Said, f.Do = fmt.Sprintf("it answers %s", a.said), say("do.login", c.cfg.Tenant.ID, c.cfg.Tenant.Cloud)
	case json.Unmarshal(a.body, &said) != nil:
		f.Said, f.Do = "it answers something else", say("do.login", c.cfg.Tenant.ID, c.cfg.Tenant.Cloud)
	case said.Issuer != login.Issuer:
		f.Said, f.Do = fmt.Sprintf("it is %q, and not %q", said.Issuer, login.Issuer), say("do.login", c.cfg.Tenant.ID, c.cfg.Tenant.Cloud)
	default:
		return finding{Check: f.Check, Of: f.Of, Verdict: verdictOK}, a.header.Get("Date")
	}
	return f, ""
}

// How far this machine's clock may be from the login service's. A yes counts for
// ten minutes, and tokens are taken with a few of leeway.
const (
	skewUnwise = 30 * time.Second
	skewBad    = 2 * time.Minute
)

// clock holds this machine's clock to the login service's.
func (c signInCheck) clock(date string) finding {
	f := finding{Check: "clock", Verdict: verdictOK}
	there, err := http.ParseTime(date)
	if err != nil {
		return f
	}
	off := c.now().Sub(there).Round(time.Second)
	switch {
	case off.Abs() > skewBad:
		f.Verdict = verdictMissing
	case off.Abs() > skewUnwise:
		f.Verdict = verdictUnwise
	default:
		return f
	}
	f.Do = say("do.clock", off.Abs())
	return f
}

// notRegistered is what the login service says to an address that it does not
// know, and unknownApp to an app.
// See https://learn.microsoft.com/entra/identity-platform/reference-error-codes.
var (
	notRegistered = regexp.MustCompile(`AADSTS(50011|500113|900971)\b`)
	unknownApp    = regexp.MustCompile(`AADSTS(700016|90002)\b`)
)

// redirect asks the login service to sign in nobody, without a word to anybody:
// it sends back only to an address that it knows. What it shows a browser is not
// documented; where it does not say, only a sign-in tells.
// See https://learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow#request-an-authorization-code.
func (c signInCheck) redirect(ctx context.Context, login msgraph.Login) finding {
	callback := page.Address(c.cfg.PublicURL, "callback")
	f := finding{Check: "redirect", Of: callback, See: sectionSignIn, Do: say("do.redirect", callback, c.cfg.SignIn.ClientID)}
	a, err := ask(ctx, login.Browser, strings.TrimSuffix(login.Issuer, "/v2.0")+"/oauth2/v2.0/authorize?"+url.Values{
		"client_id": {c.cfg.SignIn.ClientID}, "redirect_uri": {callback}, "response_type": {"code"}, "response_mode": {"query"},
		"scope": {"openid"}, "prompt": {"none"}, "state": {rand.Text()}, "nonce": {rand.Text()},
	}.Encode())
	if err != nil {
		f.Verdict, f.Said, f.Do = verdictUnknown, err.Error(), say("do."+string(msgraph.NoAnswer))
		return f
	}
	to, _, _ := strings.Cut(a.header.Get("Location"), "?")
	code := cmp.Or(string(notRegistered.Find(a.body)), string(unknownApp.Find(a.body)))
	switch {
	case a.status/100 == 3 && to == callback:
		return finding{Check: f.Check, Of: f.Of, Verdict: verdictOK}
	case unknownApp.Match(a.body):
		f.Verdict, f.Said, f.Do = verdictMissing, code, say("do.signin-app", c.cfg.SignIn.ClientID)
	case code != "":
		f.Verdict, f.Said = verdictMissing, code
	default:
		f.Verdict, f.Do = verdictLook, say("do.redirect-look", callback, c.cfg.SignIn.ClientID)
	}
	return f
}

// public tries whether people reach our own page. Whether they do from where
// they are, and not from here, only they can tell.
func (c signInCheck) public(ctx context.Context) finding {
	f := finding{Check: "public", Of: c.cfg.PublicURL, Needs: "public_url", See: sectionSignIn}
	client := &http.Client{Timeout: 20 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	a, err := ask(ctx, client, c.cfg.PublicURL+"/livez")
	switch {
	case err != nil:
		f.Verdict, f.Said, f.Do = verdictLook, err.Error(), say("do.public-look", c.cfg.PublicURL)
	case a.status == http.StatusOK && strings.TrimSpace(string(a.body)) == "ok":
		return finding{Check: f.Check, Of: f.Of, Verdict: verdictOK}
	default:
		f.Verdict, f.Said, f.Do = verdictLook, fmt.Sprintf("it answers %s", a.said), say("do.public-other", c.cfg.PublicURL)
	}
	return f
}

// An answer is what a server said.
type answer struct {
	status int
	said   string // the status in words
	header http.Header
	body   []byte
}

// ask gets what is at an address, to a limit. Its error does not repeat the
// address, of which a part may be nobody's business.
func ask(ctx context.Context, client *http.Client, address string) (answer, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return answer{}, err
	}
	resp, err := client.Do(r)
	if u := (*url.Error)(nil); errors.As(err, &u) {
		return answer{}, u.Err
	}
	if err != nil {
		return answer{}, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	return answer{resp.StatusCode, resp.Status, resp.Header, body}, err
}
