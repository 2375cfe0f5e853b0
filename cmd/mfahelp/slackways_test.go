package main

import (
	"strings"
	"testing"
	"time"

	"mfahelp/bot/slack/slacktest"
)

// among adds a channel in which everybody is.
func (s *slackTheatre) among() *slacktest.Channel {
	var all []*slacktest.Person
	for _, p := range s.people {
		all = append(all, p)
	}
	return s.fake.AddChannel(slacktest.Channel{Name: "general", Members: all})
}

// ours are the messages of the bot in a channel, whoever sees them.
func (s *slackTheatre) ours(c *slacktest.Channel) (all []slacktest.Message) {
	for _, m := range s.fake.Messages(c) {
		if m.From == nil {
			all = append(all, m)
		}
	}
	return all
}

// TestMentionInSlack calls the bot in a channel. Each time the answer is in
// private, and the thread says that it is, and nothing of what it says.
func TestMentionInSlack(t *testing.T) {
	s := openSlackTheatre(t)
	f, err := s.tenant.Fail("no-response")
	if err != nil {
		t.Fatal(err)
	}
	who, general := s.people[short(f.UPN)], s.among()
	home := s.fake.Direct(who)
	for i, test := range []struct{ text, answer string }{
		{f.Text, "No answer to the sign-in request"}, {"thanks, still nothing", "Did it help?"},
	} {
		s.took(s.fake.Say(t.Context(), who, general, slacktest.Words{Text: test.text, Mention: true}))
		asked := s.fake.Messages(general)
		said := s.ours(general)
		if len(said) != i+1 {
			t.Fatalf("after %q the channel has %d messages of the bot", test.text, len(said))
		}
		last := said[i]
		if last.Thread == "" || last.Thread != asked[len(asked)-2].TS || last.To != nil || !strings.Contains(last.Text, "I wrote to you in private") {
			t.Errorf("after %q it is said %+v", test.text, last)
		}
		if got := s.reads(who, home); !strings.Contains(got, test.answer) {
			t.Errorf("after %q they read\n%s", test.text, got)
		}
	}
	bystander := s.people["ben.novak"]
	if got := s.reads(bystander, general); strings.Contains(got, "No answer") || strings.Contains(got, "Pixel") {
		t.Errorf("the others read\n%s", got)
	}
}

// TestCommandAmongOthersInSlack uses the command with an error in a channel: it is
// looked up at once, and who used it is told where the answer is.
func TestCommandAmongOthersInSlack(t *testing.T) {
	s := openSlackTheatre(t)
	f, err := s.tenant.Fail("no-response")
	if err != nil {
		t.Fatal(err)
	}
	who, general := s.people[short(f.UPN)], s.among()
	s.took(s.fake.Command(t.Context(), who, general, "/mfa-help", f.Text))
	if got := s.reads(who, s.fake.Direct(who)); !strings.Contains(got, "No answer to the sign-in request") {
		t.Errorf("they read\n%s", got)
	}
	s.took(s.fake.Command(t.Context(), who, general, "/mfa-help", "status"))
	said := s.ours(general)
	if len(said) != 2 || said[0].To != who || said[1].To != who {
		t.Fatalf("in the channel it is said %+v", said)
	}
	if !strings.Contains(said[0].Text, "I wrote to you in private") || !strings.Contains(said[1].Text, "AADSTS500121") {
		t.Errorf("in the channel it is said %q, %q", said[0].Text, said[1].Text)
	}
}

// TestFormAmongOthersInSlack fills in the form of a command, in a channel in which
// the bot is not: who did is told there where the answer is, and not where it is.
func TestFormAmongOthersInSlack(t *testing.T) {
	s := openSlackTheatre(t)
	f, err := s.tenant.Fail("no-response")
	if err != nil {
		t.Fatal(err)
	}
	who, general := s.people[short(f.UPN)], s.among()
	s.fake.Change(func() { general.NoBot = true })
	s.took(s.fake.Command(t.Context(), who, general, "/mfa-help", ""))
	form, _ := s.form(who)
	s.took(s.fake.Submit(t.Context(), who, form, map[string]string{"text": f.Text}))
	if said := s.ours(general); len(said) != 1 || said[0].To != who || !strings.Contains(said[0].Text, "I wrote to you in private") {
		t.Errorf("in the channel it is said %+v", said)
	}
	if got := s.reads(who, s.fake.Direct(who)); !strings.Contains(got, "No answer to the sign-in request") || strings.Contains(got, "I wrote to you") {
		t.Errorf("they read\n%s", got)
	}
}

// TestShortcutOnAnothersError uses the shortcut on what somebody else pasted. Who
// used it is answered by the code alone; of the account that it is about they learn
// nothing, its owner is told nothing, and no case of theirs is opened.
func TestShortcutOnAnothersError(t *testing.T) {
	s := openSlackTheatre(t)
	f, err := s.tenant.Fail("fraud")
	if err != nil {
		t.Fatal(err)
	}
	owner, who, general := s.people[short(f.UPN)], s.people["sofia.almeida"], s.among()
	s.took(s.fake.Say(t.Context(), owner, general, slacktest.Words{Text: f.Text})) // to the others, not to the bot
	pasted := s.fake.Messages(general)[0]
	s.took(s.fake.Shortcut(t.Context(), who, pasted))
	if err := s.advance(t.Context(), 20*time.Minute); err != nil {
		t.Fatal(err)
	}
	got := s.reads(who, s.fake.Direct(who))
	if !strings.Contains(got, "The log has no such sign-in of this account") {
		t.Errorf("who used it reads\n%s", got)
	}
	for _, bad := range []string{owner.Name, "Bergen", "iPhone", "Reykjav", "fraud", "Sent to your admins"} {
		if strings.Contains(got, bad) {
			t.Errorf("who used it reads of %q:\n%s", bad, got)
		}
	}
	if said := s.ours(general); len(said) != 1 || said[0].To != who || !strings.Contains(said[0].Text, "I wrote to you in private") {
		t.Errorf("in the channel it is said %+v", said)
	}
	if got := s.reads(owner, s.fake.Direct(owner)); got != "" || len(s.fake.Messages(s.admins)) != 0 {
		t.Errorf("its owner reads %q, and the admins have %+v", got, s.fake.Messages(s.admins))
	}
	s.took(s.fake.Shortcut(t.Context(), owner, pasted)) // on their own error it is theirs
	if got := s.reads(owner, s.fake.Direct(owner)); !strings.Contains(got, "Sent to your admins") {
		t.Errorf("its owner reads\n%s", got)
	}
}

// TestShortcutAmongAdmins uses the shortcut in the thread of a case, on what stands
// among the admins alone. None of it reaches the employee: it is an error to look
// up, or nothing.
func TestShortcutAmongAdmins(t *testing.T) {
	s := openSlackTheatre(t)
	who, card := s.atAdmins("blocked")
	admin := s.admins.Members[0]
	before := s.reads(who, s.fake.Direct(who))
	s.took(s.fake.Say(t.Context(), admin, s.admins, slacktest.Words{Text: "note: I do not trust them", Thread: card.TS}))
	for _, m := range s.fake.Messages(s.admins) {
		m.Text = strings.TrimPrefix(m.Text, "note: ") // the words alone, without what keeps them
		s.took(s.fake.Shortcut(t.Context(), admin, m))
	}
	if got := s.reads(who, s.fake.Direct(who)); got != before {
		t.Errorf("the employee reads\n%s\nbefore it was\n%s", got, before)
	}
}
