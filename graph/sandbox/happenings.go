package sandbox

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"mfahelp/graph"
)

// What people do to their own accounts, and what admins do in the portal, where
// mfahelp has no part in it. Each leaves what it leaves in the real logs.

// Register has somebody register a method of a kind, under a name: a phone's, a
// key's, or, of a phone to be called, its number and "mobile", "alternateMobile"
// or "office" as m.Phone. The first one that can be a default is the default.
// It is registered at m.Created, or now.
func (t *Tenant) Register(name string, m graph.Method) (graph.Method, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	u := t.user(name)
	if u == nil {
		return graph.Method{}, fmt.Errorf("nobody is called %q", name)
	}
	return t.register(u, m)
}

func (t *Tenant) register(u *user, m graph.Method) (graph.Method, error) {
	if p, ok := methodPaths[m.Kind]; !ok || m.Kind == graph.Password || m.Kind == graph.Pass {
		return graph.Method{}, fmt.Errorf("nobody registers a %s%s", m.Kind, p.path)
	}
	out := method{kind: m.Kind, id: m.ID, name: m.Name, created: m.Created.UTC()}
	if m.Created.IsZero() {
		out.created = t.now()
	}
	if m.Kind == graph.PhoneMethod {
		out.phoneType, out.number, out.name = cmp.Or(m.Phone, "mobile"), cmp.Or(m.Name, fictional(99)), ""
		out.id = map[string]string{"mobile": mobileID, "alternateMobile": altID, "office": officeID}[out.phoneType]
		if slices.ContainsFunc(u.methods, func(o method) bool { return o.id == out.id }) {
			return graph.Method{}, fmt.Errorf("%s has a %s number already", u.UPN, out.phoneType)
		}
	}
	if out.id == "" {
		out.id = t.newGUID()
	}
	u.methods = append(u.methods, out)
	t.note(Audit{At: out.created, Activity: "User registered security info", Service: methodService, Operation: "Other",
		Reason: "User registered " + out.inWords(), ByUser: u.ID, Target: u.ID})
	if detail := strongAuthDetail(out); detail != "" {
		t.note(Audit{At: out.created, Activity: "Update user", ByUser: u.ID, Target: u.ID, Changes: []change{{name: detail}, {name: "StrongAuthenticationMethod"}}})
	}
	m.ID, m.Created = out.id, out.created
	return m, nil
}

// SetContact gives somebody another telephone number in the directory, some time
// ago: in the field "mobilePhone" or "businessPhones". Who did it is an admin.
func (t *Tenant) SetContact(name, field, number string, ago time.Duration) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	u := t.user(name)
	if u == nil {
		return fmt.Errorf("nobody is called %q", name)
	}
	c := change{name: "Mobile", after: `["` + number + `"]`}
	switch field {
	case "mobilePhone":
		c.before, u.mobilePhone = `["`+u.mobilePhone+`"]`, number
	case "businessPhones":
		c.name = "TelephoneNumber"
		c.before, u.businessPhone = `["`+u.businessPhone+`"]`, number
	default:
		return fmt.Errorf("no telephone number is in the field %q", field)
	}
	t.note(Audit{At: t.now().Add(-ago), Activity: "Update user", ByUser: t.someAdmin(), Target: u.ID, Changes: []change{c, {name: "Included Updated Properties", after: c.name}}})
	return nil
}

// ResetPassword has an admin give somebody another password, some time ago.
func (t *Tenant) ResetPassword(name string, ago time.Duration) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	u := t.user(name)
	if u == nil {
		return fmt.Errorf("nobody is called %q", name)
	}
	u.passwordChanged = t.now().Add(-ago).Truncate(time.Second)
	t.note(Audit{At: u.passwordChanged, Activity: "Reset user password", Operation: "Update", ByUser: t.someAdmin(), Target: u.ID})
	return nil
}

// someAdmin is who works in the portal. The tenant must be locked.
func (t *Tenant) someAdmin() string { return stableID("user", "lars.brandt@"+Domain) }

// Leave has somebody taken out of a group.
func (t *Tenant) Leave(name, from string) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	u := t.user(name)
	i := slices.IndexFunc(t.groups, func(g *group) bool { return g.name == from })
	if u == nil || i < 0 || !slices.Contains(t.groups[i].users, u) {
		return fmt.Errorf("%q is not in %q", name, from)
	}
	g := t.groups[i]
	g.users = slices.DeleteFunc(slices.Clone(g.users), func(o *user) bool { return o == u })
	t.note(Audit{Activity: "Remove member from group", Category: "GroupManagement", ByUser: t.someAdmin(), Target: u.ID})
	return nil
}

// Join has somebody put into a group.
func (t *Tenant) Join(name, to string) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	u := t.user(name)
	i := slices.IndexFunc(t.groups, func(g *group) bool { return g.name == to })
	if u == nil || i < 0 || slices.Contains(t.groups[i].users, u) {
		return fmt.Errorf("%q cannot be put into %q", name, to)
	}
	t.groups[i].users = append(slices.Clone(t.groups[i].users), u)
	t.note(Audit{Activity: "Add member to group", Category: "GroupManagement", Operation: "Assign", ByUser: t.someAdmin(), Target: u.ID})
	return nil
}

// ReportFraud is the older fraud alert: the report puts who made it on a list,
// and until somebody takes them off it in the portal no second factor works for
// them. Graph can neither show nor change that; only the audit log tells.
// See https://learn.microsoft.com/entra/identity/authentication/howto-mfa-mfasettings.
func (t *Tenant) ReportFraud(name string, ago time.Duration) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	u := t.user(name)
	if u == nil {
		return fmt.Errorf("nobody is called %q", name)
	}
	t.reportFraud(u, ago)
	return nil
}

func (t *Tenant) reportFraud(u *user, ago time.Duration) {
	u.blocked = true
	// The account is who began it. The target is said to be no account.
	t.note(Audit{At: t.now().Add(-ago), Activity: "Fraud reported - user is blocked for MFA", Service: mfaService, Operation: "Update", ByUser: u.ID})
}

// Unblock is what an admin does in the portal for who is on that list.
func (t *Tenant) Unblock(name string) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	u := t.user(name)
	if u == nil {
		return fmt.Errorf("nobody is called %q", name)
	}
	u.blocked = false
	t.note(Audit{Activity: "Unblock user for MFA", Service: mfaService, ByUser: t.someAdmin(), Target: u.ID})
	return nil
}
