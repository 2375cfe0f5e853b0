package main

import (
	"context"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.uber.org/zap"

	"mfahelp/bot"
	"mfahelp/bot/page"
	"mfahelp/config"
	"mfahelp/flows"
	"mfahelp/flows/reset"
	"mfahelp/graph/msgraph"
	"mfahelp/secret"
	"mfahelp/store"
)

// resets is what it takes to reset somebody's MFA: who decides, who carries it
// out, and where people prove who they are. An app without it gives advice and
// changes nothing.
type resets struct {
	flow   *reset.Flow
	writer *msgraph.Writer
	page   *page.Page
}

// openResets wires them, if the configuration has a policy for them.
func (a *app) openResets() error {
	cfg := a.cfg
	if !cfg.Resets.On {
		return nil
	}
	writer, err := msgraph.NewWriter(msgraph.WriterOptions{
		Options: graphOptions(as(cfg.Tenant, cfg.Resets.Writer.ClientID, cfg.Resets.Writer.Credential), a.now, a.strip.called),
		Mailbox: cfg.Resets.Mailbox, People: a.graph.User,
	})
	if err != nil {
		return fmt.Errorf("preparing the app that may change accounts: %w", err)
	}
	codes, err := derived(cfg.Audit.Key, "codes that are read out")
	if err != nil {
		return err
	}
	flow, err := reset.New(reset.Options{
		Policy: resetPolicy(cfg), Tenant: cfg.Tenant.ID, Directory: a.graph, Changes: a.signIns, SignIns: a.signIns,
		Requests: a.store, Cases: a.store, Admins: a.admins(), Ledger: a.store, Reach: a.reachers(), Codes: reset.Codes{Key: codes},
		Words: printer, Channel: a.channel(), Locale: cfg.Locale, Mail: cfg.Resets.Mailbox != "",
		Page: func(link string) string { return page.Address(cfg.PublicURL, link) }, Token: rand.Text,
		Self: []string{cfg.Resets.Writer.ClientID}, Trail: trail{a.store}, Now: a.now,
	})
	if err != nil {
		return err
	}
	p, err := a.signInPage(flow)
	a.resets = &resets{flow, writer, p}
	return err
}

// reachers are the platforms on which somebody can be told something without
// having asked.
func (a *app) reachers() (all []bot.Reacher) {
	for _, p := range a.platforms() {
		if r, ok := p.(bot.Reacher); ok {
			all = append(all, r)
		}
	}
	slices.SortFunc(all, func(a, b bot.Reacher) int { return strings.Compare(a.(bot.Platform).Name(), b.(bot.Platform).Name()) })
	return all
}

// signInPage is where people sign in afresh before a yes counts.
func (a *app) signInPage(said bot.Confirmations) (*page.Page, error) {
	cfg := a.cfg
	as := graphOptions(as(cfg.Tenant, cfg.SignIn.ClientID, cfg.SignIn.Credential), a.now, nil)
	login, err := msgraph.LoginOf(as)
	if err != nil {
		return nil, fmt.Errorf("preparing the page on which people sign in: %w", err)
	}
	assertion, err := msgraph.AssertionOf(as.Credential, as.ClientID)
	if err != nil {
		return nil, fmt.Errorf("preparing the page on which people sign in: %w", err)
	}
	cookies, err := derived(cfg.Audit.Key, "cookies of the page")
	if err != nil {
		return nil, err
	}
	return page.New(page.Options{
		Inbox: a.store, Confirmations: said, Words: printer, URL: cfg.PublicURL,
		Issuer: login.Issuer, Client: login.Client, Tenant: cfg.Tenant.ID,
		ClientID: as.ClientID, Secret: cfg.SignIn.Credential.Secret, Assertion: assertion,
		Context: cfg.SignIn.Context, Key: cookies, Now: a.now, Log: a.log.Named("page"),
	}), nil
}

// as is the tenant, for another of its apps.
func as(t config.Tenant, client string, c config.Credential) config.Tenant {
	t.ClientID, t.Credential = client, c
	return t
}

// derived is a key for one use, from the one that the configuration has: so
// there is one to keep, and who learns a derived one has nothing else.
func derived(key secret.Text, use string) ([]byte, error) {
	return hkdf.Key(sha256.New, []byte(key.Reveal()), nil, "mfahelp "+use, 32)
}

// resetPolicy is the policy of the configuration, as the flow takes it.
func resetPolicy(cfg config.Config) reset.Policy {
	c := cfg.Resets
	p := reset.Policy{
		Approvers: map[reset.Class]reset.Approvers{}, Proofs: map[flows.Asker][]string{},
		ProverMayApprove: c.ProverMayApprove, Same: c.SamePerson,
		RequestLife: c.RequestLife, ProofLife: c.ProofLife, CoolDown: c.CoolDown,
		PerRequester: c.ForRequester, PerHour: c.ForTenant, Burst: c.ForSubject,
		PassLife: c.PassLife, PassOnce: c.PassOnce, ChangeDefault: c.ChangeDefault,
		CallField: c.CallBack.Field, CallUnchanged: c.CallBack.Unchanged, Settled: c.Settled, WithoutRisk: cfg.Tenant.WithoutPIM,
		Watch: c.Watch, Remind: c.Remind,
	}
	for _, a := range c.Approvers {
		for _, class := range a.For {
			p.Approvers[reset.Class(class)] = reset.Approvers{Groups: a.Groups, Roles: a.Roles, Count: a.Count}
		}
	}
	for as, needs := range map[flows.Asker][]string{flows.AsSubject: c.Proofs.Subject, flows.AsColleague: c.Proofs.Colleague, flows.AsAdmin: c.Proofs.Admin} {
		if len(needs) > 0 {
			p.Proofs[as] = needs
		}
	}
	if h := c.Hours; h != nil {
		p.Hours = &reset.Hours{Days: h.Days, From: h.From, To: h.To, Zone: h.Zone.String(), Text: h.Text}
	}
	return p
}

// start puts on record by which policy resets are decided from now on.
func (r *resets) start(ctx context.Context, s *store.Store, now time.Time) error {
	a, err := r.flow.Start(ctx)
	if err != nil {
		return fmt.Errorf("starting resets: %w", err)
	}
	return s.Record(ctx, a, now)
}

// Reveal tells what a platform may show to who presses, once: a pass, which is
// made at that moment, or a code.
func (a *app) Reveal(ctx context.Context, v bot.Reveal, to bot.Person) (string, bool) {
	if a.resets == nil {
		return "", false
	}
	if v.Kind != flows.RevealPass {
		return a.resets.flow.Reveal(ctx, v, to)
	}
	pass, ok, err := a.store.Reveal(ctx, v.Subject, to, a.resets.flow, a.resets.writer)
	if err != nil {
		a.log.Error("a pass was not shown", zap.String("effect", v.Subject), zap.Error(err))
	}
	return pass.Reveal(), ok
}

// A trail is the end of the audit trail, as the admins are shown it.
type trail struct{ store *store.Store }

// Head returns how many entries there are, and their signature.
func (t trail) Head(ctx context.Context) (int64, string, error) {
	h, err := t.store.Head(ctx)
	return h.Seq, h.String(), err
}
