package teamstest

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"time"
)

type obj = map[string]any

// Options is what a Teams is made of. The zero Options make one.
type Options struct {
	App    string // the bot's app id
	Secret string // what the bot proves itself with
	Tenant string
	Now    func() time.Time

	// Certificate is what the bot proves itself with, if not by the secret;
	// nil believes any that is spelled as it should be.
	Certificate *x509.Certificate

	// Lax forgets some of its rules. It is there to show that a test of the
	// fake would notice.
	Lax Lax

	// Rates are counted, unless this is set: for a benchmark of something else.
	NoRates bool
}

// Lax says which rules are forgotten.
type Lax struct{ Bearer, Endorsements, Sizes bool }

// Fake is a Teams.
type Fake struct {
	Options
	URL     string // of all that it serves
	Service string // of its connector, as activities name it

	srv  *httptest.Server
	keys []signingKey

	mu         sync.Mutex
	bot        string       // where activities go
	botClient  *http.Client // and how
	tokens     map[string]time.Time
	tokensOut  int
	people     []*Person
	rooms      map[string]*Room
	messages   []*Message
	faults     []*Fault
	files      map[string][]byte
	counts     rates
	complaints []string
	wire       strings.Builder
	calls      []string
	last       int64
	keyReads   int
	toasts     []Toast
}

// Person is somebody of the tenant, or somebody else.
type Person struct {
	Name   string
	Object string // in Entra; "" for somebody anonymous
	UPN    string
	Role   string // "user" if "", "guest" or "anonymous"
	Home   string // the tenant they are of, if it is another
	Locale string

	ID        string // given by the fake
	Installed bool   // has the app
	Blocked   bool   // has blocked the bot
	chat      string // their own with the bot, once there is one
}

// Room is a conversation.
type Room struct {
	ID      string
	Kind    string // "personal", "channel" or "groupChat"
	Name    string
	Members []*Person
	HasBot  bool
}

// Message is one that was sent in a room.
type Message struct {
	ID       string
	Room     *Room
	Thread   string  // the message that it hangs from; "" for one that does not
	From     *Person // nil for the bot
	To       *Person // the only one who sees it; nil for all
	Activity obj
	Deleted  bool
	Edits    int
	views    map[*Person]obj // what was shown to somebody instead
	Order    int64
}

// Toast is a line that somebody saw for a moment after a press.
type Toast struct {
	To    *Person
	In    *Room
	Text  string
	Order int64
}

// Fault makes calls fail that would not.
type Fault struct {
	Method string // "" for any
	Path   string // a part of it
	Status int    // 0 cuts the line
	Header http.Header
	Body   string
	Done   bool // what was asked for is done all the same
	Times  int  // how often; it is counted down
}

// New makes a Teams and serves it.
func New(o Options) (*Fake, error) {
	if o.App == "" {
		o.App = "0b8c4d17-93fa-4e25-b6d1-7a2e9c5f3081"
	}
	if o.Secret == "" {
		o.Secret = "Zq28Q~made-up-made-up-made-up-made-upAA"
	}
	if o.Tenant == "" {
		o.Tenant = "6f1d9a3e-2b57-4c8e-9a40-1d7f5b2c8e63"
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	f := &Fake{Options: o, tokens: map[string]time.Time{}, rooms: map[string]*Room{}, files: map[string][]byte{}, counts: rates{}, last: 1_700_000_000_000}
	if err := f.AddKey("msteams"); err != nil {
		return nil, err
	}
	f.srv = httptest.NewTLSServer(f.handler())
	f.URL = f.srv.URL
	f.Service = f.URL + "/teams/"
	return f, nil
}

// Close ends it.
func (f *Fake) Close() { f.srv.Close() }

// Host is the name that its addresses are under, with its port.
func (f *Fake) Host() string { return strings.TrimPrefix(f.URL, "https://") }

// Transport trusts it.
func (f *Fake) Transport() http.RoundTripper { return f.srv.Client().Transport }

// CA is its certificate, for programs that must be told to trust it.
func (f *Fake) CA() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: f.srv.Certificate().Raw})
}

// Connect says where the bot is.
func (f *Fake) Connect(url string, client *http.Client) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.bot, f.botClient = url, client
}

// AddKey makes a new signing key, endorsed for some channels. From then on
// tokens are signed with it; the older ones stay known.
func (f *Fake) AddKey(endorsements ...string) error {
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return fmt.Errorf("making a key: %w", err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.keys = append(f.keys, signingKey{rand.Text(), k, endorsements})
	return nil
}

// Forget makes only the newest key known.
func (f *Fake) Forget() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.keys = f.keys[len(f.keys)-1:]
}

// Add lets somebody be there, with the app in their own chat.
func (f *Fake) Add(p Person) *Person {
	f.mu.Lock()
	defer f.mu.Unlock()
	p.ID = "29:1" + rand.Text()
	f.people = append(f.people, &p)
	return &p
}

// AddRoom makes a channel or a chat of several, with the bot in it.
func (f *Fake) AddRoom(kind, name string, members ...*Person) *Room {
	f.mu.Lock()
	defer f.mu.Unlock()
	id := "19:" + strings.ToLower(rand.Text()) + "@thread.tacv2"
	if kind == "groupChat" {
		id = "19:" + strings.ToLower(rand.Text()) + "@thread.v2"
	}
	r := &Room{ID: id, Kind: kind, Name: name, Members: members, HasBot: true}
	f.rooms[id] = r
	return r
}

// Chat is somebody's own with the bot. It is made when it is first needed.
func (f *Fake) Chat(p *Person) *Room {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.chatOf(p)
}

func (f *Fake) chatOf(p *Person) *Room {
	if p.chat == "" {
		p.chat = "a:1" + rand.Text()
		f.rooms[p.chat] = &Room{ID: p.chat, Kind: "personal", Members: []*Person{p}, HasBot: true}
	}
	return f.rooms[p.chat]
}

// Fail makes calls fail.
func (f *Fake) Fail(x Fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	x.Times = max(1, x.Times)
	f.faults = append(f.faults, &x)
}

// fault returns the one that a call meets.
func (f *Fake) fault(r *http.Request) *Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, x := range f.faults {
		if x.Times > 0 && (x.Method == "" || x.Method == r.Method) && strings.Contains(r.URL.Path, x.Path) {
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

func (f *Fake) complain(format string, args ...any) string {
	s := fmt.Sprintf(format, args...)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.complaints = append(f.complaints, s)
	return s
}

// Calls are the calls of the bot so far, such as "PUT /v3/conversations/…".
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

func (f *Fake) heard(b []byte) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.wire.Write(b)
	f.wire.WriteString("\n")
}

// Messages are all of a room, in their order, with those that were taken away.
func (f *Fake) Messages(r *Room) (all []Message) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, m := range f.messages {
		if m.Room == r {
			all = append(all, *m)
		}
	}
	return all
}

// Toasts are what somebody saw for a moment.
func (f *Fake) Toasts(p *Person) (all []Toast) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, t := range f.toasts {
		if t.To == p {
			all = append(all, t)
		}
	}
	return all
}

// KeyReads is how often the keys were read, and Tokens how many were given out.
func (f *Fake) KeyReads() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.keyReads
}

// Tokens is how many tokens the bot was given.
func (f *Fake) Tokens() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.tokensOut
}

// Revoke makes all tokens worthless that the bot was given.
func (f *Fake) Revoke() {
	f.mu.Lock()
	defer f.mu.Unlock()
	clear(f.tokens)
}

// PutFile keeps something that can be fetched, and returns its two addresses:
// of a picture that was pasted, behind the bot's token, and of a file in its
// owner's storage, open to whoever has the address.
func (f *Fake) PutFile(content []byte) (picture, stored string) {
	id := rand.Text()
	f.mu.Lock()
	defer f.mu.Unlock()
	f.files[id] = content
	return f.Service + "v3/attachments/" + id + "/views/original", f.URL + "/storage/" + id + "?tempauth=" + id
}

// File is what was put somewhere.
func (f *Fake) File(id string) []byte {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.files[id]
}

// next is a new message id: Teams' are the time in milliseconds. f.mu is held.
func (f *Fake) next() (id string, order int64) {
	f.last++
	return fmt.Sprint(f.last), f.last
}

func (f *Fake) personByID(id string) *Person {
	i := slices.IndexFunc(f.people, func(p *Person) bool { return p.ID == id })
	if i < 0 {
		return nil
	}
	return f.people[i]
}

func (r *Room) has(p *Person) bool { return slices.Contains(r.Members, p) }

// clone is o as it would be read from the wire.
func clone(o obj) obj {
	b, err := json.Marshal(o)
	if err != nil {
		panic(err) // unreachable: it came from JSON
	}
	var out obj
	if err := json.Unmarshal(b, &out); err != nil {
		panic(err) // unreachable: see above
	}
	return out
}

var errNoBot = errors.New("no bot is connected; call Connect")
