package modbus

import (
	"bytes"
	"encoding/binary"
	"math"
	"slices"
	"testing"
)

// Law: what ParseRequest accepts, Check allows and Append reproduces.
func FuzzRequest(f *testing.F) {
	for _, x := range exchanges {
		b := unhex(f, x.request)
		f.Add(b[1 : len(b)-2])
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := ParseRequest(b)
		if err != nil {
			return
		}
		if got := r.Append(nil); !bytes.Equal(got, b) {
			t.Errorf("ParseRequest(% x) then Append gives % x", b, got)
		}
		if err := r.Check(); err != nil {
			t.Errorf("ParseRequest(% x) is accepted, Check says %v", b, err)
		}
	})
}

// Law: what ParseAnswer accepts, Append reproduces.
func FuzzAnswer(f *testing.F) {
	for _, p := range partAnswers {
		b := unhex(f, p.frame)
		f.Add(b[1 : len(b)-2])
	}
	f.Add([]byte{0x83, 2})
	f.Fuzz(func(t *testing.T, b []byte) {
		a, err := ParseAnswer(b)
		if err == nil && !bytes.Equal(a.Append(nil), b) {
			t.Errorf("ParseAnswer(% x) then Append gives % x", b, a.Append(nil))
		}
	})
}

// Law: what ParseIdentity accepts, Append reproduces, and it answers the request for
// its level.
func FuzzIdentity(f *testing.F) {
	f.Add(unhex(f, identityPDU))
	f.Add(unhex(f, "2B 0E 04 83 FF 80 01 05 00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		id, err := ParseIdentity(b)
		if err != nil {
			return
		}
		if got := id.Append(nil); !bytes.Equal(got, b) {
			t.Errorf("ParseIdentity(% x) then Append gives % x", b, got)
		}
		r := IdentityRequest(id.Level, 0)
		if _, err := r.Answers(b); r.Check() == nil && err != nil {
			t.Errorf("% x is an identification, Answers says %v", b, err)
		}
	})
}

// Law: a frame that is taken from the stream encodes to the bytes it used, and
// an incomplete one asks for more without an error.
func FuzzTCP(f *testing.F) {
	f.Add(unhex(f, "00 01 00 00 00 09 11 03 06 AE 41 56 52 43 40"))
	f.Add(unhex(f, "00 01 00 00 00 03 11 83 02 00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		frame, n, err := ParseTCP(b)
		if err != nil || n == 0 {
			return
		}
		if got := frame.Append(nil); !bytes.Equal(got, b[:n]) {
			t.Errorf("ParseTCP(% x) then Append gives % x", b[:n], got)
		}
	})
}

// Laws: an answer found in any bytes passes the checks a whole frame would
// pass; and bytes in front that hold no answer hide none behind them, unless
// they run into it.
func FuzzScan(f *testing.F) {
	f.Add([]byte{}, uint8(1), uint16(107), uint8(3))
	f.Add([]byte{1, 3, 6, 1, 3}, uint8(1), uint16(107), uint8(3))
	f.Add(unhex(f, "11 03 06 AE 41 56 52 43 40 49 AD"), uint8(17), uint16(1), uint8(1))
	f.Add(unhex(f, "11 03 00 6B 00 03 76 87"), uint8(17), uint16(1), uint8(1))
	f.Fuzz(func(t *testing.T, noise []byte, unit uint8, start uint16, count uint8) {
		if len(noise) > 600 {
			return
		}
		for _, other := range []Request{WriteCoil(start, count > 9), MaskWrite(start, 1, 2), WriteRegisters(start, make([]uint16, count)), IdentityRequest(Basic, 0)} {
			s := Scan(noise, AppendRTU(nil, unit, other.Append(nil)), other, count%2 == 0)
			if _, err := other.Answers(s.Answer); s.Answer != nil && err != nil {
				t.Errorf("Scan took % x as the answer to %+v: %v", s.Answer, other, err)
			}
		}
		r := Request{Function: 3, Start: start, Count: uint16(count)}
		if r.Check() != nil {
			return
		}
		request := AppendRTU(nil, unit, r.Append(nil))
		s := Scan(noise, request, r, false)
		if s.Answer != nil {
			if _, err := r.Answers(s.Answer); err != nil {
				t.Errorf("Scan took % x as the answer: %v", s.Answer, err)
			}
			return
		}
		if s.Noise+s.Alien > len(noise) {
			t.Errorf("%+v counts more than the %d bytes there are", s, len(noise))
		}
		answer := Answer{Function: 3, Data: make([]byte, 2*r.Count)}.Append(nil)
		line := AppendRTU(bytes.Clone(noise), unit, answer)
		if s = Scan(line, request, r, false); s.Answer == nil && s.Alien == 0 && !s.Echoed {
			t.Errorf("Scan lost the answer behind % x", noise)
		}
	})
}

// Laws: the raw content put back in order is what was read; a float32 keeps its
// bits; a whole number and its float agree.
func FuzzDecode(f *testing.F) {
	f.Add(uint8(Float32), uint8(CDAB), unhex(f, "E97942F6"))
	f.Add(uint8(BCD32), uint8(ABCD), unhex(f, "12345678"))
	f.Add(uint8(Int64), uint8(DCBA), unhex(f, "C01DFEFFFFFFFFFF"))
	f.Fuzz(func(t *testing.T, typ, order uint8, b []byte) {
		w := make([]uint16, len(b)/2)
		for i := range w {
			w[i] = binary.BigEndian.Uint16(b[2*i:])
		}
		n, err := Type(typ).Decode(w, Order(order))
		if err != nil {
			return
		}
		// each order is its own inverse: applied to the ABCD words it gives the wire's
		abcd := split(n.Raw, Type(typ).Words())
		if wire := split(Order(order).join(abcd), len(abcd)); !slices.Equal(wire, w[:len(abcd)]) {
			t.Errorf("%s %s: %04x reads as %x, which writes as %04x", Type(typ), Order(order), w, n.Raw, wire)
		}
		if Type(typ) == Float32 && n.Float != 0 && math.Float32bits(float32(n.Float)) != uint32(n.Raw) {
			t.Errorf("float32 %08x came out as %v", n.Raw, n.Float)
		}
		if n.Whole && n.Float != float64(n.Int) {
			t.Errorf("Int %d and Float %v differ", n.Int, n.Float)
		}
	})
}

func split(raw uint64, n int) []uint16 {
	w := make([]uint16, n)
	for i := range w {
		w[i] = uint16(raw >> (16 * (n - 1 - i)))
	}
	return w
}
