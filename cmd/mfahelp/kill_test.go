package main

import (
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/zap/zaptest"

	"mfahelp/flows"
	"mfahelp/store"
)

// Kills of the program: in the middle of a burst of messages, while it works off
// what is left of them, and before it is ready.
const (
	killsInBurst = 6
	killsAtWork  = 3
	killsAtStart = 3
)

// TestKill ends the real binary with a signal that it cannot catch, again and
// again, while people write to it, and lets it finish in peace in the end. Every
// message that was acknowledged, and each was in the end, has then one case,
// and that has one answer.
func TestKill(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	k := &killing{T: t, r: rand.New(rand.NewPCG(seed, 0)), tenant: startSandbox(t), people: map[string]*visitor{}}
	k.in = install(t, k.tenant, "limits:\n  messages_per_hour: 1000\n  lookups_per_hour: 1000\n")
	k.restart()
	k.write()
	var again []*letter // that nobody acknowledged
	for burst := range slices.Chunk(k.letters, (len(k.letters)+killsInBurst)/(killsInBurst+1)) {
		again = k.burst(append(again, burst...), burst[0] != k.letters[len(k.letters)-len(burst)])
	}
	for i := range killsAtWork {
		wait := time.Duration(k.r.IntN(2000)) * time.Millisecond
		k.Logf("killed %v after it was ready, at work on %d cases", wait, k.unfinished())
		<-time.After(wait) // the moment is the point
		k.server.kill()
		if i < killsAtWork-1 {
			k.restart()
		}
	}
	for range killsAtStart {
		k.server = k.in.serve(t)
		<-time.After(time.Duration(k.r.IntN(100)) * time.Millisecond)
		k.server.kill()
	}
	k.restart()
	k.finish()
	k.resend() // and not before, since it would bring back what was lost
	if code := k.server.terminate(); code != exitOK {
		k.Errorf("in the end it ended with %d", code)
	}
	if !k.tenant.alive() {
		k.Error("the tenant did not survive")
	}
	k.inOrder()
}

// A killing is the test at work.
type killing struct {
	*testing.T
	r      *rand.Rand
	tenant *pretend
	in     *installation
	server *program
	people map[string]*visitor

	letters []*letter
	broken  int // how many cases were unfinished after a kill, all in all
}

// A letter is a message on its way, and the event that it was accepted as.
type letter struct {
	from, id, text string
	event          string // "" until it is acknowledged
}

// restart starts the program, and everybody finds it again.
func (k *killing) restart() {
	k.Helper()
	k.server = k.in.serve(k.T)
	at := k.server.page()
	for _, v := range k.people {
		v.at = at
	}
	k.broken += k.unfinished()
}

// write writes the letters: for most people one, for some a second one later.
// A part is about sign-ins that are in the log. The others are of so long ago
// that Graph is not asked, for it grants few requests.
func (k *killing) write() {
	k.Helper()
	write := func(from, text string) {
		k.letters = append(k.letters, &letter{from: from, id: fmt.Sprintf("letter-%d", len(k.letters)), text: text})
		if k.people[from] == nil {
			k.people[from] = visit(k.T, k.server.page(), from)
		}
	}
	for _, s := range []string{
		"no-response", "declined", "wrong-number", "sms-code-wrong", "phone-unreachable", "cannot-notify",
	} {
		f := k.tenant.fail(k.T, s)
		write(short(f.UPN), f.Text)
	}
	for range 2 {
		for _, who := range writesTwice {
			write(who, fmt.Sprintf("Error Code: 500121, Request Id: %08x-2222-4333-8444-555555555500, Timestamp: 2025-01-02T03:04:05Z", len(k.letters)))
		}
	}
	k.r.Shuffle(len(k.letters)-len(writesTwice), func(i, j int) { k.letters[i], k.letters[j] = k.letters[j], k.letters[i] })
}

var writesTwice = []string{
	"adaeze.okafor", "jonas.lindqvist", "priya.raman", "tomasz.wojcik", "mei.tanaka", "nia.mensah", "karim.haddad", "ben.novak",
	"femi.adeyemi", "grace.nguyen", "henrik.nielsen", "noor.jansen", "olga.kowalska", "uma.patel", "xavier.dubois", "zoltan.kiss",
}

// burst sends letters all at once and, if it is to kill, kills the program
// somewhere in between and starts it again. It returns those that are to be
// sent again.
func (k *killing) burst(letters []*letter, kill bool) (again []*letter) {
	k.Helper()
	acknowledged := make(chan struct{}, len(letters))
	var sent sync.WaitGroup
	for _, l := range letters {
		sent.Go(func() {
			err := k.send(l)
			if refused := (*refusal)(nil); err != nil && (!kill || errors.As(err, &refused)) {
				k.Errorf("%s was not taken: %v", l.id, err)
			}
			acknowledged <- struct{}{}
		})
	}
	if kill {
		after, wait := k.r.IntN(len(letters)), time.Duration(k.r.ExpFloat64()*float64(10*time.Millisecond))
		for range after {
			<-acknowledged
		}
		<-time.After(wait) // the moment is the point
		k.server.kill()
		k.Logf("killed %v after %d of %d were acknowledged", wait.Round(time.Millisecond), after, len(letters))
	}
	sent.Wait()
	if kill {
		k.restart()
	}
	return slices.DeleteFunc(letters, func(l *letter) bool { return l.event != "" })
}

// send sends l as often as it takes while the program lives.
func (k *killing) send(l *letter) error {
	event, err := k.people[l.from].say(k.Context(), l.id, l.text)
	if err != nil {
		return err
	}
	if l.event != "" && l.event != event {
		k.Errorf("%s was accepted as %s and as %s", l.id, l.event, event)
	}
	l.event = event
	return nil
}

// resend sends everything once more, as somebody does who got no answer.
func (k *killing) resend() {
	for _, l := range k.letters {
		if err := k.send(l); err != nil {
			k.Errorf("%s was not taken again: %v", l.id, err)
		}
	}
}

// unfinished counts the acknowledged messages without an answer.
func (k *killing) unfinished() (n int) {
	for _, v := range k.people {
		c, err := v.read(k.Context(), "direct")
		if err != nil {
			k.Errorf("%s cannot read: %v", v.person, err)
		}
		n += len(c.Messages) - len(c.bots())
		for _, m := range c.bots() {
			n--
			if m.Status == "waiting" {
				n++
			}
		}
	}
	return n
}

// finish waits until everybody has an answer, and looks at what they see: what
// they wrote, once, and one answer to each of it.
func (k *killing) finish() {
	k.Helper()
	if k.broken == 0 {
		k.Error("it was never killed in the middle of a case, so this proves nothing")
	}
	wrote := map[string][]string{}
	for _, l := range k.letters {
		wrote[l.from] = append(wrote[l.from], l.text)
	}
	for _, who := range slices.Sorted(maps.Keys(k.people)) {
		c := k.people[who].await(k.T, "direct", "the answers", func(c conversation) bool {
			return len(c.bots()) >= len(wrote[who]) && !slices.ContainsFunc(c.bots(), func(m message) bool { return m.Status == "waiting" })
		})
		var said, titles []string
		for _, m := range c.Messages {
			if m.From == who {
				said = append(said, strings.Join(m.Lines, "\n"))
			} else {
				titles = append(titles, m.Title)
			}
		}
		slices.Sort(said)
		slices.Sort(wrote[who])
		if diff := cmp.Diff(wrote[who], said); diff != "" {
			k.Errorf("what %s wrote (-want +got):\n%s", who, diff)
		}
		if len(titles) != len(said) {
			k.Errorf("%s got %d answers to %d messages: %q", who, len(titles), len(said), titles)
		}
	}
}

// inOrder looks into the database: each message has its case, each case went
// its way once, and the record of it has no gaps.
func (k *killing) inOrder() {
	k.Helper()
	file := filepath.Join(k.in.dir, "mfahelp.db")
	whole(k.T, file)
	s, err := store.Open(k.Context(), store.Options{URL: "sqlite:" + file, Log: zaptest.NewLogger(k.T)})
	if err != nil {
		k.Fatal(err)
	}
	defer s.Close()
	record := k.record(s)
	states, owned := map[flows.State]int{}, map[string]bool{}
	for _, l := range k.letters {
		c, err := s.Case(k.Context(), flows.NewKey("web/"+l.event))
		if err != nil {
			k.Errorf("%s was acknowledged as %s and lost: %v", l.id, l.event, err)
			continue
		}
		states[c.State]++
		want := map[string]int{"help.looked": 1, "help.answered": 1}
		if c.State == flows.Superseded && record[c.Key]["help.answered"] == 0 {
			delete(want, "help.answered") // they wrote again before there was an answer
		}
		if diff := cmp.Diff(want, record[c.Key]); diff != "" {
			k.Errorf("on record of %s, which is %s (-want +got):\n%s", l.id, c.State, diff)
		}
		own, err := s.Own(k.Context(), c.Requester)
		if err != nil {
			k.Fatal(err)
		}
		for _, o := range own {
			owned[o.Key] = true
		}
	}
	if want := map[flows.State]int{flows.Answered: len(k.people), flows.Superseded: len(writesTwice)}; !cmp.Equal(states, want) || len(owned) != len(k.letters) {
		k.Errorf("got %d cases of %d messages, %v, want %v", len(owned), len(k.letters), states, want)
	}
	if at, ok, err := s.NextDue(k.Context()); err != nil || !ok || time.Until(at) < 20*time.Hour {
		k.Errorf("there is still something to do at %v, %v", at, err)
	}
	k.Logf("%d messages, %v, %d cases unfinished at the kills", len(k.letters), states, k.broken)
}

// record counts what is in the audit trail, by case and verb.
func (k *killing) record(s *store.Store) map[string]map[string]int {
	k.Helper()
	lines, err := s.Trail(k.Context(), 0, 10_000)
	if err != nil {
		k.Fatal(err)
	}
	count := map[string]map[string]int{}
	for i, l := range lines {
		if l.Seq != int64(i+1) {
			k.Fatalf("line %d of the record is numbered %d", i+1, l.Seq)
		}
		if strings.HasSuffix(l.Verb, ".failed") {
			k.Errorf("on record is %+v", l)
		}
		if l.Case == "" {
			continue
		}
		if count[l.Case] == nil {
			count[l.Case] = map[string]int{}
		}
		count[l.Case][l.Verb]++
	}
	return count
}

// whole asks the database whether it is damaged.
func whole(t *testing.T, file string) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+file+"?mode=ro")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var says string
	if err := db.QueryRowContext(t.Context(), "PRAGMA integrity_check").Scan(&says); err != nil || says != "ok" {
		t.Errorf("the database is damaged: %s, %v", says, err)
	}
}
