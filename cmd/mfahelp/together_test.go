package main

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"mfahelp/bot"
	"mfahelp/bot/bottest"
	"mfahelp/bot/slack/slacktest"
)

// TestOneCaseInTwoChats has one case on two platforms of one process: asked
// about in one, decided in the other, once.
func TestOneCaseInTwoChats(t *testing.T) {
	for _, test := range []struct {
		asked string
		on    chats
	}{
		{"teams", chats{teams: true, page: true, admins: "web"}},
		{"web", chats{teams: true, page: true, admins: "teams"}},
		{"slack", chats{teams: true, slack: true, admins: "teams"}},
		{"teams", chats{teams: true, slack: true, admins: "slack"}},
	} {
		t.Run("asked in "+test.asked+", decided in "+test.on.admins, func(t *testing.T) {
			t.Parallel()
			s := openChats(t, test.on)
			two := &twoDrivers{Driver: s.driver(test.asked), admins: s.driver(test.on.admins)}
			d, err := bottest.Parse("two.txt", `# Asked in one place, decided in another
make no-response
sofia says <paste>
sofia fills "Still stuck" words="My phone is in the river."
admins see: title "Sofia Almeida"; says "My phone is in the river."; offers "Claim"
priya presses "Claim" in admins
tomasz presses "Claim" again in admins
admins see: title "Priya Raman already has this case"
priya replies "Come to room 2.14."
bot to sofia: says "Come to room 2.14."
sofia says "on my way"
admins see in thread: says "on my way"
priya fills "Resolve" outcome="Fixed by an admin" text="All done." in admins
admins see earlier: title "Sofia Almeida"; says "Fixed by an admin"
mei presses "Claim" again in admins
admins see: title "This case is settled"
bot to sofia earlier: title "Your case is closed"; says "All done."; status good
bot to priya: nothing
`)
			if err != nil {
				t.Fatal(err)
			}
			if err := d.Run(t.Context(), two); err != nil {
				t.Error(err)
			}
			for id, want := range map[string]int{"priya.raman": 1, "tomasz.wojcik": 0, "mei.tanaka": 0} {
				if n, err := s.app.store.Count(t.Context(), s.identity(id), "escalate.claimed", time.Time{}); n != want || err != nil {
					t.Errorf("%s took it %d times, want %d: %v", id, n, want, err)
				}
			}
		})
	}
}

// TestOnePersonInTwoChats asks in Slack and looks in Teams: it is one person,
// and what they asked in one is theirs in the other.
func TestOnePersonInTwoChats(t *testing.T) {
	s := openChats(t, chats{teams: true, slack: true, admins: "teams"})
	sofia := bottest.Someone{ID: "sofia.almeida"}
	text, err := s.make("no-response")
	if err == nil {
		err = s.driver("slack").Say(t.Context(), sofia, bottest.Direct, "", text)
	}
	if err == nil {
		err = s.driver("teams").Command(t.Context(), sofia, bottest.Direct, "mfa-help", "status")
	}
	if err != nil {
		t.Fatal(err)
	}
	cases, err := s.app.store.Own(t.Context(), bot.Person{Platform: "teams", ID: s.teams.people[sofia.ID].ID, Identity: s.identity(sofia.ID)})
	if err != nil || len(cases) != 1 || cases[0].In.Platform != "slack" {
		t.Fatalf("she has %+v, %v", cases, err)
	}
	seen, err := s.driver("teams").Read(t.Context(), sofia, bottest.Direct)
	if err != nil || !strings.Contains(fmt.Sprint(seen), cases[0].Key) {
		t.Errorf("in Teams she reads %+v, %v; want her case %s", seen, err, cases[0].Key)
	}
}

// TestWhoCannotBeReached has an admin answer somebody whose chat is closed to
// the bot by then. The admins read so in the thread, at once, on either platform.
func TestWhoCannotBeReached(t *testing.T) {
	for platform, leave := range map[string]func(*chatTheatre) error{
		"teams": func(s *chatTheatre) error {
			dmitri := s.teams.people["dmitri.volkov"]
			_, err := s.teams.fake.Uninstall(t.Context(), dmitri, s.teams.fake.Chat(dmitri))
			return err
		},
		"slack": func(s *chatTheatre) error {
			s.slack.fake.Fail(slacktest.Fault{Method: "chat.postMessage", Code: "cannot_dm_bot"})
			return nil
		},
	} {
		t.Run(platform, func(t *testing.T) {
			s := openChats(t, chats{teams: platform == "teams", slack: platform == "slack", admins: platform, troubled: true})
			d := s.driver(platform)
			text, err := s.make("blocked")
			if err == nil {
				err = d.Say(t.Context(), bottest.Someone{ID: "dmitri.volkov"}, bottest.Direct, "", text)
			}
			if err == nil {
				err = leave(s)
			}
			if err != nil {
				t.Fatal(err)
			}
			priya := bottest.Someone{ID: "priya.raman"}
			seen, err := d.Read(t.Context(), priya, bottest.Admins)
			if err != nil || len(seen) == 0 {
				t.Fatalf("the admins see %+v, %v", seen, err)
			}
			if err := d.Say(t.Context(), priya, bottest.Admins, seen[0].Ref, "Come to room 2.14."); err != nil {
				t.Fatal(err)
			}
			seen, err = d.Read(t.Context(), priya, bottest.Admins)
			last := seen[len(seen)-1]
			if err != nil || last.Title != "They did not get a message of this case" || last.Thread != seen[0].Ref || !strings.Contains(fmt.Sprint(last.Lines), "Dmitri Volkov cannot be reached") {
				t.Errorf("the admins see last %+v, %v", last, err)
			}
		})
	}
}

func (s *chatTheatre) identity(id string) bot.Identity {
	for _, p := range s.tenant.People() {
		if short(p.UPN) == id {
			return bot.Identity{Tenant: s.tenant.ID(), ObjectID: p.ID}
		}
	}
	return bot.Identity{}
}

// twoDrivers are people who use two platforms: the admins are on another.
type twoDrivers struct {
	bottest.Driver
	admins bottest.Driver
}

func (d *twoDrivers) in(r bottest.Room) bottest.Driver {
	if r == bottest.Admins {
		return d.admins
	}
	return d.Driver
}

// Say says something.
func (d *twoDrivers) Say(ctx context.Context, who bottest.Someone, in bottest.Room, thread, text string) error {
	return d.in(in).Say(ctx, who, in, thread, text)
}

// Press presses a button.
func (d *twoDrivers) Press(ctx context.Context, who bottest.Someone, in bottest.Room, on bottest.Seen, b bottest.Button, fields map[string]string) error {
	return d.in(in).Press(ctx, who, in, on, b, fields)
}

// Read looks.
func (d *twoDrivers) Read(ctx context.Context, who bottest.Someone, in bottest.Room) ([]bottest.Seen, error) {
	return d.in(in).Read(ctx, who, in)
}
