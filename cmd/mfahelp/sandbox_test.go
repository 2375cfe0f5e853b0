package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"mfahelp/config"
)

// TestSandbox runs the tenant, takes what it prints for a configuration, and
// gets a token by it.
func TestSandbox(t *testing.T) {
	dir := t.TempDir()
	ctx, stop := context.WithCancel(t.Context())
	out, in := io.Pipe()
	done := make(chan int)
	go func() {
		code := run(ctx, []string{"sandbox", "--listen", "127.0.0.1:0", "--dir", filepath.Join(dir, "keys")}, strings.NewReader(""), in, io.Discard)
		in.Close()
		done <- code
	}()
	said := make([]byte, 4096)
	n, err := out.Read(said) // it is said in one go
	if err != nil {
		t.Fatal(err)
	}
	before, text, ok := strings.Cut(string(said[:n]), "# ---- mfahelp.yaml ----\n")
	env := map[string]string{}
	for _, pair := range regexp.MustCompile(`(MFAHELP_[A-Z_]+)='([^']+)'`).FindAllStringSubmatch(before, -1) {
		env[pair[1]] = pair[2]
	}
	if !ok || len(env) != 2 {
		t.Fatalf("it said %s", said[:n])
	}
	file := filepath.Join(dir, "mfahelp.yaml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg, err := config.Load(file, func(name string) (string, bool) { v, ok := env[name]; return v, ok })
	if err != nil {
		t.Fatalf("%v\nin\n%s", err, text)
	}
	if cfg.Web.Login != config.Choose || !cfg.Tenant.Sandbox || !cfg.Resets.On || cfg.Warnings != nil {
		t.Errorf("got %+v", cfg)
	}
	askToken(t, cfg.Tenant)
	askToken(t, as(cfg.Tenant, cfg.Resets.Writer.ClientID, cfg.Resets.Writer.Credential))
	stop()
	if code := <-done; code != exitOK {
		t.Errorf("it ended with %d", code)
	}
}

// askToken signs in as the app of a configuration.
// See https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow.
func askToken(t *testing.T, c config.Tenant) {
	t.Helper()
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(c.CA)
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}}}
	defer client.CloseIdleConnections()
	r, err := client.PostForm(c.Authority+"/"+c.ID+"/oauth2/v2.0/token", url.Values{
		"client_id": {c.ClientID}, "client_secret": {c.Credential.Secret.Reveal()},
		"grant_type": {"client_credentials"}, "scope": {"https://graph.microsoft.com/.default"},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	if b, _ := io.ReadAll(r.Body); r.StatusCode != http.StatusOK {
		t.Errorf("got %s %s", r.Status, b)
	}
}

func TestSandboxControl(t *testing.T) {
	for addr, want := range map[string]bool{
		"127.0.0.1:0": true, "[::1]:8443": true, "localhost:1": true, "0.0.0.0:8443": false, ":8443": false, "example.com:1": false, "127.0.0.1": false,
	} {
		if got := loopback(addr); got != want {
			t.Errorf("%s: got %v, want %v", addr, got, want)
		}
	}
	dir := t.TempDir()
	code, _, stderr := mfahelp(t, "", "sandbox", "--control", "--listen", ":0", "--dir", dir)
	if code != exitError || !strings.Contains(stderr, "--control on :0 would let anybody do anything") {
		t.Errorf("got %d, %s", code, stderr)
	}
	code, _, stderr = mfahelp(t, "", "sandbox", "--public-url", "https://mfahelp.contoso.com", "--dir", dir)
	if code != exitError || !strings.Contains(stderr, "is no address of a page on this machine") {
		t.Errorf("got %d, %s", code, stderr)
	}
	code, _, stderr = mfahelp(t, "", "sandbox", "--listen", "256.0.0.1:0", "--dir", dir)
	if code != exitError || !strings.Contains(stderr, "listening") {
		t.Errorf("got %d, %s", code, stderr)
	}
}
