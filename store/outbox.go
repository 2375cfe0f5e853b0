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
)

// A Delivery is a post to be sent, claimed for its lease.
type Delivery struct {
	Post  bot.Post  // with the thread that it goes in, and a reply only while that lasts
	Ref   string    // of the message that it replaces; "" if there is none yet
	Rev   int       // which of the messages under its key it is
	Since time.Time // when it was wanted

	caseKey  string
	claim    int64
	moves    int
	failures int
}

const (
	// postLease is how long whoever claimed a post has it to themselves.
	postLease = 40 * time.Second

	// sendTimeout ends a platform that does not answer.
	sendTimeout = 15 * time.Second
)

// sendable is the condition that the row p can be seen where it belongs: the
// post that it hangs from is there, or will never be, and nothing that was
// wanted before it in its place is still to come. Replacing what is there
// changes no order.
const sendable = `p.state = 'pending'
	AND (p.under = '' OR EXISTS (SELECT 1 FROM posts u WHERE u.key = p.under AND (u.sent_rev > 0 OR u.state = 'failed')))
	AND (p.sent_rev > 0 OR NOT EXISTS (SELECT 1 FROM posts b WHERE b.lane = p.lane AND b.state = 'pending' AND b.sent_rev = 0 AND b.seq < p.seq))`

// NextPost claims the next post that is not as it is wanted, if it is due.
func (s *Store) NextPost(ctx context.Context, now time.Time) (Delivery, bool, error) {
	some, err := s.claimPosts(ctx, now, 1)
	if err != nil || len(some) == 0 {
		return Delivery{}, false, err
	}
	return some[0], true, nil
}

// claimPosts is NextPost for up to n at once.
func (s *Store) claimPosts(ctx context.Context, now time.Time, n int) (some []Delivery, err error) {
	var broken []postRow
	err = s.tx(ctx, "claiming posts", func(ctx context.Context, tx *sql.Tx) error {
		rows, err := all(ctx, tx, func(r *sql.Rows) (postRow, error) { return scanPost(r, now) }, `
			UPDATE posts SET due_at = $1, held = 1, claim = claim + 1
			WHERE key IN (SELECT p.key FROM posts p WHERE p.due_at <= $2 AND `+sendable+` ORDER BY p.due_at, p.seq LIMIT $3)
				AND state = 'pending' AND due_at <= $4
			RETURNING key, seq, case_key, place, under, message, reply, ref, moves, wanted_rev, claim, failures, asked_at`,
			micros(now.Add(postLease)), micros(now), n, micros(now))
		if err != nil {
			return err
		}
		some, broken = nil, nil
		slices.SortFunc(rows, func(a, b postRow) int { return cmp.Compare(a.seq, b.seq) })
		for _, r := range rows {
			if r.broken {
				broken = append(broken, r)
				continue
			}
			if err := hang(ctx, tx, &r.Delivery); err != nil {
				return err
			}
			some = append(some, r.Delivery)
		}
		return nil
	})
	for _, r := range broken {
		s.log.Error("a stored post cannot be read", zap.String("post", r.Post.Key))
		err = errors.Join(err, s.postFailed(ctx, r.Delivery, errUnreadable, now))
	}
	if err == nil && len(some) == 0 && len(broken) > 0 {
		return s.claimPosts(ctx, now, n) // there may be some behind it
	}
	return some, err
}

// A postRow is a row of the table, of which the message may be broken.
type postRow struct {
	Delivery
	seq    int64
	broken bool
}

func scanPost(r *sql.Rows, now time.Time) (p postRow, err error) {
	var place, message, reply []byte
	var asked int64
	err = r.Scan(&p.Post.Key, &p.seq, &p.caseKey, &place, &p.Post.Under, &message, &reply, &p.Ref, &p.moves, &p.Rev, &p.claim, &p.failures, &asked)
	if err != nil {
		return p, err
	}
	p.Since = moment(asked)
	p.Post.Again = p.claim > 1 && p.Ref == ""
	p.broken = json.Unmarshal(place, &p.Post.To) != nil || json.Unmarshal(message, &p.Post.Message) != nil ||
		len(reply) > 0 && json.Unmarshal(reply, &p.Post.Reply) != nil
	if until := p.Post.Reply.Until; !until.IsZero() && !now.Before(until) {
		p.Post.Reply = bot.Reply{} // its token is worth nothing any more; To still says for whom
	}
	return p, nil
}

// hang says which thread d goes in, if it hangs from another post.
func hang(ctx context.Context, tx *sql.Tx, d *Delivery) error {
	if d.Post.Under == "" {
		return nil
	}
	var ref string
	if err := tx.QueryRowContext(ctx, `SELECT ref FROM posts WHERE key = $1`, d.Post.Under).Scan(&ref); err != nil {
		return err
	}
	if ref != "" {
		d.Post.To.Thread = ref
	}
	return nil
}

func (s *Store) nextPost(ctx context.Context) (time.Time, bool, error) {
	return s.earliest(ctx, `SELECT p.due_at FROM posts p WHERE `+sendable+` ORDER BY p.due_at LIMIT 1`)
}

// Settle records how sending d went. ref is the platform's reference of what is
// there now. With a [*bot.BusyError] it is sent again, not before the platform
// asked for and however often; with any other error, some times, and then it has
// failed, for all to see in the audit trail. If something newer is wanted by
// now, that is sent next.
func (s *Store) Settle(ctx context.Context, d Delivery, ref string, sent error, now time.Time) error {
	if sent == nil {
		return s.postSent(ctx, d, ref, now)
	}
	wait, again := postBackoff(d, sent, now)
	if !again {
		return s.postFailed(ctx, d, sent, now)
	}
	failures := 1
	if errors.As(sent, new(*bot.BusyError)) {
		failures = 0
	}
	err := s.tx(ctx, "settling "+d.Post.Key, func(ctx context.Context, tx *sql.Tx) error {
		err := one(ctx, tx, ErrOver, `UPDATE posts SET held = 0, due_at = $1, failures = failures + $2, error = $3
			WHERE key = $4 AND claim = $5 AND held = 1`, notBefore(now.Add(wait)), failures, brief(sent), d.Post.Key, d.claim)
		if err != nil {
			return err
		}
		return s.wakeAt(ctx, tx, now.Add(wait))
	})
	if err != nil {
		return err
	}
	s.poke()
	s.noteDelivery(PostRetried, d, sent, now)
	return nil
}

// postSent is taken from whoever has sent, even after their lease: the message
// is there. Only in a place that the post has left it no longer counts.
func (s *Store) postSent(ctx context.Context, d Delivery, ref string, now time.Time) error {
	err := s.tx(ctx, "settling "+d.Post.Key, func(ctx context.Context, tx *sql.Tx) error {
		return one(ctx, tx, ErrOver, `UPDATE posts SET
				ref = CASE WHEN claim = $1 OR ref = '' THEN $2 ELSE ref END,
				due_at = CASE WHEN claim = $3 THEN $4 ELSE due_at END,
				held = CASE WHEN claim = $5 THEN 0 ELSE held END,
				reply = CASE WHEN wanted_rev = $6 THEN '' ELSE reply END,
				state = CASE WHEN wanted_rev = $7 THEN 'sent' ELSE 'pending' END,
				sent_rev = $8, failures = 0, asked_at = $9, ended_at = $10, error = ''
			WHERE key = $11 AND moves = $12 AND sent_rev < $13`,
			d.claim, ref, d.claim, micros(now), d.claim, d.Rev, d.Rev, d.Rev, micros(now), micros(now), d.Post.Key, d.moves, d.Rev)
	})
	if err != nil {
		return err
	}
	s.poke() // what hangs from it, or comes after it
	s.noteDelivery(PostSent, d, nil, now)
	return nil
}

// postFailed ends d. If something newer is wanted by now, it has a try of its
// own. What hangs from it is then sent to where it says itself, outside of any
// thread: out of place is better than out of sight.
func (s *Store) postFailed(ctx context.Context, d Delivery, why error, now time.Time) error {
	err := s.tx(ctx, "settling "+d.Post.Key, func(ctx context.Context, tx *sql.Tx) error {
		err := one(ctx, tx, ErrOver, `UPDATE posts SET held = 0, failures = 0, due_at = $1, ended_at = $2, error = $3,
				state = CASE WHEN wanted_rev = $4 THEN 'failed' ELSE 'pending' END,
				reply = CASE WHEN wanted_rev = $5 THEN '' ELSE reply END
			WHERE key = $6 AND claim = $7 AND held = 1`,
			micros(now), micros(now), brief(why), d.Rev, d.Rev, d.Post.Key, d.claim)
		if err != nil {
			return err
		}
		return s.record(ctx, tx, flows.Answer{
			Jobs: s.undelivered(d, why),
			Audit: []flows.Entry{{
				Key: fmt.Sprintf("post/%s/%d/failed", d.Post.Key, d.Rev), At: now, Case: d.caseKey, Verb: PostFailed, Object: d.Post.Key, Result: "failed",
			}},
		}, now)
	})
	if err != nil {
		return err
	}
	s.poke()
	s.log.Error("post failed", zap.String("post", d.Post.Key), zap.Int("rev", d.Rev), zap.Error(why))
	s.noteDelivery(PostFailed, d, why, now)
	return nil
}

// undelivered are the jobs that follow from the failure of d.
func (s *Store) undelivered(d Delivery, why error) []flows.Job {
	if s.opts.Undelivered == nil || errors.Is(why, errUnreadable) { // and so nobody knows who did not get it
		return nil
	}
	return s.opts.Undelivered(d.Post, why)
}

func (s *Store) noteDelivery(what string, d Delivery, err error, now time.Time) {
	s.opts.Observe(Note{At: now, What: what, Case: d.caseKey, Post: d.Post.Key, Took: now.Sub(d.Since), Error: err})
}

// releasePost gives back a post that was claimed and not sent.
func (s *Store) releasePost(ctx context.Context, d Delivery, now time.Time) error {
	return s.tx(ctx, "releasing "+d.Post.Key, func(ctx context.Context, tx *sql.Tx) error {
		_, err := change(ctx, tx, `UPDATE posts SET held = 0, due_at = $1 WHERE key = $2 AND claim = $3 AND held = 1`, micros(now), d.Post.Key, d.claim)
		return err
	})
}
