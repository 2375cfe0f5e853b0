package web_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"mfahelp/bot"
	"mfahelp/bot/bottest"
	"mfahelp/bot/web"
)

func TestSentAgainIsSeenOnce(t *testing.T) {
	p := open(t)
	first := p.send(direct("ada"), "case", bot.Message{Title: "1"}, "")
	again := p.send(direct("ada"), "case", bot.Message{Title: "2"}, "") // as after a crash
	p.send(direct("bob"), "case", bot.Message{Title: "Bob's"}, "")
	p = openWith(t, p.memory, web.Options{})
	after := p.send(direct("ada"), "case", bot.Message{Title: "3"}, "")
	if first != again || first != after {
		t.Errorf("got refs %s, %s, and %s", first, again, after)
	}
	if got := p.reads(p.as("ada"), "direct"); titles(got) != "3" || got[0].Rev != 2 {
		t.Errorf("got %+v", got)
	}
	if got := titles(p.reads(p.as("bob"), "direct")); got != "Bob's" {
		t.Errorf("got %s", got)
	}
}

func TestWhatWasSaidSurvivesARestart(t *testing.T) {
	p := open(t)
	ada := p.as("ada")
	p.post(ada, "/api/messages", `{"place":"direct","text":"hello","id":"one"}`, 202, nil)
	p.send(direct("ada"), "case", bottest.Everything(), "")
	before := p.reads(ada, "direct")

	p = openWith(t, p.memory, web.Options{})
	after := p.reads(ada, "direct") // the session survives, too
	if fmt.Sprint(before) != fmt.Sprint(after) || len(after) != 2 {
		t.Errorf("got %+v\nwant %+v", after, before)
	}
	p.post(ada, "/api/messages", `{"place":"direct","text":"hello","id":"one"}`, 202, nil)
	p.send(direct("ada"), "another", bot.Message{Title: "Another"}, "")
	if got := titles(p.reads(ada, "direct")); got != ", Title "+bottest.Hostile+", Another" {
		t.Errorf("got %s", got)
	}
}

func TestUnderAKey(t *testing.T) {
	p := open(t)
	root := p.send(channel, "root", bot.Message{Title: "Root"}, "")
	if _, err := p.Send(t.Context(), bot.Post{To: channel, Key: "a", Under: "root", Message: bot.Message{Title: "A"}}, ""); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Send(t.Context(), bot.Post{To: channel, Key: "b", Under: "a", Message: bot.Message{Title: "B"}}, ""); err != nil {
		t.Fatal(err)
	}
	for _, m := range p.reads(p.as("pia"), "admins")[1:] {
		if m.Thread != root {
			t.Errorf("%s hangs from %q, want %q", m.Title, m.Thread, root)
		}
	}
}

// TestWhisper says something to one admin among others, twice.
func TestWhisper(t *testing.T) {
	p := open(t)
	to := channel
	to.Audience, to.Reader = bot.Ephemeral, "tom"
	p.send(to, "whisper", bot.Message{Title: "To Tom"}, "")
	to.Reader = "pia"
	p.send(to, "whisper", bot.Message{Title: "First", Personal: true}, "")
	p.send(channel, "all", bot.Message{Title: "All"}, "")
	p.send(to, "whisper", bot.Message{Title: "Second", Personal: true}, "")
	for range 2 {
		if got := p.reads(p.as("pia"), "admins"); titles(got) != "All, Second" || got[0].OnlyYou || !got[1].OnlyYou {
			t.Errorf("she sees %+v", got)
		}
		if got := titles(p.reads(p.as("tom"), "admins")); got != "To Tom, All" {
			t.Errorf("the other sees %s", got)
		}
		p = openWith(t, p.memory, web.Options{})
	}
}

func TestNotSent(t *testing.T) {
	p := open(t)
	ada := p.send(direct("ada"), "ada", bot.Message{Title: "Ada's"}, "")
	root := p.send(channel, "root", bot.Message{Title: "Root"}, "")
	inThread := direct("ada")
	inThread.Thread = root
	ephemeral := channel
	ephemeral.Audience = bot.Ephemeral
	for _, test := range []struct {
		name string
		to   bot.Place
		ref  string
		m    bot.Message
	}{
		{"to another platform", bot.Place{Platform: "slack", ID: "admins"}, "", bot.Message{}},
		{"to nobody", direct("eve"), "", bot.Message{}},
		{"to a place that does not exist", bot.Place{Platform: "web", ID: "kitchen"}, "", bot.Message{}},
		{"to one person in another's place", bot.Place{Platform: "web", ID: "direct:ada", Audience: bot.Direct, Reader: "bob"}, "", bot.Message{}},
		{"what is personal, to all", channel, "", bot.Message{Personal: true}},
		{"what is personal, to we know not whom", ephemeral, "", bot.Message{Personal: true}},
		{"a secret, to all", channel, "", bot.Message{Body: []bot.Block{bot.Text{bot.Reveal{Kind: "pass"}}}}},
		{"a button without a key", channel, "", bot.Message{Actions: []bot.Action{bot.Choose{Label: "x"}}}},
		{"in the place of nothing", channel, "m99", bot.Message{}},
		{"in the place of somebody else's", direct("bob"), ada, bot.Message{}},
		{"in another place's thread", inThread, "", bot.Message{}},
	} {
		if _, err := p.Send(t.Context(), bot.Post{To: test.to, Key: "x", Message: test.m}, test.ref); err == nil {
			t.Errorf("%s: it was sent", test.name)
		}
	}
	if got := titles(p.reads(p.as("ada"), "direct")) + titles(p.reads(p.as("pia"), "admins")); got != "Ada'sRoot" {
		t.Errorf("there is %s", got)
	}
}

// TestMemoryFails sends while the disk does not work, before and after the page
// has read what there is.
func TestMemoryFails(t *testing.T) {
	for _, loaded := range []bool{false, true} {
		p := open(t)
		ada := p.as("ada")
		if loaded {
			p.send(direct("ada"), "first", bot.Message{Title: "First"}, "")
		}
		p.memory.Fail(errors.New("disk"))
		_, err := p.Send(t.Context(), bot.Post{To: direct("ada"), Key: "case", Message: bot.Message{Title: "Lost?"}}, "")
		if _, busy := errors.AsType[*bot.BusyError](err); !busy {
			t.Errorf("loaded %v: got %v, want busy", loaded, err)
		}
		if loaded { // what was accepted is acknowledged, and seen
			p.post(ada, "/api/messages", `{"place":"direct","text":"heard"}`, 202, nil)
		}
		p.memory.Fail(nil)
		p.send(direct("ada"), "case", bot.Message{Title: "Not lost"}, "")
		want := map[bool]string{false: "Not lost", true: "First, , Not lost"}[loaded]
		if got := titles(p.reads(ada, "direct")); got != want {
			t.Errorf("loaded %v: got %s, want %s", loaded, got, want)
		}
	}
}

func TestManyAtOnce(t *testing.T) {
	p := open(t)
	ada := p.as("ada")
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for j := range 10 {
				_, err := p.Send(context.Background(), bot.Post{To: direct("ada"), Key: fmt.Sprint(i), Message: bot.Message{Title: fmt.Sprint(j)}}, "")
				if err != nil {
					t.Error(err)
				}
			}
		})
		all.Go(func() {
			p.post(ada, "/api/messages", fmt.Sprintf(`{"place":"direct","text":"x","id":"%d"}`, i%4), 202, nil)
		})
		all.Go(func() { p.reads(ada, "direct") })
	}
	all.Wait()
	if got := p.reads(ada, "direct"); len(got) != 12 || len(p.inbox.Events()) != 4 {
		t.Errorf("8 cards and 4 messages are %s", titles(got))
	}
}
