package reset

import (
	"fmt"
	"slices"
	"strings"

	"mfahelp/bot"
	"mfahelp/flows"
	"mfahelp/flows/lookup"
	"mfahelp/graph"
	"mfahelp/words"
)

// card is r for the admins, as it now is: who, what goes, what stays, until when,
// what is proven, who said what. Nothing is decided by it: a press of one of its
// buttons opens what the record says.
func (f *Flow) card(r flows.Request, outcomes []flows.Outcome) bot.Post {
	p := f.printer()
	m := bot.Message{Title: p.Say("reset.card."+string(r.State), nameOr(p, r.Account.Name)), Status: cardStatus(r)}
	m.Body = append(m.Body, state(p, r))
	if len(r.Signs) > 0 {
		m.Body = append(m.Body, signsOf(p, r))
	}
	if plan := planFacts(p, r); len(plan) > 0 {
		m.Body = append(m.Body, append(whoFacts(p, r), plan...))
	} else {
		m.Body = append(m.Body, whoFacts(p, r))
	}
	if r.Reason != "" {
		m.Body = append(m.Body, bot.Quote(r.Reason))
	}
	if facts := f.saidFacts(p, r); len(facts) > 0 {
		m.Body = append(m.Body, facts)
	}
	if facts := doneFacts(p, r, outcomes); len(facts) > 0 {
		m.Body = append(m.Body, facts)
	}
	if no := mayNot(p, r); no != nil {
		m.Body = append(m.Body, no)
	}
	m.Body = append(m.Body, never(p), reference(p, r))
	m.Actions = f.cardActions(p, r, outcomes)
	return f.inThread(r, "card", m)
}

func cardStatus(r flows.Request) bot.Status {
	switch r.State {
	case flows.ResetSettled, flows.ResetWatched:
		return bot.Good
	case flows.ResetFrozen, flows.ResetDenied:
		return bot.Problem
	case flows.ResetExpired, flows.ResetWithdrawn:
		return bot.Info
	case flows.ResetChecking, flows.ResetAsked, flows.ResetProven, flows.ResetExecuting, flows.ResetExecuted:
	}
	return bot.Waiting
}

// state says how r stands.
func state(p *words.Printer, r flows.Request) bot.Text {
	if r.Why != "" && words.Has(r.Why) && r.State != flows.ResetFrozen {
		return flows.Say(p, r.Why, bot.Strong(nameOr(p, r.Account.Name)))
	}
	return flows.Say(p, begun(r, "reset.state."+string(r.State)), bot.Strong(approvers(p, r)))
}

// approvers names who approved r.
func approvers(p *words.Printer, r flows.Request) string {
	var names []string
	for _, d := range r.Decisions {
		if d.Approve && d.Digest == r.Digest() {
			names = append(names, nameOr(p, r.Account.Names[d.By.Key()]))
		}
	}
	return strings.Join(names, ", ")
}

// signsOf says what speaks against r, and what to do about it.
func signsOf(p *words.Printer, r flows.Request) (steps bot.Steps) {
	for _, s := range r.Signs {
		steps = append(steps, bot.Step{Do: flows.Say(p, "reset.sign."+s), Why: p.Say("reset.sign." + s + ".do")})
	}
	return steps
}

// whoFacts are whose account it is and who asks, by the directory's name beside
// the one that they chose in the chat.
func whoFacts(p *words.Printer, r flows.Request) bot.Facts {
	account := bot.Text{bot.Strong(nameOr(p, r.Account.Name))}
	if r.Account.UPN != "" {
		account = append(account, bot.Plain(" · "), bot.Plain(r.Account.UPN))
	}
	return bot.Facts{
		{Name: p.Say("reset.fact.account"), Value: account},
		{Name: p.Say("reset.fact.asked"), Value: append(who(p, r, r.Asking), bot.Plain(" · "), bot.Plain(p.Say("reset.as."+string(r.As))))},
	}
}

// who is somebody by both their names.
func who(p *words.Printer, r flows.Request, x bot.Person) bot.Text {
	name := r.Account.Names[x.Key()]
	switch {
	case name == "" && x.Name == "":
		return bot.Text{bot.Plain(p.Say("reset.somebody"))}
	case name == "":
		return flows.Say(p, "reset.who.chat", bot.Plain(x.Name))
	case x.Name == "":
		return bot.Text{bot.Strong(name)}
	}
	return flows.Say(p, "reset.who", bot.Strong(name), bot.Plain(x.Name))
}

// planFacts are what r's plan does, for whoever reads of it.
func planFacts(p *words.Printer, r flows.Request) (facts bot.Facts) {
	if r.Class == "" {
		return nil
	}
	add := func(name string, value ...bot.Span) {
		facts = append(facts, bot.Fact{Name: p.Say("reset.fact." + name), Value: value})
	}
	var gone, kept []string
	for _, e := range r.Effects {
		if e.Kind == graph.DeleteMethod {
			gone = append(gone, methodName(p, r, e.Object))
		}
	}
	for _, id := range r.Keeps {
		kept = append(kept, methodName(p, r, id))
	}
	add("goes", bot.Strong(list(p, gone)))
	add("stays", bot.Plain(list(p, kept)))
	if some := keptAsDefault(r); len(some) > 0 {
		var names []string
		for _, m := range some {
			names = append(names, methodName(p, r, m.ID))
		}
		add("default", bot.Plain(p.Say("reset.default.stuck", list(p, names))))
	}
	for _, e := range r.Effects {
		if e.Kind == graph.ChangeDefault {
			add("default", bot.Plain(p.Say("reset.default.becomes", preferred(p, r, e.Object))))
		}
		if e.Kind == graph.CreatePass {
			key := "reset.pass.many"
			if e.Once {
				key = "reset.pass.once"
			}
			add("pass", bot.Plain(p.Say(key, int(e.Life.Minutes()))))
		}
	}
	sessions := "reset.sessions.stay"
	if brings(r.Plan, graph.RevokeSessions) {
		sessions = "reset.sessions.end"
	}
	add("sessions", bot.Plain(p.Say(sessions)))
	add("until", bot.Time{At: r.Expires})
	return facts
}

// preferred is which of the methods that stay is asked for by a preference.
func preferred(p *words.Printer, r flows.Request, as string) string {
	for _, m := range r.Account.Methods {
		if string(preference(m)) == as && slices.Contains(r.Keeps, m.ID) {
			return lookup.Method(p, m)
		}
	}
	return as
}

func list(p *words.Printer, names []string) string {
	if len(names) == 0 {
		return p.Say("reset.nothing")
	}
	return strings.Join(names, ", ")
}

func methodName(p *words.Printer, r flows.Request, id string) string {
	for _, m := range r.Account.Methods {
		if m.ID == id {
			return lookup.Method(p, m)
		}
	}
	return id
}

// saidFacts are the proofs that there are and those to come, and who approved.
func (f *Flow) saidFacts(p *words.Printer, r flows.Request) (facts bot.Facts) {
	for _, kind := range r.Needs {
		value := flows.Say(p, "reset.proof.missing")
		for _, x := range r.Proofs {
			if x.Kind != kind || x.Digest != r.Digest() {
				continue
			}
			key := "reset.proof.by"
			if x.Lapsed {
				key = "reset.proof.lapsed"
			}
			value = flows.Say(p, key, bot.Strong(nameOr(p, r.Account.Names[x.By.Key()])), bot.Time{At: x.At}, bot.Plain(x.By.Name))
			if x.Note != "" {
				value = append(value, bot.Plain(" · "+x.Note))
			}
		}
		facts = append(facts, bot.Fact{Name: p.Say("reset.proof." + kind), Value: value})
	}
	for _, d := range r.Decisions {
		key := "reset.decision.yes"
		switch {
		case !d.Approve:
			key = "reset.decision.no"
		case d.Digest != r.Digest():
			continue
		}
		value := append(who(p, r, d.By), bot.Plain(" · "), bot.Time{At: d.At})
		if d.Reason != "" {
			value = append(value, bot.Plain(" · "+d.Reason))
		}
		facts = append(facts, bot.Fact{Name: p.Say(key), Value: value})
	}
	if r.Approvers > 0 && r.State.Open() {
		n := 0
		for _, d := range r.Decisions {
			if d.Approve && d.Digest == r.Digest() {
				n++
			}
		}
		facts = append(facts, bot.Fact{Name: p.Say("reset.fact.approvals"), Value: flows.Say(p, "reset.count", bot.Strong(fmt.Sprint(n)), bot.Strong(fmt.Sprint(r.Approvers)))})
	}
	return facts
}

// keptAsDefault are what is to go and will not at first, since Graph keeps the default.
func keptAsDefault(r flows.Request) []graph.Method {
	if brings(r.Plan, graph.ChangeDefault) {
		return nil
	}
	var gone []graph.Method
	for _, e := range r.Effects {
		i := slices.IndexFunc(r.Account.Methods, func(m graph.Method) bool { return m.ID == e.Object })
		if e.Kind == graph.DeleteMethod && i >= 0 {
			gone = append(gone, r.Account.Methods[i])
		}
	}
	return stuck(gone, r.Account.Methods)
}

// doneFacts are what came of each change.
func doneFacts(p *words.Printer, r flows.Request, outcomes []flows.Outcome) (facts bot.Facts) {
	if len(outcomes) == 0 {
		return nil
	}
	all := latest(r, outcomes)
	for _, o := range outcomes {
		before := !strings.HasPrefix(o.Key, fmt.Sprintf("%s/%d/", r.Key, r.Round)) && (o.State == flows.EffectDone || o.State == flows.EffectUnknown)
		if !o.Harmless() && (before || !r.Plan.Has(o.Change)) {
			all = append(all, o)
		}
	}
	for _, o := range all {
		name := p.Say("reset.change." + string(o.Kind))
		if o.Kind == graph.DeleteMethod {
			name = methodName(p, r, o.Effect.Object)
		}
		value := flows.Say(p, "reset.effect."+string(o.State))
		if why := reasonOf(o); why != "" {
			value = append(value, bot.Plain(" · "), bot.Plain(reasonText(p, why)))
		}
		facts = append(facts, bot.Fact{Name: name, Value: value})
	}
	return facts
}

// reasonOf is why an effect is not done, as the record has it.
func reasonOf(o flows.Outcome) string {
	if o.State == flows.EffectDone || o.State == flows.EffectWanted {
		return ""
	}
	return o.Reason
}

// reasonText is a reason as people read it: a sentence of ours, or the kind of
// error. That Graph keeps the default has a way out.
func reasonText(p *words.Printer, why string) string {
	switch {
	case strings.Contains(why, graph.ErrDefault.Error()):
		return p.Say("reset.default")
	case why == "approval.approvers": // of which the record does not have how many
		return p.Say("reset.leave.verdict")
	case words.Has(why):
		return p.Say(why)
	}
	return why
}

// mayNot names who cannot approve r whatever their rights, and why.
func mayNot(p *words.Printer, r flows.Request) bot.Block {
	if r.State != flows.ResetAsked && r.State != flows.ResetProven {
		return nil
	}
	names := []string{p.Say("reset.may-not.subject", nameOr(p, r.Account.Name))}
	if r.Requester.Key() != r.Subject.Key() {
		names = append(names, p.Say("reset.may-not.requester", nameOr(p, r.Account.Names[r.Requester.Key()])))
	}
	for _, x := range r.Proofs {
		name := p.Say("reset.may-not.prover", nameOr(p, r.Account.Names[x.By.Key()]))
		if !r.ProverMayApprove && x.Digest == r.Digest() && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return bot.Note(flows.Say(p, "reset.may-not", bot.Plain(strings.Join(names, "; "))))
}

func (f *Flow) cardActions(p *words.Printer, r flows.Request, outcomes []flows.Outcome) (all []bot.Action) {
	choose := func(verb string, w bot.Weight) {
		all = append(all, bot.Choose{Label: p.Say(verb), Verb: verb, Subject: r.Key, Weight: w})
	}
	missing := slices.Contains(r.Needs, ByCallBack) && !gave(r, ByCallBack)
	switch r.State {
	case flows.ResetAsked:
		if missing {
			choose("reset.call", bot.Primary)
		}
		if missing && r.As == flows.AsAdmin {
			all = append(all, bot.Choose{Label: p.Say("reset.their-half"), Verb: "reset.half", Subject: r.Key})
		}
	case flows.ResetProven:
		choose("reset.approve", bot.Danger)
	case flows.ResetExecuted:
		if failed(r, outcomes) {
			choose("reset.retry", bot.Primary)
		}
	case flows.ResetChecking, flows.ResetExecuting, flows.ResetWatched, flows.ResetSettled, flows.ResetDenied, flows.ResetExpired, flows.ResetWithdrawn, flows.ResetFrozen:
	}
	if r.State.Undecided() {
		all = append(all, bot.Ask{Label: p.Say("reset.deny"), Verb: "reset.deny", Subject: r.Key, Fields: []bot.Field{
			{Name: "reason", Label: p.Say("reset.deny.reason"), Kind: bot.Paragraph, Required: true},
		}})
		if r.As != flows.AsAdmin {
			all = append(all, bot.Ask{Label: p.Say("reset.question"), Verb: "escalate.reply", Subject: r.Case, Fields: []bot.Field{
				{Name: "text", Label: p.Say("escalate.reply.text"), Kind: bot.Paragraph, Required: true},
			}})
		}
	}
	if r.State.Open() || r.State == flows.ResetFrozen {
		choose("reset.freeze", bot.Ordinary)
	}
	return all
}

// failed reports whether something other than the pass did not happen.
func failed(r flows.Request, outcomes []flows.Outcome) bool {
	return slices.ContainsFunc(latest(r, outcomes), func(o flows.Outcome) bool {
		return o.Kind != graph.CreatePass && (o.State == flows.EffectFailed || o.State == flows.EffectUnknown)
	})
}

func nameOr(p *words.Printer, name string) string {
	if name == "" {
		return p.Say("reset.somebody")
	}
	return name
}

// never says what we never ask for. It stands under everything about a reset.
func never(p *words.Printer) bot.Note { return bot.Note(flows.Say(p, "reset.never")) }

func reference(p *words.Printer, r flows.Request) bot.Note {
	return bot.Note(flows.Say(p, "reset.ref", bot.Code(r.Case), bot.Time{At: r.Asked}))
}
