package teams_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"mfahelp/bot/teams"
	"mfahelp/bot/teams/teamstest"
)

type obj = map[string]any

// hello is a message of Ada's in her own chat, as Teams would send it.
func (w *world) hello() obj {
	a := w.fake.Envelope(w.ada, w.fake.Chat(w.ada), "")
	maps.Copy(a, obj{"type": "message", "id": "1", "text": "hello"})
	return a
}

// refused sends what must not be taken, and looks for the status, for the reason
// in the log, and that nothing came of it.
func (w *world) refused(name string, body any, token string, status int, why string) {
	w.Helper()
	before, logged := len(w.inbox.Events()), len(w.log.All())
	d, err := w.fake.Deliver(w.Context(), body, token)
	if err != nil {
		w.Fatalf("%s: %v", name, err)
	}
	if d.Status != status || len(d.Body) > 0 {
		w.Errorf("%s: the answer is %d %q, want %d and no word of why", name, d.Status, d.Body, status)
	}
	if len(w.inbox.Events()) != before {
		w.Errorf("%s: it was accepted", name)
	}
	var said string
	for _, e := range w.log.All()[logged:] {
		s, _ := e.ContextMap()["why"].(string)
		said += e.Message + " " + s + "\n"
	}
	if !strings.Contains(said, why) {
		w.Errorf("%s: the log says %q, want %q", name, said, why)
	}
	if token != "" && strings.Contains(w.logged(), token) {
		w.Errorf("%s: the token is in the log", name)
	}
}

// TestTokens sends a good activity with every kind of bad token.
func TestTokens(t *testing.T) {
	w := open(t)
	w.say(w.ada, "hello") // with a good one, it is taken
	if len(w.inbox.Events()) != 1 {
		t.Fatal("a good token is not taken")
	}
	strange, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	public := w.fake.PublicKey()
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	asPEM := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
	claim := func(name string, v any) string {
		return w.fake.Token(teamstest.Forgery{Claims: func(c jwt.MapClaims) {
			if v == nil {
				delete(c, name)
				return
			}
			c[name] = v
		}})
	}
	header := func(name string, v any) string {
		return w.fake.Token(teamstest.Forgery{Header: func(h map[string]any) { h[name] = v }})
	}
	good := w.fake.Token(teamstest.Forgery{})
	parts := strings.Split(good, ".")
	now := w.clock.now()
	for _, test := range []struct {
		name, token string
		status      int
		why         string
	}{
		{"none", "", 401, "no token"},
		{"words", "let me in", 401, "no token"},
		{"two parts", parts[0] + "." + parts[1], 401, "no token"},
		{"very long", parts[0] + "." + parts[1] + "." + strings.Repeat("A", 9000), 401, "no token"},
		{"no JSON", "YQ.YQ.YQ", 401, "cannot be read"},
		{"expired", claim("exp", now.Add(-6*time.Minute).Unix()), 401, "has expired"},
		{"without an end", claim("exp", nil), 401, "lacks a claim"},
		{"of the future", claim("nbf", now.Add(6*time.Minute).Unix()), 401, "of the future"},
		{"issued in the future", claim("iat", now.Add(6*time.Minute).Unix()), 401, "of the future"},
		{"for another bot", claim("aud", "11111111-2222-4333-8444-555555555555"), 401, "for another bot"},
		{"for nobody", claim("aud", nil), 401, "lacks a claim"},
		{"of another issuer", claim("iss", "https://sts.windows.net/"+w.fake.Tenant+"/"), 401, "of another issuer"},
		{"of the emulator", claim("iss", "https://login.microsoftonline.com/"+w.fake.Tenant+"/v2.0"), 401, "of another issuer"},
		{"of the government", claim("iss", "https://api.botframework.us"), 401, "of another issuer"},
		{"of no issuer", claim("iss", nil), 401, "lacks a claim"},
		{"unsigned", w.fake.Token(teamstest.Forgery{Method: jwt.SigningMethodNone, Key: jwt.UnsafeAllowNoneSignatureType}), 401, "another way than RS256"},
		{"signed with the public key", w.fake.Token(teamstest.Forgery{Method: jwt.SigningMethodHS256, Key: asPEM}), 401, "another way than RS256"},
		{"signed with the modulus", w.fake.Token(teamstest.Forgery{Method: jwt.SigningMethodHS256, Key: public.N.Bytes()}), 401, "another way than RS256"},
		{"signed in another way with the right key", w.fake.Token(teamstest.Forgery{Method: jwt.SigningMethodRS512}), 401, "another way than RS256"},
		{"another way in name", header("alg", "none"), 401, "another way than RS256"},
		{"with a stranger's key", w.fake.Token(teamstest.Forgery{Key: strange}), 401, "wrong signature"},
		{"with a key of no name", header("kid", ""), 401, "names no key"},
		{"with a name that is a number", header("kid", 7), 401, "names no key"},
		{"with an unknown key", header("kid", "../../etc/passwd"), 401, "unknown key"},
		{"with a key of its own in it", w.fake.Token(teamstest.Forgery{Key: strange, Header: func(h map[string]any) {
			h["jku"], h["x5u"] = "https://attacker.example/keys", "https://attacker.example/keys"
			h["jwk"] = obj{"kty": "RSA", "n": base64.RawURLEncoding.EncodeToString(strange.N.Bytes()), "e": "AQAB"}
		}}), 401, "wrong signature"},
		{"altered", parts[0] + "." + base64.RawURLEncoding.EncodeToString([]byte(strings.Replace(decoded(t, parts[1]), `"aud"`, `"x":1,"aud"`, 1))) + "." + parts[2], 401, "wrong signature"},
		{"without its signature", parts[0] + "." + parts[1] + ".", 401, "wrong signature"},
		{"for another service", claim("serviceurl", "https://smba.example/teams/"), 403, "another way than its token's"},
		{"for another path of the service", claim("serviceurl", w.fake.URL+"/emea/"), 403, "another way than its token's"},
		{"for no service", claim("serviceurl", nil), 403, "another way than its token's"},
	} {
		w.refused(test.name, w.hello(), test.token, test.status, test.why)
	}
	for _, test := range []struct{ name, token string }{
		{"just expired", claim("exp", now.Add(-4*time.Minute).Unix())},
		{"a service without its slash", claim("serviceurl", strings.TrimSuffix(w.fake.Service, "/"))},
	} {
		if d, err := w.fake.Deliver(t.Context(), w.hello(), test.token); err != nil || d.Status != 200 {
			t.Errorf("%s: got %d, %v, want it taken", test.name, d.Status, err)
		}
	}
	if d, err := w.fake.Deliver(t.Context(), w.hello(), rolled(t, w)); err != nil || d.Status != 200 {
		t.Errorf("signed by a key that came in: got %d, %v, want it taken", d.Status, err)
	}
}

func decoded(t *testing.T, part string) string {
	t.Helper()
	b, err := base64.RawURLEncoding.DecodeString(part)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// rolled has Microsoft sign with a new key, after the time for which a bot asks
// for no new ones.
func rolled(t *testing.T, w *world) string {
	t.Helper()
	if err := w.fake.AddKey("msteams"); err != nil {
		t.Fatal(err)
	}
	w.clock.move(2 * time.Minute)
	return w.fake.Token(teamstest.Forgery{})
}

// TestEndorsements has keys that may not speak for Teams.
func TestEndorsements(t *testing.T) {
	for name, endorsed := range map[string][]string{"none": nil, "an empty list": {}, "another channel": {"webchat", "directline"}} {
		w := open(t)
		if err := w.fake.AddKey(endorsed...); err != nil {
			t.Fatal(err)
		}
		w.refused(name, w.hello(), w.fake.Token(teamstest.Forgery{}), 403, "its key may not speak for")
	}
}

// TestKeysAreAskedForSparingly has a stranger make up names of keys.
func TestKeysAreAskedForSparingly(t *testing.T) {
	w := open(t)
	w.say(w.ada, "hello")
	for range 20 {
		token := w.fake.Token(teamstest.Forgery{Header: func(h map[string]any) { h["kid"] = rand.Text() }})
		w.refused("a made-up name", w.hello(), token, 401, "unknown key")
	}
	if n := w.fake.KeyReads(); n != 1 {
		t.Errorf("the keys were read %d times within a minute, want 1", n)
	}
	w.clock.move(25 * time.Hour)
	w.say(w.ada, "good morning")
	if n := w.fake.KeyReads(); n != 2 {
		t.Errorf("after a day the keys were read %d times, want 2", n)
	}
}

// TestKeysAreWaitedFor has many speak at once when the keys are not known yet,
// and when there is a new one: all wait for one reading, and nobody is refused.
func TestKeysAreWaitedFor(t *testing.T) {
	entered, go1 := make(chan struct{}, 10), make(chan struct{})
	w := openWith(t, func(w *world, o *teams.Options) {
		srv := httptest.NewTLSServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/" {
				entered <- struct{}{}
				<-go1
				_ = json.NewEncoder(rw).Encode(obj{"jwks_uri": "https://" + r.Host + "/keys"})
				return
			}
			res, err := (&http.Client{Transport: w.fake.Transport()}).Get(w.fake.URL + "/v1/.well-known/keys")
			if err != nil {
				t.Error(err)
				return
			}
			defer res.Body.Close()
			_, _ = io.Copy(rw, res.Body)
		}))
		t.Cleanup(srv.Close)
		o.Cloud.Metadata = srv.URL + "/"
	})
	for _, when := range []string{"at the start", "after a new key"} {
		answers := make(chan int, 20)
		speak := func() {
			d, err := w.fake.Deliver(t.Context(), w.hello(), w.fake.Token(teamstest.Forgery{}))
			if err != nil {
				t.Error(err)
			}
			answers <- d.Status
		}
		go speak()
		<-entered
		for range cap(answers) - 1 {
			go speak()
		}
		go1 <- struct{}{}
		for range cap(answers) {
			if got := <-answers; got != 200 {
				t.Errorf("%s: one is answered with %d", when, got)
			}
		}
		if len(entered) > 0 {
			t.Errorf("%s: the keys were read %d times more than once", when, len(entered))
		}
		rolled(t, w)
	}
}

// TestKeysThatAreNotTheirs has the metadata say that the keys are elsewhere: on
// another host, without TLS, or not at all.
func TestKeysThatAreNotTheirs(t *testing.T) {
	for name, elsewhere := range map[string]func(keys string) string{
		"another host": func(keys string) string { return keys },
		"no TLS":       func(keys string) string { return strings.Replace(keys, "https:", "http:", 1) },
		"nowhere":      func(string) string { return "" },
	} {
		w := openWith(t, func(w *world, o *teams.Options) {
			srv := httptest.NewTLSServer(http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
				_ = json.NewEncoder(rw).Encode(obj{"issuer": teamstest.Issuer, "jwks_uri": elsewhere(w.fake.URL + "/v1/.well-known/keys")})
			}))
			t.Cleanup(srv.Close)
			o.Cloud.Metadata = srv.URL
		})
		w.refused(name, w.hello(), w.fake.Token(teamstest.Forgery{}), 503, "cannot be checked")
		if w.fake.KeyReads() > 0 {
			t.Errorf("%s: the keys were read", name)
		}
	}
}

// TestCovers sends activities that say something else of themselves than what
// their token vouches for, or are of somebody else's tenant.
func TestCovers(t *testing.T) {
	other := "99999999-2b57-4c8e-9a40-1d7f5b2c8e63"
	for _, test := range []struct {
		name   string
		change func(obj)
		why    string
	}{
		{"another channel", func(a obj) { a["channelId"] = "emulator" }, "its key may not speak for"},
		{"no channel", func(a obj) { delete(a, "channelId") }, "its key may not speak for"},
		{"another tenant's conversation", func(a obj) { a["conversation"].(obj)["tenantId"] = other }, "a tenant that is not on the list"},
		{"another tenant's channel data", func(a obj) { a["channelData"] = obj{"tenant": obj{"id": other}} }, "a tenant that is not on the list"},
		{"no tenant", func(a obj) { delete(a["conversation"].(obj), "tenantId"); delete(a, "channelData") }, "of no tenant"},
		{"a service nearby", func(a obj) { a["serviceUrl"] = "https://evil.trafficmanager.net/teams/" }, "a host that is not on the list"},
		{"the machine's own address", func(a obj) { a["serviceUrl"] = "http://169.254.169.254/latest/" }, "a host that is not on the list"},
		{"no service", func(a obj) { delete(a, "serviceUrl") }, "a host that is not on the list"},
	} {
		w := open(t)
		a := w.hello()
		test.change(a)
		w.refused(test.name, a, w.fake.Token(teamstest.Forgery{Claims: func(c jwt.MapClaims) { c["serviceurl"] = a["serviceUrl"] }}), 403, test.why)
		if calls := w.fake.Calls(); len(calls) > 0 {
			t.Errorf("%s: it made us call %q", test.name, calls)
		}
	}
}

// TestServicesThatAreNot has activities name services that two readers could take
// for two, or that are near one of the list. Their tokens name the same, so the
// list alone stands between them and our token.
func TestServicesThatAreNot(t *testing.T) {
	w := open(t)
	host := w.fake.Host()
	for _, service := range []string{
		"https://" + host + "@attacker.example/", "https://attacker.example@" + host + "/", "https://" + host + ".attacker.example/",
		"https://attacker.example/" + host + "/", "https://attacker.example?" + host, "https://attacker.example#" + host, "https://attacker.example\\@" + host + "/",
		"http://" + host + "/teams/", "ftp://" + host + "/teams/", "//" + host + "/teams/", host, "https://" + host + "/teams/../x/", "https://" + host + "/%2e%2e/x/",
		"https://" + host + "/teams/?x=1", "https://" + host + "/teams/#x", "https://" + host + " /teams/", "https://" + host + "\t/", "https://[::1]/teams/",
		"https://127.0.0.1/teams/", "https://localhost/teams/", "https://2130706433/", "https://smba.trafficmanager.net/teams/", "https://smba.infra.gov.teams.microsoft.us/", "file:///etc/passwd", "https:///teams/", "javascript:alert(1)",
	} {
		a := w.hello()
		a["serviceUrl"] = service
		w.refused(service, a, w.fake.Token(teamstest.Forgery{Claims: func(c jwt.MapClaims) { c["serviceurl"] = service }}), 403, "a host that is not on the list")
	}
	if calls := w.fake.Calls(); len(calls) > 0 {
		t.Errorf("they made us call %q", calls)
	}
}

// TestBodies sends what is no activity, or too much of one.
func TestBodies(t *testing.T) {
	w := open(t)
	good := w.fake.Token(teamstest.Forgery{})
	for _, test := range []struct {
		name   string
		body   []byte
		status int
		why    string
	}{
		{"nothing", nil, 400, "no activity"},
		{"no JSON", []byte("hello"), 400, "no activity"},
		{"half of it", []byte(`{"type":"message","text":"hel`), 400, "no activity"},
		{"a list", []byte(`[]`), 400, "no activity"},
		{"null", []byte(`null`), 400, "no activity"},
		{"no type", []byte(`{"text":"hello"}`), 400, "no activity"},
		{"a type that is a number", []byte(`{"type":7}`), 400, "no activity"},
		{"deep", []byte(strings.Repeat(`{"value":`, 20000)), 400, "no activity"},
		{"a megabyte", bytes.Repeat([]byte(" "), 1<<20), 413, "too long"},
	} {
		w.refused(test.name, test.body, good, test.status, test.why)
	}
	w.refused("a megabyte of a stranger's", bytes.Repeat([]byte(" "), 1<<20), "", 413, "too long")
	for _, kind := range []string{"typing", "event", "messageReaction", "trace", "handoff", strings.Repeat("x", 500), "<script>"} {
		a := w.hello()
		a["type"] = kind
		d, err := w.fake.Deliver(t.Context(), a, good)
		if err != nil || d.Status != 200 || len(w.inbox.Events()) != 0 {
			t.Errorf("an activity of type %.20q: got %d, %v and %d events, want it passed over", kind, d.Status, err, len(w.inbox.Events()))
		}
	}
	if s := w.logged(); strings.Contains(s, strings.Repeat("x", 100)) {
		t.Error("a stranger's words fill the log")
	}
}

// TestNotSafeNotTaken has the inbox fail: Teams must send it again.
func TestNotSafeNotTaken(t *testing.T) {
	w := open(t)
	w.inbox.Fail(context.DeadlineExceeded)
	w.says(w.ada, w.fake.Chat(w.ada), teamstest.Words{Text: "hello", ID: "77"}, 503)
	w.inbox.Fail(nil)
	w.says(w.ada, w.fake.Chat(w.ada), teamstest.Words{Text: "hello", ID: "77"}, 200)
	w.says(w.ada, w.fake.Chat(w.ada), teamstest.Words{Text: "hello", ID: "77"}, 200)
	if n := len(w.inbox.Events()); n != 1 {
		t.Errorf("one message is %d events", n)
	}
	w.memory.Fail(context.DeadlineExceeded)
	w.restart(nopLog, nil) // so that nothing is at hand
	w.says(w.bob, w.fake.Chat(w.bob), teamstest.Words{Text: "hello"}, 503)
}
