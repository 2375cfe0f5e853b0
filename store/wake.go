package store

import (
	"context"
	"database/sql"
	"log/slog"
	"slices"
	"time"

	"github.com/riverqueue/river"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// A wake is River's word that something is due. It says nothing about what:
// who is woken looks, and finding nothing is the rule, since the workers of
// this process were poked the moment it was committed.
type wake struct{}

// Kind is the name under which River keeps it.
func (wake) Kind() string { return "wake" }

// wakeAt enqueues one wake-up for each of the times, in the transaction that
// makes something due then.
func (s *Store) wakeAt(ctx context.Context, tx *sql.Tx, times ...time.Time) error {
	if s.wakes == nil || len(times) == 0 {
		return nil
	}
	slices.SortFunc(times, time.Time.Compare)
	times = slices.CompactFunc(times, time.Time.Equal)
	jobs := make([]river.InsertManyParams, len(times))
	for i, t := range times {
		jobs[i] = river.InsertManyParams{Args: wake{}, InsertOpts: &river.InsertOpts{MaxAttempts: 1000}}
		if t.After(s.now()) { // what is due is not scheduled: River looks for that only every few seconds
			jobs[i].InsertOpts.ScheduledAt = t
		}
	}
	_, err := s.wakes.InsertManyFastTx(ctx, tx, jobs)
	return err
}

// poke tells those in this process who do work and send posts to look now. Those
// who carry out effects are told only when there may be some, which is rare.
func (s *Store) poke() {
	poke(s.pokeWork)
	poke(s.pokePosts)
}

func (s *Store) pokeAll() {
	s.poke()
	poke(s.pokeDeeds)
}

func poke(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default: // they have been told, and have not looked yet
	}
}

// slog is our log for those who write to a slog one. What is not a warning is
// left out: River tells of every tick.
func (s *Store) slog() *slog.Logger { return slog.New(slogToZap{s.log.Named("river")}) }

type slogToZap struct{ log *zap.Logger }

func (z slogToZap) Enabled(_ context.Context, l slog.Level) bool { return l >= slog.LevelWarn }

func (z slogToZap) Handle(_ context.Context, r slog.Record) error {
	level := zapcore.WarnLevel
	if r.Level >= slog.LevelError {
		level = zapcore.ErrorLevel
	}
	var fields []zap.Field
	r.Attrs(func(a slog.Attr) bool {
		fields = append(fields, zap.String(a.Key, a.Value.String()))
		return true
	})
	z.log.Log(level, r.Message, fields...)
	return nil
}

func (z slogToZap) WithAttrs(attrs []slog.Attr) slog.Handler {
	for _, a := range attrs {
		z.log = z.log.With(zap.String(a.Key, a.Value.String()))
	}
	return z
}

func (z slogToZap) WithGroup(name string) slog.Handler { return slogToZap{z.log.Named(name)} }
