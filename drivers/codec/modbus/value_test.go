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
		{SignMag16, [4]string{"8069", "8069", "6980", "6980"}, -105},
		{BCD64, [4]string{"0000123456789012", "9012567812340000", "0000341278561290", "1290785634120000"}, 123456789012},
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
		{"sign and amount", SignMag16, ABCD, "FFFF", -32767},
		{"sign and amount, minus nought", SignMag16, ABCD, "8000", 0},
		{"a pair of bytes", Uint8High, ABCD, "FF97", 255},
		{"a pair of bytes", Uint8Low, ABCD, "FF97", 151},
		{"a pair of signed bytes", Int8High, ABCD, "FF97", -1},
		{"a pair of signed bytes", Int8Low, ABCD, "FF97", -105},
		{"sixteen digits", BCD64, ABCD, "9999999999999999", 9999999999999999},
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
		{"digit B among sixteen", BCD64, "123456789012B456", ErrNumber},
		{"half a float", Float32, "42F6", ErrShort},
		{"no type", Type(0), "0000", ErrFormat},
	} {
		if n, err := c.typ.Decode(words(t, c.hex), ABCD); !errors.Is(err, c.want) {
			t.Errorf("%s: %+v, %v; want %v", c.what, n, err, c.want)
		}
	}
}

func TestNames(t *testing.T) {
	for typ := Uint16; typ <= Int8Low; typ++ {
		var back Type
		if err := back.UnmarshalText([]byte(typ.String())); err != nil || back != typ {
			t.Errorf("%s reads back as %s, %v", typ, back, err)
		}
	}
	for o := ABCD; o <= FEHGBADC; o++ {
		var back Order
		if err := back.UnmarshalText([]byte(o.String())); err != nil || back != o {
			t.Errorf("%s reads back as %s, %v", o, back, err)
		}
	}
	var typ Type
	want := `"int24" is none of uint16 int16 uint32 int32 float32 uint64 int64 float64 bcd16 bcd32 bcd64 signmag16 uint8-high uint8-low int8-high int8-low`
	if err := typ.UnmarshalText([]byte("int24")); err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	if got := Type(77).String(); got != "unknown(77)" {
		t.Errorf("Type(77) = %s", got)
	}
}

// TestOrdersOfFour: every way in which parts write 64 bits.
func TestOrdersOfFour(t *testing.T) {
	for o, hex := range map[Order]string{
		ABCD: "0102030405060708", CDAB: "0708050603040102", BADC: "0201040306050807", DCBA: "0807060504030201",
		CDABGHEF: "0304010207080506", EFGHABCD: "0506070801020304", DCBAHGFE: "0403020108070605", FEHGBADC: "0605080702010403",
	} {
		n, err := Uint64.Decode(words(t, hex), o)
		if err != nil || n.Raw != 0x0102030405060708 {
			t.Errorf("%s %s = %x, %v", o, hex, n.Raw, err)
		}
		// The name says where each byte of the wire belongs.
		if name := o.String(); len(name) == 8 {
			for i := range 8 {
				if want := name[i] - 'a' + 1; words(t, hex)[i/2]>>(8*(1-i%2))&0xFF != uint16(want) {
					t.Errorf("%s: byte %d of %s is not %d", o, i, hex, want)
				}
			}
		}
		if !o.Fits(4) || o.Fits(2) != (o <= DCBA) {
			t.Errorf("%s fits 4: %v, 2: %v", o, o.Fits(4), o.Fits(2))
		}
	}
}

func TestBitFields(t *testing.T) {
	for _, c := range []struct {
		field string
		typ   Type
		ord   Order
		hex   string
		want  int64
	}{
		{"0", Uint16, ABCD, "0001", 1}, {"0", Uint16, ABCD, "FFFE", 0}, {"15", Uint16, ABCD, "8000", 1},
		{"4-7", Uint16, ABCD, "12A4", 0xA}, {"8-15", Uint16, ABCD, "12A4", 0x12}, {"0-15", Uint16, ABCD, "FFFF", 65535},
		{"4-7", Uint16, BADC, "A412", 0xA}, {"0-11", Int16, ABCD, "0FFF", -1}, {"4-15", Int16, ABCD, "7FF0", 2047},
		{"16-23", Uint32, CDAB, "5678AB34", 0x34}, {"31", Int32, ABCD, "80000000", -1}, {"0-63", Uint64, EFGHABCD, "0000000200000000", 2},
		{"62-63", Uint64, ABCD, "C000000000000000", 3},
	} {
		var f Bits
		if err := f.UnmarshalText([]byte(c.field)); err != nil || f.String() != c.field || !f.Fits(c.typ) {
			t.Errorf("%s reads as %v, %v; fits %s: %v", c.field, f, err, c.typ, f.Fits(c.typ))
		}
		n, err := f.Decode(c.typ, words(t, c.hex), c.ord)
		if err != nil || !n.Whole || n.Int != c.want || n.Float != float64(c.want) {
			t.Errorf("%s bits %s of %s = %+v, %v; want %d", c.typ, c.field, c.hex, n, err, c.want)
		}
	}
	for _, bad := range []string{"", "-", "7-4", "64", "a", "1-", "-1", "1-2-3", "300"} {
		if err := new(Bits).UnmarshalText([]byte(bad)); err == nil {
			t.Errorf("%q is a field", bad)
		}
	}
	for _, c := range []struct {
		f   Bits
		typ Type
	}{{Bits{8, 9}, Uint16}, {Bits{0, 1}, Float32}, {Bits{0, 1}, BCD16}, {Bits{0, 1}, SignMag16}, {Bits{0, 1}, Uint8Low}} {
		if c.f.Fits(c.typ) {
			t.Errorf("bits %v are in a %s", c.f, c.typ)
		}
	}
	if _, err := (Bits{0, 1}).Decode(Uint32, words(t, "0001"), ABCD); !errors.Is(err, ErrShort) {
		t.Errorf("one register for two: %v", err)
	}
}

func TestText(t *testing.T) {
	for _, c := range []struct {
		what, hex string
		ord       Order
		want      string
	}{
		{"Yosemitech serial number", "09594C3039313631313231303100", ABCD, "YL0916112101"},
		{"bytes swapped", "4153434400", BADC, "SADC"},
		{"filled with blanks", "564552312E342020", ABCD, "VER1.4"},
		{"never written", "FFFFFFFFFFFF", ABCD, ""},
		{"rests behind the end", "41424300FFFE", ABCD, "ABC"},
		{"UTF-8", "E6B8A9E5BAA6", ABCD, "温度"},
		{"nothing", "", ABCD, ""},
	} {
		if len(c.hex)%4 != 0 {
			c.hex = c.hex[:len(c.hex)/4*4]
		}
		if got, err := Text(words(t, c.hex), c.ord); err != nil || got != c.want {
			t.Errorf("%s: %q, %v; want %q", c.what, got, err, c.want)
		}
	}
	for _, hex := range []string{"41FE42FE", "410742FF"} {
		if s, err := Text(words(t, hex), ABCD); !errors.Is(err, ErrNumber) {
			t.Errorf("%s is %q, %v", hex, s, err)
		}
	}
}
