package sdi12

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"slices"
	"strconv"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	codec "github.com/lamppost-city/lamppost/drivers/codec/sdi12"
	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
	"github.com/lamppost-city/lamppost/drivers/obs"
)

type options struct {
	Measure  string        `yaml:"measure"`
	Takes    time.Duration `yaml:"takes" range:"0s..5m" means:"what the part's manual gives for a measurement"`
	Identify string        `yaml:"identify"`
	Missing  []float64     `yaml:"missing" range:"-"`
	Channels channels      `yaml:"channels,required"`
}

// channels are those of the device, in the order of the file.
type channels []source

// UnmarshalNode reads {soil_moisture: {value: 1, min: 0, max: 100, resolution: 0.1}, …}.
func (c *channels) UnmarshalNode(n *yamldoc.Node) error {
	var all yamldoc.Problems
	for _, key := range n.Keys() {
		var k struct {
			Value      int      `yaml:"value,required" range:"1..99" means:"its place among the values; the first is 1"`
			Min        float64  `yaml:"min,required" range:"-"`
			Max        float64  `yaml:"max,required" range:"-"`
			Resolution float64  `yaml:"resolution,required" range:"-"`
			Scale      *float64 `yaml:"scale" range:"-"`
			Offset     float64  `yaml:"offset" range:"-"`
		}
		var ps yamldoc.Problems
		if err := n.Node(key).Decode(&k); errors.As(err, &ps) {
			all = append(all, ps...)
		} else if err != nil {
			return err
		}
		s := source{drivers.Channel{Name: key, Min: k.Min, Max: k.Max, Resolution: k.Resolution}, k.Value, big.NewRat(1, 1), decimal(k.Offset)}
		if k.Scale != nil {
			s.scale = decimal(*k.Scale)
		}
		*c = append(*c, s)
	}
	return all.Err()
}

// decimal is the number that is written in the file, not the float64 nearest to it;
// nil for what is none.
func decimal(f float64) *big.Rat {
	r, ok := new(big.Rat).SetString(strconv.FormatFloat(f, 'g', -1, 64))
	if !ok {
		return nil
	}
	return r
}

const (
	usualTime = 10 * time.Second // of a measurement
	// exchanges is what commands, repeats and the data commands take beside it.
	exchanges = 5 * time.Second
)

func plan(decode func(any) error) (*drivers.Plan, error) {
	o := options{Takes: usualTime}
	if err := decode(&o); err != nil {
		return nil, err
	}
	d := driver{command: o.Measure, identify: o.Identify, sources: o.Channels}
	if err := o.check(); err != nil {
		return nil, err
	}
	for _, f := range o.Missing {
		d.missing = append(d.missing, decimal(f))
	}
	p := &drivers.Plan{MinEvery: time.Second, Timeout: o.Takes + exchanges,
		OpenSDI12: func(s drivers.SDI12) (drivers.Driver, error) {
			opened := d
			opened.sensor = s
			return &opened, nil
		}}
	for _, s := range o.Channels {
		p.Channels = append(p.Channels, s.channel)
	}
	return p, nil
}

func wrong(key, format string, args ...any) error {
	return &drivers.OptionError{Key: key, Msg: fmt.Sprintf(format, args...)}
}

// check judges what the types cannot say, all of it at once.
func (o options) check() error {
	var all []error
	if o.Measure != "" { // else the part decides
		if _, err := codec.ParseCommand(o.Measure); err != nil {
			all = append(all, wrong("measure", "%v", err))
		}
	}
	if slices.ContainsFunc(o.Missing, func(f float64) bool { return decimal(f) == nil }) {
		all = append(all, wrong("missing", "a value that a sensor can send is a number; write -9999, for example"))
	}
	if len(o.Channels) == 0 {
		all = append(all, wrong("channels", "the device has none; name each one with value, min, max and resolution"))
	}
	for i, s := range o.Channels {
		if slices.ContainsFunc(o.Channels[:i], func(e source) bool { return e.channel.Name == s.channel.Name }) {
			all = append(all, wrong("channels", "channel %s is there twice", s.channel.Name))
		}
		all = append(all, s.check())
	}
	return errors.Join(all...)
}

func (s source) check() error {
	c, key := s.channel, "channels."+s.channel.Name
	var all []error
	if err := obs.CheckChannel(c.Name); err != nil {
		all = append(all, wrong("channels", "%v", err))
	}
	if s.scale == nil || s.scale.Sign() == 0 {
		all = append(all, wrong(key+".scale", "a scale is a number other than 0; leave it out for 1"))
	}
	if s.offset == nil {
		all = append(all, wrong(key+".offset", "an offset is a number; leave it out for 0"))
	}
	if !(c.Min < c.Max) || !(c.Resolution > 0) || c.Resolution > c.Max-c.Min || math.IsInf(c.Max-c.Min, 0) {
		all = append(all, wrong(key+".min", "from %v (min) to %v (max) in steps of %v (resolution); write min below max, and a step above 0", c.Min, c.Max, c.Resolution))
	}
	return errors.Join(all...)
}
