package flowstest

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"mfahelp/bot"
	"mfahelp/flows"
	"mfahelp/graph"
)

// reset keeps what a says of resets, by the rules of the store: a request takes
// only its ways and begins only with a verdict, an effect is in its plan, a link
// is spent once, a freeze ends by two.
func (w *World) reset(a flows.Answer) {
	w.T.Helper()
	for _, r := range a.Requests {
		was := w.requests[r.Key]
		if r.Version != was.Version {
			w.T.Fatalf("request %s: wrote version %d over %d", r.Key, r.Version, was.Version)
		}
		for _, o := range w.requests {
			if r.Version == 0 && o.Key != r.Key && r.Waits(w.Clock) && o.Waits(w.Clock) && o.Subject.Key() == r.Subject.Key() {
				w.T.Fatalf("request %s: %s waits already", r.Key, o.Key)
			}
		}
		if !was.State.May(r.State) {
			w.T.Fatalf("request %s: %q does not become %q", r.Key, was.State, r.State)
		}
		v := r.Verdict(w.Clock)
		if was.State == flows.ResetExecuted {
			v = r.Holds(w.Clock)
		}
		if r.State == flows.ResetExecuting && was.State != r.State && !v.Approved {
			w.T.Fatalf("request %s begins, and %v is missing", r.Key, v.Missing)
		}
		r.Version++
		w.requests[r.Key] = r
		w.dropOf(r)
	}
	for _, e := range a.Effects {
		w.want(e)
	}
	for _, l := range a.Links {
		was, ok := w.links[l.Token]
		switch {
		case l.Used.IsZero() && (ok || len(l.Token) < 16 || !l.For.Known() || l.Until.IsZero()):
			w.T.Fatalf("a link to %s that cannot be made: %+v", l.Verb, l)
		case !l.Used.IsZero() && (!ok || !was.Used.IsZero() || !l.Used.Before(was.Until)):
			w.T.Fatalf("a link to %s that cannot be spent: %+v", l.Verb, was)
		}
		w.links[l.Token] = l
	}
	if z := a.Freeze; z != nil {
		if z.Version != w.freeze.Version || !z.On && len(z.Lifting) < 2 {
			w.T.Fatalf("a freeze that cannot be: %+v over %+v", z, w.freeze)
		}
		w.freeze = *z
		w.freeze.Version++
	}
}

// dropOf drops what a request that has ended will never do.
func (w *World) dropOf(r flows.Request) {
	for i, o := range w.outcomes {
		if o.Effect.Approval == r.Key && o.State == flows.EffectWanted && !o.Harmless() && !r.State.Open() && !lets(r, o.Change) {
			w.outcomes[i].State, w.outcomes[i].Reason, w.outcomes[i].At = flows.EffectDropped, "request."+string(r.State), w.Clock
		}
	}
}

func lets(r flows.Request, c graph.Change) bool {
	return r.State.Lets(c.Kind) && (r.Has(c) || r.State.Defends(c.Kind))
}

func (w *World) want(e flows.Effect) {
	w.T.Helper()
	r, ok := w.requests[e.Approval]
	if err := e.Check(); err != nil || !e.Harmless() && (!ok || !strings.EqualFold(e.User, r.Subject.ObjectID) || !r.Has(e.Change) && !r.State.Defends(e.Kind)) {
		w.T.Fatalf("an effect that cannot be asked for: %+v, %v", e, err)
	}
	for _, o := range w.outcomes {
		if o.Key == e.Key {
			if o.Change != e.Change {
				w.T.Fatalf("the key %s of another effect", e.Key)
			}
			return
		}
	}
	w.outcomes = append(w.outcomes, flows.Outcome{Effect: e, State: flows.EffectWanted, At: w.Clock})
}

// step carries out the next effect that may begin, and reports whether there was
// one. A pass is made only when it is shown.
func (w *World) step() bool {
	w.T.Helper()
	for i, o := range w.outcomes {
		if o.State != flows.EffectWanted || o.Kind == graph.CreatePass || w.Apply == nil {
			continue
		}
		if !o.Harmless() && !lets(w.requests[o.Approval], o.Change) {
			continue
		}
		if w.begin(i, bot.Person{}) {
			return true
		}
	}
	return false
}

// begin asks for leave and carries one effect out; false if it must wait.
func (w *World) begin(i int, to bot.Person) bool {
	w.T.Helper()
	o := &w.outcomes[i]
	if !o.Harmless() {
		why, err := w.Leave.Leave(context.Background(), w.requests[o.Approval], o.Effect, to)
		if err != nil {
			return false
		}
		if why.Key != "" {
			o.State, o.Reason, o.At = flows.EffectDropped, why.Key, w.Clock
			w.then(o.Effect)
			return true
		}
	}
	o.Tries++
	made, err := w.Apply(o.Change)
	o.At, o.State, o.Object, o.Until = w.Clock, flows.EffectDone, made.ID, made.Until
	switch {
	case errors.Is(err, graph.ErrUnknownFate) && !o.Repeatable():
		o.State, o.Reason = flows.EffectUnknown, "perhaps carried out"
	case err != nil:
		o.State, o.Reason = flows.EffectFailed, kind(err)
	}
	w.then(o.Effect)
	return true
}

func kind(err error) string {
	if e, ok := errors.AsType[*graph.Error](err); ok {
		return strings.TrimSpace(e.Reason.Error() + " " + e.Permission)
	}
	return "failed"
}

func (w *World) then(e flows.Effect) {
	if e.Then != "" {
		w.jobs["then/"+e.Key] = flows.Job{Key: "then/" + e.Key, At: w.Clock, Verb: e.Then, Subject: e.Approval}
	}
}

// Reveal shows to somebody what stands for a pass, as a platform would at their
// press: once, and with leave.
func (w *World) Reveal(v bot.Reveal, to bot.Person) (string, bool) {
	w.T.Helper()
	for i, o := range w.outcomes {
		if v.Kind != flows.RevealPass || o.Key != v.Subject || o.Kind != graph.CreatePass || o.State != flows.EffectWanted || !lets(w.requests[o.Approval], o.Change) {
			continue
		}
		secret := ""
		apply := w.Apply
		w.Apply = func(c graph.Change) (graph.Changed, error) {
			made, err := apply(c)
			secret = made.Pass.Reveal()
			return made, err
		}
		w.begin(i, to)
		w.Apply = apply
		w.runDue()
		return secret, secret != ""
	}
	return "", false
}

// Agree lets somebody open a link on our own page, sign in some time ago, and
// agree to what the page shows; ask is what the page is filled by.
func (w *World) Agree(ask bot.Confirmations, who bot.Person, link string, ago time.Duration) bot.Confirmation {
	w.T.Helper()
	shown, err := ask.Confirm(context.Background(), link, who)
	if err != nil {
		w.T.Fatal(err)
	}
	if shown.Agree != "" {
		w.SignIn(who, link, ago, shown.Digest)
	}
	return shown
}

// SignIn is a yes from our own page, whatever that showed.
func (w *World) SignIn(who bot.Person, link string, ago time.Duration, digest string) {
	w.T.Helper()
	page := bot.Person{Platform: "page", Identity: who.Identity}
	w.Do(page, bot.Place{Platform: "page", Audience: bot.Direct}, bot.SignedIn{Link: link, At: w.Clock.Add(-ago), Methods: []string{"mfa", "fido"}, Digest: digest})
}

// LinkIn returns the token behind the button of a post that leads to our page.
func (w *World) LinkIn(post string) string {
	w.T.Helper()
	for _, a := range actions(w.Post(post).Message) {
		if o, ok := a.(bot.Open); ok {
			return o.URL[strings.LastIndex(o.URL, "/")+1:]
		}
	}
	w.T.Fatalf("%s leads nowhere", post)
	return ""
}

// Asked returns the only request there is, or the newest of several.
func (w *World) Asked() flows.Request {
	w.T.Helper()
	var newest flows.Request
	for _, r := range w.requests {
		if newest.Key == "" || r.Asked.After(newest.Asked) || r.Asked.Equal(newest.Asked) && r.Key > newest.Key {
			newest = r
		}
	}
	if newest.Key == "" {
		w.T.Fatal("nothing was asked")
	}
	return newest
}

// Resume does a job now.
func (w *World) Resume(verb, subject string) {
	w.T.Helper()
	w.jobs["now/"+verb+"/"+subject] = flows.Job{Key: "now/" + verb + "/" + subject, At: w.Clock, Verb: verb, Subject: subject}
	w.runDue()
}

// Put keeps r as it is, as if it had come to this: for tests that begin in the
// middle.
func (w *World) Put(r flows.Request) {
	r.Version = w.requests[r.Key].Version
	w.requests[r.Key] = r
}

// Request implements [flows.Requests].
func (w *World) Request(_ context.Context, key string) (flows.Request, error) {
	r, ok := w.requests[key]
	if !ok {
		return r, flows.ErrNoRequest
	}
	return r, nil
}

// About implements [flows.Requests].
func (w *World) About(_ context.Context, who bot.Identity, since time.Time) ([]flows.Request, error) {
	return w.newest(who, since, func(r flows.Request) bot.Identity { return r.Subject }), nil
}

// By implements [flows.Requests].
func (w *World) By(_ context.Context, who bot.Identity, since time.Time) ([]flows.Request, error) {
	return w.newest(who, since, func(r flows.Request) bot.Identity { return r.Requester }), nil
}

func (w *World) newest(who bot.Identity, since time.Time, of func(flows.Request) bot.Identity) (some []flows.Request) {
	for _, r := range w.requests {
		if (who == bot.Identity{} || who.Known() && of(r).Key() == who.Key()) && !r.Asked.Before(since) {
			some = append(some, r)
		}
	}
	slices.SortFunc(some, func(a, b flows.Request) int {
		if c := b.Asked.Compare(a.Asked); c != 0 {
			return c
		}
		return strings.Compare(a.Key, b.Key)
	})
	return some
}

// Outcomes implements [flows.Requests].
func (w *World) Outcomes(_ context.Context, key string) (some []flows.Outcome, err error) {
	for _, o := range w.outcomes {
		if o.Effect.Approval == key && key != "" {
			some = append(some, o)
		}
	}
	return some, nil
}

// Mails are the e-mails that were wanted.
func (w *World) Mails() (some []graph.Mail) {
	for _, o := range w.outcomes {
		if o.Kind == graph.SendMail {
			some = append(some, o.Mail)
		}
	}
	return some
}

// MailsTo are those to one account.
func (w *World) MailsTo(user string) (some []graph.Mail) {
	for _, o := range w.outcomes {
		if o.Kind == graph.SendMail && o.User == user {
			some = append(some, o.Mail)
		}
	}
	return some
}

// Link implements [flows.Requests].
func (w *World) Link(_ context.Context, token string) (flows.Link, bool, error) {
	l, ok := w.links[token]
	return l, ok, nil
}

// Frozen implements [flows.Requests].
func (w *World) Frozen(context.Context) (flows.Freeze, error) { return w.freeze, nil }

// Freeze stops all resets, as the command line does.
func (w *World) Freeze() {
	w.freeze = flows.Freeze{On: true, Since: w.Clock, Why: "reset.frozen.by-command", Version: w.freeze.Version + 1}
	j := flows.SayFrozen(w.Clock)
	w.jobs[j.Key] = j
}
