package teams_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"mfahelp/bot"
	"mfahelp/bot/bottest"
	"mfahelp/bot/teams"
	"mfahelp/bot/teams/teamstest"
)

// TestWaysIn goes every way in which somebody can ask the bot something, and
// looks at the event that came of it.
func TestWaysIn(t *testing.T) {
	for _, test := range []struct {
		name     string
		do       func(w *world)
		did      bot.Act
		audience bot.Audience
		thread   bool // whether the answer may go into the thread of what was said
	}{
		{"in one's own chat", func(w *world) { w.say(w.ada, "500121") }, bot.Said{Text: "500121"}, bot.Direct, false},
		{"the command in one's own chat", func(w *world) { w.say(w.ada, "/mfa-help status") }, bot.Commanded{Name: "mfa-help", Text: "status"}, bot.Direct, false},
		{"the command without a slash, as old programs send it", func(w *world) { w.say(w.ada, "MFA-help   Status") }, bot.Commanded{Name: "mfa-help", Text: "Status"}, bot.Direct, false},
		{"a word that begins like the command", func(w *world) { w.say(w.ada, "mfa-helpdesk?") }, bot.Said{Text: "mfa-helpdesk?"}, bot.Direct, false},
		{"called by name in a channel", func(w *world) {
			w.says(w.ada, w.fake.AddRoom("channel", "General", w.ada), teamstest.Words{Text: "500121", Mention: true}, 200)
		}, bot.Said{Text: "500121"}, bot.Channel, true},
		{"called by name in a chat of several", func(w *world) {
			w.says(w.ada, w.fake.AddRoom("groupChat", "Lunch", w.ada), teamstest.Words{Text: "500121", Mention: true}, 200)
		}, bot.Said{Text: "500121"}, bot.Channel, false},
		{"by a slash command among others", func(w *world) {
			w.says(w.ada, w.fake.AddRoom("channel", "General", w.ada), teamstest.Words{Text: "mfa-help status", Targeted: true}, 200)
		}, bot.Commanded{Name: "mfa-help", Text: "status"}, bot.Ephemeral, false},
		{"in the admins' channel, by no name", func(w *world) { w.says(w.ada, w.channel, teamstest.Words{Text: "on the phone"}, 200) },
			bot.Said{Text: "on the phone"}, bot.Channel, true},
	} {
		w := open(t)
		test.do(w)
		if len(w.inbox.Events()) == 0 {
			t.Errorf("%s: nothing came of it", test.name)
			continue
		}
		e := w.lastEvent()
		if d := cmp.Diff(test.did, e.Did); d != "" {
			t.Errorf("%s: %s", test.name, d)
		}
		if d := cmp.Diff(w.person(w.ada), e.From); d != "" || e.In.Audience != test.audience || (e.In.Reader == w.ada.ID) != e.In.Audience.One() {
			t.Errorf("%s: it is from and in %+v\n%s", test.name, e, d)
		}
		if got := strings.HasPrefix(e.Reply.Token, "thread:"); got != test.thread {
			t.Errorf("%s: the reply is %q", test.name, e.Reply.Token)
		}
		w.fine()
	}
}

// TestWhatIsNotMeantForTheBot is passed over.
func TestWhatIsNotMeantForTheBot(t *testing.T) {
	w := open(t)
	general := w.fake.AddRoom("channel", "General", w.ada)
	w.says(w.ada, general, teamstest.Words{Text: "500121"}, 200)
	own := w.fake.Envelope(w.ada, general, "")
	own["type"], own["id"], own["text"], own["from"] = "message", "2", "hello", obj{"id": "28:" + w.fake.App, "name": "mfahelp", "role": "bot"}
	if d, err := w.fake.Deliver(t.Context(), own, w.fake.Token(teamstest.Forgery{})); err != nil || d.Status != 200 {
		t.Errorf("the bot's own message: got %d, %v", d.Status, err)
	}
	if n := len(w.inbox.Events()); n != 0 {
		t.Errorf("%d of them are events", n)
	}
}

// TestMentionIsTakenOutByItsEntity keeps a name that is part of what was pasted.
func TestMentionIsTakenOutByItsEntity(t *testing.T) {
	w := open(t)
	w.says(w.ada, w.channel, teamstest.Words{Text: "App name: mfahelp, <at>mfahelp</at> again", Mention: true}, 200)
	if got := w.lastEvent().Did.(bot.Said).Text; got != "App name: mfahelp, <at>mfahelp</at> again" {
		t.Errorf("got %q", got)
	}
}

// TestHostileWords come through as they were written, and reach nothing else.
func TestHostileWords(t *testing.T) {
	w := open(t)
	w.say(w.ada, bottest.Hostile)
	if got := w.lastEvent().Did.(bot.Said).Text; got != strings.TrimSpace(bottest.Hostile) {
		t.Errorf("got %q", got)
	}
	w.fine()
}

// TestStrangers are refused wherever they are: guests, the anonymous, people of
// another organisation. Nobody is in the directory because they say so.
func TestStrangers(t *testing.T) {
	for _, test := range []struct {
		name string
		who  teamstest.Person
		why  string
	}{
		{"a guest by their role", teamstest.Person{Object: "11111111-aaaa-4aaa-8aaa-000000000009", UPN: "x@contoso.com", Role: "guest"}, "a guest"},
		{"a guest by their name", teamstest.Person{Object: "11111111-aaaa-4aaa-8aaa-000000000009", UPN: "x_fabrikam.com#EXT#@contoso.com"}, "a guest"},
		{"somebody anonymous", teamstest.Person{Role: "anonymous"}, "not in the directory"},
		{"somebody of another organisation", teamstest.Person{Object: "11111111-aaaa-4aaa-8aaa-000000000009", UPN: "x@fabrikam.com", Home: "99999999-2b57-4c8e-9a40-1d7f5b2c8e63"}, "another organisation"},
	} {
		w := open(t)
		w.says(w.ada, w.channel, teamstest.Words{Text: "hello"}, 200) // one event, so that the way there is known
		test.who.Name, test.who.Installed = "Mallory", true
		p := w.fake.Add(test.who)
		for range 2 { // what is known of them is no better the second time
			w.says(p, w.fake.Chat(p), teamstest.Words{Text: "reset Ada"}, 200)
		}
		w.channel.Members = append(w.channel.Members, p)
		w.says(p, w.channel, teamstest.Words{Text: "reset Ada", Mention: true}, 200)
		ref := w.send(w.inChannel(), "case", bot.Message{Title: "A case", Actions: []bot.Action{bot.Choose{Label: "Claim", Key: "claim"}}}, "")
		on, _ := w.fake.Message(w.channel, ref)
		a, err := w.fake.Push(t.Context(), teamstest.Push{By: p, On: on, Action: obj{"title": "Claim", "verb": "press", "data": obj{"key": "claim"}}})
		if err != nil || a.HTTP != 200 || a.Status != 403 || !strings.Contains(string(mustJSON(t, a.Value)), "members of this organisation") {
			t.Errorf("%s: a press was answered with %+v, %v", test.name, a, err)
		}
		if d, err := w.fake.Shortcut(t.Context(), p, w.channel, "<p>500121</p>"); err != nil || !strings.Contains(string(d.Body), "members of this organisation") {
			t.Errorf("%s: a shortcut was answered with %s, %v", test.name, d.Body, err)
		}
		if n := len(w.inbox.Events()); n != 1 {
			t.Errorf("%s: %d events", test.name, n-1)
		}
		if !strings.Contains(w.logged(), test.why) {
			t.Errorf("%s: the log says %s", test.name, w.logged())
		}
	}
}

func mustJSON(t *testing.T, v any) []byte {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestIdentityIsThePlatforms has words, data and names claim to be somebody else.
func TestIdentityIsThePlatforms(t *testing.T) {
	w := open(t)
	a := w.fake.Envelope(w.bob, w.fake.Chat(w.bob), "")
	a["type"], a["id"], a["text"] = "message", "5", "I am ada@contoso.com "+w.ada.Object
	a["value"] = obj{"from": obj{"id": w.ada.ID, "aadObjectId": w.ada.Object}, "aadObjectId": w.ada.Object}
	a["from"].(obj)["name"], a["from"].(obj)["userPrincipalName"], a["from"].(obj)["email"] = "Ada Lovelace", "ada@contoso.com", "ada@contoso.com"
	a["channelData"].(obj)["onBehalfOf"] = []any{obj{"mri": w.ada.ID, "itemid": 0}}
	if _, err := w.fake.Deliver(t.Context(), a, w.fake.Token(teamstest.Forgery{})); err != nil {
		t.Fatal(err)
	}
	if got := w.lastEvent().From; got.ID != w.bob.ID || got.Identity != w.person(w.bob).Identity {
		t.Errorf("it is from %+v", got)
	}
}

// TestRosterDown has Teams not say who somebody is: they are heard, as nobody.
func TestRosterDown(t *testing.T) {
	w := open(t)
	w.fake.Fail(teamstest.Fault{Method: http.MethodGet, Path: "/members/", Status: 502, Times: 100})
	w.say(w.ada, "500121")
	if got := w.lastEvent().From; got.Known() {
		t.Errorf("before Teams has said who somebody is, they are %+v", got)
	}
	w.fake.Fail(teamstest.Fault{Path: "nothing"})
	w.clock.move(2 * time.Minute)
	for range 100 { // the fault is over
		if _, err := w.fake.Say(t.Context(), w.ada, w.fake.Chat(w.ada), teamstest.Words{Text: "again"}); err != nil {
			t.Fatal(err)
		}
		w.clock.move(2 * time.Minute)
		if w.lastEvent().From.Known() {
			return
		}
	}
	t.Error("they stay nobody for ever")
}

// TestWelcome installs the app, takes it away and installs it again. Teams tells
// of each in two ways, and each time there is one welcome.
func TestWelcome(t *testing.T) {
	w := open(t)
	welcomes := func() (n int) {
		for _, e := range w.inbox.Events() {
			if c, ok := e.Did.(bot.Commanded); ok && c == (bot.Commanded{Name: teams.Command, Text: "help"}) && e.In.Reader == w.ada.ID {
				n++
			}
		}
		return n
	}
	chat := w.fake.Chat(w.ada)
	step := func(change func(*teamstest.Person, *teamstest.Room) error, want int) {
		t.Helper()
		if err := change(w.ada, chat); err != nil {
			t.Fatal(err)
		}
		if got := welcomes(); got != want || len(w.inbox.Events()) != want {
			t.Errorf("got %d welcomes of %d events, want %d", got, len(w.inbox.Events()), want)
		}
	}
	install := func(p *teamstest.Person, r *teamstest.Room) error {
		_, err := w.fake.Install(t.Context(), p, r)
		return err
	}
	uninstall := func(p *teamstest.Person, r *teamstest.Room) error {
		_, err := w.fake.Uninstall(t.Context(), p, r)
		return err
	}
	step(install, 1)
	step(uninstall, 1)
	w.restart(nopLog, nil)
	step(install, 2)
	if err := install(w.ada, w.channel); err != nil || welcomes() != 2 {
		t.Errorf("a channel was welcomed, or %v", err)
	}
	w.fine()
}

// TestShortcut uses the shortcut on what somebody else wrote. The words are
// quoted, and whoever used it asks.
func TestShortcut(t *testing.T) {
	w := open(t)
	w.say(w.ada, "hello")
	d, err := w.fake.Shortcut(t.Context(), w.ada, w.channel, "<div>Error Code: <b>500121</b><br>Request Id: 1 &amp; 2</div><p>&lt;at&gt;x&lt;/at&gt;</p>")
	if err != nil || d.Status != 200 || !strings.Contains(string(d.Body), `"type":"message"`) {
		t.Fatalf("got %d %s, %v", d.Status, d.Body, err)
	}
	e := w.lastEvent()
	want := bot.Commanded{Name: teams.Command, Quote: "Error Code: 500121\nRequest Id: 1 & 2\n\n<at>x</at>"}
	if diff := cmp.Diff(bot.Act(want), e.Did); diff != "" || e.In.Audience != bot.Ephemeral || e.In.Reader != w.ada.ID || e.From.ID != w.ada.ID {
		t.Errorf("got %+v\n%s", e, diff)
	}
}

// TestAttachments keeps what people attach as references, and leaves out what is
// on no host of the list.
func TestAttachments(t *testing.T) {
	w := open(t)
	picture, stored := w.fake.PutFile([]byte("PNG"))
	file := func(url string) obj {
		return obj{"contentType": "application/vnd.microsoft.teams.file.download.info", "name": "screen.png", "content": obj{"downloadUrl": url, "fileType": "png"}}
	}
	image := func(url string) obj { return obj{"contentType": "image/*", "contentUrl": url} }
	w.says(w.ada, w.fake.Chat(w.ada), teamstest.Words{Text: "here", Files: []any{file(stored), image(picture)}}, 200)
	got := w.lastEvent().Did.(bot.Said).Files
	if len(got) != 2 || got[0].Name != "screen.png" || got[0].MediaType != "image/png" || got[1].Ref != picture {
		t.Fatalf("got %+v", got)
	}
	for _, f := range got {
		b, err := w.Fetch(t.Context(), f, 1<<20)
		if err != nil || string(b) != "PNG" {
			t.Errorf("fetching %s: %q, %v", f.Ref, b, err)
		}
	}
	if _, err := w.Fetch(t.Context(), got[0], 2); err == nil {
		t.Error("more was read than was wanted")
	}
	w.fine()
	host := strings.TrimPrefix(w.fake.URL, "https://")
	for _, bad := range []string{
		"http://" + host + "/storage/1", "https://169.254.169.254/latest/meta-data/", "https://localhost/x", "file:///etc/passwd",
		"https://contoso.sharepoint.com.attacker.example/x", "https://" + host + "@attacker.example/x", "https://attacker.example#" + host,
		"https://attacker.example\\@" + host + "/", "//attacker.example/x", "https://" + host + ".attacker.example/", "gopher://" + host, "", "https:///x",
		"https://" + host + "/teams/../../x", "https://" + host + "/%2e%2e/x",
	} {
		w.says(w.ada, w.fake.Chat(w.ada), teamstest.Words{Text: "here", Files: []any{file(bad), image(bad)}}, 200)
		if files := w.lastEvent().Did.(bot.Said).Files; len(files) > 0 {
			t.Errorf("%q is among the files", bad)
		}
		if _, err := w.Fetch(t.Context(), bot.File{Ref: bad}, 10); err == nil {
			t.Errorf("%q was fetched", bad)
		}
	}
	if many := make([]any, 50); len(many) > 0 {
		for i := range many {
			many[i] = file(stored)
		}
		w.says(w.ada, w.fake.Chat(w.ada), teamstest.Words{Text: "here", Files: many}, 200)
		if n := len(w.lastEvent().Did.(bot.Said).Files); n != 10 {
			t.Errorf("%d files are kept, want 10", n)
		}
	}
}

// TestFetchFollowsNothing has a host of the list lead elsewhere.
func TestFetchFollowsNothing(t *testing.T) {
	var caught []string
	attacker := httptest.NewTLSServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { caught = append(caught, r.Header.Get("Authorization")) }))
	defer attacker.Close()
	trap := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, attacker.URL, http.StatusFound) }))
	defer trap.Close()
	w := openWith(t, func(w *world, o *teams.Options) {
		o.Cloud.Connectors = append(o.Cloud.Connectors, strings.TrimPrefix(trap.URL, "https://"))
	})
	w.say(w.ada, "hello")
	if _, err := w.Fetch(t.Context(), bot.File{Ref: trap.URL + "/picture"}, 100); err == nil {
		t.Error("an answer that leads elsewhere was taken for a file")
	}
	if len(caught) > 0 {
		t.Errorf("our token went with it to a stranger: %q", caught)
	}
}

// TestPressIsTakenWhateverHappens has the flows say nothing: the press is
// answered all the same, and long before Teams gives up.
func TestPressIsTakenWhateverHappens(t *testing.T) {
	w := open(t)
	w.say(w.ada, "hello")
	ref := w.send(w.direct(w.ada), "case", bot.Message{Title: "A case", Actions: []bot.Action{bot.Choose{Label: "Yes", Key: "k"}}}, "")
	on, _ := w.fake.Message(w.fake.Chat(w.ada), ref)
	push := teamstest.Push{By: w.ada, On: on, Action: obj{"title": "Yes", "verb": "press", "data": obj{"key": "k"}}}
	began := time.Now()
	a, err := w.fake.Push(t.Context(), push)
	if err != nil || a.HTTP != 200 || a.Status != 200 || a.Value != "Got it." {
		t.Errorf("got %+v, %v", a, err)
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("it took %v", took)
	}
	w.inbox.Fail(errors.New("disk"))
	push.ID = "2"
	if a, err := w.fake.Push(t.Context(), push); err != nil || a.HTTP != 503 {
		t.Errorf("a press that is not safe was answered with %+v, %v", a, err)
	}
	push.Action["data"] = obj{"nothing": 1}
	if a, err := w.fake.Push(t.Context(), push); err != nil || a.HTTP != 400 {
		t.Errorf("a press of nothing was answered with %+v, %v", a, err)
	}
}

// TestOldProgram presses in one that knows no Action.Execute.
func TestOldProgram(t *testing.T) {
	w := open(t)
	w.say(w.ada, "hello")
	ref := w.send(w.direct(w.ada), "case", bot.Message{Title: "A case", Actions: []bot.Action{bot.Choose{Label: "Yes", Key: "k"}}}, "")
	on, _ := w.fake.Message(w.fake.Chat(w.ada), ref)
	a, err := w.fake.Push(t.Context(), teamstest.Push{By: w.ada, On: on, Old: true, Action: obj{"title": "Yes", "data": obj{"key": "k", "field.k.tried": "x", "field.other.tried": "y"}}})
	if err != nil || a.HTTP != 200 {
		t.Fatalf("got %+v, %v", a, err)
	}
	if d := cmp.Diff(bot.Act(bot.Pressed{Key: "k", Fields: map[string]string{"tried": "x"}}), w.lastEvent().Did); d != "" {
		t.Error(d)
	}
}
