package flows

import (
	"context"
	"errors"
	"slices"
	"time"

	"mfahelp/bot"
	"mfahelp/graph"
)

// A Request is a reset on its way: what is asked, what was said to it, and how
// far it has come. The flow that owns it moves it from state to state; the
// store keeps it, and lets an effect of it begin only while its state
// [RequestState.Lets] it, and whoever is asked for [Leave] does.
type Request struct {
	Approval              // the plan, the proofs and the decisions; Key is the request's own
	Case     string       `json:"case"` // key of the case in whose thread it is decided
	State    RequestState `json:"state"`
	Version  int          `json:"-"` // as it was read; if another answer came first, the event is handled again
	Asked    time.Time    `json:"asked"`
	Changed  time.Time    `json:"changed"`

	As     Asker      `json:"as"`              // what its requester is to its subject
	Asking bot.Person `json:"asking"`          // its requester, as the chat knows them
	Want   string     `json:"want"`            // what they asked for, in the words of the flow
	Round  int        `json:"round"`           // how many plans were made for it: part of the keys of its effects
	Why    string     `json:"why,omitempty"`   // key of the sentence that says why it is not going on
	Signs  []string   `json:"signs,omitempty"` // keys of the signs of compromise that were found; never shown to who asks
	Alarm  bool       `json:"alarm,omitempty"` // the subject says that it was not them
	Begun  bool       `json:"begun,omitempty"` // something was changed for it, whatever became of it since: nobody is told that nothing was

	Account  Account  `json:"account,omitzero"`   // what the directory said when the plan was made, for people to read
	HandOver HandOver `json:"hand_over,omitzero"` // who may be shown the pass
	Seen     []string `json:"seen,omitempty"`     // what was told of the time after it
}

// An Asker is what a requester is to the subject.
type Asker string

// The askers. Each has its own row in the policy.
const (
	AsSubject   Asker = "subject"   // for themselves
	AsColleague Asker = "colleague" // for somebody else, of whose account they are told nothing
	AsAdmin     Asker = "admin"     // for somebody on the phone
)

// An Account is whose a request is about, as far as its card says. It is no
// basis of any decision: those read the directory again.
type Account struct {
	Name    string            `json:"name,omitempty"` // in the directory
	UPN     string            `json:"upn,omitempty"`
	Methods []graph.Method    `json:"methods,omitempty"`
	Manager bot.Identity      `json:"manager,omitzero"`
	Names   map[string]string `json:"names,omitempty"` // those in the directory of who had a say, by [bot.Identity.Key]
}

// A HandOver is how a pass comes to who may have it.
type HandOver struct {
	To       bot.Identity `json:"to,omitzero"`        // who signed in for it last
	SignedIn time.Time    `json:"signed_in,omitzero"` // freshly and strongly
	PickUp   bool         `json:"pick_up,omitempty"`  // the subject may have it, by the code that To told them
	Shown    string       `json:"shown,omitempty"`    // key of the effect whose pass was shown
}

// A RequestState is where a request stands.
type RequestState string

// The states, in the order in which all goes well, and how it may end before.
const (
	ResetChecking  RequestState = "checking"  // the account is being looked at; there is no plan yet
	ResetAsked     RequestState = "asked"     // proofs are wanted
	ResetProven    RequestState = "proven"    // all proofs are there, approvals are wanted
	ResetExecuting RequestState = "executing" // approved; its effects are carried out
	ResetExecuted  RequestState = "executed"  // all are done, or ended in a way that is shown; a pass may wait to be handed over
	ResetWatched   RequestState = "watched"   // handed over; the next strong sign-in settles it
	ResetSettled   RequestState = "settled"

	ResetDenied    RequestState = "denied"
	ResetExpired   RequestState = "expired"
	ResetWithdrawn RequestState = "withdrawn"
	ResetFrozen    RequestState = "frozen" // a sign of compromise; only people in the portal go on from here
)

// LongestRequest is how long ago a request that is still open may have been made.
const LongestRequest = 31 * 24 * time.Hour

// Undecided reports whether a request waits to be read, proven or approved:
// nothing of it has begun.
func (s RequestState) Undecided() bool {
	return s == ResetChecking || s == ResetAsked || s == ResetProven
}

// Open reports whether something may still happen to the account.
func (s RequestState) Open() bool {
	switch s {
	case ResetChecking, ResetAsked, ResetProven, ResetExecuting, ResetExecuted, ResetWatched:
		return true
	case ResetSettled, ResetDenied, ResetExpired, ResetWithdrawn, ResetFrozen:
	}
	return false
}

// Waits reports whether r still waits for somebody at a time, so that there cannot
// be another about the same person: the store keeps none. One that is frozen waits
// for as long as it would otherwise, or who asked could see by that what it is.
func (r Request) Waits(at time.Time) bool {
	if r.State == ResetFrozen {
		return r.Why == "" && at.Before(r.Expires)
	}
	return r.State.Open() && r.State != ResetWatched
}

// Lets reports whether a change of a kind may begin while a request is in state
// s. It is the least of what must be true: what must be true as well is for
// [Leave] to say.
//
// A pass is made when it is shown, after all else is done. What can only take
// something away from whoever should not have it, a pass and sessions, may be
// done to the end, and of a request that turned out to be an attack too.
func (s RequestState) Lets(k graph.ChangeKind) bool {
	switch k {
	case graph.SendMail:
		return true
	case graph.CreatePass:
		return s == ResetExecuted || s == ResetWatched
	case graph.RevokeSessions:
		return s == ResetExecuting || s == ResetFrozen
	case graph.DeletePass:
		return s != "" && !s.Undecided()
	}
	return s == ResetExecuting
}

// Defends reports whether a change of a kind, of a request in state s, can only
// take something away from whoever should not have it: a pass that was made, and
// the sessions of whoever is behind a request that turned out to be an attack. It
// needs no plan, and goes on while all resets are stopped. That a plan ends
// sessions is no defence, but a part of a reset like any other.
func (s RequestState) Defends(k graph.ChangeKind) bool {
	return k == graph.DeletePass || k == graph.RevokeSessions && s == ResetFrozen
}

// ways are the states that a request may go to from each; a sign of compromise
// may freeze it from any. What is over stays over otherwise, so the first word
// that ends it is the last one. One that is new may be so already: a refusal.
var ways = map[RequestState][]RequestState{
	"":             {ResetChecking, ResetAsked, ResetDenied, ResetExpired, ResetWithdrawn},
	ResetChecking:  {ResetAsked, ResetDenied, ResetExpired, ResetWithdrawn},
	ResetAsked:     {ResetChecking, ResetProven, ResetExecuting, ResetDenied, ResetExpired, ResetWithdrawn},
	ResetProven:    {ResetChecking, ResetAsked, ResetExecuting, ResetDenied, ResetExpired, ResetWithdrawn},
	ResetExecuting: {ResetChecking, ResetAsked, ResetProven, ResetExecuted, ResetWatched, ResetDenied, ResetExpired, ResetWithdrawn},
	ResetExecuted:  {ResetChecking, ResetExecuting, ResetWatched, ResetSettled, ResetDenied, ResetExpired, ResetWithdrawn},
	ResetWatched:   {ResetExecuted, ResetSettled},
	ResetSettled:   nil,
	ResetDenied:    nil,
	ResetExpired:   nil,
	ResetWithdrawn: nil,
	ResetFrozen:    nil,
}

// May reports whether a request may go from s to next, or stay there; s is ""
// for a new one. For [ResetExecuting] that is not all it takes: the store asks
// for the [Approval.Verdict] at that moment as well.
func (s RequestState) May(next RequestState) bool {
	_, known := ways[s]
	return known && (next == ResetFrozen || next != "" && next == s || slices.Contains(ways[s], next))
}

// Leave is asked right before an effect begins, and again before each further try.
type Leave interface {
	// Leave returns no reason if e, an effect of r, may begin now. To is who
	// is about to be shown what it makes; zero for nobody. With a reason it
	// may not, and is over: [EffectDropped]. An error says that it cannot be
	// told now, and then it may not begin either, but later perhaps.
	//
	// The effect begins only if r is still at its version in the transaction
	// that records the intent, so that what was said since counts.
	Leave(ctx context.Context, r Request, e Effect, to bot.Person) (Reason, error)
}

// RevealPass is the kind of a [bot.Reveal] that stands for a pass. Its subject is
// the key of the effect that makes it, which is then carried out, at most once.
const RevealPass = "pass"

// Requests reads what is asked.
type Requests interface {
	// Request returns the one with key. See [ErrNoRequest].
	Request(ctx context.Context, key string) (Request, error)

	// About returns those about somebody that were asked since a time, By
	// those that somebody asked for; of the zero identity, all, and of
	// anybody else who is unknown, none. The newest are first.
	About(ctx context.Context, subject bot.Identity, since time.Time) ([]Request, error)
	By(ctx context.Context, requester bot.Identity, since time.Time) ([]Request, error)

	// Outcomes returns what came of a request's effects, in their order.
	Outcomes(ctx context.Context, key string) ([]Outcome, error)

	// Link returns what a one-time address stands for, and false if there
	// never was one.
	Link(ctx context.Context, token string) (Link, bool, error)

	// Frozen returns whether resets are stopped.
	Frozen(ctx context.Context) (Freeze, error)
}

// ErrNoRequest says that there is no request with a key.
var ErrNoRequest = errors.New("no such request")

// An Outcome is what came of an [Effect].
type Outcome struct {
	Effect
	State  EffectState
	Reason string    // why it is not done: the key of a [Reason], or the kind of error, such as "permission missing AuditLog.Read.All"
	Object string    // what was made, such as a pass's id
	Until  time.Time // when that ends
	Tries  int
	At     time.Time // when it came to State
}

// An EffectState is how far an [Effect] has come.
type EffectState string

// The states of effects. Intent is on record before one is running, and the
// outcome after.
const (
	EffectWanted  EffectState = "wanted"  // not begun, or to be tried again
	EffectRunning EffectState = "running" // begun; after a crash nobody knows how far it came
	EffectDone    EffectState = "done"
	EffectFailed  EffectState = "failed"  // it did not happen
	EffectUnknown EffectState = "unknown" // it may have happened, and may not be done twice
	EffectDropped EffectState = "dropped" // it was not allowed any more when its turn came, or its request ended before
)

// Over reports whether nothing more will come of it by itself.
func (s EffectState) Over() bool { return s != EffectWanted && s != EffectRunning }

// A Link is a one-time address of our own page. It is no secret that lets
// anybody in: whoever opens it must sign in freshly and strongly as For.
type Link struct {
	Token   string     // random; the store keeps only its digest
	Verb    string     // such as "reset.approve": what a yes means
	Subject string     // key of what it is about
	For     bot.Person // who alone may say yes, as the chat knows them; the directory's word for them counts
	In      bot.Place  // where they hear what came of it; zero for nowhere
	Digest  string     // of the plan that they are asked about
	Until   time.Time
	Used    time.Time // zero while it is not
}

// A Freeze stops all resets, or is the end of one.
type Freeze struct {
	On      bool
	Since   time.Time
	By      bot.Identity   // who stopped them; zero for the command line or the bot itself
	Why     string         // key of a sentence
	Lifting []bot.Identity // who has said that it may end; it takes two
	Version int            // as it was read
}

// SayFrozen is the job that tells the admins in their channel of a freeze that
// was not made there, and shows them the way back.
func SayFrozen(at time.Time) Job { return Job{Key: "reset/frozen", At: at, Verb: "reset.frozen"} }
