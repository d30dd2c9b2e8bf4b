// Package docket keeps the cases: it stores what cloud/cases/lifecycle decides, finds the
// case of each alert, and fires what is due.
//
// Each change is one transaction: it reads the case, asks the engine, and writes the new
// entries, the case as they leave it and its timers. The database lets one writer in at a
// time, whichever process it is of, so several aggregators may share one: an alert joins
// one case however often and by whomever it is recorded, and a timer fires once. A program
// that is killed has done a change or has not.
//
// Promised: what a method returns nil for is on the disk. A command with a key that was
// used before by the same person is not done again; it answers with the case as it is now.
// The journal of a case is only added to: the database itself refuses to change or delete
// a line of it.
//
// Cases are numbered by the day on which they were opened, in the calendar's zone:
// 20261125-00007 can be said on the telephone.
package docket
