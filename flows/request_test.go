package flows

import (
	"slices"
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
		graph.SendMail:                 append(slices.Clip(states), ""),
		graph.ChangeKind("new.change"): {ResetExecuting},
	}
	for kind, in := range want {
		may := map[RequestState]bool{}
		for _, s := range in {
			may[s] = true
		}
		for _, s := range append(slices.Clip(states), "") {
			if got := s.Lets(kind); got != may[s] {
				t.Errorf("%s while %q: got %v, want %v", kind, s, got, may[s])
			}
		}
	}
}

// TestDefends lets nothing but a pass that goes, and the sessions of an attack,
// begin while all resets are stopped.
func TestDefends(t *testing.T) {
	for _, kind := range graph.ChangeKinds {
		for _, s := range append(slices.Clip(states), "") {
			want := kind == graph.DeletePass || kind == graph.RevokeSessions && s == ResetFrozen
			if got := s.Defends(kind); got != want {
				t.Errorf("%s while %q: got %v, want %v", kind, s, got, want)
			}
		}
	}
}

// TestMay holds the ways of a request to what must never be, however the table
// grows.
func TestMay(t *testing.T) {
	for _, from := range append(slices.Clip(states), "") {
		for _, next := range states {
			may := from.May(next)
			begun := from == ResetExecuting || from == ResetExecuted || from == ResetWatched || from == ResetSettled
			after := next == ResetExecuted || next == ResetWatched || next == ResetSettled
			switch {
			case (next == from || next == ResetFrozen) && !may:
				t.Errorf("%q cannot become %q", from, next)
			case from != "" && !from.Open() && next != from && next != ResetFrozen && may:
				t.Errorf("%q is over and becomes %q", from, next)
			case after && !begun && may:
				t.Errorf("%q becomes %q, and nothing was executed", from, next)
			}
		}
		if from.May("") || from.May("other") || RequestState("other").May(from) && from != ResetFrozen {
			t.Errorf("%q goes where nothing is known, or comes from there", from)
		}
	}
}

func TestHas(t *testing.T) {
	p := plan()
	c := p.Effects[0].Change
	if !p.Has(c) {
		t.Error("a plan does not have its own change")
	}
	c.Object = "another"
	if p.Has(c) {
		t.Error("a plan has a change that is not in it")
	}
}
