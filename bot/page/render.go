package page

import (
	"bytes"
	"embed"
	"html/template"
	"net/http"

	"go.uber.org/zap"

	"mfahelp/bot"
	"mfahelp/bot/web"
	"mfahelp/words"
)

//go:embed templates/*.html
var sources embed.FS

//go:embed page.css
var ownStyle string

// templates escape all that stands in them by where it stands.
var templates = template.Must(template.New("").ParseFS(sources, "templates/*.html"))

// A view is what one answer shows.
type view struct {
	Kind         string // invite, confirm, done, end, ended, or problem
	Link         string
	Account      string // who must sign in, or has
	Problem      string // key of a sentence
	Changed      bool   // what was agreed to is not what is so now
	Confirmation bot.Confirmation
}

// A drawing is a view with its sentences.
type drawing struct {
	view
	words   *words.Printer
	Action  string // where the form goes
	Card    template.HTML
	Symbols template.HTML
}

// Say is a sentence of the page.
func (d drawing) Say(key string) string { return d.words.Say("page." + key) }

// draw writes v.
func (p *Page) draw(w http.ResponseWriter, r *http.Request, status int, v view) {
	d := drawing{view: v, words: p.o.Words(locale(r)), Symbols: web.Symbols()}
	if v.Link != "" {
		d.Action = p.Address(v.Link)
	}
	if v.Kind == "confirm" {
		d.Action += "/confirm"
	}
	if v.Kind == "confirm" || v.Kind == "end" {
		m := v.Confirmation.Message
		m.Actions = nil // the only thing to press is the page's own
		d.Card = web.Article(m, d.words)
	}
	var b bytes.Buffer
	if err := templates.ExecuteTemplate(&b, "page", d); err != nil {
		p.o.Log.Error("drawing the sign-in page", zap.Error(err))
		http.Error(w, "", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(b.Bytes())
}

func (p *Page) style(w http.ResponseWriter, _ *http.Request) {
	s, err := web.Style()
	if err != nil {
		http.Error(w, "", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/css; charset=utf-8")
	w.Header().Set("Cache-Control", "max-age=3600")
	_, _ = w.Write([]byte(s + ownStyle))
}
