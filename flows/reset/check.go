package reset

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

// check looks at the account, and makes of r what it can be: refused, frozen,
// or asked, with a plan. It is done again whenever the account turned out to be
// another than the plan was made for; all that was said is then void, for the
// new plan has another digest.
func (f *Flow) check(ctx context.Context, r flows.Request, c flows.Case) (flows.Answer, error) {
	if r.State == flows.ResetFrozen {
		return f.checkFrozen(ctx, r, c)
	}
	if r.State != flows.ResetChecking {
		return flows.Answer{}, nil // it has moved on
	}
	a, err := f.account(ctx, r.Subject)
	if errors.Is(err, errNobody) {
		return f.refuse(ctx, r, c, "unknown"), nil
	}
	if err != nil {
		return f.wait(r, c, err), nil
	}
	if why := a.refusal(); why != "" {
		return f.refuse(ctx, r, c, why), nil
	}
	signs, err := f.signs(ctx, r, c)
	if err != nil {
		return f.wait(r, c, err), nil
	}
	if some := candidates(r.Want, a.methods); r.As == flows.AsSubject && len(some) > 1 && (r.Want == wantGone || r.Want == wantNew) {
		r.Account.Methods = some
		if len(signs) > 0 {
			return f.stopAsking(ctx, r, c, signs, a.user), nil
		}
		return f.askWhich(r, c), nil
	}
	if moreThanLeast(r.Want, a.methods) && r.Reason == "" {
		return f.refuse(ctx, r, c, "no-reason"), nil
	}
	r, why, err := f.plan(ctx, r, a)
	switch {
	case err != nil:
		return f.wait(r, c, err), nil
	case len(signs) > 0:
		return f.stopOn(ctx, r, c, signs, why), nil
	case why != "":
		return f.refuse(ctx, r, c, why), nil
	}
	return f.planned(ctx, r, c)
}

// wait comes back to a check that cannot be made yet. Nothing goes on
// meanwhile. Who waits is told if Microsoft is down; that others spent
// what it answers at a time is over in seconds.
func (f *Flow) wait(r flows.Request, c flows.Case, why error) flows.Answer {
	at, quiet := f.again(why)
	a := flows.Answer{Jobs: []flows.Job{jobOf(r, "check", at)}}
	if quiet {
		return a
	}
	p := f.printer()
	a.Posts = append(a.Posts, f.inThread(r, "card", bot.Message{
		Title: p.Say("reset.unread.title", nameOr(p, r.Account.Name)), Status: bot.Waiting,
		Body: []bot.Block{flows.Say(p, "reset.unread.body", bot.Code(briefly(why)), bot.Time{At: at}), reference(p, r)},
	}))
	if r.As == flows.AsSubject {
		a.Posts = append(a.Posts, bot.Post{To: c.In, Key: c.Post("reply"), Message: unread(f.Words(r.Asking.Locale), c, r, at)})
	}
	return a
}

// again is when to look once more after an error, and whether nobody needs to
// hear of it.
func (f *Flow) again(why error) (at time.Time, quiet bool) {
	now := f.Now()
	at = now.Add(time.Minute)
	later, wait := errors.AsType[*graph.Later](why)
	failed, _ := errors.AsType[*graph.Error](why)
	switch {
	case wait:
		at, quiet = later.At, later.Why == graph.Budget
	case errors.Is(why, graph.ErrThrottled) && failed != nil && failed.After > 0:
		at, quiet = now.Add(failed.After), failed.After < time.Minute
	case lasting(why):
		at = now.Add(10 * time.Minute)
	}
	if soonest := now.Add(time.Second); at.Before(soonest) {
		at = soonest
	}
	return at, quiet
}

// lasting reports whether asking again soon will not help: somebody has to give
// a permission first.
func lasting(err error) bool {
	return slices.ContainsFunc([]error{graph.ErrForbidden, graph.ErrNoLicence, graph.ErrCredential, graph.ErrRejected}, func(e error) bool { return errors.Is(err, e) })
}

// briefly is what of an error an admin can use: its kind, and the permission
// that is missing.
func briefly(err error) string {
	var e *graph.Error
	var later *graph.Later
	switch {
	case errors.As(err, &e) && e.Permission != "":
		return e.Op + ": " + e.Reason.Error() + " " + e.Permission
	case errors.As(err, &e):
		return e.Op + ": " + e.Reason.Error()
	case errors.As(err, &later):
		return string(later.Why)
	}
	return graph.ErrUnavailable.Error()
}

// refuse ends r for a reason that nobody here can change. The admins read what
// to do instead, and where.
func (f *Flow) refuse(ctx context.Context, r flows.Request, c flows.Case, why string) flows.Answer {
	r = f.named(ctx, f.named(ctx, r, r.Subject), r.Requester)
	r.Account.Name = nameOr(f.printer(), r.Account.Names[r.Subject.Key()])
	r.State, r.Why, r.Changed = flows.ResetDenied, "reset.why."+why, f.Now()
	a := flows.Answer{
		Requests: []flows.Request{r}, Posts: []bot.Post{f.card(r, nil)}, Jobs: over(r),
		Audit: []flows.Entry{f.entry(bot.Identity{}, "reset.refused", r, "", why)},
	}
	if r.As == flows.AsSubject {
		a.Posts = append(a.Posts, bot.Post{To: c.In, Key: c.Post("reply"), Message: notHere(f.Words(r.Asking.Locale), c, why)})
	}
	return a
}

// stopOn freezes r. Who asks hears what they would hear otherwise, byte for
// byte and button for button, for they may be who is at work; the admins hear
// the truth. Nobody else is asked anything: a link to a manager would only be
// one more thing to be abused. Why is what would have refused it otherwise.
func (f *Flow) stopOn(ctx context.Context, r flows.Request, c flows.Case, signs []string, why string) flows.Answer {
	r.State, r.Signs, r.Changed = flows.ResetFrozen, signs, f.Now()
	if why != "" {
		r.Why = "reset.why." + why
	}
	a := f.alarmed(r, c)
	if r.Round > 1 { // they were asked about the plan before
		a.Posts = append(a.Posts, f.managerSees(ctx, r)...)
	}
	switch {
	case r.As == flows.AsSubject && why != "":
		a.Posts = append(a.Posts, bot.Post{To: c.In, Key: c.Post("reply"), Message: notHere(f.Words(r.Asking.Locale), c, why)})
	case r.As == flows.AsSubject:
		a.Posts = append(a.Posts, f.toAsker(r, c))
	}
	return a
}

// stopAsking freezes r, of which it is not said yet what of several is gone. Who
// asks is asked just that, as they would be otherwise; see [Flow.checkFrozen].
func (f *Flow) stopAsking(ctx context.Context, r flows.Request, c flows.Case, signs []string, who graph.User) flows.Answer {
	r.State, r.Signs, r.Changed = flows.ResetFrozen, signs, f.Now()
	r = f.named(ctx, f.named(ctx, r, r.Subject), r.Requester)
	r.Account.Name, r.Account.UPN = who.Name, who.UPN
	a := f.alarmed(r, c)
	if r.Round > 0 {
		a.Posts = append(a.Posts, f.managerSees(ctx, r)...)
	}
	a.Posts = append(a.Posts, f.toPick(r, c))
	return a
}

// alarmed records that r is frozen, and shows it to the admins.
func (f *Flow) alarmed(r flows.Request, c flows.Case) flows.Answer {
	a := flows.Answer{
		Requests: []flows.Request{r}, Posts: []bot.Post{f.card(r, nil)},
		Audit: []flows.Entry{f.entry(bot.Identity{}, "reset.frozen", r, "", strings.Join(r.Signs, " "))},
	}
	if !c.Alarm {
		c.Alarm, c.Changed = true, f.Now()
		a.Cases = []flows.Case{c}
		a.Jobs = []flows.Job{{Key: c.Post("open"), At: f.Now(), Verb: "escalate.open", Subject: c.Key}}
	}
	a.Jobs = append(a.Jobs, jobOf(r, "check", time.Time{}))
	return a
}

// checkFrozen goes on for who asks with a request that was frozen before they
// said what is gone: a plan is made and shown to them, and nothing comes of it.
func (f *Flow) checkFrozen(ctx context.Context, r flows.Request, c flows.Case) (flows.Answer, error) {
	if !picking(r) || r.Want == wantGone || r.Want == wantNew {
		return flows.Answer{}, nil
	}
	why := ""
	a, err := f.account(ctx, r.Subject)
	if errors.Is(err, errNobody) {
		why, err = "unknown", nil
	}
	if err == nil && why == "" {
		why = a.refusal()
	}
	if err == nil && why == "" {
		r, why, err = f.plan(ctx, r, a)
	}
	if err != nil {
		out := f.wait(r, c, err)
		out.Posts = slices.DeleteFunc(out.Posts, func(p bot.Post) bool { return p.Key == postOf(r, "card") }) // which says why it is frozen
		return out, nil
	}
	return f.stopOn(ctx, r, c, r.Signs, why), nil
}

// planned asks for r's proofs.
func (f *Flow) planned(ctx context.Context, r flows.Request, c flows.Case) (flows.Answer, error) {
	r.State, r.Why, r.Changed = flows.ResetAsked, "", f.Now()
	r.Proofs, r.Decisions, r.HandOver = nil, nil, flows.HandOver{}
	a := flows.Answer{
		Requests: []flows.Request{r}, Posts: []bot.Post{f.card(r, nil)},
		Jobs:  []flows.Job{jobOf(r, "remind", f.Policy.Hours.next(f.Now().Add(f.Policy.Remind)))},
		Audit: []flows.Entry{f.entry(bot.Identity{}, "reset.planned", r, "", r.Digest())},
	}
	if r.As == flows.AsSubject {
		a.Posts = append(a.Posts, f.toAsker(r, c))
	}
	return a.And(f.tellSubject(ctx, r, c, "asked", nil)).And(f.tellManager(ctx, r)), nil
}

// askWhich asks the one question there is: what of several is gone.
func (f *Flow) askWhich(r flows.Request, c flows.Case) flows.Answer {
	r.Changed = f.Now()
	return flows.Answer{
		Requests: []flows.Request{r}, Posts: []bot.Post{f.toPick(r, c)},
		Audit: []flows.Entry{f.entry(bot.Identity{}, "reset.asked-which", r, "", "done")},
	}
}

// toPick has who asks pick what is gone.
func (f *Flow) toPick(r flows.Request, c flows.Case) bot.Post {
	return bot.Post{To: c.In, Key: c.Post("reply"), Message: whichOne(f.Words(r.Asking.Locale), r)}
}

// picking reports whether it may still be picked what of several is gone. One
// that is frozen looks to who asks as if it might.
func picking(r flows.Request) bool {
	return r.State == flows.ResetChecking || r.State == flows.ResetFrozen && r.Why == "" && !r.Alarm
}

// which goes on with what the subject picked. The ids are the record's, so that
// only what was offered can be picked.
func (f *Flow) which(_ context.Context, x press) (flows.Answer, error) {
	r := x.r
	if x.e.From.Key() != r.Subject.Key() || !picking(r) {
		return f.no(x.e, "not-yours"), nil
	}
	var ids []string
	for _, m := range r.Account.Methods {
		if x.rest == m.ID || x.rest == "all" {
			ids = append(ids, m.ID)
		}
	}
	if len(ids) == 0 {
		return f.no(x.e, "want"), nil
	}
	if newPhone(r.Want) {
		ids = append(ids, wantNew) // no method has this id
	}
	r.Want, r.Changed = wantMethods+strings.Join(ids, ","), f.Now()
	return flows.Answer{
		Requests: []flows.Request{r},
		Posts:    []bot.Post{{To: x.c.In, Key: x.c.Post("reply"), Message: checking(f.Words(r.Asking.Locale), x.c)}},
		Jobs:     []flows.Job{jobOf(r, "check", f.Now())},
		Audit:    []flows.Entry{f.entry(x.e.From.Identity, "reset.picked", r, x.rest, "done")},
	}, nil
}

// over calls off what waits for r.
func over(r flows.Request) []flows.Job {
	return []flows.Job{jobOf(r, "check", time.Time{}), jobOf(r, "expire", time.Time{}), jobOf(r, "remind", time.Time{}), jobOf(r, "lapse", time.Time{})}
}
