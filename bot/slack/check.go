package slack

import (
	"context"
	"errors"
	"regexp"
	"slices"
	"strings"

	"mfahelp/bot"
)

// A Verdict is what a check came to. The zero Verdict is that it could not be told.
type Verdict string

// The verdicts.
const (
	Good    Verdict = "ok"
	Unwise  Verdict = "unwise"  // it works, and something is missing or too much
	Missing Verdict = "missing" // Slack said no, or it is not set
)

// A Finding is one thing that the app needs of Slack, and whether it has it.
type Finding struct {
	What    string // such as "the bot's token"
	Needs   string // the scope or the setting, and where it is
	Verdict Verdict
	Err     error // what is wrong, and what to press
}

// Check tries what the app needs of Slack. It posts nothing and opens no
// connection: Slack gives each event to one of an app's connections, and one of
// ours would take some away from the program that is at work.
func (s *Slack) Check(ctx context.Context) []Finding {
	granted, err := s.granted(ctx)
	token := judge("the bot's token", "slack.bot_token", err)
	if token.Verdict != Good {
		return []Finding{token, s.checkWayIn(ctx)} // all else would say the same
	}
	found := append([]Finding{token}, s.checkScopes(granted)...)
	admins := s.checkAdmins(ctx)
	found = append(found, admins, s.checkWayIn(ctx))
	if admins.Verdict == Good {
		found = append(found, s.checkReaders(ctx))
	}
	if s.o.Field != "" {
		found = append(found, judge("the profile field with the object id", "slack.profile_field", s.fieldIsSafe(ctx)))
	}
	return found
}

// judge makes a finding of a try: what Slack could not answer is not missing.
func judge(what, needs string, err error) Finding {
	f := Finding{What: what, Needs: needs, Err: err, Verdict: Missing}
	switch {
	case err == nil:
		f.Verdict = Good
	case errors.As(err, new(*bot.BusyError)) && fatal[codeOf(err)] == "":
		f.Verdict = ""
	}
	return f
}

// granted are the scopes of the bot's token, as Slack names them with each
// answer, or nil if it does not.
func (s *Slack) granted(ctx context.Context) ([]string, error) {
	r, err := s.api.AuthTestContext(ctx)
	if err != nil {
		return nil, s.failed("auth.test", err)
	}
	if r.BotID == "" {
		return nil, errors.New("slack: this is a person's token; the bot's begins with xoxb- and stands under OAuth & Permissions")
	}
	s.introduced(r)
	return strings.FieldsFunc(r.Header.Get("X-OAuth-Scopes"), func(c rune) bool { return c == ',' || c == ' ' }), nil
}

// checkScopes holds what was granted to what the manifest asks for.
func (s *Slack) checkScopes(granted []string) (found []Finding) {
	if len(granted) == 0 {
		return []Finding{{What: "the scopes", Err: errors.New("slack: it does not say which were granted")}}
	}
	for _, want := range Scopes {
		f := Finding{What: want.Name, Verdict: Good}
		if !slices.Contains(granted, want.Name) {
			f.Verdict = Missing
			if want.Optional && !s.configured(want.Name) {
				f.Verdict = Unwise
			}
			f.Needs = "the scope " + want.Name + ", which " + s.o.Words("").Say(want.For)
			f.Err = errors.New("add it under OAuth & Permissions, Bot Token Scopes, and install the app again")
		}
		found = append(found, f)
	}
	for _, have := range granted {
		if !slices.ContainsFunc(Scopes, func(x Scope) bool { return x.Name == have }) {
			found = append(found, Finding{What: have, Verdict: Unwise, Needs: "no scope " + have, Err: errors.New("the app never uses it; take it away under OAuth & Permissions")})
		}
	}
	return found
}

// configured reports whether the configuration asks for what an optional scope
// is for.
func (s *Slack) configured(scope string) bool {
	switch scope {
	case "users.profile:read":
		return s.o.Field != ""
	case "users:read.email":
		return len(s.o.Mail.Domains) > 0
	}
	return false
}

// checkAdmins tells whether the admins' channel is private, ours alone, and has
// the app in it.
func (s *Slack) checkAdmins(ctx context.Context) Finding {
	const what, needs = "the admins' channel", "admins.channel"
	if s.o.Admins == "" {
		return Finding{What: what, Needs: needs, Verdict: Unwise, Err: errors.New("there is none in Slack")}
	}
	return judge(what, needs, s.admins.check(ctx))
}

// signingSecret is what those that Slack makes look like.
var signingSecret = regexp.MustCompile(`^[0-9a-f]{32}$`)

// checkWayIn tells whether what people do can reach us, as far as that can be
// told without it: that a request of Slack's arrives here, only a request tells.
func (s *Slack) checkWayIn(ctx context.Context) Finding {
	if s.o.AppToken.Reveal() != "" {
		_, _, err := s.api.StartSocketModeContext(ctx)
		return judge("a connection by Socket Mode", "slack.app_token, with the scope connections:write", s.notConnected(err))
	}
	f := Finding{What: "the signing secret", Needs: "slack.signing_secret", Verdict: Good}
	switch secret := s.o.SigningSecret.Reveal(); {
	case secret == "":
		f.Verdict, f.Err = Missing, errors.New("there is no way in: copy it from Basic Information, App Credentials")
	case !signingSecret.MatchString(secret):
		f.Verdict, f.Err = Unwise, errors.New("it does not look like one, which is 32 of the characters 0-9 and a-f; copy it from Basic Information, App Credentials")
	}
	return f
}
