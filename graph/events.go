package graph

import (
	"slices"
	"strings"
	"time"
)

// A DirectoryEvent is one entry of the directory's own audit log: somebody's
// account was changed, or somebody did something.
// See https://learn.microsoft.com/graph/api/resources/directoryaudit.
type DirectoryEvent struct {
	ID       string    `json:"id"`
	At       time.Time `json:"at"`
	Activity string    `json:"activity"`           // such as "User registered security info"
	Reason   string    `json:"reason,omitempty"`   // such as "User registered Authenticator App with Notification"
	Category string    `json:"category,omitempty"` // such as "UserManagement"
	Service  string    `json:"service,omitempty"`  // that wrote it, such as "Authentication Methods"
	Result   string    `json:"result,omitempty"`   // success, failure, timeout
	By       string    `json:"by,omitempty"`       // object id of the person who did it; "" if it was no person
	ByApp    string    `json:"by_app,omitempty"`   // client id of the program that did it; "" if it was none
	Target   string    `json:"target,omitempty"`   // object id of whose account it is; "" if it is not said
	Changed  []string  `json:"changed,omitempty"`  // names of what was changed, such as "StrongAuthenticationPhoneAppDetail"
}

// A Touch is what a [DirectoryEvent] changed, as far as it matters to whether an
// account is still in the hands of who it belongs to.
type Touch string

// What events touch.
const (
	TouchMethods  Touch = "methods"  // how somebody proves who they are
	TouchPassword Touch = "password" // by themselves or by an admin
	TouchContact  Touch = "contact"  // telephone numbers and addresses in the directory
	TouchName     Touch = "name"     // the user principal name
	TouchState    Touch = "state"    // enabled, disabled, deleted, restored
	TouchFraud    Touch = "fraud"    // somebody said "that was not me"
)

// activities are those that touch something by their name alone, in lower case.
// See https://learn.microsoft.com/entra/identity/monitoring-health/reference-audit-activities.
var activities = map[string]Touch{
	"user registered security info":              TouchMethods,
	"user registered all required security info": TouchMethods,
	"user deleted security info":                 TouchMethods,
	"user updated security info":                 TouchMethods,
	"user changed default security info":         TouchMethods,
	"admin registered security info":             TouchMethods,
	"admin deleted security info":                TouchMethods,
	"admin updated security info":                TouchMethods,
	"delete hardware oath token":                 TouchMethods,
	"update hardware oath token":                 TouchMethods,
	"enable strong authentication":               TouchMethods,
	"disable strong authentication":              TouchMethods,
	"create application password for user":       TouchMethods,

	"add users strong authentication phone app detail":    TouchMethods,
	"remove users strong authentication phone app detail": TouchMethods,
	"set user oath token metadata enabled":                TouchMethods,
	"security info saved for self-service password reset": TouchMethods,

	"set user manager": TouchContact, // who vouches for somebody

	"change user password":               TouchPassword,
	"reset user password":                TouchPassword,
	"reset password":                     TouchPassword,
	"user password reset":                TouchPassword, // by Identity Manager
	"convert federated user to managed":  TouchPassword,
	"reset password (by admin)":          TouchPassword,
	"reset password (self-service)":      TouchPassword,
	"change password (self-service)":     TouchPassword,
	"set force change user password":     TouchPassword,
	"admin started password reset":       TouchPassword,
	"user started password reset":        TouchPassword,
	"user started password change":       TouchPassword,
	"unlock user account (self-service)": TouchPassword,

	"disable account": TouchState,
	"enable account":  TouchState,
	"delete user":     TouchState,
	"restore user":    TouchState,

	"fraud reported - user is blocked for mfa": TouchFraud,
	"fraud reported - no action taken":         TouchFraud,
	"suspicious activity reported":             TouchFraud,
}

// credentials are in the names of activities that add or delete one.
var credentials = []string{"passkey", "fido2", "windows hello", "phone sign-in credential"}

// properties are those that matter, in lower case: the directory writes "Update
// user", and which of these, below it.
var properties = map[string]Touch{
	"searchabledevicekey":         TouchMethods, // passkeys and Windows Hello
	"mobile":                      TouchContact,
	"telephonenumber":             TouchContact,
	"othermobile":                 TouchContact,
	"othertelephone":              TouchContact,
	"mail":                        TouchContact,
	"othermail":                   TouchContact,
	"proxyaddresses":              TouchContact,
	"manager":                     TouchContact, // who vouches for somebody
	"userprincipalname":           TouchName,
	"accountenabled":              TouchState,
	"passwordprofile":             TouchPassword,
	"lastpasswordchangetimestamp": TouchPassword,
}

// strong is how the names of properties begin that have a second factor in them.
const strong = "strongauthentication"

// Touches returns what e changed that matters, each once; nothing if it failed,
// or if what it is about is of no interest here. A name that Microsoft invents
// tomorrow is of no interest either: who must be sure compares the account too.
func (e DirectoryEvent) Touches() (touched []Touch) {
	if e.Result == "failure" {
		return nil
	}
	add := func(t Touch, ok bool) {
		if ok && !slices.Contains(touched, t) {
			touched = append(touched, t)
		}
	}
	activity := strings.ToLower(strings.TrimSpace(e.Activity))
	t, ok := activities[activity]
	add(t, ok)
	add(TouchMethods, slices.ContainsFunc(credentials, func(c string) bool { return strings.Contains(activity, c) }))
	for _, name := range e.Changed {
		name = strings.ToLower(name)
		t, ok := properties[name]
		add(t, ok)
		add(TouchMethods, strings.HasPrefix(name, strong))
	}
	return touched
}

// An EventFilter is one request to the directory's audit log: what was done to
// somebody's account, or what they did themselves.
type EventFilter struct {
	Target   string // object id of whose account it is
	By       string // object id of who did it, if there is no Target
	From, To time.Time
	Next     string // the page after, as [EventPage.Next] gave it; all else is ignored
}

// An EventPage is one answer of the directory's audit log, newest first.
type EventPage struct {
	Events []DirectoryEvent
	Next   string // asks for the page after; "" after the last
}

// Events is what the directory's audit log says of somebody, newest first: what
// was done to their account, and what they did.
type Events struct {
	Events  []DirectoryEvent `json:"events"`
	Since   time.Time        `json:"since"`             // from when on; later than was asked for if the log does not reach as far
	Partial bool             `json:"partial,omitempty"` // there are more than were read, so that nothing follows from what is not there
}

// History is what both logs hold of somebody since a time.
type History struct {
	SignIns Found  // what they did, newest first
	Changes Events // what was done to their account
}

// Last returns when any of these was touched for the last time, zero if it was
// not since [Events.Since].
func (e Events) Last(touches ...Touch) (at time.Time) {
	for _, event := range e.Events {
		fits := func(t Touch) bool { return slices.Contains(touches, t) }
		if event.At.After(at) && slices.ContainsFunc(event.Touches(), fits) {
			at = event.At
		}
	}
	return at
}
