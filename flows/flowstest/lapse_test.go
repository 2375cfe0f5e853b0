package flowstest_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"mfahelp/bot"
	"mfahelp/flows"
	"mfahelp/flows/flowstest"
	"mfahelp/flows/reset"
)

// A proof runs out before the rest is there: it is asked for once more, for the
// same plan, and nothing else that was said is lost.

// lapsed checks that a proof of Ava's request has run out and is asked anew.
func (h *house) lapsed(kind string) flows.Request {
	h.t.Helper()
	r := h.Asked()
	if r.State != flows.ResetAsked {
		h.t.Fatalf("run out, it is %s", r.State)
	}
	card := h.Post("/card").Message
	if got := text(card); !strings.Contains(got, "has run out") || slices.Contains(flowstest.Labels(card), "Approve…") {
		h.t.Errorf("the card says %s", got)
	}
	if !h.Has("line/reset.line.lapsed/") {
		h.t.Error("the thread does not say so")
	}
	h.untouched()
	if r.As != flows.AsSubject {
		return r
	}
	if got := text(h.Post("/reply").Message); !strings.Contains(got, says(h.t, "reset.stands.lapsed."+kind)) {
		h.t.Errorf("Ava reads %s", got)
	}
	return r
}

func TestAManagersWordIsAskedAgain(t *testing.T) {
	h := newHouse(t, func(h *house) { h.mails = true })
	h.ask()
	was := h.confirm()
	mails := len(h.Mails())
	h.Advance(61 * time.Minute)
	r := h.lapsed(reset.ByManager)
	if r.Digest() != was.Digest() || r.Key != was.Key {
		t.Error("it is another plan")
	}
	if got := text(h.Post("/manager/web").Message); !strings.Contains(got, says(t, "reset.manager.lapsed")) {
		t.Errorf("Mo reads %s", got)
	}
	if n := len(h.Mails()) - mails; n != 1 {
		t.Errorf("%d mails more, want one to Mo", n)
	}
	if r := h.confirm(); r.State != flows.ResetProven || len(r.Proofs) != 2 {
		t.Fatalf("confirmed once more, it is %s by %d proofs", r.State, len(r.Proofs))
	}
	if got := text(h.Post("/card").Message); strings.Contains(got, "has run out") {
		t.Errorf("the card still says %s", got)
	}
	h.Advance(30 * time.Minute)
	if r := h.approve(priya); r.State != flows.ResetExecuted {
		t.Errorf("approved, it is %s", r.State)
	}
}

// TestACallBackIsMadeAgain, with other characters: who called before knows those.
func TestACallBackIsMadeAgain(t *testing.T) {
	h := newHouse(t)
	h.command(sam, channel, "reset ava@contoso.com")
	half := func() string {
		s, ok := h.flow.Reveal(t.Context(), bot.Reveal{Kind: "reset-subject-half", Subject: h.Asked().Key}, sam)
		if !ok {
			t.Fatal("Sam is not shown it")
		}
		return s
	}
	first := half()
	h.callBack(kim)
	h.Advance(61 * time.Minute)
	h.lapsed(reset.ByCallBack)
	h.reads("/manager/web", says(t, "reset.manager.title", "Ava of Contoso"), says(t, "reset.stop"))
	if got := text(h.Post("/manager/web").Message); strings.Contains(got, says(t, "reset.manager.over.proven", "Ava of Contoso")) {
		t.Errorf("Mo reads %s", got)
	}
	if half() == first {
		t.Error("the characters are those of the first call")
	}
	h.Press(kim, "/card", "I call back", nil)
	h.Press(kim, "/call", "What they read to me", map[string]string{"half": first})
	h.refusedFor(kim, "misread")
	h.callBack(kim)
	if r := h.approve(priya); r.State != flows.ResetExecuted {
		t.Errorf("approved, it is %s", r.State)
	}
}

// TestOneOfTwoProofsRunsOut while the other is waited for.
func TestOneOfTwoProofsRunsOut(t *testing.T) {
	h := newHouse(t, otherFactor)
	h.ask()
	prove := func() {
		h.Press(ava, "/reply", says(t, "reset.factor"), nil)
		h.Agree(h.flow, ava, h.LinkIn("/link"), time.Minute)
	}
	prove()
	if got := flowstest.Labels(h.Post("/reply").Message); slices.Contains(got, says(t, "reset.factor")) {
		t.Errorf("proven, Ava has the buttons %q", got)
	}
	h.Advance(61 * time.Minute)
	h.lapsed(flows.OtherFactor)
	prove()
	if r := h.confirm(); r.State != flows.ResetProven {
		t.Errorf("with the manager's word it is %s", r.State)
	}
}

// TestAnApprovalOutlivesAProof: it was about the plan, which is the same.
func TestAnApprovalOutlivesAProof(t *testing.T) {
	h := newHouse(t, func(h *house) {
		a := h.policy.Approvers[reset.OneMethod]
		a.Count = 2
		h.policy.Approvers[reset.OneMethod] = a
		h.policy.Proofs[flows.AsSubject] = []string{reset.ByCallBack}
	})
	h.ask()
	h.callBack(kim)
	h.approve(priya)
	h.Advance(61 * time.Minute)
	h.lapsed(reset.ByCallBack)
	h.Press(priya, "/card", "I call back", nil)
	h.refusedFor(priya, "approver")
	h.callBack(kim)
	if r := h.approve(sam); r.State != flows.ResetExecuted {
		t.Errorf("with the second it is %s; Sam reads %s", r.State, text(h.last(sam)))
	}
}

// TestWhatRanOutDoesNotComeBack when the rest holds until the end.
func TestWhatRanOutDoesNotComeBack(t *testing.T) {
	h := proven(t)
	h.Advance(61 * time.Minute)
	r := h.lapsed(reset.ByManager)
	r.Decisions = []flows.Decision{{Approval: r.Key, Digest: r.Digest(), By: priya, Eligible: true, Approve: true, SignedIn: h.Clock, At: h.Clock}}
	for name, v := range map[string]flows.Verdict{"verdict": r.Verdict(h.Clock), "holds": r.Holds(h.Clock)} {
		if v.Approved || fmt.Sprint(v.Missing) != "[{approval.proof.manager 0}]" {
			t.Errorf("%s: %+v", name, v)
		}
	}
}
