package store

import (
	"context"
	"database/sql"
	"time"
)

// For how long what is over is kept.
const (
	keepIDs      = 30 * 24 * time.Hour // of events, so that a late redelivery is known
	keepFailed   = 24 * time.Hour      // the words of an event that failed
	keepMessages = 24 * time.Hour      // what was sent
	keepJobs     = 24 * time.Hour      // that were done
	keepLinks    = 30 * 24 * time.Hour // that are over
	keepOffers   = 90 * 24 * time.Hour // that were closed: pressed later, they never existed
)

// tidyAtOnce is how many rows go in one transaction, for which who accepts has
// to wait.
const tidyAtOnce = 500

// Tidy drops what nobody needs any more, first of all what people wrote. Cases
// and the audit trail stay.
func (s *Store) Tidy(ctx context.Context, now time.Time) error {
	before := func(d time.Duration) int64 { return micros(now.Add(-d)) }
	for _, do := range []struct {
		change, table, key, where string
		before                    int64
	}{
		{"UPDATE work SET body = ''", "work", "id", "state = 'failed' AND body <> '' AND ended_at < $1", before(keepFailed)},
		{"DELETE FROM work", "work", "id", "state <> 'due' AND ended_at < $1", before(keepIDs)},
		{"DELETE FROM work", "work", "id", "state = 'done' AND id LIKE 'job/%' AND ended_at < $1", before(keepJobs)},
		{"UPDATE posts SET message = ''", "posts", "key", "state <> 'pending' AND message <> '' AND ended_at < $1", before(keepMessages)},
		{"DELETE FROM links", "links", "digest", "until_at < $1", before(keepLinks)},
		{"DELETE FROM offers", "offers", "key", "closed_at <> 0 AND closed_at < $1", before(keepOffers)},
	} {
		query := do.change + " WHERE " + do.key + " IN (SELECT " + do.key + " FROM " + do.table + " WHERE " + do.where + " LIMIT $2)"
		if err := s.tidy(ctx, query, do.before); err != nil {
			return err
		}
	}
	return s.flush(ctx)
}

// tidy runs query until it finds nothing more.
func (s *Store) tidy(ctx context.Context, query string, before int64) error {
	for n := int64(tidyAtOnce); n == tidyAtOnce; {
		err := s.tx(ctx, "tidying up", func(ctx context.Context, tx *sql.Tx) (err error) {
			n, err = change(ctx, tx, query, before, tidyAtOnce)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// flush takes what was wiped out of SQLite's journal as well. If somebody reads
// at that moment, it has to wait for the next time.
func (s *Store) flush(ctx context.Context) error {
	if !s.eng.single {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	return s.eng.queue(ctx, func() error {
		_, err := s.db.ExecContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)")
		return err
	})
}
