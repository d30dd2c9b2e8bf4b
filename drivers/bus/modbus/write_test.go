package modbus

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	codec "github.com/lamppost-city/lamppost/drivers/codec/modbus"

	"github.com/lamppost-city/lamppost/drivers"
)

// relay is a slave that carries writes out and confirms them, each with what is left
// of says: + well, s silent but carried out, b busy, d damaged; well when it is empty.
type relay struct {
	says  string
	coils map[uint16]bool
	words map[uint16]uint16
	wrote int // how often something was carried out
}

func newRelay(says string) *relay {
	return &relay{says: says, coils: map[uint16]bool{}, words: map[uint16]uint16{}}
}

func (s *relay) answer(unit uint8, r codec.Request, _ []byte) []piece {
	if r.Function == 1 {
		return []piece{{5 * time.Millisecond, codec.AppendRTU(nil, unit, []byte{1, 1, 0})}}
	}
	if !r.Writes() {
		return []piece{{5 * time.Millisecond, registers(unit, r)}}
	}
	say := byte('+')
	if s.says != "" {
		say, s.says = s.says[0], s.says[1:]
	}
	if say == 'b' {
		return []piece{{5 * time.Millisecond, codec.AppendRTU(nil, unit, codec.Answer{Function: r.Function, Exception: codec.Busy}.Append(nil))}}
	}
	a := s.carryOut(r)
	f := codec.AppendRTU(nil, unit, a.Append(nil))
	if say == 'd' {
		f[3] ^= 1
	}
	if say == 's' || unit == broadcast {
		return nil
	}
	return []piece{{5 * time.Millisecond, f}}
}

func (s *relay) carryOut(r codec.Request) codec.Answer {
	s.wrote++
	word := func(i int) uint16 { return uint16(r.Data[i])<<8 | uint16(r.Data[i+1]) }
	whole := r.Append(nil)
	a := codec.Answer{Function: r.Function, Data: whole[1:]}
	switch r.Function {
	case 5:
		s.coils[r.Start] = r.Data[0] != 0
	case 6:
		s.words[r.Start] = word(0)
	case 22:
		s.words[r.Start] = s.words[r.Start]&word(0) | word(2)&^word(0)
	case 15:
		for i := range r.Count {
			s.coils[r.Start+i] = r.Data[i/8]>>(i%8)&1 != 0
		}
		a.Data = whole[1:5]
	case 16, 23:
		start := r.Start
		if r.Function == 23 {
			start, a.Data = r.WriteStart, r.Data
		} else {
			a.Data = whole[1:5]
		}
		for i := range len(r.Data) / 2 {
			s.words[start+uint16(i)] = word(2 * i)
		}
	}
	return a
}

func TestWrites(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		part := newRelay("")
		b := NewRTU(newFake(part.answer), Options{})
		u, ctx := b.Unit(9), t.Context()
		for _, err := range []error{u.WriteCoil(ctx, 3, true), u.WriteCoils(ctx, 10, []bool{true, false, true}), u.WriteRegister(ctx, 1, 0x12),
			u.MaskWrite(ctx, 1, 0xF2, 0x25), u.WriteRegisters(ctx, 20, []uint16{7, 8})} {
			if err != nil {
				t.Error(err)
			}
		}
		if words, err := u.ReadWrite(ctx, 30, 2, 40, []uint16{5, 6}); err != nil || !slices.Equal(words, []uint16{5, 6}) {
			t.Errorf("ReadWrite = %v, %v", words, err)
		}
		if !part.coils[3] || !part.coils[10] || part.coils[11] || !part.coils[12] || part.words[1] != 0x17 || part.words[21] != 8 || part.words[41] != 6 {
			t.Errorf("the part holds %v, %v", part.coils, part.words)
		}
		if h := b.Health(); h.Answers != 7 || h.Requests != 7 || part.wrote != 6 { // one read finds out whether the line echoes
			t.Errorf("health %+v", h.Counts)
		}
		if err := u.WriteRegisters(ctx, 65535, []uint16{1, 2}); !errors.Is(err, codec.ErrFormat) {
			t.Errorf("past the last register: %v", err)
		}
	})
}

// TestWriteOnce: a write is only repeated if its caller insists, and only what may be
// carried out twice.
func TestWriteOnce(t *testing.T) {
	coil := func(w drivers.ModbusWriter) error { return w.WriteCoil(context.Background(), 1, false) }
	word := func(w drivers.ModbusWriter) error { return w.WriteRegister(context.Background(), 1, 5) }
	mask := func(w drivers.ModbusWriter) error { return w.MaskWrite(context.Background(), 1, 5, 6) }
	block := func(w drivers.ModbusWriter) error { return w.WriteRegisters(context.Background(), 1, []uint16{1}) }
	for _, c := range []struct {
		name, says string
		write      func(drivers.ModbusWriter) error
		insist     int
		want       error
		wrote      int
	}{
		{"a lost confirmation", "s", coil, 0, drivers.ErrTimeout, 1},
		{"a damaged confirmation", "d", word, 0, drivers.ErrChecksum, 1},
		{"busy", "b", coil, 0, drivers.ErrException, 0},
		{"insisting on a coil", "sd", coil, 2, nil, 3},
		{"insisting on a register", "s", word, 2, nil, 2},
		{"insisting on bits", "sb", mask, 2, nil, 2},
		{"insisting in vain", "ssss", coil, 2, drivers.ErrTimeout, 3},
		{"insisting on a block", "s", block, 2, drivers.ErrTimeout, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				part := newRelay(c.says)
				u := NewRTU(newFake(part.answer), Options{}).Unit(9)
				if err := c.write(u.Insist(c.insist)); !errors.Is(err, c.want) || (err == nil) != (c.want == nil) {
					t.Errorf("got %v, want %v", err, c.want)
				}
				if part.wrote != c.wrote {
					t.Errorf("carried out %d times, want %d", part.wrote, c.wrote)
				}
			})
		})
	}
	t.Run("no time for another try", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			part := newRelay("ss")
			u := NewRTU(newFake(part.answer), Options{}).Unit(9)
			within(t.Context(), 700*time.Millisecond, func(ctx context.Context) {
				if err := u.Insist(5).WriteCoil(ctx, 1, false); !errors.Is(err, drivers.ErrTimeout) || part.wrote != 1 {
					t.Errorf("%v after %d", err, part.wrote)
				}
			})
		})
	})
}

// TestWriteGoesFirst: before the reads that wait, but not before all of them for ever;
// and past an open breaker.
func TestWriteGoesFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		line := newFake(newRelay("").answer)
		b := NewRTU(line, Options{})
		_, _ = b.Unit(1).ReadRegisters(t.Context(), 3, 0, 1)
		line.sent = nil
		var wg sync.WaitGroup
		for i := range 4 {
			wg.Go(func() {
				within(t.Context(), time.Second, func(ctx context.Context) { _, _ = b.Unit(1).ReadRegisters(ctx, 3, uint16(i), 1) })
			})
			synctest.Wait()
		}
		for range 3 {
			wg.Go(func() { _ = b.Unit(2).WriteCoil(t.Context(), 1, true) })
			synctest.Wait()
		}
		wg.Wait()
		var order []byte
		for _, s := range line.sent {
			order = append(order, '0'+s.r.Function)
		}
		if got, want := string(order), "3535353"; got != want {
			t.Errorf("functions went out in the order %s, want %s", got, want)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		part := newRelay("")
		dead := true
		b := NewRTU(newFake(func(unit uint8, r codec.Request, f []byte) []piece {
			if dead {
				return nil
			}
			return part.answer(unit, r, f)
		}), Options{})
		u := b.Unit(9)
		for range 4 {
			_, _ = u.ReadRegisters(t.Context(), 3, 0, 1)
		}
		dead = false
		var skipped *Skipped
		if _, err := u.ReadRegisters(t.Context(), 3, 0, 1); !errors.As(err, &skipped) {
			t.Fatalf("the breaker is not open: %v", err)
		}
		if err := u.WriteCoil(t.Context(), 1, false); err != nil || part.wrote != 1 {
			t.Errorf("behind an open breaker: %v", err)
		}
		if _, err := u.ReadRegisters(t.Context(), 3, 0, 1); err != nil {
			t.Errorf("it answered a write, so that it is well, and: %v", err)
		}
	})
}

func TestBroadcast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		part := newRelay("")
		line := newFake(part.answer)
		b := NewRTU(line, Options{Baud: 9600})
		all, start := b.Unit(0), time.Now()
		if err := all.WriteRegister(t.Context(), 16, 1); err != nil || part.words[16] != 1 {
			t.Errorf("broadcast: %v, the parts hold %v", err, part.words)
		}
		const air = 8 * 11 * time.Second / 9600
		if took := time.Since(start); took != air {
			t.Errorf("took %v, the bytes take %v", took, air)
		}
		if _, err := b.Unit(1).ReadRegisters(t.Context(), 3, 0, 1); err != nil {
			t.Error(err)
		}
		if rest := line.asked(1)[0].Sub(start) - air; rest < 100*time.Millisecond || rest > 250*time.Millisecond {
			t.Errorf("the line rested %v after the broadcast", rest)
		}
		if _, err := all.ReadRegisters(t.Context(), 3, 0, 1); !errors.Is(err, errBroadcastRead) {
			t.Errorf("read from all: %v", err)
		}
		if _, err := all.ReadWrite(t.Context(), 3, 1, 3, []uint16{1}); !errors.Is(err, errBroadcastRead) {
			t.Errorf("read and write to all: %v", err)
		}
		if h := b.Health(); h.Requests != 2 || h.Answers != 1 || h.Units[0].Failures != 0 {
			t.Errorf("health %+v", h)
		}
	})
}

// TestEchoIsNoConfirmation: on a line that hears itself, a dead relay does not seem to
// obey; not even at the very first request.
func TestEchoIsNoConfirmation(t *testing.T) {
	for _, c := range []struct {
		name   string
		echoes bool
		dead   bool
		want   error
	}{{"dead, echo", true, true, drivers.ErrTimeout}, {"well, echo", true, false, nil}, {"dead", false, true, drivers.ErrTimeout}, {"well", false, false, nil}} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				part := newRelay("")
				b := NewRTU(newFake(func(unit uint8, r codec.Request, f []byte) (ps []piece) {
					if c.echoes {
						ps = append(ps, piece{time.Millisecond, f})
					}
					if !c.dead {
						ps = append(ps, part.answer(unit, r, f)...)
					}
					return ps
				}), Options{})
				for _, on := range []bool{true, false} {
					if err := b.Unit(9).WriteCoil(t.Context(), 1, on); !errors.Is(err, c.want) || part.coils[1] != (on && !c.dead) {
						t.Errorf("write %v: %v, the coil is %v", on, err, part.coils[1])
					}
				}
				if h := b.Health(); h.Echo != c.echoes || h.Requests != 3 {
					t.Errorf("health %+v", h)
				}
			})
		})
	}
	t.Run("another adapter", func(t *testing.T) {
		e := echoes{}
		e.learn(true, false, true)
		for i := range 3 {
			if !e.on {
				t.Errorf("forgotten after %d answers", i)
			}
			e.learn(false, false, true)
		}
		if e.on || !e.known {
			t.Errorf("still %+v", e)
		}
	})
}

// TestIdentify asks a part whose identification takes two answers.
func TestIdentify(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		objects := []codec.Object{{ID: 0, Value: bytes.Repeat([]byte("v"), 200)}, {ID: 1, Value: []byte("LP-9")}, {ID: 2, Value: []byte("1.2")}}
		part := func(u uint8, r codec.Request, _ []byte) []piece {
			id := codec.Identity{Level: codec.Level(r.Data[1]), Conformity: 0x81}
			switch first := r.Data[2]; {
			case u == 2:
				return []piece{{0, codec.AppendRTU(nil, u, []byte{0xAB, 1})}}
			case u == 3: // says more of the same for ever
				id.More, id.Objects = true, objects[:1]
			case first == 0:
				id.More, id.Next, id.Objects = true, 1, objects[:1]
			default:
				id.Objects = objects[first:]
			}
			return []piece{{0, codec.AppendRTU(nil, u, id.Append(nil))}}
		}
		b := NewRTU(newFake(part), Options{})
		got, err := b.Unit(1).Identify(t.Context(), codec.Basic, 0)
		if err != nil || len(got) != 3 || !bytes.Equal(got[0].Value, objects[0].Value) || string(got[2].Value) != "1.2" || b.Health().Requests != 2 {
			t.Errorf("Identify = %+v, %v", got, err)
		}
		if _, err = b.Unit(2).Identify(t.Context(), codec.Basic, 0); !errors.Is(err, drivers.ErrException) {
			t.Errorf("a part that does not know the function: %v", err)
		}
		if _, err = b.Unit(3).Identify(t.Context(), codec.Basic, 0); !errors.Is(err, drivers.ErrProtocol) {
			t.Errorf("a part that never ends: %v", err)
		}
	})
}
