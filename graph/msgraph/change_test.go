package msgraph_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"mfahelp/graph"
	"mfahelp/graph/msgraph"
	"mfahelp/graph/sandbox"
	"mfahelp/secret"
)

// writer returns a tenant, and who changes it.
func writer(t *testing.T) (*sandbox.Tenant, *msgraph.Writer) {
	t.Helper()
	s, addr := tenant(t, sandbox.Options{NoThrottle: true, NoHistory: true})
	return s, newWriter(t, s, options(s, addr, s.Writer()), client(t, options(s, addr, s.Reader())))
}

func newWriter(t *testing.T, s *sandbox.Tenant, o msgraph.Options, people *msgraph.Client) *msgraph.Writer {
	t.Helper()
	w, err := msgraph.NewWriter(msgraph.WriterOptions{Options: o, Mailbox: sandbox.Mailbox, People: people.User})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// TestDeletesEveryKind: the writer's own permissions suffice, and what is gone
// already is no error.
func TestDeletesEveryKind(t *testing.T) {
	for _, kind := range []graph.Kind{
		graph.Authenticator, graph.PhoneMethod, graph.SoftwareOATH, graph.HardwareOATH, graph.FIDO2, graph.Hello, graph.PlatformCred,
		graph.External, graph.QRCodePIN,
	} {
		s, w := writer(t)
		m, err := s.Register("elif.yilmaz@contoso.com", graph.Method{Kind: kind, Name: "mine"})
		if err != nil {
			t.Fatal(err)
		}
		ch := graph.Change{Kind: graph.DeleteMethod, User: id(t, s, "elif.yilmaz"), Method: kind, Object: m.ID}
		for _, gone := range []bool{false, true} {
			got, err := w.Change(t.Context(), ch)
			if err != nil || got.Gone != gone {
				t.Errorf("%s: got %+v, %v, want gone: %v", kind, got, err, gone)
			}
		}
		if done := done(s); fmt.Sprint(done) != "[method.delete]" {
			t.Errorf("%s: done %v", kind, done)
		}
	}
}

// done lists what the tenant was changed by.
func done(s *sandbox.Tenant) (kinds []graph.ChangeKind) {
	for _, r := range s.Writes() {
		if r.Done {
			kinds = append(kinds, r.Write)
		}
	}
	return kinds
}

func TestDefaultIsToldFromOtherRefusals(t *testing.T) {
	s, w := writer(t)
	user := id(t, s, "carmen.ruiz") // whose default is a phone
	delete := func(user string, m graph.Kind, object string) error {
		_, err := w.Change(t.Context(), graph.Change{Kind: graph.DeleteMethod, User: user, Method: m, Object: object})
		return err
	}
	office, mobile := "e37fc753-ff3b-4958-9484-eaa9425c82bc", "3179e48a-750b-4051-897c-87b9720928f7"
	if err := delete(user, graph.PhoneMethod, office); !errors.Is(err, graph.ErrDefault) || errors.Is(err, graph.ErrUnknownFate) {
		t.Errorf("a phone that is the default: got %v", err)
	}
	app := methodOf(t, s, "sofia.almeida", graph.Authenticator)
	if err := delete(id(t, s, "sofia.almeida"), graph.Authenticator, app); !errors.Is(err, graph.ErrDefault) {
		t.Errorf("an app that is the default: got %v", err)
	}
	for _, object := range []string{mobile, office} { // the default last
		if err := delete(user, graph.PhoneMethod, object); err != nil {
			t.Errorf("%s: got %v", object, err)
		}
	}
	if _, err := s.Register("sofia.almeida@contoso.com", graph.Method{Kind: graph.PhoneMethod, Phone: "alternateMobile"}); err != nil {
		t.Fatal(err)
	}
	if err := delete(id(t, s, "sofia.almeida"), graph.PhoneMethod, mobile); !errors.Is(err, graph.ErrRejected) {
		t.Errorf("a number before the alternate one: got %v", err)
	}
}

// methodOf returns the id of a method of somebody's.
func methodOf(t *testing.T, s *sandbox.Tenant, login string, kind graph.Kind) string {
	t.Helper()
	c := client(t, options(s, start(t, s), s.Reader()))
	methods, err := c.Methods(t.Context(), id(t, s, login))
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range methods {
		if m.Kind == kind {
			return m.ID
		}
	}
	t.Fatalf("%s has no %s", login, kind)
	return ""
}

func start(t *testing.T, s *sandbox.Tenant) string {
	t.Helper()
	addr, err := s.Start("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return addr
}

func TestCreatesAPass(t *testing.T) {
	s, w := writer(t)
	now := s.Now().Truncate(time.Second)
	s.SetClock(now)
	user := id(t, s, "aiko.sato")
	got, err := w.Change(t.Context(), graph.Change{Kind: graph.CreatePass, User: user, Life: 90 * time.Minute, Once: true})
	if err != nil || got.ID == "" || len(got.Pass.Reveal()) != 8 || !got.Until.Equal(now.Add(90*time.Minute)) || got.Until.Location() != time.UTC {
		t.Errorf("got %+v until %v, %v", got, got.Until, err)
	}
	if text := fmt.Sprintf("%v %+v %#v", got, got, got); strings.Contains(text, got.Pass.Reveal()) {
		t.Error("the pass prints")
	}
	byDefault, err := w.Change(t.Context(), graph.Change{Kind: graph.CreatePass, User: user})
	if err != nil || !byDefault.Until.Equal(now.Add(time.Hour)) {
		t.Errorf("as the tenant gives it: got %+v, %v", byDefault, err)
	}
	if _, err := w.Change(t.Context(), graph.Change{Kind: graph.CreatePass, User: user, Life: 9 * time.Hour}); !errors.Is(err, graph.ErrRejected) {
		t.Errorf("longer than the policy: got %v", err)
	}
	for i, want := range []bool{false, true} {
		gone, err := w.Change(t.Context(), graph.Change{Kind: graph.DeletePass, User: user, Object: byDefault.ID})
		if err != nil || gone.Gone != want {
			t.Errorf("deleting it, time %d: got %+v, %v", i, gone, err)
		}
	}
}

func TestRevokesSessions(t *testing.T) {
	s, w := writer(t)
	for range 2 {
		if _, err := w.Change(t.Context(), graph.Change{Kind: graph.RevokeSessions, User: id(t, s, "aiko.sato")}); err != nil {
			t.Errorf("got %v", err)
		}
	}
	if got := done(s); fmt.Sprint(got) != "[sessions.revoke sessions.revoke]" {
		t.Errorf("done %v", got)
	}
}

func TestChangesTheDefault(t *testing.T) {
	s, addr := tenant(t, sandbox.Options{NoThrottle: true, NoHistory: true})
	reader := client(t, options(s, addr, s.Reader()))
	w := newWriter(t, s, options(s, addr, s.AddApp("all", "UserAuthenticationMethod.ReadWrite.All")), reader)
	user := id(t, s, "sofia.almeida")
	if _, err := w.Change(t.Context(), graph.Change{Kind: graph.ChangeDefault, User: user, Object: string(graph.PreferSMS)}); err != nil {
		t.Fatal(err)
	}
	methods, err := reader.Methods(t.Context(), user)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range methods {
		if m.Default != (m.Kind == graph.PhoneMethod) {
			t.Errorf("%s is the default: %v", m.Kind, m.Default)
		}
	}
}

func TestSendsMail(t *testing.T) {
	s, w := writer(t)
	ch := graph.Change{Kind: graph.SendMail, User: id(t, s, "aiko.sato"), Mail: graph.Mail{Subject: "About your sign-in", Text: "It is done."}}
	if _, err := w.Change(t.Context(), ch); err != nil {
		t.Fatal(err)
	}
	if got := s.Mails(); len(got) != 1 || got[0].From != sandbox.Mailbox || got[0].To[0] != "aiko.sato@contoso.com" || got[0].Text != "It is done." {
		t.Errorf("sent %+v", got)
	}
	s.Fence(s.Writer().ID, "another@contoso.com")
	if _, err := w.Change(t.Context(), ch); !errors.Is(err, graph.ErrForbidden) || errors.Is(err, graph.ErrUnknownFate) {
		t.Errorf("behind a fence: got %v", err)
	}
}

// TestChangesThatMakeNoSense are refused without a request.
func TestChangesThatMakeNoSense(t *testing.T) {
	s, w := writer(t)
	user := id(t, s, "aiko.sato")
	for claim, ch := range map[string]graph.Change{
		"no kind":                      {User: user},
		"no account":                   {Kind: graph.RevokeSessions},
		"an account by its name":       {Kind: graph.RevokeSessions, User: "aiko.sato@contoso.com"},
		"an account that is a path":    {Kind: graph.RevokeSessions, User: user + "/manager"},
		"a password":                   {Kind: graph.DeleteMethod, User: user, Method: graph.Password, Object: "28c10230-6103-485e-b985-444c60001490"},
		"a method of no kind":          {Kind: graph.DeleteMethod, User: user, Object: "28c10230-6103-485e-b985-444c60001490"},
		"a method that we do not know": {Kind: graph.DeleteMethod, User: user, Method: graph.OtherMethod, Object: "x"},
		"no method":                    {Kind: graph.DeleteMethod, User: user, Method: graph.FIDO2},
		"a method that is a path":      {Kind: graph.DeleteMethod, User: user, Method: graph.FIDO2, Object: "../../manager"},
		"half a minute":                {Kind: graph.CreatePass, User: user, Life: 90 * time.Second},
		"a life before now":            {Kind: graph.CreatePass, User: user, Life: -time.Hour},
	} {
		_, err := w.Change(t.Context(), ch)
		if !errors.Is(err, graph.ErrRejected) || errors.Is(err, graph.ErrUnknownFate) {
			t.Errorf("%s: got %v", claim, err)
		}
	}
	if n := len(s.Log()); n != 0 {
		t.Errorf("made %d requests", n)
	}
}

// TestMissingPermissions: each change names the permission that it lacks.
func TestMissingPermissions(t *testing.T) {
	s, addr := tenant(t, sandbox.Options{NoThrottle: true, NoHistory: true})
	w := newWriter(t, s, options(s, addr, s.AddApp("nobody")), client(t, options(s, addr, s.Reader())))
	user := id(t, s, "aiko.sato")
	for permission, ch := range map[string]graph.Change{
		"UserAuthMethod-Passkey.ReadWrite.All":   {Kind: graph.DeleteMethod, Method: graph.FIDO2, Object: "x"},
		"UserAuthMethod-Phone.ReadWrite.All":     {Kind: graph.DeleteMethod, Method: graph.PhoneMethod, Object: "x"},
		"UserAuthMethod-TAP.ReadWrite.All":       {Kind: graph.CreatePass},
		"User.RevokeSessions.All":                {Kind: graph.RevokeSessions},
		"UserAuthenticationMethod.ReadWrite.All": {Kind: graph.ChangeDefault, Object: "push"},
		"Mail.Send":                              {Kind: graph.SendMail},
	} {
		ch.User = user
		_, err := w.Change(t.Context(), ch)
		var failed *graph.Error
		if !errors.As(err, &failed) || failed.Reason != graph.ErrForbidden || failed.Permission != permission || failed.Perhaps {
			t.Errorf("%s: got %v", permission, err)
		}
	}
}

// TestTheFateOfAWrite is what may be concluded from each way in which it failed.
func TestTheFateOfAWrite(t *testing.T) {
	made := `{"id":"6f1967b7-15e8-4935-ac26-d50770ed07a7","temporaryAccessPass":"k4Wv8xQp","createdDateTime":"2026-11-20T12:00:00Z","startDateTime":"2026-11-20T12:00:00Z","lifetimeInMinutes":60}`
	for _, test := range []struct {
		name   string
		answer func(http.ResponseWriter)
		reason error // nil if it was made
		fate   bool  // whether that is unknown
	}{
		{"made", write(201, made), nil, false},
		{"made, and the pass is missing", write(201, strings.Replace(made, "k4Wv8xQp", "", 1)), graph.ErrUnavailable, true},
		{"made, and its end is missing", write(201, strings.Replace(made, "60", "0", 1)), graph.ErrUnavailable, true},
		{"made, and half of the answer", write(201, made[:40]), graph.ErrUnavailable, true},
		{"done, and nothing said", write(204, ""), graph.ErrUnavailable, true},
		{"a page for people", write(200, "<html>", "Content-Type", "text/html"), graph.ErrUnavailable, true},
		{"a redirect", write(302, "", "Location", "https://evil.example/"), graph.ErrUnavailable, true},
		{"refused", write(400, "{}"), graph.ErrRejected, false},
		{"not allowed", write(403, "{}"), graph.ErrForbidden, false},
		{"not there", write(404, "{}"), graph.ErrNotFound, false},
		{"another change at the same time", write(409, "{}"), graph.ErrRejected, false},
		{"a token that is not taken", write(401, "{}"), graph.ErrCredential, false},
		{"too often", write(429, ""), graph.ErrThrottled, false},
		{"half a request", write(408, ""), graph.ErrUnavailable, true},
		{"a mistake of theirs", write(500, "{}"), graph.ErrUnavailable, true},
		{"a gateway that waited too long", write(504, ""), graph.ErrUnavailable, true},
		{"down", write(503, ""), graph.ErrUnavailable, true},
		{"never built", write(501, ""), graph.ErrRejected, false},
		{"no answer", func(http.ResponseWriter) { panic(http.ErrAbortHandler) }, graph.ErrUnavailable, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			var asked atomic.Int32
			s, o := behind(t, func(w http.ResponseWriter, r *http.Request) bool {
				asked.Add(1)
				test.answer(w)
				return true
			})
			o.ClientID, o.Credential = s.Writer().ID, msgraph.Secret{Text: secret.New(s.Writer().Secret)}
			w := newWriter(t, s, o, client(t, o))
			got, err := w.Change(t.Context(), graph.Change{Kind: graph.CreatePass, User: id(t, s, "aiko.sato")})
			if !errors.Is(err, test.reason) || errors.Is(err, graph.ErrUnknownFate) != test.fate {
				t.Errorf("got %v", err)
			}
			if (err == nil) != (got.Pass.Reveal() != "") {
				t.Errorf("got a pass: %v, %v", got.Pass.Reveal() != "", err)
			}
			if n := asked.Load(); n != 1 {
				t.Errorf("asked %d times", n)
			}
			if err != nil {
				discreet(t, err, o)
			}
		})
	}
}

// TestWhatNeverLeft was not carried out, and that is known.
func TestWhatNeverLeft(t *testing.T) {
	for name, spoil := range map[string]func(*sandbox.Tenant, *msgraph.Options, string){
		"nobody listens": func(s *sandbox.Tenant, o *msgraph.Options, addr string) {
			o.Cloud = msgraph.Custom{Authority: addr, Graph: "https://127.0.0.1:1", RootCA: s.CAPEM()}
		},
		"a certificate of somebody else": func(s *sandbox.Tenant, o *msgraph.Options, addr string) {
			other := must(sandbox.NewKeys())
			o.Cloud = msgraph.Custom{Authority: addr, Graph: start(t, must(sandbox.New(sandbox.Options{Keys: other, NoHistory: true}))), RootCA: s.CAPEM()}
		},
		"a secret that has expired": func(s *sandbox.Tenant, _ *msgraph.Options, _ string) { s.ExpireSecret(s.Writer().ID, true) },
		"the login service is down": func(s *sandbox.Tenant, _ *msgraph.Options, _ string) {
			s.Fault(sandbox.Fault{Kind: sandbox.Status, Path: "/" + s.ID()})
		},
		"the login service breaks up": func(s *sandbox.Tenant, _ *msgraph.Options, _ string) {
			s.Fault(sandbox.Fault{Kind: sandbox.Reset, Path: "/" + s.ID()})
		},
	} {
		s, addr := tenant(t, sandbox.Options{NoThrottle: true, NoHistory: true})
		o := options(s, addr, s.Writer())
		spoil(s, &o, addr)
		w := newWriter(t, s, o, client(t, options(s, addr, s.Reader())))
		_, err := w.Change(t.Context(), graph.Change{Kind: graph.CreatePass, User: id(t, s, "aiko.sato")})
		if err == nil || errors.Is(err, graph.ErrUnknownFate) {
			t.Errorf("%s: got %v", name, err)
		}
		if n := len(s.Writes()); n != 0 {
			t.Errorf("%s: %d writes", name, n)
		}
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// TestALostAnswer: the tenant did it, and we do not know. What may be repeated
// can be, and says that there was nothing left.
func TestALostAnswer(t *testing.T) {
	s, w := writer(t)
	user, app := id(t, s, "aiko.sato"), methodOf(t, s, "aiko.sato", graph.Authenticator)
	for _, ch := range []graph.Change{
		{Kind: graph.CreatePass, User: user},
		{Kind: graph.DeleteMethod, User: user, Method: graph.Authenticator, Object: app},
	} {
		method := map[bool]string{true: "POST", false: "DELETE"}[ch.Kind == graph.CreatePass]
		s.Fault(sandbox.Fault{Kind: sandbox.Lost, Method: method, Path: "/v1.0/", Times: 1})
		if _, err := w.Change(t.Context(), ch); !errors.Is(err, graph.ErrUnknownFate) {
			t.Errorf("%s: got %v", ch.Kind, err)
		}
	}
	if got := done(s); fmt.Sprint(got) != "[pass.create method.delete]" {
		t.Errorf("done %v", got)
	}
	got, err := w.Change(t.Context(), graph.Change{Kind: graph.DeleteMethod, User: user, Method: graph.Authenticator, Object: app})
	if err != nil || !got.Gone {
		t.Errorf("again: got %+v, %v", got, err)
	}
}

// TestAWriteThatTakesTooLong has left, so its fate is unknown.
func TestAWriteThatTakesTooLong(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	s, o := behind(t, func(w http.ResponseWriter, r *http.Request) bool {
		cancel() // as who asked loses patience
		<-r.Context().Done()
		return true
	})
	o.ClientID, o.Credential = s.Writer().ID, msgraph.Secret{Text: secret.New(s.Writer().Secret)}
	w := newWriter(t, s, o, client(t, o))
	_, err := w.Change(ctx, graph.Change{Kind: graph.CreatePass, User: id(t, s, "aiko.sato")})
	if !errors.Is(err, graph.ErrUnknownFate) || !errors.Is(err, graph.ErrUnavailable) || !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestWriterOptions(t *testing.T) {
	s, addr := tenant(t, sandbox.Options{NoHistory: true})
	o := options(s, addr, s.Writer())
	for claim, bad := range map[string]msgraph.WriterOptions{
		"a mailbox that is none": {Options: o, Mailbox: "it help", People: (&msgraph.Client{}).User},
		"nobody to ask":          {Options: o, Mailbox: sandbox.Mailbox},
		"no credential":          {},
	} {
		if _, err := msgraph.NewWriter(bad); err == nil {
			t.Errorf("%s is taken", claim)
		}
	}
	w, err := msgraph.NewWriter(msgraph.WriterOptions{Options: o})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Change(t.Context(), graph.Change{Kind: graph.SendMail, User: id(t, s, "aiko.sato")}); !errors.Is(err, graph.ErrRejected) {
		t.Errorf("mail without a mailbox: got %v", err)
	}
}
