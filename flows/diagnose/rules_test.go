package diagnose

import (
	"testing"

	"mfahelp/graph"
	"mfahelp/graph/aadsts"
)

const (
	declined    = "MFA denied; user declined the authentication"
	silence     = "MFA denied; user did not respond to mobile app notification"
	wrongNumber = "MFA denied; user did not select the correct number"
	wrongCode   = "MFA denied; invalid verification code"
	duplicate   = "MFA denied; duplicate authentication attempt"
	fraud       = "MFA denied; Phone App Reported Fraud"
)

func TestWhichWordsOfAnEventCount(t *testing.T) {
	no := func(result string) graph.Step { return asked(push, "iPhone 15", result) }
	yes := func(result string) graph.Step {
		return graph.Step{Method: push, Detail: "iPhone 15", Succeeded: true, Result: result}
	}
	primary := func(result string) graph.Step { return graph.Step{Method: "Password", Result: result} }
	for _, test := range []struct {
		name    string
		details string
		steps   []graph.Step
		cause   Cause
		sure    Confidence
		field   string
	}{
		{"the step that failed", general, []graph.Step{passed(), no(silence)}, NoAnswer, Certain, "authenticationDetails[1].authenticationStepResultDetail"},
		{"the last of several", general, []graph.Step{no(silence), no(declined)}, Declined, Certain, "authenticationDetails[1].authenticationStepResultDetail"},
		{"but not a duplicate", general, []graph.Step{no(silence), no(duplicate)}, NoAnswer, Certain, "authenticationDetails[0].authenticationStepResultDetail"},
		{"nothing but a duplicate", general, []graph.Step{no(duplicate)}, Duplicate, Certain, "authenticationDetails[0].authenticationStepResultDetail"},
		{"the last of two that say little", general, []graph.Step{no("MFA denied; authentication in-progress"), no(duplicate)}, Duplicate, Certain, "authenticationDetails[1].authenticationStepResultDetail"},
		{"the details, if the steps are silent", declined, []graph.Step{passed(), no("")}, Declined, Likely, "status.additionalDetails"},
		{"the details over a duplicate", declined, []graph.Step{no(duplicate)}, Declined, Likely, "status.additionalDetails"},
		{"a step over the details", declined, []graph.Step{no(silence)}, NoAnswer, Certain, "authenticationDetails[0].authenticationStepResultDetail"},
		{"the details over what we do not know", declined, []graph.Step{no("MFA denied; something new")}, Declined, Likely, "status.additionalDetails"},
		{"not a step that succeeded", general, []graph.Step{yes(declined)}, NotCompleted, CodeOnly, "status.additionalDetails"},
		{"words of success only where they are true", general, []graph.Step{no("MFA successfully completed"), no(silence)}, NoAnswer, Certain, "authenticationDetails[1].authenticationStepResultDetail"},
		{"not the artefact of the password", general, []graph.Step{primary(failed)}, NotCompleted, CodeOnly, "status.additionalDetails"},
		{"nor before a real reason", general, []graph.Step{no(silence), primary(failed)}, NoAnswer, Certain, "authenticationDetails[0].authenticationStepResultDetail"},
		{"a claim in the token, later corrected", general, []graph.Step{no("MFA requirement satisfied by claim in the token")}, NotCompleted, CodeOnly, "status.additionalDetails"},
		{"a report, whatever came after", general, []graph.Step{no("SuspiciousActivityReported"), no(silence)}, SuspiciousActivity, Certain, "authenticationDetails[0].authenticationStepResultDetail"},
		{"a report that only the details tell", "MFA denied, Fraud Code Entered", []graph.Step{no(silence)}, ReportedFraud, Likely, "status.additionalDetails"},
		{"nothing at all", "", nil, NotCompleted, CodeOnly, "status.errorCode"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := at(0, 500121, test.steps...)
			s.Details = test.details
			d := Diagnose(about(s))
			check(t, d, test.cause, test.sure)
			if len(d.Evidence) == 0 || d.Evidence[0].Field != test.field || d.Evidence[0].Event != s.ID || d.Evidence[0].API != graph.Beta {
				t.Errorf("got evidence %v, want %s of %s", d.Evidence, test.field, s.ID)
			}
		})
	}
}

func TestStepsAreReadByTheirTime(t *testing.T) {
	s := at(0, 500121, asked(push, "iPhone 15", declined), asked(push, "iPhone 15", silence))
	s.Steps[0].At, s.Steps[1].At = s.Steps[1].At, s.Steps[0].At
	check(t, Diagnose(about(s)), Declined, Certain)
}

func TestAskedWith(t *testing.T) {
	d := Diagnose(about(at(0, 500121, passed(), asked(push, "iPhone 15", general))))
	if d.Method != push || d.Device != "iPhone 15" {
		t.Errorf("got %q on %q", d.Method, d.Device)
	}
	d = Diagnose(about(at(0, 500121, asked(text, "+49 170 1234512", "MFA denied; user entered incorrect code"))))
	if d.Device != "+XX XXX XXXXX12" {
		t.Errorf("a number that the log did not mask: got %q", d.Device)
	}
	d = Diagnose(about(at(0, 500121, asked("Something new", "(555) 0100-12", "MFA denied; user entered incorrect code"))))
	if d.Device != "(XXX) XXXX-12" {
		t.Errorf("a number beside a method that we do not know: got %q", d.Device)
	}
}

// TestInterruptsAreNoVerdict: they are in the log of sign-ins that succeed, too.
func TestInterruptsAreNoVerdict(t *testing.T) {
	for _, n := range []int{50074, 50076, 50079, 50072, 50140, 50199} {
		s := visiting("v", at(0, n))
		s.Details = "MFA required in Azure AD"
		check(t, Diagnose(about(s)), Interrupt, CodeOnly)
		check(t, Diagnose(Facts{Report: aadsts.Report{Code: codeOf(s)}, Now: noon}), Interrupt, CodeOnly)

		no := visiting("V", at(1, 500121, asked(push, "iPhone 15", silence)))
		d := Diagnose(about(s, no))
		check(t, d, NoAnswer, Certain)
		if d.Code != "500121" || d.Evidence[0].Event != no.ID {
			t.Errorf("%d and then a failure: got code %s, evidence %v", n, d.Code, d.Evidence)
		}
		check(t, Diagnose(about(s, visiting("v", at(1, 0)))), SucceededLater, Certain)
		check(t, Diagnose(about(s, visiting("v", at(1, 53003)))), ConditionalAccess, Certain)

		theirs := no
		theirs.UserID = "u-other"
		check(t, Diagnose(about(s, theirs)), Interrupt, CodeOnly)
		check(t, Diagnose(about(s, visiting("v", at(600, 500121, asked(push, "", declined))))), Interrupt, CodeOnly)
	}
	told := at(0, 50074, asked(push, "iPhone 15", declined))
	check(t, Diagnose(about(told)), Declined, Likely)
}

func TestSecurityComesFirst(t *testing.T) {
	quiet := at(0, 500121, passed(), asked(push, "iPhone 15", silence))
	risky := func(state, level string) graph.SignIn {
		s := quiet
		s.RiskState, s.RiskLevel = state, level
		return s
	}
	off := sam
	off.Enabled = false
	for _, test := range []struct {
		name  string
		facts Facts
		want  Cause
	}{
		{"at risk", about(risky("atRisk", "low")), Risk},
		{"compromised", about(risky("confirmedCompromised", "none")), Risk},
		{"high risk", about(risky("none", "high")), Risk},
		{"medium risk", about(risky("", "medium")), Risk},
		{"low risk", about(risky("none", "low")), NoAnswer},
		{"hidden without a licence", about(risky("none", "hidden")), NoAnswer},
		{"dealt with", about(risky("remediated", "high")), NoAnswer},
		{"dismissed", about(risky("dismissed", "high")), NoAnswer},
		{"registration refused for risk", about(at(0, 53004)), Risk},
		{"compromised password", about(at(0, 50135)), Risk},
		{"risk in the home tenant", about(at(0, 53011)), Risk},
		{"the code alone", Facts{Report: aadsts.Report{Code: "53004"}}, Risk},
		{"fraud in an event nearby", about(quiet, at(-5, 500121, asked(push, "", fraud))), ReportedFraud},
		{"fraud, though it worked later", about(at(0, 500121, asked(push, "", fraud)), at(1, 0)), ReportedFraud},
		{"not me", Facts{Report: aadsts.Report{Code: "500121"}, NotMe: true}, NotMe},
		{"declined, and not me", func() Facts {
			f := about(at(0, 500121, asked(push, "iPhone 15", declined)))
			f.NotMe = true
			return f
		}(), NotMe},
		{"a wrong password, and not me", func() Facts { f := about(at(0, 50126)); f.NotMe = true; return f }(), NotMe},
		{"disabled, and reported", func() Facts {
			f := about(at(0, 500121, asked(push, "", fraud)))
			f.User = &off
			return f
		}(), ReportedFraud},
	} {
		d := Diagnose(test.facts)
		if d.Cause != test.want {
			t.Errorf("%s: got %s, want %s", test.name, d.Cause, test.want)
		}
		if alarm := test.want != NoAnswer; d.Alarm != alarm || alarm && len(d.Steps) > 0 {
			t.Errorf("%s: alarm %v, steps %q", test.name, d.Alarm, keys(d))
		}
	}
}

func TestOneDenialIsNoAlarm(t *testing.T) {
	d := Diagnose(about(at(0, 500121, passed(), asked(push, "iPhone 15", declined))))
	check(t, d, Declined, Certain)
	if d.Alarm || !d.Ask || keys(d) != "approve other-way(fido2) admins" {
		t.Errorf("alarm %v, ask %v, steps %s", d.Alarm, d.Ask, keys(d))
	}
}

func TestAbuseOfPrompts(t *testing.T) {
	no := func(minutes float64, ip, result string) graph.SignIn {
		return from(ip, at(minutes, 500121, passed(), asked(push, "iPhone 15", result)))
	}
	known := func(s graph.SignIn) graph.SignIn { s.Device.ID = "d-1"; return s }
	for _, test := range []struct {
		name  string
		facts Facts
		want  Cause
	}{
		{"three from elsewhere", about(no(40, abroad, wrongNumber), no(20, abroad, declined), no(0, abroad, silence), at(-300, 0)), NumberAbuse},
		{"three, with the page in hand at home", about(no(50, home, silence), no(40, abroad, declined), no(20, abroad, declined), no(0, abroad, declined)), NumberAbuse},
		{"three, and then one is let through", about(no(40, home, silence), no(20, home, silence), no(0, home, silence), at(45, 0)), NumberAbuse},
		{"let through from elsewhere", about(no(40, home, silence), no(20, home, silence), no(0, home, silence), at(-300, 0), from(abroad, at(45, 0))), NumberAbuse},
		{"let through where they always are", about(no(40, home, silence), no(20, home, silence), no(0, home, silence), at(-300, 0), at(45, 0)), SucceededLater},
		{"three where they always are", about(no(40, home, wrongNumber), no(20, home, wrongNumber), no(0, home, wrongNumber), at(-300, 0)), WrongNumber},
		{"three at home, nothing known", about(no(40, home, wrongNumber), no(20, home, wrongNumber), no(0, home, wrongNumber)), WrongNumber},
		{"three on the company laptop abroad", about(known(no(40, abroad, silence)), known(no(20, abroad, silence)), known(no(0, abroad, silence)), known(at(-300, 0))), NoAnswer},
		{"three from nobody knows where", about(no(40, "", silence), no(20, "", silence), no(0, "", silence), at(-300, 0)), NoAnswer},
		{"two only", about(no(20, abroad, declined), no(0, abroad, declined), at(-300, 0)), Declined},
		{"three in two hours", about(no(100, abroad, silence), no(50, abroad, silence), no(0, abroad, silence), at(-300, 0)), NoAnswer},
		{"wrong codes are another matter", about(at(2, 500121, asked(text, "", wrongCode)), at(1, 500121, asked(text, "", wrongCode)), at(0, 500121, asked(text, "", wrongCode))), WrongCode},
	} {
		d := Diagnose(test.facts)
		if d.Cause != test.want {
			t.Errorf("%s: got %s, want %s", test.name, d.Cause, test.want)
		}
		if d.Cause == NumberAbuse && (d.Confidence != Likely || len(d.Evidence) < 3 || !d.Alarm) {
			t.Errorf("%s: %s, alarm %v, on %v", test.name, d.Confidence, d.Alarm, d.Evidence)
		}
	}
}

// TestOneAttemptInSeveralEvents: a visit is told in several events, and its
// steps in each of them.
func TestOneAttemptInSeveralEvents(t *testing.T) {
	a := visiting("v", from(abroad, at(0, 500121, asked(push, "", wrongNumber))))
	b, c := a, a
	b.ID, c.ID, b.ErrorCode = "r-b", "r-c", 50074
	check(t, Diagnose(about(a, b, c, at(-300, 0))), WrongNumber, Certain)
}

func TestClockDrift(t *testing.T) {
	wrong := func(minutes float64, method string) graph.SignIn {
		return at(minutes, 500121, passed(), asked(method, "", wrongCode))
	}
	with := func(f Facts, m ...graph.Method) Facts { f.Methods = m; return f }
	for _, test := range []struct {
		name  string
		facts Facts
		want  Cause
	}{
		{"two within minutes", about(wrong(4, code), wrong(0, code)), ClockDrift},
		{"two in one visit", about(at(0, 500121, asked(code, "", wrongCode), asked(code, "", wrongCode))), ClockDrift},
		{"methods unknown", with(about(wrong(4, code), wrong(0, code))), ClockDrift},
		{"one only", about(wrong(0, code)), WrongCode},
		{"an hour between", about(wrong(60, code), wrong(0, code)), WrongCode},
		{"by text message", about(wrong(4, text), wrong(0, text)), WrongCode},
		{"from somebody without an app", with(about(wrong(4, code), wrong(0, code)), phone, key), WrongCode},
	} {
		if d := Diagnose(test.facts); d.Cause != test.want {
			t.Errorf("%s: got %s, want %s", test.name, d.Cause, test.want)
		}
	}
	d := Diagnose(about(wrong(4, code), wrong(0, code)))
	check(t, d, ClockDrift, Likely)
	if len(d.Evidence) != 2 {
		t.Errorf("got evidence %v, want both", d.Evidence)
	}
}

func TestSucceededLater(t *testing.T) {
	no := at(0, 500121, asked(push, "iPhone 15", silence))
	later := at(3, 0)
	other := later
	other.App = "Teams"
	check(t, Diagnose(about(later)), SucceededLater, Certain)
	check(t, Diagnose(about(no, later)), SucceededLater, Certain)
	check(t, Diagnose(about(no, other)), NoAnswer, Certain)
	check(t, Diagnose(about(no, from(abroad, later))), NoAnswer, Certain)
	check(t, Diagnose(about(no, at(-3, 0))), NoAnswer, Certain)
	check(t, Diagnose(about(at(0, 500121, asked(push, "", declined)), later)), Declined, Certain)

	f := about(no, later)
	f.Report.Timestamp = noon.Add(30 * 60e9)
	check(t, Diagnose(f), NoAnswer, Certain)
}

func TestOtherEventsOfTheVisitTellWhatOneDoesNot(t *testing.T) {
	empty := visiting("v", at(0, 500121))
	told := visiting("v", at(-0.2, 500121, asked(push, "iPhone 15", silence)))
	check(t, Diagnose(about(empty, told)), NoAnswer, Likely)
	check(t, Diagnose(about(empty, visiting("w", told))), NotCompleted, CodeOnly)
	told.Steps[0].Result = "something new"
	check(t, Diagnose(about(empty, told)), NotCompleted, CodeOnly)
}

func TestTheAccount(t *testing.T) {
	no := at(0, 500121, asked(push, "iPhone 15", silence))
	off := sam
	off.Enabled = false
	f := about(no)
	f.User = &off
	d := Diagnose(f)
	check(t, d, Disabled, Certain)
	if !d.AdminsOnly {
		t.Error("a disabled account is for admins only")
	}

	f = about(at(0, 500121))
	f.Methods = []graph.Method{word}
	check(t, Diagnose(f), NoMethod, Likely)
	f.SignIn = nil
	check(t, Diagnose(f), NoMethod, Likely)
	f = about(no)
	f.Methods = []graph.Method{}
	check(t, Diagnose(f), NoAnswer, Certain)

	other := sam
	other.ID = "u-other"
	f = about(no)
	f.User = &other
	d = Diagnose(f)
	check(t, d, NotCompleted, CodeOnly)
	if d.Device != "" {
		t.Errorf("told of somebody else's %s", d.Device)
	}
}

func TestTheCodeAlone(t *testing.T) {
	d := Diagnose(Facts{Report: aadsts.Report{Code: "500121"}})
	check(t, d, NotCompleted, CodeOnly)
	check(t, Diagnose(Facts{}), Unknown, None)
	d = Diagnose(Facts{Report: aadsts.Report{Code: "99999"}})
	check(t, d, Unknown, None)
	if d.Unknown != "AADSTS99999" {
		t.Errorf("an unknown code: quoted as %q", d.Unknown)
	}
	check(t, Diagnose(about(at(0, 50126))), Password, Certain)
	check(t, Diagnose(Facts{Report: aadsts.Report{Code: "500532"}}), Locked, CodeOnly) // a variant of 50053
}

func TestTooOld(t *testing.T) {
	old := aadsts.Report{Code: "500121", Timestamp: noon}
	check(t, Diagnose(Facts{Report: old, Now: noon.AddDate(0, 0, 31)}), ExpiredLog, CodeOnly)
	check(t, Diagnose(Facts{Report: old, Now: noon.AddDate(0, 0, 8)}), NotCompleted, CodeOnly)
	check(t, Diagnose(Facts{Report: old, Now: noon.AddDate(0, 0, 8), Expired: true}), ExpiredLog, CodeOnly)
	old.Code = "50126"
	check(t, Diagnose(Facts{Report: old, Now: noon.AddDate(0, 0, 31)}), Password, CodeOnly)
}

func TestConditionalAccess(t *testing.T) {
	blocked := at(0, 53003)
	blocked.ConditionalAccess = "failure"
	blocked.Policies = []graph.Policy{
		{Name: "Require MFA", Grants: []string{"Mfa"}, Result: "success"},
		{Name: "Block outside of the EU", Grants: []string{"Block"}, Result: "failure"},
		{Name: "Trial", Grants: []string{"Block"}, Result: "reportOnlyFailure"},
	}
	d := Diagnose(about(blocked))
	check(t, d, ConditionalAccess, Certain)
	if len(d.Policies) != 1 || d.Policies[0] != "Block outside of the EU" {
		t.Errorf("got policies %q", d.Policies)
	}
	if last := d.Evidence[len(d.Evidence)-1]; last.Field != "appliedConditionalAccessPolicies[1].displayName" || last.Value != "Block outside of the EU" {
		t.Errorf("got evidence %v", d.Evidence)
	}

	behind := at(0, 500121)
	behind.Policies = blocked.Policies
	check(t, Diagnose(about(behind)), ConditionalAccess, Likely)
	behind.Policies = []graph.Policy{{Name: "Require MFA", Grants: []string{"Mfa"}, Result: "failure"}}
	check(t, Diagnose(about(behind)), NotCompleted, CodeOnly)
}
