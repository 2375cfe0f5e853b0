package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"unicode/utf8"

	"mfahelp/graph/aadsts"
	"mfahelp/words"
)

// width is what a terminal has at least, and what is read with ease.
const width = 80

// terminal reports whether somebody sits at v.
func terminal(v any) bool {
	f, ok := v.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// print lays r out for people. Headings are bold where that can be seen.
func (r reading) print(out io.Writer, bold bool) error {
	p := &words.Printer{}
	sheet := sheet{bold: bold}
	title := r.title
	if r.code != "" {
		title = p.Say("explain.title", r.code, title)
	}
	sheet.heading(title)
	for _, f := range r.facts(p) {
		sheet.line(fmt.Sprintf("  %-16s", f[0]), f[1])
	}
	if r.meaning != "" {
		sheet.heading(p.Say("explain.means"))
		sheet.line("  ", r.meaning)
	}
	sheet.heading(p.Say("explain.do"))
	if len(r.steps) == 0 {
		sheet.line("  ", r.advice)
	}
	for i, s := range r.steps {
		sheet.line(fmt.Sprintf("  %d. ", i+1), s.do)
		if s.why != "" {
			sheet.line("     ", s.why)
		}
	}
	if r.admin != "" {
		sheet.heading(p.Say("explain.admin"))
		sheet.line("  ", r.admin)
	}
	_, err := io.WriteString(out, sheet.b.String())
	return err
}

// facts are what the text says, label by label.
func (r reading) facts(p *words.Printer) (all [][2]string) {
	add := func(key, value string) {
		if value != "" {
			all = append(all, [2]string{p.Say(key), value})
		}
	}
	add("explain.request_id", r.report.RequestID)
	add("explain.correlation_id", r.report.CorrelationID)
	if t := r.report.Timestamp; !t.IsZero() {
		add("explain.timestamp", t.UTC().Format("2006-01-02 15:04:05 UTC"))
	}
	add("explain.upn", r.report.UPN)
	if len(r.report.Codes) > 1 {
		add("explain.codes", strings.Join(r.report.Codes, ", "))
	}
	add("explain.damaged", damaged(p, r.report.Damaged))
	return all
}

func damaged(p *words.Printer, fields []aadsts.Field) string {
	var names []string
	for _, f := range fields {
		names = append(names, p.Say("explain."+string(f)))
	}
	return strings.Join(names, ", ")
}

// A sheet is text for a terminal.
type sheet struct {
	b    strings.Builder
	bold bool
}

// heading begins a part.
func (p *sheet) heading(s string) {
	if p.b.Len() > 0 {
		p.b.WriteString("\n")
	}
	for _, l := range wrap(s, width) {
		if p.bold {
			l = "\x1b[1m" + l + "\x1b[0m"
		}
		p.b.WriteString(l + "\n")
	}
}

// line writes text after a lead, and under its own beginning where it goes on.
func (p *sheet) line(lead, text string) {
	n := utf8.RuneCountInString(lead)
	for _, l := range wrap(text, width-n) {
		p.b.WriteString(strings.TrimRight(lead+l, " ") + "\n")
		lead = strings.Repeat(" ", n)
	}
}

// wrap breaks s at spaces into lines of at most n letters, if no word has more.
func wrap(s string, n int) (lines []string) {
	line := ""
	for word := range strings.FieldsSeq(s) {
		switch {
		case line == "":
			line = word
		case utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) <= n:
			line += " " + word
		default:
			lines = append(lines, line)
			line = word
		}
	}
	return append(lines, line)
}
