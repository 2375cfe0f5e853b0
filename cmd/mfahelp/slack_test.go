package main

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

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
	known  map[string]string            // whose account in the directory each is, by their ids
}

// openSlackTheatre opens one that is in Slack alone.
func openSlackTheatre(t *testing.T) *slackTheatre {
	t.Helper()
	return openChats(t, chats{slack: true, admins: "slack"}).slack
}

// hireSlack makes a Slack with a tenant's people in it.
func hireSlack(t *testing.T, tenant *sandbox.Tenant) *slackTheatre {
	t.Helper()
	fake := slacktest.New(slacktest.Options{Now: tenant.Now})
	t.Cleanup(fake.Close)
	s := &slackTheatre{T: t, fake: fake, people: map[string]*slacktest.Person{}, known: map[string]string{}}
	var admins []*slacktest.Person
	for i, p := range tenant.People() {
		// Whom Slack knows to be a guest is refused before anything is said. In
		// the dialogue, only the directory knows it.
		id := short(p.UPN)
		s.people[id] = fake.Add(slacktest.Person{ID: fmt.Sprintf("U0P%07d", i+1), Name: p.Name, Email: id + "@contoso.com", Locale: p.Language})
		s.known[s.people[id].ID] = p.ID
		if slices.Contains(p.Groups, sandbox.AdminsGroup) {
			admins = append(admins, s.people[id])
		}
	}
	s.admins = fake.AddChannel(slacktest.Channel{Name: "helpdesk", Private: true, Members: admins})
	return s
}

// config is the section that leads there.
func (s *slackTheatre) config() config.Slack {
	return config.Slack{
		On: true, BotToken: secret.New(s.fake.BotToken), SigningSecret: secret.New(s.fake.SigningSecret), API: s.fake.URL, People: s.known,
	}
}

// join connects the two.
func (s *slackTheatre) join(t *theatre) {
	s.theatre = t
	s.listen()
	s.fake.Connect(s.url + slackPath)
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
		Make:  func(_ context.Context, sample string) (string, error) { return s.make(sample) },
	})
}
