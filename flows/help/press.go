package help

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"mfahelp/bot"
	"mfahelp/flows"
	"mfahelp/flows/diagnose"
	"mfahelp/flows/lookup"
	"mfahelp/graph/aadsts"
	"mfahelp/words"
)

// Press answers a press in somebody's own conversation. The subject of each
// offer is the case's key, and for a choice of sign-ins its id behind a slash.
func (f *Flow) Press(ctx context.Context, e bot.Event, o flows.Offer) (flows.Answer, error) {
	if o.Verb == "help.paste" {
		return f.pasted(ctx, e)
	}
	key, rest, _ := strings.Cut(o.Subject, "/")
	c, err := f.Cases.Case(ctx, key)
	if errors.Is(err, flows.ErrNoCase) {
		return Closed(f.printer(e), e, flows.Over), nil
	}
	if err != nil {
		return flows.Answer{}, err
	}
	if c.Requester.Platform != e.From.Platform || c.Requester.ID != e.From.ID {
		return Closed(f.printer(e), e, flows.NotYours), nil
	}
	c.Changed = f.Now()
	return f.act(ctx, e, c, o.Verb, rest, e.Did.(bot.Pressed).Fields["words"]) // the router presses nothing else
}

// act does what a button of c is for.
func (f *Flow) act(ctx context.Context, e bot.Event, c flows.Case, verb, rest, added string) (flows.Answer, error) {
	switch verb {
	case "help.solved":
		return f.settle(c, "help.outcome.solved", e.From.Identity), nil
	case "help.stuck":
		return f.stuck(ctx, e, c, added)
	case "help.not-me":
		c.NotMe = true
		return f.stuck(ctx, e, c, "")
	case "help.this":
		return f.chosen(c, rest), nil
	case "help.none":
		c.Choices = nil
		return f.tell(c), nil
	case "help.saw":
		return f.saw(ctx, e, c, rest)
	}
	return flows.Answer{}, fmt.Errorf("help knows no verb %q", verb)
}

// pasted answers the form in which somebody puts what they see, as if they had
// used the command on it.
func (f *Flow) pasted(ctx context.Context, e bot.Event) (flows.Answer, error) {
	e.Did = bot.Commanded{Name: "mfa-help", Quote: e.Did.(bot.Pressed).Fields["text"]} // the router presses nothing else
	return f.Handle(ctx, e)
}

// stuck takes c to the admins, with what its requester adds. Who says "not me"
// gets there whatever the limit, for the limit is against noise. Another security
// matter has been there since it was known, and what they hear of it now must not
// tell it from any other.
func (f *Flow) stuck(ctx context.Context, e bot.Event, c flows.Case, added string) (flows.Answer, error) {
	over, err := f.over(ctx, e.From.Identity, "help.escalated", 24*time.Hour, f.Limits.Escalations)
	if err != nil {
		return flows.Answer{}, err
	}
	if over && !c.NotMe {
		return f.limited(e, "escalations"), nil
	}
	c.Words = clip(added, 2000)
	return f.escalate(c, diagnose.Diagnose(c.Facts(f.Now())), e.From.Identity), nil
}

// chosen goes on with the sign-in that its requester picked.
func (f *Flow) chosen(c flows.Case, id string) flows.Answer {
	c, ok := lookup.Choose(c, id)
	if !ok {
		return flows.Answer{} // asked twice, and answered once already
	}
	return f.tell(c)
}

// saw goes on with what its requester says they saw.
func (f *Flow) saw(ctx context.Context, e bot.Event, c flows.Case, what string) (flows.Answer, error) {
	switch what {
	case "code":
		c.State = flows.Asked
		return f.with(c, howToCopy(f.words(c), c)), nil
	case "prompt":
		c.Report = aadsts.Report{Code: "500121", Codes: []string{"500121"}}
		return f.tell(c), nil
	}
	return f.stuck(ctx, e, c, f.adminWords().Say("help.saw.phone.admin"))
}

// Closed answers a press that is not taken. It is said to who pressed alone,
// and changes nothing.
func Closed(p *words.Printer, e bot.Event, why flows.Refusal) flows.Answer {
	to := e.In
	if !to.Audience.One() || to.Page {
		to.Audience, to.Reader = bot.Ephemeral, e.From.ID
	}
	m := bot.Message{Title: p.Say("help.closed." + string(why)), Status: bot.Info, Body: []bot.Block{flows.Say(p, "help.closed.body")}}
	return flows.Answer{Posts: []bot.Post{{To: to, Reply: e.Reply, Key: "closed/" + e.From.Platform + "/" + e.From.ID + "/" + e.ID, Message: m}}}
}

// Apology is what somebody hears whose message could not be handled, however
// often it was tried. The reference leads whoever runs us to the log.
func Apology(p *words.Printer, e bot.Event) flows.Answer {
	to := direct(e)
	return flows.Answer{Posts: []bot.Post{{To: to, Key: "sorry/" + e.From.Platform + "/" + e.ID, Message: bot.Message{
		Title: p.Say("help.sorry.title"), Status: bot.Problem,
		Body: []bot.Block{
			flows.Say(p, "help.sorry.body"),
			bot.Note(flows.Say(p, "help.ref", bot.Code(flows.NewKey(e.From.Platform+"/"+e.ID)))),
		},
	}}}}
}

func clip(s string, n int) string {
	if r := []rune(strings.TrimSpace(s)); len(r) > n {
		return string(r[:n]) + "…"
	}
	return strings.TrimSpace(s)
}
