package diagnose

import (
	"cmp"
	"slices"
	"strings"
	"unicode"

	"mfahelp/graph"
)

// An answer is what to do about a cause.
type answer struct {
	alarm      bool
	adminsOnly bool
	ask        bool       // "was it you?" comes first
	weak       bool       // says little: a better reason, wherever it stands, goes before
	kind       graph.Kind // of the method that failed, where the log does not name it
	steps      []step     // the first three that fit are given
	notes      []string   // for admins; "note.<name>"
}

// answers is what to do about each cause. It is the whole table: what is not
// in it is no cause.
var answers = map[Cause]answer{
	ReportedFraud:      {alarm: true, adminsOnly: true, notes: []string{"incident", "unblock"}},
	SuspiciousActivity: {alarm: true, adminsOnly: true, notes: []string{"incident", "risky-user", "unblock"}},
	NotMe:              {alarm: true, adminsOnly: true, notes: []string{"incident"}},
	NumberAbuse:        {alarm: true, adminsOnly: true, notes: []string{"incident"}},
	Risk:               {alarm: true, adminsOnly: true, notes: []string{"incident", "risky-user"}},

	NoAnswer:       {kind: graph.Authenticator, steps: []step{appOnline, otherWay, appCode, say("notifications"), say("update-app")}},
	Declined:       {ask: true, steps: []step{say("approve"), otherWay}},
	WrongNumber:    {kind: graph.Authenticator, steps: []step{say("match-number"), otherWay, appCode}},
	WrongCode:      {steps: []step{newestCode, deviceTime, otherWay, appPrompt, phoneCheck}},
	ClockDrift:     {kind: graph.SoftwareOATH, steps: []step{deviceTime, otherWay, appPrompt, reAdd}, notes: []string{"hardware-token"}},
	CodeUsed:       {kind: graph.SoftwareOATH, steps: []step{nextCode, otherWay}},
	CodeNotEntered: {steps: []step{say("enter-code"), phoneCheck, otherWay}},
	TooManyCodes:   {steps: []step{say("wait-codes"), otherWay, deviceTime, newestCode}},
	InvalidAnswer:  {weak: true, steps: []step{say("retry"), otherWay, reAdd}},

	PhoneUnreachable: {kind: graph.PhoneMethod, steps: []step{phoneCheck, otherWay}},
	Voicemail:        {kind: graph.PhoneMethod, steps: []step{say("answer-call"), phoneCheck, otherWay}},
	HungUp:           {kind: graph.PhoneMethod, steps: []step{say("answer-call"), otherWay}},
	NoPhoneInput:     {kind: graph.PhoneMethod, steps: []step{say("answer-call"), otherWay}},
	WrongPIN:         {kind: graph.PhoneMethod, steps: []step{say("retry-pin"), otherWay}},
	BadPhoneNumber:   {kind: graph.PhoneMethod, steps: []step{otherWay, fixNumber}, notes: []string{"bad-number"}},
	CannotNotify:     {kind: graph.Authenticator, steps: []step{appOnline, otherWay, appCode, reAdd, say("update-app")}},

	NoMethod:        {steps: []step{link("register", mySecurityInfo)}, notes: []string{"pass"}},
	SetupUnfinished: {steps: []step{link("register", mySecurityInfo)}, notes: []string{"pass"}},
	Misconfigured:   {steps: []step{otherWay, reAdd, updateApp, fixNumber}, notes: []string{"re-register"}},
	BlockedUser:     {adminsOnly: true, notes: []string{"unblock"}},
	UserNotFound:    {steps: []step{rightAccount}, notes: []string{"re-register"}},
	Duplicate:       {weak: true, steps: []step{say("one-prompt"), clearSession}},
	InProgress:      {weak: true, steps: []step{say("one-prompt"), clearSession}},
	ServiceError:    {steps: []step{say("wait"), otherWay}, notes: []string{"service-health"}},
	NotCompleted:    {steps: []step{ready, phoneCheck, otherWay, appCode, appPrompt, clearSession}},

	ConditionalAccess:  {steps: []step{managedDevice, trustedNetwork, modernApp}, notes: []string{"policy"}},
	LocationNeeded:     {steps: []step{say("allow-location")}, notes: []string{"policy"}},
	RegistrationPlace:  {steps: []step{say("trusted-network"), say("managed-device")}, notes: []string{"policy", "pass"}},
	DeviceNotCompliant: {steps: []step{say("compliance"), say("managed-device")}, notes: []string{"device"}},
	DeviceNotJoined:    {steps: []step{say("managed-device")}, notes: []string{"device"}},
	DeviceBroken:       {steps: []step{say("restart")}, notes: []string{"device"}},
	BrokerMissing:      {steps: []step{say("install-broker")}},
	AppNotApproved:     {steps: []step{say("approved-app")}, notes: []string{"policy"}},
	Browser:            {steps: []step{say("browser")}, notes: []string{"policy"}},
	DeviceCode:         {steps: []step{say("sign-in-here")}, notes: []string{"policy"}},
	OldClient:          {steps: []step{say("modern-app")}},
	FirstFactor:        {steps: []step{say("use-password")}},

	Password:        {steps: []step{say("check-password"), link("reset-password", passwordReset)}, notes: []string{"not-mfa"}},
	PasswordExpired: {steps: []step{link("change-password", passwordReset)}, notes: []string{"not-mfa"}},
	Locked:          {steps: []step{say("wait-lock"), link("reset-password", passwordReset)}, notes: []string{"not-mfa"}},
	Disabled:        {adminsOnly: true, notes: []string{"never-reset"}},
	OnPremises:      {steps: []step{say("wait")}, notes: []string{"not-mfa"}},
	LogonHours:      {adminsOnly: true, notes: []string{"not-mfa"}},

	Session:     {steps: []step{say("sign-in-again"), clearSession}},
	PageExpired: {steps: []step{say("fresh-page"), clearSession}},
	Loop:        {steps: []step{say("close-app"), clearSession}},
	WindowsSSO:  {steps: []step{say("lock-unlock")}},
	TokenTime:   {steps: []step{deviceTime, say("sign-in-again")}},

	NoAccount:       {steps: []step{rightAccount}},
	WrongAccount:    {steps: []step{rightAccount, clearSession}, notes: []string{"guest"}},
	GuestPending:    {steps: []step{say("accept-invitation")}, notes: []string{"guest"}},
	CrossTenant:     {adminsOnly: true, notes: []string{"guest"}},
	NotAssigned:     {adminsOnly: true},
	Consent:         {adminsOnly: true},
	ConsentDeclined: {steps: []step{say("accept-consent")}},
	AppSetup:        {adminsOnly: true, notes: []string{"not-mfa"}},

	TelecomLimit:     {kind: graph.PhoneMethod, steps: []step{otherWay, say("wait")}},
	ExternalMFA:      {steps: []step{say("finish-page"), otherWay}},
	EmailCode:        {steps: []step{say("new-email-code")}},
	HelloKey:         {kind: graph.Hello, steps: []step{otherWay, say("hello-again")}, notes: []string{"device"}},
	KeyRefused:       {kind: graph.FIDO2, steps: []step{otherWay}, notes: []string{"credential-policy"}},
	CredentialPolicy: {adminsOnly: true, notes: []string{"credential-policy", "unblock"}},
	AccessPass:       {adminsOnly: true, notes: []string{"pass"}},
	OtherCode:        {steps: []step{say("sign-in-again")}},

	Interrupt:      {steps: []step{setup, say("finish-page"), clearSession}},
	SucceededLater: {steps: []step{say("close-page"), clearSession}},
	ExpiredLog:     {steps: []step{say("try-now")}},
	Unknown:        {steps: []step{say("retry"), otherWay, clearSession}},
}

// describe fills in what the person was asked with, and who said no.
func (m *matter) describe() {
	if asked := m.reason.step; asked != nil {
		m.d.Method, m.d.Device = asked.Method, asked.Detail
	}
	m.kind = cmp.Or(kindOf(m.d.Method), answers[m.d.Cause].kind)
	if m.kind == graph.PhoneMethod || isNumber(m.d.Device) {
		m.d.Device = masked(m.d.Device)
	}
	m.device = m.d.Device
	if m.kind == "" && m.base == strongAuth || m.kind != "" && m.device == "" {
		m.guess()
	}
	for _, p := range m.policies("") {
		if p.Value != "" && (m.d.Cause == ConditionalAccess || m.base != strongAuth) && m.d.Cause != SucceededLater {
			m.d.Policies = append(m.d.Policies, p.Value)
		}
	}
}

// guess takes it that the person was asked with their default method, or their
// only one, where the log does not say. It only makes the steps fit better.
func (m *matter) guess() {
	able := slices.DeleteFunc(slices.Clone(m.Methods), func(x graph.Method) bool {
		return !x.SecondFactor() || m.kind != "" && x.Kind != m.kind
	})
	i := slices.IndexFunc(able, func(x graph.Method) bool { return x.Default })
	if len(able) == 1 {
		i = 0
	}
	if i >= 0 {
		m.kind, m.device = able[i].Kind, able[i].Name
	}
}

// masked hides all digits of a number but the last two. The log masks them
// itself, but not in every kind of event.
func masked(number string) string {
	hide := len(digits(number)) - 2
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return r
		}
		if hide--; hide >= 0 {
			return 'X'
		}
		return r
	}, number)
}

// isNumber reports whether s is a phone number and not a name.
func isNumber(s string) bool {
	return len(digits(s)) > 4 && !strings.ContainsFunc(s, unicode.IsLetter)
}

// digits returns only the digits of s.
func digits(s string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, s)
}

// advise fills in what to do, and what admins should know.
func (m *matter) advise() {
	a := answers[m.d.Cause]
	m.d.Alarm, m.d.Ask, m.d.AdminNotes = a.alarm, a.ask, m.notes(a)
	if a.alarm {
		m.d.AdminsOnly = true
		return
	}
	own := m.own(a)
	m.d.AdminsOnly = len(own) == 0
	m.d.Steps = append(own, m.helpers(4-len(own))...)
}

// own returns what the person can do themselves, three things at the most.
func (m *matter) own(a answer) (own []Advice) {
	if a.adminsOnly {
		return nil
	}
	for _, s := range a.steps {
		if step, fits := s(m); fits && len(own) < 3 {
			own = append(own, step)
		}
	}
	if (m.SoleGlobalAdmin || m.guest()) && len(own) > 2 {
		own = own[:2] // two more are to come
	}
	return own
}

// notes names what admins should know besides what the cause tells.
func (m *matter) notes(a answer) []string {
	var all []string
	add := func(name string, fits bool) {
		if key := "note." + name; fits && !slices.Contains(all, key) {
			all = append(all, key)
		}
	}
	for _, n := range a.notes {
		add(n, n != "hardware-token" || m.hasHardwareToken())
	}
	quiet := m.d.Cause == NotCompleted || m.d.Cause == Unknown
	if s := m.event; s != nil {
		add("radius", strings.EqualFold(s.Resource, "radius"))
		add("adfs", strings.EqualFold(s.Resource, "adfs"))
		add("v1", quiet && s.API == graph.V1)
	}
	add("conflict", m.base == "530032")
	add("guest", m.guest())
	add("privileged", m.User != nil && m.User.Privileged())
	add("sole-admin", m.SoleGlobalAdmin)
	return all
}
