package main

import (
	"bytes"
	"context"
	"fmt"
	"os"

	"mfahelp/bot/teams"
)

// teamsManifestCmd writes the zip that an administrator uploads to Teams.
type teamsManifestCmd struct {
	AppID  string `required:"" placeholder:"ID" help:"The Microsoft App ID of the bot's registration."`
	Out    string `required:"" type:"path" placeholder:"FILE" help:"The zip to write."`
	Schema string `default:"1.30" placeholder:"VERSION" help:"The version of the manifest (${default}); 1.25 for a tenant without slash commands."`
	Site   string `default:"https://www.contoso.com" placeholder:"URL" help:"Your page about the bot, for the app's details (${default})."`
}

// Help shows when it is wanted.
func (teamsManifestCmd) Help() string {
	return "docs/teams.md says what to do with it.\n\nExample:\n\n  mfahelp manifest teams --app-id $APP_ID --out mfahelp.zip"
}

// Run writes the package.
func (c *teamsManifestCmd) Run(_ context.Context, std streams) error {
	var b bytes.Buffer
	if err := (teams.Manifest{App: c.AppID, Schema: c.Schema, Site: c.Site, Words: printer("")}).Package(&b); err != nil {
		return err
	}
	if err := os.WriteFile(c.Out, b.Bytes(), 0o644); err != nil { //nolint:gosec // it has no secret, and somebody else may upload it
		return fmt.Errorf("writing the app package: %w", err)
	}
	fmt.Fprintln(std.out, "wrote", c.Out)
	return nil
}
