package teams

import (
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// limits keep us under how many calls Teams takes, so that it has no reason to
// refuse one. They never wait: who has to is told for how long, and comes back.
//
// Teams counts in windows, several at once: 7 in a second, 8 in two, 60 in
// thirty, 1800 in an hour. A bucket that holds b and gains r a second lets no
// more than b+r*t through in any t seconds, so of two buckets the first keeps
// the short windows and the second the long one.
// See https://learn.microsoft.com/microsoftteams/platform/bots/how-to/rate-limit.
type limits struct {
	now func() time.Time

	mu      sync.Mutex
	paces   map[string]*pace
	tenants map[string]*rate.Limiter
}

// A kind of call has limits of its own.
type kind string

const (
	sending  kind = "send"   // into a conversation, new or in place of what is there
	creating kind = "create" // a conversation
	reading  kind = "read"   // who is in one
)

// A pace is that of one kind of call about one conversation.
type pace struct {
	quick, steady *rate.Limiter
	until         time.Time // Teams itself has asked us to wait
}

const maxPaces = 4096 // before those that are at rest are forgotten

func newLimits(now func() time.Time) *limits {
	return &limits{now: now, paces: map[string]*pace{}, tenants: map[string]*rate.Limiter{}}
}

func newPace(k kind) *pace {
	if k == reading { // 14 in 1 s, 16 in 2 s, 120 in 30 s, 3600 in 1 h
		return &pace{quick: rate.NewLimiter(2, 12), steady: rate.NewLimiter(0.5, 1800)}
	}
	return &pace{quick: rate.NewLimiter(1, 6), steady: rate.NewLimiter(0.25, 900)}
}

// take counts a call, or says how long it must wait and does not.
func (l *limits) take(k kind, tenant, conversation string) (wait time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	p := l.pace(k, conversation, now)
	if now.Before(p.until) {
		return p.until.Sub(now)
	}
	// An app has 50 requests a second in a tenant by one of Microsoft's pages,
	// and 30 by another.
	app := l.tenants[tenant]
	if app == nil {
		app = rate.NewLimiter(20, 10)
		l.tenants[tenant] = app
	}
	var taken []*rate.Reservation
	for _, b := range []*rate.Limiter{p.quick, p.steady, app} {
		r := b.ReserveN(now, 1)
		taken = append(taken, r)
		wait = max(wait, r.DelayFrom(now))
	}
	if wait > 0 {
		for _, r := range taken {
			r.CancelAt(now)
		}
		wait = wait.Truncate(time.Millisecond) + time.Millisecond // whoever comes back counts in larger steps than this
	}
	return wait
}

// hold keeps us from calling until a time that Teams has asked for.
func (l *limits) hold(k kind, conversation string, d time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	p := l.pace(k, conversation, now)
	if until := now.Add(d); until.After(p.until) {
		p.until = until
	}
}

func (l *limits) pace(k kind, conversation string, now time.Time) *pace {
	name := string(k) + "/" + conversation
	p := l.paces[name]
	if p != nil {
		return p
	}
	if len(l.paces) >= maxPaces {
		for n, old := range l.paces {
			if !now.Before(old.until) && old.steady.TokensAt(now) >= float64(old.steady.Burst()) {
				delete(l.paces, n)
			}
		}
	}
	p = newPace(k)
	l.paces[name] = p
	return p
}
