package relay

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	busmodbus "github.com/lamppost-city/lamppost/drivers/bus/modbus"
	"github.com/lamppost-city/lamppost/drivers/codec/golden"
	codec "github.com/lamppost-city/lamppost/drivers/codec/modbus"
	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
)

// module is a serial line with one unit that says frame to asks, and is a well-behaved
// unit of coils that are off to everything else.
type module struct {
	asks, frame []byte
	heard       [][]byte
	say         chan []byte
}

func newModule(asks, frame []byte) *module {
	return &module{asks: asks, frame: frame, say: make(chan []byte, 8)}
}

func (m *module) Write(_ context.Context, p []byte) (int, error) {
	m.heard = append(m.heard, bytes.Clone(p))
	if bytes.Equal(p, m.asks) {
		m.say <- m.frame
		return len(p), nil
	}
	if unit, pdu, err := codec.ParseRTU(p); err == nil && pdu[0] <= 4 {
		m.say <- codec.AppendRTU(nil, unit, codec.Answer{Function: pdu[0], Data: make([]byte, 1+pdu[0]/3)}.Append(nil))
	}
	return len(p), nil
}

func (m *module) Read(ctx context.Context, p []byte) (int, error) {
	select {
	case b := <-m.say:
		return copy(p, b), nil
	case <-ctx.Done():
		if ctx.Err() == context.DeadlineExceeded {
			return 0, drivers.ErrTimeout
		}
		return 0, ctx.Err()
	}
}

func (m *module) Discard() error { return nil }
func (m *module) Noise(int)      {}
func (m *module) BadChecksum()   {}
func (m *module) Close() error   { return nil }

// outcome does what a golden frame's request asks for, over the gateway's own Modbus,
// and says what came of it.
func outcome(ctx context.Context, m *module, unit uint8, options string) (string, error) {
	out, err := opened(m, unit, options)
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(ctx, unitTimeout)
	defer cancel()
	if f := m.asks[1]; f == readCoils || f == readHolding {
		on, ok, err := out.Get(ctx)
		return "get=" + stateWord(on, ok), err
	}
	on := m.asks[4] != 0 || m.asks[5] != 0
	return "set=" + stateWord(on, true), out.Set(ctx, on)
}

func opened(m *module, unit uint8, options string) (drivers.Output, error) {
	p, err := plan(func(out any) error {
		doc, err := yamldoc.Parse("options", []byte(options))
		if err != nil {
			return err
		}
		return doc.Decode(out)
	})
	if err != nil {
		return nil, err
	}
	return p.OpenModbus(busmodbus.NewRTU(m, busmodbus.Options{Name: "rs485-1"}).Unit(unit).Insist(1))
}

func stateWord(on, known bool) string {
	switch {
	case !known:
		return "unknown"
	case on:
		return "on"
	}
	return "off"
}

// Every golden frame, as the answer of a unit on a line, over the gateway's own Modbus.
func TestFrames(t *testing.T) {
	files, err := filepath.Glob("testdata/*.frame")
	if err != nil || len(files) < 20 {
		t.Fatalf("%d golden frames, %v", len(files), err)
	}
	for _, file := range files {
		src, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		f, err := golden.Parse(string(src))
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		t.Run(strings.TrimSuffix(filepath.Base(file), ".frame"), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := newModule(f.Asks, f.Frame)
				got, err := outcome(t.Context(), m, f.Asks[0], f.Options)
				switch {
				case f.WantFault != "" && err == nil:
					t.Errorf("no fault but %s, want %s", got, f.WantFault)
				case f.WantFault != "" && drivers.FaultWord(err) != f.WantFault:
					t.Errorf("fault %s (%v), want %s", drivers.FaultWord(err), err, f.WantFault)
				case f.WantFault == "" && (err != nil || got != f.Want):
					t.Errorf("%s, %v, want %s", got, err, f.Want)
				}
				if !bytes.Equal(m.heard[len(m.heard)-1], f.Asks) {
					t.Errorf("asked % X, the frame answers % X", m.heard, f.Asks)
				}
			})
		})
	}
}

// Whatever a line says to a switching: it counts as switched only if the exact
// confirmation stands in what it has said, to one try or to two in a row.
func FuzzConfirmation(f *testing.F) {
	on := codec.AppendRTU(nil, 1, codec.WriteCoil(172, true).Append(nil))
	f.Add(on, true)
	f.Add(on, false)
	f.Add(on[:7], true)
	f.Add(codec.AppendRTU(nil, 1, []byte{0x85, 2}), true)
	f.Add(append([]byte{0, 0xff}, on...), true)
	f.Add(append(on[6:8:8], on[:6]...), true)
	f.Fuzz(func(t *testing.T, says []byte, to bool) {
		if len(says) > 300 {
			return // longer than the line takes at once
		}
		synctest.Test(t, func(t *testing.T) {
			asks := codec.AppendRTU(nil, 1, codec.WriteCoil(172, to).Append(nil))
			m := newModule(asks, says)
			_, err := outcome(t.Context(), m, 1, "coil: 172")
			if said := bytes.Repeat(says, len(m.heard)); err == nil && !bytes.Contains(said, asks) {
				t.Fatalf("% X counts as the confirmation of % X", said, asks)
			}
			if bytes.Equal(says, asks) && err != nil {
				t.Fatalf("the confirmation itself: %v", err)
			}
		})
	})
}

// Whatever a register or coil says when it is read back: it is a state only if it is one
// of the two.
func FuzzReadBack(f *testing.F) {
	f.Add([]byte{0, 3})
	f.Add([]byte{0, 0})
	f.Add([]byte{1})
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, holds []byte) {
		if len(holds) > 200 {
			return
		}
		synctest.Test(t, func(t *testing.T) {
			asks := codec.AppendRTU(nil, 1, codec.Request{Function: readHolding, Start: 1, Count: 1}.Append(nil))
			m := newModule(asks, codec.AppendRTU(nil, 1, append([]byte{readHolding, byte(len(holds))}, holds...)))
			got, err := outcome(t.Context(), m, 1, "{register: 1, on: 3, off: 0}")
			want := map[string]string{"\x00\x03": "get=on", "\x00\x00": "get=off"}[string(holds)]
			if want == "" && err == nil {
				t.Fatalf("% X is read back as %s", holds, got)
			}
			if want != "" && (err != nil || got != want) {
				t.Fatalf("% X is read back as %s, %v", holds, got, err)
			}
		})
	})
}

// A confirmation that is lost is asked for once more at once, with the same frame, and
// never a third time.
func TestInsistsOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asks := codec.AppendRTU(nil, 1, codec.WriteRegister(1, 3).Append(nil))
		m := newModule(asks, []byte{0xff})
		began := time.Now()
		if _, err := outcome(t.Context(), m, 1, "{register: 1, on: 3, off: 0}"); err == nil {
			t.Error("noise counts as a confirmation")
		}
		n := 0
		for _, frame := range m.heard {
			if bytes.Equal(frame, asks) {
				n++
			}
		}
		if n != 2 || time.Since(began) > unitTimeout {
			t.Errorf("sent %d times in %v", n, time.Since(began))
		}
	})
}

// What only the driver can judge names its key.
func TestWrongOptions(t *testing.T) {
	for _, c := range []struct{ options, key, says string }{
		{"{}", "line", "add one"},
		{"{line: GPIO5, coil: 3}", "coil", "line and coil; delete one"},
		{"{line: GPIO5, active: hgih}", "active", "write high or low"},
		{"{coil: 65536}", "coil", "write 0 to 65535"},
		{"{coil: -1}", "coil", "write 0 to 65535"},
		{"{register: 1, on: 1}", "off", "add off"},
		{"{register: 1, on: 1, off: 1}", "off", "are the same"},
		{"{register: 1, on: 70000, off: 1}", "on", "no value of a register"},
		{"{command: []}", "command", "1 to 32 parts"},
		{"{command: [lamp.sh]}", "command.0", "no full path"},
	} {
		_, err := opened(newModule(nil, nil), 1, c.options)
		if err == nil || !strings.Contains(err.Error(), c.key+": ") || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, want the key %s and %q", c.options, err, c.key, c.says)
		}
	}
}

// Example switches the third relay of a module and asks it.
func Example() {
	n := 2
	p, err := Plan(Options{Coil: &n})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(p.Wire, p.Timeout, p.MaxOn, p.Tells)
	// Output: modbus 2s 30m0s true
}
