package escalate

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"mfahelp/bot"
	"mfahelp/flows"
)

// The jobs that tell the admins what did not reach somebody, and why: their
// chat is closed to the bot, or the platform did not take it.
const (
	unreached = "escalate.unreached"
	unsent    = "escalate.unsent"
)

// Undelivered asks for the admins to be told that p failed for good, if it was
// for one person and about a case. Who reads a channel sees for themselves what
// is missing there.
func Undelivered(p bot.Post, why error, now time.Time) []flows.Job {
	if !p.To.Audience.One() || p.To.Page || flows.CaseOf(p.Key) == "" {
		return nil
	}
	verb := unsent
	if errors.Is(why, bot.ErrUnreachable) {
		verb = unreached
	}
	return []flows.Job{{Key: "undelivered/" + p.Key, At: now, Verb: verb, Subject: p.Key}}
}

// undelivered says in the thread of a case whom something in it did not reach:
// an admin who wrote to somebody would else wait for an answer. A case that the
// admins do not have has no thread. It is one line for each post, however often
// that fails.
func (f *Flow) undelivered(ctx context.Context, j flows.Job) (flows.Answer, error) {
	c, err := f.Cases.Case(ctx, flows.CaseOf(j.Subject)) // which the post is about
	if errors.Is(err, flows.ErrNoCase) || err == nil && c.Escalated.IsZero() || f.Posts == nil {
		return flows.Answer{}, nil
	}
	if err != nil {
		return flows.Answer{}, err
	}
	post, ok, err := f.Posts.Posted(ctx, j.Subject)
	if err != nil || !ok {
		return flows.Answer{}, err
	}
	p := f.printer()
	to, app := bot.Span(bot.Plain(p.Say("escalate.unreached.other"))), bot.Plain(p.Say("escalate.in."+post.To.Platform))
	if post.To.Platform == c.Requester.Platform && post.To.Reader == c.Requester.ID {
		to = bot.Mention(c.Requester)
	}
	return flows.Answer{
		Posts: []bot.Post{{
			To: f.Channel, Key: c.Post("undelivered/" + strings.TrimPrefix(j.Subject, c.Post(""))), Under: c.Post("admins"),
			Message: bot.Message{Title: p.Say(j.Verb), Status: bot.Problem, Body: []bot.Block{flows.Say(p, j.Verb+".body", to, app)}},
		}},
		Audit: []flows.Entry{{
			Key: fmt.Sprintf("%s/%s/%d", j.Verb, j.Subject, j.At.UnixMicro()), At: f.Now(), Case: c.Key, Verb: j.Verb, Object: j.Subject, Result: "told",
		}},
	}, nil
}
