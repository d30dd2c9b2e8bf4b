// Package audit keeps the log of who did what: it is only ever added to, and each
// line holds a hash over itself and the line before, so that the log cannot be
// changed in one place without showing it in all that follow.
//
// Promised: Append writes its line in the caller's transaction, so that what is done
// and the line that tells of it are stored together or not at all; lines are numbered
// without a hole, also when several aggregators write (the place in the chain is taken
// by an update of one row, which the database gives to one transaction at a time).
// The database refuses to change or delete a line. Verify reads the whole log and
// names the first line that was changed, removed, inserted or cut off. Text from
// outside is stored with control, invisible and direction-changing characters written
// out, and cut at a bound, so that no line can forge another on a page or in a terminal.
//
// What the chain is worth. Who can only change rows, or lose some, is found out.
// Who has every right on the database can drop the triggers, rewrite the log from some
// line on and compute every later hash anew: inside the database this is not to be
// seen. Therefore the head of the chain, its number and hash, is written out by Keep
// to a file, and to the program's log by its caller; both can be kept on another
// machine or on paper. A log that was rewritten before an anchored line no longer
// agrees with that anchor. What was added after the last anchor is only protected from
// then on, when the next one is taken: the distance between two anchors is the time in
// which a rewriting can hide.
//
// Nothing is deleted by age. A line takes about 500 bytes; a login that is slowed down
// is not written for each attempt, so that strangers cannot fill the disk with it.
//
// The hash is SHA-256 over: "lamppost audit 1", the hash before as 32 bytes, N and At as
// big-endian 64 bit integers, then who, role, from, what, about, old, new and result,
// each after its length in bytes as a big-endian 32 bit integer. The hash before the
// first line is SHA-256 of "lamppost audit 1 " and the chain's random name.
package audit
