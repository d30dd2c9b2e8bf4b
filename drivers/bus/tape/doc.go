// Package tape keeps what crossed the wire of one device, and plays it back. A tape
// is recorded from the part on the bench or in the field (lamppost record), put
// beside the driver as testdata/*.tape, and from then on the driver is tested
// against the real part without having it.
//
// # The format
//
// A tape is text in UTF-8: a first line, a header, an empty line, and entries in the
// order of time. Lines that begin with # are comments and may stand anywhere below
// the first line.
//
//	lamppost tape 1
//	driver: modbus
//	wire: modbus
//	framing: rtu
//	options: {profile: xy-md02}
//	part: XY-MD02 temperature and humidity transmitter
//	firmware: 1.4
//	by: Li Wei, bench 2
//	at: 2026-03-02T08:14:00Z
//	software: lamppost 1.4.0 linux/arm64
//	note: the cable was pulled in the middle
//
//	   0.000000 ?
//	   0.000812 > 01 04 00 01 00 02 20 0B
//	   0.034120 < 01 04 04 01 31 02 22 2A CE
//	   0.036001 = temp=30.5 rh=54.6
//	  10.000000 ?
//	  10.000790 > 01 04 00 01 00 02 20 0B
//	  10.534210 ! timeout
//	  10.534300 = fault timeout
//
// Header: driver, wire (see drivers.Wire) and source of the traffic (by, at) are
// required, at in RFC 3339. options is the device's configuration below its driver,
// one line of YAML. framing, rtu or tcp, belongs to the wire modbus and is required
// there. note may stand several times. Other keys are mistakes.
//
// An entry is the time in seconds since the recording began, with up to six
// decimals, never falling; one of the marks below; and what it carries.
//
//	>  bytes that were sent to the part
//	<  bytes that came from it
//	!  the operation that comes here fails, with a fault word (see drivers.FaultWord)
//	?  the driver was asked to sample; ? on, ? off and ? read: an output was asked to be
//	   switched, or for its state
//	=  what it made of it: one reading per channel as name=value, name=value/flag/reason
//	   or name=none/reason; of an output done, or the state: on, off, unknown; or "fault"
//	   and the fault word
//
// Bytes are hexadecimal digits in pairs, with or without blanks, or a text in double
// quotes with the escapes of Go; a single - stands for no bytes. Samples do not
// overlap: each ? has its = before the next one. Only the last may lack it, where
// the recording was cut.
//
// What stands in the bytes depends on the wire:
//
//	serial   what was written and read, in pieces as they came; answers need no request
//	modbus   whole RTU frames with their CRC, or TCP frames with their header; what was
//	         received in pieces as it came, noise and other units' frames among it
//	sdi12    the characters on the line
//	i2c      > what is written, < what is read after it, - where one of them is empty
//	w1       > the name of a file, < its content
//	input    > -, < 01 where the line is active, else 00
//	pulse    > -, < total, lost, unwatched, missed, last, period, at and peak, as in
//	         "total=12 lost=0 unwatched=0s missed=false last=3.5s period=250ms at=4s"
//	process  > a line, < the line that answers it
//	host     > "read", "list" or "space" and a path, < the content, the names with a line
//	         for each, or "total=1000 free=400" in bytes; - where it is not there
//
//	output   > 01 sets the line on and 00 off, < - confirms; > - asks, < 01 is on, 00 off,
//	         - not known
//	program  > the argument that it is run with, < - when it has ended with 0
//
// On the last eight each > has one < or one ! behind it. Traffic over HTTP is not kept.
//
// # Playing
//
// [Replay] is the part again: it answers as the tape says, and as late. It is
// strict: a request that is not the tape's next one fails, and [Replay.Done] tells
// what was left over; both name the line of the tape. [Play] takes a planned device
// through a whole tape and compares what comes out. Time is package time's: in a
// testing/synctest bubble an hour of tape takes no time.
//
// Three things are not played. A request that the owner of a Modbus line repeated by
// itself is taken as one, since a driver does not see it; the read by which that owner
// found out before the first write whether the line echoes is passed over. And what lay unread in a
// serial line's buffer when the driver dropped it is on no tape, since nobody read it.
package tape
