package page

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"time"
)

// A sealer makes cookies that nobody else can read or make.
type sealer struct{ aead cipher.AEAD }

func newSealer(key []byte) sealer {
	block, err := aes.NewCipher(key)
	if err != nil {
		panic("page: a key of the wrong length") // unreachable: config sees to it
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		panic("page: " + err.Error()) // unreachable: the block is of AES
	}
	return sealer{aead}
}

// close seals v for one purpose and one link.
func (s sealer) close(what, link string, v any) (string, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return "", err
	}
	nonce := make([]byte, s.aead.NonceSize())
	_, _ = rand.Read(nonce) // never fails
	return base64.RawURLEncoding.EncodeToString(s.aead.Seal(nonce, nonce, b, about(what, link))), nil
}

var errSeal = errors.New("not sealed by us for this")

// open reads into v what was sealed for the same purpose and the same link.
func (s sealer) open(what, link, text string, v any) error {
	b, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || len(b) < s.aead.NonceSize() {
		return errSeal
	}
	n := s.aead.NonceSize()
	plain, err := s.aead.Open(nil, b[:n], b[n:], about(what, link))
	if err != nil || json.Unmarshal(plain, v) != nil {
		return errSeal
	}
	return nil
}

func about(what, link string) []byte { return []byte(what + "\x00" + link) }

// cookie names. What leaves for Entra and what came back from there are two.
const (
	attemptCookie = "mfahelp_attempt"
	sessionCookie = "mfahelp_signin"
)

// put sets a cookie that lives as long as a sign-in is fresh.
func (p *Page) put(w http.ResponseWriter, name, value string) {
	http.SetCookie(w, &http.Cookie{ //nolint:gosec // Secure wherever people reach this by https
		Name: name, Value: value, Path: "/signin/", MaxAge: int(fresh / time.Second),
		HttpOnly: true, Secure: p.secure, SameSite: http.SameSiteLaxMode, // Lax: it must survive the way back from Entra
	})
}

func (p *Page) drop(w http.ResponseWriter, name string) {
	http.SetCookie(w, &http.Cookie{Name: name, Path: "/signin/", MaxAge: -1, HttpOnly: true, Secure: p.secure, SameSite: http.SameSiteLaxMode}) //nolint:gosec // as in put
}

func take(r *http.Request, name string) string {
	c, err := r.Cookie(name)
	if err != nil {
		return ""
	}
	return c.Value
}
