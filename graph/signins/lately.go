package signins

import (
	"context"
	"time"

	"mfahelp/graph"
)

// Lately returns all that somebody, by object id, did since a time, newest
// first, those that succeeded too. It never waits, and has the errors of
// [Service.Find]. An event of the last minutes may still be on its way.
func (s *Service) Lately(ctx context.Context, user string, since time.Time) (graph.Found, error) {
	q := graph.Query{UserID: guid(user), Around: since.UTC()}
	return through(ctx, s, question{q, ofSignIns}, time.Time{}, func(p *pass) (graph.Found, error) { return s.lately(ctx, p, q.UserID, q.Around) })
}

func (s *Service) lately(ctx context.Context, p *pass, user string, since time.Time) (graph.Found, error) {
	if user == "" {
		return graph.Found{}, &graph.Error{Op: "list sign-ins of a user", Reason: graph.ErrRejected, Err: errNoClue}
	}
	// Whole minutes, so that equal questions are equal.
	f := graph.Filter{UserID: user, From: s.reach(p, since).Truncate(time.Minute), To: p.began.Truncate(time.Minute).Add(time.Minute)}
	got, err := s.read(ctx, p, f)
	if err != nil {
		return graph.Found{}, err
	}
	return graph.Found{SignIns: newestFirst(ofUser(got.SignIns, user)), By: graph.ByTime, API: got.api, Partial: got.partial}, nil
}

// reach is from when on p can read what was asked for since a time. It does not
// move while p goes on, so that what p has read is found again.
func (s *Service) reach(p *pass, since time.Time) time.Time {
	if oldest := p.began.Add(-s.opt.Retention); since.Before(oldest) {
		return oldest
	}
	return since
}

// History returns what [Service.Lately] and [Service.Changes] do, by one look-up.
// Who needs both and asks for one after the other spends what there is in the
// budget on the first each time, and while others take from it too may never
// come to the second. This goes on where it was cut short, so that the end is
// reached by however little at a time.
//
// All of the answer was read at after or later, but for a page that another look-up
// was asking for at that moment. One that was read to its end is
// given again for 15 s, and one that was cut short is gone on with for 3 min.
func (s *Service) History(ctx context.Context, user string, since, after time.Time) (graph.History, error) {
	q := graph.Query{UserID: guid(user), Around: since.UTC()}
	return through(ctx, s, question{q, ofBoth}, after, func(p *pass) (h graph.History, err error) {
		if h.SignIns, err = s.lately(ctx, p, q.UserID, q.Around); err != nil {
			return h, err
		}
		h.Changes, err = s.changes(ctx, p, q.UserID, q.Around)
		return h, err
	})
}
