package sandbox

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// A Flaw is something that is wrong with a sign-in, which who relies on it must
// notice.
type Flaw string

// The flaws. Those of tokens are in a token that is signed as it should be,
// unless they are about that.
const (
	FlawNone      Flaw = ""
	FlawStale     Flaw = "stale"      // the sign-in was an hour ago
	FlawNoTime    Flaw = "no-time"    // it is not said when it was
	FlawNoContext Flaw = "no-context" // it is not said how strong it was
	FlawNonce     Flaw = "nonce"      // for another attempt
	FlawAudience  Flaw = "audience"   // for another app
	FlawIssuer    Flaw = "issuer"     // by another tenant, in its name
	FlawTenant    Flaw = "tenant"     // of another tenant, by this one
	FlawUser      Flaw = "user"       // of somebody else, under the same name
	FlawExpired   Flaw = "expired"    // no longer good
	FlawUnsigned  Flaw = "unsigned"   // with the algorithm "none"
	FlawSignature Flaw = "signature"  // that does not fit
	FlawSymmetric Flaw = "symmetric"  // signed with the public key, as if that were a secret
	FlawNoToken   Flaw = "no-token"   // there is no ID token
	FlawState     Flaw = "state"      // the browser comes back with another state
	FlawCode      Flaw = "no-code"    // the browser comes back with nothing
)

// Flaws are all but none.
var Flaws = []Flaw{FlawStale, FlawNoTime, FlawNoContext, FlawNonce, FlawAudience, FlawIssuer, FlawTenant, FlawUser, FlawExpired,
	FlawUnsigned, FlawSignature, FlawSymmetric, FlawNoToken, FlawState, FlawCode}

// SetFlaw has every sign-in from now on go wrong in a way, until it is set to
// FlawNone.
func (t *Tenant) SetFlaw(f Flaw) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.flaw = f
}

// redeem gives an app the tokens for a code.
// See https://learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow#redeem-a-code-for-an-access-token.
func (t *Tenant) redeem(r *http.Request, a App, v1 bool) (map[string]any, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	c, err := t.goodCode(r, a, v1)
	if err != nil {
		return nil, err
	}
	c.used = true
	in := int(tokenLife / time.Second)
	answer := map[string]any{
		"token_type": "Bearer", "expires_in": in, "ext_expires_in": in, "scope": strings.Join(c.scopes, " "),
		"access_token": t.userToken(c), "id_token": t.idToken(c),
	}
	if t.flaw == FlawNoToken {
		delete(answer, "id_token")
	}
	return answer, nil
}

// goodCode returns what the code in r stands for, if it is the app's, of this
// attempt, and unused.
func (t *Tenant) goodCode(r *http.Request, a App, v1 bool) (*authCode, error) {
	f := r.PostForm
	c := t.codes[f.Get("code")]
	refused := func(code int, text, why string) error {
		return loginError{http.StatusBadRequest, "invalid_grant", code, text, why}
	}
	switch sum := sha256.Sum256([]byte(f.Get("code_verifier"))); {
	case c == nil:
		return nil, refused(9002313, "Invalid request. Request is malformed or invalid.", "there is no such code")
	case c.app.ID != a.ID || c.v1 != v1:
		return nil, refused(70000, "The provided value for the 'code' parameter is not valid.", "the code was given to another app, or by the other endpoint")
	case c.redirect != f.Get("redirect_uri"):
		return nil, refused(500112, "The reply address '"+f.Get("redirect_uri")+"' does not match the reply address '"+c.redirect+"' provided when requesting Authorization code.", "")
	case c.challenge != "" && base64.RawURLEncoding.EncodeToString(sum[:]) != c.challenge:
		return nil, refused(501481, "The Code_Verifier does not match the code_challenge supplied in the authorization request.", "")
	case c.challenge == "" && f.Has("code_verifier"):
		return nil, refused(501481, "The Code_Verifier does not match the code_challenge supplied in the authorization request.", "there was no code_challenge")
	case c.used:
		return nil, refused(54005, "OAuth2 Authorization code was already redeemed, please retry with a new valid code or use an existing refresh token.", "")
	case t.now().Sub(c.issued) > codeLife:
		return nil, refused(70008, "The provided authorization code or refresh token has expired due to inactivity. Send a new interactive authorization request for this user and resource.", "")
	}
	return c, nil
}

// idToken says who has signed in, when, and how strongly. Only tokens of version
// 1.0 have amr; in those of version 2.0 authentication contexts stand for it.
// See https://learn.microsoft.com/entra/identity-platform/id-token-claims-reference
// and https://github.com/MicrosoftDocs/azure-docs/issues/85021.
func (t *Tenant) idToken(c *authCode) string {
	u, now := c.session.user, t.now()
	claims := jwt.MapClaims{
		"aud": c.app.ID, "iss": c.issuer, "iat": now.Unix(), "nbf": now.Unix(), "exp": now.Add(tokenLife).Unix(),
		"sub": stableID("pairwise", c.app.ID+" "+u.ID), "uti": t.newGUID(), "ver": "2.0", "rh": "0.",
	}
	if c.nonce != "" {
		claims["nonce"] = c.nonce
	}
	if slices.Contains(c.scopes, "profile") || c.v1 {
		claims["oid"], claims["tid"], claims["name"] = u.ID, t.ID(), u.Name
	}
	if c.v1 {
		claims["ver"], claims["amr"], claims["unique_name"], claims["upn"] = "1.0", c.session.with.amr(), u.UPN, u.UPN
	} else if slices.Contains(c.scopes, "profile") {
		claims["preferred_username"] = u.UPN
	}
	registered := t.app(c.app.ID).optional
	if slices.Contains(registered, "auth_time") {
		claims["auth_time"] = c.session.at.Unix()
	}
	if acrs := t.satisfied(c, slices.Contains(registered, "acrs")); acrs != nil {
		claims["acrs"] = acrs
	}
	return t.flawed(claims)
}

// satisfied are the contexts that a sign-in satisfies: those asked for, and, if
// the app is registered for it, all.
func (t *Tenant) satisfied(c *authCode, all bool) (contexts []string) {
	if t.free {
		return nil // Conditional Access is part of Entra ID P1
	}
	for id, demandsMFA := range t.contexts {
		if (all || slices.Contains(c.contexts, id)) && (!demandsMFA || c.session.with.strong()) {
			contexts = append(contexts, id)
		}
	}
	slices.Sort(contexts)
	return contexts
}

// flawed signs the claims, with the flaw that was asked for.
func (t *Tenant) flawed(claims jwt.MapClaims) string {
	j := jwt.NewWithClaims(jwt.SigningMethodRS256, claims)
	j.Header["kid"] = t.keys.keyID()
	var key any = t.keys.signing
	now := t.now()
	switch t.flaw {
	case FlawStale:
		claims["auth_time"] = now.Add(-time.Hour).Unix()
	case FlawNoTime:
		delete(claims, "auth_time")
	case FlawNoContext:
		delete(claims, "acrs")
		delete(claims, "amr")
	case FlawNonce:
		claims["nonce"] = t.newGUID()
	case FlawAudience:
		claims["aud"] = stableID("app", "somebody else's")
	case FlawIssuer:
		claims["iss"] = strings.ReplaceAll(claims["iss"].(string), t.ID(), stableID("tenant", "fabrikam.com"))
	case FlawTenant:
		claims["tid"] = stableID("tenant", "fabrikam.com")
	case FlawUser:
		claims["oid"] = stableID("user", "somebody else")
	case FlawExpired:
		claims["iat"], claims["nbf"], claims["exp"] = now.Add(-3*time.Hour).Unix(), now.Add(-3*time.Hour).Unix(), now.Add(-2*time.Hour).Unix()
	case FlawUnsigned:
		j, key = jwt.NewWithClaims(jwt.SigningMethodNone, claims), jwt.UnsafeAllowNoneSignatureType
	case FlawSymmetric:
		j, key = jwt.NewWithClaims(jwt.SigningMethodHS256, claims), t.keys.signing.PublicKey.N.Bytes()
		j.Header["kid"] = t.keys.keyID()
	}
	signed, err := j.SignedString(key)
	if err != nil {
		panic("sandbox: a token does not encode: " + err.Error()) // unreachable: it is plain data
	}
	if t.flaw == FlawSignature {
		head, signature := signed[:strings.LastIndexByte(signed, '.')+1], []byte(signed[strings.LastIndexByte(signed, '.')+1:])
		slices.Reverse(signature)
		return head + string(signature)
	}
	return signed
}

// userToken is an access token of a person, which is good for nothing here: Graph
// is asked by apps.
func (t *Tenant) userToken(c *authCode) string {
	now := t.now()
	signed, err := t.sign(jwt.MapClaims{
		"aud": graphURL, "iss": t.issuer(), "tid": t.ID(), "oid": c.session.user.ID, "appid": c.app.ID, "scp": strings.Join(c.scopes, " "),
		"iat": now.Unix(), "nbf": now.Unix(), "exp": now.Add(tokenLife).Unix(), "ver": "1.0",
	})
	if err != nil {
		panic("sandbox: a token does not encode: " + err.Error()) // unreachable: it is plain data
	}
	return signed
}
