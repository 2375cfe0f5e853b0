package main

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"mfahelp/bot/slack/slacktest"
)

// TestKillInSlack kills the real binary between taking what people do in Slack and
// answering it, and again when an answer is there and Slack has not said so. Every
// answer comes once, and in the order in which it was asked for.
func TestKillInSlack(t *testing.T) {
	fake := slacktest.New(slacktest.Options{NoRates: true, TLS: true})
	t.Cleanup(fake.Close)
	people := strings.Builder{}
	var all []*slacktest.Person
	for i := range 6 {
		p := fake.Add(slacktest.Person{Name: fmt.Sprint("Person ", i)})
		all = append(all, p)
		fmt.Fprintf(&people, "    - {slack: %s, object: 11111111-aaaa-4aaa-8aaa-%012d}\n", p.ID, i)
	}
	tenant := startSandbox(t)
	in := install(t, tenant, "slack:\n  bot_token: env:MFAHELP_SLACK_BOT_TOKEN\n  signing_secret: env:MFAHELP_SLACK_SIGNING_SECRET\n"+
		"  api: "+fake.URL+"\n  people:\n"+people.String())
	run := func() *program {
		t.Helper()
		p, url := serveSlack(t, in, fake)
		p.until("it is ready", func() bool {
			status, _ := get(t, url+"/readyz")
			return status == http.StatusOK
		})
		return p
	}
	asks := func(p *slacktest.Person, what string) {
		t.Helper()
		d, err := fake.Command(t.Context(), p, fake.Direct(p), "/mfa-help", what)
		if err != nil || !d.Taken() {
			t.Fatalf("it is answered with %d %s, %v", d.Status, d.Body, err)
		}
	}
	answers := func(p *slacktest.Person) (titles []string) {
		for _, m := range fake.See(p, fake.Direct(p)) {
			titles = append(titles, m.Title)
		}
		return titles
	}

	program := run()
	asks(all[0], "help")
	asks(all[0], "status")
	program.until("one is answered", func() bool { return len(answers(all[0])) == 2 })
	help, status := answers(all[0])[0], answers(all[0])[1]
	if help == status {
		t.Fatalf("both are answered with %q", help)
	}

	// It has all of it, and Slack takes nothing, when it is killed.
	fake.Fail(slacktest.Fault{Method: "chat.postMessage", Status: http.StatusServiceUnavailable, Times: 1 << 20})
	want := []string{help, status, status, help, status}
	for _, title := range want {
		for _, p := range all[1:] {
			asks(p, map[string]string{help: "help", status: "status"}[title])
		}
	}
	program.kill()
	fake.Calm()
	program = run()
	for _, p := range all[1:] {
		program.until(p.Name+" is answered", func() bool { return len(answers(p)) >= len(want) })
	}

	// The answer is there, and Slack has not said so, when it is killed.
	fake.Fail(slacktest.Fault{Method: "chat.postMessage", Done: true, Silent: true, Times: 1 << 20})
	asks(all[1], "help")
	program.until("it is said", func() bool { return len(answers(all[1])) == len(want)+1 })
	program.kill()
	fake.Calm()
	program = run()
	asks(all[1], "status") // which is answered after what was asked before
	program.until("what comes after it is answered", func() bool {
		got := answers(all[1])
		return got[len(got)-1] == status && len(got) > len(want)+1
	})
	if code := program.terminate(); code != exitOK {
		t.Errorf("it ended with %d", code)
	}
	for i, p := range all[1:] {
		order := want
		if i == 0 {
			order = append(slices.Clone(want), help, status)
		}
		if got := answers(p); !slices.Equal(got, order) {
			t.Errorf("%s sees %q, want %q", p.Name, got, order)
		}
	}
	for _, c := range fake.Complaints() {
		t.Errorf("Slack complains: %s", c)
	}
}
