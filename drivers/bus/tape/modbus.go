package tape

import (
	"bytes"
	"context"
	"fmt"

	"github.com/lamppost-city/lamppost/drivers"
	codec "github.com/lamppost-city/lamppost/drivers/codec/modbus"
	"github.com/lamppost-city/lamppost/drivers/obs"
)

// Modbus returns the part as a unit on a Modbus line or host.
func (r *Replay) Modbus() drivers.Modbus { return unit{r} }

type unit struct{ *Replay }

// ReadRegisters implements drivers.Modbus.
func (u unit) ReadRegisters(ctx context.Context, function uint8, start, count uint16) ([]uint16, error) {
	a, err := u.ask(ctx, codec.Request{Function: function, Start: start, Count: count})
	if err != nil {
		return nil, err
	}
	return a.Registers(make([]uint16, 0, count)), nil
}

// ReadBits implements drivers.Modbus.
func (u unit) ReadBits(ctx context.Context, function uint8, start, count uint16) ([]bool, error) {
	a, err := u.ask(ctx, codec.Request{Function: function, Start: start, Count: count})
	if err != nil {
		return nil, err
	}
	return a.Bits(make([]bool, 0, count), int(count)), nil
}

// Start is the request that makes some parts measure, for drivers that look for it.
func (u unit) Start(ctx context.Context, function uint8, register, count uint16) error {
	_, err := u.ask(ctx, codec.Request{Function: function, Start: register, Count: count})
	return err
}

// Identify is function 43/14, for drivers that look for it.
func (u unit) Identify(ctx context.Context, level codec.Level, first uint8) ([]codec.Object, error) {
	var all []codec.Object
	for {
		a, err := u.ask(ctx, codec.IdentityRequest(level, first))
		if err != nil {
			return nil, err
		}
		id, err := codec.ParseIdentity(a.Append(nil))
		if err != nil {
			return nil, fmt.Errorf("%w: %w", drivers.ErrProtocol, err)
		}
		all = append(all, id.Objects...)
		if !id.More || id.Next <= first || level == codec.One {
			return all, nil
		}
		first = id.Next
	}
}

// ask plays one call of a driver and returns an answer that does not refuse.
func (u unit) ask(ctx context.Context, q codec.Request) (codec.Answer, error) {
	if err := ended(ctx); err != nil {
		return codec.Answer{}, err
	}
	e, err := u.request(ctx, q)
	if err != nil {
		return codec.Answer{}, err
	}
	for { // as often as the owner of the line asked
		u.anchor(e)
		said, rx, err := u.answer(ctx)
		if err != nil {
			return codec.Answer{}, err
		}
		pdu, damaged := u.find(e.Bytes, rx, q)
		if pdu != nil {
			return judge(q, pdu)
		}
		for said.Kind == Sent && u.probes(said, q) { // before the write is repeated
			u.i++
			if said, _, err = u.answer(ctx); err != nil {
				return codec.Answer{}, err
			}
		}
		if said.Kind == Fault {
			return codec.Answer{}, u.fault(ctx, said)
		}
		if err := sleep(ctx, u.until(said), true); err != nil { // so long the owner waited
			return codec.Answer{}, err
		}
		switch {
		case said.Kind == Sent && u.again(e, said):
			e = said
			u.i++
			continue
		case damaged:
			err = drivers.ErrChecksum
		default:
			err = drivers.ErrTimeout
		}
		return codec.Answer{}, fmt.Errorf("%w (%s line %d)", err, u.tape.Name, e.Line)
	}
}

// request finds q on the tape.
func (u unit) request(ctx context.Context, q codec.Request) (Entry, error) {
	asked := fmt.Sprintf("function %d, address 0x%04X, count %d", q.Function, q.Start, q.Count)
	for {
		e, ok := u.peek()
		switch {
		case !ok:
			return e, u.fail(e, "nothing more was asked here, the driver asks %s", asked)
		case e.Kind == Fault: // the owner of the line did not even ask
			return e, u.fault(ctx, e)
		case e.Kind == Received: // a late answer, or noise
			u.i++
			continue
		}
		_, pdu, err := u.frame(e.Bytes)
		if err != nil {
			return e, u.fail(e, "this is no request: %v", err)
		}
		if u.probes(e, q) { // the driver did not ask this
			u.i++
			continue
		}
		if !bytes.Equal(pdu, q.Append(nil)) {
			return e, u.fail(e, "%s was asked here, the driver asks %s", u.shown(e), asked)
		}
		u.i++
		return e, nil
	}
}

// probes says whether e is the read by which the owner of a line finds out, before q, a
// write whose answer repeats it, whether the line echoes.
func (u unit) probes(e Entry, q codec.Request) bool {
	read := codec.Request{Function: 3, Start: q.Start, Count: 1}
	if q.Function == 5 {
		read.Function = 1
	}
	_, pdu, err := u.frame(e.Bytes)
	return q.Repeated() && err == nil && bytes.Equal(pdu, read.Append(nil))
}

// answer collects what was received up to the next entry of another kind, which it
// returns, and waits until it has come.
func (u unit) answer(ctx context.Context) (next Entry, rx []byte, err error) {
	for {
		e, ok := u.peek()
		if !ok || e.Kind != Received {
			return e, rx, nil
		}
		if err := sleep(ctx, u.until(e), true); err != nil {
			return e, nil, err
		}
		rx = append(rx, e.Bytes...)
		u.i++
	}
}

// frame takes the frame apart in the way of the tape.
func (u unit) frame(b []byte) (address uint8, pdu []byte, err error) {
	if u.tape.Framing == "rtu" {
		return codec.ParseRTU(b)
	}
	f, n, err := codec.ParseTCP(b)
	if err == nil && n != len(b) {
		err = fmt.Errorf("%w: %d bytes, its header says %d", codec.ErrFormat, len(b), n)
	}
	return f.Unit, f.PDU, err
}

// find looks for the answer in what was received.
func (u unit) find(request, rx []byte, q codec.Request) (pdu []byte, damaged bool) {
	if u.tape.Framing == "rtu" {
		s := codec.Scan(rx, request, q, false)
		return s.Answer, s.Damaged > 0
	}
	asked, _, _ := codec.ParseTCP(request) // frame has accepted it
	for {
		f, n, err := codec.ParseTCP(rx)
		if err != nil || n == 0 {
			return nil, false
		}
		if f.Transaction == asked.Transaction && f.Unit == asked.Unit {
			if _, err := q.Answers(f.PDU); err == nil {
				return f.PDU, false
			}
		}
		rx = rx[n:]
	}
}

// again says whether next repeats e: only the transaction may differ.
func (u unit) again(e, next Entry) bool {
	a, apdu, aerr := u.frame(e.Bytes)
	b, bpdu, berr := u.frame(next.Bytes)
	return aerr == nil && berr == nil && a == b && bytes.Equal(apdu, bpdu)
}

func judge(q codec.Request, pdu []byte) (codec.Answer, error) {
	a, err := q.Answers(pdu)
	switch {
	case err != nil:
		return a, fmt.Errorf("%w: %w", drivers.ErrProtocol, err)
	case obs.ExceptionState(uint8(a.Exception)) == obs.StateNoAnswer:
		return a, fmt.Errorf("%w: %w", drivers.ErrTimeout, a.Exception)
	case a.Exception != 0:
		return a, fmt.Errorf("%w: %w", drivers.ErrException, a.Exception)
	}
	return a, nil
}
