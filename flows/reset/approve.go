package reset

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"mfahelp/bot"
	"mfahelp/flows"
)

// mayApprove is why somebody may not approve r, now: the end of a key, or "".
// The directory is asked each time.
func (f *Flow) mayApprove(ctx context.Context, r flows.Request, who bot.Identity) (string, error) {
	if why, err := f.stopped(ctx, r); err != nil || why != "" {
		return why, err
	}
	switch {
	case !who.Known():
		return "not-entitled", nil
	case f.Policy.same(who, r.Subject):
		return "own-account", nil
	case f.Policy.same(who, r.Requester):
		return "own-request", nil
	case !r.ProverMayApprove && slices.ContainsFunc(r.Proofs, func(p flows.Proof) bool { return f.Policy.same(p.By.Identity, who) }):
		return "prover", nil
	}
	ok, err := f.entitled(ctx, r.Plan, who)
	switch {
	case err != nil:
		return "", err
	case !ok:
		return "not-entitled", nil
	case r.State == flows.ResetExecuting || r.State == flows.ResetExecuted || r.State == flows.ResetWatched:
		return "approved", nil
	case r.State != flows.ResetProven || !f.proven(r):
		return "unproven", nil
	case f.approvedBy(r, who):
		return "said-yes", nil
	}
	return "", nil
}

// approve only opens a confirmation, made from the record at this moment: what
// the card said, and whether it was altered, does not matter.
func (f *Flow) approve(ctx context.Context, x press) (flows.Answer, error) {
	why, err := f.mayApprove(ctx, x.r, x.e.From.Identity)
	if err != nil || why != "" {
		return f.denied(x.e, x.r, why), err
	}
	return f.leadToPage(x, "reset.approve", "reset.link.approve"), nil
}

// denied is no, but tells who is late how it stands.
func (f *Flow) denied(e bot.Event, r flows.Request, why string) flows.Answer {
	if !late(why) {
		return f.no(e, why)
	}
	return f.whisper(e, "no", lateFor(f.theirs(e), r, why))
}

// late reports whether who decides is only too late, and wants to know who was
// first.
func late(why string) bool { return why == "approved" || why == "over" || why == "said-yes" }

// approved is an approver's yes. With the last that it takes, r's effects begin.
func (f *Flow) approved(ctx context.Context, y yes) (flows.Answer, error) {
	r := y.r
	why, err := f.mayApprove(ctx, r, y.who.Identity)
	if err != nil {
		return flows.Answer{}, err
	}
	if late(why) {
		return f.answerYes(y, lateFor(f.yesWords(y), r, why)), nil
	}
	if why != "" {
		return f.tellYes(y, why), nil
	}
	r = f.named(ctx, r, y.who.Identity)
	r.Decisions = append(slices.Clone(r.Decisions), flows.Decision{
		Approval: r.Key, Digest: y.s.Digest, By: y.who, Eligible: true, Approve: true, SignedIn: y.s.At, At: y.e.At,
	})
	r.Changed = f.Now()
	a := flows.Answer{Audit: []flows.Entry{f.entry(y.who.Identity, "reset.approved", r, y.who.Key(), r.Digest())}}
	if r.Verdict(f.Now()).Approved {
		r.State = flows.ResetExecuting
		a.Effects = slices.Clone(r.Effects)
		a.Jobs = []flows.Job{jobOf(r, "done", f.Now())}
	}
	a.Requests = []flows.Request{r}
	a.Posts = append(f.follow(ctx, r, y.c), f.card(r, nil))
	p := f.yesWords(y)
	return a.And(f.answerYes(y, bot.Message{
		Title: p.Say("reset.approved.title"), Status: bot.Good, Body: []bot.Block{flows.Say(p, "reset.approved.body", bot.Strong(r.Account.Name)), never(p)},
	})), nil
}

// deny ends r. It takes no sign-in, and nobody's chat session that is stolen
// does more by it than to stop something; but strangers end nothing.
func (f *Flow) deny(ctx context.Context, x press) (flows.Answer, error) {
	r, who := x.r, x.e.From.Identity
	reason := clip(x.fields["reason"], 500)
	ok, err := f.entitled(ctx, r.Plan, who)
	if err == nil && !ok {
		ok, err = f.Admins.Admin(ctx, who)
	}
	switch {
	case err != nil:
		return flows.Answer{}, err
	case !ok:
		return f.no(x.e, "not-entitled"), nil
	case reason == "":
		return f.no(x.e, "no-reason"), nil
	case r.State == flows.ResetFrozen || !r.State.Open():
		return f.whisper(x.e, "no", lateFor(f.theirs(x.e), r, "over")), nil
	case !r.State.Undecided():
		return f.whisper(x.e, "no", lateFor(f.theirs(x.e), r, "approved")), nil
	}
	r = f.named(ctx, r, who)
	r.Decisions = append(slices.Clone(r.Decisions), flows.Decision{
		Approval: r.Key, Digest: r.Digest(), By: x.e.From, Eligible: true, At: f.Now(), Reason: reason,
	})
	return f.end(ctx, r, x.c, flows.ResetDenied, "reset.why.denied", who)
}

// stop is a no by who has a part in it: the subject, who asked, or the manager.
func (f *Flow) stop(ctx context.Context, x press) (flows.Answer, error) {
	r, who := x.r, x.e.From.Identity
	if who.Key() == "" || who.Key() != r.Subject.Key() && who.Key() != r.Requester.Key() && who.Key() != r.Account.Manager.Key() {
		return f.no(x.e, "not-yours"), nil
	}
	switch r.State {
	case flows.ResetChecking, flows.ResetAsked, flows.ResetProven:
	case flows.ResetFrozen:
		return f.stopFrozen(ctx, x)
	case flows.ResetExecuting, flows.ResetExecuted, flows.ResetWatched:
		if who.Key() == r.Subject.Key() {
			return f.notMe(ctx, x)
		}
		return f.no(x.e, "begun"), nil
	default:
		return f.no(x.e, "over"), nil
	}
	r = f.named(ctx, r, who)
	r.Decisions = append(slices.Clone(r.Decisions), flows.Decision{Approval: r.Key, Digest: r.Digest(), By: x.e.From, At: f.Now()})
	return f.end(ctx, r, x.c, flows.ResetWithdrawn, "reset.why.withdrawn", who)
}

// stopFrozen answers as [Flow.stop] does, of a request that is frozen already.
func (f *Flow) stopFrozen(ctx context.Context, x press) (flows.Answer, error) {
	r := x.r
	if r.Why != "" {
		return f.no(x.e, "over"), nil
	}
	outcomes, err := f.Requests.Outcomes(ctx, r.Key)
	if err != nil {
		return flows.Answer{}, fmt.Errorf("reading what was done: %w", err)
	}
	r.Why, r.Changed = "reset.why.withdrawn", f.Now()
	a := flows.Answer{
		Requests: []flows.Request{r}, Jobs: over(r),
		Posts: []bot.Post{f.line(r, bot.Info, "reset.line.says-stop", f.both(ctx, x.e.From))},
		Audit: []flows.Entry{f.entry(x.e.From.Identity, "reset.stopped", r, "", "frozen")},
	}
	if r.As == flows.AsSubject {
		a.Posts = append(a.Posts, bot.Post{To: x.c.In, Key: x.c.Post("reply"), Message: ended(f.Words(r.Asking.Locale), r, "withdrawn", outcomes)})
	}
	return a, nil
}

// end ends r before all of it was done, and tells all who were told of it. Most
// often nothing was done; but it may have been sent back, or have run out, half
// way, and then they read what was done and what was not.
func (f *Flow) end(ctx context.Context, r flows.Request, c flows.Case, state flows.RequestState, why string, by bot.Identity) (flows.Answer, error) {
	outcomes, err := f.Requests.Outcomes(ctx, r.Key)
	if err != nil {
		return flows.Answer{}, fmt.Errorf("reading what was done: %w", err)
	}
	r.State, r.Why, r.Changed, r.Begun = state, why, f.Now(), changed(outcomes)
	a := flows.Answer{
		Requests: []flows.Request{r}, Posts: []bot.Post{f.card(r, outcomes)}, Jobs: over(r),
		Audit: []flows.Entry{f.entry(by, "reset.ended", r, "", string(state))},
	}
	if r.Begun && why != "reset.why.unfetched" { // that one has a line of its own
		a.Posts = append(a.Posts, f.line(r, bot.Problem, "reset.line.half-way", bot.Strong(r.Account.Name)))
	}
	what := strings.TrimPrefix(why, "reset.why.")
	if r.As == flows.AsSubject {
		a.Posts = append(a.Posts, bot.Post{To: c.In, Key: c.Post("reply"), Message: ended(f.Words(r.Asking.Locale), r, what, outcomes)})
	}
	if r.Round == 0 {
		return a, nil // nobody else was told
	}
	told := f.tellSubject(ctx, r, c, what, outcomes)
	a.Posts = append(a.Posts, f.managerSees(ctx, r)...)
	return a.And(told), nil
}

// expire ends what nobody decided in time. What is frozen ends for who asked as
// anything else does.
func (f *Flow) expire(ctx context.Context, r flows.Request, c flows.Case) (flows.Answer, error) {
	if f.Now().Before(r.Expires) {
		return flows.Answer{Jobs: []flows.Job{jobOf(r, "expire", r.Expires.Add(time.Second))}}, nil // the queue keeps no more than parts of a second, and would come back at once
	}
	switch r.State {
	case flows.ResetFrozen:
		if r.Why != "" || r.As != flows.AsSubject {
			return flows.Answer{}, nil
		}
		outcomes, err := f.Requests.Outcomes(ctx, r.Key)
		if err != nil {
			return flows.Answer{}, fmt.Errorf("reading what was done: %w", err)
		}
		r.Why, r.Changed = "reset.why.expired", f.Now()
		return flows.Answer{
			Requests: []flows.Request{r}, Audit: []flows.Entry{f.entry(bot.Identity{}, "reset.ended", r, "", "frozen")},
			Posts: []bot.Post{{To: c.In, Key: c.Post("reply"), Message: ended(f.Words(r.Asking.Locale), r, "expired", outcomes)}},
		}, nil
	case flows.ResetChecking, flows.ResetAsked, flows.ResetProven:
		return f.end(ctx, r, c, flows.ResetExpired, "reset.why.expired", bot.Identity{})
	case flows.ResetExecuted:
		return f.unfetched(ctx, r, c)
	default:
		return flows.Answer{}, nil
	}
}

// remind calls the admins once more while somebody is there, and sounds the
// alarm over what began and did not end.
func (f *Flow) remind(_ context.Context, r flows.Request, _ flows.Case) (flows.Answer, error) {
	now := f.Now()
	next := f.Policy.Hours.next(now.Add(f.Policy.Remind))
	again := flows.Answer{}
	if next.Before(r.Expires) {
		again.Jobs = []flows.Job{jobOf(r, "remind", next)}
	}
	switch r.State {
	case flows.ResetAsked, flows.ResetProven, flows.ResetExecuted, flows.ResetExecuting:
		key := "reset.line.remind." + string(r.State)
		again.Posts = []bot.Post{f.lineAt(r, now, bot.Waiting, key, bot.Time{At: r.Expires})}
		return again, nil
	case flows.ResetChecking:
		return again, nil
	default:
		return flows.Answer{}, nil
	}
}

// lineAt is a line that may be said more than once while r stays as it is.
func (f *Flow) lineAt(r flows.Request, at time.Time, status bot.Status, key string, gaps ...bot.Span) bot.Post {
	p := f.line(r, status, key, gaps...)
	p.Key += "/" + fmt.Sprint(at.Unix())
	return p
}
