package signins

import (
	"context"
	"errors"
	"maps"
	"sync"
	"time"

	"mfahelp/graph"
)

// A pass is what one look-up has read so far.
type pass struct {
	began   time.Time
	whole   bool // it has come to its end
	read    map[graph.Filter]answer
	changes map[graph.EventFilter]graph.EventPage
}

// A question is what a look-up is remembered by.
type question struct {
	graph.Query
	of logs // "" asks for the sign-in that the query points to
}

// logs say what is read of somebody, all of it since a time.
type logs string

const (
	ofSignIns logs = "sign-ins"
	ofChanges logs = "changes"
	ofBoth    logs = "both"
)

// through reads what answers q, and goes on where the last call for it was cut
// short, if that began after a time. What was read of both logs is the same for
// some seconds.
func through[T any](ctx context.Context, s *Service, q question, after time.Time, read func(*pass) (T, error)) (T, error) {
	now := s.opt.Now().UTC()
	p := s.passes.resume(q, after, now)
	got, err := read(p)
	if p.whole = err == nil; p.whole {
		if q.of == ofBoth {
			s.passes.keep(q, p, now)
		} else {
			s.passes.forget(q)
		}
		return got, nil
	}
	err = s.judged(ctx, q.Query, err)
	if later := (*graph.Later)(nil); errors.As(err, &later) {
		s.passes.keep(q, p, now)
	}
	var none T
	return none, err
}

const (
	// passFor is how long what was read is good for: the log goes on.
	passFor = 3 * time.Minute
	// wholeFor is how long it is where both logs were read to the end. A reset
	// asks before each of its changes, which follow one another in seconds, and
	// an event takes minutes to reach the log.
	wholeFor = 15 * time.Second
	// passesMax is how many unfinished look-ups are remembered. One that is
	// forgotten starts again, which costs a request and nothing else.
	passesMax = 1000
)

// passes remembers the look-ups that were cut short, and for some seconds others.
// It is personal data of minutes, in memory only.
type passes struct {
	mu  sync.Mutex
	cut map[question]*pass
}

// resume returns what a look-up for q that began after a time has read, or a pass
// that is new.
func (ps *passes) resume(q question, after, now time.Time) *pass {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	if p := ps.cut[key(q)]; p != nil && now.Sub(p.began) < p.goodFor() && !p.began.Before(after) {
		return &pass{began: p.began, read: maps.Clone(p.read), changes: maps.Clone(p.changes)}
	}
	return &pass{began: now, read: map[graph.Filter]answer{}, changes: map[graph.EventFilter]graph.EventPage{}}
}

// goodFor is how long after it began p is gone on with.
func (p *pass) goodFor() time.Duration {
	if p.whole {
		return wholeFor
	}
	return passFor
}

// keep remembers p for the next look-up for q.
func (ps *passes) keep(q question, p *pass, now time.Time) {
	if len(p.read)+len(p.changes) == 0 {
		return
	}
	ps.mu.Lock()
	defer ps.mu.Unlock()
	maps.DeleteFunc(ps.cut, func(_ question, p *pass) bool { return now.Sub(p.began) >= p.goodFor() })
	if ps.cut == nil || len(ps.cut) >= passesMax {
		ps.cut = map[question]*pass{}
	}
	ps.cut[key(q)] = p
}

// forget is called when a look-up has come to its end.
func (ps *passes) forget(q question) {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	delete(ps.cut, key(q))
}

// key returns q without what changes from one call to the next.
func key(q question) question {
	q.Tries = 0
	return q
}
