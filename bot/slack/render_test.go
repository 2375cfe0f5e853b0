package slack

import (
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

func TestEverything(t *testing.T) {
	w := printer(t)
	bottest.Golden(t, "everything.json", Render(bottest.Everything(), w))
	bottest.Golden(t, "everything-view.json", RenderView(bottest.Everything(), w, "meta", bottest.Resolve))
	bottest.Golden(t, "everything-page.json", RenderPage(bottest.Everything(), w))
	bottest.Golden(t, "form.json", RenderForm(bottest.Form(), w, "meta"))
}

// TestHostileText looks at all that Slack parses. The golden files alone would
// not do: -update could bless a hole.
func TestHostileText(t *testing.T) {
	w := printer(t)
	parsed := 0
	for name, v := range map[string]obj{
		"message": {"blocks": Render(bottest.Everything(), w).Blocks}, "page": RenderPage(bottest.Everything(), w),
		"view": RenderView(bottest.Everything(), w, "", bottest.Resolve), "form": RenderForm(bottest.Form(), w, ""),
	} {
		sent := asSent(t, v)
		harmless(t, sent)
		before := parsed
		mrkdwns(sent, func(string) { parsed++ })
		if name != "form" && parsed == before {
			t.Errorf("%s: there is no markup at all", name)
		}
	}
	if text := Render(bottest.Everything(), w).Text; strings.ContainsAny(text, "<>") || !strings.Contains(text, "&lt;!channel&gt;") {
		t.Errorf("Slack would act on the text %s", text)
	}
}

// mrkdwns calls f with every text in v in which Slack looks for markup.
func mrkdwns(v any, f func(string)) {
	switch v := v.(type) {
	case map[string]any:
		if v["type"] == "mrkdwn" {
			s, _ := v["text"].(string)
			f(s)
		}
		for _, x := range v {
			mrkdwns(x, f)
		}
	case []any:
		for _, x := range v {
			mrkdwns(x, f)
		}
	}
}

func TestWhatStaysHere(t *testing.T) {
	w := printer(t)
	for _, v := range []any{Render(bottest.Everything(), w), RenderPage(bottest.Everything(), w), RenderView(bottest.Everything(), w, "", nil)} {
		for _, bad := range []string{bottest.Verb, bottest.Subject, "Pass "} {
			if strings.Contains(fmt.Sprint(v), bad) {
				t.Errorf("sent %q in %v", bad, v)
			}
		}
	}
}

func TestSpoken(t *testing.T) {
	for _, test := range []struct{ in, want string }{
		{"<@U0BOT> I cannot <sign in", "I cannot <sign in"},
		{"&lt;b&gt; &amp;copy; &amp;lt;", "<b> &copy; &lt;"},
		{"see <https://login.microsoftonline.com/x|login.microsoftonline.com/x>", "see login.microsoftonline.com/x"},
		{"<https://contoso.com/a?b=1&amp;c=2>", "https://contoso.com/a?b=1&c=2"},
		{"<!channel> <!here|here> <!subteam^S1|@admins>", "@channel here @admins"},
		{"<@U0PIA|pia> in <#C0CHAN|general>", "@pia in #general"},
		{"<!date^1700000000^{date}|yesterday>", "yesterday"},
		{"<mailto:ada@contoso.com|ada@contoso.com>", "ada@contoso.com"},
	} {
		if got := spoken(test.in, "U0BOT"); got != test.want {
			t.Errorf("%q: got %q, want %q", test.in, got, test.want)
		}
	}
}

// TestTime reads what Slack calls a time.
func TestTime(t *testing.T) {
	for _, test := range []struct{ in, want string }{
		{"1700000000.000100", "2023-11-14T22:13:20.0001Z"}, {"1700000000", "2023-11-14T22:13:20Z"}, {"", "never"}, {"NaN", "never"}, {"1e300", "never"}, {"-5", "never"},
	} {
		otherwise := at("1.0", at("1.0", at("2", bot.Time{}.At)))
		want := test.want
		if want == "never" {
			want = otherwise.Format("2006-01-02T15:04:05.9999Z07:00")
		}
		if got := at(test.in, otherwise).Format("2006-01-02T15:04:05.9999Z07:00"); got != want {
			t.Errorf("%q: got %s, want %s", test.in, got, want)
		}
	}
}
