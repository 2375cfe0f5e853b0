// Package teamstest is a Teams to try a bot on: the connector that a bot calls,
// the tokens it proves itself with, and the programs of the people in a tenant,
// which send what they do to the bot and show what it says.
//
// It is a fake that behaves. It asks every call for a token that it gave out,
// counts what Teams counts, refuses what Teams refuses, and says of a wrong call
// what was wrong with it: in the answer, as Teams does, and in Complaints, where
// a test finds it. What rests on a page of Microsoft's names the page. That it
// is not merely what we think Teams to be is shown by Microsoft's own SDK for
// JavaScript, which is made to talk to it.
//
//	fake.go       a tenant, its people and conversations
//	tokens.go     the metadata, the keys, and the tokens of both sides
//	connector.go  the routes that a bot calls
//	rules.go      what a message and a card may be
//	rates.go      how often
//	person.go     what people do, as their programs send it
//	seen.go       what they see, as their programs show it
//	driver.go     the people of the dialogues
package teamstest
