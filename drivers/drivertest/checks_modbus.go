package drivertest

import (
	"context"
	"fmt"

	"github.com/lamppost-city/lamppost/drivers"
)

// modbusChecks are what only a driver of a Modbus unit promises.
var modbusChecks = []check{
	{name: "a refusal is told from silence", run: refusedUnit},
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
