package reset

import (
	"context"
	"slices"
	"time"

	"mfahelp/bot"
	"mfahelp/flows"
)

// A proof lasts for less than a request does. One that runs out while others, or
// the admins, take their time is asked for once more: for the same request and the
// same plan, so that what else was said to it still holds.

// lapseOf is the job that looks at r when the first of its proofs runs out.
func lapseOf(r flows.Request) flows.Job {
	first := time.Time{}
	for _, p := range r.Proofs {
		if stands(r, p) && p.Expires.Before(r.Expires) && (first.IsZero() || p.Expires.Before(first)) {
			first = p.Expires
		}
	}
	if !first.IsZero() {
		first = first.Add(time.Second) // the queue keeps no more than parts of a second
	}
	return jobOf(r, "lapse", first)
}

// stands reports whether p is for the plan that r has, and was not asked anew.
func stands(r flows.Request, p flows.Proof) bool { return p.Digest == r.Digest() && !p.Lapsed }

// lapse asks anew for what has run out. Of a request that is frozen, who asked
// sees what they would see of any other, and nobody else is asked.
func (f *Flow) lapse(ctx context.Context, r flows.Request, c flows.Case) (flows.Answer, error) {
	switch r.State {
	case flows.ResetAsked, flows.ResetProven:
	case flows.ResetFrozen:
		if r.Why != "" || r.Alarm {
			return flows.Answer{}, nil
		}
	default:
		return flows.Answer{}, nil
	}
	var kinds []string
	r.Proofs = slices.Clone(r.Proofs)
	for i, p := range r.Proofs {
		if stands(r, p) && !f.Now().Before(p.Expires) {
			r.Proofs[i].Lapsed = true
			kinds = append(kinds, p.Kind)
		}
	}
	if len(kinds) == 0 {
		return flows.Answer{Jobs: []flows.Job{lapseOf(r)}}, nil
	}
	r.Changed = f.Now()
	a := flows.Answer{Jobs: []flows.Job{lapseOf(r)}}
	for _, k := range kinds {
		a.Audit = append(a.Audit, f.entry(bot.Identity{}, "reset.lapsed", r, k, string(r.State)))
	}
	if r.State == flows.ResetFrozen {
		a.Requests, a.Posts = []flows.Request{r}, []bot.Post{f.card(r, nil)}
		if r.As == flows.AsSubject {
			a.Posts = append(a.Posts, f.toAsker(r, c))
		}
		return a, nil
	}
	r.State = flows.ResetAsked
	a.Requests, a.Posts = []flows.Request{r}, append(f.follow(ctx, r, c), f.card(r, nil))
	p := f.printer()
	for _, k := range kinds {
		l := f.line(r, bot.Waiting, "reset.line.lapsed", bot.Strong(p.Say("reset.proof."+k)))
		l.Key += "/" + k
		a.Posts = append(a.Posts, l)
	}
	if !slices.Contains(kinds, ByManager) && slices.Contains(r.Needs, ByManager) {
		return a, nil // they have said it, or have the question still
	}
	return a.And(f.tellManager(ctx, r)), nil
}

// lapsed reports whether a proof of a kind was there for r's plan, and is asked for
// anew.
func lapsed(r flows.Request, kind string) bool {
	return !gave(r, kind) && slices.ContainsFunc(r.Proofs, func(p flows.Proof) bool { return p.Kind == kind && p.Digest == r.Digest() })
}

// times counts r's proofs of a kind, those that ran out too.
func times(r flows.Request, kind string) (n int) {
	for _, p := range r.Proofs {
		if p.Kind == kind && p.Digest == r.Digest() {
			n++
		}
	}
	return n
}
