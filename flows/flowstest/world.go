// Package flowstest is a small world to try flows in: it keeps what they
// answer, in memory and at once, where the store keeps it on disk and in time.
// It knows the same rules as the store does: cases have versions, a personal
// message needs one reader, a replaced post takes its offers with it.
package flowstest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"mfahelp/bot"
	"mfahelp/flows"
	"mfahelp/graph"
)

// T is what a test is needed for here, so that a gallery can stand in for one.
type T interface {
	Helper()
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}

// A World is where flows act. Its clock stands still but for [World.Advance].
type World struct {
	T       T
	Clock   time.Time
	Router  *flows.Router
	Helpers map[string]bool // object ids of the admins
	Posts   []Posted        // in the order in which they were first said
	Audit   []flows.Entry

	cases  map[string]flows.Case
	offers map[string]flows.Offer
	jobs   map[string]flows.Job
	events int

	Leave flows.Leave                               // is asked before an effect; nil for a world without
	Apply func(graph.Change) (graph.Changed, error) // carries one out; nil for nowhere

	requests map[string]flows.Request
	outcomes []flows.Outcome
	links    map[string]flows.Link
	freeze   flows.Freeze
}

// Posted is a post as it now is.
type Posted struct {
	bot.Post
	Times int // how often it was said or replaced
}

// New returns a world without flows; set Router.Flows.
func New(t T) *World {
	w := &World{
		T: t, Clock: time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC), Helpers: map[string]bool{},
		cases: map[string]flows.Case{}, offers: map[string]flows.Offer{}, jobs: map[string]flows.Job{},
		requests: map[string]flows.Request{}, links: map[string]flows.Link{},
	}
	w.Router = &flows.Router{Offers: w, Now: w.Now}
	return w
}

// Now is the world's time.
func (w *World) Now() time.Time { return w.Clock }

// Say lets somebody say something, and runs what follows at once.
func (w *World) Say(from bot.Person, in bot.Place, text string) {
	w.T.Helper()
	w.Do(from, in, bot.Said{Text: text})
}

// Do lets somebody act.
func (w *World) Do(from bot.Person, in bot.Place, did bot.Act) {
	w.T.Helper()
	w.events++
	e := bot.Event{ID: fmt.Sprint("e", w.events), At: w.Clock, From: from, In: in, Did: did}
	w.Deliver(e)
}

// Deliver hands e to its flow, and may do so again.
func (w *World) Deliver(e bot.Event) {
	w.T.Helper()
	a, err := w.Router.Event(context.Background(), e)
	w.commit(a, err)
	w.runDue()
}

// Press presses the action with a label in the post with a key.
func (w *World) Press(from bot.Person, post, label string, fields map[string]string) {
	w.T.Helper()
	e := w.Pressing(from, post, label, fields)
	w.Do(e.From, e.In, e.Did)
}

// Pressing is the event of such a press.
func (w *World) Pressing(from bot.Person, post, label string, fields map[string]string) bot.Event {
	w.T.Helper()
	p := w.Post(post)
	for _, a := range actions(p.Message) {
		if l, key := labelled(a); l == label {
			return bot.Event{From: from, In: p.To, Did: bot.Pressed{Key: key, Fields: fields}}
		}
	}
	w.T.Fatalf("%s has no action %q, only %q", post, label, Labels(p.Message))
	return bot.Event{}
}

// Advance moves the clock, doing each job at its time.
func (w *World) Advance(d time.Duration) {
	w.T.Helper()
	end := w.Clock.Add(d)
	for {
		at, ok := w.next()
		if !ok || at.After(end) {
			break
		}
		w.Clock = at
		w.runDue()
	}
	w.Clock = end
	w.runDue() // what an effect waited for may be there by now
}

func (w *World) next() (first time.Time, ok bool) {
	for _, j := range w.jobs {
		if !ok || j.At.Before(first) {
			first, ok = j.At, true
		}
	}
	return first, ok
}

func (w *World) runDue() {
	w.T.Helper()
	for {
		var due []flows.Job
		for _, j := range w.jobs {
			if !j.At.After(w.Clock) {
				due = append(due, j)
			}
		}
		if len(due) == 0 {
			if !w.step() {
				return
			}
			continue
		}
		slices.SortFunc(due, func(a, b flows.Job) int { return strings.Compare(a.Key, b.Key) })
		delete(w.jobs, due[0].Key)
		a, err := w.Router.Job(context.Background(), due[0])
		w.commit(a, err)
	}
}

// AtOnce lets people act in one instant: each is answered before anything is kept
// of the others, and who finds then that somebody was faster is answered again.
func (w *World) AtOnce(events ...bot.Event) {
	w.T.Helper()
	answers := make([]flows.Answer, len(events))
	for i := range events {
		w.events++
		events[i].ID, events[i].At = fmt.Sprint("e", w.events), w.Clock
		a, err := w.Router.Event(context.Background(), events[i])
		if err != nil {
			w.T.Fatal(err)
		}
		answers[i] = a
	}
	for i, a := range answers {
		if w.full(a) {
			w.Deliver(events[i])
			continue
		}
		w.commit(a, nil)
		w.runDue()
	}
}

// full reports whether a passes a limit by now.
func (w *World) full(a flows.Answer) bool {
	return slices.ContainsFunc(a.Limits, func(l flows.Limit) bool {
		n, _ := w.Count(context.Background(), l.By, l.Verb, l.Since) // it has no errors
		return n >= l.Most
	})
}

func (w *World) commit(a flows.Answer, err error) {
	w.T.Helper()
	if err != nil {
		w.T.Fatal(err)
	}
	if w.full(a) {
		w.T.Fatalf("an answer that passes a limit: %+v", a.Limits)
	}
	for _, c := range a.Cases {
		if c.Version != w.cases[c.Key].Version {
			w.T.Fatalf("case %s: wrote version %d over %d", c.Key, c.Version, w.cases[c.Key].Version)
		}
		c.Version++
		w.cases[c.Key] = c
	}
	if (len(a.Requests) > 0 || len(a.Links) > 0 || a.Freeze != nil) && len(a.Audit) == 0 {
		w.T.Fatalf("an act about a reset that is not on record: %+v", a) // no entry, no act
	}
	w.reset(a)
	for _, p := range a.Posts {
		w.post(p)
	}
	for _, j := range a.Jobs {
		if delete(w.jobs, j.Key); !j.At.IsZero() {
			w.jobs[j.Key] = j
		}
	}
	w.Audit = append(w.Audit, a.Audit...)
}

// post keeps p. Its actions keep the keys that they had.
func (w *World) post(p bot.Post) {
	w.T.Helper()
	still := map[string]bool{}
	p.Message = p.Message.Keyed(func(verb, subject string) string {
		key := "key:" + p.Key + ":" + verb + ":" + subject
		still[key] = true
		o := flows.Offer{Key: key, Post: p.Key, In: p.To, Verb: verb, Subject: subject, Until: p.Until}
		if p.To.Audience.One() {
			o.For = p.To.Reader
		}
		w.offers[key] = o
		return key
	})
	for key, o := range w.offers {
		if o.Post == p.Key && !still[key] {
			o.Closed = true
			w.offers[key] = o
		}
	}
	if err := p.Message.Check(p.To); err != nil {
		w.T.Fatalf("%s: %v", p.Key, err)
	}
	for i := range w.Posts {
		if w.Posts[i].Key == p.Key {
			w.Posts[i] = Posted{p, w.Posts[i].Times + 1}
			return
		}
	}
	w.Posts = append(w.Posts, Posted{p, 1})
}

// Post returns the only post whose key ends with suffix.
func (w *World) Post(suffix string) Posted {
	w.T.Helper()
	var found []Posted
	for _, p := range w.Posts {
		if strings.HasSuffix(p.Key, suffix) {
			found = append(found, p)
		}
	}
	if len(found) == 0 {
		w.T.Fatalf("no post %q among %q", suffix, w.keys())
	}
	return found[len(found)-1]
}

// Posted returns the post with key, and false if there is none.
func (w *World) Posted(_ context.Context, key string) (bot.Post, bool, error) {
	i := slices.IndexFunc(w.Posts, func(p Posted) bool { return p.Key == key })
	if i < 0 {
		return bot.Post{}, false, nil
	}
	return w.Posts[i].Post, true, nil
}

// Ask asks for jobs, as the store does when something befell a post.
func (w *World) Ask(jobs ...flows.Job) {
	w.T.Helper()
	w.commit(flows.Answer{Jobs: jobs}, nil)
	w.runDue()
}

// Has reports whether there is a post whose key has part in it.
func (w *World) Has(part string) bool {
	return slices.ContainsFunc(w.keys(), func(k string) bool { return strings.Contains(k, part) })
}

func (w *World) keys() (keys []string) {
	for _, p := range w.Posts {
		keys = append(keys, p.Key)
	}
	return keys
}

// Only returns the only case there is.
func (w *World) Only() flows.Case {
	w.T.Helper()
	if len(w.cases) != 1 {
		w.T.Fatalf("got %d cases, want one", len(w.cases))
	}
	for _, c := range w.cases {
		return c
	}
	panic("unreachable: there is one")
}

// Offer implements [flows.Offers].
func (w *World) Offer(_ context.Context, key string) (flows.Offer, bool, error) {
	o, ok := w.offers[key]
	return o, ok, nil
}

// Case implements [flows.Cases].
func (w *World) Case(_ context.Context, key string) (flows.Case, error) {
	c, ok := w.cases[key]
	if !ok {
		return c, flows.ErrNoCase
	}
	return c, nil
}

// Under implements [flows.Cases]: here a thread is named by the key of the post
// that it hangs from.
func (w *World) Under(ctx context.Context, place bot.Place) (flows.Case, error) {
	key, ok := strings.CutPrefix(place.Thread, "case/")
	if !ok {
		return flows.Case{}, flows.ErrNoCase
	}
	key, _, _ = strings.Cut(key, "/")
	return w.Case(ctx, key)
}

// Own implements [flows.Cases].
func (w *World) Own(_ context.Context, by bot.Person) (own []flows.Case, err error) {
	for _, c := range w.cases {
		if c.Requester.Platform == by.Platform && c.Requester.ID == by.ID || by.Known() && c.Subject.Key() == by.Key() {
			own = append(own, c)
		}
	}
	slices.SortFunc(own, func(a, b flows.Case) int { return b.Opened.Compare(a.Opened) })
	return own, nil
}

// Queue implements [flows.Cases].
func (w *World) Queue(_ context.Context, by bot.Identity) (queue []flows.Case, err error) {
	if !w.Helpers[by.ObjectID] {
		return nil, flows.ErrNotAdmin
	}
	for _, c := range w.cases {
		if c.State == flows.WithAdmins {
			queue = append(queue, c)
		}
	}
	slices.SortFunc(queue, func(a, b flows.Case) int { return a.Escalated.Compare(b.Escalated) })
	return queue, nil
}

// Admin implements [flows.Admins].
func (w *World) Admin(_ context.Context, by bot.Identity) (bool, error) {
	return w.Helpers[by.ObjectID], nil
}

// Count implements [flows.Ledger].
func (w *World) Count(_ context.Context, by bot.Identity, verb string, since time.Time) (n int, err error) {
	for _, e := range w.Audit {
		if (by == bot.Identity{} || e.By.Key() == by.Key()) && e.Verb == verb && !e.At.Before(since) {
			n++
		}
	}
	return n, nil
}

// A Log is a sign-in log that has what it was given.
type Log struct {
	Events []graph.SignIn
	Err    error // what it answers instead, such as a [*graph.Later]
	Asked  []graph.Query
}

// Find answers as the real one does, but for the waiting.
func (l *Log) Find(_ context.Context, q graph.Query) (graph.Found, error) {
	l.Asked = append(l.Asked, q)
	if l.Err != nil {
		return graph.Found{}, l.Err
	}
	for _, try := range []struct {
		by  graph.Clue
		has func(graph.SignIn) bool
	}{
		{graph.ByRequest, func(s graph.SignIn) bool { return q.RequestID != "" && s.ID == q.RequestID }},
		{graph.ByCorrelation, func(s graph.SignIn) bool { return q.CorrelationID != "" && s.CorrelationID == q.CorrelationID }},
		{graph.ByTime, func(s graph.SignIn) bool { return q.UserID != "" && s.UserID == q.UserID }},
	} {
		found := graph.Found{By: try.by, API: graph.Beta}
		for _, s := range l.Events {
			if try.has(s) {
				found.SignIns = append(found.SignIns, s)
			}
		}
		if len(found.SignIns) > 0 {
			return found, nil
		}
	}
	return graph.Found{By: graph.ByTime, API: graph.Beta}, nil
}

// Labels are those of m's actions.
func Labels(m bot.Message) (labels []string) {
	for _, a := range actions(m) {
		l, _ := labelled(a)
		labels = append(labels, l)
	}
	return labels
}

func actions(m bot.Message) []bot.Action {
	all := slices.Clone(m.Actions)
	for _, b := range m.Body {
		if list, ok := b.(bot.List); ok {
			for _, i := range list {
				if i.Action != nil {
					all = append(all, i.Action)
				}
			}
		}
	}
	return all
}

func labelled(a bot.Action) (label, key string) {
	switch a := a.(type) {
	case bot.Choose:
		return a.Label, a.Key
	case bot.Ask:
		return a.Label, a.Key
	case bot.Open:
		return a.Label, ""
	}
	panic("unreachable: the set is closed")
}
