package msgraph_test

import (
	"slices"
	"strings"
	"testing"

	"mfahelp/graph/msgraph"
	"mfahelp/graph/sandbox"
)

// probed returns what is not as it should be, as "what: needs".
func probed(t *testing.T, s *sandbox.Tenant, addr string) (bad []string) {
	t.Helper()
	c := client(t, options(s, addr, s.Reader()))
	w := newWriter(t, s, options(s, addr, s.Writer()), c)
	for _, f := range slices.Concat(c.Probe(t.Context(), true), w.Probe(t.Context())) {
		if f.Verdict != msgraph.Good {
			bad = append(bad, f.What+": "+f.Needs+": "+string(f.Verdict))
			discreet(t, f.Err, options(s, addr, s.Reader()))
		}
	}
	return bad
}

// TestProbeNamesEachPermission takes one away at a time, from the reader and from
// the writer: what is missing is named.
func TestProbeNamesEachPermission(t *testing.T) {
	for _, which := range []string{"reader", "writer"} {
		for _, p := range map[string][]string{"reader": sandbox.ReaderPermissions, "writer": sandbox.WriterPermissions}[which] {
			switch p {
			case "Policy.Read.All", "Policy.Read.AuthenticationMethod", "RoleEligibilitySchedule.Read.Directory":
				continue // another does as well: see below
			}
			s, addr := tenant(t, sandbox.Options{NoThrottle: true, NoHistory: true})
			app := map[string]sandbox.App{"reader": s.Reader(), "writer": s.Writer()}[which]
			s.Revoke(app.ID, p)
			bad := probed(t, s, addr)
			named := slices.ContainsFunc(bad, func(b string) bool {
				return strings.HasSuffix(b, ": "+p+": missing") || strings.Contains(b, ": "+p+", ")
			})
			if !named || len(bad) > 3 {
				t.Errorf("without %s of the %s: found %q", p, which, bad)
			}
		}
	}
}

// TestProbe breaks the tenant otherwise.
func TestProbe(t *testing.T) {
	for _, test := range []struct {
		claim string
		spoil func(*sandbox.Tenant)
		want  []string // what each finding begins with
	}{
		{"a healthy tenant", func(*sandbox.Tenant) {}, nil},
		{"no policy to be read", func(s *sandbox.Tenant) {
			s.Revoke(s.Reader().ID, "Policy.Read.All")
			s.Revoke(s.Reader().ID, "Policy.Read.AuthenticationMethod")
		}, []string{"policy for Temporary Access Passes: Policy.Read"}},
		{"no roles to be read", func(s *sandbox.Tenant) {
			s.Revoke(s.Reader().ID, "RoleManagement.Read.Directory")
			s.Revoke(s.Reader().ID, "RoleEligibilitySchedule.Read.Directory")
		}, []string{"directory roles: RoleManagement.Read.Directory: missing", "eligible roles: RoleEligibilitySchedule.Read.Directory: missing"}},
		{"passes are off", passesOff,
			[]string{"policy for Temporary Access Passes: Policy.Read.AuthenticationMethod: missing"}},
		{"a fence around other mailboxes", func(s *sandbox.Tenant) { s.Fence(s.Writer().ID, "people@contoso.com") },
			[]string{"mail from the configured mailbox: Mail.Send: missing"}},
		{"no licence", func(s *sandbox.Tenant) { s.SetPremium(false) }, []string{"sign-in log: an Entra ID licence"}},
		{"the reader's secret has expired", func(s *sandbox.Tenant) { s.ExpireSecret(s.Reader().ID, true) }, []string{"signing in as the app: "}},
		{"the writer's secret has expired", func(s *sandbox.Tenant) { s.ExpireSecret(s.Writer().ID, true) }, []string{"signing in as the app: "}},
		{"the sign-in log is down", func(s *sandbox.Tenant) {
			s.Fault(sandbox.Fault{Kind: sandbox.Status, Path: "/beta/auditLogs/signIns"})
		}, []string{"sign-in log: AuditLog.Read.All: "}},
	} {
		s, addr := tenant(t, sandbox.Options{NoThrottle: true, NoHistory: true})
		test.spoil(s)
		got := probed(t, s, addr)
		ok := len(got) >= len(test.want) && (test.want != nil || got == nil)
		for _, w := range test.want {
			ok = ok && slices.ContainsFunc(got, func(g string) bool { return strings.HasPrefix(g, w) })
		}
		if !ok {
			t.Errorf("%s: found %q, want %q", test.claim, got, test.want)
		}
		if done := done(s); len(done) != 0 {
			t.Errorf("%s: probing did %v", test.claim, done)
		}
	}
}

func passesOff(s *sandbox.Tenant) {
	p := s.PassPolicy()
	p.Disabled = true
	s.SetPassPolicy(p)
}
