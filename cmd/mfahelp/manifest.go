package main

import (
	"fmt"
	"net/url"
	"strings"

	"mfahelp/bot/slack"
)

// manifestCmd prints what a platform wants to know about the app.
type manifestCmd struct {
	Slack manifestSlackCmd `cmd:"" help:"Print the app as Slack wants it described, to paste it under \"Create New App\"."`
	Teams teamsManifestCmd `cmd:"" help:"Write the app package for Microsoft Teams."`
}

type manifestSlackCmd struct {
	Name            string `default:"mfahelp" placeholder:"NAME" help:"What people see (${default})."`
	URL             string `placeholder:"URL" help:"Where Slack reaches this over HTTPS, such as https://help.contoso.com. Without it the app uses Socket Mode, which needs no public address."`
	WithoutOptional bool   `help:"Leave out what is optional: reading the admins' threads, reactions, screenshots, profile fields, and addresses."`
}

// Help says what to do with it.
func (manifestSlackCmd) Help() string {
	return `docs/slack.md goes on from here.

Examples:

  mfahelp manifest slack
  mfahelp manifest slack --url https://help.contoso.com`
}

// Run prints it, and what each scope is for.
func (c *manifestSlackCmd) Run(std streams) error {
	o := slack.ManifestOptions{Name: c.Name, Say: printer("").Say, Without: c.WithoutOptional}
	if c.URL != "" {
		u, err := url.Parse(c.URL)
		if err != nil || u.Scheme != "https" || u.Host == "" {
			return fmt.Errorf("%q is no address that Slack takes; write https:// and a host", c.URL)
		}
		o.URL = strings.TrimSuffix(c.URL, "/") + slackPath
	}
	b, err := slack.Manifest(o)
	if err != nil {
		return fmt.Errorf("writing the manifest: %w", err)
	}
	fmt.Fprintf(std.out, "%s\n", b)
	for _, s := range slack.Scopes {
		if s.Optional && c.WithoutOptional {
			continue
		}
		what := o.Say(s.For)
		if s.Optional {
			what = o.Say("slack.scope.optional", what)
		}
		fmt.Fprintf(std.err, "%-20s %s\n", s.Name, what)
	}
	return nil
}
