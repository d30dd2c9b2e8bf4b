package record

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/edge/journal"
)

// The kinds of record in a gateway's journal.
const (
	KindSample journal.Kind = 1
	KindEvent  journal.Kind = 2
	KindAlert  journal.Kind = 3
	KindImage  journal.Kind = 4
)

// Version is what this package writes.
const Version = 1

// MaxChannels bounds the channels of one device, MaxName the bytes of each
// device, channel, fault and reason.
const (
	MaxChannels = 1024
	MaxName     = 255
)

// ErrFormat is wrapped by every error of a decoder.
var ErrFormat = errors.New("not a valid record")

// Sample is one poll of one device.
type Sample struct {
	Device string
	BootMS int64 // milliseconds since boot, not negative
	// Fault is the fault word of a poll that failed as a whole; empty: none.
	Fault    string
	Channels []string
	Readings []obs.Reading // one per channel
	// Late holds, for each channel, the final flag of the reading before this
	// sample's, when it came late; zero: none. Nil means none at all.
	Late []obs.Flag
}

const (
	hasFault = 1 << 0
	hasLate  = 1 << 1

	flagMask = 7
	hasWhy   = 1 << 3
	decimal  = 1 << 4
	raw      = 2 << 4
	valueAs  = 3 << 4

	maxDigits   = 12
	maxMantissa = 1e15 // below it two decimals never share a float64
)

var powers = [maxDigits + 1]float64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12}

// Append encodes s behind dst. A reading without a number is written as Missing
// and the other way round, as obs.Reading demands. Errors: counts that differ, a
// name or a count beyond its limit, a negative time, a flag that is none.
func (s *Sample) Append(dst []byte) ([]byte, error) {
	if err := s.check(); err != nil {
		return dst, err
	}
	dst = appendString(append(dst, Version), s.Device)
	dst = append(dst, s.form())
	dst = binary.AppendUvarint(dst, uint64(len(s.Channels)))
	for _, c := range s.Channels {
		dst = appendString(dst, c)
	}
	dst = binary.AppendUvarint(dst, uint64(s.BootMS))
	if s.Fault != "" {
		dst = appendString(dst, s.Fault)
	}
	return s.appendReadings(dst), nil
}

func (s *Sample) appendReadings(dst []byte) []byte {
	form := len(dst)
	for _, r := range s.Readings {
		dst = append(dst, formOf(r))
	}
	forms := func(i int) byte { return dst[form+i] }
	for i, r := range s.Readings {
		if forms(i)&valueAs == decimal {
			_, digits, _ := split(r.Value)
			dst = append(dst, digits)
		}
	}
	for i, r := range s.Readings {
		if forms(i)&hasWhy != 0 {
			dst = appendString(dst, why(r))
		}
	}
	if s.form()&hasLate != 0 {
		for _, f := range s.Late {
			dst = append(dst, byte(f))
		}
	}
	for i, r := range s.Readings {
		switch forms(i) & valueAs {
		case decimal:
			m, _, _ := split(r.Value)
			dst = binary.AppendVarint(dst, m)
		case raw:
			dst = binary.LittleEndian.AppendUint64(dst, math.Float64bits(r.Value))
		}
	}
	return dst
}

func (s *Sample) form() (f byte) {
	if s.Fault != "" {
		f |= hasFault
	}
	for _, l := range s.Late {
		if l != 0 {
			f |= hasLate
		}
	}
	return f
}

// split returns v as mantissa / 10^digits, with the fewest digits; ok is false
// when that does not give v back.
func split(v float64) (mantissa int64, digits byte, ok bool) {
	for d, p := range powers {
		m := math.Round(v * p)
		if math.Abs(m) >= maxMantissa {
			break
		}
		if m/p == v {
			return int64(m), byte(d), m != 0 || !math.Signbit(v)
		}
	}
	return 0, 0, false
}

func formOf(r obs.Reading) byte {
	if noValue(r) {
		return byte(obs.Missing) | whyBit(why(r))
	}
	f := byte(r.Quality.Flag) | whyBit(why(r))
	if _, _, ok := split(r.Value); ok {
		return f | decimal
	}
	return f | raw
}

func whyBit(why string) byte {
	if why == "" {
		return 0
	}
	return hasWhy
}

func noValue(r obs.Reading) bool {
	return r.Quality.Flag == obs.Missing || math.IsNaN(r.Value) || math.IsInf(r.Value, 0)
}

func why(r obs.Reading) string {
	if noValue(r) && r.Quality.Flag != obs.Missing {
		return string(obs.NotANumber)
	}
	return string(r.Quality.Why)
}

func (s *Sample) check() error {
	switch {
	case len(s.Channels) != len(s.Readings) || s.Late != nil && len(s.Late) != len(s.Readings):
		return fmt.Errorf("sample of %q: %d channels, %d readings, %d late verdicts", s.Device, len(s.Channels), len(s.Readings), len(s.Late))
	case len(s.Channels) > MaxChannels:
		return fmt.Errorf("sample of %q: %d channels; at most %d are allowed", s.Device, len(s.Channels), MaxChannels)
	case s.BootMS < 0:
		return fmt.Errorf("sample of %q: %d ms since boot", s.Device, s.BootMS)
	case len(s.Device) > MaxName || len(s.Fault) > MaxName:
		return fmt.Errorf("sample: a device or fault longer than %d bytes", MaxName)
	}
	for i, r := range s.Readings {
		if len(s.Channels[i]) > MaxName || len(r.Quality.Why) > MaxName {
			return fmt.Errorf("sample of %q: a channel or reason longer than %d bytes", s.Device, MaxName)
		}
		if r.Quality.Flag > obs.Missing || s.Late != nil && s.Late[i] > obs.Missing {
			return fmt.Errorf("sample of %q: flag %d does not exist", s.Device, r.Quality.Flag)
		}
	}
	return nil
}

func appendString(dst []byte, s string) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(s))), s...)
}
