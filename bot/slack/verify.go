package slack

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/slack-go/slack"

	"mfahelp/bot"
)

// signed reports whether Slack sent body, and not more than five minutes ago. See
// https://docs.slack.dev/authentication/verifying-requests-from-slack.
func (s *Slack) signed(h http.Header, body []byte) error {
	v, err := slack.NewSecretsVerifier(h, s.o.SigningSecret.Reveal())
	if err != nil {
		return errUnsigned
	}
	if _, err := v.Write(body); err != nil {
		return errUnsigned
	}
	if v.Ensure() != nil {
		return errUnsigned
	}
	return nil
}

var errUnsigned = errors.New("not signed by Slack, or not lately")

// A refusal is why somebody is not listened to.
type refusal string

// Error says it to operators; people read the sentence "slack.refused".
func (r refusal) Error() string { return "refused: " + string(r) }

// The refusals.
const (
	elsewhere   refusal = "of another workspace"
	guest       refusal = "a guest"
	machine     refusal = "a bot"
	deactivated refusal = "a deactivated account"
	nobody      refusal = "no member that Slack knows"
	shared      refusal = "in a channel that is shared with others"
)

// member returns who has an id, if they are one of ours: of this workspace, a
// person, and no guest. Teams are what the event says of where they belong; what
// it leaves out is "". While Slack does not say, nobody is listened to, and the
// event must come again.
func (s *Slack) member(ctx context.Context, id string, teams ...string) (bot.Person, error) {
	us := s.self.Load()
	if us == nil {
		return bot.Person{}, errStarting
	}
	for _, t := range teams {
		if t != "" && t != us.team && (us.enterprise == "" || t != us.enterprise) {
			return bot.Person{}, elsewhere
		}
	}
	if !memberID.MatchString(id) || id == "USLACKBOT" {
		return bot.Person{}, nobody
	}
	m, err := s.people.member(ctx, id)
	if err != nil {
		return bot.Person{}, err
	}
	if m.refused != "" {
		return bot.Person{}, m.refused
	}
	return bot.Person{Platform: platform, ID: id, Name: m.name, Locale: m.locale, Identity: s.identity(ctx, m)}, nil
}

// digest names what arrived without repeating it.
func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:16])
}

// A once tells, for an hour, what was done before from what is new. It is for
// what leaves nothing in the inbox; what does is known there.
type once struct {
	now  func() time.Time
	mu   sync.Mutex
	seen map[string]time.Time
}

const (
	onceFor  = time.Hour
	mostOnce = 10000
)

// first reports whether id has not been seen yet.
func (o *once) first(id string) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	now := o.now()
	if t, ok := o.seen[id]; ok && now.Sub(t) < onceFor {
		return false
	}
	if o.seen == nil || len(o.seen) >= mostOnce {
		fresh := map[string]time.Time{}
		for k, t := range o.seen {
			if now.Sub(t) < onceFor/10 {
				fresh[k] = t
			}
		}
		o.seen = fresh
	}
	o.seen[id] = now
	return true
}

// forget takes back that id was seen: what it was for did not come about.
func (o *once) forget(id string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	delete(o.seen, id)
}

// idOf is the id of what Slack gives none: by the trigger that it makes for each
// press, command, and form, or else by all that arrived.
func idOf(what, trigger string, payload []byte) string {
	if trigger == "" {
		return fmt.Sprintf("%s/body/%s", what, digest(payload))
	}
	return fmt.Sprintf("%s/%s", what, digest([]byte(trigger)))
}
