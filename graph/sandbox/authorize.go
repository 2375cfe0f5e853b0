package sandbox

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"mfahelp/graph"
)

// Signing in as a person: who asks sends a browser to the authorize endpoint,
// somebody chooses who they are and with what they prove it, and the browser
// goes back with a code, for which the app gets a token.
// See https://learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow.

// AddRedirect registers where an app may have browsers sent back to. As with
// the real one, nothing but exactly that address will do.
func (t *Tenant) AddRedirect(appID, address string) {
	t.change(appID, func(a *app) { a.redirects = append(a.redirects, address) })
}

// SetOptionalClaims says which claims an app's registration asks for in its ID
// tokens, of "auth_time" and "acrs". The seeded apps ask for both.
// See https://learn.microsoft.com/entra/identity-platform/optional-claims-reference.
func (t *Tenant) SetOptionalClaims(appID string, claims ...string) {
	t.change(appID, func(a *app) { a.optional = claims })
}

// SetContext publishes an authentication context, such as "c1", and says whether
// there is a Conditional Access policy that demands multifactor authentication
// for it. One without a policy is satisfied by any sign-in.
// See https://learn.microsoft.com/entra/identity-platform/developer-guide-conditional-access-authentication-context.
func (t *Tenant) SetContext(id string, demandsMFA bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.contexts[id] = demandsMFA
}

// DropContext takes an authentication context back.
func (t *Tenant) DropContext(id string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.contexts, id)
}

// StrongContext is the authentication context of the tenant, with a policy that
// demands multifactor authentication.
const StrongContext = "c1"

// An authorization is what an app asks for when it sends somebody to sign in.
type authorization struct {
	app       App
	v1        bool // by the older endpoint, whose ID tokens are others
	issuer    string
	redirect  string
	state     string
	nonce     string
	scopes    []string
	challenge string // of PKCE
	mode      string // query or form_post
	prompt    string
	maxAge    time.Duration // -1 if any will do
	contexts  []string      // that must be satisfied
	hint      string
}

// A refusedRequest is told to the app, by way of the browser.
type refusedRequest struct {
	kind string // of OAuth
	code int    // of AADSTS
	text string
}

func (e *refusedRequest) Error() string { return fmt.Sprintf("AADSTS%d: %s", e.code, e.text) }

// readAuthorization reads what an app asks for. An error of the first kind must
// not go back to where the request says, for that is not known to be the app's;
// one of the second kind does.
func (t *Tenant) readAuthorization(r *http.Request, v1 bool) (authorization, *loginError, *refusedRequest) {
	q := r.URL.Query()
	a := authorization{v1: v1, issuer: t.issuerFor(t.hostOf(r.Host), v1), redirect: q.Get("redirect_uri"), state: q.Get("state"), nonce: q.Get("nonce"), mode: cmp.Or(q.Get("response_mode"), "query"),
		scopes: strings.Fields(q.Get("scope")), prompt: q.Get("prompt"), hint: q.Get("login_hint"), challenge: q.Get("code_challenge"), maxAge: -1}
	if wrong := t.knownApp(&a, q.Get("client_id")); wrong != nil {
		return a, wrong, nil
	}
	if a.mode != "query" && a.mode != "form_post" {
		return a, &loginError{http.StatusBadRequest, "invalid_request", 70007, "'" + a.mode + "' is not a supported value of 'response_mode'.", "the sandbox has query and form_post"}, nil
	}
	return a, nil, a.rest(q)
}

// issuerFor is who issues the ID tokens of an endpoint.
func (t *Tenant) issuerFor(host string, v1 bool) string {
	if v1 {
		return t.issuer()
	}
	return "https://" + host + "/" + t.ID() + "/v2.0"
}

// knownApp sets the app that asks, if it is one and the address is its own.
func (t *Tenant) knownApp(a *authorization, client string) *loginError {
	t.mu.Lock()
	defer t.mu.Unlock()
	registered := t.app(client)
	if registered == nil {
		return &loginError{http.StatusBadRequest, "unauthorized_client", 700016,
			fmt.Sprintf("Application with identifier '%s' was not found in the directory 'Contoso'.", client), "the sandbox's apps are what Apps returns"}
	}
	a.app = registered.copy()
	if !slices.Contains(registered.redirects, a.redirect) {
		return &loginError{http.StatusBadRequest, "invalid_request", 50011,
			fmt.Sprintf("The redirect URI '%s' specified in the request does not match the redirect URIs configured for the application '%s'. Make sure the redirect URI sent in the request matches one added to your application in the Azure portal.", a.redirect, registered.ID),
			fmt.Sprintf("registered are %q, by AddRedirect", registered.redirects)}
	}
	return nil
}

// challenges are what a code challenge by S256 looks like.
// See https://www.rfc-editor.org/rfc/rfc7636#section-4.2.
var challenges = regexp.MustCompile(`^[A-Za-z0-9_-]{43}$`)

var prompts = []string{"", "login", "none", "select_account", "consent"}

// rest reads what is wrong in a way that the app is told.
func (a *authorization) rest(q url.Values) *refusedRequest {
	switch {
	case q.Get("response_type") != "code":
		return &refusedRequest{"unsupported_response_type", 700054, "response_type '" + q.Get("response_type") + "' is not enabled for the application."}
	case !slices.Contains(a.scopes, "openid"):
		return &refusedRequest{"invalid_request", 900144, "The request body must contain the following parameter: 'scope'. The sandbox wants openid in it."}
	case a.challenge != "" && (q.Get("code_challenge_method") != "S256" || !challenges.MatchString(a.challenge)):
		return &refusedRequest{"invalid_request", 501491, "Invalid size of Code_Challenge parameter. The sandbox wants the method S256."}
	case !slices.Contains(prompts, a.prompt):
		return &refusedRequest{"invalid_request", 90023, "Unsupported 'prompt' value."}
	}
	if age := q.Get("max_age"); age != "" {
		n, err := strconv.Atoi(age)
		if err != nil || n < 0 {
			return &refusedRequest{"invalid_request", 90023, "max_age is no number of seconds."}
		}
		a.maxAge = time.Duration(n) * time.Second
	}
	return a.readClaims(q.Get("claims"))
}

// readClaims reads which authentication contexts are asked for.
// See https://learn.microsoft.com/entra/identity-platform/claims-challenge.
func (a *authorization) readClaims(claims string) *refusedRequest {
	if claims == "" {
		return nil
	}
	var asked struct {
		IDToken map[string]*struct {
			Essential bool     `json:"essential"`
			Value     string   `json:"value"`
			Values    []string `json:"values"`
		} `json:"id_token"`
		AccessToken json.RawMessage `json:"access_token"`
	}
	if err := json.Unmarshal([]byte(claims), &asked); err != nil {
		return &refusedRequest{"invalid_request", 9000411, "The claims parameter is no JSON: " + err.Error()}
	}
	if acrs := asked.IDToken["acrs"]; acrs != nil {
		a.contexts = acrs.Values
		if acrs.Value != "" {
			a.contexts = append(a.contexts, acrs.Value)
		}
	}
	return nil
}

// serveAuthorize answers a browser that an app has sent here.
func (t *Tenant) serveAuthorize(r *http.Request, entry *Request, v1 bool) reply {
	a, wrong, refused := t.readAuthorization(r, v1)
	switch {
	case wrong != nil:
		entry.Why = cmp.Or(wrong.why, wrong.Error())
		return t.errorPage(*wrong)
	case refused != nil:
		entry.Why = refused.Error()
		return t.sendBack(a, refused)
	}
	entry.App = a.app.Name
	t.mu.Lock()
	s := t.sessionOf(r)
	silent := s != nil && a.prompt != "login" && a.prompt != "select_account" && (a.maxAge < 0 || t.now().Sub(s.at) <= a.maxAge) && a.maxAge != 0 && t.satisfies(a, s)
	t.mu.Unlock()
	switch {
	case silent:
		return t.sendCode(a, s)
	case a.prompt == "none":
		refused := &refusedRequest{"login_required", 50058, "A silent sign-in request was sent but no user is signed in."}
		entry.Why = refused.Error()
		return t.sendBack(a, refused)
	}
	return t.signInPage(signInForm{Query: r.URL.RawQuery, V1: v1, User: a.hint, For: "mfahelp, as " + a.app.Name})
}

// satisfies reports whether a session is enough for what is asked. The tenant
// must be locked.
func (t *Tenant) satisfies(a authorization, s *session) bool {
	return !slices.ContainsFunc(a.contexts, func(c string) bool { return t.contexts[c] && !s.with.strong() })
}

// A session is somebody who has signed in here, in one browser.
type session struct {
	user *user
	at   time.Time
	with proof
	till time.Time // when it ends, if it was begun with a pass; zero if it does not
}

// sessionCookie has the name of a session.
const sessionCookie = "sandbox_session"

// sessionOf returns who is signed in, or nil. The tenant must be locked.
func (t *Tenant) sessionOf(r *http.Request) *session {
	c, err := r.Cookie(sessionCookie)
	if err != nil {
		return nil
	}
	s := t.sessions[c.Value]
	if s == nil || s.user.Disabled || s.at.Before(s.user.validFrom()) || !s.till.IsZero() && !t.now().Before(s.till) {
		return nil
	}
	return s
}

// An authCode is what an app gets a token for, once.
type authCode struct {
	authorization
	session *session
	issued  time.Time
	used    bool
}

// codeLife is how long a code is good for.
// See https://learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow.
const codeLife = 10 * time.Minute

// sendCode sends a browser back with a code.
func (t *Tenant) sendCode(a authorization, s *session) reply {
	t.mu.Lock()
	defer t.mu.Unlock()
	code := "0." + strings.ReplaceAll(t.newGUID()+t.newGUID(), "-", "")
	t.codes[code] = &authCode{authorization: a, session: s, issued: t.now()}
	v := url.Values{"code": {code}, "session_state": {t.newGUID()}}
	switch t.flaw {
	case FlawState:
		a.state = t.newGUID()
	case FlawCode:
		v.Del("code")
	}
	return a.back(v)
}

// sendBack sends a browser back with an error.
func (t *Tenant) sendBack(a authorization, e *refusedRequest) reply {
	at := t.Now().Format("2006-01-02 15:04:05Z")
	return a.back(url.Values{
		"error":             {e.kind},
		"error_description": {fmt.Sprintf("%v Trace ID: %s Correlation ID: %s Timestamp: %s", e, t.newRequestID(), t.newGUID(), at)},
		"error_uri":         {fmt.Sprintf("https://login.microsoftonline.com/error?code=%d", e.code)},
	})
}

// back is the way back to the app.
func (a authorization) back(v url.Values) reply {
	if a.state != "" {
		v.Set("state", a.state)
	}
	if a.mode == "form_post" {
		return htmlPage(http.StatusOK, "post.html", map[string]any{"Address": a.redirect, "Values": v})
	}
	u, err := url.Parse(a.redirect)
	if err != nil {
		panic("sandbox: a redirect that is no address: " + a.redirect) // a mistake of who registered it
	}
	q := u.Query()
	for name := range v {
		q.Set(name, v.Get(name))
	}
	u.RawQuery = q.Encode()
	return reply{http.StatusFound, http.Header{"Location": {u.String()}, "Cache-Control": {"no-store"}}, nil}
}

// A proof is with what somebody signs in.
type proof string

// The proofs that the page offers, if somebody has what it takes.
const (
	withPassword      proof = "password"
	withAuthenticator proof = "authenticator"
	withCode          proof = "code"
	withPhone         proof = "phone"
	withKey           proof = "fido2"
	withHello         proof = "hello"
	withPass          proof = "pass"
)

func (p proof) strong() bool { return p != withPassword }

// amr is what a token of version 1.0 says of a proof. That of a pass is not known.
// See https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference.
func (p proof) amr() []string {
	switch p {
	case withPassword:
		return []string{"pwd"}
	case withKey:
		return []string{"fido", "mfa"}
	case withHello:
		return []string{"rsa", "mfa"}
	case withPass:
		return []string{"mfa"}
	}
	return []string{"pwd", "mfa"}
}

// inLog is what the sign-in log calls the second step of a proof, and which of
// somebody's methods it needs.
func (p proof) inLog() (step string, needs []graph.Kind) {
	switch p {
	case withAuthenticator:
		return notification, []graph.Kind{graph.Authenticator}
	case withCode:
		return oathCode, []graph.Kind{graph.SoftwareOATH, graph.HardwareOATH}
	case withPhone:
		return textMessage, []graph.Kind{graph.PhoneMethod}
	case withKey:
		return "FIDO2 security key", []graph.Kind{graph.FIDO2}
	case withHello:
		return "Windows Hello for Business", []graph.Kind{graph.Hello}
	case withPass:
		return "Temporary Access Pass", []graph.Kind{graph.Pass}
	}
	return "", []graph.Kind{graph.Password}
}

// proofs are all, in the order of the page.
var proofs = []proof{withAuthenticator, withCode, withPhone, withKey, withHello, withPass, withPassword}

// can reports whether u has what a proof takes. A pass may be typed by anybody.
func (u *user) can(p proof) bool {
	_, needs := p.inLog()
	return p == withPass || slices.ContainsFunc(u.methods, func(m method) bool { return slices.Contains(needs, m.kind) }) || p == withPassword && !u.Guest
}
