package record

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/edge/journal"
	"github.com/lamppost-city/lamppost/edge/wire"
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
	// Late is nil in a sample as it was taken. Otherwise this is no new sample: it
	// repeats readings of an earlier one, under its time, and Late holds the final flag
	// of each, which came with the value behind it.
	Late []obs.Flag
	// LateWhy has the reason of each of Late; nil: an older program wrote this, and did
	// not say.
	LateWhy []obs.Reason
}

const (
	hasFault = 1 << 0
	hasLate  = 1 << 1
	hasWhys  = 1 << 2 // of late verdicts

	flagMask = 7
	hasWhy   = 1 << 3
	decimal  = 1 << 4
	raw      = 2 << 4
	valueAs  = 3 << 4
)

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
	if dst, ok := s.appendDecimals(dst); ok {
		return dst
	}
	form := len(dst)
	for i := range s.Readings {
		f, _, _ := formOf(&s.Readings[i])
		dst = append(dst, f)
	}
	forms := func(i int) byte { return dst[form+i] }
	for i := range s.Readings {
		if f, _, digits := formOf(&s.Readings[i]); f&valueAs == decimal {
			dst = append(dst, digits)
		}
	}
	for i := range s.Readings {
		if forms(i)&hasWhy != 0 {
			dst = appendString(dst, why(&s.Readings[i]))
		}
	}
	if s.form()&hasLate != 0 {
		for _, f := range s.Late {
			dst = append(dst, byte(f))
		}
		for _, w := range s.LateWhy {
			dst = appendString(dst, string(w))
		}
	}
	for i := range s.Readings {
		switch f, mantissa, _ := formOf(&s.Readings[i]); f & valueAs {
		case decimal:
			dst = binary.AppendVarint(dst, mantissa)
		case raw:
			dst = binary.LittleEndian.AppendUint64(dst, math.Float64bits(s.Readings[i].Value))
		}
	}
	return dst
}

// appendDecimals does the same in one pass if every reading is a decimal without a
// reason, which is nearly always so: the columns before the values are then known to
// have a byte for each. ok is false if one is not; dst is then as it was.
func (s *Sample) appendDecimals(dst []byte) (_ []byte, ok bool) {
	if s.form()&hasLate != 0 {
		return dst, false
	}
	form, n := len(dst), len(s.Readings)
	out := append(dst, make([]byte, 2*n)...)
	for i := range s.Readings {
		f, mantissa, digits := formOf(&s.Readings[i])
		if f&(valueAs|hasWhy) != decimal {
			return dst, false
		}
		out[form+i], out[form+n+i] = f, digits
		out = binary.AppendVarint(out, mantissa)
	}
	return out, true
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
	if f&hasLate != 0 && s.LateWhy != nil {
		f |= hasWhys
	}
	return f
}

// formOf returns the byte that stands for r, and the decimal if r is one.
func formOf(r *obs.Reading) (f byte, mantissa int64, digits byte) {
	if noValue(r) {
		return byte(obs.Missing) | whyBit(why(r)), 0, 0
	}
	f = byte(r.Quality.Flag) | whyBit(why(r))
	mantissa, digits, ok := wire.Decimal(r.Value)
	if ok {
		return f | decimal, mantissa, digits
	}
	return f | raw, 0, 0
}

func whyBit(why string) byte {
	if why == "" {
		return 0
	}
	return hasWhy
}

func noValue(r *obs.Reading) bool {
	return r.Quality.Flag == obs.Missing || math.IsNaN(r.Value) || math.IsInf(r.Value, 0)
}

func why(r *obs.Reading) string {
	if noValue(r) && r.Quality.Flag != obs.Missing {
		return string(obs.NotANumber)
	}
	return string(r.Quality.Why)
}

func (s *Sample) check() error {
	switch {
	case len(s.Channels) != len(s.Readings) || s.Late != nil && len(s.Late) != len(s.Readings):
		return fmt.Errorf("sample of %q: %d channels, %d readings, %d late verdicts", s.Device, len(s.Channels), len(s.Readings), len(s.Late))
	case s.LateWhy != nil && len(s.LateWhy) != len(s.Late):
		return fmt.Errorf("sample of %q: %d late verdicts, %d reasons of theirs", s.Device, len(s.Late), len(s.LateWhy))
	case len(s.Channels) > MaxChannels:
		return fmt.Errorf("sample of %q: %d channels; at most %d are allowed", s.Device, len(s.Channels), MaxChannels)
	case s.BootMS < 0:
		return fmt.Errorf("sample of %q: %d ms since boot", s.Device, s.BootMS)
	case len(s.Device) > MaxName || len(s.Fault) > MaxName:
		return fmt.Errorf("sample: a device or fault longer than %d bytes", MaxName)
	}
	for i, r := range s.Readings {
		if len(s.Channels[i]) > MaxName || len(r.Quality.Why) > MaxName || s.LateWhy != nil && len(s.LateWhy[i]) > MaxName {
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
