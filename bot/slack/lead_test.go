package slack_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"mfahelp/bot"
	"mfahelp/bot/slack"
	"mfahelp/bot/slack/slacktest"
)

// stands tells where posts are.
type stands map[string]struct {
	in  bot.Place
	ref string
}

// Where tells.
func (s stands) Where(_ context.Context, key string) (bot.Place, string, bool, error) {
	if key == "lost" {
		return bot.Place{}, "", false, errors.New("the disk is full")
	}
	p, ok := s[key]
	return p.in, p.ref, ok, nil
}

// TestListsLead: a line of a list leads to the message that it is about, if that is
// a message in Slack, and else is as it was.
func TestListsLead(t *testing.T) {
	in := func(platform, id string) bot.Place { return bot.Place{Platform: platform, ID: id, Private: true} }
	w := openWith(t, slacktest.Options{}, func(w *world, o *slack.Options) {
		o.Posts = stands{
			"here":      {in("slack", w.admins.ID), "1700000000.000100"},
			"on a page": {in("slack", "home/"+w.ada.ID), "home/" + w.ada.ID},
			"in a view": {in("slack", w.admins.ID), "view/V1"},
			"in Teams":  {in("teams", "19:x"), "1700000000.000100"},
		}
	})
	var list bot.List
	for _, about := range []string{"here", "on a page", "in a view", "in Teams", "nowhere", "lost", ""} {
		list = append(list, bot.Item{Title: bot.Text{bot.Plain(about)}, Facts: bot.Text{bot.Plain("since yesterday")}, About: about})
	}
	w.post(bot.Post{To: bot.Place{Platform: "slack", ID: "home/" + w.ada.ID, Private: true, Audience: bot.Direct, Reader: w.ada.ID, Page: true},
		Key: "home", Message: bot.Message{Title: "Yours", Personal: true, Body: []bot.Block{list}}}, "")
	b, err := json.Marshal(w.fake.Page(w.ada)["blocks"])
	if err != nil {
		t.Fatal(err)
	}
	const link = "https://contoso.example/archives/"
	if got := string(b); strings.Count(got, link) != 1 || !strings.Contains(got, `{"text":"Open it","type":"link","url":"`+link+w.admins.ID+`/p1700000000000100"}`) {
		t.Errorf("the page is\n%s", got)
	}
	if list[0].Facts[len(list[0].Facts)-1] != bot.Plain("since yesterday") {
		t.Error("the message itself was changed")
	}
	w.fine()
}
