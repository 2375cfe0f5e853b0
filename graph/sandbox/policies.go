package sandbox

import (
	"maps"
	"slices"
)

var policyRoutes = []route{
	{method: "GET", path: "/identity/conditionalAccess/policies", access: policyAccess, serve: listPolicies},
}

// listPolicies returns the Conditional Access policies that stand behind the
// authentication contexts: one for each that demands MFA, as docs/entra.md has it
// made. Those of everyday sign-ins are told by the log alone.
// See https://learn.microsoft.com/graph/api/conditionalaccessroot-list-policies.
func listPolicies(c *call) (any, error) {
	if err := c.query.only("$top", "$skiptoken"); err != nil {
		return nil, err
	}
	var demanding []string
	for _, id := range slices.Sorted(maps.Keys(c.t.contexts)) {
		if c.t.contexts[id] {
			demanding = append(demanding, id)
		}
	}
	id := func(context string) string { return stableID("policy", context) }
	return page(c, "identity/conditionalAccess/policies", demanding, 100, 999, id, func(context string) any {
		state := "enabled"
		if c.t.reportOnly {
			state = "enabledForReportingButNotEnforced"
		}
		return map[string]any{
			"id": id(context), "displayName": "Fresh and strong for " + context, "state": state,
			"conditions": map[string]any{
				"clientAppTypes": []string{"all"},
				"users":          map[string]any{"includeUsers": []string{"All"}},
				"applications":   map[string]any{"includeApplications": []string{}, "includeAuthenticationContextClassReferences": []string{context}},
			},
			"grantControls":   map[string]any{"operator": "OR", "builtInControls": []string{"mfa"}},
			"sessionControls": map[string]any{"signInFrequency": map[string]any{"isEnabled": true, "frequencyInterval": "everyTime", "authenticationType": "primaryAndSecondaryAuthentication"}},
		}
	})
}

// SetReportOnly says whether the policies behind authentication contexts only
// report what they would demand, as new ones do until somebody switches them on.
// It is what the list of policies says; whoever signs in is asked all the same.
func (t *Tenant) SetReportOnly(only bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.reportOnly = only
}
