package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"mfahelp/bot"
)

// Get returns what a platform put last under key, or nil.
func (s *Store) Get(ctx context.Context, platform, key string) (value []byte, err error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	err = s.ro.QueryRowContext(ctx, `SELECT value FROM memory WHERE platform = $1 AND key = $2`, platform, key).Scan(&value)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("remembering for %s: %w", platform, err)
	}
	return append([]byte{}, value...), nil // not nil, even if it is empty
}

// A keeping is something to be kept in mind, and where its caller waits.
type keeping struct {
	platform, key string
	value         []byte // nil to forget it
	done          chan error
}

// Put keeps value for a platform under key; nil forgets it. A storm of people who
// are heard for the first time has a thousand of them kept, so that, as in
// [Store.Accept], what comes in while the disk is busy goes into one transaction.
func (s *Store) Put(ctx context.Context, platform, key string, value []byte) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	k := &keeping{platform, key, value, make(chan error, 1)}
	if err := hand(ctx, s, s.keepings, k, k.done); err != nil {
		return fmt.Errorf("keeping in mind for %s: %w", platform, err)
	}
	return nil
}

// bear keeps all of batch in mind. If it cannot be kept as a whole, each has its
// own try.
func (s *Store) bear(batch []*keeping) {
	ctx, cancel := context.WithTimeout(context.Background(), callTimeout)
	defer cancel()
	err := s.tries(ctx, func(ctx context.Context, tx *sql.Tx) error {
		for _, k := range batch {
			if err := k.write(ctx, tx); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil && len(batch) > 1 {
		for _, k := range batch {
			s.bear([]*keeping{k})
		}
		return
	}
	for _, k := range batch {
		k.done <- err
	}
}

func (k *keeping) write(ctx context.Context, tx *sql.Tx) error {
	if k.value == nil {
		_, err := change(ctx, tx, `DELETE FROM memory WHERE platform = $1 AND key = $2`, k.platform, k.key)
		return err
	}
	_, err := change(ctx, tx, `INSERT INTO memory (platform, key, value) VALUES ($1, $2, $3)
		ON CONFLICT (platform, key) DO UPDATE SET value = excluded.value`, k.platform, k.key, k.value)
	return err
}

// List returns what a platform keeps under keys that begin with prefix, in the
// order of their keys, byte by byte: engines order text each in their own way.
func (s *Store) List(ctx context.Context, platform, prefix string) ([]bot.Kept, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	kept, err := all(ctx, s.ro, scanKept, `SELECT key, value FROM memory
		WHERE platform = $1 AND substr(key, 1, length(CAST($2 AS TEXT))) = $3`, platform, prefix, prefix)
	if err != nil {
		return nil, fmt.Errorf("remembering for %s: %w", platform, err)
	}
	slices.SortFunc(kept, func(a, b bot.Kept) int { return strings.Compare(a.Key, b.Key) })
	return kept, nil
}

func scanKept(r *sql.Rows) (k bot.Kept, err error) {
	err = r.Scan(&k.Key, &k.Value)
	return k, err
}
