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

// An ask is what somebody wants for somebody.
type ask struct {
	c      flows.Case // about it; for a new one, as it will be
	as     flows.Asker
	who    bot.Person // who asks
	want   string
	reason string
	e      bot.Event
}

// byPress answers a press in an answer of help's: its requester is the subject.
func (f *Flow) byPress(ctx context.Context, e bot.Event, key, want string) (flows.Answer, error) {
	c, err := f.Cases.Case(ctx, key)
	if errors.Is(err, flows.ErrNoCase) {
		return f.no(e, "gone"), nil
	}
	if err != nil {
		return flows.Answer{}, err
	}
	if !c.Subject.Known() || e.From.Key() != c.Subject.Key() || c.Requester.ID != e.From.ID {
		return f.no(e, "not-yours"), nil
	}
	return f.ask(ctx, ask{c: c, as: flows.AsSubject, who: e.From, want: want, e: e})
}

// byWord answers who wrote the name of the button instead of pressing it, which
// help has seen to. It is what a press is, if the button is still there.
func (f *Flow) byWord(ctx context.Context, j flows.Job, want string) (flows.Answer, error) {
	c, err := f.Cases.Case(ctx, j.Subject)
	if errors.Is(err, flows.ErrNoCase) || err == nil && c.State != flows.Asked && c.State != flows.Answered {
		return flows.Answer{}, nil // it has moved on
	}
	if err != nil {
		return flows.Answer{}, err
	}
	return f.byPress(ctx, bot.Event{ID: fmt.Sprintf("%s/%d", j.Key, j.At.UnixMilli()), From: c.Requester, In: c.In}, j.Subject, want)
}

// byAdmin answers the form in the thread: an admin has somebody on the phone,
// or sees that nothing less will help.
func (f *Flow) byAdmin(ctx context.Context, e bot.Event, key string) (flows.Answer, error) {
	if ok, err := f.Admins.Admin(ctx, e.From.Identity); err != nil || !ok {
		return f.no(e, "not-admin"), err
	}
	c, err := f.Cases.Case(ctx, key)
	if errors.Is(err, flows.ErrNoCase) {
		return f.no(e, "gone"), nil
	}
	if err != nil {
		return flows.Answer{}, err
	}
	fields := e.Did.(bot.Pressed).Fields // the router presses nothing else
	want := fields["want"]
	if !slices.Contains([]string{wantGone, wantNew, wantPass, wantAll}, want) {
		return f.no(e, "want"), nil
	}
	if !c.Subject.Known() {
		return f.no(e, "unknown"), nil
	}
	if f.Policy.same(e.From.Identity, c.Subject) {
		return f.no(e, "own-account"), nil
	}
	return f.ask(ctx, ask{c: c, as: flows.AsAdmin, who: e.From, want: want, reason: clip(fields["reason"], 500), e: e})
}

// command is "reset" and a name, by a colleague or, in the admins' channel, by
// an admin who has somebody on the phone.
func (f *Flow) command(ctx context.Context, e bot.Event, upn string) (flows.Answer, error) {
	as, in := flows.AsColleague, direct(e)
	if f.inChannel(e.In) {
		if ok, err := f.Admins.Admin(ctx, e.From.Identity); err != nil || !ok {
			return f.no(e, "not-admin"), err
		}
		as, in = flows.AsAdmin, f.Channel
	}
	if !e.From.Known() || upn == "" || strings.ContainsAny(upn, " \n") || len(upn) > 256 {
		return f.no(e, "usage", bot.Code("reset ava.chen@contoso.com")), nil
	}
	u, err := f.Directory.User(ctx, strings.ToLower(upn))
	unknown := errors.Is(err, graph.ErrNotFound) || errors.Is(err, graph.ErrRejected)
	if err != nil && !unknown {
		return flows.Answer{}, err
	}
	now := f.Now()
	c := flows.Case{
		Key: flows.NewKey(e.From.Platform + "/" + e.ID), Requester: e.From, In: in, Opened: now, Changed: now, State: flows.WithAdmins, Escalated: now,
	}
	if !unknown {
		c.Subject = bot.Identity{Tenant: f.Tenant, ObjectID: u.ID}
	}
	a := ask{c: c, as: as, who: e.From, want: wantGone, e: e}
	switch {
	case unknown && as == flows.AsAdmin:
		return f.no(e, "unknown"), nil
	case unknown:
		return f.unknown(ctx, a)
	case as == flows.AsAdmin && f.Policy.same(c.Subject, e.From.Identity):
		return f.no(e, "own-account"), nil
	case c.Subject.Key() == e.From.Key():
		a.as = flows.AsSubject
	}
	return f.ask(ctx, a)
}

// unknown answers a colleague who asks for nobody as if it were somebody, and
// counts it, for else the bot would tell who works here. The admins are told.
func (f *Flow) unknown(ctx context.Context, a ask) (flows.Answer, error) {
	why, gaps, _, err := f.inTheWay(ctx, a)
	if err != nil {
		return flows.Answer{}, err
	}
	if why != "" {
		return f.turnAway(ctx, a, why, gaps), nil
	}
	p := f.printer()
	return flows.Answer{
		Cases: []flows.Case{a.c},
		Posts: []bot.Post{
			{To: f.Channel, Key: a.c.Post("admins"), Message: bot.Message{
				Title: p.Say("reset.unknown.title"), Status: bot.Info,
				Body: []bot.Block{flows.Say(p, "reset.unknown.body", f.both(ctx, a.who))},
			}},
			{To: a.c.In, Key: a.c.Post("reply"), Message: sentOn(f.Words(a.who.Locale), a.c, f.later(f.Now()))},
		},
		Audit:  []flows.Entry{{Key: verbAsked + "/" + a.c.Key, At: f.Now(), By: a.who.Identity, Case: a.c.Key, Verb: verbAsked, Object: a.c.Key, Result: "unknown"}},
		Limits: f.limits(a),
	}, nil
}

// ask records a request, unless something stands in its way that is known
// without Graph. What Graph has to say comes after; see check.
func (f *Flow) ask(ctx context.Context, a ask) (flows.Answer, error) {
	now := f.Now()
	why, gaps, n, err := f.inTheWay(ctx, a)
	if err != nil {
		return flows.Answer{}, err
	}
	if why != "" {
		return f.turnAway(ctx, a, why, gaps), nil
	}
	fresh := a.c.State != flows.WithAdmins || a.c.Version == 0
	a.c.State, a.c.Changed, a.c.Outcome = flows.WithAdmins, now, ""
	if a.c.Escalated.IsZero() || fresh {
		a.c.Escalated = now
	}
	r := flows.Request{
		Approval: flows.Approval{
			Key: fmt.Sprintf("reset/%s/%d", a.c.Key, n+1), Expires: now.Add(f.Policy.RequestLife),
			Plan: flows.Plan{Subject: a.c.Subject, Requester: a.who.Identity, Reason: a.reason, PolicyVersion: f.version},
		},
		Case: a.c.Key, State: flows.ResetChecking, Asked: now, Changed: now, As: a.as, Asking: a.who, Want: a.want,
	}
	out := flows.Answer{
		Cases: []flows.Case{a.c}, Requests: []flows.Request{r},
		Jobs:  []flows.Job{jobOf(r, "check", now), jobOf(r, "expire", r.Expires), {Key: a.c.Post("close"), Verb: "help.close"}},
		Audit: []flows.Entry{f.entry(a.who.Identity, verbAsked, r, a.want, string(a.as))}, Limits: f.limits(a),
	}
	if fresh {
		out.Posts = append(out.Posts, bot.Post{To: f.Channel, Key: a.c.Post("admins"), Message: f.root(ctx, a)})
		out.Jobs = append(out.Jobs, f.opens(a))
	}
	return out.And(f.asked(a)), nil
}

// root is what a thread hangs from until the case's own card replaces it.
func (f *Flow) root(ctx context.Context, a ask) bot.Message {
	p := f.printer()
	return bot.Message{Title: p.Say("reset.root.title"), Status: bot.Waiting, Body: []bot.Block{flows.Say(p, "reset.root.body", f.both(ctx, a.who)), never(p)}}
}

// both is somebody by the directory's name beside the one that they chose.
func (f *Flow) both(ctx context.Context, x bot.Person) bot.Span {
	r := f.named(ctx, flows.Request{}, x.Identity)
	return bot.Plain(bot.PlainText(who(f.printer(), r, x)))
}

// opens is the job that shows the case to the admins. One that was opened here
// has not been looked up yet.
func (f *Flow) opens(a ask) flows.Job {
	verb := "escalate.open"
	if a.c.Version == 0 {
		verb = "escalate.look"
	}
	return flows.Job{Key: a.c.Post("open"), At: f.Now(), Verb: verb, Subject: a.c.Key}
}

// asked is what who asks hears at once.
func (f *Flow) asked(a ask) flows.Answer {
	switch a.as {
	case flows.AsSubject:
		return flows.Answer{Posts: []bot.Post{{To: a.c.In, Key: a.c.Post("reply"), Message: checking(f.Words(a.who.Locale), a.c)}}}
	case flows.AsColleague:
		return flows.Answer{Posts: []bot.Post{{To: a.c.In, Key: a.c.Post("reply"), Message: sentOn(f.Words(a.who.Locale), a.c, f.later(f.Now()))}}}
	case flows.AsAdmin:
	}
	p := f.printer()
	return f.whisper(a.e, "asked", bot.Message{Title: p.Say("reset.planning.title"), Status: bot.Waiting, Body: []bot.Block{flows.Say(p, "reset.planning.body"), never(p)}})
}

// inTheWay is what forbids to ask now, with what is known here. It also counts
// the requests of the case.
func (f *Flow) inTheWay(ctx context.Context, a ask) (why string, gaps []bot.Span, n int, err error) {
	now := f.Now()
	frozen, err := f.Requests.Frozen(ctx)
	if err != nil {
		return "", nil, 0, fmt.Errorf("reading whether resets are stopped: %w", err)
	}
	lately, err := f.Requests.About(ctx, a.c.Subject, now.Add(-max(f.Policy.CoolDown+f.Policy.RequestLife, 90*day)))
	if err != nil {
		return "", nil, 0, fmt.Errorf("reading earlier requests: %w", err)
	}
	full, err := f.full(ctx, a)
	if err != nil {
		return "", nil, 0, fmt.Errorf("counting requests: %w", err)
	}
	for _, r := range lately {
		if r.Case == a.c.Key {
			n++
		}
	}
	switch cool := f.coolUntil(lately); {
	case frozen.On:
		return "frozen", nil, n, nil
	case len(f.Policy.Proofs[a.as]) == 0:
		return "asker", nil, n, nil
	case full == "too-many":
		return full, []bot.Span{bot.Plain(fmt.Sprint(f.Policy.PerRequester))}, n, nil
	case full != "":
		return full, nil, n, nil
	case slices.ContainsFunc(lately, func(r flows.Request) bool { return r.Waits(now) }):
		return "open", nil, n, nil
	case now.Before(cool):
		return "cool-down", []bot.Span{bot.Time{At: cool}}, n, nil
	}
	return "", nil, n, nil
}

// verbAsked is the verb of whoever asks for a reset, and of a colleague who asks in
// vain: that it does not count would tell them why.
const verbAsked = "reset.asked"

// limits are how often a may be asked for: by one person in a day, and by all in an
// hour.
func (f *Flow) limits(a ask) []flows.Limit {
	now := f.Now()
	return []flows.Limit{
		{By: a.who.Identity, Verb: verbAsked, Since: now.Add(-day), Most: f.Policy.PerRequester},
		{Verb: verbAsked, Since: now.Add(-time.Hour), Most: f.Policy.PerHour},
	}
}

// full is which limit is reached: the end of a key, or "".
func (f *Flow) full(ctx context.Context, a ask) (string, error) {
	limits := f.limits(a)
	for i, why := range []string{"too-many", "too-many-all"} {
		n, err := f.Ledger.Count(ctx, limits[i].By, limits[i].Verb, limits[i].Since)
		if err != nil || n >= limits[i].Most {
			return why, err
		}
	}
	return "", nil
}

// coolUntil is until when nobody can ask for one more: a time after the last
// that changed anything.
func (f *Flow) coolUntil(lately []flows.Request) (until time.Time) {
	for _, r := range lately {
		if r.State == flows.ResetWatched || r.State == flows.ResetSettled {
			if at := r.Changed.Add(f.Policy.CoolDown); at.After(until) {
				until = at
			}
		}
	}
	return until
}

// turnAway says why there is no request. A colleague hears of nothing that is
// about the account, and the admins hear of it where somebody may be at work.
func (f *Flow) turnAway(ctx context.Context, a ask, why string, gaps []bot.Span) flows.Answer {
	p := f.printer()
	private := why == "open" || why == "cool-down"
	verb := "reset.refused"
	var limits []flows.Limit
	if a.as == flows.AsColleague && private {
		verb, limits = verbAsked, f.limits(a)
	}
	out := flows.Answer{Audit: []flows.Entry{{
		Key: verb + "/" + a.e.ID + "/" + a.c.Key, At: f.Now(), By: a.who.Identity, Case: a.c.Key, Verb: verb, Object: a.c.Key, Result: why,
	}}, Limits: limits}
	if a.as == flows.AsColleague && private {
		out.Posts = append(out.Posts, bot.Post{To: a.c.In, Key: a.c.Post("reply"), Message: sentOn(f.Words(a.who.Locale), a.c, f.later(f.Now()))})
	} else {
		out = out.And(f.no(a.e, why, gaps...))
	}
	if f.Channel.Platform != "" && a.as != flows.AsAdmin && (why == "too-many" || why == "too-many-all" || private && a.as == flows.AsColleague) {
		out.Posts = append(out.Posts, bot.Post{
			To: f.Channel, Key: "reset/turned-away/" + why + "/" + a.who.Key() + "/" + f.Now().UTC().Format("2006-01-02T15"),
			Message: bot.Message{
				Title: p.Say("reset.turned-away." + why + ".title"), Status: bot.Problem,
				Body: []bot.Block{flows.Say(p, "reset.turned-away."+why+".body", f.both(ctx, a.who))},
			},
		})
	}
	return out
}

// later is when somebody will be there, if nobody is at a time; zero if
// somebody is.
func (f *Flow) later(at time.Time) absence {
	if f.Policy.Hours.open(at) {
		return absence{}
	}
	return absence{f.Policy.Hours.next(at), f.Policy.Hours.Text}
}

// An absence is that nobody is there to decide.
type absence struct {
	until time.Time
	text  string // what the configuration says about it
}

// direct is where e is answered: never among others.
func direct(e bot.Event) bot.Place {
	if e.In.Audience == bot.Direct {
		return e.In
	}
	return bot.Place{Platform: e.From.Platform, Private: true, Audience: bot.Direct, Reader: e.From.ID}
}

func clip(s string, n int) string {
	if r := []rune(strings.TrimSpace(s)); len(r) > n {
		return string(r[:n]) + "…"
	}
	return strings.TrimSpace(s)
}
