package store

import (
	"context"
	"errors"
	"testing"
	"time"

	"mfahelp/bot"
	"mfahelp/flows"
)

// failUntil fails work until it is given up, and returns how often and how long
// that took.
func (f *fixture) failUntil(w Work) (times int, took time.Duration) {
	f.Helper()
	for {
		final, err := f.s.Fail(f.Context(), w, errors.New("down"), f.now())
		f.ok(err)
		times++
		if final {
			return times, f.now().Sub(start)
		}
		f.nothing()
		at, ok, err := f.s.NextDue(f.Context())
		f.ok(err)
		if !ok {
			f.Fatal("nothing is due, although it is not final")
		}
		f.advance(at.Sub(f.now()))
		w = f.next()
	}
}

func failing(f *fixture) {
	f.s.opts.Apology = func(_ context.Context, w Work) flows.Answer {
		return posts(bot.Post{Key: "sorry/" + w.ID, To: w.Event.In, Reply: w.Event.Reply, Message: bot.Message{Title: "sorry"}})
	}
	e := said("1", "ava", "help")
	e.Reply = bot.Reply{Platform: "web", Token: "secret token"}
	e.From.Identity = bot.Identity{Tenant: "T", ObjectID: "Ava"}
	f.accept(e)
	times, took := f.failUntil(f.next())
	if times != len(workWaits)+1 || took < 30*time.Second || took > time.Minute {
		f.Errorf("failed %d times in %v, want %d times in less than a minute", times, took, len(workWaits)+1)
	}
	f.nothing()
	f.accept(e)
	f.nothing() // still the same event
	lines, err := f.s.Trail(f.Context(), 0, 10)
	f.ok(err)
	if len(lines) != 1 || lines[0].Verb != "event.failed" || lines[0].Object != "event/web/1" || lines[0].By.ObjectID != "ava" {
		f.Errorf("got the audit trail %+v, want the failure", lines)
	}
	if d := f.sent("sorry/event/web/1"); d.Post.Reply.Token != "secret token" {
		f.Error("the apology has no reply to go by")
	}
	if n := read1[int](f, "SELECT COUNT(*) FROM work WHERE body LIKE '%secret token%'"); n != 0 {
		f.Error("the token of the reply is kept")
	}
	if f.notes.count(WorkFailed) != 1 || f.notes.count(WorkRetried) != times-1 {
		f.Errorf("got %d failures and %d retries noted, want 1 and %d", f.notes.count(WorkFailed), f.notes.count(WorkRetried), times-1)
	}
}

func unfitApology(f *fixture) {
	for name, apology := range map[string]func(context.Context, Work) flows.Answer{
		"refused":    func(context.Context, Work) flows.Answer { return posts(bot.Post{}) },
		"in the way": func(context.Context, Work) flows.Answer { return cases(aCase("A", 7)) },
		"panics":     func(context.Context, Work) flows.Answer { panic("at the disco") },
	} {
		f.s.opts.Apology = apology
		before := read1[int](f, "SELECT COUNT(*) FROM audit")
		f.answer(jobs(flows.Job{Key: name, At: start, Verb: "help.look", Subject: "A"}))
		w := f.next()
		w.Failures = 100
		final, err := f.s.Fail(f.Context(), w, errors.New("down"), f.now())
		f.ok(err)
		if !final || read1[int](f, "SELECT COUNT(*) FROM audit WHERE verb = 'job.failed' AND case_key = 'A'") != before+1 {
			f.Errorf("%s: the failure is not on record", name)
		}
		f.nothing()
	}
}

func slowFailures(f *fixture) {
	f.accept(said("1", "ava", "x"))
	w := f.next()
	for times := 1; ; times++ {
		f.advance(flowTimeout) // each try takes its time
		final, err := f.s.Fail(f.Context(), w, context.DeadlineExceeded, f.now())
		f.ok(err)
		if final {
			if took := f.now().Sub(start); took > giveUpAfter+2*flowTimeout+workWaits[4] {
				f.Errorf("given up after %v and %d times, want little more than %v", took, times, giveUpAfter)
			}
			return
		}
		at, _, err := f.s.NextDue(f.Context())
		f.ok(err)
		f.advance(at.Sub(f.now()))
		w = f.next()
	}
}

func poison(f *fixture) {
	f.accept(said("1", "ava", "x"))
	for range mostBegun { // each time the program dies
		f.next()
		f.ok(f.s.reclaim(f.Context(), f.now()))
	}
	f.ok(f.s.Do(f.Context(), f.next(), flaky{event: func(context.Context, bot.Event) (flows.Answer, error) {
		f.Error("it was begun once more")
		return flows.Answer{}, nil
	}}))
	for f.notes.count(WorkFailed) == 0 { // and the failures have their course
		at, ok, err := f.s.NextDue(f.Context())
		f.ok(err)
		if !ok {
			f.Fatal("lost")
		}
		f.advance(at.Sub(f.now()))
		f.ok(f.s.Do(f.Context(), f.next(), nil))
	}
}

func panics(f *fixture) {
	f.accept(said("1", "ava", "x"), said("2", "ben", "x"))
	nobody := map[string]string(nil)
	values := []func(){func() { panic("words of somebody") }, func() { nobody["a"] = "b" }}
	r := flaky{event: func(_ context.Context, e bot.Event) (flows.Answer, error) {
		values[e.ID[0]-'1']()
		return flows.Answer{}, nil
	}}
	f.ok(f.s.Do(f.Context(), f.next(), r))
	f.ok(f.s.Do(f.Context(), f.next(), r))
	if got := f.notes.count(WorkRetried); got != 2 {
		f.Errorf("got %d retries, want 2", got)
	}
	for _, n := range f.notes.all {
		if n.What == WorkRetried && n.Work == "event/web/1" && n.Error.Error() != "a panic with a string" {
			f.Errorf("got %q, want nothing of what it said", n.Error)
		}
	}
	f.answer(posts(post("p", "", direct)))
	f.ok(f.s.Deliver(f.Context(), f.nextPost(), map[string]bot.Platform{"web": breaks{}}))
	f.noPost()
	f.advance(time.Second)
	f.sent("p")
}

// breaks is a platform that cannot even say so.
type breaks struct{ bot.Platform }

func (breaks) Send(context.Context, bot.Post, string) (string, error) { panic("no") }

// TestStopped gives back what could not be finished, as if it had never begun.
func TestStopped(t *testing.T) {
	f := newFixture(t, "sqlite:"+t.TempDir()+"/store.db")
	ctx, stop := context.WithCancel(t.Context())
	f.accept(said("1", "ava", "x"))
	f.ok(f.s.Do(ctx, f.next(), flaky{event: func(ctx context.Context, _ bot.Event) (flows.Answer, error) {
		stop()
		<-ctx.Done()
		return flows.Answer{}, ctx.Err()
	}}))
	if w := f.next(); w.Begun != 1 || w.Failures != 0 {
		t.Errorf("got it begun %d times and failed %d, want 1 and 0", w.Begun, w.Failures)
	}
}
