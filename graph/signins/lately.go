package signins

import (
	"context"
	"errors"
	"time"

	"mfahelp/graph"
)

// Lately returns all that somebody, by object id, did since a time, newest
// first, those that succeeded too. It never waits, and has the errors of
// [Service.Find]. An event of the last minutes may still be on its way.
func (s *Service) Lately(ctx context.Context, user string, since time.Time) (graph.Found, error) {
	now := s.opt.Now().UTC()
	q := graph.Query{UserID: guid(user), Around: since.UTC()} // what an unfinished reading is remembered by
	if q.UserID == "" {
		return graph.Found{}, &graph.Error{Op: "list sign-ins of a user", Reason: graph.ErrRejected, Err: errNoClue}
	}
	if oldest := now.Add(-s.opt.Retention); since.Before(oldest) {
		since = oldest
	}
	p := s.passes.resume(q, now)
	// Whole minutes, so that equal questions are equal.
	f := graph.Filter{UserID: q.UserID, From: since.UTC().Truncate(time.Minute), To: p.began.Truncate(time.Minute).Add(time.Minute)}
	got, err := s.read(ctx, p, f)
	if err != nil {
		err = s.judged(ctx, q, err)
		if later := (*graph.Later)(nil); errors.As(err, &later) {
			s.passes.keep(q, p, now)
		}
		return graph.Found{}, err
	}
	s.passes.forget(q)
	return graph.Found{SignIns: newestFirst(ofUser(got.SignIns, q.UserID)), By: graph.ByTime, API: got.api, Partial: got.partial}, nil
}
