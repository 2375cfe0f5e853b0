package sandbox

import (
	"slices"
	"strings"
	"testing"
)

// sample returns a call of a route that succeeds if it is allowed.
func (w world) sample(rt route) (path, body string) {
	id := stableID("user", "karim.haddad@"+Domain) // whom a scenario made risky
	if _, err := w.Fail("suspicious"); err != nil {
		w.t.Fatal(err)
	}
	last := ""
	switch {
	case strings.Contains(rt.path, "/auditLogs/signIns/"):
		id = w.Events()[0].ID
	case strings.HasPrefix(rt.path, "/groups/"):
		id = w.GroupID(StaffGroup)
	case strings.HasPrefix(rt.path, "/directoryRoles/"):
		id = activatedID(globalAdministrator)
	case strings.HasPrefix(rt.path, "/roleManagement/directory/roleDefinitions/"):
		id = globalAdministrator
	case strings.HasSuffix(rt.path, "/checkMemberGroups"):
		body = `{"groupIds":["` + w.GroupID(StaffGroup) + `"]}`
	}
	kind, typed := strings.CutPrefix(rt.path, "/users/{}/authentication/")
	if kind, one := strings.CutSuffix(kind, "/{}"); typed && one {
		u := map[string]string{
			"fido2Methods": "priya.raman", "windowsHelloForBusinessMethods": "nia.mensah", "hardwareOathMethods": "wanjiru.kamau",
			"softwareOathMethods": "ben.novak", "phoneMethods": "leila.farouk",
		}[kind]
		if u == "" {
			u = "sofia.almeida"
		}
		id, last = u+"@"+Domain, w.methodID(u, kind)
	}
	path = strings.Replace(rt.path, "{}", id, 1)
	return strings.Replace(path, "{}", last, 1), body
}

func (w world) methodID(login, kind string) string {
	for _, m := range w.mustUser(login + "@" + Domain).methods {
		if kind == "methods" || methodPaths[m.kind] == kind {
			return m.id
		}
	}
	w.t.Fatalf("%s has no %s", login, kind)
	return ""
}

// TestEveryRouteAsksForItsPermission tries each call with nothing, and with
// each of the permissions that will do.
func TestEveryRouteAsksForItsPermission(t *testing.T) {
	w := newWorld(t)
	nobody := w.token(w.AddApp("nobody", "Mail.Read"))
	for _, rt := range w.routes {
		path, body := w.sample(rt)
		path = "/beta" + path
		got := w.do(rt.method, path, nobody, body)
		entry := w.Log()[len(w.Log())-1]
		if got.status != 403 || entry.Permission != rt.access.permissions[0] || !strings.Contains(entry.Why, rt.access.permissions[0]) {
			t.Errorf("%s %s without a permission: got %d %+v", rt.method, path, got.status, entry)
		}
		for i, p := range rt.access.permissions {
			token := w.token(w.AddApp(rt.path+p, strings.Split(p, " and ")...))
			got := w.do(rt.method, path, token, body)
			if entry := w.Log()[len(w.Log())-1]; got.status != 200 || entry.Permission != p {
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

func TestTheReaderNeedsNoMore(t *testing.T) {
	w := newWorld(t)
	token := w.token(w.Reader())
	for _, rt := range w.routes {
		path, body := w.sample(rt)
		if got := w.do(rt.method, "/beta"+path, token, body); got.status != 200 {
			t.Errorf("%s: got %d %s", path, got.status, got.text)
		}
	}
	if !slices.Contains(w.Reader().Permissions, "AuditLog.Read.All") {
		t.Error("the reader cannot read the log")
	}
}
