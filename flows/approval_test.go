package flows

import (
	"slices"
	"testing"
	"time"

	"mfahelp/bot"
	"mfahelp/graph"
	"mfahelp/words"
)

func TestVerdict(t *testing.T) {
	now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	person := func(platform, id string) bot.Person {
		return bot.Person{Platform: platform, Identity: bot.Identity{Tenant: "contoso", ObjectID: id}}
	}
	adele, megan := person("teams", "adele"), person("teams", "megan")                        // who asks, and for whom
	ada, bob, carl := person("slack", "ada"), person("teams", "bob"), person("slack", "carl") // admins
	nobody := bot.Person{Platform: "slack", ID: "U0", Name: "ada", Identity: bot.Identity{Email: "ada@contoso.example"}}
	plan := Plan{
		Subject: megan.Identity, Requester: adele.Identity, PolicyVersion: "1", Needs: []string{"callback"},
		Approvers: 2, Effects: []Effect{{Key: "1", Change: graph.Change{Kind: graph.DeleteMethod, User: "megan"}, Approval: "reset/1"}},
	}

	// Each returns what counts in full, with the changes that a test makes.
	proof := func(by bot.Person, changes ...func(*Proof)) Proof {
		p := Proof{Approval: "reset/1", Digest: plan.Digest(), Kind: "callback", By: by, SignedIn: now.Add(-6 * time.Minute), At: now.Add(-5 * time.Minute), Expires: now.Add(time.Hour)}
		for _, change := range changes {
			change(&p)
		}
		return p
	}
	decision := func(by bot.Person, approve bool, changes ...func(*Decision)) Decision {
		d := Decision{
			Approval: "reset/1", Digest: plan.Digest(), By: by, Eligible: true, Approve: approve,
			SignedIn: now.Add(-2 * time.Minute), At: now.Add(-time.Minute),
		}
		for _, change := range changes {
			change(&d)
		}
		return d
	}
	yes := func(by bot.Person, changes ...func(*Decision)) Decision { return decision(by, true, changes...) }
	no := func(by bot.Person, changes ...func(*Decision)) Decision { return decision(by, false, changes...) }
	proofs := func(ps ...Proof) func(*Approval) { return func(a *Approval) { a.Proofs = ps } }
	decisions := func(ds ...Decision) func(*Approval) { return func(a *Approval) { a.Decisions = ds } }
	also := func(d Decision) func(*Approval) { return func(a *Approval) { a.Decisions = append(a.Decisions, d) } }
	ineligible := func(d *Decision) { d.Eligible = false }

	// otherFactor makes it a plan that needs just that, proven by somebody.
	otherFactor := func(by bot.Person) func(*Approval) {
		return func(a *Approval) {
			a.Needs = []string{OtherFactor}
			a.Proofs = []Proof{proof(by, func(p *Proof) { p.Kind, p.Digest = OtherFactor, a.Digest() })}
			a.Decisions = []Decision{yes(ada), yes(bob)}
			for i := range a.Decisions {
				a.Decisions[i].Digest = a.Digest()
			}
		}
	}

	// What is in the way.
	var (
		callback = Reason{Key: "approval.proof.callback"}
		video    = Reason{Key: "approval.proof.video"}
		one      = Reason{"approval.approvers", 1}
		two      = Reason{"approval.approvers", 2}
		denied   = Reason{Key: "approval.denied"}
		expired  = Reason{Key: "approval.expired"}
		needs    = Reason{Key: "approval.needs"}
		unbound  = Reason{Key: "approval.unbound"}
		unknown  = Reason{Key: "approval.unknown"}
	)

	for _, test := range []struct {
		name   string
		change func(*Approval)
		want   []Reason // nil if approved
	}{
		{"two admins and a call", func(*Approval) {}, nil},
		{"nothing yet", func(a *Approval) { a.Proofs, a.Decisions = nil, nil }, []Reason{callback, two}},

		{"no need named", func(a *Approval) { a.Needs = nil }, []Reason{needs}},
		{"no key", func(a *Approval) { a.Key = "" }, []Reason{unbound}},
		{"expired", func(a *Approval) { a.Expires = now }, []Reason{expired}},
		{"an unknown requester", func(a *Approval) { a.Requester = nobody.Identity }, []Reason{unknown}},
		{"an unknown subject", func(a *Approval) { a.Subject = nobody.Identity }, []Reason{unknown}},
		{"the zero approval", func(a *Approval) { *a = Approval{} }, []Reason{unbound, unknown, needs, expired}},

		{"no proof", proofs(), []Reason{callback}},
		{"another proof", proofs(proof(carl, func(p *Proof) { p.Kind = "video" })), []Reason{callback}},
		{"one proof of two", func(a *Approval) {
			a.Needs = append(a.Needs, "video")
			for i := range a.Proofs {
				a.Proofs[i].Digest = a.Digest()
			}
			for i := range a.Decisions {
				a.Decisions[i].Digest = a.Digest()
			}
		}, []Reason{video}},
		{"an expired proof", proofs(proof(carl, func(p *Proof) { p.Expires = now })), []Reason{callback}},
		{"a proof for another approval", proofs(proof(carl, func(p *Proof) { p.Approval = "reset/2" })), []Reason{callback}},
		{"a proof for another plan", proofs(proof(carl, func(p *Proof) { p.Digest = "another" })), []Reason{callback}},
		{"a proof for no plan", proofs(proof(carl, func(p *Proof) { p.Digest = "" })), []Reason{callback}},
		{"a proof by the requester", proofs(proof(adele)), []Reason{callback}},
		{"a proof by the subject", proofs(proof(megan)), []Reason{callback}},
		{"a proof by somebody unknown", proofs(proof(nobody)), []Reason{callback}},
		{"a proof without a sign-in", proofs(proof(carl, func(p *Proof) { p.SignedIn = time.Time{} })), []Reason{callback}},
		{"a proof without sign-in or time", proofs(proof(carl, func(p *Proof) { p.SignedIn, p.At = time.Time{}, time.Time{} })), []Reason{callback}},
		{"a proof ten minutes after", proofs(proof(carl, func(p *Proof) { p.SignedIn = p.At.Add(-10 * time.Minute) })), nil},
		{"a proof too long after", proofs(proof(carl, func(p *Proof) { p.SignedIn = p.At.Add(-10*time.Minute - 1) })), []Reason{callback}},
		{"a proof before the sign-in", proofs(proof(carl, func(p *Proof) { p.SignedIn = p.At.Add(1) })), []Reason{callback}},
		{"a proof from the future", proofs(proof(carl, func(p *Proof) { p.At = now.Add(1) })), []Reason{callback}},

		{"one admin", decisions(yes(ada)), []Reason{one}},
		{"one admin twice", decisions(yes(ada), yes(ada)), []Reason{one}},
		{"one admin on two platforms", decisions(yes(ada), yes(person("teams", "ADA"))), []Reason{one}},
		{"no number of approvers", func(a *Approval) {
			a.Approvers, a.Decisions = 0, nil
			a.Proofs[0].Digest = a.Digest()
		}, []Reason{one}},
		{"the subject's other factor", otherFactor(megan), nil},
		{"another's other factor", otherFactor(carl), []Reason{{Key: "approval.proof.other-factor"}}},
		{"an other factor of nobody's", otherFactor(nobody), []Reason{{Key: "approval.proof.other-factor"}}},
		{"approved by the requester", decisions(yes(ada), yes(adele)), []Reason{one}},
		{"approved by the subject", decisions(yes(ada), yes(megan)), []Reason{one}},
		{"approved by somebody unknown", decisions(yes(ada), yes(nobody)), []Reason{one}},
		{"approved by who may not", decisions(yes(ada), yes(bob, ineligible)), []Reason{one}},
		{"approved by the prover", decisions(yes(ada), yes(carl)), []Reason{one}},
		{"approved by the prover elsewhere", decisions(yes(ada), yes(person("teams", "Carl"))), []Reason{one}},
		{"approved by the prover, as policy lets", func(a *Approval) {
			a.ProverMayApprove, a.Decisions = true, []Decision{yes(ada), yes(carl)}
		}, nil},
		{"approved by who brought a proof in vain", proofs(proof(carl), proof(ada, func(p *Proof) { p.Expires = now })), nil},
		{"another approval", decisions(yes(ada), yes(bob, func(d *Decision) { d.Approval = "reset/2" })), []Reason{one}},
		{"another plan", decisions(yes(ada), yes(bob, func(d *Decision) { d.Digest = "another" })), []Reason{one}},
		{"no plan", decisions(yes(ada), yes(bob, func(d *Decision) { d.Digest = "" })), []Reason{one}},
		{"another plan, then this one", decisions(yes(ada), yes(bob, func(d *Decision) { d.Digest = "another" }), yes(bob)), nil},
		{"the plan has changed since", func(a *Approval) { a.PolicyVersion = "2" }, []Reason{callback, two}},
		{"no sign-in", decisions(yes(ada), yes(bob, func(d *Decision) { d.SignedIn = time.Time{} })), []Reason{one}},
		{"ten minutes after the sign-in", decisions(yes(ada), yes(bob, func(d *Decision) { d.SignedIn = d.At.Add(-10 * time.Minute) })), nil},
		{"too long after the sign-in", decisions(yes(ada), yes(bob, func(d *Decision) { d.SignedIn = d.At.Add(-10*time.Minute - 1) })), []Reason{one}},
		{"before the sign-in", decisions(yes(ada), yes(bob, func(d *Decision) { d.SignedIn = d.At.Add(1) })), []Reason{one}},
		{"from the future", decisions(yes(ada), yes(bob, func(d *Decision) { d.At = now.Add(1) })), []Reason{one}},

		{"denied by an admin", also(no(carl)), []Reason{denied}},
		{"denied by one who had approved", also(no(ada)), []Reason{denied}},
		{"denied by the requester", also(no(adele, ineligible)), []Reason{denied}},
		{"denied by the subject", also(no(megan, ineligible)), []Reason{denied}},
		{"denied without a sign-in", also(no(megan, func(d *Decision) { d.SignedIn = time.Time{} })), []Reason{denied}},
		{"denied when the plan was another", also(no(carl, func(d *Decision) { d.Digest = "another" })), []Reason{denied}},
		{"denied, but another approval", also(no(carl, func(d *Decision) { d.Approval = "reset/2" })), nil},
		{"denied by somebody unknown", also(no(nobody)), nil},
		{"denied by somebody known who may not", also(no(person("slack", "dan"), ineligible)), nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			a := Approval{
				Key: "reset/1", Plan: plan, Expires: now.Add(time.Hour),
				Proofs: []Proof{proof(carl)}, Decisions: []Decision{yes(ada), yes(bob)},
			}
			test.change(&a)
			got := a.Verdict(now)
			if got.Approved != (test.want == nil) || !slices.Equal(got.Missing, test.want) {
				t.Errorf("got %v, want %v", got, test.want)
			}
			p := &words.Printer{Missing: func(key string) { t.Errorf("no sentence for %s", key) }}
			for _, r := range got.Missing {
				p.Say(r.Key, r.Count)
			}
		})
	}
}

func TestEffectNeedsApproval(t *testing.T) {
	for _, kind := range []graph.ChangeKind{graph.DeleteMethod, graph.RevokeSessions, graph.CreatePass, ""} {
		e := Effect{Key: "1", Change: graph.Change{Kind: kind}}
		if e.Check() == nil {
			t.Errorf("%q needs no approval", kind)
		}
		e.Approval = "reset/1"
		if err := e.Check(); err != nil {
			t.Errorf("%q with an approval: %v", kind, err)
		}
	}
}
