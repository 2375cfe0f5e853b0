package sandbox

import (
	"cmp"
	"slices"
	"time"

	"mfahelp/graph"
)

// A Request is one that was served. It holds no token and no secret, but a
// query may name a person.
type Request struct {
	At         time.Time     `json:"at"` // by the tenant's clock
	Took       time.Duration `json:"took"`
	Method     string        `json:"method"`
	Path       string        `json:"path"` // with the query
	Status     int           `json:"status"`
	App        string        `json:"app,omitempty"`        // who asked, by name
	Permission string        `json:"permission,omitempty"` // by which it was allowed, or which was missing
	Throttled  bool          `json:"throttled,omitempty"`
	Fault      string        `json:"fault,omitempty"` // that was injected
	Why        string        `json:"why,omitempty"`   // what the caller did wrong, for who wrote the caller

	// What the request was to change, if anything, and whether it did: also if
	// the answer never reached who asked.
	Write  graph.ChangeKind `json:"write,omitempty"`
	User   string           `json:"user,omitempty"`   // object id of whose account it is
	Object string           `json:"object,omitempty"` // a method's id, a preference, or what a mail is about
	Done   bool             `json:"done,omitempty"`
}

// refuse notes why a call was refused.
func (r *Request) refuse(p *problem) {
	r.Why, r.Throttled = cmp.Or(p.why, p.message), p.throttled
	r.Permission = cmp.Or(p.missing, r.Permission)
}

// keep is how many requests the log holds.
const keep = 10_000

// Log returns the latest requests, the oldest first.
func (t *Tenant) Log() []Request {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.log)
}

// Writes returns the requests that were to change something since the start,
// refused ones too. Unlike those of [Tenant.Log] none is ever dropped.
func (t *Tenant) Writes() []Request {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.writes)
}

// OnRequest has f told of every request as soon as it is answered, until stop
// is called. It must be quick, since who asked is waiting.
func (t *Tenant) OnRequest(f func(Request)) (stop func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	id := t.nextHook
	t.nextHook++
	t.hooks[id] = f
	return func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		delete(t.hooks, id)
	}
}

func (t *Tenant) record(r Request) {
	t.mu.Lock()
	if len(t.log) >= keep {
		t.log = slices.Delete(t.log, 0, keep/10)
	}
	t.log = append(t.log, r)
	if r.Write != "" {
		t.writes = append(t.writes, r)
	}
	var hooks []func(Request)
	for _, f := range t.hooks {
		hooks = append(hooks, f)
	}
	t.mu.Unlock()
	for _, f := range hooks {
		f(r)
	}
}
