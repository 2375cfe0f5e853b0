package sandbox

import (
	"cmp"
	"encoding/base64"
	"errors"
	"fmt"
	"math/big"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// Microsoft Graph, as tokens and directories name it.
const (
	graphURL   = "https://graph.microsoft.com"
	graphAppID = "00000003-0000-0000-c000-000000000000"
)

// tokenLife is how long an access token is good for. The real ones last
// between 60 and 90 minutes.
const tokenLife = time.Hour

// A token is an access token: who asks, and what they may.
// See https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference.
type token struct {
	AppID    string   `json:"appid"`
	AppName  string   `json:"app_displayname"`
	Kind     string   `json:"idtyp"`
	ObjectID string   `json:"oid"`
	Tenant   string   `json:"tid"`
	Roles    []string `json:"roles,omitempty"`
	Version  string   `json:"ver"`
	Audience string   `json:"aud"` // one, where RegisteredClaims would write a list
	jwt.RegisteredClaims
}

// serveLogin answers what came to the login service, of which there is one per
// tenant, called by its id or one of its domains.
func (t *Tenant) serveLogin(r *http.Request, entry *Request) reply {
	tenant, path, _ := strings.Cut(strings.Trim(r.URL.Path, "/"), "/")
	if !slices.Contains([]string{t.ID(), Domain, initialDomain}, strings.ToLower(tenant)) {
		return t.loginProblem(r, entry, loginError{
			status: http.StatusBadRequest, kind: "invalid_tenant", code: 90002,
			text: fmt.Sprintf("Tenant '%s' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud.", tenant),
			why:  fmt.Sprintf("the sandbox is the tenant %s, and Graph is below /v1.0 and /beta", t.ID()),
		})
	}
	switch r.Method + " " + path {
	case "GET v2.0/.well-known/openid-configuration":
		return jsonReply(http.StatusOK, t.metadata(r.Host, false))
	case "GET .well-known/openid-configuration":
		return jsonReply(http.StatusOK, t.metadata(r.Host, true))
	case "GET discovery/v2.0/keys", "GET discovery/keys":
		return jsonReply(http.StatusOK, t.keySet(r.Host))
	case "POST oauth2/v2.0/token":
		return t.serveToken(r, entry, false)
	case "POST oauth2/token":
		return t.serveToken(r, entry, true)
	case "GET oauth2/v2.0/authorize":
		return t.serveAuthorize(r, entry, false)
	case "GET oauth2/authorize":
		return t.serveAuthorize(r, entry, true)
	case "POST signin":
		return t.serveSignIn(r, entry)
	case "GET mysecurityinfo", "POST mysecurityinfo":
		return t.serveSecurityInfo(r, entry)
	}
	entry.Why = "the sandbox's login service has openid-configuration, keys, authorize and token"
	return reply{http.StatusNotFound, http.Header{}, nil}
}

// metadata is what the login service says of itself.
// See https://learn.microsoft.com/entra/identity-platform/v2-protocols-oidc.
func (t *Tenant) metadata(host string, v1 bool) map[string]any {
	base, version := "https://"+host+"/"+t.ID(), "/v2.0"
	if v1 {
		version = ""
	}
	t.mu.Lock()
	browsers := t.browsersAt(host) + "/" + t.ID()
	t.mu.Unlock()
	return map[string]any{
		"issuer":                                t.issuerFor(host, v1),
		"authorization_endpoint":                browsers + "/oauth2" + version + "/authorize",
		"token_endpoint":                        base + "/oauth2" + version + "/token",
		"device_authorization_endpoint":         base + "/oauth2" + version + "/devicecode",
		"jwks_uri":                              base + "/discovery" + version + "/keys",
		"token_endpoint_auth_methods_supported": []string{"client_secret_post", "private_key_jwt", "client_secret_basic"},
		"response_types_supported":              []string{"code", "id_token", "code id_token", "id_token token"},
		"response_modes_supported":              []string{"query", "fragment", "form_post"},
		"subject_types_supported":               []string{"pairwise"},
		"id_token_signing_alg_values_supported": []string{"RS256"},
		"scopes_supported":                      []string{"openid", "profile", "email", "offline_access"},
		"tenant_region_scope":                   "EU",
		"cloud_instance_name":                   "microsoftonline.com",
		"msgraph_host":                          "graph.microsoft.com",
	}
}

// keySet is the public half of what signs the tokens.
func (t *Tenant) keySet(host string) map[string]any {
	k := t.keys.signing
	return map[string]any{"keys": []map[string]any{{
		"kty": "RSA", "use": "sig", "alg": "RS256",
		"kid":    t.keys.keyID(),
		"n":      base64.RawURLEncoding.EncodeToString(k.N.Bytes()),
		"e":      base64.RawURLEncoding.EncodeToString(big.NewInt(int64(k.E)).Bytes()),
		"issuer": "https://" + host + "/" + t.ID() + "/v2.0",
	}}}
}

// serveToken gives an app a token for Graph, or those for a code.
// See https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow.
func (t *Tenant) serveToken(r *http.Request, entry *Request, v1 bool) reply {
	if err := r.ParseForm(); err != nil {
		return t.loginProblem(r, entry, loginError{http.StatusBadRequest, "invalid_request", 900144,
			"The request body must contain the following parameter: 'grant_type'.", "the body is not a form: " + err.Error()})
	}
	answer, err := t.grantTo(r, entry, v1)
	if err != nil {
		var e loginError
		if !errors.As(err, &e) {
			panic("sandbox: " + err.Error()) // unreachable: nothing else is returned
		}
		return t.loginProblem(r, entry, e)
	}
	a := jsonReply(http.StatusOK, answer)
	a.header.Set("Cache-Control", "no-store")
	return a
}

// grantTo returns the tokens that r asks for, by the kind of grant.
func (t *Tenant) grantTo(r *http.Request, entry *Request, v1 bool) (map[string]any, error) {
	switch kind := r.PostForm.Get("grant_type"); {
	case kind == "":
		return nil, loginError{http.StatusBadRequest, "invalid_request", 900144, "The request body must contain the following parameter: 'grant_type'.", ""}
	case kind == "authorization_code":
		a, err := t.client(r, entry)
		if err != nil {
			return nil, err
		}
		return t.redeem(r, a, v1)
	case kind != "client_credentials" || v1:
		return nil, loginError{http.StatusBadRequest, "unsupported_grant_type", 70003,
			"The app requested an unsupported grant type '" + kind + "'.", "the sandbox knows authorization_code, and, at the v2.0 endpoint, client_credentials"}
	}
	a, err := t.client(r, entry)
	if err != nil {
		return nil, err
	}
	if err := scopeError(r.PostForm.Get("scope")); err != nil {
		return nil, err
	}
	signed, err := t.sign(t.accessToken(a))
	if err != nil {
		panic("sandbox: a token does not encode: " + err.Error()) // unreachable: it is plain data
	}
	in := int(tokenLife / time.Second)
	return map[string]any{"token_type": "Bearer", "expires_in": in, "ext_expires_in": in, "access_token": signed}, nil
}

// client returns the app that asks for a token, if it proves to be that.
func (t *Tenant) client(r *http.Request, entry *Request) (App, error) {
	readBasic(r)
	f := r.PostForm
	if f.Get("client_id") == "" {
		return App{}, loginError{http.StatusBadRequest, "invalid_request", 900144, "The request body must contain the following parameter: 'client_id'.", ""}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	a := t.app(f.Get("client_id"))
	if a == nil {
		return App{}, loginError{http.StatusBadRequest, "unauthorized_client", 700016,
			fmt.Sprintf("Application with identifier '%s' was not found in the directory 'Contoso'. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant. You may have sent your authentication request to the wrong tenant.", f.Get("client_id")),
			"the sandbox's apps are what Apps returns"}
	}
	entry.App = a.Name
	if err := t.proven(a, r); err != nil {
		return App{}, err
	}
	return a.copy(), nil
}

// readBasic moves an id and a secret from the header to the form.
// See https://www.rfc-editor.org/rfc/rfc6749#section-2.3.1.
func readBasic(r *http.Request) {
	id, secret, ok := r.BasicAuth()
	if !ok || r.PostForm.Has("client_secret") {
		return
	}
	for name, v := range map[string]string{"client_id": id, "client_secret": secret} {
		if plain, err := url.QueryUnescape(v); err == nil {
			r.PostForm.Set(name, plain)
		}
	}
}

// scopeError refuses what is not "all that Graph has granted me". Clients of
// Microsoft's add the scopes of OpenID Connect, which mean nothing to an app.
func scopeError(scope string) error {
	asked := slices.DeleteFunc(strings.Fields(scope), func(s string) bool {
		return s == "openid" || s == "profile" || s == "offline_access"
	})
	resource, ok := strings.CutSuffix(strings.Join(asked, " "), "/.default")
	switch {
	case !ok:
		return loginError{http.StatusBadRequest, "invalid_scope", 1002012,
			"The provided value for scope " + scope + " is not valid. Client credential flows must have a scope value with /.default suffixed to the resource identifier (application ID URI).", ""}
	case strings.TrimSuffix(resource, "/") != graphURL && resource != graphAppID:
		return loginError{http.StatusBadRequest, "invalid_resource", 500011,
			"The resource principal named " + resource + " was not found in the tenant named Contoso.", "ask for " + graphURL + "/.default, wherever Graph is served"}
	}
	return nil
}

// proven returns nil if r proves to come from a, by a secret or an assertion.
func (t *Tenant) proven(a *app, r *http.Request) error {
	secret, assertion := r.PostForm.Get("client_secret"), r.PostForm.Get("client_assertion")
	switch {
	case assertion != "":
		return t.checkAssertion(a, assertion, r)
	case secret == "":
		return loginError{http.StatusUnauthorized, "invalid_client", 7000216,
			"'client_assertion', 'client_secret' or 'request' is required for the 'client_credentials' grant type.", ""}
	case secret != a.Secret:
		return loginError{http.StatusUnauthorized, "invalid_client", 7000215,
			"Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '" + a.ID + "'.", ""}
	case a.expired:
		return loginError{http.StatusUnauthorized, "invalid_client", 7000222,
			"The provided client secret keys for app '" + a.ID + "' are expired. Visit the Azure portal to create new keys for your app: https://aka.ms/NewClientSecret, or consider using certificate credentials for added security: https://aka.ms/certCreds.", ""}
	}
	return nil
}

// assertionKind is the only kind of assertion there is.
const assertionKind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

// checkAssertion returns nil if a signed assertion itself, with the key of a
// registered certificate, or somebody it trusts did.
// See https://learn.microsoft.com/entra/identity-platform/certificate-credentials.
func (t *Tenant) checkAssertion(a *app, assertion string, r *http.Request) error {
	if kind := r.PostForm.Get("client_assertion_type"); kind != assertionKind {
		return loginError{http.StatusBadRequest, "invalid_request", 900144, "The request body must contain the following parameter: 'client_assertion_type'.",
			"client_assertion_type must be " + assertionKind}
	}
	var claims jwt.RegisteredClaims
	if _, _, err := jwt.NewParser().ParseUnverified(assertion, &claims); err != nil {
		return loginError{http.StatusUnauthorized, "invalid_client", 50027, "JWT token is invalid or malformed.", err.Error()}
	}
	if !strings.EqualFold(claims.Issuer, a.ID) {
		return t.checkFederated(a, assertion, claims)
	}
	key := func(j *jwt.Token) (any, error) {
		x5t, _ := j.Header["x5t"].(string)
		s256, _ := j.Header["x5t#S256"].(string)
		if k := a.certKey(urlBase64.Replace(x5t), urlBase64.Replace(s256)); k != nil {
			return k, nil
		}
		return nil, errors.New("no registered certificate has the thumbprint in the header")
	}
	_, err := t.parser("RS256", "PS256").ParseWithClaims(assertion, &claims, key)
	switch audience := "https://" + r.Host + r.URL.Path; {
	case errors.Is(err, jwt.ErrTokenExpired), errors.Is(err, jwt.ErrTokenNotValidYet):
		return loginError{http.StatusUnauthorized, "invalid_client", 700024, "Client assertion is not within its valid time range.",
			err.Error() + "; the sandbox's time is " + t.now().Format(time.RFC3339)}
	case err != nil:
		return loginError{http.StatusUnauthorized, "invalid_client", 700027, "Client assertion failed signature validation.", err.Error()}
	case !slices.Contains(claims.Audience, audience):
		return loginError{http.StatusUnauthorized, "invalid_client", 700023, "Client assertion audience claim does not match Realm issuer.",
			fmt.Sprintf("aud is %q, and must be %s", claims.Audience, audience)}
	}
	return nil
}

// urlBase64 turns the ordinary alphabet, which Microsoft's own library for Go
// writes thumbprints in, to that of RFC 7515.
var urlBase64 = strings.NewReplacer("+", "-", "/", "_", "=", "")

// checkFederated returns nil if somebody whom a trusts signed the assertion.
// See https://learn.microsoft.com/entra/workload-id/workload-identity-federation.
func (t *Tenant) checkFederated(a *app, assertion string, claims jwt.RegisteredClaims) error {
	i := slices.IndexFunc(a.federated, func(f Federation) bool {
		return f.Issuer == claims.Issuer && f.Subject == claims.Subject && slices.Contains(claims.Audience, f.Audience)
	})
	if i < 0 {
		return loginError{http.StatusUnauthorized, "invalid_client", 70021,
			fmt.Sprintf("No matching federated identity record found for presented assertion. Assertion Issuer: '%s'. Assertion Subject: '%s'. Assertion Audience: '%s'.",
				claims.Issuer, claims.Subject, strings.Join(claims.Audience, ",")), "the app trusts what AddFederation said"}
	}
	key := func(*jwt.Token) (any, error) { return a.federated[i].Key, nil }
	_, err := t.parser("RS256").ParseWithClaims(assertion, &claims, key)
	switch {
	case errors.Is(err, jwt.ErrTokenExpired), errors.Is(err, jwt.ErrTokenNotValidYet):
		return loginError{http.StatusUnauthorized, "invalid_client", 700024, "Client assertion is not within its valid time range.", err.Error()}
	case err != nil:
		return loginError{http.StatusUnauthorized, "invalid_client", 700027, "Client assertion failed signature validation.", err.Error()}
	}
	return nil
}

// parser reads tokens by the tenant's clock, which the caller must have locked.
func (t *Tenant) parser(algorithms ...string) *jwt.Parser {
	now := t.now()
	return jwt.NewParser(jwt.WithValidMethods(algorithms), jwt.WithTimeFunc(func() time.Time { return now }), jwt.WithExpirationRequired())
}

func (t *Tenant) accessToken(a App) token {
	now := t.Now()
	return token{
		AppID: a.ID, AppName: a.Name, Kind: "app", Tenant: t.ID(), Version: "1.0",
		ObjectID: stableID("service principal", a.ID),
		Roles:    a.Permissions,
		Audience: graphURL,
		RegisteredClaims: jwt.RegisteredClaims{
			Issuer:    t.issuer(),
			Subject:   stableID("service principal", a.ID),
			IssuedAt:  jwt.NewNumericDate(now),
			NotBefore: jwt.NewNumericDate(now),
			ExpiresAt: jwt.NewNumericDate(now.Add(tokenLife)),
			ID:        t.newGUID(),
		},
	}
}

// issuer is who issued an access token of version 1, as those for Graph are.
func (t *Tenant) issuer() string { return "https://sts.windows.net/" + t.ID() + "/" }

func (t *Tenant) sign(claims jwt.Claims) (string, error) {
	j := jwt.NewWithClaims(jwt.SigningMethodRS256, claims)
	j.Header["kid"] = t.keys.keyID()
	return j.SignedString(t.keys.signing)
}

// authenticate returns the token that came with r, if it is the tenant's own
// and still good. The messages are those of the real service.
func (t *Tenant) authenticate(r *http.Request) (*token, error) {
	invalid := problem{status: http.StatusUnauthorized, code: "InvalidAuthenticationToken"}
	bearer, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok || bearer == "" {
		invalid.message = "Access token is empty."
		return nil, invalid.explained("a call to Graph needs the header Authorization: Bearer and a token from /%s/oauth2/v2.0/token", t.ID())
	}
	t.mu.Lock()
	parser := t.parser("RS256")
	t.mu.Unlock()
	var claims token
	_, err := parser.ParseWithClaims(bearer, &claims, func(*jwt.Token) (any, error) { return &t.keys.signing.PublicKey, nil })
	switch {
	case errors.Is(err, jwt.ErrTokenMalformed):
		invalid.message = "IDX14100: JWT is not well formed, there are no dots (.)."
	case errors.Is(err, jwt.ErrTokenExpired), errors.Is(err, jwt.ErrTokenNotValidYet):
		invalid.message = "Lifetime validation failed, the token is expired."
	case err != nil:
		invalid.message = "Access token validation failure. Invalid signature."
	case claims.Audience != graphURL && claims.Audience != graphAppID:
		invalid.message = "Access token validation failure. Invalid audience."
		err = fmt.Errorf("aud is %q, and must be %s", claims.Audience, graphURL)
	case claims.Issuer != t.issuer() || claims.Tenant != t.ID():
		invalid.message = "Access token validation failure. Invalid issuer."
		err = fmt.Errorf("iss is %q and tid %q, and must be %q and %q", claims.Issuer, claims.Tenant, t.issuer(), t.ID())
	}
	if err != nil {
		return nil, invalid.explained("%v", err)
	}
	return &claims, nil
}

// A loginError is what the login service refuses with.
// See https://learn.microsoft.com/entra/identity-platform/reference-error-codes.
type loginError struct {
	status int
	kind   string // of OAuth, such as "invalid_client"
	code   int    // of AADSTS
	text   string
	why    string // more than the real service says; for the log
}

func (e loginError) Error() string { return fmt.Sprintf("AADSTS%d: %s", e.code, e.text) }

func (t *Tenant) loginProblem(r *http.Request, entry *Request, e loginError) reply {
	at, trace := t.Now().Format("2006-01-02 15:04:05Z"), t.newRequestID()
	correlation := cmp.Or(r.Header.Get("client-request-id"), t.newGUID())
	entry.Why = e.Error()
	if e.why != "" {
		entry.Why = e.why
	}
	body := map[string]any{
		"error":             e.kind,
		"error_description": fmt.Sprintf("%v Trace ID: %s Correlation ID: %s Timestamp: %s", e, trace, correlation, at),
		"error_codes":       []int{e.code},
		"timestamp":         at,
		"trace_id":          trace,
		"correlation_id":    correlation,
		"error_uri":         fmt.Sprintf("https://login.microsoftonline.com/error?code=%d", e.code),
	}
	if e.why != "" {
		body["sandbox"] = e.why // clients print the whole body when they cannot sign in
	}
	return jsonReply(e.status, body)
}
