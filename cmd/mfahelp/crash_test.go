package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"go.uber.org/zap"

	"mfahelp/bot"
	"mfahelp/flows"
	"mfahelp/graph"
	"mfahelp/graph/msgraph"
	"mfahelp/graph/sandbox"
	"mfahelp/graph/signins"
	"mfahelp/secret"
	"mfahelp/store"
)

// A program that carries out a reset is killed between any two of its steps, or
// while the tenant answers it, with a signal that it cannot catch. Another takes
// over until all is done. It is wired as "mfahelp serve" is, with the real flow,
// store, workers and writer; the tenant is in another process. What became of it
// is judged by the tenant's own log of requests, which the dead cannot have
// changed.
//
//	make crash RUNS=500

// crashEnv tells this test's program that it is the one to be killed, and what
// it works on.
const crashEnv = "MFAHELP_CRASH"

// A crash is all that the program knows that is killed.
type crash struct {
	Dir, Keys string // of its database, and of the keys that its tenant was made with
	Addr      string // the tenant's
	Request   string // key of the one that is carried out
	KillAt    int    // the step at which it kills itself; 0 for none
}

// Who is in it. Aiko has nothing but her phone, so that a pass comes.
const (
	crashSubject  = "aiko.sato"
	crashManager  = "grace.nguyen"
	crashAsker    = "adaeze.okafor"
	crashApprover = "mei.tanaka"
)

// crashRuns is how many runs there are: few where people wait.
func crashRuns(t *testing.T) int {
	t.Helper()
	n := map[bool]string{true: "50", false: "10"}[os.Getenv("CI") == "true"]
	runs, err := strconv.Atoi(cmp.Or(os.Getenv("MFAHELP_CRASH_RUNS"), n))
	if err != nil {
		t.Fatal(err)
	}
	return runs
}

// TestCrash is all of it.
func TestCrash(t *testing.T) {
	if testing.Short() {
		t.Skip("starts many programs")
	}
	seed := rand.Uint64()
	if s := os.Getenv("MFAHELP_CRASH_SEED"); s != "" {
		var err error
		if seed, err = strconv.ParseUint(s, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("MFAHELP_CRASH_SEED=%d", seed)
	runs, keys := crashRuns(t), keyedDir(t)
	var wg sync.WaitGroup
	var next, killed, again, unknown, steps atomic.Int64
	for hand := range 2 {
		wg.Go(func() {
			c := newCrashes(t, keys, rand.New(rand.NewPCG(seed, uint64(hand))))
			for next.Add(1) <= int64(runs) && !t.Failed() {
				c.run()
			}
			killed.Add(c.killed)
			again.Add(c.again)
			unknown.Add(c.unknown)
			steps.Store(int64(c.steps))
		})
	}
	wg.Wait()
	t.Logf("%d runs of some %d steps, %d kills, %d of them while another was being made up for; %d passes and mails of unknown fate",
		runs, steps.Load(), killed.Load(), again.Load(), unknown.Load())
	if killed.Load() < int64(runs)/2 && !t.Failed() {
		t.Errorf("%d runs had only %d kills", runs, killed.Load())
	}
}

var crashKey = secret.New("the key of the chain where programs are killed")

// crashes are runs one after another on one tenant.
type crashes struct {
	t        *testing.T
	tenant   *sandbox.Tenant
	dice     *rand.Rand
	c        crash
	subject  string // her object id
	approved []byte // a database in which the last approval was given, and nothing was made of it
	since    int64  // how many lines its audit trail has
	made     time.Time
	steps    int // of a run that nobody kills

	killed, again, unknown int64
}

func newCrashes(t *testing.T, keys string, dice *rand.Rand) *crashes {
	c := &crashes{t: t, dice: dice, steps: 300}
	var err error
	c.tenant, err = sandbox.New(sandbox.Options{Dir: keys, NoThrottle: true, NoHistory: true})
	c.ok(err)
	addr, err := c.tenant.Start("127.0.0.1:0")
	c.ok(err)
	t.Cleanup(func() { _ = c.tenant.Close() })
	who, _ := c.tenant.Person(crashSubject + "@" + sandbox.Domain)
	c.subject, c.c = who.ID, crash{Keys: keys, Addr: addr}
	return c
}

// change has the tenant change something of the subject's.
func (c *crashes) change(ch graph.Change) {
	writer := c.tenant.Writer()
	o := msgraph.Options{
		Tenant: c.tenant.ID(), ClientID: writer.ID, Credential: msgraph.Secret{Text: secret.New(writer.Secret)},
		Cloud: msgraph.Custom{Authority: c.c.Addr, Graph: c.c.Addr, RootCA: c.tenant.CAPEM()},
	}
	w, err := msgraph.NewWriter(msgraph.WriterOptions{Options: o})
	c.ok(err)
	ch.User = c.subject
	_, err = w.Change(context.Background(), ch)
	c.ok(err)
}

// crashApp is the program, wired, with its database in c's folder.
func crashApp(ctx context.Context, c crash, tenant *sandbox.Tenant, now func() time.Time) (*app, error) {
	cfg := demoConfig(tenant, c.Addr, c.Dir, "http://127.0.0.1:1")
	cfg.Audit.Key = crashKey
	page := demoPage(tenant)
	page.Budget = signins.NewBudget(1000, time.Second) // nobody waits ten seconds for five hundred runs
	return newApp(ctx, cfg, zap.NewNop(), now, page)
}

// run carries out one reset, by as many programs as it takes.
func (c *crashes) run() {
	dir, err := os.MkdirTemp(runDir, "crash-")
	c.ok(err)
	defer os.RemoveAll(dir)
	c.c.Dir = dir
	c.prepare()
	c.ok(os.WriteFile(filepath.Join(dir, "mfahelp.db"), c.approved, 0o600))
	before := len(c.tenant.Writes())
	var told []string
	for n := 0; ; n++ {
		out, died := c.program(n)
		told = append(told, out...)
		if !died {
			break
		}
		c.killed++
		if n > 0 {
			c.again++
		}
	}
	c.judge(c.tenant.Writes()[before:], told)
}

func (c *crashes) ok(err error) {
	c.t.Helper()
	if err != nil {
		c.t.Error(err)
		runtime.Goexit() // ends this hand
	}
}

// prepare gives the subject her methods back. Every five minutes the reset is
// asked for, vouched for and approved anew: a sign-in is fresh for ten.
func (c *crashes) prepare() {
	if time.Since(c.made) < 5*time.Minute {
		c.register()
		return
	}
	dir, err := os.MkdirTemp(runDir, "approved-")
	c.ok(err)
	defer os.RemoveAll(dir)
	is := c.c
	is.Dir = dir
	a, err := crashApp(context.Background(), is, c.tenant, time.Now)
	c.ok(err)
	had, err := a.graph.Methods(context.Background(), c.subject) // from the beginning
	c.ok(err)
	for _, m := range had {
		if m.SecondFactor() {
			c.change(graph.Change{Kind: graph.DeleteMethod, Object: m.ID, Method: m.Kind})
		}
	}
	c.register()
	c.c.Request = c.approve(a)
	head, err := a.store.Head(context.Background())
	c.ok(err)
	c.ok(a.Close())
	c.approved, err = os.ReadFile(filepath.Join(dir, "mfahelp.db"))
	c.ok(err)
	c.since, c.made = head.Seq, time.Now()
}

// register gives the subject two methods, which are the same in each run.
func (c *crashes) register() {
	for i, kind := range []graph.Kind{graph.Authenticator, graph.External} {
		_, err := c.tenant.Register(c.subject, graph.Method{
			Kind: kind, Name: "iPhone 16e", ID: fmt.Sprintf("a1c0dead-0000-4000-8000-00000000000%d", i), Created: time.Now().Add(-60 * 24 * time.Hour),
		})
		c.ok(err)
	}
}

// approve goes the whole way to the last approval, which nobody has worked on.
func (c *crashes) approve(a *app) (request string) {
	ctx := context.Background()
	seen := &pinboard{Platform: a.web, posts: map[string]bot.Post{}}
	r := a.runner()
	r.Platforms = map[string]bot.Platform{"web": seen}
	work := func() {
		for more := true; more; {
			var err error
			more, err = a.store.Step(ctx, r)
			c.ok(err)
		}
	}
	id := 0
	does := func(who bot.Person, in bot.Place, did bot.Act) {
		id++
		c.ok(a.store.Accept(ctx, bot.Event{ID: fmt.Sprint("crash-", id), At: time.Now(), From: who, In: in, Did: did}))
	}
	yes := func(post, name string) {
		who, _ := c.person(a, name)
		e, err := saysYes(ctx, a, linkOf(seen.posts[post]), who)
		c.ok(err)
		c.ok(a.store.Accept(ctx, e))
	}
	asker, in := c.person(a, crashAsker)
	does(asker, in, bot.Commanded{Name: "mfa-help", Text: "reset " + crashSubject + "@" + sandbox.Domain})
	work()
	all, err := a.store.By(ctx, asker.Identity, time.Time{})
	c.ok(err)
	if len(all) != 1 {
		c.ok(fmt.Errorf("%d requests, of %v", len(all), seen.order))
	}
	request = all[0].Key
	about := "case/" + all[0].Case + "/" + request + "/"
	yes(about+"manager/web", crashManager)
	work()
	approver, _ := c.person(a, crashApprover)
	does(approver, a.channel(), bot.Pressed{Key: keyOf(seen.posts[about+"card"], "reset.approve")})
	work()
	yes(seen.order[len(seen.order)-1], crashApprover)
	return request
}

// saysYes is somebody's yes on our own page, after a fresh sign-in.
func saysYes(ctx context.Context, a *app, link string, who bot.Person) (bot.Event, error) {
	shown, err := a.resets.flow.Confirm(ctx, link, who)
	if err == nil && shown.Agree == "" {
		err = fmt.Errorf("%s may not agree: %+v", who.ID, shown.Message)
	}
	return bot.Event{
		ID: "yes-" + link, At: time.Now(), From: bot.Person{Platform: "page", Identity: who.Identity}, In: bot.Place{Platform: "page", Audience: bot.Direct},
		Did: bot.SignedIn{Link: link, At: time.Now().Add(-time.Minute), Methods: []string{"mfa", "fido"}, Digest: shown.Digest},
	}, err
}

// person is somebody as the page knows them, and where they are told something.
func (c *crashes) person(a *app, login string) (bot.Person, bot.Place) {
	c.t.Helper()
	is, _ := c.tenant.Person(login + "@" + sandbox.Domain)
	who, in, ok, err := a.web.Reach(context.Background(), bot.Identity{Tenant: c.tenant.ID(), ObjectID: is.ID})
	if c.ok(err); !ok {
		c.ok(fmt.Errorf("nobody is %s", login))
	}
	return who, in
}

// A pinboard is a platform on which everything stays to be read.
type pinboard struct {
	bot.Platform
	mu    sync.Mutex
	posts map[string]bot.Post
	order []string // of the keys, the last that was sent last
}

// Send sends p, and pins it up.
func (b *pinboard) Send(ctx context.Context, p bot.Post, ref string) (string, error) {
	b.mu.Lock()
	b.posts[p.Key] = p
	b.order = append(slices.DeleteFunc(b.order, func(k string) bool { return k == p.Key }), p.Key)
	b.mu.Unlock()
	return b.Platform.Send(ctx, p, ref)
}

// last is the last post to somebody alone that has what is wanted.
func (b *pinboard) last(who bot.Person, has func(bot.Post) bool) (bot.Post, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, key := range slices.Backward(b.order) {
		if p := b.posts[key]; p.To.Reader == who.ID && has(p) {
			return p, true
		}
	}
	return bot.Post{}, false
}

// linkOf is what a post leads to on our own page; "" for nowhere.
func linkOf(p bot.Post) string {
	for _, a := range p.Message.Actions {
		if o, ok := a.(bot.Open); ok {
			return o.URL[strings.LastIndex(o.URL, "/")+1:]
		}
	}
	return ""
}

// keyOf is the key of a button of a post; "" if it has none.
func keyOf(p bot.Post, verb string) string {
	for _, a := range p.Message.Actions {
		if c, ok := a.(bot.Choose); ok && c.Verb == verb {
			return c.Key
		}
	}
	return ""
}

// program runs one, and reports what it said and whether it was killed. The
// first of a run is nearly always killed, and the others now and then.
func (c *crashes) program(n int) (told []string, died bool) {
	kill := n == 0 || n < 5 && c.dice.IntN(3) == 0
	byUs := kill && c.dice.IntN(3) == 0
	c.c.KillAt = 0
	if kill && !byUs {
		c.c.KillAt = 1 + c.dice.IntN(c.steps)
	}
	is, err := json.Marshal(c.c)
	c.ok(err)
	var out, said bytes.Buffer
	cmd := exec.Command(os.Args[0], "-test.run=^$")
	cmd.Env = append(os.Environ(), crashEnv+"="+string(is))
	cmd.Stdout, cmd.Stderr = &out, &said
	stop := func() {}
	c.ok(cmd.Start())
	if byUs { // in the very moment in which the tenant has answered
		var writes atomic.Int64
		at := 1 + c.dice.Int64N(6)
		stop = c.tenant.OnRequest(func(r sandbox.Request) {
			if r.Write != "" && writes.Add(1) == at {
				_ = cmd.Process.Kill()
			}
		})
	}
	late := time.AfterFunc(patience, func() { _ = cmd.Process.Signal(syscall.SIGQUIT) })
	err = cmd.Wait()
	late.Stop()
	stop()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		status, _ := exit.Sys().(syscall.WaitStatus)
		died = status.Signaled() && status.Signal() == syscall.SIGKILL
	}
	if err != nil && !died {
		c.t.Errorf("the program ended with %v:\n%s", err, tail(said.String(), 4000))
	}
	told = strings.Split(strings.TrimSpace(out.String()), "\n")
	if steps, ok := strings.CutPrefix(told[len(told)-1], "steps "); ok && n == 0 {
		c.steps, err = strconv.Atoi(steps)
		c.ok(err)
	}
	return told, died
}

// judge holds the tenant's log to what the store has on record.
func (c *crashes) judge(writes []sandbox.Request, told []string) {
	s, err := store.Open(context.Background(), store.Options{URL: "sqlite:" + c.c.Dir + "/mfahelp.db", AuditKey: crashKey})
	c.ok(err)
	defer func() { c.ok(s.Close()) }()
	outcomes, err := s.Outcomes(context.Background(), c.c.Request)
	c.ok(err)
	lines, err := s.Trail(context.Background(), c.since, 10_000)
	c.ok(err)
	j := &judgement{crashes: c, writes: writes, told: told, outcomes: outcomes, lines: lines}
	j.effects()
	j.mails()
	j.intents()
	j.shown()
	if r, err := s.Verify(context.Background()); err != nil || !r.Sound() {
		j.wrong("the audit trail: %+v, %v", r, err)
	}
	if lines, err := s.Dangling(context.Background(), time.Now().Add(time.Hour)); err != nil || len(lines) != 0 {
		j.wrong("%d intents have no outcome, %v", len(lines), err)
	}
	c.forget()
}

// A judgement is of one run.
type judgement struct {
	*crashes
	writes   []sandbox.Request
	told     []string
	outcomes []flows.Outcome
	lines    []store.Line // of the audit trail, since the last approval
}

func (j *judgement) wrong(format string, args ...any) {
	j.t.Helper()
	var b strings.Builder
	for _, w := range j.writes {
		fmt.Fprintf(&b, "%s %s %s %d done: %v\n", w.Write, w.Object, w.Method, w.Status, w.Done)
	}
	for _, o := range j.outcomes {
		fmt.Fprintf(&b, "%s %s %s %q after %d\n", o.Key, o.Kind, o.State, o.Reason, o.Tries)
	}
	for _, l := range j.lines {
		fmt.Fprintf(&b, "%s: %s\n", l.Key, l.Result)
	}
	j.t.Errorf(format+"\n%s%s", append(args, b.String(), strings.Join(j.told, "\n"))...)
}

// done is how often the tenant did something.
func (j *judgement) done(k graph.ChangeKind, object string) (n int) {
	for _, w := range j.writes {
		if w.Write == k && w.Done && (object == "" || w.Object == object) {
			n++
		}
	}
	return n
}

// effects are what the plan has: each method goes once, sessions end, and one
// pass is left, which is the last.
func (j *judgement) effects() {
	methods, last := 0, flows.Outcome{}
	for _, o := range j.outcomes {
		switch o.Kind {
		case graph.DeleteMethod:
			methods++
			if n := j.done(o.Kind, o.Effect.Object); n != 1 || o.State != flows.EffectDone {
				j.wrong("a method was deleted %d times, and the store says %s", n, o.State)
			}
		case graph.RevokeSessions:
			if n := j.done(o.Kind, ""); n < 1 || o.State != flows.EffectDone {
				j.wrong("sessions were revoked %d times, and the store says %s", n, o.State)
			}
		case graph.CreatePass:
			if o.Tries > 1 {
				j.wrong("a pass was begun %d times", o.Tries)
			}
			last = o
		case graph.DeletePass:
			if o.State != flows.EffectDone {
				j.wrong("the deletion of a pass is %s", o.State)
			}
		case graph.ChangeDefault, graph.SendMail:
		}
		if o.State == flows.EffectUnknown {
			j.unknown++
		}
	}
	if methods != 2 || last.State != flows.EffectDone {
		j.wrong("%d methods were to go, and the last pass is %s", methods, last.State)
	}
	if alive := j.done(graph.CreatePass, "") - j.done(graph.DeletePass, ""); alive != 1 {
		j.wrong("%d passes are alive, want the last one alone", alive)
	}
}

// mails are those that were begun: each is sent once at most, and if its fate is
// known to be good, it was. That it is done is told to the subject.
func (j *judgement) mails() {
	fates := map[string]string{}
	for _, l := range j.lines {
		if key, ok := strings.CutSuffix(l.Key, "/1/outcome"); ok && strings.HasPrefix(l.Object, string(graph.SendMail)) {
			fates[key] = l.Result
		}
	}
	if _, ok := fates["effect/"+j.c.Request+"/1/mail/subject/done"]; !ok || len(fates) != 1 {
		j.wrong("the mails are %v, want one that it is done", fates)
	}
	for key, fate := range fates {
		n := j.done(graph.SendMail, "")
		known := fate == "done"
		if n > 1 || known && n != 1 || !known && !strings.HasPrefix(fate, "unknown") && fate != string(flows.EffectUnknown) {
			j.wrong("%s was sent %d times, and the store says %s", key, n, fate)
		}
		if !known {
			j.unknown++
		}
	}
}

// intents are before all that was asked of the tenant.
func (j *judgement) intents() {
	begun := map[graph.ChangeKind]int{}
	for _, l := range j.lines {
		if kind, _, _ := strings.Cut(l.Object, " "); l.Verb == "effect.intent" {
			begun[graph.ChangeKind(kind)]++
		}
	}
	for _, kind := range graph.ChangeKinds {
		did := len(slices.DeleteFunc(slices.Clone(j.writes), func(w sandbox.Request) bool { return w.Write != kind }))
		if did > begun[kind] {
			j.wrong("%s was asked of the tenant %d times, and begun %d times", kind, did, begun[kind])
		}
	}
}

// shown is what the programs said: a pass is shown once, and written nowhere.
func (j *judgement) shown() {
	shown := 0
	for _, line := range j.told {
		if strings.HasPrefix(line, "LEAK") {
			j.wrong("%s", line)
		}
		if line == "shown" {
			shown++
		}
	}
	if shown > 1 {
		j.wrong("passes were shown %d times", shown)
	}
}

// forget has the tenant be as it was: the pass that is left ends.
func (c *crashes) forget() {
	alive := map[string]bool{}
	for _, r := range c.tenant.Writes() {
		if r.Done && (r.Write == graph.CreatePass || r.Write == graph.DeletePass) {
			alive[r.Object] = r.Write == graph.CreatePass
		}
	}
	for id, is := range alive {
		if is {
			c.change(graph.Change{Kind: graph.DeletePass, Object: id})
		}
	}
}

// A victim is the program that is killed. Each look at the clock is a step of
// its: before anything is recorded, tried or told, it looks what time it is.
type victim struct {
	crash
	*app
	manager bot.Person
	in      bot.Place
	seen    *pinboard
	steps   atomic.Int64
	pressed int
	noted   chan struct{}
}

// crashed is the whole of that program. It never returns.
func crashed(is string) {
	ctx := context.Background()
	v := &victim{noted: make(chan struct{}, 1)}
	must(json.Unmarshal([]byte(is), &v.crash))
	tenant, err := sandbox.New(sandbox.Options{Dir: v.Keys, NoHistory: true}) // the same people and apps, for the configuration
	must(err)
	v.app, err = crashApp(ctx, v.crash, tenant, func() time.Time { v.step(); return time.Now() })
	must(err)
	grace, _ := tenant.Person(crashManager + "@" + sandbox.Domain)
	v.manager, v.in, _, err = v.web.Reach(ctx, bot.Identity{Tenant: tenant.ID(), ObjectID: grace.ID})
	must(err)
	must(v.resets.start(ctx, v.store, time.Now()))
	v.seen = &pinboard{Platform: v.web, posts: map[string]bot.Post{}}
	r := v.runner()
	r.Leave, r.Changer, r.Platforms = v, v, map[string]bot.Platform{"web": v.seen}
	go func() { must(v.store.Run(ctx, r)) }()
	for !v.goOn(ctx) {
		v.wait()
	}
	fmt.Println("steps", v.steps.Load())
	os.Exit(0)
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(3)
	}
}

// step is one that the program may be killed at.
func (v *victim) step() {
	if n := v.steps.Add(1); int(n) == v.KillAt {
		must(syscall.Kill(os.Getpid(), syscall.SIGKILL))
		select {} // until it arrives
	}
	select {
	case v.noted <- struct{}{}:
	default:
	}
}

// wait ends when something has happened, or a little later.
func (v *victim) wait() {
	t := time.NewTimer(20 * time.Millisecond)
	defer t.Stop()
	select {
	case <-v.noted:
	case <-t.C:
	}
}

// goOn has the pass shown when its time has come, and reports whether all is
// done.
func (v *victim) goOn(ctx context.Context) bool {
	r, err := v.store.Request(ctx, v.Request)
	must(err)
	outcomes, err := v.store.Outcomes(ctx, v.Request)
	must(err)
	over, waits := true, false
	for _, o := range outcomes {
		over = over && o.State.Over()
		waits = waits || o.Kind == graph.CreatePass && o.State == flows.EffectWanted
	}
	if waits && r.State == flows.ResetExecuted {
		v.fetch(ctx)
		return false
	}
	at, due, err := v.store.NextDue(ctx)
	must(err)
	return r.State == flows.ResetWatched && over && (!due || time.Until(at) > 2*time.Minute) // a mail is over then too: its lease is shorter
}

// fetch has the manager press what leads to the pass, sign in, and look at it.
// What does not come is tried again.
func (v *victim) fetch(ctx context.Context) {
	ready, _, err := v.store.Posted(ctx, "case/"+caseOf(v.Request)+"/"+v.Request+"/manager/web")
	must(err)
	v.press(ctx, keyOf(ready, "reset.show"))
	confirms := func(p bot.Post) bool { return keyOf(p, "reset.reveal") != "" }
	confirm, ok := v.await(func(p bot.Post) bool { return confirms(p) || linkOf(p) != "" })
	if ok && !confirms(confirm) { // they did not sign in for it yet
		yes, err := saysYes(ctx, v.app, linkOf(confirm), v.manager)
		if err != nil { // it is of before
			v.wait()
			return
		}
		must(v.store.Accept(ctx, yes))
		confirm, ok = v.await(confirms)
	}
	if !ok {
		return
	}
	v.press(ctx, keyOf(confirm, "reset.reveal"))
	shown, ok := v.await(func(p bot.Post) bool { return len(p.Message.Reveals()) > 0 })
	if !ok {
		return
	}
	for _, secret := range shown.Message.Reveals() {
		v.look(ctx, secret)
	}
}

// caseOf is the key of a request's case: "reset", the case, and its number.
func caseOf(request string) string { return strings.Split(request, "/")[1] }

// press has the manager press a button, if there is one.
func (v *victim) press(ctx context.Context, key string) {
	if key == "" {
		return
	}
	v.pressed++
	must(v.store.Accept(ctx, bot.Event{ID: fmt.Sprintf("press-%d-%d", os.Getpid(), v.pressed), At: v.now(), From: v.manager, In: v.in, Did: bot.Pressed{Key: key}}))
}

// await waits for a while until the manager sees something.
func (v *victim) await(has func(bot.Post) bool) (bot.Post, bool) {
	for late := time.Now().Add(5 * time.Second); time.Now().Before(late); v.wait() {
		if p, ok := v.seen.last(v.manager, has); ok {
			return p, true
		}
	}
	return bot.Post{}, false
}

// look asks for the pass as a platform does, and looks for it where it must not be.
func (v *victim) look(ctx context.Context, secret bot.Reveal) {
	v.step()
	pass, ok := v.Reveal(ctx, secret, v.manager)
	if !ok {
		return
	}
	v.step()
	must(filepath.WalkDir(v.Dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		if bytes.Contains(b, []byte(pass)) {
			fmt.Println("LEAK: the pass is in", filepath.Base(path))
		}
		if errors.Is(err, fs.ErrNotExist) {
			err = nil
		}
		return err
	}))
	fmt.Println("shown")
	v.step()
}

// Leave is the flow's.
func (v *victim) Leave(ctx context.Context, r flows.Request, e flows.Effect, to bot.Person) (flows.Reason, error) {
	why, err := v.resets.flow.Leave(ctx, r, e, to)
	v.step()
	return why, err
}

// Change is the writer's.
func (v *victim) Change(ctx context.Context, c graph.Change) (graph.Changed, error) {
	v.step()
	made, err := v.resets.writer.Change(ctx, c)
	v.step()
	return made, err
}
