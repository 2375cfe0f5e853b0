package sandbox

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// Options say how a tenant differs from a healthy, licensed one.
type Options struct {
	Now  func() time.Time // nil for the time of day; [Tenant.Advance] and [Tenant.SetClock] move either
	Rand io.Reader        // of the ids of events; nil for crypto/rand
	Dir  string           // keeps the keys, so that who trusted the tenant does so after a restart; "" for nowhere
	Keys *Keys            // goes before Dir; tests share one, since an RSA key takes its time

	Lag    time.Duration // from an event to its place in the log
	Settle time.Duration // from there until its steps are right; see [Event]
	Late   time.Duration // the lag of the scenario "late"; 0 for 40 s

	Free       bool // no premium licence: no sign-ins by the API, and 7 days of them
	NoThrottle bool
	NoHistory  bool // empty logs, instead of a few days of people who got in, and what admins did before
	Control    bool // serves /_sandbox/ to anybody who can reach it, so listen on loopback only
}

// A Tenant is a pretend Entra tenant with the people of a small company. It is
// safe for use by several goroutines.
type Tenant struct {
	opts   Options
	keys   *Keys
	routes []route
	dice   sync.Mutex // guards opts.Rand

	mu         sync.Mutex // guards what follows
	base       func() time.Time
	offset     time.Duration
	free       bool
	apps       []*app
	users      []*user
	groups     []*group
	roles      []*grant
	events     []*Event // newest first
	faults     []*fault
	windows    map[string][]time.Time // when requests were let through, by limit and who made them
	log        []Request
	writes     []Request
	policy     PassPolicy
	audits     []*Audit // newest first
	mails      []Mail
	reportOnly bool            // the policies behind the contexts are
	contexts   map[string]bool // published authentication contexts, and whether one demands MFA
	codes      map[string]*authCode
	sessions   map[string]*session
	flaw       Flaw
	host       string // where apps find it
	front      string // where browsers find it, if that is elsewhere
	hooks      map[int]func(Request)
	nextHook   int
	servers    []*http.Server
}

// New returns a tenant with the company in it, which nobody can reach yet: see
// [Tenant.Start] and [Tenant.Handler].
func New(o Options) (*Tenant, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Rand == nil {
		o.Rand = rand.Reader
	}
	if o.Late == 0 {
		o.Late = 40 * time.Second
	}
	keys, err := keysFor(o)
	if err != nil {
		return nil, fmt.Errorf("preparing the sandbox's keys: %w", err)
	}
	t := &Tenant{
		opts: o, keys: keys, base: o.Now, free: o.Free,
		routes:  graphRoutes(),
		windows: map[string][]time.Time{},
		hooks:   map[int]func(Request){},

		contexts: map[string]bool{StrongContext: true},
		codes:    map[string]*authCode{},
		sessions: map[string]*session{},
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.apps, t.policy = seededApps(), usualPassPolicy
	if err := t.seed(); err != nil {
		return nil, fmt.Errorf("seeding the sandbox: %w", err)
	}
	return t, nil
}

// Domain is where the company's people work.
const Domain = "contoso.com"

// initialDomain is what the tenant was called at first. Guests keep it in their names.
const initialDomain = "contoso.onmicrosoft.com"

// ID returns the tenant id, which is the same in every sandbox.
func (t *Tenant) ID() string { return stableID("tenant", Domain) }

// stableID returns the id of what is called name: the same after every start,
// so that configuration written once keeps working.
func stableID(kind, name string) string {
	sum := sha256.Sum256([]byte(kind + "\x00" + name))
	return guid(sum[:16])
}

// guid writes 16 bytes as a GUID of version 4.
func guid(b []byte) string {
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:16])
}

// newGUID returns a fresh id, such as that of a correlation.
func (t *Tenant) newGUID() string { return guid(t.random(16)) }

func (t *Tenant) random(n int) []byte {
	t.dice.Lock()
	defer t.dice.Unlock()
	b := make([]byte, n)
	if _, err := io.ReadFull(t.opts.Rand, b); err != nil {
		panic("sandbox: no randomness: " + err.Error()) // unreachable: crypto/rand does not fail
	}
	return b
}

// newRequestID returns a fresh id of a request. Those of the real service end
// in 00 or, more rarely, in 01.
func (t *Tenant) newRequestID() string {
	id := t.newGUID()
	if strings.HasSuffix(id, "0") {
		return id[:len(id)-2] + "01"
	}
	return id[:len(id)-2] + "00"
}

// Now returns what time it is in the tenant.
func (t *Tenant) Now() time.Time {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.now()
}

func (t *Tenant) now() time.Time { return t.base().Add(t.offset).UTC() }

// Advance moves the tenant's clock, forward as a rule.
func (t *Tenant) Advance(d time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.offset += d
}

// SetClock stops the tenant's clock at a time, from where only [Tenant.Advance]
// and another SetClock move it.
func (t *Tenant) SetClock(at time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.base, t.offset = func() time.Time { return at }, 0
}

// SetPremium says whether the tenant has the licence that the sign-in log asks for.
func (t *Tenant) SetPremium(premium bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.free = !premium
}

// Handler returns the tenant as a handler, login and Graph in one. It does no
// TLS, which azidentity insists on: see [Tenant.Start].
func (t *Tenant) Handler() http.Handler { return http.HandlerFunc(t.serve) }

// Start serves the tenant over HTTPS on addr, such as "127.0.0.1:0", until
// Close, and returns its address as an URL without a slash at the end.
func (t *Tenant) Start(addr string) (string, error) {
	cert, err := t.keys.leaf()
	if err != nil {
		return "", fmt.Errorf("making a certificate: %w", err)
	}
	ln, err := net.Listen("tcp", addr)
	if err != nil {
		return "", fmt.Errorf("listening: %w", err)
	}
	srv := &http.Server{
		Handler:           t.Handler(),
		TLSConfig:         &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12},
		ReadHeaderTimeout: 10 * time.Second,
		ErrorLog:          log.New(handshakes{t}, "", 0),
	}
	t.mu.Lock()
	t.servers = append(t.servers, srv)
	t.host = ln.Addr().String()
	t.mu.Unlock()
	go func() { _ = srv.ServeTLS(ln, "", "") }() // ends with Close, and has nothing else to say
	return "https://" + ln.Addr().String(), nil
}

// Close stops serving at once, in the middle of an answer if need be.
func (t *Tenant) Close() error {
	t.mu.Lock()
	servers := t.servers
	t.servers = nil
	t.mu.Unlock()
	var errs []error
	for _, s := range servers {
		errs = append(errs, s.Close())
	}
	return errors.Join(errs...)
}

// CAPEM returns the certificate of the authority that vouches for the tenant's
// own: whoever is to talk to it must trust this one.
func (t *Tenant) CAPEM() []byte { return t.keys.caPEM() }

// CAFile returns where that certificate is kept, if the tenant has a folder.
func (t *Tenant) CAFile() string {
	if t.opts.Dir == "" || t.opts.Keys != nil {
		return ""
	}
	return filepath.Join(t.opts.Dir, caFile)
}

// Client returns an HTTP client that trusts the tenant. It follows no redirect,
// for Graph has none that may carry a token.
func (t *Tenant) Client() *http.Client {
	return &http.Client{
		Transport: &http.Transport{
			TLSClientConfig:   &tls.Config{RootCAs: t.keys.pool(), MinVersion: tls.VersionTLS12},
			ForceAttemptHTTP2: true,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// handshakes puts what the server has to say about a handshake into the log of
// requests: a client that does not trust the authority sends nothing else.
type handshakes struct{ t *Tenant }

func (h handshakes) Write(line []byte) (int, error) {
	s := strings.TrimSpace(string(line))
	if strings.Contains(s, "TLS handshake error") {
		h.t.record(Request{At: h.t.Now(), Method: "TLS", Why: s + ". Does the client trust the sandbox's authority (CAPEM)?"})
	}
	return len(line), nil
}
