package teams_test

import (
	"strings"
	"testing"

	"go.uber.org/zap"

	"mfahelp/bot"
	"mfahelp/bot/bottest"
	"mfahelp/bot/teams/teamstest"
)

func TestContract(t *testing.T) {
	bottest.Contract(t, func(t *testing.T) bottest.Harness {
		w := open(t)
		t.Cleanup(func() { w.complaints("no such ref") })
		people := map[string]*teamstest.Person{w.ada.ID: w.ada, w.bob.ID: w.bob}
		w.say(w.ada, "hello") // so that the way to them is known
		w.say(w.bob, "hello")
		w.says(w.ada, w.channel, teamstest.Words{Text: "hello", Mention: true}, 200)
		w.inbox = &bottest.Inbox{} // empty, for the contract counts
		w.restart(zap.NewNop(), nil)
		room := func(in bot.Place) *teamstest.Room {
			if in.Audience == bot.Direct {
				return w.fake.Chat(people[in.Reader])
			}
			return w.channel
		}
		return bottest.Harness{
			Platform: w, Inbox: w.inbox, Ada: w.person(w.ada), Bob: w.person(w.bob), Channel: w.inChannel(),
			Direct: func(who bot.Person) bot.Place { return w.direct(people[who.ID]) },
			Read: func(_ *testing.T, who bot.Person, in bot.Place) []bottest.Seen {
				return w.fake.See(people[who.ID], room(in))
			},
			Press: func(t *testing.T, p bottest.Press) bool {
				on, ok := w.fake.Message(room(p.In), p.On.Ref)
				if !ok {
					t.Fatal("that message has gone")
				}
				x := teamstest.Push{By: people[p.By.ID], On: on, Action: teamstest.Button(p.Button.Ref), Inputs: map[string]string{}, ID: p.ID}
				for name, v := range p.Fields {
					x.Inputs[teamstest.InputID(x.Action, name)] = v
				}
				if p.Claim.ID != "" {
					x.Lie = map[string]any{
						"from": map[string]any{"id": p.Claim.ID, "aadObjectId": p.Claim.ObjectID}, "userId": p.Claim.ID, "aadObjectId": p.Claim.ObjectID,
					}
				}
				a, err := w.fake.Push(t.Context(), x)
				return err == nil && a.HTTP == 200 && a.Status == 200
			},
			Wire: func(*testing.T) string { return w.fake.Wire() },
		}
	})
}

// complaints fails the test for all but those that have a word in them.
func (w *world) complaints(but string) {
	for _, c := range w.fake.Complaints() {
		if !strings.Contains(c, but) {
			w.Errorf("Teams complains: %s", c)
		}
	}
}
