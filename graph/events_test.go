package graph_test

import (
	"slices"
	"testing"
	"time"

	"mfahelp/graph"
)

func TestTouches(t *testing.T) {
	for _, test := range []struct {
		name  string
		event graph.DirectoryEvent
		want  []graph.Touch
	}{
		{"a method registered", graph.DirectoryEvent{Activity: "User registered security info", Result: "success"}, []graph.Touch{graph.TouchMethods}},
		{"begun, and not done", graph.DirectoryEvent{Activity: "User started security info registration"}, nil},
		{"tried, and failed", graph.DirectoryEvent{Activity: "User registered security info", Result: "failure"}, nil},
		{"in other letters", graph.DirectoryEvent{Activity: " admin deleted SECURITY info"}, []graph.Touch{graph.TouchMethods}},
		{"a key", graph.DirectoryEvent{Activity: "Add Passkey (device-bound) credential"}, []graph.Touch{graph.TouchMethods}},
		{"by its property", graph.DirectoryEvent{Activity: "Update user", Changed: []string{"StrongAuthenticationPhoneAppDetail", "StrongAuthenticationMethod"}}, []graph.Touch{graph.TouchMethods}},
		{"a number, and who somebody is", graph.DirectoryEvent{Activity: "Update user", Changed: []string{"Mobile", "UserPrincipalName"}}, []graph.Touch{graph.TouchContact, graph.TouchName}},
		{"another name for mail", graph.DirectoryEvent{Activity: "Update user", Changed: []string{"MailNickname", "Department"}}, nil},
		{"a password", graph.DirectoryEvent{Activity: "Reset password (self-service)"}, []graph.Touch{graph.TouchPassword}},
		{"who vouches for somebody", graph.DirectoryEvent{Activity: "Set user manager", Result: "success"}, []graph.Touch{graph.TouchContact}},
		{"an app, by its older name", graph.DirectoryEvent{Activity: "Add users strong authentication phone app detail"}, []graph.Touch{graph.TouchMethods}},
		{"a password, by its older name", graph.DirectoryEvent{Activity: "Reset password"}, []graph.Touch{graph.TouchPassword}},
		{"fraud", graph.DirectoryEvent{Activity: "Fraud reported - user is blocked for MFA"}, []graph.Touch{graph.TouchFraud}},
		{"nothing of interest", graph.DirectoryEvent{Activity: "Add member to group"}, nil},
	} {
		if got := test.event.Touches(); !slices.Equal(got, test.want) {
			t.Errorf("%s: got %v, want %v", test.name, got, test.want)
		}
	}
}

func TestLast(t *testing.T) {
	day := func(n int) time.Time { return time.Date(2026, 11, n, 9, 0, 0, 0, time.UTC) }
	e := graph.Events{Events: []graph.DirectoryEvent{
		{At: day(9), Activity: "Add member to group"},
		{At: day(7), Activity: "Update user", Changed: []string{"Mobile"}},
		{At: day(8), Activity: "Reset user password"},
		{At: day(3), Activity: "Update user", Changed: []string{"TelephoneNumber"}},
	}}
	for _, test := range []struct {
		touches []graph.Touch
		want    time.Time
	}{
		{[]graph.Touch{graph.TouchContact}, day(7)},
		{[]graph.Touch{graph.TouchContact, graph.TouchPassword}, day(8)},
		{[]graph.Touch{graph.TouchMethods}, time.Time{}},
		{nil, time.Time{}},
	} {
		if got := e.Last(test.touches...); !got.Equal(test.want) {
			t.Errorf("%v: got %v, want %v", test.touches, got, test.want)
		}
	}
}

func TestPassFits(t *testing.T) {
	p := graph.PassPolicy{Min: time.Hour, Max: 8 * time.Hour, Default: 2 * time.Hour}
	for wish, want := range map[time.Duration]time.Duration{
		0: 2 * time.Hour, time.Minute: time.Hour, 90*time.Minute + time.Second: 90 * time.Minute, 24 * time.Hour: 8 * time.Hour,
	} {
		if got, once := p.Fit(wish, false); got != want || once {
			t.Errorf("%v: got %v, %v", wish, got, once)
		}
	}
	p.OnlyOnce = true
	if _, once := p.Fit(0, false); !once {
		t.Error("a policy of single use is not kept")
	}
}

func TestOnlySomeChangesMayBeRepeated(t *testing.T) {
	for _, kind := range graph.ChangeKinds {
		want := kind != graph.CreatePass && kind != graph.SendMail
		if got := (graph.Change{Kind: kind}).Repeatable(); got != want {
			t.Errorf("%s: got %v", kind, got)
		}
	}
}
