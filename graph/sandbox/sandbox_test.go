package sandbox

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"
)

// noon is what time it is in most tests.
var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

// testKeys are shared, because an RSA key takes its time.
var testKeys = sync.OnceValues(NewKeys)

// world is a tenant and somebody who calls it without a network in between.
type world struct {
	*Tenant
	t *testing.T
}

func newWorld(t *testing.T, edit ...func(*Options)) world {
	t.Helper()
	keys, err := testKeys()
	if err != nil {
		t.Fatal(err)
	}
	o := Options{Keys: keys, NoHistory: true, NoThrottle: true, Now: func() time.Time { return noon }}
	for _, f := range edit {
		f(&o)
	}
	tenant, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return world{tenant, t}
}

// An answer is what came back, with its body as plain values.
type answer struct {
	status int
	header http.Header
	text   string
	body   map[string]any
}

// at returns what stands at path in the body, such as "error/code".
func (a answer) at(path string) any {
	var v any = a.body
	for name := range strings.SplitSeq(path, "/") {
		switch here := v.(type) {
		case map[string]any:
			v = here[name]
		case []any:
			var i int
			if _, err := fmt.Sscan(name, &i); err != nil || i >= len(here) {
				return nil
			}
			v = here[i]
		default:
			return nil
		}
	}
	return v
}

// values are the entities of a list.
func (a answer) values() []map[string]any {
	var out []map[string]any
	list, _ := a.body["value"].([]any)
	for _, v := range list {
		out = append(out, v.(map[string]any))
	}
	return out
}

// column is one property of all entities of a list.
func (a answer) column(path string) []any {
	out := []any{}
	for _, v := range a.values() {
		out = append(out, answer{body: v}.at(path))
	}
	return out
}

// do sends a request, with a token if there is one.
func (w world) do(method, target, token, body string) answer {
	w.t.Helper()
	r := httptest.NewRequest(method, "https://localhost"+target, strings.NewReader(body))
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	switch {
	case strings.HasPrefix(body, "{"):
		r.Header.Set("Content-Type", "application/json")
	case method == "POST":
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	rec := httptest.NewRecorder()
	w.Handler().ServeHTTP(rec, r)
	return readAnswer(w.t, rec.Result())
}

func readAnswer(t *testing.T, resp *http.Response) answer {
	t.Helper()
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	a := answer{status: resp.StatusCode, header: resp.Header, text: string(text)}
	json.Unmarshal(text, &a.body) // what is no JSON has no body
	return a
}

// token signs an app in.
func (w world) token(a App) string {
	w.t.Helper()
	resp := w.ask(a, nil)
	s, _ := resp.body["access_token"].(string)
	if resp.status != 200 || s == "" {
		w.t.Fatalf("no token: %d %s", resp.status, resp.text)
	}
	return s
}

// ask asks for a token with the usual form, changed by edit.
func (w world) ask(a App, edit url.Values) answer {
	w.t.Helper()
	form := url.Values{
		"grant_type": {"client_credentials"}, "client_id": {a.ID}, "client_secret": {a.Secret},
		"scope": {"https://graph.microsoft.com/.default"},
	}
	maps.Copy(form, edit)
	return w.do("POST", "/"+w.ID()+"/oauth2/v2.0/token", "", form.Encode())
}

// get asks Graph as the seeded app, "/beta/…" or "/v1.0/…".
func (w world) get(path string, query ...string) answer {
	w.t.Helper()
	return w.do("GET", path+encode(query), w.token(w.Reader()), "")
}

// encode writes pairs of names and values as a query.
func encode(pairs []string) string {
	if len(pairs) == 0 {
		return ""
	}
	v := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		v.Set(pairs[i], pairs[i+1])
	}
	return "?" + v.Encode()
}

func TestLog(t *testing.T) {
	w := newWorld(t)
	told := 0
	stop := w.OnRequest(func(Request) { told++ })
	w.get("/v1.0/users", "$top", "1")
	stop()
	w.get("/v1.0/users")
	if told != 2 { // a token, and what it was for
		t.Errorf("told of %d requests, want 2", told)
	}
	got := w.Log()
	if len(got) != 4 || got[1].Path != "/v1.0/users?%24top=1" || got[1].App != "reader" || got[1].Permission != "User.Read.All" || got[1].Status != 200 || !got[1].At.Equal(noon) {
		t.Errorf("got %+v", got)
	}
	for range keep {
		w.record(Request{})
	}
	w.record(Request{Method: "LAST"})
	if got := w.Log(); len(got) > keep || got[len(got)-1].Method != "LAST" {
		t.Errorf("got %d", len(got))
	}
}

func TestClock(t *testing.T) {
	w := newWorld(t)
	w.Advance(time.Hour)
	if got, want := w.Now(), noon.Add(time.Hour); !got.Equal(want) {
		t.Errorf("advanced: got %v, want %v", got, want)
	}
	w.SetClock(noon.AddDate(0, 1, 0))
	w.Advance(-time.Minute)
	if got, want := w.Now(), noon.AddDate(0, 1, 0).Add(-time.Minute); !got.Equal(want) {
		t.Errorf("set: got %v, want %v", got, want)
	}
	running, err := New(Options{Keys: w.keys, NoHistory: true})
	if err != nil {
		t.Fatal(err)
	}
	running.Advance(time.Hour)
	if ahead := time.Until(running.Now()); ahead < 59*time.Minute || ahead > time.Hour {
		t.Errorf("running: got %v ahead", ahead)
	}
}

// cmpText is v with all that is in it, to look for what should not be.
func cmpText(v any) string { return fmt.Sprintf("%+v", v) }
