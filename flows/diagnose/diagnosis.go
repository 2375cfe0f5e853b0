package diagnose

import (
	"slices"
	"time"

	"mfahelp/graph"
	"mfahelp/graph/aadsts"
)

// Facts are all that a diagnosis rests on. Whoever fills them has seen to it
// that the events belong to the person who asks.
type Facts struct {
	Report  aadsts.Report  // a hint, and no proof: whoever pasted it may have made it up
	SignIn  *graph.SignIn  // the event that [Pick] found; nil to judge by the code alone
	Nearby  []graph.SignIn // others of the same visit, or of the same person close in time
	Expired bool           // the error is older than the log reaches
	User    *graph.User    // nil if unknown
	Methods []graph.Method // nil if unknown; empty and not nil if there are none

	SoleGlobalAdmin bool // nobody else in the tenant could help this person
	NotMe           bool // the person says that the sign-in was not theirs
	Now             time.Time
}

// A Confidence says how far to trust a [Diagnosis].
type Confidence string

// The confidences, from nothing to the most.
const (
	None     Confidence = "none"      // as for [Unknown]
	CodeOnly Confidence = "code-only" // the error code says so and nothing more; the event was not found, or has no reason
	Likely   Confidence = "likely"    // the sign-in as a whole says so, or several together
	Certain  Confidence = "certain"   // the field that decides says so, in words or a code that we know
)

// AtLeast reports whether c is as good as other, or better.
func (c Confidence) AtLeast(other Confidence) bool { return c.rank() >= other.rank() }

func (c Confidence) rank() int {
	switch c {
	case Certain:
		return 3
	case Likely:
		return 2
	case CodeOnly:
		return 1
	default:
		return 0
	}
}

// Key names the sentence that says how sure we are.
func (c Confidence) Key() string { return "confidence." + string(c) }

// An Evidence is a value that decided, and where it stands.
type Evidence struct {
	Event string    `json:"event,omitempty"` // id of the sign-in; "" if it is not from the log
	Field string    `json:"field"`           // such as "authenticationDetails[1].authenticationStepResultDetail"
	Value string    `json:"value"`           // verbatim
	API   graph.API `json:"api,omitempty"`   // who said it; "" if it is not from the log
}

// A Diagnosis is why a sign-in failed, what that rests on, and what to do.
type Diagnosis struct {
	Cause      Cause      `json:"cause"`
	Confidence Confidence `json:"confidence"`
	Evidence   []Evidence `json:"evidence,omitempty"` // never empty from [Likely] on

	Code     string   `json:"code,omitempty"`     // the error to explain, such as "500121"
	Method   string   `json:"method,omitempty"`   // what the person was asked with, in the log's words, such as "Mobile app notification"
	Device   string   `json:"device,omitempty"`   // on which, such as "iPhone 15"; of a number, only the end is there
	Policies []string `json:"policies,omitempty"` // names of the Conditional Access policies that said no

	Steps      []Advice `json:"steps,omitempty"`       // what to do, in order, at most four; none with Alarm
	Ask        bool     `json:"ask,omitempty"`         // "was it you?" comes first, and the steps are for a yes
	Alarm      bool     `json:"alarm,omitempty"`       // a security matter: the asker is told only that the admins have it
	AdminsOnly bool     `json:"admins_only,omitempty"` // no step of the person's own can help
	AdminNotes []string `json:"admin_notes,omitempty"` // keys of sentences for admins: what to look at, and where
	Unknown    string   `json:"unknown,omitempty"`     // words of the log that we do not know, verbatim
}

// An Advice is one thing to do. The words are "step.<Key>.do", in some cases
// "step.<Key>.why", and with a URL "step.<Key>.link" for the link itself.
// If there is a Method, its name fills {0} and Args begin at {1}; if not, they
// begin at {0}.
type Advice struct {
	Key    string        `json:"key"`
	Args   []string      `json:"args,omitempty"`
	Method *graph.Method `json:"method,omitempty"` // to be printed by [MethodKey]
	URL    string        `json:"url,omitempty"`    // one of a fixed list of Microsoft's pages
}

// MethodKey names the phrase for m, and what fills its gap.
func MethodKey(m graph.Method) (key string, args []string) {
	kind := m.Kind
	if !slices.Contains(namedKinds, kind) {
		kind = graph.OtherMethod
	}
	key = "method." + string(kind)
	if m.Name == "" {
		return key + ".bare", nil
	}
	return key, []string{m.Name}
}

// namedKinds are the kinds that we have words for. A newer one is "other".
var namedKinds = []graph.Kind{
	graph.Authenticator, graph.PhoneMethod, graph.SoftwareOATH, graph.HardwareOATH, graph.FIDO2, graph.Hello, graph.PlatformCred,
	graph.Email, graph.External, graph.QRCodePIN, graph.Pass, graph.Password,
}

// Asked names the phrase for what the person was asked with, such as
// "Microsoft Authenticator on iPhone 15", and what fills its gap. It is the
// {0} of a cause's body.
func (d Diagnosis) Asked() (key string, args []string) {
	switch kindOf(d.Method) {
	case graph.Authenticator:
		key = "asked.app"
	case graph.SoftwareOATH:
		key = "asked.code"
	case graph.PhoneMethod:
		key = "asked.phone"
	case graph.FIDO2:
		key = "asked.key"
	case graph.Hello:
		key = "asked.hello"
	default:
		return "asked.other", nil
	}
	if d.Device == "" {
		return key + ".bare", nil
	}
	return key, []string{d.Device}
}

// Diagnose tells why the sign-in of f failed, and what to do. Any facts will
// do, and they are not changed.
func Diagnose(f Facts) Diagnosis {
	m := consider(f)
	found := finding{cause: Unknown, confidence: None}
	for _, rule := range rules {
		if r := rule(m); r.cause != "" {
			found = r
			break
		}
	}
	m.d = Diagnosis{
		Cause: found.cause, Confidence: found.confidence, Evidence: found.evidence,
		Code: m.code, Unknown: found.unknown,
	}
	m.describe()
	m.advise()
	return m.d
}
