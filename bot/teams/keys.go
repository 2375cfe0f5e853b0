package teams

import (
	"context"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/url"
	"sync"
	"time"

	"go.uber.org/zap"
	"golang.org/x/sync/singleflight"
)

// A key is one that tokens are signed with.
type key struct {
	public       *rsa.PublicKey
	endorsements []string // the channels that it may speak for
}

// keys are those that Microsoft signs with. They are read when they are first
// needed, once a day, and when a token names one that is not among them, which
// is how a new one becomes known; but a stranger who makes up names can have
// them asked for once a minute and no more. While they cannot be read, those
// that are known stay good.
// See https://learn.microsoft.com/azure/bot-service/rest-api/bot-framework-rest-connector-authentication#step-3-get-the-list-of-valid-signing-keys.
type keys struct {
	metadata string
	client   *http.Client
	now      func() time.Time
	log      *zap.Logger
	flight   singleflight.Group

	mu      sync.Mutex
	all     map[string]key
	read    time.Time
	tried   time.Time
	reading bool // now: whoever needs a key that is not known waits for it
}

const (
	keysAge    = 24 * time.Hour
	keysPause  = time.Minute     // between two readings because of an unknown name
	keysNoneOf = 2 * time.Second // the same, while none is known at all
	maxKeys    = 1 << 20
)

// errNoKeys says that nobody can be believed now, whoever they are.
var errNoKeys = errors.New("the keys of the Bot Framework cannot be read")

// get returns the key called kid, and false if there is none.
func (k *keys) get(ctx context.Context, kid string) (key, bool, error) {
	found, ok, due := k.look(kid)
	if due {
		if err := k.refresh(ctx); err != nil && !ok {
			return key{}, false, err
		}
		found, ok, _ = k.look(kid)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if !ok && k.all == nil {
		return key{}, false, errNoKeys
	}
	return found, ok, nil
}

// look returns what is known, and whether it is time to read the keys.
func (k *keys) look(kid string) (found key, ok, due bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	now := k.now()
	found, ok = k.all[kid]
	pause := keysPause
	if k.all == nil {
		pause = keysNoneOf
	}
	due = (!ok || now.Sub(k.read) >= keysAge) && now.Sub(k.tried) >= pause
	return found, ok, due || !ok && k.reading
}

// refresh reads the keys, once for all who wait for them. It goes on when the
// request that began it is over: others are waiting too.
func (k *keys) refresh(ctx context.Context) error {
	done := k.flight.DoChan("", func() (any, error) {
		k.mu.Lock()
		k.tried, k.reading = k.now(), true
		k.mu.Unlock()
		all, err := k.fetch(context.WithoutCancel(ctx))
		k.mu.Lock()
		k.reading = false
		k.mu.Unlock()
		if err != nil {
			k.log.Warn("the keys of the Bot Framework cannot be read; those that are known stay good", zap.Error(err))
			return nil, fmt.Errorf("%w: %w", errNoKeys, err)
		}
		k.mu.Lock()
		k.all, k.read = all, k.now()
		k.mu.Unlock()
		return nil, nil
	})
	select {
	case r := <-done:
		return r.Err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// fetch reads where the keys are, and then the keys. They must be where their
// address was: whoever could change only the one would else choose the others.
func (k *keys) fetch(ctx context.Context) (map[string]key, error) {
	var meta struct {
		URI string `json:"jwks_uri"`
	}
	if err := k.get1(ctx, k.metadata, &meta); err != nil {
		return nil, fmt.Errorf("reading their address: %w", err)
	}
	from, err := url.Parse(k.metadata)
	if err != nil {
		return nil, fmt.Errorf("reading their address: %w", err)
	}
	to, err := url.Parse(meta.URI)
	if err != nil || to.Scheme != from.Scheme || to.Host != from.Host || to.User != nil {
		return nil, errors.New("they are said to be on another host")
	}
	var set struct {
		Keys []struct {
			Kty, Kid, N, E string
			Endorsements   []string
		}
	}
	if err := k.get1(ctx, meta.URI, &set); err != nil {
		return nil, err
	}
	all := map[string]key{}
	for _, j := range set.Keys {
		public, err := rsaKey(j.N, j.E)
		if j.Kty != "RSA" || j.Kid == "" || err != nil {
			continue // of a kind that we take no tokens of
		}
		all[j.Kid] = key{public, j.Endorsements}
	}
	if len(all) == 0 {
		return nil, errors.New("there are none")
	}
	return all, nil
}

func (k *keys) get1(ctx context.Context, address string, into any) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	res, err := k.client.Do(r)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %d", address, res.StatusCode)
	}
	b, err := io.ReadAll(io.LimitReader(res.Body, maxKeys))
	if err != nil {
		return err
	}
	if err := json.Unmarshal(b, into); err != nil {
		return fmt.Errorf("%s answers with what is no JSON", address)
	}
	return nil
}

// rsaKey reads the two numbers of a key. One that is short enough to be broken
// is none.
func rsaKey(n, e string) (*rsa.PublicKey, error) {
	nb, err := base64.RawURLEncoding.DecodeString(n)
	if err != nil {
		return nil, err
	}
	eb, err := base64.RawURLEncoding.DecodeString(e)
	if err != nil {
		return nil, err
	}
	public := &rsa.PublicKey{N: new(big.Int).SetBytes(nb)}
	exp := new(big.Int).SetBytes(eb)
	if public.N.BitLen() < 2048 || !exp.IsInt64() || exp.Int64() < 3 || exp.Int64() > 1<<31-1 {
		return nil, errors.New("no key to rely on")
	}
	public.E = int(exp.Int64())
	return public, nil
}
