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
// plain_text, in which Slack looks for nothing; mrkdwn has no words of anybody's
// in it, see [pen.markup]. Of an action nothing travels but its key, and of a
// secret nothing at all: it is a dash.
func Render(m bot.Message, w *words.Printer) Document {
	p := pen{Printer: w}
	short, cut := fit(m, inMessage)
	d := Document{Text: cmp.Or(escaped(clean(p.whole(m)), maxText), nothing), Blocks: p.body(short, true)}
	if len(m.Attachments) > 0 { // send uploads them below the message
		d.Blocks = append(d.Blocks, p.small(bot.Note{bot.Plain(p.Say("slack.attached", names(m.Attachments)))}))
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
	short, cut := fit(m, inPage)
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
	ask, asks := onlyAsk(m.Actions)
	short, cut := fit(m, inView.less(len(ask.Fields), 0))
	blocks := p.body(short, width(icons[m.Status]+" "+m.Title) > maxViewTitle)
	if cut {
		blocks = append(blocks, p.small(bot.Note{bot.Plain(p.Say("slack.shortened"))}))
	}
	v := obj{"type": "modal", "private_metadata": meta, "title": plain(clip(icons[m.Status]+" "+m.Title, maxViewTitle)), "close": plain(clip(p.Say("slack.close"), 24))}
	if asks {
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
			blocks = append(blocks, p.steps(b)...)
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

func (p pen) steps(ss bot.Steps) []obj {
	if len(ss) == 0 {
		return nil // Slack takes no list without items
	}
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
	return []obj{list}
}

// list has its items as bullets. One that has a button stands by itself, with the
// button below: Slack has them side by side only in a section, whose text it would
// read as markup.
func (p pen) list(items bot.List) (out []obj) {
	var bullets []obj
	flush := func() {
		if len(bullets) > 0 {
			list := rich("rich_text_list", bullets)
			list["elements"].([]obj)[0]["style"] = "bullet"
			out, bullets = append(out, list), nil
		}
	}
	for n, i := range items {
		spans := p.inline(i.Title)
		if len(i.Facts) > 0 {
			spans = slices.Concat(spans, []obj{text("\n", "")}, p.inline(i.Facts))
		}
		if i.Action == nil {
			bullets = append(bullets, obj{"type": "rich_text_section", "elements": whole(spans)})
			continue
		}
		flush()
		out = append(out, rich("rich_text_section", spans), obj{"type": "actions", "elements": []obj{p.button(i.Action, n)}})
	}
	flush()
	return out
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
			if x.Platform == platform && memberID.MatchString(x.ID) {
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
		m := p.markup(x)
		if r, ok := x.(bot.Reveal); ok {
			words += p.reveal(r)
		} else if m == "" || len(line) >= maxContext-2 || width(m) > maxSection {
			words += readable([]bot.Span{x})
		} else {
			flush()
			line = append(line, obj{"type": "mrkdwn", "text": m, "verbatim": true}) // bare words are no links, nor mentions
		}
	}
	flush()
	if len(line) == 0 {
		line = []obj{plain("")}
	}
	return obj{"type": "context", "elements": line}
}

// markup is x in Slack's markup, or "" if it is better said in words: whatever
// somebody may have written is, for no escape stops asterisks, backticks, and the
// names of emoji between colons.
func (p pen) markup(x bot.Span) string {
	switch x := x.(type) {
	case bot.Link:
		if label := clean(x.Text); leads(x.URL) && label != "" && !strings.ContainsAny(label, "*_~`:<>&|\n") {
			return "<" + escapeURL(x.URL) + "|" + label + ">"
		}
	case bot.Time:
		return fmt.Sprintf("<!date^%d^%s|%s>", x.At.Unix(), dateFormat, utc(x))
	case bot.Mention:
		if x.Platform == platform && memberID.MatchString(x.ID) {
			return "<@" + x.ID + ">"
		}
	case bot.Plain, bot.Strong, bot.Code, bot.Reveal:
	default:
		panic(fmt.Sprintf("slack: unknown span %T", x)) // unreachable: the set is closed
	}
	return ""
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
		if leads(a.URL) {
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
	for _, f := range fields[:min(len(fields), maxFields)] {
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
		if width(o.Value) <= maxOptionValue && o.Value != "" && clean(o.Value) == o.Value && len(out) < maxOptions {
			out = append(out, obj{"text": plain(clip(o.Label, maxLabel)), "value": o.Value})
		}
	}
	return out
}

// whole is all that m says, in plain text: a notification shows the beginning of
// it, and a screen reader reads it instead of the blocks.
func (p pen) whole(m bot.Message) string {
	lines := []string{m.Title}
	for _, b := range m.Body {
		switch b := b.(type) {
		case bot.Text:
			lines = append(lines, readable(b))
		case bot.Facts:
			for _, f := range b {
				lines = append(lines, f.Name+": "+readable(f.Value))
			}
		case bot.Steps:
			for i, s := range b {
				lines = append(lines, strings.TrimSpace(fmt.Sprintf("%d. %s\n%s", i+1, readable(s.Do), s.Why)))
			}
		case bot.List:
			for _, i := range b {
				lines = append(lines, "- "+strings.TrimSpace(readable(i.Title)+"\n  "+readable(i.Facts)))
			}
		case bot.Quote:
			lines = append(lines, "> "+strings.ReplaceAll(string(b), "\n", "\n> "))
		case bot.Note:
			lines = append(lines, readable(b))
		default:
			panic(fmt.Sprintf("slack: unknown block %T", b)) // unreachable: the set is closed
		}
	}
	return strings.Join(lines, "\n")
}

// readable is what spans say, with times as people read them out.
func readable(spans []bot.Span) string {
	spans = slices.Clone(spans)
	for i, x := range spans {
		if t, ok := x.(bot.Time); ok {
			spans[i] = bot.Plain(utc(t))
		}
	}
	return bot.PlainText(spans)
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

const dateFormat = "{date_short_pretty}, {time}"

var (
	escape    = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace
	escapeURL = strings.NewReplacer("&", "&amp;", "<", "%3C", ">", "%3E", "|", "%7C").Replace
)

func utc(t bot.Time) string { return t.At.UTC().Format("2006-01-02 15:04 MST") }

// leads reports whether Slack takes u for a link.
func leads(u string) bool {
	p, err := url.Parse(u)
	return err == nil && width(u) <= maxURL && ((p.Scheme == "https" || p.Scheme == "http") && p.Host != "" || p.Scheme == "mailto")
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
