package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"mfahelp/bot"
	"mfahelp/flows"
)

// recordPosts writes what is to be seen, and what its buttons stand for.
func (s *Store) recordPosts(ctx context.Context, tx *sql.Tx, a flows.Answer, now time.Time) error {
	if len(a.Posts) == 0 {
		return nil
	}
	seq, err := take(ctx, tx, "posts", len(a.Posts)) // who has the numbers is alone with the posts
	if err != nil {
		return err
	}
	for i, p := range a.Posts {
		if err := s.recordPost(ctx, tx, seq+int64(i), p, now); err != nil {
			return fmt.Errorf("recording the post %s: %w", p.Key, err)
		}
	}
	for _, p := range a.Posts { // after all, since one may hang from another that comes later
		if err := known(ctx, tx, p.Under); err != nil {
			return fmt.Errorf("recording the post %s: %w", p.Key, err)
		}
	}
	return nil
}

func (s *Store) recordPost(ctx context.Context, tx *sql.Tx, seq int64, p bot.Post, now time.Time) error {
	was, err := earlier(ctx, tx, p.Key)
	if err != nil {
		return err
	}
	if p.Message, err = s.offer(ctx, tx, p, now); err != nil {
		return err
	}
	if err := p.Message.Check(p.To); err != nil {
		return fmt.Errorf("%w: %w", ErrRefused, err)
	}
	r, err := rowOf(ctx, tx, p)
	if err != nil {
		return err
	}
	switch {
	case !was.known:
		return r.insert(ctx, tx, p, seq, now)
	case !samePlace(was.place, p.To):
		return r.move(ctx, tx, p, seq, now)
	}
	return r.replace(ctx, tx, p, now)
}

// known refuses what would hang from a post that does not exist.
func known(ctx context.Context, tx *sql.Tx, key string) error {
	if key == "" {
		return nil
	}
	err := tx.QueryRowContext(ctx, `SELECT key FROM posts WHERE key = $1`, key).Scan(&key)
	if errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("%w: there is no post %s to hang from", ErrRefused, key)
	}
	return err
}

// before is what is known of a post that may be replaced.
type before struct {
	known bool
	place bot.Place
}

func earlier(ctx context.Context, tx *sql.Tx, key string) (b before, err error) {
	var place []byte
	err = tx.QueryRowContext(ctx, `SELECT place FROM posts WHERE key = $1`, key).Scan(&place)
	if errors.Is(err, sql.ErrNoRows) {
		return b, nil
	}
	if err != nil {
		return b, err
	}
	b.known = true
	return b, json.Unmarshal(place, &b.place)
}

// samePlace reports whether a message in a can be replaced by one in b. The
// thread does not matter, and neither does the id of what only one person reads:
// one of them may have been written before the platform had opened it.
func samePlace(a, b bot.Place) bool {
	if a.Platform != b.Platform || a.Audience != b.Audience || a.Reader != b.Reader {
		return false
	}
	return a.ID == b.ID || a.Audience == bot.Direct && a.Reader != "" && (a.ID == "" || b.ID == "")
}

// A row is a post as it is stored.
type row struct {
	lane, place, message, reply string
}

func rowOf(ctx context.Context, tx *sql.Tx, p bot.Post) (r row, err error) {
	if r.lane, err = postLane(ctx, tx, p); err != nil {
		return r, err
	}
	place, err := json.Marshal(p.To)
	if err != nil {
		return r, err
	}
	message, err := json.Marshal(p.Message)
	if err != nil {
		return r, err
	}
	if p.Reply != (bot.Reply{}) {
		reply, err := json.Marshal(p.Reply)
		if err != nil {
			return r, err
		}
		r.reply = string(reply)
	}
	r.place, r.message = string(place), string(message)
	return r, nil
}

// postLane is the same for posts that must appear in the order in which they
// were wanted: those of one place, or of one thread. A thread under one of our
// own posts goes by that post's key, since it may not have a reference yet.
func postLane(ctx context.Context, tx *sql.Tx, p bot.Post) (string, error) {
	lane := p.To.Platform + "/" + p.To.ID + "/" + p.To.Reader + "/"
	if p.Under != "" {
		return lane + "under " + p.Under, nil
	}
	if p.To.Thread == "" {
		return lane, nil
	}
	var root string
	err := tx.QueryRowContext(ctx, `SELECT key FROM posts WHERE platform = $1 AND ref = $2 AND place_id = $3 ORDER BY seq LIMIT 1`,
		p.To.Platform, p.To.Thread, p.To.ID).Scan(&root)
	if errors.Is(err, sql.ErrNoRows) {
		return lane + "thread " + p.To.Thread, nil
	}
	return lane + "under " + root, err
}

func (r row) insert(ctx context.Context, tx *sql.Tx, p bot.Post, seq int64, now time.Time) error {
	args := []any{p.Key, seq, r.lane, flows.CaseOf(p.Key), p.To.Platform, p.To.ID, p.To.Thread, p.To.Reader, r.place, p.Under,
		r.message, r.reply, "pending", micros(now), micros(now)}
	_, err := change(ctx, tx, `INSERT INTO posts (key, seq, lane, case_key, platform, place_id, thread, reader, place, under,
		message, reply, state, due_at, asked_at) VALUES `+values(1, len(args)), args...)
	return err
}

// replace leaves due_at alone while something is on its way, or the platform
// has asked us to wait. The token of an answer that was never sent still
// answers: the newer message goes with it.
func (r row) replace(ctx context.Context, tx *sql.Tx, p bot.Post, now time.Time) error {
	_, err := change(ctx, tx, `UPDATE posts SET
			message = $1, reply = CASE WHEN $2 = '' AND state = 'pending' THEN reply ELSE $3 END,
			due_at = CASE WHEN state = 'pending' THEN due_at ELSE $4 END,
			asked_at = CASE WHEN state = 'pending' THEN asked_at ELSE $5 END,
			wanted_rev = wanted_rev + 1, state = 'pending', failures = 0, error = ''
		WHERE key = $6`, r.message, r.reply, r.reply, micros(now), micros(now), p.Key)
	return err
}

// move makes a new message of the post, since it cannot replace the old one
// from another place. What is on its way to the old place no longer counts.
func (r row) move(ctx context.Context, tx *sql.Tx, p bot.Post, seq int64, now time.Time) error {
	_, err := change(ctx, tx, `UPDATE posts SET seq = $1, lane = $2, platform = $3, place_id = $4, thread = $5, reader = $6, place = $7,
			under = $8, message = $9, reply = $10, due_at = $11, asked_at = $12, ref = '', moves = moves + 1, held = 0, claim = claim + 1,
			wanted_rev = wanted_rev + 1, sent_rev = 0, state = 'pending', failures = 0, error = ''
		WHERE key = $13`, seq, r.lane, p.To.Platform, p.To.ID, p.To.Thread, p.To.Reader, r.place,
		p.Under, r.message, r.reply, micros(now), micros(now), p.Key)
	return err
}
