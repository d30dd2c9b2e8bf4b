package modbus

import (
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	codec "github.com/lamppost-city/lamppost/drivers/codec/modbus"

	"github.com/lamppost-city/lamppost/drivers"
)

// listening is a fake line that can say what lies there, as a serial line can.
type listening struct{ *fakeLine }

func (l listening) Waiting() (n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, a := range l.coming {
		if time.Until(a.at) <= 0 {
			n += len(a.bytes)
		}
	}
	return n
}

// TestOtherMaster: another master asks our unit for as many registers with the same
// function. What he is answered is never taken for ours.
func TestOtherMaster(t *testing.T) {
	ms := time.Millisecond
	his := codec.Request{Function: 3, Start: 50, Count: 2}
	question, said := codec.AppendRTU(nil, 1, his.Append(nil)), registers(1, his)
	elsewhere := codec.AppendRTU(nil, 7, his.Append(nil))
	well := func(u uint8, r codec.Request, _ []byte) []piece { return []piece{{30 * ms, registers(u, r)}} }
	for _, c := range []struct {
		name   string
		before []piece // said before we ask, and in its course
		slave  func(uint8, codec.Request, []byte) []piece
		fault  error
		sent   time.Duration // when our question goes out
		alien  uint64
	}{
		{"he was answered", []piece{{0, question}, {0, said}}, well, nil, 4010416, 2},
		{"he is being answered", []piece{{0, question}, {60 * ms, said}}, well, nil, 64010416, 2},
		{"he is not answered", []piece{{0, question}}, well, drivers.ErrTimeout, 150 * ms, 1},
		{"another unit does not answer him", []piece{{0, elsewhere}}, well, nil, 150 * ms, 1},
		{"his question comes in two pieces", []piece{{0, question[:5]}, {20 * ms, question[5:]}, {21 * ms, said}}, well, drivers.ErrTimeout, 4010416, 3},
		{"he asks after us and is answered first", nil, func(u uint8, r codec.Request, _ []byte) []piece {
			return []piece{{ms, question}, {10 * ms, said}, {30 * ms, registers(u, r)}}
		}, drivers.ErrTimeout, 0, 3},
		{"he asks when we are answered", nil, func(u uint8, r codec.Request, _ []byte) []piece {
			return []piece{{30 * ms, append(registers(u, r), question...)}}
		}, nil, 0, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				line := newFake(c.slave)
				for _, p := range c.before {
					line.say(p.after, p.bytes...)
				}
				b := NewRTU(listening{line}, Options{Baud: 9600})
				start := time.Now()
				words, err := b.Unit(1).ReadRegisters(t.Context(), 3, 7, 2)
				if !errors.Is(err, c.fault) || err == nil && !slices.Equal(words, []uint16{7, 8}) {
					t.Errorf("ReadRegisters = %v, %v; want %v", words, err, c.fault)
				}
				if got := line.asked(1)[0].Sub(start); got.Round(time.Microsecond) != c.sent.Round(time.Microsecond) {
					t.Errorf("asked after %v, want %v", got, c.sent)
				}
				if h := b.Health(); h.Alien != c.alien || h.Noise != 0 {
					t.Errorf("health %+v", h)
				}
			})
		})
	}
	t.Run("a line that never falls silent", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			line := newFake(well)
			for i := range 2000 {
				line.say(time.Duration(i)*ms, 0xF8)
			}
			b := NewRTU(listening{line}, Options{Baud: 9600})
			start := time.Now()
			words, err := b.Unit(1).ReadRegisters(t.Context(), 3, 7, 2)
			if took := time.Since(start); err != nil || words[0] != 7 || took > 100*ms {
				t.Errorf("ReadRegisters = %v, %v after %v", words, err, took)
			}
		})
	})
	t.Run("he asked when we were answered", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			first := true
			line := newFake(func(u uint8, r codec.Request, _ []byte) (ps []piece) {
				ps = []piece{{30 * ms, registers(u, r)}}
				if first {
					ps = []piece{{30 * ms, append(registers(u, r), question...)}, {50 * ms, said}}
				}
				first = false
				return ps
			})
			b := NewRTU(listening{line}, Options{Baud: 9600})
			for i := range 3 {
				if words, err := b.Unit(1).ReadRegisters(t.Context(), 3, 7, 2); err != nil || words[0] != 7 {
					t.Errorf("read %d: %v, %v", i, words, err)
				}
			}
			if h := b.Health(); h.Alien != 2 || h.Noise != 0 || h.Timeouts != 0 {
				t.Errorf("health %+v", h)
			}
		})
	})
}
