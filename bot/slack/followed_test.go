package slack_test

import (
	"testing"

	"mfahelp/bot"
	"mfahelp/bot/slack/slacktest"
)

// TestALinkThatWasFollowedIsGone from among others, where it would stand until the
// client is loaded anew; in one's own conversation it is replaced as things go on.
func TestALinkThatWasFollowedIsGone(t *testing.T) {
	w := open(t)
	m := bot.Message{
		Title: "Approve it?", Body: []bot.Block{bot.Text{bot.Plain("The address works once.")}},
		Actions: []bot.Action{bot.Open{Label: "Sign in and see", URL: "https://mfahelp.contoso.com/signin/a-token"}},
	}
	among := bot.Place{Platform: "slack", ID: w.admins.ID, Private: true, Audience: bot.Ephemeral, Reader: w.pia.ID}
	for name, test := range map[string]struct {
		in   bot.Place
		gone bool
	}{"among others": {among, true}, "in their own conversation": {w.direct(w.pia), false}} {
		w.send(test.in, "link/"+name, m, "")
		channel := w.admins
		if !test.gone {
			channel = w.fake.Direct(w.pia)
		}
		all := w.fake.Messages(channel)
		on := all[len(all)-1]
		before := len(w.inbox.Events())
		w.taken(w.fake.Push(t.Context(), slacktest.Push{By: w.pia, On: &on, Action: w.action(on, "Sign in and see")}))
		gone := true
		for _, m := range w.fake.Messages(channel) {
			if m.TS == on.TS && !m.Deleted {
				gone = false
			}
		}
		if gone != test.gone || len(w.inbox.Events()) != before {
			t.Errorf("%s: it is gone: %v, and %d events came", name, gone, len(w.inbox.Events())-before)
		}
	}
	w.fine()
}
