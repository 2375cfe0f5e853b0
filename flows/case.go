package flows

import (
	"crypto/sha256"
	"encoding/base32"
	"errors"
	"slices"
	"strings"
	"time"

	"mfahelp/bot"
	"mfahelp/flows/diagnose"
	"mfahelp/graph"
	"mfahelp/graph/aadsts"
)

// Why a case is not to be had.
var (
	ErrNoCase   = errors.New("no such case")
	ErrNotAdmin = errors.New("not an admin")
)

// A Case is one person's trouble, from the first word to the last. The flows
// share it; each moves it through its own states.
type Case struct {
	Key       string       `json:"key"`
	Subject   bot.Identity `json:"subject"`   // whose account it is; zero while that is not known
	Requester bot.Person   `json:"requester"` // who asks: the subject, or an admin for somebody on the phone
	In        bot.Place    `json:"in"`        // where the requester is answered
	Opened    time.Time    `json:"opened"`
	Changed   time.Time    `json:"changed"`
	State     State        `json:"state"`
	Version   int          `json:"version"` // as it was read; if another answer came first, the event is handled again

	Report  aadsts.Report `json:"report"`            // what was pasted: a hint where to look, never proof
	Looked  Looked        `json:"looked,omitzero"`   // what Graph said about it
	Choices []Choice      `json:"choices,omitempty"` // between which the requester was asked
	NotMe   bool          `json:"not_me,omitempty"`  // the requester says that the sign-in was not theirs
	Tried   []string      `json:"tried,omitempty"`   // keys of the steps that were advised
	Words   string        `json:"words,omitempty"`   // what the requester added for the admins
	Wish    string        `json:"wish,omitempty"`    // the verb of the button whose name the requester wrote before there was one
	Files   []bot.File    `json:"files,omitempty"`   // what they sent along, the newest last; nothing has read it

	Escalated time.Time  `json:"escalated,omitzero"` // when it went to the admins
	Alarm     bool       `json:"alarm,omitempty"`    // a security matter, of which the requester is told nothing
	Owner     bot.Person `json:"owner,omitzero"`     // the admin who took it
	Outcome   string     `json:"outcome,omitempty"`  // how it was settled: the key of a sentence
}

// A State is where a case stands.
type State string

// The states. A case that is settled can be reopened by an admin.
const (
	Looking    State = "looking"    // Graph is being asked, or will be
	Asked      State = "asked"      // the requester was asked something
	Answered   State = "answered"   // the requester has an answer to try
	WithAdmins State = "admins"     // the admins have it
	Settled    State = "settled"    // nothing more will happen
	Superseded State = "superseded" // its requester asked about something else; settled as well
)

// Open reports whether something may still happen.
func (s State) Open() bool { return s != Settled && s != Superseded }

// Looked is what Graph said about a case, and how often it was asked.
type Looked struct {
	Tries   int            `json:"tries,omitempty"`
	Next    time.Time      `json:"next,omitzero"` // when it will be asked again; zero if it will not
	Wait    graph.Wait     `json:"wait,omitempty"`
	Failed  string         `json:"failed,omitempty"` // why there is no answer at all: "forbidden", "no licence", …
	SignIn  *graph.SignIn  `json:"sign_in,omitempty"`
	Nearby  []graph.SignIn `json:"nearby,omitempty"`
	By      graph.Clue     `json:"by,omitempty"`
	Others  int            `json:"others,omitempty"` // how many more fit, where the newest was taken without asking
	Expired bool           `json:"expired,omitempty"`
	Partial bool           `json:"partial,omitempty"`
	User    *graph.User    `json:"user,omitempty"`    // whose account it is; nil if the directory did not say
	Methods []graph.Method `json:"methods,omitempty"` // with Known false, not asked or not told
	Known   bool           `json:"known,omitempty"`   // whether Methods is what the directory said
	Sole    bool           `json:"sole,omitempty"`    // the only Global Administrator
}

// A Choice is one of several sign-ins that fit what was pasted.
type Choice struct {
	SignIn graph.SignIn   `json:"sign_in"`
	Nearby []graph.SignIn `json:"nearby,omitempty"`
}

// AskedBy reports whether p asked c in a chat of their own. What an admin opened
// for somebody on the phone is the admins': nobody is told of it elsewhere.
func (c Case) AskedBy(p bot.Person) bool {
	theirs := c.Requester.Platform == p.Platform && c.Requester.ID == p.ID || p.Known() && c.Requester.Key() == p.Key()
	return theirs && c.In.Audience.One()
}

// SaysOver reports whether c is a security matter of which its requester says
// that it is over. To them it is: what they write then is answered as if it were.
func (c Case) SaysOver() bool { return c.State == WithAdmins && c.Outcome != "" }

// Shown is the state of c as its requester sees it.
func (c Case) Shown() State {
	if c.SaysOver() {
		return Settled
	}
	return c.State
}

// mostFiles is how many files of a case are kept in mind.
const mostFiles = 20

// WithFiles is c with what its requester sent along just now.
func (c Case) WithFiles(more []bot.File) Case {
	all := slices.Concat(c.Files, more)
	c.Files = all[max(0, len(all)-mostFiles):]
	return c
}

// Facts is what the diagnosis of c rests on.
func (c Case) Facts(now time.Time) diagnose.Facts {
	f := diagnose.Facts{
		Report: c.Report, SignIn: c.Looked.SignIn, Nearby: c.Looked.Nearby, User: c.Looked.User,
		SoleGlobalAdmin: c.Looked.Sole, NotMe: c.NotMe, Expired: c.Looked.Expired, Now: now,
	}
	if c.Looked.Known {
		f.Methods = append([]graph.Method{}, c.Looked.Methods...)
	}
	return f
}

// Post is the key of a post about c, such as "reply" or "admins".
func (c Case) Post(which string) string { return "case/" + c.Key + "/" + which }

// CaseOf returns the key of the case that a post is about, by the post's own
// key, or "" if it is about none.
func CaseOf(post string) string {
	rest, ok := strings.CutPrefix(post, "case/")
	key, _, also := strings.Cut(rest, "/")
	if !ok || !also {
		return ""
	}
	return key
}

// NewKey is the key of the case that an event opens. It is short enough to be
// read out over the phone, and the same if the event is handled again. It is no
// secret: whoever has it may do nothing by it.
func NewKey(event string) string {
	sum := sha256.Sum256([]byte(event))
	s := keyAlphabet.EncodeToString(sum[:5])
	return s[:4] + "-" + s[4:]
}

// keyAlphabet leaves out what is read wrong: 0 and O, 1 and I.
var keyAlphabet = base32.NewEncoding("ABCDEFGHJKLMNPQRSTUVWXYZ23456789").WithPadding(base32.NoPadding)
