// Package home is the page that the bot has for each person on a platform that
// gives it one, such as the App Home in Slack: to an employee their own cases and
// a way to ask, to an admin also what waits for them.
//
// The page is made when somebody opens it, from the record as it is then, and made
// anew while it may be before them and what it shows changes. What can be pressed
// there belongs to the flow whose verb it has.
package home

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"mfahelp/bot"
	"mfahelp/flows"
	"mfahelp/words"
)

// Options are what the flow needs.
type Options struct {
	Cases    flows.Cases
	Requests flows.Requests // nil where nobody's account is ever changed
	Admins   flows.Admins
	Words    func(locale string) *words.Printer
	Now      func() time.Time
}

// Flow shows people their page.
type Flow struct {
	Options
	pages pages
}

// New returns the flow.
func New(o Options) *Flow { return &Flow{Options: o} }

// Named is the flow as a router wants it.
func (f *Flow) Named() flows.Named { return flows.Named{Name: "home", Flow: f} }

// Match takes visits to the page.
func (f *Flow) Match(e bot.Event) bool {
	_, visit := e.Did.(bot.OpenedHome)
	return visit
}

// Handle shows e's sender their page.
func (f *Flow) Handle(ctx context.Context, e bot.Event) (flows.Answer, error) {
	return f.page(ctx, visit{who: e.From, in: e.In, at: f.Now()})
}

// page is what v sees.
func (f *Flow) page(ctx context.Context, v visit) (flows.Answer, error) {
	p := f.Words(v.who.Locale)
	all, err := f.Cases.Own(ctx, v.who)
	if err != nil {
		return flows.Answer{}, fmt.Errorf("reading own cases: %w", err)
	}
	m := bot.Message{Title: p.Say("home.title"), Status: bot.Info, Personal: true}
	admins, err := f.forAdmin(ctx, p, v.who.Identity)
	if err != nil {
		return flows.Answer{}, err
	}
	m.Body = slices.Concat(admins, own(p, asked(all, v.who)))
	m.Actions = []bot.Action{bot.Ask{Label: p.Say("home.ask"), Verb: "help.paste", Subject: "home", Weight: bot.Primary, Fields: []bot.Field{
		{Name: "text", Label: p.Say("home.ask.text"), Kind: bot.Paragraph, Required: true},
	}}}
	key := "home/" + v.who.Platform + "/" + v.who.ID
	v.admin = len(admins) > 0
	f.pages.opened(key, v)
	return flows.Answer{Posts: []bot.Post{{To: v.in, Key: key, Message: m}}}, nil
}

// Press is never asked for: what the page offers is another flow's.
func (f *Flow) Press(_ context.Context, _ bot.Event, o flows.Offer) (flows.Answer, error) {
	return flows.Answer{}, fmt.Errorf("home knows no verb %q", o.Verb)
}

// asked are those of all that p asked for in a chat of their own, and that were
// not replaced by a newer question.
func asked(all []flows.Case, p bot.Person) (own []flows.Case) {
	for _, c := range all {
		if c.AskedBy(p) && c.State != flows.Superseded {
			own = append(own, c)
		}
	}
	slices.SortStableFunc(own, func(a, b flows.Case) int { return cmp.Compare(over(a), over(b)) })
	return own
}

// over is 1 for what is settled, as its requester sees it, and else 0.
func over(c flows.Case) int {
	if c.Shown().Open() {
		return 0
	}
	return 1
}

// forAdmin is what waits for an admin, what waits for approval first, or nothing
// for anybody else.
func (f *Flow) forAdmin(ctx context.Context, p *words.Printer, by bot.Identity) ([]bot.Block, error) {
	is, err := f.Admins.Admin(ctx, by)
	if err != nil || !is {
		return nil, err
	}
	open, err := f.Cases.Queue(ctx, by)
	if errors.Is(err, flows.ErrNotAdmin) {
		return nil, nil // they were a moment ago
	}
	if err != nil {
		return nil, fmt.Errorf("reading the queue: %w", err)
	}
	waiting, err := f.waiting(ctx)
	if err != nil {
		return nil, err
	}
	return append(approvals(p, waiting), queue(p, open)...), nil
}

// waiting are the requests that want an approval, and after them those that want
// a proof first; of each the oldest first.
func (f *Flow) waiting(ctx context.Context) (all []flows.Request, err error) {
	if f.Requests == nil {
		return nil, nil
	}
	recent, err := f.Requests.About(ctx, bot.Identity{}, f.Now().Add(-flows.LongestRequest))
	if err != nil {
		return nil, fmt.Errorf("reading the requests: %w", err)
	}
	for _, r := range recent {
		if (r.State == flows.ResetProven || r.State == flows.ResetAsked) && f.Now().Before(r.Expires) {
			all = append(all, r)
		}
	}
	slices.SortStableFunc(all, func(a, b flows.Request) int {
		return cmp.Or(cmp.Compare(b2i(a.State != flows.ResetProven), b2i(b.State != flows.ResetProven)), a.Asked.Compare(b.Asked))
	})
	return all, nil
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}
