package flowstest_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"mfahelp/bot"
	"mfahelp/flows/escalate"
	"mfahelp/flows/help"
)

// TestWhomNothingReaches has an admin write to somebody who has taken the app
// away: the admins read so in the thread, once for each message, with the way
// out. Of what went to many, or was about no case, there is nothing to say.
func TestWhomNothingReaches(t *testing.T) {
	gone := fmt.Errorf("posting a message: %w", bot.ErrUnreachable)
	for _, test := range []struct {
		why        error
		says, body string
	}{
		{gone, "They did not get a message of this case", "have blocked it"},
		{errors.New("400"), "A message of this case was not sent", "the log says why"},
	} {
		w, thread := escalated(t, blocked)
		w.Say(priya, thread, "Please call us.")
		sent := w.Post("/admin/e2")
		for range 2 { // the store may ask again
			w.Ask(escalate.Undelivered(sent.Post, test.why, w.Now())...)
		}
		line := w.Post("/undelivered/admin/e2")
		if line.To != channel || line.Under != w.Post("/admins").Key || line.Message.Personal {
			t.Errorf("the line is in %+v under %q", line.To, line.Under)
		}
		for _, want := range []string{test.says, test.body, ava.Name, "the page"} {
			if got := text(line.Message); !strings.Contains(got, want) {
				t.Errorf("the admins read %s, want %q in it", got, want)
			}
		}
		if jobs := escalate.Undelivered(w.Post("/admins").Post, test.why, w.Now()); len(jobs) > 0 {
			t.Errorf("of the card in the channel it is asked for %+v", jobs)
		}
		other := sent.Post
		other.Key = "whisper/1"
		if jobs := escalate.Undelivered(other, test.why, w.Now()); len(jobs) > 0 {
			t.Errorf("of what is about no case it is asked for %+v", jobs)
		}
	}
}

// TestNobodyToTell has an answer fail before the admins have the case: there is
// no thread, and the channel is not told of what it knows nothing of.
func TestNobodyToTell(t *testing.T) {
	w, _ := world(t, help.Limits{}, denied(requestID, "o-ava", silent))
	w.Say(ava, dm(ava), paste(requestID))
	w.Ask(escalate.Undelivered(w.Post("/reply").Post, bot.ErrUnreachable, w.Now())...)
	if w.Has("/undelivered/") {
		t.Error("the admins read of a case that they do not have")
	}
}
