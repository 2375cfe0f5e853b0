package sandbox

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"mfahelp/graph"
)

func TestTheCompany(t *testing.T) {
	w := newWorld(t)
	people := w.People()
	if len(people) < 25 {
		t.Errorf("got %d people", len(people))
	}
	ids, again := map[string]bool{}, newWorld(t).People()
	for i, p := range people {
		if ids[p.ID] || p.ID != again[i].ID {
			t.Errorf("%s has the id %s, then %s", p.UPN, p.ID, again[i].ID)
		}
		ids[p.ID] = true
		if p.Name == "" || p.Country == "" || p.Language == "" || !p.Guest && p.Department == "" {
			t.Errorf("got %+v", p)
		}
	}
	if len(w.Scenarios()) < 14 {
		t.Errorf("got %d scenarios", len(w.Scenarios()))
	}
}

// TestTheCast: whoever plays something is there, and is what is said of them.
func TestTheCast(t *testing.T) {
	w := newWorld(t)
	people := w.People()
	parts := map[string]Person{}
	for _, part := range Parts() {
		i := slices.IndexFunc(people, func(p Person) bool { return p.Part == part.Plays })
		if i < 0 || !strings.HasPrefix(people[i].Mail, part.Login+"@") {
			t.Fatalf("nobody plays %s, who %s", part.Login, part.Plays)
		}
		parts[part.Login] = people[i]
	}
	for login, is := range map[string]func(Person) bool{
		"aiko.sato":     func(p Person) bool { return len(p.Methods) == 2 && p.Manager == "grace.nguyen@contoso.com" },
		"adaeze.okafor": func(p Person) bool { return p.Manager == "" },
		"priya.raman":   func(p Person) bool { return slices.Contains(p.Groups, ApproversGroup) && len(p.Roles) > 0 },
		"mei.tanaka":    func(p Person) bool { return slices.Contains(p.Groups, ApproversGroup) && len(p.Roles) == 0 },
		"oscar.reyes": func(p Person) bool {
			return slices.Contains(p.Groups, AdminsGroup) && !slices.Contains(p.Groups, ApproversGroup)
		},
		"thabo.nkosi":     func(p Person) bool { return slices.Contains(p.Groups, NoPassGroup) && len(p.Methods) == 2 },
		"elif.yilmaz":     func(p Person) bool { return len(p.Methods) == 1 },
		"jonas.lindqvist": func(p Person) bool { return slices.Equal(p.Roles, []string{"Global Administrator"}) },
		"ivan.petrov":     func(p Person) bool { return p.Disabled },
		"rosa.bianchi":    func(p Person) bool { return p.Guest },
	} {
		if !is(parts[login]) {
			t.Errorf("%s: got %+v", login, parts[login])
		}
	}
	freya := parts["freya.lund"]
	w = newWorld(t, func(o *Options) { o.NoHistory = false })
	if !slices.ContainsFunc(w.Audits(), func(a Audit) bool { return a.Target == freya.ID && a.At.Equal(noon.Add(-numberChanged)) }) {
		t.Error("the number of freya.lund was not changed")
	}
}

func TestPerson(t *testing.T) {
	w := newWorld(t)
	got, ok := w.Person("Ben.Novak@contoso.com")
	want := Person{
		ID: stableID("user", "ben.novak@contoso.com"), UPN: "ben.novak@contoso.com", Mail: "ben.novak@contoso.com", Name: "Ben Novák",
		Given: "Ben", Surname: "Novák", Title: "Software Engineer", Department: "Engineering", City: "Brno", Country: "CZ", Language: "cs-CZ",
		Phone: "+1 XXXXXXXX12", Manager: "grace.nguyen@contoso.com", Groups: []string{"All Staff", "Department Engineering", "Technical"},
		Methods: []string{"code from an app", "mobile phone +1 XXXXXXXX12", "password"},
	}
	if diff := cmp.Diff(want, got); !ok || diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if byID, _ := w.Person(got.ID); byID.UPN != got.UPN {
		t.Errorf("by id: got %+v", byID)
	}
	if _, ok := w.Person(""); ok {
		t.Error("somebody has no name")
	}
}

func TestUser(t *testing.T) {
	w := newWorld(t)
	id := stableID("user", "lars.brandt@contoso.com")
	byDefault := strings.Fields("@odata.context businessPhones displayName givenName id jobTitle mail mobilePhone officeLocation preferredLanguage surname userPrincipalName")
	for _, name := range []string{id, strings.ToUpper(id), "lars.brandt@contoso.com", "Lars.Brandt@Contoso.com"} {
		got := w.get("/v1.0/users/" + name)
		if diff := cmp.Diff(byDefault, slices.Sorted(maps.Keys(got.body))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	got := w.get("/v1.0/users/"+id, "$select", "id, accountEnabled,userType,lastPasswordChangeDateTime")
	want := map[string]any{
		"@odata.context": "https://localhost/v1.0/$metadata#users/$entity", "id": id, "accountEnabled": true, "userType": "Member",
		"lastPasswordChangeDateTime": "2026-07-20T12:00:00Z",
	}
	if diff := cmp.Diff(want, got.body); diff != "" {
		t.Errorf("$select (-want +got):\n%s", diff)
	}
	guest := w.get("/v1.0/users/"+stableID("user", "rosa.bianchi_fabrikam.com#EXT#@contoso.onmicrosoft.com"), "$select", "userType,externalUserState,mail")
	if guest.at("userType") != "Guest" || guest.at("externalUserState") != "Accepted" || guest.at("mail") != "rosa.bianchi@fabrikam.com" {
		t.Errorf("a guest: got %s", guest.text)
	}
	w.SetEnabled("lars.brandt@contoso.com", false)
	if got := w.get("/v1.0/users/"+id, "$select", "accountEnabled"); got.at("accountEnabled") != false {
		t.Errorf("disabled: got %s", got.text)
	}
}

func TestUserIsNotFound(t *testing.T) {
	w := newWorld(t)
	for _, name := range []string{"nobody@contoso.com", "00000000-0000-0000-0000-000000000000", "rosa.bianchi@fabrikam.com"} {
		for _, rest := range []string{"", "/manager", "/transitiveMemberOf", "/authentication/methods"} {
			got := w.get("/v1.0/users/" + name + rest)
			if got.status != 404 || got.at("error/code") != "Request_ResourceNotFound" || !strings.Contains(got.text, "Resource '"+name+"' does not exist") {
				t.Errorf("%s: got %d %s", name+rest, got.status, got.text)
			}
		}
	}
}

func TestUsersAreFound(t *testing.T) {
	w := newWorld(t)
	for clause, want := range map[string]int{
		"userPrincipalName eq 'AIKO.SATO@contoso.com'": 1,
		"mail eq 'rosa.bianchi@fabrikam.com'":          1,
		"startsWith(displayName,'K')":                  2,
		"accountEnabled eq false":                      1,
		"userType eq 'Guest'":                          1,
		"mail eq 'nobody@contoso.com'":                 0,
	} {
		if got := w.get("/v1.0/users", "$filter", clause); got.status != 200 || len(got.values()) != want {
			t.Errorf("%s: got %d with %d", clause, got.status, len(got.values()))
		}
	}
	for claim, query := range map[string][]string{
		"an undocumented filter": {"$filter", "department ne 'IT'"},
		"an unknown property":    {"$select", "id,shoeSize"},
		"too many at once":       {"$top", "1000"},
		"$skip":                  {"$skip", "3"},
	} {
		if got := w.get("/v1.0/users", query...); got.status != 400 {
			t.Errorf("%s: got %d", claim, got.status)
		}
	}
	if got := w.get("/v1.0/users/aiko.sato@contoso.com", "$select", "shoeSize"); got.status != 400 || !strings.Contains(got.text, "Could not find a property named 'shoeSize'") {
		t.Errorf("an unknown property of one: got %d %s", got.status, got.text)
	}
}

func TestReadBasicShowsTheBasics(t *testing.T) {
	w := newWorld(t)
	token := w.token(w.AddApp("basic", "User.ReadBasic.All"))
	got := w.do("GET", "/v1.0/users/aiko.sato@contoso.com?$select=displayName,accountEnabled", token, "")
	if got.at("displayName") != "Aiko Sato" || got.at("accountEnabled") != nil {
		t.Errorf("got %s", got.text)
	}
}

func TestManager(t *testing.T) {
	w := newWorld(t)
	got := w.get("/v1.0/users/aiko.sato@contoso.com/manager", "$select", "id,userPrincipalName")
	if got.at("userPrincipalName") != "grace.nguyen@contoso.com" || got.at("@odata.type") != "#microsoft.graph.user" {
		t.Errorf("got %d %s", got.status, got.text)
	}
	got = w.get("/v1.0/users/adaeze.okafor@contoso.com/manager")
	if got.status != 404 || !strings.Contains(got.text, "Resource 'manager' does not exist") {
		t.Errorf("of who has none: got %d %s", got.status, got.text)
	}
}

func TestGroupsOfAUser(t *testing.T) {
	w := newWorld(t)
	all := w.get("/v1.0/users/priya.raman@contoso.com/transitiveMemberOf", "$select", "displayName")
	want := []any{"All Staff", "Department IT", "Helpdesk Admins", "Reset Approvers", "Technical", "Authentication Administrator"}
	if diff := cmp.Diff(want, all.column("displayName")); diff != "" {
		t.Errorf("all (-want +got):\n%s", diff)
	}
	for _, cast := range []string{"microsoft.graph.group", "graph.group"} {
		groups := w.get("/v1.0/users/priya.raman@contoso.com/transitiveMemberOf/" + cast)
		if diff := cmp.Diff(want[:5], groups.column("displayName")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", cast, diff)
		}
	}
	lars := w.get("/v1.0/users/lars.brandt@contoso.com/transitiveMemberOf/graph.group")
	if diff := cmp.Diff([]any{nil, nil, true, nil}, lars.column("isAssignableToRole")); diff != "" {
		t.Errorf("role-assignable (-want +got):\n%s", diff)
	}
}

func TestCheckMemberGroups(t *testing.T) {
	w := newWorld(t)
	token := w.token(w.Reader())
	path := "/v1.0/users/mei.tanaka@contoso.com/checkMemberGroups"
	admins, technical := w.GroupID(AdminsGroup), w.GroupID("Technical")
	got := w.do("POST", path, token, `{"groupIds":["`+admins+`","`+technical+`","`+w.GroupID(RoleGroup)+`"]}`)
	if diff := cmp.Diff([]any{admins, technical}, got.at("value")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for claim, body := range map[string]string{
		"none": `{"groupIds":[]}`, "no JSON": `groups`,
		"21": `{"groupIds":["` + strings.Repeat(`x","`, 20) + `x"]}`,
	} {
		if got := w.do("POST", path, token, body); got.status != 400 {
			t.Errorf("%s: got %d", claim, got.status)
		}
	}
}

func TestMembers(t *testing.T) {
	w := newWorld(t)
	path := "/v1.0/groups/" + w.GroupID("Technical")
	if got := w.get(path); got.at("displayName") != "Technical" {
		t.Errorf("got %s", got.text)
	}
	direct := w.get(path+"/members", "$select", "displayName")
	if diff := cmp.Diff([]any{"#microsoft.graph.group", "#microsoft.graph.group"}, direct.column("@odata.type")); diff != "" {
		t.Errorf("direct (-want +got):\n%s", diff)
	}
	if got := len(w.get(path + "/transitiveMembers").values()); got < 12 {
		t.Errorf("transitive: got %d", got)
	}
	if got := w.get("/v1.0/groups/x"); got.status != 404 {
		t.Errorf("an unknown group: got %d", got.status)
	}
}

func TestRoles(t *testing.T) {
	w := newWorld(t)
	id := func(login string) string { return stableID("user", login+"@"+Domain) }
	for _, test := range []struct {
		claim, list, filter string
		column              string
		want                []any
	}{
		{"the only Global Administrator", "roleAssignments", "roleDefinitionId eq '" + graph.GlobalAdministrator + "'", "principalId", []any{id("jonas.lindqvist")}},
		{"nobody may become one", "roleEligibilityScheduleInstances", "roleDefinitionId eq '" + graph.GlobalAdministrator + "'", "principalId", []any{}},
		{"a role that is active", "roleAssignments", "principalId eq '" + id("priya.raman") + "'", "roleDefinition/displayName", []any{"Authentication Administrator"}},
		{"a role by a group is the group's", "roleAssignments", "principalId eq '" + id("lars.brandt") + "'", "roleDefinition/displayName", []any{}},
		{"the group's", "roleAssignments", "principalId eq '" + stableID("group", RoleGroup) + "'", "roleDefinition/displayName", []any{"Authentication Administrator"}},
		{"a role to be taken up", "roleEligibilityScheduleInstances", "principalId eq '" + id("nia.mensah") + "'", "roleDefinition/templateId", []any{privilegedAuthenticationAdministrator}},
		{"is not active", "roleAssignmentScheduleInstances", "principalId eq '" + id("nia.mensah") + "'", "id", []any{}},
		{"an active one as PIM knows it", "roleAssignmentScheduleInstances", "principalId eq '" + id("priya.raman") + "'", "assignmentType", []any{"Assigned"}},
		{"both filters", "roleAssignments", "principalId eq '" + id("priya.raman") + "' and roleDefinitionId eq '" + graph.GlobalAdministrator + "'", "id", []any{}},
	} {
		got := w.get("/v1.0/roleManagement/directory/"+test.list, "$filter", test.filter, "$expand", "roleDefinition")
		if diff := cmp.Diff(test.want, got.column(test.column)); got.status != 200 || diff != "" {
			t.Errorf("%s: got %d (-want +got):\n%s", test.claim, got.status, diff)
		}
	}
}

func TestRolesChange(t *testing.T) {
	w := newWorld(t)
	upn := "aiko.sato@contoso.com"
	w.AssignRole(upn, graph.GlobalAdministrator, true)
	if p, _ := w.Person(upn); len(p.Roles) != 1 || p.Roles[0] != "Global Administrator" {
		t.Errorf("got %v", p.Roles)
	}
	w.UnassignRoles(upn)
	if p, _ := w.Person(upn); len(p.Roles) != 0 {
		t.Errorf("got %v", p.Roles)
	}
}

func TestRoleQueriesThatAreRefused(t *testing.T) {
	w := newWorld(t)
	for _, query := range [][]string{
		{"$filter", "principalId ne 'x'"}, {"$filter", "roleDefinition/isPrivileged eq true"}, {"$expand", "everything"}, {"$select", "nothing"}, {"$top", "5"},
	} {
		if got := w.get("/v1.0/roleManagement/directory/roleAssignments", query...); got.status != 400 {
			t.Errorf("%v: got %d", query, got.status)
		}
	}
	got := w.get("/v1.0/roleManagement/directory/roleAssignments", "$select", "principalId", "$expand", "principal($select=id)")
	if diff := cmp.Diff([]string{"principal", "principalId"}, slices.Sorted(maps.Keys(got.values()[0]))); diff != "" {
		t.Errorf("$select (-want +got):\n%s", diff)
	}
}

func TestDirectoryRoles(t *testing.T) {
	w := newWorld(t)
	got := w.get("/v1.0/directoryRoles", "$filter", "roleTemplateId eq '"+graph.GlobalAdministrator+"'")
	if diff := cmp.Diff([]any{"Global Administrator"}, got.column("displayName")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	members := w.get("/v1.0/directoryRoles/" + got.at("value/0/id").(string) + "/members")
	if diff := cmp.Diff([]any{"jonas.lindqvist@contoso.com"}, members.column("userPrincipalName")); diff != "" {
		t.Errorf("members (-want +got):\n%s", diff)
	}
	for version, want := range map[string]any{"v1.0": nil, "beta": true} {
		if got := w.get("/" + version + "/roleManagement/directory/roleDefinitions/" + graph.GlobalAdministrator); got.at("isPrivileged") != want {
			t.Errorf("%s: got %v, want %v", version, got.at("isPrivileged"), want)
		}
	}
}

func TestMethods(t *testing.T) {
	w := newWorld(t)
	got := w.get("/v1.0/users/karim.haddad@contoso.com/authentication/methods")
	want := []any{
		map[string]any{
			"@odata.type": "#microsoft.graph.microsoftAuthenticatorAuthenticationMethod", "id": stableID("method", "karim.haddad@contoso.com microsoftAuthenticator Pixel 9 Pro"),
			"displayName": "Pixel 9 Pro", "deviceTag": "SoftwareTokenActivated", "phoneAppVersion": "6.2606.4012", "createdDateTime": "2026-03-20T12:00:00Z",
		},
		map[string]any{
			"@odata.type": "#microsoft.graph.phoneAuthenticationMethod", "id": "3179e48a-750b-4051-897c-87b9720928f7",
			"phoneNumber": "+1 2065550110", "phoneType": "mobile", "smsSignInState": "notAllowedByPolicy",
		},
		map[string]any{"@odata.type": "#microsoft.graph.softwareOathAuthenticationMethod", "id": stableID("method", "karim.haddad@contoso.com softwareOath "), "secretKey": nil},
		map[string]any{"@odata.type": "#microsoft.graph.passwordAuthenticationMethod", "id": "28c10230-6103-485e-b985-444c60001490", "password": nil, "createdDateTime": "2026-03-20T12:00:00Z"},
	}
	if diff := cmp.Diff(want, got.at("value")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestHardwareTokensAreInBetaOnly(t *testing.T) {
	w := newWorld(t)
	path := "/users/wanjiru.kamau@contoso.com/authentication/"
	hardware := "#microsoft.graph.hardwareOathAuthenticationMethod"
	if got := w.get("/beta" + path + "methods"); !slices.Contains(got.column("@odata.type"), any(hardware)) {
		t.Errorf("beta: got %s", got.text)
	}
	if got := w.get("/v1.0" + path + "methods"); slices.Contains(got.column("@odata.type"), any(hardware)) {
		t.Errorf("v1.0: got %s", got.text)
	}
	if got := w.get("/v1.0" + path + "hardwareOathMethods"); got.status != 400 || !strings.Contains(got.text, "Resource not found for the segment 'hardwareOathMethods'.") {
		t.Errorf("v1.0: got %d %s", got.status, got.text)
	}
}

func TestPreferences(t *testing.T) {
	w := newWorld(t)
	for login, want := range map[string]any{
		"sofia.almeida": "push", "ben.novak": "oath", "leila.farouk": "sms", "carmen.ruiz": "voiceOffice", "elif.yilmaz": nil,
	} {
		got := w.get("/beta/users/" + login + "@contoso.com/authentication/signInPreferences")
		if got.at("userPreferredMethodForSecondaryAuthentication") != want {
			t.Errorf("%s: got %s, want %v", login, got.text, want)
		}
	}
	if got := w.get("/v1.0/users/ben.novak@contoso.com/authentication/signInPreferences"); got.status != 400 {
		t.Errorf("v1.0: got %d", got.status)
	}
}

func TestReportsAreByObjectID(t *testing.T) {
	w := newWorld(t)
	w.SetRisk("sofia.almeida@contoso.com", "low")
	for _, p := range []string{"/v1.0/reports/authenticationMethods/userRegistrationDetails/", "/v1.0/identityProtection/riskyUsers/"} {
		if got := w.get(p + "sofia.almeida@contoso.com"); got.status != 404 {
			t.Errorf("%s by user principal name: got %d", p, got.status)
		}
		if got := w.get(p + stableID("user", "sofia.almeida@contoso.com")); got.status != 200 {
			t.Errorf("%s by id: got %d %s", p, got.status, got.text)
		}
	}
	w.SetRisk("sofia.almeida@contoso.com", "")
	if got := w.get("/v1.0/identityProtection/riskyUsers/" + stableID("user", "sofia.almeida@contoso.com")); got.at("riskState") != "dismissed" {
		t.Errorf("a risk that was dismissed: got %s", got.text)
	}
}

func TestRegistrationDetails(t *testing.T) {
	w := newWorld(t)
	for login, want := range map[string][]any{
		"priya.raman": {true, true, []any{"microsoftAuthenticatorPush", "mobilePhone", "fido2SecurityKey"}},
		"elif.yilmaz": {false, false, []any{}},
	} {
		got := w.get("/v1.0/reports/authenticationMethods/userRegistrationDetails/" + stableID("user", login+"@"+Domain))
		if diff := cmp.Diff(want, []any{got.at("isAdmin"), got.at("isMfaRegistered"), got.at("methodsRegistered")}); diff != "" {
			t.Errorf("%s (-want +got):\n%s", login, diff)
		}
	}
}

func TestWrongCalls(t *testing.T) {
	w := newWorld(t)
	for _, test := range []struct {
		claim, method, path string
		status              int
		message             string
	}{
		{"an unknown route", "GET", "/v1.0/shoes", 400, "Resource not found for the segment 'shoes'."},
		{"a route without its id", "GET", "/v1.0/users//manager", 400, "Resource not found for the segment 'manager'."},
		{"oneself", "GET", "/v1.0/me", 400, "/me request is only valid with delegated authentication flow."},
		{"another method", "DELETE", "/v1.0/users/aiko.sato@contoso.com", 405, "Specified HTTP method is not allowed for the request target."},
		{"a preview in v1.0", "GET", "/v1.0/users/aiko.sato@contoso.com/authentication/signInPreferences", 400, "Resource not found for the segment 'signInPreferences'."},
	} {
		got := w.do(test.method, test.path, w.token(w.Reader()), "")
		if got.status != test.status || got.at("error/message") != test.message || got.at("error/innerError/sandbox") == nil {
			t.Errorf("%s: got %d %s", test.claim, got.status, got.text)
		}
		if entry := w.Log()[len(w.Log())-1]; entry.Why == "" || entry.Status != test.status || entry.App != "reader" {
			t.Errorf("%s: the log has %+v", test.claim, entry)
		}
	}
}

func TestOrganization(t *testing.T) {
	w := newWorld(t)
	if got := w.get("/v1.0/organization"); got.at("value/0/id") != w.ID() || !strings.Contains(got.text, "AADPremiumService") {
		t.Errorf("got %s", got.text)
	}
	w.SetPremium(false)
	if got := w.get("/v1.0/organization"); strings.Contains(got.text, "AADPremiumService") {
		t.Errorf("free: got %s", got.text)
	}
}

// TestPolicies are those behind authentication contexts, for who may read them.
func TestPolicies(t *testing.T) {
	w := newWorld(t)
	const path = "/v1.0/identity/conditionalAccess/policies"
	w.SetContext("c7", true)
	w.SetContext("c8", false)
	got := w.get(path)
	if !strings.Contains(got.text, `"c7"`) || strings.Contains(got.text, `"c8"`) || got.at("value/0/state") != "enabled" {
		t.Errorf("got %s", got.text)
	}
	w.SetReportOnly(true)
	if got := w.get(path); got.at("value/0/state") != "enabledForReportingButNotEnforced" {
		t.Errorf("got %s", got.text)
	}
}

// TestPublicGroup is one of Microsoft 365.
func TestPublicGroup(t *testing.T) {
	w := newWorld(t)
	id := w.AddGroup("All hands", true)
	got := w.get("/v1.0/groups/" + id)
	if got.at("visibility") != "Public" || got.at("securityEnabled") != false || got.at("groupTypes/0") != "Unified" {
		t.Errorf("got %s", got.text)
	}
	if got := w.get("/v1.0/groups/" + w.AddGroup("Desk", false)); got.at("securityEnabled") != true || got.at("groupTypes/0") != nil {
		t.Errorf("got %s", got.text)
	}
}
