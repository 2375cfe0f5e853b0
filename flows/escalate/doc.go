// Package escalate is the thread to the admins.
//
// A case that goes to them is one card in their channel with a thread below it.
// The card is replaced as the case moves; the evidence, the files and the
// conversation with the employee are in the thread:
//
//	Resume   shows a case as it now is ("escalate.open"), once more when its
//	         requester asks again ("escalate.again") or its sign-in has reached
//	         the log ("escalate.found"), looks up the sign-in of somebody on
//	         the phone ("escalate.look"), and says what did not reach somebody
//	         ("escalate.unreached", "escalate.unsent")
//	Press    claim, put back, reply, resolve, reopen, say whose sign-in it is
//	Handle   what an admin writes: in a thread it goes to the employee, up to
//	         a line that begins with "note:", but in a security matter nothing
//	         does; outside one, a pasted error opens a case for somebody on the
//	         phone, who often can reach no chat. A sign on a message, where the
//	         platform has such signs, claims or resolves
//
// Being in the channel is not enough: whether somebody is an admin is asked of
// the directory at each press and each word.
package escalate
