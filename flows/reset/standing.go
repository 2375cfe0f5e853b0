package reset

import (
	"context"
	"slices"
	"strings"

	"mfahelp/bot"
	"mfahelp/flows"
	"mfahelp/graph"
	"mfahelp/words"
)

// What the subject and the manager have of a request follows each of its steps:
// whoever looks at it sees how it stands, and no button that leads nowhere.

// follow replaces what r's subject and their manager were told before. A manager
// who is still asked keeps the question; who may show a pass is told of it by
// [Flow.offerPass].
func (f *Flow) follow(ctx context.Context, r flows.Request, c flows.Case) (posts []bot.Post) {
	if r.As == flows.AsSubject {
		posts = append(posts, f.toAsker(r, c))
	}
	for _, x := range f.reach(ctx, r.Subject) {
		if r.As == flows.AsSubject && x.in.Platform == c.In.Platform {
			continue
		}
		p := f.Words(x.who.Locale)
		var m bot.Message
		if r.State == flows.ResetAsked {
			m = told(p, r, "asked", nil)
		} else {
			m = standing(p, r)
		}
		posts = append(posts, bot.Post{To: x.in, Key: postOf(r, "subject/"+x.in.Platform), Message: m})
	}
	if r.State == flows.ResetAsked && !gave(r, ByManager) {
		return posts
	}
	return append(posts, f.managerSees(ctx, r)...)
}

// managerSees replaces what the manager was asked or told by how r stands.
func (f *Flow) managerSees(ctx context.Context, r flows.Request) (posts []bot.Post) {
	if r.Account.Manager.Key() == r.Requester.Key() {
		return nil // who asked for somebody else is told nothing
	}
	for _, x := range f.reach(ctx, r.Account.Manager) {
		posts = append(posts, bot.Post{To: x.in, Key: postOf(r, "manager/"+x.in.Platform), Message: managerNow(f.Words(x.who.Locale), r)})
	}
	return posts
}

// gave reports whether a proof of a kind is there for the plan that r has.
func gave(r flows.Request, kind string) bool {
	return slices.ContainsFunc(r.Proofs, func(x flows.Proof) bool { return x.Kind == kind && stands(r, x) })
}

// seeming is r as who asked must see it: one that is frozen looks to them as it
// would otherwise, for they may be who is at work.
func (f *Flow) seeming(r flows.Request) flows.Request {
	if r.State != flows.ResetFrozen || r.Why != "" || r.Alarm {
		return r
	}
	r.State = flows.ResetAsked
	if f.proven(r) {
		r.State = flows.ResetProven
	}
	return r
}

// standing is how r stands, for the subject, once it is under way.
func standing(p *words.Printer, r flows.Request) bot.Message {
	key := standingKey(r)
	m := personal(p.Say(key+".title"), bot.Waiting, given(p, r)...)
	if by := approvers(p, r); by != "" {
		m.Body = append(m.Body, flows.Say(p, "reset.stands.approved", bot.Strong(by)))
	}
	m.Body = append(m.Body, flows.Say(p, begun(r, key+".body")))
	if key == "reset.stands.pass" {
		m.Body = append(m.Body, whoHasIt(p, r)...)
	}
	if r.State != flows.ResetChecking {
		m.Body = append(m.Body, planFacts(p, r))
	}
	m.Body = append(m.Body, never(p), reference(p, r))
	verb, weight := "reset.stop", bot.Ordinary
	if started(r) {
		verb, weight = "reset.not-me", bot.Danger
	}
	m.Actions = []bot.Action{choose(p, verb, r.Key, weight)}
	return m
}

// standingKey is what the keys of the sentences about r's step begin with.
func standingKey(r flows.Request) string {
	switch {
	case r.State == flows.ResetExecuted && brings(r.Plan, graph.CreatePass):
		return "reset.stands.pass"
	case r.State == flows.ResetExecuting && !brings(r.Plan, graph.DeleteMethod):
		return "reset.stands.executing-pass"
	}
	return "reset.stands." + string(r.State)
}

// given says by whom r is proven so far, and what of it has run out.
func given(p *words.Printer, r flows.Request) (lines []bot.Block) {
	if r.State == flows.ResetChecking {
		return nil // it is void
	}
	for _, kind := range r.Needs {
		if lapsed(r, kind) {
			lines = append(lines, flows.Say(p, "reset.stands.lapsed."+kind))
		}
		for _, x := range r.Proofs {
			if x.Kind == kind && stands(r, x) {
				lines = append(lines, flows.Say(p, "reset.stands.by."+kind, bot.Strong(nameOr(p, r.Account.Names[x.By.Key()]))))
			}
		}
	}
	return lines
}

// whoHasIt says who can show the pass, and that one goes to them for it.
func whoHasIt(p *words.Printer, r flows.Request) (lines []bot.Block) {
	for _, x := range r.Proofs {
		if verifies(r, x.By.Identity) {
			lines = append(lines, flows.Say(p, "reset.stands.has."+x.Kind, bot.Strong(nameOr(p, r.Account.Names[x.By.Key()])), bot.Time{At: r.Expires}))
		}
	}
	return lines
}

// managerNow is how r stands, for the manager. They may stop it until it begins.
func managerNow(p *words.Printer, r flows.Request) bot.Message {
	m := personal(p.Say("reset.manager.title", r.Account.Name), bot.Info,
		flows.Say(p, begun(r, "reset.manager.over."+strings.TrimPrefix(managerKey(r), "reset.why.")), bot.Strong(r.Account.Name)), never(p), reference(p, r))
	if r.State.Undecided() {
		m.Status = bot.Waiting
		m.Actions = []bot.Action{choose(p, "reset.stop", r.Key, bot.Danger)}
	}
	return m
}

// begun is the sentence for key, or the other one that there is in its place if
// something was changed for r already: else it would say that nothing was.
func begun(r flows.Request, key string) string {
	if other := key + ".begun"; r.Begun && words.Has(other) {
		return other
	}
	return key
}

// managerKey is what the manager is told of: the step, or that it ended half way.
func managerKey(r flows.Request) string {
	if r.Why == "reset.why.unfetched" {
		return r.Why
	}
	return string(r.State)
}

// passOver takes the way to a pass out of the thread, once there is no more to
// be shown.
func (f *Flow) passOver(r flows.Request) (posts []bot.Post) {
	if !brings(r.Plan, graph.CreatePass) || !gave(r, ByCallBack) {
		return nil
	}
	p := f.printer()
	return []bot.Post{f.inThread(r, "pass", bot.Message{
		Title: p.Say("reset.card."+string(r.State), nameOr(p, r.Account.Name)), Status: bot.Info, Body: []bot.Block{state(p, r), never(p), reference(p, r)},
	})}
}
