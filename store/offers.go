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

// An act is what an offer is for. Within one post it has one key.
type act struct{ verb, subject string }

// offer returns p's message with the keys of its actions: those that the post
// offers already keep theirs, new ones get one, and what is offered no longer
// is closed.
func (s *Store) offer(ctx context.Context, tx *sql.Tx, p bot.Post, now time.Time) (bot.Message, error) {
	open, err := openOffers(ctx, tx, p.Key)
	if err != nil {
		return bot.Message{}, err
	}
	place, err := json.Marshal(p.To)
	if err != nil {
		return bot.Message{}, err
	}
	keys := map[act]string{}
	m := p.Message.Keyed(func(verb, subject string) string {
		a := act{verb, subject}
		if keys[a] == "" {
			if keys[a] = open[a]; keys[a] == "" {
				keys[a] = s.opts.Key()
			}
		}
		return keys[a]
	})
	for a, key := range open {
		if keys[a] == "" {
			if _, err := change(ctx, tx, `UPDATE offers SET closed_at = $1 WHERE key = $2`, micros(now), key); err != nil {
				return m, err
			}
		}
	}
	for a, key := range keys {
		if err := keepOffer(ctx, tx, key, p, a, string(place)); err != nil {
			return m, err
		}
	}
	return m, nil
}

func openOffers(ctx context.Context, tx *sql.Tx, post string) (map[act]string, error) {
	open := map[act]string{}
	_, err := all(ctx, tx, func(r *sql.Rows) (struct{}, error) {
		var a act
		var key string
		err := r.Scan(&key, &a.verb, &a.subject)
		open[a] = key
		return struct{}{}, err
	}, `SELECT key, verb, subject FROM offers WHERE post = $1 AND closed_at = 0`, post)
	return open, err
}

// keepOffer writes where the offer stands now, and until when, which may have
// changed.
func keepOffer(ctx context.Context, tx *sql.Tx, key string, p bot.Post, a act, place string) error {
	forReader := ""
	if p.To.Audience.One() {
		forReader = p.To.Reader
	}
	_, err := change(ctx, tx, `INSERT INTO offers (key, post, verb, subject, place, for_reader, until_at) VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (key) DO UPDATE SET place = excluded.place, for_reader = excluded.for_reader, until_at = excluded.until_at`,
		key, p.Key, a.verb, a.subject, place, forReader, micros(p.Until))
	return err
}

// Offer returns what a button's key stands for, and false if there never was
// such a button. Whether it is still open, and for whom, is in the offer.
func (s *Store) Offer(ctx context.Context, key string) (o flows.Offer, ok bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	var place []byte
	var until, closed int64
	err = s.ro.QueryRowContext(ctx, `SELECT key, post, verb, subject, place, for_reader, until_at, closed_at FROM offers WHERE key = $1`, key).
		Scan(&o.Key, &o.Post, &o.Verb, &o.Subject, &place, &o.For, &until, &closed)
	if errors.Is(err, sql.ErrNoRows) {
		return flows.Offer{}, false, nil
	}
	if err == nil {
		err = json.Unmarshal(place, &o.In)
	}
	if err != nil {
		return flows.Offer{}, false, fmt.Errorf("reading an offer: %w", err)
	}
	o.Until, o.Closed = moment(until), closed != 0
	return o, true, nil
}
