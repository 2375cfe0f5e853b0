package slack

import (
	"context"
	"strings"
	"time"

	"github.com/slack-go/slack"
	"go.uber.org/zap"

	"mfahelp/bot"
)

// openTime is how long the form of a command may take to open: if it does not,
// the command itself must still be made safe in time.
const openTime = 1500 * time.Millisecond

const (
	choicesTime = 8 * time.Second // how long somebody looks at a form before they fill it in, or longer
	choosers    = 4               // how many forms get their choices at once
	mostChoices = 64              // how many wait for that; one more stays as it is
)

// A form that is open, and lacks the choices that take time to find.
type openForm struct {
	view, meta string
	ask        bot.Ask
	who        bot.Person
}

// askNow opens a form for who used the command without a word. It has one field,
// at once: whether Microsoft answers, and when, is nothing to wait for before
// somebody may write. False means that no form is open, and the command is all
// there is to answer.
func (s *Slack) askNow(ctx context.Context, id string, c slash, in bot.Place, who bot.Person) bool {
	if c.Trigger == "" || s.admins.is(c.Channel) { // the admins paste there what somebody reads out to them
		return false
	}
	if !s.once.first(id) {
		return true // delivered again, and the form is open
	}
	w := s.words(who)
	from := metaOf(in, bot.AskView)
	from.URL = c.ResponseURL // what is sent has none of its own
	form := openForm{meta: from.String(), who: who, ask: bot.Ask{Label: w.Say("slack.ask"), Fields: []bot.Field{
		{Name: askText, Label: w.Say("slack.ask.text"), Kind: bot.Paragraph},
	}}}
	ctx, cancel := context.WithTimeout(ctx, openTime)
	defer cancel()
	r, err := s.api.OpenViewContext(ctx, c.Trigger, modal(RenderForm(form.ask, w, form.meta)))
	if codeOf(err) == "exchanged_trigger_id" {
		return true // delivered again after a restart, and the form is open, or was
	}
	if err != nil {
		s.once.forget(id) // so that the command counts if it comes again
		s.log.Warn("a dialog is not opened", zap.String("user", who.ID), zap.Error(s.failed("views.open", err)))
		return false
	}
	form.view = r.ID
	select {
	case s.unchosen <- form:
	default: // many ask; all of them can write
	}
	return true
}

// askText is the name of the field that everybody can fill in.
const askText = "text"

// choose gives open forms their choices, until ctx ends.
func (s *Slack) choose(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case f := <-s.unchosen:
			if err := s.addChoices(ctx, f); err != nil && ctx.Err() == nil {
				s.log.Info("a dialog stays without choices", zap.String("user", f.who.ID), zap.Error(err))
			}
		}
	}
}

// addChoices adds what f's reader may choose instead of writing. What they have
// written meanwhile stays, because its field stays. See
// https://docs.slack.dev/surfaces/modals#preserving_input.
func (s *Slack) addChoices(ctx context.Context, f openForm) error {
	if s.o.Views == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, choicesTime)
	defer cancel()
	m, err := s.o.Views.View(ctx, bot.AskView, f.who)
	if err != nil {
		return err
	}
	more, _ := onlyAsk(m.Actions)
	if len(more.Fields) == 0 {
		return nil
	}
	f.ask.Fields = append(f.ask.Fields, more.Fields...)
	_, err = s.api.UpdateViewContext(ctx, modal(RenderForm(f.ask, s.words(f.who), f.meta)), "", "", f.view)
	if code := codeOf(err); code == "not_found" || code == "view_not_found" || code == "view_expired" {
		return nil // they were quicker
	}
	return s.failed("views.update", err)
}

// asked is what somebody filled in or chose in that form. It is answered as a
// shortcut on a message is: by what stands in it, and not as a word of ours.
func asked(fields map[string]string) bot.Commanded {
	words := []string{fields[askText]}
	for name, v := range fields {
		if name != askText {
			words = append(words, v)
		}
	}
	return bot.Commanded{Name: command, Quote: strings.TrimSpace(strings.Join(words, "\n"))}
}

// nothingAsked leaves that form open, and says below its field what to do.
func (s *Slack) nothingAsked(who bot.Person) any {
	return slack.NewErrorsViewSubmissionResponse(map[string]string{askText: s.words(who).Say("slack.ask.empty")})
}
