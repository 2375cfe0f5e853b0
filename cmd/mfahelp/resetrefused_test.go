package main

import (
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// TestSignInsThatDoNotCount tries at one address what somebody may who has got
// hold of it: none of it is a yes, the one that is counts once, and then the
// address leads nowhere.
func TestSignInsThatDoNotCount(t *testing.T) {
	t.Parallel()
	c := openClicked(t)
	vouch := c.lost()

	c.signIn(vouch, "grace.nguyen", "password")
	c.arrives("that a password is too little", `document.querySelector(".error")?.textContent.includes("AADSTS50076")`)
	js[any](c.browser, `setTimeout(() => document.querySelector("button[name=with][value=cancel]").click())`)
	c.heading("refused.title")

	c.signIn(vouch, "hugo.moreau", "authenticator")
	c.heading("somebody-else.title")
	c.open()
	c.sees("log-admins", "Aiko Sato: a reset waits for proof", "not yet")

	c.signIn(vouch, "grace.nguyen", "authenticator")
	c.heading("confirm.title")
	js[any](c.browser, `setTimeout(() => {const b = document.querySelector("main form button"); b.click(); b.click()})`)
	c.heading("done.title")
	c.later(time.Second)
	c.do(chromedp.Navigate(vouch))
	c.heading("no-link.title")
	c.do(chromedp.Navigate(vouch + "/confirm"))
	c.heading("no-link.title")
	c.open()
	c.sees("log-admins", "Aiko Sato: a reset waits for approval", "0 of 1")
	c.unchanged()
}

// TestASecondYes has the same admin press twice, and say yes twice: the second
// one is told, and nothing is done twice.
func TestASecondYes(t *testing.T) {
	t.Parallel()
	c := openClicked(t)
	c.agree(c.lost(), "grace.nguyen")
	c.open()
	card := c.sees("log-admins", "Aiko Sato: a reset waits for approval")
	var links [2]string
	for i := range links {
		c.on(card, "Approve…")
		c.until("one more address", `[...document.querySelectorAll("#log-admins article.card")].filter(x => x.querySelector("h3").textContent.includes("Approve the reset of Aiko Sato?")).length === `+string(rune('1'+i)))
		links[i] = c.leads(newest("log-admins", "Approve the reset of Aiko Sato?"), "Sign in and see")
	}
	if links[0] == links[1] {
		t.Fatalf("both presses lead to %s", links[0])
	}
	c.agree(links[0], "priya.raman")
	c.later(time.Minute) // the reports that are read once more may have to wait
	done := len(c.changes())
	if done == 0 {
		t.Fatal("nothing was done after the first yes")
	}
	c.signIn(links[1], "priya.raman", "authenticator")
	c.heading("confirm.nothing")
	c.open()
	c.sees("log-admins", "Aiko Sato: the reset", "Approved by Priya Raman")
	c.later(time.Second)
	if now := c.changes(); len(now) != done {
		t.Errorf("after the second yes there is %q", now)
	}
}

// TestWhoMayNotApprove presses Approve as those who may not, though they are
// admins.
func TestWhoMayNotApprove(t *testing.T) {
	t.Parallel()
	t.Run("who asked", func(t *testing.T) {
		c := openClicked(t)
		c.sit("employee", "priya.raman")
		c.say("employee", "/mfa-help reset hugo.moreau@contoso.com")
		c.sees("log-admins", "Hugo Moreau: a reset waits for proof")
		c.sit("employee", "olga.kowalska")
		c.agree(c.leads(c.sees("log-employee", "Hugo Moreau wants to sign in again"), "I spoke to them: sign in and confirm"), "olga.kowalska")
		c.open()
		c.on(c.sees("log-admins", "Hugo Moreau: a reset waits for approval"), "Approve…")
		c.sees("log-admins", "You asked for it")
		c.unchanged()
	})
	t.Run("who vouched", func(t *testing.T) {
		c := openClicked(t)
		c.say("admin", "/mfa-help reset sofia.almeida@contoso.com")
		c.on(c.sees("log-admins", "Sofia Almeida: a reset waits for proof"), "Tell them their characters")
		c.on(c.sees("log-admins", "The characters of Sofia Almeida"), "Show it")
		c.until("the characters", `document.querySelector("#secret").open`)
		heard := js[string](c.browser, `document.querySelector("#secret-told dd").textContent`)
		js[any](c.browser, `document.querySelector("#secret [data-close]").click()`)
		c.sit("admin", "tomasz.wojcik")
		c.later(time.Minute) // until there is something left of the tenant's budget of reports
		c.on(c.sees("log-admins", "Sofia Almeida: a reset waits for proof"), "I call back")
		c.on(c.sees("log-admins", "Call Sofia Almeida"), "What they read to me")
		c.until("the form", `document.querySelector("#form").open`)
		c.keys(heard)
		c.press("#form", "What they read to me")
		c.agree(c.leads(c.sees("log-admins", "Say that you called Sofia Almeida"), "Sign in and see"), "tomasz.wojcik")
		c.open()
		c.on(c.sees("log-admins", "Sofia Almeida: a reset waits for approval"), "Approve…")
		c.sees("log-admins", "You vouched for them")
		c.unchanged()
	})
	t.Run("whose account it is", func(t *testing.T) {
		c := openClicked(t)
		c.sit("employee", "priya.raman")
		c.say("employee", "/mfa-help reset priya.raman@contoso.com")
		c.until("that it is refused", `document.querySelector("#log-admins")?.textContent.includes("holds an administrative role")`)
		if js[bool](c.browser, `document.querySelector("#log-admins").textContent.includes("Approve…")`) {
			t.Error("an admin's own account can be approved")
		}
		c.unchanged()
	})
}

// unchanged looks whether the tenant is as it was.
func (c *clicked) unchanged() {
	c.t.Helper()
	c.later(time.Second)
	if did := c.changes(); len(did) > 0 {
		c.t.Errorf("the tenant was changed by %q", did)
	}
}
