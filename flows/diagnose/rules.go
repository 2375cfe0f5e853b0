package diagnose

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"mfahelp/graph"
	"mfahelp/graph/aadsts"
)

// A finding is what a rule has found. Without a cause, it has found nothing.
type finding struct {
	cause      Cause
	confidence Confidence
	evidence   []Evidence
	unknown    string
}

// rules are tried in this order, and the first that finds something decides.
// What is a matter of security comes before all that could help somebody in.
var rules = []func(*matter) finding{
	reported,
	atRisk,
	notMe,
	abused,
	disabled,
	worked,
	told,
	unsaid,
	coded,
}

// A matter is facts put in order, and what is being said about them.
type matter struct {
	Facts
	event  *graph.SignIn  // that decides; nil if there is none
	others []graph.SignIn // of the same person, newest first
	code   string         // to explain
	base   string         // code, or the catalogued one that it is a variant of
	reason reason         // what event says

	d      Diagnosis
	kind   graph.Kind // of the method that failed; "" if that is not known
	device string     // its name: the log's, or else the directory's
}

// consider puts the facts in order. An event of somebody else is none.
func consider(f Facts) *matter {
	m := &matter{Facts: f, code: verdict(f.Report)}
	if m.guest() && !slices.ContainsFunc(m.Methods, graph.Method.SecondFactor) {
		m.Methods = nil // they have theirs at home, of which this tenant knows nothing
	}
	if s := f.SignIn; s != nil && !m.stranger(*s) {
		others := filter(f.Nearby, func(e graph.SignIn) bool { return !m.stranger(e) && sameUser(e, *s) })
		e := settled(*s, f.Report.Code, others)
		m.event, m.others, m.code = &e, around(e, append(others, *s)), codeOf(e)
		m.reason = m.bestReason()
	} else {
		m.others = newestFirst(filter(f.Nearby, func(e graph.SignIn) bool { return !m.stranger(e) }))
	}
	m.base = base(m.code)
	return m
}

// guest reports whether the account belongs to another organisation.
func (m *matter) guest() bool { return m.User != nil && m.User.Guest }

// stranger reports whether s is known to be the sign-in of somebody else.
func (m *matter) stranger(s graph.SignIn) bool {
	return m.User != nil && m.User.ID != "" && s.UserID != "" && !strings.EqualFold(m.User.ID, s.UserID)
}

// everything returns all events of the person, the one that decides first.
func (m *matter) everything() []graph.SignIn {
	if m.event == nil {
		return m.others
	}
	return append([]graph.SignIn{*m.event}, m.others...)
}

// bestReason is what the event says, or if that is little, what another failed
// event of the same visit says: right after a failure some are still empty.
func (m *matter) bestReason() reason {
	r := reasonOf(*m.event)
	if base(codeOf(*m.event)) != strongAuth {
		return r
	}
	for _, e := range m.others {
		if o := reasonOf(e); sameVisit(*m.event, e) && e.ErrorCode != 0 && o.cause != Unknown && better(o.cause, r.cause) {
			r = o
			r.confidence = Likely
		}
	}
	return r
}

// reported finds a sign-in that somebody reported as not theirs. That counts
// wherever it stands, and whatever came after.
func reported(m *matter) finding {
	is := func(words string) bool { c := meaning(words); return c == ReportedFraud || c == SuspiciousActivity }
	for _, e := range m.everything() {
		for i, step := range e.Steps {
			if is(step.Result) {
				return finding{cause: meaning(step.Result), confidence: Certain, evidence: []Evidence{stepEvidence(e, i)}}
			}
		}
		if is(e.Details) {
			return finding{cause: meaning(e.Details), confidence: Likely, evidence: []Evidence{detailsEvidence(e)}}
		}
	}
	return finding{}
}

// atRisk finds what Entra itself holds to be dangerous. A risk that was dealt
// with is none any more.
func atRisk(m *matter) finding {
	for _, e := range m.everything() {
		switch level := strings.ToLower(e.RiskLevel); strings.ToLower(e.RiskState) {
		case "atrisk", "confirmedcompromised":
			return certain(Risk, Evidence{e.ID, "riskState", e.RiskState, e.API})
		case "remediated", "dismissed", "confirmedsafe":
		default:
			if level == "medium" || level == "high" {
				return certain(Risk, Evidence{e.ID, "riskLevelDuringSignIn", e.RiskLevel, e.API})
			}
		}
		if incident(codeOf(e)) {
			return certain(Risk, codeEvidence(e))
		}
	}
	if incident(m.code) {
		return finding{cause: Risk, confidence: CodeOnly, evidence: m.pasted()}
	}
	return finding{}
}

// incident reports whether an error code alone is a matter of security.
func incident(code string) bool {
	e, _, ok := aadsts.Lookup(code)
	return ok && e.Incident || codes[base(code)] == Risk
}

// notMe believes who says that a sign-in was not theirs: nobody gains anything
// by that lie.
func notMe(m *matter) finding {
	if !m.NotMe {
		return finding{}
	}
	said := append([]Evidence{{Field: "answer", Value: "not me"}}, m.reason.evidence...)
	return finding{cause: NotMe, confidence: Likely, evidence: said}
}

// disabled finds an account that is switched off. No step and no reset helps.
func disabled(m *matter) finding {
	if m.User != nil && !m.User.Enabled {
		return certain(Disabled, Evidence{Field: "accountEnabled", Value: "false"})
	}
	return finding{}
}

// worked finds that the person got in after all: the event, or a later one of
// the same visit, or with the same app from the same place. After a denial it
// proves nothing, since somebody else may have been let in.
func worked(m *matter) finding {
	if m.event == nil || m.reason.cause == Declined {
		return finding{}
	}
	for _, e := range m.everything() {
		again := sameVisit(*m.event, e) || e.App == m.event.App && near(e, *m.event)
		stale := !m.Report.Timestamp.IsZero() && m.Report.Timestamp.After(e.At.Add(time.Minute))
		if e.ErrorCode == 0 && !e.At.Before(m.event.At) && again && !stale {
			return certain(SucceededLater, codeEvidence(e))
		}
	}
	return finding{}
}

// told finds the reason in the log's own words. Beside a code that is about
// something else they say nothing, and beside an interrupt little.
func told(m *matter) finding {
	r := m.reason
	if m.event == nil || r.cause == "" || m.base != strongAuth && (!interrupted(m.code) || r.cause == Unknown) {
		return finding{}
	}
	f := finding{cause: r.cause, confidence: r.confidence, evidence: r.evidence, unknown: r.unknown}
	if m.base != strongAuth {
		f.confidence = Likely
	}
	if drift := drifted(m); r.cause == WrongCode && drift.cause != "" {
		return drift
	}
	return f
}

// unsaid looks for what lies behind a second step that failed without a
// reason: a policy that blocks, or an account with no method.
func unsaid(m *matter) finding {
	if m.base != strongAuth {
		return finding{}
	}
	if blocking := m.policies("block"); len(blocking) > 0 {
		return finding{cause: ConditionalAccess, confidence: Likely, evidence: blocking}
	}
	if m.Methods != nil && !slices.ContainsFunc(m.Methods, graph.Method.SecondFactor) {
		none := Evidence{Field: "second factors", Value: "0"}
		return finding{cause: NoMethod, confidence: Likely, evidence: append(m.pasted(), none)}
	}
	if m.event == nil {
		return finding{}
	}
	said := codeEvidence(*m.event)
	if m.event.Details != "" {
		said = detailsEvidence(*m.event)
	}
	return finding{cause: NotCompleted, confidence: CodeOnly, evidence: []Evidence{said}}
}

// coded goes by the error code.
func coded(m *matter) finding {
	f := finding{confidence: CodeOnly, evidence: m.pasted()}
	if m.event != nil {
		f.confidence = Certain
	}
	_, _, known := aadsts.Lookup(m.code)
	switch {
	case m.code == "" || m.code == "0":
		return finding{cause: Unknown, confidence: None}
	case m.event == nil && m.expired() && (interrupted(m.code) || m.base == strongAuth):
		f.cause = ExpiredLog
	case interrupted(m.code):
		f.cause, f.confidence = Interrupt, CodeOnly
	case codes[m.base] != "":
		f.cause, f.evidence = codes[m.base], append(f.evidence, m.policies("")...)
	case known:
		f.cause = OtherCode
	default:
		return finding{cause: Unknown, confidence: None, evidence: m.pasted(), unknown: "AADSTS" + m.code}
	}
	return f
}

// expired reports whether the log no longer reaches back to the error. No
// tenant keeps more than thirty days.
// See https://learn.microsoft.com/entra/identity/monitoring-health/reference-reports-data-retention.
func (m *matter) expired() bool {
	t := m.Report.Timestamp
	return m.Expired || !t.IsZero() && m.Now.Sub(t) > 30*24*time.Hour
}

// pasted is the evidence of the code itself: the event's, or else only what the
// report says.
func (m *matter) pasted() []Evidence {
	switch {
	case m.event != nil:
		return []Evidence{codeEvidence(*m.event)}
	case m.code == "":
		return nil
	}
	return []Evidence{{Field: "pasted", Value: "AADSTS" + m.code}}
}

// policies returns the Conditional Access policies that failed for want of
// grant, or all that failed if it is "".
func (m *matter) policies(grant string) (failed []Evidence) {
	if m.event == nil {
		return nil
	}
	for i, p := range m.event.Policies {
		wants := grant == "" || slices.ContainsFunc(p.Grants, func(g string) bool { return strings.EqualFold(g, grant) })
		if strings.EqualFold(p.Result, "failure") && wants {
			field := fmt.Sprintf("appliedConditionalAccessPolicies[%d].displayName", i)
			failed = append(failed, Evidence{m.event.ID, field, p.Name, m.event.API})
		}
	}
	return failed
}

func certain(c Cause, e ...Evidence) finding {
	return finding{cause: c, confidence: Certain, evidence: e}
}
