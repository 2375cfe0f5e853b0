package help

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
	"mfahelp/graph/aadsts"
	"mfahelp/words"
)

// Options are what the flow needs.
type Options struct {
	Desk   *lookup.Desk
	Cases  flows.Cases
	Ledger flows.Ledger
	Words  func(locale string) *words.Printer
	Admins bot.Place // the admins' channel; zero for none, and then nobody can be asked
	Limits Limits
	Now    func() time.Time

	Resets bool // whether a reset can be asked for; see package reset
	// Spoken reports whether a text has a code in it that people are to tell
	// each other by voice only; nil if there are no such codes.
	Spoken func(ctx context.Context, c flows.Case, text string) (bool, error)
}

// Limits are how much one person may ask for. Zero is no limit.
type Limits struct {
	Messages    int // in an hour
	Lookups     int // in an hour
	Escalations int // in a day
}

// quiet is after how long a case that nobody came back to is closed.
const quiet = 24 * time.Hour

// Flow answers employees.
type Flow struct{ Options }

// New returns the flow.
func New(o Options) *Flow { return &Flow{o} }

// Named is the flow as a router wants it.
func (f *Flow) Named() flows.Named { return flows.Named{Name: "help", Flow: f} }

// Match takes whatever no other flow took: a message, a command, a shortcut.
func (f *Flow) Match(e bot.Event) bool { return true }

// Handle answers what somebody said.
func (f *Flow) Handle(ctx context.Context, e bot.Event) (flows.Answer, error) {
	text, quote := said(e)
	if _, ok := e.Did.(bot.OpenedHome); ok {
		return flows.Answer{}, nil // the page is package home's
	}
	if over, err := f.over(ctx, e.From.Identity, "help.said", time.Hour, f.Limits.Messages); err != nil || over {
		return f.limited(e, "messages"), err
	}
	a := flows.Answer{Audit: []flows.Entry{f.entry(e.From.Identity, "help.said", e.ID, "", "")}}
	b, err := f.answer(ctx, e, text, quote)
	return a.And(b).And(f.tellThere(e, b)), err
}

// said is what somebody wrote, and what else they used a shortcut on.
func said(e bot.Event) (text, quote string) {
	switch d := e.Did.(type) {
	case bot.Said:
		return strings.TrimSpace(d.Text), ""
	case bot.Commanded:
		return strings.TrimSpace(d.Text), d.Quote
	case bot.Pressed, bot.Marked, bot.OpenedHome, bot.SignedIn, bot.Ended: // say nothing
	}
	return "", ""
}

func (f *Flow) answer(ctx context.Context, e bot.Event, text, quote string) (flows.Answer, error) {
	_, command := e.Did.(bot.Commanded)
	if command && quote == "" {
		switch strings.ToLower(text) {
		case "status":
			return f.status(ctx, e)
		case "help":
			return f.say(e, "help", usage(f.printer(e))), nil
		}
	}
	report, read := aadsts.Parse(text + "\n" + quote)
	own, err := f.own(ctx, e)
	if err != nil {
		return flows.Answer{}, err
	}
	key := flows.NewKey(e.From.Platform + "/" + e.ID)
	if slices.ContainsFunc(own, func(c flows.Case) bool { return c.Key == key }) {
		return flows.Answer{}, nil // handled before
	}
	if c, ok := withAdmins(own); ok && !c.SaysOver() && !command && (!read || same(report, c.Report)) {
		return f.relayUnlessSpoken(ctx, e, c, text)
	}
	if !read && !command && !picture(e) {
		if a, ok, err := f.typed(ctx, e, own, text); err != nil || ok {
			return a, err
		}
	}
	if !read && picture(e) && text == "" {
		return f.say(e, "picture", noPicture(f.printer(e))), nil
	}
	wish := f.wish(e, text)
	if c, ok := f.justTold(e, own); ok && !command && wish == "" && (!read || report.RequestID != "" && same(report, c.Report)) {
		return f.say(e, "above", above(f.printer(e), c.Shown())), nil
	}
	return f.open(ctx, e, flows.Case{Key: key, Report: report, Wish: wish}, own)
}

// own are the cases of e's sender that they asked about themselves. What an
// admin opened for somebody on the phone is the admins': nobody writes to it from
// a chat of their own, nor is told of it there.
func (f *Flow) own(ctx context.Context, e bot.Event) (own []flows.Case, err error) {
	all, err := f.Cases.Own(ctx, e.From)
	if err != nil {
		return nil, fmt.Errorf("reading own cases: %w", err)
	}
	for _, c := range all {
		if c.AskedBy(e.From) {
			own = append(own, c)
		}
	}
	return own, nil
}

func picture(e bot.Event) bool { return len(files(e)) > 0 }

// files are what somebody sent along, as references that nothing here follows.
func files(e bot.Event) []bot.File {
	s, _ := e.Did.(bot.Said)
	return s.Files
}

// lately is how long words without an error are taken to be about the last
// answer: "thanks", "it still fails", "I tried that".
const lately = 30 * time.Minute

// justTold is what e's sender was answered a moment ago. To look again would only
// give that once more, in the place of the one with the buttons. So would the same
// page, pasted again; an error without ids may be another time that it happened.
func (f *Flow) justTold(e bot.Event, own []flows.Case) (flows.Case, bool) {
	for _, c := range own {
		if c.Requester.Platform == e.From.Platform && c.State != flows.Superseded {
			return c, f.Now().Sub(c.Changed) < lately
		}
	}
	return flows.Case{}, false
}

// withAdmins is the newest of own that the admins have.
func withAdmins(own []flows.Case) (flows.Case, bool) {
	for _, c := range own {
		if c.State == flows.WithAdmins {
			return c, true
		}
	}
	return flows.Case{}, false
}

// same reports whether two reports are of one error, pasted again.
func same(a, b aadsts.Report) bool {
	return a.Code == b.Code && a.RequestID == b.RequestID && a.CorrelationID == b.CorrelationID && a.Timestamp.Equal(b.Timestamp)
}

// open begins c, of which what was said is known. Those of the same person that were still being talked
// about give way to it, so that one conversation has one answer that changes.
func (f *Flow) open(ctx context.Context, e bot.Event, c flows.Case, own []flows.Case) (flows.Answer, error) {
	if over, err := f.over(ctx, e.From.Identity, "help.looked", time.Hour, f.Limits.Lookups); err != nil || over {
		return f.limited(e, "lookups"), err
	}
	now, r := f.Now(), c.Report
	c.Requester, c.Subject, c.In, c.Files = e.From, e.From.Identity, direct(e), files(e)
	c.Opened, c.Changed, c.State = now, now, flows.Looking
	a := f.giveWay(own, now)
	a.Audit = append(a.Audit, f.entry(e.From.Identity, "help.looked", c.Key, c.Key, r.Code))
	if r.Code == "" && r.RequestID == "" && r.CorrelationID == "" && !c.Subject.Known() {
		return a.And(f.ask(c)), nil // nothing to go by, not even who it is
	}
	a.Cases = append(a.Cases, c)
	a.Posts = append(a.Posts, f.reply(c, looking(f.words(c), c)))
	a.Jobs = append(a.Jobs, flows.Job{Key: c.Post("look"), At: now, Verb: "help.look", Subject: c.Key})
	return a, nil
}

// giveWay closes what was still being talked about.
func (f *Flow) giveWay(own []flows.Case, now time.Time) (a flows.Answer) {
	for _, o := range own {
		if o.State != flows.Looking && o.State != flows.Asked && o.State != flows.Answered {
			continue
		}
		o.State, o.Changed, o.Outcome = flows.Superseded, now, "help.outcome.superseded"
		a.Cases = append(a.Cases, o)
		a.Posts = append(a.Posts, f.reply(o, superseded(f.words(o), o)))
		a.Jobs = append(a.Jobs, flows.Job{Key: o.Post("look"), Verb: "help.look"}, flows.Job{Key: o.Post("close"), Verb: "help.close"})
	}
	return a
}

// tellThere says, where somebody asked among others, that the answer is in
// private: to all who read what they wrote, or to them alone who used a command.
// What answers a command on the spot needs no such word.
func (f *Flow) tellThere(e bot.Event, a flows.Answer) flows.Answer {
	away := slices.ContainsFunc(a.Posts, func(p bot.Post) bool { return p.To.Audience == bot.Direct && p.Reply.Token == "" })
	if !away || e.In.Audience == bot.Direct {
		return flows.Answer{}
	}
	p := bot.Post{To: e.In, Reply: e.Reply, Key: "help/" + e.From.Platform + "/" + e.ID + "/elsewhere", Message: elsewhere(f.printer(e))}
	return flows.Answer{Posts: []bot.Post{p}}
}

// direct is where e is answered: never among others, and not on the page that
// somebody has, for what is written there takes the place of all of it.
func direct(e bot.Event) bot.Place {
	if e.In.Audience == bot.Direct && !e.In.Page {
		return e.In
	}
	return bot.Place{Platform: e.From.Platform, Private: true, Audience: bot.Direct, Reader: e.From.ID}
}

// relayUnlessSpoken passes on no code that somebody was to say on the phone: who
// asks them to write it would use it in their place.
func (f *Flow) relayUnlessSpoken(ctx context.Context, e bot.Event, c flows.Case, text string) (flows.Answer, error) {
	if f.Spoken != nil {
		if ok, err := f.Spoken(ctx, c, text); err != nil || ok {
			return f.say(e, "spoken", keepToYourself(f.printer(e))), err
		}
	}
	return f.relay(e, c, text), nil
}

// relay takes what somebody adds to the admins who have their case.
func (f *Flow) relay(e bot.Event, c flows.Case, text string) flows.Answer {
	if text == "" && !picture(e) {
		return flows.Answer{}
	}
	c = c.WithFiles(files(e))
	c.Changed = f.Now()
	return flows.Answer{
		Cases: []flows.Case{c},
		Posts: []bot.Post{
			{To: f.Admins, Key: c.Post("said/" + e.ID), Under: c.Post("admins"), Message: fromEmployee(f.adminWords(), e.From, text, files(e))},
			{To: direct(e), Key: c.Post("passed"), Message: passedOn(f.printer(e))}, // once: it is replaced by itself
		},
		Audit: []flows.Entry{f.entry(e.From.Identity, "help.relayed", e.ID, c.Key, "")},
	}
}

// status lists somebody's own cases, and none that they asked about somebody
// else: how it stands, and even that there is one, would tell of an account that
// is not theirs.
func (f *Flow) status(ctx context.Context, e bot.Event) (flows.Answer, error) {
	own, err := f.own(ctx, e)
	if err != nil {
		return flows.Answer{}, err
	}
	own = slices.DeleteFunc(own, func(c flows.Case) bool { return c.Subject.Key() != c.Requester.Key() })
	return f.say(e, "status", overview(f.printer(e), own)), nil
}

// Resume looks, or closes what nobody came back to.
func (f *Flow) Resume(ctx context.Context, j flows.Job) (flows.Answer, error) {
	c, err := f.Cases.Case(ctx, j.Subject)
	if errors.Is(err, flows.ErrNoCase) {
		return flows.Answer{}, nil
	}
	if err != nil {
		return flows.Answer{}, err
	}
	switch {
	case j.Verb == "help.look" && c.State == flows.Looking:
		return f.look(ctx, c), nil
	case j.Verb == "help.look" && c.State == flows.WithAdmins && !c.Looked.Next.IsZero():
		return f.lookOn(ctx, c), nil
	case j.Verb == "help.close" && (c.State == flows.Answered || c.State == flows.Asked):
		return f.settle(c, "help.outcome.quiet", bot.Identity{}), nil
	}
	return flows.Answer{}, nil // it has moved on
}

// look asks Graph, and says what it said or that it must wait.
func (f *Flow) look(ctx context.Context, c flows.Case) flows.Answer {
	c = f.Desk.Look(ctx, c)
	c.Changed = f.Now()
	if c.Looked.Next.IsZero() {
		return f.tell(c)
	}
	later := flows.Answer{Jobs: []flows.Job{{Key: c.Post("look"), At: c.Looked.Next, Verb: "help.look", Subject: c.Key}}}
	d := diagnose.Diagnose(c.Facts(f.Now()))
	if d.Alarm || d.AdminsOnly {
		return later.And(f.escalate(c, d, bot.Identity{})) // the code says enough not to wait for the log
	}
	later.Cases = []flows.Case{c}
	later.Posts = []bot.Post{f.reply(c, waiting(f.words(c), c, d))}
	return later
}

// lookOn looks for the sign-in of a case that went to the admins before the log
// had it. What it shows is news for them; its requester hears nothing of it.
func (f *Flow) lookOn(ctx context.Context, c flows.Case) (a flows.Answer) {
	c = f.Desk.Look(ctx, c)
	if len(c.Choices) > 0 {
		c = lookup.Take(c, 0)
	}
	c.Alarm = c.Alarm || diagnose.Diagnose(c.Facts(f.Now())).Alarm
	a.Cases = []flows.Case{c}
	switch {
	case !c.Looked.Next.IsZero():
		a.Jobs = []flows.Job{{Key: c.Post("look"), At: c.Looked.Next, Verb: "help.look", Subject: c.Key}}
	case c.Looked.SignIn != nil:
		a.Jobs = []flows.Job{{Key: c.Post("open"), At: f.Now(), Verb: "escalate.found", Subject: c.Key}}
	}
	return a
}

// tell says what c has come to: the admins, a question, or an answer.
func (f *Flow) tell(c flows.Case) flows.Answer {
	c = f.gravest(c)
	d := diagnose.Diagnose(c.Facts(f.Now()))
	switch {
	case len(c.Choices) > 0:
		c.State = flows.Asked
		return f.with(c, which(f.words(c), c))
	case d.Alarm || d.AdminsOnly:
		return f.escalate(c, d, bot.Identity{})
	case c.Looked.SignIn == nil && c.Report.Code == "":
		return f.ask(c)
	}
	c.State, c.Tried = flows.Answered, advised(d)
	m := answer(f.words(c), c, d)
	m.Actions = append(m.Actions, f.resets(c)...)
	c, then := f.granted(c)
	a := f.with(c, m).And(then)
	a.Audit = append(a.Audit, f.entry(bot.Identity{}, "help.answered", c.Key, c.Key, string(d.Cause)))
	return a
}

// gravest settles c on one of its choices that only the admins can do something
// about, if there is one: a security matter does not wait for an answer that an
// attacker would not give, and nothing else may look different from it.
func (f *Flow) gravest(c flows.Case) flows.Case {
	for i := range c.Choices {
		taken := lookup.Take(c, i)
		if d := diagnose.Diagnose(taken.Facts(f.Now())); d.Alarm || d.AdminsOnly {
			return taken
		}
	}
	return c
}

func advised(d diagnose.Diagnosis) (keys []string) {
	for _, s := range d.Steps {
		keys = append(keys, s.Key)
	}
	return keys
}

// ask asks the one question there is when nothing says what happened.
func (f *Flow) ask(c flows.Case) flows.Answer {
	c.State = flows.Asked
	c, then := f.granted(c)
	return f.with(c, question(f.words(c), c, f.Admins.Platform != "", f.resets(c))).And(then)
}

// resetVerbs are also the keys of the labels.
var resetVerbs = []string{"reset.gone", "reset.new"}

// resets are how somebody asks for a reset whose phone is lost or new: only for
// themselves, and nothing is done by the press.
func (f *Flow) resets(c flows.Case) (all []bot.Action) {
	if !f.Resets || f.Admins.Platform == "" || !c.Subject.Known() || c.Subject.Key() != c.Requester.Key() {
		return nil
	}
	p := f.words(c)
	for _, verb := range resetVerbs {
		all = append(all, bot.Choose{Label: p.Say(verb), Verb: verb, Subject: c.Key})
	}
	return all
}

// with is c, its reply, and the job that closes it in time.
func (f *Flow) with(c flows.Case, m bot.Message) flows.Answer {
	return flows.Answer{
		Cases: []flows.Case{c},
		Posts: []bot.Post{f.reply(c, m)},
		Jobs:  []flows.Job{{Key: c.Post("close"), At: f.Now().Add(quiet), Verb: "help.close", Subject: c.Key}},
	}
}

// escalate hands c to the admins. Whatever the reason, the requester is told
// the same, at the same point of the same way.
func (f *Flow) escalate(c flows.Case, d diagnose.Diagnosis, by bot.Identity) flows.Answer {
	if f.Admins.Platform == "" {
		c.State = flows.Answered
		return f.with(c, nobody(f.words(c), c))
	}
	now, verb := f.Now(), "escalate.open"
	if !c.Escalated.IsZero() {
		verb = "escalate.again"
	}
	c.State, c.Escalated, c.Changed, c.Alarm, c.Outcome = flows.WithAdmins, now, now, c.Alarm || d.Alarm, ""
	return flows.Answer{
		Cases: []flows.Case{c},
		Posts: []bot.Post{f.reply(c, sent(f.words(c), c))},
		Jobs: []flows.Job{
			{Key: c.Post("open"), At: now, Verb: verb, Subject: c.Key},
			{Key: c.Post("close"), Verb: "help.close"},
		},
		Audit: []flows.Entry{f.entry(by, "help.escalated", c.Key+"/"+fmt.Sprint(c.Version), c.Key, string(d.Cause))},
	}
}

// settle closes c. A security matter stays open for the admins, for who says
// that all is well may be who attacks; what they see is the same.
func (f *Flow) settle(c flows.Case, outcome string, by bot.Identity) flows.Answer {
	was := c.State
	c.Changed = f.Now()
	seen := c
	seen.State, seen.Outcome = flows.Settled, outcome
	if c.Alarm {
		c.Outcome = outcome // see flows.Case.SaysOver
	} else {
		c = seen
	}
	a := flows.Answer{
		Cases: []flows.Case{c},
		Posts: []bot.Post{f.reply(c, settled(f.words(c), seen))},
		Jobs:  []flows.Job{{Key: c.Post("close"), Verb: "help.close"}},
		Audit: []flows.Entry{f.entry(by, "help.settled", c.Key+"/"+fmt.Sprint(c.Version), c.Key, outcome)},
	}
	switch {
	case c.Alarm:
		a.Posts = append(a.Posts, bot.Post{To: f.Admins, Key: c.Post("says-solved"), Under: c.Post("admins"), Message: saysSolved(f.adminWords())})
	case was == flows.WithAdmins:
		a.Jobs = append(a.Jobs, flows.Job{Key: c.Post("open"), At: f.Now(), Verb: "escalate.open", Subject: c.Key})
	}
	return a
}

// over reports whether by has done what the verb says too often.
func (f *Flow) over(ctx context.Context, by bot.Identity, verb string, in time.Duration, most int) (bool, error) {
	if most <= 0 || !by.Known() {
		return false, nil
	}
	n, err := f.Ledger.Count(ctx, by, verb, f.Now().Add(-in))
	return n >= most, err
}

func (f *Flow) entry(by bot.Identity, verb, object, of, result string) flows.Entry {
	return flows.Entry{Key: verb + "/" + object, At: f.Now(), By: by, Case: of, Verb: verb, Object: object, Result: result}
}

func (f *Flow) reply(c flows.Case, m bot.Message) bot.Post {
	return bot.Post{To: c.In, Key: c.Post("reply"), Message: m}
}

// say is a message that belongs to no case, and to this event alone: who asks
// twice is answered twice, each time below their question.
func (f *Flow) say(e bot.Event, what string, m bot.Message) flows.Answer {
	return f.sayOnce(e, what+"/"+e.ID, m)
}

// limited is said to who asks too often, and once an hour: a flood is not
// answered by a flood.
func (f *Flow) limited(e bot.Event, what string) flows.Answer {
	hour := f.Now().UTC().Truncate(time.Hour).Format(time.RFC3339)
	return f.sayOnce(e, "limit/"+what+"/"+hour, limit(f.printer(e), what))
}

func (f *Flow) sayOnce(e bot.Event, key string, m bot.Message) flows.Answer {
	return flows.Answer{Posts: []bot.Post{{To: direct(e), Reply: e.Reply, Key: "help/" + e.From.Platform + "/" + e.From.ID + "/" + key, Message: m}}}
}

func (f *Flow) printer(e bot.Event) *words.Printer { return f.Words(e.From.Locale) }
func (f *Flow) words(c flows.Case) *words.Printer  { return f.Words(c.Requester.Locale) }
func (f *Flow) adminWords() *words.Printer         { return f.Words("") }
