package lookup

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"mfahelp/bot"
	"mfahelp/flows"
	"mfahelp/graph"
	"mfahelp/graph/aadsts"
)

var noon = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)

func TestMask(t *testing.T) {
	for ip, want := range map[string]string{
		"203.0.113.7":       "203.0.x.x",
		"2001:db8::1":       "2001:db8:…",
		"":                  "",
		"not an address":    "",
		"203.0.113.7:51000": "203.0.x.x",
	} {
		if got := Mask(ip); got != want {
			t.Errorf("Mask(%q): got %q, want %q", ip, got, want)
		}
	}
}

func TestMaskNumbers(t *testing.T) {
	for text, want := range map[string]string{
		"+47 2065 5501":                        "XXXXXX01",
		"call (206) 555-0113 now":              "call (XXXXXX13 now",
		"1-206-555-0113":                       "XXXXXX13",
		"Edge 131.0.2903.86":                   "Edge 131.0.2903.86", // a version
		"2026-11-25 and 206-555-0113":          "2026-11-25 and XXXXXX13",
		"00112233-1111-2222-3333-444455556666": "00112233-1111-2222-3333-444455556666",
		"code 123456":                          "code 123456", // six digits are no number of a phone
		"2026-11-25T12:00:00Z":                 "2026-11-25T12:00:00Z",
		"c0ffee00-1111-2222-3333-444455556666": "c0ffee00-1111-2222-3333-444455556666",
		"user declined the authentication":     "user declined the authentication",
	} {
		if got := maskNumbers(text); got != want {
			t.Errorf("maskNumbers(%q): got %q, want %q", text, got, want)
		}
	}
}

func TestFailuresAreNamed(t *testing.T) {
	for _, test := range []struct {
		err  error
		want string
	}{
		{graph.ErrForbidden, "forbidden"},
		{fmt.Errorf("asking: %w", graph.ErrNoLicence), "licence"},
		{&graph.Error{Op: "get", Reason: graph.ErrCredential}, "credential"},
		{graph.ErrRejected, "rejected"},
		{errors.New("connection reset"), "unavailable"},
	} {
		if got := failure(test.err); got != test.want {
			t.Errorf("%v: got %q, want %q", test.err, got, test.want)
		}
	}
}

// log answers every look-up alike.
type log struct {
	found graph.Found
	err   error
}

func (l log) Find(context.Context, graph.Query) (graph.Found, error) { return l.found, l.err }

// nobody is a directory that does not answer.
type nobody struct{}

var errDown = errors.New("down")

func (nobody) User(context.Context, string) (graph.User, error)        { return graph.User{}, errDown }
func (nobody) Roles(context.Context, string) ([]graph.Role, error)     { return nil, errDown }
func (nobody) Methods(context.Context, string) ([]graph.Method, error) { return nil, errDown }
func (nobody) GlobalAdmins(context.Context) ([]string, error)          { return nil, errDown }

func look(l log, c flows.Case) flows.Case {
	d := Desk{SignIns: l, Directory: nobody{}, Tenant: "contoso", Now: func() time.Time { return noon }}
	return d.Look(context.Background(), c)
}

// TestOnlyTheSubjectsSignInsAreKept has two people in one answer of the log.
func TestOnlyTheSubjectsSignInsAreKept(t *testing.T) {
	mine := graph.SignIn{ID: "1", UserID: "sofia", ErrorCode: 500121, At: noon}
	theirs := graph.SignIn{ID: "2", UserID: "ingrid", ErrorCode: 500121, At: noon}
	asked := flows.Case{Subject: bot.Identity{Tenant: "contoso", ObjectID: "Sofia"}, Report: aadsts.Report{Code: "500121"}}

	c := look(log{found: graph.Found{SignIns: []graph.SignIn{theirs}, Nearby: []graph.SignIn{theirs}}}, asked)
	if c.Looked.SignIn != nil || len(c.Looked.Nearby)+len(c.Choices) != 0 {
		t.Errorf("somebody else's sign-in was kept: %+v", c.Looked)
	}
	c = look(log{found: graph.Found{SignIns: []graph.SignIn{theirs, mine}}}, asked)
	if c.Looked.SignIn == nil || c.Looked.SignIn.ID != "1" || len(c.Choices) != 0 {
		t.Errorf("got %+v and %d choices, want the subject's own", c.Looked.SignIn, len(c.Choices))
	}
}

// TestNobodyOwnsTwoPeoplesSignIns has an admin paste what fits two people.
func TestNobodyOwnsTwoPeoplesSignIns(t *testing.T) {
	one := graph.SignIn{ID: "1", UserID: "sofia", ErrorCode: 500121, At: noon}
	other := graph.SignIn{ID: "2", UserID: "ingrid", ErrorCode: 500121, At: noon}
	for _, test := range []struct {
		all  []graph.SignIn
		want bot.Identity
	}{
		{[]graph.SignIn{one}, bot.Identity{Tenant: "contoso", ObjectID: "sofia"}},
		{[]graph.SignIn{one, other}, bot.Identity{}},
		{nil, bot.Identity{}},
	} {
		c := look(log{found: graph.Found{SignIns: test.all}}, flows.Case{Report: aadsts.Report{Code: "500121"}})
		if diff := cmp.Diff(test.want, c.Subject); diff != "" {
			t.Errorf("%d sign-ins: %s", len(test.all), diff)
		}
	}
}

// TestLaterIsNeverNow keeps a log that says "at once" from being asked for ever.
func TestLaterIsNeverNow(t *testing.T) {
	for _, at := range []time.Time{{}, noon.Add(-time.Hour), noon, noon.Add(time.Minute)} {
		c := look(log{err: &graph.Later{At: at, Why: graph.Lag}}, flows.Case{})
		if !c.Looked.Next.After(noon) || c.Looked.Next.Before(at) || c.Looked.Failed != "" || c.Looked.Tries != 1 {
			t.Errorf("told %v: got %+v", at, c.Looked)
		}
	}
}

// TestAChoiceTakesTheRestAlong has the admins find in the file what was not taken.
func TestAChoiceTakesTheRestAlong(t *testing.T) {
	c := flows.Case{Choices: []flows.Choice{{SignIn: graph.SignIn{ID: "1", At: noon}}, {SignIn: graph.SignIn{ID: "2", At: noon}}}}
	taken := Take(c, 0)
	if taken.Looked.SignIn.ID != "1" || taken.Looked.Others != 1 || len(taken.Looked.Nearby) != 1 || taken.Looked.Nearby[0].ID != "2" || taken.Choices != nil {
		t.Errorf("taken: got %+v", taken.Looked)
	}
	if _, ok := Choose(c, "3"); ok {
		t.Error("what was not offered can be chosen")
	}
	chosen, ok := Choose(c, "2")
	if !ok || chosen.Looked.SignIn.ID != "2" || chosen.Looked.By != ByChoice || chosen.Looked.Others != 0 {
		t.Errorf("chosen: got %+v", chosen.Looked)
	}
}

// TestOthersAreFew keeps a program that signs in every second out of a case.
func TestOthersAreFew(t *testing.T) {
	var all []graph.SignIn
	for i := range 200 {
		id := fmt.Sprint("s", i)
		all = append(all, graph.SignIn{ID: id, At: noon.Add(time.Duration(i) * time.Second)}, graph.SignIn{ID: strings.ToUpper(id), At: noon})
	}
	rest := others(all[0], all)
	if len(rest) != mostNearby || rest[0].ID != "s40" || rest[mostNearby-1].ID != "s1" {
		t.Errorf("got %d, from %s to %s", len(rest), rest[0].ID, rest[len(rest)-1].ID)
	}
}
