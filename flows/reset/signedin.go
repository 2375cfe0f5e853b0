package reset

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"mfahelp/bot"
	"mfahelp/flows"
	"mfahelp/words"
)

const (
	// linkLife is how long a one-time address that was asked for can be opened.
	linkLife = 15 * time.Minute

	// fresh is how long a strong sign-in counts, as in [flows.Approval.Verdict].
	fresh = 10 * time.Minute
)

// A yes is what somebody said on our own page, with all that it is about as it
// is now.
type yes struct {
	e    bot.Event
	s    bot.SignedIn
	link flows.Link
	who  bot.Person // as the chat knows them, and the directory
	r    flows.Request
	c    flows.Case

	spent bool // the address is used up by it, and what led there is replaced
}

// said are what a yes can mean. Each checks for itself whether this person may
// say it, now.
var said = map[string]func(*Flow, context.Context, yes) (flows.Answer, error){
	"reset.manager": (*Flow).confirmed,
	"reset.call":    (*Flow).called,
	"reset.factor":  (*Flow).signedInOtherwise,
	"reset.approve": (*Flow).approved,
	"reset.show":    (*Flow).mayShow,
}

// signedIn takes a yes. The page has checked the sign-in; here is checked
// whether it is for this, by this person, in time, and about the plan that there
// still is. Whatever comes of it, the address is spent.
func (f *Flow) signedIn(ctx context.Context, e bot.Event, s bot.SignedIn) (flows.Answer, error) {
	link, ok, err := f.Requests.Link(ctx, s.Link)
	if err != nil {
		return flows.Answer{}, fmt.Errorf("reading the link: %w", err)
	}
	if !ok || ends[link.Verb] != nil { // the second takes no sign-in, and is no yes
		return flows.Answer{}, nil // nobody to tell
	}
	y := yes{e: e, s: s, link: link, who: link.For}
	y.who.Identity = e.From.Identity
	why := y.refusal(f.Now())
	if why == "used" || why == "other-person" || why == "link-over" {
		return f.tellYes(y, why), nil // there is nothing to spend, or it is not theirs
	}
	y.spent = true
	spent := flows.Answer{
		Links: []flows.Link{used(link, e.At)},
		Audit: []flows.Entry{{
			Key: "reset.signed-in/" + linkPost(link), At: f.Now(), By: e.From.Identity, Verb: "reset.signed-in", Object: link.Subject, Result: cmp.Or(why, link.Verb),
		}},
	}
	if why != "" {
		return spent.And(f.tellYes(y, why)), nil
	}
	if link.Verb == "reset.lift" {
		a, err := f.lifted(ctx, y)
		return spent.And(a), err
	}
	y.r, y.c, err = f.load(ctx, link.Subject)
	if errors.Is(err, flows.ErrNoRequest) {
		return spent, nil
	}
	if err != nil {
		return flows.Answer{}, err
	}
	if s.Digest == "" || s.Digest != link.Digest || link.Digest != y.r.Digest() {
		return spent.And(f.tellYes(y, "changed")), nil
	}
	do, ok := said[link.Verb]
	if !ok {
		return flows.Answer{}, fmt.Errorf("a link for %q", link.Verb)
	}
	a, err := do(f, ctx, y)
	return spent.And(a), err
}

// refusal is why a yes does not count, with what the link and the sign-in say;
// the end of a key, or "".
func (y yes) refusal(now time.Time) string {
	switch {
	case y.e.From.Key() == "" || y.e.From.Key() != y.link.For.Key():
		return "other-person"
	case !y.link.Used.IsZero():
		return "used"
	case !y.e.At.Before(y.link.Until):
		return "link-over"
	case y.s.At.IsZero() || y.s.At.After(y.e.At) || y.e.At.After(now) || y.e.At.Sub(y.s.At) > fresh:
		return "stale"
	case len(y.s.Methods) == 0:
		return "weak"
	}
	return ""
}

func used(l flows.Link, at time.Time) flows.Link {
	l.Used = at
	return l
}

// linkPost is the key of the post that leads to l, so that what comes of it
// takes its place. Nobody learns the address from it.
func linkPost(l flows.Link) string {
	sum := sha256.Sum256([]byte(l.Token))
	return "whisper/" + l.For.Platform + "/" + l.For.ID + "/" + hex.EncodeToString(sum[:8]) + "/link"
}

// tellYes tells who said yes what became of it, where they came from.
func (f *Flow) tellYes(y yes, why string) flows.Answer {
	return f.answerYes(y, refused(f.yesWords(y), why))
}

// yesWords is the language of who said yes.
func (f *Flow) yesWords(y yes) *words.Printer {
	if f.inChannel(y.link.In) {
		return f.printer()
	}
	return f.Words(y.who.Locale)
}

// answerYes says m to who said yes; nothing to who came from an e-mail: the page
// has said that it was taken.
func (f *Flow) answerYes(y yes, m bot.Message) flows.Answer {
	to := y.link.In
	if to.Platform == "" {
		return flows.Answer{}
	}
	if !to.Audience.One() {
		to.Audience, to.Reader = bot.Ephemeral, y.who.ID
	}
	key := "whisper/" + y.who.Platform + "/" + y.who.ID + "/" + y.e.ID + "/yes"
	if y.spent && y.link.Verb != "reset.manager" { // that one stands on the manager's card, which follows the request
		key = linkPost(y.link)
	}
	return flows.Answer{Posts: []bot.Post{{To: to, Key: key, Message: m}}}
}
