package wire

import (
	"fmt"
	"math"
	"strconv"

	"github.com/klauspost/compress/zstd"

	"github.com/lamppost-city/lamppost/drivers/obs"
)

// Packer writes packs. The zero value is ready and writes plain JSON. It keeps
// buffers between calls, so it must not be used by two goroutines at once.
type Packer struct {
	// Compress makes Append write a zstd frame where that is shorter: less than a
	// third to a fifth of the bytes for about the same time again.
	Compress bool
	// Dictionary is the id of the dictionary that Compress may use: a pack of 30
	// readings then takes 10 bytes for each instead of 17. Set it only to what
	// ChooseDictionary says; an id that is not known here counts as 0, none.
	Dictionary uint32

	plain  []byte
	values []Value          // of samples
	next   []int32          // next value of the same run, -1: none
	runs   []run            // in order of first appearance
	byName map[runKey]int32 // run of a stream
	zstd   *zstd.Encoder
	with   uint32 // the dictionary of zstd
}

// runKey says which values share base fields: one stream in one unit.
type runKey struct {
	stream obs.Stream
	unit   string
}

type run struct{ first, last, count int32 }

// shortRun is the longest run that is written with its name in each record.
const shortRun = 2

// Append checks pack, appends its message to dst and returns that. It takes
// nothing from pack and changes nothing in it. ErrTooLarge: cut the pack in two.
func (p *Packer) Append(dst []byte, pack *Pack) ([]byte, error) {
	if err := pack.Validate(); err != nil {
		return dst, err
	}
	if len(pack.Samples) > 0 && len(pack.Values) == 0 && !p.Compress {
		p.plain = appendSamples(p.plain[:0], pack)
	} else {
		p.plain = p.appendJSON(p.plain[:0], p.single(pack))
	}
	if len(p.plain) > MaxExpanded {
		return dst, fmt.Errorf("%w: %d bytes before compression, %d are allowed", ErrTooLarge, len(p.plain), MaxExpanded)
	}
	start := len(dst)
	if !p.Compress {
		p.zstd = nil // 3 MB, that nobody needs while the link is fast
	} else {
		e, err := p.encoder()
		if err != nil {
			return dst, err
		}
		dst = e.EncodeAll(p.plain, dst)
	}
	if !p.Compress || len(dst)-start >= len(p.plain) {
		dst = append(dst[:start], p.plain...)
	}
	if n := len(dst) - start; n > MaxMessage {
		return dst[:start], fmt.Errorf("%w: %d bytes, %d are allowed", ErrTooLarge, n, MaxMessage)
	}
	return dst, nil
}

// single returns the pack with all that is in its samples as values.
func (p *Packer) single(pack *Pack) *Pack {
	if len(pack.Samples) == 0 {
		return pack
	}
	p.values = append(p.values[:0], pack.Values...)
	for i := range pack.Samples {
		p.values = pack.Samples[i].Values(p.values)
	}
	all := *pack
	all.Values, all.Samples = p.values, nil
	return &all
}

// appendJSON writes the header record, then the values grouped by stream. A
// stream with one or two values is written as in "n":"river/level"; a longer run
// names itself once, as base name and base unit, and is then times and values
// only, which halves a pack of 500. Runs without a unit come before those that
// set one: a base unit cannot be taken back.
func (p *Packer) appendJSON(b []byte, pack *Pack) []byte {
	p.group(pack.Values)
	bt := int64(math.MaxInt64)
	bver := false
	for i := range pack.Values {
		bt = min(bt, pack.Values[i].Time)
		bver = bver || secondary(pack.Values[i].Unit)
	}
	bt -= bt % 1000
	b = appendRecord(b, pack, bver, bt)
	for pass := range 3 {
		for _, r := range p.runs {
			if r.pass(pack.Values) == pass {
				b = p.appendRun(b, pack, r, bt)
			}
		}
	}
	return append(b, ']')
}

// appendSamples writes the header record, then sample after sample as they come:
// there is nothing to look up and little to repeat.
func appendSamples(b []byte, pack *Pack) []byte {
	bt := int64(math.MaxInt64)
	bver := false
	for i := range pack.Samples {
		bt = min(bt, pack.Samples[i].Time)
		bver = bver || pack.Samples[i].secondary()
	}
	b = appendRecord(b, pack, bver, bt-bt%1000)
	for i := range pack.Samples {
		b = pack.Samples[i].append(b, pack.Gateway)
	}
	return append(b, ']')
}

// appendRecord writes the beginning of the array and the record "pack".
func appendRecord(b []byte, pack *Pack, bver bool, bt int64) []byte {
	b = append(b, "[{"...)
	if bver {
		b = append(b, `"bver":26,`...)
	}
	b = append(append(append(b, `"bn":"`...), pack.Gateway...), `/",`...)
	if len(pack.Values)+len(pack.Samples) > 0 {
		b = append(strconv.AppendInt(append(b, `"bt":`...), bt/1000, 10), ',')
	}
	b = append(pack.appendHead(append(b, `"n":"pack","vs":"`...)), '"')
	if pack.Boot != "" {
		b = append(append(append(b, `,"boot_":"`...), pack.Boot...), '"')
	}
	return append(b, '}')
}

// pass orders the runs: short ones below the gateway's base name, long ones
// without a unit, long ones with.
func (r run) pass(values []Value) int {
	switch {
	case r.count <= shortRun:
		return 0
	case values[r.first].Unit == "":
		return 1
	default:
		return 2
	}
}

// group chains the values of each run, in the order given.
func (p *Packer) group(values []Value) {
	if p.byName == nil {
		p.byName = make(map[runKey]int32)
	}
	clear(p.byName)
	p.runs, p.next = p.runs[:0], p.next[:0]
	for i := range values {
		p.next = append(p.next, -1)
		key := runKey{values[i].Stream, values[i].Unit}
		at, seen := p.byName[key]
		if !seen {
			p.byName[key] = int32(len(p.runs))
			p.runs = append(p.runs, run{int32(i), int32(i), 1})
			continue
		}
		r := &p.runs[at]
		p.next[r.last] = int32(i)
		r.last, r.count = int32(i), r.count+1
	}
}

func (p *Packer) appendRun(b []byte, pack *Pack, r run, bt int64) []byte {
	for i := r.first; i >= 0; i = p.next[i] {
		v := &pack.Values[i]
		b = append(b, ",\n{"...)
		switch {
		case r.count <= shortRun:
			b = appendName(b, `"n":"`, "", v.Stream)
			b = appendText(b, `,"u":"`, v.Unit)
			b = append(b, ',')
		case i == r.first:
			b = appendName(b, `"bn":"`, pack.Gateway, v.Stream)
			b = appendText(b, `,"bu":"`, v.Unit)
			b = append(b, ',')
		}
		b = append(v.append(b, bt), '}')
	}
	return b
}

func appendName(b []byte, label, gateway string, s obs.Stream) []byte {
	b = append(b, label...)
	if gateway != "" {
		b = append(append(b, gateway...), '/')
	}
	b = append(append(b, s.Device...), '/')
	return append(append(b, s.Channel...), '"')
}

func appendText[T ~string](b []byte, label string, s T) []byte {
	if s == "" {
		return b
	}
	return append(append(append(b, label...), s...), '"')
}

// append writes what the value says, behind its name.
func (v *Value) append(b []byte, bt int64) []byte {
	if v.Flag == obs.Missing {
		b = appendMissing(b, v.Why)
	} else {
		b = appendNumber(append(b, `"v":`...), v.V)
	}
	if v.Time != bt {
		b = appendSeconds(append(b, `,"t":`...), v.Time-bt)
	}
	switch {
	case v.Flag == obs.Missing && v.Stream.Channel != FaultChannel:
		b = append(b, `,"qc":9`...)
	case v.Flag != obs.Missing && v.Flag != obs.Pass:
		b = appendVerdict(b, v.Quality)
	}
	if late(v.Late) {
		b = strconv.AppendInt(append(b, `,"q2":`...), int64(v.Late.Code()), 10)
	}
	return b
}

// appendVerdict writes a flag that is neither pass nor missing.
func appendVerdict(b []byte, q obs.Quality) []byte {
	b = strconv.AppendInt(append(b, `,"qc":`...), int64(q.Flag.Code()), 10)
	return appendText(b, `,"why":"`, q.Why)
}

// appendSeconds writes milliseconds as seconds with no digit too many.
func appendSeconds(b []byte, ms int64) []byte {
	b = strconv.AppendInt(b, ms/1000, 10)
	frac := ms % 1000
	if frac == 0 {
		return b
	}
	b = append(b, '.', byte('0'+frac/100))
	if frac%100 != 0 {
		b = append(b, byte('0'+frac/10%10))
	}
	if frac%10 != 0 {
		b = append(b, byte('0'+frac%10))
	}
	return b
}
