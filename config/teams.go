package config

import (
	"regexp"
	"strings"
)

// Teams is the bot in Microsoft Teams. It is not there, and On is false, if the
// file does not have it.
type Teams struct {
	On         bool
	AppID      string   // of the bot's registration, a GUID
	Tenant     string   // which the bot's own tokens come from: a GUID, or "botframework.com" for an old multi-tenant bot
	Tenants    []string // GUIDs: whose people the bot listens to
	Credential Credential
	Cloud      TeamsCloud
	Endpoints  TeamsEndpoints // of [TeamsCustom]
	Targeted   bool           // whether it says things in a channel that one person sees
}

// A TeamsCloud is one of those that Teams is in.
type TeamsCloud string

// The clouds. The one of 21Vianet is custom: where its Teams is, Microsoft does
// not document.
const (
	TeamsPublic  TeamsCloud = "public"
	TeamsGCC     TeamsCloud = "gcc"
	TeamsGCCHigh TeamsCloud = "gcc-high"
	TeamsDoD     TeamsCloud = "dod"
	TeamsCustom  TeamsCloud = "custom"
)

// TeamsEndpoints are where Teams is, in a custom cloud.
type TeamsEndpoints struct {
	Issuer, Metadata, Login, Scope string
	Connectors, Downloads          []string // hosts, with a port if they have one
	CA                             []byte   // PEM, trusted for all of them beside the system's; nil for none
}

// legacyTenant is where the tokens of bots come from that were registered as
// multi-tenant, which has not been possible since July 2025.
// See https://learn.microsoft.com/azure/bot-service/bot-service-quickstart-registration.
const legacyTenant = "botframework.com"

func (r *reader) teams(v value, t *Teams) {
	cloud := ""
	has := r.section(v, []field{
		{"app_id", r.guid(&t.AppID), "app_id: and the id of the bot's registration, which the Azure portal calls Microsoft App ID"},
		{"tenant", func(v value) {
			if s, ok := r.text(v); ok && s == legacyTenant {
				t.Tenant = s
				return
			}
			r.guid(&t.Tenant)(v)
		}, ""},
		{"tenants", r.guids(&t.Tenants), ""},
		{"credential", func(v value) { r.credential(v, &t.Credential) },
			"credential: and below it secret, certificate, workload_identity, or managed_identity"},
		{"cloud", r.oneOf(&cloud, string(TeamsPublic), string(TeamsGCC), string(TeamsGCCHigh), string(TeamsDoD), string(TeamsCustom)), ""},
		{"endpoints", func(v value) { r.teamsEndpoints(v, &t.Endpoints) }, ""},
		{"targeted", r.truth(&t.Targeted), ""},
	})
	t.On, t.Cloud = has != nil, TeamsCloud(cloud)
	in, named := has["endpoints"]
	if named && t.Cloud != TeamsCustom {
		r.wrong(in, "belong to a custom cloud; remove them, or write cloud: custom")
	}
	if t.On && t.Cloud == TeamsCustom && !named {
		r.wrong(value{under(v.key, "endpoints"), nil, v.at}, "is missing; write its addresses, since the cloud is custom")
	}
}

func (r *reader) teamsEndpoints(v value, e *TeamsEndpoints) {
	r.section(v, []field{
		{"issuer", r.https(&e.Issuer), "issuer: and what tokens say that they are from"},
		{"metadata", r.https(&e.Metadata), "metadata: and the address at which the keys are told"},
		{"login", r.https(&e.Login), "login: and where the bot's tokens come from"},
		{"scope", r.https(&e.Scope), "scope: and what those are for"},
		{"connectors", r.hostsWithPorts(&e.Connectors), "connectors: and the hosts to which the bot's token may be sent"},
		{"downloads", r.hostsWithPorts(&e.Downloads), ""},
		{"ca_file", r.authorities(&e.CA), ""},
	})
}

var hostPortForm = regexp.MustCompile(`^(?i)\.?[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?(:\d{1,5})?$`)

// hostsWithPorts reads hosts of which each may have a port, or begin with a dot
// for all that are below it.
func (r *reader) hostsWithPorts(to *[]string) func(value) {
	return func(v value) {
		r.list(v, "smba.example.com", func(v value) {
			s, ok := r.text(v)
			if ok && !hostPortForm.MatchString(s) {
				r.wrong(v, "%s is no host; write a name without https://, such as smba.example.com", quote(s))
			}
			*to = append(*to, strings.ToLower(s))
		})
	}
}

// guids reads ids of the directory.
func (r *reader) guids(to *[]string) func(value) {
	return func(v value) {
		r.list(v, "6f1d9a3e-2b57-4c8e-9a40-1d7f5b2c8e63", func(v value) {
			var id string
			r.guid(&id)(v)
			*to = append(*to, id)
		})
	}
}

// teamsTogether fills in what the tenant says already, and holds the section to
// the rest of the file.
func (r *reader) teamsTogether(has map[string]value, c *Config) {
	t := &c.Teams
	if in, ok := has["admins"]; ok && c.Admins.Channel.Platform == "teams" && !t.On {
		r.wrong(value{"teams", nil, in.at}, "is missing; the admins' channel is in Teams, so write teams: and below it app_id and credential")
	}
	if !t.On {
		return
	}
	if t.Tenant == "" {
		t.Tenant = c.Tenant.ID
	}
	if len(t.Tenants) == 0 && c.Tenant.ID != "" {
		t.Tenants = []string{c.Tenant.ID}
	}
	if t.Cloud == "" {
		t.Cloud = map[Cloud]TeamsCloud{Global: TeamsPublic, Custom: TeamsPublic, USGov: TeamsGCCHigh, USGovDoD: TeamsDoD}[c.Tenant.Cloud]
	}
	if t.Cloud == "" {
		r.wrong(value{"teams.cloud", nil, has["teams"].at}, "is missing; write custom, and endpoints: for the Teams of this cloud")
	}
}
