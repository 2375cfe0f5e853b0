package sandbox

import (
	"encoding/json"
	"slices"
	"strings"
	"time"
)

// group is a group of people and other groups.
type group struct {
	id, name, description string
	roleAssignable        bool
	public                bool // one of Microsoft 365, which everybody may join
	created               time.Time
	users                 []*user
	groups                []*group
}

// memberOf returns the groups that u is in, directly or through others.
func (t *Tenant) memberOf(u *user) []*group {
	var in []*group
	for _, g := range t.groups {
		if g.has(u) {
			in = append(in, g)
		}
	}
	return in
}

func (g *group) has(u *user) bool {
	return slices.Contains(g.users, u) || slices.ContainsFunc(g.groups, func(inner *group) bool { return inner.has(u) })
}

var groupRoutes = []route{
	{method: "GET", path: "/users/{}/transitiveMemberOf", access: memberOfAccess, serve: listMemberOf},
	{method: "GET", path: "/users/{}/transitiveMemberOf/microsoft.graph.group", access: memberOfAccess, serve: listMemberOfGroups},
	{method: "GET", path: "/users/{}/transitiveMemberOf/graph.group", access: memberOfAccess, serve: listMemberOfGroups},
	{method: "POST", path: "/users/{}/checkMemberGroups", access: checkAccess, serve: checkMemberGroups},
	{method: "GET", path: "/groups/{}", access: groupAccess, serve: getGroup},
	{method: "GET", path: "/groups/{}/members", access: groupAccess, serve: listMembers},
	{method: "GET", path: "/groups/{}/transitiveMembers", access: groupAccess, serve: listTransitiveMembers},
}

// See https://learn.microsoft.com/graph/api/resources/group.
var groupProperties = []property[*group]{
	{"id", true, func(g *group) any { return g.id }},
	{"displayName", true, func(g *group) any { return g.name }},
	{"description", true, func(g *group) any { return g.description }},
	{"createdDateTime", true, func(g *group) any { return graphTime(g.created) }},
	{"groupTypes", true, func(g *group) any {
		if g.public {
			return []string{"Unified"}
		}
		return []string{}
	}},
	{"isAssignableToRole", true, func(g *group) any {
		if g.roleAssignable {
			return true
		}
		return nil
	}},
	{"mail", true, func(*group) any { return nil }},
	{"mailEnabled", true, func(g *group) any { return g.public }},
	{"securityEnabled", true, func(g *group) any { return !g.public }},
	{"visibility", true, func(g *group) any {
		if g.public {
			return "Public"
		}
		return nil
	}},
}

// listMemberOf returns the groups that somebody is in, and the directory roles
// that they hold themselves.
// See https://learn.microsoft.com/graph/api/user-list-transitivememberof.
func listMemberOf(c *call) (any, error) { return c.memberOf(true) }

// listMemberOfGroups is listMemberOf cast to groups.
func listMemberOfGroups(c *call) (any, error) { return c.memberOf(false) }

func (c *call) memberOf(roles bool) (any, error) {
	if err := c.query.only("$select", "$top", "$skiptoken"); err != nil {
		return nil, err
	}
	u, err := c.user()
	if err != nil {
		return nil, err
	}
	var all []object
	for _, g := range c.t.memberOf(u) {
		all = append(all, object{g.id, "#microsoft.graph.group", g})
	}
	if roles {
		for _, r := range c.t.roles {
			if r.principal == u.ID && !r.eligible {
				all = append(all, object{activatedID(r.role), "#microsoft.graph.directoryRole", r})
			}
		}
	}
	return c.objects(all)
}

// An object is one of the kinds of things in the directory.
type object struct {
	id, kind string
	thing    any // *user, *group or *grant
}

// objects returns a page of a list in which each says what it is.
func (c *call) objects(all []object) (any, error) {
	for _, o := range all {
		if _, err := c.shapeObject(o); err != nil {
			return nil, err
		}
	}
	id := func(o object) string { return o.id }
	return page(c, "directoryObjects", all, 100, 999, id, func(o object) any {
		shown, _ := c.shapeObject(o) // $select is good: see above
		return shown
	})
}

func (c *call) shapeObject(o object) (out map[string]any, err error) {
	switch v := o.thing.(type) {
	case *user:
		out, err = c.shapeUser(v)
	case *group:
		out, err = shape(c, groupProperties, v)
	case *grant:
		out, err = shape(c, directoryRoleProperties, v.role)
	}
	if err == nil {
		out["@odata.type"] = o.kind
	}
	return out, err
}

// checkMemberGroups returns which of up to 20 groups somebody is in.
// See https://learn.microsoft.com/graph/api/directoryobject-checkmembergroups.
func checkMemberGroups(c *call) (any, error) {
	u, err := c.user()
	if err != nil {
		return nil, err
	}
	var body struct {
		GroupIDs []string `json:"groupIds"`
	}
	if err := json.NewDecoder(c.r.Body).Decode(&body); err != nil {
		return nil, badRequest("Unable to read JSON request payload.", "%v", err)
	}
	if n := len(body.GroupIDs); n == 0 || n > 20 {
		return nil, badRequest("The number of groupIds must be between 1 and 20.", "there are %d", n)
	}
	in := []string{}
	for _, g := range c.t.memberOf(u) {
		if slices.ContainsFunc(body.GroupIDs, func(id string) bool { return strings.EqualFold(id, g.id) }) {
			in = append(in, g.id)
		}
	}
	return list{Context: c.context("Collection(Edm.String)"), Value: in}, nil
}

// getGroup returns a group by its id.
// See https://learn.microsoft.com/graph/api/group-get.
func getGroup(c *call) (any, error) {
	if err := c.query.only("$select"); err != nil {
		return nil, err
	}
	g, err := c.group()
	if err != nil {
		return nil, err
	}
	out, err := shape(c, groupProperties, g)
	if err == nil {
		out["@odata.context"] = c.context("groups/$entity")
	}
	return out, err
}

// listMembers returns who is in a group, groups among them.
// See https://learn.microsoft.com/graph/api/group-list-members.
func listMembers(c *call) (any, error) { return c.members(false) }

// listTransitiveMembers also returns who is in the groups in it.
// See https://learn.microsoft.com/graph/api/group-list-transitivemembers.
func listTransitiveMembers(c *call) (any, error) { return c.members(true) }

func (c *call) members(transitive bool) (any, error) {
	if err := c.query.only("$select", "$top", "$skiptoken"); err != nil {
		return nil, err
	}
	g, err := c.group()
	if err != nil {
		return nil, err
	}
	var all []object
	for _, u := range c.t.users {
		if slices.Contains(g.users, u) || transitive && g.has(u) {
			all = append(all, object{u.ID, "#microsoft.graph.user", u})
		}
	}
	for _, inner := range g.groups {
		all = append(all, object{inner.id, "#microsoft.graph.group", inner})
	}
	return c.objects(all)
}

func (c *call) group() (*group, error) {
	for _, g := range c.t.groups {
		if strings.EqualFold(g.id, c.ids[0]) {
			return g, nil
		}
	}
	return nil, notFound(c.ids[0])
}

// AddGroup makes an empty group, and returns its object id. A public one is of
// Microsoft 365, and no security group: everybody may join it.
func (t *Tenant) AddGroup(name string, public bool) (id string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	g := t.newGroup(name, "")
	g.public = public
	return g.id
}

// GroupID returns the object id of a group, or "" if there is none of that name.
func (t *Tenant) GroupID(name string) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, g := range t.groups {
		if g.name == name {
			return g.id
		}
	}
	return ""
}
