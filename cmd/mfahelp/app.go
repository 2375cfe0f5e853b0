package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"go.uber.org/zap"

	"mfahelp/bot"
	"mfahelp/bot/slack"
	"mfahelp/bot/teams"
	"mfahelp/bot/web"
	"mfahelp/config"
	"mfahelp/flows"
	"mfahelp/flows/escalate"
	"mfahelp/flows/help"
	"mfahelp/flows/home"
	"mfahelp/flows/lookup"
	"mfahelp/graph"
	"mfahelp/graph/msgraph"
	"mfahelp/graph/signins"
	"mfahelp/store"
	"mfahelp/words"
)

// An app is the program, wired: what serve and demo both run. It is the one
// place that knows every room.
type app struct {
	cfg     config.Config
	log     *zap.Logger
	now     func() time.Time
	graph   *msgraph.Client
	signIns *signins.Service
	recent  *recent
	store   *store.Store
	web     *web.Web     // nil if the page is off
	slack   *slack.Slack // nil if the bot is not in Slack
	teams   *teams.Teams // nil if the bot is not in Teams
	desk    *lookup.Desk
	resets  *resets // nil if nobody's account is ever changed
	strip   *strip
	pages   *tenantPage // nil if the page is off
	serving func()      // called when people can come; nil if nobody wants to know
}

// A tenantPage is what the web page needs to know of a pretend tenant.
type tenantPage struct {
	People  []web.Person
	Samples []web.Sample
	Make    func(ctx context.Context, sample string) (string, error)

	Links map[string]string // where Microsoft's own addresses lead in this tenant

	Budget signins.Budget // of its reports; nil for what Microsoft grants

	SignIn     http.Handler // the tenant's own pages, below SignInPath; nil if they are elsewhere
	SignInPath string
}

// newApp opens the store and wires the rooms. Nothing is served or sent yet;
// see [app.Run].
func newApp(ctx context.Context, cfg config.Config, log *zap.Logger, now func() time.Time, page *tenantPage) (*app, error) {
	a := &app{cfg: cfg, log: log, now: now, pages: page, strip: &strip{now: now, words: printer("")}}
	client, err := msgraph.New(graphOptions(cfg.Tenant, now, a.strip.called))
	if err != nil {
		return nil, fmt.Errorf("preparing Microsoft Graph: %w", err)
	}
	a.graph = client
	a.store, err = store.Open(ctx, store.Options{
		URL: cfg.Store.URL, Now: now, Log: log.Named("store"), Admins: admins{client, cfg.Admins.Groups, cfg.Tenant.ID},
		Apology: apologize, Undelivered: undelivered(now), Observe: a.strip.noted, AuditKey: cfg.Audit.Key, FormerAuditKeys: cfg.Audit.Former,
	})
	if err != nil {
		return nil, err
	}
	o := signins.Options{Log: client, Audit: client, Now: now, Waits: cfg.Lookup.Waits}
	if page != nil {
		o.Budget = page.Budget
	}
	a.signIns = signins.New(o)
	a.recent = &recent{lately: a.signIns.Lately, tenant: cfg.Tenant.ID, now: now}
	a.desk = &lookup.Desk{
		SignIns:   logged{a.signIns, log.Named("signins")},
		Directory: loggedDirectory{client, log.Named("directory")}, Tenant: cfg.Tenant.ID, Now: now,
	}
	if page != nil {
		a.web = web.New(web.Options{
			Inbox: a.store, Memory: a.store, Words: printer, People: page.People, Samples: page.Samples, Make: page.Make, Links: page.Links, Hint: printer("").Say("demo.try"),
			Secrets: a, AdminsChannel: adminsPlace.ID, Hosts: cfg.Web.Hosts, Now: now, Log: log.Named("web"),
		})
		a.strip.page = a.web
	}
	a.openSlack()
	if err := errors.Join(a.openTeams(), a.openResets()); err != nil {
		return nil, errors.Join(err, a.store.Close())
	}
	return a, nil
}

// platforms are those that the bot is on, by their names.
func (a *app) platforms() map[string]bot.Platform {
	all := map[string]bot.Platform{}
	if a.web != nil {
		all[a.web.Name()] = a.web
	}
	if a.slack != nil {
		all[a.slack.Name()] = a.slack
	}
	if a.teams != nil {
		all[a.teams.Name()] = a.teams
	}
	return all
}

// views are what is read while somebody waits.
func (a *app) views() views { return views{a} }

// admins are who may work on cases.
func (a *app) admins() admins { return admins{a.graph, a.cfg.Admins.Groups, a.cfg.Tenant.ID} }

// adminsPlace is the admins' channel on the page.
var adminsPlace = bot.Place{Platform: "web", ID: "admins", Private: true}

// channel is where cases are brought; zero if there is nowhere.
func (a *app) channel() bot.Place {
	c := bot.Place{Platform: a.cfg.Admins.Channel.Platform, ID: a.cfg.Admins.Channel.ID, Private: true}
	switch {
	case a.web != nil && (c.Platform == "" || c.Platform == adminsPlace.Platform):
		return adminsPlace
	case c.Platform == "":
		return bot.Place{}
	}
	return c
}

// router is the flows in the order in which they are asked.
func (a *app) router() *flows.Router {
	channel := a.channel()
	page := home.Options{Cases: a.store, Admins: a.admins(), Words: printer, Now: a.now}
	var spoken func(context.Context, flows.Case, string) (bool, error)
	if a.resets != nil {
		page.Requests, spoken = a.store, a.resets.flow.Spoken
	}
	pages := home.New(page)
	r := &flows.Router{
		Offers: a.store, Now: a.now, Follow: pages.Follow,
		Closed: func(e bot.Event, why flows.Refusal) flows.Answer { return help.Closed(printer(e.From.Locale), e, why) },
		Flows: []flows.Named{
			pages.Named(),
			escalate.New(escalate.Options{
				Desk: a.desk, Cases: a.store, Posts: a.store, Admins: a.admins(),
				Words: printer, Channel: channel, Locale: a.cfg.Locale, Now: a.now,
				Resets: a.resets != nil, Requests: page.Requests, Spoken: spoken,
			}).Named(),
			help.New(help.Options{
				Desk: a.desk, Cases: a.store, Ledger: a.store, Words: printer, Admins: channel, Now: a.now,
				Limits: help.Limits{
					Messages: a.cfg.Limits.MessagesPerHour, Lookups: a.cfg.Limits.LookupsPerHour, Escalations: a.cfg.Limits.EscalationsPerDay,
				},
				Resets: a.resets != nil, Spoken: spoken,
			}).Named(),
		},
	}
	if a.resets != nil { // first: another would take its commands for talk
		r.Flows = append([]flows.Named{a.resets.flow.Named()}, r.Flows...)
	}
	return r
}

// runner does the work: what was said is answered, posts are sent, and effects
// are carried out.
func (a *app) runner() store.Runner {
	r := store.Runner{Router: watched{a.router(), a.strip}, Platforms: a.platforms()}
	if a.resets != nil {
		r.Leave, r.Changer = a.resets.flow, a.resets.writer
	}
	return r
}

// Run works and serves on ln until ctx ends, or something that it needs does.
func (a *app) Run(ctx context.Context, ln net.Listener) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	if a.resets != nil {
		if err := a.resets.start(ctx, a.store, a.now()); err != nil {
			return err
		}
	}
	srv := &http.Server{Handler: a.handler(), ReadHeaderTimeout: 10 * time.Second, ErrorLog: zap.NewStdLog(a.log.Named("http"))}
	ended, begun := make(chan error, 3), make(chan struct{})
	work := a.runner()
	work.Begun = func() { close(begun) }
	go func() { ended <- a.store.Run(ctx, work) }()
	select {
	case <-begun:
	case err := <-ended: // another program has the store, so nothing is taken here
		return errors.Join(err, ln.Close())
	}
	go func() { ended <- srv.Serve(ln) }()
	go func() { ended <- a.runSlack(ctx) }()
	if a.serving != nil {
		a.serving()
	}
	var err error
	left := cap(ended)
	select {
	case <-ctx.Done():
	case err = <-ended:
		left--
	}
	since := time.Now()
	a.log.Info("ending: nothing more is taken, and what was begun is finished", zap.Error(asEnded(err)))
	defer func() { a.log.Info("ended", zap.Duration("after", time.Since(since).Round(time.Millisecond))) }()
	stop()
	if a.web != nil {
		a.web.Close()
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	all := []error{asEnded(err), srv.Shutdown(grace)}
	for range left {
		all = append(all, asEnded(<-ended))
	}
	return errors.Join(all...)
}

// asEnded is why something ended, if that was not because it was told to.
func asEnded(err error) error {
	if errors.Is(err, http.ErrServerClosed) || errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// Close closes the store.
func (a *app) Close() error { return a.store.Close() }

// handler serves the page, if there is one, and what a supervisor asks.
func (a *app) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /livez", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("ok\n")) })
	mux.HandleFunc("GET /readyz", a.ready)
	if a.slack != nil && a.cfg.Slack.AppToken.Reveal() == "" {
		mux.Handle(slackPath, a.slack.Handler())
	}
	if a.teams != nil {
		mux.Handle(teamsPath, a.teams.Handler())
	}
	if a.resets != nil {
		mux.Handle("/signin/", a.resets.page.Handler())
	}
	if a.pages != nil && a.pages.SignIn != nil {
		mux.Handle(a.pages.SignInPath, a.pages.SignIn)
	}
	if a.web != nil {
		mux.Handle("/", a.web.Handler())
	}
	return mux
}

// ready says whether the store answers, and whether Slack knows us. Whether Graph does is no reason to take
// no messages: they are kept, and answered when it does.
func (a *app) ready(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), 2*time.Second)
	defer cancel()
	if err := a.store.Ping(ctx); err != nil {
		a.log.Warn("not ready", zap.Error(err))
		http.Error(w, "the store does not answer", http.StatusServiceUnavailable)
		return
	}
	if a.slack != nil {
		if err := a.slack.Ready(); err != nil {
			a.log.Warn("not ready", zap.Error(err))
			http.Error(w, "Slack does not take us; the log says why", http.StatusServiceUnavailable)
			return
		}
	}
	_, _ = w.Write([]byte("ready\n"))
}

// printer says things in a language. What it has no sentence for is a slip of
// ours, which the tests look for.
func printer(locale string) *words.Printer { return &words.Printer{Locale: locale} }

func apologize(_ context.Context, w store.Work) flows.Answer {
	if w.Event == nil {
		return flows.Answer{}
	}
	return help.Apology(printer(w.Event.From.Locale), *w.Event)
}

// undelivered has the admins of a case told what could not be said in it.
func undelivered(now func() time.Time) func(bot.Post, error) []flows.Job {
	return func(p bot.Post, why error) []flows.Job { return escalate.Undelivered(p, why, now()) }
}

// admins are the members of the configured groups, as the directory says at
// that moment.
type admins struct {
	graph  *msgraph.Client
	groups []string
	tenant string
}

// Admin reports whether by is one of them. An account that is disabled, a
// guest's, or of another tenant is not, whatever its groups.
func (a admins) Admin(ctx context.Context, by bot.Identity) (bool, error) {
	if !by.Known() || by.Tenant != a.tenant || len(a.groups) == 0 {
		return false, nil
	}
	u, err := a.graph.User(ctx, by.ObjectID)
	if errors.Is(err, graph.ErrNotFound) {
		return false, nil
	}
	if err != nil || !u.Enabled || u.Guest {
		return false, err
	}
	in, err := a.graph.InGroups(ctx, by.ObjectID, a.groups)
	return len(in) > 0, err
}

// logged tells whoever runs us why a look-up has no answer; the person who
// asked hears only that there is none.
type logged struct {
	lookup.SignIns
	log *zap.Logger
}

// Find looks.
func (l logged) Find(ctx context.Context, q graph.Query) (graph.Found, error) {
	found, err := l.SignIns.Find(ctx, q)
	var later *graph.Later
	switch {
	case errors.As(err, &later) && later.Err == nil: // as every day: the log lags, or many ask
		l.log.Info("a look-up must wait", zap.String("why", string(later.Why)), zap.Time("until", later.At))
	case errors.As(err, &later):
		l.log.Warn("Microsoft Graph has no answer for now", zap.String("why", string(later.Why)), zap.Time("until", later.At), zap.NamedError("error", later.Err))
	case err != nil:
		l.log.Error("a look-up failed", zap.Error(err))
	}
	return found, err
}

// loggedDirectory does the same for whose account it is: advice goes on without
// that, so nobody else would notice that a permission is missing.
type loggedDirectory struct {
	lookup.Directory
	log *zap.Logger
}

// User looks somebody up.
func (l loggedDirectory) User(ctx context.Context, id string) (graph.User, error) {
	u, err := l.Directory.User(ctx, id)
	return u, l.told(err)
}

// Roles looks up what somebody may.
func (l loggedDirectory) Roles(ctx context.Context, id string) ([]graph.Role, error) {
	roles, err := l.Directory.Roles(ctx, id)
	return roles, l.told(err)
}

// Methods looks up how somebody proves who they are.
func (l loggedDirectory) Methods(ctx context.Context, id string) ([]graph.Method, error) {
	methods, err := l.Directory.Methods(ctx, id)
	return methods, l.told(err)
}

// GlobalAdmins looks up who may everything.
func (l loggedDirectory) GlobalAdmins(ctx context.Context) ([]string, error) {
	ids, err := l.Directory.GlobalAdmins(ctx)
	return ids, l.told(err)
}

// told returns err. That there is nobody of a name is an answer.
func (l loggedDirectory) told(err error) error {
	if err != nil && !errors.Is(err, graph.ErrNotFound) {
		l.log.Warn("the directory did not answer", zap.Error(err))
	}
	return err
}
