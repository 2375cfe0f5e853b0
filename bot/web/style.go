package web

import (
	"bytes"
	"fmt"
	"html/template"

	"mfahelp/bot"
	"mfahelp/words"
)

// Style returns the page's style sheet, for who shows cards elsewhere.
func Style() (string, error) {
	b, err := assets.ReadFile("static/style.css")
	if err != nil {
		return "", fmt.Errorf("reading the style: %w", err)
	}
	return string(b), nil
}

// Symbols returns the pictures that cards refer to; they are to be on the same
// page.
func Symbols() template.HTML { return execute("symbols", nil) }

// Article returns m alone, without what a conversation puts around it and
// without its actions: what somebody reads before they say yes elsewhere.
func Article(m bot.Message, w *words.Printer) template.HTML {
	p := pen{Printer: w, Card: Card{Message: &m, Seat: "article", Ref: "one"}}
	m.Actions = nil
	return execute("article", p.card(m))
}

func execute(name string, data any) template.HTML {
	var b bytes.Buffer
	if err := templates.ExecuteTemplate(&b, name, data); err != nil {
		panic("web: " + err.Error()) // unreachable: the tests have rendered everything
	}
	return template.HTML(b.String()) //nolint:gosec // the template has escaped it
}
