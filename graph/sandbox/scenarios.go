package sandbox

import (
	"fmt"
	"strings"
	"time"

	"mfahelp/graph"
)

// A Scenario is a way in which somebody at Contoso fails to sign in.
type Scenario struct {
	Name    string `json:"name"` // such as "no-response"
	Title   string `json:"title"`
	Summary string `json:"summary"` // what really happened, which nobody there can see
	UPN     string `json:"upn"`
}

// A Failure is what a scenario leaves: an error page, and perhaps events.
type Failure struct {
	Scenario      string    `json:"scenario"`
	Text          string    `json:"text"` // of the error page, to be pasted
	Code          int       `json:"code"`
	RequestID     string    `json:"request_id"` // as on the page; see "other-request-id"
	CorrelationID string    `json:"correlation_id"`
	At            time.Time `json:"at"`               // as on the page, which is some seconds after the event began
	Visible       time.Time `json:"visible,omitzero"` // when the log will have it; zero if never
	UserID        string    `json:"user_id"`
	UPN           string    `json:"upn"`
	Events        []string  `json:"events"` // the ids of all its events, in order
}

// script is a Scenario with what happens in it.
type script struct {
	Scenario
	play func(*visit)
}

// Results as the log spells them.
// See https://learn.microsoft.com/entra/identity/authentication/howto-mfa-reporting,
// which spells them otherwise.
const (
	declined       = "MFA denied; user declined the authentication"
	noResponse     = "MFA denied; user did not respond to mobile app notification"
	wrongNumber    = "MFA denied; user did not select the correct number"
	duplicate      = "MFA denied; duplicate authentication attempt"
	wrongCode      = "MFA denied; invalid verification code"
	usedCode       = "MFA denied; Verification code already used"
	fraud          = "MFA denied; Phone App Reported Fraud"
	fraudCode      = "MFA denied; Fraud Code Entered"
	suspicious     = "SuspiciousActivityReported"
	blocked        = "MFA denied; user is blocked"
	unreachable    = "MFA denied; unable to reach the user's phone"
	voicemail      = "MFA denied; phone call went to voicemail"
	cannotNotify   = "MFA denied; unable to send the mobile app notification"
	noneRegistered = "MFA denied; user does not have any verification methods registered"
	wrongPassword  = "Invalid username or password or Invalid on-premise username or password."
)

// scripts are all scenarios, in the order in which a demo offers them.
var scripts = []script{
	{Scenario{"no-response", "No answer to the notification", "The phone was in another room, and the prompt timed out.", "sofia.almeida"},
		func(v *visit) { v.fail(notification, noResponse) }},
	{Scenario{"declined", "Declined on the phone", "A prompt came while nobody was looking, and a thumb hit Deny.", "hugo.moreau"},
		func(v *visit) {
			v.fail(notification, declined).Details = "MFA Denied; user declined the authentication"
		}},
	{Scenario{"fraud", "Reported as fraud", "A stranger has the password. The phone's owner pressed Report fraud.", "ingrid.haugen"},
		func(v *visit) { v.from = abroad(); v.fail(notification, fraud).Details = fraud }},
	{Scenario{"fraud-code", "Fraud code on the phone call", "A call asked to confirm a sign-in that nobody had begun, and the fraud code was entered.", "yara.santos"},
		func(v *visit) { v.from = abroad(); v.fail(voiceCall, fraudCode) }},
	{Scenario{"suspicious", "Reported as suspicious activity", "A stranger has the password. The phone's owner pressed Report suspicious activity.", "karim.haddad"},
		func(v *visit) {
			v.from = abroad()
			v.fail(notification, suspicious)
			v.atRisk()
		}},
	{Scenario{"prompt-bombing", "Prompt after prompt", "A stranger has the password, and hopes that somebody gives in.", "amara.diallo"}, playBombing},
	{Scenario{"wrong-number", "Wrong number picked", "Two prompts were open, and the number was read off the wrong one.", "aiko.sato"},
		func(v *visit) { v.fail(notification, wrongNumber) }},
	{Scenario{"wrong-code", "Codes that never fit", "The clock of the phone is two minutes slow.", "ben.novak"}, playWrongCode},
	{Scenario{"code-used", "A code used twice", "The code on the token had not changed since the last sign-in.", "wanjiru.kamau"},
		func(v *visit) { v.fail(oathCode, usedCode) }},
	{Scenario{"sms-code-wrong", "Wrong code from a text message", "Two text messages came, and the older one was typed in.", "leila.farouk"},
		func(v *visit) { v.fail(textMessage, wrongCode) }},
	{Scenario{"phone-unreachable", "The phone cannot be called", "The desk phone is registered, and nobody is at the desk's office any more.", "carmen.ruiz"},
		func(v *visit) { v.fail(voiceCall, unreachable) }},
	{Scenario{"voicemail", "The call went to voicemail", "The phone was switched off.", "mateo.garcia"},
		func(v *visit) { v.fail(voiceCall, voicemail) }},
	{Scenario{"cannot-notify", "The notification cannot be sent", "The phone was set up anew, and the app with it.", "quynh.tran"},
		func(v *visit) { v.fail(notification, cannotNotify) }},
	{Scenario{"duplicate-prompt", "A second prompt replaced the first", "The page was reloaded, and then the second prompt timed out.", "zoltan.kiss"}, playDuplicate},
	{Scenario{"blocked", "Blocked after a fraud report", "They reported fraud weeks ago, and have been on the block list since.", "dmitri.volkov"},
		func(v *visit) { v.fail(notification, blocked).Details = blocked }},
	{Scenario{"no-method", "Nothing registered", "First day at work, and no method is registered yet.", "elif.yilmaz"}, playNoMethod},
	{Scenario{"generic-only", "A failure without a reason", "The log says no more than that it failed.", "julia.schneider"},
		func(v *visit) { v.fail(notification, generic) }},
	{Scenario{"muddled", "A log that contradicts itself", "The steps say both that it failed and that it worked.", "victor.costa"}, playMuddled},
	{Scenario{"ca-block", "Blocked by Conditional Access", "Travelling, where no one may sign in from.", "femi.adeyemi"}, playBlock},
	{Scenario{"late", "The log is late", "An ordinary failure, which takes its time to reach the log.", "grace.nguyen"}, playLate},
	{Scenario{"not-found", "Not in the log at all", "The sign-in ended before the tenant got to know of it.", "henrik.nielsen"},
		func(v *visit) { v.fail(notification, noResponse); v.forget() }},
	{Scenario{"other-request-id", "The page shows another request", "The page was the last of several, and its Request Id is of no event.", "uma.patel"},
		func(v *visit) { v.fail(notification, noResponse); v.page.request = v.t.newRequestID() }},
	{Scenario{"two-sign-ins", "Two failures, and no ids", "Two attempts, minutes apart, failed for different reasons; only the sentence was copied.", "kenji.watanabe"}, playTwo},
	{Scenario{"success-after", "Failed, then got in", "The second attempt worked, and the paste is of the first.", "pavel.dvorak"},
		func(v *visit) { v.fail(notification, noResponse); v.wait(80 * time.Second); v.getIn() }},
	{Scenario{"session-expired", "The session has expired", "A policy asks to sign in again every day.", "noor.jansen"},
		func(v *visit) { v.end(70044, "") }},
	{Scenario{"password-wrong", "Wrong password", "Caps lock was on.", "olga.kowalska"},
		func(v *visit) { v.end(50126, "", v.refusedPassword(wrongPassword)) }},
	{Scenario{"locked", "Locked after wrong passwords", "An old phone keeps trying the old password.", "xavier.dubois"},
		func(v *visit) { v.end(50053, "", v.refusedPassword("Other")) }},
	{Scenario{"wrong-account", "Signed in with a private account", "The browser knew another account, and used it.", "samuel.otieno"}, playWrongAccount},
	{Scenario{"disabled", "The account is disabled", "The contract has ended.", "ivan.petrov"},
		func(v *visit) { v.end(50057, "", v.refusedPassword("Other")) }},
	{Scenario{"guest", "A guest from another company", "Her second factor is her own company's business.", "rosa.bianchi@fabrikam.com"}, playGuest},
	{Scenario{"privileged", "An administrator by a group", "His phone is lost, and a group makes him Authentication Administrator.", "lars.brandt"},
		func(v *visit) { v.fail(notification, noResponse) }},
	{Scenario{"eligible-admin", "An administrator when she needs to be", "May take up a privileged role, and holds none right now.", "nia.mensah"},
		func(v *visit) { v.fail(notification, wrongNumber) }},
	{Scenario{"sole-admin", "The only Global Administrator", "Nobody else could give him his rights back.", "jonas.lindqvist"},
		func(v *visit) { v.fail(notification, noResponse) }},
}

func playBombing(v *visit) {
	v.from = abroad()
	for range 2 {
		v.fail(notification, noResponse)
		v.wait(90 * time.Second)
		v.fail(notification, declined)
		v.wait(2 * time.Minute)
	}
	v.fail(notification, declined).Details = "MFA Denied; user declined the authentication"
}

func playWrongCode(v *visit) {
	v.interrupt(50074)
	for range 4 {
		v.deny(softwareToken, wrongCode)
		v.wait(15 * time.Second)
	}
}

func playDuplicate(v *visit) {
	v.fail(notification, duplicate)
	v.deny(notification, noResponse)
}

// playNoMethod goes through the registration that the new colleague left.
func playNoMethod(v *visit) {
	v.interrupt(50072)
	v.interrupt(50079)
	v.deny("", noneRegistered)
}

// playMuddled has the artefacts of a log in the making: a password row that
// fails with the text of the whole, and good news on a row that failed.
func playMuddled(v *visit) {
	e := v.fail(notification, noResponse)
	e.Steps[0].Succeeded, e.Steps[0].Result = false, failureReasons[500121]
	e.Steps = append(e.Steps, v.step(notification, completed, false))
}

func playBlock(v *visit) {
	v.from = abroad()
	e := v.end(53003, "", v.passwordStep())
	e.ConditionalAccess = "failure"
	e.Policies = []graph.Policy{
		{ID: stableID("policy", "countries"), Name: "Block sign-in from outside our countries", Grants: []string{"Block"}, Result: "failure"},
		{ID: stableID("policy", "mfa"), Name: "Require MFA for everybody", Grants: []string{"Mfa"}, Result: "notApplied"},
	}
}

func playLate(v *visit) {
	v.fail(notification, noResponse)
	for i := range v.events {
		v.events[i].Visible = v.at.Add(v.t.opts.Late)
	}
}

func playTwo(v *visit) {
	v.fail(notification, wrongNumber)
	v.correlation = v.t.newGUID()
	v.wait(6 * time.Minute)
	v.fail(notification, noResponse)
	v.page.noIDs = true
}

func playWrongAccount(v *visit) {
	name := "samuel.otieno@outlook.com"
	e := v.end(50020, fmt.Sprintf(failureReasons[50020], name))
	e.UPN, e.UserID, e.UserName, e.Guest = name, stableID("user", name), "Samuel", true
}

// playGuest has the guest fail here, after a password that was checked at home.
func playGuest(v *visit) {
	v.fail(notification, noResponse)
	for i := range v.events {
		v.events[i].Steps[0].Detail = ""
	}
}

// end is a sign-in that ends before any second factor is asked for.
func (v *visit) end(code int, message string, steps ...graph.Step) *Event {
	e := v.shown(v.event(code, "", steps...))
	if message == "" {
		message = failureReasons[code]
	}
	e.Failure, v.page.message = message, message
	return e
}

// atRisk makes the event, and who it is about, look like the break-in that they
// have reported. The older fraud alert does not: it blocks them instead.
// See https://learn.microsoft.com/entra/identity/authentication/howto-mfa-mfasettings.
func (v *visit) atRisk() {
	e := &v.events[len(v.events)-1]
	e.RiskEvents, e.RiskState, e.RiskLevel = []string{"userReportedSuspiciousActivity"}, "atRisk", "high"
	v.u.riskLevel, v.u.riskChanged = "high", v.t.now()
}

// forget leaves the page with nothing behind it.
func (v *visit) forget() {
	e := v.events[v.page.event]
	v.page.request, v.page.recorded = e.ID, false
	v.events = nil
}

// failureReasons are the sentences that belong to a code, in the log and on
// the page. That of 50020 names the account.
// See https://github.com/f-bader/EntraID-ErrorCodes.
var failureReasons = map[int]string{
	500121: "Authentication failed during strong authentication request.",
	50074:  "Strong Authentication is required.",
	50072:  "Due to a configuration change made by your administrator, or because you moved to a new location, you must enroll in multi-factor authentication to access '" + graphAppID + "'.",
	50079:  "Due to a configuration change made by your administrator, or because you moved to a new location, you must enroll in multi-factor authentication to access '" + graphAppID + "'.",
	53003:  "Access has been blocked by Conditional Access policies. The access policy does not allow token issuance.",
	50076:  "Due to a configuration change made by your administrator, or because you moved to a new location, you must use multi-factor authentication to access '" + graphAppID + "'.",
	130501: "Sign in was blocked due to User Credential Policy.",
	130502: "Temporary Access Pass sign in was blocked due to User Credential Policy.",
	130503: "Your Temporary Access Pass is incorrect. If you don't know your pass, contact your administrator.",
	130504: "Your Temporary Access Pass has expired.",
	130505: "The one-time Temporary Access Pass has already been redeemed.",
	130507: "Access pass was not found.",
	50126:  "Error validating credentials due to invalid username or password.",
	50057:  "The user account is disabled.",
	50053:  "The account is locked, you've tried to sign in too many times with an incorrect user ID or password.",
	70044:  "The session has expired or is invalid due to sign-in frequency checks by conditional access.",
	50020:  "User account '%s' from identity provider 'live.com' does not exist in tenant 'Contoso' and cannot access the application '00000002-0000-0ff1-ce00-000000000000'(Office 365 Exchange Online) in that tenant. The account needs to be added as an external user in the tenant first. Sign out and sign in again with a different Azure Active Directory user account.",
}

// Scenarios returns all of them, in the order for a demo.
func (t *Tenant) Scenarios() []Scenario {
	var list []Scenario
	for _, s := range scripts {
		list = append(list, s.full())
	}
	return list
}

// full is the scenario with the whole user principal name, as Person wants it.
func (s script) full() Scenario {
	if !strings.Contains(s.UPN, "@") {
		s.UPN += "@" + Domain
	}
	return s.Scenario
}

// Fail makes a scenario happen right now, and returns what its error page
// shows. It can be played again and again: the ids are new each time.
func (t *Tenant) Fail(scenario string) (Failure, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, s := range scripts {
		if s.Name == scenario {
			return t.play(s), nil
		}
	}
	return Failure{}, fmt.Errorf("no scenario is called %q", scenario)
}

func (t *Tenant) play(s script) Failure {
	now := t.now()
	u := t.mustUser(s.full().UPN)
	v := t.visit(u, now)
	s.play(v)
	v.record(now)
	f := Failure{
		Scenario: s.Name, Code: v.page.code, RequestID: v.page.request, CorrelationID: v.correlation,
		At: v.page.at.Truncate(time.Second), UserID: u.ID, UPN: u.UPN,
	}
	if v.page.recorded {
		e := v.events[v.page.event]
		fill(&f.RequestID, e.ID)
		f.Visible = e.Visible
	}
	for _, e := range v.events {
		f.Events = append(f.Events, e.ID)
	}
	f.Text = v.page.text(f)
	return f
}

// text is the error page, in the layouts that people paste.
func (p errorPage) text(f Failure) string {
	ids := fmt.Sprintf("Request Id: %s\nCorrelation Id: %s\nTimestamp: %s\n", f.RequestID, f.CorrelationID, f.At.Format(time.RFC3339))
	switch {
	case p.noIDs:
		return fmt.Sprintf("AADSTS%d: %s", p.code, failureReasons[p.code])
	case p.message != "":
		return ids + fmt.Sprintf("Message: AADSTS%d: %s", p.code, p.message)
	}
	return fmt.Sprintf("Error Code: %d\n%s", p.code, strings.TrimSuffix(ids, "\n"))
}

// SignInAgain has somebody sign in as they should, and returns that event.
func (t *Tenant) SignInAgain(name string) (Event, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	u := t.user(name)
	if u == nil {
		return Event{}, fmt.Errorf("nobody is called %q", name)
	}
	v := t.visit(u, t.now())
	v.getIn()
	v.record(t.now())
	return v.events[len(v.events)-1], nil
}
