// Package process reads parts whose driver is a program of its own, in any
// language: the gateway writes a question on the program's standard input, a line of
// JSON, and the program writes its answer on its standard output (see protocol.go
// and this folder's README.md, which is the protocol's description).
//
// The configuration states the channels, since the gateway must know them before
// anything runs. Who starts the program, watches it and starts it again is the
// owner of the drivers.Process that this driver is lent.
package process

import (
	"cmp"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
	"github.com/lamppost-city/lamppost/drivers/obs"
)

const (
	name     = "process"
	patience = 5 * time.Second // for an answer, unless the device has a timeout of its own
)

//go:embed README.md
var readme string

//go:embed sample.yaml
var sample string

// Kind returns the driver for the catalogue.
func Kind() drivers.Kind {
	return drivers.Kind{Name: name, Wire: drivers.ChildProcess, Readme: readme, Sample: sample, Plan: plan}
}

type options struct {
	Command  []string          `yaml:"command,required"`
	Channels channels          `yaml:"channels,required"`
	Dir      string            `yaml:"dir"`
	Env      map[string]string `yaml:"env"`
	User     string            `yaml:"user"`
	WarmUp   time.Duration     `yaml:"warm_up" range:"0s..24h"`
	Memory   yamldoc.Size      `yaml:"memory" range:"4MB..4GB"`
	CPU      yamldoc.Share     `yaml:"cpu"`
	Lines    int               `yaml:"lines" range:"0..10000 lines/s"`
}

// channels are those of the device, in the order of the file.
type channels []drivers.Channel

// UnmarshalNode reads {temp: {min: -40, max: 85, resolution: 0.1}, …}.
func (c *channels) UnmarshalNode(n *yamldoc.Node) error {
	var all yamldoc.Problems
	for _, key := range n.Keys() {
		var k struct {
			Min        float64 `yaml:"min,required" range:"-"`
			Max        float64 `yaml:"max,required" range:"-"`
			Resolution float64 `yaml:"resolution,required" range:"-"`
		}
		var ps yamldoc.Problems
		if err := n.Node(key).Decode(&k); errors.As(err, &ps) {
			all = append(all, ps...)
		} else if err != nil {
			return err
		}
		*c = append(*c, drivers.Channel{Name: key, Min: k.Min, Max: k.Max, Resolution: k.Resolution})
	}
	return all.Err()
}

func plan(decode func(any) error) (*drivers.Plan, error) {
	var o options
	if err := decode(&o); err != nil {
		return nil, err
	}
	if err := o.check(); err != nil {
		return nil, err
	}
	spec := drivers.ProcessSpec{Command: o.Command, Dir: o.Dir, User: o.User, Memory: int64(o.Memory), CPU: float64(o.CPU), Lines: o.Lines}
	for _, key := range slices.Sorted(maps.Keys(o.Env)) {
		spec.Env = append(spec.Env, key+"="+o.Env[key])
	}
	return &drivers.Plan{
		Channels: o.Channels, MinEvery: 100 * time.Millisecond, Timeout: patience, WarmUp: o.WarmUp, Process: spec,
		OpenProcess: func(p drivers.Process) (drivers.Driver, error) {
			return &driver{child: p, channels: o.Channels}, nil
		},
	}, nil
}

// check judges what the types cannot say, all of it at once.
func (o options) check() error {
	var all []error
	wrong := func(bad bool, key, format string, args ...any) {
		if bad {
			all = append(all, &drivers.OptionError{Key: key, Msg: fmt.Sprintf(format, args...)})
		}
	}
	relative := func(path string) bool { return strings.Contains(path, "/") && path[0] != '/' }
	program := ""
	if len(o.Command) > 0 {
		program = o.Command[0]
	}
	wrong(program == "", "command", `there is no program; write ["/usr/bin/python3", "/etc/lamppost/part.py"], for example`)
	wrong(relative(program), "command", "%s depends on where the gateway is started; write the whole path, from /", program)
	wrong(o.Dir != "" && !strings.HasPrefix(o.Dir, "/"), "dir", "%s depends on where the gateway is started; write the whole path, from /", o.Dir)
	wrong(len(o.Channels) == 0, "channels", "the device has none; name each one the program reports, with min, max and resolution")
	for _, key := range slices.Sorted(maps.Keys(o.Env)) {
		wrong(key == "" || strings.Contains(key, "="), "env", "%q is no name of a variable", key)
	}
	for i, c := range o.Channels {
		if err := obs.CheckChannel(c.Name); err != nil {
			wrong(true, "channels", "%v", err)
		}
		wrong(c.Min >= c.Max || c.Resolution <= 0 || c.Resolution > c.Max-c.Min, "channels."+c.Name,
			"from %v to %v in steps of %v; write min below max, and a step above 0", c.Min, c.Max, c.Resolution)
		wrong(slices.ContainsFunc(o.Channels[:i], func(d drivers.Channel) bool { return d.Name == c.Name }), "channels", "channel %s is there twice", c.Name)
	}
	return errors.Join(all...)
}

type driver struct {
	child    drivers.Process
	channels []drivers.Channel
	id       uint64
	rubbish  error // what was wrong with the last line that was no answer, since the last that was one
}

// Sample asks the program once and takes what it answers.
func (d *driver) Sample(ctx context.Context) ([]obs.Reading, error) {
	d.id++
	var got Answer
	_, err := d.child.Ask(ctx, Question(d.id), func(line []byte) bool {
		a, err := Parse(line)
		if err != nil {
			d.rubbish = err
			return false
		}
		got = a
		return a.ID == d.id
	})
	switch {
	case err != nil && d.rubbish != nil && errors.Is(err, drivers.ErrTimeout):
		return nil, fmt.Errorf("%s: %w: %w", name, drivers.ErrProtocol, d.rubbish)
	case err != nil:
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	d.rubbish = nil
	if got.Fault != "" {
		return nil, fmt.Errorf("%s: %w", name, got.failure())
	}
	out := make([]obs.Reading, len(d.channels))
	for i, c := range d.channels {
		out[i] = got.reading(c)
	}
	return out, nil
}

// reading is what an answer says of a channel: what it does not mention has no value.
func (a Answer) reading(c drivers.Channel) obs.Reading {
	v, ok := a.Readings[c.Name]
	if !ok || v.none {
		return obs.None(cmp.Or(v.why, obs.Instrument))
	}
	r := c.Read(v.v)
	if v.flag != obs.NotEvaluated {
		r.Quality = r.Quality.Worst(obs.Quality{Flag: v.flag, Why: v.why})
	}
	return r
}

// Close does nothing: whoever lent the program ends it.
func (d *driver) Close() error { return nil }
