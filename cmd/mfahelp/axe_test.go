package main

import (
	"encoding/json"
	"os"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// TestAxe has axe-core judge every view of the page and of our sign-in page: in
// light and dark, on a phone, and with a case and a reset in the admins' channel.
func TestAxe(t *testing.T) {
	t.Parallel()
	path := os.Getenv("MFAHELP_AXE")
	if path == "" {
		absent(t, "MFAHELP_AXE names no axe-core; scripts/setup fetches it")
	}
	axe, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	c := openClicked(t)
	judge := func(view string) {
		t.Helper()
		for _, dark := range []bool{false, true} {
			c.dark(dark)
			c.judged(string(axe), view)
		}
		c.dark(false)
	}
	c.sabotaged(string(axe))
	judge("the page, empty")
	vouch := c.lost()
	judge("the page with a reset")
	c.phone()
	for _, view := range []string{"failures", "employee", "admins", "behind"} {
		js[any](c.browser, `document.querySelector('[data-show="`+view+`"]').click()`)
		judge("a phone: " + view)
	}
	c.do(chromedp.Navigate(vouch))
	c.heading("invite.title")
	judge("a phone: the invitation")
	c.do(chromedp.EmulateViewport(1280, 860))

	c.do(chromedp.Navigate(vouch))
	c.heading("invite.title")
	judge("the invitation")
	c.signIn(vouch, "hugo.moreau", "authenticator")
	c.heading("somebody-else.title")
	judge("a problem")
	c.signIn(vouch, "grace.nguyen", "authenticator")
	c.heading("confirm.title")
	judge("what is agreed to")
	c.goOn()
	c.heading("done.title")
	judge("that it is done")
	c.later(time.Second)
	c.open()
	c.sees("log-admins", "Aiko Sato: a reset waits for approval")
	judge("a reset that waits for approval")
}

// A flaw is what axe-core finds; see
// https://github.com/dequelabs/axe-core/blob/develop/doc/API.md.
type flaw struct {
	ID, Impact, Help string
	Targets          []string
}

// flaws are the serious ones of what the tab shows.
func (c *clicked) flaws(axe string) (all []flaw) {
	c.t.Helper()
	js[any](c.browser, axe+"\n;null")
	js[any](c.browser, `window.judged = ""; axe.run(document, {preload: false, resultTypes: ["violations"]}).then(
		r => window.judged = JSON.stringify(r.violations.filter(v => v.impact === "serious" || v.impact === "critical").map(v => ({id: v.id, impact: v.impact, help: v.help, targets: v.nodes.map(n => n.target.join(" "))}))),
		e => window.judged = "failed: " + e); null`)
	c.until("what axe-core says", `window.judged`)
	said := js[string](c.browser, `window.judged`)
	if err := json.Unmarshal([]byte(said), &all); err != nil {
		c.t.Fatalf("axe-core says %s", said)
	}
	return all
}

func (c *clicked) judged(axe, view string) {
	c.t.Helper()
	for _, f := range c.flaws(axe) {
		c.t.Errorf("%s: %s, %s: %s: %q", view, f.ID, f.Impact, f.Help, f.Targets)
	}
}

// sabotaged puts a nameless button on the page, to see that it would be found.
func (c *clicked) sabotaged(axe string) {
	c.t.Helper()
	js[any](c.browser, `document.querySelector("main").append(document.createElement("button")); null`)
	if len(c.flaws(axe)) == 0 {
		c.t.Error("axe-core finds no fault with a button that has no name")
	}
	c.open()
}
