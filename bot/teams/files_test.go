package teams_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"mfahelp/bot"
	"mfahelp/bot/bottest"
	"mfahelp/bot/teams/teamstest"
)

// diagnostics is a message with a file, as the evidence of a case has one.
var diagnostics = bot.Message{
	Title: "What the diagnosis rests on", Attachments: []bot.Attachment{{Name: "../sign in: 7?.json", MediaType: "application/json", Content: []byte(`{"id": "7"}`)}},
}

// fileButton is the button on a message that asks for its file.
func (w *world) fileButton(p *teamstest.Person, on teamstest.Message) obj {
	w.Helper()
	for _, s := range w.fake.See(p, on.Room) {
		for _, b := range s.Buttons {
			if a := teamstest.Button(b.Ref); s.Ref == on.ID && a["verb"] == "file" {
				return a
			}
		}
	}
	w.Fatal("no file is offered")
	return nil
}

// offered is the consent card that somebody has in their own chat, the last one.
func (w *world) offered(p *teamstest.Person) (m teamstest.Message, ok bool) {
	for _, x := range w.fake.Messages(w.fake.Chat(p)) {
		if strings.Contains(fmt.Sprint(x.Activity["attachments"]), "file.consent") && !x.Deleted {
			m, ok = x, true
		}
	}
	return m, ok
}

// withFile posts the message and presses for the file.
func (w *world) withFile(to bot.Place, room *teamstest.Room, by *teamstest.Person) (on teamstest.Message, button obj) {
	w.Helper()
	ref := w.send(to, "evidence", diagnostics, "")
	on, _ = w.fake.Message(room, ref)
	button = w.fileButton(by, on)
	a, err := w.fake.Push(w.Context(), teamstest.Push{By: by, On: on, Action: button})
	if err != nil || a.HTTP != 200 || a.Status != 200 {
		w.Fatalf("the press for a file is answered with %+v, %v", a, err)
	}
	return on, button
}

// TestFile brings a file from a chat and from a channel, where a bot can put
// none: whoever presses is asked in their own chat, and the file is theirs
// whole, under a name that is safe to save. In the card it can be read, folded.
func TestFile(t *testing.T) {
	for _, among := range []bool{false, true} {
		w := known(t)
		w.say(w.bob, "hello")
		to, room := w.direct(w.bob), w.fake.Chat(w.bob)
		if among {
			to, room = w.inChannel(), w.channel
		}
		on, _ := w.withFile(to, room, w.bob)
		if s := string(mustJSON(t, on.Activity)); !strings.Contains(s, "ToggleVisibility") || !strings.Contains(s, "{\u200b"+`\"id\": \"7\"}`) {
			t.Errorf("it cannot be read in the card: %s", s)
		}
		m, ok := w.offered(w.bob)
		if !ok {
			t.Fatal("nothing is offered in Bob's own chat")
		}
		id, d, err := w.fake.Consent(t.Context(), w.bob, m, true)
		if err != nil || d.Status != 200 {
			t.Fatalf("the consent is answered with %d, %v", d.Status, err)
		}
		if got := string(w.fake.File(id)); got != `{"id": "7"}` {
			t.Errorf("the file is %q", got)
		}
		got := slices.ContainsFunc(w.fake.See(w.bob, w.fake.Chat(w.bob)), func(s bottest.Seen) bool { return slices.Equal(s.Attached, []string{"sign in_ 7_.json"}) })
		if !got {
			t.Errorf("Bob sees no file: %+v", w.fake.See(w.bob, w.fake.Chat(w.bob)))
		}
		if _, still := w.offered(w.bob); still {
			t.Error("the question is still there")
		}
		w.fine()
	}
}

// TestFileDeclined takes the question away and puts nothing anywhere.
func TestFileDeclined(t *testing.T) {
	w := known(t)
	w.withFile(w.direct(w.ada), w.fake.Chat(w.ada), w.ada)
	m, _ := w.offered(w.ada)
	id, d, err := w.fake.Consent(t.Context(), w.ada, m, false)
	if err != nil || d.Status != 200 || w.fake.File(id) != nil {
		t.Errorf("declining is answered with %d, %v; the file is %q", d.Status, err, w.fake.File(id))
	}
	if _, still := w.offered(w.ada); still {
		t.Error("the question is still there")
	}
	w.fine()
}

// TestFilesOfOthers are not to be had: by whoever was not asked, in another
// place, by a token that was made up, after their time.
func TestFilesOfOthers(t *testing.T) {
	w := known(t)
	w.say(w.bob, "hello")
	_, button := w.withFile(w.direct(w.ada), w.fake.Chat(w.ada), w.ada)
	m, _ := w.offered(w.ada)
	stolen := m
	stolen.Room = w.fake.Chat(w.bob)
	if id, d, err := w.fake.Consent(t.Context(), w.bob, stolen, true); err != nil || d.Status != http.StatusForbidden || w.fake.File(id) != nil {
		t.Errorf("a consent by somebody else is answered with %d, %v", d.Status, err)
	}
	ref := w.send(w.direct(w.bob), "b", titled("Bob's own"), "")
	bobs, _ := w.fake.Message(w.fake.Chat(w.bob), ref)
	push := func(name string, x teamstest.Push) {
		t.Helper()
		a, err := w.fake.Push(t.Context(), x)
		if err != nil || a.HTTP != http.StatusForbidden {
			t.Errorf("%s is answered with %+v, %v", name, a, err)
		}
		if _, ok := w.offered(w.bob); ok {
			t.Errorf("%s: Bob is offered a file", name)
		}
	}
	push("a press for another's file", teamstest.Push{By: w.bob, On: bobs, Action: button})
	made := obj{"title": "x", "verb": "file", "data": obj{"file": strings.Repeat("A", 24)}}
	push("a press for a made-up file", teamstest.Push{By: w.bob, On: bobs, Action: made})
	made["data"] = obj{"file": "../person/" + w.ada.ID}
	push("a press for what is no file", teamstest.Push{By: w.bob, On: bobs, Action: made})

	channels := w.send(w.inChannel(), "evidence", diagnostics, "")
	on, _ := w.fake.Message(w.channel, channels)
	push("a press, in one's own chat, for a channel's file", teamstest.Push{By: w.bob, On: bobs, Action: w.fileButton(w.ada, on)})

	w.clock.move(31 * 24 * time.Hour)
	w.send(w.direct(w.bob), "c", bot.Message{Title: "Later", Attachments: diagnostics.Attachments}, "") // which tidies
	mine, _ := w.fake.Message(w.fake.Chat(w.ada), m.ID)
	if _, d, err := w.fake.Consent(t.Context(), w.ada, mine, true); err != nil || d.Status != http.StatusForbidden {
		t.Errorf("a consent after a month is answered with %d, %v", d.Status, err)
	}
	if kept, err := w.memory.List(t.Context(), "teams", "file/"); err != nil || len(kept) != 1 {
		t.Errorf("after a month %d files are kept, %v; want the newest", len(kept), err)
	}
}

// TestFileGoesWhereItMay has a consent name a place of somebody else's.
func TestFileGoesWhereItMay(t *testing.T) {
	var caught []string
	attacker := httptest.NewTLSServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		caught = append(caught, r.Method+" "+r.Header.Get("Authorization"))
	}))
	defer attacker.Close()
	w := known(t)
	w.withFile(w.direct(w.ada), w.fake.Chat(w.ada), w.ada)
	m, _ := w.offered(w.ada)
	consent := func(address string) int {
		t.Helper()
		all := m.Activity["attachments"].([]any)
		content := all[0].(obj)["content"].(obj)
		a := w.fake.Envelope(w.ada, m.Room, "")
		a["type"], a["name"], a["id"], a["replyToId"] = "invoke", "fileConsent/invoke", "f:1", m.ID
		a["value"] = obj{"type": "fileUpload", "action": "accept", "context": content["acceptContext"], "uploadInfo": obj{
			"name": "x", "uploadUrl": address, "contentUrl": address, "uniqueId": "1", "fileType": "json",
		}}
		d, err := w.fake.Deliver(t.Context(), a, w.fake.Token(teamstest.Forgery{}))
		if err != nil {
			t.Fatal(err)
		}
		return d.Status
	}
	for _, address := range []string{attacker.URL + "/x", "http://169.254.169.254/latest/", "file:///etc/passwd", "", "https://contoso.sharepoint.com@" + strings.TrimPrefix(attacker.URL, "https://") + "/"} {
		if got := consent(address); got != http.StatusForbidden {
			t.Errorf("to %q: the answer is %d", address, got)
		}
	}
	place := w.fake.URL + "/storage/place"
	if got := consent(place); got != http.StatusOK {
		t.Errorf("to a place of the list: the answer is %d", got)
	}
	if len(caught) > 0 {
		t.Errorf("a stranger got %q", caught)
	}
}
