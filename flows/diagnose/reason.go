package diagnose

import (
	"fmt"
	"slices"
	"strings"

	"mfahelp/graph"
)

// A reason is what one event says of why it failed.
type reason struct {
	cause      Cause // "" if it says nothing
	confidence Confidence
	evidence   []Evidence
	unknown    string      // words that we do not know
	step       *graph.Step // what the person was asked last; nil if that is not told
}

// reasonOf reads an event. The last step that failed counts most, and a step
// for more than what the event says as a whole. What says little, such as a
// duplicate attempt, gives way to whatever says more; see [answer.weak].
func reasonOf(s graph.SignIn) (r reason) {
	for _, i := range lastFirst(s.Steps) {
		step := s.Steps[i]
		if c := meaning(step.Result); !step.Succeeded && better(c, r.cause) {
			r.say(c, Certain, stepEvidence(s, i), step.Result)
			r.step = &step
		}
	}
	c := meaning(s.Details)
	if better(c, r.cause) || r.cause == Unknown && c != "" && c != Unknown {
		r.say(c, Likely, detailsEvidence(s), s.Details)
	}
	if r.step == nil {
		r.step = lastAsked(s.Steps)
	}
	return r
}

// better reports whether c says more than what we have, which came after it.
func better(c, have Cause) bool {
	return c != "" && (have == "" || answers[have].weak && !answers[c].weak)
}

// say sets the reason to c, which words gave.
func (r *reason) say(c Cause, sure Confidence, e Evidence, words string) {
	r.cause, r.confidence, r.evidence = c, sure, []Evidence{e}
	if c == Unknown {
		r.confidence, r.unknown = None, strings.TrimSpace(words)
	}
}

// method is what the person was asked with, in the log's words.
func (r reason) method() string {
	if r.step == nil {
		return ""
	}
	return r.step.Method
}

// lastFirst returns the indexes of steps by time, the last first. Steps of the
// same moment, or of none, keep the order of the log.
func lastFirst(steps []graph.Step) []int {
	order := make([]int, len(steps))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int { return steps[i].At.Compare(steps[j].At) })
	slices.Reverse(order)
	return order
}

// lastAsked returns the last step that asked for a second factor, one that
// failed if there is any, or nil.
func lastAsked(steps []graph.Step) (asked *graph.Step) {
	for _, i := range lastFirst(steps) {
		step := steps[i]
		if secondFactor(step) && (asked == nil || asked.Succeeded && !step.Succeeded) {
			asked = &step
		}
	}
	return asked
}

// secondFactor reports whether a step asked for more than a password, and was
// not answered by what somebody had shown before.
func secondFactor(s graph.Step) bool {
	m := strings.ToLower(s.Method)
	return m != "" && !strings.HasPrefix(m, "password") && m != "satisfied by token" && m != "previously satisfied"
}

func stepEvidence(s graph.SignIn, i int) Evidence {
	return Evidence{s.ID, fmt.Sprintf("authenticationDetails[%d].authenticationStepResultDetail", i), s.Steps[i].Result, s.API}
}

func detailsEvidence(s graph.SignIn) Evidence {
	return Evidence{s.ID, "status.additionalDetails", s.Details, s.API}
}

func codeEvidence(s graph.SignIn) Evidence {
	return Evidence{s.ID, "status.errorCode", codeOf(s), s.API}
}

// kindOf tells what kind of method the log means by its words for it. It is ""
// if that cannot be told. The order matters: a text message, too, brings a
// verification code, and the phone app is no phone.
func kindOf(method string) graph.Kind {
	m := strings.ToLower(method)
	for _, k := range kinds {
		if slices.ContainsFunc(k.words, func(w string) bool { return strings.Contains(m, w) }) {
			return k.kind
		}
	}
	return ""
}

var kinds = []struct {
	kind  graph.Kind
	words []string
}{
	{graph.PhoneMethod, []string{"text", "sms"}},
	{graph.SoftwareOATH, []string{"oath", "verification code", "passcode"}},
	{graph.Authenticator, []string{"authenticator", "notification", "passwordless", "mobile app", "phone app"}},
	{graph.FIDO2, []string{"fido", "passkey", "security key"}},
	{graph.Hello, []string{"hello"}},
	{graph.PhoneMethod, []string{"voice", "phone", "call"}},
	{graph.External, []string{"external"}},
}
