package sandbox

import (
	"crypto/rand"
	"crypto/x509"
	"net/http"
	"os"
	"path/filepath"
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
