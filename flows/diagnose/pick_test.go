package diagnose

import (
	"slices"
	"strings"
	"testing"
	"time"

	"mfahelp/graph"
	"mfahelp/graph/aadsts"
)

func ids(events []graph.SignIn) string {
	var all []string
	for _, e := range events {
		all = append(all, e.ID)
	}
	return strings.Join(all, " ")
}

func TestPick(t *testing.T) {
	var (
		prompt  = visiting("v", at(0, 50074))                                     // the second step was asked for
		verdict = visiting("v", at(1, 500121, asked(push, "iPhone 15", silence))) // and failed
		success = visiting("v", at(2, 0))                                         // and then worked
		morning = visiting("m", at(-180, 500121, asked(text, "", wrongCode)))     // another visit, that day
		mistype = visiting("m", at(-181, 50126))
		teams   = func() graph.SignIn { s := visiting("t", at(30, 500121)); s.App = "Teams"; return s }()
		again   = visiting("v2", at(20, 500121, asked(push, "iPhone 15", silence))) // the same once more
		stale   = visiting("v", at(-40*24*60, 500121))                              // an old visit with the same id
		other   = func() graph.SignIn { s := visiting("v", at(1.5, 500121)); s.UserID = "u-other"; return s }()
	)
	verdict.OriginalID = "r-original"
	when := func(minutes int) time.Time { return noon.Add(time.Duration(minutes) * time.Minute) }
	for _, test := range []struct {
		name      string
		report    aadsts.Report
		events    []graph.SignIn
		best      graph.SignIn // zero for none
		ambiguous string
	}{
		{"request id", aadsts.Report{Code: "500121", RequestID: verdict.ID}, []graph.SignIn{morning, verdict, prompt}, verdict, ""},
		{"in capitals", aadsts.Report{Code: "500121", RequestID: strings.ToUpper(verdict.ID)}, []graph.SignIn{morning, verdict}, verdict, ""},
		{"the id of an interrupt", aadsts.Report{Code: "50074", RequestID: prompt.ID}, []graph.SignIn{morning, verdict, prompt}, verdict, ""},
		{"an interrupt, and then it worked", aadsts.Report{Code: "50074", RequestID: prompt.ID}, []graph.SignIn{success, prompt}, success, ""},
		{"an interrupt alone", aadsts.Report{Code: "50074", RequestID: prompt.ID}, []graph.SignIn{morning, prompt}, prompt, ""},
		{"asked once more, after it had failed", aadsts.Report{Code: "50074", RequestID: "r1.5-50074"}, []graph.SignIn{visiting("v", at(1.5, 50074)), verdict, prompt}, verdict, ""},
		{"the last request of the visit", aadsts.Report{Code: "500121", RequestID: success.ID}, []graph.SignIn{success, verdict, prompt}, verdict, ""},
		{"the request that began it", aadsts.Report{Code: "500121", RequestID: "r-original"}, []graph.SignIn{morning, verdict}, verdict, ""},
		{"an earlier failure of the visit", aadsts.Report{Code: "50126", RequestID: mistype.ID}, []graph.SignIn{mistype, morning}, morning, ""},
		{"correlation id", aadsts.Report{Code: "500121", CorrelationID: "V"}, []graph.SignIn{morning, verdict, prompt}, verdict, ""},
		{"the failure with that code", aadsts.Report{Code: "500121", CorrelationID: "v"}, []graph.SignIn{visiting("v", at(5, 50126)), verdict}, verdict, ""},
		{"one that lives for weeks", aadsts.Report{Code: "500121", CorrelationID: "v", Timestamp: when(1)}, []graph.SignIn{verdict, stale}, verdict, ""},
		{"and the error is the old one", aadsts.Report{Code: "500121", CorrelationID: "v", Timestamp: when(-40 * 24 * 60)}, []graph.SignIn{verdict, stale}, stale, ""},
		{"a request id that is not there", aadsts.Report{Code: "500121", RequestID: "r-gone", CorrelationID: "v"}, []graph.SignIn{morning, verdict}, verdict, ""},
		{"ids that are not there", aadsts.Report{Code: "500121", RequestID: "r-gone", CorrelationID: "c-gone"}, []graph.SignIn{morning, verdict}, graph.SignIn{}, ""},
		{"but one at that moment", aadsts.Report{Code: "500121", RequestID: "r-gone", Timestamp: when(2)}, []graph.SignIn{morning, verdict}, verdict, ""},
		{"and not one of that hour", aadsts.Report{Code: "500121", RequestID: "r-gone", Timestamp: when(10)}, []graph.SignIn{morning, verdict}, graph.SignIn{}, ""},
		{"the nearest in time", aadsts.Report{Code: "500121", Timestamp: when(-175)}, []graph.SignIn{teams, verdict, morning}, morning, ""},
		{"with that code only", aadsts.Report{Code: "50126", Timestamp: when(0)}, []graph.SignIn{verdict, prompt}, graph.SignIn{}, ""},
		{"none so far off", aadsts.Report{Code: "500121", Timestamp: when(-500)}, []graph.SignIn{verdict, morning}, graph.SignIn{}, ""},
		{"an interrupt's code, without ids", aadsts.Report{Code: "50074", Timestamp: when(1)}, []graph.SignIn{verdict, morning}, verdict, ""},
		{"no time, one visit", aadsts.Report{Code: "500121"}, []graph.SignIn{verdict, prompt, mistype}, verdict, ""},
		{"no time, two visits", aadsts.Report{Code: "500121"}, []graph.SignIn{morning, verdict, teams}, teams, teams.ID + " " + verdict.ID + " " + morning.ID},
		{"no time, but the same answer", aadsts.Report{Code: "500121"}, []graph.SignIn{verdict, again}, again, ""},
		{"no code", aadsts.Report{}, []graph.SignIn{prompt, verdict, success}, verdict, ""},
		{"no events", aadsts.Report{Code: "500121"}, nil, graph.SignIn{}, ""},
		{"somebody else's with the same id", aadsts.Report{Code: "50074", RequestID: prompt.ID}, []graph.SignIn{other, verdict, prompt}, verdict, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			before := ids(test.events)
			best, nearby, ambiguous := Pick(test.report, test.events)
			if best == nil && test.best.ID != "" || best != nil && best.ID != test.best.ID {
				t.Errorf("got %v, want %q", best, test.best.ID)
			}
			if ids(ambiguous) != test.ambiguous {
				t.Errorf("ambiguous: got %q, want %q", ids(ambiguous), test.ambiguous)
			}
			if best != nil && slices.ContainsFunc(nearby, func(s graph.SignIn) bool { return s.ID == best.ID || s.UserID != best.UserID }) {
				t.Errorf("nearby %q holds what it should not", ids(nearby))
			}
			if !slices.IsSortedFunc(nearby, func(a, b graph.SignIn) int { return b.At.Compare(a.At) }) {
				t.Errorf("nearby %q is not newest first", ids(nearby))
			}
			if ids(test.events) != before {
				t.Error("the events were changed")
			}
		})
	}
}
