package simulate

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"mfahelp/bot"
	"mfahelp/flows"
	"mfahelp/flows/flowstest"
	"mfahelp/graph"
)

// The times of the policy, as the oracle has them from the policy's words.
const (
	proofLife   = time.Hour
	requestLife = 4 * time.Hour
	handOver    = 15 * time.Minute
)

// An oracle keeps its own books of what people really did, and judges by them
// each line of the tenant's log of writes. It never asks what the flow, or the
// store, thinks of a request: no verdict, no state, no proof and no decision that
// is on record. Of the record it takes only what somebody was shown: the plan
// that they said yes to, by its digest.
type oracle struct {
	asked   map[string]question   // by the request's key
	yeses   []yes                 // genuine ones alone
	plans   map[string]flows.Plan // by digest
	heard   map[string]bool       // request and caller: the caller was told the other half of the code
	stopped map[string]bool       // requests to which somebody said no who may
	notMe   map[string]bool       // requests of which the subject said that it was not them
	offered map[string]bool       // requests whose pass was left to the subject
	passes  map[string]string     // whose is each pass that the tenant made
	frozen  bool                  // an admin stopped all, and no two let it go on
	lifting map[string]bool       // who said that it may
	entered map[string]bool       // requests whose subject was told the code to pick the pass up
	begun   map[string]bool       // requests of which something was written
	ends    map[string]time.Time  // when sessions have to end at the earliest, of whom
	ended   map[string]time.Time  // when they did last, of whom
	tries   map[string]int        // how often the tenant was told to do what may be done once, by its key on record
	rules   int                   // how many policies there were before
	judged  int                   // lines of the tenant's log
	secrets map[string]bool       // halves and codes that people were told
}

// A question is what somebody asked for.
type question struct {
	who, about bot.Identity
	at         time.Time
	byPhone    bool // an admin, for somebody on the phone
}

// A yes was said on our page by who they are, freshly signed in, to what was shown.
type yes struct {
	verb, request, digest string
	by                    bot.Identity
	at                    time.Time
	entitled              bool // they were in the group of those who approve
	rules                 int  // by which it was decided
}

func newOracle() *oracle {
	return &oracle{
		asked: map[string]question{}, plans: map[string]flows.Plan{}, heard: map[string]bool{}, stopped: map[string]bool{}, notMe: map[string]bool{},
		offered: map[string]bool{}, passes: map[string]string{}, lifting: map[string]bool{}, secrets: map[string]bool{},
		entered: map[string]bool{}, begun: map[string]bool{}, ends: map[string]time.Time{}, ended: map[string]time.Time{}, tries: map[string]int{},
	}
}

// agreed notes a genuine yes, right before it is said.
func (w *world) agreed(link, digest string, by bot.Identity) {
	l, ok, err := w.s.Link(context.Background(), link)
	w.ok(err)
	if !ok {
		return
	}
	if l.Verb == "reset.lift" {
		if w.lifting[by.Key()] = true; len(w.lifting) > 1 {
			w.frozen = false
		}
		return
	}
	r, err := w.s.Request(context.Background(), l.Subject)
	w.ok(err)
	w.plans[digest] = r.Plan
	w.yeses = append(w.yeses, yes{l.Verb, l.Subject, digest, by, w.at, slices.Contains(w.tenant.Groups[approverGroup], by.ObjectID), w.rules})
}

// judge holds what the tenant has written since to the books.
func (w *world) judge() {
	for ; w.judged < len(w.tenant.Written); w.judged++ {
		c := w.tenant.Written[w.judged]
		if c.Kind == graph.RevokeSessions {
			w.ended[c.User] = w.at
		}
		if why := w.against(c); why != "" {
			w.wrong("%s %s of %s: %s", c.Kind, c.Object, c.User, why)
		}
	}
}

// against is what is to be said against a change; "" if it was right.
func (w *world) against(c graph.Change) string {
	switch c.Kind {
	case graph.SendMail:
		return w.againstMail(c)
	case graph.DeletePass:
		if w.passes[c.Object] != c.User {
			return "no pass of ours"
		}
		return ""
	case graph.RevokeSessions, graph.DeleteMethod, graph.CreatePass, graph.ChangeDefault:
	}
	why := "nobody asked for it"
	for key, q := range w.asked {
		if q.about.ObjectID != c.User {
			continue
		}
		if c.Kind == graph.RevokeSessions && w.notMe[key] {
			return ""
		}
		reason := w.lacks(key, q, c)
		if reason == "" {
			w.begun[key] = true
			return ""
		}
		if why == "nobody asked for it" || reason < why { // the same one in each run
			why = reason
		}
	}
	return why
}

func (w *world) againstMail(c graph.Change) string {
	text := c.Mail.Subject + c.Mail.Text
	if w.tells(text) {
		return "a secret is in a mail"
	}
	for _, q := range w.asked {
		if c.User == q.about.ObjectID || c.User == w.tenant.Managers[q.about.ObjectID] {
			return ""
		}
	}
	return "nobody asked for anything about them"
}

// lacks is what a request lacked, by the books, for c to be done now.
func (w *world) lacks(key string, q question, c graph.Change) string {
	switch {
	case w.frozen:
		return "resets are stopped"
	case w.stopped[key] || w.notMe[key]:
		return "somebody said no who may"
	case !w.at.Before(q.at.Add(requestLife)):
		return "it is over"
	}
	why := "nobody vouched for them"
	for digest, plan := range w.plans {
		if !plan.Has(c) {
			continue
		}
		for _, p := range w.yeses {
			if p.request != key || p.digest != digest || p.rules != w.rules || !w.vouches(p, q) {
				continue
			}
			var reason string
			need := w.need
			if plan.Class == "all-methods" {
				need = max(need, 2)
			}
			switch n := w.approvals(p, q); {
			case n < need:
				reason = fmt.Sprintf("%d approved it in time, of %d", n, need)
			case c.Kind == graph.DeleteMethod && w.rest(c.User) == 0 && !brings(plan, graph.CreatePass):
				reason = "a password alone is left, and no pass comes"
			default:
				return ""
			}
			why = min(why, reason)
		}
	}
	return why
}

func brings(p flows.Plan, k graph.ChangeKind) bool {
	return slices.ContainsFunc(p.Effects, func(e flows.Effect) bool { return e.Kind == k })
}

// vouches reports whether p is a proof for q: by the manager, or where somebody
// was on the phone, by another admin who called and heard the code.
func (w *world) vouches(p yes, q question) bool {
	if p.by == q.who || p.by == q.about {
		return false
	}
	if q.byPhone {
		return p.verb == "reset.call" && w.heard[p.request+" "+p.by.Key()] && w.isAdmin(p.by)
	}
	return p.verb == "reset.manager" && p.by.ObjectID == w.tenant.Managers[q.about.ObjectID]
}

// approvals is how many people approved what p vouched for, other than who
// asked, vouched, or is concerned, each entitled then and now, the last that it
// takes while p was in time.
func (w *world) approvals(p yes, q question) int {
	first := map[string]time.Time{}
	for _, y := range w.yeses {
		if y.verb != "reset.approve" || y.request != p.request || y.digest != p.digest || y.rules != p.rules || !y.entitled || y.by == p.by || y.by == q.who || y.by == q.about ||
			!slices.Contains(w.tenant.Groups[approverGroup], y.by.ObjectID) {
			continue
		}
		if _, known := first[y.by.Key()]; !known {
			first[y.by.Key()] = y.at
		}
	}
	n, inTime := 0, false
	for _, at := range first {
		if at.Before(p.at.Add(proofLife)) {
			n++
			inTime = inTime || !at.Before(p.at)
		}
	}
	if !inTime {
		return 0
	}
	return n
}

// mayHold reports whether somebody may be shown a pass: who vouched and signed in
// just now for this, or the subject, where such a one left it to them.
func (w *world) mayHold(key string, who bot.Identity) bool {
	q, ok := w.asked[key]
	if !ok {
		return false
	}
	for _, y := range w.yeses {
		vouched := slices.ContainsFunc(w.yeses, func(p yes) bool { return p.request == key && p.by == y.by && w.vouches(p, q) })
		if y.request == key && y.verb == "reset.show" && vouched && w.at.Sub(y.at) <= handOver && (y.by == who || w.offered[key] && w.entered[key] && who == q.about) {
			return true
		}
	}
	return false
}

// pressing notes what a press lets begin at once, before it is handled: that it
// was not them, which a no says as well when it was approved.
func (w *world) pressing(who bot.Person, verb, subject string) {
	key, _, _ := strings.Cut(subject, "#")
	if verb == "reset.not-me" || verb == "reset.stop" && w.approvedByAny(key) {
		q := w.asked[key]
		w.notMe[key] = w.notMe[key] || who.Identity == q.about
		if _, known := w.ends[q.about.ObjectID]; w.notMe[key] && w.begun[key] && !known {
			w.ends[q.about.ObjectID] = w.at
		}
	}
}

// pressed notes what a press meant. It is called when the press was handled.
func (w *world) pressed(who bot.Person, verb, subject string, did bot.Pressed) {
	key, _, _ := strings.Cut(subject, "#")
	q := w.asked[key]
	switch verb {
	case "reset.stop":
		w.stopped[key] = w.stopped[key] || who.Identity == q.about
	case "reset.deny":
		w.stopped[key] = w.stopped[key] || did.Fields["reason"] != "" && w.isAdmin(who.Identity) && !w.approvedByAny(key)
	case "reset.freeze":
		w.stops(who)
	case "reset.for":
		w.wants(who, key)
	case "reset.pick-up":
		w.offered[key] = w.offered[key] || w.mayHold(key, who.Identity)
	}
}

// stops notes that an admin stopped all resets.
func (w *world) stops(who bot.Person) {
	if w.isAdmin(who.Identity) && !w.frozen {
		w.Frozen++
		w.frozen, w.lifting = true, map[string]bool{}
	}
}

// wants notes that an admin asked for one more in a case that is there.
func (w *world) wants(who bot.Person, c string) {
	n := 1
	for ; w.asked[fmt.Sprintf("reset/%s/%d", c, n)].who.Known(); n++ {
	}
	key := fmt.Sprintf("reset/%s/%d", c, n)
	if _, err := w.s.Request(context.Background(), key); err == nil && n > 1 {
		w.asked[key] = question{who.Identity, w.asked["reset/"+c+"/1"].about, w.at, true}
	}
}

func (w *world) approvedByAny(key string) bool {
	return slices.ContainsFunc(w.yeses, func(y yes) bool { return y.request == key && y.verb == "reset.approve" })
}

func (w *world) isAdmin(who bot.Identity) bool {
	return slices.ContainsFunc(admins, func(p bot.Person) bool { return p.Identity == who })
}

// once counts what the tenant is about to do, and may do once, under the key of
// the effect on record: its intent is the last line there.
func (w *world) once(c graph.Change) {
	if c.Kind != graph.SendMail && c.Kind != graph.CreatePass {
		return
	}
	head, err := w.s.Head(context.Background())
	w.ok(err)
	lines, err := w.s.Trail(context.Background(), head.Seq-1, 1)
	w.ok(err)
	if len(lines) != 1 || lines[0].Verb != "effect.intent" || lines[0].Object != string(c.Kind)+" "+c.User {
		w.wrong("%s of %s without an intent right before it: %+v", c.Kind, c.User, lines)
		return
	}
	key := lines[0].Key[:strings.LastIndex(strings.TrimSuffix(lines[0].Key, "/intent"), "/")]
	if w.tries[key]++; w.tries[key] > 1 {
		w.wrong("%s was done %d times", key, w.tries[key])
	}
}

// strange reports whether a post tells its reader of somebody's account that is
// none of their business: of those who are no admins, each knows of their own.
func (w *world) strange(p bot.Post, text string) string {
	for _, who := range readers(p) {
		for _, about := range staff {
			if who.Key() != about.Key() && !w.isAdmin(who.Identity) && strings.Contains(text, phoneOf(about)) {
				return who.ID + " reads of the phone of " + about.ID
			}
		}
	}
	return ""
}

// tells reports whether a text has a secret in it: the beginning of any pass, or
// a code that somebody was to tell by voice.
func (w *world) tells(text string) bool {
	if strings.Contains(text, flowstest.Canary) {
		return true
	}
	for s := range w.secrets {
		if strings.Contains(text, s) {
			return true
		}
	}
	return false
}

// searchFiles looks for passes in all that is on disk: the rows, the journal
// beside them, and whatever else is there.
func (w *world) searchFiles() {
	files, err := filepath.Glob(filepath.Join(w.dir, "*"))
	w.ok(err)
	for _, f := range files {
		b, err := os.ReadFile(f)
		w.ok(err)
		if bytes.Contains(b, []byte(flowstest.Canary)) {
			w.wrong("a pass is in %s", filepath.Base(f))
		}
	}
}
