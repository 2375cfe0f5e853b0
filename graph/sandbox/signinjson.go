package sandbox

import (
	"slices"
	"time"

	"mfahelp/graph"
)

// v1SignIn is a sign-in in v1.0: the 29 properties of its metadata.
// See https://learn.microsoft.com/graph/api/resources/signin.
type v1SignIn struct {
	Context              string        `json:"@odata.context,omitempty"`
	ID                   string        `json:"id"`
	CreatedDateTime      string        `json:"createdDateTime"`
	UserDisplayName      string        `json:"userDisplayName"`
	UserPrincipalName    string        `json:"userPrincipalName"`
	UserID               string        `json:"userId"`
	AppID                string        `json:"appId"`
	AppDisplayName       string        `json:"appDisplayName"`
	IPAddress            string        `json:"ipAddress"`
	ClientAppUsed        string        `json:"clientAppUsed"`
	UserAgent            string        `json:"userAgent"`
	CorrelationID        string        `json:"correlationId"`
	ConditionalAccess    string        `json:"conditionalAccessStatus"`
	IsInteractive        bool          `json:"isInteractive"`
	RiskDetail           string        `json:"riskDetail"`
	RiskLevelAggregated  string        `json:"riskLevelAggregated"`
	RiskLevelDuring      string        `json:"riskLevelDuringSignIn"`
	RiskState            string        `json:"riskState"`
	RiskEventTypes       []string      `json:"riskEventTypes"`
	RiskEventTypesV2     []string      `json:"riskEventTypes_v2"`
	ResourceDisplayName  string        `json:"resourceDisplayName"`
	ResourceID           string        `json:"resourceId"`
	HomeTenantID         string        `json:"homeTenantId"`
	ResourceTenantID     string        `json:"resourceTenantId"`
	ServicePrincipalID   string        `json:"servicePrincipalId"`
	ServicePrincipalName *string       `json:"servicePrincipalName"`
	Phone                *jsonPhone    `json:"authenticationAppDeviceDetails"`
	Status               jsonStatus    `json:"status"`
	DeviceDetail         jsonDevice    `json:"deviceDetail"`
	Location             jsonLocation  `json:"location"`
	Policies             *[]jsonPolicy `json:"appliedConditionalAccessPolicies,omitempty"`
}

// betaSignIn is a sign-in in beta, which alone tells the steps.
// See https://learn.microsoft.com/graph/api/resources/signin?view=graph-rest-beta.
type betaSignIn struct {
	v1SignIn
	Details                []jsonStep          `json:"authenticationDetails"`
	Requirement            string              `json:"authenticationRequirement"`
	RequirementPolicies    []map[string]string `json:"authenticationRequirementPolicies"`
	ProcessingDetails      []map[string]string `json:"authenticationProcessingDetails"`
	Protocol               string              `json:"authenticationProtocol"`
	OriginalRequestID      string              `json:"originalRequestId"`
	FlaggedForReview       bool                `json:"flaggedForReview"`
	SignInEventTypes       []string            `json:"signInEventTypes"`
	UserType               string              `json:"userType"`
	CrossTenantAccessType  string              `json:"crossTenantAccessType"`
	TokenIssuerType        string              `json:"tokenIssuerType"`
	TokenIssuerName        string              `json:"tokenIssuerName"`
	IncomingTokenType      string              `json:"incomingTokenType"`
	NetworkLocationDetails []map[string]any    `json:"networkLocationDetails"`
	SessionLifetime        []map[string]string `json:"sessionLifetimePolicies"`
	AutonomousSystemNumber int                 `json:"autonomousSystemNumber"`
	Audiences              []string            `json:"conditionalAccessAudiences"`
	MFADetail              *struct{}           `json:"mfaDetail"` // deprecated, and null here
}

type jsonStatus struct {
	ErrorCode     int     `json:"errorCode"`
	FailureReason string  `json:"failureReason"`
	Details       *string `json:"additionalDetails"`
}

type jsonDevice struct {
	ID        string `json:"deviceId"`
	Name      string `json:"displayName"`
	OS        string `json:"operatingSystem"`
	Browser   string `json:"browser"`
	Compliant bool   `json:"isCompliant"`
	Managed   bool   `json:"isManaged"`
	Trust     string `json:"trustType"`
}

type jsonLocation struct {
	City        string         `json:"city"`
	State       string         `json:"state"`
	Country     string         `json:"countryOrRegion"`
	Coordinates map[string]any `json:"geoCoordinates"`
}

// See https://learn.microsoft.com/graph/api/resources/authenticationappdevicedetails.
type jsonPhone struct {
	AppVersion string `json:"appVersion"`
	ClientApp  string `json:"clientApp"`
	ID         string `json:"deviceId"`
	OS         string `json:"operatingSystem"`
}

// See https://learn.microsoft.com/graph/api/resources/appliedconditionalaccesspolicy.
type jsonPolicy struct {
	ID       string   `json:"id"`
	Name     string   `json:"displayName"`
	Grants   []string `json:"enforcedGrantControls"`
	Sessions []string `json:"enforcedSessionControls"`
	Result   string   `json:"result"`
}

// See https://learn.microsoft.com/graph/api/resources/authenticationdetail.
type jsonStep struct {
	At          string `json:"authenticationStepDateTime"`
	Method      string `json:"authenticationMethod"`
	Detail      string `json:"authenticationMethodDetail"`
	Succeeded   bool   `json:"succeeded"`
	Result      string `json:"authenticationStepResultDetail"`
	Requirement string `json:"authenticationStepRequirement"`
}

// signIn returns e as the version that c asks for shows it.
func (c *call) signIn(e *Event, context string) any {
	v1 := c.v1SignIn(e, context)
	if !c.beta {
		return v1
	}
	b := betaSignIn{
		v1SignIn: v1,
		Details:  jsonSteps(e.stepsAt(c.now)), Requirement: e.Requirement,
		RequirementPolicies: []map[string]string{}, ProcessingDetails: []map[string]string{},
		Protocol: "oAuth2", OriginalRequestID: e.OriginalID, FlaggedForReview: e.Flagged,
		SignInEventTypes: e.types(), UserType: "member", CrossTenantAccessType: "none",
		TokenIssuerType: tokenIssuer, IncomingTokenType: "none",
		NetworkLocationDetails: []map[string]any{}, SessionLifetime: []map[string]string{},
		AutonomousSystemNumber: 64496, Audiences: []string{}, // of RFC 5398, for documentation
	}
	if e.Guest {
		b.UserType, b.CrossTenantAccessType = "guest", "b2bCollaboration"
	}
	return b
}

func (c *call) v1SignIn(e *Event, context string) v1SignIn {
	return v1SignIn{
		Context: context, ID: e.ID, CreatedDateTime: graphTime(e.At),
		UserDisplayName: e.UserName, UserPrincipalName: e.UPN, UserID: e.UserID,
		AppID: e.AppID, AppDisplayName: e.App, IPAddress: e.IP, ClientAppUsed: e.Client, UserAgent: e.UserAgent,
		CorrelationID: e.CorrelationID, ConditionalAccess: e.ConditionalAccess, IsInteractive: !e.NonInteractive,
		RiskDetail: e.RiskDetail, RiskLevelAggregated: e.RiskLevel, RiskLevelDuring: e.RiskLevel, RiskState: e.RiskState,
		RiskEventTypes: []string{}, RiskEventTypesV2: notNil(e.RiskEvents),
		ResourceDisplayName: e.Resource, ResourceID: e.ResourceID,
		HomeTenantID: c.t.homeTenant(e), ResourceTenantID: c.t.ID(),
		Phone:        phoneOf(e.Phone),
		Status:       jsonStatus{e.ErrorCode, e.Failure, orNull(e.Details)},
		DeviceDetail: jsonDevice(e.Device),
		Location:     jsonLocation{e.Location.City, e.Location.State, e.Location.Country, map[string]any{"altitude": nil, "latitude": nil, "longitude": nil}},
		Policies:     c.policies(e),
	}
}

// homeTenant is where the person of an event works.
func (t *Tenant) homeTenant(e *Event) string {
	if e.Guest {
		return stableID("tenant", "fabrikam.com")
	}
	return t.ID()
}

// policies are left out for an app that may not read Conditional Access.
// Nothing in the answer says why.
func (c *call) policies(e *Event) *[]jsonPolicy {
	if c.holds(policyPermissions) == "" {
		return nil
	}
	list := []jsonPolicy{}
	for _, p := range e.Policies {
		list = append(list, jsonPolicy{p.ID, p.Name, notNil(p.Grants), []string{}, p.Result})
	}
	return &list
}

// stepsAt are the steps of e as the log has them by then.
func (e *Event) stepsAt(now time.Time) []graph.Step {
	if !now.Before(e.Settled) || len(e.Steps) == 0 {
		return e.Steps
	}
	early := slices.DeleteFunc(slices.Clone(e.Steps), func(s graph.Step) bool { return s.Method == password })
	return append(early, graph.Step{
		At: e.At, Method: "Previously satisfied", Result: "MFA requirement satisfied by claim in the token",
		Requirement: "Primary authentication",
	})
}

func jsonSteps(steps []graph.Step) []jsonStep {
	list := []jsonStep{}
	for _, s := range steps {
		list = append(list, jsonStep{s.At.UTC().Format(time.RFC3339), s.Method, s.Detail, s.Succeeded, s.Result, s.Requirement})
	}
	return list
}

func phoneOf(p graph.Phone) *jsonPhone {
	if p == (graph.Phone{}) {
		return nil
	}
	return &jsonPhone{p.AppVersion, p.ClientApp, p.ID, p.OS}
}

// graphTime writes a time as Graph does, with up to seven digits.
func graphTime(at time.Time) string { return at.UTC().Format("2006-01-02T15:04:05.9999999Z") }

func notNil(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}

func orNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
