package teams

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"go.uber.org/zap"

	"mfahelp/bot"
)

// maxBody is more than the longest message with its HTML beside it, and a
// message that a shortcut brings.
const maxBody = 256 << 10

// Handler takes what Teams sends. It belongs at the messaging endpoint of the
// bot's registration.
func (t *Teams) Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer, err := t.receive(w, r)
		if err != nil {
			t.refuse(w, err)
			return
		}
		answer(w)
	})
}

// An answer writes what a request is answered with.
type answer func(http.ResponseWriter)

// taken is the answer to what needs no other.
func taken(w http.ResponseWriter) { w.WriteHeader(http.StatusOK) }

// receive goes from the cheap to the dear: the size, the token, the body, and
// whose it is. Nothing is answered with success before what was sent is safe.
func (t *Teams) receive(w http.ResponseWriter, r *http.Request) (answer, error) {
	switch {
	case r.Method != http.MethodPost:
		return nil, refuse(http.StatusMethodNotAllowed, "a request that is no POST")
	case r.ContentLength > maxBody:
		return nil, refuse(http.StatusRequestEntityTooLarge, "a body that is too long")
	}
	v, err := t.vouched(r.Context(), r.Header)
	if err != nil {
		return nil, err
	}
	a, sum, err := decode(w, r)
	if err != nil {
		return nil, err
	}
	if err := t.covers(v, a); err != nil {
		return nil, err
	}
	return t.dispatch(r.Context(), a, sum)
}

// decode reads an activity, and the digest of it: what has no id of its own is
// told from the rest by that.
func decode(w http.ResponseWriter, r *http.Request) (a activity, sum string, err error) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	var big *http.MaxBytesError
	switch {
	case errors.As(err, &big):
		return a, "", refuse(http.StatusRequestEntityTooLarge, "a body that is too long")
	case err != nil:
		return a, "", refuse(http.StatusBadRequest, "a body that ends too early")
	}
	if err := json.Unmarshal(body, &a); err != nil || a.Type == "" {
		return a, "", refuse(http.StatusBadRequest, "a body that is no activity")
	}
	d := sha256.Sum256(body)
	return a, hex.EncodeToString(d[:]), nil
}

// dispatch finds what is to be done about a.
func (t *Teams) dispatch(ctx context.Context, a activity, sum string) (answer, error) {
	switch a.Type {
	case "message":
		return taken, t.message(ctx, a, sum)
	case "invoke":
		return t.invoke(ctx, a, sum)
	case "installationUpdate", "conversationUpdate":
		return taken, t.installed(ctx, a)
	}
	t.o.Log.Debug("an activity that says nothing to us", zap.String("type", brief(a.Type)))
	return taken, nil
}

// message takes what somebody said, or a press from a client that knows no other
// way to send one. Among others it must be meant for the bot, but for the
// admins' channel, where everything is that the team lets the bot hear.
func (t *Teams) message(ctx context.Context, a activity, sum string) error {
	if a.From.Role == "bot" || strings.HasPrefix(a.From.ID, "28:") {
		return nil // ourselves, or another bot
	}
	press, file, _, isPress := pressed(a.Value)
	place := a.place()
	if !isPress && place.Audience == bot.Channel && !a.mentioned() && (t.o.Channel == "" || place.ID != t.o.Channel) {
		return nil
	}
	c, err := t.hear(ctx, a)
	switch {
	case err != nil:
		return err
	case isPress && file != "":
		return t.offer(ctx, c, place, file)
	}
	e := bot.Event{ID: eventID(a, sum), At: t.o.Now().UTC(), From: c.person(), In: place, Did: press}
	if !isPress {
		e.Did = t.act(a)
	}
	if root := a.ID; place.Audience == bot.Channel && place.Thread == "" && a.Conversation.kind() == channel && !isPress {
		e.Reply = bot.Reply{Platform: platform, Token: threadReply + root, Until: e.At.Add(threadLasts)}
	}
	return t.accept(ctx, e)
}

// threadReply begins the token of a reply that goes into the thread of what was
// said, and threadLasts is how long it is worth anything.
const (
	threadReply = "thread:"
	threadLasts = 24 * time.Hour
)

// hear is who did a, and what there is to remember of how to reach them.
func (t *Teams) hear(ctx context.Context, a activity) (contact, error) {
	c, err := t.people.hear(ctx, a)
	if err == nil {
		err = t.people.heardIn(ctx, a)
	}
	return c, unsafe(err)
}

// accept hands e over. Only after it is Teams told so.
func (t *Teams) accept(ctx context.Context, e bot.Event) error {
	return unsafe(t.o.Inbox.Accept(ctx, e))
}

// unsafe is err as the reason why something should be sent again, unless it is
// another reason already.
func unsafe(err error) error {
	var r *refusal
	if err == nil || errors.As(err, &r) {
		return err
	}
	return &refusal{status: http.StatusServiceUnavailable, why: "something could not be made safe", err: err}
}

// eventID is the same whenever Teams delivers a again.
func eventID(a activity, sum string) string {
	id := a.ID
	if id == "" {
		id = "sum:" + sum
	}
	return platform + "/" + a.Conversation.ID + "/" + a.Type + "/" + id
}

// installed takes that the app has come or gone. Both kinds of events tell of
// it, in any order, so what comes of them is the same event and happens once.
// Somebody new is welcomed by what the bot says when it is asked for help.
// See https://learn.microsoft.com/microsoftteams/platform/bots/how-to/conversations/subscribe-to-conversation-events.
func (t *Teams) installed(ctx context.Context, a activity) error {
	came := strings.HasPrefix(a.Action, "add") || hasID(a.MembersAdded, a.Recipient.ID)
	went := strings.HasPrefix(a.Action, "remove") || hasID(a.MembersRemoved, a.Recipient.ID)
	if a.Conversation.kind() != personal {
		if came {
			t.o.Log.Info("the app was added where several talk", zap.String("conversation", a.Conversation.ID), zap.String("kind", a.Conversation.kind()))
		}
		return unsafe(t.people.heardIn(ctx, a))
	}
	if !came && !went {
		return nil
	}
	if went {
		c, err := t.people.contact(ctx, a.From.ID)
		if err != nil || c.ID == "" {
			return unsafe(err)
		}
		return unsafe(t.people.left(ctx, c))
	}
	c, err := t.hear(ctx, a)
	if err != nil {
		return err
	}
	return t.accept(ctx, bot.Event{
		ID: platform + "/" + a.Conversation.ID + "/welcome/" + strconv.Itoa(c.Installs), At: t.o.Now().UTC(), From: c.person(), In: a.place(),
		Did: bot.Commanded{Name: Command, Text: "help"},
	})
}

func hasID(all []account, id string) bool {
	for _, x := range all {
		if x.ID == id && id != "" {
			return true
		}
	}
	return false
}

// refuse answers what is not taken: with a status, and no word of why.
func (t *Teams) refuse(w http.ResponseWriter, err error) {
	var r *refusal
	if !errors.As(err, &r) {
		r = &refusal{status: http.StatusInternalServerError, why: "something went wrong", err: err}
	}
	level := t.o.Log.Warn
	if r.status >= http.StatusInternalServerError {
		level = t.o.Log.Error
	}
	level("not taken from Teams", zap.Int("status", r.status), zap.String("why", r.why), zap.Error(r.err))
	w.WriteHeader(r.status)
}

// brief keeps what a stranger wrote from filling the log.
func brief(s string) string {
	if r := []rune(s); len(r) > 40 {
		return string(r[:40]) + "…"
	}
	return s
}
