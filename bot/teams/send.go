package teams

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"mfahelp/bot"
	"mfahelp/words"
)

// What a ref begins with, where a message is elsewhere than its place says. One
// that begins with none of them is in its place.
const (
	refTargeted = "targeted/" // among others, for one to see
	refPersonal = "personal/" // in its reader's own chat
	refAnswer   = "answer/"   // in the answer to a press; it cannot be had again
	refUnnamed  = "unnamed/"  // Teams took it and did not say under which id
)

// notHeardWait is how long to wait for the way to a tenant to become known.
const notHeardWait = 30 * time.Second

// Send posts p, or replaces what is there.
func (t *Teams) Send(ctx context.Context, p bot.Post, ref string) (string, error) {
	if p.To.Platform != platform {
		return "", fmt.Errorf("sending to Teams: a post to %q", p.To.Platform)
	}
	if err := p.Message.Check(p.To); err != nil {
		return "", fmt.Errorf("sending to Teams: %w", err)
	}
	ref, err := t.send(ctx, p, ref)
	if err != nil {
		return "", fmt.Errorf("sending to Teams: %w", err)
	}
	return ref, nil
}

func (t *Teams) send(ctx context.Context, p bot.Post, ref string) (string, error) {
	waiting := t.waits(p)
	if waiting != nil && len(p.Message.Reveals()) > 0 { // there, or nowhere: anywhere else it shows as a dash
		return t.answer(ctx, waiting, p)
	}
	if waiting != nil && (p.To.Audience == bot.Ephemeral || waiting.dialog) {
		if ref, err := t.answer(ctx, waiting, p); err == nil {
			return ref, nil
		}
		waiting = nil
	}
	if p.To.Audience == bot.Ephemeral {
		return t.whisper(ctx, p, ref)
	}
	ref, err := t.say(ctx, p, ref)
	if waiting != nil && err == nil { // it stays in their chat, and the button is released
		waiting.give(ctx, says(t.o.Words(waiting.by.Locale).Say("teams.answered")))
	}
	return ref, err
}

// waits returns the press that p answers, if it is p's reader who pressed and
// the press still waits.
func (t *Teams) waits(p bot.Post) *press {
	if p.Reply.Platform != platform || strings.HasPrefix(p.Reply.Token, threadReply) || !p.To.Audience.One() {
		return nil
	}
	w := t.presses.claim(p.Reply.Token)
	if w != nil && w.by.ID != p.To.Reader {
		return nil
	}
	return w
}

// answer says p to who waits, and to nobody else. It is here that secrets are
// told: once, and into the answer.
func (t *Teams) answer(ctx context.Context, w *press, p bot.Post) (string, error) {
	printer := t.o.Words(w.by.Locale)
	if s, ok := line(p.Message, w.dialog); ok {
		a := says(s)
		if w.dialog {
			a = dialogSays(s)
		}
		return answered(w.give(ctx, a))
	}
	told := bot.Told(ctx, t.o.Secrets, p.Message, w.by)
	if len(told) == 0 && len(p.Message.Reveals()) > 0 {
		p.Message = nothingToShow(printer)
	}
	shown := t.card(p)
	shown.View = "" // it is for one reader as it is
	content := Render(shown, printer, func(r bot.Reveal) (string, bool) { secret, ok := told[r]; return secret, ok })
	if err := t.files.keep(ctx, p, shown); err != nil {
		return "", err
	}
	a := answers(http.StatusOK, card, content)
	if w.dialog {
		a = dialogShows(p.Message.Title, content)
	}
	return answered(w.give(ctx, a))
}

// nothingToShow says why there is no secret.
func nothingToShow(w *words.Printer) bot.Message {
	return bot.Message{Title: w.Say("bot.gone.title"), Status: bot.Info, Personal: true, Body: []bot.Block{bot.Text{bot.Plain(w.Say("bot.gone.body"))}}}
}

func answered(sent bool) (string, error) {
	if !sent {
		return "", errors.New("nobody waited for the answer any more")
	}
	return refAnswer + rand.Text(), nil
}

// line is a message that some lines are enough for. On a card it would be in the
// place of the one that was pressed, and that is still needed; in a dialog there
// is room for more than one paragraph.
func line(m bot.Message, dialog bool) (string, bool) {
	if len(m.Actions) > 0 || len(m.Attachments) > 0 || dialog && len(m.Body) > 1 || len(m.Reveals()) > 0 {
		return "", false
	}
	lines := []string{m.Title}
	for _, b := range m.Body {
		switch b := b.(type) {
		case bot.Text:
			lines = append(lines, bot.PlainText(b))
		case bot.Note:
			lines = append(lines, bot.PlainText(b))
		case bot.Facts, bot.Steps, bot.List, bot.Quote:
			return "", false
		}
	}
	return strings.Join(lines, "\n\n"), true
}

// whisper says p to one among others: as a message that only they see, or in
// their own chat. What was whispered before is old, so it is taken away and not
// changed where nobody would look.
func (t *Teams) whisper(ctx context.Context, p bot.Post, ref string) (string, error) {
	c, err := t.people.contact(ctx, p.To.Reader)
	if err != nil {
		return "", &bot.BusyError{Err: err}
	}
	if c.ID == "" {
		return "", errors.New("nobody of that id has been heard")
	}
	t.unsay(ctx, p.To, c, ref)
	a, err := t.activity(ctx, p)
	if err != nil {
		return "", err
	}
	if t.o.Targeted && p.To.ID != "" && p.To.ID != c.Conversation {
		to, err := t.where(ctx, p)
		if err != nil {
			return "", err
		}
		a["recipient"] = obj{"id": c.ID}
		id, err := t.connector.post(ctx, to, a, true)
		if !refusedForGood(err) {
			return named(refTargeted, id), err
		}
		delete(a, "recipient") // the tenant or the conversation has none
	}
	at, err := t.people.chat(ctx, c)
	if err != nil {
		return "", err
	}
	id, err := t.connector.post(ctx, at, a, false)
	return named(refPersonal, id), err
}

// refusedForGood reports whether Teams will not take a call however often.
func refusedForGood(err error) bool {
	var e *Error
	return errors.As(err, &e) && !errors.As(err, new(*bot.BusyError))
}

// unsay takes away what was whispered before. It may be gone by itself, and if
// it stays nobody is harmed.
func (t *Teams) unsay(ctx context.Context, to bot.Place, c contact, ref string) {
	var err error
	if id, ok := strings.CutPrefix(ref, refTargeted); ok {
		if at, e := t.inRoom(ctx, to); e == nil {
			err = t.connector.remove(ctx, at, id, true)
		}
	} else if id, ok := strings.CutPrefix(ref, refPersonal); ok && c.Conversation != "" {
		err = t.connector.remove(ctx, where{c.Service, c.Tenant, c.Conversation}, id, false)
	}
	if err != nil && !gone(err) {
		t.o.Log.Debug("an old line to one person stays where it is")
	}
}

func named(kind, id string) string {
	if id == "" {
		return refUnnamed + rand.Text()
	}
	return kind + id
}

// say posts p for all who are in its place, or replaces it for all.
func (t *Teams) say(ctx context.Context, p bot.Post, ref string) (string, error) {
	at, err := t.where(ctx, p)
	if err != nil {
		return "", err
	}
	a, err := t.activity(ctx, p)
	if err != nil {
		return "", err
	}
	switch {
	case ref != "" && !strings.HasPrefix(ref, refUnnamed):
		return ref, t.change(ctx, p, at, ref, a)
	case p.To.Audience == bot.Channel && at.conversation == p.To.ID && t.isChannel(ctx, p.To):
		id, err := t.connector.start(ctx, at, p.To.ID, a)
		return named("", id), err
	}
	id, err := t.connector.post(ctx, at, a, false)
	return named("", id), err
}

// change replaces a message, and shows whoever has just pressed something on it
// what it has become.
func (t *Teams) change(ctx context.Context, p bot.Post, at where, ref string, a obj) error {
	if err := t.connector.replace(ctx, at, ref, a); err != nil {
		return err
	}
	id, _, _ := strings.Cut(at.conversation, inThread)
	for _, w := range t.presses.claimOn(id, ref) {
		if p.To.Audience.One() && w.by.ID != p.To.Reader {
			continue // unreachable: nobody else is in that chat
		}
		w.give(ctx, answers(http.StatusOK, card, contentOf(a)))
	}
	return nil
}

// where finds the conversation that p goes to, with its thread.
func (t *Teams) where(ctx context.Context, p bot.Post) (where, error) {
	if p.To.Audience == bot.Direct {
		c, err := t.people.contact(ctx, p.To.Reader)
		if err != nil {
			return where{}, &bot.BusyError{Err: err}
		}
		if c.ID == "" {
			return where{}, errors.New("nobody of that id has been heard")
		}
		return t.people.chat(ctx, c)
	}
	to := p.To
	if root, ok := strings.CutPrefix(p.Reply.Token, threadReply); ok && p.Reply.Platform == platform && to.Thread == "" {
		to.Thread = root
	}
	return t.inRoom(ctx, to)
}

// inRoom is the way to a conversation of several. A chat of several has no
// threads.
func (t *Teams) inRoom(ctx context.Context, to bot.Place) (where, error) {
	r, err := t.people.wayTo(ctx, to.ID, t.o.Tenants[0])
	if err != nil {
		return where{}, &bot.BusyError{After: notHeardWait, Err: err}
	}
	at := where{r.Service, r.Tenant, to.ID}
	if to.Thread != "" && r.Kind == channel {
		at.conversation += inThread + to.Thread
	}
	return at, nil
}

func (t *Teams) isChannel(ctx context.Context, to bot.Place) bool {
	r, err := t.people.wayTo(ctx, to.ID, t.o.Tenants[0])
	return err == nil && r.Kind == channel
}

// card is p's message with what stands around it.
func (t *Teams) card(p bot.Post) Card {
	c := Card{Message: p.Message, Wide: p.To.Audience == bot.Channel}
	for i := range p.Message.Attachments {
		c.Files = append(c.Files, fileToken(p, i))
	}
	if t.o.Views != nil && p.To.Audience == bot.Channel {
		c.View = firstKey(p.Message)
	}
	return c
}

// activity is p as it is sent. Its files can be had before it can be seen.
func (t *Teams) activity(ctx context.Context, p bot.Post) (obj, error) {
	locale := t.o.Locale
	if p.To.Audience.One() {
		if c, err := t.people.contact(ctx, p.To.Reader); err == nil {
			locale = c.Locale
		}
	}
	c := t.card(p)
	if err := t.files.keep(ctx, p, c); err != nil {
		return nil, err
	}
	return obj{
		"type": "message", "summary": defuse(clip(p.Message.Title, maxTitle)),
		"attachments": []obj{{"contentType": card, "content": Render(c, t.o.Words(locale), nil)}},
	}, nil
}

// contentOf is the card in an activity of ours.
func contentOf(a obj) any {
	all, _ := a["attachments"].([]obj)
	return all[0]["content"] // see activity
}
