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

// Commit records a, all of it or nothing, and ends w in the same transaction.
// It returns [ErrConflict] if a case, a request, a link or the freeze was changed
// since the flow read it, or a limit was reached, [ErrOver] if w is no longer the caller's to end, and
// [ErrRefused] if any part of a is not fit to be recorded.
func (s *Store) Commit(ctx context.Context, w Work, a flows.Answer, now time.Time) error {
	if err := check(a); err != nil {
		return fmt.Errorf("committing %s: %w", w.ID, err)
	}
	err := s.tx(ctx, "committing "+w.ID, func(ctx context.Context, tx *sql.Tx) error {
		// Wiped at once: what somebody wrote lives on in the case, as far
		// as it is needed, and the token of the reply in its post.
		err := one(ctx, tx, ErrOver, `UPDATE work SET state = 'done', body = '', held = 0, ended_at = $1, error = ''
			WHERE id = $2 AND claim = $3 AND state = 'due'`, micros(now), w.ID, w.claim)
		if err != nil {
			return err
		}
		return s.record(ctx, tx, a, now)
	})
	if err == nil {
		s.poke()
		if resets(a) {
			poke(s.pokeDeeds)
		}
	}
	return err
}

// Record is [Store.Commit] for what no work led to: what the program itself has
// to put on record, or somebody at the command line.
func (s *Store) Record(ctx context.Context, a flows.Answer, now time.Time) error {
	if err := check(a); err != nil {
		return fmt.Errorf("recording: %w", err)
	}
	err := s.tx(ctx, "recording", func(ctx context.Context, tx *sql.Tx) error { return s.record(ctx, tx, a, now) })
	if err == nil {
		s.pokeAll()
	}
	return err
}

// record writes all of a. Everybody takes the end of the audit trail last, so that
// no two wait for each other.
func (s *Store) record(ctx context.Context, tx *sql.Tx, a flows.Answer, now time.Time) error {
	for _, f := range []func(context.Context, *sql.Tx, flows.Answer, time.Time) error{
		s.recordRequests, s.recordFreeze, s.recordLinks, s.recordEffects,
		s.recordCases, s.recordPosts, s.recordJobs, s.recordLimits, s.recordAudit, s.recordWakes,
	} {
		if err := f(ctx, tx, a, now); err != nil {
			return err
		}
	}
	return nil
}

// recordWakes enqueues the wake-ups for what a left to do.
func (s *Store) recordWakes(ctx context.Context, tx *sql.Tx, a flows.Answer, now time.Time) error {
	var times []time.Time
	if len(a.Posts) > 0 || resets(a) {
		times = append(times, now)
	}
	for _, j := range a.Jobs {
		if !j.At.IsZero() {
			times = append(times, later(j.At, now))
		}
	}
	return s.wakeAt(ctx, tx, times...)
}

// resets reports whether an effect may have become due by a.
func resets(a flows.Answer) bool {
	return len(a.Effects) > 0 || len(a.Requests) > 0 || a.Freeze != nil
}

func later(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}

// check finds what is wrong with a that can be told without looking anything
// up. Whether a message may be where it goes is asked when its keys are known.
func check(a flows.Answer) error {
	var errs []error
	wrong := func(is bool, what, key string) {
		if is {
			errs = append(errs, fmt.Errorf("%w: %s %q", ErrRefused, what, key))
		}
	}
	cases := map[string]bool{}
	for _, c := range a.Cases {
		wrong(c.Key == "", "a case without a key", "")
		wrong(cases[c.Key], "two of the case", c.Key)
		wrong(c.Version < 0, "a version below zero of the case", c.Key)
		cases[c.Key] = true
	}
	for _, p := range a.Posts {
		wrong(p.Key == "", "a post without a key", "")
		wrong(p.To.Platform == "" || p.To.ID == "" && (p.To.Audience != bot.Direct || p.To.Reader == ""), "nowhere to go for the post", p.Key)
		wrong(p.Under == p.Key, "under itself, the post", p.Key)
	}
	checkResets(a, wrong)
	for _, j := range a.Jobs {
		wrong(j.Key == "", "a job without a key", "")
		wrong(!j.At.IsZero() && !strings.Contains(j.Verb, "."), "nobody's verb in the job", j.Key)
	}
	for _, e := range a.Audit {
		wrong(e.Key == "", "an audit entry without a key", "")
		wrong(e.Verb == "", "no verb in the audit entry", e.Key)
	}
	return errors.Join(errs...)
}

// checkResets is check for what only resets have.
func checkResets(a flows.Answer, wrong func(is bool, what, key string)) {
	requests, tokens := map[string]bool{}, map[string]bool{}
	for _, r := range a.Requests {
		wrong(requests[r.Key], "two of the request", r.Key)
		requests[r.Key] = true
		checkRequest(r, wrong)
	}
	for _, e := range a.Effects {
		checkEffect(e, wrong)
	}
	for _, l := range a.Links {
		wrong(tokens[l.Token], "one link twice, to", l.Verb)
		tokens[l.Token] = true
		checkLink(l, wrong)
	}
	if a.Freeze != nil {
		checkFreeze(*a.Freeze, wrong)
	}
}
