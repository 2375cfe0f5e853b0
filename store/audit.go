package store

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"

	"mfahelp/bot"
	"mfahelp/flows"
)

// recordAudit appends what is not on record yet. Lines are numbered without
// gaps, in the order in which they were committed, and nothing here changes one.
func (s *Store) recordAudit(ctx context.Context, tx *sql.Tx, a flows.Answer, now time.Time) error {
	if len(a.Audit) == 0 {
		return nil
	}
	t, err := s.tail(ctx, tx)
	if err != nil {
		return err
	}
	for _, e := range a.Audit {
		if _, err := s.append(ctx, tx, &t, e, now); err != nil {
			return fmt.Errorf("appending the audit entry %s: %w", e.Key, err)
		}
	}
	return s.seal(ctx, tx, t)
}

// directoryKey is who somebody is, however their ids were spelled.
func directoryKey(i bot.Identity) (tenant, object string) {
	return strings.ToLower(i.Tenant), strings.ToLower(i.ObjectID)
}

// Count returns how many entries by has under verb since a time; of the zero
// identity, everybody's.
func (s *Store) Count(ctx context.Context, by bot.Identity, verb string, since time.Time) (n int, err error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	if n, err = count(ctx, s.ro, by, verb, since); err != nil {
		return 0, fmt.Errorf("counting what is on record: %w", err)
	}
	return n, nil
}

func count(ctx context.Context, q querier, by bot.Identity, verb string, since time.Time) (n int, err error) {
	query, args := `SELECT COUNT(*) FROM audit WHERE verb = $1 AND at >= $2`, []any{verb, micros(since)}
	if by != (bot.Identity{}) {
		tenant, object := directoryKey(by)
		query, args = query+` AND by_tenant = $3 AND by_object = $4`, append(args, tenant, object)
	}
	err = q.QueryRowContext(ctx, query, args...).Scan(&n)
	return n, err
}

// recordLimits refuses an answer that passes a limit by now. Those who come here
// in one instant come one after the other, by whichever processes, since each is
// on record by an entry at the end of the trail, which is taken for it now.
func (s *Store) recordLimits(ctx context.Context, tx *sql.Tx, a flows.Answer, _ time.Time) error {
	if len(a.Limits) == 0 {
		return nil
	}
	if _, err := s.tail(ctx, tx); err != nil {
		return err
	}
	for _, l := range a.Limits {
		n, err := count(ctx, tx, l.By, l.Verb, l.Since)
		if err != nil {
			return fmt.Errorf("counting what is on record: %w", err)
		}
		if n >= l.Most {
			return ErrConflict
		}
	}
	return nil
}

// A Line is one entry of the audit trail and its place in it.
type Line struct {
	Seq int64
	flows.Entry
	KeyID string // of the key that MAC was made with
	MAC   string // over all of the above, and the MAC of the line before
}

// Trail returns up to limit lines after the one numbered after, in their order.
func (s *Store) Trail(ctx context.Context, after int64, limit int) ([]Line, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	lines, err := trail(ctx, s.ro, after, limit)
	if err != nil {
		return nil, fmt.Errorf("reading the audit trail: %w", err)
	}
	return lines, nil
}

func trail(ctx context.Context, q querier, after int64, limit int) ([]Line, error) {
	return all(ctx, q, scanLine, `SELECT seq, key, at, by_tenant, by_object, case_key, verb, object, result, key_id, mac
		FROM audit WHERE seq > $1 ORDER BY seq LIMIT $2`, after, limit)
}

func scanLine(r *sql.Rows) (l Line, err error) {
	var at int64
	err = r.Scan(&l.Seq, &l.Key, &at, &l.By.Tenant, &l.By.ObjectID, &l.Case, &l.Verb, &l.Object, &l.Result, &l.KeyID, &l.MAC)
	l.At = moment(at)
	return l, err
}
