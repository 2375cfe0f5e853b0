package slack_test

import (
	"strings"
	"testing"

	"mfahelp/bot"
	"mfahelp/bot/slack/slacktest"
)

// TestTheChannelIsCheckedAtTheStart: where others read along the program does not
// start, and says what to do.
func TestTheChannelIsCheckedAtTheStart(t *testing.T) {
	for want, spoil := range map[string]func(*slacktest.Channel){
		"is public":                             func(c *slacktest.Channel) { c.Private = false },
		"is shared with another company":        func(c *slacktest.Channel) { c.ExtShared = true },
		"is shared with other workspaces":       func(c *slacktest.Channel) { c.OrgShared, c.ExtShared = true, false },
		"is archived":                           func(c *slacktest.Channel) { c.Archived = true },
		"is not there, or the app is not in it": func(c *slacktest.Channel) { c.NoBot = true },
	} {
		w := prepare(t, slacktest.Options{})
		w.fake.Change(func() { spoil(w.admins) })
		if err := w.make(nil).Run(t.Context()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q; it ended with %v", want, err)
		}
	}
}

// TestTheChannelIsCheckedOnChange has Slack tell of each change that there is, in
// the words that it has for it. Each has the channel looked at again.
func TestTheChannelIsCheckedOnChange(t *testing.T) {
	object := func(id string) any { return map[string]any{"id": id, "name": "helpdesk"} }
	plain := func(id string) any { return id }
	for event, channel := range map[string]func(string) any{
		"channel_shared": plain, "channel_unshared": plain, "channel_unarchive": plain, "group_unarchive": plain, "group_archive": plain,
		"group_rename": object, "channel_rename": object, "group_left": plain, "group_deleted": plain, "member_joined_channel": plain,
		"member_left_channel": plain, "shared_channel_invite_accepted": object, "channel_id_changed": func(string) any { return nil },
	} {
		t.Run(event, func(t *testing.T) {
			w := open(t)
			w.fake.Change(func() { w.admins.ExtShared = true })
			w.taken(w.fake.Happen(t.Context(), map[string]any{"type": event, "channel": channel(w.admins.ID), "user": w.pia.ID}, ""))
			if _, err := w.Send(t.Context(), bot.Post{To: w.inAdmins(), Key: "card", Message: bot.Message{Title: "A case"}}, ""); err == nil {
				t.Error("a case was shown where others read")
			}
			w.fake.Change(func() { w.admins.ExtShared = false })
			w.taken(w.fake.Happen(t.Context(), map[string]any{"type": event, "channel": channel(w.admins.ID), "user": w.pia.ID}, ""))
			w.send(w.inAdmins(), "card", bot.Message{Title: "A case"}, "")
		})
	}
}

// TestOtherChannelsAreNotAskedAbout: what changes elsewhere costs nothing.
func TestOtherChannelsAreNotAskedAbout(t *testing.T) {
	w := open(t)
	// At the start, and once more as the first of its regular looks.
	w.until("its own channel has been looked at", func() bool { return w.count("conversations.info") > 1 })
	before := w.count("conversations.info")
	for _, event := range []string{"channel_shared", "member_joined_channel", "channel_rename"} {
		w.taken(w.fake.Happen(t.Context(), map[string]any{"type": event, "channel": w.general.ID}, ""))
	}
	w.taken(w.fake.Happen(t.Context(), map[string]any{"type": "moon_landed"}, ""))
	if n := w.count("conversations.info") - before; n != 0 {
		t.Errorf("Slack was asked %d times", n)
	}
}
