// Package broker is the MQTT broker inside the aggregator, for installations that
// need no other. It speaks MQTT 3.1.1 and 5.
//
// Promised: topics keep their direction. A client whose id is that of a gateway, or
// begins with it and '.' or '/', may publish what a gateway publishes below its own
// id and subscribe to what is meant for it, nothing else; its last will is judged
// like a publish. Until accounts exist anybody may claim any gateway's id, which is
// why the composition root lets it listen on loopback only. The aggregator's own
// connections have a user name and password made at random at start and may do
// everything. Everybody else looks on: a client without an id, with an id that is no
// gateway's, or with the user name "read" reads everything below the prefix and
// publishes nothing. So mosquitto_sub -t 'lamppost/v1/#' works as it is.
//
// A client that stops reading is disconnected within a second or two and holds
// nobody else up.
//
// Nothing is lost silently. What a slow client does not take is dropped and
// counted; the gateways send it again because nobody acknowledged it: a broker's
// PUBACK says that the broker has a message, never that a store has it. Nothing is
// kept over a restart either: the gateways' journals are the only queues.
package broker
