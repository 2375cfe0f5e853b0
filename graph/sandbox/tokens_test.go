package sandbox

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"maps"
	"math/big"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/go-cmp/cmp"
)

func TestTokenIsRefused(t *testing.T) {
	w := newWorld(t)
	app := w.AddApp("late renewal")
	w.ExpireSecret(app.ID, true)
	for _, test := range []struct {
		claim  string
		edit   url.Values
		status int
		kind   string
		code   float64
	}{
		{"a wrong secret", url.Values{"client_secret": {"guess"}}, 401, "invalid_client", 7000215},
		{"no secret", url.Values{"client_secret": {""}}, 401, "invalid_client", 7000216},
		{"a secret that has expired", url.Values{"client_id": {app.ID}, "client_secret": {app.Secret}}, 401, "invalid_client", 7000222},
		{"an unknown app", url.Values{"client_id": {"00000000-0000-0000-0000-000000000000"}}, 400, "unauthorized_client", 700016},
		{"no app", url.Values{"client_id": {""}}, 400, "invalid_request", 900144},
		{"no grant type", url.Values{"grant_type": {""}}, 400, "invalid_request", 900144},
		{"another grant type", url.Values{"grant_type": {"password"}}, 400, "unsupported_grant_type", 70003},
		{"a single permission as scope", url.Values{"scope": {"https://graph.microsoft.com/User.Read.All"}}, 400, "invalid_scope", 1002012},
		{"no scope", url.Values{"scope": {""}}, 400, "invalid_scope", 1002012},
		{"two scopes", url.Values{"scope": {"https://graph.microsoft.com/.default https://vault.azure.net/.default"}}, 400, "invalid_resource", 500011},
		{"another resource", url.Values{"scope": {"https://vault.azure.net/.default"}}, 400, "invalid_resource", 500011},
		{"an assertion that is none", url.Values{"client_assertion": {"x"}, "client_assertion_type": {assertionKind}}, 401, "invalid_client", 50027},
		{"an assertion of no kind", url.Values{"client_assertion": {"x"}}, 400, "invalid_request", 900144},
	} {
		t.Run(test.claim, func(t *testing.T) {
			got := w.ask(w.Reader(), test.edit)
			if got.status != test.status || got.at("error") != test.kind || got.at("error_codes/0") != test.code {
				t.Errorf("got %d %s", got.status, got.text)
			}
			if why := w.Log()[len(w.Log())-1].Why; why == "" {
				t.Error("the log does not say why")
			}
		})
	}
}

func TestTokenErrorReadsLikeMicrosofts(t *testing.T) {
	w := newWorld(t)
	got := w.ask(w.Reader(), url.Values{"client_secret": {"guess"}}).at("error_description").(string)
	want := "AADSTS7000215: Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '" +
		w.Reader().ID + "'. Trace ID: "
	if !strings.HasPrefix(got, want) || !strings.HasSuffix(got, " Timestamp: 2026-11-20 12:00:00Z") {
		t.Errorf("got %q", got)
	}
}

func TestTokenIsGiven(t *testing.T) {
	w := newWorld(t)
	for claim, edit := range map[string]url.Values{
		"as Microsoft's clients ask": {"scope": {"https://graph.microsoft.com/.default openid offline_access profile"}},
		"for Graph by its app id":    {"scope": {graphAppID + "/.default"}},
		"to an id in capitals":       {"client_id": {strings.ToUpper(w.Reader().ID)}},
	} {
		if got := w.ask(w.Reader(), edit); got.status != 200 || got.at("expires_in") != 3600.0 {
			t.Errorf("%s: got %d %s", claim, got.status, got.text)
		}
	}
}

func TestTenantHasThreeNames(t *testing.T) {
	w := newWorld(t)
	for name, want := range map[string]int{w.ID(): 200, Domain: 200, initialDomain: 200, "fabrikam.com": 400, "common": 400} {
		if got := w.do("GET", "/"+name+"/v2.0/.well-known/openid-configuration", "", ""); got.status != want {
			t.Errorf("%s: got %d, want %d", name, got.status, want)
		}
	}
}

// TestToken reads a token as a stranger would, with the published key.
func TestToken(t *testing.T) {
	w := newWorld(t)
	meta := w.do("GET", "/"+w.ID()+"/v2.0/.well-known/openid-configuration", "", "")
	if want := "https://localhost/" + w.ID() + "/v2.0"; meta.at("issuer") != want {
		t.Errorf("got issuer %v, want %s", meta.at("issuer"), want)
	}
	keys := w.do("GET", strings.TrimPrefix(meta.at("jwks_uri").(string), "https://localhost"), "", "")
	part := func(name string) *big.Int {
		b, err := base64.RawURLEncoding.DecodeString(keys.at("keys/0/" + name).(string))
		if err != nil {
			t.Fatal(err)
		}
		return new(big.Int).SetBytes(b)
	}
	key := &rsa.PublicKey{N: part("n"), E: int(part("e").Int64())}
	claims := jwt.MapClaims{}
	j, err := jwt.ParseWithClaims(w.token(w.Reader()), claims, func(*jwt.Token) (any, error) { return key, nil }, jwt.WithTimeFunc(w.Now))
	if err != nil {
		t.Fatal(err)
	}
	if j.Header["kid"] != keys.at("keys/0/kid") {
		t.Errorf("got kid %v, want %v", j.Header["kid"], keys.at("keys/0/kid"))
	}
	roles := []any{}
	for _, p := range ReaderPermissions {
		roles = append(roles, p)
	}
	want := map[string]any{
		"aud": "https://graph.microsoft.com", "iss": "https://sts.windows.net/" + w.ID() + "/", "tid": w.ID(),
		"appid": w.Reader().ID, "roles": roles, "exp": float64(noon.Add(time.Hour).Unix()), "idtyp": "app",
	}
	for name, v := range want {
		if diff := cmp.Diff(v, claims[name]); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestBearerIsRefused(t *testing.T) {
	w := newWorld(t)
	good := w.accessToken(w.Reader())
	signed := func(edit func(*token)) string {
		c := good
		edit(&c)
		s, err := w.sign(c)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	stranger, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	forged, err := jwt.NewWithClaims(jwt.SigningMethodRS256, good).SignedString(stranger)
	if err != nil {
		t.Fatal(err)
	}
	other, err := jwt.NewWithClaims(jwt.SigningMethodRS384, good).SignedString(w.keys.signing)
	if err != nil {
		t.Fatal(err)
	}
	none, err := jwt.NewWithClaims(jwt.SigningMethodNone, good).SignedString(jwt.UnsafeAllowNoneSignatureType)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ claim, token, message string }{
		{"none", "", "Access token is empty."},
		{"no token at all", "hello", "IDX14100: JWT is not well formed, there are no dots (.)."},
		{"one that has expired", signed(func(c *token) { c.ExpiresAt = jwt.NewNumericDate(noon.Add(-time.Second)) }), "Lifetime validation failed, the token is expired."},
		{"one that never expires", signed(func(c *token) { c.ExpiresAt = nil }), "Access token validation failure. Invalid signature."},
		{"one for another service", signed(func(c *token) { c.Audience = "https://vault.azure.net" }), "Access token validation failure. Invalid audience."},
		{"one of another tenant", signed(func(c *token) { c.Tenant = "fabrikam" }), "Access token validation failure. Invalid issuer."},
		{"one that somebody else signed", forged, "Access token validation failure. Invalid signature."},
		{"one by another algorithm", other, "Access token validation failure. Invalid signature."},
		{"one that nobody signed", none, "Access token validation failure. Invalid signature."},
	} {
		t.Run(test.claim, func(t *testing.T) {
			got := w.do("GET", "/v1.0/users", test.token, "")
			if got.status != 401 || got.at("error/code") != "InvalidAuthenticationToken" || got.at("error/message") != test.message {
				t.Errorf("got %d %s", got.status, got.text)
			}
			if got.header.Get("WWW-Authenticate") == "" {
				t.Error("no WWW-Authenticate")
			}
		})
	}
}

func TestTokenExpiresByTheTenantsClock(t *testing.T) {
	w := newWorld(t)
	token := w.token(w.Reader())
	w.Advance(59 * time.Minute)
	if got := w.do("GET", "/v1.0/users", token, ""); got.status != 200 {
		t.Errorf("after 59 minutes: got %d", got.status)
	}
	w.Advance(2 * time.Minute)
	if got := w.do("GET", "/v1.0/users", token, ""); got.status != 401 {
		t.Errorf("after 61 minutes: got %d", got.status)
	}
}

// assert asks for a token with an assertion that signs claims.
func (w world) assert(method jwt.SigningMethod, header map[string]any, claims jwt.Claims, key crypto.PrivateKey) answer {
	w.t.Helper()
	j := jwt.NewWithClaims(method, claims)
	maps.Copy(j.Header, header)
	s, err := j.SignedString(key)
	if err != nil {
		w.t.Fatal(err)
	}
	return w.ask(w.Reader(), url.Values{"client_secret": {""}, "client_assertion": {s}, "client_assertion_type": {assertionKind}})
}

func TestCertificate(t *testing.T) {
	w := newWorld(t)
	key, cert := newCertificate(t)
	otherKey, other := newCertificate(t)
	w.AddCertificate(w.Reader().ID, cert)
	x5t, s256 := thumbprints(cert)
	_, unknown := thumbprints(other)
	padded := base64.StdEncoding.EncodeToString(must(base64.RawURLEncoding.DecodeString(s256)))
	id := w.Reader().ID
	audience := jwt.ClaimStrings{"https://localhost/" + w.ID() + "/oauth2/v2.0/token"}
	good := jwt.RegisteredClaims{Issuer: id, Subject: id, Audience: audience, ExpiresAt: jwt.NewNumericDate(noon.Add(time.Minute))}
	old, stray, early := good, good, good
	old.ExpiresAt = jwt.NewNumericDate(noon.Add(-time.Minute))
	early.NotBefore = jwt.NewNumericDate(noon.Add(time.Second))
	stray.Audience = jwt.ClaimStrings{"https://login.microsoftonline.com/common"}
	for _, test := range []struct {
		claim  string
		method jwt.SigningMethod
		header map[string]any
		claims jwt.RegisteredClaims
		key    crypto.PrivateKey
		code   any
	}{
		{"PS256 and SHA-256", jwt.SigningMethodPS256, map[string]any{"x5t#S256": s256}, good, key, nil},
		{"a thumbprint in padded base64", jwt.SigningMethodPS256, map[string]any{"x5t#S256": padded}, good, key, nil},
		{"RS256 and SHA-1", jwt.SigningMethodRS256, map[string]any{"x5t": x5t}, good, key, nil},
		{"the key of another certificate", jwt.SigningMethodPS256, map[string]any{"x5t#S256": s256}, good, otherKey, 700027.0},
		{"an unregistered certificate", jwt.SigningMethodPS256, map[string]any{"x5t#S256": unknown}, good, otherKey, 700027.0},
		{"no thumbprint", jwt.SigningMethodPS256, nil, good, key, 700027.0},
		{"a symmetric signature", jwt.SigningMethodHS256, map[string]any{"x5t#S256": s256}, good, []byte("secret"), 700027.0},
		{"one that has expired", jwt.SigningMethodPS256, map[string]any{"x5t#S256": s256}, old, key, 700024.0},
		{"one from the future", jwt.SigningMethodPS256, map[string]any{"x5t#S256": s256}, early, key, 700024.0},
		{"another audience", jwt.SigningMethodPS256, map[string]any{"x5t#S256": s256}, stray, key, 700023.0},
	} {
		t.Run(test.claim, func(t *testing.T) {
			got := w.assert(test.method, test.header, test.claims, test.key)
			if got.at("error_codes/0") != test.code || (got.status == 200) != (test.code == nil) {
				t.Errorf("got %d %s", got.status, got.text)
			}
		})
	}
}

func TestFederation(t *testing.T) {
	w := newWorld(t)
	key, _ := newCertificate(t)
	otherKey, _ := newCertificate(t)
	w.AddFederation(w.Reader().ID, Federation{Issuer: "https://cluster.example", Subject: "system:serviceaccount:it:mfahelp", Key: &key.PublicKey})
	good := jwt.RegisteredClaims{
		Issuer: "https://cluster.example", Subject: "system:serviceaccount:it:mfahelp",
		Audience: jwt.ClaimStrings{"api://AzureADTokenExchange"}, ExpiresAt: jwt.NewNumericDate(noon.Add(time.Minute)),
	}
	stranger, elsewhere, old := good, good, good
	stranger.Subject = "system:serviceaccount:it:other"
	elsewhere.Audience = jwt.ClaimStrings{"sts.amazonaws.com"}
	old.ExpiresAt = jwt.NewNumericDate(noon.Add(-time.Minute))
	for _, test := range []struct {
		claim  string
		claims jwt.RegisteredClaims
		key    *rsa.PrivateKey
		code   any
	}{
		{"a trusted workload", good, key, nil},
		{"another workload", stranger, key, 70021.0},
		{"a token for somebody else", elsewhere, key, 70021.0},
		{"a token that has expired", old, key, 700024.0},
		{"a token that the issuer did not sign", good, otherKey, 700027.0},
	} {
		t.Run(test.claim, func(t *testing.T) {
			got := w.assert(jwt.SigningMethodRS256, nil, test.claims, test.key)
			if got.at("error_codes/0") != test.code || (got.status == 200) != (test.code == nil) {
				t.Errorf("got %d %s", got.status, got.text)
			}
		})
	}
}

func newCertificate(t *testing.T) (*rsa.PrivateKey, *x509.Certificate) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: serial(), NotBefore: noon, NotAfter: noon.AddDate(1, 0, 0)}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return key, must(x509.ParseCertificate(der))
}

// TestLogHoldsNoSecret plants what must not be there, and looks for it.
func TestLogHoldsNoSecret(t *testing.T) {
	w := newWorld(t)
	token := w.token(w.Reader())
	w.do("GET", "/v1.0/users", token, "")
	w.ask(w.Reader(), url.Values{"client_secret": {"canary-secret"}})
	w.ask(w.Reader(), url.Values{"client_assertion": {"canary.assertion.x"}, "client_assertion_type": {assertionKind}})
	for _, r := range w.Log() {
		for _, bad := range []string{token, w.Reader().Secret, "canary"} {
			if text := cmpText(r); strings.Contains(text, bad) {
				t.Errorf("%q is in %s", bad, text)
			}
		}
	}
}

func TestPermissionsAreInTheToken(t *testing.T) {
	w := newWorld(t)
	app := w.AddApp("newcomer")
	before := w.token(app)
	w.Grant(app.ID, "User.Read.All")
	if got := w.do("GET", "/v1.0/users", before, ""); got.status != 403 {
		t.Errorf("a token from before the grant: got %d", got.status)
	}
	after := w.token(app)
	w.Revoke(app.ID, "User.Read.All")
	if got := w.do("GET", "/v1.0/users", after, ""); got.status != 200 {
		t.Errorf("a token from before the revocation: got %d", got.status)
	}
	if got := w.do("GET", "/v1.0/users", w.token(app), ""); got.status != 403 {
		t.Errorf("a token from after it: got %d", got.status)
	}
}

// TestStart talks to a tenant over the network.
func TestStart(t *testing.T) {
	w := newWorld(t)
	base, err := w.Start("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	address := base + "/" + w.ID() + "/v2.0/.well-known/openid-configuration"
	for _, host := range []string{"127.0.0.1", "localhost"} {
		resp, err := w.Client().Get(strings.Replace(address, "127.0.0.1", host, 1))
		if err != nil {
			t.Fatalf("%s: %v", host, err)
		}
		if got := readAnswer(t, resp); !strings.HasPrefix(got.at("token_endpoint").(string), "https://"+host) {
			t.Errorf("%s: got %v", host, got.at("token_endpoint"))
		}
	}
	told := make(chan Request, 10)
	defer w.OnRequest(func(r Request) { told <- r })()
	r, _ := http.NewRequestWithContext(context.Background(), http.MethodGet, address, nil)
	if resp, err := new(http.Client).Do(r); err == nil {
		resp.Body.Close()
		t.Error("a client that does not trust the authority gets an answer")
	}
	if got := <-told; got.Method != "TLS" || !strings.Contains(got.Why, "CAPEM") {
		t.Errorf("the log has %+v", got)
	}
	if err := w.Close(); err != nil {
		t.Error(err)
	}
	if _, err := w.Client().Get(address); err == nil {
		t.Error("it serves after Close")
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
