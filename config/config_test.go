package config

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"mfahelp/secret"
)

// A canary is a secret that must not be seen. It looks like one of Entra's.
const canary = "Zq28Q~canaryCanaryCanaryCanaryCanaryXYZ0"

// environment has all that a file here may ask for.
func environment(name string) (string, bool) {
	s, ok := map[string]string{"MFAHELP_CLIENT_SECRET": canary, "EMPTY": ""}[name]
	return s, ok
}

// load reads text as the file mfahelp.yaml beside other files.
func load(t *testing.T, text string, files map[string]string) (Config, error) {
	t.Helper()
	t.Chdir(t.TempDir())
	files["mfahelp.yaml"] = text
	for name, s := range files {
		if err := os.WriteFile(name, []byte(s), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return Load("mfahelp.yaml", environment)
}

func TestExample(t *testing.T) {
	got, err := Load("example.yaml", environment)
	if err != nil {
		t.Fatal(err)
	}
	want := defaults() // so that the example shows them as they are
	want.Tenant.ID = "6f1d9a3e-2b57-4c8e-9a40-1d7f5b2c8e63"
	want.Tenant.ClientID = "0b8c4d17-93fa-4e25-b6d1-7a2e9c5f3081"
	want.Tenant.Credential.Secret = secret.New(canary)
	want.Admins.Groups = []string{"a94c2f60-7e1b-4d38-95c7-3f8b6e0d2a51"}
	if d := cmp.Diff(want, got, revealed); d != "" {
		t.Error(d)
	}
}

// revealed compares secrets by what they hide.
var revealed = cmp.Comparer(func(a, b secret.Text) bool { return a.Reveal() == b.Reveal() })

// TestExampleComments reads what the example has commented out as well, since
// that is what people uncomment.
func TestExampleComments(t *testing.T) {
	b, err := os.ReadFile("example.yaml")
	if err != nil {
		t.Fatal(err)
	}
	_, tail, _ := strings.Cut(string(b), "# A sandbox, which")
	for _, key := range []string{"sandbox: true", "cloud: custom", "login: choose"} {
		if !strings.Contains(tail, key) {
			t.Errorf("the example does not show %q", key)
		}
	}
	lines := regexp.MustCompile(`(?m)^#   ( *[a-z_]+:.*)$`).FindAllStringSubmatch(tail, -1)
	text := "tenant:\n  id: 6f1d9a3e-2b57-4c8e-9a40-1d7f5b2c8e63\n  client_id: 0b8c4d17-93fa-4e25-b6d1-7a2e9c5f3081\n" +
		"  credential: {secret: env:MFAHELP_CLIENT_SECRET}\n"
	web := false
	for _, l := range lines {
		if web = web || l[1] == "web:"; !web {
			text += "  "
		}
		text += l[1] + "\n"
	}
	text += "admins: {groups: [a94c2f60-7e1b-4d38-95c7-3f8b6e0d2a51]}\n"
	got, err := load(t, text, map[string]string{"sandbox-ca.pem": authority})
	if err != nil {
		t.Fatalf("%v\nin\n%s", err, text)
	}
	if !got.Tenant.Sandbox || got.Web.Login != Choose || got.Tenant.Graph != "https://127.0.0.1:8443" {
		t.Errorf("got %+v", got)
	}
}

func TestWhole(t *testing.T) {
	const text = `
tenant:
  id: 6F1D9A3E-2B57-4C8E-9A40-1D7F5B2C8E63
  sandbox: true
  without_pim: true
  cloud: custom
  authority: https://localhost:8443/login/
  graph: https://localhost:8443
  ca_file: ca.pem
  client_id: 0b8c4d17-93fa-4e25-b6d1-7a2e9c5f3081
  credential: {certificate: {file: app.pem, password: "file:password"}}
admins:
  groups: [a94c2f60-7e1b-4d38-95c7-3f8b6e0d2a51]
  channel: {platform: web, id: admins}
store: {url: "sqlite:data/m.db"}
web: {listen: "0.0.0.0:80", hosts: [Help.Example.com], login: choose}
limits: {messages_per_hour: 1, lookups_per_hour: 2, escalations_per_day: 3}
lookup: {waits: [90s, 2h]}
log: {level: debug, format: console}
locale: pt-BR
`
	got, err := load(t, text, map[string]string{"ca.pem": authority, "app.pem": "x", "password": canary + "\r\n"})
	if err != nil {
		t.Fatal(err)
	}
	want := Config{
		Tenant: Tenant{
			ID: "6f1d9a3e-2b57-4c8e-9a40-1d7f5b2c8e63", Sandbox: true, WithoutPIM: true, Cloud: Custom,
			Authority: "https://localhost:8443/login", Graph: "https://localhost:8443", CA: []byte(authority),
			ClientID:   "0b8c4d17-93fa-4e25-b6d1-7a2e9c5f3081",
			Credential: Credential{Certificate: &Certificate{File: "app.pem", Password: secret.New(canary)}},
		},
		Admins: Admins{Groups: []string{"a94c2f60-7e1b-4d38-95c7-3f8b6e0d2a51"}, Channel: Channel{"web", "admins"}},
		Store:  Store{URL: "sqlite:data/m.db"},
		Web:    Web{Listen: "0.0.0.0:80", Hosts: []string{"help.example.com"}, Login: Choose},
		Limits: Limits{1, 2, 3},
		Lookup: Lookup{Waits: []time.Duration{90 * time.Second, 2 * time.Hour}},
		Log:    Log{Level: "debug", Format: "console"},
		Locale: "pt-BR",
	}
	if d := cmp.Diff(want, got, revealed); d != "" {
		t.Error(d)
	}
}

func TestCredentials(t *testing.T) {
	files := func() map[string]string { return map[string]string{"app.pem": "x", "token": "y", "secret": canary} }
	for _, test := range []struct {
		text string
		want Credential
	}{
		{"secret: env:MFAHELP_CLIENT_SECRET", Credential{Secret: secret.New(canary)}},
		{"secret: file:secret", Credential{Secret: secret.New(canary)}},
		{"certificate: {file: app.pem}", Credential{Certificate: &Certificate{File: "app.pem"}}},
		{"workload_identity: {token_file: token}", Credential{WorkloadIdentity: &WorkloadIdentity{TokenFile: "token"}}},
		{"managed_identity:", Credential{ManagedIdentity: &ManagedIdentity{}}},
		{"managed_identity: {}", Credential{ManagedIdentity: &ManagedIdentity{}}},
		{"managed_identity: {client_id: 5d2e8f4b-1c6a-4937-8e05-b9f3a7d21c48}", Credential{ManagedIdentity: &ManagedIdentity{"5d2e8f4b-1c6a-4937-8e05-b9f3a7d21c48"}}},
	} {
		got, err := load(t, strings.Replace(minimal, "secret: env:MFAHELP_CLIENT_SECRET", test.text, 1), files())
		if d := cmp.Diff(test.want, got.Tenant.Credential, revealed); err != nil || d != "" {
			t.Errorf("%s: %v, %s", test.text, err, d)
		}
	}
}

// TestSecretFiles warns of a secret that others can read, and goes on, since
// in a container it may have to be so.
func TestSecretFiles(t *testing.T) {
	for _, test := range []struct {
		mode os.FileMode
		want []string
	}{
		{0o600, nil},
		{0o640, nil},
		{0o644, []string{"tenant.credential.secret: others can read or change the file it names; chmod 600 it"}},
		{0o660, []string{"tenant.credential.secret: others can read or change the file it names; chmod 600 it"}},
	} {
		dir := t.TempDir()
		file := filepath.Join(dir, "mfahelp.yaml")
		text := strings.Replace(minimal, "env:MFAHELP_CLIENT_SECRET", "file:secret", 1) // beside the configuration
		for name, s := range map[string]string{file: text, filepath.Join(dir, "secret"): canary} {
			if err := os.WriteFile(name, []byte(s), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.Chmod(filepath.Join(dir, "secret"), test.mode); err != nil {
			t.Fatal(err)
		}
		got, err := Load(file, environment)
		if err != nil || got.Tenant.Credential.Secret.Reveal() != canary {
			t.Errorf("%o: %v", test.mode, err)
		}
		if d := cmp.Diff(test.want, got.Warnings); d != "" {
			t.Errorf("%o: %s", test.mode, d)
		}
	}
}

func TestFile(t *testing.T) {
	dir := t.TempDir()
	_, err := Load(filepath.Join(dir, "none.yaml"), environment)
	if !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), "none.yaml") {
		t.Errorf("got %v for a file that is not there", err)
	}
	big := filepath.Join(dir, "big.yaml")
	if err := os.WriteFile(big, []byte("#"+strings.Repeat(" ", maxFile)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(big, environment); err == nil || !strings.Contains(err.Error(), "more than 1048576 bytes") {
		t.Errorf("got %v for a file without end", err)
	}
}

// TestLoadTrail has whatever else is wrong in the file keep nobody from stopping
// resets, and what is wrong with the trail's own sections be said.
func TestLoadTrail(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "mfahelp.yaml")
	read := func(text string) (Config, error) {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return LoadTrail(file, func(name string) (string, bool) { return strings.Repeat("k", 40), name == "MFAHELP_AUDIT_KEY" })
	}
	const others = "tenant:\n  id: none\n  credential: {secret: env:NOT_HERE}\nresets:\n  writer: {nonsense: 1}\nslack: 7\n"
	got, err := read(others + "store:\n  url: sqlite:a.db\naudit:\n  key: env:MFAHELP_AUDIT_KEY\n")
	if err != nil || got.Store.URL != "sqlite:"+filepath.Join(dir, "a.db") || got.Audit.Key.Reveal() != strings.Repeat("k", 40) {
		t.Errorf("got %+v, %v", got, err)
	}
	for text, want := range map[string]string{
		others + "audit:\n  key: env:NO_KEY\n":                      "audit.key: the environment has no NO_KEY",
		others + "store:\n  url: mysql:a\n":                         "store.url: is no address of a database",
		others + "stores:\n  url: sqlite:a.db\n":                    `"stores" is no key that may stand here; did you mean "store"?`,
		others + "audit:\n  kee: env:MFAHELP_KEY\n":                 "audit.key: the environment has no MFAHELP_KEY",
		others + "audit:\n  former_keys: [env:MFAHELP_AUDIT_KEY]\n": "audit.key: is missing",
	} {
		if _, err := read(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, not %s", err, want)
		}
	}
}

// TestCanary puts a secret under every key where somebody might, and looks for
// it in all that is said.
func TestCanary(t *testing.T) {
	example, err := os.ReadFile("example.yaml")
	if err != nil {
		t.Fatal(err)
	}
	leaf := regexp.MustCompile(`(?m)^( *(?:- )?(?:[a-z_]+: )?)([^#\s:][^\n]*)$`)
	spots := leaf.FindAllSubmatchIndex(example, -1)
	if len(spots) < 10 {
		t.Fatalf("found %d values in the example", len(spots))
	}
	for _, at := range spots {
		for _, c := range []string{canary, "canaryCanaryCanaryCanaryCanaryCanaryXYZ0"} {
			for _, wrong := range []string{
				c, `"` + c + `"`, "[" + c + "]", "{" + c + ": " + c + "}", "env:" + c, "file:" + c, "file:/run/" + c,
				"|\n    " + c, `"` + c, "&" + c + " x", "*" + c, "!" + c + " x",
			} {
				text := string(example[:at[4]]) + wrong + string(example[at[5]:])
				got, err := load(t, text, map[string]string{})
				if err == nil {
					t.Errorf("took %s in\n%s", wrong, text)
				}
				if said := fmt.Sprintf("%v %+v", err, got); strings.Contains(said, c) {
					t.Errorf("leaked in\n%s\nof\n%s", said, text)
				}
			}
		}
	}
}

func TestPrinted(t *testing.T) {
	c, err := load(t, minimal, map[string]string{})
	if err != nil {
		t.Fatal(err)
	}
	j, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{fmt.Sprint(c), fmt.Sprintf("%+v", c), fmt.Sprintf("%#v", c), string(j)} {
		if strings.Contains(s, canary) {
			t.Errorf("leaked in %s", s)
		}
	}
}

// minimal is the least that a file may say.
const minimal = `tenant:
  id: 6f1d9a3e-2b57-4c8e-9a40-1d7f5b2c8e63
  client_id: 0b8c4d17-93fa-4e25-b6d1-7a2e9c5f3081
  credential:
    secret: env:MFAHELP_CLIENT_SECRET
admins:
  groups: [a94c2f60-7e1b-4d38-95c7-3f8b6e0d2a51]
`

// FuzzParse holds the parser to not falling over whatever somebody saved.
func FuzzParse(f *testing.F) {
	f.Add(minimal)
	f.Add("a: [b, {c: d}]\n---\n&x y: *x\n? !t |\n  z\n")
	f.Fuzz(func(t *testing.T, text string) {
		r := &reader{file: "mfahelp.yaml", env: func(string) (string, bool) { return "", false }}
		var c Config
		if root, ok := r.parse([]byte(text)); ok {
			r.config(root, &c)
		}
		if len(r.problems) == 0 && c.Tenant.ID == "" {
			t.Errorf("took %q without a word", text)
		}
	})
}

// TestManagedIdentity needs no app registration.
func TestManagedIdentity(t *testing.T) {
	text := strings.NewReplacer("  client_id: 0b8c4d17-93fa-4e25-b6d1-7a2e9c5f3081\n", "", "secret: env:MFAHELP_CLIENT_SECRET", "managed_identity:").Replace(minimal)
	got, err := load(t, text, map[string]string{})
	if err != nil || got.Tenant.ClientID != "" || got.Tenant.Credential.ManagedIdentity == nil {
		t.Errorf("got %+v, %v", got.Tenant, err)
	}
}
