package reset

import (
	"context"
	"fmt"
	"slices"
	"time"

	"mfahelp/bot"
	"mfahelp/flows"
	"mfahelp/graph"
)

// A reached is where somebody can be told something.
type reached struct {
	who bot.Person
	in  bot.Place
}

// reach finds somebody on every platform. One that does not answer is left out:
// there are others, and mail.
func (f *Flow) reach(ctx context.Context, who bot.Identity) (all []reached) {
	for _, x := range f.Reach {
		p, in, ok, err := x.Reach(ctx, who)
		if err != nil || !ok || p.Key() != who.Key() || !in.Audience.One() || in.Reader == "" {
			continue
		}
		all = append(all, reached{p, in})
	}
	return all
}

// toAsker is what a subject who asked reads in the place where they did. Of a
// sign of compromise it shows nothing.
func (f *Flow) toAsker(r flows.Request, c flows.Case) bot.Post {
	p := f.Words(r.Asking.Locale)
	var m bot.Message
	if r = f.seeming(r); r.State == flows.ResetAsked {
		m = asked(p, r, f.later(f.Now()))
	} else {
		m = standing(p, r)
	}
	return bot.Post{To: c.In, Key: c.Post("reply"), Message: m}
}

// tellSubject tells r's subject how it stands, wherever the bot knows them, so
// that a stolen session on one platform cannot keep it from them; but not again
// where they asked.
func (f *Flow) tellSubject(ctx context.Context, r flows.Request, c flows.Case, what string, outcomes []flows.Outcome) (a flows.Answer) {
	n := 0
	for _, x := range f.reach(ctx, r.Subject) {
		n++
		if r.As == flows.AsSubject && x.in.Platform == c.In.Platform {
			continue
		}
		a.Posts = append(a.Posts, bot.Post{To: x.in, Key: postOf(r, "subject/"+x.in.Platform), Message: told(f.Words(x.who.Locale), r, what, outcomes)})
	}
	if r.As == flows.AsSubject {
		n++
	}
	verb, until := "", time.Time{}
	switch what {
	case "asked":
		verb, until = "reset.stop", r.Expires
	case "done":
		verb, until = "reset.not-me", f.Now().Add(f.Policy.Watch)
	}
	mailed := f.mail(r, r.Subject, "subject/"+what, told(f.printer(), r, what, outcomes), "", verb, until)
	n += len(mailed.Effects)
	a = a.And(mailed)
	if n == 0 {
		a.Posts = append(a.Posts, f.line(r, bot.Problem, "reset.line.untold", bot.Plain(r.Account.Name)))
	}
	return a
}

// tellManager asks the manager for their word, or, where the policy does not
// want it, only tells them.
func (f *Flow) tellManager(ctx context.Context, r flows.Request) (a flows.Answer) {
	m := r.Account.Manager
	if !m.Known() || m.Key() == r.Requester.Key() {
		return a
	}
	needed := slices.Contains(r.Needs, ByManager)
	n := 0
	for _, x := range f.reach(ctx, m) {
		n++
		url := ""
		if needed {
			l := f.link("reset.manager", r, x.who, x.in)
			l.Until, url = r.Expires, f.Page(l.Token)
			a.Links = append(a.Links, l)
		}
		a.Posts = append(a.Posts, bot.Post{To: x.in, Key: postOf(r, "manager/"+x.in.Platform), Message: toManager(f.Words(x.who.Locale), r, url)})
	}
	url := ""
	if needed && f.Mail {
		l := f.link("reset.manager", r, bot.Person{Identity: m, Name: r.Account.Names[m.Key()]}, bot.Place{})
		l.Until, url = r.Expires, f.Page(l.Token)
		a.Links = append(a.Links, l)
	}
	what := "manager"
	if n := times(r, ByManager); n > 0 { // asked once more
		what += fmt.Sprint("/", n+1)
	}
	mailed := f.mail(r, m, what, toManager(f.printer(), r, url), url, "reset.stop", r.Expires)
	n += len(mailed.Effects)
	a = a.And(mailed)
	if n == 0 {
		a.Posts = append(a.Posts, f.line(r, bot.Problem, "reset.line.untold", bot.Plain(r.Account.Names[m.Key()])))
	}
	return a
}

// mail is m as an e-mail. It says the same, and leads nowhere but to our own page:
// at url, if any, to say yes there, and for the button that ends it, with a verb, at
// an address until a time. It is empty if there is no mailbox to write from.
func (f *Flow) mail(r flows.Request, to bot.Identity, what string, m bot.Message, url, verb string, until time.Time) (a flows.Answer) {
	if !f.Mail || !to.Known() {
		return a
	}
	p := f.printer()
	text := inPlain(m)
	if url != "" {
		text += "\n" + p.Say("reset.mail.link", url) + "\n"
	}
	if verb != "" {
		l := f.endLink(verb, r, to, until)
		a.Links = []flows.Link{l}
		text += "\n" + p.Say("reset.mail."+agreed(verb), f.Page(l.Token)) + "\n"
	}
	a.Effects = []flows.Effect{{
		Key:    fmt.Sprintf("%s/%d/mail/%s", r.Key, r.Round, what),
		Change: graph.Change{Kind: graph.SendMail, User: to.ObjectID, Mail: graph.Mail{Subject: m.Title, Text: text + p.Say("reset.mail.foot") + "\n"}},
	}}
	return a
}

// inPlain is m as text.
func inPlain(m bot.Message) (s string) {
	for _, b := range m.Body {
		switch b := b.(type) {
		case bot.Text:
			s += bot.PlainText(b) + "\n\n"
		case bot.Facts:
			for _, x := range b {
				s += x.Name + ": " + bot.PlainText(x.Value) + "\n"
			}
			s += "\n"
		case bot.Steps:
			for i, x := range b {
				s += fmt.Sprintf("%d. %s\n", i+1, bot.PlainText(x.Do))
			}
			s += "\n"
		case bot.Note:
			s += bot.PlainText(b) + "\n\n"
		case bot.Quote:
			s += "> " + string(b) + "\n\n"
		case bot.List: // none of ours that is mailed has one
		}
	}
	return s
}

// link makes a one-time address for somebody, about r as it is.
func (f *Flow) link(verb string, r flows.Request, who bot.Person, in bot.Place) flows.Link {
	return flows.Link{
		Token: f.Token(), Verb: verb, Subject: r.Key, For: who, In: in, Digest: r.Digest(), Until: f.Now().Add(linkLife),
	}
}
