package simulate

import (
	"context"
	"slices"
	"time"

	"mfahelp/bot"
	"mfahelp/flows"
	"mfahelp/graph"
)

// What takes several people in turn, or the very moment between two steps.

// everything has an admin ask for all methods of somebody, who is then called by
// another, and approved by the rest.
func (w *world) everything() {
	who := w.any(admins)
	c, ok := w.presses(who, "reset.for", map[string]string{"want": "all", "reason": "the bag was stolen with all that was in it"})
	if !ok || !w.asked["reset/"+c+"/1"].who.Known() {
		return
	}
	w.Everything++
	w.calls(false)
	for _, p := range admins {
		w.approves(p)
	}
}

// alone has a malicious admin do it all: ask for who is on the phone, say that
// they called, with a code that nobody told them, and approve.
func (w *world) alone() {
	about := w.any(staff)
	e := w.does(kim, channel, bot.Commanded{Name: "mfa-help", Text: "reset " + about.ID + "@contoso.com"})
	w.asked["reset/"+flows.NewKey("web/"+e.ID)+"/1"] = question{kim.Identity, about.Identity, w.at, true}
	w.drain()
	w.presses(kim, "reset.call", nil)
	for range 4 {
		w.presses(kim, "reset.read", map[string]string{"half": w.guess()})
		w.goes(kim)
	}
	w.twice(kim)
}

// guess is a code of six letters that nobody was told.
func (w *world) guess() string {
	const letters = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
	b := make([]byte, 6)
	for i := range b {
		b[i] = letters[w.dice.IntN(len(letters))]
	}
	return string(b)
}

// picksUp has who vouched for somebody leave the pass to them, and tell them the
// code for it; or tell nobody, while somebody with the subject's chat guesses.
func (w *world) picksUp(guess bool) {
	who := mo
	if w.dice.IntN(3) == 0 {
		who = w.any(admins)
	}
	key, ok := w.presses(who, "reset.pick-up", nil)
	if !ok {
		if _, shows := w.presses(who, "reset.show", nil); shows {
			w.goes(who)
		}
		if key, ok = w.presses(who, "reset.pick-up", nil); !ok {
			return
		}
	}
	subject, known := w.somebody(w.asked[key].about)
	code, told := w.flow.Reveal(context.Background(), bot.Reveal{Kind: "reset-pick-up", Subject: key}, who)
	if !told || !known {
		return
	}
	w.secrets[code] = true
	if guess {
		w.Guessed++
		for range 5 {
			w.presses(subject, "reset.enter", map[string]string{"code": w.guess()})
		}
		w.reveal(subject)
		return
	}
	w.entered[key] = true // or what the press leads to would come too early
	w.presses(subject, "reset.enter", map[string]string{"code": code})
	if w.fetches(subject) {
		w.PickedUp++
	}
}

// fetches has somebody look at a pass, and look again when the program has
// perhaps died of it, and is back.
func (w *world) fetches(who bot.Person) bool {
	if w.dice.IntN(3) == 0 {
		w.crash = 1
	}
	first := w.reveal(who)
	w.set(w.at.Add(2 * time.Minute))
	w.drain()
	again := w.reveal(who)
	return first || again
}

func (w *world) somebody(who bot.Identity) (bot.Person, bool) {
	i := slices.IndexFunc(staff, func(p bot.Person) bool { return p.Identity == who })
	if i < 0 {
		return bot.Person{}, false
	}
	return staff[i], true
}

// loses has an approver lose their rights after they approved, while the tenant
// is slow to do it.
func (w *world) loses() {
	was, all := w.faulty, w.tenant.Groups[approverGroup]
	w.faulty = true
	for _, p := range []bot.Person{priya, sam, kim} {
		w.approves(p)
	}
	w.faulty = was
	who := w.any([]bot.Person{priya, sam, kim})
	w.tenant.Groups[approverGroup] = slices.DeleteFunc(slices.Clone(all), func(id string) bool { return id == who.ObjectID })
	w.Revoked++
	w.set(w.at.Add(2 * time.Minute))
	w.drain()
	w.tenant.Groups[approverGroup] = all
}

// otherRules has the program start again with another policy, perhaps right when
// something that was approved by the one before is about to begin.
func (w *world) otherRules() {
	was := w.faulty
	w.faulty = w.dice.IntN(2) == 0
	for _, p := range []bot.Person{priya, sam, kim} {
		w.approves(p)
	}
	w.faulty = was
	w.rules++
	w.need = 1 + w.dice.IntN(2)
	w.Rules++
	w.ok(w.s.Close())
	w.open()
	w.set(w.at.Add(2 * time.Minute))
	w.drain()
}

// regrets has somebody say that it was not them, of what was done already.
func (w *world) regrets() {
	if _, ok := w.presses(w.any(staff), "reset.not-me", nil); ok {
		w.Regrets++
	}
}

// Leave is the flow's. Now and then somebody acts in the very moment after it.
func (w *world) Leave(ctx context.Context, r flows.Request, e flows.Effect, to bot.Person) (flows.Reason, error) {
	why, err := w.flow.Leave(ctx, r, e, to)
	if err == nil && why.Key == "" && !w.between && !w.calm && w.dice.IntN(8) == 0 {
		w.between = true
		w.acts(r)
		w.between = false
	}
	return why, err
}

// acts has an admin stop everything, or the subject this.
func (w *world) acts(r flows.Request) {
	subject, known := w.somebody(r.Subject)
	if w.dice.IntN(2) == 0 || !known {
		w.does(sam, channel, bot.Commanded{Name: "mfa-help", Text: "freeze"})
		w.drain()
		w.stops(sam)
		w.Between++
		return
	}
	for _, verb := range []string{"reset.not-me", "reset.stop"} {
		about := func(a bot.Action) bool { v, key, _ := verbOf(a); return v == verb && key == r.Key }
		if p, a, ok := w.newest(subject, about); ok {
			w.clicks(subject, p, a, nil)
			w.Between++
			return
		}
	}
}

// rest is what is left of somebody by which they can sign in.
func (w *world) rest(user string) (n int) {
	for _, m := range w.tenant.Ways[user] {
		if m.Kind != graph.Password && m.Kind != graph.Pass {
			n++
		}
	}
	return n
}
