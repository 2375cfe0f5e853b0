package web

import (
	"bytes"
	"cmp"
	"embed"
	"fmt"
	"html/template"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"mfahelp/bot"
	"mfahelp/words"
)

//go:embed templates/*.html
var sources embed.FS

// templates escape all that stands in them by where it stands.
var templates = template.Must(template.New("").ParseFS(sources, "templates/*.html"))

// A Card is something that was said, and what stands around it on the page.
type Card struct {
	Message *bot.Message // of the bot; nil if a person said it
	Text    string       // what that person said

	Ref, Seat  string // its own on the page, together
	Order      int64
	Rev        int
	Thread     string // what it hangs from
	Name       string // who said it
	Mine       bool   // the reader said it
	OnlyYou    bool   // the reader is the only one in the place who sees it
	At, Edited time.Time
	Links      map[string]string // see [Options]
}

// Render returns a card as HTML. Whatever stands in it is escaped by the
// template, and links lead nowhere but to the web and to mail. Of an action
// nothing travels but its key, and of a secret nothing at all: it is a dash, and
// the card gets a button to ask for it.
func Render(c Card, w *words.Printer) string {
	p := pen{w, c}
	name, data := "said", any(p.said())
	if c.Message != nil {
		name, data = "card", p.card(*c.Message)
	}
	var b bytes.Buffer
	if err := templates.ExecuteTemplate(&b, name, data); err != nil {
		panic("web: " + err.Error()) // unreachable: the tests have rendered everything
	}
	return b.String()
}

// Summary is what a screen reader says when a card appears or changes: its
// title and the first sentence below it.
func Summary(c Card) string {
	if c.Message == nil {
		return clip(c.Text, 140)
	}
	for _, b := range c.Message.Body {
		if t, ok := b.(bot.Text); ok {
			return stop(c.Message.Title) + " " + sentence(bot.PlainText(aloud(t)))
		}
	}
	return c.Message.Title
}

// aloud is t with its times as somebody says them.
func aloud(t bot.Text) (said bot.Text) {
	for _, s := range t {
		if at, ok := s.(bot.Time); ok {
			s = bot.Plain(at.At.UTC().Format("2 January, 15:04 MST"))
		}
		said = append(said, s)
	}
	return said
}

// stop ends s as a sentence, so that whoever reads it aloud takes a breath.
func stop(s string) string {
	if strings.HasSuffix(s, "…") || strings.HasSuffix(s, "?") || strings.HasSuffix(s, "!") || strings.HasSuffix(s, ".") {
		return s
	}
	return s + "."
}

// sentence is the first of s.
func sentence(s string) string {
	s = strings.TrimSpace(s)
	for i, r := range s {
		end := i + utf8.RuneLen(r)
		if strings.ContainsRune(".!?", r) && (end == len(s) || s[end] == ' ' || s[end] == '\n') {
			return clip(s[:end], 240)
		}
	}
	return clip(s, 240)
}

func clip(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n-1]) + "…"
	}
	return s
}

// A pen is what a card is written with.
type pen struct {
	*words.Printer
	Card
}

// What the templates are filled with.
type (
	cardView struct {
		Card
		ID, Status, StatusName, Title, EditedName, OnlyYouName, ActionsName string
		RevealName                                                          string // "" without a secret
		Blocks                                                              []blockView
		Files                                                               []fileView
		Actions                                                             []actionView
		Posted, Replaced                                                    *timeView
	}
	blockView struct {
		Kind  string // the name of its template
		Spans []spanView
		Rows  []rowView
		Text  string
		Name  string // what a screen reader calls it, if it must be called something
	}
	rowView struct {
		ID     string // of what its action is named after; "" without one
		Name   string
		Spans  []spanView
		Facts  []spanView
		Why    string
		Action *actionView
	}
	spanView struct {
		Kind, Text, URL string
		Time            *timeView
	}
	timeView   struct{ Machine, Human string }
	fileView   struct{ Name, Size, URL string }
	actionView struct {
		Kind, Label, Key, Weight, URL, NewTab string
		ID, Of                                string // its own, and that of what tells it from others of the same label
		Form                                  *formView
	}
	formView struct {
		ID, Title, Cancel, RequiredNote string
		Fields                          []fieldView
	}
	fieldView struct {
		ID, Name, Label, Kind, Missing, RequiredMark, Choose string
		Required                                             bool
		Options                                              []bot.Option
	}
	saidView struct {
		Card
		ID, Head, More string
		Initials       string
		Tone           int // which of the tones a name has, so that people are told apart at a glance
		Posted         *timeView
	}
)

// id is the card's own on the page: two people there may see the same message.
func (p pen) id() string { return strings.Trim(p.Seat+"-"+p.Ref, "-") }

func (p pen) card(m bot.Message) cardView {
	v := cardView{
		Card: p.Card, ID: p.id(), Title: m.Title,
		Status: statuses[m.Status], StatusName: p.Say("web.status." + statuses[m.Status]),
		ActionsName: p.Say("web.actions", m.Title), Posted: at(p.At),
	}
	if !p.Edited.IsZero() {
		v.Replaced, v.EditedName = at(p.Edited), p.Say("web.edited")
	}
	if p.OnlyYou {
		v.OnlyYouName = p.Say("web.only-you")
	}
	if len(m.Reveals()) > 0 {
		v.RevealName = p.Say("web.reveal")
	}
	for i, b := range m.Body {
		v.Blocks = append(v.Blocks, p.block(b, fmt.Sprintf("%s-b%d", v.ID, i)))
	}
	for i, a := range m.Attachments {
		v.Files = append(v.Files, fileView{a.Name, p.size(len(a.Content)), p.fileURL(i)})
	}
	for i, a := range m.Actions {
		v.Actions = append(v.Actions, p.action(a, fmt.Sprintf("%s-a%d", v.ID, i)))
	}
	if leads(m) {
		v.Actions[0].Weight = weights[bot.Primary]
	}
	return v
}

// leads reports whether a message wants its reader to go elsewhere first, such
// as to sign in: a page stands before all else, and nothing is more important.
func leads(m bot.Message) bool {
	if len(m.Actions) == 0 {
		return false
	}
	_, open := m.Actions[0].(bot.Open)
	return open && !slices.ContainsFunc(m.Actions, func(a bot.Action) bool {
		switch a := a.(type) {
		case bot.Choose:
			return a.Weight == bot.Primary
		case bot.Ask:
			return a.Weight == bot.Primary
		case bot.Open: // has no weight
		}
		return false
	})
}

// fileURL names the seat, because a link can show a cookie and no header.
func (p pen) fileURL(i int) string {
	u := fileURL(p.Ref, i)
	if p.Seat != "" {
		u += "?seat=" + p.Seat
	}
	return u
}

func (p pen) size(n int) string {
	if n < 1024 {
		return p.Say("web.bytes", n)
	}
	return p.Say("web.kilobytes", (n+1023)/1024)
}

func (p pen) block(b bot.Block, id string) blockView {
	switch b := b.(type) {
	case bot.Text:
		return blockView{Kind: "text", Spans: p.spans(b)}
	case bot.Facts:
		v := blockView{Kind: "facts"}
		for _, f := range b {
			v.Rows = append(v.Rows, rowView{Name: f.Name, Spans: p.spans(f.Value)})
		}
		return v
	case bot.Steps:
		v := blockView{Kind: "steps", Name: p.Say("web.steps")}
		for _, s := range b {
			v.Rows = append(v.Rows, rowView{Spans: p.spans(s.Do), Why: s.Why})
		}
		return v
	case bot.List:
		v := blockView{Kind: "list"}
		for i, item := range b {
			row := rowView{Spans: p.spans(item.Title), Facts: p.spans(item.Facts)}
			if item.Action != nil {
				row.ID = fmt.Sprintf("%s-%d", id, i)
				a := p.action(item.Action, row.ID)
				a.ID, a.Of = row.ID+"-button", row.ID
				row.Action = &a
			}
			v.Rows = append(v.Rows, row)
		}
		return v
	case bot.Quote:
		return blockView{Kind: "quote", Text: string(b)}
	case bot.Note:
		return blockView{Kind: "note", Spans: p.spans(b)}
	}
	panic(fmt.Sprintf("web: unknown block %T", b)) // unreachable: the set is closed
}

// nothing stands for an empty text, and for a secret.
const nothing = "–"

func (p pen) spans(all []bot.Span) (out []spanView) {
	for _, s := range all {
		out = append(out, p.span(s))
	}
	return out
}

func (p pen) span(s bot.Span) spanView {
	switch s := s.(type) {
	case bot.Plain:
		return spanView{Kind: "plain", Text: cmp.Or(string(s), nothing)}
	case bot.Strong:
		return spanView{Kind: "strong", Text: string(s)}
	case bot.Code:
		return spanView{Kind: "code", Text: string(s)}
	case bot.Link:
		return spanView{Kind: "link", Text: s.Text, URL: p.leads(s.URL)}
	case bot.Time:
		return spanView{Kind: "time", Time: at(s.At)}
	case bot.Mention:
		if s.Platform == platform {
			return spanView{Kind: "mention", Text: s.Name}
		}
		return spanView{Kind: "plain", Text: s.Name}
	case bot.Reveal:
		return spanView{Kind: "secret", Text: nothing}
	}
	panic(fmt.Sprintf("web: unknown span %T", s)) // unreachable: the set is closed
}

// leads is where an address leads here.
func (p pen) leads(address string) string { return cmp.Or(p.Links[address], address) }

// at is a time in UTC, which the page's script turns into the reader's own.
func at(t time.Time) *timeView {
	t = t.UTC()
	return &timeView{t.Format(time.RFC3339), t.Format("2 Jan 2006, 15:04 MST")}
}

func (p pen) action(a bot.Action, id string) actionView {
	switch a := a.(type) {
	case bot.Choose:
		return actionView{Kind: "choose", Label: a.Label, Key: a.Key, Weight: weights[a.Weight]}
	case bot.Ask:
		return actionView{Kind: "ask", Label: a.Label, Key: a.Key, Weight: weights[a.Weight], Form: p.form(a, id)}
	case bot.Open:
		return actionView{Kind: "open", Label: a.Label, URL: p.leads(a.URL), NewTab: p.Say("web.new-tab")}
	}
	panic(fmt.Sprintf("web: unknown action %T", a)) // unreachable: the set is closed
}

func (p pen) form(a bot.Ask, id string) *formView {
	v := &formView{ID: id, Title: a.Label, Cancel: p.Say("bot.cancel")}
	for i, f := range a.Fields {
		field := fieldView{
			ID: fmt.Sprintf("%s-f%d", id, i), Name: f.Name, Label: f.Label, Kind: kinds[f.Kind],
			Required: f.Required, Missing: p.Say("bot.required", f.Label), Options: f.Options,
			Choose: p.Say("web.choose"), RequiredMark: p.Say("web.required"),
		}
		v.Fields = append(v.Fields, field)
	}
	return v
}

const tones = 5 // as many as the style has

// initials are the first letters of somebody's first and last name.
func initials(name string) string {
	all := strings.FieldsFunc(name, func(r rune) bool { return !unicode.IsLetter(r) })
	if len(all) == 0 {
		return "?"
	}
	first, _ := utf8.DecodeRuneInString(all[0])
	if len(all) == 1 {
		return strings.ToUpper(string(first))
	}
	last, _ := utf8.DecodeRuneInString(all[len(all)-1])
	return strings.ToUpper(string([]rune{first, last}))
}

// Longer pastes are folded: who sent one knows what is in it.
const (
	longText  = 900
	longLines = 12
	headLines = 6
)

// said is what a person said, with the beginning of it apart if it is long.
func (p pen) said() saidView {
	v := saidView{Card: p.Card, ID: p.id(), Posted: at(p.At), Initials: initials(p.Name)}
	for _, r := range p.Name {
		v.Tone = (v.Tone*31 + int(r)) % tones
	}
	if utf8.RuneCountInString(p.Text) <= longText && strings.Count(p.Text, "\n") < longLines {
		return v
	}
	lines := strings.SplitN(p.Text, "\n", headLines+1)
	v.Head = clip(strings.Join(lines[:min(headLines, len(lines))], "\n"), longText/2)
	v.More = p.Say("web.show-all", utf8.RuneCountInString(p.Text))
	v.Card.Text = clip(p.Text, 64<<10)
	return v
}
