package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"mfahelp/graph"
	"mfahelp/graph/sandbox"
)

// A refusing is a way in which a reset comes to nothing.
type refusing struct {
	name  string
	click func(*refused)
}

// refusals are all of them, by clicks. Those about one thing happen in one demo,
// so each is about people of its own.
var refusals = map[string][]refusing{
	"who decides": {
		{"whose account it is", func(c *refused) {
			c.sit("employee", "priya.raman")
			c.say("employee", "/mfa-help reset priya.raman@contoso.com")
			c.reads("log-admins", "Priya Raman: no reset", "holds an administrative role")
			c.nothingToApprove("Priya Raman")
		}},
		{"who asked", func(c *refused) {
			c.sit("employee", "priya.raman")
			c.say("employee", "/mfa-help reset hugo.moreau@contoso.com")
			c.sees("log-admins", "Hugo Moreau: a reset waits for proof")
			c.sit("employee", "olga.kowalska")
			c.vouch("hugo.moreau", c.leads(c.sees("log-employee", "Hugo Moreau wants to sign in again"), "I spoke to them: sign in and confirm"))
			c.isTold("own-request", func() { c.on(c.waiting("hugo.moreau"), "Approve…") })
		}},
		{"who vouched", func(c *refused) {
			c.callsBack("sofia.almeida", "tomasz.wojcik")
			c.isTold("prover", func() { c.on(c.waiting("sofia.almeida"), "Approve…") })
		}},
		{"an admin who is not among the approvers", func(c *refused) {
			c.proven("quynh.tran")
			c.sit("admin", "oscar.reyes")
			c.isTold("not-entitled", func() { c.on(c.waiting("quynh.tran"), "Approve…") })
		}},
		{"a number that was changed lately", func(c *refused) {
			c.sit("admin", "mei.tanaka")
			c.say("admin", "/mfa-help reset freya.lund@contoso.com")
			card := c.sees("log-admins", "Freya Lund: a reset waits for proof")
			c.sit("admin", "tomasz.wojcik")
			c.later(time.Minute) // until there is something left of the tenant's budget of reports
			c.isTold("number-changed", func() { c.on(card, "I call back") })
		}},
		{"a password only, somebody else, twice", signInsThatDoNotCount},
		{"a sign-in that is too old", staleSignIn},
		{"while all resets are stopped", frozen},
	},
	"whose account": {
		{"an administrator by a group", func(c *refused) { c.notHere("lars.brandt", "privileged", "not-here.body") }},
		{"an administrator when she wants", func(c *refused) { c.notHere("nia.mensah", "privileged", "not-here.body") }},
		{"the only Global Administrator", func(c *refused) { c.notHere("jonas.lindqvist", "sole", "not-here.sole") }},
		{"a guest", func(c *refused) { c.notHere("rosa.bianchi", "guest", "not-here.body") }},
		{"a disabled account", func(c *refused) { c.notHere("ivan.petrov", "disabled", "not-here.body") }},
		{"whom the policy gives no pass", func(c *refused) { c.notHere("thabo.nkosi", "no-pass", "not-here.body") }},
		{"who has no manager", func(c *refused) {
			c.command("adaeze.okafor")
			c.picksAll("adaeze.okafor")
			c.hearsNotHere("adaeze.okafor", "no-manager", "not-here.body")
		}},
		{"who reported fraud", fraudReported},
		{"a method that somebody adds meanwhile", addedMeanwhile},
		{"a plan that has changed", changedPlan},
	},
	"what was pressed": {
		{"a card that was altered", alteredCard},
		{"a press that is replayed", replayed},
		{"a second yes", secondYes},
		{"a request that has run out", expired},
	},
}

// A refused is a case among [refusals], in the browser that they share.
type refused struct {
	*clicked
	before int // what was asked of the tenant to be changed, before the case
}

// TestRefusalsByClicks has people be refused, and looks at what they see, and at
// the tenant's own log for what was asked of it.
func TestRefusalsByClicks(t *testing.T) {
	for about, cases := range refusals {
		t.Run(about, func(t *testing.T) {
			t.Parallel()
			all := openClicked(t)
			for _, r := range cases {
				t.Run(r.name, func(t *testing.T) {
					c := &refused{clicked: all.in(t)}
					c.before = len(c.asked())
					c.fresh()
					c.open()
					c.sit("admin", "priya.raman")
					r.click(c)
					c.untouched()
				})
			}
		})
	}
}

// fresh begins a case with all of the tenant's budget of reports, not too many
// resets in the hour before, and a token that has not run out: one ends by the
// tenant's clock, and the SDK looks at the machine's.
func (c *refused) fresh() {
	c.t.Helper()
	c.later(5 * time.Minute)
	for range 2 {
		if _, err := c.s.app.graph.User(c.t.Context(), c.person("priya.raman").ID); err == nil {
			return
		}
	}
	c.t.Fatal("the tenant gives no token")
}

// asked are the changes that the tenant was asked for, done or not: mails that
// tell people of it change nothing.
func (c *refused) asked() (all []sandbox.Request) {
	for _, w := range c.s.tenant.Writes() {
		if w.Write != graph.SendMail {
			all = append(all, w)
		}
	}
	return all
}

// untouched looks whether anything was asked of the tenant since the case began.
func (c *refused) untouched() {
	c.t.Helper()
	c.later(time.Second)
	for _, w := range c.asked()[c.before:] {
		p, _ := c.s.tenant.Person(w.User)
		c.t.Errorf("at %v the tenant was asked to %s of %s", w.At, w.Write, p.Name)
	}
}

// reads is sees, of what can be seen and is not only in the page.
func (c *refused) reads(log, title string, says ...string) (card string) {
	c.t.Helper()
	card = c.sees(log, title, says...)
	c.until("that "+title+" is in sight", fmt.Sprintf(`(x => x?.checkVisibility() && %s.every(s => x.innerText.includes(s)))(%s)`, quotedAll(says), card))
	return card
}

// quotedAll is a list as a script writes it.
func quotedAll(all []string) string {
	var list []string
	for _, s := range all {
		list = append(list, quoted(s))
	}
	return "[" + strings.Join(list, ", ") + "]"
}

// isTold waits for one more card in the admins' channel, which says why not.
func (c *refused) isTold(why string, after func()) {
	c.t.Helper()
	c.isSaid("reset.no."+why+".title", after, "reset.no."+why+".body")
}

func (c *refused) isSaid(title string, after func(), body ...string) {
	c.t.Helper()
	say := printer("").Say
	n := c.cards("log-admins", say(title))
	after()
	c.until("one more card that says "+say(title), fmt.Sprintf(`%s === %d`, countCards("log-admins", say(title)), n+1))
	var says []string
	for _, b := range body {
		says = append(says, say(b))
	}
	card := c.reads("log-admins", say(title), says...)
	c.until("that it is where they look", fmt.Sprintf(`(x => {const a = x.getBoundingClientRect(), l = x.closest(".log").getBoundingClientRect(); return a.top >= l.top - 1 && a.bottom <= l.bottom + 1})(%s)`, card))
}

// countCards is how many cards in a log have a title.
func countCards(log, title string) string {
	return fmt.Sprintf(`[...document.querySelectorAll("#%s article.card h3")].filter(h => h.textContent.includes(%s)).length`, log, quoted(title))
}

func (c *refused) cards(log, title string) int {
	c.t.Helper()
	return js[int](c.browser, countCards(log, title))
}

// nothingToApprove looks whether somebody's card has a button that it must not.
func (c *refused) nothingToApprove(name string) {
	c.t.Helper()
	for _, label := range []string{"Approve…", "I call back"} {
		if js[bool](c.browser, fmt.Sprintf(`[...document.querySelectorAll("#log-admins article.card")].some(x => x.querySelector("h3").textContent.includes(%s) && [...x.querySelectorAll("button")].some(b => b.innerText.trim() === %s))`, quoted(name), quoted(label))) {
			c.t.Errorf("the card of %s offers %q", name, label)
		}
	}
}

// proven has somebody ask, and their manager vouch for them.
func (c *refused) proven(who string) (card string) {
	c.t.Helper()
	c.vouch(who, c.asks(who))
	return c.waiting(who)
}

// vouch is a manager's yes, which [TestResetByClicks] gives by clicks.
func (c *refused) vouch(who, address string) {
	c.t.Helper()
	c.yes(c.person(who).Manager, address)
}

// yes is somebody's yes at an address, in a browser of their own.
func (c *refused) yes(upn, address string) {
	c.t.Helper()
	if err := c.s.signIn(c.t.Context(), upn, address, "authenticator", 0); err != nil {
		c.t.Fatalf("%s: %v", upn, err)
	}
}

// waiting is the card of somebody whose reset waits for approval.
func (c *refused) waiting(who string) (card string) {
	c.t.Helper()
	return c.reads("log-admins", c.person(who).Name+": a reset waits for approval", "0 of 1")
}

// approves presses Approve as an admin, and returns where that leads.
func (c *refused) approves(admin, who string) (address string) {
	c.t.Helper()
	c.sit("admin", admin)
	title := "Approve the reset of " + c.person(who).Name + "?"
	n := c.cards("log-admins", title)
	c.on(c.waiting(who), "Approve…")
	c.until("one more address", fmt.Sprintf(`%s === %d`, countCards("log-admins", title), n+1))
	return c.leads(c.reads("log-admins", title), "Sign in and see")
}

// callsBack has priya ask for somebody on the phone, and another admin call back.
func (c *refused) callsBack(who, admin string) {
	c.t.Helper()
	name := c.person(who).Name
	c.say("admin", "/mfa-help reset "+c.person(who).UPN)
	c.on(c.sees("log-admins", name+": a reset waits for proof"), "Tell them their characters")
	c.on(c.sees("log-admins", "The characters of "+name), "Show it")
	c.until("the characters", `document.querySelector("#secret").open`)
	heard := js[string](c.browser, `document.querySelector("#secret-told dd").textContent`)
	js[any](c.browser, `document.querySelector("#secret [data-close]").click()`)
	c.sit("admin", admin)
	c.later(time.Minute) // until there is something left of the tenant's budget of reports
	c.on(c.sees("log-admins", name+": a reset waits for proof"), "I call back")
	c.on(c.sees("log-admins", "Call "+name), "What they read to me")
	c.until("the form", `document.querySelector("#form").open`)
	c.keys(heard)
	c.press("#form", "What they read to me")
	c.agree(c.leads(c.sees("log-admins", "Say that you called "+name), "Sign in and see"), admin)
	c.open()
}

// signInsThatDoNotCount tries at one address what somebody may who has got hold
// of it: none of it is a yes, the one that is counts once, and then the address
// leads nowhere.
func signInsThatDoNotCount(c *refused) {
	vouch := c.lost()
	c.signIn(vouch, "grace.nguyen", "password")
	c.arrives("that a password is too little", `document.querySelector(".error")?.textContent.includes("AADSTS50076")`)
	js[any](c.browser, `setTimeout(() => document.querySelector("button[name=with][value=cancel]").click())`)
	c.heading("refused.title")

	c.signIn(vouch, "hugo.moreau", "authenticator")
	c.heading("somebody-else.title")
	c.open()
	c.reads("log-admins", "Aiko Sato: a reset waits for proof", "not yet")

	c.signIn(vouch, "grace.nguyen", "authenticator")
	c.heading("confirm.title")
	js[any](c.browser, `setTimeout(() => {const b = document.querySelector("main form button"); b.click(); b.click()})`)
	c.heading("done.title")
	c.later(time.Second)
	for _, address := range []string{vouch, vouch + "/confirm"} {
		c.do(chromedp.Navigate(address))
		c.heading("no-link.title")
	}
	c.open()
	c.waiting("aiko.sato")
}

// staleSignIn has an admin look at the page for longer than a sign-in counts.
func staleSignIn(c *refused) {
	c.proven("ben.novak")
	c.signIn(c.approves("priya.raman", "ben.novak"), "priya.raman", "authenticator")
	c.heading("confirm.title")
	c.later(11 * time.Minute)
	c.goOn()
	c.heading("stale.title")
	c.seesPage("page.stale", "page.again")
	c.goOn() // which is what is offered, and takes a second factor again
	c.arrives("the tenant's page", `document.title === "Sign in · pretend tenant"`)
	c.later(5 * time.Minute)
	c.atTenant("priya.raman", "authenticator")
	c.heading("no-link.title") // which lasts no longer
	c.open()
	c.waiting("ben.novak")
}

// seesPage looks for sentences on our sign-in page.
func (c *refused) seesPage(keys ...string) {
	c.t.Helper()
	for _, key := range keys {
		if text := js[string](c.browser, `document.querySelector("main").innerText`); !strings.Contains(text, printer("").Say(key)) {
			c.t.Errorf("the page does not say %s:\n%s", key, text)
		}
	}
}

// expired has nobody decide, and then somebody press what their page still has.
func expired(c *refused) {
	c.proven("kenji.watanabe")
	address := c.approves("priya.raman", "kenji.watanabe")
	c.keepButton(c.waiting("kenji.watanabe"), "Approve…")
	c.later(4*time.Hour + time.Minute)
	card := c.reads("log-admins", "Kenji Watanabe: the reset was not decided in time")
	c.nothingToApprove("Kenji Watanabe")
	c.isSaid("reset.late.title", func() { c.pressKept(card) }, "reset.late.body")
	c.sit("employee", "kenji.watanabe")
	c.reads("log-employee", "Nobody decided in time", "Nothing was changed")
	c.do(chromedp.Navigate(address))
	c.heading("no-link.title")
}

// keepButton keeps a button of a card as a page does that has not heard of what
// became of it.
func (c *refused) keepButton(card, label string) {
	c.t.Helper()
	js[any](c.browser, fmt.Sprintf(`window.kept = [...%s.querySelectorAll(".actions button")].find(x => x.innerText.trim() === %s).cloneNode(true); null`, card, quoted(label)))
}

func (c *refused) pressKept(card string) {
	c.t.Helper()
	js[any](c.browser, card+`.append(window.kept); window.kept.click(); null`)
}

// changedPlan has the account turn out to be another than was approved, while a
// second admin looks at the page: what either of them agreed to is void.
func changedPlan(c *refused) {
	c.proven("uma.patel")
	first := c.approves("tomasz.wojcik", "uma.patel")
	c.signIn(c.approves("priya.raman", "uma.patel"), "priya.raman", "authenticator")
	c.heading("confirm.title")
	// Long ago, as far as the log knows: one of today is a sign of an attack.
	c.adds("uma.patel", c.s.tenant.Now().AddDate(0, 0, -20))
	c.yes("tomasz.wojcik@"+sandbox.Domain, first)
	c.later(2 * time.Minute)
	c.goOn()
	c.heading("confirm.nothing")
	c.seesPage("page.confirm.not-taken", "reset.no.changed.body")
	c.open()
	c.reads("log-admins", "It must be approved anew", printer("").Say("reset.leave.changed"))
	c.reads("log-admins", "Uma Patel: a reset waits for proof", "not yet", "iPhone of a stranger")
	c.nothingToApprove("Uma Patel")
	c.sit("employee", "uma.patel")
	c.reads("log-employee", "A reset is asked for", "iPhone of a stranger")
}

// adds has a method be added to an account, by whoever it is.
func (c *refused) adds(who string, at time.Time) {
	c.t.Helper()
	if _, err := c.s.tenant.Register(c.person(who).UPN, graph.Method{Kind: graph.Authenticator, Name: "iPhone of a stranger", Created: at}); err != nil {
		c.t.Fatal(err)
	}
}

// addedMeanwhile has a method be added between the question and the approval:
// the admins hear of an attack, and who asks, who may be who is at work, does not.
func addedMeanwhile(c *refused) {
	c.proven("victor.costa")
	c.adds("victor.costa", time.Time{})
	c.agree(c.approves("priya.raman", "victor.costa"), "priya.raman")
	c.later(2 * time.Minute)
	c.open()
	c.reads("log-admins", "Victor Costa: frozen, this may be an attack", printer("").Say("reset.sign.methods"))
	c.nothingToApprove("Victor Costa")
	c.sit("employee", "victor.costa")
	c.looksOrdinary("victor.costa")
}

// looksOrdinary looks whether who asked is told of no attack.
func (c *refused) looksOrdinary(who string) {
	c.t.Helper()
	c.reads("log-employee", "A reset is asked for")
	text := js[string](c.browser, `document.querySelector("#log-employee").innerText`)
	for _, word := range []string{"frozen", "fraud", "attack", "was changed"} {
		if strings.Contains(strings.ReplaceAll(text, printer("").Say("reset.never"), ""), word) {
			c.t.Errorf("%s reads of %q:\n%s", who, word, text)
		}
	}
}

// notHere has somebody ask who cannot be helped from a chat.
func (c *refused) notHere(who, why, hears string) {
	c.t.Helper()
	c.command(who)
	c.hearsNotHere(who, why, hears)
}

func (c *refused) hearsNotHere(who, why, hears string) {
	c.t.Helper()
	say := printer("").Say
	c.reads("log-employee", say("reset.not-here.title"), say("reset."+hears))
	name := c.person(who).Name
	c.reads("log-admins", name+": no reset", say("reset.why."+why, name))
	c.nothingToApprove(name)
}

// command has somebody ask in so many words, for themselves.
func (c *refused) command(who string) {
	c.t.Helper()
	c.sit("employee", who)
	c.say("employee", "/mfa-help reset "+c.person(who).UPN)
}

// fraudReported has who reported fraud, or somebody in their name, ask.
func fraudReported(c *refused) {
	if _, err := c.s.tenant.Fail("fraud"); err != nil {
		c.t.Fatal(err)
	}
	c.command("ingrid.haugen")
	c.picksAll("ingrid.haugen")
	c.reads("log-admins", "Ingrid Haugen: frozen, this may be an attack", printer("").Say("reset.sign.fraud"))
	c.nothingToApprove("Ingrid Haugen")
	c.looksOrdinary("ingrid.haugen")
	c.sit("employee", "olga.kowalska")
	if n := c.cards("log-employee", "Ingrid Haugen"); n > 0 {
		c.t.Error("her manager is asked")
	}
}

// alteredCard puts one person's button on another's card, and then another plan
// into our own page: what is shown and agreed to comes from the record.
func alteredCard(c *refused) {
	c.proven("zoltan.kiss")
	c.later(time.Minute)
	c.proven("pavel.dvorak")
	c.sit("admin", "priya.raman")
	c.keepButton(c.waiting("zoltan.kiss"), "Approve…")
	card := c.waiting("pavel.dvorak")
	title := "Approve the reset of Zoltán Kiss?"
	c.pressKept(card)
	address := c.leads(c.reads("log-admins", title, "Galaxy S23"), "Sign in and see")
	c.signIn(address, "priya.raman", "authenticator")
	c.heading("confirm.title")
	if text := js[string](c.browser, `document.querySelector("main").innerText`); !strings.Contains(text, "Zoltán Kiss") || strings.Contains(text, "Pavel") {
		c.t.Errorf("the page is about another reset:\n%s", text)
	}
	js[any](c.browser, `document.querySelector("input[name=digest]").value = "0".repeat(64); null`)
	c.goOn()
	c.arrives("that it has changed", `document.querySelector("main .changed")`)
	c.seesPage("page.confirm.changed")
	c.open()
	c.waiting("zoltan.kiss")
	c.waiting("pavel.dvorak")
}

// replayed sends the very same press again, and then the very same yes.
func replayed(c *refused) {
	c.proven("samuel.otieno")
	js[any](c.browser, `const send = window.fetch; window.sent = []; window.fetch = (to, o) => {if (String(to).startsWith("/api/presses")) window.sent.push([to, o]); return send(to, o)}; null`)
	address := c.approves("priya.raman", "samuel.otieno")
	title := "Approve the reset of Samuel Otieno?"
	if n := js[int](c.browser, `window.sent.length`); n != 1 {
		c.t.Fatalf("%d presses were sent", n)
	}
	js[any](c.browser, `window.answers = []; for (const s of [...window.sent, ...window.sent]) fetch(...s).then(a => window.answers.push(a.status)); null`)
	c.until("what the replays are answered", `window.answers.length === 2`)
	c.later(time.Minute)
	if n := c.cards("log-admins", title); n != 1 {
		c.t.Errorf("after one press, sent three times, there are %d addresses", n)
	}
	c.signIn(address, "priya.raman", "authenticator")
	c.heading("confirm.title")
	digest := js[string](c.browser, `document.querySelector("input[name=digest]").value`)
	c.goOn()
	c.heading("done.title")
	c.carriedOut("samuel.otieno")
	c.do(chromedp.Navigate(address))
	c.heading("no-link.title")
	js[any](c.browser, `{const f = document.createElement("form"); f.method = "post"; f.action = `+quoted(address+"/confirm")+`; const i = document.createElement("input"); i.name = "digest"; i.value = `+quoted(digest)+`; f.append(i); document.body.append(f); setTimeout(() => f.submit())}`)
	c.heading("no-link.title")
	c.later(2 * time.Minute)
}

// secondYes has the same admin press twice, and say yes twice: the second one is
// told, and nothing is done twice.
func secondYes(c *refused) {
	c.proven("karim.haddad")
	first, second := c.approves("priya.raman", "karim.haddad"), c.approves("priya.raman", "karim.haddad")
	if first == second {
		c.t.Fatalf("both presses lead to %s", first)
	}
	c.agree(first, "priya.raman")
	c.carriedOut("karim.haddad")
	c.signIn(second, "priya.raman", "authenticator")
	c.heading("confirm.nothing")
	c.open()
	c.sees("log-admins", "Karim Haddad: the reset", "Approved by Priya Raman")
}

// carriedOut waits until all that was approved is done, from when on nothing more
// may be.
func (c *refused) carriedOut(who string) {
	c.t.Helper()
	c.open()
	c.reads("log-admins", c.person(who).Name+": the reset is carried out")
	now := len(c.asked())
	if now == c.before {
		c.t.Error("nothing was done after what was approved")
	}
	c.before = now
}

// frozen has an admin stop all resets by one press, and others try.
func frozen(c *refused) {
	c.proven("julia.schneider")
	address := c.approves("priya.raman", "julia.schneider")
	c.on(c.waiting("julia.schneider"), "Stop all resets")
	const stopped = `[...document.querySelectorAll("#log-admins article.card")].find(x => x.innerText.includes("Stopped by Priya Raman"))`
	c.until("how many let it go on", stopped+`?.innerText.includes("0 of 2 admins")`)
	c.isTold("frozen", func() { c.on(c.waiting("julia.schneider"), "Approve…") })
	c.signIn(address, "priya.raman", "authenticator")
	c.heading("confirm.nothing")
	c.seesPage("reset.no.frozen.title", "reset.no.frozen.body")
	c.later(time.Minute)
	c.saysFrozen("noor.jansen")

	c.sit("admin", "priya.raman")
	c.lifts("priya.raman", stopped)
	c.until("how many let it go on", stopped+`?.innerText.includes("1 of 2 admins")`)
	c.isTold("lifting", func() { c.on(stopped, "Let resets go on…") })
	c.isTold("frozen", func() { c.on(c.waiting("julia.schneider"), "Approve…") })
	c.untouched()

	c.sit("admin", "oscar.reyes")
	c.lifts("oscar.reyes", stopped)
	c.reads("log-admins", "Resets go on", "Two admins said so")
	c.agree(c.approves("tomasz.wojcik", "julia.schneider"), "tomasz.wojcik")
	c.carriedOut("julia.schneider")
}

// saysFrozen has somebody ask while all resets are stopped.
func (c *refused) saysFrozen(who string) {
	c.t.Helper()
	c.open()
	c.sit("employee", who)
	c.say("employee", "I lost my phone")
	c.press("#log-employee", "My phone is gone")
	say := printer("").Say
	c.reads("log-employee", say("reset.no.frozen.title"), say("reset.no.frozen.body"))
}

// lifts has an admin say by a fresh sign-in that resets may go on.
func (c *refused) lifts(admin, card string) {
	c.t.Helper()
	c.on(card, "Let resets go on…")
	c.agree(c.leads(c.reads("log-admins", "Let resets go on?"), "Sign in and see"), admin)
	c.open()
}
