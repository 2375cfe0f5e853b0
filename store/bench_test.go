package store

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/zap"

	"mfahelp/bot"
)

// The figures of the design, on disk. Events come at a steady rate, whether the
// ones before were taken or not, and each is timed from when it was due to
// come, so that a queue before the store counts as well.
//
//	go test ./store -run - -bench Accept -benchtime 10000x
//	go test ./store -run - -bench Reply -benchtime 1000x

// BenchmarkAccept offers 1,000 events/s: p99 is to be 50 ms or less. "working"
// has them all answered meanwhile.
func BenchmarkAccept(b *testing.B) {
	b.Run("alone", func(b *testing.B) { benchAccept(b, nil) })
	b.Run("working", func(b *testing.B) { benchAccept(b, &wall{make(chan bot.Post, 1<<20)}) })
}

func benchAccept(b *testing.B, w *wall) {
	s := benchStore(b)
	if w != nil {
		defer benchRun(b, s, *w)()
	}
	took := make([]time.Duration, b.N)
	offer(b.N, 1000, func(i int, due time.Time) {
		if err := s.Accept(b.Context(), said(fmt.Sprint("e", i), fmt.Sprint("u", i), paste)); err != nil {
			b.Error(err)
		}
		took[i] = time.Since(due)
	})
	if w != nil {
		b.ReportMetric(float64(len(w.seen))/b.Elapsed().Seconds(), "answered/s")
	}
	report(b, took)
}

// BenchmarkReply offers 50 events/s and times each until it is answered, the
// first reply having reached the platform: p95 is to be 50 ms or less.
func BenchmarkReply(b *testing.B) {
	s := benchStore(b)
	w := wall{make(chan bot.Post, 1<<20)}
	defer benchRun(b, s, w)()
	start := make(chan time.Time, 1)
	go offer(b.N, 50, func(i int, due time.Time) {
		if i == 0 {
			start <- due
		}
		if err := s.Accept(b.Context(), said(fmt.Sprint(i), fmt.Sprint("u", i), paste)); err != nil {
			b.Error(err)
		}
	})
	first := <-start
	var took []time.Duration
	for range b.N {
		p := <-w.seen
		var i int
		if _, err := fmt.Sscanf(p.Key, "echo/%d", &i); err != nil {
			b.Fatal(err)
		}
		took = append(took, time.Since(first.Add(time.Duration(i)*time.Second/50)))
	}
	report(b, took)
}

// paste is about what people paste.
var paste = strings.Repeat("AADSTS500121: Authentication failed during strong authentication request. ", 20)

func benchStore(b *testing.B) *Store {
	b.Helper()
	s, err := Open(b.Context(), Options{URL: "sqlite:" + b.TempDir() + "/store.db", Log: zap.NewNop()})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := s.Close(); err != nil {
			b.Error(err)
		}
	})
	return s
}

func benchRun(b *testing.B, s *Store, w wall) (stop func()) {
	ctx, cancel := context.WithCancel(b.Context())
	done := make(chan error)
	go func() { done <- s.Run(ctx, Runner{Router: echo{}, Platforms: map[string]bot.Platform{"web": w}}) }()
	return func() {
		cancel()
		if err := <-done; err != nil {
			b.Error(err)
		}
	}
}

// offer calls do n times, so many a second, each in its own goroutine, and
// returns when all have returned.
func offer(n, perSecond int, do func(i int, due time.Time)) {
	var wg sync.WaitGroup
	start := time.Now()
	for i := range n {
		due := start.Add(time.Duration(i) * time.Second / time.Duration(perSecond))
		time.Sleep(time.Until(due)) //nolint:forbidigo // the pace is what is measured
		wg.Go(func() { do(i, due) })
	}
	wg.Wait()
}

func report(b *testing.B, took []time.Duration) {
	slices.Sort(took)
	for _, p := range []float64{50, 95, 99, 100} {
		at := took[min(int(p/100*float64(len(took))), len(took)-1)]
		b.ReportMetric(float64(at.Microseconds())/1000, fmt.Sprintf("p%.0f-ms", p))
	}
	b.ReportMetric(0, "ns/op") // the rate is given, so it says nothing
}
