package teams

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"go.uber.org/zap"

	"mfahelp/bot"
	"mfahelp/words"
)

// Options is what the bot needs from the rest of the program.
type Options struct {
	App        string     // the bot's app id
	Tenant     string     // the bot's own, which its tokens come from
	Tenants    []string   // whose people it listens to; its own if empty
	Credential Credential // how it proves to Entra that it is itself
	Cloud      Cloud      // which of Microsoft's; the public one if zero

	Inbox   bot.Inbox
	Memory  bot.Memory                         // keeps where people can be reached
	Views   bot.Views                          // what each reader may see of a card among others; nil shows all the same
	Secrets bot.Secrets                        // nil tells none
	Words   func(locale string) *words.Printer // nil for the ordinary ones
	Locale  string                             // in which a channel is spoken to

	// Channel is the conversation id of the admins' channel, in which all that
	// is said is meant for the bot. Elsewhere among others it must be mentioned.
	Channel string

	// Targeted lets the bot say things in a channel that one person sees. Where
	// it is off, or the tenant has no such messages, they go to that person's
	// own chat.
	Targeted bool

	// Wait is how long a press waits for what the flows have to say before it
	// is answered without; 3 s if zero. Teams gives up after 10.
	Wait time.Duration

	Now       func() time.Time
	Log       *zap.Logger
	Transport http.RoundTripper // nil for the standard one
}

// Teams is the bot in Microsoft Teams. It is a [bot.Platform], and a
// [bot.Reacher] for those who have it.
type Teams struct {
	o         Options
	keys      *keys
	connector *connector
	people    *people
	presses   presses
	files     files
}

var (
	_ bot.Platform = (*Teams)(nil)
	_ bot.Reacher  = (*Teams)(nil)
)

// platform is what places and people in Teams say for it.
const platform = "teams"

// Command is what the bot is asked with, with or without a slash before it.
const Command = "mfa-help"

// New returns a bot that has not spoken to anybody yet. It asks Microsoft for
// nothing until it must.
func New(o Options) (*Teams, error) {
	if err := o.complete(); err != nil {
		return nil, fmt.Errorf("preparing Teams: %w", err)
	}
	client := &http.Client{
		Transport: o.Transport, Timeout: callTimeout,
		// An answer that sends elsewhere would take our token along.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	source, err := o.Credential.source(o, client)
	if err != nil {
		return nil, fmt.Errorf("preparing Teams: %w", err)
	}
	t := &Teams{o: o, keys: &keys{metadata: o.Cloud.Metadata, client: client, now: o.Now, log: o.Log}}
	t.connector = &connector{cloud: o.Cloud, client: client, token: newToken(source, o.Now), limits: newLimits(o.Now), log: o.Log, now: o.Now}
	t.people = &people{memory: o.Memory, connector: t.connector, now: o.Now, log: o.Log, tenants: o.Tenants}
	t.files = files{memory: o.Memory, now: o.Now, client: client, cloud: o.Cloud, connector: t.connector}
	return t, nil
}

var guid = regexp.MustCompile(`^(?i)[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

// complete fills in what may be left out, and says what may not.
func (o *Options) complete() error {
	switch {
	case !guid.MatchString(o.App):
		return errors.New("the app id is no GUID")
	case o.Tenant == "":
		return errors.New("the bot's own tenant is not given")
	case o.Credential == nil:
		return errors.New("there is no credential")
	case o.Inbox == nil || o.Memory == nil:
		return errors.New("there is nowhere to put what arrives")
	}
	if o.Cloud.Issuer == "" {
		o.Cloud = Public
	}
	if len(o.Tenants) == 0 {
		o.Tenants = []string{o.Tenant}
	}
	o.Tenants = slices.Clone(o.Tenants)
	for i, id := range o.Tenants {
		if !guid.MatchString(id) {
			return fmt.Errorf("a tenant to listen to is no GUID: %q", id)
		}
		o.Tenants[i] = strings.ToLower(id)
	}
	if o.Words == nil {
		o.Words = func(locale string) *words.Printer { return &words.Printer{Locale: locale} }
	}
	o.Wait = cmp.Or(o.Wait, 3*time.Second)
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = zap.NewNop()
	}
	return nil
}

// Name is what places and people in Teams say for their platform.
func (t *Teams) Name() string { return platform }
