package main

import (
	"errors"
	"net/http/httptest"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"mfahelp/bot/bottest"
	"mfahelp/bot/teams/teamstest"
	"mfahelp/bot/web/webtest"
	"mfahelp/config"
	"mfahelp/graph/sandbox"
)

// chats are the platforms that a theatre is on, and where its admins are.
type chats struct {
	teams, slack, page bool
	admins             string // "teams", "slack" or "web"
	troubled           bool   // something is to go wrong
}

// A chatTheatre is a theatre whose people are in several chats at once, in one
// process. What it is not in is nil.
type chatTheatre struct {
	*theatre
	teams *teamsTheatre
	slack *slackTheatre
	page  *webtest.Driver
}

// openChats opens one. The platforms are fakes; the wiring is serve's.
func openChats(t *testing.T, on chats) *chatTheatre {
	t.Helper()
	tenant, err := sandbox.New(sandbox.Options{Dir: keyedDir(t), Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	url, err := tenant.Start("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	log, logged := observer.New(zapcore.ErrorLevel)
	srv := httptest.NewUnstartedServer(nil)
	cfg := demoConfig(tenant, url, t.TempDir(), "http://"+srv.Listener.Addr().String())
	cfg.Admins.Channel = config.Channel{Platform: on.admins, ID: adminsPlace.ID}
	s := &chatTheatre{}
	if on.teams {
		s.teams = hireTeams(t, teamstest.Options{Tenant: tenant.ID(), Now: tenant.Now}, tenant.People())
		cfg.Teams = teamsConfig(s.teams.fake)
		if on.admins == "teams" {
			cfg.Admins.Channel.ID = s.teams.admins.ID
		}
	}
	if on.slack {
		s.slack = hireSlack(t, tenant)
		cfg.Slack = s.slack.config()
		if on.admins == "slack" {
			cfg.Admins.Channel.ID = s.slack.admins.ID
		}
	}
	var shown *tenantPage
	if on.page {
		shown = demoPage(tenant)
	}
	a, err := newApp(t.Context(), cfg, zap.New(log), tenant.Now, shown)
	if err != nil {
		t.Fatal(err)
	}
	begin := stageDemo
	if on.troubled {
		begin = startDemo
	}
	s.theatre = begin(t, &demo{app: a, tenant: tenant}, srv, logged)
	if s.slack != nil {
		s.slack.join(s.theatre)
		noComplaints(t, on, "Slack", s.slack.fake)
	}
	if s.teams != nil {
		s.teams.join(s.theatre, srv)
		noComplaints(t, on, "Teams", s.teams.fake)
	}
	if on.page {
		if s.page, err = webtest.New(t.Context(), webtest.Options{URL: s.url, Advance: s.advance, Settle: s.settle}); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// driver is the people at one of the chats.
func (s *chatTheatre) driver(platform string) bottest.Driver {
	switch platform {
	case "teams":
		return s.teams.driver()
	case "slack":
		return s.slack.driver()
	}
	return s.page
}

// make has the failure of a sample happen and returns what it shows.
func (s *theatre) make(sample string) (string, error) {
	f, err := s.tenant.Fail(sample)
	if err == nil && f.Text == "" {
		err = errors.New("the failure shows nothing")
	}
	return f.Text, err
}

// noComplaints fails the test for a call that was wrong, unless some are to be.
func noComplaints(t *testing.T, on chats, platform string, of interface{ Complaints() []string }) {
	t.Helper()
	t.Cleanup(func() {
		for _, c := range of.Complaints() {
			if !on.troubled {
				t.Errorf("%s complains: %s", platform, c)
			}
		}
	})
}
