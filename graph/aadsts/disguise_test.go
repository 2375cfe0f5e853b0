package aadsts

import (
	"encoding/json"
	"html"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// disguises are what programs do to a text on its way. None of them changes
// what it says.
var disguises = []struct {
	name string
	do   func(string) string
}{
	{"line ends of Windows", func(s string) string { return strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\n", "\r\n") }},
	{"quoted in a mail", func(s string) string { return "> " + strings.ReplaceAll(s, "\n", "\n> ") }},
	{"quoted twice", func(s string) string { return ">> " + strings.ReplaceAll(s, "\n", "\n>> ") }},
	{"in HTML", func(s string) string { return "<p>" + strings.ReplaceAll(html.EscapeString(s), "\n", "<br>") + "</p>" }},
	{"in HTML, escaped twice", func(s string) string { return html.EscapeString(html.EscapeString(s)) }},
	{"in Slack", func(s string) string {
		return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(s)
	}},
	{"in JSON", inJSON},
	{"in JSON in JSON", func(s string) string { return inJSON(inJSON(s)) }},
	{"in JSON in JSON in JSON", func(s string) string { return inJSON(inJSON(inJSON(s))) }},
	{"in an address", func(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }},
	{"in a form", url.QueryEscape},
	{"in a form in a form", func(s string) string { return url.QueryEscape(url.QueryEscape(s)) }},
	{"in JSON in a form", func(s string) string { return url.QueryEscape(inJSON(s)) }},
	{"with spaces that do not break", func(s string) string { return strings.ReplaceAll(s, " ", "\u00a0") }},
	{"with zero-width spaces", func(s string) string {
		if strings.ContainsAny(s, escapes) {
			return s
		}
		return strings.Join(strings.Split(s, ""), "\u200b")
	}},
	{"wrapped and quoted in a mail", func(s string) string { return wrap(s, 72, "> ") }},
	{"wrapped narrowly", func(s string) string { return wrap(s, 40, "") }},
	{"with a byte order mark", func(s string) string { return "\ufeff" + s }},
	{"in a code block", func(s string) string { return "```\n" + s + "\n```" }},
	{"in a box", func(s string) string { return "╷\n│ " + strings.ReplaceAll(s, "\n", "\n│ ") + "\n╵" }},
	{"in full width", func(s string) string {
		if strings.ContainsAny(s, escapes) {
			return s
		}
		return strings.NewReplacer(":", "：", "0", "０", "5", "５").Replace(s)
	}},
	{"between sentences", func(s string) string { return "Hello, this is what I get.\n\n" + s + "\n\nCan somebody help, please?" }},
}

// escapes begin what is no longer an escape with something inside.
const escapes = `<%&\`

func inJSON(s string) string {
	b, _ := json.Marshal(map[string]string{"text": s}) // cannot fail
	return string(b)
}

// wrap breaks lines at spaces, as mail programs do.
func wrap(s string, width int, prefix string) string {
	var b strings.Builder
	for line := range strings.SplitSeq(s, "\n") {
		b.WriteString(prefix)
		n := 0
		for i, w := range strings.Split(line, " ") {
			switch {
			case i > 0 && n+1+len(w) > width:
				b.WriteString("\n" + prefix)
				n = 0
			case i > 0:
				b.WriteByte(' ')
				n++
			}
			b.WriteString(w)
			n += len(w)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// TestDisguises reads every paste in every disguise.
func TestDisguises(t *testing.T) {
	rows := readRows(t, ownPastes)
	if file := os.Getenv("MFAHELP_PASTES"); file != "" {
		rows = append(rows, readRows(t, file)...)
	}
	for _, d := range disguises {
		t.Run(d.name, func(t *testing.T) {
			for _, r := range rows {
				if d.name == "between sentences" && strings.HasPrefix(r.Layout, "truncated") {
					continue // where a text ends tells what was cut off
				}
				want, _ := Parse(r.Text)
				got, _ := Parse(d.do(r.Text))
				want.Damaged, got.Damaged = nil, nil
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("%s (-want +got):\n%s\nof: %s", r.Name, diff, d.do(r.Text))
				}
			}
		})
	}
}
