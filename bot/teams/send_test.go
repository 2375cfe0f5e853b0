package teams_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"mfahelp/bot"
	"mfahelp/bot/teams/teamstest"
)

func titled(s string) bot.Message { return bot.Message{Title: s} }

// titles are those of the bot's messages that somebody sees in a room.
func (w *world) titles(p *teamstest.Person, in *teamstest.Room) (all []string) {
	for _, s := range w.fake.See(p, in) {
		if s.Title != "" {
			all = append(all, s.Title)
		}
	}
	return all
}

// known is a world in which the bot has heard Ada, and the channel.
func known(t *testing.T) *world {
	t.Helper()
	w := open(t)
	w.say(w.ada, "hello")
	w.says(w.ada, w.channel, teamstest.Words{Text: "hello", Mention: true}, 200)
	return w
}

// TestTeamsIsBusy has a message refused for now in every way there is. It waits
// for as long as Teams asked for; then it is there once.
func TestTeamsIsBusy(t *testing.T) {
	in := func(s string) http.Header { return http.Header{"Retry-After": {s}} }
	for _, test := range []struct {
		name  string
		fault teamstest.Fault
		after time.Duration
	}{
		{"too many", teamstest.Fault{Status: 429, Header: in("7")}, 7 * time.Second},
		{"too many, until a time", teamstest.Fault{Status: 429, Header: in("Fri, 20 Nov 2026 09:00:30 GMT")}, 30 * time.Second},
		{"too many, for longer than anybody waits", teamstest.Fault{Status: 429, Header: in("999999")}, time.Hour},
		{"too many, with no word of how long", teamstest.Fault{Status: 429}, time.Second},
		{"too many, with a time that makes no sense", teamstest.Fault{Status: 429, Header: in("soon")}, time.Second},
		{"somebody else changed it", teamstest.Fault{Status: 412}, 0},
		{"a gateway", teamstest.Fault{Status: 502, Body: "<html>Bad gateway</html>"}, 0},
		{"not now", teamstest.Fault{Status: 503, Header: in("5")}, 5 * time.Second},
		{"a gateway's patience", teamstest.Fault{Status: 504, Header: in("2")}, 2 * time.Second},
		{"the line is cut", teamstest.Fault{}, 0},
	} {
		for _, ref := range []bool{false, true} { // new, and in place of what is there
			w := known(t)
			p, was := bot.Post{To: w.direct(w.ada), Key: "1", Message: titled("One")}, ""
			if ref {
				was = w.send(p.To, "1", titled("Nothing yet"), "")
			}
			test.fault.Path = "/activities"
			w.fake.Fail(test.fault)
			_, err := w.Send(t.Context(), p, was)
			var busy *bot.BusyError
			if !errors.As(err, &busy) || busy.After != test.after {
				t.Errorf("%s: got %v, want it to wait %v", test.name, err, test.after)
				continue
			}
			w.clock.move(busy.After)
			w.send(p.To, "1", p.Message, was)
			if got := w.titles(w.ada, w.fake.Chat(w.ada)); !slices.Equal(got, []string{"One"}) {
				t.Errorf("%s: Ada sees %q, want it once", test.name, got)
			}
			w.fine()
		}
	}
}

// TestTeamsIsLeftAlone does not call while Teams has asked to wait, for that
// conversation; others go on.
func TestTeamsIsLeftAlone(t *testing.T) {
	w := known(t)
	w.fake.Fail(teamstest.Fault{Path: "/activities", Status: 429, Header: http.Header{"Retry-After": {"20"}}})
	p := bot.Post{To: w.direct(w.ada), Key: "1", Message: titled("One")}
	_, _ = w.Send(t.Context(), p, "") // refused; see TestTeamsIsBusy
	before := len(w.fake.Calls())
	w.clock.move(5 * time.Second)
	var busy *bot.BusyError
	if _, err := w.Send(t.Context(), p, ""); !errors.As(err, &busy) || busy.After != 15*time.Second {
		t.Errorf("after 5 of 20 s: got %v, want it to wait 15 s", err)
	}
	if n := len(w.fake.Calls()) - before; n != 0 {
		t.Errorf("Teams was called %d times", n)
	}
	w.send(w.inChannel(), "2", titled("Two"), "")
	w.clock.move(15 * time.Second)
	w.send(p.To, "1", p.Message, "")
	w.fine()
}

// TestUnclear has Teams take a message and not say so. Nobody can know, and
// nothing tells two messages apart, so it is said again: seen twice at worst, and
// on record. What replaces a message is seen once whatever happens, and what was
// certainly not taken is not on record.
func TestUnclear(t *testing.T) {
	const record = "may have been taken"
	for _, test := range []struct {
		name   string
		fault  teamstest.Fault
		seen   int
		record bool
	}{
		{"a gateway that lost the answer", teamstest.Fault{Status: 502, Done: true}, 2, true},
		{"a gateway that did not wait", teamstest.Fault{Status: 504, Done: true}, 2, true},
		{"the line is cut after", teamstest.Fault{Done: true}, 2, true},
		{"the line is cut before", teamstest.Fault{}, 1, true},
		{"too many", teamstest.Fault{Status: 429}, 1, false},
		{"somebody else changed it", teamstest.Fault{Status: 412}, 1, false},
		{"not now", teamstest.Fault{Status: 503}, 1, false},
	} {
		for _, to := range []string{"direct", "channel", "replace"} {
			w := known(t)
			p, was, room := bot.Post{To: w.direct(w.ada), Key: "1", Message: titled("One")}, "", w.fake.Chat(w.ada)
			switch to {
			case "channel":
				p.To, room = w.inChannel(), w.channel
			case "replace":
				was = w.send(p.To, "1", titled("Nothing yet"), "")
			}
			x := test.fault
			x.Path = "/conversations"
			w.fake.Fail(x)
			if _, err := w.Send(t.Context(), p, was); !errors.As(err, new(*bot.BusyError)) {
				t.Errorf("%s: got %v, want it to be sent again", test.name, err)
			}
			w.clock.move(time.Minute)
			w.send(p.To, "1", p.Message, was)
			seen, record1 := test.seen, test.record
			if to == "replace" {
				seen, record1 = 1, false
			}
			if got := w.titles(w.ada, room); len(got) != seen {
				t.Errorf("%s, %s: Ada sees %q, want %d", test.name, to, got, seen)
			}
			if got := strings.Contains(w.logged(), record); got != record1 {
				t.Errorf("%s, %s: on record %v, want %v", test.name, to, got, record1)
			}
		}
	}
}

// TestNotConnected never reached Teams, so nothing can be there twice.
func TestNotConnected(t *testing.T) {
	w := known(t)
	w.fake.Close()
	if _, err := w.Send(t.Context(), bot.Post{To: w.direct(w.ada), Key: "1", Message: titled("One")}, ""); !errors.As(err, new(*bot.BusyError)) {
		t.Errorf("got %v, want it to wait", err)
	}
	if s := w.logged(); strings.Contains(s, "may have been taken") {
		t.Errorf("what never left is on record as unclear:\n%s", s)
	}
}

// TestTeamsSaysNo for good: waiting does not help, and the error has Teams' code
// and not a word of the message. That somebody does not have the app is told
// from the rest.
func TestTeamsSaysNo(t *testing.T) {
	body := func(code string) string {
		return `{"error":{"code":"` + code + `","message":"CANARY of what was sent"}}`
	}
	for _, test := range []struct {
		name      string
		fault     teamstest.Fault
		says      string
		unreached bool
	}{
		{"bad", teamstest.Fault{Status: 400, Body: body("BadSyntax")}, "400 BadSyntax", false},
		{"too long", teamstest.Fault{Status: 413, Body: "<html>CANARY</html>"}, "413 without a code", false},
		{"gone", teamstest.Fault{Status: 404, Body: body("ConversationNotFound")}, "404 ConversationNotFound", false},
		{"not installed", teamstest.Fault{Status: 403, Body: body("BotNotInConversationRoster")}, "403 BotNotInConversationRoster", true},
		{"blocked", teamstest.Fault{Status: 403, Body: body("MessageWritesBlocked")}, "403 MessageWritesBlocked", true},
		{"switched off by an admin", teamstest.Fault{Status: 403, Body: body("BotDisabledByAdmin")}, "403 BotDisabledByAdmin", true},
		{"forbidden", teamstest.Fault{Status: 403, Body: body("Forbidden")}, "403 Forbidden", false},
		{"a code that is none", teamstest.Fault{Status: 400, Body: body("CANARY of what\\nwas sent")}, "400 without a code", false},
	} {
		w := known(t)
		test.fault.Path = "/activities"
		w.fake.Fail(test.fault)
		_, err := w.Send(t.Context(), bot.Post{To: w.direct(w.ada), Key: "1", Message: titled("CANARY")}, "")
		if err == nil || errors.As(err, new(*bot.BusyError)) || !strings.Contains(err.Error(), test.says) || strings.Contains(err.Error(), "CANARY") {
			t.Errorf("%s: got %v, want it to end with %q", test.name, err, test.says)
		}
		if errors.Is(err, bot.ErrUnreachable) != test.unreached {
			t.Errorf("%s: got %v, want a person who cannot be reached: %v", test.name, err, test.unreached)
		}
	}
}

// TestNotInstalled has people take the app away, or block the bot. Whoever is to
// be told first is not reached, and what is sent to them says why.
func TestNotInstalled(t *testing.T) {
	for name, change := range map[string]func(w *world){
		"taken away": func(w *world) {
			if _, err := w.fake.Uninstall(t.Context(), w.ada, w.fake.Chat(w.ada)); err != nil {
				t.Fatal(err)
			}
		},
		"taken away, and nobody told us": func(w *world) { w.ada.Installed = false },
		"blocked":                        func(w *world) { w.ada.Blocked = true },
	} {
		w := known(t)
		change(w)
		_, err := w.Send(t.Context(), bot.Post{To: w.direct(w.ada), Key: "1", Message: titled("One")}, "")
		if !errors.Is(err, bot.ErrUnreachable) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	w := known(t)
	if _, err := w.fake.Uninstall(t.Context(), w.ada, w.fake.Chat(w.ada)); err != nil {
		t.Fatal(err)
	}
	for _, id := range []bot.Identity{w.person(w.ada).Identity, w.person(w.bob).Identity, {}} { // gone, never heard, nobody
		if _, _, ok, err := w.Reach(t.Context(), id); ok || err != nil {
			t.Errorf("reaching %+v: %v, %v", id, ok, err)
		}
	}
	if _, err := w.fake.Install(t.Context(), w.ada, w.fake.Chat(w.ada)); err != nil {
		t.Fatal(err)
	}
	if _, in, ok, err := w.Reach(t.Context(), w.person(w.ada).Identity); !ok || err != nil || in != w.direct(w.ada) {
		t.Errorf("once she has it again, she is reached in %+v: %v, %v", in, ok, err)
	}
}

// TestPace sends more than Teams takes, in every place at once, as the outbox
// does: one by one in each, each when it may. Teams never has to refuse, and all
// is there in its order.
func TestPace(t *testing.T) {
	w := known(t)
	room := w.fake.AddRoom("groupChat", "Lunch", w.ada)
	w.says(w.ada, room, teamstest.Words{Text: "hello", Mention: true}, 200)
	places := []bot.Place{w.direct(w.ada), w.inChannel(), {Platform: "teams", ID: room.ID, Private: true}}
	rooms := []*teamstest.Room{w.fake.Chat(w.ada), w.channel, room}
	const n = 80 // more than 60 in 30 s
	next := make([]int, len(places))
	var want []string
	for i := range n {
		want = append(want, fmt.Sprint("message ", i))
	}
	began := w.clock.now()
	for slices.Min(next) < n {
		wait := time.Hour
		for i, to := range places {
			if next[i] == n {
				continue
			}
			_, err := w.Send(t.Context(), bot.Post{To: to, Key: fmt.Sprint(i, "/", next[i]), Message: titled(want[next[i]])}, "")
			var busy *bot.BusyError
			switch {
			case err == nil:
				next[i]++
				wait = 0
			case errors.As(err, &busy) && busy.After > 0:
				wait = min(wait, busy.After)
			default:
				t.Fatal(err)
			}
		}
		w.clock.move(wait)
	}
	for i, r := range rooms {
		if got := w.titles(w.ada, r); !slices.Equal(got, want) {
			t.Errorf("in place %d there are %d messages: %q", i, len(got), got)
		}
	}
	if took := w.clock.now().Sub(began); took < time.Minute || took > 3*time.Minute {
		t.Errorf("it took %v; 60 in 30 s are allowed, and one a second are kept up", took)
	}
	w.fine()
}

// TestWaysThatWereKept has what was kept of people altered, so that it leads to
// hosts of somebody else's. It is held against the list on use, and nothing goes
// there.
func TestWaysThatWereKept(t *testing.T) {
	var caught []string
	attacker := httptest.NewTLSServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { caught = append(caught, r.URL.Path) }))
	defer attacker.Close()
	for _, service := range []string{attacker.URL + "/", "https://evil.trafficmanager.net/teams/", "http://169.254.169.254/", "", "https://smba.trafficmanager.net@" + strings.TrimPrefix(attacker.URL, "https://")} {
		w := known(t)
		for _, key := range []string{"person/" + w.ada.ID, "room/" + w.channel.ID} {
			b, err := w.memory.Get(t.Context(), "teams", key)
			if err != nil {
				t.Fatal(err)
			}
			var kept obj
			if err := json.Unmarshal(b, &kept); err != nil {
				t.Fatal(err)
			}
			kept["service"] = service
			if err := w.memory.Put(t.Context(), "teams", key, mustJSON(t, kept)); err != nil {
				t.Fatal(err)
			}
		}
		w.restart(nopLog, nil)
		before := len(w.fake.Calls())
		for _, to := range []bot.Place{w.direct(w.ada), w.inChannel()} {
			_, err := w.Send(t.Context(), bot.Post{To: to, Key: "1", Message: titled("One")}, "")
			if err == nil || !strings.Contains(err.Error(), "not on the list") {
				t.Errorf("by way of %q: got %v", service, err)
			}
		}
		if _, _, ok, _ := w.Reach(t.Context(), w.person(w.ada).Identity); ok {
			t.Errorf("by way of %q she is reached", service)
		}
		if len(w.fake.Calls()) != before || len(caught) > 0 {
			t.Errorf("by way of %q there were calls: %q", service, caught)
		}
	}
}

// TestSendFollowsNothing has a host of the list lead elsewhere: our token does
// not go along, whatever the status.
func TestSendFollowsNothing(t *testing.T) {
	for _, status := range []int{301, 302, 303, 307, 308} {
		var caught []string
		attacker := httptest.NewTLSServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { caught = append(caught, r.Header.Get("Authorization")) }))
		w := known(t)
		w.fake.Fail(teamstest.Fault{Path: "/activities", Status: status, Header: http.Header{"Location": {attacker.URL}}})
		if _, err := w.Send(t.Context(), bot.Post{To: w.direct(w.ada), Key: "1", Message: titled("One")}, ""); err == nil {
			t.Errorf("%d: taken for success", status)
		}
		if len(caught) > 0 {
			t.Errorf("%d: our token went with it to a stranger: %q", status, caught)
		}
		attacker.Close()
	}
}

// TestWayNotKnown has somebody be written to, or a channel, before Teams has
// said anything to us: it waits for a channel, and ends for a person.
func TestWayNotKnown(t *testing.T) {
	w := open(t)
	var busy *bot.BusyError
	if _, err := w.Send(t.Context(), bot.Post{To: w.inChannel(), Key: "1", Message: titled("One")}, ""); !errors.As(err, &busy) || busy.After == 0 {
		t.Errorf("to a channel: got %v, want it to wait", err)
	}
	if _, err := w.Send(t.Context(), bot.Post{To: w.direct(w.ada), Key: "2", Message: titled("Two")}, ""); err == nil || errors.As(err, new(*bot.BusyError)) {
		t.Errorf("to a person: got %v, want it to end", err)
	}
	w.say(w.ada, "hello") // which says where the tenant's Teams is
	w.send(w.inChannel(), "1", titled("One"), "")
	w.fine()
}

// TestRefused are posts that are not Teams', or not for a place.
func TestRefused(t *testing.T) {
	w := known(t)
	elsewhere := w.direct(w.ada)
	elsewhere.Platform = "slack"
	for name, p := range map[string]bot.Post{
		"another platform's": {To: elsewhere, Message: titled("One")},
		"personal, for many": {To: w.inChannel(), Message: bot.Message{Title: "One", Personal: true}},
	} {
		before := len(w.fake.Calls())
		if _, err := w.Send(t.Context(), p, ""); err == nil || len(w.fake.Calls()) != before {
			t.Errorf("%s: got %v and a call", name, err)
		}
	}
}
