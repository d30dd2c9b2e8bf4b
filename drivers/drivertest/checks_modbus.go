package drivertest

import (
	"context"
	"fmt"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/obs"
)

// modbusChecks are the promises of a driver of a Modbus unit.
var modbusChecks = []check{
	{"a request that fails is never a value", failedRequests},
	{"a refusal is told from silence", refusedUnit},
	{"a failed sample leaves the next able to succeed", unitRecovers},
}

// failedRequests fails each request in turn, in every way a line can fail. What
// is read all the same must be right, or say that it is not.
func failedRequests(ctx context.Context, b bench) error {
	good, err := b.open(b.Good)
	if err != nil {
		return err
	}
	if _, err := good.sample(ctx); err != nil {
		return err
	}
	for n := range good.unit.Asked {
		for _, fault := range []error{drivers.ErrTimeout, drivers.ErrChecksum, drivers.ErrProtocol, Exception(2), drivers.ErrUnplugged} {
			p := b.Good
			p.Unit.Fault = func(i int, _ Request) error {
				if i == n {
					return fault
				}
				return nil
			}
			d, err := b.open(p)
			if err != nil {
				return err
			}
			rs, err := d.sample(ctx)
			if err == nil {
				err = onlyRight(rs, b.Good.Want)
			} else {
				err = b.refused(rs, err)
			}
			if err != nil {
				return fmt.Errorf("request %d fails with %q: %w", n, fault, err)
			}
		}
	}
	return nil
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

func refusedUnit(ctx context.Context, b bench) error {
	p := b.Good
	p.Unit.Fault = func(int, Request) error { return Exception(2) }
	d, err := b.open(p)
	if err != nil {
		return err
	}
	rs, err := d.sample(ctx)
	if err == nil {
		return onlyRight(rs, b.Good.Want)
	}
	if err := b.refused(rs, err); err != nil {
		return err
	}
	if word := drivers.FaultWord(err); word != "exception" {
		return fmt.Errorf("a refusal has the fault word %s: %w", word, err)
	}
	return nil
}

func unitRecovers(ctx context.Context, b bench) error {
	d, err := b.open(b.Good)
	if err != nil {
		return err
	}
	d.unit.Silent = true
	if rs, err := d.sample(ctx); err == nil {
		return fmt.Errorf("silence gave %v", rs)
	}
	d.unit.Silent = false
	return b.must(ctx, d, b.Good)
}
