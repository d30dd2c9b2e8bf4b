// Package sdi12 reads and writes the texts of SDI-12: commands, announcements, values,
// checksums. It is pure: bytes in, values out. Breaks, times and retries belong to the
// line's owner, drivers/bus/sdi12.
//
//	aM!      → atttn              n values (1…9) after ttt seconds
//	aC!      → atttnn             the same while others are asked, nn up to 99
//	aD0!     → a+1.1-2.2          the values, aD1! … aD9! what did not fit
//	aR0!     → a+1.1              at once, without announcement
//	aI!      → a13VENDOR  MODEL 001…
//
// a is the sensor's address: one of 0-9, A-Z, a-z. Commands end in !, answers in CR LF.
// With a C behind its letter (aMC1!, aRC0!) a command asks for values with a checksum,
// three characters before CR LF.
//
// Promised: what a Parse function accepts, the Append function beside it reproduces byte
// for byte. Numbers stay texts, as the sensor wrote them. Not here: the high-volume
// commands (aHA!, aHB!) and metadata of version 1.4.
//
// Source: SDI-12, A Serial-Digital Interface Standard for Microprocessor-Based Sensors,
// version 1.4, as the manuals of recorders and sensors give it (Campbell Scientific
// CR1000, Vaisala WXT530 appendix B).
package sdi12
