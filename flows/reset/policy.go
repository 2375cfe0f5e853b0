package reset

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"mfahelp/bot"
	"mfahelp/flows"
)

// A Policy says who may have which reset, by whose word, and how often. All of
// it is hashed into the plans that are made by it, so that what was approved by
// other rules is void.
type Policy struct {
	Approvers map[Class]Approvers      // who may approve what; a class that is not in it cannot be asked for
	Proofs    map[flows.Asker][]string // what it takes, by who asks: all of them; an asker that is not in it may not ask

	ProverMayApprove bool // whether who called back may approve as well

	Same [][]string // object ids of accounts that are one person's, such as an everyday one and an admin's: they count once

	RequestLife  time.Duration // how long a request waits for its proofs and approvals
	ProofLife    time.Duration // how long a proof counts
	CoolDown     time.Duration // between two resets of one person
	PerRequester int           // how many one person may ask for in a day
	PerHour      int           // how many may be asked for in an hour, in the whole tenant
	Burst        int           // how many requests about one person in a day are a sign of an attack

	ChangeDefault bool // whether the app that writes may change which method is somebody's default

	PassLife time.Duration // of a Temporary Access Pass, within what the tenant allows
	PassOnce bool

	CallField     string        // which field of the directory is called
	CallUnchanged time.Duration // how long it must have been the same
	Settled       time.Duration // how long ago methods, password and contact data must have been changed last
	WithoutRisk   bool          // the tenant has no licence that tells of users at risk

	Watch  time.Duration // how long sign-ins are looked at afterwards
	Remind time.Duration // after which the admins are reminded
	Hours  *Hours        // when somebody is there; nil for always
}

// Approvers are who may approve one class: whoever is in one of the groups, or
// holds one of the roles.
type Approvers struct {
	Groups []string // object ids
	Roles  []string // template ids of directory roles, held and not only to be taken up
	Count  int      // how many different people it takes
}

// Hours are when somebody is there to decide.
type Hours struct {
	Days     []time.Weekday
	From, To time.Duration // since midnight
	Zone     string        // of the IANA database, such as "Europe/Berlin"
	Text     string        // what people read outside of them, as the configuration has it
}

// A Class is a kind of reset.
type Class string

// The classes, the least destructive first.
const (
	OneMethod  Class = "method"      // methods that are named go, others stay
	PassOnly   Class = "pass"        // nothing goes, and a pass lets somebody in for once
	AllMethods Class = "all-methods" // nothing stays
)

// The proofs there are, beside [flows.OtherFactor].
const (
	ByManager  = "manager"
	ByCallBack = "callback"
)

// Check reports what is wrong with p: all that would make a reset that nobody
// has to prove or approve, or that cannot be handed over.
func (p Policy) Check() error {
	var errs []error
	wrong := func(is bool, format string, args ...any) {
		if is {
			errs = append(errs, fmt.Errorf(format, args...))
		}
	}
	wrong(len(p.Approvers) == 0, "nobody may approve anything")
	for class, a := range p.Approvers {
		wrong(!slices.Contains([]Class{OneMethod, PassOnly, AllMethods}, class), "there is no class %q", class)
		wrong(len(a.Groups)+len(a.Roles) == 0, "nobody may approve %q", class)
		wrong(slices.Contains(a.Groups, "") || slices.Contains(a.Roles, ""), "an approver of %q has no id", class)
		wrong(a.Count < 1, "%q takes %d approvers", class, a.Count)
	}
	wrong(len(p.Proofs) == 0, "there is no proof for anybody who asks")
	for as, needs := range p.Proofs {
		wrong(!slices.Contains([]flows.Asker{flows.AsSubject, flows.AsColleague, flows.AsAdmin}, as), "nobody asks as %q", as)
		wrong(len(needs) == 0, "%s need prove nothing", as)
		for i, n := range needs {
			wrong(!slices.Contains([]string{ByManager, ByCallBack, flows.OtherFactor}, n), "there is no proof %q", n)
			wrong(slices.Contains(needs[:i], n), "%s need the proof %q twice", as, n)
			wrong(n == ByCallBack && p.CallField == "", "a call-back with no field to call")
			wrong(n == ByCallBack && p.CallUnchanged <= 0, "a call-back to a number that may have been changed just now")
		}
	}
	for _, d := range []struct {
		what string
		is   time.Duration
	}{
		{"requests", p.RequestLife}, {"proofs", p.ProofLife}, {"the cool-down", p.CoolDown}, {"passes", p.PassLife},
		{"the watch", p.Watch}, {"the reminder", p.Remind}, {"what counts as changed lately", p.Settled},
	} {
		wrong(d.is <= 0, "%s last %v", d.what, d.is)
	}
	ids := map[string]bool{}
	for _, one := range p.Same {
		wrong(len(one) < 2, "one person has %d accounts", len(one))
		for _, id := range one {
			wrong(id == "" || ids[strings.ToLower(id)], "the account %q is one person's twice", id)
			ids[strings.ToLower(id)] = true
		}
	}
	wrong(p.PerRequester < 1 || p.PerHour < 1 || p.Burst < 1, "a limit is below one")
	wrong(p.CallField != "" && !slices.Contains([]string{"businessPhones", "mobilePhone"}, p.CallField), "no field %q can be called", p.CallField)
	if h := p.Hours; h != nil {
		_, err := time.LoadLocation(h.Zone)
		wrong(err != nil || h.To <= h.From || len(h.Days) == 0, "nobody is ever there")
	}
	return errors.Join(errs...)
}

// Version identifies p: another policy has another.
func (p Policy) Version() string {
	b, err := json.Marshal(p) // maps are written in the order of their keys
	if err != nil {
		panic(err) // unreachable: these are plain values
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:8])
}

// mayProveAndApprove reports whether one person may both prove and approve a
// plan with these needs. The word is about who calls back; a manager's yes and
// an approver's yes are always two people's.
func (p Policy) mayProveAndApprove(needs []string) bool {
	return p.ProverMayApprove && !slices.Contains(needs, ByManager)
}

// same reports whether two are one person: by the same account, or by two that the
// policy says belong together. Nobody can tell that of others, who count as two.
func (p Policy) same(a, b bot.Identity) bool {
	if a.Key() == "" || b.Key() == "" {
		return false
	}
	if a.Key() == b.Key() {
		return true
	}
	has := func(one []string, who bot.Identity) bool {
		return slices.ContainsFunc(one, func(id string) bool { return strings.EqualFold(id, who.ObjectID) })
	}
	return strings.EqualFold(a.Tenant, b.Tenant) && slices.ContainsFunc(p.Same, func(one []string) bool { return has(one, a) && has(one, b) })
}

// open reports whether somebody is there at a time.
func (h *Hours) open(at time.Time) bool {
	if h == nil {
		return true
	}
	zone, err := time.LoadLocation(h.Zone)
	if err != nil {
		return true // unreachable: Check has loaded it
	}
	at = at.In(zone)
	since := time.Duration(at.Hour())*time.Hour + time.Duration(at.Minute())*time.Minute
	return slices.Contains(h.Days, at.Weekday()) && since >= h.From && since < h.To
}

// next is the first moment from at on when somebody is there.
func (h *Hours) next(at time.Time) time.Time {
	for step := 0; !h.open(at) && step < 8*24*4; step++ {
		at = at.Truncate(15 * time.Minute).Add(15 * time.Minute)
	}
	return at
}
