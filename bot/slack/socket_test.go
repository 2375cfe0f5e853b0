package slack_test

import (
	"strings"
	"testing"

	"mfahelp/bot"
	"mfahelp/bot/slack/slacktest"
)

// connected makes a world whose bot listens over two connections.
func connected(t *testing.T) *world {
	t.Helper()
	w := openWith(t, slacktest.Options{}, bySocket)
	w.until("both are open", func() bool { return w.fake.Sockets() == 2 })
	return w
}

func (w *world) hello(ts string) map[string]any {
	return w.fake.Envelope(map[string]any{
		"type": "message", "user": w.ada.ID, "text": "hello", "ts": ts, "channel": w.fake.Direct(w.ada).ID, "channel_type": "im",
	}, "")
}

// TestTwoConnections sends the same over both. Both are told that it is safe, and
// it is one event.
func TestTwoConnections(t *testing.T) {
	w := connected(t)
	taken, err := w.fake.DeliverToAll(t.Context(), "events_api", w.hello("1700000000.000500"))
	if err != nil || taken != 2 || len(w.inbox.Events()) != 1 {
		t.Errorf("%d took it, %v, and it is %d events", taken, err, len(w.inbox.Events()))
	}
}

// TestConnectionsAreRenewed has Slack end both, as it does every few hours.
func TestConnectionsAreRenewed(t *testing.T) {
	w := connected(t)
	opened := strings.Count(strings.Join(w.fake.Calls(), " "), "apps.connections.open")
	w.fake.Refresh()
	w.until("both are open again", func() bool {
		return w.fake.Sockets() == 2 && strings.Count(strings.Join(w.fake.Calls(), " "), "apps.connections.open") >= opened+2
	})
	w.taken(w.fake.Deliver(t.Context(), "events_api", w.hello("1700000000.000600")))
	if n := len(w.inbox.Events()); n != 1 {
		t.Errorf("it is %d events", n)
	}
}

// TestUnknownOverSocket sends events of types that nobody knows, which the SDK
// does not read. They are acknowledged, or Slack would send them again and again.
func TestUnknownOverSocket(t *testing.T) {
	w := connected(t)
	w.taken(w.fake.Deliver(t.Context(), "events_api", w.fake.Envelope(map[string]any{"type": "moon_landed", "x": []any{1}}, "")))
	if err := w.fake.Raw("not an envelope"); err != nil {
		t.Fatal(err)
	}
	w.taken(w.fake.Deliver(t.Context(), "events_api", w.hello("1700000000.000700")))
}

// TestIntruders has somebody else listen with the app's token.
func TestIntruders(t *testing.T) {
	w := prepare(t, slacktest.Options{})
	w.fake.Intrude(3)
	w.start(bySocket)
	w.until("somebody is told", func() bool {
		return strings.Contains(w.logged(), "error more connections listen to Slack than are ours")
	})
}

// TestAdminsChannel has a channel that is not fit. Nothing is said in it and
// nothing in it is taken, from the moment at which Slack tells.
func TestAdminsChannel(t *testing.T) {
	for name, spoil := range map[string]func(*slacktest.Channel){
		"public":              func(c *slacktest.Channel) { c.Private = false },
		"shared with others":  func(c *slacktest.Channel) { c.ExtShared = true },
		"about to be shared":  func(c *slacktest.Channel) { c.Pending = true },
		"of the organisation": func(c *slacktest.Channel) { c.OrgShared = true },
		"archived":            func(c *slacktest.Channel) { c.Archived = true },
		"without the bot":     func(c *slacktest.Channel) { c.NoBot = true },
	} {
		t.Run(name, func(t *testing.T) {
			w := open(t)
			card := w.send(w.inAdmins(), "card", bot.Message{Title: "A case"}, "")
			w.fake.Change(func() { spoil(w.admins) })
			w.taken(w.fake.Happen(t.Context(), map[string]any{"type": "channel_shared", "channel": w.admins.ID}, ""))
			if _, err := w.Send(t.Context(), bot.Post{To: w.inAdmins(), Key: "another", Message: bot.Message{Title: "Another"}}, ""); err == nil {
				t.Error("a case was shown there")
			}
			_, err := w.fake.Say(t.Context(), w.pia, w.admins, slacktest.Words{Text: "hello", Thread: card})
			if n := len(w.inbox.Events()); err != nil || n != 0 {
				t.Errorf("%v, and it is %d events", err, n)
			}
		})
	}
}
