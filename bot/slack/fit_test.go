package slack

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"mfahelp/bot"
	"mfahelp/bot/bottest"
	"mfahelp/bot/slack/slacktest"
	"mfahelp/words"
)

// A babbler makes up messages, from words that somebody else chose.
type babbler struct {
	*rand.Rand
	words string

	// Half of all messages are made of one thing over and over, for that is how a
	// count of what it takes is found wrong.
	span1, block1 int // which; -1 for any
	much          int // how much more of it

	left *int // characters and things that may still be made up
}

func babble(seed uint64, words string) babbler {
	b := babbler{Rand: rand.New(rand.NewPCG(seed, 0)), words: words, span1: -1, block1: -1, much: 1, left: new(40_000)}
	if b.IntN(2) == 0 {
		b.span1, b.block1, b.much = b.IntN(10), b.IntN(6), 1+b.IntN(40)
	}
	return b
}

// one is a number below n, or the same each time.
func (b babbler) one(same, n int) int {
	if same >= 0 {
		return same
	}
	return b.IntN(n)
}

// some is a text of any length, which is mostly short, now and then empty, and
// now and then far longer than anything that Slack takes.
func (b babbler) some() string {
	all := []string{
		"", "x", "a word ", bottest.Hostile, "&", "<", ">", "*bold* _it_ ~no~ `c` :x: :white_check_mark:", "\n> quote\n- list", "<!channel> <!here> <@U0123456789>",
		"http://evil.example <https://evil.example|login.microsoftonline.com>", "😀", "👩‍👩‍👧", "\x00\x1b[31m", "\xff\xfe", "\u202e", "{{{DATE(2026-01-01T00:00:00Z)}}}", b.words,
	}
	s := all[b.IntN(len(all))]
	switch b.IntN(12 * b.much) {
	case 0:
		s = strings.Repeat(s, 1+b.IntN(1+16000/(len(s)+1)))
	case 1, 2:
		s = strings.Repeat(s, 1+b.IntN(20))
	}
	if *b.left -= len(s); *b.left < 0 {
		return ""
	}
	return s
}

func many[T any](b babbler, most int, one func() T) (all []T) {
	for range b.IntN(most * b.much) {
		if *b.left -= 4; *b.left < 0 {
			break
		}
		all = append(all, one())
	}
	return all
}

func (b babbler) span() bot.Span {
	return []func() bot.Span{
		func() bot.Span { return bot.Plain(b.some()) },
		func() bot.Span { return bot.Strong(b.some()) },
		func() bot.Span { return bot.Code(b.some()) },
		func() bot.Span { return bot.Link{Text: b.some(), URL: "https://example.com/?" + b.some()} },
		func() bot.Span { return bot.Link{Text: b.some(), URL: b.some()} },
		func() bot.Span { return bot.Time{At: time.Unix(b.Int64N(1<<36), 0)} },
		func() bot.Span { return bot.Mention{Platform: "slack", ID: "U0123456789", Name: b.some()} },
		func() bot.Span { return bot.Mention{Platform: "slack", ID: b.some(), Name: b.some()} },
		func() bot.Span { return bot.Mention{Platform: "teams", ID: "29:1", Name: b.some()} },
		func() bot.Span { return bot.Reveal{Kind: "pass", Subject: b.some()} },
	}[b.one(b.span1, 10)]()
}

func (b babbler) spans() []bot.Span { return many(b, 6, b.span) }

func (b babbler) block() bot.Block {
	return []func() bot.Block{
		func() bot.Block { return bot.Text(b.spans()) },
		func() bot.Block {
			return bot.Facts(many(b, 6, func() bot.Fact { return bot.Fact{Name: b.some(), Value: b.spans()} }))
		},
		func() bot.Block {
			return bot.Steps(many(b, 6, func() bot.Step { return bot.Step{Do: b.spans(), Why: b.some()} }))
		},
		func() bot.Block {
			return bot.List(many(b, 6, func() bot.Item {
				i := bot.Item{Title: b.spans(), Facts: b.spans()}
				if b.IntN(2) == 0 {
					i.Action = b.action()
				}
				return i
			}))
		},
		func() bot.Block { return bot.Quote(b.some()) },
		func() bot.Block { return bot.Note(b.spans()) },
	}[b.one(b.block1, 6)]()
}

func (b babbler) action() bot.Action {
	weight := bot.Weight(b.IntN(3))
	return []func() bot.Action{
		func() bot.Action { return bot.Choose{Label: b.some(), Key: "key", Weight: weight} },
		func() bot.Action { return b.form() },
		func() bot.Action { return bot.Open{Label: b.some(), URL: "https://example.com/" + b.some()} },
		func() bot.Action { return bot.Open{Label: b.some(), URL: b.some()} },
	}[b.IntN(4)]()
}

func (b babbler) form() bot.Ask {
	fields := many(b, 6, func() bot.Field {
		return bot.Field{
			Label: b.some(), Kind: bot.FieldKind(b.IntN(3)), Required: b.IntN(2) == 0,
			Options: many(b, 20, func() bot.Option { return bot.Option{Label: b.some(), Value: b.some()} }),
		}
	})
	fields = append([]bot.Field{{Label: b.some()}}, fields...)
	for i := range fields {
		fields[i].Name = fmt.Sprint("field-", i)
	}
	return bot.Ask{Label: b.some(), Key: "key", Fields: fields}
}

func (b babbler) message() bot.Message {
	return bot.Message{
		Title: b.some(), Status: bot.Status(b.IntN(4)), Body: many(b, 8, b.block), Actions: many(b, 6, b.action),
		Attachments: many(b, 3, func() bot.Attachment {
			return bot.Attachment{Name: b.some() + strings.Repeat("long", b.IntN(60)), Content: []byte("x")}
		}),
	}
}

// FuzzFits makes up messages that nobody would write, and holds what becomes of
// them to every limit of Slack's, to being markup nowhere, and to saying all of it
// in the blocks or in a file.
func FuzzFits(f *testing.F) {
	for seed := range uint64(250) {
		f.Add(seed, "<!everyone|"+fmt.Sprint(seed)+">")
	}
	w := &words.Printer{}
	f.Fuzz(func(t *testing.T, seed uint64, words string) {
		b := babble(seed, words)
		m := b.message()
		d := Render(m, w)
		document := asSent(t, obj{"text": d.Text, "blocks": d.Blocks})
		if why := slacktest.Unfit(document["blocks"].([]any), false); why != "" {
			t.Errorf("Slack does not take it: %s", why)
		}
		if d.Text == "" || width(d.Text) > 4000 || strings.ContainsAny(d.Text, "<>") {
			t.Errorf("the text has %d characters: %.200q", width(d.Text), d.Text)
		}
		if d.Rest == nil {
			everything(t, m, texts(document["blocks"]), "\n")
		} else {
			everything(t, m, clean(string(d.Rest.Content)), "\n> ")
		}
		if !strings.HasSuffix(d.Text, "…") { // who hears it hears all of it
			everything(t, m, entities(d.Text), "\n> ")
		}
		if got, want := count(document), min(len(m.Actions), 4*maxButtons); got < want {
			t.Errorf("of %d buttons there are %d", want, got)
		}
		harmless(t, document)
		for _, v := range []obj{
			RenderPage(m, w), RenderView(m, w, "meta", nil), RenderView(m, w, "meta", bottest.Resolve), RenderForm(b.form(), w, "meta"),
			RenderView(bot.Message{Title: m.Title, Body: m.Body, Actions: []bot.Action{b.form()}}, w, "meta", nil),
		} {
			v = asSent(t, v)
			if why := slacktest.UnfitView(v); why != "" {
				t.Errorf("Slack does not take the view: %s", why)
			}
			harmless(t, v)
		}
	})
}

// asSent is v as it arrives.
func asSent(t *testing.T, v obj) (out obj) {
	t.Helper()
	b, err := json.Marshal(v)
	if err == nil {
		err = json.Unmarshal(b, &out)
	}
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// sure is the only markup that there may be: of a time, of somebody by their id,
// and of a link whose label is no markup.
var sure = regexp.MustCompile(`^(<!date\^-?\d+\^\{date_short_pretty\}, \{time\}\|-?[\d: -]+ UTC>|<@[UW][A-Z0-9]+>|<(https?://|mailto:)[^<>|]*\|[^*_~` + "`" + `:<>&|\n]+>)$`)

func harmless(t *testing.T, v any) {
	t.Helper()
	mrkdwns(v, func(s string) {
		if !sure.MatchString(s) {
			t.Errorf("Slack would read as markup: %.200q", s)
		}
	})
}

// count is how many buttons stand in v.
func count(v any) (n int) {
	switch v := v.(type) {
	case map[string]any:
		if v["type"] == "button" {
			n++
		}
		for _, x := range v {
			n += count(x)
		}
	case []any:
		for _, x := range v {
			n += count(x)
		}
	}
	return n
}

// everything wants all words of m in what is said, where a quote has its lines
// begin so.
func everything(t *testing.T, m bot.Message, said, quoted string) {
	t.Helper()
	has := func(what string, all ...string) {
		for _, s := range all {
			if s = strings.TrimSpace(clean(s)); !strings.Contains(said, s) {
				t.Errorf("a %s has gone: %.200q", what, s)
			}
		}
	}
	for _, b := range m.Body {
		switch b := b.(type) {
		case bot.Text:
			has("text", spoke(b)...)
		case bot.Note:
			has("note", spoke(b)...)
		case bot.Quote:
			has("quote", strings.ReplaceAll(string(b), "\n", quoted))
		case bot.Facts:
			for _, f := range b {
				has("fact", append(spoke(f.Value), f.Name)...)
			}
		case bot.Steps:
			for _, s := range b {
				has("step", append(spoke(s.Do), s.Why)...)
			}
		case bot.List:
			for _, i := range b {
				has("item", slices.Concat(spoke(i.Title), spoke(i.Facts))...)
			}
		}
	}
}

// spoke are the words in spans.
func spoke(spans []bot.Span) (all []string) {
	for _, x := range spans {
		switch x := x.(type) {
		case bot.Plain:
			all = append(all, string(x))
		case bot.Strong:
			all = append(all, string(x))
		case bot.Code:
			all = append(all, string(x))
		case bot.Link:
			all = append(all, x.Text)
		case bot.Time, bot.Mention, bot.Reveal:
		}
	}
	return all
}

// texts are all that stand in v, one after the other.
func texts(v any) string {
	var all strings.Builder
	var look func(v any)
	look = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			if s, ok := v["text"].(string); ok {
				all.WriteString(s)
			} else {
				look(v["text"])
			}
			look(v["elements"])
		case []any:
			for _, x := range v {
				look(x)
			}
		}
	}
	look(v)
	return all.String()
}
