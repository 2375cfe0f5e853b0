package msgraph

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"mfahelp/graph"
)

// An odata is the body of an error. kiota has a type for it too, whose Error
// method panics if the message is missing, and it loses the status of an error
// that a gateway explains in HTML or not at all. So we read it ourselves.
// See https://learn.microsoft.com/graph/errors.
type odata struct {
	Error struct {
		Code    string `json:"code"`
		Message string `json:"message"` // may name people, so it is read and not kept
		Inner   struct {
			RequestID string `json:"request-id"`
		} `json:"innerError"`
	} `json:"error"`
}

// reasons are what the statuses mean. The others of 400 to 499 are rejections,
// and those from 500 on are failures that may pass.
var reasons = map[int]error{
	http.StatusUnauthorized:    graph.ErrCredential,
	http.StatusForbidden:       graph.ErrForbidden,
	http.StatusNotFound:        graph.ErrNotFound,
	http.StatusRequestTimeout:  graph.ErrUnavailable,
	http.StatusTooManyRequests: graph.ErrThrottled,
	http.StatusNotImplemented:  graph.ErrRejected,
}

// refused reads an answer of 400 or more. The text of it is not kept: Graph
// likes to quote what it was asked for.
func refused(op, needs string, status int, h http.Header, body []byte, now time.Time) *graph.Error {
	var o odata
	_ = json.Unmarshal(body, &o) // a gateway sends HTML, or nothing
	e := &graph.Error{
		Op: op, Reason: reasons[status], Status: status,
		Code:      word(o.Error.Code),
		After:     retryAfter(h, now),
		RequestID: requestID(h),
	}
	if e.RequestID == "" {
		e.RequestID = word(o.Error.Inner.RequestID)
	}
	switch {
	case noLicence(o):
		e.Reason = graph.ErrNoLicence
	case status == http.StatusBadRequest && isDefault(o):
		e.Reason = graph.ErrDefault
	case errors.Is(e.Reason, graph.ErrForbidden):
		e.Permission = missing(o.Error.Message, needs)
	case e.Reason == nil && status >= 500:
		e.Reason = graph.ErrUnavailable
	case e.Reason == nil:
		e.Reason = graph.ErrRejected
	}
	return e
}

// noLicence reports whether Graph wants Entra ID P1, or, for eligible roles and
// risk, P2. These are errors of other services, which say so in words alone.
// See https://github.com/microsoftgraph/microsoft-graph-docs/issues/14118.
func noLicence(o odata) bool {
	return o.Error.Code == "Authentication_RequestFromNonPremiumTenantOrB2CTenant" ||
		strings.Contains(o.Error.Code+o.Error.Message, "AadPremiumLicenseRequired") ||
		strings.Contains(o.Error.Message, "tenant is not licensed for this feature")
}

// isDefault reports whether Graph will not delete a method because it is the
// default. It says so in words alone, of which two wordings are known.
// See https://github.com/microsoftgraph/microsoft-graph-docs/issues/14470 and
// https://github.com/microsoftgraph/microsoft-graph-docs/issues/18091.
func isDefault(o odata) bool {
	m := strings.ToLower(o.Error.Message)
	return strings.Contains(m, "delete default method") || strings.Contains(m, "current default authentication method")
}

// perhaps reports whether a write that failed may have been carried out all the
// same. It was not if there was no token, if nothing left, or if Graph refused:
// all else is open.
func perhaps(e *graph.Error) bool {
	switch {
	case e.Op == opToken:
		return false
	case e.Status == 0:
		return !errors.As(e.Err, new(*unsent))
	case e.Status == http.StatusRequestTimeout:
		return true
	case e.Status == http.StatusNotImplemented:
		return false
	}
	return e.Status < 400 || e.Status >= 500
}

// permissions finds the list in "does not have required MSGraph permissions A,B"
// and in "missing permission scope A,B".
var permissions = regexp.MustCompile(`permissions?(?: scope)? ([A-Za-z]+(?:[.-][A-Za-z]+)+(?:, ?[A-Za-z]+(?:[.-][A-Za-z]+)+)*)`)

// missing returns the permission that Graph named, or, if it named none or
// several of which the least would do, that.
func missing(message, needs string) string {
	m := permissions.FindStringSubmatch(message)
	if m == nil {
		return needs
	}
	named, _, several := strings.Cut(m[1], ",")
	if several {
		return needs
	}
	return named
}

// retryAfter returns how long Graph wants to be left alone, which it says in
// seconds, and a gateway perhaps as a date.
func retryAfter(h http.Header, now time.Time) time.Duration {
	s := h.Get("Retry-After")
	if n, err := strconv.Atoi(s); err == nil {
		return time.Duration(min(max(n, 0), 1<<30)) * time.Second
	}
	if at, err := http.ParseTime(s); err == nil {
		return max(at.Sub(now), 0)
	}
	return 0
}

// requestID returns the id for Microsoft's support: Graph's, or that of the
// service in which apps sign in.
func requestID(h http.Header) string {
	if id := word(h.Get("Request-Id")); id != "" {
		return id
	}
	return word(h.Get("X-Ms-Request-Id"))
}

var words = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,100}$`)

// word returns s if it can only be a code or an id: nothing personal, and no text.
func word(s string) string {
	if words.MatchString(s) {
		return s
	}
	return ""
}

// unanswered makes an error of what happened on the way. The address is left
// out, for a filter names people.
func unanswered(op string, err error) *graph.Error {
	e := &graph.Error{Op: op, Reason: graph.ErrUnavailable, Err: err}
	if u := (*url.Error)(nil); errors.As(err, &u) {
		e.Err = u.Err
	}
	if r := (*refusal)(nil); errors.As(err, &r) {
		e.Status = r.status
	}
	return e
}

// errUnreadable is all that is said of an answer whose JSON has another shape:
// what stands in it is not for a log.
var errUnreadable = errors.New("an answer of another shape")

// ended reports whether err comes from who asked, who no longer waits.
func ended(ctx context.Context, err error) bool {
	return ctx.Err() != nil || errors.Is(err, context.Canceled)
}
