package teamstest

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"math/big"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// Issuer is who signs the tokens of the public cloud.
const Issuer = "https://api.botframework.com"

type signingKey struct {
	kid          string
	key          *rsa.PrivateKey
	endorsements []string
}

// Metadata is the address at which it tells where its keys are.
func (f *Fake) Metadata() string { return f.URL + "/v1/.well-known/openidconfiguration" }

// metadata answers as https://login.botframework.com/v1/.well-known/openidconfiguration does.
func (f *Fake) metadata(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, obj{
		"issuer": Issuer, "jwks_uri": f.URL + "/v1/.well-known/keys",
		"authorization_endpoint": "https://invalid.botframework.com", "id_token_signing_alg_values_supported": []string{"RS256"},
		"token_endpoint_auth_methods_supported": []string{"private_key_jwt"},
	})
}

// jwks lists the keys, each with the channels that it may speak for.
// See https://learn.microsoft.com/azure/bot-service/rest-api/bot-framework-rest-connector-authentication#step-3-get-the-list-of-valid-signing-keys.
func (f *Fake) jwks(w http.ResponseWriter, _ *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.keyReads++
	var all []obj
	for _, k := range f.keys {
		j := obj{
			"kty": "RSA", "use": "sig", "kid": k.kid, "x5t": k.kid,
			"n": base64.RawURLEncoding.EncodeToString(k.key.N.Bytes()),
			"e": base64.RawURLEncoding.EncodeToString(big.NewInt(int64(k.key.E)).Bytes()),
		}
		if !f.Lax.Endorsements {
			j["endorsements"] = k.endorsements
		}
		all = append(all, j)
	}
	writeJSON(w, http.StatusOK, obj{"keys": all})
}

// A Forgery changes a token before it is signed, and how it is signed.
type Forgery struct {
	Claims func(jwt.MapClaims)
	Header func(map[string]any)
	Method jwt.SigningMethod // RS256 if nil
	Key    any               // the newest if nil
}

// Token is one that vouches for what the people of the tenant send, or
// something like it.
func (f *Fake) Token(x Forgery) string {
	f.mu.Lock()
	newest := f.keys[len(f.keys)-1]
	f.mu.Unlock()
	now := f.Now()
	claims := jwt.MapClaims{
		"iss": Issuer, "aud": f.App, "serviceurl": f.Service,
		"nbf": now.Add(-time.Minute).Unix(), "iat": now.Add(-time.Minute).Unix(), "exp": now.Add(time.Hour).Unix(),
	}
	if x.Claims != nil {
		x.Claims(claims)
	}
	if x.Method == nil {
		x.Method = jwt.SigningMethodRS256
	}
	if x.Key == nil {
		x.Key = newest.key
	}
	t := jwt.NewWithClaims(x.Method, claims)
	t.Header["kid"], t.Header["x5t"] = newest.kid, newest.kid
	if x.Header != nil {
		x.Header(t.Header)
	}
	s, err := t.SignedString(x.Key)
	if err != nil {
		panic("teamstest: " + err.Error()) // unreachable: a test gives a method and its key
	}
	return s
}

// PublicKey is that of the newest signing key, as anybody can read it.
func (f *Fake) PublicKey() *rsa.PublicKey {
	f.mu.Lock()
	defer f.mu.Unlock()
	return &f.keys[len(f.keys)-1].key.PublicKey
}

// token gives the bot a token for the connector.
// See https://learn.microsoft.com/azure/bot-service/rest-api/bot-framework-rest-connector-authentication#step-1-request-an-access-token-from-the-azure-ad-v2-account-login-service.
func (f *Fake) token(w http.ResponseWriter, r *http.Request) {
	refuse := func(code int, why string) {
		f.complain("asking for a token: %s", why)
		writeJSON(w, http.StatusUnauthorized, obj{"error": "invalid_client", "error_description": why, "error_codes": []int{code}})
	}
	form := func(name string) string { return r.PostFormValue(name) }
	switch {
	case r.PathValue("tenant") != f.Tenant:
		refuse(90002, "that is not the bot's tenant")
	case form("grant_type") != "client_credentials" || form("client_id") != f.App:
		refuse(700016, "no such app, or another grant than client_credentials")
	case !scoped(form("scope")):
		refuse(70011, "the scope must be "+Issuer+"/.default")
	case form("client_secret") != f.Secret && !f.vouched(form("client_assertion"), form("client_assertion_type")):
		refuse(7000215, "the secret is wrong")
	default:
		writeJSON(w, http.StatusOK, obj{"token_type": "Bearer", "expires_in": 3600, "ext_expires_in": 3600, "access_token": f.grant()})
	}
}

// scoped reports whether a token for the connector is asked for. Microsoft's own
// library asks for three more things in the same breath.
func scoped(scope string) bool {
	all := strings.Fields(scope)
	for _, s := range all {
		if s != Issuer+"/.default" && s != "openid" && s != "offline_access" && s != "profile" {
			return false
		}
	}
	return slices.Contains(all, Issuer+"/.default")
}

// grant gives out a token for the connector.
func (f *Fake) grant() string {
	t := strings.ToLower(rand.Text() + rand.Text())
	f.mu.Lock()
	defer f.mu.Unlock()
	f.tokens[t] = f.Now().Add(time.Hour)
	f.tokensOut++
	return t
}

// discovery says where tokens are had, which Microsoft's own library asks first.
// See https://learn.microsoft.com/entra/identity-platform/v2-protocols-oidc.
func (f *Fake) discovery(w http.ResponseWriter, r *http.Request) {
	at := f.URL + "/" + r.PathValue("tenant")
	writeJSON(w, http.StatusOK, obj{
		"issuer": at + "/v2.0", "authorization_endpoint": at + "/oauth2/v2.0/authorize", "token_endpoint": at + "/oauth2/v2.0/token",
	})
}

// exchange is whom a token is for that vouches for an app.
const exchange = "api://AzureADTokenExchange"

// Federated is a token of somebody whom the bot's app registration trusts, such
// as a cluster of Kubernetes, that says who its bearer is.
func (f *Fake) Federated() string {
	return f.Token(Forgery{Claims: func(c jwt.MapClaims) {
		c["iss"], c["aud"], c["sub"] = "https://oidc.contoso.com/", exchange, "system:serviceaccount:mfahelp:mfahelp"
	}})
}

// MachineHeader and MachineAddress are what a machine in Azure has in
// IDENTITY_HEADER and IDENTITY_ENDPOINT.
const MachineHeader = "made-up-identity-header"

// MachineAddress is where a machine asks for its own tokens.
func (f *Fake) MachineAddress() string { return f.URL + "/identity/token" }

// machine gives a machine in Azure its own tokens.
// See https://learn.microsoft.com/azure/app-service/overview-managed-identity#rest-endpoint-reference.
func (f *Fake) machine(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	var t string
	switch resource := q.Get("resource"); {
	case r.Header.Get("X-IDENTITY-HEADER") != MachineHeader || q.Get("api-version") == "":
		why := f.complain("asking the machine for a token: no X-IDENTITY-HEADER or no api-version")
		writeJSON(w, http.StatusBadRequest, obj{"statusCode": 400, "message": why})
		return
	case resource == exchange:
		t = f.Federated()
	case resource == Issuer && q.Get("client_id") == f.App:
		t = f.grant()
	default:
		why := f.complain("asking the machine for a token: there is none for %q, as %q", resource, q.Get("client_id"))
		writeJSON(w, http.StatusBadRequest, obj{"statusCode": 400, "message": why})
		return
	}
	writeJSON(w, http.StatusOK, obj{"access_token": t, "expires_on": fmt.Sprint(f.Now().Add(time.Hour).Unix()), "resource": q.Get("resource"), "token_type": "Bearer"})
}

// vouched reports whether an assertion is one for this bot and this address: of
// the bot's own certificate, or of somebody whom its registration trusts.
// See https://learn.microsoft.com/entra/identity-platform/certificate-credentials.
func (f *Fake) vouched(assertion, kind string) bool {
	if kind != "urn:ietf:params:oauth:client-assertion-type:jwt-bearer" {
		return false
	}
	var c jwt.RegisteredClaims
	t, _, err := jwt.NewParser().ParseUnverified(assertion, &c)
	if err != nil || len(c.Audience) != 1 {
		return false
	}
	if c.Audience[0] == exchange {
		_, err := jwt.Parse(assertion, func(*jwt.Token) (any, error) { return f.PublicKey(), nil }, jwt.WithTimeFunc(f.Now), jwt.WithExpirationRequired())
		return err == nil && c.Issuer != f.App && c.Subject != ""
	}
	print, _ := t.Header["x5t#S256"].(string)
	if c.Issuer != f.App || c.Subject != f.App || print == "" || c.ID == "" || c.Audience[0] != f.URL+"/"+f.Tenant+"/oauth2/v2.0/token" {
		return false
	}
	if f.Certificate == nil {
		return t.Method.Alg() == "PS256"
	}
	sum := sha256.Sum256(f.Certificate.Raw)
	_, err = jwt.Parse(assertion, func(*jwt.Token) (any, error) { return f.Certificate.PublicKey, nil },
		jwt.WithTimeFunc(f.Now), jwt.WithExpirationRequired(), jwt.WithValidMethods([]string{"PS256"}))
	return err == nil && print == base64.RawURLEncoding.EncodeToString(sum[:])
}

// bearer says what is wrong with the token that a call shows; "" if nothing is.
func (f *Fake) bearer(r *http.Request) string {
	if f.Lax.Bearer {
		return ""
	}
	t, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	f.mu.Lock()
	defer f.mu.Unlock()
	until, known := f.tokens[t]
	switch {
	case !ok || t == "":
		return "there is no token"
	case !known:
		return "the token is none that was given out"
	case !f.Now().Before(until):
		return "the token has expired"
	}
	return ""
}
