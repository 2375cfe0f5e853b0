package reset

import (
	"context"
	"fmt"
	"slices"

	"mfahelp/bot"
	"mfahelp/flows"
	"mfahelp/words"
)

// freeze stops all resets at once. Any admin may, by one press: the worst that
// a stolen session does with it is that people must wait. To end it takes two,
// each by a fresh sign-in.
func (f *Flow) freeze(ctx context.Context, e bot.Event) (flows.Answer, error) {
	if ok, err := f.Admins.Admin(ctx, e.From.Identity); err != nil || !ok {
		return f.no(e, "not-admin"), err
	}
	now, err := f.Requests.Frozen(ctx)
	if err != nil {
		return flows.Answer{}, fmt.Errorf("reading whether resets are stopped: %w", err)
	}
	if now.On {
		a := f.no(e, "is-frozen")
		a.Posts = append(a.Posts, f.frozenPost(ctx, now)) // for who stopped them from elsewhere has shown nobody the way back
		return a, nil
	}
	next := flows.Freeze{On: true, Since: f.Now(), By: e.From.Identity, Why: "reset.frozen.by-admin", Version: now.Version}
	return flows.Answer{
		Freeze: &next, Posts: []bot.Post{f.frozenPost(ctx, next)},
		Audit: []flows.Entry{f.freezeEntry(e.From.Identity, "reset.freeze", next)},
	}, nil
}

func (f *Flow) freezeEntry(by bot.Identity, verb string, z flows.Freeze) flows.Entry {
	return flows.Entry{Key: fmt.Sprintf("%s/%d", verb, z.Version), At: f.Now(), By: by, Verb: verb, Object: f.Tenant, Result: "done"}
}

// frozenPost is what the channel reads while resets are stopped, and after.
func (f *Flow) frozenPost(ctx context.Context, z flows.Freeze) bot.Post {
	p := f.printer()
	name := f.name(ctx, z.By)
	if name == "" {
		name = p.Say("reset.somebody")
	}
	m := bot.Message{Title: p.Say("reset.frozen.title"), Status: bot.Problem, Body: []bot.Block{
		flows.Say(p, "reset.frozen.body", bot.Strong(name), bot.Time{At: z.Since}),
		bot.Facts{{Name: p.Say("reset.frozen.lifting"), Value: flows.Say(p, "reset.frozen.count", bot.Plain(fmt.Sprint(len(z.Lifting))))}},
	}}
	if words.Has(z.Why) {
		m.Body = append(m.Body, flows.Say(p, z.Why))
	}
	m.Actions = []bot.Action{bot.Choose{Label: p.Say("reset.lift"), Verb: "reset.lift", Subject: "freeze"}}
	if !z.On {
		m.Title, m.Status, m.Actions = p.Say("reset.lifted.title"), bot.Good, nil
		m.Body = []bot.Block{flows.Say(p, "reset.lifted.body")}
	}
	return bot.Post{To: f.Channel, Key: fmt.Sprintf("reset/freeze/%d", z.Since.Unix()), Message: m}
}

// sayFrozen does [flows.SayFrozen].
func (f *Flow) sayFrozen(ctx context.Context) (flows.Answer, error) {
	z, err := f.Requests.Frozen(ctx)
	if err != nil {
		return flows.Answer{}, fmt.Errorf("reading whether resets are stopped: %w", err)
	}
	if !z.On || f.Channel.Platform == "" {
		return flows.Answer{}, nil
	}
	return flows.Answer{Posts: []bot.Post{f.frozenPost(ctx, z)}}, nil
}

// lift leads an admin to where they sign in to say that resets may go on.
func (f *Flow) lift(ctx context.Context, e bot.Event) (flows.Answer, error) {
	why, err := f.mayLift(ctx, e.From.Identity)
	if err != nil || why != "" {
		return f.no(e, why), err
	}
	z, err := f.Requests.Frozen(ctx)
	if err != nil {
		return flows.Answer{}, fmt.Errorf("reading whether resets are stopped: %w", err)
	}
	l := flows.Link{Token: f.Token(), Verb: "reset.lift", Subject: "freeze", For: e.From, In: e.In, Digest: liftDigest(z), Until: f.Now().Add(linkLife)}
	p := f.theirs(e)
	a := f.whisper(e, "link", bot.Message{
		Title: p.Say("reset.link.lift.title"), Status: bot.Info, Body: []bot.Block{flows.Say(p, "reset.link.lift.body"), never(p)},
		Actions: []bot.Action{bot.Open{Label: p.Say("reset.link.open"), URL: f.Page(l.Token)}},
	})
	a.Posts[0].Key = linkPost(l)
	a.Links = []flows.Link{l}
	a.Audit = []flows.Entry{{Key: "reset.lift-link/" + e.ID, At: f.Now(), By: e.From.Identity, Verb: "reset.lift-link", Object: f.Tenant, Result: "made"}}
	return a, nil
}

// liftDigest binds a yes to this very freeze.
func liftDigest(z flows.Freeze) string { return fmt.Sprintf("freeze/%d", z.Since.UnixNano()) }

// mayLift is why somebody may not say that resets may go on; the end of a key, or "".
func (f *Flow) mayLift(ctx context.Context, who bot.Identity) (string, error) {
	ok, err := f.Admins.Admin(ctx, who)
	if err != nil {
		return "", err
	}
	z, err := f.Requests.Frozen(ctx)
	switch {
	case err != nil:
		return "", fmt.Errorf("reading whether resets are stopped: %w", err)
	case !ok:
		return "not-admin", nil
	case !z.On:
		return "not-frozen", nil
	case slices.ContainsFunc(z.Lifting, func(i bot.Identity) bool { return i.Key() == who.Key() }):
		return "lifting", nil
	}
	return "", nil
}

// lifted is one admin's yes. With the second, resets go on.
func (f *Flow) lifted(ctx context.Context, y yes) (flows.Answer, error) {
	why, err := f.mayLift(ctx, y.who.Identity)
	if err != nil {
		return flows.Answer{}, err
	}
	if why != "" {
		return f.tellYes(y, why), nil
	}
	z, err := f.Requests.Frozen(ctx)
	if err != nil {
		return flows.Answer{}, fmt.Errorf("reading whether resets are stopped: %w", err)
	}
	if y.s.Digest == "" || y.s.Digest != y.link.Digest || y.link.Digest != liftDigest(z) {
		return f.tellYes(y, "changed"), nil
	}
	z.Lifting = append(slices.Clone(z.Lifting), y.who.Identity)
	z.On = len(z.Lifting) < 2
	return flows.Answer{
		Freeze: &z, Posts: []bot.Post{f.frozenPost(ctx, z)},
		Audit: []flows.Entry{f.freezeEntry(y.who.Identity, "reset.lift", z)},
	}.And(f.noted(y)), nil
}
