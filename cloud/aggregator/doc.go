// Package aggregator is the composition root of the cloud: it opens the database,
// the stores, the registry, the broker, the way in and the API, ties them together
// and runs them until it is told to stop.
//
// Promised: nothing is written outside the data directory and the servers that the
// settings name. The directory is locked and the database claimed: a second aggregator on
// either is refused (ErrInUse), unless both share the database (mqtt.share); then each
// hears what the other writes, and needs the other's keys. Nothing listens on
// another address than loopback unless it is asked for explicitly (ErrSettings).
// The aggregator starts while an external broker or store is away and takes up
// work when they come; for a PostgreSQL server it waits before it shows anything. A stop is clean and takes a few seconds at most: what was
// taken and not stored is not acknowledged and comes again.
package aggregator
