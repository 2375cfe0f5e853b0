package reset

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"mfahelp/bot"
	"mfahelp/flows"
	"mfahelp/graph"
)

// handOverLife is how long after their sign-in somebody may be shown a pass: the
// ten minutes of a fresh one, and some to read what it says.
const handOverLife = fresh + 5*time.Minute

// verifies reports whether somebody is who vouched for r's subject, and so may
// hand the pass over: the manager, or the admin who called.
func verifies(r flows.Request, who bot.Identity) bool {
	return who.Known() && slices.ContainsFunc(r.Proofs, func(p flows.Proof) bool {
		return p.By.Key() == who.Key() && (p.Kind == ByManager || p.Kind == ByCallBack) && stands(r, p)
	})
}

// openPass is the key of the effect whose pass can be shown, and whether there
// is one.
func (f *Flow) openPass(ctx context.Context, r flows.Request) (string, bool) {
	if r.State != flows.ResetExecuted && r.State != flows.ResetWatched {
		return "", false
	}
	outcomes, err := f.Requests.Outcomes(ctx, r.Key)
	if err != nil {
		return "", false
	}
	return passKey(r, outcomes)
}

// passKey is the same, of outcomes that were read. A pass of unknown fate must
// be deleted before there is another.
func passKey(r flows.Request, outcomes []flows.Outcome) (string, bool) {
	for _, o := range latest(r, outcomes) {
		if o.Kind == graph.CreatePass {
			return o.Key, o.State == flows.EffectWanted && !deleting(outcomes)
		}
	}
	return "", false
}

// deleting reports whether a pass is on its way out.
func deleting(outcomes []flows.Outcome) bool {
	return slices.ContainsFunc(outcomes, func(o flows.Outcome) bool { return o.Kind == graph.DeletePass && !o.State.Over() })
}

// offerPass tells who vouched for r's subject that a pass can be shown to them.
func (f *Flow) offerPass(ctx context.Context, r flows.Request, c flows.Case, outcomes []flows.Outcome) (flows.Answer, error) {
	posts := f.follow(ctx, r, c)
	if gave(r, ByManager) { // they hear of the pass instead
		posts = slices.DeleteFunc(posts, func(p bot.Post) bool { return strings.HasPrefix(p.Key, postOf(r, "manager/")) })
	}
	a := flows.Answer{
		Requests: []flows.Request{r}, Posts: append(posts, f.card(r, outcomes)),
		Audit: []flows.Entry{f.entry(bot.Identity{}, "reset.executed", r, "", "done")},
	}
	for _, p := range r.Proofs {
		if !verifies(r, p.By.Identity) {
			continue
		}
		if p.Kind == ByCallBack {
			a.Posts = append(a.Posts, f.inThread(r, "pass", passReady(f.printer(), r, p.By)))
			continue
		}
		n := 0
		for _, x := range f.reach(ctx, p.By.Identity) {
			n++
			a.Posts = append(a.Posts, bot.Post{To: x.in, Key: postOf(r, "manager/"+x.in.Platform), Message: passReady(f.Words(x.who.Locale), r, x.who)})
		}
		if n == 0 {
			a.Posts = append(a.Posts, f.line(r, bot.Problem, "reset.line.no-chat", bot.Plain(r.Account.Names[p.By.Key()])))
		}
	}
	return a, nil
}

// handing is why who presses may not hand over r's pass now; the end of a key,
// or "".
func (f *Flow) handing(ctx context.Context, r flows.Request, who bot.Identity) (key, why string, err error) {
	if why, err = f.stopped(ctx, r); err != nil || why != "" {
		return "", why, err
	}
	if !verifies(r, who) {
		return "", "not-verifier", nil
	}
	outcomes, err := f.Requests.Outcomes(ctx, r.Key)
	if err != nil {
		return "", "", fmt.Errorf("reading what was done: %w", err)
	}
	if r.State != flows.ResetExecuted && r.State != flows.ResetWatched {
		return "", "not-ready", nil
	}
	key, ok := passKey(r, outcomes)
	for _, o := range latest(r, outcomes) {
		switch {
		case o.Kind != graph.CreatePass || ok:
		case deleting(outcomes):
			return "", "moment", nil
		case o.State == flows.EffectDone:
			return "", "shown", nil
		default:
			return "", "moment", nil
		}
	}
	if !ok {
		return "", "not-ready", nil
	}
	return key, "", nil
}

// signedInFor reports whether who presses has just signed in for this very thing.
// That they did to vouch for the subject, some minutes ago, counts for nothing here:
// whoever has stolen their chat session would only have to wait for that.
func (f *Flow) signedInFor(r flows.Request, who bot.Identity) (time.Time, bool) {
	at := r.HandOver.SignedIn
	return at, r.HandOver.To.Key() == who.Key() && !at.IsZero() && f.Now().Sub(at) <= fresh
}

// showPass leads who vouched for the subject to where they sign in for it, or if
// they just did opens the confirmation once more. A chat session that was stolen
// from them gets no further by itself.
func (f *Flow) showPass(ctx context.Context, x press) (flows.Answer, error) {
	_, why, err := f.handing(ctx, x.r, x.e.From.Identity)
	if err != nil || why != "" {
		return f.no(x.e, why), err
	}
	at, ok := f.signedInFor(x.r, x.e.From.Identity)
	if !ok {
		return f.leadToPage(x, "reset.show", "reset.link.show"), nil
	}
	r := x.r
	r.HandOver = flows.HandOver{To: x.e.From.Identity, SignedIn: at}
	r.Changed = f.Now()
	a := f.whisper(x.e, "show", mayShow(f.theirs(x.e), r))
	a.Posts[0].Until = at.Add(handOverLife)
	a.Requests = []flows.Request{r}
	a.Audit = []flows.Entry{f.entry(x.e.From.Identity, "reset.showing", r, "", "confirm")}
	return a, nil
}

// mayShow is the yes of who came to hand a pass over.
func (f *Flow) mayShow(ctx context.Context, y yes) (flows.Answer, error) {
	_, why, err := f.handing(ctx, y.r, y.who.Identity)
	if err != nil {
		return flows.Answer{}, err
	}
	if why != "" {
		return f.tellYes(y, why), nil
	}
	r := y.r
	r.HandOver = flows.HandOver{To: y.who.Identity, SignedIn: y.s.At}
	r.Changed = f.Now()
	a := f.answerYes(y, mayShow(f.yesWords(y), r))
	for i := range a.Posts {
		a.Posts[i].Until = y.s.At.Add(handOverLife)
	}
	a.Requests = []flows.Request{r}
	a.Audit = []flows.Entry{f.entry(y.who.Identity, "reset.showing", r, "", "signed in")}
	return a, nil
}

// reveal shows the pass, once, to who vouched for the subject. It is made when
// the platform asks for it, by an effect like any other; see [Flow.Leave].
func (f *Flow) reveal(ctx context.Context, x press) (flows.Answer, error) {
	r, who := x.r, x.e.From.Identity
	key, why, err := f.handing(ctx, r, who)
	if err != nil || why != "" {
		return f.no(x.e, why), err
	}
	if r.HandOver.PickUp || !f.mayHave(r, x.e.From) {
		return f.no(x.e, "sign-in-again"), nil
	}
	if at, wait := f.logWaits(ctx, r); wait {
		return f.no(x.e, "number-later", bot.Time{At: at}), nil
	}
	a := f.whisper(x.e, "pass", thePass(f.theirs(x.e), r, key, false))
	a.Audit = []flows.Entry{f.entry(who, "reset.revealed", r, key, "shown")}
	return a, nil
}

// logWaits reports whether r's pass cannot be made yet, since both logs are read
// before that and the tenant's requests are spent, and when it can. What was read
// now is still known when the platform asks for the pass a moment later. Any other
// trouble is for [Flow.Leave] to find.
func (f *Flow) logWaits(ctx context.Context, r flows.Request) (time.Time, bool) {
	_, err := f.history(ctx, r)
	later, ok := errors.AsType[*graph.Later](err)
	if !ok {
		return time.Time{}, false
	}
	return later.At, true
}

// pickUp lets the subject have the pass themselves, by a code that who vouched
// for them now tells them, in person, by video, or on the phone.
func (f *Flow) pickUp(ctx context.Context, x press) (flows.Answer, error) {
	r, who := x.r, x.e.From.Identity
	_, why, err := f.handing(ctx, r, who)
	if err != nil || why != "" {
		return f.no(x.e, why), err
	}
	if !f.mayHave(unpicked(r), x.e.From) {
		return f.no(x.e, "sign-in-again"), nil
	}
	r.HandOver.PickUp, r.Changed = true, f.Now()
	a := f.whisper(x.e, "pick-up", tellThem(f.theirs(x.e), r))
	a.Requests = []flows.Request{r}
	a.Audit = []flows.Entry{f.entry(who, "reset.pick-up", r, "", "offered")}
	n := 0
	for _, to := range f.reach(ctx, r.Subject) {
		n++
		a.Posts = append(a.Posts, bot.Post{
			To: to.in, Key: postOf(r, "pick-up/"+to.in.Platform), Message: enterCode(f.Words(to.who.Locale), r), Until: r.HandOver.SignedIn.Add(handOverLife),
		})
	}
	if n == 0 {
		return f.no(x.e, "unreached"), nil
	}
	return a, nil
}

// unpicked is r as before it was left to the subject to pick the pass up.
func unpicked(r flows.Request) flows.Request {
	r.HandOver.PickUp = false
	return r
}

// enter takes the code from the subject, and shows them their pass.
func (f *Flow) enter(ctx context.Context, x press) (flows.Answer, error) {
	r, who := x.r, x.e.From.Identity
	if who.Key() == "" || who.Key() != r.Subject.Key() {
		return f.no(x.e, "not-yours"), nil
	}
	why, err := f.stopped(ctx, r)
	if err != nil || why != "" {
		return f.no(x.e, why), err
	}
	key, open := f.openPass(ctx, r)
	if !open || !r.HandOver.PickUp || !f.mayHave(r, x.e.From) {
		return f.no(x.e, "pick-up-over"), nil
	}
	n, err := f.misread(ctx, x)
	if err != nil || n >= guesses {
		return f.no(x.e, "wrong-codes"), err
	}
	if !same(heard(x.fields["code"]), f.Codes.code(pickUpCode, r.Key, key)) {
		a := f.no(x.e, "wrong-code", bot.Plain(fmt.Sprint(guesses-n-1)))
		a.Audit = []flows.Entry{f.entry(who, "reset.misread", r, x.e.ID, "wrong")}
		a.Limits = []flows.Limit{guessing(x)}
		return a, nil
	}
	if at, wait := f.logWaits(ctx, r); wait {
		return f.no(x.e, "number-later", bot.Time{At: at}), nil
	}
	a := f.whisper(x.e, "pass", thePass(f.theirs(x.e), r, key, true))
	a.Audit = []flows.Entry{f.entry(who, "reset.revealed", r, key, "picked up")}
	a.Limits = []flows.Limit{guessing(x)}
	return a, nil
}

// passDone goes on after a pass was made, or was to be.
func (f *Flow) passDone(ctx context.Context, r flows.Request, c flows.Case, outcomes []flows.Outcome) (flows.Answer, error) {
	for _, o := range latest(r, outcomes) {
		if o.Kind != graph.CreatePass {
			continue
		}
		switch o.State {
		case flows.EffectDone:
			return f.handed(ctx, r, c, outcomes, o)
		case flows.EffectUnknown:
			return f.remake(ctx, r, outcomes, o)
		case flows.EffectFailed:
			return f.oneMore(r, outcomes, o, "reset.line.pass-failed"), nil
		case flows.EffectDropped:
			if o.Reason == "reset.leave.to-whom" {
				return f.oneMore(r, outcomes, o, "reset.line.pass-late"), nil
			}
			if r.State == flows.ResetExecuted {
				return f.dropped(ctx, r, c, o)
			}
		case flows.EffectWanted, flows.EffectRunning:
		}
	}
	return flows.Answer{Posts: []bot.Post{f.card(r, outcomes)}}, nil
}

// handed goes on after the pass was shown.
func (f *Flow) handed(ctx context.Context, r flows.Request, c flows.Case, outcomes []flows.Outcome, o flows.Outcome) (flows.Answer, error) {
	if r.HandOver.Shown == o.Key {
		return flows.Answer{Posts: []bot.Post{f.card(r, outcomes)}}, nil // heard before
	}
	r.HandOver.Shown = o.Key
	a, err := f.finished(ctx, r, c, outcomes)
	a.Jobs = append(a.Jobs, jobOf(r, "pass", o.Until))
	a.Audit = append(a.Audit, f.entry(r.HandOver.To, "reset.handed-over", r, o.Key, "done"))
	return a, err
}

// oneMore makes it possible to have a pass made at the next press: what was to
// make the last one is over.
func (f *Flow) oneMore(r flows.Request, outcomes []flows.Outcome, o flows.Outcome, key string) flows.Answer {
	e := o.Effect
	e.Key = again(e.Key, outcomes)
	r.HandOver, r.Changed = flows.HandOver{}, f.Now()
	return flows.Answer{
		Requests: []flows.Request{r}, Effects: []flows.Effect{e},
		Posts: []bot.Post{f.card(r, outcomes), f.line(r, bot.Problem, key, bot.Code(reasonOf(o)))},
		Audit: []flows.Entry{f.entry(bot.Identity{}, "reset.pass-again", r, e.Key, o.Reason)},
	}
}

// remake deletes a pass of which nobody knows whether it was made, or shown, and
// lets another be made at the next press.
func (f *Flow) remake(ctx context.Context, r flows.Request, outcomes []flows.Outcome, o flows.Outcome) (flows.Answer, error) {
	methods, err := f.Directory.Methods(ctx, r.Subject.ObjectID)
	if err != nil {
		return flows.Answer{}, fmt.Errorf("reading methods: %w", err)
	}
	a := f.oneMore(r, outcomes, o, "reset.line.pass-unknown")
	a.Effects = append(a.Effects, passesOf(r, methods)...)
	return a, nil
}

// passesOf are the ends of the passes that were not there when r was planned.
func passesOf(r flows.Request, methods []graph.Method) (all []flows.Effect) {
	for _, m := range methods {
		if m.Kind == graph.Pass && !slices.Contains(r.Keeps, m.ID) {
			all = append(all, deletePass(r, m.ID))
		}
	}
	return all
}

// deletePass is the end of a pass that r made.
func deletePass(r flows.Request, id string) flows.Effect {
	return flows.Effect{
		Key: r.Key + "/pass/" + id, Approval: r.Key, Then: "reset.done",
		Change: graph.Change{Kind: graph.DeletePass, User: r.Subject.ObjectID, Object: id, Method: graph.Pass},
	}
}

// passEnds takes away a pass whose time is over: used or not, it has no more
// business on the account.
func (f *Flow) passEnds(ctx context.Context, r flows.Request, _ flows.Case) (flows.Answer, error) {
	outcomes, err := f.Requests.Outcomes(ctx, r.Key)
	if err != nil {
		return flows.Answer{}, fmt.Errorf("reading what was done: %w", err)
	}
	return f.takeBack(ctx, r, outcomes)
}

// takeBack deletes every pass that r made, and if there may be one that nobody
// knows of, all that were not there before.
func (f *Flow) takeBack(ctx context.Context, r flows.Request, outcomes []flows.Outcome) (flows.Answer, error) {
	a := flows.Answer{}
	if lost(outcomes) {
		methods, err := f.Directory.Methods(ctx, r.Subject.ObjectID)
		if err != nil {
			return a, fmt.Errorf("reading methods: %w", err)
		}
		a.Effects = passesOf(r, methods)
	}
	for _, o := range outcomes {
		if o.Kind == graph.CreatePass && o.State == flows.EffectDone && o.Object != "" {
			a.Effects = append(a.Effects, deletePass(r, o.Object))
		}
	}
	return a, nil
}
