package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"
)

// micros and moment are how a time is stored, and read again.
func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// notBefore is when something is due that must not come before t: cut off to the
// microsecond that is stored it would come early, be told to wait for what was
// cut off, and come again at once.
func notBefore(t time.Time) int64 { return micros(t.Add(time.Microsecond - 1)) }

func moment(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.UnixMicro(n).UTC()
}

// triesOfTx is how often a transaction is run that others got in the way of.
const triesOfTx = 5

// tx runs f in a transaction that is committed if f returns nil. f may run
// more than once, and does nothing but to read and write by its transaction:
// on SQLite everybody else waits for it.
func (s *Store) tx(ctx context.Context, what string, f func(context.Context, *sql.Tx) error) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	err := s.eng.queue(ctx, func() error { return s.tries(ctx, f) })
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

func (s *Store) tries(ctx context.Context, f func(context.Context, *sql.Tx) error) (err error) {
	for range triesOfTx {
		err = s.once(ctx, f)
		if errors.Is(err, errBroken) {
			err = s.mend(ctx) // and then once more, if it could be
			if err == nil {
				continue
			}
		}
		if !transient(err) {
			break
		}
	}
	return err
}

func (s *Store) once(ctx context.Context, f func(context.Context, *sql.Tx) error) error {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := f(ctx, tx); err != nil {
		return errors.Join(err, ignoreDone(tx.Rollback()))
	}
	return tx.Commit()
}

// ignoreDone drops the error of a transaction that its context has ended.
func ignoreDone(err error) error {
	if errors.Is(err, sql.ErrTxDone) {
		return nil
	}
	return err
}

// change runs a statement and returns how many rows it changed.
func change(ctx context.Context, tx *sql.Tx, query string, args ...any) (int64, error) {
	res, err := tx.ExecContext(ctx, query, args...)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

// one is change where exactly one row must change, and otherwise is the error.
func one(ctx context.Context, tx *sql.Tx, otherwise error, query string, args ...any) error {
	n, err := change(ctx, tx, query, args...)
	if err == nil && n != 1 {
		return otherwise
	}
	return err
}

// A querier is a database or a transaction.
type querier interface {
	QueryContext(context.Context, string, ...any) (*sql.Rows, error)
	QueryRowContext(context.Context, string, ...any) *sql.Row
}

// all reads every row of a query.
func all[T any](ctx context.Context, q querier, scan func(*sql.Rows) (T, error), query string, args ...any) (out []T, err error) {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		t, err := scan(rows)
		if err != nil {
			return nil, err
		}
		out = append(out, t)
	}
	return out, rows.Err()
}

// take gives out n numbers and returns the first. Who has taken some keeps
// others waiting until the end of the transaction.
func take(ctx context.Context, tx *sql.Tx, name string, n int) (first int64, err error) {
	err = tx.QueryRowContext(ctx, `UPDATE counters SET n = n + $1 WHERE name = $2 RETURNING n`, n, name).Scan(&first)
	return first - int64(n) + 1, err
}

// values writes "($1, $2), ($3, $4)" for so many rows and columns.
func values(rows, cols int) string {
	var b strings.Builder
	for r := range rows {
		for c := range cols {
			b.WriteString([]string{", ", "("}[btoi(c == 0)])
			fmt.Fprintf(&b, "$%d", r*cols+c+1)
		}
		b.WriteString([]string{"), ", ")"}[btoi(r == rows-1)])
	}
	return b.String()
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}
