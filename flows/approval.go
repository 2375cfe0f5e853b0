package flows

import (
	"slices"
	"strings"
	"time"

	"mfahelp/bot"
)

// An Approval is leave to carry out a plan, asked of admins. The plan is the
// one that is true now; what people said holds only for the one they were shown.
type Approval struct {
	Key string `json:"key"` // asked for once, such as "reset/" and the case
	Plan
	ProverMayApprove bool       `json:"prover_may_approve,omitempty"` // whether one person may both bring a proof and approve
	Expires          time.Time  `json:"expires"`
	Proofs           []Proof    `json:"proofs,omitempty"`
	Decisions        []Decision `json:"decisions,omitempty"`
}

// A Proof is a check, made outside the chat, that the subject is who is being
// helped. A chat account is none: a stolen session can chat.
type Proof struct {
	Approval string     `json:"approval"` // its key
	Digest   string     `json:"digest"`   // of the plan it was brought for
	Kind     string     `json:"kind"`     // one of the plan's needs
	By       bot.Person `json:"by"`
	SignedIn time.Time  `json:"signed_in"` // their fresh strong sign-in for just this; zero for none, and then the proof does not count
	At       time.Time  `json:"at"`
	Expires  time.Time  `json:"expires"`
	Note     string     `json:"note,omitempty"`   // how it was checked, such as by which field of the directory
	Lapsed   bool       `json:"lapsed,omitempty"` // it ran out before the rest was there, and is asked for anew; it counts no more, whatever else lasts
}

// A Decision is one person's answer.
type Decision struct {
	Approval string     `json:"approval"` // its key
	Digest   string     `json:"digest"`   // of the plan they were shown
	By       bot.Person `json:"by"`
	Eligible bool       `json:"eligible"` // the directory lets them decide; asked when they do, and again before anything is done
	Approve  bool       `json:"approve"`
	SignedIn time.Time  `json:"signed_in,omitzero"` // as in [Proof]; a denial takes none
	At       time.Time  `json:"at"`
	Reason   string     `json:"reason,omitempty"`
}

// fresh is how long a strong sign-in lasts.
const fresh = 10 * time.Minute

// A Verdict says whether a plan may be carried out, or what is in the way. The
// zero Verdict is no.
type Verdict struct {
	Approved bool
	Missing  []Reason
}

// A Reason is one thing in the way of an approval. Key is that of the sentence
// that says so, in package words, and Count what goes in its gap.
type Reason struct {
	Key   string
	Count int
}

// Verdict reports whether a's effects may be carried out at now: every proof
// that the plan needs is there, enough different people approved, and nobody
// who may said no. One denial is final, whichever plan it was about.
//
// Proofs and approvals count only for this approval and this very plan, and
// with a fresh strong sign-in. Those of the requester or the subject never
// count, nor does an approval by who brought a proof that counts, unless policy
// lets it. Whoever is unknown in the directory cannot be told from anybody
// else: they approve nothing, deny nothing, and get nothing.
func (a Approval) Verdict(now time.Time) Verdict {
	missing := a.flaws(now)
	if len(missing) == 0 { // only then can anybody do something about the rest
		missing = a.wants(now)
	}
	return Verdict{Approved: len(missing) == 0, Missing: missing}
}

// Holds is [Approval.Verdict] of what was found approved once, and has begun. Its
// proofs were in time then; they need not last until Graph has answered, or until
// a pass is shown: the approval itself has an end.
func (a Approval) Holds(now time.Time) Verdict {
	v := a.Verdict(now)
	if slices.ContainsFunc(v.Missing, func(r Reason) bool { return !strings.HasPrefix(r.Key, "approval.proof.") }) {
		return v
	}
	a.Proofs = slices.Clone(a.Proofs)
	for i := range a.Proofs {
		a.Proofs[i].Expires = a.Expires
	}
	return a.Verdict(now)
}

// flaws are the reasons that no proof and no approver can mend.
func (a Approval) flaws(now time.Time) (all []Reason) {
	for _, f := range []struct {
		is  bool
		key string
	}{
		{a.Key == "", "approval.unbound"},
		{!a.Subject.Known() || !a.Requester.Known(), "approval.unknown"},
		{len(a.Needs) == 0, "approval.needs"},
		{!now.Before(a.Expires), "approval.expired"},
		{a.denied(), "approval.denied"},
	} {
		if f.is {
			all = append(all, Reason{Key: f.key})
		}
	}
	return all
}

// wants are the proofs and the approvers that are still to come.
func (a Approval) wants(now time.Time) (all []Reason) {
	proofs, provers := map[string]bool{}, map[string]bool{}
	for _, p := range a.Proofs {
		if !p.Lapsed && a.about(p.Approval, p.Digest) && a.mayProve(p) && signedIn(p.SignedIn, p.At, now) && now.Before(p.Expires) {
			proofs[p.Kind], provers[p.By.Key()] = true, true
		}
	}
	approvers := map[string]bool{}
	for _, d := range a.Decisions {
		if d.Approve && d.Eligible && a.about(d.Approval, d.Digest) && a.disinterested(d.By) &&
			signedIn(d.SignedIn, d.At, now) && (a.ProverMayApprove || !provers[d.By.Key()]) {
			approvers[d.By.Key()] = true
		}
	}
	for _, kind := range a.Needs {
		if !proofs[kind] {
			all = append(all, Reason{Key: "approval.proof." + kind})
		}
	}
	if n := max(a.Approvers, 1) - len(approvers); n > 0 {
		all = append(all, Reason{"approval.approvers", n})
	}
	return all
}

// denied reports whether somebody said no who may: who is eligible, or has a
// part in it. Anybody else's no is only noise, or strangers could stop us all.
func (a Approval) denied() bool {
	for _, d := range a.Decisions {
		if !d.Approve && d.Approval == a.Key && d.By.Known() && (d.Eligible || !a.disinterested(d.By)) {
			return true
		}
	}
	return false
}

// about reports whether something that was said for the approval with key, when
// the plan was the one with digest, is about a as it is now.
func (a Approval) about(key, digest string) bool { return key == a.Key && digest == a.Digest() }

// disinterested reports whether p is known and has no part in a.
func (a Approval) disinterested(p bot.Person) bool {
	return p.Known() && p.Key() != a.Requester.Key() && p.Key() != a.Subject.Key()
}

// OtherFactor is the one proof that the subject gives, by a fresh strong sign-in
// of their own with a method that they still have.
const OtherFactor = "other-factor"

// mayProve reports whether p is by somebody whose word counts for its kind.
func (a Approval) mayProve(p Proof) bool {
	if p.Kind == OtherFactor {
		return p.By.Known() && p.By.Key() == a.Subject.Key()
	}
	return a.disinterested(p.By)
}

// signedIn reports whether who acted at a time had just signed in. What has not
// happened yet at now does not count.
func signedIn(since, at, now time.Time) bool {
	return !since.IsZero() && !since.After(at) && at.Sub(since) <= fresh && !at.After(now)
}
