package flowstest_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"mfahelp/bot"
	"mfahelp/flows"
	"mfahelp/flows/escalate"
	"mfahelp/flows/flowstest"
	"mfahelp/flows/help"
	"mfahelp/flows/lookup"
	"mfahelp/graph"
	"mfahelp/words"
)

// The two flows reach each other only by jobs, so they are tried together here,
// from outside, with a sign-in log and a directory in memory.

var (
	ava   = bot.Person{Platform: "web", ID: "ava", Name: "Ava", Identity: bot.Identity{Tenant: "t", ObjectID: "o-ava"}}
	bea   = bot.Person{Platform: "web", ID: "bea", Name: "Bea", Identity: bot.Identity{Tenant: "t", ObjectID: "o-bea"}}
	priya = bot.Person{Platform: "web", ID: "priya", Name: "Priya", Identity: bot.Identity{Tenant: "t", ObjectID: "o-priya"}}
	sam   = bot.Person{Platform: "web", ID: "sam", Name: "Sam", Identity: bot.Identity{Tenant: "t", ObjectID: "o-sam"}}

	channel = bot.Place{Platform: "web", ID: "admins", Private: true}
)

func dm(p bot.Person) bot.Place {
	return bot.Place{Platform: "web", ID: "direct:" + p.ID, Private: true, Audience: bot.Direct, Reader: p.ID}
}

const (
	requestID     = "66ea54eb-6301-4ee5-be62-ff5a759b0100"
	correlationID = "d79f5bee-5860-4832-928f-3133e22ae912"
	otherID       = "77fb65fc-7412-4ff6-8f73-006b860c0200"
)

func paste(id string) string {
	return "Error Code: 500121\nRequest Id: " + id + "\nCorrelation Id: " + correlationID + "\nTimestamp: 2026-11-20T08:58:00Z"
}

// denied is an event of 500121 whose phone prompt ended as result says.
func denied(id, user, result string) graph.SignIn {
	at := time.Date(2026, 11, 20, 8, 58, 0, 0, time.UTC)
	return graph.SignIn{
		ID: id, CorrelationID: correlationID, At: at, UserID: user, UPN: user + "@contoso.com", App: "Outlook", API: graph.Beta,
		ErrorCode: 500121, Failure: "Authentication failed during strong authentication request.", IP: "203.0.113.77",
		Location: graph.Location{City: "Ghent", Country: "BE"},
		Steps: []graph.Step{
			{At: at, Method: "Password", Succeeded: true, Result: "Correct password"},
			{At: at.Add(time.Minute), Method: "Mobile app notification", Detail: "Pixel 9", Result: result},
		},
	}
}

const (
	silent   = "MFA denied; user did not respond to mobile app notification"
	blocked  = "MFA denied; user is blocked"
	fraud    = "MFA denied; Phone App Reported Fraud"
	reported = "SuspiciousActivityReported"
)

type directory map[string]graph.User

func (d directory) User(_ context.Context, id string) (graph.User, error) {
	for _, u := range d {
		if u.ID == id || u.UPN == id {
			return u, nil
		}
	}
	return graph.User{}, &graph.Error{Op: "read user", Reason: graph.ErrNotFound, Status: 404}
}
func (d directory) Roles(ctx context.Context, id string) ([]graph.Role, error) {
	u, err := d.User(ctx, id)
	return u.Roles, err
}
func (d directory) Methods(context.Context, string) ([]graph.Method, error) {
	return []graph.Method{{ID: "1", Kind: graph.Authenticator, Name: "Pixel 9"}, {ID: "2", Kind: graph.FIDO2, Name: "YubiKey"}}, nil
}
func (d directory) GlobalAdmins(context.Context) (all []string, err error) {
	for _, u := range d {
		if u.GlobalAdmin() {
			all = append(all, u.ID)
		}
	}
	return all, nil
}

// world is both flows over a log with these events.
func world(t *testing.T, limits help.Limits, events ...graph.SignIn) (*flowstest.World, *flowstest.Log) {
	return worldOf(t, limits, func(directory) {}, events...)
}

// worldOf is [world] with other people.
func worldOf(t *testing.T, limits help.Limits, people func(directory), events ...graph.SignIn) (*flowstest.World, *flowstest.Log) {
	w := flowstest.New(t)
	w.Helpers["o-priya"], w.Helpers["o-sam"] = true, true
	log := &flowstest.Log{Events: events}
	known := directory{}
	for _, p := range []bot.Person{ava, bea, priya, sam} {
		known[p.ID] = graph.User{ID: p.ObjectID, UPN: p.ID + "@contoso.com", Name: p.Name + " of Contoso", Enabled: true}
	}
	people(known)
	desk := &lookup.Desk{SignIns: log, Directory: known, Tenant: "t", Now: w.Now}
	say := func(locale string) *words.Printer {
		return &words.Printer{Locale: locale, Missing: func(key string) { t.Errorf("no sentence for %s", key) }}
	}
	w.Router.Closed = func(e bot.Event, why flows.Refusal) flows.Answer { return help.Closed(say(""), e, why) }
	w.Router.Flows = []flows.Named{
		escalate.New(escalate.Options{Desk: desk, Cases: w, Posts: w, Admins: w, Words: say, Channel: channel, Now: w.Now}).Named(),
		help.New(help.Options{Desk: desk, Cases: w, Ledger: w, Words: say, Admins: channel, Limits: limits, Now: w.Now}).Named(),
	}
	return w, log
}

// text is all that m says, and its labels.
func text(m bot.Message) string {
	b, _ := json.Marshal(m)
	return string(b)
}

func TestAnAnswerRestsOnTheVerySignIn(t *testing.T) {
	w, _ := world(t, help.Limits{}, denied(requestID, "o-ava", silent))
	w.Say(ava, dm(ava), paste(requestID))
	p := w.Post("/reply")
	for _, want := range []string{"Pixel 9", "Outlook", "500121", "Ghent", "found by its request id", "Certain"} {
		if !strings.Contains(text(p.Message), want) {
			t.Errorf("the answer lacks %q:\n%s", want, text(p.Message))
		}
	}
	if !p.Message.Personal || p.Times != 2 {
		t.Errorf("got personal %v, said %d times; want one personal message, replaced once", p.Message.Personal, p.Times)
	}
	if w.Has("/admins") {
		t.Error("the admins were called for a prompt that nobody answered")
	}
	const field = "authenticationDetails[1].authenticationStepResultDetail"
	if said := text(p.Message); strings.Contains(said, requestID) || strings.Contains(said, field) {
		t.Errorf("who asks is to read ids and fields:\n%s", said)
	}
	w.Press(ava, "/reply", "Still stuck", nil)
	if said := text(w.Post("/evidence").Message); !strings.Contains(said, requestID) || !strings.Contains(said, field) {
		t.Errorf("the admins do not read on what it rests:\n%s", said)
	}
}

// TestSomebodyElsesSignIn pastes the error of another person, ids and all: what
// the requester hears must be what they would hear if there were no such event.
func TestSomebodyElsesSignIn(t *testing.T) {
	hear := func(events ...graph.SignIn) string {
		w, _ := world(t, help.Limits{}, events...)
		w.Say(bea, dm(bea), paste(requestID))
		return text(w.Post("/reply").Message)
	}
	with, without := hear(denied(requestID, "o-ava", fraud)), hear()
	if with != without {
		t.Errorf("somebody else's sign-in shows:\n%s\nwant\n%s", with, without)
	}
}

// TestAlarmsLookOrdinary compares, byte for byte, what the requester hears when
// their account is under attack with what they hear when it is only blocked or
// when they asked for an admin themselves.
func TestAlarmsLookOrdinary(t *testing.T) {
	hear := func(result string, then func(*flowstest.World)) (message string, said int) {
		w, _ := world(t, help.Limits{}, denied(requestID, "o-ava", result))
		w.Say(ava, dm(ava), paste(requestID))
		if then != nil {
			then(w)
		}
		p := w.Post("/reply")
		return text(p.Message), p.Times
	}
	ordinary, times := hear(blocked, nil)
	if !strings.Contains(ordinary, "Sent to your admins") {
		t.Fatalf("a blocked account is answered with\n%s", ordinary)
	}
	for _, result := range []string{fraud, reported, "MFA denied, Fraud Code Entered"} {
		if got, n := hear(result, nil); got != ordinary || n != times {
			t.Errorf("%s: got, said %d times,\n%s\nwant, %d times,\n%s", result, n, got, times, ordinary)
		}
	}
	asked, _ := hear(silent, func(w *flowstest.World) { w.Press(ava, "/reply", "Still stuck", nil) })
	notMe, _ := hear(silent, func(w *flowstest.World) { w.Press(ava, "/reply", "It was not me", nil) })
	if asked != ordinary || notMe != ordinary {
		t.Errorf("asking for an admin gives\n%s\nnot me gives\n%s\nwant\n%s", asked, notMe, ordinary)
	}
}

// TestAnAlarmOutlivesItsRequester: whoever says that all is well may be the
// attacker. What they see is what everybody sees; the case stays open.
func TestAnAlarmOutlivesItsRequester(t *testing.T) {
	see := func(result string) (seen string, state flows.State, w *flowstest.World) {
		w, _ = world(t, help.Limits{}, denied(requestID, "o-ava", result))
		w.Say(ava, dm(ava), paste(requestID))
		w.Press(ava, "/reply", "That helped", nil)
		return text(w.Post("/reply").Message), w.Only().State, w
	}
	ordinary, state, _ := see(blocked)
	if state != flows.Settled {
		t.Errorf("an ordinary case is %s, want settled", state)
	}
	seen, state, w := see(fraud)
	if seen != ordinary || state != flows.WithAdmins || !w.Has("/says-solved") {
		t.Errorf("an alarm is %s, admins told %v, and its requester sees\n%s\nwant\n%s", state, w.Has("/says-solved"), seen, ordinary)
	}
}

// TestAnAlarmIsOverForItsRequester goes on after that: whatever they write or
// ask, they are answered as in any case that is over.
func TestAnAlarmIsOverForItsRequester(t *testing.T) {
	hear := func(result string, then string) (heard string) {
		w, _ := world(t, help.Limits{}, denied(requestID, "o-ava", result))
		w.Say(ava, dm(ava), paste(requestID))
		w.Press(ava, "/reply", "That helped", nil)
		if name, ok := strings.CutPrefix(then, "/mfa-help "); ok {
			w.Do(ava, dm(ava), bot.Commanded{Name: "mfa-help", Text: name})
		} else {
			w.Say(ava, dm(ava), then)
		}
		for _, p := range w.Posts {
			if p.To.Reader == "ava" {
				heard += fmt.Sprintln(p.Times, text(p.Message))
			}
		}
		return heard
	}
	for _, then := range []string{"thanks", "/mfa-help status"} {
		if got, want := hear(fraud, then), hear(blocked, then); got != want {
			t.Errorf("%s: got\n%s\nwant\n%s", then, got, want)
		}
	}
}

// TestWordsAboutTheAnswer are no new question, and the answer keeps its buttons.
func TestWordsAboutTheAnswer(t *testing.T) {
	w, log := world(t, help.Limits{}, denied(requestID, "o-ava", silent))
	w.Say(ava, dm(ava), paste(requestID))
	w.Say(ava, dm(ava), "thanks")
	if got := w.Post("/reply").Message; len(got.Actions) == 0 || len(log.Asked) != 1 {
		t.Errorf("thanks were looked up %d times, and the answer is now\n%s", len(log.Asked)-1, text(got))
	}
	w.Advance(time.Hour)
	w.Say(ava, dm(ava), "it happens again")
	if len(log.Asked) != 2 {
		t.Error("trouble an hour later was not looked up")
	}
}

func TestTheAdminsGetTheTruth(t *testing.T) {
	w, _ := world(t, help.Limits{}, denied(requestID, "o-ava", fraud))
	w.Say(ava, dm(ava), paste(requestID))
	card, evidence := w.Post("/admins").Message, w.Post("/evidence")
	if !w.Only().Alarm || !strings.Contains(text(card), "Security matter") || !strings.Contains(text(card), "Ava of Contoso") {
		t.Errorf("got the card\n%s", text(card))
	}
	if evidence.Under != w.Post("/admins").Key || !strings.Contains(text(evidence.Message), fraud) {
		t.Errorf("got the evidence, under %q,\n%s", evidence.Under, text(evidence.Message))
	}
	if strings.Contains(text(card), "203.0.113.77") {
		t.Error("the card shows a whole IP address")
	}
	if n := len(evidence.Message.Attachments); n != 2 {
		t.Errorf("got %d files, want JSON and text", n)
	}
}

func TestNotInTheLogYet(t *testing.T) {
	w, log := world(t, help.Limits{}, denied(requestID, "o-ava", silent))
	log.Err = &graph.Later{At: w.Clock.Add(time.Minute), Why: graph.Lag}
	w.Say(ava, dm(ava), paste(requestID))
	if got := w.Post("/reply").Message.Title; got != "Not in the log yet" {
		t.Errorf("first got %q", got)
	}
	w.Advance(30 * time.Second)
	if got := len(log.Asked); got != 1 {
		t.Errorf("asked %d times before the time", got)
	}
	log.Err = nil
	w.Advance(time.Minute)
	if got := w.Post("/reply").Message; !strings.Contains(text(got), "Pixel 9") {
		t.Errorf("when the event is there, got\n%s", text(got))
	}
}

// TestGraphDown never leaves anybody without advice.
func TestGraphDown(t *testing.T) {
	for _, reason := range []error{graph.ErrForbidden, graph.ErrNoLicence, graph.ErrCredential, graph.ErrRejected, graph.ErrUnavailable} {
		w, log := world(t, help.Limits{})
		log.Err = &graph.Error{Op: "list sign-ins", Reason: reason}
		w.Say(ava, dm(ava), paste(requestID))
		m := w.Post("/reply").Message
		if !strings.Contains(text(m), "could not look this sign-in up") || len(flowstest.Labels(m)) == 0 {
			t.Errorf("%v: got\n%s", reason, text(m))
		}
	}
}

func TestTwoSignInsFit(t *testing.T) {
	first, second := denied(requestID, "o-ava", silent), denied(otherID, "o-ava", "MFA denied; user did not select the correct number")
	second.CorrelationID, second.At, second.App = "other", first.At.Add(-20*time.Minute), "Teams"
	w, _ := world(t, help.Limits{}, first, second)
	w.Say(ava, dm(ava), "I get error 500121 when I sign in")
	m := w.Post("/reply").Message
	if m.Title != "Which sign-in was it?" {
		t.Fatalf("got %q\n%s", m.Title, text(m))
	}
	w.Press(ava, "/reply", "This one", nil)
	if got := w.Post("/reply").Message; got.Title == m.Title {
		t.Errorf("after choosing, got\n%s", text(got))
	}
}

func TestNothingToGoBy(t *testing.T) {
	w, _ := world(t, help.Limits{})
	w.Say(ava, dm(ava), "I cannot sign in")
	if got := w.Post("/reply").Message.Title; got != "What happens when you sign in?" {
		t.Fatalf("got %q", got)
	}
	w.Press(ava, "/reply", "My phone is lost or new", nil)
	if got := w.Post("/admins").Message; !strings.Contains(text(got), "phone is lost") {
		t.Errorf("the admins got\n%s", text(got))
	}
}

func TestPressesThatAreNotTaken(t *testing.T) {
	w, _ := world(t, help.Limits{}, denied(requestID, "o-ava", silent))
	w.Say(ava, dm(ava), paste(requestID))
	key := w.Post("/reply").Message.Actions[0].(bot.Choose).Key

	w.Do(bea, dm(bea), bot.Pressed{Key: key}) // a key that was carried elsewhere
	w.Do(bea, dm(ava), bot.Pressed{Key: key}) // somebody else in the same place
	w.Do(ava, dm(ava), bot.Pressed{Key: "made up"})
	if got := w.Only().State; got != flows.Answered {
		t.Fatalf("a press that was not Ava's made the case %s", got)
	}
	w.Do(ava, dm(ava), bot.Pressed{Key: key})
	w.Do(ava, dm(ava), bot.Pressed{Key: key}) // and again: closed by now
	if got := w.Only(); got.State != flows.Settled || got.Version != 3 {
		t.Errorf("got %s, version %d; want settled once", got.State, got.Version)
	}
	if !strings.Contains(w.Post("closed/web/ava/e6").Message.Title, "no longer open") {
		t.Errorf("the second press hears %q", w.Post("closed/web/ava/e6").Message.Title)
	}
}

func TestLimits(t *testing.T) {
	w, log := world(t, help.Limits{Messages: 3, Lookups: 2})
	for i := range 5 {
		w.Say(ava, dm(ava), paste(fmt.Sprintf("66ea54eb-6301-4ee5-be62-ff5a759b%02d00", i)))
	}
	if len(log.Asked) != 2 {
		t.Errorf("looked up %d times, want 2", len(log.Asked))
	}
	if !w.Has("/limit") {
		t.Error("was not told")
	}
	w.Say(bea, dm(bea), paste(otherID))
	if len(log.Asked) != 3 {
		t.Error("one person's limit stopped another")
	}
	w.Advance(time.Hour + time.Minute)
	w.Say(ava, dm(ava), paste(requestID))
	if len(log.Asked) != 4 {
		t.Error("the limit outlived its hour")
	}
}

func TestRelay(t *testing.T) {
	w, _ := world(t, help.Limits{}, denied(requestID, "o-ava", blocked))
	w.Say(ava, dm(ava), paste(requestID))
	w.Say(ava, dm(ava), "I am in the airport")
	if got := w.Post("/said/e2"); got.To.ID != "admins" || !strings.Contains(text(got.Message), "airport") {
		t.Errorf("the admins got, in %s,\n%s", got.To.ID, text(got.Message))
	}
	if got := w.Post("/passed"); got.To.Reader != "ava" {
		t.Errorf("whom it was passed on for hears nothing: %v", got.To)
	}
	thread := channel
	thread.Thread = w.Post("/admins").Key
	w.Say(priya, thread, "note: looks odd to me")
	for _, p := range w.Posts {
		if p.To.ID != "admins" && strings.Contains(text(p.Message), "odd to me") {
			t.Error("a private note went to the employee")
		}
	}
	w.Say(priya, thread, "Please call 4711")
	if got := w.Post("/admin/e4"); got.To.Reader != "ava" || strings.Contains(text(got.Message), "Priya") {
		t.Errorf("the employee got, in %v,\n%s", got.To, text(got.Message))
	}
	if got := w.Only().Owner.ID; got != "priya" {
		t.Errorf("the case is with %q, want who answered it", got)
	}
}

func TestOnlyAdminsMayAct(t *testing.T) {
	w, _ := world(t, help.Limits{}, denied(requestID, "o-ava", blocked))
	w.Say(ava, dm(ava), paste(requestID))
	for _, label := range []string{"Claim", "Resolve", "Reply"} {
		w.Press(bea, "/admins", label, map[string]string{"outcome": "fixed", "text": "hello"})
	}
	thread := channel
	thread.Thread = w.Post("/admins").Key
	w.Say(bea, thread, "Ava, read me your code")
	w.Say(bea, channel, paste(otherID))
	if c := w.Only(); c.Owner.ID != "" || c.State != flows.WithAdmins {
		t.Errorf("somebody who is no admin moved the case: %+v", c)
	}
	for _, p := range w.Posts {
		if p.To.Reader == "ava" && strings.Contains(text(p.Message), "read me your code") {
			t.Error("somebody who is no admin wrote to the employee")
		}
	}
}

func TestTwoAdminsAtOnce(t *testing.T) {
	w, _ := world(t, help.Limits{}, denied(requestID, "o-ava", blocked))
	w.Say(ava, dm(ava), paste(requestID))
	claim := w.Post("/admins").Message.Actions[0].(bot.Choose).Key
	w.Do(priya, channel, bot.Pressed{Key: claim})
	w.Do(sam, channel, bot.Pressed{Key: claim})
	if got := w.Only().Owner.ID; got != "priya" {
		t.Errorf("the case is with %q, want the first", got)
	}
	if got := w.Posts[len(w.Posts)-1]; got.To.Reader != "sam" || got.To.Audience != bot.Ephemeral || got.Message.Title != "Priya already has this case" {
		t.Errorf("the second hears, in %+v, %q", got.To, got.Message.Title)
	}
	w.Do(priya, channel, bot.Pressed{Key: claim})
	if got := w.Posts[len(w.Posts)-1].Message.Title; got != "You already have this case" {
		t.Errorf("the first, pressing again, hears %q", got)
	}
	w.Do(bea, channel, bot.Pressed{Key: claim})
	if got := w.Posts[len(w.Posts)-1]; got.To.Reader != "bea" || strings.Contains(text(got.Message), "Priya") {
		t.Errorf("somebody who is no admin hears\n%s", text(got.Message))
	}
	w.Press(priya, "/admins", "Put back", nil)
	w.Press(sam, "/admins", "Claim", nil)
	w.Press(sam, "/admins", "Resolve", map[string]string{"outcome": "fixed", "text": "Unblocked."})
	if c := w.Only(); c.State != flows.Settled || !strings.Contains(text(w.Post("/reply").Message), "Unblocked.") {
		t.Errorf("got %s and\n%s", c.State, text(w.Post("/reply").Message))
	}
	w.Press(priya, "/admins", "Reopen", nil)
	if c := w.Only(); c.State != flows.WithAdmins {
		t.Errorf("got %s, want open again", c.State)
	}
}

func TestSomebodyOnThePhone(t *testing.T) {
	w, _ := world(t, help.Limits{}, denied(requestID, "o-ava", silent))
	w.Say(priya, channel, paste(requestID))
	c := w.Only()
	if c.Subject.ObjectID != "o-ava" || c.Requester.ID != "priya" {
		t.Errorf("got subject %v, requester %v", c.Subject, c.Requester)
	}
	if got := w.Post("/admins").Message; !strings.Contains(text(got), "Ava of Contoso") {
		t.Errorf("got the card\n%s", text(got))
	}
	for _, p := range w.Posts {
		if p.To.ID != "admins" {
			t.Errorf("somebody outside was told: %+v", p.To)
		}
	}
}

func TestWhoseSignInIsAsked(t *testing.T) {
	w, _ := world(t, help.Limits{}, denied(requestID, "o-ava", silent))
	w.Say(priya, channel, "they say it shows error 500121")
	w.Press(priya, "/admins", "Name the account", map[string]string{"upn": "nobody@contoso.com"})
	if got := w.Post("/admins").Message; !strings.Contains(text(got), "nobody of that name") {
		t.Errorf("got\n%s", text(got))
	}
	w.Press(priya, "/admins", "Name the account", map[string]string{"upn": " AVA@contoso.com "})
	if got := w.Post("/admins").Message; !strings.Contains(text(got), "Ava of Contoso") {
		t.Errorf("got\n%s", text(got))
	}
}

func TestANewerQuestionReplacesTheOlder(t *testing.T) {
	w, _ := world(t, help.Limits{}, denied(requestID, "o-ava", silent))
	w.Say(ava, dm(ava), paste(requestID))
	first := w.Only().Key
	w.Say(ava, dm(ava), paste(otherID))
	if got := w.Post(first + "/reply").Message; len(got.Actions) != 0 || !strings.Contains(got.Title, "newer") {
		t.Errorf("the older answer is\n%s", text(got))
	}
}

func TestNobodyComesBack(t *testing.T) {
	w, _ := world(t, help.Limits{}, denied(requestID, "o-ava", silent))
	w.Say(ava, dm(ava), paste(requestID))
	w.Advance(25 * time.Hour)
	if got := w.Only(); got.State != flows.Settled {
		t.Errorf("got %s after a day, want settled", got.State)
	}
	w.Press(ava, "/reply", "It is back", nil)
	if got := w.Only(); got.State != flows.WithAdmins {
		t.Errorf("got %s, want with the admins", got.State)
	}
}

func TestHandledTwiceIsHandledOnce(t *testing.T) {
	w, _ := world(t, help.Limits{}, denied(requestID, "o-ava", silent))
	e := bot.Event{ID: "same", At: w.Clock, From: ava, In: dm(ava), Did: bot.Said{Text: paste(requestID)}}
	w.Deliver(e)
	before := fmt.Sprint(len(w.Posts), w.Post("/reply").Times)
	w.Deliver(e)
	if after := fmt.Sprint(len(w.Posts), w.Post("/reply").Times); after != before {
		t.Errorf("handled again, got %s posts and times, want %s", after, before)
	}
}

// TestTheSamePageAgain is no new question either, but an error without ids may
// be.
func TestTheSamePageAgain(t *testing.T) {
	for text, want := range map[string]int{paste(requestID): 1, "error 500121": 2} {
		w, log := world(t, help.Limits{}, denied(requestID, "o-ava", silent))
		w.Say(ava, dm(ava), text)
		w.Say(ava, dm(ava), text)
		if len(log.Asked) != want {
			t.Errorf("%q, said twice, was looked up %d times, want %d", text, len(log.Asked), want)
		}
	}
}
