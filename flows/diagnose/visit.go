package diagnose

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"mfahelp/graph"
	"mfahelp/graph/aadsts"
)

const (
	visitLength = time.Hour      // a correlation id can live for weeks, a visit does not
	closeInTime = 24 * time.Hour // what says something about the same trouble
)

// strongAuth is the code of a sign-in whose second step failed: the only one
// for which the log's words decide, and not the code.
const strongAuth = "500121"

// base is the catalogued code that code is, or is a variant of.
func base(code string) string {
	if e, _, ok := aadsts.Lookup(code); ok {
		return e.Code
	}
	return code
}

func codeOf(s graph.SignIn) string { return strconv.Itoa(s.ErrorCode) }

// interrupted reports whether code only says that more was asked. Such codes
// are in the log of sign-ins that succeeded, too.
func interrupted(code string) bool {
	e, _, ok := aadsts.Lookup(code)
	return ok && e.Interrupt
}

// wrapper is a code that older programs print before the one that says why, as
// in "AADSTS70002: Error validating credentials. AADSTS70008: The grant expired".
const wrapper = "70002"

// verdict is the code of r to go by where nothing but r is known: its own, or
// where that says little, another one in the text that says why.
func verdict(r aadsts.Report) string {
	if !interrupted(r.Code) && r.Code != wrapper {
		return r.Code
	}
	for _, c := range r.Codes {
		if _, _, known := aadsts.Lookup(c); known && c != wrapper && !interrupted(c) {
			return c
		}
	}
	return r.Code
}

// sameEvent reports whether a and b are one event.
func sameEvent(a, b graph.SignIn) bool {
	if a.ID == "" && b.ID == "" {
		return a.At.Equal(b.At) && a.ErrorCode == b.ErrorCode && a.CorrelationID == b.CorrelationID
	}
	return strings.EqualFold(a.ID, b.ID)
}

// sameUser reports whether nothing says that a and b are two people's.
func sameUser(a, b graph.SignIn) bool {
	return a.UserID == "" || b.UserID == "" || strings.EqualFold(a.UserID, b.UserID)
}

// sameVisit reports whether a and b belong to one visit to a sign-in page.
// The client makes up the correlation id, and some use one for weeks.
func sameVisit(a, b graph.SignIn) bool {
	return a.CorrelationID != "" && strings.EqualFold(a.CorrelationID, b.CorrelationID) &&
		sameUser(a, b) && a.At.Sub(b.At).Abs() <= visitLength
}

// visit returns those of events that belong to one visit with s, oldest first.
// s is one of them.
func visit(s graph.SignIn, events []graph.SignIn) []graph.SignIn {
	all := []graph.SignIn{s}
	for _, e := range events {
		if sameVisit(s, e) && !sameEvent(s, e) {
			all = append(all, e)
		}
	}
	slices.SortStableFunc(all, func(a, b graph.SignIn) int { return a.At.Compare(b.At) })
	return all
}

// settled returns the event that tells how the visit of s ended. s may be an
// interrupt, which tells nothing, or a success in the same visit as the error
// that the person saw, which had the code.
func settled(s graph.SignIn, code string, events []graph.SignIn) graph.SignIn {
	v := visit(s, events)
	failed := func(e graph.SignIn) bool { return e.ErrorCode != 0 && !interrupted(codeOf(e)) }
	worked := func(e graph.SignIn) bool { return e.ErrorCode == 0 }
	seen := func(e graph.SignIn) bool { return failed(e) && base(codeOf(e)) == base(code) }
	second := func(e graph.SignIn) bool { return base(codeOf(e)) == strongAuth }
	since := func(is func(graph.SignIn) bool) func(graph.SignIn) bool {
		return func(e graph.SignIn) bool { return is(e) && !e.At.Before(s.At) }
	}
	switch {
	case interrupted(codeOf(s)):
		return *cmp.Or(last(v, since(failed)), last(v, since(worked)), last(v, failed), &s)
	case worked(s):
		return *cmp.Or(last(v, seen), &s)
	default:
		return *cmp.Or(last(v, since(second)), &s)
	}
}

// last returns the last of events that is so, or nil.
func last(events []graph.SignIn, so func(graph.SignIn) bool) *graph.SignIn {
	for i := range slices.Backward(events) {
		if so(events[i]) {
			return &events[i]
		}
	}
	return nil
}
