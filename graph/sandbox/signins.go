package sandbox

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
	"time"

	"mfahelp/graph"
)

// An Event is a sign-in as the log keeps it: what [graph.SignIn] says, and what
// only the log itself needs to know.
type Event struct {
	graph.SignIn

	// Visible is when the event turns up in the log, and Settled when its steps
	// are right. Between the two, as in reality, the password is missing and a
	// step seems to be satisfied by a claim in the token.
	// See https://learn.microsoft.com/entra/identity/monitoring-health/concept-sign-in-log-activity-details.
	Visible, Settled time.Time

	NonInteractive bool // such as the renewal of a token; not in the default list
	Flagged        bool // by the user, with "Enable flagging"
	Guest          bool
	ResourceID     string   // "" for Microsoft Graph's
	RiskDetail     string   // "" for none
	RiskEvents     []string // such as "userReportedSuspiciousActivity"
}

// Record puts an event into the log. What it does not say is filled in: a fresh
// id, the time, the lag, the usual app.
func (t *Tenant) Record(e Event) Event {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.add(e)
}

func (t *Tenant) add(e Event) Event {
	fill(&e.ID, t.newRequestID())
	fill(&e.OriginalID, e.ID)
	fill(&e.CorrelationID, t.newGUID())
	if e.At.IsZero() {
		e.At = t.now()
	}
	e.At = e.At.UTC().Truncate(100 * time.Nanosecond) // as exact as the log is
	if e.Visible.IsZero() {
		e.Visible = e.At.Add(t.opts.Lag)
	}
	if e.Settled.IsZero() {
		e.Settled = e.Visible.Add(t.opts.Settle)
	}
	e.UPN = strings.ToLower(e.UPN)
	if u := t.user(cmp.Or(e.UserID, e.UPN)); u != nil {
		fill(&e.UserID, u.ID)
		fill(&e.UPN, u.logName())
		fill(&e.UserName, u.Name)
		e.Guest = u.Guest
	}
	fill(&e.App, "Office 365 Exchange Online")
	fill(&e.AppID, "00000002-0000-0ff1-ce00-000000000000")
	fill(&e.Resource, "Microsoft Graph")
	fill(&e.ResourceID, graphAppID)
	fill(&e.Client, "Browser")
	fill(&e.ConditionalAccess, "notApplied")
	fill(&e.RiskLevel, "none")
	fill(&e.RiskState, "none")
	fill(&e.RiskDetail, "none")
	fill(&e.Requirement, "singleFactorAuthentication")
	if e.ErrorCode != 0 {
		fill(&e.Failure, failureReasons[e.ErrorCode])
	}
	i, _ := slices.BinarySearchFunc(t.events, e.At, func(old *Event, at time.Time) int { return at.Compare(old.At) })
	t.events = slices.Insert(t.events, i, &e)
	return e
}

func fill(s *string, usual string) {
	if *s == "" {
		*s = usual
	}
}

// Events returns what is in the log or on its way there, the newest first.
func (t *Tenant) Events() []Event {
	t.mu.Lock()
	defer t.mu.Unlock()
	var list []Event
	for _, e := range t.events {
		list = append(list, *e)
	}
	return list
}

// retention is how long the log keeps an event.
// See https://learn.microsoft.com/entra/identity/monitoring-health/reference-reports-data-retention.
func (t *Tenant) retention() time.Duration {
	if t.free {
		return 7 * 24 * time.Hour
	}
	return 30 * 24 * time.Hour
}

// inLog reports whether an event has arrived and is still kept.
func (t *Tenant) inLog(e *Event, now time.Time) bool {
	return !e.Visible.After(now) && e.At.After(now.Add(-t.retention()))
}

var signInRoutes = []route{
	{method: "GET", path: "/auditLogs/signIns", access: reportAccess, serve: listSignIns},
	{method: "GET", path: "/auditLogs/signIns/{}", access: reportAccess, serve: getSignIn},
}

// signInFields are the filters that the pages of both versions document.
// See https://learn.microsoft.com/graph/api/resources/signin.
var signInFields = []field[*Event]{
	{name: "id", operators: "eq", lower: true, value: func(e *Event) any { return e.ID }},
	{name: "correlationId", operators: "eq", lower: true, value: func(e *Event) any { return e.CorrelationID }},
	{name: "userId", operators: "eq", lower: true, value: func(e *Event) any { return e.UserID }},
	{name: "userPrincipalName", operators: "eq startsWith", lower: true, value: func(e *Event) any { return e.UPN }},
	{name: "userDisplayName", operators: "eq startsWith", value: func(e *Event) any { return e.UserName }},
	{name: "createdDateTime", operators: "eq le ge", kind: moment, value: func(e *Event) any { return e.At }},
	{name: "status/errorCode", operators: "eq", kind: number, value: func(e *Event) any { return e.ErrorCode }},
	{name: "appId", operators: "eq", value: func(e *Event) any { return e.AppID }},
	{name: "appDisplayName", operators: "eq startsWith", value: func(e *Event) any { return e.App }},
	{name: "resourceId", operators: "eq", value: func(e *Event) any { return e.ResourceID }},
	{name: "resourceDisplayName", operators: "eq", value: func(e *Event) any { return e.Resource }},
	{name: "clientAppUsed", operators: "eq", value: func(e *Event) any { return e.Client }},
	{name: "conditionalAccessStatus", operators: "eq", value: func(e *Event) any { return e.ConditionalAccess }},
	{name: "ipAddress", operators: "eq startsWith", value: func(e *Event) any { return e.IP }},
	{name: "location/city", operators: "eq startsWith", value: func(e *Event) any { return e.Location.City }},
	{name: "location/state", operators: "eq startsWith", value: func(e *Event) any { return e.Location.State }},
	{name: "location/countryOrRegion", operators: "eq startsWith", value: func(e *Event) any { return e.Location.Country }},
	{name: "deviceDetail/browser", operators: "eq startsWith", value: func(e *Event) any { return e.Device.Browser }},
	{name: "deviceDetail/operatingSystem", operators: "eq startsWith", value: func(e *Event) any { return e.Device.OS }},
	{name: "riskDetail", operators: "eq", value: func(e *Event) any { return e.RiskDetail }},
	{name: "riskLevelAggregated", operators: "eq", value: func(e *Event) any { return e.RiskLevel }},
	{name: "riskLevelDuringSignIn", operators: "eq", value: func(e *Event) any { return e.RiskLevel }},
	{name: "riskState", operators: "eq", value: func(e *Event) any { return e.RiskState }},
	{name: "riskEventTypes_v2", operators: "eq", kind: texts, value: func(e *Event) any { return e.RiskEvents }},
	{name: "originalRequestId", operators: "eq", beta: true, value: func(e *Event) any { return e.OriginalID }},
	{name: "authenticationRequirement", operators: "eq startsWith", beta: true, value: func(e *Event) any { return e.Requirement }},
	{name: "userAgent", operators: "eq startsWith", beta: true, value: func(e *Event) any { return e.UserAgent }},
	{name: "servicePrincipalId", operators: "eq startsWith", value: func(*Event) any { return "" }},
	{name: "tokenIssuerName", operators: "eq", beta: true, value: func(*Event) any { return "" }},
	{name: "tokenIssuerType", operators: "eq", beta: true, value: func(*Event) any { return tokenIssuer }},
	{name: "flaggedForReview", operators: "eq", kind: truth, beta: true, value: func(e *Event) any { return e.Flagged }},
	{name: "signInEventTypes", operators: "eq ne", kind: texts, beta: true, value: func(e *Event) any { return e.types() }},
}

// tokenIssuer is who lets everybody in here.
const tokenIssuer = "AzureAD"

func (e *Event) types() []string {
	if e.NonInteractive {
		return []string{"nonInteractiveUser"}
	}
	return []string{"interactiveUser"}
}

// listSignIns returns a page of the log, newest first: those of people at a
// keyboard, unless the filter says which kind it wants.
// See https://learn.microsoft.com/graph/api/signin-list.
func listSignIns(c *call) (any, error) {
	if err := c.query.only("$filter", "$top", "$skiptoken", "$orderby"); err != nil {
		return nil, err
	}
	f, err := filterOf(c, signInFields)
	if err != nil {
		return nil, err
	}
	all := slices.Contains(f.names, "signInEventTypes")
	var events []*Event
	for _, e := range c.t.events {
		if c.t.inLog(e, c.now) && (all || !e.NonInteractive) && f.fits(e) {
			events = append(events, e)
		}
	}
	switch order := c.query.get("$orderby"); order {
	case "", "createdDateTime desc":
	case "createdDateTime", "createdDateTime asc":
		slices.Reverse(events)
	default:
		return nil, badRequest("Invalid orderby clause", "%q: only createdDateTime is documented, with asc or desc", order)
	}
	id := func(e *Event) string { return e.ID }
	return page(c, "auditLogs/signIns", events, 1000, 1000, id, func(e *Event) any { return c.signIn(e, "") })
}

// getSignIn returns one event.
// See https://learn.microsoft.com/graph/api/signin-get.
func getSignIn(c *call) (any, error) {
	if err := c.query.only(); err != nil {
		return nil, err
	}
	for _, e := range c.t.events {
		if e.ID == c.ids[0] && c.t.inLog(e, c.now) && (c.beta || !e.NonInteractive) {
			return c.signIn(e, c.context("auditLogs/signIns/$entity")), nil
		}
	}
	return nil, &problem{
		status: http.StatusNotFound, code: "ResourceNotFound", message: "Resource not found.",
		why: "no event in the log has this id: it may be on its way, or older than the log reaches",
	}
}
