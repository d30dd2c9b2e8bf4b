// Package database opens the aggregator's SQLite file and brings it to the
// schema its users ask for. Each job owns its own tables and hands them in as a
// Schema; this package knows none of them.
//
// Promised: what Write has committed survives a power cut (write-ahead log,
// synchronous FULL). There is one writer at a time, in this process and, by
// SQLite's own lock, in any other; readers never wait for it. A file made by a
// newer version is refused, a damaged one is reported, and neither is ever
// wiped or repaired by deleting.
//
// Not promised: that two aggregators share one file. The composition root locks
// the data directory before it opens this file.
package database
