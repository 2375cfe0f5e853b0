package main

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"

	"mfahelp/bot"
	"mfahelp/bot/page"
	"mfahelp/graph/msgraph"
	"mfahelp/graph/sandbox"
	"mfahelp/secret"
)

// A signRecord is the record behind a page with one link, for one person.
type signRecord struct {
	who bot.Identity
	mu  sync.Mutex
	got []bot.Event
}

const (
	signLink = "LINK-of-26-random-characters"
	signPlan = "digest-of-the-plan"
)

func (r *signRecord) For(_ context.Context, link string) (bot.Identity, bool, error) {
	return r.who, link == signLink, nil
}

func (r *signRecord) Confirm(context.Context, string, bot.Person) (bot.Confirmation, error) {
	return bot.Confirmation{Digest: signPlan, Agree: "Yes"}, nil
}

func (r *signRecord) End(context.Context, string) (bot.Confirmation, bot.Identity, bool, error) {
	return bot.Confirmation{}, bot.Identity{}, false, nil
}

func (r *signRecord) Accept(_ context.Context, e bot.Event) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.got = append(r.got, e)
	return nil
}

// aCertificate is one with its key, in PEM.
func aCertificate(t *testing.T) (*x509.Certificate, []byte) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	as := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "mfahelp"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, as, as, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return cert, append(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})...)
}

// TestThePageAndTheTenant has somebody sign in at the pretend tenant, over HTTPS
// and with cookies, for a yes on our own page: it counts if the sign-in was fresh
// and strong and theirs, and with anything wrong about it, it does not.
func TestThePageAndTheTenant(t *testing.T) {
	s, err := sandbox.New(sandbox.Options{Dir: t.TempDir(), NoHistory: true, NoThrottle: true})
	if err != nil {
		t.Fatal(err)
	}
	addr, err := s.Start("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	cert, both := aCertificate(t)
	s.AddCertificate(s.Reader().ID, cert)
	for name, credential := range map[string]msgraph.Credential{
		"by a secret":      msgraph.Secret{Text: secret.New(s.Reader().Secret)},
		"by a certificate": msgraph.Certificate{Data: secret.New(string(both))},
	} {
		for _, test := range []struct {
			user, with string
			flaw       sandbox.Flaw
			counts     bool
		}{
			{"sofia.almeida@contoso.com", "authenticator", sandbox.FlawNone, true},
			{"sofia.almeida@contoso.com", "password", sandbox.FlawNone, false},
			{"hugo.moreau@contoso.com", "authenticator", sandbox.FlawNone, false},
			{"sofia.almeida@contoso.com", "cancel", sandbox.FlawNone, false},
		} {
			if got := yesOf(t, s, addr, credential, test.user, test.with, test.flaw); got != test.counts {
				t.Errorf("%s: %s with %s: it counts: %v", name, test.user, test.with, got)
			}
		}
	}
	for _, f := range sandbox.Flaws {
		if yesOf(t, s, addr, msgraph.Secret{Text: secret.New(s.Reader().Secret)}, "sofia.almeida@contoso.com", "authenticator", f) {
			t.Errorf("%s: a yes counts", f)
		}
	}
}

// yesOf goes all the way as a browser, and reports whether there was a yes.
func yesOf(t *testing.T, s *sandbox.Tenant, addr string, c msgraph.Credential, user, with string, flaw sandbox.Flaw) bool {
	t.Helper()
	o := msgraph.Options{Tenant: s.ID(), ClientID: s.Reader().ID, Credential: c, Cloud: msgraph.Custom{Authority: addr, Graph: addr, RootCA: s.CAPEM()}}
	login, err := msgraph.LoginOf(o)
	if err != nil {
		t.Fatal(err)
	}
	proof, err := msgraph.AssertionOf(c, o.ClientID)
	if err != nil {
		t.Fatal(err)
	}
	sofia, _ := s.Person("sofia.almeida@contoso.com")
	record := &signRecord{who: bot.Identity{Tenant: s.ID(), ObjectID: sofia.ID, Email: sofia.UPN}}
	var p *page.Page
	srv := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { p.Handler().ServeHTTP(w, r) }))
	defer srv.Close()
	po := page.Options{Inbox: record, Confirmations: record, Words: printer, URL: srv.URL, Issuer: login.Issuer, Client: login.Client,
		Tenant: s.ID(), ClientID: o.ClientID, Assertion: proof, Context: sandbox.StrongContext}
	if text, ok := c.(msgraph.Secret); ok {
		po.Secret = text.Text
	}
	p = page.New(po)
	s.AddRedirect(o.ClientID, p.Callback())
	s.SetFlaw(flaw)
	defer s.SetFlaw(sandbox.FlawNone)
	b := srv.Client()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	stay := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	b.Jar, b.CheckRedirect = jar, stay
	tenant := s.Client()
	tenant.Jar = jar
	to := func(c *http.Client, at string, form url.Values) string {
		send := func() (*http.Response, error) { return c.PostForm(at, form) }
		if form == nil {
			send = func() (*http.Response, error) { return c.Get(at) }
		}
		resp, err := send()
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		return resp.Header.Get("Location")
	}
	away, err := url.Parse(to(b, p.Address(signLink), url.Values{}))
	if err != nil || away.Host == "" {
		t.Fatalf("the page does not send anybody away: %v, %v", away, err)
	}
	to(tenant, away.String(), nil) // the page of the tenant
	back := to(tenant, addr+"/"+s.ID()+"/signin?"+away.RawQuery, url.Values{"user": {user}, "with": {with}, "v1": {"false"}})
	if back == "" {
		return false // the tenant lets nobody in
	}
	if confirm := to(b, back, nil); confirm != "" {
		to(b, confirm, url.Values{"digest": {signPlan}})
	}
	record.mu.Lock()
	defer record.mu.Unlock()
	return len(record.got) == 1
}
