package loop

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/drivers/profile"
)

// options are a device's own keys.
type options struct {
	Module  string                     `yaml:"module,required"`
	Loops   map[string]transmitter     `yaml:"loops,required"`
	Offsets map[string]profile.Decimal `yaml:"offsets" range:"-"`
}

// transmitter is what hangs on an input: which channel it becomes, and its value, in the
// metric's unit, at 4 and at 20 mA. Low may be the greater one.
type transmitter struct {
	Channel string          `yaml:"channel,required"`
	Low     profile.Decimal `yaml:"low,required" range:"-"`
	High    profile.Decimal `yaml:"high,required" range:"-"`
}

// plan says what a device with these options will be: the module's plan for the inputs
// that a transmitter hangs on, with the transmitters' channels for its own. An open
// input measures nothing, and is not read.
func (m modules) plan(decode func(any) error) (*drivers.Plan, error) {
	var o options
	if err := decode(&o); err != nil {
		return nil, err
	}
	all, err := m.inputs(o.Module)
	if err != nil {
		return nil, err
	}
	if err := o.check(all); err != nil {
		return nil, err
	}
	r := request{Profile: o.Module, Offsets: map[string]profile.Decimal{}}
	for _, input := range all {
		if _, ok := o.Loops[input]; !ok {
			continue
		}
		r.Only = append(r.Only, input)
		if mount, ok := o.Offsets[input]; ok {
			r.Offsets[input] = mount
		}
	}
	inner, err := m.planned(r)
	if err != nil {
		return nil, translated(err)
	}
	return o.plan(inner)
}

// plan puts the transmitters before the inputs that inner reads.
func (o options) plan(inner *drivers.Plan) (*drivers.Plan, error) {
	p, signals := *inner, make([]signal, len(inner.Channels))
	p.Channels = make([]drivers.Channel, len(inner.Channels))
	for i, input := range inner.Channels {
		t := o.Loops[input.Name]
		var mount profile.Decimal
		if t.Channel != input.Name {
			mount = o.Offsets[t.Channel]
		}
		var err error
		if signals[i], err = newSignal(input, t, mount); err != nil {
			return nil, &drivers.OptionError{Key: "loops." + input.Name, Msg: err.Error()}
		}
		p.Channels[i] = signals[i].channel
	}
	p.OpenModbus = func(unit drivers.Modbus) (drivers.Driver, error) {
		d, err := inner.OpenModbus(unit)
		if err != nil {
			return nil, err
		}
		return &driver{module: d, signals: signals}, nil
	}
	return &p, nil
}

// check judges the loops and offsets on a module with these inputs: all that is wrong.
func (o options) check(inputs []string) error {
	if len(o.Loops) == 0 {
		return &drivers.OptionError{Key: "loops", Msg: "no transmitter is connected; write what hangs on an input, like loop_current.in1: {channel: level, low: 0, high: 10}"}
	}
	var wrong []error
	fail := func(key, format string, args ...any) {
		wrong = append(wrong, &drivers.OptionError{Key: key, Msg: fmt.Sprintf(format, args...)})
	}
	taken := map[string]string{}
	for _, input := range slices.Sorted(maps.Keys(o.Loops)) {
		t, key := o.Loops[input], "loops."+input
		switch err := obs.CheckChannel(t.Channel); {
		case !slices.Contains(inputs, input):
			fail(key, "%s has no input %s; %s", o.Module, input, known(input, inputs))
		case err != nil:
			fail(key+".channel", "%v", err)
		case taken[t.Channel] != "":
			metric := obs.MetricName(t.Channel)
			fail(key+".channel", "%s is called %s already; tell them apart as %s.inlet, %s.outlet", taken[t.Channel], t.Channel, metric, metric)
		case t.Low == t.High:
			fail(key+".high", "the value at 20 mA is that at 4 mA, %s; write the range that is on the transmitter's label", t.High)
		}
		taken[t.Channel] = input
	}
	names, correction := o.names(), yamldoc.Within(-2, 2, "mA")
	for _, name := range slices.Sorted(maps.Keys(o.Offsets)) {
		if !slices.Contains(names, name) {
			fail("offsets."+name, "the device has no channel %s; %s", name, known(name, names))
		} else if mA := o.Offsets[name].Float(); slices.Contains(inputs, name) && !correction.Has(mA) {
			fail("offsets."+name, "%s cannot be; write %s, by which the input reads wrong", correction.Of(mA), correction)
		}
	}
	return errors.Join(wrong...)
}

// names are what an offset may belong to: an input's current, or what its transmitter
// measures.
func (o options) names() (all []string) {
	for input, t := range o.Loops {
		all = append(all, input, t.Channel)
	}
	slices.Sort(all)
	return slices.Compact(all)
}
