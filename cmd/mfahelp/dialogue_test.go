package main

import (
	"context"
	"fmt"
	"net/http/httptest"
	"os"
	"sync"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"mfahelp/bot/bottest"
	"mfahelp/bot/web/webtest"
	"mfahelp/config"
	"mfahelp/graph/sandbox"
	"mfahelp/store"
)

// TestDialogues has every conversation on the page: through its API, with the
// flows, the store and the pretend tenant of a demo, by a clock that only the
// conversation moves.
func TestDialogues(t *testing.T) {
	bottest.Play(t, func(t *testing.T) bottest.Driver {
		t.Parallel()
		s := openTheatre(t)
		d, err := webtest.New(t.Context(), webtest.Options{URL: s.url, Advance: s.advance, Settle: s.settle})
		if err != nil {
			t.Fatal(err)
		}
		return showing{signing{d, s}, d}
	})
}

// A theatre is a demo in which nothing happens by itself: all that follows from
// what somebody does is done before they go on.
type theatre struct {
	*demo
	runner store.Runner
	url    string // of the page
	logged *observer.ObservedLogs
}

// openTheatre opens one in which nothing may go wrong.
func openTheatre(t *testing.T) *theatre {
	t.Helper()
	d, srv, logged := newStaged(t, zapcore.ErrorLevel)
	return stageDemo(t, d, srv, logged)
}

// openTroubled opens one in which things may.
func openTroubled(t *testing.T) *theatre {
	t.Helper()
	d, srv, logged := newStaged(t, zapcore.InfoLevel)
	return startDemo(t, d, srv, logged)
}

// newStaged makes a demo that knows its address, and what it logs.
func newStaged(t *testing.T, level zapcore.Level) (*demo, *httptest.Server, *observer.ObservedLogs) {
	t.Helper()
	log, logged := observer.New(level)
	srv := httptest.NewUnstartedServer(nil)
	d, err := newDemo(t.Context(), keyedDir(t), "http://"+srv.Listener.Addr().String(), zap.New(log), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	return d, srv, logged
}

// stageDemo makes a theatre of a demo, which must log no errors.
func stageDemo(t *testing.T, d *demo, srv *httptest.Server, logged *observer.ObservedLogs) *theatre {
	t.Helper()
	t.Cleanup(func() {
		for _, e := range logged.FilterLevelExact(zapcore.ErrorLevel).All() {
			t.Errorf("the log has an error: %s %v", e.Message, e.ContextMap())
		}
	})
	return startDemo(t, d, srv, logged)
}

func startDemo(t *testing.T, d *demo, srv *httptest.Server, logged *observer.ObservedLogs) *theatre {
	t.Helper()
	d.tenant.SetClock(time.Now())
	d.app.cfg.Limits = config.Limits{
		MessagesPerHour: bottest.MessagesPerHour, LookupsPerHour: bottest.LookupsPerHour, EscalationsPerDay: bottest.EscalationsPerDay,
	}
	srv.Config.Handler = d.app.handler()
	srv.Start()
	t.Cleanup(func() {
		srv.Close()
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	url := "http://" + srv.Listener.Addr().String()
	return &theatre{demo: d, runner: d.app.runner(), url: url, logged: logged}
}

// demoKeys are made once for all demos: an RSA key takes its time.
var demoKeys = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp(runDir, "keys-")
	if err != nil {
		return "", err
	}
	_, err = sandbox.New(sandbox.Options{Dir: dir, NoHistory: true})
	return dir, err
})

// keyedDir is a folder for a demo, in which its tenant finds its keys.
func keyedDir(t *testing.T) string {
	t.Helper()
	keys, err := demoKeys()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(keys)); err != nil {
		t.Fatal(err)
	}
	return dir
}

// settle does what came of something that somebody did. It took a second.
func (s *theatre) settle(ctx context.Context) error { return s.advance(ctx, time.Second) }

// advance does what falls due on the way, each at its time.
func (s *theatre) advance(ctx context.Context, d time.Duration) error {
	end := s.tenant.Now().Add(d)
	for tries := 0; ; tries++ {
		if err := s.work(ctx); err != nil {
			return err
		}
		at, ok, err := s.app.store.NextDue(ctx)
		switch {
		case err != nil:
			return err
		case !ok || at.After(end):
			s.tenant.SetClock(end)
			return nil
		case !at.After(s.tenant.Now()) && tries < 1000: // it came in just now, while somebody's press waits for its answer
			continue
		case !at.After(s.tenant.Now()):
			return fmt.Errorf("what was due at %v is left undone", at)
		}
		s.tenant.SetClock(at)
	}
}

// work does what is due now, and sends what is to be sent, until nothing is left.
func (s *theatre) work(ctx context.Context) error {
	for range 10_000 {
		if more, err := s.app.store.Step(ctx, s.runner); err != nil || !more {
			return err
		}
	}
	return fmt.Errorf("at %v there is always something left to do", s.tenant.Now())
}
