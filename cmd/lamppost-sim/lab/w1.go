package lab

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/scenario"
	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/truth"
)

// W1 is the kernel's folder of 1-Wire slaves, with DS18B20 in it. The kernel converts
// when a file is read; here the files are written anew each second, each in one step, so
// that a reader never sees half of one. Source: Documentation/w1/slaves/w1_therm.rst of
// the kernel, and DS18B20 data sheet (19-7487), memory map and CRC.
type W1 struct {
	dir    string
	to     Recorder
	slaves []*Slave

	mu   sync.Mutex
	gone bool
}

// Slave is a DS18B20 on the wire.
type Slave struct {
	ID     string // 28-0316a2794eff
	Device string // the gateway's name for it, for the truth log
	Source Source

	cold bool // it had no supply; the first conversion is not done yet
}

// refresh is how often the slaves are read.
const refresh = time.Second

// OpenW1 makes the folder. What a killed simulator left there is removed; a folder that
// holds anything else is an error. Close must be called.
func OpenW1(dir string, to Recorder, slaves ...Slave) (*W1, error) {
	w := &W1{dir: dir, to: to}
	for _, s := range slaves {
		w.slaves = append(w.slaves, &s)
	}
	if err := w.clear(); err != nil {
		return nil, err
	}
	return w, w.Refresh()
}

// Path is where the folder is.
func (w *W1) Path() string { return w.dir }

// Run writes the files again and again until ctx ends, or one cannot be written.
func (w *W1) Run(ctx context.Context) error {
	t := time.NewTicker(refresh)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-t.C:
			if err := w.Refresh(); err != nil {
				return err
			}
		}
	}
}

// Unplug takes the whole bus away, and the supply of its slaves.
func (w *W1) Unplug() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.gone = true
	for _, s := range w.slaves {
		s.cold = true
	}
	return w.clear()
}

// Replug puts it back: the slaves first say 85 °C, which they have measured nowhere.
func (w *W1) Replug() error {
	w.mu.Lock()
	w.gone = false
	w.mu.Unlock()
	return w.Refresh()
}

// Close removes the folder.
func (w *W1) Close() error { return w.Unplug() }

// clear removes the slaves' folders, and then the folder, if nothing else is in it.
func (w *W1) clear() error {
	var errs []error
	for _, s := range w.slaves {
		errs = append(errs, os.RemoveAll(filepath.Join(w.dir, s.ID)))
	}
	if err := os.Remove(w.dir); err != nil && !errors.Is(err, os.ErrNotExist) {
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// Refresh lets every slave convert once.
func (w *W1) Refresh() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.gone {
		return nil
	}
	for _, s := range w.slaves {
		m := s.Source.Mishap()
		pad := s.convert()
		lines := pad.lines()
		if m.Garbage {
			pad, lines = scratchpad{}, nil // the line is shorted to ground
		}
		text, temp := pad.files(m)
		if err := w.write(s.ID, map[string]string{"w1_slave": text, "temperature": temp}); err != nil {
			return err
		}
		if m.Silent || m.Unplug || m.Flip {
			silence(w.to, s.Device)
			continue
		}
		say(w.to, s.Device, truth.Frame, m, lines)
	}
	return nil
}

// convert measures and returns the scratchpad.
func (s *Slave) convert() scratchpad {
	if s.cold {
		s.cold = false
		return padOf(0x0550, 0x0C)
	}
	raw := int16(math.Round(min(max(s.Source.Value("temp"), -55), 125) * 16))
	return padOf(raw, byte(16-raw&15))
}

// write replaces files in one step each.
func (w *W1) write(slave string, files map[string]string) error {
	dir := filepath.Join(w.dir, slave)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for name, text := range files {
		next := filepath.Join(w.dir, slave, "."+name)
		if err := os.WriteFile(next, []byte(text), 0o644); err != nil {
			return err
		}
		if err := os.Rename(next, filepath.Join(dir, name)); err != nil {
			return err
		}
	}
	return nil
}

// scratchpad is the slave's memory of nine bytes.
type scratchpad [9]byte

// padOf is a scratchpad at 12 bits, with alarms as delivered.
func padOf(raw int16, rest byte) (p scratchpad) {
	p = scratchpad{byte(raw), byte(uint16(raw) >> 8), 0x4B, 0x46, 0x7F, 0xFF, rest, 0x10}
	p[8] = crcMaxim(p[:8])
	return p
}

func (p scratchpad) temp() float64 { return float64(int16(uint16(p[1])<<8|uint16(p[0]))) / 16 }

// powerOn says whether p is what a slave holds before it has converted.
func (p scratchpad) powerOn() bool { return p[0] == 0x50 && p[1] == 0x05 && p[6] == 0x0C }

func (p scratchpad) lines() []truth.Line {
	if p.powerOn() {
		return nil
	}
	return []truth.Line{{Channel: "temp", V: p.temp(), Resolution: 0.0021}} // the kernel's text ends at thousandths
}

// files are the texts of the kernel: empty when a slave does not answer, and without a
// temperature when its check byte is wrong.
func (p scratchpad) files(m scenario.Mishap) (slave, temp string) {
	if m.Silent || m.Unplug {
		return "", ""
	}
	b, ok := [9]byte(p), "YES"
	if m.Flip {
		copy(b[:], scenario.Mishap{Flip: true}.Damage(p[:]))
		ok = "NO"
	}
	milli := int(math.Trunc(p.temp() * 1000))
	slave = fmt.Sprintf("% x : crc=%02x %s\n% x t=%d\n", b[:], crcMaxim(b[:8]), ok, p[:], milli)
	if m.Flip {
		return slave, ""
	}
	return slave, fmt.Sprintf("%d\n", milli)
}

// crcMaxim is the check byte of 1-Wire: polynomial 0x31, the lowest bit first, from 0 on.
func crcMaxim(p []byte) (crc byte) {
	for _, b := range p {
		for i := range 8 {
			mix := (crc ^ b>>i) & 1
			if crc >>= 1; mix == 1 {
				crc ^= 0x8C
			}
		}
	}
	return crc
}
