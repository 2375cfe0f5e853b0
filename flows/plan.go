package flows

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"mfahelp/bot"
	"mfahelp/graph"
)

// A Plan is what is to be done, to whom, and what that takes: all that an
// approval is about, and nothing that depends on how it is shown.
type Plan struct {
	Subject       bot.Identity `json:"subject"`   // whose account it is about
	Requester     bot.Identity `json:"requester"` // who asks
	Class         string       `json:"class"`     // which kind of reset it is: it decides who may approve
	Effects       []Effect     `json:"effects"`   // in the order in which they are done
	Keeps         []string     `json:"keeps"`     // ids of the methods that stay; any other at execution, and it must be approved anew
	Needs         []string     `json:"needs"`     // the proofs it takes, every one of them, such as "callback"
	Approvers     int          `json:"approvers"` // how many different people it takes, at least one
	Reason        string       `json:"reason"`    // why more than the least is asked for; "" if it is not
	PolicyVersion string       `json:"policy"`    // of the rules that it was made by
}

// An Effect is a change to somebody's account, and the leave that it needs.
type Effect struct {
	Key string `json:"key"` // asked for again, it is still done once
	graph.Change
	Approval string `json:"approval"`       // key of the [Request] that it waits for
	Then     string `json:"then,omitempty"` // verb of the job that hears what came of it, about Approval
}

// harmless are the kinds of changes that need no approval: they tell somebody
// something, and change nobody's account.
var harmless = map[graph.ChangeKind]bool{graph.SendMail: true}

// Harmless reports whether e needs no approval, since it changes nobody's account.
func (e Effect) Harmless() bool { return harmless[e.Kind] }

// Check refuses an effect that waits for no approval and is not harmless.
func (e Effect) Check() error {
	if e.Approval == "" && !harmless[e.Kind] {
		return fmt.Errorf("%s without an approval", e.Kind)
	}
	return nil
}

// Has reports whether c is one of the changes that p is about, under whatever
// key: what failed may be asked for again under another. For a request, nothing
// else is done but what a request that was frozen lets as well.
func (p Plan) Has(c graph.Change) bool {
	return slices.ContainsFunc(p.Effects, func(e Effect) bool { return e.Change == c })
}

// Digest identifies p. It is made from the plan and never from a message: the
// same in every language, at any time, and in whatever order effects and needs
// are listed, and another as soon as anything else differs. People are told
// apart as by [bot.Identity.Key]; with somebody unknown in it, a plan has no
// digest and can have no approval.
func (p Plan) Digest() string {
	if !p.Subject.Known() || !p.Requester.Known() {
		return ""
	}
	var list []string
	for _, e := range p.Effects {
		list = append(list, line("effect", e.Key, string(e.Kind), e.User, e.Object, string(e.Method),
			e.Life.String(), strconv.FormatBool(e.Once), e.Mail.Subject, e.Mail.Text, e.Approval, e.Then))
	}
	for _, n := range p.Needs {
		list = append(list, line("need", n))
	}
	for _, k := range p.Keeps {
		list = append(list, line("keeps", k))
	}
	slices.Sort(list)
	list = append(list,
		line("subject", p.Subject.Key()),
		line("requester", p.Requester.Key()),
		line("class", p.Class),
		line("approvers", strconv.Itoa(p.Approvers)),
		line("reason", p.Reason),
		line("policy", p.PolicyVersion))
	sum := sha256.Sum256([]byte(strings.Join(list, "")))
	return hex.EncodeToString(sum[:])
}

// line writes values so that no others are written alike: each is quoted, and
// what they are comes first.
func line(what string, values ...string) string { return fmt.Sprintf("%s %+q\n", what, values) }
