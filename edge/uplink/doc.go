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
//   - Alerts go first, the newest revision of each before what it supersedes; then
//     events, the state, the present, and behind it history and pictures. The first
//     live pack leaves at once after connecting, whatever the backlog. Bytes on
//     their way are kept to half a second of what the link carries.
//   - Offer, Alert and the others never block on the network and are bounded: 4 096
//     live readings, 256 alerts and 256 events, 16 pictures or 8 MiB, 512 KiB on the
//     way in each lane. What does not fit goes from the journal; only pictures are
//     not in it.
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
// Order. History is sent oldest first, but behind the present; several aggregators
// answer in any order.
//
// # Use
//
// New, then Run until its context ends; the others at any time. The gateway puts a
// record into its journal, which gives it a number, and then offers it; it hands
// over active alerts again after a start; it keeps what Save gives it and asks
// Stored before it overwrites. The MQTT client, paho, is a transport only: one
// client per connection, a clean session, no store and no reconnecting of its own.
package uplink
