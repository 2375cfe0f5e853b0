package escalate

import (
	"context"
	"errors"
	"fmt"

	"mfahelp/bot"
	"mfahelp/flows"
)

// marked takes a sign that an admin put on a message in the thread of a case, as
// a shortcut for two of its buttons. Anybody can put signs on messages, so one
// of who may not is no event at all; and one that was taken away again undoes
// nothing: that is for the buttons, of which everybody sees what they do.
func (f *Flow) marked(ctx context.Context, e bot.Event, as bot.Mark) (flows.Answer, error) {
	if ok, err := f.Admins.Admin(ctx, e.From.Identity); err != nil || !ok {
		return flows.Answer{}, err
	}
	c, err := f.Cases.Under(ctx, e.In)
	if errors.Is(err, flows.ErrNoCase) {
		return flows.Answer{}, nil
	}
	if err != nil {
		return flows.Answer{}, err
	}
	e.In.Thread = "" // what is whispered in a thread is read by nobody who does not have it open
	c.Changed = f.Now()
	switch as {
	case bot.Taken:
		return f.markTaken(e, c), nil
	case bot.Done:
		return f.markDone(ctx, e, c)
	}
	return flows.Answer{}, fmt.Errorf("escalate knows no mark %q", as)
}

// markTaken claims c, unless there is nothing to claim.
func (f *Flow) markTaken(e bot.Event, c flows.Case) flows.Answer {
	if c.State != flows.WithAdmins || c.Owner.ID != "" {
		m := stands(f.printer(), c, e.From)
		m.Body[len(m.Body)-1] = flows.Say(f.printer(), "escalate.mark.nothing")
		return f.whisper(e, m)
	}
	return f.claim(e, c)
}

// markDone settles c as fixed by an admin. Where more hangs on how it ended than
// a sign can say, it is asked; and while a reset waits for approval a sign must
// not pass for one.
func (f *Flow) markDone(ctx context.Context, e bot.Event, c flows.Case) (flows.Answer, error) {
	waits, err := f.awaitsReset(ctx, c)
	if err != nil {
		return flows.Answer{}, err
	}
	p := f.printer()
	switch {
	case c.State == flows.WithAdmins && waits:
		return f.refuse(e, "mark-reset"), nil
	case c.State == flows.WithAdmins && c.Alarm:
		return f.whisper(e, bot.Message{
			Title: p.Say("escalate.mark.how"), Status: bot.Info,
			Body: []bot.Block{flows.Say(p, "escalate.mark.how.body")}, Actions: []bot.Action{resolveForm(p, c, f.onPhone(c))},
		}), nil
	}
	return f.resolve(e, c, "fixed", ""), nil
}

// awaitsReset reports whether a reset in the thread of c is not decided yet.
func (f *Flow) awaitsReset(ctx context.Context, c flows.Case) (bool, error) {
	if f.Requests == nil {
		return false, nil
	}
	recent, err := f.Requests.About(ctx, bot.Identity{}, f.Now().Add(-flows.LongestRequest))
	if err != nil {
		return false, fmt.Errorf("reading the requests: %w", err)
	}
	for _, r := range recent {
		if r.Case == c.Key && r.State.Undecided() && f.Now().Before(r.Expires) {
			return true, nil
		}
	}
	return false, nil
}
