package sandbox

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestFaults(t *testing.T) {
	for _, test := range []struct {
		claim  string
		fault  Fault
		status int
		check  func(answer) bool
	}{
		{"a server error", Fault{Kind: Status, Status: 500}, 500, func(a answer) bool { return a.at("error/code") == "InternalServerError" }},
		{"503 that says when", Fault{Kind: Status, After: 7 * time.Second}, 503, func(a answer) bool { return a.header.Get("Retry-After") == "7" }},
		{"503 that does not", Fault{Kind: Status, Status: 503}, 503, func(a answer) bool { return a.header.Get("Retry-After") == "" }},
		{"a page for people", Fault{Kind: HTML}, 200, func(a answer) bool { return a.body == nil && strings.HasPrefix(a.text, "<html>") }},
		{"half an answer", Fault{Kind: Truncated}, 200, func(a answer) bool { return a.body == nil && strings.HasPrefix(a.text, `{"@odata.context"`) }},
		{"no licence, for once", Fault{Kind: Unlicensed}, 403, func(a answer) bool {
			return a.at("error/code") == "Authentication_RequestFromNonPremiumTenantOrB2CTenant" && a.at("error/innerError/sandbox") == nil
		}},
		{"slow", Fault{Kind: Slow, After: time.Nanosecond}, 200, func(a answer) bool { return a.body != nil }},
	} {
		t.Run(test.claim, func(t *testing.T) {
			w := newWorld(t)
			test.fault.Path, test.fault.Times = "/beta/auditLogs", 2
			w.Fault(test.fault)
			for range 2 {
				got := w.get("/beta/auditLogs/signIns")
				if got.status != test.status || !test.check(got) {
					t.Errorf("got %d %v %s", got.status, got.header, got.text)
				}
				if entry := w.Log()[len(w.Log())-1]; entry.Fault != string(test.fault.Kind) || entry.Status != test.status {
					t.Errorf("the log has %+v", entry)
				}
				if got := w.get("/v1.0/auditLogs/signIns"); got.status != 200 {
					t.Errorf("elsewhere: got %d", got.status)
				}
			}
			if got := w.get("/beta/auditLogs/signIns"); got.status != 200 || got.body == nil {
				t.Errorf("the third time: got %d %s", got.status, got.text)
			}
		})
	}
}

func TestFaultIsCleared(t *testing.T) {
	w := newWorld(t)
	clear := w.Fault(Fault{Kind: Status})
	w.Fault(Fault{Kind: Status, Status: 500, Times: 1})
	if got := w.ask(w.Reader(), nil); got.status != 503 {
		t.Errorf("the first fault wins, at the login as well: got %d", got.status)
	}
	clear()
	if got := w.ask(w.Reader(), nil); got.status != 500 {
		t.Errorf("then the second: got %d", got.status)
	}
	if got := w.ask(w.Reader(), nil); got.status != 200 {
		t.Errorf("then none: got %d", got.status)
	}
}

func TestOutage(t *testing.T) {
	w := newWorld(t)
	w.SetOutage(true)
	w.SetOutage(true)
	for _, p := range []string{"/v1.0/users", "/beta/auditLogs/signIns"} {
		if got := w.get(p); got.status != 503 {
			t.Errorf("%s: got %d", p, got.status)
		}
	}
	w.SetOutage(false)
	if got := w.get("/v1.0/users"); got.status != 200 {
		t.Errorf("after it: got %d", got.status)
	}
}

// TestConnectionBreaks needs a real one.
func TestConnectionBreaks(t *testing.T) {
	for _, http2 := range []bool{true, false} {
		w := newWorld(t)
		base, err := w.Start("127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer w.Close()
		w.Fault(Fault{Kind: Reset})
		served := make(chan Request, 1)
		defer w.OnRequest(func(r Request) { served <- r })()
		c := w.Client()
		c.Transport.(*http.Transport).ForceAttemptHTTP2 = http2
		if resp, err := c.Get(base + "/v1.0/users"); err == nil {
			resp.Body.Close()
			t.Errorf("HTTP/2 %v: got %d, want no answer", http2, resp.StatusCode)
		}
		if entry := <-served; entry.Fault != "reset" || entry.Status != 0 {
			t.Errorf("HTTP/2 %v: the log has %+v", http2, entry)
		}
	}
}

func TestSlowEndsWhenTheCallerHangsUp(t *testing.T) {
	w := newWorld(t)
	base, err := w.Start("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	w.Fault(Fault{Kind: Slow, After: time.Hour})
	done := make(chan Request, 1)
	defer w.OnRequest(func(r Request) { done <- r })()
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, base+"/v1.0/users", nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Client().Do(r); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	if got := <-done; got.Fault != "slow" {
		t.Errorf("the log has %+v", got)
	}
}
