// Package signins finds one sign-in in the tenant's log, and sees that nobody
// asks the log too often.
//
// Microsoft answers five requests for reports in ten seconds, for the whole
// tenant, and an event reaches the log some minutes after it happened. So a
// look-up here never waits and never polls. It has one of three outcomes:
//
//   - found: the events that fit, what they were found by, and which version of
//     Graph told them;
//   - absent: the log was read where the query pointed, and has none. The field
//     Expired says that the log does not reach back that far, Partial that it
//     holds more than was read, so that "none" is not claimed of it all;
//   - later: a [*graph.Later], with a time at which to ask again and the reason:
//     the event may still be on its way, the requests are spent, or Graph is
//     down, or slower than whoever asked can wait.
//
// Any other error is a [*graph.Error] that waiting does not mend, such as a
// missing permission.
//
// # How an event is found
//
// By the request id of the error page; else by the correlation id, which the
// client chooses and which may span weeks and people; else by whose sign-in it
// was, when, and with which error. Each is one request, in find.go. An event
// that only interrupts a visit, such as "strong authentication is required", is
// no verdict: the other events of the visit are then read too, and awaited if
// the last one may still be on its way.
//
// If a second step failed, one request more reads what else that person did on
// the days around it: whether they got in after all, and whether somebody keeps
// sending them prompts, no single event tells.
//
// # What it costs
//
// Every request takes from a [Budget], which replicas may share, in ask.go. If
// the budget is spent in the middle of a look-up, what was read so far is kept
// for some minutes, so that the next call goes on from there. A look-up for
// which nothing is left to be read therefore costs at most eight requests, and
// mostly one or two. Two equal requests at the same time are one.
//
// The directory's own audit log is answered from the same five requests, so it is
// read here too, by [Service.Changes], and together with the sign-ins by
// [Service.History], of which who asks says how fresh it has to be.
//
// # Beta, and v1.0
//
// Only the beta of Graph tells why an MFA prompt failed. It is asked first. If
// it refuses (400, 404, 405, 501), or is unavailable twice in a row, v1.0 is
// asked, and if that answers, beta is left alone for ten minutes.
//
// # The door that is left open
//
// When a whole company cannot sign in, a thousand queries wait for the same
// budget. They all end in [Service.ask], one filter each. There a page of a
// thousand events, read once for the minutes in question, can answer them all;
// nothing above it would change.
package signins
