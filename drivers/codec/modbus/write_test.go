package modbus

import (
	"bytes"
	"errors"
	"strings"
	"testing"
)

// TestWrites: the constructors make the worked examples of the Application Protocol
// Specification V1.1b3, 6.5 to 6.17.
func TestWrites(t *testing.T) {
	coils := make([]bool, 10)
	for i, c := range "1011001110" {
		coils[i] = c == '1'
	}
	for _, c := range []struct {
		name string
		r    Request
		pdu  string
	}{
		{"coil on", WriteCoil(0xAC, true), "05 00 AC FF 00"},
		{"coil off", WriteCoil(0xAC, false), "05 00 AC 00 00"},
		{"register", WriteRegister(1, 3), "06 00 01 00 03"},
		{"coils", WriteCoils(0x13, coils), "0F 00 13 00 0A 02 CD 01"},
		{"registers", WriteRegisters(1, []uint16{10, 0x102}), "10 00 01 00 02 04 00 0A 01 02"},
		{"mask", MaskWrite(4, 0xF2, 0x25), "16 00 04 00 F2 00 25"},
		{"read and write", ReadWrite(3, 6, 14, []uint16{255, 255, 255}), "17 00 03 00 06 00 0E 00 03 06 00 FF 00 FF 00 FF"},
	} {
		if got := c.r.Append(nil); !bytes.Equal(got, unhex(t, c.pdu)) || c.r.Check() != nil || !c.r.Writes() {
			t.Errorf("%s: % X, %v; want %s", c.name, got, c.r.Check(), c.pdu)
		}
	}
	for _, r := range []Request{WriteCoils(0, nil), WriteCoils(0, make([]bool, 1969)), WriteCoils(0, make([]bool, 1<<16+3)),
		WriteRegisters(0, nil), WriteRegisters(0, make([]uint16, 124)), WriteRegisters(65535, make([]uint16, 2)), ReadWrite(0, 0, 0, []uint16{1})} {
		if !errors.Is(r.Check(), ErrFormat) {
			t.Errorf("%d of function %d at %d are accepted", r.Count, r.Function, r.Start)
		}
	}
	if (Request{Function: 3, Count: 1}).Writes() {
		t.Error("function 3 writes nothing")
	}
}

// identityPDU is made after the example in 6.21: three objects, of 22, 15 and 5
// bytes. (The specification's own example states 13 where it has 15.)
const identityPDU = "2B 0E 01 01 00 00 03 00 16 436F6D70616E79206964656E74696669636174696F6E" +
	"01 0F 50726F6475637420636F6465205858 02 05 56322E3131"

func TestIdentity(t *testing.T) {
	r := IdentityRequest(Basic, 0)
	if got := AppendRTU(nil, 1, r.Append(nil)); !bytes.Equal(got, unhex(t, "01 2B 0E 01 00 70 77")) || r.Check() != nil {
		t.Errorf("request % X, %v", got, r.Check())
	}
	id, err := ParseIdentity(unhex(t, identityPDU))
	if err != nil || id.Level != Basic || id.Conformity != 1 || id.More || len(id.Objects) != 3 ||
		string(id.Objects[0].Value) != "Company identification" || string(id.Objects[1].Value) != "Product code XX" || string(id.Objects[2].Value) != "V2.11" {
		t.Errorf("ParseIdentity = %+v, %v", id, err)
	}
	if id, err = ParseIdentity(unhex(t, "2B 0E 01 01 FF 02 00")); err != nil || !id.More || id.Next != 2 {
		t.Errorf("more follows: %+v, %v", id, err)
	}
	for _, c := range []struct {
		name, pdu string
		want      error
	}{
		{"nothing", "", ErrShort},
		{"head only", "2B 0E 01 01 00 00", ErrShort},
		{"an object missing", "2B 0E 01 01 00 00 01", ErrShort},
		{"half an object", "2B 0E 01 01 00 00 01 00 03 41 42", ErrShort},
		{"a byte too many", "2B 0E 01 01 00 00 01 00 01 41 42", ErrFormat},
		{"another service", "2B 0D 01 01 00 00 00", ErrFormat},
		{"neither more nor not", "2B 0E 01 01 01 00 00", ErrFormat},
		{"too long", "2B 0E 01 01 00 00 01 00 FF" + strings.Repeat("41", 255), ErrLong},
	} {
		if id, err := ParseIdentity(unhex(t, c.pdu)); !errors.Is(err, c.want) {
			t.Errorf("%s: ParseIdentity = %+v, %v; want %v", c.name, id, err, c.want)
		}
	}
}

// TestMistakable: which late answers must be let pass before the next request.
func TestMistakable(t *testing.T) {
	read := func(fn uint8, start, count uint16) Request { return Request{Function: fn, Start: start, Count: count} }
	for _, c := range []struct {
		name       string
		earlier, r Request
		want       bool
	}{
		{"same registers", read(3, 1, 2), read(3, 1, 2), false},
		{"other registers", read(3, 1, 2), read(3, 5, 2), true},
		{"other length", read(3, 1, 2), read(3, 5, 3), false},
		{"other function", read(3, 1, 2), read(4, 5, 2), false},
		{"coils that fill as many bytes", read(1, 1, 9), read(1, 3, 16), true},
		{"coil on, then off", WriteCoil(1, true), WriteCoil(1, false), false},
		{"registers with other words", WriteRegisters(1, []uint16{1, 2}), WriteRegisters(1, []uint16{1, 3}), true},
		{"the same words once more", WriteRegisters(1, []uint16{1, 2}), WriteRegisters(1, []uint16{1, 2}), false},
		{"other registers written", WriteRegisters(1, []uint16{1, 2}), WriteRegisters(2, []uint16{1, 3}), false},
		{"read and write", ReadWrite(1, 2, 3, []uint16{4}), ReadWrite(1, 2, 3, []uint16{5}), true},
		{"next objects", IdentityRequest(Basic, 0), IdentityRequest(Basic, 2), true},
		{"identified twice", IdentityRequest(Basic, 0), IdentityRequest(Basic, 0), false},
	} {
		if got := c.r.Mistakable(c.earlier); got != c.want {
			t.Errorf("%s: Mistakable = %v, want %v", c.name, got, c.want)
		}
	}
}
