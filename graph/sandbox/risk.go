package sandbox

import "cmp"

var riskRoutes = []route{
	{method: "GET", path: "/identityProtection/riskyUsers/{}", access: riskAccess, serve: getRiskyUser},
}

// SetRisk says how likely it is that somebody else has an account: "low",
// "medium", "high", or "" if nothing speaks for it.
func (t *Tenant) SetRisk(name, level string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	u := t.mustUser(name)
	u.riskLevel, u.riskChanged = level, t.now()
}

// getRiskyUser returns how risky an account is, and 404 for one that never was.
// See https://learn.microsoft.com/graph/api/riskyuser-get.
func getRiskyUser(c *call) (any, error) {
	if err := c.query.only(); err != nil {
		return nil, err
	}
	u, err := c.userByID()
	if err != nil {
		return nil, err
	}
	if u.riskChanged.IsZero() {
		return nil, notFound(c.ids[0])
	}
	state, detail := "atRisk", "none"
	if u.riskLevel == "" {
		state, detail = "dismissed", "adminDismissedAllRiskForUser"
	}
	return map[string]any{
		"@odata.context": c.context("identityProtection/riskyUsers/$entity"),
		"id":             u.ID, "userPrincipalName": u.UPN, "userDisplayName": u.Name,
		"isDeleted": false, "isProcessing": false, "riskDetail": detail, "riskState": state,
		"riskLevel":               cmp.Or(u.riskLevel, "none"),
		"riskLastUpdatedDateTime": graphTime(u.riskChanged),
	}, nil
}
