package store

import (
	"errors"
	"fmt"
	"testing"

	"mfahelp/graph"
)

// TestReasons tells operators why something waits, and never in words that
// somebody else chose.
func TestReasons(t *testing.T) {
	for want, err := range map[string]error{
		"request budget":                  fmt.Errorf("canary: %w", &graph.Later{Why: graph.Budget, Err: errors.New("canary")}),
		"an error of type *fmt.wrapError": fmt.Errorf("canary: %w", errors.New("canary")),
	} {
		if got := reasonOf(err); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
