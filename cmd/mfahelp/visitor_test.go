package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// A visitor is somebody on the page, as a script would be: package web says
// what the API is. After a restart they go on elsewhere, with the same session.
type visitor struct {
	at     string // the address of the page
	person string
	token  string
}

// visit sits person down on the page.
func visit(t *testing.T, at, person string) *visitor {
	t.Helper()
	v := &visitor{at: at, person: person}
	var sat struct{ Token string }
	if err := v.ask(t.Context(), http.MethodPost, "/api/sessions", map[string]string{"person": person}, http.StatusCreated, &sat); err != nil {
		t.Fatal(err)
	}
	v.token = sat.Token
	return v
}

// A refusal is an answer of the page other than the one that was wanted.
type refusal struct {
	status     int
	Code       string
	Sentence   string `json:"error"`
	unreadable string // what came instead of that
}

func (r *refusal) Error() string {
	return fmt.Sprintf("%d %s: %s%s", r.status, r.Code, r.Sentence, r.unreadable)
}

// ask sends body as JSON, or as it is if it is bytes, and reads what comes back.
func (v *visitor) ask(ctx context.Context, method, path string, body any, want int, into any) error {
	b, raw := body.([]byte)
	if !raw && body != nil {
		var err error
		if b, err = json.Marshal(body); err != nil {
			return err
		}
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, method, v.at+path, bytes.NewReader(b))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+v.token)
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if b, err = io.ReadAll(resp.Body); err != nil {
		return err
	}
	if resp.StatusCode != want {
		no := &refusal{status: resp.StatusCode}
		if json.Unmarshal(b, no) != nil || no.Code == "" {
			no.unreadable = string(b)
		}
		return no
	}
	if into == nil {
		return nil
	}
	return json.Unmarshal(b, into)
}

// say sends a message and returns the id of the event that was accepted.
func (v *visitor) say(ctx context.Context, id, text string) (event string, err error) {
	var taken struct{ Event string }
	err = v.ask(ctx, http.MethodPost, "/api/messages", map[string]string{"place": "direct", "text": text, "id": id}, http.StatusAccepted, &taken)
	return taken.Event, err
}

// mustSay is say of what has to be accepted.
func (v *visitor) mustSay(t *testing.T, text string) (event string) {
	t.Helper()
	event, err := v.say(t.Context(), "", text)
	if err != nil {
		t.Fatalf("%s said something: %v", v.person, err)
	}
	return event
}

// press presses the button of m in place that is called label.
func (v *visitor) press(t *testing.T, place string, m message, label string, fields map[string]string) {
	t.Helper()
	i := slices.IndexFunc(m.Actions, func(a action) bool { return a.Label == label })
	if i < 0 {
		t.Fatalf("%q has no button %q: %+v", m.Title, label, m.Actions)
	}
	body := map[string]any{"place": place, "key": m.Actions[i].Key, "fields": fields}
	if err := v.ask(t.Context(), http.MethodPost, "/api/presses", body, http.StatusAccepted, nil); err != nil {
		t.Fatalf("%s pressed %q: %v", v.person, label, err)
	}
}

// A conversation is what somebody sees in a place.
type conversation struct {
	Cursor   string
	Messages []message
}

type message struct {
	Ref, Thread, From, Title, Status string
	Rev                              int
	Lines                            []string
	Secret                           bool
	Steps                            []struct{ Do string }
	Actions                          []action
}

type action struct{ Label, Key, URL string }

// text is all of m in the order of reading.
func (m message) text() string { return m.Title + "\n" + strings.Join(m.Lines, "\n") }

// bots are the messages of the bot.
func (c conversation) bots() (out []message) {
	for _, m := range c.Messages {
		if m.From == "" {
			out = append(out, m)
		}
	}
	return out
}

// last is what the bot said last; nothing if it said nothing.
func (c conversation) last() message {
	if b := c.bots(); len(b) > 0 {
		return b[len(b)-1]
	}
	return message{}
}

func (v *visitor) read(ctx context.Context, place string) (c conversation, err error) {
	err = v.ask(ctx, http.MethodGet, "/api/conversations/"+place, nil, http.StatusOK, &c)
	return c, err
}

// await reads a place again whenever the stream says that something changed,
// until it is as it should be.
func (v *visitor) await(t *testing.T, place, what string, ok func(conversation) bool) conversation {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for {
		c, err := v.read(ctx, place)
		if err == nil && ok(c) {
			return c
		}
		if err == nil {
			err = v.changed(ctx, c.Cursor)
		}
		if err != nil {
			t.Fatalf("%s waited for %s in %s: %v; last seen:\n%+v", v.person, what, place, err, c.bots())
		}
	}
}

// changed listens to the stream until a message comes or changes.
func (v *visitor) changed(ctx context.Context, after string) error {
	ctx, cancel := context.WithCancel(ctx) // closes the stream
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, v.at+"/api/stream?after="+after, nil)
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", "Bearer "+v.token)
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	lines := bufio.NewScanner(resp.Body)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		if kind := strings.TrimPrefix(lines.Text(), "event: "); kind == "message" || kind == "reset" {
			return nil
		}
	}
	if err := lines.Err(); err != nil {
		return err
	}
	return io.ErrUnexpectedEOF
}

// settled reports whether the bot's last word is there and is no "wait".
func settled(c conversation) bool { return c.last().Title != "" && c.last().Status != "waiting" }
