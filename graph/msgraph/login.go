package msgraph

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"os"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/golang-jwt/jwt/v5"

	"mfahelp/secret"
)

// Login is where the people of a tenant sign in, for who sends them there.
type Login struct {
	Issuer string       // such as https://login.microsoftonline.com/<tenant>/v2.0
	Client *http.Client // goes there and nowhere else

	// Browser asks there for what people would be shown, and follows nothing. No
	// secret may go by it.
	Browser *http.Client
}

// LoginOf returns the login service of a cloud.
func LoginOf(o Options) (Login, error) {
	cloud := o.Cloud
	if cloud == nil {
		cloud = Global
	}
	p, err := cloud.places()
	if err != nil {
		return Login{}, err
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	client := func(pages bool) *http.Client {
		d := p.door(o, p.authority, p.aliases...)
		d.pages = pages
		return &http.Client{
			Transport: d, Timeout: 20 * time.Second,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		}
	}
	return Login{Issuer: p.authority + "/" + o.Tenant + "/v2.0", Client: client(false), Browser: client(true)}, nil
}

// An Assertion proves to an audience, the address of a token endpoint, who an
// app is that has no secret.
type Assertion func(ctx context.Context, audience string) (secret.Text, error)

// AssertionOf returns how an app with a credential proves who it is where
// people sign in to it, or nil if that is by its secret. Nobody can sign in to a
// managed identity.
func AssertionOf(c Credential, client string) (Assertion, error) {
	switch c := c.(type) {
	case Secret:
		return nil, nil
	case Certificate:
		return c.assertion(client)
	case WorkloadIdentity:
		return c.assertion, nil
	}
	return nil, errors.New("people cannot sign in to a managed identity")
}

// assertion signs with the certificate's key. See
// https://learn.microsoft.com/entra/identity-platform/certificate-credentials.
func (c Certificate) assertion(client string) (Assertion, error) {
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
	private, ok := key.(*rsa.PrivateKey)
	if !ok {
		return nil, errors.New("the certificate's key is no RSA key, which Entra wants")
	}
	thumb := sha256.Sum256(certs[0].Raw)
	return func(_ context.Context, audience string) (secret.Text, error) {
		now := time.Now()
		t := jwt.NewWithClaims(jwt.SigningMethodPS256, jwt.RegisteredClaims{
			Issuer: client, Subject: client, Audience: jwt.ClaimStrings{audience}, ID: rand.Text(),
			NotBefore: jwt.NewNumericDate(now.Add(-time.Minute)), IssuedAt: jwt.NewNumericDate(now), ExpiresAt: jwt.NewNumericDate(now.Add(5 * time.Minute)),
		})
		t.Header["x5t#S256"] = base64.RawURLEncoding.EncodeToString(thumb[:])
		text, err := t.SignedString(private)
		if err != nil {
			return secret.Text{}, fmt.Errorf("signing an assertion: %w", err)
		}
		return secret.New(text), nil
	}, nil
}

// assertion is the token that somebody else signed, as it is in its file now.
func (w WorkloadIdentity) assertion(context.Context, string) (secret.Text, error) {
	file := w.TokenFile
	if file == "" {
		file = os.Getenv("AZURE_FEDERATED_TOKEN_FILE")
	}
	b, err := os.ReadFile(file)
	if err != nil {
		return secret.Text{}, fmt.Errorf("reading the federated token: %w", err)
	}
	return secret.New(string(b)), nil
}
