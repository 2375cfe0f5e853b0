package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"mfahelp/bot/slack/slacktest"
)

// figuresOfSlack sends signed messages to the real binary, each a paste in its
// sender's own conversation.
func figuresOfSlack(t *testing.T) {
	const people = 2000
	fake := slacktest.New(slacktest.Options{NoRates: true, TLS: true})
	t.Cleanup(fake.Close)
	tenant := startSandbox(t)
	more := strings.Builder{}
	more.WriteString("slack:\n  bot_token: env:MFAHELP_SLACK_BOT_TOKEN\n  signing_secret: env:MFAHELP_SLACK_SIGNING_SECRET\n" +
		"  api: " + fake.URL + "\n  people:\n")
	for i := range people {
		p := fake.Add(slacktest.Person{Name: fmt.Sprint("Person ", i)})
		fmt.Fprintf(&more, "    - {slack: %s, object: 11111111-aaaa-4aaa-8aaa-%012d}\n", p.ID, i)
	}
	in := install(t, tenant, more.String())
	p, url := serveSlack(t, in, fake)
	p.until("it knows everybody", func() bool {
		status, _ := get(t, url+"/readyz")
		return status == http.StatusOK && strings.Contains(strings.Join(fake.Calls(), " "), "users.list")
	})
	newLoad(func(ctx context.Context, i int) (*http.Request, error) {
		who := fmt.Sprintf("U0P%07d", i%people+1)
		b, err := json.Marshal(fake.Envelope(map[string]any{
			"type": "message", "user": who, "channel": "D" + who[1:], "channel_type": "im", "ts": fmt.Sprintf("%d.%06d", 1700000000+i/1e6, i%1e6),
			"text": fmt.Sprintf("Error Code: 500121 Request Id: 0a1b2c3d-0000-4000-8000-%012d", i),
		}, ""))
		if err != nil {
			return nil, err
		}
		return fake.Signed(ctx, slacktest.Request{Body: b})
	}).figures(t, "SlackEvents", p, tenant)
}

// serveSlack starts the program of an installation in a Slack, and returns where it
// serves.
func serveSlack(t *testing.T, in *installation, fake *slacktest.Fake) (p *program, url string) {
	t.Helper()
	trusted := filepath.Join(in.dir, "slack.pem")
	if err := os.WriteFile(trusted, fake.Certificate(), 0o600); err != nil {
		t.Fatal(err)
	}
	p = start(t, []string{
		"MFAHELP_CLIENT_SECRET=" + in.secret, "MFAHELP_SLACK_BOT_TOKEN=" + fake.BotToken,
		"MFAHELP_SLACK_SIGNING_SECRET=" + fake.SigningSecret, "SSL_CERT_FILE=" + trusted,
	}, "serve", "--config", in.file)
	url = "http://" + p.said(&p.err, servingLine)[1]
	fake.Connect(url + slackPath)
	return p, url
}

// until waits for what the program does in its own time.
func (p *program) until(what string, ok func() bool) {
	p.t.Helper()
	late := time.After(patience)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-late:
			p.t.Fatalf("waited in vain until %s", what)
		}
	}
}
