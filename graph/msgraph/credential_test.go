package msgraph_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"mfahelp/graph"
	"mfahelp/graph/msgraph"
	"mfahelp/graph/sandbox"
	"mfahelp/secret"

	"github.com/golang-jwt/jwt/v5"
)

// pair returns a key and a certificate of it, in PEM.
func pair(t *testing.T) (key *rsa.PrivateKey, cert *x509.Certificate, both []byte) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "mfahelp"}, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	if cert, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	both = append(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8})...)
	return key, cert, both
}

func file(t *testing.T, content []byte) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(name, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestCertificate(t *testing.T) {
	s, addr := tenant(t, sandbox.Options{NoHistory: true})
	_, cert, both := pair(t)
	s.AddCertificate(s.Reader().ID, cert)
	_, _, stranger := pair(t)
	o := options(s, addr, s.Reader())
	for _, test := range []struct {
		name string
		cred msgraph.Certificate
		want error
	}{
		{"from a file", msgraph.Certificate{File: file(t, both)}, nil},
		{"as it is", msgraph.Certificate{Data: secret.New(string(both))}, nil},
		{"with its chain", msgraph.Certificate{Data: secret.New(string(both)), SendChain: true}, nil},
		{"of somebody else", msgraph.Certificate{Data: secret.New(string(stranger))}, graph.ErrCredential},
	} {
		o.Credential = test.cred
		err := client(t, o).Ping(t.Context())
		if !errors.Is(err, test.want) {
			t.Errorf("%s: got %v, want %v", test.name, err, test.want)
		}
		if err != nil {
			discreet(t, err, o)
		}
	}
}

func TestWorkloadIdentity(t *testing.T) {
	s, addr := tenant(t, sandbox.Options{NoHistory: true})
	key, _, _ := pair(t)
	s.AddFederation(s.Reader().ID, sandbox.Federation{Issuer: "https://kubernetes.example", Subject: "system:serviceaccount:help:mfahelp", Key: &key.PublicKey})
	token := func(subject string) []byte {
		j := jwt.NewWithClaims(jwt.SigningMethodRS256, jwt.RegisteredClaims{
			Issuer: "https://kubernetes.example", Subject: subject, Audience: jwt.ClaimStrings{"api://AzureADTokenExchange"},
			IssuedAt: jwt.NewNumericDate(time.Now()), ExpiresAt: jwt.NewNumericDate(time.Now().Add(time.Hour)),
		})
		signed, err := j.SignedString(key)
		if err != nil {
			t.Fatal(err)
		}
		return []byte(signed)
	}
	good, bad := file(t, token("system:serviceaccount:help:mfahelp")), file(t, token("system:serviceaccount:other:other"))
	o := options(s, addr, s.Reader())
	for name, want := range map[string]error{good: nil, bad: graph.ErrCredential, "/nowhere/token": graph.ErrCredential} {
		o.Credential = msgraph.WorkloadIdentity{TokenFile: name}
		err := client(t, o).Ping(t.Context())
		if !errors.Is(err, want) {
			t.Errorf("%s: got %v, want %v", name, err, want)
		}
		if name == "/nowhere/token" && !errors.Is(err, os.ErrNotExist) {
			t.Errorf("got %v, which does not say that the file is missing", err)
		}
		if err != nil {
			discreet(t, err, o)
		}
	}
	t.Setenv("AZURE_FEDERATED_TOKEN_FILE", good)
	o.Credential = msgraph.WorkloadIdentity{}
	if err := client(t, o).Ping(t.Context()); err != nil {
		t.Errorf("by environment: got %v", err)
	}
}

// TestRefusedToken is what each refusal of the login service means.
func TestRefusedToken(t *testing.T) {
	s, addr := tenant(t, sandbox.Options{NoHistory: true})
	app := s.Reader()
	expired := s.AddApp("expired")
	s.ExpireSecret(expired.ID, true)
	for _, test := range []struct {
		name string
		set  func(*msgraph.Options)
		code string
	}{
		{"a wrong secret", func(o *msgraph.Options) { o.Credential = msgraph.Secret{Text: secret.New("wrong~secret")} }, "AADSTS7000215"},
		{"an expired secret", func(o *msgraph.Options) {
			o.ClientID, o.Credential = expired.ID, msgraph.Secret{Text: secret.New(expired.Secret)}
		}, "AADSTS7000222"},
		{"an unknown app", func(o *msgraph.Options) { o.ClientID = graph.GlobalAdministrator }, "AADSTS700016"},
		{"another tenant", func(o *msgraph.Options) { o.Tenant = "fabrikam.com" }, "AADSTS90002"},
		{"another audience", func(o *msgraph.Options) {
			o.Cloud = msgraph.Custom{Authority: addr, Graph: addr, Audience: "https://graph.microsoft.us", RootCA: s.CAPEM()}
		}, "AADSTS500011"},
	} {
		o := options(s, addr, app)
		test.set(&o)
		err := client(t, o).Ping(t.Context())
		var got *graph.Error
		if !errors.As(err, &got) || !errors.Is(err, graph.ErrCredential) || got.Code != test.code || got.Op != "get token" || got.RequestID == "" {
			t.Errorf("%s: got %v, want %s", test.name, err, test.code)
		}
		discreet(t, err, o)
	}
}

// TestLoginDown tells a login service that is down from one that refuses.
func TestLoginDown(t *testing.T) {
	for _, test := range []struct {
		name  string
		fault sandbox.Fault
		want  error
		after time.Duration
	}{
		{"unavailable", sandbox.Fault{Kind: sandbox.Status}, graph.ErrUnavailable, 0},
		{"throttled", sandbox.Fault{Kind: sandbox.Status, Status: 429, After: 7 * time.Second}, graph.ErrThrottled, 7 * time.Second},
		{"a broken connection", sandbox.Fault{Kind: sandbox.Reset}, graph.ErrUnavailable, 0},
		{"a page for people", sandbox.Fault{Kind: sandbox.HTML}, graph.ErrUnavailable, 0},
		{"half an answer", sandbox.Fault{Kind: sandbox.Truncated}, graph.ErrUnavailable, 0},
	} {
		for _, path := range []string{"/v2.0/.well-known", "/oauth2/v2.0/token"} {
			s, addr := tenant(t, sandbox.Options{NoHistory: true})
			o := options(s, addr, s.Reader())
			test.fault.Path = "/" + s.ID() + path
			s.Fault(test.fault)
			err := client(t, o).Ping(t.Context())
			var got *graph.Error
			if !errors.As(err, &got) || !errors.Is(err, test.want) || got.After != test.after || got.Op != "get token" {
				t.Errorf("%s of %s: got %v", test.name, path, err)
			}
			if n := len(s.Log()); n > 2 {
				t.Errorf("%s of %s: %d requests", test.name, path, n)
			}
			discreet(t, err, o)
		}
	}
}

// TestTokenIsKept asks for one token for many requests, and for another when
// it has expired.
func TestTokenIsKept(t *testing.T) {
	s, addr := tenant(t, sandbox.Options{NoHistory: true, NoThrottle: true})
	c := client(t, options(s, addr, s.Reader()))
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if err := c.Ping(context.Background()); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	tokens := 0
	for _, r := range s.Log() {
		if strings.HasSuffix(r.Path, "/token") {
			tokens++
		}
	}
	if tokens != 1 {
		t.Errorf("asked for %d tokens", tokens)
	}
}

// TestTokenWithdrawn gets another token when Graph no longer takes one that it
// took, and says that later may help; a token that it never took is the app's
// own trouble.
func TestTokenWithdrawn(t *testing.T) {
	s, addr := tenant(t, sandbox.Options{NoHistory: true, NoThrottle: true})
	c := client(t, options(s, addr, s.Reader()))
	if err := c.Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.Advance(2 * time.Hour) // the token has expired, though not by our clock
	if err := c.Ping(t.Context()); !errors.Is(err, graph.ErrUnavailable) {
		t.Errorf("got %v, want unavailable", err)
	}
	if err := c.Ping(t.Context()); err != nil {
		t.Errorf("got %v with a new token", err)
	}
	s.Fault(sandbox.Fault{Kind: sandbox.Status, Path: "/v1.0/", Status: http.StatusUnauthorized})
	for _, want := range []error{graph.ErrUnavailable, graph.ErrCredential, graph.ErrCredential} {
		if err := c.Ping(t.Context()); !errors.Is(err, want) {
			t.Errorf("got %v, want %v", err, want)
		}
	}
}

// TestTurn does not have somebody wait for a token longer than they want to.
func TestTurn(t *testing.T) {
	arrived, blocked := make(chan struct{}, 1), make(chan struct{})
	var n atomic.Int32
	login := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		n.Add(1)
		arrived <- struct{}{}
		<-blocked
	}))
	t.Cleanup(login.Close)
	t.Cleanup(func() { close(blocked) })
	s, addr := tenant(t, sandbox.Options{NoHistory: true})
	o := options(s, addr, s.Reader())
	o.Cloud = msgraph.Custom{Authority: login.URL, Graph: addr, RootCA: both(s, login)}
	c := client(t, o)
	first, stop := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- c.Ping(first) }()
	<-arrived
	impatient, cancel := context.WithCancel(t.Context())
	cancel()
	if err := c.Ping(impatient); !errors.Is(err, context.Canceled) || !errors.Is(err, graph.ErrUnavailable) {
		t.Errorf("got %v", err)
	}
	stop()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if n.Load() != 1 {
		t.Errorf("%d requests", n.Load())
	}
}

func TestNew(t *testing.T) {
	good := msgraph.Options{Tenant: "contoso.com", ClientID: graph.GlobalAdministrator, Credential: msgraph.Secret{Text: secret.New("s3cr3t")}}
	for _, cloud := range []msgraph.Cloud{nil, msgraph.Global, msgraph.USGov, msgraph.USGovDoD, msgraph.China} {
		o := good
		o.Cloud = cloud
		client(t, o)
	}
	o := good
	o.Credential, o.Tenant, o.ClientID = msgraph.ManagedIdentity{}, "", ""
	client(t, o)
	o.Credential = msgraph.ManagedIdentity{ClientID: graph.GlobalAdministrator}
	client(t, o)
	for _, test := range []struct {
		want string // is in the error
		set  func(*msgraph.Options)
	}{
		{"no credential", func(o *msgraph.Options) { o.Credential = nil }},
		{"tenant", func(o *msgraph.Options) { o.Tenant = "" }},
		{"tenant", func(o *msgraph.Options) { o.Tenant = "contoso.com/../x" }},
		{"client id", func(o *msgraph.Options) { o.ClientID = "mfahelp" }},
		{"secret is empty", func(o *msgraph.Options) { o.Credential = msgraph.Secret{} }},
		{"reading the certificate", func(o *msgraph.Options) { o.Credential = msgraph.Certificate{File: "/nowhere"} }},
		{"certificate is neither", func(o *msgraph.Options) { o.Credential = msgraph.Certificate{Data: secret.New("s3cr3t")} }},
		{"certificate is neither", func(o *msgraph.Options) { o.Credential = msgraph.Certificate{} }},
		{"managed identity", func(o *msgraph.Options) { o.Credential = msgraph.ManagedIdentity{ClientID: "mine"} }},
		{`no cloud is called "mars"`, func(o *msgraph.Options) { o.Cloud = msgraph.National("mars") }},
		{"https://", func(o *msgraph.Options) {
			o.Cloud = msgraph.Custom{Authority: "http://127.0.0.1", Graph: "https://127.0.0.1"}
		}},
		{"https://", func(o *msgraph.Options) { o.Cloud = msgraph.Custom{Authority: "https://127.0.0.1"} }},
		{"root CA", func(o *msgraph.Options) {
			o.Cloud = msgraph.Custom{Authority: "https://127.0.0.1", Graph: "https://127.0.0.1", RootCA: []byte("x")}
		}},
	} {
		o := good
		test.set(&o)
		if _, err := msgraph.New(o); err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "s3cr3t") {
			t.Errorf("got %v, want something about %q", err, test.want)
		}
	}
	if s := fmt.Sprintf("%v %+v %#v", good, good, good); strings.Contains(s, "s3cr3t") {
		t.Errorf("the secret is in %s", s)
	}
}

// TestPermissions names what is missing, whichever part of Graph says so.
func TestPermissions(t *testing.T) {
	s, addr := tenant(t, sandbox.Options{NoHistory: true, NoThrottle: true})
	o := options(s, addr, s.AddApp("nothing"))
	c := client(t, o)
	ctx := t.Context()
	sofia := id(t, s, "sofia.almeida")
	for want, call := range map[string]func() error{
		"AuditLog.Read.All":                 func() error { return ask(ctx, c) },
		"User.Read.All":                     func() error { _, err := c.User(ctx, sofia); return err },
		"RoleManagement.Read.Directory":     func() error { _, err := c.Roles(ctx, sofia); return err },
		"UserAuthenticationMethod.Read.All": func() error { _, err := c.Methods(ctx, sofia); return err },
		"GroupMember.Read.All": func() error {
			_, err := c.InGroups(ctx, sofia, []string{s.GroupID(sandbox.StaffGroup)})
			return err
		},
	} {
		err := call()
		var got *graph.Error
		if !errors.As(err, &got) || !errors.Is(err, graph.ErrForbidden) || got.Permission != want {
			t.Errorf("got %v, want %s", err, want)
		}
		discreet(t, err, o)
	}
	some := s.AddApp("no PIM", "RoleManagement.Read.All", "User.Read.All")
	s.Revoke(some.ID, "RoleManagement.Read.All")
	s.Grant(some.ID, "Directory.Read.All") // does for active roles only
	_, err := client(t, options(s, addr, some)).Roles(ctx, sofia)
	var got *graph.Error
	if !errors.As(err, &got) || got.Permission != "RoleEligibilitySchedule.Read.Directory" {
		t.Errorf("got %v", err)
	}
}
