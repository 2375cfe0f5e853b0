package web

import (
	"cmp"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// A Trace is a line of the strip on the page that tells what happened behind
// it. It is for those who want to know how it works, and holds nothing personal.
type Trace struct {
	At      time.Time
	Kind    string // "accepted", "graph", "decided", "sent", or another word
	Text    string // a plain sentence
	CaseKey string
}

const maxTraces = 200 // older ones are forgotten

// Trace adds t to the strip on all open pages.
func (w *Web) Trace(t Trace) { w.traces.add(t) }

type traces struct {
	bell *bell

	mu   sync.RWMutex
	last []trace
}

type trace struct {
	Trace
	changed int64
}

func (t *traces) add(x Trace) {
	t.bell.ring(func(at int64) {
		t.mu.Lock()
		defer t.mu.Unlock()
		t.last = append(t.last, trace{x, at})
		if len(t.last) > maxTraces {
			t.last = slices.Clone(t.last[len(t.last)-maxTraces:])
		}
	})
}

// since returns the traces after one moment and up to another.
func (t *traces) since(after, upto int64) (out []trace) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	for _, x := range t.last {
		if x.changed > after && x.changed <= upto {
			out = append(out, x)
		}
	}
	return out
}

// shownTrace is a [Trace] in the API.
type shownTrace struct {
	At   time.Time `json:"at"`
	Kind string    `json:"kind"`
	Text string    `json:"text"`
	Case string    `json:"case,omitempty"`
}

func (t trace) shown() shownTrace { return shownTrace{t.At.UTC(), t.Kind, t.Text, t.CaseKey} }

// pastTraces answers with the strip.
func (w *Web) pastTraces(rw http.ResponseWriter, r *http.Request) error {
	if len(w.seated(r)) == 0 {
		return &problem{status: http.StatusUnauthorized, code: "no-session"}
	}
	at, _ := w.bell.now()
	out := []shownTrace{}
	for _, t := range w.traces.since(0, at) {
		out = append(out, t.shown())
	}
	writeJSON(rw, http.StatusOK, map[string]any{"traces": out})
	return nil
}

// A bell rings when something changes, and counts. Whoever listens keeps the
// count up to which they know everything, and then asks the shelf what changed
// since: so there is no queue to overflow, and to miss a ring is to miss nothing.
type bell struct {
	mu   sync.Mutex
	boot string // tells the counts of this process from those of another
	at   int64
	rung chan struct{} // closed by the next ring
}

func (b *bell) init() { b.boot, b.rung = strings.ToLower(rand.Text()[:8]), make(chan struct{}) }

// ring makes a change, so that whoever knows the count sees the change.
func (b *bell) ring(change func(at int64)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.at++
	change(b.at)
	close(b.rung)
	b.rung = make(chan struct{})
}

// now returns the count, and what is closed when it is no longer true.
func (b *bell) now() (at int64, rung <-chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.at, b.rung
}

// cursor spells a count for those outside.
func (b *bell) cursor(at int64) string { return b.boot + "-" + strconv.FormatInt(at, 10) }

// parse reads what cursor wrote. A count of another process says nothing here.
func (b *bell) parse(cursor string) (at int64, ok bool) {
	boot, n, _ := strings.Cut(cursor, "-")
	at, err := strconv.ParseInt(n, 10, 64)
	return at, err == nil && boot == b.boot
}

const heartbeat = 15 * time.Second // shorter than what proxies wait for

// stream tells an open page what changes, until it is closed. It goes on where
// Last-Event-ID or the parameter "after" says, and says "reset" if it cannot.
func (w *Web) stream(rw http.ResponseWriter, r *http.Request) error {
	seated := w.seated(r)
	if len(seated) == 0 {
		return &problem{status: http.StatusUnauthorized, code: "no-session"}
	}
	out := newFeed(rw)
	cursor := r.Header.Get("Last-Event-ID")
	if cursor == "" {
		cursor = r.URL.Query().Get("after")
	}
	known, ok := w.bell.parse(cursor)
	if !ok {
		known, _ = w.bell.now()
		if cursor != "" {
			out.event(w.bell.cursor(known), "reset", struct{}{})
		}
	}
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	for ready := false; out.err == nil; ready = true {
		at, rung := w.bell.now()
		w.tell(out, seated, known, at)
		known = at
		if !ready {
			out.event(w.bell.cursor(at), "ready", struct{}{})
		}
		select {
		case <-rung:
		case <-beat.C:
			out.comment()
		case <-w.done:
			return nil
		case <-r.Context().Done():
			return nil
		}
	}
	return nil // the page has gone
}

// seated returns who sits in the seats that r is about: all of the page's, or
// the one that a script has.
func (w *Web) seated(r *http.Request) map[string]Person {
	out := map[string]Person{}
	if r.Header.Get("Authorization") != "" {
		if p, err := w.sitting(r, ""); err == nil {
			out[""] = p
		}
		return out
	}
	for _, s := range []string{employeeSeat, adminSeat} {
		if p, err := w.sitting(r, s); err == nil {
			out[s] = p
		}
	}
	return out
}

// tell writes what changed after one moment and up to another, oldest first.
// What changed twice is told once, as it is now.
func (w *Web) tell(out *feed, seated map[string]Person, after, upto int64) {
	news := w.shelf.list(func(e *entry) bool { return e.changed > after && e.changed <= upto })
	slices.SortFunc(news, func(a, b *entry) int { return cmp.Compare(a.changed, b.changed) })
	traces := w.traces.since(after, upto)
	for len(news)+len(traces) > 0 {
		if len(news) == 0 || len(traces) > 0 && traces[0].changed < news[0].changed {
			out.event(w.bell.cursor(traces[0].changed), "trace", traces[0].shown())
			traces = traces[1:]
			continue
		}
		w.tellOf(out, seated, news[0])
		news = news[1:]
	}
}

// tellOf tells of e whoever sees it. If that is somebody who sits in none of the
// seats of a page, it says at least that there is something for them, though
// not what: whoever shows how a manager is asked wants to know whom to be next.
func (w *Web) tellOf(out *feed, seated map[string]Person, e *entry) {
	cursor := w.bell.cursor(e.changed)
	for _, seat := range slices.Sorted(maps.Keys(seated)) {
		if p := seated[seat]; e.seenBy(p, w.o.AdminsChannel) && w.shownIn(e, seat) {
			out.event(cursor, "message", w.update(e, seat, p))
		}
	}
	_, script := seated[""]
	id, one := strings.CutPrefix(e.Room, directTo(""))
	if script || !one || e.Message == nil || w.sits(seated, id) {
		return
	}
	if p, ok := w.person(id); ok {
		out.event(cursor, "elsewhere", elsewhere{p.ID, p.Name, p.Admin})
	}
}

// elsewhere says that there is something for somebody.
type elsewhere struct {
	Person string `json:"person"`
	Name   string `json:"name"`
	Admin  bool   `json:"admin,omitempty"`
}

func (w *Web) sits(seated map[string]Person, id string) bool {
	for _, p := range seated {
		if p.ID == id {
			return true
		}
	}
	return false
}

// shownIn reports whether e belongs to what a seat shows. An employee's shows
// one conversation, even where an admin sits in it.
func (w *Web) shownIn(e *entry, seat string) bool {
	return seat != employeeSeat || e.Room != w.o.AdminsChannel
}

// A feed writes server-sent events. After an error it writes nothing.
type feed struct {
	rw  http.ResponseWriter
	rc  *http.ResponseController
	err error
}

func newFeed(rw http.ResponseWriter) *feed {
	rw.Header().Set("Content-Type", "text/event-stream; charset=utf-8")
	rw.Header().Set("X-Accel-Buffering", "no")
	rw.WriteHeader(http.StatusOK)
	return &feed{rw: rw, rc: http.NewResponseController(rw)}
}

func (f *feed) event(id, kind string, data any) {
	b, err := json.Marshal(data) // has no line breaks, as the format demands
	if err != nil {
		f.err = err
		return
	}
	f.write(fmt.Sprintf("id: %s\nevent: %s\ndata: %s\n\n", id, kind, b))
}

func (f *feed) comment() { f.write(": still here\n\n") }

func (f *feed) write(s string) {
	if f.err != nil {
		return
	}
	_ = f.rc.SetWriteDeadline(time.Now().Add(heartbeat)) // not every writer has one
	if _, f.err = f.rw.Write([]byte(s)); f.err == nil {
		f.err = f.rc.Flush()
	}
}
