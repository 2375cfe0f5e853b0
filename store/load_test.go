package store

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"mfahelp/bot"
	"mfahelp/flows"
)

// rough is a router and a platform on a bad day.
type rough struct {
	s     *Store
	each  int // how many events everybody sends
	seen  chan string
	mu    sync.Mutex
	tries map[string]int
}

func (r *rough) nth(what string) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.tries[what]++
	return r.tries[what]
}

// Event notes e in its person's case, and in one that several share.
func (r *rough) Event(ctx context.Context, e bot.Event) (flows.Answer, error) {
	if r.nth(e.ID) == 1 && e.ID[len(e.ID)-1] == '3' {
		return flows.Answer{}, errors.New("not today")
	}
	own, err := r.add(ctx, e.From.ID, e.ID)
	shared, err2 := r.add(ctx, "shared"+e.From.ID[len(e.From.ID)-1:], e.ID)
	p := post("case/"+own.Key+"/reply", fmt.Sprint(len(own.Tried)), e.In)
	return flows.Answer{Cases: cases(own, shared).Cases, Posts: posts(p).Posts}, errors.Join(err, err2)
}

func (r *rough) add(ctx context.Context, key, what string) (flows.Case, error) {
	c, err := r.s.Case(ctx, key)
	if errors.Is(err, flows.ErrNoCase) {
		c, err = aCase(key, 0), nil
	}
	c.Tried = append(c.Tried, what)
	return c, err
}

func (r *rough) Job(context.Context, flows.Job) (flows.Answer, error) { return flows.Answer{}, nil }
func (r *rough) Name() string                                         { return "web" }

func (r *rough) Send(_ context.Context, p bot.Post, ref string) (string, error) {
	switch n := r.nth(p.Key); {
	case n == 1:
		return "", &bot.BusyError{After: time.Millisecond, Err: errors.New("429")}
	case n == 3:
		return "", errors.New("502")
	}
	if p.Message.Title == fmt.Sprint(r.each) {
		r.seen <- p.Key
	}
	return "ref/" + p.Key, nil
}

func underLoad(f *fixture) {
	const people, each = 12, 10
	r := &rough{s: f.s, each: each, seen: make(chan string, people), tries: map[string]int{}}
	f.s.now = time.Now
	running(f.T, f.s, Runner{Router: r, Platforms: map[string]bot.Platform{"web": r}, Workers: 8, Senders: 4})
	want := make([][]string, people)
	for i := range each {
		for p := range people {
			e := said(fmt.Sprintf("%d-%d", p, i), fmt.Sprint("user", p), "x")
			f.accept(e, e)
			want[p] = append(want[p], e.ID)
		}
	}
	for range people {
		<-r.seen
	}
	shared := 0
	for p := range people {
		c, err := f.s.Case(f.Context(), fmt.Sprint("user", p))
		f.ok(err)
		if !cmp.Equal(c.Tried, want[p]) {
			f.Errorf("user %d: got %q, want %q", p, c.Tried, want[p])
		}
	}
	for p := range 10 {
		c, err := f.s.Case(f.Context(), fmt.Sprint("shared", p))
		f.ok(err)
		shared += len(c.Tried)
	}
	if shared != people*each {
		f.Errorf("got %d events in the shared cases, want %d", shared, people*each)
	}
}

// TestStopsInTime ends with what was begun, and leaves the rest for next time.
func TestStopsInTime(t *testing.T) {
	s := sqliteStore(t, Options{})
	begun, finish := make(chan string, 10), make(chan struct{})
	r := flaky{event: func(_ context.Context, e bot.Event) (flows.Answer, error) {
		begun <- e.ID
		<-finish
		return flows.Answer{}, nil
	}}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- s.Run(ctx, Runner{Router: r, Workers: 1}) }()
	for _, id := range []string{"1", "2"} {
		if err := s.Accept(t.Context(), said(id, "user"+id, "x")); err != nil {
			t.Fatal(err)
		}
	}
	first := <-begun
	stop()
	close(finish)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	w, ok, err := s.Next(t.Context(), time.Now())
	if err != nil || !ok || w.Event.ID == first || len(begun) != 0 {
		t.Errorf("got %v, %v, %v; want the one that was not begun", w.ID, ok, err)
	}
	if _, ok, err := s.Next(t.Context(), time.Now()); ok || err != nil {
		t.Errorf("got %v, %v; want nothing more", ok, err)
	}
}

// TestOneRuns sees that nobody runs on a file on which somebody runs.
func TestOneRuns(t *testing.T) {
	s := sqliteStore(t, Options{})
	begun := make(chan bool)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error)
	r := Runner{Router: flaky{event: func(context.Context, bot.Event) (flows.Answer, error) {
		begun <- true
		return flows.Answer{}, nil
	}}}
	go func() { done <- s.Run(ctx, r) }()
	if err := s.Accept(t.Context(), said("1", "ava", "x")); err != nil {
		t.Fatal(err)
	}
	<-begun
	other, err := Open(t.Context(), Options{URL: s.opts.URL})
	if err != nil {
		t.Fatal(err)
	}
	if err := other.Run(t.Context(), r); !errors.Is(err, ErrRunning) {
		t.Errorf("got %v, want %v", err, ErrRunning)
	}
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if err := other.Run(ctx, r); err != nil { // ends at once
		t.Error(err)
	}
	if err := other.Close(); err != nil {
		t.Error(err)
	}
}
