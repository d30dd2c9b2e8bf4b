// Package embedded keeps points in a directory of its own, without a server. It
// has two layers. A checksummed log (package journal) makes points durable: Write
// returns after its sync, which many writers share. Behind it InfluxDB's TSM
// engine is the index that queries read; it can lose what it has not yet written
// to a file, since the log is replayed into it at the next Open.
//
//	id       the id under which gateways know this store
//	log/     the log; a segment is dropped once everything in it is in a file of the index
//	index/   one directory for each 30 days: TSM files, fields v, qc, why, q2 (no qc: pass)
//	damaged/ files that could not be read, kept for a person
//
// What it promises: a point that Write has taken survives the end of the process
// at any moment, and a power cut; Query sees it at once; writing it again changes
// nothing; points of one stream come back in order of time, whatever order they
// came in. A point that could never be stored is refused with a reason and holds
// nothing else up: bad names, no number, older than the retention, too far in the
// future. Memory is bounded: Write waits for the index's disk when too much waits
// in front of it. Expired time is deleted in whole shards, so points live up to
// 30 days longer than the retention.
//
// What it does not: find damage inside a TSM file before it is read. Only one
// process can have the directory. Whoever opens a store closes it.
package embedded
