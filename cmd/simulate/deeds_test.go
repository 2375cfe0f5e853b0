package simulate

import (
	"context"
	"slices"
	"strings"
	"time"

	"mfahelp/bot"
	"mfahelp/flows"
	"mfahelp/graph"
)

// What people do that takes several steps, and what attackers do.

// newest is the last post that somebody sees with an action that is wanted.
func (w *world) newest(who bot.Person, is func(bot.Action) bool) (bot.Post, bot.Action, bool) {
	for _, key := range slices.Backward(w.order) {
		p := w.posts[key]
		if !slices.ContainsFunc(readers(p), func(r bot.Person) bool { return r.Key() == who.Key() }) {
			continue
		}
		if i := slices.IndexFunc(p.Message.Actions, is); i >= 0 {
			return p, p.Message.Actions[i], true
		}
	}
	return bot.Post{}, nil, false
}

func verbOf(a bot.Action) (verb, subject, key string) {
	switch a := a.(type) {
	case bot.Choose:
		return a.Verb, a.Subject, a.Key
	case bot.Ask:
		return a.Verb, a.Subject, a.Key
	case bot.Open: // leads elsewhere
	}
	return "", "", ""
}

// presses has somebody press the newest button with a verb that they see, fill
// in what they are asked, and reports what it was about.
func (w *world) presses(who bot.Person, verb string, fields map[string]string) (subject string, ok bool) {
	p, a, ok := w.newest(who, func(a bot.Action) bool { v, _, _ := verbOf(a); return v == verb })
	if !ok {
		return "", false
	}
	return w.clicks(who, p, a, fields), true
}

// clicks has somebody press a button, and returns what it was about.
func (w *world) clicks(who bot.Person, p bot.Post, a bot.Action, fields map[string]string) (subject string) {
	verb, subject, key := verbOf(a)
	did := bot.Pressed{Key: key, Fields: fields}
	w.pressing(who, verb, subject)
	w.does(who, p.To, did)
	w.drain()
	w.pressed(who, verb, subject, did)
	return subject
}

// goes has somebody go where their newest link leads, sign in, and agree.
func (w *world) goes(who bot.Person) {
	if _, a, ok := w.newest(who, leads); ok {
		w.yes(a, who)
		w.drain()
	}
}

// approves has somebody press and agree.
func (w *world) approves(who bot.Person) {
	if _, ok := w.presses(who, "reset.approve", nil); ok {
		w.goes(who)
	}
}

// twice has one approver approve again and again, where it takes two.
func (w *world) twice(who bot.Person) {
	w.approves(who)
	w.approves(who)
}

// both has who vouched approve as well.
func (w *world) both() {
	w.goes(mo)
	w.approves(mo)
	w.approves(mo)
}

// late has the approvers agree when the proof is over.
func (w *world) late() {
	for range 3 { // or there is seldom one to vouch for
		w.asks()
	}
	w.goes(mo)
	w.set(w.at.Add(proofLife + time.Duration(w.dice.IntN(40))*time.Minute))
	w.drain()
	for _, p := range []bot.Person{priya, sam, kim} {
		w.approves(p)
	}
}

// freezes has somebody stop all resets, which takes an admin, right when one is
// about to begin and the tenant is slow, and perhaps go on as if nothing were.
func (w *world) freezes() {
	was := w.faulty
	w.faulty = true
	w.approves(priya)
	w.approves(sam)
	who := w.any(staff)
	w.does(who, channel, bot.Commanded{Name: "mfa-help", Text: "freeze"})
	w.drain()
	w.stops(who)
	w.faulty = was
	w.set(w.at.Add(time.Minute))
	w.drain()
	for _, p := range []bot.Person{priya, sam, kim} {
		w.approves(p)
	}
}

// lifts has an admin say that resets may go on: one alone does nothing by it.
func (w *world) lifts() {
	who := w.any(staff)
	if _, ok := w.presses(who, "reset.lift", nil); ok {
		w.goes(who)
	}
}

// calls has an admin call somebody who is on another's phone, hear the code, or
// guess it, and say so.
func (w *world) calls(guess bool) {
	who := w.any(admins)
	key, ok := w.presses(who, "reset.call", nil)
	if !ok {
		return
	}
	q, known := w.asked[key]
	code := "ABC234"
	if !guess && known {
		for _, p := range staff {
			if p.Identity != q.about && p.Identity != q.who || p.Identity == who.Identity {
				continue // nobody else knows it
			}
			if half, ok := w.flow.Reveal(context.Background(), bot.Reveal{Kind: "reset-subject-half", Subject: key}, p); ok {
				code, w.secrets[half], w.heard[key+" "+who.Key()] = half, true, true
			}
		}
		if half, ok := w.flow.Reveal(context.Background(), bot.Reveal{Kind: "reset-admin-half", Subject: key}, who); ok {
			w.secrets[half] = true
		}
	}
	if read, ok := w.presses(who, "reset.read", map[string]string{"half": code}); ok && read == key {
		if w.heard[key+" "+who.Key()] {
			w.Called++
		}
		w.goes(who)
		w.approves(who) // which who called may not
	}
}

// reads has the manager follow the link in the last mail that she has.
func (w *world) reads() {
	for _, c := range slices.Backward(w.tenant.Written) {
		if c.Kind != graph.SendMail || c.User != mo.ObjectID {
			continue
		}
		if _, rest, ok := strings.Cut(c.Mail.Text, "/go/"); ok {
			w.Mailed++
			w.yes(bot.Open{URL: "/go/" + strings.Fields(rest)[0]}, mo)
		}
		return
	}
}

// asks has somebody ask: for themselves, for a colleague, or, as an admin in the
// channel, for who is on the phone.
func (w *world) asks() {
	who, about := w.any(staff), w.any(staff)
	in := dm(who)
	switch w.dice.IntN(4) {
	case 0, 1:
		about = who
	case 2:
		who, in = w.any(admins), channel
	}
	w.Asked++
	e := w.does(who, in, bot.Commanded{Name: "mfa-help", Text: "reset " + about.ID + "@contoso.com"})
	w.asked["reset/"+flows.NewKey("web/"+e.ID)+"/1"] = question{who.Identity, about.Identity, w.at, in == channel}
	w.drain() // before the clock moves: it is in time from the moment in which it is heard
}
