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
	keepOffers   = 90 * 24 * time.Hour // that were closed: pressed later, they never existed
)

// Tidy drops what nobody needs any more, first of all what people wrote. Cases
// and the audit trail stay.
func (s *Store) Tidy(ctx context.Context, now time.Time) error {
	before := func(d time.Duration) int64 { return micros(now.Add(-d)) }
	return s.tx(ctx, "tidying up", func(ctx context.Context, tx *sql.Tx) error {
		for _, do := range []struct {
			query  string
			before int64
		}{
			{`UPDATE work SET body = '' WHERE state = 'failed' AND body <> '' AND ended_at < $1`, before(keepFailed)},
			{`DELETE FROM work WHERE state <> 'due' AND ended_at < $1`, before(keepIDs)},
			{`DELETE FROM work WHERE state = 'done' AND id LIKE 'job/%' AND ended_at < $1`, before(keepJobs)},
			{`UPDATE posts SET message = '' WHERE state <> 'pending' AND message <> '' AND ended_at < $1`, before(keepMessages)},
			{`UPDATE posts SET reply = '' WHERE state <> 'pending' AND reply <> '' AND ended_at < $1`, before(0)},
			{`DELETE FROM offers WHERE closed_at <> 0 AND closed_at < $1`, before(keepOffers)},
		} {
			if _, err := change(ctx, tx, do.query, do.before); err != nil {
				return err
			}
		}
		return nil
	})
}
