package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/riverqueue/river"
	"go.uber.org/zap"

	"mfahelp/bot"
	"mfahelp/flows"
)

// A Runner is who does the work, and where it is said.
type Runner struct {
	Router    Router
	Platforms map[string]bot.Platform // by their names
	Workers   int                     // how many events and jobs at a time; 16 if 0
	Senders   int                     // how many posts at a time; 16 if 0

	Leave   flows.Leave // says of each effect whether it may be carried out
	Changer Changer     // carries out effects; nil if nobody does, and then they wait
	Doers   int         // how many effects at a time, of as many requests; 4 if 0

	Begun func() // called once the store is ours and work has begun; nil if nobody wants to know

	onlyRiver bool // for tests: nobody is poked and no clock is looked at
}

const (
	// grace is how long what was begun may take to end when the program stops.
	grace = 10 * time.Second

	// lookAgain is how long nobody looks for something to do at most. Who
	// commits pokes, and the next due time is known, so this is only for
	// what another replica left behind.
	lookAgain = 5 * time.Second

	// pause is how long to wait after the store itself has failed.
	pause = time.Second

	// danglingFor is how long an effect may be under way before that is an
	// alarm: longer than its lease, so that only what nobody settles is.
	danglingFor   = 2 * effectLease
	danglingEvery = time.Minute

	// tidyEvery is how often [Store.Tidy] is called.
	tidyEvery = time.Hour
)

// Run does what is due as it falls due, until ctx ends. Then it finishes what it
// has begun, for some seconds, and gives back the rest. On SQLite it returns
// [ErrRunning] if another program does the same.
func (s *Store) Run(ctx context.Context, r Runner) error {
	if s.eng.single {
		unlock, err := s.eng.lock(ctx)
		if err != nil {
			return err
		}
		defer unlock()
		if err := s.reclaim(context.WithoutCancel(ctx), s.now()); err != nil {
			return err
		}
	}
	hard, stop := graceful(ctx)
	defer stop()
	pumps := []driven{s.workers(hard, r), s.senders(hard, r)}
	if r.Changer != nil {
		pumps = append(pumps, s.doers(hard, r))
	}
	end, err := s.startRiver(hard, func(job context.Context) error { return s.drain(ctx, job, pumps) })
	if err != nil {
		return fmt.Errorf("starting river: %w", err)
	}
	var wg sync.WaitGroup
	if !r.onlyRiver {
		for _, p := range pumps {
			wg.Go(func() { p.run(ctx) })
		}
	}
	wg.Go(func() { s.tidyHourly(ctx) })
	wg.Go(func() { s.watchIntents(ctx) })
	if r.Begun != nil {
		r.Begun()
	}
	<-ctx.Done()
	wg.Wait()
	return end()
}

// graceful returns a context that ends some time after ctx.
func graceful(ctx context.Context) (context.Context, func()) {
	hard, cancel := context.WithCancel(context.WithoutCancel(ctx))
	after := context.AfterFunc(ctx, func() {
		t := time.AfterFunc(grace, cancel)
		context.AfterFunc(hard, func() { t.Stop() })
	})
	return hard, func() { after(); cancel() }
}

func (s *Store) workers(hard context.Context, r Runner) *pump[Work] {
	return &pump[Work]{
		what: "work", busy: make(chan struct{}, cmp.Or(r.Workers, 16)), store: s, poke: s.pokeWork, due: s.nextWork, claim: s.claimWork,
		do: func(w Work) error { return s.Do(hard, w, r.Router) },
	}
}

func (s *Store) senders(hard context.Context, r Runner) *pump[Delivery] {
	return &pump[Delivery]{
		what: "posts", busy: make(chan struct{}, cmp.Or(r.Senders, 16)), store: s, poke: s.pokePosts, due: s.nextPost, claim: s.claimPosts,
		do: func(d Delivery) error { return s.Deliver(hard, d, r.Platforms) },
	}
}

func (s *Store) doers(hard context.Context, r Runner) *pump[Deed] {
	return &pump[Deed]{
		what: "effects", busy: make(chan struct{}, cmp.Or(r.Doers, 4)), store: s, poke: s.pokeDeeds, due: s.nextEffect, claim: s.claimEffects,
		do: func(d Deed) error { return s.Perform(hard, d, r.Leave, r.Changer) },
	}
}

// Driven is a pump, of whatever.
type driven interface {
	run(ctx context.Context)
	one(ctx, job context.Context) (bool, error)
}

// A pump claims as much as it has hands for, and lets each hand do one thing.
type pump[T any] struct {
	what  string
	busy  chan struct{} // has room for one token of each hand
	store *Store
	poke  <-chan struct{}
	due   func(context.Context) (time.Time, bool, error)
	claim func(context.Context, time.Time, int) ([]T, error)
	do    func(T) error
}

// run returns when ctx has ended and every hand is empty.
func (p *pump[T]) run(ctx context.Context) {
	var hands sync.WaitGroup
	defer hands.Wait()
	for {
		free := p.free(ctx)
		if free == 0 {
			return
		}
		some, err := p.claim(ctx, p.store.now(), free)
		if err != nil && ctx.Err() == nil {
			p.store.log.Error("nothing claimed", zap.String("what", p.what), zap.Error(err))
		}
		for range free - len(some) {
			<-p.busy
		}
		for _, t := range some {
			hands.Go(func() { p.hand(t) })
		}
		if len(some) < free && !p.wait(ctx, err) {
			return
		}
	}
}

// hand does t and is free again.
func (p *pump[T]) hand(t T) {
	defer func() { <-p.busy }()
	if err := p.do(t); err != nil {
		p.store.log.Error("not recorded, so it will be done again", zap.String("what", p.what), zap.Error(err))
	}
}

// free takes every hand that is free, and waits for one if none is. It returns
// 0 when ctx has ended.
func (p *pump[T]) free(ctx context.Context) (n int) {
	if !p.take(ctx) {
		return 0
	}
	for n = 1; n < cap(p.busy); n++ {
		select {
		case p.busy <- struct{}{}:
		default:
			return n
		}
	}
	return n
}

func (p *pump[T]) take(ctx context.Context) bool {
	select {
	case p.busy <- struct{}{}:
		if ctx.Err() == nil {
			return true
		}
		<-p.busy // both came true, and nothing is begun any more
	case <-ctx.Done():
	}
	return false
}

// one does one thing that is due, with a hand that is free, and reports whether
// there was one. After the end of ctx it begins nothing, although job, which it
// ends as well, may not have heard of it yet.
func (p *pump[T]) one(ctx, job context.Context) (bool, error) {
	if !p.take(job) {
		return false, nil
	}
	if ctx.Err() != nil {
		<-p.busy
		return false, nil
	}
	some, err := p.claim(job, p.store.now(), 1)
	if len(some) == 0 {
		<-p.busy
		return false, err
	}
	p.hand(some[0])
	return true, nil
}

// wait returns true when it is time to look again, and false if ctx has ended.
func (p *pump[T]) wait(ctx context.Context, failed error) bool {
	t := time.NewTimer(p.until(ctx, failed))
	defer t.Stop()
	select {
	case <-p.poke:
	case <-t.C:
	case <-ctx.Done():
		return false
	}
	return true
}

func (p *pump[T]) until(ctx context.Context, failed error) time.Duration {
	at, ok, err := p.due(ctx)
	if err != nil || failed != nil {
		return pause
	}
	if !ok {
		return lookAgain
	}
	return min(max(at.Sub(p.store.now()), ms(5)), lookAgain)
}

// startRiver starts the safety net and returns what ends it.
func (s *Store) startRiver(ctx context.Context, woken func(context.Context) error) (end func() error, err error) {
	if s.wakes == nil {
		return func() error { return nil }, nil
	}
	workers := river.NewWorkers()
	river.AddWorker(workers, river.WorkFunc(func(ctx context.Context, _ *river.Job[wake]) error { return woken(ctx) }))
	client, err := river.NewClient(s.eng.river, &river.Config{
		Queues:  map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: 2}},
		Workers: workers,
		Logger:  s.slog(),

		// It is polled once a second and told of nothing by SQLite: there
		// that would be a look every 50 ms for what is done by then.
		PollOnly: s.eng.single, FetchPollInterval: time.Second,

		// The default leaves what a dead replica had for an hour.
		JobTimeout: time.Minute, RescueStuckJobsAfter: 2 * time.Minute,

		CompletedJobRetentionPeriod: 10 * time.Minute,
		DiscardedJobRetentionPeriod: -1, // there is none; if there were, somebody should see it
	})
	if err != nil {
		return nil, err
	}
	if err := client.Start(ctx); err != nil {
		return nil, err
	}
	return func() error {
		stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
		defer cancel()
		if err := client.Stop(stopping); err != nil && !errors.Is(err, context.DeadlineExceeded) {
			return fmt.Errorf("stopping river: %w", err)
		}
		return nil
	}, nil
}

// drain does all that is due, until ctx or the job that River gave for it ends.
// If the workers of this process have been here, there is nothing left, and it
// looks without disturbing those who write.
func (s *Store) drain(ctx, job context.Context, pumps []driven) error {
	job, cancel := context.WithCancel(job)
	defer cancel()
	defer context.AfterFunc(ctx, cancel)()
	for job.Err() == nil {
		at, ok, err := s.NextDue(job)
		if err != nil || !ok || at.After(s.now()) {
			return ignoreEnd(job, err)
		}
		did := false
		for _, p := range pumps {
			if did, err = p.one(ctx, job); did || err != nil {
				break
			}
		}
		if err != nil || !did {
			return ignoreEnd(job, err)
		}
	}
	return nil
}

// ignoreEnd drops an error that came of the end of ctx.
func ignoreEnd(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// watchIntents raises an alarm for each intent that has no outcome after a while.
func (s *Store) watchIntents(ctx context.Context) {
	t := time.NewTicker(danglingEvery)
	defer t.Stop()
	known := map[int64]bool{}
	for {
		if err := s.alarm(ctx, known, s.now()); err != nil && ctx.Err() == nil {
			s.log.Error("intents not looked at", zap.Error(err))
		}
		select {
		case <-t.C:
		case <-ctx.Done():
			return
		}
	}
}

// alarm tells of what dangles and is not known yet.
func (s *Store) alarm(ctx context.Context, known map[int64]bool, now time.Time) error {
	lines, err := s.Dangling(ctx, now.Add(-danglingFor))
	for _, l := range lines {
		if known[l.Seq] {
			continue
		}
		known[l.Seq] = true
		s.log.Error("an effect was begun, and nobody knows what came of it", zap.Int64("audit", l.Seq), zap.String("entry", l.Key), zap.Time("at", l.At))
		s.opts.Observe(Note{At: now, What: EffectDangling, Case: l.Case, Effect: l.Key, Took: now.Sub(l.At)})
	}
	return err
}

func (s *Store) tidyHourly(ctx context.Context) {
	t := time.NewTicker(tidyEvery)
	defer t.Stop()
	for {
		if err := s.Tidy(ctx, s.now()); err != nil && ctx.Err() == nil {
			s.log.Error("not tidied", zap.Error(err))
		}
		select {
		case <-t.C:
		case <-ctx.Done():
			return
		}
	}
}
