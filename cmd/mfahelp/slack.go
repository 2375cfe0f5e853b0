package main

import (
	"context"
	"errors"
	"fmt"

	"go.uber.org/zap"

	"mfahelp/bot"
	"mfahelp/bot/slack"
	"mfahelp/config"
	"mfahelp/graph"
)

// slackPath is where Slack sends what people do, if it is not by Socket Mode.
const slackPath = slack.EventsPath

// openSlack makes the bot in Slack, if the configuration has it.
func (a *app) openSlack() {
	if !a.cfg.Slack.On {
		return
	}
	o := slackOptions(a.cfg)
	o.Inbox, o.Memory, o.Posts, o.Views, o.Secrets = a.store, a.store, a.store, a.views(), a
	o.Words, o.Now, o.Log = printer, a.now, a.log.Named("slack")
	o.Mail.Find = a.employee
	a.slack = slack.New(o)
}

// slackOptions are the settings that say who the bot is, and who is who.
func slackOptions(c config.Config) slack.Options {
	o := slack.Options{
		BotToken: c.Slack.BotToken, AppToken: c.Slack.AppToken, SigningSecret: c.Slack.SigningSecret, API: c.Slack.API,
		Directory: slackPeople{c.Tenant.ID, c.Slack.People}, Tenant: c.Tenant.ID, Field: c.Slack.ProfileField,
		Mail: slack.Mail{Domains: c.Slack.MailDomains}, Locale: c.Locale, Replicas: c.Slack.Replicas,
	}
	if ch := c.Admins.Channel; ch.Platform == "slack" {
		o.Admins = ch.ID
	}
	return o
}

// slackPeople are who is who in Slack, as the configuration says.
type slackPeople struct {
	tenant  string
	objects map[string]string // by the ids that people have in Slack
}

// Identify looks in the list.
func (p slackPeople) Identify(_ context.Context, _, id string) (bot.Identity, error) {
	object, ok := p.objects[id]
	if !ok {
		return bot.Identity{}, nil
	}
	return bot.Identity{Tenant: p.tenant, ObjectID: object}, nil
}

// employee finds whose address it is. People may choose their address in Slack,
// so nobody is found by it who may decide about others.
func (a *app) employee(ctx context.Context, address string) (bot.Identity, error) {
	u, err := a.graph.User(ctx, address)
	if errors.Is(err, graph.ErrNotFound) {
		return bot.Identity{}, nil
	}
	if err != nil {
		return bot.Identity{}, err
	}
	id := bot.Identity{Tenant: a.cfg.Tenant.ID, ObjectID: u.ID, Email: u.UPN}
	decides, err := a.admins().Admin(ctx, id)
	switch {
	case err != nil:
		return bot.Identity{}, fmt.Errorf("asking whether they may decide about others: %w", err)
	case decides || u.Guest || !u.Enabled:
		return bot.Identity{}, nil
	}
	return id, nil
}

// runSlack listens to Slack until ctx ends. It ends before only with what cannot
// work: a wrong token, an admins' channel that others can read.
func (a *app) runSlack(ctx context.Context) error {
	if a.slack == nil {
		<-ctx.Done()
		return nil
	}
	return a.slack.Run(ctx)
}

// slackWarning is logged where nobody can press anything.
func (a *app) slackWarning() {
	if a.slack != nil && a.cfg.Admins.Channel.Platform == "" && a.web == nil {
		a.log.Warn("there is no admins' channel: cases that need somebody go nowhere until admins.channel is set", zap.String("see", "docs/slack.md"))
	}
}
