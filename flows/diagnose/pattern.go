package diagnose

import (
	"net/netip"
	"slices"
	"time"

	"mfahelp/graph"
)

// What several events show that none of them shows alone.
const (
	abuseWindow = time.Hour
	abuseCount  = 3 // prompts that came to nothing, within the window
	driftWindow = 10 * time.Minute
	driftCount  = 2 // wrong codes, within the window
)

// An attempt is a prompt that came to nothing.
type attempt struct {
	at       time.Time
	cause    Cause
	words    string
	method   string
	event    graph.SignIn
	evidence Evidence
}

// attempts returns those of events that failed for one of causes, oldest
// first, each once: the log repeats the steps of a visit in several events.
func attempts(events []graph.SignIn, causes ...Cause) (all []attempt) {
	add := func(a attempt) {
		again := slices.ContainsFunc(all, func(b attempt) bool {
			return a.at.Equal(b.at) && a.words == b.words && (sameEvent(a.event, b.event) || sameVisit(a.event, b.event))
		})
		if slices.Contains(causes, a.cause) && !again {
			all = append(all, a)
		}
	}
	for _, e := range events {
		before := len(all)
		for i, s := range e.Steps {
			at := s.At
			if at.IsZero() {
				at = e.At
			}
			if !s.Succeeded {
				add(attempt{at, meaning(s.Result), s.Result, s.Method, e, stepEvidence(e, i)})
			}
		}
		if len(all) == before && len(e.Steps) == 0 {
			add(attempt{e.At, meaning(e.Details), e.Details, "", e, detailsEvidence(e)})
		}
	}
	slices.SortStableFunc(all, func(a, b attempt) int { return a.at.Compare(b.at) })
	return all
}

// abused finds prompts that somebody keeps sending to a person: three or more
// came to nothing within an hour, and they came from where the person had not
// signed in before, or in the end one was let through.
func abused(m *matter) finding {
	events := m.everything()
	all := attempts(events, Declined, WrongNumber, NoAnswer)
	for i := range all {
		burst := within(all[i:], abuseWindow)
		if len(burst) < abuseCount {
			continue
		}
		known := m.known(all[i].at)
		strange := slices.DeleteFunc(slices.Clone(burst), func(a attempt) bool {
			return len(known) == 0 || a.event.IP == "" || familiar(a.event, known)
		})
		if len(strange) >= abuseCount {
			return finding{cause: NumberAbuse, confidence: Likely, evidence: evidenceOf(strange)}
		}
		third, end := burst[abuseCount-1].at, burst[len(burst)-1].at.Add(abuseWindow)
		for _, e := range events {
			if e.ErrorCode == 0 && !e.At.Before(third) && !e.At.After(end) && !familiar(e, m.before(all[i].at)) {
				return finding{cause: NumberAbuse, confidence: Likely, evidence: append(evidenceOf(burst), codeEvidence(e))}
			}
		}
	}
	return finding{}
}

// before returns the events with which the person got in before t.
func (m *matter) before(t time.Time) []graph.SignIn {
	return filter(m.everything(), func(e graph.SignIn) bool { return e.ErrorCode == 0 && e.At.Before(t) })
}

// known returns the events that show where the person is: those with which
// they got in before t, or else the one whose page they hold in their hands.
func (m *matter) known(t time.Time) []graph.SignIn {
	if got := m.before(t); len(got) > 0 {
		return got
	}
	return filter(m.everything(), func(e graph.SignIn) bool {
		return same(m.Report.RequestID, e.ID) || same(m.Report.CorrelationID, e.CorrelationID)
	})
}

// familiar reports whether e came from where one of known did.
func familiar(e graph.SignIn, known []graph.SignIn) bool {
	return slices.ContainsFunc(known, func(k graph.SignIn) bool { return near(e, k) })
}

// near reports whether a and b came from the same device, which Entra knows,
// or from the same network: an address changes within it. Where an address is
// thought to be tells nothing, for whoever attacks picks one nearby.
func near(a, b graph.SignIn) bool {
	return same(a.Device.ID, b.Device.ID) || a.IP == b.IP || a.IP != "" && network(a.IP) == network(b.IP)
}

// network returns what addresses of one place commonly share. What is no
// address stands for itself.
func network(ip string) string {
	addr, err := netip.ParseAddr(ip)
	if err != nil {
		return ip
	}
	addr = addr.Unmap()
	bits := 24
	if addr.Is6() {
		bits = 48
	}
	p, _ := addr.WithZone("").Prefix(bits) // cannot fail: there are as many bits
	return p.String()
}

// drifted finds a clock that is out of step: the codes of an app, which depend
// on the time, are refused again and again, from somebody who has such an app.
func drifted(m *matter) finding {
	if m.event == nil || !m.hasCodes() {
		return finding{}
	}
	all := slices.DeleteFunc(attempts(m.everything(), WrongCode), func(a attempt) bool {
		k := kindOf(a.method)
		return k != graph.SoftwareOATH && k != graph.Authenticator && k != graph.HardwareOATH || a.at.Sub(m.event.At).Abs() > abuseWindow
	})
	for i := range all {
		if wrong := within(all[i:], driftWindow); len(wrong) >= driftCount {
			return finding{cause: ClockDrift, confidence: Likely, evidence: evidenceOf(wrong)}
		}
	}
	return finding{}
}

// hasCodes reports whether the person has, or may have, what makes codes.
func (m *matter) hasCodes() bool {
	return m.Methods == nil || slices.ContainsFunc(m.Methods, func(x graph.Method) bool {
		return x.Kind == graph.Authenticator || x.Kind == graph.SoftwareOATH || x.Kind == graph.HardwareOATH
	})
}

// within returns those of all that are no later than d after the first.
func within(all []attempt, d time.Duration) []attempt {
	n := slices.IndexFunc(all, func(a attempt) bool { return a.at.Sub(all[0].at) > d })
	if n < 0 {
		n = len(all)
	}
	return all[:n]
}

// evidenceOf returns what a few of all rest on: more would be read by nobody.
func evidenceOf(all []attempt) (some []Evidence) {
	for _, a := range all[:min(len(all), 5)] {
		some = append(some, a.evidence)
	}
	return some
}
