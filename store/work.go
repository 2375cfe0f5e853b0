package store

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.uber.org/zap"

	"mfahelp/bot"
	"mfahelp/flows"
)

// Work is something to do, claimed for its lease: an event to answer, or a job
// whose time has come.
type Work struct {
	Event *bot.Event // nil if it is a job
	Job   *flows.Job // nil if it is an event

	ID       string    // for logs: event/<platform>/<id> or job/<key>
	Since    time.Time // when it was received, or due
	Begun    int       // how often it was begun, this time included
	Failures int       // how often it failed before

	claim        int64
	failingSince time.Time
}

const (
	// workLease is how long whoever claimed work has it to themselves: a
	// flow's time and that of a commit, with room to spare. It is also how
	// long the work of a replica that died has to wait.
	workLease = 40 * time.Second

	// flowTimeout ends a flow that does not come back.
	flowTimeout = 15 * time.Second
)

// heads is the condition that nothing earlier in its lane is unfinished. It
// names the row w.
const heads = `NOT EXISTS (SELECT 1 FROM work e WHERE e.lane = w.lane AND e.state = 'due' AND e.seq < w.seq)`

// Next claims what is due, if anything is. Of each lane only the earliest is
// given out, and the next when that is done.
func (s *Store) Next(ctx context.Context, now time.Time) (Work, bool, error) {
	some, err := s.claimWork(ctx, now, 1)
	if err != nil || len(some) == 0 {
		return Work{}, false, err
	}
	return some[0], true, nil
}

var errUnreadable = errors.New("it cannot be read")

// claimWork is Next for up to n at once.
func (s *Store) claimWork(ctx context.Context, now time.Time, n int) (some []Work, err error) {
	var broken []Work
	err = s.tx(ctx, "claiming work", func(ctx context.Context, tx *sql.Tx) error {
		rows, err := all(ctx, tx, scanWork, `
			UPDATE work SET due_at = $1, held = 1, claim = claim + 1, begun = begun + 1
			WHERE id IN (SELECT w.id FROM work w WHERE w.state = 'due' AND w.due_at <= $2 AND `+heads+` ORDER BY w.due_at, w.seq LIMIT $3)
				AND state = 'due' AND due_at <= $4
			RETURNING id, seq, body, claim, begun, failures, failing_since, asked_at`,
			micros(now.Add(workLease)), micros(now), n, micros(now))
		some, broken = nil, nil
		slices.SortFunc(rows, func(a, b workRow) int { return cmp.Or(a.Since.Compare(b.Since), cmp.Compare(a.seq, b.seq)) })
		for _, r := range rows {
			if r.broken {
				broken = append(broken, r.Work)
			} else {
				some = append(some, r.Work)
			}
		}
		return err
	})
	for _, w := range broken {
		s.log.Error("stored work cannot be read", zap.String("work", w.ID))
		err = errors.Join(err, s.giveUp(ctx, w, errUnreadable, now))
	}
	if err == nil && len(some) == 0 && len(broken) > 0 {
		return s.claimWork(ctx, now, n) // there may be some behind it
	}
	return some, err
}

// A workRow is a row of the table, of which the body may be broken.
type workRow struct {
	Work
	seq    int64
	broken bool
}

func scanWork(r *sql.Rows) (w workRow, err error) {
	var body string
	var failing, asked int64
	err = r.Scan(&w.ID, &w.seq, &body, &w.claim, &w.Begun, &w.Failures, &failing, &asked)
	w.failingSince, w.Since = moment(failing), moment(asked)
	if strings.HasPrefix(w.ID, "job/") {
		w.Job = new(flows.Job)
		w.broken = json.Unmarshal([]byte(body), w.Job) != nil
	} else {
		w.Event = new(bot.Event)
		w.broken = json.Unmarshal([]byte(body), w.Event) != nil
	}
	return w, err
}

// NextDue returns when the next work, post or effect can be claimed, and false
// if there is none. It may be in the past.
func (s *Store) NextDue(ctx context.Context) (first time.Time, ok bool, err error) {
	for _, next := range []func(context.Context) (time.Time, bool, error){s.nextWork, s.nextPost, s.nextEffect} {
		at, is, err := next(ctx)
		if err != nil {
			return time.Time{}, false, err
		}
		if is && (!ok || at.Before(first)) {
			first, ok = at, true
		}
	}
	return first, ok, nil
}

func (s *Store) nextWork(ctx context.Context) (time.Time, bool, error) {
	return s.earliest(ctx, `SELECT w.due_at FROM work w WHERE w.state = 'due' AND `+heads+` ORDER BY w.due_at LIMIT 1`)
}

func (s *Store) earliest(ctx context.Context, query string) (time.Time, bool, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	look, err := s.prepared(ctx, query)
	if err != nil {
		return time.Time{}, false, fmt.Errorf("looking for what is due: %w", err)
	}
	var at int64
	switch err := look.QueryRowContext(ctx).Scan(&at); {
	case errors.Is(err, sql.ErrNoRows):
		return time.Time{}, false, nil
	case err != nil:
		return time.Time{}, false, fmt.Errorf("looking for what is due: %w", err)
	}
	return moment(at), true, nil
}

// prepared is a query that only reads, made ready once: those that look for what
// is due are asked all the time, and to parse one takes longer than to answer it.
func (s *Store) prepared(ctx context.Context, query string) (*sql.Stmt, error) {
	if known, ok := s.looks.Load(query); ok {
		return known.(*sql.Stmt), nil // nothing else is put there
	}
	made, err := s.ro.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	if known, was := s.looks.LoadOrStore(query, made); was {
		return known.(*sql.Stmt), made.Close()
	}
	return made, nil
}

// release gives work back that was claimed and not begun, or not to be finished.
func (s *Store) release(ctx context.Context, w Work, now time.Time) error {
	return s.tx(ctx, "releasing work", func(ctx context.Context, tx *sql.Tx) error {
		_, err := change(ctx, tx, `UPDATE work SET due_at = $1, held = 0, begun = begun - 1 WHERE id = $2 AND claim = $3 AND held = 1`,
			micros(now), w.ID, w.claim)
		return err
	})
}

// reclaim takes back every claim there is. Only who has the store to itself may
// do so, at its start: whoever had them is dead.
func (s *Store) reclaim(ctx context.Context, now time.Time) error {
	return s.tx(ctx, "reclaiming leases", func(ctx context.Context, tx *sql.Tx) error {
		for _, table := range []string{"work", "posts"} {
			if _, err := change(ctx, tx, `UPDATE `+table+` SET due_at = $1, held = 0, claim = claim + 1 WHERE held = 1`, micros(now)); err != nil {
				return err
			}
		}
		// Somebody may have pressed for a pass already, since the store was
		// opened: that lease ends later than any of before.
		_, err := change(ctx, tx, `UPDATE effects SET due_at = $1, held = 0, claim = claim + 1 WHERE held = 1 AND due_at <= $2`,
			micros(now), micros(s.opened.Add(effectLease)))
		return err
	})
}
