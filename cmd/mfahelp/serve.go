package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"go.uber.org/zap"

	"mfahelp/bot"
	"mfahelp/bot/web"
	"mfahelp/config"
	"mfahelp/graph/msgraph"
)

// serveCmd runs the bot for the tenant of a configuration.
type serveCmd struct {
	Config string `required:"" type:"path" placeholder:"FILE" help:"The configuration; config/example.yaml shows all that may stand in it."`
}

// Run serves until ctx ends.
func (c *serveCmd) Run(ctx context.Context, std streams) error {
	cfg, err := config.Load(c.Config, nil)
	if err != nil {
		return err
	}
	log, err := newLogger(cfg.Log, std.err)
	if err != nil {
		return err
	}
	for _, w := range cfg.Warnings {
		log.Warn(w)
	}
	return serve(ctx, cfg, log, std)
}

func serve(ctx context.Context, cfg config.Config, log *zap.Logger, std streams) error {
	page, err := servePage(ctx, cfg)
	if err != nil {
		return err
	}
	a, err := newApp(ctx, cfg, log, time.Now, page)
	if err != nil {
		return err
	}
	ln, err := net.Listen("tcp", cfg.Web.Listen)
	if err != nil {
		return errors.Join(fmt.Errorf("listening: %w", err), a.Close())
	}
	if err := a.graph.Ping(ctx); err != nil {
		log.Error("Microsoft Graph does not answer; people get advice from the code alone until it does", zap.Error(err))
	}
	if len(a.platforms()) == 0 {
		log.Warn("there is no chat platform and no page: only /livez and /readyz are served")
	}
	a.slackWarning()
	a.teamsWarning()
	a.serving = func() {
		if page != nil {
			fmt.Fprintf(std.out, "The page is at http://%s until you press Ctrl-C.\n", ln.Addr())
		}
		log.Info("serving", zap.Stringer("listen", ln.Addr()), zap.String("version", version()))
	}
	return errors.Join(a.Run(ctx, ln), a.Close())
}

// servePage is the page with its choose-who-you-are login. config allows that
// for a sandbox alone.
func servePage(ctx context.Context, cfg config.Config) (*tenantPage, error) {
	if cfg.Web.Login != config.Choose || !cfg.Tenant.Sandbox {
		return nil, nil
	}
	client, err := msgraph.New(graphOptions(cfg.Tenant, time.Now, nil))
	if err != nil {
		return nil, fmt.Errorf("preparing Microsoft Graph: %w", err)
	}
	people, err := client.Users(ctx)
	if err != nil {
		return nil, fmt.Errorf("asking the sandbox for its people: %w", err)
	}
	page := &tenantPage{Links: ownPages(strings.TrimSuffix(cfg.Tenant.Authority, "/") + "/" + cfg.Tenant.ID + "/mysecurityinfo")}
	who := admins{client, cfg.Admins.Groups, cfg.Tenant.ID}
	for _, u := range people {
		id := bot.Identity{Tenant: cfg.Tenant.ID, ObjectID: u.ID, Email: u.UPN}
		admin, err := who.Admin(ctx, id)
		if err != nil {
			return nil, fmt.Errorf("asking the sandbox who is an admin: %w", err)
		}
		page.People = append(page.People, web.Person{ID: short(u.UPN), Name: u.Name, Identity: id, Admin: admin, Locale: u.Language})
	}
	return page, nil
}
