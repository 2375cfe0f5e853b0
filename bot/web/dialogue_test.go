package web_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"mfahelp/bot"
	"mfahelp/bot/bottest"
	"mfahelp/bot/web/webtest"
)

// TestDriver plays a dialogue with a bot that answers everything, as a proof that
// the driver and the page understand each other. The real dialogues need the
// real flows and are played where those are put together.
func TestDriver(t *testing.T) {
	p := open(t)
	p.inbox.Answer = p.answer
	var waited time.Duration
	settled := 0
	d, err := webtest.New(t.Context(), webtest.Options{
		URL:     p.url,
		Advance: func(_ context.Context, by time.Duration) error { waited += by; return nil },
		Settle:  func(context.Context) error { settled++; return nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	dialogue, err := bottest.Parse("toy.txt", `# A day at the page
make no-response
ada says "this again:\n<paste>"
bot to ada: title "You said"; says "Error Code: 500121"; status waiting; attaches "log.txt"; offers "Ask"
bot to bob: nothing
ada fills "Ask" tried="restarted it" "Still have it?"="No, lost"
admins see: title "ada asks"; says "restarted it"; says "lost"
pia replies "which phone?"
admins see in thread: title "You said"; says "which phone?"
pia presses "Claim" in admins on "ada asks"
admins see: title "pia claims"
ada runs "/mfa-help status"
bot to ada: title "mfa-help"; says "status"
wait 90s
`)
	if err != nil {
		t.Fatal(err)
	}
	if err := dialogue.Run(t.Context(), d); err != nil {
		t.Error(err)
	}
	if waited != 90*time.Second || settled != 6 {
		t.Errorf("it waited for %v and until all was quiet %d times", waited, settled)
	}
}

// answer is a bot for [TestDriver].
func (p *page) answer(e bot.Event) {
	switch did := e.Did.(type) {
	case bot.Said:
		var lines []bot.Block
		for l := range strings.Lines(did.Text) {
			lines = append(lines, bot.Text{bot.Plain(l)})
		}
		p.send(e.In, e.ID, bot.Message{
			Title: "You said", Status: bot.Waiting, Body: lines,
			Attachments: []bot.Attachment{{Name: "log.txt"}},
			Actions: []bot.Action{bot.Ask{Label: "Ask", Key: "ask-" + e.ID, Fields: []bot.Field{
				{Name: "tried", Label: "What did you try?", Kind: bot.Paragraph, Required: true},
				{Name: "phone", Label: "Still have it?", Kind: bot.Choice, Options: []bot.Option{{Label: "No, lost", Value: "lost"}}},
			}}},
		}, "")
	case bot.Pressed:
		title := e.From.ID + " asks"
		if strings.HasPrefix(did.Key, "claim") {
			title = e.From.ID + " claims"
		}
		p.send(channel, e.ID, bot.Message{Title: title, Body: []bot.Block{bot.Text{bot.Plain(did.Fields["tried"])}, bot.Quote(did.Fields["phone"])}, Actions: []bot.Action{
			bot.Choose{Label: "Claim", Key: "claim-" + e.ID},
		}}, "")
	case bot.Commanded:
		p.send(e.In, e.ID, bot.Message{Title: did.Name, Body: []bot.Block{bot.Quote(did.Text)}}, "")
	case bot.Marked, bot.OpenedHome, bot.SignedIn, bot.Ended: // not on this page
	}
}
