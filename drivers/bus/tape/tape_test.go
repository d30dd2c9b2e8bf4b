package tape

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/obs"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func load(t testing.TB, file string) *Tape {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", file))
	if err != nil {
		t.Fatal(err)
	}
	return parse(t, string(b))
}

func parse(t testing.TB, src string) *Tape {
	t.Helper()
	tape, err := Read("test", strings.NewReader(src))
	if err != nil {
		t.Fatal(err)
	}
	return tape
}

// head is the smallest header of a wire.
func head(wire string) string {
	if wire == "modbus" {
		wire += "\nframing: rtu"
	}
	return "lamppost tape 1\ndriver: toy\nwire: " + wire + "\nby: nobody\nat: 2026-03-02T08:14:00Z\n\n"
}

func TestRead(t *testing.T) {
	tape := load(t, "xy-md02.tape")
	want := Header{Driver: "modbus", Wire: drivers.ModbusUnit, Framing: "rtu", Options: "{profile: xy-md02}", Part: "XY-MD02",
		By: "constructed after the part's manual, no real part", At: time.Date(2026, 3, 2, 8, 14, 0, 0, time.UTC), Notes: []string{"constructed"}}
	if !reflect.DeepEqual(tape.Header, want) {
		t.Errorf("header %+v\nwant   %+v", tape.Header, want)
	}
	if e := tape.Entries[2]; e.Line != 14 || e.At != 34120*time.Microsecond || e.Kind != Received || len(e.Bytes) != 9 {
		t.Errorf("entry %+v", e)
	}
	if n := tape.Samples(); n != 7 {
		t.Errorf("%d samples", n)
	}
}

func TestReadRefuses(t *testing.T) {
	for _, c := range []struct{ src, want string }{
		{"", `it is empty; a tape begins with "lamppost tape 1"`},
		{"lamppost tape 2\n", `line 1: a tape begins with "lamppost tape 1"`},
		{"lamppost tape 1\n", "there are no entries; they come after the header and an empty line"},
		{"lamppost tape 1\ndriver modbus\n", `line 2: "driver modbus" is no line of the header (key: value); entries come after an empty line`},
		{"lamppost tape 1\nfrimware: 1\n", `line 2: "frimware" is none of driver, wire, framing, options, part, firmware, by, software, at, note`},
		{"lamppost tape 1\nby: a\nby: b\n", "line 3: by is there twice"},
		{"lamppost tape 1\nby:\n", "line 2: by has no value; delete the line"},
		{"lamppost tape 1\nby: \x01\n", "line 2: by has a control character in it"},
		{"lamppost tape 1\nby: \xff\n", `line 2: it is not UTF-8; write bytes as hexadecimal digits or with \x`},
		{"lamppost tape 1\nat: noon\n", `line 2: "noon" is no time; write it like 2026-03-02T08:14:00Z`},
		{"lamppost tape 1\ndriver: x\nby: me\n\n0 ?\n", "line 4: the header above does not say wire"},
		{head("http"), `line 6: wire "http" is none of [serial modbus i2c input pulse w1 sdi12 process host output program]`},
		{strings.Replace(head("modbus"), "rtu", "ascii", 1), `line 7: framing is rtu or tcp, not "ascii"`},
		{strings.Replace(head("serial"), "by:", "framing: rtu\nby:", 1), "line 7: framing belongs to the wire modbus"},
		{head("serial") + "0.5 ?\n0.4 =x=1", "line 8: time goes back from 0.500000"},
		{head("serial") + "0.1234567 ?", `line 7: "0.1234567" is no time; write seconds with up to six decimals`},
		{head("serial") + "-1 ?", `line 7: "-1" is no time; write seconds with up to six decimals`},
		{head("serial") + "1", "line 7: nothing happens at 1; write one of > < ! ? = behind it"},
		{head("serial") + "1 ~ 00", `line 7: "~" is none of the marks > < ! ? =`},
		{head("serial") + "1 > 0", "line 7: bytes are pairs of hexadecimal digits: encoding/hex: odd length hex string"},
		{head("serial") + "1 >", "line 7: no bytes; write - where there are none"},
		{head("serial") + "1 > -", "line 7: no bytes at all; delete the line"},
		{head("serial") + "1 > \"x", `line 7: "x is no text in quotes`},
		{head("serial") + "1 ! tired", `line 7: "tired" is no fault word`},
		{head("serial") + "1 ?\n1 = fault tired", `line 8: "tired" is no fault word`},
		{head("serial") + "1 ?\n1 =", "line 8: an outcome is readings, or fault and its word"},
		{head("serial") + "1 ? now", `line 7: behind ? stands nothing or, for an output, one of on, off and read, not "now"`},
		{head("serial") + "1 ?\n2 ?", "line 8: a sample begins in the middle of another; its = is missing"},
		{head("serial") + "1 = x=1", "line 7: this = has no ? before it"},
		{head("i2c") + "1 < 00", "line 7: nothing was asked that this could answer"},
		{head("i2c") + "1 > D0\n1 > D1", "line 8: the > before has neither an answer nor a fault"},
		{head("serial") + "1 > " + strings.Repeat("00", maxLine), "line 7: it is longer than 524288 bytes"},
	} {
		_, err := Read("x.tape", strings.NewReader(c.src))
		sep := ": "
		if strings.HasPrefix(c.want, "line") {
			sep = " "
		}
		if err == nil || err.Error() != "tape x.tape"+sep+c.want || !errors.Is(err, ErrTape) {
			t.Errorf("%.80q gives\n     %v\nwant tape x.tape%s%s", c.src, err, sep, c.want)
		}
	}
	if _, err := Read("big", strings.NewReader(strings.Repeat("\n", MaxBytes+1))); err == nil {
		t.Error("a tape without end is read")
	}
}

// TestWrite: what is awkward on a line survives it.
func TestWrite(t *testing.T) {
	for _, wire := range wires {
		tape := &Tape{Name: "test", Header: Header{Driver: "toy", Wire: wire, By: "李伟", At: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Notes: []string{"# no comment", "a: b"}}}
		if wire == drivers.ModbusUnit {
			tape.Framing = "tcp"
		}
		for i, b := range [][]byte{{0}, []byte("0M!\r\n\"\\"), {0xff, 0xfe, '-'}, []byte("温度"), []byte("-")} {
			at := time.Duration(i) * time.Millisecond
			tape.Entries = append(tape.Entries, Entry{At: at, Kind: Sent, Bytes: b}, Entry{At: at, Kind: Received, Bytes: b})
		}
		if paired(wire) {
			tape.Entries = append(tape.Entries, Entry{At: time.Hour, Kind: Sent}, Entry{At: time.Hour, Kind: Received})
		}
		tape.Entries = append(tape.Entries, Entry{At: time.Hour, Kind: Begin}, Entry{At: time.Hour, Kind: Fault, Text: "busy"}, Entry{At: time.Hour, Kind: Outcome, Text: "x=1 y=none/warm-up"})
		again(t, tape)
	}
}

// again writes tape, reads it back and compares.
func again(t testing.TB, tape *Tape) {
	t.Helper()
	var b bytes.Buffer
	if err := tape.Write(&b); err != nil {
		t.Fatal(err)
	}
	back, err := Read(tape.Name, bytes.NewReader(b.Bytes()))
	if err != nil {
		t.Fatalf("%v\n%s", err, b.Bytes())
	}
	want := *tape
	want.Entries = append([]Entry(nil), tape.Entries...)
	for i := range back.Entries {
		back.Entries[i].Line = 0
		if i < len(want.Entries) {
			want.Entries[i].Line = 0
			if len(want.Entries[i].Bytes) == 0 {
				want.Entries[i].Bytes = nil
			}
		}
		if len(back.Entries[i].Bytes) == 0 {
			back.Entries[i].Bytes = nil
		}
	}
	if !reflect.DeepEqual(back, &want) {
		t.Errorf("read back as\n%+v\nwant\n%+v\nfrom\n%s", back, &want, b.Bytes())
	}
}

// Law: what is read, and written, reads the same again.
func FuzzRead(f *testing.F) {
	src, err := os.ReadFile("testdata/xy-md02.tape")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(src))
	f.Add(head("w1") + "0 ?\n0.1 > \"temperature\"\n0.8 < \"23062\\n\"\n0.9 = temp=23.062\n")
	f.Add(head("i2c") + "0 > D0\n0 < 60\n1 > F4 27\n1 < -\n2 > -\n3 ! timeout\n")
	f.Fuzz(func(t *testing.T, src string) {
		if tape, err := Read("fuzz", strings.NewReader(src)); err == nil {
			again(t, tape)
		}
	})
}

func TestText(t *testing.T) {
	channels := []drivers.Channel{{Name: "temp"}, {Name: "rh"}, {Name: "level"}}
	fail := obs.Of(1e6)
	fail.Quality = obs.Quality{Flag: obs.Fail, Why: obs.Range}
	for _, c := range []struct {
		rs   []obs.Reading
		err  error
		want string
	}{
		{[]obs.Reading{obs.Of(21.3), obs.None(obs.WarmUp), fail}, nil, "temp=21.3 rh=none/warm-up level=1e+06/fail/range"},
		{nil, errors.Join(errors.New("air"), drivers.ErrChecksum), "fault checksum"},
		{nil, nil, "-"},
	} {
		if got := Text(channels, c.rs, c.err); got != c.want {
			t.Errorf("Text(%v, %v) = %s, want %s", c.rs, c.err, got, c.want)
		}
	}
}
