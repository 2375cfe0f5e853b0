package diagnose

import "slices"

// A Cause is why a sign-in failed. Its words are "cause.<cause>.title" and
// "cause.<cause>.body" for who asks, with [Diagnosis.Asked] in the gap, and
// "cause.<cause>.admin-title" and "cause.<cause>.admin" for admins. A cause
// that is an alarm has only the latter two, so that nobody can show it to who
// asks.
type Cause string

// The causes that are a matter of security.
const (
	ReportedFraud      Cause = "reported-fraud"      // the older fraud alert, in the app or on the phone
	SuspiciousActivity Cause = "suspicious-activity" // "report suspicious activity"
	NotMe              Cause = "not-me"              // the person says so here
	NumberAbuse        Cause = "number-abuse"        // prompts that somebody keeps sending
	Risk               Cause = "risk"                // Entra holds the sign-in or the account to be at risk
)

// The causes that the prompt itself tells.
const (
	NoAnswer       Cause = "no-answer"
	Declined       Cause = "declined"
	WrongNumber    Cause = "wrong-number"
	WrongCode      Cause = "wrong-code"
	ClockDrift     Cause = "clock-drift"
	CodeUsed       Cause = "code-used"
	CodeNotEntered Cause = "code-not-entered"
	TooManyCodes   Cause = "too-many-codes"
	InvalidAnswer  Cause = "invalid-answer" // the second step failed, in no more words

	PhoneUnreachable Cause = "phone-unreachable"
	Voicemail        Cause = "voicemail"
	HungUp           Cause = "hung-up"
	NoPhoneInput     Cause = "no-phone-input"
	WrongPIN         Cause = "wrong-pin"
	BadPhoneNumber   Cause = "bad-phone-number"
	CannotNotify     Cause = "cannot-notify"

	NoMethod        Cause = "no-method"
	SetupUnfinished Cause = "setup-unfinished"
	Misconfigured   Cause = "misconfigured"
	BlockedUser     Cause = "blocked-user" // on the list of those blocked from MFA
	UserNotFound    Cause = "user-not-found"
	Duplicate       Cause = "duplicate"
	InProgress      Cause = "in-progress"
	ServiceError    Cause = "service-error"
	NotCompleted    Cause = "not-completed" // the general sentence: nobody says why
)

// The causes that an error code tells.
const (
	ConditionalAccess  Cause = "conditional-access"
	LocationNeeded     Cause = "location-needed" // the policy wants to know where the phone is
	RegistrationPlace  Cause = "registration-place"
	DeviceNotCompliant Cause = "device-not-compliant"
	DeviceNotJoined    Cause = "device-not-joined"
	DeviceBroken       Cause = "device-broken"
	BrokerMissing      Cause = "broker-missing"
	AppNotApproved     Cause = "app-not-approved"
	Browser            Cause = "browser"
	DeviceCode         Cause = "device-code"
	OldClient          Cause = "old-client"
	FirstFactor        Cause = "first-factor" // signed in with what cannot be combined with MFA

	Password        Cause = "password"
	PasswordExpired Cause = "password-expired"
	Locked          Cause = "locked"
	Disabled        Cause = "disabled"
	OnPremises      Cause = "on-premises" // the company's own password service
	LogonHours      Cause = "logon-hours"

	Session     Cause = "session" // ran out, or was ended
	PageExpired Cause = "page-expired"
	Loop        Cause = "loop"
	WindowsSSO  Cause = "windows-sso"
	TokenTime   Cause = "token-time"

	NoAccount       Cause = "no-account"
	WrongAccount    Cause = "wrong-account"
	GuestPending    Cause = "guest-pending"
	CrossTenant     Cause = "cross-tenant"
	NotAssigned     Cause = "not-assigned"
	Consent         Cause = "consent"
	ConsentDeclined Cause = "consent-declined"
	AppSetup        Cause = "app-setup" // the program is to blame, not the person

	TelecomLimit     Cause = "telecom-limit"
	ExternalMFA      Cause = "external-mfa"
	EmailCode        Cause = "email-code"
	HelloKey         Cause = "hello-key"
	KeyRefused       Cause = "key-refused"
	CredentialPolicy Cause = "credential-policy"
	AccessPass       Cause = "access-pass"

	OtherCode Cause = "other-code" // one that is catalogued, and has no better place here
)

// The causes that are about the log.
const (
	Interrupt      Cause = "interrupt"       // more was asked, and what came of it is not there
	SucceededLater Cause = "succeeded-later" // it worked
	ExpiredLog     Cause = "expired-log"     // too old to be looked up
	Unknown        Cause = "unknown"         // common, and no reason to guess
)

// Alarm reports whether c is a matter of security, of which the asker is told
// nothing but that the admins have it.
func (c Cause) Alarm() bool { return answers[c].alarm }

// Key names one of the sentences of c: "title", "body", "admin-title", "admin".
func (c Cause) Key(part string) string { return "cause." + string(c) + "." + part }

// Causes returns every cause there is, sorted.
func Causes() []Cause {
	all := make([]Cause, 0, len(answers))
	for c := range answers {
		all = append(all, c)
	}
	slices.Sort(all)
	return all
}
