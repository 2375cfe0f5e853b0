package sandbox

import (
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"
)

// A Fault is something that goes wrong on purpose.
type Fault struct {
	Kind   FaultKind
	Method string        // of the requests it hits, such as "DELETE"; "" for all
	Path   string        // of the requests it hits, from the left, such as "/beta/auditLogs"; "" for all
	Times  int           // how many it hits; 0 for all until it is cleared
	Status int           // of a Status fault; 0 for 503
	After  time.Duration // of a Status fault, what Retry-After says, 0 for no header; of a Slow one, how slow
}

// A FaultKind is what goes wrong.
type FaultKind string

// The kinds of faults.
const (
	Status     FaultKind = "status"     // an error with no explanation
	Slow       FaultKind = "slow"       // the answer takes its time, or until the caller hangs up
	Reset      FaultKind = "reset"      // the connection breaks before anything is done
	Lost       FaultKind = "lost"       // all is done, and the connection breaks before the answer
	HTML       FaultKind = "html"       // a page for people, with 200
	Truncated  FaultKind = "truncated"  // the first half of the JSON, with 200
	Shapeless  FaultKind = "shapeless"  // JSON of another shape, with 200
	Unlicensed FaultKind = "unlicensed" // "no premium licence", as a licensed tenant is told now and then
)

var faultKinds = []FaultKind{Status, Slow, Reset, Lost, HTML, Truncated, Shapeless, Unlicensed}

// fault is a Fault that is waiting for requests.
type fault struct {
	Fault
	left int // -1 for ever
}

// Fault has something go wrong from now on. Of several that fit a request the
// first wins. Clear ends it, if its Times have not done so.
func (t *Tenant) Fault(f Fault) (clear func()) {
	if f.Status == 0 {
		f.Status = http.StatusServiceUnavailable
	}
	waiting := &fault{f, f.Times}
	if f.Times == 0 {
		waiting.left = -1
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.faults = append(t.faults, waiting)
	return func() { t.clearFaults(func(f *fault) bool { return f == waiting }) }
}

// SetOutage has all of Graph answer 503 until it is switched off. Signing in still works.
func (t *Tenant) SetOutage(on bool) {
	t.clearFaults(func(f *fault) bool { return f.Path == outagePaths[0] || f.Path == outagePaths[1] })
	if on {
		for _, p := range outagePaths {
			t.Fault(Fault{Kind: Status, Path: p})
		}
	}
}

var outagePaths = []string{"/v1.0/", "/beta/"}

func (t *Tenant) clearFaults(these func(*fault) bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.faults = slices.DeleteFunc(t.faults, these)
}

// nextFault returns what befalls a request, and counts it.
func (t *Tenant) nextFault(method, path string) (Fault, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for i, f := range t.faults {
		if !strings.HasPrefix(path, f.Path) || f.Method != "" && f.Method != method {
			continue
		}
		if f.left > 0 {
			f.left--
		}
		if f.left == 0 {
			t.faults = slices.Delete(t.faults, i, i+1)
		}
		return f.Fault, true
	}
	return Fault{}, false
}

// faulty returns the answer to r, or what a fault makes of it. It does not
// return if the connection is to break.
func (t *Tenant) faulty(w http.ResponseWriter, r *http.Request, entry *Request, answer func() reply) reply {
	f, ok := t.nextFault(r.Method, r.URL.Path)
	if !ok {
		return answer()
	}
	entry.Fault = string(f.Kind)
	switch f.Kind {
	case Status:
		return t.statusReply(f)
	case Unlicensed:
		return problemReply(noLicence(), t.Now(), t.newGUID(), t.newGUID())
	case HTML:
		return reply{http.StatusOK, http.Header{"Content-Type": {"text/html"}}, []byte("<html><body><h1>Our services aren't available right now</h1></body></html>")}
	case Shapeless:
		return reply{http.StatusOK, http.Header{"Content-Type": {"application/json"}}, []byte(`{"value":{"id":{"of":7}},"id":[7]}`)}
	case Truncated:
		a := answer()
		a.body = a.body[:len(a.body)/2]
		return a
	case Reset:
		breakConnection(w)
	case Lost:
		entry.Status = answer().status
		breakConnection(w)
	case Slow:
		select {
		case <-r.Context().Done():
		case <-time.After(f.After):
		}
	}
	return answer()
}

// statusReply is an error of the gateway before Graph, which explains nothing.
func (t *Tenant) statusReply(f Fault) reply {
	p := &problem{
		status: f.Status, code: "UnknownError", message: http.StatusText(f.Status), after: f.After,
		why: fmt.Sprintf("a fault that was asked for: %d", f.Status),
	}
	switch f.Status {
	case http.StatusServiceUnavailable:
		p.code = "ServiceUnavailable"
	case http.StatusInternalServerError:
		p.code = "InternalServerError"
	}
	a := problemReply(p, t.Now(), t.newGUID(), t.newGUID())
	return a
}

// breakConnection ends the connection without an answer: with a TCP reset if
// there is only this request on it, else by a reset of its HTTP/2 stream.
func breakConnection(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if c, ok := conn.(interface{ NetConn() net.Conn }); ok {
		conn = c.NetConn()
	}
	if c, ok := conn.(*net.TCPConn); ok {
		_ = c.SetLinger(0) // what is broken already cannot be broken better
	}
	_ = conn.Close()
	panic(http.ErrAbortHandler)
}
