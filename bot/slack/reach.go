package slack

import (
	"context"
	"errors"
	"strings"

	"mfahelp/bot"
)

// Reach finds somebody who has not spoken to us. Their address in the directory
// only says where to look: whoever is found there must be known as that very
// account by what says so of everybody, the operator's list before all.
func (s *Slack) Reach(ctx context.Context, who bot.Identity) (bot.Person, bot.Place, bool, error) {
	if !who.Known() {
		return bot.Person{}, bot.Place{}, false, nil
	}
	if err := s.Ready(); err != nil {
		return bot.Person{}, bot.Place{}, false, &bot.BusyError{Err: err}
	}
	p, ok, err := s.listed(ctx, who)
	if err == nil && !ok {
		p, ok, err = s.addressed(ctx, who)
	}
	if err != nil || !ok {
		return bot.Person{}, bot.Place{}, false, err
	}
	id, err := s.directWith(ctx, p.ID)
	if err != nil {
		return bot.Person{}, bot.Place{}, false, err
	}
	return p, bot.Place{Platform: platform, ID: id, Private: true, Audience: bot.Direct, Reader: p.ID}, true, nil
}

// listed looks through everybody for whom the operator's list knows as who.
func (s *Slack) listed(ctx context.Context, who bot.Identity) (bot.Person, bool, error) {
	if s.o.Directory == nil {
		return bot.Person{}, false, nil
	}
	ids, loaded := s.people.ids()
	if !loaded {
		return bot.Person{}, false, &bot.BusyError{Err: errors.New("slack: not everybody in the workspace is known yet")}
	}
	for _, id := range ids {
		is, err := s.o.Directory.Identify(ctx, platform, id)
		if err != nil {
			return bot.Person{}, false, err
		}
		if is.Known() && is.Key() == who.Key() {
			return s.confirmed(ctx, id, who)
		}
	}
	return bot.Person{}, false, nil
}

// addressed asks Slack who has an address. See
// https://docs.slack.dev/reference/methods/users.lookupByEmail.
func (s *Slack) addressed(ctx context.Context, who bot.Identity) (bot.Person, bool, error) {
	if !strings.Contains(who.Email, "@") || s.o.Field == "" && len(s.o.Mail.Domains) == 0 {
		return bot.Person{}, false, nil
	}
	u, err := s.api.GetUserByEmailContext(ctx, who.Email)
	switch {
	case codeOf(err) == "users_not_found":
		return bot.Person{}, false, nil
	case err != nil:
		return bot.Person{}, false, s.failed("users.lookupByEmail", err)
	}
	return s.confirmed(ctx, u.ID, who)
}

// confirmed returns who has an id, if they are one of ours and known as who.
func (s *Slack) confirmed(ctx context.Context, id string, who bot.Identity) (bot.Person, bool, error) {
	p, err := s.member(ctx, id)
	var r refusal
	switch {
	case errors.As(err, &r):
		return bot.Person{}, false, nil
	case err != nil:
		return bot.Person{}, false, err
	}
	return p, p.Known() && p.Key() == who.Key(), nil
}
