package msgraph_test

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"mfahelp/graph"
	"mfahelp/graph/sandbox"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestPasses(t *testing.T) {
	s, w := writer(t)
	now := s.Now().Truncate(time.Second)
	s.SetClock(now)
	s.SetPassPolicy(sandbox.PassPolicy{Min: 10 * time.Minute, Max: time.Hour, Default: 20 * time.Minute, Length: 8})
	c := client(t, options(s, start(t, s), s.Reader()))
	user := id(t, s, "aiko.sato")
	if got, err := c.Passes(t.Context(), user); err != nil || len(got) != 0 {
		t.Errorf("before: got %+v, %v", got, err)
	}
	made, err := w.Change(t.Context(), graph.Change{Kind: graph.CreatePass, User: user, Once: true})
	if err != nil {
		t.Fatal(err)
	}
	want := graph.PassState{ID: made.ID, Created: now, From: now, Till: now.Add(20 * time.Minute), Once: true, Usable: true, Why: "EnabledByPolicy"}
	for _, after := range []time.Duration{0, 30 * time.Minute} { // within the life of a token
		s.SetClock(now.Add(after))
		if after > 0 {
			want.Usable, want.Why = false, "Expired"
		}
		got, err := c.Passes(t.Context(), user)
		if diff := cmp.Diff([]graph.PassState{want}, got); diff != "" || err != nil {
			t.Errorf("after %v: %v (-want +got):\n%s", after, err, diff)
		}
	}
	methods, err := c.Methods(t.Context(), user)
	if err != nil || !slices.ContainsFunc(methods, func(m graph.Method) bool { return m.Kind == graph.Pass && m.ID == made.ID }) {
		t.Errorf("among the methods: got %+v, %v", methods, err)
	}
}

func TestPassPolicy(t *testing.T) {
	s, c := reader(t)
	usual := graph.PassPolicy{Enabled: true, Min: time.Hour, Max: 8 * time.Hour, Default: time.Hour, Length: 8, Everybody: true, NotFor: []string{s.GroupID(sandbox.NoPassGroup)}}
	if got, err := c.PassPolicy(t.Context()); err != nil || !cmp.Equal(usual, got) {
		t.Errorf("got %+v, %v", got, err)
	}
	s.SetPassPolicy(sandbox.PassPolicy{Disabled: true, Min: 10 * time.Minute, Max: time.Hour, Default: 20 * time.Minute, OnlyOnce: true, Length: 12, Group: sandbox.AdminsGroup})
	want := graph.PassPolicy{Min: 10 * time.Minute, Max: time.Hour, Default: 20 * time.Minute, OnlyOnce: true, Length: 12, For: []string{s.GroupID(sandbox.AdminsGroup)}}
	if got, err := c.PassPolicy(t.Context()); err != nil || !cmp.Equal(want, got) {
		t.Errorf("another: got %+v, %v", got, err)
	}
	s.SetPassPolicy(sandbox.PassPolicy{})
	if _, err := c.PassPolicy(t.Context()); !errors.Is(err, graph.ErrUnavailable) {
		t.Errorf("without limits: got %v", err)
	}
}

func TestRisk(t *testing.T) {
	s, c := reader(t)
	now := s.Now().Truncate(time.Second)
	s.SetClock(now)
	user := id(t, s, "aiko.sato")
	for _, test := range []struct {
		level string
		want  graph.Risk
		risky bool
	}{
		{"-", graph.Risk{}, false},
		{"high", graph.Risk{Level: "high", State: "atRisk", Detail: "none", Updated: now}, true},
		{"", graph.Risk{Level: "none", State: "dismissed", Detail: "adminDismissedAllRiskForUser", Updated: now}, false},
	} {
		if test.level != "-" {
			s.SetRisk("aiko.sato@contoso.com", test.level)
		}
		got, err := c.Risk(t.Context(), user)
		if diff := cmp.Diff(test.want, got); diff != "" || err != nil || got.AtRisk() != test.risky {
			t.Errorf("%q: %v (-want +got):\n%s", test.level, err, diff)
		}
	}
	if _, err := c.Risk(t.Context(), "aiko.sato@contoso.com"); !errors.Is(err, graph.ErrRejected) {
		t.Errorf("by name: got %v", err)
	}
}

// TestRiskIsRationed: Identity Protection does not say when to come again, so we do.
func TestRiskIsRationed(t *testing.T) {
	s, addr := tenant(t, sandbox.Options{NoHistory: true})
	s.SetClock(s.Now())
	c := client(t, options(s, addr, s.Reader()))
	user := id(t, s, "aiko.sato")
	if _, err := c.Risk(t.Context(), user); err != nil {
		t.Fatal(err)
	}
	_, err := c.Risk(t.Context(), user)
	var failed *graph.Error
	if !errors.As(err, &failed) || failed.Reason != graph.ErrThrottled || failed.After != time.Second {
		t.Errorf("got %v", err)
	}
	s.Advance(time.Second)
	if _, err := c.Risk(t.Context(), user); err != nil {
		t.Errorf("a second later: got %v", err)
	}
}

// TestRiskThatIsNotTold is no "none".
func TestRiskThatIsNotTold(t *testing.T) {
	_, o := behind(t, func(w http.ResponseWriter, r *http.Request) bool {
		write(200, `{"id":"x","riskState":null}`)(w)
		return true
	})
	if _, err := client(t, o).Risk(t.Context(), "26be570a-ae82-4189-b4e2-a37c6808512d"); !errors.Is(err, graph.ErrUnavailable) {
		t.Errorf("got %v", err)
	}
}

func TestContact(t *testing.T) {
	s, c := reader(t)
	for _, field := range []string{graph.MobilePhone, graph.BusinessPhone} {
		if err := s.SetContact("aiko.sato@contoso.com", field, "+1 2065550177", 0); err != nil {
			t.Fatal(err)
		}
		got, err := c.Contact(t.Context(), id(t, s, "aiko.sato"), field)
		if want := (graph.ContactField{Field: field, Masked: "+X XXXXXXXX77"}); err != nil || got != want {
			t.Errorf("%s: got %+v, %v", field, got, err)
		}
		if err := s.SetContact("aiko.sato@contoso.com", field, "", 0); err != nil {
			t.Fatal(err)
		}
		if got, err := c.Contact(t.Context(), id(t, s, "aiko.sato"), field); err != nil || got.Masked != "" {
			t.Errorf("no %s: got %+v, %v", field, got, err)
		}
	}
	if _, err := c.Contact(t.Context(), id(t, s, "aiko.sato"), "otherMails"); !errors.Is(err, graph.ErrRejected) {
		t.Errorf("another field: got %v", err)
	}
	// Who may read only the basics is told null, which is not "no number".
	basics := client(t, options(s, start(t, s), s.AddApp("basics", "User.ReadBasic.All")))
	if _, err := basics.Contact(t.Context(), id(t, s, "aiko.sato"), graph.MobilePhone); !errors.Is(err, graph.ErrForbidden) {
		t.Errorf("with the basics: got %v", err)
	}
}

func TestDirectoryEvents(t *testing.T) {
	s, c := reader(t)
	user := id(t, s, "aiko.sato")
	for _, err := range []error{
		s.SetContact("aiko.sato@contoso.com", graph.MobilePhone, "+1 2065550177", 48*time.Hour),
		s.ReportFraud("aiko.sato@contoso.com", 24*time.Hour),
		s.ResetPassword("hugo.moreau@contoso.com", time.Hour),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	from := s.Now().Add(-72 * time.Hour)
	admin := id(t, s, "lars.brandt")
	for _, test := range []struct {
		name string
		f    graph.EventFilter
		want []graph.DirectoryEvent
	}{
		{"what was done to somebody", graph.EventFilter{Target: user, From: from}, []graph.DirectoryEvent{
			{Activity: "Update user", Category: "UserManagement", Service: "Core Directory", Result: "success", By: admin, Target: user, Changed: []string{"Mobile", "Included Updated Properties"}}}},
		{"what somebody did", graph.EventFilter{By: strings.ToUpper(user), From: from, To: s.Now()}, []graph.DirectoryEvent{
			{Activity: "Fraud reported - user is blocked for MFA", Category: "UserManagement", Service: "Azure MFA", Result: "success", By: user}}},
		{"later", graph.EventFilter{Target: user, From: s.Now().Add(-time.Hour)}, nil},
	} {
		got, err := c.DirectoryEvents(t.Context(), test.f)
		if diff := cmp.Diff(graph.EventPage{Events: test.want}, got, cmpopts.IgnoreFields(graph.DirectoryEvent{}, "ID", "At")); diff != "" || err != nil {
			t.Errorf("%s: %v (-want +got):\n%s", test.name, err, diff)
		}
	}
	for claim, f := range map[string]graph.EventFilter{
		"of nobody":           {From: from},
		"of a name":           {Target: "aiko.sato@contoso.com"},
		"a name, and an id":   {Target: "aiko", By: user},
		"a page from outside": {Next: "https://evil.example/v1.0/auditLogs/directoryAudits"},
	} {
		if _, err := c.DirectoryEvents(t.Context(), f); !errors.Is(err, graph.ErrRejected) {
			t.Errorf("%s: got %v", claim, err)
		}
	}
}
