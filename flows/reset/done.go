package reset

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

// latest is what came of each of r's effects last, in their order. One that was
// asked for again has another key and the same change.
func latest(r flows.Request, outcomes []flows.Outcome) (all []flows.Outcome) {
	round := fmt.Sprintf("%s/%d/", r.Key, r.Round)
	for _, e := range r.Effects {
		o := flows.Outcome{Effect: e, State: flows.EffectWanted}
		for _, x := range outcomes {
			if x.Change == e.Change && strings.HasPrefix(x.Key, round) {
				o = x
			}
		}
		all = append(all, o)
	}
	return all
}

// again is the key of one more try of an effect.
func again(key string, outcomes []flows.Outcome) string {
	base, _, _ := strings.Cut(key, "~")
	n := 1
	for _, o := range outcomes {
		if b, _, _ := strings.Cut(o.Key, "~"); b == base {
			n++
		}
	}
	return fmt.Sprintf("%s~%d", base, n)
}

// done hears what came of an effect. It may hear it late, twice, or of several
// at once, so it goes by all that is on record.
func (f *Flow) done(ctx context.Context, r flows.Request, c flows.Case) (flows.Answer, error) {
	outcomes, err := f.Requests.Outcomes(ctx, r.Key)
	if err != nil {
		return flows.Answer{}, fmt.Errorf("reading what was done: %w", err)
	}
	switch r.State {
	case flows.ResetExecuting:
		return f.executing(ctx, r, c, outcomes)
	case flows.ResetExecuted, flows.ResetWatched:
		return f.passDone(ctx, r, c, outcomes)
	default: // a pass may have been made in the moment in which it ended
		a, err := f.takeBack(ctx, r, outcomes)
		a.Posts = append(a.Posts, f.card(r, outcomes))
		return a, err
	}
}

// executing goes on when all but the pass is over.
func (f *Flow) executing(ctx context.Context, r flows.Request, c flows.Case, outcomes []flows.Outcome) (flows.Answer, error) {
	failed := false
	for _, o := range latest(r, outcomes) {
		switch {
		case o.Kind == graph.CreatePass:
		case o.State == flows.EffectDropped:
			return f.dropped(ctx, r, c, o)
		case !o.State.Over():
			return flows.Answer{Posts: []bot.Post{f.card(r, outcomes)}}, nil
		case o.State != flows.EffectDone:
			failed = true
		}
	}
	if e, ok := endOnceMore(r, outcomes); ok {
		return flows.Answer{
			Effects: []flows.Effect{e}, Posts: []bot.Post{f.card(r, outcomes)},
			Audit: []flows.Entry{f.entry(bot.Identity{}, "reset.sessions-again", r, e.Key, "done")},
		}, nil
	}
	switch {
	case brings(r.Plan, graph.CreatePass):
		r.State, r.Changed = flows.ResetExecuted, f.Now()
		return f.offerPass(ctx, r, c, outcomes)
	case failed:
		r.State, r.Changed = flows.ResetExecuted, f.Now()
		return flows.Answer{
			Requests: []flows.Request{r},
			Posts:    append(f.follow(ctx, r, c), f.card(r, outcomes), f.line(r, bot.Problem, "reset.line.failed")),
			Audit:    []flows.Entry{f.entry(bot.Identity{}, "reset.executed", r, "", "failed")},
		}, nil
	}
	return f.finished(ctx, r, c, outcomes)
}

// endOnceMore ends sessions again if a method went after they were ended: whoever
// has it could sign in with it once more until then.
func endOnceMore(r flows.Request, outcomes []flows.Outcome) (e flows.Effect, ok bool) {
	var ended, went time.Time
	for _, o := range latest(r, outcomes) {
		switch {
		case o.State != flows.EffectDone:
		case o.Kind == graph.RevokeSessions:
			e, ended = o.Effect, o.At
		case o.Kind == graph.DeleteMethod && o.At.After(went):
			went = o.At
		}
	}
	if ended.IsZero() || !went.After(ended) {
		return e, false
	}
	e.Key = again(e.Key, outcomes)
	return e, true
}

// dropped goes on after an effect was not allowed any more: it is too late, or
// everything is looked at again, and what was said is void.
func (f *Flow) dropped(ctx context.Context, r flows.Request, c flows.Case, o flows.Outcome) (flows.Answer, error) {
	if o.Reason == "approval.expired" || !f.Now().Before(r.Expires) { // there is nobody any more who would end it
		return f.end(ctx, r, c, flows.ResetExpired, "reset.why.expired", bot.Identity{})
	}
	return f.sendBack(ctx, r, c, o.Reason)
}

// changed reports whether something was changed, or may have been: nobody is told
// that nothing was. What only took back a pass of ours does not count.
func changed(outcomes []flows.Outcome) bool {
	return slices.ContainsFunc(outcomes, func(o flows.Outcome) bool {
		return !o.Harmless() && o.Kind != graph.DeletePass && (o.State == flows.EffectDone || o.State == flows.EffectUnknown || o.State == flows.EffectRunning)
	})
}

// sendBack has r looked at, planned, proven and approved anew.
func (f *Flow) sendBack(ctx context.Context, r flows.Request, c flows.Case, why string) (flows.Answer, error) {
	outcomes, err := f.Requests.Outcomes(ctx, r.Key)
	if err != nil {
		return flows.Answer{}, fmt.Errorf("reading what was done: %w", err)
	}
	r.State, r.Changed, r.Begun = flows.ResetChecking, f.Now(), changed(outcomes)
	key := why
	if !strings.HasPrefix(why, "reset.leave.") {
		key = "reset.leave.verdict"
	}
	return flows.Answer{
		Requests: []flows.Request{r},
		Posts:    append(f.follow(ctx, r, c), f.card(r, outcomes), f.line(r, bot.Problem, "reset.line.sent-back", bot.Plain(f.printer().Say(key)))),
		Jobs:     []flows.Job{jobOf(r, "check", f.Now())},
		Audit:    []flows.Entry{f.entry(bot.Identity{}, "reset.sent-back", r, "", why)},
	}, nil
}

// retry tries once more what did not happen. What was approved is still
// approved, if it is in time; Leave asks for it again.
func (f *Flow) retry(ctx context.Context, x press) (flows.Answer, error) {
	r := x.r
	if ok, err := f.Admins.Admin(ctx, x.e.From.Identity); err != nil || !ok {
		return f.no(x.e, "not-admin"), err
	}
	if why, err := f.stopped(ctx, r); err != nil || why != "" {
		return f.no(x.e, why), err
	}
	outcomes, err := f.Requests.Outcomes(ctx, r.Key)
	if err != nil {
		return flows.Answer{}, fmt.Errorf("reading what was done: %w", err)
	}
	var more []flows.Effect
	for _, o := range latest(r, outcomes) {
		if o.Kind != graph.CreatePass && (o.State == flows.EffectFailed || o.State == flows.EffectUnknown) {
			e := o.Effect
			e.Key = again(e.Key, outcomes)
			more = append(more, e)
		}
	}
	if r.State != flows.ResetExecuted || len(more) == 0 {
		return f.no(x.e, "nothing-failed"), nil
	}
	r.State, r.Changed = flows.ResetExecuting, f.Now()
	return flows.Answer{
		Requests: []flows.Request{r}, Effects: more, Posts: append(f.follow(ctx, r, x.c), f.card(r, outcomes)),
		Jobs:  []flows.Job{jobOf(r, "done", f.Now().Add(time.Minute))},
		Audit: []flows.Entry{f.entry(x.e.From.Identity, "reset.retried", r, "", "done")},
	}, nil
}

// finished tells everybody that it is done, and begins to watch.
func (f *Flow) finished(ctx context.Context, r flows.Request, c flows.Case, outcomes []flows.Outcome) (flows.Answer, error) {
	r.State, r.Changed, r.Begun = flows.ResetWatched, f.Now(), true
	a := flows.Answer{
		Requests: []flows.Request{r}, Posts: []bot.Post{f.card(r, outcomes)},
		Jobs:  append(over(r), jobOf(r, "watch", f.Now().Add(5*time.Minute))),
		Audit: []flows.Entry{f.entry(bot.Identity{}, "reset.executed", r, "", "done")},
	}
	if r.As == flows.AsSubject {
		a.Posts = append(a.Posts, bot.Post{To: c.In, Key: c.Post("reply"), Message: told(f.Words(r.Asking.Locale), r, "done", outcomes)})
	}
	a.Posts = append(append(a.Posts, f.managerSees(ctx, r)...), f.passOver(r)...)
	return a.And(f.tellSubject(ctx, r, c, "done", outcomes)), nil
}

// unfetched ends what was carried out, and whose pass nobody fetched in time.
// If nothing strong is left, the account has only its password: the admins hear
// that loudly.
func (f *Flow) unfetched(ctx context.Context, r flows.Request, c flows.Case) (flows.Answer, error) {
	outcomes, err := f.Requests.Outcomes(ctx, r.Key)
	if err != nil {
		return flows.Answer{}, fmt.Errorf("reading what was done: %w", err)
	}
	if !brings(r.Plan, graph.CreatePass) {
		return f.finished(ctx, r, c, outcomes)
	}
	a, err := f.end(ctx, r, c, flows.ResetExpired, "reset.why.unfetched", bot.Identity{})
	r.State, r.Why = flows.ResetExpired, "reset.why.unfetched"
	a.Posts = append(append(a.Posts, f.passOver(r)...), f.line(r, bot.Problem, "reset.line.unfetched", bot.Strong(r.Account.Name)))
	return a, err
}
