package store

import (
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"mfahelp/bot"
	"mfahelp/flows"
)

func acceptedTwice(f *fixture) {
	e := said("1", "ava", "help")
	e.At, e.Reply = start, bot.Reply{Platform: "web", Token: "t", Until: start.Add(time.Hour)}
	e.From.Identity = bot.Identity{Tenant: "T", ObjectID: "O"}
	f.accept(e, e)
	w := f.next()
	if diff := cmp.Diff(&e, w.Event); diff != "" {
		f.Errorf("accepted and claimed (-want +got):\n%s", diff)
	}
	f.nothing()
	f.accept(e) // while somebody has it
	f.nothing()
	f.commit(w, flows.Answer{})
	f.accept(e) // when it is done
	f.nothing()
	if got := f.notes.count(EventAccepted); got != 1 {
		f.Errorf("got %d events accepted, want 1", got)
	}
	elsewhere := e
	elsewhere.In.Platform = "other"
	f.accept(elsewhere) // another platform's ids are its own
	f.next()
}

func acceptedAtOnce(f *fixture) {
	const n = 300
	var wg sync.WaitGroup
	for i := range n {
		for range 2 {
			wg.Go(func() {
				if err := f.s.Accept(f.Context(), said(fmt.Sprint(i), fmt.Sprint("u", i), "x")); err != nil {
					f.Error(err)
				}
			})
		}
	}
	wg.Wait()
	some, err := f.s.claimWork(f.Context(), f.now(), 2*n)
	f.ok(err)
	if len(some) != n || f.notes.count(EventAccepted) != n {
		f.Errorf("got %d events and %d notes of them, want %d of each", len(some), f.notes.count(EventAccepted), n)
	}
}

func unfitEvents(f *fixture) {
	for name, e := range map[string]bot.Event{
		"no id":      said("", "ava", "x"),
		"a zero":     said("a\x00b", "ava", "x"),
		"no text":    said("a\xffb", "ava", "x"),
		"no act":     {ID: "1", In: direct},
		"nowhere":    {ID: "1", Did: bot.OpenedHome{}},
		"no id here": {Did: bot.OpenedHome{}, In: direct},
	} {
		if err := f.s.Accept(f.Context(), e); err == nil {
			f.Errorf("%s: was accepted", name)
		}
	}
	hostile := said("fine", "ava\x00\xff", "a\x00b\xffc \u0000")
	f.accept(hostile)
	if got, want := f.next().Event.Did, (bot.Said{Text: "a\x00b\uFFFDc \x00"}); !cmp.Equal(got, bot.Act(want)) {
		f.Errorf("got %v, want %v", got, want)
	}
	// One that the engine itself refuses takes no other with it.
	bad := &acceptance{id: "event/web/bad", lane: "l", body: "{}", at: start, done: make(chan error, 1)}
	good := &acceptance{id: "event/web/good", lane: "l", body: "{}", at: start, done: make(chan error, 1)}
	_, err := f.s.db.Exec(`CREATE UNIQUE INDEX only_one ON work (body) WHERE body = '{}'`)
	f.ok(err)
	f.s.keep([]*acceptance{good, bad})
	if g, b := <-good.done, <-bad.done; g != nil || b == nil {
		f.Errorf("got %v for the good and %v for the bad one", g, b)
	}
}

func laneInOrder(f *fixture) {
	f.accept(said("1", "ava", "x"), said("2", "ava", "x"), said("3", "ava", "x"))
	for _, want := range []string{"1", "2", "3"} {
		w := f.next()
		if w.Event.ID != want {
			f.Fatalf("got %s, want %s", w.Event.ID, want)
		}
		f.nothing()
		if want == "2" { // a failure keeps its turn
			_, err := f.s.Fail(f.Context(), w, fmt.Errorf("not now"), f.now())
			f.ok(err)
			f.nothing()
			f.advance(time.Second)
			w = f.next()
			if w.Event.ID != want {
				f.Fatalf("after a failure got %s, want %s", w.Event.ID, want)
			}
		}
		f.commit(w, flows.Answer{})
	}
	f.nothing()
}

func lanesApart(f *fixture) {
	in := func(id, who string, place bot.Place) bot.Event {
		return bot.Event{ID: id, From: bot.Person{Platform: "web", ID: who}, In: place, Did: bot.Said{Text: "x"}}
	}
	thread := channel
	thread.Thread = "7"
	f.accept(
		in("1", "ava", direct), in("2", "ava", channel), in("3", "ben", channel), // all at once
		in("4", "ava", thread), in("5", "ben", thread), // one thread, so one after the other
		in("6", "ava", channel), // after 2
	)
	var got []string
	some, err := f.s.claimWork(f.Context(), f.now(), 10)
	f.ok(err)
	for _, w := range some {
		got = append(got, w.Event.ID)
	}
	if want := []string{"1", "2", "3", "4"}; !cmp.Equal(got, want) {
		f.Errorf("got %q at once, want %q", got, want)
	}
}

func workLeases(f *fixture) {
	f.accept(said("1", "ava", "x"))
	first := f.next()
	f.advance(workLease - time.Microsecond)
	f.nothing()
	f.advance(time.Microsecond)
	second := f.next()
	if second.ID != first.ID || second.Begun != 2 {
		f.Errorf("got %s begun %d times, want %s begun twice", second.ID, second.Begun, first.ID)
	}
	f.is(f.s.Commit(f.Context(), first, posts(post("p", "late", direct)), f.now()), ErrOver)
	_, err := f.s.Fail(f.Context(), first, fmt.Errorf("late"), f.now())
	f.is(err, ErrOver)
	f.ok(f.s.release(f.Context(), first, f.now()))
	f.nothing()
	f.commit(second, flows.Answer{})
	f.is(f.s.Commit(f.Context(), second, flows.Answer{}, f.now()), ErrOver)
	f.noPost()

	f.accept(said("2", "ava", "x"))
	w := f.next()
	f.ok(f.s.release(f.Context(), w, f.now()))
	if w = f.next(); w.Begun != 1 {
		f.Errorf("given back, it was begun %d times, want 1", w.Begun)
	}
	f.ok(f.s.reclaim(f.Context(), f.now()))
	f.is(f.s.Commit(f.Context(), w, flows.Answer{}, f.now()), ErrOver)
	f.next()
}

// TestClosed accepts nothing any more, and says so.
func TestClosed(t *testing.T) {
	s := sqliteStore(t, Options{})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := s.Accept(t.Context(), said("1", "ava", "x")); err != ErrClosed {
		t.Errorf("got %v, want %v", err, ErrClosed)
	}
}

// TestReopened finds everything again.
func TestReopened(t *testing.T) {
	dir := t.TempDir() + "/a dir"
	url := "sqlite:" + dir + "/st?re#%20.db"
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	f := newFixture(t, url)
	f.accept(said("1", "ava", "x"))
	f.ok(f.s.Close())
	f = newFixture(t, url)
	f.next()
}
