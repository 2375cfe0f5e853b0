package signins

import (
	"context"
	"errors"
	"slices"
	"time"

	"mfahelp/graph"
)

// An Audit is the directory's own log of what was changed, one request at a
// time. Microsoft counts them together with those to the sign-in log.
// See https://learn.microsoft.com/graph/throttling-limits#identity-and-access-reports-service-limits.
type Audit interface {
	DirectoryEvents(ctx context.Context, f graph.EventFilter) (graph.EventPage, error)
}

var errNoAudit = errors.New("no audit log to read")

// Changes returns what was done to somebody's account, by object id, since a
// time, newest first. It never waits, and has the errors of [Service.Find]. An
// entry of the last minutes may still be on its way.
//
// What it leaves out says something only if it read all there is: Since is later
// than was asked for if the log does not reach as far, and Partial says that it
// holds more than was read.
func (s *Service) Changes(ctx context.Context, user string, since time.Time) (graph.Events, error) {
	now := s.opt.Now().UTC()
	f := graph.EventFilter{Target: guid(user), From: since.UTC()}
	switch {
	case f.Target == "":
		return graph.Events{}, &graph.Error{Op: "list directory audits", Reason: graph.ErrRejected, Err: errNoClue}
	case s.opt.Audit == nil:
		return graph.Events{}, &graph.Error{Op: "list directory audits", Reason: graph.ErrUnavailable, Err: errNoAudit}
	}
	if oldest := now.Add(-s.opt.Retention); f.From.Before(oldest) {
		f.From = oldest
	}
	got := graph.Events{Since: f.From}
	// A report of fraud is about no account in the log, but by one.
	for _, f := range []graph.EventFilter{f, {By: f.Target, From: f.From}} {
		for range pages {
			page, err := s.audits(ctx, f)
			if err != nil {
				return graph.Events{}, s.judged(ctx, graph.Query{UserID: guid(user)}, err)
			}
			for _, e := range page.Events {
				if !slices.ContainsFunc(got.Events, func(o graph.DirectoryEvent) bool { return o.ID == e.ID }) {
					got.Events = append(got.Events, e) // what somebody did to their own account is found both ways
				}
			}
			f = graph.EventFilter{Next: page.Next}
			if f.Next == "" {
				break
			}
		}
		got.Partial = got.Partial || f.Next != ""
	}
	slices.SortStableFunc(got.Events, func(a, b graph.DirectoryEvent) int { return b.At.Compare(a.At) })
	return got, nil
}

// audits makes one request of the budget.
func (s *Service) audits(ctx context.Context, f graph.EventFilter) (page graph.EventPage, err error) {
	err = s.spend(ctx, func(ctx context.Context) error {
		page, err = s.opt.Audit.DirectoryEvents(ctx, f)
		return err
	})
	return page, err
}
