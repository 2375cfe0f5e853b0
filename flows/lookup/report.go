package lookup

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"mfahelp/bot"
	"mfahelp/flows"
	"mfahelp/flows/diagnose"
	"mfahelp/graph"
	"mfahelp/graph/aadsts"
	"mfahelp/words"
)

// Facts are what an admin must know of c at a glance. No phone number and no
// whole IP address is among them, for a channel is read over shoulders.
func Facts(p *words.Printer, c flows.Case, d diagnose.Diagnosis) (facts bot.Facts) {
	add := func(name string, value ...bot.Span) {
		if bot.PlainText(value) != "" {
			facts = append(facts, bot.Fact{Name: p.Say("lookup.fact." + name), Value: value})
		}
	}
	if u := c.Looked.User; u != nil {
		add("who", bot.Strong(u.Name), bot.Plain(" · "), bot.Plain(u.UPN))
		add("account", bot.Plain(Account(p, c)))
	}
	if d.Code != "" {
		add("code", bot.Code("AADSTS"+d.Code))
	}
	if s := c.Looked.SignIn; s != nil {
		add("when", bot.Time{At: s.At})
		add("app", bot.Plain(s.App))
		add("from", bot.Plain(join(Place(s.Location), s.Device.OS, s.Device.Browser, Mask(s.IP))))
	}
	add("asked", bot.Plain(AskedWith(d)))
	if c.Looked.Known {
		add("methods", bot.Plain(Methods(p, c.Looked.Methods)))
	}
	return facts
}

// Account says what is special about an account, such as that it is disabled.
func Account(p *words.Printer, c flows.Case) string {
	u := c.Looked.User
	var say []string
	for _, f := range []struct {
		is  bool
		key string
	}{
		{!u.Enabled, "disabled"}, {u.Enabled, "enabled"}, {u.Guest, "guest"},
		{c.Looked.Sole, "sole"}, {!c.Looked.Sole && u.Privileged(), "privileged"},
	} {
		if f.is {
			say = append(say, p.Say("lookup.account."+f.key))
		}
	}
	return strings.Join(say, ", ")
}

// Methods lists second factors as people call them.
func Methods(p *words.Printer, all []graph.Method) string {
	var names []string
	for _, m := range all {
		if m.SecondFactor() {
			names = append(names, Method(p, m))
		}
	}
	if len(names) == 0 {
		return p.Say("lookup.methods.none")
	}
	return strings.Join(names, ", ")
}

func join(parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), " · ")
}

// diagnostics is the JSON file for the admins. Its names are for their tools,
// so they are not in words.
type diagnostics struct {
	Case      string              `json:"case"`
	Made      time.Time           `json:"made"`
	Report    aadsts.Report       `json:"pasted"`
	FoundBy   graph.Clue          `json:"found_by,omitempty"`
	Partial   bool                `json:"partial,omitempty"`
	Failed    string              `json:"lookup_failed,omitempty"`
	Cause     diagnose.Cause      `json:"cause"`
	Sure      diagnose.Confidence `json:"confidence"`
	Evidence  []diagnose.Evidence `json:"evidence,omitempty"`
	SignIn    *graph.SignIn       `json:"sign_in,omitempty"`
	SameVisit []graph.SignIn      `json:"nearby,omitempty"`
	Methods   []graph.Method      `json:"methods,omitempty"`
	Tried     []string            `json:"advised,omitempty"`
}

// Attach is the evidence of c as files: JSON for tools, text for people. What
// could be a phone number in it is masked once more, for we did not write it.
func Attach(p *words.Printer, c flows.Case, d diagnose.Diagnosis, now time.Time) []bot.Attachment {
	x := diagnostics{
		Case: c.Key, Made: now.UTC(), Report: c.Report, FoundBy: c.Looked.By, Partial: c.Looked.Partial, Failed: c.Looked.Failed,
		Cause: d.Cause, Sure: d.Confidence, Evidence: d.Evidence, Methods: maskMethods(c.Looked.Methods), Tried: c.Tried,
	}
	if c.Looked.SignIn != nil {
		s := maskSteps(*c.Looked.SignIn)
		x.SignIn = &s
	}
	for _, s := range c.Looked.Nearby {
		x.SameVisit = append(x.SameVisit, maskSteps(s))
	}
	b, err := json.MarshalIndent(x, "", "  ")
	if err != nil {
		panic(err) // unreachable: these are plain values
	}
	return []bot.Attachment{
		{Name: "case-" + c.Key + ".json", MediaType: "application/json", Content: append(b, '\n')},
		{Name: "case-" + c.Key + ".txt", MediaType: "text/plain; charset=utf-8", Content: []byte(readable(p, c, d, now))},
	}
}

// readable is the same for people.
func readable(p *words.Printer, c flows.Case, d diagnose.Diagnosis, now time.Time) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n%s\n\n", p.Say("lookup.report.title", c.Key), p.Say("lookup.report.made", now.UTC().Format(time.RFC3339)))
	line := func(f bot.Fact) { fmt.Fprintf(&b, "%s: %s\n", f.Name, maskNumbers(bot.PlainText(f.Value))) }
	for _, f := range Facts(p, c, d) {
		line(f)
	}
	b.WriteString("\n")
	for _, f := range Why(p, c, d) {
		line(f)
	}
	for _, s := range events(c) {
		fmt.Fprintf(&b, "\n%s\n", p.Say("lookup.report.event", s.At.UTC().Format(time.RFC3339), s.ErrorCode, s.ID, s.CorrelationID, join(Place(s.Location), Mask(s.IP))))
		for _, step := range s.Steps {
			fmt.Fprintf(&b, "  - %s\n", maskNumbers(join(step.Method, step.Detail, step.Result)))
		}
	}
	fmt.Fprintf(&b, "\n%s\n", p.Say("lookup.report.tried"))
	for _, s := range Own(p, d) {
		fmt.Fprintf(&b, "  - %s\n", bot.PlainText(s.Do))
	}
	return b.String()
}

// events are those that a person wants to read of: the one, the rest of its
// visit, and what else failed that day. The other file has them all.
func events(c flows.Case) []graph.SignIn {
	if c.Looked.SignIn == nil {
		return nil
	}
	all := []graph.SignIn{*c.Looked.SignIn}
	for _, s := range c.Looked.Nearby {
		if s.ErrorCode != 0 || s.CorrelationID == all[0].CorrelationID {
			all = append(all, s)
		}
	}
	return all
}

// number is an id, a date, or else, as its group, what may be a phone number:
// six digits or more, however grouped. The first two come first, because they
// have such digits in them.
var number = regexp.MustCompile(`(?i)\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b|\b\d{4}-\d{2}-\d{2}(?:T[\d:.]+)?|(\+?\d[\d ()/-]{5,}\d)`)

func maskNumbers(s string) string {
	return number.ReplaceAllStringFunc(s, func(n string) string {
		if number.FindStringSubmatch(n)[1] == "" {
			return n
		}
		return strings.Repeat("X", 6) + n[len(n)-2:]
	})
}

func maskSteps(s graph.SignIn) graph.SignIn {
	steps := make([]graph.Step, len(s.Steps))
	for i, t := range s.Steps {
		t.Detail = maskNumbers(t.Detail)
		steps[i] = t
	}
	s.Steps = steps
	return s
}

func maskMethods(all []graph.Method) []graph.Method {
	out := make([]graph.Method, len(all))
	for i, m := range all {
		m.Name = maskNumbers(m.Name)
		out[i] = m
	}
	return out
}
