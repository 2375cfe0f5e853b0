package sandbox

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"mfahelp/graph"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/go-cmp/cmp"
)

// callback is where the tests have browsers sent back to.
const callback = "https://help.contoso.com/signin/callback"

// verifier is a secret of PKCE.
const verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"

// A browser goes where it is sent, and keeps what it is told to.
type browser struct {
	world
	cookies map[string]string
}

func newBrowser(t *testing.T, edit ...func(*Options)) browser {
	w := newWorld(t, edit...)
	w.AddRedirect(w.Reader().ID, callback)
	return browser{w, map[string]string{}}
}

// visit makes one request, with a form if there is one.
func (b browser) visit(address string, form url.Values) answer {
	b.t.Helper()
	r := httptest.NewRequest(http.MethodGet, address, nil)
	if form != nil {
		r = httptest.NewRequest(http.MethodPost, address, strings.NewReader(form.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for name, value := range b.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	rec := httptest.NewRecorder()
	b.Handler().ServeHTTP(rec, r)
	for _, c := range rec.Result().Cookies() {
		b.cookies[c.Name] = c.Value
	}
	return readAnswer(b.t, rec.Result())
}

// authorize is the address that the app sends a browser to. Edits with no value
// take a parameter away.
func (w world) authorize(edit url.Values) string {
	sum := sha256.Sum256([]byte(verifier))
	q := url.Values{
		"client_id": {w.Reader().ID}, "response_type": {"code"}, "redirect_uri": {callback}, "scope": {"openid profile"},
		"state": {"the state"}, "nonce": {"the nonce"}, "prompt": {"login"}, "max_age": {"0"},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(sum[:])}, "code_challenge_method": {"S256"},
	}
	for name, v := range edit {
		if q[name] = v; v == nil {
			delete(q, name)
		}
	}
	path := "/oauth2/v2.0/authorize?"
	if q.Has("v1") {
		q.Del("v1")
		path = "/oauth2/authorize?"
	}
	return "https://localhost/" + w.ID() + path + q.Encode()
}

// signIn goes all the way, and returns the query that comes back to the app.
func (b browser) signIn(edit url.Values, user, with, pass string) url.Values {
	b.t.Helper()
	address := b.authorize(edit)
	if got := b.visit(address, nil); got.status != 200 || !strings.Contains(got.text, "<form method=\"post\"") {
		b.t.Fatalf("no page to sign in: %d %s", got.status, got.text)
	}
	_, query, _ := strings.Cut(address, "?")
	got := b.visit("https://localhost/"+b.ID()+"/signin?"+query, url.Values{
		"user": {user}, "with": {with}, "pass": {pass}, "v1": {fmt.Sprint(edit.Has("v1"))}})
	return b.sentBack(got)
}

func (b browser) sentBack(got answer) url.Values {
	b.t.Helper()
	u, err := url.Parse(got.header.Get("Location"))
	if err != nil || got.status != 302 || !strings.HasPrefix(u.String(), callback+"?") {
		b.t.Fatalf("not sent back: %d %s", got.status, got.text)
	}
	return u.Query()
}

// redeem trades a code in as the reader, with the usual form changed by edit.
func (w world) redeemCode(code string, edit url.Values) answer {
	w.t.Helper()
	form := url.Values{
		"grant_type": {"authorization_code"}, "client_id": {w.Reader().ID}, "client_secret": {w.Reader().Secret},
		"code": {code}, "redirect_uri": {callback}, "code_verifier": {verifier},
	}
	path := "/oauth2/v2.0/token"
	for name, v := range edit {
		if form[name] = v; v == nil {
			delete(form, name)
		}
	}
	if form.Has("v1") {
		form.Del("v1")
		path = "/oauth2/token"
	}
	return w.do("POST", "/"+w.ID()+path, "", form.Encode())
}

// claims reads an ID token as a careful app does.
func (w world) claims(token string) (jwt.MapClaims, error) {
	claims := jwt.MapClaims{}
	_, err := jwt.NewParser(jwt.WithValidMethods([]string{"RS256"}), jwt.WithTimeFunc(w.Now), jwt.WithExpirationRequired(),
		jwt.WithAudience(w.Reader().ID)).ParseWithClaims(token, claims, func(*jwt.Token) (any, error) { return &w.keys.signing.PublicKey, nil })
	return claims, err
}

// idTokenOf signs somebody in and returns what the app learns.
func (b browser) idTokenOf(edit url.Values, user, with, pass string) jwt.MapClaims {
	b.t.Helper()
	redeem := url.Values{}
	if edit.Has("v1") {
		redeem.Set("v1", "true")
	}
	got := b.redeemCode(b.signIn(edit, user, with, pass).Get("code"), redeem)
	token, _ := got.at("id_token").(string)
	claims, err := b.claims(token)
	if err != nil {
		b.t.Fatalf("%v: %d %s", err, got.status, got.text)
	}
	return claims
}

const strong = `{"id_token":{"acrs":{"essential":true,"value":"c1"}}}`

func TestAStrongSignIn(t *testing.T) {
	b := newBrowser(t)
	got := b.idTokenOf(url.Values{"claims": {strong}}, "sofia.almeida@contoso.com", "authenticator", "")
	u := stableID("user", "sofia.almeida@"+Domain)
	want := jwt.MapClaims{
		"iss": "https://localhost/" + b.ID() + "/v2.0", "aud": b.Reader().ID, "tid": b.ID(), "oid": u, "sub": stableID("pairwise", b.Reader().ID+" "+u),
		"nonce": "the nonce", "auth_time": float64(noon.Unix()), "acrs": []any{"c1"}, "name": "Sofia Almeida", "preferred_username": "sofia.almeida@contoso.com",
		"iat": float64(noon.Unix()), "nbf": float64(noon.Unix()), "exp": float64(noon.Add(time.Hour).Unix()), "ver": "2.0", "rh": "0.", "uti": got["uti"],
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestTokensSayWhatTheyReallySay: amr is only in tokens of version 1.0, and the
// optional claims only if the app's registration asks for them.
func TestTokensSayWhatTheyReallySay(t *testing.T) {
	for _, test := range []struct {
		claim   string
		edit    url.Values
		user    string
		with    string
		prepare func(w world)
		want    map[string]any // nil if the claim must not be there
	}{
		{"version 2.0 has no amr", nil, "sofia.almeida", "authenticator", nil, map[string]any{"amr": nil, "ver": "2.0"}},
		{"version 1.0 has", url.Values{"v1": {"true"}}, "sofia.almeida", "authenticator", nil, map[string]any{"amr": []any{"pwd", "mfa"}, "ver": "1.0", "iss": "https://sts.windows.net/" + stableID("tenant", Domain) + "/"}},
		{"a password alone", url.Values{"v1": {"true"}}, "sofia.almeida", "password", nil, map[string]any{"amr": []any{"pwd"}}},
		{"a key", url.Values{"v1": {"true"}}, "priya.raman", "fido2", nil, map[string]any{"amr": []any{"fido", "mfa"}}},
		{"a password satisfies no context", nil, "sofia.almeida", "password", nil, map[string]any{"acrs": nil}},
		{"a context without a policy is satisfied by anything", url.Values{"claims": {strong}}, "sofia.almeida", "password",
			func(w world) { w.SetContext("c1", false) }, map[string]any{"acrs": []any{"c1"}}},
		{"a context that is not published is not there", url.Values{"claims": {strong}}, "sofia.almeida", "authenticator",
			func(w world) { w.DropContext("c1") }, map[string]any{"acrs": nil}},
		{"without a licence there is no context", url.Values{"claims": {strong}}, "sofia.almeida", "authenticator",
			func(w world) { w.SetPremium(false) }, map[string]any{"acrs": nil}},
		{"not registered, and not asked for", nil, "sofia.almeida", "authenticator",
			func(w world) { w.SetOptionalClaims(w.Reader().ID) }, map[string]any{"acrs": nil, "auth_time": nil}},
		{"not registered, and asked for", url.Values{"claims": {strong}}, "sofia.almeida", "authenticator",
			func(w world) { w.SetOptionalClaims(w.Reader().ID) }, map[string]any{"acrs": []any{"c1"}, "auth_time": nil}},
		{"without the scope profile nobody is named", url.Values{"scope": {"openid"}}, "sofia.almeida", "authenticator", nil,
			map[string]any{"oid": nil, "tid": nil, "name": nil, "preferred_username": nil}},
	} {
		b := newBrowser(t)
		if test.prepare != nil {
			test.prepare(b.world)
		}
		got := b.idTokenOf(test.edit, test.user+"@"+Domain, test.with, "")
		for name, want := range test.want {
			if diff := cmp.Diff(want, got[name]); diff != "" {
				t.Errorf("%s: %s (-want +got):\n%s", test.claim, name, diff)
			}
		}
	}
}

func TestRequestsThatDoNotGoBack(t *testing.T) {
	b := newBrowser(t)
	b.AddRedirect(b.Writer().ID, "https://other.contoso.com/")
	for claim, edit := range map[string]url.Values{
		"an unknown app":                  {"client_id": {"00000000-0000-0000-0000-000000000000"}},
		"an address of another app":       {"redirect_uri": {"https://other.contoso.com/"}},
		"an address that begins the same": {"redirect_uri": {callback + "/more"}},
		"an address with a query":         {"redirect_uri": {callback + "?next=x"}},
		"an address in other letters":     {"redirect_uri": {strings.ToUpper(callback)}},
		"no address":                      {"redirect_uri": nil},
		"a way back that there is not":    {"response_mode": {"fragment"}},
	} {
		if got := b.visit(b.authorize(edit), nil); got.status != 400 || got.header.Get("Location") != "" || !strings.Contains(got.text, "Error Code:") {
			t.Errorf("%s: got %d %s", claim, got.status, got.text)
		}
		if why := b.Log()[len(b.Log())-1].Why; why == "" {
			t.Errorf("%s: the log does not say why", claim)
		}
	}
}

func TestRequestsThatGoBackWithAnError(t *testing.T) {
	b := newBrowser(t)
	for _, test := range []struct {
		claim string
		edit  url.Values
		kind  string
		code  string
	}{
		{"another kind of answer", url.Values{"response_type": {"id_token"}}, "unsupported_response_type", "AADSTS700054: "},
		{"no scope", url.Values{"scope": nil}, "invalid_request", "AADSTS900144: "},
		{"a challenge that is none", url.Values{"code_challenge": {"x"}}, "invalid_request", "AADSTS501491: "},
		{"a plain challenge", url.Values{"code_challenge_method": {"plain"}}, "invalid_request", "AADSTS501491: "},
		{"a prompt that there is not", url.Values{"prompt": {"please"}}, "invalid_request", "AADSTS90023: "},
		{"a negative age", url.Values{"max_age": {"-1"}}, "invalid_request", "AADSTS90023: "},
		{"claims that are none", url.Values{"claims": {"acrs"}}, "invalid_request", "AADSTS9000411: "},
		{"in silence, by nobody", url.Values{"prompt": {"none"}}, "login_required", "AADSTS50058: "},
	} {
		got := b.sentBack(b.visit(b.authorize(test.edit), nil))
		if got.Get("error") != test.kind || !strings.HasPrefix(got.Get("error_description"), test.code) || got.Get("state") != "the state" || got.Has("code") {
			t.Errorf("%s: got %v", test.claim, got)
		}
	}
	if got := b.signIn(nil, "sofia.almeida@contoso.com", "cancel", ""); got.Get("error") != "access_denied" {
		t.Errorf("cancelled: got %v", got)
	}
}

// TestASessionIsNotFresh: somebody who is signed in is not asked again, unless
// the app insists.
func TestASessionIsNotFresh(t *testing.T) {
	b := newBrowser(t)
	b.signIn(nil, "sofia.almeida@contoso.com", "password", "")
	b.Advance(5 * time.Minute)
	lax := url.Values{"prompt": nil, "max_age": nil}
	code := b.sentBack(b.visit(b.authorize(lax), nil)).Get("code")
	token, _ := b.redeemCode(code, nil).at("id_token").(string)
	if claims, err := b.claims(token); err != nil || claims["auth_time"] != float64(noon.Unix()) {
		t.Errorf("without asking again: got %v, %v", claims, err)
	}
	for claim, test := range map[string]struct {
		edit  url.Values
		asked bool
	}{
		"prompt=login":                 {url.Values{"max_age": nil}, true},
		"max_age=0":                    {url.Values{"prompt": nil}, true},
		"max_age, and older":           {url.Values{"prompt": nil, "max_age": {"240"}}, true},
		"max_age, and younger":         {url.Values{"prompt": nil, "max_age": {"600"}}, false},
		"select_account":               {url.Values{"prompt": {"select_account"}, "max_age": nil}, true},
		"in silence":                   {url.Values{"prompt": {"none"}, "max_age": nil}, false},
		"a context that wants more":    {url.Values{"prompt": nil, "max_age": nil, "claims": {strong}}, true},
		"in silence, and wanting more": {url.Values{"prompt": {"none"}, "max_age": nil, "claims": {strong}}, false},
	} {
		if got := b.visit(b.authorize(test.edit), nil); (got.status == 200) != test.asked {
			t.Errorf("%s: got %d %s", claim, got.status, got.header.Get("Location"))
		}
	}
	b.do("POST", "/v1.0/users/"+stableID("user", "sofia.almeida@"+Domain)+"/revokeSignInSessions", b.token(b.Writer()), "")
	if got := b.visit(b.authorize(lax), nil); got.status != 200 {
		t.Errorf("after all sessions were revoked: got %d", got.status)
	}
}

func TestCodesAreForOneAttempt(t *testing.T) {
	other := newWorld(t).AddApp("other")
	for _, test := range []struct {
		claim string
		edit  url.Values
		after time.Duration
		kind  string
		code  float64
	}{
		{"as it should be", nil, 9 * time.Minute, "", 0},
		{"a code that is none", url.Values{"code": {"x"}}, 0, "invalid_grant", 9002313},
		{"of another app", url.Values{"client_id": {other.ID}, "client_secret": {other.Secret}}, 0, "invalid_grant", 70000},
		{"to another address", url.Values{"redirect_uri": {"https://help.contoso.com/"}}, 0, "invalid_grant", 500112},
		{"with another verifier", url.Values{"code_verifier": {verifier[1:] + "x"}}, 0, "invalid_grant", 501481},
		{"with no verifier", url.Values{"code_verifier": nil}, 0, "invalid_grant", 501481},
		{"too late", nil, 11 * time.Minute, "invalid_grant", 70008},
		{"at the other endpoint", url.Values{"v1": {"true"}}, 0, "invalid_grant", 70000},
		{"with a wrong secret", url.Values{"client_secret": {"guess"}}, 0, "invalid_client", 7000215},
		{"with no secret", url.Values{"client_secret": nil}, 0, "invalid_client", 7000216},
	} {
		b := newBrowser(t)
		b.AddApp("other")
		code := b.signIn(nil, "sofia.almeida@contoso.com", "authenticator", "").Get("code")
		b.Advance(test.after)
		got := b.redeemCode(code, test.edit)
		if kind, _ := got.at("error").(string); kind != test.kind || test.code != 0 && got.at("error_codes/0") != test.code {
			t.Errorf("%s: got %d %s", test.claim, got.status, got.text)
		}
		if again := b.redeemCode(code, nil); test.kind == "" && again.at("error_codes/0") != 54005.0 {
			t.Errorf("%s, again: got %d %s", test.claim, again.status, again.text)
		}
		if graph := got.at("access_token"); test.kind == "" && b.do("GET", "/v1.0/users", graph.(string), "").status != 403 {
			t.Error("a person's token opens Graph")
		}
	}
	b := newBrowser(t)
	code := b.signIn(url.Values{"code_challenge": nil, "code_challenge_method": nil}, "sofia.almeida@contoso.com", "authenticator", "").Get("code")
	if got := b.redeemCode(code, nil); got.at("error_codes/0") != 501481.0 {
		t.Errorf("a verifier without a challenge: got %s", got.text)
	}
}

// TestABasicHeaderProvesAnAppToo, as libraries try it first.
func TestABasicHeaderProvesAnAppToo(t *testing.T) {
	b := newBrowser(t)
	code := b.signIn(nil, "sofia.almeida@contoso.com", "authenticator", "").Get("code")
	form := url.Values{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {callback}, "code_verifier": {verifier}}
	r := httptest.NewRequest(http.MethodPost, "https://localhost/"+b.ID()+"/oauth2/v2.0/token", strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth(url.QueryEscape(b.Reader().ID), url.QueryEscape(b.Reader().Secret))
	rec := httptest.NewRecorder()
	b.Handler().ServeHTTP(rec, r)
	if got := readAnswer(t, rec.Result()); got.status != 200 || got.at("id_token") == nil {
		t.Errorf("got %d %s", got.status, got.text)
	}
}

// TestWhoIsLetIn is what the page says to each, and what the log then has.
func TestWhoIsLetIn(t *testing.T) {
	for _, test := range []struct {
		claim, user, with string
		edit              url.Values
		prepare           func(w world) (pass string)
		in                bool
		says              string // the page, if not
		code              int    // in the log; -1 for nothing
	}{
		{"by app", "sofia.almeida", "authenticator", nil, nil, true, "", 0},
		{"by code", "ben.novak", "code", nil, nil, true, "", 0},
		{"by phone", "leila.farouk", "phone", nil, nil, true, "", 0},
		{"by key", "priya.raman", "fido2", nil, nil, true, "", 0},
		{"by this computer", "nia.mensah", "hello", nil, nil, true, "", 0},
		{"by password", "sofia.almeida", "password", nil, nil, true, "", 0},
		{"by password, where more is asked for", "sofia.almeida", "password", url.Values{"claims": {strong}}, nil, false, "AADSTS50076", 50076},
		{"by what they do not have", "leila.farouk", "fido2", nil, nil, false, "nothing registered", -1},
		{"by what there is not", "leila.farouk", "telepathy", nil, nil, false, "nothing registered", -1},
		{"disabled", "ivan.petrov", "authenticator", nil, nil, false, "AADSTS50057", 50057},
		{"nobody", "nobody", "password", nil, nil, false, "AADSTS50034", -1},
		{"no answer", "sofia.almeida", "fail", nil, nil, false, "Error Code: 500121", 500121},
		{"on the block list", "sofia.almeida", "authenticator", nil, func(w world) string { w.ReportFraud("sofia.almeida@contoso.com", 0); return "" }, false, "AADSTS500121", 500121},
		{"on the block list, with a pass", "sofia.almeida", "pass", nil, func(w world) string {
			w.ReportFraud("sofia.almeida@contoso.com", 0)
			return w.pass("sofia.almeida", "{}").at("temporaryAccessPass").(string)
		}, false, "AADSTS130502", 130502},
		{"on the block list, with a key", "priya.raman", "fido2", nil, func(w world) string { w.ReportFraud("priya.raman@contoso.com", 0); return "" }, false, "AADSTS130501", 130501},
		{"off the block list", "sofia.almeida", "authenticator", nil, func(w world) string {
			w.ReportFraud("sofia.almeida@contoso.com", 0)
			w.Unblock("sofia.almeida@contoso.com")
			return ""
		}, true, "", 0},
		{"with a pass", "sofia.almeida", "pass", url.Values{"claims": {strong}}, func(w world) string { return w.pass("sofia.almeida", "{}").at("temporaryAccessPass").(string) }, true, "", 0},
		{"with another pass", "sofia.almeida", "pass", nil, func(w world) string { w.pass("sofia.almeida", "{}"); return "guess" }, false, "AADSTS130503", 130503},
		{"with no pass", "sofia.almeida", "pass", nil, nil, false, "AADSTS130507", 130507},
		{"with a pass that is over", "sofia.almeida", "pass", nil, func(w world) string {
			code := w.pass("sofia.almeida", "{}").at("temporaryAccessPass").(string)
			w.Advance(time.Hour)
			return code
		}, false, "AADSTS130504", 130504},
		{"with a pass, when passes are off", "sofia.almeida", "pass", nil, func(w world) string {
			code := w.pass("sofia.almeida", "{}").at("temporaryAccessPass").(string)
			w.SetPassPolicy(PassPolicy{Disabled: true})
			return code
		}, false, "AADSTS130502", 130502},
		{"with a pass for several times, again", "sofia.almeida", "pass", nil, func(w world) string { return w.usedPass(false) }, true, "", 0},
		{"with a pass for a single time, again", "sofia.almeida", "pass", nil, func(w world) string { return w.usedPass(true) }, false, "AADSTS130505", 130505},
	} {
		b := newBrowser(t)
		pass := ""
		if test.prepare != nil {
			pass = test.prepare(b.world)
		}
		before := len(b.Events())
		_, query, _ := strings.Cut(b.authorize(test.edit), "?")
		got := b.visit("https://localhost/"+b.ID()+"/signin?"+query, url.Values{"user": {test.user + "@" + Domain}, "with": {test.with}, "pass": {pass}})
		if in := got.status == 302; in != test.in || !strings.Contains(got.text, test.says) {
			t.Errorf("%s: got %d %s", test.claim, got.status, got.text)
		}
		switch new := len(b.Events()) - before; {
		case test.code < 0 && new != 0, test.code >= 0 && (new == 0 || b.Events()[0].ErrorCode != test.code || b.Events()[0].App != "reader"):
			t.Errorf("%s: %d events, the last of which is %+v", test.claim, new, b.Events()[0])
		}
	}
}

// usedPass makes a pass for Sofia, uses it, and returns it.
func (w world) usedPass(once bool) string {
	code := w.pass("sofia.almeida", fmt.Sprintf(`{"isUsableOnce":%v}`, once)).at("temporaryAccessPass").(string)
	if _, err := w.SignIn(w.authorize(nil), SignIn{User: "sofia.almeida@contoso.com", With: "pass", Pass: code}); err != nil {
		w.t.Fatal(err)
	}
	return code
}

// TestTheLogTellsAStrongSignIn, so that whoever waits for one can see it.
func TestTheLogTellsAStrongSignIn(t *testing.T) {
	b := newBrowser(t)
	for with, want := range map[string]string{"authenticator": "Password Mobile app notification", "password": "Password"} {
		b.signIn(nil, "sofia.almeida@contoso.com", with, "")
		e := b.Events()[0]
		var steps []string
		for _, s := range e.Steps {
			if !s.Succeeded {
				t.Errorf("%s: %+v", with, s)
			}
			steps = append(steps, s.Method)
		}
		if got := strings.Join(steps, " "); got != want || (e.Requirement == "multiFactorAuthentication") != (with != "password") {
			t.Errorf("%s: got %s, %s", with, got, e.Requirement)
		}
	}
}

func TestSignInWithoutABrowser(t *testing.T) {
	b := newBrowser(t)
	to, err := b.SignIn(b.authorize(nil), SignIn{User: "sofia.almeida@contoso.com", With: "authenticator"})
	if err != nil || !strings.HasPrefix(to, callback+"?") {
		t.Fatalf("got %s, %v", to, err)
	}
	u, _ := url.Parse(to)
	if got := b.redeemCode(u.Query().Get("code"), nil); got.status != 200 {
		t.Errorf("got %d %s", got.status, got.text)
	}
	if _, err := b.SignIn(b.authorize(nil), SignIn{User: "ivan.petrov@contoso.com", With: "authenticator"}); err == nil || !strings.Contains(err.Error(), "AADSTS50057") {
		t.Errorf("somebody disabled: got %v", err)
	}
	if _, err := b.SignIn("https://localhost/somewhere", SignIn{}); err == nil {
		t.Error("somewhere else is taken")
	}
}

// TestFlaws: a careful app notices each, or the browser comes back otherwise.
func TestFlaws(t *testing.T) {
	for _, f := range Flaws {
		b := newBrowser(t)
		b.SetFlaw(f)
		back := b.signIn(url.Values{"claims": {strong}}, "sofia.almeida@contoso.com", "authenticator", "")
		if f == FlawState || f == FlawCode {
			if back.Get("state") == "the state" && back.Has("code") {
				t.Errorf("%s: got %v", f, back)
			}
			continue
		}
		token, _ := b.redeemCode(back.Get("code"), nil).at("id_token").(string)
		if bad := b.faults(token); len(bad) != 1 {
			t.Errorf("%s: a careful app notices %v", f, bad)
		}
	}
	b := newBrowser(t)
	token, _ := b.redeemCode(b.signIn(url.Values{"claims": {strong}}, "sofia.almeida@contoso.com", "authenticator", "").Get("code"), nil).at("id_token").(string)
	if bad := b.faults(token); bad != nil {
		t.Errorf("without a flaw: got %v", bad)
	}
}

// faults is what a careful app finds wrong with a token of Sofia's.
func (b browser) faults(token string) (bad []string) {
	c, err := b.claims(token)
	if err != nil {
		return []string{err.Error()}
	}
	for name, ok := range map[string]bool{
		"iss": c["iss"] == "https://localhost/"+b.ID()+"/v2.0", "nonce": c["nonce"] == "the nonce", "tid": c["tid"] == b.ID(),
		"oid": c["oid"] == stableID("user", "sofia.almeida@"+Domain), "acrs": c["acrs"] != nil, "auth_time": c["auth_time"] == float64(noon.Unix()),
	} {
		if !ok {
			bad = append(bad, name)
		}
	}
	return bad
}

// TestThePagesAreForPeople: they name who is there, run nothing, and escape what
// they show.
func TestThePagesAreForPeople(t *testing.T) {
	b := newBrowser(t)
	first := b.visit(b.authorize(nil), nil)
	for _, p := range b.People() {
		if !strings.Contains(first.text, `value="`+strings.ReplaceAll(p.UPN, "+", "&#43;")+`"`) {
			t.Errorf("%s cannot be chosen", p.UPN)
		}
	}
	second := b.visit(b.authorize(url.Values{"login_hint": {"ben.novak@contoso.com"}}), nil)
	for with, want := range map[string]bool{"code": true, "phone": true, "pass": true, "password": true, "fail": true, "cancel": true, "authenticator": false, "fido2": false} {
		if strings.Contains(second.text, `name="with" value="`+with+`"`) != want {
			t.Errorf("%s is offered: want %v", with, want)
		}
	}
	for _, got := range []answer{first, second, b.visit(b.authorize(url.Values{"redirect_uri": {"<script>alert(1)</script>"}}), nil)} {
		if strings.Contains(got.text, "<script>alert") || got.header.Get("Cache-Control") != "no-store" || !strings.Contains(got.header.Get("Content-Security-Policy"), "frame-ancestors 'none'") {
			t.Errorf("got %v\n%s", got.header, got.text)
		}
	}
	posted := b.visit(b.authorize(url.Values{"response_mode": {"form_post"}, "prompt": {"none"}, "state": {`"><script>alert(1)</script>`}}), nil)
	if posted.status != 200 || !strings.Contains(posted.text, `action="`+callback+`"`) || !strings.Contains(posted.text, `name="error" value="login_required"`) || strings.Contains(posted.text, "<script>alert") {
		t.Errorf("by form: got %d %s", posted.status, posted.text)
	}
}

// TestSecurityInfo is where somebody registers after a reset.
func TestSecurityInfo(t *testing.T) {
	b := newBrowser(t)
	page := "https://localhost/" + b.ID() + "/mysecurityinfo"
	add := url.Values{"do": {"add"}, "name": {"iPhone 18"}}
	b.visit(page, add)
	if len(b.Audits()) != 0 {
		t.Error("nobody registers something")
	}
	signIn := func(with, pass string) answer {
		return b.visit("https://localhost/"+b.ID()+"/signin", url.Values{"user": {"sofia.almeida@contoso.com"}, "with": {with}, "pass": {pass}})
	}
	if got := signIn("password", ""); got.status != 303 {
		t.Fatalf("got %d %s", got.status, got.text)
	}
	if got := b.visit(page, add); !strings.Contains(got.text, "stronger sign-in") || len(b.Audits()) != 0 {
		t.Errorf("with the password alone: got %s", got.text)
	}
	pass := b.pass("sofia.almeida", "{}").at("temporaryAccessPass").(string)
	if got := signIn("pass", pass); got.status != 303 {
		t.Fatalf("with a pass: got %d %s", got.status, got.text)
	}
	if got := b.visit(page, nil); !strings.Contains(got.text, "Authenticator on Pixel 9") {
		t.Errorf("got %s", got.text)
	}
	if got := b.visit(page, add); got.status != 303 || !slices.Contains(must(b.world.person("sofia.almeida")).Methods, "Authenticator on iPhone 18") {
		t.Errorf("adding: got %d %s", got.status, got.text)
	}
	old := b.mustUser("sofia.almeida@contoso.com").first(graph.Authenticator).id
	if got := b.visit(page, url.Values{"do": {"delete"}, "kind": {"microsoftAuthenticator"}, "id": {old}}); got.status != 303 {
		t.Errorf("deleting the old one: got %d %s", got.status, got.text)
	}
	if got := b.visit(page, url.Values{"do": {"delete"}, "kind": {"password"}, "id": {passwordID}}); !strings.Contains(got.text, "cannot be deleted") {
		t.Errorf("deleting the password: got %d %s", got.status, got.text)
	}
	var did []string
	for _, a := range b.Audits() {
		if a.Service == methodService {
			did = append(did, a.Activity)
		}
	}
	if want := []string{"User deleted security info", "User registered security info", "Admin registered security info"}; !slices.Equal(did, want) {
		t.Errorf("the log has %v", did)
	}
	b.Advance(time.Hour)
	if got := b.visit(page, nil); !strings.Contains(got.text, "Who are you?") {
		t.Errorf("after the pass has ended: got %s", got.text)
	}
}

func (w world) person(login string) (Person, error) {
	p, ok := w.Person(login + "@" + Domain)
	if !ok {
		return p, fmt.Errorf("nobody is called %s", login)
	}
	return p, nil
}

func TestWhatTheLoginServiceSaysOfItself(t *testing.T) {
	w := newWorld(t)
	for path, want := range map[string][2]string{
		"/v2.0/.well-known/openid-configuration": {"https://localhost/" + w.ID() + "/v2.0", "/oauth2/v2.0/authorize"},
		"/.well-known/openid-configuration":      {"https://sts.windows.net/" + w.ID() + "/", "/oauth2/authorize"},
	} {
		got := w.do("GET", "/"+w.ID()+path, "", "")
		if got.at("issuer") != want[0] || got.at("authorization_endpoint") != "https://localhost/"+w.ID()+want[1] {
			t.Errorf("%s: got %s", path, got.text)
		}
		for _, name := range []string{"token_endpoint", "jwks_uri", "id_token_signing_alg_values_supported", "response_types_supported", "subject_types_supported"} {
			if got.at(name) == nil {
				t.Errorf("%s: no %s", path, name)
			}
		}
		keys, _ := got.at("jwks_uri").(string)
		if got := w.do("GET", strings.TrimPrefix(keys, "https://localhost"), "", ""); got.at("keys/0/kid") != w.keys.keyID() {
			t.Errorf("%s: got %s", keys, got.text)
		}
	}
}
