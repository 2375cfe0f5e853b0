package slack

import (
	"context"
	"slices"
	"strings"

	"go.uber.org/zap"

	"mfahelp/bot"
	"mfahelp/words"
)

// led is m with a link from each item of its lists to the message that it is
// about, where there is one in Slack. Where a message is, is only looked up: what
// may be read there Slack decides, for each who follows the link.
func (s *Slack) led(ctx context.Context, m bot.Message, w *words.Printer) bot.Message {
	m.Body = slices.Clone(m.Body)
	for i, b := range m.Body {
		list, ok := b.(bot.List)
		if !ok {
			continue
		}
		list = slices.Clone(list)
		for j, item := range list {
			link := s.permalink(ctx, item.About)
			if link == "" {
				continue
			}
			list[j].Facts = append(slices.Clone(item.Facts), bot.Plain(" · "), bot.Link{Text: w.Say("slack.lead"), URL: link})
		}
		m.Body[i] = list
	}
	return m
}

// permalink is the address of the message of a post, or "". It is put together as
// Slack does, for asking about each line of a list takes too long. See
// https://docs.slack.dev/reference/methods/chat.getPermalink.
func (s *Slack) permalink(ctx context.Context, key string) string {
	us := s.self.Load()
	if key == "" || s.o.Posts == nil || us == nil || !strings.HasPrefix(us.url, "https://") {
		return ""
	}
	in, ref, ok, err := s.o.Posts.Where(ctx, key)
	if err != nil {
		s.log.Warn("it is not known where a message is", zap.Error(err))
	}
	channel := in.ID
	if known, had := s.direct.Load(in.Reader); had && in.ID == "" && in.Audience == bot.Direct {
		channel, _ = known.(string)
	}
	if !ok || err != nil || in.Platform != platform || !channelID.MatchString(channel) || !messageTS.MatchString(ref) {
		return ""
	}
	return strings.TrimSuffix(us.url, "/") + "/archives/" + channel + "/p" + strings.Replace(ref, ".", "", 1)
}
