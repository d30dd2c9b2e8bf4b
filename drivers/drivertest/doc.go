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
// What is silent, late, torn, noisy or pulled out is made by the kit. A driver's
// other answers stand beside it in testdata, and every file there is a test:
//
//	*.frame      golden frames, see package golden; on other wires than a serial line
//	             Config.Play says what answers with them
//	*.tape       recorded traffic of any wire, see package tape
//	field.yaml   where such parts have run:
//	             field: [{who: Li Wei, where: "bridge 07, Hangzhou", since: 2026-03-02, seen: 2026-09-14}]
//
// Parts on other wires than a serial line are played by what [Part] says they hold,
// and [Config].More lists further answers.
//
// # Outputs
//
// A driver of what is switched is tested by [RunOutput], on each kind of hardware that it
// knows: set and read back, silent, refusing, failing, unplugged in the middle of a call,
// cancelled, stuck, in a wrong state; that an on which was given up does not come after
// the off, and that nothing moves unless it is set. Its grade is that of a sensor's driver,
// with tapes of each of its wires.
//
// # How well a driver is known
//
// Run prints two things, and holds what README.md says of them to it.
//
// Conformance is what the folder proves without a part. Bronze: the driver passes the
// kit, and every answer that it is tested with says its source. Silver: its page has all
// sections, it is tested with answers of the part in order, beyond its range and at
// fault, and what it decodes is fuzzed. Gold: silver, and tapes show a good sample and
// each fault of its wire; they may be recorded from a simulated part, which somebody
// else wrote from the same data sheet, if they say so.
//
// "On a real part" is what no simulation can give. Recorded: tapes of a real part, made
// by the program, together show the faults of its wire. In the field: field.yaml names a
// place where one ran for 90 days or more. Else: not yet.
//
// # What is not promised
//
// The kit sees the driver's own goroutines and the heap; it does not see what a
// driver keeps outside of Go. It cannot tell whether a register map is right: that
// takes a frame from somebody else.
package drivertest
