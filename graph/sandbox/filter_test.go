package sandbox

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"mfahelp/graph"
)

// thing is something to filter.
type thing struct {
	name string
	n    int
	yes  bool
	at   time.Time
	tags []string
}

var thingFields = []field[thing]{
	{name: "name", operators: "eq startsWith", value: func(v thing) any { return v.name }},
	{name: "folded", operators: "eq startsWith", fold: true, value: func(v thing) any { return v.name }},
	{name: "status/n", operators: "eq", kind: number, value: func(v thing) any { return v.n }},
	{name: "yes", operators: "eq", kind: truth, value: func(v thing) any { return v.yes }},
	{name: "at", operators: "eq le ge", kind: moment, value: func(v thing) any { return v.at }},
	{name: "tags", operators: "eq ne", kind: texts, value: func(v thing) any { return v.tags }},
	{name: "new", operators: "eq", beta: true, value: func(v thing) any { return v.name }},
}

func TestFilter(t *testing.T) {
	v := thing{"it's Ann", 500121, true, noon, []string{"red", "blue"}}
	for clause, want := range map[string]bool{
		"name eq 'it''s Ann'":                                    true,
		"name eq 'It''s ann'":                                    false,
		"folded eq 'IT''S ANN'":                                  true,
		"startsWith(name,'it''s')":                               true,
		"startswith(name, 'it')":                                 true,
		"startsWith(folded,'IT')":                                true,
		"startsWith(name,'s')":                                   false,
		"status/n eq 500121":                                     true,
		"status/n eq 50012":                                      false,
		"yes eq true":                                            true,
		"yes eq false":                                           false,
		"at ge 2026-11-20T12:00:00Z":                             true,
		"at le 2026-11-20T12:00:00Z":                             true,
		"at eq 2026-11-20T12:00:00.0000000Z":                     true,
		"at eq 2026-11-20T13:00:00+01:00":                        true,
		"at ge 2026-11-21":                                       false,
		"at le 2026-11-21":                                       true,
		"tags/any(t: t eq 'red')":                                true,
		"tags/any(t:t eq 'green')":                               false,
		"tags/any(x: x ne 'red')":                                true,
		"new eq 'it''s Ann'":                                     true,
		"yes eq true and status/n eq 1":                          false,
		"yes eq true or status/n eq 1":                           true,
		"yes eq true or yes eq true and yes eq false":            true,
		"(yes eq true or yes eq true) and yes eq false":          false,
		"((name eq 'x') or (status/n eq 500121))":                true,
		"  yes   eq  true ":                                      true,
		"name eq ' and (or'":                                     false,
		strings.Repeat("(yes eq true) and ", 60) + "yes eq true": true,
		strings.Repeat("(", 50) + "yes eq true" + strings.Repeat(")", 50): true,
	} {
		f, err := parseFilter(clause, thingFields, true, time.Time{})
		if err != nil {
			t.Errorf("%s: %v", clause, err)
		} else if got := f.fits(v); got != want {
			t.Errorf("%s: got %v, want %v", clause, got, want)
		}
	}
}

func TestFilterIsRefused(t *testing.T) {
	for clause, why := range map[string]string{
		"":                         "a property is expected",
		"name":                     `may be asked for with eq startsWith, not with ""`,
		"name eq":                  "is a text",
		"name eq Ann":              "has no single quotes",
		`name eq "Ann"`:            "has no single quotes",
		"name eq 'Ann":             "has no single quotes",
		"name eq 'Ann''":           "has no single quotes",
		"name eq '":                "has no single quotes",
		"name ne 'Ann'":            `not with "ne"`,
		"name EQ 'Ann'":            `not with "EQ"`,
		"name startsWith 'A'":      "it is startsWith(name",
		"contains(name,'n')":       `no filter by "contains"`,
		"not (yes eq true)":        `no filter by "not"`,
		"colour eq 'red'":          `no filter by "colour" is documented`,
		"Name eq 'Ann'":            `no filter by "Name"`,
		"status/n eq '500121'":     "is a number",
		"status/n ge 500000":       `not with "ge"`,
		"yes eq 'true'":            "is true or false",
		"at ge '2026-11-20'":       "without quotes",
		"at gt 2026-11-20":         `not with "gt"`,
		"at ge yesterday":          "is a time",
		"tags eq 'red'":            "any() is for collections",
		"name/any(t: t eq 'x')":    "any() is for collections",
		"tags/any(t: u eq 'x')":    "comparison of its variable",
		"tags/any(t: t le 'x')":    `not with "le"`,
		"tags/any(t: t eq x)":      "needs a text",
		"tags/all(t: t eq 'x')":    `no filter by "tags/all"`,
		"startsWith(status/n,'5')": `not with "startsWith"`,
		"startsWith(name,5)":       "needs a text",
		"startsWith(name)":         `"," is expected`,
		"yes eq true yes eq true":  "is not expected here",
		"yes eq true and":          "a property is expected",
		"(yes eq true":             `")" is expected`,
		"yes eq true)":             "is not expected here",
		"yes eq true; drop":        "is true or false",
		"name eq 'a','b'":          "is not expected here",
		strings.Repeat("(", 51) + "yes eq true" + strings.Repeat(")", 51): "parentheses are open",
	} {
		_, err := parseFilter(clause, thingFields, true, time.Time{})
		p, ok := err.(*problem)
		if !ok || p.status != 400 || p.message != "Invalid filter clause" || !strings.Contains(p.why, why) {
			t.Errorf("%s: got %v (%+v), want %q", clause, err, p, why)
		}
	}
	if _, err := parseFilter("new eq 'x'", thingFields, false, time.Time{}); err == nil || !strings.Contains(err.(*problem).why, "only beta") {
		t.Errorf("a field of beta in v1.0: got %v", err)
	}
}

// TestDocumentedFilters asks with every filter that Microsoft's pages name. Of
// two events each finds the first.
func TestDocumentedFilters(t *testing.T) {
	w := newWorld(t)
	first := w.Record(Event{
		SignIn: graph.SignIn{
			ID: "66ea54eb-6301-4ee5-be62-ff5a759b0100", CorrelationID: "d79f5bee-5860-4832-928f-3133e22ae912", OriginalID: "11111111-1111-4111-8111-111111111100",
			UserID: stableID("user", "sofia.almeida@"+Domain), App: "Graph Explorer", AppID: "de8bc8b5-d9f9-48b1-a8ad-b748da725064",
			Resource: "Windows Azure Active Directory", Client: "IMAP", IP: "192.0.2.7", UserAgent: "curl/8",
			Location: graph.Location{City: "Faro", State: "Algarve", Country: "PT"},
			Device:   graph.Device{Browser: "Edge 148", OS: "Windows11"}, ErrorCode: 500121,
			ConditionalAccess: "failure", RiskLevel: "high", RiskState: "atRisk", Requirement: "multiFactorAuthentication",
		},
		ResourceID: "00000002-0000-0000-c000-000000000000", RiskDetail: "adminConfirmedSigninCompromised",
		RiskEvents: []string{"unfamiliarFeatures"}, Flagged: true,
	})
	w.Record(Event{SignIn: graph.SignIn{UPN: "hugo.moreau@contoso.com", At: noon.Add(-time.Hour)}})
	both := []string{
		"id eq '66ea54eb-6301-4ee5-be62-ff5a759b0100'", "correlationId eq 'd79f5bee-5860-4832-928f-3133e22ae912'",
		"userId eq '" + first.UserID + "'", "userPrincipalName eq 'sofia.almeida@contoso.com'", "startsWith(userPrincipalName,'sofia')",
		"userDisplayName eq 'Sofia Almeida'", "startsWith(userDisplayName,'Sofia')", "createdDateTime ge 2026-11-20T11:45:00Z",
		"createdDateTime ge 2026-11-20T11:45:00Z and createdDateTime le 2026-11-20T12:15:00Z", "createdDateTime eq 2026-11-20T12:00:00Z",
		"status/errorCode eq 500121", "appId eq 'de8bc8b5-d9f9-48b1-a8ad-b748da725064'", "appDisplayName eq 'Graph Explorer'",
		"startsWith(appDisplayName,'Graph')", "resourceId eq '00000002-0000-0000-c000-000000000000'",
		"resourceDisplayName eq 'Windows Azure Active Directory'", "clientAppUsed eq 'IMAP'", "conditionalAccessStatus eq 'failure'",
		"ipAddress eq '192.0.2.7'", "startsWith(ipAddress,'192.0.2.')", "location/city eq 'Faro'", "startsWith(location/city,'Fa')",
		"location/state eq 'Algarve'", "startsWith(location/state,'Al')", "location/countryOrRegion eq 'PT'",
		"startsWith(location/countryOrRegion,'P')", "deviceDetail/browser eq 'Edge 148'", "startsWith(deviceDetail/browser,'Edge')",
		"deviceDetail/operatingSystem eq 'Windows11'", "startsWith(deviceDetail/operatingSystem,'Windows')",
		"riskDetail eq 'adminConfirmedSigninCompromised'", "riskLevelAggregated eq 'high'", "riskLevelDuringSignIn eq 'high'",
		"riskState eq 'atRisk'", "riskEventTypes_v2/any(t: t eq 'unfamiliarFeatures')",
	}
	onlyBeta := []string{
		"originalRequestId eq '11111111-1111-4111-8111-111111111100'", "authenticationRequirement eq 'multiFactorAuthentication'",
		"startsWith(authenticationRequirement,'multi')", "userAgent eq 'curl/8'", "startsWith(userAgent,'curl')",
		"flaggedForReview eq true", "flaggedForReview eq true and userPrincipalName eq 'sofia.almeida@contoso.com'",
		"signInEventTypes/any(t: t eq 'interactiveUser') and userId eq '" + first.UserID + "'",
		"signInEventTypes/any(t: t ne 'nonInteractiveUser') and userId eq '" + first.UserID + "'",
	}
	want := []any{first.ID}
	for _, clause := range append(both, onlyBeta...) {
		if diff := cmp.Diff(want, w.get("/beta/auditLogs/signIns", "$filter", clause).column("id")); diff != "" {
			t.Errorf("beta %s (-want +got):\n%s", clause, diff)
		}
	}
	for _, clause := range both {
		if diff := cmp.Diff(want, w.get("/v1.0/auditLogs/signIns", "$filter", clause).column("id")); diff != "" {
			t.Errorf("v1.0 %s (-want +got):\n%s", clause, diff)
		}
	}
	for _, clause := range onlyBeta {
		got := w.get("/v1.0/auditLogs/signIns", "$filter", clause)
		if got.status != 400 || got.at("error/code") != "BadRequest" || got.at("error/message") != "Invalid filter clause" {
			t.Errorf("v1.0 %s: got %d %s", clause, got.status, got.text)
		}
	}
}

func TestUndocumentedFilters(t *testing.T) {
	w := newWorld(t)
	for _, clause := range []string{
		"createdDateTime gt 2026-11-20T12:00:00Z", "createdDateTime lt 2026-11-20T12:00:00Z", "createdDateTime ge '2026-11-20T12:00:00Z'",
		"status/errorCode ne 0", "status/errorCode ge 1", "status/additionalDetails eq 'x'", "isInteractive eq false", "isRisky eq true",
		"userId ne 'x'", "startsWith(userId,'2')", "startsWith(correlationId,'d')", "contains(userPrincipalName,'sofia')",
		"endsWith(userPrincipalName,'@contoso.com')", "tolower(userPrincipalName) eq 'x'", "userPrincipalName in ('a','b')",
		"authenticationDetails/any(a: a/succeeded eq false)", "appliedConditionalAccessPolicies/any(p: p/result eq 'failure')",
	} {
		got := w.get("/beta/auditLogs/signIns", "$filter", clause)
		if got.status != 400 || got.at("error/message") != "Invalid filter clause" || got.at("error/innerError/sandbox") == nil {
			t.Errorf("%s: got %d %s", clause, got.status, got.text)
		}
	}
}

func TestUserPrincipalNameInCapitalsFindsNothing(t *testing.T) {
	w := newWorld(t)
	w.Record(Event{SignIn: graph.SignIn{UPN: "Sofia.Almeida@Contoso.com"}})
	for clause, want := range map[string]int{
		"userPrincipalName eq 'Sofia.Almeida@contoso.com'": 0,
		"userPrincipalName eq 'sofia.almeida@contoso.com'": 1,
	} {
		if got := len(w.get("/beta/auditLogs/signIns", "$filter", clause).values()); got != want {
			t.Errorf("%s: got %d, want %d", clause, got, want)
		}
		entry := w.Log()[len(w.Log())-1]
		if hinted := strings.Contains(entry.Why, "kept in lower case"); hinted != (want == 0) {
			t.Errorf("%s: the log has %+v", clause, entry)
		}
	}
}

func TestAFilterReachesNinetyDaysBack(t *testing.T) {
	w := newWorld(t)
	for day, want := range map[string]int{"2026-08-23": 200, "2026-08-22T12:00:00Z": 200, "2026-08-22T11:59:59Z": 400, "2018-01-24": 400} {
		if got := w.get("/beta/auditLogs/signIns", "$filter", "createdDateTime ge "+day); got.status != want {
			t.Errorf("%s: got %d %s", day, got.status, got.text)
		}
	}
}

// FuzzFilter looks for text that hangs or breaks the parser, or that it takes
// but cannot apply.
func FuzzFilter(f *testing.F) {
	for _, s := range []string{
		"id eq 'x'", "createdDateTime ge 2026-11-20T12:00:00Z and status/errorCode eq 500121", "startsWith(userAgent,'a''b')",
		"(id eq 'x' or (flaggedForReview eq true))", "signInEventTypes/any(t: t ne 'x')", "'", "((((", "a/any(", "startsWith(", "id eq '''",
	} {
		f.Add(s)
	}
	e := &Event{}
	f.Fuzz(func(t *testing.T, clause string) {
		got, err := parseFilter(clause, signInFields, true, noon)
		if err == nil {
			got.fits(e)
			return
		}
		if p, ok := err.(*problem); !ok || p.status != 400 || p.why == "" {
			t.Errorf("got %v", err)
		}
	})
}
