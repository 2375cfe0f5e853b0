package flowstest_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"mfahelp/bot"
	"mfahelp/flows"
	"mfahelp/flows/flowstest"
	"mfahelp/flows/help"
	"mfahelp/graph"
)

// TestAlarmsTakeTheSameWay plays whole conversations twice: with an account that
// is only on the block list, and with one under attack. All that the requester
// sees, when they see it and how often it changes must be the same.
func TestAlarmsTakeTheSameWay(t *testing.T) {
	for name, act := range map[string]func(w *flowstest.World, log *flowstest.Log){
		"a paste": func(w *flowstest.World, _ *flowstest.Log) { w.Say(ava, dm(ava), paste(requestID)) },
		"the log is late": func(w *flowstest.World, log *flowstest.Log) {
			log.Err = &graph.Later{At: w.Clock.Add(time.Minute), Why: graph.Lag}
			w.Say(ava, dm(ava), paste(requestID))
			log.Err = nil
			w.Advance(2 * time.Minute)
		},
		"no ids": func(w *flowstest.World, _ *flowstest.Log) { w.Say(ava, dm(ava), "error 500121") },
		"no code at all": func(w *flowstest.World, _ *flowstest.Log) {
			w.Say(ava, dm(ava), "I cannot sign in")
		},
		"words for the admins": func(w *flowstest.World, _ *flowstest.Log) {
			w.Say(ava, dm(ava), paste(requestID))
			w.Say(ava, dm(ava), "hurry, please")
		},
		"settled, and back, again and again": func(w *flowstest.World, _ *flowstest.Log) {
			w.Say(ava, dm(ava), paste(requestID))
			for range 5 { // until the limit stops them, which it must in both
				if label := flowstest.Labels(w.Post("/reply").Message)[0]; label == "That helped" {
					w.Press(ava, "/reply", label, nil)
				}
				w.Say(ava, dm(ava), "thanks")
				w.Press(ava, "/reply", "It is back", nil)
			}
		},
		"a reply, and an end": func(w *flowstest.World, _ *flowstest.Log) {
			w.Say(ava, dm(ava), paste(requestID))
			w.Press(priya, "/admins", "Reply", map[string]string{"text": "A moment, please."})
			w.Press(priya, "/admins", "Resolve", map[string]string{"outcome": "attack"})
			w.Press(ava, "/reply", "It is back", nil)
			w.Do(ava, dm(ava), bot.Commanded{Name: "mfa-help", Text: "status"})
		},
	} {
		see := func(result string) (seen string) {
			w, log := world(t, help.Limits{Escalations: 3}, denied(requestID, "o-ava", result))
			act(w, log)
			for _, p := range w.Posts {
				if p.To.Reader == "ava" {
					seen += fmt.Sprintln(p.Key, p.Times, text(p.Message))
				}
			}
			return seen
		}
		want := see(blocked)
		for _, result := range []string{fraud, reported} {
			if got := see(result); got != want {
				t.Errorf("%s, %s: the requester sees\n%s\nwant\n%s", name, result, got, want)
			}
		}
	}
}

// TestCodesThatAreAlarms need no log: the admins hear at once, and what the log
// says follows.
func TestCodesThatAreAlarms(t *testing.T) {
	see := func(code string) (seen string, alarm bool) {
		w, log := world(t, help.Limits{})
		log.Err = &graph.Later{At: w.Clock.Add(time.Minute), Why: graph.Lag}
		w.Say(ava, dm(ava), "AADSTS"+code+": something.\nRequest Id: "+requestID)
		if !w.Has("/admins") {
			t.Errorf("%s waits for the log", code)
		}
		return fmt.Sprintln(w.Post("/reply").Times, text(w.Post("/reply").Message)), w.Only().Alarm
	}
	ordinary, alarm := see("50105")
	if alarm {
		t.Error("an app that is not assigned is an alarm")
	}
	for _, code := range []string{"53004", "50135", "530032"} {
		if got, alarm := see(code); got != ordinary || !alarm {
			t.Errorf("%s: an alarm %v, and the requester sees\n%s\nwant\n%s", code, alarm, got, ordinary)
		}
	}
}

// TestTheGravestOfSeveral: where two sign-ins fit and one is a security matter,
// the admins hear of it without waiting for an answer.
func TestTheGravestOfSeveral(t *testing.T) {
	see := func(result string) (string, *flowstest.World) {
		other := denied(otherID, "o-ava", silent)
		other.CorrelationID, other.At, other.App = "other", other.At.Add(20*time.Minute), "Teams"
		w, _ := world(t, help.Limits{}, denied(requestID, "o-ava", result), other)
		w.Say(ava, dm(ava), "error 500121")
		return text(w.Post("/reply").Message), w
	}
	ordinary, w := see(blocked)
	alarm, _ := see(fraud)
	if alarm != ordinary || !strings.Contains(ordinary, "Sent to your admins") {
		t.Errorf("got\n%s\nand\n%s", ordinary, alarm)
	}
	if got := text(w.Post("/evidence").Message); !strings.Contains(got, `"1"`) || !strings.Contains(got, blocked) {
		t.Errorf("the evidence is\n%s", got)
	}
}

// TestTheOnlyGlobalAdmin always hears of Microsoft's Data Protection team, also
// where only the admins can help, and also under attack.
func TestTheOnlyGlobalAdmin(t *testing.T) {
	sole := func(d directory) {
		u := d["ava"]
		u.Roles = []graph.Role{{Template: graph.GlobalAdministrator}}
		d["ava"] = u
	}
	hear := func(people func(directory), result string) string {
		w, _ := worldOf(t, help.Limits{}, people, denied(requestID, "o-ava", result))
		w.Say(ava, dm(ava), paste(requestID))
		return text(w.Post("/reply").Message)
	}
	for _, result := range []string{silent, blocked, fraud} {
		if got := hear(sole, result); !strings.Contains(got, "Data Protection team") || !strings.Contains(got, "break-glass") {
			t.Errorf("%s: got\n%s", result, got)
		}
	}
	if hear(sole, blocked) != hear(sole, fraud) {
		t.Error("an alarm shows")
	}
	two := func(d directory) {
		sole(d)
		d["root"] = graph.User{ID: "o-root", Enabled: true, Roles: []graph.Role{{Template: graph.GlobalAdministrator}}}
	}
	if got := hear(two, blocked); strings.Contains(got, "Data Protection") {
		t.Errorf("one of two hears\n%s", got)
	}
}

// TestGuestsHearOfTheirOwnHelpdesk, for the admins here know nothing of theirs.
func TestGuestsHearOfTheirOwnHelpdesk(t *testing.T) {
	w, _ := worldOf(t, help.Limits{}, func(d directory) {
		u := d["ava"]
		u.Guest = true
		d["ava"] = u
	}, denied(requestID, "o-ava", silent))
	w.Say(ava, dm(ava), paste(requestID))
	if got := text(w.Post("/reply").Message); !strings.Contains(got, "helpdesk of your own organisation") {
		t.Errorf("got\n%s", got)
	}
	w.Press(ava, "/reply", "Still stuck", nil)
	if got := text(w.Post("/admins").Message); !strings.Contains(got, "guest from another organisation") {
		t.Errorf("the admins see\n%s", got)
	}
}

// TestADisabledAccount is for the admins whatever was pasted, and nobody is told
// to try this or that.
func TestADisabledAccount(t *testing.T) {
	off := func(d directory) {
		u := d["ava"]
		u.Enabled = false
		d["ava"] = u
	}
	for name, say := range map[string]string{"a paste": paste(requestID), "words": "I cannot sign in", "another code": "AADSTS50126"} {
		w, _ := worldOf(t, help.Limits{}, off, denied(requestID, "o-ava", silent))
		w.Say(ava, dm(ava), say)
		if got := w.Post("/reply").Message; got.Title != "Sent to your admins" || w.Only().State != flows.WithAdmins {
			t.Errorf("%s: got\n%s", name, text(got))
		}
		if got := text(w.Post("/evidence").Message); !strings.Contains(got, "Never reset MFA") {
			t.Errorf("%s: the admins read\n%s", name, got)
		}
	}
}
