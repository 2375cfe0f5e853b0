package diagnose

import (
	"slices"
	"strings"
)

// denials tells what the reasons of the log mean, in the spelling of fold.
// The first group is the whole list in Microsoft's manual, the second is what
// the log says besides.
// See https://learn.microsoft.com/entra/identity/authentication/howto-mfa-reporting.
var denials = map[string]Cause{
	"authentication in-progress":                                        InProgress,
	"duplicate authentication attempt":                                  Duplicate,
	"entered incorrect code too many times":                             TooManyCodes,
	"invalid authentication":                                            InvalidAnswer,
	"invalid mobile app verification code":                              WrongCode,
	"misconfiguration":                                                  Misconfigured,
	"phone call went to voicemail":                                      Voicemail,
	"phone number has an invalid format":                                BadPhoneNumber,
	"service error":                                                     ServiceError,
	"unable to reach the user's phone":                                  PhoneUnreachable,
	"unable to send the mobile app notification to the device":          CannotNotify,
	"unable to send the mobile app notification":                        CannotNotify,
	"user declined the authentication":                                  Declined,
	"user did not respond to mobile app notification":                   NoAnswer,
	"user does not have any verification methods registered":            NoMethod,
	"user entered incorrect code":                                       WrongCode,
	"user entered incorrect pin":                                        WrongPIN,
	"user hung up the phone call without succeeding the authentication": HungUp,
	"user is blocked":                                                   BlockedUser,
	"user never entered the verification code":                          CodeNotEntered,
	"user not found":                                                    UserNotFound,
	"verification code already used once":                               CodeUsed,

	"user did not select the correct number": WrongNumber,
	"invalid verification code":              WrongCode,
	"verification code already used":         CodeUsed,
	"phone app reported fraud":               ReportedFraud,
	"fraud code entered":                     ReportedFraud,
	"suspiciousactivityreported":             SuspiciousActivity,
	"no phone input - timed out":             NoPhoneInput,
	"phone unreachable":                      PhoneUnreachable,
	"registration prompted":                  SetupUnfinished,
}

// silent are the beginnings of what the log says where it gives no reason:
// the general sentences, and words of success, which may stand on a step that
// failed while the log is still being put together. The step's own Succeeded
// is believed instead.
var silent = []string{
	"the user did not complete the mfa prompt",
	"authentication failed during strong authentication request",
	"authentication in progress",
	"claim has expired",
	"claim in token",
	"completed in",
	"correct password",
	"has expired due to the policies",
	"required in",
	"satisfied by",
	"skipped",
	"successfully completed",
	"user approved",
}

// meaning tells what words of the log mean: a cause, or "" if they give no
// reason, or Unknown if we do not know them.
func meaning(words string) Cause {
	s, denied := fold(words)
	if s == "" || !denied && quiet(s) {
		return ""
	}
	if c, ok := denials[s]; ok {
		return c
	}
	if strings.HasPrefix(s, "user denied") {
		return Declined
	}
	if denied && s == "authentication in progress" {
		return InProgress
	}
	return Unknown
}

// quiet reports whether s, folded, gives no reason.
func quiet(s string) bool {
	return s == "other" || slices.ContainsFunc(silent, func(beginning string) bool {
		return strings.HasPrefix(s, beginning)
	})
}

var spelling = strings.NewReplacer("’", "'", "‘", "'", "ʼ", "'", "–", "-", "‑", "-")

// fold takes away what is spelled now one way, now another, and reports
// whether the words said that MFA was denied. The manual writes "didn't" where
// the log writes "did not".
func fold(words string) (s string, denied bool) {
	s = strings.Join(strings.Fields(spelling.Replace(strings.ToLower(words))), " ")
	s = strings.ReplaceAll(s, "n't", " not")
	s, denied = strings.CutPrefix(s, "mfa denied")
	s = strings.Trim(s, " ;,:.")
	s = strings.TrimPrefix(s, "mfa ")
	s = strings.TrimPrefix(s, "requirement ")
	return s, denied
}
