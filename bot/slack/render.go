package slack

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"mfahelp/bot"
	"mfahelp/words"
)

// obj is a piece of Block Kit. It is what goes over the wire, and nothing of
// the SDK's, so that a golden file shows what Slack gets.
type obj = map[string]any

var (
	icons  = map[bot.Status]string{bot.Info: "ℹ️", bot.Waiting: "⏳", bot.Good: "✅", bot.Problem: "⚠️"}
	styles = map[bot.Weight]string{bot.Primary: "primary", bot.Danger: "danger"}
)

// A Document is a message as chat.postMessage takes it.
// See https://docs.slack.dev/reference/block-kit/blocks.
type Document struct {
	Text   string // for notifications and screen readers, which read nothing else
	Blocks []obj
	Rest   *bot.Attachment // all of the message, if not all of it is in Blocks
}

// Render returns m within Slack's limits. Words travel as rich_text or
// plain_text, in which Slack looks for nothing; where there must be mrkdwn, it
// is escaped. Of an action nothing travels but its key, and of a secret nothing
// at all: it is a dash.
func Render(m bot.Message, w *words.Printer) Document {
	p := pen{Printer: w}
	short, cut := fit(m, inMessage)
	d := Document{Text: p.fallback(m), Blocks: p.body(short, true)}
	for _, a := range m.Attachments { // send uploads them below the message
		d.Blocks = append(d.Blocks, p.small(bot.Note{bot.Plain(p.Say("slack.attached", clip(a.Name, 150)))}))
	}
	if cut {
		d.Rest = &bot.Attachment{Name: p.Say("slack.rest.file"), MediaType: "text/plain", Content: []byte(p.whole(m))}
		d.Blocks = append(d.Blocks, p.small(bot.Note{bot.Plain(p.Say("slack.rest", d.Rest.Name))}))
	}
	d.Blocks = append(d.Blocks, p.buttons(short.Actions)...)
	return d
}

// RenderPage returns m as the page that somebody has in the App Home. See
// https://docs.slack.dev/reference/views/home-tab-views.
func RenderPage(m bot.Message, w *words.Printer) obj {
	p := pen{Printer: w}
	short, cut := fit(m, inView)
	blocks := p.body(short, true)
	if cut {
		blocks = append(blocks, p.small(bot.Note{bot.Plain(p.Say("slack.shortened"))}))
	}
	return obj{"type": "home", "blocks": slices.Concat(blocks, p.buttons(short.Actions))}
}

// RenderView returns m as a dialog. Where all that can be done is a form, the
// dialog is that form. What resolve does not tell, or all if it is nil, shows as
// a dash. Meta comes back with whatever is done in it. See
// https://docs.slack.dev/reference/views/modal-views.
func RenderView(m bot.Message, w *words.Printer, meta string, resolve func(bot.Reveal) (string, bool)) obj {
	p := pen{Printer: w, resolve: resolve}
	short, cut := fit(m, inView)
	blocks := p.body(short, width(icons[m.Status]+" "+m.Title) > maxViewTitle)
	if cut {
		blocks = append(blocks, p.small(bot.Note{bot.Plain(p.Say("slack.shortened"))}))
	}
	v := obj{"type": "modal", "private_metadata": meta, "title": plain(clip(icons[m.Status]+" "+m.Title, maxViewTitle)), "close": plain(clip(p.Say("slack.close"), 24))}
	if ask, ok := onlyAsk(short.Actions); ok {
		blocks = append(blocks, p.inputs(ask.Fields)...)
		v["submit"], v["close"] = plain(clip(ask.Label, 24)), plain(clip(p.Say("bot.cancel"), 24))
	} else {
		blocks = append(blocks, p.buttons(short.Actions)...)
	}
	v["blocks"] = blocks
	return v
}

// RenderForm returns the dialog that a press of a opens. What is filled in comes
// back by the names of the fields.
func RenderForm(a bot.Ask, w *words.Printer, meta string) obj {
	p := pen{Printer: w}
	var blocks []obj
	if width(a.Label) > maxViewTitle {
		blocks = append(blocks, header(a.Label))
	}
	return obj{
		"type": "modal", "private_metadata": meta, "blocks": append(blocks, p.inputs(a.Fields)...),
		"title": plain(clip(a.Label, maxViewTitle)), "submit": plain(clip(a.Label, 24)), "close": plain(clip(p.Say("bot.cancel"), 24)),
	}
}

// onlyAsk returns the form that is all there is to do.
func onlyAsk(actions []bot.Action) (bot.Ask, bool) {
	if len(actions) != 1 {
		return bot.Ask{}, false
	}
	a, ok := actions[0].(bot.Ask)
	return a, ok
}

// A pen is what a message is written with: our words, and the reader's secrets.
type pen struct {
	*words.Printer
	resolve func(bot.Reveal) (string, bool)
}

// body is all of m but what hangs from it and what can be done.
func (p pen) body(m bot.Message, titled bool) (blocks []obj) {
	if titled {
		blocks = append(blocks, header(icons[m.Status]+" "+m.Title))
	}
	for _, b := range m.Body {
		switch b := b.(type) {
		case bot.Text:
			blocks = append(blocks, rich("rich_text_section", p.inline(b)))
		case bot.Facts:
			blocks = append(blocks, rich("rich_text_section", p.inline(facts(b))))
		case bot.Steps:
			blocks = append(blocks, p.steps(b))
		case bot.List:
			blocks = append(blocks, p.list(b)...)
		case bot.Quote:
			blocks = append(blocks, rich("rich_text_quote", []obj{text(string(b), "")}))
		case bot.Note:
			blocks = append(blocks, p.small(b))
		default:
			panic(fmt.Sprintf("slack: unknown block %T", b)) // unreachable: the set is closed
		}
	}
	return blocks
}

func header(s string) obj { return obj{"type": "header", "text": plain(clip(s, maxTitle))} }

func rich(kind string, elements []obj) obj {
	return obj{"type": "rich_text", "elements": []obj{{"type": kind, "elements": whole(elements)}}}
}

// whole keeps Slack from refusing a section in which there is nothing.
func whole(elements []obj) []obj {
	if len(elements) == 0 {
		return []obj{text("", "")}
	}
	return elements
}

func facts(fs bot.Facts) (spans []bot.Span) {
	for i, f := range fs {
		if i > 0 {
			spans = append(spans, bot.Plain("\n"))
		}
		spans = append(append(spans, bot.Strong(f.Name), bot.Plain("  ")), f.Value...)
	}
	return spans
}

func (p pen) steps(ss bot.Steps) obj {
	items := []obj{}
	for _, s := range ss {
		spans := p.inline(s.Do)
		if s.Why != "" {
			spans = append(spans, text("\n"+s.Why, "italic"))
		}
		items = append(items, obj{"type": "rich_text_section", "elements": whole(spans)})
	}
	list := rich("rich_text_list", items)
	list["elements"].([]obj)[0]["style"] = "ordered"
	return list
}

// list has a section for each item, because a button can stand beside nothing
// else.
func (p pen) list(items bot.List) (out []obj) {
	for n, i := range items {
		s := obj{"type": "section", "text": mrkdwn(p.lines(i))}
		if i.Action != nil {
			s["accessory"] = p.button(i.Action, n)
		}
		out = append(out, s)
	}
	return out
}

// lines are what i says. Markup must not be cut, so what it is made from is.
func (p pen) lines(i bot.Item) string {
	for n := maxSection; ; n /= 2 {
		title, _ := trimSpans(i.Title, n)
		facts, _ := trimSpans(i.Facts, n)
		s := p.mrkdwn(title)
		if len(facts) > 0 {
			s += "\n" + p.mrkdwn(facts)
		}
		if width(s) <= maxSection {
			return cmp.Or(s, nothing)
		}
	}
}

func (p pen) inline(spans []bot.Span) (out []obj) {
	for _, x := range spans {
		switch x := x.(type) {
		case bot.Plain:
			out = append(out, text(string(x), ""))
		case bot.Strong:
			out = append(out, text(string(x), "bold"))
		case bot.Code:
			out = append(out, text(string(x), "code"))
		case bot.Link:
			if leads(x.URL) {
				out = append(out, obj{"type": "link", "url": x.URL, "text": cmp.Or(clean(x.Text), x.URL)})
			} else {
				out = append(out, text(x.Text, ""))
			}
		case bot.Time:
			out = append(out, obj{"type": "date", "timestamp": x.At.Unix(), "format": dateFormat, "fallback": utc(x)})
		case bot.Mention:
			if x.Platform == platform {
				out = append(out, obj{"type": "user", "user_id": x.ID})
			} else {
				out = append(out, text(x.Name, ""))
			}
		case bot.Reveal:
			out = append(out, text(p.reveal(x), "code"))
		default:
			panic(fmt.Sprintf("slack: unknown span %T", x)) // unreachable: the set is closed
		}
	}
	return out
}

// small makes a context, Slack's small gray line, which takes no rich_text. What
// needs no markup is put together in one element: Slack sets elements apart.
func (p pen) small(spans []bot.Span) obj {
	var line []obj
	words := ""
	flush := func() {
		if words != "" {
			line = append(line, plain(clip(words, maxSection)))
		}
		words = ""
	}
	for _, x := range spans {
		switch x := x.(type) {
		case bot.Plain, bot.Strong, bot.Code:
			words += fmt.Sprint(x)
		case bot.Reveal:
			words += p.reveal(x)
		case bot.Link, bot.Time, bot.Mention:
			s := p.mrkdwn([]bot.Span{x})
			if len(line) >= maxContext-2 || width(s) > maxSection { // as words, rather than not at all
				words += bot.PlainText([]bot.Span{x})
				continue
			}
			flush()
			line = append(line, mrkdwn(s))
		default:
			panic(fmt.Sprintf("slack: unknown span %T", x)) // unreachable: the set is closed
		}
	}
	flush()
	if len(line) == 0 {
		line = []obj{plain("")}
	}
	return obj{"type": "context", "elements": line}
}

// mrkdwn writes spans in Slack's markup, with everything in them that calls
// somebody or leads anywhere made harmless. What is left to whoever writes
// asterisks is a word in bold.
func (p pen) mrkdwn(spans []bot.Span) string {
	var b strings.Builder
	for _, x := range spans {
		switch x := x.(type) {
		case bot.Plain:
			b.WriteString(escape(clean(string(x))))
		case bot.Strong:
			b.WriteString(around("*", string(x)))
		case bot.Code:
			b.WriteString(around("`", string(x)))
		case bot.Link:
			if leads(x.URL) {
				b.WriteString("<" + escapeURL(x.URL) + "|" + escape(clean(x.Text)) + ">")
			} else {
				b.WriteString(escape(clean(x.Text)))
			}
		case bot.Time:
			fmt.Fprintf(&b, "<!date^%d^%s|%s>", x.At.Unix(), dateFormat, utc(x))
		case bot.Mention:
			if x.Platform == platform && memberID.MatchString(x.ID) {
				b.WriteString("<@" + x.ID + ">")
			} else {
				b.WriteString(escape(clean(x.Name)))
			}
		case bot.Reveal:
			b.WriteString(around("`", p.reveal(x)))
		default:
			panic(fmt.Sprintf("slack: unknown span %T", x)) // unreachable: the set is closed
		}
	}
	return b.String()
}

// around marks s up, unless s has the mark in it or nothing to be marked.
func around(mark, s string) string {
	s = escape(clean(s))
	if t := strings.TrimSpace(s); t == "" || t != s || strings.Contains(s, mark) || strings.Contains(s, "\n") {
		return s
	}
	return mark + s + mark
}

func (p pen) reveal(r bot.Reveal) string {
	if p.resolve != nil {
		if s, ok := p.resolve(r); ok {
			return s
		}
	}
	return nothing
}

// buttons are rows of what can be done.
func (p pen) buttons(actions []bot.Action) (rows []obj) {
	n := 0
	for row := range slices.Chunk(actions, maxButtons) {
		elements := []obj{}
		for _, a := range row {
			elements = append(elements, p.button(a, n))
			n++
		}
		rows = append(rows, obj{"type": "actions", "elements": elements})
	}
	return rows
}

// What a button's action_id begins with, for receive.go.
const (
	chooses = "choose"
	asks    = "ask"
	opens   = "open"
	reveals = "reveal"
)

// button carries the key of an action, and that of a form also which form it
// is: what it asks for is kept here, see forms.go.
func (p pen) button(a bot.Action, n int) obj {
	switch a := a.(type) {
	case bot.Choose:
		return styled(obj{"action_id": fmt.Sprint(chooses, "-", n), "value": a.Key}, a.Label, a.Weight)
	case bot.Ask:
		return styled(obj{"action_id": fmt.Sprint(asks, "-", n, "-", formID(a)), "value": a.Key}, a.Label, a.Weight)
	case bot.Open:
		b := obj{"action_id": fmt.Sprint(opens, "-", n)}
		if leads(a.URL) && width(a.URL) <= maxURL {
			b["url"] = a.URL
		}
		return styled(b, a.Label, bot.Ordinary)
	}
	panic(fmt.Sprintf("slack: unknown action %T", a)) // unreachable: the set is closed
}

func styled(b obj, label string, w bot.Weight) obj {
	b["type"], b["text"] = "button", plain(clip(label, maxLabel))
	if s, ok := styles[w]; ok {
		b["style"] = s
	}
	return b
}

// formID names the form of a by what it asks for. The key, the verb, and the
// subject are no part of it.
func formID(a bot.Ask) string {
	b, err := json.Marshal(form{a.Label, a.Fields})
	if err != nil {
		panic("slack: " + err.Error()) // unreachable: it is texts and numbers
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:8])
}

func (p pen) inputs(fields []bot.Field) (blocks []obj) {
	for _, f := range fields {
		element := obj{"type": "plain_text_input", "action_id": value}
		switch f.Kind {
		case bot.Line:
		case bot.Paragraph:
			element["multiline"] = true
		case bot.Choice:
			element = obj{"type": "static_select", "action_id": value, "options": options(f.Options)}
			if len(element["options"].([]obj)) == 0 {
				continue // Slack takes no list without options, and there is nothing to choose
			}
		}
		blocks = append(blocks, obj{
			"type": "input", "block_id": f.Name, "label": plain(clip(f.Label, 2000)), "optional": !f.Required, "element": element,
		})
	}
	return blocks
}

// value is the action_id of every input.
const value = "value"

// options leaves out what would not come back as it is.
func options(all []bot.Option) []obj {
	out := []obj{}
	for _, o := range all {
		if width(o.Value) <= maxOptionValue && o.Value != "" && len(out) < maxOptions {
			out = append(out, obj{"text": plain(clip(o.Label, maxLabel)), "value": o.Value})
		}
	}
	return out
}

// fallback is what a notification shows the beginning of, and a screen reader
// reads whole.
func (p pen) fallback(m bot.Message) string {
	return escape(clip(clean(p.whole(m)), maxText))
}

// whole is all that m says, in plain text.
func (p pen) whole(m bot.Message) string {
	lines := []string{m.Title}
	for _, b := range m.Body {
		switch b := b.(type) {
		case bot.Text:
			lines = append(lines, bot.PlainText(b))
		case bot.Facts:
			for _, f := range b {
				lines = append(lines, f.Name+": "+bot.PlainText(f.Value))
			}
		case bot.Steps:
			for i, s := range b {
				lines = append(lines, strings.TrimSpace(fmt.Sprintf("%d. %s\n%s", i+1, bot.PlainText(s.Do), s.Why)))
			}
		case bot.List:
			for _, i := range b {
				lines = append(lines, "- "+strings.TrimSpace(bot.PlainText(i.Title)+"\n  "+bot.PlainText(i.Facts)))
			}
		case bot.Quote:
			lines = append(lines, "> "+strings.ReplaceAll(string(b), "\n", "\n> "))
		case bot.Note:
			lines = append(lines, bot.PlainText(b))
		default:
			panic(fmt.Sprintf("slack: unknown block %T", b)) // unreachable: the set is closed
		}
	}
	return strings.Join(lines, "\n")
}

func text(s, style string) obj {
	o := obj{"type": "text", "text": cmp.Or(clean(s), nothing)}
	if style != "" {
		o["style"] = obj{style: true}
	}
	return o
}

func plain(s string) obj {
	return obj{"type": "plain_text", "text": cmp.Or(clean(s), nothing), "emoji": false}
}

// nothing stands for an empty text, for which Slack refuses the whole message,
// and for what this reader is not told.
const nothing = "–"

// mrkdwn is verbatim, so that Slack turns no bare words into links or mentions.
func mrkdwn(s string) obj { return obj{"type": "mrkdwn", "text": s, "verbatim": true} }

const dateFormat = "{date_short_pretty}, {time}"

var (
	escape    = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace
	escapeURL = strings.NewReplacer("&", "&amp;", "<", "%3C", ">", "%3E", "|", "%7C").Replace
)

func utc(t bot.Time) string { return t.At.UTC().Format("2006-01-02 15:04 MST") }

// leads reports whether Slack takes u for a link.
func leads(u string) bool {
	p, err := url.Parse(u)
	return err == nil && (p.Scheme == "https" || p.Scheme == "http") && p.Host != "" || err == nil && p.Scheme == "mailto"
}

// clean drops what no text has, and for which Slack refuses the whole message.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' && r != '\t' || r == 0x7f {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
}
