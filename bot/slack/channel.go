package slack

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/slack-go/slack"
	"go.uber.org/zap"

	"mfahelp/bot"
)

// adminsChannel watches over the admins' channel: what is said there is about
// people, and whoever reads it may be asked to approve. It is held, in both
// directions, until Slack has said that it is private and ours alone.
type adminsChannel struct {
	slack *Slack
	id    string        // "" if there is none
	look  chan struct{} // has something in it when others may be in the channel than before

	mu      sync.Mutex
	asked   bool
	problem error // why it must not be used; nil if it may

	readers string // who reads along, as the log says; only tellReaders has to do with it
}

// check asks Slack what the channel is now. See
// https://docs.slack.dev/reference/methods/conversations.info.
func (c *adminsChannel) check(ctx context.Context) error {
	if c.id == "" {
		return nil
	}
	info, err := c.slack.api.GetConversationInfoContext(ctx, &slack.GetConversationInfoInput{ChannelID: c.id})
	if err != nil {
		err = c.cannot(err)
	} else if why := unfit(info); why != "" {
		err = c.slack.troubled(why, errors.New("slack: the admins' channel is not fit for them"))
	}
	c.mu.Lock()
	was, known := c.problem, c.asked
	var busy *bot.BusyError
	if errors.As(err, &busy) && known && was == nil {
		c.mu.Unlock()
		return err // it was good a while ago, and Slack tells when that changes
	}
	c.asked, c.problem = c.asked || !errors.As(err, &busy), err
	c.mu.Unlock()
	switch {
	case err != nil && (was == nil || was.Error() != err.Error()):
		c.slack.log.Error("the admins' channel is not used", zap.Error(err))
	case err == nil && was != nil:
		c.slack.log.Info("the admins' channel can be used again")
		c.lookAround()
	case err == nil && !known:
		if _, loaded := c.slack.people.ids(); loaded { // else that is done once they are
			c.lookAround()
		}
	}
	return err
}

func (c *adminsChannel) cannot(err error) error {
	if codeOf(err) == "channel_not_found" {
		return c.slack.troubled(ChannelGone, fmt.Errorf("slack: the admins' channel: %w", err))
	}
	return c.slack.failed("conversations.info", err)
}

// unfit says why a channel is not fit for the admins, or "".
func unfit(c *slack.Channel) Trouble {
	switch {
	case c.IsArchived:
		return ChannelArchived
	case !c.IsPrivate:
		return ChannelPublic
	case c.IsOrgShared && !c.IsExtShared:
		return ChannelOrg
	case c.IsExtShared, c.IsShared, c.IsPendingExtShared, len(c.PendingShared) > 0:
		return ChannelShared
	case !c.IsMember:
		return ChannelWithout
	}
	return ""
}

// usable reports why the channel is not used now, with a [*bot.BusyError] for
// what may pass.
func (c *adminsChannel) usable() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.asked && c.problem == nil {
		return &bot.BusyError{Err: errors.New("slack: the admins' channel is not checked yet")}
	}
	if c.problem != nil {
		return &bot.BusyError{After: checkEvery / 10, Err: fmt.Errorf("held: %w", c.problem)}
	}
	return nil
}

// is reports whether a channel is the admins'.
func (c *adminsChannel) is(id string) bool { return id != "" && id == c.id }
