package main

import (
	"context"
	"errors"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"mfahelp/bot"
	"mfahelp/bot/bottest"
	"mfahelp/bot/teams/teamstest"
	"mfahelp/bot/web/webtest"
	"mfahelp/config"
	"mfahelp/graph/sandbox"
	"mfahelp/secret"
)

// TestDialoguesInTeams has every conversation in Teams: the activities that it
// would send come in over HTTP with their tokens, and the cards go out to a
// connector that takes no wrong one.
func TestDialoguesInTeams(t *testing.T) {
	bottest.Play(t, func(t *testing.T) bottest.Driver {
		t.Parallel()
		s := openTeamsTheatre(t, false, "teams")
		return signing{s.driver(), s.theatre}
	})
}

// A teamsTheatre is a theatre in a Teams.
type teamsTheatre struct {
	*theatre
	*testing.T
	fake   *teamstest.Fake
	admins *teamstest.Room
	people map[string]*teamstest.Person // by what the dialogues call them
}

// openTeamsTheatre opens one, with the page beside it or not, and with the
// admins' channel on one of the two.
func openTeamsTheatre(t *testing.T, page bool, adminsOn string) *teamsTheatre {
	t.Helper()
	tenant, err := sandbox.New(sandbox.Options{Dir: keyedDir(t), Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	url, err := tenant.Start("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	fake, err := teamstest.New(teamstest.Options{Tenant: tenant.ID(), Now: tenant.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(fake.Close)
	s := &teamsTheatre{T: t, fake: fake, people: map[string]*teamstest.Person{}}
	var admins []*teamstest.Person
	for _, p := range tenant.People() {
		// Whom Teams knows to be a guest is refused before anything is said. In
		// the dialogue, only the directory knows it.
		id := short(p.UPN)
		s.people[id] = fake.Add(teamstest.Person{Name: p.Name, Object: p.ID, UPN: id + "@contoso.com", Locale: p.Language, Installed: true})
		if slices.Contains(p.Groups, sandbox.AdminsGroup) {
			admins = append(admins, s.people[id])
		}
	}
	s.admins = fake.AddRoom("channel", "Helpdesk", admins...)

	log, logged := observer.New(zapcore.ErrorLevel)
	srv := httptest.NewUnstartedServer(nil)
	cfg := demoConfig(tenant, url, t.TempDir(), "http://"+srv.Listener.Addr().String())
	cfg.Teams = teamsConfig(fake)
	cfg.Admins.Channel = config.Channel{Platform: "teams", ID: s.admins.ID}
	var shown *tenantPage
	if page {
		shown = demoPage(tenant)
	}
	if adminsOn != "teams" {
		cfg.Admins.Channel = config.Channel{Platform: adminsOn, ID: adminsPlace.ID}
	}
	a, err := newApp(t.Context(), cfg, zap.New(log), tenant.Now, shown)
	if err != nil {
		t.Fatal(err)
	}
	s.theatre = stageDemo(t, &demo{app: a, tenant: tenant}, srv, logged)
	fake.Connect(s.url+teamsPath, srv.Client())
	if _, err := fake.Install(t.Context(), s.people["priya.raman"], s.admins); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for _, c := range fake.Complaints() {
			t.Errorf("Teams complains: %s", c)
		}
	})
	return s
}

// teamsConfig is the section that leads to a fake.
func teamsConfig(f *teamstest.Fake) config.Teams {
	return config.Teams{
		On: true, AppID: f.App, Tenant: f.Tenant, Tenants: []string{f.Tenant}, Credential: config.Credential{Secret: secret.New(f.Secret)},
		Cloud: config.TeamsCustom, Targeted: true,
		Endpoints: config.TeamsEndpoints{
			Issuer: teamstest.Issuer, Metadata: f.Metadata(), Login: f.URL, Scope: teamstest.Issuer + "/.default",
			Connectors: []string{f.Host()}, Downloads: []string{f.Host()}, CA: f.CA(),
		},
	}
}

func (s *teamsTheatre) driver() *teamstest.Driver {
	return teamstest.NewDriver(teamstest.DriverOptions{
		Fake: s.fake, Admins: s.admins, People: s.people, Advance: s.advance, Settle: s.settle,
		Admin: func(id string) bool { return slices.Contains(s.admins.Members, s.people[id]) },
		Make: func(_ context.Context, sample string) (string, error) {
			f, err := s.tenant.Fail(sample)
			if err == nil && f.Text == "" {
				err = errors.New("the failure shows nothing")
			}
			return f.Text, err
		},
		Passing: []string{printer("").Say("teams.taken"), printer("").Say("teams.answered")},
	})
}

// TestTeamsAndPage has one case on two platforms: asked about in one, decided in
// the other, once.
func TestTeamsAndPage(t *testing.T) {
	for _, test := range []struct{ asked, decided string }{{"teams", "web"}, {"web", "teams"}} {
		t.Run("asked in "+test.asked+", decided in "+test.decided, func(t *testing.T) {
			t.Parallel()
			s := openTeamsTheatre(t, true, test.decided)
			page, err := webtest.New(t.Context(), webtest.Options{URL: s.url, Advance: s.advance, Settle: s.settle})
			if err != nil {
				t.Fatal(err)
			}
			two := &twoDrivers{Driver: s.driver(), other: page}
			if test.decided == "web" {
				two.admins = true
			} else {
				two.direct = true
			}
			d, err := bottest.Parse("two.txt", `# Asked in one place, decided in another
make no-response
sofia says <paste>
sofia fills "Still stuck" words="My phone is in the river."
admins see: title "Sofia Almeida"; says "My phone is in the river."; offers "Claim"
priya presses "Claim" in admins
tomasz presses "Claim" again in admins
admins see: title "Priya Raman already has this case"
priya replies "Come to room 2.14."
bot to sofia: says "Come to room 2.14."
sofia says "on my way"
admins see in thread: says "on my way"
priya fills "Resolve" outcome="Fixed by an admin" text="All done." in admins
mei presses "Claim" again in admins
admins see: title "This case is settled"
bot to sofia earlier: title "Your case is closed"; says "All done."; status good
bot to priya: nothing
`)
			if err != nil {
				t.Fatal(err)
			}
			if err := d.Run(t.Context(), two); err != nil {
				t.Error(err)
			}
			n, err := s.app.store.Count(t.Context(), s.identity("priya.raman"), "escalate.claimed", time.Time{})
			if m, e := s.app.store.Count(t.Context(), s.identity("tomasz.wojcik"), "escalate.claimed", time.Time{}); n != 1 || m != 0 || err != nil || e != nil {
				t.Errorf("it was taken %d times by the first and %d times by the second: %v, %v", n, m, err, e)
			}
		})
	}
}

func (s *teamsTheatre) identity(id string) bot.Identity {
	return bot.Identity{Tenant: s.fake.Tenant, ObjectID: s.people[id].Object}
}

// twoDrivers are people who use two platforms: some of the rooms are on another.
type twoDrivers struct {
	bottest.Driver
	other          bottest.Driver
	direct, admins bool // whether it is there
}

func (d *twoDrivers) in(r bottest.Room) bottest.Driver {
	if r == bottest.Admins && d.admins || r == bottest.Direct && d.direct {
		return d.other
	}
	return d.Driver
}

func (d *twoDrivers) Say(ctx context.Context, who bottest.Someone, in bottest.Room, thread, text string) error {
	return d.in(in).Say(ctx, who, in, thread, text)
}

func (d *twoDrivers) Press(ctx context.Context, who bottest.Someone, in bottest.Room, on bottest.Seen, b bottest.Button, fields map[string]string) error {
	return d.in(in).Press(ctx, who, in, on, b, fields)
}

func (d *twoDrivers) Read(ctx context.Context, who bottest.Someone, in bottest.Room) ([]bottest.Seen, error) {
	return d.in(in).Read(ctx, who, in)
}

// TestTeamsViews has somebody in the admins' channel who may not work on cases:
// they see how a case stands and nothing to press, and a press by them, made up,
// does nothing.
func TestTeamsViews(t *testing.T) {
	s := openTeamsTheatre(t, false, "teams")
	ben := s.people["ben.novak"]
	s.admins.Members = append(s.admins.Members, ben)
	d := s.driver()
	text, err := d.Make(t.Context(), "blocked")
	if err == nil {
		err = d.Say(t.Context(), bottest.Someone{ID: "dmitri.volkov"}, bottest.Direct, "", text)
	}
	if err != nil {
		t.Fatal(err)
	}
	card := func(id string) bottest.Seen {
		t.Helper()
		all, err := d.Read(t.Context(), bottest.Someone{ID: id}, bottest.Admins)
		if err != nil || len(all) == 0 {
			t.Fatalf("%s sees %+v, %v", id, all, err)
		}
		return all[0]
	}
	admins, others := card("priya.raman"), card("ben.novak")
	if len(admins.Buttons) == 0 || len(others.Buttons) != 0 || others.Title != admins.Title || others.Status != admins.Status {
		t.Errorf("an admin sees %+v, and somebody else %+v", admins, others)
	}
	if err := d.Press(t.Context(), bottest.Someone{ID: "ben.novak"}, bottest.Admins, admins, admins.Buttons[0], nil); err != nil {
		t.Error(err)
	}
	if after := card("priya.raman"); !slices.Equal(after.Lines, admins.Lines) {
		t.Errorf("a press of somebody else changed the card from %q to %q", admins.Lines, after.Lines)
	}
}
