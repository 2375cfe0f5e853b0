package flows

import (
	"testing"

	"mfahelp/graph"
)

// states are all there are.
var states = []RequestState{
	ResetChecking, ResetAsked, ResetProven, ResetExecuting, ResetExecuted, ResetWatched, ResetSettled,
	ResetDenied, ResetExpired, ResetWithdrawn, ResetFrozen,
}

// TestLets holds each kind of change to the states in which it may begin. What
// takes a method away or lets somebody in has the fewest.
func TestLets(t *testing.T) {
	want := map[graph.ChangeKind][]RequestState{
		graph.DeleteMethod:             {ResetExecuting},
		graph.CreatePass:               {ResetExecuted, ResetWatched},
		graph.RevokeSessions:           {ResetExecuting, ResetFrozen},
		graph.DeletePass:               states[3:],
		graph.SendMail:                 append(states[:len(states):len(states)], ""),
		graph.ChangeKind("new.change"): {ResetExecuting},
	}
	for kind, in := range want {
		may := map[RequestState]bool{}
		for _, s := range in {
			may[s] = true
		}
		for _, s := range append(states[:len(states):len(states)], "") {
			if got := s.Lets(kind); got != may[s] {
				t.Errorf("%s while %q: got %v, want %v", kind, s, got, may[s])
			}
		}
	}
}
