// Package control lets a program on the same machine ask a running gateway for
// something: one Unix socket beside the journal, one question and one answer per
// connection, each a line of JSON.
//
//	{"v":1,"do":"rewind","with":{"since":1795262400000}}
//	{"v":1,"result":{"records":1204}}     or     {"v":1,"error":"…"}
//
// What it promises: only the user who runs the gateway, and root, can ask; a
// question has at most 64 KB and ten seconds; a hostile or dead asker costs one of
// four places for that long and nothing else.
//
// Not promised: that a question whose asker went away was not carried out.
package control
