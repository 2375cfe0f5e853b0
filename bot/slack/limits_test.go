package slack_test

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"mfahelp/bot"
	"mfahelp/bot/slack"
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

// TestOnceThoughUnclear has Slack do what it is asked and not say so, in every place
// where something is said. What is tried again is not said again, by the same program
// or by one that was started after it.
func TestOnceThoughUnclear(t *testing.T) {
	for name, fault := range map[string]slacktest.Fault{
		"the line is cut":   {Method: "chat.postMessage", Done: true},
		"no answer":         {Method: "chat.postMessage", Done: true, Silent: true},
		"an error of its":   {Method: "chat.postMessage", Code: "internal_error", Done: true},
		"a gateway's error": {Method: "chat.postMessage", Status: http.StatusBadGateway, Done: true},
	} {
		for _, restarted := range []bool{false, true} {
			t.Run(fmt.Sprint(name, ", restarted ", restarted), func(t *testing.T) {
				t.Parallel()
				hurried := func(_ *world, o *slack.Options) { o.HTTP = &http.Client{Timeout: time.Second} }
				w := openWith(t, slacktest.Options{}, hurried)
				root := w.send(w.inAdmins(), "root", bot.Message{Title: "A case"}, "")
				thread := w.inAdmins()
				thread.Thread = root
				for where, to := range map[string]struct {
					in bot.Place
					c  *slacktest.Channel
				}{
					"a channel":       {w.inAdmins(), w.admins},
					"a thread":        {thread, w.admins},
					"a conversation":  {w.direct(w.ada), w.fake.Direct(w.ada)},
					"one that is new": {bot.Place{Platform: "slack", Private: true, Audience: bot.Direct, Reader: w.bob.ID}, w.fake.Direct(w.bob)},
				} {
					before := len(w.fake.Messages(to.c))
					w.fake.Fail(fault)
					p := bot.Post{To: to.in, Key: "post/" + where, Message: bot.Message{Title: "A post"}}
					if _, err := w.Send(t.Context(), p, ""); !errors.As(err, new(*bot.BusyError)) {
						t.Fatalf("%s: got %v", where, err)
					}
					if restarted {
						w.start(hurried)
						p.Again = true
					}
					ref := w.post(p, "")
					if all := w.fake.Messages(to.c)[before:]; len(all) != 1 || all[0].TS != ref {
						t.Errorf("%s: it was said %d times, and %q is not it", where, len(all), ref)
					}
					w.clock.move(time.Minute)
				}
				w.fine()
			})
		}
	}
}

// TestTwiceIfItMayNotLook: where Slack does not let the bot look, a message stands
// twice rather than not at all, and the log says so and which scope would help.
func TestTwiceIfItMayNotLook(t *testing.T) {
	w := openWith(t, slacktest.Options{Scopes: without("groups:history")}, nil)
	w.fake.Fail(slacktest.Fault{Method: "chat.postMessage", Done: true})
	p := bot.Post{To: w.inAdmins(), Key: "card", Message: bot.Message{Title: "A case"}}
	if _, err := w.Send(t.Context(), p, ""); err == nil {
		t.Fatal("nothing went wrong")
	}
	w.post(p, "")
	if n := len(w.fake.Messages(w.admins)); n != 2 {
		t.Errorf("it was said %d times", n)
	}
	if s := w.logged(); !strings.Contains(s, "warn a message may be there twice") || !strings.Contains(s, "Without groups:history") {
		t.Errorf("the log does not say so:\n%s", s)
	}
}

// without are all scopes but one.
func without(scope string) []string {
	return slices.DeleteFunc(slices.Clone(slacktest.Scopes), func(s string) bool { return s == scope })
}

// TestWrongScopes takes away what the bot needs while it is at work. What fails says
// which scope would help, nobody is listened to of whom nothing is known, and
// nothing is said twice.
func TestWrongScopes(t *testing.T) {
	for scope, do := range map[string]func(*world) error{
		"chat:write": func(w *world) error {
			_, err := w.Send(t.Context(), bot.Post{To: w.inAdmins(), Key: "card", Message: bot.Message{Title: "A case"}}, "")
			return err
		},
		"files:write": func(w *world) (err error) {
			p := bot.Post{To: w.inAdmins(), Key: "card", Message: bot.Message{Title: "A case", Attachments: []bot.Attachment{{Name: "a.txt", Content: []byte("x")}}}}
			for range 3 {
				_, err = w.Send(t.Context(), p, "")
			}
			if n := len(w.fake.Messages(w.admins)); n != 1 {
				t.Errorf("it was said %d times", n)
			}
			return err
		},
		"im:write": func(w *world) error {
			_, _, _, err := w.Reach(t.Context(), w.list[w.bob.ID])
			return err
		},
		"users:read": func(w *world) error {
			late := w.add(slacktest.Person{Name: "Lee Late"})
			d, err := w.fake.Say(t.Context(), late, w.fake.Direct(late), slacktest.Words{Text: "hello"})
			if err != nil || d.Taken() || len(w.inbox.Events()) != 0 {
				t.Errorf("got %d, %v, and %d events", d.Status, err, len(w.inbox.Events()))
			}
			return errors.New(w.logged())
		},
	} {
		w := openWith(t, slacktest.Options{Scopes: slices.Clone(slacktest.Scopes)}, nil)
		w.until("everybody is known", func() bool { return w.count("conversations.members") > 1 })
		w.fake.Change(func() { w.fake.Scopes = without(scope) })
		if err := do(w); err == nil || !strings.Contains(err.Error(), scope) {
			t.Errorf("%s: got %v", scope, err)
		}
	}
}

// TestTooManyAreUnknown has Slack tell of nobody for a while. It is not asked before it
// wants to be, and whoever wrote is heard when that comes again.
func TestTooManyAreUnknown(t *testing.T) {
	w := open(t)
	w.until("everybody is known", func() bool { return w.count("conversations.members") > 1 })
	late := w.add(slacktest.Person{Name: "Lee Late"})
	hello := w.fake.Envelope(map[string]any{
		"type": "message", "user": late.ID, "text": "hello", "ts": "1700000000.001200", "channel": w.fake.Direct(late).ID, "channel_type": "im",
	}, "Ev0000009")
	w.fake.Fail(slacktest.Fault{Method: "users.info", Status: http.StatusTooManyRequests, Header: http.Header{"Retry-After": {"30"}}})
	for again := range 3 {
		if d, err := w.fake.Redeliver(t.Context(), "events_api", hello, again); err != nil || d.Taken() {
			t.Errorf("got %d, %v", d.Status, err)
		}
	}
	if n := w.count("users.info"); n != 1 {
		t.Errorf("Slack was asked %d times before it wanted to be", n)
	}
	w.clock.move(31 * time.Second)
	w.taken(w.fake.Redeliver(t.Context(), "events_api", hello, 3))
	if n := len(w.inbox.Events()); n != 1 {
		t.Errorf("it is %d events", n)
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
