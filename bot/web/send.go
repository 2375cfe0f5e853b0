package web

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"mfahelp/bot"
)

// Send shows p on all pages that are open and on those that will be. Said again
// under the same key it replaces what it said before, with or without ref, so
// that a send repeated after a crash is seen once.
func (w *Web) Send(ctx context.Context, p bot.Post, ref string) (string, error) {
	if err := p.Message.Check(p.To); err != nil {
		return "", fmt.Errorf("sending to the web page: %w", err)
	}
	if err := w.shelf.load(ctx); err != nil {
		return "", &bot.BusyError{Err: err}
	}
	e, err := w.address(p)
	if err != nil {
		return "", fmt.Errorf("sending to the web page: %w", err)
	}
	e.Key, e.Message = p.Key, &p.Message
	return w.shelf.post(ctx, e, ref)
}

// address finds where p goes: the room, the thread, and the reader.
func (w *Web) address(p bot.Post) (e entry, err error) {
	if p.To.Platform != platform {
		return e, fmt.Errorf("a post to %q", p.To.Platform)
	}
	e.Room = p.To.ID
	if p.To.Audience == bot.Direct {
		if e.Room != "" && e.Room != directTo(p.To.Reader) {
			return e, errors.New("a direct conversation that is not its reader's")
		}
		e.Room = directTo(p.To.Reader)
	}
	if id, ok := strings.CutPrefix(e.Room, directTo("")); ok {
		if _, known := w.person(id); !known {
			return e, errors.New("nobody of that id")
		}
	} else if e.Room != w.o.AdminsChannel {
		return e, errors.New("no such place")
	}
	if p.To.Audience == bot.Ephemeral {
		e.Reader = p.To.Reader
	}
	e.Thread, err = w.hangs(e.Room, p)
	return e, err
}

// hangs returns the message that p's thread hangs from, or "".
func (w *Web) hangs(room string, p bot.Post) (string, error) {
	root := w.shelf.get(p.To.Thread)
	switch {
	case p.To.Thread != "" && (root == nil || root.Room != room):
		return "", errors.New("no such thread")
	case root == nil && p.Under != "":
		root = w.shelf.find(func(x *entry) bool { return x.Room == room && x.Key == p.Under })
	}
	switch {
	case root == nil:
		return "", nil
	case root.Thread != "":
		return root.Thread, nil
	}
	return root.Ref, nil
}
