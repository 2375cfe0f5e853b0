package flowstest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"mfahelp/graph"
	"mfahelp/secret"
)

// A Tenant is a directory in memory that flows read, and that effects change.
type Tenant struct {
	People   map[string]graph.User // by object id
	Held     map[string][]graph.Role
	Ways     map[string][]graph.Method
	Managers map[string]string   // whose manager is who
	Groups   map[string][]string // members
	Numbers  map[string]graph.ContactField
	Risks    map[string]graph.Risk
	Policy   graph.PassPolicy
	Events   []graph.DirectoryEvent
	SignIns  []graph.SignIn
	Written  []graph.Change // in their order, with those that failed

	Down     error                    // of everything that is read
	LogDown  error                    // of the two logs alone
	After    []time.Time              // since when both had to be read, each time that they were
	Fails    func(graph.Change) error // of what is written; nil for nothing
	LogSince time.Time                // how far back the audit log reaches; zero for all the way
	Partial  bool                     // the sign-in log has more than is read
	Now      func() time.Time
	passes   int
}

// NewTenant returns one in which people are given passes, and nobody is there yet.
func NewTenant(now func() time.Time) *Tenant {
	return &Tenant{
		People: map[string]graph.User{}, Held: map[string][]graph.Role{}, Ways: map[string][]graph.Method{}, Managers: map[string]string{},
		Groups: map[string][]string{}, Numbers: map[string]graph.ContactField{}, Risks: map[string]graph.Risk{},
		Policy: graph.PassPolicy{Enabled: true, Min: time.Hour, Max: 8 * time.Hour, Default: time.Hour, Everybody: true}, Now: now,
	}
}

// User takes an object id or a user principal name.
func (t *Tenant) User(_ context.Context, id string) (graph.User, error) {
	for _, u := range t.People {
		if strings.EqualFold(u.ID, id) || strings.EqualFold(u.UPN, id) {
			return u, t.Down
		}
	}
	if t.Down != nil {
		return graph.User{}, t.Down
	}
	return graph.User{}, &graph.Error{Op: "get user", Reason: graph.ErrNotFound, Status: 404}
}

// Roles returns what somebody was given.
func (t *Tenant) Roles(_ context.Context, id string) ([]graph.Role, error) { return t.Held[id], t.Down }

// Methods returns what somebody has now.
func (t *Tenant) Methods(_ context.Context, id string) ([]graph.Method, error) {
	return slices.Clone(t.Ways[id]), t.Down
}

// GlobalAdmins returns who may be one.
func (t *Tenant) GlobalAdmins(context.Context) (all []string, err error) {
	for id := range t.People {
		if (graph.User{Roles: t.Held[id]}).GlobalAdmin() {
			all = append(all, id)
		}
	}
	return all, t.Down
}

// InGroups returns those of groups that somebody is in.
func (t *Tenant) InGroups(_ context.Context, id string, groups []string) (in []string, err error) {
	for _, g := range groups {
		if slices.Contains(t.Groups[g], id) {
			in = append(in, g)
		}
	}
	return in, t.Down
}

// Manager returns [graph.ErrNotFound] for who has none.
func (t *Tenant) Manager(ctx context.Context, id string) (graph.User, error) {
	m := t.Managers[id]
	if m == "" && t.Down == nil {
		return graph.User{}, &graph.Error{Op: "get manager", Reason: graph.ErrNotFound, Status: 404}
	}
	return t.User(ctx, m)
}

// Contact returns a masked number.
func (t *Tenant) Contact(_ context.Context, id, field string) (graph.ContactField, error) {
	if n := t.Numbers[id]; n.Field == field {
		return n, t.Down
	}
	return graph.ContactField{Field: field}, t.Down
}

// Risk returns what is held of somebody.
func (t *Tenant) Risk(_ context.Context, id string) (graph.Risk, error) { return t.Risks[id], t.Down }

// PassPolicy returns what the tenant says about passes.
func (t *Tenant) PassPolicy(context.Context) (graph.PassPolicy, error) { return t.Policy, t.Down }

// Changes returns what the audit log has of somebody.
func (t *Tenant) Changes(_ context.Context, user string, since time.Time) (graph.Events, error) {
	all := graph.Events{Since: since}
	if t.LogSince.After(since) {
		all.Since = t.LogSince
	}
	for _, e := range t.Events {
		if strings.EqualFold(e.Target, user) && !e.At.Before(since) {
			all.Events = append(all.Events, e)
		}
	}
	if t.LogDown != nil {
		return graph.Events{}, t.LogDown
	}
	return all, t.Down
}

// Lately returns what the sign-in log has of somebody, newest first.
func (t *Tenant) Lately(_ context.Context, user string, since time.Time) (graph.Found, error) {
	found := graph.Found{By: graph.ByTime, API: graph.Beta, Partial: t.Partial}
	for _, s := range t.SignIns {
		if strings.EqualFold(s.UserID, user) && !s.At.Before(since) {
			found.SignIns = append(found.SignIns, s)
		}
	}
	slices.SortStableFunc(found.SignIns, func(a, b graph.SignIn) int { return b.At.Compare(a.At) })
	if t.LogDown != nil {
		return graph.Found{}, t.LogDown
	}
	return found, t.Down
}

// History returns what both logs have of somebody.
func (t *Tenant) History(ctx context.Context, user string, since, after time.Time) (h graph.History, err error) {
	t.After = append(t.After, after)
	if h.SignIns, err = t.Lately(ctx, user, since); err != nil {
		return h, err
	}
	h.Changes, err = t.Changes(ctx, user, since)
	return h, err
}

// Apply carries a change out, and writes it into the audit log as Graph does.
func (t *Tenant) Apply(c graph.Change) (made graph.Changed, err error) {
	t.Written = append(t.Written, c)
	if t.Fails != nil {
		if err := t.Fails(c); err != nil {
			return made, err
		}
	}
	switch c.Kind {
	case graph.DeleteMethod, graph.DeletePass:
		n := len(t.Ways[c.User])
		t.Ways[c.User] = slices.DeleteFunc(slices.Clone(t.Ways[c.User]), func(m graph.Method) bool { return m.ID == c.Object })
		made.Gone = n == len(t.Ways[c.User])
		t.wrote(c.User, "Admin deleted security info")
	case graph.CreatePass:
		t.passes++
		id := fmt.Sprint("pass-", t.passes)
		made = graph.Changed{ID: id, Until: t.Now().Add(c.Life), Pass: secret.New(Canary + fmt.Sprint(t.passes))}
		t.Ways[c.User] = append(slices.DeleteFunc(slices.Clone(t.Ways[c.User]), func(m graph.Method) bool { return m.Kind == graph.Pass }), graph.Method{ID: id, Kind: graph.Pass, Created: t.Now()})
		t.wrote(c.User, "Admin registered security info")
	case graph.RevokeSessions, graph.ChangeDefault, graph.SendMail:
	}
	return made, nil
}

// Canary is how every pass of a [Tenant] begins: it may be nowhere but where a
// pass is shown.
const Canary = "canary-pass-"

// Writer is the client id of the app that changes accounts.
const Writer = "writer-app"

func (t *Tenant) wrote(user, activity string) {
	t.Events = append(t.Events, graph.DirectoryEvent{
		ID: fmt.Sprint("ours-", len(t.Events)), At: t.Now(), Activity: activity, Result: "success", ByApp: Writer, Target: user,
	})
}
