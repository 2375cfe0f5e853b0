package store

import (
	"errors"
	"strings"
	"time"

	"github.com/google/go-cmp/cmp"

	"mfahelp/bot"
	"mfahelp/flows"
	"mfahelp/graph"
)

// The people of a reset.
var (
	megan = someone("megan") // whose account it is
	adele = someone("adele") // who asks
	carl  = someone("carl")  // who called her back
	ada   = someone("ada")   // who approves
)

func someone(id string) bot.Person {
	return bot.Person{Platform: "web", ID: id, Identity: bot.Identity{Tenant: "contoso", ObjectID: id, Email: id + "@contoso.com"}}
}

// effect is a change to megan's account that waits for a request.
func effect(request, key string, kind graph.ChangeKind, object string) flows.Effect {
	e := flows.Effect{Key: request + "/" + key, Change: graph.Change{Kind: kind, User: "megan", Object: object}, Approval: request, Then: "reset.done"}
	if kind == graph.DeleteMethod {
		e.Method = graph.PhoneMethod
	}
	return e
}

func phone(request string) flows.Effect {
	return effect(request, "1-phone", graph.DeleteMethod, "phone-id")
}
func revoke(request string) flows.Effect {
	return effect(request, "2-revoke", graph.RevokeSessions, "")
}
func pass(request string) flows.Effect { return effect(request, "3-pass", graph.CreatePass, "") }

func mail(key string) flows.Effect {
	return flows.Effect{Key: key, Change: graph.Change{Kind: graph.SendMail, User: "megan", Mail: graph.Mail{Subject: "s", Text: "t"}}}
}

// asked is a request in which nobody has said anything yet.
func asked(key string) flows.Request {
	r := flows.Request{State: flows.ResetAsked, Case: "C", Asked: start, Changed: start, As: flows.AsColleague, Asking: adele}
	r.Key, r.Expires = key, start.Add(4*time.Hour)
	r.Plan = flows.Plan{
		Subject: megan.Identity, Requester: adele.Identity, Needs: []string{"callback"}, Approvers: 1, PolicyVersion: "1",
		Effects: []flows.Effect{phone(key), revoke(key), pass(key)},
	}
	return r
}

// approved is one with all that it takes, to be executed.
func approved(key string) flows.Request {
	r := asked(key)
	r.State = flows.ResetExecuting
	r.Proofs = []flows.Proof{{Approval: key, Digest: r.Digest(), Kind: "callback", By: carl, SignedIn: start, At: start, Expires: start.Add(time.Hour)}}
	r.Decisions = []flows.Decision{{Approval: key, Digest: r.Digest(), By: ada, Eligible: true, Approve: true, SignedIn: start, At: start}}
	r.HandOver.To = carl.Identity
	return r
}

// execute records a request with key, approves it, and asks for effects.
func (f *fixture) execute(key string, effects ...flows.Effect) flows.Request {
	f.Helper()
	f.answer(flows.Answer{Requests: []flows.Request{asked(key)}})
	r := approved(key)
	r.Version = 1
	f.answer(flows.Answer{Requests: []flows.Request{r}, Effects: effects})
	return f.request(key)
}

// become moves a request to another state.
func (f *fixture) become(key string, state flows.RequestState) {
	f.Helper()
	r := f.request(key)
	r.State = state
	f.answer(flows.Answer{Requests: []flows.Request{r}})
}

func (f *fixture) request(key string) flows.Request {
	f.Helper()
	r, err := f.s.Request(f.Context(), key)
	f.ok(err)
	return r
}

// outcome is that of the effect with key.
func (f *fixture) outcome(request, key string) flows.Outcome {
	f.Helper()
	all, err := f.s.Outcomes(f.Context(), request)
	f.ok(err)
	for _, o := range all {
		if o.Key == key {
			return o
		}
	}
	f.Fatalf("nothing is known of the effect %s", key)
	return flows.Outcome{}
}

func requestsKept(f *fixture) {
	r := approved("R")
	r.State = flows.ResetAsked
	r.Account, r.Signs = flows.Account{Name: "Megan", Methods: []graph.Method{{ID: "phone-id", Kind: graph.PhoneMethod}}}, []string{"sign.risk"}
	f.answer(flows.Answer{Requests: []flows.Request{r}})
	r.Version = 1
	got := f.request("R")
	if diff := cmp.Diff(r, got); diff != "" {
		f.Errorf("kept (-want +got):\n%s", diff)
	}
	if got.Digest() != r.Digest() || !got.Verdict(start).Approved {
		f.Error("what was kept has another digest, or is approved no more")
	}
	_, err := f.s.Request(f.Context(), "S")
	f.is(err, flows.ErrNoRequest)

	one := func(r flows.Request) flows.Answer { return flows.Answer{Requests: []flows.Request{r}} }
	f.is(f.try(one(asked("R"))), ErrConflict) // there is one
	stale := got
	f.answer(one(got))
	f.is(f.try(one(stale)), ErrConflict)
	none := asked("S")
	none.Version = 1
	f.is(f.try(one(none)), ErrConflict)
}

// requestsGo holds the store to refuse what no flow should answer.
func requestsGo(f *fixture) {
	step := func(change func(*flows.Request), state flows.RequestState) error {
		r := f.request("R")
		r.State = state
		change(&r)
		return f.try(flows.Answer{Requests: []flows.Request{r}})
	}
	same := func(*flows.Request) {}
	for _, s := range []flows.RequestState{flows.ResetExecuting, flows.ResetExecuted, flows.ResetWatched, flows.ResetSettled, "", "other"} {
		r := approved("R")
		r.State = s
		if err := f.try(flows.Answer{Requests: []flows.Request{r}}); !errors.Is(err, ErrRefused) {
			f.Errorf("a new one that is %q: got %v, want it refused", s, err)
		}
	}
	f.answer(flows.Answer{Requests: []flows.Request{asked("R")}})
	full := func(r *flows.Request) { r.Proofs, r.Decisions = approved("R").Proofs, approved("R").Decisions }
	for name, change := range map[string]func(*flows.Request){
		"nothing was said":   same,
		"nothing was proven": func(r *flows.Request) { full(r); r.Proofs = nil },
		"nobody approved":    func(r *flows.Request) { full(r); r.Decisions = nil },
		"it was denied": func(r *flows.Request) {
			full(r)
			r.Decisions = append(r.Decisions, flows.Decision{Approval: "R", By: megan})
		},
		"the plan is another": func(r *flows.Request) { full(r); r.Reason = "changed" },
		"it has expired":      func(r *flows.Request) { full(r); r.Expires = start },
	} {
		if err := step(change, flows.ResetExecuting); !errors.Is(err, ErrRefused) || !strings.Contains(err.Error(), "not approved") {
			f.Errorf("to be executed although %s: got %v, want it refused", name, err)
		}
	}
	f.ok(step(full, flows.ResetExecuting))
	f.ok(step(same, flows.ResetDenied))
	for _, s := range []flows.RequestState{flows.ResetExecuting, flows.ResetAsked, flows.ResetExecuted} {
		f.is(step(full, s), ErrRefused)
	}
	f.ok(step(same, flows.ResetFrozen))
}

func requestsRead(f *fixture) {
	add := func(key string, subject, requester bot.Person, after time.Duration) {
		r := asked(key)
		r.Subject, r.Requester, r.Asked = subject.Identity, requester.Identity, start.Add(after)
		for i := range r.Effects {
			r.Effects[i].User = subject.ObjectID
		}
		f.answer(flows.Answer{Requests: []flows.Request{r}})
		f.become(key, flows.ResetWithdrawn) // there is one about somebody at a time
	}
	add("old", megan, adele, -time.Hour)
	add("R", megan, adele, 0)
	add("S", megan, megan, time.Minute)
	add("T", adele, megan, time.Minute)
	nobody := flows.Request{State: flows.ResetChecking, Asked: start}
	nobody.Key = "nobody's"
	f.answer(flows.Answer{Requests: []flows.Request{nobody}})
	loud := bot.Identity{Tenant: "Contoso", ObjectID: "MEGAN"}
	for _, test := range []struct {
		name string
		read func() ([]flows.Request, error)
		want string
	}{
		{"about", func() ([]flows.Request, error) { return f.s.About(f.Context(), loud, start) }, "S R"},
		{"by", func() ([]flows.Request, error) { return f.s.By(f.Context(), loud, start) }, "S T"},
		{"about anybody", func() ([]flows.Request, error) { return f.s.About(f.Context(), bot.Identity{}, start) }, "S T R nobody's"},
		{"by anybody ever", func() ([]flows.Request, error) { return f.s.By(f.Context(), bot.Identity{}, time.Time{}) }, "S T R nobody's old"},
		{"about nobody known", func() ([]flows.Request, error) {
			return f.s.About(f.Context(), bot.Identity{Email: "megan@contoso.com"}, time.Time{})
		}, ""},
	} {
		all, err := test.read()
		f.ok(err)
		var keys []string
		for _, r := range all {
			keys = append(keys, r.Key)
		}
		if got := strings.Join(keys, " "); got != test.want {
			f.Errorf("%s: got %q, want %q", test.name, got, test.want)
		}
	}
}

// requestsAlone asks for one person twice: as long as the first waits, whoever
// asks, and in the same instant too.
func requestsAlone(f *fixture) {
	ask := func(key string, who bot.Person) flows.Answer {
		r := asked(key)
		r.Subject, r.State = who.Identity, flows.ResetChecking
		r.Effects = nil
		return flows.Answer{Requests: []flows.Request{r}}
	}
	f.accept(said("1", "ava", "x"), said("2", "ben", "x"))
	works, keys := []Work{f.next(), f.next()}, []string{"A", "B"}
	came := make(chan error)
	for i, w := range works {
		go func() { came <- f.s.Commit(f.Context(), w, ask(keys[i], megan), start) }()
	}
	if a, b := <-came, <-came; (a == nil) == (b == nil) || !errors.Is(errors.Join(a, b), ErrConflict) {
		f.Fatalf("got %v and %v, want one of them to ask", a, b)
	}
	f.answer(ask("C", adele)) // about somebody else
	all, err := f.s.About(f.Context(), megan.Identity, start)
	f.ok(err)
	first := all[0].Key
	for _, state := range []flows.RequestState{flows.ResetChecking, flows.ResetFrozen} {
		f.become(first, state)
		f.is(f.try(ask("D", megan)), ErrConflict)
	}
	f.advance(5 * time.Hour) // what is frozen waits as long as it would otherwise
	f.answer(ask("D", megan))
	f.become("D", flows.ResetWithdrawn)
	f.answer(ask("E", megan))
}

// requestsTried: what failed may be tried again for as long as the request lasts,
// and not only as long as its proofs.
func requestsTried(f *fixture) {
	f.execute("R")
	f.become("R", flows.ResetExecuted)
	f.advance(2 * time.Hour)
	f.become("R", flows.ResetExecuting)
	f.become("R", flows.ResetExecuted)
	f.advance(2 * time.Hour)
	r := f.request("R")
	r.State = flows.ResetExecuting
	f.is(f.try(flows.Answer{Requests: []flows.Request{r}}), ErrRefused)
}

const token = "a token that nobody can guess"

func link() flows.Link {
	return flows.Link{Token: token, Verb: "reset.approve", Subject: "R", For: ada, In: channel, Digest: "d", Until: start.Add(10 * time.Minute)}
}

func linksOnce(f *fixture) {
	spend := func(token string, at time.Time) error {
		return f.try(flows.Answer{Links: []flows.Link{{Token: token, Used: at}}})
	}
	f.is(spend(token, start), ErrConflict) // there is none
	f.answer(flows.Answer{Links: []flows.Link{link()}})
	got, ok, err := f.s.Link(f.Context(), token)
	f.ok(err)
	if diff := cmp.Diff(link(), got); !ok || diff != "" {
		f.Errorf("got %v, and (-want +got):\n%s", ok, diff)
	}
	if _, ok, err := f.s.Link(f.Context(), token+"."); ok || err != nil {
		f.Errorf("got %v, %v for a token of nobody's", ok, err)
	}
	f.is(f.try(flows.Answer{Links: []flows.Link{link()}}), ErrConflict) // there is one
	f.is(spend(token, link().Until), ErrConflict)
	f.ok(spend(token, start.Add(time.Minute)))
	f.is(spend(token, start.Add(time.Minute)), ErrConflict)
	got, _, err = f.s.Link(f.Context(), token)
	f.ok(err)
	if !got.Used.Equal(start.Add(time.Minute)) {
		f.Errorf("used %v, want a minute after the start", got.Used)
	}
	if n := read1[int](f, "SELECT COUNT(*) FROM links WHERE digest LIKE '%token%'"); n != 0 {
		f.Error("the token itself is kept")
	}
}

// linksRace spends one link by two events at once, of which one must lose whole.
func linksRace(f *fixture) {
	f.answer(flows.Answer{Links: []flows.Link{link()}})
	f.accept(said("1", "ava", "x"), said("2", "ben", "x"))
	works := []Work{f.next(), f.next()}
	came := make(chan error)
	for _, w := range works {
		go func() {
			came <- f.s.Commit(f.Context(), w, flows.Answer{
				Links: []flows.Link{{Token: token, Used: start}},
				Posts: posts(post("p/"+w.ID, "t", channel)).Posts,
			}, start)
		}()
	}
	if a, b := <-came, <-came; (a == nil) == (b == nil) || !errors.Is(errors.Join(a, b), ErrConflict) {
		f.Errorf("got %v and %v, want one of them to spend it", a, b)
	}
	if n := read1[int](f, "SELECT COUNT(*) FROM posts"); n != 1 {
		f.Errorf("got %d posts, want that of who spent it", n)
	}
}

func frozen(f *fixture) {
	read := func() flows.Freeze {
		f.Helper()
		got, err := f.s.Frozen(f.Context())
		f.ok(err)
		return got
	}
	put := func(z flows.Freeze) error { return f.try(flows.Answer{Freeze: &z}) }
	if got := read(); got.On || got.Version != 0 {
		f.Errorf("got %+v at first, want none", got)
	}
	on := flows.Freeze{On: true, Since: start, By: ada.Identity, Why: "freeze.burst"}
	f.ok(put(on))
	f.is(put(on), ErrConflict) // somebody was faster
	got := read()
	on.Version = 1
	if diff := cmp.Diff(on, got); diff != "" {
		f.Errorf("frozen (-want +got):\n%s", diff)
	}
	for name, lifting := range map[string][]bot.Identity{
		"nobody": nil, "one": {ada.Identity}, "one twice": {ada.Identity, {Tenant: "CONTOSO", ObjectID: "ADA"}},
		"one and nobody known": {ada.Identity, {Email: "carl@contoso.com"}},
	} {
		got.On, got.Lifting = false, lifting
		if err := put(got); !errors.Is(err, ErrRefused) {
			f.Errorf("lifted by %s: got %v, want it refused", name, err)
		}
	}
	got.On, got.Lifting = true, []bot.Identity{ada.Identity}
	f.ok(put(got))
	got = read()
	got.On, got.Lifting = false, append(got.Lifting, carl.Identity)
	f.ok(put(got))
	if got := read(); got.On || got.Version != 3 {
		f.Errorf("got %+v, want it lifted", got)
	}
}

func effectsAsked(f *fixture) {
	f.is(f.try(flows.Answer{Effects: []flows.Effect{phone("R")}}), ErrRefused) // there is no request
	r := f.execute("R", phone("R"), revoke("R"), pass("R"))
	f.answer(flows.Answer{Effects: []flows.Effect{revoke("R"), phone("R")}})
	other := revoke("R")
	other.Key = phone("R").Key
	elsewhere := effect("R", "4", graph.DeletePass, "pass-id")
	elsewhere.User = "adele"
	unplanned := effect("R", "5", graph.DeleteMethod, "app-id")
	for name, e := range map[string]flows.Effect{"another under its key": other, "somebody else's account": elsewhere, "not in the plan": unplanned} {
		if err := f.try(flows.Answer{Effects: []flows.Effect{e}}); !errors.Is(err, ErrRefused) {
			f.Errorf("%s: got %v, want it refused", name, err)
		}
	}
	again := phone("R") // after it has failed, say
	again.Key = "R/6"
	gone := effect("R", "7", graph.DeletePass, "pass-id") // nobody planned the id of what was not there
	f.answer(flows.Answer{Effects: []flows.Effect{again, gone, mail("R/8")}})
	got, err := f.s.Outcomes(f.Context(), "R")
	f.ok(err)
	var want []flows.Outcome
	for _, e := range []flows.Effect{phone("R"), revoke("R"), pass("R"), again, gone} {
		want = append(want, flows.Outcome{Effect: e, State: flows.EffectWanted, At: start})
	}
	if diff := cmp.Diff(want, got); diff != "" {
		f.Errorf("asked for (-want +got):\n%s", diff)
	}
	if all, err := f.s.Outcomes(f.Context(), ""); err != nil || len(all) != 0 {
		f.Errorf("got %v, %v of no request", all, err)
	}
	f.become(r.Key, flows.ResetDenied)
	late := phone("R")
	late.Key = "R/9"
	f.is(f.try(flows.Answer{Effects: []flows.Effect{late}}), ErrRefused)
}

// effectsDropped ends a request before its effects have begun.
func effectsDropped(f *fixture) {
	about := mail("R/mail")
	about.Approval = "R"
	f.execute("R", phone("R"), revoke("R"), pass("R"), effect("R", "gone", graph.DeletePass, "pass-id"), about)
	f.become("R", flows.ResetDenied)
	for key, want := range map[string]flows.EffectState{
		"R/1-phone": flows.EffectDropped, "R/2-revoke": flows.EffectDropped, "R/3-pass": flows.EffectDropped,
		"R/gone": flows.EffectWanted, "R/mail": flows.EffectWanted, // that is let of what is denied too
	} {
		if o := f.outcome("R", key); o.State != want || want == flows.EffectDropped && o.Reason != "request.denied" {
			f.Errorf("%s: got %s %q, want %s", key, o.State, o.Reason, want)
		}
	}
	if n := read1[int](f, "SELECT COUNT(*) FROM audit WHERE verb = 'effect.dropped' AND case_key = 'C'"); n != 3 {
		f.Errorf("got %d entries of what was dropped, want 3", n)
	}
}

func offersEnd(f *fixture) {
	until := start.Add(10 * time.Minute)
	p := post("p", "t", channel, bot.Choose{Verb: "reset.confirm", Subject: "R"})
	p.Until = until
	offered := func(p bot.Post) flows.Offer {
		f.Helper()
		f.answer(posts(p))
		key := read1[string](f, "SELECT key FROM offers WHERE closed_at = 0")
		o, ok, err := f.s.Offer(f.Context(), key)
		f.ok(err)
		if !ok {
			f.Fatal("nothing is offered")
		}
		return o
	}
	first := offered(p)
	if !first.Until.Equal(until) {
		f.Errorf("got an offer until %v, want until %v", first.Until, until)
	}
	p.Until = time.Time{}
	if again := offered(p); !again.Until.IsZero() || again.Key != first.Key {
		f.Errorf("got %+v, want the same without an end", again)
	}
}
