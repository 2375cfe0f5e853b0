package slacktest

import (
	"fmt"
	"regexp"
	"strings"

	"mfahelp/bot/bottest"
)

// See returns what somebody sees in a channel, in its order, as their program
// shows it; a dialog that they have open stands at the end.
func (f *Fake) See(p *Person, c *Channel) (all []bottest.Seen) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !c.has(p) {
		return nil
	}
	for _, m := range f.messages {
		switch {
		case m.Channel != c || m.Deleted || m.To != nil && m.To != p:
		case m.Blocks == nil && m.From == nil && len(m.Files) > 0: // an upload hangs from the message above
			f.attach(all, m)
		default:
			all = append(all, m.seen())
		}
	}
	for _, x := range all {
		f.name(x.Lines)
	}
	if pile := f.views[p.ID]; len(pile) > 0 && pile[len(pile)-1].Over == c {
		all = append(all, pile[len(pile)-1].Seen())
	}
	return all
}

// name shows people by their names.
func (f *Fake) name(lines []string) {
	for i := range lines {
		for _, p := range f.people {
			lines[i] = strings.ReplaceAll(lines[i], "@"+p.ID, "@"+p.Name)
		}
	}
}

// attach shows the files of m below what they hang from.
func (f *Fake) attach(all []bottest.Seen, m *Message) {
	for i := len(all) - 1; i >= 0; i-- {
		if all[i].From == "" && (all[i].Ref == m.Thread || all[i].Thread != "" && all[i].Thread == m.Thread) {
			for _, x := range m.Files {
				all[i].Attached = append(all[i].Attached, x.Name)
			}
			return
		}
	}
}

func (m *Message) seen() bottest.Seen {
	s := bottest.Seen{Ref: m.TS, Thread: m.Thread}
	if m.From != nil {
		s.From, s.Lines = m.From.ID, strings.Split(m.Text, "\n")
		return s
	}
	show(m.Blocks, &s)
	return s
}

// viewRef begins the Ref of what is seen in a dialog.
const viewRef = "view/"

// Seen is what somebody sees of a dialog.
func (v *View) Seen() bottest.Seen {
	s := bottest.Seen{Ref: viewRef + v.ID}
	s.Title, s.Status = titled(said(v.View["title"]))
	show(list(v.View["blocks"]), &s)
	if v.View["submit"] != nil {
		b := bottest.Button{Label: said(v.View["submit"]), Ref: submits}
		b.Fields = inputs(list(v.View["blocks"]))
		s.Buttons = append(s.Buttons, b)
	}
	return s
}

// submits is the Ref of the button that sends the form of a dialog.
const submits = "submit"

func inputs(blocks []any) (all []bottest.Input) {
	for _, x := range blocks {
		b, _ := x.(obj)
		if b["type"] != "input" {
			continue
		}
		name, _ := b["block_id"].(string)
		in := bottest.Input{Name: name, Label: said(b["label"])}
		element, _ := b["element"].(obj)
		for _, y := range list(element["options"]) {
			o, _ := y.(obj)
			value, _ := o["value"].(string)
			in.Options = append(in.Options, bottest.InputOption{Label: said(o["text"]), Value: value})
		}
		all = append(all, in)
	}
	return all
}

// The signs in front of titles, by what they say.
var signs = map[string]string{"ℹ️": "info", "⏳": "waiting", "✅": "good", "⚠️": "problem"}

func titled(s string) (title, status string) {
	sign, rest, ok := strings.Cut(s, " ")
	if st := signs[sign]; ok && st != "" {
		return rest, st
	}
	return s, ""
}

// show goes over blocks as an eye does.
func show(blocks []any, s *bottest.Seen) {
	for _, x := range blocks {
		b, _ := x.(obj)
		switch b["type"] {
		case "header":
			if title, status := titled(said(b["text"])); status != "" || s.Title == "" {
				s.Title, s.Status = title, status
			} else {
				s.Lines = append(s.Lines, title)
			}
		case "section":
			lines(s, said(b["text"]))
		case "context":
			var line strings.Builder
			for _, e := range list(b["elements"]) {
				line.WriteString(said(e))
			}
			lines(s, line.String())
		case "rich_text":
			for _, e := range list(b["elements"]) {
				rich(s, e)
			}
		}
	}
	for _, a := range buttons(blocks) {
		id, _ := a["action_id"].(string)
		value, _ := a["value"].(string)
		address, _ := a["url"].(string)
		s.Buttons = append(s.Buttons, bottest.Button{Label: said(a["text"]), Ref: id + " " + value, Address: address})
	}
}

func lines(s *bottest.Seen, text string) {
	s.Lines = append(s.Lines, strings.Split(text, "\n")...)
}

func rich(s *bottest.Seen, v any) {
	e, _ := v.(obj)
	if e["type"] == "rich_text_list" {
		for i, item := range list(e["elements"]) {
			x, _ := item.(obj)
			mark := "• "
			if e["style"] == "ordered" {
				mark = fmt.Sprintf("%d. ", i+1)
			}
			lines(s, mark+spans(list(x["elements"])))
		}
		return
	}
	lines(s, spans(list(e["elements"])))
}

func spans(all []any) string {
	var b strings.Builder
	for _, x := range all {
		e, _ := x.(obj)
		switch e["type"] {
		case "date":
			fmt.Fprint(&b, e["fallback"])
		case "user":
			fmt.Fprint(&b, "@", e["user_id"])
		case "link":
			fmt.Fprintf(&b, "%v (%v)", e["text"], e["url"]) // as one sees who points at it
		default:
			fmt.Fprint(&b, e["text"])
		}
	}
	return b.String()
}

var (
	marked   = regexp.MustCompile(`<(?:[^<>|]*\||(@))([^<>]*)>`)
	unescape = strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&").Replace
)

// said is what a text object says, without its markup.
func said(v any) string {
	o, _ := v.(obj)
	s, _ := o["text"].(string)
	if o["type"] != "mrkdwn" {
		return s
	}
	return strings.NewReplacer("*", "", "`", "").Replace(unescape(marked.ReplaceAllString(s, "$1$2")))
}

// buttons are all that can be pressed.
func buttons(blocks []any) (all []obj) {
	for _, x := range blocks {
		b, _ := x.(obj)
		found := list(b["elements"])
		if b["accessory"] != nil {
			found = append(found, b["accessory"])
		}
		if b["type"] != "actions" && b["type"] != "section" {
			continue
		}
		for _, y := range found {
			if a, _ := y.(obj); a["type"] == "button" {
				all = append(all, a)
			}
		}
	}
	return all
}
