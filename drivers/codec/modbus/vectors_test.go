package modbus

import (
	"bytes"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"testing"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatalf("bad hex in the test: %v", err)
	}
	return b
}

// exchanges are the worked examples of the Modbus Application Protocol
// Specification V1.1b3, chapter 6, with the CRC added. An empty answer stands
// for the request repeated.
var exchanges = []struct {
	name, request, answer string
	want                  Request
	registers             []uint16
	exception             Exception
}{
	{"read coils 19-37", "01 01 00 13 00 13 8C 02", "01 01 03 CD 6B 05 42 82", Request{Function: 1, Start: 0x13, Count: 19}, nil, 0},
	{"read inputs 196-217", "01 02 00 C4 00 16 B8 39", "01 02 03 AC DB 35 22 88", Request{Function: 2, Start: 196, Count: 22}, nil, 0},
	{"read 3 registers from 107", "01 03 00 6B 00 03 74 17", "01 03 06 02 2B 00 00 00 64 05 7A", Request{Function: 3, Start: 107, Count: 3}, []uint16{555, 0, 100}, 0},
	{"slave 17", "11 03 00 6B 00 03 76 87", "11 03 06 AE 41 56 52 43 40 49 AD", Request{Function: 3, Start: 107, Count: 3}, []uint16{0xAE41, 0x5652, 0x4340}, 0},
	{"input register", "01 04 00 08 00 01 B0 08", "01 04 02 00 0A 39 37", Request{Function: 4, Start: 8, Count: 1}, []uint16{10}, 0},
	{"coil on", "01 05 00 AC FF 00 4C 1B", "", Request{Function: 5, Start: 0xAC, Count: 1, Data: []byte{0xFF, 0}}, nil, 0},
	{"write register", "01 06 00 01 00 03 98 0B", "", Request{Function: 6, Start: 1, Count: 1, Data: []byte{0, 3}}, nil, 0},
	{"write coils", "01 0F 00 13 00 0A 02 CD 01 72 CB", "01 0F 00 13 00 0A 24 09", Request{Function: 15, Start: 0x13, Count: 10, Data: []byte{0xCD, 1}}, nil, 0},
	{"write registers", "01 10 00 01 00 02 04 00 0A 01 02 92 30", "01 10 00 01 00 02 10 08", Request{Function: 16, Start: 1, Count: 2, Data: []byte{0, 10, 1, 2}}, nil, 0},
	{"write float 123.456", "01 10 00 20 00 02 04 42 F6 E9 79 8B 8F", "01 10 00 20 00 02 40 02", Request{Function: 16, Start: 0x20, Count: 2, Data: []byte{0x42, 0xF6, 0xE9, 0x79}}, nil, 0},
	{"mask write", "01 16 00 04 00 F2 00 25 67 EE", "", Request{Function: 22, Start: 4, Count: 1, Data: []byte{0, 0xF2, 0, 0x25}}, nil, 0},
	{"broadcast write", "00 06 00 10 00 01 48 1E", "", Request{Function: 6, Start: 0x10, Count: 1, Data: []byte{0, 1}}, nil, 0},
	{"write and read", "01 17 00 03 00 06 00 0E 00 03 06 00 FF 00 FF 00 FF 46 91", "01 17 0C 00 FE 0A CD 00 01 00 03 00 0D 00 FF 1D 79",
		Request{Function: 23, Start: 3, Count: 6, WriteStart: 14, Data: []byte{0, 0xFF, 0, 0xFF, 0, 0xFF}}, []uint16{0xFE, 0xACD, 1, 3, 13, 0xFF}, 0},
	{"illegal address", "01 03 10 00 00 01 80 CA", "01 83 02 C0 F1", Request{Function: 3, Start: 0x1000, Count: 1}, nil, IllegalAddress},
	{"illegal function", "01 07 41 E2", "01 87 01 82 30", Request{Function: 7, Data: []byte{}}, nil, 1},
	{"busy", "01 04 00 00 00 01 31 CA", "01 84 06 C3 02", Request{Function: 4, Count: 1}, nil, Busy},
	{"gateway target silent", "01 04 00 00 00 01 31 CA", "01 84 0B 02 C7", Request{Function: 4, Count: 1}, nil, TargetSilent},
	{"loop-back", "01 08 00 00 A5 37 DA 8D", "", Request{Function: 8, Data: []byte{0, 0, 0xA5, 0x37}}, nil, 0},
}

func TestExchanges(t *testing.T) {
	for _, x := range exchanges {
		t.Run(x.name, func(t *testing.T) {
			adu := unhex(t, x.request)
			unit, pdu, err := ParseRTU(adu)
			if err != nil {
				t.Fatalf("ParseRTU(request) = %v", err)
			}
			r, err := ParseRequest(pdu)
			if err != nil {
				t.Fatalf("ParseRequest = %v", err)
			}
			if !sameRequest(r, x.want) {
				t.Errorf("ParseRequest = %+v, want %+v", r, x.want)
			}
			if got := AppendRTU(nil, unit, x.want.Append(nil)); !bytes.Equal(got, adu) {
				t.Errorf("request encodes as % X, want % X", got, adu)
			}
			answer := adu
			if x.answer != "" {
				answer = unhex(t, x.answer)
			}
			checkAnswer(t, r, answer, x.registers, x.exception)
		})
	}
}

func checkAnswer(t *testing.T, r Request, adu []byte, registers []uint16, exception Exception) {
	t.Helper()
	unit, pdu, err := ParseRTU(adu)
	if err != nil {
		t.Fatalf("ParseRTU(answer) = %v", err)
	}
	a, err := r.Answers(pdu)
	if err != nil {
		t.Fatalf("Answers = %v", err)
	}
	if a.Exception != exception {
		t.Errorf("exception = %v, want %v", a.Exception, exception)
	}
	if got := a.Registers(nil); registers != nil && !slices.Equal(got, registers) {
		t.Errorf("registers = %v, want %v", got, registers)
	}
	if got := AppendRTU(nil, unit, a.Append(nil)); !bytes.Equal(got, adu) {
		t.Errorf("answer encodes as % X, want % X", got, adu)
	}
}

func sameRequest(a, b Request) bool {
	return a.Function == b.Function && a.Start == b.Start && a.Count == b.Count && a.WriteStart == b.WriteStart && bytes.Equal(a.Data, b.Data)
}

func TestBits(t *testing.T) {
	_, pdu, _ := ParseRTU(unhex(t, "01 01 03 CD 6B 05 42 82"))
	a, err := Request{Function: 1, Start: 19, Count: 19}.Answers(pdu)
	if err != nil {
		t.Fatal(err)
	}
	want := "1011001111010110101" // coils 20 to 38, the first one first: CD, 6B, 05 from the lowest bit
	got := ""
	for _, b := range a.Bits(nil, 19) {
		got += map[bool]string{true: "1", false: "0"}[b]
	}
	if got != want {
		t.Errorf("bits = %s, want %s", got, want)
	}
	if n := len(a.Bits(nil, 100)); n != 24 {
		t.Errorf("asked for 100 bits of 3 bytes, got %d", n)
	}
}

func TestCRC(t *testing.T) {
	if got := CRC([]byte("123456789")); got != 0x4B37 {
		t.Errorf("CRC(123456789) = %04x, want 4b37", got)
	}
}

func TestParseRTURefuses(t *testing.T) {
	for _, c := range []struct {
		name, frame string
		want        error
	}{
		{"crc bytes swapped", "01 03 04 00 02 00 5A C8 DB", ErrChecksum},
		{"one bit wrong", "11 03 06 AE 41 56 52 43 41 49 AD", ErrChecksum},
		{"three bytes", "01 03 40", ErrShort},
		{"nothing", "", ErrShort},
		{"257 bytes", strings.Repeat("00", 257), ErrLong},
	} {
		if _, _, err := ParseRTU(unhex(t, c.frame)); !errors.Is(err, c.want) {
			t.Errorf("%s: ParseRTU = %v, want %v", c.name, err, c.want)
		}
	}
}

func TestParseRequestRefuses(t *testing.T) {
	for _, c := range []struct{ name, pdu string }{
		{"empty", ""},
		{"function 0", "00"},
		{"exception as a request", "83 02"},
		{"no registers", "03 00 00 00 00"},
		{"126 registers", "03 00 00 00 7E"},
		{"2001 coils", "01 00 00 07 D1"},
		{"past the last register", "03 FF FF 00 02"},
		{"cut off", "03 00 00 00"},
		{"a byte too many", "03 00 00 00 01 00"},
		{"half a coil", "05 00 00 12 00"},
		{"byte count too small", "10 00 01 00 02 03 00 0A 01 02"},
		{"data missing", "10 00 01 00 02 04 00 0A"},
		{"124 registers written", "10 00 00 00 7C F8" + strings.Repeat("00", 248)},
		{"half a mask", "16 00 04 00 F2"},
		{"identification level 0", "2B 0E 00 00"},
		{"identification level 5", "2B 0E 05 00"},
		{"identification without an object", "2B 0E 01"},
		{"read-write counts differ", "17 00 03 00 06 00 0E 00 02 06 00 FF 00 FF 00 FF"},
		{"read-write writes nothing", "17 00 03 00 06 00 0E 00 00 00"},
	} {
		if r, err := ParseRequest(unhex(t, c.pdu)); err == nil {
			t.Errorf("%s: ParseRequest accepts it as %+v", c.name, r)
		}
	}
}

func TestAnswersRefuses(t *testing.T) {
	three := Request{Function: 3, Start: 107, Count: 3}
	write := Request{Function: 16, Start: 1, Count: 2, Data: []byte{0, 10, 1, 2}}
	coil := Request{Function: 5, Start: 0xAC, Count: 1, Data: []byte{0xFF, 0}}
	for _, c := range []struct {
		name string
		r    Request
		pdu  string
	}{
		{"empty", three, ""},
		{"another function", three, "04 06 02 2B 00 00 00 64"},
		{"fewer registers", three, "03 04 02 2B 00 00"},
		{"byte count beyond the end", three, "03 08 02 2B 00 00 00 64"},
		{"odd byte count", three, "03 05 02 2B 00 00 00"},
		{"exception of another function", three, "84 02"},
		{"exception with two codes", three, "83 02 00"},
		{"exception 0", three, "83 00"},
		{"other write repeated", write, "10 00 02 00 02"},
		{"write count differs", write, "10 00 01 00 03"},
		{"write echo cut", write, "10 00 01 00"},
		{"other mask repeated", MaskWrite(4, 0xF2, 0x25), "16 00 04 00 F2 00 24"},
		{"mask write cut", MaskWrite(4, 0xF2, 0x25), "16 00 04 00 F2"},
		{"loop-back changed", Request{Function: 8, Data: []byte{0, 0, 0xA5, 0x37}}, "08 00 00 A5 36"},
		{"other level identified", IdentityRequest(Basic, 0), "2B 0E 02 01 00 00 00"},
		{"another service", IdentityRequest(Basic, 0), "2B 0D 01 01 00 00 00"},
		{"other coil repeated", coil, "05 00 AD FF 00"},
		{"coil off repeated", coil, "05 00 AC 00 00"},
		{"too long", three, "03 FE" + strings.Repeat("00", 254)},
	} {
		if a, err := c.r.Answers(unhex(t, c.pdu)); err == nil {
			t.Errorf("%s: Answers accepts it as %+v", c.name, a)
		}
	}
}

func TestExceptionText(t *testing.T) {
	if got, want := IllegalAddress.Error(), "exception 02: the part has no such register"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got, want := Exception(0x55).Error(), "exception 55"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestTCP(t *testing.T) {
	request := unhex(t, "00 01 00 00 00 06 11 03 00 6B 00 03")
	r := Request{Function: 3, Start: 107, Count: 3}
	if got := (TCPFrame{1, 17, r.Append(nil)}).Append(nil); !bytes.Equal(got, request) {
		t.Errorf("request encodes as % X, want % X", got, request)
	}
	stream := unhex(t, "00 01 00 00 00 09 11 03 06 AE 41 56 52 43 40 00 02 00 00 00 03 11 83 02")
	for cut := range 15 {
		if _, n, err := ParseTCP(stream[:cut]); n != 0 || err != nil {
			t.Fatalf("ParseTCP of %d bytes = %d, %v; want to wait", cut, n, err)
		}
	}
	f, n, err := ParseTCP(stream)
	if err != nil || n != 15 || f.Transaction != 1 || f.Unit != 17 {
		t.Fatalf("ParseTCP = %+v, %d, %v", f, n, err)
	}
	a, err := r.Answers(f.PDU)
	if got := a.Registers(nil); err != nil || !slices.Equal(got, []uint16{0xAE41, 0x5652, 0x4340}) {
		t.Errorf("registers = %v, %v", got, err)
	}
	f, n, err = ParseTCP(stream[15:])
	if err != nil || n != 9 || f.Transaction != 2 {
		t.Fatalf("second frame: %+v, %d, %v", f, n, err)
	}
	if a, err = r.Answers(f.PDU); err != nil || a.Exception != IllegalAddress {
		t.Errorf("second answer = %+v, %v; want exception 02", a, err)
	}
	for _, bad := range []string{"00 01 00 01 00 06 11 03", "00 01 00 00 00 01 11", "00 01 00 00 00 FF 11"} {
		if _, _, err := ParseTCP(unhex(t, bad)); !errors.Is(err, ErrFormat) {
			t.Errorf("ParseTCP(%s) = %v, want ErrFormat", bad, err)
		}
	}
}
