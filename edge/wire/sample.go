package wire

import (
	"fmt"
	"math"

	"github.com/lamppost-city/lamppost/drivers/obs"
)

// Shape is what the samples of devices alike have in common: their channels and units.
// They are checked once, when it is made, so that a pack of samples costs little more
// than writing its numbers. It never changes.
type Shape struct{ channels []shapeChannel }

type shapeChannel struct {
	name, unit string
	valued     string // ",\n{" and `"n":"level","u":"m","v":`
	secondary  bool
}

// NewShape checks the names of channels and the unit that each travels in: as
// registered for SenML, else UCUM, empty for a plain number.
func NewShape(channels, units []string) (*Shape, error) {
	if len(channels) != len(units) {
		return nil, fmt.Errorf("%d channels, %d units", len(channels), len(units))
	}
	s := &Shape{make([]shapeChannel, len(channels))}
	for i, name := range channels {
		if err := first(obs.CheckChannel(name), at(name, checkUnit(units[i]))); err != nil {
			return nil, err
		}
		if name == FaultChannel {
			return nil, fmt.Errorf("a channel cannot be called %s", name)
		}
		valued := appendText([]byte(nextRecord+`"n":"`+name+`"`), `,"u":"`, units[i])
		s.channels[i] = shapeChannel{name, units[i], string(append(valued, `,"v":`...)), secondary(units[i])}
	}
	return s, nil
}

// nextRecord stands between a record and the one before.
const nextRecord = ",\n{"

// Sample is one poll of one device: a reading for each channel of its shape, all of
// one moment, or the reason why there are none.
type Sample struct {
	Device string
	*Shape
	Time     int64         // as Value.Time
	Readings []obs.Reading // must not change until the sample has been packed; nil with a Fault
	Fault    obs.Reason    // empty: there is none
}

// Len returns how many values the sample has.
func (s *Sample) Len() int {
	if s.Fault != "" {
		return 1
	}
	return len(s.Readings)
}

// Values appends the values of the sample, one by one.
func (s *Sample) Values(dst []Value) []Value {
	if s.Fault != "" {
		return append(dst, Value{Stream: obs.Stream{Device: s.Device, Channel: FaultChannel}, Time: s.Time,
			V: math.NaN(), Quality: obs.Quality{Flag: obs.Missing, Why: s.Fault}})
	}
	for i := range s.Readings {
		c, r := &s.channels[i], &s.Readings[i]
		v := Value{Stream: obs.Stream{Device: s.Device, Channel: c.name}, Unit: c.unit, Time: s.Time, V: r.Value, Quality: r.Quality}
		if v.Flag == obs.Missing {
			v.Unit = ""
		}
		dst = append(dst, v)
	}
	return dst
}

// check accepts what the wire can carry; the shape is known to be good.
func (s *Sample) check(sinceBoot bool) error {
	if err := obs.CheckID(s.Device); err != nil {
		return fmt.Errorf("sample: device: %w", err)
	}
	switch {
	case s.Shape == nil:
		return fmt.Errorf("sample of %s: it has no shape", s.Device)
	case s.Fault == "" && len(s.Readings) != len(s.channels), s.Fault != "" && s.Readings != nil:
		return fmt.Errorf("sample of %s: %d readings of %d channels", s.Device, len(s.Readings), len(s.channels))
	case s.Fault != "" && checkWord(s.Fault) != nil:
		return fmt.Errorf("sample of %s: fault: %w", s.Device, checkWord(s.Fault))
	}
	if err := checkTime(s.Time, sinceBoot); err != nil {
		return fmt.Errorf("sample of %s: %w", s.Device, err)
	}
	for i := range s.Readings {
		if r := &s.Readings[i]; r.Quality != (obs.Quality{Flag: obs.Pass}) || math.IsNaN(r.Value) || math.IsInf(r.Value, 0) {
			if err := checkReading(r.Value, r.Quality); err != nil {
				return fmt.Errorf("%s/%s: %w", s.Device, s.channels[i].name, err)
			}
		}
	}
	return nil
}

// secondary says whether a secondary unit occurs.
func (s *Sample) secondary() bool {
	for i := range s.Readings {
		if s.channels[i].secondary && s.Readings[i].Quality.Flag != obs.Missing {
			return true
		}
	}
	return false
}

// append writes one record for each reading. The first one sets the device as base
// name and the sample's moment as base time, so that the others need neither. No
// base unit is used: what has no unit would inherit it.
func (s *Sample) append(b []byte, gateway string) []byte {
	b = append(append(append(b, ",\n{\"bn\":\""...), gateway...), '/')
	b = append(append(b, s.Device...), "/\",\"bt\":"...)
	b = append(appendSeconds(b, s.Time), ',')
	if s.Fault != "" {
		return append(appendMissing(append(b, `"n":"`+FaultChannel+`",`...), s.Fault), '}')
	}
	for i := range s.Readings {
		c, r := &s.channels[i], &s.Readings[i]
		valued := c.valued
		if i == 0 {
			valued = valued[len(nextRecord):]
		}
		switch {
		case r.Quality.Flag == obs.Missing:
			if i > 0 {
				b = append(b, nextRecord...)
			}
			b = append(append(append(b, `"n":"`...), c.name...), `",`...)
			b = append(appendMissing(b, r.Quality.Why), `,"qc":9`...)
		case r.Quality.Flag == obs.Pass:
			b = appendNumber(append(b, valued...), r.Value)
		default:
			b = appendVerdict(appendNumber(append(b, valued...), r.Value), r.Quality)
		}
		b = append(b, '}')
	}
	return b
}

func appendMissing(b []byte, why obs.Reason) []byte {
	return append(append(append(b, `"vs":"`...), why...), '"')
}
