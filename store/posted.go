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
