package web

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"

	"go.uber.org/zap"

	"mfahelp/bot"
)

// policy lets the page load what it brings along and nothing else, so that a
// slip in escaping would still run nothing.
const policy = "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
	"object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

// guard refuses what another site sends, or sends under another name: without
// the first, any page open in the same browser could press buttons here; without
// the second, one whose name is made to point to this machine.
func (w *Web) guard(next http.Handler) http.Handler {
	cross := http.NewCrossOriginProtection()
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		h := rw.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
		h.Set("Cache-Control", "no-store")
		switch {
		case !w.hosts(r.Host):
			w.refuse(rw, r, &problem{status: http.StatusForbidden, code: "host"})
		case cross.Check(r) != nil || !sameOrigin(r):
			w.refuse(rw, r, &problem{status: http.StatusForbidden, code: "origin"})
		default:
			next.ServeHTTP(rw, r)
		}
	})
}

// hosts reports whether this is served under host, whatever the port.
func (w *Web) hosts(host string) bool {
	name := host
	if h, _, err := net.SplitHostPort(host); err == nil {
		name = h
	}
	name = strings.Trim(name, "[]")
	return slices.ContainsFunc(w.o.Hosts, func(h string) bool {
		return strings.EqualFold(h, host) || strings.EqualFold(strings.Trim(h, "[]"), name)
	})
}

// sameOrigin reports whether r comes from a page of ours, or from no page. The
// standard library asks this of requests that change something; we ask it of
// all, for nobody else has any business reading here.
func sameOrigin(r *http.Request) bool {
	origin := r.Header.Get("Origin")
	if origin == "" {
		return true
	}
	u, err := url.Parse(origin)
	return err == nil && u.Host != "" && strings.EqualFold(u.Host, r.Host)
}

// decode reads r's body as a T: all of it, nothing else, and no more than limit.
func decode[T any](rw http.ResponseWriter, r *http.Request, limit int64) (body T, err error) {
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return body, &problem{status: http.StatusUnsupportedMediaType, code: "not-json"}
	}
	d := json.NewDecoder(http.MaxBytesReader(rw, r.Body, limit))
	d.DisallowUnknownFields()
	err = d.Decode(&body)
	if err == nil {
		if _, more := d.Token(); more != io.EOF {
			err = cmp.Or(more, errors.New("more than one value"))
		}
	}
	var big *http.MaxBytesError
	switch {
	case errors.As(err, &big):
		return body, tooLarge(limit)
	case err != nil:
		return body, &problem{status: http.StatusBadRequest, code: "malformed", err: err}
	}
	return body, nil
}

// Limits on what is read, in bytes.
const (
	maxBody = 64 << 10 // of anything but a message
	maxText = 1 << 20  // of what somebody says: a log that they paste
	maxSaid = 2 << 20  // of that text as JSON
)

func tooLarge(limit int64) *problem {
	return &problem{status: http.StatusRequestEntityTooLarge, code: "too-large", args: []any{limit >> 10}}
}

// The seats of a page: it shows an employee's conversation beside the admins'.
const (
	employeeSeat = "employee"
	adminSeat    = "admin"
)

// seats remembers who sits where: a session is one seat, taken by one person.
// It keeps digests, so that what is stored opens nothing.
type seats struct {
	memory bot.Memory

	mu  sync.Mutex
	all map[string]seat // by the digest of the token; nil until they are read
	n   int64
}

type seat struct {
	Person string `json:"person"`
	N      int64  `json:"n"` // how many were taken before
}

const maxSeats = 1000 // older ones are forgotten

// take opens a session for person.
func (s *seats) take(ctx context.Context, person string) (token string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.load(ctx); err != nil {
		return "", err
	}
	if len(s.all) >= maxSeats {
		if err := s.forgetOldest(ctx); err != nil {
			return "", err
		}
	}
	token = rand.Text()
	s.n++
	taken := seat{Person: person, N: s.n}
	b, err := json.Marshal(taken)
	if err != nil {
		return "", err
	}
	if err := s.memory.Put(ctx, platform, "session/"+digest(token), b); err != nil {
		return "", fmt.Errorf("keeping a session: %w", err)
	}
	s.all[digest(token)] = taken
	return token, nil
}

// sitting returns who has the seat that token opens.
func (s *seats) sitting(ctx context.Context, token string) (person string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.load(ctx); err != nil {
		return "", err
	}
	return s.all[digest(token)].Person, nil
}

func (s *seats) load(ctx context.Context) error {
	if s.all != nil {
		return nil
	}
	kept, err := s.memory.List(ctx, platform, "session/")
	if err != nil {
		return fmt.Errorf("reading sessions: %w", err)
	}
	all := map[string]seat{}
	for _, k := range kept {
		var t seat
		if err := json.Unmarshal(k.Value, &t); err != nil {
			return fmt.Errorf("reading %s: %w", k.Key, err)
		}
		all[strings.TrimPrefix(k.Key, "session/")] = t
		s.n = max(s.n, t.N)
	}
	s.all = all
	return nil
}

func (s *seats) forgetOldest(ctx context.Context) error {
	oldest := ""
	for d, t := range s.all {
		if oldest == "" || t.N < s.all[oldest].N {
			oldest = d
		}
	}
	delete(s.all, oldest)
	if err := s.memory.Put(ctx, platform, "session/"+oldest, nil); err != nil {
		return fmt.Errorf("forgetting a session: %w", err)
	}
	return nil
}

func digest(token string) string {
	d := sha256.Sum256([]byte(token))
	return hex.EncodeToString(d[:])
}

// cookie is the name of the cookie that holds the session of a seat.
func cookie(seat string) string { return "mfahelp-" + seat }

// token is what r shows for a seat: a bearer token, as scripts do, or a cookie.
func token(r *http.Request, seat string) string {
	if t, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		return t
	}
	if c, err := r.Cookie(cookie(seat)); err == nil {
		return c.Value
	}
	return ""
}

// seatIn is the seat that r is about: the one its address names, or the employee's.
func seatIn(r *http.Request) string { return cmp.Or(r.URL.Query().Get("seat"), employeeSeat) }

// sitting returns who has this seat in r. It is the only way in which a request
// is somebody's.
func (w *Web) sitting(r *http.Request, seat string) (Person, error) {
	t := token(r, seat)
	if t == "" {
		return Person{}, &problem{status: http.StatusUnauthorized, code: "no-session"}
	}
	id, err := w.seats.sitting(r.Context(), t)
	if err != nil {
		return Person{}, err
	}
	p, ok := w.person(id)
	if !ok {
		return Person{}, &problem{status: http.StatusUnauthorized, code: "no-session"}
	}
	return p, nil
}

// A handler answers a request or says why not.
type handler func(http.ResponseWriter, *http.Request) error

// A problem is why a request is not answered. Its sentence is for whoever sent
// the request; err is for the log.
type problem struct {
	status int
	code   string // its sentence is "web.error." and this
	args   []any
	err    error
}

func (p *problem) Error() string {
	if p.err != nil {
		return p.code + ": " + p.err.Error()
	}
	return p.code
}

func (p *problem) Unwrap() error { return p.err }

// answer makes h a [http.Handler]: no body is read before a session can be, and
// nothing is said before what was said earlier is known.
func (w *Web) answer(h handler) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		err := w.shelf.load(r.Context())
		if err == nil {
			err = h(rw, r)
		}
		if err != nil {
			w.refuse(rw, r, err)
		}
	})
}

// refuse says why a request is not answered: in a sentence, with a code for
// scripts and, where we are to blame, a reference to the log.
func (w *Web) refuse(rw http.ResponseWriter, r *http.Request, err error) {
	var p *problem
	if !errors.As(err, &p) {
		p = &problem{status: http.StatusInternalServerError, code: "internal", err: err}
	}
	body := map[string]string{"code": p.code}
	if p.status >= http.StatusInternalServerError {
		reference := rand.Text()[:8]
		body["reference"] = reference
		w.o.Log.Error("request not answered", zap.String("path", r.URL.Path), zap.String("reference", reference), zap.Error(err))
		p = &problem{status: p.status, code: p.code, args: []any{reference}}
	}
	body["error"] = w.o.Words("").Say("web.error."+p.code, p.args...)
	if p.code == "malformed" && p.err != nil {
		body["detail"] = p.err.Error() // whoever writes a script wants to know
	}
	writeJSON(rw, p.status, body)
}

func (w *Web) nothing(http.ResponseWriter, *http.Request) error {
	return &problem{status: http.StatusNotFound, code: "not-found"}
}

func writeJSON(rw http.ResponseWriter, status int, body any) {
	rw.Header().Set("Content-Type", "application/json; charset=utf-8")
	rw.WriteHeader(status)
	_ = json.NewEncoder(rw).Encode(body) // whoever does not want the answer has gone
}
