package diagnose

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"

	"mfahelp/graph/aadsts"
)

var update = flag.Bool("update", false, "renew testdata/table.txt")

// TestTable writes the whole table of decisions down, as they come out for
// somebody with Authenticator on an iPhone, a phone number and a key, so that a
// change shows in review.
func TestTable(t *testing.T) {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	row := func(what string, d Diagnosis) {
		marks := ""
		switch {
		case d.Alarm:
			marks = "ALARM"
		case d.AdminsOnly:
			marks = "admins only: "
		case d.Ask:
			marks = "was it you? "
		}
		if len(what) > 72 {
			what = what[:69] + "..."
		}
		fmt.Fprintf(w, "%q\t%s\t%s\t%s\n", what, d.Cause, d.Confidence, marks+keys(d))
	}
	method := map[Cause]string{
		CannotNotify: push, NoAnswer: push, WrongNumber: push, WrongCode: code, CodeUsed: code, CodeNotEntered: text, TooManyCodes: code,
		PhoneUnreachable: text, Voicemail: call, HungUp: call, NoPhoneInput: call, WrongPIN: call, BadPhoneNumber: call,
	}
	for _, entry := range append(slices.Clip(manual), logged...) {
		row(entry.words, Diagnose(about(at(0, 500121, passed(), asked(method[entry.want], "", entry.words)))))
	}
	for _, words := range quietly {
		row(words, Diagnose(about(at(0, 500121, passed(), asked(push, "", words)))))
	}
	row("(anything else)", Diagnose(about(at(0, 500121, passed(), asked(push, "", "something new")))))
	for _, e := range aadsts.Catalogue() {
		row("AADSTS"+e.Code, Diagnose(Facts{Report: aadsts.Report{Code: e.Code}, Now: noon}))
	}
	w.Flush()

	const file = "testdata/table.txt"
	if *update {
		if err := os.MkdirAll("testdata", 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(b.String()), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	got := strings.Split(b.String(), "\n")
	for i, line := range strings.Split(string(want), "\n") {
		if i >= len(got) || got[i] != line {
			t.Fatalf("line %d of %s is %q; if the change is meant, run with -update", i+1, file, line)
		}
	}
}
