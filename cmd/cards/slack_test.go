package main

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"mfahelp/bot"
	"mfahelp/bot/slack/slacktest"
	"mfahelp/flows/flowstest"
)

// A slackCard is one as its golden file has it.
type slackCard struct {
	Text    string
	Blocks  []any
	Dialogs map[string]struct {
		Title  struct{ Text string }
		Blocks []any
	}
}

func slackCardOf(t *testing.T, m bot.Message) (c slackCard) {
	t.Helper()
	if err := json.Unmarshal([]byte(inSlack(keyed(m))), &c); err != nil {
		t.Fatal(err)
	}
	return c
}

// readable is all that can be read in v, wherever it stands.
func readable(v any) string {
	var all []string
	switch v := v.(type) {
	case []any:
		for _, x := range v {
			all = append(all, readable(x))
		}
	case map[string]any:
		if s, ok := v["text"].(string); ok {
			all = append(all, s)
		}
		for _, name := range []string{"text", "elements", "fields", "accessory", "element", "label", "options", "fallback"} {
			if _, leaf := v[name].(string); !leaf && v[name] != nil {
				all = append(all, readable(v[name]))
			}
		}
	}
	return strings.Join(all, "\n")
}

// TestSlackTakesEveryCard holds each message, and each dialog that hangs from it,
// to Slack's limits, and to saying in the text that is read out what it says in
// its title.
func TestSlackTakesEveryCard(t *testing.T) {
	for _, st := range stories {
		m := play(st, t)
		c := slackCardOf(t, m)
		if why := slacktest.Unfit(c.Blocks, false); why != "" {
			t.Errorf("%s: %s", st.name, why)
		}
		if !strings.Contains(c.Text, m.Title) || !strings.Contains(readable(c.Blocks), m.Title) {
			t.Errorf("%s has the title %q, and says %q", st.name, m.Title, c.Text)
		}
		for key, d := range c.Dialogs {
			if why := slacktest.Unfit(d.Blocks, true); why != "" || len(d.Blocks) == 0 || d.Title.Text == "" {
				t.Errorf("%s, %s: %d blocks below %q; %s", st.name, key, len(d.Blocks), d.Title.Text, why)
			}
		}
	}
	if slacktest.Unfit([]any{map[string]any{"type": "hologram"}}, false) == "" {
		t.Error("there is nothing that Slack would not take")
	}
}

// TestInSlackAResetSaysWhat holds the blocks, and the text that is read out, to
// what who decides must see: who, what goes, what stays, and until when.
func TestInSlackAResetSaysWhat(t *testing.T) {
	must := []string{"Ava Chen", "Asked by", "What goes", "Pixel 9", "What stays", "Time limit", "Sessions"}
	for _, name := range []string{"reset-card-asked", "reset-card-by-colleague", "reset-card-proven", "reset-link-approve", "reset-manager", "reset-card-executed", "reset-card-watched"} {
		c := slackCardOf(t, named(t, name))
		for where, said := range map[string]string{"the blocks": readable(c.Blocks), "the text": c.Text} {
			for _, m := range must {
				if !strings.Contains(said, m) {
					t.Errorf("%s: %s lack %q:\n%s", name, where, m, said)
				}
			}
		}
	}
}

// TestInSlackNoneSaysTooMuch looks through all that Slack is given for what none
// may say: a pass, a phone number, a whole address, and an alarm to who asks.
func TestInSlackNoneSaysTooMuch(t *testing.T) {
	never := regexp.MustCompile(`\+\d[\d ]{6,}|\b\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}\b|` + regexp.QuoteMeta(flowstest.Canary))
	alarm := regexp.MustCompile(`(?i)fraud|suspicious|attack`)
	for _, said := range []string{"+1 206 555 0107", "203.0.113.77", "is " + flowstest.Canary} {
		if !never.MatchString(said) {
			t.Errorf("%q would not be found", said)
		}
	}
	for _, st := range stories {
		said := inSlack(keyed(play(st, t)))
		if found := never.FindString(said); found != "" {
			t.Errorf("%s says %q", st.name, found)
		}
		if strings.HasPrefix(st.name, "help-") && alarm.MatchString(said) {
			t.Errorf("%s tells whoever asks of an alarm:\n%s", st.name, said)
		}
	}
}
