package web_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"mfahelp/bot"
	"mfahelp/bot/bottest"
	"mfahelp/bot/web"
	"mfahelp/words"
)

var people = []web.Person{
	{ID: "ada", Name: "Ada Lovelace", Note: "Finance", Identity: bot.Identity{Tenant: "t", ObjectID: "o-ada", Email: "ada@contoso.com"}},
	{ID: "bob", Name: "Bob <b>Berg</b>", Identity: bot.Identity{Tenant: "t", ObjectID: "o-bob"}},
	{ID: "pia", Name: "Pia Ramm", Note: "Helpdesk", Admin: true, Identity: bot.Identity{Tenant: "t", ObjectID: "o-pia"}},
	{ID: "tom", Name: "Tom Alvar", Admin: true, Identity: bot.Identity{Tenant: "t", ObjectID: "o-tom"}},
}

var samples = []web.Sample{
	{Name: "no-response", Title: "Nobody answered", Summary: "It timed out.", Person: "ada", Group: "Phone"},
	{Name: "broken", Title: "Cannot be made", Person: "bob"},
}

// A page is the web page served for a test, with an inbox and a memory of its own.
type page struct {
	*web.Web
	t      *testing.T
	url    string
	client *http.Client // a script's, which keeps no cookies
	inbox  *bottest.Inbox
	memory *bottest.Memory
	told   *wire
}

func open(t *testing.T) *page {
	t.Helper()
	return openWith(t, &bottest.Memory{}, web.Options{})
}

// openWith serves a page that remembers what memory holds.
func openWith(t *testing.T, memory *bottest.Memory, o web.Options) *page {
	t.Helper()
	p := &page{t: t, inbox: &bottest.Inbox{}, memory: memory, told: &wire{}}
	o.Inbox, o.Memory, o.People, o.Samples = p.inbox, memory, people, samples
	o.Now = func() time.Time { return time.Date(2026, 11, 20, 8, 15, 0, 0, time.UTC) }
	o.Words = func(locale string) *words.Printer {
		return &words.Printer{Locale: locale, Missing: func(key string) { t.Errorf("cannot say %s", key) }}
	}
	o.Make = func(_ context.Context, sample string) (string, error) {
		if sample == "broken" {
			return "", errors.New("the tenant has gone")
		}
		return "Error Code: 500121", nil
	}
	p.Web = web.New(o)
	s := httptest.NewServer(p.told.of(p.Handler()))
	t.Cleanup(s.Close)
	t.Cleanup(p.Close) // before the server, which waits for open streams
	p.url, p.client = s.URL, s.Client()
	return p
}

// A wire keeps all that leaves a server.
type wire struct {
	mu  sync.Mutex
	all bytes.Buffer
}

func (w *wire) of(next http.Handler) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { next.ServeHTTP(tap{rw, w}, r) })
}

func (w *wire) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.all.String()
}

type tap struct {
	http.ResponseWriter
	w *wire
}

func (t tap) Unwrap() http.ResponseWriter { return t.ResponseWriter }

func (t tap) Write(b []byte) (int, error) {
	t.w.mu.Lock()
	t.w.all.Write(b)
	t.w.mu.Unlock()
	return t.ResponseWriter.Write(b)
}

// A request is one to the page, with what tests vary.
type request struct {
	method, path, token, body string
	header                    map[string]string
	browser                   *http.Client // nil for a script
}

// browser returns a client that keeps cookies.
func (p *page) browser() *http.Client {
	p.t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		p.t.Fatal(err)
	}
	return &http.Client{Jar: jar}
}

// do sends r and returns the answer with its body read.
func (p *page) do(r request) (*http.Response, string) {
	p.t.Helper()
	req, err := http.NewRequestWithContext(p.t.Context(), r.method, p.url+r.path, strings.NewReader(r.body))
	if err != nil {
		p.t.Fatal(err)
	}
	if r.method == http.MethodPost {
		req.Header.Set("Content-Type", "application/json")
	}
	if r.token != "" {
		req.Header.Set("Authorization", "Bearer "+r.token)
	}
	for k, v := range r.header {
		if k == "Host" {
			req.Host = v
			continue
		}
		req.Header.Set(k, v)
	}
	res, err := cmp.Or(r.browser, p.client).Do(req)
	if err != nil {
		p.t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	return res, string(b)
}

// as opens a session.
func (p *page) as(person string) (token string) {
	p.t.Helper()
	var answer struct{ Token string }
	p.post("", "/api/sessions", `{"person":"`+person+`"}`, http.StatusCreated, &answer)
	return answer.Token
}

// post sends a body and reads the answer, which must have a status.
func (p *page) post(token, path, body string, status int, answer any) {
	p.t.Helper()
	res, text := p.do(request{method: http.MethodPost, path: path, token: token, body: body})
	if res.StatusCode != status {
		p.t.Fatalf("POST %s %s: got %d %s", path, body, res.StatusCode, text)
	}
	if answer != nil {
		if err := json.Unmarshal([]byte(text), answer); err != nil {
			p.t.Fatal(err)
		}
	}
}

// A shown is a message in the API, as far as tests look at it.
type shown struct {
	Ref, Thread, From, Name, Title, Status string
	Order                                  int64
	Rev                                    int
	OnlyYou                                bool
	Lines                                  []string
	Facts                                  []struct{ Name, Value string }
	Steps                                  []struct{ Do, Why string }
	Attachments                            []struct{ Name, URL, MediaType string }
	Actions                                []struct{ Label, Key, Kind, Weight, URL string }
}

// reads returns what somebody sees.
func (p *page) reads(token, place string) []shown {
	p.t.Helper()
	res, text := p.do(request{method: http.MethodGet, path: "/api/conversations/" + place, token: token})
	var answer struct{ Messages []shown }
	if err := json.Unmarshal([]byte(text), &answer); err != nil || res.StatusCode != http.StatusOK {
		p.t.Fatalf("reading %s: got %d %s", place, res.StatusCode, text)
	}
	return answer.Messages
}

func direct(person string) bot.Place {
	return bot.Place{Platform: "web", ID: "direct:" + person, Private: true, Audience: bot.Direct, Reader: person}
}

var channel = bot.Place{Platform: "web", ID: "admins", Private: true}

// send posts a message and fails the test if it cannot.
func (p *page) send(to bot.Place, key string, m bot.Message, ref string) string {
	p.t.Helper()
	got, err := p.Send(p.t.Context(), bot.Post{To: to, Key: key, Message: m}, ref)
	if err != nil {
		p.t.Fatal(err)
	}
	return got
}

func titles(all []shown) string {
	var out []string
	for _, m := range all {
		out = append(out, m.Title)
	}
	return strings.Join(out, ", ")
}
