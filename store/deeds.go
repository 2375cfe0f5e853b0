package store

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"go.uber.org/zap"

	"mfahelp/bot"
	"mfahelp/flows"
	"mfahelp/graph"
)

// A Deed is an effect to be carried out, claimed for its lease.
type Deed struct {
	Effect flows.Effect
	Tries  int       // how often it was begun before
	Since  time.Time // when it was asked for

	claim    int64
	unsure   bool // what came of a try before is not known
	failures int
	defaults int
}

const (
	// effectLease is how long whoever claimed an effect has it to
	// themselves: the time to ask for leave, to change the account, and for
	// what is recorded before and after, with room to spare.
	effectLease = 90 * time.Second

	leaveTimeout  = 20 * time.Second
	changeTimeout = 30 * time.Second
)

// goingOn is the condition that resets are not stopped.
const goingOn = `(SELECT is_on FROM freezes) = 0`

// beginnable is the condition that a worker may begin the row c, as far as rows
// tell: its request lets it, resets are not stopped or it is done anyway, and
// nothing of its lane is being done or comes before it.
const beginnable = `c.state = 'wanted' AND c.ready = 1 AND (c.anyway = 1 OR ` + goingOn + `) AND NOT EXISTS (SELECT 1 FROM effects b
	WHERE b.lane = c.lane AND b.key <> c.key
		AND (b.state = 'running' OR b.state = 'wanted' AND b.ready = 1 AND b.turn < c.turn AND (b.anyway = 1 OR ` + goingOn + `)))`

// NextEffect claims what is to be changed next, if it is due: of each request
// only one effect at a time, in the order in which they were asked for. It
// first settles what somebody began and did not come back from.
func (s *Store) NextEffect(ctx context.Context, now time.Time) (Deed, bool, error) {
	some, err := s.claimEffects(ctx, now, 1)
	if err != nil || len(some) == 0 {
		return Deed{}, false, err
	}
	return some[0], true, nil
}

// claimEffects is NextEffect for up to n at once. It looks before it writes:
// mostly there is nothing, and who accepts events need not wait for that.
func (s *Store) claimEffects(ctx context.Context, now time.Time, n int) (some []Deed, err error) {
	at, ok, err := s.nextEffect(ctx)
	if err != nil || !ok || at.After(now) {
		return nil, err
	}
	var lost []Deed
	err = s.tx(ctx, "claiming effects", func(ctx context.Context, tx *sql.Tx) error {
		if lost, err = s.settleLost(ctx, tx, now); err != nil {
			return err
		}
		some, err = all(ctx, tx, scanDeed, `UPDATE effects SET due_at = $1, held = 1, claim = claim + 1
			WHERE key IN (SELECT c.key FROM effects c WHERE c.due_at <= $2 AND `+beginnable+` ORDER BY c.due_at, c.turn LIMIT $3)
				AND state = 'wanted' AND due_at <= $4
			RETURNING `+deedColumns, micros(now.Add(effectLease)), micros(now), n, micros(now))
		slices.SortFunc(some, func(a, b Deed) int { return cmp.Or(a.Since.Compare(b.Since), cmp.Compare(a.Effect.Key, b.Effect.Key)) })
		return err
	})
	if err != nil {
		return nil, err
	}
	s.noteLost(lost, now)
	return some, nil
}

// noteLost tells operators of what nobody came back from.
func (s *Store) noteLost(lost []Deed, now time.Time) {
	for _, d := range lost {
		s.log.Error("nobody came back from an effect", zap.String("effect", d.Effect.Key), zap.Int("try", d.Tries))
		s.noteDeed(EffectLost, d, nil, now)
	}
	if len(lost) > 0 {
		s.pokeAll()
	}
}

// deedColumns are what scanDeed reads.
const deedColumns = `key, data, claim, tries, unsure, failures, defaults, asked_at`

func scanDeed(r *sql.Rows) (d Deed, err error) {
	var key string
	var data []byte
	var unsure int
	var since int64
	if err := r.Scan(&key, &data, &d.claim, &d.Tries, &unsure, &d.failures, &d.defaults, &since); err != nil {
		return d, err
	}
	d.unsure, d.Since = unsure != 0, moment(since)
	if json.Unmarshal(data, &d.Effect) != nil || d.Effect.Key != key {
		// Nothing is done for it: [Store.Perform] finds no request, and no
		// kind of change that is harmless.
		d.Effect = flows.Effect{Key: key}
	}
	return d, nil
}

// settleLost ends the lease of what is running for too long: whoever began it is
// dead, and how far it came is not known. What may be done again is wanted
// again; a pass and a mail are not, and their fate is shown as it is.
func (s *Store) settleLost(ctx context.Context, tx *sql.Tx, now time.Time) ([]Deed, error) {
	lost, err := all(ctx, tx, scanDeed, `SELECT `+deedColumns+` FROM effects WHERE state = 'running' AND due_at <= $1 ORDER BY turn`, micros(now))
	if err != nil {
		return nil, err
	}
	for _, d := range lost {
		f := fate{state: flows.EffectWanted, reason: interrupted, result: "unknown: " + interrupted, due: now, unsure: true, failures: d.failures, defaults: d.defaults}
		if !d.Effect.Repeatable() {
			f.state = flows.EffectUnknown
		}
		if err := s.settleDeed(ctx, tx, d, f, bot.Identity{}, now); err != nil {
			return nil, err
		}
	}
	return lost, nil
}

// interrupted is the reason of a try that nobody came back from.
const interrupted = "interrupted"

func (s *Store) nextEffect(ctx context.Context) (time.Time, bool, error) {
	return s.earliest(ctx, `SELECT c.due_at FROM effects c WHERE c.state IN ('wanted', 'running') AND (c.state = 'running' OR `+beginnable+`)
		ORDER BY c.due_at LIMIT 1`)
}

// A fate is what comes of an effect, for now or for good.
type fate struct {
	state    flows.EffectState
	reason   string
	result   string // for the record, where it says more than state and reason
	due      time.Time
	object   string
	until    time.Time
	unsure   bool
	failures int
	defaults int
	last     bool // it takes its turn after all others
}

// settleDeed records what came of d, which is running: in the audit trail, and
// for the flow that waits for it if nothing more will come.
func (s *Store) settleDeed(ctx context.Context, tx *sql.Tx, d Deed, f fate, by bot.Identity, now time.Time) error {
	turn := int64(0)
	if f.last {
		var err error
		if turn, err = take(ctx, tx, "effects", 1); err != nil {
			return err
		}
	}
	if f.due.IsZero() {
		f.due = now
	}
	err := one(ctx, tx, ErrOver, `UPDATE effects SET state = $1, reason = $2, object = $3, until_at = $4, unsure = $5, failures = $6, defaults = $7,
			turn = CASE WHEN $8 = 0 THEN turn ELSE $9 END, due_at = $10, held = 0, changed_at = $11
		WHERE key = $12 AND claim = $13 AND state = 'running'`,
		string(f.state), f.reason, f.object, micros(f.until), btoi(f.unsure), f.failures, f.defaults, turn, turn, micros(f.due), micros(now), d.Effect.Key, d.claim)
	if err != nil {
		return err
	}
	if err := s.act(ctx, tx, d, d.Tries, outcome, f.said(), by, now); err != nil {
		return err
	}
	return s.tell(ctx, tx, d, f, now)
}

// said is what the record has of f.
func (f fate) said() string {
	switch {
	case f.result != "":
		return f.result
	case f.reason != "":
		return string(f.state) + ": " + f.reason
	}
	return string(f.state)
}

// tell asks for the job that hears what came of d, if that is for good, and for
// whoever has to look again.
func (s *Store) tell(ctx context.Context, tx *sql.Tx, d Deed, f fate, now time.Time) error {
	if f.state.Over() && d.Effect.Then != "" {
		j := flows.Job{Key: "effect/" + d.Effect.Key, At: now, Verb: d.Effect.Then, Subject: d.Effect.Approval}
		if err := s.recordJobs(ctx, tx, flows.Answer{Jobs: []flows.Job{j}}, now); err != nil {
			return err
		}
	}
	return s.wakeAt(ctx, tx, later(f.due, now))
}

// The parts of an act on record. There is no act without an intent before it,
// and an intent without an outcome is an alarm; see [Store.Dangling].
const (
	intent  = "intent"
	outcome = "outcome"
)

// act writes one part of try number n of d, which must not be on record yet.
func (s *Store) act(ctx context.Context, tx *sql.Tx, d Deed, n int, part, result string, by bot.Identity, now time.Time) error {
	t, err := s.tail(ctx, tx)
	if err != nil {
		return err
	}
	caseKey, err := caseOf(ctx, tx, d.Effect)
	if err != nil {
		return err
	}
	added, err := s.append(ctx, tx, &t, flows.Entry{
		Key: fmt.Sprintf("effect/%s/%d/%s", d.Effect.Key, n, part), At: now, By: by, Case: caseKey, Verb: "effect." + part, Object: objectOf(d.Effect), Result: result,
	}, now)
	if err == nil && !added {
		err = errTwice
	}
	if err != nil {
		return err
	}
	return s.seal(ctx, tx, t)
}

var errTwice = errors.New("an act has a part on record already")

// caseOf is the case of the request that e is for.
func caseOf(ctx context.Context, tx *sql.Tx, e flows.Effect) (string, error) {
	found, err := all(ctx, tx, scanRequest, `SELECT version, data FROM requests WHERE key = $1`, e.Approval)
	if err != nil || len(found) == 0 {
		return "", err
	}
	return found[0].Case, nil
}

// releaseDeed gives back what was claimed and not begun.
func (s *Store) releaseDeed(ctx context.Context, d Deed, now time.Time) error {
	err := s.tx(ctx, "releasing the effect "+d.Effect.Key, func(ctx context.Context, tx *sql.Tx) error {
		_, err := change(ctx, tx, `UPDATE effects SET held = 0, due_at = $1 WHERE key = $2 AND claim = $3 AND held = 1 AND state = 'wanted'`,
			micros(now), d.Effect.Key, d.claim)
		return err
	})
	poke(s.pokeDeeds)
	return err
}

// Dangling returns the intents from before a time that have no outcome on record,
// the oldest first. There are none unless nobody carries out effects, or somebody
// else than us has written to the trail or the table.
func (s *Store) Dangling(ctx context.Context, before time.Time) ([]Line, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	lines, err := all(ctx, s.ro, scanLine, `SELECT seq, key, at, by_tenant, by_object, case_key, verb, object, result, key_id, mac FROM audit i
		WHERE i.verb = 'effect.intent' AND i.at < $1
			AND NOT EXISTS (SELECT 1 FROM audit o WHERE o.key = substr(i.key, 1, length(i.key) - $2) || 'outcome' AND o.verb = 'effect.outcome')
		ORDER BY i.seq`, micros(before), len(intent))
	if err != nil {
		return nil, fmt.Errorf("looking for intents without an outcome: %w", err)
	}
	return lines, nil
}

func (s *Store) noteDeed(what string, d Deed, err error, now time.Time) {
	s.opts.Observe(Note{At: now, What: what, Effect: d.Effect.Key, Took: now.Sub(d.Since), Error: err})
}

// mayHold reports whether r names somebody as who may be shown its pass. That
// it is time for that as well is for [flows.Leave] to say; this keeps a stranger
// from having any part in it.
func mayHold(r flows.Request, to bot.Person) bool {
	holder := r.HandOver.To
	if r.HandOver.PickUp {
		holder = r.Subject
	}
	return to.Known() && to.Key() == holder.Key()
}

// claimPass claims the pass with key for who presses, if its turn has come.
func (s *Store) claimPass(ctx context.Context, key string, to bot.Person, now time.Time) (d Deed, ok bool, err error) {
	var lost []Deed
	err = s.tx(ctx, "claiming the pass "+key, func(ctx context.Context, tx *sql.Tx) error {
		d, ok = Deed{}, false // it may run more than once
		if lost, err = s.settleLost(ctx, tx, now); err != nil {
			return err
		}
		some, err := all(ctx, tx, scanDeed, `SELECT `+deedColumns+` FROM effects WHERE key = $1 AND kind = $2`, key, string(graph.CreatePass))
		if err != nil || len(some) == 0 {
			return err
		}
		requests, err := all(ctx, tx, scanRequest, `SELECT version, data FROM requests WHERE key = $1`, some[0].Effect.Approval)
		if err != nil || len(requests) == 0 || !mayHold(requests[0], to) {
			return err
		}
		some, err = all(ctx, tx, scanDeed, `UPDATE effects SET due_at = $1, held = 1, claim = claim + 1
			WHERE key = $2 AND state = 'wanted' AND due_at <= $3
				AND NOT EXISTS (SELECT 1 FROM effects b WHERE b.lane = effects.lane
					AND (b.state = 'running' OR b.state = 'wanted' AND b.ready = 1 AND b.turn < effects.turn))
			RETURNING `+deedColumns, micros(now.Add(effectLease)), key, micros(now))
		if err != nil || len(some) == 0 {
			return err
		}
		d, ok = some[0], true
		return nil
	})
	if err != nil {
		return Deed{}, false, err
	}
	s.noteLost(lost, now)
	return d, ok, nil
}
