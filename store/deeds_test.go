package store

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"mfahelp/bot"
	"mfahelp/flows"
	"mfahelp/graph"
	"mfahelp/secret"
)

// thePass is what the tenant makes here, and must be found nowhere.
const thePass = "CANARY-7Qm!x4"

// A tenant carries out changes, as a test says.
type tenant struct {
	did    []string // the keys of what was done, by kind and object
	before func(graph.Change)
	fails  []error // of the first calls; nil for one that does not
}

func (t *tenant) Change(_ context.Context, c graph.Change) (graph.Changed, error) {
	if t.before != nil {
		t.before(c)
	}
	t.did = append(t.did, strings.TrimSpace(string(c.Kind)+" "+c.Object))
	if len(t.fails) > 0 {
		err := t.fails[0]
		t.fails = t.fails[1:]
		if err != nil {
			return graph.Changed{}, err
		}
	}
	if c.Kind == graph.CreatePass {
		return graph.Changed{ID: "pass-id", Until: start.Add(time.Hour), Pass: secret.New(thePass)}, nil
	}
	return graph.Changed{}, nil
}

// leave says what a test says; the zero one lets everything.
type leave struct {
	why   string
	err   error
	asked func()
	to    bot.Person
}

func (l *leave) Leave(_ context.Context, _ flows.Request, _ flows.Effect, to bot.Person) (flows.Reason, error) {
	l.to = to
	if l.asked != nil {
		l.asked()
	}
	return flows.Reason{Key: l.why}, l.err
}

func graphErr(reason error, perhaps bool) error {
	return &graph.Error{Op: "test", Reason: reason, Perhaps: perhaps}
}

// perform carries out what is due next, which must be there.
func (f *fixture) perform(l flows.Leave, c Changer) {
	f.Helper()
	d, ok, err := f.s.NextEffect(f.Context(), f.now())
	f.ok(err)
	if !ok {
		f.Fatal("no effect is due")
	}
	f.ok(f.s.Perform(f.Context(), d, l, c))
}

func (f *fixture) noEffect() {
	f.Helper()
	d, ok, err := f.s.NextEffect(f.Context(), f.now())
	f.ok(err)
	if ok {
		f.Fatalf("got the effect %s, want none", d.Effect.Key)
	}
}

func (f *fixture) state(key string, want flows.EffectState) {
	f.Helper()
	if o := f.outcome("R", key); o.State != want {
		f.Fatalf("%s is %s %q, want %s", key, o.State, o.Reason, want)
	}
}

func (f *fixture) audited(like string) int {
	f.Helper()
	return read1[int](f, "SELECT COUNT(*) FROM audit WHERE key LIKE $1", like)
}

// effectsDone carries out a request's effects: one after another, each with its
// intent on record before it and its outcome after, in the same transaction as
// the job that tells its flow.
func effectsDone(f *fixture) {
	f.execute("R", phone("R"), revoke("R"), pass("R"))
	c := &tenant{}
	c.before = func(ch graph.Change) {
		key := map[graph.ChangeKind]string{graph.DeleteMethod: "R/1-phone", graph.RevokeSessions: "R/2-revoke"}[ch.Kind]
		if f.audited("effect/"+key+"/1/intent") != 1 || f.audited("effect/"+key+"/1/outcome") != 0 {
			f.Errorf("%s: it is done without an intent on record, or after its outcome", key)
		}
		f.state(key, flows.EffectRunning)
		f.noEffect() // nothing else of this request meanwhile
	}
	f.perform(&leave{}, c)
	f.state("R/1-phone", flows.EffectDone)
	f.perform(&leave{}, c)
	f.state("R/2-revoke", flows.EffectDone)
	f.noEffect() // a pass is made for somebody, not for a worker
	if got := strings.Join(c.did, ", "); got != "method.delete phone-id, sessions.revoke" {
		f.Errorf("done: %s", got)
	}
	if n := f.audited("effect/%/outcome"); n != 2 {
		f.Errorf("got %d outcomes on record, want 2", n)
	}
	if n := read1[int](f, "SELECT COUNT(*) FROM work WHERE id LIKE 'job/effect/%' AND state = 'due'"); n != 2 {
		f.Errorf("got %d jobs that tell of it, want 2", n)
	}
	if lines, err := f.s.Dangling(f.Context(), f.now().Add(time.Hour)); err != nil || len(lines) != 0 {
		f.Errorf("got %v, %v dangling", lines, err)
	}
	if r := f.verify(); !r.Sound() {
		f.Errorf("the trail is %+v", r.Break)
	}
}

// effectsAskLeave lets nothing begin without leave, and asks for it every time.
func effectsAskLeave(f *fixture) {
	f.execute("R", phone("R"), revoke("R"))
	c := &tenant{}
	f.perform(&leave{err: errors.New("the directory does not answer")}, c)
	f.state("R/1-phone", flows.EffectWanted)
	f.noEffect() // not at once
	f.advance(time.Minute)
	f.perform(&leave{why: "reset.leave.changed"}, c)
	if o := f.outcome("R", "R/1-phone"); o.State != flows.EffectDropped || o.Reason != "reset.leave.changed" {
		f.Errorf("got %s %q, want it dropped for what was changed", o.State, o.Reason)
	}
	f.perform(&leave{asked: func() { panic("x") }}, c)
	f.state("R/2-revoke", flows.EffectWanted)
	if len(c.did) != 0 || f.audited("effect/%/intent") != 0 {
		f.Errorf("done without leave: %v", c.did)
	}
	f.advance(25 * time.Hour)
	f.perform(&leave{err: errors.New("still not")}, c)
	f.state("R/2-revoke", flows.EffectDropped)
}

// effectsStopped has somebody say no after leave was given, right before the
// intent is written: nothing is done.
func effectsStopped(f *fixture) {
	f.execute("R", phone("R"))
	c := &tenant{}
	f.perform(&leave{asked: func() { f.become("R", flows.ResetDenied) }}, c)
	f.state("R/1-phone", flows.EffectDropped)
	if len(c.did) != 0 || f.audited("effect/R/1-phone/%/intent") != 0 {
		f.Errorf("done although it was denied: %v", c.did)
	}
}

// effectsReread has the request change after leave was given, in whatever way:
// leave is asked again, of what it is now.
func effectsReread(f *fixture) {
	f.execute("R", phone("R"))
	c, asked := &tenant{}, 0
	l := &leave{asked: func() {
		if asked++; asked == 1 {
			f.become("R", flows.ResetExecuting)
		}
	}}
	f.perform(l, c)
	f.state("R/1-phone", flows.EffectWanted)
	if len(c.did) != 0 || f.audited("effect/%/intent") != 0 {
		f.Errorf("done by a leave for another version: %v", c.did)
	}
	f.perform(l, c)
	f.state("R/1-phone", flows.EffectDone)
	if asked != 2 {
		f.Errorf("leave was asked %d times, want twice", asked)
	}
}

// effectsFrozen begins nothing while resets are stopped, and goes on after.
func effectsFrozen(f *fixture) {
	f.execute("R", phone("R"), effect("R", "gone", graph.DeletePass, "pass-id"), mail("R/mail"))
	freeze := func() { f.answer(flows.Answer{Freeze: &flows.Freeze{On: true, Since: start, Why: "freeze.asked"}}) }
	c := &tenant{}
	d, ok, err := f.s.NextEffect(f.Context(), f.now())
	f.ok(err)
	if !ok || d.Effect.Key != "R/1-phone" {
		f.Fatalf("got %v %v, want the first", d.Effect.Key, ok)
	}
	f.ok(f.s.Perform(f.Context(), d, &leave{asked: freeze}, c)) // right before it begins
	f.state("R/1-phone", flows.EffectWanted)
	f.perform(&leave{}, c)
	f.perform(&leave{}, c)
	f.noEffect()
	if got := strings.Join(c.did, ", "); got != "pass.delete pass-id, mail.send" && got != "mail.send, pass.delete pass-id" {
		f.Errorf("done while frozen: %s, want only what takes away from an attacker, and a mail", got)
	}
	two := []bot.Identity{ada.Identity, carl.Identity}
	f.answer(flows.Answer{Freeze: &flows.Freeze{Version: 1, Lifting: two}})
	f.perform(&leave{}, c)
	f.state("R/1-phone", flows.EffectDone)
}

// effectsDefend stops the sessions that a plan ends, in the very moment before
// they begin too, as any other part of it; and not those of an attack.
func effectsDefend(f *fixture) {
	f.execute("R", revoke("R"))
	freeze := func() { f.answer(flows.Answer{Freeze: &flows.Freeze{On: true, Since: start, Why: "freeze.asked"}}) }
	c := &tenant{}
	f.perform(&leave{asked: freeze}, c) // between leave and the beginning
	f.state("R/2-revoke", flows.EffectWanted)
	f.noEffect()
	if len(c.did) != 0 || f.audited("effect/%/intent") != 0 {
		f.Errorf("begun while resets are stopped: %v", c.did)
	}
	r := f.request("R")
	r.State, r.Alarm = flows.ResetFrozen, true // "this was not me"
	f.answer(flows.Answer{Requests: []flows.Request{r}, Effects: []flows.Effect{effect("R", "not-me", graph.RevokeSessions, "")}})
	f.perform(&leave{}, c)
	f.perform(&leave{}, c)
	f.noEffect()
	f.state("R/not-me", flows.EffectDone)
	if got := strings.Join(c.did, ", "); got != "sessions.revoke, sessions.revoke" {
		f.Errorf("done against an attack: %s", got)
	}
}

// effectsDefault has the default go after the others, whatever their order, and
// then once more after a while.
func effectsDefault(f *fixture) {
	app := effect("R", "0-app", graph.DeleteMethod, "app-id")
	r := asked("R")
	r.Effects = append([]flows.Effect{app}, r.Effects...)
	f.answer(flows.Answer{Requests: []flows.Request{r}})
	r = approved("R")
	r.Version, r.Effects = 1, append([]flows.Effect{app}, r.Effects...)
	r.Proofs[0].Digest, r.Decisions[0].Digest = r.Digest(), r.Digest()
	f.answer(flows.Answer{Requests: []flows.Request{r}, Effects: []flows.Effect{app, phone("R"), revoke("R")}})
	no := graphErr(graph.ErrDefault, false)
	c := &tenant{fails: []error{no, nil, nil, no}}
	for range 3 {
		f.perform(&leave{}, c)
	}
	f.advance(2 * time.Second)
	f.perform(&leave{}, c)
	f.noEffect()
	f.advance(5 * time.Second)
	f.perform(&leave{}, c)
	f.state("R/0-app", flows.EffectDone)
	if got := strings.Join(c.did, ", "); got != "method.delete app-id, method.delete phone-id, sessions.revoke, method.delete app-id, method.delete app-id" {
		f.Errorf("done: %s", got)
	}
}

// effectsWait come back when they are told to, which is no failure: what did fail is
// waited for ever longer.
func effectsWait(f *fixture) {
	f.execute("R", phone("R"))
	l := &leave{}
	for i, test := range []struct {
		err  error
		wait time.Duration
	}{
		{&graph.Later{At: f.now().Add(7 * time.Second), Why: graph.Budget}, 7 * time.Second},
		{&graph.Later{At: f.now(), Why: graph.Budget}, time.Second},
		{graphErr(graph.ErrUnavailable, false), time.Second},
		{graphErr(graph.ErrUnavailable, false), 2 * time.Second},
		{&graph.Later{At: f.now().Add(20 * time.Second), Why: graph.Budget}, 9 * time.Second},
		{graphErr(graph.ErrUnavailable, false), 5 * time.Second},
	} {
		l.err = test.err
		f.perform(l, &tenant{})
		at, ok, err := f.s.nextEffect(f.Context())
		f.ok(err)
		if got := at.Sub(f.now()); !ok || got != test.wait {
			f.Fatalf("leave was asked %d times, the last answer was %v: it waits %v, want %v", i+1, test.err, got, test.wait)
		}
		f.advance(test.wait)
	}
}

// effectsFail holds each kind of an error to what follows from it.
func effectsFail(f *fixture) {
	busy := &graph.Error{Op: "test", Reason: graph.ErrThrottled, After: 7 * time.Minute}
	for i, test := range []struct {
		name  string
		kind  graph.ChangeKind
		err   error
		state flows.EffectState
		after time.Duration // until it is tried again
	}{
		{"rejected", graph.DeleteMethod, graphErr(graph.ErrRejected, false), flows.EffectFailed, 0},
		{"a permission is missing", graph.DeleteMethod, graphErr(graph.ErrForbidden, false), flows.EffectFailed, 0},
		{"gone already", graph.DeleteMethod, graphErr(graph.ErrNotFound, false), flows.EffectDone, 0},
		{"no such account", graph.RevokeSessions, graphErr(graph.ErrNotFound, false), flows.EffectFailed, 0},
		{"busy until a time", graph.DeleteMethod, busy, flows.EffectWanted, 7 * time.Minute},
		{"down", graph.DeleteMethod, graphErr(graph.ErrUnavailable, false), flows.EffectWanted, time.Second},
		{"a mail, down", graph.SendMail, graphErr(graph.ErrUnavailable, false), flows.EffectWanted, time.Second},
		{"perhaps deleted", graph.DeleteMethod, graphErr(graph.ErrUnavailable, true), flows.EffectWanted, time.Second},
		{"perhaps revoked", graph.RevokeSessions, graphErr(graph.ErrUnavailable, true), flows.EffectWanted, time.Second},
		{"perhaps mailed", graph.SendMail, graphErr(graph.ErrUnavailable, true), flows.EffectUnknown, 0},
		{"an error of nobody's", graph.SendMail, errors.New("connection reset"), flows.EffectUnknown, 0},
		{"the default, and no other goes", graph.DeleteMethod, graphErr(graph.ErrDefault, false), flows.EffectFailed, 0},
	} {
		key := "F" + string(rune('a'+i))
		e := effect(key, "1-phone", test.kind, "phone-id")
		if test.kind == graph.RevokeSessions {
			e = revoke(key)
		}
		if test.kind == graph.SendMail {
			e = mail(key + "/mail")
			e.Approval = key
		}
		f.execute(key, e)
		c := &tenant{fails: []error{test.err}}
		f.perform(&leave{}, c)
		o := f.outcome(key, e.Key)
		if o.State != test.state {
			f.Errorf("%s: got %s %q, want %s", test.name, o.State, o.Reason, test.state)
		}
		if test.state != flows.EffectWanted {
			f.noEffect()
			f.become(key, flows.ResetDenied) // there is one about somebody at a time
			continue
		}
		at, ok, err := f.s.nextEffect(f.Context())
		f.ok(err)
		if got := at.Sub(f.now()); !ok || got != test.after {
			f.Errorf("%s: tried again after %v, want %v", test.name, got, test.after)
		}
		f.advance(test.after)
		f.perform(&leave{}, c)
		if o := f.outcome(key, e.Key); o.State != flows.EffectDone || o.Tries != 2 {
			f.Errorf("%s, tried again: got %s %q after %d tries", test.name, o.State, o.Reason, o.Tries)
		}
		f.become(key, flows.ResetDenied)
	}
}

// effectsLost leaves effects where somebody died: after the intent, perhaps
// after the change. What may be done again is done again, and a mail is not.
func effectsLost(f *fixture) {
	about := mail("R/mail")
	about.Approval, about.Then = "R", "reset.done"
	f.execute("R", phone("R"), about)
	for range 2 { // each dies with what it has begun
		d, ok, err := f.s.NextEffect(f.Context(), f.now())
		f.ok(err)
		if !ok {
			f.Fatal("no effect is due")
		}
		r, err := f.s.Request(f.Context(), "R")
		f.ok(err)
		f.ok(f.s.begin(f.Context(), d, r, bot.Person{}, f.now()))
	}
	f.noEffect()
	f.advance(effectLease)
	if lines, err := f.s.Dangling(f.Context(), f.now()); err != nil || len(lines) != 2 {
		f.Errorf("got %d, %v dangling, want both", len(lines), err)
	}
	c := &tenant{}
	f.perform(&leave{}, c)
	f.noEffect()
	f.state("R/mail", flows.EffectUnknown)
	f.state("R/1-phone", flows.EffectDone)
	if got := strings.Join(c.did, ", "); got != "method.delete phone-id" {
		f.Errorf("done after the crash: %s", got)
	}
	if f.audited("effect/R/1-phone/1/outcome") != 1 || f.audited("effect/R/1-phone/2/outcome") != 1 || f.audited("effect/R/mail/1/outcome") != 1 {
		f.Error("a try has no outcome on record")
	}
	if f.notes.count(EffectLost) != 2 {
		f.Errorf("got %d notes of what was lost, want 2", f.notes.count(EffectLost))
	}
}

// effectsUnaudited takes the trail away: nothing is done that cannot be put on
// record, and what was done before it went away is found afterwards.
func effectsUnaudited(f *fixture) {
	f.execute("R", phone("R"))
	c := &tenant{}
	d, ok, err := f.s.NextEffect(f.Context(), f.now())
	f.ok(err)
	if !ok {
		f.Fatal("no effect is due")
	}
	f.sql("ALTER TABLE audit RENAME TO gone")
	if err := f.s.Perform(f.Context(), d, &leave{}, c); err == nil || len(c.did) != 0 {
		f.Errorf("got %v and done %v, want an error and nothing done", err, c.did)
	}
	f.sql("ALTER TABLE gone RENAME TO audit")
	f.state("R/1-phone", flows.EffectWanted)
	f.advance(effectLease)
	c.before = func(graph.Change) { f.sql("ALTER TABLE audit RENAME TO gone") }
	d, _, err = f.s.NextEffect(f.Context(), f.now())
	f.ok(err)
	if err := f.s.Perform(f.Context(), d, &leave{}, c); err == nil {
		f.Error("got no error of an outcome that was not written")
	}
	f.sql("ALTER TABLE gone RENAME TO audit")
	known := map[int64]bool{}
	f.advance(danglingFor + time.Second)
	f.ok(f.s.alarm(f.Context(), known, f.now()))
	f.ok(f.s.alarm(f.Context(), known, f.now())) // told once
	if n := f.notes.count(EffectDangling); n != 1 {
		f.Errorf("got %d alarms of an intent without an outcome, want 1", n)
	}
	c.before = nil
	f.perform(&leave{}, c)
	f.state("R/1-phone", flows.EffectDone)
	if lines, err := f.s.Dangling(f.Context(), f.now()); err != nil || len(lines) != 0 {
		f.Errorf("got %d, %v dangling, want none any more", len(lines), err)
	}
}

// passesRevealed shows a pass once, to who may have it, at their own press.
func passesRevealed(f *fixture) {
	f.execute("R", pass("R"))
	key := pass("R").Key
	c, l := &tenant{}, &leave{}
	reveal := func(to bot.Person) (string, bool) {
		f.Helper()
		got, ok, err := f.s.Reveal(f.Context(), key, to, l, c)
		f.ok(err)
		if ok != (got.Reveal() != "") {
			f.Errorf("got a pass: %v, and said %v", got.Reveal() != "", ok)
		}
		return got.Reveal(), ok
	}
	if _, ok := reveal(carl); ok || len(c.did) != 0 {
		f.Error("it was made before all else was done")
	}
	f.become("R", flows.ResetExecuted)
	f.noEffect()
	for name, who := range map[string]bot.Person{"the subject": megan, "the requester": adele, "the approver": ada, "nobody": {}} {
		if _, ok := reveal(who); ok || len(c.did) != 0 {
			f.Errorf("%s got it", name)
		}
	}
	f.answer(flows.Answer{Freeze: &flows.Freeze{On: true, Since: start, Why: "freeze.asked"}})
	if _, ok := reveal(carl); ok || len(c.did) != 0 {
		f.Error("it was made while resets are stopped")
	}
	f.answer(flows.Answer{Freeze: &flows.Freeze{Version: 1, Lifting: []bot.Identity{ada.Identity, carl.Identity}}})
	c.fails = []error{graphErr(graph.ErrThrottled, false)}
	if _, ok := reveal(carl); ok {
		f.Error("it was shown although it was not made")
	}
	f.state(key, flows.EffectWanted)
	f.advance(time.Minute)
	if got, ok := reveal(carl); !ok || got != thePass || l.to.Key() != carl.Key() {
		f.Errorf("got %v for %v, want the pass", ok, l.to.Key())
	}
	for range 2 {
		if _, ok := reveal(carl); ok {
			f.Error("it was shown twice")
		}
	}
	o := f.outcome("R", key)
	if o.State != flows.EffectDone || o.Object != "pass-id" || !o.Until.Equal(start.Add(time.Hour)) || len(c.did) != 2 {
		f.Errorf("got %+v after %d calls", o, len(c.did))
	}
	if by := read1[string](f, "SELECT by_object FROM audit WHERE key = $1", "effect/"+key+"/2/intent"); by != "carl" {
		f.Errorf("it was made for %q on record, want carl", by)
	}
}

// passesUnknown never shows a pass that perhaps was made.
func passesUnknown(f *fixture) {
	f.execute("R", pass("R"))
	f.become("R", flows.ResetExecuted)
	c := &tenant{fails: []error{graphErr(graph.ErrUnavailable, true)}}
	for range 2 {
		if _, ok, err := f.s.Reveal(f.Context(), pass("R").Key, carl, &leave{}, c); ok || err != nil {
			f.Errorf("got %v, %v", ok, err)
		}
		f.advance(time.Hour)
	}
	f.state(pass("R").Key, flows.EffectUnknown)
	if len(c.did) != 1 {
		f.Errorf("it was made %d times", len(c.did))
	}
	again := pass("R")
	again.Key = "R/3-pass~2"
	f.answer(flows.Answer{Effects: []flows.Effect{effect("R", "gone", graph.DeletePass, "pass-id"), again}})
	if _, ok, err := f.s.Reveal(f.Context(), again.Key, carl, &leave{}, c); ok || err != nil {
		f.Errorf("got %v, %v before the first was deleted", ok, err)
	}
	f.perform(&leave{}, c)
	if got, ok, err := f.s.Reveal(f.Context(), again.Key, carl, &leave{}, c); !ok || err != nil || got.Reveal() != thePass {
		f.Errorf("got %v, %v after it", ok, err)
	}
}

// passesInHand begins to run on a store where somebody is pressing for a pass:
// that is not taken for what the dead had.
func passesInHand(f *fixture) {
	f.execute("R", pass("R"))
	f.become("R", flows.ResetExecuted)
	f.advance(time.Second)
	c := &tenant{before: func(graph.Change) { f.ok(f.s.reclaim(f.Context(), f.now())) }}
	if got, ok, err := f.s.Reveal(f.Context(), pass("R").Key, carl, &leave{}, c); !ok || err != nil || got.Reveal() != thePass {
		f.Errorf("got %v, %v, want the pass", ok, err)
	}
	f.state(pass("R").Key, flows.EffectDone)
}

// stepped drives a store by the clock alone, as a simulator does.
func stepped(f *fixture) {
	f.execute("R", phone("R"), revoke("R"))
	c := &tenant{fails: []error{graphErr(graph.ErrUnavailable, false)}}
	told := 0
	r := Runner{Router: toldBy(func() { told++ }), Leave: &leave{}, Changer: c}
	for told < 2 {
		did, err := f.s.Step(f.Context(), r)
		f.ok(err)
		if did {
			continue
		}
		at, ok, err := f.s.NextDue(f.Context())
		f.ok(err)
		if !ok {
			f.Fatal("nothing is due any more")
		}
		f.advance(max(at.Sub(f.now()), 0))
	}
	f.state("R/1-phone", flows.EffectDone)
	f.state("R/2-revoke", flows.EffectDone)
}

// toldBy is a router whose jobs count.
type toldBy func()

func (t toldBy) Event(context.Context, bot.Event) (flows.Answer, error) { return flows.Answer{}, nil }
func (t toldBy) Job(context.Context, flows.Job) (flows.Answer, error) {
	t()
	return flows.Answer{}, nil
}

// TestNoPassIsKept makes a pass and looks for it in every file of the store, its
// write-ahead log among them, and in the log: it was told to one person.
func TestNoPassIsKept(t *testing.T) {
	dir := t.TempDir()
	var log bytes.Buffer
	logger := zap.New(zapcore.NewCore(zapcore.NewJSONEncoder(zap.NewProductionEncoderConfig()), zapcore.AddSync(&log), zap.DebugLevel))
	f := &fixture{T: t, clock: &clock{t: start}, notes: &notes{}}
	s, err := Open(t.Context(), Options{URL: "sqlite:" + filepath.Join(dir, "store.db"), Now: f.now, Log: logger, AuditKey: auditKey})
	f.ok(err)
	f.s = s
	f.execute("R", phone("R"), pass("R"))
	c := &tenant{}
	f.perform(&leave{}, c)
	f.become("R", flows.ResetExecuted)
	for _, e := range []error{errors.New(thePass), nil} { // one whose error tells it, as no error should
		c.fails = []error{e}
		_, ok, err := s.Reveal(t.Context(), f.open(), carl, &leave{}, c)
		f.ok(err)
		if ok != (e == nil) {
			t.Fatalf("got %v when it failed with %v", ok, e != nil)
		}
		if e == nil {
			break
		}
		again := pass("R")
		again.Key = "R/3-pass~2"
		f.answer(flows.Answer{Effects: []flows.Effect{again}})
	}
	var export bytes.Buffer
	f.ok(s.Export(t.Context(), &export))
	files := 0
	look := func(what string, b []byte) {
		if bytes.Contains(b, []byte(thePass)) {
			t.Errorf("the pass is in %s", what)
		}
	}
	walk := func() {
		f.ok(filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			files++
			b, err := os.ReadFile(path)
			look(filepath.Base(path), b)
			return err
		}))
	}
	walk() // while it is open, with its write-ahead log
	if files < 2 {
		t.Errorf("looked at %d files, want the store and its write-ahead log", files)
	}
	f.ok(s.Close())
	walk()
	look("the log", log.Bytes())
	look("the export", export.Bytes())
}

// open is the key of the pass that is wanted.
func (f *fixture) open() string {
	f.Helper()
	return read1[string](f, "SELECT key FROM effects WHERE kind = 'pass.create' AND state = 'wanted'")
}
