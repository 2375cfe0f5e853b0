package sandbox

import (
	"crypto/rand"
	"crypto/x509"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestControl(t *testing.T) {
	w := newWorld(t, func(o *Options) { o.Control = true })
	for _, test := range []struct{ method, path, body, want string }{
		{"GET", "scenarios", "", `"name":"no-response"`},
		{"GET", "people", "", `"upn":"sofia.almeida@contoso.com"`},
		{"GET", "apps", "", `"name":"reader"`},
		{"POST", "fail", `{"scenario":"late"}`, `"scenario":"late"`},
		{"POST", "success", `{"user":"sofia.almeida@contoso.com"}`, `"error_code":0`},
		{"POST", "clock", `{"advance":"90m"}`, `"now":"2026-11-20T13:30:00Z"`},
		{"POST", "fault", `{"kind":"status","path":"/beta/","status":500,"times":1}`, `{}`},
		{"GET", "log", "", `[]`},
		{"POST", "clear", `{}`, `{}`},
		{"GET", "parts", "", `"login":"freya.lund"`},
	} {
		if got := w.do(test.method, "/_sandbox/"+test.path, "", test.body); got.status != 200 || !strings.Contains(got.text, test.want) {
			t.Errorf("%s: got %d %s", test.path, got.status, got.text)
		}
	}
	for _, test := range []struct {
		method, path, body string
		status             int
	}{
		{"POST", "fail", `{"scenario":"unheard-of"}`, 400},
		{"POST", "clock", `{"advance":"soon"}`, 400},
		{"POST", "clock", `{"forward":"1m"}`, 400},
		{"POST", "fault", `{"kind":"earthquake"}`, 400},
		{"POST", "permission", `{"app":"nobody's","permission":"Mail.Send"}`, 400},
		{"POST", "role", `{"user":"aiko.sato@contoso.com","role":"King"}`, 400},
		{"POST", "role", `{"user":"nobody","role":"Reports Reader"}`, 400},
		{"POST", "group", `{"user":"aiko.sato@contoso.com","group":"Helpdesk Admins","taken":true}`, 400},
		{"POST", "group", `{"user":"mei.tanaka@contoso.com","group":"Helpdesk Admins"}`, 400},
		{"POST", "method", `{"user":"aiko.sato@contoso.com","register":"smokeSignals"}`, 400},
		{"POST", "account", `{"user":"nobody","taken":true}`, 400},
		{"GET", "fail", "", 404},
	} {
		if got := w.do(test.method, "/_sandbox/"+test.path, "", test.body); got.status != test.status || got.at("error") == nil {
			t.Errorf("%s %s: got %d %s", test.path, test.body, got.status, got.text)
		}
	}
	if got := newWorld(t).do("GET", "/_sandbox/apps", "", ""); got.status != 400 || strings.Contains(got.text, "secret") {
		t.Errorf("when it was not asked for: got %d %s", got.status, got.text)
	}
}

// TestWhatIsTakenAwayIsGivenBack asks for something by which each order shows:
// before, when it was taken away, and when it was given back.
func TestWhatIsTakenAwayIsGivenBack(t *testing.T) {
	const aiko, methods = "aiko.sato@contoso.com", "/v1.0/users/aiko.sato@contoso.com/authentication/methods"
	for _, test := range []struct {
		claim, path, order string
		shows              func(w world) bool
	}{
		{"a permission", "permission", `"app":"reader","permission":"UserAuthenticationMethod.Read.All"`,
			func(w world) bool { return w.get(methods).status == 200 }},
		{"a role", "role", `"user":"priya.raman@contoso.com","role":"authentication administrator"`,
			func(w world) bool {
				p, _ := w.Person("priya.raman@contoso.com")
				return slices.Equal(p.Roles, []string{"Authentication Administrator"})
			}},
		{"a place in a group", "group", `"user":"mei.tanaka@contoso.com","group":"Reset Approvers"`,
			func(w world) bool {
				p, _ := w.Person("mei.tanaka@contoso.com")
				return slices.Contains(p.Groups, ApproversGroup)
			}},
		{"a licence", "licence", `"user":""`,
			func(w world) bool { return w.get("/v1.0/auditLogs/signIns").status == 200 }},
		{"passes", "passes", `"user":""`,
			func(w world) bool { return w.pass("aiko.sato", `{}`).status == 201 }},
		{"an account", "account", `"user":"` + aiko + `"`,
			func(w world) bool {
				return w.get("/v1.0/users/"+aiko, "$select", "accountEnabled").at("accountEnabled") == true
			}},
	} {
		t.Run(test.claim, func(t *testing.T) {
			w := newWorld(t, func(o *Options) { o.Control = true })
			want := true
			for _, taken := range []string{"", `,"taken":true`, ""} {
				if taken != "" || !want {
					want = taken == ""
					if got := w.do("POST", "/_sandbox/"+test.path, "", "{"+test.order+taken+"}"); got.status != 200 {
						t.Fatalf("%s: got %d %s", taken, got.status, got.text)
					}
				}
				if test.shows(w) != want {
					t.Errorf("%q: shows %v", taken, !want)
				}
			}
		})
	}
}

func TestAMethodIsRegisteredByOrder(t *testing.T) {
	w := newWorld(t, func(o *Options) { o.Control = true })
	got := w.do("POST", "/_sandbox/method", "", `{"user":"aiko.sato@contoso.com","register":"microsoftAuthenticator","name":"Pixel 10"}`)
	if p, _ := w.Person("aiko.sato@contoso.com"); got.status != 200 || !slices.Contains(p.Methods, "Authenticator on Pixel 10") {
		t.Errorf("got %d %s; she has %q", got.status, got.text, p.Methods)
	}
}

func TestKeysOutliveARestart(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new")
	first, err := New(Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	pem, err := os.ReadFile(first.CAFile())
	if err != nil || string(pem) != string(first.CAPEM()) {
		t.Errorf("ca.pem is another: %v", err)
	}
	for _, name := range []string{caKeyFile, signingFile} {
		if s, err := os.Stat(filepath.Join(dir, name)); err != nil || s.Mode().Perm() != 0o600 {
			t.Errorf("%s: got %v, %v", name, s.Mode(), err)
		}
	}
	second, err := New(Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	base, err := second.Start("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer second.Close()
	token := world{first, t}.token(first.Reader())
	r, err := http.NewRequest(http.MethodGet, base+"/v1.0/users", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	resp, err := first.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	if got := readAnswer(t, resp); got.status != 200 {
		t.Errorf("a token from before: got %d %s", got.status, got.text)
	}
	os.Remove(filepath.Join(dir, signingFile))
	if _, err := New(Options{Dir: dir}); err == nil {
		t.Error("a folder without its signing key is taken")
	}
}

// TestTheAuthorityIsForThisMachineOnly signs for somebody else with it, as who
// stole it would.
func TestTheAuthorityIsForThisMachineOnly(t *testing.T) {
	w := newWorld(t)
	for name, want := range map[string]bool{"localhost": true, "graph.microsoft.com": false} {
		c := &x509.Certificate{SerialNumber: serial(), DNSNames: []string{name}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
		der, err := x509.CreateCertificate(rand.Reader, c, w.keys.ca, &w.keys.caKey.PublicKey, w.keys.caKey)
		if err != nil {
			t.Fatal(err)
		}
		_, err = must(x509.ParseCertificate(der)).Verify(x509.VerifyOptions{Roots: w.keys.pool(), DNSName: name})
		if (err == nil) != want {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// TestManyAtOnce is for the race detector.
func TestManyAtOnce(t *testing.T) {
	w := newWorld(t, func(o *Options) { o.Control = true })
	token := w.token(w.Reader())
	stop := w.OnRequest(func(Request) { w.Log() })
	defer stop()
	var all sync.WaitGroup
	for range 4 {
		for _, f := range []func(){
			func() { w.Fail("prompt-bombing") },
			func() { w.SignInAgain("aiko.sato@contoso.com") },
			func() { w.do("GET", "/beta/auditLogs/signIns", token, "") },
			func() { w.ask(w.Reader(), nil) },
			func() { w.Advance(time.Second) },
			func() { w.Fault(Fault{Kind: Status, Times: 1, Path: "/v1.0/"})() },
			func() { w.SetRisk("aiko.sato@contoso.com", "low") },
			func() { w.Grant(w.Reader().ID, "Directory.Read.All") },
			func() { w.do("POST", "/_sandbox/fail", "", `{"scenario":"fraud"}`) },
			func() { w.People(); w.Events(); w.Apps() },
		} {
			all.Go(f)
		}
	}
	all.Wait()
}
