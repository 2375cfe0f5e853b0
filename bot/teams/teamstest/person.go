package teamstest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
)

// A Delivery is what the bot answered to an activity.
type Delivery struct {
	Status int
	Body   []byte
}

// Deliver sends an activity to the bot, with a token. It says of the activity
// only what the caller says.
func (f *Fake) Deliver(ctx context.Context, a any, token string) (Delivery, error) {
	b, ok := a.([]byte)
	if !ok {
		var err error
		if b, err = json.Marshal(a); err != nil {
			return Delivery{}, err
		}
	}
	f.mu.Lock()
	address, client := f.bot, f.botClient
	f.mu.Unlock()
	if address == "" {
		return Delivery{}, errNoBot
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(b))
	if err != nil {
		return Delivery{}, err
	}
	r.Header.Set("Content-Type", "application/json; charset=utf-8")
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	if client == nil {
		client = &http.Client{}
	}
	res, err := client.Do(r)
	if err != nil {
		return Delivery{}, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	f.heard(body)
	return Delivery{res.StatusCode, body}, err
}

// Envelope is what every activity of somebody in a room has around it.
// See https://learn.microsoft.com/microsoftteams/platform/resources/bot-v3/bot-conversations/bots-conversations.
func (f *Fake) Envelope(p *Person, r *Room, root string) obj {
	id := r.ID
	if root != "" {
		id += ";messageid=" + root
	}
	in := obj{"id": id, "conversationType": r.Kind, "tenantId": f.Tenant}
	if r.Kind != "personal" {
		in["isGroup"] = true
	}
	from := obj{"id": p.ID, "name": p.Name}
	if p.Object != "" {
		from["aadObjectId"] = p.Object
	}
	data := obj{"tenant": obj{"id": f.Tenant}}
	if r.Kind == "channel" {
		data["channel"], data["team"] = obj{"id": r.ID}, obj{"id": r.ID}
	}
	locale := p.Locale
	if locale == "" {
		locale = "en-US"
	}
	return obj{
		"channelId": "msteams", "serviceUrl": f.Service, "timestamp": f.Now().UTC().Format(time.RFC3339Nano),
		"from": from, "recipient": obj{"id": "28:" + f.App, "name": "mfahelp"}, "conversation": in, "channelData": data, "locale": locale,
		"entities": []any{obj{"type": "clientInfo", "locale": locale, "country": "US", "platform": "Windows"}},
	}
}

// Words are what somebody says, and how.
type Words struct {
	Text     string
	Root     string // the message whose thread it is said in
	Mention  bool   // the bot is called by name
	Targeted bool   // by a slash command: nobody else sees it
	Files    []any  // attachments, as Teams sends them
	ID       string // of the activity; made up if ""
}

// Say says something in a room.
func (f *Fake) Say(ctx context.Context, p *Person, r *Room, w Words) (Delivery, error) {
	f.mu.Lock()
	id, order := f.next()
	if w.ID != "" {
		id = w.ID
	}
	m := &Message{ID: id, Room: r, Thread: w.Root, From: p, Order: order}
	if w.Targeted {
		m.To = p
	}
	f.messages = append(f.messages, m)
	f.mu.Unlock()

	root := w.Root
	if root == "" && r.Kind == "channel" {
		root = id
	}
	a := f.Envelope(p, r, root)
	a["type"], a["id"], a["text"], a["textFormat"] = "message", id, w.Text, "plain"
	if w.Mention {
		at := "<at>mfahelp</at>"
		a["text"] = at + " " + w.Text
		a["entities"] = append(a["entities"].([]any), obj{"type": "mention", "text": at, "mentioned": obj{"id": "28:" + f.App, "name": "mfahelp"}})
	}
	if w.Targeted {
		a["recipient"] = obj{"id": "28:" + f.App, "name": "mfahelp", "isTargeted": true}
	}
	a["attachments"] = append([]any{obj{"contentType": "text/html", "content": "<p>" + html.EscapeString(w.Text) + "</p>"}}, w.Files...)
	m.Activity = clone(a)
	return f.Deliver(ctx, a, f.Token(Forgery{}))
}

// A Push is a press of a button on a message.
type Push struct {
	By     *Person
	On     Message
	Action obj               // the button's, as it is on the card
	Inputs map[string]string // what was filled in, by the ids of the inputs
	ID     string            // of the invoke; made up if ""
	Lie    obj               // what a changed program puts beside the data
	Old    bool              // the person's program is one that knows no Action.Execute
}

// An Answer is what somebody gets to see for a press.
type Answer struct {
	HTTP   int
	Status int
	Kind   string
	Value  any
}

// Invoke is a press as it is sent.
func (f *Fake) Invoke(x Push) obj {
	root := x.On.Thread
	if root == "" && x.On.Room.Kind == "channel" {
		root = x.On.ID
	}
	a := f.Envelope(x.By, x.On.Room, root)
	data, _ := x.Action["data"].(obj)
	data = maps.Clone(data)
	for id, v := range x.Inputs {
		data[id] = v
	}
	maps.Copy(data, x.Lie)
	a["replyToId"] = x.On.ID
	if x.Old {
		f.mu.Lock()
		id, _ := f.next()
		f.mu.Unlock()
		a["type"], a["id"], a["value"] = "message", id, data
		return a
	}
	f.mu.Lock()
	f.last++
	a["id"] = fmt.Sprintf("f:%d", f.last)
	f.mu.Unlock()
	if x.ID != "" {
		a["id"] = "f:" + x.ID
	}
	a["type"], a["name"] = "invoke", "adaptiveCard/action"
	a["value"] = obj{"action": obj{"type": "Action.Execute", "title": x.Action["title"], "verb": x.Action["verb"], "data": data}, "trigger": "manual"}
	return a
}

// invokeLimit is when Teams tells who pressed that something went wrong.
const invokeLimit = 10 * time.Second

// Push presses a button, and shows who pressed what the bot answers.
func (f *Fake) Push(ctx context.Context, x Push) (Answer, error) {
	a := f.Invoke(x)
	began := time.Now()
	d, err := f.Deliver(ctx, a, f.Token(Forgery{}))
	if err != nil || x.Old {
		return Answer{HTTP: d.Status}, err
	}
	if took := time.Since(began); took > invokeLimit {
		f.complain("a press was answered after %v; Teams waits %v", took, invokeLimit)
	}
	return f.shown(x.By, x.On, d), nil
}

// shown is an answer as the program of who pressed takes it.
// See https://learn.microsoft.com/microsoftteams/platform/task-modules-and-cards/cards/universal-actions-for-adaptive-cards/work-with-universal-actions-for-adaptive-cards#response-format.
func (f *Fake) shown(p *Person, on Message, d Delivery) Answer {
	out := Answer{HTTP: d.Status}
	if d.Status != http.StatusOK {
		return out
	}
	var v struct {
		StatusCode int
		Type       string
		Value      any
	}
	if err := json.Unmarshal(d.Body, &v); err != nil {
		f.complain("the answer to a press is no JSON: %v", err)
		return out
	}
	out.Status, out.Kind, out.Value = v.StatusCode, v.Type, v.Value
	switch v.Type {
	case "application/vnd.microsoft.card.adaptive":
		c, _ := v.Value.(obj)
		if w := f.card(c); v.StatusCode != http.StatusOK || w != nil {
			f.complain("the card in the answer to a press, of status %d, is not taken: %v", v.StatusCode, w)
			return out
		}
		f.see(p, on, c)
	case "application/vnd.microsoft.activity.message":
		s, _ := v.Value.(string)
		if v.StatusCode != http.StatusOK || s == "" {
			f.complain("the line in the answer to a press, of status %d, says %q", v.StatusCode, s)
			return out
		}
		f.mu.Lock()
		_, order := f.next()
		f.toasts = append(f.toasts, Toast{p, on.Room, s, order})
		f.mu.Unlock()
	case "application/vnd.microsoft.error":
		e, _ := v.Value.(obj)
		if v.StatusCode < 400 || e["code"] == nil || e["message"] == nil {
			f.complain("the error in the answer to a press has status %d and says %v", v.StatusCode, e)
		}
	default:
		f.complain("the answer to a press is of type %q", v.Type)
	}
	return out
}

// see puts a card in the place of a message for one person.
func (f *Fake) see(p *Person, on Message, c obj) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, m := range f.messages {
		if m.ID == on.ID && m.Room == on.Room {
			if m.views == nil {
				m.views = map[*Person]obj{}
			}
			m.views[p] = c
		}
	}
}

// Refresh asks for the card of one person, as their program does when it shows
// a message that says so.
func (f *Fake) Refresh(ctx context.Context, p *Person, m Message) (Answer, error) {
	r, _ := cardOf(m.Activity)["refresh"].(obj)
	action, _ := r["action"].(obj)
	if action == nil {
		return Answer{}, nil
	}
	a := f.Invoke(Push{By: p, On: m, Action: action})
	a["value"].(obj)["trigger"] = "automatic"
	d, err := f.Deliver(ctx, a, f.Token(Forgery{}))
	if err != nil {
		return Answer{}, err
	}
	return f.shown(p, m, d), nil
}

// refreshes reports whether p's program asks for a card of p's own.
// See https://learn.microsoft.com/microsoftteams/platform/task-modules-and-cards/cards/universal-actions-for-adaptive-cards/user-specific-views.
func refreshes(p *Person, m Message) bool {
	r, _ := cardOf(m.Activity)["refresh"].(obj)
	if r == nil {
		return false
	}
	users, named := r["userIds"].([]any)
	if named {
		return slices.Contains(users, any(p.ID))
	}
	return len(m.Room.Members) <= 60
}

// Install gives somebody the app, or gives it to a room. Teams tells the bot so
// twice, in two ways.
func (f *Fake) Install(ctx context.Context, p *Person, r *Room) ([]Delivery, error) {
	return f.installed(ctx, p, r, "add", "membersAdded")
}

// Uninstall takes it away.
func (f *Fake) Uninstall(ctx context.Context, p *Person, r *Room) ([]Delivery, error) {
	return f.installed(ctx, p, r, "remove", "membersRemoved")
}

func (f *Fake) installed(ctx context.Context, p *Person, r *Room, action, members string) (out []Delivery, err error) {
	f.mu.Lock()
	if r.Kind == "personal" {
		p.Installed = action == "add"
	}
	f.mu.Unlock()
	for _, a := range []obj{
		{"type": "installationUpdate", "action": action},
		{"type": "conversationUpdate", members: []any{obj{"id": "28:" + f.App}}},
	} {
		e := f.Envelope(p, r, "")
		maps.Copy(e, a)
		f.mu.Lock()
		e["id"], _ = f.next()
		f.mu.Unlock()
		d, err := f.Deliver(ctx, e, f.Token(Forgery{}))
		if err != nil {
			return out, err
		}
		out = append(out, d)
	}
	return out, nil
}

// Shortcut uses the bot's shortcut on a message, which Teams brings as HTML.
// See https://learn.microsoft.com/microsoftteams/platform/messaging-extensions/how-to/action-commands/create-task-module#payload-activity-properties-when-a-task-module-is-invoked-from-1-1-chat.
func (f *Fake) Shortcut(ctx context.Context, p *Person, r *Room, content string) (Delivery, error) {
	a := f.Envelope(p, r, "")
	f.mu.Lock()
	f.last++
	a["id"] = fmt.Sprintf("f:%d", f.last)
	f.mu.Unlock()
	a["type"], a["name"] = "invoke", "composeExtension/submitAction"
	a["value"] = obj{
		"commandId": "explain", "commandContext": "message", "botMessagePreviewAction": nil, "data": obj{},
		"messagePayload": obj{"id": "1", "body": obj{"contentType": "html", "content": content}, "from": obj{"user": obj{"displayName": "Somebody else"}}},
	}
	return f.Deliver(ctx, a, f.Token(Forgery{}))
}

// Consent answers where to put a file that the bot offers, and returns the id
// that it is then kept under.
func (f *Fake) Consent(ctx context.Context, p *Person, m Message, accept bool) (id string, d Delivery, err error) {
	all, _ := m.Activity["attachments"].([]any)
	c, _ := all[0].(obj)
	content, _ := c["content"].(obj)
	id = strings.ReplaceAll(fmt.Sprint(c["name"]), " ", "-") + "-" + m.ID
	a := f.Envelope(p, m.Room, "")
	a["type"], a["name"], a["id"], a["replyToId"] = "invoke", "fileConsent/invoke", "f:"+id, m.ID
	v := obj{"type": "fileUpload", "action": "decline", "context": content["declineContext"]}
	if accept {
		v["action"], v["context"] = "accept", content["acceptContext"]
		v["uploadInfo"] = obj{
			"name": c["name"], "uploadUrl": f.URL + "/storage/" + id, "contentUrl": f.URL + "/storage/" + id, "uniqueId": id, "fileType": "txt",
		}
	}
	a["value"] = v
	d, err = f.Deliver(ctx, a, f.Token(Forgery{}))
	return id, d, err
}
