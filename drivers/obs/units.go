package obs

// primaryUnits are the units that any SenML pack may carry: RFC 8428 table 1 and
// RFC 8798 table 1, without those that are not recommended (g, l, l/s, 1/min,
// beat/min, Bspl) and without "%", which is a ratio from 0 to 1 there and read as
// percent by everybody.
var primaryUnits = set(
	"m", "kg", "s", "A", "K", "cd", "mol", "Hz", "rad", "sr", "N", "Pa", "J", "W", "C", "V", "F", "Ohm", "S",
	"Wb", "T", "H", "Cel", "lm", "lx", "Bq", "Gy", "Sv", "kat", "m2", "m3", "m/s", "m/s2", "m3/s", "W/m2",
	"cd/m2", "bit", "bit/s", "lat", "lon", "pH", "dB", "dBW", "count", "/", "%RH", "%EL", "EL", "1/s", "beats", "S/m",
	"B", "VA", "VAs", "var", "vars", "J/m", "kg/m3", "deg",
)

// secondaryUnits are those of RFC 8798 table 2: a pack with one of them says so
// with base version 26.
var secondaryUnits = set(
	"ms", "min", "h", "MHz", "kW", "kVA", "kvar", "Ah", "Wh", "kWh", "varh", "kvarh", "kVAh", "Wh/km", "KiB", "GB",
	"Mbit/s", "B/s", "MB/s", "mV", "mA", "dBm", "ug/m3", "mm/h", "m/h", "ppm", "/100", "/1000", "hPa", "mm", "cm",
	"km", "km/h",
)

// SecondaryUnit says whether a unit is one of RFC 8798's secondary ones. A SenML
// pack in which one occurs has base version 26, every other pack has 10.
func SecondaryUnit(wire string) bool { return secondaryUnits[wire] }

func set(words ...string) map[string]bool {
	m := make(map[string]bool, len(words))
	for _, w := range words {
		m[w] = true
	}
	return m
}
