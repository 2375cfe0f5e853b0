package web_test

import (
	"encoding/json"
	"net/http"
	"testing"

	"mfahelp/bot"
	"mfahelp/bot/bottest"
	"mfahelp/bot/web/webtest"
)

func TestContract(t *testing.T) {
	bottest.Contract(t, func(t *testing.T) bottest.Harness {
		p := open(t)
		d, err := webtest.New(t.Context(), webtest.Options{URL: p.url})
		if err != nil {
			t.Fatal(err)
		}
		tokens := map[string]string{"pia": p.as("pia"), "tom": p.as("tom")}
		return bottest.Harness{
			Platform: p, Inbox: p.inbox, Ada: person(2), Bob: person(3), Channel: channel,
			Direct: func(who bot.Person) bot.Place { return direct(who.ID) },
			Read: func(t *testing.T, who bot.Person, in bot.Place) []bottest.Seen {
				if in.Audience == bot.Direct && in.Reader != who.ID {
					return nil // no request can ask for somebody else's
				}
				all, err := d.Read(t.Context(), bottest.Someone{ID: who.ID}, room(in))
				if err != nil {
					t.Fatal(err)
				}
				return all
			},
			Press: func(_ *testing.T, press bottest.Press) bool {
				body := map[string]any{"place": room(press.In).String(), "key": press.Button.Ref, "fields": press.Fields, "id": press.ID}
				if press.Claim.ID != "" {
					body["person"] = press.Claim.ID
				}
				b, err := json.Marshal(body)
				if err != nil {
					t.Fatal(err)
				}
				res, _ := p.do(request{method: http.MethodPost, path: "/api/presses", token: tokens[press.By.ID], body: string(b)})
				return res.StatusCode == http.StatusAccepted
			},
			Wire: func(*testing.T) string { return p.told.String() },
		}
	})
}

// person is who the platform says one of the people is.
func person(i int) bot.Person {
	p := people[i]
	return bot.Person{Platform: "web", ID: p.ID, Name: p.Name, Identity: p.Identity}
}

func room(p bot.Place) bottest.Room {
	if p.Audience == bot.Direct {
		return bottest.Direct
	}
	return bottest.Admins
}
