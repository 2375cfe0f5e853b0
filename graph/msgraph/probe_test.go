package msgraph_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"mfahelp/graph/msgraph"
	"mfahelp/graph/sandbox"
)

// wanted is what an installation with resets relies on.
func wanted(s *sandbox.Tenant) msgraph.Wanted {
	return msgraph.Wanted{
		Admins: []string{s.GroupID(sandbox.AdminsGroup)}, Resets: true, Context: sandbox.StrongContext, PassLife: time.Hour, PassOnce: true,
		Approvers: []msgraph.Approvers{{Groups: []string{s.GroupID(sandbox.ApproversGroup)}, Count: 2}},
	}
}

// sound is a tenant in which nothing could be better: everybody may have a pass.
func sound(t *testing.T) (s *sandbox.Tenant, addr string) {
	t.Helper()
	s, addr = tenant(t, sandbox.Options{NoThrottle: true, NoHistory: true})
	passSetting(func(p *sandbox.PassPolicy) { p.Except = "" })(s, nil)
	return s, addr
}

// probed returns what is not as it should be, as "check: trouble: needs: verdict".
func probed(t *testing.T, s *sandbox.Tenant, addr string, w msgraph.Wanted) (bad []string) {
	t.Helper()
	c := client(t, options(s, addr, s.Reader()))
	writer := newWriter(t, s, options(s, addr, s.Writer()), c)
	for _, f := range slices.Concat(c.Probe(t.Context(), w), writer.Probe(t.Context(), id(t, s, "priya.raman"))) {
		if f.Verdict != msgraph.Good {
			bad = append(bad, fmt.Sprintf("%s: %s: %s: %s", f.Check, f.Trouble, f.Needs, f.Verdict))
			if f.Err != nil {
				discreet(t, f.Err, options(s, addr, s.Reader()))
			}
		}
	}
	return bad
}

// TestProbeNamesEachPermission takes one away at a time, from the reader and from
// the writer: it is named, by a call that nothing else allows.
func TestProbeNamesEachPermission(t *testing.T) {
	for _, which := range []string{"reader", "writer"} {
		for _, p := range map[string][]string{"reader": sandbox.ReaderPermissions, "writer": sandbox.WriterPermissions}[which] {
			s, addr := sound(t)
			app := map[string]sandbox.App{"reader": s.Reader(), "writer": s.Writer()}[which]
			s.Revoke(app.ID, p)
			bad := probed(t, s, addr, wanted(s))
			named := slices.ContainsFunc(bad, func(b string) bool {
				return strings.HasSuffix(b, ": "+p+": missing") || strings.Contains(b, ": "+p+", ")
			})
			others := slices.ContainsFunc(bad, func(b string) bool { return !strings.Contains(b, p) && !strings.Contains(b, "no-answer") })
			if !named || others {
				t.Errorf("without %s of the %s: found %q", p, which, bad)
			}
		}
	}
}

// TestProbe breaks the tenant otherwise.
func TestProbe(t *testing.T) {
	gone := "11111111-2222-4333-8444-555555555555"
	for _, test := range []struct {
		claim string
		spoil func(*sandbox.Tenant, *msgraph.Wanted)
		want  []string // what each finding begins with
	}{
		{"a healthy tenant", func(*sandbox.Tenant, *msgraph.Wanted) {}, nil},
		{"the narrower permission for eligible roles does as well", func(s *sandbox.Tenant, _ *msgraph.Wanted) {
			s.Grant(s.Reader().ID, "RoleEligibilitySchedule.Read.Directory")
			s.Revoke(s.Reader().ID, "RoleManagement.Read.Directory")
		}, []string{"roles: no-permission: RoleManagement.Read.Directory: missing"}},
		{"no roles to be read", func(s *sandbox.Tenant, _ *msgraph.Wanted) { s.Revoke(s.Reader().ID, "RoleManagement.Read.Directory") },
			[]string{"roles: no-permission: RoleManagement.Read.Directory: missing",
				"eligible-roles: no-permission: RoleManagement.Read.Directory, or RoleEligibilitySchedule.Read.Directory: missing"}},
		{"advice alone can do without the policies", func(s *sandbox.Tenant, w *msgraph.Wanted) {
			s.Revoke(s.Reader().ID, "Policy.Read.All")
			*w = msgraph.Wanted{}
		}, []string{"policies: no-permission: Policy.Read.All: unwise"}},
		{"passes are off", passSetting(func(p *sandbox.PassPolicy) { p.Disabled = true }), []string{"pass-policy: passes-off: : missing"}},
		{"passes for all but some", passSetting(func(p *sandbox.PassPolicy) { p.Except = sandbox.AdminsGroup }), []string{"pass-policy: passes-except: : unwise"}},
		{"passes for some", passSetting(func(p *sandbox.PassPolicy) { p.Group = sandbox.AdminsGroup }), []string{"pass-policy: passes-for-some: : unwise"}},
		{"passes that live for less", passSetting(func(p *sandbox.PassPolicy) {
			p.Max, p.Default = 30*time.Minute, 30*time.Minute
			p.Min = 10 * time.Minute
		}),
			[]string{"pass-policy: pass-life: : unwise"}},
		{"passes for once, and more is wanted", func(s *sandbox.Tenant, w *msgraph.Wanted) {
			passSetting(func(p *sandbox.PassPolicy) { p.OnlyOnce = true })(s, w)
			w.PassOnce = false
		}, []string{"pass-policy: pass-once: : unwise"}},
		{"a fence around other mailboxes", func(s *sandbox.Tenant, _ *msgraph.Wanted) { s.Fence(s.Writer().ID, "people@contoso.com") },
			[]string{"mail: fenced: Mail.Send: missing"}},
		{"no licence", func(s *sandbox.Tenant, _ *msgraph.Wanted) { s.SetPremium(false) },
			[]string{"sign-in-log: no-licence: : missing", "policies: no-licence: : missing", "eligible-roles: no-p2: : missing", "directory-log: no-licence: : missing", "risk: no-p2: : missing", "context: no-licence: : missing"}},
		{"a licence that is denied once", func(s *sandbox.Tenant, _ *msgraph.Wanted) {
			s.Fault(sandbox.Fault{Kind: sandbox.Unlicensed, Path: "/beta/auditLogs/signIns", Times: 1})
		}, nil},
		{"a log that many ask", func(s *sandbox.Tenant, _ *msgraph.Wanted) {
			s.Fault(sandbox.Fault{Kind: sandbox.Status, Status: http.StatusTooManyRequests, Path: "/beta/auditLogs/signIns", Times: 1, After: time.Second})
		}, nil},
		{"an app that may send from everywhere", func(s *sandbox.Tenant, _ *msgraph.Wanted) { s.Fence(s.Writer().ID) }, []string{"fence: no-fence: : unwise"}},
		{"a reader that may write all methods", func(s *sandbox.Tenant, _ *msgraph.Wanted) {
			s.Grant(s.Reader().ID, "UserAuthenticationMethod.ReadWrite.All")
		}, []string{"reads-only: can-write: : unwise"}},
		{"a reader that may write telephones", func(s *sandbox.Tenant, _ *msgraph.Wanted) {
			s.Grant(s.Reader().ID, "UserAuthMethod-Phone.ReadWrite.All")
		}, []string{"reads-only: can-write: : unwise"}},
		{"a reader that may make passes", func(s *sandbox.Tenant, _ *msgraph.Wanted) { s.Grant(s.Reader().ID, "UserAuthMethod-TAP.ReadWrite.All") },
			[]string{"reads-only: can-write: : unwise"}},
		{"a reader that may end sessions", func(s *sandbox.Tenant, _ *msgraph.Wanted) { s.Grant(s.Reader().ID, "User.RevokeSessions.All") },
			[]string{"reads-only: can-write: : unwise"}},
		{"the reader's secret has expired", func(s *sandbox.Tenant, _ *msgraph.Wanted) { s.ExpireSecret(s.Reader().ID, true) }, []string{"app: no-credential: "}},
		{"the writer's secret has expired", func(s *sandbox.Tenant, _ *msgraph.Wanted) { s.ExpireSecret(s.Writer().ID, true) }, []string{"app: no-credential: "}},
		{"the sign-in log is down", func(s *sandbox.Tenant, _ *msgraph.Wanted) {
			s.Fault(sandbox.Fault{Kind: sandbox.Status, Path: "/beta/auditLogs/signIns"})
		}, []string{"sign-in-log: no-answer: AuditLog.Read.All: "}},

		{"a group that is not there", func(_ *sandbox.Tenant, w *msgraph.Wanted) { w.Admins = []string{gone} }, []string{"admins-group: no-such-group: : missing"}},
		{"a group with nobody in it", func(s *sandbox.Tenant, w *msgraph.Wanted) { w.Admins = []string{s.AddGroup("New", false)} }, []string{"admins-group: empty-group: : missing"}},
		{"a group that everybody may join", func(s *sandbox.Tenant, w *msgraph.Wanted) {
			w.Approvers[0].Groups = append(w.Approvers[0].Groups, s.AddGroup("All hands", true))
		}, []string{"approvers-group: public-group: : missing"}},
		{"a role that is not there", func(_ *sandbox.Tenant, w *msgraph.Wanted) { w.Approvers[0].Roles = []string{gone} }, []string{"approvers-role: no-such-role: : missing", "approvers: no-answer: : "}},
		{"a role that nobody holds", func(_ *sandbox.Tenant, w *msgraph.Wanted) {
			w.Approvers[0].Roles = []string{"729827e3-9c14-49f7-bb1b-9608f156bbb8"}
		}, []string{"approvers-role: empty-group: : missing"}},
		{"too few approvers", func(_ *sandbox.Tenant, w *msgraph.Wanted) { w.Approvers[0].Count = 9 }, []string{"approvers: too-few: : missing"}},
		{"as many with those of a role", func(s *sandbox.Tenant, w *msgraph.Wanted) {
			w.Approvers[0] = msgraph.Approvers{Roles: []string{"c4e39bd9-1100-46d3-8c65-fb160da0071f"}, Count: 3}
		}, nil},

		{"no policy behind the context", func(s *sandbox.Tenant, _ *msgraph.Wanted) { s.SetContext(sandbox.StrongContext, false) }, []string{"context: no-policy: : missing"}},
		{"a policy that only reports", func(s *sandbox.Tenant, _ *msgraph.Wanted) { s.SetReportOnly(true) }, []string{"context: policy-off: : missing"}},
	} {
		s, addr := sound(t)
		w := wanted(s)
		test.spoil(s, &w)
		got := probed(t, s, addr, w)
		ok := len(got) == len(test.want)
		for i, w := range test.want {
			ok = ok && strings.HasPrefix(got[i], w)
		}
		if !ok {
			t.Errorf("%s: found %q, want %q", test.claim, got, test.want)
		}
		if done := done(s); len(done) != 0 {
			t.Errorf("%s: probing did %v", test.claim, done)
		}
	}
}

func passSetting(f func(*sandbox.PassPolicy)) func(*sandbox.Tenant, *msgraph.Wanted) {
	return func(s *sandbox.Tenant, _ *msgraph.Wanted) {
		p := s.PassPolicy()
		f(&p)
		s.SetPassPolicy(p)
	}
}

// TestStrongPolicies tells policies that ask for a second factor from others.
func TestStrongPolicies(t *testing.T) {
	const policy = `{"value":[{"state":%q,"conditions":{"applications":{"includeAuthenticationContextClassReferences":["c1"]}},` +
		`"grantControls":%s,"sessionControls":%s}]}`
	every := `{"signInFrequency":{"isEnabled":true,"frequencyInterval":"everyTime"}}`
	for _, test := range []struct {
		claim, state, grant, session string
		want                         msgraph.Trouble
	}{
		{"MFA", "enabled", `{"operator":"OR","builtInControls":["mfa"]}`, every, ""},
		{"a strength", "enabled", `{"operator":"OR","builtInControls":[],"authenticationStrength":{"id":"00000000-0000-0000-0000-000000000004"}}`, every, ""},
		{"MFA and a device", "enabled", `{"operator":"AND","builtInControls":["mfa","compliantDevice"]}`, every, ""},
		{"MFA or a device", "enabled", `{"operator":"OR","builtInControls":["mfa","compliantDevice"]}`, every, msgraph.WeakPolicy},
		{"a device", "enabled", `{"operator":"OR","builtInControls":["compliantDevice"]}`, every, msgraph.WeakPolicy},
		{"no grant at all", "enabled", `null`, every, msgraph.WeakPolicy},
		{"now and then", "enabled", `{"operator":"OR","builtInControls":["mfa"]}`, `{"signInFrequency":{"isEnabled":true,"frequencyInterval":"timeBased","type":"hours","value":8}}`, msgraph.RarePolicy},
		{"no frequency", "enabled", `{"operator":"OR","builtInControls":["mfa"]}`, `null`, msgraph.RarePolicy},
		{"switched off", "disabled", `{"operator":"OR","builtInControls":["mfa"]}`, every, msgraph.PolicyOff},
	} {
		s, o := behind(t, func(w http.ResponseWriter, r *http.Request) bool {
			mine := r.URL.Path == "/v1.0/identity/conditionalAccess/policies"
			if mine {
				write(http.StatusOK, fmt.Sprintf(policy, test.state, test.grant, test.session))(w)
			}
			return mine
		})
		got := msgraph.Trouble("there is no finding")
		for _, f := range client(t, o).Probe(t.Context(), wanted(s)) {
			if f.Check == "context" {
				got = f.Trouble
			}
		}
		if got != test.want {
			t.Errorf("%s: got %q, want %q", test.claim, got, test.want)
		}
	}
}

// TestProbeTheDefault only where it is to be changed, since it takes the permission
// for methods of all kinds.
func TestProbeTheDefault(t *testing.T) {
	for _, wants := range []bool{false, true} {
		s, addr := sound(t)
		s.Revoke(s.Writer().ID, "UserAuthenticationMethod.ReadWrite.All")
		w, err := msgraph.NewWriter(msgraph.WriterOptions{Options: options(s, addr, s.Writer()), Defaults: wants})
		if err != nil {
			t.Fatal(err)
		}
		found := w.Probe(t.Context(), "")
		i := slices.IndexFunc(found, func(f msgraph.Finding) bool { return f.Check == "default" })
		if (i >= 0) != wants || wants && (found[i].Verdict != msgraph.Missing || found[i].Needs != "UserAuthenticationMethod.ReadWrite.All") {
			t.Errorf("wanted: %v: found %+v", wants, found)
		}
	}
}
