package sandbox

import (
	"time"

	"mfahelp/graph"
)

var sessionRoutes = []route{
	{method: "POST", path: "/users/{}/revokeSignInSessions", access: revokeAccess, serve: revokeSessions},
}

// revokeSessions ends what somebody is signed in to.
// See https://learn.microsoft.com/graph/api/user-revokesigninsessions.
func revokeSessions(c *call) (any, error) {
	if err := c.query.only(); err != nil {
		return nil, err
	}
	u, err := c.user()
	if err != nil {
		return nil, err
	}
	c.writes(graph.RevokeSessions, u, "")
	u.signedOut = c.now
	e := c.admin("Update StsRefreshTokenValidFrom Timestamp", u, "", change{name: "StsRefreshTokensValidFrom"})
	e.Service, e.Operation = coreDirectory, "Update"
	c.t.note(e)
	return map[string]any{"@odata.context": c.context("Edm.Boolean"), "value": true}, nil
}

// validFrom is since when sign-ins of u count.
func (u *user) validFrom() time.Time {
	if u.signedOut.After(u.passwordChanged) {
		return u.signedOut
	}
	return u.passwordChanged
}
