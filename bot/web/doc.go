// Package web speaks to a browser: the bot in a page of its own, to be tried
// without a Slack or Teams account. The page shows an employee's conversation
// beside the admins' channel, makes failures happen to paste, and tells what
// happened behind. Anybody may be anybody on it, so it is for a pretend tenant
// only; package cmd/mfahelp never serves it for a real one.
//
// It has the same files as its siblings slack and teams, in the order in which
// an event travels:
//
//	web.go      who may be chosen, and what the page needs
//	verify.go   checks the host, the origin, and the session, and who sits in it
//	receive.go  takes what is said, presses, and forms
//	render.go   turns a message into HTML; pure
//	reveal.go   shows a secret, once, to whom it is for
//	send.go     shows and replaces messages in the pages that are open
//	shelf.go    keeps what was said
//	read.go     answers with a conversation as plain JSON, and with files
//	stream.go   tells open pages what changes, and the strip
//	page.go     puts the page together; its script and style are in static
//
// # The API
//
// The page has no other way in than scripts have. A script that goes through a
// case of the demo's:
//
//	BASE=http://127.0.0.1:8025
//	post() { curl -s "$BASE$1" -H 'Content-Type: application/json' -H "Authorization: Bearer $TOKEN" -d "$2"; }
//	TOKEN=$(post /api/sessions '{"person":"sofia.almeida"}' | jq -r .token)
//	TEXT=$(post /api/samples/no-response '{}' | jq .text)
//	post /api/messages '{"place":"direct","text":'"$TEXT"'}'
//	curl -s "$BASE/api/conversations/direct" -H "Authorization: Bearer $TOKEN" | jq '.messages[-1] | .title, .actions'
//	post /api/presses '{"place":"direct","key":"the key of an action"}'
//
// A request is somebody's by its session alone, either a bearer token or the
// cookies of the page. The page has two seats, each with a cookie of its own,
// and says which one it means by the parameter seat: "employee", which is
// meant where nothing is said, or "admin". What a body says about people is
// not asked for and is refused.
//
//	POST /api/sessions {person, seat?}      201 {token, person, name}; with a seat, sets its cookie
//	GET  /api/people                        {people: [{id, name, note, admin}]}
//	GET  /api/samples                       {samples: [{name, title, summary, person, group}]}
//	POST /api/samples/{name} {}             {text, person}: it fails now, and its error page shows text
//	POST /api/messages {place, text, thread?, id?}
//	                                        202 {event, ref}; what begins with "/mfa-help" is a command
//	POST /api/presses {place, key, fields?, id?}
//	                                        202 {event}; fields are by name
//	POST /api/reveals {ref}                 {title, secrets: [{name, secret}]}
//	GET  /api/conversations/{place}         {place, person, cursor, messages: [message]}
//	GET  /files/{ref}/{n}                   the attachment at the url of a message
//	GET  /api/traces                        {traces: [trace]}
//	GET  /api/stream?after=cursor           server-sent events
//	GET  /panes/{seat}/{place}              a conversation as HTML, for the page
//
// A place is "direct", the conversation of whoever asks with the bot, or
// "admins", the channel that only admins read and write. A thread is the ref of
// the message that it hangs from.
//
// An id is up to 64 letters, digits, dots, dashes, and underscores of the
// sender's choice. What is sent again by the same session under the same id is
// the same event, so whoever got no answer can safely send again. 202 is said
// only after the event is safe.
//
// A message is
//
//	{ref, thread, order, rev, from, name, at, edited, onlyYou, secret,
//	 title, status, lines, facts: [{name, value}], steps: [{do, why}],
//	 attachments: [{name, mediaType, size, url}],
//	 actions: [{label, kind, key, weight, url,
//	            fields: [{name, label, kind, required, options: [{label, value}]}]}]}
//
// of which what is empty may be missing. From is a person's id, or missing if
// the bot says it; status is "info", "waiting", "good", or "problem"; lines are
// the whole body in the order of reading; an action's kind is "choose", "ask",
// or "open", and a field's "line", "paragraph", or "choice". A message that is
// replaced keeps its ref, and its rev goes up. OnlyYou says that nobody else in
// the place sees it.
//
// A secret, such as a pass, is a dash wherever a message is read: on the page, in
// the API and in the stream. Where secret is true, its reader may ask what the
// dashes stand for, as the page does when they press "Show it". Each secret is
// told once; after that, and to everybody else, there is nothing to tell, which
// is 410 secret-gone. The answer is kept nowhere. Name is that of the fact in
// which the secret stands, and missing elsewhere.
//
// The stream's events are "message" {seat, place, ref, thread, order, rev, mine,
// summary, html}, "elsewhere" {person, name, admin} on a page where there is
// something for somebody who sits in neither seat, "trace" {at, kind, text,
// case}, "ready" once what was missed has been told, and "reset" if that is not
// known, so that the conversation must be read again. Each has an id to go on after: by Last-Event-ID, or by
// the parameter after.
//
// What is refused is answered with {code, error}, of which error is a sentence
// for people and code is for scripts: 400 malformed, 401 no-session, 403 host,
// origin, or not-yours, 404, 410 secret-gone, 413 too-large, 415 not-json, 422 for what is well
// formed and makes no sense, and 503 not-accepted if the event could not be
// made safe and should be sent again. From 500 on there is a reference too,
// under which the log says more.
package web
