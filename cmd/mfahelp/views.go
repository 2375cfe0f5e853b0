package main

import (
	"context"
	"errors"

	"mfahelp/bot"
	"mfahelp/flows"
	"mfahelp/store"
)

// views tell what each reader may see of a message that many read, by the key
// of one of its buttons: who may work on cases sees what can be done, and the
// others how it stands; and who asks for help, what they may ask about. They only
// read.
type views struct {
	store  *store.Store
	admins flows.Admins
	recent *recent
}

var errNoView = errors.New("there is nothing to view")

// View returns the message in which key stands, as it is by now.
func (v views) View(ctx context.Context, key string, p bot.Person) (bot.Message, error) {
	if key == bot.AskView {
		return v.recent.view(ctx, p)
	}
	o, ok, err := v.store.Offer(ctx, key)
	if err != nil {
		return bot.Message{}, err
	}
	post, known, err := v.store.Posted(ctx, o.Post)
	switch {
	case err != nil:
		return bot.Message{}, err
	case !ok || !known || post.To.Platform != p.Platform || post.Message.Personal || post.To.Audience.One():
		return bot.Message{}, errNoView
	}
	may, err := v.admins.Admin(ctx, p.Identity)
	if err != nil {
		return bot.Message{}, err
	}
	if !may {
		return stripped(post.Message), nil
	}
	return post.Message, nil
}

// stripped is m with nothing to press.
func stripped(m bot.Message) bot.Message {
	m.Actions = nil
	body := make([]bot.Block, len(m.Body))
	for i, b := range m.Body {
		if list, ok := b.(bot.List); ok {
			bare := make(bot.List, len(list))
			for j, item := range list {
				item.Action = nil
				bare[j] = item
			}
			b = bare
		}
		body[i] = b
	}
	m.Body = body
	return m
}
