package msgraph

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/http/httptrace"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// maxBody is the largest answer that is read. A page of 1,000 sign-ins has some 5 MB.
const maxBody = 16 << 20

// A door is the only way out: it lets requests through to its hosts and to no
// others, so that nothing else ever sees a token or a secret, and lets answers
// in that are whole, JSON, and of a bearable size.
type door struct {
	next  http.RoundTripper
	hosts []string
	agent string
	now   func() time.Time
	pages bool                                                   // it asks for what browsers are shown and carries nothing, so redirects and pages come in as well
	saw   func(status int, requestID string, took time.Duration) // of each request; may be nil

	mu     sync.Mutex
	failed error // why the last request had no answer that is worth reading
}

// A refusal is an answer that the door does not let in.
type refusal struct {
	status int
	why    string
}

func (r *refusal) Error() string { return r.why }

// unsent is why a request never left: nobody can have acted on it.
type unsent struct{ err error }

func (u *unsent) Error() string { return u.err.Error() }
func (u *unsent) Unwrap() error { return u.err }

// errHost says where a request may not go. It does not say where it should have.
var errHost = errors.New("refusing to send a request to a host that is not on the list")

// RoundTrip sends r and reads the whole answer.
func (d *door) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := d.pass(r)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.failed = err
	return resp, err
}

func (d *door) pass(r *http.Request) (*http.Response, error) {
	if r.URL.Scheme != "https" || !slices.ContainsFunc(d.hosts, func(h string) bool { return strings.EqualFold(h, r.URL.Host) }) {
		return nil, &unsent{errHost}
	}
	// From when there is a connection the request may have left. When it has been
	// written is told too late to go by: the other side can read it, and who asked
	// lose patience, before the one who writes is back.
	var left atomic.Bool
	r = r.Clone(httptrace.WithClientTrace(r.Context(), &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { left.Store(true) }}))
	r.Header.Set("User-Agent", d.agent)
	began := d.now()
	resp, err := d.next.RoundTrip(r)
	if err != nil {
		d.tell(0, "", began)
		if !left.Load() {
			err = &unsent{err}
		}
		return nil, err
	}
	defer resp.Body.Close()
	d.tell(resp.StatusCode, requestID(resp.Header), began)
	body, err := io.ReadAll(http.MaxBytesReader(nil, resp.Body, maxBody))
	if err == nil && !d.pages {
		err = refuse(resp, body)
	}
	if err != nil {
		return nil, err
	}
	// kiota answers a challenge by asking again, which nobody would count, and
	// panics at one that it cannot read.
	resp.Header.Del("WWW-Authenticate")
	resp.Body = io.NopCloser(bytes.NewReader(body))
	resp.ContentLength = int64(len(body))
	return resp, nil
}

func (d *door) tell(status int, requestID string, began time.Time) {
	if d.saw != nil {
		d.saw(status, requestID, d.now().Sub(began))
	}
}

// refuse returns why an answer is not let in: a redirect would carry the token
// elsewhere, and a success that is not JSON is some proxy's page for people.
func refuse(resp *http.Response, body []byte) error {
	switch status := resp.StatusCode; {
	case status >= 400 || status == http.StatusNoContent, status == http.StatusAccepted && len(body) == 0:
		return nil
	case status >= 300:
		return &refusal{status, "redirected, which is not followed"}
	default:
		kind, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
		if kind != "application/json" || !json.Valid(body) {
			return &refusal{status, fmt.Sprintf("%d bytes of an answer that is not JSON", len(body))}
		}
		return nil
	}
}

// failure returns why the last request had no answer; nil if it had one.
func (d *door) failure() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.failed
}

// forget is called before the requests whose failure is of interest.
func (d *door) forget() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.failed = nil
}
