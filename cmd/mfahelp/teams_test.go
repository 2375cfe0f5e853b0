package main

import (
	"context"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"mfahelp/bot/bottest"
	"mfahelp/bot/teams/teamstest"
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
		s := openTeamsTheatre(t)
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

// openTeamsTheatre opens one that is in Teams alone.
func openTeamsTheatre(t *testing.T) *teamsTheatre {
	t.Helper()
	return openChats(t, chats{teams: true, admins: "teams"}).teams
}

// hireTeams makes a Teams with a tenant's people in it.
func hireTeams(t *testing.T, o teamstest.Options, all []sandbox.Person) *teamsTheatre {
	t.Helper()
	fake, err := teamstest.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(fake.Close)
	s := &teamsTheatre{T: t, fake: fake, people: map[string]*teamstest.Person{}}
	var admins []*teamstest.Person
	for _, p := range all {
		// Whom Teams knows to be a guest is refused before anything is said. In
		// the dialogue, only the directory knows it.
		id := short(p.UPN)
		s.people[id] = fake.Add(teamstest.Person{Name: p.Name, Object: p.ID, UPN: id + "@contoso.com", Locale: p.Language, Installed: true})
		if slices.Contains(p.Groups, sandbox.AdminsGroup) {
			admins = append(admins, s.people[id])
		}
	}
	s.admins = fake.AddRoom("channel", "Helpdesk", admins...)
	return s
}

// join connects the two.
func (s *teamsTheatre) join(t *theatre, srv *httptest.Server) {
	s.theatre = t
	s.fake.Connect(s.url+teamsPath, srv.Client())
	if _, err := s.fake.Install(s.Context(), s.people["priya.raman"], s.admins); err != nil {
		s.Fatal(err)
	}
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
		Admin:   func(id string) bool { return slices.Contains(s.admins.Members, s.people[id]) },
		Make:    func(_ context.Context, sample string) (string, error) { return s.make(sample) },
		Passing: []string{printer("").Say("teams.taken"), printer("").Say("teams.answered")},
	})
}

// TestTeamsViews has somebody in the admins' channel who may not work on cases:
// they see how a case stands and nothing to press, and a press by them, made up,
// does nothing.
func TestTeamsViews(t *testing.T) {
	s := openTeamsTheatre(t)
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

// TestTeamsViewsOfAReset has three look at one card of a reset: who may approve
// it sees the button; an admin whom the policy does not name sees why not; and
// whoever is no admin sees how it stands.
func TestTeamsViewsOfAReset(t *testing.T) {
	s := openTeamsTheatre(t)
	d, err := bottest.Parse("views.txt", `# A reset that waits for approval
grace says "hello"
aiko says "I lost my phone"
aiko presses "My phone is gone"
bot to grace: title "Aiko Sato wants to sign in again"
grace signs in at "I spoke to them: sign in and confirm" with authenticator
admins see in thread: title "a reset waits for approval"; offers "Approve…"
`)
	if err != nil {
		t.Fatal(err)
	}
	driver := signing{s.driver(), s.theatre}
	if err := d.Run(t.Context(), driver); err != nil {
		t.Fatal(err)
	}
	s.admins.Members = append(s.admins.Members, s.people["ben.novak"])
	for _, test := range []struct {
		who, says     string
		approve, deny bool
	}{
		{"priya.raman", "", true, true},
		{"oscar.reyes", "You cannot approve this: the policy does not name you", false, true},
		{"ben.novak", "", false, false},
	} {
		all, err := driver.Read(t.Context(), bottest.Someone{ID: test.who}, bottest.Admins)
		i := slices.IndexFunc(all, func(m bottest.Seen) bool { return strings.Contains(m.Title, "a reset waits for approval") })
		if err != nil || i < 0 {
			t.Fatalf("%s sees %+v, %v", test.who, all, err)
		}
		offers := func(label string) bool {
			return slices.ContainsFunc(all[i].Buttons, func(b bottest.Button) bool { return b.Label == label })
		}
		if offers("Approve…") != test.approve || offers("Deny") != test.deny || !strings.Contains(strings.Join(all[i].Lines, "\n"), test.says) {
			t.Errorf("%s sees %+v", test.who, all[i])
		}
	}
}

// TestTeamsIsBusyInTheMiddle has Teams refuse calls for a while, in every way that
// passes, in the middle of a case: what is seen in the end, by the employee and by
// the admins, is what is seen without, in the same order and once.
func TestTeamsIsBusyInTheMiddle(t *testing.T) {
	played := func(faults ...teamstest.Fault) (all []string) {
		s := openChats(t, chats{teams: true, admins: "teams", troubled: true})
		d, dmitri, priya := s.driver("teams"), bottest.Someone{ID: "dmitri.volkov"}, bottest.Someone{ID: "priya.raman"}
		text, err := s.make("blocked")
		if err == nil {
			err = d.Say(t.Context(), dmitri, bottest.Direct, "", "hello")
		}
		for _, x := range faults {
			s.teams.fake.Fail(x)
		}
		for i, say := range []func() error{
			func() error { return d.Say(t.Context(), dmitri, bottest.Direct, "", text) },
			func() error { return d.Say(t.Context(), dmitri, bottest.Direct, "", "Is anybody there?") },
			func() error { return d.Say(t.Context(), dmitri, bottest.Direct, "", "It is urgent.") },
		} {
			if err == nil {
				err = say()
			}
			if err == nil {
				err = s.advance(t.Context(), time.Minute)
			}
			if err != nil {
				t.Fatalf("step %d: %v", i, err)
			}
		}
		for who, in := range map[bottest.Someone]bottest.Room{dmitri: bottest.Direct, priya: bottest.Admins} {
			seen, err := d.Read(t.Context(), who, in)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range seen {
				all = append(all, who.ID+" sees "+m.Title+" "+strings.Join(m.Lines[:min(1, len(m.Lines))], ""))
			}
		}
		slices.SortStableFunc(all, func(a, b string) int { return strings.Compare(a[:5], b[:5]) })
		return all
	}
	want := played()
	if len(want) < 6 {
		t.Fatalf("there is little to see: %q", want)
	}
	later := http.Header{"Retry-After": {"3"}}
	for name, x := range map[string]teamstest.Fault{
		"too many": {Status: 429, Header: later}, "somebody else changed it": {Status: 412}, "a gateway": {Status: 502}, "not now": {Status: 503, Header: later},
		"a gateway's patience": {Status: 504, Header: later}, "the line is cut": {},
	} {
		x.Times = 3
		post, put := x, x
		post.Method, put.Method = http.MethodPost, http.MethodPut
		if got := played(post, put); !slices.Equal(got, want) {
			t.Errorf("%s: they see\n%s\nwant\n%s", name, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
}
