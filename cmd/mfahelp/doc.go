// Command mfahelp helps people whom Microsoft sign-in turns away. They paste
// the error where they can still talk, in a chat or on a page. It reads the
// error, finds that very sign-in through Microsoft Graph, says what went wrong
// and what to do, and where that does not help brings the matter to the admins,
// with all that is known.
//
// This is the guided tour: a message on its way through the house.
//
// # In
//
// Package [mfahelp/bot] is the vocabulary: a Person says something at a Place,
// which is an Event; what is said back is a Message in a Post. It has meanings
// only, such as Steps and Facts, and no looks, and it knows no platform. A
// platform is a package under bot with the same files as its siblings: receive
// takes what came in, verify sees that it really came from there, render makes
// a Message into the platform's own document, send delivers it. There are
// [mfahelp/bot/slack], [mfahelp/bot/teams], and [mfahelp/bot/web], a page on
// which an employee's chat and the admins' channel stand side by side.
//
// An event is on disk before the platform is told that we have it: a platform
// hands it to its Inbox, which is [mfahelp/store], and only then says yes. The
// same event delivered twice is accepted once.
//
// # Deciding
//
// The store hands each event to [mfahelp/flows], whose Router finds the Flow
// that answers. A flow talks to nobody. It returns an Answer: cases as they are
// now, posts to be sent, jobs for later, lines for the record. The store
// commits an answer whole or not at all, so nothing is said without being
// recorded, and a test of a flow is this event, that answer. A button carries a
// random key and nothing more; what it asks for, and whether it still may, is
// read from the record at the press.
//
// [mfahelp/flows/help] is the conversation with who cannot sign in, and
// [mfahelp/flows/escalate] the thread with the admins. What both ask of Graph,
// and how both show it, is [mfahelp/flows/lookup].
//
// [mfahelp/flows/reset] carries the reset of somebody's methods from the question
// to the end. No yes that matters is taken from a chat: it is given on
// [mfahelp/bot/page], after a fresh strong sign-in, and comes back as an event
// like any other. What is to be changed is an effect in an answer. The store asks
// the flow for leave again, puts the intent on record, has it carried out, and
// puts on record what came of it (resets.go wires all this).
//
// # Knowing
//
// [mfahelp/graph/aadsts] reads Entra's errors out of any text, and knows the
// codes. It depends on nothing and can be used elsewhere; "mfahelp explain" is
// a command line around it.
//
// [mfahelp/graph] says in plain types what Entra knows: sign-ins, users,
// methods, roles. [mfahelp/graph/signins] finds the one sign-in that a text is
// about. It owns the tenant's small budget of requests to the sign-in log, and
// never waits: it answers, says that there is none, or says when to ask again.
// Behind it are two that speak for Graph: [mfahelp/graph/msgraph], the real one,
// the only package that imports Microsoft's SDK, and [mfahelp/graph/sandbox], a
// pretend tenant over HTTPS, which the first cannot tell from the real one.
//
// [mfahelp/flows/diagnose] turns what was pasted and what was found into a cause
// and the steps that fit. It is a table of rules, and knows when it does not know.
//
// # Out
//
// Sentences come from [mfahelp/words], by key and in the reader's language, and
// nowhere else. The store sends what a commit left in its outbox, replaces a post
// whose content changed, and tries again what failed for now.
//
// # Around
//
// [mfahelp/config] reads the configuration and says of every mistake in it where
// it stands. Its secrets are [mfahelp/secret] texts, which print as [redacted];
// the log masks once more what comes by other ways (mask.go).
//
// This package wires the rooms together (app.go) and has one file for each
// command. Who may import whom is the table in arch_test.go, at the root. What
// has been tried against what is in docs/proven.md.
package main
