package simulate

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestMutations takes one rule away at a time, wherever it is kept, and sees the
// simulator find out. It compiles the program anew for each, and so runs only
// when asked to:
//
//	MFAHELP_MUTATIONS=1 go test ./cmd/simulate -run TestMutations -v
func TestMutations(t *testing.T) {
	if os.Getenv("MFAHELP_MUTATIONS") == "" {
		t.Skip("takes minutes; MFAHELP_MUTATIONS=1 runs it")
	}
	for _, m := range []struct {
		name string
		cuts [][3]string // file, what is there, what is put in its place
		want string      // what the simulator says
	}{
		{"nothing", nil, ""},
		{"how many approve", [][3]string{{"flows/approval.go", "max(a.Approvers, 1) - len(approvers)", "1 - len(approvers)"}}, `: \d approved it in time, of 2`},
		{"who vouched does not approve", [][3]string{
			{"flows/approval.go", "(a.ProverMayApprove || !provers[d.By.Key()])", "true"},
			{"flows/reset/approve.go", "case !r.ProverMayApprove && slices.", "case false && slices."},
		}, `: \d approved it in time, of \d`},
		{"a proof ends", [][3]string{{"flows/approval.go", "signedIn(p.SignedIn, p.At, now) && now.Before(p.Expires)", "signedIn(p.SignedIn, p.At, now)"}}, `: \d approved it in time, of \d`},
		{"resets are stopped", [][3]string{
			{"store/freeze.go", "f.Version, f.On = version, on != 0", "f.Version, f.On, on = version, false, 0"},
			{"store/deeds.go", "`(SELECT is_on FROM freezes) = 0`", "`1 = 1`"},
			{"store/perform.go", "SET begun = begun + 1 WHERE is_on = 0`", "SET begun = begun + 1`"},
		}, `: resets are stopped`},
		{"nor does what a plan ends begin then", [][3]string{{"store/perform.go", "if !anyway(r, d.Effect) {", "if !flows.ResetFrozen.Lets(d.Effect.Kind) {"}}, `sessions.revoke .*: resets are stopped`},
		{"rights are read again", [][3]string{{"flows/reset/leave.go", "r.Decisions[i].Eligible = ok", "_, _ = i, ok"}}, `: \d approved it in time, of \d`},
		{"another policy", [][3]string{{"flows/reset/leave.go", "if r.PolicyVersion != f.version {", "if false {"}}, `: nobody vouched for them`},
		{"who calls back has heard the code", [][3]string{{"flows/reset/proof.go", `!same(heard(x.fields["half"]), f.Codes.half(subjectHalf, x.r))`, "false"}}, `: nobody vouched for them`},
		{"who picks a pass up was told the code", [][3]string{{"flows/reset/handover.go", `!same(heard(x.fields["code"]), f.Codes.code(pickUpCode, r.Key, key))`, "false"}}, `was shown the pass`},
		{"who has nothing left gets a pass", [][3]string{{"flows/reset/plan.go", "if strong == 0 || len(gone) == 0 {", "if len(gone) == 0 {"}}, `: a password alone is left, and no pass comes`},
		{"sessions end of who says that it was not them", [][3]string{{"flows/reset/leave.go", "return r.State == flows.ResetFrozen && r.Alarm", "return false"}}, `their sessions did not end`},
		{"a colleague is told nothing", [][3]string{{"flows/reset/standing.go", "	if r.As == flows.AsSubject {\n", "	if r.As != flows.AsAdmin {\n"}}, `reads of the phone of`},
		{"a mail is sent once", [][3]string{{"graph/change.go", "c.Kind != CreatePass && c.Kind != SendMail", "c.Kind != CreatePass"}}, `mail/.* was done 2 times`},
		{"a pass is made once", [][3]string{{"graph/change.go", "c.Kind != CreatePass && c.Kind != SendMail", "c.Kind != SendMail"}}, `was done 2 times`},
		{"what is over is not asked anew", [][3]string{{"flows/reset/done.go", ` || !f.Now().Before(r.Expires) {`, " {"}}, `is still \w+ a day later`},
	} {
		t.Run(m.name, func(t *testing.T) {
			cmd := exec.Command("go", "test", "-overlay", overlay(t, m.cuts), "./cmd/simulate", "-run", "^TestSimulate$", "-count", "1")
			cmd.Dir = "../.."
			cmd.Env = append(os.Environ(), "MFAHELP_SEEDS=100", "MFAHELP_MUTATIONS=")
			out, err := cmd.CombinedOutput()
			switch {
			case m.want == "" && err != nil:
				t.Errorf("it fails with every rule in place: %s", out)
			case m.want != "" && (err == nil || !regexp.MustCompile(m.want).Match(out)):
				t.Errorf("nobody noticed, %v: %s", err, out)
			case m.want != "":
				t.Logf("%s", out)
			}
		})
	}
}

// overlay has the compiler read changed copies of files. Each cut must be there
// once, so that none is made in vain.
func overlay(t *testing.T, cuts [][3]string) string {
	t.Helper()
	dir, replace := t.TempDir(), map[string]string{}
	for i, c := range cuts {
		file, err := filepath.Abs(filepath.Join("..", "..", c[0]))
		if err != nil {
			t.Fatal(err)
		}
		src, err := os.ReadFile(file)
		if err != nil || strings.Count(string(src), c[1]) != 1 || replace[file] != "" {
			t.Fatalf("%s has not one %q, or is cut before: %v", c[0], c[1], err)
		}
		replace[file] = filepath.Join(dir, string(rune('a'+i))+".go")
		if err := os.WriteFile(replace[file], []byte(strings.Replace(string(src), c[1], c[2], 1)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	b, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(file, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}
