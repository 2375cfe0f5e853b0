package teams_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"mfahelp/bot"
	"mfahelp/bot/teams"
	"mfahelp/bot/teams/teamstest"
	"mfahelp/secret"
)

// certificate makes one and its key, as a file in PEM.
func certificate(t *testing.T) (file string, cert *x509.Certificate) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "mfahelp"}, NotAfter: time.Now().AddDate(1, 0, 0)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
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
	text := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8})
	text = append(text, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})...)
	file = filepath.Join(t.TempDir(), "bot.pem")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return file, cert
}

// proving is a world whose bot proves itself in some way. Its clock is that of
// Microsoft's library, which knows no other.
func proving(t *testing.T, as func(w *world) teams.Credential) *world {
	t.Helper()
	w := open(t)
	w.clock.move(time.Until(w.clock.now()))
	w.say(w.ada, "hello") // so that the way to her is known
	w.fake.Revoke()
	w.restart(nopLog, func(w *world, o *teams.Options) { o.Credential = as(w) })
	return w
}

// TestCredentials has the bot prove itself in every way there is. Each gets it a
// token that Teams takes, asked for once however much is said.
func TestCredentials(t *testing.T) {
	file, cert := certificate(t)
	federated := filepath.Join(t.TempDir(), "token")
	for _, test := range []struct {
		name string
		as   func(w *world) teams.Credential
	}{
		{"a secret", func(w *world) teams.Credential { return teams.Secret{Text: secret.New(w.fake.Secret)} }},
		{"a certificate", func(w *world) teams.Credential {
			w.fake.Certificate = cert
			return teams.Certificate{File: file}
		}},
		{"a workload identity, by a file", func(w *world) teams.Credential {
			write(t, federated, w.fake.Federated())
			return teams.WorkloadIdentity{TokenFile: federated}
		}},
		{"a workload identity, by the environment", func(w *world) teams.Credential {
			write(t, federated, w.fake.Federated())
			t.Setenv("AZURE_FEDERATED_TOKEN_FILE", federated)
			return teams.WorkloadIdentity{}
		}},
		{"a managed identity that is the bot's own", func(w *world) teams.Credential {
			machine(t, w.fake)
			return teams.ManagedIdentity{ClientID: w.fake.App}
		}},
		{"a managed identity that the bot's registration trusts", func(w *world) teams.Credential {
			machine(t, w.fake)
			return teams.ManagedIdentity{ClientID: "33333333-2222-4333-8444-555555555555"}
		}},
		{"the machine's own identity, which the bot's registration trusts", func(w *world) teams.Credential {
			machine(t, w.fake)
			return teams.ManagedIdentity{}
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := proving(t, test.as)
			before := w.fake.Tokens()
			w.send(w.direct(w.ada), "1", bot.Message{Title: "One"}, "")
			w.send(w.direct(w.ada), "2", bot.Message{Title: "Two"}, "")
			if n := w.fake.Tokens() - before; n != 1 {
				t.Errorf("it was given %d tokens, want 1", n)
			}
			if seen := w.fake.See(w.ada, w.fake.Chat(w.ada)); len(seen) != 3 || seen[2].Title != "Two" {
				t.Errorf("Ada sees %+v", seen)
			}
			w.fine()
		})
	}
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// machine makes this one a machine in Azure.
func machine(t *testing.T, fake *teamstest.Fake) {
	t.Helper()
	t.Setenv("IDENTITY_ENDPOINT", fake.MachineAddress())
	t.Setenv("IDENTITY_HEADER", teamstest.MachineHeader)
}

// TestCredentialsThatFail get no token. What was to be said waits, the reason has
// Entra's code in it where there is one, and nothing that proves anything.
func TestCredentialsThatFail(t *testing.T) {
	_, cert := certificate(t)
	another, _ := certificate(t)
	stale := filepath.Join(t.TempDir(), "token")
	write(t, stale, "eyJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJhcGk6Ly9BenVyZUFEVG9rZW5FeGNoYW5nZSJ9.c2lnbmF0dXJl")
	for _, test := range []struct {
		name string
		as   func(w *world) teams.Credential
		says string
	}{
		{"a wrong secret", func(*world) teams.Credential { return teams.Secret{Text: secret.New("WRONG~secret")} }, "AADSTS7000215"},
		{"another certificate", func(w *world) teams.Credential {
			w.fake.Certificate = cert
			return teams.Certificate{File: another}
		}, "AADSTS7000215"},
		{"a token of nobody's", func(*world) teams.Credential { return teams.WorkloadIdentity{TokenFile: stale} }, "AADSTS7000215"},
		{"a file that is not there", func(*world) teams.Credential { return teams.WorkloadIdentity{TokenFile: stale + ".gone"} }, "could not be asked"},
		{"a machine without an identity", func(w *world) teams.Credential {
			machine(t, w.fake)
			t.Setenv("IDENTITY_HEADER", "WRONG-header")
			return teams.ManagedIdentity{ClientID: w.fake.App}
		}, "Entra answers 400"},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := proving(t, test.as)
			_, err := w.Send(t.Context(), bot.Post{To: w.direct(w.ada), Key: "1", Message: bot.Message{Title: "One"}}, "")
			if !errors.As(err, new(*bot.BusyError)) || !strings.Contains(err.Error(), test.says) {
				t.Errorf("got %v, want it to wait and say %q", err, test.says)
			}
			for _, s := range []string{"WRONG", "eyJ", w.fake.Secret, "client_assertion"} {
				if err != nil && strings.Contains(err.Error(), s) {
					t.Errorf("the error has %q in it: %v", s, err)
				}
			}
		})
	}
}

// TestCredentialsThatMakeNoSense are refused at the start.
func TestCredentialsThatMakeNoSense(t *testing.T) {
	t.Setenv("AZURE_FEDERATED_TOKEN_FILE", "")
	text := filepath.Join(t.TempDir(), "bot.pem")
	write(t, text, "-----BEGIN PRIVATE KEY-----\nU0VDUkVU\n-----END PRIVATE KEY-----\n")
	for name, c := range map[string]teams.Credential{
		"an empty secret":             teams.Secret{},
		"a certificate nowhere":       teams.Certificate{File: text + ".gone"},
		"a certificate that is none":  teams.Certificate{File: text},
		"a workload without its file": teams.WorkloadIdentity{},
	} {
		o := teams.Options{App: "0b8c4d17-93fa-4e25-b6d1-7a2e9c5f3081", Tenant: "6f1d9a3e-2b57-4c8e-9a40-1d7f5b2c8e63", Credential: c}
		w := open(t)
		o.Inbox, o.Memory = w.inbox, w.memory
		if _, err := teams.New(o); err == nil || strings.Contains(err.Error(), "U0VDUkVU") {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// TestTokenIsRenewed has one end, be taken away, and be wanted by many at once.
func TestTokenIsRenewed(t *testing.T) {
	w := open(t)
	w.say(w.ada, "hello")
	w.restart(nopLog, nil)
	had := w.fake.Tokens()
	var all sync.WaitGroup
	for range 5 { // no more than Teams takes at once
		all.Go(func() {
			_, err := w.Send(t.Context(), bot.Post{To: w.direct(w.ada), Key: "1", Message: bot.Message{Title: "One"}}, "")
			if err != nil {
				t.Errorf("sending: %v", err)
			}
		})
	}
	all.Wait()
	if n := w.fake.Tokens() - had; n != 1 {
		t.Errorf("wanted by five at once, %d tokens were asked for", n)
	}
	w.clock.move(56 * time.Minute) // five minutes before its end it is not used any more
	w.send(w.direct(w.ada), "2", bot.Message{Title: "Two"}, "")
	if n := w.fake.Tokens() - had; n != 2 {
		t.Errorf("near its end there were %d tokens, want a second", n)
	}
	w.fine()
	w.fake.Revoke()
	_, err := w.Send(t.Context(), bot.Post{To: w.direct(w.ada), Key: "3", Message: bot.Message{Title: "Three"}}, "")
	if !errors.As(err, new(*bot.BusyError)) {
		t.Errorf("with a token that is not taken: got %v, want it to wait", err)
	}
	w.send(w.direct(w.ada), "3", bot.Message{Title: "Three"}, "")
}
