package escalate

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
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
	Desk    *lookup.Desk
	Cases   flows.Cases
	Posts   Posts // nil if nobody says what was to be sent
	Admins  flows.Admins
	Words   func(locale string) *words.Printer
	Channel bot.Place // the admins' channel
	Locale  string    // its language
	Now     func() time.Time

	Resets   bool           // whether a reset can be asked for; see package reset
	Requests flows.Requests // what was asked so; nil where none can be
	// Spoken reports whether a text has a code in it that people are to tell
	// each other by voice only; nil if there are no such codes.
	Spoken func(ctx context.Context, c flows.Case, text string) (bool, error)
}

// Posts reads what is to be seen.
type Posts interface {
	// Posted returns the post with key, and false if there is none.
	Posted(ctx context.Context, key string) (bot.Post, bool, error)
}

// Flow works in the admins' channel.
type Flow struct{ Options }

// New returns the flow.
func New(o Options) *Flow { return &Flow{o} }

// Named is the flow as a router wants it.
func (f *Flow) Named() flows.Named { return flows.Named{Name: "escalate", Flow: f, Late: f.Late} }

// Match takes what is said, commanded and marked in the admins' channel.
func (f *Flow) Match(e bot.Event) bool {
	if f.Channel.Platform == "" || e.In.Platform != f.Channel.Platform || e.In.ID != f.Channel.ID {
		return false
	}
	_, home := e.Did.(bot.OpenedHome)
	return !home
}

// Handle answers what is written in the admins' channel, and signs put there.
func (f *Flow) Handle(ctx context.Context, e bot.Event) (flows.Answer, error) {
	if d, ok := e.Did.(bot.Marked); ok {
		return f.marked(ctx, e, d.As)
	}
	text := said(e)
	if ok, err := f.Admins.Admin(ctx, e.From.Identity); err != nil || !ok {
		return f.refuse(e, "not-admin"), err
	}
	d, _ := e.Did.(bot.Said)
	if text == "" && len(d.Files) == 0 {
		return f.hint(e), nil
	}
	if what, ok := command(e); ok {
		return f.commanded(ctx, e, what)
	}
	// What an admin used a shortcut on is somebody else's words, in a thread too: an
	// error to look up, and nothing to say to an employee.
	if _, shortcut := e.Did.(bot.Commanded); e.In.Thread == "" || shortcut {
		return f.phone(e, text), nil
	}
	c, err := f.Cases.Under(ctx, e.In)
	if errors.Is(err, flows.ErrNoCase) {
		return flows.Answer{}, nil // a thread of somebody else's
	}
	if err != nil {
		return flows.Answer{}, err
	}
	if a, stop, err := f.unspoken(ctx, e, c, text); err != nil || stop {
		return a, err
	}
	a := f.wrote(e, c, text)
	if len(d.Files) > 0 {
		a.Posts = append(a.Posts, f.whispered(e, "files/", filesStay(f.printer())))
	}
	return a, nil
}

// unspoken stops what has a code in it that is to be said by voice only, whomever
// it is for: what is written in a chat can be read by who took it over.
func (f *Flow) unspoken(ctx context.Context, e bot.Event, c flows.Case, text string) (flows.Answer, bool, error) {
	if f.Spoken == nil {
		return flows.Answer{}, false, nil
	}
	ok, err := f.Spoken(ctx, c, text)
	if err != nil || !ok {
		return flows.Answer{}, false, err
	}
	return f.refuse(e, "spoken"), true, nil
}

func said(e bot.Event) string {
	switch d := e.Did.(type) {
	case bot.Said:
		return strings.TrimSpace(d.Text)
	case bot.Commanded:
		return strings.TrimSpace(d.Text + "\n" + d.Quote)
	case bot.Pressed, bot.Marked, bot.OpenedHome, bot.SignedIn, bot.Ended: // say nothing
	}
	return ""
}

// command is "status" or "help", if that is all that e says.
func command(e bot.Event) (what string, ok bool) {
	d, commanded := e.Did.(bot.Commanded)
	what = strings.ToLower(strings.TrimSpace(d.Text))
	return what, commanded && d.Quote == "" && (what == "status" || what == "help")
}

// commanded shows an admin the queue, or what can be done here.
func (f *Flow) commanded(ctx context.Context, e bot.Event, what string) (flows.Answer, error) {
	if what == "help" {
		return f.hint(e), nil
	}
	open, err := f.Cases.Queue(ctx, e.From.Identity)
	if err != nil { // ErrNotAdmin too: they were one a moment ago, and will be refused when this is tried again
		return flows.Answer{}, fmt.Errorf("reading the queue: %w", err)
	}
	return f.whisper(e, f.queue(open)), nil
}

// mostListed is how many cases are shown at once.
const mostListed = 20

// queue lists the cases that the admins have: security matters first, then what
// nobody has taken, and of each the oldest first.
func (f *Flow) queue(open []flows.Case) bot.Message {
	p := f.printer()
	open = slices.Clone(open)
	slices.SortStableFunc(open, func(a, b flows.Case) int { return cmp.Compare(urgency(a), urgency(b)) })
	var list bot.List
	for _, c := range open[:min(len(open), mostListed)] {
		list = append(list, queued(p, c, f.diagnose(c)))
	}
	m := bot.Message{Title: p.Say("escalate.queue.title", len(open)), Status: bot.Info}
	if len(list) == 0 {
		m.Body = []bot.Block{flows.Say(p, "escalate.queue.empty")}
		return m
	}
	m.Body = []bot.Block{list}
	if more := len(open) - len(list); more > 0 {
		m.Body = append(m.Body, bot.Note(flows.Say(p, "escalate.queue.more", bot.Plain(strconv.Itoa(more)))))
	}
	return m
}

// urgency is the less the sooner a case wants somebody.
func urgency(c flows.Case) int {
	switch {
	case c.Alarm && c.Owner.ID == "":
		return 0
	case c.Alarm:
		return 1
	case c.Owner.ID == "":
		return 2
	}
	return 3
}

// wrote takes an admin's words to the employee, or keeps them among the admins.
// In a security matter it keeps them all: admins who talk it over would tell the
// attacker, and forget to write "note:" once in forty times.
func (f *Flow) wrote(e bot.Event, c flows.Case, text string) flows.Answer {
	theirs := spoken(text)
	if theirs != "" && !c.Alarm && !f.onPhone(c) {
		return f.reply(e, c, theirs)
	}
	a := flows.Answer{Audit: []flows.Entry{f.entry(e.From.Identity, "escalate.noted", e.ID, c.Key, "")}}
	if theirs != "" && c.Alarm && !f.onPhone(c) {
		a = a.And(f.whisper(e, kept(f.printer())))
	}
	return a
}

// spoken is what of an admin's words is for the employee: all of it, up to a
// line that begins with "note:". What stands from there on stays with the admins.
func spoken(text string) string {
	lines := strings.Split(text, "\n")
	if i := slices.IndexFunc(lines, isNote); i >= 0 {
		lines = lines[:i]
	}
	return strings.TrimSpace(strings.Join(lines, "\n"))
}

// isNote reports whether a line begins with "note:", in whatever way a chat
// lets people write it.
func isNote(line string) bool {
	const marks = " \t*_~`>-•"
	line = strings.TrimLeft(line, marks)
	if len(line) < 4 || !strings.EqualFold(line[:4], "note") {
		return false
	}
	rest := strings.TrimLeft(line[4:], marks)
	return strings.HasPrefix(rest, ":") || strings.HasPrefix(rest, "：")
}

// onPhone reports whether c was opened by an admin for somebody who cannot be
// reached in a chat.
func (f *Flow) onPhone(c flows.Case) bool {
	return c.In.Platform == f.Channel.Platform && c.In.ID == f.Channel.ID
}

// reply says an admin's words to the employee. Who answers a case that nobody
// has taken takes it: forty threads a day leave no time for another press.
func (f *Flow) reply(e bot.Event, c flows.Case, text string) flows.Answer {
	now := f.Now()
	a := flows.Answer{
		Posts: []bot.Post{{To: c.In, Key: c.Post("admin/" + e.ID), Message: fromAdmins(f.theirs(c), c, clip(text, 4000))}},
		Audit: []flows.Entry{f.entry(e.From.Identity, "escalate.replied", e.ID, c.Key, "")},
	}
	c.Changed = now
	if c.Owner.ID == "" && c.State == flows.WithAdmins {
		c.Owner = e.From
		a = a.And(f.show(c))
	}
	a.Cases = append(a.Cases, c)
	return a
}

// Resume shows a case to the admins, or looks something up for one of them.
func (f *Flow) Resume(ctx context.Context, j flows.Job) (flows.Answer, error) {
	if j.Verb == unreached || j.Verb == unsent {
		return f.undelivered(ctx, j)
	}
	c, err := f.Cases.Case(ctx, j.Subject)
	if errors.Is(err, flows.ErrNoCase) {
		return flows.Answer{}, nil
	}
	if err != nil {
		return flows.Answer{}, err
	}
	with := c.State == flows.WithAdmins
	switch {
	case j.Verb == "escalate.open":
		return f.open(c), nil
	case j.Verb == "escalate.again" && with:
		return f.news(c, again(f.printer(), c)), nil
	case j.Verb == "escalate.found" && with:
		return f.news(c, bot.Message{Title: f.printer().Say("escalate.found"), Status: bot.Info}), nil
	case j.Verb == "escalate.look" && with:
		return f.look(ctx, c), nil
	}
	return flows.Answer{}, nil
}

// news is the card and its evidence as they now are, and a line in the thread:
// that a card changed is seen by nobody who has forty of them.
func (f *Flow) news(c flows.Case, m bot.Message) flows.Answer {
	a := f.open(c)
	a.Posts = append(a.Posts, bot.Post{To: f.Channel, Key: c.Post("news/" + fmt.Sprint(c.Version)), Under: c.Post("admins"), Message: m})
	return a
}

// open posts the card and, below it, what the admins need once.
func (f *Flow) open(c flows.Case) flows.Answer {
	d := f.diagnose(c)
	p := f.printer()
	a := f.show(c)
	if c.State != flows.WithAdmins {
		a.Posts = append(a.Posts, f.note(c, "settled/"+fmt.Sprint(c.Version), settledBy(c)))
		return a
	}
	a.Posts = append(a.Posts, bot.Post{
		To: f.Channel, Key: c.Post("evidence"), Under: c.Post("admins"), Message: evidence(p, c, d, f.Now()),
	})
	return a
}

// settledBy is the key of the sentence that says why c is settled, though none
// of the admins did it: the outcome has one, or the employee said so.
func settledBy(c flows.Case) string {
	if key := c.Outcome + ".note"; words.Has(key) {
		return key
	}
	return "escalate.by-employee"
}

// show is the card as c now is.
func (f *Flow) show(c flows.Case) flows.Answer {
	return flows.Answer{Posts: []bot.Post{{To: f.Channel, Key: c.Post("admins"), Message: f.card(c)}}}
}

// card is c for the admins, with the way to a reset where there is one.
func (f *Flow) card(c flows.Case) bot.Message {
	p := f.printer()
	m := card(p, c, f.diagnose(c), f.onPhone(c))
	if f.Resets && c.State == flows.WithAdmins && c.Subject.Known() {
		m.Actions = append(m.Actions, resetForm(p, c))
	}
	return m
}

// note is one line in the thread of c.
func (f *Flow) note(c flows.Case, which, key string, gaps ...string) bot.Post {
	args := make([]any, len(gaps))
	for i, g := range gaps {
		args[i] = g
	}
	return bot.Post{To: f.Channel, Key: c.Post(which), Under: c.Post("admins"), Message: bot.Message{Title: f.printer().Say(key, args...), Status: bot.Info}}
}

// phone opens a case for somebody whose error an admin pastes.
func (f *Flow) phone(e bot.Event, text string) flows.Answer {
	r, ok := aadsts.Parse(text)
	if !ok {
		return f.hint(e)
	}
	now := f.Now()
	to := f.Channel
	to.Thread = ""
	c := flows.Case{
		Key: flows.NewKey(e.From.Platform + "/" + e.ID), Requester: e.From, In: to, Opened: now, Changed: now,
		State: flows.WithAdmins, Escalated: now, Owner: e.From, Report: r,
	}
	a := flows.Answer{
		Cases: []flows.Case{c},
		Jobs:  []flows.Job{{Key: c.Post("phone"), At: now, Verb: "escalate.look", Subject: c.Key}},
		Audit: []flows.Entry{f.entry(e.From.Identity, "escalate.phone", c.Key, c.Key, r.Code)},
	}
	return a.And(f.showAs(c, lookingFor(f.printer(), c)))
}

func (f *Flow) showAs(c flows.Case, m bot.Message) flows.Answer {
	return flows.Answer{Posts: []bot.Post{{To: f.Channel, Key: c.Post("admins"), Message: m}}}
}

// look finds the sign-in of somebody on the phone. Whose it is, is in the
// sign-in itself, or in the pasted text, or is asked.
func (f *Flow) look(ctx context.Context, c flows.Case) flows.Answer {
	if !c.Subject.Known() && c.Report.UPN != "" {
		if who, ok, err := f.Desk.Whose(ctx, c.Report.UPN); err == nil && ok {
			c.Subject = who
		}
	}
	if !c.Subject.Known() && c.Report.RequestID == "" && c.Report.CorrelationID == "" {
		return f.with(c, askWhose(f.printer(), c, false))
	}
	c = f.Desk.Look(ctx, c)
	c.Changed = f.Now()
	switch {
	case !c.Looked.Next.IsZero():
		a := f.with(c, waiting(f.printer(), c, f.diagnose(c)))
		a.Jobs = []flows.Job{{Key: c.Post("phone"), At: c.Looked.Next, Verb: "escalate.look", Subject: c.Key}}
		return a
	case !c.Subject.Known():
		return f.with(c, askWhose(f.printer(), c, false))
	case len(c.Choices) > 0:
		c = lookup.Take(c, 0) // the newest
	}
	c.Alarm = f.diagnose(c).Alarm
	a := f.open(c)
	a.Cases = []flows.Case{c}
	return a
}

func (f *Flow) with(c flows.Case, m bot.Message) flows.Answer {
	a := f.showAs(c, m)
	a.Cases = []flows.Case{c}
	return a
}

func (f *Flow) diagnose(c flows.Case) diagnose.Diagnosis { return diagnose.Diagnose(c.Facts(f.Now())) }

// refuse tells one person, among the others, why nothing was done.
func (f *Flow) refuse(e bot.Event, why string) flows.Answer {
	return f.whisper(e, bot.Message{
		Title: f.printer().Say("escalate.refused." + why + ".title"), Status: bot.Problem,
		Body: []bot.Block{flows.Say(f.printer(), "escalate.refused."+why+".body")},
	})
}

// hint says how to open a case for somebody on the phone.
func (f *Flow) hint(e bot.Event) flows.Answer {
	p := f.printer()
	return f.whisper(e, bot.Message{
		Title: p.Say("escalate.hint.title"), Status: bot.Info,
		Body: []bot.Block{flows.Say(p, "escalate.hint.body", bot.Code("note:")), flows.Say(p, "escalate.hint.queue", bot.Code("/mfa-help status"))},
	})
}

func (f *Flow) whisper(e bot.Event, m bot.Message) flows.Answer {
	return flows.Answer{Posts: []bot.Post{f.whispered(e, "", m)}}
}

// whispered is one of several things that are told to who did e alone.
func (f *Flow) whispered(e bot.Event, which string, m bot.Message) bot.Post {
	to := e.In
	to.Audience, to.Reader = bot.Ephemeral, e.From.ID
	return bot.Post{To: to, Reply: e.Reply, Key: "whisper/" + e.From.Platform + "/" + e.From.ID + "/" + which + e.ID, Message: m}
}

func (f *Flow) entry(by bot.Identity, verb, object, of, result string) flows.Entry {
	return flows.Entry{Key: verb + "/" + object, At: f.Now(), By: by, Case: of, Verb: verb, Object: object, Result: result}
}

func (f *Flow) printer() *words.Printer            { return f.Words(f.Locale) }
func (f *Flow) theirs(c flows.Case) *words.Printer { return f.Words(c.Requester.Locale) }

func (f *Flow) version(c flows.Case) string { return c.Key + "/" + fmt.Sprint(c.Version) }
