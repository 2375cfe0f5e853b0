package sandbox

import (
	"fmt"
	"net/http"
	"slices"
	"time"

	"mfahelp/graph"
)

// A PassPolicy is what the tenant says about Temporary Access Passes.
// See https://learn.microsoft.com/entra/identity/authentication/howto-authentication-temporary-access-pass.
type PassPolicy struct {
	Disabled bool
	Min, Max time.Duration // of a pass's life
	Default  time.Duration
	OnlyOnce bool // every pass signs in a single time
	Length   int
	Group    string // the name of the group that it is for; "" for everybody
	Except   string // the name of the group that it is not for; "" for none
}

// usualPassPolicy is what a tenant has that enabled passes and changed nothing.
var usualPassPolicy = PassPolicy{Min: time.Hour, Max: 8 * time.Hour, Default: time.Hour, Length: 8, Except: NoPassGroup}

// PassPolicy returns the policy for Temporary Access Passes.
func (t *Tenant) PassPolicy() PassPolicy {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.policy
}

// SetPassPolicy replaces the policy for Temporary Access Passes.
func (t *Tenant) SetPassPolicy(p PassPolicy) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.policy = p
}

// covers reports whether the policy lets u have a pass.
func (t *Tenant) covers(u *user) bool {
	in := func(name string) bool {
		return slices.ContainsFunc(t.memberOf(u), func(g *group) bool { return g.name == name })
	}
	return !t.policy.Disabled && (t.policy.Group == "" || in(t.policy.Group)) && !in(t.policy.Except)
}

// pass is a Temporary Access Pass.
type pass struct {
	id, code       string
	created, start time.Time
	life           time.Duration
	once, used     bool
}

func (p *pass) end() time.Time { return p.start.Add(p.life) }

// usability is whether p lets somebody in, and why.
// See https://learn.microsoft.com/graph/api/resources/temporaryaccesspassauthenticationmethod.
func (p *pass) usability(t *Tenant, now time.Time) (bool, string) {
	switch {
	case t.policy.Disabled:
		return false, "DisabledByPolicy"
	case now.Before(p.start):
		return false, "NotYetValid"
	case !now.Before(p.end()):
		return false, "Expired"
	case p.once && p.used:
		return false, "OneTimeUsed"
	}
	return true, "EnabledByPolicy"
}

// entity is p as Graph shows it: with the code when it is made, and never again.
func (p *pass) entity(t *Tenant, now time.Time, code string) map[string]any {
	usable, why := p.usability(t, now)
	return map[string]any{
		"@odata.type": "#microsoft.graph.temporaryAccessPassAuthenticationMethod",
		"id":          p.id, "temporaryAccessPass": orNull(code),
		"createdDateTime": graphTime(p.created), "startDateTime": graphTime(p.start),
		"lifetimeInMinutes": int(p.life / time.Minute), "isUsableOnce": p.once,
		"isUsable": usable, "methodUsabilityReason": why,
	}
}

var passRoutes = []route{
	{method: "GET", path: "/policies/authenticationMethodsPolicy/authenticationMethodConfigurations/temporaryAccessPass", access: passPolicyAccess, serve: getPassPolicy},
	{method: "GET", path: "/policies/authenticationMethodsPolicy/authenticationMethodConfigurations/TemporaryAccessPass", access: passPolicyAccess, serve: getPassPolicy},
}

// getPassPolicy returns what the tenant says about passes.
// See https://learn.microsoft.com/graph/api/temporaryaccesspassauthenticationmethodconfiguration-get.
func getPassPolicy(c *call) (any, error) {
	if err := c.query.only(); err != nil {
		return nil, err
	}
	p := c.t.policy
	target, state, except := "all_users", "enabled", []map[string]any{}
	for _, g := range c.t.groups {
		if g.name == p.Group {
			target = g.id
		}
		if g.name == p.Except {
			except = append(except, map[string]any{"targetType": "group", "id": g.id})
		}
	}
	if p.Disabled {
		state = "disabled"
	}
	minutes := func(d time.Duration) int { return int(d / time.Minute) }
	return map[string]any{
		"@odata.context": c.context("authenticationMethodConfigurations/$entity"),
		"@odata.type":    "#microsoft.graph.temporaryAccessPassAuthenticationMethodConfiguration",
		"id":             "TemporaryAccessPass", "state": state,
		"defaultLifetimeInMinutes": minutes(p.Default), "defaultLength": p.Length,
		"minimumLifetimeInMinutes": minutes(p.Min), "maximumLifetimeInMinutes": minutes(p.Max),
		"isUsableOnce": p.OnlyOnce, "excludeTargets": except,
		"includeTargets": []map[string]any{{"targetType": "group", "id": target, "isRegistrationRequired": false}},
	}, nil
}

// createPass makes a pass, in place of one that there was.
// See https://learn.microsoft.com/graph/api/authentication-post-temporaryaccesspassmethods.
func createPass(c *call) (any, error) {
	if err := c.query.only(); err != nil {
		return nil, err
	}
	u, err := c.user()
	if err != nil {
		return nil, err
	}
	var body struct {
		Type    string     `json:"@odata.type"`
		Start   *time.Time `json:"startDateTime"`
		Minutes *int       `json:"lifetimeInMinutes"`
		Once    *bool      `json:"isUsableOnce"`
	}
	if err := c.body(&body); err != nil {
		return nil, err
	}
	c.writes(graph.CreatePass, u, "")
	p := &pass{id: c.t.newGUID(), created: c.now, start: c.now, life: c.t.policy.Default, once: c.t.policy.OnlyOnce}
	if body.Start != nil {
		p.start = body.Start.UTC()
	}
	if body.Minutes != nil {
		p.life = time.Duration(*body.Minutes) * time.Minute
	}
	if body.Once != nil {
		p.once = *body.Once
	}
	if err := c.t.mayHave(u, p); err != nil {
		return nil, err
	}
	p.code = c.t.newCode(c.t.policy.Length)
	u.methods = slices.DeleteFunc(u.methods, func(m method) bool { return m.kind == graph.Pass })
	u.methods = append(u.methods, method{kind: graph.Pass, id: p.id, created: p.created, pass: p})
	c.entry.Object = p.id
	c.t.note(c.admin("Admin registered security info", u, "Admin registered temporary access pass method for user",
		change{"TemporaryAccessPass.Id", "", p.id}, change{"TemporaryAccessPass.EndDateTime", "", graphTime(p.end())}))
	shown := p.entity(c.t, c.now, p.code)
	shown["@odata.context"] = c.context("users('" + u.ID + "')/authentication/temporaryAccessPassMethods/$entity")
	return created{shown}, nil
}

// mayHave returns why u can have no such pass. The first two messages are
// Microsoft's; of the others only the rules are known.
func (t *Tenant) mayHave(u *user, p *pass) error {
	refused := func(message, why string) error {
		return &problem{status: http.StatusBadRequest, code: "badRequest", message: message, why: why}
	}
	switch {
	case !t.covers(u):
		// See https://github.com/MicrosoftDocs/azure-docs/issues/111778.
		return refused("Unable to add Temporary Access Pass. - Converged UserCredentialPolicy does not allow creating or updating this authentication method. AuthMethodType [TemporaryAccessPass].",
			"the policy for passes is disabled, or is not for "+u.UPN)
	case p.life < t.policy.Min || p.life > t.policy.Max:
		// See https://github.com/microsoftgraph/microsoft-graph-docs/issues/12187.
		return refused(fmt.Sprintf("Invalid LifetimeInMinutes specified. The valid range between %d and %d.", t.policy.Min/time.Minute, t.policy.Max/time.Minute),
			"the policy says how long a pass may live")
	case t.policy.OnlyOnce && !p.once:
		return refused("Invalid IsUsableOnce specified.", "by the policy every pass signs in a single time")
	case u.Guest:
		return refused("Temporary Access Pass cannot be added to an external guest user.", "a guest has the pass of their own company")
	case p.start.Before(p.created):
		return refused("Invalid StartDateTime specified.", "it is in the past")
	}
	return nil
}

// codeLetters leaves out what is misread over a telephone.
const codeLetters = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz23456789"

// newCode returns what is typed to use a pass.
func (t *Tenant) newCode(n int) string {
	code := t.random(n)
	for i, b := range code {
		code[i] = codeLetters[int(b)%len(codeLetters)]
	}
	return string(code)
}
