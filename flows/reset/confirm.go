package reset

import (
	"context"
	"errors"
	"fmt"

	"mfahelp/bot"
	"mfahelp/flows"
)

// For tells our page who must sign in at a link. It fits [bot.Confirmations].
func (f *Flow) For(ctx context.Context, link string) (bot.Identity, bool, error) {
	l, ok, err := f.Requests.Link(ctx, link)
	if err != nil || !ok || ends[l.Verb] != nil || !l.Used.IsZero() || !f.Now().Before(l.Until) {
		return bot.Identity{}, false, err
	}
	return l.For.Identity, true, nil
}

// Confirm tells our page what p is about to say yes to, from the record of this
// moment; or why they may not, and then there is nothing to agree to. It fits
// [bot.Confirmations].
func (f *Flow) Confirm(ctx context.Context, link string, who bot.Person) (bot.Confirmation, error) {
	p := f.Words(who.Locale)
	l, ok, err := f.Requests.Link(ctx, link)
	switch {
	case err != nil:
		return bot.Confirmation{}, fmt.Errorf("reading the link: %w", err)
	case !ok || ends[l.Verb] != nil || !f.Now().Before(l.Until):
		return bot.Confirmation{Message: refused(p, "link-over")}, nil
	case !l.Used.IsZero():
		return bot.Confirmation{Message: refused(p, "used")}, nil
	case who.Key() == "" || who.Key() != l.For.Key():
		return bot.Confirmation{Message: refused(p, "other-person")}, nil
	}
	if l.Verb == "reset.lift" {
		return f.confirmLift(ctx, l, who)
	}
	r, err := f.Requests.Request(ctx, l.Subject)
	if errors.Is(err, flows.ErrNoRequest) {
		return bot.Confirmation{Message: refused(p, "over")}, nil
	}
	if err != nil {
		return bot.Confirmation{}, err
	}
	why, err := f.mayAgree(ctx, l, r, who)
	if err != nil {
		return bot.Confirmation{}, err
	}
	if (why == "" || why == "unproven") && l.Digest != r.Digest() {
		why = "changed" // which is why the new plan is not proven yet
	}
	if late(why) {
		return bot.Confirmation{Message: lateFor(p, r, why)}, nil
	}
	if why != "" {
		return bot.Confirmation{Message: refused(p, why)}, nil
	}
	return bot.Confirmation{Message: confirmation(p, r, l.Verb), Digest: r.Digest(), Agree: p.Say("reset.agree." + agreed(l.Verb))}, nil
}

// mayAgree is why somebody may not say the yes that a link is for, now; the end
// of a key, or "". All is asked once more when the yes arrives.
func (f *Flow) mayAgree(ctx context.Context, l flows.Link, r flows.Request, who bot.Person) (string, error) {
	switch l.Verb {
	case "reset.approve":
		return f.mayApprove(ctx, r, who.Identity)
	case "reset.show":
		_, why, err := f.handing(ctx, r, who.Identity)
		return why, err
	case "reset.factor":
		if s := f.seeming(r).State; s != r.State && f.Now().Before(r.Expires) {
			if s == flows.ResetAsked {
				return "", nil // as for any other
			}
			return "not-needed", nil
		}
	}
	if why, err := f.stopped(ctx, r); err != nil || why != "" {
		return why, err
	}
	if r.State != flows.ResetAsked {
		return "not-needed", nil
	}
	switch l.Verb {
	case "reset.manager":
		m, why, err := f.manager(ctx, r)
		if err != nil {
			return "", err
		}
		if why != "" || m.Key() != who.Key() {
			return "not-manager", nil
		}
	case "reset.call":
		return f.mayCall(ctx, r, who.Identity), nil
	}
	return "", nil
}

// confirmLift is what an admin agrees to who lifts a freeze.
func (f *Flow) confirmLift(ctx context.Context, l flows.Link, who bot.Person) (bot.Confirmation, error) {
	p := f.Words(who.Locale)
	why, err := f.mayLift(ctx, who.Identity)
	if err != nil {
		return bot.Confirmation{}, err
	}
	z, err := f.Requests.Frozen(ctx)
	if err != nil {
		return bot.Confirmation{}, err
	}
	if why == "" && l.Digest != liftDigest(z) {
		why = "changed"
	}
	if why != "" {
		return bot.Confirmation{Message: refused(p, why)}, nil
	}
	return bot.Confirmation{
		Message: bot.Message{Title: p.Say("reset.link.lift.title"), Status: bot.Problem, Body: []bot.Block{flows.Say(p, "reset.link.lift.agree"), never(p)}},
		Digest:  liftDigest(z), Agree: p.Say("reset.agree.lift"),
	}, nil
}
