package modbus

import (
	"encoding/binary"
	"errors"
	"math"
	"testing"
)

func words(t testing.TB, s string) []uint16 {
	b := unhex(t, s)
	w := make([]uint16, len(b)/2)
	for i := range w {
		w[i] = binary.BigEndian.Uint16(b[2*i:])
	}
	return w
}

func TestDecodeOrders(t *testing.T) {
	for _, c := range []struct {
		typ  Type
		hex  [4]string // abcd, cdab, badc, dcba
		want float64
	}{
		{Float32, [4]string{"42F6E979", "E97942F6", "F64279E9", "79E9F642"}, 123.456},
		{Int32, [4]string{"FFFE1DC0", "1DC0FFFE", "FEFFC01D", "C01DFEFF"}, -123456},
		{Uint32, [4]string{"12345678", "56781234", "34127856", "78563412"}, 0x12345678},
		{Float64, [4]string{"400921FB54442D11", "2D11544421FB4009", "0940FB214454112D", "112D4454FB210940"}, 3.14159265358979},
		{Int64, [4]string{"FFFFFFFFFFFE1DC0", "1DC0FFFEFFFFFFFF", "FFFFFFFFFEFFC01D", "C01DFEFFFFFFFFFF"}, -123456},
		{Uint64, [4]string{"0000000012345678", "5678123400000000", "0000000034127856", "7856341200000000"}, 0x12345678},
		{Int16, [4]string{"FF97", "FF97", "97FF", "97FF"}, -105},
		{Uint16, [4]string{"FF97", "FF97", "97FF", "97FF"}, 65431},
		{BCD16, [4]string{"1234", "1234", "3412", "3412"}, 1234},
		{BCD32, [4]string{"12345678", "56781234", "34127856", "78563412"}, 12345678},
	} {
		for o := ABCD; o <= DCBA; o++ {
			n, err := c.typ.Decode(words(t, c.hex[o]), o)
			if err != nil || n.Float != c.want {
				t.Errorf("%s %s %s = %v, %v; want %v", c.typ, o, c.hex[o], n.Float, err, c.want)
			}
			if n.Whole && float64(n.Int) != c.want {
				t.Errorf("%s %s: Int = %d, want %v", c.typ, o, n.Int, c.want)
			}
		}
	}
}

func TestDecodeParts(t *testing.T) {
	for _, c := range []struct {
		what string
		typ  Type
		ord  Order
		hex  string
		want float64
	}{
		{"Keller P1", Float32, ABCD, "3F9E0419", 1.2345},
		{"Keller TOB1", Float32, ABCD, "41B80000", 23},
		{"SDM voltage", Float32, ABCD, "43663333", 230.2},
		{"SDM power", Float32, ABCD, "449A4000", 1234},
		{"PHG-2091 temperature", Float32, DCBA, "0000C841", 25},
		{"PHG-2091 pH", Float32, DCBA, "B81E2141", 10.07},
		{"Yosemitech", Float32, DCBA, "CDCC2C41", 10.8},
		{"TUF-2000M", Float32, CDAB, "999A3F99", 1.2},
		{"SRWQ100", Float32, CDAB, "723741DB", 27.430769},
		{"In-Situ pH", Float32, ABCD, "40E66666", 7.2},
		{"PZEM power", Uint32, CDAB, "00F40000", 244},
		{"SR05", Int32, ABCD, "00015F90", 90000},
		{"-10.1 Cel", Int16, ABCD, "FF9B", -101},
		{"2^63", Uint64, ABCD, "8000000000000000", 1 << 63},
		{"minus nought", Float32, ABCD, "80000000", 0},
	} {
		n, err := c.typ.Decode(words(t, c.hex), c.ord)
		if err != nil || n.Float != c.want || math.Signbit(n.Float) != (c.want < 0) {
			t.Errorf("%s: %v, %v; want %v", c.what, n.Float, err, c.want)
		}
	}
}

func TestDecodeRefuses(t *testing.T) {
	for _, c := range []struct {
		what string
		typ  Type
		hex  string
		want error
	}{
		{"quiet NaN", Float32, "7FC00000", ErrNumber},
		{"Keller's NaN", Float32, "7FFFFFFF", ErrNumber},
		{"overflow", Float32, "7F800000", ErrNumber},
		{"underflow", Float32, "FF800000", ErrNumber},
		{"double NaN", Float64, "7FF8000000000000", ErrNumber},
		{"digit A", BCD16, "12A4", ErrNumber},
		{"digit F in the low word", BCD32, "1234567F", ErrNumber},
		{"half a float", Float32, "42F6", ErrShort},
		{"no type", Type(0), "0000", ErrFormat},
	} {
		if n, err := c.typ.Decode(words(t, c.hex), ABCD); !errors.Is(err, c.want) {
			t.Errorf("%s: %+v, %v; want %v", c.what, n, err, c.want)
		}
	}
}

func TestNames(t *testing.T) {
	for typ := Uint16; typ <= BCD32; typ++ {
		var back Type
		if err := back.UnmarshalText([]byte(typ.String())); err != nil || back != typ {
			t.Errorf("%s reads back as %s, %v", typ, back, err)
		}
	}
	for o := ABCD; o <= DCBA; o++ {
		var back Order
		if err := back.UnmarshalText([]byte(o.String())); err != nil || back != o {
			t.Errorf("%s reads back as %s, %v", o, back, err)
		}
	}
	var typ Type
	want := `"int24" is none of uint16 int16 uint32 int32 float32 uint64 int64 float64 bcd16 bcd32`
	if err := typ.UnmarshalText([]byte("int24")); err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	if got := Type(77).String(); got != "unknown(77)" {
		t.Errorf("Type(77) = %s", got)
	}
}
