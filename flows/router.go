package flows

import (
	"context"
	"fmt"
	"strings"
	"time"

	"mfahelp/bot"
)

// A Router hands each piece of work to its flow.
type Router struct {
	Flows  []Named // asked in their order
	Offers Offers
	Closed func(e bot.Event, why Refusal) Answer // answers a press of what is no longer, or was never, offered to who pressed
	Now    func() time.Time
	Follow func(a Answer) []Job // what else is done once a is on record, whoever answered so; nil for nothing
}

// Named is a flow and the name that its verbs begin with.
type Named struct {
	Name string
	Flow
	Late Late // nil if the flow has nothing better to say than what Closed does
}

// Late answers a press of what was open once, and does nothing about it: two
// people may press one button at the same moment, and the second wants to know
// who was first. The zero Answer leaves it to [Router.Closed].
type Late func(ctx context.Context, e bot.Event, o Offer) (Answer, error)

// Offers reads what buttons stand for.
type Offers interface {
	// Offer returns the one with key, and false if there never was one.
	Offer(ctx context.Context, key string) (Offer, bool, error)
}

// A Refusal is why a press was not taken.
type Refusal string

// The refusals.
const (
	Unoffered Refusal = "unoffered" // no button of ours carries this key
	Over      Refusal = "over"      // it was open once
	NotYours  Refusal = "not-yours" // it was offered to somebody else
)

// Event answers e.
func (r *Router) Event(ctx context.Context, e bot.Event) (Answer, error) {
	a, err := r.event(ctx, e)
	return r.followed(a), err
}

// followed is a with what else is done once it is on record.
func (r *Router) followed(a Answer) Answer {
	if r.Follow == nil {
		return a
	}
	return a.And(Answer{Jobs: r.Follow(a)})
}

func (r *Router) event(ctx context.Context, e bot.Event) (Answer, error) {
	if p, ok := e.Did.(bot.Pressed); ok {
		return r.press(ctx, e, p)
	}
	for _, f := range r.Flows {
		if f.Match(e) {
			return f.Handle(ctx, e)
		}
	}
	return Answer{}, fmt.Errorf("no flow for %T on %s", e.Did, e.In.Platform)
}

// press takes nothing from the button but its key. What it asks for, and
// whether it may still be asked, is decided from the record.
func (r *Router) press(ctx context.Context, e bot.Event, p bot.Pressed) (Answer, error) {
	o, ok, err := r.Offers.Offer(ctx, p.Key)
	if err != nil {
		return Answer{}, err
	}
	switch why := r.refuse(e, o, ok); why {
	case "":
	case Over:
		return r.late(ctx, e, o)
	default:
		return r.Closed(e, why), nil
	}
	f, err := r.byVerb(o.Verb)
	if err != nil {
		return Answer{}, err
	}
	return f.Press(ctx, e, o)
}

// late answers a press that came too late, even if its flow is no more.
func (r *Router) late(ctx context.Context, e bot.Event, o Offer) (Answer, error) {
	if f, err := r.byVerb(o.Verb); err == nil && f.Late != nil {
		if a, err := f.Late(ctx, e, o); err != nil || len(a.Posts) > 0 {
			return Answer{Posts: a.Posts}, err // it only says something
		}
	}
	return r.Closed(e, Over), nil
}

// refuse says why a press of o is not taken. A key that was pressed elsewhere
// than where its button stands was carried there by somebody.
func (r *Router) refuse(e bot.Event, o Offer, ok bool) Refusal {
	switch {
	case !ok || elsewhere(e, o):
		return Unoffered
	case o.For != "" && o.For != e.From.ID:
		return NotYours
	case o.Closed || !o.Until.IsZero() && !r.Now().Before(o.Until):
		return Over
	}
	return ""
}

// elsewhere reports whether e was done elsewhere than where o stands. Where the
// platform had to open a place for one person first, nobody else knows which
// one that became: then it is enough that this person is alone with the bot.
func elsewhere(e bot.Event, o Offer) bool {
	opened := o.In.ID == "" && o.In.Audience == bot.Direct && o.For != "" && e.In.Audience == bot.Direct
	return o.In.Platform != e.From.Platform || o.In.ID != e.In.ID && !opened
}

// Job does j.
func (r *Router) Job(ctx context.Context, j Job) (Answer, error) {
	f, err := r.byVerb(j.Verb)
	if err != nil {
		return Answer{}, err
	}
	a, err := f.Resume(ctx, j)
	return r.followed(a), err
}

func (r *Router) byVerb(verb string) (Named, error) {
	name, _, _ := strings.Cut(verb, ".")
	for _, f := range r.Flows {
		if f.Name == name {
			return f, nil
		}
	}
	return Named{}, fmt.Errorf("no flow for the verb %q", verb)
}
