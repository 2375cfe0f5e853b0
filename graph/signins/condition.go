package signins

import (
	"cmp"
	"context"
	"errors"
	"sync"
	"time"

	"mfahelp/graph"
)

const (
	// betaAgain is how long beta is left alone once v1.0 answered in its place.
	betaAgain = 10 * time.Minute
	// betaPause is how long while it is not yet known whether v1.0 does better.
	betaPause = time.Minute
	// disbelief is how long a tenant's licence is doubted before Graph is asked
	// again, and, if it was seen to be there, for how long that counts.
	disbelief = 15 * time.Second
	licensed  = 24 * time.Hour
	// longestHold is the most that Graph may demand.
	longestHold = 15 * time.Minute
	// rejoin is how soon to come back for the answer to a request that took
	// longer than whoever asked could wait.
	rejoin = time.Second
	// longestGuess is how long to wait at most if Graph does not say: people
	// are to have their answer within a minute after it is back.
	longestGuess = 30 * time.Second
)

// A condition is what the last answers taught about Graph. The zero one knows
// nothing and expects the best.
type condition struct {
	mu        sync.Mutex
	betaDown  int       // how often in a row beta was unavailable
	betaAfter time.Time // when to try beta again
	throttled int       // how often in a row Graph throttled
	refused   int       // how often in a row it found no licence, some time apart
	refusedAt time.Time
	worked    time.Time // when there was a licence for the last time
}

// betaServed reports whether beta is worth a request.
func (c *condition) betaServed(now time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return !now.Before(c.betaAfter)
}

// betaAnswered learns from the answer of beta, and reports whether v1.0 should
// be asked instead.
func (c *condition) betaAnswered(now time.Time, err error) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case err == nil:
		c.betaDown = 0
	case errors.Is(err, graph.ErrUnavailable):
		c.betaDown++
	case errors.Is(err, graph.ErrRejected), errors.Is(err, graph.ErrNotFound):
		c.betaDown = 2
	default: // it would be no different with v1.0
		return false
	}
	if c.betaDown < 2 {
		return false
	}
	c.betaAfter = now.Add(betaPause)
	return true
}

// v1Answered learns from the answer of v1.0 in place of beta: if that is no
// better, beta is not to blame.
func (c *condition) v1Answered(now time.Time, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.betaAfter = (time.Time{}); err == nil {
		c.betaAfter = now.Add(betaAgain)
	}
	c.betaDown = 0
}

// answered learns from an answer of either.
func (c *condition) answered(now time.Time, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case err == nil:
		c.throttled, c.refused, c.worked = 0, 0, now
	case errors.Is(err, graph.ErrThrottled):
		c.throttled++
	case errors.Is(err, graph.ErrNoLicence) && now.Sub(c.refusedAt) >= disbelief:
		c.refused++
		c.refusedAt = now
	}
}

// unlicensed reports whether to believe that the tenant has no licence: Graph
// said so twice, some time apart, and nothing else lately. It is known to say
// so to tenants that have one.
// See https://github.com/microsoftgraph/microsoft-graph-docs/issues/14118.
func (c *condition) unlicensed(now time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.refused >= 2 && (c.worked.IsZero() || now.Sub(c.worked) > licensed)
}

// holdFor returns how long nobody may ask after a 429: as Graph said, or, since
// it does not always say, ever longer.
func (c *condition) holdFor(err error) time.Duration {
	var failed *graph.Error
	if errors.As(err, &failed) && failed.After > 0 {
		return min(failed.After, longestHold)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return min(Per<<min(max(c.throttled-1, 0), 8), longestGuess)
}

// judged makes of what went wrong what Find returns: when to ask again, or that
// there is no point in it.
func (s *Service) judged(ctx context.Context, q graph.Query, err error) error {
	var later *graph.Later
	if ctx.Err() != nil { // who asked has no more time, and a request is perhaps still under way: they may join it
		err = &graph.Error{Op: "list sign-ins", Reason: graph.ErrUnavailable, Err: ctx.Err(), After: rejoin}
	}
	if errors.As(err, &later) {
		if err = later.Err; err == nil {
			return later // the budget is spent, which passes
		}
	}
	var failed *graph.Error
	if !errors.As(err, &failed) {
		failed = &graph.Error{Op: "list sign-ins", Reason: graph.ErrUnavailable, Err: err}
	}
	now := s.opt.Now().UTC()
	doubted := errors.Is(failed, graph.ErrNoLicence) && !s.state.unlicensed(now)
	if !failed.Temporary() && !doubted || s.outOfPatience(q, now) {
		return failed
	}
	if later != nil {
		return later
	}
	wait := cmp.Or(max(failed.After, 0), min(disbelief<<min(max(q.Tries, 0), 8), longestGuess))
	return &graph.Later{At: now.Add(min(wait, longestHold)), Why: graph.Outage, Err: failed}
}

// outOfPatience reports whether an outage was waited out for long enough.
func (s *Service) outOfPatience(q graph.Query, now time.Time) bool {
	if q.Asked.IsZero() {
		return q.Tries >= len(s.opt.Waits)
	}
	return now.Sub(q.Asked) > s.opt.Patience
}
