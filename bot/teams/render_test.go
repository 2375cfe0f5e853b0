package teams

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"mfahelp/bot"
	"mfahelp/bot/bottest"
	"mfahelp/words"
)

func printer(t testing.TB) *words.Printer {
	return &words.Printer{Missing: func(key string) { t.Errorf("no sentence for %s", key) }}
}

func everything(t *testing.T, resolve func(bot.Reveal) (string, bool)) obj {
	c := Card{Message: bottest.Everything(), Files: []string{"token-of-the-file"}, View: "key-item", Wide: true}
	return Render(c, printer(t), resolve)
}

func TestEverything(t *testing.T) {
	bottest.Golden(t, "everything.json", everything(t, bottest.Resolve))
}

// TestHostileText looks at all that Teams parses. The golden file alone would
// not do: -update could bless a hole.
func TestHostileText(t *testing.T) {
	card := everything(t, bottest.Resolve)
	delete(card["msteams"].(obj), "entities") // in which names stand as they are, and nothing is parsed
	var all []string
	texts(card, func(s string) { all = append(all, s) })
	if parsed := strings.Join(all, "\n"); !strings.Contains(parsed, "Line ") || !strings.Contains(parsed, "Option ") || !strings.Contains(parsed, "Ordinary ") {
		t.Fatalf("the form is not among what is looked at: %s", parsed)
	}
	for _, s := range all {
		if strings.Contains(s, "<at>everyone") || strings.Contains(s, "{{DATE(2026-01-01") || strings.Contains(s, "&amp;") {
			t.Errorf("Teams would act on %s", s)
		}
	}
}

func TestWhatStaysHere(t *testing.T) {
	sent := fmt.Sprint(everything(t, nil))
	for _, bad := range []string{bottest.Verb, bottest.Subject, "Pass "} {
		if strings.Contains(sent, bad) {
			t.Errorf("sent %q in %s", bad, sent)
		}
	}
}

// texts calls f with every string in v.
func texts(v any, f func(string)) {
	switch v := v.(type) {
	case obj:
		for _, value := range v {
			texts(value, f)
		}
	case []obj:
		for _, o := range v {
			texts(o, f)
		}
	case []string:
		for _, s := range v {
			f(s)
		}
	case string:
		f(v)
	}
}

func TestEscape(t *testing.T) {
	for _, test := range []struct{ in, want string }{
		{"plain words", "plain words"},
		{"a_b *c* ~d~ `e` [f](g) #h \\", `a\_b \*c\* \~d\~ \` + "`e\\`" + ` \[f\](g) \#h \\`},
		{"- a list", `\- a list`},
		{"12. a list", `12\. a list`},
		{"10.0.0.1", "10.0.0.1"},
		{"-5 degrees", "-5 degrees"},
		{"> a quote", `\> a quote`},
		{"--- a line", `\--- a line`},
		{"title\n===", "title\n\n\\==="},
		{"    code", "\u00a0\u00a0\u00a0\u00a0code"},
		{"<at>everyone</at>", "<\u200bat>everyone<\u200b/at>"},
		{"{{{DATE(x)}}}", "{\u200b{\u200b{\u200bDATE(x)}}}"},
		{"&lt;at&gt; R&D", "&\u200blt;at&\u200bgt; R&D"},
	} {
		if got := escape(test.in); got != test.want {
			t.Errorf("%q: got %q, want %q", test.in, got, test.want)
		}
	}
}

// TestSpacesBetweenSpans keeps a space between words one at which a line may
// break, and what a line begins with what it is.
func TestSpacesBetweenSpans(t *testing.T) {
	d := drawing{Printer: printer(t)}
	got := d.markdown([]bot.Span{bot.Plain("  ("), bot.Strong("1"), bot.Plain(" more)\n"), bot.Plain(" x"), bot.Code("y"), bot.Plain("\t- z")})
	if want := "\u00a0\u00a0(**1** more)\n\n\u00a0xy\t\\- z"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestSize renders messages that are far too long, in all ways in which one can
// be, and holds the cards to what Teams takes. What decides must be left, and
// all of it must be in the file.
func TestSize(t *testing.T) {
	long := strings.Repeat("Long "+bottest.Hostile+" ", 3000)
	var facts bot.Facts
	var steps bot.Steps
	var list bot.List
	var options []bot.Option
	for i := range 400 {
		facts = append(facts, bot.Fact{Name: fmt.Sprint("Fact ", i), Value: bot.Text{bot.Plain("value " + bottest.Hostile)}})
		steps = append(steps, bot.Step{Do: bot.Text{bot.Plain("Step " + bottest.Hostile)}, Why: "why"})
		list = append(list, bot.Item{Title: bot.Text{bot.Plain("Item")}, Action: bot.Choose{Label: "Open", Key: "k"}})
		options = append(options, bot.Option{Label: "Option " + bottest.Hostile, Value: fmt.Sprint(i)})
	}
	attached := []bot.Attachment{{Name: "log.txt", MediaType: "text/plain", Content: []byte(strings.Repeat("a line of it "+bottest.Hostile+"\n", 5000))}}
	for name, m := range map[string]bot.Message{
		"title":       {Title: long},
		"text":        {Body: []bot.Block{bot.Text{bot.Plain(long)}}},
		"many texts":  {Body: slicesOf(300, bot.Block(bot.Text{bot.Plain("some words " + bottest.Hostile)}))},
		"facts":       {Body: []bot.Block{facts}},
		"steps":       {Body: []bot.Block{steps}},
		"list":        {Body: []bot.Block{list}},
		"quote":       {Body: []bot.Block{bot.Quote(long)}},
		"quote lines": {Body: []bot.Block{bot.Quote(strings.Repeat("\n", 5000))}},
		"note":        {Body: []bot.Block{bot.Note{bot.Plain(long)}}},
		"file":        {Attachments: attached},
		"files":       {Attachments: slicesOf(200, attached[0])},
		"form":        {Actions: []bot.Action{bot.Ask{Label: long, Key: "k", Fields: []bot.Field{{Name: "f", Label: long, Kind: bot.Choice, Options: options}}}}},
		"actions":     {Actions: slicesOf(100, bot.Action(bot.Choose{Label: long, Key: "k"}))},
		"all of it": {
			Title: long, Body: []bot.Block{bot.Text{bot.Plain(long)}, facts, steps, list, bot.Quote(long), bot.Note{bot.Plain(long)}}, Attachments: attached,
			Actions: []bot.Action{bot.Choose{Label: "Approve", Key: "key-approve"}},
		},
	} {
		c := Render(Card{Message: m, Files: make([]string, 300)}, printer(t), nil)
		b, err := encode(c)
		if err != nil || len(b) > maxCard {
			t.Errorf("%s: %d bytes, %v", name, len(b), err)
		}
		whole := fitted(m, printer(t)).Attachments
		if name != "file" && (len(whole) == 0 || whole[0].Name != "whole-message.txt" || !strings.Contains(string(whole[0].Content), plain(m))) {
			t.Errorf("%s: not all of it is in a file", name)
		}
		if name == "all of it" && (!strings.Contains(string(b), "key-approve") || !strings.Contains(string(b), "Fact 0") || !strings.Contains(string(b), "log.txt")) {
			t.Errorf("what decides is not on the card: %s", b)
		}
	}
}

func slicesOf[T any](n int, v T) (all []T) {
	for range n {
		all = append(all, v)
	}
	return all
}

// FuzzRender holds any words of anybody's to what no card may do.
func FuzzRender(f *testing.F) {
	f.Add(bottest.Hostile)
	f.Add("{{{{DATE(2026-01-01T00:00:00Z, SHORT)}}}}<<at>x</at>&lt;at>")
	f.Add(strings.Repeat("\n>", 9000))
	f.Fuzz(func(t *testing.T, s string) {
		m := bot.Message{
			Title: s, Body: []bot.Block{bot.Text{bot.Plain(s), bot.Strong(s)}, bot.Quote(s), bot.Facts{{Name: s, Value: bot.Text{bot.Code(s)}}}},
			Attachments: []bot.Attachment{{Name: s, MediaType: "text/plain", Content: []byte(s)}},
			Actions:     []bot.Action{bot.Choose{Label: s, Key: "k"}},
		}
		b, err := json.Marshal(Render(Card{Message: m, Files: []string{"f"}}, printer(t), nil))
		if err != nil || len(b) > 3*maxCard {
			t.Errorf("%d bytes, %v", len(b), err)
		}
		var c obj
		if err := json.Unmarshal(b, &c); err != nil {
			t.Fatal(err)
		}
		if all := fmt.Sprint(c); strings.Contains(all, "{{") || strings.Contains(all, "<at>") || strings.Contains(all, "</") {
			t.Errorf("Teams would act on %s", all)
		}
	})
}
