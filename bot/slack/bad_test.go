package slack_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/zap/zapcore"

	"mfahelp/bot"
	"mfahelp/bot/bottest"
	"mfahelp/bot/slack"
	"mfahelp/bot/slack/slacktest"
)

var errDisk = errors.New("the disk is full")

func same(t *testing.T, got, want bot.Act) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %#v, want %#v", got, want)
	}
}

// TestBadRequests sends what nobody honest sends, or what went wrong on the way.
// Nothing of it is taken, each is refused for the reason that it has, and none of
// what was in it is repeated.
func TestBadRequests(t *testing.T) {
	w := open(t)
	const canary = "canary-Xk7"
	event := `{"type":"event_callback","team_id":"T0TEAM0001","event_id":"Ev1","event":{"type":"message","user":"` + w.ada.ID +
		`","text":"` + canary + `","ts":"1700000000.000400","channel":"` + w.fake.Direct(w.ada).ID + `","channel_type":"im"}}`
	const form = "application/x-www-form-urlencoded"
	for _, test := range []struct {
		name string
		q    slacktest.Request
		want int
	}{
		{"unsigned", slacktest.Request{Body: []byte(event), Unsigned: true}, 401},
		{"signed by somebody else", slacktest.Request{Body: []byte(event), Secret: "guessed"}, 401},
		{"signed six minutes ago", slacktest.Request{Body: []byte(event), Age: 6 * time.Minute}, 401},
		{"signed in six minutes", slacktest.Request{Body: []byte(event), Age: -6 * time.Minute}, 401},
		{"an empty signature", slacktest.Request{Body: []byte(event), Header: http.Header{"X-Slack-Signature": {""}}}, 401},
		{"half a signature", slacktest.Request{Body: []byte(event), Header: http.Header{"X-Slack-Signature": {"v0=00"}}}, 401},
		{"a signature in words", slacktest.Request{Body: []byte(event), Header: http.Header{"X-Slack-Signature": {"v0=" + strings.Repeat("zz", 32)}}}, 401},
		{"a time that is none", slacktest.Request{Body: []byte(event), Header: http.Header{"X-Slack-Request-Timestamp": {"soon"}}}, 401},
		{"a time without end", slacktest.Request{Body: []byte(event), Header: http.Header{"X-Slack-Request-Timestamp": {"9223372036854775807"}}}, 401},
		{"a megabyte", slacktest.Request{Body: []byte(`{"type":"` + strings.Repeat("a", 1<<20) + `"}`)}, 413},
		{"cut off", slacktest.Request{Body: []byte(event[:len(event)-20])}, 400},
		{"nothing", slacktest.Request{Body: nil}, 400},
		{"a list", slacktest.Request{Body: []byte(`[]`)}, 400},
		{"a number for a name", slacktest.Request{Body: []byte(`{"type":7}`)}, 400},
		{"an event that is a word", slacktest.Request{Body: []byte(`{"type":"event_callback","event":"` + canary + `"}`)}, 400},
		{"a form without anything", slacktest.Request{Body: []byte("a=b"), ContentType: form}, 400},
		{"a form that is none", slacktest.Request{Body: []byte("%zz;" + canary), ContentType: form}, 400},
		{"a payload that is no JSON", slacktest.Request{Body: []byte("payload=" + canary), ContentType: form}, 400},
		{"a press of nothing", slacktest.Request{
			Body: []byte("payload=" + `{"type":"block_actions","team":{"id":"T0TEAM0001"},"user":{"id":"` + w.ada.ID + `"}}`), ContentType: form,
		}, 400},
		{"another type of body", slacktest.Request{Body: []byte(event), ContentType: "text/xml"}, 400},
		{"an event of no known type", slacktest.Request{Body: []byte(`{"type":"event_callback","event_id":"Ev9","event":{"type":"moon_landed","x":{"y":[1]}}}`)}, 200},
		{"an envelope of no known type", slacktest.Request{Body: []byte(`{"type":"sonnet"}`)}, 200},
		{"an interaction of no known type", slacktest.Request{
			Body: []byte("payload=" + `{"type":"sneeze","team":{"id":"T0TEAM0001"},"user":{"id":"` + w.ada.ID + `"}}`), ContentType: form,
		}, 200},
		{"a message with blocks of no known type", slacktest.Request{
			Body: []byte(`{"type":"event_callback","team_id":"T0TEAM0001","event_id":"Ev8","event":{"type":"message","user":"U0NOBODY99","text":"x","blocks":[{"type":"hologram","z":1}],"ts":"1.1","channel":"D0X","channel_type":"im"}}`),
		}, 200},
		{"another way to ask", slacktest.Request{Body: []byte(event), Header: http.Header{}}, 200}, // the good one, last
	} {
		before := len(w.inbox.Events())
		d, err := w.fake.Post(t.Context(), test.q)
		if err != nil && test.want != 413 || err == nil && d.Status != test.want {
			t.Errorf("%s: got %d %s, %v; want %d", test.name, d.Status, d.Body, err, test.want)
		}
		if n := len(w.inbox.Events()) - before; n != 0 && test.name != "another way to ask" {
			t.Errorf("%s: it was taken", test.name)
		}
		if strings.Contains(string(d.Body), canary) {
			t.Errorf("%s: the answer repeats it: %s", test.name, d.Body)
		}
	}
	if len(w.inbox.Events()) != 1 {
		t.Errorf("the good one is %d events", len(w.inbox.Events()))
	}
	if strings.Contains(w.logged(), canary) {
		t.Errorf("the log repeats it:\n%s", w.logged())
	}
	for _, want := range []string{"a request is refused", "a request is not taken", "of a type that is not known"} {
		if !strings.Contains(w.logged(), want) {
			t.Errorf("the log does not say %q:\n%s", want, w.logged())
		}
	}
}

// TestPayloadInTheAddress signs an honest body, and puts a forged press into the
// address, which no signature covers.
func TestPayloadInTheAddress(t *testing.T) {
	w := open(t)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.url, nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if _, err := io.Copy(io.Discard, res.Body); err != nil || res.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("who asks is answered %d, %v", res.StatusCode, err)
	}
	ref := w.send(w.inAdmins(), "card", bot.Message{Title: "A case", Actions: []bot.Action{bot.Choose{Label: "Approve", Key: "k"}}}, "")
	m := w.message(w.admins, ref)
	payload, err := jsonOf(w.fake.Pressing(slacktest.Push{By: w.pia, On: &m, Action: w.action(m, "Approve")}))
	if err != nil {
		t.Fatal(err)
	}
	w.fake.Connect(w.url + "?payload=" + payload)
	d, err := w.fake.Post(t.Context(), slacktest.Request{Body: []byte("x=1"), ContentType: "application/x-www-form-urlencoded"})
	if err != nil || d.Status != 400 || len(w.inbox.Events()) != 0 {
		t.Errorf("got %d, %v, and %d events", d.Status, err, len(w.inbox.Events()))
	}
}

// TestHostileWords has somebody put hostile text into every field that is theirs
// to fill. It arrives as it was written, and is nothing but text.
func TestHostileWords(t *testing.T) {
	w := open(t)
	evil := w.add(slacktest.Person{Name: bottest.Hostile})
	w.says(evil, w.fake.Direct(evil), slacktest.Words{Text: bottest.Hostile, Files: []slacktest.File{{ID: "F1", Name: "../../" + bottest.Hostile}}})
	e := w.last()
	said, _ := e.Did.(bot.Said)
	if said.Text != bottest.Hostile || e.From.Name != bottest.Hostile || e.From.ID != evil.ID {
		t.Errorf("got %+v", e)
	}
	w.taken(w.fake.Command(t.Context(), evil, w.general, "/mfa-help", bottest.Hostile))
	if c, _ := w.last().Did.(bot.Commanded); c.Text != bottest.Hostile {
		t.Errorf("got %+v", c)
	}
}

// TestRevoked takes the token away. The bot says so and is not ready, and when
// the token is good again so is the bot.
func TestRevoked(t *testing.T) {
	w := openWith(t, slacktest.Options{}, func(_ *world, o *slack.Options) { o.Again = 10 * time.Millisecond })
	w.fake.Revoke(true)
	_, err := w.Send(t.Context(), bot.Post{To: w.inAdmins(), Key: "card", Message: bot.Message{Title: "A case"}}, "")
	if busy := (*bot.BusyError)(nil); !errors.As(err, &busy) {
		t.Errorf("got %v, want to be told to wait", err)
	}
	if err := w.Ready(); err == nil || !strings.Contains(err.Error(), "token_revoked") || !strings.Contains(err.Error(), "Reinstall to Workspace") {
		t.Errorf("it is ready: %v", err)
	}
	if !strings.Contains(w.logged(), "error Slack refuses us") {
		t.Errorf("nobody is told:\n%s", w.logged())
	}
	if strings.Contains(w.logged(), w.fake.BotToken) {
		t.Errorf("the log has the token:\n%s", w.logged())
	}
	w.says(w.ada, w.fake.Direct(w.ada), slacktest.Words{Text: "hello"}) // of whom it is known who she is
	if n := len(w.inbox.Events()); n != 1 {
		t.Errorf("meanwhile it took %d events", n)
	}
	w.fake.Revoke(false)
	w.until("it is ready", func() bool { return w.Ready() == nil })
	w.send(w.inAdmins(), "card", bot.Message{Title: "A case"}, "")
	if !strings.Contains(w.logged(), "info Slack takes our token again") {
		t.Errorf("nobody is told that it is over:\n%s", w.logged())
	}
}

// TestNothingSecretIsLogged does a bit of everything and looks through the log.
func TestNothingSecretIsLogged(t *testing.T) {
	w := open(t)
	w.says(w.ada, w.fake.Direct(w.ada), slacktest.Words{Text: "canary-text"})
	w.taken(w.fake.Command(t.Context(), w.ada, w.general, "/mfa-help", "canary-command"))
	w.fake.Fail(slacktest.Fault{Method: "response", Times: 2})
	w.fake.Fail(slacktest.Fault{Method: "chat.postEphemeral"})
	_, err := w.Send(t.Context(), bot.Post{To: w.last().In, Reply: w.last().Reply, Key: "k", Message: bot.Message{Title: "x"}}, "")
	said := w.logged() + fmt.Sprint(err)
	for _, bad := range []string{"canary-text", "canary-command", w.fake.BotToken, w.fake.SigningSecret, "/response/"} {
		if strings.Contains(said, bad) {
			t.Errorf("%q is in\n%s", bad, said)
		}
	}
	if len(w.log.FilterLevelExact(zapcore.ErrorLevel).All()) > 0 {
		t.Logf("%s", w.logged())
	}
}

// jsonOf is v as it stands in an address.
func jsonOf(v any) (string, error) {
	b, err := json.Marshal(v)
	return url.QueryEscape(string(b)), err
}

// TestWhereAnswersGo has a response_url come in that is none of Slack's. Nobody is
// asked there, whichever way it came, and who used the command is answered all the
// same.
func TestWhereAnswersGo(t *testing.T) {
	for address, want := range map[string]bool{
		"https://hooks.slack.com/commands/T0TEAM0001/1/x":     true,
		"https://hooks.slack-gov.com/commands/T0TEAM0001/1/x": true,
		"http://hooks.slack.com/commands/T0TEAM0001/1/x":      false,
		"https://hooks.slack.com:8443/x":                      false,
		"https://hooks.slack.com.evil.example/x":              false,
		"https://evil.slack.com/x":                            false,
		"https://hooks.slack.com@evil.example/x":              false,
		"https://evil.example/x":                              false,
		"http://169.254.169.254/metadata/identity":            false,
		"http://localhost:1/x":                                false,
		"file:///etc/passwd":                                  false,
		"//evil.example/x":                                    false,
		"%zz":                                                 false,
	} {
		for way, change := range map[string]func(*world, *slack.Options){"HTTP": nil, "Socket Mode": bySocket} {
			asked := &addresses{}
			w := openWith(t, slacktest.Options{}, func(w *world, o *slack.Options) {
				if change != nil {
					change(w, o)
				}
				asked.fake = strings.TrimSuffix(strings.TrimPrefix(w.fake.URL, "http://"), "/api/")
				o.HTTP = &http.Client{Transport: asked}
			})
			w.taken(w.fake.Deliver(t.Context(), "slash_commands", map[string]any{
				"team_id": w.fake.Team, "channel_id": w.general.ID, "user_id": w.ada.ID, "command": "/mfa-help", "text": "status", "response_url": address,
			}))
			e := w.last()
			w.post(bot.Post{To: e.In, Reply: e.Reply, Key: "answer", Message: bot.Message{Title: "Your answer"}}, "")
			if got := asked.others(); want != (len(got) == 1) || len(got) > 1 {
				t.Errorf("%s, %s: it asked %q", address, way, got)
			}
			if all := w.fake.See(w.ada, w.general); len(all) != 1 || all[0].Title != "Your answer" {
				t.Errorf("%s, %s: she sees %+v", address, way, all)
			}
		}
	}
}

// TestWhereFollowingGoes: the whisper with a link is taken away by a response_url, of
// which the same is true.
func TestWhereFollowingGoes(t *testing.T) {
	asked := &addresses{}
	w := openWith(t, slacktest.Options{}, func(w *world, o *slack.Options) {
		asked.fake = strings.TrimSuffix(strings.TrimPrefix(w.fake.URL, "http://"), "/api/")
		o.HTTP = &http.Client{Transport: asked}
	})
	among := bot.Place{Platform: "slack", ID: w.admins.ID, Private: true, Audience: bot.Ephemeral, Reader: w.pia.ID}
	w.send(among, "link", bot.Message{Title: "Approve it?", Actions: []bot.Action{bot.Open{Label: "See", URL: "https://mfahelp.contoso.com/x"}}}, "")
	on := w.fake.Messages(w.admins)[0]
	for _, address := range []string{"https://evil.slack.com/x", "https://hooks.slack.com/actions/x"} {
		w.taken(w.fake.Push(t.Context(), slacktest.Push{By: w.pia, On: &on, Action: w.action(on, "See"), Lie: map[string]any{"response_url": address}}))
	}
	if got := asked.others(); len(got) != 1 || got[0] != "https://hooks.slack.com/actions/x" {
		t.Errorf("it asked %q", got)
	}
}

// addresses notes who is asked, and lets nobody be asked but the fake.
type addresses struct {
	fake string
	mu   sync.Mutex
	all  []string
}

// RoundTrip asks the fake, and answers for everybody else.
func (a *addresses) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Host == a.fake {
		return http.DefaultTransport.RoundTrip(r)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.all = append(a.all, r.URL.String())
	return &http.Response{StatusCode: http.StatusNotFound, Body: http.NoBody, Header: http.Header{}, Request: r}, nil
}

func (a *addresses) others() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.all)
}

// TestBadFrames sends over connections what nobody honest sends, or what went wrong
// on the way. Nothing of it is taken, all that has an envelope is acknowledged, and
// none of what was in it is repeated; then comes a good one.
func TestBadFrames(t *testing.T) {
	w := connected(t)
	const canary = "canary-Xk7"
	for _, words := range []string{
		"", "null", "[]", "7", `"` + canary + `"`, `{"type":"` + canary, `{"type":7,"envelope_id":"E1"}`, `{"type":"events_api","payload":{}}`,
		`{"type":"` + canary + `","envelope_id":"E2","payload":{}}`, `{"type":"events_api","envelope_id":"E3","payload":"` + canary + `"}`,
		`{"type":"interactive","envelope_id":"E4","payload":[]}`, `{"type":"slash_commands","envelope_id":"E5"}`,
	} {
		if err := w.fake.Raw(words); err != nil {
			t.Fatal(err)
		}
	}
	say := func(text string, more map[string]any) map[string]any {
		e := map[string]any{"type": "message", "user": w.ada.ID, "text": text, "ts": "1700000000.000800", "channel": w.fake.Direct(w.ada).ID, "channel_type": "im"}
		maps.Copy(e, more)
		return w.fake.Envelope(e, "")
	}
	for _, bad := range []map[string]any{
		say(canary, map[string]any{"ts": 7}), say(canary, map[string]any{"user": 4711000000}), say(canary, map[string]any{"files": canary}),
		say(canary, map[string]any{"files": []any{map[string]any{"size": 4711e30}}}),
		{"type": "event_callback", "team_id": w.fake.Team, "event": canary}, {"type": "event_callback", "event": nil}, {"type": "sonnet"}, {},
	} {
		w.taken(w.fake.Deliver(t.Context(), "events_api", bad))
	}
	if n := len(w.inbox.Events()); n != 0 {
		t.Fatalf("it is %d events: %+v", n, w.last())
	}
	w.taken(w.fake.Deliver(t.Context(), "events_api", say("hello", map[string]any{
		"blocks": []any{map[string]any{"type": "hologram", "elements": []any{map[string]any{"type": "moon", "x": 7}}}, "no block", nil}, "attachments": 7,
	})))
	if n := len(w.inbox.Events()); n != 1 || !reflect.DeepEqual(w.last().Did, bot.Said{Text: "hello"}) {
		t.Errorf("with blocks that nobody knows it is %d events; the log says\n%s", n, w.logged())
	}
	if strings.Contains(w.logged(), canary) || strings.Contains(w.logged(), "711") {
		t.Errorf("the log repeats it:\n%s", w.logged())
	}
	if !strings.Contains(w.logged(), "error something from Slack is not taken") {
		t.Errorf("nobody is told:\n%s", w.logged())
	}
	if w.fake.Sockets() != 2 {
		t.Errorf("%d connections are open", w.fake.Sockets())
	}
}

// TestAgents sends what Slack tells an app that is an agent. This one is none: it is
// acknowledged, and nothing comes of it; what people say there is said to it alone.
func TestAgents(t *testing.T) {
	for way, make := range map[string]func(*testing.T) *world{"HTTP": open, "Socket Mode": connected} {
		t.Run(way, func(t *testing.T) {
			w := make(t)
			d := w.fake.Direct(w.ada)
			thread := map[string]any{"user_id": w.ada.ID, "channel_id": d.ID, "thread_ts": "1700000000.000900", "context": map[string]any{"channel_id": w.general.ID}}
			for _, e := range []map[string]any{
				{"type": "assistant_thread_started", "assistant_thread": thread}, {"type": "assistant_thread_context_changed", "assistant_thread": thread},
				{"type": "app_home_opened", "user": w.ada.ID, "channel": d.ID, "tab": "messages"}, {"type": "app_context_changed", "user": w.ada.ID},
				{"type": "agent_session_stopped", "user": w.ada.ID, "channel": d.ID}, {"type": "function_executed", "function": map[string]any{}},
				{"type": "message", "subtype": "assistant_app_thread", "user": w.fake.Bot, "text": "New chat", "ts": "1700000000.000900", "channel": d.ID, "channel_type": "im"},
			} {
				w.taken(w.fake.Happen(t.Context(), e, ""))
			}
			if n := len(w.inbox.Events()); n != 0 {
				t.Fatalf("it is %d events: %+v", n, w.last())
			}
			w.taken(w.fake.Happen(t.Context(), map[string]any{
				"type": "message", "user": w.ada.ID, "text": "hello", "ts": "1700000000.000901", "thread_ts": "1700000000.000900", "channel": d.ID, "channel_type": "im",
			}, ""))
			want := w.direct(w.ada)
			want.Thread = "1700000000.000900"
			if e := w.last(); e.In != want {
				t.Errorf("it is in %+v", e.In)
			}
			for _, call := range w.fake.Calls() {
				if strings.HasPrefix(call, "assistant.") || strings.HasPrefix(call, "agents.") {
					t.Errorf("it calls %s", call)
				}
			}
		})
	}
}

// TestNoSecretToSignWith: by Socket Mode there is none, and nobody else's will do.
func TestNoSecretToSignWith(t *testing.T) {
	w := connected(t)
	srv := httptest.NewServer(w.Handler())
	defer srv.Close()
	w.fake.Connect(srv.URL)
	body := []byte(`{"type":"url_verification","challenge":"x"}`)
	for name, q := range map[string]slacktest.Request{
		"unsigned": {Body: body, Unsigned: true}, "signed": {Body: body}, "signed with nothing": {Body: body, Header: signedWith(t, "", body)},
	} {
		if d, err := w.fake.Post(t.Context(), q); err != nil || d.Status != http.StatusUnauthorized {
			t.Errorf("%s: got %d %s, %v", name, d.Status, d.Body, err)
		}
	}
}

// signedWith are the headers of a body that is signed with any secret.
func signedWith(t *testing.T, with string, body []byte) http.Header {
	t.Helper()
	at := strconv.FormatInt(time.Now().Unix(), 10)
	mac := hmac.New(sha256.New, []byte(with))
	fmt.Fprintf(mac, "v0:%s:%s", at, body)
	return http.Header{"X-Slack-Request-Timestamp": {at}, "X-Slack-Signature": {"v0=" + hex.EncodeToString(mac.Sum(nil))}}
}
