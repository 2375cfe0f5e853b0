package msgraph

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"
)

// A Cloud is where a tenant lives: a [National] one of Microsoft's, or a
// [Custom] one. None is [Global].
type Cloud interface {
	places() (places, error)
}

// National names one of Microsoft's clouds. Tokens of one are worth nothing in
// another.
// See https://learn.microsoft.com/graph/deployments.
type National string

// Microsoft's clouds. GCC is part of Global.
const (
	Global   National = "global"
	USGov    National = "usgov"     // GCC High
	USGovDoD National = "usgov-dod" // the Department of Defense
	China    National = "china"     // operated by 21Vianet
)

// places are the hosts of a cloud.
type places struct {
	authority string   // where apps sign in
	aliases   []string // other hosts of that
	graph     string
	audience  string // what the tokens are for; "" for graph
	roots     *x509.CertPool
	unknown   bool // to Microsoft's list of authorities, so it must not be asked for
}

var nationals = map[National]places{
	Global:   {authority: "https://login.microsoftonline.com", graph: "https://graph.microsoft.com"},
	USGov:    {authority: "https://login.microsoftonline.us", graph: "https://graph.microsoft.us"},
	USGovDoD: {authority: "https://login.microsoftonline.us", graph: "https://dod-graph.microsoft.us"},
	China: {authority: "https://login.partner.microsoftonline.cn", graph: "https://microsoftgraph.chinacloudapi.cn",
		aliases: []string{"login.chinacloudapi.cn"}},
}

func (n National) places() (places, error) {
	p, ok := nationals[n]
	if !ok {
		return places{}, fmt.Errorf("no cloud is called %q: it is %s, %s, %s or %s", string(n), Global, USGov, USGovDoD, China)
	}
	return p, nil
}

// Custom is a cloud that this package does not know, such as a pretend tenant.
// What it names is trusted with the app's credential: nobody but who runs the
// program may set it.
type Custom struct {
	Authority string // such as "https://127.0.0.1:8443"
	Graph     string // without the version
	Audience  string // what tokens are asked for; Microsoft's global Graph if ""
	RootCA    []byte // in PEM; trusted instead of the system's, unless empty
}

func (c Custom) places() (places, error) {
	for _, s := range []string{c.Authority, c.Graph} {
		if u, err := url.Parse(s); err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil || u.RawQuery != "" {
			return places{}, fmt.Errorf("%q is no address that begins with https://", s)
		}
	}
	p := places{authority: c.Authority, graph: c.Graph, audience: c.Audience, unknown: true}
	if p.audience == "" {
		p.audience = nationals[Global].graph
	}
	if len(c.RootCA) > 0 {
		p.roots = x509.NewCertPool()
		if !p.roots.AppendCertsFromPEM(c.RootCA) {
			return places{}, errors.New("the root CA is no certificate in PEM")
		}
	}
	return p, nil
}

// scope is all that the app was granted in Graph.
func (p places) scope() string {
	if p.audience == "" {
		return p.graph + "/.default"
	}
	return p.audience + "/.default"
}

// door returns the way to one of the cloud's addresses, and to none but that.
func (p places) door(o Options, address string, aliases ...string) *door {
	t := &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		TLSClientConfig:     &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: p.roots},
		TLSHandshakeTimeout: 10 * time.Second,
		IdleConnTimeout:     90 * time.Second,
		MaxIdleConnsPerHost: 8,
		ForceAttemptHTTP2:   true,
	}
	u, _ := url.Parse(address) // checked, or from the table
	return &door{next: t, hosts: slices.Concat([]string{u.Host}, aliases), agent: o.UserAgent, now: o.Now}
}
