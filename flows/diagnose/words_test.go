package diagnose

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"mfahelp/graph"
)

// sentences reads a message file.
func sentences(t testing.TB, name string) map[string]string {
	t.Helper()
	b, err := os.ReadFile("../../words/en/" + name)
	if err != nil {
		t.Fatal(err)
	}
	var all map[string]string
	if err := json.Unmarshal(b, &all); err != nil {
		t.Fatal(err)
	}
	return all
}

func TestEveryCauseHasItsWords(t *testing.T) {
	said := sentences(t, "causes.json")
	wanted := map[string]bool{}
	for _, c := range Causes() {
		for part, forAll := range map[string]bool{"title": true, "body": true, "admin-title": false, "admin": false} {
			if c.Alarm() && forAll {
				if said[c.Key(part)] != "" {
					t.Errorf("%s is an alarm, and yet there is something to tell the asker: %s", c, c.Key(part))
				}
				continue
			}
			wanted[c.Key(part)] = true
			if said[c.Key(part)] == "" {
				t.Errorf("no words for %s", c.Key(part))
			}
		}
	}
	for key, s := range said {
		if strings.HasPrefix(key, "cause.") && !wanted[key] {
			t.Errorf("%s says %q, but there is no such cause", key, s)
		}
		if strings.HasSuffix(key, "title") && len([]rune(s)) > 60 {
			t.Errorf("%s is longer than 60: %q", key, s)
		}
		if strings.Contains(s, "{1}") || strings.Contains(s, "{0}") && !strings.HasSuffix(key, ".body") && !strings.HasPrefix(key, "asked.") && !strings.HasPrefix(key, "method.") {
			t.Errorf("%s has a gap that nothing fills: %q", key, s)
		}
	}
}

func TestEveryOtherKeyHasItsWords(t *testing.T) {
	said := sentences(t, "causes.json")
	for _, c := range []Confidence{None, CodeOnly, Likely, Certain} {
		if said[c.Key()] == "" {
			t.Errorf("no words for %s", c.Key())
		}
	}
	for _, k := range append(slices.Clip(namedKinds), graph.OtherMethod, "not yet made") {
		for _, name := range []string{"", "X"} {
			key, args := MethodKey(graph.Method{Kind: k, Name: name})
			if said[key] == "" || strings.Contains(said[key], "{0}") != (len(args) == 1) {
				t.Errorf("%s says %q, and gets %q", key, said[key], args)
			}
		}
	}
	for _, method := range []string{"", push, code, text, call, "FIDO2 security key", "Windows Hello for Business"} {
		for _, device := range []string{"", "X"} {
			key, args := Diagnosis{Method: method, Device: device}.Asked()
			if said[key] == "" || strings.Contains(said[key], "{0}") != (len(args) == 1) {
				t.Errorf("%q on %q: %s says %q, and gets %q", method, device, key, said[key], args)
			}
		}
	}
	for c, a := range answers {
		for _, n := range a.notes {
			if said["note."+n] == "" {
				t.Errorf("%s: no words for note.%s", c, n)
			}
		}
	}
}

// TestStepsAndWordsAreTheSame reads the keys out of the source: a step without
// words would be a bare key to somebody, and words without a step mislead.
func TestStepsAndWordsAreTheSame(t *testing.T) {
	said := sentences(t, "steps.json")
	files, _ := filepath.Glob("*.go")
	var used []string
	for _, f := range files {
		if strings.HasSuffix(f, "_test.go") {
			continue
		}
		src, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`(?:Key: |say\(|link\()"([a-z-]+)"`).FindAllStringSubmatch(string(src), -1) {
			used = append(used, m[1])
		}
	}
	for _, k := range used {
		if said["step."+k+".do"] == "" {
			t.Errorf("no words for step.%s.do", k)
		}
	}
	for key := range said {
		name, part, _ := strings.Cut(strings.TrimPrefix(key, "step."), ".")
		if !slices.Contains(used, name) || !slices.Contains([]string{"do", "why", "link"}, part) {
			t.Errorf("%s belongs to no step", key)
		}
	}
}

// fits reports whether the gaps of a step's sentence are those that it fills.
func fits(said map[string]string, a Advice) bool {
	n := len(a.Args)
	if a.Method != nil {
		n++
	}
	do := said["step."+a.Key+".do"]
	for i, g := range []string{"{0}", "{1}", "{2}", "{3}"} {
		if strings.Contains(do, g) != (i < n) {
			return false
		}
	}
	return do != "" && (said["step."+a.Key+".link"] != "") == (a.URL != "")
}
