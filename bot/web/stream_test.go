package web_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"mfahelp/bot"
	"mfahelp/bot/web"
)

// A listener reads the stream.
type listener struct {
	t    *testing.T
	body *bufio.Scanner
	end  func()
}

type heard struct {
	id, kind string
	data     map[string]any
}

func (p *page) listen(token, after string, header map[string]string) *listener {
	p.t.Helper()
	r, err := http.NewRequestWithContext(p.t.Context(), http.MethodGet, p.url+"/api/stream?after="+after, nil)
	if err != nil {
		p.t.Fatal(err)
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	for k, v := range header {
		r.Header.Set(k, v)
	}
	res, err := p.client.Do(r)
	if err != nil {
		p.t.Fatal(err)
	}
	if got := res.Header.Get("Content-Type"); res.StatusCode != http.StatusOK || !strings.HasPrefix(got, "text/event-stream") {
		p.t.Fatalf("got %d %s", res.StatusCode, got)
	}
	s := bufio.NewScanner(res.Body)
	s.Buffer(nil, 1<<20)
	l := &listener{p.t, s, func() { res.Body.Close() }}
	p.t.Cleanup(l.end)
	return l
}

// next waits for an event. The test's own time limit ends a wait in vain.
func (l *listener) next() (h heard) {
	l.t.Helper()
	for l.body.Scan() {
		field, value, _ := strings.Cut(l.body.Text(), ": ")
		switch field {
		case "id":
			h.id = value
		case "event":
			h.kind = value
		case "data":
			if err := json.Unmarshal([]byte(value), &h.data); err != nil {
				l.t.Fatal(err)
			}
		case "":
			if h.kind != "" {
				return h
			}
		}
	}
	l.t.Fatalf("the stream ended: %v", l.body.Err())
	return h
}

// until returns what is heard up to and with the first of a kind, in short.
func (l *listener) until(kind string) (short string, id string) {
	l.t.Helper()
	var all []string
	for {
		h := l.next()
		if h.kind == kind {
			return strings.Join(all, ", "), h.id
		}
		if h.kind == "trace" {
			all = append(all, fmt.Sprint("trace ", h.data["text"]))
			continue
		}
		all = append(all, fmt.Sprint(h.kind, " ", h.data["summary"], " ", h.data["rev"]))
	}
}

func TestStream(t *testing.T) {
	p := open(t)
	l := p.listen(p.as("ada"), "", nil)
	if got, _ := l.until("ready"); got != "" {
		t.Errorf("at first it tells %s", got)
	}
	ref := p.send(direct("ada"), "case", bot.Message{Title: "Looking…", Personal: true}, "")
	p.send(direct("bob"), "case", bot.Message{Title: "Bob's"}, "")
	p.send(channel, "case", bot.Message{Title: "The admins'"}, "")
	first := l.next()
	for key, want := range map[string]any{"place": "direct", "ref": ref, "rev": 0.0, "summary": "Looking…"} {
		if first.data[key] != want {
			t.Errorf("%s: got %v, want %v", key, first.data[key], want)
		}
	}
	if html := first.data["html"].(string); !strings.HasPrefix(html, "<article") || !strings.Contains(html, "Looking…") {
		t.Errorf("got %s", html)
	}
	p.Trace(web.Trace{At: time.Date(2026, 11, 20, 8, 15, 0, 0, time.UTC), Kind: "graph", Text: "Asked Graph.", CaseKey: "c1"})
	p.send(direct("ada"), "case", bot.Message{Title: "Found", Body: []bot.Block{bot.Text{bot.Plain("It was this. And that.")}}}, ref)
	if h := l.next(); h.kind != "trace" || h.data["text"] != "Asked Graph." || h.data["case"] != "c1" || h.data["at"] != "2026-11-20T08:15:00Z" {
		t.Errorf("got %+v", h)
	}
	if h := l.next(); h.data["summary"] != "Found. It was this." || h.data["rev"] != 1.0 {
		t.Errorf("got %+v", h)
	}
}

// TestStreamGoesOn cuts a stream and hears what was missed, each thing once and
// as it is by then.
func TestStreamGoesOn(t *testing.T) {
	p := open(t)
	ada := p.as("ada")
	l := p.listen(ada, "", nil)
	l.until("ready")
	p.send(direct("ada"), "a", bot.Message{Title: "A"}, "")
	seen := l.next()
	l.end()

	p.send(direct("ada"), "b", bot.Message{Title: "B"}, "")
	p.Trace(web.Trace{Kind: "sent", Text: "B was sent."})
	p.send(direct("ada"), "b", bot.Message{Title: "B2"}, "")
	p.send(direct("ada"), "c", bot.Message{Title: "C"}, "")
	p.Trace(web.Trace{Kind: "sent", Text: "C was sent."})
	want := "trace B was sent., message B2 1, message C 0, trace C was sent."
	for _, how := range []struct {
		name, after string
		header      map[string]string
	}{
		{"by the header", "", map[string]string{"Last-Event-ID": seen.id}},
		{"by the parameter", seen.id, nil},
		{"by the header, before the parameter", "old-1", map[string]string{"Last-Event-ID": seen.id}},
	} {
		got, id := p.listen(ada, how.after, how.header).until("ready")
		if got != want {
			t.Errorf("%s: got %s, want %s", how.name, got, want)
		}
		if again, _ := p.listen(ada, id, nil).until("ready"); again != "" {
			t.Errorf("%s: after that it tells %s again", how.name, again)
		}
	}
}

// TestStreamOfAnotherProcess comes back after a restart, when counts begin anew.
func TestStreamOfAnotherProcess(t *testing.T) {
	p := open(t)
	ada := p.as("ada")
	p.send(direct("ada"), "a", bot.Message{Title: "A"}, "")
	_, old := p.listen(ada, "", nil).until("ready")
	p = openWith(t, p.memory, web.Options{})
	for _, cursor := range []string{old, "nonsense", "x-y"} {
		l := p.listen(ada, cursor, nil)
		if h := l.next(); h.kind != "reset" {
			t.Errorf("after %s: got %+v, want a reset", cursor, h)
		}
		if got, _ := l.until("ready"); got != "" {
			t.Errorf("after %s: it tells %s", cursor, got)
		}
	}
}

// TestStreamOfAPage has two seats, in which the same person may sit.
func TestStreamOfAPage(t *testing.T) {
	p := open(t)
	cookies := "mfahelp-employee=" + p.as("pia") + "; mfahelp-admin=" + p.as("pia")
	l := p.listen("", "", map[string]string{"Cookie": cookies})
	l.until("ready")
	p.send(channel, "root", bot.Message{Title: "Root"}, "")
	p.send(direct("pia"), "hers", bot.Message{Title: "Hers"}, "")
	var got []string
	for range 3 {
		h := l.next()
		got = append(got, fmt.Sprint(h.data["seat"], " ", h.data["place"], " ", h.data["summary"]))
	}
	if got := strings.Join(got, ", "); got != "admin admins Root, admin direct Hers, employee direct Hers" {
		t.Errorf("got %s", got)
	}
}

// TestSomebodyElsewhere has a page in which Ada and Pia sit, and something for
// others: of that it hears no more than whom it is for.
func TestSomebodyElsewhere(t *testing.T) {
	p := open(t)
	page := p.listen("", "", map[string]string{"Cookie": "mfahelp-employee=" + p.as("ada") + "; mfahelp-admin=" + p.as("pia")})
	script := p.listen(p.as("ada"), "", nil)
	page.until("ready")
	script.until("ready")
	p.send(direct("bob"), "ask", bot.Message{Title: "Bob's alone"}, "")
	p.send(direct("tom"), "ask", bot.Message{Title: "Tom's alone"}, "")
	p.post(p.as("bob"), "/api/messages", `{"place":"direct","text":"bob's words"}`, 202, nil) // of which he knows
	whisper := channel
	whisper.Audience, whisper.Reader = bot.Ephemeral, "tom"
	p.send(whisper, "ask", bot.Message{Title: "Tom's, among others"}, "")
	p.send(direct("ada"), "end", bot.Message{Title: "Ada's"}, "")
	for _, want := range []string{"elsewhere map[name:Bob <b>Berg</b> person:bob]", "elsewhere map[admin:true name:Tom Alvar person:tom]", "message Ada's"} {
		h := page.next()
		got := fmt.Sprint(h.kind, " ", h.data)
		if h.kind == "message" {
			got = fmt.Sprint(h.kind, " ", h.data["summary"])
		}
		if got != want {
			t.Errorf("the page hears %s, want %s", got, want)
		}
	}
	if h := script.next(); h.data["summary"] != "Ada's" {
		t.Errorf("a script hears %+v", h)
	}
}

func TestStreamEndsWithThePage(t *testing.T) {
	p := open(t)
	l := p.listen(p.as("ada"), "", nil)
	l.until("ready")
	p.Close()
	for l.body.Scan() {
		if l.body.Text() != "" {
			t.Errorf("got %s", l.body.Text())
		}
	}
	p.Close() // again is no harm
}

func TestTracesAreForgotten(t *testing.T) {
	p := open(t)
	for i := range 250 {
		p.Trace(web.Trace{Kind: "sent", Text: fmt.Sprint(i)})
	}
	_, body := p.do(request{method: http.MethodGet, path: "/api/traces", token: p.as("ada")})
	var answer struct{ Traces []struct{ Text string } }
	if err := json.Unmarshal([]byte(body), &answer); err != nil {
		t.Fatal(err)
	}
	if n := len(answer.Traces); n != 200 || answer.Traces[0].Text != "50" || answer.Traces[199].Text != "249" {
		t.Errorf("got %d, from %+v", n, answer.Traces[0])
	}
}
