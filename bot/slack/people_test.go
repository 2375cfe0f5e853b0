package slack_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"mfahelp/bot"
	"mfahelp/bot/slack"
	"mfahelp/bot/slack/slacktest"
)

const (
	objectField = "Xf0OBJECT01"
	byHand      = "Xf0BYHAND01"
	anObject    = "5d2e8f4b-1c6a-4937-8e05-b9f3a7d21c48"
	another     = "a94c2f60-7e1b-4d38-95c7-3f8b6e0d2a51"
)

// found is who the directory says has an address, and what it was asked.
type found struct {
	who   map[string]bot.Identity
	err   error
	asked []string
}

func (f *found) find(_ context.Context, address string) (bot.Identity, error) {
	f.asked = append(f.asked, address)
	return f.who[address], f.err
}

// TestWhoIsWho knows people by what an operator wrote, else by the field that the
// directory fills, else by a confirmed address of a domain that is listed; and by
// nothing else. Whoever is not known is listened to, and is nobody.
func TestWhoIsWho(t *testing.T) {
	listed, filled, mailed := bot.Identity{Tenant: tenant, ObjectID: another}, bot.Identity{Tenant: tenant, ObjectID: anObject}, bot.Identity{Tenant: tenant, ObjectID: "o-mail", Email: "eve@contoso.com"}
	for _, test := range []struct {
		name    string
		person  slacktest.Person
		listed  bool
		field   string
		domains []string
		err     error
		want    bot.Identity
	}{
		{name: "by the list", listed: true, want: listed},
		{name: "by the list before all else", person: slacktest.Person{Email: "eve@contoso.com", Fields: map[string]string{objectField: anObject}}, listed: true, field: objectField, domains: []string{"contoso.com"}, want: listed},
		{name: "by the field", person: slacktest.Person{Fields: map[string]string{objectField: " " + strings.ToUpper(anObject) + " "}}, field: objectField, want: filled},
		{name: "by the field before the address", person: slacktest.Person{Email: "eve@contoso.com", Fields: map[string]string{objectField: anObject}}, field: objectField, domains: []string{"contoso.com"}, want: filled},
		{name: "by no field that people fill in", person: slacktest.Person{Fields: map[string]string{byHand: anObject}}, field: byHand},
		{name: "nor by the address then", person: slacktest.Person{Email: "eve@contoso.com", Fields: map[string]string{byHand: anObject}}, field: byHand, domains: []string{"contoso.com"}},
		{name: "by no field that is not there", person: slacktest.Person{Fields: map[string]string{"Xf0GONE0001": anObject}}, field: "Xf0GONE0001"},
		{name: "by no field that is not set", person: slacktest.Person{Fields: map[string]string{objectField: anObject}}},
		{name: "by no name in the field", person: slacktest.Person{Fields: map[string]string{objectField: "eve@contoso.com"}}, field: objectField},
		{name: "by the address", person: slacktest.Person{Email: "Eve@Contoso.com"}, domains: []string{"contoso.com"}, want: mailed},
		{name: "by no address unless that is on", person: slacktest.Person{Email: "eve@contoso.com"}},
		{name: "by no address of another domain", person: slacktest.Person{Email: "eve@contoso.com"}, domains: []string{"fabrikam.com"}},
		{name: "by no address below the domain", person: slacktest.Person{Email: "eve@contoso.com.evil.example"}, domains: []string{"contoso.com"}},
		{name: "by no address of a domain that ends alike", person: slacktest.Person{Email: "eve@evilcontoso.com"}, domains: []string{"contoso.com"}},
		{name: "by no address with two signs", person: slacktest.Person{Email: "eve@evil.example@contoso.com"}, domains: []string{"contoso.com"}},
		{name: "by no address that was never confirmed", person: slacktest.Person{Email: "eve@contoso.com", Unproven: true}, domains: []string{"contoso.com"}},
		{name: "by no address while the directory does not say", person: slacktest.Person{Email: "eve@contoso.com"}, domains: []string{"contoso.com"}, err: errors.New("Graph is dead")},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := &found{who: map[string]bot.Identity{"eve@contoso.com": mailed}, err: test.err}
			w := openWith(t, slacktest.Options{}, func(w *world, o *slack.Options) {
				w.fake.AddField(slacktest.Field{ID: objectField, Label: "Object id", Directory: true})
				w.fake.AddField(slacktest.Field{ID: byHand, Label: "My id"})
				o.Field, o.Mail = test.field, slack.Mail{Domains: test.domains, Find: f.find}
			})
			test.person.Name = "Eve Example"
			eve := w.fake.Add(test.person)
			if test.listed {
				w.list[eve.ID] = listed
			}
			w.says(eve, w.fake.Direct(eve), slacktest.Words{Text: "Error Code: 500121"})
			if got := w.last().From; got.Identity != test.want || got.ID != eve.ID {
				t.Errorf("got %+v, want %+v; the log says\n%s", got.Identity, test.want, w.logged())
			}
			if len(f.asked) > 0 && test.want != mailed && test.err == nil {
				t.Errorf("the directory was asked for %q", f.asked)
			}
			if strings.Contains(w.logged(), "eve@contoso.com") {
				t.Errorf("the log has the address:\n%s", w.logged())
			}
		})
	}
}

// TestAFieldIsAskedOnce: Slack tells few profiles in a minute, so what one said is
// kept, and outlives an hour in which Slack says nothing.
func TestAFieldIsAskedOnce(t *testing.T) {
	w := openWith(t, slacktest.Options{}, func(w *world, o *slack.Options) {
		w.fake.AddField(slacktest.Field{ID: objectField, Label: "Object id", Directory: true})
		o.Field = objectField
	})
	eve := w.fake.Add(slacktest.Person{Name: "Eve Example", Fields: map[string]string{objectField: anObject}})
	want := bot.Identity{Tenant: tenant, ObjectID: anObject}
	says := func() {
		t.Helper()
		w.says(eve, w.fake.Direct(eve), slacktest.Words{Text: "hello"})
		if got := w.last().From.Identity; got != want {
			t.Errorf("got %+v; the log says\n%s", got, w.logged())
		}
	}
	profiles := func() int {
		return len(slices.DeleteFunc(w.fake.Calls(), func(m string) bool { return m != "users.profile.get" }))
	}
	says()
	says()
	if n := profiles(); n != 1 {
		t.Errorf("Slack was asked for the profile %d times", n)
	}
	w.clock.move(70 * time.Minute)
	w.fake.Fail(slacktest.Fault{Method: "users.profile.get", Status: 503})
	says()
	w.clock.move(25 * time.Hour)
	want = bot.Identity{}
	w.fake.Fail(slacktest.Fault{Method: "users.profile.get", Status: 503})
	says()
}

// TestFailsClosed: while Slack does not say who somebody is, nothing of theirs is
// taken, by whichever way it comes; what Slack sends again is taken then.
func TestFailsClosed(t *testing.T) {
	w := open(t)
	w.until("everybody is known", func() bool { return slices.Contains(w.fake.Calls(), "users.list") })
	mine := w.message(w.admins, w.send(w.inAdmins(), "card", bot.Message{Title: "A case", Actions: []bot.Action{bot.Choose{Label: "Claim", Key: "k"}}}, ""))
	late := w.add(slacktest.Person{Name: "Lee Late"})
	w.fake.Change(func() { w.admins.Members = append(w.admins.Members, late) })
	for way, do := range map[string]func() (slacktest.Delivery, error){
		"message": func() (slacktest.Delivery, error) {
			return w.fake.Say(t.Context(), late, w.fake.Direct(late), slacktest.Words{Text: "let me in"})
		},
		"mention": func() (slacktest.Delivery, error) {
			return w.fake.Say(t.Context(), late, w.general, slacktest.Words{Text: "let me in", Mention: true})
		},
		"reply": func() (slacktest.Delivery, error) {
			return w.fake.Say(t.Context(), late, w.admins, slacktest.Words{Text: "let me in", Thread: mine.TS})
		},
		"command": func() (slacktest.Delivery, error) {
			return w.fake.Command(t.Context(), late, w.general, "/mfa-help", "status")
		},
		"press": func() (slacktest.Delivery, error) {
			return w.fake.Push(t.Context(), slacktest.Push{By: late, On: &mine, Action: w.action(mine, "Claim")})
		},
		"shortcut": func() (slacktest.Delivery, error) { return w.fake.Shortcut(t.Context(), late, mine) },
		"form":     func() (slacktest.Delivery, error) { return w.fake.Submit(t.Context(), late, formOf(w, late), nil) },
		"page":     func() (slacktest.Delivery, error) { return w.fake.OpenHome(t.Context(), late) },
		"reaction": func() (slacktest.Delivery, error) { return w.fake.React(t.Context(), late, mine, "eyes") },
	} {
		w.fake.Fail(slacktest.Fault{Method: "users.info", Status: 503, Times: 2})
		d, err := do()
		if err != nil || d.Taken() || len(w.inbox.Events()) != 0 {
			t.Errorf("%s: got %d, %v, and %d events", way, d.Status, err, len(w.inbox.Events()))
		}
		w.fake.Calm()
	}
	w.says(late, w.fake.Direct(late), slacktest.Words{Text: "let me in"})
	if n := len(w.inbox.Events()); n != 1 {
		t.Errorf("once Slack says who they are, it is %d events", n)
	}
}

// TestLeaves: somebody who is deactivated is out from the moment at which Slack
// tells, though they were known a moment ago.
func TestLeaves(t *testing.T) {
	w := open(t)
	w.says(w.bob, w.fake.Direct(w.bob), slacktest.Words{Text: "hello"})
	w.taken(w.fake.Happen(t.Context(), map[string]any{
		"type": "user_change", "user": map[string]any{"id": w.bob.ID, "team_id": w.fake.Team, "deleted": true, "real_name": "Bob Berg"},
	}, ""))
	w.says(w.bob, w.fake.Direct(w.bob), slacktest.Words{Text: "let me back in"})
	if n := len(w.inbox.Events()); n != 1 {
		t.Errorf("it is %d events", n)
	}
}

// TestOldNews has Slack tell again what it told before somebody became a guest, and
// what cannot be read. Neither makes them one of ours again.
func TestOldNews(t *testing.T) {
	w := open(t)
	w.until("everybody is known", func() bool { // what is still being read may be older than what cannot be read
		_, _, _, err := w.Reach(t.Context(), bot.Identity{Tenant: tenant, ObjectID: "00000000-0000-4000-8000-00000000dead"})
		return err == nil
	})
	before := w.fake.Become(w.bob, func() { w.bob.Name = "Bob B. Berg" })
	w.taken(w.fake.Happen(t.Context(), before, "Ev0000001"))
	w.taken(w.fake.Happen(t.Context(), w.fake.Become(w.bob, func() { w.bob.Guest = true }), "Ev0000002"))
	w.taken(w.fake.Redeliver(t.Context(), "events_api", w.fake.Envelope(before, "Ev0000001"), 1))
	w.says(w.bob, w.fake.Direct(w.bob), slacktest.Words{Text: "let me back in"})
	if n := len(w.inbox.Events()); n != 0 {
		t.Errorf("old news let them in: it is %d events", n)
	}

	w.says(w.ada, w.fake.Direct(w.ada), slacktest.Words{Text: "hello"})
	w.fake.Change(func() { w.ada.Deleted = true })
	w.taken(w.fake.Happen(t.Context(), map[string]any{"type": "user_change", "user": map[string]any{"id": w.ada.ID, "deleted": "yes"}}, ""))
	w.says(w.ada, w.fake.Direct(w.ada), slacktest.Words{Text: "let me back in"})
	if n := len(w.inbox.Events()); n != 1 {
		t.Errorf("it is %d events; the log says\n%s", n, w.logged())
	}
}
