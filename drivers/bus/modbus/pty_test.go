//go:build linux

package modbus

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	codec "github.com/lamppost-city/lamppost/drivers/codec/modbus"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/bus/ptytest"
	"github.com/lamppost-city/lamppost/drivers/bus/serial"
)

// adapter is a pty with slaves 1 to 9 on it, of which number 4 is silent and
// number 5 damages its frames.
func adapter(t *testing.T, link string) (unplug func()) {
	t.Helper()
	master, slave, err := ptytest.Open()
	if err != nil {
		t.Fatal(err)
	}
	_ = os.Remove(link)
	if err := os.Symlink(slave, link); err != nil {
		t.Fatal(err)
	}
	keep, err := os.OpenFile(slave, os.O_RDWR, 0) // else the master reads EIO between two openings
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		var held []byte
		for buf := make([]byte, 256); ; {
			n, err := master.Read(buf)
			if err != nil {
				return
			}
			for held = append(held, buf[:n]...); len(held) >= 8; held = held[8:] {
				unit, pdu, err := codec.ParseRTU(held[:8])
				if err != nil {
					held = nil
					break
				}
				r, _ := codec.ParseRequest(pdu)
				frame := registers(unit, r)
				switch unit {
				case 4:
					continue
				case 5:
					frame[3] ^= 1
				}
				if _, err := master.Write(frame); err != nil {
					return
				}
			}
		}
	})
	unplug = sync.OnceFunc(func() {
		keep.Close()
		master.Close()
		wg.Wait()
	})
	t.Cleanup(unplug)
	return unplug
}

// TestRealLine runs the bus over a real tty: good, silent and damaging slaves,
// then the plug is pulled and put back.
func TestRealLine(t *testing.T) {
	link := filepath.Join(t.TempDir(), "rs485")
	unplug := adapter(t, link)
	line, err := serial.New(serial.Config{Path: link, Settings: drivers.LineSettings{Baud: 115200}})
	if err != nil {
		t.Fatal(err)
	}
	b := NewRTU(line, Options{Baud: 115200, Answer: 250 * time.Millisecond})
	defer b.Close()
	ask := func(unit uint8) error {
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		words, err := b.Unit(unit).ReadRegisters(ctx, 3, 0x1F4, 16)
		if err == nil && words[15] != 0x1F4+15 {
			t.Errorf("unit %d: wrong registers %v", unit, words)
		}
		return err
	}
	for unit, want := range []error{1: nil, 2: nil, 3: nil, 4: drivers.ErrTimeout, 5: drivers.ErrChecksum, 6: nil} {
		if unit > 0 && !errors.Is(ask(uint8(unit)), want) {
			t.Errorf("unit %d does not end with %v", unit, want)
		}
	}
	if h := line.Health(); h.BadChecksums == 0 || h.BytesOut < 6*8 {
		t.Errorf("line health %+v", h)
	}

	unplug()
	if err := ask(1); !errors.Is(err, drivers.ErrUnplugged) {
		t.Errorf("unplugged: %v", err)
	}
	adapter(t, link)
	for end := time.Now().Add(5 * time.Second); ; {
		if err = ask(1); err == nil || time.Now().After(end) {
			break
		}
	}
	if h := line.Health(); err != nil || h.Reopened != 1 {
		t.Errorf("plugged in again: %v, %+v", err, h)
	}
	if h := b.Health(); h.Units[0].Failures != 0 || h.Units[0].Skipped != 0 {
		t.Errorf("unit 1 was blamed for the plug: %+v", h.Units[0])
	}
}
