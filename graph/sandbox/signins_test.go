package sandbox

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"mfahelp/graph"
)

// v1Properties are those of the v1.0 metadata of August 2026.
var v1Properties = strings.Fields(`
	appDisplayName appId appliedConditionalAccessPolicies authenticationAppDeviceDetails clientAppUsed
	conditionalAccessStatus correlationId createdDateTime deviceDetail homeTenantId id ipAddress isInteractive location
	resourceDisplayName resourceId resourceTenantId riskDetail riskEventTypes riskEventTypes_v2 riskLevelAggregated
	riskLevelDuringSignIn riskState servicePrincipalId servicePrincipalName status userAgent userDisplayName userId
	userPrincipalName`)

// betaOnly are those that only beta has.
var betaOnly = strings.Fields(`
	authenticationDetails authenticationProcessingDetails authenticationProtocol authenticationRequirement
	authenticationRequirementPolicies autonomousSystemNumber conditionalAccessAudiences crossTenantAccessType
	flaggedForReview incomingTokenType mfaDetail networkLocationDetails originalRequestId sessionLifetimePolicies
	signInEventTypes tokenIssuerName tokenIssuerType userType`)

func TestPropertiesOfEachVersion(t *testing.T) {
	w := newWorld(t)
	f, err := w.Fail("no-response")
	if err != nil {
		t.Fatal(err)
	}
	for version, want := range map[string][]string{"v1.0": v1Properties, "beta": slices.Concat(v1Properties, betaOnly)} {
		page := w.get("/" + version + "/auditLogs/signIns")
		one := w.get("/" + version + "/auditLogs/signIns/" + f.RequestID)
		slices.Sort(want)
		if diff := cmp.Diff(want, slices.Sorted(maps.Keys(page.values()[0]))); diff != "" {
			t.Errorf("%s in a list (-want +got):\n%s", version, diff)
		}
		if diff := cmp.Diff(slices.Concat([]string{"@odata.context"}, want), slices.Sorted(maps.Keys(one.body))); diff != "" {
			t.Errorf("%s by itself (-want +got):\n%s", version, diff)
		}
	}
}

// TestShape compares a whole event with the sample of the facts.
func TestShape(t *testing.T) {
	w := newWorld(t)
	e := w.Record(Event{SignIn: graph.SignIn{
		ID: "66ea54eb-6301-4ee5-be62-ff5a759b0100", CorrelationID: "d79f5bee-5860-4832-928f-3133e22ae912",
		At: time.Date(2026, 11, 20, 8, 14, 41, 619583300, time.UTC), UPN: "sofia.almeida@contoso.com",
		ErrorCode: 500121, Details: generic, IP: "203.0.113.10", Requirement: "multiFactorAuthentication",
		Device:   graph.Device{OS: "Windows10", Browser: "Edge 130.0.0"},
		Location: graph.Location{City: "Redmond", State: "Washington", Country: "US"},
		Steps: []graph.Step{{
			At: time.Date(2026, 11, 20, 8, 14, 58, 0, time.UTC), Method: notification, Detail: "iPhone 15",
			Result: noResponse, Requirement: secondary,
		}},
	}})
	got := w.get("/beta/auditLogs/signIns/" + e.ID).body
	want := map[string]any{
		"id": "66ea54eb-6301-4ee5-be62-ff5a759b0100", "createdDateTime": "2026-11-20T08:14:41.6195833Z",
		"userDisplayName": "Sofia Almeida", "userPrincipalName": "sofia.almeida@contoso.com", "userId": stableID("user", "sofia.almeida@contoso.com"),
		"ipAddress": "203.0.113.10", "correlationId": "d79f5bee-5860-4832-928f-3133e22ae912", "isInteractive": true,
		"status":            map[string]any{"errorCode": 500121.0, "failureReason": "Authentication failed during strong authentication request.", "additionalDetails": generic},
		"deviceDetail":      map[string]any{"deviceId": "", "displayName": "", "operatingSystem": "Windows10", "browser": "Edge 130.0.0", "isCompliant": false, "isManaged": false, "trustType": ""},
		"location":          map[string]any{"city": "Redmond", "state": "Washington", "countryOrRegion": "US", "geoCoordinates": map[string]any{"altitude": nil, "latitude": nil, "longitude": nil}},
		"originalRequestId": e.ID,
		"signInEventTypes":  []any{"interactiveUser"},
		"authenticationDetails": []any{map[string]any{
			"authenticationStepDateTime": "2026-11-20T08:14:58Z", "authenticationMethod": "Mobile app notification", "authenticationMethodDetail": "iPhone 15",
			"succeeded": false, "authenticationStepResultDetail": "MFA denied; user did not respond to mobile app notification", "authenticationStepRequirement": "User, MultiConditionalAccess",
		}},
		"authenticationAppDeviceDetails": nil, "servicePrincipalName": nil, "riskEventTypes_v2": []any{},
	}
	for name, v := range want {
		if diff := cmp.Diff(v, got[name]); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// many records n events, a minute apart, and returns their ids newest first.
func (w world) many(n int) []any {
	var ids []any
	for i := range n {
		e := w.Record(Event{SignIn: graph.SignIn{UPN: "aiko.sato@contoso.com", At: noon.Add(-time.Duration(i) * time.Minute)}})
		ids = append(ids, e.ID)
	}
	return ids
}

func TestPages(t *testing.T) {
	w := newWorld(t)
	want := w.many(7)
	var got []any
	next := "/v1.0/auditLogs/signIns?$top=3&$filter=" + url.QueryEscape("userPrincipalName eq 'aiko.sato@contoso.com'")
	sizes := []int{}
	for next != "" {
		a := w.do("GET", next, w.token(w.Reader()), "")
		if a.status != 200 {
			t.Fatalf("%s: got %d %s", next, a.status, a.text)
		}
		got = append(got, a.column("id")...)
		sizes = append(sizes, len(a.values()))
		link, _ := a.at("@odata.nextLink").(string)
		next = strings.TrimPrefix(link, "https://localhost")
		if len(sizes) == 1 { // what comes between two pages moves nothing
			w.Record(Event{SignIn: graph.SignIn{UPN: "aiko.sato@contoso.com"}})
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("ids (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]int{3, 3, 1}, sizes); diff != "" {
		t.Errorf("sizes (-want +got):\n%s", diff)
	}
}

func TestPageHoldsAThousand(t *testing.T) {
	w := newWorld(t)
	w.many(1001)
	for top, want := range map[string]int{"": 1000, "1000": 1000, "1": 1} {
		got := w.get("/beta/auditLogs/signIns", "$top", top)
		if top == "" {
			got = w.get("/beta/auditLogs/signIns")
		}
		if n := len(got.values()); n != want || got.at("@odata.nextLink") == nil {
			t.Errorf("$top=%s: got %d", top, n)
		}
	}
}

func TestOrder(t *testing.T) {
	w := newWorld(t)
	newest := w.many(4)
	oldest := slices.Clone(newest)
	slices.Reverse(oldest)
	for order, want := range map[string][]any{"createdDateTime desc": newest, "createdDateTime": oldest, "createdDateTime asc": oldest} {
		if diff := cmp.Diff(want, w.get("/v1.0/auditLogs/signIns", "$orderby", order).column("id")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", order, diff)
		}
	}
	if got := w.get("/v1.0/auditLogs/signIns", "$orderby", "userId"); got.status != 400 {
		t.Errorf("by userId: got %d", got.status)
	}
}

func TestQueriesThatAreRefused(t *testing.T) {
	w := newWorld(t)
	w.many(3)
	link, err := url.Parse(w.get("/beta/auditLogs/signIns", "$top", "1").at("@odata.nextLink").(string))
	if err != nil {
		t.Fatal(err)
	}
	skip := link.Query().Get("$skiptoken")
	for claim, query := range map[string]string{
		"$skip":                          "$skip=1",
		"$select":                        "$select=id",
		"$count":                         "$count=true",
		"$expand":                        "$expand=user",
		"a parameter without its dollar": "top=1",
		"$top of nothing":                "$top=0",
		"$top below nothing":             "$top=-1",
		"$top above a thousand":          "$top=1001",
		"$top in words":                  "$top=all",
		"$top twice":                     "$top=1&$top=2",
		"a skiptoken alone":              "$skiptoken=" + skip,
		"a skiptoken with another $top":  "$top=2&$skiptoken=" + skip,
		"a skiptoken of one's own":       "$top=1&$skiptoken=9177f2e3532fcd4c4d225f68f7b9bdf7_1",
		"what is no query":               "$top=%zz",
	} {
		got := w.do("GET", "/beta/auditLogs/signIns?"+query, w.token(w.Reader()), "")
		if got.status != 400 || got.at("error/code") != "BadRequest" {
			t.Errorf("%s: got %d %s", claim, got.status, got.text)
		}
	}
	got := w.do("GET", "/v1.0/auditLogs/signIns?$top=1&$skiptoken="+skip, w.token(w.Reader()), "")
	if got.status != 400 {
		t.Errorf("a skiptoken in the other version: got %d", got.status)
	}
}

func TestNonInteractiveSignInsAreAskedFor(t *testing.T) {
	w := newWorld(t)
	person := w.Record(Event{SignIn: graph.SignIn{UPN: "aiko.sato@contoso.com"}})
	program := w.Record(Event{SignIn: graph.SignIn{UPN: "aiko.sato@contoso.com", At: noon.Add(-time.Minute)}, NonInteractive: true})
	for clause, want := range map[string][]any{
		"userPrincipalName eq 'aiko.sato@contoso.com'":       {person.ID},
		"signInEventTypes/any(t: t eq 'nonInteractiveUser')": {program.ID},
		"signInEventTypes/any(t: t eq 'interactiveUser')":    {person.ID},
		"signInEventTypes/any(t: t eq 'interactiveUser' )":   {person.ID},
		"signInEventTypes/any(t: t ne 'servicePrincipal')":   {person.ID, program.ID},
		"id eq '" + program.ID + "'":                         {},
	} {
		if diff := cmp.Diff(want, w.get("/beta/auditLogs/signIns", "$filter", clause).column("id")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", clause, diff)
		}
	}
	if got := w.get("/beta/auditLogs/signIns/" + program.ID); got.status != 200 || got.at("isInteractive") != false {
		t.Errorf("by id in beta: got %d %s", got.status, got.text)
	}
}

func TestLag(t *testing.T) {
	w := newWorld(t, func(o *Options) { o.Lag = 2 * time.Minute })
	f, err := w.Fail("no-response")
	if err != nil {
		t.Fatal(err)
	}
	if want := noon.Add(2 * time.Minute); !f.Visible.Equal(want) {
		t.Errorf("visible at %v, want %v", f.Visible, want)
	}
	path := "/beta/auditLogs/signIns/" + f.RequestID
	w.Advance(2*time.Minute - time.Nanosecond)
	if got := w.get(path); got.status != 404 {
		t.Errorf("before: got %d", got.status)
	}
	w.Advance(time.Nanosecond)
	if got := w.get(path); got.status != 200 {
		t.Errorf("after: got %d", got.status)
	}
}

// TestUnsettledSteps has the artefacts of a log that is still being put together.
func TestUnsettledSteps(t *testing.T) {
	w := newWorld(t, func(o *Options) { o.Settle = time.Minute })
	f, err := w.Fail("no-response")
	if err != nil {
		t.Fatal(err)
	}
	results := func() []any {
		return answer{body: map[string]any{"value": w.get("/beta/auditLogs/signIns/" + f.RequestID).at("authenticationDetails")}}.column("authenticationStepResultDetail")
	}
	if diff := cmp.Diff([]any{noResponse, "MFA requirement satisfied by claim in the token"}, results()); diff != "" {
		t.Errorf("at first (-want +got):\n%s", diff)
	}
	w.Advance(time.Minute)
	if diff := cmp.Diff([]any{"Correct password", noResponse}, results()); diff != "" {
		t.Errorf("in the end (-want +got):\n%s", diff)
	}
}

func TestRetention(t *testing.T) {
	w := newWorld(t)
	e := w.Record(Event{SignIn: graph.SignIn{UPN: "aiko.sato@contoso.com"}})
	const day = 24 * time.Hour
	for _, test := range []struct {
		after time.Duration
		free  bool
		want  bool
	}{
		{30*day - time.Second, false, true},
		{30 * day, false, false},
		{7*day - time.Second, true, true},
		{7 * day, true, false},
	} {
		w.SetPremium(!test.free)
		if got := w.inLog(&e, noon.Add(test.after)); got != test.want {
			t.Errorf("after %v, free %v: got %v", test.after, test.free, got)
		}
	}
	w.SetPremium(true)
	w.Advance(30 * day)
	if got := w.get("/beta/auditLogs/signIns/" + e.ID); got.status != 404 {
		t.Errorf("got %d", got.status)
	}
}

func TestEventsAreNewestFirstHoweverTheyCome(t *testing.T) {
	w := newWorld(t)
	for _, m := range []int{3, 1, 4, 1, 5, 9, 2, 6} {
		w.Record(Event{SignIn: graph.SignIn{UPN: "aiko.sato@contoso.com", At: noon.Add(-time.Duration(m) * time.Minute), UserAgent: fmt.Sprint(m)}})
	}
	want := []any{"1", "1", "2", "3", "4", "5", "6", "9"}
	if diff := cmp.Diff(want, w.get("/v1.0/auditLogs/signIns").column("userAgent")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestHistoryIsOfPeopleWhoGotIn(t *testing.T) {
	w := newWorld(t, func(o *Options) { o.NoHistory = false })
	codes := map[int]int{}
	for _, e := range w.Events() {
		codes[e.ErrorCode]++
		if e.At.After(noon) || e.Visible.After(noon) {
			t.Errorf("%s is from the future: %v", e.ID, e.At)
		}
	}
	if codes[0] == 0 || codes[0] != codes[50074] || len(codes) != 2 {
		t.Errorf("got %v", codes)
	}
}
