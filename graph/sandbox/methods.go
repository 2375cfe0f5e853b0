package sandbox

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"mfahelp/graph"
)

// method is one way in which somebody can prove who they are.
type method struct {
	kind      graph.Kind
	id        string
	fixedID   string // of those that everybody has by the same id
	name      string // the phone's, the computer's, the key's
	phoneType string // mobile, alternateMobile, office
	number    string
	created   time.Time
}

// Ids that are the same for everybody.
// See https://learn.microsoft.com/graph/api/resources/phoneauthenticationmethod.
const (
	passwordID = "28c10230-6103-485e-b985-444c60001490"
	mobileID   = "3179e48a-750b-4051-897c-87b9720928f7"
	officeID   = "e37fc753-ff3b-4958-9484-eaa9425c82bc"
)

// String says what m is, in the demo's words.
func (m method) String() string {
	switch m.kind {
	case graph.Authenticator:
		return "Authenticator on " + m.name
	case graph.PhoneMethod:
		return m.phoneType + " phone " + masked(m.number)
	case graph.SoftwareOATH:
		return "code from an app"
	case graph.HardwareOATH:
		return "code from " + m.name
	case graph.FIDO2:
		return "security key " + m.name
	case graph.Hello:
		return "Windows Hello on " + m.name
	}
	return string(m.kind)
}

var methodRoutes = slices.Concat([]route{
	{method: "GET", path: "/users/{}/authentication/methods", access: methodAccess, serve: listMethods},
	{method: "GET", path: "/users/{}/authentication/methods/{}", access: methodAccess, serve: getMethod},
	{method: "GET", path: "/users/{}/authentication/signInPreferences", beta: true, access: methodAccess, serve: getPreferences},
}, typedMethodRoutes())

// methodPaths are the lists of one kind each.
// See https://learn.microsoft.com/graph/api/resources/authenticationmethods-overview.
var methodPaths = map[graph.Kind]string{
	graph.Authenticator: "microsoftAuthenticatorMethods",
	graph.PhoneMethod:   "phoneMethods",
	graph.SoftwareOATH:  "softwareOathMethods",
	graph.HardwareOATH:  "hardwareOathMethods", // in beta only
	graph.FIDO2:         "fido2Methods",
	graph.Hello:         "windowsHelloForBusinessMethods",
	graph.Password:      "passwordMethods",
}

func typedMethodRoutes() []route {
	var routes []route
	for kind, path := range methodPaths {
		path = "/users/{}/authentication/" + path
		of := func(m method) bool { return m.kind == kind }
		beta := kind == graph.HardwareOATH
		routes = append(routes,
			route{method: "GET", path: path, beta: beta, access: methodAccess, serve: func(c *call) (any, error) { return c.methods(of) }},
			route{method: "GET", path: path + "/{}", beta: beta, access: methodAccess, serve: func(c *call) (any, error) { return c.method(of) }})
	}
	return routes
}

func anyMethod(method) bool { return true }

// listMethods returns all the methods of somebody, each with its type.
// See https://learn.microsoft.com/graph/api/authentication-list-methods.
func listMethods(c *call) (any, error) { return c.methods(anyMethod) }

// getMethod returns one of them.
// See https://learn.microsoft.com/graph/api/authenticationmethod-get.
func getMethod(c *call) (any, error) { return c.method(anyMethod) }

func (c *call) methods(of func(method) bool) (any, error) {
	if err := c.query.only(); err != nil {
		return nil, err
	}
	u, err := c.user()
	if err != nil {
		return nil, err
	}
	shown := []any{}
	for _, m := range u.methods {
		if of(m) && (c.beta || m.kind != graph.HardwareOATH) {
			shown = append(shown, m.entity(c.beta))
		}
	}
	return list{Context: c.context("users('" + u.ID + "')/authentication/methods"), Value: shown}, nil
}

func (c *call) method(of func(method) bool) (any, error) {
	if err := c.query.only(); err != nil {
		return nil, err
	}
	u, err := c.user()
	if err != nil {
		return nil, err
	}
	for _, m := range u.methods {
		if m.id == strings.ToLower(c.ids[1]) && of(m) {
			e := m.entity(c.beta)
			e["@odata.context"] = c.context("users('" + u.ID + "')/authentication/methods/$entity")
			return e, nil
		}
	}
	return nil, &problem{
		status: http.StatusNotFound, code: "resourceNotFound", message: "The requested authentication method ID of [" + c.ids[1] + "] was not found for the user.",
	}
}

// entity is m with the properties that Graph gives its type. Numbers are whole.
// See https://learn.microsoft.com/graph/api/resources/authenticationmethod.
func (m method) entity(beta bool) map[string]any {
	e := map[string]any{
		"@odata.type": "#microsoft.graph." + string(m.kind) + "AuthenticationMethod",
		"id":          m.id,
	}
	if m.kind != graph.SoftwareOATH && m.kind != graph.PhoneMethod || beta {
		e["createdDateTime"] = graphTime(m.created)
	}
	switch m.kind {
	case graph.Authenticator:
		e["displayName"] = m.name
		e["deviceTag"] = "SoftwareTokenActivated"
		e["phoneAppVersion"] = appVersion
		if beta {
			e["clientAppName"] = "microsoftAuthenticator"
		}
	case graph.PhoneMethod:
		e["phoneNumber"], e["phoneType"] = m.number, m.phoneType
		e["smsSignInState"] = "notAllowedByPolicy"
	case graph.SoftwareOATH:
		e["secretKey"] = nil
	case graph.HardwareOATH:
		e["device"] = map[string]any{"id": stableID("device", m.id), "displayName": m.name, "serialNumber": m.name, "manufacturer": "SafeID", "model": "Classic"}
	case graph.FIDO2:
		e["displayName"], e["model"] = m.name, m.name
		e["aaGuid"] = stableID("aaguid", m.name)
		e["attestationLevel"], e["attestationCertificates"] = "attested", []string{}
	case graph.Hello:
		e["displayName"], e["keyStrength"] = m.name, "normal"
	case graph.Password:
		e["password"] = nil
	}
	return e
}

// appVersion is the Authenticator that all of Contoso has.
const appVersion = "6.2606.4012"

// getPreferences returns which method somebody is asked for first.
// See https://learn.microsoft.com/graph/api/authentication-get?view=graph-rest-beta.
func getPreferences(c *call) (any, error) {
	if err := c.query.only(); err != nil {
		return nil, err
	}
	u, err := c.user()
	if err != nil {
		return nil, err
	}
	return map[string]any{
		"@odata.context": c.context("users('" + u.ID + "')/authentication/signInPreferences"),
		"isSystemPreferredAuthenticationMethodEnabled":  true,
		"userPreferredMethodForSecondaryAuthentication": orNull(u.preferred()),
		"systemPreferredAuthenticationMethod":           orNull(u.systemPreferred()),
	}, nil
}

// preferred is what u chose as default: the first method that can be one.
func (u *user) preferred() string {
	for _, m := range u.methods {
		switch {
		case m.kind == graph.Authenticator:
			return "push"
		case m.kind == graph.SoftwareOATH || m.kind == graph.HardwareOATH:
			return "oath"
		case m.phoneType == "mobile":
			return "sms"
		case m.phoneType == "office":
			return "voiceOffice"
		}
	}
	return ""
}

// systemPreferred is the strongest method that u has.
// See https://learn.microsoft.com/entra/identity/authentication/concept-system-preferred-multifactor-authentication.
func (u *user) systemPreferred() string {
	for _, m := range u.methods {
		if m.kind == graph.FIDO2 {
			return "Fido2"
		}
	}
	switch u.preferred() {
	case "push":
		return "PhoneAppNotification"
	case "oath":
		return "PhoneAppOTP"
	case "sms", "voiceOffice":
		return "OneWaySMS"
	}
	return ""
}

// first returns the first method of u of that kind, or one without a name:
// somebody may have lost it since the scenario was written.
func (u *user) first(kind graph.Kind) method {
	i := slices.IndexFunc(u.methods, func(m method) bool { return m.kind == kind })
	if i < 0 {
		return method{kind: kind}
	}
	return u.methods[i]
}
