package msgraph

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"mfahelp/graph"

	"github.com/microsoftgraph/msgraph-sdk-go/models"
)

// SignIns asks the sign-in log once: one request, one page, newest first. It
// counts against the tenant's five requests in ten seconds; package signins
// keeps that account.
// See https://learn.microsoft.com/graph/api/signin-list.
func (c *Client) SignIns(ctx context.Context, api graph.API, f graph.Filter) (graph.Page, error) {
	q := request{
		op: "list sign-ins", needs: "AuditLog.Read.All", api: api,
		path: "/auditLogs/signIns", query: map[string]string{},
		into: models.CreateSignInCollectionResponseFromDiscriminatorValue,
	}
	var err error
	switch {
	case api != graph.Beta && api != graph.V1:
		return graph.Page{}, invalid(q.op, errors.New("no such version of Graph"))
	case f.Next != "":
		if q.next, err = c.nextPage(q, f.Next); err != nil {
			return graph.Page{}, err
		}
	default:
		if q.query["$filter"], err = filter(f); err != nil {
			return graph.Page{}, invalid(q.op, err)
		}
		if f.Top > 0 {
			q.query["$top"] = strconv.Itoa(min(f.Top, 1000))
		}
	}
	got, err := get[models.SignInCollectionResponseable](ctx, c, q)
	if err != nil {
		return graph.Page{}, err
	}
	page := graph.Page{Next: val(got.GetOdataNextLink())}
	for _, s := range present(got.GetValue()) {
		page.SignIns = append(page.SignIns, signIn(s, api))
	}
	return page, nil
}

// filter writes f. Nothing gets into it but GUIDs and times, so there is
// nothing to escape.
func filter(f graph.Filter) (string, error) {
	for _, by := range []struct{ property, id string }{{"id", f.ID}, {"correlationId", f.CorrelationID}, {"userId", f.UserID}} {
		if by.id == "" {
			continue
		}
		id := guid(by.id)
		if id == "" {
			return "", errors.New("the id is no GUID")
		}
		eq := fmt.Sprintf("%s eq '%s'", by.property, id)
		if by.property == "userId" {
			eq += during("createdDateTime", f.From, f.To)
		}
		return eq, nil
	}
	return "", errors.New("a filter without an id would read the whole log")
}

// during is the end of a filter by time.
func during(property string, from, to time.Time) (and string) {
	for _, limit := range []struct {
		operator string
		at       time.Time
	}{{"ge", from}, {"le", to}} {
		if !limit.at.IsZero() {
			and += fmt.Sprintf(" and %s %s %s", property, limit.operator, limit.at.UTC().Format("2006-01-02T15:04:05.999Z"))
		}
	}
	return and
}

// signIn reads an event. The SDK knows v1.0; what only beta tells is among the
// additional data. A risk or a status that the SDK has no name for is lost, and
// reads as unknown.
// See https://learn.microsoft.com/graph/api/resources/signin?view=graph-rest-beta.
func signIn(s models.SignInable, api graph.API) graph.SignIn {
	more := object(s.GetAdditionalData())
	e := graph.SignIn{
		ID:            val(s.GetId()),
		CorrelationID: val(s.GetCorrelationId()),
		OriginalID:    more.text("originalRequestId"),
		At:            val(s.GetCreatedDateTime()).UTC(),
		UserID:        val(s.GetUserId()),
		UPN:           strings.ToLower(val(s.GetUserPrincipalName())),
		UserName:      val(s.GetUserDisplayName()),

		App:       val(s.GetAppDisplayName()),
		AppID:     val(s.GetAppId()),
		Resource:  resource(s),
		Client:    val(s.GetClientAppUsed()),
		IP:        val(s.GetIpAddress()),
		Location:  location(s.GetLocation()),
		Device:    device(s.GetDeviceDetail()),
		Phone:     phone(more.object("authenticationAppDeviceDetails")),
		UserAgent: more.text("userAgent"),

		ConditionalAccess: name(s.GetConditionalAccessStatus()),
		Policies:          policies(s.GetAppliedConditionalAccessPolicies()),
		RiskLevel:         name(s.GetRiskLevelDuringSignIn()),
		RiskState:         name(s.GetRiskState()),
		Requirement:       more.text("authenticationRequirement"),
		API:               api,
	}
	if api == graph.Beta {
		e.Steps = steps(more.objects("authenticationDetails"))
	}
	if status := s.GetStatus(); status != nil {
		e.ErrorCode = int(val(status.GetErrorCode()))
		e.Failure = val(status.GetFailureReason())
		e.Details = val(status.GetAdditionalDetails())
	}
	return e
}

// resource returns the display name, or, of events that come from elsewhere and
// have none, the id, such as "radius".
// See https://learn.microsoft.com/entra/identity/authentication/howto-mfa-reporting.
func resource(s models.SignInable) string {
	if n := val(s.GetResourceDisplayName()); n != "" {
		return n
	}
	return val(s.GetResourceId())
}

func location(l models.SignInLocationable) graph.Location {
	if l == nil {
		return graph.Location{}
	}
	return graph.Location{City: val(l.GetCity()), State: val(l.GetState()), Country: val(l.GetCountryOrRegion())}
}

func device(d models.DeviceDetailable) graph.Device {
	if d == nil {
		return graph.Device{}
	}
	return graph.Device{
		ID: val(d.GetDeviceId()), Name: val(d.GetDisplayName()), OS: val(d.GetOperatingSystem()), Browser: val(d.GetBrowser()),
		Compliant: val(d.GetIsCompliant()), Managed: val(d.GetIsManaged()), Trust: val(d.GetTrustType()),
	}
}

func phone(o object) graph.Phone {
	return graph.Phone{AppVersion: o.text("appVersion"), ClientApp: o.text("clientApp"), ID: o.text("deviceId"), OS: o.text("operatingSystem")}
}

func policies(list []models.AppliedConditionalAccessPolicyable) (out []graph.Policy) {
	for _, p := range present(list) {
		out = append(out, graph.Policy{
			ID: val(p.GetId()), Name: val(p.GetDisplayName()), Grants: p.GetEnforcedGrantControls(), Result: name(p.GetResult()),
		})
	}
	return out
}

// steps reads what was asked of who signed in. The detail of a method may be a
// phone number, and not every tenant's log has it masked.
// See https://learn.microsoft.com/graph/api/resources/authenticationdetail.
func steps(list []object) (out []graph.Step) {
	for _, o := range list {
		out = append(out, graph.Step{
			At:          o.time("authenticationStepDateTime"),
			Method:      o.text("authenticationMethod"),
			Detail:      maskNumbers(o.text("authenticationMethodDetail")),
			Succeeded:   o.truth("succeeded"),
			Result:      o.text("authenticationStepResultDetail"),
			Requirement: o.text("authenticationStepRequirement"),
		})
	}
	return out
}
