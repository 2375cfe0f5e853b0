package diagnose

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"mfahelp/graph"
)

// The pages that a step may link to. There are no others.
const (
	mySecurityInfo = "https://aka.ms/mysecurityinfo"
	passwordReset  = "https://aka.ms/sspr"
	phoneSupport   = "https://support.microsoft.com/topic/customer-service-phone-numbers-c0389ade-5640-e588-8b0e-28de8afeb3f2"
)

// A step is something to do, if it fits the matter.
type step func(*matter) (Advice, bool)

// say is a step that fits everybody.
func say(key string) step {
	return func(*matter) (Advice, bool) { return Advice{Key: key}, true }
}

// link is say with a page to open.
func link(key, url string) step {
	return func(*matter) (Advice, bool) { return Advice{Key: key, URL: url}, true }
}

// appOnline is to open Authenticator, on the phone that was asked.
func appOnline(m *matter) (Advice, bool) {
	if m.kind != graph.Authenticator {
		return Advice{}, false
	}
	return Advice{Key: "app-online", Method: &graph.Method{Kind: graph.Authenticator, Name: m.device}}, true
}

// ready is what to do before the next try, when nobody says why the last one
// failed: have ready what will be asked for.
func ready(m *matter) (Advice, bool) {
	switch m.kind {
	case graph.Authenticator:
		return appOnline(m)
	case graph.SoftwareOATH, graph.HardwareOATH:
		return newestCode(m)
	default:
		return Advice{Key: "retry"}, true
	}
}

// otherWay is to sign in with another method, one that this person has.
func otherWay(m *matter) (Advice, bool) {
	if m.Methods == nil {
		return Advice{Key: "other-way-any"}, true
	}
	other := m.other()
	return Advice{Key: "other-way", Method: other}, other != nil
}

// appCode is to take the code that Authenticator shows, which needs no
// connection, if its prompt did not work and there is nothing else.
func appCode(m *matter) (Advice, bool) {
	has := slices.ContainsFunc(m.Methods, func(x graph.Method) bool { return x.Kind == graph.Authenticator })
	return Advice{Key: "app-code"}, has && m.kind == graph.Authenticator && m.other() == nil
}

// appPrompt is the other way round: to approve a prompt instead of typing a
// code, in the same app.
func appPrompt(m *matter) (Advice, bool) {
	has := slices.ContainsFunc(m.Methods, func(x graph.Method) bool { return x.Kind == graph.Authenticator })
	return Advice{Key: "app-prompt"}, has && m.kind == graph.SoftwareOATH && m.other() == nil
}

// newestCode is to type the code again, as it is now.
func newestCode(m *matter) (Advice, bool) {
	if m.kind == graph.PhoneMethod {
		return Advice{Key: "newest-message"}, true
	}
	return Advice{Key: "newest-code"}, true
}

// nextCode is not to type the same code twice.
func nextCode(m *matter) (Advice, bool) {
	if m.kind == graph.PhoneMethod {
		return Advice{Key: "newest-message"}, true
	}
	return Advice{Key: "next-code"}, true
}

// deviceTime is to let the phone set its own clock, on which codes depend.
func deviceTime(m *matter) (Advice, bool) {
	if m.kind == graph.PhoneMethod || m.onlyHardware() {
		return Advice{}, false
	}
	os := ""
	if m.event != nil {
		os = strings.ToLower(m.event.Phone.OS)
	}
	switch {
	case m.d.Cause == TokenTime:
		return Advice{Key: "time-here"}, true
	case strings.Contains(os, "android"):
		return Advice{Key: "time-android"}, true
	case strings.Contains(os, "ios"), strings.Contains(os, "iphone"):
		return Advice{Key: "time-iphone"}, true
	default:
		return Advice{Key: "time-phone"}, true
	}
}

// phoneCheck is to see that the number is right and that the phone has signal.
func phoneCheck(m *matter) (Advice, bool) {
	if m.kind != graph.PhoneMethod {
		return Advice{}, false
	}
	if m.device == "" {
		return Advice{Key: "phone-check-any"}, true
	}
	return Advice{Key: "phone-check", Args: []string{m.device}}, true
}

// fixNumber is to correct the number, for who can get in another way.
func fixNumber(m *matter) (Advice, bool) {
	return Advice{Key: "fix-number", URL: mySecurityInfo}, m.kind == graph.PhoneMethod && m.other() != nil
}

// reAdd is to set up Authenticator anew. Whoever has nothing else would lock
// themselves out by it.
func reAdd(m *matter) (Advice, bool) {
	return Advice{Key: "re-add", URL: mySecurityInfo}, m.withApp() && m.other() != nil
}

// updateApp is to renew the programs. Reinstalling Authenticator loses its
// accounts, so that is for who has another method.
func updateApp(m *matter) (Advice, bool) {
	if m.other() != nil {
		return Advice{Key: "reinstall-app"}, m.withApp()
	}
	return Advice{Key: "update-app"}, m.withApp()
}

// withApp reports whether it was an app, or may have been, that was asked.
func (m *matter) withApp() bool {
	return m.kind == graph.Authenticator || m.kind == graph.SoftwareOATH || m.kind == ""
}

// clearSession is to get rid of what a browser remembers.
func clearSession(m *matter) (Advice, bool) {
	browser := m.event == nil || m.event.Client == "" || strings.EqualFold(m.event.Client, "browser")
	if !browser {
		return Advice{Key: "sign-out-app"}, true
	}
	return Advice{Key: "clear-session"}, true
}

// rightAccount is to choose the account that belongs here.
func rightAccount(m *matter) (Advice, bool) {
	if m.User != nil && m.User.UPN != "" {
		return Advice{Key: "right-account", Args: []string{m.User.UPN}}, true
	}
	return Advice{Key: "right-account-any"}, true
}

// setup is to finish setting up, if that is what was asked.
func setup(m *matter) (Advice, bool) {
	return Advice{Key: "register", URL: mySecurityInfo}, codes[m.base] == SetupUnfinished
}

// managedDevice is to use a computer of the company, if a policy wants one.
func managedDevice(m *matter) (Advice, bool) {
	device := len(m.policies("requireCompliantDevice")) + len(m.policies("requireDomainJoinedDevice"))
	return Advice{Key: "managed-device"}, device > 0
}

// trustedNetwork is to go where a policy lets one in, if the place is what it
// minds: it says so by its name, or the person got in from elsewhere, or the
// policy is not to be seen and nothing says otherwise.
func trustedNetwork(m *matter) (Advice, bool) {
	failed := m.policies("")
	named := slices.ContainsFunc(failed, func(p Evidence) bool {
		return slices.ContainsFunc(placeWords, func(w string) bool { return strings.Contains(strings.ToLower(p.Value), w) })
	})
	elsewhere := m.event != nil && slices.ContainsFunc(m.others, func(e graph.SignIn) bool {
		return e.ErrorCode == 0 && !near(e, *m.event)
	})
	_, device := managedDevice(m)
	return Advice{Key: "trusted-network"}, named || !device && (elsewhere || len(failed) == 0 && !m.oldClient())
}

// placeWords are in the names of policies that mind the place.
var placeWords = []string{"location", "country", "countries", "network", "trusted", "vpn", "geo", "outside", "office", "abroad", "ip range"}

// modernApp is to leave a program that cannot do more than a password.
func modernApp(m *matter) (Advice, bool) { return Advice{Key: "modern-app"}, m.oldClient() }

// oldClient reports whether the sign-in came by a protocol without MFA.
// See https://learn.microsoft.com/entra/identity/conditional-access/policy-block-legacy-authentication.
func (m *matter) oldClient() bool {
	if m.event == nil || m.event.Client == "" {
		return false
	}
	c := strings.ToLower(m.event.Client)
	return c != "browser" && c != "mobile apps and desktop clients"
}

// Sole is who can help the only Global Administrator: nobody in the tenant but by
// an account that was put aside for it, or else Microsoft.
func Sole() []Advice {
	return []Advice{{Key: "break-glass"}, {Key: "data-protection", URL: phoneSupport}}
}

// helpers returns who can help, at most n of them: the admins, with what they
// need to find the sign-in, or Microsoft if there is no admin but this person.
// A guest's own helpdesk comes before the admins of the tenant they are in.
func (m *matter) helpers(n int) []Advice {
	if m.SoleGlobalAdmin {
		both := Sole()
		return both[:min(n, len(both))]
	}
	if m.guest() {
		return append([]Advice{{Key: "home-admins"}}, m.admins())
	}
	return []Advice{m.admins()}
}

// admins is to ask them, with what they need.
func (m *matter) admins() Advice {
	r := m.Report
	if s := m.event; s != nil {
		r.RequestID, r.CorrelationID, r.Timestamp = s.ID, s.CorrelationID, s.At
	}
	if m.code == "" || r.RequestID == "" || r.CorrelationID == "" || r.Timestamp.IsZero() {
		return Advice{Key: "admins-any"}
	}
	at := r.Timestamp.UTC().Format(time.DateTime)
	return Advice{Key: "admins", Args: []string{m.code, r.RequestID, r.CorrelationID, at}}
}

// preference is which methods to take instead of one that failed. The phone
// comes last, as it is the weakest and fails with its network. A pass and a PIN
// are given by admins, and what we do not know cannot be recommended.
var preference = []graph.Kind{
	graph.Authenticator, graph.FIDO2, graph.Hello, graph.PlatformCred,
	graph.SoftwareOATH, graph.HardwareOATH, graph.External, graph.PhoneMethod,
}

// other returns the best method that did not fail, or nil.
func (m *matter) other() *graph.Method {
	rank := func(x graph.Method) int { return slices.Index(preference, x.Kind) }
	able := slices.DeleteFunc(slices.Clone(m.Methods), func(x graph.Method) bool { return rank(x) < 0 || m.failed(x) })
	if len(able) == 0 {
		return nil
	}
	best := slices.MinFunc(able, func(a, b graph.Method) int { return cmp.Compare(rank(a), rank(b)) })
	return &best
}

// failed reports whether x may be the method that failed: one of the same
// kind, unless its name and the log's tell them apart.
func (m *matter) failed(x graph.Method) bool {
	typed := m.kind == graph.SoftwareOATH || m.kind == graph.HardwareOATH // the log says the same of both
	switch {
	case typed && x.Kind == graph.Authenticator:
		return !slices.ContainsFunc(m.Methods, isToken) // the codes were this app's
	case typed:
		return isToken(x)
	default:
		return x.Kind == m.kind && (m.device == "" || x.Name == "" || sameName(x, m.device))
	}
}

func isToken(x graph.Method) bool {
	return x.Kind == graph.SoftwareOATH || x.Kind == graph.HardwareOATH
}

// sameName reports whether the log means x by device. Of numbers both show
// only the end.
func sameName(x graph.Method, device string) bool {
	if x.Kind != graph.PhoneMethod {
		return strings.EqualFold(x.Name, device)
	}
	a, b := lastTwo(x.Name), lastTwo(device)
	return len(a) < 2 || len(b) < 2 || a == b
}

func lastTwo(number string) string {
	d := digits(number)
	return d[max(0, len(d)-2):]
}

func (m *matter) hasHardwareToken() bool {
	return slices.ContainsFunc(m.Methods, func(x graph.Method) bool { return x.Kind == graph.HardwareOATH })
}

// onlyHardware reports whether the codes can only be a hardware token's, whose
// clock nobody can set.
func (m *matter) onlyHardware() bool {
	return m.hasHardwareToken() && !slices.ContainsFunc(m.Methods, func(x graph.Method) bool {
		return x.Kind == graph.SoftwareOATH || x.Kind == graph.Authenticator
	})
}
