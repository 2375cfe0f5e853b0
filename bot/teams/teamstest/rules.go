package teamstest

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"unicode/utf16"
)

// The limits on sizes.
const (
	// MaxMessage is for a whole message, as UTF-16.
	// See https://learn.microsoft.com/microsoftteams/platform/bots/how-to/format-your-bot-messages#message-size-limits.
	MaxMessage = 100 << 10

	// MaxCard is what a card may be everywhere in Teams.
	// See https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/connectors-using.
	MaxCard = 28 << 10
)

// A wrong is what Teams would answer to a call that it does not take.
type wrong struct {
	status int
	code   string
	why    string
}

func bad(format string, args ...any) *wrong {
	return &wrong{400, "BadSyntax", fmt.Sprintf(format, args...)}
}

// message checks an activity that a bot sends.
func (f *Fake) message(a obj, body []byte) *wrong {
	if n := 2 * len(utf16.Encode([]rune(string(body)))); n > MaxMessage && !f.Lax.Sizes {
		return &wrong{413, "MessageSizeTooBig", fmt.Sprintf("the message has %d bytes as UTF-16, of %d", n, MaxMessage)}
	}
	kind, _ := a["type"].(string)
	text, _ := a["text"].(string)
	attachments, _ := a["attachments"].([]any)
	switch {
	case kind != "message" && kind != "typing":
		return bad("an activity of type %q cannot be sent", kind)
	case kind == "message" && text == "" && len(attachments) == 0:
		return bad("the message says nothing: it has neither text nor attachments")
	}
	if w := mentions(a["entities"], text, "text of the message"); w != nil {
		return w
	}
	for _, x := range attachments {
		attachment, _ := x.(obj)
		if w := f.attachment(attachment); w != nil {
			return w
		}
	}
	return nil
}

func (f *Fake) attachment(a obj) *wrong {
	content, _ := a["content"].(obj)
	switch kind, _ := a["contentType"].(string); kind {
	case "application/vnd.microsoft.card.adaptive":
		return f.card(content)
	case "application/vnd.microsoft.teams.card.file.consent":
		if a["name"] == nil || content["sizeInBytes"] == nil || content["acceptContext"] == nil {
			return bad("a file consent card needs a name, sizeInBytes, and an acceptContext")
		}
		return nil
	case "application/vnd.microsoft.teams.card.file.info":
		if a["contentUrl"] == nil || content["uniqueId"] == nil {
			return bad("a file info card needs a contentUrl and the uniqueId")
		}
		return nil
	default:
		return bad("an attachment of type %q is not taken", kind)
	}
}

// mentions checks that whoever is named beside a text is named in it, in the
// same words.
// See https://learn.microsoft.com/microsoftteams/platform/bots/how-to/conversations/channel-and-group-conversations#add-mentions-to-your-messages.
func mentions(entities any, text, where string) *wrong {
	all, _ := entities.([]any)
	for _, x := range all {
		e, _ := x.(obj)
		if e["type"] != "mention" {
			continue
		}
		at, _ := e["text"].(string)
		who, _ := e["mentioned"].(obj)
		switch {
		case !strings.HasPrefix(at, "<at>") || !strings.HasSuffix(at, "</at>"):
			return bad("a mention must be <at>name</at>, and is %q", at)
		case !strings.Contains(text, at):
			return bad("the mention %q is not in the %s", at, where)
		case who["id"] == nil || who["id"] == "" || who["name"] == nil:
			return bad("the mention %q names nobody", at)
		}
	}
	return nil
}

// card checks an Adaptive Card: that Teams knows all that is in it, and what its
// page says of buttons and of refresh.
// See https://learn.microsoft.com/microsoftteams/platform/task-modules-and-cards/cards/cards-reference#adaptive-card.
func (f *Fake) card(c obj) *wrong {
	b, err := json.Marshal(c)
	if err != nil {
		return bad("the card is no JSON: %v", err)
	}
	plain := strings.NewReplacer(`\u003c`, "<", `\u003e`, ">", `\u0026`, "&").Replace(string(b))
	if len(plain) > MaxCard && !f.Lax.Sizes {
		return &wrong{413, "MessageSizeTooBig", fmt.Sprintf("the card has %d bytes, of %d", len(plain), MaxCard)}
	}
	version, _ := c["version"].(string)
	switch {
	case c["type"] != "AdaptiveCard":
		return bad("the card is of type %v, not AdaptiveCard", c["type"])
	case version == "" || version > "1.5":
		return bad("the card is of version %q; Teams shows none after 1.5", version)
	case c["refresh"] != nil && version < "1.5":
		return bad("a card that refreshes must be of version 1.5, not %s", version)
	}
	if w := refresh(c["refresh"]); w != nil {
		return w
	}
	ids := map[string]bool{}
	var texts []string
	if w := elements(c, version, ids, &texts); w != nil {
		return w
	}
	teams, _ := c["msteams"].(obj)
	return mentions(teams["entities"], strings.Join(texts, "\n"), "texts of the card")
}

// refresh checks who is told to ask again.
// See https://learn.microsoft.com/microsoftteams/platform/task-modules-and-cards/cards/universal-actions-for-adaptive-cards/user-specific-views.
func refresh(v any) *wrong {
	if v == nil {
		return nil
	}
	r, _ := v.(obj)
	action, _ := r["action"].(obj)
	users, _ := r["userIds"].([]any)
	switch {
	case action["type"] != "Action.Execute" || action["verb"] == nil:
		return bad("a refresh needs an Action.Execute with a verb")
	case len(users) > 60:
		return bad("a refresh names %d people, of 60", len(users))
	}
	for _, u := range users {
		if s, _ := u.(string); !strings.HasPrefix(s, "29:") {
			return bad("a refresh names %v, who is nobody's id in Teams", u)
		}
	}
	return nil
}

// The elements and actions that Teams shows in a card of version 1.5, and where
// more of them are in each.
var (
	parts = map[string][]string{
		"AdaptiveCard": {"body", "actions"}, "TextBlock": nil, "RichTextBlock": nil, "FactSet": nil, "Image": nil, "ImageSet": {"images"},
		"Container": {"items"}, "ColumnSet": {"columns"}, "Column": {"items"}, "ActionSet": {"actions"}, "Table": nil,
		"Input.Text": nil, "Input.ChoiceSet": nil, "Input.Toggle": nil, "Input.Number": nil, "Input.Date": nil, "Input.Time": nil,
		"Action.Execute": nil, "Action.Submit": nil, "Action.OpenUrl": nil, "Action.ShowCard": nil, "Action.ToggleVisibility": nil,
	}
	bands = []string{"default", "emphasis", "good", "attention", "warning", "accent"}
)

// elements goes through all of an element.
func elements(e obj, version string, ids map[string]bool, texts *[]string) *wrong {
	kind, _ := e["type"].(string)
	inner, known := parts[kind]
	if !known {
		return bad("Teams knows no element of type %q", kind)
	}
	if id, _ := e["id"].(string); id != "" {
		if ids[id] {
			return bad("two elements have the id %q", id)
		}
		ids[id] = true
	}
	if w := element(kind, e, texts); w != nil {
		return w
	}
	if strings.HasPrefix(kind, "Action.") {
		if w := action(kind, e, version, ids, texts); w != nil {
			return w
		}
	}
	for _, name := range inner {
		all, _ := e[name].([]any)
		if name == "actions" && primary(all) > 6 {
			return bad("%d buttons stand in a row, of 6; the rest must have mode secondary", primary(all))
		}
		for _, x := range all {
			child, ok := x.(obj)
			if !ok {
				return bad("in %s of a %s is something that is no element", name, kind)
			}
			if w := elements(child, version, ids, texts); w != nil {
				return w
			}
		}
	}
	return nil
}

func primary(all []any) (n int) {
	for _, x := range all {
		if a, _ := x.(obj); a["mode"] != "secondary" {
			n++
		}
	}
	return n
}

// element checks what one says of itself.
func element(kind string, e obj, texts *[]string) *wrong {
	switch kind {
	case "TextBlock":
		s, _ := e["text"].(string)
		if strings.TrimSpace(s) == "" {
			return bad("a TextBlock says nothing")
		}
		*texts = append(*texts, s)
	case "FactSet":
		facts, _ := e["facts"].([]any)
		if len(facts) == 0 {
			return bad("a FactSet has no facts")
		}
		for _, x := range facts {
			f, _ := x.(obj)
			title, _ := f["title"].(string)
			value, _ := f["value"].(string)
			if title == "" || value == "" {
				return bad("a fact lacks its title or its value")
			}
			*texts = append(*texts, title, value)
		}
	case "RichTextBlock":
		runs, _ := e["inlines"].([]any)
		for _, x := range runs {
			if r, _ := x.(obj); r["type"] != "TextRun" || r["text"] == "" {
				return bad("a RichTextBlock has something else than TextRuns with words in them")
			}
		}
	case "Container", "Column":
		if s, _ := e["style"].(string); s != "" && !slices.Contains(bands, s) {
			return bad("a %s has the style %q, which there is not", kind, s)
		}
	case "Input.ChoiceSet":
		if choices, _ := e["choices"].([]any); len(choices) == 0 {
			return bad("an Input.ChoiceSet has no choices")
		}
	}
	if strings.HasPrefix(kind, "Input.") && (e["id"] == nil || e["id"] == "") {
		return bad("an %s has no id, so what is filled in would be lost", kind)
	}
	return nil
}

// action checks a button, and the card behind it.
func action(kind string, a obj, version string, ids map[string]bool, texts *[]string) *wrong {
	if s, _ := a["title"].(string); s == "" {
		return bad("an %s has no title", kind)
	}
	switch kind {
	case "Action.Execute":
		fallback, _ := a["fallback"].(obj)
		switch {
		case version < "1.4":
			return bad("an Action.Execute must be on a card of version 1.4 or later, not %s", version)
		case a["verb"] == nil:
			return bad("an Action.Execute has no verb")
		case fallback["type"] != "Action.Submit":
			return bad("an Action.Execute has no Action.Submit to fall back to")
		}
	case "Action.OpenUrl":
		s, _ := a["url"].(string)
		if u, err := url.Parse(s); err != nil || u.Scheme != "https" && u.Scheme != "http" && u.Scheme != "mailto" {
			return bad("an Action.OpenUrl leads to %q", s)
		}
	case "Action.ToggleVisibility":
		if all, _ := a["targetElements"].([]any); len(all) == 0 {
			return bad("an Action.ToggleVisibility shows nothing")
		}
	case "Action.ShowCard":
		inner, _ := a["card"].(obj)
		if inner["type"] != "AdaptiveCard" {
			return bad("an Action.ShowCard has no card")
		}
		return elements(inner, version, ids, texts)
	}
	return nil
}
