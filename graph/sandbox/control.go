package sandbox

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"time"

	"mfahelp/graph"
)

// controlPath is where a sandbox in a process of its own is told what to do.
// It is served only with [Options.Control], and asks nobody who they are.
//
//	GET  /_sandbox/scenarios                       all scenarios
//	GET  /_sandbox/people                          everybody
//	GET  /_sandbox/parts                           who plays what in a reset
//	GET  /_sandbox/apps                            the apps, with their secrets
//	GET  /_sandbox/log                             the latest requests
//	POST /_sandbox/fail    {"scenario":"late"}     a [Failure]
//	POST /_sandbox/success {"user":"…"}            somebody gets in
//	POST /_sandbox/clock   {"advance":"10m"}       what time it is then
//	POST /_sandbox/fault   {"kind":"status","path":"/beta/","times":1,"status":503,"after":"2s"}
//	POST /_sandbox/clear                           no more faults
//
// What follows gives something, or takes it away with "taken":true. A permission
// shows in the next token only, as in reality; no passes can be had with
// "taken":true, and all else that passes does not name is as usual.
//
//	POST /_sandbox/permission {"app":"writer","permission":"Mail.Send","taken":true}
//	POST /_sandbox/role       {"user":"…","role":"Authentication Administrator"}
//	POST /_sandbox/group      {"user":"…","group":"Reset Approvers"}
//	POST /_sandbox/licence    {"taken":true}
//	POST /_sandbox/passes     {"min":"10m","max":"30m","once":true}
//	POST /_sandbox/method     {"user":"…","register":"microsoftAuthenticator","name":"Pixel 10"}
//	POST /_sandbox/account    {"user":"…","taken":true}
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

	Taken      bool     `json:"taken"`
	App        string   `json:"app"`
	Permission string   `json:"permission"`
	Role       string   `json:"role"`
	Group      string   `json:"group"`
	Min        duration `json:"min"`
	Max        duration `json:"max"`
	Once       bool     `json:"once"`

	Register graph.Kind `json:"register"`
	Name     string     `json:"name"`
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
	case "GET parts":
		return Parts(), nil
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
	return t.give(what, o)
}

// give does what o gives or takes away.
func (t *Tenant) give(what string, o order) (any, error) {
	var err error
	switch what {
	case "POST permission":
		err = t.givePermission(o.App, o.Permission, o.Taken)
	case "POST role":
		err = t.giveRole(o.User, o.Role, o.Taken)
	case "POST group":
		if o.Taken {
			err = t.Leave(o.User, o.Group)
		} else {
			err = t.Join(o.User, o.Group)
		}
	case "POST licence":
		t.SetPremium(!o.Taken)
	case "POST passes":
		t.SetPassPolicy(o.passes())
	case "POST method":
		return t.Register(o.User, graph.Method{Kind: o.Register, Name: o.Name})
	case "POST account":
		err = t.enable(o.User, !o.Taken)
	default:
		return nil, nil
	}
	return struct{}{}, err
}

// passes is the usual policy for passes, but for what o says.
func (o order) passes() PassPolicy {
	p := usualPassPolicy
	p.Disabled, p.OnlyOnce = o.Taken, o.Once
	p.Min, p.Max = cmp.Or(o.Min.Duration, p.Min), cmp.Or(o.Max.Duration, p.Max)
	p.Default = min(max(p.Default, p.Min), p.Max)
	return p
}
