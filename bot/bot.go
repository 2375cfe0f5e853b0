// Package bot says what a chat is, without saying where: what people do in it,
// what the bot answers, and the little that it needs from a platform.
// Packages slack, teams, and web make it real.
package bot

import (
	"context"
	"errors"
	"strings"
	"time"
)

// An Event is something a person did, already verified.
type Event struct {
	ID   string // the platform's id for it; a redelivery has the same one
	At   time.Time
	From Person
	In   Place
	Did  Act

	Reply Reply // a way to answer just this; zero if the platform gives none
}

// An Act is one of [Said], [Pressed], [Commanded], [Marked], [OpenedHome],
// [SignedIn], or [Ended].
//
//sumtype:decl
type Act interface{ act() }

// The acts.
type (
	// Said is a message to the bot, or one that mentions it.
	Said struct {
		Text  string
		Files []File
	}

	// Pressed is a press of a [Choose], or an [Ask] filled in and sent. Key
	// says which, and the store knows the rest: what does not travel cannot
	// be changed on the way. Fields is what was filled in, by the names of
	// the fields: words from outside, even where there was a list to choose
	// from.
	Pressed struct {
		Key    string
		Fields map[string]string
	}

	// Commanded is a command such as "/mfa status", here "mfa" and "status",
	// or a shortcut used on a message, whose words are then in Quote.
	Commanded struct{ Name, Text, Quote string }

	// Marked is a sign put on a message of the bot, without words: where the
	// platform has such signs, a shortcut. In says in whose thread.
	Marked struct{ As Mark }

	// OpenedHome is a visit to the page that the bot has on the platform.
	OpenedHome struct{}

	// SignedIn is a yes that somebody gave on our own page, right after a
	// fresh strong sign-in there. Who they are is in the event, by Entra's
	// word and nobody else's.
	SignedIn struct {
		Link    string    // what led to the page; a flow made it, and knows what it was for
		At      time.Time // when they signed in, by Entra's word
		Methods []string  // how, by Entra's word, such as "mfa" and "fido"
		Digest  string    // of the plan that the page showed; "" if it showed none
	}

	// Ended is a no that somebody gave on our own page, by an address that was
	// sent to them alone. Nobody signed in for it, so it is good for ending
	// what the address is about, and for nothing else.
	Ended struct{ Link string }
)

func (Said) act()       {}
func (Pressed) act()    {}
func (Commanded) act()  {}
func (Marked) act()     {}
func (OpenedHome) act() {}
func (SignedIn) act()   {}
func (Ended) act()      {}

// A Mark is what a sign on a message means.
type Mark string

// The marks.
const (
	Taken Mark = "taken" // I look after this
	Done  Mark = "done"  // this is settled
)

// A File is something that somebody sent along. It is only a reference, which
// no flow can follow: the platform fetches it, and only from hosts on its list.
type File struct {
	Ref       string // where it is, as the platform spells it
	Name      string // as its sender calls it
	MediaType string // as its sender's program calls it; "" if that does not say
	Size      int64  // in bytes, by the same word
}

// A Reply is a way to answer the very thing that somebody did, for as long as
// it lasts: a response_url, a trigger_id, an invoke. Whoever holds its token
// can speak for the bot, so it is neither shown nor logged.
type Reply struct {
	Platform string
	Token    string
	Until    time.Time
}

// String leaves the token out.
func (r Reply) String() string { return "a reply on " + r.Platform }

// A Person is somebody on a platform, and in the directory if that is known.
type Person struct {
	Platform string
	ID       string // as the platform spells it
	Name     string // for show only; people choose their own
	Locale   string // such as "de-DE"; "" if the platform does not say
	Identity
}

// An Identity is who somebody is in the directory. Only a platform may set it,
// from what it vouches for and never from what a person wrote.
type Identity struct {
	Tenant   string
	ObjectID string
	Email    string // a way to look somebody up, never proof of who they are
}

// Known reports whether i names somebody.
func (i Identity) Known() bool { return i.Tenant != "" && i.ObjectID != "" }

// Key is the same for the same person, on whichever platform they are and
// however it spells their ids. It is "" for somebody unknown.
func (i Identity) Key() string {
	if !i.Known() {
		return ""
	}
	return strings.ToLower(i.Tenant + "/" + i.ObjectID)
}

// A Place is where something is said: a conversation, a thread of one, or the
// page that the bot has for somebody, which only they read.
type Place struct {
	Platform string
	ID       string   // the conversation; may be "" if Direct, for the platform to open
	Thread   string   // the message its thread hangs from; "" outside a thread
	Private  bool     // whether one must be let in to read it
	Audience Audience // who of those in it sees what is said
	Reader   string   // that one person, by the platform's id, unless Audience is Channel
	Page     bool     // it is the page that the bot has for Reader: it shows one message, and nobody answers on it
}

// An Audience is who sees what is said in a [Place]. The zero Audience is the
// widest, so that a place nobody classified is told nothing personal.
type Audience int

// The audiences.
const (
	Channel   Audience = iota // everybody in it
	Direct                    // one person, alone with the bot
	Ephemeral                 // one person among others, and not for long
)

// One reports whether a single person sees it. Only there may a message carry
// what is personal: where somebody signed in, a phone number, a pass.
func (a Audience) One() bool { return a == Direct || a == Ephemeral }

// A Post is a message and where it goes. It replaces what was posted there
// under the same key before.
type Post struct {
	To      Place
	Reply   Reply // from the event, to answer it there and then; To says for whom, and holds once it is over
	Key     string
	Under   string    // key of the post whose thread this goes in; "" for where To says
	Message Message   // passes [Message.Check], or the post is not recorded
	Until   time.Time // its actions may be pressed before, and not from then on; zero for as long as they are shown
	Again   bool      // an earlier try ended and nobody knows how: it may be there already. Only the store says so
}

// An Inbox accepts events. Once Accept has returned nil the event survives a
// crash; accepting it twice is accepting it once.
type Inbox interface {
	Accept(ctx context.Context, e Event) error
}

// A Platform is a chat system, as seen by those who speak. How it listens is
// its own affair: it is made with an [Inbox], verifies what arrives, and says
// "received" to the chat only after Accept has returned nil.
type Platform interface {
	// Name is what Person.Platform and Place.Platform say for it.
	Name() string

	// Send posts p or, if ref is not "", replaces the message that ref was
	// returned for. It says all of p's message or fails, with a [*BusyError]
	// if waiting may help.
	Send(ctx context.Context, p Post, ref string) (newRef string, err error)
}

// Views answers what a platform must ask while somebody waits: what to show in
// a dialog, on a card that each reader sees differently, or on their own page.
type Views interface {
	// View returns what p may see at this moment of what key, from a press,
	// stands for, or of their own page if key is "". It only reads, so it
	// may be asked at any time and any number of times.
	View(ctx context.Context, key string, p Person) (Message, error)
}

// AskView is the key by which [Views] tells what somebody may choose from who
// asks for help without a word: the fields of a message's only action, an [Ask].
// No button has this key.
const AskView = "/ask"

// A Confirmation is what our own page shows somebody who has just signed in
// there: what they are about to say yes to.
type Confirmation struct {
	Message Message // what it is about, from the record of that moment
	Digest  string  // of the plan in it
	Agree   string  // what the button says
}

// Confirmations answers our own page.
type Confirmations interface {
	// For returns who must sign in at a link, so that the page can tell them
	// so before; false if there is no such link, or no longer.
	For(ctx context.Context, link string) (Identity, bool, error)

	// Confirm returns what p may agree to at a link, at this moment. It only
	// reads. A p who may not gets a message that says so, and an Agree of "".
	Confirm(ctx context.Context, link string, p Person) (Confirmation, error)

	// End returns what a link can end, at this moment, and whose it is; false
	// if there is no such link, or no longer, or if it is for a yes: that one
	// takes a sign-in, and is for For and Confirm. It only reads.
	End(ctx context.Context, link string) (Confirmation, Identity, bool, error)
}

// A Directory tells who somebody on a platform is. Nothing that a person wrote
// or pressed is asked about here, only the id that the platform vouches for.
type Directory interface {
	// Identify returns the zero [Identity] for somebody it does not know.
	Identify(ctx context.Context, platform, id string) (Identity, error)
}

// Secrets tells what a [Reveal] stands for. A platform asks only while it
// answers a press of the person to, shows what it gets to nobody else, and
// writes it nowhere: each secret is told once. Not ok means that there is
// nothing to tell, or no longer, or not to this person; a dash is shown then.
type Secrets interface {
	Reveal(ctx context.Context, r Reveal, to Person) (secret string, ok bool)
}

// Told asks for all that is secret in m, for whoever presses for it. If nothing is
// told, m has nothing to say, and its reader is to hear that instead: a dash alone
// looks like a secret that was spent. With no secrets to tell, that is so always.
func Told(ctx context.Context, s Secrets, m Message, to Person) map[Reveal]string {
	told := map[Reveal]string{}
	if s == nil {
		return told
	}
	for _, r := range m.Reveals() {
		if secret, ok := s.Reveal(ctx, r, to); ok {
			told[r] = secret
		}
	}
	return told
}

// A Reacher is a platform that can speak to somebody who has not spoken to it:
// a manager who is asked, a subject who is told.
type Reacher interface {
	// Reach returns who is who on the platform, and where they are alone
	// with the bot; false if it does not know them, or may not speak first.
	Reach(ctx context.Context, who Identity) (Person, Place, bool, error)
}

// A Memory keeps what a platform must not forget over a restart, such as where
// a person can be reached. Each platform has its own keys.
type Memory interface {
	// Get returns what was put last, or nil if nothing was.
	Get(ctx context.Context, platform, key string) ([]byte, error)

	// Put keeps value under key; a nil value forgets it.
	Put(ctx context.Context, platform, key string, value []byte) error

	// List returns all that is kept under keys that begin with prefix, in
	// the order of their keys.
	List(ctx context.Context, platform, prefix string) ([]Kept, error)
}

// Kept is one thing in a [Memory].
type Kept struct {
	Key   string
	Value []byte
}

// ErrUnreachable says that a platform lets the bot not speak to somebody: they
// do not have the app, have blocked it, or are no longer there. Trying again
// does not help, and a person has to.
var ErrUnreachable = errors.New("the platform lets nobody of ours speak to them")

// A BusyError says that a platform cannot take a message now but may later.
type BusyError struct {
	After time.Duration // how long to wait at least; 0 if the platform did not say
	Err   error
}

// Error says who is busy, and why.
func (e *BusyError) Error() string { return "platform is busy: " + e.Err.Error() }

// Unwrap returns what the platform said.
func (e *BusyError) Unwrap() error { return e.Err }
