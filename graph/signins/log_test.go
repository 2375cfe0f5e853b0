package signins_test

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"mfahelp/graph"
)

// start is when the tests begin.
var start = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

// A clock stands still until it is told to go on.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) set(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = t
}

func (c *clock) add(d time.Duration) { c.set(c.Now().Add(d)) }

// A log is a sign-in log in memory. An event is in it lag after it happened.
// Like Graph it filters by one thing, gives the newest first, in pages, and has
// no steps in v1.0. What it is asked wrongly it says.
type log struct {
	t      testing.TB
	clock  *clock
	lag    time.Duration
	page   int // events in one; 1,000 if 0
	events []graph.SignIn
	fail   func(api graph.API, f graph.Filter) error // instead of an answer; may be nil

	mu    sync.Mutex
	asked []asked
}

// asked is one request that the log got.
type asked struct {
	at  time.Time
	api graph.API
	f   graph.Filter
}

func (a asked) String() string {
	by := "time"
	switch {
	case a.f.Next != "":
		by = "next"
	case a.f.ID != "":
		by = "id"
	case a.f.CorrelationID != "":
		by = "correlation"
	}
	return string(a.api) + " " + by
}

func (l *log) SignIns(ctx context.Context, api graph.API, f graph.Filter) (graph.Page, error) {
	l.mu.Lock()
	l.asked = append(l.asked, asked{l.clock.Now(), api, f})
	l.mu.Unlock()
	if l.fail != nil {
		if err := l.fail(api, f); err != nil {
			return graph.Page{}, err
		}
	}
	if err := ctx.Err(); err != nil {
		return graph.Page{}, err
	}
	from := 0
	if f.Next != "" {
		f, from = l.next(api, f.Next)
	}
	l.check(f)
	var fit []graph.SignIn
	for _, e := range l.events {
		if fits(e, f) && !e.At.Add(l.lag).After(l.clock.Now()) {
			if e.API = api; api == graph.V1 {
				e.Steps = nil
			}
			fit = append(fit, e)
		}
	}
	slices.SortStableFunc(fit, func(a, b graph.SignIn) int { return b.At.Compare(a.At) })
	return l.cut(api, f, fit, from), nil
}

// cut returns the page of fit that begins at from.
func (l *log) cut(api graph.API, f graph.Filter, fit []graph.SignIn, from int) graph.Page {
	size := 1000
	if l.page > 0 {
		size = l.page
	}
	if f.Top > 0 {
		size = min(size, f.Top)
	}
	to := min(from+size, len(fit))
	p := graph.Page{SignIns: fit[from:to]}
	if to < len(fit) {
		p.Next = fmt.Sprintf("%s|%s|%s|%s|%d|%d|%d", api, f.ID, f.CorrelationID, f.UserID, f.From.Unix(), f.To.Unix(), to)
	}
	return p
}

// next undoes what cut wrote.
func (l *log) next(api graph.API, next string) (f graph.Filter, from int) {
	p := strings.Split(next, "|")
	if p[0] != string(api) {
		l.t.Errorf("asked %s for the next page of %s", api, p[0])
	}
	n := make([]int64, 3)
	for i := range n {
		n[i], _ = strconv.ParseInt(p[4+i], 10, 64)
	}
	return graph.Filter{ID: p[1], CorrelationID: p[2], UserID: p[3], From: time.Unix(n[0], 0), To: time.Unix(n[1], 0)}, int(n[2])
}

// check complains of what Graph would refuse, or what would cost too much.
func (l *log) check(f graph.Filter) {
	switch {
	case f.ID == "" && f.CorrelationID == "" && f.UserID == "":
		l.t.Errorf("asked for the whole log")
	case f.ID == "" && f.CorrelationID == "" && !f.To.After(f.From):
		l.t.Errorf("asked from %v to %v", f.From, f.To)
	case f.ID+f.CorrelationID+f.UserID != strings.ToLower(f.ID+f.CorrelationID+f.UserID):
		l.t.Errorf("asked for an id that Graph would not write so: %v", f)
	}
}

func fits(e graph.SignIn, f graph.Filter) bool {
	switch {
	case f.ID != "":
		return e.ID == f.ID
	case f.CorrelationID != "":
		return e.CorrelationID == f.CorrelationID
	}
	return e.UserID == f.UserID && !e.At.Before(f.From) && !e.At.After(f.To)
}

// requests returns what the log was asked since the last time.
func (l *log) requests() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var s []string
	for _, a := range l.asked {
		s = append(s, a.String())
	}
	l.asked = nil
	return s
}

// id returns a GUID that is easy to read: kind and number.
func id(kind byte, n int) string {
	return fmt.Sprintf("%c0000000-0000-4000-8000-%012d", kind, n)
}

// event returns a sign-in of the user that ended with code.
func event(n, visit, user, code int, at time.Time) graph.SignIn {
	return graph.SignIn{ID: id('a', n), CorrelationID: id('c', visit), UserID: id('e', user), At: at, ErrorCode: code,
		Steps: []graph.Step{{At: at, Method: "Mobile app notification"}}}
}
