package msgraph_test

import (
	"context"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"mfahelp/graph"
	"mfahelp/graph/msgraph"
	"mfahelp/graph/sandbox"
)

// behind puts a server before the tenant's Graph, which answers what it wants to
// itself, and returns options to go by it.
func behind(t *testing.T, answers func(http.ResponseWriter, *http.Request) bool) (*sandbox.Tenant, msgraph.Options) {
	t.Helper()
	s, addr := tenant(t, sandbox.Options{NoThrottle: true, NoHistory: true})
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !answers(w, r) {
			s.Handler().ServeHTTP(w, r)
		}
	}))
	srv.EnableHTTP2 = true
	srv.StartTLS()
	t.Cleanup(srv.Close)
	o := options(s, addr, s.Reader())
	o.Cloud = msgraph.Custom{Authority: addr, Graph: srv.URL, RootCA: both(s, srv)}
	return s, o
}

// both are the certificates of the tenant's authority and of srv.
func both(s *sandbox.Tenant, srv *httptest.Server) []byte {
	own := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: srv.Certificate().Raw})
	return slices.Concat(s.CAPEM(), own)
}

// write answers with a status, headers, and a body.
func write(status int, body string, headers ...string) func(http.ResponseWriter) {
	return func(w http.ResponseWriter) {
		w.Header().Set("Content-Type", "application/json")
		for i := 0; i < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}
}

// ask is a request that the tests of errors make.
func ask(ctx context.Context, c *msgraph.Client) error {
	_, err := c.SignIns(ctx, graph.Beta, graph.Filter{ID: "66ea54eb-6301-4ee5-be62-ff5a759b0100"})
	return err
}

// TestAnswers is what each answer of Graph, of a gateway, or of somebody in
// between means.
func TestAnswers(t *testing.T) {
	now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	body := func(code, message string) string {
		return fmt.Sprintf(`{"error":{"code":%q,"message":%q,"innerError":{"date":"2026-11-23T09:00:00","request-id":"inner-id","client-request-id":"c"}}}`, code, message)
	}
	for _, test := range []struct {
		name   string
		answer func(http.ResponseWriter)
		want   graph.Error // but for Op and Err
	}{
		{"no permission, named by Graph", write(403, body("Authentication_MSGraphPermissionMissing", "Calling principal does not have required MSGraph permissions Directory.Read.All")),
			graph.Error{Reason: graph.ErrForbidden, Status: 403, Code: "Authentication_MSGraphPermissionMissing", Permission: "Directory.Read.All", RequestID: "inner-id"}},
		{"one of several permissions", write(403, body("UnknownError", `{"errorCode":"PermissionScopeNotGranted","message":"Authorization failed due to missing permission scope A.Read.All,B.Read.All.","instanceAnnotations":[]}`)),
			graph.Error{Reason: graph.ErrForbidden, Status: 403, Code: "UnknownError", Permission: "AuditLog.Read.All", RequestID: "inner-id"}},
		{"no permission, not named", write(403, body("Authorization_RequestDenied", "Insufficient privileges to complete the operation."), "Request-Id", "outer-id"),
			graph.Error{Reason: graph.ErrForbidden, Status: 403, Code: "Authorization_RequestDenied", Permission: "AuditLog.Read.All", RequestID: "outer-id"}},
		{"no licence", write(403, body("Authentication_RequestFromNonPremiumTenantOrB2CTenant", "Neither tenant is B2C or tenant doesn't have premium license")),
			graph.Error{Reason: graph.ErrNoLicence, Status: 403, Code: "Authentication_RequestFromNonPremiumTenantOrB2CTenant", RequestID: "inner-id"}},
		{"no licence for eligible roles", write(400, body("AadPremiumLicenseRequired", "The tenant needs to have Microsoft Entra ID P2 or Microsoft Entra ID Governance license.")),
			graph.Error{Reason: graph.ErrNoLicence, Status: 400, Code: "AadPremiumLicenseRequired", RequestID: "inner-id"}},
		{"throttled, in seconds", write(429, body("UnknownError", "This request is throttled."), "Retry-After", "17"),
			graph.Error{Reason: graph.ErrThrottled, Status: 429, Code: "UnknownError", After: 17 * time.Second, RequestID: "inner-id"}},
		{"throttled, until a date, by a gateway", write(429, "<html>slow down</html>", "Content-Type", "text/html", "Retry-After", "Mon, 23 Nov 2026 09:00:42 GMT"),
			graph.Error{Reason: graph.ErrThrottled, Status: 429, After: 42 * time.Second}},
		{"throttled, and nothing said", write(429, ""), graph.Error{Reason: graph.ErrThrottled, Status: 429}},
		{"throttled, until the past", write(429, "", "Retry-After", "Mon, 23 Nov 2026 08:00:00 GMT"), graph.Error{Reason: graph.ErrThrottled, Status: 429}},
		{"throttled, for minus a minute", write(429, "", "Retry-After", "-60"), graph.Error{Reason: graph.ErrThrottled, Status: 429}},
		{"throttled, for longer than there is time", write(429, "", "Retry-After", "9999999999"), graph.Error{Reason: graph.ErrThrottled, Status: 429, After: time.Duration(1<<30) * time.Second}},
		{"a bad filter", write(400, body("BadRequest", "Invalid filter clause")), graph.Error{Reason: graph.ErrRejected, Status: 400, Code: "BadRequest", RequestID: "inner-id"}},
		{"another refusal", write(422, "{}"), graph.Error{Reason: graph.ErrRejected, Status: 422}},
		{"not there", write(404, body("ResourceNotFound", "x")), graph.Error{Reason: graph.ErrNotFound, Status: 404, Code: "ResourceNotFound", RequestID: "inner-id"}},
		{"not implemented", write(501, body("NotImplemented", "x")), graph.Error{Reason: graph.ErrRejected, Status: 501, Code: "NotImplemented", RequestID: "inner-id"}},
		{"a token that is not taken", write(401, body("InvalidAuthenticationToken", "x"), "Www-Authenticate", `Bearer claims=`),
			graph.Error{Reason: graph.ErrCredential, Status: 401, Code: "InvalidAuthenticationToken", RequestID: "inner-id"}},
		{"a challenge is not answered by asking twice", write(401, body("InvalidAuthenticationToken", "x"), "Www-Authenticate", `Bearer realm="", claims="eyJhIjoxfQ=="`),
			graph.Error{Reason: graph.ErrCredential, Status: 401, Code: "InvalidAuthenticationToken", RequestID: "inner-id"}},
		{"down, for a time", write(503, "", "Retry-After", "5"), graph.Error{Reason: graph.ErrUnavailable, Status: 503, After: 5 * time.Second}},
		{"down, with a page for people", write(502, "<html>", "Content-Type", "text/html"), graph.Error{Reason: graph.ErrUnavailable, Status: 502}},
		{"an error of nothing", write(500, `{"error":null}`), graph.Error{Reason: graph.ErrUnavailable, Status: 500}},
		{"an error of another shape", write(500, `{"error":"x"}`), graph.Error{Reason: graph.ErrUnavailable, Status: 500}},
		{"a code that is a sentence", write(500, body("ann@contoso.com is away", "x")), graph.Error{Reason: graph.ErrUnavailable, Status: 500, RequestID: "inner-id"}},
		{"a page for people, and all is well", write(200, "<html>", "Content-Type", "text/html"), graph.Error{Reason: graph.ErrUnavailable, Status: 200}},
		{"half an answer", write(200, `{"value":[{"id":"`), graph.Error{Reason: graph.ErrUnavailable, Status: 200}},
		{"nothing", write(200, ""), graph.Error{Reason: graph.ErrUnavailable, Status: 200}},
		{"nothing, and said so", write(204, ""), graph.Error{Reason: graph.ErrUnavailable, Status: 204}},
		{"null", write(200, "null"), graph.Error{Reason: graph.ErrUnavailable, Status: 200}},
		{"a list that is none", write(200, `{"value":"ann@contoso.com"}`, "Request-Id", "r"), graph.Error{Reason: graph.ErrUnavailable, Status: 200, RequestID: "r"}},
		{"a time that is none", write(200, `{"value":[{"createdDateTime":"ann@contoso.com"}]}`), graph.Error{Reason: graph.ErrUnavailable, Status: 200}},
		{"too much", write(200, `{"value":[],"x":"`+strings.Repeat("x", 17<<20)+`"}`), graph.Error{Reason: graph.ErrUnavailable}},
		{"a redirect", write(302, "{}", "Location", "https://evil.example/"), graph.Error{Reason: graph.ErrUnavailable, Status: 302}},
	} {
		t.Run(test.name, func(t *testing.T) {
			var n atomic.Int32
			_, o := behind(t, func(w http.ResponseWriter, r *http.Request) bool {
				n.Add(1)
				test.answer(w)
				return true
			})
			o.Now = func() time.Time { return now }
			err := ask(t.Context(), client(t, o))
			var got *graph.Error
			if !errors.As(err, &got) {
				t.Fatalf("got %v", err)
			}
			same := *got
			same.Op, same.Err = "", nil
			if same != test.want || got.Op != "list sign-ins" {
				t.Errorf("got %+v\nwant %+v", same, test.want)
			}
			if n.Load() != 1 {
				t.Errorf("asked %d times", n.Load())
			}
			discreet(t, err, o)
		})
	}
}

// discreet checks that err tells no secret and nothing personal, however it is
// printed.
func discreet(t *testing.T, err error, o msgraph.Options) {
	t.Helper()
	for e := range chain(err) {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
			s := fmt.Sprintf(verb, e)
			if secret, ok := o.Credential.(msgraph.Secret); ok && strings.Contains(s, secret.Reveal()) {
				t.Errorf("the secret is in %s", s)
			}
			for _, bad := range []string{"@", "eyJ", "Bearer", "%40", "$filter", "%24filter", "evil"} {
				if strings.Contains(s, bad) {
					t.Errorf("%q is in %s", bad, s)
				}
			}
		}
	}
}

// chain yields err and all that it wraps.
func chain(err error) func(func(error) bool) {
	return func(yield func(error) bool) {
		todo := []error{err}
		for len(todo) > 0 {
			e := todo[0]
			todo = todo[1:]
			if e == nil {
				continue
			}
			if !yield(e) {
				return
			}
			switch e := e.(type) {
			case interface{ Unwrap() error }:
				todo = append(todo, e.Unwrap())
			case interface{ Unwrap() []error }:
				todo = append(todo, e.Unwrap()...)
			}
		}
	}
}

// TestNetwork has the connection break, or nobody be there.
func TestNetwork(t *testing.T) {
	s, addr := tenant(t, sandbox.Options{NoThrottle: true, NoHistory: true})
	o := options(s, addr, s.Reader())
	c := client(t, o)
	if err := c.Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
	clear := s.Fault(sandbox.Fault{Kind: sandbox.Reset, Path: "/v1.0/"})
	_, err := c.User(t.Context(), "sofia.almeida@contoso.com")
	unavailable(t, err, "get user", o)
	clear()

	s.Fault(sandbox.Fault{Kind: sandbox.Truncated, Path: "/v1.0/"})
	_, err = c.User(t.Context(), "sofia.almeida@contoso.com")
	unavailable(t, err, "get user", o)

	s.Close()
	_, err = c.User(t.Context(), "sofia.almeida@contoso.com")
	unavailable(t, err, "get user", o)
	_, err = client(t, o).User(t.Context(), "sofia.almeida@contoso.com")
	unavailable(t, err, "get token", o)

	s, addr = tenant(t, sandbox.Options{})
	o = options(s, addr, s.Reader())
	o.Cloud = msgraph.Custom{Authority: addr, Graph: addr} // not trusted
	unavailable(t, client(t, o).Ping(t.Context()), "get token", o)
}

func unavailable(t *testing.T, err error, op string, o msgraph.Options) {
	t.Helper()
	var got *graph.Error
	if !errors.As(err, &got) || got.Op != op || !got.Temporary() {
		t.Errorf("got %v, want %s unavailable", err, op)
	}
	discreet(t, err, o)
}

// TestSlow gives up when who asked does, and in any case after the timeout.
func TestSlow(t *testing.T) {
	s, addr := tenant(t, sandbox.Options{NoThrottle: true, NoHistory: true})
	o := options(s, addr, s.Reader())
	c := client(t, o)
	if err := c.Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
	arrived := make(chan struct{}, 10)
	blocked := make(chan struct{})
	t.Cleanup(func() { close(blocked) })
	_, slow := behind(t, func(w http.ResponseWriter, r *http.Request) bool {
		arrived <- struct{}{}
		select {
		case <-r.Context().Done():
		case <-blocked:
		}
		return true
	})
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-arrived; cancel() }()
	err := ask(ctx, client(t, slow))
	if unavailable(t, err, "list sign-ins", slow); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	slow.Timeout = 50 * time.Millisecond
	c = client(t, slow)
	// Whether it is the token or the answer that is late, both are.
	if err := ask(t.Context(), c); !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, graph.ErrUnavailable) {
		t.Errorf("got %v", err)
	}
}

// TestElsewhere sends nothing to another host, whatever Graph says of the next
// page.
func TestElsewhere(t *testing.T) {
	var stolen atomic.Int32
	thief := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { stolen.Add(1) }))
	t.Cleanup(thief.Close)
	links := []string{thief.URL + "/v1.0/users", "https://graph.microsoft.com.evil.example/v1.0/", "http://{host}/v1.0/users", "https://{host}/beta/users", "https://u:p@{host}/v1.0/users", "%"}
	for _, link := range links {
		_, o := behind(t, func(w http.ResponseWriter, r *http.Request) bool {
			link := strings.ReplaceAll(link, "{host}", r.Host)
			write(200, fmt.Sprintf(`{"value":[],"@odata.nextLink":%q}`, link))(w)
			return true
		})
		_, err := client(t, o).GlobalAdmins(t.Context())
		if !errors.Is(err, graph.ErrRejected) {
			t.Errorf("%s: got %v", link, err)
		}
	}
	if stolen.Load() != 0 {
		t.Errorf("%d requests went to another host", stolen.Load())
	}
}

// TestNoEnd does not read pages for ever.
func TestNoEnd(t *testing.T) {
	_, o := behind(t, func(w http.ResponseWriter, r *http.Request) bool {
		write(200, fmt.Sprintf(`{"value":[],"@odata.nextLink":"https://%s%s?more"}`, r.Host, r.URL.Path))(w)
		return true
	})
	if got, err := client(t, o).GlobalAdmins(t.Context()); !errors.Is(err, graph.ErrUnavailable) || got != nil {
		t.Errorf("got %v, %v", got, err)
	}
}

// TestPartOfIt has Graph hold back what the app may not read, without an error,
// as it does.
func TestPartOfIt(t *testing.T) {
	const who = "11111111-1111-4111-8111-111111111111"
	for _, test := range []struct {
		name, path, answer string
		call               func(*msgraph.Client) error
		permission         string
	}{
		{"a group by its id alone", "/transitiveMemberOf", `{"value":[{"@odata.type":"#microsoft.graph.group","id":"22222222-1111-4111-8111-111111111111","displayName":null,"isAssignableToRole":null}]}`,
			func(c *msgraph.Client) error { _, err := c.Roles(context.Background(), who); return err }, "GroupMember.Read.All"},
		{"a user with the basics", "/users/" + who, `{"id":"` + who + `","displayName":"Ann","accountEnabled":null}`,
			func(c *msgraph.Client) error { _, err := c.User(context.Background(), who); return err }, "User.Read.All"},
	} {
		_, o := behind(t, func(w http.ResponseWriter, r *http.Request) bool {
			if strings.HasSuffix(r.URL.Path, test.path) {
				write(200, test.answer)(w)
				return true
			}
			write(200, `{"value":[]}`)(w)
			return true
		})
		var got *graph.Error
		if err := test.call(client(t, o)); !errors.As(err, &got) || !errors.Is(err, graph.ErrForbidden) || got.Permission != test.permission {
			t.Errorf("%s: got %v", test.name, err)
		}
	}
}

// TestMembers reads Global Administrators through a group and leaves out apps.
func TestMembers(t *testing.T) {
	const ann, bob, app, group = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222", "33333333-3333-4333-8333-333333333333", "44444444-4444-4444-8444-444444444444"
	of := func(kind, id string) string {
		return fmt.Sprintf(`{"principalId":%q,"principal":{"@odata.type":"#microsoft.graph.%s","id":%q}}`, id, kind, id)
	}
	odd := ""
	_, o := behind(t, func(w http.ResponseWriter, r *http.Request) bool {
		switch {
		case strings.HasSuffix(r.URL.Path, "/roleAssignments"):
			list := []string{of("user", ann), of("servicePrincipal", app), of("group", group), "null"}
			if odd != "" {
				list = append(list, of(odd, bob))
			}
			write(200, `{"value":[`+strings.Join(list, ",")+`]}`)(w)
		case strings.HasSuffix(r.URL.Path, "/transitiveMembers"):
			write(200, fmt.Sprintf(`{"value":[{"@odata.type":"#microsoft.graph.user","id":%q},{"@odata.type":"#microsoft.graph.user","id":%q},{"@odata.type":"#microsoft.graph.device","id":%q}]}`, bob, ann, app))(w)
		default:
			write(200, `{"value":[]}`)(w)
		}
		return true
	})
	c := client(t, o)
	if got, err := c.GlobalAdmins(t.Context()); err != nil || !slices.Equal(got, []string{ann, bob}) {
		t.Errorf("got %v, %v", got, err)
	}
	for _, odd = range []string{"agent", "directoryObject"} {
		if got, err := c.GlobalAdmins(t.Context()); err == nil || got != nil {
			t.Errorf("got %v, %v with a principal that is a %s", got, err, odd)
		}
	}
}

// TestHeaders is what Graph sees of us.
func TestHeaders(t *testing.T) {
	var got http.Header
	var query url.Values
	_, o := behind(t, func(_ http.ResponseWriter, r *http.Request) bool {
		got, query = r.Header, r.URL.Query()
		return false
	})
	o.UserAgent = "mfahelp/1 (test)"
	if _, err := client(t, o).User(t.Context(), "sofia.almeida@contoso.com"); err != nil {
		t.Fatal(err)
	}
	if got.Get("User-Agent") != "mfahelp/1 (test)" || !strings.HasPrefix(got.Get("Authorization"), "Bearer ey") || got.Get("Client-Request-Id") == "" {
		t.Errorf("got %v", got)
	}
	if !strings.Contains(query.Get("$select"), "accountEnabled") {
		t.Errorf("asked %v", query)
	}
	if got.Get("Accept-Encoding") != "gzip" {
		t.Errorf("no gzip: %v", got)
	}
}
