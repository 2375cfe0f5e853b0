// Package reset carries MFA resets from the question to the end, as one state
// machine. The helpdesk's reset is how attackers get in, so nothing here is a
// button that does something: each step is a record, and each yes that matters
// is given on our own page after a fresh strong sign-in.
//
//	asked → proven → approved → executed → handed over → watched → settled
//	        with refused, denied, expired, withdrawn, frozen
//
//	ask.go       the subject, a colleague, or an admin for somebody on the phone
//	check.go     the account is read: refused, frozen by a sign of compromise, or planned
//	account.go   what the directory says: refusals, signs, rights
//	plan.go      exactly what will be done, the least first
//	proof.go     the manager's word, the call back, the subject's other factor
//	lapse.go     a proof that runs out before the rest is there, and is asked anew
//	end.go       a no from our own page, by the address in an e-mail
//	signedin.go  a yes from our own page, and whether it counts
//	approve.go   approvals, denials, ends
//	leave.go     whether an effect may begin now: everything is read again
//	done.go      what came of the effects, and one more try
//	handover.go  the pass, to who vouched for the subject, once
//	after.go     "this was not me", and the watch that settles
//	freeze.go    all resets stop; two admins let them go on
//	confirm.go   what our own page shows
//	codes.go     what people read to each other, kept nowhere
//	spells.go    whether a text that is passed on gives one away
//	told.go      where the subject and the manager are told
//	policy.go    who may what, by whose word, and how often
//
// What people see is in card.go, messages.go and standing.go, and the sentences in
// words/en/reset.json.
//
// A program wires a [Flow] in six places; the example of [New] shows them:
//
//   - [Flow.Named] goes first into the router, since it takes commands in the
//     admins' channel that another flow would take for talk;
//   - the store asks [Flow.Leave] before each effect, and again before a pass is
//     made;
//   - our own page asks [Flow.For], [Flow.Confirm] and [Flow.End], and hands in a
//     [bot.SignedIn] or a [bot.Ended] as an event like any other;
//   - a platform that shows a [bot.Reveal] asks [Flow.Reveal] for all but
//     [flows.RevealPass], for which it asks the store;
//   - who relays what people write to each other asks [Flow.Spoken] first;
//   - and once, when the program starts, the answer of [Flow.Start] is committed.
package reset
