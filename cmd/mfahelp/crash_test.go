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

	"mfahelp/bot"
	"mfahelp/flows"
	"mfahelp/graph"
	"mfahelp/graph/msgraph"
	"mfahelp/graph/sandbox"
	"mfahelp/secret"
	"mfahelp/store"
)

// A program that carries out a reset is killed between any two of its steps, or
// while the tenant answers it, with a signal that it cannot catch. Another takes
// over until all is done. What became of it is judged by the tenant's own log
// of requests, which the dead cannot have changed.
//
//	make crash RUNS=500

// crashEnv tells this test's program that it is the one to be killed, and what
// it works on.
const crashEnv = "MFAHELP_CRASH"

// A crash is all that the program knows that is killed.
type crash struct {
	Dir            string
	Tenant, Addr   string
	CA             []byte
	Reader, Writer sandbox.App
	User           string
	KillAt         int // the step at which it kills itself; 0 for none
}

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
	runs, template := crashRuns(t), crashTemplate(t)
	var wg sync.WaitGroup
	var next, killed, again, unknown atomic.Int64
	for hand := range 2 {
		wg.Go(func() {
			c := newCrashes(t, template, rand.New(rand.NewPCG(seed, uint64(hand))))
			if c == nil {
				return
			}
			for next.Add(1) <= int64(runs) && !t.Failed() {
				c.run()
			}
			killed.Add(c.killed)
			again.Add(c.again)
			unknown.Add(c.unknown)
		})
	}
	wg.Wait()
	t.Logf("%d runs, %d kills, %d of them while another was being made up for; %d passes and mails of unknown fate", runs, killed.Load(), again.Load(), unknown.Load())
	if killed.Load() < int64(runs)/2 {
		t.Errorf("%d runs had only %d kills", runs, killed.Load())
	}
}

// crashTemplate is a store that all runs begin with a copy of.
func crashTemplate(t *testing.T) []byte {
	t.Helper()
	file := filepath.Join(t.TempDir(), "store.db")
	s, err := store.Open(t.Context(), store.Options{URL: "sqlite:" + file, AuditKey: crashKey})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

var crashKey = secret.New("the key of the chain where programs are killed")

// crashes are runs one after another on one tenant.
type crashes struct {
	t        *testing.T
	tenant   *sandbox.Tenant
	template []byte
	dice     *rand.Rand
	c        crash
	steps    int // of a run that nobody kills

	killed, again, unknown int64
}

func newCrashes(t *testing.T, template []byte, dice *rand.Rand) *crashes {
	tenant, err := sandbox.New(sandbox.Options{NoThrottle: true, NoHistory: true})
	if err != nil {
		t.Error(err)
		return nil
	}
	addr, err := tenant.Start("127.0.0.1:0")
	if err != nil {
		t.Error(err)
		return nil
	}
	t.Cleanup(func() { _ = tenant.Close() })
	who, _ := tenant.Person("elif.yilmaz@" + sandbox.Domain)
	return &crashes{t: t, tenant: tenant, template: template, dice: dice, steps: 60, c: crash{
		Tenant: tenant.ID(), Addr: addr, CA: tenant.CAPEM(), Reader: tenant.Reader(), Writer: tenant.Writer(), User: who.ID,
	}}
}

// run carries out one reset, by as many programs as it takes.
func (c *crashes) run() {
	dir, err := os.MkdirTemp(runDir, "crash-")
	c.ok(err)
	defer os.RemoveAll(dir)
	c.c.Dir = dir
	c.ok(os.WriteFile(filepath.Join(dir, "store.db"), c.template, 0o600))
	c.prepare()
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
	if err != nil {
		c.t.Error(err)
		runtime.Goexit() // ends this hand
	}
}

// prepare asks for a reset that is approved, as its flow would have.
func (c *crashes) prepare() {
	s, err := store.Open(context.Background(), store.Options{URL: "sqlite:" + c.c.Dir + "/store.db", AuditKey: crashKey})
	c.ok(err)
	var ids []string
	for _, name := range []string{"first", "second"} {
		m, err := c.tenant.Register(c.c.User, graph.Method{Kind: graph.FIDO2, Name: name})
		c.ok(err)
		ids = append(ids, m.ID)
	}
	now := time.Now()
	effect := func(key string, ch graph.Change) flows.Effect {
		ch.User = c.c.User
		return flows.Effect{Key: "R/" + key, Change: ch, Approval: "R", Then: "crash.done"}
	}
	someone := func(id string) bot.Person {
		return bot.Person{Platform: "web", ID: id, Identity: bot.Identity{Tenant: c.c.Tenant, ObjectID: id}}
	}
	r := flows.Request{State: flows.ResetAsked, Case: "C", Asked: now, Changed: now, As: flows.AsColleague}
	r.Key, r.Expires = "R", now.Add(4*time.Hour)
	r.HandOver.To = someone("carl").Identity
	r.Plan = flows.Plan{
		Subject: bot.Identity{Tenant: c.c.Tenant, ObjectID: c.c.User}, Requester: someone("adele").Identity, Needs: []string{"callback"}, Approvers: 1,
		Effects: []flows.Effect{
			effect("1", graph.Change{Kind: graph.DeleteMethod, Method: graph.FIDO2, Object: ids[0]}),
			effect("2", graph.Change{Kind: graph.DeleteMethod, Method: graph.FIDO2, Object: ids[1]}),
			effect("3", graph.Change{Kind: graph.RevokeSessions}),
			effect("pass", graph.Change{Kind: graph.CreatePass, Life: time.Hour}),
		},
	}
	c.ok(s.Record(context.Background(), flows.Answer{Requests: []flows.Request{r}}, now))
	r.State, r.Version = flows.ResetExecuting, 1
	r.Proofs = []flows.Proof{{Approval: "R", Digest: r.Digest(), Kind: "callback", By: someone("carl"), SignedIn: now, At: now, Expires: r.Expires}}
	r.Decisions = []flows.Decision{{Approval: "R", Digest: r.Digest(), By: someone("ada"), Eligible: true, Approve: true, SignedIn: now, At: now}}
	mail := effect("mail", graph.Change{Kind: graph.SendMail, Mail: graph.Mail{Subject: "It is done", Text: "t"}})
	c.ok(s.Record(context.Background(), flows.Answer{Requests: []flows.Request{r}, Effects: append(r.Effects, mail)}, time.Now()))
	c.ok(s.Close())
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
	s, err := store.Open(context.Background(), store.Options{URL: "sqlite:" + c.c.Dir + "/store.db", AuditKey: crashKey})
	c.ok(err)
	defer func() { c.ok(s.Close()) }()
	outcomes, err := s.Outcomes(context.Background(), "R")
	c.ok(err)
	wrong := func(format string, args ...any) {
		var b strings.Builder
		for _, w := range writes {
			fmt.Fprintf(&b, "%s %s %s %d done: %v\n", w.Write, w.Object, w.Method, w.Status, w.Done)
		}
		for _, o := range outcomes {
			fmt.Fprintf(&b, "%s %s %s %q after %d\n", o.Key, o.Kind, o.State, o.Reason, o.Tries)
		}
		c.t.Errorf(format+"\n%s%s", append(args, b.String(), strings.Join(told, "\n"))...)
	}
	done := func(k graph.ChangeKind, object string) (n int) {
		for _, w := range writes {
			if w.Write == k && w.Done && (object == "" || w.Object == object) {
				n++
			}
		}
		return n
	}
	begun := map[graph.ChangeKind]int{}
	shown, last := 0, flows.Outcome{}
	for _, o := range outcomes {
		begun[o.Kind] += o.Tries
		switch o.Kind {
		case graph.DeleteMethod:
			if n := done(o.Kind, o.Effect.Object); n != 1 || o.State != flows.EffectDone {
				wrong("a method was deleted %d times, and the store says %s", n, o.State)
			}
		case graph.RevokeSessions:
			if n := done(o.Kind, ""); n < 1 || o.State != flows.EffectDone {
				wrong("sessions were revoked %d times, and the store says %s", n, o.State)
			}
		case graph.SendMail:
			n := done(o.Kind, "")
			if n > 1 || o.State == flows.EffectDone && n != 1 || o.State != flows.EffectDone && o.State != flows.EffectUnknown {
				wrong("a mail was sent %d times, and the store says %s", n, o.State)
			}
		case graph.CreatePass:
			if o.Tries > 1 {
				wrong("a pass was begun %d times", o.Tries)
			}
			last = o
		case graph.DeletePass:
			if o.State != flows.EffectDone {
				wrong("the deletion of a pass is %s", o.State)
			}
		case graph.ChangeDefault:
		}
		if o.State == flows.EffectUnknown {
			c.unknown++
		}
	}
	for _, line := range told {
		if strings.HasPrefix(line, "LEAK") {
			wrong("%s", line)
		}
		if line == "shown" {
			shown++
		}
	}
	if shown > 1 {
		wrong("passes were shown %d times", shown)
	}
	if last.State != flows.EffectDone {
		wrong("the last pass is %s", last.State)
	}
	if alive := done(graph.CreatePass, "") - done(graph.DeletePass, ""); alive != 1 {
		wrong("%d passes are alive, want the last one alone", alive)
	}
	for kind, n := range begun { // there is no write without an intent before it
		if did := len(slices.DeleteFunc(slices.Clone(writes), func(w sandbox.Request) bool { return w.Write != kind })); did > n {
			wrong("%s was asked of the tenant %d times, and begun %d times", kind, did, n)
		}
	}
	for _, w := range writes {
		if begun[w.Write] == 0 {
			wrong("the tenant was asked for %s, and nobody had begun it", w.Write)
		}
	}
	if r, err := s.Verify(context.Background()); err != nil || !r.Sound() {
		wrong("the audit trail: %+v, %v", r, err)
	}
	if lines, err := s.Dangling(context.Background(), time.Now().Add(time.Hour)); err != nil || len(lines) != 0 {
		wrong("%d intents have no outcome, %v", len(lines), err)
	}
	c.forget()
}

// forget deletes the pass that is left, as it would end by itself.
func (c *crashes) forget() {
	o := c.c.options(c.c.Writer)
	w, err := msgraph.NewWriter(msgraph.WriterOptions{Options: o})
	c.ok(err)
	passes, err := c.c.passes(context.Background())
	c.ok(err)
	for _, id := range passes {
		_, err := w.Change(context.Background(), graph.Change{Kind: graph.DeletePass, User: c.c.User, Object: id})
		c.ok(err)
	}
}

func (c crash) options(app sandbox.App) msgraph.Options {
	return msgraph.Options{
		Tenant: c.Tenant, ClientID: app.ID, Credential: msgraph.Secret{Text: secret.New(app.Secret)},
		Cloud: msgraph.Custom{Authority: c.Addr, Graph: c.Addr, RootCA: c.CA},
	}
}

// passes are the ids of those that the account has.
func (c crash) passes(ctx context.Context) (ids []string, err error) {
	reader, err := msgraph.New(c.options(c.Reader))
	if err != nil {
		return nil, err
	}
	methods, err := reader.Methods(ctx, c.User)
	for _, m := range methods {
		if m.Kind == graph.Pass {
			ids = append(ids, m.ID)
		}
	}
	return ids, err
}

// A victim is the program that is killed: the real store and its workers, the
// real writer, and in the place of the reset flow the least that goes on.
type victim struct {
	crash
	s     *store.Store
	w     *msgraph.Writer
	steps atomic.Int64
	noted chan struct{}
}

// crashed is the whole of that program. It never returns.
func crashed(is string) {
	v := &victim{noted: make(chan struct{}, 1)}
	must(json.Unmarshal([]byte(is), &v.crash))
	reader, err := msgraph.New(v.options(v.Reader))
	must(err)
	o := v.options(v.Writer)
	o.Observe = func(c msgraph.Call) { v.step("answered " + c.Op) }
	v.w, err = msgraph.NewWriter(msgraph.WriterOptions{Options: o, Mailbox: sandbox.Mailbox, People: reader.User})
	must(err)
	v.s, err = store.Open(context.Background(), store.Options{
		URL: "sqlite:" + v.Dir + "/store.db", AuditKey: crashKey, Observe: func(n store.Note) { v.step(n.What) },
	})
	must(err)
	go func() {
		must(v.s.Run(context.Background(), store.Runner{Router: v, Leave: v, Changer: v}))
	}()
	tick := time.NewTicker(20 * time.Millisecond)
	for {
		if v.goOn(context.Background()) {
			fmt.Println("steps", v.steps.Load())
			os.Exit(0)
		}
		select {
		case <-v.noted:
		case <-tick.C:
		}
	}
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(3)
	}
}

// step is one that the program may be killed at.
func (v *victim) step(string) {
	if n := v.steps.Add(1); int(n) == v.KillAt {
		must(syscall.Kill(os.Getpid(), syscall.SIGKILL))
		select {} // until it arrives
	}
	select {
	case v.noted <- struct{}{}:
	default:
	}
}

// goOn has the pass shown when its time has come, and reports whether all is
// done.
func (v *victim) goOn(ctx context.Context) bool {
	r, err := v.s.Request(ctx, "R")
	must(err)
	outcomes, err := v.s.Outcomes(ctx, "R")
	must(err)
	over := true
	for _, o := range outcomes {
		if o.Kind == graph.CreatePass && o.State == flows.EffectWanted && r.State == flows.ResetExecuted {
			v.show(ctx, o.Key)
		}
		over = over && o.State.Over()
	}
	_, due, err := v.s.NextDue(ctx)
	must(err)
	return r.State == flows.ResetWatched && over && !due
}

func (v *victim) show(ctx context.Context, key string) {
	v.step("pressed")
	pass, ok, err := v.s.Reveal(ctx, key, bot.Person{Platform: "web", ID: "carl", Identity: bot.Identity{Tenant: v.Tenant, ObjectID: "carl"}}, v, v)
	must(err)
	if !ok {
		return
	}
	v.step("revealed")
	must(filepath.WalkDir(v.Dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		if bytes.Contains(b, []byte(pass.Reveal())) {
			fmt.Println("LEAK: the pass is in", filepath.Base(path))
		}
		if errors.Is(err, fs.ErrNotExist) {
			err = nil
		}
		return err
	}))
	fmt.Println("shown")
	v.step("shown")
}

func (v *victim) Leave(context.Context, flows.Request, flows.Effect, bot.Person) (flows.Reason, error) {
	v.step("asked for leave")
	return flows.Reason{}, nil
}

func (v *victim) Change(ctx context.Context, c graph.Change) (graph.Changed, error) {
	v.step("intent on record")
	made, err := v.w.Change(ctx, c)
	v.step("changed")
	return made, err
}

func (v *victim) Event(context.Context, bot.Event) (flows.Answer, error) { return flows.Answer{}, nil }

// Job hears what came of an effect, and goes on as far as that goes.
func (v *victim) Job(ctx context.Context, _ flows.Job) (flows.Answer, error) {
	r, err := v.s.Request(ctx, "R")
	if err != nil {
		return flows.Answer{}, err
	}
	outcomes, err := v.s.Outcomes(ctx, "R")
	if err != nil {
		return flows.Answer{}, err
	}
	v.step("told")
	passes, last, open := 0, flows.Outcome{}, false
	for _, o := range outcomes {
		if o.Kind == graph.CreatePass {
			passes, last = passes+1, o
		} else if o.Kind != graph.SendMail {
			open = open || !o.State.Over()
		}
	}
	switch {
	case open:
		return flows.Answer{}, nil
	case r.State == flows.ResetExecuting:
		r.State = flows.ResetExecuted
	case r.State == flows.ResetExecuted && last.State == flows.EffectDone:
		r.State = flows.ResetWatched
	case r.State == flows.ResetExecuted && last.State == flows.EffectUnknown:
		return v.anew(ctx, last, passes)
	default:
		return flows.Answer{}, nil
	}
	return flows.Answer{Requests: []flows.Request{r}}, nil
}

// anew deletes a pass that nobody knows of, and asks for another.
func (v *victim) anew(ctx context.Context, last flows.Outcome, n int) (flows.Answer, error) {
	ids, err := v.passes(ctx)
	var a flows.Answer
	for _, id := range ids {
		a.Effects = append(a.Effects, flows.Effect{
			Key: "R/gone/" + id, Approval: "R", Then: "crash.done", Change: graph.Change{Kind: graph.DeletePass, User: v.User, Object: id},
		})
	}
	again := last.Effect
	again.Key = fmt.Sprintf("R/pass~%d", n+1)
	a.Effects = append(a.Effects, again)
	return a, err
}
