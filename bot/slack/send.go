package slack

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/slack-go/slack"
	"go.uber.org/zap"

	"mfahelp/bot"
	"mfahelp/words"
)

// A ref says what there is: the time of a message, which is also what its thread
// is called by, or one of these and an id.
const (
	viewRef    = "view/"
	whisperRef = "whisper/"
	homeRef    = "home/"
)

var messageTS = regexp.MustCompile(`^\d{9,11}\.\d{6}$`)

// Send says p: in a conversation, in a dialog while the press that it answers is
// fresh, or on somebody's page.
func (s *Slack) Send(ctx context.Context, p bot.Post, ref string) (string, error) {
	if err := p.Message.Check(p.To); err != nil {
		return "", fmt.Errorf("sending to Slack: %w", err)
	}
	if p.To.Platform != platform {
		return "", fmt.Errorf("sending to Slack: a post to %q", p.To.Platform)
	}
	if err := s.known(); err != nil {
		return "", &bot.BusyError{After: 10 * time.Second, Err: err}
	}
	if s.admins.is(p.To.ID) {
		if err := s.admins.usable(); err != nil {
			return "", err
		}
	}
	if err := s.forms.keep(ctx, p.Message); err != nil {
		return "", err
	}
	switch {
	case p.To.Page && p.To.Audience == bot.Direct && p.Reply.Token == "":
		return s.publish(ctx, p)
	case strings.HasPrefix(ref, viewRef):
		return s.replaceView(ctx, p, ref)
	case p.To.Audience == bot.Ephemeral, s.answersThere(p) && ref == "":
		return s.whisper(ctx, p)
	case ref != "" && !strings.HasPrefix(ref, whisperRef):
		return s.replace(ctx, p, ref)
	}
	return s.post(ctx, p)
}

// wordsFor are those for whoever reads in a place.
func (s *Slack) wordsFor(to bot.Place) *words.Printer {
	if !to.Audience.One() {
		return s.o.Words(s.o.Locale)
	}
	s.people.mu.Lock()
	defer s.people.mu.Unlock()
	return s.o.Words(s.people.all[to.Reader].locale)
}

// A token is what a [bot.Reply] of ours holds. Its JSON is stored with the event.
type token struct {
	Trigger string `json:"t,omitempty"` // opens one dialog
	Until   int64  `json:"x,omitempty"` // the trigger, in milliseconds
	URL     string `json:"u,omitempty"` // answers in the channel
	Channel string `json:"c,omitempty"`
}

const (
	// triggerFor is how long Slack lets a dialog be opened after a press. See
	// https://docs.slack.dev/interactivity/handling-user-interaction#trigger_id.
	triggerFor = 3 * time.Second

	// answerFor is how long it takes answers in the channel, with a margin.
	answerFor = 29 * time.Minute
)

// reply is a way to answer what somebody just did.
func (s *Slack) reply(trigger, address, channel string) bot.Reply {
	if trigger == "" && address == "" {
		return bot.Reply{}
	}
	now := s.o.Now().UTC()
	b, err := json.Marshal(token{trigger, now.Add(triggerFor).UnixMilli(), address, channel})
	if err != nil {
		panic("slack: " + err.Error()) // unreachable: it is texts and a number
	}
	return bot.Reply{Platform: platform, Token: string(b), Until: now.Add(answerFor)}
}

// tokenOf is what r holds. What no longer works is left out.
func (s *Slack) tokenOf(r bot.Reply) (t token, expired bool) {
	now := s.o.Now()
	if r.Platform != platform || r.Token == "" || !r.Until.IsZero() && !now.Before(r.Until) || json.Unmarshal([]byte(r.Token), &t) != nil {
		return token{}, false
	}
	if t.Trigger != "" && now.UnixMilli() >= t.Until {
		t.Trigger, expired = "", true
	}
	return t, expired
}

// answersThere reports whether p can be said where somebody used a command:
// among others, to them alone. Nothing with a button, which would stand in
// another place than the one it was made for, and no file.
func (s *Slack) answersThere(p bot.Post) bool {
	t, _ := s.tokenOf(p.Reply)
	return p.To.Audience == bot.Direct && t.URL != "" && t.Channel != "" && !strings.HasPrefix(t.Channel, "D") &&
		len(actions(p.Message)) == 0 && len(p.Message.Attachments) == 0 && len(p.Message.Reveals()) == 0
}

// post says p for the first time.
func (s *Slack) post(ctx context.Context, p bot.Post) (string, error) {
	channel := s.channelFor(p.To)
	d, err := s.document(ctx, p)
	if err != nil {
		return "", err
	}
	ts, err := s.postedBefore(ctx, p, channel)
	if err != nil {
		return "", err
	}
	if ts == "" {
		if wait := s.pace.message(channel, p.Key); wait > 0 {
			s.sent.failed(p.Key, false) // so that its turn does not begin with looking for it
			return "", &bot.BusyError{After: wait, Err: errors.New("slack: one message a second")}
		}
		if channel, ts, err = s.postNow(ctx, p, channel, d); err != nil {
			return "", err
		}
	}
	if err := s.attach(ctx, p, d, channel, ts); err != nil {
		return "", err
	}
	s.sent.done(p.Key)
	return ts, nil
}

// channelFor is where messages to a place go. Whoever has never spoken with us
// is written to by their own id, which opens a conversation.
func (s *Slack) channelFor(to bot.Place) string {
	if to.Audience == bot.Direct && (to.ID == "" || to.Page) {
		if known, ok := s.direct.Load(to.Reader); ok {
			return known.(string) //nolint:forcetypeassert // nothing else is stored
		}
		return to.Reader
	}
	return to.ID
}

// directWith returns the conversation that somebody has with us. See
// https://docs.slack.dev/reference/methods/conversations.open.
func (s *Slack) directWith(ctx context.Context, user string) (string, error) {
	if known, ok := s.direct.Load(user); ok {
		return known.(string), nil //nolint:forcetypeassert // nothing else is stored
	}
	c, _, _, err := s.api.OpenConversationContext(ctx, &slack.OpenConversationParameters{Users: []string{user}, ReturnIM: true})
	if err != nil {
		return "", s.failed("conversations.open", err)
	}
	s.direct.Store(user, c.ID)
	return c.ID, nil
}

// document is p as it is posted: a secret in it is a dash, and a button shows it
// to its reader.
func (s *Slack) document(ctx context.Context, p bot.Post) (Document, error) {
	w := s.wordsFor(p.To)
	d := Render(s.led(ctx, p.Message, w), w)
	if len(p.Message.Reveals()) == 0 {
		return d, nil
	}
	handle, err := s.keepSecret(ctx, p)
	if err != nil {
		return d, err
	}
	d.Blocks = append(d.Blocks, showButton(w, handle))
	return d, nil
}

// keyed is the name of our metadata, by which a message is found again. See
// https://docs.slack.dev/messaging/message-metadata.
const keyed = "mfahelp_post"

// postNow posts, and keeps in mind how that went. See
// https://docs.slack.dev/reference/methods/chat.postMessage.
func (s *Slack) postNow(ctx context.Context, p bot.Post, channel string, d Document) (in, ts string, err error) {
	options := append(s.options(d), slack.MsgOptionMetadata(slack.SlackMetadata{
		EventType: keyed, EventPayload: map[string]any{"key": digest([]byte(p.Key))},
	}))
	if p.To.Thread != "" {
		options = append(options, slack.MsgOptionTS(p.To.Thread))
	}
	in, ts, err = s.api.PostMessageContext(ctx, channel, options...)
	if err != nil {
		s.sent.failed(p.Key, unclear(err))
		return "", "", s.failed("chat.postMessage", err)
	}
	if p.To.Audience == bot.Direct && in != "" {
		s.direct.Store(p.To.Reader, in)
	}
	s.sent.posted(p.Key, ts)
	return in, ts, nil
}

// replace says p in the place of what was said. What somebody has deleted
// meanwhile is said anew. See https://docs.slack.dev/reference/methods/chat.update.
func (s *Slack) replace(ctx context.Context, p bot.Post, ref string) (string, error) {
	if !messageTS.MatchString(ref) {
		return "", fmt.Errorf("sending to Slack: there is no message %q", clip(ref, 40))
	}
	d, err := s.document(ctx, p)
	if err != nil {
		return "", err
	}
	channel := s.channelFor(p.To)
	if channel == p.To.Reader && p.To.Audience == bot.Direct {
		if channel, err = s.directWith(ctx, p.To.Reader); err != nil {
			return "", err
		}
	}
	_, _, _, err = s.api.UpdateMessageContext(ctx, channel, ref, s.options(d)...)
	if codeOf(err) == "message_not_found" {
		return s.post(ctx, p)
	}
	if err != nil {
		return "", s.failed("chat.update", err)
	}
	return ref, s.attach(ctx, p, d, channel, ref)
}

// publish puts p on its reader's page. See
// https://docs.slack.dev/reference/methods/views.publish.
func (s *Slack) publish(ctx context.Context, p bot.Post) (string, error) {
	w := s.wordsFor(p.To)
	v := RenderPage(s.led(ctx, p.Message, w), w)
	if _, err := s.api.PublishViewContext(ctx, slack.PublishViewContextRequest{UserID: p.To.Reader, View: homeView(v)}); err != nil {
		return "", s.failed("views.publish", err)
	}
	return homeRef + p.To.Reader, nil
}

func homeView(v obj) slack.HomeTabViewRequest {
	return slack.HomeTabViewRequest{Type: slack.VTHomeTab, Blocks: sdkBlocks(v)}
}

// outgoing remembers how the last try of a post ended, so that one more neither
// doubles it nor looks for it in vain.
type outgoing struct {
	mu  sync.Mutex
	all map[string]outcome // by the post's key
}

type outcome struct {
	ts      string // it is there
	clearly bool   // it is not
}

const mostOutgoing = 10000

func (o *outgoing) set(key string, out outcome) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.all == nil || len(o.all) >= mostOutgoing {
		o.all = map[string]outcome{}
	}
	o.all[key] = out
}

func (o *outgoing) posted(key, ts string)           { o.set(key, outcome{ts: ts}) }
func (o *outgoing) failed(key string, unclear bool) { o.set(key, outcome{clearly: !unclear}) }

func (o *outgoing) done(key string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	delete(o.all, key)
}

func (o *outgoing) get(key string) (outcome, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	out, ok := o.all[key]
	return out, ok
}

// lookBack is how far back a message is looked for: as long as a post is tried.
const lookBack = 25 * time.Hour

// postedBefore returns the message that an earlier try of p left, if there is
// one. After a try of which Slack said nothing, and after one before a restart,
// the channel is looked through for our own key.
func (s *Slack) postedBefore(ctx context.Context, p bot.Post, channel string) (string, error) {
	last, known := s.sent.get(p.Key)
	switch {
	case known && last.ts != "":
		return last.ts, nil
	case known && last.clearly, !known && !p.Again:
		return "", nil
	}
	if memberID.MatchString(channel) {
		var err error
		if channel, err = s.directWith(ctx, channel); err != nil {
			return "", err
		}
	}
	found, err := s.look(ctx, p, channel)
	switch {
	case codeOf(err) == "missing_scope" || codeOf(err) == "not_in_channel" || codeOf(err) == "channel_not_found":
		s.log.Warn("a message may be there twice: Slack does not let us look for it", zap.String("post", p.Key), zap.Error(s.explained(err)))
		return "", nil // which is better than none
	case codeOf(err) == "thread_not_found":
		return "", nil
	case err != nil:
		return "", s.failed("looking for a message", err)
	}
	return found, nil
}

// look looks for p where it should be. See
// https://docs.slack.dev/reference/methods/conversations.history and
// https://docs.slack.dev/reference/methods/conversations.replies.
func (s *Slack) look(ctx context.Context, p bot.Post, channel string) (string, error) {
	oldest := fmt.Sprintf("%d.000000", s.o.Now().Add(-lookBack).Unix())
	cursor := ""
	for range 10 {
		var messages []slack.Message
		if p.To.Thread != "" {
			some, _, next, err := s.api.GetConversationRepliesContext(ctx, &slack.GetConversationRepliesParameters{
				ChannelID: channel, Timestamp: p.To.Thread, Cursor: cursor, Oldest: oldest, Limit: 200, IncludeAllMetadata: true,
			})
			if err != nil {
				return "", err
			}
			messages, cursor = some, next
		} else {
			some, err := s.api.GetConversationHistoryContext(ctx, &slack.GetConversationHistoryParameters{
				ChannelID: channel, Cursor: cursor, Oldest: oldest, Limit: 200, IncludeAllMetadata: true,
			})
			if err != nil {
				return "", err
			}
			messages, cursor = some.Messages, some.ResponseMetaData.NextCursor
		}
		for _, m := range messages {
			if m.Metadata.EventType == keyed && m.Metadata.EventPayload["key"] == digest([]byte(p.Key)) && s.wroteIt(m) {
				return m.Timestamp, nil
			}
		}
		if cursor == "" {
			break
		}
	}
	return "", nil
}

// wroteIt reports whether m is ours: another app may write any metadata.
func (s *Slack) wroteIt(m slack.Message) bool {
	us := s.self.Load()
	return us != nil && (m.User == us.user || us.bot != "" && m.BotID == us.bot)
}
