package teamstest

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// handler serves all there is.
func (f *Fake) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/.well-known/openidconfiguration", f.metadata)
	mux.HandleFunc("GET /v1/.well-known/keys", f.jwks)
	mux.HandleFunc("POST /{tenant}/oauth2/v2.0/token", f.token)
	mux.HandleFunc("GET /{tenant}/v2.0/.well-known/openid-configuration", f.discovery)
	mux.HandleFunc("GET /identity/token", f.machine)
	mux.HandleFunc("PUT /storage/{id}", f.putFile)
	mux.HandleFunc("GET /storage/{id}", f.getStored)
	for pattern, h := range map[string]func(*http.Request, call) (any, *wrong){
		"POST /teams/v3/conversations":                                        f.create,
		"POST /teams/v3/conversations/{conversation}/activities":              f.post,
		"POST /teams/v3/conversations/{conversation}/activities/{activity}":   f.post,
		"PUT /teams/v3/conversations/{conversation}/activities/{activity}":    f.put,
		"DELETE /teams/v3/conversations/{conversation}/activities/{activity}": f.remove,
		"GET /teams/v3/conversations/{conversation}/members":                  f.roster,
		"GET /teams/v3/conversations/{conversation}/pagedmembers":             f.pages,
		"GET /teams/v3/conversations/{conversation}/members/{member}":         f.member,
		"GET /teams/v3/attachments/{id}/views/original":                       f.picture,
	} {
		mux.HandleFunc(pattern, f.guard(h))
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		why := f.complain("%s %s: there is no such call", r.Method, r.URL.Path)
		writeJSON(w, http.StatusNotFound, errorBody("NotFound", why))
	})
	return mux
}

// A call is one to the connector, with its token looked at.
type call struct {
	body []byte
	json obj
	room *Room  // of the path, if it names one
	root string // and its thread
}

// guard asks for a token, counts, and reads the body, before anything is done.
func (f *Fake) guard(h func(*http.Request, call) (any, *wrong)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		f.mu.Lock()
		f.calls = append(f.calls, r.Method+" "+strings.TrimPrefix(r.URL.RequestURI(), "/teams"))
		f.mu.Unlock()
		if why := f.bearer(r); why != "" {
			f.refuse(w, r, &wrong{http.StatusUnauthorized, "Unauthorized", why})
			return
		}
		x := f.fault(r)
		if x != nil && !x.Done {
			f.fail(w, x)
			return
		}
		answer, refused := f.answer(r, h)
		switch {
		case refused != nil:
			f.refuse(w, r, refused)
		case x != nil:
			f.fail(w, x)
		default:
			f.write(w, r, answer)
		}
	}
}

func (f *Fake) write(w http.ResponseWriter, r *http.Request, answer any) {
	if b, ok := answer.([]byte); ok {
		_, _ = w.Write(b) //nolint:gosec // what a test put there, for a program and not a browser
		return
	}
	status := http.StatusOK
	if r.Method == http.MethodPost {
		status = http.StatusCreated
	}
	writeJSON(w, status, answer)
}

// fail answers as a fault says.
func (f *Fake) fail(w http.ResponseWriter, x *Fault) {
	if x.Status == 0 {
		panic(http.ErrAbortHandler)
	}
	maps.Copy(w.Header(), x.Header)
	w.WriteHeader(x.Status)
	_, _ = io.WriteString(w, x.Body)
}

func (f *Fake) answer(r *http.Request, h func(*http.Request, call) (any, *wrong)) (any, *wrong) {
	var c call
	if r.Method == http.MethodPost || r.Method == http.MethodPut {
		b, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, bad("the body cannot be read: %v", err)
		}
		if t := r.Header.Get("Content-Type"); !strings.HasPrefix(t, "application/json") {
			return nil, &wrong{http.StatusUnsupportedMediaType, "BadSyntax", fmt.Sprintf("the body is %q, not application/json", t)}
		}
		if err := json.Unmarshal(b, &c.json); err != nil {
			return nil, bad("the body is no JSON: %v", err)
		}
		c.body = b
		f.heard(b)
	}
	if id := r.PathValue("conversation"); id != "" {
		base, root, _ := strings.Cut(id, ";messageid=")
		f.mu.Lock()
		c.room, c.root = f.rooms[base], root
		f.mu.Unlock()
		if c.room == nil {
			return nil, &wrong{http.StatusNotFound, "ConversationNotFound", "there is no conversation " + base}
		}
	}
	if wait := f.count(r, c); wait != nil {
		return nil, wait
	}
	return h(r, c)
}

// count refuses what comes too often.
func (f *Fake) count(r *http.Request, c call) *wrong {
	if f.NoRates {
		return nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	now := f.Now()
	var name string
	windows := sendWindows
	switch {
	case c.room != nil && r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, "/members"):
		name, windows = "roster "+r.PathValue("conversation"), oldWindows
	case c.room != nil && r.Method == http.MethodGet:
		name, windows = "read "+r.PathValue("conversation"), readWindows
	case c.room != nil:
		name = "send " + r.PathValue("conversation")
	case r.Method == http.MethodGet:
		return nil
	default:
		data, _ := c.json["channelData"].(obj)
		in, _ := data["channel"].(obj)
		name = fmt.Sprint("create ", in["id"], c.json["members"])
	}
	wait := max(f.counts.over(name, windows, now), f.counts.over("app", appWindows, now))
	if wait == 0 {
		return nil
	}
	return &wrong{http.StatusTooManyRequests, "TooManyRequests", fmt.Sprintf("%d", int(wait.Seconds())+1)}
}

// refuse says what is wrong, to the bot and to the test. Too many calls are no
// mistake of anybody's who waits then.
func (f *Fake) refuse(w http.ResponseWriter, r *http.Request, x *wrong) {
	why := x.why
	if x.status == http.StatusTooManyRequests {
		w.Header().Set("Retry-After", x.why)
		why = "too many calls; wait " + x.why + " seconds"
	}
	path, _ := url.PathUnescape(r.URL.Path)
	f.complain("%s %s: %d %s: %s", r.Method, path, x.status, x.code, why)
	writeJSON(w, x.status, errorBody(x.code, why))
}

func errorBody(code, message string) obj { return obj{"error": obj{"code": code, "message": message}} }

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // whoever has gone does not mind
}

// create opens somebody's own chat, or begins a thread in a channel.
func (f *Fake) create(_ *http.Request, c call) (any, *wrong) {
	data, _ := c.json["channelData"].(obj)
	in, _ := data["channel"].(obj)
	tenant, _ := data["tenant"].(obj)
	group, _ := c.json["isGroup"].(bool)
	switch {
	case tenant["id"] != f.Tenant && c.json["tenantId"] != f.Tenant:
		return nil, bad("neither tenantId nor channelData.tenant.id says the tenant")
	case group && in["id"] == nil:
		return nil, &wrong{http.StatusForbidden, "Forbidden", "a bot can make neither a chat of several nor a channel"}
	case group:
		return f.begin(in["id"], c)
	}
	members, _ := c.json["members"].([]any)
	if len(members) != 1 {
		return nil, bad("a chat is opened with one member, not %d", len(members))
	}
	m, _ := members[0].(obj)
	id, _ := m["id"].(string)
	f.mu.Lock()
	defer f.mu.Unlock()
	p := f.personByID(id)
	if p == nil {
		return nil, bad("nobody has the id %q; e-mail addresses and names are none", id)
	}
	if w := reachable(p); w != nil {
		return nil, w
	}
	return obj{"id": f.chatOf(p).ID}, nil
}

// reachable says why the bot cannot speak to somebody.
// See https://learn.microsoft.com/microsoftteams/platform/bots/how-to/conversations/send-proactive-messages.
func reachable(p *Person) *wrong {
	switch {
	case p.Blocked:
		return &wrong{http.StatusForbidden, "MessageWritesBlocked", "this person has blocked the bot"}
	case !p.Installed:
		return &wrong{http.StatusForbidden, "BotNotInConversationRoster", "this person does not have the app"}
	}
	return nil
}

func (f *Fake) begin(channel any, c call) (any, *wrong) {
	id, _ := channel.(string)
	f.mu.Lock()
	r := f.rooms[id]
	f.mu.Unlock()
	a, _ := c.json["activity"].(obj)
	switch {
	case r == nil || r.Kind != "channel":
		return nil, &wrong{http.StatusNotFound, "ConversationNotFound", "there is no channel " + id}
	case !r.HasBot:
		return nil, &wrong{http.StatusForbidden, "BotNotInConversationRoster", "the bot is not in this team"}
	case a == nil:
		return nil, bad("a thread begins with an activity, and there is none")
	}
	if w := f.message(a, c.body); w != nil {
		return nil, w
	}
	m := f.keep(&Message{Room: r, Activity: a})
	return obj{"id": r.ID + ";messageid=" + m.ID, "activityId": m.ID}, nil
}

// keep puts m at the end.
func (f *Fake) keep(m *Message) *Message {
	f.mu.Lock()
	defer f.mu.Unlock()
	m.ID, m.Order = f.next()
	f.messages = append(f.messages, m)
	return m
}

// post takes a message into a conversation.
func (f *Fake) post(r *http.Request, c call) (any, *wrong) {
	if w := f.may(c.room); w != nil {
		return nil, w
	}
	if w := f.message(c.json, c.body); w != nil {
		return nil, w
	}
	to, w := f.targeted(r, c)
	if w != nil {
		return nil, w
	}
	if c.root != "" && f.find(c.room, c.root) == nil {
		return nil, &wrong{http.StatusNotFound, "ActivityNotFoundInConversation", "there is no thread " + c.root}
	}
	if c.root == "" && c.room.Kind == "channel" && to == nil {
		return nil, bad("a message outside of a thread of a channel is begun with POST /v3/conversations")
	}
	m := f.keep(&Message{Room: c.room, Thread: c.root, Activity: c.json, To: to})
	return obj{"id": m.ID}, nil
}

// may says why the bot cannot speak in a room.
func (f *Fake) may(r *Room) *wrong {
	if !r.HasBot {
		return &wrong{http.StatusForbidden, "BotNotInConversationRoster", "the bot is not in this conversation"}
	}
	if r.Kind == "personal" {
		f.mu.Lock()
		defer f.mu.Unlock()
		return reachable(r.Members[0])
	}
	return nil
}

// targeted returns the only one who is to see a message.
// See https://learn.microsoft.com/microsoftteams/platform/agents-in-teams/targeted-messages.
func (f *Fake) targeted(r *http.Request, c call) (*Person, *wrong) {
	to, _ := c.json["recipient"].(obj)
	id, _ := to["id"].(string)
	if !isTargeted(r) {
		return nil, nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	p := f.personByID(id)
	switch {
	case c.room.Kind == "personal":
		return nil, bad("a targeted message makes no sense in a chat of one")
	case p == nil:
		return nil, bad("a targeted message needs a recipient, and %q is none", id)
	case !c.room.has(p):
		return nil, &wrong{http.StatusNotFound, "BotNotInConversationRoster", "the recipient is not in the conversation"}
	}
	return p, nil
}

func isTargeted(r *http.Request) bool {
	on, _ := strconv.ParseBool(r.URL.Query().Get("isTargetedActivity"))
	return on
}

// find returns a message that is there.
func (f *Fake) find(r *Room, id string) *Message {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, m := range f.messages {
		if m.Room == r && m.ID == id && !m.Deleted {
			return m
		}
	}
	return nil
}

// existing is the message of the bot that a call is about.
func (f *Fake) existing(r *http.Request, c call) (*Message, *wrong) {
	if w := f.may(c.room); w != nil {
		return nil, w
	}
	m := f.find(c.room, r.PathValue("activity"))
	switch {
	case m == nil || (m.To != nil) != isTargeted(r):
		return nil, &wrong{http.StatusNotFound, "ActivityNotFoundInConversation", "there is no such message there"}
	case m.From != nil:
		return nil, &wrong{http.StatusForbidden, "Forbidden", "that message is not the bot's own"}
	}
	return m, nil
}

// put replaces a message, for everybody.
func (f *Fake) put(r *http.Request, c call) (any, *wrong) {
	m, w := f.existing(r, c)
	if w != nil {
		return nil, w
	}
	if isTargeted(r) && c.json["recipient"] != nil {
		return nil, bad("a targeted message is replaced without its recipient")
	}
	if w := f.message(c.json, c.body); w != nil {
		return nil, w
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	m.Activity, m.views = c.json, nil
	m.Edits++
	return obj{"id": m.ID}, nil
}

func (f *Fake) remove(r *http.Request, c call) (any, *wrong) {
	m, w := f.existing(r, c)
	if w != nil {
		return nil, w
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	m.Deleted = true
	return []byte(nil), nil // with no JSON
}

// member is how the roster knows somebody.
func (f *Fake) memberOf(p *Person) obj {
	m := obj{"id": p.ID, "name": p.Name, "userRole": "user", "tenantId": f.Tenant}
	if p.Role != "" {
		m["userRole"] = p.Role
	}
	if p.Home != "" {
		m["tenantId"] = p.Home
	}
	if p.Object != "" {
		m["aadObjectId"], m["userPrincipalName"], m["email"] = p.Object, p.UPN, p.UPN
	}
	return m
}

func (f *Fake) member(r *http.Request, c call) (any, *wrong) {
	if w := f.may(c.room); w != nil {
		return nil, w
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	p := f.personByID(r.PathValue("member"))
	if p == nil || !c.room.has(p) {
		return nil, &wrong{http.StatusNotFound, "MemberNotFoundInConversation", "that person is not in the conversation"}
	}
	return f.memberOf(p), nil
}

// roster is the whole of it. It is kept for old bots, and slow on purpose.
func (f *Fake) roster(_ *http.Request, c call) (any, *wrong) {
	if w := f.may(c.room); w != nil {
		return nil, w
	}
	all := []obj{}
	for _, p := range c.room.Members {
		all = append(all, f.memberOf(p))
	}
	return all, nil
}

func (f *Fake) pages(r *http.Request, c call) (any, *wrong) {
	if w := f.may(c.room); w != nil {
		return nil, w
	}
	size, _ := strconv.Atoi(r.URL.Query().Get("pageSize"))
	if size < 50 || size > 500 {
		size = 200 // what the page says of other sizes
	}
	from, _ := strconv.Atoi(r.URL.Query().Get("continuationToken"))
	members := []obj{}
	for _, p := range c.room.Members[min(from, len(c.room.Members)):min(from+size, len(c.room.Members))] {
		members = append(members, f.memberOf(p))
	}
	out := obj{"members": members}
	if from+size < len(c.room.Members) {
		out["continuationToken"] = strconv.Itoa(from + size)
	}
	return out, nil
}

func (f *Fake) picture(r *http.Request, _ call) (any, *wrong) {
	b := f.File(r.PathValue("id"))
	if b == nil {
		return nil, &wrong{http.StatusNotFound, "NotFound", "there is no such picture"}
	}
	return b, nil
}

// putFile is somebody's own storage, which their consent opens. A token of the
// bot's has no business there.
func (f *Fake) putFile(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Authorization") != "" {
		f.complain("%s %s: the bot's token was sent to somebody's storage", r.Method, r.URL.Path)
	}
	b, err := io.ReadAll(r.Body)
	n := len(b)
	if want := fmt.Sprintf("bytes 0-%d/%d", n-1, n); err != nil || n > 0 && r.Header.Get("Content-Range") != want {
		why := f.complain("%s %s: Content-Range must be %q", r.Method, r.URL.Path, want)
		writeJSON(w, http.StatusBadRequest, errorBody("invalidRange", why))
		return
	}
	f.mu.Lock()
	f.files[r.PathValue("id")] = b
	f.mu.Unlock()
	writeJSON(w, http.StatusCreated, obj{"id": r.PathValue("id"), "size": n})
}

func (f *Fake) getStored(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Authorization") != "" {
		f.complain("%s %s: the bot's token was sent to somebody's storage", r.Method, r.URL.Path)
	}
	b := f.File(r.PathValue("id"))
	if b == nil {
		http.NotFound(w, r)
		return
	}
	_, _ = w.Write(b)
}
