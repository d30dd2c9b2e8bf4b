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
	"strconv"
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
	WarmUp   time.Duration     `yaml:"warm_up"`
	Memory   yamldoc.Size      `yaml:"memory"`
	CPU      share             `yaml:"cpu"`
	Lines    int               `yaml:"lines"`
}

// channels are those of the device, in the order of the file.
type channels []drivers.Channel

// UnmarshalNode reads {temp: {min: -40, max: 85, resolution: 0.1}, …}.
func (c *channels) UnmarshalNode(n *yamldoc.Node) error {
	var all yamldoc.Problems
	for _, key := range n.Keys() {
		var k struct {
			Min        float64 `yaml:"min,required"`
			Max        float64 `yaml:"max,required"`
			Resolution float64 `yaml:"resolution,required"`
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

// share is a part of one core, written as 20%.
type share float64

// UnmarshalText reads a number and a percent sign.
func (s *share) UnmarshalText(b []byte) error {
	digits, ok := strings.CutSuffix(string(b), "%")
	n, err := strconv.ParseFloat(strings.TrimSpace(digits), 64)
	if !ok || err != nil || n < 1 || n > 400 {
		return fmt.Errorf("%q is no share of a core; write 1%% to 400%%", b)
	}
	*s = share(n / 100)
	return nil
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

// check judges what the types cannot say.
func (o options) check() error {
	wrong := func(key, format string, args ...any) error {
		return &drivers.OptionError{Key: key, Msg: fmt.Sprintf(format, args...)}
	}
	switch {
	case len(o.Command) == 0 || o.Command[0] == "":
		return wrong("command", `there is no program; write ["/usr/bin/python3", "/etc/lamppost/part.py"], for example`)
	case strings.Contains(o.Command[0], "/") && o.Command[0][0] != '/':
		return wrong("command", "%s depends on where the gateway is started; write the whole path, from /", o.Command[0])
	case o.Dir != "" && o.Dir[0] != '/':
		return wrong("dir", "%s depends on where the gateway is started; write the whole path, from /", o.Dir)
	case len(o.Channels) == 0:
		return wrong("channels", "the device has none; name each one the program reports, with min, max and resolution")
	case o.WarmUp < 0:
		return wrong("warm_up", "a time cannot be negative")
	case o.Memory != 0 && o.Memory < 4_000_000:
		return wrong("memory", "%d bytes are too few for any program; write 4MB or more", o.Memory)
	case o.Lines < 0:
		return wrong("lines", "%d lines a second; write how many are allowed, or leave the key out", o.Lines)
	}
	for key := range o.Env {
		if key == "" || strings.Contains(key, "=") {
			return wrong("env", "%q is no name of a variable", key)
		}
	}
	for i, c := range o.Channels {
		if err := obs.CheckChannel(c.Name); err != nil {
			return wrong("channels", "%v", err)
		}
		if c.Min >= c.Max || c.Resolution <= 0 || c.Resolution > c.Max-c.Min {
			return wrong("channels."+c.Name, "from %v to %v in steps of %v; write min below max, and a step above 0", c.Min, c.Max, c.Resolution)
		}
		if slices.ContainsFunc(o.Channels[:i], func(d drivers.Channel) bool { return d.Name == c.Name }) {
			return wrong("channels", "channel %s is there twice", c.Name)
		}
	}
	return nil
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
