package slack

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"mfahelp/bot"
)

// What Slack sends, as far as it is read. It is decoded here and not by the SDK,
// which refuses an event as a whole for one block or one type that it does not
// know.

// A kind is which of the three sorts of requests something came as.
type kind string

const (
	events       kind = "events"       // https://docs.slack.dev/apis/events-api
	commands     kind = "commands"     // https://docs.slack.dev/interactivity/implementing-slash-commands
	interactions kind = "interactions" // https://docs.slack.dev/interactivity/handling-user-interaction
)

// An envelope is an event as it is delivered.
type envelope struct {
	Type       string          `json:"type"`
	Challenge  string          `json:"challenge"`
	Team       string          `json:"team_id"`
	Enterprise string          `json:"enterprise_id"`
	EventID    string          `json:"event_id"`
	Shared     bool            `json:"is_ext_shared_channel"`
	Event      json.RawMessage `json:"event"`
}

// A happening is the event itself: a message, a visit, a reaction.
type happening struct {
	Type        string    `json:"type"`
	Subtype     string    `json:"subtype"`
	User        reference `json:"user"`
	UserTeam    string    `json:"user_team"`
	SourceTeam  string    `json:"source_team"`
	Team        string    `json:"team"`
	BotID       string    `json:"bot_id"`
	Hidden      bool      `json:"hidden"`
	Text        string    `json:"text"`
	Files       []upload  `json:"files"`
	TS          string    `json:"ts"`
	ThreadTS    string    `json:"thread_ts"`
	Channel     reference `json:"channel"`
	ChannelType string    `json:"channel_type"`
	Tab         string    `json:"tab"`
	Reaction    string    `json:"reaction"`
	ItemUser    string    `json:"item_user"`
	Item        struct {
		Type    string `json:"type"`
		Channel string `json:"channel"`
		TS      string `json:"ts"`
	} `json:"item"`
}

// An upload is a file that somebody sent.
type upload struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Type string `json:"mimetype"`
	Size int64  `json:"size"`
}

// A reference is an id, which in some events is in the object that it names.
type reference string

// UnmarshalJSON takes the id from wherever it is.
func (r *reference) UnmarshalJSON(b []byte) error {
	var named struct {
		ID string `json:"id"`
	}
	if len(b) > 0 && b[0] == '{' {
		err := json.Unmarshal(b, &named)
		*r = reference(named.ID)
		return err
	}
	var s *string
	if err := json.Unmarshal(b, &s); err != nil || s == nil {
		return err
	}
	*r = reference(*s)
	return nil
}

// A slash is a command.
type slash struct {
	Team        string `json:"team_id"`
	Enterprise  string `json:"enterprise_id"`
	Channel     string `json:"channel_id"`
	User        string `json:"user_id"`
	Command     string `json:"command"`
	Text        string `json:"text"`
	ResponseURL string `json:"response_url"`
	Trigger     string `json:"trigger_id"`
}

// An interaction is a press, a form sent, or a shortcut.
type interaction struct {
	Type string `json:"type"`
	Team *struct {
		ID         string `json:"id"`
		Enterprise string `json:"enterprise_id"`
	} `json:"team"`
	Enterprise *struct {
		ID string `json:"id"`
	} `json:"enterprise"`
	User struct {
		ID   string `json:"id"`
		Team string `json:"team_id"`
	} `json:"user"`
	Channel *struct {
		ID string `json:"id"`
	} `json:"channel"`
	Container struct {
		Type      string `json:"type"`
		TS        string `json:"message_ts"`
		ThreadTS  string `json:"thread_ts"`
		Channel   string `json:"channel_id"`
		Ephemeral bool   `json:"is_ephemeral"`
	} `json:"container"`
	Message *struct {
		User     string `json:"user"`
		Text     string `json:"text"`
		TS       string `json:"ts"`
		ThreadTS string `json:"thread_ts"`
	} `json:"message"`
	View *struct {
		ID    string `json:"id"`
		Type  string `json:"type"`
		Hash  string `json:"hash"`
		Meta  string `json:"private_metadata"`
		State struct {
			Values map[string]map[string]input `json:"values"`
		} `json:"state"`
	} `json:"view"`
	Actions []struct {
		ID    string `json:"action_id"`
		Type  string `json:"type"`
		Value string `json:"value"`
		TS    string `json:"action_ts"`
	} `json:"actions"`
	Callback    string `json:"callback_id"`
	ResponseURL string `json:"response_url"`
	Trigger     string `json:"trigger_id"`
}

// An input is what was filled in or chosen.
type input struct {
	Value    *string `json:"value"`
	Selected *struct {
		Value string `json:"value"`
	} `json:"selected_option"`
}

func (i input) text() string {
	switch {
	case i.Selected != nil:
		return i.Selected.Value
	case i.Value != nil:
		return *i.Value
	}
	return ""
}

// decode reads v from what Slack sent. Its errors repeat nothing of that.
func decode[T any](b []byte) (v T, err error) {
	if err := json.Unmarshal(b, &v); err != nil {
		var syntax *json.SyntaxError
		var kind *json.UnmarshalTypeError
		switch {
		case errors.As(err, &syntax):
			return v, fmt.Errorf("malformed at byte %d", syntax.Offset)
		case errors.As(err, &kind):
			what, _, _ := strings.Cut(kind.Value, " ") // of a number it says which
			return v, fmt.Errorf("%s is a %s", cmp.Or(kind.Field, "it"), what)
		}
		return v, errors.New("malformed")
	}
	return v, nil
}

// fromForm is what was sent as a form, as JSON: a command as an object of its
// fields, anything else as the payload in it.
func fromForm(body string) (kind, []byte, error) {
	form, err := url.ParseQuery(body)
	if err != nil {
		return "", nil, errors.New("malformed form")
	}
	if p := form.Get("payload"); p != "" {
		return interactions, []byte(p), nil
	}
	if form.Get("command") == "" {
		return "", nil, errors.New("neither a command nor a payload")
	}
	fields := map[string]string{}
	for k := range form {
		fields[k] = form.Get(k)
	}
	b, err := json.Marshal(fields)
	return commands, b, err
}

// at is the time in a timestamp of Slack's, such as "1700000000.000100".
func at(ts string, otherwise time.Time) time.Time {
	f, err := strconv.ParseFloat(ts, 64)
	if err != nil || !(f >= 1 && f <= math.MaxInt32*4) { // which NaN is not either
		return otherwise.UTC()
	}
	return time.UnixMicro(int64(math.Round(f * 1e6))).UTC()
}

var (
	memberID  = regexp.MustCompile(`^[UW][A-Z0-9]{2,30}$`)
	channelID = regexp.MustCompile(`^[CDG][A-Z0-9]{2,30}$`)
	marked    = regexp.MustCompile(`<([^<>]*)>`)
)

// spoken is what somebody wrote, from the markup in which Slack hands it over:
// links as they were seen, mentions as names, and none of ourselves.
// See https://docs.slack.dev/messaging/formatting-message-text#retrieving-messages.
func spoken(markup, us string) string {
	s := marked.ReplaceAllStringFunc(markup, func(m string) string {
		what, label, named := strings.Cut(m[1:len(m)-1], "|")
		switch {
		case us != "" && what == "@"+us:
			return ""
		case strings.HasPrefix(what, "!date^"):
			return label
		case strings.HasPrefix(what, "!"):
			if named {
				return label
			}
			return "@" + what[1:]
		case strings.HasPrefix(what, "@") || strings.HasPrefix(what, "#"):
			if named {
				return what[:1] + label
			}
			return what
		case named:
			return label
		}
		return what
	})
	return strings.TrimSpace(entities(s))
}

// entities are the three that Slack escapes, and no others: whoever pastes
// "&copy;" means it.
func entities(s string) string {
	return strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&").Replace(s)
}

// A meta is where a dialog was opened, and whose form it is. It comes back with
// what is done in it; a person cannot change it, and what could be made of it
// with a stolen token is no more than a press of the same key elsewhere.
type meta struct {
	Key      string       `json:"k,omitempty"`
	Channel  string       `json:"c,omitempty"`
	Thread   string       `json:"t,omitempty"`
	Audience bot.Audience `json:"a,omitempty"`
	Page     bool         `json:"p,omitempty"`
	URL      string       `json:"u,omitempty"` // answers there, to who used a command
}

func (m meta) String() string {
	b, err := json.Marshal(m)
	if err != nil {
		panic("slack: " + err.Error()) // unreachable: it is texts and numbers
	}
	return string(b)
}

// metaOf is where p is, for a dialog that is opened there.
func metaOf(p bot.Place, key string) meta {
	return meta{Key: key, Channel: p.ID, Thread: p.Thread, Audience: p.Audience, Page: p.Page}
}

// place is where m was opened, for who acts in it.
func (m meta) place(user string) bot.Place {
	p := bot.Place{Platform: platform, ID: m.Channel, Thread: m.Thread, Private: true, Audience: m.Audience, Page: m.Page}
	if p.Audience.One() {
		p.Reader = user
	}
	if p.Page {
		p.ID = pageID(user)
	}
	return p
}

// pageID is the id of the page that somebody has in the App Home.
func pageID(user string) string { return "home/" + user }
