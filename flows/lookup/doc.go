// Package lookup is what the flows ask Graph about a case, and how they show
// what it said.
//
// Both help, for an employee, and escalate, for an admin who has somebody on
// the phone, look for a sign-in and for whose it is; neither may import the
// other. What they ask is in desk.go, how a diagnosis is put into words in
// show.go, and what is attached for the admins in report.go.
package lookup
