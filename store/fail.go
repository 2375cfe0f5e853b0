package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"go.uber.org/zap"

	"mfahelp/flows"
)

// Fail records that w went wrong. It is tried again after a while, and returns
// final if that is over: then the failure is in the audit trail, and what
// Options.Apology has to say is recorded with it.
func (s *Store) Fail(ctx context.Context, w Work, why error, now time.Time) (final bool, err error) {
	wait, again := workBackoff(w, now)
	if !again {
		return true, s.giveUp(ctx, w, why, now)
	}
	at := now.Add(wait)
	err = s.tx(ctx, "failing "+w.ID, func(ctx context.Context, tx *sql.Tx) error {
		err := one(ctx, tx, ErrOver, `UPDATE work SET held = 0, due_at = $1, failures = failures + 1, error = $2,
				failing_since = CASE WHEN failing_since = 0 THEN $3 ELSE failing_since END
			WHERE id = $4 AND claim = $5 AND state = 'due'`, micros(at), brief(why), micros(now), w.ID, w.claim)
		if err != nil {
			return err
		}
		return s.wakeAt(ctx, tx, at)
	})
	if err != nil {
		return false, err
	}
	s.poke()
	s.log.Warn("work failed, will be tried again", zap.String("work", w.ID), zap.Int("failures", w.Failures+1), zap.Duration("in", wait), zap.Error(why))
	s.noteWork(WorkRetried, w, why, now)
	return false, nil
}

// giveUp ends w as failed. If the apology is not fit to be recorded, the
// failure is, without it.
func (s *Store) giveUp(ctx context.Context, w Work, why error, now time.Time) error {
	s.log.Error("work failed for good", zap.String("work", w.ID), zap.Int("begun", w.Begun), zap.Error(why))
	trace := flows.Answer{Audit: []flows.Entry{s.failure(w, now)}}
	err := s.end(ctx, w, trace.And(s.apology(ctx, w, why)), why, now)
	if err != nil && !errors.Is(err, ErrOver) {
		s.log.Error("no apology for failed work", zap.String("work", w.ID), zap.Error(err))
		err = s.end(ctx, w, trace, why, now)
	}
	if err != nil {
		return err
	}
	s.poke()
	s.noteWork(WorkFailed, w, why, now)
	return nil
}

// failure is the line that makes a failure visible.
func (s *Store) failure(w Work, now time.Time) flows.Entry {
	e := flows.Entry{Key: fmt.Sprintf("%s/%d/failed", w.ID, w.claim), At: now, Verb: "event.failed", Object: w.ID, Result: "failed"}
	if w.Job != nil {
		e.Verb, e.Case = "job.failed", w.Job.Subject
	} else if w.Event != nil {
		e.By = w.Event.From.Identity
	}
	return e
}

// apology asks for what to say, and survives that it goes wrong, too.
func (s *Store) apology(ctx context.Context, w Work, why error) (a flows.Answer) {
	if s.opts.Apology == nil || errors.Is(why, errUnreadable) { // and so nobody knows whom to tell
		return a
	}
	ctx, cancel := context.WithTimeout(ctx, flowTimeout)
	defer cancel()
	defer func() {
		if r := recover(); r != nil {
			s.log.Error("the apology panicked", zap.String("work", w.ID), zap.Error(panicked(r)), zap.Stack("stack"))
			a = flows.Answer{}
		}
	}()
	return s.opts.Apology(ctx, w)
}

// end is a commit of w as failed. What somebody wrote is kept, for a while, so
// that an operator can see to it; the token of the reply is not.
func (s *Store) end(ctx context.Context, w Work, a flows.Answer, why error, now time.Time) error {
	if err := check(a); err != nil {
		return err
	}
	body := ""
	if !errors.Is(why, errUnreadable) { // which stays as it is
		var err error
		if body, err = bodyWithoutReply(w); err != nil {
			return err
		}
	}
	return s.tx(ctx, "giving up "+w.ID, func(ctx context.Context, tx *sql.Tx) error {
		err := one(ctx, tx, ErrOver, `UPDATE work SET state = 'failed', body = CASE WHEN $1 = '' THEN body ELSE $2 END,
				held = 0, failures = failures + 1, ended_at = $3, error = $4
			WHERE id = $5 AND claim = $6 AND state = 'due'`, body, body, micros(now), brief(why), w.ID, w.claim)
		if err != nil {
			return err
		}
		return s.record(ctx, tx, a, now)
	})
}

func bodyWithoutReply(w Work) (string, error) {
	if w.Job != nil {
		b, err := json.Marshal(w.Job)
		return string(b), err
	}
	e := *w.Event
	e.Reply.Token = ""
	b, err := json.Marshal(e)
	return string(b), err
}

func (s *Store) noteWork(what string, w Work, err error, now time.Time) {
	n := Note{At: now, What: what, Work: w.ID, Took: now.Sub(w.Since), Error: err}
	if w.Job != nil {
		n.Case = w.Job.Subject
	}
	s.opts.Observe(n)
}
