package aadsts

import (
	"strconv"
	"time"
)

// A Report is what one pasted error says. What it does not say is zero, which
// is common: forums and some programs take the ids out. Whoever pasted it may
// have made it up, so it is a hint where to look and never proof of anything.
type Report struct {
	Code          string    `json:"code,omitempty"`           // the error to explain, digits as printed: "500121"
	Codes         []string  `json:"codes,omitempty"`          // every distinct code in the text, in its order; Code is one of them
	RequestID     string    `json:"request_id,omitempty"`     // of the sign-in, also called trace id; lower case
	CorrelationID string    `json:"correlation_id,omitempty"` // of the visit it was part of; lower case
	Timestamp     time.Time `json:"timestamp,omitzero"`       // the error's own time, UTC
	UPN           string    `json:"upn,omitempty"`            // the account, if the text names it; lower case
	Damaged       []Field   `json:"damaged,omitempty"`        // labelled in the text, but masked or malformed
}

// A Field names a labelled value of an error.
type Field string

// The fields that can be damaged, in the order in which a page prints them.
const (
	FieldRequestID     Field = "request_id"
	FieldCorrelationID Field = "correlation_id"
	FieldTimestamp     Field = "timestamp"
)

// MaxText is how many bytes of a text Parse considers. No error is that long;
// a log file may be, and then its beginning has to do.
const MaxText = 1 << 20

// maxCodes bounds Report.Codes: more distinct codes than this are a list of
// codes, not an error.
const maxCodes = 64

// Parse reads the Entra error in a text, of which it considers MaxText bytes.
// Where there are several errors it reports the newest, or the first if they
// do not tell their times; ids and time are those of the error in Code. It
// reports false, and an empty Report, for a text with no such error.
//
// Without a code, two of the three labels (request, correlation, timestamp)
// make an Entra error, one of them with a whole id: the ids alone are enough
// to look the sign-in up, but a lone request id is anybody's.
func Parse(text string) (Report, bool) {
	if len(text) > MaxText {
		text = text[:MaxText]
	}
	var (
		room  [2048]byte
		first [40]item
	)
	s := scanner{b: clean(text, room[:0]), items: first[:]}
	s.run()
	return assemble(s.b, s.items[:s.n])
}

// report turns the chosen record into what callers see.
func (r *record) report(codes []uint32, upn string) Report {
	rep := Report{UPN: upn}
	if c, ok := r.code(); ok {
		rep.Code = strconv.Itoa(int(c))
	}
	if len(codes) > 0 {
		rep.Codes = make([]string, len(codes))
		for i, c := range codes {
			rep.Codes[i] = rep.Code // shares the string where it is the same
			if strconv.Itoa(int(c)) != rep.Code {
				rep.Codes[i] = strconv.Itoa(int(c))
			}
		}
	}
	if v := r.vals[request]; v.ok() {
		rep.RequestID = v.guid().String()
	}
	if v := r.vals[correlation]; v.ok() {
		rep.CorrelationID = v.guid().String()
	}
	if v := r.vals[stamp]; v.ok() {
		rep.Timestamp = v.time()
	}
	for f, name := range [...]Field{FieldRequestID, FieldCorrelationID, FieldTimestamp} {
		if r.vals[f].state == damaged {
			rep.Damaged = append(rep.Damaged, name)
		}
	}
	return rep
}
