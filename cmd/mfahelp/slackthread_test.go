package main

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"mfahelp/bot"
	"mfahelp/bot/slack/slacktest"
)

// atAdmins brings somebody's case to the admins' channel, and returns who it is
// of and its card.
func (s *slackTheatre) atAdmins(sample string) (*slacktest.Person, slacktest.Message) {
	s.Helper()
	f, err := s.tenant.Fail(sample)
	if err != nil {
		s.Fatal(err)
	}
	who := s.people[short(f.UPN)]
	s.took(s.fake.Say(s.Context(), who, s.fake.Direct(who), slacktest.Words{Text: f.Text}))
	return who, s.card()
}

// card is the newest message of the admins' channel that hangs from no other.
func (s *slackTheatre) card() (card slacktest.Message) {
	s.Helper()
	for _, m := range s.fake.Messages(s.admins) {
		if m.Thread == "" && m.From == nil && m.To == nil {
			card = m
		}
	}
	if card.TS == "" {
		s.Fatal("no case is in the admins' channel")
	}
	return card
}

// reads is all that somebody sees in a channel.
func (s *slackTheatre) reads(p *slacktest.Person, c *slacktest.Channel) string {
	var all []string
	for _, x := range s.fake.See(p, c) {
		all = append(all, x.Title)
		all = append(all, x.Lines...)
	}
	return strings.Join(all, "\n")
}

// TestMarksInSlack has two admins use reactions, and somebody who is in the
// channel and no admin.
func TestMarksInSlack(t *testing.T) {
	s := openSlackTheatre(t)
	who, card := s.atAdmins("blocked")
	first, second := s.admins.Members[0], s.admins.Members[1]
	guest := s.people["ben.novak"]
	if guest == who || slices.Contains(s.admins.Members, guest) {
		t.Fatal("ben is to be nobody special")
	}
	s.fake.Change(func() { s.admins.Members = append(s.admins.Members, guest) })
	react := func(p *slacktest.Person, on slacktest.Message, name string) {
		t.Helper()
		s.took(s.fake.React(t.Context(), p, on, name))
	}
	before := s.reads(guest, s.admins)
	react(guest, card, "eyes")
	react(guest, card, "white_check_mark")
	if got := s.reads(guest, s.admins); got != before {
		t.Errorf("after somebody who is no admin reacted, they read\n%s", got)
	}
	react(first, card, "eyes")
	if got := s.reads(first, s.admins); !strings.Contains(got, "With @"+first.Name) {
		t.Errorf("after the first reacted, they read\n%s", got)
	}
	react(second, card, "eyes")
	const taken = " already has this case"
	if got := s.reads(second, s.admins); !strings.Contains(got, first.Name+taken) {
		t.Errorf("the second reads\n%s", got)
	}
	if got := s.reads(first, s.admins); strings.Contains(got, taken) {
		t.Errorf("what is told to one is read by the other\n%s", got)
	}
	evidence := slices.IndexFunc(s.fake.Messages(s.admins), func(m slacktest.Message) bool { return m.Thread == card.TS && m.From == nil })
	react(second, s.fake.Messages(s.admins)[evidence], "white_check_mark")
	if got := s.reads(who, s.fake.Direct(who)); !strings.Contains(got, "Your case is closed") {
		t.Errorf("after a check mark in the thread, the employee reads\n%s", got)
	}
	react(second, card, "tada")
	if got := s.reads(first, s.admins); !strings.Contains(got, "Fixed by an admin") {
		t.Errorf("at the end the admins read\n%s", got)
	}
}

// TestRelayInSlack has an admin and an employee write to each other, each in
// their own place. What is among the admins stays there.
func TestRelayInSlack(t *testing.T) {
	s := openSlackTheatre(t)
	who, card := s.atAdmins("blocked")
	admin := s.admins.Members[0]
	says := func(text string) {
		t.Helper()
		s.took(s.fake.Say(t.Context(), admin, s.admins, slacktest.Words{Text: text, Thread: card.TS}))
	}
	says("Which phone is it?\nnote: SECRET-ONE sounds odd")
	says("note: SECRET-TWO")
	says("*NOTE:* SECRET-THREE\nand SECRET-FOUR")
	got := s.reads(who, s.fake.Direct(who))
	if !strings.Contains(got, "Which phone is it?") || strings.Contains(got, "SECRET") || strings.Contains(got, admin.Name) {
		t.Errorf("the employee reads\n%s", got)
	}
	s.took(s.fake.Say(t.Context(), who, s.fake.Direct(who), slacktest.Words{Text: "The new one <!channel> & <@U0P0000001>"}))
	thread := slices.DeleteFunc(s.fake.Messages(s.admins), func(m slacktest.Message) bool { return m.Thread != card.TS })
	last := thread[len(thread)-1]
	if got := s.reads(admin, s.admins); !strings.Contains(got, "The new one <!channel> &") || last.From != nil {
		t.Errorf("the admins read\n%s", got)
	}
	// What Slack would take for a mention stands only where it looks for none.
	b, err := json.Marshal(last.Blocks)
	if err != nil || strings.Contains(last.Text, "<!channel>") || !strings.Contains(string(b), `{"text":"The new one \u003c!channel`) {
		t.Errorf("what somebody wrote may call everybody: %s, %s, %v", last.Text, b, err)
	}
	bystander := s.people["ben.novak"]
	if got := s.reads(bystander, s.fake.Direct(bystander)); strings.Contains(got, "phone") {
		t.Errorf("somebody else reads\n%s", got)
	}
}

// TestScreenshotsInSlack: what an employee sends along is kept as a reference and
// told of in the thread, and nobody fetches it; what an admin attaches stays, and
// they are told that it does.
func TestScreenshotsInSlack(t *testing.T) {
	s := openSlackTheatre(t)
	f, err := s.tenant.Fail("blocked")
	if err != nil {
		t.Fatal(err)
	}
	who, shot := s.people[short(f.UPN)], func(id, name string) []slacktest.File {
		return []slacktest.File{{ID: id, Name: name, Type: "image/png", Content: []byte("not a picture")}}
	}
	home := s.fake.Direct(who)
	s.took(s.fake.Say(t.Context(), who, home, slacktest.Words{Text: f.Text, Files: shot("F0FIRST001", "<!channel>.png")}))
	card := s.card()
	s.took(s.fake.Say(t.Context(), who, home, slacktest.Words{Files: shot("F0SECOND01", "second.png")}))
	admin := s.admins.Members[0]
	got := s.reads(admin, s.admins)
	for _, want := range []string{"read by nobody yet: <!channel>.png", who.Name + " adds", "in their chat with me: second.png"} {
		if !strings.Contains(got, want) {
			t.Errorf("the admins do not read %q in\n%s", want, got)
		}
	}
	cases, err := s.app.store.Own(t.Context(), bot.Person{Platform: "slack", ID: who.ID, Identity: bot.Identity{Tenant: s.tenant.ID(), ObjectID: f.UserID}})
	if err != nil || len(cases) != 1 || len(cases[0].Files) != 2 || cases[0].Files[0].Ref != "F0FIRST001" || cases[0].Files[1].Size != 13 {
		t.Errorf("what is kept is %+v, %v", cases, err)
	}
	s.took(s.fake.Say(t.Context(), admin, s.admins, slacktest.Words{Text: "Look at this", Thread: card.TS, Files: shot("F0THIRD001", "third.png")}))
	if got := s.reads(who, home); !strings.Contains(got, "Look at this") || strings.Contains(got, "third.png") {
		t.Errorf("the employee reads\n%s", got)
	}
	if got := s.reads(admin, s.admins); !strings.Contains(got, "The file was not passed on") {
		t.Errorf("the admin reads\n%s", got)
	}
	for _, call := range s.fake.Calls() {
		if strings.HasPrefix(call, "files.") && !strings.Contains(call, "UploadURLExternal") && !strings.Contains(call, "completeUpload") {
			t.Errorf("somebody fetched a file: %s", call)
		}
	}
}
