package lookup

import (
	"strings"

	"mfahelp/bot"
	"mfahelp/flows"
	"mfahelp/flows/diagnose"
	"mfahelp/graph"
	"mfahelp/words"
)

// Steps puts the advice of d into words.
func Steps(p *words.Printer, d diagnose.Diagnosis) (steps bot.Steps) {
	for _, a := range d.Steps {
		steps = append(steps, step(p, a))
	}
	return steps
}

// Own is [Steps] without the advice to ask the admins, for where a button does
// that and takes all that they need along.
func Own(p *words.Printer, d diagnose.Diagnosis) (steps bot.Steps) {
	for _, a := range d.Steps {
		if a.Key != "admins" && a.Key != "admins-any" {
			steps = append(steps, step(p, a))
		}
	}
	return steps
}

// Sole is what to do for the only Global Administrator, whom no admin can help.
func Sole(p *words.Printer) (steps bot.Steps) {
	for _, a := range diagnose.Sole() {
		steps = append(steps, step(p, a))
	}
	return steps
}

func step(p *words.Printer, a diagnose.Advice) bot.Step {
	var gaps []bot.Span
	if a.Method != nil {
		gaps = append(gaps, bot.Strong(Method(p, *a.Method)))
	}
	for _, s := range a.Args {
		gaps = append(gaps, bot.Code(s)) // codes, ids and times, to be copied exactly
	}
	s := bot.Step{Do: flows.Say(p, "step."+a.Key+".do", gaps...)}
	if a.URL != "" {
		s.Do = append(s.Do, bot.Plain(" "), bot.Link{Text: linkText(p, a), URL: a.URL})
	}
	if key := "step." + a.Key + ".why"; words.Has(key) {
		s.Why = p.Say(key)
	}
	return s
}

func linkText(p *words.Printer, a diagnose.Advice) string {
	if key := "step." + a.Key + ".link"; words.Has(key) {
		return p.Say(key)
	}
	return strings.TrimPrefix(a.URL, "https://")
}

// Method is what people call m, such as "Microsoft Authenticator on Pixel 9".
func Method(p *words.Printer, m graph.Method) string {
	key, args := diagnose.MethodKey(m)
	return say(p, key, args)
}

// Asked is what somebody was asked with, such as their phone's name.
func Asked(p *words.Printer, d diagnose.Diagnosis) string {
	key, args := d.Asked()
	return say(p, key, args)
}

// AskedWith is how the second step was asked for, in the log's words. A password
// is none, and nobody needs to read of it here.
func AskedWith(d diagnose.Diagnosis) string {
	if strings.HasPrefix(strings.ToLower(d.Method), "password") {
		return ""
	}
	return join(d.Method, d.Device)
}

// say prints a sentence whose gaps are filled by text.
func say(p *words.Printer, key string, args []string) string {
	gaps := make([]any, len(args))
	for i, s := range args {
		gaps[i] = s
	}
	return p.Say(key, gaps...)
}

// Why says what d rests on: which event, if it is not the one that c is about,
// which field, what it says, how sure.
func Why(p *words.Printer, c flows.Case, d diagnose.Diagnosis) (facts bot.Facts) {
	for _, e := range d.Evidence {
		value := bot.Text{bot.Code(e.Value), bot.Plain(" · "), bot.Plain(e.Field)}
		if s := c.Looked.SignIn; e.Event != "" && (s == nil || !strings.EqualFold(s.ID, e.Event)) {
			value = append(value, bot.Plain(" · "), bot.Code(e.Event))
		}
		facts = append(facts, bot.Fact{Name: p.Say("lookup.evidence"), Value: value})
	}
	return append(facts, bot.Fact{Name: p.Say("lookup.confidence"), Value: bot.Text{bot.Plain(p.Say("confidence." + string(d.Confidence)))}})
}

// Basis is [Source] and [Why] for whoever asks, in one line: where it was read and
// how sure it is. Ids and fields are for the admins, who have them in their thread;
// what tells one sign-in from another to people is when, to what, and from where.
func Basis(p *words.Printer, c flows.Case, d diagnose.Diagnosis) bot.Note {
	if c.Looked.SignIn == nil {
		return Source(p, c)
	}
	return bot.Note(flows.Say(p, "lookup.basis", bot.Plain(p.Say("lookup.by."+clue(c.Looked.By))), bot.Plain(p.Say("confidence."+string(d.Confidence)))))
}

// Place is where a sign-in came from, as far as the log says.
func Place(l graph.Location) string {
	var parts []string
	for _, s := range []string{l.City, l.Country} {
		if s != "" {
			parts = append(parts, s)
		}
	}
	return strings.Join(parts, ", ")
}

// Mask hides the end of an IP address: enough is left to tell a home from
// another country, and not enough to look a person up.
func Mask(ip string) string {
	if parts := strings.Split(ip, "."); len(parts) == 4 {
		return parts[0] + "." + parts[1] + ".x.x"
	}
	if parts := strings.Split(ip, ":"); len(parts) > 2 {
		return parts[0] + ":" + parts[1] + ":…"
	}
	return ""
}

// Source says where what we say of a case comes from: the event and the version
// of Graph, or that there is none.
func Source(p *words.Printer, c flows.Case) bot.Note {
	if s := c.Looked.SignIn; s != nil {
		return bot.Note(flows.Say(p, "lookup.source.event", bot.Code(s.ID), bot.Plain(string(s.API)), bot.Plain(p.Say("lookup.by."+clue(c.Looked.By))), bot.Code(s.CorrelationID)))
	}
	key := "lookup.source.none"
	switch {
	case c.Looked.Failed != "":
		key = "lookup.failed." + c.Looked.Failed
	case c.Looked.Expired:
		key = "lookup.source.expired"
	case c.Looked.Partial:
		key = "lookup.source.partial"
	}
	return bot.Note(flows.Say(p, key))
}

// Waiting says why c must wait, and until when.
func Waiting(p *words.Printer, c flows.Case) (title string, text bot.Text) {
	key := "lookup.waiting.lag"
	switch c.Looked.Wait {
	case graph.Budget:
		key = "lookup.waiting.budget"
	case graph.Outage:
		key = "lookup.waiting.outage"
	case graph.Lag:
	}
	return p.Say(key + ".title"), flows.Say(p, key, bot.Time{At: c.Looked.Next})
}

func clue(by graph.Clue) string {
	switch by {
	case graph.ByRequest:
		return "request"
	case graph.ByCorrelation:
		return "correlation"
	case ByChoice:
		return "choice"
	default:
		return "time"
	}
}

// Files are the names of what somebody sent along, as its sender calls them.
func Files(all []bot.File) string {
	var names []string
	for _, f := range all {
		name := []rune(strings.TrimSpace(f.Name))
		if len(name) == 0 {
			name = []rune("–")
		}
		names = append(names, string(name[:min(len(name), 80)]))
	}
	return strings.Join(names, ", ")
}
