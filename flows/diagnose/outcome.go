package diagnose

import (
	"slices"

	"mfahelp/graph"
)

// Reason is what an event says of why it failed, by itself and whatever came
// after it; "" if it says nothing. Whoever wants to know why somebody cannot
// sign in asks [Diagnose]; this is for who looks for signs of an attack, of
// which there may be one in any event.
func Reason(s graph.SignIn) Cause { return reasonOf(s).cause }

// Strong reports whether s succeeded by more than a password, shown just then
// and not remembered. With v1.0, which has no steps, it cannot be told.
func Strong(s graph.SignIn) bool {
	return s.ErrorCode == 0 && slices.ContainsFunc(s.Steps, func(t graph.Step) bool { return t.Succeeded && secondFactor(t) })
}
