package sandbox

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"mfahelp/graph"
)

// An access says who may ask, and how often. Any one of the permissions will
// do, where "A and B" is one that takes two; the first is the least, which is
// named when all are missing.
// See https://learn.microsoft.com/graph/permissions-reference.
type access struct {
	permissions []string
	denied      func(permissions []string) *problem
	unlicensed  func() *problem // nil if it asks for no licence
	limit       *limit          // nil if there is none worth keeping to
}

// What the areas ask for, from the tables "Permissions" of their pages.
var (
	// https://learn.microsoft.com/graph/api/signin-list
	reportAccess = access{[]string{"AuditLog.Read.All"}, noReports, noLicence, &reportLimit}
	// https://learn.microsoft.com/graph/api/user-get
	userAccess = access{[]string{"User.ReadBasic.All", "User.Read.All", "User.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"}, noDirectory, nil, nil}
	// https://learn.microsoft.com/graph/api/user-list-manager
	managerAccess = access{[]string{"User.Read.All", "User.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"}, noDirectory, nil, nil}
	// https://learn.microsoft.com/graph/api/user-list-transitivememberof
	memberOfAccess = access{[]string{"User.Read.All", "GroupMember.Read.All", "Group.Read.All", "Directory.Read.All", "Directory.ReadWrite.All"}, noDirectory, nil, nil}
	// https://learn.microsoft.com/graph/api/directoryobject-checkmembergroups
	checkAccess = access{[]string{"User.Read.All and GroupMember.Read.All", "User.Read.All and Group.Read.All", "Directory.Read.All", "Directory.ReadWrite.All"}, noDirectory, nil, nil}
	// https://learn.microsoft.com/graph/api/group-get and group-list-members
	groupAccess = access{[]string{"GroupMember.Read.All", "Group.Read.All", "Group.ReadWrite.All", "GroupMember.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"}, noDirectory, nil, nil}
	// https://learn.microsoft.com/graph/api/rbacapplication-list-roleassignments
	roleAccess = access{[]string{"RoleManagement.Read.Directory", "RoleManagement.Read.All", "Directory.Read.All", "RoleManagement.ReadWrite.Directory", "Directory.ReadWrite.All"}, noDirectory, nil, nil}
	// https://learn.microsoft.com/graph/api/rbacapplication-list-roleeligibilityscheduleinstances
	eligibleAccess = access{[]string{"RoleEligibilitySchedule.Read.Directory", "RoleEligibilitySchedule.ReadWrite.Directory", "RoleManagement.Read.Directory", "RoleManagement.Read.All", "RoleManagement.ReadWrite.Directory"}, noPIM, noP2, nil}
	// https://learn.microsoft.com/graph/api/rbacapplication-list-roleassignmentscheduleinstances
	activeAccess = access{[]string{"RoleAssignmentSchedule.Read.Directory", "RoleAssignmentSchedule.ReadWrite.Directory", "RoleManagement.Read.Directory", "RoleManagement.Read.All", "RoleManagement.ReadWrite.Directory"}, noPIM, noP2, nil}
	// https://learn.microsoft.com/graph/api/authentication-list-methods
	methodAccess = access{[]string{"UserAuthenticationMethod.Read.All", "UserAuthenticationMethod.ReadWrite.All"}, noMethods, nil, nil}
	// https://learn.microsoft.com/graph/api/authentication-update
	preferenceAccess = access{[]string{"UserAuthenticationMethod.ReadWrite.All"}, noMethods, nil, nil}
	// https://learn.microsoft.com/graph/api/user-revokesigninsessions
	revokeAccess = access{[]string{"User.RevokeSessions.All", "User.ReadWrite.All", "Directory.ReadWrite.All"}, noDirectory, nil, nil}
	// https://learn.microsoft.com/graph/api/temporaryaccesspassauthenticationmethodconfiguration-get
	passPolicyAccess = access{[]string{"Policy.Read.AuthenticationMethod", "Policy.ReadWrite.AuthenticationMethod"}, noMethods, nil, nil}
	// https://learn.microsoft.com/graph/api/user-sendmail
	mailAccess = access{[]string{"Mail.Send"}, noMail, nil, nil}
	// https://learn.microsoft.com/graph/api/riskyuser-get
	riskAccess = access{[]string{"IdentityRiskyUser.Read.All", "IdentityRiskyUser.ReadWrite.All"}, noRisk, noRiskLicence, &riskLimit}
	// https://learn.microsoft.com/graph/api/conditionalaccessroot-list-policies
	policyAccess = access{[]string{"Policy.Read.All"}, noPolicies, noPolicyLicence, nil}
	// https://learn.microsoft.com/graph/api/organization-list
	organizationAccess = access{[]string{"Organization.Read.All", "Organization.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All", "User.Read.All"}, noDirectory, nil, nil}
)

// methodWrite is who may change methods of a kind: whoever may those, or all.
func methodWrite(kind graph.Kind) access {
	return access{[]string{methodPaths[kind].write, "UserAuthenticationMethod.ReadWrite.All"}, noMethods, nil, nil}
}

// policyPermissions show the Conditional Access policies that had a say in a
// sign-in. Without one of them the log leaves the list out and says nothing.
// See https://learn.microsoft.com/graph/api/signin-list#permissions.
var policyPermissions = []string{"Policy.Read.ConditionalAccess", "Policy.Read.All", "Policy.ReadWrite.ConditionalAccess"}

// allow returns the permission by which c is let through, or why it is not.
func (a access) allow(c *call) (permission string, err error) {
	permission = c.holds(a.permissions)
	if permission == "" {
		p := a.denied(a.permissions)
		p.missing = a.permissions[0]
		p.why = fmt.Sprintf("the app %q needs %s; its token has %s", c.token.AppName,
			strings.Join(a.permissions, ", or "), strings.Join(c.token.Roles, ", "))
		if a := c.t.app(c.token.AppID); a != nil && slices.Contains(a.Permissions, p.missing) {
			p.why += ". It has been granted since: a new token will do"
		}
		return "", p
	}
	if a.unlicensed != nil && c.t.free {
		return permission, a.unlicensed().explained("this needs Entra ID P1 or P2, which the sandbox's tenant is set to be without")
	}
	return permission, c.t.spend(a.limit, c.token.AppID, c.now)
}

// holds returns which of the permissions the token of c has, or "".
func (c *call) holds(permissions []string) string {
	for _, p := range permissions {
		missing := func(part string) bool { return !slices.Contains(c.token.Roles, part) }
		if !slices.ContainsFunc(strings.Split(p, " and "), missing) {
			return p
		}
	}
	return ""
}

// noReports is what the audit logs say, word for word.
// See https://github.com/microsoftgraph/microsoft-graph-explorer-v4/issues/2731.
func noReports(permissions []string) *problem {
	return &problem{
		status: http.StatusForbidden, code: "Authentication_MSGraphPermissionMissing",
		message: "Calling principal does not have required MSGraph permissions " + strings.Join(permissions, ","),
	}
}

// noLicence is what the audit logs say to a tenant without Entra ID P1. Now and
// then they say it to one that has it: see [Fault].
// See https://github.com/microsoftgraph/microsoft-graph-docs/issues/14118.
func noLicence() *problem {
	return &problem{
		status: http.StatusForbidden, code: "Authentication_RequestFromNonPremiumTenantOrB2CTenant",
		message: "Neither tenant is B2C or tenant doesn't have premium license",
	}
}

// noP2 is what Privileged Identity Management says, in words that are not
// confirmed.
func noP2() *problem {
	return &problem{
		status: http.StatusBadRequest, code: "UnknownError",
		message: `{"errorCode":"AadPremiumLicenseRequired","message":"The tenant needs to have Microsoft Entra ID P2 or Microsoft Entra ID Governance license.","instanceAnnotations":[]}`,
	}
}

// noRiskLicence is what Identity Protection says, in words that are not confirmed.
func noRiskLicence() *problem {
	return &problem{status: http.StatusForbidden, code: "Forbidden", message: "Your tenant is not licensed for this feature."}
}

// noPolicies is what Conditional Access says, in words that are not confirmed.
func noPolicies([]string) *problem {
	return &problem{
		status: http.StatusForbidden, code: "AccessDenied",
		message: "You cannot perform the requested operation, required scopes are missing in the token.",
	}
}

// noPolicyLicence is what it says to a tenant without Entra ID P1, in words that
// are not confirmed.
func noPolicyLicence() *problem {
	return &problem{status: http.StatusForbidden, code: "AccessDenied", message: "Your tenant is not licensed for this feature."}
}

func noDirectory([]string) *problem {
	return &problem{
		status: http.StatusForbidden, code: "Authorization_RequestDenied",
		message: "Insufficient privileges to complete the operation.",
	}
}

// noPIM is the error of another service, wrapped into Graph's.
// See https://github.com/microsoftgraph/microsoft-graph-docs/issues/22292.
func noPIM(permissions []string) *problem {
	return &problem{
		status: http.StatusForbidden, code: "UnknownError",
		message: fmt.Sprintf(`{"errorCode":"PermissionScopeNotGranted","message":"Authorization failed due to missing permission scope %s.","instanceAnnotations":[]}`,
			strings.Join(permissions, ",")),
	}
}

// See https://github.com/microsoftgraph/msgraph-sdk-go/issues/441.
func noMethods([]string) *problem {
	return &problem{status: http.StatusForbidden, code: "accessDenied", message: "Request Authorization failed"}
}

// See https://github.com/microsoftgraph/msgraph-beta-sdk-dotnet/issues/723.
func noRisk([]string) *problem {
	return &problem{
		status: http.StatusForbidden, code: "Forbidden",
		message: "You cannot perform the requested operation, required scopes are missing in the token.",
	}
}

// noMail is what Exchange says.
// See https://learn.microsoft.com/graph/auth-limit-mailbox-access.
func noMail([]string) *problem {
	return &problem{status: http.StatusForbidden, code: "ErrorAccessDenied", message: "Access is denied. Check credentials and try again."}
}
