package slack

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/slack-go/slack"
	"go.uber.org/zap"

	"mfahelp/bot"
	"mfahelp/secret"
	"mfahelp/words"
)

const platform = "slack"

// Options is what the app needs from the rest of the program, and from whoever
// runs it.
type Options struct {
	BotToken      secret.Text // xoxb-…
	AppToken      secret.Text // xapp-…, for Socket Mode; empty for HTTP
	SigningSecret secret.Text // for HTTP; empty for Socket Mode
	API           string      // where Slack's methods are, with a slash at the end; Slack's own if ""

	Inbox     bot.Inbox
	Memory    bot.Memory
	Directory bot.Directory                      // whose account somebody has, by a list that an operator wrote; it must be quick
	Secrets   bot.Secrets                        // nil tells none
	Posts     Posts                              // where messages are that lists lead to; nil leads nowhere
	Views     bot.Views                          // what somebody may choose from who asks for help; nil for nothing
	Words     func(locale string) *words.Printer // nil for the ordinary ones

	Tenant string // of the accounts that Field names
	Field  string // id of the profile field that holds somebody's object id; "" for none
	Mail   Mail   // the last resort

	Admins string // id of the admins' channel; "" for none
	Locale string // what that channel speaks

	Sockets  int // how many connections this program holds; 2 if 0, so that one is there while Slack renews the other
	Replicas int // how many programs hold as many; 1 if 0

	Silence time.Duration // without a ping of Slack's, after which a connection is opened anew; 30 seconds if 0
	Again   time.Duration // until Slack is asked anew what it refused for good; a minute if 0

	Now  func() time.Time
	Log  *zap.Logger
	HTTP *http.Client // nil for one with limits
}

// Mail finds accounts by the address that somebody has in Slack. In a workspace
// without single sign-on people choose that themselves, so an account found by
// it must never be one that may decide about others: Find has to refuse those.
type Mail struct {
	Domains []string // of addresses that are asked about; none switches it off
	Find    func(ctx context.Context, address string) (bot.Identity, error)
}

// Posts tells where a post stands, by its key, and what its ref is there; false for
// one that was not sent.
type Posts interface {
	Where(ctx context.Context, key string) (in bot.Place, ref string, ok bool, err error)
}

// Slack is the app. It is a [bot.Platform] and a [bot.Reacher].
type Slack struct {
	o       Options
	log     *zap.Logger
	api     *slack.Client
	wire    *wire
	pace    *pace
	people  people
	forms   forms
	once    once
	sent    outgoing
	admins  adminsChannel
	ears    ears
	self    atomic.Pointer[self]  // nil until Slack has said who we are
	dead    atomic.Pointer[error] // what Slack says of the bot's token; nil while that is good
	doubt   chan struct{}         // has something in it when that has just ended
	started atomic.Bool           // whether it is known what the admins' channel is, or that this must wait

	filling   sync.WaitGroup // dialogs that wait for what is secret in them
	unchosen  chan openForm  // forms that lack their choices
	fieldSafe atomic.Bool    // only the directory fills the profile field
	direct    sync.Map       // direct conversations, by whom they are with
}

// self is who we are in the workspace.
type self struct {
	user, bot, team, enterprise string
	url                         string // of the workspace, with a slash at its end
}

var (
	_ bot.Platform = (*Slack)(nil)
	_ bot.Reacher  = (*Slack)(nil)
)

// New returns an app that has not asked Slack for anything yet; see [Slack.Run].
func New(o Options) *Slack {
	o.API = cmp.Or(o.API, slack.APIURL)
	o.Sockets, o.Replicas = cmp.Or(o.Sockets, 2), cmp.Or(o.Replicas, 1)
	o.Silence, o.Again = cmp.Or(o.Silence, 30*time.Second), cmp.Or(o.Again, time.Minute)
	if o.Words == nil {
		o.Words = func(locale string) *words.Printer { return &words.Printer{Locale: locale} }
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = zap.NewNop()
	}
	s := &Slack{o: o, log: o.Log, pace: newPace(o.Now), forms: forms{memory: o.Memory}, once: once{now: o.Now}, doubt: make(chan struct{}, 1), unchosen: make(chan openForm, mostChoices)}
	s.wire = newWire(o, s.pace)
	s.api = slack.New(o.BotToken.Reveal(),
		slack.OptionAPIURL(o.API), slack.OptionAppLevelToken(o.AppToken.Reveal()),
		slack.OptionHTTPClient(s.wire), slack.OptionLog(zap.NewStdLog(o.Log)),
	)
	s.people = people{slack: s}
	s.admins = adminsChannel{slack: s, id: o.Admins, look: make(chan struct{}, 1)}
	return s
}

// Name is what places and people in Slack say for their platform.
func (s *Slack) Name() string { return platform }

const (
	checkEvery  = 10 * time.Minute // the admins' channel, and that the token is good
	rosterEvery = time.Hour
)

// Run works until ctx ends. It returns an error at once if the set-up cannot
// work: a wrong token, an admins' channel that others can read. What goes wrong
// later ends [Slack.Ready] and is waited for.
func (s *Slack) Run(ctx context.Context) error {
	held, err := s.start(ctx)
	if err != nil {
		return err
	}
	s.started.Store(true)
	defer s.filling.Wait()
	var wg sync.WaitGroup
	defer wg.Wait()
	wg.Go(func() {
		s.every(ctx, 0, rosterEvery, nil, func(ctx context.Context) error {
			defer s.admins.lookAround() // which asks for each of them, unless they are known
			return s.people.load(ctx)
		})
	})
	wg.Go(func() { s.every(ctx, rosterEvery, rosterEvery, s.admins.look, s.admins.tellReaders) })
	wg.Go(func() { s.check(ctx, held) })
	for range choosers {
		wg.Go(func() { s.choose(ctx) })
	}
	if s.o.AppToken.Reveal() != "" {
		for range s.o.Sockets {
			wg.Go(func() { s.listen(ctx) })
		}
	}
	<-ctx.Done()
	return nil
}

// check asks now and then whether all is as it was at the start, and at once when
// the token is no longer good, or when it was not told yet what the admins'
// channel is.
func (s *Slack) check(ctx context.Context, held bool) {
	first := checkEvery
	if held {
		first = 0
	}
	s.every(ctx, first, checkEvery, s.doubt, func(ctx context.Context) error { return errors.Join(s.hello(ctx), s.admins.check(ctx)) })
}

// start finds out who we are, and what the admins' channel is, which it may leave
// for later: then it is held. While Slack does not answer it goes on asking.
func (s *Slack) start(ctx context.Context) (held bool, err error) {
	for wait := time.Second; ; wait = min(2*wait, time.Minute) {
		err := s.hello(ctx)
		if err == nil {
			err = s.admins.check(ctx)
		}
		var now *bot.BusyError
		switch {
		case ctx.Err() != nil:
			return false, nil //nolint:nilerr // it was told to end
		case err == nil || s.self.Load() != nil && !s.isDead() && errors.As(err, &now):
			return err != nil, nil
		case s.isDead() || !errors.As(err, &now):
			return false, err
		}
		s.log.Error("Slack does not answer", zap.Error(err), zap.Duration("again", wait))
		if !sleep(ctx, wait) {
			return false, nil
		}
	}
}

// hello asks Slack who we are, which it tells only with a token that is good.
func (s *Slack) hello(ctx context.Context) error {
	r, err := s.api.AuthTestContext(ctx)
	if err != nil {
		return s.failed("auth.test", err)
	}
	s.introduced(r)
	if s.dead.Swap(nil) != nil {
		s.log.Info("Slack takes our token again")
	}
	return nil
}

func (s *Slack) introduced(r *slack.AuthTestResponse) {
	s.self.Store(&self{user: r.UserID, bot: r.BotID, team: r.TeamID, enterprise: r.EnterpriseID, url: r.URL})
}

// every calls do now and then, beginning after first, and whenever something is in
// now. It says what goes wrong.
func (s *Slack) every(ctx context.Context, first, d time.Duration, now <-chan struct{}, do func(context.Context) error) {
	t := time.NewTimer(first)
	defer t.Stop()
	soon := now
	for {
		select {
		case <-t.C:
		case <-soon:
		case <-ctx.Done():
			return
		}
		next := d
		soon = now
		if err := do(ctx); err != nil && ctx.Err() == nil {
			s.log.Error("Slack could not be asked", zap.Error(err))
			next, soon = min(d, s.o.Again), nil // lest what goes wrong asks for itself to be done again
		}
		t.Reset(next)
	}
}

// sleep reports whether it came to its end before ctx did.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// errStarting is why nothing is taken yet.
var errStarting = errors.New("slack: not told yet who we are, or what the admins' channel is")

// Ready reports why nothing can be taken or sent, if that is so.
func (s *Slack) Ready() error {
	if err := s.known(); err != nil {
		return err
	}
	if s.o.AppToken.Reveal() != "" {
		return s.ears.deaf()
	}
	return nil
}

// known reports why Slack cannot be asked for anything, if that is so. What was
// heard before is answered though nothing more is heard.
func (s *Slack) known() error {
	if err := s.dead.Load(); err != nil {
		return *err
	}
	if s.self.Load() == nil || !s.started.Load() {
		return errStarting
	}
	return nil
}

func (s *Slack) isDead() bool { return s.dead.Load() != nil }

// words are those for one person.
func (s *Slack) words(p bot.Person) *words.Printer { return s.o.Words(p.Locale) }
