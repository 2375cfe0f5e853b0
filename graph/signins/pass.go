package signins

import (
	"maps"
	"sync"
	"time"

	"mfahelp/graph"
)

// A pass is what one look-up has read so far.
type pass struct {
	began time.Time
	read  map[graph.Filter]answer
}

const (
	// passFor is how long what was read is good for: the log goes on.
	passFor = 3 * time.Minute
	// passesMax is how many unfinished look-ups are remembered. One that is
	// forgotten starts again, which costs a request and nothing else.
	passesMax = 1000
)

// passes remembers the look-ups that were cut short. It is personal data of
// minutes, in memory only.
type passes struct {
	mu  sync.Mutex
	cut map[graph.Query]*pass
}

// resume returns what the look-up for q has read, or a pass that is new.
func (ps *passes) resume(q graph.Query, now time.Time) *pass {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	if p := ps.cut[key(q)]; p != nil && now.Sub(p.began) < passFor {
		return &pass{began: p.began, read: maps.Clone(p.read)}
	}
	return &pass{began: now, read: map[graph.Filter]answer{}}
}

// keep remembers p for the next look-up for q.
func (ps *passes) keep(q graph.Query, p *pass, now time.Time) {
	if len(p.read) == 0 {
		return
	}
	ps.mu.Lock()
	defer ps.mu.Unlock()
	maps.DeleteFunc(ps.cut, func(_ graph.Query, p *pass) bool { return now.Sub(p.began) >= passFor })
	if ps.cut == nil || len(ps.cut) >= passesMax {
		ps.cut = map[graph.Query]*pass{}
	}
	ps.cut[key(q)] = p
}

// forget is called when a look-up has come to its end.
func (ps *passes) forget(q graph.Query) {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	delete(ps.cut, key(q))
}

// key returns q without what changes from one call to the next.
func key(q graph.Query) graph.Query {
	q.Tries = 0
	return q
}
