package store

import (
	"github.com/google/go-cmp/cmp"

	"mfahelp/bot"
	"mfahelp/flows"
)

func offersLive(f *fixture) {
	a, b := bot.Choose{Label: "A", Verb: "help.a", Subject: "1"}, bot.Ask{Label: "B", Verb: "help.b", Subject: "1"}
	keys := func(p bot.Post) map[string]string {
		f.Helper()
		f.answer(posts(p))
		got := map[string]string{}
		f.sent(p.Key).Post.Message.Keyed(func(string, string) string { return "" }) // leaves the stored one alone
		var m bot.Message
		f.ok(m.UnmarshalJSON([]byte(read1[string](f, "SELECT message FROM posts WHERE key = $1", p.Key))))
		for _, action := range m.Actions {
			switch action := action.(type) {
			case bot.Choose:
				got[action.Label] = action.Key
			case bot.Ask:
				got[action.Label] = action.Key
			case bot.Open:
			}
		}
		return got
	}
	offer := func(key string) flows.Offer {
		f.Helper()
		o, ok, err := f.s.Offer(f.Context(), key)
		f.ok(err)
		if !ok {
			f.Fatalf("no offer %q", key)
		}
		return o
	}
	first := keys(post("p", "", channel, a, b))
	if len(first["A"]) < 26 || first["A"] == first["B"] {
		f.Errorf("got the keys %q, want two that cannot be guessed", first)
	}
	want := flows.Offer{Key: first["A"], Post: "p", In: channel, Verb: "help.a", Subject: "1"}
	if diff := cmp.Diff(want, offer(first["A"])); diff != "" {
		f.Errorf("offered (-want +got):\n%s", diff)
	}
	second := keys(post("p", "", channel, a))
	if second["A"] != first["A"] || offer(first["A"]).Closed || !offer(first["B"]).Closed {
		f.Error("want A to keep its key and stay open, and B closed")
	}
	third := keys(post("p", "", channel, a, b))
	if third["A"] != first["A"] || third["B"] == first["B"] || !offer(first["B"]).Closed {
		f.Error("want B offered anew, and its old key still closed")
	}
	other := keys(post("q", "", channel, a))
	if other["A"] == first["A"] {
		f.Error("two posts share a key")
	}
	a.Subject = "2"
	if keys(post("p", "", channel, a))["A"] == first["A"] || !offer(first["A"]).Closed {
		f.Error("a key was kept for another subject")
	}
	if _, ok, err := f.s.Offer(f.Context(), "never"); ok || err != nil {
		f.Errorf("got %v, %v for a key that never was", ok, err)
	}
}

func offersFor(f *fixture) {
	in := func(audience bot.Audience, reader string) bot.Place {
		return bot.Place{Platform: "web", ID: "x", Audience: audience, Reader: reader}
	}
	for i, test := range []struct {
		in   bot.Place
		want string
	}{
		{in(bot.Channel, ""), ""}, {in(bot.Channel, "ava"), ""}, {in(bot.Direct, "ava"), "ava"}, {in(bot.Ephemeral, "ava"), "ava"},
	} {
		p := post(string(rune('a'+i)), "", test.in, bot.Choose{Verb: "a.b"})
		f.answer(posts(p))
		o, _, err := f.s.Offer(f.Context(), read1[string](f, "SELECT key FROM offers WHERE post = $1", p.Key))
		f.ok(err)
		if o.For != test.want || o.In != test.in {
			f.Errorf("got an offer for %q in %v, want for %q in %v", o.For, o.In, test.want, test.in)
		}
	}
}
