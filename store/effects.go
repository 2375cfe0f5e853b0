package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"mfahelp/flows"
	"mfahelp/graph"
)

// recordEffects asks for each effect under its key: one that was asked for
// before is still done once.
func (s *Store) recordEffects(ctx context.Context, tx *sql.Tx, a flows.Answer, now time.Time) error {
	if len(a.Effects) == 0 {
		return nil
	}
	seq, err := take(ctx, tx, "effects", len(a.Effects))
	if err != nil {
		return err
	}
	for i, e := range a.Effects {
		if err := s.recordEffect(ctx, tx, seq+int64(i), e, now); err != nil {
			return fmt.Errorf("recording the effect %s: %w", e.Key, err)
		}
	}
	return nil
}

func (s *Store) recordEffect(ctx context.Context, tx *sql.Tx, seq int64, e flows.Effect, now time.Time) error {
	ready, unstopped, err := mayAsk(ctx, tx, e)
	if err != nil {
		return err
	}
	data, err := json.Marshal(e)
	if err != nil {
		return err
	}
	args := []any{e.Key, seq, seq, effectLane(e), e.Approval, string(e.Kind), string(data), string(flows.EffectWanted),
		btoi(ready), btoi(unstopped), micros(now), micros(now), micros(now)}
	n, err := change(ctx, tx, `INSERT INTO effects (key, seq, turn, lane, request, kind, data, state, ready, anyway, due_at, asked_at, changed_at)
		VALUES `+values(1, len(args))+` ON CONFLICT (key) DO NOTHING`, args...)
	if err != nil || n == 1 {
		return err
	}
	return sameAsBefore(ctx, tx, e)
}

// effectLane is the same for effects that are done one after another: those of
// one request. A mail waits for nothing, and nothing waits for it.
func effectLane(e flows.Effect) string {
	if e.Harmless() {
		return "mail/" + e.Key
	}
	return "request/" + e.Approval
}

// mayAsk refuses an effect that waits for nothing, or that its request does not
// have, and reports whether a worker may begin it already, and whether even while
// all resets are stopped. A pass is never for a worker: it is made while somebody
// waits for it; see [Store.Reveal].
func mayAsk(ctx context.Context, tx *sql.Tx, e flows.Effect) (ready, unstopped bool, err error) {
	if e.Harmless() {
		return true, true, nil
	}
	found, err := all(ctx, tx, scanRequest, `SELECT version, data FROM requests WHERE key = $1`, e.Approval)
	if err != nil {
		return false, false, err
	}
	if len(found) == 0 {
		return false, false, fmt.Errorf("%w: there is no request %s", ErrRefused, e.Approval)
	}
	r := found[0]
	let := lets(r, e.Change)
	switch {
	case !sameAccount(e, r):
		return false, false, fmt.Errorf("%w: its request is about somebody else", ErrRefused)
	case !r.Has(e.Change) && !r.State.Defends(e.Kind):
		return false, false, fmt.Errorf("%w: the plan has no such change", ErrRefused)
	case !r.State.Open() && !let:
		return false, false, fmt.Errorf("%w: its request is over: %s", ErrRefused, r.State)
	}
	return let && e.Kind != graph.CreatePass, anyway(r, e), nil
}

// sameAsBefore refuses a key that was given to something else before: who asks
// would wait for what nobody does.
func sameAsBefore(ctx context.Context, tx *sql.Tx, e flows.Effect) error {
	var data []byte
	if err := tx.QueryRowContext(ctx, `SELECT data FROM effects WHERE key = $1`, e.Key).Scan(&data); err != nil {
		return err
	}
	var was flows.Effect
	if err := json.Unmarshal(data, &was); err != nil {
		return errUnreadable
	}
	if was.Change != e.Change || was.Approval != e.Approval {
		return fmt.Errorf("%w: its key is that of another effect", ErrRefused)
	}
	return nil
}

func checkEffect(e flows.Effect, wrong func(is bool, what, key string)) {
	wrong(e.Key == "", "an effect without a key", "")
	wrong(e.Kind == "", "no kind of the effect", e.Key)
	wrong(e.Check() != nil, "nothing that lets the effect", e.Key)
	wrong(e.User == "", "nobody's account in the effect", e.Key)
	wrong(e.Then != "" && !strings.Contains(e.Then, "."), "nobody's verb after the effect", e.Key)
	wrong(e.Life < 0 || e.Life%time.Minute != 0, "no whole minutes of life in the effect", e.Key)
}

// letEffects says of every effect that r has still to come whether it may begin
// now, and drops what never may any more.
func (s *Store) letEffects(ctx context.Context, tx *sql.Tx, r flows.Request, now time.Time) error {
	wanted, err := all(ctx, tx, scanEffect, `SELECT key, data FROM effects WHERE request = $1 AND state = 'wanted' ORDER BY turn`, r.Key)
	if err != nil {
		return err
	}
	for _, e := range wanted {
		if e.Harmless() {
			continue
		}
		let := lets(r, e.Change)
		if !let && (!r.State.Open() || r.State.Lets(e.Kind)) {
			err = s.dropEffect(ctx, tx, e, stopped(r, e.Kind), r.Case, now)
		} else {
			_, err = change(ctx, tx, `UPDATE effects SET ready = $1, anyway = $2 WHERE key = $3`,
				btoi(let && e.Kind != graph.CreatePass), btoi(anyway(r, e)), e.Key)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// dropEffect ends what was not begun, since its request has ended, or has
// another plan. Whoever has it claimed at that moment has lost it. Of a try
// whose fate is not known it can only be said that there is none to come.
func (s *Store) dropEffect(ctx context.Context, tx *sql.Tx, e flows.Effect, reason, caseKey string, now time.Time) error {
	_, err := change(ctx, tx, `UPDATE effects SET state = CASE WHEN unsure = 1 THEN 'unknown' ELSE 'dropped' END, reason = $1,
			held = 0, claim = claim + 1, changed_at = $2
		WHERE key = $3 AND state = 'wanted'`, reason, micros(now), e.Key)
	if err != nil {
		return err
	}
	return s.recordAudit(ctx, tx, flows.Answer{Audit: []flows.Entry{{
		Key: "effect/" + e.Key + "/dropped", At: now, Case: caseKey, Verb: "effect.dropped", Object: objectOf(e), Result: reason,
	}}}, now)
}

// objectOf says in ids what e is done to.
func objectOf(e flows.Effect) string {
	s := string(e.Kind) + " " + e.User
	if e.Object != "" {
		s += "/" + e.Object
	}
	return s
}

func scanEffect(r *sql.Rows) (e flows.Effect, err error) {
	var key string
	var data []byte
	if err := r.Scan(&key, &data); err != nil {
		return e, err
	}
	if json.Unmarshal(data, &e) != nil || e.Key != key {
		return e, fmt.Errorf("the effect %s: %w", key, errUnreadable)
	}
	return e, nil
}

// Outcomes returns what came of a request's effects, in the order in which they
// were asked for.
func (s *Store) Outcomes(ctx context.Context, key string) ([]flows.Outcome, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	if key == "" { // that is the mails of no request
		return nil, nil
	}
	found, err := all(ctx, s.ro, scanOutcome, `SELECT data, state, reason, object, until_at, tries, changed_at FROM effects
		WHERE request = $1 ORDER BY seq`, key)
	if err != nil {
		return nil, fmt.Errorf("reading what came of %s: %w", key, err)
	}
	return found, nil
}

func scanOutcome(r *sql.Rows) (o flows.Outcome, err error) {
	var data []byte
	var until, changed int64
	if err := r.Scan(&data, &o.State, &o.Reason, &o.Object, &until, &o.Tries, &changed); err != nil {
		return o, err
	}
	if json.Unmarshal(data, &o.Effect) != nil {
		return o, errors.New("its data cannot be read")
	}
	o.Until, o.At = moment(until), moment(changed)
	return o, nil
}
