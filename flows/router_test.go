package flows

import (
	"testing"

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
