package main

import (
	"context"
	"errors"

	"mfahelp/bot"
)

// views tell what each reader may see of a message that many read, by the key
// of one of its buttons: who may work on cases sees what can be done, the others
// how it stands, and an admin who may not decide a reset why not; and who asks
// for help, what they may ask about. They only read.
type views struct{ *app }

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
	may, err := v.admins().Admin(ctx, p.Identity)
	switch {
	case err != nil:
		return bot.Message{}, err
	case !may:
		return stripped(post.Message), nil
	case v.resets == nil:
		return post.Message, nil
	}
	return v.resets.flow.View(ctx, o.Subject, post.Message, p)
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
