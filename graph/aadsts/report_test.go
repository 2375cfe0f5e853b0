package aadsts

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func ExampleParse() {
	r, ok := Parse(`Error Code: 500121
Request Id: 7be2a91d-30c4-4f6e-9d15-c2480fa6b700
Correlation Id: [removed]
Timestamp: 2026-05-20T03:50:06Z`)
	fmt.Println(ok, r.Code, r.RequestID, r.Timestamp, r.Damaged)
	// Output: true 500121 7be2a91d-30c4-4f6e-9d15-c2480fa6b700 2026-05-20 03:50:06 +0000 UTC [correlation_id]
}

func ExampleParse_several() {
	r, _ := Parse("first AADSTS50076: … Timestamp: 2026-05-20 03:50:06Z, then AADSTS500121: … Timestamp: 2026-05-20 03:50:40Z")
	fmt.Println(r.Code, r.Codes)
	// Output: 500121 [50076 500121]
}

func ExampleLookup() {
	e, variant, _ := Lookup("500532")
	fmt.Println(e.Code, e.Name, variant)
	// Output: 50053 IdsLocked true
}

func TestDamaged(t *testing.T) {
	const id = "7be2a91d-30c4-4f6e-9d15-c2480fa6b700"
	all := []Field{FieldRequestID, FieldCorrelationID, FieldTimestamp}
	for _, test := range []struct {
		name, text string
		want       []Field
	}{
		{"nothing is", "Error Code: 500121 Request Id: " + id + " Correlation Id: " + id + " Timestamp: 2026-05-20T03:50:06Z", nil},
		{"nothing is there", "Error Code: 500121", nil},
		{"left blank", "Error Code: 500121\nRequest Id:\nCorrelation Id:\nTimestamp:", nil},
		{"null in JSON", `{"error_codes":[500121],"trace_id":null,"correlation_id":"","timestamp":null}`, nil},
		{"masked by a tool", "AADSTS50076: … Trace ID: redacted:id Correlation ID: redacted:id Timestamp: redacted:id redacted:id42Z", all},
		{"masked by a moderator", "Error Code: 500121\nRequest Id: [Moderator note: Personally Identifiable Information removed]\n\nTimestamp: 2026-07-28T19:09:50Z", all[:1]},
		{"masked with stars", "Error Code: 500121\nRequest Id: ********-****-****-****-************\nCorrelation Id: " + id, all[:1]},
		{"masked with blocks", "Error Code: 500121\nRequest Id: ████████\nCorrelation Id: " + id, all[:1]},
		{"masked with letters", "Error Code: 500121\nCorrelation Id: xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx", all[1:2]},
		{"all zeros", "Error Code: 500121\nRequest Id: 00000000-0000-0000-0000-000000000000\nCorrelation Id: " + id, all[:1]},
		{"malformed", "Error Code: 500121\nRequest Id: 7be2a91d-30c4-4f6e-9d15\nTimestamp: 2026-13-20T03:50:06Z", []Field{FieldRequestID, FieldTimestamp}},
		{"whole in its second copy", "AADSTS50076: … Trace ID: [removed]\nCorrelation ID: " + id + `", "trace_id":"` + id + `"`, nil},
		{"talked about", "Error Code: 500121, and the page shows no request id or timestamp to copy", nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			r, ok := Parse(test.text)
			if diff := cmp.Diff(test.want, r.Damaged); !ok || diff != "" {
				t.Errorf("Parse: %v (-want +got):\n%s", ok, diff)
			}
		})
	}
}

// TestEnough: without a code, what makes an Entra error.
func TestEnough(t *testing.T) {
	const id, other = "7be2a91d-30c4-4f6e-9d15-c2480fa6b700", "c80f4a26-1d7b-4e93-b5a8-61e2d07f93cb"
	for _, test := range []struct {
		name, text string
		want       bool
	}{
		{"both ids", "Request Id: " + id + " Correlation Id: " + other, true},
		{"an id and the time", "Correlation Id: " + other + " Timestamp: 2026-05-20T03:50:06Z", true},
		{"an id and a masked one", "Request Id: [removed] Correlation Id: " + other, true},
		{"one id", "Request Id: " + id, false},
		{"the time", "Timestamp: 2026-05-20T03:50:06Z", false},
		{"ids that are none", "Request Id: jkerGw9q Correlation Id: jnG7iMxK Timestamp: 2026-05-20T03:50:06Z", false},
		{"an id and a mail's date", "Date: 2026-05-20T03:50:06Z Request Id: " + id, false},
	} {
		if r, ok := Parse(test.text); ok != test.want || !ok && !cmp.Equal(r, Report{}) {
			t.Errorf("%s: got %v, %+v", test.name, ok, r)
		}
	}
}

func TestReportJSON(t *testing.T) {
	full := Report{
		Code: "500121", Codes: []string{"50076", "500121"}, RequestID: "7be2a91d-30c4-4f6e-9d15-c2480fa6b700",
		CorrelationID: "c80f4a26-1d7b-4e93-b5a8-61e2d07f93cb", Timestamp: time.Date(2026, 5, 20, 3, 50, 6, 0, time.UTC),
		UPN: "lena.brandt@contoso.com", Damaged: []Field{FieldTimestamp},
	}
	for _, want := range []Report{full, {}} {
		b, err := json.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		var got Report
		if err := json.Unmarshal(b, &got); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", b, diff)
		}
	}
	if b, _ := json.Marshal(Report{}); string(b) != "{}" {
		t.Errorf("an empty report is %s", b)
	}
}

// TestHostile allows a hundred times what hostile text takes on a slow machine;
// more than linear time would need far more than that.
func TestHostile(t *testing.T) {
	for _, s := range hostile {
		start := time.Now()
		if r, ok := Parse(hostileText(s)); ok {
			check(t, r)
		}
		if d := time.Since(start); d > 2*time.Second {
			t.Errorf("%q repeated takes %v", s, d)
		}
	}
}

func TestMaxText(t *testing.T) {
	const err = "AADSTS50076: x "
	at := func(n int) string { return strings.Repeat(".", n-1) + " " + err }
	if _, ok := Parse(at(MaxText - len(err))); !ok {
		t.Error("an error right before the limit is not seen")
	}
	if _, ok := Parse(at(MaxText)); ok {
		t.Error("an error after the limit is seen")
	}
}

func TestManyCodes(t *testing.T) {
	var b strings.Builder
	for n := range 1000 {
		fmt.Fprintf(&b, "AADSTS%d ", 50000+n)
	}
	if r, _ := Parse(b.String()); r.Code != "50000" || len(r.Codes) != maxCodes {
		t.Errorf("got %s of %d codes", r.Code, len(r.Codes))
	}
}

// check fails the test if a report is not one that Parse may make.
func check(t *testing.T, r Report) {
	t.Helper()
	for _, c := range r.Codes {
		if len(c) < 5 || len(c) > 7 || strings.Trim(c, "0123456789") != "" || c[0] == '0' {
			t.Errorf("code %q", c)
		}
	}
	if (r.Code == "") != (len(r.Codes) == 0) || r.Code != "" && !slices.Contains(r.Codes, r.Code) {
		t.Errorf("code %q of %q", r.Code, r.Codes)
	}
	for _, id := range []string{r.RequestID, r.CorrelationID} {
		if _, end := readGUID([]byte(id), 0, false); id != "" && (end != len(id) || id != strings.ToLower(id)) {
			t.Errorf("id %q", id)
		}
	}
	if y := r.Timestamp.Year(); !r.Timestamp.IsZero() && (y < 1999 || y > 2100) || r.Timestamp.Location() != time.UTC {
		t.Errorf("time %v", r.Timestamp)
	}
	if r.UPN != strings.ToLower(r.UPN) || r.UPN != "" && strings.Count(r.UPN, "@") != 1 {
		t.Errorf("UPN %q", r.UPN)
	}
	if r.Code == "" && r.RequestID == "" && r.CorrelationID == "" {
		t.Errorf("an error of nothing: %+v", r)
	}
}

// page prints a report the way a sign-in page would.
func page(r Report) string {
	var b strings.Builder
	line := func(label, value string) {
		if value != "" {
			fmt.Fprintf(&b, "%s: %s\n", label, value)
		}
	}
	line("Username", r.UPN)
	if _, _, known := Lookup(r.Code); known {
		line("Error Code", r.Code)
	} else if r.Code != "" {
		line("Message", "AADSTS"+r.Code)
	}
	line("Request Id", r.RequestID)
	line("Correlation Id", r.CorrelationID)
	if !r.Timestamp.IsZero() {
		line("Timestamp", r.Timestamp.Format(time.RFC3339))
	}
	return b.String()
}

func FuzzParse(f *testing.F) {
	for _, r := range readRows(f, ownPastes) {
		f.Add(r.Text)
	}
	for _, s := range hostile {
		f.Add(strings.Repeat(s, 3))
	}
	f.Fuzz(func(t *testing.T, text string) {
		r, ok := Parse(text)
		if again, ok2 := Parse(text); ok2 != ok || !cmp.Equal(r, again) {
			t.Fatalf("got %+v, then %+v", r, again)
		}
		if !ok {
			if !cmp.Equal(r, Report{}) {
				t.Fatalf("false, but %+v", r)
			}
			return
		}
		check(t, r)
		want := r
		want.Damaged = nil
		if r.Code != "" {
			want.Codes = []string{r.Code}
		}
		if r.Timestamp.Year() < 2000 || r.Timestamp.Year() > 2099 {
			return // an offset moved it out of what is read as a time
		}
		if got, ok := Parse(page(want)); ok && !cmp.Equal(want, got) {
			t.Errorf("read again from its own page (-want +got):\n%s", cmp.Diff(want, got))
		}
	})
}
