package msgraph

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"mfahelp/graph"
)

// A Wanted is what a configuration relies on in the tenant. Its zero value is
// one that gives advice alone.
type Wanted struct {
	Admins []string // object ids of the groups whose members work on cases
	Resets bool     // accounts are changed; what follows counts only then

	Approvers []Approvers
	Context   string        // the authentication context that sign-ins must satisfy; "" for none
	PassLife  time.Duration // how long a pass is to live
	PassOnce  bool          // whether it is good for one sign-in
}

// Approvers are who may approve some resets, and how many it takes.
type Approvers struct {
	Groups, Roles []string // object ids, and template ids
	Count         int
}

// Probe tries all that reading a tenant takes, and changes nothing. It asks the
// sign-in log once and, if there are resets, the directory's once.
func (c *Client) Probe(ctx context.Context, w Wanted) []Finding {
	probes := []probe{
		{check: "people", needs: "User.Read.All", try: c.Ping},
		{check: "sign-in-log", needs: "AuditLog.Read.All", try: func(ctx context.Context) error {
			_, err := c.SignIns(ctx, graph.Beta, graph.Filter{ID: nobody})
			return err
		}},
		// Who may not read the policies is not told, in a sign-in, which of them
		// had a say; only this call tells the permission from its absence.
		{check: "policies", needs: "Policy.Read.All", lesser: lesserWithout(w.Context), try: func(ctx context.Context) error {
			_, err := c.policies(ctx)
			return err
		}},
		{check: "groups", needs: groupsRead, try: c.probeGroups},
		{check: "methods", needs: methodsRead, try: func(ctx context.Context) error {
			_, err := c.Methods(ctx, nobody)
			return err
		}},
		{check: "roles", needs: rolesRead, try: func(ctx context.Context) error {
			_, err := c.assignments(ctx, ofNobody())
			return err
		}},
	}
	if !c.withoutPIM {
		probes = append(probes, probe{check: "eligible-roles", needs: eligibleRead, or: rolesRead, p2: true, try: func(ctx context.Context) error {
			_, err := c.eligibilities(ctx, ofNobody())
			return err
		}})
	}
	if w.Resets {
		probes = append(probes, c.resetProbes(w)...)
	}
	return findings(ctx, c.signsIn, slices.Concat(probes, c.deciders(w), []probe{{check: "reads-only", try: c.probeWrites}}))
}

// probeWrites tries, on nobody, what an app that reads must not be able to do:
// who finds its secret could take people's methods away.
func (c *Client) probeWrites(ctx context.Context) error {
	w := &Writer{c: c}
	for _, ch := range []graph.Change{
		{Kind: graph.DeleteMethod, User: nobody, Method: graph.Authenticator, Object: nobody},
		{Kind: graph.DeleteMethod, User: nobody, Method: graph.PhoneMethod, Object: nobody},
		{Kind: graph.CreatePass, User: nobody},
		{Kind: graph.RevokeSessions, User: nobody},
	} {
		_, err := w.Change(ctx, ch)
		switch {
		case err == nil, errors.Is(err, graph.ErrNotFound):
			return &troubleError{CanWrite, Unwise, nil}
		case !errors.Is(err, graph.ErrForbidden):
			return err
		}
	}
	return nil
}

// lesserWithout is what it comes to that policies cannot be read: with resets it
// must be known what stands behind the context.
func lesserWithout(authenticationContext string) Verdict {
	if authenticationContext != "" {
		return Missing
	}
	return Unwise
}

// resetProbes are what only resets read.
func (c *Client) resetProbes(w Wanted) []probe {
	probes := []probe{
		{check: "directory-log", needs: "AuditLog.Read.All", try: func(ctx context.Context) error {
			now := c.now()
			_, err := c.DirectoryEvents(ctx, graph.EventFilter{Target: nobody, From: now.Add(-time.Hour), To: now})
			return err
		}},
		{check: "pass-policy", needs: "Policy.Read.AuthenticationMethod", try: func(ctx context.Context) error {
			p, err := c.PassPolicy(ctx)
			if err != nil {
				return err
			}
			return passTrouble(p, w)
		}},
	}
	if !c.withoutPIM {
		probes = append(probes, probe{check: "risk", needs: "IdentityRiskyUser.Read.All", p2: true, try: func(ctx context.Context) error {
			_, err := c.Risk(ctx, nobody)
			return err
		}})
	}
	if w.Context != "" {
		probes = append(probes, probe{check: "context", of: w.Context, needs: "Policy.Read.All", try: func(ctx context.Context) error { return c.probeContext(ctx, w.Context) }})
	}
	return probes
}

// passTrouble holds what a policy says about passes to what is wanted of them.
func passTrouble(p graph.PassPolicy, w Wanted) error {
	minutes := func(d time.Duration) int { return int(d.Minutes()) }
	switch {
	case !p.Enabled:
		return &troubleError{trouble: PassesOff}
	case w.PassLife != 0 && (w.PassLife < p.Min || w.PassLife > p.Max):
		return &troubleError{PassLife, Unwise, []any{minutes(w.PassLife), minutes(p.Min), minutes(p.Max)}}
	case p.OnlyOnce && !w.PassOnce:
		return &troubleError{PassOnce, Unwise, nil}
	case !p.Everybody:
		return &troubleError{PassesForSome, Unwise, []any{len(p.For)}}
	case len(p.NotFor) > 0:
		return &troubleError{PassesExcept, Unwise, []any{len(p.NotFor)}}
	}
	return nil
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

// ProbeCredential tries whether Entra takes the app's credential, and nothing else.
func (c *Client) ProbeCredential(ctx context.Context) []Finding {
	return findings(ctx, c.signsIn, nil)
}

// probeGroups asks for a group that is not there: what asks whose groups they are
// takes two permissions, and does not say which of them is missing.
func (c *Client) probeGroups(ctx context.Context) error {
	_, err := c.group(ctx, nobody)
	return err
}

func ofNobody() map[string]string {
	return map[string]string{"$filter": "principalId eq '" + nobody + "'"}
}

// Probe tries all that changing a tenant takes, on nobody, so that nothing is
// changed: deleting what is not there, a pass for who does not exist, and a mail
// to no recipient, which is refused after the mailbox has been. If another mailbox
// is given, that of somebody who runs the program, it tries whether the app may
// send from that as well.
func (w *Writer) Probe(ctx context.Context, other string) []Finding {
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
		check := "delete"
		if kind == graph.Pass {
			check = "delete-pass"
		}
		probes = append(probes, probe{check: check, of: string(kind), needs: methodPaths[kind].needs,
			try: change(graph.Change{Kind: graph.DeleteMethod, User: nobody, Method: kind, Object: nobody})})
	}
	probes = append(probes,
		probe{check: "create-pass", needs: methodPaths[graph.Pass].needs, try: change(graph.Change{Kind: graph.CreatePass, User: nobody})},
		probe{check: "revoke-sessions", needs: "User.RevokeSessions.All", try: change(graph.Change{Kind: graph.RevokeSessions, User: nobody})})
	if w.defaults {
		probes = append(probes, probe{check: "default", needs: methodsAll,
			try: change(graph.Change{Kind: graph.ChangeDefault, User: nobody, Object: string(graph.PreferPush)})})
	}
	if w.mailbox != "" {
		probes = append(probes, probe{check: "mail", of: w.mailbox, needs: "Mail.Send", trouble: Fenced, try: func(ctx context.Context) error { return w.probeMail(ctx, w.mailbox) }})
		if other != "" {
			probes = append(probes, probe{check: "fence", try: func(ctx context.Context) error { return w.probeFence(ctx, other) }})
		}
	}
	return findings(ctx, w.c.signsIn, probes)
}

// probeMail sends nothing: to no recipient, a mail is refused. If the mailbox is
// not there that is no good news, unlike everywhere else.
func (w *Writer) probeMail(ctx context.Context, from string) error {
	_, err := w.c.send(ctx, mail(from, graph.Mail{Subject: "mfahelp", Text: "mfahelp"}))
	switch {
	case errors.Is(err, graph.ErrRejected):
		return nil
	case errors.Is(err, graph.ErrNotFound):
		return &troubleError{trouble: NoMailbox}
	}
	return err
}

// probeFence tries to send from a mailbox that is not the configured one.
// See https://learn.microsoft.com/exchange/permissions-exo/application-rbac.
func (w *Writer) probeFence(ctx context.Context, other string) error {
	err := w.probeMail(ctx, other)
	switch {
	case err == nil:
		return &troubleError{NoFence, Unwise, nil}
	case errors.As(err, new(*troubleError)):
		return &troubleError{FenceUnseen, Look, nil}
	case errors.Is(err, graph.ErrForbidden):
		return nil
	}
	return err
}
