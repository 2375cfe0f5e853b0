package store

import (
	"context"
	"database/sql"
	"errors"
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
	next, err := take(ctx, tx, "audit", 0)
	if err != nil {
		return err
	}
	for _, e := range a.Audit {
		n, err := appendEntry(ctx, tx, next, e, now)
		if err != nil {
			return fmt.Errorf("appending the audit entry %s: %w", e.Key, err)
		}
		next += n
	}
	return one(ctx, tx, errCounter, `UPDATE counters SET n = $1 WHERE name = 'audit'`, next-1)
}

var errCounter = errors.New("the audit trail has lost its counter")

// appendEntry returns how many lines it has added.
func appendEntry(ctx context.Context, tx *sql.Tx, seq int64, e flows.Entry, now time.Time) (int64, error) {
	at := e.At
	if at.IsZero() {
		at = now
	}
	tenant, object := directoryKey(e.By)
	return change(ctx, tx, `INSERT INTO audit (seq, key, at, by_tenant, by_object, case_key, verb, object, result)
		VALUES `+values(1, 9)+` ON CONFLICT (key) DO NOTHING`,
		seq, e.Key, micros(at), tenant, object, e.Case, e.Verb, storable(e.Object), storable(e.Result))
}

// directoryKey is who somebody is, however their ids were spelled.
func directoryKey(i bot.Identity) (tenant, object string) {
	return strings.ToLower(i.Tenant), strings.ToLower(i.ObjectID)
}

// Count returns how many entries by has under verb since a time.
func (s *Store) Count(ctx context.Context, by bot.Identity, verb string, since time.Time) (n int, err error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	tenant, object := directoryKey(by)
	err = s.ro.QueryRowContext(ctx, `SELECT COUNT(*) FROM audit WHERE by_tenant = $1 AND by_object = $2 AND verb = $3 AND at >= $4`,
		tenant, object, verb, micros(since)).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("counting what is on record: %w", err)
	}
	return n, nil
}

// A Line is one entry of the audit trail and its place in it.
type Line struct {
	Seq int64
	flows.Entry
}

// Trail returns up to limit lines after the one numbered after, in their order.
func (s *Store) Trail(ctx context.Context, after int64, limit int) ([]Line, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	lines, err := all(ctx, s.ro, scanLine, `SELECT seq, key, at, by_tenant, by_object, case_key, verb, object, result
		FROM audit WHERE seq > $1 ORDER BY seq LIMIT $2`, after, limit)
	if err != nil {
		return nil, fmt.Errorf("reading the audit trail: %w", err)
	}
	return lines, nil
}

func scanLine(r *sql.Rows) (l Line, err error) {
	var at int64
	err = r.Scan(&l.Seq, &l.Key, &at, &l.By.Tenant, &l.By.ObjectID, &l.Case, &l.Verb, &l.Object, &l.Result)
	l.At = moment(at)
	return l, err
}
