package signins

import (
	"context"
	"sync"
	"time"
)

// A Budget is the tenant's allowance of requests for reports. It may be shared
// by replicas, and then its memory is elsewhere.
type Budget interface {
	// Take takes one request, or says when there may be one.
	Take(ctx context.Context, now time.Time) (ok bool, next time.Time, err error)
	// Hold lets nobody take any before until, as Graph demanded.
	Hold(ctx context.Context, until time.Time) error
}

// What Graph grants to one app in one tenant, for all reports together.
// See https://learn.microsoft.com/graph/throttling-limits#identity-and-access-reports-service-limits.
const (
	Requests = 5
	Per      = 10 * time.Second
)

// slack is added to the window: Graph counts a request when it arrives, which
// is not quite when we take it.
const slack = 500 * time.Millisecond

// A LocalBudget is a [Budget] for a single process.
type LocalBudget struct {
	per time.Duration

	mu    sync.Mutex
	taken []time.Time // a ring of the last requests, one for each that per allows
	next  int         // the oldest of them
	until time.Time
}

// NewBudget allows n requests in any span of time as long as per.
func NewBudget(n int, per time.Duration) *LocalBudget {
	return &LocalBudget{per: per, taken: make([]time.Time, max(n, 1))}
}

// Take takes one request, or says when there may be one.
func (b *LocalBudget) Take(_ context.Context, now time.Time) (bool, time.Time, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	next := b.until
	if oldest := b.taken[b.next]; !oldest.IsZero() && oldest.Add(b.per).After(next) {
		next = oldest.Add(b.per)
	}
	if now.Before(next) {
		return false, next, nil
	}
	b.taken[b.next] = now
	b.next = (b.next + 1) % len(b.taken)
	return true, now, nil
}

// Hold lets nobody take any before until.
func (b *LocalBudget) Hold(_ context.Context, until time.Time) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if until.After(b.until) {
		b.until = until
	}
	return nil
}
