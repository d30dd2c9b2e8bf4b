package drivertest

import (
	"context"

	"github.com/lamppost-city/lamppost/drivers"
)

// wireKit is how the kit plays a part on one kind of wire. A new wire is a fake in a
// file of its own, a field of Part for what the part answers, and an entry here.
type wireKit struct {
	// play returns the wire on which p answers; a zero Part is silent.
	play func(pl *drivers.Plan, p Part) fake
	// checks are the promises of the drivers on this wire, beside those of all.
	checks []check
	// faults are the ways in which a call on it can fail, for callChecks.
	faults []error
}

// wires are those on which the kit can play.
var wires = map[drivers.Wire]wireKit{
	drivers.SerialLine: {play: playSerial, checks: serialChecks},
	drivers.HTTPHost:   {play: playHTTP, checks: httpChecks},
	drivers.ModbusUnit: {play: playModbus, checks: append(modbusChecks, callChecks...), faults: modbusFaults},
	drivers.I2CDevice:  {play: playI2C, checks: callChecks, faults: i2cFaults},

	drivers.PulseLine:     {play: playPulses, checks: callChecks, faults: gpioFaults},
	drivers.InputLine:     {play: playInput, checks: callChecks, faults: gpioFaults},
	drivers.SDI12Sensor:   {play: playSDI12, checks: callChecks, faults: sdi12Faults},
	drivers.OneWireDevice: {play: playOneWire, checks: callChecks, faults: oneWireFaults},
	drivers.BoardHost:     {play: playHost, checks: callChecks, faults: hostFaults},
	drivers.ChildProcess:  {play: playProcess, checks: append(processChecks, callChecks...), faults: processFaults},
}

// fake is a played wire.
type fake interface {
	// open hands the wire to the plan's Open function.
	open(*drivers.Plan) (drivers.Driver, error)
	// misuse is the first call that this wire cannot carry, or nil.
	misuse() error
	// forget drops what the fake remembers of past calls.
	forget()
}

// callFake is a played wire on which a driver makes calls that take effect or fail
// one by one: all but the serial line and HTTP.
type callFake interface {
	fake
	made() int // calls so far
	// fail lets the n-th call of all (from 0), or every call, end with err; nil: none
	// fails any more.
	fail(n int, err error)
	mute(on bool) // every call lasts until its context ends
}

const everyCall = -1

// Calls is what the fakes of such wires have in common: embedded in one, it makes it
// a wire on which calls fail on demand. The fake's methods begin with call.
type Calls struct {
	// Silent makes every call last until its context ends, then time out.
	Silent bool
	// Fault, when set, may fail the n-th call (from 0): nil answers it.
	Fault func(n int) error

	Made   int   // calls so far
	Misuse error // the first call that no such wire can carry, set by the fake
}

// call counts a call and says whether it fails.
func (c *Calls) call(ctx context.Context) error {
	n := c.Made
	c.Made++
	if err := ended(ctx); err != nil {
		return err
	}
	if c.Silent {
		return sleep(ctx, 0, false)
	}
	if c.Fault != nil {
		return c.Fault(n)
	}
	return nil
}

func (c *Calls) made() int     { return c.Made }
func (c *Calls) misuse() error { return c.Misuse }
func (c *Calls) mute(on bool)  { c.Silent = on }
func (c *Calls) forget()       {}
func (c *Calls) fail(n int, err error) {
	c.Fault = func(i int) error {
		if n == i || n == everyCall {
			return err
		}
		return nil
	}
}
