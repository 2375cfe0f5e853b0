package help

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"mfahelp/bot"
	"mfahelp/flows"
	"mfahelp/flows/diagnose"
	"mfahelp/flows/lookup"
	"mfahelp/graph/aadsts"
	"mfahelp/words"
)

// All that an employee is told is here. What is about a sign-in is Personal.

// looking is said at once.
func looking(p *words.Printer, c flows.Case) bot.Message {
	m := bot.Message{Title: p.Say("help.looking.title"), Status: bot.Waiting, Personal: true}
	m.Body = append(m.Body, flows.Say(p, "help.looking.body"))
	return withRead(p, m, c.Report)
}

// withRead adds what was read in the paste, so that a wrong reading is seen.
func withRead(p *words.Printer, m bot.Message, r aadsts.Report) bot.Message {
	var facts bot.Facts
	if r.Code != "" {
		facts = append(facts, bot.Fact{Name: p.Say("lookup.fact.code"), Value: bot.Text{bot.Code("AADSTS" + r.Code)}})
	}
	if !r.Timestamp.IsZero() {
		facts = append(facts, bot.Fact{Name: p.Say("lookup.fact.when"), Value: bot.Text{bot.Time{At: r.Timestamp}}})
	}
	if len(facts) > 0 {
		m.Body = append(m.Body, facts)
	}
	return m
}

// waiting is said while the log does not have the sign-in yet. What the code
// alone tells is said meanwhile: it may be all that it takes.
func waiting(p *words.Printer, c flows.Case, d diagnose.Diagnosis) bot.Message {
	title, text := lookup.Waiting(p, c)
	m := bot.Message{Title: title, Status: bot.Waiting, Personal: true, Body: []bot.Block{text}}
	m = withRead(p, m, c.Report)
	if steps := lookup.Own(p, d); len(steps) > 0 && !d.Alarm && !d.AdminsOnly {
		m.Body = append(m.Body, flows.Say(p, "help.waiting.meanwhile"), steps)
	}
	m.Body = append(m.Body, reference(p, c))
	m.Actions = []bot.Action{
		bot.Choose{Label: p.Say("help.solved"), Verb: "help.solved", Subject: c.Key},
		stuckForm(p, c, "help.stuck.now"),
	}
	return m
}

// answer explains a sign-in, or at least its code, and what to do.
func answer(p *words.Printer, c flows.Case, d diagnose.Diagnosis) bot.Message {
	m := bot.Message{Title: title(p, d), Status: bot.Problem, Personal: true}
	if d.Cause == diagnose.SucceededLater {
		m.Status = bot.Info
	}
	m.Body = append(m.Body, body(p, d))
	if d.Ask {
		m.Body = append(m.Body, bot.Text{bot.Strong(p.Say("help.was-it-you"))})
	}
	if facts := details(p, c, d); len(facts) > 0 {
		m.Body = append(m.Body, facts)
	}
	if steps := lookup.Own(p, d); len(steps) > 0 {
		m.Body = append(m.Body, steps)
	}
	if c.Looked.SignIn == nil && len(c.Report.Damaged) > 0 {
		m.Body = append(m.Body, flows.Say(p, "help.damaged"))
	}
	if other := c.Report.UPN; other != "" && d.Cause != diagnose.WrongAccount && c.Looked.SignIn == nil && c.Looked.User != nil && !strings.EqualFold(other, c.Looked.User.UPN) {
		m.Body = append(m.Body, flows.Say(p, "help.other-account", bot.Code(other)))
	}
	m.Body = append(m.Body, lookup.Basis(p, c, d), reference(p, c))
	m.Actions = []bot.Action{
		bot.Choose{Label: p.Say("help.solved"), Verb: "help.solved", Subject: c.Key, Weight: bot.Primary},
		stuckForm(p, c, "help.stuck"),
	}
	if c.Looked.SignIn != nil {
		m.Actions = append(m.Actions, bot.Choose{Label: p.Say("help.not-me"), Verb: "help.not-me", Subject: c.Key})
	}
	return m
}

// title and body are the cause's own words, or the code's where it has some.
func title(p *words.Printer, d diagnose.Diagnosis) string {
	if key := "cause." + string(d.Cause) + ".title"; words.Has(key) {
		return p.Say(key)
	}
	return p.Say("code." + base(d.Code) + ".title")
}

func body(p *words.Printer, d diagnose.Diagnosis) bot.Text {
	if key := "cause." + string(d.Cause) + ".body"; words.Has(key) {
		return flows.Say(p, key, bot.Strong(lookup.Asked(p, d)))
	}
	return flows.Say(p, "code."+base(d.Code)+".user")
}

// base is the catalogue's code for one that is a variant of it.
func base(code string) string {
	if e, _, ok := aadsts.Lookup(code); ok {
		return e.Code
	}
	return code
}

// details are when, to what and from where the sign-in was.
func details(p *words.Printer, c flows.Case, d diagnose.Diagnosis) (facts bot.Facts) {
	add := func(name string, value ...bot.Span) {
		if bot.PlainText(value) != "" {
			facts = append(facts, bot.Fact{Name: p.Say("lookup.fact." + name), Value: value})
		}
	}
	if s := c.Looked.SignIn; s != nil {
		add("when", bot.Time{At: s.At})
		add("app", bot.Plain(s.App))
		add("from", bot.Plain(lookup.Place(s.Location)))
	}
	add("asked", bot.Plain(lookup.AskedWith(d)))
	if d.Code != "" {
		add("code", bot.Code("AADSTS"+d.Code))
	}
	return facts
}

func join(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + " · " + b
}

// sent is said whenever a case goes to the admins: because its requester asked,
// because only they can help, and because somebody may be attacking. It says
// nothing of why, for the requester may be who attacks.
//
// The only Global Administrator hears whom else to ask, whatever the cause: the
// admins may have no rights that help.
func sent(p *words.Printer, c flows.Case) bot.Message {
	m := bot.Message{
		Title: p.Say("help.sent.title"), Status: bot.Waiting, Personal: true,
		Body:    []bot.Block{flows.Say(p, "help.sent.body")},
		Actions: []bot.Action{bot.Choose{Label: p.Say("help.solved"), Verb: "help.solved", Subject: c.Key}},
	}
	if c.Looked.Sole {
		m.Body = append(m.Body, lookup.Sole(p))
	}
	m.Body = append(m.Body, bot.Note(flows.Say(p, "help.sent.never")), reference(p, c))
	return m
}

// nobody is said instead where no admins' channel is set up.
func nobody(p *words.Printer, c flows.Case) bot.Message {
	return bot.Message{
		Title: p.Say("help.nobody.title"), Status: bot.Problem, Personal: true,
		Body:    []bot.Block{flows.Say(p, "help.nobody.body"), copyThis(p, c), reference(p, c)},
		Actions: []bot.Action{bot.Choose{Label: p.Say("help.solved"), Verb: "help.solved", Subject: c.Key}},
	}
}

// copyThis is what to give to an admin who is not here.
func copyThis(p *words.Printer, c flows.Case) bot.Facts {
	var facts bot.Facts
	for _, f := range []struct{ key, value string }{
		{"lookup.fact.code", c.Report.Code}, {"help.request", c.Report.RequestID}, {"help.correlation", c.Report.CorrelationID},
	} {
		if f.value != "" {
			facts = append(facts, bot.Fact{Name: p.Say(f.key), Value: bot.Text{bot.Code(f.value)}})
		}
	}
	if !c.Report.Timestamp.IsZero() {
		facts = append(facts, bot.Fact{Name: p.Say("lookup.fact.when"), Value: bot.Text{bot.Time{At: c.Report.Timestamp}}})
	}
	return facts
}

// which asks for one of several sign-ins.
func which(p *words.Printer, c flows.Case) bot.Message {
	var list bot.List
	for _, o := range c.Choices {
		list = append(list, bot.Item{
			Title:  bot.Text{bot.Time{At: o.SignIn.At}, bot.Plain(" · "), bot.Plain(o.SignIn.App)},
			Facts:  bot.Text{bot.Plain(join(lookup.Place(o.SignIn.Location), o.SignIn.Device.Browser))},
			Action: bot.Choose{Label: p.Say("help.which.this"), Verb: "help.this", Subject: c.Key + "/" + o.SignIn.ID},
		})
	}
	return bot.Message{
		Title: p.Say("help.which.title"), Status: bot.Info, Personal: true,
		Body:    []bot.Block{flows.Say(p, "help.which.body"), list, reference(p, c)},
		Actions: []bot.Action{bot.Choose{Label: p.Say("help.which.none"), Verb: "help.none", Subject: c.Key}},
	}
}

// question is asked where there is nothing to go by.
func question(p *words.Printer, c flows.Case, admins bool, resets []bot.Action) bot.Message {
	saw := func(what string, w bot.Weight) bot.Action {
		return bot.Choose{Label: p.Say("help.saw." + what), Verb: "help.saw", Subject: c.Key + "/" + what, Weight: w}
	}
	m := bot.Message{
		Title: p.Say("help.question.title"), Status: bot.Info, Personal: true,
		Body:    []bot.Block{flows.Say(p, "help.question.body"), reference(p, c)},
		Actions: []bot.Action{saw("code", bot.Primary), saw("prompt", bot.Ordinary)},
	}
	if admins {
		if len(resets) == 0 {
			resets = []bot.Action{saw("phone", bot.Ordinary)}
		}
		m.Actions = append(append(m.Actions, resets...), stuckForm(p, c, "help.saw.else"))
	}
	return m
}

// howToCopy says where the details are that we can read.
func howToCopy(p *words.Printer, c flows.Case) bot.Message {
	return bot.Message{
		Title: p.Say("help.copy.title"), Status: bot.Info, Personal: true,
		Body: []bot.Block{
			bot.Steps{
				{Do: flows.Say(p, "help.copy.details")},
				{Do: flows.Say(p, "help.copy.select"), Why: p.Say("help.copy.select-why")},
				{Do: flows.Say(p, "help.copy.paste")},
			},
			reference(p, c),
		},
		Actions: []bot.Action{stuckForm(p, c, "help.stuck")},
	}
}

// settled ends a case. Who was too quick finds the way back.
func settled(p *words.Printer, c flows.Case) bot.Message {
	return bot.Message{
		Title: p.Say(c.Outcome + ".title"), Status: bot.Good, Personal: true,
		Body:    []bot.Block{flows.Say(p, c.Outcome+".body"), reference(p, c)},
		Actions: []bot.Action{stuckForm(p, c, "help.again")},
	}
}

// superseded is what is left of an answer that another one follows.
func superseded(p *words.Printer, c flows.Case) bot.Message {
	m := bot.Message{Title: p.Say("help.superseded.title"), Status: bot.Info, Personal: true, Body: []bot.Block{flows.Say(p, "help.superseded.body")}}
	return withRead(p, m, c.Report)
}

// stuckForm takes a case to the admins. What its requester adds is optional:
// nobody who is locked out should have to write an essay.
func stuckForm(p *words.Printer, c flows.Case, label string) bot.Ask {
	return bot.Ask{
		Label: p.Say(label), Verb: "help.stuck", Subject: c.Key,
		Fields: []bot.Field{{Name: "words", Label: p.Say("help.stuck.words"), Kind: bot.Paragraph}},
	}
}

// fromEmployee shows the admins what their employee adds.
func fromEmployee(p *words.Printer, from bot.Person, text string, files []bot.File) bot.Message {
	m := bot.Message{Title: p.Say("help.relayed.title", from.Name), Status: bot.Info}
	if text != "" {
		m.Body = append(m.Body, bot.Quote(clip(text, 4000)))
	}
	if len(files) > 0 {
		m.Body = append(m.Body, flows.Say(p, "help.relayed.files", bot.Plain(lookup.Files(files))))
	}
	return m
}

// keepToYourself is said instead of passing a code on.
func keepToYourself(p *words.Printer) bot.Message {
	return bot.Message{Title: p.Say("help.spoken.title"), Status: bot.Problem, Body: []bot.Block{flows.Say(p, "help.spoken.body")}}
}

// passedOn tells the employee that what they added has arrived.
func passedOn(p *words.Printer) bot.Message {
	return bot.Message{Title: p.Say("help.passed.title"), Status: bot.Info, Body: []bot.Block{flows.Say(p, "help.passed.body")}}
}

// above is said to who has an answer and writes on, without another error. What
// they wrote is not understood, so it says which buttons are theirs to press.
func above(p *words.Printer, s flows.State) bot.Message {
	key := "help.above." + string(s)
	return bot.Message{Title: p.Say(key + ".title"), Status: bot.Info, Body: []bot.Block{flows.Say(p, key+".body"), bot.Note(flows.Say(p, "help.above.new"))}}
}

// saysSolved tells the admins what the requester of an alarm says: no reason to
// close it.
func saysSolved(p *words.Printer) bot.Message {
	return bot.Message{Title: p.Say("help.says-solved.title"), Status: bot.Problem, Body: []bot.Block{flows.Say(p, "help.says-solved.body")}}
}

// limit is said to who asks too often.
func limit(p *words.Printer, what string) bot.Message {
	return bot.Message{Title: p.Say("help.limit.title"), Status: bot.Info, Body: []bot.Block{flows.Say(p, "help.limit."+what)}}
}

// noPicture is said to who sends a screenshot.
func noPicture(p *words.Printer) bot.Message {
	return bot.Message{Title: p.Say("help.picture.title"), Status: bot.Info, Body: []bot.Block{flows.Say(p, "help.picture.body")}}
}

// elsewhere is said where others read along.
func elsewhere(p *words.Printer) bot.Message {
	return bot.Message{Title: p.Say("help.elsewhere.title"), Status: bot.Info, Body: []bot.Block{flows.Say(p, "help.elsewhere.body")}}
}

// usage says what we are for.
func usage(p *words.Printer) bot.Message {
	return bot.Message{
		Title: p.Say("help.usage.title"), Status: bot.Info,
		Body: []bot.Block{
			flows.Say(p, "help.usage.body"),
			bot.Facts{
				{Name: p.Say("help.usage.page"), Value: flows.Say(p, "help.usage.page.do")},
				{Name: p.Say("help.usage.no-page"), Value: flows.Say(p, "help.usage.no-page.do", bot.Code("/mfa-help"))},
				{Name: p.Say("help.usage.status"), Value: flows.Say(p, "help.usage.status.do", bot.Code("/mfa-help status"))},
				{Name: p.Say("help.usage.no-chat"), Value: flows.Say(p, "help.usage.no-chat.do")},
			},
			bot.Note(flows.Say(p, "help.usage.private")),
			bot.Note(flows.Say(p, "help.sent.never")),
		},
	}
}

// mostListed is how many cases are shown at once.
const mostListed = 10

// overview lists somebody's own cases, the open ones first. What was replaced by
// a newer question is none.
func overview(p *words.Printer, own []flows.Case) bot.Message {
	m := bot.Message{Title: p.Say("help.status.title"), Status: bot.Info, Personal: true}
	own = slices.DeleteFunc(slices.Clone(own), func(c flows.Case) bool { return c.State == flows.Superseded })
	slices.SortStableFunc(own, func(a, b flows.Case) int { return cmp.Compare(over(a), over(b)) })
	var list bot.List
	for _, c := range own[:min(len(own), mostListed)] {
		name := p.Say("help.status.unknown")
		if c.Report.Code != "" {
			name = "AADSTS" + c.Report.Code
		}
		list = append(list, bot.Item{
			Title: bot.Text{bot.Code(c.Key), bot.Plain(" · "), bot.Plain(name)},
			Facts: bot.Text{bot.Plain(p.Say("help.state." + string(c.Shown()))), bot.Plain(" · "), bot.Time{At: c.Opened}},
		})
	}
	if len(list) == 0 {
		m.Body = []bot.Block{flows.Say(p, "help.status.empty")}
		return m
	}
	m.Body = []bot.Block{list}
	if more := len(own) - len(list); more > 0 {
		m.Body = append(m.Body, bot.Note(flows.Say(p, "help.status.more", bot.Plain(strconv.Itoa(more)))))
	}
	return m
}

// over is 1 for what is settled, as its requester sees it, and else 0.
func over(c flows.Case) int {
	if c.Shown().Open() {
		return 0
	}
	return 1
}

func reference(p *words.Printer, c flows.Case) bot.Note {
	return bot.Note(flows.Say(p, "help.ref", bot.Code(c.Key)))
}
