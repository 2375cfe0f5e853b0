package page_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"math/big"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"mfahelp/bot"
	"mfahelp/bot/bottest"
	"mfahelp/bot/page"
	"mfahelp/secret"
)

const (
	tenant = "7d0c6d7e-0000-4000-8000-000000000001"
	client = "7d0c6d7e-0000-4000-8000-000000000002"
	link   = "LINK-of-26-random-characters"
	plan   = "digest-of-the-plan"

	endLink = "LINK-to-end-something-and-no-more"
)

var noor = bot.Identity{Tenant: tenant, ObjectID: "7d0c6d7e-0000-4000-8000-00000000000a", Email: "noor@contoso.com"}

// An issuer is a login service that does as it is told: what it puts in a token
// is up to the test.
type issuer struct {
	*httptest.Server
	key *rsa.PrivateKey
	t   *testing.T
	now func() time.Time

	mu        sync.Mutex
	asked     url.Values // of the last authorize request
	claims    func(c jwt.MapClaims)
	sign      func(jwt.MapClaims) string // nil for the ordinary way
	fail      string                     // an OAuth error instead of a code
	tokenFail bool
}

func newIssuer(t *testing.T, now func() time.Time) *issuer {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	s := &issuer{key: key, t: t, now: now}
	s.Server = httptest.NewServer(http.HandlerFunc(s.serve))
	t.Cleanup(s.Close)
	return s
}

func (s *issuer) serve(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch strings.TrimPrefix(r.URL.Path, "/"+tenant) {
	case "/v2.0/.well-known/openid-configuration":
		base := s.URL + "/" + tenant
		_ = json.NewEncoder(w).Encode(map[string]any{
			"issuer": base + "/v2.0", "authorization_endpoint": base + "/authorize", "token_endpoint": base + "/token",
			"jwks_uri": base + "/keys", "id_token_signing_alg_values_supported": []string{"RS256"},
		})
	case "/keys":
		_ = json.NewEncoder(w).Encode(map[string]any{"keys": []any{map[string]any{
			"kty": "RSA", "use": "sig", "kid": "one", "alg": "RS256",
			"n": base64.RawURLEncoding.EncodeToString(s.key.N.Bytes()),
			"e": base64.RawURLEncoding.EncodeToString(big.NewInt(int64(s.key.E)).Bytes()),
		}}})
	case "/authorize":
		s.asked = r.URL.Query()
		back := url.Values{"state": {s.asked.Get("state")}, "code": {"the-code"}}
		if s.fail != "" {
			back = url.Values{"state": {s.asked.Get("state")}, "error": {s.fail}, "error_description": {"noor@contoso.com said no"}}
		}
		http.Redirect(w, r, s.asked.Get("redirect_uri")+"?"+back.Encode(), http.StatusFound)
	case "/token":
		s.token(w, r)
	default:
		http.NotFound(w, r)
	}
}

func (s *issuer) token(w http.ResponseWriter, r *http.Request) {
	verifier := sha256.Sum256([]byte(r.PostFormValue("code_verifier")))
	w.Header().Set("Content-Type", "application/json")
	if s.tokenFail || r.PostFormValue("client_id") != client || r.PostFormValue("client_secret") != "canary-secret" ||
		base64.RawURLEncoding.EncodeToString(verifier[:]) != s.asked.Get("code_challenge") || s.asked.Get("code_challenge_method") != "S256" {
		w.WriteHeader(http.StatusBadRequest)
		_, _ = w.Write([]byte(`{"error":"invalid_grant","error_description":"AADSTS54005 for noor@contoso.com"}`))
		return
	}
	now := s.now()
	c := jwt.MapClaims{
		"iss": s.URL + "/" + tenant + "/v2.0", "aud": client, "tid": tenant, "oid": noor.ObjectID, "sub": "pairwise", "name": "Noor Jansen",
		"nonce": s.asked.Get("nonce"), "iat": now.Unix(), "nbf": now.Unix(), "exp": now.Add(time.Hour).Unix(), "auth_time": now.Unix(), "acrs": []string{"c1"},
	}
	if s.claims != nil {
		s.claims(c)
	}
	sign := s.sign
	if sign == nil {
		sign = s.rs256
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"access_token": "x", "token_type": "Bearer", "expires_in": 3600, "id_token": sign(c)})
}

func (s *issuer) rs256(c jwt.MapClaims) string { return signed(s.t, jwt.SigningMethodRS256, s.key, c) }

func signed(t *testing.T, m jwt.SigningMethod, key any, c jwt.MapClaims) string {
	tok := jwt.NewWithClaims(m, c)
	tok.Header["kid"] = "one"
	text, err := tok.SignedString(key)
	if err != nil {
		t.Error(err)
	}
	return text
}

// The record, as the page asks it.
type record struct {
	mu     sync.Mutex
	digest string
	agree  string
	gone   bool
	broken error
}

func (c *record) For(_ context.Context, l string) (bot.Identity, bool, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return noor, l == link && !c.gone, c.broken
}

func (c *record) Confirm(_ context.Context, _ string, p bot.Person) (bot.Confirmation, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return bot.Confirmation{Digest: c.digest, Agree: c.agree, Message: bot.Message{
		Title: "Reset for <b>Ava</b>", Body: []bot.Block{bot.Text{bot.Plain("Removes the phone. " + p.Name)}},
	}}, c.broken
}

// End is for the other link that there is, which can only end something.
func (c *record) End(_ context.Context, l string) (bot.Confirmation, bot.Identity, bool, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	m := bot.Message{Title: "Stop the reset of <b>Ava</b>?", Body: []bot.Block{bot.Text{bot.Plain("Asked by Bea.")}}}
	return bot.Confirmation{Message: m, Agree: c.agree}, noor, l == endLink && !c.gone, c.broken
}

// A visit is one person's browser, the page, and a login service.
type visit struct {
	*testing.T
	now    time.Time
	entra  *issuer
	record *record
	inbox  *bottest.Inbox
	page   *httptest.Server
	http.Client
}

func open(t *testing.T) *visit {
	t.Helper()
	v := &visit{T: t, now: time.Date(2026, 11, 25, 9, 0, 0, 0, time.UTC), record: &record{digest: plan, agree: "Approve"}, inbox: &bottest.Inbox{}}
	v.entra = newIssuer(t, func() time.Time { return v.now })
	v.page = httptest.NewUnstartedServer(nil)
	p := page.New(page.Options{
		Inbox: v.inbox, Confirmations: v.record, URL: "http://" + v.page.Listener.Addr().String(), Issuer: v.entra.URL + "/" + tenant + "/v2.0",
		Tenant: tenant, ClientID: client, Secret: secret.New("canary-secret"), Context: "c1", Now: func() time.Time { return v.now },
	})
	v.page.Config.Handler = p.Handler()
	v.page.Start()
	t.Cleanup(v.page.Close)
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	v.Client = http.Client{Jar: jar}
	return v
}

// send asks the page and follows all redirects.
func (v *visit) send(method, path string, form url.Values, header ...string) (int, string) {
	v.Helper()
	at := path
	if !strings.HasPrefix(path, "http") {
		at = v.page.URL + path
	}
	r, err := http.NewRequestWithContext(v.Context(), method, at, strings.NewReader(form.Encode()))
	if err != nil {
		v.Fatal(err)
	}
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i < len(header); i += 2 {
		if header[i] == "Host" {
			r.Host = header[i+1]
		}
		r.Header.Set(header[i], header[i+1])
	}
	resp, err := v.Do(r)
	if err != nil {
		v.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		v.Fatal(err)
	}
	body := html.UnescapeString(string(b))
	if h := heading.FindStringSubmatch(body); h != nil && !strings.Contains(body, "<title>"+h[1]+" · mfahelp</title>") {
		v.Errorf("%s is headed %q, and its title does not say so", path, h[1])
	}
	return resp.StatusCode, body
}

// heading is what a page is about, which its title must say too: it is what a
// screen reader begins with, and what is to be read among many tabs.
var heading = regexp.MustCompile(`<h1>([^<]*)</h1>`)

var hidden = regexp.MustCompile(`name="digest" value="([^"]*)"`)

// agree says yes to what is shown.
func (v *visit) agree(shown string) (int, string) {
	v.Helper()
	m := hidden.FindStringSubmatch(shown)
	if m == nil {
		v.Fatalf("there is nothing to agree to in %s", shown)
	}
	return v.send(http.MethodPost, "/signin/"+link+"/confirm", url.Values{"digest": {m[1]}})
}

func TestYes(t *testing.T) {
	v := open(t)
	status, body := v.send(http.MethodGet, "/signin/"+link, nil)
	if status != http.StatusOK || !strings.Contains(body, noor.Email) || v.entra.asked != nil {
		t.Fatalf("opening the link: %d, asked Entra %v, %s", status, v.entra.asked, body)
	}
	status, body = v.send(http.MethodPost, "/signin/"+link, nil)
	if status != http.StatusOK || !strings.Contains(body, "Removes the phone. Noor Jansen") || strings.Contains(body, "<b>Ava</b> <") {
		t.Fatalf("signing in: %d %s", status, body)
	}
	for name, want := range map[string]string{"prompt": "login", "max_age": "0", "response_type": "code", "login_hint": noor.Email} {
		if got := v.entra.asked.Get(name); got != want {
			t.Errorf("Entra was asked with %s %q, want %q", name, got, want)
		}
	}
	if !strings.Contains(v.entra.asked.Get("claims"), `"acrs":{"essential":true,"value":"c1"}`) {
		t.Errorf("Entra was asked for %s", v.entra.asked.Get("claims"))
	}
	if len(v.inbox.Events()) != 0 {
		t.Fatal("signing in alone said yes")
	}
	if status, body = v.agree(body); status != http.StatusOK || !strings.Contains(body, "Thank you") {
		t.Fatalf("saying yes: %d %s", status, body)
	}
	events := v.inbox.Events()
	if len(events) != 1 {
		t.Fatalf("got %d events", len(events))
	}
	e := events[0]
	did, _ := e.Did.(bot.SignedIn)
	if did.Link != link || !did.At.Equal(v.now) || did.Digest != plan || fmt.Sprint(did.Methods) != "[acrs:c1]" {
		t.Errorf("got %+v", did)
	}
	if e.From.Platform != page.Name || e.From.Identity != noor || e.ID == "" || strings.Contains(e.ID+e.In.ID, link) {
		t.Errorf("got %+v", e)
	}
	if status, _ := v.send(http.MethodGet, "/signin/"+link+"/confirm", nil); status != http.StatusForbidden {
		t.Errorf("a second yes from the same sign-in: %d", status)
	}
}

// TestTwice says yes twice at once: both are one event.
func TestTwice(t *testing.T) {
	v := open(t)
	_, body := v.send(http.MethodPost, "/signin/"+link, nil)
	at, err := url.Parse(v.page.URL + "/signin/")
	if err != nil {
		t.Fatal(err)
	}
	kept := v.Jar.Cookies(at)
	v.agree(body)
	v.Jar.SetCookies(at, kept) // a browser that sent both before it heard of either
	v.agree(body)
	if n := len(v.inbox.Events()); n != 1 {
		t.Errorf("got %d events, want 1", n)
	}
}

// TestToken has every defect that a token may have. None gets anybody in.
func TestToken(t *testing.T) {
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	set := func(name string, value any) func(*visit) {
		return func(v *visit) { v.entra.claims = func(c jwt.MapClaims) { c[name] = value } }
	}
	unset := func(name string) func(*visit) {
		return func(v *visit) { v.entra.claims = func(c jwt.MapClaims) { delete(c, name) } }
	}
	at := func(name string, d time.Duration) func(*visit) {
		return func(v *visit) { v.entra.claims = func(c jwt.MapClaims) { c[name] = v.now.Add(d).Unix() } }
	}
	const refused, weak, stale, else_ = "You are not signed in", "A second step is needed", "Please sign in again", "That is another account"
	for _, test := range []struct {
		name   string
		broken func(*visit)
		says   string
	}{
		{"another issuer", set("iss", "https://login.microsoftonline.com/"+tenant+"/v2.0"), refused},
		{"another audience", set("aud", "7d0c6d7e-0000-4000-8000-0000000000ff"), refused},
		{"another nonce", set("nonce", "of another attempt"), refused},
		{"no nonce", unset("nonce"), refused},
		{"expired", at("exp", -time.Hour), refused},
		{"not valid yet", at("nbf", time.Hour), refused},
		{"a key of somebody else", func(v *visit) {
			v.entra.sign = func(c jwt.MapClaims) string { return signed(v.T, jwt.SigningMethodRS256, other, c) }
		}, refused},
		{"no signature", func(v *visit) {
			v.entra.sign = func(c jwt.MapClaims) string {
				return signed(v.T, jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, c)
			}
		}, refused},
		{"signed with the public key as a secret", func(v *visit) {
			v.entra.sign = func(c jwt.MapClaims) string { return signed(v.T, jwt.SigningMethodHS256, v.entra.key.N.Bytes(), c) }
		}, refused},
		{"no token", func(v *visit) { v.entra.sign = func(jwt.MapClaims) string { return "" } }, refused},
		{"another tenant", set("tid", "7d0c6d7e-0000-4000-8000-0000000000ee"), else_},
		{"no tenant", unset("tid"), else_},
		{"another person", set("oid", "7d0c6d7e-0000-4000-8000-00000000000b"), else_},
		{"nobody", unset("oid"), else_},
		{"a sign-in of long ago", at("auth_time", -time.Hour), stale},
		{"a sign-in before the attempt", at("auth_time", -3*time.Minute), stale},
		{"a sign-in of the future", at("auth_time", 3*time.Minute), stale},
		{"no time of the sign-in", unset("auth_time"), stale},
		{"a password alone", func(v *visit) {
			v.entra.claims = func(c jwt.MapClaims) { delete(c, "acrs"); c["amr"] = []string{"pwd"} }
		}, weak},
		{"another authentication context", set("acrs", []string{"c2"}), weak},
		{"nothing said of its strength", unset("acrs"), weak},
		{"a code that is not taken", func(v *visit) { v.entra.tokenFail = true }, "Microsoft does not answer"},
		{"Entra says no", func(v *visit) { v.entra.fail = "access_denied" }, refused},
		{"too long on the way", func(v *visit) { v.entra.claims = func(jwt.MapClaims) { v.now = v.now.Add(11 * time.Minute) } }, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			v := open(t)
			test.broken(v)
			status, body := v.send(http.MethodPost, "/signin/"+link, nil)
			if status < 400 || !strings.Contains(body, test.says) {
				t.Errorf("got %d %s, want %q", status, body, test.says)
			}
			if strings.Contains(body, "Removes the phone") || strings.Contains(body, "said no") || strings.Contains(body, "AADSTS") {
				t.Errorf("it shows %s", body)
			}
			v.send(http.MethodPost, "/signin/"+link+"/confirm", url.Values{"digest": {plan}})
			if len(v.inbox.Events()) != 0 {
				t.Error("it was taken for a yes")
			}
		})
	}
}

// TestStrong takes each way in which a token says that the sign-in was strong.
func TestStrong(t *testing.T) {
	for _, test := range []struct {
		name  string
		value any
	}{{"acrs", "c1"}, {"acrs", []string{"c3", "c1"}}, {"amr", []string{"pwd", "mfa"}}, {"amr", []string{"fido"}}} {
		v := open(t)
		v.entra.claims = func(c jwt.MapClaims) { delete(c, "acrs"); c[test.name] = test.value }
		if status, body := v.send(http.MethodPost, "/signin/"+link, nil); status != http.StatusOK || !hidden.MatchString(body) {
			t.Errorf("%s %v: got %d %s", test.name, test.value, status, body)
		}
	}
}

// TestNot has what can be wrong besides the token.
func TestNot(t *testing.T) {
	confirm := "/signin/" + link + "/confirm"
	for _, test := range []struct {
		name   string
		do     func(v *visit) (int, string)
		status int
		says   string
	}{
		{"no such link", func(v *visit) (int, string) {
			return v.send(http.MethodGet, "/signin/another-link-of-this-length", nil)
		}, 404, "leads nowhere"},
		{"a link that is too long", func(v *visit) (int, string) {
			return v.send(http.MethodGet, "/signin/"+strings.Repeat("x", 5000), nil)
		}, 404, "leads nowhere"},
		{"nobody signed in", func(v *visit) (int, string) { return v.send(http.MethodGet, confirm, nil) }, 403, "sign in again"},
		{"a yes of nobody", func(v *visit) (int, string) { return v.send(http.MethodPost, confirm, url.Values{"digest": {plan}}) }, 403, "sign in again"},
		{"a session that is made up", func(v *visit) (int, string) {
			return v.send(http.MethodPost, confirm, url.Values{"digest": {plan}}, "Cookie", "mfahelp_signin=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
		}, 403, "sign in again"},
		{"a callback that nobody began", func(v *visit) (int, string) {
			return v.send(http.MethodGet, "/signin/callback?code=x&state=y", nil)
		}, 400, "begin again"},
		{"a callback with another state", func(v *visit) (int, string) {
			v.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
			v.send(http.MethodPost, "/signin/"+link, nil)
			return v.send(http.MethodGet, "/signin/callback?code=the-code&state=another", nil)
		}, 400, "begin again"},
		{"ten minutes after the sign-in", func(v *visit) (int, string) {
			_, body := v.send(http.MethodPost, "/signin/"+link, nil)
			v.now = v.now.Add(10*time.Minute + time.Second)
			return v.agree(body)
		}, 403, "sign in again"},
		{"a plan that has changed", func(v *visit) (int, string) {
			_, body := v.send(http.MethodPost, "/signin/"+link, nil)
			v.record.digest = "another plan"
			return v.agree(body)
		}, 409, "This has changed"},
		{"nothing to agree to", func(v *visit) (int, string) {
			_, body := v.send(http.MethodPost, "/signin/"+link, nil)
			v.record.agree = ""
			return v.agree(body)
		}, 409, "nothing for you to confirm"},
		{"a link that was used meanwhile", func(v *visit) (int, string) {
			_, body := v.send(http.MethodPost, "/signin/"+link, nil)
			v.record.gone = true
			return v.agree(body)
		}, 404, "leads nowhere"},
		{"a record that does not answer", func(v *visit) (int, string) {
			v.record.broken = errors.New("the disk")
			return v.send(http.MethodGet, "/signin/"+link, nil)
		}, 503, "did not work"},
		{"an inbox that is full", func(v *visit) (int, string) {
			_, body := v.send(http.MethodPost, "/signin/"+link, nil)
			v.inbox.Fail(errors.New("the disk is full"))
			return v.agree(body)
		}, 503, "did not work"},
		{"Entra is down", func(v *visit) (int, string) {
			v.entra.Close()
			return v.send(http.MethodPost, "/signin/"+link, nil)
		}, 502, "does not answer"},
		{"another site", func(v *visit) (int, string) {
			return v.send(http.MethodPost, "/signin/"+link, nil, "Origin", "https://attacker.example")
		}, 403, "Not from here"},
		{"another name", func(v *visit) (int, string) {
			return v.send(http.MethodGet, "/signin/"+link, nil, "Host", "attacker.example")
		}, 403, "Not from here"},
		{"a body that is too large", func(v *visit) (int, string) {
			v.send(http.MethodPost, "/signin/"+link, nil)
			return v.send(http.MethodPost, confirm, url.Values{"digest": {strings.Repeat("x", 1<<20)}})
		}, 400, "begin again"},
	} {
		t.Run(test.name, func(t *testing.T) {
			v := open(t)
			if status, body := test.do(v); status != test.status || !strings.Contains(body, test.says) {
				t.Errorf("got %d %s, want %d %q", status, body, test.status, test.says)
			}
			if len(v.inbox.Events()) != 0 {
				t.Error("it was taken for a yes")
			}
		})
	}
}

// TestTried again is what "Sign in again" does after Entra was down.
func TestTriedAgain(t *testing.T) {
	v := open(t)
	v.entra.fail = "server_error"
	v.send(http.MethodPost, "/signin/"+link, nil)
	v.entra.fail = ""
	_, body := v.send(http.MethodPost, "/signin/"+link, nil)
	if status, _ := v.agree(body); status != http.StatusOK || len(v.inbox.Events()) != 1 {
		t.Errorf("got %d, %d events", status, len(v.inbox.Events()))
	}
}

// TestEnd is a no by an address that was mailed to somebody: by a press, for which
// nobody has to sign in, and not by whatever opens addresses.
func TestEnd(t *testing.T) {
	v := open(t)
	for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodGet} {
		status, body := v.send(method, "/signin/"+endLink, nil)
		if status != http.StatusOK || method == http.MethodGet && (!strings.Contains(body, "Stop the reset of <b>Ava</b>?") || !strings.Contains(body, "Asked by Bea.")) {
			t.Errorf("%s: got %d %s", method, status, body)
		}
	}
	if n := len(v.inbox.Events()); n > 0 {
		t.Fatalf("%d events by opening it", n)
	}
	if status, body := v.send(http.MethodPost, "/signin/"+endLink, nil); status != http.StatusOK || !strings.Contains(body, "It is on record") {
		t.Fatalf("got %d %s", status, body)
	}
	events := v.inbox.Events()
	if len(events) != 1 {
		t.Fatalf("got %d events, want one", len(events))
	}
	if e := events[0]; e.Did != (bot.Ended{Link: endLink}) || e.From.Identity != noor || e.In.Platform != page.Name {
		t.Errorf("got %+v", e)
	}
	if v.entra.asked != nil {
		t.Error("Entra was asked")
	}
	v.send(http.MethodPost, "/signin/"+endLink, nil)
	if all := v.inbox.Events(); all[0].ID != all[len(all)-1].ID {
		t.Error("the same no twice is two")
	}
}

// TestNoEnd is what ends nothing.
func TestNoEnd(t *testing.T) {
	for name, do := range map[string]func(v *visit) int{
		"it is too late": func(v *visit) int {
			v.record.agree = ""
			status, _ := v.send(http.MethodPost, "/signin/"+endLink, nil)
			return status - http.StatusConflict
		},
		"it was used": func(v *visit) int {
			v.record.gone = true
			status, _ := v.send(http.MethodPost, "/signin/"+endLink, nil)
			return status - http.StatusNotFound
		},
		"another site": func(v *visit) int {
			status, _ := v.send(http.MethodPost, "/signin/"+endLink, nil, "Origin", "https://attacker.example")
			return status - http.StatusForbidden
		},
		"the record does not answer": func(v *visit) int {
			v.record.broken = errors.New("the disk")
			status, _ := v.send(http.MethodPost, "/signin/"+endLink, nil)
			return status - http.StatusServiceUnavailable
		},
		"a yes by it": func(v *visit) int {
			status, _ := v.send(http.MethodPost, "/signin/"+endLink+"/confirm", url.Values{"digest": {plan}})
			return status - http.StatusNotFound
		},
	} {
		v := open(t)
		if off := do(v); off != 0 || len(v.inbox.Events()) > 0 {
			t.Errorf("%s: the status is off by %d, and %d was taken", name, off, len(v.inbox.Events()))
		}
	}
}
