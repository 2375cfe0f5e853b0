package sandbox

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"mfahelp/graph"
)

// told is what the log says of a scenario, as a test writes it down.
type told struct {
	codes   []int  // of its events, the oldest first
	method  string // of the last step of the event on the page
	result  string
	details string // additionalDetails; "" for the generic sentence
}

// TestScenarios compares what the log says with the strings that are known from
// real logs.
func TestScenarios(t *testing.T) {
	mfa := []int{50074, 500121}
	for name, want := range map[string]told{
		"no-response":       {mfa, notification, "MFA denied; user did not respond to mobile app notification", ""},
		"declined":          {mfa, notification, "MFA denied; user declined the authentication", "MFA Denied; user declined the authentication"},
		"fraud":             {mfa, notification, "MFA denied; Phone App Reported Fraud", "MFA denied; Phone App Reported Fraud"},
		"fraud-code":        {mfa, voiceCall, "MFA denied; Fraud Code Entered", ""},
		"suspicious":        {mfa, notification, "SuspiciousActivityReported", ""},
		"prompt-bombing":    {[]int{50074, 500121, 50074, 500121, 50074, 500121, 50074, 500121, 50074, 500121}, notification, declined, "MFA Denied; user declined the authentication"},
		"wrong-number":      {mfa, notification, "MFA denied; user did not select the correct number", ""},
		"wrong-code":        {[]int{50074, 500121, 500121, 500121, 500121}, "Software OATH token", "MFA denied; invalid verification code", ""},
		"code-used":         {mfa, "OATH verification code", "MFA denied; Verification code already used", ""},
		"sms-code-wrong":    {mfa, "Text message", "MFA denied; invalid verification code", ""},
		"phone-unreachable": {mfa, voiceCall, "MFA denied; unable to reach the user's phone", ""},
		"voicemail":         {mfa, voiceCall, "MFA denied; phone call went to voicemail", ""},
		"cannot-notify":     {mfa, notification, "MFA denied; unable to send the mobile app notification", ""},
		"duplicate-prompt":  {[]int{50074, 500121, 500121}, notification, noResponse, ""},
		"blocked":           {mfa, notification, "MFA denied; user is blocked", "MFA denied; user is blocked"},
		"no-method":         {[]int{50072, 50079, 500121}, "", "MFA denied; user does not have any verification methods registered", ""},
		"generic-only":      {mfa, notification, generic, ""},
		"muddled":           {mfa, notification, "MFA successfully completed", ""},
		"ca-block":          {[]int{53003}, "Password", "Correct password", "-"},
		"late":              {mfa, notification, noResponse, ""},
		"other-request-id":  {mfa, notification, noResponse, ""},
		"two-sign-ins":      {[]int{50074, 500121, 50074, 500121}, notification, noResponse, ""},
		"success-after":     {[]int{50074, 500121, 50074, 0}, notification, noResponse, ""},
		"session-expired":   {[]int{70044}, "", "", "-"},
		"password-wrong":    {[]int{50126}, "Password", wrongPassword, "-"},
		"locked":            {[]int{50053}, "Password", "Other", "-"},
		"wrong-account":     {[]int{50020}, "", "", "-"},
		"disabled":          {[]int{50057}, "Password", "Other", "-"},
		"guest":             {mfa, notification, noResponse, ""},
		"privileged":        {mfa, notification, noResponse, ""},
		"eligible-admin":    {mfa, notification, wrongNumber, ""},
		"sole-admin":        {mfa, notification, noResponse, ""},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			f, err := w.Fail(name)
			if err != nil {
				t.Fatal(err)
			}
			w.Advance(time.Minute) // the late ones have come
			var got told
			for _, id := range f.Events {
				e := w.get("/beta/auditLogs/signIns/" + id)
				code, _ := e.at("status/errorCode").(float64)
				got.codes = append(got.codes, int(code))
				if id == f.RequestID || name == "other-request-id" {
					got.method, got.result, got.details = lastStep(e)
				}
			}
			if diff := cmp.Diff(want, got, cmp.AllowUnexported(told{})); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// lastStep returns how an event ended.
func lastStep(e answer) (method, result, details string) {
	steps, _ := e.at("authenticationDetails").([]any)
	if n := len(steps); n > 0 {
		method, result = steps[n-1].(map[string]any)["authenticationMethod"].(string), steps[n-1].(map[string]any)["authenticationStepResultDetail"].(string)
	}
	details, ok := e.at("status/additionalDetails").(string)
	switch {
	case !ok:
		details = "-"
	case details == generic:
		details = ""
	}
	return method, result, details
}

// TestEveryScenario is what holds for all of them.
func TestEveryScenario(t *testing.T) {
	guid := regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	w := newWorld(t)
	seen := map[string]bool{}
	for _, s := range w.Scenarios() {
		for range 2 { // each time with new ids
			f, err := w.Fail(s.Name)
			if err != nil {
				t.Fatal(err)
			}
			if seen[f.RequestID] || seen[f.CorrelationID] || !guid.MatchString(f.RequestID) || !guid.MatchString(f.CorrelationID) {
				t.Errorf("%s: ids %s and %s", s.Name, f.RequestID, f.CorrelationID)
			}
			seen[f.RequestID], seen[f.CorrelationID] = true, true
			if !strings.HasSuffix(f.RequestID, "00") && !strings.HasSuffix(f.RequestID, "01") {
				t.Errorf("%s: %s does not end like a request id", s.Name, f.RequestID)
			}
			if f.At.After(noon) || noon.Sub(f.At) > 3*time.Minute || f.At.Nanosecond() != 0 {
				t.Errorf("%s: the page says %v", s.Name, f.At)
			}
			checkText(t, s, f)
		}
	}
	for _, e := range w.Events() {
		if e.At.After(noon) {
			t.Errorf("%s %d is from the future: %v", e.UPN, e.ErrorCode, e.At)
		}
		if e.ErrorCode == 500121 && !interrupted(w.Events(), e) {
			t.Errorf("%s: no interrupt came before %s", e.UPN, e.ID)
		}
		for _, s := range e.Steps {
			if s.Method == notification && s.Detail == "" && !e.Guest || s.Method == textMessage && !strings.HasPrefix(s.Detail, "+1 XXXXXXXX") {
				t.Errorf("%s: a prompt went nowhere: %+v", e.UPN, s)
			}
			if s.At.Before(e.At.Truncate(time.Second)) || s.At.After(noon) {
				t.Errorf("%s: a step at %v of what began at %v", e.UPN, s.At, e.At)
			}
		}
		if e.UPN != strings.ToLower(e.UPN) || e.Failure == "" != (e.ErrorCode == 0) {
			t.Errorf("got %+v", e)
		}
	}
}

func checkText(t *testing.T, s Scenario, f Failure) {
	t.Helper()
	ids := fmt.Sprintf("Request Id: %s\nCorrelation Id: %s\nTimestamp: %s", f.RequestID, f.CorrelationID, f.At.Format(time.RFC3339))
	want := fmt.Sprintf("Error Code: %d\n%s", f.Code, ids)
	switch {
	case s.Name == "two-sign-ins":
		want = "AADSTS500121: Authentication failed during strong authentication request."
	case f.Code != 500121:
		want = fmt.Sprintf("%s\nMessage: AADSTS%d: ", ids, f.Code)
	}
	if !strings.HasPrefix(f.Text, want) || f.Code == 500121 && f.Text != want {
		t.Errorf("%s: got %q, want %q", s.Name, f.Text, want)
	}
}

// interrupted reports whether an interrupt came before e in the same visit.
func interrupted(events []Event, e Event) bool {
	for _, before := range events {
		if before.CorrelationID == e.CorrelationID && before.At.Before(e.At) && (before.ErrorCode == 50074 || before.ErrorCode == 50072) {
			return true
		}
	}
	return false
}

func (w world) fail(name string) Failure {
	w.t.Helper()
	f, err := w.Fail(name)
	if err != nil {
		w.t.Fatal(err)
	}
	return f
}

func TestTheLateEventIsLate(t *testing.T) {
	w := newWorld(t)
	f := w.fail("late")
	w.Advance(39 * time.Second)
	if got := w.get("/beta/auditLogs/signIns/" + f.RequestID); got.status != 404 {
		t.Errorf("after 39 s: got %d", got.status)
	}
	w.Advance(time.Second)
	if got := w.get("/beta/auditLogs/signIns/" + f.RequestID); got.status != 200 {
		t.Errorf("after 40 s: got %d", got.status)
	}
}

func TestWhatIsNotFoundNeverComes(t *testing.T) {
	w := newWorld(t)
	f := w.fail("not-found")
	w.Advance(24 * time.Hour)
	for _, clause := range []string{"id eq '" + f.RequestID + "'", "correlationId eq '" + f.CorrelationID + "'", "userId eq '" + f.UserID + "'"} {
		if got := w.get("/beta/auditLogs/signIns", "$filter", clause); got.status != 200 || len(got.values()) != 0 {
			t.Errorf("%s: got %d %s", clause, got.status, got.text)
		}
	}
	if !f.Visible.IsZero() || len(f.Events) != 0 {
		t.Errorf("got %+v", f)
	}
}

func TestTheOtherRequestIDLeadsNowhere(t *testing.T) {
	w := newWorld(t)
	f := w.fail("other-request-id")
	if got := w.get("/beta/auditLogs/signIns/" + f.RequestID); got.status != 404 {
		t.Errorf("by request id: got %d", got.status)
	}
	if got := w.get("/beta/auditLogs/signIns", "$filter", "correlationId eq '"+f.CorrelationID+"'"); len(got.values()) != 2 {
		t.Errorf("by correlation id: got %s", got.text)
	}
}

func TestTheGuestIsNamedAsAtHome(t *testing.T) {
	w := newWorld(t)
	f := w.fail("guest")
	if want := "rosa.bianchi_fabrikam.com#EXT#@contoso.onmicrosoft.com"; f.UPN != want {
		t.Errorf("in the directory: got %s, want %s", f.UPN, want)
	}
	got := w.get("/beta/auditLogs/signIns/" + f.RequestID)
	if got.at("userPrincipalName") != "rosa.bianchi@fabrikam.com" || got.at("userType") != "guest" || got.at("homeTenantId") == w.ID() || got.at("resourceTenantId") != w.ID() {
		t.Errorf("in the log: got %s", got.text)
	}
	if got := w.get("/v1.0/users/" + strings.ReplaceAll(f.UPN, "#", "%23")); got.status != 200 || got.at("id") != f.UserID {
		t.Errorf("by user principal name: got %d %s", got.status, got.text)
	}
}

func TestABlockComesFromOutsideAndWithoutASecondFactor(t *testing.T) {
	w := newWorld(t)
	got := w.get("/v1.0/auditLogs/signIns/" + w.fail("ca-block").RequestID)
	if got.at("location/countryOrRegion") == "NG" || got.at("conditionalAccessStatus") != "failure" ||
		got.at("appliedConditionalAccessPolicies/0/result") != "failure" || got.at("appliedConditionalAccessPolicies/0/enforcedGrantControls/0") != "Block" {
		t.Errorf("got %s", got.text)
	}
}

func TestAReportOfSuspiciousActivityMakesTheUserRisky(t *testing.T) {
	w := newWorld(t)
	f := w.fail("suspicious")
	if got := w.get("/v1.0/identityProtection/riskyUsers/" + f.UserID); got.at("riskLevel") != "high" || got.at("riskState") != "atRisk" {
		t.Errorf("got %d %s", got.status, got.text)
	}
	w = newWorld(t)
	if got := w.get("/v1.0/identityProtection/riskyUsers/" + w.fail("fraud").UserID); got.status != 404 {
		t.Errorf("a fraud alert is not a risk: got %d %s", got.status, got.text)
	}
}

// TestTheMuddledLog has good news on a row that failed, and the whole text on
// the row of the password.
func TestTheMuddledLog(t *testing.T) {
	w := newWorld(t)
	f := w.fail("muddled")
	got := answer{body: map[string]any{"value": w.get("/beta/auditLogs/signIns/" + f.RequestID).at("authenticationDetails")}}
	if diff := cmp.Diff([]any{"Authentication failed during strong authentication request.", noResponse, "MFA successfully completed"}, got.column("authenticationStepResultDetail")); diff != "" {
		t.Errorf("results (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]any{false, false, false}, got.column("succeeded")); diff != "" {
		t.Errorf("succeeded (-want +got):\n%s", diff)
	}
}

func TestTheWrongAccountIsAStranger(t *testing.T) {
	w := newWorld(t)
	f := w.fail("wrong-account")
	if !strings.Contains(f.Text, "User account 'samuel.otieno@outlook.com' from identity provider 'live.com' does not exist in tenant 'Contoso'") {
		t.Errorf("got %q", f.Text)
	}
	got := w.get("/beta/auditLogs/signIns/" + f.RequestID)
	if got.at("userPrincipalName") != "samuel.otieno@outlook.com" || got.at("userId") == f.UserID {
		t.Errorf("got %s", got.text)
	}
}

func TestSignInAgain(t *testing.T) {
	w := newWorld(t)
	for _, p := range w.People() {
		e, err := w.SignInAgain(p.UPN)
		if err != nil {
			t.Fatal(err)
		}
		got := w.get("/beta/auditLogs/signIns", "$filter", "correlationId eq '"+e.CorrelationID+"'")
		if diff := cmp.Diff([]any{0.0, 50074.0}, got.column("status/errorCode")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", p.UPN, diff)
		}
	}
	if _, err := w.SignInAgain("nobody@contoso.com"); err == nil {
		t.Error("somebody unknown signs in")
	}
	if _, err := w.Fail("unheard-of"); err == nil {
		t.Error("a scenario that is none plays")
	}
}

func TestWhoLostTheirPhoneCanStillFail(t *testing.T) {
	w := newWorld(t)
	w.mustUser("sofia.almeida@contoso.com").methods = nil
	if f, err := w.Fail("no-response"); err != nil || f.Text == "" {
		t.Errorf("got %+v, %v", f, err)
	}
}

func TestRecordFillsIn(t *testing.T) {
	w := newWorld(t)
	got := w.Record(Event{SignIn: graph.SignIn{UPN: "Aiko.Sato@contoso.com", ErrorCode: 50126}})
	if got.ID == "" || got.CorrelationID == "" || got.UserID != stableID("user", "aiko.sato@contoso.com") || got.UserName != "Aiko Sato" ||
		got.UPN != "aiko.sato@contoso.com" || !got.At.Equal(noon) || got.Failure != "Error validating credentials due to invalid username or password." {
		t.Errorf("got %+v", got)
	}
}
