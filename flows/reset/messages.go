package reset

import (
	"strings"
	"time"

	"mfahelp/bot"
	"mfahelp/flows"
	"mfahelp/flows/lookup"
	"mfahelp/graph"
	"mfahelp/words"
)

// All that others than the admins are told is here, and what one admin is told
// alone. Each says what we never ask for.

// mySecurityInfo is where people register how they sign in.
const mySecurityInfo = "https://aka.ms/mysecurityinfo"

// personal is a message for one reader about their account.
func personal(title string, status bot.Status, body ...bot.Block) bot.Message {
	return bot.Message{Title: title, Status: status, Personal: true, Body: body}
}

func choose(p *words.Printer, verb, subject string, w bot.Weight) bot.Choose {
	return bot.Choose{Label: p.Say(verb), Verb: verb, Subject: subject, Weight: w}
}

// checking is said at once to a subject who asks.
func checking(p *words.Printer, c flows.Case) bot.Message {
	return personal(p.Say("reset.checking.title"), bot.Waiting,
		flows.Say(p, "reset.checking.body"), never(p), bot.Note(flows.Say(p, "help.ref", bot.Code(c.Key))))
}

// sentOn is all that a colleague is told, whoever they asked for and whatever
// comes of it.
func sentOn(p *words.Printer, c flows.Case, a absence) bot.Message {
	m := personal(p.Say("reset.sent-on.title"), bot.Waiting, flows.Say(p, "reset.sent-on.body"))
	return withAbsence(p, m, a, never(p), bot.Note(flows.Say(p, "help.ref", bot.Code(c.Key))))
}

// withAbsence adds that nobody is there just now, if so, and then the rest.
func withAbsence(p *words.Printer, m bot.Message, a absence, rest ...bot.Block) bot.Message {
	if !a.until.IsZero() {
		m.Body = append(m.Body, flows.Say(p, "reset.absent", bot.Time{At: a.until}))
		if a.text != "" {
			m.Body = append(m.Body, bot.Text{bot.Plain(a.text)})
		}
	}
	m.Body = append(m.Body, rest...)
	return m
}

// unread is said when Microsoft cannot be asked: nothing is done unseen.
func unread(p *words.Printer, c flows.Case, r flows.Request, at time.Time) bot.Message {
	m := personal(p.Say("reset.unread-told.title"), bot.Waiting, flows.Say(p, "reset.unread-told.body", bot.Time{At: at}), never(p), bot.Note(flows.Say(p, "help.ref", bot.Code(c.Key))))
	m.Actions = []bot.Action{choose(p, "reset.stop", r.Key, bot.Ordinary)}
	return m
}

// notHere is what a subject hears who cannot be helped here. Why is for the
// admins, but for the one whom no admin could help.
func notHere(p *words.Printer, c flows.Case, why string) bot.Message {
	key := "reset.not-here.body"
	if why == "sole" {
		key = "reset.not-here.sole"
	}
	return personal(p.Say("reset.not-here.title"), bot.Info, flows.Say(p, key), never(p), bot.Note(flows.Say(p, "help.ref", bot.Code(c.Key))))
}

// whichOne asks which of several methods is meant.
func whichOne(p *words.Printer, r flows.Request) bot.Message {
	var items bot.List
	for _, m := range r.Account.Methods {
		items = append(items, bot.Item{
			Title:  bot.Text{bot.Strong(lookup.Method(p, m))},
			Action: bot.Choose{Label: p.Say("reset.which"), Verb: "reset.which", Subject: r.Key + "#" + m.ID},
		})
	}
	m := personal(p.Say("reset.which.title"), bot.Info, flows.Say(p, "reset.which.body"), items, never(p), reference(p, r))
	m.Actions = []bot.Action{
		bot.Choose{Label: p.Say("reset.which.all"), Verb: "reset.which", Subject: r.Key + "#all"},
		choose(p, "reset.stop", r.Key, bot.Ordinary),
	}
	return m
}

// asked is what a subject hears who asked: what was asked for, and who is asked.
// It is the same for a request that is frozen; nothing of r's state may be in it.
func asked(p *words.Printer, r flows.Request, a absence) bot.Message {
	m := personal(p.Say("reset.asked.title"), bot.Waiting, append(given(p, r), flows.Say(p, begun(r, "reset.asked.body")), planFacts(p, r), bot.Steps(nexts(p, r)))...)
	m = withAbsence(p, m, a, never(p), reference(p, r))
	for _, n := range r.Needs {
		if n == flows.OtherFactor && !gave(r, n) {
			m.Actions = append(m.Actions, choose(p, "reset.factor", r.Key, bot.Primary))
		}
	}
	m.Actions = append(m.Actions, choose(p, "reset.stop", r.Key, bot.Ordinary))
	return m
}

// nexts are what happens next: each proof that is not there yet, and then the
// admins.
func nexts(p *words.Printer, r flows.Request) (steps []bot.Step) {
	for _, n := range r.Needs {
		if !gave(r, n) {
			steps = append(steps, bot.Step{Do: flows.Say(p, "reset.next."+n)})
		}
	}
	return append(steps, bot.Step{Do: flows.Say(p, "reset.next.approve")})
}

// told is how a subject hears of a request, wherever the bot knows them. What it
// is about is the end of its keys; outcomes are for what is over.
func told(p *words.Printer, r flows.Request, what string, outcomes []flows.Outcome) bot.Message {
	switch what {
	case "asked":
		key := "reset.told.asked.body"
		if r.As == flows.AsSubject {
			key = "reset.told.asked.by-you"
		}
		m := personal(p.Say("reset.told.asked.title"), bot.Problem, flows.Say(p, begun(r, key), asker(p, r)), planFacts(p, r), never(p), reference(p, r))
		m.Actions = []bot.Action{choose(p, "reset.stop", r.Key, bot.Danger)}
		return m
	case "done", "settled":
		m := personal(p.Say("reset.told."+what+".title"), bot.Good, flows.Say(p, "reset.told."+what+".body"))
		switch {
		case what == "done" && failed(r, outcomes): // what was planned is not what was done
			m = personal(p.Say("reset.told.half-done.title"), bot.Problem, flows.Say(p, "reset.told.half-done.body"), doneFacts(p, r, outcomes), howToRegister(p))
		case what == "done":
			m.Body = append(m.Body, planFacts(p, r), howToRegister(p))
		}
		m.Body = append(m.Body, never(p), reference(p, r))
		m.Actions = []bot.Action{choose(p, "reset.not-me", r.Key, bot.Danger)}
		return m
	}
	return ended(p, r, what, outcomes)
}

// asker is who asked, as one span.
func asker(p *words.Printer, r flows.Request) bot.Span {
	return bot.Plain(bot.PlainText(who(p, r, r.Asking)))
}

// howToRegister is what to do with a pass, or with what is left.
func howToRegister(p *words.Printer) bot.Steps {
	open := append(flows.Say(p, "reset.register.open"), bot.Plain(" "), bot.Link{Text: "aka.ms/mysecurityinfo", URL: mySecurityInfo})
	return bot.Steps{
		{Do: open},
		{Do: flows.Say(p, "reset.register.add"), Why: p.Say("reset.register.add.why")},
		{Do: flows.Say(p, "reset.register.remove")},
	}
}

// ended is what who asked, or whose account it is, hears when it is over and was
// not done; if part of it was, they read which.
func ended(p *words.Printer, r flows.Request, what string, outcomes []flows.Outcome) bot.Message {
	m := personal(p.Say("reset.ended."+what+".title"), bot.Info, flows.Say(p, begun(r, "reset.ended."+what+".body")))
	if facts := doneFacts(p, r, outcomes); r.Begun && len(facts) > 0 {
		m.Status, m.Body = bot.Problem, append(m.Body, facts)
	}
	m.Body = append(m.Body, never(p), reference(p, r))
	return m
}

// toManager asks the manager for their word, or only tells them.
func toManager(p *words.Printer, r flows.Request, url string) bot.Message {
	facts := bot.Facts{
		{Name: p.Say("reset.fact.account"), Value: bot.Text{bot.Strong(r.Account.Name), bot.Plain(" · "), bot.Plain(r.Account.UPN)}},
		{Name: p.Say("reset.fact.asked"), Value: who(p, r, r.Asking)},
	}
	m := personal(p.Say("reset.manager.title", r.Account.Name), bot.Waiting, flows.Say(p, "reset.manager.body", bot.Strong(r.Account.Name)), append(facts, planFacts(p, r)...))
	if lapsed(r, ByManager) {
		m.Body = append(m.Body, bot.Text{bot.Strong(p.Say("reset.manager.lapsed"))})
	}
	if len(r.Needs) > 0 && url != "" {
		m.Body = append(m.Body, bot.Text{bot.Strong(p.Say("reset.manager.how"))})
		m.Actions = append(m.Actions, bot.Open{Label: p.Say("reset.manager.open"), URL: url})
	}
	m.Body = append(m.Body, never(p), reference(p, r))
	m.Actions = append(m.Actions, choose(p, "reset.stop", r.Key, bot.Danger))
	return m
}

// toCaller tells an admin how to call back. The number is in the directory, and
// only its end is here; the halves are shown to whoever asks for them.
func toCaller(p *words.Printer, r flows.Request, field graph.ContactField) bot.Message {
	m := personal(p.Say("reset.call.title", r.Account.Name), bot.Info,
		bot.Facts{
			{Name: p.Say("reset.call.field"), Value: bot.Text{bot.Code(field.Field)}},
			{Name: p.Say("reset.call.number"), Value: bot.Text{bot.Code(field.Masked)}},
			{Name: p.Say("reset.call.yours"), Value: bot.Text{bot.Reveal{Kind: adminHalf, Subject: r.Key}}},
		})
	m.Body = append(m.Body, bot.Steps{
		{Do: flows.Say(p, "reset.call.dial"), Why: p.Say("reset.call.dial.why")},
		{Do: flows.Say(p, "reset.call.read")},
		{Do: flows.Say(p, "reset.call.hear")},
	}, never(p))
	m.Actions = []bot.Action{bot.Ask{
		Label: p.Say("reset.read"), Verb: "reset.read", Subject: r.Key, Weight: bot.Primary,
		Fields: []bot.Field{{Name: "half", Label: p.Say("reset.read.half"), Required: true}},
	}}
	return m
}

// toCalled tells a subject that they will be called, and leads to their half.
func toCalled(p *words.Printer, r flows.Request) bot.Message {
	m := personal(p.Say("reset.called.title"), bot.Waiting, flows.Say(p, "reset.called.body"), never(p), reference(p, r))
	m.Actions = []bot.Action{choose(p, "reset.half", r.Key, bot.Primary), choose(p, "reset.stop", r.Key, bot.Ordinary)}
	return m
}

// yourHalf shows a subject their half.
func yourHalf(p *words.Printer, r flows.Request) bot.Message {
	return personal(p.Say("reset.your-half.title"), bot.Info,
		bot.Facts{{Name: p.Say("reset.your-half.code"), Value: bot.Text{bot.Reveal{Kind: subjectHalf, Subject: r.Key}}}},
		flows.Say(p, "reset.your-half.body"), never(p))
}

// theirHalf shows it to who has them on the phone.
func theirHalf(p *words.Printer, r flows.Request) bot.Message {
	return personal(p.Say("reset.their-half.title", r.Account.Name), bot.Info,
		bot.Facts{{Name: p.Say("reset.their-half.code"), Value: bot.Text{bot.Reveal{Kind: subjectHalf, Subject: r.Key}}}},
		flows.Say(p, "reset.their-half.body", bot.Strong(r.Account.Name)), never(p))
}

// toPage leads somebody to our own page, with what it is about.
func toPage(p *words.Printer, r flows.Request, key, url string, until time.Time) bot.Message {
	m := personal(p.Say(key+".title", nameOr(p, r.Account.Name)), bot.Info, flows.Say(p, key+".body", bot.Time{At: until}))
	if facts := planFacts(p, r); key == "reset.link.approve" || key == "reset.link.show" {
		m.Body = append(m.Body, append(whoFacts(p, r), facts...))
	}
	m.Body = append(m.Body, never(p), reference(p, r))
	m.Actions = []bot.Action{bot.Open{Label: p.Say("reset.link.open"), URL: url}}
	return m
}

// lateFor tells who decides too late how the request stands.
func lateFor(p *words.Printer, r flows.Request, why string) bot.Message {
	return bot.Message{Title: p.Say("reset.late." + why), Status: bot.Info, Body: []bot.Block{state(p, r), never(p), reference(p, r)}}
}

// passReady tells who vouched for a subject that their pass can be fetched.
func passReady(p *words.Printer, r flows.Request, verifier bot.Person) bot.Message {
	m := bot.Message{
		Title: p.Say("reset.ready.title", r.Account.Name), Status: bot.Waiting,
		Body: []bot.Block{
			flows.Say(p, "reset.ready.body", bot.Plain(bot.PlainText(who(p, r, verifier))), bot.Strong(r.Account.Name), bot.Time{At: r.Expires}),
			never(p), reference(p, r),
		},
	}
	m.Actions = []bot.Action{choose(p, "reset.show", r.Key, bot.Danger)}
	return m
}

// mayShow is the confirmation before a pass is shown: for whom, and how to give
// it to them.
func mayShow(p *words.Printer, r flows.Request) bot.Message {
	m := personal(p.Say("reset.showing.title", r.Account.Name), bot.Problem,
		flows.Say(p, "reset.showing.body", bot.Strong(r.Account.Name)),
		bot.Facts{{Name: p.Say("reset.fact.account"), Value: bot.Text{bot.Strong(r.Account.Name), bot.Plain(" · "), bot.Plain(r.Account.UPN)}}},
		flows.Say(p, "reset.showing.how"), never(p), reference(p, r))
	m.Actions = []bot.Action{choose(p, "reset.reveal", r.Key, bot.Danger), choose(p, "reset.pick-up", r.Key, bot.Ordinary)}
	return m
}

// thePass is the message in which the pass is shown. It names whose it is, so
// that nobody gives it to somebody else.
func thePass(p *words.Printer, r flows.Request, effect string, own bool) bot.Message {
	key := "reset.the-pass.body"
	if own {
		key = "reset.the-pass.own"
	}
	return personal(p.Say("reset.the-pass.title", r.Account.Name), bot.Problem,
		bot.Facts{
			{Name: p.Say("reset.fact.account"), Value: bot.Text{bot.Strong(r.Account.Name), bot.Plain(" · "), bot.Plain(r.Account.UPN)}},
			{Name: p.Say("reset.the-pass.pass"), Value: bot.Text{bot.Reveal{Kind: flows.RevealPass, Subject: effect}}},
		},
		flows.Say(p, key, bot.Strong(r.Account.Name)), howToRegister(p), never(p), reference(p, r))
}

// tellThem shows who hands a pass over the code that fetches it.
func tellThem(p *words.Printer, r flows.Request) bot.Message {
	return personal(p.Say("reset.pick-up.title", r.Account.Name), bot.Info,
		bot.Facts{{Name: p.Say("reset.pick-up.code"), Value: bot.Text{bot.Reveal{Kind: pickUpCode, Subject: r.Key}}}},
		flows.Say(p, "reset.pick-up.body", bot.Strong(r.Account.Name)), never(p), reference(p, r))
}

// enterCode lets a subject fetch their pass by that code.
func enterCode(p *words.Printer, r flows.Request) bot.Message {
	m := personal(p.Say("reset.enter.title"), bot.Waiting, flows.Say(p, "reset.enter.body"), never(p), reference(p, r))
	m.Actions = []bot.Action{bot.Ask{
		Label: p.Say("reset.enter"), Verb: "reset.enter", Subject: r.Key, Weight: bot.Primary,
		Fields: []bot.Field{{Name: "code", Label: p.Say("reset.enter.code"), Required: true}},
	}}
	return m
}

// alarmRaised is what a subject hears who says that it was not them.
func alarmRaised(p *words.Printer, begun bool) bot.Message {
	key := "reset.raised.body"
	if begun {
		key = "reset.raised.begun"
	}
	return personal(p.Say("reset.raised.title"), bot.Good, flows.Say(p, key), never(p))
}

// confirmation is what our own page shows who has signed in there: all of the
// plan, from the record, and what a yes means.
func confirmation(p *words.Printer, r flows.Request, verb string) bot.Message {
	facts := append(whoFacts(p, r), planFacts(p, r)...)
	m := bot.Message{Title: p.Say("reset.confirm."+agreed(verb)+".title", r.Account.Name), Status: bot.Problem}
	m.Body = []bot.Block{flows.Say(p, "reset.confirm."+agreed(verb)+".body", bot.Strong(r.Account.Name)), facts}
	if r.Reason != "" {
		m.Body = append(m.Body, bot.Quote(r.Reason))
	}
	for _, x := range r.Proofs {
		if stands(r, x) && verb == "reset.approve" {
			m.Body = append(m.Body, bot.Facts{{Name: p.Say("reset.proof." + x.Kind), Value: flows.Say(p, "reset.proof.by", bot.Strong(nameOr(p, r.Account.Names[x.By.Key()])), bot.Time{At: x.At}, bot.Plain(x.By.Name))}})
		}
	}
	m.Body = append(m.Body, never(p), reference(p, r))
	return m
}

// agreed is the part of the keys that says what a link is for.
func agreed(verb string) string { return strings.TrimPrefix(verb, "reset.") }
