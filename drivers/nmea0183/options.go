package nmea0183

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
	"github.com/lamppost-city/lamppost/drivers/frame"
	"github.com/lamppost-city/lamppost/drivers/obs"
)

type options struct {
	Measures   []string      `yaml:"measures"`
	Talker     string        `yaml:"talker"`
	Period     time.Duration `yaml:"period" range:"100ms..5m" means:"how often the rarest sentence comes"`
	Wind       string        `yaml:"wind"`
	North      int           `yaml:"north" range:"0..359 °" means:"where the zero of the housing points"`
	Transducer string        `yaml:"transducer"`
	XDR        transducers   `yaml:"xdr"`
}

// What the angle of the wind is measured from.
const (
	relative = "relative" // the zero of the housing
	trueWind = "true"     // north
)

// transducers are the channels of XDR sentences that the configuration names, in the
// order of the file.
type transducers []source

// UnmarshalNode reads {rain: {type: V, unit: M, id: "0", min: 0, max: 1000, resolution: 0.01}, …}.
func (c *transducers) UnmarshalNode(n *yamldoc.Node) error {
	var all yamldoc.Problems
	for _, key := range n.Keys() {
		var k struct {
			Type       string   `yaml:"type,required"`
			Unit       string   `yaml:"unit,required"`
			ID         string   `yaml:"id,required"`
			Min        float64  `yaml:"min,required" range:"-"`
			Max        float64  `yaml:"max,required" range:"-"`
			Resolution float64  `yaml:"resolution,required" range:"-"`
			Scale      *float64 `yaml:"scale" range:"-"`
			Offset     float64  `yaml:"offset" range:"-"`
		}
		var ps yamldoc.Problems
		if err := n.Node(key).Decode(&k); errors.As(err, &ps) {
			all = append(all, ps...)
			continue
		} else if err != nil {
			return err
		}
		scale, offset := big.NewRat(1, 1), decimal(k.Offset)
		if k.Scale != nil {
			scale = decimal(*k.Scale)
		}
		src := source{Channel: drivers.Channel{Name: key, Min: k.Min, Max: k.Max, Resolution: k.Resolution}, kinds: []string{"XDR"}}
		if scale != nil && offset != nil && scale.Sign() != 0 { // check refuses a source that reads nothing
			src.in = func(s sentence) (value, bool) {
				v, ok := transducer(s, k.Type, k.Unit, k.ID)
				return v.times(scale).plus(offset), ok
			}
		}
		*c = append(*c, src)
	}
	return all.Err()
}

// decimal is the number that is written in the file; nil for what is none.
func decimal(f float64) *big.Rat {
	r, ok := new(big.Rat).SetString(strconv.FormatFloat(f, 'g', -1, 64))
	if !ok {
		return nil
	}
	return r
}

func plan(decode func(any) error) (*drivers.Plan, error) {
	o := options{Period: time.Second, Wind: relative, Transducer: "0"}
	if err := decode(&o); err != nil {
		return nil, err
	}
	sources, err := o.sources()
	if err != nil {
		return nil, err
	}
	p := &drivers.Plan{
		MinEvery: o.Period,
		Timeout:  2*o.Period + time.Second,
		Line:     drivers.LineSettings{Baud: 4800, Parity: "none", StopBits: 1},
		OpenSerial: func(port drivers.Port) (drivers.Driver, error) {
			return &driver{talker: o.Talker, sources: sources, in: frame.NewReader(port, format)}, nil
		},
	}
	for _, s := range sources {
		p.Channels = append(p.Channels, s.Channel)
	}
	return p, nil
}

func wrong(key, format string, args ...any) error {
	return &drivers.OptionError{Key: key, Msg: fmt.Sprintf(format, args...)}
}

// sources are the channels of the device: those of the sets in the order in which they
// are asked for, then those of xdr.
func (o options) sources() ([]source, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	sets := o.sets()
	var all []source
	for _, set := range o.Measures {
		sources, ok := sets[set]
		if !ok {
			return nil, wrong("measures", "%q is not among what is read; write one or more of %s", set, strings.Join(slices.Sorted(maps.Keys(sets)), ", "))
		}
		all = append(all, sources...)
	}
	all = append(all, o.XDR...)
	for i, s := range all {
		if slices.ContainsFunc(all[:i], func(e source) bool { return e.Name == s.Name }) {
			return nil, wrong("measures", "channel %s is there twice; give the one under xdr a qualifier: %s.inlet", s.Name, obs.MetricName(s.Name))
		}
	}
	if len(all) == 0 {
		return nil, wrong("measures", "the device has no channels; write [position], [wind], [weather] or others, or name channels under xdr")
	}
	return all, nil
}

// check judges what the types cannot say, all of it at once.
func (o options) check() error {
	var all []error
	isTalker := o.Talker == "" || len(o.Talker) == 2 && strings.ToUpper(o.Talker) == o.Talker
	if !isTalker {
		all = append(all, wrong("talker", "%q is no talker; write the two capitals behind the $, GP or WI for example", o.Talker))
	}
	if o.Wind != relative && o.Wind != trueWind {
		all = append(all, wrong("wind", "%q is no reference; write relative (to the housing) or true (to north)", o.Wind))
	}
	if o.North != 0 && o.Wind == trueWind {
		all = append(all, wrong("north", "the part itself knows where north is with wind: true; delete the line"))
	}
	for _, s := range o.XDR {
		all = append(all, s.check())
	}
	return errors.Join(all...)
}

func (s source) check() error {
	if err := obs.CheckChannel(s.Name); err != nil {
		return wrong("xdr", "%v", err)
	}
	switch {
	case s.in == nil:
		return wrong("xdr."+s.Name, "scale and offset are numbers, and scale is not 0; leave them out for 1 and 0")
	case !(s.Min < s.Max) || !(s.Resolution > 0) || s.Resolution > s.Max-s.Min || math.IsInf(s.Max-s.Min, 0):
		return wrong("xdr."+s.Name, "from %v to %v in steps of %v; write min below max, and a step above 0", s.Min, s.Max, s.Resolution)
	}
	return nil
}
