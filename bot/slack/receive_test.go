package slack_test

import (
	"context"
	"maps"
	"strings"
	"sync"
	"testing"
	"time"

	"mfahelp/bot"
	"mfahelp/bot/slack"
	"mfahelp/bot/slack/slacktest"
)

// TestWaysIn does one of each thing that people do, and looks at what is handed
// over.
func TestWaysIn(t *testing.T) {
	w := open(t)
	card := w.send(w.inAdmins(), "card", bot.Message{Title: "A case"}, "")
	mine := w.message(w.admins, card)
	theirs := slacktest.Message{TS: "1700000000.000100", Channel: w.general, From: w.bob, Text: "Error Code: 500121 <b>"}
	for _, test := range []struct {
		name string
		do   func() (slacktest.Delivery, error)
		from *slacktest.Person
		want bot.Place
		did  bot.Act
	}{
		{
			"a direct message",
			func() (slacktest.Delivery, error) {
				return w.fake.Say(t.Context(), w.ada, w.fake.Direct(w.ada), slacktest.Words{Text: "hello <b> & co"})
			},
			w.ada, w.direct(w.ada), bot.Said{Text: "hello <b> & co"},
		},
		{
			"a screenshot",
			func() (slacktest.Delivery, error) {
				return w.fake.Say(t.Context(), w.ada, w.fake.Direct(w.ada), slacktest.Words{Text: "look", Files: []slacktest.File{{ID: "F1", Name: "a.png", Type: "image/png", Content: []byte("123")}}})
			},
			w.ada, w.direct(w.ada), bot.Said{Text: "look", Files: []bot.File{{Ref: "F1", Name: "a.png", MediaType: "image/png", Size: 3}}},
		},
		{
			"a reply in a thread of the admins' channel",
			func() (slacktest.Delivery, error) {
				return w.fake.Say(t.Context(), w.pia, w.admins, slacktest.Words{Text: "which phone?", Thread: card})
			},
			w.pia, bot.Place{Platform: "slack", ID: w.admins.ID, Thread: card, Private: true}, bot.Said{Text: "which phone?"},
		},
		{
			"a command",
			func() (slacktest.Delivery, error) {
				return w.fake.Command(t.Context(), w.ada, w.general, "/mfa-help", "status")
			},
			w.ada, bot.Place{Platform: "slack", ID: w.general.ID, Private: true, Audience: bot.Ephemeral, Reader: w.ada.ID}, bot.Commanded{Name: "mfa-help", Text: "status"},
		},
		{
			"a command in one's own conversation with the bot",
			func() (slacktest.Delivery, error) {
				return w.fake.Command(t.Context(), w.ada, w.fake.Direct(w.ada), "/mfa-help", "help")
			},
			w.ada, w.direct(w.ada), bot.Commanded{Name: "mfa-help", Text: "help"},
		},
		{
			"the shortcut on a message",
			func() (slacktest.Delivery, error) { return w.fake.Shortcut(t.Context(), w.ada, theirs) },
			w.ada, bot.Place{Platform: "slack", ID: w.general.ID, Private: true, Audience: bot.Ephemeral, Reader: w.ada.ID},
			bot.Commanded{Name: "mfa-help", Quote: "Error Code: 500121 <b>"},
		},
		{
			"a visit to the page",
			func() (slacktest.Delivery, error) { return w.fake.OpenHome(t.Context(), w.ada) },
			w.ada, bot.Place{Platform: "slack", ID: "home/" + w.ada.ID, Private: true, Audience: bot.Direct, Reader: w.ada.ID, Page: true}, bot.OpenedHome{},
		},
		{
			"a reaction in the admins' channel",
			func() (slacktest.Delivery, error) { return w.fake.React(t.Context(), w.pia, mine, "eyes") },
			w.pia, bot.Place{Platform: "slack", ID: w.admins.ID, Thread: card, Private: true}, bot.Marked{As: bot.Taken},
		},
		{
			"another reaction",
			func() (slacktest.Delivery, error) { return w.fake.React(t.Context(), w.pia, mine, "white_check_mark") },
			w.pia, bot.Place{Platform: "slack", ID: w.admins.ID, Thread: card, Private: true}, bot.Marked{As: bot.Done},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			before := len(w.inbox.Events())
			w.taken(test.do())
			if n := len(w.inbox.Events()) - before; n != 1 {
				t.Fatalf("it is %d events; the log says\n%s", n, w.logged())
			}
			e := w.last()
			if e.From != w.person(test.from) || e.In != test.want {
				t.Errorf("it is from %+v in %+v,\nwant it from %+v in %+v", e.From, e.In, w.person(test.from), test.want)
			}
			same(t, e.Did, test.did)
		})
	}
	w.fine()
}

// TestMention calls the bot in a public channel. It comes twice and is one, and
// whoever asked is answered in private.
func TestMention(t *testing.T) {
	w := open(t)
	w.says(w.ada, w.general, slacktest.Words{Text: "I cannot sign in", Mention: true})
	if n := len(w.inbox.Events()); n != 1 {
		t.Fatalf("it is %d events", n)
	}
	e := w.last()
	same(t, e.Did, bot.Said{Text: "I cannot sign in"})
	if e.In.Audience != bot.Channel || e.In.Private || e.In.Thread == "" {
		t.Errorf("it is in %+v", e.In)
	}
	w.says(w.ada, w.general, slacktest.Words{Text: "not to the bot"})
	if n := len(w.inbox.Events()); n != 1 {
		t.Error("what was said to others was taken")
	}
}

// TestNotPeople sends what is no message of a person's to the bot.
func TestNotPeople(t *testing.T) {
	w := open(t)
	card := w.message(w.admins, w.send(w.inAdmins(), "card", bot.Message{Title: "A case"}, ""))
	d := w.fake.Direct(w.ada)
	for name, lie := range map[string]map[string]any{
		"an echo of ours without a bot_id": {"user": w.fake.Bot},
		"an echo of ours":                  {"bot_id": "B0BOT00001", "subtype": "bot_message"},
		"another bot":                      {"bot_id": "B0OTHER001"},
		"Slackbot":                         {"user": "USLACKBOT"},
		"an edit":                          {"subtype": "message_changed", "hidden": true, "user": nil},
		"a deletion":                       {"subtype": "message_deleted", "user": nil},
		"somebody joined":                  {"subtype": "channel_join"},
		"hidden":                           {"hidden": true},
		"without a time":                   {"ts": ""},
		"without a channel":                {"channel": ""},
		"a channel that is none":           {"channel": "../admin"},
	} {
		w.says(w.ada, d, slacktest.Words{Text: "hello " + name, Lie: lie})
		if n := len(w.inbox.Events()); n != 0 {
			t.Fatalf("%s: it was taken: %+v", name, w.last())
		}
	}
	w.taken(w.fake.React(t.Context(), w.pia, card, "tada"))
	w.taken(w.fake.React(t.Context(), w.pia, slacktest.Message{TS: "1.1", Channel: w.admins, From: w.bob}, "eyes"))
	w.taken(w.fake.React(t.Context(), w.ada, slacktest.Message{TS: "1.1", Channel: w.general}, "eyes"))
	if n := len(w.inbox.Events()); n != 0 {
		t.Errorf("a reaction that means nothing was taken: %+v", w.last())
	}
}

// TestOutsiders has everybody who is none of ours try every way in. Nothing of
// theirs is taken, and Slack is told that it need not come again.
func TestOutsiders(t *testing.T) {
	w := open(t)
	outsiders := map[string]*slacktest.Person{
		"a guest":           w.add(slacktest.Person{Name: "Gus Guest", Guest: true}),
		"a one-channel one": w.add(slacktest.Person{Name: "Ona Guest", OneGuest: true}),
		"a stranger":        w.add(slacktest.Person{Name: "Sam Stranger", Stranger: true, Team: "T0OTHER001"}),
		"of another team":   w.add(slacktest.Person{Name: "Ora Other", Team: "T0OTHER001"}),
		"deactivated":       w.add(slacktest.Person{Name: "Dee Gone", Deleted: true}),
		"a bot":             w.add(slacktest.Person{Name: "Robo", IsBot: true}),
		"unknown":           {ID: "U0NOBODY01", Name: "Nobody", Team: w.fake.Team},
	}
	mine := w.message(w.admins, w.send(w.inAdmins(), "card", bot.Message{Title: "A case", Actions: []bot.Action{bot.Choose{Label: "Claim", Key: "k"}}}, ""))
	for name, p := range outsiders {
		direct := w.fake.Direct(p)
		for way, do := range map[string]func() (slacktest.Delivery, error){
			"message": func() (slacktest.Delivery, error) {
				return w.fake.Say(t.Context(), p, direct, slacktest.Words{Text: "let me in"})
			},
			"mention": func() (slacktest.Delivery, error) {
				return w.fake.Say(t.Context(), p, w.general, slacktest.Words{Text: "let me in", Mention: true})
			},
			"reply": func() (slacktest.Delivery, error) {
				return w.fake.Say(t.Context(), p, w.admins, slacktest.Words{Text: "let me in", Thread: mine.TS})
			},
			"command": func() (slacktest.Delivery, error) { return w.fake.Command(t.Context(), p, w.general, "/mfa-help", "") },
			"press": func() (slacktest.Delivery, error) {
				return w.fake.Push(t.Context(), slacktest.Push{By: p, On: &mine, Action: w.action(mine, "Claim")})
			},
			"shortcut": func() (slacktest.Delivery, error) { return w.fake.Shortcut(t.Context(), p, mine) },
			"form":     func() (slacktest.Delivery, error) { return w.fake.Submit(t.Context(), p, formOf(w, p), nil) },
			"page":     func() (slacktest.Delivery, error) { return w.fake.OpenHome(t.Context(), p) },
			"reaction": func() (slacktest.Delivery, error) { return w.fake.React(t.Context(), p, mine, "eyes") },
		} {
			w.taken(do())
			if n := len(w.inbox.Events()); n != 0 {
				t.Fatalf("%s: a %s was taken: %+v", name, way, w.last())
			}
		}
	}
	if !strings.Contains(w.logged(), "why=a guest") || !strings.Contains(w.logged(), "why=of another workspace") {
		t.Errorf("the log does not say why:\n%s", w.logged())
	}
}

// formOf is a dialog that a form could be sent from.
func formOf(w *world, p *slacktest.Person) slacktest.View {
	return slacktest.View{ID: "V1", Of: p, Over: w.admins, View: map[string]any{
		"type": "modal", "private_metadata": `{"k":"key","c":"` + w.admins.ID + `"}`, "blocks": []any{},
	}}
}

// TestSharedChannel has one of ours call the bot where another company listens.
// They are told in their own conversation where to write.
func TestSharedChannel(t *testing.T) {
	w := open(t)
	shared := w.fake.AddChannel(slacktest.Channel{Name: "with-fabrikam", ExtShared: true, Members: []*slacktest.Person{w.ada}})
	w.says(w.ada, shared, slacktest.Words{Text: "I cannot sign in", Mention: true})
	if n := len(w.inbox.Events()); n != 0 {
		t.Errorf("it was taken: %+v", w.last())
	}
	if all := w.fake.Messages(shared); len(all) != 1 {
		t.Errorf("something was said where others read: %+v", all)
	}
	if all := w.fake.See(w.ada, w.fake.Direct(w.ada)); len(all) != 1 || all[0].Title != "Please write to me here" {
		t.Errorf("in their own conversation they see %+v", all)
	}
	w.fine()
}

// TestWhoIsTurnedAwayHears: a guest who calls the bot among others is told so, and
// nobody else is; somebody of another company is told nothing there.
func TestWhoIsTurnedAwayHears(t *testing.T) {
	w := open(t)
	guest := w.add(slacktest.Person{Name: "Gus Guest", Guest: true})
	other := w.add(slacktest.Person{Name: "Ora Other", Team: "T0OTHER001"})
	w.fake.Change(func() { w.general.Members = append(w.general.Members, guest, other) })
	for range 2 {
		w.says(guest, w.general, slacktest.Words{Text: "let me in", Mention: true})
		w.says(other, w.general, slacktest.Words{Text: "let me in", Mention: true})
	}
	told := 0
	for _, m := range w.fake.Messages(w.general) {
		switch {
		case m.From != nil: // what they wrote themselves
		case m.To == guest && strings.Contains(m.Text, "only members of this workspace"):
			told++
		default:
			t.Errorf("it is said: %+v", m)
		}
	}
	if told != 1 || len(w.inbox.Events()) != 0 {
		t.Errorf("the guest is told so %d times, and there are %d events", told, len(w.inbox.Events()))
	}
	w.fine()
}

// TestWhileSlackDoesNotSay has somebody write of whom Slack says nothing: they
// are not listened to, and not lost either.
func TestWhileSlackDoesNotSay(t *testing.T) {
	w := open(t)
	w.until("everybody is known", func() bool { return strings.Count(strings.Join(w.fake.Calls(), " "), "users.list") > 0 })
	late := w.add(slacktest.Person{Name: "Lee Late"})
	w.fake.Fail(slacktest.Fault{Method: "users.info", Status: 503})
	d, err := w.fake.Say(t.Context(), late, w.fake.Direct(late), slacktest.Words{Text: "hello", Lie: map[string]any{"ts": "1700000000.000200"}})
	if err != nil || d.Taken() || len(w.inbox.Events()) != 0 {
		t.Fatalf("got %d, %v, and %d events", d.Status, err, len(w.inbox.Events()))
	}
	w.says(late, w.fake.Direct(late), slacktest.Words{Text: "hello", Lie: map[string]any{"ts": "1700000000.000200"}})
	if n := len(w.inbox.Events()); n != 1 {
		t.Errorf("when it came again it was %d events", n)
	}
}

// TestRedelivery delivers each thing again, as Slack does: under a new envelope,
// with the same event id, and with headers that say so. Only the first counts,
// and what had been lost the first time is not.
func TestRedelivery(t *testing.T) {
	w := open(t)
	payload := w.fake.Envelope(map[string]any{
		"type": "message", "user": w.ada.ID, "text": "hello", "ts": "1700000000.000300", "channel": w.fake.Direct(w.ada).ID, "channel_type": "im",
	}, "Ev0000001")
	w.inbox.Fail(errDisk)
	d, err := w.fake.Deliver(t.Context(), "events_api", payload)
	if err != nil || d.Status != 503 {
		t.Fatalf("got %d, %v for what could not be kept", d.Status, err)
	}
	w.inbox.Fail(nil)
	for again := range 3 {
		w.taken(w.fake.Redeliver(t.Context(), "events_api", payload, again+1))
	}
	if n := len(w.inbox.Events()); n != 1 {
		t.Errorf("it is %d events", n)
	}
	// A command again is the same; the same words again are not.
	for range 2 {
		w.taken(w.fake.Command(t.Context(), w.ada, w.general, "/mfa-help", "status"))
	}
	if n := len(w.inbox.Events()); n != 3 {
		t.Errorf("with two commands it is %d events", n)
	}
}

// TestFormIsNotLost has the inbox fail while a form is sent: it stays open and
// says so, for Slack does not send it again.
func TestFormIsNotLost(t *testing.T) {
	w := open(t)
	ref := w.send(w.direct(w.ada), "ask", bot.Message{Title: "Tell me", Actions: []bot.Action{
		bot.Ask{Label: "Tell", Key: "key-tell", Fields: []bot.Field{{Name: "words", Label: "Words", Required: true}}},
	}}, "")
	m := w.message(w.fake.Direct(w.ada), ref)
	w.taken(w.fake.Push(t.Context(), slacktest.Push{By: w.ada, On: &m, Action: w.action(m, "Tell")}))
	v, ok := w.fake.Open(w.ada)
	if !ok {
		t.Fatal("no form opened")
	}
	w.inbox.Fail(errDisk)
	d := w.taken(w.fake.Submit(t.Context(), w.ada, v, map[string]string{"words": "hello"}))
	if _, open := w.fake.Open(w.ada); !open || !strings.Contains(string(d.Body), "could not be saved") {
		t.Errorf("the form is open: %v, and the answer is %s", open, d.Body)
	}
	w.inbox.Fail(nil)
	w.taken(w.fake.Submit(t.Context(), w.ada, v, map[string]string{"words": "hello"}))
	if _, open := w.fake.Open(w.ada); open {
		t.Error("the form stayed open although it was taken")
	}
	same(t, w.last().Did, bot.Pressed{Key: "key-tell", Fields: map[string]string{"words": "hello"}})
	w.fine()
}

// TestLateForm presses a button whose dialog Slack no longer lets open. Who
// pressed is told so, and nothing else happens.
func TestLateForm(t *testing.T) {
	w := open(t)
	ref := w.send(w.direct(w.ada), "ask", bot.Message{Title: "Tell me", Actions: []bot.Action{
		bot.Ask{Label: "Tell", Key: "key-tell", Fields: []bot.Field{{Name: "words", Label: "Words"}}},
	}}, "")
	m := w.message(w.fake.Direct(w.ada), ref)
	press := w.fake.Pressing(slacktest.Push{By: w.ada, On: &m, Action: w.action(m, "Tell")})
	w.clock.move(10 * time.Second)
	w.taken(w.fake.Deliver(t.Context(), "interactive", press))
	all := w.fake.See(w.ada, w.fake.Direct(w.ada))
	if last := all[len(all)-1]; last.Title != "That took too long to open" {
		t.Errorf("they see %+v", last)
	}
	if n := len(w.inbox.Events()); n != 0 {
		t.Errorf("it is %d events", n)
	}
}

// TestAtTheSameTime has the same delivered many times at once, over both connections
// and as a mention with its twin. It is one event, and everybody is told that it is
// safe.
func TestAtTheSameTime(t *testing.T) {
	w := connected(t)
	card := w.message(w.admins, w.send(w.inAdmins(), "card", bot.Message{Title: "A case", Actions: []bot.Action{bot.Choose{Label: "Claim", Key: "k"}}}, ""))
	said := map[string]any{"user": w.ada.ID, "text": "<@" + w.fake.Bot + "> help", "ts": "1700000000.001000", "channel": w.general.ID, "channel_type": "channel"}
	as := func(kind string) map[string]any {
		e := maps.Clone(said)
		e["type"] = kind
		return w.fake.Envelope(e, "")
	}
	press := w.fake.Pressing(slacktest.Push{By: w.pia, On: &card, Action: w.action(card, "Claim")})
	var all sync.WaitGroup
	for range 4 {
		for kind, payloads := range map[string][]map[string]any{"events_api": {as("message"), as("app_mention")}, "interactive": {press}} {
			for _, p := range payloads {
				all.Go(func() {
					if n, err := w.fake.DeliverToAll(t.Context(), kind, p); err != nil || n != 2 {
						t.Errorf("%s: %d connections took it, %v", kind, n, err)
					}
				})
			}
		}
	}
	all.Wait()
	if n := len(w.inbox.Events()); n != 2 {
		t.Errorf("a mention and a press are %d events", n)
	}
}

// TestReplays sends each thing again with the very signature that it had: at once,
// after a restart, and as Slack does when it heard nothing. It is one event.
func TestReplays(t *testing.T) {
	w := open(t)
	card := w.message(w.admins, w.send(w.inAdmins(), "card", bot.Message{Title: "A case", Actions: []bot.Action{
		bot.Choose{Label: "Claim", Key: "k"}, bot.Ask{Label: "Close", Key: "key-close", Fields: []bot.Field{{Name: "words", Label: "Words"}}},
	}}, ""))
	w.taken(w.fake.Push(t.Context(), slacktest.Push{By: w.pia, On: &card, Action: w.action(card, "Close")}))
	form, ok := w.fake.Open(w.pia)
	if !ok {
		t.Fatal("no form opened")
	}
	tokenless := w.fake.Pressing(slacktest.Push{By: w.pia, On: &card, Action: w.action(card, "Claim")})
	delete(tokenless, "trigger_id")
	for kind, payloads := range map[string][]map[string]any{
		"events_api": {w.hello("1700000000.001100")},
		"interactive": {
			w.fake.Pressing(slacktest.Push{By: w.pia, On: &card, Action: w.action(card, "Claim")}), tokenless,
			w.fake.Submitting(w.pia, form, map[string]string{"words": "done"}),
		},
		"slash_commands": {{
			"team_id": w.fake.Team, "channel_id": w.general.ID, "user_id": w.ada.ID, "command": "/mfa-help", "text": "status", "trigger_id": "1.2.x",
		}},
	} {
		for i, p := range payloads {
			before := len(w.inbox.Events())
			w.taken(w.fake.Deliver(t.Context(), kind, p))
			w.taken(w.fake.Deliver(t.Context(), kind, p))
			w.start(nil)
			w.taken(w.fake.Deliver(t.Context(), kind, p))
			w.clock.move(59 * time.Minute)
			for again := 1; again <= 3; again++ {
				w.taken(w.fake.Redeliver(t.Context(), kind, p, again))
			}
			if n := len(w.inbox.Events()) - before; n != 1 {
				t.Errorf("%s, %d: it is %d events", kind, i, n)
			}
		}
	}
}

// TestReplayedForm sends a command without a word again after a restart, with which
// what was known of it is gone. Its form is open, and it does not count a second time.
func TestReplayedForm(t *testing.T) {
	w := open(t)
	p := map[string]any{"team_id": w.fake.Team, "channel_id": w.general.ID, "user_id": w.ada.ID, "command": "/mfa-help", "text": "", "trigger_id": w.fake.Trigger(w.ada, w.general)}
	w.taken(w.fake.Deliver(t.Context(), "slash_commands", p))
	first, open := w.fake.Open(w.ada)
	w.start(nil)
	w.taken(w.fake.Deliver(t.Context(), "slash_commands", p))
	if again, still := w.fake.Open(w.ada); !open || !still || again.ID != first.ID || len(w.inbox.Events()) != 0 {
		t.Errorf("open: %v, then %v, and it is %d events", open, still, len(w.inbox.Events()))
	}
	w.fine()
}

// TestWhileTheDirectoryHangs: that it takes connections and never answers is no
// reason to let Slack wait. Whoever writes is nobody then, and is listened to.
func TestWhileTheDirectoryHangs(t *testing.T) {
	w := openWith(t, slacktest.Options{}, func(_ *world, o *slack.Options) {
		o.Mail = slack.Mail{Domains: []string{"contoso.com"}, Find: func(ctx context.Context, _ string) (bot.Identity, error) {
			<-ctx.Done()
			return bot.Identity{}, ctx.Err()
		}}
	})
	eve := w.fake.Add(slacktest.Person{Name: "Eve Example", Email: "eve@contoso.com"})
	began := time.Now()
	w.says(eve, w.fake.Direct(eve), slacktest.Words{Text: "Error Code: 500121"})
	if took := time.Since(began); took > 3*time.Second {
		t.Errorf("Slack waited for %v", took)
	}
	if e := w.last(); e.From.Known() || e.From.ID != eve.ID {
		t.Errorf("it is from %+v", e.From)
	}
}

// TestFormOfWhoLeft: somebody who has become a guest sends a form that was open. It
// says so itself, and nothing is taken.
func TestFormOfWhoLeft(t *testing.T) {
	for way, make := range map[string]func(*testing.T) *world{"HTTP": open, "Socket Mode": connected} {
		t.Run(way, func(t *testing.T) {
			w := make(t)
			v := w.formIn(w.direct(w.bob), w.fake.Direct(w.bob), w.bob)
			w.taken(w.fake.Happen(t.Context(), w.fake.Become(w.bob, func() { w.bob.Guest = true }), ""))
			w.taken(w.fake.Submit(t.Context(), w.bob, v, map[string]string{"words": "let me back in"}))
			now, open := w.fake.Open(w.bob)
			if n := len(w.inbox.Events()); n != 0 || !open || !strings.Contains(strings.Join(now.Seen().Lines, " "), "I help people who work here") {
				t.Errorf("it is %d events, and he sees %+v", n, now.Seen())
			}
			w.fine()
		})
	}
}

// TestFormOfAHeldChannel: a form that belongs in the admins' channel is sent when that
// is no longer theirs alone. It stays open, and says that nothing was done.
func TestFormOfAHeldChannel(t *testing.T) {
	w := open(t)
	v := w.formIn(w.inAdmins(), w.admins, w.pia)
	w.fake.Change(func() { w.admins.ExtShared = true })
	w.taken(w.fake.Happen(t.Context(), map[string]any{"type": "channel_shared", "channel": w.admins.ID}, ""))
	d := w.taken(w.fake.Submit(t.Context(), w.pia, v, map[string]string{"words": "approved"}))
	if _, open := w.fake.Open(w.pia); !open || !strings.Contains(string(d.Body), "could not be saved") || len(w.inbox.Events()) != 0 {
		t.Errorf("the form is open: %v, with %s, and it is %d events", open, d.Body, len(w.inbox.Events()))
	}
	w.fine()
}

// formIn opens a form that asks somebody for words.
func (w *world) formIn(to bot.Place, c *slacktest.Channel, p *slacktest.Person) slacktest.View {
	w.Helper()
	m := w.message(c, w.send(to, "ask", bot.Message{Title: "Tell me", Actions: []bot.Action{
		bot.Ask{Label: "Tell", Key: "key-tell", Fields: []bot.Field{{Name: "words", Label: "Words"}}},
	}}, ""))
	w.taken(w.fake.Push(w.Context(), slacktest.Push{By: p, On: &m, Action: w.action(m, "Tell")}))
	v, ok := w.fake.Open(p)
	if !ok {
		w.Fatal("no form opened")
	}
	return v
}

// TestSecretIsNotWasted: a press that comes too late for a dialog shows no secret, and
// does not use it up: the next press shows it.
func TestSecretIsNotWasted(t *testing.T) {
	w := open(t)
	w.vault.left[w.ada.ID] = "canary-pass"
	m := w.message(w.fake.Direct(w.ada), w.send(w.direct(w.ada), "pass", bot.Message{Title: "Your pass", Personal: true, Body: []bot.Block{
		bot.Text{bot.Reveal{Kind: "pass", Subject: "effect"}},
	}}, ""))
	push := w.fake.Pressing(slacktest.Push{By: w.ada, On: &m, Action: w.action(m, "Show it")})
	w.clock.move(10 * time.Second)
	w.taken(w.fake.Deliver(t.Context(), "interactive", push))
	if _, open := w.fake.Open(w.ada); open || strings.Contains(w.fake.Wire(), "canary-pass") {
		t.Error("it was shown, or sent")
	}
	w.taken(w.fake.Push(t.Context(), slacktest.Push{By: w.ada, On: &m, Action: w.action(m, "Show it")}))
	w.until("she sees it", func() bool {
		v, open := w.fake.Open(w.ada)
		return open && strings.Contains(strings.Join(v.Seen().Lines, " "), "canary-pass")
	})
	w.fine()
}

// TestOrganisation has the workspace belong to an organisation. Its people are ours if
// they are in our workspace; those of its other workspaces are not.
func TestOrganisation(t *testing.T) {
	w := openWith(t, slacktest.Options{Enterprise: "E0ORG00001"}, nil)
	other := w.add(slacktest.Person{Name: "Ora Other", Team: "T0OTHER001"})
	press := func(p *slacktest.Person, lie map[string]any) {
		t.Helper()
		w.clock.move(time.Minute)
		m := w.message(w.admins, w.send(w.inAdmins(), "card/"+p.ID, bot.Message{Title: "A case", Actions: []bot.Action{bot.Choose{Label: "Claim", Key: "k"}}}, ""))
		w.taken(w.fake.Push(t.Context(), slacktest.Push{By: p, On: &m, Action: w.action(m, "Claim"), Lie: lie}))
	}
	w.says(other, w.fake.Direct(other), slacktest.Words{Text: "let me in"})
	w.says(other, w.fake.Direct(other), slacktest.Words{Text: "let me in", Lie: map[string]any{"team": w.fake.Team, "user_team": w.fake.Team}})
	press(other, map[string]any{"team": nil, "enterprise": map[string]any{"id": "E0ORG00001"}})
	press(w.bob, map[string]any{"team": nil, "enterprise": map[string]any{"id": "E0OTHER001"}})
	press(w.bob, map[string]any{"team": nil, "enterprise": nil})
	if n := len(w.inbox.Events()); n != 0 {
		t.Fatalf("it is %d events: %+v", n, w.last())
	}
	w.says(w.ada, w.fake.Direct(w.ada), slacktest.Words{Text: "hello", Lie: map[string]any{"team": "E0ORG00001"}})
	press(w.pia, map[string]any{"team": nil, "enterprise": map[string]any{"id": "E0ORG00001"}})
	if n := len(w.inbox.Events()); n != 2 {
		t.Errorf("it is %d events; the log says\n%s", n, w.logged())
	}
}
