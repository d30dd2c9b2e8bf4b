// Package drivertest is the conformance kit: what every driver promises, tested
// the same way for all of them. A driver's own test is three lines, and goes on
// only with what is special about its part:
//
//	func TestConformance(t *testing.T) {
//		drivertest.Run(t, drivertest.Config{
//			Kind:   pms5003.Kind(),
//			Good:   drivertest.Load(t, "testdata/library.frame"),
//			Beyond: drivertest.Load(t, "testdata/saturated.frame"),
//		})
//	}
//
// [Run] plays the part through [Port], [Modbus] or [Fetcher], whichever wire the
// kind names, inside a bubble of its own time: a timeout of seconds passes in
// microseconds, and a goroutine that the driver leaves behind fails the test.
//
// # Golden frames
//
// A file testdata/*.frame is one frame and what it must become. Adding a case is
// adding a file:
//
//	source: captured, PMS5003 indoors (PyPMS)
//	options: {model: pms5003}
//	want: pm1=0 pm2_5=8 pm10=8
//
//	42 4D 00 1C 00 00 00 08 …
//
// source says captured, published or constructed, and where from. want lists one
// reading per channel in the driver's order: a number in the metric's unit, which
// must be met exactly, "none/warm-up" for a reading without a value and its
// reason, or "35/fail/range" for a value with a flag and a reason. want-fault
// stands instead for a frame that must not become readings, with the fault word
// (see drivers.FaultWord). A part that talks only when it is asked has the request
// in asks, in hex. Lines that begin with # are comments.
//
// # Grades
//
// Run prints what is known about a driver. Bronze: it passes the kit and has
// golden frames. Silver: a tape of the real part, on which every fault was
// provoked. Gold: months in the field.
package drivertest
