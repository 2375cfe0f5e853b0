// Package store keeps what must survive: events that were accepted, what is to
// be done and said, cases, what buttons stand for, and the audit trail.
//
// The way of an event is four plain calls. [Store.Accept] puts it on disk before
// anybody is told that it arrived. [Store.Next] claims it for one worker. A flow
// answers it, and [Store.Commit] records the whole answer, or none of it, in the
// transaction that ends the event. [Store.NextPost] and [Store.Settle] carry
// what was said to its platform. Each may be called by whoever has a clock;
// [Store.Run] calls them as the clock on the wall goes.
//
// # Once
//
// Work is claimed for a time, its lease. Whoever dies with a claim loses it when
// the lease ends, or on SQLite when the program starts again, and the work is
// begun once more. What it does to the store is nevertheless done once: the
// answer and the end of the work are one transaction, and a claim that is not
// the last one cannot commit. What it does to a platform may be done twice, for
// nobody can send a message and write that down in one step; as posts have keys
// and platforms replace, the second one takes the place of the first wherever
// the first one's reference was kept.
//
// # Engines
//
// There is one set of statements and one set of migrations. SQLite is the
// default, in WAL mode with synchronous=FULL and a single connection that
// writes, so that what was acknowledged survives a loss of power. Accept
// gathers what comes in while the disk is busy into the next transaction, and so
// does Put.
// Postgres is for several replicas; it has to pass the same tests.
//
// # River
//
// Each transaction that leaves something to do also enqueues a wake-up in River.
// Nobody waits for it as a rule: who commits also pokes the workers in this
// process, and these look at the clock themselves. River is what is left when
// that fails, and what wakes other replicas.
package store
