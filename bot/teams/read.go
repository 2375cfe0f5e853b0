package teams

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/net/html"

	"mfahelp/bot"
)

// An activity is what Teams sends, as far as it is looked at.
// See https://learn.microsoft.com/azure/bot-service/rest-api/bot-framework-rest-connector-api-reference#activity-object.
type activity struct {
	Type           string
	ID             string
	Name           string // of an invoke
	Action         string // of an installationUpdate
	ServiceURL     string
	ChannelID      string
	Locale         string
	Text           string
	ReplyToID      string
	From           account
	Recipient      account
	Conversation   conversation
	Entities       []entity
	Attachments    []attachment
	MembersAdded   []account
	MembersRemoved []account
	Value          json.RawMessage
	ChannelData    struct {
		Tenant    struct{ ID string }
		EventType string
	}
}

type account struct {
	ID, Name, AADObjectID string
	Role                  string
	IsTargeted            bool // of a recipient: nobody else sees what was said
}

type conversation struct {
	ID, TenantID, ConversationType string
}

type entity struct {
	Type      string
	Text      string
	Mentioned account
}

type attachment struct {
	ContentType string
	ContentURL  string
	Name        string
	Content     json.RawMessage
}

// The kinds of conversations.
// See https://learn.microsoft.com/microsoftteams/platform/bots/build-conversational-capability#conversation-types.
const (
	personal = "personal"
	group    = "groupChat"
	channel  = "channel"
)

// kind is that of c. One that is not said is of several, so that nothing
// personal is said in it.
func (c conversation) kind() string {
	switch c.ConversationType {
	case personal, group:
		return c.ConversationType
	case channel:
		return channel
	}
	return kindOf(c.ID)
}

// kindOf tells a channel from a chat of several by its id, where that is all
// that is known.
func kindOf(id string) string {
	if strings.Contains(id, "@thread.tacv2") || strings.Contains(id, "@thread.skype") {
		return channel
	}
	return group
}

// inThread stands in the id of a conversation before the message that a thread
// of a channel hangs from.
const inThread = ";messageid="

// split returns the conversation, and the message that its thread hangs from.
func (c conversation) split() (id, root string) {
	id, root, _ = strings.Cut(c.ID, inThread)
	return id, root
}

// tenants are all that a says of the tenant it is of.
func (a activity) tenants() (all []string) {
	for _, id := range []string{a.Conversation.TenantID, a.ChannelData.Tenant.ID} {
		if id != "" {
			all = append(all, id)
		}
	}
	return all
}

var localeForm = regexp.MustCompile(`^[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,2}$`)

// place is where a was done. A thread is what hangs from a message; that message
// itself is in none.
func (a activity) place() bot.Place {
	id, root := a.Conversation.split()
	switch {
	case a.Conversation.kind() == personal:
		return direct(a.From.ID, id)
	case root == a.ID && a.Type == "message":
		root = ""
	}
	p := bot.Place{Platform: platform, ID: id, Thread: root, Private: true}
	if a.Recipient.IsTargeted || a.Name == shortcut {
		p.Audience, p.Reader = bot.Ephemeral, a.From.ID
	}
	return p
}

// mentioned reports whether a calls the bot by name.
func (a activity) mentioned() bool {
	return slices.ContainsFunc(a.Entities, a.ours)
}

func (a activity) ours(e entity) bool {
	return e.Type == "mention" && e.Mentioned.ID != "" && e.Mentioned.ID == a.Recipient.ID
}

// words are what was said, without the bot's name. It is taken out by what the
// mention says of itself, since the name can be changed, and may be part of
// what somebody pastes.
func (a activity) words() string {
	text := strings.NewReplacer("&nbsp;", " ", "\u00a0", " ").Replace(a.Text)
	for _, e := range a.Entities {
		if a.ours(e) && e.Text != "" {
			text = strings.Replace(text, e.Text, "", 1)
		}
	}
	return strings.TrimSpace(text)
}

// act is what was done in a message. The command may be meant by a message that
// begins with it, since a client that knows no commands sends one that way.
func (t *Teams) act(a activity) bot.Act {
	text := a.words()
	bare := strings.TrimPrefix(text, "/")
	if len(bare) >= len(Command) && strings.EqualFold(bare[:len(Command)], Command) {
		rest := bare[len(Command):]
		if rest == "" || unicode.IsSpace([]rune(rest)[0]) {
			return bot.Commanded{Name: Command, Text: strings.TrimSpace(rest)}
		}
	}
	return bot.Said{Text: text, Files: t.attached(a)}
}

// pressed is what a press carries. Beside the key it has what was filled in, and
// what a stranger would like us to believe.
func pressed(data json.RawMessage) (p bot.Pressed, file, view string, ok bool) {
	var all map[string]any
	if json.Unmarshal(data, &all) != nil {
		return p, "", "", false
	}
	p.Key, _ = all["key"].(string)
	file, _ = all["file"].(string)
	view, _ = all["view"].(string)
	for name, v := range all {
		field, filled := strings.CutPrefix(name, fieldPrefix+p.Key+".")
		s, text := v.(string)
		if !filled || !text {
			continue
		}
		if p.Fields == nil {
			p.Fields = map[string]string{}
		}
		p.Fields[field] = s
	}
	return p, file, view, p.Key != "" || file != "" || view != ""
}

// plainHTML is what a message that is HTML says, in lines. A shortcut on a
// message brings it so.
func plainHTML(s string) string {
	var b strings.Builder
	z := html.NewTokenizer(strings.NewReader(s))
	for {
		switch z.Next() {
		case html.ErrorToken: // the end, too
			return strings.TrimSpace(blankLines.ReplaceAllString(b.String(), "\n\n"))
		case html.TextToken:
			b.Write(z.Text())
		case html.StartTagToken, html.EndTagToken, html.SelfClosingTagToken:
			if name, _ := z.TagName(); slices.Contains(breaks, string(name)) {
				b.WriteString("\n")
			}
		case html.CommentToken, html.DoctypeToken: // say nothing
		}
	}
}

var (
	breaks     = []string{"br", "p", "div", "li", "tr", "pre", "h1", "h2", "h3", "blockquote"}
	blankLines = regexp.MustCompile(`\n\s*\n\s*`)
)
