package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/go-cmp/cmp"

	"mfahelp/bot"
	"mfahelp/flows"
	"mfahelp/graph"
)

func aCase(key string, version int) flows.Case {
	return flows.Case{Key: key, Version: version, State: flows.Looking, Opened: start, Requester: bot.Person{Platform: "web", ID: "ava"}}
}

func versions(f *fixture) {
	f.answer(cases(aCase("A", 0)))
	c, err := f.s.Case(f.Context(), "A")
	f.ok(err)
	if c.Version != 1 {
		f.Errorf("got version %d of a new case, want 1", c.Version)
	}
	f.is(f.try(cases(aCase("A", 0))), ErrConflict) // there is one
	f.is(f.try(cases(aCase("A", 2))), ErrConflict) // not yet
	f.is(f.try(cases(aCase("B", 1))), ErrConflict) // there is none

	f.accept(said("1", "ava", "x"), said("2", "ben", "x"))
	first, second := f.next(), f.next()
	f.commit(first, cases(c))
	f.is(f.s.Commit(f.Context(), second, cases(c), f.now()), ErrConflict)
	c, err = f.s.Case(f.Context(), "A")
	f.ok(err)
	c.Words = "second"
	f.commit(second, cases(c)) // the work is still theirs
	c, err = f.s.Case(f.Context(), "A")
	f.ok(err)
	if c.Version != 3 || c.Words != "second" {
		f.Errorf("got version %d with %q, want 3 with the second's words", c.Version, c.Words)
	}
}

// full is an answer with some of everything.
func full(n int) flows.Answer {
	id := fmt.Sprint(n)
	return flows.Answer{
		Cases: []flows.Case{aCase("C"+id, 0)},
		Posts: []bot.Post{post("case/C"+id+"/reply", "t", direct, bot.Choose{Verb: "help.a", Subject: id})},
		Jobs:  []flows.Job{{Key: "j" + id, At: start.Add(time.Hour), Verb: "help.look"}},
		Audit: []flows.Entry{{Key: "a" + id, Verb: "help.asked"}},

		Requests: []flows.Request{asked("R" + id)},
		Effects:  []flows.Effect{phone("R" + id)},
		Links:    []flows.Link{link()},
		Freeze:   &flows.Freeze{On: true, Since: start},
	}
}

func wholeOrNothing(f *fixture) {
	count := func() (n [10]int) {
		for i, table := range []string{"cases", "posts", "work", "audit", "offers", "river_job", "requests", "effects", "links", "freezes WHERE is_on = 1"} {
			n[i] = read1[int](f, "SELECT COUNT(*) FROM "+table)
		}
		return n
	}
	f.accept(said("1", "ava", "x"))
	w := f.next()
	before := count()
	bad := full(1)
	bad.Posts = append(bad.Posts, bot.Post{Key: "p2", To: direct, Under: "nowhere"}) // found only when all else is written
	f.is(f.s.Commit(f.Context(), w, bad, f.now()), ErrRefused)
	stale := full(1)
	stale.Cases = append(stale.Cases, aCase("Z", 4))
	f.is(f.s.Commit(f.Context(), w, stale, f.now()), ErrConflict)
	if after := count(); after != before {
		f.Errorf("got %v cases, posts, work, audit, offers, wakes, requests, effects, links, freezes; want %v as before", after, before)
	}
	if read1[int64](f, "SELECT n FROM counters WHERE name = 'audit'") != 0 {
		f.Error("the audit trail has a gap")
	}
	f.commit(w, full(1))
	if got, want := count(), [10]int{1, 1, before[2] + 1, 1, 1, before[5] + 2, 1, 1, 1, 1}; got != want {
		f.Errorf("got %v, want %v", got, want)
	}
	if body := read1[string](f, "SELECT body FROM work WHERE id = $1", w.ID); body != "" {
		f.Error("the words of a handled event are kept")
	}
}

func refusals(f *fixture) {
	for name, a := range map[string]flows.Answer{
		"a case without a key":                 cases(flows.Case{}),
		"two of a case":                        cases(aCase("A", 0), aCase("A", 1)),
		"a case before any":                    cases(aCase("A", -1)),
		"a post without a key":                 posts(post("", "t", channel)),
		"a post to no platform":                posts(post("p", "t", bot.Place{ID: "x"})),
		"a post to nowhere":                    posts(post("p", "t", bot.Place{Platform: "web"})),
		"a post to nobody":                     posts(post("p", "t", bot.Place{Platform: "web", Audience: bot.Direct})),
		"a post under itself":                  posts(bot.Post{Key: "p", To: channel, Under: "p"}),
		"a post under none":                    posts(bot.Post{Key: "p", To: channel, Under: "q"}),
		"a job without a key":                  jobs(flows.Job{At: start, Verb: "a.b"}),
		"a job without a flow":                 jobs(flows.Job{Key: "j", At: start, Verb: "look"}),
		"a request without a key":              {Requests: []flows.Request{broken(func(r *flows.Request) { r.Key = "" })}},
		"two of a request":                     {Requests: []flows.Request{asked("R"), asked("R")}},
		"a request about nobody":               {Requests: []flows.Request{broken(func(r *flows.Request) { r.Subject = bot.Identity{Email: "megan@contoso.com"} })}},
		"a request by nobody":                  {Requests: []flows.Request{broken(func(r *flows.Request) { r.Requester = bot.Identity{} })}},
		"a request that needs none":            {Requests: []flows.Request{broken(func(r *flows.Request) { r.Needs = nil })}},
		"a request without end":                {Requests: []flows.Request{broken(func(r *flows.Request) { r.Expires = time.Time{} })}},
		"a plan with an effect twice":          {Requests: []flows.Request{broken(func(r *flows.Request) { r.Effects[1].Key = r.Effects[0].Key })}},
		"a plan for another request":           {Requests: []flows.Request{broken(func(r *flows.Request) { r.Effects[0].Approval = "S" })}},
		"a plan for another account":           {Requests: []flows.Request{broken(func(r *flows.Request) { r.Effects[0].User = "adele" })}},
		"an effect without a key":              {Effects: []flows.Effect{{Change: mail("").Change}}},
		"an effect without a kind":             {Effects: []flows.Effect{{Key: "e", Change: graph.Change{User: "megan"}, Approval: "R"}}},
		"an effect on nobody":                  {Effects: []flows.Effect{{Key: "e", Change: graph.Change{Kind: graph.SendMail}}}},
		"an effect without leave":              {Effects: []flows.Effect{{Key: "e", Change: graph.Change{Kind: graph.RevokeSessions, User: "megan"}}}},
		"an effect for a part of a minute":     {Effects: []flows.Effect{{Key: "e", Change: graph.Change{Kind: graph.CreatePass, User: "megan", Life: time.Second}, Approval: "R"}}},
		"an effect before nobody's verb":       {Effects: []flows.Effect{{Key: "e", Change: mail("").Change, Then: "done"}}},
		"a link without a token":               {Links: []flows.Link{brokenLink(func(l *flows.Link) { l.Token = "" })}},
		"a link that is spent without a token": {Links: []flows.Link{{Used: start}}},
		"a link that can be guessed":           {Links: []flows.Link{brokenLink(func(l *flows.Link) { l.Token = "123456" })}},
		"a link to nobody's verb":              {Links: []flows.Link{brokenLink(func(l *flows.Link) { l.Verb = "approve" })}},
		"a link about nothing":                 {Links: []flows.Link{brokenLink(func(l *flows.Link) { l.Subject = "" })}},
		"a link for nobody known":              {Links: []flows.Link{brokenLink(func(l *flows.Link) { l.For = bot.Person{Platform: "web", ID: "ada"} })}},
		"a link without end":                   {Links: []flows.Link{brokenLink(func(l *flows.Link) { l.Until = time.Time{} })}},
		"one link twice":                       {Links: []flows.Link{link(), link()}},
		"a freeze since never":                 {Freeze: &flows.Freeze{On: true}},
		"a freeze that nobody lifts":           {Freeze: &flows.Freeze{}},
		"an entry without a key":               {Audit: []flows.Entry{{Verb: "a.b"}}},
		"an entry without verb":                {Audit: []flows.Entry{{Key: "k"}}},
	} {
		if err := f.try(a); !errors.Is(err, ErrRefused) {
			f.Errorf("%s: got %v, want it refused", name, err)
		}
	}
	f.answer(posts( // the root may come later in the answer
		bot.Post{Key: "q", To: channel, Under: "p"}, post("p", "t", channel),
		post("open me", "t", bot.Place{Platform: "web", Audience: bot.Direct, Reader: "ava"})))
}

// broken and brokenLink are what is fit to be recorded, with one change.
func broken(change func(*flows.Request)) flows.Request {
	r := asked("R")
	change(&r)
	return r
}

func brokenLink(change func(*flows.Link)) flows.Link {
	l := link()
	change(&l)
	return l
}

func personal(f *fixture) {
	mine := post("p", "t", channel)
	mine.Message.Personal = true
	f.is(f.try(posts(mine)), ErrRefused)
	mine.To = direct
	f.answer(posts(mine))
	mine.To.Reader = ""
	f.is(f.try(posts(mine)), ErrRefused)
	pass := post("q", "t", channel)
	pass.Message.Body = []bot.Block{bot.Facts{{Name: "n", Value: bot.Text{bot.Reveal{Kind: "pass"}}}}}
	f.is(f.try(posts(pass)), ErrRefused)
}

func wakes(f *fixture) {
	count := func() int { return read1[int](f, "SELECT COUNT(*) FROM river_job WHERE kind = 'wake'") }
	f.accept(said("1", "ava", "x"))
	if got := count(); got != 1 {
		f.Errorf("got %d wake-ups after an event, want 1", got)
	}
	f.accept(said("1", "ava", "x"))
	if got := count(); got != 1 {
		f.Errorf("got %d wake-ups after a redelivery, want 1", got)
	}
	in := func(d time.Duration) flows.Job { return flows.Job{Key: d.String(), At: start.Add(d), Verb: "a.b"} }
	f.commit(f.next(), flows.Answer{Posts: posts(post("p", "t", direct), post("q", "t", direct)).Posts,
		Jobs: []flows.Job{in(0), in(-time.Hour), in(time.Hour), in(time.Hour), in(2 * time.Hour), {Key: "none"}}})
	if got := count(); got != 1+3 { // now, in an hour, in two
		f.Errorf("got %d wake-ups after an answer, want 4", got)
	}
}

func jobsMove(f *fixture) {
	at := func(d time.Duration) flows.Job {
		return flows.Job{Key: "j", At: start.Add(d), Verb: "help.look", Subject: d.String()}
	}
	f.answer(jobs(at(time.Hour)))
	f.answer(jobs(at(2 * time.Hour)))
	f.advance(time.Hour)
	f.nothing() // it is later now
	f.answer(jobs(at(30 * time.Minute)))
	w := f.next() // it is earlier now
	if diff := cmp.Diff(at(30*time.Minute), *w.Job); diff != "" {
		f.Errorf("asked for and claimed (-want +got):\n%s", diff)
	}
	f.nothing()
	f.commit(w, jobs(at(3*time.Hour))) // asks for itself again
	f.nothing()
	f.advance(2 * time.Hour)
	w = f.next()
	if w.Begun != 1 || w.Job.Subject != "3h0m0s" {
		f.Errorf("got %+v begun %d times, want the new one begun once", *w.Job, w.Begun)
	}
	f.commit(w, flows.Answer{})
	f.nothing()
	f.answer(jobs(at(0))) // after it was done
	f.commit(f.next(), flows.Answer{})
	f.answer(jobs(at(100 * 365 * 24 * time.Hour)))
	f.nothing()
}

func jobsMoveInHand(f *fixture) {
	j := flows.Job{Key: "j", At: start, Verb: "help.look"}
	f.answer(jobs(j))
	w := f.next()
	j.At = start.Add(time.Hour)
	f.answer(jobs(j))
	f.is(f.s.Commit(f.Context(), w, posts(post("p", "stale", direct)), f.now()), ErrOver)
	_, err := f.s.Fail(f.Context(), w, errors.New("stale"), f.now())
	f.is(err, ErrOver)
	f.ok(f.s.release(f.Context(), w, f.now()))
	f.nothing()
	f.noPost()
	f.advance(time.Hour)
	f.commit(f.next(), flows.Answer{})
}

func jobsForgotten(f *fixture) {
	j := flows.Job{Key: "j", At: start.Add(time.Hour), Verb: "help.look"}
	gone := flows.Job{Key: "j"}
	f.answer(jobs(gone)) // that never was
	f.answer(jobs(j))
	f.answer(jobs(gone))
	f.advance(2 * time.Hour)
	f.nothing()
	f.answer(jobs(j))
	w := f.next()
	f.answer(jobs(gone))
	f.is(f.s.Commit(f.Context(), w, flows.Answer{}, f.now()), ErrOver)
	f.nothing()
	if body := read1[string](f, "SELECT body FROM work WHERE id = 'job/j'"); body != "" {
		f.Error("a forgotten job is kept")
	}
}

func due(f *fixture) {
	want := func(at time.Time) {
		f.Helper()
		got, ok, err := f.s.NextDue(f.Context())
		f.ok(err)
		if ok == at.IsZero() || !got.Equal(at) || ok && got.Location() != time.UTC {
			f.Fatalf("got due at %v, %v, want %v", got, ok, at)
		}
	}
	want(time.Time{})
	f.accept(said("1", "ava", "x"), said("2", "ava", "x"))
	want(start)
	w := f.next()
	want(start.Add(workLease)) // and not now, for the other one has to wait for it
	f.commit(w, flows.Answer{})
	want(start)
	f.commit(f.next(), jobs(flows.Job{Key: "j", At: start.Add(time.Hour).In(time.FixedZone("", 3600)), Verb: "a.b"}))
	want(start.Add(time.Hour))
	f.answer(posts(post("p", "t", direct), post("q", "t", direct)))
	want(start)
	d := f.nextPost()
	want(start.Add(postLease))
	f.settle(d, "r", &bot.BusyError{After: time.Minute, Err: errors.New("busy")})
	want(start.Add(time.Minute))
}

// flaky is a router of functions.
type flaky struct {
	event func(context.Context, bot.Event) (flows.Answer, error)
	job   func(context.Context, flows.Job) (flows.Answer, error)
}

func (r flaky) Event(ctx context.Context, e bot.Event) (flows.Answer, error) { return r.event(ctx, e) }
func (r flaky) Job(ctx context.Context, j flows.Job) (flows.Answer, error)   { return r.job(ctx, j) }

func conflicts(f *fixture) {
	f.answer(cases(aCase("A", 0)))
	f.accept(said("1", "ava", "x"))
	tries := 0
	r := flaky{event: func(ctx context.Context, _ bot.Event) (flows.Answer, error) {
		c, err := f.s.Case(ctx, "A")
		if tries++; tries < 4 {
			_, faster := f.s.db.Exec(`UPDATE cases SET version = version + 1`)
			err = errors.Join(err, faster)
		}
		return cases(c), err
	}}
	f.ok(f.s.Do(f.Context(), f.next(), r))
	if tries != 4 || f.notes.count(WorkConflict) != 3 || f.notes.count(WorkRetried) != 0 || f.notes.count(WorkHandled) != 1 {
		f.Errorf("got %d tries, %d conflicts, %d retries, %d handled; want 4, 3, 0, 1", tries,
			f.notes.count(WorkConflict), f.notes.count(WorkRetried), f.notes.count(WorkHandled))
	}
}
