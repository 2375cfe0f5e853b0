package main

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"mfahelp/bot/bottest"
	"mfahelp/bot/slack/slacktest"
	"mfahelp/config"
	"mfahelp/graph/sandbox"
	"mfahelp/secret"
)

// TestDialoguesInSlack has every conversation in Slack: the events, presses and
// forms that it would send come in over HTTP with their signatures, and the
// blocks go out to a Slack that takes no wrong one.
func TestDialoguesInSlack(t *testing.T) {
	bottest.Play(t, func(t *testing.T) bottest.Driver {
		t.Parallel()
		s := openSlackTheatre(t)
		d := s.driver()
		return showing{signing{d, s.theatre}, d}
	})
}

// A slackTheatre is a theatre in a Slack.
type slackTheatre struct {
	*theatre
	*testing.T
	fake   *slacktest.Fake
	admins *slacktest.Channel
	people map[string]*slacktest.Person // by what the dialogues call them
}

func openSlackTheatre(t *testing.T) *slackTheatre {
	t.Helper()
	tenant, err := sandbox.New(sandbox.Options{Dir: keyedDir(t), Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	url, err := tenant.Start("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	fake := slacktest.New(slacktest.Options{Now: tenant.Now})
	t.Cleanup(fake.Close)
	s := &slackTheatre{T: t, fake: fake, people: map[string]*slacktest.Person{}}
	known := map[string]string{}
	var admins []*slacktest.Person
	for i, p := range tenant.People() {
		// Whom Slack knows to be a guest is refused before anything is said. In
		// the dialogue, only the directory knows it.
		id := short(p.UPN)
		s.people[id] = fake.Add(slacktest.Person{ID: fmt.Sprintf("U0P%07d", i+1), Name: p.Name, Email: id + "@contoso.com", Locale: p.Language})
		known[s.people[id].ID] = p.ID
		if slices.Contains(p.Groups, sandbox.AdminsGroup) {
			admins = append(admins, s.people[id])
		}
	}
	s.admins = fake.AddChannel(slacktest.Channel{Name: "helpdesk", Private: true, Members: admins})

	log, logged := observer.New(zapcore.ErrorLevel)
	srv := httptest.NewUnstartedServer(nil)
	cfg := demoConfig(tenant, url, t.TempDir(), "http://"+srv.Listener.Addr().String())
	cfg.Slack = config.Slack{On: true, BotToken: secret.New(fake.BotToken), SigningSecret: secret.New(fake.SigningSecret), API: fake.URL, People: known}
	cfg.Admins.Channel = config.Channel{Platform: "slack", ID: s.admins.ID}
	a, err := newApp(t.Context(), cfg, zap.New(log), tenant.Now, nil)
	if err != nil {
		t.Fatal(err)
	}
	s.theatre = stageDemo(t, &demo{app: a, tenant: tenant}, srv, logged)
	s.listen()
	fake.Connect(s.url + slackPath)
	t.Cleanup(func() {
		for _, c := range fake.Complaints() {
			t.Errorf("Slack complains: %s", c)
		}
	})
	return s
}

// listen lets the bot find out who it is.
func (s *slackTheatre) listen() {
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.app.runSlack(ctx) }()
	s.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			s.Error(err)
		}
	})
	for s.app.slack.Ready() != nil {
		select {
		case err := <-ended:
			s.Fatalf("the bot ended: %v", err)
		case <-time.After(5 * time.Millisecond):
		}
	}
}

func (s *slackTheatre) driver() *slacktest.Driver {
	return slacktest.NewDriver(slacktest.DriverOptions{
		Fake: s.fake, Admins: s.admins, People: s.people, Advance: s.advance, Settle: s.settle,
		Admin: func(id string) bool { return slices.Contains(s.admins.Members, s.people[id]) },
		Make: func(_ context.Context, sample string) (string, error) {
			f, err := s.tenant.Fail(sample)
			if err == nil && f.Text == "" {
				err = errors.New("the failure shows nothing")
			}
			return f.Text, err
		},
	})
}
