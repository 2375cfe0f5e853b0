package teamstest

import (
	"cmp"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"mfahelp/bot/bottest"
)

// See returns what somebody sees in a room, in its order: as their program shows
// it, with cards of their own in the place of those for all.
func (f *Fake) See(p *Person, r *Room) (all []bottest.Seen) {
	if !r.has(p) {
		return nil
	}
	type ordered struct {
		seen  bottest.Seen
		order int64
	}
	var out []ordered
	for _, m := range f.Messages(r) {
		if m.Deleted || m.To != nil && m.To != p {
			continue
		}
		out = append(out, ordered{m.seenBy(p), m.Order})
	}
	for _, t := range f.Toasts(p) {
		if t.In == r {
			title, rest, _ := strings.Cut(unescape(t.Text), "\n\n")
			s := bottest.Seen{Ref: fmt.Sprintf("toast-%d", t.Order), Title: title}
			if rest != "" {
				s.Lines = strings.Split(rest, "\n")
			}
			out = append(out, ordered{s, t.Order})
		}
	}
	slices.SortStableFunc(out, func(a, b ordered) int { return cmp.Compare(a.order, b.order) })
	for _, o := range out {
		all = append(all, o.seen)
	}
	return all
}

// Message returns one that is in a room.
func (f *Fake) Message(r *Room, id string) (Message, bool) {
	for _, m := range f.Messages(r) {
		if m.ID == id && !m.Deleted {
			return m, true
		}
	}
	return Message{}, false
}

// cardOf is the card of an activity, or nil.
func cardOf(a obj) obj {
	all, _ := a["attachments"].([]any)
	for _, x := range all {
		if at, _ := x.(obj); at["contentType"] == "application/vnd.microsoft.card.adaptive" {
			c, _ := at["content"].(obj)
			return c
		}
	}
	return nil
}

// CardFor is the card that somebody sees.
func (m Message) CardFor(p *Person) obj {
	if c, ok := m.views[p]; ok {
		return c
	}
	return cardOf(m.Activity)
}

func (m Message) seenBy(p *Person) bottest.Seen {
	s := bottest.Seen{Ref: m.ID, Thread: m.Thread}
	if m.From != nil {
		text, _ := m.Activity["text"].(string)
		s.From, s.Lines = m.From.ID, strings.Split(text, "\n")
		return s
	}
	if c := m.CardFor(p); c != nil {
		l := look{seen: &s}
		l.elements(c)
		return s
	}
	all, _ := m.Activity["attachments"].([]any)
	for _, x := range all { // a file that is offered, or given
		a, _ := x.(obj)
		s.Attached = append(s.Attached, fmt.Sprint(a["name"]))
	}
	return s
}

// A look goes over a card as an eye does.
type look struct {
	seen *bottest.Seen
	last string // the text above
}

// The bands across the top of a card, by what they say.
var bandStatus = map[string]string{"emphasis": "info", "warning": "waiting", "good": "good", "attention": "problem"}

func (l *look) elements(e obj) {
	switch e["type"] {
	case "TextBlock":
		s, _ := e["text"].(string)
		l.last = unescape(s)
		if e["style"] == "heading" {
			l.seen.Title = l.last
		} else {
			l.lines(l.last)
		}
	case "RichTextBlock":
		runs, _ := e["inlines"].([]any)
		var b strings.Builder
		for _, x := range runs {
			r, _ := x.(obj)
			b.WriteString(strings.ReplaceAll(fmt.Sprint(r["text"]), "\u200b", ""))
		}
		l.lines(b.String())
	case "FactSet":
		facts, _ := e["facts"].([]any)
		for _, x := range facts {
			f, _ := x.(obj)
			l.lines(unescape(fmt.Sprint(f["title"])) + ": " + unescape(fmt.Sprint(f["value"])))
		}
	case "Container":
		if style, _ := e["style"].(string); e["bleed"] == true && l.seen.Status == "" {
			l.seen.Status = bandStatus[style]
		}
	}
	for _, name := range []string{"body", "items", "columns", "actions"} {
		all, _ := e[name].([]any)
		for _, x := range all {
			child, _ := x.(obj)
			if strings.HasPrefix(fmt.Sprint(child["type"]), "Action.") {
				l.action(child)
			} else {
				l.elements(child)
			}
		}
	}
}

func (l *look) lines(s string) {
	for line := range strings.Lines(s) {
		if line = strings.TrimSpace(line); line != "" {
			l.seen.Lines = append(l.seen.Lines, line)
		}
	}
}

func (l *look) action(a obj) {
	label := strings.ReplaceAll(fmt.Sprint(a["title"]), "\u200b", "")
	switch a["type"] {
	case "Action.Execute":
		if data, _ := a["data"].(obj); data["file"] != nil {
			l.seen.Attached = append(l.seen.Attached, l.last)
		}
		l.seen.Buttons = append(l.seen.Buttons, bottest.Button{Label: label, Ref: refOf(a)})
	case "Action.OpenUrl":
		address, _ := a["url"].(string)
		l.seen.Buttons = append(l.seen.Buttons, bottest.Button{Label: label, Address: address})
	case "Action.ShowCard":
		card, _ := a["card"].(obj)
		b := bottest.Button{Label: label}
		inputs, _ := card["body"].([]any)
		for _, x := range inputs {
			in, _ := x.(obj)
			input := bottest.Input{Name: nameOf(in["id"]), Label: strings.ReplaceAll(fmt.Sprint(in["label"]), "\u200b", "")}
			choices, _ := in["choices"].([]any)
			for _, y := range choices {
				o, _ := y.(obj)
				input.Options = append(input.Options, bottest.InputOption{
					Label: strings.ReplaceAll(fmt.Sprint(o["title"]), "\u200b", ""), Value: fmt.Sprint(o["value"]),
				})
			}
			b.Fields = append(b.Fields, input)
		}
		sends, _ := card["actions"].([]any)
		for _, x := range sends {
			send, _ := x.(obj)
			b.Ref = refOf(send)
		}
		l.seen.Buttons = append(l.seen.Buttons, b)
	}
}

// refOf is a button as it can be pressed later, when its card has gone.
func refOf(a obj) string {
	b, err := json.Marshal(a)
	if err != nil {
		panic(err) // unreachable: it came from JSON
	}
	return string(b)
}

// InputID is the id of the input for a field of the form that a button sends.
func InputID(button obj, field string) string {
	data, _ := button["data"].(obj)
	return fmt.Sprintf("field.%v.%s", data["key"], field)
}

// nameOf is the field that an input is for, by its id.
func nameOf(id any) string {
	_, rest, _ := strings.Cut(fmt.Sprint(id), ".")
	_, name, _ := strings.Cut(rest, ".")
	return name
}

// Button is the one with this ref, as Push takes it.
func Button(ref string) (a obj) {
	if json.Unmarshal([]byte(ref), &a) != nil {
		return nil
	}
	return a
}

// unescape is Markdown as it is shown, as far as our cards use it.
func unescape(s string) string {
	s = strings.ReplaceAll(s, "\u200b", "")
	s = at.ReplaceAllString(s, "$1")
	s = link.ReplaceAllString(s, "$1 ($2)")
	s = bold.ReplaceAllString(s, "$1$2")
	return escaped.ReplaceAllString(s, "$1")
}

var (
	at      = regexp.MustCompile(`<at>(.*?)</at>`)
	link    = regexp.MustCompile(`\[((?:[^\\\]]|\\.)*)\]\(([^)]*)\)`)
	bold    = regexp.MustCompile(`(^|[^\\])\*\*`)
	escaped = regexp.MustCompile(`\\(.)`)
)
