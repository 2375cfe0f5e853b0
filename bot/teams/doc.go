// Package teams speaks Microsoft Teams: Bot Framework activities in, Adaptive
// Cards out. There is no SDK of Microsoft's for Go, so it speaks the protocol
// itself.
//
// It has the same files as its siblings slack and web, in the order in which
// an event travels:
//
//	teams.go      what the bot needs, and its addresses
//	verify.go     checks the token of a request, and whose the activity is
//	keys.go       the keys that tokens are signed with
//	receive.go    takes activities over HTTP and hands them to the Inbox
//	read.go       what an activity says: words, files, mentions, presses
//	invoke.go     answers what somebody waits for: presses, views, shortcuts
//	people.go     who is who, and where they can be reached
//	render.go     turns a message into a card; pure
//	fit.go        keeps cards under the size that Teams takes; pure
//	send.go       posts and replaces, and says which failures are worth another try
//	files.go      sends what is attached, and fetches what people attach
//	connector.go  the calls to Teams
//	token.go      our own token for them
//	limits.go     how many calls Teams takes
//	manifest.go   the app package
//
// # Who is who
//
// Teams vouches for a person by the tenant and the Entra object id that stand
// in an activity, beside a token that proves no more than that it is Teams who
// speaks. An activity of a tenant that is not on the list is refused, and so is
// whoever is a guest in the tenant, anonymous, or of another organisation; see
// people.go. Nothing in the data of a card is believed but the key that it
// carries, and what that stands for is in the store.
//
// # What is answered where
//
// A press of a button is an "invoke": Teams waits some seconds for its answer,
// and shows it to who pressed and to nobody else. So it is where confirmations
// and secrets are shown. The press itself is an event like any other, and safe
// before it is answered. What the flows have to say about it arrives at Send
// with the event's Reply, whose token names the request that waits; when none
// waits any more, or it came to another process, it is said to that person in
// another way: as a targeted message if those are switched on, else in their
// own chat with the bot.
//
// A card that is replaced is replaced for everybody by a PUT. A card with
// buttons among others asks, by "refresh", what each reader may see of it;
// [bot.Views] says.
package teams
