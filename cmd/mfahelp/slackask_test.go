package main

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"mfahelp/bot"
	"mfahelp/bot/bottest"
	"mfahelp/bot/slack/slacktest"
	"mfahelp/graph"
)

// form is what somebody has to fill in in the dialog before them.
func (s *slackTheatre) form(p *slacktest.Person) (slacktest.View, []bottest.Input) {
	v, ok := s.fake.Open(p)
	if !ok {
		return v, nil
	}
	for _, b := range v.Seen().Buttons {
		if len(b.Fields) > 0 {
			return v, b.Fields
		}
	}
	return v, nil
}

// TestAskInSlack uses the command without a word, and chooses one's own failure
// instead of pasting it.
func TestAskInSlack(t *testing.T) {
	s := openSlackTheatre(t)
	f, err := s.tenant.Fail("no-response")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.advance(t.Context(), 30*time.Minute); err != nil {
		t.Fatal(err)
	}
	who, other := s.people[short(f.UPN)], s.people["ben.novak"]
	home := s.fake.Direct(who)
	s.took(s.fake.Command(t.Context(), who, home, "/mfa-help", ""))
	for fields := []bottest.Input(nil); len(fields) != 2; _, fields = s.form(who) {
		select {
		case <-time.After(5 * time.Millisecond):
		case <-t.Context().Done():
			t.Fatal("there is nothing to choose")
		}
	}
	v, fields := s.form(who)
	choice := fields[1].Options[0]
	if !strings.HasPrefix(choice.Label, "AADSTS500121 · ") || len(fields[1].Options) > 8 {
		t.Errorf("they may choose from %+v", fields[1].Options)
	}
	s.took(s.fake.Submit(t.Context(), who, v, map[string]string{"recent": choice.Value}))
	if got := s.reads(who, home); !strings.Contains(got, "No answer to the sign-in request") {
		t.Errorf("they read\n%s", got)
	}
	s.took(s.fake.Command(t.Context(), other, s.fake.Direct(other), "/mfa-help", ""))
	if v, _ := s.form(other); strings.Contains(v.Seen().Title+strings.Join(v.Seen().Lines, ""), choice.Label) {
		t.Error("somebody else may choose it")
	}
}

// TestAskInSlackWithoutGraph: with the tenant gone, the form is there all the same.
func TestAskInSlackWithoutGraph(t *testing.T) {
	s := openSlackTheatre(t)
	if err := s.tenant.Close(); err != nil {
		t.Fatal(err)
	}
	who := s.people["sofia.almeida"]
	d, err := s.fake.Command(t.Context(), who, s.fake.Direct(who), "/mfa-help", "") // over three seconds it is not taken
	if err != nil || !d.Taken() {
		t.Fatalf("got %d, %v", d.Status, err)
	}
	if _, fields := s.form(who); len(fields) != 1 {
		t.Errorf("they may fill in %+v", fields)
	}
}

// TestRecent: only what ended in a failure can be chosen, only by whose it is, and
// who asks again and again takes one request from the tenant.
func TestRecent(t *testing.T) {
	now := time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)
	event := func(visit string, code, minute int) graph.SignIn {
		return graph.SignIn{ID: visit + "-id", CorrelationID: visit, ErrorCode: code, At: now.Add(-time.Duration(minute) * time.Minute), App: "Outlook"}
	}
	asked, fail := 0, error(nil)
	r := &recent{tenant: "t", now: func() time.Time { return now }, lately: func(_ context.Context, user string, since time.Time) (graph.Found, error) {
		asked++
		if user != "o-ada" || now.Sub(since) < recently {
			t.Errorf("%s is asked about since %v", user, since)
		}
		return graph.Found{SignIns: []graph.SignIn{
			event("failed", 500121, 1), event("failed", 50074, 2), event("worked", 0, 3), event("worked", 50074, 4),
			event("paused", 50076, 5), event("barred", 53003, 6),
		}}, fail
	}}
	ada := bot.Person{Identity: bot.Identity{Tenant: "t", ObjectID: "o-ada"}}
	for range 3 {
		m, err := r.view(t.Context(), ada)
		if err != nil || len(m.Actions) != 1 || !m.Personal {
			t.Fatalf("got %+v, %v", m, err)
		}
		var got []string
		for _, o := range m.Actions[0].(bot.Ask).Fields[0].Options {
			got = append(got, o.Label+" | "+o.Value)
		}
		const want = "AADSTS500121 · Outlook · 20 Nov 08:59 UTC | Error Code: 500121 Request Id: failed-id Timestamp: 2026-11-20T08:59:00Z\n" +
			"AADSTS53003 · Outlook · 20 Nov 08:54 UTC | Error Code: 53003 Request Id: barred-id Timestamp: 2026-11-20T08:54:00Z"
		if all := strings.Join(got, "\n"); all != want {
			t.Errorf("they may choose from\n%s", all)
		}
	}
	if asked != 1 {
		t.Errorf("Microsoft is asked %d times", asked)
	}
	for name, p := range map[string]bot.Person{"nobody": {}, "of another tenant": {Identity: bot.Identity{Tenant: "other", ObjectID: "o-ada"}}} {
		if m, err := r.view(t.Context(), p); err != nil || len(m.Actions) != 0 {
			t.Errorf("%s may choose from %+v, %v", name, m, err)
		}
	}
	now, fail = now.Add(2*time.Minute), errors.New("Graph is dead")
	if m, err := r.view(t.Context(), ada); err == nil || len(m.Actions) != 0 || asked != 2 {
		t.Errorf("without an answer they may choose from %+v, %v", m, err)
	}
}
