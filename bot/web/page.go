package web

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"html/template"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"slices"

	"mfahelp/bot"
	"mfahelp/words"
)

//go:embed static
var assets embed.FS

// version changes with the assets, so that a browser may keep them for good.
var version = digestOf(assets)

func digestOf(files fs.FS) string {
	h := sha256.New()
	names, _ := fs.Glob(files, "static/*") // the pattern is right
	for _, n := range names {
		b, _ := fs.ReadFile(files, n) // cannot fail: it is embedded
		h.Write(b)
	}
	return hex.EncodeToString(h.Sum(nil))[:12]
}

// static answers with a script, a style, or a picture of ours.
func (w *Web) static(rw http.ResponseWriter, r *http.Request) error {
	b, err := fs.ReadFile(assets, "static/"+path.Base(r.PathValue("name")))
	if err != nil {
		return &problem{status: http.StatusNotFound, code: "not-found"}
	}
	rw.Header().Set("Content-Type", mime.TypeByExtension(path.Ext(r.PathValue("name"))))
	if r.URL.Query().Get("v") == version {
		rw.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	_, _ = rw.Write(b) //nolint:gosec // it is embedded; whoever does not want it has gone
	return nil
}

// An update is what an open page needs to know of a change.
type update struct {
	Seat    string `json:"seat,omitempty"`
	Place   string `json:"place"` // "direct" or "admins"
	Ref     string `json:"ref"`
	Thread  string `json:"thread,omitempty"`
	Order   int64  `json:"order"`
	Rev     int    `json:"rev"`
	Mine    bool   `json:"mine,omitempty"`
	Summary string `json:"summary"` // to be read aloud
	HTML    string `json:"html"`
}

func (w *Web) update(e *entry, seat string, p Person) update {
	c := w.card(e, seat, p)
	place := direct
	if e.Room == w.o.AdminsChannel {
		place = admins
	}
	return update{seat, place, e.Ref, e.Thread, e.Order, e.Rev, c.Mine, Summary(c), Render(c, w.o.Words(p.Locale))}
}

// card is e as p sees it from a seat.
func (w *Web) card(e *entry, seat string, p Person) Card {
	return Card{
		Message: e.Message, Text: e.Text, Ref: e.Ref, Seat: seat, Order: e.Order, Rev: e.Rev, Thread: e.Thread,
		Name: w.nameOf(e, p), Mine: e.Message == nil && e.From == p.ID, OnlyYou: e.Reader != "" && e.Room == w.o.AdminsChannel, At: e.At, Edited: e.Edited, Links: w.o.Links,
	}
}

// What the page is filled with.
type (
	pageView struct {
		words     func(key string, args ...any) string
		Version   string
		Cursor    string
		Employee  paneView
		Admin     paneView
		Inbox     paneView // what the bot tells the admin alone
		Groups    []groupView
		Filter    bool // there are too many samples to look through
		Traces    []traceView
		Sentences string // for the script, as JSON
	}
	paneView struct {
		Seat, Place string
		Who         Person
		People      []Person
		Topics      []topicView
		Hint        string
		words       func(key string, args ...any) string
	}
	topicView struct {
		Ref, Title string
		Order      int64
		Card       template.HTML // as Render made it
		Replies    []template.HTML
		Folded     bool // it is settled, so its replies are for who looks
	}
	groupView struct {
		Name    string
		Samples []sampleView
	}
	sampleView struct {
		Sample
		Who Person
	}
	traceView struct {
		shownTrace
		KindName string
		Time     *timeView
	}
)

// Say is a sentence of ours, for the templates.
func (v pageView) Say(key string, args ...any) string { return v.words("web."+key, args...) }

// Count says how many replies hang from t.
func (v paneView) Count(t topicView) string {
	if len(t.Replies) == 1 {
		return v.Say("replies-one")
	}
	return v.Say("replies", len(t.Replies))
}

// Say is a sentence of ours, for the templates.
func (v paneView) Say(key string, args ...any) string { return v.words("web."+key, args...) }

// page answers with the whole page, as it is at this moment. Whoever has no
// session is given one: as the first employee, and beside them the first admin.
func (w *Web) page(rw http.ResponseWriter, r *http.Request) error {
	employee, err := w.seatOrTake(rw, r, employeeSeat)
	if err != nil {
		return err
	}
	admin, err := w.seatOrTake(rw, r, adminSeat)
	if err != nil {
		return err
	}
	p := w.o.Words(employee.Locale)
	at, _ := w.bell.now()
	v := pageView{
		words: p.Say, Version: version, Cursor: w.bell.cursor(at),
		Employee: w.paneOf(p, employee, employeeSeat, direct),
		Admin:    w.paneOf(p, admin, adminSeat, admins),
		Inbox:    w.paneOf(p, admin, adminSeat, direct),
		Groups:   w.groups(), Filter: len(w.o.Samples) > 8, Sentences: sentences(p),
	}
	for _, t := range w.traces.since(0, at) {
		v.Traces = append(v.Traces, traceView{t.shown(), kindName(p, t.Kind), &timeView{t.At.UTC().Format(isoTime), t.At.UTC().Format("15:04:05")}})
	}
	return w.write(rw, "page", v)
}

const isoTime = "2006-01-02T15:04:05.000Z07:00"

// pane answers with what one pane of the page shows, for when somebody else
// sits down.
func (w *Web) pane(rw http.ResponseWriter, r *http.Request) error {
	seat, place := r.PathValue("seat"), r.PathValue("place")
	if seat != employeeSeat && seat != adminSeat {
		return &problem{status: http.StatusNotFound, code: "not-found"}
	}
	p, err := w.sitting(r, seat)
	if err != nil {
		return err
	}
	if _, err := w.room(p, place); err != nil {
		return err
	}
	at, _ := w.bell.now()
	rw.Header().Set("Mfahelp-Cursor", w.bell.cursor(at))
	return w.write(rw, "topics", w.paneOf(w.o.Words(p.Locale), p, seat, place))
}

func (w *Web) write(rw http.ResponseWriter, name string, v any) error {
	var b bytes.Buffer
	if err := templates.ExecuteTemplate(&b, name, v); err != nil {
		return err
	}
	rw.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = rw.Write(b.Bytes()) // whoever does not want it has gone
	return nil
}

// seatOrTake returns who has a seat of the page, after sitting somebody down if
// it is free.
func (w *Web) seatOrTake(rw http.ResponseWriter, r *http.Request, seat string) (Person, error) {
	if p, err := w.sitting(r, seat); err == nil && (seat != adminSeat || p.Admin) {
		return p, nil
	}
	i := slices.IndexFunc(w.o.People, func(p Person) bool { return p.Admin == (seat == adminSeat) })
	if i < 0 {
		return Person{}, nil
	}
	t, err := w.seats.take(r.Context(), w.o.People[i].ID)
	if err != nil {
		return Person{}, err
	}
	setCookie(rw, seat, t)
	return w.o.People[i], nil
}

// paneOf is what p sees in a place from a seat: each message with the replies
// that hang from it.
func (w *Web) paneOf(s *words.Printer, p Person, seat, place string) paneView {
	v := paneView{Seat: seat, Place: place, Who: p, Hint: w.o.Hint, words: s.Say}
	for _, x := range w.o.People {
		if seat != adminSeat || x.Admin {
			v.People = append(v.People, x)
		}
	}
	room, err := w.room(p, place)
	if err != nil {
		return v
	}
	at := map[string]int{}
	for _, e := range w.visible(p, room) {
		c := w.card(e, seat, p)
		html := template.HTML(Render(c, w.o.Words(p.Locale))) // #nosec G203: escaped by its own template
		if i, ok := at[e.Thread]; ok && e.Thread != "" {
			v.Topics[i].Replies = append(v.Topics[i].Replies, html)
			continue
		}
		at[e.Ref] = len(v.Topics)
		settled := place == admins && c.Message != nil && c.Message.Status == bot.Good
		v.Topics = append(v.Topics, topicView{Ref: e.Ref, Order: e.Order, Title: titleOf(c), Card: html, Folded: settled})
	}
	return v
}

func titleOf(c Card) string {
	if c.Message == nil {
		return c.Name
	}
	return c.Message.Title
}

// groups are the samples by their headings, in the order in which they came.
func (w *Web) groups() (out []groupView) {
	if w.o.Make == nil {
		return nil
	}
	for _, s := range w.o.Samples {
		i := slices.IndexFunc(out, func(g groupView) bool { return g.Name == s.Group })
		if i < 0 {
			i = len(out)
			out = append(out, groupView{Name: s.Group})
		}
		who, _ := w.person(s.Person)
		out[i].Samples = append(out[i].Samples, sampleView{s, who})
	}
	return out
}

func kindName(p *words.Printer, kind string) string {
	if key := "web.kind." + kind; words.Has(key) {
		return p.Say(key)
	}
	return kind
}

// scripted are the sentences that the script says by itself. Their gaps are
// filled there.
var scripted = []string{
	"announce.admins", "announce.changed", "announce.employee", "announce.inbox", "announce.sample", "announce.who",
	"dismiss", "elsewhere", "error.network", "empty-message", "filter-count", "kind.accepted", "kind.decided", "kind.effect", "kind.graph", "kind.sent", "kind.waiting",
	"reconnected", "reconnecting", "replies", "replies-one", "reply-to", "stale-form", "unread",
}

func sentences(p *words.Printer) string {
	all := map[string]string{}
	for _, key := range scripted {
		all[key] = p.Say("web."+key, "{0}", "{1}")
	}
	b, _ := json.Marshal(all) // strings cannot fail
	return string(b)
}
