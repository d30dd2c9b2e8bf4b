package wire

import (
	"fmt"
	"math"

	"github.com/lamppost-city/lamppost/drivers/obs"
)

// Layout is what all samples of one device have in common: its name, its channels
// and their units. They are checked once, when it is made, so that a pack of samples
// costs little more than writing its numbers. It never changes.
type Layout struct {
	device   string
	channels []layoutChannel
	fault    layoutChannel
}

type layoutChannel struct {
	Value            // stream and unit; nothing else
	named     string // `"n":"level",`
	valued    string // `"n":"level","u":"m","v":`
	secondary bool
}

// NewLayout checks the names of a device and its channels, and the unit that each
// travels in: as registered for SenML, else UCUM, empty for a plain number.
func NewLayout(device string, channels, units []string) (*Layout, error) {
	if len(channels) != len(units) {
		return nil, fmt.Errorf("%s: %d channels, %d units", device, len(channels), len(units))
	}
	l := &Layout{device: device, channels: make([]layoutChannel, len(channels))}
	var err error
	for i := range channels {
		if channels[i] == FaultChannel {
			return nil, fmt.Errorf("%s: a channel cannot be called %s", device, FaultChannel)
		}
		if l.channels[i], err = newLayoutChannel(device, channels[i], units[i]); err != nil {
			return nil, err
		}
	}
	l.fault, err = newLayoutChannel(device, FaultChannel, "")
	return l, err
}

func newLayoutChannel(device, channel, unit string) (c layoutChannel, err error) {
	c.Stream, c.Unit = obs.Stream{Device: device, Channel: channel}, unit
	if err := first(obs.CheckID(device), obs.CheckChannel(channel), checkUnit(unit)); err != nil {
		return c, fmt.Errorf("%s: %w", c.Stream, err)
	}
	c.secondary = secondary(unit)
	c.named = `"n":"` + channel + `",`
	if c.valued = c.named + `"v":`; unit != "" {
		c.valued = c.named + `"u":"` + unit + `","v":`
	}
	return c, nil
}

// Device returns the device's name.
func (l *Layout) Device() string { return l.device }

// Sample is one poll of one device: a reading for each channel of its layout, all
// of one moment, or the reason why there are none.
type Sample struct {
	*Layout
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
		v := s.fault.Value
		v.Time, v.V, v.Quality = s.Time, math.NaN(), obs.Quality{Flag: obs.Missing, Why: s.Fault}
		return append(dst, v)
	}
	for i := range s.Readings {
		v, r := s.channels[i].Value, &s.Readings[i]
		if v.Time, v.V, v.Quality = s.Time, r.Value, r.Quality; v.Flag == obs.Missing {
			v.Unit = ""
		}
		dst = append(dst, v)
	}
	return dst
}

// check accepts what the wire can carry; the layout is known to be good.
func (s *Sample) check(sinceBoot bool) error {
	switch {
	case s.Layout == nil:
		return fmt.Errorf("a sample without a layout")
	case s.Fault == "" && len(s.Readings) != len(s.channels), s.Fault != "" && s.Readings != nil:
		return fmt.Errorf("sample of %s: %d readings of %d channels", s.device, len(s.Readings), len(s.channels))
	case s.Fault != "" && checkWord(s.Fault) != nil:
		return fmt.Errorf("sample of %s: fault: %w", s.device, checkWord(s.Fault))
	}
	if err := checkTime(s.Time, sinceBoot); err != nil {
		return fmt.Errorf("sample of %s: %w", s.device, err)
	}
	for i := range s.Readings {
		if r := &s.Readings[i]; r.Quality != (obs.Quality{Flag: obs.Pass}) || math.IsNaN(r.Value) || math.IsInf(r.Value, 0) {
			if err := checkReading(r.Value, r.Quality); err != nil {
				return fmt.Errorf("%s: %w", s.channels[i].Stream, err)
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
	b = append(append(b, s.device...), "/\",\"bt\":"...)
	b = append(appendSeconds(b, s.Time), ',')
	if s.Fault != "" {
		return append(appendMissing(append(b, s.fault.named...), s.Fault), '}')
	}
	for i := range s.Readings {
		c, r := &s.channels[i], &s.Readings[i]
		if i > 0 {
			b = append(b, ",\n{"...)
		}
		switch {
		case r.Quality.Flag == obs.Missing:
			b = append(appendMissing(append(b, c.named...), r.Quality.Why), `,"qc":9`...)
		case r.Quality.Flag == obs.Pass:
			b = appendNumber(append(b, c.valued...), r.Value)
		default:
			b = appendVerdict(appendNumber(append(b, c.valued...), r.Value), r.Quality)
		}
		b = append(b, '}')
	}
	return b
}

func appendMissing(b []byte, why obs.Reason) []byte {
	return append(append(append(b, `"vs":"`...), why...), '"')
}
