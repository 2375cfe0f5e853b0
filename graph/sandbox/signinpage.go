package sandbox

import (
	"bytes"
	"context"
	"embed"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"mfahelp/graph"
)

//go:embed pages
var pageFiles embed.FS

var pages = template.Must(template.ParseFS(pageFiles, "pages/*.html"))

// htmlPage is a page for people. It loads nothing, and runs no script but to send
// itself on.
func htmlPage(status int, name string, data any) reply {
	var b bytes.Buffer
	if err := pages.ExecuteTemplate(&b, name, data); err != nil {
		panic("sandbox: a page does not render: " + err.Error()) // unreachable: the tests render each
	}
	policy := "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'"
	if name == "post.html" {
		policy += "; script-src 'unsafe-inline'"
	}
	return reply{status, http.Header{
		"Content-Type":            {"text/html; charset=utf-8"},
		"Cache-Control":           {"no-store"},
		"Content-Security-Policy": {policy},
		"Referrer-Policy":         {"no-referrer"},
		"X-Content-Type-Options":  {"nosniff"},
	}, b.Bytes()}
}

// A signInForm is what the sign-in page shows. First somebody chooses who they
// are, then with what they prove it.
type signInForm struct {
	Query  string // of the authorize endpoint; "" if the page is not on behalf of an app
	V1     bool
	For    string // the app's name
	User   string // user principal name; "" until it is chosen
	Name   string
	People []Person
	Offers []offer
	Error  string
	Action string
}

// An offer is a proof that the page offers.
type offer struct {
	With  proof
	Label string
}

var proofLabels = map[proof]string{
	withPassword: "Password only", withAuthenticator: "Password, and approve in Authenticator", withCode: "Password, and a code",
	withPhone: "Password, and a text message", withKey: "Security key", withHello: "Windows Hello", withPass: "Sign in with the pass",
}

// signInPage is the page in which somebody signs in. It says that it is not the
// real one, and asks for no password: it believes whoever chooses.
func (t *Tenant) signInPage(f signInForm) reply {
	t.mu.Lock()
	defer t.mu.Unlock()
	f.Action = "/" + t.ID() + "/signin"
	if f.Query != "" {
		f.Action += "?" + f.Query
	}
	u := t.user(f.User)
	if u == nil {
		f.User = ""
		for _, u := range t.users {
			f.People = append(f.People, u.Person)
		}
		return htmlPage(http.StatusOK, "signin.html", f)
	}
	f.User, f.Name = u.UPN, u.Name
	for _, p := range proofs {
		if u.can(p) {
			f.Offers = append(f.Offers, offer{p, proofLabels[p]})
		}
	}
	return htmlPage(http.StatusOK, "signin.html", f)
}

// errorPage is what people see, and paste, when there is no way back.
func (t *Tenant) errorPage(e loginError) reply {
	return htmlPage(http.StatusBadRequest, "error.html", map[string]any{
		"Code": e.code, "Text": e.Error(), "Request": t.newRequestID(), "Correlation": t.newGUID(), "Time": t.Now().Format(time.RFC3339),
	})
}

// serveSignIn is what the form of the page sends: who, with what, and, of a
// pass, the pass.
func (t *Tenant) serveSignIn(r *http.Request, entry *Request) reply {
	if err := r.ParseForm(); err != nil {
		return t.errorPage(loginError{http.StatusBadRequest, "invalid_request", 90014, "The form is none.", ""})
	}
	v1 := r.PostForm.Get("v1") == "true"
	form := signInForm{Query: r.URL.RawQuery, V1: v1, User: r.PostForm.Get("user")}
	var a authorization
	if form.Query != "" {
		var wrong *loginError
		var refused *refusedRequest
		a, wrong, refused = t.readAuthorization(r, v1)
		switch {
		case wrong != nil:
			return t.errorPage(*wrong)
		case refused != nil:
			return t.sendBack(a, refused)
		}
		form.For, entry.App = a.app.Name, a.app.Name
	}
	with := proof(r.PostForm.Get("with"))
	switch {
	case with == "cancel" && form.Query != "":
		return t.sendBack(a, &refusedRequest{"access_denied", 65004, "User declined to consent to access the app."})
	case with == "" || with == "cancel":
		return t.signInPage(form)
	}
	cookie, s, failed := t.signIn(a, form.User, with, r.PostForm.Get("pass"))
	if failed != nil {
		entry.Why = failed.text
		if failed.page != nil {
			return *failed.page
		}
		form.Error = failed.text
		return t.signInPage(form)
	}
	answer := reply{http.StatusSeeOther, http.Header{"Location": {"/" + t.ID() + "/mysecurityinfo"}}, nil}
	if form.Query != "" {
		answer = t.sendCode(a, s)
	}
	answer.header.Add("Set-Cookie", (&http.Cookie{Name: sessionCookie, Value: cookie, Path: "/", Secure: t.secure(), HttpOnly: true, SameSite: http.SameSiteLaxMode}).String())
	return answer
}

// A failedSignIn is why somebody is not let in.
type failedSignIn struct {
	text string
	page *reply // an error page, instead of another try
}

// signIn lets somebody in or does not, and puts either into the log.
func (t *Tenant) signIn(a authorization, name string, with proof, typed string) (cookie string, s *session, failed *failedSignIn) {
	t.mu.Lock()
	defer t.mu.Unlock()
	u := t.user(name)
	if u == nil {
		return "", nil, &failedSignIn{text: "AADSTS50034: The user account does not exist in the directory."}
	}
	v := t.visit(u, t.now())
	v.app = a.app
	end := func(code int, details string, steps ...graph.Step) *failedSignIn {
		e := v.end(code, "", steps...)
		e.Details = details
		v.record(t.now())
		return &failedSignIn{text: fmt.Sprintf("AADSTS%d: %s", code, e.Failure)}
	}
	step, _ := with.inLog()
	switch {
	case u.Disabled:
		return "", nil, end(50057, "", v.refusedPassword("Other"))
	case with == "fail":
		return "", nil, t.giveUp(v)
	case !slices.Contains(proofs, with) || !u.can(with):
		return "", nil, &failedSignIn{text: u.Name + " has nothing registered for that."}
	case with == withPass:
		if code := t.passError(u, typed); code != 0 {
			return "", nil, end(code, "")
		}
	case u.blocked && with == withKey:
		return "", nil, end(130501, "")
	case u.blocked && with.strong():
		v.fail(step, blocked).Details = blocked
		v.record(t.now())
		return "", nil, &failedSignIn{text: "AADSTS500121: " + failureReasons[500121]}
	case !t.satisfies(a, &session{with: with}):
		return "", nil, end(50076, required, v.passwordStep())
	}
	s = &session{user: u, at: t.now(), with: with}
	if with == withPass {
		p := u.first(graph.Pass).pass
		p.used, s.till = true, p.end()
	}
	v.getInWith(step, with)
	v.record(t.now())
	cookie = t.newGUID()
	t.sessions[cookie] = s
	return cookie, s, nil
}

// giveUp is a prompt that comes to nothing, which ends on an error page.
func (t *Tenant) giveUp(v *visit) *failedSignIn {
	method := v.usual()
	if method == "" {
		method = notification
	}
	v.fail(method, noResponse)
	v.record(t.now())
	e := v.events[v.page.event]
	page := htmlPage(http.StatusBadRequest, "error.html", map[string]any{
		"Code": 500121, "Text": failureReasons[500121], "Request": e.ID, "Correlation": e.CorrelationID, "Time": v.page.at.Format(time.RFC3339),
	})
	return &failedSignIn{"the prompt was not answered", &page}
}

// passError is why a pass does not let somebody in; 0 if it does.
// See https://learn.microsoft.com/entra/identity/authentication/howto-authentication-temporary-access-pass.
func (t *Tenant) passError(u *user, typed string) int {
	p := u.first(graph.Pass).pass
	switch {
	case u.blocked || !t.covers(u):
		return 130502
	case p == nil:
		return 130507
	case strings.TrimSpace(typed) != p.code:
		return 130503
	case p.once && p.used:
		return 130505
	case t.now().Before(p.start) || !t.now().Before(p.end()):
		return 130504
	}
	return 0
}

// A SignIn is what somebody chooses on the sign-in page.
type SignIn struct {
	User string // user principal name
	With string // password, authenticator, code, phone, fido2, hello, pass; fail, or cancel
	Pass string // that is typed, if With is pass
}

// SignIn does what a browser does that an app has sent to address, with somebody
// before it, and returns where it goes from there. An error is what the page says.
func (t *Tenant) SignIn(address string, s SignIn) (to string, err error) {
	u, err := url.Parse(address)
	if err != nil {
		return "", err
	}
	v1 := strings.HasSuffix(u.Path, "/oauth2/authorize")
	if !v1 && !strings.HasSuffix(u.Path, "/oauth2/v2.0/authorize") {
		return "", fmt.Errorf("%s is not where one signs in", u.Path)
	}
	form := url.Values{"user": {s.User}, "with": {s.With}, "pass": {s.Pass}, "v1": {fmt.Sprint(v1)}}
	r, err := http.NewRequestWithContext(context.Background(), http.MethodPost, "https://"+u.Host+"/"+t.ID()+"/signin?"+u.RawQuery, strings.NewReader(form.Encode()))
	if err != nil {
		return "", err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	entry := Request{At: t.Now(), Method: r.Method, Path: r.URL.RequestURI()}
	a := t.serveSignIn(r, &entry)
	entry.Status = a.status
	t.record(entry)
	if to := a.header.Get("Location"); to != "" {
		return to, nil
	}
	return "", fmt.Errorf("nobody is sent back: %s", entry.Why)
}
