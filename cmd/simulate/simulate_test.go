// Package simulate runs the real flows on the real store by a clock of its own,
// with employees, admins, an attacker, faults of the tenant and crashes, as a
// seed says, and holds what happens to what must always be true.
//
//	make simulate SEEDS=500
package simulate

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest"

	"mfahelp/bot"
	"mfahelp/flows"
	"mfahelp/flows/escalate"
	"mfahelp/flows/flowstest"
	"mfahelp/flows/help"
	"mfahelp/flows/lookup"
	"mfahelp/flows/reset"
	"mfahelp/graph"
	"mfahelp/secret"
	"mfahelp/store"
	"mfahelp/words"
)

// seedsHere is how many seeds are run where nobody says how many: few, since the
// race detector makes each several times as long. The many are run without it,
// by scripts/simulate.
const seedsHere = 4

// TestSimulate runs seeds, as many at once as there are processors. Each has a
// world of its own, so none goes another way because of the others.
func TestSimulate(t *testing.T) {
	if testing.Short() {
		t.Skip("runs for a while")
	}
	seeds := number(t, "MFAHELP_SEEDS", seedsHere)
	first := number(t, "MFAHELP_SEED", 1)
	var all tally
	var adding sync.Mutex
	var hands sync.WaitGroup
	next := make(chan uint64)
	for range runtime.GOMAXPROCS(0) {
		hands.Go(func() {
			for seed := range next {
				n := simulate(t, seed).tally
				adding.Lock()
				all.add(n)
				adding.Unlock()
			}
		})
	}
	for seed := first; seed < first+seeds && !t.Failed(); seed++ {
		next <- seed
	}
	close(next)
	hands.Wait()
	t.Logf("%d seeds: %+v", seeds, all)
	if seeds < 20 || t.Failed() {
		return // too few for everything to have happened
	}
	if never := all.never(); len(never) > 0 {
		t.Errorf("never happened: %v, in %+v", never, all)
	}
}

func number(t *testing.T, name string, otherwise uint64) uint64 {
	t.Helper()
	n, err := strconv.ParseUint(cmp.Or(os.Getenv(name), strconv.FormatUint(otherwise, 10)), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestReplays runs seeds twice, others beside them: all that is on record is the
// same, and all that was seen.
func TestReplays(t *testing.T) {
	var hands sync.WaitGroup
	for seed := uint64(7); seed < 9; seed++ {
		var a, b *world
		hands.Go(func() {
			a, b = simulate(t, seed), simulate(t, seed)
			if !bytes.Equal(a.trail, b.trail) || a.tally != b.tally || !slices.Equal(a.order, b.order) {
				t.Errorf("seed %d went two ways: %+v and %+v", seed, a.tally, b.tally)
			}
			for key, p := range a.posts {
				if was, is := fmt.Sprintf("%+v", p), fmt.Sprintf("%+v", b.posts[key]); was != is {
					t.Errorf("seed %d says two things: %s and %s", seed, was, is)
				}
			}
		})
	}
	hands.Wait()
}

// A tally is how often something happened.
type tally struct {
	Asked, Approved, Changes, Shown, Crashes, Attacks, Faults, Settled, Over, Called, Mailed, Frozen int
	Everything, PickedUp, Guessed, Revoked, Rules, Regrets, Between                                  int
}

// counts are t's, each by its name.
func (t *tally) counts(each func(name string, n *int)) {
	v := reflect.ValueOf(t).Elem()
	for i := range v.NumField() {
		each(v.Type().Field(i).Name, v.Field(i).Addr().Interface().(*int)) // it has nothing else
	}
}

func (t *tally) add(n tally) {
	more := map[string]int{}
	n.counts(func(name string, n *int) { more[name] = *n })
	t.counts(func(name string, n *int) { *n += more[name] })
}

// never is what did not happen.
func (t *tally) never() (names []string) {
	t.counts(func(name string, n *int) {
		if *n == 0 {
			names = append(names, name)
		}
	})
	return names
}

// The people. Mo is everybody's manager. She, Priya, Sam and Kim are admins, and
// may approve. Eve has stolen everybody's chat, and nobody's phone.
var (
	ava, bea, mo  = person("ava"), person("bea"), person("mo")
	priya, sam    = person("priya"), person("sam")
	kim, eve      = person("kim"), person("eve")
	staff         = []bot.Person{ava, bea, mo, priya, sam, kim, eve}
	admins        = []bot.Person{priya, sam, kim, mo}
	channel       = bot.Place{Platform: "web", ID: "admins", Private: true}
	start         = time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)
	chainKey      = secret.New("the key of the chain in a simulation")
	errNoAnswer   = &graph.Error{Op: "simulated", Reason: graph.ErrUnavailable, Perhaps: true}
	errBusyTenant = &graph.Error{Op: "simulated", Reason: graph.ErrThrottled, After: time.Minute}
)

const approverGroup = "g-desk"

func person(id string) bot.Person {
	return bot.Person{Platform: "web", ID: id, Name: strings.ToUpper(id), Identity: bot.Identity{Tenant: "t", ObjectID: "o-" + id}}
}

// phoneOf is what somebody's phone is called, in the directory and nowhere else.
func phoneOf(p bot.Person) string { return "Pixel of " + p.Name }

func dm(p bot.Person) bot.Place {
	return bot.Place{Platform: "web", ID: "dm " + p.ID, Audience: bot.Direct, Reader: p.ID}
}

// A world is one run.
type world struct {
	t      *testing.T
	seed   uint64
	failed bool
	dice   *rand.Rand
	dir    string
	clock  sync.Mutex // of at, where others than the simulation look
	at     time.Time
	tenant *flowstest.Tenant
	s      *store.Store
	flow   *reset.Flow
	router *flows.Router
	n      int // of whatever needs a name of its own
	tally
	*oracle
	need int                 // how many must approve what takes away one method, or brings a pass
	logs *zaptest.Buffer     // what operators read, and what was observed
	sink zapcore.WriteSyncer // the way into it, for one at a time

	order   []string            // keys of posts, in the order in which they were first seen
	posts   map[string]bot.Post // as they are seen now
	deleted map[string]int
	shown   map[string]int
	crash   int // in how many changes it dies; 0 for none
	faulty  bool
	between bool   // leave was given, and it has not begun yet
	calm    bool   // nobody gets between any more
	trail   []byte // the audit trail, in the end
}

// simulate runs one seed. It may be called by any goroutine.
func simulate(t *testing.T, seed uint64) *world {
	t.Helper()
	w := &world{
		t: t, seed: seed, dice: rand.New(rand.NewPCG(seed, 0)), at: start,
		oracle: newOracle(), need: 1 + int(seed%2), logs: &zaptest.Buffer{},
		posts: map[string]bot.Post{}, deleted: map[string]int{}, shown: map[string]int{},
	}
	done := make(chan struct{})
	go func() { // which ends early if something is not as it must be
		defer close(done)
		w.run()
	}()
	<-done
	if w.failed {
		t.Logf("again with MFAHELP_SEED=%d scripts/simulate 1", seed)
	}
	return w
}

func (w *world) run() {
	var err error
	w.dir, err = os.MkdirTemp("", "mfahelp-simulate-") // and not the test's, which would keep them all to its end
	w.ok(err)
	defer os.RemoveAll(w.dir)
	w.tenant = flowstest.NewTenant(w.now)
	for _, p := range staff {
		w.tenant.People[p.ObjectID] = graph.User{ID: p.ObjectID, UPN: p.ID + "@contoso.com", Name: p.Name + " of Contoso", Mail: p.ID + "@contoso.com", Enabled: true}
		w.tenant.Numbers[p.ObjectID] = graph.ContactField{Field: graph.MobilePhone, Masked: "••• 42"}
		if p.ID != mo.ID {
			w.tenant.Managers[p.ObjectID] = mo.ObjectID
		}
		w.tenant.Ways[p.ObjectID] = []graph.Method{
			{ID: p.ID + "-password", Kind: graph.Password}, {ID: p.ID + "-phone", Kind: graph.Authenticator, Name: phoneOf(p), Default: true},
		}
	}
	w.tenant.Groups[approverGroup] = []string{priya.ObjectID, sam.ObjectID, kim.ObjectID, mo.ObjectID}
	w.sink = zapcore.Lock(w.logs)
	w.ok(os.WriteFile(filepath.Join(w.dir, "store.db"), template(w.t), 0o600))
	w.open()
	defer func() { _ = w.s.Close() }()
	for range 150 {
		w.act()
		w.drain()
		if w.failed {
			return
		}
	}
	w.trail = w.end()
}

// now is asked by the store's own goroutines too.
func (w *world) now() time.Time {
	w.clock.Lock()
	defer w.clock.Unlock()
	return w.at
}

func (w *world) set(at time.Time) {
	w.clock.Lock()
	defer w.clock.Unlock()
	w.at = at
}

func (w *world) ok(err error) {
	w.t.Helper()
	if err != nil {
		w.wrong("%v", err)
		runtime.Goexit() // ends the seed
	}
}

func (w *world) wrong(format string, args ...any) {
	w.t.Helper()
	w.failed = true
	w.t.Errorf("seed %d: "+format, append([]any{w.seed}, args...)...)
}

func (w *world) name(what string) string {
	w.n++
	return fmt.Sprintf("%s-%d-of-a-simulation", what, w.n)
}

// open starts the program, anew if need be.
func (w *world) open() {
	var err error
	w.s, err = store.Open(w.t.Context(), store.Options{
		URL: "sqlite:" + filepath.Join(w.dir, "store.db"), Now: w.now, Alone: true, Admins: w, AuditKey: chainKey,
		Key: func() string { return w.name("offer") }, Unsynced: true, Log: w.log(), Observe: w.observe,
	})
	w.ok(err)
	say := func(locale string) *words.Printer { return &words.Printer{Locale: locale} }
	approvers := reset.Approvers{Groups: []string{approverGroup}, Count: w.need}
	w.flow, err = reset.New(reset.Options{
		Policy: reset.Policy{
			Approvers: map[reset.Class]reset.Approvers{reset.OneMethod: approvers, reset.PassOnly: approvers, reset.AllMethods: {Groups: []string{approverGroup}, Count: 2}},
			Proofs: map[flows.Asker][]string{
				flows.AsSubject: {reset.ByManager}, flows.AsColleague: {reset.ByManager}, flows.AsAdmin: {reset.ByCallBack},
			},
			RequestLife: requestLife, ProofLife: proofLife, CoolDown: 7 * 24 * time.Hour, PerRequester: 3, PerHour: 20, Burst: 3,
			PassLife: time.Hour, PassOnce: true, CallField: graph.MobilePhone, CallUnchanged: 30 * 24 * time.Hour,
			Settled: 3 * 24 * time.Hour, Watch: 3 * 24 * time.Hour, Remind: time.Hour + time.Duration(w.rules)*time.Second, // so that each is another
		},
		Tenant: "t", Directory: w.tenant, Changes: w.tenant, SignIns: w.tenant,
		Requests: w.s, Cases: w.s, Admins: w, Ledger: w.s, Reach: []bot.Reacher{w}, Codes: reset.Codes{Key: []byte("a key for simulations")},
		Words: say, Channel: channel, Mail: true, Page: func(link string) string { return "https://mfahelp.contoso.com/go/" + link },
		Token: func() string { return w.name("token") }, Self: []string{flowstest.Writer}, Now: w.now,
	})
	w.ok(err)
	begins, err := w.flow.Start(context.Background())
	w.ok(err)
	w.ok(w.s.Record(context.Background(), begins, w.at))
	desk := &lookup.Desk{SignIns: &flowstest.Log{}, Directory: w.tenant, Tenant: "t", Now: w.now}
	w.router = &flows.Router{
		Offers: w.s, Now: w.now, Closed: func(e bot.Event, why flows.Refusal) flows.Answer { return help.Closed(say(""), e, why) },
		Flows: []flows.Named{
			w.flow.Named(),
			escalate.New(escalate.Options{Desk: desk, Cases: w.s, Admins: w, Words: say, Channel: channel, Now: w.now, Resets: true, Requests: w.s, Spoken: w.flow.Spoken}).Named(),
			help.New(help.Options{Desk: desk, Cases: w.s, Ledger: w.s, Words: say, Admins: channel, Now: w.now, Resets: true, Spoken: w.flow.Spoken}).Named(),
		},
	}
}

// template is an empty store that is of this release: to make one takes longer
// than anything else.
func template(t *testing.T) []byte {
	t.Helper()
	once.Do(func() {
		file := filepath.Join(t.TempDir(), "template.db")
		s, err := store.Open(context.Background(), store.Options{URL: "sqlite:" + file, Alone: true, AuditKey: chainKey, Unsynced: true})
		if err == nil {
			err = s.Close()
		}
		if err == nil {
			empty, err = os.ReadFile(file)
		}
		if err != nil {
			t.Error(err)
		}
	})
	return empty
}

var (
	once  sync.Once
	empty []byte
)

func (w *world) log() *zap.Logger {
	return zap.New(zapcore.NewCore(zapcore.NewJSONEncoder(zap.NewProductionEncoderConfig()), w.sink, zap.DebugLevel))
}

// observe is called by whatever goroutine of the store's.
func (w *world) observe(n store.Note) { _, _ = fmt.Fprintln(w.sink, n) }

// Admin implements [flows.Admins].
func (w *world) Admin(_ context.Context, by bot.Identity) (bool, error) {
	return slices.ContainsFunc(admins, func(p bot.Person) bool { return p.Key() == by.Key() }), nil
}

// Reach implements [bot.Reacher].
func (w *world) Reach(_ context.Context, who bot.Identity) (bot.Person, bot.Place, bool, error) {
	for _, p := range staff {
		if p.Key() == who.Key() {
			return p, dm(p), true, nil
		}
	}
	return bot.Person{}, bot.Place{}, false, nil
}

// Name and Send make a platform of the world, on which everything can be seen.
func (w *world) Name() string { return "web" }

func (w *world) Send(_ context.Context, p bot.Post, _ string) (string, error) {
	text := fmt.Sprintf("%+v", p.Message)
	if w.tells(text) {
		w.wrong("a secret is in the post %s", p.Key)
	}
	if why := w.strange(p, text); why != "" {
		w.wrong("%s, in the post %s", why, p.Key)
	}
	if _, known := w.posts[p.Key]; !known {
		w.order = append(w.order, p.Key)
	}
	w.posts[p.Key] = p
	return "ref/" + p.Key, nil
}

// drain does all that is due, and dies and starts again if it is told to.
// In the moment before an effect begins, it does what people ask for alone.
func (w *world) drain() {
	for w.between {
		did, ok, err := w.s.Next(context.Background(), w.at)
		w.ok(err)
		if !ok {
			return
		}
		w.ok(w.s.Do(context.Background(), did, w.router))
	}
	for left := 500; left > 0; { // or what never ends is seen as what is still open in the end
		_, died := w.guard(func() (bool, error) {
			for ; left > 0; left-- {
				did, err := w.s.Step(context.Background(), store.Runner{Router: w.router, Platforms: map[string]bot.Platform{"web": w}, Leave: w, Changer: w})
				if err != nil || !did {
					return did, err
				}
			}
			return false, nil
		})
		if !died {
			return
		}
		left--
	}
}

// guard runs f where it may die, and starts the program again if it does.
func (w *world) guard(f func() (bool, error)) (did, died bool) {
	done := make(chan error, 1)
	go func() {
		err := errDied
		defer func() { done <- err }()
		did, err = f()
	}()
	err := <-done
	if errors.Is(err, errDied) {
		w.Crashes++
		w.searchFiles()
		w.ok(w.s.Close())
		w.open()
		return false, true
	}
	w.ok(err)
	return did, false
}

var errDied = errors.New("the program has died")

// Change is the tenant, where it answers.
func (w *world) Change(_ context.Context, c graph.Change) (graph.Changed, error) {
	before := w.dying()
	if before && w.dice.IntN(2) == 0 {
		runtime.Goexit()
	}
	busy, unheard := w.faulty && w.dice.IntN(2) == 0, false
	if busy {
		w.Faults++
		if unheard = w.dice.IntN(2) == 0; !unheard {
			return graph.Changed{}, errBusyTenant
		}
	}
	w.once(c)
	made, err := w.tenant.Apply(c)
	w.judge()
	if c.Kind == graph.CreatePass {
		w.passes[made.ID] = c.User
	}
	if c.Kind != graph.SendMail {
		w.Changes++
	}
	if c.Kind == graph.DeleteMethod && !made.Gone {
		w.deleted[c.Object]++
	}
	switch {
	case before:
		runtime.Goexit()
	case unheard: // it happened, and nobody hears of it
		return graph.Changed{}, errNoAnswer
	}
	return made, err
}

func (w *world) dying() bool {
	if w.crash > 0 {
		w.crash--
		return w.crash == 0
	}
	return false
}

// act has somebody do something.
func (w *world) act() {
	switch n := w.dice.IntN(100); {
	case n < 3 || len(w.order) == 0:
		w.asks()
	case n < 6:
		w.approves(w.any(admins))
	case n < 7:
		w.Attacks++
		w.twice(w.any(admins))
	case n < 9:
		w.Attacks++
		w.both()
	case n < 11:
		w.Attacks++
		w.late()
	case n < 12:
		w.Attacks++
		w.freezes()
	case n < 16:
		w.lifts()
	case n < 20:
		w.calls(w.dice.IntN(4) == 0)
	case n < 21:
		w.reads()
	case n < 23:
		w.everything()
	case n < 24:
		w.Attacks++
		w.alone()
	case n < 26:
		w.Attacks++
		w.loses()
	case n < 27 && w.dice.IntN(3) == 0:
		w.otherRules()
	case n < 28 && w.dice.IntN(3) == 0:
		w.regrets()
	case n < 40:
		w.press(false)
	case n < 65:
		w.follow(false)
	case n < 72:
		w.Attacks++
		w.press(true)
	case n < 78:
		w.Attacks++
		w.follow(true)
	case n < 80:
		w.picksUp(w.dice.IntN(3) == 0)
	case n < 86:
		w.handOver()
		w.fetches(w.any([]bot.Person{mo, mo, w.any(staff)}))
	case n < 92:
		w.set(w.at.Add(time.Duration(w.dice.IntN(8)) * time.Minute))
	case n < 93:
		w.set(w.at.Add(time.Duration(w.dice.IntN(6)) * time.Hour))
	case n < 97:
		w.crash = 1 + w.dice.IntN(2)
	case n < 99:
		w.faulty = !w.faulty
	case w.dice.IntN(2) == 0: // somebody loses their rights, or has them again
		all := w.tenant.Groups[approverGroup]
		if i := slices.Index(all, sam.ObjectID); i >= 0 {
			w.tenant.Groups[approverGroup] = slices.Delete(slices.Clone(all), i, i+1)
		} else {
			w.tenant.Groups[approverGroup] = append(slices.Clone(all), sam.ObjectID)
		}
	default:
		p := w.any(staff)
		w.tenant.Ways[p.ObjectID] = append(slices.Clone(w.tenant.Ways[p.ObjectID]), graph.Method{ID: w.name("method"), Kind: graph.FIDO2})
	}
	w.set(w.at.Add(10 * time.Second))
}

func (w *world) any(people []bot.Person) bot.Person { return people[w.dice.IntN(len(people))] }

func (w *world) does(who bot.Person, in bot.Place, did bot.Act) bot.Event {
	e := bot.Event{ID: w.name("event"), At: w.at, From: who, In: in, Did: did}
	w.ok(w.s.Accept(context.Background(), e))
	return e
}

// readers are who sees a post.
func readers(p bot.Post) []bot.Person {
	if p.To.Reader == "" {
		return admins
	}
	return slices.DeleteFunc(slices.Clone(staff), func(x bot.Person) bool { return x.ID != p.To.Reader })
}

// some is one of the latest posts with an action of a kind, and false if there
// is none.
func (w *world) some(has func(bot.Action) bool) (bot.Post, bool) {
	var found []bot.Post
	most := 1 + w.dice.IntN(6) // mostly what came last
	for _, key := range slices.Backward(w.order) {
		p := w.posts[key]
		if len(found) < most && len(readers(p)) > 0 && slices.ContainsFunc(p.Message.Actions, has) {
			found = append(found, p)
		}
	}
	if len(found) == 0 {
		return bot.Post{}, false
	}
	return found[w.dice.IntN(len(found))], true
}

func leads(a bot.Action) bool {
	o, ok := a.(bot.Open)
	return ok && strings.Contains(o.URL, "/go/")
}

func pressable(a bot.Action) bool {
	_, opens := a.(bot.Open)
	return !opens
}

// press has somebody who sees a button press it, or the attacker, as anybody.
func (w *world) press(attack bool) {
	p, ok := w.some(pressable)
	if !ok {
		return
	}
	did := bot.Pressed{Fields: map[string]string{}}
	action := p.Message.Actions[w.dice.IntN(len(p.Message.Actions))]
	switch a := action.(type) {
	case bot.Choose:
		did.Key = a.Key
		if strings.HasSuffix(a.Verb, "stop") || strings.HasSuffix(a.Verb, "deny") || strings.HasSuffix(a.Verb, "not-me") || strings.HasSuffix(a.Verb, "freeze") {
			if w.dice.IntN(40) > 0 {
				return // people seldom do
			}
		}
	case bot.Ask:
		did.Key = a.Key
		if strings.HasSuffix(a.Verb, "deny") && w.dice.IntN(20) > 0 {
			return
		}
		for _, f := range a.Fields {
			did.Fields[f.Name] = "words"
			if len(f.Options) > 0 {
				did.Fields[f.Name] = f.Options[w.dice.IntN(len(f.Options))].Value
			}
		}
	case bot.Open: // leads, and is followed elsewhere
		return
	}
	who := w.any(readers(p))
	if attack {
		who = w.any(staff)
	}
	if !slices.ContainsFunc(readers(p), func(r bot.Person) bool { return r.Key() == who.Key() }) { // it means nothing
		w.does(who, p.To, did)
		w.drain()
		return
	}
	verb, subject, _ := verbOf(action)
	w.pressing(who, verb, subject)
	w.does(who, p.To, did)
	w.drain()
	w.pressed(who, verb, subject, did)
}

// follow has somebody open a link of theirs, sign in and agree; or the attacker
// somebody else's, with her own sign-in, or one that is old or of another plan.
func (w *world) follow(attack bool) {
	p, ok := w.some(leads)
	if !ok {
		return
	}
	for _, a := range p.Message.Actions {
		if !leads(a) {
			continue
		}
		o := a.(bot.Open) // which leads says
		link := o.URL[strings.LastIndex(o.URL, "/")+1:]
		who, at := w.any(readers(p)), w.at.Add(-time.Minute)
		shown, err := w.flow.Confirm(context.Background(), link, who)
		w.ok(err)
		digest := shown.Digest
		if attack {
			switch w.dice.IntN(3) {
			case 0:
				who = eve
			case 1:
				at = w.at.Add(-time.Hour)
			default:
				digest = "another"
			}
		} else if shown.Agree == "" {
			return
		} else {
			w.agreed(link, digest, who.Identity)
			w.Approved++
		}
		w.does(bot.Person{Platform: "page", Identity: who.Identity}, bot.Place{Platform: "page", Audience: bot.Direct},
			bot.SignedIn{Link: link, At: at, Methods: []string{"mfa", "fido"}, Digest: digest})
		return
	}
}

// handOver has Mo press what brings her nearer to a pass that is ready: a button,
// the link that she is led to, and the last button.
func (w *world) handOver() {
	for _, verb := range []string{"reset.show", "", "reset.reveal"} {
		for _, key := range slices.Backward(w.order) {
			p := w.posts[key]
			i := slices.IndexFunc(p.Message.Actions, func(a bot.Action) bool {
				c, ok := a.(bot.Choose)
				return ok && c.Verb == verb || verb == "" && leads(a)
			})
			if i < 0 || p.To.Reader != mo.ID {
				continue
			}
			if c, ok := p.Message.Actions[i].(bot.Choose); ok {
				w.does(mo, p.To, bot.Pressed{Key: c.Key})
			} else {
				w.yes(p.Message.Actions[i], mo)
			}
			w.drain()
			break
		}
	}
}

// yes is one at a link, after a fresh sign-in.
func (w *world) yes(a bot.Action, who bot.Person) {
	o, _ := a.(bot.Open)
	link, at := o.URL[strings.LastIndex(o.URL, "/")+1:], w.at.Add(-time.Minute)
	shown, err := w.flow.Confirm(context.Background(), link, who)
	w.ok(err)
	if shown.Agree == "" {
		return
	}
	w.agreed(link, shown.Digest, who.Identity)
	w.Approved++
	w.does(bot.Person{Platform: "page", Identity: who.Identity}, bot.Place{Platform: "page", Audience: bot.Direct},
		bot.SignedIn{Link: link, At: at, Methods: []string{"mfa", "fido"}, Digest: shown.Digest})
}

// reveal has somebody ask for the newest pass that a post stands for, or mostly
// who sees the post, and reports whether they were shown it.
func (w *world) reveal(who bot.Person) (shown bool) {
	for _, key := range slices.Backward(w.order) {
		p := w.posts[key]
		for _, v := range p.Message.Reveals() {
			if v.Kind != flows.RevealPass {
				continue
			}
			r := readers(p)
			mine := slices.ContainsFunc(r, func(x bot.Person) bool { return x.Key() == who.Key() })
			if !mine && len(r) > 0 && (w.dice.IntN(3) > 0 || who.Identity == w.asked[requestOf(v.Subject)].about) { // a platform shows nobody what others see
				who = w.any(r)
			}
			shown, _ = w.guard(func() (bool, error) { return w.look(v, who) })
			return shown
		}
	}
	return false
}

// look is somebody's look at a pass.
func (w *world) look(v bot.Reveal, who bot.Person) (bool, error) {
	pass, ok, err := w.s.Reveal(context.Background(), v.Subject, who, w, w)
	if !ok {
		return false, err
	}
	w.Shown++
	if w.shown[pass.Reveal()]++; w.shown[pass.Reveal()] > 1 {
		w.wrong("a pass was shown twice")
	}
	if !w.mayHold(requestOf(v.Subject), who.Identity) {
		w.wrong("%s was shown the pass %s", who.ID, v.Subject)
	}
	w.searchFiles()
	return true, err
}

// requestOf is the key of the request that an effect's key begins with:
// "reset", its case, and its number.
func requestOf(effect string) string {
	return strings.Join(strings.SplitN(effect, "/", 4)[:3], "/")
}

// end lets everything come to its end, looks at what is left, and returns the
// trail.
func (w *world) end() []byte {
	w.faulty, w.crash, w.calm = false, 0, true
	for _, p := range []bot.Person{priya, sam} { // or what was begun waits for that
		if _, ok := w.presses(p, "reset.lift", nil); ok {
			w.goes(p)
		}
	}
	for until := w.at.Add(30 * time.Hour); w.at.Before(until); {
		w.drain()
		at, ok, err := w.s.NextDue(context.Background())
		w.ok(err)
		if !ok {
			break
		}
		w.set(later(at, w.at.Add(time.Second)))
	}
	for id, n := range w.deleted {
		if n > 1 {
			w.wrong("the method %s was deleted %d times", id, n)
		}
	}
	for user, since := range w.ends {
		if at, ok := w.ended[user]; !ok || at.Before(since) {
			w.wrong("%s said that it was not them at %v, and their sessions did not end", user, since)
		}
	}
	all, err := w.s.About(context.Background(), bot.Identity{}, time.Time{})
	w.ok(err)
	for _, r := range all {
		outcomes, err := w.s.Outcomes(context.Background(), r.Key)
		w.ok(err)
		if r.State == flows.ResetSettled || r.State == flows.ResetWatched {
			w.Settled++
		}
		if !r.State.Open() {
			w.Over++
		}
		for _, o := range outcomes {
			if !o.State.Over() && (!r.State.Open() || o.Kind != graph.CreatePass) {
				w.wrong("%s is %s a day later, and its request %s", o.Key, o.State, r.State)
			}
		}
		if r.State == flows.ResetAsked || r.State == flows.ResetProven || r.State == flows.ResetExecuting {
			w.wrong("%s is still %s a day later, until %v, at %v: %+v", r.Key, r.State, r.Expires, w.at, outcomes)
		}
	}
	if r, err := w.s.Verify(context.Background()); err != nil || !r.Sound() {
		w.wrong("the audit trail: %+v, %v", r, err)
	}
	if lines, err := w.s.Dangling(context.Background(), w.at); err != nil || len(lines) > 0 {
		w.wrong("%d intents have no outcome, %v", len(lines), err)
	}
	var trail bytes.Buffer
	w.ok(w.s.Export(context.Background(), &trail))
	w.searchFiles()
	w.judge()
	w.ok(w.s.Close())
	if w.tells(w.logs.String()) {
		w.wrong("a secret is in the log, or in a note")
	}
	return trail.Bytes()
}

func later(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}
