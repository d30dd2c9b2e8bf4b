// Package view is the vocabulary of what the aggregator shows: the documents of
// its JSON API and of its live stream, and nothing else (no I/O, no logic but
// their encoding). The registry, the alert book and the album fill them in, the
// API sends them.
//
// Promised: times are Unix milliseconds; field names are only added to, never
// renamed or given another meaning; a value that is missing is null, never zero;
// a list is [] when it is empty, never null.
package view
