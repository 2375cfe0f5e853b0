package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// What measures how a platform's events are taken, whichever platform it is. The
// machine that sends is the one that takes, so a figure is on the safe side.

// A load sends the same sort of request again and again.
type load struct {
	client *http.Client
	make   func(ctx context.Context, i int) (*http.Request, error) // the i-th, which is like no other
	next   atomic.Int64
}

// mostAtOnce is how many requests wait for their answer at the same time.
const mostAtOnce = 256

func newLoad(makes func(context.Context, int) (*http.Request, error)) *load {
	t := &http.Transport{MaxIdleConns: mostAtOnce, MaxIdleConnsPerHost: mostAtOnce}
	return &load{client: &http.Client{Transport: t, Timeout: patience}, make: makes}
}

// send sends the next one, and wants it to be taken.
func (l *load) send(ctx context.Context) error {
	r, err := l.make(ctx, int(l.next.Add(1)))
	if err != nil {
		return err
	}
	resp, err := l.client.Do(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", resp.Status, b)
	}
	return err
}

// offered sends so many per second for a while, each when it is due whatever
// became of those before. It returns how many milliseconds each waited for its
// answer from when it was due, the shortest first.
func (l *load) offered(t *testing.T, perSecond int, d time.Duration) []float64 {
	t.Helper()
	n := int(d.Seconds() * float64(perSecond))
	took, failed := make([]float64, n), make([]error, n)
	began := time.Now()
	var wg sync.WaitGroup
	for i := range n {
		due := began.Add(time.Duration(i) * time.Second / time.Duration(perSecond))
		<-time.After(time.Until(due))
		wg.Go(func() {
			failed[i] = l.send(t.Context())
			took[i] = time.Since(due).Seconds() * 1000
		})
	}
	wg.Wait()
	if err := errors.Join(failed...); err != nil {
		t.Fatalf("not everything was taken: %.500v", err)
	}
	slices.Sort(took)
	return took
}

// flooded has some senders send as fast as they are answered, and returns how
// many requests per second were.
func (l *load) flooded(t *testing.T, senders int, d time.Duration) float64 {
	t.Helper()
	began, first := time.Now(), l.next.Load()
	failed := make([]error, senders)
	var wg sync.WaitGroup
	for s := range senders {
		wg.Go(func() {
			for time.Since(began) < d && failed[s] == nil {
				failed[s] = l.send(t.Context())
			}
		})
	}
	wg.Wait()
	if err := errors.Join(failed...); err != nil {
		t.Fatalf("not everything was taken: %.500v", err)
	}
	return float64(l.next.Load()-first) / time.Since(began).Seconds()
}

// figures measures p, whose tenant stops answering before the first request, as
// the benchmark of that name:
//
//	p50-ms, p99-ms  how long a request waits for its answer, of 500 per second
//	MB-resident     what p holds in memory after these
//	per-s           how many it takes from senders who wait for nothing else
//
// What is taken is on disk by then, and what came of it is at work meanwhile.
func (l *load) figures(t *testing.T, name string, p *program, tenant *pretend) {
	t.Helper()
	const perSecond, senders = 500, 32
	tenant.freeze(t)
	took := l.offered(t, perSecond, 20*time.Second)
	resident := megabytes(t, p.cmd.Process.Pid)
	rate := l.flooded(t, senders, 10*time.Second)
	fmt.Printf("Benchmark%s %d %.2f p50-ms %.2f p99-ms %.1f MB-resident %.0f per-s\n",
		name, len(took), took[len(took)/2], took[len(took)*99/100], resident, rate)
}

// freeze has the tenant take connections and never answer, as what is worst for
// those who wait for it.
func (s *pretend) freeze(t *testing.T) {
	t.Helper()
	if err := s.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
}
