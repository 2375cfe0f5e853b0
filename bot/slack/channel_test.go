package slack_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"mfahelp/bot"
	"mfahelp/bot/slack"
	"mfahelp/bot/slack/slacktest"
)

// TestTheChannelIsCheckedAtTheStart: where others read along the program does not
// start, and says what to do.
func TestTheChannelIsCheckedAtTheStart(t *testing.T) {
	for want, spoil := range map[string]func(*slacktest.Channel){
		"It is public":                             func(c *slacktest.Channel) { c.Private = false },
		"It is shared with another company":        func(c *slacktest.Channel) { c.ExtShared = true },
		"It is shared with other workspaces":       func(c *slacktest.Channel) { c.OrgShared, c.ExtShared = true, false },
		"It is archived":                           func(c *slacktest.Channel) { c.Archived = true },
		"It is not there, or the app is not in it": func(c *slacktest.Channel) { c.NoBot = true },
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

// TestTheChannelSaysThatItChanged: of some changes a channel tells only in itself.
// Whatever makes it unfit, nothing is shown or taken there until that is over.
func TestTheChannelSaysThatItChanged(t *testing.T) {
	for subtype, change := range map[string]func(c *slacktest.Channel, bad bool){
		"channel_convert_to_public": func(c *slacktest.Channel, bad bool) { c.Private = !bad },
		"channel_archive":           func(c *slacktest.Channel, bad bool) { c.Archived = bad },
		"channel_leave":             func(c *slacktest.Channel, bad bool) { c.NoBot = bad },
		"channel_name":              func(c *slacktest.Channel, bad bool) { c.OrgShared = bad },
	} {
		t.Run(subtype, func(t *testing.T) {
			w := open(t)
			card := slacktest.Message{TS: w.send(w.inAdmins(), "card", bot.Message{Title: "A case"}, ""), Channel: w.admins}
			becomes := func(bad bool) {
				w.fake.Change(func() { change(w.admins, bad) })
				w.taken(w.fake.Say(t.Context(), w.pia, w.admins, slacktest.Words{Text: "it changed", Lie: map[string]any{"subtype": subtype}}))
			}
			becomes(true)
			if _, err := w.Send(t.Context(), bot.Post{To: w.inAdmins(), Key: "next", Message: bot.Message{Title: "Another"}}, ""); err == nil {
				t.Error("a case was shown where others read")
			}
			if d, err := w.fake.React(t.Context(), w.pia, card, "eyes"); err != nil || d.Taken() || len(w.inbox.Events()) > 0 {
				t.Errorf("a reaction was taken there: %v, %v", d, err)
			}
			becomes(false)
			w.send(w.inAdmins(), "next", bot.Message{Title: "Another"}, "")
		})
	}
}

// TestOtherChannelsAreNotAskedAbout: what changes elsewhere costs nothing.
func TestOtherChannelsAreNotAskedAbout(t *testing.T) {
	w := open(t)
	for _, event := range []string{"channel_shared", "member_joined_channel", "channel_rename"} {
		w.taken(w.fake.Happen(t.Context(), map[string]any{"type": event, "channel": w.general.ID}, ""))
	}
	w.taken(w.fake.Happen(t.Context(), map[string]any{"type": "moon_landed"}, ""))
	w.until("it is known who is in the channel", func() bool { return w.count("conversations.members") > 1 }) // two pages
	if n := w.count("conversations.info"); n != 1 {
		t.Errorf("Slack was asked %d times, and should have been at the start", n)
	}
}

// TestTheChannelIsHeldUntilItIsKnown has Slack not say at the start what the admins'
// channel is. Nothing is said there, and it is asked again soon.
func TestTheChannelIsHeldUntilItIsKnown(t *testing.T) {
	w := prepare(t, slacktest.Options{})
	w.fake.Fail(slacktest.Fault{Method: "conversations.info", Status: 503, Times: 2})
	w.start(func(_ *world, o *slack.Options) { o.Again = 10 * time.Millisecond })
	w.until("the channel can be used", func() bool {
		_, err := w.Send(t.Context(), bot.Post{To: w.inAdmins(), Key: "card", Message: bot.Message{Title: "A case"}}, "")
		if err != nil && !errors.As(err, new(*bot.BusyError)) {
			t.Fatal(err)
		}
		return err == nil
	})
	if n := w.count("conversations.info"); n != 3 {
		t.Errorf("Slack was asked %d times", n)
	}
}

// TestReaders has guests and outsiders in the admins' channel: from the start, and
// by each change. The log says so, and the admins are told of the same people once,
// over a restart too.
func TestReaders(t *testing.T) {
	w := prepare(t, slacktest.Options{})
	gus := w.add(slacktest.Person{Name: "Gus <!channel> Guest", Guest: true})
	ora := w.add(slacktest.Person{Name: "Ora Other", Team: "T0OTHER001", Stranger: true})
	robo := w.add(slacktest.Person{Name: "Robo", IsBot: true})
	w.admins.Members = append(w.admins.Members, gus, robo)
	w.start(nil)
	warnings := func() (all []string) {
		for _, m := range w.fake.See(w.pia, w.admins) {
			if m.Title == "Others read this channel" {
				all = append(all, strings.Join(m.Lines, " "))
			}
		}
		return all
	}
	warned := func(n int, names ...string) {
		t.Helper()
		w.until("the admins are told", func() bool { return len(warnings()) == n })
		for _, p := range []*slacktest.Person{gus, ora, robo, w.ada, w.bob, w.pia} {
			if got, want := strings.Contains(warnings()[n-1], p.Name), slices.Contains(names, p.Name); got != want {
				t.Errorf("%s is named: %v, in %q", p.Name, got, warnings()[n-1])
			}
		}
	}
	warned(1, gus.Name)
	if !strings.Contains(w.logged(), "warn not only admins read the admins' channel") || !strings.Contains(w.logged(), gus.ID) {
		t.Errorf("the log does not say so:\n%s", w.logged())
	}

	// Somebody comes.
	w.fake.Change(func() { w.admins.Members = append(w.admins.Members, ora) })
	w.taken(w.fake.Happen(t.Context(), map[string]any{"type": "member_joined_channel", "channel": w.admins.ID, "user": ora.ID}, ""))
	warned(2, gus.Name, ora.Name)

	// Somebody who is there becomes a guest.
	w.taken(w.fake.Happen(t.Context(), w.fake.Become(w.bob, func() { w.bob.Guest = true }), ""))
	warned(3, gus.Name, ora.Name, w.bob.Name)

	// It starts again, and nothing has changed.
	looked := w.count("conversations.members")
	w.start(nil)
	w.until("it is looked at", func() bool {
		return w.count("conversations.members") >= looked+3 && strings.Contains(w.logged(), "not only admins")
	})
	w.fake.Change(func() {
		w.admins.Members = slices.DeleteFunc(w.admins.Members, func(p *slacktest.Person) bool { return p == ora })
	})
	w.taken(w.fake.Happen(t.Context(), map[string]any{"type": "member_left_channel", "channel": w.admins.ID, "user": ora.ID}, ""))
	warned(4, gus.Name, w.bob.Name) // and no fifth
	w.fine()
}
