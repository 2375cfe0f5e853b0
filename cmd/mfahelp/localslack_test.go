package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"mfahelp/config"
	"mfahelp/graph"
	"mfahelp/graph/sandbox"
	"mfahelp/secret"
)

// localSlack is a Slack that nobody here wrote, where scripts/setup puts it:
// https://github.com/parvalabs/local-slack.
var localSlack = cmp.Or(os.Getenv("MFAHELP_LOCAL_SLACK"), "../../.cache/local-slack-linux-x64-0.1.8/bin/local-slack")

// TestLocalSlack has the whole program in a Slack that nobody here wrote, over
// connections and over HTTP. That Slack listens on every address and obeys
// everybody, so all of it runs in a network of its own.
func TestLocalSlack(t *testing.T) {
	if os.Getenv("MFAHELP_NETWORK_OF_ITS_OWN") != "" {
		for _, mode := range []string{"socket", "events"} {
			t.Run(mode, func(t *testing.T) {
				t.Parallel() // most of it waits for what Microsoft answers at a time
				converse(openLocal(t, mode))
			})
		}
		return
	}
	binary, err := filepath.Abs(localSlack)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(binary); err != nil {
		t.Skip("local-slack is not here; scripts/setup fetches it")
	}
	if exec.CommandContext(t.Context(), "unshare", "-n", "ip", "link", "set", "lo", "up").Run() != nil {
		t.Skip("this machine gives no network of its own: that needs root, unshare, and ip")
	}
	cmd := exec.CommandContext(t.Context(), "unshare", "-n", "sh", "-c", `ip link set lo up && exec "$0" "$@"`, os.Args[0], "-test.run=^TestLocalSlack$", "-test.v")
	cmd.Env = append(os.Environ(), "MFAHELP_NETWORK_OF_ITS_OWN="+binary)
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "--- PASS: TestLocalSlack/socket") || !strings.Contains(string(out), "--- PASS: TestLocalSlack/events") {
		t.Errorf("%v\n%s", err, out)
	}
}

// A local is the program in that Slack.
type local struct {
	*testing.T
	url    string
	tenant *sandbox.Tenant
	ui     *websocket.Conn
	logged *observer.ObservedLogs
	ids    map[string]string // of people, by what the sandbox calls them
	admins []string
	opened int // dialogs, before somebody did what opens another
}

const (
	localAdmins  = "C0ADMINS01"
	localGeneral = "C0GENERAL1"
)

func openLocal(t *testing.T, mode string) *local {
	t.Helper()
	tenant, err := sandbox.New(sandbox.Options{Dir: keyedDir(t), Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	entra, err := tenant.Start("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := &local{T: t, tenant: tenant, ids: map[string]string{}}
	cfg := demoConfig(tenant, entra, t.TempDir(), "http://"+ln.Addr().String())
	cfg.Web.Login = ""
	cfg.Slack = config.Slack{On: true, BotToken: secret.New("xoxb-made-up"), People: map[string]string{}}
	if mode == "socket" {
		cfg.Slack.AppToken = secret.New("xapp-made-up")
	} else {
		cfg.Slack.SigningSecret = secret.New("made-up-signing-secret")
	}
	cfg.Admins.Channel = config.Channel{Platform: "slack", ID: localAdmins}
	var users []map[string]any
	members := []string{"U0BOT00001"}
	for i, p := range tenant.People() {
		id := fmt.Sprintf("U0P%07d", i+1)
		l.ids[short(p.UPN)], cfg.Slack.People[id] = id, p.ID
		users = append(users, map[string]any{"id": id, "name": short(p.UPN), "real_name": p.Name, "email": short(p.UPN) + "@contoso.com"})
		if slices.Contains(p.Groups, sandbox.AdminsGroup) {
			members, l.admins = append(members, id), append(l.admins, short(p.UPN))
		}
	}
	l.serve(map[string]any{
		"workspace": map[string]any{"name": "Contoso", "domain": "contoso", "teamId": "T0TEAM0001"},
		"apps": []any{map[string]any{
			"appId": "A0APP00001", "botUserId": "U0BOT00001", "botName": "mfahelp", "botToken": "xoxb-made-up", "appToken": "xapp-made-up",
			"signingSecret": "made-up-signing-secret", "mode": mode, "requestUrl": "http://" + ln.Addr().String() + slackPath,
		}},
		"users": users,
		"channels": []any{
			map[string]any{"id": localAdmins, "name": "helpdesk", "is_private": true, "members": members},
			map[string]any{"id": localGeneral, "name": "general", "members": append(members, l.ids["sofia.almeida"])},
		},
	})
	cfg.Slack.API = l.url + "/api/"
	core, logged := observer.New(zapcore.InfoLevel)
	l.logged = logged
	a, err := newApp(t.Context(), cfg, zap.New(core), time.Now, nil)
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	ctx := t.Context()
	go func() { ended <- a.Run(ctx, ln) }()
	t.Cleanup(func() {
		if err := errors.Join(<-ended, a.Close(), tenant.Close()); err != nil {
			t.Error(err)
		}
	})
	l.until("the bot is ready", func() bool { return a.slack.Ready() == nil })
	if mode == "socket" {
		l.until("both connections are open", func() bool { return strings.Count(l.log(), "apps.connections.open") >= 2 })
		l.until("they listen", func() bool {
			ben := l.direct("ben.novak") // whose question asks nothing of Microsoft, of which others need the answers
			return l.call("command", map[string]any{"channel": ben, "user": l.ids["ben.novak"], "command": "/mfa-help", "text": "help"}) && len(l.read(ben)) > 0
		})
	}
	return l
}

// serve starts that Slack and waits until it answers.
func (l *local) serve(conf map[string]any) {
	l.Helper()
	b, err := json.Marshal(conf)
	if err != nil {
		l.Fatal(err)
	}
	file := filepath.Join(l.TempDir(), "slack.json")
	if err := os.WriteFile(file, b, 0o600); err != nil {
		l.Fatal(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		l.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(ln.Addr().String())
	ln.Close()
	cmd := exec.Command(os.Getenv("MFAHELP_NETWORK_OF_ITS_OWN"), "--config", file, "--port", port, "--base-host", "127.0.0.1", "--files-dir", l.TempDir())
	if err := cmd.Start(); err != nil {
		l.Fatal(err)
	}
	l.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	l.url = "http://127.0.0.1:" + port
	l.until("that Slack answers", func() bool { _, err := l.get("state"); return err == nil })
	l.ui, _, err = websocket.DefaultDialer.DialContext(l.Context(), "ws://127.0.0.1:"+port+"/ui", nil)
	if err != nil {
		l.Fatal(err)
	}
	l.Cleanup(func() { l.ui.Close() })
}

// until waits for something that another process does. Its limit is no claim: it
// only ends a test that would never.
func (l *local) until(what string, ok func() bool) {
	l.Helper()
	for range 1800 {
		if ok() {
			return
		}
		time.Sleep(50 * time.Millisecond) //nolint:forbidigo // what is waited for sends no signal
	}
	var said strings.Builder
	if l.logged != nil {
		for _, e := range l.logged.All() {
			fmt.Fprintln(&said, e.Message, e.ContextMap())
		}
	}
	if b, err := l.get("log"); err == nil {
		fmt.Fprintf(&said, "and Slack's, at its end\n%s", b[max(0, len(b)-4000):])
	}
	l.Fatalf("waited in vain until %s; the log says\n%s", what, said.String())
}

func (l *local) get(path string) ([]byte, error) {
	r, err := http.NewRequestWithContext(l.Context(), http.MethodGet, l.url+"/_control/"+path, nil)
	if err != nil {
		return nil, err
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	return io.ReadAll(res.Body)
}

func (l *local) log() string {
	b, _ := l.get("log")
	return string(b)
}

// call does something as one of the people.
func (l *local) call(what string, body map[string]any) bool {
	l.Helper()
	b, err := json.Marshal(body)
	if err != nil {
		l.Fatal(err)
	}
	res, err := http.Post(l.url+"/_control/"+what, "application/json", bytes.NewReader(b))
	if err != nil {
		l.Fatal(err)
	}
	defer res.Body.Close()
	out, _ := io.ReadAll(res.Body)
	if res.StatusCode != http.StatusOK {
		l.Fatalf("%s was refused: %s", what, out)
	}
	return true
}

// A localMessage is one as that Slack keeps it.
type localMessage struct {
	TS     string `json:"ts"`
	Thread string `json:"thread_ts"`
	User   string `json:"user"`
	Bot    string `json:"bot_id"`
	Text   string `json:"text"`
	Files  []struct {
		Name string `json:"name"`
	} `json:"files"`
	Blocks []any `json:"blocks"`
}

func (l *local) read(channel string) (all []localMessage) {
	l.Helper()
	b, err := l.get("messages/" + channel)
	if err != nil {
		l.Fatal(err)
	}
	var answer struct{ Messages []localMessage }
	if json.Unmarshal(b, &answer) != nil || answer.Messages == nil {
		_ = json.Unmarshal(b, &answer.Messages)
	}
	return answer.Messages
}

// direct is the id of somebody's conversation with the bot.
func (l *local) direct(who string) string {
	l.Helper()
	res, err := http.Post(l.url+"/api/conversations.open", "application/x-www-form-urlencoded",
		strings.NewReader("token=xoxb-made-up&users="+l.ids[who]))
	if err != nil {
		l.Fatal(err)
	}
	defer res.Body.Close()
	var a struct{ Channel struct{ ID string } }
	if err := json.NewDecoder(res.Body).Decode(&a); err != nil {
		l.Fatal(err)
	}
	return a.Channel.ID
}

// shown waits for a message of the bot's that says something, and returns the
// newest.
func (l *local) shown(channel, text string) (found localMessage) {
	l.Helper()
	l.until(fmt.Sprintf("%q is in %s", text, channel), func() bool {
		for _, m := range l.read(channel) {
			if strings.Contains(m.Text, text) && (m.Bot != "" || m.User == "U0BOT00001") {
				found = m
			}
		}
		return found.TS != ""
	})
	return found
}

// press presses a button of a message.
func (l *local) press(who, channel string, m localMessage, label string) {
	l.Helper()
	l.opened = l.opens()
	e := m.button(label)
	if e == nil {
		l.Fatalf("there is no button %q in %+v", label, m.Blocks)
	}
	l.call("interact", map[string]any{"channel": channel, "messageTs": m.TS, "user": l.ids[who], "action": map[string]any{
		"type": "button", "action_id": e["action_id"], "block_id": e["in"], "value": e["value"],
	}})
}

// button returns a button of m by its label, with the id of the block that it is
// in; nil if there is none.
func (m localMessage) button(label string) map[string]any {
	for _, x := range m.Blocks {
		b, _ := x.(map[string]any)
		elements, _ := b["elements"].([]any)
		for _, y := range elements {
			e, _ := y.(map[string]any)
			text, _ := e["text"].(map[string]any)
			if e["type"] == "button" && text["text"] == label {
				e["in"] = b["block_id"]
				return e
			}
		}
	}
	return nil
}

func (l *local) opens() int { return strings.Count(l.log(), `"summary":"views.open"`) }

// untilOpen waits for the dialog that the last press opens. That Slack sends each
// press over both connections, and has one acknowledged while the other is at it.
func (l *local) untilOpen() {
	l.Helper()
	l.until("a dialog is open", func() bool { return l.opens() > l.opened })
}

// choose sends the dialog that is open, in which there is something to choose.
func (l *local) choose(who, name, option string, words map[string]string) {
	l.Helper()
	l.untilOpen()
	given := map[string]any{name: map[string]any{"value": map[string]any{"type": "static_select", "selected_option": map[string]any{"value": option}}}}
	for name, v := range words {
		given[name] = map[string]any{"value": map[string]any{"type": "plain_text_input", "value": v}}
	}
	if err := l.ui.WriteJSON(map[string]any{"t": "view_submit", "user": l.ids[who], "values": given}); err != nil {
		l.Fatal(err)
	}
}

// fill sends the dialog that is open. Of the others it says nothing: that Slack
// has one pile of dialogs for all.
func (l *local) fill(who string, values map[string]string) {
	l.Helper()
	l.untilOpen()
	given := map[string]any{}
	for name, v := range values {
		given[name] = map[string]any{"value": map[string]any{"type": "plain_text_input", "value": v}}
	}
	if err := l.ui.WriteJSON(map[string]any{"t": "view_submit", "user": l.ids[who], "values": given}); err != nil {
		l.Fatal(err)
	}
}

// converse does what people do, once around.
func converse(l *local) {
	l.Helper()
	sofia := l.direct("sofia.almeida")
	f, err := l.tenant.Fail("no-response")
	if err != nil {
		l.Fatal(err)
	}
	l.call("message", map[string]any{"channel": l.ids["sofia.almeida"], "user": l.ids["sofia.almeida"], "text": f.Text})
	card := l.shown(sofia, "No answer to the sign-in request")
	if n := l.count(sofia); n != 1 {
		l.Fatalf("one message has %d answers", n)
	}
	l.call("command", map[string]any{"channel": localGeneral, "user": l.ids["sofia.almeida"], "command": "/mfa-help", "text": "status"})
	l.until("the command is answered", func() bool {
		return strings.Contains(l.log(), "slash_command") && l.count(localGeneral)+l.count(sofia) >= 2
	})
	l.call("message", map[string]any{"channel": localGeneral, "user": l.ids["sofia.almeida"], "text": "<@U0BOT00001> I cannot sign in"})
	if said := l.shown(localGeneral, "I wrote to you in private"); said.Thread == "" || strings.Contains(said.Text, "AADSTS") {
		l.Errorf("the mention is answered where it was made: %+v", said)
	}

	l.press("sofia.almeida", sofia, card, "Still stuck")
	l.fill("sofia.almeida", map[string]string{"words": "My phone is in the river."})
	queue := l.shown(localAdmins, "My phone is in the river.")
	l.until("the evidence is in the thread", func() bool {
		return slices.ContainsFunc(l.read(localAdmins), func(m localMessage) bool { return len(m.Files) > 0 })
	})
	l.press("priya.raman", localAdmins, queue, "Claim")
	l.shown(localAdmins, "Priya Raman")
	l.call("message", map[string]any{"channel": localAdmins, "user": l.ids["priya.raman"], "text": "Come to room 2.14.\nnote: she sounds odd", "thread_ts": queue.TS})
	l.shown(sofia, "Come to room 2.14.")
	l.call("message", map[string]any{"channel": l.ids["sofia.almeida"], "user": l.ids["sofia.almeida"], "text": "on my way"})
	l.shown(localAdmins, "on my way")
	l.reset(queue)
	l.call("open-home", map[string]any{"user": l.ids["sofia.almeida"]})
	l.until("the page is there", func() bool { return strings.Contains(l.log(), "views.publish") })
	relayed := 0
	for _, m := range l.read(sofia) {
		if strings.Contains(m.Text, "Come to room 2.14.") {
			relayed++
		}
	}
	if relayed != 1 {
		l.Errorf("what one admin wrote once was said %d times", relayed)
	}
	second := slices.IndexFunc(l.admins, func(who string) bool { return who != "priya.raman" })
	l.call("reaction", map[string]any{"channel": localAdmins, "ts": queue.TS, "user": l.ids[l.admins[second]], "name": "eyes"})
	l.shown(localAdmins, "Priya Raman already has this case")
	l.call("reaction", map[string]any{"channel": localAdmins, "ts": queue.TS, "user": l.ids["priya.raman"], "name": "white_check_mark"})
	l.shown(sofia, "Your case is closed")
	if f, err = l.tenant.Fail("no-response"); err != nil {
		l.Fatal(err)
	}
	l.opened = l.opens()
	l.call("command", map[string]any{"channel": l.ids["sofia.almeida"], "user": l.ids["sofia.almeida"], "command": "/mfa-help", "text": ""})
	l.fill("sofia.almeida", map[string]string{"text": f.Text})
	l.shown(sofia, "No answer to the sign-in request")
	if b, err := json.Marshal(l.read(sofia)); err != nil || strings.Contains(string(b), "she sounds odd") {
		l.Errorf("the employee reads what is among the admins: %s, %v", b, err)
	}
	l.approval()
	if n := l.logged.FilterMessage("an answer goes another way").Len(); n > 0 {
		l.Errorf("%d answers were sent in two ways", n)
	}
}

// reset plans a reset in the thread of a case, and denies it with a reason.
func (l *local) reset(card localMessage) {
	l.Helper()
	l.press("priya.raman", localAdmins, l.again(card), "Plan a reset")
	l.choose("priya.raman", "want", "gone", map[string]string{"reason": "It is in the river."})
	asked := l.shown(localAdmins, "What goes")
	if asked.Thread != card.TS {
		l.Errorf("the reset hangs from %q, and the case is %q", asked.Thread, card.TS)
	}
	l.press("priya.raman", localAdmins, asked, "Deny")
	l.fill("priya.raman", map[string]string{"reason": "She found it again."})
	l.shown(localAdmins, "She found it again.")
	l.until("nobody can approve it any more", func() bool { return !strings.Contains(fmt.Sprint(l.again(asked).Blocks), "Approve") })
}

// approval has a lost phone removed: its owner asks, their manager vouches, an
// admin approves, each of the two by a fresh sign-in on the bot's own page.
func (l *local) approval() {
	l.Helper()
	aiko, grace := l.direct("aiko.sato"), l.direct("grace.nguyen")
	l.call("message", map[string]any{"channel": l.ids["grace.nguyen"], "user": l.ids["grace.nguyen"], "text": "hello"})
	l.until("the manager has an answer", func() bool { return l.count(grace) > 0 })
	l.call("message", map[string]any{"channel": l.ids["aiko.sato"], "user": l.ids["aiko.sato"], "text": "I lost my phone"})
	l.press("aiko.sato", aiko, l.offering(aiko, "My phone is gone"), "My phone is gone")
	l.agree("grace.nguyen", "authenticator", grace, "I spoke to them: sign in and confirm")
	l.press("priya.raman", localAdmins, l.offering(localAdmins, "Approve…"), "Approve…")
	l.agree("priya.raman", "fido2", localAdmins, "Sign in and see")
	l.shown(localAdmins, "Your approval is noted")
	l.shown(aiko, "A pass waits for you")
	l.until("the phone is gone in the tenant, once", func() bool { return l.removed() == 1 })
	l.press("grace.nguyen", grace, l.offering(grace, "Show the pass…"), "Show the pass…")
	l.agree("grace.nguyen", "authenticator", grace, "Sign in and see")
	now, said := l.offering(grace, "Show it now"), 0
	l.insist("the pass can be shown", func() {
		said = len(l.read(grace))
		l.press("grace.nguyen", grace, now, "Show it now")
	}, func() (answered, ok bool) {
		_, ok = l.has(grace, "Show it")
		return len(l.read(grace)) > said, ok
	})
	pass, it := "", l.offering(grace, "Show it")
	l.insist("the pass is shown", func() { l.press("grace.nguyen", grace, it, "Show it") }, func() (answered, ok bool) {
		pass, answered = l.passShown()
		return answered, pass != ""
	})
	for _, channel := range []string{aiko, grace, localAdmins, localGeneral} {
		if b, err := json.Marshal(l.read(channel)); err != nil || strings.Contains(string(b), pass) {
			l.Errorf("the pass %q is in a message of %s: %s, %v", pass, channel, b, err)
		}
	}
}

// insist presses again whenever the answer is that Microsoft answers no more at
// this moment.
func (l *local) insist(what string, press func(), answer func() (answered, ok bool)) {
	l.Helper()
	press()
	l.until(what, func() bool {
		answered, ok := answer()
		if answered && !ok {
			press()
		}
		return ok
	})
}

// passShown is the pass in the dialog that was opened last, where it is put once
// that is open; "" if it says that there is none to show.
func (l *local) passShown() (pass string, answered bool) {
	l.Helper()
	all := l.log()
	if l.opens() <= l.opened {
		return "", false
	}
	_, view, answered := strings.Cut(all[strings.LastIndex(all, `"summary":"views.open"`):], `"summary":"views.update"`)
	_, view, _ = strings.Cut(view, `"text":"Pass"`)
	if found := regexp.MustCompile(`"style":{"code":true},"text":"([^"]+)"`).FindStringSubmatch(view); found != nil {
		pass = found[1]
	}
	return pass, answered
}

// removed is how many methods the tenant has taken from anybody.
func (l *local) removed() (n int) {
	for _, w := range l.tenant.Writes() {
		if w.Write == graph.DeleteMethod && w.Done {
			n++
		}
	}
	return n
}

// offering waits for a message with a button, and returns the newest.
func (l *local) offering(channel, label string) (found localMessage) {
	l.Helper()
	l.until(fmt.Sprintf("%q can be pressed in %s", label, channel), func() (ok bool) {
		found, ok = l.has(channel, label)
		return ok
	})
	return found
}

// has returns the newest message with a button.
func (l *local) has(channel, label string) (found localMessage, ok bool) {
	l.Helper()
	for _, m := range l.read(channel) {
		if m.button(label) != nil {
			found, ok = m, true
		}
	}
	return found, ok
}

// agree follows the address of a button to its end.
func (l *local) agree(who, method, channel, label string) {
	l.Helper()
	address, _ := l.offering(channel, label).button(label)["url"].(string)
	err := agree(l.Context(), address, func(entra string) (string, error) {
		return l.tenant.SignIn(entra, sandbox.SignIn{User: who + "@contoso.com", With: method})
	})
	if err != nil {
		l.Fatalf("%s at %q: %v", who, label, err)
	}
}

// again is a message as it now is.
func (l *local) again(m localMessage) localMessage {
	l.Helper()
	for _, x := range l.read(localAdmins) {
		if x.TS == m.TS {
			return x
		}
	}
	return m
}

// count is how many messages of the bot's there are.
func (l *local) count(channel string) (n int) {
	for _, m := range l.read(channel) {
		if m.Bot != "" || m.User == "U0BOT00001" {
			n++
		}
	}
	return n
}
