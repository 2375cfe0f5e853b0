package config

import (
	"fmt"
	"net/mail"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
)

// A SignIn is the app registration that people sign in to on our own page, and
// what of a sign-in is strong enough.
type SignIn struct {
	ClientID   string     // that of the tenant, unless the file names another
	Credential Credential // likewise
	Context    string     // an authentication context, such as "c1"; "" if tokens say "amr"
}

// Resets is the policy by which MFA resets are asked for, approved and done.
// They are off, and On is false, if the file does not have it.
type Resets struct {
	On     bool
	Writer Writer

	Approvers []Approvers
	Proofs    Proofs

	RequestLife      time.Duration // how long a request waits for its proofs and approvals
	ProofLife        time.Duration
	CoolDown         time.Duration // between two resets of one person
	ForRequester     int           // how many one person may ask for in a day
	ForTenant        int           // how many may be asked for in an hour, all in all
	ForSubject       int           // how many about one person in a day are no coincidence: the next is frozen
	PassLife         time.Duration // of a Temporary Access Pass; the tenant's policy has the last word
	PassOnce         bool
	ChangeDefault    bool // whether another method becomes the default where the default goes and others stay
	CallBack         CallBack
	ProverMayApprove bool          // whether who called back may approve as well, for ordinary accounts
	SamePerson       [][]string    // object ids of accounts that are one person's: they count once
	Settled          time.Duration // how long ago contact data, methods and password must have been changed last
	Watch            time.Duration // how long sign-ins are looked at afterwards
	Remind           time.Duration // after which approvers who have not answered are reminded
	Hours            *Hours        // nil for always
	Mailbox          string        // from which people are told; "" for no mail
}

// A Writer is the app registration that may change accounts.
type Writer struct {
	ClientID   string
	Credential Credential
}

// Approvers may approve some kinds of resets.
type Approvers struct {
	For    []string // "method", "pass", "all-methods"
	Groups []string // object ids
	Roles  []string // template ids of directory roles
	Count  int      // how many different people it takes
}

// Proofs names, for each kind of requester, the proofs that it takes: all of them.
type Proofs struct{ Subject, Colleague, Admin []string }

// CallBack is how somebody is called who asks.
type CallBack struct {
	Field     string        // of the directory: mobilePhone or businessPhones
	Unchanged time.Duration // how long it must have been the same
}

// Hours are when somebody is there to approve.
type Hours struct {
	Days     []time.Weekday
	From, To time.Duration // since midnight
	Zone     *time.Location
	Text     string // what people read outside of them, such as whom to call
}

// Kinds of resets, of proofs, and of fields that may be called.
var (
	resetKinds = []string{"method", "pass", "all-methods"}
	proofKinds = []string{"manager", "callback", "other-factor"}
	callFields = []string{"mobilePhone", "businessPhones"}
)

// DefaultResets is what a policy says of what its file does not: all but who
// writes, who approves, and what proves.
func DefaultResets() Resets {
	return Resets{
		RequestLife: 4 * time.Hour, ProofLife: time.Hour, CoolDown: 24 * time.Hour, ForRequester: 3, ForTenant: 20, ForSubject: 4,
		PassLife: time.Hour, PassOnce: true, CallBack: CallBack{Field: "mobilePhone", Unchanged: 30 * 24 * time.Hour},
		Settled: 3 * 24 * time.Hour, Watch: 72 * time.Hour, Remind: 30 * time.Minute,
	}
}

// publicURL reads where people reach our own page.
func (r *reader) publicURL(c *Config) func(value) {
	return func(v value) {
		s, ok := r.text(v)
		if !ok {
			return
		}
		u, err := url.Parse(s)
		if err != nil || u.Hostname() == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || strings.Trim(u.Path, "/") != "" ||
			u.Scheme != "https" && u.Scheme != "http" {
			r.wrong(v, "is no address of a page; write https:// and a name, such as https://mfahelp.contoso.com")
			return
		}
		c.PublicURL = strings.TrimSuffix(s, "/")
	}
}

func (r *reader) signIn(v value, s *SignIn) {
	r.section(v, []field{
		{"client_id", r.guid(&s.ClientID), ""},
		{"credential", func(v value) { r.credential(v, &s.Credential) }, ""},
		{"authentication_context", func(v value) {
			text, ok := r.text(v)
			if ok && !contextForm.MatchString(text) {
				r.wrong(v, "%s is no authentication context; write c1 to c99, as Conditional Access lists them", quote(text))
				return
			}
			s.Context = text
		}, ""},
	})
}

var contextForm = regexp.MustCompile(`^c[1-9][0-9]?$`)

func (r *reader) resets(v value, p *Resets) {
	*p = DefaultResets()
	p.On = true
	span := func(to *time.Duration, least, most time.Duration) func(value) {
		return func(v value) {
			if d, ok := r.duration(v, least, most); ok {
				*to = d
			}
		}
	}
	const day = 24 * time.Hour
	r.section(v, []field{
		{"writer", func(v value) { r.writer(v, &p.Writer) }, "writer: and below it client_id and credential of the app registration that may change accounts"},
		{"approvers", func(v value) { r.approvers(v, p) }, "approvers: and a list of who may approve what"},
		{"proofs", func(v value) { r.proofs(v, &p.Proofs) }, "proofs: and below it what it takes if the subject, a colleague, or an admin asks"},
		{"request_life", span(&p.RequestLife, 10*time.Minute, 7*day), ""},
		{"proof_life", span(&p.ProofLife, 5*time.Minute, day), ""},
		{"cool_down", span(&p.CoolDown, time.Minute, 90*day), ""},
		{"per_requester_a_day", r.count(&p.ForRequester), ""},
		{"in_tenant_an_hour", r.count(&p.ForTenant), ""},
		{"about_one_person_a_day", r.count(&p.ForSubject), ""},
		{"pass_life", span(&p.PassLife, 10*time.Minute, day), ""},
		{"pass_once", r.truth(&p.PassOnce), ""},
		{"change_default", r.truth(&p.ChangeDefault), ""},
		{"call_back", func(v value) {
			r.section(v, []field{
				{"field", r.oneOf(&p.CallBack.Field, callFields...), ""},
				{"unchanged", span(&p.CallBack.Unchanged, day, 30*day), ""},
			})
		}, ""},
		{"prover_may_approve", r.truth(&p.ProverMayApprove), ""},
		{"same_person", func(v value) { r.samePerson(v, p) }, ""},
		{"unchanged", span(&p.Settled, time.Hour, 30*day), ""},
		{"watch", span(&p.Watch, time.Hour, 14*day), ""},
		{"remind", span(&p.Remind, time.Minute, day), ""},
		{"hours", func(v value) { p.Hours = r.hours(v) }, ""},
		{"mailbox", r.mailbox(&p.Mailbox), ""},
	})
}

func (r *reader) writer(v value, w *Writer) {
	has := r.section(v, []field{
		{"client_id", r.guid(&w.ClientID), ""},
		{"credential", func(v value) { r.credential(v, &w.Credential) },
			"credential: and below it secret, certificate, workload_identity, or managed_identity"},
	})
	if _, ok := has["client_id"]; has != nil && !ok && w.Credential.ManagedIdentity == nil {
		r.wrong(value{under(v.key, "client_id"), nil, v.at}, "is missing; write client_id: and the app registration's Application (client) ID")
	}
}

func (r *reader) approvers(v value, p *Resets) {
	seen := map[string]bool{}
	r.list(v, "{for: [method], groups: [...]}", func(v value) {
		a := Approvers{Count: 1}
		ids := func(to *[]string) func(value) {
			return func(v value) {
				r.list(v, "3f1c0a52-6d0e-4c56-9d0b-6f2f8f6f7a11", func(v value) {
					var id string
					r.guid(&id)(v)
					*to = append(*to, id)
				})
			}
		}
		has := r.section(v, []field{
			{"for", r.words(&a.For, resetKinds), "for: and what they may approve: method, pass, all-methods"},
			{"groups", ids(&a.Groups), ""},
			{"roles", ids(&a.Roles), ""},
			{"count", r.count(&a.Count), ""},
		})
		if has == nil {
			return
		}
		if len(a.Groups)+len(a.Roles) == 0 {
			r.wrong(v, "names nobody; write groups: or roles: and their ids")
		}
		for _, k := range a.For {
			if seen[k] {
				r.wrong(has["for"], "%s has approvers already; name each kind once", k)
			}
			seen[k] = true
		}
		p.Approvers = append(p.Approvers, a)
	})
}

// samePerson reads which accounts belong together, each to one person.
func (r *reader) samePerson(v value, p *Resets) {
	seen := map[string]bool{}
	r.list(v, "[3f1c0a52-6d0e-4c56-9d0b-6f2f8f6f7a11, ...]", func(v value) {
		var one []string
		r.list(v, "3f1c0a52-6d0e-4c56-9d0b-6f2f8f6f7a11", func(v value) {
			var id string
			r.guid(&id)(v)
			if id != "" && seen[strings.ToLower(id)] {
				r.wrong(v, "%s stands here twice; an account is one person's", id)
			}
			seen[strings.ToLower(id)] = true
			one = append(one, id)
		})
		if len(one) == 1 {
			r.wrong(v, "names one account; write all that this person has")
		}
		p.SamePerson = append(p.SamePerson, one)
	})
}

// words reads a list of some of a few words, each once.
func (r *reader) words(to *[]string, all []string) func(value) {
	return func(v value) {
		r.list(v, strings.Join(all, ", "), func(v value) {
			var s string
			r.oneOf(&s, all...)(v)
			switch {
			case s == "":
			case slices.Contains(*to, s):
				r.wrong(v, "%s stands here twice", s)
			default:
				*to = append(*to, s)
			}
		})
	}
}

// proofs reads what it takes. What a kind of requester has no row for, it may
// not ask for; an empty row is refused, so that nothing is ever proven by nothing.
func (r *reader) proofs(v value, p *Proofs) {
	has := r.section(v, []field{
		{"subject", r.words(&p.Subject, proofKinds), ""},
		{"colleague", r.words(&p.Colleague, proofKinds), ""},
		{"admin", r.words(&p.Admin, proofKinds), ""},
	})
	if has != nil && len(has) == 0 {
		r.wrong(v, "names no proof; write subject: [manager], colleague: [manager], or admin: [callback]")
	}
}

func (r *reader) hours(v value) *Hours {
	h := &Hours{Zone: time.UTC}
	clock := func(to *time.Duration) func(value) {
		return func(v value) {
			s, ok := r.text(v)
			if !ok {
				return
			}
			var hh, mm int
			if n, err := fmt.Sscanf(s, "%d:%d", &hh, &mm); n != 2 || err != nil || len(s) > 5 || hh < 0 || hh > 24 || mm < 0 || mm > 59 || hh == 24 && mm > 0 {
				r.wrong(v, "%s is no time of day; write it in quotes, such as \"08:00\"", quote(s))
				return
			}
			*to = time.Duration(hh)*time.Hour + time.Duration(mm)*time.Minute
		}
	}
	var days []string
	has := r.section(v, []field{
		{"days", r.words(&days, dayNames), "days: and a list, such as [mon, tue, wed, thu, fri]"},
		{"from", clock(&h.From), "from: and when somebody is there, such as \"08:00\""},
		{"to", clock(&h.To), "to: and until when, such as \"18:00\""},
		{"zone", func(v value) {
			s, ok := r.text(v)
			if !ok {
				return
			}
			zone, err := time.LoadLocation(s)
			if err != nil || s == "Local" {
				r.wrong(v, "%s is no time zone; write one such as Europe/Berlin", quote(s))
				return
			}
			h.Zone = zone
		}, "zone: and the time zone, such as Europe/Berlin"},
		{"text", func(v value) { h.Text, _ = r.text(v) }, ""},
	})
	for _, d := range days {
		h.Days = append(h.Days, time.Weekday(slices.Index(dayNames, d)))
	}
	if has != nil && h.To <= h.From {
		r.wrong(v, "ends before it begins; write from: and to: of one day")
	}
	return h
}

var dayNames = []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

func (r *reader) mailbox(to *string) func(value) {
	return func(v value) {
		s, ok := r.text(v)
		if !ok {
			return
		}
		if a, err := mail.ParseAddress(s); err != nil || a.Address != s {
			r.wrong(v, "is no mailbox; write its address alone, such as helpdesk@contoso.com")
			return
		}
		*to = strings.ToLower(s)
	}
}

// together holds to each other what belongs together over sections.
func (r *reader) together(has map[string]value, c *Config) {
	if in, ok := has["public_url"]; ok && strings.HasPrefix(c.PublicURL, "http://") && !loopback(c.PublicURL) {
		r.wrong(in, "is not https; people sign in there, so write https://")
	}
	in, ok := has["resets"]
	if !ok {
		return
	}
	if c.SignIn.ClientID == "" {
		c.SignIn.ClientID = c.Tenant.ClientID
	}
	if c.SignIn.Credential == (Credential{}) {
		c.SignIn.Credential = c.Tenant.Credential
	}
	missing := func(key, why string) { r.wrong(value{key, nil, in.at}, "%s", why) }
	if c.PublicURL == "" {
		missing("public_url", "is missing; resets need it, since a yes is only taken after a fresh sign-in there; write https:// and the name under which people reach this")
	}
	if c.Audit.Key.Reveal() == "" {
		missing("audit.key", "is missing; resets need it, for what is on record of them must not be changed later; write audit: and below it key: env:MFAHELP_AUDIT_KEY")
	}
	if c.SignIn.Credential.ManagedIdentity != nil {
		missing("signin.credential", "is missing; people cannot sign in to a managed identity; write secret, certificate, or workload_identity of an app registration")
	}
	r.writerAlone(in, c)
	if c.SignIn.Context == "" && !c.Tenant.Sandbox {
		r.warnings = append(r.warnings, "signin.authentication_context is not set: tokens of version 2.0 do not say how strong a sign-in was, so every yes will be refused until it is")
	}
}

// writerAlone has nothing else be the app registration that may change accounts:
// whoever got hold of the other's secret could.
func (r *reader) writerAlone(in value, c *Config) {
	w := c.Resets.Writer.ClientID
	if w == "" {
		return
	}
	for _, other := range []struct{ id, what string }{
		{c.Tenant.ClientID, "the reader"}, {c.SignIn.ClientID, "the app that people sign in to"}, {c.Teams.AppID, "the bot in Teams"},
	} {
		if w == other.id {
			r.wrong(value{"resets.writer.client_id", nil, in.at}, "is that of %s; make an app registration for the writer alone, so that nothing else can be made to write", other.what)
			return
		}
	}
}

// loopback reports whether an address can be reached from this machine alone.
func loopback(address string) bool {
	u, err := url.Parse(address)
	return err == nil && (u.Hostname() == "localhost" || u.Hostname() == "127.0.0.1" || u.Hostname() == "::1")
}
