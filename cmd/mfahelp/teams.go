package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net/http"
	"time"

	"go.uber.org/zap"

	"mfahelp/bot/teams"
	"mfahelp/config"
)

// teamsPath is where Teams sends what people do, at the bot's public address.
const teamsPath = "/teams/messages"

// openTeams makes the bot in Teams, if the configuration has it.
func (a *app) openTeams() error {
	if !a.cfg.Teams.On {
		return nil
	}
	o, err := teamsOptions(a.cfg.Teams)
	if err != nil {
		return err
	}
	o.Inbox, o.Memory, o.Views, o.Secrets = a.store, a.store, a.views(), a
	o.Words, o.Locale, o.Now, o.Log = printer, a.cfg.Locale, a.now, a.log.Named("teams")
	if c := a.cfg.Admins.Channel; c.Platform == "teams" {
		o.Channel = c.ID
	}
	a.teams, err = teams.New(o)
	return err
}

// teamsOptions are the settings that say who the bot is, and where Teams is.
func teamsOptions(c config.Teams) (teams.Options, error) {
	transport, err := trusting(c.Endpoints.CA)
	return teams.Options{
		App: c.AppID, Tenant: c.Tenant, Tenants: c.Tenants, Credential: teamsCredential(c.Credential), Cloud: teamsCloud(c),
		Targeted: c.Targeted, Transport: transport,
	}, err
}

// teamsCredential is the one that config has seen to be set.
func teamsCredential(c config.Credential) teams.Credential {
	switch {
	case c.Certificate != nil:
		return teams.Certificate{File: c.Certificate.File, Password: c.Certificate.Password}
	case c.WorkloadIdentity != nil:
		return teams.WorkloadIdentity{TokenFile: c.WorkloadIdentity.TokenFile}
	case c.ManagedIdentity != nil:
		return teams.ManagedIdentity{ClientID: c.ManagedIdentity.ClientID}
	}
	return teams.Secret{Text: c.Secret}
}

func teamsCloud(c config.Teams) teams.Cloud {
	switch c.Cloud {
	case config.TeamsGCC:
		return teams.GCC
	case config.TeamsGCCHigh:
		return teams.GCCHigh
	case config.TeamsDoD:
		return teams.DoD
	case config.TeamsCustom:
		e := c.Endpoints
		return teams.Cloud{
			Issuer: e.Issuer, Metadata: e.Metadata, Login: e.Login, Scope: e.Scope, Connectors: e.Connectors, Downloads: e.Downloads,
		}
	case config.TeamsPublic:
	}
	return teams.Public
}

// trusting is a transport that trusts the certificates in ca, beside the
// system's. Without any it is the standard one.
func trusting(ca []byte) (http.RoundTripper, error) {
	if ca == nil {
		return nil, nil
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool() // a machine without any
	}
	if !pool.AppendCertsFromPEM(ca) {
		return nil, errors.New("the file of certificates to trust has none")
	}
	return &http.Transport{
		Proxy: http.ProxyFromEnvironment, TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12},
		ForceAttemptHTTP2: true, IdleConnTimeout: 90 * time.Second, TLSHandshakeTimeout: 10 * time.Second,
	}, nil
}

// teamsWarning is logged where nobody can press anything.
func (a *app) teamsWarning() {
	if a.teams != nil && a.cfg.Admins.Channel.Platform == "" && a.web == nil {
		a.log.Warn("there is no admins' channel: cases that need somebody go nowhere until admins.channel is set", zap.String("see", "docs/teams.md"))
	}
}
