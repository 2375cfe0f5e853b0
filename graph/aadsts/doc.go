// Package aadsts reads AADSTS errors, the sign-in errors of Microsoft Entra,
// out of whatever people paste when they cannot sign in, and knows the codes.
// It imports nothing of ours and can be used on its own.
//
// People paste error pages, answers of the token endpoint, stack traces, log
// lines and forwarded mails, and on the way programs have quoted, wrapped,
// escaped, translated and masked them. [Parse] makes a [Report] of all that, in
// four steps, each a file or two:
//
//   - clean.go undoes what programs did to letters: URL encoding, JSON and
//     HTML escapes, tags, full-width and invisible characters. After it there
//     is one spelling of everything.
//   - scan.go goes through the clean text once, word by word, and keeps the
//     items: labels (labels.go has the phrases, in twenty languages), ids
//     (guid.go), times (times.go), codes (codes.go) and accounts (upn.go).
//   - assemble.go gives values to labels, puts what belongs together into
//     records, one for each error, and chooses the record that matters.
//   - report.go makes the Report.
//
// What is read, and what is not, follows a few rules:
//
//   - A value counts where its label stands beside it. Without a known label
//     it counts only in the order that all languages share, request,
//     correlation, time, with nothing else between.
//   - An id may be broken by white space and line ends, and no other damage is
//     repaired: the Report says which fields are damaged, so that we can ask
//     for them. All zeros are a mask. A client-request-id is the caller's.
//   - A number is a code after AADSTS or next to a word such as error; alone it
//     must be in the catalogue, and not look like a phone number, a line, a
//     port, an amount. It is never shortened: 5001211 is not 500121. Groups
//     of digits are put together if a code of the catalogue comes of it.
//   - A time must be the error's own. Those of loggers, mails and tokens are
//     not, and one without a zone counts only beside the labels of ids.
//   - An address is the account only if the text says so. A wrong one would
//     make us refuse to help, so in doubt there is none.
//
// Parse takes time in proportion to the text, whatever the text: nothing goes
// back further than a bounded window. The pastes in testdata are read as they
// are and in every disguise of disguise_test.go, and MFAHELP_PASTES may name a
// file with more.
//
// [Lookup] and [Catalogue] hold what Microsoft says about the codes; the
// sentences for people are in words/en/codes.json.
package aadsts
