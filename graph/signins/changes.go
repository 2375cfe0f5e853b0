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
	q := graph.Query{UserID: guid(user), Around: since.UTC()}
	return through(ctx, s, question{q, ofChanges}, time.Time{}, func(p *pass) (graph.Events, error) { return s.changes(ctx, p, q.UserID, q.Around) })
}

func (s *Service) changes(ctx context.Context, p *pass, user string, since time.Time) (graph.Events, error) {
	switch {
	case user == "":
		return graph.Events{}, &graph.Error{Op: "list directory audits", Reason: graph.ErrRejected, Err: errNoClue}
	case s.opt.Audit == nil:
		return graph.Events{}, &graph.Error{Op: "list directory audits", Reason: graph.ErrUnavailable, Err: errNoAudit}
	}
	got := graph.Events{Since: s.reach(p, since)}
	// A report of fraud is about no account in the log, but by one.
	for _, f := range []graph.EventFilter{{Target: user, From: got.Since}, {By: user, From: got.Since}} {
		for range pages {
			page, err := s.changesPage(ctx, p, f)
			if err != nil {
				return graph.Events{}, err
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

// changesPage returns one page of the directory's log, from p if it was read
// before, else by one request of the budget.
func (s *Service) changesPage(ctx context.Context, p *pass, f graph.EventFilter) (graph.EventPage, error) {
	if page, ok := p.changes[f]; ok {
		return page, nil
	}
	var page graph.EventPage
	err := s.spend(ctx, func(ctx context.Context) (err error) {
		page, err = s.opt.Audit.DirectoryEvents(ctx, f)
		return err
	})
	if err == nil {
		p.changes[f] = page
	}
	return page, err
}
