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
	pass      *pass // of a Temporary Access Pass
}

// Ids that are the same for everybody.
// See https://learn.microsoft.com/graph/api/resources/phoneauthenticationmethod.
const (
	passwordID = "28c10230-6103-485e-b985-444c60001490"
	mobileID   = "3179e48a-750b-4051-897c-87b9720928f7"
	altID      = "b6332ec1-7057-4abe-9331-3d72feddfe41"
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
	case graph.PlatformCred:
		return "platform credential of " + m.name
	case graph.Email:
		return "e-mail to another address"
	case graph.External:
		return "external method " + m.name
	case graph.QRCodePIN:
		return "QR code and PIN"
	case graph.Pass:
		return "Temporary Access Pass"
	}
	return string(m.kind)
}

var methodRoutes = slices.Concat([]route{
	{method: "GET", path: "/users/{}/authentication/methods", access: methodAccess, serve: listMethods},
	{method: "GET", path: "/users/{}/authentication/methods/{}", access: methodAccess, serve: getMethod},
	{method: "DELETE", path: "/users/{}/authentication/methods/{}", access: preferenceAccess, serve: untyped},
	{method: "GET", path: "/users/{}/authentication/signInPreferences", beta: true, access: methodAccess, serve: getPreferences},
	{method: "PATCH", path: "/users/{}/authentication/signInPreferences", beta: true, access: preferenceAccess, serve: setPreferences},
}, typedMethodRoutes())

// A methodPath is where the methods of one kind are, and which permission is
// the least to change them.
type methodPath struct {
	path  string
	write string // "" if no app may change it
	beta  bool   // in beta only
	one   bool   // there is one of it or none, and it has no id in the path
}

// See https://learn.microsoft.com/graph/api/resources/authenticationmethods-overview
// and https://learn.microsoft.com/graph/permissions-reference.
var methodPaths = map[graph.Kind]methodPath{
	graph.Authenticator: {path: "microsoftAuthenticatorMethods", write: "UserAuthMethod-MicrosoftAuthApp.ReadWrite.All"},
	graph.PhoneMethod:   {path: "phoneMethods", write: "UserAuthMethod-Phone.ReadWrite.All"},
	graph.SoftwareOATH:  {path: "softwareOathMethods", write: "UserAuthMethod-SoftwareOATH.ReadWrite.All"},
	graph.HardwareOATH:  {path: "hardwareOathMethods", write: "UserAuthMethod-HardwareOATH.ReadWrite.All", beta: true},
	graph.FIDO2:         {path: "fido2Methods", write: "UserAuthMethod-Passkey.ReadWrite.All"},
	graph.Hello:         {path: "windowsHelloForBusinessMethods", write: "UserAuthMethod-WindowsHello.ReadWrite.All"},
	graph.PlatformCred:  {path: "platformCredentialMethods", write: "UserAuthMethod-PlatformCred.ReadWrite.All"},
	graph.Email:         {path: "emailMethods", write: "UserAuthMethod-Email.ReadWrite.All"},
	graph.External:      {path: "externalAuthenticationMethods", write: "UserAuthMethod-External.ReadWrite.All"},
	graph.QRCodePIN:     {path: "qrCodePinMethod", write: "UserAuthMethod-QR.ReadWrite.All", beta: true, one: true},
	graph.Pass:          {path: "temporaryAccessPassMethods", write: "UserAuthMethod-TAP.ReadWrite.All"},
	graph.Password:      {path: "passwordMethods"},
}

func typedMethodRoutes() []route {
	var routes []route
	for kind, p := range methodPaths {
		list := "/users/{}/authentication/" + p.path
		single := list + "/{}"
		of := func(m method) bool { return m.kind == kind }
		if p.one {
			single = list
		} else {
			routes = append(routes, route{method: "GET", path: list, beta: p.beta, access: methodAccess, serve: func(c *call) (any, error) { return c.methods(of) }})
		}
		routes = append(routes, route{method: "GET", path: single, beta: p.beta, access: methodAccess, serve: func(c *call) (any, error) { return c.method(of) }})
		if p.write != "" {
			routes = append(routes, route{method: "DELETE", path: single, beta: p.beta, access: methodWrite(kind), serve: func(c *call) (any, error) { return c.deleteMethod(kind) }})
		}
	}
	return append(routes, route{method: "POST", path: "/users/{}/authentication/temporaryAccessPassMethods", access: methodWrite(graph.Pass), serve: createPass})
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
		if of(m) && (c.beta || !methodPaths[m.kind].beta) {
			shown = append(shown, c.methodEntity(m))
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
	m, err := c.find(u, of)
	if err != nil {
		return nil, err
	}
	e := c.methodEntity(*m)
	e["@odata.context"] = c.context("users('" + u.ID + "')/authentication/methods/$entity")
	return e, nil
}

// find returns the method that the path names, by its id or as the only one of
// its kind.
func (c *call) find(u *user, of func(method) bool) (*method, error) {
	id := ""
	if len(c.ids) > 1 {
		id = strings.ToLower(c.ids[1])
	}
	for i := range u.methods {
		if m := &u.methods[i]; of(*m) && (id == "" || m.id == id) {
			return m, nil
		}
	}
	p := &problem{
		status: http.StatusNotFound, code: "resourceNotFound", message: "The requested authentication method ID of [" + id + "] was not found for the user.",
	}
	for _, m := range u.methods {
		if m.id == id {
			p.why = "the method is there, and below " + methodPaths[m.kind].path
		}
	}
	return nil, p
}

func (c *call) methodEntity(m method) map[string]any {
	if m.pass != nil {
		return m.pass.entity(c.t, c.now, "")
	}
	return m.entity(c.beta)
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
	case graph.PlatformCred:
		e["displayName"], e["keyStrength"], e["platform"] = m.name, "normal", "macOS"
	case graph.Email:
		e["emailAddress"] = m.name
	case graph.External:
		e["displayName"], e["configurationId"] = m.name, stableID("external", m.name)
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

// preferred is what u chose as default: of the first method that can be one.
func (u *user) preferred() string {
	for _, m := range u.methods {
		if slices.Contains(m.asDefault(), u.preference) {
			return string(u.preference)
		}
		if all := m.asDefault(); all != nil {
			return string(all[0])
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
	case "sms", "voiceMobile":
		return "OneWaySMS"
	case "voiceAlternateMobile":
		return "TwoWayVoiceAlternateMobile"
	case "voiceOffice":
		return "TwoWayVoiceOffice"
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
