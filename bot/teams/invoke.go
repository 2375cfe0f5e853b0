package teams

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"sync"
	"time"

	"go.uber.org/zap"

	"mfahelp/bot"
	"mfahelp/words"
)

// The invokes that there are an answer to.
const (
	cardAction  = "adaptiveCard/action"           // a press, or a card that asks what this reader may see
	shortcut    = "composeExtension/submitAction" // a shortcut used on a message
	fileConsent = "fileConsent/invoke"            // somebody does, or does not, want a file
	maxView     = 2 * time.Second                 // what a reader may see must be known by then
	lateAnswer  = 4 * time.Second                 // after Wait, for an answer that has begun by then
	card        = "application/vnd.microsoft.card.adaptive"
	note        = "application/vnd.microsoft.activity.message"
	failure     = "application/vnd.microsoft.error"
)

// invoke takes what somebody waits for. Teams waits ten seconds and then tells
// them that something went wrong, so an answer is given long before, whatever
// it rests on.
// See https://learn.microsoft.com/microsoftteams/platform/task-modules-and-cards/cards/universal-actions-for-adaptive-cards/work-with-universal-actions-for-adaptive-cards.
func (t *Teams) invoke(ctx context.Context, a activity, sum string) (answer, error) {
	switch a.Name {
	case cardAction, shortcut, fileConsent:
	default:
		t.o.Log.Debug("an invoke that says nothing to us", zap.String("name", brief(a.Name)))
		return func(w http.ResponseWriter) { w.WriteHeader(http.StatusNotImplemented) }, nil
	}
	c, err := t.hear(ctx, a)
	var r *refusal
	if errors.As(err, &r) && r.status == http.StatusOK { // a stranger: they wait for an answer, and hear that there is none
		t.o.Log.Warn("not taken from Teams", zap.Int("status", http.StatusOK), zap.String("why", r.why))
		return refused(a, t.o.Words(a.Locale)), nil
	}
	if err != nil {
		return nil, err
	}
	switch a.Name {
	case shortcut:
		return t.used(ctx, a, c, sum)
	case fileConsent:
		return t.consented(ctx, a, c)
	}
	var v struct {
		Action struct {
			Verb string
			Data json.RawMessage
		}
	}
	press, file, view, ok := bot.Pressed{}, "", "", json.Unmarshal(a.Value, &v) == nil
	if ok {
		press, file, view, ok = pressed(v.Action.Data)
	}
	switch {
	case !ok:
		return nil, refuse(http.StatusBadRequest, "a press of nothing")
	case view != "":
		return t.view(ctx, a, c, view), nil
	case file != "":
		if err := t.offer(ctx, c, a.place(), file); err != nil {
			return nil, err
		}
		return says(t.o.Words(c.Locale).Say("teams.file.offered")), nil
	}
	return t.press(ctx, a, c, sum, press)
}

// press takes a press of a button, waits for what comes of it, and says that to
// who pressed.
func (t *Teams) press(ctx context.Context, a activity, c contact, sum string, did bot.Pressed) (answer, error) {
	p := t.presses.open(c.person(), a)
	e := bot.Event{
		ID: eventID(a, sum), At: t.o.Now().UTC(), From: c.person(), In: a.place(), Did: did,
		Reply: bot.Reply{Platform: platform, Token: p.token, Until: t.o.Now().UTC().Add(t.o.Wait)},
	}
	if err := t.accept(ctx, e); err != nil {
		t.presses.close(p)
		return nil, err
	}
	return t.presses.wait(ctx, p, t.o.Wait, says(t.o.Words(c.Locale).Say("teams.taken"))), nil
}

// used takes a shortcut that was used on a message. The words in that are its
// sender's, and whoever used it says them.
// See https://learn.microsoft.com/microsoftteams/platform/messaging-extensions/how-to/action-commands/respond-to-task-module-submit.
func (t *Teams) used(ctx context.Context, a activity, c contact, sum string) (answer, error) {
	var v struct {
		MessagePayload struct {
			Body struct{ ContentType, Content string }
		}
	}
	if err := json.Unmarshal(a.Value, &v); err != nil {
		return nil, refuse(http.StatusBadRequest, "a shortcut on nothing")
	}
	quote := v.MessagePayload.Body.Content
	if !strings.EqualFold(v.MessagePayload.Body.ContentType, "text") {
		quote = plainHTML(quote)
	}
	p := t.presses.open(c.person(), a)
	p.dialog = true
	e := bot.Event{
		ID: eventID(a, sum), At: t.o.Now().UTC(), From: c.person(), In: a.place(), Did: bot.Commanded{Name: Command, Quote: quote},
		Reply: bot.Reply{Platform: platform, Token: p.token, Until: t.o.Now().UTC().Add(t.o.Wait)},
	}
	if err := t.accept(ctx, e); err != nil {
		t.presses.close(p)
		return nil, err
	}
	return t.presses.wait(ctx, p, t.o.Wait, dialogSays(t.o.Words(c.Locale).Say("teams.shortcut-taken"))), nil
}

// view tells a card what this reader may see of it. It changes nothing.
func (t *Teams) view(ctx context.Context, a activity, c contact, key string) answer {
	p := t.o.Words(c.Locale)
	if t.o.Views == nil {
		return refused(a, p)
	}
	ctx, cancel := context.WithTimeout(ctx, maxView)
	defer cancel()
	m, err := t.o.Views.View(ctx, key, c.person())
	if err != nil {
		t.o.Log.Warn("a card could not be told what its reader may see", zap.Error(err))
		return answers(http.StatusInternalServerError, failure, obj{"code": "unavailable", "message": p.Say("teams.view-failed")})
	}
	shown := Card{Message: m, View: key}
	return answers(http.StatusOK, card, Render(shown, p, nil))
}

// answers is what an invoke of a card is answered with. Its status is beside
// that of HTTP, which is success.
func answers(status int, kind string, value any) answer {
	return writes(obj{"statusCode": status, "type": kind, "value": value})
}

// says is a line that whoever pressed sees for a moment.
func says(s string) answer { return answers(http.StatusOK, note, defuse(s)) }

// dialogSays is the same for a shortcut.
func dialogSays(s string) answer {
	return writes(obj{"task": obj{"type": "message", "value": defuse(s)}})
}

func dialogShows(title string, c obj) answer {
	return writes(obj{"task": obj{"type": "continue", "value": obj{
		"title": defuse(title), "card": obj{"contentType": card, "content": c},
	}}})
}

// refused is what a stranger hears who waits for something.
func refused(a activity, p *words.Printer) answer {
	s := p.Say("teams.not-for-you")
	if a.Name == cardAction {
		return answers(http.StatusForbidden, failure, obj{"code": "notForYou", "message": s})
	}
	return dialogSays(s)
}

func writes(v any) answer {
	return func(w http.ResponseWriter) {
		b, err := encode(v)
		if err != nil {
			panic("teams: " + err.Error()) // unreachable: it is made of texts
		}
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		w.Header().Set("Cache-Control", "no-store") // it may hold a secret
		_, _ = w.Write(b)
	}
}

// A press waits for what is to be said to who pressed.
type press struct {
	token        string
	by           bot.Person
	conversation string // without the thread
	card         string // the message that was pressed
	dialog       bool   // it is answered by a dialog and not on a card

	ch chan given
}

// A given is an answer on its way to a request that waits.
type given struct {
	answer answer
	sent   chan bool // whether it has left
}

// presses are those that wait. They are in this process only: whoever holds the
// token of one elsewhere finds none, and says it in another way.
type presses struct {
	mu  sync.Mutex
	all map[string]*press // by token
}

func (ps *presses) open(by bot.Person, a activity) *press {
	id, _ := a.Conversation.split()
	p := &press{token: rand.Text(), by: by, conversation: id, card: a.ReplyToID, ch: make(chan given)}
	ps.mu.Lock()
	defer ps.mu.Unlock()
	if ps.all == nil {
		ps.all = map[string]*press{}
	}
	ps.all[p.token] = p
	return p
}

// claim takes the press with this token, so that nobody else answers it and it
// waits a little longer. It returns nil if that waits no more.
func (ps *presses) claim(token string) *press {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	p := ps.all[token]
	delete(ps.all, token)
	return p
}

// claimOn takes the presses that wait on a card.
func (ps *presses) claimOn(conversation, card string) (all []*press) {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	for token, p := range ps.all {
		if p.conversation == conversation && p.card == card && card != "" && !p.dialog {
			all = append(all, p)
			delete(ps.all, token)
		}
	}
	return all
}

// close ends p, and reports whether nobody had claimed it.
func (ps *presses) close(p *press) bool {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	_, open := ps.all[p.token]
	delete(ps.all, p.token)
	return open
}

// wait returns what p is answered with: what is given in time, or otherwise.
func (ps *presses) wait(ctx context.Context, p *press, d time.Duration, otherwise answer) answer {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case g := <-p.ch:
		return g.leaves()
	case <-timer.C:
	case <-ctx.Done():
	}
	if ps.close(p) {
		return otherwise
	}
	late := time.NewTimer(lateAnswer) // somebody is about to answer
	defer late.Stop()
	select {
	case g := <-p.ch:
		return g.leaves()
	case <-late.C:
		return otherwise
	}
}

// leaves is the answer, and tells whoever gave it whether it has left.
func (g given) leaves() answer {
	return func(w http.ResponseWriter) {
		g.answer(w)
		g.sent <- http.NewResponseController(w).Flush() == nil
	}
}

// give answers a press that was claimed. It returns once the answer has left,
// and false if it has not, or nobody can tell.
func (p *press) give(ctx context.Context, a answer) bool {
	g := given{a, make(chan bool, 1)}
	select {
	case p.ch <- g:
	case <-ctx.Done():
		return false
	case <-time.After(lateAnswer):
		return false
	}
	select {
	case sent := <-g.sent:
		return sent
	case <-ctx.Done():
		return false
	}
}
