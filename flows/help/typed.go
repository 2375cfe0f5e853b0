package help

import (
	"context"
	"strings"
	"unicode"

	"mfahelp/bot"
	"mfahelp/flows"
	"mfahelp/flows/diagnose"
)

// Some people write the name of a button instead of pressing it. In private that
// is as good as a press: who writes there could press there, and what follows a
// press follows this too. Among others, and with more words, it is only text.

// typed answers text that is no more than the name of a button that e's sender
// has in front of them. It reports false if it is none.
func (f *Flow) typed(ctx context.Context, e bot.Event, own []flows.Case, text string) (flows.Answer, bool, error) {
	c, ok := f.inFront(e, own)
	if !ok {
		return flows.Answer{}, false, nil
	}
	for _, x := range f.offered(c) {
		label, verb, subject := button(x)
		if !sameWords(label, text) {
			continue
		}
		if strings.HasPrefix(verb, "reset.") {
			return f.wanted(c, verb), true, nil
		}
		_, rest, _ := strings.Cut(subject, "/")
		c.Changed = f.Now()
		a, err := f.act(ctx, e, c, verb, rest, "")
		return a, true, err
	}
	return flows.Answer{}, false, nil
}

// wish is the reset that somebody asks for by the name of its button, before
// there is one. It is theirs once their sign-ins have been looked up: signs of an
// attack come before it, as they do before the button.
func (f *Flow) wish(e bot.Event, text string) string {
	if !e.In.Audience.One() || !f.Resets {
		return ""
	}
	for _, verb := range resetVerbs {
		if sameWords(f.printer(e).Say(verb), text) {
			return verb
		}
	}
	return ""
}

// granted is c as it is kept, and what it takes for its wish where there is a
// button for that by now.
func (f *Flow) granted(c flows.Case) (flows.Case, flows.Answer) {
	wish := c.Wish
	c.Wish = ""
	for _, x := range f.resets(c) {
		if _, verb, _ := button(x); verb == wish {
			return c, f.wanted(c, verb)
		}
	}
	return c, flows.Answer{}
}

// wanted hands c to package reset, which answers as it does a press.
func (f *Flow) wanted(c flows.Case, verb string) flows.Answer {
	return flows.Answer{Jobs: []flows.Job{{Key: c.Post("typed"), At: f.Now(), Verb: verb, Subject: c.Key}}}
}

// inFront is the case whose buttons e's sender sees last, in a chat of their own.
func (f *Flow) inFront(e bot.Event, own []flows.Case) (flows.Case, bool) {
	if !e.In.Audience.One() {
		return flows.Case{}, false
	}
	c, lately := f.justTold(e, own)
	return c, c.Requester.ID == e.From.ID && (lately || c.Shown().Open())
}

// offered are the buttons of c's answer as it stands.
func (f *Flow) offered(c flows.Case) []bot.Action {
	p, d := f.words(c), diagnose.Diagnose(c.Facts(f.Now()))
	switch c.Shown() {
	case flows.Looking:
		if c.Looked.Next.IsZero() {
			return nil // its first answer is on its way
		}
		return waiting(p, c, d).Actions
	case flows.Asked:
		if len(c.Choices) > 0 {
			return which(p, c).Actions
		}
		return question(p, c, f.Admins.Platform != "", f.resets(c)).Actions
	case flows.Answered:
		return append(answer(p, c, d).Actions, f.resets(c)...)
	case flows.Settled:
		return []bot.Action{stuckForm(p, c, "help.again")}
	case flows.WithAdmins, flows.Superseded: // what is written goes to the admins; has none
	}
	return nil
}

// button is what an action says and does.
func button(x bot.Action) (label, verb, subject string) {
	switch x := x.(type) {
	case bot.Choose:
		return x.Label, x.Verb, x.Subject
	case bot.Ask:
		return x.Label, x.Verb, x.Subject
	case bot.Open: // leads elsewhere
	}
	return "", "", ""
}

// sameWords reports whether text is label, but for case and for what people put
// around words.
func sameWords(label, text string) bool {
	plain := func(s string) string {
		return strings.TrimFunc(strings.Join(strings.Fields(s), " "), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	}
	return label != "" && strings.EqualFold(plain(label), plain(text))
}
