// Package still keeps the pictures that explain an alert: those of the last seconds in
// memory, those that alerts wait for, and those that wait for the link on the disk.
//
// Three parts that know nothing of each other:
//
//   - [Ring] holds what one camera saw lately. From it comes the picture before an alert:
//     the newest that is at least [LeastAge] older than the raise, so that it shows how
//     things were and not the moment itself; where none is that old, the oldest there is.
//     It holds at most 4 pictures and 1 MiB, the newest whatever its size; all but the
//     newest are at least LeastAge apart.
//   - [Orders] are pictures of a moment that is now or comes yet. The first picture that
//     is taken at that moment or later fills an order. Where none comes within [Patience],
//     or until a later moment that the order says, it is overdue, and its owner decides what is taken instead. At most 64 wait.
//   - [Spool] keeps pictures on the disk until a store has them. A picture that it has
//     taken over outlives kill -9 and a power cut; see its documentation.
//
// Ring and Orders are pure: time comes in as milliseconds since boot. They are for one
// goroutine at a time.
package still
