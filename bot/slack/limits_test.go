package slack_test

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"mfahelp/bot"
	"mfahelp/bot/slack/slacktest"
)

// count is how often a method was called.
func (w *world) count(method string) int {
	return len(slices.DeleteFunc(w.fake.Calls(), func(m string) bool { return m != method }))
}

// TestRetryAfter has Slack say when to come again. Nobody asks before, not for
// another message either, and then it is said once.
func TestRetryAfter(t *testing.T) {
	w := open(t)
	w.fake.Fail(slacktest.Fault{Method: "chat.postMessage", Status: http.StatusTooManyRequests, Header: http.Header{"Retry-After": {"17"}}})
	try := func(key string) (string, *bot.BusyError) {
		t.Helper()
		ref, err := w.Send(t.Context(), bot.Post{To: w.inAdmins(), Key: key, Message: bot.Message{Title: "A case"}}, "")
		busy := (*bot.BusyError)(nil)
		if err != nil && !errors.As(err, &busy) {
			t.Fatalf("got %v", err)
		}
		return ref, busy
	}
	if _, busy := try("card"); busy == nil || busy.After != 17*time.Second {
		t.Fatalf("got %+v", busy)
	}
	for _, key := range []string{"card", "another"} {
		if _, busy := try(key); busy == nil || busy.After <= 0 || busy.After > 17*time.Second {
			t.Errorf("%s: a moment later, got %+v", key, busy)
		}
	}
	if n := w.count("chat.postMessage"); n != 1 {
		t.Errorf("Slack was asked %d times before it wanted to be", n)
	}
	w.clock.move(18 * time.Second)
	ref, busy := try("card")
	if busy != nil || len(w.fake.Messages(w.admins)) != 1 {
		t.Errorf("got %q, %+v, and %d messages", ref, busy, len(w.fake.Messages(w.admins)))
	}
}

// TestOnceThoughUnclear has Slack do what it is asked and not say so. What is
// tried again is not said again.
func TestOnceThoughUnclear(t *testing.T) {
	for name, fault := range map[string]slacktest.Fault{
		"the line is cut":   {Method: "chat.postMessage", Done: true},
		"an error of its":   {Method: "chat.postMessage", Code: "internal_error", Done: true},
		"a gateway's error": {Method: "chat.postMessage", Status: http.StatusBadGateway, Done: true},
	} {
		t.Run(name, func(t *testing.T) {
			w := open(t)
			w.fake.Fail(fault)
			p := bot.Post{To: w.inAdmins(), Key: "card", Message: bot.Message{Title: "A case"}}
			if _, err := w.Send(t.Context(), p, ""); err == nil {
				t.Fatal("nothing went wrong")
			}
			ref := w.post(p, "")
			if all := w.fake.Messages(w.admins); len(all) != 1 || all[0].TS != ref {
				t.Errorf("it was said %d times, and %q is not it", len(all), ref)
			}
		})
	}
}

// TestAnswerTooLate answers a command when the way to do so is over, or was used
// up. It reaches who asked all the same, and nobody else.
func TestAnswerTooLate(t *testing.T) {
	answer := func(w *world, e bot.Event) {
		w.post(bot.Post{To: e.In, Reply: e.Reply, Key: "answer", Message: bot.Message{Title: "Your answer", Body: []bot.Block{bot.Text{bot.Plain("for you")}}}}, "")
	}
	for name, spoil := range map[string]func(*world){
		"in time":            func(*world) {},
		"after half an hour": func(w *world) { w.clock.move(31 * time.Minute) },
		"used up":            func(w *world) { w.fake.Fail(slacktest.Fault{Method: "response", Status: http.StatusNotFound}) },
		"not in the channel": func(w *world) {
			w.clock.move(31 * time.Minute)
			w.fake.Change(func() { w.general.Members = nil })
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := open(t)
			w.taken(w.fake.Command(t.Context(), w.ada, w.general, "/mfa-help", "status"))
			spoil(w)
			answer(w, w.last())
			got := 0
			for _, c := range []*slacktest.Channel{w.general, w.fake.Direct(w.ada)} {
				for _, m := range w.fake.Messages(c) {
					if strings.Contains(m.Text, "Your answer") && (m.To == w.ada || c.With == w.ada) {
						got++
					} else {
						t.Errorf("somebody else reads %q", m.Text)
					}
				}
			}
			if got != 1 {
				t.Errorf("they were answered %d times; the log says\n%s", got, w.logged())
			}
		})
	}
}

// TestRevokedFromTheStart: with a token that is worth nothing the program does not
// start, and says what to do; one that comes later ends readiness.
func TestTokensThatAreWorthNothing(t *testing.T) {
	for code, cure := range map[string]string{
		"token_revoked": "Reinstall to Workspace", "invalid_auth": "copy it again", "account_inactive": "Install to Workspace", "token_expired": "make the app anew",
	} {
		w := prepare(t, slacktest.Options{})
		w.fake.Fail(slacktest.Fault{Method: "auth.test", Code: code, Times: 100})
		s := w.make(nil)
		if err := s.Run(t.Context()); err == nil || !strings.Contains(err.Error(), code) || !strings.Contains(err.Error(), cure) {
			t.Errorf("%s: it ended with %v", code, err)
		}
	}
	w := open(t)
	w.fake.Revoke(true)
	w.taken(w.fake.Happen(t.Context(), map[string]any{"type": "app_uninstalled"}, ""))
	if err := w.Ready(); err == nil || !strings.Contains(w.logged(), "app_uninstalled. The app was removed from the workspace: api.slack.com") {
		t.Errorf("after it was removed it is ready: %v; the log says\n%s", err, w.logged())
	}
	w = open(t)
	w.taken(w.fake.Happen(t.Context(), map[string]any{"type": "app_uninstalled"}, ""))
	w.until("it is ready, for Slack takes its token: that was before it was installed again", func() bool { return w.Ready() == nil })
	w = open(t)
	w.fake.Revoke(true)
	w.taken(w.fake.Happen(t.Context(), map[string]any{"type": "tokens_revoked", "tokens": map[string]any{"bot": []any{w.fake.Bot}}}, ""))
	if err := w.Ready(); err == nil || !strings.Contains(err.Error(), "token_revoked") {
		t.Errorf("after its token was revoked it is ready: %v", err)
	}
}

// TestLongAnswer answers a command with more than a message takes. All of it is in
// a file, which hangs from no whisper, so it is in their own conversation.
func TestLongAnswer(t *testing.T) {
	w := open(t)
	w.taken(w.fake.Command(t.Context(), w.ada, w.general, "/mfa-help", "status"))
	e := w.last()
	long := strings.Repeat("One of many lines. ", 1000)
	ref := w.post(bot.Post{To: e.In, Reply: e.Reply, Key: "answer", Message: bot.Message{Title: "All of it", Body: []bot.Block{bot.Text{bot.Plain(long)}}}}, "")
	if all := w.fake.Messages(w.general); len(all) != 0 {
		t.Errorf("among others it says %+v", all)
	}
	all := w.fake.Messages(w.fake.Direct(w.ada))
	if len(all) != 2 || len(all[1].Files) != 1 || all[1].Thread != all[0].TS || string(all[1].Files[0].Content) != "All of it\n"+long {
		t.Fatalf("%s is %+v; the log says\n%s", ref, all, w.logged())
	}
	if !strings.Contains(all[0].Text, "All of it") || !strings.HasSuffix(all[0].Text, "…") {
		t.Errorf("what is read out is %.60q", all[0].Text)
	}
	w.fine()
}
