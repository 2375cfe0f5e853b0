// Package graph says what Microsoft Graph knows about a sign-in and about who
// signed in, in plain values. Two packages speak to it, msgraph to the real one
// and sandbox to a made-up one, so that no other needs to know how; signins
// sees that nobody asks too often.
package graph

import (
	"slices"
	"strings"
	"time"
)

// A SignIn is one event of the sign-in log. A single visit to a sign-in page
// may leave several, with the same CorrelationID. It is personal: it is told to
// nobody but whose it is, and to admins.
// See https://learn.microsoft.com/graph/api/resources/signin.
type SignIn struct {
	ID            string    `json:"id"`                    // the "Request Id" of an error page
	CorrelationID string    `json:"correlation_id"`        // the client chooses it, so check whose sign-in it is
	OriginalID    string    `json:"original_id,omitempty"` // of the request that began the visit; beta
	At            time.Time `json:"at"`                    // UTC
	UserID        string    `json:"user_id"`               // object id
	UPN           string    `json:"upn"`                   // in lower case
	UserName      string    `json:"user_name,omitempty"`

	App       string   `json:"app,omitempty"`
	AppID     string   `json:"app_id,omitempty"`
	Resource  string   `json:"resource,omitempty"` // its display name; "radius" and "adfs" tell events that lack most fields
	Client    string   `json:"client,omitempty"`   // such as "Browser" or "Exchange ActiveSync"
	IP        string   `json:"ip,omitempty"`
	Location  Location `json:"location,omitzero"`
	Device    Device   `json:"device,omitzero"`
	Phone     Phone    `json:"phone,omitzero"`
	UserAgent string   `json:"user_agent,omitempty"`

	ErrorCode int    `json:"error_code"`        // such as 500121; 0 if it succeeded
	Failure   string `json:"failure,omitempty"` // the one sentence that belongs to ErrorCode
	Details   string `json:"details,omitempty"` // often says no more than Failure

	ConditionalAccess string   `json:"conditional_access,omitempty"` // success, failure, notApplied
	Policies          []Policy `json:"policies,omitempty"`           // empty, too, if the app may not read them
	RiskLevel         string   `json:"risk_level,omitempty"`         // during the sign-in: none, low, medium, high, hidden
	RiskState         string   `json:"risk_state,omitempty"`         // none, atRisk, confirmedCompromised, remediated, dismissed…
	Requirement       string   `json:"requirement,omitempty"`        // singleFactorAuthentication or multiFactorAuthentication; beta
	Steps             []Step   `json:"steps,omitempty"`              // beta only
	API               API      `json:"api"`                          // which of Graph's versions said all this
}

// An API is a version of Graph. Only Beta tells the steps of a sign-in.
type API string

// The versions.
const (
	Beta API = "beta"
	V1   API = "v1.0"
)

// A Location is where an IP address is thought to be.
type Location struct {
	City    string `json:"city,omitempty"`
	State   string `json:"state,omitempty"`
	Country string `json:"country,omitempty"` // two letters
}

// A Device is what somebody signed in from.
type Device struct {
	ID        string `json:"id,omitempty"`
	Name      string `json:"name,omitempty"`
	OS        string `json:"os,omitempty"`
	Browser   string `json:"browser,omitempty"`
	Compliant bool   `json:"compliant,omitempty"`
	Managed   bool   `json:"managed,omitempty"`
	Trust     string `json:"trust,omitempty"`
}

// A Phone is what Authenticator said of the device that it runs on.
// See https://learn.microsoft.com/graph/api/resources/authenticationappdevicedetails.
type Phone struct {
	AppVersion string `json:"app_version,omitempty"`
	ClientApp  string `json:"client_app,omitempty"`
	ID         string `json:"id,omitempty"`
	OS         string `json:"os,omitempty"`
}

// A Policy is a Conditional Access policy that had a say in a sign-in.
// See https://learn.microsoft.com/graph/api/resources/appliedconditionalaccesspolicy.
type Policy struct {
	ID     string   `json:"id,omitempty"`
	Name   string   `json:"name,omitempty"`
	Grants []string `json:"grants,omitempty"` // such as "Mfa", "Block", "RequireCompliantDevice"
	Result string   `json:"result,omitempty"` // success, failure, notApplied, notEnabled, reportOnly…
}

// A Step is one thing that was asked of who signed in, such as a password or an
// approval on a phone. Only the beta of Graph tells them, and right after the
// event they may be missing or wrong.
// See https://learn.microsoft.com/graph/api/resources/authenticationdetail.
type Step struct {
	At          time.Time `json:"at"`
	Method      string    `json:"method,omitempty"` // such as "Mobile app notification"
	Detail      string    `json:"detail,omitempty"` // such as the phone's name; a number is masked
	Succeeded   bool      `json:"succeeded"`        // believe it over Result if they disagree
	Result      string    `json:"result,omitempty"` // such as "MFA denied; user declined the authentication"
	Requirement string    `json:"requirement,omitempty"`
}

// A Kind is what a [Method] is, as Graph names its type.
// See https://learn.microsoft.com/graph/api/resources/authenticationmethods-overview.
type Kind string

// The kinds of methods. Password and Email do not count as a second factor.
const (
	Authenticator Kind = "microsoftAuthenticator"
	PhoneMethod   Kind = "phone"
	SoftwareOATH  Kind = "softwareOath"
	HardwareOATH  Kind = "hardwareOath"
	FIDO2         Kind = "fido2"
	Hello         Kind = "windowsHelloForBusiness"
	PlatformCred  Kind = "platformCredential"
	Email         Kind = "email"
	External      Kind = "external"
	QRCodePIN     Kind = "qrCodePin"
	Pass          Kind = "temporaryAccessPass"
	Password      Kind = "password"
	OtherMethod   Kind = "other" // one that we do not know yet
)

// A Method is one way in which somebody can prove who they are.
type Method struct {
	ID      string    `json:"id"`
	Kind    Kind      `json:"kind"`
	Name    string    `json:"name,omitempty"`  // the phone's or the key's name, or the masked number
	Phone   string    `json:"phone,omitempty"` // of a phone: mobile, alternateMobile, office
	Created time.Time `json:"created,omitzero"`
	Default bool      `json:"default,omitempty"`
	AppVer  string    `json:"app_version,omitempty"`
}

// SecondFactor reports whether m proves more than a password does.
func (m Method) SecondFactor() bool { return m.Kind != Password && m.Kind != Email }

// A User is somebody in the directory.
type User struct {
	ID       string `json:"id"` // object id
	UPN      string `json:"upn"`
	Name     string `json:"name"`
	Mail     string `json:"mail,omitempty"`
	Language string `json:"language,omitempty"` // such as "de-DE"
	Enabled  bool   `json:"enabled"`
	Guest    bool   `json:"guest,omitempty"`
	Roles    []Role `json:"roles,omitempty"` // directory roles: active, eligible, or through a group
}

// Privileged reports whether u holds, or may take up, any directory role.
func (u User) Privileged() bool { return len(u.Roles) > 0 }

// GlobalAdmin reports whether u is, or may become, a Global Administrator.
func (u User) GlobalAdmin() bool {
	return slices.ContainsFunc(u.Roles, func(r Role) bool {
		return strings.EqualFold(r.Template, GlobalAdministrator)
	})
}

// A Role is a directory role that somebody holds or may take up.
type Role struct {
	Template string `json:"template"` // the id that is the same in every tenant
	Name     string `json:"name,omitempty"`
	Eligible bool   `json:"eligible,omitempty"` // to be activated first
	Group    string `json:"group,omitempty"`    // through which group; "" if directly
}

// GlobalAdministrator is the template id of the role that may do everything.
// See https://learn.microsoft.com/entra/identity/role-based-access-control/permissions-reference.
const GlobalAdministrator = "62e90394-69f5-4237-9190-012177145e10"

// A Query says which sign-in is looked for. The ids come from what somebody
// pasted, and so may be anybody's: who asks must compare UserID with who they are.
type Query struct {
	RequestID     string
	CorrelationID string
	UserID        string    // object id; with Around, the last resort
	Code          string    // the error that was pasted; "" if unknown
	Around        time.Time // when it failed; zero if unknown, and then lately
	Asked         time.Time // when it was asked; an event that may still come is awaited from here
	Tries         int       // how often it was looked for before
}

// A Clue is by what a sign-in was found.
type Clue string

// The clues, the best first.
const (
	ByRequest     Clue = "request id"
	ByCorrelation Clue = "correlation id"
	ByTime        Clue = "user and time"
)

// Found is what a look-up brought: the events that fit, newest first. None is
// an answer too: the log was read whole where the query pointed, and has none.
type Found struct {
	SignIns []SignIn `json:"sign_ins"`
	Nearby  []SignIn `json:"nearby,omitempty"` // if a second step failed: what else its user did that day and the next
	By      Clue     `json:"by"`
	API     API      `json:"api"`
	Partial bool     `json:"partial,omitempty"` // there were more events than were read
	Expired bool     `json:"expired,omitempty"` // the error is older than the log reaches
}

// A Filter is one request to the sign-in log, by id, by correlation id, or by
// user and time: the first of them that is set.
type Filter struct {
	ID            string
	CorrelationID string
	UserID        string
	From, To      time.Time // both included
	Top           int       // at most 1,000; 0 for that
	Next          string    // the page after, as [Page.Next] gave it; all else is ignored
}

// A Page is one answer of the sign-in log, newest first.
type Page struct {
	SignIns []SignIn
	Next    string // asks for the page after; "" after the last
}
