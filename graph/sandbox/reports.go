package sandbox

import (
	"time"

	"mfahelp/graph"
)

var reportRoutes = []route{
	{method: "GET", path: "/reports/authenticationMethods/userRegistrationDetails/{}", access: reportAccess, serve: getRegistration},
}

// getRegistration returns what somebody has registered, as the report knows it.
// It counts against the same limit as the sign-in log.
// See https://learn.microsoft.com/graph/api/userregistrationdetails-get.
func getRegistration(c *call) (any, error) {
	if err := c.query.only(); err != nil {
		return nil, err
	}
	u, err := c.userByID()
	if err != nil {
		return nil, err
	}
	registered := []string{}
	passwordless := false
	for _, m := range u.methods {
		if name := registeredNames[m.kind]; name != "" {
			registered = append(registered, name)
		}
		if m.phoneType != "" {
			registered = append(registered, m.phoneType+"Phone")
		}
		passwordless = passwordless || m.kind == graph.FIDO2 || m.kind == graph.Hello
	}
	preferred, system := "none", []string{}
	if p := u.preferred(); p != "" {
		preferred, system = p, []string{p}
	}
	return map[string]any{
		"@odata.context": c.context("reports/authenticationMethods/userRegistrationDetails/$entity"),
		"id":             u.ID, "userPrincipalName": u.UPN, "userDisplayName": u.Name,
		"userType":        map[bool]string{true: "guest", false: "member"}[u.Guest],
		"isAdmin":         len(c.t.person(u).Roles) > 0,
		"isMfaRegistered": len(registered) > 0, "isMfaCapable": len(registered) > 0, "isPasswordlessCapable": passwordless,
		"isSsprRegistered": len(registered) > 1, "isSsprEnabled": true, "isSsprCapable": len(registered) > 1,
		"isSystemPreferredAuthenticationMethodEnabled": true,
		"methodsRegistered":                            registered, "systemPreferredAuthenticationMethods": system,
		"userPreferredMethodForSecondaryAuthentication": preferred,
		"lastUpdatedDateTime":                           graphTime(c.now.Add(-6 * time.Hour).Truncate(time.Second)), // the report lags
	}, nil
}

// See https://learn.microsoft.com/graph/api/resources/userregistrationdetails.
var registeredNames = map[graph.Kind]string{
	graph.Authenticator: "microsoftAuthenticatorPush",
	graph.SoftwareOATH:  "softwareOneTimePasscode",
	graph.HardwareOATH:  "hardwareOneTimePasscode",
	graph.FIDO2:         "fido2SecurityKey",
	graph.Hello:         "windowsHelloForBusiness",
}
