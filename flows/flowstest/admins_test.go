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

// escalated is a world in which Ava's case is with the admins, and its thread.
func escalated(t *testing.T, result string) (*flowstest.World, bot.Place) {
	w, _ := world(t, help.Limits{}, denied(requestID, "o-ava", result))
	w.Say(ava, dm(ava), paste(requestID))
	thread := channel
	thread.Thread = w.Post("/admins").Key
	return w, thread
}

// heard is all that somebody reads who is alone with the bot.
func heard(w *flowstest.World, who bot.Person) (all string) {
	for _, p := range w.Posts {
		if p.To.Reader == who.ID {
			all += text(p.Message) + "\n"
		}
	}
	return all
}

// TestNotesStayAmongAdmins writes "note:" as people do. What stands before it is
// for the employee, and nothing after it ever is.
func TestNotesStayAmongAdmins(t *testing.T) {
	for _, test := range []struct{ wrote, theirs string }{
		{"note: PRIVATE", ""},
		{"NOTE : PRIVATE", ""},
		{"*note:* PRIVATE", ""},
		{"> note: PRIVATE", ""},
		{"- _Note_: PRIVATE", ""},
		{"note： PRIVATE", ""},
		{"Please call us.\nnote: PRIVATE", "Please call us."},
		{"Please call us.\n\n  note: PRIVATE\nPRIVATE as well", "Please call us."},
		{"note: PRIVATE\nPRIVATE as well", ""},
		{"Take note: the code changes", "Take note: the code changes"},
		{"Notes: none", "Notes: none"},
		{"no", "no"},
	} {
		w, thread := escalated(t, blocked)
		w.Say(priya, thread, test.wrote)
		all := heard(w, ava)
		if strings.Contains(all, "PRIVATE") {
			t.Errorf("%q: the employee reads\n%s", test.wrote, all)
		}
		if got := w.Has("/admin/e2"); got != (test.theirs != "") {
			t.Errorf("%q was sent: %v", test.wrote, got)
		} else if got && !strings.Contains(text(w.Post("/admin/e2").Message), fmt.Sprintf("%q", test.theirs)) {
			t.Errorf("%q: the employee reads\n%s", test.wrote, text(w.Post("/admin/e2").Message))
		}
	}
}

// TestAnAlarmIsTalkedOverInPeace: in a security matter only the form reaches the
// person, and who thought otherwise is told.
func TestAnAlarmIsTalkedOverInPeace(t *testing.T) {
	w, thread := escalated(t, fraud)
	before := heard(w, ava)
	w.Say(priya, thread, "This is an attack, I revoke her sessions")
	if got := heard(w, ava); got != before {
		t.Errorf("the attacker reads\n%s", got)
	}
	if got := w.Post("whisper/web/priya/e2"); got.To.Reader != "priya" || got.Message.Title != "Not sent to the person" || got.To.Thread != thread.Thread {
		t.Errorf("the admin hears, in %+v,\n%s", got.To, text(got.Message))
	}
	w.Press(priya, "/admins", "Reply", map[string]string{"text": "We will call you."})
	if got := heard(w, ava); !strings.Contains(got, "We will call you.") {
		t.Errorf("the form did not send; the person reads\n%s", got)
	}
}

// TestAgain: a card that changes is seen by nobody who has forty of them.
func TestAgain(t *testing.T) {
	w, _ := escalated(t, blocked)
	w.Press(priya, "/admins", "Resolve", map[string]string{"outcome": "fixed"})
	w.Press(ava, "/reply", "It is back", map[string]string{"words": "the same page"})
	news := w.Posts[len(w.Posts)-1]
	if news.Under != w.Post("/admins").Key || !strings.Contains(text(news.Message), "it is back") || !strings.Contains(text(news.Message), "the same page") {
		t.Errorf("the thread says, under %q,\n%s", news.Under, text(news.Message))
	}
	if c := w.Only(); c.State != flows.WithAdmins || c.Owner.ID != "priya" {
		t.Errorf("the case is %s, with %q", c.State, c.Owner.ID)
	}
}

// TestTheLogIsLateForAdmins: who does not want to wait goes to the admins with
// what there is, and the rest follows. The requester sees nothing of that.
func TestTheLogIsLateForAdmins(t *testing.T) {
	see := func(result string) (seen string, w *flowstest.World) {
		w, log := world(t, help.Limits{}, denied(requestID, "o-ava", result))
		log.Err = &graph.Later{At: w.Clock.Add(time.Minute), Why: graph.Lag}
		w.Say(ava, dm(ava), paste(requestID))
		w.Press(ava, "/reply", "Ask my admins now", nil)
		if w.Has("/news/") || strings.Contains(text(w.Post("/evidence").Message), result) {
			t.Error("the evidence was there too early")
		}
		log.Err = nil
		w.Advance(2 * time.Minute)
		return fmt.Sprintln(w.Post("/reply").Times, heard(w, ava)), w
	}
	ordinary, w := see(silent)
	if got := w.Post("/evidence").Message; !strings.Contains(text(got), silent) || !w.Has("/news/") {
		t.Errorf("when the log has it, the evidence is\n%s", text(got))
	}
	alarm, w := see(fraud)
	if alarm != ordinary {
		t.Errorf("the requester of an alarm sees\n%s\nwant\n%s", alarm, ordinary)
	}
	if !w.Only().Alarm || !strings.Contains(text(w.Post("/admins").Message), "Security matter") {
		t.Errorf("the admins see\n%s", text(w.Post("/admins").Message))
	}
}

// TestTheQueue lists what waits for the admins, the gravest first, and only to
// them.
func TestTheQueue(t *testing.T) {
	hers, his := denied(requestID, "o-ava", silent), denied(otherID, "o-bea", fraud)
	w, _ := world(t, help.Limits{}, hers, his)
	w.Say(ava, dm(ava), paste(requestID))
	w.Press(ava, "/reply", "Still stuck", nil)
	w.Advance(time.Minute)
	w.Say(bea, dm(bea), paste(otherID))
	ask := func(who bot.Person) bot.Message {
		w.Do(who, channel, bot.Commanded{Name: "mfa-help", Text: "Status"})
		p := w.Posts[len(w.Posts)-1]
		if p.To.Reader != who.ID || p.To.Audience != bot.Ephemeral {
			t.Errorf("%s is answered in %+v", who.Name, p.To)
		}
		return p.Message
	}
	got := ask(priya)
	first, second := strings.Index(text(got), "Bea of Contoso"), strings.Index(text(got), "Ava of Contoso")
	if first < 0 || second < first || got.Title != "Open cases: 2" {
		t.Errorf("the queue is\n%s", text(got))
	}
	if got := text(ask(ava)); strings.Contains(got, "Bea") || strings.Contains(got, "Open cases") {
		t.Errorf("who is no admin sees\n%s", got)
	}
}

// TestTheAdminsCasesAreTheirs: what an admin opens for a caller is no matter of
// their own chat, nor of the caller's.
func TestTheAdminsCasesAreTheirs(t *testing.T) {
	w, _ := world(t, help.Limits{}, denied(requestID, "o-ava", fraud))
	w.Say(priya, channel, paste(requestID))
	if got := text(w.Post("/admins").Message); strings.Contains(got, "was told only") || !strings.Contains(got, "Whoever calls may be the attacker") {
		t.Errorf("the card of a caller says\n%s", got)
	}
	for _, who := range []bot.Person{priya, ava} {
		w.Do(who, dm(who), bot.Commanded{Name: "mfa-help", Text: "status"})
		if got := text(w.Posts[len(w.Posts)-1].Message); !strings.Contains(got, "You have no cases") {
			t.Errorf("%s sees\n%s", who.Name, got)
		}
		w.Say(who, dm(who), "what is going on?")
	}
	for _, p := range w.Posts {
		if strings.Contains(p.Key, "/said/") {
			t.Errorf("words from a chat went into the thread: %s", text(p.Message))
		}
	}
}
