package diagnose

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"mfahelp/graph"
	"mfahelp/graph/aadsts"
)

// A dice makes facts out of bytes, so that the fuzzer finds odd combinations.
type dice struct {
	left  []byte
	words string
}

// roll returns a number below n.
func (d *dice) roll(n int) int {
	if len(d.left) == 0 {
		return 0
	}
	b := d.left[0]
	d.left = d.left[1:]
	return int(b) % n
}

func one[T any](d *dice, of ...T) T { return of[d.roll(len(of))] }

func (d *dice) result() string {
	n := len(manual) + len(logged) + len(quietly)
	switch i := d.roll(n + 2); {
	case i < len(manual):
		return "MFA denied; " + manual[i].words
	case i < len(manual)+len(logged):
		return logged[i-len(manual)].words
	case i < n:
		return quietly[i-len(manual)-len(logged)]
	default:
		return d.words
	}
}

func (d *dice) event() graph.SignIn {
	s := graph.SignIn{
		ID: one(d, "", "r-1", "r-2", "R-1", d.words), CorrelationID: one(d, "", "c-1", "c-2"), UserID: one(d, "u-sam", "", "u-other"),
		At: one(d, time.Time{}, noon, noon.Add(time.Duration(d.roll(256))*time.Minute), noon.Add(-1e6*time.Hour)),
		IP: one(d, "", home, abroad, "2001:db8::1", "::ffff:203.0.113.9", "fe80::1%eth0", d.words), App: one(d, "", "Outlook"),
		ErrorCode: one(d, 0, 500121, 50074, 53003, 50126, 53004, 5001211, -1, 1<<31-1, 50053),
		RiskState: one(d, "", "none", "atRisk", "remediated", d.words), RiskLevel: one(d, "", "high", "hidden"),
		Client: one(d, "", "Browser", "IMAP4"), Resource: one(d, "", "radius"), API: one(d, graph.Beta, graph.V1),
	}
	s.Details = d.result()
	for range d.roll(4) {
		step := graph.Step{Method: one(d, push, "Password", "", code, text, call, "Satisfied by token", d.words), Detail: one(d, "", "iPhone 15", "+1 555 0100", d.words), Result: d.result()}
		step.Succeeded, step.At = d.roll(4) == 0, one(d, time.Time{}, s.At, s.At.Add(time.Second))
		s.Steps = append(s.Steps, step)
	}
	for range d.roll(3) {
		s.Policies = append(s.Policies, graph.Policy{Name: d.words, Grants: []string{one(d, "Block", "Mfa", "RequireCompliantDevice")}, Result: one(d, "failure", "success")})
	}
	return s
}

func (d *dice) facts() Facts {
	codes := []string{"", "500121", "50074", "53003", "0", "abc", d.words}
	for _, e := range aadsts.Catalogue() {
		codes = append(codes, e.Code)
	}
	f := Facts{Now: noon, Expired: d.roll(4) == 1, SoleGlobalAdmin: d.roll(4) == 1, NotMe: d.roll(8) == 1}
	f.Report = aadsts.Report{Code: one(d, codes...), RequestID: one(d, "", "r-1"), CorrelationID: one(d, "", "c-1"), Timestamp: one(d, time.Time{}, noon)}
	if d.roll(4) > 0 {
		s := d.event()
		f.SignIn = &s
	}
	for range d.roll(6) {
		f.Nearby = append(f.Nearby, d.event())
	}
	if d.roll(2) == 1 {
		f.User = &graph.User{ID: one(d, "", "u-sam"), UPN: d.words, Enabled: d.roll(4) > 0, Guest: d.roll(4) == 1}
	}
	if d.roll(3) > 0 {
		f.Methods = []graph.Method{}
		for range d.roll(5) {
			m := one(d, app, phone, key, token, steel, word, graph.Method{Kind: "new", Name: d.words})
			f.Methods = append(f.Methods, m)
		}
	}
	return f
}

// FuzzDiagnose holds a diagnosis to what is promised of every one of them.
func FuzzDiagnose(f *testing.F) {
	steps, causes := sentences(f, "steps.json"), sentences(f, "causes.json")
	for i := range 64 {
		f.Add([]byte(strings.Repeat(string(rune('A'+i))+"q7 x", 12)), "MFA denied; something new")
	}
	f.Fuzz(func(t *testing.T, bytes []byte, words string) {
		facts := (&dice{bytes, words}).facts()
		before, _ := json.Marshal(facts)
		d := Diagnose(facts)
		if after, _ := json.Marshal(facts); string(before) != string(after) {
			t.Fatalf("the facts were changed\nfrom %s\n  to %s", before, after)
		}
		if diff := cmp.Diff(d, Diagnose(facts)); diff != "" {
			t.Errorf("not the same twice: %s", diff)
		}
		if _, ok := answers[d.Cause]; !ok || d.Confidence.Key() != "confidence."+string(d.Confidence) || causes[d.Confidence.Key()] == "" {
			t.Errorf("no such cause or confidence: %q, %q", d.Cause, d.Confidence)
		}
		if d.Alarm != d.Cause.Alarm() || d.Alarm && (len(d.Steps) > 0 || d.Ask || !d.AdminsOnly) {
			t.Errorf("an alarm that shows: %+v", d)
		}
		if len(d.Steps) > 4 || !d.Alarm && len(d.Steps) == 0 {
			t.Errorf("%d steps: %s", len(d.Steps), keys(d))
		}
		for i, a := range d.Steps {
			if !fits(steps, a) || slices.ContainsFunc(d.Steps[:i], func(b Advice) bool { return b.Key == a.Key }) {
				t.Errorf("step %+v: %q, of %s", a, steps["step."+a.Key+".do"], keys(d))
			}
			if a.URL != "" && !slices.Contains([]string{mySecurityInfo, passwordReset, phoneSupport}, a.URL) {
				t.Errorf("a link to %s", a.URL)
			}
		}
		for _, n := range d.AdminNotes {
			if causes[n] == "" {
				t.Errorf("no words for %s", n)
			}
		}
		if d.Confidence.AtLeast(CodeOnly) && len(d.Evidence) == 0 {
			t.Errorf("%s, %s, on nothing", d.Cause, d.Confidence)
		}
		if (d.Confidence == None) != (d.Cause == Unknown) {
			t.Errorf("%s is %s", d.Cause, d.Confidence)
		}
		if d.Unknown != "" && !strings.Contains(string(before), quoted(d.Unknown)) && !strings.HasPrefix(d.Unknown, "AADSTS") {
			t.Errorf("quotes %q, which nobody said", d.Unknown)
		}
		checkPick(t, facts)
	})
}

// quoted is s as it stands in JSON.
func quoted(s string) string {
	b, _ := json.Marshal(s)
	return strings.Trim(string(b), `"`)
}

func checkPick(t *testing.T, f Facts) {
	events := slices.Clone(f.Nearby)
	best, nearby, ambiguous := Pick(f.Report, f.Nearby)
	if diff := cmp.Diff(events, f.Nearby); diff != "" {
		t.Errorf("the events were changed: %s", diff)
	}
	if best == nil && len(ambiguous) > 0 || len(ambiguous) == 1 {
		t.Errorf("best %v, ambiguous %v", best, ambiguous)
	}
	if best != nil && len(nearby) >= len(events) {
		t.Errorf("%d events, %d of them beside the best", len(events), len(nearby))
	}
}
