package page

import (
	"cmp"
	"context"
	"crypto/rand"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"go.uber.org/zap"

	"mfahelp/bot"
	"mfahelp/secret"
	"mfahelp/words"
)

// Name is the platform of the people whose yes comes from here.
const Name = "page"

// fresh is how long after a sign-in somebody may still say yes.
const fresh = 10 * time.Minute

// Options is what the page needs from the rest of the program.
type Options struct {
	Inbox         bot.Inbox
	Confirmations bot.Confirmations
	Words         func(locale string) *words.Printer

	URL      string // where people reach this, without a slash at the end: the public_url
	Issuer   string // such as https://login.microsoftonline.com/<tenant>/v2.0
	Tenant   string // whose people may sign in
	ClientID string // of the app registration that people sign in to
	Secret   secret.Text
	// Assertion returns a token that proves who the app is, where it has no
	// secret: a federated one, or one signed with its certificate for the
	// address of the token endpoint. It may be nil if there is a Secret.
	Assertion func(ctx context.Context, audience string) (secret.Text, error)

	Context string       // the authentication context that is asked for, such as "c1"; "" for none
	Key     []byte       // seals the cookies; 32 bytes, shared by replicas. Random if nil
	Client  *http.Client // speaks to Entra, with its limits and its list of hosts
	Now     func() time.Time
	Log     *zap.Logger
}

// Page serves the sign-ins.
type Page struct {
	o      Options
	entra  entra
	seal   sealer
	secure bool // people reach this by https
}

// New returns a page. Entra is first asked when somebody signs in.
func New(o Options) *Page {
	o.URL = strings.TrimSuffix(o.URL, "/")
	if o.Words == nil {
		o.Words = func(locale string) *words.Printer { return &words.Printer{Locale: locale} }
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = zap.NewNop()
	}
	if o.Key == nil {
		o.Key = make([]byte, 32)
		_, _ = rand.Read(o.Key) // never fails
	}
	p := &Page{o: o, seal: newSealer(o.Key), secure: strings.HasPrefix(o.URL, "https://")}
	p.entra = entra{o: &p.o}
	return p
}

// Address is where the sign-in for a link begins.
func (p *Page) Address(link string) string { return Address(p.o.URL, link) }

// Address is where the sign-in for a link begins on the page that people reach
// at a public URL.
func Address(public, link string) string {
	return strings.TrimSuffix(public, "/") + "/signin/" + url.PathEscape(link)
}

// Callback is where Entra sends people back to: the redirect URI that the app
// registration must have.
func (p *Page) Callback() string { return p.o.URL + "/signin/callback" }

// Handler serves everything below /signin/.
func (p *Page) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /signin/style.css", p.style)
	mux.HandleFunc("GET /signin/callback", p.handle(p.callback))
	mux.HandleFunc("GET /signin/{link}", p.handle(p.invite))
	mux.HandleFunc("POST /signin/{link}", p.handle(p.leave))
	mux.HandleFunc("GET /signin/{link}/confirm", p.handle(p.show))
	mux.HandleFunc("POST /signin/{link}/confirm", p.handle(p.agree))
	return p.guard(mux)
}

// policy lets the page load its style and nothing else. Forms go to us, and
// from there to Entra, which the browser counts as the form's doing too.
func (p *Page) policy() string {
	entra := ""
	if u, err := url.Parse(p.o.Issuer); err == nil {
		entra = " " + u.Scheme + "://" + u.Host
	}
	return "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'self'" + entra + "; frame-ancestors 'none'"
}

// guard refuses what another site sends, or sends under another name.
func (p *Page) guard(next http.Handler) http.Handler {
	cross := http.NewCrossOriginProtection()
	policy := p.policy()
	host := ""
	if u, err := url.Parse(p.o.URL); err == nil {
		host = u.Host
	}
	var misnamed sync.Once // scanners come by all the time
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "no-referrer") // the link is in the address
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
		h.Set("X-Robots-Tag", "noindex")
		h.Set("Cache-Control", "no-store")
		if p.secure {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		if named := strings.EqualFold(r.Host, host); !named || cross.Check(r) != nil {
			if !named {
				misnamed.Do(func() {
					p.o.Log.Warn("the page was asked for under another name than public_url and refused; if your proxy asked, have it pass on the header Host",
						zap.String("name", r.Host[:min(len(r.Host), 100)]), zap.String("public_url", p.o.URL))
				})
			}
			p.refuse(w, r, &problem{status: http.StatusForbidden, key: "elsewhere"})
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, 16<<10)
		next.ServeHTTP(w, r)
	})
}

// locale is the first language that the browser asks for.
func locale(r *http.Request) string {
	first, _, _ := strings.Cut(r.Header.Get("Accept-Language"), ",")
	tag, _, _ := strings.Cut(first, ";")
	if tag = strings.TrimSpace(tag); len(tag) > 35 {
		return ""
	}
	return cmp.Or(tag, "")
}
