package diagnose

import (
	"slices"
	"strings"
	"testing"

	"mfahelp/graph"
)

// manual is the list of Microsoft's manual, word for word, and what each entry
// means to the person.
// See https://learn.microsoft.com/entra/identity/authentication/howto-mfa-reporting.
var manual = []struct {
	words string
	want  Cause
}{
	{"authentication in-progress", "in-progress"},
	{"duplicate authentication attempt", "duplicate"},
	{"entered incorrect code too many times", "too-many-codes"},
	{"invalid authentication", "invalid-answer"},
	{"invalid mobile app verification code", "wrong-code"},
	{"misconfiguration", "misconfigured"},
	{"phone call went to voicemail", "voicemail"},
	{"phone number has an invalid format", "bad-phone-number"},
	{"service error", "service-error"},
	{"unable to reach the user's phone", "phone-unreachable"},
	{"unable to send the mobile app notification to the device", "cannot-notify"},
	{"unable to send the mobile app notification", "cannot-notify"},
	{"user declined the authentication", "declined"},
	{"user didn't respond to mobile app notification", "no-answer"},
	{"user doesn't have any verification methods registered", "no-method"},
	{"user entered incorrect code", "wrong-code"},
	{"user entered incorrect PIN", "wrong-pin"},
	{"user hung up the phone call without succeeding the authentication", "hung-up"},
	{"user is blocked", "blocked-user"},
	{"user never entered the verification code", "code-not-entered"},
	{"user not found", "user-not-found"},
	{"verification code already used once", "code-used"},
}

// logged are strings of real logs, letter for letter.
var logged = []struct {
	words string
	want  Cause
}{
	{"MFA denied; user declined the authentication", "declined"},
	{"MFA Denied; user declined the authentication", "declined"},
	{"MFA denied; user did not respond to mobile app notification", "no-answer"},
	{"MFA denied; user did not select the correct number", "wrong-number"},
	{"MFA denied; duplicate authentication attempt", "duplicate"},
	{"MFA denied; invalid verification code", "wrong-code"},
	{"MFA denied; invalid authentication", "invalid-answer"},
	{"MFA denied; Verification code already used", "code-used"},
	{"MFA denied; Phone App Reported Fraud", "reported-fraud"},
	{"MFA denied; phone app reported fraud", "reported-fraud"},
	{"MFA denied, Fraud Code Entered", "reported-fraud"},
	{"fraud code entered", "reported-fraud"},
	{"SuspiciousActivityReported", "suspicious-activity"},
	{"MFA denied; user is blocked", "blocked-user"},
	{"user is blocked", "blocked-user"},
	{"User denied ...", "declined"},
	{"User denied the request", "declined"},
	{"no phone input - timed out", "no-phone-input"},
	{"phone unreachable", "phone-unreachable"},
}

// quietly are words of the log that give no reason, though a step that failed
// may carry them.
var quietly = []string{
	"", general, failed, "Other", "Correct password", "User approved",
	"MFA successfully completed", "MFA completed in Azure AD", "MFA completed in the cloud",
	"MFA requirement satisfied by claim in the token", "MFA requirement satisfied by strong authentication",
	"MFA requirement satisfied by claim provided by external provider", "satisfied by strong authentication",
	"MFA required in Azure AD", "claim in token", "Authentication in progress",
	"MFA claim has expired due to the policies configured on tenant", "MFA has expired due to the policies configured on tenant",
	"MFA requirement skipped due to location", "MFA requirement skipped due to registered device",
	"MFA requirement skipped due to remembered device", "MFA requirement skipped due to app password",
	"MFA requirement skipped as flow exercised was Windows broker logon flow",
}

// spellings are the ways in which one entry is met.
func spellings(words string) []string {
	long := strings.ReplaceAll(words, "n't", " not")
	curly := strings.ReplaceAll(words, "'", "’")
	all := []string{
		words, long, curly, "MFA denied; " + words, "MFA denied; " + long, "MFA denied; " + curly,
		"MFA Denied; " + long, "mfa denied, " + long, "MFA DENIED; " + strings.ToUpper(words),
		"  MFA denied;  " + strings.ReplaceAll(long, " ", "\u00a0") + ". ",
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func TestEveryDocumentedDenialHasItsCause(t *testing.T) {
	if len(manual) != 22 {
		t.Errorf("the manual has 22 denials, here are %d", len(manual))
	}
	for _, entry := range manual {
		for _, words := range spellings(entry.words) {
			s := at(0, 500121, passed(), asked(push, "iPhone 15", words))
			d := Diagnose(about(s))
			if d.Cause != entry.want || d.Confidence != Certain || d.Unknown != "" {
				t.Errorf("%q on a step: got %s, %s, want %s, certain", words, d.Cause, d.Confidence, entry.want)
			}
			s = at(0, 500121)
			s.Details, s.API = words, graph.V1
			if d := Diagnose(about(s)); d.Cause != entry.want || d.Confidence != Likely {
				t.Errorf("%q in the details: got %s, %s, want %s, likely", words, d.Cause, d.Confidence, entry.want)
			}
		}
	}
}

func TestEveryStringOfTheLogHasItsCause(t *testing.T) {
	for _, entry := range logged {
		d := Diagnose(about(at(0, 500121, passed(), asked(push, "iPhone 15", entry.words))))
		if d.Cause != entry.want || d.Confidence != Certain {
			t.Errorf("%q: got %s, %s, want %s, certain", entry.words, d.Cause, d.Confidence, entry.want)
		}
		if len(d.Evidence) != 1 || d.Evidence[0].Value != entry.words {
			t.Errorf("%q: evidence %v does not quote it", entry.words, d.Evidence)
		}
	}
}

func TestWordsOfSuccessOnAFailedStepAreNoReason(t *testing.T) {
	for _, words := range quietly {
		d := Diagnose(about(at(0, 500121, passed(), asked(push, "iPhone 15", words))))
		if d.Cause != NotCompleted || d.Confidence != CodeOnly || d.Unknown != "" {
			t.Errorf("%q: got %s, %s, unknown %q, want not-completed, code-only", words, d.Cause, d.Confidence, d.Unknown)
		}
	}
}

func TestUnknownWordsAreQuotedAndNotGuessed(t *testing.T) {
	for _, words := range []string{
		"MFA denied; the moon is in the wrong house", "user declined the authentication twice", "MFA denied; user approved",
		"number did not match", "user is blocked?no", "Fraud", "MFA denied; user entered incorrect", "拒否されました",
	} {
		step := Diagnose(about(at(0, 500121, passed(), asked(push, "iPhone 15", words))))
		s := at(0, 500121)
		s.Details = words
		for where, d := range map[string]Diagnosis{"step": step, "details": Diagnose(about(s))} {
			if d.Cause != Unknown || d.Confidence != None || d.Unknown != words {
				t.Errorf("%q in the %s: got %s, %s, %q", words, where, d.Cause, d.Confidence, d.Unknown)
			}
			if len(d.Evidence) == 0 || d.Evidence[0].Value != words {
				t.Errorf("%q in the %s: not in the evidence %v", words, where, d.Evidence)
			}
		}
	}
}
