package modbus

import (
	"context"
	"fmt"
	"time"

	codec "github.com/lamppost-city/lamppost/drivers/codec/modbus"
)

// Start tells the unit to begin measuring, in the way of some water-quality probes: a
// request that carries nothing. With function 3 or 4 it reads count registers (0…125)
// from register on and drops what they hold; with function 16 it writes no register at
// all, and count must be 0. The protocol allows no request for 0 registers, so that a
// unit which does not know this one refuses it or is silent.
func (u *Unit) Start(ctx context.Context, function uint8, register, count uint16) error {
	r := codec.Request{Function: function, Start: register, Count: count}
	switch {
	case function == 16 && count == 0, (function == 3 || function == 4) && count <= codec.MaxRegisters && int(register)+int(count) <= 1<<16:
	default:
		return u.named(fmt.Errorf("a part is started with function 3 or 4 and 0 to %d registers, or with function 16 and none, not with function %d and %d registers from %d",
			codec.MaxRegisters, function, count, register))
	}
	if u.bus.everybody(u) {
		return u.named(errBroadcastRead)
	}
	err := u.admit(time.Now())
	if err == nil {
		err = u.bus.serve(ctx, u, r, 0, func(codec.Answer) {})
	}
	if err != nil {
		return u.named(err)
	}
	return nil
}
