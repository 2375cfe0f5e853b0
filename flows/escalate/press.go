package escalate

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"mfahelp/bot"
	"mfahelp/flows"
)

// Press answers an admin's press. The subject of each offer is the case's key.
func (f *Flow) Press(ctx context.Context, e bot.Event, o flows.Offer) (flows.Answer, error) {
	if ok, err := f.Admins.Admin(ctx, e.From.Identity); err != nil || !ok {
		return f.refuse(e, "not-admin"), err
	}
	c, err := f.Cases.Case(ctx, o.Subject)
	if errors.Is(err, flows.ErrNoCase) {
		return f.refuse(e, "gone"), nil
	}
	if err != nil {
		return flows.Answer{}, err
	}
	c.Changed = f.Now()
	fields := e.Did.(bot.Pressed).Fields // the router presses nothing else
	if a, stop, err := f.unspoken(ctx, e, c, fields["text"]); err != nil || stop {
		return a, err
	}
	switch o.Verb {
	case "escalate.claim":
		return f.claim(e, c), nil
	case "escalate.release":
		return f.release(e, c), nil
	case "escalate.reply":
		return f.answerForm(e, c, fields["text"]), nil
	case "escalate.resolve":
		return f.resolve(e, c, fields["outcome"], fields["text"]), nil
	case "escalate.reopen":
		return f.reopen(e, c), nil
	case "escalate.whose":
		return f.whose(ctx, e, c, fields["upn"])
	}
	return flows.Answer{}, fmt.Errorf("escalate knows no verb %q", o.Verb)
}

// Late tells an admin whose press came too late how the case now stands: of two
// who claim at once, the first has it and the other hears who that is. It fits
// [flows.Late].
func (f *Flow) Late(ctx context.Context, e bot.Event, o flows.Offer) (flows.Answer, error) {
	if ok, err := f.Admins.Admin(ctx, e.From.Identity); err != nil || !ok {
		return f.refuse(e, "not-admin"), err
	}
	c, err := f.Cases.Case(ctx, o.Subject)
	if errors.Is(err, flows.ErrNoCase) {
		return f.refuse(e, "gone"), nil
	}
	if err != nil {
		return flows.Answer{}, err
	}
	return f.whisper(e, stands(f.printer(), c, e.From)), nil
}

// claim takes c.
func (f *Flow) claim(e bot.Event, c flows.Case) flows.Answer {
	c.Owner = e.From
	return f.moved(e, c, "escalate.claimed")
}

// release puts c back.
func (f *Flow) release(e bot.Event, c flows.Case) flows.Answer {
	c.Owner = bot.Person{}
	return f.moved(e, c, "escalate.released")
}

func (f *Flow) answerForm(e bot.Event, c flows.Case, text string) flows.Answer {
	if strings.TrimSpace(text) == "" {
		return f.refuse(e, "empty")
	}
	a := f.reply(e, c, text)
	a.Posts = append(a.Posts, bot.Post{
		To: f.Channel, Key: c.Post("replied/" + e.ID), Under: c.Post("admins"),
		Message: bot.Message{Title: f.printer().Say("escalate.replied", e.From.Name), Status: bot.Info, Body: []bot.Block{bot.Quote(clip(text, 4000))}},
	})
	return a
}

// outcomes are how an admin may settle a case, in the order of the form.
var outcomes = []string{"fixed", "self", "not-mfa", "unproven", "attack"}

// resolve settles c. What the employee hears is the same for every outcome
// but what the admin adds: an attacker learns nothing from it.
func (f *Flow) resolve(e bot.Event, c flows.Case, outcome, text string) flows.Answer {
	if c.State != flows.WithAdmins {
		return f.refuse(e, "settled")
	}
	known := false
	for _, o := range outcomes {
		known = known || o == outcome
	}
	if !known {
		return f.refuse(e, "outcome")
	}
	c.State, c.Outcome = flows.Settled, "escalate.outcome."+outcome
	if c.Owner.ID == "" {
		c.Owner = e.From
	}
	a := f.moved(e, c, "escalate.resolved")
	if !f.onPhone(c) {
		a.Posts = append(a.Posts, bot.Post{To: c.In, Key: c.Post("reply"), Message: closed(f.theirs(c), c, clip(text, 2000))})
	}
	return a
}

// reopen takes back that c is settled.
func (f *Flow) reopen(e bot.Event, c flows.Case) flows.Answer {
	if c.State.Open() {
		return f.refuse(e, "open")
	}
	c.State, c.Outcome = flows.WithAdmins, ""
	a := f.moved(e, c, "escalate.reopened")
	if !f.onPhone(c) {
		a.Posts = append(a.Posts, bot.Post{To: c.In, Key: c.Post("reply"), Message: reopened(f.theirs(c), c)})
	}
	return a
}

// moved is c, its card, a line in the thread and one on record.
func (f *Flow) moved(e bot.Event, c flows.Case, verb string) flows.Answer {
	a := f.show(c)
	a.Cases = []flows.Case{c}
	a.Posts = append(a.Posts, f.note(c, "moved/"+e.ID, verb, e.From.Name))
	a.Audit = []flows.Entry{f.entry(e.From.Identity, verb, f.version(c), c.Key, c.Outcome)}
	return a
}

// whose goes on with the account that an admin names.
func (f *Flow) whose(ctx context.Context, e bot.Event, c flows.Case, upn string) (flows.Answer, error) {
	who, ok, err := f.Desk.Whose(ctx, strings.ToLower(strings.TrimSpace(upn)))
	if err != nil {
		return flows.Answer{}, err
	}
	if !ok {
		return f.with(c, askWhose(f.printer(), c, true)), nil
	}
	c.Subject = who
	a := f.with(c, lookingFor(f.printer(), c))
	a.Jobs = []flows.Job{{Key: c.Post("phone"), At: f.Now(), Verb: "escalate.look", Subject: c.Key}}
	a.Audit = []flows.Entry{f.entry(e.From.Identity, "escalate.named", f.version(c), c.Key, "")}
	return a, nil
}

func clip(s string, n int) string {
	if r := []rune(strings.TrimSpace(s)); len(r) > n {
		return string(r[:n]) + "…"
	}
	return strings.TrimSpace(s)
}
