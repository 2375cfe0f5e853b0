// Package help is the employee's conversation: "I cannot sign in".
//
// What somebody pastes opens a case and is answered in one message, which is
// replaced as more is known:
//
//	Handle   reads the paste, says "Looking…", and asks for a look-up at once
//	Resume   looks ("help.look"): found, choose one, not in the log yet, or
//	         only the code to go by; closes what nobody came back to
//	         ("help.close")
//	Press    it helped, still stuck, it was not me, this one of several; who
//	         writes the name of such a button has pressed it (typed.go)
//
// A security matter is never told to the requester, who may be the attacker:
// whatever goes to the admins is answered with the very same message, after the
// very same steps. See sent in messages.go.
package help
