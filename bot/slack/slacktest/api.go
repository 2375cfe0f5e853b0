package slacktest

import (
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A method is one that a bot calls.
type method struct {
	scope string // that its token must have; "" for none
	app   bool   // it takes the app's token, and no other
	do    func(*Fake, args) (obj, *wrong)
}

// methods are those of https://docs.slack.dev/reference/methods that are served.
var methods = map[string]method{
	"auth.test":                    {"", false, (*Fake).authTest},
	"apps.connections.open":        {"", true, (*Fake).connectionsOpen},
	"chat.postMessage":             {"chat:write", false, (*Fake).postMessage},
	"chat.postEphemeral":           {"chat:write", false, (*Fake).postEphemeral},
	"chat.update":                  {"chat:write", false, (*Fake).update},
	"views.open":                   {"", false, (*Fake).viewsOpen},
	"views.push":                   {"", false, (*Fake).viewsPush},
	"views.update":                 {"", false, (*Fake).viewsUpdate},
	"views.publish":                {"", false, (*Fake).viewsPublish},
	"users.list":                   {"users:read", false, (*Fake).usersList},
	"users.info":                   {"users:read", false, (*Fake).usersInfo},
	"users.lookupByEmail":          {"users:read.email", false, (*Fake).lookupByEmail},
	"users.profile.get":            {"users.profile:read", false, (*Fake).profile},
	"team.profile.get":             {"users.profile:read", false, (*Fake).teamProfile},
	"conversations.info":           {"groups:read", false, (*Fake).conversationsInfo},
	"conversations.members":        {"groups:read", false, (*Fake).conversationsMembers},
	"conversations.open":           {"im:write", false, (*Fake).conversationsOpen},
	"conversations.history":        {"", false, (*Fake).history},
	"conversations.replies":        {"", false, (*Fake).replies},
	"files.getUploadURLExternal":   {"files:write", false, (*Fake).uploadURL},
	"files.completeUploadExternal": {"files:write", false, (*Fake).uploaded},
}

// args are what a method is called with, whether as a form or as JSON.
type args map[string]any

func (a args) str(name string) string {
	s, _ := a[name].(string)
	return s
}

// list is an argument that is JSON, which in a form is written into a string.
func (a args) list(name string) ([]any, *wrong) {
	switch v := a[name].(type) {
	case nil:
		return nil, nil
	case []any:
		return v, nil
	case string:
		var out []any
		if v != "" && json.Unmarshal([]byte(v), &out) != nil {
			return nil, bad("invalid_"+name, "%s is no JSON", name)
		}
		return out, nil
	}
	return nil, bad("invalid_"+name, "%s is no list", name)
}

func (a args) object(name string) obj {
	switch v := a[name].(type) {
	case obj:
		return v
	case string:
		var out obj
		_ = json.Unmarshal([]byte(v), &out)
		return out
	}
	return nil
}

func (f *Fake) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /api/{method}", f.call)
	mux.HandleFunc("POST /upload/{id}", f.upload)
	mux.HandleFunc("POST /response/{id}", f.respond)
	mux.HandleFunc("GET /socket", f.socket)
	return mux
}

func (f *Fake) call(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("method")
	a, token, raw, err := readArgs(r)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.wire.WriteString(raw + "\n")
	f.calls = append(f.calls, name)
	if err != nil {
		answer(w, f.refuse(name, bad("invalid_arguments", "%v", err)))
		return
	}
	m, ok := methods[name]
	if !ok {
		answer(w, f.refuse(name, bad("unknown_method", "there is no method %s here", name)))
		return
	}
	x := f.fault(name)
	if x != nil && !x.Done {
		f.fail(w, r, x)
		return
	}
	if why := f.may(m, token); why != nil {
		answer(w, f.refuse(name, why))
		return
	}
	if wait, many := f.tooOften(name, a.str("channel")); many {
		f.complain("%s is called too often: wait %v", name, wait)
		f.fail(w, r, &Fault{Status: 429, Header: http.Header{"Retry-After": {strconv.Itoa(int(wait/time.Second) + 1)}}})
		return
	}
	if !m.app && !f.Untold {
		w.Header().Set("X-OAuth-Scopes", strings.Join(f.Scopes, ","))
	}
	out, why := m.do(f, a)
	switch {
	case x != nil:
		f.fail(w, r, x)
	case why != nil:
		answer(w, f.refuse(name, why))
	default:
		out["ok"] = true
		answer(w, out)
	}
}

// readArgs reads a form or JSON, and the token in it or before it.
func readArgs(r *http.Request) (a args, token, raw string, err error) {
	b, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, "", "", err
	}
	a = args{}
	token, _ = strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if strings.HasPrefix(r.Header.Get("Content-Type"), "application/json") {
		if len(b) > 0 {
			err = json.Unmarshal(b, &a)
		}
		return a, token, string(b), err
	}
	form, err := url.ParseQuery(string(b))
	if err != nil {
		return nil, "", string(b), err
	}
	for k := range form {
		a[k] = form.Get(k)
	}
	if t := form.Get("token"); t != "" {
		token = t
	}
	form.Del("token")
	readable, _ := url.QueryUnescape(form.Encode())
	return a, token, readable, nil
}

// may reports why a method does not take a token. f.mu is held.
func (f *Fake) may(m method, token string) *wrong {
	want := f.BotToken
	if m.app {
		want = f.AppToken
	}
	switch {
	case token == "":
		return bad("not_authed", "there is no token, in the form or before it")
	case token != f.BotToken && token != f.AppToken:
		return bad("invalid_auth", "nobody has this token")
	case token != want:
		return bad("not_allowed_token_type", "this is the token for something else")
	case f.revoked:
		return bad("token_revoked", "the token was revoked")
	case m.scope != "" && !slices.Contains(f.Scopes, m.scope):
		return bad("missing_scope", "%s", m.scope)
	}
	return nil
}

// hears reports why the bot may not read what was said in c: there is a scope for
// each kind. See https://docs.slack.dev/reference/methods/conversations.history.
func (f *Fake) hears(c *Channel) *wrong {
	scope := map[string]string{"im": "im:history", "group": "groups:history", "channel": "channels:history"}[c.kind()]
	if !slices.Contains(f.Scopes, scope) {
		return bad("missing_scope", "%s", scope)
	}
	return nil
}

// expected are refusals that tell how things are, and not that a call is wrong.
var expected = []string{
	"message_not_found", "user_not_found", "users_not_found", "channel_not_found", "expired_trigger_id", "token_revoked", "missing_scope",
	"invalid_auth", "not_in_channel", "user_not_in_channel", "is_archived", "link_disabled", "not_found", "exchanged_trigger_id",
}

// refuse answers a call with why it is refused. f.mu is held.
func (f *Fake) refuse(name string, why *wrong) obj {
	if !slices.Contains(expected, why.code) {
		f.complain("%s: %s: %s", name, why.code, why.why)
	}
	out := obj{"ok": false, "error": why.code, "response_metadata": obj{"messages": []string{"[ERROR] " + why.why}}}
	if why.code == "missing_scope" {
		out["needed"], out["provided"] = why.why, strings.Join(f.Scopes, ",")
	}
	return out
}

func answer(w http.ResponseWriter, o obj) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	_ = json.NewEncoder(w).Encode(o)
}

// fail fails a call. f.mu is held, but not while nothing is answered.
func (f *Fake) fail(w http.ResponseWriter, r *http.Request, x *Fault) {
	maps.Copy(w.Header(), x.Header)
	switch {
	case x.Silent:
		f.mu.Unlock()
		<-r.Context().Done()
		f.mu.Lock()
	case x.Status != 0:
		w.WriteHeader(x.Status)
	case x.Code != "":
		answer(w, obj{"ok": false, "error": x.Code})
	default:
		panic(http.ErrAbortHandler)
	}
}

func (f *Fake) authTest(args) (obj, *wrong) {
	out := obj{"user_id": f.Bot, "bot_id": "B0BOT00001", "team_id": f.Team, "team": "Contoso", "user": "mfahelp", "url": "https://contoso.example/"}
	if f.NoBot {
		delete(out, "bot_id")
	}
	if f.Enterprise != "" {
		out["enterprise_id"] = f.Enterprise
	}
	return out, nil
}

// in finds the channel that something is posted to: one that the bot is in, or
// somebody's own with it.
func (f *Fake) in(a args) (*Channel, *wrong) {
	id := a.str("channel")
	if p := f.person(id); p != nil {
		return f.direct(p), nil
	}
	c := f.channels[id]
	switch {
	case c == nil:
		return nil, bad("channel_not_found", "there is no channel %q", id)
	case c.NoBot && c.Private:
		return nil, bad("channel_not_found", "the bot is not in %q", id)
	case c.NoBot:
		return nil, bad("not_in_channel", "the bot is not in %q", id)
	case c.Archived:
		return nil, bad("is_archived", "%q is archived", id)
	}
	return c, nil
}

// said is the message that a call makes.
func (f *Fake) said(a args, c *Channel) (*Message, *wrong) {
	blocks, why := a.list("blocks")
	if why == nil {
		why = f.blocks(blocks, maxMessageBlocks, "message")
	}
	text := a.str("text")
	switch {
	case why != nil:
		return nil, why
	case text == "":
		return nil, bad("no_text", "screen readers and notifications have nothing to say: text is empty")
	case width(text) > maxMessageText:
		return nil, bad("msg_too_long", "text has %d characters, of %d", width(text), maxMessageText)
	case a.str("unfurl_links") != "false" || a.str("unfurl_media") != "false":
		return nil, bad("invalid_arguments", "links are unfurled, or what they lead to: left out, one of them means yes")
	}
	thread := a.str("thread_ts")
	if thread != "" {
		if root := f.message(c, thread); root != nil && root.Thread != "" {
			return nil, bad("cannot_reply_to_message", "thread_ts names a message inside a thread")
		} else if root == nil {
			return nil, bad("thread_not_found", "there is no message %s in %s", thread, c.ID)
		}
	}
	return &Message{Channel: c, Thread: thread, Text: text, Blocks: blocks, Metadata: a.object("metadata")}, nil
}

func (f *Fake) postMessage(a args) (obj, *wrong) {
	c, why := f.in(a)
	if why != nil {
		return nil, why
	}
	m, why := f.said(a, c)
	if why != nil {
		return nil, why
	}
	m.TS = f.next()
	f.messages = append(f.messages, m)
	return obj{"channel": c.ID, "ts": m.TS, "message": f.show(m)}, nil
}

func (f *Fake) postEphemeral(a args) (obj, *wrong) {
	c, why := f.in(a)
	if why != nil {
		return nil, why
	}
	to := f.person(a.str("user"))
	if to == nil || !c.has(to) {
		return nil, bad("user_not_in_channel", "%q is not in %q", a.str("user"), c.ID)
	}
	m, why := f.said(a, c)
	if why != nil {
		return nil, why
	}
	m.TS, m.To = f.next(), to
	f.messages = append(f.messages, m)
	return obj{"message_ts": m.TS}, nil
}

func (f *Fake) update(a args) (obj, *wrong) {
	c, why := f.in(a)
	if why != nil {
		return nil, why
	}
	if f.channels[a.str("channel")] == nil {
		return nil, bad("channel_not_found", "chat.update takes the id of a channel, not of a person")
	}
	old := f.message(c, a.str("ts"))
	if old == nil || old.From != nil || old.To != nil {
		return nil, bad("message_not_found", "the bot has no message %q in %q", a.str("ts"), c.ID)
	}
	m, why := f.said(a, c)
	if why != nil {
		return nil, why
	}
	if width(m.Text) > maxUpdateText {
		return nil, bad("msg_too_long", "text has %d characters, of %d", width(m.Text), maxUpdateText)
	}
	old.Text, old.Blocks = m.Text, m.Blocks
	old.Edits++
	return obj{"channel": c.ID, "ts": old.TS, "text": old.Text}, nil
}

// pull uses up a trigger. See
// https://docs.slack.dev/interactivity/handling-user-interaction#trigger_id.
func (f *Fake) pull(id string) (*trigger, *wrong) {
	t := f.triggers[id]
	switch {
	case t == nil:
		return nil, bad("invalid_trigger_id", "there is no trigger %q", id)
	case t.used:
		return nil, bad("exchanged_trigger_id", "the trigger was used")
	case !f.Now().Before(t.until):
		return nil, bad("expired_trigger_id", "the trigger is over")
	}
	t.used = true
	return t, nil
}

func (f *Fake) viewsOpen(a args) (obj, *wrong) { return f.opened(a, false) }
func (f *Fake) viewsPush(a args) (obj, *wrong) { return f.opened(a, true) }

func (f *Fake) opened(a args, push bool) (obj, *wrong) {
	v := a.object("view")
	if why := f.view(v); why != nil {
		return nil, why
	}
	if v["type"] != "modal" {
		return nil, bad("invalid_arguments", "a dialog is of type modal, not %v", v["type"])
	}
	t, why := f.pull(a.str("trigger_id"))
	if why != nil {
		return nil, why
	}
	pile := f.views[t.of]
	if push && (len(pile) == 0 || len(pile) >= 3) {
		return nil, bad("push_limit_reached", "%d dialogs are open", len(pile))
	}
	id := "V" + strings.ReplaceAll(f.next(), ".", "")
	x := &View{ID: id, View: v, Of: f.person(t.of), Root: id, Over: t.in}
	if push {
		x.Root = pile[0].Root
	} else {
		pile = nil
	}
	f.views[t.of] = append(pile, x)
	return obj{"view": x.wire()}, nil
}

func (v *View) wire() obj {
	out := maps.Clone(v.View)
	out["id"], out["root_view_id"], out["hash"] = v.ID, v.Root, "156772938.1827394"
	return out
}

func (f *Fake) viewsUpdate(a args) (obj, *wrong) {
	v := a.object("view")
	if why := f.view(v); why != nil {
		return nil, why
	}
	for _, pile := range f.views {
		for _, x := range pile {
			if x.ID == a.str("view_id") {
				x.View = v
				return obj{"view": x.wire()}, nil
			}
		}
	}
	return nil, bad("not_found", "no dialog %q is open", a.str("view_id"))
}

func (f *Fake) viewsPublish(a args) (obj, *wrong) {
	v := a.object("view")
	if why := f.view(v); why != nil {
		return nil, why
	}
	p := f.person(a.str("user_id"))
	switch {
	case p == nil:
		return nil, bad("user_not_found", "there is nobody %q", a.str("user_id"))
	case v["type"] != "home":
		return nil, bad("invalid_arguments", "a page is of type home, not %v", v["type"])
	}
	f.pages[p.ID] = v
	return obj{"view": v}, nil
}

// user is what Slack says about somebody, and when that came about. See
// https://docs.slack.dev/reference/objects/user-object.
func (f *Fake) user(p *Person) obj {
	profile := obj{"real_name": p.Name, "display_name": strings.ToLower(p.Name)}
	if slices.Contains(f.Scopes, "users:read.email") && !p.Stranger && p.Email != "" {
		profile["email"] = p.Email
	}
	u := obj{
		"id": p.ID, "team_id": p.Team, "name": strings.ToLower(strings.ReplaceAll(p.Name, " ", ".")), "real_name": p.Name, "profile": profile,
		"deleted": p.Deleted, "is_bot": p.IsBot, "is_restricted": p.Guest || p.OneGuest, "is_ultra_restricted": p.OneGuest,
		"updated": p.updated, "is_stranger": p.Stranger, "is_email_confirmed": !p.Unproven && p.Email != "",
	}
	if p.Locale != "" {
		u["locale"] = p.Locale
	}
	if f.Enterprise != "" && !p.Stranger {
		u["enterprise_user"] = obj{"id": p.ID, "enterprise_id": f.Enterprise, "teams": []string{p.Team}}
	}
	return u
}

func (f *Fake) usersList(args) (obj, *wrong) {
	var all []obj
	for _, p := range f.people {
		all = append(all, f.user(p))
	}
	all = append(all, obj{"id": f.Bot, "team_id": f.Team, "name": "mfahelp", "is_bot": true, "profile": obj{}})
	return obj{"members": all, "response_metadata": obj{"next_cursor": ""}}, nil
}

func (f *Fake) usersInfo(a args) (obj, *wrong) {
	p := f.person(a.str("user"))
	if p == nil {
		return nil, bad("user_not_found", "there is nobody %q", a.str("user"))
	}
	return obj{"user": f.user(p)}, nil
}

func (f *Fake) lookupByEmail(a args) (obj, *wrong) {
	for _, p := range f.people {
		if p.Email != "" && strings.EqualFold(p.Email, a.str("email")) {
			return obj{"user": f.user(p)}, nil
		}
	}
	return nil, bad("users_not_found", "nobody has that address")
}

func (f *Fake) profile(a args) (obj, *wrong) {
	p := f.person(a.str("user"))
	if p == nil {
		return nil, bad("user_not_found", "there is nobody %q", a.str("user"))
	}
	fields := obj{}
	for id, v := range p.Fields {
		fields[id] = obj{"value": v, "alt": ""}
	}
	return obj{"profile": obj{"real_name": p.Name, "fields": fields}}, nil
}

func (f *Fake) teamProfile(args) (obj, *wrong) {
	var all []obj
	for _, x := range f.fields {
		all = append(all, obj{"id": x.ID, "label": x.Label, "type": "text", "options": obj{"is_scim": x.Directory}})
	}
	return obj{"profile": obj{"fields": all}}, nil
}

func (f *Fake) conversationsInfo(a args) (obj, *wrong) {
	c := f.channels[a.str("channel")]
	if c == nil || c.Private && c.NoBot {
		return nil, bad("channel_not_found", "there is no channel %q", a.str("channel"))
	}
	return obj{"channel": obj{
		"id": c.ID, "name": c.Name, "is_private": c.Private, "is_member": !c.NoBot, "is_archived": c.Archived, "is_ext_shared": c.ExtShared,
		"is_shared": c.ExtShared || c.OrgShared, "is_org_shared": c.OrgShared, "is_pending_ext_shared": c.Pending,
	}}, nil
}

func (f *Fake) conversationsMembers(a args) (obj, *wrong) {
	c := f.channels[a.str("channel")]
	if c == nil || c.Private && c.NoBot {
		return nil, bad("channel_not_found", "there is no channel %q", a.str("channel"))
	}
	ids := []string{f.Bot}
	for _, p := range c.Members {
		ids = append(ids, p.ID)
	}
	// The pages are small, so that whoever reads only the first is found out.
	from, _ := strconv.Atoi(a.str("cursor"))
	next, to := "", len(ids)
	if from+2 < to {
		to = from + 2
		next = strconv.Itoa(to)
	}
	return obj{"members": ids[min(from, to):to], "response_metadata": obj{"next_cursor": next}}, nil
}

func (f *Fake) conversationsOpen(a args) (obj, *wrong) {
	p := f.person(a.str("users"))
	if p == nil {
		return nil, bad("user_not_found", "there is nobody %q", a.str("users"))
	}
	return obj{"channel": obj{"id": f.direct(p).ID, "is_im": true, "user": p.ID}}, nil
}

// show is m as Slack gives it back.
func (f *Fake) show(m *Message) obj {
	out := obj{"type": "message", "ts": m.TS, "text": m.Text}
	if m.From != nil {
		out["user"] = m.From.ID
	} else {
		out["user"], out["bot_id"] = f.Bot, "B0BOT00001"
	}
	if m.Metadata != nil {
		out["metadata"] = m.Metadata
	}
	if m.Thread != "" {
		out["thread_ts"] = m.Thread
	}
	return out
}

func (f *Fake) history(a args) (obj, *wrong) {
	return f.listed(a, func(m *Message) bool { return m.Thread == "" })
}

func (f *Fake) replies(a args) (obj, *wrong) {
	return f.listed(a, func(m *Message) bool { return m.Thread == a.str("ts") || m.TS == a.str("ts") })
}

func (f *Fake) listed(a args, fits func(*Message) bool) (obj, *wrong) {
	c, why := f.in(a)
	if why == nil {
		why = f.hears(c)
	}
	if why != nil {
		return nil, why
	}
	all := []obj{}
	for _, m := range slices.Backward(f.messages) {
		if m.Channel == c && !m.Deleted && m.To == nil && fits(m) {
			all = append(all, f.show(m))
		}
	}
	return obj{"messages": all, "has_more": false, "response_metadata": obj{"next_cursor": ""}}, nil
}

// respond takes what is posted to a response_url. See
// https://docs.slack.dev/interactivity/handling-user-interaction#message_responses.
func (f *Fake) respond(w http.ResponseWriter, r *http.Request) {
	a, _, raw, err := readArgs(r)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.wire.WriteString(raw + "\n")
	f.calls = append(f.calls, "response")
	if x := f.fault("response"); x != nil {
		f.fail(w, r, x)
		return
	}
	to := f.responses[r.PathValue("id")]
	switch {
	case err != nil || to == nil:
		http.Error(w, "no_such_response_url", http.StatusNotFound)
		return
	case !f.Now().Before(to.until):
		http.Error(w, "expired_url", http.StatusNotFound)
		return
	case to.uses == 0:
		http.Error(w, "used_url", http.StatusNotFound)
		return
	}
	if a["delete_original"] == true && to.message != nil {
		to.uses--
		for _, m := range f.messages {
			m.Deleted = m.Deleted || m.TS == to.message.TS && m.Channel == to.channel
		}
		_, _ = w.Write([]byte("ok"))
		return
	}
	blocks, why := a.list("blocks")
	if why == nil {
		why = f.blocks(blocks, maxMessageBlocks, "message")
	}
	if why != nil {
		f.complain("a response_url: %s: %s", why.code, why.why)
		http.Error(w, why.code, http.StatusBadRequest)
		return
	}
	to.uses--
	m := &Message{TS: f.next(), Channel: to.channel, Text: a.str("text"), Blocks: blocks}
	switch {
	case a["replace_original"] == true && to.message != nil:
		to.message.Text, to.message.Blocks = m.Text, m.Blocks
	case a.str("response_type") == "in_channel":
		f.messages = append(f.messages, m)
	default:
		m.To = to.of
		f.messages = append(f.messages, m)
	}
	_, _ = w.Write([]byte("ok"))
}
