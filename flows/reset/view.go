package reset

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"mfahelp/bot"
	"mfahelp/flows"
)

// View is m, the card of the request with key, as one of the admins sees it:
// without what they may not press, and with the reason. It only reads; a press is
// judged again, by the same rules. A message about no request is as it is.
func (f *Flow) View(ctx context.Context, key string, m bot.Message, who bot.Person) (bot.Message, error) {
	r, err := f.Requests.Request(ctx, key)
	if errors.Is(err, flows.ErrNoRequest) {
		return m, nil
	}
	if err != nil {
		return bot.Message{}, fmt.Errorf("reading request %s: %w", key, err)
	}
	m.Actions, m.Body = slices.Clone(m.Actions), slices.Clone(m.Body)
	for _, verb := range []string{"reset.approve", "reset.call"} {
		i := slices.IndexFunc(m.Actions, func(a bot.Action) bool { c, ok := a.(bot.Choose); return ok && c.Verb == verb && c.Subject == key })
		if i < 0 {
			continue
		}
		var why string
		if verb == "reset.call" {
			why = f.mayCall(ctx, r, who.Identity)
		} else if why, err = f.mayApprove(ctx, r, who.Identity); err != nil {
			return bot.Message{}, fmt.Errorf("asking who may approve: %w", err)
		}
		if why != "" {
			m.Actions = slices.Delete(m.Actions, i, i+1)
			m.Body = append(m.Body, bot.Note(flows.Say(f.printer(), "reset.view."+why)))
		}
	}
	return m, nil
}
