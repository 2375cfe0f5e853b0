package lookup

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"mfahelp/bot"
	"mfahelp/flows"
	"mfahelp/flows/diagnose"
	"mfahelp/graph"
)

// SignIns answers look-ups of the sign-in log now, or says with a
// [*graph.Later] when to ask again. It never waits.
type SignIns interface {
	Find(ctx context.Context, q graph.Query) (graph.Found, error)
}

// Directory tells who somebody is and how they prove it.
type Directory interface {
	// User takes an object id or a user principal name.
	User(ctx context.Context, id string) (graph.User, error)
	Roles(ctx context.Context, id string) ([]graph.Role, error)
	Methods(ctx context.Context, id string) ([]graph.Method, error)
	// GlobalAdmins are the object ids of all who are, or may become, one.
	GlobalAdmins(ctx context.Context) ([]string, error)
}

// A Desk looks things up for cases.
type Desk struct {
	SignIns   SignIns
	Directory Directory
	Tenant    string // its id, for a subject that is found by their sign-in
	Now       func() time.Time
}

// Look asks Graph once about c and returns c with what it said. If the answer
// must wait, c.Looked.Next says until when; it is zero once Look has nothing
// more to ask. Whose account it is, is not waited for, so that the advice
// meanwhile names what this person has. A failure of Graph's is no error:
// c.Looked.Failed names it, and the advice then rests on the code alone.
func (d *Desk) Look(ctx context.Context, c flows.Case) flows.Case {
	now := d.Now()
	c.Looked.Next, c.Looked.Wait, c.Looked.Failed = time.Time{}, "", ""
	found, err := d.SignIns.Find(ctx, query(c))
	c.Looked.Tries++
	var later *graph.Later
	switch {
	case errors.As(err, &later):
		c.Looked.Next, c.Looked.Wait = notBefore(later.At, now), later.Why
		if c.Looked.User != nil || later.Why == graph.Outage {
			return c
		}
	case err != nil:
		c.Looked.Failed = failure(err)
	default:
		c = d.take(c, found)
	}
	return d.account(ctx, c)
}

// notBefore guards against a look-up that would come back at once, for ever.
func notBefore(at, now time.Time) time.Time {
	if soonest := now.Add(time.Second); at.Before(soonest) {
		return soonest
	}
	return at
}

func query(c flows.Case) graph.Query {
	q := graph.Query{
		RequestID: c.Report.RequestID, CorrelationID: c.Report.CorrelationID, UserID: c.Subject.ObjectID,
		Code: c.Report.Code, Around: c.Report.Timestamp, Asked: c.Opened, Tries: c.Looked.Tries,
	}
	if c.Report.Code == "" && q.RequestID == "" && q.CorrelationID == "" {
		q.Asked = time.Time{} // nothing says that there is an event to wait for
	}
	return q
}

// take keeps of what was found only what is the subject's. The ids came from a
// paste, which may be of anybody's error; of theirs the requester learns nothing.
func (d *Desk) take(c flows.Case, found graph.Found) flows.Case {
	c.Looked.By, c.Looked.Partial, c.Looked.Expired = found.By, found.Partial, found.Expired
	if !c.Subject.Known() {
		c.Subject = d.owner(found.SignIns)
	}
	mine := func(s graph.SignIn) bool { return c.Subject.Known() && strings.EqualFold(s.UserID, c.Subject.ObjectID) }
	var theirs, also []graph.SignIn
	for _, s := range found.SignIns {
		if mine(s) && (c.Report.Code != "" || s.ErrorCode != 0) {
			theirs = append(theirs, s)
		}
	}
	for _, s := range found.Nearby {
		if mine(s) {
			also = append(also, s)
		}
	}
	best, nearby, several := diagnose.Pick(c.Report, theirs)
	if len(several) > 1 {
		for _, s := range several {
			c.Choices = append(c.Choices, flows.Choice{SignIn: s, Nearby: others(s, append(visit(s, theirs), also...))})
		}
		return c
	}
	if best != nil {
		nearby = others(*best, append(nearby, also...))
	}
	c.Looked.SignIn, c.Looked.Nearby = best, nearby
	return c
}

// mostNearby is how many other events a case keeps: those nearest in time, for
// whoever signs in more often is a program.
const mostNearby = 40

// others are all but s, each once, newest first.
func others(s graph.SignIn, all []graph.SignIn) (rest []graph.SignIn) {
	seen := map[string]bool{strings.ToLower(s.ID): true}
	for _, o := range all {
		if id := strings.ToLower(o.ID); !seen[id] {
			seen[id] = true
			rest = append(rest, o)
		}
	}
	slices.SortStableFunc(rest, func(a, b graph.SignIn) int { return cmp.Compare(a.At.Sub(s.At).Abs(), b.At.Sub(s.At).Abs()) })
	rest = rest[:min(len(rest), mostNearby)]
	slices.SortStableFunc(rest, func(a, b graph.SignIn) int { return b.At.Compare(a.At) })
	return rest
}

// owner is whose all of the sign-ins are; the zero Identity if they differ.
func (d *Desk) owner(all []graph.SignIn) bot.Identity {
	id := ""
	for _, s := range all {
		if id != "" && !strings.EqualFold(id, s.UserID) {
			return bot.Identity{}
		}
		id = s.UserID
	}
	if id == "" {
		return bot.Identity{}
	}
	return bot.Identity{Tenant: d.Tenant, ObjectID: id}
}

// visit is what else happened in the visit of s.
func visit(s graph.SignIn, all []graph.SignIn) (rest []graph.SignIn) {
	for _, o := range all {
		if o.ID != s.ID && o.CorrelationID == s.CorrelationID {
			rest = append(rest, o)
		}
	}
	return rest
}

// ByChoice is the clue where several sign-ins fit and one of them was picked.
const ByChoice graph.Clue = "choice"

// Choose settles c on the choice with the sign-in's id, and reports whether
// there is one.
func Choose(c flows.Case, id string) (flows.Case, bool) {
	i := slices.IndexFunc(c.Choices, func(o flows.Choice) bool { return o.SignIn.ID == id })
	if i < 0 {
		return c, false
	}
	c = Take(c, i)
	c.Looked.By, c.Looked.Others = ByChoice, 0
	return c, true
}

// Take settles c on choice i without asking, for the admins, who are told that
// there are others, and find them in the file.
func Take(c flows.Case, i int) flows.Case {
	taken, all := c.Choices[i].SignIn, c.Choices[i].Nearby
	for _, o := range c.Choices {
		all = append(slices.Clip(all), o.SignIn)
	}
	c.Looked.SignIn, c.Looked.Nearby, c.Looked.Others, c.Choices = &taken, others(taken, all), len(c.Choices)-1, nil
	return c
}

// account adds whose account it is. Advice without it is still advice, so what
// the directory does not say is only missing.
func (d *Desk) account(ctx context.Context, c flows.Case) flows.Case {
	if !c.Subject.Known() {
		return c
	}
	id := c.Subject.ObjectID
	if u, err := d.Directory.User(ctx, id); err == nil {
		if roles, err := d.Directory.Roles(ctx, id); err == nil {
			u.Roles = roles
		}
		c.Looked.User = &u
		c.Looked.Sole = u.GlobalAdmin() && d.sole(ctx, id)
	}
	if methods, err := d.Directory.Methods(ctx, id); err == nil {
		c.Looked.Methods, c.Looked.Known = methods, true
	}
	return c
}

// sole reports whether id is the only Global Administrator. If it cannot be
// told, it is not said.
func (d *Desk) sole(ctx context.Context, id string) bool {
	all, err := d.Directory.GlobalAdmins(ctx)
	return err == nil && len(all) == 1 && strings.EqualFold(all[0], id)
}

// Whose returns the identity of a user principal name, and false if the
// directory has nobody of that name.
func (d *Desk) Whose(ctx context.Context, upn string) (bot.Identity, bool, error) {
	u, err := d.Directory.User(ctx, upn)
	if errors.Is(err, graph.ErrNotFound) || errors.Is(err, graph.ErrRejected) {
		return bot.Identity{}, false, nil
	}
	if err != nil {
		return bot.Identity{}, false, err
	}
	return bot.Identity{Tenant: d.Tenant, ObjectID: u.ID}, true, nil
}

// failure names what stood in the way, for the sentence "lookup.failed." and it.
func failure(err error) string {
	for _, f := range []struct {
		is   error
		name string
	}{
		{graph.ErrForbidden, "forbidden"}, {graph.ErrNoLicence, "licence"},
		{graph.ErrCredential, "credential"}, {graph.ErrRejected, "rejected"},
	} {
		if errors.Is(err, f.is) {
			return f.name
		}
	}
	return "unavailable"
}
