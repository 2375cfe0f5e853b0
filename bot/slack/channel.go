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

// errAdmins is why the admins' channel is not used.
type errAdmins string

// Error says what is wrong, and what to do about it.
func (e errAdmins) Error() string { return "slack: the admins' channel " + string(e) }

// check asks Slack what the channel is now. See
// https://docs.slack.dev/reference/methods/conversations.info.
func (c *adminsChannel) check(ctx context.Context) error {
	if c.id == "" {
		return nil
	}
	info, err := c.slack.api.GetConversationInfoContext(ctx, &slack.GetConversationInfoInput{ChannelID: c.id})
	if err != nil {
		err = c.cannot(err)
	} else {
		err = unfit(info)
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
	}
	return err
}

func (c *adminsChannel) cannot(err error) error {
	switch codeOf(err) {
	case "channel_not_found":
		return errAdmins("is not there, or the app is not in it; check its id, and in the channel write /invite and the app's name")
	case "missing_scope":
		return errAdmins("cannot be checked: the scope groups:read is missing; add it under OAuth & Permissions and install the app again")
	}
	return c.slack.failed("conversations.info", err)
}

// unfit says why a channel is not fit for the admins.
func unfit(c *slack.Channel) error {
	switch {
	case c.IsArchived:
		return errAdmins("is archived; take it out of the archive, or name another")
	case !c.IsPrivate:
		return errAdmins("is public: everybody could read about people's sign-ins; make it private, or name another")
	case c.IsOrgShared && !c.IsExtShared:
		return errAdmins("is shared with other workspaces of the organisation; end that, or name another")
	case c.IsExtShared, c.IsShared, c.IsPendingExtShared, len(c.PendingShared) > 0:
		return errAdmins("is shared with another company; end that, or name another")
	case !c.IsMember:
		return errAdmins("does not have the app in it; write /invite and the app's name there")
	}
	return nil
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
