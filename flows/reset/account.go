package reset

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"mfahelp/bot"
	"mfahelp/flows"
	"mfahelp/flows/diagnose"
	"mfahelp/graph"
)

// An account is what the directory says of somebody at one moment.
type account struct {
	user    graph.User // with roles
	methods []graph.Method
	sole    bool // the only Global Administrator
}

// errNobody says that the directory does not have who is asked about.
var errNobody = errors.New("nobody in the directory")

// account reads all that decides whether r's subject may be helped here. If any
// part of it cannot be read there is an error: what is unknown is not harmless.
func (f *Flow) account(ctx context.Context, who bot.Identity) (a account, err error) {
	if a.user, err = f.user(ctx, who); err != nil {
		return a, err
	}
	if a.user.Roles, err = f.Directory.Roles(ctx, who.ObjectID); err != nil {
		return a, fmt.Errorf("reading roles: %w", err)
	}
	if a.methods, err = f.Directory.Methods(ctx, who.ObjectID); err != nil {
		return a, fmt.Errorf("reading methods: %w", err)
	}
	if a.user.GlobalAdmin() {
		all, err := f.Directory.GlobalAdmins(ctx)
		if err != nil {
			return a, fmt.Errorf("reading who is a Global Administrator: %w", err)
		}
		a.sole = len(all) <= 1
	}
	return a, nil
}

// user is somebody of this tenant; errNobody for anybody else.
func (f *Flow) user(ctx context.Context, who bot.Identity) (graph.User, error) {
	if !who.Known() || !strings.EqualFold(who.Tenant, f.Tenant) {
		return graph.User{}, errNobody
	}
	u, err := f.Directory.User(ctx, who.ObjectID)
	if errors.Is(err, graph.ErrNotFound) {
		return u, errNobody
	}
	if err != nil {
		return u, fmt.Errorf("reading the account: %w", err)
	}
	if !strings.EqualFold(u.ID, who.ObjectID) {
		return u, errNobody
	}
	return u, nil
}

// refusal is why an account may not be helped here, whoever says what; "" if it
// may. What to do instead is in the sentence: it is for people in the portal.
func (a account) refusal() string {
	switch {
	case a.sole:
		return "sole"
	case a.user.Privileged():
		return "privileged"
	case a.user.Guest:
		return "guest"
	case !a.user.Enabled:
		return "disabled"
	}
	return ""
}

// The signs of compromise, each the end of the key of its sentence.
const (
	signFraud      = "fraud"      // reported on the phone, or by a code
	signSuspicious = "suspicious" // reported in the app
	signDeclined   = "declined"   // a prompt, by whoever had the phone
	signBlocked    = "blocked"    // on the legacy list, which no reset helps
	signAttack     = "attack"     // prompts that somebody keeps sending, and the like
	signRisk       = "risk"
	signMethods    = "methods"
	signPassword   = "password"
	signContact    = "contact"
	signState      = "state" // enabled, disabled, restored
	signBurst      = "burst"
	signNotMe      = "not-me"
)

// signs looks everywhere for a reason to think that somebody else is at work.
// An error means that it cannot be told, and then nothing goes on.
func (f *Flow) signs(ctx context.Context, r flows.Request, c flows.Case) ([]string, error) {
	found := map[string]bool{}
	for _, look := range []func(context.Context, flows.Request, flows.Case, map[string]bool) error{
		f.signsOfCase, f.signsOfRequests, f.signsOfRisk, f.signsOfHistory,
	} {
		if err := look(ctx, r, c, found); err != nil {
			return nil, err
		}
	}
	var all []string
	for s := range found {
		all = append(all, s)
	}
	slices.Sort(all)
	return all, nil
}

// signsOfCase takes what is known already.
func (f *Flow) signsOfCase(_ context.Context, _ flows.Request, c flows.Case, found map[string]bool) error {
	found[signNotMe] = c.NotMe
	if d := diagnose.Diagnose(c.Facts(f.Now())); c.Alarm || d.Alarm {
		found[signAttack] = true
	}
	drop(found)
	return nil
}

// signsOfRequests counts what was asked about the same person before, and hears
// what they said to it.
func (f *Flow) signsOfRequests(ctx context.Context, r flows.Request, _ flows.Case, found map[string]bool) error {
	lately, err := f.Requests.About(ctx, r.Subject, f.Now().Add(-max(f.Policy.Settled, day)))
	if err != nil {
		return fmt.Errorf("reading earlier requests: %w", err)
	}
	n := 0
	for _, o := range lately {
		if o.Key != r.Key && o.Alarm {
			found[signNotMe] = true
		}
		if o.Asked.After(f.Now().Add(-day)) {
			n++
		}
	}
	found[signBurst] = n > f.Policy.Burst
	drop(found)
	return nil
}

const day = 24 * time.Hour

// signsOfRisk asks what Entra holds of somebody. That it may not tell, because
// there is no licence, must be said in the policy, or it is unknown.
func (f *Flow) signsOfRisk(ctx context.Context, r flows.Request, _ flows.Case, found map[string]bool) error {
	if f.Policy.WithoutRisk {
		return nil
	}
	risk, err := f.Directory.Risk(ctx, r.Subject.ObjectID)
	switch {
	case errors.Is(err, graph.ErrNotFound):
		return nil
	case err != nil:
		return fmt.Errorf("reading risk: %w", err)
	case risk.Level == "hidden":
		return fmt.Errorf("reading risk: %w", &graph.Error{Op: "read risky user", Reason: graph.ErrNoLicence})
	}
	found[signRisk] = risk.State == "confirmedCompromised" || risk.AtRisk() && risk.Level != "low" && risk.Level != "none"
	drop(found)
	return nil
}

// history is what both logs have of r's subject, read since r is what it is: what
// was known for a plan says nothing about the one after. Changes in a row, which
// leave r as it is, share what was read.
func (f *Flow) history(ctx context.Context, r flows.Request) (graph.History, error) {
	since := f.Now().Add(-f.Policy.Settled).Truncate(time.Hour) // so that who asks again asks the same
	h, err := f.SignIns.History(ctx, r.Subject.ObjectID, since, r.Changed)
	if err != nil {
		return h, fmt.Errorf("reading sign-ins and changes: %w", err)
	}
	return h, nil
}

// signsOfHistory reads both logs for itself. What was pasted was chosen by who
// asks.
func (f *Flow) signsOfHistory(ctx context.Context, r flows.Request, _ flows.Case, found map[string]bool) error {
	h, err := f.history(ctx, r)
	if err != nil {
		return err
	}
	f.signsOfSignIns(h.SignIns, found)
	return f.signsOfChanges(r, h.Changes, found)
}

func (f *Flow) signsOfSignIns(lately graph.Found, found map[string]bool) {
	if lately.Partial { // thousands in some days: so a report of fraud could be pushed out of sight
		found[signAttack] = true
	}
	for i, s := range lately.SignIns {
		switch diagnose.Reason(s) {
		case diagnose.ReportedFraud:
			found[signFraud] = true
		case diagnose.SuspiciousActivity:
			found[signSuspicious] = true
		case diagnose.Declined:
			found[signDeclined] = true
		case diagnose.BlockedUser:
			found[signBlocked] = true
		default:
			if s.ErrorCode == 0 {
				continue
			}
			rest := slices.Concat(lately.SignIns[:i], lately.SignIns[i+1:])
			if diagnose.Diagnose(diagnose.Facts{SignIn: &s, Nearby: rest, Now: f.Now()}).Alarm {
				found[signAttack] = true
			}
		}
	}
}

// signsOfChanges takes what was changed of somebody, but for what we changed. A
// log that is not whole says nothing by what it lacks.
func (f *Flow) signsOfChanges(r flows.Request, events graph.Events, found map[string]bool) error {
	if events.Partial {
		return fmt.Errorf("reading changes: %w", &graph.Error{Op: "list directory audits", Reason: graph.ErrUnavailable})
	}
	for _, e := range events.Events {
		if f.ours(e) || !about(e, r.Subject.ObjectID) {
			continue
		}
		for _, t := range e.Touches() {
			found[signOf(e, t)] = true
		}
	}
	return nil
}

// about reports whether e is about somebody's account, and not only something
// that they did.
func about(e graph.DirectoryEvent, id string) bool {
	return e.Target == "" || strings.EqualFold(e.Target, id)
}

// ours reports whether we made a change ourselves.
func (f *Flow) ours(e graph.DirectoryEvent) bool {
	return e.ByApp != "" && slices.ContainsFunc(f.Self, func(id string) bool { return strings.EqualFold(id, e.ByApp) })
}

// signOf is the sign that a change of a kind is.
func signOf(e graph.DirectoryEvent, t graph.Touch) string {
	switch t {
	case graph.TouchMethods:
		return signMethods
	case graph.TouchPassword:
		return signPassword
	case graph.TouchContact, graph.TouchName:
		return signContact
	case graph.TouchState:
		return signState
	case graph.TouchFraud:
		switch activity := strings.ToLower(e.Activity); {
		case strings.Contains(activity, "blocked"):
			return signBlocked
		case strings.Contains(activity, "suspicious"):
			return signSuspicious
		}
	}
	return signFraud
}

// fields are how the audit log calls the fields that can be called.
var fields = map[string]string{graph.BusinessPhone: "telephonenumber", graph.MobilePhone: "mobile"}

// moved reports whether e may have changed a telephone number in a field. A
// change of the account that does not say of what may have been just that.
func moved(e graph.DirectoryEvent, field string) bool {
	if strings.EqualFold(e.Result, "failure") {
		return false
	}
	silent := len(e.Changed) == 0 && strings.EqualFold(e.Activity, "Update user")
	return silent || slices.ContainsFunc(e.Changed, func(c string) bool { return strings.EqualFold(c, fields[field]) || strings.EqualFold(c, field) })
}

// drop takes out of a set what is not in it.
func drop(set map[string]bool) {
	for k, in := range set {
		if !in {
			delete(set, k)
		}
	}
}

// entitled reports whether somebody may approve a plan, by the word of the
// directory now: an account of this tenant, enabled and no guest, that is in one
// of the groups, or holds one of the roles, of each class that the plan is of.
func (f *Flow) entitled(ctx context.Context, plan flows.Plan, who bot.Identity) (bool, error) {
	u, err := f.user(ctx, who)
	if errors.Is(err, errNobody) {
		return false, nil
	}
	if err != nil || !u.Enabled || u.Guest {
		return false, err
	}
	rules := classes(plan)
	for _, class := range rules {
		ok, err := f.among(ctx, f.Policy.Approvers[class], who)
		if err != nil || !ok {
			return false, err
		}
	}
	return len(rules) > 0, nil
}

func (f *Flow) among(ctx context.Context, a Approvers, who bot.Identity) (bool, error) {
	if len(a.Groups) > 0 {
		in, err := f.Directory.InGroups(ctx, who.ObjectID, a.Groups)
		if err != nil || len(in) > 0 {
			return err == nil, err
		}
	}
	if len(a.Roles) == 0 {
		return false, nil
	}
	roles, err := f.Directory.Roles(ctx, who.ObjectID)
	return err == nil && slices.ContainsFunc(roles, func(r graph.Role) bool {
		return !r.Eligible && slices.ContainsFunc(a.Roles, func(t string) bool { return strings.EqualFold(t, r.Template) })
	}), err
}

// name is what the directory calls somebody, beside what they call themselves.
func (f *Flow) name(ctx context.Context, who bot.Identity) string {
	u, err := f.user(ctx, who)
	if err != nil {
		return ""
	}
	return u.Name
}

// named is r with the directory's name of somebody who had a say.
func (f *Flow) named(ctx context.Context, r flows.Request, who bot.Identity) flows.Request {
	names := map[string]string{}
	maps.Copy(names, r.Account.Names)
	if n := f.name(ctx, who); n != "" && who.Known() {
		names[who.Key()] = n
	}
	r.Account.Names = names
	return r
}
