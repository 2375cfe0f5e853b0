package aadsts

import (
	"slices"
	"strconv"
)

// An Entry is what Microsoft says about a code. What it means to the person
// who meets it, and what to do, is in package words under code.<code>.title,
// .user and .admin.
type Entry struct {
	Code        string
	Name        string // Microsoft's name, "" where it publishes none
	Description string // Microsoft's description, in short form
	Source      string // where the two come from; see the constants below
	Class       Class
	Interrupt   bool // a step on the way: alone it is no verdict, so look for the last event of the sign-in
	OnlyNamed   bool // alone, without AADSTS or a word for it, the number is more often something else
	Incident    bool // somebody else may have the password: a matter for the admins, never for self-help
}

// A Class says what kind of thing has gone wrong.
type Class string

// The classes. An interrupt is a step that Entra logs like an error.
const (
	ClassMFA               Class = "mfa"
	ClassRegistration      Class = "registration"
	ClassPass              Class = "pass" // Temporary Access Pass
	ClassInterrupt         Class = "interrupt"
	ClassPassword          Class = "password"
	ClassAccount           Class = "account"
	ClassGuest             Class = "guest" // also other organisations and their policies
	ClassDevice            Class = "device"
	ClassConditionalAccess Class = "conditional-access"
	ClassRisk              Class = "risk"
	ClassConsent           Class = "consent"
	ClassSession           Class = "expired-session"
	ClassTransient         Class = "transient"
	ClassOnPremises        Class = "on-premises"
	ClassApp               Class = "app" // the program is to blame, not the person
)

// The sources of the catalogue. Microsoft warns that codes and texts change.
const (
	// MicrosoftDocs/entra-docs, docs/identity-platform/reference-error-codes.md, commit 3164b3b.
	reference = "ED reference-error-codes"
	// MicrosoftDocs/entra-docs, docs/identity/monitoring-health/howto-troubleshoot-sign-in-errors.md, commit 1f35a70.
	howto = "ED howto-troubleshoot-sign-in-errors"
	// f-bader/EntraID-ErrorCodes, EntraIDErrorCodes.csv, commit e262416.
	fb = "FB"
)

// Catalogue returns all entries, sorted by the number of their code.
func Catalogue() []Entry { return slices.Clone(catalogue) }

// Lookup finds the entry for a code. Microsoft lengthens a code to tell its
// variants apart (500532 is a case of 50053), so an unknown one is looked up
// by its longest known beginning of five digits or more; variant says so.
func Lookup(code string) (e Entry, variant, ok bool) {
	if len(code) < 5 || len(code) > 7 {
		return Entry{}, false, false
	}
	n, err := strconv.ParseUint(code, 10, 32)
	if err != nil {
		return Entry{}, false, false
	}
	i, variant, ok := lookup(uint32(n))
	if !ok {
		return Entry{}, false, false
	}
	return catalogue[i], variant, true
}

func lookup(code uint32) (i int, variant, ok bool) {
	for c := code; c >= 10000; c /= 10 {
		if i, ok := index(c); ok {
			return i, c != code, true
		}
	}
	return 0, false, false
}

// index finds a code in the catalogue.
func index(code uint32) (int, bool) { return slices.BinarySearch(numbers, code) }

// numbers are the codes of the catalogue, in its order.
var numbers = makeNumbers()

func makeNumbers() []uint32 {
	ns := make([]uint32, len(catalogue))
	for i, e := range catalogue {
		ns[i] = number([]byte(e.Code))
	}
	return ns
}

var catalogue = []Entry{
	{Code: "16000", Class: ClassGuest, Source: reference, OnlyNamed: true, Name: "InteractionRequired",
		Description: "The account of this identity provider does not exist in the tenant, or a personal account has no directory."},
	{Code: "16001", Class: ClassSession, Source: reference, OnlyNamed: true, Name: "UserAccountSelectionInvalid",
		Description: "The account that was picked is one that the session no longer accepts."},
	{Code: "16003", Class: ClassGuest, Source: reference, OnlyNamed: true, Name: "SsoUserAccountNotFoundInResourceTenant",
		Description: "The user has not been explicitly added to the tenant."},
	{Code: "50000", Class: ClassTransient, Source: reference, OnlyNamed: true, Name: "TokenIssuanceError",
		Description: "There is an issue with the sign-in service."},
	{Code: "50001", Class: ClassApp, Source: reference, OnlyNamed: true, Name: "InvalidResource",
		Description: "The resource is disabled or does not exist."},
	{Code: "50002", Class: ClassGuest, Source: reference, OnlyNamed: true, Name: "NotAllowedTenant",
		Description: "Sign-in failed because of a restricted proxy access on the tenant."},
	{Code: "50003", Class: ClassApp, Source: reference, OnlyNamed: true, Name: "MissingSigningKey",
		Description: "A signing key or certificate is missing."},
	{Code: "50005", Class: ClassConditionalAccess, Source: reference, OnlyNamed: true, Name: "DevicePolicyError",
		Description: "The platform of the device is not supported through Conditional Access policy: iOS, Android, Mac and Windows are."},
	{Code: "50006", Class: ClassApp, Source: reference, OnlyNamed: true, Name: "InvalidSignature",
		Description: "Signature verification failed because of an invalid signature."},
	{Code: "50008", Class: ClassApp, Source: reference, OnlyNamed: true, Name: "InvalidSamlToken",
		Description: "SAML assertion is missing or misconfigured in the token."},
	{Code: "50010", Class: ClassApp, Source: reference, OnlyNamed: true, Name: "AudienceUriValidationFailed",
		Description: "No token audiences were configured for the app."},
	{Code: "50011", Class: ClassApp, Source: reference, OnlyNamed: true, Name: "InvalidReplyTo",
		Description: "The reply address is missing, misconfigured, or does not match those configured for the app."},
	{Code: "50013", Class: ClassApp, Source: reference, Name: "InvalidAssertion",
		Description: "Assertion is invalid, as by its issuer, its time range or its form."},
	{Code: "50014", Class: ClassGuest, Source: reference, Name: "GuestUserInPendingState",
		Description: "The guest has not redeemed the invitation, or the account is not fully created yet."},
	{Code: "50020", Class: ClassGuest, Source: reference, Name: "UserUnauthorized",
		Description: "The account of this identity provider does not exist in the tenant; it must be added as an external user first."},
	{Code: "50033", Class: ClassTransient, Source: reference, OnlyNamed: true, Name: "RetryableError",
		Description: "A transient error not related to the database operations."},
	{Code: "50034", Class: ClassAccount, Source: reference, Name: "UserAccountNotFound",
		Description: "The account does not exist in the directory: mistyped, or the wrong tenant."},
	{Code: "50053", Class: ClassAccount, Source: reference, Name: "IdsLocked",
		Description: "Too many sign-ins with a wrong user name or password, or the sign-in came from an IP address with malicious activity; the failure reason says which."},
	{Code: "50055", Class: ClassPassword, Source: reference, Name: "InvalidPasswordExpiredPassword",
		Description: "The password is expired."},
	{Code: "50056", Class: ClassPassword, Source: reference,
		Description: "Invalid or null password: the directory has none for this user."},
	{Code: "50057", Class: ClassAccount, Source: reference, Name: "UserDisabled",
		Description: "The user account is disabled."},
	{Code: "50058", Class: ClassInterrupt, Source: reference, Interrupt: true, Name: "UserInformationNotProvided",
		Description: "No single sign-on session: the user is not signed in; expected."},
	{Code: "50059", Class: ClassAccount, Source: reference, OnlyNamed: true, Name: "MissingTenantRealmAndNoUserInformationProvided",
		Description: "Tenant-identifying information was found neither in the request nor in the credentials."},
	{Code: "50064", Class: ClassPassword, Source: reference, Name: "CredentialAuthenticationError",
		Description: "Credential validation on user name or password has failed."},
	{Code: "50072", Class: ClassRegistration, Source: reference, Interrupt: true, Name: "UserStrongAuthEnrollmentRequiredInterrupt",
		Description: "User needs to enroll for second factor authentication (interactive)."},
	{Code: "50074", Class: ClassMFA, Source: reference, Interrupt: true, Name: "UserStrongAuthClientAuthNRequiredInterrupt",
		Description: "Strong authentication is required and the user did not pass the MFA challenge. It may mean only that a challenge was shown (issue:MicrosoftDocs/entra-docs#943)."},
	{Code: "50076", Class: ClassMFA, Source: reference, Interrupt: true, Name: "UserStrongAuthClientAuthNRequired",
		Description: "A Conditional Access policy, per-user enforcement or a new location means that the user must use multifactor authentication."},
	{Code: "50077", Class: ClassConditionalAccess, Source: fb,
		Description: "A Conditional Access policy requires the authenticator to be used to provide GPS location."},
	{Code: "50078", Class: ClassMFA, Source: reference, Name: "UserStrongAuthExpired",
		Description: "Presented multifactor authentication has expired due to policies configured by the administrator."},
	{Code: "50079", Class: ClassRegistration, Source: reference, Interrupt: true, Name: "UserStrongAuthEnrollmentRequired",
		Description: "The user must register security info for MFA, or a federated identity provider must send the MFA claim."},
	{Code: "50085", Class: ClassSession, Source: reference,
		Description: "Refresh token needs social identity provider login; sign in again with user name and password."},
	{Code: "50087", Class: ClassTransient, Source: reference, Name: "SasRetryableError",
		Description: "A transient error has occurred during strong authentication."},
	{Code: "50088", Class: ClassTransient, Source: reference,
		Description: "Limit on telecom MFA calls reached; 500881 to 500883 (FB) name the app methods to use instead."},
	{Code: "50089", Class: ClassSession, Source: reference,
		Description: "Authentication failed due to flow token expired."},
	{Code: "50097", Class: ClassDevice, Source: reference, Name: "DeviceAuthenticationRequired",
		Description: "Device authentication is required."},
	{Code: "50105", Class: ClassAccount, Source: reference, Name: "EntitlementGrantsNotFound",
		Description: "The signed in user is not assigned to a role for the app."},
	{Code: "50125", Class: ClassPassword, Source: reference, Interrupt: true, Name: "PasswordResetRegistrationRequiredInterrupt",
		Description: "Sign-in was interrupted because of a password reset or password registration entry."},
	{Code: "50126", Class: ClassPassword, Source: reference, Name: "InvalidUserNameOrPassword",
		Description: "Error validating credentials due to invalid user name or password."},
	{Code: "50127", Class: ClassDevice, Source: reference, Name: "BrokerAppNotInstalled",
		Description: "User needs to install a broker app to gain access to this content."},
	{Code: "50128", Class: ClassAccount, Source: reference, OnlyNamed: true, Name: "Invalid domain name",
		Description: "No tenant-identifying information was found in the request or the credentials."},
	{Code: "50129", Class: ClassDevice, Source: reference, Name: "DeviceIsNotWorkplaceJoined",
		Description: "Workplace join is required to register the device."},
	{Code: "50131", Class: ClassConditionalAccess, Source: reference, Name: "ConditionalAccessFailed",
		Description: "Bad Windows device state, request blocked due to suspicious activity, access policy or security policy decisions."},
	{Code: "50132", Class: ClassSession, Source: reference, Name: "SsoArtifactInvalidOrExpired",
		Description: "The session is not valid due to password expiration or recent password change."},
	{Code: "50133", Class: ClassSession, Source: reference, Name: "SsoArtifactRevoked",
		Description: "The session is not valid due to password expiration or recent password change."},
	{Code: "50135", Class: ClassRisk, Source: reference, Incident: true, Name: "PasswordChangeCompromisedPassword",
		Description: "Password change is required due to account risk."},
	{Code: "50137", Class: ClassPassword, Source: reference,
		Description: "Password needs to be changed due to a security policy rule."},
	{Code: "50140", Class: ClassInterrupt, Source: reference, Interrupt: true, Name: "KmsiInterrupt",
		Description: "\"Keep me signed in\" prompt during sign-in; expected."},
	{Code: "50142", Class: ClassPassword, Source: reference,
		Description: "Password change is required due to a Conditional Access policy."},
	{Code: "50143", Class: ClassSession, Source: reference,
		Description: "Session mismatch: the user's tenant does not match the domain hint."},
	{Code: "50144", Class: ClassPassword, Source: reference, Name: "InvalidPasswordExpiredOnPremPassword",
		Description: "The user's Active Directory password has expired."},
	{Code: "50146", Class: ClassApp, Source: reference, OnlyNamed: true, Name: "MissingCustomSigningKey",
		Description: "The app must have a signing key of its own, and has none that is valid."},
	{Code: "50155", Class: ClassDevice, Source: reference, Name: "DeviceAuthenticationFailed",
		Description: "Device authentication failed for this user."},
	{Code: "50158", Class: ClassMFA, Source: reference, Interrupt: true, Name: "ExternalSecurityChallenge",
		Description: "External security challenge (MFA of a third party, terms of use) was not satisfied; the code alone does not mean failure."},
	{Code: "50161", Class: ClassMFA, Source: reference, Name: "InvalidExternalSecurityChallengeConfiguration",
		Description: "Claims sent by the external provider are not enough, or its authorization address is not valid."},
	{Code: "50166", Class: ClassMFA, Source: reference, Name: "ExternalClaimsProviderThrottled",
		Description: "Failed to send the request to the external claims provider."},
	{Code: "50172", Class: ClassMFA, Source: reference,
		Description: "External claims provider is not approved."},
	{Code: "50173", Class: ClassSession, Source: reference, Name: "FreshTokenNeeded",
		Description: "The grant was revoked, as after a password change or a sign-out everywhere; a fresh sign-in is needed."},
	{Code: "50177", Class: ClassGuest, Source: reference, Name: "ExternalChallengeNotSupportedForPassthroughUsers",
		Description: "External challenge is not supported for passthrough users."},
	{Code: "50180", Class: ClassOnPremises, Source: reference, Name: "WindowsIntegratedAuthMissing",
		Description: "Integrated Windows authentication is needed."},
	{Code: "50181", Class: ClassMFA, Source: fb,
		Description: "Unable to validate the one-time code."},
	{Code: "50182", Class: ClassMFA, Source: fb,
		Description: "The one-time code has expired."},
	{Code: "50183", Class: ClassMFA, Source: fb,
		Description: "The one-time code cannot be looked up due to a cache error."},
	{Code: "50184", Class: ClassMFA, Source: fb,
		Description: "The one-time code is incorrect, or none is waiting for the user."},
	{Code: "50187", Class: ClassDevice, Source: reference, Name: "DeviceInformationNotProvided",
		Description: "The service failed to perform device authentication."},
	{Code: "50194", Class: ClassApp, Source: reference, OnlyNamed: true,
		Description: "The application is not configured as a multitenant application, and the /common endpoint is not for such."},
	{Code: "50196", Class: ClassApp, Source: reference, Name: "LoopDetected",
		Description: "A client loop has been detected: the app asked for too many tokens in a short time."},
	{Code: "50197", Class: ClassSession, Source: reference, Name: "ConflictingIdentities",
		Description: "The user could not be found; sign in again."},
	{Code: "50199", Class: ClassInterrupt, Source: reference, Interrupt: true, Name: "CmsiInterrupt",
		Description: "For security reasons, the user must confirm the app that asks."},
	{Code: "50203", Class: ClassRegistration, Source: fb,
		Description: "User has not registered the authenticator app and must register or snooze."},
	{Code: "51004", Class: ClassAccount, Source: reference, Name: "UserAccountNotInDirectory",
		Description: "The account does not exist in the directory; it may have to be added as a guest."},
	{Code: "51006", Class: ClassOnPremises, Source: reference, OnlyNamed: true, Name: "ForceReauthDueToInsufficientAuth",
		Description: "Integrated Windows authentication is needed, and the session has no such claim."},
	{Code: "53000", Class: ClassDevice, Source: reference, Name: "DeviceNotCompliant",
		Description: "Conditional Access requires a compliant device, and the device is not compliant."},
	{Code: "53001", Class: ClassDevice, Source: reference, Name: "DeviceNotDomainJoined",
		Description: "Conditional Access requires a domain joined device, and the device is not."},
	{Code: "53002", Class: ClassConditionalAccess, Source: reference, Name: "ApplicationUsedIsNotAnApprovedApp",
		Description: "The app used is not an approved app for Conditional Access."},
	{Code: "53003", Class: ClassConditionalAccess, Source: reference, Name: "BlockedByConditionalAccess",
		Description: "Access has been blocked by Conditional Access policies."},
	{Code: "53004", Class: ClassRisk, Source: reference, Incident: true, Name: "ProofUpBlockedDueToRisk",
		Description: "Cannot configure multifactor authentication methods due to suspicious activity (text of FB)."},
	{Code: "53005", Class: ClassConditionalAccess, Source: reference,
		Description: "Application needs to enforce Intune protection policies."},
	{Code: "53008", Class: ClassConditionalAccess, Source: fb,
		Description: "Browser not supported."},
	{Code: "53009", Class: ClassConditionalAccess, Source: reference,
		Description: "Application needs to enforce Intune protection policies."},
	{Code: "53010", Class: ClassRegistration, Source: reference, Name: "ProofUpBlockedDueToSecurityInfoAcr",
		Description: "MFA methods can be configured only from specific locations or devices."},
	{Code: "53011", Class: ClassRisk, Source: reference, Incident: true,
		Description: "User blocked due to risk on home tenant."},
	{Code: "54005", Class: ClassSession, Source: reference, OnlyNamed: true,
		Description: "The authorization code was already redeemed."},
	{Code: "54008", Class: ClassMFA, Source: fb,
		Description: "MFA is required and the credential used is not supported as a first factor."},
	{Code: "54009", Class: ClassMFA, Source: fb,
		Description: "MFA is required and the credential used is not supported."},
	{Code: "65001", Class: ClassConsent, Source: reference, Name: "DelegationDoesNotExist",
		Description: "The user or administrator has not consented to use the application."},
	{Code: "65004", Class: ClassConsent, Source: reference, Name: "UserDeclinedConsent",
		Description: "User declined to consent to access the app."},
	{Code: "65005", Class: ClassApp, Source: reference, OnlyNamed: true, Name: "MisconfiguredApplication",
		Description: "The app asks for access to a resource that is not among those it registered."},
	{Code: "70000", Class: ClassSession, Source: reference, OnlyNamed: true, Name: "InvalidGrant",
		Description: "Authentication failed. The refresh token is not valid."},
	{Code: "70001", Class: ClassApp, Source: reference, OnlyNamed: true, Name: "UnauthorizedClient",
		Description: "The application is disabled."},
	{Code: "70002", Class: ClassApp, Source: reference, OnlyNamed: true, Name: "InvalidClient",
		Description: "Error validating the credentials of the app."},
	{Code: "70003", Class: ClassApp, Source: reference, OnlyNamed: true, Name: "UnsupportedGrantType",
		Description: "The app asked by a grant type that is not supported."},
	{Code: "70004", Class: ClassApp, Source: reference, OnlyNamed: true, Name: "InvalidRedirectUri",
		Description: "The redirect URI of the app does not match any that is configured."},
	{Code: "70005", Class: ClassApp, Source: reference, OnlyNamed: true, Name: "UnsupportedResponseType",
		Description: "The app asked for a response type that is not supported or not enabled for it."},
	{Code: "70008", Class: ClassSession, Source: reference, Name: "ExpiredOrRevokedGrant",
		Description: "The grant has expired or was revoked, as by inactivity."},
	{Code: "70011", Class: ClassApp, Source: reference, OnlyNamed: true, Name: "InvalidScope",
		Description: "The scope that the app asks for is invalid."},
	{Code: "70012", Class: ClassTransient, Source: reference, OnlyNamed: true, Name: "MsaServerError",
		Description: "A server error occurred while authenticating a consumer account."},
	{Code: "70019", Class: ClassSession, Source: reference, OnlyNamed: true, Name: "CodeExpired",
		Description: "The verification code of a sign-in on another device has expired."},
	{Code: "70043", Class: ClassSession, Source: reference, Name: "BadTokenDueToSignInFrequency",
		Description: "The refresh token has expired due to sign-in frequency checks by Conditional Access."},
	{Code: "70044", Class: ClassSession, Source: fb,
		Description: "The session has expired due to sign-in frequency checks by Conditional Access."},
	{Code: "70046", Class: ClassSession, Source: howto,
		Description: "The session has expired due to re-authentication checks by Conditional Access."},
	{Code: "75005", Class: ClassApp, Source: reference, OnlyNamed: true, Name: "Saml2MessageInvalid",
		Description: "The SAML request that the app sent for single sign-on is not supported."},
	{Code: "75011", Class: ClassApp, Source: reference, OnlyNamed: true, Name: "NoMatchedAuthnContextInOutputClaims",
		Description: "The authentication method does not match the one that the app requests."},
	{Code: "80001", Class: ClassOnPremises, Source: reference, Name: "OnPremiseStoreIsNotAvailable",
		Description: "The authentication agent cannot connect to Active Directory."},
	{Code: "80002", Class: ClassOnPremises, Source: reference, Name: "OnPremisePasswordValidatorRequestTimedout",
		Description: "Password validation request timed out."},
	{Code: "80005", Class: ClassOnPremises, Source: reference, OnlyNamed: true, Name: "OnPremisePasswordValidatorUnpredictableWebException",
		Description: "The answer of the Authentication Agent could not be processed."},
	{Code: "80007", Class: ClassOnPremises, Source: reference, Name: "OnPremisePasswordValidatorErrorOccurredOnPrem",
		Description: "The authentication agent is unable to validate the user's password."},
	{Code: "80012", Class: ClassOnPremises, Source: reference, Name: "OnPremisePasswordValidationAccountLogonInvalidHours",
		Description: "The user attempted to log on outside of the allowed hours."},
	{Code: "80013", Class: ClassOnPremises, Source: reference, Name: "OnPremisePasswordValidationTimeSkew",
		Description: "Time skew between the machine of the authentication agent and Active Directory."},
	{Code: "80014", Class: ClassOnPremises, Source: reference, Name: "OnPremisePasswordValidationAuthenticationAgentTimeout",
		Description: "The authentication agent responded after the maximum elapsed time."},
	{Code: "81004", Class: ClassOnPremises, Source: reference, OnlyNamed: true, Name: "DesktopSsoIdentityInTicketIsNotAuthenticated",
		Description: "Kerberos authentication attempt failed."},
	{Code: "81009", Class: ClassOnPremises, Source: reference, OnlyNamed: true, Name: "DesktopSsoAuthorizationHeaderValueWithBadFormat",
		Description: "Unable to validate the user's Kerberos ticket."},
	{Code: "81010", Class: ClassOnPremises, Source: reference, Name: "DesktopSsoAuthTokenInvalid",
		Description: "Seamless SSO failed because the user's Kerberos ticket has expired or is invalid."},
	{Code: "81012", Class: ClassOnPremises, Source: reference, OnlyNamed: true, Name: "DesktopSsoMismatchBetweenTokenUpnAndChosenUpn",
		Description: "The user trying to sign in is different from the user signed into the device."},
	{Code: "90002", Class: ClassApp, Source: reference, OnlyNamed: true, Name: "InvalidTenantName",
		Description: "The tenant name was not found in the data store."},
	{Code: "90006", Class: ClassTransient, Source: reference, OnlyNamed: true, Name: "ExternalServerRetryableError",
		Description: "The service is temporarily unavailable."},
	{Code: "90012", Class: ClassTransient, Source: reference, OnlyNamed: true, Name: "RequestTimeout",
		Description: "The request has timed out."},
	{Code: "90014", Class: ClassApp, Source: reference, OnlyNamed: true, Name: "MissingRequiredField",
		Description: "A field that is expected is not in the credential."},
	{Code: "90019", Class: ClassApp, Source: reference, OnlyNamed: true, Name: "MissingTenantRealm",
		Description: "The tenant could not be told from the request."},
	{Code: "90023", Class: ClassApp, Source: reference, OnlyNamed: true, Name: "InvalidRequest",
		Description: "The authentication service request is not valid."},
	{Code: "90024", Class: ClassTransient, Source: reference, OnlyNamed: true, Name: "RequestBudgetExceededError",
		Description: "A transient error has occurred."},
	{Code: "90025", Class: ClassTransient, Source: howto,
		Description: "Request processing has exceeded the internal allowance; retried internally, usually without impact."},
	{Code: "90033", Class: ClassTransient, Source: reference, OnlyNamed: true, Name: "MsodsServiceUnavailable",
		Description: "The Microsoft Online Directory Service is not available."},
	{Code: "90072", Class: ClassGuest, Source: reference, Name: "PassThroughUserMfaError",
		Description: "The external account does not exist in the tenant, so it cannot satisfy the tenant's MFA."},
	{Code: "90094", Class: ClassConsent, Source: reference, Name: "AdminConsentRequired",
		Description: "Administrator consent is required."},
	{Code: "90095", Class: ClassConsent, Source: reference, Name: "AdminConsentRequiredRequestAccess",
		Description: "Administrator consent is required, and a request may be sent to them."},
	{Code: "90099", Class: ClassApp, Source: reference, OnlyNamed: true,
		Description: "The application has not been authorized in the tenant, as partners' delegated administrators need."},
	{Code: "90100", Class: ClassApp, Source: reference, OnlyNamed: true, Name: "InvalidRequestParameter",
		Description: "A parameter is empty or not valid."},
	{Code: "90123", Class: ClassMFA, Source: reference, OnlyNamed: true, Name: "IdentityProviderAccessDenied",
		Description: "The token cannot be issued because the identity or claim issuance provider denied the request."},
	{Code: "130004", Class: ClassDevice, Source: reference, Name: "NgcKeyNotFound",
		Description: "The user has no Windows Hello (NGC) key configured."},
	{Code: "130005", Class: ClassDevice, Source: reference, Name: "NgcInvalidSignature",
		Description: "The signature of the Windows Hello (NGC) key could not be verified."},
	{Code: "130006", Class: ClassDevice, Source: reference, Name: "NgcTransportKeyNotFound",
		Description: "The NGC transport key is not configured on the device."},
	{Code: "130007", Class: ClassDevice, Source: reference, Name: "NgcDeviceIsDisabled",
		Description: "The device of the Windows Hello key is disabled."},
	{Code: "130008", Class: ClassDevice, Source: reference, Name: "NgcDeviceIsNotFound",
		Description: "The device of the Windows Hello key was not found."},
	{Code: "130500", Class: ClassMFA, Source: fb,
		Description: "Phone sign-in was blocked due to User Credential Policy."},
	{Code: "130501", Class: ClassMFA, Source: fb,
		Description: "Sign-in was blocked due to User Credential Policy."},
	{Code: "130502", Class: ClassPass, Source: fb,
		Description: "Temporary Access Pass sign-in was blocked due to User Credential Policy."},
	{Code: "130503", Class: ClassPass, Source: fb,
		Description: "The Temporary Access Pass is incorrect."},
	{Code: "130504", Class: ClassPass, Source: fb,
		Description: "The Temporary Access Pass has expired."},
	{Code: "130505", Class: ClassPass, Source: fb,
		Description: "The one-time Temporary Access Pass has already been redeemed."},
	{Code: "130506", Class: ClassPass, Source: fb,
		Description: "An access pass must be used for web sign-in."},
	{Code: "130507", Class: ClassPass, Source: fb,
		Description: "An access pass could not be found or verified for the user."},
	{Code: "135010", Class: ClassDevice, Source: reference, Name: "KeyNotFound",
		Description: "The user has no key with this id configured."},
	{Code: "135011", Class: ClassDevice, Source: reference,
		Description: "The device used during the authentication is disabled."},
	{Code: "135016", Class: ClassMFA, Source: fb,
		Description: "FIDO sign-in is disabled via policy."},
	{Code: "160021", Class: ClassSession, Source: reference, OnlyNamed: true, Name: "AppSessionSelectionInvalidSessionNotExist",
		Description: "The application requested a user session that does not exist."},
	{Code: "500011", Class: ClassApp, Source: reference, OnlyNamed: true, Name: "InvalidResourceServicePrincipalNotFound",
		Description: "The resource principal was not found in the tenant."},
	{Code: "500014", Class: ClassApp, Source: fb, OnlyNamed: true,
		Description: "The service principal for the resource is disabled."},
	{Code: "500021", Class: ClassGuest, Source: reference, OnlyNamed: true,
		Description: "Tenant restrictions are configured, and the tenant is not in the list of those allowed."},
	{Code: "500022", Class: ClassGuest, Source: reference, OnlyNamed: true,
		Description: "Tenant restrictions are configured, and the tenant is not in the list of those allowed."},
	{Code: "500121", Class: ClassMFA, Source: fb + ", " + howto,
		Description: "Authentication failed during strong authentication request: the MFA prompt was not completed; frequent where its setup was never finished."},
	{Code: "500133", Class: ClassApp, Source: reference,
		Description: "Assertion is not within its valid time range."},
	{Code: "500207", Class: ClassGuest, Source: reference,
		Description: "The account type cannot be used for the resource."},
	{Code: "500208", Class: ClassGuest, Source: reference,
		Description: "The domain is not a valid login domain for the account type."},
	{Code: "500212", Class: ClassGuest, Source: reference, Name: "NotAllowedByOutboundPolicyTenant",
		Description: "The user's administrator has set an outbound access policy that does not allow access to the resource tenant."},
	{Code: "500213", Class: ClassGuest, Source: reference, Name: "NotAllowedByInboundPolicyTenant",
		Description: "The resource tenant's cross-tenant access policy does not allow this user."},
	{Code: "501241", Class: ClassApp, Source: reference, OnlyNamed: true,
		Description: "A mandatory input of a claims transformation is missing, such as the one for NameID."},
	{Code: "530001", Class: ClassConditionalAccess, Source: fb,
		Description: "Browser not supported."},
	{Code: "530002", Class: ClassDevice, Source: fb,
		Description: "The device is required to be compliant."},
	{Code: "530003", Class: ClassDevice, Source: fb,
		Description: "The device is required to be managed."},
	{Code: "530004", Class: ClassGuest, Source: fb,
		Description: "AcceptCompliantDevice is not configured for this organization, so devices of external users are not trusted."},
	{Code: "530021", Class: ClassConditionalAccess, Source: fb,
		Description: "Application does not meet the Conditional Access approved app requirements."},
	{Code: "530022", Class: ClassConditionalAccess, Source: fb,
		Description: "Browser not supported."},
	{Code: "530031", Class: ClassConditionalAccess, Source: fb,
		Description: "Access policy does not allow token issuance."},
	{Code: "530032", Class: ClassConditionalAccess, Source: reference + ", " + fb, Name: "BlockedByConditionalAccessOnSecurityPolicy",
		Description: "A security policy of the tenant blocks this request (ED); user blocked due to risk on home tenant (FB): the sources conflict."},
	{Code: "530033", Class: ClassConditionalAccess, Source: fb,
		Description: "Remote device flow blocked due to device based Conditional Access."},
	{Code: "530034", Class: ClassRisk, Source: reference, Incident: true, Name: "DelegatedAdminBlockedDueToSuspiciousActivity",
		Description: "A delegated administrator was blocked due to account risk in their home tenant."},
	{Code: "530035", Class: ClassConditionalAccess, Source: reference, Name: "BlockedBySecurityDefaults",
		Description: "Blocked by security defaults: legacy authentication, or deemed unsafe."},
	{Code: "650052", Class: ClassApp, Source: reference, OnlyNamed: true,
		Description: "The app needs access to a service that the organization has not subscribed to or enabled."},
	{Code: "650056", Class: ClassApp, Source: reference, OnlyNamed: true,
		Description: "Misconfigured application: permissions, consent, identifier or certificate."},
	{Code: "650057", Class: ClassApp, Source: reference, OnlyNamed: true,
		Description: "The client asks for a resource that is not listed in its requested permissions."},
	{Code: "700003", Class: ClassDevice, Source: fb, OnlyNamed: true,
		Description: "Device object was not found in the tenant's directory."},
	{Code: "700011", Class: ClassApp, Source: reference, OnlyNamed: true, Name: "UnauthorizedClientAppNotFoundInOrgIdTenant",
		Description: "The application was not found in the directory."},
	{Code: "700016", Class: ClassApp, Source: reference, OnlyNamed: true, Name: "UnauthorizedClient_DoesNotMatchRequest",
		Description: "The application was not found in the tenant."},
	{Code: "700027", Class: ClassApp, Source: reference, OnlyNamed: true,
		Description: "Client assertion failed signature validation."},
	{Code: "700054", Class: ClassApp, Source: reference, OnlyNamed: true,
		Description: "Response_type id_token is not enabled for the application."},
	{Code: "700082", Class: ClassSession, Source: reference, Name: "ExpiredOrRevokedGrantInactiveToken",
		Description: "The refresh token has expired due to inactivity; expected."},
	{Code: "700084", Class: ClassSession, Source: reference,
		Description: "The refresh token of a single page app has reached its fixed lifetime."},
	{Code: "750054", Class: ClassApp, Source: reference, OnlyNamed: true,
		Description: "SAMLRequest or SAMLResponse is not among the parameters of the request."},
	{Code: "900144", Class: ClassApp, Source: reference, OnlyNamed: true,
		Description: "The request body lacks a parameter."},
	{Code: "900561", Class: ClassSession, Source: reference, OnlyNamed: true, Name: "BadResourceRequestInvalidRequest",
		Description: "The endpoint only accepts POST, as after the Back button of a browser."},
	{Code: "900971", Class: ClassApp, Source: reference, OnlyNamed: true,
		Description: "No reply address provided."},
	{Code: "1000031", Class: ClassApp, Source: reference, OnlyNamed: true,
		Description: "The application cannot be accessed at this time."},
	{Code: "1002016", Class: ClassApp, Source: fb,
		Description: "The client uses TLS 1.0, TLS 1.1 or 3DES, which are deprecated."},
	{Code: "7000112", Class: ClassApp, Source: reference, OnlyNamed: true, Name: "UnauthorizedClientApplicationDisabled",
		Description: "The application is disabled."},
	{Code: "7000215", Class: ClassApp, Source: reference, OnlyNamed: true,
		Description: "Invalid client secret is provided."},
	{Code: "7000218", Class: ClassApp, Source: reference, OnlyNamed: true,
		Description: "The request body must contain client_assertion or client_secret."},
	{Code: "7000222", Class: ClassApp, Source: reference, OnlyNamed: true, Name: "InvalidClientSecretExpiredKeysProvided",
		Description: "The provided client secret keys are expired."},
	{Code: "9002313", Class: ClassApp, Source: reference, OnlyNamed: true, Name: "InvalidRequest",
		Description: "Request is malformed or invalid."},
	{Code: "9002341", Class: ClassInterrupt, Source: fb, OnlyNamed: true, Interrupt: true,
		Description: "User is required to permit SSO."},
}
