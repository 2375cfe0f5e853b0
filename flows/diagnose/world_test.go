package diagnose

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"mfahelp/graph"
	"mfahelp/graph/aadsts"
)

const (
	general = "The user didn't complete the MFA prompt. They may have decided not to authenticate, timed out while doing other work, or has an issue with their authentication setup."
	failed  = "Authentication failed during strong authentication request."
	push    = "Mobile app notification"
	code    = "OATH verification code"
	text    = "Text message"
	call    = "Phone call approval (Authentication phone)"

	home   = "203.0.113.10"
	abroad = "198.51.100.77"
)

var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

// What Sam may have.
var (
	app   = graph.Method{ID: "m-app", Kind: graph.Authenticator, Name: "iPhone 15", Default: true}
	phone = graph.Method{ID: "m-phone", Kind: graph.PhoneMethod, Name: "+XX XXXXXXXX12", Phone: "mobile"}
	key   = graph.Method{ID: "m-key", Kind: graph.FIDO2, Name: "YubiKey 5"}
	token = graph.Method{ID: "m-token", Kind: graph.SoftwareOATH}
	steel = graph.Method{ID: "m-steel", Kind: graph.HardwareOATH, Name: "C200"}
	word  = graph.Method{ID: "m-word", Kind: graph.Password}
)

var sam = graph.User{ID: "u-sam", UPN: "sam@contoso.com", Name: "Sam", Enabled: true}

// at is an event of Sam's, minutes after noon, with an id of its own and, until
// it is said otherwise, a visit of its own.
func at(minutes float64, errorCode int, steps ...graph.Step) graph.SignIn {
	id := fmt.Sprintf("r%g-%d", minutes, errorCode)
	s := graph.SignIn{
		ID: id, CorrelationID: "c-" + id, At: noon.Add(time.Duration(minutes * float64(time.Minute))),
		UserID: sam.ID, UPN: sam.UPN, App: "Outlook", Client: "Browser", IP: home,
		ErrorCode: errorCode, Steps: steps, API: graph.Beta,
	}
	if errorCode == 500121 {
		s.Failure, s.Details = failed, general
	}
	for i := range s.Steps {
		s.Steps[i].At = s.At.Add(time.Duration(i) * time.Second)
	}
	return s
}

// asked is a step that failed with result.
func asked(method, device, result string) graph.Step {
	return graph.Step{Method: method, Detail: device, Result: result}
}

// passed is the password, which was right.
func passed() graph.Step {
	return graph.Step{Method: "Password", Detail: "Password in the cloud", Succeeded: true, Result: "Correct password"}
}

// from puts s on another network.
func from(ip string, s graph.SignIn) graph.SignIn { s.IP = ip; return s }

// visiting puts s into the visit with a correlation id.
func visiting(correlation string, s graph.SignIn) graph.SignIn {
	s.CorrelationID = correlation
	return s
}

// about are the facts of s, reported by its ids.
func about(s graph.SignIn, nearby ...graph.SignIn) Facts {
	r := aadsts.Report{Code: codeOf(s), RequestID: s.ID, CorrelationID: s.CorrelationID}
	return Facts{Report: r, SignIn: &s, Nearby: nearby, User: &sam, Methods: []graph.Method{app, phone, key}, Now: noon.Add(time.Hour)}
}

// keys are the steps of d, in one line.
func keys(d Diagnosis) string {
	var all []string
	for _, a := range d.Steps {
		s := a.Key
		if a.Method != nil {
			s += "(" + string(a.Method.Kind) + ")"
		}
		all = append(all, s)
	}
	return strings.Join(all, " ")
}

func check(t *testing.T, d Diagnosis, cause Cause, sure Confidence) {
	t.Helper()
	if d.Cause != cause || d.Confidence != sure {
		t.Errorf("got %s, %s, want %s, %s; evidence %v", d.Cause, d.Confidence, cause, sure, d.Evidence)
	}
}
