package main

import (
	"context"
	"encoding/json"
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

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"go.uber.org/zap"
)

// A browser is a tab of a real Chromium.
type browser struct {
	t   *testing.T
	ctx context.Context
	url string

	between func() // is done again and again while something is waited for; may be nil
}

// openBrowser serves a demo and opens it.
func openBrowser(t *testing.T, width, height int) *browser {
	t.Helper()
	return browse(t, serveDemo(t), width, height)
}

// serveDemo serves a demo by the real clock, as the command does.
func serveDemo(t *testing.T) (url string) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	url = "http://" + ln.Addr().String()
	d, err := newDemo(ctx, keyedDir(t), url, zap.NewNop(), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- d.app.Run(ctx, ln) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return url
}

// browse opens the page that is served at url. Without Chromium the test is
// skipped, and with CI=true it fails. Nothing moves in it, so that what is
// looked at is there.
func browse(t *testing.T, url string, width, height int) *browser {
	t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(chromium(t)), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true), chromedp.Flag("force-prefers-reduced-motion", true),
		chromedp.WindowSize(width, height))
	tab, closeAll := chromedp.NewExecAllocator(context.Background(), options...)
	tab, closeTab := chromedp.NewContext(tab)
	t.Cleanup(func() {
		closeTab()
		closeAll()
	})
	b := &browser{t: t, ctx: tab, url: url}
	b.do(chromedp.EmulateViewport(int64(width), int64(height)))
	b.open()
	return b
}

func chromium(t *testing.T) (path string) {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	absent(t, "Chromium is not installed")
	return ""
}

// open loads the page, anew if it is open.
func (b *browser) open() {
	b.t.Helper()
	// What was pressed before may lead elsewhere at this very moment.
	if _, err := chromedp.Run(b.ctx, chromedp.Navigate(b.url)); err != nil && !strings.Contains(err.Error(), "net::ERR_ABORTED") {
		b.t.Fatal(err)
	} else if err != nil {
		b.do(chromedp.Navigate(b.url))
	}
	b.until("the page", `document.body?.dataset.live === "1"`)
}

func (b *browser) do(a chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	if _, err := chromedp.Run(b.ctx, a); err != nil {
		b.t.Fatal(err)
	}
}

// call asks the browser for something that is not on the page.
func call[P, R any](b *browser, command cdp.Command[P, R], params P) {
	b.t.Helper()
	b.do(chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, command, params)
		return err
	}))
}

// dark has the browser prefer dark colors, or light ones.
func (b *browser) dark(yes bool) {
	b.t.Helper()
	scheme := map[bool]string{true: "dark", false: "light"}[yes]
	call(b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}})
}

// phone makes the window that of a phone.
func (b *browser) phone() {
	b.t.Helper()
	b.do(chromedp.EmulateViewport(390, 844, chromedp.EmulateMobile, chromedp.EmulateTouch, chromedp.EmulateScale(2)))
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
	for !js[bool](b, "!!("+script+")") {
		if b.between != nil {
			b.between()
		}
		select {
		case <-tick.C:
		case <-deadline:
			b.t.Fatalf("%s did not come; the page says\n%s", what, js[string](b, `document.body.innerText`))
		}
	}
}

// keys presses keys wherever the focus is, as somebody without a mouse does. A
// keyboard's press is a raw one, whose character the page may keep from being
// typed. chromedp's own types it all the same: Enter would send what was written
// and then begin a new line.
func (b *browser) keys(keys string, shift ...bool) {
	b.t.Helper()
	for _, r := range keys {
		for _, k := range kb.Encode(r) {
			if k.Type == kb.KeyDown {
				k.Type = kb.KeyRawDown
			}
			if len(shift) > 0 {
				k.Modifiers |= int64(kb.ModifierShift)
			}
			call(b, input.DispatchKeyEvent, *k)
		}
	}
}

// press presses the first button or link that says this, in what a selector
// names.
func (b *browser) press(in, label string) {
	b.t.Helper()
	find := fmt.Sprintf(`[...document.querySelectorAll(%s)].flatMap(x => [...x.querySelectorAll("button, a, summary")]).find(x => x.checkVisibility() && x.innerText.trim() === %s)`, quoted(in), quoted(label))
	b.until(label, "!!"+find)
	js[any](b, find+`.click()`)
}

// quoted is s as a script writes it.
func quoted(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		panic(err) // unreachable: it is a string
	}
	return string(b)
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
