package signins_test

import (
	"errors"
	"testing"
	"time"

	"mfahelp/graph"
	"mfahelp/graph/signins"
)

func TestLately(t *testing.T) {
	l, c := &log{t: t, events: history}, &clock{now: start}
	l.clock = c
	s := signins.New(signins.Options{Log: l, Now: c.Now})
	got, err := s.Lately(t.Context(), id('e', 1), ago(60))
	if err != nil {
		t.Fatal(err)
	}
	var have []string
	for _, e := range got.SignIns {
		have = append(have, e.ID)
	}
	if want := 7; len(have) != want || have[0] != id('a', 5) {
		t.Errorf("got %q, want the %d of an hour, the one that succeeded too", have, want)
	}
	if _, err := s.Lately(t.Context(), "ann@contoso.com", ago(60)); !errors.Is(err, graph.ErrRejected) {
		t.Errorf("for a name: got %v", err)
	}
	l.fail = func(graph.API, graph.Filter) error { return &graph.Error{Op: "list", Reason: graph.ErrUnavailable} }
	var later *graph.Later
	if _, err := s.Lately(t.Context(), id('e', 1), ago(60)); !errors.As(err, &later) || later.Why != graph.Outage {
		t.Errorf("while Graph is down: got %v, want when to ask again", err)
	}
}

// TestLatelyWaits takes what there is in the budget and says when to come back.
func TestLatelyWaits(t *testing.T) {
	l, c := &log{t: t, events: history, page: 2}, &clock{now: start}
	l.clock = c
	s := signins.New(signins.Options{Log: l, Now: c.Now, Budget: signins.NewBudget(1, 10*time.Second)})
	since := ago(60)
	var later *graph.Later
	if _, err := s.Lately(t.Context(), id('e', 1), since); !errors.As(err, &later) || later.Why != graph.Budget {
		t.Fatalf("got %v, want to wait for the budget", err)
	}
	c.set(later.At)
	got, err := s.Lately(t.Context(), id('e', 1), since)
	if err != nil || len(got.SignIns) != 4 || !got.Partial {
		t.Errorf("then got %d events, partial %v, %v; want the first two pages", len(got.SignIns), got.Partial, err)
	}
}

// TestHistoryGetsToItsEnd has others take nearly all of the budget: of each span
// one request is left, and three are needed.
func TestHistoryGetsToItsEnd(t *testing.T) {
	c := &clock{now: start}
	l, trail := &log{t: t, clock: c, events: history}, &audit{events: changed(id('e', 1), 0)}
	s := signins.New(signins.Options{Log: l, Audit: trail, Now: c.Now, Budget: signins.NewBudget(1, 10*time.Second)})
	since := start.Add(-40 * 24 * time.Hour) // farther back than the log reaches
	var later *graph.Later
	for range 2 {
		if _, err := s.History(t.Context(), id('e', 1), since, start); !errors.As(err, &later) || later.Why != graph.Budget {
			t.Fatalf("got %v, want to wait for the budget", err)
		}
		c.set(later.At)
	}
	got, err := s.History(t.Context(), id('e', 1), since, start)
	if err != nil || len(got.SignIns.SignIns) == 0 || len(got.Changes.Events) != 1 || !got.Changes.Since.After(since) || trail.asked != 2 {
		t.Errorf("then got %d sign-ins, %d changes since %v by %d requests, %v", len(got.SignIns.SignIns), len(got.Changes.Events), got.Changes.Since, trail.asked, err)
	}
	c.set(c.Now().Add(10 * time.Second))
	if _, err := s.History(t.Context(), id('e', 1), since, start); !errors.As(err, &later) || trail.asked != 2 {
		t.Errorf("asked anew, it got %v: what was read must not be taken for news", err)
	}
}

// TestHistoryInARow: who asks again within seconds gets the same answer, for
// nothing, unless they want one that was read since.
func TestHistoryInARow(t *testing.T) {
	c := &clock{now: start}
	l, trail := &log{t: t, clock: c, events: history}, &audit{events: changed(id('e', 1), 0)}
	s := signins.New(signins.Options{Log: l, Audit: trail, Now: c.Now})
	for _, test := range []struct {
		at, after time.Duration
		asked     int // of the directory's log, so far
	}{{0, 0, 2}, {14 * time.Second, 0, 2}, {14 * time.Second, time.Second, 4}, {28 * time.Second, 14 * time.Second, 4}, {29 * time.Second, 0, 6}} {
		c.set(start.Add(test.at))
		got, err := s.History(t.Context(), id('e', 1), ago(60), start.Add(test.after))
		if err != nil || len(got.SignIns.SignIns) == 0 || len(got.Changes.Events) != 1 || trail.asked != test.asked {
			t.Errorf("after %v: got %d sign-ins, %d changes by %d requests, %v", test.at, len(got.SignIns.SignIns), len(got.Changes.Events), trail.asked, err)
		}
	}
}
