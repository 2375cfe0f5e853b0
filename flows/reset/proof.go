package reset

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"mfahelp/bot"
	"mfahelp/flows"
	"mfahelp/graph"
)

// confirmed is the manager's yes: "I spoke to them in person or by video". That
// they are the manager is asked again, since it may have been changed to get it.
func (f *Flow) confirmed(ctx context.Context, y yes) (flows.Answer, error) {
	m, why, err := f.manager(ctx, y.r)
	if err != nil {
		return flows.Answer{}, err
	}
	if why != "" || m.Key() != y.who.Key() {
		return f.tellYes(y, "not-manager"), nil
	}
	return f.prove(ctx, y, ByManager, "")
}

// signedInOtherwise is the subject's own yes, by a method that they still have.
func (f *Flow) signedInOtherwise(ctx context.Context, y yes) (flows.Answer, error) {
	if y.who.Key() != y.r.Subject.Key() {
		return f.tellYes(y, "not-yours"), nil
	}
	if y.r.State == flows.ResetFrozen {
		return f.provedInVain(ctx, y)
	}
	return f.prove(ctx, y, flows.OtherFactor, "")
}

// provedInVain answers the subject of a request that is frozen as it answers any
// other. What they proved is on record, and leads nowhere.
func (f *Flow) provedInVain(ctx context.Context, y yes) (flows.Answer, error) {
	why, err := f.stopped(ctx, y.r)
	switch {
	case err != nil:
		return flows.Answer{}, err
	case why != "signs":
		return f.tellYes(y, why), nil
	case y.r.Why != "" || y.r.Alarm:
		return f.tellYes(y, "over"), nil
	case f.seeming(y.r).State != flows.ResetAsked || !slices.Contains(y.r.Needs, flows.OtherFactor):
		return f.tellYes(y, "not-needed"), nil
	case gave(y.r, flows.OtherFactor):
		return f.tellYes(y, "proven"), nil
	}
	r := f.withProof(ctx, y, flows.OtherFactor, "")
	a := flows.Answer{
		Requests: []flows.Request{r}, Posts: []bot.Post{f.card(r, nil)}, Jobs: []flows.Job{lapseOf(r)},
		Audit: []flows.Entry{f.entry(y.who.Identity, "reset.proved", r, flows.OtherFactor, "frozen")},
	}
	if r.As == flows.AsSubject {
		a.Posts = append(a.Posts, f.toAsker(r, y.c))
	}
	return a.And(f.noted(y)), nil
}

// withProof is what y is about, with a proof more.
func (f *Flow) withProof(ctx context.Context, y yes, kind, note string) flows.Request {
	r := f.named(ctx, y.r, y.who.Identity)
	r.Proofs = append(slices.Clone(r.Proofs), flows.Proof{
		Approval: r.Key, Digest: y.s.Digest, Kind: kind, By: y.who, SignedIn: y.s.At, At: y.e.At, Expires: y.e.At.Add(f.Policy.ProofLife), Note: note,
	})
	r.Changed = f.Now()
	return r
}

// called is the yes of an admin who has called back and heard the subject's half
// of the code: only then is there such a link.
func (f *Flow) called(ctx context.Context, y yes) (flows.Answer, error) {
	if why := f.mayCall(ctx, y.r, y.who.Identity); why != "" {
		return f.tellYes(y, why), nil
	}
	field, why, err := f.number(ctx, y.r)
	if err != nil || why != "" {
		return f.tellYes(y, "number-unread"), err
	}
	return f.prove(ctx, y, ByCallBack, field.Field+" "+field.Masked)
}

// prove records a proof, and goes on if it was the last.
func (f *Flow) prove(ctx context.Context, y yes, kind, note string) (flows.Answer, error) {
	r := y.r
	why, err := f.stopped(ctx, r)
	switch {
	case err != nil:
		return flows.Answer{}, err
	case why != "":
		return f.tellYes(y, why), nil
	case r.State != flows.ResetAsked || !slices.Contains(r.Needs, kind):
		return f.tellYes(y, "not-needed"), nil
	case slices.ContainsFunc(r.Proofs, func(p flows.Proof) bool { return p.Kind == kind && stands(r, p) && f.Now().Before(p.Expires) }):
		return f.tellYes(y, "proven"), nil
	}
	r = f.withProof(ctx, y, kind, note)
	if f.proven(r) {
		r.State = flows.ResetProven
	}
	a := flows.Answer{
		Requests: []flows.Request{r}, Posts: append(f.follow(ctx, r, y.c), f.card(r, nil)), Jobs: []flows.Job{lapseOf(r)},
		Audit: []flows.Entry{f.entry(y.who.Identity, "reset.proved", r, kind, "done")},
	}
	return a.And(f.noted(y)), nil
}

// noted tells who proved something that it is noted, and no more.
func (f *Flow) noted(y yes) flows.Answer {
	p := f.yesWords(y)
	return f.answerYes(y, bot.Message{
		Title: p.Say("reset.noted.title"), Status: bot.Good, Body: []bot.Block{flows.Say(p, "reset.noted.body"), never(p)},
	})
}

// proven reports whether all proofs that r needs are there and count.
func (f *Flow) proven(r flows.Request) bool {
	for _, why := range r.Verdict(f.Now()).Missing {
		if why.Key != "approval.approvers" {
			return false
		}
	}
	return true
}

// stopped is why nothing may happen to r at all now; the end of a key, or "".
func (f *Flow) stopped(ctx context.Context, r flows.Request) (string, error) {
	frozen, err := f.Requests.Frozen(ctx)
	switch {
	case err != nil:
		return "", fmt.Errorf("reading whether resets are stopped: %w", err)
	case frozen.On:
		return "frozen", nil
	case r.PolicyVersion != f.version:
		return "policy", nil
	case !f.Now().Before(r.Expires):
		return "expired", nil
	case r.State == flows.ResetFrozen:
		return "signs", nil
	case !r.State.Open():
		return "over", nil
	}
	return "", nil
}

// mayCall is why somebody may not call back for r: the end of a key, or "".
// Not being able to tell is a no.
func (f *Flow) mayCall(ctx context.Context, r flows.Request, who bot.Identity) string {
	switch ok, err := f.Admins.Admin(ctx, who); {
	case err != nil:
		return "unread"
	case !ok:
		return "not-admin"
	case f.Policy.same(who, r.Requester):
		return "own-request"
	case f.Policy.same(who, r.Subject):
		return "own-account"
	case !slices.Contains(r.Needs, ByCallBack):
		return "not-needed"
	case !r.ProverMayApprove && f.approvedBy(r, who):
		return "approver"
	}
	return ""
}

// approvedBy reports whether somebody has approved r's plan.
func (f *Flow) approvedBy(r flows.Request, who bot.Identity) bool {
	return slices.ContainsFunc(r.Decisions, func(d flows.Decision) bool {
		return d.Approve && f.Policy.same(d.By.Identity, who) && d.Digest == r.Digest()
	})
}

// number is the number that is called, masked, or why it proves nothing: there
// is none, or it was changed lately, or nobody can tell.
func (f *Flow) number(ctx context.Context, r flows.Request) (graph.ContactField, string, error) {
	field, err := f.Directory.Contact(ctx, r.Subject.ObjectID, f.Policy.CallField)
	if err != nil && !errors.Is(err, graph.ErrNotFound) {
		return field, "", fmt.Errorf("reading the number: %w", err)
	}
	if field.Masked == "" {
		return field, "no-number", nil
	}
	since := f.Now().Add(-f.Policy.CallUnchanged).Truncate(time.Minute).Add(time.Minute) // the log may reach just as far, and no minute more
	events, err := f.Changes.Changes(ctx, r.Subject.ObjectID, since)
	if err != nil {
		return field, "", fmt.Errorf("reading changes: %w", err)
	}
	if events.Partial || events.Since.After(since) {
		return field, "number-changed", nil // what the log does not reach is not known, and so not proven
	}
	for _, e := range events.Events {
		if about(e, r.Subject.ObjectID) && moved(e, f.Policy.CallField) {
			return field, "number-changed", nil
		}
	}
	return field, "", nil
}

// call tells an admin whom to call, and how: by the number in the directory,
// and never by one that somebody gave them.
func (f *Flow) call(ctx context.Context, x press) (flows.Answer, error) {
	if why := f.mayCall(ctx, x.r, x.e.From.Identity); why != "" {
		return f.no(x.e, why), nil
	}
	if why, err := f.stopped(ctx, x.r); err != nil || why != "" {
		return f.no(x.e, why), err
	}
	if x.r.State != flows.ResetAsked {
		return f.no(x.e, "not-needed"), nil
	}
	if n, err := f.misread(ctx, x); err != nil || n >= guesses {
		return f.no(x.e, "guessed"), err
	}
	field, why, err := f.number(ctx, x.r)
	var later *graph.Later
	switch {
	case errors.As(err, &later):
		return f.no(x.e, "number-later", bot.Time{At: later.At}), nil
	case err != nil:
		return f.no(x.e, "number-unread"), nil
	case why != "":
		return f.no(x.e, why), nil
	}
	a := f.whisper(x.e, "call", toCaller(f.printer(), x.r, field))
	a.Audit = []flows.Entry{f.entry(x.e.From.Identity, "reset.calling", x.r, x.e.ID, field.Field)}
	if x.r.As == flows.AsAdmin {
		return a, nil // who has them on the phone tells them their half; see half
	}
	for _, to := range f.reach(ctx, x.r.Subject) {
		a.Posts = append(a.Posts, bot.Post{To: to.in, Key: postOf(x.r, "half/"+to.in.Platform), Message: toCalled(f.Words(to.who.Locale), x.r)})
	}
	return a, nil
}

// guesses is how many wrong codes somebody may give.
const guesses = 3

// misread is how many wrong codes were given since r was asked, by who presses.
func (f *Flow) misread(ctx context.Context, x press) (int, error) {
	l := guessing(x)
	return f.Ledger.Count(ctx, l.By, l.Verb, l.Since)
}

// guessing is how often who presses may be wrong. A right code counts by it too, so
// that nobody tries many in one instant.
func guessing(x press) flows.Limit {
	return flows.Limit{By: x.e.From.Identity, Verb: "reset.misread", Since: x.r.Asked, Most: guesses}
}

// half shows a subject their half of the code, or the admin who has them on the
// phone, who tells it to them. It is a press, since a secret is told to nobody
// who did not just ask for it.
func (f *Flow) half(_ context.Context, x press) (flows.Answer, error) {
	if !hasHalf(x.r, x.e.From.Identity) {
		return f.no(x.e, "not-yours"), nil
	}
	if x.r.State != flows.ResetAsked {
		return f.no(x.e, "over"), nil
	}
	m := yourHalf(f.theirs(x.e), x.r)
	if x.e.From.Key() != x.r.Subject.Key() {
		m = theirHalf(f.theirs(x.e), x.r)
	}
	a := f.whisper(x.e, "half", m)
	a.Audit = []flows.Entry{f.entry(x.e.From.Identity, "reset.half", x.r, x.e.ID, "shown")}
	return a, nil
}

// hasHalf reports whether somebody may know the subject's half: the subject, and
// who speaks to them while asking for them. Neither can be who calls back.
func hasHalf(r flows.Request, who bot.Identity) bool {
	return who.Known() && (who.Key() == r.Subject.Key() || r.As == flows.AsAdmin && who.Key() == r.Requester.Key())
}

// read takes what an admin heard on the phone. Only if it is the subject's half
// is there a link to say so by.
func (f *Flow) read(ctx context.Context, x press) (flows.Answer, error) {
	if why := f.mayCall(ctx, x.r, x.e.From.Identity); why != "" {
		return f.no(x.e, why), nil
	}
	why, err := f.stopped(ctx, x.r)
	if err != nil || why != "" {
		return f.no(x.e, why), err
	}
	if x.r.State != flows.ResetAsked {
		return f.no(x.e, "not-needed"), nil
	}
	n, err := f.misread(ctx, x)
	if err != nil || n >= guesses {
		return f.no(x.e, "guessed"), err
	}
	if !same(heard(x.fields["half"]), f.Codes.half(subjectHalf, x.r)) {
		a := f.no(x.e, "misread", bot.Plain(fmt.Sprint(guesses-n-1)))
		a.Audit = []flows.Entry{f.entry(x.e.From.Identity, "reset.misread", x.r, x.e.ID, "wrong")}
		a.Limits = []flows.Limit{guessing(x)}
		return a, nil
	}
	a := f.leadToPage(x, "reset.call", "reset.link.call")
	a.Limits = []flows.Limit{guessing(x)}
	return a, nil
}

// leadToPage whispers where to sign in and agree.
func (f *Flow) leadToPage(x press, verb, key string) flows.Answer {
	l := f.link(verb, x.r, x.e.From, x.e.In)
	a := f.whisper(x.e, "link", toPage(f.theirs(x.e), x.r, key, f.Page(l.Token), l.Until))
	a.Posts[0].Key = linkPost(l)
	a.Links = []flows.Link{l}
	a.Audit = []flows.Entry{f.entry(x.e.From.Identity, verb+"-link", x.r, x.e.ID, "made")}
	return a
}

// factor leads the subject to where they prove who they are by a method that
// they still have. One whose request is frozen is led there too.
func (f *Flow) factor(ctx context.Context, x press) (flows.Answer, error) {
	if x.e.From.Key() == "" || x.e.From.Key() != x.r.Subject.Key() {
		return f.no(x.e, "not-yours"), nil
	}
	why, err := f.stopped(ctx, x.r)
	if err != nil || why != "" && why != "signs" {
		return f.no(x.e, why), err
	}
	if x.r.Why != "" && x.r.State == flows.ResetFrozen {
		return f.no(x.e, "over"), nil
	}
	if f.seeming(x.r).State != flows.ResetAsked || !slices.Contains(x.r.Needs, flows.OtherFactor) {
		return f.no(x.e, "not-needed"), nil
	}
	return f.leadToPage(x, "reset.factor", "reset.link.factor"), nil
}
