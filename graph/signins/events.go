package signins

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"mfahelp/graph"
)

// interrupts are the codes that only pause a visit: a failed and a successful
// MFA both leave a 50074, and then another event with the outcome.
// See https://learn.microsoft.com/entra/identity-platform/reference-error-codes.
var interrupts = map[int]bool{
	50072: true, // must register for MFA
	50074: true, // strong authentication is required
	50076: true, // MFA is required by the administrator, or the place changed
	50079: true, // must register for MFA, by the administrator
	50140: true, // "Stay signed in?"
	50199: true, // confirmation of the app
}

// final reports whether events answer q: there is one that is more than an
// interrupt, or the interrupt is what was pasted.
func final(events []graph.SignIn, q graph.Query) bool {
	return slices.ContainsFunc(events, func(e graph.SignIn) bool {
		return !interrupts[e.ErrorCode] || q.Code != "" && hasCode(e, q.Code)
	})
}

// hasCode reports whether e has the error that was pasted, or none was.
func hasCode(e graph.SignIn, code string) bool {
	return code == "" || strconv.Itoa(e.ErrorCode) == code
}

// visits returns the events of all visits with the error code, or, if that is
// "", with any.
func visits(events []graph.SignIn, code string) []graph.SignIn {
	fits := func(e graph.SignIn) bool { return e.ErrorCode != 0 && hasCode(e, code) }
	visit := map[string]bool{}
	for _, e := range events {
		if e.CorrelationID != "" && fits(e) {
			visit[e.CorrelationID] = true
		}
	}
	return keep(events, func(e graph.SignIn) bool { return visit[e.CorrelationID] || fits(e) })
}

// ofUser returns the events of the user with the object id, in any case.
func ofUser(events []graph.SignIn, id string) []graph.SignIn {
	return keep(events, func(e graph.SignIn) bool { return strings.EqualFold(e.UserID, id) })
}

// near returns the events within window of at; none if at is unknown.
func near(events []graph.SignIn, at time.Time, window time.Duration) []graph.SignIn {
	return keep(events, func(e graph.SignIn) bool { return !at.IsZero() && e.At.Sub(at).Abs() <= window })
}

// keep returns those that ok, in a slice of their own: an answer may be shared.
func keep(events []graph.SignIn, ok func(graph.SignIn) bool) (kept []graph.SignIn) {
	for _, e := range events {
		if ok(e) {
			kept = append(kept, e)
		}
	}
	return kept
}

// newestFirst returns the events in order, each once.
func newestFirst(events []graph.SignIn) []graph.SignIn {
	sorted := slices.SortedStableFunc(slices.Values(events), func(a, b graph.SignIn) int { return b.At.Compare(a.At) })
	seen := map[string]bool{}
	return slices.DeleteFunc(sorted, func(e graph.SignIn) bool {
		twice := e.ID != "" && seen[e.ID]
		seen[e.ID] = true
		return twice
	})
}

// weaker returns the API that tells less.
func weaker(a, b graph.API) graph.API {
	if a == graph.V1 || b == "" {
		return a
	}
	return b
}

// guid returns s as Graph writes it, or "" if it is none: what people paste is
// not worth a request unless it can be an id.
func guid(s string) string {
	s = strings.ToLower(strings.TrimSpace(s))
	if len(s) != 36 {
		return ""
	}
	for i, r := range s {
		if dash := i == 8 || i == 13 || i == 18 || i == 23; dash != (r == '-') ||
			!dash && !strings.ContainsRune("0123456789abcdef", r) {
			return ""
		}
	}
	return s
}

// digits returns an error code without the letters before it.
func digits(code string) string {
	return strings.TrimLeft(strings.TrimPrefix(strings.ToUpper(strings.TrimSpace(code)), "AADSTS"), "0")
}
