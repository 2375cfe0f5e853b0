package web

import (
	"strings"
	"testing"

	"mfahelp/bot"
)

// TestLinksOfATenant leads to the pretend tenant's own pages what at Microsoft
// is theirs, and leaves every other address alone.
func TestLinksOfATenant(t *testing.T) {
	m := bot.Message{
		Title: "t", Body: []bot.Block{bot.Text{bot.Link{Text: "there", URL: "https://aka.ms/there"}, bot.Link{Text: "elsewhere", URL: "https://aka.ms/elsewhere"}}},
		Actions: []bot.Action{bot.Open{Label: "Go", URL: "https://aka.ms/there"}},
	}
	html := Render(Card{Message: &m, Links: map[string]string{"https://aka.ms/there": "http://127.0.0.1:9/there"}}, english)
	if strings.Contains(html, "aka.ms/there") || strings.Count(html, `href="http://127.0.0.1:9/there"`) != 2 || !strings.Contains(html, `href="https://aka.ms/elsewhere"`) {
		t.Error(html)
	}
}
