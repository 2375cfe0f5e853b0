package msgraph

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"mfahelp/graph"

	kiota "github.com/microsoft/kiota-abstractions-go"
	"github.com/microsoft/kiota-abstractions-go/serialization"
	khttp "github.com/microsoft/kiota-http-go"
	kjson "github.com/microsoft/kiota-serialization-json-go"
	core "github.com/microsoftgraph/msgraph-sdk-go-core"
)

// Options say which tenant to read, and as what.
type Options struct {
	Tenant     string // its id, or one of its domains
	ClientID   string // of the app; not needed for a managed identity
	Credential Credential
	Cloud      Cloud // Global if nil

	Timeout   time.Duration    // of one request, the token included; 20 s if 0
	Now       func() time.Time // time.Now if nil
	Observe   func(Call)       // is told of every HTTP request; may be nil, and must not block
	UserAgent string           // "mfahelp" if ""

	// WithoutPIM says that the tenant has no Entra ID P2, so that nobody is
	// eligible for a role. Without it [Client.Roles] insists on an answer.
	WithoutPIM bool
}

// A Call is one HTTP request that was made. Nothing in it is personal.
type Call struct {
	Op        string    // such as "list sign-ins"
	API       graph.API // "" for that of tokens
	Status    int       // 0 if there was no answer
	Took      time.Duration
	RequestID string // for Microsoft's support
}

// A Client reads one tenant. It is safe for concurrent use.
type Client struct {
	timeout    time.Duration
	now        func() time.Time
	observe    func(Call)
	withoutPIM bool
	root       *url.URL // of Graph, without the version
	bearer     *bearer
	adapters   map[graph.API]*core.GraphRequestAdapterBase
}

// New returns a Client of the tenant in o. It makes no request: [Client.Ping] does.
func New(o Options) (*Client, error) {
	o.UserAgent = cmp.Or(o.UserAgent, "mfahelp")
	o.Timeout = cmp.Or(o.Timeout, 20*time.Second)
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Cloud == nil {
		o.Cloud = Global
	}
	p, err := o.Cloud.places()
	if err != nil {
		return nil, fmt.Errorf("msgraph: cloud: %w", err)
	}
	if err := o.check(); err != nil {
		return nil, fmt.Errorf("msgraph: %w", err)
	}
	b, err := newBearer(o, p)
	if err != nil {
		return nil, fmt.Errorf("msgraph: credential: %w", err)
	}
	root, err := url.Parse(strings.TrimRight(p.graph, "/"))
	if err != nil {
		return nil, fmt.Errorf("msgraph: cloud: %w", err)
	}
	c := &Client{timeout: o.Timeout, now: o.Now, observe: o.Observe, withoutPIM: o.WithoutPIM, root: root, bearer: b,
		adapters: map[graph.API]*core.GraphRequestAdapterBase{}}
	web := newHTTP(p.door(o, p.graph))
	for _, api := range []graph.API{graph.V1, graph.Beta} {
		if c.adapters[api], err = newAdapter(b, web, root.String()+"/"+string(api)); err != nil {
			return nil, fmt.Errorf("msgraph: %w", err)
		}
	}
	return c, nil
}

func (o Options) check() error {
	if o.Credential == nil {
		return errors.New("no credential")
	}
	if _, machine := o.Credential.(ManagedIdentity); machine {
		return nil
	}
	if guid(o.ClientID) == "" {
		return errors.New("the client id is no GUID")
	}
	if guid(o.Tenant) == "" && !domains.MatchString(o.Tenant) {
		return errors.New("the tenant is neither a GUID nor a domain")
	}
	return nil
}

// newHTTP returns the client of both adapters. Of kiota's middleware it has the
// names of parameters, and of the SDK's the request id. It has no retries, which
// sleep, and repeat what nobody counts; and no redirects, which carry the token.
func newHTTP(d *door) *http.Client {
	return &http.Client{
		Transport: khttp.NewCustomTransportWithParentTransport(d,
			core.NewGraphTelemetryHandler(&core.GraphClientOptions{}),
			khttp.NewParametersNameDecodingHandler()),
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// newAdapter returns the SDK's adapter for one version of Graph. The factories
// are given, so that no global registry is needed.
func newAdapter(b *bearer, web *http.Client, base string) (*core.GraphRequestAdapterBase, error) {
	a, err := core.NewGraphRequestAdapterBaseWithParseNodeFactoryAndSerializationWriterFactoryAndHttpClient(
		b, core.GraphClientOptions{}, kjson.NewJsonParseNodeFactory(), kjson.NewJsonSerializationWriterFactory(), web)
	if err != nil {
		return nil, err
	}
	a.SetBaseUrl(base)
	return a, nil
}

// A request is one question to Graph.
type request struct {
	op    string // what it is called in errors and metrics
	needs string // the least permission that answers it
	api   graph.API
	path  string            // below the version, with names in braces
	vars  map[string]string // what stands for the names; they are escaped
	query map[string]string // such as "$filter"; escaped too
	next  *url.URL          // instead of path, vars and query: the page after
	post  []byte            // a body of JSON, if it is no GET
	into  serialization.ParsableFactory

	verb  kiota.HttpMethod // POST if there is a body, else GET
	bare  int              // the status that an answer without a body has; 0 if there is a body
	write bool             // changes something, so that its fate must be known
}

// information returns the request as kiota takes it. The templates are those of
// the SDK's request builders, which would cost a minute's compilation more.
func (q request) information() *kiota.RequestInformation {
	info := kiota.NewRequestInformation()
	info.Method = kiota.GET
	info.Headers.Add("Accept", "application/json")
	if q.post != nil {
		info.Method = kiota.POST
		info.SetStreamContentAndContentType(q.post, "application/json")
	}
	if q.verb != kiota.GET {
		info.Method = q.verb
	}
	if q.next != nil {
		info.SetUri(*q.next)
		return info
	}
	info.UrlTemplate = "{+baseurl}" + q.path
	maps.Copy(info.PathParameters, q.vars)
	var names []string
	for _, name := range slices.Sorted(maps.Keys(q.query)) {
		escaped := strings.Replace(name, "$", "%24", 1)
		names = append(names, escaped)
		info.QueryParameters[escaped] = q.query[name]
	}
	if names != nil {
		info.UrlTemplate += "{?" + strings.Join(names, ",") + "}"
	}
	return info
}

// send makes exactly one HTTP request to Graph, and reads what comes back.
func (c *Client) send(ctx context.Context, q request) (serialization.Parsable, error) {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	seen := Call{Op: q.op, API: q.api}
	info := q.information()
	handler := kiota.NewRequestHandlerOption()
	handler.SetResponseHandler(func(resp any, _ kiota.ErrorMappings) (any, error) {
		return c.receive(q, resp.(*http.Response), &seen) // kiota knows no other
	})
	info.AddRequestOptions([]kiota.RequestOption{handler})
	began := c.now()
	v, err := c.adapters[q.api].Send(ctx, info, q.into, nil)
	var failed *graph.Error
	if err != nil && !errors.As(err, &failed) {
		failed = unanswered(q.op, err)
		seen.Status = failed.Status
	}
	if c.bearer.judge(info, seen.Status) {
		failed.Reason = graph.ErrUnavailable // with another token it may work
	}
	if failed != nil && q.write {
		failed.Perhaps = perhaps(failed)
	}
	if c.observe != nil && (failed == nil || failed.Op != opToken) {
		seen.Took = c.now().Sub(began)
		c.observe(seen)
	}
	if failed != nil {
		return nil, failed
	}
	return v, nil
}

// receive reads an answer. kiota would read it too, but see [odata].
func (c *Client) receive(q request, resp *http.Response, seen *Call) (serialization.Parsable, error) {
	defer resp.Body.Close()
	seen.Status, seen.RequestID = resp.StatusCode, requestID(resp.Header)
	body, err := io.ReadAll(resp.Body) // limited by the door
	if err != nil {
		return nil, unanswered(q.op, err)
	}
	if resp.StatusCode >= 400 {
		return nil, refused(q.op, q.needs, resp.StatusCode, resp.Header, body, c.now())
	}
	if q.bare != 0 && resp.StatusCode == q.bare {
		return nil, nil
	}
	unreadable := &graph.Error{Op: q.op, Reason: graph.ErrUnavailable, Status: resp.StatusCode, RequestID: seen.RequestID, Err: errUnreadable}
	if q.into == nil {
		return nil, unreadable
	}
	node, err := kjson.NewJsonParseNode(body)
	if err != nil {
		return nil, unreadable
	}
	v, err := node.GetObjectValue(q.into)
	if err != nil || v == nil {
		return nil, unreadable
	}
	return v, nil
}

// get returns the answer to q as what it is.
func get[T serialization.Parsable](ctx context.Context, c *Client, q request) (T, error) {
	var none T
	v, err := c.send(ctx, q)
	if err != nil {
		return none, err
	}
	t, ok := v.(T)
	if !ok {
		return none, &graph.Error{Op: q.op, Reason: graph.ErrUnavailable, Status: http.StatusOK, Err: errUnreadable}
	}
	return t, nil
}

// A list is an answer that may have a next page.
type list[T any] interface {
	serialization.Parsable
	GetValue() []T
	GetOdataNextLink() *string
}

// maxPages is how many pages are read before we no longer believe that they end.
const maxPages = 100

// all returns the values of all pages, or an error: some of them are none.
func all[L list[T], T comparable](ctx context.Context, c *Client, q request) ([]T, error) {
	var values []T
	for range maxPages {
		page, err := get[L](ctx, c, q)
		if err != nil {
			return nil, err
		}
		values = append(values, present(page.GetValue())...)
		next := val(page.GetOdataNextLink())
		if next == "" {
			return values, nil
		}
		if q.next, err = c.nextPage(q, next); err != nil {
			return nil, err
		}
	}
	return nil, &graph.Error{Op: q.op, Reason: graph.ErrUnavailable, Err: errors.New("pages without end")}
}

// nextPage returns the address of the page after, which must be of the same
// version of the same Graph: the token goes there.
func (c *Client) nextPage(q request, link string) (*url.URL, error) {
	u, err := url.Parse(link)
	home := c.root.Path + "/" + string(q.api) + "/"
	if err != nil || u.Scheme != "https" || u.User != nil || !strings.EqualFold(u.Host, c.root.Host) || !strings.HasPrefix(u.Path, home) {
		return nil, &graph.Error{Op: q.op, Reason: graph.ErrRejected, Err: errors.New("the next page is elsewhere")}
	}
	return u, nil
}
