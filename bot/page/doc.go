// Package page is the bot's own page, where somebody proves who they are right
// now: they open a one-time address, sign in freshly and strongly with Entra,
// see from the record what they are about to say yes to, and say it.
//
// A chat session can be stolen and a card can be altered with a stolen bot
// token. So no yes that matters is taken from a chat; it is taken here:
//
//	GET  /signin/{link}          who must sign in, and a button
//	POST /signin/{link}          off to Entra, with what came from here sealed in a cookie
//	GET  /signin/callback        back from Entra: the token is checked, see verify.go
//	GET  /signin/{link}/confirm  what the yes is about, as the record is at that moment
//	POST /signin/{link}/confirm  the yes, which becomes a [bot.SignedIn] in the inbox
//
// An address that was mailed to somebody with a no in it, such as *Stop*, is asked
// for no sign-in: who needs it may have lost how they sign in, and all that it is
// good for is to end something.
//
//	GET  /signin/{link}          what would be ended, as the record is at that moment
//	POST /signin/{link}          the no, which becomes a [bot.Ended] in the inbox
//
// Opening an address starts nothing, for programs open it too: chats that show
// what is behind a link, and mail filters. The address lets nobody in; only the
// one person whom the record names can go on from it, and only once.
//
// # What is asked of a sign-in
//
// The token must be Entra's, for this app, this tenant and this attempt; its
// object id that of the person the link is for; its auth_time no earlier than
// the attempt; and it must say that the sign-in was strong. Tokens of version
// 2.0 have no "amr" (github.com/MicrosoftDocs/azure-docs/issues/85021), so the
// page asks for an authentication context by the claims parameter and wants to
// see it in "acrs"; an "amr" with a strong method is taken as well. A claim that
// is missing counts as a no: auth_time and acrs are optional claims, which the
// app registration must name. See
// https://learn.microsoft.com/entra/identity-platform/optional-claims-reference and
// https://learn.microsoft.com/entra/identity-platform/developer-guide-conditional-access-authentication-context.
//
// # What is kept
//
// Nothing. Between two requests the attempt is in a cookie that only this
// program can read or make, bound to one link and over after ten minutes.
package page
