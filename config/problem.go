package config

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// A Problem is one thing that is wrong in the file. It never quotes what could
// be a secret, whatever key it was written under by mistake.
type Problem struct {
	File      string
	Line, Col int    // from 1
	Key       string // such as "tenant.cloud"; "" for the file as a whole
	Says      string // what is wrong, and what to write instead
}

// Error puts the place first, in the form that editors jump to.
func (p *Problem) Error() string {
	s := fmt.Sprintf("%s:%d:%d: ", p.File, p.Line, p.Col)
	if p.Key != "" {
		s += p.Key + ": "
	}
	return s + p.Says
}

// join returns the problems in the order of the file, as one error.
func join(problems []*Problem) error {
	slices.SortStableFunc(problems, func(a, b *Problem) int {
		return cmp.Or(a.Line-b.Line, a.Col-b.Col)
	})
	errs := make([]error, len(problems))
	for i, p := range problems {
		errs[i] = p
	}
	return errors.Join(errs...)
}

// quotable is how much of a value a problem may repeat. The secrets of app
// registrations have 40 characters, and tokens have more.
const quotable = 24

// quote repeats s if that cannot give away a secret.
func quote(s string) string {
	if len(s) > quotable || strings.ContainsAny(s, "~\n") {
		return "this"
	}
	return fmt.Sprintf("%q", s)
}

// meant says which of known somebody may have meant by s, or nothing.
func meant(s string, known []string) string {
	best := nearest(s, known)
	if best == "" {
		return ""
	}
	return fmt.Sprintf("; did you mean %q?", best)
}

// nearest is the one of known that somebody may have meant by s, or "".
func nearest(s string, known []string) string {
	best, least := "", 1+len(s)/3 // a third of the letters may be wrong
	for _, k := range known {
		if d := distance(strings.ToLower(s), k); d <= least {
			best, least = k, d-1
		}
	}
	return best
}

// distance counts the letters to change, add, or drop that make a of b, after
// Levenshtein.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		before := row[0]
		row[0] = i + 1
		for j := range len(b) {
			changed := before
			if a[i] != b[j] {
				changed++
			}
			before = row[j+1]
			row[j+1] = min(changed, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
