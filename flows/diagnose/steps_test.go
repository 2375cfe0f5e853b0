package diagnose

import (
	"slices"
	"strings"
	"testing"

	"mfahelp/graph"
	"mfahelp/graph/aadsts"
)

// with changes the facts of a failed second step of Sam's.
func with(s graph.SignIn, change func(*Facts)) Facts {
	f := about(s)
	change(&f)
	return f
}

func methods(m ...graph.Method) func(*Facts) {
	return func(f *Facts) { f.Methods = m }
}

func TestTheFewStepsThatFit(t *testing.T) {
	no := func(method, device, result string) graph.SignIn {
		return at(0, 500121, passed(), asked(method, device, "MFA denied; "+result))
	}
	android := no(code, "", "invalid verification code")
	android.Phone.OS = "Android 14"
	iphone := android
	iphone.Phone.OS = "iOS 18.1"
	mail := at(0, 53003)
	mail.Client = "Exchange ActiveSync"
	mail.Policies = []graph.Policy{{Name: "Block legacy authentication", Grants: []string{"Block"}, Result: "failure"}}
	place := at(0, 53003)
	place.Policies = []graph.Policy{{Name: "Only from trusted networks", Grants: []string{"Block"}, Result: "failure"}}
	hidden := at(0, 53003)
	device := at(0, 53003)
	device.Policies = []graph.Policy{{Name: "Managed", Grants: []string{"RequireCompliantDevice"}, Result: "failure"}}
	plain := at(0, 53003)
	plain.Policies = []graph.Policy{{Name: "CA042", Grants: []string{"Block"}, Result: "failure"}}

	for _, test := range []struct {
		name  string
		facts Facts
		want  string
	}{
		{"app open and online, then another way", about(no(push, "iPhone 15", "user did not respond to mobile app notification")), "app-online(microsoftAuthenticator) other-way(fido2) notifications admins"},
		{"nothing but the app: its code", with(no(push, "iPhone 15", "user did not respond to mobile app notification"), methods(app)), "app-online(microsoftAuthenticator) app-code notifications admins"},
		{"methods unknown", with(no(push, "", "user did not respond to mobile app notification"), methods()), "app-online(microsoftAuthenticator) other-way-any notifications admins"},
		{"a second phone with the app", with(no(push, "iPhone 15", "unable to send the mobile app notification"), methods(app, graph.Method{Kind: graph.Authenticator, Name: "Pixel 9"}, phone)), "app-online(microsoftAuthenticator) other-way(microsoftAuthenticator) re-add admins"},
		{"the number of the page", about(no(push, "iPhone 15", "user did not select the correct number")), "match-number other-way(fido2) admins"},
		{"the right number, with signal", about(no(text, "+XX XXXXXXXX12", "unable to reach the user's phone")), "phone-check other-way(microsoftAuthenticator) admins"},
		{"another number", with(no(text, "+XX XXXXXXXX12", "unable to reach the user's phone"), methods(phone, graph.Method{Kind: graph.PhoneMethod, Name: "+XX XXXXXXXX99", Phone: "office"})), "phone-check other-way(phone) admins"},
		{"the same number only", with(no(text, "+XX XXXXXXXX12", "unable to reach the user's phone"), methods(phone)), "phone-check admins"},
		{"a number that the log does not name", with(no(text, "", "unable to reach the user's phone"), methods(phone)), "phone-check admins"},
		{"the call", about(no(call, "", "phone call went to voicemail")), "answer-call phone-check other-way(microsoftAuthenticator) admins"},
		{"the newest message", about(no(text, "", "user entered incorrect code")), "newest-message other-way(microsoftAuthenticator) phone-check admins"},
		{"the code of the app", about(no(code, "", "invalid mobile app verification code")), "newest-code time-phone other-way(fido2) admins"},
		{"on Android", with(android, methods(app)), "newest-code time-android app-prompt admins"},
		{"on an iPhone", with(iphone, methods(token, key)), "newest-code time-iphone other-way(fido2) admins"},
		{"a hardware token has no clock to set", with(android, methods(steel, app)), "newest-code time-android other-way(microsoftAuthenticator) admins"},
		{"nor has one alone", with(no(code, "", "invalid verification code"), methods(steel, phone)), "newest-code other-way(phone) admins"},
		{"misconfigured: the app anew, if there is another way in", about(no(push, "iPhone 15", "misconfiguration")), "other-way(fido2) re-add reinstall-app admins"},
		{"misconfigured, and no other way in", with(no(push, "iPhone 15", "misconfiguration"), methods(app)), "update-app admins"},
		{"misconfigured phone: the number", about(no(call, "", "misconfiguration")), "other-way(microsoftAuthenticator) fix-number admins"},
		{"a used code, by message", about(no(text, "", "verification code already used")), "newest-message other-way(microsoftAuthenticator) admins"},
		{"a used code of the app", about(no(code, "", "verification code already used")), "next-code other-way(fido2) admins"},
		{"register", with(no(push, "", "user doesn't have any verification methods registered"), methods(word)), "register admins"},
		{"the right account", about(no(push, "", "user not found")), "right-account admins"},
		{"the right account of several", about(at(0, 50020)), "right-account clear-session admins"},
		{"an unusable number, and no other way in", with(no(call, "", "phone number has an invalid format"), methods(phone)), "admins"},
		{"an unusable number", about(no(call, "", "phone number has an invalid format")), "other-way(microsoftAuthenticator) fix-number admins"},
		{"blocked", about(no(push, "", "user is blocked")), "admins"},
		{"no reason, asked with the app", about(at(0, 500121, passed(), asked(push, "iPhone 15", ""))), "app-online(microsoftAuthenticator) other-way(fido2) clear-session admins"},
		{"no reason, no steps: the default", about(at(0, 500121)), "app-online(microsoftAuthenticator) other-way(fido2) clear-session admins"},
		{"no reason, nothing known", Facts{Report: aadsts.Report{Code: "500121"}}, "retry other-way-any clear-session admins-any"},
		{"an old session", about(at(0, 70043)), "sign-in-again clear-session admins"},
		{"the place, by the policy's name", about(place), "trusted-network admins"},
		{"the place, since it works elsewhere", func() Facts { f := about(plain, from(abroad, at(-60, 0))); return f }(), "trusted-network admins"},
		{"the policy is not to be seen", about(hidden), "trusted-network admins"},
		{"a policy that says nothing of the place", about(plain), "admins"},
		{"a policy about devices", about(device), "managed-device admins"},
		{"a policy about old programs", about(mail), "modern-app admins"},
	} {
		d := Diagnose(test.facts)
		if got := keys(d); got != test.want {
			t.Errorf("%s (%s):\n got %s\nwant %s", test.name, d.Cause, got, test.want)
		}
		onlyHelpers := strings.HasPrefix(test.want, "admins")
		if d.AdminsOnly != onlyHelpers {
			t.Errorf("%s: admins only %v", test.name, d.AdminsOnly)
		}
	}
}

func TestStepsNameThings(t *testing.T) {
	d := Diagnose(about(at(0, 500121, asked(push, "iPhone 15", silence))))
	if d.Steps[0].Method.Name != "iPhone 15" || d.Steps[1].Method.Name != "YubiKey 5" {
		t.Errorf("got %v, %v", d.Steps[0].Method, d.Steps[1].Method)
	}
	d = Diagnose(about(at(0, 500121, asked(text, "+XX XXXXXXXX12", "phone unreachable"))))
	if !slices.Equal(d.Steps[0].Args, []string{"+XX XXXXXXXX12"}) {
		t.Errorf("got %q", d.Steps[0].Args)
	}
	d = Diagnose(about(at(0, 50020)))
	if !slices.Equal(d.Steps[0].Args, []string{"sam@contoso.com"}) {
		t.Errorf("got %q", d.Steps[0].Args)
	}
}

func TestAdminsGetWhatTheyNeed(t *testing.T) {
	s := at(0, 500121, asked(push, "iPhone 15", silence))
	d := Diagnose(about(s))
	want := []string{"500121", s.ID, s.CorrelationID, "2026-11-20 12:00:00"}
	if last := d.Steps[len(d.Steps)-1]; last.Key != "admins" || !slices.Equal(last.Args, want) {
		t.Errorf("got %s %q, want admins %q", last.Key, last.Args, want)
	}
	r := aadsts.Report{Code: "50126", RequestID: "r", CorrelationID: "c", Timestamp: noon}
	d = Diagnose(Facts{Report: r})
	if last := d.Steps[len(d.Steps)-1]; !slices.Equal(last.Args, []string{"50126", "r", "c", "2026-11-20 12:00:00"}) {
		t.Errorf("from the report: got %q", last.Args)
	}
}

func TestTheOnlyGlobalAdmin(t *testing.T) {
	for want, s := range map[string]graph.SignIn{
		"app-online(microsoftAuthenticator) other-way(fido2) break-glass data-protection": at(0, 500121, asked(push, "iPhone 15", silence)),
		"break-glass data-protection": at(0, 500121, asked(push, "", "user is blocked")),
	} {
		d := Diagnose(with(s, func(f *Facts) { f.SoleGlobalAdmin = true }))
		if keys(d) != want || !slices.Contains(d.AdminNotes, "note.sole-admin") {
			t.Errorf("got %s, notes %q, want %s", keys(d), d.AdminNotes, want)
		}
		if last := d.Steps[len(d.Steps)-1]; !strings.HasPrefix(last.URL, "https://support.microsoft.com/") {
			t.Errorf("got %s", last.URL)
		}
	}
}

// TestGuests: their methods are their own organisation's, so that this tenant
// knows of none is no reason, and its admins are not the first to ask.
func TestGuests(t *testing.T) {
	guest := func(m ...graph.Method) func(*Facts) {
		return func(f *Facts) { u := sam; u.Guest = true; f.User, f.Methods = &u, append([]graph.Method{}, m...) }
	}
	for _, test := range []struct {
		name  string
		event graph.SignIn
		has   []graph.Method
		cause Cause
		want  string
	}{
		{"no answer", at(0, 500121, asked(push, "", silence)), nil, NoAnswer, "app-online(microsoftAuthenticator) other-way-any home-admins admins"},
		{"a reason that nobody tells", at(0, 500121), nil, NotCompleted, "retry other-way-any home-admins admins"},
		{"a password alone is no second factor", at(0, 500121), []graph.Method{word}, NotCompleted, "retry other-way-any home-admins admins"},
		{"registered here after all", at(0, 500121, asked(push, "iPhone 15", silence)), []graph.Method{app, key}, NoAnswer, "app-online(microsoftAuthenticator) other-way(fido2) home-admins admins"},
	} {
		d := Diagnose(with(test.event, guest(test.has...)))
		if d.Cause != test.cause || keys(d) != test.want {
			t.Errorf("%s: got %s, %s; want %s, %s", test.name, d.Cause, keys(d), test.cause, test.want)
		}
	}
}

func TestNotesForAdmins(t *testing.T) {
	admin, guest := sam, sam
	admin.Roles = []graph.Role{{Template: graph.GlobalAdministrator}}
	guest.Guest = true
	radius, adfs, old := at(0, 500121), at(0, 500121), at(0, 500121)
	radius.Resource, adfs.Resource, old.API = "radius", "ADFS", graph.V1
	for _, test := range []struct {
		name  string
		facts Facts
		want  string
	}{
		{"blocked: unblock, and no reset", about(at(0, 500121, asked(push, "", "user is blocked"))), "note.unblock"},
		{"fraud: unblock, too", about(at(0, 500121, asked(push, "", fraud))), "note.incident note.unblock"},
		{"suspicious: both are to be cleared", about(at(0, 500121, asked(push, "", "SuspiciousActivityReported"))), "note.incident note.risky-user note.unblock"},
		{"disabled: never reset", about(at(0, 50057)), "note.never-reset"},
		{"TAP blocked: perhaps the block list", about(at(0, 130502)), "note.credential-policy note.unblock"},
		{"no method: a pass", about(at(0, 500121, asked(push, "", "user doesn't have any verification methods registered"))), "note.pass"},
		{"two meanings of one code", about(at(0, 530032)), "note.incident note.risky-user note.conflict"},
		{"an admin", with(at(0, 500121), func(f *Facts) { f.User = &admin }), "note.privileged"},
		{"a guest", with(at(0, 500121), func(f *Facts) { f.User = &guest }), "note.guest"},
		{"NPS", about(radius), "note.radius"},
		{"AD FS", about(adfs), "note.adfs"},
		{"only v1.0", about(old), "note.v1"},
		{"drift of a token", with(at(0, 500121, asked(code, "", wrongCode), asked(code, "", wrongCode)), methods(steel)), "note.hardware-token"},
		{"drift of an app", with(at(0, 500121, asked(code, "", wrongCode), asked(code, "", wrongCode)), methods(app)), ""},
	} {
		if got := strings.Join(Diagnose(test.facts).AdminNotes, " "); got != test.want {
			t.Errorf("%s: got %q, want %q", test.name, got, test.want)
		}
	}
}
