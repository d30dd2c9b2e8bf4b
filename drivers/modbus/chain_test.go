//go:build linux

package modbus

import (
	"context"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	bus "github.com/lamppost-city/lamppost/drivers/bus/modbus"
	"github.com/lamppost-city/lamppost/drivers/bus/ptytest"
	"github.com/lamppost-city/lamppost/drivers/bus/serial"
	codec "github.com/lamppost-city/lamppost/drivers/codec/modbus"
	"github.com/lamppost-city/lamppost/drivers/drivertest"
)

var _ timed = (*bus.Unit)(nil)

// answering plays parts on a pty: registers by unit, everything else is refused
// with exception 2, and so is any block on a unit in touchy.
func answering(t *testing.T, units map[uint8]drivertest.Modbus, touchy uint8) (path string) {
	t.Helper()
	master, slave, err := ptytest.Open()
	if err != nil {
		t.Fatal(err)
	}
	keep, err := os.OpenFile(slave, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		for b := make([]byte, 8); ; {
			for got := 0; got < len(b); {
				n, err := master.Read(b[got:])
				if err != nil {
					return
				}
				got += n
			}
			unit, pdu, _ := codec.ParseRTU(b)
			r, _ := codec.ParseRequest(pdu)
			u := units[unit]
			words, err := u.ReadRegisters(context.Background(), r.Function, r.Start, r.Count)
			a := codec.Answer{Function: r.Function}
			if err != nil || unit == touchy && r.Count > 2 {
				a.Exception = codec.IllegalAddress
			} else {
				for _, w := range words {
					a.Data = append(a.Data, byte(w>>8), byte(w))
				}
			}
			if _, err := master.Write(codec.AppendRTU(nil, unit, a.Append(nil))); err != nil {
				return
			}
		}
	})
	t.Cleanup(func() { keep.Close(); master.Close(); wg.Wait() })
	return slave
}

// TestChain reads real profiles over the real line owner: driver, bus, serial
// line, tty and back. The meter refuses every block, so that it is read register
// by register.
func TestChain(t *testing.T) {
	p := builtIn(t)
	units, want := map[uint8]drivertest.Modbus{}, map[string]string{}
	ids := []string{"keller-36xw", "weather-01f4", "sdm120"}
	for i, id := range ids {
		f, _ := p.Get(id)
		good, ok := part(t, f, nil)
		if !ok {
			t.Fatal(id)
		}
		units[uint8(i+1)], want[id] = good.Unit, good.Want
	}
	line, err := serial.New(serial.Config{Path: answering(t, units, 3)})
	if err != nil {
		t.Fatal(err)
	}
	b := bus.NewRTU(line, bus.Options{Baud: 115200})
	defer b.Close()
	for range 2 {
		for i, id := range ids {
			pl := planned(t, p, "profile: "+id)
			d, err := pl.OpenModbus(b.Unit(uint8(i + 1)))
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), pl.Timeout)
			rs, err := d.Sample(ctx)
			cancel()
			if err != nil {
				t.Fatalf("%s: %v", id, err)
			}
			got := ""
			for i, r := range rs {
				got += fmt.Sprintf(" %s=%v", pl.Channels[i].Name, r.Value)
			}
			if got != " "+want[id] {
				t.Errorf("%s reads%s\nwant %s", id, got, want[id])
			}
		}
	}
	h := b.Health()
	if h.Exceptions != 2 || h.Timeouts != 0 || h.Damaged != 0 || h.Units[2].Answers != 14 { // six channels and the sign, twice
		t.Errorf("health %+v", h)
	}
	if u := h.Units[0]; u.Response <= 0 || u.Response > time.Second {
		t.Errorf("response time %v", u.Response)
	}
}
