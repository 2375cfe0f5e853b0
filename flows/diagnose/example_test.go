package diagnose_test

import (
	"fmt"
	"time"

	"mfahelp/flows/diagnose"
	"mfahelp/graph"
	"mfahelp/graph/aadsts"
)

// An error page told the code and the time. The log has two events of that
// visit: the prompt that was sent, and that nobody answered it.
func Example() {
	noon := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	events := []graph.SignIn{
		{ID: "r-2", CorrelationID: "c-1", At: noon.Add(time.Minute), ErrorCode: 500121, API: graph.Beta, Steps: []graph.Step{
			{Method: "Password", Succeeded: true, Result: "Correct password"},
			{Method: "Mobile app notification", Detail: "Pixel 9", Result: "MFA denied; user did not respond to mobile app notification"},
		}},
		{ID: "r-1", CorrelationID: "c-1", At: noon, ErrorCode: 50074, API: graph.Beta},
	}
	report := aadsts.Report{Code: "500121", Timestamp: noon.Add(2 * time.Minute)}

	best, nearby, _ := diagnose.Pick(report, events)
	d := diagnose.Diagnose(diagnose.Facts{Report: report, SignIn: best, Nearby: nearby, Methods: []graph.Method{
		{Kind: graph.Authenticator, Name: "Pixel 9"},
		{Kind: graph.FIDO2, Name: "YubiKey 5"},
	}})

	fmt.Println(d.Cause, d.Confidence)
	for _, e := range d.Evidence {
		fmt.Println(e.Event, e.Field, e.Value)
	}
	for _, a := range d.Steps {
		fmt.Println("-", a.Key)
	}
	// Output:
	// no-answer certain
	// r-2 authenticationDetails[1].authenticationStepResultDetail MFA denied; user did not respond to mobile app notification
	// - app-online
	// - other-way
	// - notifications
	// - admins
}
