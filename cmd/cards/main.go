package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"html"
	"html/template"
	"io"
	"os"
	"strings"

	"mfahelp/bot"
	"mfahelp/bot/slack"
	"mfahelp/bot/teams"
	"mfahelp/bot/web"
)

func main() {
	out := flag.String("o", "cards.html", "the file to write")
	flag.Parse()
	if err := write(*out); err != nil {
		fmt.Fprintln(os.Stderr, "cards:", err)
		os.Exit(1)
	}
	fmt.Fprintln(os.Stdout, "wrote", *out)
}

func write(name string) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	if err := gallery(f); err != nil {
		_ = f.Close() // the first error tells more
		return err
	}
	return f.Close()
}

// A platform turns a message into what it is sent.
type platform struct {
	name   string
	ext    string // of its golden files
	render func(bot.Message) string
	html   func(string) string // shows what was rendered, on a page
}

// platforms are all there are; a new one is a line here.
var platforms = []platform{
	{"web", ".html", func(m bot.Message) string {
		return web.Render(web.Card{Message: &m, Name: "mfahelp"}, printer(""))
	}, func(s string) string { return s }},
	{"teams", ".json", inTeams, func(s string) string {
		return "<details><summary>Adaptive Card</summary><pre>" + html.EscapeString(s) + "</pre></details>"
	}},
	{"slack", ".json", inSlack, func(s string) string {
		return "<details><summary>Block Kit</summary><pre>" + html.EscapeString(s) + "</pre></details>"
	}},
}

// inSlack is m as blocks, the text that is read out, and the dialogs that its
// buttons open.
func inSlack(m bot.Message) string {
	p := printer("")
	all := map[string]any{}
	d := slack.Render(m, p)
	all["text"], all["blocks"] = d.Text, d.Blocks
	if d.Rest != nil {
		all["file"] = d.Rest.Name
	}
	dialogs := map[string]any{}
	for _, a := range m.Actions {
		if ask, ok := a.(bot.Ask); ok {
			dialogs[ask.Key] = slack.RenderForm(ask, p, "")
		}
	}
	if len(dialogs) > 0 {
		all["dialogs"] = dialogs
	}
	return asJSON(all)
}

// inTeams is m as an Adaptive Card, with all that may stand around it.
func inTeams(m bot.Message) string {
	c := teams.Card{Message: m}
	for i := range m.Attachments {
		c.Files = append(c.Files, fmt.Sprintf("file:%d", i))
	}
	return asJSON(teams.Render(c, printer(""), nil))
}

func asJSON(v any) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(v); err != nil {
		panic(err) // unreachable: it is strings, numbers and booleans
	}
	return strings.TrimRight(b.String(), "\n")
}

// failing stands in for a test: a story that does not work ends the gallery.
type failing struct{}

func (failing) Helper()                      {}
func (failing) Fatal(args ...any)            { panic(fmt.Sprint(args...)) }
func (failing) Fatalf(f string, args ...any) { panic(fmt.Sprintf(f, args...)) }

// A shown card is one message on one platform.
type shown struct {
	Name, Platform string
	HTML           template.HTML // by the platform, which has escaped it
}

func gallery(w io.Writer) error {
	style, err := web.Style()
	if err != nil {
		return err
	}
	var cards []shown
	for _, st := range stories {
		m := keyed(play(st, failing{}))
		for _, p := range platforms {
			cards = append(cards, shown{st.name, p.name, template.HTML(p.html(p.render(m)))}) //nolint:gosec // see shown
		}
	}
	return page.Execute(w, map[string]any{"Cards": cards, "Style": template.CSS(style)}) //nolint:gosec // our own file
}

// keyed gives every action the same key each time, so that golden files do.
func keyed(m bot.Message) bot.Message {
	return m.Keyed(func(verb, _ string) string { return "key:" + verb })
}

var page = template.Must(template.New("cards").Parse(`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>mfahelp: every message</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><style>{{.Style}}
.gallery { max-width: 44rem; margin: 2rem auto; padding: 0 1rem } .gallery h2 { font: 600 .9rem monospace; margin: 2rem 0 .5rem }</style></head>
<body><main class="gallery"><h1>Every message</h1>
{{range .Cards}}<section><h2>{{.Name}} · {{.Platform}}</h2>{{.HTML}}</section>
{{end}}</main></body></html>
`))
