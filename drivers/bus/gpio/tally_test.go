//go:build linux

package gpio

import (
	"encoding/binary"
	"encoding/hex"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// put writes an event as the kernel does.
func (e event) put(p []byte) []byte {
	id := uint32(fallingEdge)
	if e.rising {
		id = risingEdge
	}
	p = binary.NativeEndian.AppendUint64(p, uint64(e.at))
	p = binary.NativeEndian.AppendUint32(p, id)
	p = binary.NativeEndian.AppendUint32(p, 0)
	p = binary.NativeEndian.AppendUint32(p, e.seq)
	p = binary.NativeEndian.AppendUint32(p, e.seq)
	return append(p, make([]byte, 24)...)
}

// A record constructed from the layout of linux/gpio.h: 123456789 ns, falling, line 17,
// both numbers 5.
func TestDecode(t *testing.T) {
	if binary.NativeEndian.Uint16([]byte{1, 0}) != 1 {
		t.Skip("the record is little-endian")
	}
	p, err := hex.DecodeString("15cd5b070000000002000000110000000500000005000000" + "000000000000000000000000000000000000000000000000")
	if err != nil {
		t.Fatal(err)
	}
	e, ok := decode(p)
	if !ok || e != (event{at: 123456789, seq: 5}) {
		t.Errorf("%+v, %v", e, ok)
	}
	if _, ok := decode(p[:47]); ok {
		t.Error("47 bytes are taken for an event")
	}
	p[8] = 3
	if _, ok := decode(p); ok {
		t.Error("an event of another kind is taken for an edge")
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(event{at: 1, rising: true, seq: 1}.put(nil))
	f.Add(event{at: 1 << 40, seq: 1<<32 - 1}.put(nil))
	f.Fuzz(func(t *testing.T, p []byte) {
		e, ok := decode(p)
		if !ok {
			return
		}
		again, ok := decode(e.put(nil))
		if !ok || again != e {
			t.Errorf("% x is %+v, and that written and read again %+v", p, e, again)
		}
	})
}

const ms = time.Millisecond

// A picture of a line: R and F are edges that are seen, r and f come and are lost with
// their numbers, x and y come in pairs that the kernel never numbers (rise, fall).
func play(t *tally, picture string) (pulses uint64) {
	at, seq := time.Duration(0), uint32(0)
	for _, c := range picture {
		at += ms
		switch c {
		case 'R', 'F', 'r', 'f':
			seq++
		}
		switch c {
		case 'R', 'r', 'x':
			pulses++
		}
		if c == 'R' || c == 'F' {
			t.add(event{at: at, rising: c == 'R', seq: seq})
		}
	}
	return pulses
}

func TestTally(t *testing.T) {
	for _, c := range []struct {
		name, picture     string
		high              bool // at the beginning
		total, lost, gone uint64
	}{
		{"plain", "RFRFRF", false, 3, 0, 0},
		{"begins high", "FRFRF", true, 2, 0, 0},
		{"the level was read too late", "RFRF", true, 2, 0, 0},
		{"the buffer overflowed: a pair", "RFrfRF", false, 2, 1, 2},
		{"a pair the other way round", "RfrFRF", false, 2, 1, 2},
		{"three, from low", "RFrfrFRF", false, 2, 2, 3},
		{"three, from high", "RfrfRF", false, 2, 1, 3},
		{"the first ones", "rfrfRF", false, 1, 2, 4},
		{"two equal ones: a fall was not seen", "RyRF", false, 2, 0, 1},
		{"two equal ones: a rise was not seen", "RFxF", false, 1, 1, 1},
		{"both at once", "RFrfxFRF", false, 2, 2, 3},
	} {
		var l tally
		l.open(c.high)
		pulses := play(&l, c.picture)
		if l.total != c.total || l.lost != c.lost || l.gone != c.gone {
			t.Errorf("%s (%s): %d counted, %d lost, %d edges gone; want %d, %d, %d", c.name, c.picture, l.total, l.lost, l.gone, c.total, c.lost, c.gone)
		}
		if l.total+l.lost != pulses {
			t.Errorf("%s: %d and %d are not the %d pulses that came", c.name, l.total, l.lost, pulses)
		}
	}
}

// Whatever edges are lost, by themselves or with their numbers: as long as an edge is
// seen after them, what is counted and what is known to be lost is what came. (Pairs
// that the kernel sees as nothing at all cannot be known; there are none here.)
func TestNothingIsLostSilently(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		fates := rapid.SliceOfN(rapid.SampledFrom([]string{"seen", "seen", "seen", "overflown"}), 1, 200).Draw(t, "edges")
		high := rapid.Bool().Draw(t, "high")
		fates = append(fates, "seen")
		var l tally
		l.open(high)
		var came, before uint64
		for i, fate := range fates {
			high = !high
			if high {
				came++
			}
			if fate == "seen" {
				l.add(event{at: time.Duration(i+1) * ms, rising: high, seq: uint32(i + 1)})
				if l.total < before {
					t.Fatalf("the total fell from %d to %d", before, l.total)
				}
				before = l.total
			}
		}
		if l.total+l.lost != came || l.edges+l.gone != uint64(len(fates)) {
			t.Errorf("%d counted and %d lost of %d pulses, %d seen and %d gone of %d edges", l.total, l.lost, came, l.edges, l.gone, len(fates))
		}
	})
}

func TestBounces(t *testing.T) {
	l := tally{spacing: 100 * ms}
	l.open(false)
	seq := uint32(0)
	for _, at := range []time.Duration{1000, 1002, 1005, 1150, 1240, 1251} { // ms: three bounces, each counted from the pulse before
		seq++
		l.add(event{at: at * ms, rising: true, seq: seq})
		seq++
		l.add(event{at: at*ms + ms, seq: seq})
	}
	if l.total != 3 || l.bounce != 3 || l.period != 101*ms || l.last != 1251*ms {
		t.Errorf("%+v", l)
	}
}

func TestPeriods(t *testing.T) {
	var l tally
	l.open(false)
	rise := func(at time.Duration, seq uint32) {
		l.add(event{at: at, rising: true, seq: seq})
		l.add(event{at: at + ms, seq: seq + 1})
	}
	rise(time.Second, 1)
	if l.period != 0 || l.last != time.Second {
		t.Errorf("after one pulse: %+v", l)
	}
	rise(3*time.Second, 3)
	if l.period != 2*time.Second {
		t.Errorf("after two: %+v", l)
	}
	rise(9*time.Second, 7) // two edges are missing: the time between is no period
	if l.period != 0 || l.total != 3 || l.lost != 1 {
		t.Errorf("after a gap: %+v", l)
	}
	l.open(false)
	if l.last != 0 || l.total != 3 {
		t.Errorf("opened again: %+v", l)
	}
}

func TestSequenceWraps(t *testing.T) {
	l := tally{seq: 1<<32 - 2}
	l.add(event{at: ms, rising: true, seq: 1<<32 - 1})
	l.add(event{at: 2 * ms, seq: 0})
	l.add(event{at: 3 * ms, rising: true, seq: 3}) // 1 and 2 are missing
	if l.total != 2 || l.lost != 1 || l.gone != 2 {
		t.Errorf("%+v", l)
	}
}
