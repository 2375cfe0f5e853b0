package teams_test

import (
	"fmt"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"mfahelp/bot"
	"mfahelp/bot/bottest"
	"mfahelp/bot/teams"
	"mfahelp/bot/teams/teamstest"
	"mfahelp/secret"
)

// A world is a bot in a Teams of its own.
type world struct {
	*testing.T
	*teams.Teams
	fake   *teamstest.Fake
	inbox  *bottest.Inbox
	memory *bottest.Memory
	log    *observer.ObservedLogs
	clock  *clock

	accepted chan bot.Event // each as it is

	ada, bob, eve *teamstest.Person // two people of the tenant, and its guest
	channel       *teamstest.Room   // where ada and bob are
}

// A clock moves when it is told to.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

func open(t *testing.T) *world { return openWith(t, nil) }

// openWith makes a world whose bot has options of its own.
func openWith(t *testing.T, change func(*world, *teams.Options)) *world {
	t.Helper()
	core, logged := observer.New(zapcore.DebugLevel)
	w := &world{
		T: t, memory: &bottest.Memory{}, log: logged, clock: &clock{at: time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)},
		accepted: make(chan bot.Event, 1000), // more than any test has
	}
	w.inbox = &bottest.Inbox{Answer: func(e bot.Event) { w.accepted <- e }}
	fake, err := teamstest.New(teamstest.Options{Now: w.clock.now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(fake.Close)
	w.fake = fake
	w.ada = fake.Add(teamstest.Person{Name: "Ada Lovelace", Object: "11111111-aaaa-4aaa-8aaa-000000000001", UPN: "Ada@contoso.com", Installed: true})
	w.bob = fake.Add(teamstest.Person{Name: "Bob Kahn", Object: "11111111-aaaa-4aaa-8aaa-000000000002", UPN: "bob@contoso.com", Installed: true})
	w.eve = fake.Add(teamstest.Person{Name: "Eve", Object: "11111111-aaaa-4aaa-8aaa-000000000003", UPN: "eve_fabrikam.com#EXT#@contoso.com", Role: "guest", Installed: true})
	w.channel = fake.AddRoom("channel", "Helpdesk", w.ada, w.bob, w.eve)
	w.restart(zap.New(core), change)
	return w
}

// restart makes the bot anew, with what it kept.
func (w *world) restart(log *zap.Logger, change func(*world, *teams.Options)) {
	w.Helper()
	o := teams.Options{
		App: w.fake.App, Tenant: w.fake.Tenant, Credential: teams.Secret{Text: secret.New(w.fake.Secret)},
		Cloud: teams.Cloud{
			Issuer: teamstest.Issuer, Metadata: w.fake.Metadata(), Login: w.fake.URL, Scope: teamstest.Issuer + "/.default",
			Connectors: []string{w.fake.Host()}, Downloads: []string{w.fake.Host()},
		},
		Inbox: w.inbox, Memory: w.memory, Now: w.clock.now, Log: log, Transport: w.fake.Transport(),
		Wait: 200 * time.Millisecond, Channel: w.channel.ID, Targeted: true,
	}
	if change != nil {
		change(w, &o)
	}
	b, err := teams.New(o)
	if err != nil {
		w.Fatal(err)
	}
	srv := httptest.NewServer(b.Handler())
	w.Cleanup(srv.Close)
	w.Teams = b
	w.fake.Connect(srv.URL, srv.Client())
}

// person is who the platform says somebody is.
func (w *world) person(p *teamstest.Person) bot.Person {
	return bot.Person{
		Platform: "teams", ID: p.ID, Name: p.Name, Locale: "en-US",
		Identity: bot.Identity{Tenant: w.fake.Tenant, ObjectID: p.Object, Email: strings.ToLower(p.UPN)},
	}
}

func (w *world) direct(p *teamstest.Person) bot.Place {
	return bot.Place{Platform: "teams", ID: w.fake.Chat(p).ID, Private: true, Audience: bot.Direct, Reader: p.ID}
}

func (w *world) inChannel() bot.Place {
	return bot.Place{Platform: "teams", ID: w.channel.ID, Private: true}
}

// say says something in somebody's own chat, so that the bot knows them.
func (w *world) say(p *teamstest.Person, text string) {
	w.Helper()
	w.says(p, w.fake.Chat(p), teamstest.Words{Text: text}, 200)
}

func (w *world) says(p *teamstest.Person, in *teamstest.Room, what teamstest.Words, want int) {
	w.Helper()
	d, err := w.fake.Say(w.Context(), p, in, what)
	if err != nil || d.Status != want {
		w.Fatalf("the bot answered %d, %v; want %d", d.Status, err, want)
	}
}

// send posts m and returns its ref.
func (w *world) send(to bot.Place, key string, m bot.Message, ref string) string {
	w.Helper()
	got, err := w.Send(w.Context(), bot.Post{To: to, Key: key, Message: m}, ref)
	if err != nil {
		w.Fatalf("sending %s: %v", key, err)
	}
	return got
}

// fine fails the test if a call was wrong.
func (w *world) fine() {
	w.Helper()
	for _, c := range w.fake.Complaints() {
		w.Errorf("Teams complains: %s", c)
	}
}

// lastEvent is what was accepted last.
func (w *world) lastEvent() bot.Event {
	w.Helper()
	all := w.inbox.Events()
	if len(all) == 0 {
		w.Fatal("nothing was accepted")
	}
	return all[len(all)-1]
}

// logged returns the reasons in the log, as one text.
func (w *world) logged() string {
	var s string
	for _, e := range w.log.All() {
		s += e.Message
		for k, v := range e.ContextMap() {
			s += " " + k + "=" + fmt.Sprint(v)
		}
		s += "\n"
	}
	return s
}

var nopLog = zap.NewNop()
