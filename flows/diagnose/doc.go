// Package diagnose tells why a sign-in failed, from what its user pasted, what
// the sign-in log says, and what the directory knows of the account. It is
// pure and total: the same facts give the same [Diagnosis], and any facts give
// one. What it does not know it calls [Unknown], with the log's own words, and
// never guesses.
//
// It goes in three steps. [Pick] finds the event that a report is about, since
// one visit to a sign-in page leaves several, and some of them, the interrupts,
// say only that more was asked. [Diagnose] tries a list of rules, the gravest
// first; each looks at the facts and either names a cause or leaves it to the
// next. A table of answers then turns the cause into the few steps that fit
// this person: their phone, their other methods, where they are.
//
// Nothing here is a sentence: causes and steps name sentences of package words
// (causes.json and steps.json), so that they can be said in any language.
package diagnose
