package diagnose

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"mfahelp/graph"
	"mfahelp/graph/aadsts"
)

// How far an event may be from the time of a report. Without an id, people
// read clocks wrong; with ids that are not in the log, only another request of
// the same visit will do.
const (
	farOff   = time.Hour
	farOffID = 2 * time.Minute
)

// Pick finds the event that r is about.
//
// The request id decides, then the correlation id, then the code and the time.
// What is so found may be an interrupt, or an earlier request of the visit:
// best is the event that tells how that visit failed. It is nil if none fits.
//
// nearby are the others of the same person within a day, newest first, or all
// if there is no best.
//
// Without ids and without a time, several visits may fit. They are ambiguous,
// newest first, one event of each, and best is only the newest of them: the
// person should be asked. Visits that read the same (app, address, reason) are
// not, since their answer is the same.
func Pick(r aadsts.Report, events []graph.SignIn) (best *graph.SignIn, nearby, ambiguous []graph.SignIn) {
	fits := candidates(r, events)
	if len(fits) == 0 {
		return nil, newestFirst(events), nil
	}
	var visits []graph.SignIn
	for _, s := range fits {
		s = settled(s, r.Code, events)
		if !slices.ContainsFunc(visits, func(v graph.SignIn) bool { return sameVisit(v, s) || readsSame(v, s) }) {
			visits = append(visits, s)
		}
	}
	visits = newestFirst(visits)
	if len(visits) > 1 {
		ambiguous = visits
	}
	return &visits[0], around(visits[0], events), ambiguous
}

// candidates returns the events that fit r equally well, newest first.
func candidates(r aadsts.Report, events []graph.SignIn) []graph.SignIn {
	all := newestFirst(events)
	byRequest := func(s graph.SignIn) bool { return same(r.RequestID, s.ID) }
	byOriginal := func(s graph.SignIn) bool { return same(r.RequestID, s.OriginalID) }
	byCorrelation := func(s graph.SignIn) bool { return same(r.CorrelationID, s.CorrelationID) }
	for _, by := range []func(graph.SignIn) bool{byRequest, byOriginal, byCorrelation} {
		if found := filter(all, by); len(found) > 0 {
			return nearest(r, preferCode(r.Code, found))[:1]
		}
	}
	return nearest(r, filter(all, func(s graph.SignIn) bool { return byCode(r.Code, s) && byTime(r, s) }))
}

// byTime reports whether s is near enough to the time of r.
func byTime(r aadsts.Report, s graph.SignIn) bool {
	hasID, off := r.RequestID != "" || r.CorrelationID != "", s.At.Sub(r.Timestamp).Abs()
	switch {
	case r.Timestamp.IsZero():
		return !hasID
	case hasID:
		return off <= farOffID
	default:
		return off <= farOff
	}
}

// byCode reports whether a person who saw code may have seen it in s. An
// interrupt is not how their visit ended, so a failed second step will do too.
func byCode(code string, s graph.SignIn) bool {
	switch c := codeOf(s); {
	case code == "":
		return s.ErrorCode != 0 && !interrupted(c)
	case interrupted(code):
		return base(c) == base(code) || base(c) == strongAuth
	default:
		return base(c) == base(code)
	}
}

// preferCode leaves only those with code, if there are any.
func preferCode(code string, events []graph.SignIn) []graph.SignIn {
	if some := filter(events, func(s graph.SignIn) bool { return code != "" && base(codeOf(s)) == base(code) }); len(some) > 0 {
		return some
	}
	return events
}

// nearest leaves only those that are nearest to the time of r, if it has one.
func nearest(r aadsts.Report, events []graph.SignIn) []graph.SignIn {
	if r.Timestamp.IsZero() || len(events) == 0 {
		return events
	}
	off := func(s graph.SignIn) time.Duration { return s.At.Sub(r.Timestamp).Abs().Truncate(time.Second) }
	least := off(slices.MinFunc(events, func(a, b graph.SignIn) int { return cmp.Compare(off(a), off(b)) }))
	return filter(events, func(s graph.SignIn) bool { return off(s) == least })
}

// around returns the others of whom s is, within a day, newest first.
func around(s graph.SignIn, events []graph.SignIn) []graph.SignIn {
	return filter(newestFirst(events), func(e graph.SignIn) bool {
		return !sameEvent(e, s) && sameUser(e, s) && e.At.Sub(s.At).Abs() <= closeInTime
	})
}

// readsSame reports whether a and b would be answered the same.
func readsSame(a, b graph.SignIn) bool {
	ra, rb := reasonOf(a), reasonOf(b)
	return a.ErrorCode == b.ErrorCode && a.App == b.App && a.IP == b.IP && sameUser(a, b) &&
		ra.cause == rb.cause && ra.unknown == rb.unknown && ra.method() == rb.method()
}

// same reports whether id and other are one, and there at all.
func same(id, other string) bool { return id != "" && strings.EqualFold(id, other) }

func newestFirst(events []graph.SignIn) []graph.SignIn {
	all := slices.Clone(events)
	slices.SortStableFunc(all, func(a, b graph.SignIn) int { return b.At.Compare(a.At) })
	return all
}

func filter(events []graph.SignIn, so func(graph.SignIn) bool) (some []graph.SignIn) {
	for _, e := range events {
		if so(e) {
			some = append(some, e)
		}
	}
	return some
}
