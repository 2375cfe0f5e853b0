package main

import (
	"context"
	"fmt"
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

// The people of the stories.
var (
	ava   = bot.Person{Platform: "web", ID: "ava", Name: "Ava Chen", Identity: bot.Identity{Tenant: tenant, ObjectID: "o-ava"}}
	priya = bot.Person{Platform: "web", ID: "priya", Name: "Priya Raman", Identity: bot.Identity{Tenant: tenant, ObjectID: "o-priya"}}
	sam   = bot.Person{Platform: "web", ID: "sam", Name: "Sam Ortiz", Identity: bot.Identity{Tenant: tenant, ObjectID: "o-sam"}}

	inChat   = bot.Place{Platform: "web", ID: "direct:ava", Private: true, Audience: bot.Direct, Reader: "ava"}
	inAdmins = bot.Place{Platform: "web", ID: "admins", Private: true}
)

const (
	tenant  = "contoso"
	request = "66ea54eb-6301-4ee5-be62-ff5a759b0100"
	visit   = "d79f5bee-5860-4832-928f-3133e22ae912"
	paste   = "Error Code: 500121\nRequest Id: " + request + "\nCorrelation Id: " + visit + "\nTimestamp: 2026-11-20T08:58:00Z"
)

// A story leads to one message, the last that is posted under a key.
type story struct {
	name  string // of its card, such as "help-no-answer"
	post  string // how the key of the post ends
	tells func(*stage)
}

// A stage is a world with a sign-in log and a directory that stories can set up.
type stage struct {
	*flowstest.World
	log    *flowstest.Log
	limits *help.Limits
}

// said is an event of 500121 whose prompt ended as result says.
func (s *stage) said(result string) *graph.SignIn {
	at := time.Date(2026, 11, 20, 8, 58, 0, 0, time.UTC)
	s.log.Events = append(s.log.Events, graph.SignIn{
		ID: request, CorrelationID: visit, At: at, UserID: ava.ObjectID, UPN: "ava.chen@contoso.com", UserName: "Ava Chen",
		App: "Office 365 Exchange Online", IP: "203.0.113.77", API: graph.Beta, ErrorCode: 500121,
		Failure:  "Authentication failed during strong authentication request.",
		Location: graph.Location{City: "Ghent", Country: "BE"}, Device: graph.Device{OS: "Windows11", Browser: "Edge 148.0.0"},
		Steps: []graph.Step{
			{At: at, Method: "Password", Detail: "Password in the cloud", Succeeded: true, Result: "Correct password"},
			{At: at.Add(time.Minute), Method: "Mobile app notification", Detail: "Pixel 9", Result: result},
		},
	})
	return &s.log.Events[len(s.log.Events)-1]
}

func (s *stage) paste() { s.Say(ava, inChat, paste) }

func (s *stage) escalated() {
	s.said("MFA denied; user is blocked")
	s.paste()
}

const (
	silent = "MFA denied; user did not respond to mobile app notification"
	fraud  = "MFA denied; Phone App Reported Fraud"
)

// stories are all of them, in the order of the gallery.
var stories = append([]story{
	{"help-looking", "/reply", func(s *stage) { s.log.Err = &graph.Later{At: s.Now().Add(time.Minute), Why: graph.Lag}; s.paste() }},
	{"help-busy", "/reply", func(s *stage) { s.log.Err = &graph.Later{At: s.Now().Add(time.Minute), Why: graph.Budget}; s.paste() }},
	{"help-graph-down", "/reply", func(s *stage) { s.log.Err = &graph.Later{At: s.Now().Add(time.Minute), Why: graph.Outage}; s.paste() }},
	{"help-no-answer", "/reply", func(s *stage) { s.said(silent); s.paste() }},
	{"help-declined", "/reply", func(s *stage) { s.said("MFA denied; user declined the authentication"); s.paste() }},
	{"help-wrong-number", "/reply", func(s *stage) { s.said("MFA denied; user did not select the correct number"); s.paste() }},
	{"help-unknown-reason", "/reply", func(s *stage) { s.said("MFA denied; something new"); s.paste() }},
	{"help-code-only", "/reply", func(s *stage) { s.paste() }},
	{"help-forbidden", "/reply", func(s *stage) {
		s.log.Err = &graph.Error{Op: "list sign-ins", Reason: graph.ErrForbidden, Permission: "AuditLog.Read.All"}
		s.paste()
	}},
	{"help-blocked-by-policy", "/reply", func(s *stage) {
		e := s.said("")
		e.ErrorCode, e.Failure, e.Steps, e.ConditionalAccess = 53003, "Access has been blocked by Conditional Access policies.", e.Steps[:1], "failure"
		e.Policies = []graph.Policy{{ID: "p", Name: "Only from our countries", Grants: []string{"Block"}, Result: "failure"}}
		s.Say(ava, inChat, "AADSTS53003: Access has been blocked.\nRequest Id: "+request)
	}},
	{"help-password", "/reply", func(s *stage) { s.Say(ava, inChat, "AADSTS50126: Invalid username or password.") }},
	{"help-another-account", "/reply", func(s *stage) {
		s.Say(ava, inChat, "AADSTS50020: User account 'dana@fabrikam.com' from identity provider 'live.com' does not exist in tenant 'Contoso'")
	}},
	{"help-which", "/reply", func(s *stage) {
		s.said(silent)
		e := s.said("MFA denied; user did not select the correct number")
		e.ID, e.CorrelationID, e.App, e.At = "r-2", "v-2", "Microsoft Teams", e.At.Add(-20*time.Minute)
		s.Say(ava, inChat, "error 500121")
	}},
	{"help-question", "/reply", func(s *stage) { s.Say(ava, inChat, "I cannot sign in") }},
	{"help-how-to-copy", "/reply", func(s *stage) {
		s.Say(ava, inChat, "I cannot sign in")
		s.Press(ava, "/reply", "An error page with a code", nil)
	}},
	{"help-sent", "/reply", func(s *stage) { s.escalated() }},
	{"help-solved", "/reply", func(s *stage) { s.said(silent); s.paste(); s.Press(ava, "/reply", "That helped", nil) }},
	{"help-put-away", "/reply", func(s *stage) { s.said(silent); s.paste(); s.Advance(25 * time.Hour) }},
	{"help-superseded", "/reply", func(s *stage) {
		s.said(silent)
		s.paste()
		first := s.Only().Key
		s.Say(ava, inChat, "AADSTS50126: Invalid username or password.")
		s.Posts = append(s.Posts, s.Post(first+"/reply"))
	}},
	{"help-usage", "/help/e1", func(s *stage) { s.Do(ava, inChat, bot.Commanded{Name: "mfa-help", Text: "help"}) }},
	{"help-status", "/e2", func(s *stage) { s.escalated(); s.Do(ava, inChat, bot.Commanded{Name: "mfa-help", Text: "status"}) }},
	{"help-status-empty", "/e1", func(s *stage) { s.Do(ava, inChat, bot.Commanded{Name: "mfa-help", Text: "status"}) }},
	{"help-picture", "/picture/e1", func(s *stage) { s.Do(ava, inChat, bot.Said{Files: []bot.File{{Name: "screen.png"}}}) }},
	{"help-limit", "/limit/lookups/2026-11-20T09:00:00Z", func(s *stage) {
		s.limits.Lookups = 1
		s.paste()
		s.Say(ava, inChat, "AADSTS50126: Invalid username or password.")
	}},
	{"help-closed-button", "closed/web/ava/e1", func(s *stage) { s.Do(ava, inChat, bot.Pressed{Key: "old"}) }},
	{"help-elsewhere", "/elsewhere", func(s *stage) { s.Say(ava, bot.Place{Platform: "web", ID: "C1"}, paste) }},
	{"help-sorry", "", nil},

	{"admins-open", "/admins", func(s *stage) { s.escalated() }},
	{"admins-evidence", "/evidence", func(s *stage) { s.escalated() }},
	{"admins-alarm", "/admins", func(s *stage) { s.said(fraud); s.paste() }},
	{"admins-alarm-evidence", "/evidence", func(s *stage) { s.said(fraud); s.paste() }},
	{"admins-alarm-says-solved", "/says-solved", func(s *stage) { s.said(fraud); s.paste(); s.Press(ava, "/reply", "That helped", nil) }},
	{"admins-with-words", "/admins", func(s *stage) {
		s.said(silent)
		s.paste()
		s.Press(ava, "/reply", "Still stuck", map[string]string{"words": "I restarted the phone, twice."})
	}},
	{"admins-claimed", "/admins", func(s *stage) { s.escalated(); s.Press(priya, "/admins", "Claim", nil) }},
	{"admins-claimed-line", "/moved/e2", func(s *stage) { s.escalated(); s.Press(priya, "/admins", "Claim", nil) }},
	{"admins-taken", "whisper/web/sam/e3", func(s *stage) {
		s.escalated()
		claim := s.Post("/admins").Message.Actions[0].(bot.Choose).Key
		s.Do(priya, inAdmins, bot.Pressed{Key: claim})
		s.Do(sam, inAdmins, bot.Pressed{Key: claim})
	}},
	{"admins-relayed", "/said/e2", func(s *stage) { s.escalated(); s.Say(ava, inChat, "I am at the airport.") }},
	{"help-from-admins", "/admin/e2", func(s *stage) {
		s.escalated()
		s.Press(priya, "/admins", "Reply", map[string]string{"text": "Please come by with your badge."})
	}},
	{"admins-replied", "/replied/e2", func(s *stage) {
		s.escalated()
		s.Press(priya, "/admins", "Reply", map[string]string{"text": "Please come by with your badge."})
	}},
	{"admins-unreached", "/undelivered/admin/e2", func(s *stage) {
		s.escalated()
		s.Press(priya, "/admins", "Reply", map[string]string{"text": "Please come by with your badge."})
		s.Ask(escalate.Undelivered(s.Post("/admin/e2").Post, bot.ErrUnreachable, s.Now())...)
	}},
	{"admins-resolved", "/admins", func(s *stage) { s.resolved() }},
	{"help-closed", "/reply", func(s *stage) { s.resolved() }},
	{"help-reopened", "/reply", func(s *stage) { s.resolved(); s.Press(sam, "/admins", "Reopen", nil) }},
	{"admins-not-admin", "whisper/web/ava/e2", func(s *stage) { s.escalated(); s.Press(ava, "/admins", "Claim", nil) }},
	{"admins-hint", "whisper/web/priya/e1", func(s *stage) { s.Say(priya, inAdmins, "hello") }},
	{"admins-phone", "/admins", func(s *stage) { s.said(silent); s.Say(priya, inAdmins, paste) }},
	{"admins-phone-waiting", "/admins", func(s *stage) {
		s.log.Err = &graph.Later{At: s.Now().Add(time.Minute), Why: graph.Lag}
		s.Say(priya, inAdmins, paste)
	}},
	{"admins-phone-whose", "/admins", func(s *stage) { s.Say(priya, inAdmins, "they read out error 500121") }},
}, resetStories()...)

func (s *stage) resolved() {
	s.escalated()
	s.Press(priya, "/admins", "Resolve", map[string]string{"outcome": "fixed", "text": "Unblocked, try again."})
}

// play tells st and returns its message.
func play(st story, t flowstest.T) bot.Message {
	if tr, ok := treatmentOf(st.name); ok {
		m, _ := playReset(tr, t)
		return m
	}
	if st.tells == nil {
		e := bot.Event{ID: "e1", From: ava, In: inChat, Did: bot.Said{Text: paste}}
		return help.Apology(printer(""), e).Posts[0].Message
	}
	w := flowstest.New(t)
	s := &stage{World: w, log: &flowstest.Log{}, limits: &help.Limits{}}
	w.Helpers[priya.ObjectID], w.Helpers[sam.ObjectID] = true, true
	desk := &lookup.Desk{SignIns: s.log, Directory: directory{}, Tenant: tenant, Now: w.Now}
	w.Router.Closed = func(e bot.Event, why flows.Refusal) flows.Answer { return help.Closed(printer(""), e, why) }
	helper := help.New(help.Options{Desk: desk, Cases: w, Ledger: w, Words: printer, Admins: inAdmins, Now: w.Now})
	s.limits = &helper.Limits
	w.Router.Flows = []flows.Named{
		escalate.New(escalate.Options{Desk: desk, Cases: w, Posts: w, Admins: w, Words: printer, Channel: inAdmins, Now: w.Now}).Named(),
		helper.Named(),
	}
	st.tells(s)
	return s.Post(st.post).Message
}

func printer(locale string) *words.Printer {
	return &words.Printer{Locale: locale, Missing: func(key string) { panic(fmt.Sprintf("no sentence for %s", key)) }}
}

// directory has the people of the stories.
type directory struct{}

func (directory) User(_ context.Context, id string) (graph.User, error) {
	for _, p := range []bot.Person{ava, priya, sam} {
		if upn := p.ID + "@contoso.com"; id == p.ObjectID || id == upn {
			return graph.User{ID: p.ObjectID, UPN: upn, Name: p.Name, Enabled: true}, nil
		}
	}
	return graph.User{}, &graph.Error{Op: "get user", Reason: graph.ErrNotFound, Status: 404}
}

func (directory) Roles(context.Context, string) ([]graph.Role, error) { return nil, nil }

func (directory) Methods(context.Context, string) ([]graph.Method, error) {
	return []graph.Method{
		{ID: "1", Kind: graph.Authenticator, Name: "Pixel 9"},
		{ID: "2", Kind: graph.PhoneMethod, Phone: "mobile", Name: "+X XXXXXXXX07"},
	}, nil
}

func (directory) GlobalAdmins(context.Context) ([]string, error) {
	return []string{"o-root", "o-root2"}, nil
}
