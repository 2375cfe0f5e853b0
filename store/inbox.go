package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"go.uber.org/zap"

	"mfahelp/bot"
)

// maxBatch is how many events go into one transaction at most.
const maxBatch = 500

// An acceptance is an event on its way to the disk, and where its caller waits.
type acceptance struct {
	id, lane, body string
	at             time.Time
	done           chan error // has room for the answer, should nobody wait any more
}

// Accept keeps e. Once it has returned nil, e survives a crash and a loss of
// power; accepting it twice is accepting it once, for as long as [Store.Tidy]
// keeps its id. If it returns an error, e may have been kept nevertheless.
func (s *Store) Accept(ctx context.Context, e bot.Event) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	a, err := s.acceptance(e)
	if err != nil {
		return fmt.Errorf("accepting an event: %w", err)
	}
	err = hand(ctx, s, s.accepts, a, a.done)
	if err != nil && !errors.Is(err, ErrClosed) {
		err = fmt.Errorf("accepting an event: %w", err)
	}
	return err
}

// hand gives x to who gathers, and waits until it is on disk.
func hand[T any](ctx context.Context, s *Store, to chan<- T, x T, done <-chan error) error {
	select {
	case to <- x:
	case <-s.closed:
		return ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (s *Store) acceptance(e bot.Event) (*acceptance, error) {
	id := eventID(e)
	if e.ID == "" || e.In.Platform == "" || !utf8.ValidString(id) || strings.ContainsRune(id, 0) {
		return nil, errors.New("it has no id, or none that can be kept")
	}
	if e.Did == nil {
		return nil, errors.New("nobody did anything")
	}
	body, err := json.Marshal(e)
	if err != nil {
		return nil, err
	}
	return &acceptance{id, storable(lane(e)), string(body), s.now(), make(chan error, 1)}, nil
}

func eventID(e bot.Event) string { return "event/" + e.In.Platform + "/" + e.ID }

// lane is the same for events that must be handled one after another: those of
// one thread, or, where there is none, of one person in one place. Two people
// who speak in the same channel do not wait for each other.
func lane(e bot.Event) string {
	who := "from " + e.From.ID
	switch {
	case e.In.Audience.One():
		who = "with " + e.In.Reader
	case e.In.Thread != "":
		who = "under " + e.In.Thread
	}
	return e.In.Platform + "/" + e.In.ID + "/" + who
}

// storable drops from s what Postgres does not keep in a text.
func storable(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
}

// gather has keep put on disk what comes in, as much at a time as came while the
// disk was busy with what was before. So a batch costs what one costs, and none
// of them waits for company.
func gather[T any](s *Store, in <-chan T, keep func(batch []T)) {
	for {
		select {
		case x := <-in:
			keep(waiting([]T{x}, in))
		case <-s.closed:
			return
		}
	}
}

// waiting is batch with all that waits behind it.
func waiting[T any](batch []T, more <-chan T) []T {
	for len(batch) < maxBatch {
		select {
		case x := <-more:
			batch = append(batch, x)
		default:
			return batch
		}
	}
	return batch
}

// keep answers everybody in batch. If it cannot be kept as a whole, each event
// has its own try, so that one that the engine does not take harms no other.
func (s *Store) keep(batch []*acceptance) {
	fresh, err := s.insert(batch)
	if err != nil && len(batch) > 1 {
		for _, a := range batch {
			s.keep([]*acceptance{a})
		}
		return
	}
	for _, a := range batch {
		a.done <- err
	}
	if err != nil {
		s.log.Error("events not accepted", zap.Error(err))
		return
	}
	s.poke()
	now := s.now()
	for _, a := range batch {
		if fresh[a.id] {
			fresh[a.id] = false // its copies in the batch are not news
			s.opts.Observe(Note{At: now, What: EventAccepted, Work: a.id, Took: now.Sub(a.at)})
		}
	}
}

// insert returns the ids that are new.
func (s *Store) insert(batch []*acceptance) (fresh map[string]bool, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), callTimeout)
	defer cancel()
	err = s.tries(ctx, func(ctx context.Context, tx *sql.Tx) error {
		seq, err := take(ctx, tx, "work", len(batch))
		if err != nil {
			return err
		}
		args := make([]any, 0, len(batch)*7)
		for i, a := range batch {
			at := micros(a.at)
			args = append(args, a.id, seq+int64(i), a.lane, a.body, "due", at, at)
		}
		ids, err := all(ctx, tx, scanOne[string], `INSERT INTO work (id, seq, lane, body, state, due_at, asked_at)
			VALUES `+values(len(batch), 7)+` ON CONFLICT (id) DO NOTHING RETURNING id`, args...)
		if err != nil {
			return err
		}
		fresh = make(map[string]bool, len(ids))
		for _, id := range ids {
			fresh[id] = true
		}
		if len(ids) == 0 {
			return nil
		}
		return s.wakeAt(ctx, tx, s.now())
	})
	return fresh, err
}

// scanOne reads a row of one column.
func scanOne[T any](r *sql.Rows) (t T, err error) {
	err = r.Scan(&t)
	return t, err
}
