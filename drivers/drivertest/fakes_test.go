package drivertest

import (
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
)

func TestPortKeepsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := NewPort(Chunk{At: time.Second, Bytes: []byte("abc")}, Chunk{At: time.Minute, Unplug: true})
		begun, buf := time.Now(), make([]byte, 2)
		n, err := p.Read(t.Context(), buf)
		if n != 2 || err != nil || time.Since(begun) != time.Second {
			t.Errorf("Read = %d, %v after %v; want 2 bytes after a second", n, err, time.Since(begun))
		}
		if n, err = p.Read(t.Context(), buf); n != 1 || err != nil {
			t.Errorf("Read = %d, %v; want the third byte", n, err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err = p.Read(ctx, buf); !errors.Is(err, drivers.ErrTimeout) {
			t.Errorf("Read past its deadline ends with %v", err)
		}
		if _, err = p.Write(ctx, []byte("x")); !errors.Is(err, drivers.ErrTimeout) {
			t.Errorf("Write past its deadline ends with %v", err)
		}
		if n, err := p.Write(t.Context(), []byte("go")); n != 2 || err != nil || string(p.Written[0]) != "go" {
			t.Errorf("Write = %d, %v, written %q", n, err, p.Written)
		}
		if _, err = p.Read(t.Context(), buf); !errors.Is(err, drivers.ErrUnplugged) || time.Since(begun) != time.Minute {
			t.Errorf("Read = %v after %v; want unplugged after a minute", err, time.Since(begun))
		}
		_, err = p.Write(t.Context(), []byte("x"))
		if !errors.Is(err, drivers.ErrUnplugged) || !errors.Is(p.Discard(), drivers.ErrUnplugged) {
			t.Errorf("Write and Discard on an unplugged line: %v, %v", err, p.Discard())
		}
	})
}

func TestModbusAnswersFromItsMaps(t *testing.T) {
	m := &Modbus{
		Registers: map[uint8]map[uint16]uint16{3: {8: 1, 9: 2}, 4: {8: 0xffff}},
		Bits:      map[uint8]map[uint16]bool{1: {0: true, 1: false}},
	}
	if got, err := m.ReadRegisters(t.Context(), 3, 8, 2); err != nil || !slices.Equal(got, []uint16{1, 2}) {
		t.Errorf("holding registers 8 and 9: %v, %v", got, err)
	}
	if got, err := m.ReadBits(t.Context(), 1, 0, 2); err != nil || !slices.Equal(got, []bool{true, false}) {
		t.Errorf("coils 0 and 1: %v, %v", got, err)
	}
	if _, err := m.ReadRegisters(t.Context(), 4, 8, 2); !errors.Is(err, drivers.ErrException) || err.Error() != Exception(2).Error() {
		t.Errorf("a register that is not there: %v", err)
	}
	if m.Misuse != nil {
		t.Errorf("misuse: %v", m.Misuse)
	}
	for _, r := range []Request{{1, 0, 1}, {5, 0, 1}, {3, 0, 0}, {3, 0, 126}, {4, 65535, 2}} {
		m := &Modbus{}
		if _, err := m.ReadRegisters(t.Context(), r.Function, r.Start, r.Count); err == nil || m.Misuse == nil {
			t.Errorf("%+v is answered: %v", r, err)
		}
	}
	if _, err := m.ReadBits(t.Context(), 3, 0, 1); err == nil || m.Misuse == nil {
		t.Errorf("bits are read with function 3: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := m.ReadRegisters(ctx, 3, 8, 1); !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled request ends with %v", err)
	}
}

func TestFetcher(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://camera/still.jpg", nil)
		if err != nil {
			t.Fatal(err)
		}
		page := func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, "0123456789") }
		f := &Fetcher{Handler: http.HandlerFunc(page)}
		res, err := f.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		if b, err := io.ReadAll(res.Body); string(b) != "0123456789" || err != nil {
			t.Errorf("the page is %q, %v", b, err)
		}
		for range 2 {
			if err := res.Body.Close(); err != nil {
				t.Error(err)
			}
		}
		if f.Opened != 1 || f.Closed != 1 || len(f.Asked) != 1 {
			t.Errorf("opened %d, closed %d, asked %d", f.Opened, f.Closed, len(f.Asked))
		}
		f.Stall = 4
		if res, err = f.Do(req); err != nil {
			t.Fatal(err)
		}
		if b, err := io.ReadAll(res.Body); string(b) != "0123" || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a stalled page is %q, %v", b, err)
		}
		if _, err := f.Do(req); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a request past its deadline ends with %v", err)
		}
	})
}
