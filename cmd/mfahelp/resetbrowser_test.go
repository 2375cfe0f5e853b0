package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"mfahelp/graph"
	"mfahelp/graph/sandbox"
)

// A clicked is a demo in a real browser, by a clock that the test moves: a reset
// is watched for longer than anybody waits for a test. While something is waited
// for, it goes a second at a time.
type clicked struct {
	*browser
	s *theatre
}

func openClicked(t *testing.T) *clicked {
	t.Helper()
	s := openTheatre(t)
	return (&clicked{browse(t, s.url, 1280, 860), s}).in(t)
}

// in is the same browser and demo, for another test.
func (c *clicked) in(t *testing.T) *clicked {
	b := *c.browser
	b.t, b.between = t, func() {
		if err := c.s.settle(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	return &clicked{&b, c.s}
}

// another is somebody else's browser, in which nobody has signed in.
func (c *clicked) another() *clicked {
	c.t.Helper()
	return (&clicked{browse(c.t, c.s.url, 1280, 860), c.s}).in(c.t)
}

// later moves the clock, and does what is due on the way.
func (c *clicked) later(d time.Duration) {
	c.t.Helper()
	if err := c.s.advance(c.t.Context(), d); err != nil {
		c.t.Fatal(err)
	}
}

// sit has somebody take a seat of the page, if they do not have it: to take it
// again would begin another session, and nobody could wait for that.
func (c *clicked) sit(seat, person string) {
	c.t.Helper()
	if js[string](c.browser, fmt.Sprintf(`document.querySelector("#who-%s").dataset.was`, seat)) == person {
		return
	}
	js[any](c.browser, fmt.Sprintf(`{const s = document.querySelector("#who-%s"); s.value = %s; s.dispatchEvent(new Event("change", {bubbles: true}))}`, seat, quoted(person)))
	c.until(person, fmt.Sprintf(`document.querySelector("#who-%s").dataset.was === %s`, seat, quoted(person)))
}

// say types something into a seat's box and sends it.
func (c *clicked) say(seat, text string) {
	c.t.Helper()
	js[any](c.browser, fmt.Sprintf(`{const b = document.querySelector("#say-%s"); b.value = %s; b.form.requestSubmit()}`, seat, quoted(text)))
}

// newest is the newest card in a log whose title has some words. It is not always
// the last on the page, where each stands in its thread.
func newest(log, title string) string {
	return fmt.Sprintf(`[...document.querySelectorAll("#%s article.card")].filter(x => x.querySelector("h3").textContent.includes(%s)).sort((a, b) => a.dataset.order - b.dataset.order).at(-1)`, log, quoted(title))
}

// sees waits for a card, and for words in it.
func (c *clicked) sees(log, title string, says ...string) (card string) {
	c.t.Helper()
	card = newest(log, title)
	c.until(title, card)
	for _, s := range says {
		c.until(title+": "+s, card+`?.textContent.includes(`+quoted(s)+`)`)
	}
	return card
}

// on presses what a card offers.
func (c *clicked) on(card, label string) {
	c.t.Helper()
	button := fmt.Sprintf(`[...(%s?.querySelectorAll(".actions button") ?? [])].find(x => x.innerText.trim() === %s)`, card, quoted(label))
	c.until(label, button)
	js[any](c.browser, button+`.click()`)
}

// leads is where a card's link leads, which opens in a tab of its own.
func (c *clicked) leads(card, label string) string {
	c.t.Helper()
	link := fmt.Sprintf(`[...(%s?.querySelectorAll(".actions a") ?? [])].find(x => x.querySelector("bdi").textContent === %s)`, card, quoted(label))
	c.until(label, link)
	if js[string](c.browser, link+`.target`) != "_blank" {
		c.t.Errorf("%s leads away from the chat", label)
	}
	return js[string](c.browser, link+`.href`)
}

// arrives waits for another page: what is asked of a page that is just going
// has no answer.
func (c *clicked) arrives(what, script string) {
	c.t.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(90 * time.Second)
	for {
		if ok, err := chromedp.Run(c.ctx, chromedp.Evaluate[bool]("!!("+script+")")); err == nil && ok {
			return
		}
		select {
		case <-tick.C:
		case <-deadline:
			c.t.Fatalf("%s did not come; the page says\n%s", what, js[string](c.browser, `document.body.innerText`))
		}
	}
}

// heading waits for a page of ours whose heading is the sentence of a key.
func (c *clicked) heading(key string) {
	c.t.Helper()
	c.arrives(key, `document.querySelector("body.signin h1")?.textContent === `+quoted(printer("").Say("page."+key)))
}

// goOn presses the one button of our own page.
func (c *clicked) goOn() {
	c.t.Helper()
	js[any](c.browser, `setTimeout(() => document.querySelector("main form button").click())`)
}

// signIn opens an address of ours, goes to the pretend tenant, and proves there
// to be somebody. What comes of it is the next page.
func (c *clicked) signIn(address, who, with string) {
	c.t.Helper()
	c.do(chromedp.Navigate(address))
	c.heading("invite.title")
	c.goOn()
	c.atTenant(who, with)
}

// atTenant chooses who they are and how they prove it, also if the app has named
// somebody else: an address can be changed by whoever goes there.
func (c *clicked) atTenant(who, with string) {
	c.t.Helper()
	c.arrives("the tenant's page", `document.title === "Sign in · pretend tenant"`)
	upn := who + "@" + sandbox.Domain
	if is := js[string](c.browser, `document.querySelector("input[name=user]")?.value ?? ""`); !strings.EqualFold(is, upn) {
		if is != "" {
			js[any](c.browser, `setTimeout(() => {const u = new URL(location); u.searchParams.delete("login_hint"); location = u})`)
		}
		c.arrives("whom one can be", `document.querySelector("button[name=user]")`)
		js[any](c.browser, `setTimeout(() => document.querySelector('button[name=user][value="`+upn+`"]').click())`)
	}
	button := `document.querySelector('button[name=with][value="` + with + `"]')`
	c.arrives(with, button)
	js[any](c.browser, `setTimeout(() => `+button+`.click())`)
}

// agree says yes at an address of ours after a sign-in with a second factor.
func (c *clicked) agree(address, who string) {
	c.t.Helper()
	c.signIn(address, who, "authenticator")
	c.heading("confirm.title")
	c.goOn()
	c.heading("done.title")
	c.later(time.Second)
}

// lost has aiko ask for a reset, and returns where grace vouches for her.
func (c *clicked) lost() (vouch string) {
	c.t.Helper()
	vouch = c.asks("aiko.sato")
	c.sit("employee", "aiko.sato")
	c.sees("log-employee", "A reset is asked for", "Microsoft Authenticator on iPhone 16e")
	return vouch
}

// asks has somebody ask for a reset of all that was on their phone, and returns
// where their manager vouches for them.
func (c *clicked) asks(who string) (vouch string) {
	c.t.Helper()
	c.saysLost(who)
	c.picksAll(who)
	c.sees("log-employee", "A reset is asked for")
	p := c.person(who)
	c.sees("log-admins", p.Name+": a reset waits for proof")
	c.sit("employee", short(p.Manager))
	return c.leads(c.sees("log-employee", p.Name+" wants to sign in again"), "I spoke to them: sign in and confirm")
}

// picksAll says of who has several things on a phone that all of them are gone.
func (c *clicked) picksAll(who string) {
	c.t.Helper()
	onPhone := func(m string) bool {
		return slices.ContainsFunc([]string{"Authenticator", "phone", "code from an app"}, func(s string) bool { return strings.Contains(m, s) })
	}
	first := slices.IndexFunc(c.methods(who), onPhone)
	if first >= 0 && slices.ContainsFunc(c.methods(who)[first+1:], onPhone) {
		c.on(c.sees("log-employee", "What is gone?"), "All of these")
	}
}

// saysLost has somebody say that their phone is gone.
func (c *clicked) saysLost(who string) {
	c.t.Helper()
	c.open()
	c.sit("employee", who)
	c.say("employee", "I lost my phone")
	c.press("#log-employee", "My phone is gone")
}

// person is somebody, as the tenant knows them now.
func (c *clicked) person(who string) sandbox.Person {
	c.t.Helper()
	i := slices.IndexFunc(c.s.tenant.People(), func(p sandbox.Person) bool { return short(p.UPN) == who })
	if i < 0 {
		c.t.Fatalf("the tenant has no %s", who)
	}
	return c.s.tenant.People()[i]
}

// TestResetByClicks has a lost phone end in a new one, by clicking alone, and
// looks at the tenant for what really happened.
func TestResetByClicks(t *testing.T) {
	t.Parallel()
	c := openClicked(t)
	c.agree(c.lost(), "grace.nguyen")
	if has := c.methods("aiko.sato"); !slices.ContainsFunc(has, func(m string) bool { return strings.Contains(m, "iPhone 16e") }) {
		t.Fatalf("before anybody approved it, aiko has %q", has)
	}
	c.open()
	card := c.sees("log-admins", "Aiko Sato: a reset waits for approval", "Grace Nguyễn")
	c.pictureOf("reset.png", card)
	c.on(card, "Approve…")
	approve := c.leads(c.sees("log-admins", "Approve the reset of Aiko Sato?"), "Sign in and see")
	if did := c.changes(); len(did) > 0 {
		t.Fatalf("before anybody approved it, the tenant was changed by %q", did)
	}
	c.agree(approve, "priya.raman")
	c.later(2 * time.Minute)
	if has := c.methods("aiko.sato"); slices.ContainsFunc(has, func(m string) bool { return strings.Contains(m, "iPhone") }) {
		t.Fatalf("after the approval, aiko has %q", has)
	}

	pass := c.fetchPass()
	c.registers(pass)
	c.later(30 * time.Minute) // the tenant's budget of reports lets the watch look now and then
	c.open()
	c.sees("log-admins", "Aiko Sato: the reset is settled")
	c.sit("employee", "aiko.sato")
	c.sees("log-employee", "You can sign in again")
	if html := js[string](c.browser, `document.documentElement.outerHTML`); strings.Contains(html, pass) {
		t.Error("the pass stands on the page")
	}
	if did, want := c.changes(), []graph.ChangeKind{graph.DeleteMethod, graph.RevokeSessions, graph.CreatePass}; !slices.Equal(did, want) {
		t.Errorf("the tenant was changed by %q, want %q", did, want)
	}
}

// pictureOf takes a picture with all of a card in it, for the README.
func (c *clicked) pictureOf(name, card string) {
	c.t.Helper()
	c.do(chromedp.EmulateViewport(1280, 1120))
	js[any](c.browser, card+`.scrollIntoView({block: "end"})`)
	c.picture(name)
	c.do(chromedp.EmulateViewport(1280, 860))
}

// changes are what was done to accounts at the tenant, by anybody with a token;
// mails that tell people of it change nothing.
func (c *clicked) changes() (did []graph.ChangeKind) {
	for _, w := range c.s.tenant.Writes() {
		if w.Done && w.Write != graph.SendMail {
			did = append(did, w.Write)
		}
	}
	return did
}

// methods are what the tenant has of somebody.
func (c *clicked) methods(who string) []string {
	c.t.Helper()
	return c.person(who).Methods
}

// fetchPass has grace be shown the pass, once.
func (c *clicked) fetchPass() (pass string) {
	c.t.Helper()
	c.open()
	c.sit("employee", "grace.nguyen")
	c.on(c.sees("log-employee", "The pass of Aiko Sato can be shown"), "Show the pass…")
	c.agree(c.leads(c.sees("log-employee", "Sign in to see the pass of Aiko Sato"), "Sign in and see"), "grace.nguyen")
	c.open()
	c.sit("employee", "grace.nguyen")
	c.on(c.sees("log-employee", "A pass for Aiko Sato"), "Show it now")
	card := c.sees("log-employee", "The pass of Aiko Sato", "Tell it to")
	c.on(card, "Show it")
	c.until("the pass", `document.querySelector("#secret").open`)
	pass = js[string](c.browser, `document.querySelector("#secret-told dd").textContent`)
	if len(pass) < 8 {
		c.t.Fatalf("the pass is %q", pass)
	}
	js[any](c.browser, `document.querySelector("#secret [data-close]").click()`)
	c.until("that it is gone", `!document.documentElement.outerHTML.includes(`+quoted(pass)+`)`)
	c.on(card, "Show it")
	c.until("that there is nothing more to show", `document.querySelector(".toast")?.textContent.includes(`+quoted(printer("").Say("web.error.secret-gone"))+`)`)
	return pass
}

// registers has aiko get in with the pass, add a phone, and then sign in with
// that, each in a browser of its own.
func (c *clicked) registers(pass string) {
	c.t.Helper()
	phone := c.another()
	phone.do(chromedp.Navigate(c.s.tenant.SecurityInfo()))
	user := `document.querySelector('button[name=user][value="aiko.sato@` + sandbox.Domain + `"]')`
	phone.arrives("whom one can be", user)
	js[any](phone.browser, `setTimeout(() => `+user+`.click())`)
	phone.arrives("where the pass goes", `document.querySelector("input[name=pass]")`)
	js[any](phone.browser, `setTimeout(() => {document.querySelector("input[name=pass]").value = `+quoted(pass)+`; document.querySelector("button[name=with][value=pass]").click()})`)
	phone.arrives("the security info", `document.querySelector("button[name=do][value=add]")`)
	js[any](phone.browser, `setTimeout(() => document.querySelector("button[name=do][value=add]").click())`)
	phone.arrives("the new phone", `document.querySelector("ul")?.textContent.includes("New phone")`)

	fresh := c.another()
	fresh.do(chromedp.Navigate(c.s.tenant.SecurityInfo()))
	fresh.atTenant("aiko.sato", "authenticator")
	fresh.arrives("the security info", `document.title === "Security info · pretend tenant"`)
}
