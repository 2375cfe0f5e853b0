package sandbox

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"time"
)

// controlPath is where a sandbox in a process of its own is told what to do.
// It is served only with [Options.Control], and asks nobody who they are.
//
//	GET  /_sandbox/scenarios                       all scenarios
//	GET  /_sandbox/people                          everybody
//	GET  /_sandbox/apps                            the apps, with their secrets
//	GET  /_sandbox/log                             the latest requests
//	POST /_sandbox/fail    {"scenario":"late"}     a [Failure]
//	POST /_sandbox/success {"user":"…"}            somebody gets in
//	POST /_sandbox/clock   {"advance":"10m"}       what time it is then
//	POST /_sandbox/fault   {"kind":"status","path":"/beta/","times":1,"status":503,"after":"2s"}
//	POST /_sandbox/clear                           no more faults
const controlPath = "/_sandbox/"

// An order is what is POSTed there.
type order struct {
	Scenario string    `json:"scenario"`
	User     string    `json:"user"`
	Advance  duration  `json:"advance"`
	Kind     FaultKind `json:"kind"`
	Method   string    `json:"method"`
	Path     string    `json:"path"`
	Times    int       `json:"times"`
	Status   int       `json:"status"`
	After    duration  `json:"after"`
}

// duration is written like "1m30s".
type duration struct{ time.Duration }

func (d *duration) UnmarshalText(text []byte) (err error) {
	d.Duration, err = time.ParseDuration(string(text))
	return err
}

func (t *Tenant) serveControl(w http.ResponseWriter, r *http.Request) {
	var o order
	if r.Method == http.MethodPost {
		d := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody))
		d.DisallowUnknownFields()
		if err := d.Decode(&o); err != nil {
			jsonReply(http.StatusBadRequest, map[string]string{"error": err.Error()}).write(w)
			return
		}
	}
	v, err := t.control(r.Method+" "+r.URL.Path[len(controlPath):], o)
	switch {
	case err != nil:
		jsonReply(http.StatusBadRequest, map[string]string{"error": err.Error()}).write(w)
	case v == nil:
		jsonReply(http.StatusNotFound, map[string]string{"error": "there is no " + r.Method + " " + r.URL.Path}).write(w)
	default:
		jsonReply(http.StatusOK, v).write(w)
	}
}

// control does what o says; nil is for what it does not know.
func (t *Tenant) control(what string, o order) (any, error) {
	switch what {
	case "GET scenarios":
		return t.Scenarios(), nil
	case "GET people":
		return t.People(), nil
	case "GET apps":
		return t.Apps(), nil
	case "GET log":
		return append([]Request{}, t.Log()...), nil
	case "POST fail":
		return t.Fail(o.Scenario)
	case "POST success":
		return t.SignInAgain(o.User)
	case "POST clock":
		t.Advance(o.Advance.Duration)
		return map[string]time.Time{"now": t.Now()}, nil
	case "POST fault":
		if !slices.Contains(faultKinds, o.Kind) {
			return nil, fmt.Errorf("no fault is of the kind %q; there are %q", o.Kind, faultKinds)
		}
		t.Fault(Fault{Kind: o.Kind, Method: o.Method, Path: o.Path, Times: o.Times, Status: o.Status, After: o.After.Duration})
		return struct{}{}, nil
	case "POST clear":
		t.clearFaults(func(*fault) bool { return true })
		return struct{}{}, nil
	}
	return nil, nil
}
