package sandbox

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"mfahelp/graph"
)

// A visit is somebody at a sign-in page. It collects what the log will say, by
// a watch of its own, until it is recorded: then all is moved so that it ends
// when it should.
type visit struct {
	t           *Tenant
	u           *user
	at          time.Time
	correlation string
	from        place
	app         App // for which they sign in; the usual one if it has no name
	events      []Event
	page        errorPage // what the error page shows; nothing if they got in
}

// errorPage is an error page. It mostly shows the event that ended the visit.
type errorPage struct {
	event    int // of the visit's
	at       time.Time
	code     int
	request  string // "" for the event's id
	message  string // "" for the short form of a code
	noIDs    bool   // whoever copied it left the ids and the time out
	recorded bool   // whether there is an event behind it
}

// A place is from where somebody signs in.
type place struct {
	ip        string
	location  graph.Location
	device    graph.Device
	userAgent string
}

// home is where u works: the company's addresses, and a managed computer.
func home(u *user, n int) place {
	return place{
		ip:        fmt.Sprintf("203.0.113.%d", 10+n%200),
		location:  graph.Location{City: u.City, Country: u.Country},
		device:    graph.Device{ID: stableID("device", u.UPN), Name: fmt.Sprintf("CT-LAP-0%d", 100+n), OS: "Windows11", Browser: "Edge 148.0.0", Compliant: true, Managed: true, Trust: "Azure AD joined"},
		userAgent: "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/148.0.0.0 Safari/537.36 Edg/148.0.0.0",
	}
}

// abroad is where nobody of the company works: an unknown computer.
func abroad() place {
	return place{
		ip:        "198.51.100.77",
		location:  graph.Location{City: "Reykjavík", Country: "IS"},
		device:    graph.Device{OS: "Linux", Browser: "Firefox 151.0"},
		userAgent: "Mozilla/5.0 (X11; Linux x86_64; rv:151.0) Gecko/20100101 Firefox/151.0",
	}
}

func (t *Tenant) visit(u *user, at time.Time) *visit {
	return &visit{t: t, u: u, at: at, correlation: t.newGUID(), from: home(u, slices.Index(t.users, u))}
}

func (v *visit) wait(d time.Duration) { v.at = v.at.Add(d) }

// event adds an event that begins right now. As in the real log, its time is
// when it was begun, which is before the time on the error page.
func (v *visit) event(code int, details string, steps ...graph.Step) *Event {
	e := Event{SignIn: graph.SignIn{
		ID: v.t.newRequestID(), CorrelationID: v.correlation, At: v.at,
		UserID: v.u.ID, UPN: v.u.logName(), UserName: v.u.Name,
		ErrorCode: code, Details: details, Steps: steps,
		IP: v.from.ip, Location: v.from.location, Device: v.from.device, UserAgent: v.from.userAgent,
	}}
	e.App, e.AppID = v.app.Name, v.app.ID
	if len(v.events) > 0 {
		e.OriginalID = v.events[0].ID
	}
	v.events = append(v.events, e)
	return &v.events[len(v.events)-1]
}

// shown makes the last event the one of which the error page tells, right now.
func (v *visit) shown(e *Event) *Event {
	e.Visible = v.at.Add(v.t.opts.Lag)
	v.page = errorPage{event: len(v.events) - 1, at: v.at, code: e.ErrorCode, recorded: true}
	return e
}

// Words of the sign-in log.
const (
	password      = "Password"
	notification  = "Mobile app notification"
	textMessage   = "Text message"
	voiceCall     = "Voice"
	softwareToken = "Software OATH token"
	oathCode      = "OATH verification code"

	primary   = "Primary authentication"
	secondary = "User, MultiConditionalAccess"

	correct   = "Correct password"
	required  = "MFA required in Azure AD"
	completed = "MFA successfully completed"

	// generic is what the log mostly says of a failed second factor: nothing.
	// See https://learn.microsoft.com/entra/identity/monitoring-health/howto-troubleshoot-sign-in-errors.
	generic = "The user didn't complete the MFA prompt. They may have decided not to authenticate, timed out while doing other work, or has an issue with their authentication setup."
)

func (v *visit) passwordStep() graph.Step {
	return graph.Step{At: v.at, Method: password, Detail: "Password in the cloud", Succeeded: true, Result: correct, Requirement: primary}
}

func (v *visit) refusedPassword(result string) graph.Step {
	s := v.passwordStep()
	s.Succeeded, s.Result = false, result
	return s
}

// interrupt is the event that a prompt leaves before anybody has answered it.
// By itself it says nothing of how that went.
// See https://github.com/MicrosoftDocs/entra-docs/issues/943.
func (v *visit) interrupt(code int) {
	e := v.event(code, required, v.passwordStep())
	v.mfaRequired(e, "failure")
	v.wait(4 * time.Second)
}

// mfaRequired puts the policy that asks for a second factor on e.
func (v *visit) mfaRequired(e *Event, result string) {
	e.Requirement, e.ConditionalAccess = "multiFactorAuthentication", result
	e.Policies = []graph.Policy{{ID: stableID("policy", "mfa"), Name: "Require MFA for everybody", Grants: []string{"Mfa"}, Result: result}}
}

// deny is a prompt for a second factor that came to nothing.
func (v *visit) deny(method, result string) *Event {
	e := v.event(500121, generic, v.passwordStep())
	v.wait(25 * time.Second)
	e.Steps = append(e.Steps, v.step(method, result, false))
	v.mfaRequired(e, "failure")
	v.describePhone(e, method)
	return v.shown(e)
}

// fail is an interrupt, and a prompt that came to nothing.
func (v *visit) fail(method, result string) *Event {
	v.interrupt(50074)
	return v.deny(method, result)
}

// getIn is a sign-in that works, which leaves an interrupt as well.
func (v *visit) getIn() {
	v.interrupt(50074)
	e := v.event(0, completed, v.passwordStep())
	v.wait(8 * time.Second)
	if method := v.usual(); method != "" {
		e.Steps = append(e.Steps, v.step(method, completed, true))
		v.describePhone(e, method)
	}
	v.mfaRequired(e, "success")
	e.Visible = v.at.Add(v.t.opts.Lag)
}

// getInWith is a sign-in that works, with what somebody chose.
func (v *visit) getInWith(step string, with proof) {
	var steps []graph.Step
	switch with {
	case withPassword:
		steps = []graph.Step{v.passwordStep()}
	case withKey, withHello, withPass:
		s := v.step(step, completed, true)
		s.Requirement = primary
		steps = []graph.Step{s}
	default:
		v.interrupt(50074)
		steps = []graph.Step{v.passwordStep()}
		v.wait(8 * time.Second)
		steps = append(steps, v.step(step, completed, true))
	}
	e := v.event(0, "", steps...)
	e.ConditionalAccess = "success"
	if with.strong() {
		e.Details = completed
		v.mfaRequired(e, "success")
		v.describePhone(e, step)
	}
	e.Visible = v.at.Add(v.t.opts.Lag)
}

func (v *visit) step(method, result string, ok bool) graph.Step {
	return graph.Step{At: v.at, Method: method, Detail: v.detail(method), Succeeded: ok, Result: result, Requirement: secondary}
}

// usual is what u is asked for first, in the words of the log.
func (v *visit) usual() string {
	switch v.u.preferred() {
	case "push":
		return notification
	case "oath":
		return oathCode
	case "sms":
		return textMessage
	case "voiceOffice":
		return voiceCall
	}
	return ""
}

// detail is the phone's name, or its masked number.
func (v *visit) detail(method string) string {
	switch method {
	case notification:
		return v.u.first(graph.Authenticator).name
	case textMessage, voiceCall:
		return masked(v.u.first(graph.PhoneMethod).number)
	}
	return ""
}

// describePhone adds what Authenticator tells of itself.
func (v *visit) describePhone(e *Event, method string) {
	if method != notification {
		return
	}
	os := "Android 16"
	if strings.HasPrefix(v.detail(method), "iPhone") {
		os = "Ios 26.1"
	}
	e.Phone = graph.Phone{AppVersion: appVersion, ClientApp: "microsoftAuthenticator", ID: stableID("phone", v.u.UPN), OS: os}
}

// record moves the visit so that it ends at end, and puts it into the log.
func (v *visit) record(end time.Time) {
	shift := end.Sub(v.at)
	v.page.at = v.page.at.Add(shift)
	for i := range v.events {
		e := &v.events[i]
		e.At = e.At.Add(shift)
		for j := range e.Steps {
			e.Steps[j].At = e.Steps[j].At.Add(shift)
		}
		if !e.Visible.IsZero() {
			e.Visible = e.Visible.Add(shift)
		}
		*e = v.t.add(*e)
	}
}
