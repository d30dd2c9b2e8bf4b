package modbus

import (
	"bytes"
	"encoding/hex"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	codec "github.com/lamppost-city/lamppost/drivers/codec/modbus"
)

// TestStart: the requests by which Yosemitech's probes are started, byte by byte, and
// the answers to them as the library YosemitechModbus prints them.
func TestStart(t *testing.T) {
	for _, c := range []struct {
		function        uint8
		register, count uint16
		request, answer string
		word            string
	}{
		{3, 0x2500, 0, "010325000000 4EC6", "010300 20F0", ""},
		{3, 0x2500, 1, "010325000001 8F06", "0103020000 B844", ""},
		{16, 0x1C00, 0, "01101C00000000 D892", "01101C000000 C799", ""},
		{3, 0x2500, 0, "010325000000 4EC6", "018302 C0F1", "exception"},
		{3, 0x2500, 0, "010325000000 4EC6", "", "timeout"},
		{16, 0x1C00, 0, "01101C00000000 D892", "01101C000001 0659", "timeout"}, // it confirms another write
	} {
		synctest.Test(t, func(t *testing.T) {
			var sent []byte
			b := NewRTU(newFake(func(_ uint8, _ codec.Request, frame []byte) []piece {
				sent = frame
				return []piece{{5 * time.Millisecond, hexed(t, c.answer)}}
			}), Options{Baud: 9600})
			defer b.Close()
			err := b.Unit(1).Start(t.Context(), c.function, c.register, c.count)
			word := ""
			if err != nil {
				word = drivers.FaultWord(err)
			}
			if word != c.word {
				t.Errorf("Start(%d, %#x, %d) answered with %s: %v", c.function, c.register, c.count, c.answer, err)
			}
			if want := hexed(t, c.request); !bytes.Equal(sent, want) {
				t.Errorf("sent % X, want % X", sent, want)
			}
		})
	}
}

// TestStartIsNoWrite: nothing can be written under the name of a start.
func TestStartIsNoWrite(t *testing.T) {
	b := NewRTU(newFake(silent), Options{})
	defer b.Close()
	for _, c := range []struct {
		function        uint8
		register, count uint16
	}{{16, 0x1C00, 1}, {6, 0, 0}, {5, 0, 0}, {3, 0, 126}, {4, 65535, 2}, {1, 0, 0}} {
		if err := b.Unit(1).Start(t.Context(), c.function, c.register, c.count); err == nil {
			t.Errorf("Start(%+v) is accepted", c)
		}
	}
	if err := b.Unit(0).Start(t.Context(), 3, 0x2500, 0); err == nil {
		t.Error("all slaves of a line are started at once")
	}
	if h := b.Health(); h.Requests != 0 {
		t.Errorf("%d of them were sent", h.Requests)
	}
}

func hexed(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}
