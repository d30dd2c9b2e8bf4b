// Package database opens the aggregator's database, a SQLite file or one on a PostgreSQL
// server, and brings it to the schema its users ask for. Each job owns its own tables and
// hands them in as a Schema; this package knows none of them.
//
// Promised: what Write has committed survives a power cut (SQLite: write-ahead log,
// synchronous FULL; PostgreSQL: synchronous_commit on, and a server that runs without
// fsync is refused). There is one writer at a time, in this process and in any other: by
// SQLite's own lock, or by an advisory lock of PostgreSQL that every transaction takes
// first and that ends with it. Readers never wait for it. Tables made by a newer version
// are refused, a damaged file is reported, and neither is ever wiped or repaired by
// deleting.
//
// A PostgreSQL server may go away and come back: meanwhile every call fails, within 40
// seconds if it says nothing, and the next one connects anew. A commit whose answer was
// lost is an error though it may have happened, so whoever writes must be able to write
// the same again. A writer that falls silent within a transaction loses its turn after 30
// seconds.
//
// # SQL for both
//
// Statements are written once, as SQLite reads them. On PostgreSQL ? and ?N become $N with
// the type of the Go value, truth becomes 0 or 1, and what its text cannot hold, a zero
// byte or broken UTF-8, becomes U+FFFD. The rest is for the author to keep to what both
// know:
//
//   - insert … on conflict(columns) do update set x = excluded.x, where the table's own
//     value is named with the table: n = parked.n + 1; never insert or replace;
//   - case instead of iif, and of max and min with two arguments;
//   - a table in from (select …) has a name, every column beside an aggregate is grouped
//     by, limit is not negative;
//   - the rows of one statement are closed before the next one in a transaction.
//
// Steps of a schema consist of create table (with strict, without rowid), create index,
// alter table add column, and triggers that do nothing but select raise(abort, '…').
//
// # Several processes
//
// Processes that share a server's database hear by a Feed what each of them writes. The
// server notes a change in the transaction that makes it, so a process that is killed can
// not forget to tell; numbers of changes rise in the order of the transactions because
// writers take turns. A process that is cut off reads what it missed, and after ten minutes
// is told to read everything anew.
//
// Not promised: that two aggregators share a file. The composition root locks the data
// directory before it opens it, and holds a Claim on a server.
package database
