package gateway

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/lamppost-city/lamppost/drivers"
	busmodbus "github.com/lamppost-city/lamppost/drivers/bus/modbus"
	"github.com/lamppost-city/lamppost/edge/config"
)

// openOutput opens the hardware of an output that is on a bus.
func (ls *Lines) openOutput(o config.Output) (drivers.Output, error) {
	i := slices.IndexFunc(ls.all, func(l *line) bool { return l.id == o.Bus }) // the configuration has checked that the bus exists
	l := ls.all[i]
	switch {
	case l.bus != nil:
		u := l.bus.Unit(o.Address)
		return modbusOutput{unit: u, write: u.Insist(insistence), o: o}, nil
	case l.relay != nil:
		return l.relay(o)
	}
	return nil, errors.New("outputs of this kind of bus cannot be opened yet")
}

// insistence is how often a write that was not confirmed is sent again at once, if its
// time allows. Both states may be told any number of times.
const insistence = 1

// modbusOutput is a coil or register of a unit.
type modbusOutput struct {
	unit  *busmodbus.Unit
	write drivers.ModbusWriter
	o     config.Output
}

func (m modbusOutput) Set(ctx context.Context, on bool) error {
	if m.o.Kind == "coil" {
		return m.write.WriteCoil(ctx, m.o.Number, on)
	}
	v := m.o.Off
	if on {
		v = m.o.On
	}
	return m.write.WriteRegister(ctx, m.o.Number, v)
}

// Get reads back what was written. A unit that refuses that cannot tell.
func (m modbusOutput) Get(ctx context.Context) (on, ok bool, err error) {
	if !m.o.ReadBack {
		return false, false, nil
	}
	if m.o.Kind == "coil" {
		on, err = m.coil(ctx)
	} else {
		on, err = m.register(ctx)
	}
	if errors.Is(err, drivers.ErrException) {
		return false, false, nil
	}
	return on, err == nil, err
}

func (m modbusOutput) coil(ctx context.Context) (bool, error) {
	bits, err := m.unit.ReadBits(ctx, 1, m.o.Number, 1)
	if err != nil {
		return false, err
	}
	return bits[0], nil
}

func (m modbusOutput) register(ctx context.Context) (bool, error) {
	words, err := m.unit.ReadRegisters(ctx, 3, m.o.Number, 1)
	switch {
	case err != nil:
		return false, err
	case words[0] == m.o.On:
		return true, nil
	case words[0] == m.o.Off:
		return false, nil
	}
	return false, fmt.Errorf("unit %d: register %d holds %d, neither on (%d) nor off (%d): %w", m.o.Address, m.o.Number, words[0], m.o.On, m.o.Off, drivers.ErrDevice)
}

// Close does nothing: the bus has other users.
func (m modbusOutput) Close() error { return nil }
