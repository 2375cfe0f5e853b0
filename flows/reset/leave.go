package reset

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"mfahelp/bot"
	"mfahelp/flows"
	"mfahelp/graph"
)

// Leave says whether an effect may begin right now. Nothing that was true when
// it was approved is taken for granted: the plan, the proofs, who approved, and
// the account are all read again. It fits [flows.Leave].
//
// What takes away from an attacker has its own rules, for it must not wait for
// anybody: see defends.
func (f *Flow) Leave(ctx context.Context, r flows.Request, e flows.Effect, to bot.Person) (flows.Reason, error) {
	if e.Harmless() {
		return flows.Reason{}, nil
	}
	if e.User != r.Subject.ObjectID || e.Approval != r.Key {
		return no("foreign"), nil
	}
	outcomes, err := f.Requests.Outcomes(ctx, r.Key)
	if err != nil {
		return flows.Reason{}, fmt.Errorf("reading what was done: %w", err)
	}
	if defends(r, e, outcomes) {
		return flows.Reason{}, nil
	}
	if !r.Plan.Has(e.Change) {
		return no("foreign"), nil
	}
	switch frozen, err := f.Requests.Frozen(ctx); {
	case err != nil:
		return flows.Reason{}, fmt.Errorf("reading whether resets are stopped: %w", err)
	case frozen.On:
		return flows.Reason{}, errFrozen // it may go on when that is over, if it is still in time
	}
	if r.PolicyVersion != f.version {
		return no("policy"), nil
	}
	if why, err := f.verdict(ctx, r); err != nil || why.Key != "" {
		return why, err
	}
	if e.Kind == graph.CreatePass {
		if key, _ := passKey(r, outcomes); key != e.Key || deleting(outcomes) {
			return no("foreign"), nil // of an earlier plan, or an earlier try
		}
		if !f.mayHave(r, to) {
			return no("to-whom"), nil
		}
	}
	return f.unchanged(ctx, r, outcomes)
}

var errFrozen = errors.New("resets are stopped")

func no(why string) flows.Reason { return flows.Reason{Key: "reset.leave." + why} }

// defends reports whether e only takes from somebody what they should not have:
// a pass that this request made, at any time; and the sessions of a subject who
// says that it was not them. Neither waits for an approval, because whoever
// would have to give it is slower than an attacker; and neither gives anything
// to who asks for it. The worst that it is good for is to make a person sign in
// again, once for each request that was carried out.
func defends(r flows.Request, e flows.Effect, outcomes []flows.Outcome) bool {
	switch e.Kind {
	case graph.DeletePass:
		return e.Object != "" && (made(outcomes, e.Object) || lost(outcomes))
	case graph.RevokeSessions:
		return r.State == flows.ResetFrozen && r.Alarm
	case graph.DeleteMethod, graph.CreatePass, graph.ChangeDefault, graph.SendMail:
	}
	return false
}

// made reports whether a pass is one that we made.
func made(outcomes []flows.Outcome, id string) bool {
	return slices.ContainsFunc(outcomes, func(o flows.Outcome) bool { return o.Kind == graph.CreatePass && o.Object == id })
}

// lost reports whether there may be a pass of ours of which nobody knows the id.
func lost(outcomes []flows.Outcome) bool {
	return slices.ContainsFunc(outcomes, func(o flows.Outcome) bool {
		return o.Kind == graph.CreatePass && (o.State == flows.EffectUnknown || o.State == flows.EffectRunning)
	})
}

// verdict is r's, with the rights of everybody who had a say read again.
func (f *Flow) verdict(ctx context.Context, r flows.Request) (flows.Reason, error) {
	r.Decisions = slices.Clone(r.Decisions)
	for i, d := range r.Decisions {
		if !d.Approve {
			continue
		}
		ok, err := f.entitled(ctx, r.Plan, d.By.Identity)
		if err != nil {
			return flows.Reason{}, err
		}
		r.Decisions[i].Eligible = ok
	}
	for _, p := range r.Proofs {
		if p.Kind != ByManager {
			continue
		}
		m, why, err := f.manager(ctx, r)
		if err != nil {
			return flows.Reason{}, err
		}
		if why != "" || m.Key() != p.By.Key() {
			return no("manager"), nil
		}
	}
	v := r.Verdict(f.Now())
	if started(r) {
		v = r.Holds(f.Now())
	}
	if !v.Approved {
		return v.Missing[0], nil
	}
	return flows.Reason{}, nil
}

// started reports whether r was found approved once.
func started(r flows.Request) bool {
	return r.State == flows.ResetExecuting || r.State == flows.ResetExecuted || r.State == flows.ResetWatched
}

// mayHave reports whether a pass of r may be shown to somebody: to who proved it
// and just signed in for this, or to the subject, once that one has given them
// the code to pick it up.
func (f *Flow) mayHave(r flows.Request, to bot.Person) bool {
	h := r.HandOver
	switch {
	case !to.Known() || !verifies(r, h.To) || f.Now().Sub(h.SignedIn) > handOverLife:
		return false
	case h.PickUp:
		return to.Key() == r.Subject.Key()
	}
	return to.Key() == h.To.Key()
}

// unchanged compares the account with the plan, without what we did ourselves.
// Any other change is a reason to have it approved anew.
func (f *Flow) unchanged(ctx context.Context, r flows.Request, outcomes []flows.Outcome) (flows.Reason, error) {
	a, err := f.account(ctx, r.Subject)
	if err != nil {
		return flows.Reason{}, err
	}
	if why := a.refusal(); why != "" {
		return no("account"), nil
	}
	if !differs(r, outcomes, a.methods) {
		return f.still(ctx, r, outcomes)
	}
	return no("changed"), nil
}

// still looks for signs of compromise once more. After the first change, that
// methods were changed is none: the log has our own doing, and may not say whose
// it was. The methods themselves were compared a moment ago.
func (f *Flow) still(ctx context.Context, r flows.Request, outcomes []flows.Outcome) (flows.Reason, error) {
	begun := slices.ContainsFunc(outcomes, func(o flows.Outcome) bool { return o.Tries > 0 && !o.Harmless() })
	c, err := f.Cases.Case(ctx, r.Case)
	if err != nil {
		return flows.Reason{}, err
	}
	signs, err := f.signs(ctx, r, c)
	if err != nil {
		return flows.Reason{}, err
	}
	if begun {
		signs = slices.DeleteFunc(signs, func(s string) bool { return s == signMethods })
	}
	if len(signs) == 0 {
		return flows.Reason{}, nil
	}
	return no("signs"), nil
}

// differs reports whether an account's methods are other than r's plan found
// them, and other than what r did to them explains. What was deleted may still
// be listed for a while, since Graph keeps copies.
func differs(r flows.Request, outcomes []flows.Outcome, now []graph.Method) bool {
	begun := map[string]bool{} // methods that we may have deleted
	passes := map[string]bool{}
	for _, o := range outcomes {
		if o.Kind == graph.DeleteMethod && o.Tries > 0 {
			begun[o.Effect.Object] = true
		}
		if o.Kind == graph.CreatePass && o.Object != "" {
			passes[o.Object] = true
		}
	}
	known := map[string]bool{}
	for _, id := range r.Keeps {
		known[id] = true
	}
	for _, e := range r.Effects {
		if e.Kind == graph.DeleteMethod {
			known[e.Object] = true
		}
	}
	here := map[string]bool{}
	for _, m := range now {
		here[m.ID] = true
		ours := m.Kind == graph.Password || m.Kind == graph.Pass && (passes[m.ID] || lost(outcomes))
		if !known[m.ID] && !ours {
			return true
		}
	}
	for _, m := range r.Account.Methods {
		begun[m.ID] = begun[m.ID] || m.Kind == graph.Pass // one that was there before ends by itself, or by ours
	}
	for id := range known {
		if !here[id] && !begun[id] {
			return true
		}
	}
	return false
}
