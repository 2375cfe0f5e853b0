package msgraph

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"mfahelp/graph"

	"github.com/microsoftgraph/msgraph-sdk-go/models"
)

// Passes returns the Temporary Access Passes that somebody has, of which one at
// most is usable, without the passes themselves.
// See https://learn.microsoft.com/graph/api/authentication-list-temporaryaccesspassmethods.
func (c *Client) Passes(ctx context.Context, id string) ([]graph.PassState, error) {
	const op = "list passes"
	if id = who(id); id == "" {
		return nil, invalid(op, errNoID)
	}
	got, err := all[models.TemporaryAccessPassAuthenticationMethodCollectionResponseable, models.TemporaryAccessPassAuthenticationMethodable](ctx, c, request{
		op: op, needs: methodsRead, api: graph.V1,
		path: methodsOf + "temporaryAccessPassMethods", vars: map[string]string{"id": id},
		into: models.CreateTemporaryAccessPassAuthenticationMethodCollectionResponseFromDiscriminatorValue,
	})
	if err != nil {
		return nil, err
	}
	var passes []graph.PassState
	for _, p := range got {
		passes = append(passes, graph.PassState{
			ID: val(p.GetId()), Created: val(p.GetCreatedDateTime()).UTC(), From: val(p.GetStartDateTime()).UTC(), Till: passEnd(p),
			Once: val(p.GetIsUsableOnce()), Usable: val(p.GetIsUsable()), Why: val(p.GetMethodUsabilityReason()),
		})
	}
	return passes, nil
}

// PassPolicy returns what the tenant says about Temporary Access Passes.
// See https://learn.microsoft.com/graph/api/temporaryaccesspassauthenticationmethodconfiguration-get.
func (c *Client) PassPolicy(ctx context.Context) (graph.PassPolicy, error) {
	const op = "get pass policy"
	got, err := get[models.TemporaryAccessPassAuthenticationMethodConfigurationable](ctx, c, request{
		op: op, needs: "Policy.Read.AuthenticationMethod", api: graph.V1,
		path: "/policies/authenticationMethodsPolicy/authenticationMethodConfigurations/temporaryAccessPass",
		into: models.CreateAuthenticationMethodConfigurationFromDiscriminatorValue,
	})
	if err != nil {
		return graph.PassPolicy{}, err
	}
	minutes := func(n *int32) time.Duration { return time.Duration(val(n)) * time.Minute }
	p := graph.PassPolicy{
		Enabled: name(got.GetState()) == "enabled",
		Min:     minutes(got.GetMinimumLifetimeInMinutes()), Max: minutes(got.GetMaximumLifetimeInMinutes()),
		Default: minutes(got.GetDefaultLifetimeInMinutes()), OnlyOnce: val(got.GetIsUsableOnce()), Length: int(val(got.GetDefaultLength())),
	}
	for _, t := range present(got.GetIncludeTargets()) {
		if id := val(t.GetId()); id == "all_users" {
			p.Everybody = true
		} else {
			p.For = append(p.For, strings.ToLower(id))
		}
	}
	for _, t := range present(got.GetExcludeTargets()) {
		p.NotFor = append(p.NotFor, strings.ToLower(val(t.GetId())))
	}
	if p.Min <= 0 || p.Max < p.Min || p.Default <= 0 {
		return graph.PassPolicy{}, &graph.Error{Op: op, Reason: graph.ErrUnavailable, Err: errUnreadable}
	}
	return p, nil
}

// riskPause is what Identity Protection wants between two requests of a tenant,
// and does not say.
// See https://learn.microsoft.com/graph/throttling-limits#identity-protection-and-conditional-access-service-limits.
const riskPause = time.Second

// Risk returns what Entra holds of somebody. Nothing is held of most.
// See https://learn.microsoft.com/graph/api/riskyuser-get.
func (c *Client) Risk(ctx context.Context, id string) (graph.Risk, error) {
	const op = "get risky user"
	if id = guid(id); id == "" {
		return graph.Risk{}, invalid(op, errNoID)
	}
	got, err := get[models.RiskyUserable](ctx, c, request{
		op: op, needs: "IdentityRiskyUser.Read.All", api: graph.V1,
		path: "/identityProtection/riskyUsers/{id}", vars: map[string]string{"id": id},
		into: models.CreateRiskyUserFromDiscriminatorValue,
	})
	var failed *graph.Error
	switch {
	case errors.Is(err, graph.ErrNotFound):
		return graph.Risk{}, nil
	case errors.Is(err, graph.ErrThrottled) && errors.As(err, &failed):
		failed.After = max(failed.After, riskPause)
		return graph.Risk{}, failed
	case err != nil:
		return graph.Risk{}, err
	}
	r := graph.Risk{Level: name(got.GetRiskLevel()), State: name(got.GetRiskState()), Detail: name(got.GetRiskDetail()), Updated: val(got.GetRiskLastUpdatedDateTime()).UTC()}
	if r.State == "" {
		return graph.Risk{}, &graph.Error{Op: op, Reason: graph.ErrUnavailable, Err: errUnreadable} // which is not "none"
	}
	return r, nil
}

// Contact returns one of somebody's telephone numbers, masked.
// See https://learn.microsoft.com/graph/api/user-get.
func (c *Client) Contact(ctx context.Context, id, field string) (graph.ContactField, error) {
	const op = "get contact"
	if id = who(id); id == "" {
		return graph.ContactField{}, invalid(op, errNoID)
	}
	if field != graph.BusinessPhone && field != graph.MobilePhone {
		return graph.ContactField{}, invalid(op, fmt.Errorf("no telephone number is in the field %q", field))
	}
	u, err := get[models.Userable](ctx, c, request{
		op: op, needs: "User.Read.All", api: graph.V1,
		path: "/users/{id}", vars: map[string]string{"id": id}, query: map[string]string{"$select": "id,accountEnabled," + field},
		into: models.CreateUserFromDiscriminatorValue,
	})
	if err != nil {
		return graph.ContactField{}, err
	}
	if _, err := user(u, op); err != nil { // who may read only the basics is told null
		return graph.ContactField{}, err
	}
	number := val(u.GetMobilePhone())
	if field == graph.BusinessPhone {
		number = strings.Join(slices.DeleteFunc(u.GetBusinessPhones(), func(n string) bool { return n == "" }), ", ")
	}
	return graph.ContactField{Field: field, Masked: mask(number)}, nil
}

// DirectoryEvents asks the directory's audit log once: one request, one page,
// newest first. It counts against the same five requests in ten seconds as the
// sign-in log; package signins keeps that account.
// See https://learn.microsoft.com/graph/api/directoryaudit-list.
func (c *Client) DirectoryEvents(ctx context.Context, f graph.EventFilter) (graph.EventPage, error) {
	q := request{
		op: "list directory audits", needs: "AuditLog.Read.All", api: graph.V1,
		path: "/auditLogs/directoryAudits", query: map[string]string{},
		into: models.CreateDirectoryAuditCollectionResponseFromDiscriminatorValue,
	}
	var err error
	if f.Next != "" {
		q.next, err = c.nextPage(q, f.Next)
	} else {
		q.query["$filter"], err = eventFilter(f)
	}
	if err != nil {
		return graph.EventPage{}, invalid(q.op, err)
	}
	got, err := get[models.DirectoryAuditCollectionResponseable](ctx, c, q)
	if err != nil {
		return graph.EventPage{}, err
	}
	page := graph.EventPage{Next: val(got.GetOdataNextLink())}
	for _, a := range present(got.GetValue()) {
		page.Events = append(page.Events, directoryEvent(a, f.Target))
	}
	return page, nil
}

// eventFilter writes f. Nothing gets into it but GUIDs and times.
func eventFilter(f graph.EventFilter) (string, error) {
	target, by := guid(f.Target), guid(f.By)
	var clause string
	switch {
	case target != "":
		clause = "targetResources/any(t: t/id eq '" + target + "')"
	case by != "" && f.Target == "":
		clause = "initiatedBy/user/id eq '" + by + "'"
	default:
		return "", errors.New("a filter without an id would read the whole log")
	}
	return clause + during("activityDateTime", f.From, f.To), nil
}

// directoryEvent reads an entry. Of what was changed only the names are read:
// the values may be telephone numbers. An entry may be about two people, such as
// somebody and their new manager: then it is about who was asked for.
func directoryEvent(a models.DirectoryAuditable, asked string) graph.DirectoryEvent {
	e := graph.DirectoryEvent{
		ID: val(a.GetId()), At: val(a.GetActivityDateTime()).UTC(), Activity: val(a.GetActivityDisplayName()), Reason: maskNumbers(val(a.GetResultReason())),
		Category: val(a.GetCategory()), Service: val(a.GetLoggedByService()), Result: name(a.GetResult()),
	}
	if by := a.GetInitiatedBy(); by != nil {
		if u := by.GetUser(); u != nil {
			e.By = strings.ToLower(val(u.GetId()))
		}
		if app := by.GetApp(); app != nil {
			e.ByApp = strings.ToLower(val(app.GetAppId()))
		}
	}
	for _, t := range present(a.GetTargetResources()) {
		if asked != "" && strings.EqualFold(val(t.GetId()), asked) {
			e.Target = strings.ToLower(asked)
		}
		if e.Target == "" && (strings.EqualFold(val(t.GetTypeEscaped()), "User") || val(t.GetTypeEscaped()) == "") {
			e.Target = strings.ToLower(val(t.GetId()))
		}
		for _, p := range present(t.GetModifiedProperties()) {
			if n := val(p.GetDisplayName()); n != "" {
				e.Changed = append(e.Changed, n)
			}
		}
	}
	return e
}
