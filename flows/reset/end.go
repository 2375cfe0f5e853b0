package reset

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"mfahelp/bot"
	"mfahelp/flows"
	"mfahelp/words"
)

// A no by e-mail. Mail has no buttons, so where a chat has *Stop*, or *This was not
// me*, it has an address of our own page that can do this and nothing else. It takes
// no sign-in, for whoever lost their phone may not be able to; the address is of one
// person and one request, so strangers end nothing, and opening it, as filters of
// mail do, ends nothing either. Who reads somebody's mail can thereby do what who
// has their chat can: stop something.

// ends are the verbs of links that need no sign-in, with what they do.
var ends = map[string]func(*Flow, context.Context, press) (flows.Answer, error){
	"reset.stop":   (*Flow).stop,
	"reset.not-me": (*Flow).notMe,
}

// endLink makes the address by which somebody ends r.
func (f *Flow) endLink(verb string, r flows.Request, who bot.Identity, until time.Time) flows.Link {
	l := f.link(verb, r, bot.Person{Identity: who, Name: r.Account.Names[who.Key()]}, bot.Place{})
	l.Until = until
	return l
}

// End tells our page what a link can end. It fits [bot.Confirmations].
func (f *Flow) End(ctx context.Context, link string) (bot.Confirmation, bot.Identity, bool, error) {
	l, ok, err := f.Requests.Link(ctx, link)
	if err != nil {
		return bot.Confirmation{}, bot.Identity{}, false, fmt.Errorf("reading the link: %w", err)
	}
	if !ok || ends[l.Verb] == nil || !l.Used.IsZero() || !f.Now().Before(l.Until) {
		return bot.Confirmation{}, bot.Identity{}, false, nil
	}
	r, err := f.Requests.Request(ctx, l.Subject)
	if errors.Is(err, flows.ErrNoRequest) {
		return bot.Confirmation{}, bot.Identity{}, false, nil
	}
	if err != nil {
		return bot.Confirmation{}, bot.Identity{}, false, fmt.Errorf("reading what the link is about: %w", err)
	}
	p := f.Words(l.For.Locale)
	if why := mayEnd(l.Verb, r, l.For.Identity); why != "" {
		return bot.Confirmation{Message: refused(p, why)}, l.For.Identity, true, nil
	}
	return bot.Confirmation{Message: ending(p, r, l.Verb), Agree: p.Say(l.Verb)}, l.For.Identity, true, nil
}

// mayEnd is why somebody cannot end r any more by a verb: the end of a key, or "".
// Of one that is frozen it says what it would say of any other.
func mayEnd(verb string, r flows.Request, who bot.Identity) string {
	switch {
	case verb == "reset.not-me" && r.Alarm:
		return "over"
	case verb == "reset.not-me":
		return ""
	case r.State == flows.ResetFrozen && r.Why == "" && !r.Alarm:
		return ""
	case !r.State.Open():
		return "over"
	case started(r) && who.Key() != r.Subject.Key():
		return "begun"
	}
	return ""
}

// ending is what our page shows before something is ended. It says no more of the
// account than the mail did.
func ending(p *words.Printer, r flows.Request, verb string) bot.Message {
	key := "reset.confirm." + agreed(verb)
	return bot.Message{
		Title: p.Say(key+".title", nameOr(p, r.Account.Name)), Status: bot.Problem,
		Body: []bot.Block{flows.Say(p, key+".body", bot.Strong(nameOr(p, r.Account.Name))), whoFacts(p, r), never(p), reference(p, r)},
	}
}

// endedByMail takes a no from our page. All is asked once more; what comes of it is told
// to everybody who was told of the request, and shows on their cards.
func (f *Flow) endedByMail(ctx context.Context, e bot.Event, s bot.Ended) (flows.Answer, error) {
	link, ok, err := f.Requests.Link(ctx, s.Link)
	if err != nil {
		return flows.Answer{}, fmt.Errorf("reading the link: %w", err)
	}
	do := ends[link.Verb]
	if !ok || do == nil || e.From.Key() == "" || e.From.Key() != link.For.Key() || !link.Used.IsZero() || !e.At.Before(link.Until) {
		return flows.Answer{}, nil // the page has said so
	}
	r, c, err := f.load(ctx, link.Subject)
	if errors.Is(err, flows.ErrNoRequest) {
		return flows.Answer{}, nil
	}
	if err != nil {
		return flows.Answer{}, err
	}
	spent := flows.Answer{
		Links: []flows.Link{used(link, e.At)},
		Audit: []flows.Entry{f.entry(e.From.Identity, "reset.ended-by-mail", r, e.ID, link.Verb)},
	}
	if why := mayEnd(link.Verb, r, e.From.Identity); why != "" {
		return spent, nil
	}
	page := e.In.Platform
	e.From = link.For // as the directory calls them; the page knows an id alone
	a, err := do(f, ctx, press{e: e, r: r, c: c})
	// Who came by mail has no place on our page to be answered in.
	a.Posts = slices.DeleteFunc(a.Posts, func(p bot.Post) bool { return p.To.Platform == page })
	for _, q := range a.Requests {
		if q.Alarm { // they are answered where they said it
			a = a.And(f.mail(q, q.Subject, "subject/raised", alarmRaised(f.printer(), q.Begun), "", "", time.Time{}))
		}
	}
	return spent.And(a), err
}
