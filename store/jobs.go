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

	"mfahelp/flows"
)

// recordJobs asks for each job under its key: one that was asked for before,
// and one that was done, only moves. Whoever has it claimed at that moment has
// lost it. A job at no time is forgotten.
func (s *Store) recordJobs(ctx context.Context, tx *sql.Tx, a flows.Answer, now time.Time) error {
	jobs := slices.Clone(a.Jobs) // in the order of keys, so that two commits never wait for each other
	slices.SortStableFunc(jobs, func(a, b flows.Job) int { return strings.Compare(a.Key, b.Key) })
	for _, j := range jobs {
		var err error
		if j.At.IsZero() {
			err = forget(ctx, tx, j.Key, now)
		} else {
			err = ask(ctx, tx, j)
		}
		if err != nil {
			return fmt.Errorf("asking for the job %s: %w", j.Key, err)
		}
	}
	return nil
}

// recordLater asks for a job that no flow asked for.
func (s *Store) recordLater(ctx context.Context, tx *sql.Tx, now time.Time, j flows.Job) error {
	a := flows.Answer{Jobs: []flows.Job{j}}
	return errors.Join(s.recordJobs(ctx, tx, a, now), s.recordWakes(ctx, tx, a, now))
}

func ask(ctx context.Context, tx *sql.Tx, j flows.Job) error {
	j.At = j.At.UTC()
	body, err := json.Marshal(j)
	if err != nil {
		return err
	}
	id, at := "job/"+j.Key, micros(j.At)
	_, err = change(ctx, tx, `INSERT INTO work (id, seq, lane, body, state, due_at, asked_at) VALUES ($1, 0, $2, $3, 'due', $4, $5)
		ON CONFLICT (id) DO UPDATE SET body = excluded.body, state = 'due', due_at = excluded.due_at, asked_at = excluded.asked_at,
			claim = work.claim + 1, held = 0, begun = 0, failures = 0, failing_since = 0, ended_at = 0, error = ''`,
		id, id, string(body), at, at)
	return err
}

func forget(ctx context.Context, tx *sql.Tx, key string, now time.Time) error {
	_, err := change(ctx, tx, `UPDATE work SET state = 'done', body = '', held = 0, ended_at = $1
		WHERE id = $2 AND state = 'due'`, micros(now), "job/"+key)
	return err
}
