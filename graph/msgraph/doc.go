// Package msgraph reads and changes the live tenant through Microsoft Graph, and
// is the only package that imports Microsoft's SDK. What it returns are the plain values of
// package graph, and every error is a [*graph.Error] that says whether to come
// back, when, and which permission is missing.
//
// # A tour
//
//	client.go      Options, and one request: template, token, answer
//	cloud.go       the national clouds, and a custom one
//	credential.go  how the app proves itself, and the token on each request
//	door.go        the only way out: a list of hosts, no redirects, a size limit
//	errors.go      what a refusal means
//	signin.go      the sign-in log, in beta and v1.0
//	people.go      profile, manager, groups, and Ping; everybody.go: all profiles
//	roles.go       directory roles, active, eligible, or through a group
//	methods.go     authentication methods; mask.go masks the numbers
//	account.go     passes and their policy, risk, telephone numbers, the directory's audit log
//	change.go      the Writer: what is changed, with an app of its own
//	probe.go       whether reader and writer have all that they need
//	value.go       pointers, enumerations, and properties that the SDK does not know
//
// # What of the SDK is used
//
// The models of v1.0, the core adapter, and kiota below it. The root package
// msgraph-sdk-go would cost four minutes of compilation and its request
// builders for users alone a gigabyte of memory, for what is here a dozen
// templates of addresses. The models are most of what is left: about a minute
// and 4.4 GB, once, and then they are in the build cache.
//
// Beta goes through the same adapter with another base address. The SDK's beta
// models are another module as large again; what only beta tells is among the
// additional data of the v1.0 models, and read from there.
//
// An answer is read by our own response handler, not by the adapter: that loses
// the status and Retry-After of an error that is not JSON, and its error type
// panics when it is printed without a message. For the same reasons there is no
// middleware but the request id and the names of parameters. Nothing is retried
// in here: callers know what is urgent, and what it costs.
//
// # What is changed
//
// A [Writer] is another app than the one that reads. It makes one request for a
// change, and says of a failure whether the change may have been made all the
// same ([graph.ErrUnknownFate]): door.go sees whether a request has left. Nothing
// here decides whether a change may be made, nor makes it twice.
//
// # What does not get out
//
// A token goes to Graph's own host, and a secret to the authority's; door.go sees
// to that. No error holds an answer's text or an address that was asked, since
// both name people. A phone number is masked before it is returned, wherever it
// stood.
package msgraph
