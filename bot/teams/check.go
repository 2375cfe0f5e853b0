package teams

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"mfahelp/bot"
)

// A Verdict is what a check came to. The zero Verdict is that it could not be told.
type Verdict string

// The verdicts.
const (
	Good    Verdict = "ok"
	Unwise  Verdict = "unwise"  // it works, and could be better
	Missing Verdict = "missing" // Teams or Entra said no, or it is not set
	Look    Verdict = "look"    // only somebody in Teams can see it
)

// A Finding is one thing that the bot needs of Teams, and whether it has it. It
// holds no sentence: what people read of it is told by Check and Trouble.
type Finding struct {
	Check   string // such as "teams-token"
	Of      string // of what, such as a channel; "" if there is one of the kind
	Verdict Verdict
	Trouble Trouble // what is wrong, if not Good
	Err     error   // what was answered; nothing personal is in it
	Values  []any   // what the sentence about the trouble has in it
}

// A Trouble is a kind of thing that is wrong, for which there is one thing to do.
type Trouble string

// The troubles.
const (
	NoAnswer      Trouble = "no-answer"
	NoToken       Trouble = "teams-token" // Entra does not take the credential; Values has the code
	OtherCloud    Trouble = "teams-cloud" // the keys are of another cloud; Values has its issuer
	NoKeys        Trouble = "teams-keys"  // none of them may speak for Teams
	NotTaken      Trouble = "teams-app"   // the connector does not take the bot's token
	NothingHeard  Trouble = "teams-unheard"
	HostNotListed Trouble = "teams-host" // Values has the host
	NoChannel     Trouble = "teams-no-channel"
	ChannelGone   Trouble = "teams-channel-gone"
	NotInstalled  Trouble = "teams-not-installed"
	GuestsInside  Trouble = "teams-guests" // Values has how many
)

// Check tries what the bot needs of Teams. It says nothing there.
func (t *Teams) Check(ctx context.Context) []Finding {
	token := t.checkToken(ctx)
	found := []Finding{token, t.checkKeys(ctx), t.checkHeard(ctx)}
	if token.Verdict == Good {
		found = append(found, t.checkChannel(ctx)) // else it would say the same
	}
	return found
}

// checkToken asks the bot's own tenant for a token. That there is one says that
// the app, the tenant and the credential are each other's.
func (t *Teams) checkToken(ctx context.Context) Finding {
	f := Finding{Check: "teams-token", Verdict: Good}
	_, err := t.connector.token.get(ctx)
	var no *refusedToken
	switch {
	case err == nil:
	case errors.As(err, &no) && no.status < http.StatusInternalServerError && no.status != http.StatusTooManyRequests:
		f.Verdict, f.Trouble, f.Err, f.Values = Missing, NoToken, no, []any{no.code}
	case errors.As(err, new(*bot.BusyError)):
		f.Verdict, f.Trouble, f.Err = "", NoAnswer, unhurried(err)
	default: // a certificate or a token file that cannot be read
		f.Verdict, f.Trouble, f.Err, f.Values = Missing, NoToken, err, []any{0}
	}
	return f
}

// checkKeys reads the keys with which what comes in is signed, and whether they
// are of the cloud that is configured, and may speak for Teams.
func (t *Teams) checkKeys(ctx context.Context) Finding {
	f := Finding{Check: "teams-keys", Verdict: Good}
	var meta struct{ Issuer string }
	err := t.keys.get1(ctx, t.o.Cloud.Metadata, &meta)
	if err == nil && meta.Issuer != t.o.Cloud.Issuer {
		f.Verdict, f.Trouble, f.Values = Missing, OtherCloud, []any{meta.Issuer, t.o.Cloud.Issuer}
		return f
	}
	var all map[string]key
	if err == nil {
		all, err = t.keys.fetch(ctx)
	}
	if err != nil {
		f.Verdict, f.Trouble, f.Err = "", NoAnswer, bare(err)
		return f
	}
	for _, k := range all {
		if slices.Contains(k.endorsements, channelID) {
			return f
		}
	}
	f.Verdict, f.Trouble = Missing, NoKeys
	return f
}

// checkHeard tells whether anything has ever come from Teams: that it would, is
// to be seen only by writing to the bot.
func (t *Teams) checkHeard(ctx context.Context) Finding {
	f := Finding{Check: "teams-heard", Verdict: Good}
	service, err := t.heardFrom(ctx)
	switch {
	case err != nil:
		f.Verdict, f.Trouble, f.Err = "", NoAnswer, err
	case service == "":
		f.Verdict, f.Trouble = Look, NothingHeard
	default:
		if _, ok := t.o.Cloud.connector(service); !ok {
			host := ""
			if u, err := url.Parse(service); err == nil {
				host = u.Host
			}
			f.Verdict, f.Trouble, f.Values = Missing, HostNotListed, []any{host}
		}
	}
	return f
}

// heardFrom is the way by which something has come from one of the tenants, if
// anything has.
func (t *Teams) heardFrom(ctx context.Context) (service string, err error) {
	for _, tenant := range t.o.Tenants {
		if ok, err := t.people.get(ctx, "service/"+tenant, &service); err != nil || ok {
			return service, err
		}
	}
	return "", nil
}

// checkChannel asks who is in the admins' channel, which only a bot is told that
// is in it too.
// See https://learn.microsoft.com/microsoftteams/platform/bots/how-to/get-teams-context#fetch-the-roster-or-user-profile.
func (t *Teams) checkChannel(ctx context.Context) Finding {
	f := Finding{Check: "teams-channel", Of: t.o.Channel, Verdict: Good}
	if t.o.Channel == "" {
		f.Verdict, f.Trouble = Unwise, NoChannel
		return f
	}
	way, err := t.people.wayTo(ctx, t.o.Channel, t.o.Tenants[0])
	if errors.Is(err, errNotHeard) { // then by the way that all of the cloud may take
		way.Service, err = "https://"+t.o.Cloud.Connectors[0]+"/teams/", nil
	}
	guests := 0
	if err == nil {
		guests, err = t.guestsIn(ctx, where{way.Service, way.Tenant, t.o.Channel})
	}
	var no *Error
	switch errors.As(err, &no); {
	case err == nil && guests > 0:
		f.Verdict, f.Trouble, f.Values = Unwise, GuestsInside, []any{guests}
	case err == nil:
	case errors.Is(err, bot.ErrUnreachable):
		f.Verdict, f.Trouble, f.Err = Missing, NotInstalled, err
	case no != nil && no.Status == http.StatusNotFound:
		f.Verdict, f.Trouble, f.Err = Missing, ChannelGone, err
	case no != nil && (no.Status == http.StatusUnauthorized || no.Status == http.StatusForbidden):
		f.Verdict, f.Trouble, f.Err = Missing, NotTaken, err
	default:
		f.Verdict, f.Trouble, f.Err = "", NoAnswer, unhurried(err)
	}
	return f
}

// unhurried is why something is to be tried later, without that.
func unhurried(err error) error {
	if busy, ok := errors.AsType[*bot.BusyError](err); ok && busy.Err != nil {
		return busy.Err
	}
	return err
}

// guestsIn counts who in a conversation is not of the tenant. The evidence of
// cases stands there for all to read.
func (t *Teams) guestsIn(ctx context.Context, at where) (guests int, err error) {
	for next := ""; ; {
		var page struct {
			Members           []member `json:"members"`
			ContinuationToken string   `json:"continuationToken"`
		}
		query := url.Values{"pageSize": {"500"}}
		if next != "" {
			query.Set("continuationToken", next)
		}
		err := t.connector.do(ctx, call{op: "asking who is in a channel", at: at, kind: reading, method: http.MethodGet,
			path: conversationPath(at.conversation) + "/pagedmembers?" + query.Encode()}, &page)
		if err != nil {
			return 0, err
		}
		for _, m := range page.Members {
			if m.UserRole != "" && !strings.EqualFold(m.UserRole, "user") || m.TenantID != "" && !strings.EqualFold(m.TenantID, at.tenant) {
				guests++
			}
		}
		if next = page.ContinuationToken; next == "" {
			return guests, nil
		}
	}
}
