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
	"mfahelp/graph"
)

// recordRequests writes each request if it is still the one that the flow read,
// and may become what it says.
func (s *Store) recordRequests(ctx context.Context, tx *sql.Tx, a flows.Answer, now time.Time) error {
	requests := slices.Clone(a.Requests) // in the order of keys, as with cases
	slices.SortFunc(requests, func(a, b flows.Request) int { return strings.Compare(a.Key, b.Key) })
	for _, r := range requests {
		if err := s.recordRequest(ctx, tx, r, now); err != nil {
			return fmt.Errorf("recording the request %s: %w", r.Key, err)
		}
	}
	return nil
}

func (s *Store) recordRequest(ctx context.Context, tx *sql.Tx, r flows.Request, now time.Time) error {
	var version int
	var was flows.RequestState
	err := tx.QueryRowContext(ctx, `SELECT version, state FROM requests WHERE key = $1`, r.Key).Scan(&version, &was)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	if version != r.Version {
		return ErrConflict
	}
	if err := mayBecome(was, r, now); err != nil {
		return err
	}
	if version == 0 {
		if err := s.alone(ctx, tx, r, now); err != nil {
			return err
		}
	}
	data, err := json.Marshal(r)
	if err != nil {
		return err
	}
	args := []any{r.Key, version + 1, string(r.State), r.Subject.Key(), r.Requester.Key(), string(data), micros(r.Asked)}
	if version == 0 {
		err = one(ctx, tx, ErrConflict, `INSERT INTO requests (key, version, state, subject_key, requester_key, data, asked_at)
			VALUES `+values(1, len(args))+` ON CONFLICT (key) DO NOTHING`, args...)
	} else {
		err = one(ctx, tx, ErrConflict, `UPDATE requests SET version = $2, state = $3, subject_key = $4, requester_key = $5, data = $6, asked_at = $7
			WHERE key = $1 AND version = $8`, append(args, version)...)
	}
	if err != nil {
		return err
	}
	return s.letEffects(ctx, tx, r, now)
}

// alone refuses a new request about somebody of whom another waits already. The
// flow looks for one before; this is for two that are asked in the same instant,
// by whichever processes: the second is handled again, and sees the first. They
// come here one after the other, since each is on record by an entry at the end
// of the trail, which is taken for it now.
func (s *Store) alone(ctx context.Context, tx *sql.Tx, r flows.Request, now time.Time) error {
	if !r.Subject.Known() || !r.Waits(now) {
		return nil
	}
	if _, err := s.tail(ctx, tx); err != nil {
		return err
	}
	others, err := all(ctx, tx, scanRequest, `SELECT version, data FROM requests WHERE subject_key = $1`, r.Subject.Key())
	if err != nil {
		return err
	}
	if slices.ContainsFunc(others, func(o flows.Request) bool { return o.Key != r.Key && o.Waits(now) }) {
		return ErrConflict
	}
	return nil
}

// mayBecome refuses a step that no request takes. That nothing is executed
// without the proofs and approvals is for the flow to see to; that it is not
// recorded either is seen to here, whatever the flow thinks.
func mayBecome(was flows.RequestState, r flows.Request, now time.Time) error {
	if !was.May(r.State) {
		return fmt.Errorf("%w: %q does not become %q", ErrRefused, was, r.State)
	}
	if r.State != flows.ResetExecuting || was == r.State {
		return nil
	}
	v := r.Verdict(now)
	if was == flows.ResetExecuted { // what failed is tried again; it was approved when it began
		v = r.Holds(now)
	}
	if !v.Approved {
		return fmt.Errorf("%w: it is not approved: %s", ErrRefused, v.Missing[0].Key)
	}
	return nil
}

// checkRequest finds what is wrong with r that can be told from r alone. While
// an account is being looked at, there need not be a plan; nor once it is over,
// for it may have been refused at once.
func checkRequest(r flows.Request, wrong func(is bool, what, key string)) {
	wrong(r.Key == "", "a request without a key", "")
	wrong(r.Version < 0, "a version below zero of the request", r.Key)
	if !r.State.Open() || r.State == flows.ResetChecking {
		return
	}
	wrong(!r.Subject.Known(), "nobody known as the subject of the request", r.Key)
	wrong(!r.Requester.Known(), "nobody known as the requester of the request", r.Key)
	wrong(len(r.Needs) == 0, "no need of a proof in the request", r.Key)
	wrong(r.Expires.IsZero(), "no end to the request", r.Key)
	keys := map[string]bool{}
	for _, e := range r.Effects {
		wrong(keys[e.Key], "two in one plan of the effect", e.Key)
		wrong(e.Approval != r.Key && !e.Harmless(), "for another request than its plan's, the effect", e.Key)
		wrong(!e.Harmless() && !sameAccount(e, r), "for somebody else than its request is about, the effect", e.Key)
		checkEffect(e, wrong)
		keys[e.Key] = true
	}
}

// sameAccount reports whether e changes the account of r's subject.
func sameAccount(e flows.Effect, r flows.Request) bool {
	return strings.EqualFold(e.User, r.Subject.ObjectID)
}

// Request returns the one with key. See [flows.ErrNoRequest].
func (s *Store) Request(ctx context.Context, key string) (flows.Request, error) {
	found, err := s.requests(ctx, "reading the request "+key, `SELECT version, data FROM requests WHERE key = $1`, key)
	if err == nil && len(found) == 0 {
		err = flows.ErrNoRequest
	}
	if err != nil {
		return flows.Request{}, err
	}
	return found[0], nil
}

// About returns the requests about somebody since a time, the newest first; see
// [flows.Requests].
func (s *Store) About(ctx context.Context, subject bot.Identity, since time.Time) ([]flows.Request, error) {
	return s.requestsOf(ctx, "subject_key", subject, since)
}

// By is [Store.About] for those that somebody asked for.
func (s *Store) By(ctx context.Context, requester bot.Identity, since time.Time) ([]flows.Request, error) {
	return s.requestsOf(ctx, "requester_key", requester, since)
}

func (s *Store) requestsOf(ctx context.Context, column string, who bot.Identity, since time.Time) ([]flows.Request, error) {
	const order = ` ORDER BY asked_at DESC, key`
	switch {
	case who == bot.Identity{}:
		return s.requests(ctx, "reading requests", `SELECT version, data FROM requests WHERE asked_at >= $1`+order, micros(since))
	case !who.Known():
		return nil, nil
	}
	return s.requests(ctx, "reading somebody's requests", `SELECT version, data FROM requests WHERE `+column+` = $1 AND asked_at >= $2`+order,
		who.Key(), micros(since))
}

func (s *Store) requests(ctx context.Context, what, query string, args ...any) ([]flows.Request, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	found, err := all(ctx, s.ro, scanRequest, query, args...)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	return found, nil
}

func scanRequest(r *sql.Rows) (q flows.Request, err error) {
	var version int
	var data []byte
	if err := r.Scan(&version, &data); err != nil {
		return q, err
	}
	if err := json.Unmarshal(data, &q); err != nil {
		return q, errors.New("its data cannot be read") // and are not shown
	}
	q.Version = version
	return q, nil
}

// lets reports whether an effect may begin, as far as its request goes: it is in
// the plan, or takes away from an attacker.
func lets(r flows.Request, c graph.Change) bool {
	return r.State.Lets(c.Kind) && (r.Has(c) || r.State.Defends(c.Kind))
}

// anyway reports whether an effect may begin while all resets are stopped.
func anyway(r flows.Request, e flows.Effect) bool { return e.Harmless() || r.State.Defends(e.Kind) }
