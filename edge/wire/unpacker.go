package wire

import (
	"fmt"
	"math"
	"strconv"

	"github.com/klauspost/compress/zstd"

	"github.com/lamppost-city/lamppost/drivers/obs"
)

// Unpacker reads packs. The zero value is ready. It remembers names between
// calls, so it must not be used by two goroutines at once.
type Unpacker struct {
	plain   []byte
	name    []byte
	streams map[string]obs.Stream // by "device/channel", checked
	words   map[string]string     // units and reasons, checked by who uses them
	zstd    *zstd.Decoder
}

// maxNames bounds what an Unpacker remembers; then it begins anew.
const maxNames = 16 << 10

// Unpack reads one message. Whoever wrote it, and in whatever order RFC 8428
// allows, the result is complete and checked: names below gateway, final times,
// known flags. gateway is the topic's; empty accepts any one, which is for granted
// relays. The pack is the caller's. Errors name record (0-based) and field.
//
// With an error the pack is nil, or it holds what is known of it all the same: its
// header, which is complete and checked, so that its records can be refused by their
// numbers and do not come for ever, and of its values those before the fault, which
// say about when it was made. Such a pack must not be stored.
func (u *Unpacker) Unpack(gateway string, msg []byte) (*Pack, error) {
	plain, err := u.expand(msg)
	if err != nil {
		return nil, err
	}
	if u.streams == nil || len(u.streams)+len(u.words) > maxNames {
		u.streams, u.words = make(map[string]obs.Stream), make(map[string]string)
	}
	d := unpacking{u: u, s: scanner{b: plain}, pack: &Pack{Gateway: gateway}, head: -1}
	d.pack.Values = make([]Value, 0, min(len(plain)/24, MaxValues))
	if err := d.records(); err != nil {
		return d.rest(), err
	}
	if d.head < 0 {
		return nil, fmt.Errorf(`there is no record "pack"`)
	}
	for i := range d.pack.Values {
		// Only now it is known whether the times are Unix or since boot.
		if err := checkTime(d.pack.Values[i].Time, d.pack.Boot != ""); err != nil {
			record := i
			if i >= d.head {
				record++
			}
			return d.rest(), fmt.Errorf(`record %d: field "t": %w`, record, err)
		}
	}
	return d.pack, nil
}

// rest returns what is known of a pack that cannot be used: nil without a header.
func (d *unpacking) rest() *Pack {
	if !d.whole {
		return nil
	}
	for i := range d.pack.Values {
		if checkTime(d.pack.Values[i].Time, d.pack.Boot != "") != nil {
			d.pack.Values = d.pack.Values[:i]
			break
		}
	}
	return d.pack
}

// unpacking is one Unpack under way: the base fields as they stand.
type unpacking struct {
	u     *Unpacker
	s     scanner
	pack  *Pack
	head  int  // number of the record "pack", -1: not seen
	whole bool // and all that it says is valid
	bn    []byte
	n     []byte // where record.n is kept
	bu    string
	bt    int64 // microseconds
	bv    float64
	bver  int64
}

func (d *unpacking) records() error {
	if !d.s.take('[') {
		return fmt.Errorf("a pack is a JSON array: %w", d.s.fail())
	}
	for n := 0; ; n++ {
		if n > MaxValues {
			return fmt.Errorf("%w: more than %d records", ErrTooLarge, MaxValues)
		}
		var r record
		if err := d.fields(&r); err != nil {
			return fmt.Errorf("record %d: %w", n, err)
		}
		if err := d.resolve(&r, n); err != nil {
			return fmt.Errorf("record %d: %w", n, err)
		}
		if d.s.take(',') {
			continue
		}
		if !d.s.take(']') || d.s.peek() != 0 || d.s.i < len(d.s.b) {
			return fmt.Errorf("behind record %d: %w", n, d.s.fail())
		}
		return nil
	}
}

// resolve applies the base fields (RFC 8428 §4.6) and adds the record.
func (d *unpacking) resolve(r *record, n int) error {
	u := d.u
	u.name = append(append(u.name[:0], d.bn...), r.n...)
	local, err := d.local(u.name)
	if err != nil {
		return err
	}
	if string(local) == "pack" {
		return d.header(r, n)
	}
	if r.has&hasBoot != 0 {
		return fmt.Errorf(`field "boot_": belongs to the record "pack"`)
	}
	if len(d.pack.Values) >= MaxValues {
		return fmt.Errorf("%w: more than %d values", ErrTooLarge, MaxValues)
	}
	v := Value{}
	if v.Stream, err = u.stream(local); err != nil {
		return field("n", err)
	}
	v.Time = roundMS(d.bt + r.t)
	if err := d.judge(r, &v); err != nil {
		return err
	}
	d.pack.Values = append(d.pack.Values, v)
	return nil
}

// roundMS rounds microseconds to whole milliseconds, halves away from zero.
func roundMS(us int64) int64 {
	ms := us / 1000
	switch rest := us % 1000; {
	case rest >= 500:
		ms++
	case rest <= -500:
		ms--
	}
	return ms
}

// local returns the name below the gateway.
func (d *unpacking) local(name []byte) ([]byte, error) {
	if d.pack.Gateway == "" {
		for i, c := range name {
			if c == '/' && obs.CheckID(string(name[:i])) == nil {
				d.pack.Gateway = string(name[:i])
				break
			}
		}
	}
	gw := d.pack.Gateway
	if n := len(gw); n > 0 && len(name) > n && string(name[:n]) == gw && name[n] == '/' {
		return name[n+1:], nil
	}
	return nil, field("bn", fmt.Errorf("%q is not below the gateway %q", clip(string(name)), gw))
}

// header takes the record "pack".
func (d *unpacking) header(r *record, n int) error {
	switch {
	case d.head >= 0:
		return fmt.Errorf(`the second record "pack", record %d was the first`, d.head)
	case r.has&hasVS == 0:
		return field("vs", fmt.Errorf(`the record "pack" needs it`))
	case r.has&(hasV|hasQC|hasQ2) != 0:
		return fmt.Errorf(`the record "pack" has a value or a flag`)
	}
	d.head = n
	if r.has&hasBoot != 0 {
		d.pack.Boot = r.boot
		if err := checkBoot(r.boot); err != nil {
			return field("boot_", err)
		}
	}
	if err := d.pack.parseHead(r.vs); err != nil {
		return field("vs", err)
	}
	d.whole = true
	return nil
}

// judge fills in value, unit and flags.
func (d *unpacking) judge(r *record, v *Value) error {
	fault := v.Stream.Channel == FaultChannel
	v.V, v.Unit = math.NaN(), ""
	switch v.Flag = obs.Pass; {
	case r.has&(hasV|hasVS) == 0:
		return field("v", fmt.Errorf("there is neither a value nor a reason"))
	case r.has&hasV != 0 && r.has&hasVS != 0:
		return field("vs", fmt.Errorf("there is a value as well"))
	case r.has&hasVS != 0 && !fault && r.qc != 9:
		return field("vs", fmt.Errorf(`text instead of a value needs "qc":9`))
	case r.has&hasV != 0 && (fault || r.qc == 9):
		return field("v", fmt.Errorf("what is missing has no value"))
	case fault && (r.has&hasQC != 0 && r.qc != 9 || r.has&hasQ2 != 0):
		return field("qc", fmt.Errorf("a fault has a reason and nothing else"))
	case r.has&hasVS != 0:
		v.Flag, v.Why = obs.Missing, obs.Reason(r.vs)
		if err := checkWord(r.vs); err != nil {
			return field("vs", err)
		}
	default:
		if v.V = r.v + d.bv; math.IsInf(v.V, 0) {
			return field("v", fmt.Errorf("out of range"))
		}
		if v.Unit = d.bu; r.has&hasU != 0 {
			v.Unit = r.u
		}
	}
	return judgeFlags(r, v)
}

func judgeFlags(r *record, v *Value) error {
	if r.has&hasQC != 0 && v.Flag != obs.Missing {
		f, ok := obs.FlagOf(int(r.qc))
		if !ok {
			return field("qc", fmt.Errorf("%d is not a QARTOD flag (1, 2, 3, 4, 9)", r.qc))
		}
		v.Flag = f
	}
	if r.has&hasWhy != 0 && v.Flag != obs.Missing && v.Flag != obs.Pass {
		if err := checkWord(r.why); err != nil {
			return field("why", err)
		}
		v.Why = obs.Reason(r.why)
	}
	if r.has&hasQ2 != 0 {
		f, ok := obs.FlagOf(int(r.q2))
		if !ok || !late(f) {
			return field("q2", fmt.Errorf("%d is not a late verdict (3, 4, 9)", r.q2))
		}
		v.Late = f
	}
	return nil
}

// stream returns the checked stream for "device/channel".
func (u *Unpacker) stream(name []byte) (obs.Stream, error) {
	if s, ok := u.streams[string(name)]; ok {
		return s, nil
	}
	s, err := obs.ParseStream(string(name))
	if err == nil {
		u.streams[s.String()] = s
	}
	return s, err
}

// word returns b as a string that many values share.
func (u *Unpacker) word(b []byte) string {
	if len(b) == 0 {
		return ""
	}
	if s, ok := u.words[string(b)]; ok {
		return s
	}
	s := string(b)
	if len(s) <= 48 && len(u.words) < maxNames {
		u.words[s] = s
	}
	return s
}

func field(label string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("field %s: %w", strconv.Quote(clip(label)), err)
}
