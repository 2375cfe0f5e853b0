package sandbox

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"mfahelp/graph"
)

// grant is a directory role that a user or a group has, or may take up.
type grant struct {
	id, role, principal string // role is the template id, which is the definition's as well
	eligible            bool
	since               time.Time
}

// Template ids of roles, the same in every tenant.
// See https://learn.microsoft.com/entra/identity/role-based-access-control/permissions-reference.
const (
	globalAdministrator                   = graph.GlobalAdministrator
	authenticationAdministrator           = "c4e39bd9-1100-46d3-8c65-fb160da0071f"
	privilegedAuthenticationAdministrator = "7be44c8a-adaf-4e2a-84d6-ab2649e08a13"
	helpdeskAdministrator                 = "729827e3-9c14-49f7-bb1b-9608f156bbb8"
	reportsReader                         = "4a5d8f65-41da-4de4-8968-e035b65339cf"
)

var roleNames = map[string]string{
	globalAdministrator:                   "Global Administrator",
	authenticationAdministrator:           "Authentication Administrator",
	privilegedAuthenticationAdministrator: "Privileged Authentication Administrator",
	helpdeskAdministrator:                 "Helpdesk Administrator",
	reportsReader:                         "Reports Reader",
}

// assign gives a role to a user or a group, at once or to be taken up.
func (t *Tenant) assign(role, principal string, eligible bool) {
	id := stableID("role", role+" "+principal)
	t.roles = append(t.roles, &grant{id, role, principal, eligible, t.now().AddDate(-1, 0, 0).Truncate(time.Second)})
}

// AssignRole gives somebody a role by its template id, one of those of graph or
// of the tenant's own people.
func (t *Tenant) AssignRole(name, template string, eligible bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.assign(template, t.mustUser(name).ID, eligible)
}

// giveRole gives somebody a role that they do not hold, or takes away the one
// that they do, by its name or template id. What a group brings stays.
func (t *Tenant) giveRole(name, role string, taken bool) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	u := t.user(name)
	if u == nil {
		return fmt.Errorf("nobody is called %q", name)
	}
	i := slices.IndexFunc(allRoles(), func(id string) bool { return id == role || strings.EqualFold(roleNames[id], role) })
	if i < 0 {
		return fmt.Errorf("there is no role %q", role)
	}
	id := allRoles()[i]
	t.roles = slices.DeleteFunc(t.roles, func(r *grant) bool { return r.principal == u.ID && r.role == id })
	if !taken {
		t.assign(id, u.ID, false)
	}
	return nil
}

// UnassignRoles takes all roles from somebody but those that come with a group.
func (t *Tenant) UnassignRoles(name string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	id := t.mustUser(name).ID
	t.roles = slices.DeleteFunc(t.roles, func(r *grant) bool { return r.principal == id })
}

var roleRoutes = []route{
	{method: "GET", path: "/roleManagement/directory/roleAssignments", access: roleAccess, serve: listAssignments},
	{method: "GET", path: "/roleManagement/directory/roleEligibilityScheduleInstances", access: eligibleAccess, serve: listEligible},
	{method: "GET", path: "/roleManagement/directory/roleAssignmentScheduleInstances", access: activeAccess, serve: listActive},
	{method: "GET", path: "/roleManagement/directory/roleDefinitions", access: roleAccess, serve: listDefinitions},
	{method: "GET", path: "/roleManagement/directory/roleDefinitions/{}", access: roleAccess, serve: getDefinition},
	{method: "GET", path: "/directoryRoles", access: roleAccess, serve: listDirectoryRoles},
	{method: "GET", path: "/directoryRoles/{}/members", access: roleAccess, serve: listRoleMembers},
}

var grantFields = []field[*grant]{
	{name: "principalId", operators: "eq", fold: true, value: func(r *grant) any { return r.principal }},
	{name: "roleDefinitionId", operators: "eq", fold: true, value: func(r *grant) any { return r.role }},
	{name: "directoryScopeId", operators: "eq", value: func(*grant) any { return "/" }},
}

// listAssignments returns the roles that are active: of somebody, or of whom
// for one role. Roles through a group are the group's.
// See https://learn.microsoft.com/graph/api/rbacapplication-list-roleassignments.
func listAssignments(c *call) (any, error) {
	return c.grants("roleManagement/directory/roleAssignments", false, func(r *grant) map[string]any {
		return map[string]any{}
	})
}

// listEligible returns the roles that may be taken up with Privileged Identity Management.
// See https://learn.microsoft.com/graph/api/rbacapplication-list-roleeligibilityscheduleinstances.
func listEligible(c *call) (any, error) {
	return c.grants("roleManagement/directory/roleEligibilityScheduleInstances", true, func(r *grant) map[string]any {
		return map[string]any{
			"startDateTime": graphTime(r.since), "endDateTime": nil, "memberType": "Direct",
			"roleEligibilityScheduleId": stableID("schedule", r.id),
		}
	})
}

// listActive returns the roles that are active, as Privileged Identity Management knows them.
// See https://learn.microsoft.com/graph/api/rbacapplication-list-roleassignmentscheduleinstances.
func listActive(c *call) (any, error) {
	return c.grants("roleManagement/directory/roleAssignmentScheduleInstances", false, func(r *grant) map[string]any {
		return map[string]any{
			"startDateTime": graphTime(r.since), "endDateTime": nil, "memberType": "Direct", "assignmentType": "Assigned",
			"roleAssignmentOriginId": r.id, "roleAssignmentScheduleId": stableID("schedule", r.id),
		}
	})
}

// grants returns those that fit the filter, with what the kind of list has
// besides what all have.
func (c *call) grants(what string, eligible bool, more func(*grant) map[string]any) (any, error) {
	if err := c.query.only("$filter", "$expand", "$select", "$skiptoken"); err != nil {
		return nil, err
	}
	f, err := filterOf(c, grantFields)
	if err != nil {
		return nil, err
	}
	expand, _, _ := strings.Cut(c.query.get("$expand"), "(")
	if expand != "" && expand != "roleDefinition" && expand != "principal" {
		return nil, badRequest("Could not find a property named '"+expand+"' on this type.", "$expand knows roleDefinition and principal, one at a time")
	}
	var found []*grant
	for _, r := range c.t.roles {
		if r.eligible == eligible && f.fits(r) {
			found = append(found, r)
		}
	}
	for _, r := range found {
		if _, err := c.grant(r, expand, more(r)); err != nil {
			return nil, err
		}
	}
	id := func(r *grant) string { return r.id }
	return page(c, what, found, 100, 999, id, func(r *grant) any {
		shown, _ := c.grant(r, expand, more(r)) // $select is good: see above
		return shown
	})
}

func (c *call) grant(r *grant, expand string, out map[string]any) (map[string]any, error) {
	out["id"] = r.id
	out["principalId"] = r.principal
	out["roleDefinitionId"] = r.role
	out["directoryScopeId"] = "/"
	out["appScopeId"] = nil
	if err := c.keep(out); err != nil {
		return nil, err
	}
	switch expand {
	case "roleDefinition":
		out[expand] = definition(r.role, c.beta)
	case "principal":
		out[expand] = c.principal(r.principal)
	}
	return out, nil
}

func (c *call) principal(id string) map[string]any {
	for _, g := range c.t.groups {
		if g.id == id {
			return map[string]any{"@odata.type": "#microsoft.graph.group", "id": id, "displayName": g.name}
		}
	}
	u := c.t.user(id)
	return map[string]any{"@odata.type": "#microsoft.graph.user", "id": id, "displayName": u.Name, "userPrincipalName": u.UPN}
}

// definition is a role itself. Only beta says whether it is a privileged one.
// See https://learn.microsoft.com/graph/api/resources/unifiedroledefinition.
func definition(role string, beta bool) map[string]any {
	d := map[string]any{
		"id": role, "templateId": role, "displayName": roleNames[role], "description": "",
		"isBuiltIn": true, "isEnabled": true, "version": "1", "resourceScopes": []string{"/"}, "rolePermissions": []any{},
	}
	if beta {
		d["isPrivileged"] = role != reportsReader
	}
	return d
}

// listDefinitions returns the roles that there are.
// See https://learn.microsoft.com/graph/api/rbacapplication-list-roledefinitions.
func listDefinitions(c *call) (any, error) {
	if err := c.query.only("$top", "$skiptoken"); err != nil {
		return nil, err
	}
	id := func(role string) string { return role }
	return page(c, "roleManagement/directory/roleDefinitions", allRoles(), 100, 999, id, func(role string) any { return definition(role, c.beta) })
}

func allRoles() []string {
	var roles []string
	for r := range roleNames {
		roles = append(roles, r)
	}
	slices.Sort(roles)
	return roles
}

// getDefinition returns a role.
// See https://learn.microsoft.com/graph/api/unifiedroledefinition-get.
func getDefinition(c *call) (any, error) {
	if roleNames[c.ids[0]] == "" {
		return nil, notFound(c.ids[0])
	}
	d := definition(c.ids[0], c.beta)
	d["@odata.context"] = c.context("roleManagement/directory/roleDefinitions/$entity")
	return d, nil
}

// activatedID is the object id that a role has in this tenant, which is not its
// template's.
func activatedID(role string) string { return stableID("directory role", role) }

// See https://learn.microsoft.com/graph/api/resources/directoryrole.
var directoryRoleProperties = []property[string]{
	{"id", true, activatedAny},
	{"displayName", true, func(r string) any { return roleNames[r] }},
	{"description", true, func(string) any { return "" }},
	{"roleTemplateId", true, func(r string) any { return r }},
}

func activatedAny(role string) any { return activatedID(role) }

var directoryRoleFields = []field[string]{
	{name: "roleTemplateId", operators: "eq", value: func(r string) any { return r }},
	{name: "displayName", operators: "eq", value: func(r string) any { return roleNames[r] }},
}

// listDirectoryRoles returns the roles that somebody holds. There is no paging.
// See https://learn.microsoft.com/graph/api/directoryrole-list.
func listDirectoryRoles(c *call) (any, error) {
	if err := c.query.only("$filter", "$select"); err != nil {
		return nil, err
	}
	f, err := filterOf(c, directoryRoleFields)
	if err != nil {
		return nil, err
	}
	shown := []any{}
	for _, role := range allRoles() {
		held := slices.ContainsFunc(c.t.roles, func(r *grant) bool { return r.role == role && !r.eligible })
		if !held || !f.fits(role) {
			continue
		}
		o, err := shape(c, directoryRoleProperties, role)
		if err != nil {
			return nil, err
		}
		shown = append(shown, o)
	}
	return list{Context: c.context("directoryRoles"), Value: shown}, nil
}

// listRoleMembers returns who holds a role, users and groups.
// See https://learn.microsoft.com/graph/api/directoryrole-list-members.
func listRoleMembers(c *call) (any, error) {
	if err := c.query.only("$select"); err != nil {
		return nil, err
	}
	i := slices.IndexFunc(allRoles(), func(r string) bool { return activatedID(r) == c.ids[0] })
	if i < 0 {
		return nil, notFound(c.ids[0])
	}
	var all []object
	for _, r := range c.t.roles {
		if r.eligible || r.role != allRoles()[i] {
			continue
		}
		if u := c.t.user(r.principal); u != nil {
			all = append(all, object{u.ID, "#microsoft.graph.user", u})
			continue
		}
		g := slices.IndexFunc(c.t.groups, func(g *group) bool { return g.id == r.principal })
		all = append(all, object{r.principal, "#microsoft.graph.group", c.t.groups[g]})
	}
	return c.objects(all)
}
