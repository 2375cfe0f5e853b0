package slack

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/slack-go/slack"
	"go.uber.org/zap"

	"mfahelp/bot"
	"mfahelp/words"
)

// whisper says p to one person among others: in a dialog if there is something
// to decide or a secret to show and the press is fresh, or else in the channel,
// where only they see it.
func (s *Slack) whisper(ctx context.Context, p bot.Post) (string, error) {
	t, late := s.tokenOf(p.Reply)
	if inDialog(p.Message) {
		if t.Trigger != "" {
			ref, err := s.openView(ctx, p, t.Trigger)
			if err == nil || !lateError(err) {
				return ref, err
			}
			late = true
		}
		if late && dangerous(p.Message) {
			p.Message = tooLate(s.wordsFor(p.To))
		}
	}
	d, err := s.document(ctx, p)
	if err != nil {
		return "", err
	}
	if (d.Rest != nil || len(p.Message.Attachments) > 0) && len(actions(p.Message)) == 0 {
		return s.asDirect(ctx, p) // no file can hang from a whisper
	}
	if t.URL != "" {
		err := s.answerTo(ctx, t.URL, d)
		if err == nil {
			return whisperRef, nil
		}
		if f := s.failed("answering", err); s.isDead() {
			return "", f
		}
		s.log.Info("an answer goes another way", zap.Error(bare(err))) // the first has been used too often, or is over
	}
	return s.ephemeral(ctx, p, d)
}

// inDialog reports whether m belongs in a dialog: it asks for a decision, or
// holds a secret.
func inDialog(m bot.Message) bool {
	return len(m.Reveals()) > 0 || slices.ContainsFunc(actions(m), func(a bot.Action) bool {
		_, leads := a.(bot.Open)
		return !leads
	})
}

func dangerous(m bot.Message) bool {
	return slices.ContainsFunc(actions(m), func(a bot.Action) bool {
		switch a := a.(type) {
		case bot.Choose:
			return a.Weight == bot.Danger
		case bot.Ask:
			return a.Weight == bot.Danger
		case bot.Open:
		}
		return false
	})
}

// tooLate says that the dialog could not be opened in time, and that nothing
// happened.
func tooLate(w *words.Printer) bot.Message {
	return bot.Message{Title: w.Say("slack.late.title"), Status: bot.Info, Body: []bot.Block{bot.Text{bot.Plain(w.Say("slack.late.body"))}}}
}

// lateError reports whether a dialog was not opened because the press is too
// long ago, or had its dialog.
func lateError(err error) bool {
	return slices.Contains([]string{"expired_trigger_id", "exchanged_trigger_id", "invalid_trigger_id", "trigger_expired", "trigger_exchanged"}, codeOf(err))
}

// ephemeral says d to one person in a channel, and where that is not possible in
// their own conversation. See
// https://docs.slack.dev/reference/methods/chat.postEphemeral.
func (s *Slack) ephemeral(ctx context.Context, p bot.Post, d Document) (string, error) {
	if !channelID.MatchString(p.To.ID) {
		return s.asDirect(ctx, p)
	}
	options := s.options(d)
	if p.To.Thread != "" {
		options = append(options, slack.MsgOptionTS(p.To.Thread))
	}
	ts, err := s.api.PostEphemeralContext(ctx, p.To.ID, p.To.Reader, options...)
	switch codeOf(err) {
	case "user_not_in_channel", "channel_not_found", "not_in_channel", "is_archived", "restricted_action":
		return s.asDirect(ctx, p)
	}
	if err != nil {
		return "", s.failed("chat.postEphemeral", err)
	}
	return whisperRef + ts, nil
}

// asDirect says p to its reader alone, because it cannot be said where it should.
func (s *Slack) asDirect(ctx context.Context, p bot.Post) (string, error) {
	p.To = bot.Place{Platform: platform, Private: true, Audience: bot.Direct, Reader: p.To.Reader}
	ts, err := s.post(ctx, p)
	if err != nil {
		return "", err
	}
	return whisperRef + ts, nil // in another place than p says, so it cannot be replaced there
}

// openView opens p as a dialog, with what is secret in it.
func (s *Slack) openView(ctx context.Context, p bot.Post, trigger string) (string, error) {
	id, err := s.open(ctx, p, trigger)
	if err != nil {
		return "", err
	}
	s.fill(ctx, p, id)
	return viewRef + id, nil
}

// open opens p as a dialog, with dashes for what is secret. See
// https://docs.slack.dev/reference/methods/views.open.
func (s *Slack) open(ctx context.Context, p bot.Post, trigger string) (id string, err error) {
	r, err := s.api.OpenViewContext(ctx, trigger, s.view(p, nil))
	if lateError(err) {
		return "", err
	}
	if err != nil {
		return "", s.failed("views.open", err)
	}
	return r.ID, nil
}

// fillTime is how long a dialog may take to be filled: the tenant is asked first.
const fillTime = 30 * time.Second

// fill puts what is secret in p into the dialog with an id, in which it is awaited.
// It is told once, so not before there is a dialog to show it in, and then what
// was told is sent until Slack takes it, whether or not somebody still waits for us.
// See https://docs.slack.dev/reference/methods/views.update.
func (s *Slack) fill(ctx context.Context, p bot.Post, id string) {
	if len(p.Message.Reveals()) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), fillTime)
	defer cancel()
	v := s.view(p, s.told(ctx, p.Message, p.To.Reader))
	for wait := 500 * time.Millisecond; ; wait *= 2 {
		_, err := s.api.UpdateViewContext(ctx, v, "", "", id)
		err = s.failed("views.update", err)
		busy, again := errors.AsType[*bot.BusyError](err)
		if err == nil {
			return
		}
		if !again || !sleep(ctx, max(wait, busy.After)) {
			s.log.Error("a secret was told and is not shown", zap.String("user", p.To.Reader), zap.Error(err))
			return
		}
	}
}

// view is p as a dialog, with what is secret in it if told is not nil. Where
// nothing was told, it says just that.
func (s *Slack) view(p bot.Post, told map[bot.Reveal]string) slack.ModalViewRequest {
	if told != nil && len(told) == 0 && len(p.Message.Reveals()) > 0 {
		p.Message = nothingToShow(s.wordsFor(p.To))
	}
	resolve := func(r bot.Reveal) (string, bool) { secret, ok := told[r]; return secret, ok }
	key := ""
	if a, ok := onlyAsk(p.Message.Actions); ok {
		key = a.Key
	}
	return modal(RenderView(p.Message, s.wordsFor(p.To), metaOf(p.To, key).String(), resolve))
}

// told is what is secret in m for user. It is asked for to answer a press of
// theirs and for nothing else.
func (s *Slack) told(ctx context.Context, m bot.Message, user string) map[bot.Reveal]string {
	who, err := s.member(ctx, user)
	if err != nil {
		return map[bot.Reveal]string{}
	}
	return bot.Told(ctx, s.o.Secrets, m, who)
}

// replaceView says p in a dialog that is open. If it was closed meanwhile, p is
// said as if there had been none. See
// https://docs.slack.dev/reference/methods/views.update.
func (s *Slack) replaceView(ctx context.Context, p bot.Post, ref string) (string, error) {
	t, _ := s.tokenOf(p.Reply)
	id, pressed := strings.TrimPrefix(ref, viewRef), t.Trigger != ""
	v := s.view(p, nil)
	if !pressed && len(p.Message.Reveals()) > 0 { // it is told to who presses
		handle, err := s.keepSecret(ctx, p)
		if err != nil {
			return "", err
		}
		v.Blocks.BlockSet = append(v.Blocks.BlockSet, block(showButton(s.wordsFor(p.To), handle)))
	}
	_, err := s.api.UpdateViewContext(ctx, v, "", "", id)
	switch codeOf(err) {
	case "not_found", "view_not_found", "view_expired":
		return s.whisper(ctx, p)
	}
	if err != nil {
		return "", s.failed("views.update", err)
	}
	if pressed {
		s.fill(ctx, p, id)
	}
	return ref, nil
}

func modal(v obj) slack.ModalViewRequest {
	out := slack.ModalViewRequest{Type: slack.VTModal, Blocks: sdkBlocks(v)}
	out.PrivateMetadata, _ = v["private_metadata"].(string)
	out.Title, out.Submit, out.Close = sdkText(v["title"]), sdkText(v["submit"]), sdkText(v["close"])
	return out
}

func sdkText(v any) *slack.TextBlockObject {
	o, ok := v.(obj)
	if !ok {
		return nil
	}
	s, _ := o["text"].(string)
	return slack.NewTextBlockObject(slack.PlainTextType, s, false, false)
}

// ask opens the form of a button. It reports false if there is none any more:
// then the press itself is what there is to answer.
func (s *Slack) ask(ctx context.Context, id string, i interaction, in bot.Place, who bot.Person, formID, key string) (opened bool, err error) {
	f, err := s.forms.find(ctx, formID)
	if errors.Is(err, errNoForm) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if !s.once.first(id) {
		return true, nil // delivered again, and the form is open
	}
	v := modal(RenderForm(bot.Ask{Label: f.Label, Fields: f.Fields}, s.words(who), metaOf(in, key).String()))
	if i.View != nil && i.View.Type == "modal" { // on top of the dialog in which the button is
		_, err = s.api.PushViewContext(ctx, i.Trigger, v)
	} else {
		_, err = s.api.OpenViewContext(ctx, i.Trigger, v)
	}
	if err != nil {
		s.tellLate(ctx, i, in, who, s.failed("opening a form", err))
	}
	return true, nil
}

// tellLate tells somebody that a dialog could not be opened. Nothing is lost: a
// press that opens one has done nothing yet.
func (s *Slack) tellLate(ctx context.Context, i interaction, in bot.Place, who bot.Person, why error) {
	s.log.Warn("a dialog is not opened", zap.String("user", who.ID), zap.Error(why))
	d := Render(tooLate(s.words(who)), s.words(who))
	var err error
	switch {
	case i.ResponseURL != "":
		err = s.answerTo(ctx, i.ResponseURL, d)
	case channelID.MatchString(in.ID):
		_, err = s.api.PostEphemeralContext(ctx, in.ID, who.ID, s.options(d)...)
	default:
		_, _, err = s.api.PostMessageContext(ctx, who.ID, s.options(d)...)
	}
	if err != nil {
		s.log.Warn("nobody is told that a dialog is not opened", zap.Error(s.failed("telling", err)))
	}
}

// A kept is a message with a secret in it, for whoever may see that. It holds
// what the secret is called, never the secret.
type kept struct {
	Reader  string      `json:"reader"`
	Message bot.Message `json:"message"`
	To      bot.Place   `json:"to"`
}

// keepSecret keeps p until its reader wants to see what is secret in it.
func (s *Slack) keepSecret(ctx context.Context, p bot.Post) (handle string, err error) {
	handle = digest([]byte(p.Key + "/" + rand.Text()))
	b, err := json.Marshal(kept{p.To.Reader, p.Message, p.To})
	if err != nil {
		return "", err
	}
	if err := s.o.Memory.Put(ctx, platform, "secret/"+handle, b); err != nil {
		return "", &bot.BusyError{Err: fmt.Errorf("keeping a message: %w", err)}
	}
	return handle, nil
}

func showButton(w *words.Printer, handle string) obj {
	return obj{"type": "actions", "elements": []obj{styled(obj{"action_id": reveals + "-0", "value": handle}, w.Say("slack.show"), bot.Primary)}}
}

// show shows what is secret in a message, in a dialog, to the one who may see it
// and pressed for it. It is shown once; a delivery of the same press shows
// nothing again.
func (s *Slack) show(ctx context.Context, id string, i interaction, who bot.Person, handle string) error {
	b, err := s.o.Memory.Get(ctx, platform, "secret/"+handle)
	if err != nil {
		return err
	}
	var k kept
	if b != nil && json.Unmarshal(b, &k) != nil {
		return malformed{errors.New("what was kept cannot be read")}
	}
	if k.Reader != who.ID { // nothing was kept, or not for them
		s.log.Warn("a secret is not shown", zap.String("user", who.ID))
		b = nil
	}
	if !s.once.first(id) {
		return nil
	}
	if b == nil {
		k = kept{Message: nothingToShow(s.words(who)), To: bot.Place{Platform: platform, Audience: bot.Ephemeral, Reader: who.ID}}
	}
	post := bot.Post{To: k.To, Message: k.Message}
	post.To.Reader = who.ID
	var view string
	if i.View != nil && i.View.Type == "modal" {
		view = i.View.ID
		_, err = s.api.UpdateViewContext(ctx, s.view(post, nil), "", "", view)
		err = s.failed("views.update", err)
	} else {
		view, err = s.open(ctx, post, i.Trigger)
	}
	if err != nil {
		in, _ := i.in(who.ID, &s.admins)
		s.tellLate(ctx, i, in, who, err)
		return nil
	}
	s.filling.Go(func() { s.fill(ctx, post, view) }) // Slack waits for no tenant
	return nil
}

// nothingToShow says that there is nothing to show.
func nothingToShow(w *words.Printer) bot.Message {
	return bot.Message{Title: w.Say("bot.gone.title"), Status: bot.Info, Body: []bot.Block{bot.Text{bot.Plain(w.Say("bot.gone.body"))}}}
}
