package slack

import (
	"context"
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

// takeTime is how long something may take to be made safe. Slack waits for three
// seconds, and then sends it again or tells the person that it failed.
const takeTime = 2500 * time.Millisecond

// take takes what Slack sent, by whichever way. With no error it is safe, or
// needs not be, and Slack is told so with the answer, which may be nil. With an
// error Slack is told nothing, and sends it again.
func (s *Slack) take(ctx context.Context, k kind, payload []byte) (answer any, err error) {
	ctx, cancel := context.WithTimeout(ctx, takeTime)
	defer cancel()
	switch k {
	case events:
		return s.takeEvent(ctx, payload)
	case commands:
		return s.takeCommand(ctx, payload)
	case interactions:
		return s.takeInteraction(ctx, payload)
	}
	return nil, nil // a kind that we know nothing of
}

// accept hands e over. Only after it is Slack told so.
func (s *Slack) accept(ctx context.Context, e bot.Event) error {
	if err := s.o.Inbox.Accept(ctx, e); err != nil {
		return fmt.Errorf("accepting %s: %w", e.ID, err)
	}
	return nil
}

func (s *Slack) takeEvent(ctx context.Context, payload []byte) (any, error) {
	e, err := decode[envelope](payload)
	if err != nil {
		return nil, malformed{err}
	}
	switch e.Type {
	case "url_verification":
		return map[string]string{"challenge": e.Challenge}, nil
	case "event_callback":
		return nil, s.happened(ctx, e)
	case "app_rate_limited":
		s.log.Error("Slack drops events: there were more than 30,000 in an hour")
	default:
		s.log.Info("an event of a type that is not known", zap.String("type", clip(e.Type, 60)))
	}
	return nil, nil
}

// malformed is what cannot be read, however often it comes.
type malformed struct{ error }

// happened takes one event. What is not for us is not an error.
func (s *Slack) happened(ctx context.Context, e envelope) error {
	h, err := decode[happening](e.Event)
	if err != nil {
		return malformed{err}
	}
	what := h.Type
	if what == "message" && ofChannels(h.Subtype) { // a channel also says in itself how it changed, such as that it is public now
		what = h.Subtype
	}
	switch what {
	case "message", "app_mention":
		return s.said(ctx, e, h)
	case "app_home_opened":
		if h.Tab != "home" {
			return nil
		}
		return s.visited(ctx, e, h)
	case "reaction_added":
		return s.reacted(ctx, e, h)
	case "user_change", "team_join":
		if s.people.changed(string(h.User), e.Event) {
			s.admins.lookAround()
		}
	case "app_uninstalled":
		s.die(s.troubled(codeTrouble("app_uninstalled"), errors.New("slack: app_uninstalled")))
	case "tokens_revoked":
		return ignoreHeld(s.hello(ctx)) // it may be another's
	default: // whatever else Slack tells
		if ofChannels(what) && (s.admins.is(string(h.Channel)) || h.Channel == "") {
			s.admins.lookAround()
			return ignoreHeld(s.admins.check(ctx))
		}
	}
	return nil
}

// ofChannels reports whether an event tells that a channel changed, or who is in
// it. They are many, and more come: what the admins' channel is now, is only asked.
// See https://docs.slack.dev/reference/events.
func ofChannels(event string) bool {
	return slices.ContainsFunc([]string{"channel_", "group_", "shared_channel_", "member_joined_channel", "member_left_channel"}, func(s string) bool {
		return strings.HasPrefix(event, s)
	})
}

// ignoreHeld drops the error of a check whose outcome was noted by who made it.
func ignoreHeld(error) error { return nil }

// said takes a message to us. A mention comes as both a mention and a message,
// and is one: both have the same channel and time.
func (s *Slack) said(ctx context.Context, e envelope, h happening) error {
	us := s.self.Load()
	if us == nil {
		return errStarting
	}
	if !h.meant(us) {
		return nil
	}
	in, ok := s.where(h, us)
	if !ok {
		return nil
	}
	who, err := s.member(ctx, string(h.User), e.Team, e.Enterprise, h.UserTeam, h.SourceTeam, h.Team)
	if err == nil && e.Shared && !in.Audience.One() {
		err = shared
	}
	if err == nil && s.admins.is(in.ID) {
		err = s.admins.usable()
	}
	if err != nil {
		if in.Thread == h.TS {
			in.Thread = "" // nobody has answered there, and Slack shows what is for one person only in a thread that is
		}
		return s.refused(ctx, err, string(h.User), func(d Document) error { return s.turnAway(ctx, err, string(h.User), in, d) })
	}
	if in.Audience == bot.Direct {
		in.Reader = who.ID
		s.direct.Store(who.ID, in.ID)
	}
	return s.accept(ctx, bot.Event{
		ID: "msg/" + in.ID + "/" + h.TS, At: at(h.TS, s.o.Now()), From: who, In: in,
		Did: bot.Said{Text: spoken(h.Text, us.user), Files: filesOf(h.Files)},
	})
}

// turnAway tells somebody that they are not listened to, where nobody else reads
// it. Nobody of another company is told anything where they are among others. See
// https://docs.slack.dev/reference/methods/chat.postEphemeral.
func (s *Slack) turnAway(ctx context.Context, why error, user string, in bot.Place, d Document) (err error) {
	switch {
	case in.Audience == bot.Direct:
		_, _, err = s.api.PostMessageContext(ctx, in.ID, s.options(d)...)
	case errors.Is(why, shared): // who asked is one of ours
		_, _, err = s.api.PostMessageContext(ctx, user, s.options(d)...)
	case !errors.Is(why, elsewhere) && !errors.Is(why, nobody): // whom Slack does not show us may be of another, too
		_, err = s.api.PostEphemeralContext(ctx, in.ID, user, append(s.options(d), slack.MsgOptionTS(in.Thread))...)
	}
	return err
}

// meant reports whether h is a message that a person wrote. Our own messages may
// come back without saying that they are a bot's.
func (h happening) meant(us *self) bool {
	switch h.Subtype {
	case "", "file_share", "thread_broadcast", "me_message":
	default:
		return false // what changed, left, or was deleted
	}
	return h.BotID == "" && h.User != "" && string(h.User) != us.user && !h.Hidden && h.TS != "" && channelID.MatchString(string(h.Channel))
}

// where says in which place h was said, if it was said to us: in a conversation
// with us, with our name in it, or in a thread of the admins' channel.
func (s *Slack) where(h happening, us *self) (bot.Place, bool) {
	p := bot.Place{Platform: platform, ID: string(h.Channel)}
	if h.ThreadTS != h.TS {
		p.Thread = h.ThreadTS
	}
	mentioned := h.Type == "app_mention" || strings.Contains(h.Text, "<@"+us.user+">") || strings.Contains(h.Text, "<@"+us.user+"|")
	switch {
	case h.ChannelType == "im" || h.ChannelType == "app_home" || h.ChannelType == "" && strings.HasPrefix(p.ID, "D"):
		p.Private, p.Audience = true, bot.Direct
		return p, true
	case s.admins.is(p.ID):
		p.Private = true
		return p, mentioned || p.Thread != ""
	}
	if p.Thread == "" {
		p.Thread = h.TS // what is said there hangs from the mention
	}
	p.Private = h.ChannelType == "group" || h.ChannelType == "mpim"
	return p, mentioned
}

func filesOf(all []upload) (out []bot.File) {
	for _, f := range all {
		out = append(out, bot.File{Ref: f.ID, Name: f.Name, MediaType: f.Type, Size: f.Size})
	}
	return out
}

// visited takes a visit to the page that we have for somebody.
func (s *Slack) visited(ctx context.Context, e envelope, h happening) error {
	who, err := s.member(ctx, string(h.User), e.Team, e.Enterprise)
	if err != nil {
		return s.refused(ctx, err, string(h.User), func(d Document) error {
			_, err := s.api.PublishViewContext(ctx, slack.PublishViewContextRequest{UserID: string(h.User), View: homeView(obj{"blocks": d.Blocks})})
			return err
		})
	}
	return s.accept(ctx, bot.Event{ID: "event/" + e.EventID, At: s.o.Now().UTC(), From: who, In: page(who.ID), Did: bot.OpenedHome{}})
}

func page(user string) bot.Place {
	return bot.Place{Platform: platform, ID: pageID(user), Private: true, Audience: bot.Direct, Reader: user, Page: true}
}

// marks are the reactions that mean something, by their names in Slack.
var marks = map[string]bot.Mark{"eyes": bot.Taken, "white_check_mark": bot.Done, "heavy_check_mark": bot.Done}

// reacted takes a reaction to one of our messages in the admins' channel.
func (s *Slack) reacted(ctx context.Context, e envelope, h happening) error {
	us := s.self.Load()
	if us == nil {
		return errStarting
	}
	as, known := marks[h.Reaction]
	if !known || h.Item.Type != "message" || !s.admins.is(h.Item.Channel) || h.ItemUser != us.user || string(h.User) == us.user {
		return nil
	}
	who, err := s.member(ctx, string(h.User), e.Team, e.Enterprise)
	if err == nil && e.Shared {
		err = shared
	}
	if err == nil {
		err = s.admins.usable()
	}
	if err != nil {
		return s.refused(ctx, err, string(h.User), nil)
	}
	in := bot.Place{Platform: platform, ID: h.Item.Channel, Thread: h.Item.TS, Private: true}
	return s.accept(ctx, bot.Event{ID: "event/" + e.EventID, At: s.o.Now().UTC(), From: who, In: in, Did: bot.Marked{As: as}})
}

func (s *Slack) takeCommand(ctx context.Context, payload []byte) (any, error) {
	c, err := decode[slash](payload)
	if err != nil {
		return nil, malformed{err}
	}
	us := s.self.Load()
	if us == nil {
		return nil, errStarting
	}
	who, err := s.member(ctx, c.User, must(c.Team), c.Enterprise)
	if err != nil {
		return s.unheard(err, c.User)
	}
	id, in := idOf("command", c.Trigger, payload), s.among(ctx, c.Channel, who.ID)
	text := spoken(c.Text, us.user)
	if text == "" && s.askNow(ctx, id, c, in, who) {
		return nil, nil
	}
	return nil, s.accept(ctx, bot.Event{
		ID: id, At: s.o.Now().UTC(), From: who, In: in,
		Did:   bot.Commanded{Name: strings.TrimPrefix(c.Command, "/"), Text: text},
		Reply: s.reply(c.Trigger, c.ResponseURL, c.Channel),
	})
}

// must is a team that has to be named: what leaves it out is of no team.
func must(team string) string {
	if team == "" {
		return "none"
	}
	return team
}

// among is where somebody used a command: in their conversation with us, or
// among others. Slack's id does not tell a conversation with us from one with a
// colleague.
func (s *Slack) among(ctx context.Context, channel, user string) bot.Place {
	p := bot.Place{Platform: platform, ID: channel, Private: true, Audience: bot.Ephemeral, Reader: user}
	if strings.HasPrefix(channel, "D") {
		if ours, err := s.directWith(ctx, user); err == nil && ours == channel {
			p.Audience = bot.Direct
		}
	}
	return p
}

func (s *Slack) takeInteraction(ctx context.Context, payload []byte) (any, error) {
	i, err := decode[interaction](payload)
	if err != nil {
		return nil, malformed{err}
	}
	var take func(context.Context, []byte, interaction, bot.Person) (any, error)
	switch i.Type {
	case "block_actions":
		take = s.pressed
	case "view_submission":
		take = s.filled
	case "message_action", "shortcut":
		take = s.shortcut
	default:
		return nil, nil // a dialog that was closed, and whatever else
	}
	who, err := s.member(ctx, i.User.ID, i.teams()...)
	if err != nil && i.Type == "view_submission" {
		return s.unheardForm(err, i.User.ID)
	}
	if err != nil {
		return nil, s.refused(ctx, err, i.User.ID, func(d Document) error {
			if i.ResponseURL == "" {
				return nil
			}
			return s.answerTo(ctx, i.ResponseURL, d)
		})
	}
	return take(ctx, payload, i, who)
}

// teams are those that i says its sender belongs to.
func (i interaction) teams() []string {
	teams := []string{i.User.Team}
	switch {
	case i.Team != nil:
		teams = append(teams, must(i.Team.ID))
	case i.Enterprise != nil: // an app of a whole organisation has no team here
		teams = append(teams, must(i.Enterprise.ID))
	default:
		teams = append(teams, must(""))
	}
	return teams
}

// in is where i was done.
func (i interaction) in(user string, admins *adminsChannel) (p bot.Place, key string) {
	if i.View != nil && i.Message == nil {
		var m meta
		if i.View.Type == "home" {
			return page(user), ""
		}
		if json.Unmarshal([]byte(i.View.Meta), &m) != nil {
			return bot.Place{}, ""
		}
		return m.place(user), m.Key
	}
	p = bot.Place{Platform: platform, ID: i.Container.Channel, Private: true}
	if i.Channel != nil && i.Channel.ID != "" {
		p.ID = i.Channel.ID
	}
	if m := i.Message; m != nil && m.ThreadTS != m.TS {
		p.Thread = m.ThreadTS
	}
	switch {
	case i.Container.Ephemeral, i.Type == "message_action", i.Type == "shortcut":
		p.Audience, p.Reader = bot.Ephemeral, user
	case strings.HasPrefix(p.ID, "D"): // it is one of our messages, so this is with us
		p.Audience, p.Reader = bot.Direct, user
	default:
		p.Private = admins.is(p.ID)
	}
	return p, ""
}

// pressed takes a press of a button. One that asks for something opens a dialog,
// which is no event yet; one that shows a secret shows it.
func (s *Slack) pressed(ctx context.Context, payload []byte, i interaction, who bot.Person) (any, error) {
	in, _ := i.in(who.ID, &s.admins)
	if len(i.Actions) == 0 || in.ID == "" {
		return nil, malformed{errors.New("a press of nothing, or nowhere")}
	}
	if s.admins.is(in.ID) {
		if err := s.admins.usable(); err != nil {
			return nil, s.refused(ctx, err, who.ID, nil)
		}
	}
	a := i.Actions[0]
	what, rest, _ := strings.Cut(a.ID, "-")
	id := idOf("press", i.Trigger, payload)
	switch what {
	case opens:
		s.followed(ctx, i) // the page is open already
		return nil, nil
	case reveals:
		return nil, s.show(ctx, id, i, who, a.Value)
	case asks:
		_, formID, _ := strings.Cut(rest, "-")
		opened, err := s.ask(ctx, id, i, in, who, formID, a.Value)
		if opened || err != nil {
			return nil, err
		}
	case chooses:
	default:
		return nil, nil // no button of ours, or of an earlier release
	}
	return nil, s.accept(ctx, bot.Event{
		ID: id, At: s.o.Now().UTC(), From: who, In: in, Did: bot.Pressed{Key: a.Value}, Reply: s.reply(i.Trigger, i.ResponseURL, in.ID),
	})
}

// followed takes a whisper away whose link was followed. Such a link leads to a page
// of ours and works once, and a whisper would show it until the client is loaded
// anew: it can be changed only by the answer to something that was done in it. See
// https://docs.slack.dev/interactivity/handling-user-interaction#message_responses.
func (s *Slack) followed(ctx context.Context, i interaction) {
	if !i.Container.Ephemeral || i.ResponseURL == "" {
		return // it is replaced as things go on
	}
	if err := s.respond(ctx, i.ResponseURL, slack.MsgOptionDeleteOriginal(i.ResponseURL)); err != nil {
		s.log.Info("a link that was followed stays until the client is loaded anew", zap.Error(s.failed("taking a whisper away", err)))
	}
}

// filled takes a form that was sent.
func (s *Slack) filled(ctx context.Context, payload []byte, i interaction, who bot.Person) (any, error) {
	in, key := i.in(who.ID, &s.admins)
	if i.View == nil || key == "" || in.ID == "" {
		return nil, malformed{errors.New("a form of nothing, or nowhere")}
	}
	if s.admins.is(in.ID) {
		if err := s.admins.usable(); err != nil {
			s.log.Error("a form is not taken", zap.Error(err))
			return s.notSaved(i, who), nil
		}
	}
	fields := map[string]string{}
	for name, inputs := range i.View.State.Values {
		fields[name] = inputs[value].text()
	}
	var did bot.Act = bot.Pressed{Key: key, Fields: fields}
	address := i.ResponseURL
	if key == bot.AskView {
		address = i.askedFrom()
		what := asked(fields)
		if what.Quote == "" {
			return s.nothingAsked(who), nil
		}
		did = what
	}
	err := s.accept(ctx, bot.Event{
		ID: formOf(i, key, payload), At: s.o.Now().UTC(), From: who, In: in, Did: did, Reply: s.reply(i.Trigger, address, in.ID),
	})
	if err != nil {
		// Slack does not send a form again: whoever filled it in still has it
		// before them, and is asked to.
		s.log.Error("a form is not safe", zap.Error(err))
		return s.notSaved(i, who), nil
	}
	return nil, nil
}

// askedFrom is where the command is answered that opened a form.
func (i interaction) askedFrom() string {
	var m meta
	if json.Unmarshal([]byte(i.View.Meta), &m) != nil {
		return ""
	}
	return m.URL
}

// formOf is the id of a form that was sent. A dialog is gone once its form was
// taken, so its own id tells a second delivery of the same from another.
func formOf(i interaction, key string, payload []byte) string {
	if i.View.ID == "" {
		return idOf("form", "", payload)
	}
	return idOf("form", i.View.ID+"/"+key, payload)
}

// notSaved leaves a form open, and says below its first field what to do.
func (s *Slack) notSaved(i interaction, who bot.Person) any {
	first := ""
	for name := range i.View.State.Values {
		if first == "" || name < first {
			first = name
		}
	}
	return slack.NewErrorsViewSubmissionResponse(map[string]string{first: s.words(who).Say("slack.not-saved")})
}

// shortcut takes the words of a message that somebody wants help with.
func (s *Slack) shortcut(ctx context.Context, payload []byte, i interaction, who bot.Person) (any, error) {
	us := s.self.Load()
	in, _ := i.in(who.ID, &s.admins)
	did := bot.Commanded{Name: command}
	if i.Message != nil {
		did.Quote = spoken(i.Message.Text, us.user)
	} else if in.ID == "" { // from the search bar, which is no place
		in = bot.Place{Platform: platform, Private: true, Audience: bot.Direct, Reader: who.ID}
	}
	return nil, s.accept(ctx, bot.Event{
		ID: idOf("shortcut", i.Trigger, payload), At: s.o.Now().UTC(), From: who, In: in, Did: did, Reply: s.reply(i.Trigger, i.ResponseURL, in.ID),
	})
}

// command is what people write after a slash.
const command = "mfa-help"

// refused ends what nobody of ours did, and tells them by the way given, if
// there is one and they were not told lately. An error that may pass is returned:
// then it must come again.
func (s *Slack) refused(ctx context.Context, err error, user string, tell func(Document) error) error {
	var r refusal
	if !errors.As(err, &r) {
		return err
	}
	s.unheardLog(r, user)
	if tell == nil || r == machine || !s.once.first("told/"+user) {
		return nil
	}
	w := s.o.Words("")
	if err := tell(Render(sorry(r, w), w)); err != nil && ctx.Err() == nil {
		s.log.Info("who is not listened to was not told so", zap.Error(s.failed("telling", err)))
	}
	return nil
}

// unheard is refused for a command, to which the answer is at hand.
func (s *Slack) unheard(err error, user string) (any, error) {
	m, w, err := s.sorryFor(err, user)
	if err != nil {
		return nil, err
	}
	d := Render(m, w)
	return map[string]any{"response_type": slack.ResponseTypeEphemeral, "text": d.Text, "blocks": d.Blocks}, nil
}

// unheardForm is refused for a form, which says so itself.
func (s *Slack) unheardForm(err error, user string) (any, error) {
	m, w, err := s.sorryFor(err, user)
	if err != nil {
		return nil, err
	}
	v := modal(RenderView(m, w, "", nil))
	return slack.NewUpdateViewSubmissionResponse(&v), nil
}

// sorryFor is what somebody reads who is refused. What is no refusal is an error.
func (s *Slack) sorryFor(err error, user string) (bot.Message, *words.Printer, error) {
	var r refusal
	if !errors.As(err, &r) {
		return bot.Message{}, nil, err
	}
	s.unheardLog(r, user)
	w := s.o.Words("")
	return sorry(r, w), w, nil
}

func (s *Slack) unheardLog(r refusal, user string) {
	s.log.Warn("somebody is not listened to", zap.String("user", clip(user, 40)), zap.String("why", string(r)))
}

// sorry says so to them.
func sorry(r refusal, w *words.Printer) bot.Message {
	key := "slack.refused"
	if r == shared {
		key = "slack.shared"
	}
	return bot.Message{Title: w.Say(key + ".title"), Status: bot.Info, Body: []bot.Block{bot.Text{bot.Plain(w.Say(key + ".body"))}}}
}
