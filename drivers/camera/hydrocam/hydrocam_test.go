package hydrocam

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
)

// The commands as the maker's list and the public library print them.
func TestCommands(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{GetStatus, "#get_status"},
		{GetInfo, "#get_info"},
		{TakeSnapshot, "#take_snapshot"},
		{GetImage(0, 512), "#get_image=0,512,RAW"},
		{GetImage(512, 100), "#get_image=512,100,RAW"},
		{SetResolution(LeastWidth, LeastHeight), "#set_resolution=160x120"},
		{SetResolution(MostWidth, MostHeight), "#set_resolution=2592x1944"},
		{SetQuality(80), "#set_quality=80"},
		{SetMaximumSize(100000), "#set_jpeg_maximum_size=100000"},
		{RunAutofocus, "#run_autofocus"},
		{MoveFocus(-3), "#move_focus=-3"},
		{MoveZoom(2), "#move_zoom=2"},
		{SetLight("on"), "#set_ir_led_mode=on"},
		{SetLight("off"), "#set_ir_led_mode=off"},
		{SetLight("auto"), "#set_ir_led_mode=auto"},
		{Reset, "#reset"},
		{Sleep(60), "#sleep=60"},
	} {
		if c.got != c.want+"\r\n" {
			t.Errorf("%q, want %q and CR LF", c.got, c.want)
		}
	}
}

func TestParseStatus(t *testing.T) {
	for line, want := range map[string]Status{
		"READY,81234": {Ready, 81234}, "READY, 500\r\n": {Ready, 500},
		"BUSY": {State: Busy}, "NONE": {State: None}, "ERR": {State: Err}, "OK\r\n": {State: OK},
	} {
		if got, err := ParseStatus(line); got != want || err != nil {
			t.Errorf("ParseStatus(%q) = %v, %v; want %v", line, got, err, want)
		}
	}
	for _, line := range []string{"", "READY", "READY,", "READY,-1", "READY,0", "READY,99999999999", "READY,1 2", "ready,1", "OK,1", "#OK", "BUSYBUSY", strings.Repeat("x", 1000)} {
		if got, err := ParseStatus(line); err == nil || len(err.Error()) > 150 {
			t.Errorf("ParseStatus(%.20q) = %v, %v; want a short error", line, got, err)
		}
	}
}

func TestPiece(t *testing.T) {
	if b, err := Piece([]byte{0, 0, 0xFF, 0xD8}, 2); err != nil || !bytes.Equal(b, []byte{0xFF, 0xD8}) {
		t.Errorf("% x, %v", b, err)
	}
	for _, n := range []int{1, 3, 4} {
		if _, err := Piece([]byte{0, 0, 0xFF, 0xD8}, n); err == nil {
			t.Errorf("4 bytes are a piece of %d", n)
		}
	}
}

func TestLine(t *testing.T) {
	line, rest, ok := Line([]byte("OK\r\nREADY,9\r\n"))
	if line != "OK" || string(rest) != "READY,9\r\n" || !ok {
		t.Errorf("%q, %q, %v", line, rest, ok)
	}
	if _, rest, ok := Line([]byte("REA")); ok || string(rest) != "REA" {
		t.Errorf("half a line: %q, %v", rest, ok)
	}
}

// FuzzParseStatus holds that what is read can be written and read again, and that a size
// goes with READY and with nothing else.
func FuzzParseStatus(f *testing.F) {
	for _, s := range []string{"READY,81234\r\n", "BUSY", "ERR", "READY,", "READY,4294967296"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, line string) {
		s, err := ParseStatus(line)
		if err != nil {
			return
		}
		if (s.State == Ready) != (s.Size > 0) {
			t.Fatalf("%q is %v", line, s)
		}
		text := string(s.State)
		if s.Size > 0 {
			text = fmt.Sprintf("%s,%d", s.State, s.Size)
		}
		if again, err := ParseStatus(text + "\r\n"); again != s || err != nil {
			t.Fatalf("%q is %v, written %q and read %v, %v", line, s, text, again, err)
		}
	})
}
