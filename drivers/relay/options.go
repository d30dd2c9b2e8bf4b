package relay

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
)

// Options are the keys of an output that say what it is. Exactly one of Line, Coil,
// Register and Command is given.
type Options struct {
	Line     string   `yaml:"line"`      // a GPIO line, its name or number
	Active   string   `yaml:"active"`    // of a line: the level that is on, high (also if it is empty) or low
	Coil     *int     `yaml:"coil"`      // of a Modbus unit, 0 to 65535, counted from 0
	Register *int     `yaml:"register"`  // a holding register of a Modbus unit, likewise
	On       *int     `yaml:"on"`        // what the register holds, 0 to 65535
	Off      *int     `yaml:"off"`       // likewise
	Command  []string `yaml:"command"`   // a program's full path and its arguments
	ReadBack *bool    `yaml:"read_back"` // whether the hardware is asked for its state; nil: it is, if it can be
}

// What a call may take and how long an output may be on, unless the configuration says
// otherwise. A line is at once, a unit waits for its turn on the bus, a program starts.
const (
	lineTimeout    = time.Second
	unitTimeout    = 2 * time.Second
	programTimeout = 5 * time.Second
	shortMaxOn     = 5 * time.Minute
	longMaxOn      = 30 * time.Minute // pumps and valves mostly hang behind a unit
)

const maxArguments = 32

// Plan judges o; it touches no hardware. Its errors are OptionErrors, joined. If it can
// be told all the same what o is, the plan is there with its limits and is not to be
// opened: so whoever reports mistakes can report them all.
func Plan(o Options) (*drivers.OutputPlan, error) {
	j := judge{Options: o, tells: o.ReadBack == nil || *o.ReadBack}
	var p drivers.OutputPlan
	switch kinds := o.kinds(); {
	case len(kinds) == 0:
		return nil, &drivers.OptionError{Key: "line", Msg: "an output is one of line, coil, register and command; add one"}
	case len(kinds) > 1:
		return nil, &drivers.OptionError{Key: kinds[1], Msg: "an output is one of line, coil, register and command, not " + strings.Join(kinds, " and ") + "; delete one"}
	case o.Line != "":
		p = j.line()
	case o.Coil != nil:
		p = j.coil()
	case o.Register != nil:
		p = j.register()
	default:
		p = j.command()
	}
	return &p, errors.Join(j.errs...)
}

// kinds names what o says it is.
func (o Options) kinds() (all []string) {
	for _, k := range []struct {
		key string
		has bool
	}{{"line", o.Line != ""}, {"coil", o.Coil != nil}, {"register", o.Register != nil}, {"command", o.Command != nil}} {
		if k.has {
			all = append(all, k.key)
		}
	}
	return all
}

// judge collects what is wrong with options.
type judge struct {
	Options
	tells bool
	errs  []error
}

func (j *judge) wrong(key, msg string) {
	j.errs = append(j.errs, &drivers.OptionError{Key: key, Msg: msg})
}

// number is an address or value of a unit; one that is missing or cannot be is 0 and told.
func (j *judge) number(key string, v *int, what string) uint16 {
	switch {
	case v == nil:
		j.wrong(key, "a register needs on and off; add "+key+", what it holds then")
	case *v < 0 || *v > 0xffff:
		j.wrong(key, fmt.Sprintf("%d is no %s; write 0 to 65535", *v, what))
	default:
		return uint16(*v)
	}
	return 0
}

func (j *judge) line() drivers.OutputPlan {
	switch j.Active {
	case "", "high", "low":
	default:
		j.wrong("active", fmt.Sprintf("%q is no level; write high or low", j.Active))
	}
	tells := j.tells
	return drivers.OutputPlan{Wire: drivers.OutputLine, Timeout: lineTimeout, MaxOn: shortMaxOn, Tells: tells,
		Line: j.Line, ActiveLow: j.Active == "low",
		OpenLine: func(l drivers.Output) (drivers.Output, error) { return line{l, tells}, nil }}
}

func (j *judge) coil() drivers.OutputPlan {
	at, tells := j.number("coil", j.Coil, "coil"), j.tells
	return j.unit(func(u drivers.ModbusOutput) drivers.Output { return coil{u, at, tells} })
}

func (j *judge) register() drivers.OutputPlan {
	const value = "value of a register"
	at, on, off, tells := j.number("register", j.Register, "register"), j.number("on", j.On, value), j.number("off", j.Off, value), j.tells
	if j.On != nil && j.Off != nil && *j.On == *j.Off {
		j.wrong("off", "on and off are the same; write what the register holds in each state")
	}
	return j.unit(func(u drivers.ModbusOutput) drivers.Output { return register{u, at, on, off, tells} })
}

func (j *judge) unit(open func(drivers.ModbusOutput) drivers.Output) drivers.OutputPlan {
	return drivers.OutputPlan{Wire: drivers.ModbusUnit, Timeout: unitTimeout, MaxOn: longMaxOn, Tells: j.tells,
		OpenModbus: func(u drivers.ModbusOutput) (drivers.Output, error) { return open(u), nil }}
}

func (j *judge) command() drivers.OutputPlan {
	switch {
	case len(j.Command) == 0 || len(j.Command) > maxArguments:
		j.wrong("command", fmt.Sprintf("a command has 1 to %d parts; write [program, argument, …]", maxArguments))
	case !filepath.IsAbs(j.Command[0]):
		j.wrong("command.0", fmt.Sprintf("%q is no full path; write the program as /…, no shell looks for it", j.Command[0]))
	}
	return drivers.OutputPlan{Wire: drivers.ProgramRun, Timeout: programTimeout, MaxOn: shortMaxOn, Process: drivers.ProcessSpec{Command: j.Command},
		OpenProgram: func(p drivers.Program) (drivers.Output, error) { return program{p}, nil }}
}
