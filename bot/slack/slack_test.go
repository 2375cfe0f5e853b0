package slack_test

import (
	"context"
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
	"mfahelp/bot/slack"
	"mfahelp/bot/slack/slacktest"
	"mfahelp/secret"
)

// A world is a bot in a Slack of its own.
type world struct {
	*testing.T
	*slack.Slack
	fake   *slacktest.Fake
	inbox  *bottest.Inbox
	memory *bottest.Memory
	vault  *vault
	list   list
	log    *observer.ObservedLogs
	clock  *clock
	url    string // where requests go

	ada, bob, pia   *slacktest.Person // an employee, another, and an admin
	admins, general *slacktest.Channel
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

// A list is what an operator wrote about who is who.
type list map[string]bot.Identity

// Identify looks.
func (l list) Identify(_ context.Context, _, id string) (bot.Identity, error) { return l[id], nil }

// A vault tells each secret once, to one person.
type vault struct {
	mu   sync.Mutex
	left map[string]string // by whom it is for
	slow chan struct{}     // closed when the tenant answers; nil if it does at once
}

// Reveal tells it.
func (v *vault) Reveal(_ context.Context, _ bot.Reveal, to bot.Person) (string, bool) {
	if v.slow != nil {
		<-v.slow
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	s, ok := v.left[to.ID]
	delete(v.left, to.ID)
	return s, ok
}

const tenant = "6f1d9a3e-2b57-4c8e-9a40-1d7f5b2c8e63"

// open makes a world, and starts its bot over HTTP.
func open(t *testing.T) *world { return openWith(t, slacktest.Options{}, nil) }

// openWith makes a world whose Slack and whose bot have options of their own.
func openWith(t *testing.T, s slacktest.Options, change func(*world, *slack.Options)) *world {
	t.Helper()
	w := prepare(t, s)
	w.start(change)
	return w
}

// prepare makes a world without a bot.
func prepare(t *testing.T, s slacktest.Options) *world {
	t.Helper()
	w := &world{
		T: t, inbox: &bottest.Inbox{}, memory: &bottest.Memory{}, vault: &vault{left: map[string]string{}}, list: list{},
		clock: &clock{at: time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)},
	}
	s.Now = w.clock.now
	w.fake = slacktest.New(s)
	t.Cleanup(w.fake.Close)
	w.ada = w.add(slacktest.Person{Name: "Ada Okoro", Email: "ada@contoso.com", Locale: "en-GB"})
	w.bob = w.add(slacktest.Person{Name: "Bob Berg", Email: "bob@contoso.com"})
	w.pia = w.add(slacktest.Person{Name: "Pia Ramm", Email: "pia@contoso.com"})
	w.admins = w.fake.AddChannel(slacktest.Channel{Name: "helpdesk", Private: true, Members: []*slacktest.Person{w.pia, w.bob}})
	w.general = w.fake.AddChannel(slacktest.Channel{Name: "general", Members: []*slacktest.Person{w.ada, w.bob, w.pia}})
	return w
}

// add gives somebody an account in Slack, and one in the directory.
func (w *world) add(p slacktest.Person) *slacktest.Person {
	added := w.fake.Add(p)
	w.list[added.ID] = bot.Identity{Tenant: tenant, ObjectID: fmt.Sprintf("11111111-aaaa-4aaa-8aaa-%012s", added.ID[3:])}
	return added
}

func (w *world) options() slack.Options {
	core, logged := observer.New(zapcore.DebugLevel)
	w.log = logged
	return slack.Options{
		BotToken: secret.New(w.fake.BotToken), SigningSecret: secret.New(w.fake.SigningSecret), API: w.fake.URL,
		Inbox: w.inbox, Memory: w.memory, Directory: w.list, Secrets: w.vault, Tenant: tenant,
		Admins: w.admins.ID, Locale: "en", Now: w.clock.now, Log: zap.New(core),
	}
}

// start makes the bot, with what was kept before, and waits until it is ready.
func (w *world) start(change func(*world, *slack.Options)) {
	w.Helper()
	sockets := false
	w.Slack = w.make(func(w *world, o *slack.Options) {
		if change != nil {
			change(w, o)
		}
		sockets = o.AppToken.Reveal() != ""
	})
	w.run(w.Slack)
	if !sockets {
		srv := httptest.NewServer(w.Handler())
		w.Cleanup(srv.Close)
		w.url = srv.URL
		w.fake.Connect(srv.URL)
	}
	w.until("it is ready", func() bool { return w.Ready() == nil })
}

// make makes a bot that nobody runs yet.
func (w *world) make(change func(*world, *slack.Options)) *slack.Slack {
	o := w.options()
	if change != nil {
		change(w, &o)
	}
	return slack.New(o)
}

// run runs a bot until the test ends.
func (w *world) run(s *slack.Slack) {
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	w.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			w.Errorf("the bot ended: %v", err)
		}
	})
}

// until waits for something that another goroutine does. Its limit is no claim:
// it only ends a test that would never.
func (w *world) until(what string, ok func() bool) {
	w.Helper()
	for range 2000 {
		if ok() {
			return
		}
		time.Sleep(5 * time.Millisecond) //nolint:forbidigo // what is waited for sends no signal
	}
	w.Fatalf("waited in vain until %s; the log says\n%s", what, w.logged())
}

// person is who the platform says somebody is.
func (w *world) person(p *slacktest.Person) bot.Person {
	return bot.Person{Platform: "slack", ID: p.ID, Name: p.Name, Locale: p.Locale, Identity: w.list[p.ID]}
}

func (w *world) direct(p *slacktest.Person) bot.Place {
	return bot.Place{Platform: "slack", ID: w.fake.Direct(p).ID, Private: true, Audience: bot.Direct, Reader: p.ID}
}

func (w *world) inAdmins() bot.Place {
	return bot.Place{Platform: "slack", ID: w.admins.ID, Private: true}
}

// says says something, and wants it to be taken.
func (w *world) says(p *slacktest.Person, c *slacktest.Channel, what slacktest.Words) {
	w.Helper()
	w.taken(w.fake.Say(w.Context(), p, c, what))
}

// taken fails the test for what was not taken.
func (w *world) taken(d slacktest.Delivery, err error) slacktest.Delivery {
	w.Helper()
	if err != nil || !d.Taken() {
		w.Fatalf("it was not taken: %d %s, %v; the log says\n%s", d.Status, d.Body, err, w.logged())
	}
	return d
}

// send posts m and returns its ref.
func (w *world) send(to bot.Place, key string, m bot.Message, ref string) string {
	w.Helper()
	return w.post(bot.Post{To: to, Key: key, Message: m}, ref)
}

func (w *world) post(p bot.Post, ref string) string {
	w.Helper()
	got, err := w.Send(w.Context(), p, ref)
	if err != nil {
		w.Fatalf("sending %s: %v", p.Key, err)
	}
	return got
}

// fine fails the test if a call was wrong.
func (w *world) fine() {
	w.Helper()
	for _, c := range w.fake.Complaints() {
		w.Errorf("Slack complains: %s", c)
	}
}

// last is the event that was accepted last.
func (w *world) last() bot.Event {
	w.Helper()
	all := w.inbox.Events()
	if len(all) == 0 {
		w.Fatalf("nothing was accepted; the log says\n%s", w.logged())
	}
	return all[len(all)-1]
}

// logged returns all of the log, as one text.
func (w *world) logged() string {
	var s strings.Builder
	for _, e := range w.log.All() {
		s.WriteString(e.Level.String() + " " + e.Message)
		for k, v := range e.ContextMap() {
			fmt.Fprintf(&s, " %s=%v", k, v)
		}
		s.WriteString("\n")
	}
	return s.String()
}
