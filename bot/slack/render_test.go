package slack

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"mfahelp/bot"
	"mfahelp/bot/bottest"
	"mfahelp/bot/slack/slacktest"
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

// TestAFullPage: of the page of a busy admin, with all that it lists at most and a
// link from each line, nothing is left out.
func TestAFullPage(t *testing.T) {
	list := func(n int, state string) (all bot.List) {
		for i := range n {
			all = append(all, bot.Item{
				Title: bot.Text{bot.Code(fmt.Sprintf("7PPZ-%04d", i)), bot.Plain(" · "), bot.Plain("Maximiliane von Hohenstein-Oppermann"), bot.Plain(" · "), bot.Plain("AADSTS500121")},
				Facts: bot.Text{
					bot.Plain(state), bot.Plain(" · "), bot.Time{At: time.Unix(1795165200, 0)}, bot.Plain(" · "),
					bot.Link{Text: "Open it", URL: "https://contoso-international.slack.com/archives/C0ADMINS001/p1795165200000100"},
				},
			})
		}
		return all
	}
	w := printer(t)
	page := asSent(t, RenderPage(bot.Message{Title: "Help with Microsoft sign-in", Body: []bot.Block{
		bot.Text{bot.Strong("Resets")}, list(20, "waits for approval"), bot.Text{bot.Strong("Open cases: 20")}, list(20, "With Bartholomew Featherstonehaugh"),
		bot.Text{bot.Strong("Your cases")}, list(10, "with your admins; write here to add something"),
	}, Actions: []bot.Action{bottest.Form()}}, w))
	said := texts(page["blocks"])
	if strings.Contains(said, w.Say("slack.shortened")) || strings.Count(said, "Maximiliane") != 50 {
		t.Errorf("of 50 lines %d are left: %.200s", strings.Count(said, "Maximiliane"), said)
	}
	if why := slacktest.UnfitView(page); why != "" {
		t.Error(why)
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
