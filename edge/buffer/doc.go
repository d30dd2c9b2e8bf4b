// Package buffer shows a person what a gateway's journal holds: figures, single
// entries, exports. It works on a journal.Reader, so beside a running gateway, after
// one has died, and on a copied card; it changes nothing.
//
// What it promises: entries come in the order in which they were written; each has
// its date with the uncertainty that is known, or boot id and time since boot and no
// date at all; nothing is left out in silence: what was not dated, not readable or
// lost is counted in the Summary; memory does not grow with the journal.
//
// Not promised: that entries rise in time across boots, or that two walks of a
// running gateway's journal see the same.
package buffer
