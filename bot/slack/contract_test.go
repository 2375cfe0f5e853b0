package slack_test

import (
	"maps"
	"testing"

	"mfahelp/bot"
	"mfahelp/bot/bottest"
	"mfahelp/bot/slack"
	"mfahelp/bot/slack/slacktest"
	"mfahelp/secret"
)

// TestContract holds the adapter to what every platform promises, over HTTP and
// over connections.
func TestContract(t *testing.T) {
	for name, sockets := range map[string]bool{"HTTP": false, "Socket Mode": true} {
		t.Run(name, func(t *testing.T) {
			bottest.Contract(t, func(t *testing.T) bottest.Harness { return harness(t, sockets) })
		})
	}
}

// bySocket makes a bot use connections.
func bySocket(w *world, o *slack.Options) {
	o.AppToken, o.SigningSecret = secret.New(w.fake.AppToken), secret.Text{}
}

func harness(t *testing.T, sockets bool) bottest.Harness {
	w := prepare(t, slacktest.Options{})
	if sockets {
		w.start(bySocket)
		w.until("it is connected", func() bool { return w.fake.Sockets() == 2 })
	} else {
		w.start(nil)
	}
	t.Cleanup(w.fine)
	w.add(slacktest.Person{ID: "U0123456789", Name: "Ada on Slack"})
	people := map[string]*slacktest.Person{w.ada.ID: w.ada, w.bob.ID: w.bob}
	w.fake.Change(func() { w.admins.Members = append(w.admins.Members, w.ada) })
	channel := func(in bot.Place) *slacktest.Channel {
		if in.Audience == bot.Direct {
			return w.fake.Direct(people[in.Reader])
		}
		return w.admins
	}
	return bottest.Harness{
		Platform: w, Inbox: w.inbox, Ada: w.person(w.ada), Bob: w.person(w.bob), Channel: w.inAdmins(),
		Direct: func(who bot.Person) bot.Place { return w.direct(people[who.ID]) },
		Read: func(_ *testing.T, who bot.Person, in bot.Place) []bottest.Seen {
			return w.fake.See(people[who.ID], channel(in))
		},
		Press: func(t *testing.T, p bottest.Press) bool { return w.press(people[p.By.ID], channel(p.In), p) },
		Wire:  func(*testing.T) string { return w.fake.Wire() },
	}
}

// press presses a button of the contract's, and reports whether that was taken.
func (w *world) press(by *slacktest.Person, c *slacktest.Channel, p bottest.Press) bool {
	w.Helper()
	on := w.message(c, p.On.Ref)
	x := slacktest.Push{By: by, On: &on, Action: w.action(on, p.Button.Label), ID: p.ID}
	if p.Claim.ID != "" {
		x.Lie = map[string]any{"user_id": p.Claim.ID, "actor": p.Claim.ID, "object_id": p.Claim.ObjectID}
		message := map[string]any{"user": p.Claim.ID}
		maps.Copy(message, map[string]any{"ts": on.TS, "text": "x"})
		x.Lie["message"] = message
	}
	d, err := w.fake.Push(w.Context(), x)
	if err != nil || !d.Taken() || p.Fields == nil {
		return err == nil && d.Taken()
	}
	v, ok := w.fake.Open(by)
	if !ok {
		w.Fatal("no form opened")
	}
	d, err = w.fake.Submit(w.Context(), by, v, p.Fields)
	_, still := w.fake.Open(by)
	return err == nil && d.Taken() && !still
}

// message is the one with a ref.
func (w *world) message(c *slacktest.Channel, ref string) slacktest.Message {
	w.Helper()
	for _, m := range w.fake.Messages(c) {
		if m.TS == ref {
			return m
		}
	}
	w.Fatalf("there is no message %q", ref)
	return slacktest.Message{}
}

// action is a button of a message.
func (w *world) action(m slacktest.Message, label string) map[string]any {
	w.Helper()
	a, err := slacktest.Button(m.Blocks, label)
	if err != nil {
		w.Fatal(err)
	}
	return a
}
