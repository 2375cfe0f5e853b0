package graph_test

import (
	"errors"
	"testing"

	"mfahelp/graph"
)

func TestError(t *testing.T) {
	for _, test := range []struct {
		err  graph.Error
		want string
	}{
		{graph.Error{Op: "get user", Reason: graph.ErrNotFound}, "get user: not found"},
		{graph.Error{Op: "list sign-ins", Reason: graph.ErrForbidden, Status: 403, Code: "UnknownError", Permission: "AuditLog.Read.All"},
			"list sign-ins: permission missing AuditLog.Read.All (403 UnknownError)"},
		{graph.Error{Op: "get token", Reason: graph.ErrUnavailable, Err: errors.New("connection refused")}, "get token: unavailable: connection refused"},
	} {
		if got := test.err.Error(); got != test.want {
			t.Errorf("got %q, want %q", got, test.want)
		}
	}
}
