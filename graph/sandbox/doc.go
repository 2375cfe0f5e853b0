// Package sandbox is a pretend Entra tenant, served over HTTPS from memory. It
// enforces what the real one enforces, and tells a developer what the real one
// would not: why a call was wrong.
//
// # A tour
//
// [New] returns a [Tenant] with the people of a small company, [Tenant.Start]
// serves it. One server is both the login service, below /{tenant}/, and
// Microsoft Graph, below /v1.0/ and /beta/:
//
//	t, err := sandbox.New(sandbox.Options{})
//	url, err := t.Start("127.0.0.1:0")
//	app := t.Reader() // its id and secret, for azidentity
//
// Clients must trust [Tenant.CAPEM], and sign in: every call to Graph is asked
// for a token, and every token for the permission of the call.
//
// [Tenant.Fail] plays one of the [Tenant.Scenarios]: somebody fails to sign in,
// right now. It returns the text of the error page, as people paste it, and the
// log has the events of it once they have arrived.
//
//	f, err := t.Fail("no-response")
//	fmt.Println(f.Text)
//
// The clock is the tenant's own ([Tenant.Advance], [Tenant.SetClock]), what goes
// wrong is asked for ([Tenant.Fault]), and [Tenant.Log] has every request with
// what was wrong about it.
//
// Who plays what, when somebody's sign-in methods are to be reset, is in [Parts]:
// who has nobody to vouch for them, whose number proves nothing, which admin may
// not approve, and the others that a policy refuses. What is given and taken away
// while a program runs (a permission, a role, a licence, a method) is a method of
// [Tenant] for tests in the same process, and an order over HTTP for others:
// see [Options.Control], and control.go for the list.
//
// # The rooms
//
//	sandbox.go   the tenant: making, starting, its clock
//	keys.go      the authority behind its certificate, the key behind its tokens
//	apps.go      who may sign in as a program
//	tokens.go    the login service, and who a bearer is
//	server.go    the way of a request: fault, route, token, permission, limit, answer
//	access.go    which permission each area wants, and how it says no
//	throttle.go  how often one may ask
//	query.go     $select, $top, pages; filter.go: $filter
//	signins.go, signinjson.go, users.go, groups.go, roles.go, methods.go,
//	reports.go, risk.go   what can be asked, area by area
//	seed.go      the company; cast.go: who plays what; visit.go and scenarios.go: what happens to it
//	faults.go    what goes wrong; log.go: what was asked; control.go: all that over HTTP
//
// # What it is not
//
// The order in which things are refused, and the words where Microsoft's are not
// known, are ours. What is known comes from the pages and threads cited in
// place. The sandbox refuses what is not documented, even where the real service
// is said to let it pass.
package sandbox
