package slack

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/slack-go/slack"
	"go.uber.org/zap"

	"mfahelp/bot"
)

// Who is in a private channel reads it, and that may be a guest. Nothing that they
// do there is taken, as nothing of theirs is anywhere; that they read about people's
// sign-ins may be meant so. The admins are told, and decide.

// lookAround has it found out who is in the channel, soon.
func (c *adminsChannel) lookAround() {
	select {
	case c.look <- struct{}{}:
	default: // that is about to be done
	}
}

// outsiders are those in the channel who are not listened to, in the order of their
// ids. Bots are not among them: who installs one knows what it reads. See
// https://docs.slack.dev/reference/methods/conversations.members.
func (c *adminsChannel) outsiders(ctx context.Context) (all []member, err error) {
	for cursor := ""; ; {
		ids, next, err := c.slack.api.GetUsersInConversationContext(ctx, &slack.GetUsersInConversationParameters{ChannelID: c.id, Cursor: cursor, Limit: 500})
		if err != nil {
			return nil, c.slack.failed("conversations.members", err)
		}
		for _, id := range ids {
			if us := c.slack.self.Load(); us != nil && id == us.user {
				continue // whatever Slack says of our own user
			}
			m, err := c.slack.people.member(ctx, id)
			if err != nil {
				return nil, err
			}
			switch m.refused {
			case guest, elsewhere, nobody:
				all = append(all, m)
			case machine, deactivated, shared, "":
			}
		}
		if next == "" {
			slices.SortFunc(all, func(a, b member) int { return strings.Compare(a.id, b.id) })
			return all, nil
		}
		cursor = next
	}
}

// tellReaders says in the log, and to the admins in their channel, who reads along
// there and is not listened to. The admins are told of the same people once.
func (c *adminsChannel) tellReaders(ctx context.Context) error {
	if c.id == "" || c.usable() != nil {
		return nil // then nothing is said there
	}
	all, err := c.outsiders(ctx)
	if err != nil {
		return err
	}
	var ids, names []string
	for _, m := range all {
		ids, names = append(ids, m.id), append(names, clip(cmp.Or(m.name, m.id), 80))
	}
	now := strings.Join(ids, " ")
	switch {
	case now == c.readers:
	case now == "":
		c.slack.log.Info("only admins read the admins' channel again")
	default:
		c.slack.log.Warn("not only admins read the admins' channel", zap.Strings("who", ids), zap.String("see", "docs/slack.md"))
	}
	c.readers = now
	const key = "admins/readers"
	told, err := c.slack.o.Memory.Get(ctx, platform, key)
	if err != nil || string(told) == c.readers {
		return err
	}
	if len(all) > 0 {
		if err := c.warn(ctx, names); err != nil {
			return err
		}
	}
	return c.slack.o.Memory.Put(ctx, platform, key, []byte(c.readers))
}

// warn tells the admins who reads along.
func (c *adminsChannel) warn(ctx context.Context, names []string) error {
	w := c.slack.o.Words(c.slack.o.Locale)
	_, err := c.slack.post(ctx, bot.Post{
		Key: "readers/" + digest([]byte(c.readers)), To: bot.Place{Platform: platform, ID: c.id, Private: true},
		Message: bot.Message{Title: w.Say("slack.readers.title"), Status: bot.Problem, Body: []bot.Block{
			bot.Text{bot.Plain(w.Say("slack.readers.body", strings.Join(names, ", ")))},
		}},
	})
	return err
}

// checkReaders tells whether somebody reads along. The doctor asks for everybody at
// once, lest it waits for each.
func (s *Slack) checkReaders(ctx context.Context) Finding {
	f := Finding{Check: "slack-readers", Verdict: Good}
	err := s.people.load(ctx)
	var all []member
	if err == nil {
		all, err = s.admins.outsiders(ctx)
	}
	switch {
	case err != nil:
		return judge(f.Check, err)
	case len(all) > 0:
		f.Verdict, f.Trouble, f.Values = Unwise, GuestsInside, []any{len(all)}
	}
	return f
}
