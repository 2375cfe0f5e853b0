package sandbox

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"mfahelp/graph"
)

// maxBody is far more than any request to the tenant needs.
const maxBody = 1 << 20

// serve answers any request, and puts it into the log.
func (t *Tenant) serve(w http.ResponseWriter, r *http.Request) {
	if t.opts.Control && strings.HasPrefix(r.URL.Path, controlPath) {
		t.serveControl(w, r)
		return
	}
	began := time.Now() // by the time of day: it is how long it took
	entry := Request{At: t.Now(), Method: r.Method, Path: r.URL.RequestURI()}
	defer func() {
		entry.Took = time.Since(began)
		t.record(entry)
	}()
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	a := t.faulty(w, r, &entry, func() reply { return t.answer(r, &entry) })
	entry.Status = a.status
	a.write(w)
}

// answer is what the tenant says when nothing is wrong with it.
func (t *Tenant) answer(r *http.Request, entry *Request) reply {
	version, rest, _ := strings.Cut(strings.TrimPrefix(r.URL.EscapedPath(), "/"), "/")
	if version == "v1.0" || version == "beta" {
		return t.serveGraph(r, version == "beta", "/"+rest, entry)
	}
	return t.serveLogin(r, entry)
}

func (a reply) write(w http.ResponseWriter) {
	maps.Copy(w.Header(), a.header)
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body) // who hung up does not mind
}

func jsonReply(status int, v any) reply {
	body, err := json.Marshal(v)
	if err != nil {
		panic("sandbox: an answer does not encode: " + err.Error()) // unreachable: all of them are plain data
	}
	return reply{status, http.Header{"Content-Type": {"application/json; charset=utf-8"}}, body}
}

// bare is an answer with a status and nothing else.
type bare int

const (
	noContent = bare(http.StatusNoContent)
	accepted  = bare(http.StatusAccepted)
)

// created is the answer that shows what was made.
type created struct{ entity any }

// A call is one request to Graph from somebody who may make it.
type call struct {
	t     *Tenant
	r     *http.Request
	beta  bool
	ids   []string // what stands for the {} of the route's path
	query query
	token *token
	entry *Request // of the log
	now   time.Time
}

// A route is something that Graph can be asked.
type route struct {
	method string
	path   string // {} stands for any one segment
	beta   bool   // in beta only
	access access
	serve  func(*call) (any, error) // runs alone: the tenant is locked
}

// graphRoutes are all that Graph can be asked, area by area. What a new one
// needs is its line here, and its permissions in access.go.
func graphRoutes() []route {
	return slices.Concat(signInRoutes, userRoutes, groupRoutes, roleRoutes, methodRoutes, sessionRoutes, passRoutes, mailRoutes, auditRoutes, reportRoutes, riskRoutes, policyRoutes)
}

// serveGraph answers what came to /v1.0 or /beta.
// See https://learn.microsoft.com/graph/use-the-api.
func (t *Tenant) serveGraph(r *http.Request, beta bool, path string, entry *Request) reply {
	requestID, clientID := t.newGUID(), r.Header.Get("client-request-id")
	if clientID == "" {
		clientID = requestID
	}
	v, err := t.call(r, beta, path, entry)
	var a reply
	var p *problem
	switch {
	case errors.As(err, &p):
		entry.refuse(p)
		a = problemReply(p, t.Now(), requestID, clientID)
	case err != nil:
		panic("sandbox: " + err.Error()) // unreachable: what refuses a call is a problem
	case v == noContent || v == accepted:
		a = reply{int(v.(bare)), http.Header{}, nil}
		entry.Done = true
	default:
		a = jsonReply(http.StatusOK, v)
		if c, ok := v.(created); ok {
			a = jsonReply(http.StatusCreated, c.entity)
		}
		entry.Done = entry.Write != ""
		a.header.Set("OData-Version", "4.0")
		a.header.Set("Content-Type", "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8")
	}
	a.header.Set("Request-Id", requestID)
	a.header.Set("Client-Request-Id", clientID)
	if a.status == http.StatusUnauthorized {
		a.header.Set("WWW-Authenticate", fmt.Sprintf(`Bearer realm="", authorization_uri="https://%s/%s/oauth2/authorize", client_id="%s"`, r.Host, t.ID(), graphAppID))
	}
	return a
}

// call finds the route, then asks in the order of the real service: who is it,
// may they, have they asked too often, does the question make sense.
func (t *Tenant) call(r *http.Request, beta bool, path string, entry *Request) (any, error) {
	token, err := t.authenticate(r)
	if err != nil {
		return nil, err
	}
	entry.App = token.AppName
	route, ids, err := t.route(r.Method, path, beta)
	if err != nil {
		return nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	c := &call{t: t, r: r, beta: beta, ids: ids, token: token, entry: entry, now: t.now()}
	if entry.Permission, err = route.access.allow(c); err != nil {
		return nil, err
	}
	if c.query, err = parseQuery(r); err != nil {
		return nil, err
	}
	return route.serve(c)
}

// route finds who answers path, which is still escaped.
func (t *Tenant) route(method, path string, beta bool) (*route, []string, error) {
	segments := strings.Split(strings.Trim(path, "/"), "/")
	for i, s := range segments {
		if plain, err := url.PathUnescape(s); err == nil {
			segments[i] = plain
		}
	}
	var others []string
	for i := range t.routes {
		rt := &t.routes[i]
		ids, ok := rt.match(segments)
		switch {
		case !ok:
		case rt.method != method:
			others = append(others, rt.method)
		case rt.beta && !beta:
			return nil, nil, noSegment(segments, "%s exists in beta only", rt.path)
		default:
			return rt, ids, nil
		}
	}
	if others != nil {
		return nil, nil, &problem{
			status: http.StatusMethodNotAllowed, code: "Request_BadRequest",
			message: "Specified HTTP method is not allowed for the request target.",
			why:     fmt.Sprintf("the sandbox knows %s for %s", strings.Join(others, " and "), path),
		}
	}
	if segments[0] == "me" {
		return nil, nil, badRequest("/me request is only valid with delegated authentication flow.", "an app has no /me: ask for /users/{id}")
	}
	return nil, nil, noSegment(segments, "the sandbox has no %s %s; it has what graphRoutes lists", method, path)
}

// match reports whether segments are the route's path, and what its {} stand for.
func (rt *route) match(segments []string) (ids []string, ok bool) {
	want := strings.Split(strings.Trim(rt.path, "/"), "/")
	if len(want) != len(segments) {
		return nil, false
	}
	for i, s := range want {
		switch {
		case s == "{}" && segments[i] != "":
			ids = append(ids, segments[i])
		case s != segments[i]:
			return nil, false
		}
	}
	return ids, true
}

func noSegment(segments []string, why string, args ...any) *problem {
	return badRequest(fmt.Sprintf("Resource not found for the segment '%s'.", segments[len(segments)-1]), why, args...)
}

// body reads the JSON that came with a call. What its page does not document is
// refused, since it would be ignored.
func (c *call) body(into any) error {
	if kind, _, _ := mime.ParseMediaType(c.r.Header.Get("Content-Type")); kind != "application/json" {
		return badRequest("Write requests (excluding DELETE) must contain the Content-Type header declaration.", "the body is JSON, and Content-Type says %q", kind)
	}
	d := json.NewDecoder(c.r.Body)
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return badRequest("Unable to read JSON request payload. Please ensure Content-Type header is set and payload is of valid JSON format.", "%v", err)
	}
	return nil
}

// writes notes what a call is about to change, so that a test can count.
func (c *call) writes(kind graph.ChangeKind, u *user, object string) {
	c.entry.Write, c.entry.User, c.entry.Object = kind, u.ID, object
}

// version names the API as it stands in addresses.
func (c *call) version() string {
	if c.beta {
		return "beta"
	}
	return "v1.0"
}

// context is the @odata.context of an answer about what.
func (c *call) context(what string) string {
	return fmt.Sprintf("https://%s/%s/$metadata#%s", c.r.Host, c.version(), what)
}
