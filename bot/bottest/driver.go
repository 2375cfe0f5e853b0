package bottest

import (
	"context"
	"time"
)

// A Driver does what people do on a platform and tells what they see there,
// through the platform's own wire format. What it returns from has settled:
// whatever the program does about it has been done, as far as the clocks allow.
type Driver interface {
	// People returns who there is. At least one of them is an admin.
	People() []Someone

	// Make makes a failure happen and returns what its error page shows.
	Make(ctx context.Context, sample string) (text string, err error)

	// Say says something to the bot in a room; in the admins' channel it may
	// be in the thread of a message.
	Say(ctx context.Context, who Someone, in Room, thread, text string) error

	// Command runs a command such as "/mfa-help" with text.
	Command(ctx context.Context, who Someone, in Room, command, text string) error

	// Press presses a button of what was seen. What is filled in is by the
	// names of the fields; it is nil if the button has no form.
	Press(ctx context.Context, who Someone, in Room, on Seen, b Button, fields map[string]string) error

	// Read returns what somebody sees in a room, in the order in which it
	// was sent, each as it is now.
	Read(ctx context.Context, who Someone, in Room) ([]Seen, error)

	// Advance moves the clocks of the tenant and the program.
	Advance(ctx context.Context, d time.Duration) error
}

// Someone is a person of the tenant.
type Someone struct {
	ID    string // as the platform spells it
	Name  string
	Admin bool
}

// A Room is where something is said.
type Room int

// The rooms.
const (
	Direct Room = iota // of one person with the bot
	Admins             // the admins' channel
)

// String is the room's name.
func (r Room) String() string {
	if r == Admins {
		return "admins"
	}
	return "direct"
}

// Seen is a message as somebody sees it, without markup.
type Seen struct {
	Ref      string // the platform's, for Press and Say
	Thread   string // the Ref of what it hangs from; "" outside a thread
	From     string // the id of who said it; "" if the bot did
	Title    string
	Status   string   // "info", "waiting", "good", or "problem"; "" if the bot did not send it
	Lines    []string // what it says, in the order of reading
	Buttons  []Button
	Attached []string // names of files
}

// A Button is something to press.
type Button struct {
	Label   string
	Ref     string // the platform's, for Press
	Address string // that it opens, rather than being pressed; "" for most
	Fields  []Input
}

// A SignsIn is a [Driver] of a program with a page of its own on which people
// sign in. Others cannot play a dialogue in which somebody does.
type SignsIn interface {
	// SignIn opens an address that a button led to, signs in there with what
	// is called method, and a time after that says yes to what is shown then.
	// The error says what the page says, if there was no yes.
	SignIn(ctx context.Context, who Someone, address, method string, after time.Duration) error

	// Register gets into the tenant with a pass, registers a method there,
	// and signs in with that.
	Register(ctx context.Context, who Someone, pass string) error
}

// A Happens is a [Driver] of a program with a tenant in which things happen
// beside what people do in a chat.
type Happens interface {
	// Happen has what is called so happen to somebody, or, for the zero
	// Someone, to the tenant: see the comment on the package for what there is.
	Happen(ctx context.Context, what string, who Someone) error
}

// A Shows is a [Driver] of a platform on which a secret is asked for by itself.
// On others it stands in the message, for its one reader.
type Shows interface {
	// Show returns what somebody is shown under a name that a message has.
	Show(ctx context.Context, who Someone, on Seen, name string) (secret string, err error)
}

// An Input is a field of a form.
type Input struct {
	Name, Label string
	Options     []InputOption
}

// An InputOption is one answer of those that an [Input] lists.
type InputOption struct{ Label, Value string }
