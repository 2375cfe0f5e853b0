package msgraph

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"mfahelp/graph"

	"github.com/google/go-cmp/cmp"
	"github.com/microsoft/kiota-abstractions-go/serialization"
	"github.com/microsoftgraph/msgraph-sdk-go/models"
)

func TestMask(t *testing.T) {
	for in, want := range map[string]string{
		"":                "",
		"+1 2065550112":   "+X XXXXXXXX12",
		"+1 XXXXXXXX12":   "+X XXXXXXXX12",
		"+49 151 2345678": "+XX XXX XXXXX78",
		"2065550112x9":    "XXXXXXXXXXx9",
		"112":             "XXX",
		"٠١٢٣٤٥٦٧":        "XXXXXX٦٧",
	} {
		if got := mask(in); got != want {
			t.Errorf("masked %q as %q, want %q", in, got, want)
		}
	}
}

func TestMaskNumbers(t *testing.T) {
	for in, want := range map[string]string{
		"":                                "",
		"Password in the cloud":           "Password in the cloud",
		"iPhone 15":                       "iPhone 15",
		"SM-G998B":                        "SM-G998B",
		"XXL 12":                          "XXL 12",
		"+1 2065550112":                   "+X XXXXXXXX12",
		"+1 XXXXXXXX12":                   "+X XXXXXXXX12",
		"Ann's phone (+49 151/2345678).":  "Ann's phone (+XX XXX/XXXXX78).",
		"206.555.0112 or 206-555-0134":    "XXX.XXX.XX12 or XXX-XXX-XX34",
		"call ٠١٢٣٤٥٦٧٨":                  "call XXXXXXX٧٨",
		"Authenticator Lite (12 34 5)":    "Authenticator Lite (12 34 5)",
		"Windows 10.0.22631":              "Windows XX.X.XXX31",
		"0049 (0) 151 2345678":            "XXXX (X) XXX XXXXX78",
		"first 2065550112, then +1 20 65": "first XXXXXXXX12, then +1 20 65",
	} {
		if got := maskNumbers(in); got != want {
			t.Errorf("masked %q as %q, want %q", in, got, want)
		}
	}
}

func FuzzMask(f *testing.F) {
	for _, s := range []string{"+1 2065550112", "x 12 (34) 56-78", "٠١٢٣٤٥٦٧"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if strings.IndexFunc(s, isDigit) < 0 {
			return
		}
		left := 0
		for _, r := range mask(s) {
			if isDigit(r) && r != 'X' {
				left++
			}
		}
		if left > 2 {
			t.Errorf("masked %q as %q", s, mask(s))
		}
		maskNumbers(s) // must come back
	})
}

func TestMaskAddress(t *testing.T) {
	for in, want := range map[string]string{"ann@example.com": "a…@example.com", "@example.com": "…@example.com", "élan@x.eu": "é…@x.eu", "none": "", "": ""} {
		if got := maskAddress(in); got != want {
			t.Errorf("masked %q as %q, want %q", in, got, want)
		}
	}
}

// TestPlain reads what the SDK does not know, in each of the shapes in which it
// hands that over.
func TestPlain(t *testing.T) {
	s, b, n := "x", true, 1.5
	want := map[string]any{"s": "x", "b": true, "n": 1.5, "l": []any{"x", nil}, "o": map[string]any{"s": "x"}, "z": nil}
	for name, in := range map[string]any{
		"pointers": map[string]any{"s": &s, "b": &b, "n": &n, "l": []any{&s, nil}, "o": map[string]any{"s": &s}, "z": nil},
		"values":   map[string]any{"s": s, "b": b, "n": n, "l": []any{s, nil}, "o": map[string]any{"s": s}, "z": struct{}{}},
		"untyped": serialization.NewUntypedObject(map[string]serialization.UntypedNodeable{
			"s": serialization.NewUntypedString(s), "b": serialization.NewUntypedBoolean(b), "n": serialization.NewUntypedDouble(n),
			"l": serialization.NewUntypedArray([]serialization.UntypedNodeable{serialization.NewUntypedString(s), serialization.NewUntypedNull()}),
			"o": serialization.NewUntypedObject(map[string]serialization.UntypedNodeable{"s": serialization.NewUntypedString(s)}),
			"z": serialization.NewUntypedNull(),
		}),
	} {
		if diff := cmp.Diff(any(want), plain(in)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestObject(t *testing.T) {
	text, when := "x", "2026-11-23T09:00:00.1234567+01:00"
	o := object{"text": &text, "when": &when, "list": []any{map[string]any{"text": &text}, &text, nil}, "o": map[string]any{"text": &text}}
	if got := o.object("o").text("text"); got != "x" {
		t.Errorf("got %q", got)
	}
	if got := o.objects("list"); len(got) != 1 || got[0].text("text") != "x" {
		t.Errorf("got %v", got)
	}
	if got, want := o.time("when"), time.Date(2026, 11, 23, 8, 0, 0, 123456700, time.UTC); got != want {
		t.Errorf("got %v, want %v", got, want)
	}
	if got := o.time("text"); !got.IsZero() {
		t.Errorf("got %v", got)
	}
	for _, missing := range []string{"none", "list", "o"} {
		if o.text(missing) != "" || o.truth(missing) || len(o.object("none").objects("none")) != 0 {
			t.Errorf("%s is something", missing)
		}
	}
}

func TestKind(t *testing.T) {
	for _, k := range kinds {
		if got := kind("#microsoft.graph." + string(k) + "AuthenticationMethod"); got != k {
			t.Errorf("got %s for %s", got, k)
		}
	}
	for _, s := range []string{"", "#microsoft.graph.telepathyAuthenticationMethod"} {
		if got := kind(s); got != graph.OtherMethod {
			t.Errorf("got %s for %q", got, s)
		}
	}
}

func TestMarkDefault(t *testing.T) {
	for preference, want := range map[string]string{
		"push": "app1 app2", "oath": "code", "sms": "mobile", "voiceMobile": "mobile", "voiceAlternateMobile": "other", "voiceOffice": "desk",
		"": "", "unknownFutureValue": "",
	} {
		methods := []graph.Method{
			{ID: "app1", Kind: graph.Authenticator}, {ID: "app2", Kind: graph.Authenticator}, {ID: "code", Kind: graph.SoftwareOATH},
			{ID: "mobile", Kind: graph.PhoneMethod, Phone: "mobile"}, {ID: "other", Kind: graph.PhoneMethod, Phone: "alternateMobile"},
			{ID: "desk", Kind: graph.PhoneMethod, Phone: "office"}, {ID: "key", Kind: graph.FIDO2},
		}
		markDefault(methods, preference)
		var got []string
		for _, m := range methods {
			if m.Default {
				got = append(got, m.ID)
			}
		}
		if s := strings.Join(got, " "); s != want {
			t.Errorf("%q: got %q, want %q", preference, s, want)
		}
	}
	app := []graph.Method{{Kind: graph.Authenticator}}
	if markDefault(app, "oath"); !app[0].Default {
		t.Error("the app shows codes too")
	}
}

// TestDoor lets nothing out but to its own host.
func TestDoor(t *testing.T) {
	places, err := USGov.places()
	if err != nil {
		t.Fatal(err)
	}
	d := places.door(Options{Now: time.Now}, places.graph)
	d.next = roundTrip(func(*http.Request) (*http.Response, error) { t.Error("let through"); return nil, errHost })
	for _, address := range []string{
		"http://graph.microsoft.us/v1.0/users", "https://graph.microsoft.com/v1.0/users", "https://graph.microsoft.us.evil.example/",
		"https://graph.microsoft.us:444/", "https://evil.example/graph.microsoft.us",
	} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := d.RoundTrip(r); !errors.Is(err, errHost) {
			t.Errorf("%s: got %v", address, err)
		}
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// TestClouds is the table of Microsoft's page.
func TestClouds(t *testing.T) {
	for cloud, want := range map[National]string{
		Global: "login.microsoftonline.com graph.microsoft.com", USGov: "login.microsoftonline.us graph.microsoft.us",
		USGovDoD: "login.microsoftonline.us dod-graph.microsoft.us", China: "login.partner.microsoftonline.cn microsoftgraph.chinacloudapi.cn",
	} {
		p, err := cloud.places()
		got := strings.TrimPrefix(p.authority, "https://") + " " + strings.TrimPrefix(p.graph, "https://")
		if err != nil || got != want || p.scope() != p.graph+"/.default" || p.unknown {
			t.Errorf("%s: got %s, %v", cloud, got, err)
		}
	}
}

// FuzzAnswer reads whatever may come for a page of sign-ins.
func FuzzAnswer(f *testing.F) {
	f.Add(`{"value":[{"id":"1","createdDateTime":"2026-11-20T08:14:41.6195833Z","status":{"errorCode":500121},"authenticationDetails":[{"succeeded":true}]}]}`)
	f.Add(`{"value":[null,{"status":null,"deviceDetail":{},"appliedConditionalAccessPolicies":[null],"riskState":"new","additionalData":{"x":1}}]}`)
	f.Add(`{"value":[{"authenticationDetails":[[1],{"a":{}}],"authenticationAppDeviceDetails":[]}],"@odata.nextLink":1}`)
	f.Add(`[]`)
	f.Fuzz(func(t *testing.T, body string) {
		c := &Client{timeout: time.Second, now: time.Now}
		resp := func(status int) *http.Response {
			return &http.Response{StatusCode: status, Header: http.Header{}, Body: http.NoBody}
		}
		for _, status := range []int{200, 403} {
			r := resp(status)
			r.Body = readCloser{strings.NewReader(body)}
			v, err := c.receive(request{op: "fuzz", into: models.CreateSignInCollectionResponseFromDiscriminatorValue}, r, &Call{})
			if err != nil {
				_ = err.Error()
				continue
			}
			for _, s := range present(v.(models.SignInCollectionResponseable).GetValue()) {
				signIn(s, graph.Beta)
			}
		}
	})
}

type readCloser struct{ *strings.Reader }

func (readCloser) Close() error { return nil }

var _ interface {
	SignIns(context.Context, graph.API, graph.Filter) (graph.Page, error)
} = (*Client)(nil) // as package signins wants it
