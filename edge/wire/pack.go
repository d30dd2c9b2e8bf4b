package wire

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/lamppost-city/lamppost/drivers/obs"
)

// MaxValues bounds the values of one pack, whatever they weigh.
const MaxValues = 10_000

// SenML knows a time below 2^28 seconds as "relative to now" (RFC 8428 §4.5.3).
// A pack without a boot id must be above, one with a boot id below.
const (
	firstUnixMS = 1 << 28 * 1000
	lastUnixMS  = 253402300799_999 // the year 9999
)

// bver is 10 in RFC 8428; RFC 9100 adds 2^4 for secondary units (RFC 8798).
const (
	bverBase      = 10
	bverSecondary = 26
)

// secondary says whether unit is one of the secondary units of RFC 8798 table 1:
// a pack that has one must say bver 26.
func secondary[T ~string | ~[]byte](unit T) bool {
	switch string(unit) {
	case "ms", "min", "h", "MHz", "kW", "kVA", "kvar", "Ah", "Wh", "kWh", "varh", "kvarh", "kVAh", "Wh/km",
		"KiB", "GB", "Mbit/s", "B/s", "MB/s", "mV", "mA", "dBm", "ug/m3", "mm/h", "m/h", "ppm", "/100", "/1000",
		"hPa", "mm", "cm", "km", "km/h":
		return true
	}
	return false
}

// Validate checks all of the pack. Append does it too.
func (p *Pack) Validate() error {
	if err := p.validateHead(); err != nil {
		return err
	}
	for i := range p.Values {
		if err := p.Values[i].check(p.Boot != ""); err != nil {
			return fmt.Errorf("value %d, %s: %w", i, p.Values[i].Stream, err)
		}
	}
	n := len(p.Values)
	for i := range p.Samples {
		if err := p.Samples[i].check(p.Boot != ""); err != nil {
			return err
		}
		n += p.Samples[i].Len()
	}
	if n > MaxValues {
		return tooMany(n)
	}
	return nil
}

func tooMany(values int) error {
	return fmt.Errorf("%w: %d values, %d are allowed", ErrTooLarge, values, MaxValues)
}

func (p *Pack) validateHead() error {
	err := first(at("gateway", obs.CheckID(p.Gateway)), at("epoch", p.Epoch.Validate()), at("ranges", checkRanges(p.Ranges)),
		at("lane", oneOf(string(p.Lane), string(Live), string(Backfill))), at("boot", ifSet(p.Boot, checkBoot)))
	switch {
	case err != nil:
		return err
	case len(p.Ranges) == 0:
		return fmt.Errorf("ranges: there is none")
	case len(p.Values) > MaxValues:
		return tooMany(len(p.Values))
	}
	return nil
}

// check accepts what the wire can carry.
func (v *Value) check(sinceBoot bool) error {
	if err := first(obs.CheckID(v.Stream.Device), obs.CheckChannel(v.Stream.Channel), checkTime(v.Time, sinceBoot), checkUnit(v.Unit)); err != nil {
		return err
	}
	if err := checkReading(v.V, v.Quality); err != nil {
		return err
	}
	if v.Stream.Channel == FaultChannel && (v.Flag != obs.Missing || late(v.Late)) {
		return fmt.Errorf("a fault has a reason and nothing else")
	}
	return nil
}

// checkReading accepts a value that goes with its flag, and a reason that is a word.
func checkReading(v float64, q obs.Quality) error {
	missing := q.Flag == obs.Missing
	switch {
	case missing != math.IsNaN(v) || math.IsInf(v, 0):
		return fmt.Errorf("value %v does not go with the flag %s", v, q.Flag)
	case (missing || q.Why != "") && checkWord(q.Why) != nil:
		return fmt.Errorf("why: %w", checkWord(q.Why))
	}
	return nil
}

// late says whether a late verdict travels: not if there is none, nor if it is
// that all was well.
func late(f obs.Flag) bool { return f != obs.NotEvaluated && f != obs.Pass }

func checkTime(ms int64, sinceBoot bool) error {
	switch {
	case sinceBoot && (ms < 0 || ms >= firstUnixMS):
		return fmt.Errorf("time %d ms is not a time since boot (0 to 2^28 s)", ms)
	case !sinceBoot && (ms < firstUnixMS || ms > lastUnixMS):
		return fmt.Errorf("time %d ms is not a Unix time after %d ms", ms, int64(firstUnixMS))
	}
	return nil
}

// Echo returns how an acknowledgement names this pack in Ack.Echo: the epoch, and
// the first and last number of its ranges.
func (p *Pack) Echo() string {
	if len(p.Ranges) == 0 {
		return string(p.Epoch) + "/"
	}
	return string(p.Epoch) + "/" + Range{p.Ranges[0].From, p.Ranges[len(p.Ranges)-1].To}.String()
}

// appendHead appends "epoch/from-to,from-to/lane/version".
func (p *Pack) appendHead(b []byte) []byte {
	b = append(b, p.Epoch...)
	for i, r := range p.Ranges {
		b = append(b, "/,"[min(i, 1)])
		b = r.append(b)
	}
	b = append(append(append(b, '/'), p.Lane...), '/')
	return strconv.AppendInt(b, Version, 10)
}

// parseHead is the inverse of appendHead. The version is judged first: the rest
// of a pack from the future may look different.
func (p *Pack) parseHead(s string) error {
	cut := strings.LastIndexByte(s, '/')
	version, err := strconv.Atoi(s[cut+1:])
	if cut < 0 || err != nil {
		return fmt.Errorf("%q is not epoch/ranges/lane/version", clip(s))
	}
	if err := checkVersion(version); err != nil {
		return err
	}
	parts := strings.Split(s[:cut], "/")
	if len(parts) != 3 {
		return fmt.Errorf("%q is not epoch/ranges/lane/version", clip(s))
	}
	p.Epoch, p.Lane = Epoch(parts[0]), Lane(parts[2])
	if n := strings.Count(parts[1], ",") + 1; n > MaxRanges {
		return fmt.Errorf("%w: %d ranges, %d are allowed", ErrTooLarge, n, MaxRanges)
	}
	for text := range strings.SplitSeq(parts[1], ",") {
		r, err := ParseRange(text)
		if err != nil {
			return err
		}
		p.Ranges = append(p.Ranges, r)
	}
	return p.validateHead()
}
