package slacktest

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Words are what somebody says, and how.
type Words struct {
	Text    string
	Thread  string // the message whose thread it is said in
	Mention bool   // the bot is called by name
	Files   []File
	Event   string         // id of the event; made up if ""
	Lie     map[string]any // what stands beside the rest, or instead of it
}

// escape is how Slack hands over what somebody typed. See
// https://docs.slack.dev/messaging/formatting-message-text#escaping.
var escape = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace

// Say says something in a channel. A mention is delivered twice, as Slack does.
func (f *Fake) Say(ctx context.Context, p *Person, c *Channel, w Words) (Delivery, error) {
	f.mu.Lock()
	text := escape(w.Text)
	if w.Mention {
		text = "<@" + f.Bot + "> " + text
	}
	m := &Message{TS: f.next(), Channel: c, Thread: w.Thread, From: p, Text: w.Text}
	e := obj{"type": "message", "user": p.ID, "team": p.Team, "text": text, "ts": m.TS, "channel": c.ID, "channel_type": c.kind(), "event_ts": m.TS}
	if w.Thread != "" {
		e["thread_ts"] = w.Thread
	}
	var files []obj
	for i := range w.Files {
		m.Files = append(m.Files, &w.Files[i])
		files = append(files, obj{"id": w.Files[i].ID, "name": w.Files[i].Name, "mimetype": w.Files[i].Type, "size": len(w.Files[i].Content)})
	}
	if files != nil {
		e["subtype"], e["files"] = "file_share", files
	}
	maps.Copy(e, w.Lie)
	f.messages = append(f.messages, m)
	f.mu.Unlock()

	d, err := f.Happen(ctx, e, w.Event)
	if err != nil || !w.Mention {
		return d, err
	}
	twin := clone[obj](e)
	twin["type"] = "app_mention"
	delete(twin, "channel_type")
	return f.Happen(ctx, twin, "")
}

func (c *Channel) kind() string {
	switch {
	case c.With != nil:
		return "im"
	case c.Private:
		return "group"
	}
	return "channel"
}

// Happen delivers an event. See https://docs.slack.dev/apis/events-api#callback-field.
func (f *Fake) Happen(ctx context.Context, e map[string]any, id string) (Delivery, error) {
	return f.Deliver(ctx, "events_api", f.Envelope(e, id))
}

// Envelope is e as it is delivered.
func (f *Fake) Envelope(e map[string]any, id string) map[string]any {
	f.mu.Lock()
	defer f.mu.Unlock()
	if id == "" {
		id = "Ev" + strings.ReplaceAll(f.next(), ".", "")
	}
	channel, _ := e["channel"].(string)
	c := f.channels[channel]
	return obj{
		"token": "old-and-not-to-be-trusted", "team_id": f.Team, "api_app_id": f.App, "type": "event_callback", "event_id": id,
		"event_time": f.Now().Unix(), "event": e, "is_ext_shared_channel": c != nil && c.ExtShared,
		"authorizations": []any{obj{"team_id": f.Team, "user_id": f.Bot, "is_bot": true}},
	}
}

// triggerTime is how long a dialog can be opened after a press.
const triggerTime = 3 * time.Second

// Trigger lets the bot open one dialog for p, over a channel.
func (f *Fake) Trigger(p *Person, in *Channel) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.aTrigger(p, in)
}

// aTrigger lets the bot open one dialog for p, over a channel. f.mu is held.
func (f *Fake) aTrigger(p *Person, in *Channel) string {
	id := strings.ReplaceAll(f.next(), ".", "") + ".trigger." + p.ID
	f.triggers[id] = &trigger{of: p.ID, in: in, until: f.Now().Add(triggerTime)}
	return id
}

// aResponse lets the bot answer in c. f.mu is held.
func (f *Fake) aResponse(p *Person, c *Channel, m *Message) string {
	id := strings.ReplaceAll(f.next(), ".", "")
	f.responses[id] = &response{of: p, channel: c, message: m, until: f.Now().Add(30 * time.Minute), uses: 5}
	return f.srv.URL + "/response/" + id
}

// Command uses a slash command. What comes back at once is shown to who used it.
// See https://docs.slack.dev/interactivity/implementing-slash-commands.
func (f *Fake) Command(ctx context.Context, p *Person, c *Channel, command, text string) (Delivery, error) {
	d, err := f.Deliver(ctx, "slash_commands", f.Commanding(p, c, command, text))
	if err == nil && len(d.Body) > 0 {
		f.answered(p, c, d.Body)
	}
	return d, err
}

// Commanding is a command as it is sent.
func (f *Fake) Commanding(p *Person, c *Channel, command, text string) map[string]any {
	f.mu.Lock()
	defer f.mu.Unlock()
	return obj{
		"token": "old-and-not-to-be-trusted", "team_id": p.Team, "channel_id": c.ID, "channel_name": c.Name, "user_id": p.ID, "user_name": "old",
		"command": command, "text": escape(text), "api_app_id": f.App, "is_enterprise_install": "false",
		"response_url": f.aResponse(p, c, nil), "trigger_id": f.aTrigger(p, c),
	}
}

// answered shows what a command was answered with at once.
func (f *Fake) answered(p *Person, c *Channel, body []byte) {
	var a struct {
		Text   string
		Blocks []any
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := json.Unmarshal(body, &a); err != nil {
		f.complain("the answer to a command is no JSON: %v", err)
		return
	}
	if why := f.blocks(a.Blocks, maxMessageBlocks, "message"); why != nil {
		f.complain("the answer to a command: %s: %s", why.code, why.why)
	}
	f.messages = append(f.messages, &Message{TS: f.next(), Channel: c, To: p, Text: a.Text, Blocks: a.Blocks})
}

// A Push is a press of a button.
type Push struct {
	By     *Person
	On     *Message // on which the button is; nil for one in a dialog, or on a page
	View   *View    // the dialog in which it is
	Action map[string]any
	ID     string         // the trigger's, by which a delivery is told from another; made up if ""
	Lie    map[string]any // what stands beside the rest, or instead of it
}

// Push presses a button.
func (f *Fake) Push(ctx context.Context, x Push) (Delivery, error) {
	return f.Deliver(ctx, "interactive", f.Pressing(x))
}

// Pressing is a press as it is sent. See
// https://docs.slack.dev/reference/interaction-payloads/block_actions-payload.
func (f *Fake) Pressing(x Push) map[string]any {
	f.mu.Lock()
	defer f.mu.Unlock()
	over := f.direct(x.By)
	switch {
	case x.On != nil:
		over = x.On.Channel
	case x.View != nil:
		over = x.View.Over
	}
	trigger := f.aTrigger(x.By, over)
	if x.ID != "" {
		f.triggers["given."+x.ID] = f.triggers[trigger]
		trigger = "given." + x.ID
	}
	payload := f.acting(x.By, "block_actions", trigger)
	action := clone[obj](x.Action)
	payload["actions"] = []any{obj{
		"type": "button", "action_id": action["action_id"], "block_id": "made-up", "value": action["value"], "text": action["text"], "action_ts": f.next(),
	}}
	switch {
	case x.On != nil:
		c := x.On.Channel
		container := obj{"type": "message", "message_ts": x.On.TS, "channel_id": c.ID, "is_ephemeral": x.On.To != nil}
		message := f.show(x.On)
		if x.On.Thread != "" {
			container["thread_ts"] = x.On.Thread
		}
		payload["container"], payload["channel"] = container, obj{"id": c.ID, "name": c.Name}
		payload["response_url"] = f.aResponse(x.By, c, x.On)
		if x.On.To == nil {
			payload["message"] = message
		}
	case x.View != nil:
		payload["container"], payload["view"] = obj{"type": "view", "view_id": x.View.ID}, x.View.wire()
	default:
		page := clone[obj](f.pages[x.By.ID])
		page["id"] = "V0HOME" + x.By.ID
		payload["container"], payload["view"] = obj{"type": "view"}, page
	}
	maps.Copy(payload, x.Lie)
	return payload
}

func (f *Fake) acting(p *Person, kind, trigger string) obj {
	return obj{
		"type": kind, "team": obj{"id": f.Team, "domain": "contoso"}, "user": obj{"id": p.ID, "name": "old", "team_id": p.Team},
		"api_app_id": f.App, "token": "old-and-not-to-be-trusted", "trigger_id": trigger,
	}
}

// Submit sends the form in a dialog. What comes back decides whether it closes,
// and is returned for who wants to know why not. See
// https://docs.slack.dev/reference/interaction-payloads/view-interactions-payload.
func (f *Fake) Submit(ctx context.Context, p *Person, v View, values map[string]string) (Delivery, error) {
	payload := f.Submitting(p, v, values)
	d, err := f.Deliver(ctx, "interactive", payload)
	if err != nil || !d.Taken() {
		return d, err
	}
	var a struct {
		Action string            `json:"response_action"`
		View   obj               `json:"view"`
		Errors map[string]string `json:"errors"`
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(d.Body) > 0 && string(d.Body) != "null" {
		if err := json.Unmarshal(d.Body, &a); err != nil {
			f.complain("the answer to a form is no JSON: %v", err)
		}
	}
	for id := range a.Errors {
		if !slices.ContainsFunc(list(v.View["blocks"]), func(x any) bool { b, _ := x.(obj); return b["type"] == "input" && b["block_id"] == id }) {
			f.complain("the answer to a form complains about %q, which is no input of it", id)
		}
	}
	if a.Action == "update" {
		if why := f.view(a.View); why != nil {
			f.complain("the answer to a form: %s: %s", why.code, why.why)
		}
		for _, x := range f.views[p.ID] {
			if x.ID == v.ID {
				x.View = a.View
			}
		}
	}
	if a.Action == "" {
		if pile := f.views[p.ID]; len(pile) > 0 && pile[len(pile)-1].ID == v.ID {
			f.views[p.ID] = pile[:len(pile)-1]
		}
	}
	return d, nil
}

// Submitting is a form as it is sent.
func (f *Fake) Submitting(p *Person, v View, values map[string]string) map[string]any {
	f.mu.Lock()
	defer f.mu.Unlock()
	state := obj{}
	for _, x := range list(v.View["blocks"]) {
		b, _ := x.(obj)
		element, _ := b["element"].(obj)
		id, _ := b["block_id"].(string)
		given, filled := values[id]
		if element == nil {
			continue
		}
		in := obj{"type": element["type"]}
		switch {
		case element["type"] == "static_select" && filled:
			in["selected_option"] = obj{"value": given}
		case element["type"] == "static_select":
			in["selected_option"] = nil
		case filled:
			in["value"] = given
		default:
			in["value"] = nil
		}
		action, _ := element["action_id"].(string)
		state[id] = obj{action: in}
	}
	payload := f.acting(p, "view_submission", f.aTrigger(p, v.Over))
	view := v.wire()
	view["state"] = obj{"values": state}
	payload["view"] = view
	return payload
}

// Shut closes all dialogs that somebody has open.
func (f *Fake) Shut(p *Person) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.views, p.ID)
}

// Shortcut uses the shortcut on a message. See
// https://docs.slack.dev/interactivity/implementing-shortcuts.
func (f *Fake) Shortcut(ctx context.Context, p *Person, m Message) (Delivery, error) {
	f.mu.Lock()
	payload := f.acting(p, "message_action", f.aTrigger(p, m.Channel))
	said := f.show(&m)
	said["text"] = escape(m.Text)
	payload["callback_id"], payload["message"] = "mfa-help", said
	payload["channel"], payload["message_ts"] = obj{"id": m.Channel.ID}, m.TS
	payload["response_url"] = f.aResponse(p, m.Channel, nil)
	f.mu.Unlock()
	return f.Deliver(ctx, "interactive", payload)
}

// OpenHome visits the bot's page.
func (f *Fake) OpenHome(ctx context.Context, p *Person) (Delivery, error) {
	return f.Happen(ctx, obj{"type": "app_home_opened", "user": p.ID, "channel": f.Direct(p).ID, "tab": "home", "event_ts": "1.000001"}, "")
}

// React puts a reaction on a message.
func (f *Fake) React(ctx context.Context, p *Person, m Message, name string) (Delivery, error) {
	by := f.Bot
	if m.From != nil {
		by = m.From.ID
	}
	return f.Happen(ctx, obj{
		"type": "reaction_added", "user": p.ID, "reaction": name, "item_user": by, "item": obj{"type": "message", "channel": m.Channel.ID, "ts": m.TS},
	}, "")
}

// Button finds one by its label in a message, a dialog, or a page.
func Button(blocks []any, label string) (map[string]any, error) {
	var labels []string
	for _, a := range buttons(blocks) {
		l := said(a["text"])
		if l == label {
			return a, nil
		}
		labels = append(labels, l)
	}
	return nil, fmt.Errorf("there is no button %q but %q", label, labels)
}
