package signins_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"mfahelp/graph"
	"mfahelp/graph/signins"

	"github.com/google/go-cmp/cmp"
)

// ago returns the time so many minutes before the tests begin.
func ago(minutes int) time.Time { return start.Add(-time.Duration(minutes) * time.Minute) }

// history is what the log holds: Ann (1) failed twice and then came in, was
// interrupted once, and shares a correlation id with Bob (2).
var history = []graph.SignIn{
	event(1, 1, 1, 50074, ago(30)),
	event(2, 1, 1, 500121, ago(29)),
	event(3, 2, 1, 50074, ago(20)),
	event(4, 2, 1, 0, ago(19)),
	event(5, 3, 1, 50074, ago(10)),
	event(6, 4, 1, 500121, ago(60*24*3)),
	event(7, 5, 1, 53003, ago(28)),
	event(8, 6, 1, 0, ago(100)),
	event(9, 7, 2, 500121, ago(25)),
	event(10, 7, 1, 50126, ago(24)),
	event(11, 7, 1, 500121, ago(60*24*9)),
}

func TestFind(t *testing.T) {
	long := start.Add(-time.Hour) // asked so long ago that no event can still come
	for _, test := range []struct {
		name  string
		query graph.Query
		want  []int // numbers of events
		by    graph.Clue
		cost  string
	}{
		{"a request id takes one request",
			graph.Query{RequestID: id('a', 7), Code: "53003"}, []int{7}, graph.ByRequest, "beta id"},
		{"ids and codes are read however they are written",
			graph.Query{RequestID: " " + strings.ToUpper(id('a', 7)) + "\n", Code: "AADSTS53003"}, []int{7}, graph.ByRequest, "beta id"},
		{"an interrupt is no verdict, so the visit is read",
			graph.Query{RequestID: id('a', 1)}, []int{2, 1}, graph.ByRequest, "beta id, beta correlation, beta time"},
		{"an event with another code than was pasted is looked around of",
			graph.Query{RequestID: id('a', 4), Code: "500121"}, []int{4, 3}, graph.ByRequest, "beta id, beta correlation"},
		{"what follows an interrupt may be success",
			graph.Query{RequestID: id('a', 3)}, []int{4, 3}, graph.ByRequest, "beta id, beta correlation"},
		{"an interrupt with nothing after it is told in the end",
			graph.Query{RequestID: id('a', 5), Asked: long}, []int{5}, graph.ByRequest, "beta id, beta correlation"},
		{"an event of somebody else is told, for the asker to refuse, and no more is read",
			graph.Query{RequestID: id('a', 1), UserID: id('e', 2)}, []int{1}, graph.ByRequest, "beta id"},
		{"without that event the correlation id finds the visit",
			graph.Query{RequestID: id('a', 99), CorrelationID: id('c', 1)}, []int{2, 1}, graph.ByCorrelation, "beta id, beta correlation, beta time"},
		{"a correlation id of two people gives the user's own, around the time",
			graph.Query{CorrelationID: id('c', 7), UserID: id('e', 1), Around: ago(25)}, []int{10}, graph.ByCorrelation, "beta correlation"},
		{"a correlation id of two people gives all if no user is known",
			graph.Query{CorrelationID: id('c', 7)}, []int{10, 9, 11}, graph.ByCorrelation, "beta correlation"},
		{"a correlation id of others is told",
			graph.Query{CorrelationID: id('c', 1), UserID: id('e', 2)}, []int{2, 1}, graph.ByCorrelation, "beta correlation"},
		{"user, time and code find the visit",
			graph.Query{UserID: id('e', 1), Code: "500121", Around: ago(29)}, []int{2, 1}, graph.ByTime, "beta time, beta time"},
		{"user and time find what failed",
			graph.Query{UserID: id('e', 1), Around: ago(41)}, []int{7, 2, 1}, graph.ByTime, "beta time, beta time"},
		{"without a time the last two hours are read",
			graph.Query{UserID: id('e', 1), Code: "53003"}, []int{7}, graph.ByTime, "beta time"},
		{"a time in the future is taken for unknown",
			graph.Query{UserID: id('e', 1), Code: "53003", Around: ago(-60)}, []int{7}, graph.ByTime, "beta time"},
		{"the clues follow each other",
			graph.Query{RequestID: id('a', 99), CorrelationID: id('c', 99), UserID: id('e', 1), Code: "53003"}, []int{7}, graph.ByTime, "beta id, beta correlation, beta time"},
		{"what is no id costs nothing",
			graph.Query{RequestID: "x' or id ne 'y", CorrelationID: "redacted:id", UserID: id('e', 1), Code: "53003"}, []int{7}, graph.ByTime, "beta time"},
		{"success alone is not what was pasted",
			graph.Query{UserID: id('e', 1), Around: ago(100), Asked: long}, nil, graph.ByTime, "beta time"},
		{"another error is not what was pasted",
			graph.Query{UserID: id('e', 1), Around: ago(25), Code: "50105", Asked: long}, nil, graph.ByTime, "beta time"},
		{"nothing is an answer",
			graph.Query{RequestID: id('a', 99), CorrelationID: id('c', 99), Asked: long}, nil, graph.ByCorrelation, "beta id, beta correlation"},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := &clock{now: start}
			l := &log{t: t, clock: c, events: history}
			got, err := signins.New(signins.Options{Log: l, Now: c.Now}).Find(t.Context(), test.query)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(ids(test.want), idsOf(got.SignIns)); diff != "" {
				t.Errorf("events (-want +got):\n%s", diff)
			}
			if got.By != test.by || got.API != graph.Beta || got.Partial || got.Expired {
				t.Errorf("got by %q of %q, partial %v, expired %v", got.By, got.API, got.Partial, got.Expired)
			}
			if cost := strings.Join(l.requests(), ", "); cost != test.cost {
				t.Errorf("asked %s, want %s", cost, test.cost)
			}
		})
	}
}

// TestNearby reads what else somebody did whose second step failed.
func TestNearby(t *testing.T) {
	long := start.Add(-time.Hour)
	for _, test := range []struct {
		name   string
		query  graph.Query
		nearby []int
		cost   string
	}{
		{"the day around a second step that failed, of that person alone",
			graph.Query{RequestID: id('a', 2), UserID: id('e', 1)}, []int{5, 4, 3, 10, 7, 2, 1, 8}, "beta id, beta time"},
		{"also if nobody says whose it is",
			graph.Query{RequestID: id('a', 9), Code: "500121"}, []int{9}, "beta id, beta time"},
		{"also if the visit had to be read",
			graph.Query{CorrelationID: id('c', 1), UserID: id('e', 1), Asked: long}, []int{5, 4, 3, 10, 7, 2, 1, 8}, "beta correlation, beta time"},
		{"nothing of somebody else",
			graph.Query{RequestID: id('a', 2), UserID: id('e', 2), Code: "500121"}, nil, "beta id"},
		{"nothing of one of two people",
			graph.Query{CorrelationID: id('c', 7), Around: ago(24)}, nil, "beta correlation"},
		{"nothing if something else failed",
			graph.Query{RequestID: id('a', 7), UserID: id('e', 1)}, nil, "beta id"},
	} {
		c := &clock{now: start}
		l := &log{t: t, clock: c, events: history}
		got, err := signins.New(signins.Options{Log: l, Now: c.Now}).Find(t.Context(), test.query)
		if diff := cmp.Diff(ids(test.nearby), idsOf(got.Nearby)); err != nil || diff != "" {
			t.Errorf("%s: %v, events (-want +got):\n%s", test.name, err, diff)
		}
		if cost := strings.Join(l.requests(), ", "); cost != test.cost {
			t.Errorf("%s: asked %s, want %s", test.name, cost, test.cost)
		}
	}
}

func ids(n []int) (s []string) {
	for _, n := range n {
		s = append(s, id('a', n))
	}
	return s
}

func idsOf(events []graph.SignIn) (s []string) {
	for _, e := range events {
		s = append(s, e.ID)
	}
	return s
}

func TestExpired(t *testing.T) {
	c := &clock{now: start}
	l := &log{t: t, clock: c, events: history}
	s := signins.New(signins.Options{Log: l, Now: c.Now})
	got, err := s.Find(t.Context(), graph.Query{RequestID: id('a', 2), Around: start.AddDate(0, 0, -31)})
	if want := (graph.Found{Expired: true}); err != nil || !cmp.Equal(got, want) {
		t.Errorf("got %v, %v, want %v", got, err, want)
	}
	if asked := l.requests(); asked != nil {
		t.Errorf("asked %v for what the log no longer holds", asked)
	}
}

func TestNoClue(t *testing.T) {
	c := &clock{now: start}
	l := &log{t: t, clock: c}
	_, err := signins.New(signins.Options{Log: l, Now: c.Now}).Find(t.Context(), graph.Query{RequestID: "none", Code: "500121"})
	var failed *graph.Error
	if !errors.As(err, &failed) || !errors.Is(err, graph.ErrRejected) || l.requests() != nil {
		t.Errorf("got %v", err)
	}
}

func TestPartial(t *testing.T) {
	c := &clock{now: start}
	l := &log{t: t, clock: c, page: 3}
	for n := range 10 {
		l.events = append(l.events, event(n, n, 1, 50126, start.Add(-time.Duration(n)*time.Second)))
	}
	s := signins.New(signins.Options{Log: l, Now: c.Now})
	long := start.Add(-time.Hour)
	for _, test := range []struct {
		name  string
		query graph.Query
		want  int
		part  bool
	}{
		{"two pages are read and more is said to be there", graph.Query{UserID: id('e', 1), Asked: long}, 6, true},
		{"none among many is not none", graph.Query{UserID: id('e', 1), Code: "500121", Asked: long}, 0, true},
		{"two pages may be all", graph.Query{UserID: id('e', 1), Around: start.Add(-15*time.Minute - 5*time.Second), Asked: long}, 6, true},
	} {
		got, err := s.Find(t.Context(), test.query)
		if err != nil || len(got.SignIns) != test.want || got.Partial != test.part {
			t.Errorf("%s: got %d, partial %v, %v", test.name, len(got.SignIns), got.Partial, err)
		}
		if asked := l.requests(); len(asked) != 2 {
			t.Errorf("%s: asked %v", test.name, asked)
		}
		c.add(time.Minute)
	}
	l.events = l.events[:6]
	got, err := s.Find(t.Context(), graph.Query{UserID: id('e', 1), Asked: long})
	if err != nil || len(got.SignIns) != 6 || got.Partial {
		t.Errorf("all of two pages: got %d, partial %v, %v", len(got.SignIns), got.Partial, err)
	}
}

// TestLag follows one query until its event comes, or does not.
func TestLag(t *testing.T) {
	for _, test := range []struct {
		name  string
		lag   time.Duration
		query graph.Query
		at    []time.Duration // when it was told to come back
		want  int
	}{
		{"one that is there is found at once", 0, graph.Query{RequestID: id('a', 1)}, nil, 1},
		{"one that comes is found at the next look", 4 * time.Minute, graph.Query{RequestID: id('a', 1)}, []time.Duration{1, 3, 6}, 1},
		{"one that never comes is absent after the last", time.Hour, graph.Query{RequestID: id('a', 1)}, []time.Duration{1, 3, 6, 12}, 0},
		{"so it is without a time, by user", 4 * time.Minute, graph.Query{UserID: id('e', 1), Code: "500121"}, []time.Duration{1, 3, 6}, 1},
		{"and with one", 4 * time.Minute, graph.Query{UserID: id('e', 1), Code: "500121", Around: start.Add(-time.Minute)}, []time.Duration{1, 3, 6}, 1},
		{"one of hours ago would be there", time.Hour, graph.Query{RequestID: id('a', 1), Around: ago(61)}, nil, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := &clock{now: start}
			l := &log{t: t, clock: c, lag: test.lag, events: []graph.SignIn{event(1, 1, 1, 500121, start)}}
			s := signins.New(signins.Options{Log: l, Now: c.Now})
			test.query.Asked = start
			got, waits := follow(t, s, c, test.query, graph.Lag)
			if len(got.SignIns) != test.want || got.Partial {
				t.Errorf("got %v", got)
			}
			var want []time.Time
			for _, m := range test.at {
				want = append(want, start.Add(m*time.Minute))
			}
			if diff := cmp.Diff(want, waits); diff != "" {
				t.Errorf("waits (-want +got):\n%s", diff)
			}
		})
	}
}

// TestVerdictComes awaits what follows an interrupt, unless that was pasted.
func TestVerdictComes(t *testing.T) {
	for code, waits := range map[string]int{"": 1, "500121": 1, "50074": 0} {
		c := &clock{now: start}
		l := &log{t: t, clock: c, lag: time.Minute, events: []graph.SignIn{
			event(1, 1, 1, 50074, start.Add(-time.Minute)), event(2, 1, 1, 500121, start.Add(-time.Second))}}
		s := signins.New(signins.Options{Log: l, Now: c.Now})
		got, waited := follow(t, s, c, graph.Query{RequestID: id('a', 1), Code: code, Asked: start}, graph.Lag)
		if len(waited) != waits || len(got.SignIns) != 1+waits {
			t.Errorf("%q pasted: waited %d times for %d events", code, len(waited), len(got.SignIns))
		}
	}
}

// follow asks, and comes back as it is told, until there is an answer.
func follow(t *testing.T, s *signins.Service, c *clock, q graph.Query, why graph.Wait) (graph.Found, []time.Time) {
	t.Helper()
	var waits []time.Time
	for range 50 {
		got, err := s.Find(t.Context(), q)
		if err == nil {
			return got, waits
		}
		var later *graph.Later
		if !errors.As(err, &later) || later.Why != why || !later.At.After(c.Now()) {
			t.Fatalf("at %v got %v", c.Now(), err)
		}
		waits = append(waits, later.At)
		c.set(later.At)
		q.Tries++
	}
	t.Fatal("no end")
	return graph.Found{}, nil
}

// TestBudgetSpent has the tenant's requests spent in the middle of a look-up.
func TestBudgetSpent(t *testing.T) {
	c := &clock{now: start}
	l := &log{t: t, clock: c, events: history}
	s := signins.New(signins.Options{Log: l, Now: c.Now, Budget: signins.NewBudget(1, 10*time.Second)})
	q := graph.Query{RequestID: id('a', 99), CorrelationID: id('c', 99), UserID: id('e', 1), Code: "53003", Asked: start}
	got, waits := follow(t, s, c, q, graph.Budget)
	if diff := cmp.Diff(ids([]int{7}), idsOf(got.SignIns)); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
	if want := []time.Time{start.Add(10 * time.Second), start.Add(20 * time.Second)}; !cmp.Equal(want, waits) {
		t.Errorf("waited until %v, want %v", waits, want)
	}
	if diff := cmp.Diff([]string{"beta id", "beta correlation", "beta time"}, l.requests()); diff != "" {
		t.Errorf("nothing is to be asked twice (-want +got):\n%s", diff)
	}
}

// TestPassEnds forgets what a look-up has read when it is over, and when it was
// never finished: the log goes on.
func TestPassEnds(t *testing.T) {
	for _, test := range []struct {
		name  string
		lag   time.Duration
		finds []time.Duration // when; the last finds it
	}{
		{"over", 50 * time.Second, []time.Duration{0, 10 * time.Second, time.Minute, 70 * time.Second}},
		{"never finished", 4 * time.Minute, []time.Duration{0, 5 * time.Minute, 5*time.Minute + 10*time.Second}},
	} {
		c := &clock{now: start}
		l := &log{t: t, clock: c, lag: test.lag, events: []graph.SignIn{event(1, 1, 1, 500121, start)}}
		s := signins.New(signins.Options{Log: l, Now: c.Now, Budget: signins.NewBudget(1, 10*time.Second)})
		q := graph.Query{RequestID: id('a', 1), CorrelationID: id('c', 9), Asked: start}
		var got graph.Found
		for _, at := range test.finds {
			c.set(start.Add(at))
			got, _ = s.Find(t.Context(), q)
		}
		if len(got.SignIns) != 1 {
			t.Errorf("%s: got %v", test.name, got)
		}
	}
}

// TestNeverTooOften asks at random, as many people do, and counts.
func TestNeverTooOften(t *testing.T) {
	for seed := range uint64(50) {
		r := rand.New(rand.NewPCG(seed, 1))
		c := &clock{now: start}
		l := &log{t: t, clock: c, events: history, lag: time.Minute}
		if seed%3 == 1 {
			l.fail = func(graph.API, graph.Filter) error { return sometimes(r) }
		}
		s := signins.New(signins.Options{Log: l, Now: c.Now})
		for range 300 {
			q := graph.Query{RequestID: id('a', r.IntN(12)), CorrelationID: id('c', r.IntN(8)), UserID: id('e', r.IntN(3)), Asked: c.Now()}
			if r.IntN(2) == 0 {
				q.RequestID = ""
			}
			_, err := s.Find(t.Context(), q)
			if later := (*graph.Later)(nil); errors.As(err, &later) && !later.At.After(c.Now()) {
				t.Fatalf("seed %d: told at %v to come back at %v", seed, c.Now(), later.At)
			}
			c.add(time.Duration(r.ExpFloat64() * float64(time.Second)))
		}
		atMost(t, l.asked, signins.Requests, signins.Per)
		if l.fail == nil && len(l.asked) < 100 {
			t.Errorf("only %d requests prove nothing", len(l.asked))
		}
	}
}

// sometimes fails in one of the ways in which Graph does.
func sometimes(r *rand.Rand) error {
	reasons := []error{graph.ErrThrottled, graph.ErrUnavailable, graph.ErrRejected, graph.ErrNotFound, graph.ErrNoLicence}
	if n := r.IntN(10); n < len(reasons) {
		return &graph.Error{Op: "list sign-ins", Reason: reasons[n], After: time.Duration(r.IntN(3)) * time.Second}
	}
	return nil
}

// atMost checks that no span as long as per has more than n requests.
func atMost(t *testing.T, a []asked, n int, per time.Duration) {
	t.Helper()
	for i := n; i < len(a); i++ {
		if span := a[i].at.Sub(a[i-n].at); span <= per {
			t.Fatalf("%d requests in %v, at %v", n+1, span, a[i].at)
		}
	}
}

// TestFallback asks v1.0 when beta is not served, and beta again in a while.
func TestFallback(t *testing.T) {
	q := graph.Query{RequestID: id('a', 2), Asked: start}
	for _, test := range []struct {
		name   string
		reason error
		waits  int
		cost   []string
	}{
		{"the route is missing", graph.ErrNotFound, 0, []string{"beta id", "v1.0 id", "v1.0 time"}},
		{"it is refused", graph.ErrRejected, 0, []string{"beta id", "v1.0 id", "v1.0 time"}},
		{"it is down, twice", graph.ErrUnavailable, 1, []string{"beta id", "beta id", "v1.0 id", "v1.0 time"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := &clock{now: start}
			l := &log{t: t, clock: c, events: history}
			l.fail = func(api graph.API, _ graph.Filter) error {
				if api == graph.V1 {
					return nil
				}
				return &graph.Error{Op: "list sign-ins", Reason: test.reason}
			}
			s := signins.New(signins.Options{Log: l, Now: c.Now})
			got, waits := follow(t, s, c, q, graph.Outage)
			if len(got.SignIns) != 1 || got.API != graph.V1 || got.SignIns[0].Steps != nil || len(waits) != test.waits {
				t.Errorf("got %+v after %v", got, waits)
			}
			if diff := cmp.Diff(test.cost, l.requests()); diff != "" {
				t.Errorf("requests (-want +got):\n%s", diff)
			}
			l.fail = nil // beta is back, but nobody looks yet
			for _, step := range []struct {
				later time.Duration
				api   graph.API
			}{{time.Minute, graph.V1}, {8 * time.Minute, graph.V1}, {2 * time.Minute, graph.Beta}} {
				c.add(step.later)
				if got, err := s.Find(t.Context(), q); err != nil || got.API != step.api {
					t.Errorf("at %v: got %s, %v, want %s", c.Now(), got.API, err, step.api)
				}
			}
		})
	}
}

// TestFallbackSpent does not ask beta again because the budget was spent before
// v1.0 could be asked.
func TestFallbackSpent(t *testing.T) {
	c := &clock{now: start}
	l := &log{t: t, clock: c, events: history}
	l.fail = func(api graph.API, _ graph.Filter) error {
		if api == graph.V1 {
			return nil
		}
		return &graph.Error{Op: "list sign-ins", Reason: graph.ErrNotFound}
	}
	s := signins.New(signins.Options{Log: l, Now: c.Now, Budget: signins.NewBudget(1, 10*time.Second)})
	got, _ := follow(t, s, c, graph.Query{RequestID: id('a', 2), Asked: start}, graph.Budget)
	if asked := strings.Join(l.requests(), ", "); got.API != graph.V1 || asked != "beta id, v1.0 id, v1.0 time" {
		t.Errorf("got %s for %s", got.API, asked)
	}
}

// TestBothDown does not blame beta for what v1.0 does no better.
func TestBothDown(t *testing.T) {
	c := &clock{now: start}
	l := &log{t: t, clock: c, events: history}
	l.fail = func(graph.API, graph.Filter) error {
		return &graph.Error{Op: "list sign-ins", Reason: graph.ErrUnavailable, Status: 503}
	}
	s := signins.New(signins.Options{Log: l, Now: c.Now})
	q := graph.Query{RequestID: id('a', 2), Asked: start}
	for range 4 {
		var later *graph.Later
		if _, err := s.Find(t.Context(), q); !errors.As(err, &later) || later.Why != graph.Outage || !errors.Is(err, graph.ErrUnavailable) {
			t.Fatalf("got %v", err)
		}
		c.set(later.At)
	}
	l.fail = nil
	if got, err := s.Find(t.Context(), q); err != nil || got.API != graph.Beta {
		t.Errorf("got %s, %v, want beta", got.API, err)
	}
}

// TestThrottled lets nobody ask before Graph wants it.
func TestThrottled(t *testing.T) {
	c := &clock{now: start}
	l := &log{t: t, clock: c, events: history}
	var after time.Duration
	l.fail = func(graph.API, graph.Filter) error {
		return &graph.Error{Op: "list sign-ins", Reason: graph.ErrThrottled, Status: 429, After: after}
	}
	s := signins.New(signins.Options{Log: l, Now: c.Now})
	for _, test := range []struct{ after, want time.Duration }{
		{30 * time.Second, 30 * time.Second},
		{time.Hour, 15 * time.Minute}, // nobody waits that long
		{0, 30 * time.Second},         // not said, and the third in a row
	} {
		after = test.after
		q := graph.Query{RequestID: id('a', 2), Asked: c.Now()}
		_, err := s.Find(t.Context(), q)
		var later *graph.Later
		if !errors.As(err, &later) || later.Why != graph.Budget || !later.At.Equal(c.Now().Add(test.want)) || !errors.Is(err, graph.ErrThrottled) {
			t.Errorf("got %v at %v, want in %v", err, c.Now(), test.want)
		}
		q.RequestID = id('a', 9)
		c.set(later.At.Add(-time.Second))
		if _, err := s.Find(t.Context(), q); err == nil || len(l.requests()) != 1 {
			t.Errorf("asked again while held: %v", err)
		}
		c.set(later.At)
	}
	fail := l.fail
	l.fail = nil
	if _, err := s.Find(t.Context(), graph.Query{RequestID: id('a', 2)}); err != nil {
		t.Fatal(err)
	}
	l.fail = fail
	var later *graph.Later
	if _, err := s.Find(t.Context(), graph.Query{RequestID: id('a', 2)}); !errors.As(err, &later) || !later.At.Equal(c.Now().Add(signins.Per)) {
		t.Errorf("got %v at %v, want the first pause again", err, c.Now())
	}
}

// TestLicence does not believe at once that there is none.
func TestLicence(t *testing.T) {
	none := &graph.Error{Op: "list sign-ins", Reason: graph.ErrNoLicence, Status: 403}
	for _, test := range []struct {
		name   string
		worked bool
		waits  int
	}{
		{"of a tenant that never had one, the second time", false, 1},
		{"of a tenant that had one, when patience ends", true, 61},
	} {
		c := &clock{now: start}
		l := &log{t: t, clock: c, events: history}
		s := signins.New(signins.Options{Log: l, Now: c.Now})
		if test.worked {
			if _, err := s.Find(t.Context(), graph.Query{RequestID: id('a', 2)}); err != nil {
				t.Fatal(err)
			}
		}
		l.fail = func(graph.API, graph.Filter) error { return none }
		q := graph.Query{RequestID: id('a', 2), Asked: start}
		for {
			_, err := s.Find(t.Context(), q)
			if later, ok := errors.AsType[*graph.Later](err); ok {
				c.set(later.At)
				q.Tries++
				continue
			}
			if err != error(none) || q.Tries != test.waits {
				t.Errorf("%s: got %v after %d", test.name, err, q.Tries)
			}
			break
		}
	}
}

// TestNever returns at once what no waiting mends.
func TestNever(t *testing.T) {
	for _, reason := range []error{graph.ErrForbidden, graph.ErrCredential, graph.ErrRejected, graph.ErrNotFound} {
		c := &clock{now: start}
		l := &log{t: t, clock: c}
		want := &graph.Error{Op: "list sign-ins", Reason: reason, Permission: "AuditLog.Read.All"}
		l.fail = func(graph.API, graph.Filter) error { return want }
		_, err := signins.New(signins.Options{Log: l, Now: c.Now}).Find(t.Context(), graph.Query{RequestID: id('a', 2), Asked: start})
		if err != error(want) {
			t.Errorf("got %v, want %v", err, want)
		}
	}
}

// TestPatience ends an outage with the error that it is.
func TestPatience(t *testing.T) {
	for _, err := range []error{
		&graph.Error{Op: "list sign-ins", Reason: graph.ErrUnavailable},
		&graph.Error{Op: "list sign-ins", Reason: graph.ErrThrottled},
		errors.New("from a log that is none of ours"),
	} {
		c := &clock{now: start}
		l := &log{t: t, clock: c, fail: func(graph.API, graph.Filter) error { return err }}
		s := signins.New(signins.Options{Log: l, Now: c.Now})
		q := graph.Query{RequestID: id('a', 2), Asked: start}
		var later *graph.Later
		for ; q.Tries < 100; q.Tries++ {
			later = nil
			_, err := s.Find(t.Context(), q)
			if !errors.As(err, &later) {
				if failed := (*graph.Error)(nil); !errors.As(err, &failed) || !failed.Temporary() {
					t.Errorf("got %v", err)
				}
				break
			}
			c.set(later.At)
		}
		if past := c.Now().Sub(start); past < 30*time.Minute || past > 46*time.Minute {
			t.Errorf("%v: waited %v", err, past)
		}
	}
}

// broken is a shared budget whose memory is away.
type broken struct{ err error }

func (b broken) Take(context.Context, time.Time) (bool, time.Time, error) {
	return false, time.Time{}, b.err
}
func (b broken) Hold(context.Context, time.Time) error { return b.err }

func TestBudgetAway(t *testing.T) {
	c := &clock{now: start}
	l := &log{t: t, clock: c}
	away := errors.New("away")
	s := signins.New(signins.Options{Log: l, Now: c.Now, Budget: broken{away}})
	_, err := s.Find(t.Context(), graph.Query{RequestID: id('a', 2), Asked: start})
	var later *graph.Later
	if !errors.As(err, &later) || later.Why != graph.Budget || !errors.Is(err, away) || l.requests() != nil {
		t.Errorf("asked without a budget: %v", err)
	}
}

// endless is a log that always has one more page, with nothing on it, save by
// user.
type endless struct{}

func (endless) SignIns(_ context.Context, _ graph.API, f graph.Filter) (graph.Page, error) {
	if f.UserID != "" {
		return graph.Page{}, nil
	}
	return graph.Page{Next: "more"}, nil
}

func TestEmptyPages(t *testing.T) {
	c := &clock{now: start}
	s := signins.New(signins.Options{Log: endless{}, Now: c.Now})
	for _, q := range []graph.Query{{CorrelationID: id('c', 1)}, {CorrelationID: id('c', 1), UserID: id('e', 1)}} {
		if got, err := s.Find(t.Context(), q); err != nil || !got.Partial || got.SignIns != nil {
			t.Errorf("got %v, %v", got, err)
		}
	}
}

// TestTogether makes one request of many equal ones at the same time, which
// does not end with the first who gives up.
func TestTogether(t *testing.T) {
	for _, q := range []graph.Query{{CorrelationID: id('c', 3)}, {RequestID: id('a', 7)}} {
		synctest.Test(t, func(t *testing.T) { together(t, q) })
	}
}

func together(t *testing.T, q graph.Query) {
	open := make(chan struct{})
	c := &clock{now: start}
	l := &log{t: t, clock: c, events: history}
	l.fail = func(graph.API, graph.Filter) error { <-open; return nil }
	s := signins.New(signins.Options{Log: l, Now: c.Now})
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	find := func(ctx context.Context, want error) {
		wg.Go(func() {
			got, err := s.Find(ctx, q)
			if !errors.Is(err, want) || want == nil && (len(got.SignIns) != 1 || got.SignIns[0].UserName != "") {
				t.Errorf("got %v, %v, want %v", got, err, want)
			}
			for i := range got.SignIns {
				got.SignIns[i].UserName = "each has its own"
			}
		})
	}
	find(ctx, context.Canceled)
	synctest.Wait()
	for range 100 {
		find(t.Context(), nil)
	}
	synctest.Wait()
	cancel()
	synctest.Wait()
	close(open)
	wg.Wait()
	if asked := l.requests(); len(asked) != 1 {
		t.Errorf("asked %d times", len(asked))
	}
}

// TestSlow comes back for the answer to a request that took longer than whoever
// asked could wait, and does not ask for it a second time.
func TestSlow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &clock{now: start}
		l := &log{t: t, clock: c, events: history}
		l.fail = func(graph.API, graph.Filter) error { <-time.After(20 * time.Second); return nil }
		s := signins.New(signins.Options{Log: l, Now: c.Now})
		q := graph.Query{RequestID: id('a', 7), Asked: start}
		find := func() (graph.Found, error) {
			ctx, cancel := context.WithTimeout(t.Context(), 15*time.Second)
			defer cancel()
			return s.Find(ctx, q)
		}
		_, err := find()
		var later *graph.Later
		if !errors.As(err, &later) || later.Why != graph.Outage || !errors.Is(err, context.DeadlineExceeded) || later.At.Sub(c.Now()) != time.Second {
			t.Errorf("got %v, want to come back in a second", err)
		}
		if got, err := find(); err != nil || len(got.SignIns) != 1 {
			t.Errorf("got %v, %v, want what was asked for before", got, err)
		}
		if asked := l.requests(); len(asked) != 1 {
			t.Errorf("asked %d times: %q", len(asked), asked)
		}
	})
}

// TestCrowd has many people ask for many things at once, for the race detector
// and for the budget.
func TestCrowd(t *testing.T) {
	c := &clock{now: start}
	l := &log{t: t, clock: c, events: history}
	s := signins.New(signins.Options{Log: l, Now: c.Now})
	for range 5 {
		var wg sync.WaitGroup
		for n := range 40 {
			wg.Go(func() {
				q := graph.Query{RequestID: id('a', n), CorrelationID: id('c', n), UserID: id('e', n%3), Asked: start}
				if _, err := s.Find(t.Context(), q); err != nil && !errors.As(err, new(*graph.Later)) {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if n := len(l.requests()); n != signins.Requests {
			t.Errorf("made %d requests, want %d", n, signins.Requests)
		}
		c.add(11 * time.Second)
	}
}

func ExampleService_Find() {
	c := &clock{now: start}
	l := &log{clock: c, lag: 2 * time.Minute, events: []graph.SignIn{event(1, 1, 1, 500121, start)}}
	s := signins.New(signins.Options{Log: l, Now: c.Now})
	q := graph.Query{RequestID: id('a', 1), Asked: start}
	for {
		found, err := s.Find(context.Background(), q)
		if later, ok := errors.AsType[*graph.Later](err); ok { // a flow would return a job
			fmt.Println(later)
			c.set(later.At)
			continue
		}
		fmt.Println(len(found.SignIns), "by", found.By)
		break
	}
	// Output:
	// not before 2026-11-23T09:01:00Z: log lag
	// not before 2026-11-23T09:03:00Z: log lag
	// 1 by request id
}
