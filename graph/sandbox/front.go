package sandbox

import (
	"net/http"
	"net/url"
	"strings"
)

// Front serves the pages that people see, and nothing else, for whoever has them
// under an address of their own: a browser does not trust the tenant's
// certificate, and a warning is a bad beginning. Apps still come to the tenant
// itself, which from now on sends browsers to that address. It is without a
// path, such as "http://127.0.0.1:8025", and FrontPath below it must be served.
func (t *Tenant) Front(address string) http.Handler {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.front = strings.TrimSuffix(address, "/")
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, path, _ := strings.Cut(strings.Trim(r.URL.Path, "/"), "/")
		switch path {
		case "oauth2/v2.0/authorize", "oauth2/authorize", "signin", "mysecurityinfo":
			t.serve(w, r)
		default:
			http.NotFound(w, r)
		}
	})
}

// FrontPath is below what address the pages of Front are.
func (t *Tenant) FrontPath() string { return "/" + t.ID() + "/" }

// SecurityInfo is where people register how they prove who they are: what
// https://aka.ms/mysecurityinfo is for the real ones.
func (t *Tenant) SecurityInfo() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.browsersAt(t.host) + t.FrontPath() + "mysecurityinfo"
}

// browsersAt is where browsers find what apps find at a host.
func (t *Tenant) browsersAt(host string) string {
	if t.front != "" {
		return t.front
	}
	return "https://" + host
}

// hostOf is where apps find what a browser found at a host: the issuer of its
// tokens is there.
func (t *Tenant) hostOf(host string) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	if u, err := url.Parse(t.front); err == nil && t.front != "" && strings.EqualFold(u.Host, host) && t.host != "" {
		return t.host
	}
	return host
}

// secure reports whether browsers come by https, as far as is known.
func (t *Tenant) secure() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return !strings.HasPrefix(t.front, "http://")
}
