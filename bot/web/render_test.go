package web

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"mfahelp/bot"
	"mfahelp/bot/bottest"
	"mfahelp/words"
)

var english = &words.Printer{}

func everything() Card {
	m := bottest.Everything()
	return Card{
		Message: &m, Ref: "m7", Seat: "employee", Order: 7, Rev: 2, Thread: "m3", Name: "mfahelp", OnlyYou: true,
		At: time.Date(2026, 11, 20, 8, 15, 0, 0, time.UTC), Edited: time.Date(2026, 11, 20, 8, 16, 0, 0, time.UTC),
	}
}

func spoken() Card {
	return Card{Text: bottest.Hostile + "\n</article><script>alert(1)</script>", Ref: "m8", Seat: "admin", Order: 8, Name: bottest.Hostile, Mine: true, At: everything().At}
}

func TestRenderEverything(t *testing.T) {
	bottest.GoldenText(t, "everything.html", Render(everything(), english))
}

func TestRenderSaid(t *testing.T) {
	long := spoken()
	long.Text = strings.Repeat(bottest.Hostile+"\n", 20)
	bottest.GoldenText(t, "said.html", Render(spoken(), english)+"\n"+Render(long, english))
}

// TestHostileTextIsInert looks for what -update would bless.
func TestHostileTextIsInert(t *testing.T) {
	m := everything()
	m.Message.Body = append(m.Message.Body,
		bot.Text{bot.Link{Text: "run", URL: "javascript:alert(1)"}, bot.Link{Text: "data", URL: "data:text/html,<script>alert(1)</script>"}, bot.Plain(`<img src=x onerror=alert(1)>`)},
		bot.Quote(`"><svg onload=alert(1)>`),
	)
	m.Message.Title = `</h3><script>alert(1)</script>` + m.Message.Title
	m.Message.Attachments = append(m.Message.Attachments, bot.Attachment{Name: `"><script>alert(1)</script>.html`})
	m.Message.Actions = append(m.Message.Actions,
		bot.Open{Label: "go", URL: "JaVaScRiPt:alert(1)"}, bot.Choose{Label: `"><script>`, Key: `"><script>alert(1)</script>`},
		bot.Ask{Label: "x", Key: "k", Fields: []bot.Field{{Name: `" onfocus=alert(1) x="`, Label: "</label><script>", Kind: bot.Choice, Options: []bot.Option{{Label: "</option><script>", Value: `"><script>`}}}}})
	out := Render(m, english) + Render(spoken(), english)
	for _, bad := range active(out) {
		t.Errorf("%s came out", bad)
	}
	for _, secret := range []string{bottest.Verb, bottest.Subject} {
		if strings.Contains(out, secret) {
			t.Errorf("%s left us", secret)
		}
	}
}

// harmless are the tags that cards are made of. None runs or loads anything.
var harmless = strings.Fields("article header p span time h3 svg use bdi strong code a b dl div dt dd ol ul li " +
	"blockquote button template h2 label input textarea select option details summary")

// active returns what in a piece of HTML could run, load, or lead somewhere that
// is not ours.
func active(text string) (bad []string) {
	for z := html.NewTokenizer(strings.NewReader(text)); ; {
		switch z.Next() {
		case html.ErrorToken:
			return bad
		case html.CommentToken, html.DoctypeToken:
			bad = append(bad, z.Token().String())
		case html.StartTagToken, html.SelfClosingTagToken:
			t := z.Token()
			if !slices.Contains(harmless, t.Data) {
				bad = append(bad, t.String())
			}
			for _, a := range t.Attr {
				leads := a.Key == "href" && !regexp.MustCompile(`^(https://example\.com/|/files/|#)`).MatchString(a.Val)
				if strings.HasPrefix(a.Key, "on") || a.Key == "style" || a.Key == "src" || a.Key == "srcdoc" || a.Key == "action" || leads {
					bad = append(bad, t.String())
				}
			}
		case html.TextToken, html.EndTagToken:
		}
	}
}

func TestActive(t *testing.T) {
	for _, text := range []string{"<script>", "<img src=x>", "<p onclick=x>", "<a href=javascript:x>", "<a href=//evil.example>", "<!-- x -->", "<p style=x>"} {
		if active(text) == nil {
			t.Errorf("%s passes for harmless", text)
		}
	}
}

// TestSecretsAreDashes counts what stands where a secret would, and the buttons
// to ask for it.
func TestSecretsAreDashes(t *testing.T) {
	pass := bot.Reveal{Kind: "pass"}
	for _, test := range []struct {
		name           string
		body           []bot.Block
		dashes, button int
	}{
		{"none", []bot.Block{bot.Text{bot.Plain("no secret")}}, 0, 0},
		{"one", []bot.Block{bot.Text{pass}}, 1, 1},
		{"one, in a fact", []bot.Block{bot.Facts{{Name: "Pass", Value: bot.Text{pass}}}}, 1, 1},
		{"two, in a list and a note", []bot.Block{bot.List{{Title: bot.Text{pass}}}, bot.Note{bot.Reveal{Kind: "code"}}}, 2, 1},
	} {
		out := Render(Card{Message: &bot.Message{Title: "Pass", Body: test.body}, Ref: "m7"}, english)
		dashes, buttons := strings.Count(out, `<span class="secret">–</span>`), strings.Count(out, `data-reveal="m7"`)
		if dashes != test.dashes || buttons != test.button {
			t.Errorf("%s: got %d dashes and %d buttons, want %d and %d", test.name, dashes, buttons, test.dashes, test.button)
		}
	}
}

// TestAPageComesFirst tells which card makes most of a page that it opens.
func TestAPageComesFirst(t *testing.T) {
	page, other := bot.Open{Label: "Sign in", URL: "https://example.com/"}, bot.Choose{Label: "Stop", Key: "k"}
	first := bot.Choose{Label: "Yes", Key: "k", Weight: bot.Primary}
	for _, test := range []struct {
		name    string
		actions []bot.Action
		want    bool
	}{
		{"alone", []bot.Action{page}, true},
		{"before a choice", []bot.Action{page, other}, true},
		{"after a choice", []bot.Action{other, page}, false},
		{"beside what most should choose", []bot.Action{page, first}, false},
		{"beside a form that most should fill in", []bot.Action{page, bot.Ask{Label: "Yes", Key: "k", Weight: bot.Primary}}, false},
	} {
		out := Render(Card{Message: &bot.Message{Title: "x", Actions: test.actions}}, english)
		_, link, _ := strings.Cut(out, "<a ")
		link, _, _ = strings.Cut(link, ">")
		if got := strings.Contains(link, "primary"); got != test.want {
			t.Errorf("%s: got %v, want %v", test.name, got, test.want)
		}
		for _, safe := range []string{`target="_blank"`, `rel="noopener noreferrer"`} {
			if !strings.Contains(link, safe) {
				t.Errorf("%s: it opens without %s", test.name, safe)
			}
		}
	}
}

func TestInitials(t *testing.T) {
	for name, want := range map[string]string{
		"Ada Lovelace": "AL", "Quỳnh Trần": "QT", "Élif": "É", "Maria del Mar Cruz": "MC", "<b>": "B", "渡辺 健二": "渡健", "": "?", "42 !": "?",
	} {
		if got := initials(name); got != want {
			t.Errorf("%q: got %s, want %s", name, got, want)
		}
	}
}

func TestSummary(t *testing.T) {
	for _, test := range []struct {
		title string
		body  []bot.Block
		want  string
	}{
		{"Looking…", nil, "Looking…"},
		{"Looking…", []bot.Block{bot.Text{bot.Plain("This takes a moment. Or two.")}}, "Looking… This takes a moment."},
		{"No answer", []bot.Block{bot.Facts{}, bot.Text{bot.Plain("See v1.2 of "), bot.Code("x.y"), bot.Plain("? Yes.")}}, "No answer. See v1.2 of x.y?"},
		{"Pass", []bot.Block{bot.Text{bot.Plain("It is "), bot.Reveal{Kind: "pass"}, bot.Plain(".")}}, "Pass. It is –."},
		{"Sure?", []bot.Block{bot.Text{bot.Plain("no end")}}, "Sure? no end"},
		{"Empty", []bot.Block{bot.Text{}}, "Empty."},
		{"It waits", []bot.Block{bot.Text{bot.Plain("It ends at "), bot.Time{At: time.Date(2026, 11, 29, 17, 3, 3, 0, time.UTC)}, bot.Plain(".")}}, "It waits. It ends at 29 November, 17:03 UTC."},
	} {
		if got := Summary(Card{Message: &bot.Message{Title: test.title, Body: test.body}}); strings.TrimSpace(got) != test.want {
			t.Errorf("got %q, want %q", got, test.want)
		}
	}
	if got := Summary(Card{Text: strings.Repeat("a", 1000)}); len([]rune(got)) != 140 {
		t.Errorf("a long paste is read aloud for %d characters", len([]rune(got)))
	}
}

// TestEveryReferenceHasItsTarget checks what a screen reader follows.
func TestEveryReferenceHasItsTarget(t *testing.T) {
	out := Render(everything(), english)
	ids := map[string]int{}
	for _, id := range regexp.MustCompile(` id="([^"]+)"`).FindAllStringSubmatch(out, -1) {
		ids[id[1]]++
		if ids[id[1]] > 1 {
			t.Errorf("two things are called %s", id[1])
		}
	}
	for _, ref := range regexp.MustCompile(` (?:for|aria-labelledby|aria-describedby)="([^"]+)"`).FindAllStringSubmatch(out, -1) {
		for id := range strings.FieldsSeq(ref[1]) {
			if ids[id] == 0 {
				t.Errorf("nothing is called %s", id)
			}
		}
	}
}
