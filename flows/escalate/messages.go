package escalate

import (
	"strconv"
	"strings"
	"time"

	"mfahelp/bot"
	"mfahelp/flows"
	"mfahelp/flows/diagnose"
	"mfahelp/flows/lookup"
	"mfahelp/graph/aadsts"
	"mfahelp/words"
)

// card is a case at a glance: who, what, since when, who has it.
func card(p *words.Printer, c flows.Case, d diagnose.Diagnosis, phone bool) bot.Message {
	return cardSaying(p, c, d, phone, flows.Say(p, meaning(c, d)))
}

// cardSaying is a card that says this of the cause.
func cardSaying(p *words.Printer, c flows.Case, d diagnose.Diagnosis, phone bool, says ...bot.Block) bot.Message {
	m := bot.Message{Title: cardTitle(p, c, d), Status: status(c)}
	if c.Alarm {
		m.Body = append(m.Body, bot.Text{bot.Strong(p.Say(alarm(phone)))})
	}
	m.Body = append(m.Body, says...)
	facts := bot.Facts{{Name: p.Say("escalate.state"), Value: state(p, c)}}
	facts = append(facts, asker(p, c, phone)...)
	m.Body = append(m.Body, append(facts, lookup.Facts(p, c, d)...))
	if c.Words != "" {
		m.Body = append(m.Body, bot.Quote(c.Words))
	}
	m.Body = append(m.Body, bot.Note(flows.Say(p, "escalate.ref", bot.Code(c.Key), bot.Time{At: c.Opened})))
	m.Actions = actions(p, c, phone)
	return m
}

// queued is c as a line of the queue.
func queued(p *words.Printer, c flows.Case, d diagnose.Diagnosis) bot.Item {
	i := bot.Item{Title: bot.Text{bot.Code(c.Key), bot.Plain(" · "), bot.Plain(cardTitle(p, c, d))}, About: c.Post("admins")}
	if c.Alarm {
		i.Facts = bot.Text{bot.Strong(p.Say("escalate.queue.alarm")), bot.Plain(" · ")}
	}
	who := flows.Say(p, "escalate.state.open")
	if c.Owner.ID != "" {
		who = flows.Say(p, "escalate.state.claimed", bot.Plain(c.Owner.Name)) // a list calls nobody
	}
	i.Facts = append(append(i.Facts, who...), bot.Plain(" · "), bot.Time{At: c.Escalated})
	return i
}

// alarm is the key of what admins must know before all else.
func alarm(phone bool) string {
	if phone {
		return "escalate.alarm.phone"
	}
	return "escalate.alarm.chat"
}

func cardTitle(p *words.Printer, c flows.Case, d diagnose.Diagnosis) string {
	who := p.Say("escalate.somebody")
	if u := c.Looked.User; u != nil {
		who = u.Name
	} else if c.Requester.Name != "" && c.Subject == c.Requester.Identity {
		who = c.Requester.Name
	}
	return p.Say("escalate.title", who, cause(p, d))
}

func cause(p *words.Printer, d diagnose.Diagnosis) string {
	if unclear(d) {
		return p.Say("escalate.unclear")
	}
	for _, key := range []string{"cause." + string(d.Cause) + ".admin-title", "cause." + string(d.Cause) + ".title", "code." + base(d.Code) + ".title"} {
		if words.Has(key) {
			return p.Say(key)
		}
	}
	return p.Say("escalate.unclear")
}

// unclear reports whether there is nothing to explain: no sign-in and no code,
// only somebody's word that they cannot get in.
func unclear(d diagnose.Diagnosis) bool { return d.Cause == diagnose.Unknown && d.Code == "" }

// meaning is the key of what the cause means for an admin.
func meaning(c flows.Case, d diagnose.Diagnosis) string {
	switch {
	case unclear(d):
		return "escalate.unclear.body"
	case d.Cause == diagnose.NotCompleted && c.Looked.SignIn == nil:
		return "escalate.only-code.body"
	case d.Cause == diagnose.AppSetup && words.Has("code."+base(d.Code)+".admin"):
		return "code." + base(d.Code) + ".admin" // which says where to look in the app
	}
	for _, key := range []string{"cause." + string(d.Cause) + ".admin", "code." + base(d.Code) + ".admin"} {
		if words.Has(key) {
			return key
		}
	}
	return "escalate.unclear.body"
}

func base(code string) string {
	if e, _, ok := aadsts.Lookup(code); ok {
		return e.Code
	}
	return code
}

func status(c flows.Case) bot.Status {
	switch {
	case c.State != flows.WithAdmins:
		return bot.Good
	case c.Owner.ID != "":
		return bot.Waiting
	}
	return bot.Problem
}

func state(p *words.Printer, c flows.Case) bot.Text {
	switch {
	case c.State != flows.WithAdmins:
		key := c.Outcome
		if !words.Has(key) {
			key = "escalate.outcome.self"
		}
		return flows.Say(p, key)
	case c.Owner.ID != "":
		return flows.Say(p, "escalate.state.claimed", bot.Mention(c.Owner))
	}
	return flows.Say(p, "escalate.state.open")
}

// stands is how c now stands, for who pressed a button that was there before.
func stands(p *words.Printer, c flows.Case, reader bot.Person) bot.Message {
	m := bot.Message{Status: bot.Info, Body: []bot.Block{flows.Say(p, "escalate.stands.body")}}
	switch {
	case c.State != flows.WithAdmins:
		m.Title = p.Say("escalate.stands.settled")
		m.Body = append([]bot.Block{state(p, c)}, m.Body...)
	case c.Owner.ID == "":
		m.Title = p.Say("escalate.stands.open")
	case c.Owner.Platform == reader.Platform && c.Owner.ID == reader.ID:
		m.Title = p.Say("escalate.stands.yours")
	default:
		m.Title = p.Say("escalate.stands.taken", c.Owner.Name)
	}
	return m
}

// asker shows who asks by the name in the directory and by the name in the
// chat: people choose the second themselves.
func asker(p *words.Printer, c flows.Case, phone bool) bot.Facts {
	key := "escalate.asker"
	if phone {
		key = "escalate.caller"
	}
	return bot.Facts{{Name: p.Say(key), Value: bot.Text{bot.Mention(c.Requester)}}}
}

func actions(p *words.Printer, c flows.Case, phone bool) (all []bot.Action) {
	choose := func(verb string, w bot.Weight) bot.Action {
		return bot.Choose{Label: p.Say(verb), Verb: verb, Subject: c.Key, Weight: w}
	}
	if c.State != flows.WithAdmins {
		return []bot.Action{choose("escalate.reopen", bot.Ordinary)}
	}
	if c.Owner.ID == "" {
		all = append(all, choose("escalate.claim", bot.Primary))
	}
	if !phone {
		all = append(all, bot.Ask{Label: p.Say("escalate.reply"), Verb: "escalate.reply", Subject: c.Key, Fields: []bot.Field{
			{Name: "text", Label: p.Say("escalate.reply.text"), Kind: bot.Paragraph, Required: true},
		}})
	}
	all = append(all, resolveForm(p, c, phone))
	if c.Owner.ID != "" {
		all = append(all, choose("escalate.release", bot.Ordinary))
	}
	return all
}

// resetForm plans a reset, the least destructive first. Nothing is done by it.
func resetForm(p *words.Printer, c flows.Case) bot.Ask {
	var options []bot.Option
	for _, o := range []string{"gone", "new", "pass", "all"} {
		options = append(options, bot.Option{Label: p.Say("reset.for." + o), Value: o})
	}
	return bot.Ask{Label: p.Say("reset.for"), Verb: "reset.for", Subject: c.Key, Fields: []bot.Field{
		{Name: "want", Label: p.Say("reset.for.want"), Kind: bot.Choice, Options: options, Required: true},
		{Name: "reason", Label: p.Say("reset.for.reason"), Kind: bot.Paragraph},
	}}
}

func resolveForm(p *words.Printer, c flows.Case, phone bool) bot.Ask {
	var options []bot.Option
	for _, o := range outcomes {
		options = append(options, bot.Option{Label: p.Say("escalate.outcome." + o), Value: o})
	}
	fields := []bot.Field{{Name: "outcome", Label: p.Say("escalate.resolve.outcome"), Kind: bot.Choice, Options: options, Required: true}}
	if !phone {
		fields = append(fields, bot.Field{Name: "text", Label: p.Say("escalate.resolve.text"), Kind: bot.Paragraph})
	}
	return bot.Ask{Label: p.Say("escalate.resolve"), Verb: "escalate.resolve", Subject: c.Key, Fields: fields}
}

// evidence is the first post of the thread: what the diagnosis rests on, what
// was advised, and the files.
func evidence(p *words.Printer, c flows.Case, d diagnose.Diagnosis, now time.Time) bot.Message {
	m := bot.Message{Title: p.Say("escalate.evidence"), Status: bot.Info}
	m.Body = append(m.Body, lookup.Why(p, c, d))
	for _, key := range d.AdminNotes {
		m.Body = append(m.Body, flows.Say(p, key))
	}
	if steps := lookup.Own(p, d); len(steps) > 0 && !unclear(d) {
		m.Body = append(m.Body, flows.Say(p, tried(c)), steps)
	}
	if !named(c) && (c.Report.RequestID != "" || c.Report.CorrelationID != "") {
		m.Body = append(m.Body, bot.Note(flows.Say(p, "escalate.ids", bot.Code(dash(c.Report.RequestID)), bot.Code(dash(c.Report.CorrelationID)))))
	}
	if n := c.Looked.Others; n > 0 {
		m.Body = append(m.Body, flows.Say(p, "escalate.others", bot.Plain(strconv.Itoa(n))))
	}
	if len(c.Files) > 0 {
		m.Body = append(m.Body, flows.Say(p, "escalate.files", bot.Plain(lookup.Files(c.Files))))
	}
	m.Body = append(m.Body, lookup.Source(p, c))
	m.Attachments = lookup.Attach(p, c, d, now)
	return m
}

// named reports whether the ids of the report are those of the sign-in that was
// found, which is named anyway.
func named(c flows.Case) bool {
	s := c.Looked.SignIn
	return s != nil && strings.EqualFold(s.ID, c.Report.RequestID) && (c.Report.CorrelationID == "" || strings.EqualFold(s.CorrelationID, c.Report.CorrelationID))
}

// tried is the key of what stands above the steps: that they were advised, or
// that they may be read out.
func tried(c flows.Case) string {
	if len(c.Tried) > 0 {
		return "escalate.tried"
	}
	return "escalate.may-try"
}

func dash(s string) string {
	if s == "" {
		return "–"
	}
	return s
}

// lookingFor is the card while the sign-in of somebody on the phone is looked up.
func lookingFor(p *words.Printer, c flows.Case) bot.Message {
	return bot.Message{
		Title: p.Say("escalate.looking.title"), Status: bot.Waiting,
		Body: []bot.Block{flows.Say(p, "escalate.looking.body"), bot.Note(flows.Say(p, "escalate.ref", bot.Code(c.Key), bot.Time{At: c.Opened}))},
	}
}

// waiting is the card while it must wait: with what the code and the directory
// tell meanwhile, for somebody is on the phone.
func waiting(p *words.Printer, c flows.Case, d diagnose.Diagnosis) bot.Message {
	title, text := lookup.Waiting(p, c)
	m := cardSaying(p, c, d, true, bot.Text{bot.Strong(title)}, text)
	m.Status = bot.Waiting
	return m
}

// kept is said to who wrote in the thread of a security matter.
func kept(p *words.Printer) bot.Message {
	return bot.Message{Title: p.Say("escalate.kept.title"), Status: bot.Info, Body: []bot.Block{flows.Say(p, "escalate.kept.body")}}
}

// filesStay is said to who sent files into the thread of a case.
func filesStay(p *words.Printer) bot.Message {
	return bot.Message{Title: p.Say("escalate.files-stay.title"), Status: bot.Info, Body: []bot.Block{flows.Say(p, "escalate.files-stay.body")}}
}

// again is the line that its requester could not be helped, or not for long.
func again(p *words.Printer, c flows.Case) bot.Message {
	m := bot.Message{Title: p.Say("escalate.again"), Status: bot.Problem}
	if c.Words != "" {
		m.Body = []bot.Block{bot.Quote(c.Words)}
	}
	return m
}

// askWhose is the card when nothing says whose sign-in it was.
func askWhose(p *words.Printer, c flows.Case, again bool) bot.Message {
	m := bot.Message{Title: p.Say("escalate.whose.title"), Status: bot.Info}
	key := "escalate.whose.body"
	if again {
		key = "escalate.whose.again"
	}
	m.Body = []bot.Block{flows.Say(p, key), bot.Note(flows.Say(p, "escalate.ref", bot.Code(c.Key), bot.Time{At: c.Opened}))}
	m.Actions = []bot.Action{
		bot.Ask{Label: p.Say("escalate.whose"), Verb: "escalate.whose", Subject: c.Key, Weight: bot.Primary, Fields: []bot.Field{
			{Name: "upn", Label: p.Say("escalate.whose.upn"), Required: true},
		}},
		resolveForm(p, c, true),
	}
	return m
}

// fromAdmins is what an admin writes to the employee. It comes from "your
// admins", for a name that an attacker could learn is of use to them.
func fromAdmins(p *words.Printer, c flows.Case, text string) bot.Message {
	return bot.Message{
		Title: p.Say("escalate.to-employee.title"), Status: bot.Info, Personal: true,
		Body: []bot.Block{bot.Quote(text), bot.Note(flows.Say(p, "help.sent.never")), bot.Note(flows.Say(p, "help.ref", bot.Code(c.Key)))},
	}
}

// closed is what the employee hears when an admin settles the case.
func closed(p *words.Printer, c flows.Case, text string) bot.Message {
	m := bot.Message{Title: p.Say("escalate.closed.title"), Status: bot.Good, Personal: true, Body: []bot.Block{flows.Say(p, "escalate.closed.body")}}
	if text != "" {
		m.Body = append(m.Body, bot.Quote(text))
	}
	m.Body = append(m.Body, bot.Note(flows.Say(p, "help.ref", bot.Code(c.Key))))
	m.Actions = []bot.Action{bot.Ask{
		Label: p.Say("help.again"), Verb: "help.stuck", Subject: c.Key,
		Fields: []bot.Field{{Name: "words", Label: p.Say("help.stuck.words"), Kind: bot.Paragraph}},
	}}
	return m
}

// reopened is what they hear when an admin takes that back.
func reopened(p *words.Printer, c flows.Case) bot.Message {
	return bot.Message{
		Title: p.Say("escalate.reopened.title"), Status: bot.Waiting, Personal: true,
		Body:    []bot.Block{flows.Say(p, "escalate.reopened.body"), bot.Note(flows.Say(p, "help.ref", bot.Code(c.Key)))},
		Actions: []bot.Action{bot.Choose{Label: p.Say("help.solved"), Verb: "help.solved", Subject: c.Key}},
	}
}
