// Package live sends what happens to every open console, as server-sent events
// (WHATWG HTML, "Server-sent events").
//
// Promised: Publish never waits for a reader. Every reader sees the events in the
// order of Publish. A reader that lost its connection resumes with Last-Event-ID
// and misses nothing as long as the bounded ring still holds what it missed; where
// it does not, the reader, or one too slow to keep up, is told so by the event
// "resync" and has to load its documents anew. Memory is bounded by the ring,
// whatever the number of readers. A comment each heartbeat shows that the line is
// alive.
//
// The stream begins with "hello", which carries the aggregator's clock.
package live
