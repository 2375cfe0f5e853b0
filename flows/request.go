package flows

import (
	"context"
	"errors"
	"time"

	"mfahelp/bot"
)

// A Request is a reset on its way: what is asked, what was said to it, and how
// far it has come. The flow that owns it moves it from state to state; the
// store keeps it, and lets an effect of it begin only while it is [ResetExecuting].
type Request struct {
	Approval              // the plan, the proofs and the decisions; Key is the request's own
	Case     string       `json:"case"` // key of the case in whose thread it is decided
	State    RequestState `json:"state"`
	Version  int          `json:"-"` // as it was read; if another answer came first, the event is handled again
	Asked    time.Time    `json:"asked"`
	Changed  time.Time    `json:"changed"`
}

// A RequestState is where a request stands.
type RequestState string

// The states, in the order in which all goes well, and how it may end before.
const (
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

// Open reports whether something may still happen to the account.
func (s RequestState) Open() bool {
	switch s {
	case ResetAsked, ResetProven, ResetExecuting, ResetExecuted, ResetWatched:
		return true
	case ResetSettled, ResetDenied, ResetExpired, ResetWithdrawn, ResetFrozen:
	}
	return false
}

// Requests reads what is asked.
type Requests interface {
	// Request returns the one with key. See [ErrNoRequest].
	Request(ctx context.Context, key string) (Request, error)

	// About returns those about somebody that were asked since a time, By
	// those that somebody asked for; of the zero identity, all. The newest
	// are first.
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
	Reason string    // of a failure: the kind of error, such as "permission missing AuditLog.Read.All"; never what somebody wrote
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
	EffectDropped EffectState = "dropped" // it was not allowed any more when its turn came
)

// Over reports whether nothing more will come of it by itself.
func (s EffectState) Over() bool { return s != EffectWanted && s != EffectRunning }

// A Link is a one-time address of our own page. It is no secret that lets
// anybody in: whoever opens it must sign in freshly and strongly as For.
type Link struct {
	Token   string       // random; the store keeps only its digest
	Verb    string       // such as "reset.approve": what a yes means
	Subject string       // key of what it is about
	For     bot.Identity // who alone may say yes
	Digest  string       // of the plan that they are asked about
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
