package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"mfahelp/bot"
)

// Posted returns the post with key as it is wanted now, and false if there is
// none. Its actions have their keys.
func (s *Store) Posted(ctx context.Context, key string) (p bot.Post, ok bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	var place, message []byte
	err = s.ro.QueryRowContext(ctx, `SELECT key, place, under, message FROM posts WHERE key = $1`, key).Scan(&p.Key, &place, &p.Under, &message)
	if errors.Is(err, sql.ErrNoRows) {
		return bot.Post{}, false, nil
	}
	if err == nil {
		err = errors.Join(json.Unmarshal(place, &p.To), json.Unmarshal(message, &p.Message))
	}
	if err != nil {
		return bot.Post{}, false, fmt.Errorf("reading a post: %w", err)
	}
	return p, true, nil
}

// Where returns the place in which the post with key stands, and what its platform
// calls it there; false if it was not sent yet, or there is none.
func (s *Store) Where(ctx context.Context, key string) (in bot.Place, ref string, ok bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	var place []byte
	err = s.ro.QueryRowContext(ctx, `SELECT place, ref FROM posts WHERE key = $1 AND ref <> ''`, key).Scan(&place, &ref)
	if errors.Is(err, sql.ErrNoRows) {
		return bot.Place{}, "", false, nil
	}
	if err == nil {
		err = json.Unmarshal(place, &in)
	}
	if err != nil {
		return bot.Place{}, "", false, fmt.Errorf("reading where a post is: %w", err)
	}
	return in, ref, true, nil
}
