package reset

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"mfahelp/bot"
	"mfahelp/flows"
	"mfahelp/graph"
)

// What may be wanted. Methods that are named follow "method:", with a comma
// between.
const (
	wantGone    = "gone" // the phone is lost: what is on it goes
	wantNew     = "new"  // there is a new phone, with the old number
	wantPass    = "pass"
	wantAll     = "all"
	wantMethods = "method:"
)

// newPhone reports whether nobody else has the phone by what is wanted. Among
// named methods, "new" says so.
func newPhone(want string) bool {
	return want == wantNew || strings.HasPrefix(want, wantMethods) && strings.HasSuffix(want, ","+wantNew)
}

// onPhone reports whether m is something that goes with a phone.
func onPhone(m graph.Method) bool {
	return slices.Contains([]graph.Kind{graph.Authenticator, graph.SoftwareOATH, graph.PhoneMethod, graph.External}, m.Kind)
}

// candidates are the methods that may be meant. A new phone has the old number.
func candidates(want string, all []graph.Method) (some []graph.Method) {
	for _, m := range all {
		if onPhone(m) && (want != wantNew || m.Kind != graph.PhoneMethod) {
			some = append(some, m)
		}
	}
	return some
}

// removable reports whether m can be taken away: a password cannot, and a pass
// ends by itself.
func removable(m graph.Method) bool { return m.SecondFactor() && m.Kind != graph.Pass }

// goes are the methods that are to go by what is wanted, in the order in which
// they can: Graph deletes the default only when it stands alone, and the mobile
// number after the alternate one. See stuck for a default that does not.
// See https://learn.microsoft.com/graph/api/phoneauthenticationmethod-delete.
func goes(want string, all []graph.Method) (some []graph.Method) {
	if want == wantGone || want == wantNew {
		some = candidates(want, all)
	}
	ids := strings.Split(strings.TrimPrefix(want, wantMethods), ",")
	for _, m := range all {
		named := strings.HasPrefix(want, wantMethods) && slices.Contains(ids, m.ID)
		if removable(m) && (want == wantAll || named) {
			some = append(some, m)
		}
	}
	turn := func(m graph.Method) (n int) {
		if m.Default {
			n += 2
		}
		if m.Phone == "mobile" {
			n++
		}
		return n
	}
	slices.SortStableFunc(some, func(a, b graph.Method) int { return cmp.Compare(turn(a), turn(b)) })
	return some
}

// classOf is the class of what is wanted of an account.
func classOf(want string, all []graph.Method) Class {
	switch {
	case want == wantAll:
		return AllMethods
	case len(goes(want, all)) == 0:
		return PassOnly
	}
	return OneMethod
}

// rank orders the classes by how much they destroy.
func rank(c Class) int { return slices.Index([]Class{OneMethod, PassOnly, AllMethods}, c) }

// moreThanLeast reports whether less than what is wanted would help somebody
// whose phone is lost. Then a reason is asked for.
func moreThanLeast(want string, all []graph.Method) bool {
	return rank(classOf(want, all)) > rank(classOf(wantGone, all))
}

// classes are those whose approvers a plan needs: of what it takes away, and of
// the pass that it brings, for that lets somebody in by itself.
func classes(p flows.Plan) []Class {
	if p.Class == "" {
		return nil
	}
	all := []Class{Class(p.Class)}
	if Class(p.Class) != PassOnly && brings(p, graph.CreatePass) {
		all = append(all, PassOnly)
	}
	return all
}

// brings reports whether there is a change of a kind in p.
func brings(p flows.Plan, kind graph.ChangeKind) bool {
	return slices.ContainsFunc(p.Effects, func(e flows.Effect) bool { return e.Kind == kind })
}

// plan gives r a plan from the account as it is, or says why it can have none:
// the end of a key. An error means that something could not be read.
func (f *Flow) plan(ctx context.Context, r flows.Request, a account) (flows.Request, string, error) {
	r.Round++
	r.Plan = flows.Plan{
		Subject: r.Subject, Requester: r.Requester, Class: string(classOf(r.Want, a.methods)), Reason: r.Reason,
		Needs: slices.Clone(f.Policy.Proofs[r.As]), PolicyVersion: f.version,
	}
	gone := goes(r.Want, a.methods)
	strong := 0
	for _, m := range a.methods {
		if m.Kind == graph.Password || slices.ContainsFunc(gone, func(g graph.Method) bool { return g.ID == m.ID }) {
			continue
		}
		r.Keeps = append(r.Keeps, m.ID)
		if removable(m) {
			strong++
		}
	}
	last := stuck(gone, a.methods)
	if len(last) > 0 && f.Policy.ChangeDefault {
		r = with(r, graph.Change{Kind: graph.ChangeDefault, Object: string(nextDefault(gone, a.methods))})
		last = nil
	}
	for _, m := range gone[:len(gone)-len(last)] {
		r = with(r, graph.Change{Kind: graph.DeleteMethod, Object: m.ID, Method: m.Kind})
	}
	if strings.HasPrefix(r.Want, wantMethods) && len(gone) == 0 && strong > 0 {
		return r, "nothing", nil // what was to go is gone, and something else is there
	}
	if len(gone) > 0 && (!newPhone(r.Want) || strong == 0) {
		r = with(r, graph.Change{Kind: graph.RevokeSessions}) // whoever has the phone may have a session
	}
	for _, m := range last {
		r = with(r, graph.Change{Kind: graph.DeleteMethod, Object: m.ID, Method: m.Kind})
	}
	if strong == 0 || len(gone) == 0 {
		pass, ok, err := f.pass(ctx, r.Subject)
		if err != nil || !ok {
			return r, "no-pass", err
		}
		r = with(r, pass)
	}
	for _, class := range classes(r.Plan) {
		r.Approvers = max(r.Approvers, f.Policy.Approvers[class].Count)
		if len(f.Policy.Approvers[class].Groups)+len(f.Policy.Approvers[class].Roles) == 0 {
			return r, "no-approvers", nil
		}
	}
	r.ProverMayApprove = f.Policy.mayProveAndApprove(r.Needs)
	return f.people(ctx, r, a)
}

// stuck are those at the end of gone that Graph does not delete yet: the default,
// while another stays that could be it. Unless the policy lets us change that, all
// else is done before, and an admin is told how to go on.
func stuck(gone, all []graph.Method) []graph.Method {
	i := slices.IndexFunc(gone, func(m graph.Method) bool { return m.Default })
	if i < 0 || nextDefault(gone, all) == "" {
		return nil
	}
	return gone[i:]
}

// nextDefault is what can become the default when some are gone; "" for nothing.
func nextDefault(gone, all []graph.Method) graph.Preference {
	for _, m := range all {
		stays := !slices.ContainsFunc(gone, func(g graph.Method) bool { return g.ID == m.ID })
		if p := preference(m); stays && p != "" {
			return p
		}
	}
	return ""
}

// preference is how m is asked for by default; "" if it cannot be.
func preference(m graph.Method) graph.Preference {
	switch {
	case m.Kind == graph.Authenticator:
		return graph.PreferPush
	case m.Kind == graph.SoftwareOATH || m.Kind == graph.HardwareOATH:
		return graph.PreferCode
	case m.Kind == graph.PhoneMethod && m.Phone == "mobile":
		return graph.PreferSMS
	case m.Kind == graph.PhoneMethod && m.Phone == "alternateMobile":
		return graph.PreferAlternate
	case m.Kind == graph.PhoneMethod && m.Phone == "office":
		return graph.PreferOffice
	}
	return ""
}

// with is r with one change more.
func with(r flows.Request, c graph.Change) flows.Request {
	c.User = r.Subject.ObjectID
	r.Effects = append(slices.Clip(r.Effects), flows.Effect{
		Key: fmt.Sprintf("%s/%d/%02d", r.Key, r.Round, len(r.Effects)+1), Change: c, Approval: r.Key, Then: "reset.done",
	})
	return r
}

// pass is the pass that policy and tenant allow somebody; not ok if they allow none.
func (f *Flow) pass(ctx context.Context, who bot.Identity) (graph.Change, bool, error) {
	p, err := f.Directory.PassPolicy(ctx)
	if err != nil {
		return graph.Change{}, false, fmt.Errorf("reading the policy for passes: %w", err)
	}
	groups := slices.Concat(p.For, p.NotFor)
	var in []string
	if len(groups) > 0 {
		if in, err = f.Directory.InGroups(ctx, who.ObjectID, groups); err != nil {
			return graph.Change{}, false, fmt.Errorf("reading groups: %w", err)
		}
	}
	among := func(some []string) bool {
		return slices.ContainsFunc(some, func(id string) bool {
			return slices.ContainsFunc(in, func(g string) bool { return strings.EqualFold(g, id) })
		})
	}
	if !p.Enabled || among(p.NotFor) || !p.Everybody && !among(p.For) {
		return graph.Change{}, false, nil
	}
	life, once := p.Fit(f.Policy.PassLife, f.Policy.PassOnce)
	return graph.Change{Kind: graph.CreatePass, Life: life, Once: once}, true, nil
}

// people finds who has a say in r by the directory: the manager, if the policy
// wants their word, and somebody who may hand over the pass.
func (f *Flow) people(ctx context.Context, r flows.Request, a account) (flows.Request, string, error) {
	r.Account = flows.Account{Name: a.user.Name, UPN: a.user.UPN, Methods: a.methods, Names: r.Account.Names}
	r = f.named(ctx, f.named(ctx, r, r.Requester), r.Subject)
	m, why, err := f.manager(ctx, r)
	if err != nil {
		return r, "", err
	}
	if why == "" {
		r.Account.Manager = m
		r = f.named(ctx, r, m)
	}
	switch {
	case slices.Contains(r.Needs, ByManager) && why != "":
		return r, why, nil
	case brings(r.Plan, graph.CreatePass) && !slices.Contains(r.Needs, ByManager) && !slices.Contains(r.Needs, ByCallBack):
		return r, "no-verifier", nil // nobody could hand the pass over
	}
	return r, "", nil
}

// manager is who the directory says is the manager of r's subject, now, or why
// their word would count for nothing: the end of a key.
func (f *Flow) manager(ctx context.Context, r flows.Request) (bot.Identity, string, error) {
	m, err := f.Directory.Manager(ctx, r.Subject.ObjectID)
	switch {
	case errors.Is(err, graph.ErrNotFound):
		return bot.Identity{}, "no-manager", nil
	case err != nil:
		return bot.Identity{}, "", fmt.Errorf("reading the manager: %w", err)
	case m.ID == "" || !m.Enabled || m.Guest:
		return bot.Identity{}, "no-manager", nil
	}
	who := bot.Identity{Tenant: f.Tenant, ObjectID: m.ID, Email: m.Mail}
	if f.Policy.same(who, r.Requester) || f.Policy.same(who, r.Subject) {
		return bot.Identity{}, "manager-asks", nil
	}
	return who, "", nil
}
