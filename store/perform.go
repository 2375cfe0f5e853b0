package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.uber.org/zap"

	"mfahelp/bot"
	"mfahelp/flows"
	"mfahelp/graph"
	"mfahelp/secret"
)

// A Changer carries out changes: the live tenant's Graph.
type Changer interface {
	// Change does c, with one request that changes something. What went wrong
	// is a [*graph.Error], and with [graph.ErrUnknownFate] perhaps it was done.
	Change(ctx context.Context, c graph.Change) (graph.Changed, error)
}

// Perform carries out d, if leave lets it, and records what came of it. Its
// error is that of the store; when the claim is over there is none.
//
// The intent is on record, and the effect marked as running, in one transaction
// before anything is done. It fails if the request is any other than the one
// that leave has seen, or resets are stopped, by then: so a denial that is
// committed before it wins, and one that comes after it ends what is still to
// come. If the intent cannot be written, nothing is done. The outcome, and the
// job that hears of it, are in another transaction after that. Who dies between
// the two leaves an effect that is running; see [Store.NextEffect].
func (s *Store) Perform(ctx context.Context, d Deed, leave flows.Leave, c Changer) error {
	_, _, err := s.perform(ctx, d, bot.Person{}, leave, c)
	return err
}

// Reveal carries out the effect with key, which makes a pass, and returns the
// pass, for whoever presses at this moment. It does so at most once: a pass of
// which nobody knows whether it was made or seen is never shown, and the flow
// has it deleted. False means that there is nothing to show; [Store.Outcomes]
// tells why. The pass is in memory only, and written nowhere.
func (s *Store) Reveal(ctx context.Context, key string, to bot.Person, leave flows.Leave, c Changer) (secret.Text, bool, error) {
	d, ok, err := s.claimPass(ctx, key, to, s.now())
	if err != nil || !ok {
		return secret.Text{}, false, err
	}
	// Who presses may go away meanwhile. What was begun then ends all the
	// same, so that it is known what became of it.
	made, done, err := s.perform(context.WithoutCancel(ctx), d, to, leave, c)
	if err != nil || !done || made.Pass.Reveal() == "" {
		return secret.Text{}, false, err
	}
	return made.Pass, true, nil
}

// perform does d, for somebody if it is a pass, and reports whether it is done
// and on record.
func (s *Store) perform(ctx context.Context, d Deed, to bot.Person, leave flows.Leave, c Changer) (made graph.Changed, done bool, err error) {
	last := context.WithoutCancel(ctx) // what is done is recorded, and what is not is given back
	r, why, err := s.mayBegin(ctx, d, to, leave)
	switch {
	case ctx.Err() != nil, errors.Is(err, errNotNow):
		return made, false, s.releaseDeed(last, d, s.now())
	case err != nil:
		return made, false, s.cannotTell(last, d, err, s.now())
	case why != "":
		return made, false, s.refuse(last, d, why, to, s.now())
	}
	switch err := s.begin(last, d, r, to, s.now()); {
	case errors.Is(err, errNotNow):
		return made, false, s.releaseDeed(last, d, s.now())
	case err != nil:
		return made, false, err
	}
	d.Tries++
	made, failure := s.carryOut(ctx, d, c)
	if errors.Is(failure, graph.ErrDefault) && !s.othersGo(last, d) {
		d.defaults = mostDefaults
	}
	f := fateOf(d, made, failure, s.now())
	if err := s.finish(last, d, f, sayable(failure), to, s.now()); err != nil {
		return graph.Changed{}, false, err
	}
	return made, f.state == flows.EffectDone, nil
}

// mayBegin asks whether d may be done, and returns the request that this is
// true of. A reason, if there is one, is why it never may; errNotNow says that
// it may not at this moment.
func (s *Store) mayBegin(ctx context.Context, d Deed, to bot.Person, leave flows.Leave) (r flows.Request, why string, err error) {
	if d.Effect.Harmless() {
		return r, "", nil
	}
	r, err = s.Request(ctx, d.Effect.Approval)
	switch {
	case errors.Is(err, flows.ErrNoRequest):
		return r, "request.none", nil
	case err != nil:
		return r, "", err
	case !sameAccount(d.Effect, r):
		return r, "request.subject", nil
	case r.State.Open() && !r.State.Lets(d.Effect.Kind):
		return r, "", errNotNow // but perhaps again
	case !lets(r, d.Effect.Change):
		return r, stopped(r, d.Effect.Kind), nil
	}
	ctx, cancel := context.WithTimeout(ctx, leaveTimeout)
	defer cancel()
	defer func() {
		if p := recover(); p != nil {
			err = panicked(p)
			s.log.Error("who gives leave panicked", zap.String("effect", d.Effect.Key), zap.Error(err), zap.Stack("stack"))
		}
	}()
	reason, err := leave.Leave(ctx, r, d.Effect, to)
	return r, reason.Key, err
}

// stopped is why r does not let a change: it is over, or its plan is another.
func stopped(r flows.Request, k graph.ChangeKind) string {
	if r.State.Lets(k) {
		return "request.plan"
	}
	return "request." + string(r.State)
}

// errNotNow says that something came before the beginning of an effect: the
// request has changed, resets were stopped, another effect of the request is
// being done, or the claim is over.
var errNotNow = errors.New("not now")

// begin writes the intent and marks d as running, if nothing came before it.
// Who changes the request, or the freeze, waits for that, or has been first.
func (s *Store) begin(ctx context.Context, d Deed, r flows.Request, to bot.Person, now time.Time) error {
	return s.tx(ctx, "beginning the effect "+d.Effect.Key, func(ctx context.Context, tx *sql.Tx) error {
		if !d.Effect.Harmless() {
			if err := one(ctx, tx, errNotNow, `UPDATE requests SET begun = begun + 1 WHERE key = $1 AND version = $2`, r.Key, r.Version); err != nil {
				return err
			}
		}
		if !anyway(r, d.Effect) {
			if err := one(ctx, tx, errNotNow, `UPDATE freezes SET begun = begun + 1 WHERE is_on = 0`); err != nil {
				return err
			}
		}
		err := one(ctx, tx, errNotNow, `UPDATE effects SET state = 'running', tries = tries + 1, held = 1, due_at = $1, changed_at = $2
			WHERE key = $3 AND claim = $4 AND state = 'wanted'
				AND NOT EXISTS (SELECT 1 FROM effects b WHERE b.lane = effects.lane AND b.state = 'running')`,
			micros(now.Add(effectLease)), micros(now), d.Effect.Key, d.claim)
		if err != nil {
			return err
		}
		return s.act(ctx, tx, d, d.Tries+1, intent, "begun", to.Identity, now)
	})
}

// othersGo reports whether other methods go for the same request: the default can
// be deleted after them, or some seconds later, since Graph keeps copies. Without
// them no waiting helps. What cannot be read is tried again.
func (s *Store) othersGo(ctx context.Context, d Deed) bool {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	lane, err := all(ctx, s.ro, scanEffect, `SELECT key, data FROM effects WHERE lane = $1 AND kind = $2`, effectLane(d.Effect), string(graph.DeleteMethod))
	return err != nil || slices.ContainsFunc(lane, func(e flows.Effect) bool { return e.Object != d.Effect.Object })
}

// carryOut does it, and makes an error of a panic.
func (s *Store) carryOut(ctx context.Context, d Deed, c Changer) (made graph.Changed, err error) {
	ctx, cancel := context.WithTimeout(ctx, changeTimeout)
	defer cancel()
	defer func() {
		if p := recover(); p != nil {
			made, err = graph.Changed{}, panicked(p)
			s.log.Error("a change panicked", zap.String("effect", d.Effect.Key), zap.Error(err), zap.Stack("stack"))
		}
	}()
	return c.Change(ctx, d.Effect.Change)
}

// finish records what came of d. If the lease ended meanwhile, somebody else has
// settled it; what is known better now is still put on record.
func (s *Store) finish(ctx context.Context, d Deed, f fate, why error, to bot.Person, now time.Time) error {
	err := s.tx(ctx, "settling the effect "+d.Effect.Key, func(ctx context.Context, tx *sql.Tx) error {
		return s.settleDeed(ctx, tx, d, f, to.Identity, now)
	})
	if errors.Is(err, ErrOver) {
		s.log.Error("what came of an effect is known too late", zap.String("effect", d.Effect.Key), zap.String("state", string(f.state)), zap.Error(why))
		return errors.Join(err, s.tx(ctx, "settling the effect "+d.Effect.Key, func(ctx context.Context, tx *sql.Tx) error {
			return s.act(ctx, tx, d, d.Tries, "late", f.said(), to.Identity, now)
		}))
	}
	if err != nil {
		return err
	}
	s.pokeAll()
	s.noteFate(d, f, why, now)
	return nil
}

// noteFate tells operators of what came of d.
func (s *Store) noteFate(d Deed, f fate, why error, now time.Time) {
	fields := []zap.Field{zap.String("effect", d.Effect.Key), zap.String("kind", string(d.Effect.Kind)), zap.Int("try", d.Tries), zap.String("reason", f.reason), zap.Error(why)}
	switch f.state {
	case flows.EffectDone:
		s.noteDeed(EffectDone, d, nil, now)
	case flows.EffectWanted:
		s.log.Warn("an effect was not carried out, and will be tried again", fields...)
		s.noteDeed(EffectRetried, d, why, now)
	case flows.EffectFailed, flows.EffectUnknown:
		log := s.log.Error
		if errors.Is(why, graph.ErrDefault) { // which the plan foretold: admins have to do something in the portal, and read so
			log = s.log.Warn
		}
		log("an effect was not carried out", append(fields, zap.String("state", string(f.state)))...)
		s.noteDeed(EffectFailed, d, why, now)
	case flows.EffectDropped:
		s.log.Warn("an effect is not allowed any more", fields...)
		s.noteDeed(EffectDropped, d, why, now)
	case flows.EffectRunning: // is no fate
	}
}

// cannotTell has leave asked again after a while, for as long as an effect may
// wait. Nothing was begun, so there is nothing to put on record.
func (s *Store) cannotTell(ctx context.Context, d Deed, why error, now time.Time) error {
	if now.Sub(d.Since) >= effectFor {
		return s.refuse(ctx, d, "leave.unknown", bot.Person{}, now)
	}
	at, failures := now.Add(effectWait(d, why)), d.failures+1
	if later, ok := errors.AsType[*graph.Later](why); ok { // no failure: it is told when there is an answer
		at, failures = later.At, d.failures
		if soonest := now.Add(effectWaits[0]); at.Before(soonest) {
			at = soonest
		}
	}
	err := s.tx(ctx, "waiting with the effect "+d.Effect.Key, func(ctx context.Context, tx *sql.Tx) error {
		_, err := change(ctx, tx, `UPDATE effects SET held = 0, due_at = $1, failures = $2, reason = $3
			WHERE key = $4 AND claim = $5 AND held = 1 AND state = 'wanted'`, notBefore(at), failures, reasonOf(why), d.Effect.Key, d.claim)
		if err != nil {
			return err
		}
		return s.wakeAt(ctx, tx, at)
	})
	if err != nil {
		return err
	}
	poke(s.pokeDeeds)
	s.noteFate(d, fate{state: flows.EffectWanted, reason: reasonOf(why)}, sayable(why), now)
	return nil
}

// refuse ends what may not be done any more. If a try before may have been
// carried out, it cannot be said that it was not.
func (s *Store) refuse(ctx context.Context, d Deed, why string, to bot.Person, now time.Time) error {
	f := fate{state: flows.EffectDropped, reason: why}
	if d.unsure {
		f.state = flows.EffectUnknown
	}
	err := s.tx(ctx, "dropping the effect "+d.Effect.Key, func(ctx context.Context, tx *sql.Tx) error {
		err := one(ctx, tx, ErrOver, `UPDATE effects SET state = $1, reason = $2, held = 0, changed_at = $3
			WHERE key = $4 AND claim = $5 AND held = 1 AND state = 'wanted'`, string(f.state), why, micros(now), d.Effect.Key, d.claim)
		if err != nil {
			return err
		}
		caseKey, err := caseOf(ctx, tx, d.Effect)
		if err != nil {
			return err
		}
		err = s.recordAudit(ctx, tx, flows.Answer{Audit: []flows.Entry{{
			Key: "effect/" + d.Effect.Key + "/dropped", At: now, By: to.Identity, Case: caseKey, Verb: "effect.dropped", Object: objectOf(d.Effect), Result: why,
		}}}, now)
		if err != nil {
			return err
		}
		return s.tell(ctx, tx, d, f, now)
	})
	if errors.Is(err, ErrOver) {
		return nil
	}
	if err != nil {
		return err
	}
	s.pokeAll()
	s.noteFate(d, f, nil, now)
	return nil
}

const (
	// effectFor is how long an effect is tried, or leave for it asked, that
	// cannot be had. A request has mostly expired long before.
	effectFor = 24 * time.Hour

	// mostDefaults is how often the other methods may go first.
	mostDefaults = 4
)

// effectWaits are how long to wait after each failure, and the last of them from
// then on.
var effectWaits = []time.Duration{
	time.Second, 2 * time.Second, 5 * time.Second, 15 * time.Second, 30 * time.Second, time.Minute, 2 * time.Minute, 5 * time.Minute,
}

func effectWait(d Deed, err error) time.Duration {
	wait := effectWaits[min(d.failures, len(effectWaits)-1)]
	if g, ok := errors.AsType[*graph.Error](err); ok {
		wait = max(wait, g.After)
	}
	return wait
}

// fateOf is what becomes of d after a try that ended with err.
func fateOf(d Deed, made graph.Changed, err error, now time.Time) fate {
	if err == nil || gone(d, err) {
		f := fate{state: flows.EffectDone, object: made.ID, until: made.Until}
		if made.Gone || err != nil {
			f.result = "done: it was gone already"
		}
		return f
	}
	f := fate{reason: reasonOf(err), unsure: d.unsure || perhaps(err), failures: d.failures, defaults: d.defaults}
	switch {
	case perhaps(err) && !d.Effect.Repeatable():
		f.state = flows.EffectUnknown
	case errors.Is(err, graph.ErrDefault) && d.defaults < mostDefaults:
		f.state, f.defaults, f.last = flows.EffectWanted, d.defaults+1, true
		f.due = now.Add(effectWaits[min(d.defaults+1, len(effectWaits)-1)])
	case mayHelp(d, err) && now.Sub(d.Since) < effectFor:
		f.state, f.failures, f.due = flows.EffectWanted, d.failures+1, now.Add(effectWait(d, err))
	case f.unsure:
		f.state = flows.EffectUnknown
	default:
		f.state = flows.EffectFailed
	}
	if f.state == flows.EffectWanted {
		f.result = "later: " + f.reason
	}
	return f
}

// gone reports whether what was to be deleted is not there, which is what was
// wanted, whoever did it.
func gone(d Deed, err error) bool {
	return errors.Is(err, graph.ErrNotFound) && (d.Effect.Kind == graph.DeleteMethod || d.Effect.Kind == graph.DeletePass)
}

// perhaps reports whether a change may have been carried out although it failed.
// Of what Graph did not say itself, nobody knows.
func perhaps(err error) bool {
	var g *graph.Error
	return !errors.As(err, &g) || errors.Is(err, graph.ErrUnknownFate)
}

// mayHelp reports whether waiting may: where Graph says so, and a few times
// where nobody knows, if it may be done again at all.
func mayHelp(d Deed, err error) bool {
	var g *graph.Error
	if errors.As(err, &g) && g.Temporary() {
		return true
	}
	return perhaps(err) && d.failures < len(effectWaits)
}

// sayable is err as a log may have it. An error of Graph's has nothing of what
// somebody wrote, by its type; of any other it is only told what it is.
func sayable(err error) error {
	var g *graph.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &g):
		return g
	}
	return errors.New(reasonOf(err))
}

// reasonOf is what kind of an error it was, without anything of what somebody
// wrote: that could be in an error that is not ours.
func reasonOf(err error) string {
	var g *graph.Error
	var later *graph.Later
	switch {
	case errors.As(err, &g):
		return storable(strings.TrimSpace(g.Reason.Error() + " " + g.Permission))
	case errors.As(err, &later):
		return string(later.Why)
	case errors.Is(err, context.DeadlineExceeded):
		return "no answer in time"
	case errors.Is(err, context.Canceled):
		return "stopped"
	}
	return fmt.Sprintf("an error of type %T", err)
}
