package sandbox

import (
	"strings"
	"testing"
	"time"

	"mfahelp/graph"

	"github.com/google/go-cmp/cmp"
)

// audited asks the directory's audit log for one filter.
func (w world) audited(clause string) answer {
	w.t.Helper()
	return w.get("/v1.0/auditLogs/directoryAudits", "$filter", clause)
}

func TestTheLogHasWhatHappened(t *testing.T) {
	w := newWorld(t)
	w.pass("aiko.sato", `{}`)
	w.remove("aiko.sato", "microsoftAuthenticatorMethods/"+w.mustUser("aiko.sato@contoso.com").first(graph.Authenticator).id)
	w.do("POST", "/v1.0/users/aiko.sato@contoso.com/revokeSignInSessions", w.token(w.Writer()), "")
	if _, err := w.Register("aiko.sato@contoso.com", graph.Method{Kind: graph.Authenticator, Name: "iPhone 18"}); err != nil {
		t.Fatal(err)
	}
	for _, err := range []error{
		w.SetContact("aiko.sato@contoso.com", "mobilePhone", fictional(70), 4*24*time.Hour),
		w.ResetPassword("aiko.sato@contoso.com", 3*24*time.Hour),
		w.ReportFraud("aiko.sato@contoso.com", 2*24*time.Hour),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	id := w.mustUser("aiko.sato@contoso.com").ID
	got := w.audited("targetResources/any(t: t/id eq '" + id + "') and activityDateTime ge 2026-11-01T00:00:00Z")
	var lines []string
	for _, e := range got.values() {
		a := answer{body: e}
		by := "user"
		if a.at("initiatedBy/user") == nil {
			by, _ = a.at("initiatedBy/app/displayName").(string)
		}
		line := strings.Join([]string{a.at("activityDisplayName").(string), a.at("resultReason").(string), by, a.at("loggedByService").(string)}, "; ")
		if first := a.at("targetResources/0/modifiedProperties/0/displayName"); first != nil {
			line += "; " + first.(string)
		}
		lines = append(lines, line)
	}
	want := []string{
		"Update user; ; user; Core Directory; StrongAuthenticationPhoneAppDetail",
		"User registered security info; User registered Phone App Notification; user; Authentication Methods",
		"Update StsRefreshTokenValidFrom Timestamp; ; writer; Core Directory; StsRefreshTokensValidFrom",
		"Update user; ; writer; Core Directory; StrongAuthenticationPhoneAppDetail",
		"Admin deleted security info; Admin deleted Phone App Notification for user; writer; Authentication Methods",
		"Admin registered security info; Admin registered temporary access pass method for user; writer; Authentication Methods; TemporaryAccessPass.Id",
		"Reset user password; ; user; Core Directory",
		"Update user; ; user; Core Directory; Mobile",
	}
	if diff := cmp.Diff(want, lines); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	// Who reported fraud is told by who began it, and by nothing else.
	own := w.audited("initiatedBy/user/id eq '" + id + "' and activityDateTime ge 2026-11-01T00:00:00Z")
	if n := len(own.values()); n != 3 || own.at("value/2/activityDisplayName") != "Fraud reported - user is blocked for MFA" {
		t.Errorf("by themselves: got %d, %s", n, own.text)
	}
}

func TestFiltersOfTheAuditLog(t *testing.T) {
	w := newWorld(t)
	if err := w.ResetPassword("aiko.sato@contoso.com", time.Hour); err != nil {
		t.Fatal(err)
	}
	one := w.Audits()[0]
	for clause, want := range map[string]int{
		"id eq '" + one.ID + "'":                                       1,
		"activityDisplayName eq 'Reset user password'":                 1,
		"startsWith(activityDisplayName,'Reset')":                      1,
		"loggedByService eq 'Core Directory'":                          1,
		"activityDateTime le 2026-11-20T10:00:00Z":                     0,
		"correlationId eq '" + one.correlation() + "'":                 1,
		"targetResources/any(x: x/id eq '" + one.Target + "')":         1,
		"targetResources/any(x: x/id eq '" + one.ByUser + "')":         0,
		"targetResources/any(x: x eq '" + one.Target + "')":            -1,
		"targetResources/any(x: x/type eq 'User')":                     -1,
		"targetResources/id eq '" + one.Target + "'":                   -1,
		"category eq 'UserManagement'":                                 -1,
		"result eq 'success'":                                          -1,
		"initiatedBy/user/id ne '" + one.ByUser + "'":                  -1,
		"targetResources/any(x: y/id eq '" + one.Target + "')":         -1,
		"targetResources/any(x: xy eq '" + one.Target + "')":           -1,
		"initiatedBy/user/id eq '" + strings.ToUpper(one.ByUser) + "'": 1,
	} {
		got := w.audited(clause)
		if want < 0 && got.status == 400 || want >= 0 && got.status == 200 && len(got.values()) == want {
			continue
		}
		t.Errorf("%s: got %d %s", clause, got.status, got.text)
	}
}

// TestTheAuditLogIsAReport: it lags as the sign-in log does, is kept as long,
// and counts against the same limit.
func TestTheAuditLogIsAReport(t *testing.T) {
	w := newWorld(t, func(o *Options) { o.NoThrottle, o.Lag = false, 2*time.Minute })
	if err := w.ResetPassword("aiko.sato@contoso.com", 0); err != nil {
		t.Fatal(err)
	}
	if got := w.audited(""); len(got.values()) != 0 {
		t.Errorf("too early: got %s", got.text)
	}
	w.Advance(2 * time.Minute)
	if got := w.audited(""); len(got.values()) != 1 {
		t.Errorf("in time: got %s", got.text)
	}
	w.Advance(31 * 24 * time.Hour)
	if got := w.audited(""); got.status != 200 || len(got.values()) != 0 {
		t.Errorf("too late: got %s", got.text)
	}
	for range 2 {
		w.get("/v1.0/auditLogs/signIns")
		w.audited("")
	}
	w.get("/v1.0/auditLogs/signIns")
	if got := w.audited(""); got.status != 429 || got.header.Get("Retry-After") == "" {
		t.Errorf("the sixth of all reports: got %d", got.status)
	}
}
