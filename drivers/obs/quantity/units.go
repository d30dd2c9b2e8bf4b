package quantity

import (
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
)

// units are units, as they are written, with their powers.
type units map[string]float64

// times is u and power times v.
func (u units) times(v units, power float64) units {
	out := maps.Clone(u)
	for name, n := range v {
		if out[name] += n * power; math.Abs(out[name]) < 1e-9 {
			delete(out, name)
		}
	}
	return out
}

// String writes units as people do: m³/s stays as it was, beside it m·V, m^0.5, mm/h.
func (u units) String() string {
	var above, below []string
	for _, name := range slices.Sorted(maps.Keys(u)) {
		n := u[name]
		text := name
		if size := math.Abs(n); size != 1 {
			text += "^" + strconv.FormatFloat(size, 'g', 4, 64)
		}
		switch {
		case name == "1":
		case n > 0:
			above = append(above, text)
		default:
			below = append(below, text)
		}
	}
	out := strings.Join(above, "·")
	switch {
	case len(below) > 0 && out == "":
		out = "1/" + strings.Join(below, "/")
	case len(below) > 0:
		out += "/" + strings.Join(below, "/")
	case out == "":
		out = "no unit"
	}
	return out
}

// alike says whether two values of known units go together. Two units that are as they were
// measured have to be the same; what was computed, the same in what it is made of, and in size.
func alike(a, b Value) bool {
	if x, ok := a.units.alone(); ok {
		if y, too := b.units.alone(); too && !strings.Contains(x+y, "/") {
			return normal(x) == normal(y)
		}
	}
	m, n := a.units.basic(), b.units.basic()
	return maps.EqualFunc(m.powers, n.powers, func(x, y float64) bool { return math.Abs(x-y) < 1e-9 }) && math.Abs(m.size/n.size-1) < 1e-9
}

// alone is the only unit, if it stands in its first power.
func (u units) alone() (string, bool) {
	for name, n := range u {
		return name, len(u) == 1 && n == 1
	}
	return "", false
}

// basis is what units are in terms of those that they can be made of.
type basis struct {
	powers map[string]float64
	size   float64
}

func (b *basis) add(of basis, power float64) {
	b.size *= math.Pow(of.size, power)
	for name, n := range of.powers {
		if b.powers[name] += n * power; math.Abs(b.powers[name]) < 1e-9 {
			delete(b.powers, name)
		}
	}
}

func (u units) basic() basis {
	out := basis{map[string]float64{}, 1}
	for name, n := range u {
		out.add(parse(normal(name)), n)
	}
	return out
}

// spellings are what people write for UCUM codes.
var spellings = strings.NewReplacer("³", "3", "²", "2", "μ", "u", "µ", "u", "℃", "Cel", "°", "deg", "kWh", "kW.h", "VA", "V.A", "dB(A)", "dB[SPL]", "1/", "/")

// normal is a unit as UCUM writes it.
func normal(unit string) string {
	if unit = spellings.Replace(unit); unit == "" {
		return "1"
	}
	return unit
}

// atoms are units by those that they are made of.
var atoms = map[string]basis{
	"1": {nil, 1}, "%": {nil, 1e-2}, "[ppm]": {nil, 1e-6}, "ppm": {nil, 1e-6}, "[ppb]": {nil, 1e-9}, "ppb": {nil, 1e-9},
	"m": {map[string]float64{"m": 1}, 1}, "g": {map[string]float64{"kg": 1}, 1e-3}, "s": {map[string]float64{"s": 1}, 1}, "A": {map[string]float64{"A": 1}, 1},
	"min": {map[string]float64{"s": 1}, 60}, "h": {map[string]float64{"s": 1}, 3600}, "d": {map[string]float64{"s": 1}, 86400}, "Hz": {map[string]float64{"s": -1}, 1},
	"L": {map[string]float64{"m": 3}, 1e-3}, "N": {map[string]float64{"kg": 1, "m": 1, "s": -2}, 1}, "Pa": {map[string]float64{"kg": 1, "m": -1, "s": -2}, 1},
	"J": {map[string]float64{"kg": 1, "m": 2, "s": -2}, 1}, "W": {map[string]float64{"kg": 1, "m": 2, "s": -3}, 1}, "V": {map[string]float64{"kg": 1, "m": 2, "s": -3, "A": -1}, 1},
	"Ohm": {map[string]float64{"kg": 1, "m": 2, "s": -3, "A": -2}, 1}, "S": {map[string]float64{"kg": -1, "m": -2, "s": 3, "A": 2}, 1},
	"var": {map[string]float64{"kg": 1, "m": 2, "s": -3}, 1},
}

// prefixes are what stands before atoms.
var prefixes = map[byte]float64{'n': 1e-9, 'u': 1e-6, 'm': 1e-3, 'c': 1e-2, 'd': 1e-1, 'h': 1e2, 'k': 1e3, 'M': 1e6, 'G': 1e9}

// parse takes a unit apart. One that it does not know is made of itself.
func parse(unit string) basis {
	out := basis{map[string]float64{}, 1}
	for i, part := range strings.Split(unit, "/") {
		for _, factor := range strings.Split(part, ".") {
			if factor == "" && i == 0 && unit != "" {
				continue // as in /cm3
			}
			of, power, ok := atomOf(factor)
			if !ok {
				return basis{map[string]float64{unit: 1}, 1}
			}
			if i > 0 {
				power = -power
			}
			out.add(of, power)
		}
	}
	return out
}

// atomOf reads cm3: what it is made of, and its power.
func atomOf(text string) (of basis, power float64, ok bool) {
	if i := strings.IndexByte(text, '{'); i > 0 {
		text = text[:i] // V.A{reactive}
	}
	power = 1
	if n := len(text) - 1; n > 0 && text[n] >= '2' && text[n] <= '9' {
		text, power = text[:n], float64(text[n]-'0')
	}
	if of, ok = atoms[text]; ok {
		return of, power, true
	}
	if len(text) < 2 {
		return basis{}, 0, false
	}
	size, ok := prefixes[text[0]]
	if of = atoms[text[1:]]; !ok || of.powers == nil {
		return basis{}, 0, false
	}
	return basis{of.powers, of.size * size}, power, true
}
