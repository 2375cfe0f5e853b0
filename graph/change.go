package graph

import (
	"time"

	"mfahelp/secret"
)

// A Change is one write to somebody's account. Nothing carries one out but what
// has just asked whether it may.
type Change struct {
	Kind   ChangeKind    `json:"kind"`
	User   string        `json:"user"`             // object id of whose account it is
	Object string        `json:"object,omitempty"` // a method's id, or a [Preference]; "" where there is nothing to choose
	Method Kind          `json:"method,omitempty"` // what kind of method Object is: it decides the path
	Life   time.Duration `json:"life,omitempty"`   // of a pass, in whole minutes; 0 for what the tenant gives by default
	Once   bool          `json:"once,omitempty"`   // a pass that signs in a single time
	Mail   Mail          `json:"mail,omitzero"`    // what is sent to User
}

// A Mail is a message to somebody's mailbox, from the one that the
// configuration names. It never has a secret in it.
type Mail struct {
	Subject string `json:"subject"`
	Text    string `json:"text"` // plain
}

// Changed is what came of a [Change].
type Changed struct {
	ID    string      // of the pass that was made
	Until time.Time   // when that ends
	Pass  secret.Text // the pass itself, told this once: shown to one person, and written nowhere
	Gone  bool        // there was nothing left to delete
}

// A Preference is what somebody is asked for first as a second factor. Graph
// deletes no method that it means while there are others: it is changed first.
// See https://learn.microsoft.com/graph/api/resources/signinpreferences?view=graph-rest-beta.
type Preference string

// The preferences.
const (
	PreferPush      Preference = "push"
	PreferCode      Preference = "oath"
	PreferSMS       Preference = "sms"
	PreferMobile    Preference = "voiceMobile"
	PreferAlternate Preference = "voiceAlternateMobile"
	PreferOffice    Preference = "voiceOffice"
)

// A ChangeKind says what a [Change] does.
type ChangeKind string

// The kinds of changes, each with the page that it implements.
const (
	DeleteMethod   ChangeKind = "method.delete"   // https://learn.microsoft.com/graph/api/resources/authenticationmethods-overview
	RevokeSessions ChangeKind = "sessions.revoke" // https://learn.microsoft.com/graph/api/user-revokesigninsessions
	CreatePass     ChangeKind = "pass.create"     // https://learn.microsoft.com/graph/api/authentication-post-temporaryaccesspassmethods
	DeletePass     ChangeKind = "pass.delete"     // https://learn.microsoft.com/graph/api/temporaryaccesspassauthenticationmethod-delete
	ChangeDefault  ChangeKind = "default.change"  // https://learn.microsoft.com/graph/api/authentication-update?view=graph-rest-beta; beta only
	SendMail       ChangeKind = "mail.send"       // https://learn.microsoft.com/graph/api/user-sendmail
)

// ChangeKinds are all of them.
var ChangeKinds = []ChangeKind{DeleteMethod, RevokeSessions, CreatePass, DeletePass, ChangeDefault, SendMail}

// Repeatable reports whether doing c once more does no harm: what is gone stays
// gone, and sessions that are over end again. A pass made twice is two passes,
// of which nobody knows the first, and a mail sent twice two mails.
func (c Change) Repeatable() bool { return c.Kind != CreatePass && c.Kind != SendMail }

// A PassPolicy is what the tenant says about Temporary Access Passes.
// See https://learn.microsoft.com/graph/api/resources/temporaryaccesspassauthenticationmethodconfiguration.
type PassPolicy struct {
	Enabled  bool
	Min, Max time.Duration // of a pass's life
	Default  time.Duration
	OnlyOnce bool // every pass signs in a single time
	Length   int

	Everybody bool     // whether it is for all but those in NotFor
	For       []string // object ids of the groups it is for, if not
	NotFor    []string // object ids of the groups it is not for
}

// Fit returns the life nearest to the one wished for that the policy allows, in
// whole minutes, and whether the pass has to be one that signs in a single time.
func (p PassPolicy) Fit(life time.Duration, once bool) (time.Duration, bool) {
	if life == 0 {
		life = p.Default
	}
	return min(max(life.Truncate(time.Minute), p.Min), p.Max), once || p.OnlyOnce
}

// A PassState is a Temporary Access Pass that somebody has, but for the pass
// itself, which Graph shows when it is made and never again.
// See https://learn.microsoft.com/graph/api/resources/temporaryaccesspassauthenticationmethod.
type PassState struct {
	ID         string
	Created    time.Time
	From, Till time.Time
	Once       bool // signs in a single time
	Usable     bool
	Why        string // it is or is not usable: EnabledByPolicy, DisabledByPolicy, Expired, NotYetValid, OneTimeUsed
}

// A Risk is what Entra holds of somebody. The zero one is of who never stood out.
// See https://learn.microsoft.com/graph/api/resources/riskyuser.
type Risk struct {
	Level   string // none, low, medium, high, hidden; "" if nothing is known
	State   string // none, atRisk, confirmedCompromised, remediated, dismissed, confirmedSafe; "" if nothing is known
	Detail  string
	Updated time.Time
}

// AtRisk reports whether somebody should look before this account is changed.
func (r Risk) AtRisk() bool {
	return r.State == "atRisk" || r.State == "confirmedCompromised"
}

// A ContactField is a telephone number in the directory, masked: whoever calls
// reads the number itself where they can see it anyway.
type ContactField struct {
	Field  string // [BusinessPhone] or [MobilePhone]
	Masked string // "" if there is none
}

// The contact fields, as Graph calls them. The directory lets people change
// neither of them themselves, unless its admins allow it.
// See https://learn.microsoft.com/graph/api/resources/user.
const (
	BusinessPhone = "businessPhones"
	MobilePhone   = "mobilePhone"
)
