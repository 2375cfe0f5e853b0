package sandbox

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

// Keys are what a tenant proves itself with: the authority behind its
// certificate, and the key that signs its tokens.
type Keys struct {
	ca      *x509.Certificate
	caKey   *ecdsa.PrivateKey
	signing *rsa.PrivateKey
}

// NewKeys makes keys that exist only in memory.
func NewKeys() (*Keys, error) {
	caKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	ca, err := newAuthority(caKey)
	if err != nil {
		return nil, err
	}
	signing, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, err
	}
	return &Keys{ca, caKey, signing}, nil
}

// keysFor returns the keys that o asks for.
func keysFor(o Options) (*Keys, error) {
	switch {
	case o.Keys != nil:
		return o.Keys, nil
	case o.Dir != "":
		return loadKeys(o.Dir)
	}
	return NewKeys()
}

// The files of a folder of keys. Only the first is for others to read.
const (
	caFile      = "ca.pem"
	caKeyFile   = "ca-key.pem"
	signingFile = "token-key.pem"
)

// loadKeys reads the keys in dir, or makes some and leaves them there. A folder
// with some of them is refused rather than mended: whoever trusted the rest
// would trust no longer, and not know why.
func loadKeys(dir string) (*Keys, error) {
	_, err := os.Stat(filepath.Join(dir, caFile))
	if errors.Is(err, fs.ErrNotExist) {
		k, err := NewKeys()
		if err != nil {
			return nil, err
		}
		return k, k.save(dir)
	}
	ca, err1 := readPEM(dir, caFile, x509.ParseCertificate)
	caKey, err2 := readPEM(dir, caKeyFile, x509.ParseECPrivateKey)
	signing, err3 := readPEM(dir, signingFile, x509.ParsePKCS1PrivateKey)
	if err := errors.Join(err1, err2, err3); err != nil {
		return nil, fmt.Errorf("%w (an empty folder would be filled)", err)
	}
	return &Keys{ca, caKey, signing}, nil
}

func readPEM[T any](dir, name string, parse func([]byte) (T, error)) (T, error) {
	var zero T
	text, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		return zero, err
	}
	block, _ := pem.Decode(text)
	if block == nil {
		return zero, fmt.Errorf("%s holds no PEM", name)
	}
	v, err := parse(block.Bytes)
	if err != nil {
		return zero, fmt.Errorf("reading %s: %w", name, err)
	}
	return v, nil
}

// save writes the certificate last, for loadKeys asks for it first.
func (k *Keys) save(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	caKey, err := x509.MarshalECPrivateKey(k.caKey)
	if err != nil {
		return err
	}
	signing := x509.MarshalPKCS1PrivateKey(k.signing)
	return errors.Join(
		os.WriteFile(filepath.Join(dir, signingFile), encodePEM("RSA PRIVATE KEY", signing), 0o600),
		os.WriteFile(filepath.Join(dir, caKeyFile), encodePEM("EC PRIVATE KEY", caKey), 0o600),
		os.WriteFile(filepath.Join(dir, caFile), k.caPEM(), 0o644),
	)
}

func encodePEM(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

func (k *Keys) caPEM() []byte { return encodePEM("CERTIFICATE", k.ca.Raw) }

func (k *Keys) pool() *x509.CertPool {
	p := x509.NewCertPool()
	p.AddCert(k.ca)
	return p
}

// Certificates go by the time of day, as those do who check them, and not by
// the tenant's clock.
func newAuthority(key *ecdsa.PrivateKey) (*x509.Certificate, error) {
	c := &x509.Certificate{
		SerialNumber:          serial(),
		Subject:               pkix.Name{CommonName: "mfahelp sandbox authority", Organization: []string{"mfahelp sandbox: trust it in tests only"}},
		NotBefore:             time.Now().Add(-24 * time.Hour),
		NotAfter:              time.Now().AddDate(10, 0, 0),
		IsCA:                  true,
		BasicConstraintsValid: true,
		MaxPathLenZero:        true,
		KeyUsage:              x509.KeyUsageCertSign,
		// Trusted by mistake, it can vouch for nothing but this machine.
		PermittedDNSDomainsCritical: true,
		PermittedDNSDomains:         []string{"localhost"},
		PermittedIPRanges:           []*net.IPNet{hostOnly(net.IPv4(127, 0, 0, 1).To4()), hostOnly(net.IPv6loopback)},
	}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &key.PublicKey, key)
	if err != nil {
		return nil, err
	}
	return x509.ParseCertificate(der)
}

func hostOnly(ip net.IP) *net.IPNet {
	return &net.IPNet{IP: ip, Mask: net.CIDRMask(len(ip)*8, len(ip)*8)}
}

// leaf makes a certificate for this machine, with its own key.
func (k *Keys) leaf() (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	c := &x509.Certificate{
		SerialNumber: serial(),
		Subject:      pkix.Name{CommonName: "mfahelp sandbox"},
		NotBefore:    time.Now().Add(-24 * time.Hour),
		NotAfter:     time.Now().AddDate(1, 0, 0),
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		DNSNames:     []string{"localhost"},
		IPAddresses:  []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
	}
	der, err := x509.CreateCertificate(rand.Reader, c, k.ca, &key.PublicKey, k.caKey)
	if err != nil {
		return tls.Certificate{}, err
	}
	return tls.Certificate{Certificate: [][]byte{der, k.ca.Raw}, PrivateKey: key}, nil
}

func serial() *big.Int {
	n, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		panic("sandbox: no randomness: " + err.Error()) // unreachable: crypto/rand does not fail
	}
	return n
}

// keyID names the signing key in tokens and in the key set.
func (k *Keys) keyID() string {
	sum := sha256.Sum256(x509.MarshalPKCS1PublicKey(&k.signing.PublicKey))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// thumbprints returns how a client names its certificate in an assertion: by
// SHA-1 in x5t, by SHA-256 in x5t#S256.
func thumbprints(c *x509.Certificate) (x5t, s256 string) {
	one, two := sha1.Sum(c.Raw), sha256.Sum256(c.Raw)
	return base64.RawURLEncoding.EncodeToString(one[:]), base64.RawURLEncoding.EncodeToString(two[:])
}
