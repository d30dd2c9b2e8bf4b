package uart

import (
	"bytes"
	"encoding/hex"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/truth"
)

// shots gives numbered pictures of n bytes.
func shots(n int) func() Shot {
	taken := byte(0)
	return func() Shot {
		taken++
		return Shot{JPEG: bytes.Repeat([]byte{taken}, n), Line: truth.Line{V: float64(taken), Via: truth.Still}}
	}
}

// The exchanges of the protocol sheet, in the order in which a picture is read.
func TestVC0706(t *testing.T) {
	hold(t, &VC0706{Look: shots(13)}, 3*time.Second, nil,
		exchange{"56 00 11 00", "76 00 11 00 0B" + hex.EncodeToString([]byte("VC0703 1.00"))},
		exchange{"56 00 30 04 04 01 00 19", "76 00 30 00 01 00"},
		exchange{"56 00 31 05 04 01 00 19 11", "76 00 31 00 00"},
		exchange{"56 00 30 04 04 01 00 19", "76 00 30 00 01 11"},
		exchange{"56 00 31 05 01 01 12 04 36", "76 00 31 00 00"},
		exchange{"56 00 34 01 00", "76 00 34 04 00"}, // nothing is held
		exchange{"56 00 36 01 00", "76 00 36 00 00"},
		exchange{"56 00 34 01 00", "76 00 34 00 04 00 00 00 0D"},
		exchange{"56 00 32 0C 00 0A 00 00 00 00 00 00 00 08 00 0A", "76 00 32 00 00 01 01 01 01 01 01 01 01 76 00 32 00 00"},
		exchange{"56 00 32 0C 00 0A 00 00 00 08 00 00 00 08 00 0A", "76 00 32 00 00 01 01 01 01 01 00 00 00 76 00 32 00 00"},
		exchange{"56 00 36 01 00", "76 00 36 00 00"}, // held already: the same picture
		exchange{"56 00 32 0C 00 0A 00 00 00 00 00 00 00 08 00 0A", "76 00 32 00 00 01 01 01 01 01 01 01 01 76 00 32 00 00"},
		exchange{"56 00 36 01 03", "76 00 36 00 00"},
		exchange{"56 00 36 01 00", "76 00 36 00 00"},
		exchange{"56 00 32 0C 00 0A 00 00 00 00 00 00 00 08 00 0A", "76 00 32 00 00 02 02 02 02 02 02 02 02 76 00 32 00 00"},
		exchange{"56 00 32 0C 00 0A 00 00 00 03 00 00 00 08 00 0A", "76 00 32 03 00"}, // no multiple of 8
		exchange{"56 00 32 0C 00 0A 00 00 00 10 00 00 00 08 00 0A", "76 00 32 03 00"}, // behind the end
		exchange{"56 00 36 01 07", "76 00 36 03 00"},
		exchange{"56 00 99 00", "76 00 99 03 00"},
		exchange{"56 01 11 00", ""}, // another camera
		exchange{"FF 56 00 36 01 03", "76 00 36 00 00"},
		exchange{"56 00 26 00", "76 00 26 00 00" + hex.EncodeToString([]byte("VC0703 1.00\r\n3o ctrl in\r\nInit end\r\n"))},
	)
}

// The truth line of a picture goes with the piece that ends it, and with no other.
func TestVC0706Truth(t *testing.T) {
	p := &VC0706{Look: shots(13)}
	for _, c := range []struct {
		asks string
		want int
	}{
		{"56 00 36 01 00", 0}, {"56 00 34 01 00", 0},
		{"56 00 32 0C 00 0A 00 00 00 00 00 00 00 08 00 0A", 0}, {"56 00 32 0C 00 0A 00 00 00 08 00 00 00 08 00 0A", 1},
	} {
		_, says := p.Hear(unhex(t, c.asks), nil)
		if len(says) != 1 || len(says[0].Lines) != c.want {
			t.Errorf("%s: %+v, want %d lines", c.asks, says, c.want)
		}
	}
}

// The command list, with what the public library's author found out about pieces.
func TestHydroCam(t *testing.T) {
	text := func(s string) string { return hex.EncodeToString([]byte(s)) }
	synctest.Test(t, func(t *testing.T) {
		p := &HydroCam{Look: shots(5), Exposes: 6 * time.Second}
		for _, c := range []struct {
			after      time.Duration
			asks, says string
		}{
			{0, "#get_status", text("NONE\r\n")},
			{0, "#get_image=0,5,RAW", text("ERR\r\n")},
			{0, "#take_snapshot", text("OK\r\n")},
			{0, "#get_status", text("BUSY\r\n")},
			{0, "#take_snapshot", text("BUSY\r\n")},
			{6 * time.Second, "#get_status", text("READY,5\r\n")},
			{0, "#get_image=0,3,RAW", "0000 010101"},
			{0, "#get_image=0,3,RAW", "0000 010100"}, // it goes on, whatever is asked, and is zero behind the end
			{0, "#set_resolution=160x120", text("OK\r\n")},
			{0, "#no_such_thing", text("ERR\r\n")},
			{0, "hello", ""},
		} {
			time.Sleep(c.after)
			if got := ask(t, p, nil, []byte(c.asks+"\r\n")); !bytes.Equal(got, unhex(t, c.says)) {
				t.Errorf("%s is answered with %q", c.asks, got)
			}
		}
	})
}
