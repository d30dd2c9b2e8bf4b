package modbus

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/obs"
)

// Loop says what a transmitter on a 4-20 mA input measures: which channel it becomes,
// and its value, in the metric's unit, at 4 and at 20 mA. Low may be the greater one.
type Loop struct {
	Channel string  `yaml:"channel,required"`
	Low     Decimal `yaml:"low,required"`
	High    Decimal `yaml:"high,required"`
}

// loopMetric is what an input is that a loop can be connected to.
const loopMetric = "loop_current"

// The signal of a loop in mA, NAMUR NE 43: from 3.8 to 20.5 it measures, below 3.6 and
// above 21 something is broken, and between the transmitter is at the end of its range.
const (
	loopBroken, loopLow   = 3.6, 3.8
	loopHigh, loopShorted = 20.5, 21.0
)

// loop turns a current into what the transmitter measures.
type loop struct {
	low, span, unit int64 // low and high - low in 1/unit
	channel         drivers.Channel
}

// newLoop prepares l, of an input with this resolution in mA. The offset is added to what
// is measured, and its range moves with it.
func newLoop(l Loop, resolution float64, offset Decimal) (*loop, error) {
	places := max(l.Low.Places, l.High.Places, offset.Places)
	low, lok := l.Low.Steps(places)
	high, hok := l.High.Steps(places)
	mount, mok := offset.Steps(places)
	if !lok || !hok || !mok || max(low, -low, high, -high, mount, -mount) > 1e8 {
		if offset == (Decimal{}) {
			return nil, fmt.Errorf("%s to %s needs more than 8 digits", l.Low, l.High)
		}
		return nil, fmt.Errorf("%s to %s with an offset of %s needs more than 8 digits", l.Low, l.High, offset)
	}
	low, high = low+mount, high+mount
	o := &loop{low: low, span: high - low, unit: int64(math.Pow10(places))}
	a, b := o.value(loopBroken), o.value(loopShorted)
	o.channel = drivers.Channel{Name: l.Channel, Min: min(a, b), Max: max(a, b), Resolution: resolution / 16 * math.Abs(float64(o.span)/float64(o.unit))}
	return o, nil
}

// value is low + (mA - 4) / 16 × span, counted in whole nanoamperes, so that 4.16 mA of
// 0 to 10 m is the float64 nearest to 0.1.
func (o *loop) value(mA float64) float64 {
	const scale, zero, full = 1_000_000, 4_000_000, 16_000_000
	n := int64(math.Round(mA*scale)) - zero
	return float64(o.low*full+n*o.span) / (full * float64(o.unit))
}

// read makes of the current what was measured. A broken wire is no value: -2.5 m would
// be a lie. At the ends of the range the value is there, and suspect.
func (o *loop) read(mA obs.Reading) obs.Reading {
	switch v := mA.Value; {
	case mA.Quality.Flag == obs.Missing:
		return mA
	case v < loopBroken, v > loopShorted:
		return obs.None(obs.Instrument)
	}
	r := obs.Of(o.value(mA.Value))
	r.Quality = mA.Quality
	if mA.Value < loopLow || mA.Value > loopHigh {
		r.Quality = r.Quality.Worst(obs.Quality{Flag: obs.Suspect, Why: obs.Range})
	}
	return r
}

// measures is the channel that c becomes.
func (c *converter) measures() drivers.Channel {
	if c.aside != nil && c.aside.loop != nil {
		return c.aside.loop.channel
	}
	return c.channel
}

// inputs are the channels to read. With loops and without only these are the inputs
// that a loop is connected to: an open input measures nothing.
func (o options) inputs(f *Profile) []string {
	if o.Only != nil || len(o.Loops) == 0 {
		return o.Only
	}
	var list []string
	for _, r := range f.Channels {
		if _, ok := o.Loops[r.Channel]; ok {
			list = append(list, r.Channel)
		}
	}
	return list
}

// loop connects the transmitters. An offset under an input's own name is one of its
// current, and not of what the transmitter measures.
func (l *layout) loop(loops map[string]Loop, offsets map[string]Decimal) error {
	for _, input := range slices.Sorted(maps.Keys(loops)) {
		o, key := loops[input], "loops."+input
		i := slices.IndexFunc(l.convs[:l.shown], func(c converter) bool { return c.reg.Channel == input })
		switch {
		case i < 0:
			return &drivers.OptionError{Key: key, Msg: "the device reads no channel " + input + "; " + l.loopInputs()}
		case obs.MetricName(input) != loopMetric:
			return &drivers.OptionError{Key: key, Msg: input + " is no current of a loop; " + l.loopInputs()}
		case obs.CheckChannel(o.Channel) != nil:
			return &drivers.OptionError{Key: key + ".channel", Msg: obs.CheckChannel(o.Channel).Error()}
		case o.Low == o.High:
			return &drivers.OptionError{Key: key + ".high", Msg: fmt.Sprintf("the value at 20 mA is that at 4 mA, %s; write the range that is on the transmitter's label", o.High)}
		}
		var offset Decimal
		if o.Channel != input {
			offset = offsets[o.Channel]
		}
		conv, err := newLoop(o, l.convs[i].channel.Resolution, offset)
		if err != nil {
			return &drivers.OptionError{Key: key, Msg: err.Error()}
		}
		l.aside(i).loop = conv
	}
	return l.twice()
}

// loopInputs says which inputs there are.
func (l *layout) loopInputs() string {
	var names []string
	for _, c := range l.convs[:l.shown] {
		if obs.MetricName(c.reg.Channel) == loopMetric {
			names = append(names, c.reg.Channel)
		}
	}
	if len(names) == 0 {
		return "it has no input for a 4-20 mA loop among what it reads"
	}
	return "it has " + strings.Join(names, ", ")
}

// twice refuses two channels of one name.
func (l *layout) twice() error {
	seen := map[string]bool{}
	for i := range l.convs[:l.shown] {
		name := l.convs[i].measures().Name
		if seen[name] {
			return &drivers.OptionError{Key: "loops", Msg: fmt.Sprintf("two channels are called %s; tell them apart as %s.inlet, %s.outlet", name, obs.MetricName(name), obs.MetricName(name))}
		}
		seen[name] = true
	}
	return nil
}
