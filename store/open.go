package store

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/riverqueue/river"
	"go.uber.org/zap"

	"mfahelp/bot"
	"mfahelp/flows"
	"mfahelp/secret"
)

// Options is what a store is made of. Only URL is needed.
type Options struct {
	URL string // "sqlite:<path>", or a "postgres://…" address
	Now func() time.Time
	Log *zap.Logger

	// Admins tells who may read the queue; without it, nobody.
	Admins flows.Admins

	// Apology is what to say when work has failed for good: the answer is
	// recorded with the failure, in one transaction. It may read, and must
	// not be slow. Nothing is said without it, but the failure is on record.
	Apology func(context.Context, Work) flows.Answer

	// Undelivered names the jobs that follow when a post has failed for good,
	// so that somebody hears of it; they are recorded with the failure.
	Undelivered func(p bot.Post, why error) []flows.Job

	// Observe hears what happened, after it was recorded. It must be quick.
	Observe func(Note)

	// Key makes the keys of offers, which must not be guessed.
	Key func() string

	// AuditKey is what the chain through the audit trail is made with, and
	// FormerAuditKeys are those that it was made with before. Who writes to
	// the database must not have them. Without one, the chain tells slips
	// from what was written, and no attacker.
	AuditKey        secret.Text
	FormerAuditKeys []secret.Text

	// Existing opens what is there, of this very release, and neither makes
	// nor changes anything at the start: for who comes to a store on which
	// somebody else runs.
	Existing bool

	// Alone leaves River out: no wake-ups are enqueued and [Store.Run] has
	// no safety net. It is for those who drive the store by a clock of
	// their own.
	Alone bool

	// Unsynced leaves it to the operating system when SQLite's file reaches
	// the disk. A program that dies loses nothing by it; a loss of power may
	// take what was acknowledged, and the file. It is for simulations, and
	// for tests that are not about the disk.
	Unsynced bool
}

// A Note is something that happened, by ids alone.
type Note struct {
	At     time.Time
	What   string        // such as "event.accepted"; see the constants
	Work   string        // the event's or job's id: event/<platform>/<id>, job/<key>
	Case   string        // the case's key, if there is one
	Post   string        // the post's key
	Effect string        // the effect's key
	Took   time.Duration // since it was received, due, or wanted
	Error  error         // of what failed
}

// What notes say.
const (
	EventAccepted  = "event.accepted"
	WorkHandled    = "work.handled"
	WorkConflict   = "work.conflict" // somebody was faster; it is handled again
	WorkRetried    = "work.retried"
	WorkFailed     = "work.failed"
	PostSent       = "post.sent"
	PostRetried    = "post.retried"
	PostFailed     = "post.failed"
	EffectDone     = "effect.done"
	EffectRetried  = "effect.retried"
	EffectFailed   = "effect.failed"   // for good, or its fate is unknown
	EffectDropped  = "effect.dropped"  // not allowed any more
	EffectLost     = "effect.lost"     // nobody came back from a try
	EffectDangling = "effect.dangling" // an intent without an outcome, for too long
	AuditBroken    = "audit.broken"    // somebody has tampered with the trail
)

// Why a call did nothing.
var (
	ErrClosed   = errors.New("the store is closed")
	ErrConflict = errors.New("something was changed meanwhile") // a case, a request, a link, the freeze, or how often somebody did something; the work is to be handled again, at once
	ErrOver     = errors.New("the claim is over")               // somebody else has the work, or it was moved, cancelled, or done
	ErrRunning  = errors.New("another program runs on this store; end that one, or give this one a store of its own")
	ErrRelease  = errors.New("the store is of another release of this program")
	ErrRefused  = errors.New("the answer is not fit to be recorded") // none of it was
)

// A Store keeps everything. It is made by [Open].
type Store struct {
	opts  Options
	log   *zap.Logger
	now   func() time.Time
	db    *sql.DB  // writes, and reads what it is about to change; on SQLite a single connection
	ro    *sql.DB  // reads
	looks sync.Map // of *sql.Stmt by their text; see prepared
	eng   *engine
	wakes *river.Client[*sql.Tx] // nil if Alone
	chain chainKeys

	opened time.Time // no claim of this program's is older

	accepts   chan *acceptance
	keepings  chan *keeping
	closed    chan struct{}
	closeOnce sync.Once
	gathering sync.WaitGroup

	pokeWork, pokePosts, pokeDeeds chan struct{}
}

var (
	_ bot.Inbox      = (*Store)(nil)
	_ bot.Memory     = (*Store)(nil)
	_ flows.Cases    = (*Store)(nil)
	_ flows.Ledger   = (*Store)(nil)
	_ flows.Offers   = (*Store)(nil)
	_ flows.Requests = (*Store)(nil)
)

// callTimeout ends every call that its caller does not end sooner. It is also
// how long somebody may have to wait for the one connection that writes.
const callTimeout = 10 * time.Second

// Open opens the store that o names, makes it if there is none, and brings it
// up to this release.
func Open(ctx context.Context, o Options) (*Store, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = zap.NewNop()
	}
	if o.Key == nil {
		o.Key = rand.Text // 128 bits or more
	}
	if o.Observe == nil {
		o.Observe = func(Note) {}
	}
	eng, err := openEngine(ctx, o)
	if err != nil {
		return nil, err
	}
	s := &Store{
		opts: o, log: o.Log, now: o.Now, eng: eng, db: eng.write, ro: eng.read, chain: newChainKeys(o.AuditKey, o.FormerAuditKeys), opened: o.Now(),
		accepts: make(chan *acceptance), keepings: make(chan *keeping), closed: make(chan struct{}),
		pokeWork: make(chan struct{}, 1), pokePosts: make(chan struct{}, 1), pokeDeeds: make(chan struct{}, 1),
	}
	if err := s.prepare(ctx); err != nil {
		return nil, errors.Join(err, eng.close())
	}
	s.gathering.Go(func() { gather(s, s.accepts, s.keep) })
	s.gathering.Go(func() { gather(s, s.keepings, s.bear) })
	return s, nil
}

func (s *Store) prepare(ctx context.Context) (err error) {
	if s.opts.Existing {
		return s.current(ctx)
	}
	if err := s.migrate(ctx); err != nil {
		return fmt.Errorf("migrating the store: %w", err)
	}
	if err := s.checkKey(ctx); err != nil {
		return err
	}
	if !s.opts.Alone {
		s.wakes, err = river.NewClient(s.eng.river, &river.Config{Logger: s.slog()})
	}
	return err
}

// Close ends the store. What was accepted stays accepted; what is being
// accepted is answered first.
func (s *Store) Close() error {
	err := error(nil)
	s.closeOnce.Do(func() {
		close(s.closed)
		s.gathering.Wait()
		err = s.eng.close()
	})
	return err
}

// Ping reports whether the store can be read and written.
func (s *Store) Ping(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	return errors.Join(s.db.PingContext(ctx), s.ro.PingContext(ctx))
}
