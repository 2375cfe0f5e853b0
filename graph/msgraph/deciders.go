package msgraph

import (
	"context"
	"errors"
	"slices"
	"strings"

	"mfahelp/graph"

	"github.com/microsoftgraph/msgraph-sdk-go/models"
)

// Probes of who decides, and of what a sign-in has to be for a yes to count: ids
// in a configuration that name nobody would be found out at the first reset.

// deciders tries each group and role that a configuration names, and whether
// there are as many people in them as it takes.
func (c *Client) deciders(w Wanted) []probe {
	s := &sizes{c: c, people: map[string][]string{}}
	var probes []probe
	seen := map[string]bool{}
	each := func(check string, ids []string, try func(ctx context.Context, id string) error) {
		for _, id := range ids {
			if !seen[check+id] {
				seen[check+id] = true
				probes = append(probes, probe{check: check, of: id, needs: groupsRead, try: func(ctx context.Context) error { return try(ctx, id) }})
			}
		}
	}
	each("admins-group", w.Admins, s.group)
	if !w.Resets {
		return probes
	}
	for _, a := range w.Approvers {
		each("approvers-group", a.Groups, s.group)
		each("approvers-role", a.Roles, s.role)
	}
	for _, a := range w.Approvers {
		if a.Count > 1 {
			probes = append(probes, probe{check: "approvers", try: func(context.Context) error { return s.enough(a) }})
		}
	}
	return probes
}

// sizes remembers who is in what was looked at.
type sizes struct {
	c      *Client
	people map[string][]string // object ids, by group or role; nothing for what could not be read
}

// group tries a group. What anybody may join is no gate.
func (s *sizes) group(ctx context.Context, id string) error {
	g, err := s.c.group(ctx, id)
	switch {
	case errors.Is(err, graph.ErrNotFound):
		return &troubleError{trouble: NoSuchGroup}
	case err != nil:
		return err
	}
	if s.people[id], err = s.c.members(ctx, id); err != nil {
		return err
	}
	unified := slices.ContainsFunc(g.GetGroupTypes(), func(t string) bool { return strings.EqualFold(t, "Unified") })
	switch {
	case unified && !strings.EqualFold(val(g.GetVisibility()), "Private") && !strings.EqualFold(val(g.GetVisibility()), "HiddenMembership"):
		return &troubleError{trouble: PublicGroup}
	case len(s.people[id]) == 0:
		return &troubleError{trouble: EmptyGroup}
	case !val(g.GetSecurityEnabled()):
		return &troubleError{NoSecurityGroup, Unwise, nil}
	}
	return nil
}

// group returns what says whether a group is fit for deciding who may what.
// See https://learn.microsoft.com/graph/api/group-get.
func (c *Client) group(ctx context.Context, id string) (models.Groupable, error) {
	return get[models.Groupable](ctx, c, request{
		op: "get group", needs: groupsRead, api: graph.V1,
		path: "/groups/{id}", vars: map[string]string{"id": id},
		query: map[string]string{"$select": "id,displayName,securityEnabled,groupTypes,visibility"},
		into:  models.CreateGroupFromDiscriminatorValue,
	})
}

// role tries a directory role, and who holds it now. Who may only take it up is
// counted too: they take it up to approve.
func (s *sizes) role(ctx context.Context, template string) error {
	_, err := get[models.UnifiedRoleDefinitionable](ctx, s.c, request{
		op: "get role", needs: rolesRead, api: graph.V1,
		path: "/roleManagement/directory/roleDefinitions/{id}", vars: map[string]string{"id": template},
		into: models.CreateUnifiedRoleDefinitionFromDiscriminatorValue,
	})
	switch {
	case errors.Is(err, graph.ErrNotFound):
		return &troubleError{trouble: NoSuchRole}
	case err != nil:
		return err
	}
	if s.people[template], err = s.c.holders(ctx, template); err != nil {
		return err
	}
	if len(s.people[template]) == 0 {
		return &troubleError{trouble: EmptyGroup}
	}
	return nil
}

// enough reports whether there are as many different approvers as it takes, if
// all that they come from could be read.
func (s *sizes) enough(a Approvers) error {
	var all []string
	for _, from := range slices.Concat(a.Groups, a.Roles) {
		people, read := s.people[from]
		if !read {
			return &graph.Error{Op: "count approvers", Reason: graph.ErrUnavailable, Err: errors.New("not all groups and roles could be read")}
		}
		all = append(all, people...)
	}
	slices.Sort(all)
	if n := len(slices.Compact(all)); n < a.Count {
		return &troubleError{TooFew, Missing, []any{a.Count, n}}
	}
	return nil
}

// policies returns the Conditional Access policies.
// See https://learn.microsoft.com/graph/api/conditionalaccessroot-list-policies.
func (c *Client) policies(ctx context.Context) ([]models.ConditionalAccessPolicyable, error) {
	return all[models.ConditionalAccessPolicyCollectionResponseable](ctx, c, request{
		op: "list policies", needs: "Policy.Read.All", api: graph.V1,
		path: "/identity/conditionalAccess/policies",
		into: models.CreateConditionalAccessPolicyCollectionResponseFromDiscriminatorValue,
	})
}

// probeContext tells whether a policy stands behind an authentication context: a
// context without one is satisfied by any sign-in.
// See https://learn.microsoft.com/entra/identity-platform/developer-guide-conditional-access-authentication-context.
func (c *Client) probeContext(ctx context.Context, id string) error {
	all, err := c.policies(ctx)
	if err != nil {
		return err
	}
	worst := &troubleError{trouble: NoPolicy}
	for _, p := range all {
		if !behind(p, id) {
			continue
		}
		switch {
		case name(p.GetState()) != "enabled":
			worst = &troubleError{trouble: PolicyOff}
		case !strong(p.GetGrantControls()):
			worst = &troubleError{trouble: WeakPolicy}
		case !everyTime(p.GetSessionControls()):
			return &troubleError{RarePolicy, Unwise, nil} // our own page asks for a fresh one, too
		default:
			return nil
		}
	}
	return worst
}

// behind reports whether a policy is for an authentication context.
func behind(p models.ConditionalAccessPolicyable, id string) bool {
	if p.GetConditions() == nil || p.GetConditions().GetApplications() == nil {
		return false
	}
	return slices.Contains(p.GetConditions().GetApplications().GetIncludeAuthenticationContextClassReferences(), id)
}

// strong reports whether a policy asks for a second factor, or for a strength of
// its own, which none is without one.
func strong(g models.ConditionalAccessGrantControlsable) bool {
	if g == nil {
		return false
	}
	if g.GetAuthenticationStrength() != nil {
		return true
	}
	either := strings.EqualFold(val(g.GetOperator()), "OR") && len(g.GetBuiltInControls()) > 1
	return slices.Contains(g.GetBuiltInControls(), models.MFA_CONDITIONALACCESSGRANTCONTROL) && !either
}

// everyTime reports whether who has just signed in is asked again.
func everyTime(s models.ConditionalAccessSessionControlsable) bool {
	if s == nil || s.GetSignInFrequency() == nil {
		return false
	}
	f := s.GetSignInFrequency()
	return val(f.GetIsEnabled()) && val(f.GetFrequencyInterval()) == models.EVERYTIME_SIGNINFREQUENCYINTERVAL
}
