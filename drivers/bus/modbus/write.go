package modbus

import (
	"context"
	"errors"
	"fmt"
	"time"

	codec "github.com/lamppost-city/lamppost/drivers/codec/modbus"

	"github.com/lamppost-city/lamppost/drivers"
)

// broadcast is the address of all slaves of a serial line.
const broadcast = 0

// afterBroadcast is how long the line rests after a broadcast, so that every slave
// has done what it says ("MODBUS over Serial Line" 2.4.1: 100 to 200 ms are usual).
const afterBroadcast = 200 * time.Millisecond

var errBroadcastRead = errors.New("unit 0 is all slaves of the line: it can be written to, nobody answers a read")

var _ drivers.ModbusWriter = (*Unit)(nil)

// WriteCoil implements drivers.ModbusWriter.
func (u *Unit) WriteCoil(ctx context.Context, address uint16, on bool) error {
	return u.write(ctx, codec.WriteCoil(address, on), 0)
}

// WriteRegister implements drivers.ModbusWriter.
func (u *Unit) WriteRegister(ctx context.Context, address, value uint16) error {
	return u.write(ctx, codec.WriteRegister(address, value), 0)
}

// WriteCoils switches 1…1968 coils from start on, with function 15.
func (u *Unit) WriteCoils(ctx context.Context, start uint16, on []bool) error {
	return u.write(ctx, codec.WriteCoils(start, on), 0)
}

// WriteRegisters implements drivers.ModbusWriter.
func (u *Unit) WriteRegisters(ctx context.Context, start uint16, words []uint16) error {
	return u.write(ctx, codec.WriteRegisters(start, words), 0)
}

// MaskWrite implements drivers.ModbusWriter.
func (u *Unit) MaskWrite(ctx context.Context, address, and, or uint16) error {
	return u.write(ctx, codec.MaskWrite(address, and, or), 0)
}

// ReadWrite sets registers from writeStart on, then reads count (1…125) from start,
// in one go, with function 23.
func (u *Unit) ReadWrite(ctx context.Context, start, count, writeStart uint16, words []uint16) ([]uint16, error) {
	var read []uint16
	err := u.change(ctx, codec.ReadWrite(start, count, writeStart, words), 0, func(a codec.Answer) {
		read = a.Registers(make([]uint16, 0, count))
	})
	return read, err
}

// Insist returns u as a writer that sends a write up to times more when it was not
// confirmed, as long as ctx's deadline leaves room. Nobody can know whether the first
// one was carried out, so it is only done with what may be done twice: a coil, a
// single register, bits of one; each is then in the state that was asked for, however
// often it is told. Blocks of registers are sent once: to many parts they are
// commands, and a command carried out twice is two commands. For the same reason
// nobody should insist on a register that is a command: a counter's reset, a pulse. What
// is read is read as ever.
func (u *Unit) Insist(times int) drivers.ModbusOutput { return insistent{u, times} }

type insistent struct {
	*Unit
	times int
}

func (i insistent) WriteCoil(ctx context.Context, address uint16, on bool) error {
	return i.write(ctx, codec.WriteCoil(address, on), i.times)
}

func (i insistent) WriteRegister(ctx context.Context, address, value uint16) error {
	return i.write(ctx, codec.WriteRegister(address, value), i.times)
}

func (i insistent) MaskWrite(ctx context.Context, address, and, or uint16) error {
	return i.write(ctx, codec.MaskWrite(address, and, or), i.times)
}

func (u *Unit) write(ctx context.Context, r codec.Request, repeats int) error {
	return u.change(ctx, r, repeats, func(codec.Answer) {})
}

func (u *Unit) change(ctx context.Context, r codec.Request, repeats int, use func(codec.Answer)) error {
	err := r.Check()
	if err == nil && r.Function == 23 && u.bus.everybody(u) {
		err = errBroadcastRead
	}
	if err == nil {
		err = u.bus.serve(ctx, u, r, repeats, use)
	}
	if err != nil {
		return u.named(err)
	}
	return nil
}

// repeatable says whether an insistent writer tries again after err: when it was not
// confirmed, or the unit had no time for it.
func repeatable(err error) bool {
	return verdictOf(err) == failed || errors.Is(err, errStale) || errors.Is(err, codec.Busy)
}

// everybody says whether u is all slaves of the line.
func (b *Bus) everybody(u *Unit) bool { return u.address == broadcast && b.way.serial() }

// Identify asks the unit what it is, with function 43/14, in as many requests as it
// takes, and returns the objects in the order in which they came. Parts that do not
// know the function refuse it: the error wraps ErrException. When first is not 0 the
// objects from there on are asked for; with level One only that object.
func (u *Unit) Identify(ctx context.Context, level codec.Level, first uint8) ([]codec.Object, error) {
	var objects []codec.Object
	for range 256 { // there are no more objects
		var id codec.Identity
		err := u.ask(ctx, codec.IdentityRequest(level, first), func(a codec.Answer) {
			id, _ = codec.ParseIdentity(a.Append(nil)) // Answers has checked it; the copy is ours to keep
		})
		if err != nil {
			return nil, u.named(err)
		}
		objects = append(objects, id.Objects...)
		if !id.More || level == codec.One {
			return objects, nil
		}
		if id.Next <= first { // it would go on for ever
			break
		}
		first = id.Next
	}
	return objects, u.named(errEndless)
}

var errEndless = fmt.Errorf("%w: the identification does not come to an end", drivers.ErrProtocol)
