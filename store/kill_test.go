package store

import (
	"bufio"
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"mfahelp/bot"
	"mfahelp/flows"
)

const (
	helperEnv = "MFAHELP_STORE_HELPER" // where the helper's store is
	feedEnv   = "MFAHELP_STORE_FEED"   // how its events are called; "" if there are none to come
	killsEnv  = "MFAHELP_STORE_KILLS"  // how often it is killed, if not as usual
)

// TestKilled kills a program in the middle of its work, with a signal that it
// cannot catch, and then another on the same store, and lets the last finish:
// everything that was acknowledged is then answered, and each case went its way
// once. Where the signal hits is another place in each run; scripts/crash has
// more of them than there is time for in every run of all tests.
func TestKilled(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a program several times")
	}
	kills, err := strconv.Atoi(cmp.Or(os.Getenv(killsEnv), "3"))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	for i := range kills {
		runHelper(t, dir, fmt.Sprint(i), 1+r.IntN(200))
	}
	if silence := runHelper(t, dir, "", 0); silence > workLease/2 {
		t.Errorf("nothing happened for %v, want claims of the dead taken back before their lease of %v ends", silence, workLease)
	}

	f := newFixture(t, "sqlite:"+dir+"/store.db")
	acked := lines(t, dir, "acked")
	for _, id := range acked {
		c, err := f.s.Case(t.Context(), id)
		if err != nil {
			t.Errorf("acknowledged and lost: %s: %v", id, err)
		} else if got := strings.Join(c.Tried, " "); got != "asked looked" || c.Version != 2 {
			t.Errorf("%s: got %q in version %d, want asked and looked, once each", id, got, c.Version)
		}
	}
	all := read1[int](f, "SELECT COUNT(*) FROM cases")
	for query, want := range map[string]int{
		"work WHERE state = 'done' AND id LIKE 'event/%'":                all,
		"work WHERE state <> 'done'":                                     0,
		"posts WHERE state = 'sent' AND sent_rev = 2 AND wanted_rev = 2": all,
		"posts":                            all,
		"audit WHERE verb = 'toy.asked'":   all,
		"audit WHERE verb = 'toy.looked'":  all,
		"audit WHERE verb LIKE '%failed%'": 0,
		"cases WHERE state <> 'settled'":   0,
		"offers WHERE closed_at = 0":       0,
	} {
		if got := read1[int](f, "SELECT COUNT(*) FROM "+query); got != want {
			t.Errorf("got %d %s, want %d", got, query, want)
		}
	}
	seen, twice := map[string]string{}, 0
	for _, line := range lines(t, dir, "sent") {
		key, rest, _ := strings.Cut(line, " ")
		if was := seen[key]; was == rest {
			twice++
		}
		seen[key] = rest
	}
	for _, id := range acked {
		if got := seen["case/"+id+"/reply"]; !strings.HasPrefix(got, "done") {
			t.Errorf("%s is last seen as %q, want done", id, got)
		}
	}
	if twice > kills*16 {
		t.Errorf("%d posts were sent twice, want no more than were on their way when it died", twice)
	}
	t.Logf("%d events acknowledged, %d kept, %d posts sent twice", len(acked), all, twice)
}

func lines(t *testing.T, dir, file string) []string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, file))
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSpace(string(b)), "\n")
}

// runHelper starts this test's program as a helper and kills it when so many
// things have happened in it, or lets it end if that is 0. It returns how long
// nothing happened at most.
func runHelper(t *testing.T, dir, feed string, after int) (silence time.Duration) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^$")
	cmd.Env = append(os.Environ(), helperEnv+"="+dir, feedEnv+"="+feed)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	happened := bufio.NewScanner(out)
	n, last := 0, time.Now()
	for happened.Scan() {
		silence, last = max(silence, time.Since(last)), time.Now()
		if n++; n == after {
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := cmd.Wait(); (err == nil) != (after == 0) {
		t.Fatalf("the helper ended with %v after %d things", err, n)
	}
	return silence
}

// helper is the program that is killed. It never returns.
func helper(dir string) {
	h := &toy{dir: dir, step: make(chan struct{}, 1), fed: new(atomic.Bool)}
	var err error
	h.s, err = Open(context0, Options{URL: "sqlite:" + dir + "/store.db", Observe: h.observe})
	h.must(err)
	go func() {
		h.must(h.s.Run(context0, Runner{Router: h, Platforms: map[string]bot.Platform{"web": h}}))
	}()
	h.feed(os.Getenv(feedEnv))
	for {
		if _, ok, err := h.s.NextDue(context0); err == nil && !ok && h.fed.Load() {
			os.Exit(0)
		}
		<-h.step
	}
}

// A toy is router and platform of the helper.
type toy struct {
	dir  string
	s    *Store
	step chan struct{}
	fed  *atomic.Bool
}

func (h *toy) must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(3)
	}
}

func (h *toy) observe(n Note) {
	fmt.Println(n.What, n.Work, n.Post)
	select {
	case h.step <- struct{}{}:
	default:
	}
}

// feed accepts events, many at a time, and notes each that was acknowledged.
func (h *toy) feed(name string) {
	if name == "" {
		h.fed.Store(true)
		return
	}
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for j := range 12 {
				e := said(fmt.Sprintf("%s-%d-%d", name, i, j), fmt.Sprint("user", i), "help")
				h.must(h.s.Accept(context0, e))
				h.note("acked", e.ID)
			}
		})
	}
	wg.Wait()
	h.fed.Store(true)
}

func (h *toy) note(file, line string) {
	f, err := os.OpenFile(filepath.Join(h.dir, file), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	h.must(err)
	_, err = f.WriteString(line + "\n")
	h.must(err)
	h.must(f.Close())
}

func (h *toy) Event(ctx context.Context, e bot.Event) (flows.Answer, error) {
	c := flows.Case{Key: e.ID, State: flows.Looking, In: e.In, Tried: []string{"asked"}}
	return flows.Answer{
		Cases: cases(c).Cases,
		Posts: posts(post(c.Post("reply"), "looking", e.In, bot.Choose{Verb: "toy.stop"})).Posts,
		Jobs:  jobs(flows.Job{Key: c.Key, At: time.Now().Add(10 * time.Millisecond), Verb: "toy.look", Subject: c.Key}).Jobs,
		Audit: []flows.Entry{{Key: "asked/" + c.Key, Verb: "toy.asked", Case: c.Key}},
	}, nil
}

func (h *toy) Job(ctx context.Context, j flows.Job) (flows.Answer, error) {
	c, err := h.s.Case(ctx, j.Subject)
	c.State, c.Tried = flows.Settled, append(c.Tried, "looked")
	return flows.Answer{
		Cases: cases(c).Cases,
		Posts: posts(post(c.Post("reply"), "done", c.In)).Posts,
		Audit: []flows.Entry{{Key: "looked/" + c.Key, Verb: "toy.looked", Case: c.Key}},
	}, err
}

func (h *toy) Name() string { return "web" }

func (h *toy) Send(_ context.Context, p bot.Post, ref string) (string, error) {
	h.note("sent", p.Key+" "+p.Message.Title+" "+ref)
	return "ref/" + p.Key, nil
}
