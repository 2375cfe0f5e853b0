package teams

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"mfahelp/bot"
	"mfahelp/words"
)

// An obj is a piece of JSON.
type obj = map[string]any

// A Card is a message and what stands around it.
type Card struct {
	Message bot.Message
	Wide    bool     // it is read beside others, on a wide screen as a rule
	Files   []string // what each attachment is asked for by
	View    string   // by which a card asks what its reader may see; "" if all see the same
}

// Render returns the Adaptive Card that says c, never larger than Teams takes;
// see fitted. Its text is Markdown, save in quotes, so whatever
// is not ours is escaped. Of an action nothing travels but its key. What resolve
// does not tell, or all if it is nil, shows as a dash.
// See https://learn.microsoft.com/microsoftteams/platform/task-modules-and-cards/cards/cards-format.
func Render(c Card, w *words.Printer, resolve func(bot.Reveal) (string, bool)) map[string]any {
	c.Message = fitted(c.Message, w)
	return draw(c, w, resolve)
}

// draw is Render without regard to size.
func draw(c Card, w *words.Printer, resolve func(bot.Reveal) (string, bool)) obj {
	d := drawing{Printer: w, resolve: resolve}
	m := c.Message
	d.head(m)
	for _, b := range m.Body {
		switch b := b.(type) {
		case bot.Text:
			d.add(text(d.markdown(b)))
		case bot.Facts:
			d.facts(b)
		case bot.Steps:
			d.steps(b)
		case bot.List:
			d.list(b)
		case bot.Quote:
			d.add(obj{"type": "Container", "style": "emphasis", "spacing": "Medium", "items": verbatim(string(b))})
		case bot.Note:
			d.add(subtle(d.markdown(b)))
		default:
			panic(fmt.Sprintf("teams: unknown block %T", b)) // unreachable: the set is closed
		}
	}
	d.files(c)
	out := obj{
		"type": "AdaptiveCard", "version": "1.5", "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
		"fallbackText": defuse(m.Title), "body": d.body,
	}
	if len(m.Actions) > 0 {
		out["actions"] = d.buttons(m.Actions...)
	}
	teams := obj{}
	if c.Wide {
		teams["width"] = "Full"
	}
	if len(d.mentions) > 0 {
		teams["entities"] = d.mentions
	}
	if len(teams) > 0 {
		out["msteams"] = teams
	}
	if c.View != "" {
		out["refresh"] = obj{"action": obj{"type": "Action.Execute", "verb": verbView, "data": obj{"view": c.View}}}
	}
	return out
}

// What an action asks for. Nothing is decided by it: the data says what is
// pressed, and the store what that is.
const (
	verbPress   = "press"
	verbView    = "view"
	verbFile    = "file"
	fieldPrefix = "field." // of what is filled in, so that no field can be taken for the key beside it; the key of its form follows, for no two inputs of a card may have one id
)

// A drawing is a card in the making: our words, the reader's secrets, and what
// there is so far. Teams wants mentions twice: in the text, and in a list
// beside it that says who they are.
type drawing struct {
	*words.Printer
	resolve        func(bot.Reveal) (string, bool)
	body, mentions []obj
}

func (d *drawing) add(element obj) { d.body = append(d.body, element) }

// band is the style of the band across the top of a card. Every theme has its
// own colour for it, with text that can be read on it.
var band = map[bot.Status]string{bot.Info: "emphasis", bot.Waiting: "warning", bot.Good: "good", bot.Problem: "attention"}

// statusWord says in words what the band says in colour. What is only for the
// reader to know needs none.
var statusWord = map[bot.Status]string{bot.Waiting: "teams.status.waiting", bot.Good: "teams.status.good", bot.Problem: "teams.status.problem"}

// head is the title on its band, which is what is seen of a card from afar.
func (d *drawing) head(m bot.Message) {
	var items []obj
	if key, ok := statusWord[m.Status]; ok {
		items = append(items, obj{"type": "TextBlock", "text": escape(d.Say(key)), "size": "Small", "weight": "Bolder", "wrap": true})
	}
	items = append(items, obj{
		"type": "TextBlock", "style": "heading", "text": escape(m.Title), "size": "Medium", "weight": "Bolder", "wrap": true, "spacing": "None",
	})
	d.add(obj{"type": "Container", "style": band[m.Status], "bleed": true, "items": items})
}

// facts are a table, which breaks no word: one that has a long word in it, such
// as an id, would stick out of a narrow card, so it stands by itself.
func (d *drawing) facts(fs bot.Facts) {
	var table []obj
	end := func() {
		if len(table) > 0 {
			d.add(obj{"type": "FactSet", "spacing": "Medium", "facts": table})
		}
		table = nil
	}
	for _, f := range fs {
		value := d.markdown(f.Value)
		if hasLongWord(f.Name) || hasLongWord(bot.PlainText(f.Value)) {
			end()
			d.add(text(strong(f.Name+":") + " " + value))
			continue
		}
		table = append(table, obj{"title": escape(f.Name), "value": value})
	}
	end()
}

// longWord is more than fits beside the name of a fact in a chat that is 370
// pixels wide.
const longWord = 28

func hasLongWord(s string) bool {
	return slices.ContainsFunc(strings.Fields(s), func(w string) bool { return len([]rune(w)) > longWord })
}

func (d *drawing) steps(ss bot.Steps) {
	for i, s := range ss {
		items := []obj{text(d.markdown(s.Do))}
		if s.Why != "" {
			items = append(items, obj{"type": "TextBlock", "wrap": true, "text": escape(s.Why), "isSubtle": true, "size": "Small", "spacing": "None"})
		}
		number := obj{"type": "TextBlock", "text": fmt.Sprintf("**%d**", i+1), "color": "Accent"}
		d.add(obj{"type": "ColumnSet", "spacing": "Medium", "columns": []obj{
			{"type": "Column", "width": "auto", "items": []obj{number}},
			{"type": "Column", "width": "stretch", "items": items},
		}})
	}
}

// list puts what can be done about each thing below it: beside it there is no
// room on a phone.
func (d *drawing) list(items bot.List) {
	for _, i := range items {
		parts := []obj{text(d.markdown(i.Title))}
		if len(i.Facts) > 0 {
			parts = append(parts, obj{"type": "TextBlock", "wrap": true, "text": d.markdown(i.Facts), "isSubtle": true, "size": "Small", "spacing": "None"})
		}
		if i.Action != nil {
			parts = append(parts, obj{"type": "ActionSet", "actions": d.buttons(i.Action)})
		}
		d.add(obj{"type": "Container", "separator": true, "spacing": "Medium", "items": parts})
	}
}

// files shows what is attached, folded, and offers it as a file.
func (d *drawing) files(c Card) {
	for i, a := range c.Message.Attachments {
		id := fmt.Sprintf("file-%d", i)
		var actions []obj
		if isText(a) {
			actions = append(actions, obj{"type": "Action.ToggleVisibility", "title": defuse(d.Say("teams.file.show")), "targetElements": []string{id}})
		}
		if i < len(c.Files) {
			actions = append(actions, execute(d.Say("teams.file.get"), verbFile, obj{"file": c.Files[i]}, bot.Ordinary, false))
		}
		d.add(obj{"type": "Container", "separator": true, "spacing": "Medium", "items": []obj{
			{"type": "TextBlock", "wrap": true, "weight": "Bolder", "size": "Small", "text": escape(a.Name)},
			{"type": "ActionSet", "spacing": "Small", "actions": actions},
		}})
		if isText(a) {
			lines := d.folded(a, maxFolded/len(c.Message.Attachments))
			d.add(obj{"type": "Container", "id": id, "isVisible": false, "style": "emphasis", "items": lines})
		}
	}
}

// maxFolded is how much of a card's size all that is folded in it may take.
const maxFolded = 9 << 10

func isText(a bot.Attachment) bool {
	return strings.HasPrefix(a.MediaType, "text/") || strings.HasPrefix(a.MediaType, "application/json")
}

// folded is a file to be read in the card, as much of it as its share of the
// card's size lets it.
func (d *drawing) folded(a bot.Attachment, share int) (out []obj) {
	for line := range strings.SplitSeq(strings.TrimRight(string(a.Content), "\r\n"), "\n") {
		block := mono(strings.TrimRight(line, "\r"))
		if share -= weigh(block); share < 0 {
			return append(out, mono(d.Say("teams.file.more")))
		}
		out = append(out, block)
	}
	return out
}

func mono(line string) obj {
	run := obj{"type": "TextRun", "text": printable(defuse(line)), "fontType": "Monospace", "size": "Small"}
	return obj{"type": "RichTextBlock", "spacing": "None", "inlines": []obj{run}}
}

func (d *drawing) markdown(spans []bot.Span) string {
	var s strings.Builder
	for _, x := range spans {
		switch x := x.(type) {
		case bot.Plain:
			s.WriteString(escapeAfter(s.String(), string(x)))
		case bot.Strong:
			s.WriteString(strong(string(x)))
		case bot.Code:
			s.WriteString(escape(string(x))) // there is no code in a card's Markdown
		case bot.Link:
			s.WriteString("[" + escape(x.Text) + "](" + escapeURL(x.URL) + ")")
		case bot.Time:
			u := x.At.UTC().Format(time.RFC3339) // with a fraction it would be shown raw
			s.WriteString("{{DATE(" + u + ", SHORT)}} {{TIME(" + u + ")}}")
		case bot.Mention:
			s.WriteString(d.mention(x))
		case bot.Reveal:
			s.WriteString(escape(d.reveal(x)))
		default:
			panic(fmt.Sprintf("teams: unknown span %T", x)) // unreachable: the set is closed
		}
	}
	if strings.TrimSpace(s.String()) == "" {
		return nothing // an empty text is an error to Teams
	}
	return s.String()
}

// nothing stands for an empty text and for what this reader is not told.
const nothing = "–"

// strong leaves spaces outside of the stars, inside of which they would be none.
func strong(s string) string {
	inner := strings.TrimSpace(s)
	if inner == "" {
		return s
	}
	before, after, _ := strings.Cut(s, inner)
	return before + "**" + escape(inner) + "**" + after
}

func (d *drawing) mention(m bot.Mention) string {
	if m.Platform != platform || m.ID == "" {
		return escape(m.Name)
	}
	at := "<at>" + escape(m.Name) + "</at>" // spelled alike in both, for Teams to match them
	d.mentions = append(d.mentions, obj{"type": "mention", "text": at, "mentioned": obj{"id": m.ID, "name": m.Name}})
	return at
}

func (d *drawing) reveal(r bot.Reveal) string {
	if d.resolve != nil {
		if s, ok := d.resolve(r); ok {
			return s
		}
	}
	return nothing
}

// shownFirst is how many buttons Teams shows; the rest are behind three dots.
const shownFirst = 6

func (d *drawing) buttons(actions ...bot.Action) (out []obj) {
	for i, a := range actions {
		var b obj
		switch a := a.(type) {
		case bot.Choose:
			b = execute(a.Label, verbPress, obj{"key": a.Key}, a.Weight, false)
		case bot.Ask:
			b = d.form(a)
		case bot.Open:
			b = obj{"type": "Action.OpenUrl", "title": defuse(a.Label), "url": a.URL}
		default:
			panic(fmt.Sprintf("teams: unknown action %T", a)) // unreachable: the set is closed
		}
		if i >= shownFirst {
			b["mode"] = "secondary"
		}
		out = append(out, b)
	}
	return out
}

var style = map[bot.Weight]string{bot.Ordinary: "default", bot.Primary: "positive", bot.Danger: "destructive"}

// execute is a button that old clients know too. What is filled in elsewhere on
// the card travels only with a form's own.
func execute(label, verb string, data obj, w bot.Weight, form bool) obj {
	inputs := "none"
	if form {
		inputs = "auto"
	}
	return obj{
		"type": "Action.Execute", "title": defuse(label), "verb": verb, "data": data, "style": style[w], "associatedInputs": inputs,
		"fallback": obj{"type": "Action.Submit", "title": defuse(label), "data": data, "style": style[w], "associatedInputs": inputs},
	}
}

// form hides the fields behind a first button and sends them with a second. One
// without fields is a button.
func (d *drawing) form(a bot.Ask) obj {
	send := execute(a.Label, verbPress, obj{"key": a.Key}, a.Weight, true)
	if len(a.Fields) == 0 {
		return send
	}
	var inputs []obj
	for _, f := range a.Fields {
		inputs = append(inputs, d.input(a.Key, f))
	}
	return obj{
		"type": "Action.ShowCard", "title": defuse(a.Label), "style": style[a.Weight],
		"card": obj{"type": "AdaptiveCard", "version": "1.5", "body": inputs, "actions": []obj{send}},
	}
}

// input is one field. Neither its label nor its choices are Markdown.
func (d *drawing) input(form string, f bot.Field) obj {
	in := obj{"type": "Input.Text", "id": fieldPrefix + form + "." + f.Name, "label": defuse(f.Label), "maxLength": maxFilled}
	switch f.Kind {
	case bot.Line:
	case bot.Paragraph:
		in["isMultiline"] = true
	case bot.Choice:
		var choices []obj
		for _, o := range f.Options {
			choices = append(choices, obj{"title": defuse(o.Label), "value": o.Value})
		}
		in["type"], in["choices"], in["wrap"] = "Input.ChoiceSet", choices, true
		in["style"] = "expanded" // a list that opens is hard to hit on a phone
		if len(f.Options) > 6 {
			in["style"] = "compact"
		}
		delete(in, "maxLength")
	}
	if f.Required {
		in["isRequired"], in["errorMessage"] = true, defuse(d.Say("bot.required", f.Label))
	}
	return in
}

// maxFilled is how much may be written in a field, so that what comes back is
// far from the most that Teams carries.
const maxFilled = 4000

func text(s string) obj { return obj{"type": "TextBlock", "wrap": true, "text": s} }

func subtle(s string) obj {
	return obj{"type": "TextBlock", "wrap": true, "text": s, "isSubtle": true, "size": "Small", "separator": true, "spacing": "Medium"}
}

// verbatim shows s in the one kind of block that knows no Markdown, each line
// in its own so that no line break is lost.
func verbatim(s string) (out []obj) {
	for line := range strings.SplitSeq(s, "\n") {
		run := obj{"type": "TextRun", "text": printable(defuse(line))}
		out = append(out, obj{"type": "RichTextBlock", "spacing": "None", "inlines": []obj{run}})
	}
	return out
}

// printable gives an empty line something to be as high as.
func printable(line string) string {
	if strings.TrimSpace(line) == "" {
		return "\u00a0"
	}
	return line
}

// firstKey is that of the first action of m that has one.
func firstKey(m bot.Message) string {
	for _, a := range actions(m) {
		switch a := a.(type) {
		case bot.Choose:
			return a.Key
		case bot.Ask:
			return a.Key
		case bot.Open: // has none
		}
	}
	return ""
}

// actions are all those of m, with those in its lists.
func actions(m bot.Message) (all []bot.Action) {
	for _, b := range m.Body {
		list, _ := b.(bot.List)
		for _, i := range list {
			if i.Action != nil {
				all = append(all, i.Action)
			}
		}
	}
	return append(slices.Clip(m.Actions), all...)
}

// escape makes s stand for itself.
func escape(s string) string {
	s = markup(defuse(s))
	s = bullet.ReplaceAllString(s, `$1\$2`)
	s = numbered.ReplaceAllString(s, `$1\$2`)
	s = indent.ReplaceAllStringFunc(s, func(in string) string { return strings.Repeat("\u00a0", len(in)) }) // to Markdown, code
	return strings.ReplaceAll(s, "\n", "\n\n")                                                              // to Markdown, one is a space
}

// escapeAfter is escape for what goes on with a line: a space that it begins
// with is between words, and no indentation.
func escapeAfter(before, s string) string {
	if before == "" || strings.HasSuffix(before, "\n") {
		return escape(s)
	}
	words := strings.TrimLeft(s, " \t")
	return s[:len(s)-len(words)] + escape(words)
}

var (
	markup   = strings.NewReplacer(`\`, `\\`, "*", `\*`, "_", `\_`, "~", `\~`, "`", "\\`", "[", `\[`, "]", `\]`, "#", `\#`).Replace
	bullet   = regexp.MustCompile(`(?m)^(\s*)([>=]|[-+](?:[\s-]|$))`)
	numbered = regexp.MustCompile(`(?m)^(\s*\d+)([.)](?:\s|$))`)
	indent   = regexp.MustCompile(`(?m)^[ \t]+`)

	escapeURL = strings.NewReplacer("(", "%28", ")", "%29", " ", "%20", "<", "%3C", ">", "%3E", "{", "%7B", "}", "%7D", `\`, "%5C").Replace
)

// defuse breaks <at>…</at> and {{DATE(…)}}, which Teams acts on in every text,
// with a space of no width, and so the names that HTML has for characters. It
// breaks after each brace and not after each pair: of three braces, two would
// be left.
func defuse(s string) string { return brackets(character.ReplaceAllString(s, "&\u200b$1")) }

var (
	brackets  = strings.NewReplacer("<", "<\u200b", "{", "{\u200b").Replace
	character = regexp.MustCompile(`&(#?\w{1,32};)`)
)
