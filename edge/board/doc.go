// Package board knows what a gateway runs on: which board it is, which disk holds
// a directory, how often that disk should be flushed and how worn it is. It reads
// /proc and /sys, holds nothing open and needs no privilege.
//
// What it promises: whatever is not there, on another system, in a container, in a
// damaged tree, is "not known" and never an error. What is measured and what is
// assumed are told apart.
//
// Not promised: the wear of a plain SD card, which tells nobody; what Life says of
// one is arithmetic from bytes written and a stated or assumed endurance.
//
// Sources: Linux Documentation/ABI/testing/sysfs-bus-mmc and
// Documentation/block/stat.rst; JEDEC JESD84-B51 §7.4 (EXT_CSD 267 to 269).
package board
