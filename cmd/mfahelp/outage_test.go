package main

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap/zapcore"

	"mfahelp/flows"
	"mfahelp/graph/sandbox"
)

// recovery is how long after an outage everything that was acknowledged has an
// answer, or has failed for all to see.
const recovery = time.Minute

// lengths are how long an outage lasts: within one look-up's patience, over
// several, and longer than anybody waits. With MFAHELP_OUTAGES=all there are
// those in between as well, which take minutes under the race detector.
func lengths() []time.Duration {
	if os.Getenv("MFAHELP_OUTAGES") == "all" {
		return []time.Duration{3 * time.Second, 50 * time.Second, 100 * time.Second, 4 * time.Minute, 11 * time.Minute, 35 * time.Minute}
	}
	return []time.Duration{3 * time.Second, 100 * time.Second, 35 * time.Minute}
}

// TestOutages has Graph fail in every way while people ask. They hear a clear
// sentence, whoever runs us finds the reason in the log, and within a minute
// after it is over nobody waits any more.
func TestOutages(t *testing.T) {
	t.Parallel()
	const logFor = "/beta/auditLogs"
	everywhere := func(f sandbox.Fault) (all []sandbox.Fault) {
		for _, f.Path = range []string{"/beta/", "/v1.0/"} {
			all = append(all, f)
		}
		return all
	}
	looking := "lookup.waiting.outage"
	for _, test := range []struct {
		name   string
		faults []sandbox.Fault
		hears  string // what who asks is told meanwhile: the key of a sentence; "" for an answer as always
		log    string // what the log says, as a regular expression
	}{
		{"down", everywhere(sandbox.Fault{Kind: sandbox.Status, Status: 503}), looking, `unavailable \(503 ServiceUnavailable\)`},
		{"an error of its own", everywhere(sandbox.Fault{Kind: sandbox.Status, Status: 500}), looking, `unavailable \(500 `},
		{"down for a while, it says", everywhere(sandbox.Fault{Kind: sandbox.Status, Status: 503, After: 20 * time.Second}), looking, `unavailable \(503 `},
		{"connections break", everywhere(sandbox.Fault{Kind: sandbox.Reset}), looking, `unavailable: `},
		{"a page for people", everywhere(sandbox.Fault{Kind: sandbox.HTML}), looking, `answer that is not JSON`},
		{"half an answer", everywhere(sandbox.Fault{Kind: sandbox.Truncated}), looking, `answer that is not JSON`},
		{"another shape", everywhere(sandbox.Fault{Kind: sandbox.Shapeless}), looking, `an answer of another shape`},
		{"throttled", everywhere(sandbox.Fault{Kind: sandbox.Status, Status: 429, After: 20 * time.Second}), "lookup.waiting.budget", `throttled \(429 `},
		{"throttled without a word", everywhere(sandbox.Fault{Kind: sandbox.Status, Status: 429}), "lookup.waiting.budget", `throttled \(429 `},
		{"forbidden", everywhere(sandbox.Fault{Kind: sandbox.Status, Status: 403}), "lookup.failed.forbidden", `permission missing AuditLog.Read.All \(403 `},
		{"no licence, it says", []sandbox.Fault{{Kind: sandbox.Unlicensed, Path: logFor}}, looking, `no premium licence`},
		{"the people forbidden, the log not", []sandbox.Fault{{Kind: sandbox.Status, Status: 403, Path: "/v1.0/users"}}, "", `permission missing User.Read.All \(403 `},
		{"the methods forbidden, the log not", []sandbox.Fault{{Kind: sandbox.Status, Status: 403, Path: "/v1.0/users"}}, "", `permission missing UserAuthenticationMethod.Read.All \(403 `},
		{"no tokens", []sandbox.Fault{{Kind: sandbox.Status, Status: 503, Path: "/", Times: 0}}, looking, `unavailable`},
		{"a secret that is not taken", []sandbox.Fault{{Kind: sandbox.Status, Status: 401, Path: "/"}}, "lookup.failed.credential", `credential not taken`},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			for _, long := range lengths() {
				o := &outage{T: t, theatre: openTroubled(t)}
				var clear []func()
				for _, f := range test.faults {
					clear = append(clear, o.tenant.Fault(f))
				}
				o.askAll()
				if test.hears == "" {
					o.pass(20 * time.Second) // the requests are soon spent
					o.allAnswered(0)
				} else {
					o.allHear(beginning(t, test.hears))
				}
				o.tellsOperator(test.log)
				o.pass(long)
				for _, c := range clear {
					c()
				}
				o.pass(recovery)
				o.allAnswered(long)
			}
		})
	}
}

// TestSlowGraph has Graph take longer for an answer than a flow may: the person
// hears that it does not answer, and then has the answer all the same.
func TestSlowGraph(t *testing.T) {
	t.Parallel()
	o := &outage{T: t, theatre: openTroubled(t)}
	o.tenant.Fault(sandbox.Fault{Kind: sandbox.Slow, Path: "/beta/auditLogs", After: 17 * time.Second, Times: 1})
	o.ask("no-response")
	o.allHear(beginning(t, "lookup.waiting.outage"))
	o.tellsOperator("context deadline exceeded")
	o.pass(5 * time.Second)
	o.allHear(sentence(t, "cause.no-answer.title"))
	o.allAnswered(17 * time.Second)
}

// TestOutageInTheChannel has an admin press a button while nobody can be asked
// who is an admin: it counts when Graph is back, and if that takes too long, the
// admin hears that it does not, which is on record.
func TestOutageInTheChannel(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		long   time.Duration
		failed bool
	}{{20 * time.Second, false}, {5 * time.Minute, true}} {
		o := &outage{T: t, theatre: openTroubled(t)}
		o.ask("no-response")
		sofia, priya := o.people[0], visit(t, o.url, "priya.raman")
		sofia.press(t, "direct", o.sees(sofia), sentence(t, "help.stuck"), map[string]string{"words": "Help."})
		o.pass(time.Second)
		o.tenant.SetOutage(true)
		card := o.reads(priya, "admins").bots()[0]
		priya.press(t, "admins", card, sentence(t, "escalate.claim"), nil)
		o.pass(test.long)
		o.tenant.SetOutage(false)
		o.pass(recovery)
		o.tellsOperator("unavailable")
		taken := strings.Contains(o.reads(priya, "admins").bots()[0].text(), "Priya Raman")
		sorry := o.reads(priya, "direct").last().Title == sentence(t, "help.sorry.title")
		if taken == test.failed || sorry != test.failed || (o.failures("") == 1) != test.failed {
			t.Errorf("after %v: taken %t, told of a failure %t, %d on record", test.long, taken, sorry, o.failures(""))
		}
	}
}

// An outage is a theatre in which people ask.
type outage struct {
	*testing.T
	*theatre
	people   []*visitor
	accepted []string // the ids of the events
}

// askAll has some people fail and ask why.
func (o *outage) askAll() {
	o.Helper()
	for _, s := range []string{"no-response", "sms-code-wrong", "phone-unreachable"} {
		o.ask(s)
		o.pass(time.Second)
	}
}

// ask has a scenario happen, and its person ask why.
func (o *outage) ask(scenario string) {
	o.Helper()
	f, err := o.tenant.Fail(scenario)
	if err != nil {
		o.Fatal(err)
	}
	v := visit(o.T, o.url, short(f.UPN))
	o.people = append(o.people, v)
	o.accepted = append(o.accepted, v.mustSay(o.T, f.Text))
	o.pass(0)
}

// allHear sees that everybody was told.
func (o *outage) allHear(what string) {
	o.Helper()
	for _, v := range o.people {
		if m := o.sees(v); !strings.Contains(m.text(), what) {
			o.Errorf("%s sees %q, want %q", v.person, m.text(), what)
		}
	}
}

// pass lets time go by.
func (o *outage) pass(d time.Duration) {
	o.Helper()
	if err := o.advance(o.Context(), d); err != nil {
		o.Fatal(err)
	}
}

// sees is what v sees last.
func (o *outage) sees(v *visitor) message {
	o.Helper()
	return o.reads(v, "direct").last()
}

func (o *outage) reads(v *visitor, place string) conversation {
	o.Helper()
	c, err := v.read(o.Context(), place)
	if err != nil {
		o.Fatal(err)
	}
	return c
}

// failures counts the failures on record of an event, or of all.
func (o *outage) failures(event string) (n int) {
	o.Helper()
	lines, err := o.app.store.Trail(o.Context(), 0, 10_000)
	if err != nil {
		o.Fatal(err)
	}
	for _, l := range lines {
		if l.Verb == "event.failed" && strings.HasSuffix(l.Object, event) {
			n++
		}
	}
	return n
}

// tellsOperator sees that the log says why, as a warning at least, and never
// because something panicked.
func (o *outage) tellsOperator(why string) {
	o.Helper()
	var all []string
	for _, e := range o.logged.All() {
		if e.Level >= zapcore.WarnLevel {
			all = append(all, fmt.Sprint(e.LoggerName, ": ", e.Message, " ", e.ContextMap()))
		}
	}
	re := regexp.MustCompile(why)
	if !slices.ContainsFunc(all, re.MatchString) {
		o.Errorf("the log says nothing of %s:\n%s", re, strings.Join(all, "\n"))
	}
	if i := slices.IndexFunc(all, func(s string) bool { return strings.Contains(s, "panic") }); i >= 0 {
		o.Errorf("something panicked: %s", all[i])
	}
}

// allAnswered counts: each event that was acknowledged has a case that waits
// for nothing and whose reply says so, or it has failed, which is on record and
// was said.
func (o *outage) allAnswered(after time.Duration) {
	o.Helper()
	answered, failed := 0, 0
	for i, event := range o.accepted {
		c, err := o.app.store.Case(o.Context(), flows.NewKey("web/"+event))
		m := o.sees(o.people[i])
		switch {
		case err == nil && c.State != flows.Looking && m.Title != "" && m.Status != "waiting":
			answered++
		case o.failures(event) == 1 && m.Title == sentence(o.T, "help.sorry.title"):
			failed++
		case err != nil && !errors.Is(err, flows.ErrNoCase):
			o.Error(err)
		default:
			o.Errorf("after %v %s waits still: %s, and sees %q", after, o.people[i].person, c.State, m.text())
		}
	}
	o.Logf("after %v: %d acknowledged, %d answered, %d failed", after, len(o.accepted), answered, failed)
	if answered+failed != len(o.accepted) {
		o.Errorf("after %v: of %d that were acknowledged %d are answered and %d failed", after, len(o.accepted), answered, failed)
	}
}

// beginning is a sentence up to its first gap.
func beginning(t *testing.T, key string) string {
	t.Helper()
	s, _, _ := strings.Cut(sentence(t, key, "\x00", "\x00", "\x00"), "\x00")
	return strings.TrimSpace(s)
}
