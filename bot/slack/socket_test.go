package slack_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"mfahelp/bot"
	"mfahelp/bot/slack"
	"mfahelp/bot/slack/slacktest"
)

// connected makes a world whose bot listens over two connections.
func connected(t *testing.T) *world { return connectedTo(t, slacktest.Options{}) }

// connectedTo does so with a Slack that has options of its own. The bot waits for
// as little as a test may take.
func connectedTo(t *testing.T, s slacktest.Options) *world {
	t.Helper()
	w := openWith(t, s, hasty)
	w.until("both are open", func() bool { return w.fake.Sockets() == 2 })
	return w
}

func hasty(w *world, o *slack.Options) {
	bySocket(w, o)
	o.Again = 10 * time.Millisecond
	if w.fake.Ping < time.Second {
		o.Silence = 10 * w.fake.Ping
	}
}

// reopened waits until both connections are others than before.
func (w *world) reopened(end func()) {
	w.Helper()
	before := w.count("apps.connections.open")
	end()
	w.until("both are open again", func() bool {
		return w.count("apps.connections.open") >= before+2 && w.fake.Sockets() == 2 && w.Ready() == nil
	})
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

// TestConnectionsAreRenewed has Slack end both, in each way that it has. What
// comes then is heard over those that were opened instead.
func TestConnectionsAreRenewed(t *testing.T) {
	for reason, end := range map[string]func(*slacktest.Fake){
		"warning":             func(f *slacktest.Fake) { f.End("warning") },
		"refresh_requested":   func(f *slacktest.Fake) { f.End("refresh_requested") },
		"too_many_websockets": func(f *slacktest.Fake) { f.End("too_many_websockets") },
		"a new reason":        func(f *slacktest.Fake) { f.End("moon_landed") },
		"without a word":      func(f *slacktest.Fake) { f.Disconnect() },
		"half a word":         func(f *slacktest.Fake) { _ = f.Raw(`{"type":"disc`); f.Disconnect() },
		"a megabyte":          func(f *slacktest.Fake) { _ = f.Raw(`{"type":"` + strings.Repeat("a", 1<<20) + `"}`) },
	} {
		t.Run(reason, func(t *testing.T) {
			w := connected(t)
			w.reopened(func() { end(w.fake) })
			for i := range 2 { // one over each
				w.taken(w.fake.Deliver(t.Context(), "events_api", w.hello(fmt.Sprintf("1700000000.00060%d", i))))
			}
			if n := len(w.inbox.Events()); n != 2 {
				t.Errorf("it is %d events", n)
			}
			if !strings.Contains(w.logged(), "info a connection to Slack has ended") {
				t.Errorf("the log does not say so:\n%s", w.logged())
			}
			w.fine()
		})
	}
}

// TestPings has Slack ping both connections, and end what does not answer.
func TestPings(t *testing.T) {
	w := connectedTo(t, slacktest.Options{Ping: 100 * time.Millisecond})
	w.until("pings are answered", func() bool { return w.fake.Pongs() > 20 })
	if n := w.count("apps.connections.open"); n != 2 || w.fake.Sockets() != 2 {
		t.Errorf("%d connections were opened, and %d are open; the log says\n%s", n, w.fake.Sockets(), w.logged())
	}
	w.fine()
}

// TestTheFakeEndsWhatDoesNotAnswer: a bot that answers no pings would be found out.
func TestTheFakeEndsWhatDoesNotAnswer(t *testing.T) {
	w := prepare(t, slacktest.Options{Ping: 10 * time.Millisecond})
	conn, res, err := websocket.DefaultDialer.DialContext(t.Context(), strings.Replace(strings.TrimSuffix(w.fake.URL, "/api/"), "http", "ws", 1)+"/socket", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	defer conn.Close()
	conn.SetPingHandler(func(string) error { return nil })
	for err == nil {
		_, _, err = conn.ReadMessage()
	}
	if all := w.fake.Complaints(); len(all) != 1 || !strings.Contains(all[0], "does not answer pings") {
		t.Errorf("it complains %q", all)
	}
}

// TestSilentConnections has both lines go dead while something is on its way: what
// was sent has arrived, and the answer has not. Nobody closes them. They are given
// up, and what Slack sends again over the next is the same event.
func TestSilentConnections(t *testing.T) {
	w := connectedTo(t, slacktest.Options{Ping: 100 * time.Millisecond})
	payload := w.hello("1700000000.000610")
	w.inbox.Answer = func(bot.Event) { w.fake.Deaden() }
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	ended := make(chan slacktest.Delivery, 1)
	w.reopened(func() {
		go func() {
			d, _ := w.fake.Deliver(ctx, "events_api", payload)
			ended <- d
		}()
	})
	stop()
	if d := <-ended; d.Taken() {
		t.Error("the answer came through a dead line")
	}
	w.taken(w.fake.Redeliver(t.Context(), "events_api", payload, 1))
	if n := len(w.inbox.Events()); n != 1 {
		t.Errorf("it is %d events", n)
	}
}

// TestSocketModeIsSwitchedOff while the bot is at work. It is not ready then, and
// says what to do; what was heard before is answered all the same. Once it is
// mended, it listens by itself.
func TestSocketModeIsSwitchedOff(t *testing.T) {
	w := connected(t)
	w.fake.DisableSockets()
	w.until("it is not ready", func() bool {
		err := w.Ready()
		return err != nil && strings.Contains(err.Error(), "link_disabled") && strings.Contains(err.Error(), "Enable Socket Mode")
	})
	if !strings.Contains(w.logged(), "error Slack lets us open no connection") {
		t.Errorf("nobody is told:\n%s", w.logged())
	}
	w.send(w.direct(w.ada), "answer", bot.Message{Title: "An answer"}, "")
	w.fake.EnableSockets()
	w.until("it listens again", func() bool { return w.Ready() == nil && w.fake.Sockets() > 0 })
	w.taken(w.fake.Deliver(t.Context(), "events_api", w.hello("1700000000.000620")))
	if !strings.Contains(w.logged(), "info Slack lets us listen again") {
		t.Errorf("nobody is told that it is over:\n%s", w.logged())
	}
}

// TestAppTokensThatAreWorthNothing takes the token for connections away, in each
// way. That of the bot is good all the while, and is no reason to be ready.
func TestAppTokensThatAreWorthNothing(t *testing.T) {
	for code, cure := range map[string]string{
		"invalid_auth": "App-Level Tokens", "token_revoked": "App-Level Tokens", "account_inactive": "Install to Workspace", "not_authed": "App-Level Tokens",
		"not_allowed_token_type": "xapp-", "missing_scope": "App-Level Tokens",
	} {
		t.Run(code, func(t *testing.T) {
			w := connected(t)
			w.fake.Fail(slacktest.Fault{Method: "apps.connections.open", Code: code, Times: 1000})
			w.fake.Refresh()
			w.until("it is not ready", func() bool {
				err := w.Ready()
				return err != nil && strings.Contains(err.Error(), code) && strings.Contains(err.Error(), cure)
			})
			w.send(w.direct(w.ada), "answer", bot.Message{Title: "An answer"}, "")
			if err := w.Ready(); err == nil {
				t.Error("because it may speak, it is ready")
			}
			for _, bad := range []string{w.fake.AppToken, "Slack refuses us"} {
				if strings.Contains(w.logged(), bad) {
					t.Errorf("the log says %q:\n%s", bad, w.logged())
				}
			}
			w.fake.Calm()
			w.clock.move(time.Minute)
			w.until("it is ready again", func() bool { return w.Ready() == nil })
		})
	}
}

// TestNoConnection has Slack end each connection at once, because others have too
// many. It is not ready, and does not run against that wall without end.
func TestNoConnection(t *testing.T) {
	w := connected(t)
	w.fake.Intrude(10)
	w.fake.Disconnect()
	w.until("it waits", func() bool { return strings.Contains(w.logged(), "the limit of apps.connections.open") })
	w.until("it is not ready", func() bool {
		err := w.Ready()
		return err != nil && strings.Contains(err.Error(), "no connection is open")
	})
	if n := w.count("apps.connections.open"); n > 12 {
		t.Errorf("it opened %d in no time", n)
	}
	w.fake.Intrude(0)
	w.clock.move(time.Minute)
	w.until("it is ready again", func() bool { return w.Ready() == nil })
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

// TestIntruders has somebody else listen with the app's token. A single one could
// be ours, still counted while it is renewed; that is said less loudly.
func TestIntruders(t *testing.T) {
	for n, want := range map[int]string{
		3: "error more connections listen to Slack than are ours",
		1: "warn one more connection than ours listens to Slack",
	} {
		w := prepare(t, slacktest.Options{})
		w.fake.Intrude(n)
		w.start(bySocket)
		w.until("somebody is told", func() bool { return strings.Contains(w.logged(), want) })
		if n == 1 && strings.Contains(w.logged(), "error ") {
			t.Errorf("it is an alarm:\n%s", w.logged())
		}
	}
	w := connected(t)
	if strings.Contains(w.logged(), "connection than ours") || strings.Contains(w.logged(), "than are ours") {
		t.Errorf("its own are others':\n%s", w.logged())
	}
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
