package graph

import (
	"errors"
	"fmt"
	"time"
)

// The reasons why Graph did not answer. Callers decide by them with errors.Is.
var (
	ErrNotFound    = errors.New("not found")
	ErrForbidden   = errors.New("permission missing")                         // a [*Error] names it
	ErrNoLicence   = errors.New("no premium licence")                         // believed only after a second asking
	ErrThrottled   = errors.New("throttled")                                  // a [*Error] says until when
	ErrUnavailable = errors.New("unavailable")                                // down, slow, or answering nonsense: later may help
	ErrRejected    = errors.New("rejected")                                   // Graph understood and refused: asking again will not help
	ErrDefault     = errors.New("the default method, while there are others") // it can be deleted when they are gone
	ErrCredential  = errors.New("credential not taken")                       // the app cannot sign in: expired secret, wrong tenant

	// ErrUnknownFate is a write that may have been carried out: it left, and
	// what came back does not say. It comes along with one of the others. A
	// write that failed without it was not carried out.
	ErrUnknownFate = errors.New("perhaps carried out")
)

// An Error is why Graph did not answer, with all that an operator needs and
// nothing personal: neither a person's name nor a query is in it.
type Error struct {
	Op         string        // such as "list sign-ins"
	Reason     error         // one of the Err values of this package
	Status     int           // of HTTP; 0 if none came
	Code       string        // Graph's own, such as "Authentication_MSGraphPermissionMissing"
	Permission string        // that is missing, if Graph named it or the call implies it
	After      time.Duration // to wait at least; 0 if Graph did not say
	RequestID  string        // for Microsoft's support
	Perhaps    bool          // a write that may have been carried out; see [ErrUnknownFate]
	Err        error         // what lies below, such as that nobody listens; nothing personal either; may be nil
}

// Error says what was asked and why there is no answer: that Graph is
// unavailable is of little use to who does not know its certificate is refused.
func (e *Error) Error() string {
	s := e.Op + ": " + e.Reason.Error()
	if e.Permission != "" {
		s += " " + e.Permission
	}
	if e.Status != 0 {
		s += fmt.Sprintf(" (%d %s)", e.Status, e.Code)
	}
	if e.Perhaps {
		s += ", " + ErrUnknownFate.Error()
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Unwrap returns the reason, whether a write may have been carried out, and what
// lies below.
func (e *Error) Unwrap() []error {
	all := []error{e.Reason}
	if e.Perhaps {
		all = append(all, ErrUnknownFate)
	}
	if e.Err != nil {
		all = append(all, e.Err)
	}
	return all
}

// Temporary reports whether the same call may succeed later.
func (e *Error) Temporary() bool {
	return errors.Is(e.Reason, ErrThrottled) || errors.Is(e.Reason, ErrUnavailable)
}

// Later is the error of a look-up that cannot be answered yet. A look-up never
// waits; who asked comes back.
type Later struct {
	At  time.Time // not before
	Why Wait
	Err error // what Graph said, if that is the reason; may be nil
}

// A Wait is why a look-up has no answer yet.
type Wait string

// The waits.
const (
	Lag    Wait = "log lag"           // the event may still be on its way to the log
	Budget Wait = "request budget"    // the tenant's requests are spent for now
	Outage Wait = "graph unavailable" // Graph does not answer
)

// Error says when, and why.
func (l *Later) Error() string {
	return fmt.Sprintf("not before %s: %s", l.At.UTC().Format(time.RFC3339), l.Why)
}

// Unwrap returns what Graph said.
func (l *Later) Unwrap() error { return l.Err }
