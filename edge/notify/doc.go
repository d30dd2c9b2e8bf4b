// Package notify tells machines on the local network of alerts: a panel, a PLC, a
// control room's server. It needs no uplink.
//
// What holds:
//
//   - Tell never blocks and does no I/O. Each target has a goroutine and a connection of
//     its own; one that hangs holds up no other, and nothing that decides.
//   - Of an alert that waits only the newest revision is sent. At most 64 alerts wait for a
//     target; of more, the one that waits longest gives way, and that is counted.
//   - What fails is tried again after 1 s, 2 s, 4 s, at most a minute, for an hour. What the
//     target refuses for good (HTTP 4xx but 408, 425 and 429, or a redirection) is not.
//   - A target may get the same revision twice, never an older one after a newer one of
//     the same alert. id and rev tell.
//
// A webhook is a POST of the alert's document ([wire.Alert]) with one more field,
// gateway. Any 2xx says that it was taken. With a secret, the header
//
//	Lamppost-Signature: sha256=<hex>
//
// is the HMAC-SHA256 (RFC 2104) of the body. A publication over MQTT has the same
// document, at QoS 1, not retained.
//
// Not promised: what waits outlives a restart. Alerts that are still active are told
// again at the start, by a newer revision; those that ended meanwhile are not.
package notify
