// Package fleet knows the gateways: which there are, whether they are connected,
// what they say about themselves, the newest value of each of their streams, and
// the events and gaps they declared.
//
// Promised: Events and Declare return nil only when everything is on the disk;
// giving the same again changes nothing. The newest values are kept in memory
// and written to the disk now and then, so that a restarted aggregator shows at
// once what it showed before; they are never the record of what was measured, the
// store is.
//
// A connection number smaller than one seen is ignored, and so is an older state.
// A gateway that says nothing for Quiet, heartbeats included, counts as offline
// whatever it last announced: a broker that lost its memory sends no last will.
//
// Two journals that speak live under one id at the same time mean a cloned card:
// the gateway is marked as in conflict and a health entry says so.
package fleet
