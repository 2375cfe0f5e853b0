// Package slack speaks Slack: signed requests or a socket in, Block Kit out.
//
// It has the same files as its siblings teams and web, in the order in which
// an event travels:
//
//	slack.go    what the app needs, and how it starts and ends
//	receive.go  takes events, presses, commands, and visits to the home tab, and
//	            hands them to the Inbox; the same for both ways in:
//	http.go     requests that Slack signs
//	socket.go   connections that we open
//	wire.go     what Slack sends, as far as it is read
//	verify.go   that it is Slack who sends, and one of ours who does
//	people.go   who is who: members, and whose account in the directory they have
//	channel.go  that the admins' channel is private, and ours alone
//	readers.go  that others who are in it are known to the admins
//	render.go   turns a message into blocks, or a view; pure
//	fit.go      keeps a message within Slack's limits; pure
//	send.go     posts and replaces
//	view.go     opens and replaces dialogs, and shows a secret to one reader
//	ask.go      asks who used the command without a word
//	forms.go    keeps what a button asks for until it is pressed
//	lead.go     leads from a list to the messages that it is about
//	files.go    uploads what hangs from a message
//	reach.go    speaks to somebody first
//	api.go      asks Slack, and says which failures are worth another try
//	pace.go     owner of Slack's limits
//	check.go    says what is missing in the set-up, and what to press
//	manifest.go the app as Slack wants it described
//
// # What is trusted
//
// Of an event that Slack sends we believe who acted, where, and which of our
// buttons it was. Who that person is in the directory, what the button stands
// for, and whether they may, is never taken from it. People of other workspaces,
// guests, bots, and deactivated accounts are refused on every way in, and so is
// everybody while Slack does not say who they are.
//
// # Once
//
// Slack delivers again what it thinks was lost, and a mention twice at once. A
// message is known by its channel and time; another event by its id; a press, a
// command, and a form, which have none, by the trigger that Slack gives to each,
// or else by a digest of what arrived. The [bot.Inbox] takes each once.
package slack
