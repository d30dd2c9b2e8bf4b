// Package cases keeps the alerts that gateways raised and what people did about
// them: an alert is raised, and a person acknowledges it. Where there are accounts
// each alert is also followed in a case, which package docket keeps.
//
// Two things are kept apart. The condition follows the sensor: a newer revision
// of an alert replaces an older one, whatever order they arrive in, and every
// revision is kept. What people do follows people: it is never touched by a
// revision, so an alert that cleared unseen stays unacknowledged.
//
// Promised: Record, Reconcile and Acknowledge return nil only when what they did
// is on the disk, and giving them the same again changes nothing. The history of
// an alert is only ever added to; the database itself refuses to change or delete
// a line of it.
//
// An alert that its gateway no longer lists as active, though it never said that
// it cleared, is marked as vanished and stays active: only a gateway, or later a
// person with a reason, ends an alert.
package cases
