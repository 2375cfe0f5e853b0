package store

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"time"

	"go.uber.org/zap"

	"mfahelp/bot"
	"mfahelp/flows"
)

// A Router answers events and does jobs; see [flows.Router].
type Router interface {
	Event(ctx context.Context, e bot.Event) (flows.Answer, error)
	Job(ctx context.Context, j flows.Job) (flows.Answer, error)
}

// mostConflicts is how often work is handled again at once because somebody was
// faster, before that counts as a failure.
const mostConflicts = 20

// Do has w handled by r and records what came of it: the answer, or that it
// failed. Its error is that of the store; when the claim is over there is
// nothing to record, and no error. If ctx ends, w is given back as it was.
func (s *Store) Do(ctx context.Context, w Work, r Router) error {
	why := s.attempt(ctx, w, r)
	last := context.WithoutCancel(ctx) // what is done is recorded, and what is not is given back
	switch {
	case why == nil || errors.Is(why, ErrOver):
		return nil
	case ctx.Err() != nil:
		return s.release(last, w, s.now())
	}
	_, err := s.Fail(last, w, why, s.now())
	if errors.Is(err, ErrOver) {
		return nil
	}
	return err
}

// attempt handles w until nobody is faster.
func (s *Store) attempt(ctx context.Context, w Work, r Router) error {
	if w.Begun > mostBegun {
		return fmt.Errorf("begun %d times and never ended", w.Begun-1)
	}
	var err error
	for range mostConflicts {
		var a flows.Answer
		if a, err = answer(ctx, w, r, s.log); err != nil {
			return err
		}
		now := s.now()
		if err = s.Commit(context.WithoutCancel(ctx), w, a, now); !errors.Is(err, ErrConflict) {
			if err == nil {
				s.noteWork(WorkHandled, w, nil, now)
			}
			return err
		}
		s.noteWork(WorkConflict, w, nil, now)
	}
	return err
}

// answer asks the flow, and makes an error of a panic.
func answer(ctx context.Context, w Work, r Router, log *zap.Logger) (a flows.Answer, err error) {
	ctx, cancel := context.WithTimeout(ctx, flowTimeout)
	defer cancel()
	defer func() {
		if p := recover(); p != nil {
			err = panicked(p)
			log.Error("a flow panicked", zap.String("work", w.ID), zap.Error(err), zap.Stack("stack"))
		}
	}()
	if w.Job != nil {
		return r.Job(ctx, *w.Job)
	}
	return r.Event(ctx, *w.Event)
}

// panicked tells what Go says of a panic, and of any other only the type: what
// somebody panicked with may be what somebody wrote.
func panicked(p any) error {
	if err, ok := p.(runtime.Error); ok {
		return fmt.Errorf("a panic: %w", err)
	}
	return fmt.Errorf("a panic with a %T", p)
}

// Deliver sends d to the platform that it is for, and settles it. If ctx ends
// before it was sent, it is given back as it was.
func (s *Store) Deliver(ctx context.Context, d Delivery, platforms map[string]bot.Platform) error {
	ref, sent := send(ctx, d, platforms, s.log)
	last := context.WithoutCancel(ctx)
	if sent != nil && ctx.Err() != nil {
		return s.releasePost(last, d, s.now())
	}
	if err := s.Settle(last, d, ref, sent, s.now()); !errors.Is(err, ErrOver) {
		return err
	}
	return nil
}

func send(ctx context.Context, d Delivery, platforms map[string]bot.Platform, log *zap.Logger) (ref string, err error) {
	p, ok := platforms[d.Post.To.Platform]
	if !ok {
		return "", fmt.Errorf("no platform is called %q", d.Post.To.Platform)
	}
	ctx, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	defer func() {
		if r := recover(); r != nil {
			err = panicked(r)
			log.Error("a platform panicked", zap.String("post", d.Post.Key), zap.Error(err), zap.Stack("stack"))
		}
	}()
	return p.Send(ctx, d.Post, d.Ref)
}

// Step does one thing that is due, work before posts before effects, and reports
// whether there was one. Whoever drives the store by their own clock calls it
// until there is not, and then again at [Store.NextDue]. It looks before it
// claims: mostly there is nothing, and a look is far cheaper than a claim.
func (s *Store) Step(ctx context.Context, r Runner) (bool, error) {
	if due, err := s.isDue(ctx, s.nextWork); err != nil {
		return false, err
	} else if due {
		if w, ok, err := s.Next(ctx, s.now()); err != nil || ok {
			return ok, ifOK(err, func() error { return s.Do(ctx, w, r.Router) })
		}
	}
	if due, err := s.isDue(ctx, s.nextPost); err != nil {
		return false, err
	} else if due {
		if d, ok, err := s.NextPost(ctx, s.now()); err != nil || ok {
			return ok, ifOK(err, func() error { return s.Deliver(ctx, d, r.Platforms) })
		}
	}
	if r.Changer == nil {
		return false, nil
	}
	d, ok, err := s.NextEffect(ctx, s.now())
	if err != nil || !ok {
		return false, err
	}
	return true, s.Perform(ctx, d, r.Leave, r.Changer)
}

// isDue reports whether there is something to claim by now.
func (s *Store) isDue(ctx context.Context, next func(context.Context) (time.Time, bool, error)) (bool, error) {
	at, ok, err := next(ctx)
	return ok && !at.After(s.now()), err
}

// ifOK is err, or if there is none, what f returns.
func ifOK(err error, f func() error) error {
	if err != nil {
		return err
	}
	return f()
}
