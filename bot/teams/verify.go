package teams

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// A refusal is why a request is not taken. What it says is for the log; whoever
// sent the request hears the status and nothing else.
type refusal struct {
	status int
	why    string
	err    error
}

func (r *refusal) Error() string {
	if r.err != nil {
		return r.why + ": " + r.err.Error()
	}
	return r.why
}

func (r *refusal) Unwrap() error { return r.err }

func refuse(status int, why string) *refusal { return &refusal{status: status, why: why} }

// claims are what a token says beside what every token says.
type claims struct {
	ServiceURL string `json:"serviceurl"`
	jwt.RegisteredClaims
}

// A voucher is what the token of a request proves: that it comes from a channel
// that the key may speak for, by the way of a service. Who acts, and in which
// tenant, stands in the body alone.
type voucher struct {
	service      string
	endorsements []string
}

const (
	leeway    = 5 * time.Minute
	maxBearer = 8 << 10
)

// vouched checks the token that a request shows. What costs nothing is checked
// first, so that a stranger cannot make us ask for keys.
// See https://learn.microsoft.com/azure/bot-service/rest-api/bot-framework-rest-connector-authentication#connector-to-bot.
func (t *Teams) vouched(ctx context.Context, header http.Header) (voucher, error) {
	scheme, raw, _ := strings.Cut(header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") || len(raw) > maxBearer || strings.Count(raw, ".") != 2 {
		return voucher{}, refuse(http.StatusUnauthorized, "no token")
	}
	options := []jwt.ParserOption{
		jwt.WithValidMethods([]string{jwt.SigningMethodRS256.Alg()}), jwt.WithIssuer(t.o.Cloud.Issuer), jwt.WithAudience(t.o.App),
		jwt.WithExpirationRequired(), jwt.WithIssuedAt(), jwt.WithLeeway(leeway), jwt.WithTimeFunc(t.o.Now), jwt.WithStrictDecoding(),
	}
	parser := jwt.NewParser(options...)
	var c claims
	unverified, _, err := parser.ParseUnverified(raw, &c)
	if err != nil {
		return voucher{}, refuse(http.StatusUnauthorized, "a token that cannot be read")
	}
	kid, _ := unverified.Header["kid"].(string)
	switch {
	case unverified.Method.Alg() != jwt.SigningMethodRS256.Alg():
		return voucher{}, refuse(http.StatusUnauthorized, "a token signed in another way than RS256")
	case kid == "":
		return voucher{}, refuse(http.StatusUnauthorized, "a token that names no key")
	}
	if err := jwt.NewValidator(options...).Validate(c); err != nil {
		return voucher{}, refuse(http.StatusUnauthorized, defect(err))
	}
	k, known, err := t.keys.get(ctx, kid)
	if err != nil {
		return voucher{}, &refusal{status: http.StatusServiceUnavailable, why: "a token cannot be checked", err: err}
	}
	if !known {
		return voucher{}, refuse(http.StatusUnauthorized, "a token of an unknown key")
	}
	if _, err := parser.ParseWithClaims(raw, &claims{}, func(*jwt.Token) (any, error) { return k.public, nil }); err != nil {
		return voucher{}, refuse(http.StatusUnauthorized, defect(err))
	}
	return voucher{c.ServiceURL, k.endorsements}, nil
}

// defect names what is wrong with a token, without a word of the token's.
func defect(err error) string {
	for _, d := range []struct {
		is   error
		says string
	}{
		{jwt.ErrTokenSignatureInvalid, "a token with a wrong signature"},
		{jwt.ErrTokenExpired, "a token that has expired"},
		{jwt.ErrTokenNotValidYet, "a token of the future"},
		{jwt.ErrTokenUsedBeforeIssued, "a token of the future"},
		{jwt.ErrTokenInvalidAudience, "a token for another bot"},
		{jwt.ErrTokenInvalidIssuer, "a token of another issuer"},
		{jwt.ErrTokenRequiredClaimMissing, "a token that lacks a claim"},
	} {
		if errors.Is(err, d.is) {
			return d.says
		}
	}
	return "a token that does not hold"
}

// covers checks that what v vouches for is what a says of itself.
func (t *Teams) covers(v voucher, a activity) error {
	if _, ok := t.o.Cloud.connector(a.ServiceURL); !ok {
		return refuse(http.StatusForbidden, "an activity by way of a host that is not on the list")
	}
	if !sameService(v.service, a.ServiceURL) {
		return refuse(http.StatusForbidden, "an activity by another way than its token's")
	}
	if a.ChannelID != channelID || !slices.Contains(v.endorsements, channelID) {
		return refuse(http.StatusForbidden, "an activity of a channel that its key may not speak for")
	}
	tenants := a.tenants()
	if len(tenants) == 0 {
		return refuse(http.StatusForbidden, "an activity of no tenant")
	}
	for _, id := range tenants {
		if !slices.Contains(t.o.Tenants, strings.ToLower(id)) {
			return refuse(http.StatusForbidden, "an activity of a tenant that is not on the list")
		}
	}
	return nil
}

// channelID is what activities of Teams say for the channel they come by.
const channelID = "msteams"

// sameService compares the two addresses as the SDKs of Microsoft do: one by
// the whole of it, which fails on a slash, and one by the host alone, which is
// too little. A missing claim equals nothing.
func sameService(a, b string) bool {
	x, err := url.Parse(a)
	if err != nil || x.Host == "" {
		return false
	}
	y, err := url.Parse(b)
	return err == nil && x.Scheme == y.Scheme && strings.EqualFold(x.Host, y.Host) &&
		strings.TrimRight(x.EscapedPath(), "/") == strings.TrimRight(y.EscapedPath(), "/")
}
