package web

import (
	"cmp"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"
	"time"
	"unicode"

	"mfahelp/bot"
)

// shown is a message in the API: what its reader sees, without markup.
type shown struct {
	Ref     string    `json:"ref"`
	Thread  string    `json:"thread,omitempty"`
	Order   int64     `json:"order"`
	Rev     int       `json:"rev"`
	From    string    `json:"from,omitempty"` // a person's id; "" for the bot
	Name    string    `json:"name"`
	At      time.Time `json:"at"`
	Edited  time.Time `json:"edited,omitzero"`
	OnlyYou bool      `json:"onlyYou,omitempty"` // nobody else in the place sees it
	Secret  bool      `json:"secret,omitempty"`  // a dash in it stands for what POST /api/reveals shows

	Title       string       `json:"title,omitempty"`
	Status      string       `json:"status,omitempty"`
	Lines       []string     `json:"lines"` // the whole body in the order of reading
	Facts       []shownFact  `json:"facts,omitempty"`
	Steps       []shownStep  `json:"steps,omitempty"`
	Attachments []shownFile  `json:"attachments,omitempty"`
	Actions     []shownPress `json:"actions,omitempty"`
}

type shownFact struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

type shownStep struct {
	Do  string `json:"do"`
	Why string `json:"why,omitempty"`
}

type shownFile struct {
	Name      string `json:"name"`
	MediaType string `json:"mediaType"`
	Size      int    `json:"size"`
	URL       string `json:"url"`
}

type shownPress struct {
	Label  string       `json:"label"`
	Kind   string       `json:"kind"` // "choose", "ask", or "open"
	Key    string       `json:"key,omitempty"`
	Weight string       `json:"weight,omitempty"`
	Fields []shownField `json:"fields,omitempty"`
	URL    string       `json:"url,omitempty"`
}

type shownField struct {
	Name     string        `json:"name"`
	Label    string        `json:"label"`
	Kind     string        `json:"kind"` // "line", "paragraph", or "choice"
	Required bool          `json:"required,omitempty"`
	Options  []shownOption `json:"options,omitempty"`
}

type shownOption struct {
	Label string `json:"label"`
	Value string `json:"value"`
}

// conversation answers with all that its reader sees in a place.
func (w *Web) conversation(rw http.ResponseWriter, r *http.Request) error {
	p, err := w.sitting(r, seatIn(r))
	if err != nil {
		return err
	}
	name := r.PathValue("place")
	room, err := w.room(p, name)
	if err != nil {
		return err
	}
	at, _ := w.bell.now()
	out := []shown{}
	for _, e := range w.visible(p, room) {
		out = append(out, w.show(e, p))
	}
	writeJSON(rw, http.StatusOK, map[string]any{"place": name, "person": p.ID, "cursor": w.bell.cursor(at), "messages": out})
	return nil
}

// visible is what p sees in room.
func (w *Web) visible(p Person, room string) []*entry {
	return w.shelf.list(func(e *entry) bool { return e.Room == room && e.seenBy(p, w.o.AdminsChannel) })
}

// show is e as p sees it.
func (w *Web) show(e *entry, p Person) shown {
	out := shown{
		Ref: e.Ref, Thread: e.Thread, Order: e.Order, Rev: e.Rev, From: e.From, Name: w.nameOf(e, p),
		At: e.At, Edited: e.Edited, OnlyYou: e.Reader != "", Lines: []string{},
	}
	if e.Message == nil {
		out.Lines = append(out.Lines, strings.Split(e.Text, "\n")...)
		return out
	}
	m := *e.Message
	out.Title, out.Status = m.Title, statuses[m.Status]
	out.Secret = len(m.Reveals()) > 0
	t := teller{}
	for _, b := range m.Body {
		t.block(b)
	}
	out.Lines = append(out.Lines, t.lines...)
	out.Facts, out.Steps = t.facts, t.steps
	for i, a := range m.Attachments {
		out.Attachments = append(out.Attachments, shownFile{a.Name, a.MediaType, len(a.Content), fileURL(e.Ref, i)})
	}
	for _, a := range actions(m) {
		out.Actions = append(out.Actions, shownAction(a))
	}
	return out
}

// nameOf is who said e, as its reader knows them.
func (w *Web) nameOf(e *entry, reader Person) string {
	if e.Message != nil {
		return w.o.Words(reader.Locale).Say("web.bot")
	}
	p, _ := w.person(e.From)
	return cmp.Or(p.Name, e.From)
}

// A teller says a message in lines of plain text.
type teller struct {
	lines []string
	facts []shownFact
	steps []shownStep
}

func (t *teller) block(b bot.Block) {
	switch b := b.(type) {
	case bot.Text:
		t.say(bot.PlainText(b))
	case bot.Facts:
		for _, f := range b {
			value := bot.PlainText(f.Value)
			t.facts = append(t.facts, shownFact{f.Name, value})
			t.say(f.Name + ": " + value)
		}
	case bot.Steps:
		for _, s := range b {
			do := bot.PlainText(s.Do)
			t.steps = append(t.steps, shownStep{do, s.Why})
			t.say(do)
			t.say(s.Why)
		}
	case bot.List:
		for _, i := range b {
			t.say(bot.PlainText(i.Title))
			t.say(bot.PlainText(i.Facts))
		}
	case bot.Quote:
		t.say(string(b))
	case bot.Note:
		t.say(bot.PlainText(b))
	default:
		panic("web: unknown block") // unreachable: the set is closed
	}
}

func (t *teller) say(s string) {
	for line := range strings.Lines(s) {
		if line = strings.TrimRight(line, "\r\n"); line != "" {
			t.lines = append(t.lines, line)
		}
	}
}

var (
	statuses = map[bot.Status]string{bot.Info: "info", bot.Waiting: "waiting", bot.Good: "good", bot.Problem: "problem"}
	weights  = map[bot.Weight]string{bot.Ordinary: "", bot.Primary: "primary", bot.Danger: "danger"}
	kinds    = map[bot.FieldKind]string{bot.Line: "line", bot.Paragraph: "paragraph", bot.Choice: "choice"}
)

func shownAction(a bot.Action) shownPress {
	switch a := a.(type) {
	case bot.Choose:
		return shownPress{Label: a.Label, Kind: "choose", Key: a.Key, Weight: weights[a.Weight]}
	case bot.Ask:
		out := shownPress{Label: a.Label, Kind: "ask", Key: a.Key, Weight: weights[a.Weight]}
		for _, f := range a.Fields {
			field := shownField{Name: f.Name, Label: f.Label, Kind: kinds[f.Kind], Required: f.Required}
			for _, o := range f.Options {
				field.Options = append(field.Options, shownOption(o))
			}
			out.Fields = append(out.Fields, field)
		}
		return out
	case bot.Open:
		return shownPress{Label: a.Label, Kind: "open", URL: a.URL}
	}
	panic("web: unknown action") // unreachable: the set is closed
}

func (w *Web) people(rw http.ResponseWriter, _ *http.Request) error {
	type person struct {
		ID    string `json:"id"`
		Name  string `json:"name"`
		Note  string `json:"note,omitempty"`
		Admin bool   `json:"admin,omitempty"`
	}
	out := []person{}
	for _, p := range w.o.People {
		out = append(out, person{p.ID, p.Name, p.Note, p.Admin})
	}
	writeJSON(rw, http.StatusOK, map[string]any{"people": out})
	return nil
}

func (w *Web) samples(rw http.ResponseWriter, _ *http.Request) error {
	type sample struct {
		Name    string `json:"name"`
		Title   string `json:"title"`
		Summary string `json:"summary"`
		Person  string `json:"person"`
		Group   string `json:"group,omitempty"`
	}
	out := []sample{}
	for _, s := range w.o.Samples {
		out = append(out, sample(s))
	}
	writeJSON(rw, http.StatusOK, map[string]any{"samples": out})
	return nil
}

func fileURL(ref string, i int) string { return "/files/" + ref + "/" + strconv.Itoa(i) }

// file answers with an attachment, to be saved and never to be shown as a page
// of ours: neither its name nor its content is our choice.
func (w *Web) file(rw http.ResponseWriter, r *http.Request) error {
	p, err := w.sitting(r, seatIn(r))
	if err != nil {
		return err
	}
	e := w.shelf.get(r.PathValue("ref"))
	n, err := strconv.Atoi(r.PathValue("n"))
	if err != nil || e == nil || !e.seenBy(p, w.o.AdminsChannel) || e.Message == nil || n < 0 || n >= len(e.Message.Attachments) {
		return &problem{status: http.StatusNotFound, code: "no-file"}
	}
	a := e.Message.Attachments[n]
	kind := "application/octet-stream"
	if t, _, err := mime.ParseMediaType(a.MediaType); err == nil && t == "text/plain" {
		kind = "text/plain; charset=utf-8"
	}
	h := rw.Header()
	h.Set("Content-Type", kind)
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": saveName(a.Name)}))
	h.Set("Content-Security-Policy", "sandbox; default-src 'none'")
	h.Set("Content-Length", strconv.Itoa(len(a.Content)))
	_, _ = rw.Write(a.Content) // whoever does not want it has gone
	return nil
}

// saveName is name as a browser may safely save it.
func saveName(name string) string {
	safe := strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune(" ._-()+,=@", r) {
			return r
		}
		return '_'
	}, path.Base(strings.ReplaceAll(name, `\`, "/")))
	if runes := []rune(safe); len(runes) > 100 { // keeps its ending
		safe = string(runes[len(runes)-100:])
	}
	return cmp.Or(strings.Trim(safe, ". "), "file")
}
