package sandbox

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"mfahelp/graph"
)

// untyped refuses to delete a method without saying what kind it is: the real
// service does not do it either.
// See https://github.com/microsoftgraph/msgraph-sdk-powershell/issues/937.
func untyped(c *call) (any, error) {
	return nil, &problem{
		status: http.StatusMethodNotAllowed, code: "Request_BadRequest",
		message: "Specified HTTP method is not allowed for the request target.",
		why:     "a method is deleted below the path of its kind, such as /users/{id}/authentication/phoneMethods/{id}",
	}
}

// deleteMethod takes a method from somebody. That of an app is not asked which
// roles the target has: only a person's call would be.
// See https://learn.microsoft.com/graph/api/phoneauthenticationmethod-delete, and
// the pages of the other kinds.
func (c *call) deleteMethod(kind graph.Kind) (any, error) {
	if err := c.query.only(); err != nil {
		return nil, err
	}
	u, err := c.user()
	if err != nil {
		return nil, err
	}
	id := string(kind)
	if len(c.ids) > 1 {
		id = c.ids[1]
	}
	what := graph.DeleteMethod
	if kind == graph.Pass {
		what = graph.DeletePass
	}
	c.writes(what, u, id)
	m, err := c.find(u, func(m method) bool { return m.kind == kind })
	if err != nil {
		return nil, err
	}
	if err := u.mayLose(*m); err != nil {
		return nil, err
	}
	gone := *m
	u.drop(gone)
	c.t.note(c.admin("Admin deleted security info", u, "Admin deleted "+gone.inWords()+" for user"))
	if name := strongAuthDetail(gone); name != "" {
		c.t.note(c.updated(u, change{name: name}, change{name: "StrongAuthenticationMethod"}))
	}
	return noContent, nil
}

// mayLose returns why m cannot be deleted yet. Of several methods that can be a
// default the default goes last, and of two mobile numbers the first one does.
// The last message is not Microsoft's: only the rule is known.
func (u *user) mayLose(m method) error {
	switch others := u.couldBeDefault(m.id); {
	case m.phoneType == "mobile" && slices.ContainsFunc(u.methods, func(o method) bool { return o.phoneType == "alternateMobile" }):
		return &problem{status: http.StatusBadRequest, code: "badRequest",
			message: "A mobile number cannot be removed while there is an alternate mobile number.",
			why:     "delete alternateMobile before mobile"}
	case !u.isDefault(m) || others == 0:
		return nil
	case m.kind == graph.PhoneMethod:
		// See https://github.com/microsoftgraph/microsoft-graph-docs/issues/18091.
		return &problem{status: http.StatusBadRequest, code: "badRequest",
			message: fmt.Sprintf("The requested authentication method id of [%s] matches the user's current default authentication method, and cannot be deleted until the default authentication method is changed", m.id),
			why:     "the default goes last, or is changed first: signInPreferences, in beta"}
	default:
		// See https://github.com/microsoftgraph/microsoft-graph-docs/issues/14470.
		return &problem{status: http.StatusBadRequest, code: "badRequest",
			message: "Cannot delete default method with other methods configured. Please change default method before deletion.",
			why:     "the default goes last, or is changed first: signInPreferences, in beta"}
	}
}

func (u *user) drop(gone method) {
	u.methods = slices.DeleteFunc(u.methods, func(m method) bool { return m.kind == gone.kind && m.id == gone.id })
}

// asDefault are the preferences that a method answers.
func (m method) asDefault() []graph.Preference {
	switch {
	case m.kind == graph.Authenticator:
		return []graph.Preference{graph.PreferPush, graph.PreferCode}
	case m.kind == graph.SoftwareOATH, m.kind == graph.HardwareOATH:
		return []graph.Preference{graph.PreferCode}
	case m.phoneType == "mobile":
		return []graph.Preference{graph.PreferSMS, graph.PreferMobile}
	case m.phoneType == "alternateMobile":
		return []graph.Preference{graph.PreferAlternate}
	case m.phoneType == "office":
		return []graph.Preference{graph.PreferOffice}
	}
	return nil
}

// isDefault reports whether m is what u is asked for first: the first method
// that can be.
func (u *user) isDefault(m method) bool {
	i := slices.IndexFunc(u.methods, func(m method) bool { return m.asDefault() != nil })
	return i >= 0 && u.methods[i].id == m.id && u.methods[i].kind == m.kind
}

// couldBeDefault counts the methods of u that could be, but for one.
func (u *user) couldBeDefault(but string) (n int) {
	for _, m := range u.methods {
		if m.asDefault() != nil && m.id != but {
			n++
		}
	}
	return n
}

// setPreferences changes which method somebody is asked for first.
// See https://learn.microsoft.com/graph/api/authentication-update?view=graph-rest-beta.
func setPreferences(c *call) (any, error) {
	if err := c.query.only(); err != nil {
		return nil, err
	}
	u, err := c.user()
	if err != nil {
		return nil, err
	}
	var body struct {
		Type      string           `json:"@odata.type"`
		System    *bool            `json:"isSystemPreferredAuthenticationMethodEnabled"`
		Preferred graph.Preference `json:"userPreferredMethodForSecondaryAuthentication"`
	}
	if err := c.body(&body); err != nil {
		return nil, err
	}
	c.writes(graph.ChangeDefault, u, string(body.Preferred))
	i := slices.IndexFunc(u.methods, func(m method) bool { return slices.Contains(m.asDefault(), body.Preferred) })
	if i < 0 {
		return nil, badRequest("The preferred method is not registered for the user.", "%s has no method that answers %q", u.UPN, body.Preferred)
	}
	first := u.methods[i]
	u.methods = slices.Insert(slices.Delete(u.methods, i, i+1), 0, first)
	u.preference = body.Preferred
	c.t.note(c.updated(u, change{name: "StrongAuthenticationMethod"}))
	return noContent, nil
}

// inWords is m as the reasons of the audit log have it.
func (m method) inWords() string {
	switch m.kind {
	case graph.Authenticator:
		return "Phone App Notification"
	case graph.PhoneMethod:
		return strings.ToUpper(m.phoneType[:1]) + m.phoneType[1:] + " Phone"
	case graph.SoftwareOATH, graph.HardwareOATH:
		return "OATH token"
	case graph.FIDO2:
		return "Fido2 key"
	case graph.Pass:
		return "temporary access pass method"
	}
	return string(m.kind)
}
