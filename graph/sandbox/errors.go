package sandbox

import (
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// A problem is an answer that is no success, with the code and the message that
// Microsoft's would have. Why is what the real service keeps to itself: what
// the caller did wrong. It goes into the log, and into innerError.sandbox,
// which no real client reads.
// See https://learn.microsoft.com/graph/errors.
type problem struct {
	status        int
	code, message string
	why           string
	missing       string        // the permission, if that is the reason
	after         time.Duration // of Retry-After; 0 for no header
	throttled     bool
}

func (p *problem) Error() string { return p.code + ": " + p.message }

// explained is p with a reason.
func (p problem) explained(format string, args ...any) *problem {
	p.why = fmt.Sprintf(format, args...)
	return &p
}

// badRequest is for what Graph answers with 400 and a sentence of its own.
func badRequest(message, why string, args ...any) *problem {
	return problem{status: http.StatusBadRequest, code: "BadRequest", message: message}.explained(why, args...)
}

// notFound is how the directory says that it has no such object.
func notFound(id string) *problem {
	return &problem{
		status: http.StatusNotFound, code: "Request_ResourceNotFound",
		message: fmt.Sprintf("Resource '%s' does not exist or one of its queried reference-property objects are not present.", id),
	}
}

// reply is an answer before it is on its way, so that faults can spoil it.
type reply struct {
	status int
	header http.Header
	body   []byte
}

// problemReply writes p as Graph does.
func problemReply(p *problem, now time.Time, requestID, clientID string) reply {
	inner := map[string]string{
		"date":              now.Format("2006-01-02T15:04:05"),
		"request-id":        requestID,
		"client-request-id": clientID,
	}
	if p.why != "" {
		inner["sandbox"] = p.why
	}
	r := jsonReply(p.status, map[string]any{
		"error": map[string]any{"code": p.code, "message": p.message, "innerError": inner},
	})
	if p.after > 0 {
		r.header.Set("Retry-After", seconds(p.after))
	}
	return r
}

// seconds writes d for Retry-After: whole, and never so few that it would be
// too early.
func seconds(d time.Duration) string {
	return strconv.Itoa(max(1, int((d+time.Second-1)/time.Second)))
}
