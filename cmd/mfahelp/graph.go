package main

import (
	"time"

	"mfahelp/config"
	"mfahelp/graph/msgraph"
)

// graphOptions are a tenant's settings as msgraph takes them. observe may be nil.
func graphOptions(t config.Tenant, now func() time.Time, observe func(msgraph.Call)) msgraph.Options {
	return msgraph.Options{
		Tenant: t.ID, ClientID: t.ClientID, Credential: graphCredential(t.Credential), Cloud: graphCloud(t),
		Now: now, Observe: observe, UserAgent: "mfahelp/" + version(), WithoutPIM: t.WithoutPIM,
	}
}

// graphCredential is the one that config has seen to be set.
func graphCredential(c config.Credential) msgraph.Credential {
	switch {
	case c.Certificate != nil:
		return msgraph.Certificate{File: c.Certificate.File, Password: c.Certificate.Password}
	case c.WorkloadIdentity != nil:
		return msgraph.WorkloadIdentity{TokenFile: c.WorkloadIdentity.TokenFile}
	case c.ManagedIdentity != nil:
		return msgraph.ManagedIdentity{ClientID: c.ManagedIdentity.ClientID}
	}
	return msgraph.Secret{Text: c.Secret}
}

func graphCloud(t config.Tenant) msgraph.Cloud {
	switch t.Cloud {
	case config.USGov:
		return msgraph.USGov
	case config.USGovDoD:
		return msgraph.USGovDoD
	case config.China:
		return msgraph.China
	case config.Custom:
		return msgraph.Custom{Authority: t.Authority, Graph: t.Graph, RootCA: t.CA}
	case config.Global:
	}
	return msgraph.Global
}
