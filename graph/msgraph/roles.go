package msgraph

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	"mfahelp/graph"

	"github.com/microsoftgraph/msgraph-sdk-go/models"
)

// What reading roles needs.
const (
	rolesRead    = "RoleManagement.Read.Directory"
	eligibleRead = "RoleEligibilitySchedule.Read.Directory"
	groupsRead   = "GroupMember.Read.All"
)

// Roles returns the directory roles that somebody holds or may take up, by
// themselves or through a group. If any part of that cannot be read there is an
// error and no roles: an account is never taken for an ordinary one by mistake.
//
// What it does not see is who may take up the membership of a group that holds
// a role, with Privileged Identity Management for groups.
// See https://learn.microsoft.com/graph/api/rbacapplication-list-roleassignments.
func (c *Client) Roles(ctx context.Context, id string) ([]graph.Role, error) {
	id, err := c.objectID(ctx, id)
	if err != nil {
		return nil, err
	}
	roles, err := c.rolesOf(ctx, id, "")
	if err != nil {
		return nil, err
	}
	member, err := c.memberships(ctx, id)
	if err != nil {
		return nil, err
	}
	for _, o := range member {
		more, err := c.rolesThrough(ctx, o)
		if err != nil {
			return nil, err
		}
		roles = append(roles, more...)
	}
	slices.SortFunc(roles, func(a, b graph.Role) int {
		return cmp.Or(cmp.Compare(a.Template, b.Template), cmp.Compare(a.Group, b.Group), boolCompare(a.Eligible, b.Eligible))
	})
	return slices.CompactFunc(roles, func(a, b graph.Role) bool {
		return a.Template == b.Template && a.Group == b.Group && a.Eligible == b.Eligible
	}), nil
}

func boolCompare(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

// objectID returns the object id of somebody, for the filters that take no other.
func (c *Client) objectID(ctx context.Context, id string) (string, error) {
	if g := guid(id); g != "" {
		return g, nil
	}
	u, err := c.User(ctx, id)
	return u.ID, err
}

// memberships returns what somebody is a member of, through others too.
// See https://learn.microsoft.com/graph/api/user-list-transitivememberof.
func (c *Client) memberships(ctx context.Context, id string) ([]models.DirectoryObjectable, error) {
	return all[models.DirectoryObjectCollectionResponseable](ctx, c, request{
		op: "list memberships", needs: groupsRead, api: graph.V1,
		path: "/users/{id}/transitiveMemberOf", vars: map[string]string{"id": id}, query: map[string]string{"$top": "999"},
		into: models.CreateDirectoryObjectCollectionResponseFromDiscriminatorValue,
	})
}

// rolesThrough returns the roles that come with a membership.
func (c *Client) rolesThrough(ctx context.Context, o models.DirectoryObjectable) ([]graph.Role, error) {
	switch o := o.(type) {
	case models.DirectoryRoleable:
		return []graph.Role{{Template: strings.ToLower(val(o.GetRoleTemplateId())), Name: val(o.GetDisplayName())}}, nil
	case models.Groupable:
		// An app that may not read groups gets their ids and null for the rest,
		// with no error. Every group has a name.
		if val(o.GetDisplayName()) == "" {
			return nil, &graph.Error{Op: "list memberships", Reason: graph.ErrForbidden, Permission: groupsRead, Err: errors.New("a group is told by its id alone")}
		}
		if !val(o.GetIsAssignableToRole()) {
			return nil, nil
		}
		return c.rolesOf(ctx, val(o.GetId()), val(o.GetDisplayName()))
	}
	return nil, nil // an administrative unit, which gives no role to its members
}

// rolesOf returns the roles that a principal has itself. Group is its name if it
// is one.
func (c *Client) rolesOf(ctx context.Context, principal, group string) ([]graph.Role, error) {
	if principal = guid(principal); principal == "" {
		return nil, invalid("list roles", errNoID)
	}
	by := map[string]string{"$filter": "principalId eq '" + principal + "'", "$expand": "roleDefinition"}
	active, err := c.assignments(ctx, by)
	if err != nil {
		return nil, err
	}
	eligible, err := c.eligibilities(ctx, by)
	if err != nil {
		return nil, err
	}
	var roles []graph.Role
	for _, a := range active {
		roles = append(roles, role(a, false, group))
	}
	for _, e := range eligible {
		roles = append(roles, role(e, true, group))
	}
	return roles, nil
}

// A grant is a role of a principal, active or eligible.
type grant interface {
	GetRoleDefinition() models.UnifiedRoleDefinitionable
	GetRoleDefinitionId() *string
	GetPrincipal() models.DirectoryObjectable
	GetPrincipalId() *string
}

// role reads a grant. A role that is there but not described is a role still.
func role(g grant, eligible bool, group string) graph.Role {
	r := graph.Role{Template: val(g.GetRoleDefinitionId()), Eligible: eligible, Group: group}
	if d := g.GetRoleDefinition(); d != nil {
		r.Template = cmp.Or(val(d.GetTemplateId()), r.Template)
		r.Name = val(d.GetDisplayName())
	}
	r.Template = strings.ToLower(r.Template)
	return r
}

// assignments returns active roles.
// See https://learn.microsoft.com/graph/api/rbacapplication-list-roleassignments.
func (c *Client) assignments(ctx context.Context, query map[string]string) ([]models.UnifiedRoleAssignmentable, error) {
	return all[models.UnifiedRoleAssignmentCollectionResponseable](ctx, c, request{
		op: "list role assignments", needs: rolesRead, api: graph.V1,
		path: "/roleManagement/directory/roleAssignments", query: query,
		into: models.CreateUnifiedRoleAssignmentCollectionResponseFromDiscriminatorValue,
	})
}

// eligibilities returns roles that may be taken up. A tenant without P2 has none
// and answers with an error, which is believed only if the configuration says so.
// See https://learn.microsoft.com/graph/api/rbacapplication-list-roleeligibilityscheduleinstances.
func (c *Client) eligibilities(ctx context.Context, query map[string]string) ([]models.UnifiedRoleEligibilityScheduleInstanceable, error) {
	if c.withoutPIM {
		return nil, nil
	}
	return all[models.UnifiedRoleEligibilityScheduleInstanceCollectionResponseable](ctx, c, request{
		op: "list eligible roles", needs: eligibleRead, api: graph.V1,
		path: "/roleManagement/directory/roleEligibilityScheduleInstances", query: query,
		into: models.CreateUnifiedRoleEligibilityScheduleInstanceCollectionResponseFromDiscriminatorValue,
	})
}

// GlobalAdmins returns the object ids of the people who are Global
// Administrators, or may become one, by themselves or through a group.
// See https://learn.microsoft.com/graph/api/rbacapplication-list-roleassignments.
func (c *Client) GlobalAdmins(ctx context.Context) ([]string, error) {
	return c.holders(ctx, graph.GlobalAdministrator)
}

// holders returns the object ids of the people who hold a role, or may take it
// up, by themselves or through a group.
func (c *Client) holders(ctx context.Context, template string) ([]string, error) {
	by := map[string]string{"$filter": "roleDefinitionId eq '" + template + "'", "$expand": "principal"}
	active, err := c.assignments(ctx, by)
	if err != nil {
		return nil, err
	}
	eligible, err := c.eligibilities(ctx, by)
	if err != nil {
		return nil, err
	}
	var grants []grant
	for _, a := range active {
		grants = append(grants, a)
	}
	for _, e := range eligible {
		grants = append(grants, e)
	}
	var ids []string
	for _, g := range grants {
		people, err := c.people(ctx, g)
		if err != nil {
			return nil, err
		}
		ids = append(ids, people...)
	}
	slices.Sort(ids)
	return slices.Compact(ids), nil
}

// people returns the users that a grant is for: one, the members of a group, or
// none if it is for an app.
func (c *Client) people(ctx context.Context, g grant) ([]string, error) {
	const op = "list role assignments"
	id := guid(val(g.GetPrincipalId()))
	if id == "" {
		return nil, invalid(op, errNoID)
	}
	switch g.GetPrincipal().(type) {
	case models.Userable:
		return []string{id}, nil
	case models.ServicePrincipalable:
		return nil, nil
	case models.Groupable:
		return c.members(ctx, id)
	}
	return nil, &graph.Error{Op: op, Reason: graph.ErrUnavailable, Err: errors.New("a principal of unknown kind")}
}

// Members returns the object ids of the users in a group, and in the groups in it.
func (c *Client) Members(ctx context.Context, group string) ([]string, error) {
	if group = guid(group); group == "" {
		return nil, invalid("list group members", errNoID)
	}
	return c.members(ctx, group)
}

// members returns the users in a group, and in the groups in it.
// See https://learn.microsoft.com/graph/api/group-list-transitivemembers.
func (c *Client) members(ctx context.Context, group string) ([]string, error) {
	const op = "list group members"
	got, err := all[models.DirectoryObjectCollectionResponseable](ctx, c, request{
		op: op, needs: groupsRead, api: graph.V1,
		path: "/groups/{id}/transitiveMembers", vars: map[string]string{"id": group}, query: map[string]string{"$top": "999", "$select": "id"},
		into: models.CreateDirectoryObjectCollectionResponseFromDiscriminatorValue,
	})
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, o := range got {
		u, ok := o.(models.Userable)
		if !ok {
			continue
		}
		id := guid(val(u.GetId()))
		if id == "" {
			return nil, invalid(op, errNoID)
		}
		ids = append(ids, id)
	}
	return ids, nil
}
