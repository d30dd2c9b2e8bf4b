package modbus

import (
	"context"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	codec "github.com/lamppost-city/lamppost/drivers/codec/modbus"

	"github.com/lamppost-city/lamppost/drivers"
)

func TestRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		line := newFake(after(20*time.Millisecond, registers))
		b := NewRTU(line, Options{Baud: 9600})
		defer b.Close()
		words, err := b.Unit(3).ReadRegisters(t.Context(), 4, 107, 3)
		if want := []uint16{107, 108, 109}; err != nil || !slices.Equal(words, want) {
			t.Errorf("ReadRegisters = %v, %v; want %v", words, err, want)
		}
		if words, err = b.Unit(3).ReadRegisters(t.Context(), 3, 0, 125); err != nil || len(words) != 125 || words[124] != 124 {
			t.Errorf("125 registers: %v, %v", words, err)
		}
		h := b.Health()
		if h.Name != "rs485-1" || h.Answers != 2 || h.Requests != 2 || len(h.Units) != 1 || h.Units[0].Address != 3 || h.Units[0].Response != 20*time.Millisecond {
			t.Errorf("health %+v", h)
		}
	})
}

func TestReadBits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := NewRTU(newFake(after(0, func(u uint8, r codec.Request) []byte {
			return codec.AppendRTU(nil, u, codec.Answer{Function: 2, Data: []byte{0xAC, 0xDB, 0x35}}.Append(nil))
		})), Options{})
		bits, err := b.Unit(1).ReadBits(t.Context(), 2, 196, 22)
		if err != nil || len(bits) != 22 || bits[0] || bits[1] || !bits[2] || !bits[21] {
			t.Errorf("ReadBits = %v, %v", bits, err)
		}
	})
}

func TestBadRequests(t *testing.T) {
	b := NewRTU(newFake(silent), Options{})
	u := b.Unit(1)
	for _, c := range []struct {
		function     uint8
		start, count uint16
	}{{3, 0, 0}, {3, 0, 126}, {4, 65535, 2}, {6, 0, 1}} {
		if _, err := u.ReadRegisters(t.Context(), c.function, c.start, c.count); err == nil {
			t.Errorf("ReadRegisters(%+v) is accepted", c)
		}
	}
	if _, err := u.ReadBits(t.Context(), 1, 0, 2001); err == nil {
		t.Error("2001 bits are accepted")
	}
	if _, err := u.ReadBits(t.Context(), 3, 0, 1); err == nil {
		t.Error("bits with function 3 are accepted")
	}
	if h := b.Health(); h.Requests != 0 {
		t.Errorf("%d of them were sent", h.Requests)
	}
}

// TestLine reads three registers while something else is said on the line.
func TestLine(t *testing.T) {
	request := codec.Request{Function: 3, Start: 107, Count: 3}
	good := registers(1, request)
	bad := slices.Clone(good)
	bad[4] ^= 1
	late := registers(1, codec.Request{Function: 3, Start: 0, Count: 1})
	other := registers(7, request)
	echo := codec.AppendRTU(nil, 1, request.Append(nil))
	refusal := codec.AppendRTU(nil, 1, codec.Answer{Function: 3, Exception: codec.IllegalAddress}.Append(nil))
	relayed := codec.AppendRTU(nil, 1, codec.Answer{Function: 3, Exception: codec.TargetSilent}.Append(nil))
	ms := time.Millisecond
	for _, c := range []struct {
		name  string
		said  []piece
		fault error         // nil: the answer is read
		took  time.Duration // from the call on; the request itself takes 9.166 ms at 9600
		check func(Health, *fakeLine) bool
	}{
		{"the answer", []piece{{30 * ms, good}}, nil, 30 * ms, func(h Health, _ *fakeLine) bool { return h.Answers == 1 }},
		{"in pieces", []piece{{30 * ms, good[:1]}, {60 * ms, good[1:4]}, {140 * ms, good[4:]}}, nil, 140 * ms, nil},
		{"behind our echo", []piece{{10 * ms, echo}, {40 * ms, good}}, nil, 40 * ms, func(h Health, _ *fakeLine) bool { return h.Echo && h.Noise == 0 }},
		{"behind a late answer", []piece{{10 * ms, late}, {40 * ms, good}}, nil, 40 * ms, func(h Health, _ *fakeLine) bool { return h.Alien == 1 }},
		{"behind another unit", []piece{{10 * ms, other}, {40 * ms, good}}, nil, 40 * ms, func(h Health, _ *fakeLine) bool { return h.Alien == 1 }},
		{"behind noise", []piece{{10 * ms, []byte{1, 0xFF, 1}}, {300 * ms, good}}, nil, 300 * ms, func(h Health, f *fakeLine) bool { return h.Noise == 3 && f.noise == 3 }},
		{"with noise behind", []piece{{10 * ms, append(slices.Clone(good), 0)}}, nil, 10 * ms, func(h Health, _ *fakeLine) bool { return h.Noise == 1 }},
		{"silence", nil, drivers.ErrTimeout, 523770 * time.Microsecond, func(h Health, _ *fakeLine) bool { return h.Timeouts == 1 }},
		{"echo and silence", []piece{{1 * ms, echo}}, drivers.ErrTimeout, 523770 * time.Microsecond, func(h Health, _ *fakeLine) bool { return h.Echo }},
		{"another unit only", []piece{{10 * ms, other}}, drivers.ErrTimeout, 523770 * time.Microsecond, func(h Health, _ *fakeLine) bool { return h.Alien == 1 && h.Timeouts == 1 }},
		{"broken off", []piece{{10 * ms, good[:5]}}, drivers.ErrTimeout, 112 * ms, func(h Health, _ *fakeLine) bool { return h.Noise == 5 }},
		{"damaged", []piece{{10 * ms, bad}}, drivers.ErrChecksum, 41010 * time.Microsecond, func(h Health, f *fakeLine) bool { return h.Damaged == 1 && f.damaged == 1 }},
		{"damaged, then good", []piece{{10 * ms, bad}, {30 * ms, good}}, nil, 30 * ms, func(_ Health, f *fakeLine) bool { return f.damaged == 0 }},
		{"a refusal", []piece{{10 * ms, refusal}}, drivers.ErrException, 10 * ms, func(h Health, _ *fakeLine) bool { return h.Exceptions == 1 && h.Units[0].Failures == 0 }},
		{"a gateway's silence", []piece{{10 * ms, relayed}}, drivers.ErrTimeout, 10 * ms, func(h Health, _ *fakeLine) bool { return h.Timeouts == 1 && h.Units[0].Failures == 1 }},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				line := newFake(func(uint8, codec.Request, []byte) []piece { return c.said })
				b := NewRTU(line, Options{Baud: 9600})
				ctx, cancel := context.WithTimeout(t.Context(), 530*ms) // no room for a retry
				defer cancel()
				start := time.Now()
				words, err := b.Unit(1).ReadRegisters(ctx, 3, 107, 3)
				if took := time.Since(start).Truncate(time.Microsecond); took != c.took {
					t.Errorf("took %v, want %v", took, c.took)
				}
				if !errors.Is(err, c.fault) || (err == nil) != (len(words) == 3) {
					t.Errorf("ReadRegisters = %v, %v; want %v", words, err, c.fault)
				}
				if c.check != nil && !c.check(b.Health(), line) {
					t.Errorf("health %+v, line noise %d, damaged %d", b.Health(), line.noise, line.damaged)
				}
			})
		})
	}
}

func TestErrorsSayWhatAndWhere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		refusal := func(u uint8, r codec.Request) []byte {
			return codec.AppendRTU(nil, u, codec.Answer{Function: r.Function, Exception: codec.IllegalAddress}.Append(nil))
		}
		half := func(u uint8, r codec.Request) []byte { return registers(u, r)[:4] }
		b := NewRTU(newFake(each(map[uint8]func(uint8, codec.Request, []byte) []piece{2: after(0, refusal), 3: after(0, half)})), Options{})
		_, err := b.Unit(1).ReadRegisters(t.Context(), 3, 0, 1)
		if want := "rs485-1: unit 1: no answer in time"; err == nil || err.Error() != want {
			t.Errorf("got  %v\nwant %s", err, want)
		}
		_, err = b.Unit(2).ReadRegisters(t.Context(), 3, 0, 1)
		if want := "rs485-1: unit 2: the device refuses the request: exception 02: the part has no such register"; err == nil || err.Error() != want {
			t.Errorf("got  %v\nwant %s", err, want)
		}
		var e codec.Exception
		if !errors.As(err, &e) || e != codec.IllegalAddress {
			t.Errorf("%v holds no exception", err)
		}
		_, err = b.Unit(3).ReadRegisters(t.Context(), 3, 0, 1)
		if want := "rs485-1: unit 3: no answer in time: it broke off after 4 bytes"; err == nil || err.Error() != want {
			t.Errorf("got  %v\nwant %s", err, want)
		}
	})
}

// TestSilences: what the line's two ends see between two requests.
func TestSilences(t *testing.T) {
	for _, c := range []struct {
		baud       int
		turnaround time.Duration // of the bus
		own        time.Duration // of the unit
		want       time.Duration // after the answer's last byte
	}{
		{1200, 0, 0, 32083 * time.Microsecond},
		{4800, 0, 0, 8020 * time.Microsecond},
		{9600, 0, 0, 4010 * time.Microsecond},
		{19200, 0, 0, 2005 * time.Microsecond},
		{38400, 0, 0, 1750 * time.Microsecond},
		{115200, 0, 0, 1750 * time.Microsecond},
		{9600, 20 * time.Millisecond, 0, 20 * time.Millisecond},
		{9600, 20 * time.Millisecond, 100 * time.Millisecond, 100 * time.Millisecond},
		{9600, 0, time.Millisecond, 4010 * time.Microsecond},
	} {
		synctest.Test(t, func(t *testing.T) {
			line := newFake(after(15*time.Millisecond, registers))
			b := NewRTU(line, Options{Baud: c.baud, Turnaround: c.turnaround})
			u := b.Unit(1)
			u.SetTiming(0, c.own)
			for range 3 {
				if _, err := u.ReadRegisters(t.Context(), 3, 0, 1); err != nil {
					t.Fatal(err)
				}
			}
			at := line.asked(1)
			for i := 1; i < len(at); i++ {
				if got := (at[i].Sub(at[i-1]) - 15*time.Millisecond).Truncate(time.Microsecond); got != c.want {
					t.Errorf("%+v: silence of %v, want %v", c, got, c.want)
				}
			}
		})
	}
}

// TestLateAnswerOfSameShape: a slave that answers after the time is over is asked
// for other registers with the same count. The late answer must not be taken for
// theirs.
func TestLateAnswerOfSameShape(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		delay := 30 * time.Millisecond
		line := newFake(func(u uint8, r codec.Request, _ []byte) []piece { return []piece{{delay, registers(u, r)}} })
		b := NewRTU(line, Options{})
		u := b.Unit(1)
		u.SetTiming(200*time.Millisecond, 0)
		if _, err := u.ReadRegisters(t.Context(), 3, 2, 2); err != nil {
			t.Fatal(err)
		}
		delay = 350 * time.Millisecond
		words, err := u.ReadRegisters(t.Context(), 3, 2, 2) // times out; the retry gets the first one's answer
		if err != nil || words[0] != 2 {
			t.Fatalf("first read = %v, %v", words, err)
		}
		for range 3 {
			words, err = u.ReadRegisters(t.Context(), 3, 8, 2)
			if err == nil && words[0] != 8 {
				t.Fatalf("asked for register 8, was given register %d", words[0])
			}
			words, err = u.ReadRegisters(t.Context(), 3, 2, 2)
			if err == nil && words[0] != 2 {
				t.Fatalf("asked for register 2, was given register %d", words[0])
			}
		}
		if h := b.Health(); h.Alien == 0 {
			t.Errorf("no late answer was counted: %+v", h)
		}
	})
}

// TestNoiseFlood: a line that never stops talking is bounded in memory and time,
// and the answer is still found in it.
func TestNoiseFlood(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		flood := func(unit uint8, r codec.Request, _ []byte) (all []piece) {
			for i := range 80 {
				all = append(all, piece{time.Duration(i) * 5 * time.Millisecond, slices.Repeat([]byte{0x55}, 50)})
			}
			if unit == 2 {
				all = append(all, piece{300*time.Millisecond + 1, registers(unit, r)})
			}
			return all
		}
		b := NewRTU(newFake(flood), Options{Answer: 400 * time.Millisecond})
		start := time.Now()
		within(t.Context(), 500*time.Millisecond, func(ctx context.Context) {
			if _, err := b.Unit(1).ReadRegisters(ctx, 3, 0, 1); !errors.Is(err, drivers.ErrTimeout) || !strings.Contains(err.Error(), "no answer") {
				t.Errorf("got %v", err)
			}
		})
		if took := time.Since(start); took > 420*time.Millisecond {
			t.Errorf("took %v", took)
		}
		if h := b.Health(); h.Noise < 3500 {
			t.Errorf("noise %d", h.Noise)
		}
		time.Sleep(time.Second)
		if words, err := b.Unit(2).ReadRegisters(t.Context(), 3, 9, 1); err != nil || words[0] != 9 {
			t.Errorf("the answer in the noise: %v, %v", words, err)
		}
	})
}

// TestUnplugged: the slaves are not to blame, and are asked at once when the
// line is back.
func TestUnplugged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		line := newFake(after(0, registers))
		b := NewRTU(line, Options{})
		u := b.Unit(1)
		line.pull(drivers.ErrUnplugged)
		for range 5 {
			if _, err := u.ReadRegisters(t.Context(), 3, 0, 1); !errors.Is(err, drivers.ErrUnplugged) {
				t.Fatalf("got %v", err)
			}
		}
		line.pull(nil)
		if _, err := u.ReadRegisters(t.Context(), 3, 0, 1); err != nil {
			t.Errorf("after the replug: %v", err)
		}
		if err := b.Close(); err != nil {
			t.Errorf("Close = %v", err)
		}
		if _, err := u.ReadRegisters(t.Context(), 3, 0, 1); !errors.Is(err, os.ErrClosed) {
			t.Errorf("after Close: %v", err)
		}
	})
}

func TestCancel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := NewRTU(newFake(silent), Options{})
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(70*time.Millisecond, cancel)
		start := time.Now()
		_, err := b.Unit(1).ReadRegisters(ctx, 3, 0, 1)
		if took := time.Since(start); !errors.Is(err, context.Canceled) || took != 70*time.Millisecond {
			t.Errorf("got %v after %v", err, took)
		}
		if h := b.Health(); h.Units[0].Failures != 0 {
			t.Errorf("a cancelled call counts as a failure of the unit: %+v", h.Units[0])
		}
	})
}

func TestTrace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var sent, received int
		b := NewRTU(newFake(after(0, registers)), Options{Trace: func(s bool, p []byte, at time.Time) {
			if s {
				sent += len(p)
			} else {
				received += len(p)
			}
		}})
		if _, err := b.Unit(1).ReadRegisters(t.Context(), 3, 0, 4); err != nil || sent != 8 || received != 13 {
			t.Errorf("traced %d out, %d in, %v; want 8, 13", sent, received, err)
		}
	})
}

// sleepy is a line on a machine that is too busy: its second read comes back only
// after the deadline, as a read of the kernel's does then, without a look.
type sleepy struct {
	*fakeLine
	reads int
}

func (s *sleepy) Read(ctx context.Context, p []byte) (int, error) {
	if s.reads++; s.reads == 2 {
		time.Sleep(200 * time.Millisecond)
		return 0, drivers.ErrTimeout
	}
	return s.fakeLine.Read(ctx, p)
}

// An answer that came in while this program did not run is still taken.
func TestAnswerIsTakenAfterOversleeping(t *testing.T) {
	request := codec.Request{Function: 3, Start: 107, Count: 3}
	good := registers(1, request)
	synctest.Test(t, func(t *testing.T) {
		line := &sleepy{fakeLine: newFake(func(uint8, codec.Request, []byte) []piece {
			return []piece{{30 * time.Millisecond, good[:4]}, {40 * time.Millisecond, good[4:]}}
		})}
		b := NewRTU(line, Options{Baud: 9600})
		defer b.Close()
		if words, err := b.Unit(1).ReadRegisters(t.Context(), 3, 107, 3); err != nil || len(words) != 3 {
			t.Errorf("ReadRegisters = %v, %v", words, err)
		}
		if h := b.Health(); h.Timeouts != 0 || h.Noise != 0 {
			t.Errorf("health %+v: the line did nothing wrong", h)
		}
	})
}
