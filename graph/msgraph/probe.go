package msgraph

import (
	"context"
	"errors"
	"strings"
	"time"

	"mfahelp/graph"
)

// A Verdict is what a probe comes to. Its zero value is the careful one.
type Verdict string

// The verdicts.
const (
	Untold  Verdict = ""        // it could not be told: down, throttled, or an answer that is not understood
	Good    Verdict = "ok"      // it was tried, and works
	Unwise  Verdict = "unwise"  // it works, and could be better
	Look    Verdict = "look"    // no program can tell
	Missing Verdict = "missing" // it was tried, and Graph or Entra said no, or it is set otherwise
)

// A Finding is one thing that an app needs, and whether it has it. It holds no
// sentence: what people read of it is told by Check and Trouble.
type Finding struct {
	Check   string // what was tried, such as "sign-in-log"
	Of      string // of what, such as a kind of method or a group; "" if there is one of the kind
	Needs   string // the permission, if that is what it takes
	Verdict Verdict
	Trouble Trouble // what is wrong, if not Good
	Err     error   // what Graph said; nothing personal is in it
	Values  []any   // what the sentence about the trouble has in it, such as two lifetimes
}

// A Trouble is a kind of thing that is wrong, for which there is one thing to do.
type Trouble string

// The troubles.
const (
	NoAnswer     Trouble = "no-answer"
	NoPermission Trouble = "no-permission"
	NoLicence    Trouble = "no-licence"    // P1
	NoP2         Trouble = "no-p2"         // of which risk and eligible roles take one more
	NoCredential Trouble = "no-credential" // Entra does not take it; Values has the code, if there is one

	NoMailbox       Trouble = "no-mailbox"
	Fenced          Trouble = "fenced" // or without Mail.Send: the answers are the same
	NoFence         Trouble = "no-fence"
	FenceUnseen     Trouble = "fence-unseen" // the other mailbox is none
	CanWrite        Trouble = "can-write"    // the app that reads
	PassesOff       Trouble = "passes-off"
	PassesForSome   Trouble = "passes-for-some"
	PassesExcept    Trouble = "passes-except"
	PassLife        Trouble = "pass-life"
	PassOnce        Trouble = "pass-once"
	NoSuchGroup     Trouble = "no-such-group"
	EmptyGroup      Trouble = "empty-group"
	PublicGroup     Trouble = "public-group"
	NoSecurityGroup Trouble = "no-security-group"
	NoSuchRole      Trouble = "no-such-role"
	TooFew          Trouble = "too-few"
	NoPolicy        Trouble = "no-policy"   // no policy is behind an authentication context
	PolicyOff       Trouble = "policy-off"  // there is one that does not demand anything yet
	WeakPolicy      Trouble = "weak-policy" // it asks for no second factor
	RarePolicy      Trouble = "rare-policy" // it does not ask every time
)

// nobody is an object id that no account has. What may be done to somebody is
// tried on nobody: who may gets a 404, who may not a 403.
const nobody = "00000000-0000-4000-8000-00000000dead"

// A probe is something to try, and what it takes.
type probe struct {
	check, of string
	needs     string
	or        string // a permission that does as well
	try       func(ctx context.Context) error

	// lesser is what it comes to if it is missing: something works without.
	lesser Verdict
	// trouble is what a refusal means, if it is not just a permission.
	trouble Trouble
	// p2 says that the licence that it takes is the larger one.
	p2 bool
}

// findings tries each. If the app cannot even sign in there is one finding, for
// all others would say the same.
func findings(ctx context.Context, signIn func(ctx context.Context) error, probes []probe) []Finding {
	first := probe{check: "app", try: signIn}.finding(ctx)
	found := []Finding{first}
	if first.Verdict != Good {
		return found
	}
	for _, p := range probes {
		found = append(found, p.finding(ctx))
	}
	return found
}

// finding tries it. That there is no licence is believed only after a second
// asking: tenants that have one are told so now and then. Who asks too often, for
// the app is at work meanwhile, waits as long as Graph says, and asks again.
// See https://github.com/microsoftgraph/microsoft-graph-docs/issues/14118.
func (p probe) finding(ctx context.Context) Finding {
	err := p.try(ctx)
	if errors.Is(err, graph.ErrNoLicence) || errors.Is(err, graph.ErrThrottled) && rested(ctx, err) {
		err = p.try(ctx)
	}
	return p.judge(err)
}

// How long Graph is left alone, at least and at most.
const (
	leastRest = 2 * time.Second
	mostRest  = 20 * time.Second
)

// rested waits as long as an error says, and reports whether there was time for it.
func rested(ctx context.Context, err error) bool {
	rest := leastRest
	if named := (*graph.Error)(nil); errors.As(err, &named) {
		rest = min(max(rest, named.After), mostRest)
	}
	select {
	case <-time.After(rest):
		return true
	case <-ctx.Done():
		return false
	}
}

// A troubleError is a setting that is other than it must be.
type troubleError struct {
	trouble Trouble
	verdict Verdict // Missing if ""
	values  []any
}

func (e *troubleError) Error() string { return strings.ReplaceAll(string(e.trouble), "-", " ") }

// judge reads what a try came to. That there is nobody is the answer hoped for.
func (p probe) judge(err error) Finding {
	f := Finding{Check: p.check, Of: p.of, Needs: p.needs, Err: err, Verdict: Missing}
	var setting *troubleError
	var named *graph.Error
	errors.As(err, &named)
	switch {
	case err == nil, errors.Is(err, graph.ErrNotFound):
		return Finding{Check: p.check, Of: p.of, Needs: p.needs, Verdict: Good}
	case errors.As(err, &setting):
		f.Trouble, f.Values, f.Err, f.Needs = setting.trouble, setting.values, nil, ""
		if setting.verdict != "" {
			f.Verdict = setting.verdict
		}
	case errors.Is(err, graph.ErrNoLicence):
		f.Trouble, f.Needs = NoLicence, ""
		if p.p2 {
			f.Trouble = NoP2
		}
	case errors.Is(err, graph.ErrCredential):
		f.Trouble = NoCredential
		if named != nil {
			f.Values = []any{named.Code}
		}
	case errors.Is(err, graph.ErrForbidden):
		f.refused(p, named)
	default:
		f.Verdict, f.Trouble = Untold, NoAnswer
	}
	return f
}

// refused names what is missing: the permission that Graph named, if it did.
func (f *Finding) refused(p probe, named *graph.Error) {
	f.Trouble = NoPermission
	if p.trouble != "" {
		f.Trouble = p.trouble
	}
	if p.lesser != "" {
		f.Verdict = p.lesser
	}
	if named != nil && named.Permission != "" {
		f.Needs = named.Permission
	}
	if p.or != "" {
		f.Needs = p.or + ", or " + p.needs
	}
}
