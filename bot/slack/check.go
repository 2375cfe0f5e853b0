package slack

import (
	"context"
	"errors"
	"regexp"
	"slices"
	"strings"
)

// A Verdict is what a check came to. The zero Verdict is that it could not be told.
type Verdict string

// The verdicts.
const (
	Good    Verdict = "ok"
	Unwise  Verdict = "unwise"  // it works, and something is missing or too much
	Missing Verdict = "missing" // Slack said no, or it is not set
)

// A Finding is one thing that the app needs of Slack, and whether it has it. It
// holds no sentence: what people read of it is told by Check and Trouble.
type Finding struct {
	Check   string // such as "slack-token"
	Of      string // of what, such as a scope; "" if there is one of the kind
	Verdict Verdict
	Trouble Trouble // what is wrong, if not Good
	Err     error   // what was answered; nothing personal is in it
	Values  []any   // what the sentence about the trouble has in it
}

// Check tries what the app needs of Slack. It posts nothing and opens no
// connection: Slack gives each event to one of an app's connections, and one of
// ours would take some away from the program that is at work.
func (s *Slack) Check(ctx context.Context) []Finding {
	granted, err := s.granted(ctx)
	token := judge("slack-token", err)
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
		found = append(found, judge("slack-field", s.fieldIsSafe(ctx)))
	}
	return found
}

// judge makes a finding of a try: what Slack could not answer is not missing.
func judge(check string, err error) Finding {
	f := Finding{Check: check, Verdict: Good}
	if err == nil {
		return f
	}
	f.Trouble, f.Values, f.Err = troubleOf(err)
	if f.Verdict = Missing; f.Trouble == NoAnswer {
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
		return nil, s.troubled(PersonToken, errors.New("slack: this is the token of a person"))
	}
	s.introduced(r)
	return strings.FieldsFunc(r.Header.Get("X-OAuth-Scopes"), func(c rune) bool { return c == ',' || c == ' ' }), nil
}

// checkScopes holds what was granted to what the manifest asks for.
func (s *Slack) checkScopes(granted []string) (found []Finding) {
	if len(granted) == 0 {
		return []Finding{{Check: "slack-scopes", Trouble: ScopeUntold}}
	}
	for _, want := range Scopes {
		f := Finding{Check: "slack-scope", Of: want.Name, Verdict: Good}
		if !slices.Contains(granted, want.Name) {
			f.Verdict, f.Trouble, f.Values = s.without(want.Name), NoScope, []any{want.Name, s.o.Words("").Say(want.For)}
		}
		found = append(found, f)
	}
	for _, have := range granted {
		if _, ours := scopeOf(have); !ours {
			found = append(found, Finding{Check: "slack-scope", Of: have, Verdict: Unwise, Trouble: SpareScope, Values: []any{have}})
		}
	}
	return found
}

// without is what it comes to that a scope is missing, or what needs it.
func (s *Slack) without(scope string) Verdict {
	if optional(scope) && !s.configured(scope) {
		return Unwise
	}
	return Missing
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
	if s.o.Admins == "" {
		return Finding{Check: "slack-channel", Verdict: Unwise, Trouble: NoChannel}
	}
	return judge("slack-channel", s.admins.check(ctx))
}

// signingSecret is what those that Slack makes look like.
var signingSecret = regexp.MustCompile(`^[0-9a-f]{32}$`)

// checkWayIn tells whether what people do can reach us, as far as that can be
// told without it: that a request of Slack's arrives here, only a request tells.
func (s *Slack) checkWayIn(ctx context.Context) Finding {
	if s.o.AppToken.Reveal() != "" {
		_, _, err := s.api.StartSocketModeContext(ctx)
		return judge("slack-socket", s.failed(connectionsOpen, err))
	}
	f := Finding{Check: "slack-secret", Verdict: Good}
	switch secret := s.o.SigningSecret.Reveal(); {
	case secret == "":
		f.Verdict, f.Trouble = Missing, NoWayIn
	case !signingSecret.MatchString(secret):
		f.Verdict, f.Trouble = Unwise, OddSecret
	}
	return f
}
