package modbusslave

import (
	"encoding/binary"
	"math"
	"strings"
	"testing"
)

// Number formats, from the table of orders in the Modbus literature.
func TestEncodeOrders(t *testing.T) {
	for _, c := range []struct {
		typ  Type
		v    float64
		want map[string]string
	}{
		{Float32, 123.456, map[string]string{"abcd": "42 F6 E9 79", "cdab": "E9 79 42 F6", "badc": "F6 42 79 E9", "dcba": "79 E9 F6 42"}},
		{Int32, -123456, map[string]string{"abcd": "FF FE 1D C0", "cdab": "1D C0 FF FE", "badc": "FE FF C0 1D", "dcba": "C0 1D FE FF"}},
		{Uint32, 0x12345678, map[string]string{"abcd": "12 34 56 78", "cdab": "56 78 12 34", "badc": "34 12 78 56", "dcba": "78 56 34 12"}},
		{Float64, 3.14159265358979, map[string]string{"abcd": "40 09 21 FB 54 44 2D 11", "cdab": "2D 11 54 44 21 FB 40 09",
			"badc": "09 40 FB 21 44 54 11 2D", "dcba": "11 2D 44 54 FB 21 09 40"}},
		{Int16, -105, map[string]string{"": "FF 97", "abcd": "FF 97", "badc": "97 FF"}},
		{Uint64, 1 << 40, map[string]string{"": "00 00 01 00 00 00 00 00"}},
		{Int64, -2, map[string]string{"": "FF FF FF FF FF FF FF FE"}},
	} {
		for order, want := range c.want {
			words, held := Register{Type: c.typ, Order: order, Scale: 1}.Encode(c.v)
			var got []byte
			for _, w := range words {
				got = binary.BigEndian.AppendUint16(got, w)
			}
			if string(got) != string(unhex(t, want)) || held != c.v {
				t.Errorf("%s %v in order %q = % X (held %v), want %s", c.typ, c.v, order, got, held, want)
			}
		}
	}
}

func TestEncodeHoldsWholeSteps(t *testing.T) {
	for _, c := range []struct {
		name       string
		r          Register
		v, held    float64
		resolution float64
	}{
		{"tenths", Register{Type: Uint16, Scale: 0.1}, 23.4501, 23.5, 0.1},
		{"tenths, no binary rest", Register{Type: Uint16, Scale: 0.1}, 0.3, 0.3, 0.1},
		{"below zero", Register{Type: Int16, Scale: 0.1}, -10.12, -10.1, 0.1},
		{"saturates above", Register{Type: Uint16, Scale: 0.1}, 7000, 6553.5, 0.1},
		{"saturates below", Register{Type: Uint16, Scale: 0.1}, -3, 0, 0.1},
		{"hundreds", Register{Type: Uint16, Scale: 100}, 25049, 25000, 100},
		{"offset", Register{Type: Int16, Scale: 0.01, Offset: 1.2}, 2.713, 2.71, 0.01},
		{"float in steps", Register{Type: Float32, Scale: 1, Resolution: 0.1}, 230.2499, 230.2, 0.1},
		{"float as it is", Register{Type: Float32, Scale: 1}, 230.2499, 230.2499, 0},
		{"bar as metres", Register{Type: Float32, Scale: 10.2, Offset: 0.2, Resolution: 0.001}, 2.71349, 2.713, 0.001},
	} {
		words, held := c.r.Encode(c.v)
		if held != c.held || c.r.step() != c.resolution {
			t.Errorf("%s: Encode(%v) holds %v in steps of %v, want %v and %v", c.name, c.v, held, c.r.step(), c.held, c.resolution)
		}
		if c.r.Type == Float32 {
			raw := float64(math.Float32frombits(uint32(words[0])<<16 | uint32(words[1])))
			if back := raw*c.r.Scale + c.r.Offset; math.Abs(back-held) > 1e-5 {
				t.Errorf("%s: the words say %v, held %v", c.name, back, held)
			}
		}
	}
}

func TestNewUnitRefuses(t *testing.T) {
	good := Register{Channel: "a", Function: 3, Address: 10, Type: Float32, Scale: 1}
	for _, c := range []struct {
		name   string
		second Register
		want   string
	}{
		{"overlap", Register{Channel: "b", Function: 3, Address: 11, Type: Uint16, Scale: 1}, "overlap at register 10"},
		{"scale", Register{Channel: "b", Function: 3, Address: 20, Type: Uint16}, "scale 0"},
		{"type", Register{Channel: "b", Function: 3, Address: 20, Type: "uint24", Scale: 1}, `type "uint24"`},
		{"function", Register{Channel: "b", Function: 1, Address: 20, Type: Uint16, Scale: 1}, "function 1"},
		{"order", Register{Channel: "b", Function: 3, Address: 20, Type: Uint16, Scale: 1, Order: "ACBD"}, `order "ACBD"`},
		{"end", Register{Channel: "b", Function: 3, Address: 65535, Type: Float32, Scale: 1}, "register 65535"},
	} {
		_, err := NewUnit(1, "u", []Register{c.second, good}, &fixed{})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want it to say %q", c.name, err, c.want)
		}
	}
	if _, err := NewUnit(1, "u", []Register{good, {Channel: "b", Function: 4, Address: 10, Type: Uint16, Scale: 1}}, &fixed{}); err != nil {
		t.Errorf("one address in two functions: %v", err)
	}
}
