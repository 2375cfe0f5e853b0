package teams

import (
	"net/url"
	"slices"
	"strings"
)

// A Cloud is one of Microsoft's, by the addresses that the bot deals with.
//
// Those of the public one and of the US Government are from Microsoft's own
// SDK; that GCC has its tokens from where the public cloud has, is not
// documented anywhere.
type Cloud struct {
	Issuer   string // of the tokens that come in
	Metadata string // where the keys are told
	Login    string // where our own tokens come from
	Scope    string // what they are for

	// Connectors are the hosts to which our token may be sent. Each is a whole
	// name: the domain of the public one is shared with whoever rents a machine.
	Connectors []string

	// Downloads are hosts that files are fetched from and sent to, without a
	// token. One that begins with a dot stands for all names below it.
	Downloads []string
}

// The clouds. 21Vianet's has none: where its Teams is, is not documented.
// See https://learn.microsoft.com/microsoftteams/platform/concepts/app-fundamentals-overview#government-community-cloud.
var (
	Public = Cloud{
		Issuer:     "https://api.botframework.com",
		Metadata:   "https://login.botframework.com/v1/.well-known/openidconfiguration",
		Login:      "https://login.microsoftonline.com",
		Scope:      "https://api.botframework.com/.default",
		Connectors: []string{"smba.trafficmanager.net"},
		Downloads:  []string{".sharepoint.com"},
	}
	GCC = Cloud{
		Issuer: Public.Issuer, Metadata: Public.Metadata, Login: Public.Login, Scope: Public.Scope,
		Connectors: []string{"smba.infra.gcc.teams.microsoft.com"},
		Downloads:  []string{".sharepoint.com"},
	}
	GCCHigh = Cloud{
		Issuer:     "https://api.botframework.us",
		Metadata:   "https://login.botframework.azure.us/v1/.well-known/openidconfiguration",
		Login:      "https://login.microsoftonline.us",
		Scope:      "https://api.botframework.us/.default",
		Connectors: []string{"smba.infra.gov.teams.microsoft.us"},
		Downloads:  []string{".sharepoint.us"},
	}
	DoD = Cloud{
		Issuer: GCCHigh.Issuer, Metadata: GCCHigh.Metadata, Login: GCCHigh.Login, Scope: GCCHigh.Scope,
		Connectors: []string{"smba.infra.dod.teams.microsoft.us"},
		Downloads:  []string{".sharepoint-mil.us", ".sharepoint.us"},
	}
)

// connector returns the address of a connector, without a slash at its end, if
// it is one to which our token may be sent. It is asked when an address comes
// in and again whenever one that was kept is used.
func (c Cloud) connector(address string) (string, bool) {
	u, ok := plainHTTPS(address)
	if !ok || u.RawQuery != "" || !slices.ContainsFunc(c.Connectors, func(h string) bool { return strings.EqualFold(h, u.Host) }) {
		return "", false
	}
	return "https://" + strings.ToLower(u.Host) + strings.TrimRight(u.EscapedPath(), "/"), true
}

// download reports whether address is one that files may come from or go to.
func (c Cloud) download(address string) bool {
	u, ok := plainHTTPS(address)
	return ok && slices.ContainsFunc(c.Downloads, func(h string) bool {
		host := strings.ToLower(u.Host)
		if strings.HasPrefix(h, ".") {
			return strings.HasSuffix(host, h) && len(host) > len(h)
		}
		return host == h
	})
}

// plainHTTPS parses an address that names a host and a path and nothing that
// two readers could read in two ways. A port is part of the host, so it is
// refused unless a list has it.
func plainHTTPS(address string) (*url.URL, bool) {
	if strings.ContainsAny(address, "\\\t\r\n ") {
		return nil, false
	}
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil || u.Opaque != "" || u.Fragment != "" {
		return nil, false
	}
	for part := range strings.SplitSeq(u.Path, "/") { // decoded, so that %2e%2e is one of them
		if part == ".." || part == "." {
			return nil, false
		}
	}
	return u, true
}
