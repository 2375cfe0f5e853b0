package sandbox

import (
	"fmt"
	"net/http"
	"slices"
	"time"
)

// A limit is how many requests of a kind are let through in a time.
// See https://learn.microsoft.com/graph/throttling-limits.
type limit struct {
	name   string
	n      int
	within time.Duration
	shared bool // by all the apps of the tenant
	silent bool // does not say when to come again
}

var (
	reportLimit = limit{name: "identity and access reports", n: 5, within: 10 * time.Second}
	riskLimit   = limit{name: "identity protection", n: 1, within: time.Second, shared: true, silent: true}
)

// spend lets a request through, or says when one will be. One that is refused
// costs nothing.
func (t *Tenant) spend(l *limit, appID string, now time.Time) error {
	if l == nil || t.opts.NoThrottle {
		return nil
	}
	key := l.name
	if !l.shared {
		key += " " + appID
	}
	window := slices.DeleteFunc(t.windows[key], func(at time.Time) bool {
		return !at.After(now.Add(-l.within)) || at.After(now) // after now: the clock was moved back
	})
	t.windows[key] = window
	if len(window) < l.n {
		t.windows[key] = append(window, now)
		return nil
	}
	p := &problem{
		status: http.StatusTooManyRequests, code: "UnknownError", throttled: true,
		message: "This request is throttled. Please try again after the value specified in the Retry-After header. CorrelationId: " + t.newGUID(),
		why:     fmt.Sprintf("%s: %d requests within %v are let through, and those are spent", l.name, l.n, l.within),
	}
	if !l.silent {
		p.after = window[0].Add(l.within).Sub(now)
	}
	return p
}
