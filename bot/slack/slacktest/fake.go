package slacktest

import (
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"time"
)

type obj = map[string]any

// Options is what a Slack is made of. The zero Options make one.
type Options struct {
	Team          string // id of the workspace
	Enterprise    string // id of the organisation that it belongs to; "" for none
	BotToken      string
	AppToken      string
	SigningSecret string
	Scopes        []string // of the bot's token; nil for [Scopes]
	Now           func() time.Time
	Ping          time.Duration // between two pings of a connection; ten seconds if 0

	NoRates bool // how often something is called is not counted
	TLS     bool // its methods are served over HTTPS; see [Fake.Certificate]
	NoBot   bool // the bot's token is a person's
	Untold  bool // the scopes of a token are not named with an answer
	Lax     bool // what is said is not checked, to show that a test would notice
}

// Fake is a Slack.
type Fake struct {
	Options
	URL string // of its methods, with a slash at the end
	Bot string // the bot's id as a member
	App string // the app's

	srv *httptest.Server

	mu         sync.Mutex
	bot        string // where requests go
	sockets    []*socket
	turn       int
	people     []*Person
	channels   map[string]*Channel
	messages   []*Message
	views      map[string][]*View // the dialogs that somebody has open, the topmost last
	pages      map[string]obj     // App Homes, by whose they are
	triggers   map[string]*trigger
	responses  map[string]*response
	files      map[string]*File
	fields     []Field
	faults     []*Fault
	counts     map[string][]time.Time
	complaints []string
	calls      []string
	wire       strings.Builder
	last       int64
	revoked    bool
	noSockets  bool
	spare      int // connections that somebody else has open
	pongs      int // how many pings were answered
}

// Person is somebody with an account in the workspace, or in another.
type Person struct {
	ID       string // given by the fake if ""
	Name     string
	Email    string
	Locale   string
	Team     string            // the workspace they are of, if it is another
	Fields   map[string]string // of their profile, by the fields' ids
	Guest    bool              // of several channels
	OneGuest bool              // of one channel
	Stranger bool              // from another company
	Deleted  bool
	IsBot    bool
	Unproven bool // their address was never confirmed

	updated int64 // when something of this changed
}

// A Field is one of those that profiles have.
type Field struct {
	ID, Label string
	Directory bool // the company's directory fills it, and nobody else
}

// Channel is a conversation.
type Channel struct {
	ID, Name string
	Private  bool
	With     *Person // whose own with the bot it is; nil for a channel
	Members  []*Person
	NoBot    bool // the bot is not in it

	ExtShared, OrgShared, Pending, Archived bool
}

// Message is one that was sent in a channel.
type Message struct {
	TS       string
	Channel  *Channel
	Thread   string  // the message that it hangs from; "" for one that does not
	From     *Person // nil for the bot
	To       *Person // the only one who sees it; nil for all
	Text     string
	Blocks   []any
	Metadata obj
	Files    []*File
	Deleted  bool
	Edits    int
}

// View is a dialog that somebody has open.
type View struct {
	ID   string
	View obj
	Of   *Person
	Root string   // the first of its pile
	Over *Channel // where somebody was when it opened
}

// File is one that was uploaded.
type File struct {
	ID, Name, Type string
	Content        []byte
	length         int
	done           bool
}

type trigger struct {
	of    string
	in    *Channel
	until time.Time
	used  bool
}

type response struct {
	of      *Person
	channel *Channel
	message *Message // that was pressed; nil for a command's
	until   time.Time
	uses    int
}

// Fault makes calls fail that would not.
type Fault struct {
	Method string // "" for any; "response" for a response_url
	Status int    // 0 answers with Code
	Code   string // Slack's own word for it; "" with a Status of 0 cuts the line
	Header http.Header
	Done   bool // what was asked for is done all the same
	Silent bool // there is no answer, until who asked gives up
	Times  int  // how often; it is counted down
}

// Scopes are those of the app as it is described in the manifest.
var Scopes = []string{
	"app_mentions:read", "chat:write", "commands", "files:write", "im:history", "im:read", "im:write", "users:read",
	"users:read.email", "users.profile:read", "groups:read", "groups:history", "channels:history", "reactions:read", "files:read",
}

// New makes a Slack and serves it.
func New(o Options) *Fake {
	f := &Fake{
		Options: o, Bot: "U0BOT00001", App: "A0APP00001", channels: map[string]*Channel{}, views: map[string][]*View{}, pages: map[string]obj{},
		triggers: map[string]*trigger{}, responses: map[string]*response{}, files: map[string]*File{}, counts: map[string][]time.Time{},
	}
	for _, d := range []struct {
		field *string
		value string
	}{
		{&f.Team, "T0TEAM0001"},
		{&f.BotToken, "xoxb-made-up-bot-token"},
		{&f.AppToken, "xapp-made-up-app-token"},
		{&f.SigningSecret, "made-up-signing-secret"},
	} {
		if *d.field == "" {
			*d.field = d.value
		}
	}
	if f.Scopes == nil {
		f.Scopes = Scopes
	}
	if f.Now == nil {
		f.Now = time.Now
	}
	if f.Ping == 0 {
		f.Ping = 10 * time.Second
	}
	f.srv = httptest.NewUnstartedServer(f.handler())
	if f.TLS {
		f.srv.StartTLS()
	} else {
		f.srv.Start()
	}
	f.URL = f.srv.URL + "/api/"
	return f
}

// Close ends it, and its connections.
func (f *Fake) Close() {
	f.Disconnect()
	f.srv.Close()
}

// Certificate is what its clients must trust, in PEM, if it has TLS.
func (f *Fake) Certificate() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: f.srv.Certificate().Raw})
}

// Connect says where the bot takes requests. Without it all goes to connections.
func (f *Fake) Connect(url string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.bot = url
}

// Add gives somebody an account.
func (f *Fake) Add(p Person) *Person {
	f.mu.Lock()
	defer f.mu.Unlock()
	if p.ID == "" {
		p.ID = fmt.Sprintf("U0P%07d", len(f.people)+1)
	}
	if p.Team == "" {
		p.Team = f.Team
	}
	p.updated = f.Now().Unix()
	f.people = append(f.people, &p)
	return &p
}

// Become changes something of somebody, and returns the event that tells of it. See
// https://docs.slack.dev/reference/events/user_change.
func (f *Fake) Become(p *Person, change func()) map[string]any {
	f.mu.Lock()
	defer f.mu.Unlock()
	change()
	p.updated++
	return obj{"type": "user_change", "user": f.user(p)}
}

// AddField gives profiles another field.
func (f *Fake) AddField(x Field) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fields = append(f.fields, x)
}

// AddChannel makes one, with the bot in it.
func (f *Fake) AddChannel(c Channel) *Channel {
	f.mu.Lock()
	defer f.mu.Unlock()
	if c.ID == "" {
		c.ID = fmt.Sprintf("C0C%07d", len(f.channels)+1)
	}
	f.channels[c.ID] = &c
	return &c
}

// Direct is somebody's own conversation with the bot. It is made when it is
// first needed.
func (f *Fake) Direct(p *Person) *Channel {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.direct(p)
}

func (f *Fake) direct(p *Person) *Channel {
	id := "D" + p.ID[1:]
	if f.channels[id] == nil {
		f.channels[id] = &Channel{ID: id, Private: true, With: p, Members: []*Person{p}}
	}
	return f.channels[id]
}

// Change changes something of the workspace while it is in use.
func (f *Fake) Change(change func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change()
}

// Revoke makes the bot's token worthless, or good again.
func (f *Fake) Revoke(revoked bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.revoked = revoked
}

// Fail makes calls fail.
func (f *Fake) Fail(x Fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	x.Times = max(1, x.Times)
	f.faults = append(f.faults, &x)
}

// Calm takes back what was to make calls fail.
func (f *Fake) Calm() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.faults = nil
}

// fault returns the one that a call meets. f.mu is held.
func (f *Fake) fault(method string) *Fault {
	for _, x := range f.faults {
		if x.Times > 0 && (x.Method == "" || x.Method == method) {
			x.Times--
			return x
		}
	}
	return nil
}

// Complaints are what was wrong with calls so far, each in a sentence.
func (f *Fake) Complaints() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.complaints)
}

// complain notes what was wrong with a call. f.mu is held.
func (f *Fake) complain(format string, args ...any) {
	f.complaints = append(f.complaints, fmt.Sprintf(format, args...))
}

// Calls are the methods that the bot called so far.
func (f *Fake) Calls() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.calls)
}

// Wire is all that the bot has sent, and all that it has answered.
func (f *Fake) Wire() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.wire.String()
}

// Messages are all of a channel, in their order, with those that were deleted.
func (f *Fake) Messages(c *Channel) (all []Message) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, m := range f.messages {
		if m.Channel == c {
			all = append(all, *m)
		}
	}
	return all
}

// Open is the dialog that somebody has before them, if there is one.
func (f *Fake) Open(p *Person) (View, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	pile := f.views[p.ID]
	if len(pile) == 0 {
		return View{}, false
	}
	return *pile[len(pile)-1], true
}

// Page is what somebody's App Home shows, or nil.
func (f *Fake) Page(p *Person) map[string]any {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.pages[p.ID]
}

// Delete deletes a message, as whoever may.
func (f *Fake) Delete(c *Channel, ts string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if m := f.message(c, ts); m != nil {
		m.Deleted = true
	}
}

// message is the one with this time. f.mu is held.
func (f *Fake) message(c *Channel, ts string) *Message {
	for _, m := range f.messages {
		if m.Channel == c && m.TS == ts && !m.Deleted {
			return m
		}
	}
	return nil
}

// next is the time of a new message, which no other has. f.mu is held.
func (f *Fake) next() string {
	f.last = max(f.last+1, f.Now().UnixMicro())
	return fmt.Sprintf("%d.%06d", f.last/1e6, f.last%1e6)
}

// person is who has an id. f.mu is held.
func (f *Fake) person(id string) *Person {
	i := slices.IndexFunc(f.people, func(p *Person) bool { return p.ID == id })
	if i < 0 {
		return nil
	}
	return f.people[i]
}

func (c *Channel) has(p *Person) bool { return slices.Contains(c.Members, p) }

// clone is v as it would be read from the wire.
func clone[T any](v any) (out T) {
	b, err := json.Marshal(v)
	if err == nil {
		err = json.Unmarshal(b, &out)
	}
	if err != nil {
		panic(err) // unreachable: it came from JSON
	}
	return out
}
