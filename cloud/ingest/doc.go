// Package ingest takes what gateways send from an MQTT broker to the stores, and
// tells each gateway what is stored.
//
// # What is promised
//
// A record is acknowledged to its gateway only after the store has it: readings
// when Store.Write has returned, events and alerts when their transaction is
// committed, pictures when their file is synced. The acknowledgement names exact
// ranges, is coalesced for at most 200 ms, and is given again for what comes again.
// Storing twice is the same as storing once, so a message may come any number of
// times and in any order.
//
// Each lane (live, backfill, alerts with events, pictures, state, replies) has a connection
// of its own, so that none waits behind another at the broker. Sessions are clean:
// the gateways' journals are the queues, the broker is none. While a store is down
// nothing is acknowledged, to the gateways or to the broker; a lane that cannot
// hold more leaves the broker in order, and comes back when it has room. It
// neither blocks the connection's keepalive nor drops what it has taken.
//
// While the broker cannot be reached, one connection at a time tries and the others
// wait for it, so a broker that starts is not stormed. The first that is answered
// lets all in; alerts are first in the order. A broker that listens again is tried
// within a quarter of the time it was away, at least 250 ms and at most 5 s; what
// does not even refuse a connection may hold that one try for up to 10 s. A
// connection that the broker denies or cuts short waits by itself and keeps no other
// from trying.
//
// No message can stop a lane. What cannot be decoded, or bears another gateway's
// name, is counted, parked with the reason (bounded, each message once), shown in
// the gateway's health, and acknowledged to the broker. If it still says which records
// or which picture it holds, the gateway is told that they need not come again: once
// the message is parked, and for readings also declared as a gap; or that they may
// come again later, if the message was written by a program too new. A reading that the store
// refuses is parked the same way and declared as a gap; its pack is acknowledged as
// stored if the rest of it is, as refused if nothing is.
//
// Readings of a gateway without a trusted clock are shown and answered with the
// time, at once; they are neither stored nor acknowledged.
//
// # Shared subscriptions
//
// With Options.Share several aggregators share the lanes of one broker. Some brokers
// grant such subscriptions and deliver nothing, so Run tries first and fails with
// ErrShare. State, pictures and answers to commands are subscribed plainly by each
// aggregator, and live packs a second time, at most once each: what is stored by one is
// shown by all.
package ingest
