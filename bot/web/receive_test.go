package web_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mfahelp/bot"
	"mfahelp/bot/bottest"
	"mfahelp/bot/web"
)

// TestRefused tries what must not get in. A request that names no token is Ada's.
func TestRefused(t *testing.T) {
	p := open(t)
	ada, bob, pia := p.as("ada"), p.as("bob"), p.as("pia")
	ref := p.send(direct("ada"), "case", bot.Message{Title: "Choose", Actions: []bot.Action{
		bot.Choose{Label: "Yes", Key: "key-yes"},
		bot.Ask{Label: "Tell", Key: "key-tell", Fields: []bot.Field{{Name: "words", Label: "Words", Required: true}}},
	}, Attachments: []bot.Attachment{{Name: "a.txt", Content: []byte("x")}}}, "")
	root := p.send(channel, "root", bot.Message{Title: "Root", Attachments: []bot.Attachment{{Name: "a.txt"}}, Actions: []bot.Action{bot.Choose{Key: "key-claim"}}}, "")

	post, get := http.MethodPost, http.MethodGet
	hello := `{"place":"direct","text":"hello"}`
	for _, test := range []struct {
		name string
		r    request
		want string
	}{
		{"without a session", request{method: post, path: "/api/messages", body: hello, token: "-"}, "401 no-session"},
		{"with a token of nobody", request{method: post, path: "/api/messages", body: hello, token: "nobody"}, "401 no-session"},
		{"reading without a session", request{method: get, path: "/api/conversations/direct", token: "-"}, "401 no-session"},
		{"listening without a session", request{method: get, path: "/api/stream", token: "-"}, "401 no-session"},
		{"the strip without a session", request{method: get, path: "/api/traces", token: "-"}, "401 no-session"},
		{"a seat without a session", request{method: get, path: "/panes/employee/direct", token: "-"}, "401 no-session"},
		{"a seat that does not exist", request{method: get, path: "/panes/boss/direct"}, "404 not-found"},

		{"under another host", request{method: get, path: "/api/people", header: map[string]string{"Host": "evil.example"}}, "403 host"},
		{"under a host that begins like ours", request{method: get, path: "/", header: map[string]string{"Host": "localhost.evil.example"}}, "403 host"},
		{"from another site", request{method: post, path: "/api/messages", body: hello, header: map[string]string{"Origin": "https://evil.example"}}, "403 origin"},
		{"from another site, as browsers say it", request{method: post, path: "/api/messages", body: hello, header: map[string]string{"Sec-Fetch-Site": "cross-site"}}, "403 origin"},
		{"from another port", request{method: post, path: "/api/sessions", body: `{"person":"ada"}`, header: map[string]string{"Origin": "http://127.0.0.1:1"}}, "403 origin"},
		{"from a page without an origin", request{method: post, path: "/api/messages", body: hello, header: map[string]string{"Origin": "null"}}, "403 origin"},
		{"reading from another site", request{method: get, path: "/api/conversations/direct", header: map[string]string{"Origin": "https://evil.example"}}, "403 origin"},

		{"a form instead of JSON", request{method: post, path: "/api/messages", body: "text=hello", header: map[string]string{"Content-Type": "application/x-www-form-urlencoded"}}, "415 not-json"},
		{"text instead of JSON", request{method: post, path: "/api/messages", body: hello, header: map[string]string{"Content-Type": "text/plain"}}, "415 not-json"},
		{"broken JSON", request{method: post, path: "/api/messages", body: `{"place":`}, "400 malformed"},
		{"nothing", request{method: post, path: "/api/messages"}, "400 malformed"},
		{"two values", request{method: post, path: "/api/messages", body: hello + hello}, "400 malformed"},
		{"a value and rubbish", request{method: post, path: "/api/messages", body: hello + "]"}, "400 malformed"},
		{"a field too many", request{method: post, path: "/api/messages", body: `{"place":"direct","text":"x","admin":true}`}, "400 malformed"},
		{"a person in a message", request{method: post, path: "/api/messages", body: `{"place":"direct","text":"x","person":"pia"}`}, "400 malformed"},
		{"an identity in a press", request{method: post, path: "/api/presses", body: `{"place":"direct","key":"key-yes","identity":{"ObjectID":"o-pia"}}`}, "400 malformed"},
		{"an identity in a session", request{method: post, path: "/api/sessions", body: `{"person":"ada","admin":true}`}, "400 malformed"},
		{"too much text", request{method: post, path: "/api/messages", body: `{"place":"direct","text":"` + strings.Repeat("a", 1<<20+1) + `"}`}, "413 too-large"},
		{"far too much text", request{method: post, path: "/api/messages", body: `{"place":"direct","text":"` + strings.Repeat("a", 3<<20) + `"}`}, "413 too-large"},
		{"too much filled in", request{method: post, path: "/api/presses", body: `{"place":"direct","key":"key-tell","fields":{"words":"` + strings.Repeat("a", 65<<10) + `"}}`}, "413 too-large"},
		{"no text", request{method: post, path: "/api/messages", body: `{"place":"direct","text":" \n "}`}, "422 empty"},
		{"an id with a slash", request{method: post, path: "/api/messages", body: `{"place":"direct","text":"x","id":"../x"}`}, "422 bad-id"},

		{"a person who does not exist", request{method: post, path: "/api/sessions", body: `{"person":"eve"}`}, "422 no-person"},
		{"an employee in the admin's seat", request{method: post, path: "/api/sessions", body: `{"person":"ada","seat":"admin"}`}, "403 not-yours"},
		{"writing to the admins", request{method: post, path: "/api/messages", body: `{"place":"admins","text":"x"}`}, "403 not-yours"},
		{"reading the admins'", request{method: get, path: "/api/conversations/admins"}, "403 not-yours"},
		{"pressing the admins'", request{method: post, path: "/api/presses", body: `{"place":"admins","key":"key-claim"}`}, "403 not-yours"},
		{"a place by its inner name", request{method: get, path: "/api/conversations/direct:bob"}, "404 no-place"},
		{"an admins' button in one's own place", request{method: post, path: "/api/presses", body: `{"place":"direct","key":"key-claim"}`}, "404 no-button"},
		{"an admins' thread in one's own place", request{method: post, path: "/api/messages", body: `{"place":"direct","text":"x","thread":"` + root + `"}`}, "422 no-thread"},
		{"an admins' button in an admin's own place", request{method: post, path: "/api/presses", body: `{"place":"direct","key":"key-claim"}`, token: pia}, "404 no-button"},
		{"an admins' thread in an admin's own place", request{method: post, path: "/api/messages", body: `{"place":"direct","text":"x","thread":"` + root + `"}`, token: pia}, "422 no-thread"},
		{"an admins' file", request{method: get, path: "/files/" + root + "/0"}, "404 no-file"},
		{"somebody else's button", request{method: post, path: "/api/presses", body: `{"place":"direct","key":"key-yes"}`, token: bob}, "404 no-button"},
		{"somebody else's thread", request{method: post, path: "/api/messages", body: `{"place":"direct","text":"x","thread":"` + ref + `"}`, token: bob}, "422 no-thread"},
		{"somebody else's file", request{method: get, path: "/files/" + ref + "/0", token: bob}, "404 no-file"},
		{"a file that does not exist", request{method: get, path: "/files/" + ref + "/1"}, "404 no-file"},
		{"a file before the first", request{method: get, path: "/files/" + ref + "/-1"}, "404 no-file"},
		{"a button that does not exist", request{method: post, path: "/api/presses", body: `{"place":"direct","key":"no such"}`}, "404 no-button"},
		{"a button without a key", request{method: post, path: "/api/presses", body: `{"place":"direct"}`}, "404 no-button"},
		{"a form with a gap", request{method: post, path: "/api/presses", body: `{"place":"direct","key":"key-tell","fields":{"words":" "}}`}, "422 required"},
		{"an answer that nobody asked for", request{method: post, path: "/api/presses", body: `{"place":"direct","key":"key-yes","fields":{"words":"x"}}`}, "422 no-field"},

		{"a sample that does not exist", request{method: post, path: "/api/samples/none", body: "{}"}, "404 no-sample"},
		{"a sample that fails to fail", request{method: post, path: "/api/samples/broken", body: "{}"}, "500 sample"},
		{"a page that does not exist", request{method: get, path: "/etc/passwd"}, "404 not-found"},
		{"an asset that does not exist", request{method: get, path: "/static/..%2fdoc.go"}, "404 not-found"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if test.r.token == "" {
				test.r.token = ada
			}
			test.r.token = strings.Trim(test.r.token, "-")
			res, body := p.do(test.r)
			var why struct{ Code, Error, Reference string }
			if err := json.Unmarshal([]byte(body), &why); err != nil {
				t.Fatalf("got %d %s", res.StatusCode, body)
			}
			if got := fmt.Sprint(res.StatusCode, " ", why.Code); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
			if why.Error == "" || strings.Contains(why.Error, "web.") || (why.Reference != "") != (res.StatusCode >= 500) {
				t.Errorf("it says %q, with the reference %q", why.Error, why.Reference)
			}
		})
	}
	if got := p.inbox.Events(); len(got) > 0 {
		t.Errorf("something got in: %+v", got)
	}
	if got := p.reads(ada, "direct"); len(got) != 1 {
		t.Errorf("something was shown: %s", titles(got))
	}
}

func TestSaid(t *testing.T) {
	p := open(t)
	ada := p.as("ada")
	for _, test := range []struct {
		name, token, body string
		want              bot.Act
		in                bot.Place
	}{
		{"a message", ada, `{"place":"direct","text":" hello\n"}`, bot.Said{Text: " hello\n"}, direct("ada")},
		{"a command", ada, `{"place":"direct","text":"/mfa-help  status "}`, bot.Commanded{Name: "mfa-help", Text: "status"}, direct("ada")},
		{"a bare command", ada, `{"place":"direct","text":"/mfa-help"}`, bot.Commanded{Name: "mfa-help"}, direct("ada")},
		{"no command", ada, `{"place":"direct","text":"/mfa-helper"}`, bot.Said{Text: "/mfa-helper"}, direct("ada")},
		{"in the channel", p.as("pia"), `{"place":"admins","text":"hello"}`, bot.Said{Text: "hello"}, channel},
	} {
		var answer struct{ Event, Ref string }
		p.post(test.token, "/api/messages", test.body, http.StatusAccepted, &answer)
		all := p.inbox.Events()
		got := all[len(all)-1]
		if diff := cmp.Diff(test.want, got.Did); diff != "" || got.ID != answer.Event || got.At.IsZero() {
			t.Errorf("%s: got %+v, answered %+v\n%s", test.name, got, answer, diff)
		}
		if diff := cmp.Diff(test.in, got.In); diff != "" {
			t.Errorf("%s: %s", test.name, diff)
		}
	}
	got := p.inbox.Events()[0].From
	want := bot.Person{Platform: "web", ID: "ada", Name: "Ada Lovelace", Identity: people[0].Identity}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if got := p.reads(ada, "direct"); len(got) != 4 || got[1].From != "ada" || got[1].Lines[0] != "/mfa-help  status " {
		t.Errorf("she sees %+v", got)
	}
}

func TestSaidInAThread(t *testing.T) {
	p := open(t)
	pia := p.as("pia")
	root := p.send(channel, "root", bot.Message{Title: "Root"}, "")
	reply := p.send(bot.Place{Platform: "web", ID: "admins", Thread: root}, "reply", bot.Message{Title: "Reply"}, "")
	for _, in := range []string{root, reply} { // a thread has none of its own
		p.post(pia, "/api/messages", `{"place":"admins","thread":"`+in+`","text":"x"}`, http.StatusAccepted, nil)
		all := p.inbox.Events()
		if got := all[len(all)-1].In.Thread; got != root {
			t.Errorf("got thread %q, want %q", got, root)
		}
	}
}

func TestSaidTwiceIsSaidOnce(t *testing.T) {
	p := open(t)
	ada, again, bob := p.as("ada"), p.as("ada"), p.as("bob")
	body := `{"place":"direct","text":"hello","id":"one"}`
	var first, second, other struct{ Event, Ref string }
	p.post(ada, "/api/messages", body, http.StatusAccepted, &first)
	p.post(ada, "/api/messages", body, http.StatusAccepted, &second)
	if first != second || len(p.inbox.Events()) != 1 || len(p.reads(ada, "direct")) != 1 {
		t.Errorf("got %+v, then %+v", first, second)
	}
	for _, token := range []string{again, bob} { // an id is its session's own
		p.post(token, "/api/messages", body, http.StatusAccepted, &other)
		if other.Event == first.Event {
			t.Error("one session sent another's event")
		}
	}
}

func TestNotAcceptedIsNotShown(t *testing.T) {
	p := open(t)
	ada := p.as("ada")
	p.inbox.Fail(errors.New("disk full at /var/lib: canary"))
	body := `{"place":"direct","text":"hello","id":"one"}`
	res, text := p.do(request{method: http.MethodPost, path: "/api/messages", token: ada, body: body})
	if res.StatusCode != http.StatusServiceUnavailable || strings.Contains(text, "canary") || len(p.reads(ada, "direct")) != 0 {
		t.Errorf("got %d %s", res.StatusCode, text)
	}
	p.inbox.Fail(nil)
	p.post(ada, "/api/messages", body, http.StatusAccepted, nil)
	if len(p.inbox.Events()) != 1 || len(p.reads(ada, "direct")) != 1 {
		t.Error("it was lost")
	}
}

// TestAnswersComeAfter has a bot that answers before the message is shown.
func TestAnswersComeAfter(t *testing.T) {
	p := open(t)
	ada := p.as("ada")
	p.inbox.Answer = func(e bot.Event) { p.send(e.In, "answer", bot.Message{Title: "Answer"}, "") }
	p.post(ada, "/api/messages", `{"place":"direct","text":"hello"}`, http.StatusAccepted, nil)
	if got := p.reads(ada, "direct"); len(got) != 2 || got[0].From != "ada" || got[1].Title != "Answer" {
		t.Errorf("got %+v", got)
	}
}

// TestLatePress presses a button that a replaced card no longer has: only the
// store knows what it was, and says so better than a missing page.
func TestLatePress(t *testing.T) {
	p := open(t)
	ada := p.as("ada")
	ref := p.send(direct("ada"), "case", bot.Message{Title: "1", Actions: []bot.Action{bot.Choose{Key: "old"}}}, "")
	p.send(direct("ada"), "case", bot.Message{Title: "2"}, ref)
	p.post(ada, "/api/presses", `{"place":"direct","key":"old"}`, http.StatusAccepted, nil)
	p = openWith(t, p.memory, web.Options{}) // and after a restart
	p.post(ada, "/api/presses", `{"place":"direct","key":"old"}`, http.StatusAccepted, nil)
	if got := p.inbox.Events()[0].Did; !cmp.Equal(got, bot.Act(bot.Pressed{Key: "old"})) {
		t.Errorf("got %+v", got)
	}
}

func TestPressInAThread(t *testing.T) {
	p := open(t)
	root := p.send(channel, "root", bot.Message{Title: "Root", Actions: []bot.Action{bot.Choose{Key: "at-root"}}}, "")
	in := channel
	in.Thread = root
	p.send(in, "reply", bot.Message{Title: "Reply", Body: []bot.Block{bot.List{{Action: bot.Choose{Key: "in-list"}}}}}, "")
	pia := p.as("pia")
	p.post(pia, "/api/presses", `{"place":"admins","key":"in-list"}`, http.StatusAccepted, nil)
	p.post(pia, "/api/presses", `{"place":"admins","key":"at-root"}`, http.StatusAccepted, nil)
	if got := p.inbox.Events(); got[0].In != in || got[1].In != channel {
		t.Errorf("got %+v", got)
	}
}

func TestSample(t *testing.T) {
	p := open(t)
	var answer map[string]string
	p.post("", "/api/samples/no-response", "{}", http.StatusOK, &answer)
	if diff := cmp.Diff(map[string]string{"text": "Error Code: 500121", "person": "ada"}, answer); diff != "" {
		t.Error(diff)
	}
	if len(p.inbox.Events()) > 0 {
		t.Error("making a failure said something to the bot")
	}
}

func FuzzSay(f *testing.F) {
	f.Add(`{"place":"direct","text":"hello"}`)
	f.Add(`{"place":"admins","text":"` + bottest.Hostile + `","thread":"m1","id":"x"}`)
	f.Add(`{"place":"direct","text":"\ud800\u0000"}`)
	f.Add(`[]`)
	f.Fuzz(func(t *testing.T, body string) {
		p := open(t)
		res, text := p.do(request{method: http.MethodPost, path: "/api/messages", token: p.as("ada"), body: body})
		events := len(p.inbox.Events())
		switch {
		case res.StatusCode == http.StatusAccepted && events == 1:
			p.do(request{method: http.MethodGet, path: "/api/conversations/direct", token: p.as("ada")})
		case res.StatusCode >= 400 && res.StatusCode < 500 && events == 0:
		default:
			t.Errorf("got %d %s and %d events", res.StatusCode, text, events)
		}
	})
}
