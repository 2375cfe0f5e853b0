// Package flows decides what the bot answers and does. A flow talks to nobody:
// it reads an event, asks its own narrow interfaces, and returns what it wants
// to happen, which is then recorded in one transaction and carried out.
package flows

import (
	"context"
	"slices"
	"time"

	"mfahelp/bot"
	"mfahelp/words"
)

// A Flow answers events of one kind. It is registered under a name: presses
// and jobs whose verb begins with that name and a dot are its own, and other
// events go to the first flow that matches; see [Router].
type Flow interface {
	// Match reports whether e is for this flow. It is not asked of presses.
	Match(e bot.Event) bool

	// Handle answers e. It may run twice for one event, so everything in
	// its answer has a key.
	Handle(ctx context.Context, e bot.Event) (Answer, error)

	// Press answers a press of what was offered in o, which is still open,
	// and was offered to who pressed. It, too, may run twice.
	Press(ctx context.Context, e bot.Event, o Offer) (Answer, error)

	// Resume does a job that was asked for. It, too, may run twice.
	Resume(ctx context.Context, j Job) (Answer, error)
}

// An Answer is all that a flow wants to happen. It happens whole or not at all.
type Answer struct {
	Cases []Case     // as they are from now on
	Posts []bot.Post // said now
	Jobs  []Job      // done again later
	Audit []Entry    // what is on record; no entry, no act

	Requests []Request // as they are from now on
	Effects  []Effect  // to be carried out, each once its request lets it
	Links    []Link    // made, or with Used set, spent
	Freeze   *Freeze   // as it is from now on
	Limits   []Limit   // what it keeps to at the moment when it is recorded
}

// And is a with all of b after it.
func (a Answer) And(b Answer) Answer {
	a.Cases = append(slices.Clip(a.Cases), b.Cases...)
	a.Posts = append(slices.Clip(a.Posts), b.Posts...)
	a.Jobs = append(slices.Clip(a.Jobs), b.Jobs...)
	a.Audit = append(slices.Clip(a.Audit), b.Audit...)
	a.Requests = append(slices.Clip(a.Requests), b.Requests...)
	a.Effects = append(slices.Clip(a.Effects), b.Effects...)
	a.Links = append(slices.Clip(a.Links), b.Links...)
	a.Limits = append(slices.Clip(a.Limits), b.Limits...)
	if b.Freeze != nil {
		a.Freeze = b.Freeze
	}
	return a
}

// An Offer is what a press may ask for, kept by the store under the random key
// that is all a button carries. The store makes one for every action that it
// posts. When its post is replaced by one that no longer has the action, it is
// closed; one that has it still keeps the key.
type Offer struct {
	Key     string
	Post    string // key of the [bot.Post] it stands in
	In      bot.Place
	Verb    string
	Subject string
	Until   time.Time // open before, and not from then on; zero for as long as it is shown
	For     string    // the platform's id of the only one who may press; "" in a place with many readers, where the flow decides
	Closed  bool      // its post says something else by now
}

// A Job is something to do again at a time: look for a sign-in that the log
// did not have yet, remind somebody, let a request expire. Its verb may be
// another flow's, and that is the only way in which one flow reaches another.
type Job struct {
	Key     string // asked for again, it only moves
	At      time.Time
	Verb    string // such as "help.look"
	Subject string // as in [bot.Choose]: most often a case's key
}

// An Entry is a line of the audit log, which is never changed. It has ids and
// no words of anybody's.
type Entry struct {
	Key    string // written again, it is still one line
	At     time.Time
	By     bot.Identity // zero for the bot itself
	Case   string       // its key
	Verb   string       // such as "help.asked" or "escalate.claimed"
	Object string       // what it was done to, such as a sign-in's id
	Result string       // "done", a cause, or the kind of error
}

// A Limit is how many entries there may be on record. A flow counts them before it
// answers, and the store once more in the transaction that records the answer: of
// two who come in the same instant, who finds it full is handled again, and sees
// then that it is.
type Limit struct {
	By    bot.Identity // whose; zero for everybody's
	Verb  string
	Since time.Time
	Most  int // the answer is recorded only while there are fewer
}

// Cases reads cases, and checks itself who may: it asks the directory what by
// is at that moment, and takes nobody's word for it.
type Cases interface {
	// Case returns the one with key, to a flow that has the key from the
	// store: from an offer, a job, or a thread. See [ErrNoCase].
	Case(ctx context.Context, key string) (Case, error)

	// Under returns the case whose thread place is in. See [ErrNoCase].
	Under(ctx context.Context, place bot.Place) (Case, error)

	// Own returns those of which by is the subject or the requester, the
	// newest first.
	Own(ctx context.Context, by bot.Person) ([]Case, error)

	// Queue returns those that are with the admins and not settled, oldest
	// first, to an admin, and [ErrNotAdmin] to anybody else.
	Queue(ctx context.Context, by bot.Identity) ([]Case, error)
}

// A Ledger counts what is on record, for the limits that every person has.
type Ledger interface {
	// Count returns how many entries by has under verb since a time; of the
	// zero identity, everybody's.
	Count(ctx context.Context, by bot.Identity, verb string, since time.Time) (int, error)
}

// Admins tells who may work on cases. It asks the directory each time.
type Admins interface {
	Admin(ctx context.Context, by bot.Identity) (bool, error)
}

// Say is the sentence for key with spans in its gaps, so that words stay whole
// in their file, and what somebody wrote stays data.
func Say(p *words.Printer, key string, spans ...bot.Span) bot.Text {
	return words.Fill(p, key, func(s string) bot.Span { return bot.Plain(s) }, spans...)
}
