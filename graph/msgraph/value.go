package msgraph

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"mfahelp/graph"

	"github.com/microsoft/kiota-abstractions-go/serialization"
)

// val returns what p points to, or nothing.
func val[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}

// name returns what an enumeration of the SDK is called, or "".
func name[T fmt.Stringer](p *T) string {
	if p == nil {
		return ""
	}
	return (*p).String()
}

// present returns the values that are not nil: Graph may put null into a list.
func present[T comparable](values []T) []T {
	var none T
	var kept []T
	for _, v := range values {
		if v != none {
			kept = append(kept, v)
		}
	}
	return kept
}

// plain returns a property that the SDK does not know, as encoding/json would
// have read it. kiota hands it over as pointers, or, where a model says that
// anything may come, as untyped nodes.
func plain(v any) any {
	switch v := v.(type) {
	case *string:
		return val(v)
	case *bool:
		return val(v)
	case *float64:
		return val(v)
	case *serialization.UntypedString:
		return val(v.GetValue())
	case *serialization.UntypedBoolean:
		return val(v.GetValue())
	case *serialization.UntypedDouble:
		return val(v.GetValue())
	case []any:
		return each(v)
	case *serialization.UntypedArray:
		return each(v.GetValue())
	case map[string]any:
		return members(v)
	case *serialization.UntypedObject:
		return members(v.GetValue())
	case string, bool, float64:
		return v
	}
	return nil
}

func each[T any](list []T) []any {
	out := make([]any, len(list))
	for i, v := range list {
		out[i] = plain(v)
	}
	return out
}

func members[T any](m map[string]T) map[string]any {
	out := make(map[string]any, len(m))
	for k, v := range m {
		out[k] = plain(v)
	}
	return out
}

// An object is what is inside a property that the SDK does not know.
type object map[string]any

func (o object) text(key string) string {
	s, _ := plain(o[key]).(string)
	return s
}

func (o object) truth(key string) bool {
	b, _ := plain(o[key]).(bool)
	return b
}

// time returns a time in UTC; zero if there is none.
func (o object) time(key string) time.Time {
	t, err := time.Parse(time.RFC3339, o.text(key))
	if err != nil {
		return time.Time{}
	}
	return t.UTC()
}

func (o object) object(key string) object {
	m, _ := plain(o[key]).(map[string]any)
	return m
}

// objects returns the objects of a list.
func (o object) objects(key string) []object {
	list, _ := plain(o[key]).([]any)
	var out []object
	for _, v := range list {
		if m, ok := v.(map[string]any); ok {
			out = append(out, m)
		}
	}
	return out
}

var (
	guids   = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)
	upns    = regexp.MustCompile(`^[a-z0-9'._!#^~-]+@[a-z0-9.-]+$`)
	domains = regexp.MustCompile(`^[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$`)
)

// guid returns s as Graph writes it, or "" if it is none. Nothing else gets
// into a filter.
func guid(s string) string {
	if s = strings.ToLower(s); guids.MatchString(s) {
		return s
	}
	return ""
}

// who returns s if it can be somebody's object id or user principal name.
// See https://learn.microsoft.com/entra/identity/authentication/concept-sspr-policy.
func who(s string) string {
	if s = strings.ToLower(s); guids.MatchString(s) || upns.MatchString(s) {
		return s
	}
	return ""
}

// errNoID is what is wrong with an id that Graph need not be asked about.
var errNoID = errors.New("neither an object id nor a user principal name")

func invalid(op string, err error) *graph.Error {
	return &graph.Error{Op: op, Reason: graph.ErrRejected, Err: err}
}
