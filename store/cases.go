package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"mfahelp/bot"
	"mfahelp/flows"
)

// recordCases writes each case if it is still the one that the flow read.
func (s *Store) recordCases(ctx context.Context, tx *sql.Tx, a flows.Answer, _ time.Time) error {
	cases := slices.Clone(a.Cases) // in the order of keys, so that two commits never wait for each other
	slices.SortFunc(cases, func(a, b flows.Case) int { return strings.Compare(a.Key, b.Key) })
	for _, c := range cases {
		if err := recordCase(ctx, tx, c); err != nil {
			return fmt.Errorf("recording the case %s: %w", c.Key, err)
		}
	}
	return nil
}

func recordCase(ctx context.Context, tx *sql.Tx, c flows.Case) error {
	read := c.Version
	c.Version++
	data, err := json.Marshal(c)
	if err != nil {
		return err
	}
	args := []any{c.Key, c.Version, string(c.State), c.Subject.Key(), c.Requester.Key(), personAt(c.Requester), string(data),
		micros(c.Opened), micros(c.Changed), micros(c.Escalated)}
	if read == 0 {
		return one(ctx, tx, ErrConflict, `INSERT INTO cases
			(key, version, state, subject_key, requester_key, requester_at, data, opened_at, changed_at, escalated_at)
			VALUES `+values(1, len(args))+` ON CONFLICT (key) DO NOTHING`, args...)
	}
	return one(ctx, tx, ErrConflict, `UPDATE cases SET version = $2, state = $3, subject_key = $4, requester_key = $5, requester_at = $6,
		data = $7, opened_at = $8, changed_at = $9, escalated_at = $10 WHERE key = $1 AND version = $11`, append(args, read)...)
}

// personAt is where somebody is found of whom the directory knows nothing.
func personAt(p bot.Person) string {
	if p.ID == "" {
		return ""
	}
	return p.Platform + "/" + p.ID
}

// Case returns the one with key, to a flow that has the key from the store. See
// [flows.ErrNoCase].
func (s *Store) Case(ctx context.Context, key string) (flows.Case, error) {
	return s.case1(ctx, "reading the case "+key, `SELECT version, data FROM cases WHERE key = $1`, key)
}

// Under returns the case whose thread place is in: one that has a post there,
// or whose post it hangs from. See [flows.ErrNoCase].
func (s *Store) Under(ctx context.Context, place bot.Place) (flows.Case, error) {
	if place.Thread == "" {
		return flows.Case{}, flows.ErrNoCase
	}
	return s.case1(ctx, "reading the case of a thread", `SELECT c.version, c.data FROM posts p JOIN cases c ON c.key = p.case_key
		WHERE p.platform = $1 AND (p.ref = $2 OR p.thread = $3) AND (p.place_id = $4 OR p.place_id = '' AND p.reader <> '' AND p.reader = $5)
		ORDER BY p.seq DESC LIMIT 1`, place.Platform, place.Thread, place.Thread, place.ID, place.Reader)
}

// Own returns the cases of which by is the subject or the requester, the newest
// first.
func (s *Store) Own(ctx context.Context, by bot.Person) ([]flows.Case, error) {
	who, at := by.Key(), personAt(by)
	// A case of somebody unknown belongs to whoever has that account on the
	// platform; one of somebody known to nobody else.
	return s.cases(ctx, "reading somebody's cases", `SELECT version, data FROM cases
		WHERE $1 <> '' AND (subject_key = $2 OR requester_key = $3) OR requester_key = '' AND requester_at = $4 AND $5 <> ''
		ORDER BY opened_at DESC, key`, who, who, who, at, at)
}

// Queue returns the cases that are with the admins, the oldest first, if by is
// an admin, and else [flows.ErrNotAdmin].
func (s *Store) Queue(ctx context.Context, by bot.Identity) ([]flows.Case, error) {
	if s.opts.Admins == nil || !by.Known() {
		return nil, flows.ErrNotAdmin
	}
	ok, err := s.opts.Admins.Admin(ctx, by)
	if err != nil {
		return nil, fmt.Errorf("reading the queue: %w", err)
	}
	if !ok {
		return nil, flows.ErrNotAdmin
	}
	return s.cases(ctx, "reading the queue", `SELECT version, data FROM cases WHERE state = 'admins' ORDER BY escalated_at, opened_at, key`)
}

func (s *Store) case1(ctx context.Context, what, query string, args ...any) (flows.Case, error) {
	found, err := s.cases(ctx, what, query, args...)
	if err == nil && len(found) == 0 {
		err = flows.ErrNoCase
	}
	if err != nil {
		return flows.Case{}, err
	}
	return found[0], nil
}

func (s *Store) cases(ctx context.Context, what, query string, args ...any) ([]flows.Case, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	found, err := all(ctx, s.ro, scanCase, query, args...)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	return found, nil
}

func scanCase(r *sql.Rows) (c flows.Case, err error) {
	var version int
	var data []byte
	if err := r.Scan(&version, &data); err != nil {
		return c, err
	}
	if err := json.Unmarshal(data, &c); err != nil {
		return c, errors.New("its data cannot be read") // and are not shown
	}
	c.Version = version
	c.Opened, c.Changed, c.Escalated = c.Opened.UTC(), c.Changed.UTC(), c.Escalated.UTC()
	return c, nil
}
