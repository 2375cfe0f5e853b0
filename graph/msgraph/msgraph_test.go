package msgraph_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"mfahelp/graph"
	"mfahelp/graph/msgraph"
	"mfahelp/graph/sandbox"
	"mfahelp/secret"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// keys are shared, since an RSA key takes its time.
var keys = sync.OnceValues(sandbox.NewKeys)

// tenant starts a pretend tenant, and returns where it is.
func tenant(t *testing.T, o sandbox.Options) (*sandbox.Tenant, string) {
	t.Helper()
	var err error
	if o.Keys, err = keys(); err != nil {
		t.Fatal(err)
	}
	s, err := sandbox.New(o)
	if err != nil {
		t.Fatal(err)
	}
	addr, err := s.Start("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s, addr
}

// options are those of a client of s as its app.
func options(s *sandbox.Tenant, addr string, app sandbox.App) msgraph.Options {
	return msgraph.Options{
		Tenant: s.ID(), ClientID: app.ID, Credential: msgraph.Secret{Text: secret.New(app.Secret)},
		Cloud: msgraph.Custom{Authority: addr, Graph: addr, RootCA: s.CAPEM()},
	}
}

func client(t *testing.T, o msgraph.Options) *msgraph.Client {
	t.Helper()
	c, err := msgraph.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// reader returns a tenant that does not throttle, and a client that may read it all.
func reader(t *testing.T) (*sandbox.Tenant, *msgraph.Client) {
	t.Helper()
	s, addr := tenant(t, sandbox.Options{NoThrottle: true, NoHistory: true})
	return s, client(t, options(s, addr, s.Reader()))
}

// id returns the object id of somebody at Contoso.
func id(t *testing.T, s *sandbox.Tenant, login string) string {
	t.Helper()
	p, ok := s.Person(login + "@" + sandbox.Domain)
	if !ok {
		t.Fatalf("nobody is called %s", login)
	}
	return p.ID
}

func TestSignIns(t *testing.T) {
	s, c := reader(t)
	at := s.Now().Add(-time.Minute)
	e := s.Record(sandbox.Event{
		SignIn: graph.SignIn{
			UserID: id(t, s, "sofia.almeida"), At: at, ErrorCode: 500121, Details: "MFA denied; user is blocked",
			IP: "203.0.113.7", Location: graph.Location{City: "Lisbon", State: "Lisboa", Country: "PT"},
			Device: graph.Device{ID: "d", Name: "CT-LAP-0107", OS: "Windows11", Browser: "Edge 148", Compliant: true, Managed: true, Trust: "Hybrid"},
			Phone:  graph.Phone{AppVersion: "6.2", ClientApp: "microsoftAuthenticator", ID: "p", OS: "Android 15"}, UserAgent: "Mozilla",
			ConditionalAccess: "failure", RiskLevel: "medium", RiskState: "atRisk", Requirement: "multiFactorAuthentication",
			Policies: []graph.Policy{{ID: "1", Name: "Require MFA", Grants: []string{"Mfa"}, Result: "failure"}},
			Steps: []graph.Step{
				{At: at.Truncate(time.Second), Method: "Password", Detail: "Password in the cloud", Succeeded: true, Result: "Correct password", Requirement: "Primary authentication"},
				{At: at.Truncate(time.Second), Method: "Text message", Detail: "+1 2065550107", Result: "MFA denied; user is blocked"},
			},
		},
	})
	want := e.SignIn
	want.API = graph.Beta
	want.Steps = slices.Clone(want.Steps)
	want.Steps[1].Detail = "+X XXXXXXXX07"
	older := want
	older.API, older.Steps, older.Requirement, older.OriginalID = graph.V1, nil, "", ""
	for _, test := range []struct {
		name string
		api  graph.API
		f    graph.Filter
		want []graph.SignIn
	}{
		{"beta tells the steps", graph.Beta, graph.Filter{ID: e.ID, Top: 1}, []graph.SignIn{want}},
		{"v1.0 does not", graph.V1, graph.Filter{ID: e.ID}, []graph.SignIn{older}},
		{"by correlation, in any case", graph.Beta, graph.Filter{CorrelationID: strings.ToUpper(e.CorrelationID)}, []graph.SignIn{want}},
		{"by user and time", graph.V1, graph.Filter{UserID: e.UserID, From: at.Add(-time.Minute), To: at.Add(time.Minute)}, []graph.SignIn{older}},
		{"before that there is none", graph.V1, graph.Filter{UserID: e.UserID, To: at.Add(-time.Minute)}, nil},
		{"after that there is none", graph.V1, graph.Filter{UserID: e.UserID, From: at.Add(time.Minute)}, nil},
		{"an id that is not there is no error", graph.Beta, graph.Filter{ID: graph.GlobalAdministrator}, nil},
	} {
		asked := len(s.Log())
		got, err := c.SignIns(t.Context(), test.api, test.f)
		if diff := cmp.Diff(graph.Page{SignIns: test.want}, got); diff != "" || err != nil {
			t.Errorf("%s: %v (-want +got):\n%s", test.name, err, diff)
		}
		if n := asks(s.Log()[asked:]); n != 1 {
			t.Errorf("%s: %d requests, want one", test.name, n)
		}
	}
}

// asks counts the requests to Graph.
func asks(log []sandbox.Request) (n int) {
	for _, r := range log {
		if strings.HasPrefix(r.Path, "/v1.0/") || strings.HasPrefix(r.Path, "/beta/") {
			n++
		}
	}
	return n
}

func TestPages(t *testing.T) {
	s, c := reader(t)
	for n := range 5 {
		s.Record(sandbox.Event{SignIn: graph.SignIn{UserID: id(t, s, "hugo.moreau"), At: s.Now().Add(-time.Duration(n+1) * time.Second)}})
	}
	f := graph.Filter{UserID: id(t, s, "hugo.moreau"), Top: 2}
	var seen []graph.SignIn
	for range 3 {
		page, err := c.SignIns(t.Context(), graph.Beta, f)
		if err != nil {
			t.Fatal(err)
		}
		seen = append(seen, page.SignIns...)
		f = graph.Filter{Next: page.Next}
	}
	if len(seen) != 5 || f.Next != "" {
		t.Errorf("got %d events, and then %q", len(seen), f.Next)
	}
	if !slices.IsSortedFunc(seen, func(a, b graph.SignIn) int { return b.At.Compare(a.At) }) {
		t.Error("the newest are not first")
	}
}

// TestScenarios reads all that can go wrong at Contoso, as a check of the SDK's
// models against whatever the log may hold.
func TestScenarios(t *testing.T) {
	s, c := reader(t)
	for _, scenario := range s.Scenarios() {
		f, err := s.Fail(scenario.Name)
		if err != nil {
			t.Fatal(err)
		}
		s.Advance(time.Minute) // past the lag
		for _, api := range []graph.API{graph.Beta, graph.V1} {
			got, err := c.SignIns(t.Context(), api, graph.Filter{CorrelationID: f.CorrelationID})
			if err != nil {
				t.Errorf("%s, %s: %v", f.Scenario, api, err)
			}
			for _, e := range got.SignIns {
				if e.ID == "" || e.At.IsZero() || e.UserID == "" || e.API != api {
					t.Errorf("%s, %s: got %+v", f.Scenario, api, e)
				}
			}
		}
	}
}

func TestUser(t *testing.T) {
	s, c := reader(t)
	sofia := graph.User{ID: id(t, s, "sofia.almeida"), UPN: "sofia.almeida@contoso.com", Name: "Sofia Almeida", Mail: "sofia.almeida@contoso.com", Language: "pt-PT", Enabled: true}
	for _, name := range []string{sofia.ID, sofia.UPN, "Sofia.Almeida@CONTOSO.com"} {
		got, err := c.User(t.Context(), name)
		if diff := cmp.Diff(sofia, got); diff != "" || err != nil {
			t.Errorf("%v (-want +got):\n%s", err, diff)
		}
	}
	rosa, ok := s.Person("rosa.bianchi@fabrikam.com")
	if !ok {
		t.Fatal("no guest")
	}
	if got, err := c.User(t.Context(), rosa.UPN); err != nil || !got.Guest {
		t.Errorf("got %+v, %v for a guest, whose name has a # in it", got, err)
	}
	if got, err := c.User(t.Context(), "ivan.petrov@contoso.com"); err != nil || got.Enabled {
		t.Errorf("got %+v, %v for a disabled account", got, err)
	}
	everybody, err := c.Users(t.Context())
	if err != nil || len(everybody) != len(s.People()) || !slices.Contains(names(everybody), sofia.Name) {
		t.Errorf("got %d people, %v", len(everybody), err)
	}
	boss, err := c.Manager(t.Context(), sofia.ID)
	if err != nil || boss.UPN != "adaeze.okafor@contoso.com" || !boss.Enabled {
		t.Errorf("got manager %+v, %v", boss, err)
	}
	if _, err := c.Manager(t.Context(), boss.ID); !errors.Is(err, graph.ErrNotFound) {
		t.Errorf("got %v for the manager of who has none", err)
	}
}

func names(people []graph.User) (list []string) {
	for _, p := range people {
		list = append(list, p.Name)
	}
	return list
}

// TestInvalid sends nothing at all for what cannot be an id.
func TestInvalid(t *testing.T) {
	s, c := reader(t)
	ctx := t.Context()
	for _, bad := range []string{"", "sofia", "a@b/../c", "x' or 1 eq 1", "a b@contoso.com", "a@contoso.com?$select=id", "ä@contoso.com", strings.Repeat("0", 36)} {
		_, err1 := c.User(ctx, bad)
		_, err2 := c.Manager(ctx, bad)
		_, err3 := c.Methods(ctx, bad)
		_, err4 := c.Roles(ctx, bad)
		_, err5 := c.InGroups(ctx, bad, []string{graph.GlobalAdministrator})
		_, err6 := c.InGroups(ctx, graph.GlobalAdministrator, []string{bad})
		_, err7 := c.SignIns(ctx, graph.Beta, graph.Filter{ID: bad})
		_, err8 := c.SignIns(ctx, graph.Beta, graph.Filter{UserID: bad})
		_, err9 := c.SignIns(ctx, graph.API(bad), graph.Filter{ID: graph.GlobalAdministrator})
		for i, err := range []error{err1, err2, err3, err4, err5, err6, err7, err8, err9} {
			if !errors.Is(err, graph.ErrRejected) {
				t.Errorf("%q, %d: got %v", bad, i+1, err)
			}
		}
	}
	for _, next := range []string{"https://evil.example/beta/auditLogs/signIns", "http://127.0.0.1/beta/auditLogs/signIns", "%", "/beta/auditLogs/signIns"} {
		if _, err := c.SignIns(ctx, graph.Beta, graph.Filter{Next: next}); !errors.Is(err, graph.ErrRejected) {
			t.Errorf("%q: got %v", next, err)
		}
	}
	if log := s.Log(); len(log) != 0 {
		t.Errorf("sent %+v", log)
	}
}

func TestInGroups(t *testing.T) {
	s, c := reader(t)
	admins, staff := s.GroupID(sandbox.AdminsGroup), s.GroupID(sandbox.StaffGroup)
	technical := s.GroupID("Technical") // through its department
	var many []string
	for n := range 45 {
		many = append(many, fmt.Sprintf("00000000-0000-4000-8000-%012d", n))
	}
	for _, test := range []struct {
		login        string
		groups, want []string
	}{
		{"priya.raman", []string{admins, staff}, []string{admins, staff}},
		{"priya.raman", append(many, strings.ToUpper(admins), technical), []string{admins, technical}},
		{"sofia.almeida", []string{admins, staff}, []string{staff}},
		{"sofia.almeida", nil, nil},
	} {
		got, err := c.InGroups(t.Context(), id(t, s, test.login), test.groups)
		if diff := cmp.Diff(test.want, got, cmpopts.SortSlices(strings.Compare)); diff != "" || err != nil {
			t.Errorf("%s: %v (-want +got):\n%s", test.login, err, diff)
		}
	}
}

func TestRoles(t *testing.T) {
	s, c := reader(t)
	const authAdmin, privileged = "c4e39bd9-1100-46d3-8c65-fb160da0071f", "7be44c8a-adaf-4e2a-84d6-ab2649e08a13"
	for _, test := range []struct {
		login string
		want  []graph.Role
	}{
		{"sofia.almeida", nil},
		{"jonas.lindqvist", []graph.Role{{Template: graph.GlobalAdministrator, Name: "Global Administrator"}}},
		{"priya.raman", []graph.Role{{Template: authAdmin, Name: "Authentication Administrator"}}},
		{"nia.mensah", []graph.Role{{Template: privileged, Name: "Privileged Authentication Administrator", Eligible: true}}},
		{"lars.brandt", []graph.Role{{Template: authAdmin, Name: "Authentication Administrator", Group: sandbox.RoleGroup}}},
	} {
		for _, name := range []string{id(t, s, test.login), test.login + "@" + sandbox.Domain} {
			got, err := c.Roles(t.Context(), name)
			if diff := cmp.Diff(test.want, got, cmpopts.EquateEmpty()); diff != "" || err != nil {
				t.Errorf("%s: %v (-want +got):\n%s", test.login, err, diff)
			}
			if u := (graph.User{Roles: got}); u.Privileged() != (test.want != nil) {
				t.Errorf("%s: privileged: %v", test.login, u.Privileged())
			}
		}
	}
}

// TestRolesFailClosed withholds each part of the answer in turn.
func TestRolesFailClosed(t *testing.T) {
	for _, path := range []string{"/v1.0/roleManagement/directory/roleAssignments", "/v1.0/roleManagement/directory/roleEligibilityScheduleInstances", "/v1.0/users/"} {
		s, c := reader(t)
		s.Fault(sandbox.Fault{Kind: sandbox.Status, Path: path})
		roles, err := c.Roles(t.Context(), id(t, s, "lars.brandt"))
		if !errors.Is(err, graph.ErrUnavailable) || roles != nil {
			t.Errorf("%s: got %v, %v", path, roles, err)
		}
	}
	var group string
	s, o := behind(t, func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.Contains(r.URL.RawQuery, group) {
			return false
		}
		w.WriteHeader(http.StatusServiceUnavailable)
		return true
	})
	group = s.GroupID(sandbox.RoleGroup)
	if roles, err := client(t, o).Roles(t.Context(), id(t, s, "lars.brandt")); !errors.Is(err, graph.ErrUnavailable) || roles != nil {
		t.Errorf("through a group: got %v, %v", roles, err)
	}
}

// TestWithoutPIM does not take "no licence" for "nobody is eligible", unless the
// configuration says so.
func TestWithoutPIM(t *testing.T) {
	s, addr := tenant(t, sandbox.Options{Free: true, NoHistory: true})
	o := options(s, addr, s.Reader())
	if roles, err := client(t, o).Roles(t.Context(), id(t, s, "jonas.lindqvist")); !errors.Is(err, graph.ErrNoLicence) {
		t.Errorf("got %v, %v", roles, err)
	}
	o.WithoutPIM = true
	if roles, err := client(t, o).Roles(t.Context(), id(t, s, "jonas.lindqvist")); err != nil || len(roles) != 1 {
		t.Errorf("got %v, %v", roles, err)
	}
}

func TestGlobalAdmins(t *testing.T) {
	s, c := reader(t)
	admins := func(logins ...string) (ids []string) {
		for _, l := range logins {
			ids = append(ids, id(t, s, l))
		}
		slices.Sort(ids)
		return ids
	}
	got, err := c.GlobalAdmins(t.Context())
	if diff := cmp.Diff(admins("jonas.lindqvist"), got); diff != "" || err != nil {
		t.Errorf("the only one: %v (-want +got):\n%s", err, diff)
	}
	s.AssignRole("sofia.almeida@contoso.com", graph.GlobalAdministrator, true)
	s.AssignRole("jonas.lindqvist@contoso.com", graph.GlobalAdministrator, true)
	got, err = c.GlobalAdmins(t.Context())
	if diff := cmp.Diff(admins("jonas.lindqvist", "sofia.almeida"), got); diff != "" || err != nil {
		t.Errorf("an eligible one: %v (-want +got):\n%s", err, diff)
	}
}

func TestMethods(t *testing.T) {
	_, c := reader(t)
	for _, test := range []struct {
		login string
		want  []graph.Method
	}{
		{"sofia.almeida", []graph.Method{
			{Kind: graph.Authenticator, Name: "Pixel 9", Default: true, AppVer: "6.2606.4012"},
			{Kind: graph.PhoneMethod, Name: "+X XXXXXXXX07", Phone: "mobile"},
			{Kind: graph.Password}}},
		{"carmen.ruiz", []graph.Method{
			{Kind: graph.PhoneMethod, Name: "+X XXXXXXXX13", Phone: "office", Default: true},
			{Kind: graph.PhoneMethod, Name: "+X XXXXXXXX14", Phone: "mobile"},
			{Kind: graph.Password}}},
		{"leila.farouk", []graph.Method{
			{Kind: graph.PhoneMethod, Name: "+X XXXXXXXX23", Phone: "mobile", Default: true},
			{Kind: graph.Password}}},
		{"ben.novak", []graph.Method{
			{Kind: graph.SoftwareOATH, Default: true},
			{Kind: graph.PhoneMethod, Name: "+X XXXXXXXX12", Phone: "mobile"},
			{Kind: graph.Password}}},
		{"wanjiru.kamau", []graph.Method{ // the token is told by beta only
			{Kind: graph.PhoneMethod, Name: "+X XXXXXXXX32", Phone: "mobile"},
			{Kind: graph.Password},
			{Kind: graph.HardwareOATH, Name: "SafeID 1107", Default: true}}},
		{"priya.raman", []graph.Method{
			{Kind: graph.Authenticator, Name: "Pixel 9", Default: true, AppVer: "6.2606.4012"},
			{Kind: graph.PhoneMethod, Name: "+X XXXXXXXX02", Phone: "mobile"},
			{Kind: graph.FIDO2, Name: "YubiKey 5C"},
			{Kind: graph.Password}}},
		{"elif.yilmaz", []graph.Method{{Kind: graph.Password}}},
	} {
		got, err := c.Methods(t.Context(), test.login+"@"+sandbox.Domain)
		if diff := cmp.Diff(test.want, got, cmpopts.IgnoreFields(graph.Method{}, "ID", "Created")); diff != "" || err != nil {
			t.Errorf("%s: %v (-want +got):\n%s", test.login, err, diff)
		}
		for _, m := range got {
			if m.ID == "" || m.Created.IsZero() && m.Kind != graph.PhoneMethod && m.Kind != graph.SoftwareOATH {
				t.Errorf("%s: got %+v", test.login, m)
			}
		}
	}
}

// TestMethodsWithoutBeta lists what v1.0 knows if beta is not served, and
// nothing while it is down: the list would be taken for whole.
func TestMethodsWithoutBeta(t *testing.T) {
	s, c := reader(t)
	again := s.Fault(sandbox.Fault{Kind: sandbox.Status, Path: "/beta/", Status: http.StatusNotFound})
	got, err := c.Methods(t.Context(), id(t, s, "sofia.almeida"))
	if err != nil || len(got) != 3 || slices.ContainsFunc(got, func(m graph.Method) bool { return m.Default }) {
		t.Errorf("not served: got %+v, %v", got, err)
	}
	again()
	s.Fault(sandbox.Fault{Kind: sandbox.Status, Path: "/beta/"})
	if got, err := c.Methods(t.Context(), id(t, s, "sofia.almeida")); !errors.Is(err, graph.ErrUnavailable) || got != nil {
		t.Errorf("down: got %+v, %v", got, err)
	}
}

func TestPing(t *testing.T) {
	s, c := reader(t)
	if err := c.Ping(t.Context()); err != nil {
		t.Error(err)
	}
	s.SetOutage(true)
	if err := c.Ping(t.Context()); !errors.Is(err, graph.ErrUnavailable) {
		t.Errorf("got %v in an outage", err)
	}
}

// TestObserve is told of each request, and of nobody's name.
func TestObserve(t *testing.T) {
	s, addr := tenant(t, sandbox.Options{NoHistory: true})
	var mu sync.Mutex
	var calls []msgraph.Call
	o := options(s, addr, s.Reader())
	o.Observe = func(c msgraph.Call) {
		mu.Lock()
		defer mu.Unlock()
		calls = append(calls, c)
	}
	c := client(t, o)
	if _, err := c.User(t.Context(), "sofia.almeida@contoso.com"); err != nil {
		t.Fatal(err)
	}
	if _, err := c.User(t.Context(), "nobody@contoso.com"); !errors.Is(err, graph.ErrNotFound) {
		t.Fatal(err)
	}
	s.Fault(sandbox.Fault{Kind: sandbox.Reset, Path: "/beta/"})
	if _, err := c.SignIns(t.Context(), graph.Beta, graph.Filter{ID: graph.GlobalAdministrator}); err == nil {
		t.Fatal("no reset")
	}
	want := []msgraph.Call{
		{Op: "get token", Status: 200}, // the metadata
		{Op: "get token", Status: 200},
		{Op: "get user", API: graph.V1, Status: 200},
		{Op: "get user", API: graph.V1, Status: 404},
		{Op: "list sign-ins", API: graph.Beta},
	}
	if diff := cmp.Diff(want, calls, cmpopts.IgnoreFields(msgraph.Call{}, "Took", "RequestID")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, call := range calls {
		if call.API != "" && call.Status != 0 && call.RequestID == "" || strings.Contains(fmt.Sprint(call), "@") {
			t.Errorf("got %+v", call)
		}
	}
}

// TestTogether uses one client from many goroutines, for the race detector.
func TestTogether(t *testing.T) {
	s, c := reader(t)
	var wg sync.WaitGroup
	for _, p := range s.People() {
		wg.Go(func() {
			if _, err := c.User(context.Background(), p.ID); err != nil {
				t.Error(err)
			}
			if _, err := c.SignIns(context.Background(), graph.Beta, graph.Filter{UserID: p.ID}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}
