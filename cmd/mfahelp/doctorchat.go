package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"time"

	"mfahelp/bot"
	"mfahelp/bot/slack"
	"mfahelp/bot/teams"
	"mfahelp/config"
	"mfahelp/graph"
	"mfahelp/graph/msgraph"
)

// slackCheck tries the app in Slack, and says nothing there.
type slackCheck struct {
	cfg      config.Config
	manifest string // the file with the app's manifest as Slack has it; "" for none
}

func (slackCheck) Name() string { return "slack" }

func (c slackCheck) Check(ctx context.Context) (found []finding) {
	o := slackOptions(c.cfg)
	o.Words = printer
	app := slack.New(o)
	for _, f := range app.Check(ctx) {
		found = append(found, c.found(f))
	}
	found = append(found, c.settings(app)...)
	return append(found, c.people(ctx)...)
}

// found says what was found, in words.
func (slackCheck) found(f slack.Finding) finding {
	verdicts := map[slack.Verdict]string{slack.Good: verdictOK, slack.Unwise: verdictUnwise, slack.Missing: verdictMissing}
	one := finding{Check: f.Check, Of: f.Of, Verdict: cmp.Or(verdicts[f.Verdict], verdictUnknown)}
	if f.Err != nil {
		one.Said = f.Err.Error()
	}
	if one.Verdict != verdictOK {
		one.Do, one.See = printer("").Say("slack.do."+string(f.Trouble), f.Values...), cmp.Or(slackSections[f.Check], sectionSlackApp)
	}
	return one
}

// settings holds the app to its manifest, which no token of ours can read.
func (c slackCheck) settings(app *slack.Slack) (found []finding) {
	if c.manifest == "" {
		return []finding{{Check: "slack-settings", Verdict: verdictLook, Do: printer("").Say("slack.do.settings-unseen"), See: sectionSlackApp}}
	}
	b, err := os.ReadFile(c.manifest)
	if err != nil {
		return []finding{tried("slack-settings", "--slack-manifest", err)}
	}
	all, err := app.CheckSettings(b)
	if err != nil {
		return []finding{tried("slack-settings", "--slack-manifest", err)}
	}
	for _, f := range all {
		found = append(found, c.found(f))
	}
	return found
}

// Sections of docs/slack.md.
const (
	sectionSlackApp    = "docs/slack.md#1-make-the-app"
	sectionSlackAdmins = "docs/slack.md#2-the-admins-channel"
	sectionSlackPeople = "docs/slack.md#3-who-is-who"
)

// slackSections say where it is told how something is set up. What is not here is of
// the app.
var slackSections = map[string]string{"slack-channel": sectionSlackAdmins, "slack-readers": sectionSlackAdmins, "slack-field": sectionSlackPeople}

// people holds who is who, by the configuration, to the directory: an id with a
// slip in it is nobody's, and without an admin among them nobody may press.
func (c slackCheck) people(ctx context.Context) (found []finding) {
	client, err := msgraph.New(graphOptions(c.cfg.Tenant, time.Now, nil))
	if err != nil {
		return nil // said of the reader
	}
	for _, id := range slices.Sorted(maps.Keys(c.cfg.Slack.People)) {
		u, err := client.User(ctx, c.cfg.Slack.People[id])
		f := finding{Check: "slack-person", Of: id, Needs: "slack.people", See: sectionSlackPeople}
		switch {
		case errors.Is(err, graph.ErrNotFound):
			f.Verdict, f.Do = verdictMissing, say("do.slack-nobody", c.cfg.Slack.People[id])
		case err != nil:
			f.Verdict, f.Said, f.Do = verdictUnknown, err.Error(), say("do."+string(msgraph.NoAnswer))
		case u.Guest || !u.Enabled:
			f.Verdict, f.Do = verdictUnwise, say("do.slack-refused", c.cfg.Slack.People[id])
		default:
			continue
		}
		found = append(found, f)
	}
	if c.cfg.Admins.Channel.Platform != "slack" {
		return found
	}
	return append(found, c.admin(ctx, client))
}

// admin tells whether somebody in Slack is known to be an admin. What a profile
// field says only Slack knows.
func (c slackCheck) admin(ctx context.Context, client *msgraph.Client) finding {
	f := finding{Check: "slack-admins", Needs: "slack.people", See: sectionSlackPeople, Verdict: verdictOK}
	for _, g := range c.cfg.Admins.Groups {
		members, err := client.Members(ctx, g)
		if err != nil && !errors.Is(err, graph.ErrNotFound) {
			f.Verdict, f.Said, f.Do = verdictUnknown, err.Error(), say("do."+string(msgraph.NoAnswer))
			return f
		}
		for _, object := range c.cfg.Slack.People {
			if slices.Contains(members, object) {
				return finding{Check: f.Check, Verdict: verdictOK}
			}
		}
	}
	f.Verdict, f.Do = verdictMissing, say("do.slack-admins")
	if c.cfg.Slack.ProfileField != "" {
		f.Verdict = verdictLook
	}
	return f
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
