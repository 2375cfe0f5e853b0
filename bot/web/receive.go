package web

import (
	"context"
	"crypto/rand"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"go.uber.org/zap"

	"mfahelp/bot"
)

// choose opens a session: from here on, whoever shows its token is that person.
func (w *Web) choose(rw http.ResponseWriter, r *http.Request) error {
	body, err := decode[struct{ Person, Seat string }](rw, r, maxBody)
	if err != nil {
		return err
	}
	p, ok := w.person(body.Person)
	if !ok {
		return &problem{status: http.StatusUnprocessableEntity, code: "no-person"}
	}
	if body.Seat == adminSeat && !p.Admin {
		return &problem{status: http.StatusForbidden, code: "not-yours"}
	}
	t, err := w.seats.take(r.Context(), p.ID)
	if err != nil {
		return err
	}
	if body.Seat == employeeSeat || body.Seat == adminSeat {
		setCookie(rw, body.Seat, t)
	}
	writeJSON(rw, http.StatusCreated, map[string]string{"token": t, "person": p.ID, "name": p.Name})
	return nil
}

func setCookie(rw http.ResponseWriter, seat, token string) {
	//nolint:gosec // not Secure, for the demo has no TLS; it opens no more than the page gives anybody
	http.SetCookie(rw, &http.Cookie{Name: cookie(seat), Value: token, Path: "/", HttpOnly: true, SameSite: http.SameSiteStrictMode})
}

// makeSample makes a failure happen. It says nothing to the bot.
func (w *Web) makeSample(rw http.ResponseWriter, r *http.Request) error {
	if _, err := decode[struct{}](rw, r, maxBody); err != nil {
		return err
	}
	i := slices.IndexFunc(w.o.Samples, func(s Sample) bool { return s.Name == r.PathValue("name") })
	if i < 0 || w.o.Make == nil {
		return &problem{status: http.StatusNotFound, code: "no-sample"}
	}
	s := w.o.Samples[i]
	text, err := w.o.Make(r.Context(), s.Name)
	if err != nil {
		return &problem{status: http.StatusInternalServerError, code: "sample", err: err}
	}
	writeJSON(rw, http.StatusOK, map[string]string{"text": text, "person": s.Person})
	return nil
}

// said is a message as it arrives.
type said struct{ ID, Place, Thread, Text string }

// say takes a message, or a command, which is a message that begins with a slash
// and the bot's name.
func (w *Web) say(rw http.ResponseWriter, r *http.Request) error {
	p, err := w.sitting(r, seatIn(r))
	if err != nil {
		return err
	}
	body, err := decode[said](rw, r, maxSaid)
	if err != nil {
		return err
	}
	room, thread, err := w.aim(p, body.Place, body.Thread)
	switch {
	case err != nil:
		return err
	case len(body.Text) > maxText:
		return tooLarge(maxText)
	case strings.TrimSpace(body.Text) == "":
		return &problem{status: http.StatusUnprocessableEntity, code: "empty"}
	}
	id, err := w.eventID(r, body.ID)
	if err != nil {
		return err
	}
	order := w.shelf.next() // before anybody can answer
	e := bot.Event{ID: id, At: w.o.Now().UTC(), From: p.bot(), In: w.place(p, room, thread), Did: act(body.Text)}
	if err := w.accept(r.Context(), e); err != nil {
		return err
	}
	ref, err := w.shelf.say(r.Context(), entry{Order: order, Room: room, Thread: thread, Event: id, From: p.ID, Text: body.Text, At: e.At})
	if err != nil { // the event is safe, and that is what was asked for
		w.o.Log.Error("what was said will not be shown after a restart", zap.String("event", id), zap.Error(err))
	}
	writeJSON(rw, http.StatusAccepted, map[string]string{"event": id, "ref": ref})
	return nil
}

// command is what a message begins with to be one.
const command = "mfa-help"

func act(text string) bot.Act {
	rest, ok := strings.CutPrefix(strings.TrimSpace(text), "/"+command)
	if ok && (rest == "" || unicode.IsSpace([]rune(rest)[0])) {
		return bot.Commanded{Name: command, Text: strings.TrimSpace(rest)}
	}
	return bot.Said{Text: text}
}

// aim says where something is said, if p may say it there.
func (w *Web) aim(p Person, place, thread string) (room, root string, err error) {
	room, err = w.room(p, place)
	if err != nil || thread == "" {
		return room, "", err
	}
	e := w.shelf.get(thread)
	if e == nil || e.Room != room || !e.seenBy(p, w.o.AdminsChannel) {
		return "", "", &problem{status: http.StatusUnprocessableEntity, code: "no-thread"}
	}
	if e.Thread != "" { // threads have none of their own
		return room, e.Thread, nil
	}
	return room, thread, nil
}

// pressed is a press as it arrives. It says nothing about what is pressed but
// the key, and nothing about who presses.
type pressed struct {
	ID, Place, Key string
	Fields         map[string]string
}

// press takes a press of a button, or a form filled in.
func (w *Web) press(rw http.ResponseWriter, r *http.Request) error {
	p, err := w.sitting(r, seatIn(r))
	if err != nil {
		return err
	}
	body, err := decode[pressed](rw, r, maxBody)
	if err != nil {
		return err
	}
	room, err := w.room(p, body.Place)
	if err != nil {
		return err
	}
	on := w.shelf.find(func(e *entry) bool {
		return e.Room == room && e.seenBy(p, w.o.AdminsChannel) && slices.Contains(e.Keys, body.Key)
	})
	if on == nil {
		return &problem{status: http.StatusNotFound, code: "no-button"}
	}
	if err := filled(on.pressable(body.Key), body.Fields); err != nil {
		return err
	}
	id, err := w.eventID(r, body.ID)
	if err != nil {
		return err
	}
	e := bot.Event{
		ID: id, At: w.o.Now().UTC(), From: p.bot(), In: w.place(p, room, on.Thread),
		Did: bot.Pressed{Key: body.Key, Fields: body.Fields},
	}
	if err := w.accept(r.Context(), e); err != nil {
		return err
	}
	writeJSON(rw, http.StatusAccepted, map[string]string{"event": id})
	return nil
}

// filled refuses a form with gaps, or with answers that nobody asked for. What
// is no longer on the card is not checked: only the store knows what it was.
func filled(a bot.Action, fields map[string]string) error {
	if a == nil {
		return nil
	}
	ask, _ := a.(bot.Ask) // a choice has no fields
	left := maps.Clone(fields)
	for _, f := range ask.Fields {
		if f.Required && strings.TrimSpace(fields[f.Name]) == "" {
			return &problem{status: http.StatusUnprocessableEntity, code: "required", args: []any{f.Label}}
		}
		delete(left, f.Name)
	}
	if len(left) > 0 {
		return &problem{status: http.StatusUnprocessableEntity, code: "no-field"}
	}
	return nil
}

// accept hands e over. Only after it is the sender told so.
func (w *Web) accept(ctx context.Context, e bot.Event) error {
	if err := w.o.Inbox.Accept(ctx, e); err != nil {
		return &problem{status: http.StatusServiceUnavailable, code: "not-accepted", err: fmt.Errorf("accepting %s: %w", e.ID, err)}
	}
	return nil
}

var clientID = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)

// eventID is the id of an event: the same for the same session and id of the
// sender's, so that sending again is safe, and no session can send another's.
func (w *Web) eventID(r *http.Request, id string) (string, error) {
	if id == "" {
		id = rand.Text()
	}
	if !clientID.MatchString(id) {
		return "", &problem{status: http.StatusUnprocessableEntity, code: "bad-id"}
	}
	return platform + "/" + digest(token(r, seatIn(r)))[:16] + "/" + id, nil
}
