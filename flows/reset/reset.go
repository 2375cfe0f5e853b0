package reset

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"mfahelp/bot"
	"mfahelp/flows"
	"mfahelp/graph"
	"mfahelp/words"
)

// A Directory tells who somebody is, now. Whatever is decided by its word is
// asked again when it is done.
type Directory interface {
	// User takes an object id or a user principal name.
	User(ctx context.Context, id string) (graph.User, error)
	// Roles are those held, to be taken up, or had through a group.
	Roles(ctx context.Context, id string) ([]graph.Role, error)
	Methods(ctx context.Context, id string) ([]graph.Method, error)
	// GlobalAdmins are the object ids of all who are, or may become, one.
	GlobalAdmins(ctx context.Context) ([]string, error)
	// InGroups returns those of the groups that somebody is in, through others too.
	InGroups(ctx context.Context, id string, groups []string) ([]string, error)
	// Manager returns [graph.ErrNotFound] for who has none.
	Manager(ctx context.Context, id string) (graph.User, error)
	// Contact is a telephone number, masked.
	Contact(ctx context.Context, id, field string) (graph.ContactField, error)
	Risk(ctx context.Context, id string) (graph.Risk, error)
	PassPolicy(ctx context.Context) (graph.PassPolicy, error)
}

// Changes are what the directory's own audit log says was changed of somebody.
// The error is a [*graph.Later] if the answer must wait.
type Changes interface {
	Changes(ctx context.Context, user string, since time.Time) (graph.Events, error)
}

// SignIns are all that somebody did since a time, newest first. The error is a
// [*graph.Later] if the answer must wait.
type SignIns interface {
	Lately(ctx context.Context, user string, since time.Time) (graph.Found, error)
	// History has with it what was changed of them, and is read at after or
	// later. Asked again after a [*graph.Later], it goes on where it was cut
	// short; asked again within seconds, it is the same.
	History(ctx context.Context, user string, since, after time.Time) (graph.History, error)
}

// A Trail is the audit log, of which the admins are shown the end once a day.
type Trail interface {
	// Head returns how many entries there are, and a signature over them all.
	Head(ctx context.Context) (entries int64, signature string, err error)
}

// Options are what the flow needs.
type Options struct {
	Policy    Policy
	Tenant    string // its id; people of another count for nothing
	Directory Directory
	Changes   Changes
	SignIns   SignIns
	Requests  flows.Requests
	Cases     flows.Cases
	Admins    flows.Admins
	Ledger    flows.Ledger
	Reach     []bot.Reacher // each platform on which somebody may be told something
	Codes     Codes
	Words     func(locale string) *words.Printer
	Channel   bot.Place // the admins' channel
	Locale    string    // its language
	Mail      bool      // whether there is a mailbox to write from
	Page      func(link string) string
	Token     func() string // a random one, for a link
	Self      []string      // client ids by which the directory's audit log knows our own changes
	Trail     Trail         // nil for none
	Now       func() time.Time
}

// Flow carries resets from the question to the end.
type Flow struct {
	Options
	version string // of the policy
}

// New returns the flow, or what is wrong with its policy.
func New(o Options) (*Flow, error) {
	if err := o.Policy.Check(); err != nil {
		return nil, fmt.Errorf("the policy for resets: %w", err)
	}
	return &Flow{o, o.Policy.Version()}, nil
}

// Named is the flow as a router wants it.
func (f *Flow) Named() flows.Named { return flows.Named{Name: name, Flow: f, Late: f.Late} }

// name is what the verbs of the flow begin with.
const name = "reset"

// Match takes every yes and every no from our own page, and the commands about resets.
func (f *Flow) Match(e bot.Event) bool {
	switch d := e.Did.(type) {
	case bot.SignedIn, bot.Ended:
		return true
	case bot.Commanded:
		word, _, _ := strings.Cut(strings.TrimSpace(d.Text), " ")
		return strings.EqualFold(word, name) || f.inChannel(e.In) && strings.EqualFold(word, "freeze")
	case bot.Said, bot.Pressed, bot.Marked, bot.OpenedHome:
	}
	return false
}

func (f *Flow) inChannel(in bot.Place) bool {
	return f.Channel.Platform != "" && in.Platform == f.Channel.Platform && in.ID == f.Channel.ID
}

// Handle answers a yes, a no, or a command.
func (f *Flow) Handle(ctx context.Context, e bot.Event) (flows.Answer, error) {
	switch d := e.Did.(type) {
	case bot.SignedIn:
		return f.signedIn(ctx, e, d)
	case bot.Ended:
		return f.endedByMail(ctx, e, d)
	case bot.Commanded:
		word, rest, _ := strings.Cut(strings.TrimSpace(d.Text), " ")
		if strings.EqualFold(word, "freeze") {
			return f.freeze(ctx, e)
		}
		return f.command(ctx, e, strings.TrimSpace(rest))
	case bot.Said, bot.Pressed, bot.Marked, bot.OpenedHome: // never matched
	}
	return flows.Answer{}, nil
}

// Press answers a press. The subject of an offer is a request's key, but where
// one is only asked for: there it is that of the case.
func (f *Flow) Press(ctx context.Context, e bot.Event, o flows.Offer) (flows.Answer, error) {
	switch o.Verb {
	case "reset.gone":
		return f.byPress(ctx, e, o.Subject, wantGone)
	case "reset.new":
		return f.byPress(ctx, e, o.Subject, wantNew)
	case "reset.for":
		return f.byAdmin(ctx, e, o.Subject)
	case "reset.freeze":
		return f.freeze(ctx, e)
	case "reset.lift":
		return f.lift(ctx, e)
	}
	key, rest, _ := strings.Cut(o.Subject, "#")
	r, c, err := f.load(ctx, key)
	if err != nil {
		return flows.Answer{}, err
	}
	do, ok := presses[o.Verb]
	if !ok {
		return flows.Answer{}, fmt.Errorf("reset knows no verb %q", o.Verb)
	}
	return do(f, ctx, press{e, r, c, rest, e.Did.(bot.Pressed).Fields}) // the router presses nothing else
}

// A press is one of a button about a request.
type press struct {
	e      bot.Event
	r      flows.Request
	c      flows.Case
	rest   string // what the button said besides
	fields map[string]string
}

var presses = map[string]func(*Flow, context.Context, press) (flows.Answer, error){
	"reset.which":   (*Flow).which,
	"reset.stop":    (*Flow).stop,
	"reset.call":    (*Flow).call,
	"reset.read":    (*Flow).read,
	"reset.half":    (*Flow).half,
	"reset.factor":  (*Flow).factor,
	"reset.approve": (*Flow).approve,
	"reset.deny":    (*Flow).deny,
	"reset.retry":   (*Flow).retry,
	"reset.show":    (*Flow).showPass,
	"reset.reveal":  (*Flow).reveal,
	"reset.pick-up": (*Flow).pickUp,
	"reset.enter":   (*Flow).enter,
	"reset.not-me":  (*Flow).notMe,
}

// Resume does a job about a request.
func (f *Flow) Resume(ctx context.Context, j flows.Job) (flows.Answer, error) {
	switch j.Verb {
	case "reset.head":
		return f.head(ctx)
	case "reset.frozen":
		return f.sayFrozen(ctx)
	case "reset.gone":
		return f.byWord(ctx, j, wantGone)
	case "reset.new":
		return f.byWord(ctx, j, wantNew)
	}
	r, c, err := f.load(ctx, j.Subject)
	if errors.Is(err, flows.ErrNoRequest) {
		return flows.Answer{}, nil
	}
	if err != nil {
		return flows.Answer{}, err
	}
	switch j.Verb {
	case "reset.check":
		return f.check(ctx, r, c)
	case "reset.expire":
		return f.expire(ctx, r, c)
	case "reset.remind":
		return f.remind(ctx, r, c)
	case "reset.lapse":
		return f.lapse(ctx, r, c)
	case "reset.done":
		return f.done(ctx, r, c)
	case "reset.pass":
		return f.passEnds(ctx, r, c)
	case "reset.watch":
		return f.watch(ctx, r, c)
	}
	return flows.Answer{}, fmt.Errorf("reset knows no job %q", j.Verb)
}

// load reads a request and its case.
func (f *Flow) load(ctx context.Context, key string) (flows.Request, flows.Case, error) {
	r, err := f.Requests.Request(ctx, key)
	if err != nil {
		return r, flows.Case{}, fmt.Errorf("reading request %s: %w", key, err)
	}
	c, err := f.Cases.Case(ctx, r.Case)
	if err != nil {
		return r, c, fmt.Errorf("reading the case of request %s: %w", key, err)
	}
	return r, c, nil
}

// Start is what there is to do once, when the program starts: the policy is put
// on record, by its hash; what was asked by another is looked at again, since
// what was said to it is void; and the end of the audit trail is shown daily.
func (f *Flow) Start(ctx context.Context) (flows.Answer, error) {
	now := f.Now()
	a := flows.Answer{Audit: []flows.Entry{{
		Key: "reset.policy/" + f.version + "/" + now.UTC().Format(time.RFC3339Nano), At: now, Verb: "reset.policy", Object: f.version, Result: "done",
	}}}
	if f.Trail != nil {
		a.Jobs = []flows.Job{{Key: "reset/head", At: now, Verb: "reset.head"}}
	}
	all, err := f.Requests.By(ctx, bot.Identity{}, now.Add(-30*day))
	if err != nil {
		return a, fmt.Errorf("reading what is asked: %w", err)
	}
	for _, r := range all {
		if r.PolicyVersion != f.version && (r.State == flows.ResetAsked || r.State == flows.ResetProven) {
			c, err := f.Cases.Case(ctx, r.Case)
			if err != nil {
				return a, fmt.Errorf("reading the case of request %s: %w", r.Key, err)
			}
			back, err := f.sendBack(ctx, r, c, "reset.leave.policy")
			if err != nil {
				return a, err
			}
			a = a.And(back)
		}
	}
	return a, nil
}

// head shows the admins the end of the audit trail, so that nobody can cut it
// off, or begin another, without somebody outside having the older one.
func (f *Flow) head(ctx context.Context) (flows.Answer, error) {
	if f.Trail == nil {
		return flows.Answer{}, nil
	}
	n, signature, err := f.Trail.Head(ctx)
	if err != nil {
		return flows.Answer{}, fmt.Errorf("reading the end of the audit trail: %w", err)
	}
	now, p := f.Now(), f.printer()
	a := flows.Answer{Jobs: []flows.Job{{Key: "reset/head", At: now.Add(24 * time.Hour), Verb: "reset.head"}}}
	if f.Channel.Platform != "" {
		a.Posts = []bot.Post{{To: f.Channel, Key: "reset/head/" + now.UTC().Format(time.DateOnly), Message: bot.Message{
			Title: p.Say("reset.head.title"), Status: bot.Info,
			Body: []bot.Block{
				flows.Say(p, "reset.head.body", bot.Strong(fmt.Sprint(n)), bot.Time{At: now}),
				bot.Note{bot.Code(signature)},
			},
		}}}
	}
	return a, nil
}

// Late tells who pressed too late how the request now stands, so that of two who
// decide at once the second hears who was first.
func (f *Flow) Late(ctx context.Context, e bot.Event, o flows.Offer) (flows.Answer, error) {
	key, _, _ := strings.Cut(o.Subject, "#")
	r, err := f.Requests.Request(ctx, key)
	if err != nil || !f.inChannel(e.In) {
		return flows.Answer{}, nil // the router says that it is over
	}
	if ok, err := f.Admins.Admin(ctx, e.From.Identity); err != nil || !ok {
		return f.no(e, "not-admin"), err
	}
	p := f.printer()
	return f.whisper(e, "late", bot.Message{
		Title: p.Say("reset.late.title"), Status: bot.Info, Body: []bot.Block{state(p, r), flows.Say(p, "reset.late.body"), never(p)},
	}), nil
}

// whisper tells one person, among the others, something that is about what they
// just did.
func (f *Flow) whisper(e bot.Event, key string, m bot.Message) flows.Answer {
	to := e.In
	if !to.Audience.One() {
		to.Audience, to.Reader = bot.Ephemeral, e.From.ID
	}
	return flows.Answer{Posts: []bot.Post{{To: to, Reply: e.Reply, Key: "whisper/" + e.From.Platform + "/" + e.From.ID + "/" + e.ID + "/" + key, Message: m}}}
}

// no tells who acted why nothing was done, in its own sentence for each reason.
func (f *Flow) no(e bot.Event, why string, gaps ...bot.Span) flows.Answer {
	return f.whisper(e, "no", refused(f.theirs(e), why, gaps...))
}

func refused(p *words.Printer, why string, gaps ...bot.Span) bot.Message {
	return bot.Message{
		Title: p.Say("reset.no." + why + ".title"), Status: bot.Problem,
		Body: []bot.Block{flows.Say(p, "reset.no."+why+".body", gaps...), never(p)},
	}
}

// theirs is the language of who acts: in the channel it is the channel's.
func (f *Flow) theirs(e bot.Event) *words.Printer {
	if f.inChannel(e.In) {
		return f.printer()
	}
	return f.Words(e.From.Locale)
}

func (f *Flow) printer() *words.Printer { return f.Words(f.Locale) }

// entry is a line on record about r. Its key has r's version, so that the same
// step handled again is one line, and the next one another.
func (f *Flow) entry(by bot.Identity, verb string, r flows.Request, object, result string) flows.Entry {
	return flows.Entry{
		Key: fmt.Sprintf("%s/%s/%d/%s", verb, r.Key, r.Version, object), At: f.Now(), By: by,
		Case: r.Case, Verb: verb, Object: r.Key, Result: result,
	}
}

// postOf is the key of a post about r.
func postOf(r flows.Request, which string) string {
	return "case/" + r.Case + "/" + r.Key + "/" + which
}

// jobOf asks for a job about r; at the zero time it is called off.
func jobOf(r flows.Request, what string, at time.Time) flows.Job {
	return flows.Job{Key: r.Key + "/" + what, At: at, Verb: name + "." + what, Subject: r.Key}
}

// inThread is a post in the thread of r's case.
func (f *Flow) inThread(r flows.Request, which string, m bot.Message) bot.Post {
	return bot.Post{To: f.Channel, Key: postOf(r, which), Under: "case/" + r.Case + "/admins", Message: m}
}

// line is one line in the thread. It has the version in its key: each step has
// its own.
func (f *Flow) line(r flows.Request, status bot.Status, key string, gaps ...bot.Span) bot.Post {
	p := f.printer()
	return f.inThread(r, fmt.Sprintf("line/%s/%d", key, r.Version), bot.Message{
		Title: p.Say(key, nameOr(p, r.Account.Name)), Status: status, Body: []bot.Block{flows.Say(p, key+".body", gaps...)},
	})
}
