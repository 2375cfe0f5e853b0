package slack

import (
	"errors"

	"mfahelp/bot"
)

// A Trouble is a kind of thing that is wrong in the set-up, for which there is one
// thing to do. The sentence that says what is called "slack.do." and the trouble.
type Trouble string

// The troubles.
const (
	NoAnswer   Trouble = "no-answer"
	Unexpected Trouble = "unexpected" // Slack said no, and we know no cure for it

	PersonToken Trouble = "person-token" // it is no bot's
	AppToken    Trouble = "app-token"    // Slack opens no connection for it

	NoScope     Trouble = "scope"        // its name, and a sentence that says what for
	SpareScope  Trouble = "spare-scope"  // its name
	ScopeUntold Trouble = "scope-untold" // Slack does not say which were granted

	NoChannel       Trouble = "no-channel"
	ChannelGone     Trouble = "channel-gone"
	ChannelArchived Trouble = "channel-archived"
	ChannelPublic   Trouble = "channel-public"
	ChannelOrg      Trouble = "channel-org"    // other workspaces of the organisation read it
	ChannelShared   Trouble = "channel-shared" // another company does, or is invited to
	ChannelWithout  Trouble = "channel-without"
	GuestsInside    Trouble = "guests" // how many read along

	NoWayIn   Trouble = "no-way-in"
	OddSecret Trouble = "odd-secret"

	FieldOpen Trouble = "field-open" // everybody fills it in for themselves
	FieldGone Trouble = "field-gone"
)

// refused are the errors after which no call works until somebody does something.
// What that is, is "slack.do.code." and the error.
var refused = []string{
	"invalid_auth", "not_authed", "token_revoked", "token_expired", "account_inactive", "app_uninstalled", "team_access_not_granted",
	"not_allowed_token_type", "link_disabled",
}

// codeTrouble is the trouble that one of these is.
func codeTrouble(code string) Trouble { return Trouble("code." + code) }

// A troubled is an error with the one thing to do about it.
type troubled struct {
	trouble Trouble
	values  []any // of the sentence
	err     error
	do      string
}

// Error says what is wrong and what to do.
func (t *troubled) Error() string { return t.err.Error() + ". " + t.do }

// Unwrap is what is wrong.
func (t *troubled) Unwrap() error { return t.err }

func (s *Slack) troubled(t Trouble, err error, values ...any) error {
	return &troubled{t, values, err, s.o.Words("").Say("slack.do."+string(t), values...)}
}

// troubleOf is what is wrong with the set-up, if err tells, and without the cure.
func troubleOf(err error) (t Trouble, values []any, bare error) {
	var known *troubled
	var busy *bot.BusyError
	switch {
	case errors.As(err, &known):
		return known.trouble, known.values, known.err
	case errors.As(err, &busy):
		return NoAnswer, nil, busy.Err
	}
	return Unexpected, nil, err
}
