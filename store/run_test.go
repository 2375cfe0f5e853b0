package store

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/zap/zaptest"

	"mfahelp/bot"
	"mfahelp/flows"
)

// echo answers everything with one post.
type echo struct{}

func (echo) Event(_ context.Context, e bot.Event) (flows.Answer, error) {
	return flows.Answer{Posts: []bot.Post{{To: e.In, Reply: e.Reply, Key: "echo/" + e.ID, Message: bot.Message{Title: "heard"}}}}, nil
}

func (echo) Job(context.Context, flows.Job) (flows.Answer, error) { return flows.Answer{}, nil }

// wall is a platform on which everything is seen.
type wall struct{ seen chan bot.Post }

func (wall) Name() string { return "web" }

func (w wall) Send(_ context.Context, p bot.Post, _ string) (string, error) {
	w.seen <- p
	return "ref " + p.Key, nil
}

func said(id, who, text string) bot.Event {
	return bot.Event{
		ID: id, From: bot.Person{Platform: "web", ID: who}, Did: bot.Said{Text: text},
		In: bot.Place{Platform: "web", ID: "dm " + who, Audience: bot.Direct, Reader: who},
	}
}

func running(t *testing.T, s *Store, r Runner) {
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx, r) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

func sqliteStore(t *testing.T, o Options) *Store {
	t.Helper()
	o.URL = "sqlite:" + filepath.Join(t.TempDir(), "store.db")
	if o.Log == nil {
		o.Log = zaptest.NewLogger(t)
	}
	s, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// TestHandedOver answers by the workers, and TestRiverAlone by the safety net.
func TestHandedOver(t *testing.T) { answered(t, Runner{}, 3) }

func TestRiverAlone(t *testing.T) { answered(t, Runner{onlyRiver: true}, 3) }

func answered(t *testing.T, r Runner, n int) {
	s := sqliteStore(t, Options{})
	w := wall{make(chan bot.Post, n)}
	r.Router, r.Platforms = echo{}, map[string]bot.Platform{"web": w}
	running(t, s, r)
	for i := range n {
		start := time.Now()
		if err := s.Accept(t.Context(), said(string(rune('a'+i)), "ava", "help")); err != nil {
			t.Fatal(err)
		}
		<-w.seen
		t.Log("answered after", time.Since(start))
	}
}

// TestAlone leaves River out, and answers nevertheless.
func TestAlone(t *testing.T) {
	s := sqliteStore(t, Options{Alone: true})
	w := wall{make(chan bot.Post, 1)}
	running(t, s, Runner{Router: echo{}, Platforms: map[string]bot.Platform{"web": w}})
	if err := s.Accept(t.Context(), said("a", "ava", "help")); err != nil {
		t.Fatal(err)
	}
	<-w.seen
	var n int
	if err := s.ro.QueryRow("SELECT COUNT(*) FROM river_job").Scan(&n); err != nil || n != 0 {
		t.Errorf("got %d wake-ups, %v, want none", n, err)
	}
}
