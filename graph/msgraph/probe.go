package msgraph

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"mfahelp/graph"
)

// A Verdict is what a probe comes to. Its zero value is the careful one.
type Verdict string

// The verdicts.
const (
	Untold  Verdict = ""        // it could not be told: down, throttled, or an answer that is not understood
	Good    Verdict = "ok"      // it was tried, and works
	Missing Verdict = "missing" // it was tried, and Graph or Entra said no
)

// A Finding is one thing that an app needs, and whether it has it.
type Finding struct {
	What    string // such as "sign-in log"
	Needs   string // the permission, the licence, or the setting
	Verdict Verdict
	Err     error // what Graph said, if not Good; nothing personal is in it
}

// nobody is an object id that no account has. What may be done to somebody is
// tried on nobody: who may gets a 404, who may not a 403.
const nobody = "00000000-0000-4000-8000-00000000dead"

// A probe is something to try, and what it takes.
type probe struct {
	what, needs string
	try         func(ctx context.Context) error
}

// findings tries each. If the app cannot even sign in there is one finding, for
// all others would say the same.
func findings(ctx context.Context, signIn func(ctx context.Context) error, probes []probe) []Finding {
	if f := judge("signing in as the app", "tenant.client_id and its credential", signIn(ctx)); f.Verdict != Good {
		return []Finding{f}
	}
	found := []Finding{{What: "signing in as the app", Verdict: Good}}
	for _, p := range probes {
		found = append(found, judge(p.what, p.needs, p.try(ctx)))
	}
	return found
}

// errOff is a setting of the tenant that is other than it must be.
var errOff = errors.New("it is switched off in the tenant")

// judge reads what a try came to. That there is nobody is the answer hoped for.
func judge(what, needs string, err error) Finding {
	f := Finding{What: what, Needs: needs, Err: err}
	switch {
	case err == nil, errors.Is(err, graph.ErrNotFound):
		return Finding{What: what, Needs: needs, Verdict: Good}
	case errors.Is(err, graph.ErrNoLicence):
		f.Needs, f.Verdict = "an Entra ID licence: P1, for risk and eligible roles P2", Missing
	case errors.Is(err, graph.ErrForbidden), errors.Is(err, graph.ErrCredential), errors.Is(err, errOff), errors.Is(err, errNoMailbox):
		f.Verdict = Missing
	}
	var named *graph.Error
	if errors.As(err, &named) && named.Permission != "" {
		f.Needs = named.Permission
	}
	return f
}

// Probe tries all that reading a tenant takes, and changes nothing. With forResets
// it also tries what only resets need. It asks the sign-in log and the directory's
// once each.
func (c *Client) Probe(ctx context.Context, forResets bool) []Finding {
	probes := []probe{
		{"people", "User.Read.All", c.Ping},
		{"sign-in log", "AuditLog.Read.All", func(ctx context.Context) error {
			_, err := c.SignIns(ctx, graph.Beta, graph.Filter{ID: nobody})
			return err
		}},
		{"groups", "GroupMember.Read.All", c.probeGroups},
		{"authentication methods", "UserAuthenticationMethod.Read.All", func(ctx context.Context) error {
			_, err := c.Methods(ctx, nobody)
			return err
		}},
		{"directory roles", "RoleManagement.Read.Directory", func(ctx context.Context) error {
			_, err := c.assignments(ctx, ofNobody())
			return err
		}},
	}
	if !c.withoutPIM {
		probes = append(probes, probe{"eligible roles", "RoleEligibilitySchedule.Read.Directory", func(ctx context.Context) error {
			_, err := c.eligibilities(ctx, ofNobody())
			return err
		}})
	}
	if forResets {
		probes = append(probes, c.resetProbes()...)
	}
	return findings(ctx, c.signsIn, probes)
}

// resetProbes are what only resets read.
func (c *Client) resetProbes() []probe {
	probes := []probe{
		{"directory audit log", "AuditLog.Read.All", func(ctx context.Context) error {
			now := c.now()
			_, err := c.DirectoryEvents(ctx, graph.EventFilter{Target: nobody, From: now.Add(-time.Hour), To: now})
			return err
		}},
		{"policy for Temporary Access Passes", "Policy.Read.AuthenticationMethod", func(ctx context.Context) error {
			p, err := c.PassPolicy(ctx)
			if err == nil && !p.Enabled {
				return errOff
			}
			return err
		}},
	}
	if !c.withoutPIM {
		probes = append(probes, probe{"risk", "IdentityRiskyUser.Read.All", func(ctx context.Context) error {
			_, err := c.Risk(ctx, nobody)
			return err
		}})
	}
	return probes
}

// signsIn reports whether the app gets a token: whether it may do anything with
// it is another question.
func (c *Client) signsIn(ctx context.Context) error {
	err := c.Ping(ctx)
	if e := (*graph.Error)(nil); errors.As(err, &e) && e.Op != opToken && !errors.Is(err, graph.ErrCredential) {
		return nil
	}
	return err
}

// probeGroups asks which groups nobody is in.
func (c *Client) probeGroups(ctx context.Context) error {
	_, err := c.InGroups(ctx, nobody, []string{nobody})
	return err
}

func ofNobody() map[string]string {
	return map[string]string{"$filter": "principalId eq '" + nobody + "'"}
}

// Probe tries all that changing a tenant takes, on nobody, so that nothing is
// changed: deleting what is not there, a pass for who does not exist, and a mail
// to no recipient, which is refused after the mailbox has been.
func (w *Writer) Probe(ctx context.Context) []Finding {
	change := func(ch graph.Change) func(context.Context) error {
		return func(ctx context.Context) error {
			_, err := w.Change(ctx, ch)
			return err
		}
	}
	var probes []probe
	for _, kind := range slices.Sorted(maps.Keys(methodPaths)) {
		if kind == graph.Email {
			continue // no second factor, so no reset deletes it
		}
		probes = append(probes, probe{"deleting methods: " + string(kind), methodPaths[kind].needs,
			change(graph.Change{Kind: graph.DeleteMethod, User: nobody, Method: kind, Object: nobody})})
	}
	probes = append(probes,
		probe{"making Temporary Access Passes", methodPaths[graph.Pass].needs, change(graph.Change{Kind: graph.CreatePass, User: nobody})},
		probe{"revoking sessions", "User.RevokeSessions.All", change(graph.Change{Kind: graph.RevokeSessions, User: nobody})})
	if w.mailbox != "" {
		probes = append(probes, probe{"mail from the configured mailbox", "Mail.Send, and the mailbox within the app's fence", w.probeMail})
	}
	return findings(ctx, w.c.signsIn, probes)
}

// probeMail sends nothing: to no recipient, a mail is refused. If the mailbox is
// not there that is no good news, unlike everywhere else.
func (w *Writer) probeMail(ctx context.Context) error {
	_, err := w.c.send(ctx, mail(w.mailbox, graph.Mail{Subject: "mfahelp", Text: "mfahelp"}))
	switch {
	case errors.Is(err, graph.ErrRejected):
		return nil
	case errors.Is(err, graph.ErrNotFound):
		return errNoMailbox
	}
	return err
}

var errNoMailbox = errors.New("there is no such mailbox")
