package signins_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"testing"
	"time"

	"mfahelp/graph"
	"mfahelp/graph/signins"
)

// An audit is a directory's log in memory, newest first and in pages of two.
type audit struct {
	events []graph.DirectoryEvent
	asked  int
	err    error
}

func (a *audit) DirectoryEvents(_ context.Context, f graph.EventFilter) (page graph.EventPage, err error) {
	a.asked++
	if a.err != nil {
		return page, a.err
	}
	var fit []graph.DirectoryEvent
	for _, e := range a.events {
		theirs := f.Target != "" && e.Target == f.Target || f.By != "" && e.By == f.By
		if f.Next != "" || theirs && !e.At.Before(f.From) {
			fit = append(fit, e)
		}
	}
	from, _ := strconv.Atoi(f.Next)
	to := min(from+2, len(fit))
	if to < len(fit) {
		page.Next = fmt.Sprint(to)
	}
	page.Events = fit[from:to]
	return page, nil
}

// changed is what was done to somebody so many hours ago.
func changed(user string, hours ...int) (all []graph.DirectoryEvent) {
	for _, h := range hours {
		all = append(all, graph.DirectoryEvent{ID: fmt.Sprint(h), At: start.Add(-time.Duration(h) * time.Hour), Target: user, Activity: "Update user"})
	}
	return all
}

func TestChanges(t *testing.T) {
	ann := id('e', 1)
	for _, test := range []struct {
		name    string
		events  []graph.DirectoryEvent
		since   time.Duration
		want    int
		partial bool
		short   bool // the log does not reach as far
		asked   int
	}{
		{"what they did, to no account", []graph.DirectoryEvent{{ID: "fraud", At: start, By: ann}}, time.Hour, 1, false, false, 2},
		{"what they did to their own", []graph.DirectoryEvent{{ID: "own", At: start, By: ann, Target: ann}}, time.Hour, 1, false, false, 2},
		{"nothing", nil, time.Hour, 0, false, false, 2},
		{"one page", changed(ann, 1, 2), 3 * time.Hour, 2, false, false, 2},
		{"older ones are not asked for", changed(ann, 1, 9), 3 * time.Hour, 1, false, false, 2},
		{"two pages", changed(ann, 1, 2, 3, 4), 9 * time.Hour, 4, false, false, 3},
		{"more than is read", changed(ann, 1, 2, 3, 4, 5), 9 * time.Hour, 4, true, false, 3},
		{"as far as the log reaches", nil, 30 * 24 * time.Hour, 0, false, false, 2},
		{"farther", nil, 31 * 24 * time.Hour, 0, false, true, 2},
	} {
		t.Run(test.name, func(t *testing.T) {
			trail, c := &audit{events: test.events}, &clock{now: start}
			s := signins.New(signins.Options{Log: &log{t: t, clock: c}, Audit: trail, Now: c.Now})
			since := start.Add(-test.since)
			got, err := s.Changes(t.Context(), ann, since)
			if err != nil {
				t.Fatal(err)
			}
			if len(got.Events) != test.want || got.Partial != test.partial || got.Since.After(since) != test.short || trail.asked != test.asked {
				t.Errorf("got %d events, partial %v, since %v, by %d requests; want %d, %v, short %v, %d",
					len(got.Events), got.Partial, got.Since, trail.asked, test.want, test.partial, test.short, test.asked)
			}
		})
	}
}

// TestChangesAreNotMadeUp gives no answer where there is none to be had.
func TestChangesAreNotMadeUp(t *testing.T) {
	ann, c := id('e', 1), &clock{now: start}
	ask := func(a signins.Audit, budget signins.Budget, user string) error {
		_, err := signins.New(signins.Options{Log: &log{t: t, clock: c}, Audit: a, Now: c.Now, Budget: budget}).Changes(t.Context(), user, start.Add(-time.Hour))
		return err
	}
	var later *graph.Later
	if err := ask(&audit{}, nil, "ann@contoso.com"); !errors.Is(err, graph.ErrRejected) {
		t.Errorf("for a name: got %v", err)
	}
	if err := ask(nil, nil, ann); err == nil {
		t.Error("with no log: got no error")
	}
	down := &audit{err: &graph.Error{Op: "list", Reason: graph.ErrUnavailable}}
	if err := ask(down, nil, ann); !errors.As(err, &later) || later.Why != graph.Outage {
		t.Errorf("while Graph is down: got %v, want when to ask again", err)
	}
	refused := &audit{err: &graph.Error{Op: "list", Reason: graph.ErrForbidden, Permission: "AuditLog.Read.All"}}
	if err := ask(refused, nil, ann); !errors.Is(err, graph.ErrForbidden) {
		t.Errorf("without the permission: got %v", err)
	}
	budget := signins.NewBudget(1, 10*time.Second)
	two := &audit{events: changed(ann, 0, 0, 0)}
	if err := ask(two, budget, ann); !errors.As(err, &later) || later.Why != graph.Budget || two.asked != 1 {
		t.Errorf("with one request left for two pages: got %v after %d", err, two.asked)
	}
}

// TestChangesGoOn where they were cut short.
func TestChangesGoOn(t *testing.T) {
	ann, c := id('e', 1), &clock{now: start}
	trail := &audit{events: changed(ann, 1)}
	s := signins.New(signins.Options{Log: &log{t: t, clock: c}, Audit: trail, Now: c.Now, Budget: signins.NewBudget(1, 10*time.Second)})
	var later *graph.Later
	if _, err := s.Changes(t.Context(), ann, start.Add(-3*time.Hour)); !errors.As(err, &later) || trail.asked != 1 {
		t.Fatalf("with one request for two questions: got %v after %d", err, trail.asked)
	}
	c.set(later.At)
	if got, err := s.Changes(t.Context(), ann, start.Add(-3*time.Hour)); err != nil || len(got.Events) != 1 || trail.asked != 2 {
		t.Errorf("then got %v, %v after %d requests, want it to go on with the second", got, err, trail.asked)
	}
}
