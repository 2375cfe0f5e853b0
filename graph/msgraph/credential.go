package msgraph

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"sync"
	"time"

	"mfahelp/graph"
	"mfahelp/secret"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	kiota "github.com/microsoft/kiota-abstractions-go"
)

// A Credential is how the app proves to Entra what it is: [Secret],
// [Certificate], [WorkloadIdentity] or [ManagedIdentity].
type Credential interface {
	// token returns the source of tokens. It does not ask for one yet.
	token(tenant, client string, o azcore.ClientOptions, unknownCloud bool) (azcore.TokenCredential, error)
	// check returns what is wrong with the credential on this machine, if
	// anything: the SDK tells that in words only.
	check() error
}

// Secret is a client secret. It is the weakest: it is text, and it expires.
// See https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow.
type Secret struct{ secret.Text }

func (s Secret) token(tenant, client string, o azcore.ClientOptions, unknown bool) (azcore.TokenCredential, error) {
	if s.Reveal() == "" {
		return nil, errors.New("the client secret is empty")
	}
	return azidentity.NewClientSecretCredential(tenant, client, s.Reveal(),
		&azidentity.ClientSecretCredentialOptions{ClientOptions: o, DisableInstanceDiscovery: unknown})
}

func (Secret) check() error { return nil }

// Certificate is a certificate with its private key, in PEM or PFX. Of PFX only
// the old ciphers are known; PEM is the better choice.
// See https://learn.microsoft.com/entra/identity-platform/certificate-credentials.
type Certificate struct {
	File      string
	Data      secret.Text // instead of File
	Password  secret.Text // of a PFX
	SendChain bool        // for an app that trusts the issuer and a name
}

func (c Certificate) token(tenant, client string, o azcore.ClientOptions, unknown bool) (azcore.TokenCredential, error) {
	data := []byte(c.Data.Reveal())
	if c.File != "" {
		var err error
		if data, err = os.ReadFile(c.File); err != nil {
			return nil, fmt.Errorf("reading the certificate: %w", err)
		}
	}
	certs, key, err := azidentity.ParseCertificates(data, []byte(c.Password.Reveal()))
	if err != nil {
		return nil, errors.New("the certificate is neither PEM with a key nor PFX with this password") // err may quote it
	}
	return azidentity.NewClientCertificateCredential(tenant, client, certs, key,
		&azidentity.ClientCertificateCredentialOptions{ClientOptions: o, DisableInstanceDiscovery: unknown, SendCertificateChain: c.SendChain})
}

func (Certificate) check() error { return nil }

// WorkloadIdentity is a token that somebody else signed, such as Kubernetes,
// and renews in a file.
// See https://learn.microsoft.com/entra/workload-id/workload-identity-federation.
type WorkloadIdentity struct {
	TokenFile string // what AZURE_FEDERATED_TOKEN_FILE says, if ""
}

func (w WorkloadIdentity) token(tenant, client string, o azcore.ClientOptions, unknown bool) (azcore.TokenCredential, error) {
	return azidentity.NewWorkloadIdentityCredential(&azidentity.WorkloadIdentityCredentialOptions{
		ClientOptions: o, ClientID: client, TenantID: tenant, TokenFilePath: w.TokenFile, DisableInstanceDiscovery: unknown})
}

func (w WorkloadIdentity) check() error {
	file := w.TokenFile
	if file == "" {
		file = os.Getenv("AZURE_FEDERATED_TOKEN_FILE")
	}
	_, err := os.Stat(file)
	return err
}

// ManagedIdentity is what the machine is, in Azure.
// See https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/overview.
type ManagedIdentity struct {
	ClientID string // of one that was assigned by hand; "" for the machine's own
}

func (m ManagedIdentity) token(_, _ string, o azcore.ClientOptions, _ bool) (azcore.TokenCredential, error) {
	// The metadata service is at a fixed place on the machine, by plain HTTP, so
	// neither a proxy nor the list of hosts has a say.
	o.Transport = &http.Client{
		Transport:     &http.Transport{},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	opts := &azidentity.ManagedIdentityCredentialOptions{ClientOptions: o}
	if m.ClientID != "" {
		if guid(m.ClientID) == "" {
			return nil, errors.New("the client id of the managed identity is no GUID")
		}
		opts.ID = azidentity.ClientID(m.ClientID)
	}
	return azidentity.NewManagedIdentityCredential(opts)
}

func (ManagedIdentity) check() error { return nil }

// A bearer puts the app's token on requests. It is kiota's
// AuthenticationProvider, and asks for tokens one at a time: azidentity would
// have all callers wait for the slowest, however short their own patience.
type bearer struct {
	renew func() (azcore.TokenCredential, error)
	check func() error
	scope string
	door  *door         // through which tokens are asked for
	turn  chan struct{} // holds one value while somebody asks
	now   func() time.Time

	mu     sync.Mutex
	source azcore.TokenCredential
	last   string // the header that was sent last
	worked bool   // whether Graph ever took it
}

// newBearer returns what signs in with the credential of o.
func newBearer(o Options, p places) (*bearer, error) {
	d := p.door(o, p.authority, p.aliases...)
	if o.Observe != nil {
		d.saw = func(status int, id string, took time.Duration) {
			o.Observe(Call{Op: opToken, Status: status, RequestID: id, Took: took})
		}
	}
	renew := func() (azcore.TokenCredential, error) {
		return o.Credential.token(o.Tenant, o.ClientID, azcore.ClientOptions{
			Cloud:     cloud.Configuration{ActiveDirectoryAuthorityHost: p.authority},
			Transport: &http.Client{Transport: d, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
			Retry:     policy.RetryOptions{MaxRetries: -1}, // who called comes back
		}, p.unknown)
	}
	source, err := renew() // so that a bad one is known at once
	if err != nil {
		return nil, err
	}
	return &bearer{renew: renew, source: source, check: o.Credential.check, scope: p.scope(), door: d, turn: make(chan struct{}, 1), now: o.Now}, nil
}

const opToken = "get token"

// AuthenticateRequest puts a token on r, a new one if the last has expired.
func (b *bearer) AuthenticateRequest(ctx context.Context, r *kiota.RequestInformation, _ map[string]any) error {
	select {
	case b.turn <- struct{}{}:
		defer func() { <-b.turn }()
	case <-ctx.Done():
		return unanswered(opToken, ctx.Err())
	}
	source, err := b.current()
	if err != nil {
		return &graph.Error{Op: opToken, Reason: graph.ErrCredential, Err: err}
	}
	b.door.forget()
	// No tokens for continuous access evaluation: they live for a day, and then
	// a permission that was granted since takes as long to be seen.
	t, err := source.GetToken(ctx, policy.TokenRequestOptions{Scopes: []string{b.scope}})
	if err != nil {
		return b.refused(ctx, err)
	}
	header := "Bearer " + t.Token
	r.Headers.Add(authorization, header)
	b.mu.Lock()
	defer b.mu.Unlock()
	if header != b.last {
		b.last, b.worked = header, false
	}
	return nil
}

const authorization = "Authorization"

// current returns the source of tokens, a new one if Graph did not take what
// the last one keeps.
func (b *bearer) current() (azcore.TokenCredential, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.source != nil {
		return b.source, nil
	}
	source, err := b.renew()
	b.source = source
	return source, err
}

// judge learns whether Graph took the token of r. It reports whether it did not,
// though another may do: the token was good before, or there is a newer one. The
// SDK would go on with a token that was withdrawn until it expires.
func (b *bearer) judge(r *kiota.RequestInformation, status int) (stale bool) {
	sent := r.Headers.Get(authorization)
	if len(sent) == 0 || status == 0 {
		return false
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case status != http.StatusUnauthorized:
		b.worked = b.worked || sent[0] == b.last
		return false
	case sent[0] != b.last:
		return true
	}
	stale = b.worked
	b.source, b.worked = nil, false
	return stale
}

// refused tells an app that may not sign in from a service that is down. The
// SDK's own error quotes answers at length, so nothing of it is kept.
func (b *bearer) refused(ctx context.Context, err error) *graph.Error {
	if ended(ctx, err) {
		return unanswered(opToken, ctx.Err())
	}
	var failed *azidentity.AuthenticationFailedError
	if errors.As(err, &failed) && failed.RawResponse != nil {
		return refusedToken(failed.RawResponse, b.now())
	}
	if err := b.door.failure(); err != nil {
		return unanswered(opToken, err)
	}
	return &graph.Error{Op: opToken, Reason: graph.ErrCredential, Err: b.check()}
}

// refusedToken reads why Entra gave no token.
// See https://learn.microsoft.com/entra/identity-platform/reference-error-codes.
func refusedToken(resp *http.Response, now time.Time) *graph.Error {
	var o struct {
		Error     string `json:"error"`
		Codes     []int  `json:"error_codes"`
		RequestID string `json:"trace_id"`
	}
	body, _ := io.ReadAll(resp.Body) // in memory already
	_ = json.Unmarshal(body, &o)
	e := &graph.Error{Op: opToken, Reason: graph.ErrCredential, Status: resp.StatusCode, Code: word(o.Error),
		After: retryAfter(resp.Header, now), RequestID: word(o.RequestID)}
	if len(o.Codes) > 0 {
		e.Code = fmt.Sprintf("AADSTS%d", o.Codes[0])
	}
	switch {
	case resp.StatusCode == http.StatusTooManyRequests:
		e.Reason = graph.ErrThrottled
	case resp.StatusCode >= 500 || resp.StatusCode == http.StatusRequestTimeout || o.Error == "temporarily_unavailable":
		e.Reason = graph.ErrUnavailable
	}
	return e
}
