// Package bottest holds what every platform is tested with: a message with all
// there is, whole conversations, and the contract between a platform and those
// who speak through it.
//
// # Dialogues
//
// The files in dialogues are conversations that run unchanged on every platform,
// each through its own wire format. A platform's tests bring a [Driver] and call
// [Play]. A dialogue reads like this:
//
//	# Nobody answered the prompt
//	# What follows a number sign is for the reader; the first is the title.
//
//	make no-response
//	ava says <paste>
//	bot to ava: title "Nobody answered"; says "Open Microsoft Authenticator"
//	  offers "Still stuck"
//	  not says "password"
//
//	ava fills "Still stuck" tried="restarted the phone"
//	admins see: title "Ava Chen"; offers "Claim"
//	admins see in thread: attaches "report"
//
//	priya presses "Claim" in admins
//	priya replies "Which phone is it?"
//	bot to ava: says "Which phone is it?"
//	wait 60s
//	bot to ben: nothing
//
// People are called by their id or their first name, in any case. What is said
// and looked for stands in quotes as in Go, so that \n is a line break. Every
// line begins a statement, except that indented ones go on with the one above.
//
// What happens:
//
//	make NAME                    a failure happens now; <paste> is what its error page shows
//	happens WHAT to WHO          at the tenant: new-method (one is registered), new-number (the
//	                             directory has another since ten days), fraud (reported, so that
//	                             they are blocked), or demotion (they are no admin any more)
//	happens WHAT                 to all of the tenant: outage (nothing is answered) or recovery
//	wait DURATION                such as 90s or 24h, on the clocks of the tenant and the program
//	WHO says "TEXT" [in admins]  to the bot, or in the admins' channel; "TEXT" may have <paste> in it
//	WHO runs "/mfa-help TEXT" [in admins]
//	WHO replies "TEXT" [on "TITLE"]
//	                             in the admins' channel, in the newest thread or in that of a card
//	WHO presses "LABEL" [in admins] [on "TITLE"]
//	WHO presses "LABEL" of WHO [in admins] [on "TITLE"]
//	                             a button that perhaps only that other one is shown: on some
//	                             platforms nobody sees what they may not press
//	WHO presses "LABEL" again [in admins]
//	                             the very button that was pressed last under that label: an
//	                             old card, or a second person with the same one before them
//	WHO fills "LABEL" FIELD="TEXT"... [in admins] [on "TITLE"]
//	                             a FIELD is its name or, in quotes, its label; of a list of
//	                             options, TEXT is the label or the value of one
//
//	WHO signs in at "LABEL" [again] with METHOD [in admins] [on "TITLE"] [after DURATION]
//	                             follows a button to our own page, signs in there with a METHOD
//	                             such as authenticator or password, and says yes, at once or
//	                             after a time; again is at the address they were at before
//	WHO cannot sign in at "LABEL" [again] [of WHO] with METHOD [in admins] [on "TITLE"] [after DURATION] says "PART"
//	                             does the same, and there is no yes; the button may be one that
//	                             only somebody else is shown
//
//	WHO reads "NAME" [in admins] on "TITLE"
//	                             a secret, such as a pass, that is shown to them under that name;
//	                             from then on <secret> in a text stands for it
//	WHO registers with <secret>  gets into the tenant with a pass, registers Authenticator there,
//	                             and signs in with that
//	WHO cannot register with <secret> says "PART"
//	                             does the same, and does not get in
//
// A button is looked for by its whole label, on the newest card that has it; on
// "TITLE" means cards with that in their title.
//
// The program has the limits MessagesPerHour, LookupsPerHour and
// EscalationsPerDay of this package, and looks for a sign-in that the log does
// not have after 15 s, 45 s, 75 s and 2 min.
//
// What is to be seen, each time by the newest message that the bot sent there,
// or with the word earlier by any of them:
//
//	bot to WHO [earlier]: CLAUSE; CLAUSE...
//	admins see [in thread] [earlier]: CLAUSE; CLAUSE...
//	                             in their channel, as the last admin sees it who did something
//	WHO sees [in thread] [earlier]: CLAUSE; CLAUSE...
//	                             the same, as this one of them sees it
//	only WHO is told: CLAUSE; CLAUSE...
//	                             in the admins' channel and to them alone: each platform has its
//	                             own place for that, in the thread or not, and no other admin may
//	                             see anything that fits
//
//	title "PART"    a part of its title
//	says "PART"     a part of one of its lines
//	status WORD     info, waiting, good, or problem
//	offers "LABEL"  a button
//	attaches "PART" a file with that in its name
//	nothing         the bot has sent nothing there
//
// All but nothing may have not before them. One message must fit all clauses of a
// statement; but if all of them say not, every message there must fit. Lines are
// words without markup: a fact is its name and its value, which platforms set
// apart in their own ways, so look for one of them.
package bottest
