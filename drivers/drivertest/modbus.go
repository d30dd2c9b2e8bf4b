package drivertest

import (
	"context"
	"fmt"

	"github.com/lamppost-city/lamppost/drivers"
)

// Request is one thing a Modbus unit was asked.
type Request struct {
	Function     uint8
	Start, Count uint16
}

// Modbus is a Modbus unit made of maps. It keeps to the contract of
// drivers.Modbus, and like a driver it is used from one goroutine at a time.
//
// A request that touches an address which is in no map is refused with exception
// 2, as a real unit does; one that the protocol cannot carry is remembered in
// Misuse.
type Modbus struct {
	Registers map[uint8]map[uint16]uint16 // function 3 or 4 → address → value
	Bits      map[uint8]map[uint16]bool   // function 1 or 2 → address → value
	// Silent makes the unit answer nothing: every call lasts until its context ends.
	Silent bool
	// Fault, when set, may fail the n-th request (from 0): nil answers it.
	Fault func(n int, r Request) error

	Asked  []Request // every request, in order
	Misuse error     // the first request that cannot be on a wire
}

var _ drivers.Modbus = (*Modbus)(nil)

// Exception is the error of a unit that refuses a request with a code: 1 function,
// 2 address, 3 value, 4 failure, 6 busy. It wraps drivers.ErrException.
func Exception(code uint8) error {
	return fmt.Errorf("%w: exception %d", drivers.ErrException, code)
}

// ReadRegisters implements drivers.Modbus.
func (m *Modbus) ReadRegisters(ctx context.Context, function uint8, start, count uint16) ([]uint16, error) {
	r := Request{function, start, count}
	if err := m.ask(ctx, r, function == 3 || function == 4, 125); err != nil {
		return nil, err
	}
	return pick(m.Registers[function], r)
}

// ReadBits implements drivers.Modbus.
func (m *Modbus) ReadBits(ctx context.Context, function uint8, start, count uint16) ([]bool, error) {
	r := Request{function, start, count}
	if err := m.ask(ctx, r, function == 1 || function == 2, 2000); err != nil {
		return nil, err
	}
	return pick(m.Bits[function], r)
}

// Start implements what a line's owner offers to parts that are told to begin: a
// request for count registers, or none, of which nothing comes back.
func (m *Modbus) Start(ctx context.Context, function uint8, register, count uint16) error {
	n := len(m.Asked)
	m.Asked = append(m.Asked, Request{function, register, count})
	if err := ended(ctx); err != nil {
		return err
	}
	if m.Silent {
		return sleep(ctx, 0, false)
	}
	if m.Fault != nil {
		return m.Fault(n, m.Asked[n])
	}
	return nil
}

func (m *Modbus) ask(ctx context.Context, r Request, known bool, limit uint16) error {
	n := len(m.Asked)
	m.Asked = append(m.Asked, r)
	if !known || r.Count == 0 || r.Count > limit || int(r.Start)+int(r.Count) > 1<<16 {
		err := fmt.Errorf("no Modbus request can be function %d, start %d, count %d", r.Function, r.Start, r.Count)
		if m.Misuse == nil {
			m.Misuse = err
		}
		return err
	}
	if err := ended(ctx); err != nil {
		return err
	}
	if m.Silent {
		return sleep(ctx, 0, false)
	}
	if m.Fault != nil {
		return m.Fault(n, r)
	}
	return nil
}

func pick[V any](from map[uint16]V, r Request) ([]V, error) {
	out := make([]V, r.Count)
	for i := range out {
		v, ok := from[r.Start+uint16(i)]
		if !ok {
			return nil, Exception(2)
		}
		out[i] = v
	}
	return out, nil
}

// modbusFaults are the ways in which a request can fail.
var modbusFaults = []error{drivers.ErrTimeout, drivers.ErrChecksum, drivers.ErrProtocol, Exception(2), drivers.ErrUnplugged}

func playModbus(_ *drivers.Plan, p Part) fake {
	u := p.Unit
	u.Silent = u.Silent || u.Registers == nil && u.Bits == nil
	return &u
}

func (m *Modbus) open(pl *drivers.Plan) (drivers.Driver, error) { return pl.OpenModbus(m) }
func (m *Modbus) misuse() error                                 { return m.Misuse }
func (m *Modbus) made() int                                     { return len(m.Asked) }
func (m *Modbus) mute(on bool)                                  { m.Silent = on }
func (m *Modbus) forget()                                       { m.Asked = m.Asked[:0] }
func (m *Modbus) fail(n int, err error) {
	m.Fault = func(i int, _ Request) error {
		if n == i || n == everyCall {
			return err
		}
		return nil
	}
}
