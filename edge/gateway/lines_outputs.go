package gateway

import (
	"context"
	"errors"
	"slices"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/bus/process"
	"github.com/lamppost-city/lamppost/edge/config"
)

// insistence is how often a write of an output that was not confirmed is sent again at
// once, if its time allows.
const insistence = 1

// openOutput opens the hardware of an output. mark is what its programs have in their
// environment.
func (ls *Lines) openOutput(o config.Output, mark string) (drivers.Output, error) {
	if o.Plan.Wire == drivers.ProgramRun {
		spec := o.Plan.Process
		spec.Env = append(slices.Clone(spec.Env), mark)
		return o.Plan.OpenProgram(switchingProgram(spec))
	}
	i := slices.IndexFunc(ls.all, func(l *line) bool { return l.id == o.Bus }) // the configuration has checked that the bus exists
	l := ls.all[i]
	switch {
	case l.bus != nil:
		return o.Plan.OpenModbus(l.bus.Unit(o.Address).Insist(insistence))
	case l.relay != nil:
		return l.relay(o)
	}
	return nil, errors.New("outputs of this kind of bus cannot be opened yet")
}

// keeps says whether an output's hardware stays as it was told over the reload that made
// these lines: nothing runs of a program between two switchings, and a Modbus unit on a line
// that goes on notices nothing. A GPIO line is given up and requested anew.
func (ls *Lines) keeps(o config.Output) bool {
	return o.Plan.Wire == drivers.ProgramRun || ls.is(o.Bus, func(l *line) bool { return l.held && l.bus != nil })
}

// switchingProgram is a program that is run for each switching. What it leaves behind in
// its session ends with it.
type switchingProgram drivers.ProcessSpec

// Run implements drivers.Program.
func (p switchingProgram) Run(ctx context.Context, args ...string) error {
	return process.Run(ctx, drivers.ProcessSpec(p), args...)
}
