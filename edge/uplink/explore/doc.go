// Package explore checks the contract between a gateway's journal, its uplink and
// the aggregators by trying everything that can happen, in every order, within
// stated bounds. It is for tests only.
//
// # What is modelled
//
// A gateway appends records (telemetry, alerts, and the gaps that declare a loss),
// commits them, sends them in packs, resends by the uplink's rule, takes
// acknowledgements, saves its cursors with the next commit, and gives up its oldest
// record when the quota asks for it. It may lose its connection, lose its power
// (any part of what was not committed survives), restart in order, find a damaged
// record, be rewound, and have its card copied. Two aggregators share the work;
// the store behind them may be restored from an older backup.
//
// The network keeps every pack and every acknowledgement that was ever sent and
// may hand each over at any time, any number of times, to either aggregator, in
// any order, on any later connection. A message that is lost is one that is never
// handed over, and an aggregator that crashes is one that never stores what it
// received: both are among the behaviours without a step of their own. Where they
// make a difference, in the question whether all still arrives, the search begins
// from the worst of them: every message lost, every aggregator crashed.
//
// # What is checked
//
// In every state: a record that the gateway no longer holds was stored, or a gap
// that is held or stored declares it (laws 2 and 3); no row is stored twice; only
// stored rows are acknowledged; no cursor, in memory or saved, is ahead of the
// store; no gap names a record that the gateway knows to be stored; no number is
// given twice; no telemetry leaves while an alert waits. From every state: if
// faults stop, all that the gateway holds is stored, and all that it lost is
// declared in the store.
//
// # What is not
//
// Time, sizes and damage to the record of a gap. A record is a segment of its own.
// One assumption is made: an acknowledgement does not outlive the restore of the
// store that gave it. Bug lateAck shows what happens otherwise.
package explore
