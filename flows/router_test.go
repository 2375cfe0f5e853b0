package flows

import (
	"context"
	"testing"
	"time"

	"mfahelp/bot"
)

// TestElsewhere presses a button where it stands, and where it does not.
func TestElsewhere(t *testing.T) {
	in := func(id string, a bot.Audience) bot.Place {
		return bot.Place{Platform: "slack", ID: id, Audience: a, Reader: "U1"}
	}
	for _, test := range []struct {
		name             string
		offered, pressed bot.Place
		for1             string
		want             bool
	}{
		{"where it stands", in("C1", bot.Channel), in("C1", bot.Channel), "", false},
		{"in another channel", in("C1", bot.Channel), in("C2", bot.Channel), "", true},
		{"on another platform", bot.Place{Platform: "teams", ID: "C1"}, in("C1", bot.Channel), "", true},
		{"where the platform opened a place for one", in("", bot.Direct), in("D1", bot.Direct), "U1", false},
		{"in a channel, though it was for one", in("", bot.Direct), in("C1", bot.Channel), "U1", true},
		{"in a place opened for nobody", in("", bot.Direct), in("D1", bot.Direct), "", true},
	} {
		e := bot.Event{From: bot.Person{Platform: "slack", ID: "U1"}, In: test.pressed}
		if got := elsewhere(e, Offer{In: test.offered, For: test.for1}); got != test.want {
			t.Errorf("%s: got %v, want %v", test.name, got, test.want)
		}
	}
}

// memory is offers that a test made.
type memory map[string]Offer

func (m memory) Offer(_ context.Context, key string) (Offer, bool, error) {
	o, ok := m[key]
	return o, ok, nil
}

// TestTooLate presses what is over: its flow may say more than that it is, and
// cannot do more.
func TestTooLate(t *testing.T) {
	in := bot.Place{Platform: "web", ID: "admins"}
	says := func(title string) []bot.Post { return []bot.Post{{Message: bot.Message{Title: title}}} }
	r := Router{
		Now: time.Now,
		Offers: memory{
			"over":    {Key: "over", In: in, Verb: "talks.claim", Closed: true},
			"expired": {Key: "expired", In: in, Verb: "talks.claim", Until: time.Now().Add(-time.Hour)},
			"silent":  {Key: "silent", In: in, Verb: "silent.claim", Closed: true},
			"nothing": {Key: "nothing", In: in, Verb: "nothing.claim", Closed: true},
			"gone":    {Key: "gone", In: in, Verb: "gone.claim", Closed: true},
			"theirs":  {Key: "theirs", In: in, Verb: "talks.claim", Closed: true, For: "U2"},
		},
		Closed: func(_ bot.Event, why Refusal) Answer { return Answer{Posts: says(string(why))} },
		Flows: []Named{
			{Name: "talks", Late: func(context.Context, bot.Event, Offer) (Answer, error) {
				return Answer{Posts: says("Ava has it"), Cases: []Case{{Key: "k"}}}, nil
			}},
			{Name: "nothing", Late: func(context.Context, bot.Event, Offer) (Answer, error) { return Answer{}, nil }},
			{Name: "silent"},
		},
	}
	for key, want := range map[string]string{
		"over": "Ava has it", "expired": "Ava has it", "silent": "over", "nothing": "over", "gone": "over",
		"theirs": "not-yours", "made up": "unoffered",
	} {
		e := bot.Event{From: bot.Person{Platform: "web", ID: "U1"}, In: in, Did: bot.Pressed{Key: key}}
		a, err := r.Event(t.Context(), e)
		if err != nil || len(a.Posts) != 1 || a.Posts[0].Message.Title != want || len(a.Cases) > 0 {
			t.Errorf("%s: got %+v, %v; want %q said and nothing done", key, a, err, want)
		}
	}
}
