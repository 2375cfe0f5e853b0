package sandbox

import (
	"cmp"
	"strings"
	"testing"

	"mfahelp/graph"
)

// sample returns a call of a route that succeeds if it is allowed.
func (w world) sample(rt route) (path, body string) {
	id := stableID("user", "karim.haddad@"+Domain) // whom a scenario made risky
	if _, err := w.Fail("suspicious"); err != nil {
		w.t.Fatal(err)
	}
	switch {
	case strings.Contains(rt.path, "/auditLogs/signIns/"):
		id = w.Events()[0].ID
	case strings.HasPrefix(rt.path, "/auditLogs/directoryAudits/"):
		if err := w.ResetPassword("karim.haddad@"+Domain, 0); err != nil {
			w.t.Fatal(err)
		}
		id = w.Audits()[0].ID
	case strings.HasPrefix(rt.path, "/groups/"):
		id = w.GroupID(StaffGroup)
	case strings.HasPrefix(rt.path, "/directoryRoles/"):
		id = activatedID(globalAdministrator)
	case strings.HasPrefix(rt.path, "/roleManagement/directory/roleDefinitions/"):
		id = globalAdministrator
	case strings.HasSuffix(rt.path, "/checkMemberGroups"):
		body = `{"groupIds":["` + w.GroupID(StaffGroup) + `"]}`
	case strings.HasSuffix(rt.path, "/sendMail"):
		body = mailTo("karim.haddad@" + Domain)
	case rt.method == "PATCH":
		body = `{"userPreferredMethodForSecondaryAuthentication":"push"}`
	case rt.method == "POST":
		body = `{}`
	}
	kind, typed := strings.CutPrefix(rt.path, "/users/{}/authentication/")
	if !typed {
		return strings.Replace(rt.path, "{}", id, 1), body
	}
	kind, one := strings.CutSuffix(kind, "/{}")
	id = "elif.yilmaz@" + Domain // who has nothing
	last := w.give(id, kind)
	if path = strings.Replace(rt.path, "{}", id, 1); one {
		path = strings.Replace(path, "{}", last, 1)
	}
	return path, body
}

// mailTo is the body of a mail.
func mailTo(address string) string {
	return `{"message":{"subject":"About your sign-in","body":{"contentType":"Text","content":"Hello"},"toRecipients":[{"emailAddress":{"address":"` + address + `"}}]},"saveToSentItems":false}`
}

// give has somebody have a method of the kind whose path is named, and returns
// its id.
func (w world) give(name, path string) string {
	for kind, p := range methodPaths {
		if p.path != path && (path != "methods" && path != "signInPreferences" || kind != graph.Authenticator) || kind == graph.Password || kind == graph.Pass {
			continue
		}
		m, err := w.Register(name, graph.Method{Kind: kind, Name: "mine"})
		if err != nil && kind != graph.PhoneMethod {
			w.t.Fatal(err)
		}
		return cmp.Or(m.ID, mobileID)
	}
	if path == "passwordMethods" {
		return passwordID
	}
	token := w.token(w.AddApp("giver", "UserAuthenticationMethod.ReadWrite.All"))
	got := w.do("POST", "/v1.0/users/"+name+"/authentication/temporaryAccessPassMethods", token, "{}")
	id, _ := got.at("id").(string)
	return id
}

// succeeded is what a route answers if all is well.
func (rt route) succeeded(status int) bool {
	switch {
	case strings.Contains(rt.path, "/authentication/methods/") && rt.method == "DELETE":
		return status == 405
	case rt.method == "DELETE", rt.method == "PATCH":
		return status == 204
	case strings.HasSuffix(rt.path, "/sendMail"):
		return status == 202
	case strings.HasSuffix(rt.path, "/temporaryAccessPassMethods") && rt.method == "POST":
		return status == 201
	}
	return status == 200
}

// TestEveryRouteAsksForItsPermission tries each call with nothing, and with
// each of the permissions that will do.
func TestEveryRouteAsksForItsPermission(t *testing.T) {
	for _, rt := range newWorld(t).routes {
		w := newWorld(t)
		nobody := w.token(w.AddApp("nobody", "Mail.Read"))
		path, body := w.sample(rt)
		path = "/beta" + path
		got := w.do(rt.method, path, nobody, body)
		entry := w.Log()[len(w.Log())-1]
		if got.status != 403 || entry.Permission != rt.access.permissions[0] || !strings.Contains(entry.Why, rt.access.permissions[0]) || entry.Write != "" {
			t.Errorf("%s %s without a permission: got %d %+v", rt.method, path, got.status, entry)
		}
		for i, p := range rt.access.permissions {
			w := newWorld(t)
			path, body := w.sample(rt)
			path = "/beta" + path
			token := w.token(w.AddApp(rt.path+p, strings.Split(p, " and ")...))
			got := w.do(rt.method, path, token, body)
			if entry := w.Log()[len(w.Log())-1]; !rt.succeeded(got.status) || entry.Permission != p {
				t.Errorf("%s %s with %s (%d): got %d %s, %+v", rt.method, path, p, i, got.status, got.text, entry)
			}
		}
	}
}

// TestRefusals are word for word what Microsoft answers, as far as it is known.
func TestRefusals(t *testing.T) {
	w := newWorld(t)
	nobody := w.token(w.AddApp("nobody"))
	for path, want := range map[string][2]string{
		"/beta/auditLogs/signIns": {"Authentication_MSGraphPermissionMissing",
			"Calling principal does not have required MSGraph permissions AuditLog.Read.All"},
		"/v1.0/users/x":                        {"Authorization_RequestDenied", "Insufficient privileges to complete the operation."},
		"/v1.0/users/x/authentication/methods": {"accessDenied", "Request Authorization failed"},
		"/v1.0/roleManagement/directory/roleEligibilityScheduleInstances": {"UnknownError",
			`{"errorCode":"PermissionScopeNotGranted","message":"Authorization failed due to missing permission scope RoleEligibilitySchedule.Read.Directory,RoleEligibilitySchedule.ReadWrite.Directory,RoleManagement.Read.Directory,RoleManagement.Read.All,RoleManagement.ReadWrite.Directory.","instanceAnnotations":[]}`},
	} {
		got := w.do("GET", path, nobody, "")
		if got.status != 403 || got.at("error/code") != want[0] || got.at("error/message") != want[1] {
			t.Errorf("%s: got %d %s", path, got.status, got.text)
		}
		for _, name := range []string{"date", "request-id", "client-request-id", "sandbox"} {
			if s, _ := got.at("error/innerError/" + name).(string); s == "" {
				t.Errorf("%s: innerError has no %s", path, name)
			}
		}
	}
}

func TestWithoutALicence(t *testing.T) {
	w := newWorld(t)
	w.SetPremium(false)
	got := w.get("/v1.0/auditLogs/signIns")
	if got.status != 403 || got.at("error/code") != "Authentication_RequestFromNonPremiumTenantOrB2CTenant" ||
		got.at("error/message") != "Neither tenant is B2C or tenant doesn't have premium license" {
		t.Errorf("got %d %s", got.status, got.text)
	}
	if got := w.get("/v1.0/users"); got.status != 200 {
		t.Errorf("users need no licence: got %d", got.status)
	}
	if got := w.get("/v1.0/roleManagement/directory/roleEligibilityScheduleInstances"); got.status != 400 || !strings.Contains(got.text, "AadPremiumLicenseRequired") {
		t.Errorf("roles to be taken up: got %d %s", got.status, got.text)
	}
	if got := w.get("/v1.0/identityProtection/riskyUsers/x"); got.status != 403 || got.at("error/code") != "Forbidden" {
		t.Errorf("risk: got %d %s", got.status, got.text)
	}
	w.SetPremium(true)
	if got := w.get("/v1.0/auditLogs/signIns"); got.status != 200 {
		t.Errorf("with a licence: got %d %s", got.status, got.text)
	}
}

func TestPoliciesAreLeftOutWithoutTheirPermission(t *testing.T) {
	w := newWorld(t)
	if _, err := w.Fail("ca-block"); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		permissions []string
		want        any
	}{
		{[]string{"AuditLog.Read.All"}, nil},
		{[]string{"AuditLog.Read.All", "Directory.Read.All"}, nil},
		{[]string{"AuditLog.Read.All", "Policy.Read.All"}, "Block sign-in from outside our countries"},
		{[]string{"AuditLog.Read.All", "Policy.Read.ConditionalAccess"}, "Block sign-in from outside our countries"},
	} {
		token := w.token(w.AddApp("watcher", test.permissions...))
		got := w.do("GET", "/v1.0/auditLogs/signIns", token, "")
		if name := got.at("value/0/appliedConditionalAccessPolicies/0/displayName"); name != test.want {
			t.Errorf("%v: got %v, want %v", test.permissions, name, test.want)
		}
		if strings.Contains(got.text, "appliedConditionalAccessPolicies") != (test.want != nil) {
			t.Errorf("%v: got %s", test.permissions, got.text)
		}
	}
}

// TestTheAppsNeedNoMore: the reader reads all and changes nothing, the writer
// changes all and reads nothing.
func TestTheAppsNeedNoMore(t *testing.T) {
	for _, rt := range newWorld(t).routes {
		reads := rt.method == "GET" || strings.HasSuffix(rt.path, "/checkMemberGroups")
		if strings.Contains(rt.path, "/authentication/methods/{}") && rt.method == "DELETE" || rt.method == "PATCH" || strings.Contains(rt.path, "/emailMethods") && !reads {
			continue // what mfahelp does not do
		}
		for _, asked := range []struct {
			app  func(w world) App
			want bool
		}{{func(w world) App { return w.Reader() }, reads}, {func(w world) App { return w.Writer() }, !reads}} {
			w := newWorld(t)
			path, body := w.sample(rt)
			if strings.HasSuffix(path, "/sendMail") {
				path = "/users/" + Mailbox + "/sendMail"
			}
			app := asked.app(w)
			if got := w.do(rt.method, "/beta"+path, w.token(app), body); rt.succeeded(got.status) != asked.want || got.status == 403 == asked.want {
				t.Errorf("%s %s as the %s: got %d %s", rt.method, path, app.Name, got.status, got.text)
			}
		}
	}
}
