package nmea0183

import (
	"math/big"
	"slices"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/obs"
)

// source is a channel and where it stands. in says what a sentence tells of it, and
// false for one that tells nothing.
type source struct {
	drivers.Channel
	kinds []string // sentences that tell of it
	in    func(sentence) (value, bool)
}

// from is in for one kind of sentence, and calls it for that only.
func from(kind string, in func(sentence) value) func(sentence) (value, bool) {
	return func(s sentence) (value, bool) {
		if s.kind != kind {
			return value{}, false
		}
		return in(s), true
	}
}

// sets are the channels that an option asks for by one word.
func (o options) sets() map[string][]source {
	return map[string][]source{
		"position": positionSources(), "fix": fixSources(), "motion": motionSources(), "wind": o.windSources(), "weather": o.weatherSources(),
	}
}

func positionSources() []source {
	where := func(gga, rmc func(sentence) value) func(sentence) (value, bool) {
		return func(s sentence) (value, bool) {
			switch s.kind {
			case "GGA":
				return gga(s).judged(ggaQuality(s)), true
			case "RMC":
				return rmc(s).judged(rmcQuality(s)), true
			}
			return value{}, false
		}
	}
	latitude := func(n int) func(sentence) value {
		return func(s sentence) value { return degrees(s.field(n), s.field(n+1), "N", "S") }
	}
	longitude := func(n int) func(sentence) value {
		return func(s sentence) value { return degrees(s.field(n), s.field(n+1), "E", "W") }
	}
	kinds := []string{"GGA", "RMC"}
	return []source{
		{drivers.Channel{Name: "latitude", Min: -90, Max: 90, Resolution: 0.000001}, kinds, where(latitude(1), latitude(2))},
		{drivers.Channel{Name: "longitude", Min: -180, Max: 180, Resolution: 0.000001}, kinds, where(longitude(3), longitude(4))},
	}
}

func fixSources() []source {
	gga := func(in func(sentence) value) func(sentence) (value, bool) { return from("GGA", in) }
	kinds := []string{"GGA"}
	return []source{
		{drivers.Channel{Name: "altitude", Min: -500, Max: 9000, Resolution: 0.1}, kinds,
			gga(func(s sentence) value { return number(s.field(8)).judged(ggaQuality(s)) })},
		{drivers.Channel{Name: "satellites", Max: 99, Resolution: 1}, kinds, gga(func(s sentence) value { return number(s.field(6)) })},
		{drivers.Channel{Name: "hdop", Max: 99.9, Resolution: 0.01}, kinds,
			gga(func(s sentence) value { return number(s.field(7)).judged(ggaQuality(s)) })},
	}
}

func motionSources() []source {
	rmc := func(in func(sentence) value) func(sentence) (value, bool) {
		return from("RMC", func(s sentence) value { return in(s).judged(rmcQuality(s)) })
	}
	kinds := []string{"RMC"}
	return []source{
		{drivers.Channel{Name: "ground_speed", Max: 150, Resolution: 0.01}, kinds, rmc(func(s sentence) value { return speed(s.field(6), "N") })},
		{drivers.Channel{Name: "course", Max: 360, Resolution: 0.1}, kinds, rmc(func(s sentence) value { return number(s.field(7)) })},
	}
}

// ggaQuality is what the fix of a GGA is worth: 0 is none, 6 is dead reckoning, 7 was
// typed in by somebody, and 8 comes from a simulator.
func ggaQuality(s sentence) obs.Quality {
	switch s.field(5) {
	case "1", "2", "3", "4", "5":
		return obs.Quality{}
	case "6":
		return obs.Quality{Flag: obs.Suspect, Why: obs.Instrument}
	case "7", "8":
		return obs.Quality{Flag: obs.Fail, Why: obs.Instrument}
	}
	return obs.Quality{Flag: obs.Missing, Why: obs.Instrument}
}

// rmcQuality is what an RMC is worth, by its status and, since version 2.3, its mode.
func rmcQuality(s sentence) obs.Quality {
	if s.field(1) != "A" {
		return obs.Quality{Flag: obs.Missing, Why: obs.Instrument}
	}
	switch s.field(11) {
	case "E":
		return obs.Quality{Flag: obs.Suspect, Why: obs.Instrument}
	case "M", "S":
		return obs.Quality{Flag: obs.Fail, Why: obs.Instrument}
	case "N":
		return obs.Quality{Flag: obs.Missing, Why: obs.Instrument}
	}
	return obs.Quality{}
}

// windSources read MWV for wind as the housing sees it, MWV or MWD for wind by the
// compass.
func (o options) windSources() []source {
	strength := drivers.Channel{Name: "wind_speed", Max: 90, Resolution: 0.01}
	direction := drivers.Channel{Name: "wind_dir", Max: 360, Resolution: 0.1}
	mwv := func(letter string, in func(sentence) value) func(sentence) (value, bool) {
		return func(s sentence) (value, bool) {
			switch {
			case s.kind != "MWV" || s.field(1) != letter:
				return value{}, false
			case s.field(4) != "A":
				return none(), true
			}
			return in(s), true
		}
	}
	mwvSpeed := func(s sentence) value { return speed(s.field(2), s.field(3)) }
	mwvAngle := func(s sentence) value { return number(s.field(0)) }
	if o.Wind == relative {
		north := new(big.Rat).SetInt64(int64(o.North))
		turned := func(s sentence) value {
			v := mwvAngle(s)
			if v.number == nil || v.number.Sign() < 0 || v.number.Cmp(full()) > 0 {
				return v // it is no angle: turned it could become one
			}
			return around(v.plus(north))
		}
		return []source{{strength, []string{"MWV,R"}, mwv("R", mwvSpeed)}, {direction, []string{"MWV,R"}, mwv("R", turned)}}
	}
	either := func(a, b func(sentence) (value, bool)) func(sentence) (value, bool) {
		return func(s sentence) (value, bool) {
			if v, ok := a(s); ok {
				return v, true
			}
			return b(s)
		}
	}
	mwdSpeed := from("MWD", func(s sentence) value {
		if s.field(6) != "" {
			return speed(s.field(6), s.field(7))
		}
		return speed(s.field(4), s.field(5))
	})
	kinds := []string{"MWV,T", "MWD"}
	return []source{
		{strength, kinds, either(mwv("T", mwvSpeed), mwdSpeed)},
		{direction, kinds, either(mwv("T", mwvAngle), from("MWD", func(s sentence) value { return number(s.field(0)) }))},
	}
}

// full is a whole turn, degrees.
func full() *big.Rat { return big.NewRat(360, 1) }

// around brings an angle below 360 degrees.
func around(v value) value {
	if v.number != nil && v.number.Cmp(full()) >= 0 {
		v.number.Sub(v.number, full())
	}
	return v
}

// weatherSources read the three quantities of an XDR whose units the standard and the
// practice of weather transmitters settle.
func (o options) weatherSources() []source {
	xdr := func(kind string, units map[string]*big.Rat) func(sentence) (value, bool) {
		return func(s sentence) (value, bool) {
			for unit, scale := range units {
				if v, ok := transducer(s, kind, unit, o.Transducer); ok {
					return v.times(scale), true
				}
			}
			return value{}, false
		}
	}
	one := big.NewRat(1, 1)
	kinds := []string{"XDR"}
	return []source{
		{drivers.Channel{Name: "temp", Min: -60, Max: 60, Resolution: 0.1}, kinds, xdr("C", map[string]*big.Rat{"C": one})},
		{drivers.Channel{Name: "rh", Max: 100, Resolution: 0.1}, kinds, xdr("H", map[string]*big.Rat{"P": one})},
		{drivers.Channel{Name: "pressure", Min: 500, Max: 1100, Resolution: 0.1}, kinds,
			xdr("P", map[string]*big.Rat{"H": one, "B": big.NewRat(1000, 1), "P": big.NewRat(1, 100)})},
	}
}

// transducer finds a group of an XDR by its type, unit and id; its place says nothing.
func transducer(s sentence, kind, unit, id string) (value, bool) {
	if s.kind != "XDR" {
		return value{}, false
	}
	for group := range slices.Chunk(s.fields, 4) {
		if len(group) == 4 && group[0] == kind && group[2] == unit && group[3] == id {
			return number(group[1]), true
		}
	}
	return value{}, false
}
