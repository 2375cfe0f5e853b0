package teams

import (
	"fmt"
	"strings"

	"mfahelp/bot"
	"mfahelp/words"
)

// maxCard is how large a card may be, as JSON. Teams takes more in a message of
// a bot, but not by every way, and says so only when it is too late.
// See https://learn.microsoft.com/microsoftteams/platform/bots/how-to/format-your-bot-messages#message-size-limits.
const maxCard = 28 << 10

// spare is what a card has beside its message: how it is asked for again, what
// its files are asked for by, and secrets that are told into it.
const spare = 2 << 10

const maxTitle = 200

// A measure is how much of each part of a message is shown.
type measure struct {
	text, facts, fact, steps, items, quote, files, label, options int
}

// measures are from the generous to the strict.
var measures = []measure{
	{text: 3000, facts: 30, fact: 500, steps: 15, items: 15, quote: 3000, files: 6, label: 120, options: 60},
	{text: 1000, facts: 15, fact: 200, steps: 10, items: 8, quote: 1000, files: 4, label: 80, options: 30},
	{text: 300, facts: 8, fact: 100, steps: 5, items: 3, quote: 300, files: 2, label: 40, options: 15},
	{label: 40, options: 10, files: 0},
}

// fitted is m if a card can show it. Else it is what decides of m: the title,
// the first of each part, the actions; and all of it is in a file.
func fitted(m bot.Message, w *words.Printer) bot.Message {
	if fits(m, w) {
		return m
	}
	whole := bot.Attachment{Name: w.Say("teams.whole.name"), MediaType: "text/plain", Content: []byte(plain(m))}
	var out bot.Message
	for _, by := range measures {
		if out = by.of(m, whole, w); fits(out, w) {
			return out
		}
	}
	for !fits(out, w) && len(out.Actions) > 0 { // no card of ours is like that
		out.Actions = out.Actions[:len(out.Actions)-1]
	}
	return out
}

func fits(m bot.Message, w *words.Printer) bool {
	c := Card{Message: m, Files: make([]string, len(m.Attachments))}
	return weigh(draw(c, w, nil)) <= maxCard-spare
}

// weigh is the size of v on the wire.
func weigh(v any) int {
	b, err := encode(v)
	if err != nil {
		panic("teams: " + err.Error()) // unreachable: it is made of texts
	}
	return len(b)
}

// of is as much of m as is shown by this measure.
func (by measure) of(m bot.Message, whole bot.Attachment, w *words.Printer) bot.Message {
	out := m
	out.Title, out.Body, out.Actions = clip(m.Title, maxTitle), nil, nil
	left := by
	for _, b := range m.Body {
		if short := left.block(b); short != nil {
			out.Body = append(out.Body, short)
		}
	}
	out.Body = append(out.Body, bot.Note{bot.Plain(w.Say("teams.whole"))})
	files := m.Attachments[:min(by.files, len(m.Attachments))]
	out.Attachments = append([]bot.Attachment{whole}, files...)
	for i, a := range out.Attachments {
		out.Attachments[i].Name = clip(a.Name, maxTitle)
	}
	for _, a := range m.Actions {
		out.Actions = append(out.Actions, by.action(a))
	}
	return out
}

// block is as much of b as is shown, and counts it.
func (by *measure) block(b bot.Block) bot.Block {
	switch b := b.(type) {
	case bot.Text:
		out := bot.Text(by.spans(b, &by.text))
		return some(out, out)
	case bot.Facts:
		var out bot.Facts
		for _, f := range b[:take(&by.facts, len(b))] {
			left := by.fact
			out = append(out, bot.Fact{Name: clip(f.Name, by.fact), Value: by.spans(f.Value, &left)})
		}
		return some(out, out)
	case bot.Steps:
		var out bot.Steps
		for _, s := range b[:take(&by.steps, len(b))] {
			left := by.fact
			out = append(out, bot.Step{Do: by.spans(s.Do, &left), Why: clip(s.Why, by.fact)})
		}
		return some(out, out)
	case bot.List:
		var out bot.List
		for _, i := range b[:take(&by.items, len(b))] {
			title, facts := by.fact, by.fact
			item := bot.Item{Title: by.spans(i.Title, &title), Facts: by.spans(i.Facts, &facts)}
			if i.Action != nil {
				item.Action = by.action(i.Action)
			}
			out = append(out, item)
		}
		return some(out, out)
	case bot.Quote:
		n := take(&by.quote, len([]rune(b)))
		lines := strings.Split(clip(string(b), n), "\n")
		short := bot.Quote(strings.Join(lines[:min(len(lines), 40)], "\n"))
		return some([]rune(short), short)
	case bot.Note:
		out := bot.Note(by.spans(b, &by.text))
		return some(out, out)
	}
	panic(fmt.Sprintf("teams: unknown block %T", b)) // unreachable: the set is closed
}

// some is b, or nil if all that it has is none.
func some[T any](all []T, b bot.Block) bot.Block {
	if len(all) == 0 {
		return nil
	}
	return b
}

// take counts n against what is left, and returns how many of them there are.
func take(left *int, n int) int {
	n = min(*left, n)
	*left -= n
	return n
}

// spans are as many as there is room for, the last of them clipped.
func (by *measure) spans(all []bot.Span, left *int) (out []bot.Span) {
	for _, s := range all {
		if *left <= 0 {
			return out
		}
		switch x := s.(type) {
		case bot.Plain:
			s = bot.Plain(clip(string(x), *left))
		case bot.Strong:
			s = bot.Strong(clip(string(x), *left))
		case bot.Code:
			s = bot.Code(clip(string(x), *left))
		case bot.Link:
			s = bot.Link{Text: clip(x.Text, *left), URL: x.URL}
		case bot.Mention:
			x.Name = clip(x.Name, *left)
			s = x
		case bot.Time, bot.Reveal: // are short
		}
		*left -= len([]rune(bot.PlainText([]bot.Span{s})))
		out = append(out, s)
	}
	return out
}

func (by *measure) action(a bot.Action) bot.Action {
	switch a := a.(type) {
	case bot.Choose:
		a.Label = clip(a.Label, by.label)
		return a
	case bot.Ask:
		a.Label = clip(a.Label, by.label)
		fields := a.Fields
		a.Fields = nil
		for _, f := range fields {
			f.Label = clip(f.Label, by.label)
			options := f.Options[:min(by.options, len(f.Options))]
			f.Options = nil
			for _, o := range options {
				f.Options = append(f.Options, bot.Option{Label: clip(o.Label, by.label), Value: o.Value})
			}
			a.Fields = append(a.Fields, f)
		}
		return a
	case bot.Open:
		a.Label = clip(a.Label, by.label)
		return a
	}
	panic(fmt.Sprintf("teams: unknown action %T", a)) // unreachable: the set is closed
}

// clip is the beginning of s.
func clip(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:max(0, n-1)]) + "…"
	}
	return s
}

// plain is all that m says, to be read in a file.
func plain(m bot.Message) string {
	var b strings.Builder
	say := func(s string) { b.WriteString(s + "\n") }
	say(m.Title)
	for _, block := range m.Body {
		say("")
		switch block := block.(type) {
		case bot.Text:
			say(bot.PlainText(block))
		case bot.Facts:
			for _, f := range block {
				say(f.Name + ": " + bot.PlainText(f.Value))
			}
		case bot.Steps:
			for i, s := range block {
				say(fmt.Sprintf("%d. %s", i+1, bot.PlainText(s.Do)))
				if s.Why != "" {
					say("   " + s.Why)
				}
			}
		case bot.List:
			for _, i := range block {
				say("- " + bot.PlainText(i.Title))
				if len(i.Facts) > 0 {
					say("  " + bot.PlainText(i.Facts))
				}
			}
		case bot.Quote:
			say("> " + strings.ReplaceAll(string(block), "\n", "\n> "))
		case bot.Note:
			say(bot.PlainText(block))
		default:
			panic(fmt.Sprintf("teams: unknown block %T", block)) // unreachable: the set is closed
		}
	}
	return b.String()
}
