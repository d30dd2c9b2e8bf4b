package modbus

import (
	"math"
	"math/big"
	"testing"

	codec "github.com/lamppost-city/lamppost/drivers/codec/modbus"
	"github.com/lamppost-city/lamppost/drivers/profile"
)

func decimal(t testing.TB, s string) Decimal {
	t.Helper()
	d, err := profile.ParseDecimal(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func register(t testing.TB, typ codec.Type, scale, offset, resolution string) Register {
	r := Register{Channel: "temp", Function: 3, Type: typ, Offset: decimal(t, offset), Resolution: decimal(t, resolution), Min: decimal(t, "-99999999"), Max: decimal(t, "99999999")}
	if err := r.Scale.UnmarshalText([]byte(scale)); err != nil {
		t.Fatal(err)
	}
	return r
}

// TestExact compares register values with the exact quotient, rounded once:
// scaling must not add an error of its own.
func TestExact(t *testing.T) {
	for _, c := range []struct{ scale, offset, mount string }{
		{"0.1", "0", "0"}, {"0.01", "0", "0"}, {"0.001", "0", "1.2"}, {"0.1", "-40", "0.25"}, {"1", "0", "0"}, {"10", "0", "0.1"},
		{"0.0001", "0", "-3.33"}, {"-0.1", "100", "0"}, {"0.25", "0.125", "7.0005"},
	} {
		conv, err := newConverter(register(t, codec.Int16, c.scale, c.offset, "0.1"), decimal(t, c.mount))
		if err != nil {
			t.Fatal(err)
		}
		scale, _ := new(big.Rat).SetString(c.scale)
		offset, _ := new(big.Rat).SetString(c.offset)
		mount, _ := new(big.Rat).SetString(c.mount)
		add := new(big.Rat).Add(offset, mount)
		for raw := 0; raw < 1<<16; raw += 31 {
			exact := new(big.Rat).SetInt64(int64(int16(raw)))
			want, _ := exact.Add(exact.Mul(exact, scale), add).Float64()
			if got := conv.read([]uint16{uint16(raw)}).Value; got != want {
				t.Fatalf("%+v: raw %d gives %v, want %v", c, int16(raw), got, want)
			}
		}
	}
}

func TestRounding(t *testing.T) {
	for _, c := range []struct {
		raw                              float32
		scale, offset, resolution, mount string
		want                             float64
	}{
		{230.2, "1", "0", "0.1", "0", 230.2},
		{1.2345, "100000/9806.65", "0", "0.001", "0", 12.588},
		{1.2345, "100000/9806.65", "0", "0.001", "1.2", 13.788},
		{0.26605441, "100000/9806.65", "0", "0.001", "0", 2.713},
		{-0.0001, "1", "0", "0.001", "0", 0},
		{21.37, "1", "0", "0.25", "0", 21.25},
		{300, "1", "-273.15", "0.01", "0", 26.85},
		{1e9, "1", "0", "0.001", "0", 1e9},
		{3e15, "1", "0", "0.001", "0", 3e15},
	} {
		conv, err := newConverter(register(t, codec.Float32, c.scale, c.offset, c.resolution), decimal(t, c.mount))
		if err != nil {
			t.Fatal(err)
		}
		bits := math.Float32bits(c.raw)
		got := conv.read([]uint16{uint16(bits >> 16), uint16(bits)}).Value
		if got != c.want && math.Abs(got-c.want) > math.Abs(c.want)*1e-6 || math.Abs(c.want) < 1e6 && got != c.want || math.Signbit(got) && got == 0 {
			t.Errorf("%+v gives %v", c, got)
		}
	}
}

func TestLargeNumbers(t *testing.T) {
	conv, err := newConverter(register(t, codec.Uint64, "0.001", "0", "0.001"), Decimal{})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		words []uint16
		want  float64
	}{
		{[]uint16{0, 0, 0, 1234}, 1.234},
		{[]uint16{0, 0xFFFF, 0xFFFF, 0xFFFF}, 281474976710.655},
		{[]uint16{0xFFFF, 0xFFFF, 0xFFFF, 0xFFFF}, 18446744073709551.615},
	} {
		if got := conv.read(c.words).Value; got != c.want {
			t.Errorf("%04x = %v, want %v", c.words, got, c.want)
		}
	}
	if _, err := newConverter(register(t, codec.Int16, "0.1", "0", "0.1"), decimal(t, "1.123456")); err != nil {
		t.Errorf("a fine offset is refused: %v", err)
	}
	if _, err := newConverter(register(t, codec.Int16, "999999999999999", "0", "1"), decimal(t, "0.001")); err == nil {
		t.Error("18 digits are accepted")
	}
}
