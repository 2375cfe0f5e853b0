package main

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"mfahelp/bot/slack/slacktest"
)

// home lets somebody open the app's page in Slack, and returns what stands there.
func (s *slackTheatre) home(p *slacktest.Person) (page map[string]any, text string) {
	s.Helper()
	s.took(s.fake.OpenHome(s.Context(), p))
	page = s.fake.Page(p)
	b, err := json.Marshal(page["blocks"])
	if err != nil || page == nil {
		s.Fatalf("%s has no page: %v", p.Name, err)
	}
	return page, string(b)
}

// page is what stands on somebody's page now.
func (s *slackTheatre) page(p *slacktest.Person) string {
	s.Helper()
	b, err := json.Marshal(s.fake.Page(p)["blocks"])
	if err != nil {
		s.Fatal(err)
	}
	return string(b)
}

// took wants something to be taken, and does what follows from it.
func (s *slackTheatre) took(d slacktest.Delivery, err error) {
	s.Helper()
	if err != nil || !d.Taken() {
		s.Fatalf("it was not taken: %d %s, %v", d.Status, d.Body, err)
	}
	if err := s.settle(s.Context()); err != nil {
		s.Fatal(err)
	}
}

// TestHomeInSlack asks for help from the App Home, and finds the case there, and
// in an admin's.
func TestHomeInSlack(t *testing.T) {
	s := openSlackTheatre(t)
	f, err := s.tenant.Fail("blocked")
	if err != nil {
		t.Fatal(err)
	}
	who, admin := s.people[short(f.UPN)], s.admins.Members[0]
	page, text := s.home(who)
	if !strings.Contains(text, "You have no cases") || strings.Contains(text, "Open cases") {
		t.Errorf("the page says\n%s", text)
	}
	blocks, _ := page["blocks"].([]any)
	button, err := slacktest.Button(blocks, "Get help")
	if err != nil {
		t.Fatal(err)
	}
	s.took(s.fake.Push(t.Context(), slacktest.Push{By: who, Action: button}))
	form, ok := s.fake.Open(who)
	if !ok {
		t.Fatal("no form opened")
	}
	s.took(s.fake.Submit(t.Context(), who, form, map[string]string{"text": f.Text}))
	if seen := s.fake.See(who, s.fake.Direct(who)); len(seen) != 1 || seen[0].Title != "Sent to your admins" {
		t.Errorf("in their own conversation there is %+v", seen)
	}
	if err := s.advance(t.Context(), time.Minute); err != nil { // and it is there while they look
		t.Fatal(err)
	}
	if text := s.page(who); !strings.Contains(text, "with your admins") {
		t.Errorf("the page that is open says\n%s", text)
	}
	if _, text = s.home(who); !strings.Contains(text, "with your admins") {
		t.Errorf("their page says\n%s", text)
	}
	if _, text = s.home(admin); !strings.Contains(text, "Open cases: 1") || !strings.Contains(text, who.Name) {
		t.Errorf("the admin's page says\n%s", text)
	}
	link := "/archives/" + s.admins.ID + "/p" + strings.Replace(s.card().TS, ".", "", 1)
	if !strings.Contains(text, link) || strings.Contains(s.page(who), link) {
		t.Errorf("the admin's page does not lead to %s, or the employee's does:\n%s", link, text)
	}
	own := "/archives/" + s.fake.Direct(who).ID + "/p"
	if text := s.page(who); !strings.Contains(text, own) {
		t.Errorf("the employee's page does not lead to %s:\n%s", own, text)
	}
}
