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
	"mfahelp/flows/diagnose"
	"mfahelp/flows/lookup"
	"mfahelp/graph"
)

// notMe is what a subject says who never asked for it. They are believed at
// once: what is left to do is not done, sessions end, a pass that was made is
// deleted, nobody can ask for them for days, and the admins hear the alarm. If
// it is the attacker who says so, all that they get is to be signed out.
func (f *Flow) notMe(ctx context.Context, x press) (flows.Answer, error) {
	r := x.r
	if x.e.From.Key() == "" || x.e.From.Key() != r.Subject.Key() {
		return f.no(x.e, "not-yours"), nil
	}
	if r.Alarm {
		return f.no(x.e, "over"), nil
	}
	begun := r.State == flows.ResetExecuting || r.State == flows.ResetExecuted || r.State == flows.ResetWatched || r.State == flows.ResetSettled || r.Why == "reset.why.unfetched"
	outcomes, err := f.Requests.Outcomes(ctx, r.Key)
	if err != nil {
		return flows.Answer{}, fmt.Errorf("reading what was done: %w", err)
	}
	r.State, r.Alarm, r.Changed, r.Begun = flows.ResetFrozen, true, f.Now(), changed(outcomes)
	r.Signs = append(slices.Clone(r.Signs), signNotMe)
	c := x.c
	c.State, c.Alarm, c.Changed, c.Outcome = flows.WithAdmins, true, f.Now(), ""
	raised := bot.Post{To: x.e.In, Key: postOf(r, "subject/"+x.e.In.Platform), Message: alarmRaised(f.theirs(x.e), begun)}
	if r.As == flows.AsSubject && x.e.In.Platform == c.In.Platform {
		raised.To, raised.Key = c.In, c.Post("reply")
	}
	a := flows.Answer{
		Cases: []flows.Case{c}, Requests: []flows.Request{r},
		Posts: append(f.managerSees(ctx, r), raised, // where they pressed alone: elsewhere it may be who they warn of
			f.card(r, outcomes),
			f.line(r, bot.Problem, "reset.line.not-me", bot.Strong(r.Account.Name)),
		),
		Jobs:  append(over(r), jobOf(r, "watch", time.Time{}), flows.Job{Key: c.Post("open"), At: f.Now(), Verb: "escalate.open", Subject: c.Key}),
		Audit: []flows.Entry{f.entry(x.e.From.Identity, "reset.not-me", r, "", "alarm")},
	}
	if begun {
		a.Effects = []flows.Effect{{
			Key: r.Key + "/not-me", Approval: r.Key, Then: "reset.done",
			Change: graph.Change{Kind: graph.RevokeSessions, User: r.Subject.ObjectID},
		}}
		a.Jobs = append(a.Jobs, jobOf(r, "pass", f.Now()))
		a.Posts = append(a.Posts, f.passOver(r)...)
	}
	return a.And(f.whisper(x.e, "not-me", alarmRaised(f.theirs(x.e), begun))), nil
}

// acted is when the last change of r's was made.
func acted(r flows.Request, outcomes []flows.Outcome) (at time.Time) {
	for _, o := range outcomes {
		if !o.Harmless() && o.State == flows.EffectDone && o.Kind != graph.DeletePass && o.At.After(at) {
			at = o.At
		}
	}
	if at.IsZero() {
		return r.Changed
	}
	return at
}

// An aftermath is what was seen of somebody since their reset.
type aftermath struct {
	strong    graph.SignIn // the first that was; its time is zero for none
	methods   []graph.Method
	countries []string // from which they never came before, as far as the log was read
	failures  int
	alarms    int // fraud reported, and the like
}

// watch looks what came of it: the next strong sign-in settles it, and whatever
// is new is shown to the admins until the time is over.
func (f *Flow) watch(ctx context.Context, r flows.Request, c flows.Case) (flows.Answer, error) {
	if r.State != flows.ResetWatched && r.State != flows.ResetSettled {
		return flows.Answer{}, nil
	}
	outcomes, err := f.Requests.Outcomes(ctx, r.Key)
	if err != nil {
		return flows.Answer{}, fmt.Errorf("reading what was done: %w", err)
	}
	now, since := f.Now(), acted(r, outcomes)
	seen, err := f.seen(ctx, r, since)
	if err != nil {
		return f.watchLater(r, now, err), nil
	}
	a := flows.Answer{}
	was := r
	if keys := seen.keys(); !slices.Equal(keys, r.Seen) {
		r.Seen, r.Changed = keys, now
		a.Posts = append(a.Posts, f.inThread(r, "watch", f.aftermath(r, seen)))
		a.Audit = append(a.Audit, f.entry(bot.Identity{}, "reset.seen", r, "", "done"))
	}
	over := !now.Before(since.Add(f.Policy.Watch))
	switch {
	case r.State == flows.ResetWatched && !seen.strong.At.IsZero() && seen.alarms == 0:
		a = a.And(f.settle(&r, c, outcomes))
	case r.State == flows.ResetWatched && over:
		r.State, r.Why, r.Changed = flows.ResetSettled, "reset.why.unseen", now
		a.Posts = append(a.Posts, f.card(r, outcomes), f.line(r, bot.Problem, "reset.line.unseen"))
		a.Audit = append(a.Audit, f.entry(bot.Identity{}, "reset.settled", r, "", "unseen"))
	}
	if r.State != was.State || !slices.Equal(r.Seen, was.Seen) {
		a.Requests = []flows.Request{r}
	}
	if !over {
		wait := min(max(now.Sub(since)/4, 5*time.Minute), time.Hour)
		a.Jobs = append(a.Jobs, jobOf(r, "watch", now.Add(wait)))
	}
	return a, nil
}

// watchLater comes back when the log can be read.
func (f *Flow) watchLater(r flows.Request, now time.Time, why error) flows.Answer {
	at := now.Add(15 * time.Minute)
	var later *graph.Later
	if errors.As(why, &later) && later.At.After(now) {
		at = later.At
	}
	return flows.Answer{Jobs: []flows.Job{jobOf(r, "watch", at)}}
}

// settle ends r and its case: somebody signed in strongly, by what they
// registered themselves.
func (f *Flow) settle(r *flows.Request, c flows.Case, outcomes []flows.Outcome) flows.Answer {
	r.State, r.Changed = flows.ResetSettled, f.Now()
	a := flows.Answer{
		Posts: []bot.Post{f.card(*r, outcomes), f.line(*r, bot.Good, "reset.line.settled")},
		Audit: []flows.Entry{f.entry(bot.Identity{}, "reset.settled", *r, "", "done")},
	}
	if c.Alarm || !c.State.Open() {
		return a
	}
	c.State, c.Outcome, c.Changed = flows.Settled, "reset.outcome.settled", f.Now()
	a.Cases = []flows.Case{c}
	a.Jobs = []flows.Job{{Key: c.Post("open"), At: f.Now(), Verb: "escalate.open", Subject: c.Key}}
	if r.As == flows.AsSubject {
		a.Posts = append(a.Posts, bot.Post{To: c.In, Key: c.Post("reply"), Message: told(f.Words(r.Asking.Locale), *r, "settled", outcomes)})
	}
	return a
}

// earlier is how far back the log is read to know where somebody usually is.
const earlier = 7 * day

// seen reads what somebody did since a time.
func (f *Flow) seen(ctx context.Context, r flows.Request, since time.Time) (s aftermath, err error) {
	lately, err := f.SignIns.Lately(ctx, r.Subject.ObjectID, since.Add(-earlier).Truncate(time.Hour))
	if err != nil {
		return s, err
	}
	methods, err := f.Directory.Methods(ctx, r.Subject.ObjectID)
	if err != nil {
		return s, err
	}
	usual := map[string]bool{}
	for _, e := range lately.SignIns {
		if !e.At.After(since) && e.ErrorCode == 0 {
			usual[e.Location.Country] = true
		}
	}
	for _, m := range methods {
		if removable(m) && !slices.Contains(r.Keeps, m.ID) && !planned(r, m.ID) {
			s.methods = append(s.methods, m)
		}
	}
	for _, e := range slices.Backward(lately.SignIns) {
		if e.At.After(since) {
			s.add(e, usual, len(s.methods) > 0)
		}
	}
	return s, nil
}

// planned reports whether a method is one that went: copies of Graph may list it
// for a while.
func planned(r flows.Request, id string) bool {
	return slices.ContainsFunc(r.Effects, func(e flows.Effect) bool { return e.Kind == graph.DeleteMethod && e.Object == id })
}

// add takes in an event, the oldest first.
func (s *aftermath) add(e graph.SignIn, usual map[string]bool, registered bool) {
	switch diagnose.Reason(e) {
	case diagnose.ReportedFraud, diagnose.SuspiciousActivity:
		s.alarms++
	default:
	}
	switch {
	case e.ErrorCode != 0:
		if diagnose.Reason(e) != "" {
			s.failures++
		}
		return
	case e.Location.Country != "" && !usual[e.Location.Country]:
		usual[e.Location.Country] = true
		s.countries = append(s.countries, e.Location.Country)
	}
	if s.strong.At.IsZero() && (diagnose.Strong(e) && !byPass(e) || e.API == graph.V1 && registered) {
		s.strong = e
	}
}

// byPass reports whether somebody came in by a pass: that is how they register,
// and proves nothing of what they registered.
func byPass(e graph.SignIn) bool {
	return slices.ContainsFunc(e.Steps, func(t graph.Step) bool { return strings.Contains(strings.ToLower(t.Method), "temporary access pass") })
}

// keys are s in the words of the record, so that nothing is told twice.
func (s aftermath) keys() (all []string) {
	for _, m := range s.methods {
		all = append(all, "method "+m.ID)
	}
	for _, c := range s.countries {
		all = append(all, "country "+c)
	}
	if s.failures > 0 {
		all = append(all, fmt.Sprint("failures ", s.failures))
	}
	if s.alarms > 0 {
		all = append(all, fmt.Sprint("alarms ", s.alarms))
	}
	if !s.strong.At.IsZero() {
		all = append(all, "strong "+s.strong.ID)
	}
	return all
}

// aftermath is what the admins read of it.
func (f *Flow) aftermath(r flows.Request, s aftermath) bot.Message {
	p := f.printer()
	m := bot.Message{Title: p.Say("reset.after.title", r.Account.Name), Status: bot.Info}
	var facts bot.Facts
	add := func(name string, value ...bot.Span) {
		facts = append(facts, bot.Fact{Name: p.Say("reset.after." + name), Value: value})
	}
	if !s.strong.At.IsZero() {
		add("strong", bot.Time{At: s.strong.At}, bot.Plain(" · "+lookup.Place(s.strong.Location)))
	}
	for _, x := range s.methods {
		add("method", bot.Strong(lookup.Method(p, x)))
	}
	if len(s.countries) > 0 {
		m.Status = bot.Problem
		add("country", bot.Strong(strings.Join(s.countries, ", ")))
	}
	if s.failures > 0 {
		add("failures", bot.Plain(fmt.Sprint(s.failures)))
	}
	if s.alarms > 0 {
		m.Status = bot.Problem
		add("alarms", bot.Strong(fmt.Sprint(s.alarms)))
	}
	m.Body = []bot.Block{facts, flows.Say(p, "reset.after.body")}
	return m
}
