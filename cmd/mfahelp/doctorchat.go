package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"mfahelp/bot"
	"mfahelp/bot/slack"
	"mfahelp/bot/teams"
	"mfahelp/config"
)

// slackCheck tries the app in Slack, and says nothing there.
type slackCheck struct{ cfg config.Config }

func (slackCheck) Name() string { return "slack" }

func (c slackCheck) Check(ctx context.Context) (found []finding) {
	o := slackOptions(c.cfg)
	o.Words = printer
	verdicts := map[slack.Verdict]string{slack.Good: verdictOK, slack.Unwise: verdictUnwise, slack.Missing: verdictMissing}
	for _, f := range slack.New(o).Check(ctx) {
		one := finding{What: f.What, Needs: f.Needs, Verdict: cmp.Or(verdicts[f.Verdict], verdictUnknown)}
		if f.Err != nil {
			one.Said, one.See = f.Err.Error(), "docs/slack.md"
		}
		found = append(found, one)
	}
	return found
}

// Sections of docs/teams.md.
const (
	sectionTeamsBot     = "docs/teams.md#1-register-the-bot"
	sectionTeamsWay     = "docs/teams.md#2-say-where-it-is"
	sectionTeamsChannel = "docs/teams.md#3-tell-mfahelp"
	sectionTeamsInstall = "docs/teams.md#4-install-it"
)

// teamsSections say where it is told how something is set up.
var teamsSections = map[teams.Trouble]string{
	teams.NoToken: sectionTeamsBot, teams.OtherCloud: sectionTeamsBot, teams.NoKeys: sectionTeamsBot, teams.NotTaken: sectionTeamsBot,
	teams.NothingHeard: sectionTeamsWay, teams.HostNotListed: sectionTeamsWay,
	teams.NoChannel: sectionTeamsChannel, teams.ChannelGone: sectionTeamsChannel, teams.GuestsInside: sectionTeamsChannel,
	teams.NotInstalled: sectionTeamsInstall, teams.NoAnswer: sectionTeamsBot,
}

// teamsCheck tries the bot in Teams, and says nothing there.
type teamsCheck struct{ cfg config.Config }

func (teamsCheck) Name() string { return "teams" }

func (c teamsCheck) Check(ctx context.Context) (found []finding) {
	if !slices.Contains(c.cfg.Teams.Tenants, c.cfg.Tenant.ID) {
		found = append(found, finding{Check: "teams-tenants", Needs: "teams.tenants", Verdict: verdictMissing,
			Do: say("do.teams-tenants", c.cfg.Tenant.ID), See: sectionTeamsChannel})
	}
	o, err := teamsOptions(c.cfg.Teams)
	if err != nil {
		return append(found, tried("prepare-teams", "teams", err))
	}
	o.Inbox, o.Memory = deaf{}, forgetful{}
	if s, err := openExisting(ctx, c.cfg); err == nil {
		defer s.Close()
		o.Memory = s
	}
	if ch := c.cfg.Admins.Channel; ch.Platform == "teams" {
		o.Channel = ch.ID
	}
	t, err := teams.New(o)
	if err != nil {
		return append(found, tried("prepare-teams", "teams", err))
	}
	verdicts := map[teams.Verdict]string{teams.Good: verdictOK, teams.Unwise: verdictUnwise, teams.Missing: verdictMissing, teams.Look: verdictLook}
	for _, f := range t.Check(ctx) {
		one := finding{Check: f.Check, Of: f.Of, Verdict: cmp.Or(verdicts[f.Verdict], verdictUnknown)}
		if f.Err != nil {
			one.Said = f.Err.Error()
		}
		if one.Verdict != verdictOK {
			one.Do, one.See = c.advice(f), teamsSections[f.Trouble]
		}
		found = append(found, one)
	}
	return found
}

// advice is what to do about a finding.
func (c teamsCheck) advice(f teams.Finding) string {
	app := c.cfg.Teams.AppID
	switch f.Trouble {
	case teams.NoToken:
		if code := "AADSTS" + fmt.Sprint(f.Values...); known[code] {
			return say("do.credential."+code, app, c.cfg.Teams.Tenant)
		}
		return say("do.no-credential", app, c.cfg.Teams.Tenant)
	case teams.NotTaken, teams.NotInstalled:
		return say("do."+string(f.Trouble), app)
	case teams.NothingHeard:
		return say("do."+string(f.Trouble), cmp.Or(c.cfg.PublicURL, "https://…")+teamsPath)
	}
	return say("do."+string(f.Trouble), f.Values...)
}

// deaf takes nothing in, and forgetful knows nobody: what the doctor tries needs
// neither.
type (
	deaf      struct{}
	forgetful struct{}
)

var errDeaf = errors.New("the doctor takes nothing in")

func (deaf) Accept(context.Context, bot.Event) error { return errDeaf }

func (forgetful) Get(context.Context, string, string) ([]byte, error) { return nil, nil }
func (forgetful) Put(context.Context, string, string, []byte) error   { return nil }
func (forgetful) List(context.Context, string, string) ([]bot.Kept, error) {
	return nil, nil
}
