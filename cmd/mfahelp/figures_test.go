package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"go.uber.org/zap"

	"mfahelp/bot"
	"mfahelp/config"
	"mfahelp/flows"
	"mfahelp/flows/lookup"
	"mfahelp/graph"
	"mfahelp/store"
)

// TestFigures measures the program whole, for scripts/bench, and prints what it
// finds as benchmarks do. It is none of them, because it needs what the tests
// here have, and fails for no figure.
func TestFigures(t *testing.T) {
	if os.Getenv("MFAHELP_FIGURES") == "" {
		t.Skip("measures, which scripts/bench asks for")
	}
	t.Run("serve", figuresOfServe)
	t.Run("first reply", figuresOfReply)
	t.Run("Slack", figuresOfSlack)
	t.Run("Teams", figuresOfTeams)
}

// figuresOfServe starts the real binary with a tenant in another process, and
// looks at its memory when it has had nothing to do for a while.
func figuresOfServe(t *testing.T) {
	in := install(t, startSandbox(t), "")
	const times, idle = 5, 5 * time.Second
	var ready, resident []float64
	for i := range times {
		began := time.Now()
		p := in.serve(t)
		if status, body := get(t, "http://"+p.said(&p.err, servingLine)[1]+"/readyz"); status != http.StatusOK {
			t.Fatalf("it is not ready: %d %s", status, body)
		}
		ready = append(ready, time.Since(began).Seconds())
		if i == times-1 {
			<-time.After(idle) // to be idle is the point
		}
		resident = append(resident, megabytes(t, p.cmd.Process.Pid))
		if code := p.terminate(); code != exitOK {
			t.Errorf("it ended with %d", code)
		}
	}
	slices.Sort(ready)
	fmt.Fprintf(os.Stdout, "BenchmarkServe %d %.3f s-to-ready %.1f MB-resident\n", times, ready[times/2], slices.Max(resident))
}

var residentLine = regexp.MustCompile(`(?m)^VmRSS:\s+(\d+) kB$`)

// megabytes is what a process has resident, as the kernel counts.
func megabytes(t *testing.T, pid int) float64 {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "status"))
	if err != nil {
		t.Skip("only Linux tells: ", err)
	}
	found := residentLine.FindSubmatch(b)
	if found == nil {
		t.Fatalf("no memory in %s", b)
	}
	kb, err := strconv.ParseFloat(string(found[1]), 64)
	if err != nil {
		t.Fatal(err)
	}
	return kb / 1024
}

// figuresOfReply offers 50 events/s, each from a person's own chat, and times
// each from when it was due until its first reply reaches the platform, less
// what its look-ups took. The tenant answers over HTTPS, and throttles.
func figuresOfReply(t *testing.T) {
	const events, perSecond = 1000, 50
	d, err := newDemo(t.Context(), keyedDir(t), "http://127.0.0.1:1", zap.NewNop(), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	d.app.cfg.Limits = config.Limits{MessagesPerHour: events, LookupsPerHour: events, EscalationsPerDay: events}
	d.app.desk.SignIns, d.app.desk.Directory = timedSignIns{d.app.desk.SignIns}, timedDirectory{d.app.desk.Directory}
	m := &measured{Router: d.app.router(), graph: map[string]time.Duration{}, replied: map[string]time.Time{}, all: make(chan struct{}), want: events}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		done <- d.app.store.Run(ctx, store.Runner{Router: m, Platforms: map[string]bot.Platform{m.Name(): m, "web": d.app.web}})
	}()
	fail, err := d.tenant.Fail("no-response")
	if err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	due := func(i int) time.Time { return start.Add(time.Duration(i) * time.Second / perSecond) }
	for i := range events {
		<-time.After(time.Until(due(i)))
		who := fmt.Sprint("u", i)
		err := d.app.store.Accept(ctx, bot.Event{
			ID: who, At: time.Now(), Did: bot.Said{Text: fail.Text},
			From: bot.Person{Platform: m.Name(), ID: who, Identity: bot.Identity{Tenant: d.tenant.ID(), ObjectID: fail.UserID, Email: fail.UPN}},
			In:   bot.Place{Platform: m.Name(), ID: who, Private: true, Audience: bot.Direct, Reader: who},
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	select {
	case <-m.all:
	case <-time.After(patience):
		t.Errorf("only %d of %d have a reply", len(m.replied), events)
	}
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if err := d.Close(); err != nil {
		t.Error(err)
	}
	var took []float64
	for i := range events {
		who := fmt.Sprint("u", i)
		if at, ok := m.replied[who]; ok {
			took = append(took, (at.Sub(due(i))-m.graph[who]).Seconds()*1000)
		}
	}
	if len(took) == 0 {
		t.Fatal("nobody has a reply")
	}
	slices.Sort(took)
	fmt.Fprintf(os.Stdout, "BenchmarkFirstReply %d %.2f p50-ms %.2f p95-ms\n", len(took), took[len(took)/2], took[len(took)*95/100])
}

// measured is the router and the platform of that.
type measured struct {
	*flows.Router
	want int
	all  chan struct{} // closed when so many have a reply

	mu      sync.Mutex
	graph   map[string]time.Duration // what an event's first look-ups took
	replied map[string]time.Time     // when, by the person
}

// Event answers e.
func (m *measured) Event(ctx context.Context, e bot.Event) (flows.Answer, error) {
	var spent time.Duration
	a, err := m.Router.Event(context.WithValue(ctx, spentKey{}, &spent), e)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.graph[e.ID] += spent
	return a, err
}

func (m *measured) Name() string { return "bench" }

// Send notes the first reply.
func (m *measured) Send(_ context.Context, p bot.Post, ref string) (string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, again := m.replied[p.To.ID]; !again {
		m.replied[p.To.ID] = time.Now()
		if len(m.replied) == m.want {
			close(m.all)
		}
	}
	return p.Key, nil
}

// spentKey is under what a context has the *time.Duration to which its look-ups
// are added. They follow one another.
type spentKey struct{}

func spent(ctx context.Context, since time.Time) {
	if d, ok := ctx.Value(spentKey{}).(*time.Duration); ok {
		*d += time.Since(since)
	}
}

type timedSignIns struct{ lookup.SignIns }

func (s timedSignIns) Find(ctx context.Context, q graph.Query) (graph.Found, error) {
	defer spent(ctx, time.Now())
	return s.SignIns.Find(ctx, q)
}

type timedDirectory struct{ lookup.Directory }

func (d timedDirectory) User(ctx context.Context, id string) (graph.User, error) {
	defer spent(ctx, time.Now())
	return d.Directory.User(ctx, id)
}

func (d timedDirectory) Roles(ctx context.Context, id string) ([]graph.Role, error) {
	defer spent(ctx, time.Now())
	return d.Directory.Roles(ctx, id)
}

func (d timedDirectory) Methods(ctx context.Context, id string) ([]graph.Method, error) {
	defer spent(ctx, time.Now())
	return d.Directory.Methods(ctx, id)
}

func (d timedDirectory) GlobalAdmins(ctx context.Context) ([]string, error) {
	defer spent(ctx, time.Now())
	return d.Directory.GlobalAdmins(ctx)
}
