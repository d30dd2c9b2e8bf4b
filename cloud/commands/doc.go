// Package commands asks gateways to do things, and keeps what became of it.
//
// Promised: a command that Ask has accepted is on the disk, and is published
// again until the gateway answers or its deadline has passed: at once, when its
// gateway comes online, and with growing pauses while it stays there. Nothing is
// published while the gateway is away: commands are not retained, the broker would
// drop them. A gateway's commands go out in the order in which they were asked for, and
// none waits for another's answer: the gateway sees to it that of two about the same
// the newer counts. An answer is kept as it came first; one that comes late still
// counts.
//
// A command is signed with the key of this aggregator ([LoadKey]). Whether a gateway
// trusts that key is for its configuration to say.
//
// Not promised: that the gateway has done what it says. What a rewind brings back
// shows in the store.
package commands
