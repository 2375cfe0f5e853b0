// Command cards shows every message that people can get, on every platform, from
// made-up data. Its golden files are how a change of words or looks is reviewed:
// as a diff.
//
//	go run ./cmd/cards            writes cards.html, to be opened in a browser
//	go test ./cmd/cards -update   accepts what has changed
//
// The messages are not written down here: the stories in stories.go let the
// flows say them, so a message that no story leads to is missing in plain sight.
package main
