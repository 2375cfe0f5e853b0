// Package config reads the one YAML file that the program is run with, checks
// it whole, and says of each thing that is wrong where it stands and what to
// write instead. A file that it returns without an error can be used as it is.
package config

import (
	"time"

	"mfahelp/secret"
)

// A Config is what the file says, with the defaults filled in. Its secrets have
// been fetched from where the file points, and print as [redacted].
type Config struct {
	Tenant    Tenant
	Admins    Admins
	Store     Store
	Web       Web
	Limits    Limits
	Lookup    Lookup
	Log       Log
	Resets    Resets
	SignIn    SignIn
	Slack     Slack
	Teams     Teams
	Audit     Audit
	PublicURL string   // where people reach our own page, without a slash at the end; "" if they cannot
	Locale    string   // in which a channel is spoken to, such as "en" or "de-DE"
	Warnings  []string // what is allowed but not wise, such as a secret that others can read
}

// A Tenant is the Entra tenant whose sign-ins are looked up, and the app
// registration that may.
type Tenant struct {
	ID         string // a GUID, in lower case
	Sandbox    bool   // it is a made-up one, in which nobody can be harmed
	Cloud      Cloud
	Authority  string // where tokens come from; "" except in [Custom]
	Graph      string // where Graph is; "" except in [Custom]
	CA         []byte // PEM, trusted for the two above beside the system's; nil for none
	ClientID   string // of the app registration, a GUID; "" with a managed identity
	Credential Credential
	WithoutPIM bool // it has no Entra ID P2, so nobody is eligible for a role
}

// A Cloud is one of Microsoft's, which share nothing, or a custom one.
// See https://learn.microsoft.com/graph/deployments.
type Cloud string

// The clouds.
const (
	Global   Cloud = "global"
	USGov    Cloud = "usgov" // GCC High
	USGovDoD Cloud = "usgov-dod"
	China    Cloud = "china"
	Custom   Cloud = "custom" // the endpoints are named one by one
)

// A Credential is how the app proves that it is itself. Exactly one is set.
type Credential struct {
	Secret           secret.Text // set if the others are nil
	Certificate      *Certificate
	WorkloadIdentity *WorkloadIdentity
	ManagedIdentity  *ManagedIdentity
}

// A Certificate is a file with a certificate and its private key.
type Certificate struct {
	File     string
	Password secret.Text // empty if the file has none
}

// A WorkloadIdentity is a token that Kubernetes writes into a file.
// See https://learn.microsoft.com/entra/workload-id/workload-identity-federation.
type WorkloadIdentity struct{ TokenFile string }

// A ManagedIdentity is one that Azure gives to the machine.
// See https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/overview.
type ManagedIdentity struct {
	ClientID string // "" for the one that the system assigned
}

// Admins says who may work on cases, and where they do.
type Admins struct {
	Groups  []string // object ids of the directory groups whose members may
	Channel Channel  // where cases are brought; zero if there is no platform for it yet
}

// A Channel is a place on a chat platform.
type Channel struct{ Platform, ID string }

// A Store is where everything is kept.
type Store struct {
	URL string // such as "sqlite:/var/lib/mfahelp/mfahelp.db"
}

// Web is the page with an employee's chat and the admins' channel on it.
type Web struct {
	Listen string   // address and port
	Hosts  []string // the names under which a browser may ask for it
	Login  string   // "choose" lets anybody be anybody; "" keeps the page off
}

// Choose is the login that proves nothing: one says who one is. Only a sandbox
// may have it.
const Choose = "choose"

// Audit has the keys of the chain through the audit trail. Who can write to the
// database must not have them, or could write the trail anew.
type Audit struct {
	Key    secret.Text   // empty only if there are no resets
	Former []secret.Text // with which older lines were written
}

// Limits are for each person, so that one cannot take the time of all.
type Limits struct {
	MessagesPerHour   int
	LookupsPerHour    int
	EscalationsPerDay int
}

// A Lookup says how long a sign-in is waited for that is not in the log yet.
type Lookup struct {
	Waits []time.Duration // from the first question, each longer than the one before
}

// A Log says what is logged, and how.
type Log struct {
	Level  string // "debug", "info", "warn", or "error"
	Format string // "json" or "console"
}

// defaults are what a file need not say.
func defaults() Config {
	return Config{
		Tenant: Tenant{Cloud: Global},
		Store:  Store{URL: "sqlite:/var/lib/mfahelp/mfahelp.db"},
		Web:    Web{Listen: "127.0.0.1:8025", Hosts: []string{"localhost", "127.0.0.1", "::1"}},
		Limits: Limits{MessagesPerHour: 60, LookupsPerHour: 20, EscalationsPerDay: 5},
		Lookup: Lookup{Waits: []time.Duration{time.Minute, 3 * time.Minute, 6 * time.Minute, 12 * time.Minute}},
		Log:    Log{Level: "info", Format: "json"},
		Locale: "en",
	}
}
