package teams

import (
	"cmp"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/golang-jwt/jwt/v5"

	"mfahelp/bot"
	"mfahelp/secret"
)

// A Credential is how the bot proves to Entra that it is itself: [Secret],
// [Certificate], [WorkloadIdentity] or [ManagedIdentity].
type Credential interface {
	// source returns what asks for tokens. It does not ask for one yet.
	source(o Options, client *http.Client) (source, error)
}

// A source asks for a token for the connector, and says until when it is good.
type source func(ctx context.Context) (secret.Text, time.Time, error)

// Secret is a client secret.
// See https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow#first-case-access-token-request-with-a-shared-secret.
type Secret struct{ secret.Text }

func (s Secret) source(o Options, client *http.Client) (source, error) {
	if s.Reveal() == "" {
		return nil, errors.New("the client secret is empty")
	}
	return granted(o, client, func() (url.Values, error) { return url.Values{"client_secret": {s.Reveal()}}, nil }), nil
}

// Certificate is a certificate with its private key, in PEM or PFX. It is read
// again for each token, so that it can be renewed under a bot that runs.
type Certificate struct {
	File     string
	Password secret.Text // of a PFX
}

func (c Certificate) source(o Options, client *http.Client) (source, error) {
	if _, _, err := c.read(); err != nil {
		return nil, err
	}
	return granted(o, client, func() (url.Values, error) {
		cert, private, err := c.read()
		if err != nil {
			return nil, err
		}
		return assertion(o, cert, private)
	}), nil
}

func (c Certificate) read() (*x509.Certificate, *rsa.PrivateKey, error) {
	data, err := os.ReadFile(c.File)
	if err != nil {
		return nil, nil, fmt.Errorf("reading the certificate: %w", err)
	}
	certs, private, err := azidentity.ParseCertificates(data, []byte(c.Password.Reveal()))
	rsaKey, ok := private.(*rsa.PrivateKey)
	if err != nil || len(certs) == 0 || !ok {
		return nil, nil, errors.New("the certificate is neither PEM with an RSA key nor PFX with this password") // err may quote it
	}
	for _, cert := range certs {
		if public, ok := cert.PublicKey.(*rsa.PublicKey); ok && public.Equal(rsaKey.Public()) {
			return cert, rsaKey, nil
		}
	}
	return nil, nil, errors.New("the key beside the certificate is not its own")
}

// assertion signs that we are who we are.
// See https://learn.microsoft.com/entra/identity-platform/certificate-credentials.
func assertion(o Options, cert *x509.Certificate, private *rsa.PrivateKey) (url.Values, error) {
	now := o.Now()
	t := jwt.NewWithClaims(jwt.SigningMethodPS256, jwt.RegisteredClaims{
		Issuer: o.App, Subject: o.App, Audience: jwt.ClaimStrings{tokenAddress(o)}, ID: rand.Text(),
		NotBefore: jwt.NewNumericDate(now), IssuedAt: jwt.NewNumericDate(now), ExpiresAt: jwt.NewNumericDate(now.Add(5 * time.Minute)),
	})
	print := sha256.Sum256(cert.Raw)
	t.Header["x5t#S256"] = base64.RawURLEncoding.EncodeToString(print[:])
	signed, err := t.SignedString(crypto.Signer(private))
	if err != nil {
		return nil, fmt.Errorf("signing with the certificate: %w", err)
	}
	return url.Values{"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}, "client_assertion": {signed}}, nil
}

// WorkloadIdentity is a token that somebody else signed, such as Kubernetes,
// and renews in a file.
// See https://learn.microsoft.com/entra/workload-id/workload-identity-federation.
type WorkloadIdentity struct {
	TokenFile string // what AZURE_FEDERATED_TOKEN_FILE says, if ""
}

func (w WorkloadIdentity) source(o Options, client *http.Client) (source, error) {
	file := cmp.Or(w.TokenFile, os.Getenv("AZURE_FEDERATED_TOKEN_FILE"))
	if file == "" {
		return nil, errors.New("no file is named that has the token of the workload")
	}
	c := &azidentity.WorkloadIdentityCredentialOptions{
		ClientID: o.App, TenantID: o.Tenant, TokenFilePath: file, DisableInstanceDiscovery: o.Cloud.Login != Public.Login,
	}
	c.ClientOptions = clientOptions(o, client)
	credential, err := azidentity.NewWorkloadIdentityCredential(c)
	if err != nil {
		return nil, errors.New("the workload identity cannot be used") // err may quote it
	}
	return asked(func(ctx context.Context) (string, time.Time, error) {
		t, err := credential.GetToken(ctx, policy.TokenRequestOptions{Scopes: []string{o.Cloud.Scope}})
		return t.Token, t.ExpiresOn, err
	}), nil
}

// ManagedIdentity is what the machine is, in Azure. If it is the bot's own, its
// token is the bot's; if it is another, the bot's app registration must trust
// it by a federated credential.
// See https://learn.microsoft.com/entra/workload-id/workload-identity-federation-config-app-trust-managed-identity.
type ManagedIdentity struct {
	ClientID string // of one that was assigned by hand; "" for the machine's own
}

func (m ManagedIdentity) source(o Options, client *http.Client) (source, error) {
	mo := &azidentity.ManagedIdentityCredentialOptions{}
	mo.Transport = client // which follows nothing
	if m.ClientID != "" {
		mo.ID = azidentity.ClientID(m.ClientID)
	}
	machine, err := azidentity.NewManagedIdentityCredential(mo)
	if err != nil {
		return nil, errors.New("the managed identity cannot be used")
	}
	if strings.EqualFold(m.ClientID, o.App) {
		return asked(func(ctx context.Context) (string, time.Time, error) {
			t, err := machine.GetToken(ctx, policy.TokenRequestOptions{Scopes: []string{o.Cloud.Scope}})
			return t.Token, t.ExpiresOn, err
		}), nil
	}
	vouch := func(ctx context.Context) (string, error) {
		t, err := machine.GetToken(ctx, policy.TokenRequestOptions{Scopes: []string{"api://AzureADTokenExchange/.default"}})
		return t.Token, err
	}
	c := &azidentity.ClientAssertionCredentialOptions{DisableInstanceDiscovery: o.Cloud.Login != Public.Login}
	c.ClientOptions = clientOptions(o, client)
	credential, err := azidentity.NewClientAssertionCredential(o.Tenant, o.App, vouch, c)
	if err != nil {
		return nil, errors.New("the managed identity cannot vouch for the bot")
	}
	return asked(func(ctx context.Context) (string, time.Time, error) {
		t, err := credential.GetToken(ctx, policy.TokenRequestOptions{Scopes: []string{o.Cloud.Scope}})
		return t.Token, t.ExpiresOn, err
	}), nil
}

func clientOptions(o Options, client *http.Client) (c policy.ClientOptions) {
	c.Cloud.ActiveDirectoryAuthorityHost = o.Cloud.Login
	c.Transport = client
	c.Retry.MaxRetries = -1 // who called comes back
	return c
}

// asked makes a source of one of the SDK's credentials. Its errors quote answers
// at length, so of them only the code is kept.
func asked(get func(context.Context) (string, time.Time, error)) source {
	return func(ctx context.Context) (secret.Text, time.Time, error) {
		t, until, err := get(ctx)
		if err == nil {
			return secret.New(t), until, nil
		}
		var failed *azidentity.AuthenticationFailedError
		if errors.As(err, &failed) && failed.RawResponse != nil {
			body, _ := io.ReadAll(io.LimitReader(failed.RawResponse.Body, maxAnswer)) // in memory already
			return secret.Text{}, time.Time{}, noToken(failed.RawResponse.StatusCode, body)
		}
		if ctx.Err() != nil {
			return secret.Text{}, time.Time{}, &bot.BusyError{Err: ctx.Err()}
		}
		return secret.Text{}, time.Time{}, &bot.BusyError{Err: errors.New("no token: the identity of this machine could not be asked for one")}
	}
}

// tokenAddress is where the bot's own tenant gives out tokens.
func tokenAddress(o Options) string { return o.Cloud.Login + "/" + o.Tenant + "/oauth2/v2.0/token" }

// granted asks Entra for a token, with a proof made anew for each.
func granted(o Options, client *http.Client, proof func() (url.Values, error)) source {
	return func(ctx context.Context) (none secret.Text, until time.Time, err error) {
		form, err := proof()
		if err != nil {
			return none, until, err
		}
		form.Set("grant_type", "client_credentials")
		form.Set("client_id", o.App)
		form.Set("scope", o.Cloud.Scope)
		r, err := http.NewRequestWithContext(ctx, http.MethodPost, tokenAddress(o), strings.NewReader(form.Encode()))
		if err != nil {
			return none, until, err
		}
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		res, err := client.Do(r)
		if err != nil {
			return none, until, &bot.BusyError{Err: fmt.Errorf("asking for a token: %w", bare(err))}
		}
		defer res.Body.Close()
		body, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
		if err != nil {
			return none, until, &bot.BusyError{Err: fmt.Errorf("asking for a token: %w", bare(err))}
		}
		if res.StatusCode != http.StatusOK {
			return none, until, noToken(res.StatusCode, body)
		}
		var a struct {
			Token   string `json:"access_token"`
			Seconds int    `json:"expires_in"`
		}
		if json.Unmarshal(body, &a) != nil || a.Token == "" {
			return none, until, &bot.BusyError{Err: errors.New("asking for a token: the answer has none")}
		}
		return secret.New(a.Token), o.Now().Add(time.Duration(a.Seconds) * time.Second), nil
	}
}

// noToken says why Entra gives us none. That the secret is wrong is no reason
// to give up a message: it will be sent when somebody has renewed it.
// See https://learn.microsoft.com/entra/identity-platform/reference-error-codes.
func noToken(status int, body []byte) error {
	var o struct {
		Codes []int `json:"error_codes"`
	}
	_ = json.Unmarshal(body, &o) // the status says enough
	why := &refusedToken{status: status}
	if len(o.Codes) > 0 {
		why.code = o.Codes[0]
	}
	return &bot.BusyError{After: 30 * time.Second, Err: why}
}

// A refusedToken is why Entra gives none.
type refusedToken struct{ status, code int }

func (e *refusedToken) Error() string {
	if e.code == 0 {
		return fmt.Sprintf("asking for a token: Entra answers %d", e.status)
	}
	return fmt.Sprintf("asking for a token: Entra answers %d, AADSTS%d", e.status, e.code)
}

// newToken keeps what source gives.
func newToken(source source, now func() time.Time) *token {
	return &token{source: source, now: now, turn: make(chan struct{}, 1)}
}

// A token is ours, kept until shortly before it ends. Whoever needs one while
// it is being renewed waits for that, and no longer than they have time.
type token struct {
	source source
	now    func() time.Time
	turn   chan struct{} // has a value in it while somebody asks for one

	mu    sync.Mutex
	value secret.Text
	until time.Time
}

// early is how long before its end a token is no longer used.
const early = 5 * time.Minute

// get returns a token that is good for a while.
func (t *token) get(ctx context.Context) (string, error) {
	if s := t.kept(); s != "" {
		return s, nil
	}
	select {
	case t.turn <- struct{}{}:
		defer func() { <-t.turn }()
	case <-ctx.Done():
		return "", &bot.BusyError{Err: ctx.Err()}
	}
	if s := t.kept(); s != "" {
		return s, nil
	}
	value, until, err := t.source(ctx)
	if err != nil {
		return "", err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.value, t.until = value, until
	return value.Reveal(), nil
}

func (t *token) kept() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.now().Add(early).Before(t.until) {
		return t.value.Reveal()
	}
	return ""
}

// drop forgets a token that the connector did not take.
func (t *token) drop(value string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.value.Reveal() == value {
		t.until = time.Time{}
	}
}

// bare is err without the address that the HTTP client puts into it: there may
// be something in that which opens a file.
func bare(err error) error {
	if u, ok := errors.AsType[*url.Error](err); ok {
		return u.Err
	}
	return err
}
