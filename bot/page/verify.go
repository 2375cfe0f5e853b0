package page

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"mfahelp/bot"
)

// An attempt is a sign-in on its way to Entra and back.
type attempt struct {
	Link     string    `json:"l"`
	State    string    `json:"s"`
	Nonce    string    `json:"n"` // made from the link and the digest, so that a token is for nothing else
	Verifier string    `json:"v"`
	Begun    time.Time `json:"b"`
}

// A session is somebody who came back from Entra, freshly and strongly signed in.
type session struct {
	Link    string    `json:"l"`
	Object  string    `json:"o"`
	Name    string    `json:"n"`
	At      time.Time `json:"a"`
	Methods []string  `json:"m"`
}

// entra is the tenant's login service. What it says of itself is asked when it
// is first needed, and again if that failed.
type entra struct {
	o        *Options
	mu       sync.Mutex
	provider *oidc.Provider
}

func (e *entra) get(ctx context.Context) (*oidc.Provider, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.provider != nil {
		return e.provider, nil
	}
	// The keys are fetched with this context for as long as the provider
	// lives, so it must not end with the request.
	p, err := oidc.NewProvider(e.client(context.WithoutCancel(ctx)), e.o.Issuer)
	if err != nil {
		return nil, fmt.Errorf("asking Entra what it is: %w", err)
	}
	e.provider = p
	return p, nil
}

func (e *entra) client(ctx context.Context) context.Context {
	if e.o.Client == nil {
		return ctx
	}
	return oidc.ClientContext(ctx, e.o.Client)
}

// config is the app as OAuth knows it.
func (e *entra) config(p *oidc.Provider, callback string) oauth2.Config {
	end := p.Endpoint()
	end.AuthStyle = oauth2.AuthStyleInParams
	return oauth2.Config{
		ClientID: e.o.ClientID, ClientSecret: e.o.Secret.Reveal(), Endpoint: end, RedirectURL: callback,
		Scopes: []string{oidc.ScopeOpenID, "profile"},
	}
}

// away is the address at Entra for a. The browser could change it, so nothing
// that it asks for is believed before the token says so.
func (e *entra) away(ctx context.Context, a attempt, callback, hint string) (string, error) {
	p, err := e.get(ctx)
	if err != nil {
		return "", err
	}
	with := []oauth2.AuthCodeOption{
		oidc.Nonce(a.Nonce), oauth2.S256ChallengeOption(a.Verifier),
		oauth2.SetAuthURLParam("prompt", "login"), oauth2.SetAuthURLParam("max_age", "0"),
	}
	if hint != "" {
		with = append(with, oauth2.SetAuthURLParam("login_hint", hint))
	}
	if c := e.claims(); c != "" {
		with = append(with, oauth2.SetAuthURLParam("claims", c))
	}
	cfg := e.config(p, callback)
	return cfg.AuthCodeURL(a.State, with...), nil
}

// claims asks for the authentication context, as in
// https://learn.microsoft.com/entra/identity-platform/developer-guide-conditional-access-authentication-context.
func (e *entra) claims() string {
	if e.o.Context == "" {
		return ""
	}
	b, err := json.Marshal(map[string]any{"id_token": map[string]any{
		"acrs": map[string]any{"essential": true, "value": e.o.Context}, "auth_time": map[string]any{"essential": true},
	}})
	if err != nil {
		panic("page: " + err.Error()) // unreachable: maps of strings
	}
	return string(b)
}

// redeem trades a code for a token, and checks all of it but whose it is.
func (e *entra) redeem(ctx context.Context, a attempt, code, callback string) (claims, error) {
	p, err := e.get(ctx)
	if err != nil {
		return claims{}, err
	}
	cfg := e.config(p, callback)
	with := []oauth2.AuthCodeOption{oauth2.VerifierOption(a.Verifier)}
	if cfg.ClientSecret == "" && e.o.Assertion != nil {
		proof, err := e.o.Assertion(ctx, cfg.Endpoint.TokenURL)
		if err != nil {
			return claims{}, fmt.Errorf("proving who the app is: %w", err)
		}
		with = append(with, oauth2.SetAuthURLParam("client_assertion", proof.Reveal()),
			oauth2.SetAuthURLParam("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"))
	}
	token, err := cfg.Exchange(e.client(ctx), code, with...)
	if err != nil {
		return claims{}, fmt.Errorf("redeeming a code: %w", quiet(err))
	}
	raw, _ := token.Extra("id_token").(string)
	verified, err := p.VerifierContext(e.client(ctx), &oidc.Config{
		ClientID: e.o.ClientID, SupportedSigningAlgs: []string{oidc.RS256}, Now: e.o.Now,
	}).Verify(e.client(ctx), raw)
	if err != nil {
		return claims{}, fmt.Errorf("%w: %w", errToken, quiet(err))
	}
	var c claims
	if err := verified.Claims(&c); err != nil {
		return claims{}, fmt.Errorf("%w: %w", errToken, err)
	}
	if c.Nonce == "" || c.Nonce != a.Nonce {
		return claims{}, fmt.Errorf("%w: for another attempt", errToken)
	}
	return c, nil
}

var errToken = errors.New("a token that is not to be believed")

// quiet leaves out what Entra wrote beside its code: that may name people.
func quiet(err error) error {
	if r, ok := errors.AsType[*oauth2.RetrieveError](err); ok {
		return fmt.Errorf("%d %s", r.Response.StatusCode, r.ErrorCode)
	}
	return err
}

// claims are those of an ID token. See
// https://learn.microsoft.com/entra/identity-platform/id-token-claims-reference.
type claims struct {
	Tenant   string   `json:"tid"`
	Object   string   `json:"oid"`
	Name     string   `json:"name"`
	Nonce    string   `json:"nonce"`
	AuthTime int64    `json:"auth_time"`
	AMR      []string `json:"amr"`
	ACRS     list     `json:"acrs"`
}

// A list is one value or several.
type list []string

// UnmarshalJSON takes both.
func (l *list) UnmarshalJSON(b []byte) error {
	var one string
	if json.Unmarshal(b, &one) == nil {
		*l = list{one}
		return nil
	}
	var all []string
	err := json.Unmarshal(b, &all)
	*l = all
	return err
}

// strongMethods are those of "amr" that prove more than a password. See
// https://www.rfc-editor.org/rfc/rfc8176 and, for what Entra writes,
// https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference.
var strongMethods = []string{"mfa", "ngcmfa", "fido", "hwk"}

// skew is how far Entra's clock may be behind ours.
const skew = 2 * time.Minute

// judge makes a session of c, or says why it proves nothing.
func (p *Page) judge(c claims, a attempt, want bot.Identity) (session, *problem) {
	now := p.o.Now()
	at := time.Unix(c.AuthTime, 0).UTC()
	s := session{Link: a.Link, Object: c.Object, Name: c.Name, At: at}
	for _, v := range c.ACRS {
		if p.o.Context != "" && v == p.o.Context {
			s.Methods = append(s.Methods, "acrs:"+v)
		}
	}
	for _, v := range c.AMR {
		if slices.Contains(strongMethods, v) {
			s.Methods = append(s.Methods, v)
		}
	}
	no := func(key string) (session, *problem) {
		return session{}, &problem{status: http.StatusForbidden, key: key, link: a.Link, again: true}
	}
	switch {
	case !strings.EqualFold(c.Tenant, p.o.Tenant) || !strings.EqualFold(c.Object, want.ObjectID) || !strings.EqualFold(want.Tenant, p.o.Tenant):
		return no("somebody-else")
	case c.AuthTime == 0 || at.Before(a.Begun.Add(-skew)) || at.After(now.Add(skew)) || now.Sub(at) > fresh:
		return no("stale")
	case len(s.Methods) == 0:
		return no("weak")
	}
	if at.After(now) { // by no more than the skew; what lies ahead would not count
		s.At = now
	}
	return s, nil
}
