// Package uplink carries a gateway's records to a store far away, over MQTT.
//
// # Promises
//
//   - A record counts as stored only when a store that is pinned has acknowledged
//     its number, end to end; the broker may lose anything. The journal is the only
//     queue: what is not acknowledged is read from it and sent again, on this
//     connection, the next, or after a restart. Nothing is sent twice beyond the
//     rule: on one connection a message goes again only a second after a later one
//     of its lane was acknowledged, or as the one probe while nothing is, with
//     pauses of 5 s, 10 s, up to 30 s (alerts: 2 s up to 10 s). A new connection, and
//     a start, send again what was not acknowledged (a start: since the last save).
//     Storing twice is harmless: a record is dated once, whatever carries it.
//     The tail that a restart sends again is what was acknowledged within SaveEvery,
//     and within what the journal commits in, and what was on its way.
//   - Alerts go first, the newest revision of each; then events, the present, the
//     state; behind them superseded revisions and what of alerts and events is only in
//     the journal, then history and pictures. The first live pack leaves at once after
//     connecting, whatever the backlog.
//   - History takes what the link has left, up to Limits.Backfill and Ack.Credit. Once
//     the link is known, a message waits behind others for half a second, or for two
//     of the smallest packs where that is longer (below about 4 kB/s), on any link;
//     in the first seconds of the first connection up to about three. A pack has the
//     size that a quarter of a second carries: 20 readings to Limits.Readings. See pacer.
//   - Limits.PerDay bounds the bytes of a day, up and down. What gives way, in this
//     order: pictures without an alert, history, the company that live readings do not
//     wait for (then up to a minute), live readings (one sample of a device in 1 to 60
//     minutes, then none). Alerts, events in memory, heartbeats and acknowledgements
//     never do; only they can exceed the bound, and Budget.Over says by how much. MQTT
//     bytes are counted, not those of TLS and TCP. See Budget.
//   - Rewind makes everything since a moment go again, durably before it returns; so
//     does RewindSaved for a gateway that is not running.
//   - A cursor has at most 1 024 ranges an epoch. What finds no room takes the place of
//     the smallest range, if it is larger; the loser is sent again. Nothing is ever
//     taken for stored that is not.
//   - Pinned stores are names of one destination: what one of them has is stored. A
//     destination of its own needs an Uplink of its own. If none of the stores pinned
//     before is pinned now, nothing counts as stored.
//   - A command is handed on, and its answer published, once for each time that it
//     comes. Eight may be under way, more are not answered: they come again. Who may
//     command is for Options.Command to say.
//   - Offer, Alert and the others never block on the network and are bounded: 16 384
//     live readings, 256 alerts and 256 events, 16 pictures or 8 MiB, 512 KiB on the
//     way in each lane. What does not fit goes from the journal; pictures are not in it.
//   - Pictures of alerts that were handed over with Kept lie on the disk, wait for any
//     time, and are sent again by any run until a store has them. One is in memory at a
//     time. Pictures go one after another, those of alerts first, behind everything else;
//     with a budget those of alerts stop when a tenth of the day's bytes is left.
//   - An acknowledgement counts for what was sent, not for what it claims.
//   - While the clock is not trusted, readings are shown under the boot's id and
//     neither stored nor waited for; they go as history when they can be dated.
//   - TLS is 1.3 at least. Certificates, keys and passwords are read at each
//     connection. While the clock is not trusted, a broker's certificate is judged by
//     the floor, or by the moment it begins, if that is later. What is wrong with a
//     certificate is said, and stops nothing but the connection.
//   - Several brokers are tried in order. One that cannot be reached, refuses, or is
//     lost before a store acknowledged anything is left for the next at once; after a
//     whole round comes the pause. One behind which no store acknowledges anything for
//     two minutes is left, too, and then comes last. While a lower one is used, those
//     before it are looked at after about 5 minutes, 10, up to an hour, on a connection
//     of their own, with one pack that a store has to acknowledge; only then is it
//     changed. What was under way goes again, as after any new connection.
//   - A dead connection is noticed: within 55 s if it is idle and nobody answers pings
//     (30 s of silence, up to 5 s until paho looks, 15 s for the answer, 5 s again),
//     within 45 s if a message is not confirmed, within 40 s if bytes are not
//     acknowledged by TCP. The kernel keeps at most about 8 KiB unsent (Linux).
//   - A record that cannot travel, and one that a store refuses for good, is put
//     aside, counted and logged, and blocks nothing.
//
// # Not promised
//
// Order, beyond this: of one stream, live readings leave in the order in which they
// were offered, and history from the oldest to the newest (Limits.Order Oldest), or
// pack by pack from the newest to the oldest, ascending within each (Newest). Live
// and history overtake each other, what is sent again comes late, and several
// aggregators answer in any order. The alerts and events of one journal are not
// ordered against its readings.
//
// # Use
//
// New, then Run until its context ends; the others at any time. The gateway puts a
// record into its journal, which gives it a number, and then offers it; it hands
// over active alerts again after a start; it keeps what Save gives it and asks
// Stored before it overwrites. The MQTT client, paho, is a transport only: one
// client per connection, a clean session, no store and no reconnecting of its own.
package uplink
