package diagnose

import (
	"testing"

	"mfahelp/graph"
)

func TestReason(t *testing.T) {
	failed := func(result string) graph.SignIn {
		return graph.SignIn{ErrorCode: 500121, Steps: []graph.Step{
			{Method: "Password", Succeeded: true, Result: "Correct password"}, {Method: "Mobile app notification", Result: result},
		}}
	}
	for result, want := range map[string]Cause{
		"MFA denied; Phone App Reported Fraud":         ReportedFraud,
		"MFA denied, Fraud Code Entered":               ReportedFraud,
		"SuspiciousActivityReported":                   SuspiciousActivity,
		"MFA denied; user declined the authentication": Declined,
		"MFA denied; user is blocked":                  BlockedUser,
		"MFA denied; something that nobody has seen":   Unknown,
		"MFA successfully completed":                   "",
	} {
		if got := Reason(failed(result)); got != want {
			t.Errorf("%q: got %q, want %q", result, got, want)
		}
	}
}

func TestStrong(t *testing.T) {
	with := func(code int, method string, succeeded bool) graph.SignIn {
		return graph.SignIn{ErrorCode: code, Steps: []graph.Step{{Method: "Password", Succeeded: true}, {Method: method, Succeeded: succeeded}}}
	}
	for _, test := range []struct {
		name string
		s    graph.SignIn
		want bool
	}{
		{"an app that said yes", with(0, "Mobile app notification", true), true},
		{"an app that said yes, and then a policy no", with(53003, "Mobile app notification", true), false},
		{"a step that failed", with(0, "Mobile app notification", false), false},
		{"what was remembered", with(0, "Previously satisfied", true), false},
		{"a password alone", graph.SignIn{Steps: []graph.Step{{Method: "Password", Succeeded: true}}}, false},
		{"no steps at all", graph.SignIn{}, false},
	} {
		if got := Strong(test.s); got != test.want {
			t.Errorf("%s: got %v, want %v", test.name, got, test.want)
		}
	}
}
