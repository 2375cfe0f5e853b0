package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"go.uber.org/zap"
)

// A browser is a tab of a real Chromium that shows a demo.
type browser struct {
	t   *testing.T
	ctx context.Context
	url string
}

// openBrowser serves a demo and opens it. Without Chromium the test is skipped,
// and with CI=true it fails.
func openBrowser(t *testing.T, width, height int) *browser {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		absent(t, "Chromium is not installed")
	}
	ctx, stop := context.WithCancel(t.Context())
	d, err := newDemo(ctx, t.TempDir(), zap.NewNop(), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- d.app.Run(ctx, ln) }()
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true), chromedp.WindowSize(width, height))
	tab, closeAll := chromedp.NewExecAllocator(context.Background(), options...)
	tab, closeTab := chromedp.NewContext(tab)
	t.Cleanup(func() {
		closeTab()
		closeAll()
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	b := &browser{t, tab, "http://" + ln.Addr().String()}
	if _, err := chromedp.Run(tab, chromedp.Navigate(b.url)); err != nil {
		t.Fatal(err)
	}
	b.until("the page", `!!document.querySelector("#say-employee")`)
	return b
}

func absent(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatal(what)
	}
	t.Skip(what)
}

// js returns what a script gives.
func js[T any](b *browser, script string) T {
	b.t.Helper()
	v, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](script))
	if err != nil {
		b.t.Fatalf("%s: %v", script, err)
	}
	return v
}

// until waits for a script to be true.
func (b *browser) until(what, script string) {
	b.t.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(90 * time.Second)
	for !js[bool](b, script) {
		select {
		case <-tick.C:
		case <-deadline:
			b.t.Fatalf("%s did not come; the page says\n%s", what, js[string](b, `document.body.innerText`))
		}
	}
}

// keys presses keys wherever the focus is, as somebody without a mouse does.
func (b *browser) keys(keys string) {
	b.t.Helper()
	if _, err := chromedp.Run(b.ctx, chromedp.KeyEvent(keys)); err != nil {
		b.t.Fatal(err)
	}
}

// last is the text of the newest card of the bot in a log.
func last(log string) string {
	return fmt.Sprintf(`([...document.querySelectorAll("#%s article.card")].at(-1)?.innerText ?? "")`, log)
}

// picture writes what the tab shows into the folder that MFAHELP_SCREENSHOTS
// names, if it does.
func (b *browser) picture(name string) {
	b.t.Helper()
	dir := os.Getenv("MFAHELP_SCREENSHOTS")
	if dir == "" {
		return
	}
	png, err := chromedp.Run(b.ctx, chromedp.CaptureScreenshot())
	if err != nil {
		b.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name), png, 0o644); err != nil {
		b.t.Fatal(err)
	}
}

// TestKeyboard sends a paste and settles its answer with Tab and Enter alone.
func TestKeyboard(t *testing.T) {
	b := openBrowser(t, 1280, 860)
	b.tabTo(`document.activeElement.dataset.sample === "no-response"`)
	b.keys("\r")
	b.until("the text", `document.querySelector("#say-employee").value !== ""`)
	b.tabTo(`document.activeElement.id === "say-employee"`)
	b.keys("\r")
	b.until("the answer", last("log-employee")+`.includes("That helped")`)
	b.tabTo(`document.activeElement.tagName === "BUTTON" && document.activeElement.innerText.trim() === "That helped"`)
	b.keys("\r")
	b.until("that it is settled", last("log-employee")+`.includes("It works again")`)
	b.picture("demo.png")
}

// tabTo presses Tab until a script is true of where the focus is.
func (b *browser) tabTo(script string) {
	b.t.Helper()
	for range 200 {
		if js[bool](b, script) {
			return
		}
		b.keys("\t")
	}
	b.t.Fatalf("200 times Tab do not lead to %s", script)
}

// TestNothingLeavesTheMachine reads what the page may load, and that it says so
// to the browser.
func TestNothingLeavesTheMachine(t *testing.T) {
	b := openBrowser(t, 1280, 860)
	if other := js[[]string](b, `performance.getEntriesByType("resource").map(r => r.name).filter(n => !n.startsWith(location.origin))`); len(other) > 0 {
		t.Errorf("the page loads %q", other)
	}
	resp, err := http.Get(b.url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		t.Fatal(err)
	}
	if csp := resp.Header.Get("Content-Security-Policy"); !strings.Contains(csp, "default-src 'self'") && !strings.Contains(csp, "default-src 'none'") {
		t.Errorf("got the policy %q", csp)
	}
}
