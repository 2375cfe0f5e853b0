package sandbox

import (
	"strings"
	"testing"
	"time"
)

func throttled(o *Options) { o.NoThrottle = false }

func TestFiveReportRequestsInTenSeconds(t *testing.T) {
	w := newWorld(t, throttled)
	path := "/beta/auditLogs/signIns"
	for i := range 5 {
		if got := w.get(path); got.status != 200 {
			t.Fatalf("request %d: got %d", i, got.status)
		}
		w.Advance(time.Second)
	}
	got := w.get(path)
	if got.status != 429 || got.at("error/code") != "UnknownError" || got.header.Get("Retry-After") != "5" {
		t.Errorf("the sixth: got %d, Retry-After %q, %s", got.status, got.header.Get("Retry-After"), got.text)
	}
	if s, _ := got.at("error/message").(string); !strings.HasPrefix(s, "This request is throttled. Please try again after the value specified in the Retry-After header. CorrelationId: ") {
		t.Errorf("got %q", s)
	}
	if entry := w.Log()[len(w.Log())-1]; !entry.Throttled || entry.Status != 429 {
		t.Errorf("the log has %+v", entry)
	}
	w.Advance(5 * time.Second)
	if got := w.get(path); got.status != 200 {
		t.Errorf("when the first is ten seconds old: got %d", got.status)
	}
	if got := w.get(path); got.status != 429 || got.header.Get("Retry-After") != "1" {
		t.Errorf("the next: got %d, Retry-After %q", got.status, got.header.Get("Retry-After"))
	}
}

func TestLimits(t *testing.T) {
	w := newWorld(t, throttled)
	spend := func() {
		for range 5 {
			w.get("/v1.0/auditLogs/signIns")
		}
	}
	spend()
	other := w.token(w.AddApp("other", "AuditLog.Read.All"))
	for claim, got := range map[string]answer{
		"429 another report":    w.get("/v1.0/reports/authenticationMethods/userRegistrationDetails/" + stableID("user", "sofia.almeida@"+Domain)),
		"429 the other version": w.get("/beta/auditLogs/signIns"),
		"200 another app":       w.do("GET", "/v1.0/auditLogs/signIns", other, ""),
		"200 what is no report": w.get("/v1.0/users"),
	} {
		if want := map[string]int{"429": 429, "200": 200}[claim[:3]]; got.status != want {
			t.Errorf("%s: got %d", claim, got.status)
		}
	}
	w.Advance(time.Hour)
	spend()
	w.Advance(-2 * time.Hour)
	if got := w.get("/v1.0/auditLogs/signIns"); got.status != 200 {
		t.Errorf("after the clock was moved back: got %d", got.status)
	}
}

func TestIdentityProtectionSaysNotWhen(t *testing.T) {
	w := newWorld(t, throttled)
	w.SetRisk("sofia.almeida@contoso.com", "high")
	path := "/v1.0/identityProtection/riskyUsers/" + stableID("user", "sofia.almeida@contoso.com")
	other := w.token(w.AddApp("other", "IdentityRiskyUser.Read.All"))
	if got := w.get(path); got.status != 200 {
		t.Errorf("got %d", got.status)
	}
	got := w.do("GET", path, other, "")
	if _, told := got.header["Retry-After"]; got.status != 429 || told {
		t.Errorf("another app within the second: got %d, Retry-After %v", got.status, told)
	}
	w.Advance(time.Second)
	if got := w.do("GET", path, other, ""); got.status != 200 {
		t.Errorf("a second later: got %d", got.status)
	}
}
