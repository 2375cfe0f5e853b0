package sandbox

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"mfahelp/graph"
)

// An Audit is one entry of the directory's audit log.
// See https://learn.microsoft.com/graph/api/resources/directoryaudit.
type Audit struct {
	ID        string    `json:"id"`
	At        time.Time `json:"at"`
	Visible   time.Time `json:"visible"`
	Activity  string    `json:"activity"`
	Category  string    `json:"category"`
	Service   string    `json:"service"`
	Operation string    `json:"operation"`
	Result    string    `json:"result"`
	Reason    string    `json:"reason"`
	ByUser    string    `json:"by_user,omitempty"` // object id; of who did it, if it was a person
	ByApp     string    `json:"by_app,omitempty"`  // client id, if it was a program
	Target    string    `json:"target,omitempty"`  // object id of whose account it is; some activities do not say
	Changes   []change  `json:"-"`
}

// change is a property that is another now. The log has old and new values as
// JSON, and of some properties neither.
type change struct{ name, before, after string }

// The services that write the log.
const (
	coreDirectory = "Core Directory"
	methodService = "Authentication Methods"
	mfaService    = "Azure MFA"
)

// Audits returns what is in the directory's audit log or on its way there, the
// newest first.
func (t *Tenant) Audits() []Audit {
	t.mu.Lock()
	defer t.mu.Unlock()
	var list []Audit
	for _, a := range t.audits {
		list = append(list, *a)
	}
	return list
}

// note puts an entry into the log. What it does not say is filled in.
func (t *Tenant) note(a Audit) {
	if a.At.IsZero() {
		a.At = t.now()
	}
	a.At = a.At.UTC().Truncate(100 * time.Nanosecond)
	if a.Visible.IsZero() {
		a.Visible = a.At.Add(t.opts.Lag)
	}
	fill(&a.Category, "UserManagement")
	fill(&a.Service, coreDirectory)
	fill(&a.Operation, "Update")
	fill(&a.Result, "success")
	if a.ID == "" {
		a.ID = strings.ReplaceAll(a.Service, " ", "_") + "_" + t.newGUID()
	}
	i, _ := slices.BinarySearchFunc(t.audits, a.At, func(old *Audit, at time.Time) int { return at.Compare(old.At) })
	t.audits = slices.Insert(t.audits, i, &a)
}

// admin is an entry of what the app that makes the call did to u.
func (c *call) admin(activity string, u *user, reason string, changes ...change) Audit {
	return Audit{Activity: activity, Service: methodService, Operation: "Other", Reason: reason, ByApp: c.token.AppID, Target: u.ID, Changes: changes}
}

// updated is what the directory itself says of that.
func (c *call) updated(u *user, changes ...change) Audit {
	return Audit{Activity: "Update user", ByApp: c.token.AppID, Target: u.ID, Changes: changes}
}

// strongAuthDetail is the property of the directory in which a method is.
func strongAuthDetail(m method) string {
	switch m.kind {
	case graph.Authenticator, graph.SoftwareOATH, graph.HardwareOATH:
		return "StrongAuthenticationPhoneAppDetail"
	case graph.PhoneMethod:
		return "StrongAuthenticationUserDetails"
	}
	return ""
}

var auditRoutes = []route{
	{method: "GET", path: "/auditLogs/directoryAudits", access: reportAccess, serve: listAudits},
	{method: "GET", path: "/auditLogs/directoryaudits", access: reportAccess, serve: listAudits},
	{method: "GET", path: "/auditLogs/directoryAudits/{}", access: reportAccess, serve: getAudit},
}

// auditFields are the filters that the page documents.
var auditFields = []field[*Audit]{
	{name: "id", operators: "eq", value: func(a *Audit) any { return a.ID }},
	{name: "activityDateTime", operators: "eq le ge", kind: moment, value: func(a *Audit) any { return a.At }},
	{name: "activityDisplayName", operators: "eq startsWith", value: func(a *Audit) any { return a.Activity }},
	{name: "correlationId", operators: "eq", value: func(a *Audit) any { return a.correlation() }},
	{name: "loggedByService", operators: "eq", value: func(a *Audit) any { return a.Service }},
	{name: "initiatedBy/user/id", operators: "eq", fold: true, value: func(a *Audit) any { return a.ByUser }},
	{name: "initiatedBy/app/appId", operators: "eq", fold: true, value: func(a *Audit) any { return a.ByApp }},
	{name: "targetResources", member: "id", operators: "eq", kind: texts, value: func(a *Audit) any { return []string{a.Target} }},
}

// listAudits returns a page of the log, newest first.
// See https://learn.microsoft.com/graph/api/directoryaudit-list.
func listAudits(c *call) (any, error) {
	if err := c.query.only("$filter", "$top", "$skiptoken", "$orderby"); err != nil {
		return nil, err
	}
	f, err := filterOf(c, auditFields)
	if err != nil {
		return nil, err
	}
	if order := c.query.get("$orderby"); order != "" && order != "activityDateTime desc" {
		return nil, badRequest("Invalid orderby clause", "%q: the sandbox has the newest first, as activityDateTime desc", order)
	}
	var found []*Audit
	for _, a := range c.t.audits {
		if c.t.audited(a, c.now) && f.fits(a) {
			found = append(found, a)
		}
	}
	id := func(a *Audit) string { return a.ID }
	return page(c, "auditLogs/directoryAudits", found, 1000, 1000, id, func(a *Audit) any { return c.audit(a) })
}

// getAudit returns one entry.
// See https://learn.microsoft.com/graph/api/directoryaudit-get.
func getAudit(c *call) (any, error) {
	for _, a := range c.t.audits {
		if a.ID == c.ids[0] && c.t.audited(a, c.now) {
			e := c.audit(a)
			e["@odata.context"] = c.context("auditLogs/directoryAudits/$entity")
			return e, nil
		}
	}
	return nil, &problem{status: http.StatusNotFound, code: "ResourceNotFound", message: "Resource not found."}
}

// audited reports whether an entry has arrived and is still kept.
func (t *Tenant) audited(a *Audit, now time.Time) bool {
	return !a.Visible.After(now) && a.At.After(now.Add(-t.retention()))
}

func (c *call) audit(a *Audit) map[string]any {
	targets := []map[string]any{}
	if u := c.t.user(a.Target); u != nil {
		changed := []map[string]any{}
		for _, p := range a.Changes {
			changed = append(changed, map[string]any{"displayName": p.name, "oldValue": orNull(p.before), "newValue": orNull(p.after)})
		}
		targets = append(targets, map[string]any{
			"id": u.ID, "displayName": u.Name, "type": "User", "userPrincipalName": u.UPN, "groupType": nil, "modifiedProperties": changed,
		})
	}
	return map[string]any{
		"id": a.ID, "category": a.Category, "correlationId": a.correlation(), "result": a.Result, "resultReason": a.Reason,
		"activityDisplayName": a.Activity, "activityDateTime": graphTime(a.At), "loggedByService": a.Service, "operationType": a.Operation,
		"initiatedBy": c.initiator(a), "targetResources": targets, "additionalDetails": []any{},
	}
}

func (a *Audit) correlation() string { return stableID("correlation", a.ID) }

func (c *call) initiator(a *Audit) map[string]any {
	by := map[string]any{"user": nil, "app": nil}
	if u := c.t.user(a.ByUser); u != nil {
		by["user"] = map[string]any{"id": u.ID, "displayName": u.Name, "userPrincipalName": u.UPN, "ipAddress": "203.0.113.9"}
	}
	if app := c.t.app(a.ByApp); app != nil {
		by["app"] = map[string]any{"appId": app.ID, "displayName": app.Name, "servicePrincipalId": stableID("service principal", app.ID), "servicePrincipalName": nil}
	}
	return by
}
