// Package handover keeps what one shift writes for the next: its notes, what is left to do,
// and the state of things as it was then.
//
// Promised: what Write and Take return nil for is on the disk, together with its line in the
// audit log. Nothing is ever changed or deleted: the database itself refuses it. That a
// handover was taken over is written once, by another person than who wrote it. What is sent
// again with the same key is written once.
//
// A handover takes as much as its report, some hundred kilobytes at most; see view.ShiftReport,
// of which every list is cut.
package handover
