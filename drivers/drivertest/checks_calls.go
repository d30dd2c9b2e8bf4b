package drivertest

import (
	"context"
	"fmt"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/obs"
)

// callChecks are the promises of every driver that works by calls on its wire.
var callChecks = []check{
	{name: "a call that fails is never a value", run: failedCalls},
	{name: "a wire that is gone is told from silence", run: wireGone},
	{name: "a failed sample leaves the next able to succeed", run: callRecovers},
}

// openCalls opens the good part and its wire.
func (b bench) openCalls() (device, callFake, error) {
	d, err := b.open(b.Good)
	if err != nil {
		return d, nil, err
	}
	f, ok := d.wire.(callFake)
	if !ok {
		return d, nil, fmt.Errorf("wire %s cannot be made to fail", b.Kind.Wire)
	}
	return d, f, nil
}

// failedCalls fails each call in turn, in every way the wire can fail. What is read
// all the same must be right, or say that it is not.
func failedCalls(ctx context.Context, b bench) error {
	d, wire, err := b.openCalls()
	if err != nil {
		return err
	}
	if _, err := d.sample(ctx); err != nil {
		return err
	}
	if wire.made() == 0 {
		return fmt.Errorf("the part is read without a call on its wire")
	}
	for n := range wire.made() {
		for _, fault := range b.faults {
			if err := b.failedCall(ctx, n, fault); err != nil {
				return fmt.Errorf("call %d fails with %q: %w", n, fault, err)
			}
		}
	}
	return nil
}

func (b bench) failedCall(ctx context.Context, n int, fault error) error {
	d, wire, err := b.openCalls()
	if err != nil {
		return err
	}
	wire.fail(n, fault)
	rs, err := d.sample(ctx)
	if err == nil {
		return onlyRight(rs, b.Good.Want)
	}
	return b.refused(rs, err)
}

// onlyRight says whether every usable reading has the value that is wanted.
func onlyRight(rs []obs.Reading, want string) error {
	wanted, err := parseWant(want)
	if err != nil {
		return err
	}
	if len(rs) != len(wanted) {
		return fmt.Errorf("%d readings, want %d", len(rs), len(wanted))
	}
	for i, r := range rs {
		if r.Quality.Usable() && r.Value != wanted[i].Value {
			return fmt.Errorf("%s is %v, want %v or a flag", wanted[i].channel, r.Value, wanted[i].Value)
		}
	}
	return nil
}

func wireGone(ctx context.Context, b bench) error {
	d, wire, err := b.openCalls()
	if err != nil {
		return err
	}
	wire.fail(everyCall, drivers.ErrUnplugged)
	rs, err := d.sample(ctx)
	if err := b.refused(rs, err); err != nil {
		return err
	}
	if word := drivers.FaultWord(err); word != "unplugged" {
		return fmt.Errorf("a wire that is gone has the fault word %s: %w", word, err)
	}
	wire.fail(0, nil)
	return b.must(ctx, d, b.Good)
}

func callRecovers(ctx context.Context, b bench) error {
	d, wire, err := b.openCalls()
	if err != nil {
		return err
	}
	wire.mute(true)
	if rs, err := d.sample(ctx); err == nil {
		return fmt.Errorf("silence gave %v", rs)
	}
	wire.mute(false)
	return b.must(ctx, d, b.Good)
}
