package diagnose

import (
	"testing"

	"mfahelp/graph/aadsts"
)

// TestEveryCodeHasAnAnswer: a cause with words, and something to do, for all
// that the catalogue holds, from the code alone and from an event.
func TestEveryCodeHasAnAnswer(t *testing.T) {
	for _, e := range aadsts.Catalogue() {
		var n int
		for _, r := range e.Code {
			n = n*10 + int(r-'0')
		}
		for name, f := range map[string]Facts{
			"code":  {Report: aadsts.Report{Code: e.Code}, Now: noon},
			"event": about(at(0, n)),
		} {
			d := Diagnose(f)
			if d.Code != e.Code || d.Cause == Unknown || d.Cause == OtherCode || d.Confidence == None {
				t.Errorf("%s %s: got code %s, %s, %s", name, e.Code, d.Code, d.Cause, d.Confidence)
			}
			if !d.Alarm && len(d.Steps) == 0 || d.Alarm != (d.Cause == Risk) {
				t.Errorf("%s %s: alarm %v, steps %q", name, e.Code, d.Alarm, keys(d))
			}
			if e.Incident && !d.Alarm {
				t.Errorf("%s %s: an incident without an alarm", name, e.Code)
			}
			if (d.Cause == Interrupt) != e.Interrupt {
				t.Errorf("%s %s: got %s, interrupt %v", name, e.Code, d.Cause, e.Interrupt)
			}
		}
	}
}

func TestNoCodeStandsTwice(t *testing.T) {
	seen := map[string]Cause{}
	for c, list := range byCause {
		for _, code := range list {
			if other, ok := seen[code]; ok {
				t.Errorf("%s is %s and %s", code, c, other)
			}
			seen[code] = c
			if e, variant, ok := aadsts.Lookup(code); !ok || variant {
				t.Errorf("%s (%s) is not in the catalogue, which knows %q", code, c, e.Code)
			}
		}
	}
}

func TestWhatACodeMeans(t *testing.T) {
	for code, want := range map[string]Cause{
		"50057":  "disabled",         // never reset MFA to "fix"
		"50105":  "not-assigned",     // to the app
		"50020":  "wrong-account",    // not in this tenant
		"90072":  "wrong-account",    // as seen from the home tenant
		"50055":  "password-expired", // reset it
		"50053":  "locked",           // wait
		"500532": "locked",           // the locked variant
		"50088":  "telecom-limit",    // use the app instead of SMS or voice
		"500881": "telecom-limit",    // the same, by method
		"53000":  "device-not-compliant",
		"53003":  "conditional-access",
		"50077":  "location-needed",
		"53010":  "registration-place", // only from set places
		"130502": "credential-policy",  // or on the MFA block list
		"130504": "access-pass",        // expired
		"50203":  "setup-unfinished",   // must register
		"70043":  "session",            // sign-in frequency
		"80012":  "logon-hours",
		"50087":  "service-error", // transient
		"50014":  "guest-pending",
	} {
		check(t, Diagnose(Facts{Report: aadsts.Report{Code: code}, Now: noon}), want, CodeOnly)
	}
}

// TestTheCodeThatSaysWhy: where several stand side by side, an interrupt and a
// wrapper give way to the one that says why, and nothing else does.
func TestTheCodeThatSaysWhy(t *testing.T) {
	for _, test := range []struct {
		codes []string
		want  string
	}{
		{[]string{"50076", "500121"}, "500121"},
		{[]string{"50058", "50076", "53003"}, "53003"},
		{[]string{"70002", "70008"}, "70008"},
		{[]string{"70002", "50076"}, "70002"},
		{[]string{"50076", "999998"}, "50076"},
		{[]string{"50126", "50053"}, "50126"},
		{[]string{"50076"}, "50076"},
	} {
		r := aadsts.Report{Code: test.codes[0], Codes: test.codes}
		if got := Diagnose(Facts{Report: r, Now: noon}).Code; got != test.want {
			t.Errorf("%v: got %s, want %s", test.codes, got, test.want)
		}
	}
}
