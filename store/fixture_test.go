package store

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/zap/zaptest"

	"mfahelp/bot"
	"mfahelp/flows"
	"mfahelp/secret"
)

var context0 = context.Background()

// auditKey is that of every store here, unless a test says otherwise.
var auditKey = secret.New("the key of the chain in these tests")

// start is when every test begins.
var start = time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)

// A clock moves when it is told to.
type clock struct {
	sync.Mutex
	t time.Time
}

func (c *clock) now() time.Time {
	c.Lock()
	defer c.Unlock()
	return c.t
}

func (c *clock) advance(d time.Duration) {
	c.Lock()
	defer c.Unlock()
	c.t = c.t.Add(d)
}

// A fixture is a store with a clock of its own, and calls that must succeed.
type fixture struct {
	*testing.T
	*clock
	s     *Store
	notes *notes
}

// notes collects what was observed.
type notes struct {
	sync.Mutex
	all []Note
}

func (n *notes) add(note Note) {
	n.Lock()
	defer n.Unlock()
	n.all = append(n.all, note)
}

func (n *notes) count(what string) (c int) {
	n.Lock()
	defer n.Unlock()
	for _, note := range n.all {
		if note.What == what {
			c++
		}
	}
	return c
}

func newFixture(t *testing.T, url string) *fixture {
	t.Helper()
	f := &fixture{T: t, clock: &clock{t: start}, notes: &notes{}}
	s, err := Open(t.Context(), Options{URL: url, Now: f.now, Observe: f.notes.add, Log: zaptest.NewLogger(t), AuditKey: auditKey, Unsynced: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	f.s = s
	return f
}

func (f *fixture) ok(err error) {
	f.Helper()
	if err != nil {
		f.Fatal(err)
	}
}

func (f *fixture) is(got, want error) {
	f.Helper()
	if !errors.Is(got, want) {
		f.Fatalf("got error %v, want %v", got, want)
	}
}

func (f *fixture) accept(events ...bot.Event) {
	f.Helper()
	for _, e := range events {
		f.ok(f.s.Accept(f.Context(), e))
	}
}

// next claims work that must be there, and nothing claims none.
func (f *fixture) next() Work {
	f.Helper()
	w, ok, err := f.s.Next(f.Context(), f.now())
	f.ok(err)
	if !ok {
		f.Fatal("got no work")
	}
	return w
}

func (f *fixture) nothing() {
	f.Helper()
	w, ok, err := f.s.Next(f.Context(), f.now())
	f.ok(err)
	if ok {
		f.Fatalf("got work %s, want none", w.ID)
	}
}

func (f *fixture) commit(w Work, a flows.Answer) {
	f.Helper()
	f.ok(f.s.Commit(f.Context(), w, a, f.now()))
}

// events counts those of nobody in particular, of all the tests that run at once.
var events atomic.Int64

// answer accepts an event of nobody in particular and answers it.
func (f *fixture) answer(a flows.Answer) {
	f.Helper()
	f.ok(f.try(a))
}

func (f *fixture) try(a flows.Answer) error {
	f.Helper()
	n := events.Add(1)
	f.accept(said(fmt.Sprint("try", n), fmt.Sprint("somebody", n), "x"))
	w := f.next()
	err := f.s.Commit(f.Context(), w, a, f.now())
	if err != nil {
		f.commit(w, flows.Answer{})
	}
	return err
}

func (f *fixture) nextPost() Delivery {
	f.Helper()
	d, ok, err := f.s.NextPost(f.Context(), f.now())
	f.ok(err)
	if !ok {
		f.Fatal("got no post")
	}
	return d
}

func (f *fixture) noPost() {
	f.Helper()
	d, ok, err := f.s.NextPost(f.Context(), f.now())
	f.ok(err)
	if ok {
		f.Fatalf("got the post %s, want none", d.Post.Key)
	}
}

func (f *fixture) settle(d Delivery, ref string, err error) {
	f.Helper()
	f.ok(f.s.Settle(f.Context(), d, ref, err, f.now()))
}

// sent claims the next post, which must be the one with key, and sends it.
func (f *fixture) sent(key string) Delivery {
	f.Helper()
	d := f.nextPost()
	if d.Post.Key != key {
		f.Fatalf("got the post %s, want %s", d.Post.Key, key)
	}
	f.settle(d, "ref/"+key, nil)
	return d
}

// one reads a single value, behind the store's back.
func read1[T any](f *fixture, query string, args ...any) (v T) {
	f.Helper()
	f.ok(f.s.ro.QueryRowContext(f.Context(), query, args...).Scan(&v))
	return v
}

func post(key, title string, in bot.Place, actions ...bot.Action) bot.Post {
	return bot.Post{Key: key, To: in, Message: bot.Message{Title: title, Actions: actions}}
}

func posts(p ...bot.Post) flows.Answer   { return flows.Answer{Posts: p} }
func jobs(j ...flows.Job) flows.Answer   { return flows.Answer{Jobs: j} }
func cases(c ...flows.Case) flows.Answer { return flows.Answer{Cases: c} }

var (
	channel = bot.Place{Platform: "web", ID: "admins"}
	direct  = bot.Place{Platform: "web", ID: "dm ava", Audience: bot.Direct, Reader: "ava"}
)
