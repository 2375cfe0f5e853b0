package web

import (
	"net/http"

	"mfahelp/bot"
)

// revealed is a secret on its way to the one person whom it is for.
type revealed struct {
	Name   string `json:"name,omitempty"` // of the fact that it stands in
	Secret string `json:"secret"`
}

// reveal shows what the dashes in a message stand for, to its reader and at
// their own press. Each secret is told once, so nothing else on the page asks
// for one: not the page itself, not the API, not the stream. The answer goes to
// whoever pressed; it is kept by no cache, and not by us. What has more than one
// reader holds no secret, or it would not have been sent.
func (w *Web) reveal(rw http.ResponseWriter, r *http.Request) error {
	p, err := w.sitting(r, seatIn(r))
	if err != nil {
		return err
	}
	body, err := decode[struct{ Ref string }](rw, r, maxBody)
	if err != nil {
		return err
	}
	e := w.shelf.get(body.Ref)
	if e == nil || !e.seenBy(p, w.o.AdminsChannel) || e.Message == nil || len(e.Message.Reveals()) == 0 {
		return &problem{status: http.StatusNotFound, code: "no-secret"}
	}
	told := bot.Told(r.Context(), w.o.Secrets, *e.Message, p.bot())
	if len(told) == 0 {
		return &problem{status: http.StatusGone, code: "secret-gone"}
	}
	shown := []revealed{}
	for _, x := range e.Message.Reveals() {
		if secret, ok := told[x]; ok {
			shown = append(shown, revealed{factOf(*e.Message, x), secret})
		}
	}
	writeJSON(rw, http.StatusOK, map[string]any{"title": e.Message.Title, "secrets": shown})
	return nil
}

// factOf is the name of the first fact in m whose value is x, or "".
func factOf(m bot.Message, x bot.Reveal) string {
	for _, b := range m.Body {
		facts, _ := b.(bot.Facts)
		for _, f := range facts {
			for _, s := range f.Value {
				if s == x {
					return f.Name
				}
			}
		}
	}
	return ""
}
