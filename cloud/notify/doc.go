// Package notify tells people and machines what they have to know: who is told by which
// rule, when, how often, in which words, and what became of it. How a message travels is
// the business of package channel, what the links in it are that of package link.
//
// Promised:
//
//   - An event that Take has taken is in the database. It is told at least once by each
//     channel that a rule names, or the log says why not: refused, given up, dropped. An
//     event that comes again, by its id, changes nothing.
//   - A message goes once, and again only where nobody can know whether it arrived (no
//     answer, or the process died between sending and noting); then it has the same id and
//     says that it may be a repetition.
//   - What is told about one subject to one receiver is told in order. The most severe goes
//     first; red at once and alone. Of a source that had ten red messages in ten minutes,
//     and of all where there were forty, the red ones are one message a minute, which names
//     one of each source first.
//   - No source has more than half of the messages that a channel takes in a minute; the
//     last quarter is for red, and the last of that for the red of a source that had none:
//     whatever one source sends, the first red of another place goes out at once.
//   - The first notices of other severities wait 30 s, and those of one area and rule are
//     one message; later changes of a subject do not wait.
//   - An alert that a case follows is told to people by the case, to machines itself.
//   - A receiver who had ten messages in ten minutes gets one digest every five minutes
//     instead, red excepted, until it is calmer. Machines (webhook, MQTT) get every event.
//   - A symptom whose cause is open is told to nobody but programs; a message about the
//     cause, and each digest, says how many there were. What asks somebody to act is told.
//   - A channel never gets more than its limit in any minute, nothing while it asked for
//     silence, and after failures one attempt at a time with growing pauses. What cannot be
//     told by its deadline is given up, and the operators are told, by the other channels,
//     which channel fails and why; and when it works again.
//   - Any number of processes may share the database: a delivery is claimed for 45 s, and
//     by one of them.
//   - Acknowledging by a link needs a click on the page that it opens: opening it, as
//     scanners of mail do, acknowledges nothing. A link is spent once.
//
// Bounds: 10 000 events wait for a channel, beyond that the least severe of those who have
// most are dropped, 500 at a time and with a line in the log; a message names at most 20 of
// the events that it holds; the log is kept for 90 days.
package notify
