package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"mfahelp/flows"
)

// leastToken is how short the token of a link may be: 16 letters of the 32 that
// [crypto/rand.Text] has are 80 bits.
const leastToken = 16

// recordLinks keeps each link that was made, and spends each that was used. One
// that was used before, or that is over, is [ErrConflict]: the flow reads it
// again, and sees.
func (s *Store) recordLinks(ctx context.Context, tx *sql.Tx, a flows.Answer, _ time.Time) error {
	links := slices.Clone(a.Links)
	slices.SortFunc(links, func(a, b flows.Link) int { return strings.Compare(a.Token, b.Token) })
	for _, l := range links {
		f := makeLink
		if !l.Used.IsZero() {
			f = spendLink
		}
		if err := f(ctx, tx, l); err != nil {
			return fmt.Errorf("recording a link to %s: %w", l.Verb, err)
		}
	}
	return nil
}

func makeLink(ctx context.Context, tx *sql.Tx, l flows.Link) error {
	who, err := json.Marshal(l.For)
	if err != nil {
		return err
	}
	place, err := json.Marshal(l.In)
	if err != nil {
		return err
	}
	args := []any{digest(l.Token), l.Verb, l.Subject, string(who), string(place), l.Digest, micros(l.Until)}
	return one(ctx, tx, ErrConflict, `INSERT INTO links (digest, verb, subject, for_person, place, plan, until_at)
		VALUES `+values(1, len(args))+` ON CONFLICT (digest) DO NOTHING`, args...)
}

func spendLink(ctx context.Context, tx *sql.Tx, l flows.Link) error {
	used := micros(l.Used)
	return one(ctx, tx, ErrConflict, `UPDATE links SET used_at = $1 WHERE digest = $2 AND used_at = 0 AND until_at > $3`, used, digest(l.Token), used)
}

func digest(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

func checkLink(l flows.Link, wrong func(is bool, what, key string)) {
	wrong(l.Token == "", "a link without a token to", l.Verb)
	if !l.Used.IsZero() {
		return
	}
	wrong(len(l.Token) < leastToken, "a token that can be guessed in a link to", l.Verb)
	wrong(!strings.Contains(l.Verb, "."), "nobody's verb in a link to", l.Verb)
	wrong(l.Subject == "", "nothing that it is about in a link to", l.Verb)
	wrong(!l.For.Known(), "nobody known to follow a link to", l.Verb)
	wrong(l.Until.IsZero(), "no end to a link to", l.Verb)
}

// Link returns what a one-time address stands for, and false if there never was
// one. Whether it was used, and until when it may be, is in the link.
func (s *Store) Link(ctx context.Context, token string) (l flows.Link, ok bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	var who, place []byte
	var until, used int64
	err = s.ro.QueryRowContext(ctx, `SELECT verb, subject, for_person, place, plan, until_at, used_at FROM links WHERE digest = $1`, digest(token)).
		Scan(&l.Verb, &l.Subject, &who, &place, &l.Digest, &until, &used)
	if errors.Is(err, sql.ErrNoRows) {
		return flows.Link{}, false, nil
	}
	if err == nil {
		err = errors.Join(json.Unmarshal(who, &l.For), json.Unmarshal(place, &l.In))
	}
	if err != nil {
		return flows.Link{}, false, fmt.Errorf("reading a link: %w", err)
	}
	l.Token, l.Until, l.Used = token, moment(until), moment(used)
	return l, true, nil
}
