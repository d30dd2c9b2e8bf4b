package record

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/edge/wire"
)

const (
	maxDigits   = 12
	maxMantissa = 1e15 // below it two decimals never share a float64
)

var powers = [maxDigits + 1]float64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12}

// maxNames bounds the strings a Decoder remembers.
const maxNames = 4096

// Decoder decodes samples one after another with few allocations: it remembers
// names. The zero value is ready; it must not be shared between goroutines.
type Decoder struct {
	names map[string]string
}

// DecodeSample is for a single sample.
func DecodeSample(body []byte) (Sample, error) {
	var d Decoder
	var s Sample
	err := d.Sample(body, &s)
	return s, err
}

// Sample decodes body into s and reuses s's slices. Nothing in s points into
// body. After an error, which wraps ErrFormat, s is undefined.
func (d *Decoder) Sample(body []byte, s *Sample) error {
	r := reader{buf: body, names: d}
	if v := r.byte(); v != Version && r.err == nil {
		r.fail("version %d, this program reads %d", v, Version)
	}
	s.Device = r.name()
	form := r.byte()
	n := r.uvarint()
	if r.err == nil && (form&^(hasFault|hasLate|hasWhys) != 0 || form&(hasLate|hasWhys) == hasWhys || n > MaxChannels || n > uint64(len(r.buf))) {
		r.fail("form %d, %d channels", form, n)
	}
	if r.err != nil {
		return r.err
	}
	s.Channels = s.Channels[:0]
	for range n {
		s.Channels = append(s.Channels, r.name())
	}
	ms := r.uvarint()
	if s.BootMS = int64(ms); s.BootMS < 0 {
		r.fail("time %d", ms)
	}
	if s.Fault = ""; form&hasFault != 0 {
		if s.Fault = r.name(); s.Fault == "" {
			r.fail("empty fault")
		}
	}
	r.readings(s, int(n), form)
	if len(r.buf) != 0 {
		r.fail("%d bytes too many", len(r.buf))
	}
	return r.err
}

// reader takes values off the front of buf. After the first error it returns
// zeros.
type reader struct {
	buf   []byte
	names *Decoder
	err   error
}

func (r *reader) readings(s *Sample, n int, form byte) {
	forms := r.take(n)
	decimals, odd := 0, false
	for _, f := range forms {
		v := f & valueAs
		isMissing := obs.Flag(f&flagMask) == obs.Missing
		odd = odd || f >= 1<<6 || v == valueAs || f&flagMask > byte(obs.Missing) || isMissing != (v == 0)
		if v == decimal {
			decimals++
		}
	}
	digits := r.take(decimals)
	if r.err == nil && odd {
		r.fail("a reading of no known form")
	}
	s.Readings = s.Readings[:0]
	if r.err != nil {
		return
	}
	for _, f := range forms {
		q := obs.Quality{Flag: obs.Flag(f & flagMask)}
		if f&hasWhy != 0 {
			if q.Why = obs.Reason(r.name()); q.Why == "" {
				r.fail("empty reason")
			}
		}
		s.Readings = append(s.Readings, obs.Reading{Quality: q})
	}
	r.late(s, n, form)
	for i, f := range forms {
		switch f & valueAs {
		case decimal:
			s.Readings[i].Value, digits = r.decimal(digits[0]), digits[1:]
		case raw:
			s.Readings[i].Value = r.float()
		default:
			s.Readings[i].Value = math.NaN()
		}
	}
}

func (r *reader) late(s *Sample, n int, form byte) {
	s.Late, s.LateWhy = s.Late[:0], s.LateWhy[:0]
	if form&hasWhys == 0 {
		s.LateWhy = nil
	}
	if form&hasLate == 0 {
		s.Late = nil
		return
	}
	any := false
	for _, f := range r.take(n) {
		if f > byte(obs.Missing) {
			r.fail("late verdict %d", f)
		}
		any = any || f != 0
		s.Late = append(s.Late, obs.Flag(f))
	}
	if !any {
		r.fail("late verdicts that are none")
	}
	if form&hasWhys != 0 {
		for range n {
			s.LateWhy = append(s.LateWhy, obs.Reason(r.name()))
		}
	}
}

// decimal reads a mantissa. Only the shortest form is valid.
func (r *reader) decimal(digits byte) float64 {
	m, n := binary.Varint(r.buf)
	if n <= 0 || n > 1 && r.buf[n-1] == 0 || m <= -maxMantissa || m >= maxMantissa || digits > maxDigits || digits > 0 && m%10 == 0 {
		r.fail("a number that is not in its shortest form")
		return 0
	}
	r.buf = r.buf[n:]
	return float64(m) / powers[digits]
}

func (r *reader) float() float64 {
	b := r.take(8)
	if b == nil {
		return 0
	}
	v := math.Float64frombits(binary.LittleEndian.Uint64(b))
	if _, _, ok := wire.Decimal(v); ok || math.IsNaN(v) || math.IsInf(v, 0) {
		r.fail("raw number %v", v)
	}
	return v
}

func (r *reader) fail(format string, args ...any) {
	if r.err == nil {
		r.err = fmt.Errorf("sample: %w: %s", ErrFormat, fmt.Sprintf(format, args...))
	}
	r.buf = nil
}

func (r *reader) byte() byte {
	if b := r.take(1); b != nil {
		return b[0]
	}
	return 0
}

// take returns the next n bytes, nil if there are fewer.
func (r *reader) take(n int) []byte {
	if n > len(r.buf) {
		r.fail("cut short")
		return nil
	}
	b := r.buf[:n]
	r.buf = r.buf[n:]
	return b
}

func (r *reader) uvarint() uint64 {
	v, n := binary.Uvarint(r.buf)
	if n <= 0 || n > 1 && r.buf[n-1] == 0 {
		r.fail("a count that is not in its shortest form")
		return 0
	}
	r.buf = r.buf[n:]
	return v
}

func (r *reader) name() string {
	n := r.uvarint()
	if n > MaxName {
		r.fail("a name of %d bytes", n)
	}
	if r.err != nil {
		return ""
	}
	return r.names.intern(r.take(int(n)))
}

// intern returns b as a string, the same one for the same bytes.
func (d *Decoder) intern(b []byte) string {
	if s, ok := d.names[string(b)]; ok {
		return s
	}
	if d.names == nil || len(d.names) >= maxNames {
		d.names = make(map[string]string)
	}
	s := string(b)
	d.names[s] = s
	return s
}
