// Package slacktest is a Slack to try a bot on: the methods that a bot calls,
// the connections that it opens, and the programs of the people in a workspace,
// which send what they do to the bot and show what it says.
//
// It is a fake that behaves. It asks every call for a token and its scopes,
// counts what Slack counts, refuses what Slack refuses, and says of a wrong call
// what was wrong with it: in the answer, as Slack does, and in Complaints, where
// a test finds it. It shares no type with the SDK, so that both may be wrong only
// in different ways. What rests on a page of Slack's names the page.
//
//	fake.go    a workspace, its people, channels, and messages
//	api.go     the methods that a bot calls
//	files.go   the three calls of an upload
//	rules.go   what a message, a page, and a dialog may be
//	rates.go   how often
//	wire.go    how things get to the bot: signed requests, and connections
//	person.go  what people do, as their programs send it
//	seen.go    what they see, as their programs show it
//	driver.go  the people of the dialogues
package slacktest
